//! The rest of a session whose writer was interrupted: descriptors that follow others, without the first one.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use crate::block::{BLOCK, BLOCK_SIZE};
use crate::error::Result;
use crate::iso9660::read::RecordedDescriptors;
use crate::media::Blocks;
use crate::recognition::{DescriptorKind, FIRST_DESCRIPTOR, KIND_LEN};
use crate::udf;

const BLOCK_LEN: u64 = BLOCK as u64;

/// The number of blocks that include the UDF volume descriptors of a session.
const SEARCHED: u32 = 600;

/// Checks whether the rest of a session that this crate began to write begins at a byte: its first descriptor would
/// have been a block before, where nothing is.
///
/// A session of another program with an unreadable first descriptor differs only in who recorded it, and must not be
/// overwritten. If nothing states that, as in ISO 9660 alone, it counts as this crate's.
pub(super) fn is_leftover(blocks: &Blocks, offset: u64) -> Result<bool> {
    Ok(goes_on_at(blocks, offset)? && !is_of_another(blocks, offset)?)
}

/// Checks whether there is a descriptor at a byte that others must precede. Before a first descriptor, a complete image
/// begins.
fn goes_on_at(blocks: &Blocks, offset: u64) -> Result<bool> {
    let mut head = [0; KIND_LEN];
    if offset.saturating_add(head.len() as u64) > blocks.len() {
        return Ok(false);
    }
    blocks.read_at(offset, &mut head)?;
    Ok(DescriptorKind::of(&head).is_some_and(|kind| !kind.is_first()))
}

/// Checks whether another program recorded the session that has a descriptor at byte `offset`.
fn is_of_another(blocks: &Blocks, offset: u64) -> Result<bool> {
    let first = u32::try_from(offset / BLOCK_LEN).unwrap_or(u32::MAX);
    let descriptors = RecordedDescriptors::read(blocks, first.saturating_sub(FIRST_DESCRIPTOR))?;
    if descriptors.are_of_others() {
        return Ok(true);
    }
    let mut bytes = [0; BLOCK];
    for block in first..first.saturating_add(SEARCHED) {
        let at = u64::from(block).saturating_mul(BLOCK_SIZE.into());
        if at.saturating_add(bytes.len() as u64) > blocks.len() {
            break;
        }
        blocks.read_at(at, &mut bytes)?;
        if let Some(is_own) = udf::read::is_own_descriptor(&bytes, block) {
            return Ok(!is_own);
        }
    }
    Ok(false)
}

//! The contents of a session: its file systems, and its boot catalog.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::Arc;

use super::opened::OpenedSession;
use super::session::RecordedSession;
use crate::block::BLOCK_SIZE;
use crate::boot;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::media::Blocks;
use crate::recorded::{Data, Entry, Volume};
use crate::{joliet, udf};

/// The beginning of a CD sector that includes more than data (ECMA-130 14.1).
const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// Lengths of such sectors: without subchannels, and with subchannels of 16 or 96 bytes.
const RAW_SECTORS: [u32; 3] = [2352, 2368, 2448];

/// Blocks that show whether a disc is blank: the structures of all file systems begin there.
const LOOKED_AT: u64 = udf::OTHER_ANCHOR as u64;

/// Bytes of these to read at once.
const PIECE: u64 = 64 << 10;

/// Rejects a file that has headers and checksums of sectors beside their data: no block is where it should be.
pub(super) fn refuse_raw_sectors(blocks: &Blocks, first: u32) -> Result<()> {
    let start = byte_of(first);
    let begins = |offset: u64| {
        let offset = start.saturating_add(offset);
        let mut bytes = [0; SYNC.len()];
        let there = offset.saturating_add(SYNC.len() as u64) <= blocks.len();
        Ok::<_, Error>(there && blocks.read_at(offset, &mut bytes).map(|()| bytes == SYNC)?)
    };
    if begins(0)? {
        for len in RAW_SECTORS {
            if begins(len.into())? {
                return Err(Error::RawSectors { len });
            }
        }
    }
    Ok(())
}

/// Returns a summary of a session.
pub(super) fn summary(blocks: &Arc<Blocks>, session: &OpenedSession) -> Result<RecordedSession> {
    session
        .summary
        .get_or(|| summarize(blocks, session))
        .copied()
}

fn summarize(blocks: &Arc<Blocks>, session: &OpenedSession) -> Result<RecordedSession> {
    let descriptors = session.descriptors();
    let udf = session.udf();
    let mut file_systems = FileSystems::empty();
    file_systems.set(FileSystems::ISO9660, descriptors.has_primary());
    file_systems.set(FileSystems::JOLIET, joliet::read::is_in(descriptors));
    // Opening the volume reports what is wrong with it.
    let is_udf_unannounced = !udf.is_announced() && udf.volume(blocks)?.is_some();
    let has_udf = udf.is_announced() || is_udf_unannounced;
    file_systems.set(FileSystems::UDF, has_udf);
    let boots = descriptors.boot_catalog().is_some();
    let beside_udf = file_systems == FileSystems::ISO9660.union(FileSystems::UDF);
    let is_boot_stub = boots && beside_udf && is_stub(blocks, session);
    // The result is kept, so it must not depend on when the work ran out.
    blocks.work().check()?;
    Ok(RecordedSession {
        start: session.start(),
        file_systems,
        is_udf_unannounced,
        boot_catalog: descriptors.boot_catalog(),
        is_boot_stub,
    })
}

/// Returns `true` if the primary volume has no file except one that says where the others are, unless a UDF volume has
/// the same: then both are the same volume, whatever its purpose.
fn is_stub(blocks: &Arc<Blocks>, session: &OpenedSession) -> bool {
    // Opening the volume reports the error.
    let Ok(Some(primary)) = session.primary(blocks) else {
        return false;
    };
    let Some(found) = at_most_readme(&primary) else {
        return false;
    };
    let beside = session.udf().announced_volume(blocks).ok().flatten();
    let beside = beside.and_then(|udf| at_most_readme(&udf));
    beside.is_none_or(|beside| !is_same_file(found.as_ref(), beside.as_ref()))
}

/// Returns the readme of a volume that has at most that; `None` if it has more, or cannot be read.
fn at_most_readme(volume: &dyn Volume) -> Option<Option<Entry>> {
    let root = volume.root().ok()?;
    let mut entries = volume.entries(&root).ok()?;
    let Some(first) = entries.next() else {
        return Some(None);
    };
    let is_readme = |entry: &Entry| entry.name.eq_ignore_ascii_case(boot::README);
    let first = first.ok().filter(is_readme)?;
    entries.next().is_none().then_some(Some(first))
}

/// Returns `true` if both are the same file, or neither is present.
fn is_same_file(one: Option<&Entry>, other: Option<&Entry>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            let [one_at, other_at] = [one, other].map(|entry| match &entry.data {
                Data::Runs(runs) => runs.first().and_then(|run| run.at),
                Data::Embedded(_) => None,
            });
            one.len == other.len && (one_at == other_at || one.len == 0)
        }
        (None, None) => true,
        _ => false,
    }
}

/// Returns `true` if nothing is recorded where file systems begin.
pub(super) fn is_blank(blocks: &Blocks, first: u32) -> Result<bool> {
    let mut offset = byte_of(first);
    let looked_at = LOOKED_AT.saturating_mul(BLOCK_SIZE.into());
    let end = blocks.len().min(offset.saturating_add(looked_at));
    while offset < end {
        let len = PIECE.min(end.saturating_sub(offset));
        let piece = blocks.take(offset, len)?;
        blocks.release(len);
        if piece.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        offset = offset.saturating_add(len);
    }
    Ok(true)
}

fn byte_of(block: u32) -> u64 {
    u64::from(block).saturating_mul(BLOCK_SIZE.into())
}

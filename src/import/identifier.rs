//! Identifies a disc, with the sessions on it.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use crate::block::BLOCK;
use crate::error::{Error, Result};
use crate::media::{Disc, SessionHead};
use crate::recognition::FIRST_DESCRIPTOR;
use crate::udf;

/// Blocks of a session, counted from its start, that lead to all others: volume descriptors and the first anchor of
/// UDF.
const LEADING: [u32; 6] = [
    FIRST_DESCRIPTOR,
    FIRST_DESCRIPTOR.saturating_add(1),
    FIRST_DESCRIPTOR.saturating_add(2),
    FIRST_DESCRIPTOR.saturating_add(3),
    FIRST_DESCRIPTOR.saturating_add(4),
    udf::FIRST_ANCHOR,
];

/// Blocks that count together: if any of them is unreadable, none of them counts.
const PIECE: u32 = 32;

/// This many pieces, from the first descriptor on, hold most of a session's structures, such as directories.
const PIECES: u32 = udf::OTHER_ANCHOR / PIECE;

/// Reads the head of the session that begins at block `start`, which contains everything for its identifier.
pub(super) fn head(disc: &dyn Disc, start: u32) -> SessionHead {
    let end = FIRST_DESCRIPTOR.saturating_add(PIECES.saturating_mul(PIECE));
    let [first, end] = [FIRST_DESCRIPTOR, end].map(|place| start.saturating_add(place));
    SessionHead::read(disc, first, end)
}

/// Returns a digest of the blocks that lead to the session at block `previous`, of those that follow, of the place of
/// the next session, and of the disc's length. `next` is the next session's first block, if the drive reports it.
pub(crate) fn disc_identifier(disc: &dyn Disc, previous: u32, next: Option<u32>) -> Result<String> {
    identifier_by(&head(disc, previous), disc, previous, next)
}

/// Returns the same digest, computed from the session's head.
pub(super) fn identifier_by(
    head: &SessionHead,
    disc: &dyn Disc,
    previous: u32,
    next: Option<u32>,
) -> Result<String> {
    let total = disc.total_blocks();
    let mut digest = Digest::new();
    let mut block = vec![0; BLOCK];
    for place in LEADING {
        let lba = previous.saturating_add(place);
        if lba >= total {
            continue;
        }
        match head.part(lba, 0, BLOCK) {
            Some(bytes) => digest.add(bytes),
            None => {
                let read = disc.read_blocks(lba, &mut block);
                read.map_err(|source| Error::ReadDisc { block: lba, source })?;
                digest.add(&block);
            }
        }
    }
    // An image that was rewritten in place can have the same descriptors and other files.
    for number in 0..PIECES {
        let place = FIRST_DESCRIPTOR.saturating_add(number.saturating_mul(PIECE));
        let lba = previous.saturating_add(place);
        let there = total.saturating_sub(lba).min(PIECE) as usize;
        // Not all blocks need be readable: some may be data that nobody asked for.
        if let Some(bytes @ [_, ..]) = head.part(lba, 0, there.saturating_mul(BLOCK)) {
            digest.add(bytes);
        }
    }
    if let Some(next) = next {
        digest.add(&next.to_le_bytes());
        // If a session was added since, its first descriptor is here. Unwritten blocks need not be readable.
        let lba = next.saturating_add(FIRST_DESCRIPTOR);
        if lba < total && disc.read_blocks(lba, &mut block).is_ok() {
            digest.add(&block);
        }
    }
    Ok(format!("{previous:08X}-{total:08X}-{:016X}", digest.0))
}

/// FNV-1a over 64-bit words.
struct Digest(u64);

impl Digest {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, bytes: &[u8]) {
        for word in bytes.chunks(8) {
            let mut number = [0; 8];
            for (to, from) in number.iter_mut().zip(word) {
                *to = *from;
            }
            self.0 = (self.0 ^ u64::from_le_bytes(number)).wrapping_mul(0x0100_0000_01b3);
            // A product carries only upwards.
            self.0 ^= self.0 >> 29;
        }
    }
}

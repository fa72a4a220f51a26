//! The head of a session: the blocks that hold most of its structures, read at once.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use super::Disc;
use crate::block::BLOCK;

/// The number of blocks to read at once: few reads, and short buffers.
const PIECE: u32 = 128;

/// The number of blocks to read at once where some are unreadable.
const SMALL_PIECE: u32 = 32;

/// Blocks that follow each other.
#[derive(Debug)]
pub(super) struct BlockRun {
    pub first: u32,
    pub bytes: Vec<u8>,
}

impl BlockRun {
    /// Returns the `len` bytes that are `skip` bytes past the start of `block`, if all of them are here.
    pub(super) fn part(&self, block: u32, skip: usize, len: usize) -> Option<&[u8]> {
        let at = usize::try_from(block.checked_sub(self.first)?).ok()?;
        let at = at.checked_mul(BLOCK)?.checked_add(skip)?;
        self.bytes.get(at..at.checked_add(len)?)
    }
}

/// The readable ones among the first blocks of a session.
#[derive(Debug)]
pub(crate) struct SessionHead {
    runs: Vec<BlockRun>,
}

impl SessionHead {
    /// Reads the blocks from `start` to `end`, which may lie past the end of the disc.
    pub(crate) fn read(disc: &dyn Disc, start: u32, end: u32) -> Self {
        let end = end.min(disc.total_blocks());
        let mut runs = Vec::new();
        for (first, count) in pieces(start, end, PIECE) {
            match run(disc, first, count) {
                Some(run) => runs.push(run),
                // Not all blocks need be readable: some may be data that nobody asks for.
                None => {
                    let end = first.saturating_add(count);
                    let small = pieces(first, end, SMALL_PIECE);
                    runs.extend(small.filter_map(|(first, count)| run(disc, first, count)));
                }
            }
        }
        Self { runs }
    }

    /// Returns the `len` bytes that are `skip` bytes past the start of `block`, if they were read together.
    pub(crate) fn part(&self, block: u32, skip: usize, len: usize) -> Option<&[u8]> {
        let mut parts = self.runs.iter();
        parts.find_map(|run| run.part(block, skip, len))
    }
}

/// Splits the blocks from `start` to `end` into pieces of at most `most`: the first block of each, and its number of
/// blocks.
fn pieces(start: u32, end: u32, most: u32) -> impl Iterator<Item = (u32, u32)> {
    let firsts = (start..end).step_by(most as usize);
    firsts.map(move |first| (first, most.min(end.saturating_sub(first))))
}

fn run(disc: &dyn Disc, first: u32, count: u32) -> Option<BlockRun> {
    let mut bytes = vec![0; (count as usize).saturating_mul(BLOCK)];
    disc.read_blocks(first, &mut bytes).ok()?;
    Some(BlockRun { first, bytes })
}

//! The data of a file on a disc, wherever its pieces lie.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::io;
use std::sync::Arc;

use super::Blocks;
use crate::block::{BLOCK, Lba};
use crate::error::{Error, Result};
use crate::recorded::{Data, Entry};

/// The most bytes to read at once, so that incomplete blocks take little memory.
const AT_ONCE: usize = 32 * BLOCK;

const BLOCK_LEN: u64 = BLOCK as u64;

/// The data of a file on a disc.
#[derive(Clone)]
pub(crate) struct DiscData {
    blocks: Arc<Blocks>,
    pieces: Pieces,
    len: u64,
}

#[derive(Clone)]
enum Pieces {
    /// Runs in order; each with the position in the data at which it ends.
    Runs(Arc<[(u64, Piece)]>),
    Embedded(Arc<[u8]>),
}

#[derive(Clone, Copy)]
struct Piece {
    /// Position in the data.
    start: u64,
    /// First byte on the disc; `None` for zeros.
    at: Option<u64>,
}

impl DiscData {
    /// Length in bytes of a run in memory.
    pub(crate) const RUN: u64 = size_of::<(u64, Piece)>() as u64;

    pub(crate) fn new(blocks: Arc<Blocks>, entry: &Entry) -> Self {
        let pieces = match &entry.data {
            Data::Embedded(bytes) => Pieces::Embedded(Arc::clone(bytes)),
            Data::Runs(runs) => {
                let mut start = 0_u64;
                let pieces = runs.iter().map(|run| {
                    let piece = Piece { start, at: run.at };
                    start = start.saturating_add(run.len);
                    (start, piece)
                });
                Pieces::Runs(pieces.collect())
            }
        };
        Self {
            blocks,
            pieces,
            len: entry.len,
        }
    }

    /// Returns the length in bytes.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Returns the data, if it lies in the file's structure and not in blocks of its own.
    pub(crate) fn embedded(&self) -> Option<&Arc<[u8]>> {
        match &self.pieces {
            Pieces::Embedded(bytes) => Some(bytes),
            Pieces::Runs(_) => None,
        }
    }

    /// Returns `true` if the data is in exactly the same place as that of `entry`.
    pub(crate) fn is_of(&self, entry: &Entry) -> bool {
        self.len == entry.len
            && match (&self.pieces, &entry.data) {
                (Pieces::Runs(pieces), Data::Runs(runs)) => {
                    let mut end = 0_u64;
                    let mut pairs = pieces.iter().zip(runs);
                    pieces.len() == runs.len()
                        && pairs.all(|((piece_end, piece), run)| {
                            end = end.saturating_add(run.len);
                            *piece_end == end && piece.at == run.at
                        })
                }
                (Pieces::Embedded(bytes), Data::Embedded(others)) => bytes == others,
                _ => false,
            }
    }

    /// Returns the first block of the data, if all of it follows there without a gap.
    pub(crate) fn first_block(&self) -> Option<Lba> {
        let Pieces::Runs(runs) = &self.pieces else {
            return None;
        };
        let (_, first) = runs.first()?;
        let first = first.at?;
        let follows = |(_, piece): &(u64, Piece)| piece.at == first.checked_add(piece.start);
        let (end, _) = runs.last()?;
        let is_whole = *end >= self.len && runs.iter().all(follows);
        let block = u32::try_from(first / BLOCK_LEN).ok()?;
        (is_whole && first % BLOCK_LEN == 0).then_some(Lba(block))
    }

    /// Fills some of `buf` from `position` on; a result of 0 means that the data is shorter than it should be.
    pub(crate) fn read_some(&self, position: u64, buf: &mut [u8]) -> Result<usize> {
        let runs = match &self.pieces {
            Pieces::Runs(runs) => runs,
            Pieces::Embedded(bytes) => {
                let start = usize::try_from(position).unwrap_or(usize::MAX);
                let rest = bytes.get(start..).unwrap_or_default();
                let len = rest.len().min(buf.len());
                for (to, from) in buf.iter_mut().zip(rest) {
                    *to = *from;
                }
                return Ok(len);
            }
        };
        let run = runs.partition_point(|(end, _)| *end <= position);
        let Some((end, piece)) = runs.get(run) else {
            return Ok(0);
        };
        let left = end.saturating_sub(position);
        let len = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(at) = piece.at else {
            let zeros = buf.get_mut(..len).unwrap_or_default();
            zeros.fill(0);
            return Ok(len);
        };
        let offset = at.saturating_add(position.saturating_sub(piece.start));
        // Bytes that complete an incomplete last block are not data.
        let there = self.blocks.data_len().saturating_sub(offset);
        if there == 0 {
            return Err(after_end(offset));
        }
        let len = len.min(usize::try_from(there).unwrap_or(usize::MAX));
        let len = convenient(offset, len);
        let part = buf.get_mut(..len).unwrap_or_default();
        self.blocks.read_data_at(offset, part)?;
        Ok(len)
    }

    /// Fills all of `buf` from `position` on.
    pub(crate) fn read_exact_at(&self, mut buf: &mut [u8], mut position: u64) -> io::Result<()> {
        while !buf.is_empty() {
            let len = self.read_some(position, buf)?;
            if len == 0 {
                return Err(missing());
            }
            buf = buf.get_mut(len..).unwrap_or_default();
            position = position.saturating_add(len as u64);
        }
        Ok(())
    }
}

/// Returns how many bytes of the data of an entry are missing: they lie after the disc's end, or nowhere.
pub(crate) fn missing_len(blocks: &Blocks, entry: &Entry) -> u64 {
    let there = match &entry.data {
        Data::Embedded(bytes) => bytes.len() as u64,
        Data::Runs(runs) => runs.iter().fold(0_u64, |sum, run| {
            let there = match run.at {
                Some(at) => run.len.min(blocks.data_len().saturating_sub(at)),
                None => run.len,
            };
            sum.saturating_add(there)
        }),
    };
    entry.len.saturating_sub(there)
}

/// Returns the error for data that would lie after the disc's end.
fn after_end(offset: u64) -> Error {
    Error::ReadDisc {
        block: u32::try_from(offset / BLOCK_LEN).unwrap_or(u32::MAX),
        source: io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it lies after the end of the disc, which was perhaps cut off",
        ),
    }
}

/// Returns the error for data that ends too early.
pub(crate) fn missing() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "less data is recorded than the length says",
    )
}

/// Returns how much to read of `len` bytes at `offset`: whole blocks of a long piece, all of a short one, which is kept
/// anyway.
fn convenient(offset: u64, len: usize) -> usize {
    if len <= AT_ONCE {
        len
    } else if offset % BLOCK_LEN == 0 {
        len.saturating_sub(len % BLOCK)
    } else {
        AT_ONCE
    }
}

impl fmt::Debug for DiscData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiscData")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

//! A disc as the formats read it: bytes at any place, within a budget of memory.
// What is recorded may say anything; tests may fail.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Disc;
use crate::block::{BLOCK, BLOCK_SIZE};
use crate::error::{Error, Result};

const BLOCK_LEN: u64 = BLOCK as u64;

/// The most blocks that are read at once when few bytes are asked for: structures lie close together.
const WINDOW: usize = 32;

/// The blocks that are read first in a new place, where structures may lie far apart: one in four costs little more.
const FIRST: usize = 4;

/// The bytes of a disc.
pub(crate) struct Blocks {
    disc: Arc<dyn Disc>,
    len: u64,
    /// The bytes of it that are not made up to fill the last block.
    data_len: u64,
    /// The last small piece that was read: its first block and its bytes.
    window: Mutex<(u32, Vec<u8>)>,
    /// Bytes of memory that may still be taken.
    budget: AtomicU64,
    limit: u64,
}

impl Blocks {
    /// `budget` is how many bytes of memory all that is read and kept may take.
    pub(crate) fn new(disc: Arc<dyn Disc>, budget: u64) -> Self {
        Self {
            len: u64::from(disc.total_blocks()).saturating_mul(BLOCK_SIZE.into()),
            data_len: disc.total_bytes(),
            disc,
            window: Mutex::default(),
            budget: AtomicU64::new(budget),
            limit: budget,
        }
    }

    /// Length of the disc in bytes.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Bytes of the disc that can be data of files.
    pub(crate) const fn data_len(&self) -> u64 {
        self.data_len
    }

    /// Fills `buf` from the byte `offset` on.
    ///
    /// # Errors
    ///
    /// [`Error::ReadDisc`] when it reaches behind the disc's end, or the disc fails.
    pub(crate) fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let block = u32::try_from(offset / BLOCK_LEN).unwrap_or(u32::MAX);
        let failed = |source| Error::ReadDisc { block, source };
        let end = offset.checked_add(buf.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let skip = usize::try_from(offset % BLOCK_LEN).unwrap_or(0);
        let blocks = skip.saturating_add(buf.len()).div_ceil(BLOCK);
        if skip == 0 && buf.len() % BLOCK == 0 && blocks >= WINDOW {
            return self.disc.read_blocks(block, buf).map_err(failed);
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, bytes) = &mut *window;
        if part(*first, bytes, block, skip, buf.len()).is_none() {
            let left = self.disc.total_blocks().saturating_sub(block) as usize;
            // What is read in order is read in ever larger pieces.
            let last = bytes.len() / BLOCK;
            let follows = block.checked_sub(*first).is_some_and(|skip| {
                (last..=last.saturating_add(WINDOW)).contains(&(skip as usize))
            });
            let piece = if follows {
                last.saturating_mul(2)
            } else {
                FIRST
            };
            let piece = piece.clamp(FIRST, WINDOW).min(left);
            let mut read = std::mem::take(bytes);
            let needed = blocks.saturating_mul(BLOCK);
            read.resize(needed.max(piece.saturating_mul(BLOCK)), 0);
            let mut result = self.disc.read_blocks(block, &mut read);
            if result.is_err() && read.len() > needed {
                // Perhaps what cannot be read is none of what was asked for.
                read.truncate(needed);
                result = self.disc.read_blocks(block, &mut read);
            }
            result.map_err(failed)?;
            *bytes = read;
            *first = block;
        }
        let there = part(*first, bytes, block, skip, buf.len());
        let there = there.ok_or_else(|| failed(std::io::ErrorKind::UnexpectedEof.into()))?;
        buf.copy_from_slice(there);
        Ok(())
    }

    /// The `len` bytes from `offset` on, which count against the budget until [`Blocks::release`].
    pub(crate) fn take(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        self.charge(len)?;
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        match self.read_at(offset, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => {
                self.release(len);
                Err(error)
            }
        }
    }

    /// Counts memory that is about to be taken.
    ///
    /// # Errors
    ///
    /// [`Error::ImportMemory`] when the budget does not have it.
    pub(crate) fn charge(&self, bytes: u64) -> Result<()> {
        let left = self
            .budget
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            });
        left.map(|_| ()).map_err(|left| Error::ImportMemory {
            needed: bytes.saturating_add(self.limit.saturating_sub(left)),
            limit: self.limit,
        })
    }

    /// Bytes of memory that may still be taken.
    pub(crate) fn left(&self) -> u64 {
        self.budget.load(Ordering::Relaxed)
    }

    /// Gives back what was counted.
    pub(crate) fn release(&self, bytes: u64) {
        self.budget.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The `len` bytes that are `skip` bytes behind the start of `block`, if all of them are in `bytes`, which begins at block
/// `first`.
fn part(first: u32, bytes: &[u8], block: u32, skip: usize, len: usize) -> Option<&[u8]> {
    let at = usize::try_from(block.checked_sub(first)?).ok()?;
    let at = at.checked_mul(BLOCK)?.checked_add(skip)?;
    bytes.get(at..at.checked_add(len)?)
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc whose blocks hold their numbers, and one of which cannot be read.
    struct Damaged(u32);

    impl Disc for Damaged {
        fn read_blocks(&self, block: u32, buf: &mut [u8]) -> std::io::Result<()> {
            for (number, bytes) in (block..).zip(buf.chunks_exact_mut(BLOCK)) {
                if number == self.0 {
                    return Err(std::io::ErrorKind::Other.into());
                }
                bytes.fill(number as u8);
            }
            Ok(())
        }

        fn total_blocks(&self) -> u32 {
            100
        }
    }

    #[test]
    fn a_block_that_cannot_be_read_does_not_hide_its_neighbours() {
        for bad in 0..100 {
            let blocks = Blocks::new(Arc::new(Damaged(bad)), 0);
            for block in (0..100).chain([3, 99, 50, 51, 52, 0]) {
                let mut byte = [0xFF];
                let result = blocks.read_at(u64::from(block) * 2048 + 2047, &mut byte);
                match result {
                    Ok(()) => assert!(block != bad && byte == [block as u8]),
                    Err(Error::ReadDisc { block: at, .. }) => assert!(block == bad && at == bad),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    #[test]
    fn pieces_of_any_length_are_read_from_anywhere() {
        let blocks = Blocks::new(Arc::new(Damaged(u32::MAX)), 0);
        for start in (0..100 * 2048_u64).step_by(1777) {
            for len in [1, 100, 2048, 5000, 70_000] {
                let mut bytes = vec![0xFF; len];
                let result = blocks.read_at(start, &mut bytes);
                assert_eq!(result.is_ok(), start + len as u64 <= 100 * 2048);
                let is_right = |(at, byte): (u64, &u8)| u64::from(*byte) == at / 2048;
                assert!(result.is_err() || (start..).zip(&bytes).all(is_right));
            }
        }
    }
}

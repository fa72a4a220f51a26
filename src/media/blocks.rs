//! A disc as the formats read it: bytes at any place, within a budget of memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Disc;
use crate::block::{BLOCK, BLOCK_SIZE};
use crate::error::{Error, Result};

/// Blocks that are read at once when few bytes are asked for: structures lie close together.
const WINDOW: usize = 32;

/// The bytes of a disc.
pub(crate) struct Blocks {
    disc: Arc<dyn Disc>,
    len: u64,
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
            len: u64::from(disc.total_blocks()) * u64::from(BLOCK_SIZE),
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

    /// Fills `buf` from the byte `offset` on.
    ///
    /// # Errors
    ///
    /// [`Error::ReadDisc`] when it reaches behind the disc's end, or the disc fails.
    pub(crate) fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let block = u32::try_from(offset / u64::from(BLOCK_SIZE)).unwrap_or(u32::MAX);
        let failed = |source| Error::ReadDisc { block, source };
        let end = offset.checked_add(buf.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let skip = (offset % u64::from(BLOCK_SIZE)) as usize;
        let blocks = (skip + buf.len()).div_ceil(BLOCK);
        if skip == 0 && buf.len() % BLOCK == 0 && blocks >= WINDOW {
            return self.disc.read_blocks(block, buf).map_err(failed);
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, bytes) = &mut *window;
        let has = |first: u32, bytes: &[u8]| {
            first <= block && (block - first) as usize + blocks <= bytes.len() / BLOCK
        };
        if !has(*first, bytes) {
            let left = (self.disc.total_blocks() - block) as usize;
            let mut read = std::mem::take(bytes);
            read.resize(blocks.max(WINDOW.min(left)) * BLOCK, 0);
            if self.disc.read_blocks(block, &mut read).is_err() {
                // It may be one of those that nobody asked for that cannot be read.
                read.truncate(blocks * BLOCK);
                self.disc.read_blocks(block, &mut read).map_err(failed)?;
            }
            *bytes = read;
            *first = block;
        }
        let at = (block - *first) as usize * BLOCK + skip;
        buf.copy_from_slice(&bytes[at..at + buf.len()]);
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
            needed: bytes.saturating_add(self.limit - left),
            limit: self.limit,
        })
    }

    /// Gives back what was counted.
    pub(crate) fn release(&self, bytes: u64) {
        self.budget.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

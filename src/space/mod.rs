//! Blocks: allocation, and the contents of each.
//!
//! Planning takes extents from a [`Space`]. Writing puts the contents of each extent onto a [`Map`]; the bytes are made
//! when somebody reads the blocks.

mod file_data;
mod map;
mod packed;

pub(crate) use self::file_data::{Cursor, DataOptions, DataPlan, FileData, read_error};
pub(crate) use self::map::{Fill, Filling, Map, overlay};
pub(crate) use self::packed::Packed;
use crate::block::{Extent, Lba, MAX_BLOCKS};
use crate::error::{Error, Result};

/// The blocks of a session, allocated from its start to its end.
#[derive(Debug)]
pub(crate) struct Space {
    session: u64,
    next: u64,
}

impl Space {
    pub(crate) const fn new(session: Lba) -> Self {
        Self {
            session: session.0 as u64,
            next: session.0 as u64,
        }
    }

    /// Takes the next `blocks` blocks.
    ///
    /// # Errors
    ///
    /// [`Error::ImageTooBig`] if the disc would have more blocks than IMAPI2 can count.
    pub(crate) fn take(&mut self, blocks: u64) -> Result<Extent> {
        let start = self.next;
        let end = start.saturating_add(blocks);
        if end > MAX_BLOCKS {
            return Err(Error::ImageTooBig {
                needed: end,
                limit: MAX_BLOCKS,
            });
        }
        self.next = end;
        // Both are below 2^31.
        Ok(Extent {
            start: Lba(start as u32),
            blocks: blocks as u32,
        })
    }

    /// Leaves blocks empty up to `offset` blocks from the session's start; everything taken so far lies before.
    pub(crate) fn skip_to(&mut self, offset: u32) {
        debug_assert!(self.next <= self.session + u64::from(offset));
        self.next = self.session + u64::from(offset);
    }

    /// Leaves blocks empty up to the next multiple of `unit`, counted from the disc's start.
    pub(crate) fn align(&mut self, unit: u32) {
        self.next = self.next.next_multiple_of(u64::from(unit));
    }

    /// Returns the next block that will be taken.
    pub(crate) const fn next(&self) -> Lba {
        // `take` keeps it below 2^31.
        Lba(self.next as u32)
    }
}

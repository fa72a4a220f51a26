//! Discs that note what is read of them.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use imapi2fs::{Disc, MediaType};

use super::bytes::BLOCK;

/// A disc that notes each read: its first block and the one after its last.
pub(crate) struct Noted<D> {
    disc: D,
    reads: Mutex<Vec<Range<u32>>>,
}

impl<D: Disc> Noted<D> {
    pub(crate) fn new(disc: D) -> Arc<Self> {
        Arc::new(Self {
            disc,
            reads: Mutex::default(),
        })
    }

    /// What was read since the last call.
    pub(crate) fn take(&self) -> Reads {
        Reads(std::mem::take(&mut self.reads.lock().unwrap()))
    }
}

/// Reads of a disc, in order.
#[derive(Debug)]
pub(crate) struct Reads(Vec<Range<u32>>);

impl Reads {
    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// How many of them take in a block.
    pub(crate) fn of(&self, block: u32) -> usize {
        let all = self.0.iter();
        all.filter(|blocks| blocks.contains(&block)).count()
    }
}

impl<D: Disc> Disc for Noted<D> {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let end = block + (buf.len() / BLOCK) as u32;
        self.reads.lock().unwrap().push(block..end);
        self.disc.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.disc.total_blocks()
    }

    fn total_bytes(&self) -> u64 {
        self.disc.total_bytes()
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        self.disc.next_data(block)
    }

    fn session_starts(&self) -> io::Result<Option<Vec<u32>>> {
        self.disc.session_starts()
    }

    fn stored_bytes(&self) -> u64 {
        self.disc.stored_bytes()
    }

    fn free_blocks(&self) -> u32 {
        self.disc.free_blocks()
    }

    fn can_grow(&self) -> bool {
        self.disc.can_grow()
    }

    fn maximum_blocks(&self) -> u32 {
        self.disc.maximum_blocks()
    }

    fn write_unit(&self) -> u32 {
        self.disc.write_unit()
    }

    fn media_type(&self) -> MediaType {
        self.disc.media_type()
    }
}

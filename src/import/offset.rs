//! Images that do not begin at the first block of their disc.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::io;

use crate::block::BLOCK_SIZE;
use crate::media::{Disc, MediaType};

/// A disc that lacks the blocks before a given one.
pub(super) struct OffsetDisc<D> {
    pub disc: D,
    /// The block of the disc at which the image begins.
    pub first: u32,
}

impl<D: Disc> OffsetDisc<D> {
    /// Returns the block of the image that is block `block` of the disc.
    fn block(&self, block: u32) -> io::Result<u32> {
        let first = self.first;
        block.checked_sub(first).ok_or_else(|| {
            let what = format!("it lies before block {first}, with which the image begins");
            io::Error::new(io::ErrorKind::UnexpectedEof, what)
        })
    }
}

impl<D: Disc> Disc for OffsetDisc<D> {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.disc.read_blocks(self.block(block)?, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.disc.total_blocks().saturating_add(self.first)
    }

    fn total_bytes(&self) -> u64 {
        let before = u64::from(self.first).saturating_mul(BLOCK_SIZE.into());
        self.disc.total_bytes().saturating_add(before)
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        let next = self.disc.next_data(block.saturating_sub(self.first))?;
        Ok(next.map(|next| next.saturating_add(self.first)))
    }

    fn media_type(&self) -> MediaType {
        self.disc.media_type()
    }
}

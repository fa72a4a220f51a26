//! Blocks, the unit of everything on a disc, and the two address spaces that count them.

use std::fmt;
use std::ops::{Add, Sub};

/// Length in bytes of a block, which is also a sector: 2048.
///
/// IMAPI2: `IMAPI_SECTOR_SIZE`, `IFileSystemImageResult::get_BlockSize`.
pub const BLOCK_SIZE: u32 = 2048;

/// [`BLOCK_SIZE`] as a length of buffers.
pub(crate) const BLOCK: usize = BLOCK_SIZE as usize;

/// The most blocks that an image may have, 2³¹ − 1: IMAPI2 counts blocks in a `LONG`.
pub(crate) const MAX_BLOCKS: u64 = 0x7FFF_FFFF;

/// Returns how many blocks `len` bytes fill, the last one perhaps in part.
pub(crate) const fn blocks_of(len: u64) -> u64 {
    len.div_ceil(BLOCK_SIZE as u64)
}

/// Address of a block, counted from the start of the disc (not of the session).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lba(pub u32);

impl Add<u32> for Lba {
    type Output = Self;

    fn add(self, blocks: u32) -> Self {
        Self(self.0 + blocks)
    }
}

impl Sub for Lba {
    type Output = u32;

    fn sub(self, other: Self) -> u32 {
        self.0 - other.0
    }
}

impl fmt::Display for Lba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A run of blocks on the disc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub start: Lba,
    pub blocks: u32,
}

impl Extent {
    /// Returns the first block after the extent.
    pub(crate) fn end(self) -> Lba {
        self.start + self.blocks
    }
}

/// Address of a block, counted from the start of the UDF partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartitionBlock(pub u32);

impl Add<u32> for PartitionBlock {
    type Output = Self;

    fn add(self, blocks: u32) -> Self {
        Self(self.0 + blocks)
    }
}

//! Result images: a view of blocks that are made when they are read.

mod append;
mod chunks;
mod clone;
mod copy;
mod cursors;
mod file;
mod output;
mod parts;
mod pipeline;
mod progress;
mod sink;
mod stream;
mod write;

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

pub(crate) use self::append::ContinuedDisc;
pub(crate) use self::output::{Old, OutputGuard, is_unfinished};
pub use self::output::{OutputFile, UnfinishedFile};
pub use self::parts::{ImagePart, PlanDigest};
pub use self::progress::{ProgressItem, ProgressItems};
pub use self::sink::WriteAt;
pub use self::stream::ImageStream;
pub use self::write::{WriteOptions, WriteProgress};
use crate::block::{BLOCK_SIZE, Lba};
use crate::error::Result;
use crate::layout::Layout;
use crate::space::Cursor;

/// An image, laid out when it was created. Its blocks are made when they are read.
///
/// It is a snapshot: the tree it was created from can still be edited. Cloning copies a pointer, and any thread can
/// read any part. Files that are not staged are opened when their blocks are read, and must not have changed since they
/// were added.
///
/// IMAPI2: `IFileSystemImageResult`.
#[derive(Clone)]
pub struct ResultImage {
    layout: Arc<Layout>,
    disc_id: Arc<str>,
    continued: Option<Arc<ContinuedDisc>>,
}

impl ResultImage {
    pub(crate) fn new(layout: Layout, disc_id: &str) -> Self {
        Self {
            layout: Arc::new(layout),
            disc_id: disc_id.into(),
            continued: None,
        }
    }

    /// Creates an image that continues a disc.
    pub(crate) fn continuing(layout: Layout, continued: ContinuedDisc) -> Self {
        Self {
            layout: Arc::new(layout),
            disc_id: continued.id.as_str().into(),
            continued: Some(Arc::new(continued)),
        }
    }

    /// The number of blocks.
    ///
    /// IMAPI2: `IFileSystemImageResult::get_TotalBlocks`.
    #[doc(alias = "get_TotalBlocks")]
    #[must_use]
    pub fn total_blocks(&self) -> u32 {
        self.layout.extent.blocks
    }

    /// The size of a block in bytes, always [`BLOCK_SIZE`].
    ///
    /// IMAPI2: `IFileSystemImageResult::get_BlockSize`.
    #[doc(alias = "get_BlockSize")]
    #[must_use]
    pub const fn block_size(&self) -> u32 {
        BLOCK_SIZE
    }

    /// The length in bytes, of all blocks.
    #[expect(clippy::len_without_is_empty, reason = "no image is empty")]
    #[must_use]
    pub fn len(&self) -> u64 {
        u64::from(self.total_blocks()) * u64::from(BLOCK_SIZE)
    }

    /// The name of the volume; for an image that continues a disc, the
    /// [`calculate_disc_identifier`](crate::FileSystemImage::calculate_disc_identifier) of the disc when it was
    /// imported.
    ///
    /// IMAPI2: `IFileSystemImageResult::get_DiscId`.
    #[doc(alias = "get_DiscId")]
    #[must_use]
    pub fn disc_id(&self) -> &str {
        &self.disc_id
    }

    /// The blocks that differ from those on the disc, in the order in which they must be written; `None` if all do.
    ///
    /// An image that continues a disc on which any block can be written covers the whole disc from block 0, and only
    /// these blocks need to be written. Those that lead to the new session come last, so that the disc stays readable
    /// if writing is interrupted: until the new session is complete, readers do not recognise it, and block 0 leads to
    /// the old one. Where writes may be reordered on their way, each range must be on the disc before the next is
    /// written. Once all are, block 0 leads to the new session, and earlier sessions can no longer be reached from
    /// there. [`append_to`](ResultImage::append_to) does all of this.
    ///
    /// IMAPI2: `IFileSystemImageResult2::get_ModifiedBlocks`, `IBlockRangeList`.
    #[doc(alias = "get_ModifiedBlocks")]
    #[doc(alias = "IBlockRangeList")]
    #[doc(alias = "get_BlockRanges")]
    #[doc(alias = "get_StartLba")]
    #[doc(alias = "get_EndLba")]
    #[must_use]
    pub fn modified_blocks(&self) -> Option<Vec<RangeInclusive<u32>>> {
        let ranges = self.layout.modified.iter();
        let ranges: Vec<_> = ranges
            .map(|extent| extent.start.0..=extent.end().0 - 1)
            .collect();
        (!ranges.is_empty()).then_some(ranges)
    }

    /// Reads from the byte `offset` on until `buf` is full or the image ends; returns the number of bytes read.
    ///
    /// Files in the range are opened for this call; [`ResultImage::image_stream`] keeps its file open.
    ///
    /// # Errors
    ///
    /// - [`Error::ReadSource`](crate::Error::ReadSource) when a file cannot be opened or read.
    /// - [`Error::SourceChanged`](crate::Error::SourceChanged) when a file has changed since it was added.
    pub fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<usize> {
        self.read_with(offset, buf, &mut Cursor::default())
    }

    fn read_with(&self, offset: u64, buf: &mut [u8], cursor: &mut Cursor) -> Result<usize> {
        let left = self.len().saturating_sub(offset);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let start = self.layout.extent.start;
        self.layout
            .map
            .read(start, offset, &mut buf[..len], cursor)?;
        Ok(len)
    }

    /// Returns a reader of the whole image, positioned at its start.
    ///
    /// IMAPI2: `IFileSystemImageResult::get_ImageStream`.
    #[doc(alias = "get_ImageStream")]
    #[must_use]
    pub fn image_stream(&self) -> ImageStream {
        ImageStream::new(self.clone())
    }

    /// The contents of all blocks, without gaps, in the order of the blocks. Items are made during iteration.
    ///
    /// IMAPI2: `IFileSystemImageResult::get_ProgressItems`.
    #[doc(alias = "get_ProgressItems")]
    #[must_use]
    pub fn progress_items(&self) -> ProgressItems<'_> {
        ProgressItems::new(&self.layout)
    }

    fn start(&self) -> Lba {
        self.layout.extent.start
    }
}

impl fmt::Debug for ResultImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultImage")
            .field("disc_id", &self.disc_id)
            .field("start", &self.start())
            .field("total_blocks", &self.total_blocks())
            .finish_non_exhaustive()
    }
}

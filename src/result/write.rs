//! Writing an image, sequentially or at any position.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};

use super::ResultImage;
use super::chunks::Chunks;
use super::pipeline::{Readers, anywhere, in_order};
use super::sink::WriteAt;
use crate::block::BLOCK_SIZE;
use crate::error::{Error, Result};

/// Options for writing an image. Not in IMAPI2, whose image is a stream to be read.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    readers: Option<NonZeroUsize>,
    pub(super) sparse: bool,
    pub(super) reflink: bool,
}

/// The most reader threads unless the caller sets a number: this many files are waited for at the same time.
const READERS: usize = 16;

impl WriteOptions {
    /// Creates the options of [`ResultImage::write_to`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of threads that open and read files, at most as many as there is work for. With one, the calling
    /// thread does everything.
    ///
    /// Default: one for large files, as many as processors for small ones, and up to 16 when files come from a disk,
    /// which answers many requests at once; the beginning of a file decides. The image does not depend on it.
    #[must_use]
    pub const fn readers(mut self, readers: NonZeroUsize) -> Self {
        self.readers = Some(readers);
        self
    }

    /// Sets whether a new file gets holes where the image has only zeros, if its file system supports them. Default:
    /// false. Only [`ResultImage::write_to_file`] uses it.
    #[must_use]
    pub const fn sparse(mut self, sparse: bool) -> Self {
        self.sparse = sparse;
        self
    }

    /// Sets whether large files are shared with the image instead of copied, where the file system that holds both
    /// supports it (`FICLONERANGE` of Linux, on XFS and btrfs for instance). Default: false. Only
    /// [`ResultImage::write_to_file`] uses it; where sharing is impossible, files are copied silently. Without it such
    /// a file system may still share what it copies itself ([`WriteAt::copy_at`](super::WriteAt::copy_at)).
    ///
    /// Sharing works for files of 256 KiB and more that begin at a multiple of 4096 bytes. For that purpose
    /// [align](crate::FileSystemImage::set_file_alignment) files of that
    /// [size](crate::FileSystemImage::set_min_aligned_file_size) to 2 blocks.
    #[must_use]
    pub const fn reflink(mut self, reflink: bool) -> Self {
        self.reflink = reflink;
        self
    }

    pub(super) fn number_of_readers(&self) -> Readers {
        match self.readers {
            Some(readers) => Readers {
                at_first: readers.get(),
                most: readers.get(),
            },
            None => Readers {
                at_first: 1,
                most: READERS,
            },
        }
    }
}

impl ResultImage {
    /// Writes the whole image; returns its length in bytes.
    ///
    /// Several threads open and read files ahead of what is written.
    ///
    /// # Errors
    ///
    /// - [`Error::Write`] when `writer` fails.
    /// - Those of [`ResultImage::read_at`]; the first in the image if there are several.
    pub fn write_to(&self, writer: impl Write) -> Result<u64> {
        self.write_to_with(writer, &WriteOptions::new(), go_on)
    }

    /// Returns the whole image in memory. Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// - [`Error::Write`] when there is not enough memory.
    /// - Those of [`ResultImage::read_at`]; the first in the image if there are several.
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let len = usize::try_from(self.len()).unwrap_or(usize::MAX);
        let room = bytes.try_reserve_exact(len);
        room.map_err(|source| Error::Write {
            source: io::Error::new(io::ErrorKind::OutOfMemory, source),
        })?;
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the whole image and calls `progress` before every 128 KiB and at the end.
    ///
    /// # Errors
    ///
    /// - [`Error::Cancelled`] when `progress` breaks.
    /// - Those of [`ResultImage::write_to`].
    pub fn write_to_with(
        &self,
        writer: impl Write,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        Writing::start(self, 0..self.len(), options, progress)?.in_order(writer)
    }

    /// Writes the whole image to positions in `sink`, in no particular order; returns the image's length in bytes. Not in
    /// IMAPI2.
    ///
    /// The threads that read also write, including the calling one. After a failure, parts of the image are there.
    ///
    /// # Errors
    ///
    /// - [`Error::Write`] when `sink` fails.
    /// - Those of [`ResultImage::read_at`]; the first in the image if there are several.
    pub fn write_unordered(&self, sink: &impl WriteAt) -> Result<u64> {
        self.write_unordered_with(sink, &WriteOptions::new(), go_on)
    }

    /// Like [`ResultImage::write_unordered`]; calls `progress` at the start, from time to time, and at the end. Not in
    /// IMAPI2.
    ///
    /// # Errors
    ///
    /// - [`Error::Cancelled`] when `progress` breaks.
    /// - Those of [`ResultImage::write_unordered`].
    pub fn write_unordered_with(
        &self,
        sink: &impl WriteAt,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        let work = Writing::start(self, 0..self.len(), options, progress)?;
        work.anywhere(Chunks::of(0..self.len()), sink)
    }
}

/// Progress that nobody looks at.
pub(super) const fn go_on(_: WriteProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The process of writing a range of an image.
pub(super) struct Writing<'a, P> {
    image: &'a ResultImage,
    range: Range<u64>,
    options: &'a WriteOptions,
    progress: P,
    /// The number of bytes of the range written so far.
    done: u64,
}

impl<'a, P: FnMut(WriteProgress<'_>) -> ControlFlow<()>> Writing<'a, P> {
    /// Begins, and reports that nothing is written yet.
    pub(super) fn start(
        image: &'a ResultImage,
        range: Range<u64>,
        options: &'a WriteOptions,
        progress: P,
    ) -> Result<Self> {
        let mut work = Self {
            image,
            range,
            options,
            progress,
            done: 0,
        };
        work.tell(0)?;
        Ok(work)
    }

    /// Writes the range from its start to its end; returns its length.
    pub(super) fn in_order(mut self, mut writer: impl Write) -> Result<u64> {
        let failed = |source| Error::Write { source };
        let chunks = Chunks::of(self.range.clone());
        in_order(
            self.image,
            chunks,
            self.options.number_of_readers(),
            |bytes| {
                writer.write_all(bytes).map_err(failed)?;
                self.tell(bytes.len() as u64)
            },
        )?;
        writer.flush().map_err(failed)?;
        Ok(self.done)
    }

    /// Writes these chunks of the range, each to its position; the rest is already there. Returns the range's length.
    pub(super) fn anywhere(mut self, chunks: Chunks, sink: &impl WriteAt) -> Result<u64> {
        anywhere(
            self.image,
            chunks,
            self.options.number_of_readers(),
            sink,
            |len| self.tell(len),
        )?;
        Ok(self.done)
    }

    /// Reports that `more` bytes are written.
    pub(super) fn tell(&mut self, more: u64) -> Result<()> {
        self.done += more;
        let progress = WriteProgress {
            image: self.image,
            at: self.range.start + self.done,
            done: self.done,
            total: self.range.end - self.range.start,
        };
        match (self.progress)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }
}

/// The progress of writing an image or a part of one.
#[derive(Clone, Copy, Debug)]
pub struct WriteProgress<'a> {
    pub(super) image: &'a ResultImage,
    /// The next byte of the image.
    pub(super) at: u64,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl WriteProgress<'_> {
    /// The number of bytes written so far.
    #[must_use]
    pub const fn bytes_done(&self) -> u64 {
        self.done
    }

    /// The number of bytes to be written in total.
    #[must_use]
    pub const fn bytes_total(&self) -> u64 {
        self.total
    }

    /// The description of the next item if everything is written in order, as in [`ResultImage::progress_items`]; empty
    /// at the end.
    #[must_use]
    pub fn current(&self) -> String {
        u32::try_from(self.at / u64::from(BLOCK_SIZE))
            .ok()
            .filter(|_| self.done < self.total)
            .and_then(|block| self.image.progress_items().from_block(block))
            .map_or_else(String::new, |item| item.description().to_owned())
    }
}

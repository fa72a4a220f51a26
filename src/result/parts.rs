//! Parts of an image, for several processes or machines that have the same tree.

use std::fmt;
use std::io::Write;
use std::num::NonZeroU64;
use std::ops::{ControlFlow, Range};

use sha2::{Digest, Sha256};

use super::ResultImage;
use super::chunks::{CHUNK, Chunks};
use super::sink::WriteAt;
use super::write::{WriteOptions, WriteProgress, Writing, go_on};
use crate::block::BLOCK_SIZE;
use crate::error::Result;
use crate::space::{Cursor, Filling};

impl ResultImage {
    /// Divides the image into parts of `size` bytes; the last may be shorter.
    ///
    /// Any process that lays out the same image can write any of them: parts with the same [`ResultImage::plan_digest`]
    /// fit together. Not in IMAPI2.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    /// use imapi2fs::FileSystemImage;
    ///
    /// # fn main() -> imapi2fs::Result<()> {
    /// let mut image = FileSystemImage::new();
    /// image.root_mut().add_file("a.txt", *b"a")?;
    /// let result = image.create_result_image()?;
    ///
    /// let mut whole = Vec::new();
    /// for part in result.parts(NonZeroU64::new(1 << 18).unwrap()) {
    ///     part.write_to(&mut whole)?;
    /// }
    /// assert_eq!(whole.len() as u64, result.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn parts(&self, size: NonZeroU64) -> impl Iterator<Item = ImagePart> + use<> {
        let image = self.clone();
        let count = self.len().div_ceil(size.get());
        (0..count).map(move |number| {
            let start = number * size.get();
            ImagePart {
                range: start..start.saturating_add(size.get()).min(image.len()),
                image: image.clone(),
            }
        })
    }

    /// Returns a digest of the image except for its file data: two images with the same digest have the same names,
    /// times, sizes and blocks for the same data.
    ///
    /// This takes as long as making all structures of the file systems.
    ///
    /// # Errors
    ///
    /// Those of [`ResultImage::read_at`] for data in structures: embedded files and continued discs.
    pub fn plan_digest(&self) -> Result<PlanDigest> {
        let mut digest = Sha256::new();
        let mut cursor = Cursor::default();
        let mut buf = vec![0; CHUNK as usize];
        let map = &self.layout.map;
        digest.update(self.disc_id.as_bytes());
        for number in [self.start().0, self.total_blocks()] {
            digest.update(number.to_le_bytes());
        }
        for part in map.regions() {
            for number in [part.extent.start.0, part.extent.blocks] {
                digest.update(number.to_le_bytes());
            }
            match &part.filling {
                Filling::Files(files) => {
                    for (node, extent) in files.files() {
                        let len = files.tree.content_of(node).map_or(0, |(_, data)| data.len);
                        digest.update(extent.start.0.to_le_bytes());
                        digest.update(len.to_le_bytes());
                    }
                }
                // The disc's identifier represents it.
                Filling::Disc(_) => {}
                Filling::Bytes(_) | Filling::Made(_) => {
                    let byte = |lba| u64::from(lba - self.start()) * u64::from(BLOCK_SIZE);
                    let range = byte(part.extent.start)..byte(part.extent.end());
                    for chunk in Chunks::of(range) {
                        let len = (chunk.end - chunk.start) as usize;
                        let buf = &mut buf[..len];
                        self.read_with(chunk.start, buf, &mut cursor)?;
                        digest.update(buf);
                    }
                }
            }
        }
        for (at, bytes) in map.patches() {
            digest.update(at.to_le_bytes());
            digest.update(bytes);
        }
        Ok(PlanDigest(digest.finalize().into()))
    }
}

/// A part of an image.
#[derive(Clone, Debug)]
pub struct ImagePart {
    image: ResultImage,
    range: Range<u64>,
}

impl ImagePart {
    /// The range of the image's bytes in this part.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Writes the part; returns its length in bytes.
    ///
    /// # Errors
    ///
    /// Those of [`ResultImage::write_to`].
    pub fn write_to(&self, writer: impl Write) -> Result<u64> {
        self.write_to_with(writer, &WriteOptions::new(), go_on)
    }

    /// Writes the part and calls `progress` before every 128 KiB and at the end; returns the part's length in bytes.
    ///
    /// # Errors
    ///
    /// Those of [`ResultImage::write_to_with`].
    pub fn write_to_with(
        &self,
        writer: impl Write,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        Writing::start(&self.image, self.range(), options, progress)?.in_order(writer)
    }

    /// Writes the part to its position in `sink`, which takes the whole image; returns the part's length in bytes.
    ///
    /// # Errors
    ///
    /// Those of [`ResultImage::write_unordered`].
    pub fn write_unordered(&self, sink: &impl WriteAt) -> Result<u64> {
        self.write_unordered_with(sink, &WriteOptions::new(), go_on)
    }

    /// Like [`ImagePart::write_unordered`]; calls `progress` at the start, from time to time, and at the end.
    ///
    /// # Errors
    ///
    /// Those of [`ResultImage::write_unordered_with`].
    pub fn write_unordered_with(
        &self,
        sink: &impl WriteAt,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        let work = Writing::start(&self.image, self.range(), options, progress)?;
        work.anywhere(Chunks::of(self.range()), sink)
    }
}

/// A SHA-256 digest of an image except for its file data.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlanDigest([u8; 32]);

impl PlanDigest {
    /// The bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanDigest({self})")
    }
}

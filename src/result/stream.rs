//! An image as a reader with a position.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use super::ResultImage;
use crate::space::Cursor;

/// Reads a [`ResultImage`] from any position. Keeps the file it last read open, and that file's directory.
///
/// Its errors hold the crate's [`Error`](crate::Error), which [`io::Error::downcast`] returns.
pub struct ImageStream {
    image: ResultImage,
    position: u64,
    cursor: Cursor,
}

impl ImageStream {
    pub(super) fn new(image: ResultImage) -> Self {
        Self {
            image,
            position: 0,
            cursor: Cursor::default(),
        }
    }
}

impl Clone for ImageStream {
    /// Returns a reader with its own position, which starts at this one's.
    fn clone(&self) -> Self {
        Self {
            image: self.image.clone(),
            position: self.position,
            cursor: Cursor::default(),
        }
    }
}

impl Read for ImageStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.image.read_with(self.position, buf, &mut self.cursor)?;
        self.position += len as u64;
        Ok(len)
    }
}

impl Seek for ImageStream {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.image.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "seek to a position before the image's start",
            )
        })?;
        Ok(self.position)
    }
}

impl fmt::Debug for ImageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageStream")
            .field("image", &self.image)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

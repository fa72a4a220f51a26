//! Destinations for an image that accept bytes at any position.

use std::fs::File;
use std::io;

use crate::{media, source};

/// A destination that accepts bytes at any position, from several threads at once. Not in IMAPI2.
pub trait WriteAt: Sync {
    /// Writes all of `bytes` from the byte `offset` on.
    ///
    /// # Errors
    ///
    /// Any error that prevents writing them.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Copies up to `len` bytes from byte `from` of `file` to byte `offset`; returns how many. The caller asks again
    /// for the rest, or reads it and writes it with [`WriteAt::write_all_at`].
    ///
    /// The crate calls this for large files. Several threads may share `file`, so its position must not be moved.
    /// Failure to copy bytes is not an error here: reading or writing them finds the cause.
    ///
    /// Default: 0, nothing is copied. For [`File`] this is `copy_file_range` on Linux, which moves the bytes through no
    /// program; file systems that can share blocks may do so.
    fn copy_at(&self, file: &File, from: u64, len: u64, offset: u64) -> u64 {
        let _ = (file, from, len, offset);
        0
    }
}

impl WriteAt for File {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        media::write_all_at(self, bytes, offset)
    }

    fn copy_at(&self, file: &File, from: u64, len: u64, offset: u64) -> u64 {
        source::copy_at(self, file, from, len, offset)
    }
}

impl<T: WriteAt + ?Sized> WriteAt for &T {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        (**self).write_all_at(bytes, offset)
    }

    fn copy_at(&self, file: &File, from: u64, len: u64, offset: u64) -> u64 {
        (**self).copy_at(file, from, len, offset)
    }
}

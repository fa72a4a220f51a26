//! What an image is written to, at any place.

use std::fs::File;
use std::io;

use crate::{media, source};

/// What takes bytes at any place, from several threads at once. Beyond IMAPI2.
pub trait WriteAt: Sync {
    /// Writes all of `bytes` from the byte `offset` on.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Copies up to `len` bytes, from the byte `from` of `file` on, to the byte `offset`; returns how many. Those that are
    /// not copied are asked for again, or are read and written with [`WriteAt::write_all_at`].
    ///
    /// It is asked for large files. Several threads may have the same `file`, so its position is not to be moved. What
    /// keeps bytes from being copied is no error here: reading or writing them finds it.
    ///
    /// Default: 0, nothing is copied. For [`File`] it is what `copy_file_range` of Linux does, which takes the bytes
    /// through no program; file systems that can share blocks may do so.
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

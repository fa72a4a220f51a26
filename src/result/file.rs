//! An image as a file that is there when it is whole.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::{Builder, NamedTempFile};

use super::ResultImage;
use super::chunks::Chunks;
use super::clone::share_files;
use super::sink::WriteAt;
use super::write::{Work, WriteOptions, WriteProgress};
use crate::error::{Error, Result};

/// What holes of a file begin and end at a multiple of, on most file systems.
const HOLE: usize = 4096;

impl ResultImage {
    /// Writes the whole image to the file at `path` and calls `progress` at the start, from time to time, and at the end;
    /// returns the image's length in bytes. Beyond IMAPI2.
    ///
    /// The image is made beside the file, under another name, and takes its place when it is whole: whatever is returned,
    /// what was there stays until then, and nothing is left behind. The system decides when the bytes are on the disk. A
    /// link is followed, and a file that is replaced hands down its permissions, not its owner. A device or a pipe is
    /// written to as it is.
    ///
    /// # Errors
    ///
    /// - [`Error::WriteImage`] when the file cannot be made or written.
    /// - [`Error::Cancelled`] when `progress` breaks.
    /// - Those of [`ResultImage::read_at`]; the first in the image if there are several.
    pub fn write_to_file(
        &self,
        path: impl AsRef<Path>,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        let path = path.as_ref();
        let failed = |source| Error::WriteImage {
            file: path.to_owned(),
            source,
        };
        let written = match Target::find(path).map_err(failed)? {
            Target::InPlace(file) => self.write_to_with(file, options, progress),
            Target::Regular { path, permissions } => {
                let unfinished =
                    unfinished_file(directory_of(&path), permissions.as_ref()).map_err(failed)?;
                self.write_new_file(unfinished.as_file(), options, progress)
                    .and_then(|len| {
                        finish(unfinished, &path, permissions).map_err(failed)?;
                        Ok(len)
                    })
            }
        };
        written.map_err(|error| match error {
            Error::Write { source } => failed(source),
            error => error,
        })
    }

    /// Fills an empty file.
    fn write_new_file(
        &self,
        file: &File,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        file.set_len(self.len())
            .map_err(|source| Error::Write { source })?;
        let mut work = Work::start(self, 0..self.len(), options, progress)?;
        let shared = match options.reflink {
            true => share_files(self, file, |len| work.tell(len))?,
            false => Vec::new(),
        };
        let chunks = Chunks::without(0..self.len(), &shared);
        let sink = NewFile {
            file,
            sparse: options.sparse,
            turn: Mutex::new(()),
        };
        work.anywhere(chunks, &sink)
    }
}

/// A file that has only zeros at first.
struct NewFile<'f> {
    file: &'f File,
    sparse: bool,
    /// File systems let one thread write to a file at a time. Who waits here sleeps; there it would spin.
    turn: Mutex<()>,
}

impl NewFile<'_> {
    fn wait(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriteAt for NewFile<'_> {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let _turn = self.wait();
        match self.sparse {
            true => write_around_holes(self.file, bytes, offset),
            false => self.file.write_all_at(bytes, offset),
        }
    }

    fn copy_at(&self, file: &File, from: u64, len: u64, offset: u64) -> u64 {
        if self.sparse {
            // Zeros have to be seen.
            return 0;
        }
        let _turn = self.wait();
        self.file.copy_at(file, from, len, offset)
    }
}

/// Where an image goes.
enum Target {
    /// A device or a pipe.
    InPlace(File),
    /// A regular file; with the permissions it has if it exists.
    Regular {
        path: PathBuf,
        permissions: Option<Permissions>,
    },
}

impl Target {
    /// Finds out what `path` is, and that it can be written. Changes nothing.
    fn find(path: &Path) -> io::Result<Self> {
        // One call finds what is missing, a directory, or not ours to write.
        match File::options().write(true).open(path) {
            Ok(file) => match file.metadata() {
                Ok(metadata) if metadata.is_file() => Ok(Self::Regular {
                    path: followed(path),
                    permissions: Some(metadata.permissions()),
                }),
                // Windows has no metadata for devices.
                _ => Ok(Self::InPlace(file)),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::Regular {
                path: followed(path),
                permissions: None,
            }),
            Err(error) => Err(error),
        }
    }
}

/// A file in `directory` that goes away unless it is finished. Nobody may read it who may not read what it replaces.
fn unfinished_file(
    directory: &Path,
    permissions: Option<&Permissions>,
) -> io::Result<NamedTempFile<File>> {
    // These are the permissions that any new file gets, where tempfile's own way gives the owner's only.
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if let Some(permissions) = permissions {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        options.mode(permissions.mode());
    }
    #[cfg(not(unix))]
    let _ = permissions;
    Builder::new()
        .prefix(".imapi2fs-")
        .make_in(directory, |path| options.open(path))
}

fn finish(
    unfinished: NamedTempFile<File>,
    path: &Path,
    permissions: Option<Permissions>,
) -> io::Result<()> {
    if let Some(permissions) = permissions {
        unfinished.as_file().set_permissions(permissions)?;
    }
    unfinished.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The file that symbolic links at `path` lead to, also when it does not exist yet.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    while let Ok(target) = fs::read_link(&path) {
        path = directory_of(&path).join(target);
    }
    path
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

/// Writes what is not zeros to a file that has only zeros.
fn write_around_holes(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let is_hole = |piece: &[u8]| piece.iter().all(|byte| *byte == 0);
    let mut start = 0;
    for run in bytes
        .chunks(HOLE)
        .collect::<Vec<_>>()
        .chunk_by(|one, other| is_hole(one) == is_hole(other))
    {
        let len: usize = run.iter().map(|piece| piece.len()).sum();
        if !is_hole(run[0]) {
            file.write_all_at(&bytes[start..start + len], offset + start as u64)?;
        }
        start += len;
    }
    Ok(())
}

//! A file that moves into place when it is complete.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempPath};

use super::access::Access;
use super::leftovers::{PREFIX, RANDOM, lock_new};
use crate::error::{Error, HostError, Result};
use crate::host::directory_of;

/// A file that is being written and that takes the place of an [`OutputFile`](super::OutputFile) when it is
/// [finished](UnfinishedFile::finish). Not in IMAPI2.
///
/// If it is dropped before, nothing is left of it, unless it must be written in place: such a file is then empty.
#[derive(Debug)]
pub struct UnfinishedFile {
    file: File,
    place: FilePlace,
    /// The file's name in errors.
    name: PathBuf,
    /// The destination, without links.
    path: PathBuf,
    /// The access rights of the file it replaces.
    access: Option<Access>,
}

/// The location of an unfinished file.
#[derive(Debug)]
enum FilePlace {
    /// It has no name, and vanishes with its last handle.
    Unnamed,
    /// It lies beside its destination.
    Named(TempPath),
    /// It is written at its destination. Halfway it is neither the old file nor an image.
    Target { is_halfway: bool },
}

/// How to begin a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    InPlace,
    /// The file it replaces may still have to be read.
    Beside,
    /// In place if no file can be created beside it.
    BesideIfPossible,
}

impl UnfinishedFile {
    pub(super) fn start(
        name: &Path,
        path: PathBuf,
        access: Option<Access>,
        how: How,
    ) -> io::Result<Self> {
        let begun = match how {
            How::InPlace => in_place(&path),
            How::Beside | How::BesideIfPossible => beside(&path, access.as_ref()),
        };
        let (file, place) = match begun {
            Err(error)
                if how == How::BesideIfPossible
                    && access.is_some()
                    && cannot_be_replaced(&error) =>
            {
                in_place(&path)?
            }
            begun => begun?,
        };
        Ok(Self {
            file,
            place,
            name: name.to_owned(),
            path,
            access,
        })
    }

    /// Extends the file to `len` zeros; a file that must be written in place stays unchanged until then.
    ///
    /// # Errors
    ///
    /// [`Error::WriteImage`] if it cannot have that length.
    pub fn set_len(&mut self, len: u64) -> Result<()> {
        if let FilePlace::Target { is_halfway } = &mut self.place {
            *is_halfway = true;
        }
        self.file
            .set_len(0)
            .and_then(|()| self.file.set_len(len))
            .map_err(|source| self.failed(source))
    }

    /// The file. It can be written at any position, and its handle given to other processes.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Whether the file is written in place.
    const fn is_in_place(&self) -> bool {
        matches!(self.place, FilePlace::Target { .. })
    }

    /// Moves the complete file to its destination.
    ///
    /// # Errors
    ///
    /// [`Error::WriteImage`] if that fails; an existing file stays, unless it had to be written in place.
    pub fn finish(mut self) -> Result<()> {
        self.put().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::WriteImage(HostError::new(self.name.clone(), source))
    }

    fn put(&mut self) -> io::Result<()> {
        if let Some(access) = self.access.as_ref().filter(|_| !self.is_in_place()) {
            access.hand_down(&self.file)?;
        }
        let unnamed = FilePlace::Target { is_halfway: false };
        let named = match std::mem::replace(&mut self.place, unnamed) {
            FilePlace::Target { .. } => return Ok(()),
            FilePlace::Named(named) => Ok(named),
            FilePlace::Unnamed => match self.name() {
                Ok(Some(named)) => Ok(named),
                Ok(None) => return Ok(()),
                // Some systems allow creating a file without a name, but not naming it.
                Err(_) => self.copy_beside(),
            },
        };
        let persist = |named: TempPath| named.persist(&self.path).map_err(|error| error.error);
        match named.and_then(persist) {
            Err(error) if self.access.is_some() && cannot_be_replaced(&error) => {
                self.copy_in_place()
            }
            persisted => persisted,
        }
    }

    /// Gives the file its name if that is free, else a name beside it.
    fn name(&self) -> io::Result<Option<TempPath>> {
        if self.access.is_none() && unnamed::link(&self.file, &self.path).is_ok() {
            return Ok(None);
        }
        let link = |path: &Path| unnamed::link(&self.file, path);
        let named = names().make_in(directory_of(&self.path), link)?;
        Ok(Some(named.into_temp_path()))
    }

    /// Copies the file to one that has a name.
    fn copy_beside(&mut self) -> io::Result<TempPath> {
        let mut copy = make_named(&self.path, self.access.as_ref())?;
        self.file.rewind()?;
        io::copy(&mut self.file, copy.as_file_mut())?;
        if let Some(access) = &self.access {
            access.hand_down(copy.as_file())?;
        }
        let (file, named) = copy.into_parts();
        // The lock stays with this handle.
        self.file = file;
        Ok(named)
    }

    /// Copies the file over the one that cannot be replaced.
    fn copy_in_place(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        let mut old = File::options()
            .write(true)
            .truncate(true)
            .open(&self.path)?;
        io::copy(&mut self.file, &mut old)
            .map(drop)
            .inspect_err(|_| {
                // Half an image must not look like an image.
                let _ = old.set_len(0);
            })
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        if let FilePlace::Target { is_halfway: true } = self.place {
            // Half an image must not look like an image.
            let _ = self.file.set_len(0);
        }
    }
}

/// Creates a file in the directory of `path`.
fn beside(path: &Path, access: Option<&Access>) -> io::Result<(File, FilePlace)> {
    if let Some(file) = unnamed::make(directory_of(path), access) {
        return Ok((file, FilePlace::Unnamed));
    }
    let (file, named) = make_named(path, access)?.into_parts();
    Ok((file, FilePlace::Named(named)))
}

/// Opens the file at `path` without changing it.
fn in_place(path: &Path) -> io::Result<(File, FilePlace)> {
    let file = File::options().write(true).open(path)?;
    Ok((file, FilePlace::Target { is_halfway: false }))
}

fn make_named(path: &Path, access: Option<&Access>) -> io::Result<NamedTempFile> {
    // New files get the usual permissions, while tempfile's own method allows only the owner.
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    if let Some(access) = access {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, access.first_mode());
    }
    #[cfg(not(unix))]
    let _ = access;
    names().make_in(directory_of(path), |path| {
        let file = options.open(path)?;
        lock_new(&file).inspect_err(|_| {
            let _ = fs::remove_file(path);
        })?;
        Ok(file)
    })
}

fn names() -> Builder<'static, 'static> {
    let mut names = Builder::new();
    names.prefix(PREFIX).rand_bytes(RANDOM);
    names
}

/// Whether the file itself may still be writable, because only creating or renaming a file in its directory fails.
fn cannot_be_replaced(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::ResourceBusy
            | ErrorKind::CrossesDevices
    )
}

/// Files that get their names when they are complete.
#[cfg(target_os = "linux")]
mod unnamed {
    use std::fs::{self, File};
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};

    use super::super::access::Access;
    use super::super::leftovers::lock;

    /// Creates such a file; returns `None` if that is impossible here. Creating a named file finds the reason.
    pub(super) fn make(directory: &Path, access: Option<&Access>) -> Option<File> {
        let mode = access.map_or(0o666, Access::first_mode);
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(open(directory, flags, Mode::from_raw_mode(mode)).ok()?);
        // The handle's path is needed to name the file later.
        fs::symlink_metadata(handle(&file)).ok()?;
        // Once it has such a name, an unlocked file would look abandoned.
        let _ = lock(&file);
        Some(file)
    }

    pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
        Ok(linkat(
            CWD,
            handle(file),
            CWD,
            path,
            AtFlags::SYMLINK_FOLLOW,
        )?)
    }

    fn handle(file: &File) -> PathBuf {
        format!("/proc/self/fd/{}", file.as_raw_fd()).into()
    }
}

#[cfg(not(target_os = "linux"))]
mod unnamed {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use super::super::access::Access;

    pub(super) const fn make(_: &Path, _: Option<&Access>) -> Option<File> {
        None
    }

    pub(super) fn link(_: &File, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::TempDir;

    use super::super::leftovers;
    use super::*;

    fn named(path: &Path) -> UnfinishedFile {
        let (file, place) = make_named(path, None).unwrap().into_parts();
        UnfinishedFile {
            file,
            place: FilePlace::Named(place),
            name: path.to_owned(),
            path: path.to_owned(),
            access: None,
        }
    }

    fn entries(place: &TempDir) -> Vec<std::ffi::OsString> {
        let entries = fs::read_dir(place.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_named_file_is_not_removed_while_it_is_in_use() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("out.iso");
        let mut unfinished = named(&path);
        unfinished.file.write_all(&[7; 2048]).unwrap();
        assert!(leftovers::remove(place.path()).is_empty());
        unfinished.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), [7; 2048]);
        assert_eq!(entries(&place), ["out.iso"]);

        let mut unfinished = named(&path);
        let left = match &mut unfinished.place {
            FilePlace::Named(named) => {
                // Simulates a killed program.
                named.disable_cleanup(true);
                named.to_path_buf()
            }
            other => panic!("{other:?}"),
        };
        drop(unfinished);
        assert_eq!(leftovers::remove(place.path()), [left]);
        assert_eq!(entries(&place), ["out.iso"]);

        drop(named(&path));
        assert_eq!(entries(&place), ["out.iso"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_gets_no_name_is_copied_to_one_that_has_one() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("out.iso");
        let output = super::super::OutputFile::open(&path).unwrap();
        let mut unfinished = output.start().unwrap();
        unfinished.file.write_all(&[7; 10_000]).unwrap();
        let named = unfinished.copy_beside().unwrap();
        assert_eq!(fs::read(&named).unwrap(), [7; 10_000]);
    }

    #[test]
    fn a_file_that_cannot_be_replaced_is_overwritten_with_the_whole() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("out.iso");
        fs::write(&path, vec![1; 100_000]).unwrap();
        let mut unfinished = named(&path);
        unfinished.file.write_all(&[7; 10_000]).unwrap();
        unfinished.copy_in_place().unwrap();
        assert_eq!(fs::read(&path).unwrap(), [7; 10_000]);
        drop(unfinished);
        assert_eq!(entries(&place), ["out.iso"]);
    }
}

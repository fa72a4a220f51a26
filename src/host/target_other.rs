//! A directory that files are put into, where std has no way to open a file from the handle of a directory.
//!
//! On Windows each directory that files are put into is held open in such a way that nobody can rename or remove it, so
//! that its path stays its own. An empty one can still be made a junction by whoever may write its attributes: this is
//! looked for before a file is made and again before anything is written to it.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};

use super::{Room, directory_of};

/// A directory that files are put into.
#[derive(Debug)]
pub(crate) struct HostTarget {
    /// Without links, and in a form that takes names of any length.
    root: PathBuf,
    #[cfg(windows)]
    _held: TargetDirectory,
}

/// A directory below a [`HostTarget`].
#[derive(Debug)]
pub(crate) struct TargetDirectory {
    #[cfg(windows)]
    handle: File,
}

/// What no two files have at the same time.
type TargetIdentity = (u64, u64);

impl HostTarget {
    /// Opens a directory, also by links; `None` if nothing is there.
    pub(crate) fn open(directory: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(directory) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        Self::hold(fs::canonicalize(directory)?).map(Some)
    }

    /// Makes a directory.
    pub(crate) fn make(directory: &Path) -> io::Result<Self> {
        let Some(name) = directory.file_name() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let root = fs::canonicalize(directory_of(directory))?.join(name);
        fs::create_dir(&root)?;
        Self::hold(root)
    }

    fn hold(root: PathBuf) -> io::Result<Self> {
        Ok(Self {
            #[cfg(windows)]
            _held: hold(&root)?,
            root,
        })
    }

    pub(crate) fn is_empty(&self) -> io::Result<bool> {
        Ok(fs::read_dir(&self.root)?.next().is_none())
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> io::Result<TargetDirectory> {
        hold(&self.root)
    }

    /// Makes the directory `name` in the directory at `parent`.
    pub(crate) fn make_directory(
        &self,
        parent: (&Path, &TargetDirectory),
        name: &str,
    ) -> io::Result<TargetDirectory> {
        parent.1.check()?;
        let path = self.root.join(parent.0).join(name);
        fs::create_dir(&path)?;
        let made = hold(&path)?;
        parent.1.check()?;
        Ok(made)
    }

    /// The directory that is at `path`, which is not a link to one.
    pub(crate) fn existing_directory(
        &self,
        parent: (&Path, &TargetDirectory),
        name: &str,
    ) -> io::Result<TargetDirectory> {
        parent.1.check()?;
        hold(&self.root.join(parent.0).join(name))
    }

    /// Makes the file `name` in the directory at `parent`, to be written. Nothing may be there.
    pub(crate) fn make_file(
        &self,
        parent: (&Path, &TargetDirectory),
        name: &str,
    ) -> io::Result<File> {
        parent.1.check()?;
        let path = self.root.join(parent.0).join(name);
        let file = File::create_new(&path)?;
        if let Err(error) = parent.1.check() {
            drop(file);
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(file)
    }

    /// Removes a file that was made, unless it is no longer where it was; it loses what was written in any case.
    pub(crate) fn discard(&self, parent: (&Path, &TargetDirectory), name: &str, file: File) {
        // There is nobody to tell that this fails: the failure that led here is told.
        let _ = file.set_len(0);
        drop(file);
        if parent.1.check().is_ok() {
            let _ = fs::remove_file(self.root.join(parent.0).join(name));
        }
    }

    /// Sets the times of a directory to which nothing is added any more. False if another directory or nothing at all is
    /// at its path.
    pub(crate) fn finish(
        &self,
        path: &Path,
        directory: &TargetDirectory,
        times: FileTimes,
    ) -> bool {
        #[cfg(windows)]
        {
            let _ = path;
            // Its times are not worth giving up anything for.
            let _ = directory.handle.set_times(times);
            directory.check().is_ok()
        }
        #[cfg(not(windows))]
        {
            let _ = (directory, times);
            fs::symlink_metadata(self.root.join(path)).is_ok_and(|found| found.is_dir())
        }
    }

    pub(crate) fn room(&self) -> Option<Room> {
        room_at(&self.root)
    }
}

/// What the file system of a directory has room for, if it says so.
pub(crate) fn room_at(directory: &Path) -> Option<Room> {
    let bytes = fs4::available_space(directory).ok()?;
    Some(Room { bytes, items: None })
}

impl TargetDirectory {
    /// What no other directory has, where that can be known.
    pub(crate) fn identity(&self) -> Option<TargetIdentity> {
        #[cfg(windows)]
        {
            let found = winapi_util::file::information(&self.handle).ok()?;
            Some((found.volume_serial_number(), found.file_index()))
        }
        #[cfg(not(windows))]
        None
    }

    /// Fails if it is or has become a link.
    fn check(&self) -> io::Result<()> {
        #[cfg(windows)]
        if !self.handle.metadata()?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(())
    }
}

/// Opens the directory at `path`, which is not to be a link, so that it stays there.
#[cfg(windows)]
fn hold(path: &Path) -> io::Result<TargetDirectory> {
    use std::os::windows::fs::OpenOptionsExt;

    const GENERIC_READ: u32 = 0x8000_0000;
    const FILE_WRITE_ATTRIBUTES: u32 = 0x0100;
    const FILE_SHARE_READ: u32 = 1;
    const FILE_SHARE_WRITE: u32 = 2;
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

    let open = |access| {
        File::options()
            .access_mode(access)
            // Without FILE_SHARE_DELETE nobody can rename or remove it.
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
            .open(path)
    };
    // The right to set its times may be missing where that to add files is there.
    let handle = open(GENERIC_READ | FILE_WRITE_ATTRIBUTES).or_else(|_| open(GENERIC_READ))?;
    let directory = TargetDirectory { handle };
    directory.check()?;
    Ok(directory)
}

/// There is nothing to hold it by.
#[cfg(not(windows))]
fn hold(path: &Path) -> io::Result<TargetDirectory> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(TargetDirectory {})
}

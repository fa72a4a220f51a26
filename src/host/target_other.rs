//! A directory that receives files, where std cannot open a file from the handle of a directory.
//!
//! On Windows each directory that receives files is held open so that nobody can rename or remove it, and its path
//! stays its own. A user who may write its attributes can still make an empty one a junction: this is checked before a
//! file is created and again before anything is written to it.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};

use super::{Room, directory_of};

/// A directory that receives files.
#[derive(Debug)]
pub(crate) struct HostTarget {
    /// The path without links, in a form that allows names of any length.
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

/// The identity of a file, which no two files share at the same time.
type TargetIdentity = (u64, u64);

impl HostTarget {
    /// Opens a directory, also through links; returns `None` if nothing is there.
    pub(crate) fn open(directory: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(directory) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        Self::hold(fs::canonicalize(directory)?).map(Some)
    }

    /// Creates a directory.
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

    /// Opens the target directory itself.
    pub(crate) fn root(&self) -> io::Result<TargetDirectory> {
        hold(&self.root)
    }

    /// Creates the directory `name` in the directory at `parent`.
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

    /// Opens the existing directory `name`, which must not be a link.
    pub(crate) fn existing_directory(
        &self,
        parent: (&Path, &TargetDirectory),
        name: &str,
    ) -> io::Result<TargetDirectory> {
        parent.1.check()?;
        hold(&self.root.join(parent.0).join(name))
    }

    /// Creates the file `name` in the directory at `parent`, for writing. Fails if the name is taken.
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

    /// Removes a new file, unless it is no longer in its place; empties it in any case.
    pub(crate) fn discard(&self, parent: (&Path, &TargetDirectory), name: &str, file: File) {
        // A failure here cannot be reported: the failure that led here is.
        let _ = file.set_len(0);
        drop(file);
        if parent.1.check().is_ok() {
            let _ = fs::remove_file(self.root.join(parent.0).join(name));
        }
    }

    /// Sets the times of a directory after the last item was added. Returns `false` if another directory or nothing is
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
            // A failure to set the times is not worth giving up anything for.
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

/// Returns the free room of a directory's file system, if it reports that.
pub(crate) fn room_at(directory: &Path) -> Option<Room> {
    let bytes = fs4::available_space(directory).ok()?;
    Some(Room { bytes, items: None })
}

impl TargetDirectory {
    /// The identity of the directory, where it can be known.
    pub(crate) fn identity(&self) -> Option<TargetIdentity> {
        #[cfg(windows)]
        {
            let found = winapi_util::file::information(&self.handle).ok()?;
            Some((found.volume_serial_number(), found.file_index()))
        }
        #[cfg(not(windows))]
        None
    }

    /// Fails if the directory is or has become a link.
    fn check(&self) -> io::Result<()> {
        #[cfg(windows)]
        if !self.handle.metadata()?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(())
    }
}

/// Opens the directory at `path`, which must not be a link, so that it stays there.
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
            // Without FILE_SHARE_DELETE nobody can rename or remove the directory.
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
            .open(path)
    };
    // The right to set the times may be missing where the right to add files exists.
    let handle = open(GENERIC_READ | FILE_WRITE_ATTRIBUTES).or_else(|_| open(GENERIC_READ))?;
    let directory = TargetDirectory { handle };
    directory.check()?;
    Ok(directory)
}

/// Other systems have nothing to hold it by.
#[cfg(not(windows))]
fn hold(path: &Path) -> io::Result<TargetDirectory> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(TargetDirectory {})
}

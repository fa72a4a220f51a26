//! A directory that receives files, on Unix: everything is reached from its handle.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fstatvfs, mkdirat, openat, statvfs, unlinkat};
use rustix::io::retry_on_intr;

use super::{Room, directory_of, open_beneath};

/// Flags for examining an item. It may be anything, so the call must not wait for it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const LOOK: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const LOOK: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK);

const LIST: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// The modes of new files and directories, before the process's mask is applied.
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);

/// A directory that receives files.
#[derive(Debug)]
pub(crate) struct HostTarget {
    root: OwnedFd,
}

/// A directory below a [`HostTarget`], identified by its device and its number there.
#[derive(Debug)]
pub(crate) struct TargetDirectory {
    identity: TargetIdentity,
}

/// The identity of a file, which no two files share at the same time.
type TargetIdentity = (u64, u64);

fn identity(metadata: &fs::Metadata) -> TargetIdentity {
    (metadata.dev(), metadata.ino())
}

impl HostTarget {
    /// Opens a directory, also through links; returns `None` if nothing is there.
    pub(crate) fn open(directory: &Path) -> io::Result<Option<Self>> {
        match retry_on_intr(|| openat(CWD, directory, LIST, Mode::empty())) {
            Err(error) if io::Error::from(error).kind() == io::ErrorKind::NotFound => Ok(None),
            root => Ok(Some(Self { root: root? })),
        }
    }

    /// Creates a directory.
    pub(crate) fn make(directory: &Path) -> io::Result<Self> {
        let Some(name) = directory.file_name() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let above = directory_of(directory);
        let above = retry_on_intr(|| openat(CWD, above, LIST, Mode::empty()))?;
        mkdirat(&above, name, DIRECTORY_MODE)?;
        // This is the directory just created, or one that somebody else put in its place, but never a link.
        let root = open_beneath(&above, Path::new(name), LIST, Mode::empty())?;
        Ok(Self { root })
    }

    pub(crate) fn is_empty(&self) -> io::Result<bool> {
        for entry in Dir::read_from(&self.root)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Opens the target directory itself.
    pub(crate) fn root(&self) -> io::Result<TargetDirectory> {
        self.look_at_directory(Path::new(""))
    }

    /// Creates the directory `name` in the directory at `parent`.
    pub(crate) fn make_directory(
        &self,
        parent: (&Path, &TargetDirectory),
        name: &str,
    ) -> io::Result<TargetDirectory> {
        let above = open_beneath(
            &self.root,
            parent.0,
            LOOK | OFlags::DIRECTORY,
            Mode::empty(),
        )?;
        mkdirat(&above, name, DIRECTORY_MODE)?;
        directory_at(&above, Path::new(name))
    }

    /// Opens the existing directory `name`, which must not be a link.
    pub(crate) fn existing_directory(
        &self,
        parent: (&Path, &TargetDirectory),
        name: &str,
    ) -> io::Result<TargetDirectory> {
        self.look_at_directory(&parent.0.join(name))
    }

    fn look_at_directory(&self, path: &Path) -> io::Result<TargetDirectory> {
        directory_at(&self.root, path)
    }

    /// Creates the file `name` in the directory at `parent`, for writing. Fails if the name is taken.
    pub(crate) fn make_file(
        &self,
        parent: (&Path, &TargetDirectory),
        name: &str,
    ) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        open_beneath(&self.root, &parent.0.join(name), flags, FILE_MODE).map(File::from)
    }

    /// Removes a new file, unless it is no longer in its place; empties it in any case.
    pub(crate) fn discard(&self, parent: (&Path, &TargetDirectory), name: &str, file: File) {
        // A failure here cannot be reported: the failure that led here is.
        let _ = file.set_len(0);
        let _ = (|| -> io::Result<()> {
            let above = open_beneath(
                &self.root,
                parent.0,
                LOOK | OFlags::DIRECTORY,
                Mode::empty(),
            )?;
            let there = open_beneath(&above, Path::new(name), LOOK, Mode::empty())?;
            let there = File::from(there).metadata()?;
            if identity(&there) == identity(&file.metadata()?) {
                unlinkat(&above, OsStr::new(name), AtFlags::empty())?;
            }
            Ok(())
        })();
    }

    /// Sets the times of a directory after the last item was added. Returns `false` if another directory or nothing is
    /// at its path.
    pub(crate) fn finish(
        &self,
        path: &Path,
        directory: &TargetDirectory,
        times: FileTimes,
    ) -> bool {
        let there = open_beneath(&self.root, path, LIST, Mode::empty()).map(File::from);
        match there {
            Ok(there) => {
                let is_same = there
                    .metadata()
                    .is_ok_and(|metadata| identity(&metadata) == directory.identity);
                if is_same {
                    // A failure to set the times is not worth giving up anything for.
                    let _ = there.set_times(times);
                }
                is_same
            }
            // A directory without read permission, for example because of the process's mask, may still be there.
            Err(_) => self
                .look_at_directory(path)
                .is_ok_and(|there| there.identity == directory.identity),
        }
    }

    pub(crate) fn room(&self) -> Option<Room> {
        fstatvfs(&self.root).ok().and_then(|found| room(&found))
    }
}

impl TargetDirectory {
    /// The identity of the directory, where it can be known.
    pub(crate) const fn identity(&self) -> Option<TargetIdentity> {
        Some(self.identity)
    }
}

fn directory_at(from: &OwnedFd, path: &Path) -> io::Result<TargetDirectory> {
    let there = open_beneath(from, path, LOOK | OFlags::DIRECTORY, Mode::empty())?;
    let identity = identity(&File::from(there).metadata()?);
    Ok(TargetDirectory { identity })
}

/// Returns the free room of a directory's file system, if it reports that.
pub(crate) fn room_at(directory: &Path) -> Option<Room> {
    statvfs(directory).ok().and_then(|found| room(&found))
}

fn room(found: &rustix::fs::StatVfs) -> Option<Room> {
    // Some file systems that have no limit, or do not know it, report no blocks at all.
    if found.f_blocks == 0 {
        return None;
    }
    Some(Room {
        bytes: found.f_bavail.saturating_mul(found.f_frsize),
        items: (found.f_files != 0).then_some(found.f_favail),
    })
}

//! Files and directories of the host, reached without following links on the way.
//!
//! Whoever can write in a source can replace a directory by a link at any moment. A path is therefore looked up again
//! only with links refused, and what is in a directory is looked at and opened from the handle that the directory was
//! listed by. Nothing here waits for what has taken the place of a file, such as a fifo.
//!
//! - On Linux no link is followed anywhere in a path, by `openat2`, or by one `openat` for each name where a sandbox does
//!   not allow that.
//! - On other Unix systems the source is found by its path, and none of the links below it is followed.
//! - On Windows a directory is held open while it is gone through, with those above it up to the source, so that none of
//!   them can be replaced meanwhile. A file is opened by its path; that it is the one that was added, and no other
//!   reached by a link, shows from its volume and its number there.
//!
//! Paths are absolute and had no links when they were found, by [`fs::canonicalize`].

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

#[cfg_attr(unix, path = "source_unix.rs")]
#[cfg_attr(not(unix), path = "source_other.rs")]
mod system;

pub(crate) use self::system::{
    HostEntry, has_lasting_numbers, is_too_long, list, metadata, metadata_of, open,
};
#[cfg(unix)]
pub(crate) use self::system::{has_true_length, metadata_at, open_directory, open_in};
use crate::time::Timestamp;

/// What something on the host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    File,
    Directory,
    Link,
    /// A socket, device or fifo.
    Special,
}

/// What the host knows a file by, as long as its file system is not mounted anew: all its names, links and mounts have the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub device: u64,
    pub number: u64,
}

impl FileId {
    /// That of no file.
    pub(crate) const UNKNOWN: Self = Self {
        device: 0,
        number: 0,
    };

    /// `None` where the platform has no such numbers, or does not give them.
    pub(crate) fn of(file: &File) -> Option<Self> {
        metadata_of(file).ok()?.id
    }

    /// That of the file at `path`; links are followed.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let found = fs::metadata(path).ok()?;
            Some(Self {
                device: found.dev(),
                number: found.ino(),
            })
        }
        #[cfg(not(unix))]
        {
            Self::of(&File::open(path).ok()?)
        }
    }
}

/// What the host says of a file, directory or link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostMetadata {
    pub kind: HostKind,
    pub len: u64,
    /// Whether a file has several names.
    pub is_linked: bool,
    pub id: Option<FileId>,
    pub hidden: bool,
    pub modified: Option<Timestamp>,
    pub created: Option<Timestamp>,
    pub accessed: Option<Timestamp>,
}

impl HostMetadata {
    pub(crate) fn is_file(&self) -> bool {
        self.kind == HostKind::File
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.kind == HostKind::Directory
    }
}

/// Where something is: its path, and how many of the last names in it are looked up without following links on systems
/// that do so only below the source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostPlace<'p> {
    pub path: &'p Path,
    #[cfg_attr(not(any(unix, windows)), allow(dead_code))]
    pub below: usize,
}

impl<'p> HostPlace<'p> {
    /// Something below `root`, or that itself.
    pub(crate) fn below(root: &Path, path: &'p Path) -> Self {
        let names = |path: &Path| path.components().count();
        Self {
            path,
            below: names(path).saturating_sub(names(root)),
        }
    }

    /// Something that the caller named.
    pub(crate) const fn of(path: &'p Path) -> Self {
        Self { path, below: 0 }
    }
}

/// Finds the file that the caller named: its path without links, and what it is.
pub(crate) fn find(path: &Path) -> io::Result<(PathBuf, HostMetadata)> {
    let real = fs::canonicalize(path)?;
    let metadata = metadata(HostPlace::of(&real))?;
    Ok((real, metadata))
}

/// The names in a directory, in one buffer while they are compared: there can be millions.
#[derive(Debug, Default)]
struct NameBytes {
    bytes: Vec<u8>,
}

impl NameBytes {
    /// Stores a name; returns where it is.
    fn push(&mut self, name: &[u8]) -> (usize, usize) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        (start, self.bytes.len())
    }

    fn get(&self, (start, end): (usize, usize)) -> &[u8] {
        &self.bytes[start..end]
    }
}

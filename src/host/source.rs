//! Files and directories of the host, reached without following links on the way.
//!
//! A user with write access to a source can replace a directory by a link at any moment. A path is therefore looked up
//! again only with links refused, and the items of a directory are examined and opened from the handle that listed the
//! directory. No call here waits for a replaced file, such as a fifo.
//!
//! - On Linux no link is followed anywhere in a path, by `openat2`, or by one `openat` for each name where a sandbox
//!   does not allow that.
//! - On other Unix systems the source is found by its path, and none of the links below it is followed.
//! - On Windows a directory is held open while it is walked, with those above it up to the source, so that none of them
//!   can be replaced meanwhile. A file is opened by its path; its volume and its number there show that it is the file
//!   that was added, and not another one reached by a link.
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

/// The kind of an item on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    File,
    Directory,
    Link,
    /// A socket, device or fifo.
    Special,
}

/// The host's identity of a file, valid until its file system is mounted anew: all its names, links and mounts share
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    pub device: u64,
    pub number: u64,
}

impl FileId {
    /// The identity of no file.
    pub(crate) const UNKNOWN: Self = Self {
        device: 0,
        number: 0,
    };

    /// Returns the identity of a file; `None` where the platform has no such numbers, or does not report them.
    pub(crate) fn of(file: &File) -> Option<Self> {
        metadata_of(file).ok()?.id
    }

    /// Returns the identity of the file at `path`; links are followed.
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

/// The host's metadata of a file, directory or link.
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

/// The location of an item: its path, and how many of its last names are looked up without following links on systems
/// that refuse links only below the source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostPlace<'p> {
    pub path: &'p Path,
    #[cfg_attr(not(any(unix, windows)), allow(dead_code))]
    pub below: usize,
}

impl<'p> HostPlace<'p> {
    /// Creates the place of `root` or an item below it.
    pub(crate) fn below(root: &Path, path: &'p Path) -> Self {
        let names = |path: &Path| path.components().count();
        Self {
            path,
            below: names(path).saturating_sub(names(root)),
        }
    }

    /// Creates the place of an item named by the caller.
    pub(crate) const fn of(path: &'p Path) -> Self {
        Self { path, below: 0 }
    }
}

/// Finds the file named by the caller: its path without links, and its metadata.
pub(crate) fn find(path: &Path) -> io::Result<(PathBuf, HostMetadata)> {
    let real = fs::canonicalize(path)?;
    let metadata = metadata(HostPlace::of(&real))?;
    Ok((real, metadata))
}

/// The names in a directory, in one buffer for sorting: there can be millions.
#[derive(Debug, Default)]
struct NameBytes {
    bytes: Vec<u8>,
}

impl NameBytes {
    /// Stores a name; returns its position.
    fn push(&mut self, name: &[u8]) -> (usize, usize) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name);
        (start, self.bytes.len())
    }

    fn get(&self, (start, end): (usize, usize)) -> &[u8] {
        &self.bytes[start..end]
    }
}

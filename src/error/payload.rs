//! The data that several errors share.

use std::io;
use std::path::PathBuf;

/// A file or directory of the host, and why an operation on it failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct HostError {
    /// The file or directory.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

impl HostError {
    pub(crate) fn new(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self {
            path: path.into(),
            source,
        }
    }
}

/// A directory of the host whose file system lacks room.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shortage {
    /// The directory.
    pub directory: PathBuf,
    /// The room still needed, in bytes, or in files and directories.
    pub needed: u64,
    /// The room available, in the same unit.
    pub available: u64,
}

/// A need for more bytes than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excess {
    /// The number of bytes needed.
    pub needed: u64,
    /// The number of bytes allowed.
    pub limit: u64,
}

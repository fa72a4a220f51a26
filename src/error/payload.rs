//! What several errors have in common.

use std::io;
use std::path::PathBuf;

/// A file or directory of the host, and why something could not be done with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct HostError {
    /// The file or directory.
    pub path: PathBuf,
    /// What the system says.
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
    /// What is still needed, in bytes, or in files and directories.
    pub needed: u64,
    /// What is free of it.
    pub available: u64,
}

/// More than is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excess {
    /// Bytes needed.
    pub needed: u64,
    /// Bytes allowed.
    pub limit: u64,
}

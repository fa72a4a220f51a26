//! Origins of data, and how it changes.

use std::fmt;
use std::path::PathBuf;

use crate::path::ImagePath;
use crate::printable::Printable;

/// The origin of a file's or boot image's data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// A staged copy in the working directory.
    Staged,
    /// A reader given by the caller.
    Reader,
    /// Data in memory.
    Memory,
    /// The imported disc.
    Disc,
    /// A file of the image that is a boot image.
    Item(ImagePath),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", Printable(path.display())),
            Self::Staged => f.write_str("the working directory"),
            Self::Reader => f.write_str("the reader"),
            Self::Memory => f.write_str("memory"),
            Self::Disc => f.write_str("the disc that was imported"),
            Self::Item(path) => write!(f, "`{}` in the image", Printable(path)),
        }
    }
}

/// How a source differs from its state when it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Its length has changed.
    #[non_exhaustive]
    Length {
        /// The length in bytes when it was added.
        expected: u64,
        /// The length in bytes now.
        found: u64,
    },
    /// Its modification time has changed.
    Modified,
    /// It is no longer a file.
    Kind,
    /// Another file of the same length and modification time has replaced it.
    Replaced,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, found } => {
                write!(f, "it had {expected} bytes and now has {found}")
            }
            Self::Modified => f.write_str("its modification time is different"),
            Self::Kind => f.write_str("it is no longer a file"),
            Self::Replaced => f.write_str("another file has taken its place"),
        }
    }
}

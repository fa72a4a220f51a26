//! Where data comes from, and how that changes.

use std::fmt;
use std::path::PathBuf;

use crate::path::ImagePath;
use crate::printable::Printable;

/// Where the data of a file or of a boot image comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// A staged copy in the working directory.
    Staged,
    /// A reader that the caller gave.
    Reader,
    /// Memory.
    Memory,
    /// The disc that was imported.
    Disc,
    /// A file of the image, which is a boot image.
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

/// How a source differs from what it was when it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Its length.
    #[non_exhaustive]
    Length {
        /// Bytes when it was added.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// Its modification time.
    Modified,
    /// It is no longer a file.
    Kind,
    /// Another file of the same length and modification time has taken its place.
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

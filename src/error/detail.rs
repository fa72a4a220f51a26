//! What errors say of the things they are about.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::file_systems::FileSystems;
use crate::path::ImagePath;
use crate::printable::Printable;

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProblem {
    /// It has no characters.
    Empty,
    /// It is `.` or `..`.
    Dots,
    /// It has a character that cannot be.
    Character(char),
    /// It has more UTF-16 code units than this.
    TooLong(usize),
    /// It has more characters than this.
    TooManyCharacters(usize),
    /// It begins as names do that UDF has for itself.
    Reserved,
    /// It ends with a character that Windows drops.
    Ending(char),
    /// It is a device's on Windows.
    Device,
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::Dots => f.write_str("stands for a directory itself or for its parent"),
            Self::Character(c) => write!(f, "has the character `{}`", c.escape_debug()),
            Self::TooLong(limit) => write!(f, "is longer than {limit} UTF-16 code units"),
            Self::TooManyCharacters(limit) => write!(f, "has more than {limit} characters"),
            Self::Reserved => f.write_str("is reserved for UDF"),
            Self::Ending(c) => write!(f, "ends with the character `{c}`"),
            Self::Device => f.write_str("is that of a device"),
        }
    }
}

/// What is wrong with a boot image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootProblem {
    /// It has no bytes.
    Empty,
    /// It is longer than El Torito can count.
    TooLong {
        /// Its length in bytes.
        size: u64,
        /// The longest there can be.
        limit: u64,
    },
    /// It is not a hard disk with a partition table and exactly one partition.
    Partitions,
    /// It has no room for the boot info table, or is too long for it.
    NoRoomForTable,
    /// It is to be a file of the image, and there is none at its path.
    NoFile,
    /// It is to be a file of the image, and its path matches so many items, whose names differ only in case.
    Ambiguous {
        /// How many items it matches.
        matches: usize,
    },
    /// It is a file that shows the boot catalog, which would boot itself.
    Catalog,
    /// It is a file so small that it is embedded and has no blocks of its own.
    Embedded,
}

impl fmt::Display for BootProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong { size, limit } => {
                write!(
                    f,
                    "has {size} bytes, but without emulation a BIOS loads at most {limit}"
                )
            }
            Self::Partitions => f.write_str("is not a hard disk with exactly one partition"),
            Self::NoRoomForTable => f.write_str("has no room for a boot info table"),
            Self::NoFile => f.write_str("does not exist, or is not a file"),
            Self::Ambiguous { matches } => {
                write!(
                    f,
                    "could be any of {matches} items whose names differ only in case"
                )
            }
            Self::Catalog => f.write_str("shows the boot catalog, which cannot boot itself"),
            Self::Embedded => f.write_str("lies in its ICB and has no blocks of its own"),
        }
    }
}

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

/// Why a link cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkProblem {
    /// Nothing is where it leads.
    Dangles,
    /// Its path, or that of what it leads to, is longer than the system follows.
    PathTooLong,
    /// It leads out of the tree that is added.
    LeavesTree,
    /// It leads to a directory that it lies in.
    LeadsToAncestor,
    /// It leads to a file or directory that is left out of the image.
    LeftOut,
}

impl fmt::Display for LinkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dangles => "leads nowhere",
            Self::PathTooLong => "has or leads to a path that is longer than the system follows",
            Self::LeavesTree => "leads out of the tree that is added",
            Self::LeadsToAncestor => "leads to a directory it lies in",
            Self::LeftOut => "leads to something that is left out",
        })
    }
}

/// What a reader of a disc finds in place of the session that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionProblem {
    /// Blocks of it hold something else.
    Block(u32),
    /// A file system is not there, or leads to the files of another session.
    FileSystem(FileSystems),
    /// The disc cannot be read.
    Unreadable,
}

impl fmt::Display for SessionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => write!(f, "block {block} does not hold what was written"),
            Self::FileSystem(file_system) => {
                write!(f, "{file_system} does not lead to its files")
            }
            Self::Unreadable => f.write_str("the disc cannot be read"),
        }
    }
}

/// What an output that is a source is called there, unless the caller gave it that name.
pub(super) fn other_name(file: &Path, input: &Path) -> String {
    match file == input {
        true => String::new(),
        false => format!("{}, ", Printable(input.display())),
    }
}

/// Some of `count` paths.
pub(super) fn listed(paths: &[ImagePath], count: u64) -> String {
    let mut list = String::new();
    for (number, path) in paths.iter().enumerate() {
        let separator = if number > 0 { ", " } else { "" };
        list += &format!("{separator}`{}`", Printable(path));
    }
    match count.saturating_sub(paths.len() as u64) {
        0 => list,
        more => list + &format!(" and {more} more"),
    }
}

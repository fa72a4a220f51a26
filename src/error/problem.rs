//! What is wrong with names, links, images and boot images.

use std::fmt;

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

/// What is wrong with a boot image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootProblem {
    /// It has no bytes.
    Empty,
    /// It is longer than El Torito can count.
    #[non_exhaustive]
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
    #[non_exhaustive]
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

/// What is wrong with what is to be validated as an image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageProblem {
    /// None was given.
    NotGiven,
    /// Its length is not a multiple of a block's.
    #[non_exhaustive]
    NotAligned {
        /// Its length in bytes.
        len: u64,
    },
    /// It has more blocks than IMAPI2 can count.
    #[non_exhaustive]
    TooManyBlocks {
        /// How many it has.
        blocks: u64,
        /// The most it may have.
        limit: u64,
    },
    /// It has no volume descriptor where one should be: it is not an image, or not in blocks of 2048 bytes.
    NoVolumeDescriptor,
}

impl fmt::Display for ImageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGiven => f.write_str("no image was given"),
            Self::NotAligned { len } => {
                write!(
                    f,
                    "the image has {len} bytes, which is not a multiple of 2048"
                )
            }
            Self::TooManyBlocks { blocks, limit } => {
                write!(
                    f,
                    "the image has {blocks} blocks of 2048 bytes, but may have {limit}"
                )
            }
            Self::NoVolumeDescriptor => {
                f.write_str("the image has no valid volume descriptor from block 16 on")
            }
        }
    }
}

//! Problems with names, links, images and boot images.

use std::fmt;

/// The problem with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProblem {
    /// The name is empty.
    Empty,
    /// The name is `.` or `..`.
    Dots,
    /// The name has a character that is not allowed.
    Character(char),
    /// The name has more UTF-16 code units than this.
    TooLong(usize),
    /// The name has more characters than this.
    TooManyCharacters(usize),
    /// The name begins with a prefix that UDF reserves for itself.
    Reserved,
    /// The name ends with a character that Windows drops.
    Ending(char),
    /// The name is that of a device on Windows.
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
    /// The link leads nowhere.
    Dangles,
    /// The path of the link, or of its target, is longer than the system follows.
    PathTooLong,
    /// The link leads out of the added tree.
    LeavesTree,
    /// The link leads to a directory that contains it.
    LeadsToAncestor,
    /// The link leads to a file or directory that is left out of the image.
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

/// The problem with a boot image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BootProblem {
    /// The boot image has no bytes.
    Empty,
    /// The boot image is longer than El Torito can count.
    #[non_exhaustive]
    TooLong {
        /// Its length in bytes.
        size: u64,
        /// The largest length in bytes.
        limit: u64,
    },
    /// The boot image is not a hard disk with a partition table and exactly one partition.
    Partitions,
    /// The boot image has no room for the boot info table, or is too long for it.
    NoRoomForTable,
    /// The boot image should be a file of the image, but its path names none.
    NoFile,
    /// The boot image should be a file of the image, but its path matches several items whose names differ only in
    /// case.
    #[non_exhaustive]
    Ambiguous {
        /// The number of matching items.
        matches: usize,
    },
    /// The boot image is a file that shows the boot catalog, which would boot itself.
    Catalog,
    /// The boot image is a file so small that it is embedded and has no blocks of its own.
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

/// The problem with an image to be validated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageProblem {
    /// No image was given.
    NotGiven,
    /// The image's length is not a multiple of the block length.
    #[non_exhaustive]
    NotAligned {
        /// Its length in bytes.
        len: u64,
    },
    /// The image has more blocks than IMAPI2 can count.
    #[non_exhaustive]
    TooManyBlocks {
        /// The number of its blocks.
        blocks: u64,
        /// The most blocks it may have.
        limit: u64,
    },
    /// The image has no volume descriptor where one should be: it is not an image, or not in blocks of 2048 bytes.
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

//! Why a disc cannot be continued, or lacks the session that was written.

use std::fmt;

use super::advice::ALLOW_DAMAGED;
use crate::file_systems::FileSystems;

/// Why a disc cannot be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContinueProblem {
    /// Another program recorded the disc, and the options do not allow that.
    OtherProducer,
    /// The disc's ISO 9660 has Rock Ridge, which would be lost.
    RockRidge,
    /// The disc's UDF volume has no volume recognition sequence.
    Unannounced,
    /// The disc is a file so long that no session can follow.
    TooLong,
    /// The disc's boot image is missing.
    MissingBootImage,
    /// The image already continues a disc.
    ImportedBefore,
    /// The disc has a set of file systems that no image can have.
    FileSystems,
    /// The disc has ISO 9660, and is written at random.
    RandomIso9660,
    /// The disc's ISO 9660 does not use blocks of 2048 bytes.
    Iso9660BlockLength,
    /// The disc's UDF volume cannot be found.
    UdfNotFound,
    /// The disc's UDF does not use blocks of 2048 bytes.
    UdfBlockLength,
    /// The disc's UDF partition is writable.
    UdfAccessType,
    /// The disc's UDF partition does not begin at an ECC block.
    UdfAlignment,
    /// The disc's partition begins after the place of the next session.
    PartitionStart,
    /// The disc has no room left.
    Full,
    /// The disc's last session does not record where it ends.
    NoEnd,
    /// The disc already has the most sessions that readers search.
    ManySessions,
    /// Too much data follows the disc's last volume for a session after it to be found.
    HiddenSession,
    /// Only the disc's last blocks lead to its file systems.
    FoundAtEnd,
    /// The disc has a revision of UDF that this crate does not write.
    #[non_exhaustive]
    UdfRevision {
        /// The revision, as recorded.
        revision: u16,
    },
    /// Two of the disc's file systems have different files.
    #[non_exhaustive]
    DifferentFiles {
        /// The two file systems.
        file_systems: FileSystems,
    },
}

impl ContinueProblem {
    /// Returns the advice for this problem, if there is any.
    pub(super) const fn advice(self) -> Option<&'static str> {
        match self {
            Self::OtherProducer => Some("allow that with `ImportOptions::other_producers`"),
            Self::RockRidge => Some("allow that with `ImportOptions::drop_rock_ridge`"),
            Self::Unannounced => Some("extract its files, and build a new image of them"),
            Self::TooLong => Some("cut off what follows its last volume, if nobody needs that"),
            Self::MissingBootImage => Some(ALLOW_DAMAGED),
            Self::Full => Some("use a disc that has room left"),
            Self::ManySessions => Some("start a new disc"),
            _ => None,
        }
    }
}

impl fmt::Display for ContinueProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherProducer => "another program recorded it",
            Self::RockRidge => "its ISO 9660 has Rock Ridge, which would be lost",
            Self::Unannounced => {
                "its UDF volume has no volume recognition sequence, and programs that find the \
                 volume all the same would see its old files only"
            }
            Self::TooLong => {
                "it is a file of 4 TiB or more, and a session past its end would be past the last \
                 block that a disc can have, block 2147483646"
            }
            Self::MissingBootImage => "what it boots from is missing, as the disc ends before it",
            Self::ImportedBefore => "a session has been imported before",
            Self::FileSystems => "its file systems cannot be made together",
            Self::RandomIso9660 => "it has ISO 9660 on a medium that is written at random",
            Self::Iso9660BlockLength => {
                "its ISO 9660 volume has logical blocks of another length than 2048"
            }
            Self::UdfNotFound => "its UDF volume cannot be found",
            Self::UdfBlockLength => "its UDF volume has logical blocks of another length than 2048",
            Self::UdfAccessType => "its UDF partition is not read-only",
            Self::UdfAlignment => "its UDF partition does not begin at an ECC block",
            Self::PartitionStart => "its partition begins after the place of the next session",
            Self::Full => "it is full",
            Self::NoEnd => "its last session does not say where it ends",
            Self::ManySessions => "it has as many sessions as are looked for",
            Self::HiddenSession => {
                "too much follows its last volume: nobody would look for a session after it"
            }
            Self::FoundAtEnd => {
                "its file systems are found only by the disc's last blocks, which they would not \
                 be while a session is written past them"
            }
            Self::UdfRevision { revision } => {
                return write!(f, "it has UDF {:x}.{:02x}", revision >> 8, revision & 0xFF);
            }
            Self::DifferentFiles { file_systems } => {
                for (index, one) in file_systems.iter().enumerate() {
                    let separator = if index == 0 { "" } else { " and " };
                    write!(f, "{separator}its {one}")?;
                }
                return f.write_str(" do not have the same files");
            }
        })
    }
}

/// The problem that keeps a reader from finding a session that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionProblem {
    /// A block of the session has other content.
    Block(u32),
    /// A file system is missing, or leads to the files of another session.
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

//! The limitations that a report finds, their classes and their counts.

use std::fmt;

use crate::codec::unique::NameChange;
use crate::error::NameProblem;
use crate::file_systems::{FileSystems, UdfRevision};
use crate::iso9660;
use crate::path::ImagePath;
use crate::printable::Printable;
use crate::time::Timestamp;

/// A property of the image that a file system cannot represent exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limitation {
    /// The volume has a different name in a file system. Programs that look for a disc by its label find it only by
    /// that name.
    VolumeNameChanged {
        /// The file system.
        file_system: FileSystems,
        /// The volume name of the image.
        volume_name: String,
        /// The recorded name.
        name: String,
        /// Why it differs.
        reasons: NameChange,
    },
    /// UDF's primary volume descriptor has room only for the beginning of the volume's name. Readers show the name of
    /// the logical volume, which is complete.
    VolumeIdentifierCut {
        /// The recorded beginning.
        identifier: String,
    },
    /// An item has a different name in a file system.
    NameChanged {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// Its name there.
        name: String,
        /// Why it differs.
        reasons: NameChange,
    },
    /// An item cannot be given a unique name in a file system, so no image can be created.
    NoUniqueName {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
    },
    /// An item keeps its name in a file system, but Windows cannot open an item with that name.
    NotForWindows {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// The problem with its name there.
        problem: NameProblem,
    },
    /// Named streams will not be in the image: it has no UDF of this revision or a later one.
    StreamsLeftOut {
        /// The file.
        path: ImagePath,
        /// The number of its streams.
        streams: usize,
        /// The first revision that has them.
        minimum: UdfRevision,
    },
    /// A file will not be marked for real-time reading: the image has no UDF of this revision or a later one.
    RealTimeLeftOut {
        /// The file.
        path: ImagePath,
        /// The first revision that has such files.
        minimum: UdfRevision,
    },
    /// A time lies outside the range of a file system; the nearest time in range is recorded.
    TimeClamped {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// The item's time.
        time: Timestamp,
        /// The recorded time.
        recorded: Timestamp,
    },
    /// A file has too many sections in ISO 9660 for Linux to read it there.
    ManySections {
        /// The file.
        path: ImagePath,
        /// The number of sections.
        sections: u64,
    },
    /// A file is too large for a file system at this interchange level, so no image can be created.
    FileTooBig {
        /// The file.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// Its length in bytes.
        size: u64,
        /// The largest size in bytes that the file system can hold.
        limit: u64,
    },
}

impl Limitation {
    /// The affected item; `None` for the volume.
    #[must_use]
    pub const fn path(&self) -> Option<&ImagePath> {
        match self {
            Self::VolumeNameChanged { .. } | Self::VolumeIdentifierCut { .. } => None,
            Self::NameChanged { path, .. }
            | Self::NoUniqueName { path, .. }
            | Self::NotForWindows { path, .. }
            | Self::StreamsLeftOut { path, .. }
            | Self::RealTimeLeftOut { path, .. }
            | Self::TimeClamped { path, .. }
            | Self::ManySections { path, .. }
            | Self::FileTooBig { path, .. } => Some(path),
        }
    }

    /// The affected file system.
    #[must_use]
    pub const fn file_system(&self) -> FileSystems {
        match self {
            Self::VolumeNameChanged { file_system, .. }
            | Self::NameChanged { file_system, .. }
            | Self::NoUniqueName { file_system, .. }
            | Self::NotForWindows { file_system, .. }
            | Self::TimeClamped { file_system, .. }
            | Self::FileTooBig { file_system, .. } => *file_system,
            Self::ManySections { .. } => FileSystems::ISO9660,
            Self::StreamsLeftOut { .. }
            | Self::RealTimeLeftOut { .. }
            | Self::VolumeIdentifierCut { .. } => FileSystems::UDF,
        }
    }

    /// The class, which says how much the limitation matters.
    #[must_use]
    pub const fn class(&self) -> LimitationClass {
        match self {
            Self::NoUniqueName { .. } | Self::FileTooBig { .. } => LimitationClass::Refused,
            Self::StreamsLeftOut { .. } | Self::RealTimeLeftOut { .. } => LimitationClass::LeftOut,
            Self::NotForWindows { .. } | Self::ManySections { .. } => LimitationClass::NotForAll,
            Self::VolumeNameChanged { .. } => LimitationClass::Label,
            Self::VolumeIdentifierCut { .. } => LimitationClass::Cut,
            Self::NameChanged { reasons, .. } => LimitationClass::of_name(*reasons),
            Self::TimeClamped { .. } => LimitationClass::Time,
        }
    }
}

impl fmt::Display for Limitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) => write!(f, "{} in {}: ", Printable(path), self.file_system())?,
            None => write!(f, "volume name in {}: ", self.file_system())?,
        }
        match self {
            Self::VolumeNameChanged {
                volume_name,
                name,
                reasons,
                ..
            } => write!(
                f,
                "`{}` is recorded as `{}` ({reasons})",
                Printable(volume_name),
                Printable(name)
            ),
            Self::VolumeIdentifierCut { identifier } => write!(
                f,
                "the primary volume descriptor has only `{}` (length)",
                Printable(identifier)
            ),
            Self::NameChanged { name, reasons, .. } => {
                write!(f, "named `{}` ({reasons})", Printable(name))
            }
            Self::NoUniqueName { .. } => f.write_str("no unique name can be made"),
            Self::NotForWindows { problem, .. } => {
                write!(f, "Windows cannot open it, for its name {problem}")
            }
            Self::StreamsLeftOut {
                streams, minimum, ..
            } => write!(
                f,
                "{streams} named stream(s) left out, which UDF has from {minimum} on"
            ),
            Self::RealTimeLeftOut { minimum, .. } => {
                write!(
                    f,
                    "not marked for real-time reading, which UDF has from {minimum} on"
                )
            }
            Self::TimeClamped { time, recorded, .. } => {
                write!(f, "time {time} is recorded as {recorded}")
            }
            Self::ManySections { sections, .. } => write!(
                f,
                "has {sections} sections, but Linux reads files of at most {}",
                iso9660::MAX_SECTIONS
            ),
            Self::FileTooBig { size, limit, .. } => {
                write!(
                    f,
                    "has {size} bytes, but a file has at most {limit} at this interchange level"
                )
            }
        }
    }
}

/// How much a [`Limitation`] matters, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LimitationClass {
    /// No image can be created.
    Refused,
    /// Part of the image is left out.
    LeftOut,
    /// Some readers cannot open an item.
    NotForAll,
    /// The volume has a different name.
    Label,
    /// A name is shortened.
    Cut,
    /// A name has different characters.
    Replaced,
    /// A name has a number to distinguish it from another item's.
    Numbered,
    /// A time is changed.
    Time,
    /// A name has upper case instead of lower case, and is otherwise unchanged.
    Case,
}

impl LimitationClass {
    /// All classes, worst first.
    pub const ALL: &'static [Self] = &[
        Self::Refused,
        Self::LeftOut,
        Self::NotForAll,
        Self::Label,
        Self::Cut,
        Self::Replaced,
        Self::Numbered,
        Self::Time,
        Self::Case,
    ];

    /// Returns the class of an item whose name is changed for these reasons.
    pub(super) const fn of_name(reasons: NameChange) -> Self {
        if reasons.contains(NameChange::LENGTH) {
            Self::Cut
        } else if reasons.contains(NameChange::CHARACTERS) {
            Self::Replaced
        } else if reasons.contains(NameChange::COLLISION) {
            Self::Numbered
        } else {
            Self::Case
        }
    }

    /// Whether the class depends on names.
    pub(super) const fn is_of_names(self) -> bool {
        !matches!(self, Self::LeftOut | Self::Label | Self::Time)
    }
}

/// Writes the class as it follows a number of limitations: `names changed in case only`.
impl fmt::Display for LimitationClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "items that no image can be made with",
            Self::LeftOut => "files of which something is left out",
            Self::NotForAll => "items that some readers cannot open",
            Self::Label => "volume names changed",
            Self::Cut => "names cut",
            Self::Replaced => "names with replaced characters",
            Self::Numbered => "names numbered",
            Self::Time => "times out of range",
            Self::Case => "names changed in case only",
        })
    }
}

/// The number of limitations of each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitationCounts([u64; LimitationClass::ALL.len()]);

impl LimitationCounts {
    /// Returns the number of limitations of this class.
    #[must_use]
    pub const fn of(&self, class: LimitationClass) -> u64 {
        self.0[class as usize]
    }

    /// Returns the number of limitations of all classes together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Returns the classes that have any limitations, worst first, with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (LimitationClass, u64)> + use<> {
        let counts = self.0;
        let classes = LimitationClass::ALL.iter().copied();
        classes.zip(counts).filter(|(_, count)| *count > 0)
    }

    pub(super) const fn add(&mut self, class: LimitationClass) {
        self.0[class as usize] += 1;
    }
}

//! The file systems that an image can have, and their levels and revisions.

use std::fmt;
use std::str::FromStr;

use bitflags::bitflags;

use crate::printable::Printable;

/// A value that a setting cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} cannot be `{value}`: expected {expected}", value = Printable(.value))]
#[non_exhaustive]
pub struct InvalidValue {
    /// The setting.
    pub parameter: &'static str,
    /// The value.
    pub value: String,
    /// The values that it can have.
    pub expected: &'static str,
}

bitflags! {
    /// A set of file systems. The values are those of IMAPI2's `FsiFileSystems`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct FileSystems: u32 {
        /// ISO 9660 (ECMA-119).
        const ISO9660 = 1;
        /// Joliet, the second hierarchy of an ISO 9660 volume. Never used alone.
        const JOLIET = 2;
        /// UDF (ECMA-167 with the OSTA profile).
        const UDF = 4;
    }
}

impl FileSystems {
    /// Returns `true` if this set can be created: one or more file systems, Joliet only together with ISO 9660.
    pub(crate) fn can_be_created(self) -> bool {
        !self.is_empty()
            && Self::all().contains(self)
            && (self.contains(Self::ISO9660) || !self.contains(Self::JOLIET))
    }
}

impl fmt::Display for FileSystems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::ISO9660, "ISO 9660"),
            (Self::JOLIET, "Joliet"),
            (Self::UDF, "UDF"),
        ];
        let mut separator = "";
        for (_, name) in names.iter().filter(|(flag, _)| self.contains(*flag)) {
            write!(f, "{separator}{name}")?;
            separator = ", ";
        }
        if self.is_empty() {
            f.write_str("none")?;
        }
        Ok(())
    }
}

/// The restrictions on ISO 9660 names and files (ECMA-119 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum InterchangeLevel {
    /// File names of 8 and 3 characters, directories of 8.
    One = 1,
    /// File names of 30 characters in all, directories of 31.
    Two = 2,
    /// The names of level 2, and files of any size in several sections.
    ///
    /// IMAPI2 differs: it has only levels 1 and 2, so a file above 2 GiB needs UDF alone there.
    Three = 3,
}

impl TryFrom<u32> for InterchangeLevel {
    type Error = InvalidValue;

    fn try_from(level: u32) -> Result<Self, InvalidValue> {
        match level {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            _ => Err(invalid_level(level.to_string())),
        }
    }
}

fn invalid_level(value: String) -> InvalidValue {
    InvalidValue {
        parameter: "interchange level",
        value,
        expected: "1, 2 or 3",
    }
}

impl From<InterchangeLevel> for u32 {
    fn from(level: InterchangeLevel) -> Self {
        level as Self
    }
}

impl FromStr for InterchangeLevel {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text.parse::<u32>().map(Self::try_from) {
            Ok(Ok(level)) => Ok(level),
            _ => Err(invalid_level(text.to_owned())),
        }
    }
}

impl fmt::Display for InterchangeLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        u32::from(*self).fmt(f)
    }
}

/// A revision of UDF. As an integer it is the BCD value that the standard and IMAPI2 use, 0x102 for 1.02.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum UdfRevision {
    /// UDF 1.02, which every reader of UDF supports.
    V1_02,
    /// UDF 1.50. An image differs from 1.02 only in the number.
    V1_50,
    /// UDF 2.00: creation times, named streams.
    V2_00,
    /// UDF 2.01: real-time files.
    V2_01,
    /// UDF 2.50: a metadata partition, which can be recorded twice.
    V2_50,
    /// UDF 2.60. IMAPI2 does not offer it.
    V2_60,
}

impl UdfRevision {
    /// All revisions, ascending.
    pub const ALL: &'static [Self] = &[
        Self::V1_02,
        Self::V1_50,
        Self::V2_00,
        Self::V2_01,
        Self::V2_50,
        Self::V2_60,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::V1_02 => "1.02",
            Self::V1_50 => "1.50",
            Self::V2_00 => "2.00",
            Self::V2_01 => "2.01",
            Self::V2_50 => "2.50",
            Self::V2_60 => "2.60",
        }
    }

    fn find(
        is: impl Fn(Self) -> bool,
        value: impl FnOnce() -> String,
    ) -> Result<Self, InvalidValue> {
        let mut all = Self::ALL.iter().copied();
        all.find(|revision| is(*revision))
            .ok_or_else(|| InvalidValue {
                parameter: "UDF revision",
                value: value(),
                expected: "1.02, 1.50, 2.00, 2.01, 2.50 or 2.60",
            })
    }
}

impl From<UdfRevision> for u16 {
    fn from(revision: UdfRevision) -> Self {
        match revision {
            UdfRevision::V1_02 => 0x0102,
            UdfRevision::V1_50 => 0x0150,
            UdfRevision::V2_00 => 0x0200,
            UdfRevision::V2_01 => 0x0201,
            UdfRevision::V2_50 => 0x0250,
            UdfRevision::V2_60 => 0x0260,
        }
    }
}

impl TryFrom<u16> for UdfRevision {
    type Error = InvalidValue;

    fn try_from(number: u16) -> Result<Self, InvalidValue> {
        Self::find(
            |revision| u16::from(revision) == number,
            || format!("{number:#x}"),
        )
    }
}

impl FromStr for UdfRevision {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::find(|revision| revision.text() == text, || text.to_owned())
    }
}

impl fmt::Display for UdfRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// Whether the image will include a setting.
///
/// IMAPI2 reports this by a success code, `IMAPI_S_IMAGE_FEATURE_NOT_SUPPORTED` (0x00AAB15F).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FeatureSupport {
    /// The image includes it.
    #[default]
    Supported,
    /// The setting is kept, but only images with UDF of this revision or a later one include it.
    NotSupported {
        /// The first revision that supports it.
        minimum: UdfRevision,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_masks_are_those_of_imapi2() {
        let valid: Vec<u32> = (0..16)
            .filter(|bits| FileSystems::from_bits_retain(*bits).can_be_created())
            .collect();
        assert_eq!(valid, [1, 3, 4, 5, 7]);
    }

    #[test]
    fn levels_and_revisions_convert_from_integers_and_text() {
        assert_eq!(
            InterchangeLevel::try_from(3).unwrap(),
            InterchangeLevel::Three
        );
        assert!(InterchangeLevel::try_from(4).is_err());
        assert_eq!(UdfRevision::try_from(0x102).unwrap(), UdfRevision::V1_02);
        assert_eq!("1.02".parse::<UdfRevision>().unwrap(), UdfRevision::V1_02);
        assert!("1.03".parse::<UdfRevision>().is_err());
    }
}

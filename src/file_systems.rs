//! The file systems an image can hold, and their levels and revisions.

use std::fmt;
use std::str::FromStr;

use bitflags::bitflags;

/// A value that a setting cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} cannot be `{value}`: expected {expected}")]
pub struct InvalidValue {
    /// The setting.
    pub parameter: &'static str,
    /// The value.
    pub value: String,
    /// What it can be.
    pub expected: &'static str,
}

bitflags! {
    /// A set of file systems. The values are those of IMAPI2's `FsiFileSystems`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct FileSystems: u32 {
        /// ISO 9660 (ECMA-119).
        const ISO9660 = 1;
        /// Joliet, the second hierarchy of an ISO 9660 volume. Never alone.
        const JOLIET = 2;
        /// UDF (ECMA-167 with the OSTA profile).
        const UDF = 4;
    }
}

impl FileSystems {
    /// Whether this set can be created: one or more file systems, Joliet only beside ISO 9660.
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

/// How far ISO 9660 names and files are restricted (ECMA-119 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InterchangeLevel {
    /// File names of 8 and 3 characters, directories of 8.
    One = 1,
    /// File names of 30 characters in all, directories of 31.
    Two = 2,
    /// The names of level 2, and files of any size in several sections.
    ///
    /// IMAPI2 differs: it has levels 1 and 2 only, so a file above 2 GiB needs UDF alone there.
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
    /// UDF 1.02, which every reader of UDF knows.
    V1_02,
}

impl From<UdfRevision> for u16 {
    fn from(revision: UdfRevision) -> Self {
        match revision {
            UdfRevision::V1_02 => 0x0102,
        }
    }
}

impl TryFrom<u16> for UdfRevision {
    type Error = InvalidValue;

    fn try_from(revision: u16) -> Result<Self, InvalidValue> {
        match revision {
            0x0102 => Ok(Self::V1_02),
            _ => Err(unsupported(format!("{revision:#x}"))),
        }
    }
}

impl FromStr for UdfRevision {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "1.02" => Ok(Self::V1_02),
            _ => Err(unsupported(text.to_owned())),
        }
    }
}

impl fmt::Display for UdfRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_02 => "1.02",
        })
    }
}

fn unsupported(value: String) -> InvalidValue {
    InvalidValue {
        parameter: "UDF revision",
        value,
        expected: "1.02",
    }
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

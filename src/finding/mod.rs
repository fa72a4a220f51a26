//! Faults on a disc, in terms that all formats share.
//!
//! A reader that can continue after a fault adds a [`Finding`] to its volume's [`FindingList`]; one that cannot fails
//! with [`Error::Corrupt`](crate::Error::Corrupt), which holds the finding. Every possible finding is an entry in [the
//! table of codes](code).

mod code;
mod fault;
mod list;

use std::fmt;

pub use self::code::FindingCode;
pub(crate) use self::fault::Fault;
pub use self::fault::{ExpectedValue, FoundValue};
pub(crate) use self::list::FindingList;
use crate::file_systems::FileSystems;
use crate::path::ImagePath;
use crate::printable::Printable;

/// A fault on a disc: a violation of a standard, or something this crate does not read.
///
/// [`RecordedVolume::findings`](crate::RecordedVolume::findings) has the findings that did not keep the volume from
/// being read, [`Error::finding`](crate::Error::finding) the one that made reading fail.
///
/// Not in IMAPI2.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    file_system: FileSystems,
    block: u32,
    path: Option<ImagePath>,
    fault: Fault,
}

/// How much a [`Finding`] matters, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Data that cannot be read.
    Error,
    /// Data that was read, but may be wrong.
    Doubtful,
    /// Data that is not read, because this crate does not support it.
    Unsupported,
    /// A violation of the standard; the data was read all the same.
    Warning,
}

impl Severity {
    /// The severity as a word, such as `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Doubtful => "doubtful",
            Self::Unsupported => "unsupported",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Finding {
    /// Creates a finding in a block of the disc.
    pub(crate) fn new(file_system: FileSystems, block: u32, fault: impl Into<Fault>) -> Self {
        Self {
            file_system,
            block,
            path: None,
            fault: fault.into(),
        }
    }

    /// Assigns the finding to an item, unless it already has one.
    pub(crate) fn in_item(self, path: &ImagePath) -> Self {
        Self {
            path: self.path.or_else(|| Some(path.clone())),
            ..self
        }
    }

    /// The rule that the finding is about.
    #[must_use]
    pub const fn code(&self) -> FindingCode {
        self.fault.code
    }

    /// How much the finding matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.fault.code.severity()
    }

    /// The clause of the standard that the finding violates, such as `ECMA-119 9.1.4`; `None` if the disc only exceeds
    /// what this crate reads.
    #[must_use]
    pub const fn clause(&self) -> Option<&'static str> {
        self.fault.code.clause()
    }

    /// The file system of the finding.
    #[must_use]
    pub const fn file_system(&self) -> FileSystems {
        self.file_system
    }

    /// The block of the finding, counted on the disc.
    #[must_use]
    pub const fn block(&self) -> u32 {
        self.block
    }

    /// The affected item, if known.
    #[must_use]
    pub const fn path(&self) -> Option<&ImagePath> {
        self.path.as_ref()
    }

    /// The number that differs from the expected one, if the finding is about a number.
    #[must_use]
    pub const fn value(&self) -> Option<FoundValue> {
        self.fault.value
    }

    /// The text of the finding, without its location.
    #[must_use]
    pub fn text(&self) -> String {
        self.fault.to_string()
    }
}

impl fmt::Display for Finding {
    /// Writes the location and the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at block {}", self.file_system, self.block)?;
        if let Some(path) = &self.path {
            write!(f, ", `{}`", Printable(path))?;
        }
        write!(f, ": {}", self.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_say_where_they_are_what_was_expected_and_what_is_there() {
        let fault = FindingCode::UdfTagIdentifier.differs("tag identifier", 259_u16, 256_u16);
        let finding = Finding::new(FileSystems::UDF, 272, fault);
        assert_eq!(
            finding.to_string(),
            "UDF at block 272: a descriptor is of another kind than it should be (tag identifier 259, expected 256)"
        );
        let value = finding.value().unwrap();
        assert_eq!(
            (value.found, value.expected),
            (259, ExpectedValue::Exactly(256))
        );
        assert_eq!(finding.clause(), Some("ECMA-167 3/7.2.1"));

        let entries = ExpectedValue::OneOf(&[261, 266, 259]);
        let fault = FindingCode::UdfTagIdentifier.value("tag identifier", 0_u16, entries);
        let finding = Finding::new(FileSystems::UDF, 300, fault).in_item(&"a/b\n".into());
        assert!(
            finding
                .to_string()
                .starts_with(r"UDF at block 300, `/a/b\n`: ")
        );
        assert!(
            finding
                .to_string()
                .ends_with("(tag identifier 0, expected 261, 266 or 259)")
        );
        let named = finding.clone().in_item(&"other".into());
        assert_eq!(named, finding);
    }
}

//! A fault before its location is known.

use std::fmt;

use super::FindingCode;

/// A fault, with the numbers that show it; the caller who knows its location adds that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fault {
    pub code: FindingCode,
    pub value: Option<FoundValue>,
}

/// A number on a disc that differs from the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FoundValue {
    /// The name of the field, such as `tag identifier`.
    pub name: &'static str,
    /// The number found.
    pub found: u64,
    /// The allowed numbers.
    pub expected: ExpectedValue,
}

/// The numbers allowed in a field on a disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpectedValue {
    /// This number.
    Exactly(u64),
    /// One of these numbers.
    OneOf(&'static [u16]),
    /// This number or a larger one.
    AtLeast(u64),
    /// This number or a smaller one.
    AtMost(u64),
}

impl FindingCode {
    /// Creates the fault for a field `name` with the number `found`.
    pub(crate) fn value(
        self,
        name: &'static str,
        found: impl Into<u64>,
        expected: ExpectedValue,
    ) -> Fault {
        Fault {
            code: self,
            value: Some(FoundValue {
                name,
                found: found.into(),
                expected,
            }),
        }
    }

    /// Creates the same fault where only one number is right.
    pub(crate) fn differs(
        self,
        name: &'static str,
        found: impl Into<u64>,
        expected: impl Into<u64>,
    ) -> Fault {
        self.value(name, found, ExpectedValue::Exactly(expected.into()))
    }

    /// Creates the same fault where numbers up to `most` are right.
    pub(crate) fn above(
        self,
        name: &'static str,
        found: impl Into<u64>,
        most: impl Into<u64>,
    ) -> Fault {
        self.value(name, found, ExpectedValue::AtMost(most.into()))
    }

    /// Creates the same fault where numbers from `least` on are right.
    pub(crate) fn below(
        self,
        name: &'static str,
        found: impl Into<u64>,
        least: impl Into<u64>,
    ) -> Fault {
        self.value(name, found, ExpectedValue::AtLeast(least.into()))
    }

    /// Creates the same fault for an index into `count` elements.
    pub(crate) fn outside(self, name: &'static str, found: impl Into<u64>, count: u64) -> Fault {
        match count.checked_sub(1) {
            Some(last) => self.above(name, found, last),
            None => self.into(),
        }
    }
}

impl From<FindingCode> for Fault {
    fn from(code: FindingCode) -> Self {
        Self { code, value: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.text())?;
        match self.value {
            Some(value) => write!(f, " ({value})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FoundValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            found,
            expected,
        } = self;
        write!(f, "{name} {found}, expected {expected}")
    }
}

impl fmt::Display for ExpectedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(number) => write!(f, "{number}"),
            Self::AtLeast(number) => write!(f, "at least {number}"),
            Self::AtMost(number) => write!(f, "at most {number}"),
            Self::OneOf(numbers) => {
                for (index, number) in numbers.iter().enumerate() {
                    let separator = match index {
                        0 => "",
                        _ if index + 1 == numbers.len() => " or ",
                        _ => ", ",
                    };
                    write!(f, "{separator}{number}")?;
                }
                Ok(())
            }
        }
    }
}

//! Names as they are recorded.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};

/// The meaning of a hierarchy's identifiers.
pub(crate) trait DecodeNames: Send + Sync {
    /// Returns the text of any bytes.
    fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str>;

    /// Returns the name in the identifier of a file.
    fn file_name<'a>(&self, identifier: &'a str) -> &'a str;
}

/// Names in single-byte characters, or in those of a code page.
#[derive(Debug)]
pub(super) struct SingleBytes {
    /// Default: UTF-8, or `windows-1252` for text that is not valid UTF-8.
    pub code_page: Option<&'static Encoding>,
    pub versions: bool,
}

impl DecodeNames for SingleBytes {
    fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        match (self.code_page, std::str::from_utf8(bytes)) {
            (Some(code_page), _) => code_page.decode_without_bom_handling(bytes).0,
            (None, Ok(text)) => text.into(),
            (None, Err(_)) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        }
    }

    fn file_name<'a>(&self, identifier: &'a str) -> &'a str {
        if self.versions {
            let (name, _) = without_version(identifier);
            non_empty(without_dot(name), identifier)
        } else {
            identifier
        }
    }
}

/// Returns a file identifier without its version number, and whether it had one (ECMA-119 7.5.1).
pub(crate) fn without_version(identifier: &str) -> (&str, bool) {
    match identifier.rsplit_once(';') {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => (name, true),
        _ => (identifier, false),
    }
}

/// Returns a file name without the dot of an empty extension (ECMA-119 7.5.1).
pub(crate) fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Returns `name`, or the whole identifier if `name` is empty.
pub(crate) fn non_empty<'a>(name: &'a str, identifier: &'a str) -> &'a str {
    if name.is_empty() { identifier } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(label: Option<&str>) -> SingleBytes {
        SingleBytes {
            code_page: label.and_then(|label| Encoding::for_label(label.as_bytes())),
            versions: true,
        }
    }

    #[test]
    fn version_and_last_dot_are_no_part_of_the_name() {
        for (identifier, name) in [
            ("A.TXT;1", "A.TXT"),
            ("A.;32767", "A"),
            ("A;1", "A"),
            ("A.TXT", "A.TXT"),
            ("A..;1", "A."),
            ("A;b", "A;b"),
            ("A;1;2", "A;1"),
            ("A;", "A"),
            (";1", ";1"),
            (".;1", ".;1"),
            (".", "."),
        ] {
            assert_eq!(names(None).file_name(identifier), name, "{identifier}");
        }
    }

    #[test]
    fn bytes_are_utf8_or_of_the_code_page() {
        assert_eq!(names(None).decode("ü".as_bytes()), "ü");
        assert_eq!(names(None).decode(b"\xFC"), "ü");
        assert_eq!(names(Some("ibm866")).decode(b"\x80"), "А");
        assert_eq!(names(Some("utf-8")).decode(b"\xFC"), "\u{FFFD}");
    }
}

//! Names in UDF: Unicode, of at most 254 characters, or 127 UTF-16 units if one is above U+00FF (UDF 2.3.4.3).

use std::cmp::Ordering;

use crate::codec::text::{cs0_capacity, cs0_units, cut};
use crate::codec::unique::{Mapped, NameChange, NameRules};

/// The longest identifier in bytes, including the compression id.
const MAX_IDENTIFIER: usize = 255;

/// The rules for names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UdfNames;

impl NameRules for UdfNames {
    fn map(&self, name: &str, _directory: bool, out: &mut Mapped) {
        out.text.clear();
        out.changes = NameChange::empty();
        let limit = cs0_capacity(name, MAX_IDENTIFIER);
        let (stem, extension) = match name.rfind('.') {
            // A name that is cut keeps its extension, unless that takes more than half of the name.
            Some(at) if at > 0 && name[at..].chars().map(cs0_units).sum::<usize>() <= limit / 2 => {
                name.split_at(at)
            }
            _ => (name, ""),
        };
        out.stem_limit = limit - extension.chars().map(cs0_units).sum::<usize>();
        let short = cut(stem, out.stem_limit, cs0_units);
        if short.len() < stem.len() {
            out.changes |= NameChange::LENGTH;
        }
        out.push_replacing(short, is_allowed);
        out.stem_len = out.text.len();
        out.push_replacing(extension, is_allowed);
    }

    fn before_number(&self) -> &'static str {
        "~"
    }

    fn units(&self, c: char) -> usize {
        cs0_units(c)
    }

    /// Names are the same only if all their characters are (UDF 2.3.4.6).
    fn fold(&self, text: &str, out: &mut String) {
        out.push_str(text);
    }

    fn compare(&self, a: &str, b: &str) -> Ordering {
        a.cmp(b)
    }
}

/// UDF excludes only the byte order marks (UDF 2.1.1).
const fn is_allowed(c: char) -> bool {
    !matches!(c, '\u{FEFF}' | '\u{FFFE}')
}

/// Returns `true` if any item's name can be recorded unchanged.
pub(super) fn is_kept(name: &str) -> bool {
    if name.is_ascii() {
        return name.len() < MAX_IDENTIFIER;
    }
    name.chars().all(is_allowed)
        && name.chars().map(cs0_units).sum::<usize>() <= cs0_capacity(name, MAX_IDENTIFIER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(name: &str) -> (String, NameChange) {
        let mut out = Mapped::default();
        UdfNames.map(name, false, &mut out);
        assert_eq!(out.changes.is_empty(), is_kept(name));
        (out.text, out.changes)
    }

    #[test]
    fn what_fits_is_kept() {
        for name in [
            "a:b?c*",
            "CON",
            "ends. ",
            &"x".repeat(254),
            &"Ж".repeat(127),
        ] {
            assert_eq!(map(name).0, name);
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_before_the_extension() {
        let (text, changes) = map(&format!("{}.txt", "x".repeat(251)));
        assert_eq!(text, format!("{}.txt", "x".repeat(250)));
        assert_eq!(changes, NameChange::LENGTH);
        assert_eq!(map(&"Ж".repeat(128)).0, "Ж".repeat(127));
        assert_eq!(map(&"🎉".repeat(64)).0, "🎉".repeat(63));
    }

    #[test]
    fn byte_order_marks_are_replaced() {
        assert_eq!(map("a\u{FEFF}b"), ("a_b".into(), NameChange::CHARACTERS));
    }
}

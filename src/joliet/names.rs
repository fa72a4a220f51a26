//! Names in Joliet: Unicode except a few characters, in up to 64 or about 100 UTF-16 units.

use std::cmp::Ordering;

use crate::codec::text::cut;
use crate::codec::unique::{Mapped, NameChange, NameRules};

/// The rules for names, strict or relaxed as in IMAPI2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JolietNames {
    pub strict: bool,
    /// The longest name on the disc in UTF-16 code units, if its limit is not the usual one.
    pub limit: Option<usize>,
}

/// The longest names on discs, from the standard's to that of the most liberal writers.
pub(crate) const SHORTEST_LIMIT: usize = 64;
pub(crate) const LONGEST_LIMIT: usize = 110;

/// The longest name by default.
pub(crate) const USUAL_LIMIT: usize = 104;

impl JolietNames {
    /// Returns the length of the longest name, in UTF-16 code units.
    ///
    /// Joliet allows 64 for both. IMAPI2 differs: in its relaxed mode, names of 103 (directories) and 104 (files) have
    /// been measured as the longest that Windows reads back. libarchive reads 103 units, and drops a file of which it
    /// would read half a pair.
    fn limit(self, name: &str, directory: bool) -> usize {
        if self.strict {
            SHORTEST_LIMIT
        } else if let Some(limit) = self.limit {
            limit
        } else if directory || name.chars().any(is_pair) {
            103
        } else {
            USUAL_LIMIT
        }
    }

    /// Returns `true` if a name is certainly recorded unchanged, as most are; missing some does no harm.
    fn is_plain(self, name: &str) -> bool {
        name.len() <= SHORT
            && name
                .bytes()
                .all(|byte| byte.is_ascii() && self.is_allowed(char::from(byte)))
            && !name.ends_with(['.', ' '])
    }

    /// Returns `true` if a name may contain the character. Joliet excludes `*/:;?\` and control characters; `"<>|` can
    /// be recorded, but Windows opens no file that has them. UCS-2 has no pairs, but current readers accept them.
    const fn is_allowed(self, c: char) -> bool {
        let in_joliet = !matches!(
            c,
            '\0'..='\x1F' | '*' | '/' | ':' | ';' | '?' | '\\' | '"' | '<' | '>' | '|'
        );
        in_joliet && (!self.strict || !is_pair(c))
    }
}

/// The longest name that never needs cutting: every limit is at least twice as long, so any extension fits, too.
const SHORT: usize = 32;

/// Returns `true` if a character takes two units in UTF-16.
const fn is_pair(c: char) -> bool {
    c.len_utf16() == 2
}

impl NameRules for JolietNames {
    fn map(&self, name: &str, directory: bool, out: &mut Mapped) {
        out.text.clear();
        out.changes = NameChange::empty();
        let (stem, extension) = split(name);
        if self.is_plain(name) {
            out.text.push_str(name);
            out.stem_len = stem.len();
            out.stem_limit = self.limit("", directory) - extension.len();
            return;
        }
        let limit = self.limit(name, directory);
        // A name that is too long keeps its extension, unless that takes more than half of it.
        let extension = match units(extension) {
            len if len <= limit / 2 => extension,
            _ => "",
        };
        let stem = if extension.is_empty() { name } else { stem };
        out.stem_limit = limit - units(extension);
        let short = cut(stem, out.stem_limit, char::len_utf16);
        if short.len() < stem.len() {
            out.changes |= NameChange::LENGTH;
        }
        out.push_replacing(short, |c| self.is_allowed(c));
        out.stem_len = out.text.len();
        out.push_replacing(extension, |c| self.is_allowed(c));
        // Readers drop a trailing dot, and Windows a trailing blank.
        if out.text.ends_with(['.', ' ']) {
            out.text.pop();
            out.text.push('_');
            out.changes |= NameChange::CHARACTERS;
        }
    }

    fn before_number(&self) -> &'static str {
        "~"
    }

    fn units(&self, c: char) -> usize {
        c.len_utf16()
    }

    /// Windows opens only one of two names that differ only in case.
    fn fold(&self, text: &str, out: &mut String) {
        if text.is_ascii() {
            let start = out.len();
            out.push_str(text);
            out[start..].make_ascii_lowercase();
        } else {
            out.extend(text.chars().flat_map(char::to_lowercase));
        }
    }

    /// Compares names, then extensions, with the shorter one padded with zeros (Joliet, "Sort Ordering").
    fn compare(&self, a: &str, b: &str) -> Ordering {
        let (a_stem, a_extension) = a.rsplit_once('.').unwrap_or((a, ""));
        let (b_stem, b_extension) = b.rsplit_once('.').unwrap_or((b, ""));
        compare_units(a_stem, b_stem).then_with(|| compare_units(a_extension, b_extension))
    }
}

/// Compares recorded units: a surrogate sorts below U+E000, a character beyond the BMP does not.
fn compare_units(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        a.cmp(b)
    } else {
        a.encode_utf16().cmp(b.encode_utf16())
    }
}

/// Splits a name into stem and extension, which keeps its dot; a dot at either end begins no extension.
fn split(name: &str) -> (&str, &str) {
    match name.bytes().rposition(|byte| byte == b'.') {
        Some(at) if at > 0 && at + 1 < name.len() => name.split_at(at),
        _ => (name, ""),
    }
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::unique::renamed;
    use crate::codec::unique::tests::new_items;

    const RELAXED: JolietNames = JolietNames {
        strict: false,
        limit: None,
    };

    fn map(strict: bool, name: &str) -> (String, NameChange) {
        let mut out = Mapped::default();
        let limit = None;
        JolietNames { strict, limit }.map(name, false, &mut out);
        (out.text, out.changes)
    }

    #[test]
    fn names_are_kept_but_for_a_few_characters() {
        assert_eq!(
            map(true, "Read me.txt"),
            ("Read me.txt".into(), NameChange::empty())
        );
        assert_eq!(map(true, "a:b?c.txt").0, "a_b_c.txt");
        assert_eq!(map(true, "ends."), ("ends_".into(), NameChange::CHARACTERS));
        assert_eq!(map(false, "über 🎉").0, "über 🎉");
        assert_eq!(map(true, "über 🎉").0, "über _");
    }

    #[test]
    fn long_names_keep_their_extension() {
        let long = format!("{}.html", "n".repeat(200));
        assert_eq!(map(true, &long).0, format!("{}.html", "n".repeat(59)));
        assert_eq!(map(false, &long).0.len(), 104);
        let all_extension = format!("a.{}", "e".repeat(200));
        assert_eq!(map(true, &all_extension).0, format!("a.{}", "e".repeat(62)));
    }

    #[test]
    fn a_surrogate_pair_is_never_cut() {
        for before in ["", "x"] {
            let name = format!("{before}{}", "🎉".repeat(60));
            let (text, changes) = map(false, &name);
            assert_eq!(text, format!("{before}{}", "🎉".repeat(51)));
            assert_eq!(changes, NameChange::LENGTH);
        }
    }

    #[test]
    fn names_that_differ_by_case_are_numbered() {
        let items = [("README", false), ("Readme", false), ("readme", false)];
        assert_eq!(
            renamed(&RELAXED, new_items(&items).into_iter()).unwrap(),
            [(1, "Readme~1".to_owned()), (2, "readme~2".to_owned())]
        );
    }

    #[test]
    fn order_is_that_of_the_recorded_units() {
        let rules = RELAXED;
        assert_eq!(rules.compare("\u{FFFD}", "🎉"), Ordering::Greater);
        assert_eq!(rules.compare("a.b", "a-b"), Ordering::Less);
    }
}

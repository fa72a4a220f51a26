//! Names of the primary hierarchy: d-characters, cut to the interchange level (ECMA-119 7.5, 7.6, 10).

use std::cmp::Ordering;

use crate::codec::text::{cut, is_d_character};
use crate::codec::unique::{Mapped, NameChange, NameRules};
use crate::file_systems::InterchangeLevel;

/// The rules of an interchange level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Iso9660Names {
    pub level: InterchangeLevel,
    pub relaxed: Relaxed,
}

/// Liberties that the names on a disc take beyond every level, as its writer's options allowed. Recorded names stay as
/// they are, and added names take the same liberties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relaxed {
    /// Whether letters may be lower case.
    lower_case: bool,
    /// Whether a name may have dots besides the one before its extension.
    dots: bool,
    /// Whether a directory's name may have one dot, as a file's may.
    directory_dots: bool,
    /// Whether a name may have any other characters.
    characters: bool,
    /// Length in bytes of the longest file name; 0 if none is longer than level 2 allows.
    file_len: u8,
    directory_len: u8,
}

/// The longest name that fits in a directory record together with a file's version number (ECMA-119 6.8.2).
const LONGEST: usize = 207;

/// The longest name at level 2, of a file with its separator or of a directory.
const LEVEL_2: usize = 31;

impl Relaxed {
    /// Notes the liberties that a recorded name takes.
    pub(crate) fn add(&mut self, name: &str, directory: bool) {
        let dots = name.bytes().filter(|byte| *byte == b'.').count();
        self.dots |= dots > 1 || name.starts_with('.');
        self.directory_dots |= directory && dots > 0;
        for c in name.chars() {
            if c.is_ascii_lowercase() {
                self.lower_case = true;
            } else if c != '.' && !is_d_character(c) {
                self.characters = true;
            }
        }
        if name.len() > LEVEL_2 {
            let len = if directory {
                &mut self.directory_len
            } else {
                &mut self.file_len
            };
            *len = (*len).max(name.len().min(LONGEST) as u8);
        }
    }

    const fn keeps(self, c: char, directory: bool) -> bool {
        match c {
            'a'..='z' => self.lower_case,
            '.' => self.dots || directory && self.directory_dots,
            // A slash separates the names of a path, and a semicolon precedes the version.
            '\0'..='\x1F' | '/' | ';' | '\x7F' => false,
            _ => self.characters,
        }
    }
}

/// Returns the lowest level that allows names as long as this one.
pub(crate) fn level_of_name(name: &str) -> InterchangeLevel {
    // The standard gives directories no extension, but some writers give them one as short as a file's.
    let (stem, extension) = split(name, false);
    let (stem, extension) = (stem.chars().count(), extension.chars().count());
    if stem <= 8 && extension <= 3 {
        InterchangeLevel::One
    } else {
        InterchangeLevel::Two
    }
}

/// Splits a name at the last dot into stem and extension, unless the name begins or ends with that dot.
fn split(name: &str, directory: bool) -> (&str, &str) {
    match name.bytes().rposition(|byte| byte == b'.') {
        Some(at) if !directory && at > 0 && at + 1 < name.len() => (&name[..at], &name[at + 1..]),
        _ => (name, ""),
    }
}

impl Iso9660Names {
    const fn directory_len(self) -> usize {
        if self.relaxed.directory_len > 0 {
            return self.relaxed.directory_len as usize;
        }
        match self.level {
            InterchangeLevel::One => 8,
            InterchangeLevel::Two | InterchangeLevel::Three => 31,
        }
    }

    /// Returns `true` if directory names have extensions, in addition to their eight characters.
    fn splits_directories(self) -> bool {
        self.level == InterchangeLevel::One
            && self.relaxed.directory_dots
            && self.relaxed.directory_len == 0
    }

    /// Returns the most characters that a file's name and extension may have together, given the length of each.
    fn file_lens(self, stem: usize, extension: usize) -> (usize, usize) {
        if self.relaxed.file_len > 0 {
            let most = usize::from(self.relaxed.file_len) - 1;
            let extension = extension.min(most.saturating_sub(stem).max(most / 2));
            return (most - extension, extension);
        }
        match self.level {
            InterchangeLevel::One => (8, extension.min(3)),
            InterchangeLevel::Two | InterchangeLevel::Three => {
                // A short name leaves room for a long extension; a long name leaves at least three characters.
                let extension = extension.min(30_usize.saturating_sub(stem).max(3));
                (30 - extension, extension)
            }
        }
    }
}

impl NameRules for Iso9660Names {
    fn map(&self, name: &str, directory: bool, out: &mut Mapped) {
        out.text.clear();
        out.changes = NameChange::empty();
        let is_whole = directory && !self.splits_directories();
        let (stem, extension) = split(name, is_whole);
        let (stem_limit, extension_limit) = if directory && extension.is_empty() {
            (self.directory_len(), 0)
        } else {
            let units = |text: &str| text.chars().map(|c| self.units(c)).sum();
            self.file_lens(units(stem), units(extension))
        };
        self.push_cut(stem, directory, stem_limit, out);
        out.stem_len = out.text.len();
        out.stem_limit = stem_limit;
        if !extension.is_empty() {
            out.text.push('.');
            self.push_cut(extension, directory, extension_limit, out);
        }
    }

    fn before_number(&self) -> &'static str {
        ""
    }

    fn units(&self, c: char) -> usize {
        if self.relaxed.characters {
            c.len_utf8()
        } else {
            1
        }
    }

    fn fold(&self, text: &str, out: &mut String) {
        out.push_str(text);
    }

    /// Compares names, then extensions, with the shorter one padded with blanks (ECMA-119 9.3).
    fn compare(&self, a: &str, b: &str) -> Ordering {
        // The separator sorts below all d-characters, as the blank does, and there is only one.
        if !self.relaxed.dots && !self.relaxed.characters {
            return a.cmp(b);
        }
        let [(a_stem, a_extension), (b_stem, b_extension)] =
            [a, b].map(|name| name.rsplit_once('.').unwrap_or((name, "")));
        compare_filled(a_stem, b_stem)
            .then_with(|| compare_filled(a_extension, b_extension))
            .then_with(|| a.cmp(b))
    }
}

/// Compares two texts, with the shorter one padded with blanks.
fn compare_filled(a: &str, b: &str) -> Ordering {
    let len = a.len().max(b.len());
    let filled = |text: &str| {
        let blanks = std::iter::repeat_n(b' ', len - text.len());
        text.bytes().chain(blanks).collect::<Vec<_>>()
    };
    filled(a).cmp(&filled(b))
}

impl Iso9660Names {
    /// Appends as much as `limit` has room for, replacing each character that cannot be kept by a d-character.
    fn push_cut(self, text: &str, directory: bool, limit: usize, out: &mut Mapped) {
        let short = cut(text, limit, |c| self.units(c));
        for c in short.chars() {
            let upper = c.to_ascii_uppercase();
            if self.relaxed.keeps(c, directory) {
                out.text.push(c);
            } else if is_d_character(upper) {
                if upper != c {
                    out.changes |= NameChange::CASE;
                }
                out.text.push(upper);
            } else {
                out.changes |= NameChange::CHARACTERS;
                out.text.push('_');
            }
        }
        if short.len() < text.len() {
            out.changes |= NameChange::LENGTH;
        }
    }
}

/// Returns the length in bytes of an item's identifier.
pub(crate) fn identifier_len(text: &str, directory: bool) -> usize {
    text.len() + if directory { 0 } else { suffix(text).len() }
}

/// Appends an item's identifier; a file's always has both separators and a version (ECMA-119 7.5.1).
pub(super) fn push_identifier(text: &str, directory: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    if !directory {
        out.extend_from_slice(suffix(text).as_bytes());
    }
}

fn suffix(text: &str) -> &'static str {
    if text.contains('.') { ";1" } else { ".;1" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::unique::tests::new_items;
    use crate::codec::unique::{NamedItem, renamed};

    fn map(level: InterchangeLevel, name: &str, directory: bool) -> (String, NameChange) {
        let mut out = Mapped::default();
        let relaxed = Relaxed::default();
        Iso9660Names { level, relaxed }.map(name, directory, &mut out);
        (out.text, out.changes)
    }

    fn file(level: InterchangeLevel, name: &str) -> String {
        map(level, name, false).0
    }

    #[test]
    fn level_1_has_eight_and_three() {
        let file = |name| file(InterchangeLevel::One, name);
        assert_eq!(file("Read me first.html"), "READ_ME_.HTM");
        assert_eq!(file("README"), "README");
        assert_eq!(file(".bashrc"), "_BASHRC");
        assert_eq!(file("archive.tar.gz"), "ARCHIVE_.GZ");
        assert_eq!(file("ends."), "ENDS_");
        assert_eq!(file("über.txt"), "_BER.TXT");
        assert_eq!(file("🎉"), "_");
        assert_eq!(map(InterchangeLevel::One, "conf.d", true).0, "CONF_D");
    }

    #[test]
    fn level_2_shares_thirty_characters() {
        let file = |name: &str| file(InterchangeLevel::Two, name);
        assert_eq!(file("a.jpeg2000"), "A.JPEG2000");
        let long = file(&format!("{}.html", "n".repeat(40)));
        assert_eq!(long, format!("{}.HTM", "N".repeat(27)));
        assert_eq!(file(&"n".repeat(40)), "N".repeat(30));
        let both = file(&format!("{}.{}", "n".repeat(20), "e".repeat(20)));
        assert_eq!(both, format!("{}.{}", "N".repeat(20), "E".repeat(10)));
        assert_eq!(
            map(InterchangeLevel::Two, &"d".repeat(40), true).0.len(),
            31
        );
    }

    #[test]
    fn changes_say_why() {
        let changes = |name| map(InterchangeLevel::One, name, false).1;
        assert_eq!(changes("A.TXT"), NameChange::empty());
        assert_eq!(changes("a.txt"), NameChange::CASE);
        assert_eq!(changes("A B.TXT"), NameChange::CHARACTERS);
        assert_eq!(changes("ABCDEFGHI"), NameChange::LENGTH);
    }

    /// Other programs record such names when asked to keep names unchanged.
    #[test]
    fn relaxed_names_of_a_disc_are_kept() {
        let names = [
            ("archive.tar.gz", false),
            (".profile", false),
            ("Read me (first).html", false),
            ("a-very-long-directory.name-of-40-characters", true),
            ("UPPER.TXT", false),
            ("\u{fc}ber", false),
        ];
        let mut relaxed = Relaxed::default();
        for (name, directory) in names {
            relaxed.add(name, directory);
        }
        let rules = Iso9660Names {
            level: InterchangeLevel::One,
            relaxed,
        };
        for (name, directory) in names {
            let mut out = Mapped::default();
            rules.map(name, directory, &mut out);
            // If no name is longer than level 1 allows, nothing shows that longer ones are allowed.
            let is_long = name.starts_with("archive") || name.starts_with("Read");
            if !is_long {
                assert_eq!((&*out.text, out.changes), (name, NameChange::empty()));
            }
        }
        let rules = Iso9660Names {
            level: InterchangeLevel::Two,
            relaxed,
        };
        for (name, directory) in names {
            let mut out = Mapped::default();
            rules.map(name, directory, &mut out);
            assert_eq!((&*out.text, out.changes), (name, NameChange::empty()));
        }
        let mut out = Mapped::default();
        rules.map("a/b;1\n.txt", false, &mut out);
        assert_eq!(out.text, "a_b_1_.txt");
        assert_eq!(rules.compare("a-b.c", "a.c"), Ordering::Greater);
        assert_eq!(rules.compare("a.b", "a .a"), Ordering::Greater);
    }

    #[test]
    fn collisions_are_numbered_and_the_exact_name_is_kept() {
        let rules = Iso9660Names {
            level: InterchangeLevel::One,
            relaxed: Relaxed::default(),
        };
        let names = ["FILE-NAME-1.TXT", "FILE_NAM.TXT", "file-name-2.txt"];
        let items = new_items(&names.map(|name| (name, false)));
        let renamed = renamed(&rules, items.into_iter()).unwrap();
        assert_eq!(
            renamed,
            [
                (0, "FILE_NA1.TXT".to_owned()),
                (2, "FILE_NA2.TXT".to_owned())
            ]
        );
    }

    /// Such directories used to turn a disc into one of level 2, and let files have several dots.
    #[test]
    fn directories_with_an_extension_are_of_level_1_and_say_nothing_of_files() {
        assert_eq!(level_of_name("RELEASE_.0"), InterchangeLevel::One);
        assert_eq!(level_of_name("RELEASE_1.0"), InterchangeLevel::Two);
        assert_eq!(level_of_name("RELEASE12"), InterchangeLevel::Two);
        let mut rules = Iso9660Names {
            level: InterchangeLevel::One,
            relaxed: Relaxed::default(),
        };
        rules.relaxed.add("RELEASE_.0", true);
        let name = |rules: Iso9660Names, name: &str, directory| {
            let mut mapped = Mapped::default();
            rules.map(name, directory, &mut mapped);
            mapped.text
        };
        assert_eq!(name(rules, "release-1.0", true), "RELEASE_.0");
        assert_eq!(name(rules, "another directory", true), "ANOTHER_");
        assert_eq!(name(rules, "a.b.c.txt", false), "A_B_C.TXT");
        assert_eq!(name(rules, ".hidden", false), "_HIDDEN");
        rules.level = InterchangeLevel::Two;
        assert_eq!(name(rules, "release-1.0", true), "RELEASE_1.0");
    }

    /// New files used to take the names of files on the disc.
    #[test]
    fn what_is_recorded_keeps_its_name_whatever_is_added() {
        let rules = Iso9660Names {
            level: InterchangeLevel::One,
            relaxed: Relaxed::default(),
        };
        let recorded = ["long name b.txt", "long name c.txt", "long.txt"];
        let added = [
            "LONG_NAM.TXT",
            "LONG_NA1.TXT",
            "LONG.TXT",
            "long name a.txt",
        ];
        let item = |name, is_recorded| NamedItem {
            name,
            is_directory: false,
            is_recorded,
        };
        let mut before: Vec<_> = recorded.iter().map(|name| item(name, true)).collect();
        before.sort_unstable_by_key(|item| item.name);
        let mut after = before.clone();
        after.extend(added.iter().map(|name| item(name, false)));
        after.sort_unstable_by_key(|item| item.name);
        let names = |items: &[NamedItem<'static>]| -> Vec<(&str, String)> {
            let renamed = renamed(&rules, items.iter().copied()).unwrap();
            let renamed = renamed.into_iter();
            renamed
                .map(|(place, name)| (items[place].name, name))
                .collect()
        };
        let before = names(&before);
        assert_eq!(before, [("long name c.txt", "LONG_NA1.TXT".to_owned())]);
        let after = names(&after);
        assert_eq!(
            after,
            [
                ("LONG.TXT", "LONG1.TXT".to_owned()),
                ("LONG_NA1.TXT", "LONG_NA2.TXT".to_owned()),
                ("LONG_NAM.TXT", "LONG_NA3.TXT".to_owned()),
                ("long name a.txt", "LONG_NA4.TXT".to_owned()),
                before[0].clone(),
            ]
        );
    }

    #[test]
    fn more_collisions_than_digits_take_more_digits() {
        let rules = Iso9660Names {
            level: InterchangeLevel::One,
            relaxed: Relaxed::default(),
        };
        let names: Vec<String> = (0..1200).map(|n| format!("same name {n:04}.txt")).collect();
        let items: Vec<_> = names.iter().map(|name| (name.as_str(), false)).collect();
        let renamed = renamed(&rules, new_items(&items).into_iter()).unwrap();
        assert_eq!(renamed.len(), 1199);
        assert_eq!(renamed[0].1, "SAME_NA1.TXT");
        assert_eq!(renamed[1198].1, "SAME1199.TXT");
    }

    #[test]
    fn a_file_and_a_directory_are_kept_apart() {
        let rules = Iso9660Names {
            level: InterchangeLevel::One,
            relaxed: Relaxed::default(),
        };
        let items = [("A", true), ("a", false)];
        assert_eq!(
            renamed(&rules, new_items(&items).into_iter()).unwrap(),
            [(1, "A1".to_owned())]
        );
    }

    #[test]
    fn records_sort_by_name_before_extension() {
        let rules = Iso9660Names {
            level: InterchangeLevel::Two,
            relaxed: Relaxed::default(),
        };
        assert_eq!(rules.compare("A.B", "A1.A"), Ordering::Less);
        assert_eq!(rules.compare("A", "A.B"), Ordering::Less);
    }

    #[test]
    fn identifiers_of_files_have_a_version() {
        let identifier = |text, directory| {
            let mut out = Vec::new();
            push_identifier(text, directory, &mut out);
            assert_eq!(out.len(), identifier_len(text, directory));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(identifier("README", false), "README.;1");
        assert_eq!(identifier("A.TXT", false), "A.TXT;1");
        assert_eq!(identifier("DIR", true), "DIR");
    }
}

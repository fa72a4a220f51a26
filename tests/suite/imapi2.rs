//! The table of what IMAPI2 has and this crate has for it: every row names an item that exists and a test that exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::declared::{Function, Items, constants, functions};

/// The members of the interfaces; a property that is read and set has two.
const MEMBERS: usize = 133;

/// The codes of the file system component.
const CODES: usize = 62;

/// The codes of COM, of Windows, and of the component that writes.
const OTHER_CODES: usize = 49;

/// The rows of the tables under a heading that begins with `heading`, without those that head them.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/imapi2.md")).unwrap();
    let section = text.split("\n## ").find(|part| part.starts_with(heading));
    let lines = section
        .unwrap()
        .lines()
        .filter(|line| line.starts_with('|'));
    let rows = lines.map(|line| {
        let line = line.trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    });
    rows.filter(|row: &Vec<String>| {
        !row[0].starts_with("---") && !["Interface", "Code"].contains(&&*row[0])
    })
    .collect()
}

/// What stands between backticks at the start of a cell.
fn quoted(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.split('`').next()
}

/// The test of that name, with the helpers of its module and of the suite that it calls.
struct Test<'a> {
    module: &'a str,
    text: String,
}

impl<'a> Test<'a> {
    /// Panics unless it is run as a test and looks at anything.
    #[track_caller]
    fn find(cell: &'a str, functions: &BTreeMap<String, Function>) -> Self {
        let name = quoted(cell).unwrap();
        let test = functions.get(name).filter(|function| function.is_test);
        let test = test.unwrap_or_else(|| panic!("no test: {name}"));
        let (module, _) = name.rsplit_once("::").unwrap();
        let mut text = test.body.clone();
        let calls = |name: &str| test.body.contains(&format!("{name}("));
        for (name, helper) in functions {
            let (of, name) = name.rsplit_once("::").unwrap();
            let is_near = of == module || of.starts_with("support");
            if is_near && !helper.is_test && calls(name) {
                text += &helper.body;
            }
        }
        let looks = ["assert", ".unwrap_err()", "check"];
        let asserts = looks.iter().any(|word| text.contains(word));
        assert!(asserts, "asserts nothing: {name}");
        Self { module, text }
    }

    fn mentions(&self, word: &str) -> bool {
        self.text.contains(word)
    }

    /// Whether it has a code, written or by the name of a constant.
    fn has_code(&self, written: &str) -> bool {
        let constants = constants(self.module);
        self.mentions(written)
            || constants
                .iter()
                .any(|(name, value)| value.contains(written) && self.mentions(name))
    }
}

/// Whether an interface is one of the file system component.
fn is_own(interface: &str) -> bool {
    let own = [
        "IFileSystem",
        "IBootOptions",
        "IFsi",
        "IEnum",
        "IProgress",
        "IIso",
        "DFile",
    ];
    own.iter().any(|prefix| interface.starts_with(prefix))
}

#[test]
fn every_member_has_an_item_and_a_test() {
    let items = Items::read();
    let functions = functions();
    let rows = rows("Members");
    let mut seen = BTreeSet::new();
    for row in &rows {
        let [interface, member, kind, item, test] = &row[..] else {
            panic!("{row:?}");
        };
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        assert!(seen.insert((interface, member, kind)), "twice: {row:?}");
        let item = quoted(item).unwrap();
        let aliases = items.aliases(item);
        let aliases = aliases.unwrap_or_else(|| panic!("no item: {row:?}"));
        // A whole type stands for an interface.
        let original = match (kind.as_str(), item.contains("::")) {
            ("get", true) => format!("get_{member}"),
            ("put", true) => format!("put_{member}"),
            ("m", true) => member.clone(),
            ("m", false) => interface.clone(),
            _ => panic!("{row:?}"),
        };
        assert!(aliases.contains(&original), "no alias {original}: {row:?}");
        let test = Test::find(test, &functions);
        // Of a drive the tests have their own, which this crate asks.
        let is_called = item
            .split_once("::")
            .is_some_and(|(_, name)| test.mentions(name));
        assert!(is_called || !is_own(interface), "not called: {row:?}");
    }
    let members = rows.iter().filter(|row| is_own(&row[0]));
    assert_eq!(members.count(), MEMBERS);
}

/// A code of the table as Rust code has it.
fn written(cell: &str) -> Option<String> {
    let value = u32::from_str_radix(cell.strip_prefix("0x")?, 16).ok()?;
    Some(format!("0x{:04X}_{:04X}", value >> 16, value & 0xFFFF))
}

/// The file that says which error has which code.
fn codes() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join("src/error/code.rs")).unwrap()
}

#[test]
fn every_code_has_an_error_and_a_test_or_a_reason() {
    let codes = codes();
    let functions = functions();
    let rows = rows("Errors");
    for row in &rows {
        let [name, value, error, test] = &row[..] else {
            panic!("{row:?}");
        };
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let written = written(value).unwrap();
        let test = Test::find(test, &functions);
        match quoted(error) {
            Some(error) => {
                let variant = format!("Self::{error}");
                assert!(codes.contains(&variant), "no error: {row:?}");
                assert!(codes.contains(&written), "the code is not given: {row:?}");
                let raises = test.mentions(&format!("Error::{error}")) || test.has_code(&written);
                assert!(raises, "not raised: {row:?}");
            }
            None => {
                assert!(error.starts_with("none: "), "{name}: {error}");
                assert!(!codes.contains(&written), "it is given: {row:?}");
            }
        }
    }
    let own = rows.iter().filter(|row| row[0].starts_with("IMAPI_"));
    assert_eq!(own.count(), CODES);
}

#[test]
fn every_other_code_is_raised_or_has_a_reason() {
    let codes = codes();
    let raised = rows("Errors");
    let others = rows("Other codes");
    for row in &others {
        let [name, value, reason] = &row[..] else {
            panic!("{row:?}");
        };
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let has_row = raised.iter().any(|row| row[0] == *name && row[1] == *value);
        assert_eq!(has_row, reason.starts_with("raised"), "{row:?}");
        // Some rows are of several codes.
        if let Some(written) = written(value).filter(|_| !has_row) {
            assert!(!codes.contains(&written), "it is given: {row:?}");
        }
    }
    assert_eq!(others.len(), OTHER_CODES);
}

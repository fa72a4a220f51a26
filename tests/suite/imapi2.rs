//! The table of what IMAPI2 has and this crate has for it: every row names an item that exists and a test that exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The members of the interfaces; a property that is read and set has two.
const MEMBERS: usize = 133;

/// The codes of the file system component.
const CODES: usize = 62;

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

/// All that the files below a directory say.
fn sources(directory: &Path, into: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            *into += &fs::read_to_string(path).unwrap();
        }
    }
}

/// The bodies of the tests, by module and name.
fn tests() -> BTreeMap<String, String> {
    let mut tests = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join("tests/suite")).unwrap() {
        let path = entry.unwrap().path();
        let Some(module) = path.file_stem().filter(|_| path.is_file()) else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("\r\n", "\n");
        for (at, _) in text
            .match_indices("\nfn ")
            .chain(text.match_indices("\n    fn "))
        {
            let text = &text[at..];
            let name = text.trim_start().trim_start_matches("fn ");
            let name = name.split(['(', '<']).next().unwrap();
            let end = text[1..].find("\n}").map_or(text.len(), |end| end + 1);
            let name = format!("{}::{name}", module.to_string_lossy());
            tests.insert(name, text[..end].to_owned());
        }
    }
    tests
}

/// What stands between backticks at the start of a cell.
fn quoted(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.split('`').next()
}

#[test]
fn every_member_has_an_item_and_a_test() {
    let mut code = String::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut code,
    );
    let tests = tests();
    let rows = rows("Members");
    let mut seen = BTreeSet::new();
    for row in &rows {
        let [interface, member, kind, item, test] = &row[..] else {
            panic!("{row:?}");
        };
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        assert!(["get", "put", "m"].contains(&&**kind), "{row:?}");
        assert!(seen.insert((interface, member, kind)), "twice: {row:?}");
        let item = quoted(item).unwrap();
        let found = match item.split_once("::") {
            Some((owner, function)) => {
                let declares = |what: &str| code.contains(&format!("{what} {owner}"));
                (declares("pub struct") || declares("pub trait"))
                    && code.contains(&format!("fn {function}("))
            }
            None => code.contains(&format!("pub trait {item}")),
        };
        assert!(found, "no item: {row:?}");
        let body = tests.get(quoted(test).unwrap());
        let body = body.unwrap_or_else(|| panic!("no test: {row:?}"));
        assert!(checks(body, &tests), "asserts nothing: {row:?}");
    }
    let members = rows.iter().filter(|row| {
        let own = [
            "IFileSystem",
            "IBootOptions",
            "IFsi",
            "IEnum",
            "IProgress",
            "IIso",
            "DFile",
        ];
        own.iter().any(|prefix| row[0].starts_with(prefix))
    });
    assert_eq!(members.count(), MEMBERS);
}

#[test]
fn every_code_has_an_error_and_a_test_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = fs::read_to_string(root.join("src/error/code.rs")).unwrap();
    let tests = tests();
    let rows = rows("Errors");
    for row in &rows {
        let [name, value, error, test] = &row[..] else {
            panic!("{row:?}");
        };
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let value = u32::from_str_radix(value.strip_prefix("0x").unwrap(), 16).unwrap();
        match quoted(error) {
            Some(error) => {
                assert!(
                    code.contains(&format!("Self::{error}")),
                    "no error: {row:?}"
                );
                let written = format!("0x{:04X}_{:04X}", value >> 16, value & 0xFFFF);
                assert!(code.contains(&written), "the code is not given: {row:?}");
            }
            None => assert!(error.starts_with("none: "), "{name}: {error}"),
        }
        let body = tests.get(quoted(test).unwrap());
        let body = body.unwrap_or_else(|| panic!("no test: {row:?}"));
        assert!(checks(body, &tests), "asserts nothing: {row:?}");
    }
    let own = rows.iter().filter(|row| row[0].starts_with("IMAPI_"));
    assert_eq!(own.count(), CODES);
}

/// Whether a test looks at anything, or leaves that to a function that does.
fn checks(body: &str, tests: &BTreeMap<String, String>) -> bool {
    let asserts = |body: &str| {
        ["assert", ".unwrap_err()", "check"]
            .iter()
            .any(|word| body.contains(word))
    };
    asserts(body)
        || tests.iter().any(|(name, helper)| {
            let name = name.rsplit("::").next().unwrap_or_default();
            body.contains(&format!("{name}(")) && asserts(helper)
        })
}

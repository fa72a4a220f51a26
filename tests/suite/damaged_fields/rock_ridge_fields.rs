//! Damaged fields of Rock Ridge.

use super::*;

fn with(change: impl FnOnce(&mut Vec<Shown<'_>>)) -> Vec<u8> {
    let mut bytes = small(ISO9660);
    let mut items = vec![
        shown(b"A1.TXT;1", "one"),
        shown(b"A2.TXT;1", "two"),
        shown(b"B.TXT;1", "three"),
    ];
    change(&mut items);
    rock_ridge::add(&mut bytes, &items);
    bytes
}

#[track_caller]
fn assert_names(bytes: &[u8], names: [&str; 3], finding: &str) {
    let volume = volume_of(bytes, ISO9660);
    let (paths, errors) = walked(&volume);
    let [one, two, three] = names.map(|name| format!("/{name}"));
    assert_eq!(
        paths,
        [&one, &two, &three, "/DIR", "/DIR/C.TXT"].map(ToString::to_string)
    );
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(data_of(&volume.item(names[1]).unwrap()), b"second");
    let found = findings(&volume);
    assert!(
        finding.is_empty() || found.iter().any(|found| found.contains(finding)),
        "{found:?}"
    );
}

fn place(bytes: &[u8], part: &[u8]) -> usize {
    let found = bytes.windows(part.len()).position(|bytes| bytes == part);
    found.unwrap()
}

#[test]
fn a_name_that_is_marked_as_a_dot_is_a_name() {
    for flags in [2, 4] {
        let mut bytes = with(|_| ());
        let at = place(&bytes, &rock_ridge::name(0, b"two"));
        bytes[at + 4] = flags;
        assert_names(
            &bytes,
            ["one", "two", "three"],
            "Rock Ridge name is marked as one of `.` and `..`",
        );
    }
}

#[test]
fn a_name_that_no_file_can_have_gives_way_to_the_other_one() {
    for name in ["t/o", "t\0o", ".", ".."] {
        let bytes = with(|items| items[1].name = name);
        assert_names(
            &bytes,
            ["one", "A2.TXT", "three"],
            "Rock Ridge name cannot be, the other one is used",
        );
    }
}

#[test]
fn a_file_with_data_is_one_whatever_its_mode() {
    for mode in [0o120_777, 0o010_644, 0o020_644] {
        let bytes = with(|items| items[1].mode = mode);
        assert_names(
            &bytes,
            ["one", "two", "three"],
            "mode of a file is that of something without data",
        );
    }
}

#[test]
fn names_are_there_without_the_entry_that_announces_them() {
    for (at, value) in [(0, b'X'), (4, 0), (3, 9)] {
        let mut bytes = with(|_| ());
        let announced = place(&bytes, b"SP\x07\x01\xBE\xEF");
        bytes[announced + at] = value;
        assert_names(&bytes, ["one", "two", "three"], "");
    }
}

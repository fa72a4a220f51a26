//! The texts of errors, IMAPI2's codes, and the items they are about.

mod discs;
mod images;

use std::error::Error as _;
use std::io;

use super::{Error, HResult, NameProblem, Origin};
use crate::file_systems::FileSystems;

const ISO9660: FileSystems = FileSystems::ISO9660;
const UDF: FileSystems = FileSystems::UDF;

/// An error, its text, and IMAPI2's code.
type Case = (Error, &'static str, u32);

/// One error of each kind.
fn errors() -> Vec<Case> {
    errors_about("")
}

/// Returns the same errors, about items whose names end with `end`.
fn errors_about(end: &str) -> Vec<Case> {
    let mut errors = images::errors_about(end);
    errors.extend(discs::errors_about(end));
    errors
}

#[test]
fn errors_have_a_text_a_code_and_name_what_they_are_about() {
    for (error, text, code) in errors() {
        assert_eq!(error.to_string(), text);
        assert_eq!(error.hresult(), HResult(code), "{text}");
        assert_eq!(error.path().is_some(), text.contains("/dir/item"), "{text}");
        assert_eq!(error.file().is_some(), text.contains("host/file"), "{text}");
        // Only the source reports the cause.
        assert!(!text.contains("why"));
        if let Some(source) = error.source() {
            assert_eq!(source.to_string(), "why");
        }
    }
    assert_eq!(HResult(0xC0AA_B120).to_string(), "0xC0AAB120");
    let item = Error::ReadItem {
        path: "dir/item".into(),
        source: Box::new(Error::EmptyDisc),
    };
    assert_eq!(item.to_string(), "cannot read `/dir/item` on the disc");
    assert_eq!(item.hresult(), Error::EmptyDisc.hresult());
    assert_eq!(item.path().unwrap().name(), Some("item"));
    let directory = Error::ReadEntries {
        path: "dir".into(),
        source: Box::new(Error::EmptyDisc),
    };
    assert_eq!(
        directory.to_string(),
        "cannot read all entries of `/dir` on the disc"
    );
    assert_eq!(directory.hresult(), Error::EmptyDisc.hresult());
    assert_eq!(directory.path().unwrap().name(), Some("dir"));
}

/// Extraction has its own tests of errors, and the test of the texts covers errors with another inside.
#[test]
fn every_kind_of_error_is_in_the_list() {
    let source = include_str!("../mod.rs");
    let (_, kinds) = source.split_once("pub enum Error {").unwrap();
    let (kinds, _) = kinds.split_once("\n}\n").unwrap();
    let names = kinds.lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        let end = name.find([' ', '(', ',']).filter(|end| *end > 0)?;
        Some(&name[..end]).filter(|name| name.starts_with(char::is_uppercase))
    });
    let listed: Vec<_> = errors()
        .into_iter()
        .map(|(error, ..)| format!("{error:?}"))
        .collect();
    for name in names
        .filter(|name| !name.contains("Extract") && !["ReadItem", "ReadEntries"].contains(name))
    {
        let is_kind = |text: &String| {
            text.strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        assert!(listed.iter().any(is_kind), "{name}");
    }
}

/// A name can have any character, and messages are shown on terminals.
#[test]
fn names_in_messages_do_nothing_to_a_terminal() {
    let unseen =
        |character: char| "\n\u{1B}\u{9B}\u{200B}\u{202E}\u{2066}\u{2028}".contains(character);
    let end = "\n\u{1B}[2J\u{9B}\u{200B}\u{202E}\u{2066}\u{2028}txt";
    let shown = r"\n\u{1b}[2J\u{9b}\u{200b}\u{202e}\u{2066}\u{2028}txt";
    let mut with_names = 0;
    for ((error, _, _), (plain, text, _)) in errors_about(end).into_iter().zip(errors()) {
        let message = error.to_string();
        assert!(!message.contains(unseen), "{message:?}");
        with_names += usize::from(message.contains(shown));
        assert_eq!(message.replace(shown, ""), text);
        assert_eq!(message == plain.to_string(), !message.contains(shown));
    }
    assert!(with_names > 40, "{with_names} of all");
}

/// A program whose users do not call this crate can replace the advice with its own words.
#[test]
fn messages_that_name_a_way_out_end_with_it() {
    for (error, text, _) in errors() {
        let Some(advice) = error.advice() else {
            assert!(!text.contains("; "), "{text}");
            assert!(!text.contains("`set_"), "{text}");
            continue;
        };
        assert!(text.ends_with(&format!("; {advice}")), "{text}");
        // A cause would follow the advice.
        assert!(error.source().is_none(), "{text}");
    }
    let limited = |limit| Error::ImageTooBig { needed: 5, limit };
    assert_eq!(
        limited(0).to_string(),
        "the image needs 5 blocks of 2048 bytes, but may have 0; use a disc that has room left"
    );
    // That limit cannot be raised.
    assert_eq!(
        limited(0x7FFF_FFFF).advice(),
        Some("divide the files among several images")
    );
    let name = |problem| Error::InvalidName {
        path: "dir".into(),
        name: "n".into(),
        problem,
    };
    let volume_name = |problem| Error::InvalidVolumeName {
        name: "n".into(),
        problem,
    };
    // Only problems that strict images alone refuse are lifted by turning strictness off.
    for (error, is_strict) in [
        (name(NameProblem::Character('*')), true),
        (name(NameProblem::Character('/')), false),
        (name(NameProblem::TooLong(127)), true),
        (name(NameProblem::TooLong(255)), false),
        (volume_name(NameProblem::Character('-')), true),
        (volume_name(NameProblem::Character('\n')), false),
        (volume_name(NameProblem::TooManyCharacters(15)), true),
        (volume_name(NameProblem::TooManyCharacters(32)), false),
    ] {
        let advice = error.advice();
        let lifts = |advice: &str| advice.contains("`set_strict_file_system_compliance(false)`");
        assert_eq!(advice.is_some_and(lifts), is_strict, "{error}");
    }
    let directories = Error::TooManyDirectories {
        path: "dir".into(),
        file_system: ISO9660,
        limit: 65_535,
    };
    assert_eq!(
        directories.to_string(),
        "`/dir` is one directory too many: ISO 9660 can number 65535; choose UDF alone with `set_file_systems_to_create`"
    );
}

#[test]
fn errors_pass_through_readers() {
    for (error, text, _) in errors() {
        let passed = io::Error::from(error);
        assert_eq!(passed.downcast::<Error>().unwrap().to_string(), text);
    }
    let missing = Error::ReadSource {
        path: "a".into(),
        origin: Origin::Memory,
        source: io::ErrorKind::NotFound.into(),
    };
    assert_eq!(io::Error::from(missing).kind(), io::ErrorKind::NotFound);
}

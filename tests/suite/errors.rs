//! What errors say: their texts, IMAPI2's codes, and what they are about.

use std::error::Error as _;
use std::io;

use imapi2fs::{
    Change, Error, FileSystems, HResult, ImagePath, InterchangeLevel, InvalidValue, LeftOutReason,
    LinkProblem, MediaType, NameChange, NameProblem, Origin, UdfRevision,
};

use crate::support::{ISO9660, UDF};

/// One error of each kind: its text, IMAPI2's code, and which paths it names.
fn errors() -> Vec<(Error, &'static str, u32)> {
    let path = || ImagePath::from("dir/item");
    let file = || std::path::PathBuf::from("host/file");
    let source = || io::Error::other("why");
    let name = || "name".to_owned();
    vec![
        (
            Error::InvalidParameter(InvalidValue {
                parameter: "p",
                value: "v".into(),
                expected: "e",
            }),
            "p cannot be `v`: expected e",
            0xC0AA_B101,
        ),
        (
            Error::InvalidVolumeName {
                name: name(),
                problem: NameProblem::TooLong(32),
            },
            "volume name `name` is longer than 32",
            0xC0AA_B104,
        ),
        (
            Error::InvalidName {
                path: path(),
                name: "a\n".into(),
                problem: NameProblem::Character('\n'),
            },
            r"name `a\n` in `/dir/item` has the character `\n`",
            0xC0AA_B110,
        ),
        (
            Error::NameNotUnicode { file: file() },
            "name of \"host/file\" is not valid Unicode",
            0xC0AA_B110,
        ),
        (
            Error::RestrictedName { path: path() },
            "name of `/dir/item` has characters outside the restricted set",
            0xC0AA_B111,
        ),
        (
            Error::DuplicateName {
                path: path(),
                existing: "file `ITEM`".into(),
            },
            "`/dir/item` exists already as file `ITEM`",
            0xC0AA_B112,
        ),
        (
            Error::AmbiguousName {
                path: path(),
                matches: 2,
            },
            "`/dir/item` could be any of 2 items whose names differ only by case",
            0xC0AA_B112,
        ),
        (
            Error::ItemNotFound { path: path() },
            "`/dir/item` is not in the image",
            0xC0AA_B118,
        ),
        (
            Error::DirectoryNotFound { path: path() },
            "directory `/dir/item` is not in the image",
            0xC0AA_B11A,
        ),
        (
            Error::NotADirectory { path: path() },
            "`/dir/item` is not a directory",
            0xC0AA_B109,
        ),
        (
            Error::NotAFile { path: path() },
            "`/dir/item` is not a file",
            0xC0AA_B108,
        ),
        (
            Error::DirectoryNotEmpty {
                path: path(),
                items: 3,
            },
            "directory `/dir/item` is not empty: it has 3 items",
            0xC0AA_B10A,
        ),
        (
            Error::FileSystemNotEmpty { setting: "this" },
            "this can only be changed while the image is empty",
            0xC0AA_B106,
        ),
        (
            Error::ImageSizeLimit {
                path: path(),
                needed: 2,
                limit: 1,
            },
            "`/dir/item` does not fit: the image would need at least 2 blocks of 2048 bytes, it may have 1",
            0xC0AA_B120,
        ),
        (
            Error::ImageTooBig {
                needed: 2,
                limit: 1,
            },
            "the image needs 2 blocks of 2048 bytes, it may have 1",
            0xC0AA_B121,
        ),
        (
            Error::FileTooBig {
                path: path(),
                size: 2,
                limit: 1,
                file_system: ISO9660,
            },
            "`/dir/item` has 2 bytes, more than the 1 that ISO 9660 can hold at this interchange level",
            0xC0AA_B132,
        ),
        (
            Error::TooManyDirectories {
                path: path(),
                file_system: UDF,
                limit: 1,
            },
            "`/dir/item` is one directory too many: UDF can number 1",
            0xC0AA_B130,
        ),
        (
            Error::TooDeep {
                path: path(),
                level: 9,
                limit: 8,
            },
            "directory `/dir/item` is at level 9, ISO 9660 allows 8 at this interchange level",
            0xC0AA_B131,
        ),
        (
            Error::PathTooLong {
                path: path(),
                length: 256,
                limit: 255,
            },
            "the path of `/dir/item` has 256 characters in ISO 9660, which allows 255",
            0xC0AA_B110,
        ),
        (
            Error::NoUniqueName {
                path: path(),
                file_system: ISO9660,
            },
            "no unique name for `/dir/item` in ISO 9660",
            0xC0AA_B113,
        ),
        (
            Error::InvalidDate {
                path: path(),
                earlier: "this",
                later: "that",
            },
            "this of `/dir/item` is earlier than that",
            0xC0AA_B105,
        ),
        (
            Error::ReadDirectory {
                directory: file(),
                source: source(),
            },
            "cannot read directory host/file",
            0xC0AA_B12B,
        ),
        (
            Error::OpenSource {
                path: path(),
                file: file(),
                source: source(),
            },
            "cannot open host/file for `/dir/item`",
            0xC0AA_B12A,
        ),
        (
            Error::ReadSource {
                path: path(),
                origin: Origin::File(file()),
                source: source(),
            },
            "cannot read `/dir/item` from host/file",
            0xC0AA_B129,
        ),
        (
            Error::SourceChanged {
                path: path(),
                origin: Origin::File(file()),
                change: Change::Length {
                    expected: 1,
                    found: 2,
                },
            },
            "host/file of `/dir/item` changed after it was added: it had 1 bytes and has 2",
            0xC0AA_B128,
        ),
        (
            Error::UnresolvableLink {
                link: file(),
                problem: LinkProblem::Dangles,
            },
            "cannot follow link host/file: it leads nowhere",
            0xC0AA_B12A,
        ),
        (
            Error::LinkNotAllowed { link: file() },
            "host/file is a link",
            0xC0AA_B12A,
        ),
        (
            Error::SpecialFile { file: file() },
            "host/file is neither a file nor a directory",
            0xC0AA_B12A,
        ),
        (
            Error::InvalidWorkingDirectory {
                directory: file(),
                source: source(),
            },
            "working directory host/file cannot be used",
            0xC0AA_B140,
        ),
        (
            Error::WorkingDirectorySpace {
                directory: file(),
                available: 1,
                needed: 2,
            },
            "working directory host/file has 1 bytes free, 2 are needed",
            0xC0AA_B141,
        ),
        (
            Error::MoveStaged {
                directory: file(),
                source: source(),
            },
            "cannot move staged files to host/file",
            0xC0AA_B142,
        ),
        (
            Error::OpenStage {
                directory: file(),
                source: source(),
            },
            "cannot create a temporary file in host/file",
            0xC0AA_B138,
        ),
        (
            Error::WriteStage {
                path: path(),
                directory: file(),
                source: source(),
            },
            "cannot stage `/dir/item` in host/file",
            0xC0AA_B13A,
        ),
        (
            Error::Write { source: source() },
            "cannot write the image",
            0x8000_4005,
        ),
        (Error::Cancelled, "cancelled by the caller", 0xC0AA_0002),
        (
            Error::ImportSeek { block: 1 },
            "cannot seek to block 1 of the disc: no session is recorded",
            0xC0AA_B156,
        ),
        (
            Error::DiscMismatch {
                imported: "one".into(),
                found: "two".into(),
            },
            "the disc is two and no longer one, which was imported",
            0xC0AA_B158,
        ),
        (
            Error::EmptyDisc,
            "nothing is recorded on the disc",
            0xC0AA_B150,
        ),
        (
            Error::NoSupportedFileSystem,
            "the disc has none of the file systems ISO 9660, Joliet and UDF",
            0xC0AA_B151,
        ),
        (
            Error::RawSectors { len: 2352 },
            "the disc is given as raw sectors of 2352 bytes; the 2048 bytes of data in each are needed",
            0xC0AA_B151,
        ),
        (
            Error::FileSystemNotFound { file_system: UDF },
            "the disc does not have UDF",
            0xC0AA_B152,
        ),
        (
            Error::Corrupt {
                file_system: ISO9660,
                block: 16,
                what: "this",
            },
            "ISO 9660 at block 16: this",
            0xC0AA_B153,
        ),
        (
            Error::UnsupportedFeature {
                file_system: ISO9660,
                block: 16,
                feature: "this",
            },
            "ISO 9660 at block 16 has this, which is not supported",
            0xC0AA_B154,
        ),
        (
            Error::ReadDisc {
                block: 7,
                source: source(),
            },
            "cannot read block 7 of the disc",
            0xC0AA_B157,
        ),
        (
            Error::ImportMemory {
                needed: 2,
                limit: 1,
            },
            "reading the disc takes at least 2 bytes of memory, 1 are allowed",
            0x8007_000E,
        ),
    ]
}

#[test]
fn errors_have_a_text_a_code_and_name_what_they_are_about() {
    for (error, text, code) in errors() {
        assert_eq!(error.to_string(), text);
        assert_eq!(error.hresult(), HResult(code), "{text}");
        assert_eq!(error.path().is_some(), text.contains("/dir/item"), "{text}");
        assert_eq!(error.file().is_some(), text.contains("host/file"), "{text}");
        // The cause is told by the source alone.
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

#[test]
fn what_is_wrong_is_said_in_words() {
    for (text, expected) in [
        (NameProblem::Empty.to_string(), "is empty"),
        (
            NameProblem::Dots.to_string(),
            "stands for a directory itself or for its parent",
        ),
        (
            Change::Modified.to_string(),
            "its modification time is another",
        ),
        (Change::Kind.to_string(), "it is no longer a file"),
        (
            LinkProblem::LeavesTree.to_string(),
            "leads out of the tree that is added",
        ),
        (
            LinkProblem::PathTooLong.to_string(),
            "has or leads to a path that is longer than the system follows",
        ),
        (
            LinkProblem::LeadsToAncestor.to_string(),
            "leads to a directory it lies in",
        ),
        (
            LinkProblem::LeftOut.to_string(),
            "leads to something that is left out",
        ),
        (LeftOutReason::Link.to_string(), "is a link"),
        (
            LeftOutReason::Unresolvable(LinkProblem::Dangles).to_string(),
            "is a link that leads nowhere",
        ),
        (
            LeftOutReason::Special.to_string(),
            "is neither a file nor a directory",
        ),
        (LeftOutReason::Excluded.to_string(), "is excluded"),
        (
            LeftOutReason::WorkingDirectory.to_string(),
            "is the working directory",
        ),
        (FileSystems::all().to_string(), "ISO 9660, Joliet, UDF"),
        (FileSystems::empty().to_string(), "none"),
        (
            NameChange::all().to_string(),
            "case, characters, length, collision",
        ),
        (Origin::Staged.to_string(), "the working directory"),
        (Origin::Reader.to_string(), "the reader"),
        (InterchangeLevel::Three.to_string(), "3"),
        (UdfRevision::V1_02.to_string(), "1.02"),
        (MediaType::DvdPlusR.to_string(), "dvd+r"),
    ] {
        assert_eq!(text, expected);
    }
}

//! The shape of the interface: what types can do, what errors say.

use std::fmt::Debug;
use std::io;
use std::time::{Duration, SystemTime};

use imapi2fs::chrono::{DateTime, Utc};
use imapi2fs::{
    Change, DirectoryMut, Error, ExistingItems, ExtractLeftOut, ExtractOptions, ExtractProgress,
    ExtractReason, ExtractReport, FileDisc, FileSystemImage, FileSystems, Finding, HResult,
    ImagePath, ImageStream, ImportOptions, InterchangeLevel, InvalidValue, Item, ItemData,
    ItemKind, ItemMut, LeftOut, LeftOutReason, Limitation, LinkPolicy, LinkProblem, MediaType,
    NameChange, NameProblem, NewDirectory, NewFile, NewItem, Origin, PlatformStaging, ProgressItem,
    ProgressItems, ReaderDisc, RecordedData, RecordedDisc, RecordedExtent, RecordedItem,
    RecordedItems, RecordedKind, RecordedSession, RecordedVolume, RecordedWalk, Report,
    ResultImage, Snapshot, Source, Timestamp, TreeOptions, TreeSummary, UdfRevision, WriteProgress,
};

use crate::support::{at, image};

#[test]
fn types_can_be_sent_and_shown() {
    fn shown<T: Debug>() {}
    fn sent<T: Debug + Send + 'static>() {}
    fn shared<T: Debug + Send + Sync>() {}

    shared::<FileSystemImage>();
    shared::<DirectoryMut<'_>>();
    shared::<Item<'_>>();
    shared::<ItemMut<'_>>();
    shared::<Snapshot>();
    shared::<ResultImage>();
    shared::<ImageStream>();
    shared::<ProgressItems<'_>>();
    shared::<ProgressItem>();
    shared::<WriteProgress<'_>>();
    shared::<Report>();
    shared::<Finding>();
    shared::<Limitation>();
    shared::<Error>();
    shared::<HResult>();
    shared::<InvalidValue>();
    shared::<ImagePath>();
    shared::<Timestamp>();
    shared::<TreeOptions>();
    shared::<TreeSummary>();
    shared::<LeftOut>();
    shared::<PlatformStaging>();
    shared::<(FileSystems, InterchangeLevel, UdfRevision, MediaType)>();
    shared::<(
        LinkPolicy,
        LinkProblem,
        LeftOutReason,
        NameChange,
        NameProblem,
    )>();
    shared::<(ItemKind, Origin, Change)>();
    shared::<(FileDisc, ReaderDisc<io::Cursor<Vec<u8>>>)>();
    shared::<(ImportOptions, RecordedDisc, RecordedSession)>();
    shared::<(RecordedVolume, RecordedItem, RecordedExtent)>();
    shared::<RecordedKind<'_>>();
    shared::<(ExtractOptions, ExistingItems, ExtractProgress<'_>)>();
    shared::<(ExtractReport, ExtractLeftOut, ExtractReason)>();
    sent::<RecordedData>();
    shown::<(RecordedWalk<'_>, RecordedItems<'_>)>();
    sent::<(Source, NewItem, NewDirectory, NewFile)>();
    shown::<ItemData<'_>>();
}

#[test]
fn what_is_shown_says_something() {
    let mut image = image();
    image.root_mut().add_file("dir", b"data").unwrap();
    let result = image.create_result_image().unwrap();
    for (text, part) in [
        (format!("{image:?}"), "files: 1"),
        (format!("{:?}", image.item("dir").unwrap()), "dir"),
        (format!("{result:?}"), "total_blocks"),
        (format!("{:?}", result.image_stream()), "position: 0"),
        (format!("{:?}", Source::path("x")), "Path(\"x\")"),
        (format!("{:?}", Source::from(*b"12")), "Bytes(2 bytes)"),
        (format!("{:?}", Source::reader(io::empty())), "Reader"),
        (format!("{:?}", Source::seekable(io::empty())), "Seekable"),
        (format!("{:?}", image.root_mut()), "DirectoryMut"),
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn settings_convert_from_imapi2_s_numbers_and_from_text() {
    for level in 1..=3 {
        let parsed: InterchangeLevel = level.to_string().parse().unwrap();
        assert_eq!(
            (u32::from(parsed), parsed),
            (level, level.try_into().unwrap())
        );
    }
    for text in ["0", "4", "", "x"] {
        assert!(text.parse::<InterchangeLevel>().is_err());
    }
    assert_eq!(
        UdfRevision::try_from(0x102).unwrap(),
        "1.02".parse().unwrap()
    );
    assert!(UdfRevision::try_from(0x251).is_err());
    assert!("2.5".parse::<UdfRevision>().is_err());
    for media in MediaType::WRITABLE {
        assert_eq!(media.to_string().parse::<MediaType>().unwrap(), *media);
    }
    assert!("cd-rom".parse::<MediaType>().is_err());
}

#[test]
fn times_come_from_what_programs_have() {
    let time = at("2024-01-05T07:08:59.1234567+01:00");
    assert_eq!(time.unix_seconds(), 1_704_434_939);
    assert_eq!(time.subsecond_nanos(), 123_456_700);
    assert_eq!(time.zone_minutes(), 60);
    assert_eq!(time.to_string(), "2024-01-05T07:08:59.123456700+01:00");
    let system = SystemTime::UNIX_EPOCH + Duration::new(1_704_434_939, 123_456_799);
    assert_eq!(Timestamp::from(system), time);
    let utc = DateTime::<Utc>::from_timestamp(1_704_434_939, 0).unwrap();
    assert_eq!(Timestamp::from(utc), Timestamp::from_unix(1_704_434_939));
    assert!(Timestamp::from_unix(-1) < Timestamp::default());
}

#[test]
fn paths_are_names_from_the_root_down() {
    let path = ImagePath::from(r"\a//b\c/");
    assert_eq!(path.to_string(), "/a/b/c");
    assert_eq!(path.components().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(path.name(), Some("c"));
    assert_eq!(path.parent(), Some(ImagePath::from("a/b")));
    assert_eq!(path.parent().unwrap().join("c"), path);
    assert_eq!(ImagePath::from(String::from("a/b/c")), path);
    assert!(ImagePath::from("/").is_root() && ImagePath::root().is_root());
    assert_eq!(ImagePath::root().parent(), None);
    assert_eq!(ImagePath::root().to_string(), "/");
    assert_ne!(ImagePath::from_components(["a/b"]), ImagePath::from("a/b"));
}

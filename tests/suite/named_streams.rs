//! Named streams of files.

use std::io::Cursor;

use imapi2fs::{
    Error, FeatureSupport, FileSystemImage, FileSystems, ItemKind, Limitation, MediaType,
    NameProblem, ReaderDisc, RecordedDisc, Source, UdfRevision,
};

use crate::support::bytes::{all, crc, le16, le32};
use crate::support::readers::Numbered;
use crate::support::{Disc, ISO9660, UDF, add_files, at, check, image, state};

const NOT_SUPPORTED: FeatureSupport = FeatureSupport::NotSupported {
    minimum: UdfRevision::V2_00,
};

const STREAMS: [(&str, &str, usize); 4] = [
    ("a", "Zone.Identifier", 25),
    ("a", "large", 10_000),
    ("a", "empty", 0),
    ("d/b", "of an empty file", 3000),
];

fn with_streams(revision: UdfRevision) -> FileSystemImage {
    let mut image = image();
    image.set_udf_revision(revision).unwrap();
    add_files(
        &mut image,
        &[("a", b"main"), ("d/b", b""), ("d/c", b"none")],
    );
    for (path, name, len) in STREAMS {
        let mut item = image.item_mut(path).unwrap();
        item.add_stream(name, vec![len as u8; len]).unwrap();
    }
    image
}

#[test]
fn streams_are_recorded_from_2_00_on() {
    for revision in UdfRevision::ALL {
        for file_systems in [FileSystems::all(), UDF] {
            for redundant in [true, false] {
                let mut image = with_streams(*revision);
                image.set_file_systems_to_create(file_systems).unwrap();
                image.set_create_redundant_udf_metadata_files(redundant);
                let entries = check(&image).udf().entries;
                let streams = entries["/a"].icb().streams.len();
                let has = *revision >= UdfRevision::V2_00;
                assert_eq!(streams, if has { 3 } else { 0 });
                assert_eq!(entries["/d/c"].icb().streams.len(), 0);
            }
        }
    }
}

/// Where blocks begin that hold an intact descriptor of this kind.
fn tagged(bytes: &[u8], identifier: u16) -> Vec<usize> {
    let starts = (0..bytes.len()).step_by(2048);
    starts
        .filter(|at| le16(bytes, *at) == identifier)
        .filter(|at| usize::from(le16(bytes, *at + 10)) <= 2032)
        .filter(|at| {
            let len = usize::from(le16(bytes, *at + 10));
            le16(bytes, *at + 8) == crc(&bytes[*at + 16..*at + 16 + len])
        })
        .collect()
}

/// Makes a changed descriptor's CRC and checksum right again.
fn sealed(descriptor: &mut [u8]) {
    let len = usize::from(le16(descriptor, 10));
    let sum = crc(&descriptor[16..16 + len]);
    descriptor[8..10].copy_from_slice(&sum.to_le_bytes());
    let (before, after) = (&descriptor[..4], &descriptor[5..16]);
    let sum = before.iter().chain(after);
    descriptor[4] = sum.fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
}

/// The entries of stream directories, and the parents' identifiers that they begin with.
fn stream_directories(bytes: &[u8]) -> (Vec<usize>, Vec<usize>) {
    let entries = tagged(bytes, 266).into_iter();
    let directories: Vec<_> = entries.filter(|at| bytes[at + 27] == 13).collect();
    let owners = tagged(bytes, 266).into_iter().filter(|at| {
        let is_file = bytes[at + 27] == 5;
        is_file && le32(bytes, at + 152) != 0
    });
    let owners: Vec<_> = owners.map(|at| le32(bytes, at + 12)).collect();
    let parents = tagged(bytes, 257).into_iter();
    let parents = parents.filter(|at| bytes[at + 18] & 8 != 0);
    let parents = parents.filter(|at| owners.contains(&le32(bytes, at + 24)));
    (directories, parents.collect())
}

#[test]
fn stream_directories_are_linked_by_nothing_and_lead_back_to_a_file() {
    for revision in [UdfRevision::V2_00, UdfRevision::V2_01, UdfRevision::V2_60] {
        let mut image = with_streams(revision);
        image.set_create_redundant_udf_metadata_files(false);
        let (directories, parents) = {
            let bytes = Disc::new(&image).whole();
            let (directories, parents) = stream_directories(&bytes);
            let links = directories.iter().map(|at| le16(&bytes, at + 48));
            let characteristics = parents.iter().map(|at| bytes[at + 18]);
            (
                links.collect::<Vec<_>>(),
                characteristics.collect::<Vec<_>>(),
            )
        };
        assert_eq!(directories, [0, 0], "link counts, UDF {revision}");
        assert_eq!(parents, [8, 8], "characteristics, UDF {revision}");
    }
}

/// Earlier images say that one identifier leads to such a directory, and that the file is one.
#[test]
fn streams_are_read_in_either_form() {
    let mut image = with_streams(UdfRevision::V2_01);
    image.set_file_systems_to_create(UDF).unwrap();
    let mut bytes = Disc::new(&image).whole();
    let read = |bytes: &[u8]| {
        let disc = RecordedDisc::open(ReaderDisc::new(Cursor::new(bytes.to_vec())).unwrap());
        let disc = disc.unwrap();
        let volume = disc.volume(UDF).unwrap();
        let items: Vec<_> = volume.walk().map(Result::unwrap).collect();
        let mut lines = Vec::new();
        for item in items {
            for stream in item.streams() {
                lines.push(format!("{} {}", stream.path(), stream.len()));
            }
        }
        assert_eq!(volume.findings(), []);
        lines
    };
    let expected = [
        "/a/Zone.Identifier 25",
        "/a/empty 0",
        "/a/large 10000",
        "/d/b/of an empty file 3000",
    ];
    assert_eq!(read(&bytes), expected);
    let (directories, parents) = stream_directories(&bytes);
    for at in directories {
        bytes[at + 48] = 1;
        sealed(&mut bytes[at..]);
    }
    for at in parents {
        bytes[at + 18] = 0x0A;
        sealed(&mut bytes[at..]);
    }
    assert_eq!(read(&bytes), expected);
}

#[test]
fn streams_are_items_of_their_file() {
    let image = with_streams(UdfRevision::V2_01);
    let file = image.item("a").unwrap();
    let names: Vec<_> = file.named_streams().map(|stream| stream.name()).collect();
    assert_eq!(names, ["Zone.Identifier", "empty", "large"]);
    assert_eq!(file.named_streams().len(), 3);
    // By their places.
    let mut streams = file.named_streams();
    assert_eq!(streams.nth(1).unwrap().name(), "empty");
    assert_eq!(streams.clone().next().unwrap().name(), "large");
    assert_eq!(streams.len(), 1);
    assert!(file.named_streams().nth(3).is_none());
    let stream = file.named_stream("large").unwrap();
    assert!(stream.is_named_stream() && !file.is_named_stream());
    assert_eq!(stream.kind(), ItemKind::File);
    assert_eq!(stream.full_path().to_string(), "/a:large");
    let recorded = stream.file_system_path(UDF).unwrap();
    assert_eq!(recorded.to_string(), "/a:large");
    assert_eq!(stream.data_size(), 10_000);
    assert_eq!(all(stream.data().unwrap()), vec![16; 10_000]);
    assert_eq!(stream.last_modified_time(), image.time());
    // Streams are not counted as files, nor found by paths, nor have streams.
    assert_eq!((image.file_count(), image.directory_count()), (3, 1));
    assert_eq!(image.exists("a:large").unwrap(), None);
    assert_eq!(stream.named_streams().len(), 0);
    assert_eq!(image.root().named_streams().len(), 0);
    let error = file.named_stream("Large").unwrap_err();
    assert!(matches!(error, Error::ItemNotFound { .. }));
    assert!(error.to_string().contains("a:Large"), "{error}");
}

#[test]
fn adding_and_removing_tell_whether_it_has_an_effect() {
    let mut image = image();
    add_files(&mut image, &[("a", b"")]);
    for revision in UdfRevision::ALL {
        image.set_udf_revision(*revision).unwrap();
        let expected = if *revision >= UdfRevision::V2_00 {
            FeatureSupport::Supported
        } else {
            NOT_SUPPORTED
        };
        let mut item = image.item_mut("a").unwrap();
        assert_eq!(item.add_stream("s", b"1").unwrap(), expected);
        assert_eq!(item.remove_stream("s").unwrap(), expected);
    }
    image.set_file_systems_to_create(ISO9660).unwrap();
    let mut item = image.item_mut("a").unwrap();
    assert_eq!(item.add_stream("s", b"1").unwrap(), NOT_SUPPORTED);
}

/// Settings tell what they leave out of what has been added; when they are set back, it is there.
#[test]
fn settings_tell_whether_streams_and_real_time_files_are_left_out() {
    let supported = FeatureSupport::Supported;
    let real_time = FeatureSupport::NotSupported {
        minimum: UdfRevision::V2_01,
    };
    let mut image = with_streams(UdfRevision::V2_60);
    let set = |image: &mut FileSystemImage, revision| image.set_udf_revision(revision).unwrap();
    assert_eq!(set(&mut image, UdfRevision::V1_50), NOT_SUPPORTED);
    assert_eq!(set(&mut image, UdfRevision::V2_00), supported);
    let mut item = image.item_mut("a").unwrap();
    assert_eq!(item.set_is_real_time(true).unwrap(), real_time);
    assert_eq!(set(&mut image, UdfRevision::V2_00), real_time);
    assert_eq!(set(&mut image, UdfRevision::V2_01), supported);
    assert_eq!(
        image.set_file_systems_to_create(ISO9660).unwrap(),
        real_time
    );
    let mut item = image.item_mut("a").unwrap();
    assert_eq!(item.set_is_real_time(false).unwrap(), real_time);
    assert_eq!(set(&mut image, UdfRevision::V2_00), NOT_SUPPORTED);
    image.root_mut().remove("a").unwrap();
    let mut item = image.item_mut("d/b").unwrap();
    item.remove_stream("of an empty file").unwrap();
    assert_eq!(set(&mut image, UdfRevision::V1_02), supported);
    let all = image.set_file_systems_to_create(FileSystems::all());
    assert_eq!(all.unwrap(), supported);
}

#[test]
fn streams_that_are_left_out_are_reported() {
    let mut image = with_streams(UdfRevision::V1_02);
    let left_out = |image: &FileSystemImage| -> Vec<_> {
        let findings = image.report().all();
        findings
            .filter(|finding| matches!(finding, Limitation::StreamsLeftOut { .. }))
            .map(|finding| finding.to_string())
            .collect()
    };
    let found = left_out(&image);
    assert_eq!(found.len(), 2);
    assert!(found[0].starts_with("/a in UDF: 3 named stream(s)"));
    assert!(found[1].starts_with("/d/b in UDF: 1 named"), "{found:?}");
    image.set_udf_revision(UdfRevision::V2_00).unwrap();
    assert_eq!(left_out(&image), [""; 0]);
}

#[test]
fn real_time_marks_that_are_left_out_are_reported() {
    let mut image = with_streams(UdfRevision::V2_00);
    let _ = image.item_mut("a").unwrap().set_is_real_time(true).unwrap();
    let found = |image: &FileSystemImage| {
        let mut findings = image.report().all().map(|finding| finding.to_string());
        findings.find(|finding| finding.starts_with("/a in UDF: not marked"))
    };
    assert!(found(&image).unwrap().contains("2.01"));
    image.set_udf_revision(UdfRevision::V2_01).unwrap();
    assert_eq!(found(&image), None);
    let support = image.choose_image_defaults_for_media_type(MediaType::CdR);
    assert!(matches!(support, Ok(FeatureSupport::NotSupported { .. })));
}

/// ISO 9660 and Joliet do not have them.
#[test]
fn streams_have_a_name_in_udf_only() {
    let image = with_streams(UdfRevision::V2_00);
    let stream = image.item("a").unwrap().named_stream("large").unwrap();
    assert_eq!(stream.file_system_name(UDF).unwrap(), "large");
    let error = stream.file_system_name(ISO9660).unwrap_err();
    assert!(matches!(error, Error::PropertyNotAccessible { .. }));
}

#[test]
fn the_data_of_streams_counts() {
    let mut image = with_streams(UdfRevision::V2_00);
    let blocks = image.used_blocks().unwrap();
    let mut without = with_streams(UdfRevision::V2_00);
    for (path, name, _) in STREAMS {
        without.item_mut(path).unwrap().remove_stream(name).unwrap();
    }
    check(&without);
    // Two stream directories of two blocks each, an ICB for each stream, and the data of three.
    let more = 2 * 2 + 4 + (1 + 5 + 2);
    assert_eq!(without.used_blocks().unwrap() + more, blocks);
    // They do not in images that do not have them.
    image.set_udf_revision(UdfRevision::V1_02).unwrap();
    without.set_udf_revision(UdfRevision::V1_02).unwrap();
    assert_eq!(image.used_blocks().unwrap(), without.used_blocks().unwrap());
    image.set_udf_revision(UdfRevision::V2_00).unwrap();
    image.set_free_media_blocks(blocks).unwrap();
    let before = state(&image);
    let mut item = image.item_mut("a").unwrap();
    let error = item.add_stream("more", vec![0; 1 << 20]).unwrap_err();
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    assert!(error.to_string().contains("a:more"), "{error}");
    assert_eq!(state(&image), before);
}

#[test]
fn small_streams_are_embedded_like_small_files() {
    for revision in [UdfRevision::V2_00, UdfRevision::V2_60] {
        let mut image = with_streams(revision);
        image.set_file_systems_to_create(UDF).unwrap();
        image.set_embed_small_files(true);
        let entries = check(&image).udf().entries;
        let streams = &entries["/a"].icb().streams;
        let embedded = |name: &str| streams[name].icb().embedded.is_some();
        assert!(embedded("Zone.Identifier"));
        assert!(!embedded("large") && !embedded("empty"));
    }
}

/// Of any size: with a chain of allocation extents.
#[test]
fn streams_may_be_as_long_as_files() {
    const EXTENT: u64 = (1 << 30) - 2048;
    for (revision, extents) in [(UdfRevision::V2_00, 300), (UdfRevision::V2_50, 120)] {
        let mut image = image();
        image.set_free_media_blocks(0).unwrap();
        image.set_file_systems_to_create(UDF).unwrap();
        image.set_udf_revision(revision).unwrap();
        add_files(&mut image, &[("a", b"")]);
        let long = Numbered::new(extents * EXTENT - 1);
        let mut item = image.item_mut("a").unwrap();
        item.add_stream("long", Source::seekable(long)).unwrap();
        item.add_stream("short", b"12").unwrap();
        let entries = check(&image).udf().entries;
        let stream = &entries["/a"].icb().streams["long"];
        assert_eq!(stream.extents.len() as u64, extents);
        assert!(!stream.icb().chain.is_empty());
    }
}

#[test]
fn names_of_streams_are_checked() {
    let mut image = with_streams(UdfRevision::V2_00);
    let before = state(&image);
    let mut item = image.item_mut("a").unwrap();
    for (name, problem) in [
        ("", NameProblem::Empty),
        (".", NameProblem::Dots),
        ("a/b", NameProblem::Character('/')),
        ("*UDF NT ACL", NameProblem::Reserved),
    ] {
        match item.add_stream(name, b"") {
            Err(Error::InvalidName { problem: found, .. }) => assert_eq!(found, problem),
            other => panic!("{name:?}: {other:?}"),
        }
    }
    let error = item.add_stream("large", b"new").unwrap_err();
    assert!(matches!(error, Error::DuplicateName { .. }));
    let text = "cannot add `/a:large`: stream `large` is already there";
    assert_eq!(error.to_string(), text);
    // Only case differs.
    item.add_stream("LARGE", b"new").unwrap();
    item.remove_stream("LARGE").unwrap();
    assert_eq!(state(&image), before);
}

#[test]
fn long_names_of_streams_are_cut_and_reported() {
    let mut image = with_streams(UdfRevision::V2_50);
    let mut item = image.item_mut("a").unwrap();
    for last in ["1", "2"] {
        let name = "x".repeat(254) + last;
        item.add_stream(name, last.as_bytes()).unwrap();
    }
    let entries = check(&image).udf().entries;
    assert_eq!(entries["/a"].icb().streams.len(), 5);
    let changed = image.report().all().filter(|finding| {
        matches!(finding, Limitation::NameChanged { file_system, .. } if *file_system == UDF)
    });
    assert_eq!(changed.count(), 2);
}

#[test]
fn only_files_have_streams() {
    let mut image = with_streams(UdfRevision::V2_50);
    let mut directory = image.item_mut("d").unwrap();
    let error = directory.add_stream("s", b"").unwrap_err();
    assert!(matches!(error, Error::NotAFile { .. }));
    let error = directory.remove_stream("s").unwrap_err();
    assert!(matches!(error, Error::NotAFile { .. }));
    let mut file = image.item_mut("a").unwrap();
    let mut stream = file.named_stream_mut("large").unwrap();
    for result in [
        stream.add_stream("s", b""),
        stream.remove_stream("s"),
        stream.set_is_real_time(true),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::PropertyNotAccessible { .. }));
        assert_eq!(error.hresult().0, 0xC0AA_B160);
        assert!(error.to_string().contains("a:large"), "{error}");
    }
    // But times and a hidden attribute of their own.
    stream.set_is_hidden(true);
    let time = at("2001-02-03T04:05:06Z");
    stream.set_last_modified_time(time).unwrap();
    check(&image);
}

/// IMAPI2 loses what is beyond.
#[test]
fn an_image_has_at_most_1000_streams() {
    let mut image = image();
    image.set_udf_revision(UdfRevision::V2_00).unwrap();
    add_files(&mut image, &[("a", b""), ("b", b"")]);
    for number in 0..1000 {
        let path = if number % 2 == 0 { "a" } else { "b" };
        let mut item = image.item_mut(path).unwrap();
        item.add_stream(format!("{number}"), b"").unwrap();
    }
    let before = state(&image);
    let mut item = image.item_mut("b").unwrap();
    let error = item.add_stream("more", b"").unwrap_err();
    assert!(matches!(error, Error::TooManyStreams { limit: 1000, .. }));
    assert!(error.to_string().contains("b:more"), "{error}");
    assert_eq!(state(&image), before);
    check(&image);
    image.item_mut("a").unwrap().remove_stream("0").unwrap();
    let mut item = image.item_mut("b").unwrap();
    item.add_stream("more", b"").unwrap();
    image.root_mut().remove("a").unwrap();
    let mut item = image.item_mut("b").unwrap();
    item.add_stream("another", b"").unwrap();
    check(&image);
}

#[cfg(target_os = "linux")]
mod from_the_host {
    use imapi2fs::{LeftOutReason, LinkPolicy, TreeOptions};

    use super::*;
    use crate::support::Host;

    /// Nothing if the file system of temporary files holds no extended attributes of users.
    fn host() -> Option<Host> {
        let host = Host::with(&[("d/a", b"main"), ("b", b"other"), ("plain", b"")]);
        let set = |path: &str, name: &str, data: &[u8]| xattr::set(host.path(path), name, data);
        if let Err(error) = set("d/a", "user.one", b"1") {
            // EOPNOTSUPP, whose kind is another one in older versions of Rust.
            assert_eq!(error.raw_os_error(), Some(95), "{error}");
            eprintln!("no extended attributes here");
            return None;
        }
        set("d/a", "user.two.three", &[3; 3000]).unwrap();
        set("b", "user.empty", b"").unwrap();
        Some(host)
    }

    fn streams(image: &FileSystemImage, path: &str) -> Vec<(String, Vec<u8>)> {
        let item = image.item(path).unwrap();
        let streams = item.named_streams();
        streams
            .map(|stream| (stream.name().to_owned(), all(stream.data().unwrap())))
            .collect()
    }

    #[test]
    fn extended_attributes_become_streams() {
        let Some(host) = host() else { return };
        let mut image = image();
        let root = image.root_mut();
        let summary = root.add_tree_with_named_streams(host.root(), false);
        let summary = summary.unwrap();
        assert_eq!((summary.files, summary.streams), (3, 3));
        assert_eq!(summary.stream_support, NOT_SUPPORTED);
        image.set_udf_revision(UdfRevision::V2_50).unwrap();
        check(&image);
        let expected = [
            ("one".into(), b"1".to_vec()),
            ("two.three".into(), vec![3; 3000]),
        ];
        assert_eq!(streams(&image, "d/a"), expected);
        assert_eq!(streams(&image, "b"), [("empty".into(), vec![])]);
        assert_eq!(streams(&image, "plain"), []);
        // Again: the source's replace the image's.
        xattr::remove(host.path("d/a"), "user.one").unwrap();
        let root = image.root_mut();
        let again = root.add_tree_with_named_streams(host.root(), false);
        assert_eq!(again.unwrap().streams, 2);
        assert_eq!(streams(&image, "d/a"), expected[1..]);
        check(&image);
        // Without them: files are replaced as a whole.
        let summary = image.root_mut().add_tree(host.root(), false).unwrap();
        assert_eq!(summary.streams, 0);
        assert_eq!(streams(&image, "d/a"), []);
        check(&image);
    }

    #[test]
    fn all_names_of_a_file_have_its_streams() {
        let Some(host) = host() else { return };
        std::fs::hard_link(host.path("d/a"), host.path("d/z")).unwrap();
        host.link("link", "d/a");
        let mut image = image();
        image.set_udf_revision(UdfRevision::V2_01).unwrap();
        let options = TreeOptions::new()
            .named_streams(true)
            .links(LinkPolicy::Follow);
        let summary = image.root_mut().add_tree_with(host.root(), &options);
        assert_eq!(summary.unwrap().streams, 3 * 2 + 1);
        let entries = check(&image).udf().entries;
        let icbs = ["/d/a", "/d/z", "/link"].map(|path| entries[path].icb().block);
        assert_eq!(icbs, [icbs[0]; 3], "one file");
        // Three names, and the stream directory's parent.
        assert_eq!(entries["/link"].icb().links, 4);
    }

    #[test]
    fn a_failing_call_takes_streams_back() {
        let Some(host) = host() else { return };
        let mut image = image();
        image.set_udf_revision(UdfRevision::V2_00).unwrap();
        let root = image.root_mut();
        root.add_tree_with_named_streams(host.root(), false)
            .unwrap();
        let before = state(&image);
        // The first replaces what is there, the last cannot be followed.
        xattr::set(host.path("b"), "user.new", b"new").unwrap();
        host.link("z", "nowhere");
        let root = image.root_mut();
        let result = root.add_tree_with_named_streams(host.root(), false);
        assert!(matches!(result, Err(Error::UnresolvableLink { .. })));
        assert_eq!(state(&image), before);
        check(&image);
    }

    #[test]
    fn a_stream_too_many_of_the_host_is_an_error() {
        let Some(host) = host() else { return };
        let mut image = image();
        add_files(&mut image, &[("full", b"")]);
        for number in 0..998 {
            let mut item = image.item_mut("full").unwrap();
            item.add_stream(format!("{number}"), b"").unwrap();
        }
        let before = state(&image);
        let root = image.root_mut();
        let result = root.add_tree_with_named_streams(host.root(), false);
        assert!(matches!(result, Err(Error::TooManyStreams { .. })));
        assert_eq!(state(&image), before);
    }

    #[test]
    fn streams_with_names_that_cannot_be_are_left_out_and_reported() {
        use std::os::unix::ffi::OsStrExt;

        let Some(host) = host() else { return };
        let names: [&[u8]; 4] = [b"user.*UDF x", b"user.a/b", b"user...", b"user.\xFF"];
        for name in names {
            let name = std::ffi::OsStr::from_bytes(name);
            xattr::set(host.path("b"), name, b"").unwrap();
        }
        let mut image = image();
        let root = image.root_mut();
        let summary = root.add_tree_with_named_streams(host.root(), false);
        let summary = summary.unwrap();
        assert_eq!(summary.streams, 3);
        assert_eq!(summary.left_out.len(), 4);
        for left_out in summary.left_out {
            assert_eq!(left_out.reason, LeftOutReason::StreamName);
            assert!(left_out.to_string().contains("/b:"), "{left_out}");
        }
    }

    /// All that an ICB says is the same, or there are two.
    #[test]
    fn a_changed_stream_of_one_name_is_not_that_of_the_other() {
        let Some(host) = host() else { return };
        std::fs::hard_link(host.path("d/a"), host.path("d/z")).unwrap();
        let mut image = image();
        image.set_udf_revision(UdfRevision::V2_01).unwrap();
        let root = image.root_mut();
        root.add_tree_with_named_streams(host.root(), false)
            .unwrap();
        let mut item = image.item_mut("d/z").unwrap();
        item.named_stream_mut("one").unwrap().set_is_hidden(true);
        let entries = check(&image).udf().entries;
        assert!(entries["/d/z"].icb().streams["one"].hidden);
        assert!(!entries["/d/a"].icb().streams["one"].hidden);
    }
}

/// No safe library lists the streams of NTFS.
#[cfg(windows)]
#[test]
fn streams_that_cannot_be_listed_are_an_error() {
    let host = crate::support::Host::with(&[("a", b"")]);
    let mut image = image();
    let root = image.root_mut();
    let result = root.add_tree_with_named_streams(host.root(), false);
    assert!(matches!(result, Err(Error::ReadStreams(_))));
    assert_eq!(image.file_count(), 0);
}

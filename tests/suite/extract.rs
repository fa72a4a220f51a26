//! Extracting: what is copied, what is left out, and that nothing is lost or replaced on the way.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, SystemTime};

use imapi2fs::{
    Error, Excess, ExistingItems, ExtractLeftOut, ExtractOptions, ExtractReason, ExtractReport,
    FileSystemImage, FileSystems, NameProblem, ReaderDisc, RecordedDisc, RecordedVolume,
};

use crate::support::bytes::{BLOCK, le32, le64};
use crate::support::host::names_in;
use crate::support::udf::{rewrite_descriptors, seal};
use crate::support::{Host, ISO9660, JOLIET, UDF, add_files, at, image_of};

/// An image's bytes.
pub(crate) fn bytes_of(image: &FileSystemImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .create_result_image()
        .unwrap()
        .write_to(&mut bytes)
        .unwrap();
    bytes
}

/// A file system of an image.
pub(crate) fn volume(bytes: Vec<u8>, file_system: FileSystems) -> RecordedVolume {
    let disc = ReaderDisc::new(Cursor::new(bytes)).unwrap();
    RecordedDisc::open(disc)
        .unwrap()
        .volume(file_system)
        .unwrap()
}

/// A volume with these files.
pub(crate) fn volume_with(files: &[(&str, &[u8])]) -> RecordedVolume {
    let mut image = image_of(UDF | ISO9660);
    add_files(&mut image, files);
    volume(bytes_of(&image), UDF)
}

/// What was left out, and why.
pub(crate) fn left_out(report: &ExtractReport) -> BTreeMap<String, &ExtractReason> {
    assert_eq!(report.left_out.len() as u64, report.left_out_count);
    let items = report.left_out.iter();
    items
        .map(|ExtractLeftOut { path, reason, .. }| (path.to_string(), reason))
        .collect()
}

/// The records of ISO 9660 that have this name, the last of each; a path table has it, too, but no record's length before.
fn records<'b>(bytes: &'b mut [u8], name: &str) -> Vec<&'b mut [u8]> {
    let mut starts = Vec::new();
    for start in 33..bytes.len() - name.len() {
        let is_named = bytes[start..].starts_with(name.as_bytes())
            && usize::from(bytes[start - 1]) == name.len()
            && usize::from(bytes[start - 33]) >= 33 + name.len();
        if is_named {
            starts.push(start - 33);
        }
    }
    assert!(!starts.is_empty(), "{name}");
    let mut records = Vec::new();
    let (mut rest, mut at) = (bytes, 0);
    for start in starts {
        let (_, from) = rest.split_at_mut(start - at);
        let (record, after) = from.split_at_mut(usize::from(from[0]));
        at = start + record.len();
        rest = after;
        records.push(record);
    }
    records
}

fn put_both(field: &mut [u8], number: u32) {
    field[..4].copy_from_slice(&number.to_le_bytes());
    field[4..8].copy_from_slice(&number.to_be_bytes());
}

#[test]
fn all_is_copied_with_its_times() {
    let mut image = image_of(UDF | ISO9660 | JOLIET);
    let large: Vec<u8> = (0..3_000_001).map(|at| (at / 11) as u8).collect();
    add_files(
        &mut image,
        &[
            ("a/b/c/deep", b"deep"),
            ("a/large", &large),
            ("Ünïcode – 漢字", b"name"),
            ("empty", b""),
        ],
    );
    image.root_mut().add_directory("none").unwrap();
    let time = at("2001-09-09T01:46:40Z");
    for path in ["a/b", "a/large"] {
        let mut item = image.item_mut(path).unwrap();
        item.set_last_modified_time(time).unwrap();
    }
    let bytes = bytes_of(&image);
    for file_system in [UDF, JOLIET] {
        let host = Host::new();
        let target = host.path("target");
        let report = volume(bytes.clone(), file_system)
            .extract_to(&target)
            .unwrap();
        assert_eq!((report.files, report.directories), (4, 4));
        assert_eq!(report.bytes, 4 + 3_000_001 + 4);
        assert_eq!(report.left_out_count, 0, "{:?}", report.left_out);
        assert_eq!(names_in(&target), ["a", "empty", "none", "Ünïcode – 漢字"]);
        assert_eq!(fs::read(target.join("a/b/c/deep")).unwrap(), b"deep");
        assert!(fs::read(target.join("a/large")).unwrap() == large);
        assert_eq!(fs::read(target.join("empty")).unwrap(), b"");
        assert_eq!(names_in(&target.join("none")), [""; 0]);
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for path in ["a/b", "a/large"] {
            // Under Wine a directory's times cannot be set.
            if path == "a/large" || cfg!(unix) {
                let found = fs::metadata(target.join(path)).unwrap().modified().unwrap();
                assert_eq!(found, expected, "{path}");
            }
        }
    }
}

#[test]
fn what_is_there_is_never_replaced() {
    let volume = volume_with(&[("file", b"new"), ("d/one", b"new"), ("d/two", b"new")]);
    let host = Host::with(&[("target/file", b"old"), ("target/d/one", b"old")]);
    let target = host.path("target");
    let error = volume.extract_to(&target).unwrap_err();
    assert!(
        matches!(&error, Error::ExtractDirectory(failed) if failed.path == target),
        "{error}"
    );
    assert!(!host.path("target/d/two").exists());

    let options = ExtractOptions::new().existing(ExistingItems::Keep);
    let report = volume
        .extract_with(&target, &options, |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!((report.files, report.directories), (1, 0));
    for (path, expected) in [
        ("target/file", "old"),
        ("target/d/one", "old"),
        ("target/d/two", "new"),
    ] {
        assert_eq!(fs::read_to_string(host.path(path)).unwrap(), expected);
    }
    let left_out = left_out(&report);
    assert_eq!(left_out.len(), 2, "{left_out:?}");
    for path in ["/file", "/d/one"] {
        assert!(matches!(left_out[path], ExtractReason::Exists));
    }

    // A file in the place of a directory, and the reverse.
    let host = Host::with(&[("target/d", b"old"), ("target/file/x", b"old")]);
    let report = volume
        .extract_with(host.path("target"), &options, |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(report.left_out_count, 4, "{:?}", report.left_out);
    assert_eq!(fs::read(host.path("target/d")).unwrap(), b"old");
    assert_eq!(names_in(&host.path("target/file")), ["x"]);

    // A file in the place of the target, and no directory for it.
    for path in ["target/d", "nowhere/target"] {
        let error = volume.extract_to(host.path(path)).unwrap_err();
        assert!(matches!(error, Error::ExtractDirectory(_)), "{error}");
    }
    assert_eq!(names_in(host.root()), ["target"]);
}

#[test]
fn of_two_items_of_one_name_the_first_is_kept() {
    let mut image = image_of(UDF);
    add_files(
        &mut image,
        &[
            ("aaaa", b"first"),
            ("bbbb", b"second"),
            ("d1/x", b"in the first"),
            ("d2/x", b"in the second"),
            ("d2/y", b"in the second"),
        ],
    );
    let bytes = renamed(&bytes_of(&image), "bbbb", "aaaa");
    let bytes = renamed(&bytes, "d2", "d1");
    for existing in [ExistingItems::Refuse, ExistingItems::Keep] {
        let host = Host::new();
        let target = host.path("target");
        let options = ExtractOptions::new().existing(existing);
        let report = volume(bytes.clone(), UDF)
            .extract_with(&target, &options, |_| ControlFlow::Continue(()))
            .unwrap();
        assert_eq!(fs::read(target.join("aaaa")).unwrap(), b"first");
        assert_eq!(fs::read(target.join("d1/x")).unwrap(), b"in the first");
        assert_eq!(names_in(&target.join("d1")), ["x"]);
        let left_out = left_out(&report);
        assert!(matches!(left_out["/aaaa"], ExtractReason::Exists));
        assert!(matches!(left_out["/d1"], ExtractReason::Exists));
        for path in ["/d1/x", "/d1/y"] {
            assert!(matches!(left_out[path], ExtractReason::DirectoryLeftOut));
        }
        assert_eq!(report.left_out_count, 4);
    }
}

/// The names of a UDF volume, which are written in 8 bits, after changes.
fn udf_named(changes: &[(&str, &str)]) -> RecordedVolume {
    let mut image = image_of(UDF | ISO9660);
    for (name, _) in changes {
        add_files(&mut image, &[(&format!("{name}/inner"), b"inner")]);
    }
    let mut bytes = bytes_of(&image);
    for (name, instead) in changes {
        bytes = renamed(&bytes, name, instead);
    }
    volume(bytes, UDF)
}

/// A UDF image in which an identifier has another name, of the same length.
fn renamed(bytes: &[u8], name: &str, instead: &str) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let identifier = [&[8], name.as_bytes()].concat();
    let mut found = 0;
    for at in (0..bytes.len() - 300).step_by(4) {
        // A File Identifier Descriptor (ECMA-167 4/14.4).
        let is_named = bytes[at..at + 2] == [1, 1]
            && usize::from(bytes[at + 19]) == identifier.len()
            && bytes[at + 38..].starts_with(&identifier);
        if is_named {
            bytes[at + 39..][..name.len()].copy_from_slice(instead.as_bytes());
            seal(&mut bytes[at..]);
            found += 1;
        }
    }
    assert_eq!(found, 1, "{name}");
    bytes
}

#[test]
fn names_that_lead_elsewhere_are_left_out() {
    let changes = [
        ("n1", ".."),
        ("n2___", "../up"),
        ("n3_______", "/absolute"),
        ("n4_", "a\0b"),
        ("5", "."),
        ("n6_", "d/e"),
    ];
    let volume = udf_named(&changes);
    let host = Host::new();
    let target = host.path("a/b/target");
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    let report = volume.extract_to(&target).unwrap();
    assert_eq!(names_in(&target), [""; 0]);
    assert_eq!(names_in(&host.path("a/b")), ["target"]);
    assert_eq!(report.left_out_count, 12, "{:?}", report.left_out);
    let problems: Vec<_> = report
        .left_out
        .iter()
        .filter_map(|left_out| match &left_out.reason {
            ExtractReason::Name(problem) => Some(*problem),
            ExtractReason::DirectoryLeftOut => None,
            reason => panic!("{reason}"),
        })
        .collect();
    for problem in [
        NameProblem::Dots,
        NameProblem::Character('/'),
        NameProblem::Character('\0'),
    ] {
        assert!(problems.contains(&problem), "{problems:?}");
    }
    assert_eq!(problems.len(), 6);
}

/// On Windows they would be devices, streams of other files, or files of another name.
#[test]
fn names_that_windows_takes_for_others_are_left_out_there() {
    let names = [
        "con", "NUL.txt", "com1", "a:stream", r"a\b", "dot.", "blank ", "a?", "tab\t",
    ];
    let files: Vec<_> = names.iter().map(|name| (*name, &b"x"[..])).collect();
    let mut image = image_of(UDF | ISO9660);
    for (name, data) in &files {
        let path = imapi2fs::ImagePath::from_components([*name]);
        image.root_mut().add_file(path, *data).unwrap();
    }
    let host = Host::new();
    let target = host.path("target");
    let report = volume(bytes_of(&image), UDF).extract_to(&target).unwrap();
    let there = if cfg!(windows) { 0 } else { names.len() };
    assert_eq!(names_in(&target).len(), there, "{:?}", report.left_out);
    assert_eq!(report.files as usize, there);
    assert_eq!(report.left_out_count as usize, names.len() - there);
}

/// 30 files that say they have 4 GiB each, on a disc of some kB, kept all others from being extracted.
#[test]
fn lengths_past_the_disc_do_not_refuse_the_rest() {
    let mut image = image_of(ISO9660);
    for number in 0..30 {
        add_files(&mut image, &[(&format!("LONG{number:02}.BIN"), b"long")]);
    }
    add_files(
        &mut image,
        &[("D/GOOD.TXT", b"good"), ("ZGOOD.TXT", b"good")],
    );
    let mut bytes = bytes_of(&image);
    for number in 0..30 {
        for record in records(&mut bytes, &format!("LONG{number:02}.BIN;1")) {
            put_both(&mut record[10..], 0xFFFF_F800);
        }
    }
    let disc = bytes.len() as u64;
    let host = Host::new();
    let target = host.path("target");
    let mut total = None;
    let report = volume(bytes, ISO9660)
        .extract_with(&target, &ExtractOptions::new(), |now| {
            total = now.bytes_total.or(total);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(names_in(&target), ["D", "ZGOOD.TXT"]);
    assert_eq!(fs::read(target.join("D/GOOD.TXT")).unwrap(), b"good");
    assert_eq!((report.files, report.bytes, total), (2, 8, Some(8)));
    let left_out = left_out(&report);
    assert_eq!(left_out.len(), 30);
    for (path, reason) in left_out {
        assert!(path.starts_with("/LONG"), "{path}");
        assert!(
            matches!(reason, ExtractReason::PastEnd { end, disc: len } if *end > 4 << 30 && *len == disc),
            "{reason}"
        );
    }
}

/// The last block of a file that was cut short is filled with zeros, and those were taken for data.
#[test]
fn what_is_missing_of_the_last_block_is_not_zeros() {
    let mut image = image_of(ISO9660);
    let data = [7; 3 * BLOCK + 1000];
    add_files(&mut image, &[("A.BIN", b"whole"), ("Z.BIN", &data)]);
    let mut bytes = bytes_of(&image);
    let mut extents = Vec::new();
    for record in records(&mut bytes, "Z.BIN;1") {
        extents.push(le32(record, 2) as usize);
    }
    let end = extents[0] * BLOCK + data.len();
    for (len, is_whole) in [
        (end + 1, true),
        (end, true),
        (end - 1, false),
        (end - 999, false),
        (end - 1000, false),
        (end - 5000, false),
    ] {
        let mut cut = bytes.clone();
        cut.truncate(len);
        let volume = volume(cut, ISO9660);
        let host = Host::new();
        let target = host.path("target");
        let report = volume.extract_to(&target).unwrap();
        assert_eq!(fs::read(target.join("A.BIN")).unwrap(), b"whole");
        let mut read = Vec::new();
        let item = volume.item("Z.BIN").unwrap();
        let result = std::io::Read::read_to_end(&mut item.data().unwrap(), &mut read);
        assert_eq!(result.is_ok(), is_whole, "{len}");
        assert!(data.starts_with(&read), "{len}");
        if is_whole {
            assert_eq!(report.left_out_count, 0);
            assert!(fs::read(target.join("Z.BIN")).unwrap() == data);
        } else {
            assert_eq!(names_in(&target), ["A.BIN"], "{len}");
            assert!(matches!(
                left_out(&report)["/Z.BIN"],
                ExtractReason::PastEnd { .. }
            ));
        }
    }
}

/// A hundred files that share the data of one took a hundred times what the image does.
#[test]
fn files_that_share_their_data_are_bounded_by_the_disc() {
    let mut image = image_of(ISO9660);
    let data = vec![7; 1 << 20];
    for number in 0..100 {
        add_files(&mut image, &[(&format!("F{number:02}.BIN"), b"x")]);
    }
    add_files(&mut image, &[("DATA.BIN", &data)]);
    let mut bytes = bytes_of(&image);
    let block = le32(records(&mut bytes, "DATA.BIN;1")[0], 2);
    for number in 0..100 {
        for record in records(&mut bytes, &format!("F{number:02}.BIN;1")) {
            put_both(&mut record[2..], block);
            put_both(&mut record[10..], 1 << 20);
        }
    }
    let all = 101 << 20;
    let host = Host::new();
    let target = host.path("target");
    let volume = volume(bytes.clone(), ISO9660);
    let error = volume.extract_to(&target).unwrap_err();
    let usual = 16 * bytes.len() as u64;
    assert!(
        matches!(error, Error::ExtractSize(Excess { needed, limit, .. }) if needed == all && limit == usual),
        "{error}"
    );
    assert!(error.to_string().contains("ExtractOptions::max_size"));
    assert!(!target.exists());

    let mut options = ExtractOptions::new().max_size(all - 1);
    let result = volume.extract_with(&target, &options, |_| ControlFlow::Continue(()));
    assert!(matches!(result, Err(Error::ExtractSize(_))));
    assert!(!target.exists());
    options = options.max_size(all);
    let report = volume
        .extract_with(&target, &options, |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!((report.files, report.bytes), (101, all));
    assert!(fs::read(target.join("F42.BIN")).unwrap() == data);
}

/// The error of an extraction that is cancelled when `end` says so of the bytes that are written.
fn interrupted(target: &Path, volume: &RecordedVolume, mut end: impl FnMut(u64) -> bool) -> Error {
    let options = ExtractOptions::new();
    let result = volume.extract_with(target, &options, |now| {
        if end(now.bytes_done) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    result.unwrap_err()
}

#[test]
fn cancelling_leaves_complete_files_only() {
    let large = vec![7; 5 << 20];
    let volume = volume_with(&[("a", b"small"), ("b", &large), ("c", b"small")]);
    let host = Host::new();
    let target = host.path("target");
    let error = interrupted(&target, &volume, |done| done > 2 << 20);
    assert!(matches!(error, Error::Cancelled));
    assert_eq!(names_in(&target), ["a"]);
    assert_eq!(fs::read(target.join("a")).unwrap(), b"small");

    // At once: nothing is made.
    let target = host.path("other");
    interrupted(&target, &volume, |_| true);
    assert!(!target.exists());
}

#[test]
fn a_panic_of_the_caller_leaves_complete_files_only() {
    let large = vec![7; 5 << 20];
    let volume = volume_with(&[("a", b"small"), ("b", &large), ("c", b"small")]);
    let host = Host::new();
    let target = host.path("target");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        interrupted(&target, &volume, |done| {
            assert!(done < 2 << 20, "the caller's own fault");
            false
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(names_in(&target), ["a"]);
}

#[test]
fn progress_says_what_is_done_of_what_there_is() {
    let large = vec![7; 3 << 20];
    let volume = volume_with(&[("d/large", &large), ("small", b"small")]);
    let host = Host::new();
    let mut seen = Vec::new();
    volume
        .extract_with(host.path("target"), &ExtractOptions::new(), |now| {
            assert!(now.left_out.is_none() && now.encoded.is_none());
            let path = now.path.to_string();
            seen.push((path, now.bytes_done, now.bytes_total, now.items_done));
            ControlFlow::Continue(())
        })
        .unwrap();
    let all = (3 << 20) + 5;
    assert_eq!(seen[0], ("/".to_owned(), 0, None, 0));
    assert_eq!(seen[1], ("/d".to_owned(), 0, Some(all), 0));
    assert_eq!(seen[2], ("/d/large".to_owned(), 0, Some(all), 1));
    assert_eq!(seen[3], ("/d/large".to_owned(), 1 << 20, Some(all), 1));
    assert_eq!(*seen.last().unwrap(), ("/".to_owned(), all, Some(all), 3));
    assert!(seen[1..].windows(2).all(|pair| pair[0].1 <= pair[1].1));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_there() {
    let mut image = image_of(UDF | ISO9660);
    add_files(
        &mut image,
        &[
            ("d/inner", b"1"),
            ("d/other", b"2"),
            ("e/inner", b"3"),
            ("file", b"4"),
        ],
    );
    let bytes = bytes_of(&image);
    // The ICB of the file of one byte that is `2`, by its length and its place after those before.
    let mut number = 0;
    let mut damaged = bytes.clone();
    for block in damaged.chunks_exact_mut(BLOCK) {
        if block[..2] == [5, 1] && le64(block, 56) == 1 {
            number += 1;
            if number == 2 {
                // Not so little that it could be read nevertheless.
                block[0] ^= 0xFF;
            }
        }
    }
    assert_eq!(number, 4);
    let host = Host::new();
    let target = host.path("target");
    let report = volume(damaged, UDF).extract_to(&target).unwrap();
    assert_eq!(report.left_out_count, 1);
    assert!(matches!(
        report.left_out[0].reason,
        ExtractReason::Unreadable(_)
    ));
    assert_eq!(report.files, 3);
    assert_eq!(fs::read(target.join("file")).unwrap(), b"4");
    let shown = report.left_out[0].to_string();
    assert!(shown.contains("UDF at block"), "{shown}");

    // An extent of which less is recorded than the length says.
    let bytes = rewrite_descriptors(&bytes, 261, |entry| {
        if le64(entry, 56) == 1 {
            entry[56..64].copy_from_slice(&5_000_u64.to_le_bytes());
        }
    });
    let report = volume(bytes, UDF).extract_to(host.path("another")).unwrap();
    assert_eq!(report.left_out_count, 4, "{:?}", report.left_out);
    assert_eq!(names_in(&host.path("another")), ["d", "e"]);
}

#[test]
fn named_streams_are_named() {
    let mut image = image_of(UDF | ISO9660);
    image
        .set_udf_revision(imapi2fs::UdfRevision::V2_01)
        .unwrap();
    add_files(&mut image, &[("file", b"data")]);
    let mut item = image.item_mut("file").unwrap();
    item.add_stream("author", b"me".to_vec()).unwrap();
    let host = Host::new();
    let report = volume(bytes_of(&image), UDF)
        .extract_to(host.path("target"))
        .unwrap();
    assert_eq!(report.files, 1);
    let shown: Vec<_> = report.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["/file/author: it is a named stream"]);
}

//! Continuing discs: importing what they have, and adding sessions.

use std::io::Cursor;
use std::sync::Arc;

use imapi2fs::{
    FileSystemImage, FileSystems, ImportOptions, InterchangeLevel, MemoryDisc,
    MultisessionInterface, RandomWriteImage, ReaderDisc, RecordedDisc, ResultImage,
    SequentialImage, Source, UdfRevision,
};

use crate::support::bytes::all;
#[cfg(unix)]
use crate::support::{Disc, Host, check_disc};
use crate::support::{add_files, image_at, image_of, masks, state};

pub(crate) type Bytes = Vec<u8>;

pub(crate) fn disc(bytes: &[u8]) -> ReaderDisc<Cursor<Bytes>> {
    ReaderDisc::new(Cursor::new(bytes.to_vec())).unwrap()
}

pub(crate) fn sequential(bytes: &[u8]) -> MultisessionInterface {
    MultisessionInterface::sequential(SequentialImage::open(disc(bytes)).unwrap())
}

pub(crate) fn random_write(bytes: &[u8]) -> MultisessionInterface {
    MultisessionInterface::random_write(RandomWriteImage::new(disc(bytes)))
}

fn first(file_systems: FileSystems, revision: UdfRevision) -> FileSystemImage {
    let mut image = image_at(file_systems, InterchangeLevel::Three);
    image.set_udf_revision(revision).unwrap();
    image.set_volume_name("FIRST").unwrap();
    add_files(
        &mut image,
        &[
            ("KEPT.TXT", b"kept"),
            ("D/LARGE.BIN", &[7; 70_000]),
            ("D/GONE.TXT", b"gone"),
            ("D/CHANGED.TXT", b"old"),
            ("EMPTY", b""),
        ],
    );
    image
}

/// An image that continues `old`, with some changes.
fn continued(old: &[u8], interface: MultisessionInterface) -> FileSystemImage {
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    image.set_volume_name("SECOND").unwrap();
    image.set_multisession_interfaces(vec![interface]).unwrap();
    let summary = image.import_file_system().unwrap();
    assert_eq!((summary.files, summary.directories), (5, 1));
    assert_eq!(summary.left_out, []);
    assert_eq!(image.imported_volume_name(), Some("FIRST"));
    assert_eq!(
        all(image.item("KEPT.TXT").unwrap().data().unwrap()),
        b"kept"
    );
    image.root_mut().remove("D/GONE.TXT").unwrap();
    image.root_mut().remove("D/CHANGED.TXT").unwrap();
    add_files(
        &mut image,
        &[
            ("D/CHANGED.TXT", b"new and longer"),
            ("NEW/ONE.BIN", &[9; 5000]),
        ],
    );
    assert!(old.len() as u64 / 2048 <= u64::from(image.session_start_block()));
    image
}

/// The disc after an image was added to it.
#[track_caller]
pub(crate) fn written(old: &[u8], result: &ResultImage) -> Bytes {
    let disc = Arc::new(MemoryDisc::new(old.to_vec()));
    result.append_to(&disc).unwrap();
    disc.to_vec()
}

/// Path, data of all files of the last session, in one of its file systems.
pub(crate) fn read(bytes: &[u8], file_system: FileSystems) -> Vec<(String, Bytes)> {
    read_with(bytes, file_system, &ImportOptions::new())
}

/// The same of the session that begins at block 0.
fn read_first(bytes: &[u8], file_system: FileSystems) -> Vec<(String, Bytes)> {
    read_with(bytes, file_system, &ImportOptions::new().session_start(0))
}

#[track_caller]
pub(crate) fn read_with(
    bytes: &[u8],
    file_system: FileSystems,
    options: &ImportOptions,
) -> Vec<(String, Bytes)> {
    let disc = RecordedDisc::open_with(disc(bytes), options).unwrap();
    let volume = disc.volume(file_system).unwrap();
    let mut files = Vec::new();
    for item in volume.walk() {
        let item = item.unwrap();
        if !item.is_directory() {
            files.push((item.path().to_string(), all(item.data().unwrap())));
        }
    }
    assert_eq!(volume.findings(), []);
    files.sort();
    files
}

fn expected() -> Vec<(String, Bytes)> {
    let mut files: Vec<(String, Bytes)> = vec![
        ("/KEPT.TXT".into(), b"kept".to_vec()),
        ("/D/LARGE.BIN".into(), vec![7; 70_000]),
        ("/D/CHANGED.TXT".into(), b"new and longer".to_vec()),
        ("/EMPTY".into(), vec![]),
        ("/NEW/ONE.BIN".into(), vec![9; 5000]),
    ];
    files.sort();
    files
}

fn each(mut then: impl FnMut(FileSystems, UdfRevision)) {
    for file_systems in masks() {
        for revision in UdfRevision::ALL {
            if file_systems.contains(FileSystems::UDF) || *revision == UdfRevision::V1_02 {
                then(file_systems, *revision);
            }
        }
    }
}

pub(crate) fn bytes_of(image: &FileSystemImage) -> Bytes {
    all(image.create_result_image().unwrap().image_stream())
}

#[test]
fn a_sequential_session_refers_to_what_is_there() {
    each(|file_systems, revision| {
        let old = bytes_of(&first(file_systems, revision));
        let image = continued(&old, sequential(&old));
        assert_eq!(image.file_systems_to_create(), file_systems);
        let result = image.create_result_image().unwrap();
        assert_eq!(result.modified_blocks(), None);
        let new = written(&old, &result);
        assert!(new[..old.len()] == old, "what is there stays");
        for file_system in file_systems.iter() {
            assert_eq!(
                read(&new, file_system),
                expected(),
                "{file_systems} {revision}"
            );
        }
        // The large file is not there twice.
        let copies = new
            .windows(4096)
            .step_by(2048)
            .filter(|blocks| **blocks == [7; 4096]);
        assert_eq!(copies.count(), 33);
    });
}

#[test]
fn a_session_written_at_random_is_found_from_block_0() {
    each(|file_systems, revision| {
        let old = bytes_of(&first(file_systems, revision));
        let image = continued(&old, random_write(&old));
        let result = image.create_result_image().unwrap();
        let start = image.session_start_block();
        let ranges = result.modified_blocks().unwrap();
        let mut blocks: Vec<u32> = ranges.into_iter().flatten().collect();
        // The block that the session is known by is the last one of it that is written.
        let rewritten = blocks.iter().rposition(|block| *block >= start).unwrap();
        assert_eq!(blocks[rewritten], start + 16);
        let count = blocks.len();
        blocks.sort_unstable();
        blocks.dedup();
        assert_eq!(blocks.len(), count, "no block is written twice");
        let session = blocks.iter().filter(|block| **block >= start);
        assert!(session.copied().eq(start..result.total_blocks()));
        let new = written(&old, &result);
        assert!(new == all(result.image_stream()), "the whole disc");
        for file_system in file_systems.iter() {
            assert_eq!(
                read(&new, file_system),
                expected(),
                "{file_systems} {revision}"
            );
        }
        // Interrupted before the last ranges are written, the old session is as it was.
        let mut half = old.clone();
        half.extend(&new[old.len()..]);
        for file_system in file_systems.iter() {
            assert!(read_first(&half, file_system) == read_first(&old, file_system));
        }
    });
}

#[test]
fn sessions_can_go_on() {
    for kind in [sequential, random_write] {
        let mut bytes = bytes_of(&first(FileSystems::all(), UdfRevision::V2_50));
        for number in 0..4 {
            let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
            image
                .set_multisession_interfaces(vec![kind(&bytes)])
                .unwrap();
            image.import_file_system().unwrap();
            let name = format!("SESSION{number}");
            let source = Source::from(vec![number; 3000]);
            image.root_mut().add_file(name, source).unwrap();
            let result = image.create_result_image().unwrap();
            bytes = written(&bytes, &result);
        }
        for file_system in FileSystems::all().iter() {
            assert_eq!(read(&bytes, file_system).len(), 5 + 4);
        }
    }
}

/// Names of one file are found to be so, and stay it until one of them is replaced.
#[test]
#[cfg(unix)]
fn links_go_on() {
    let host = Host::with(&[("a", &[3; 5000]), ("b", b"else")]);
    for name in ["c", "d"] {
        std::fs::hard_link(host.path("a"), host.path(name)).unwrap();
    }
    each(|file_systems, revision| {
        let mut image = image_at(file_systems, InterchangeLevel::Three);
        image.set_udf_revision(revision).unwrap();
        image.root_mut().add_tree(host.root(), false).unwrap();
        let mut bytes = bytes_of(&image);
        for session in 0..2 {
            for file_system in file_systems.iter() {
                let disc = RecordedDisc::open(disc(&bytes)).unwrap();
                let volume = disc.volume(file_system).unwrap();
                let identities: Vec<_> = volume
                    .walk()
                    .map(|item| {
                        let item = item.unwrap();
                        (item.name().to_lowercase(), item.identity())
                    })
                    .collect();
                let of = |name: &str| {
                    identities
                        .iter()
                        .find(|(other, _)| other == name)
                        .unwrap()
                        .1
                };
                assert_eq!(of("a"), of("d"), "{file_system} {revision}");
                assert_eq!(of("a") == of("c"), session == 0, "{file_system} {revision}");
                assert_ne!(of("a"), of("b"));
            }
            let mut image = image_at(file_systems, InterchangeLevel::Three);
            image
                .set_multisession_interfaces(vec![sequential(&bytes)])
                .unwrap();
            image.import_file_system().unwrap();
            image.root_mut().remove("c").unwrap();
            image.root_mut().add_file("c", vec![4; 5000]).unwrap();
            let disc = Disc::continuing(&image, &bytes);
            check_disc(&image, &disc);
            if file_systems.contains(FileSystems::UDF) {
                let entries = disc.udf().entries;
                let a = entries
                    .iter()
                    .find(|(path, _)| path.eq_ignore_ascii_case("/a"));
                assert_eq!(a.unwrap().1.icb().links, 2);
            }
            bytes = written(&bytes, &disc.image);
        }
    });
}

/// Sessions of one length each lie at the end of another, wherever that is counted from.
#[test]
fn no_session_is_passed_over() {
    let mut bytes = bytes_of(&image_of(FileSystems::ISO9660));
    let mut starts = vec![0];
    for number in 0..6_u8 {
        let mut image = image_of(FileSystems::ISO9660);
        image
            .set_multisession_interfaces(vec![sequential(&bytes)])
            .unwrap();
        image.import_file_system().unwrap();
        let name = format!("S{number}");
        image.root_mut().add_file(name, b"new").unwrap();
        let result = image.create_result_image().unwrap();
        starts.push(image.session_start_block());
        bytes = written(&bytes, &result);
    }
    let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
    let found = recorded.sessions().iter();
    let found: Vec<_> = found.map(|session| session.start_block()).collect();
    assert_eq!(found, starts);
    for number in 0..7 {
        let options = ImportOptions::new().session(number);
        assert_eq!(
            read_with(&bytes, FileSystems::ISO9660, &options).len(),
            number
        );
    }
}

/// The last anchor belongs to a session also when it is not the disc's last block.
#[test]
fn sessions_of_any_length_are_found() {
    let (mut lens, mut number) = (std::collections::BTreeSet::new(), 0);
    while lens.len() < 32 {
        let mut image = image_of(FileSystems::UDF);
        for file in 0..number / 2 {
            let source = Source::from(vec![1]);
            image
                .root_mut()
                .add_file(format!("{file}"), source)
                .unwrap();
        }
        if number % 2 == 1 {
            image.root_mut().add_file("two", vec![1; 2049]).unwrap();
        }
        number += 1;
        let bytes = bytes_of(&image);
        lens.insert(bytes.len() / 2048 % 32);
        let mut image = image_of(FileSystems::UDF);
        image
            .set_multisession_interfaces(vec![sequential(&bytes)])
            .unwrap();
        image.import_file_system().unwrap();
        let start = image.session_start_block();
        let new = written(&bytes, &image.create_result_image().unwrap());
        let recorded = RecordedDisc::open(disc(&new)).unwrap();
        assert_eq!(recorded.session().start_block(), start);
        assert_eq!(recorded.sessions().len(), 2);
    }
}

#[test]
fn an_import_that_fails_changes_nothing() {
    let old = bytes_of(&first(FileSystems::all(), UdfRevision::V1_02));
    let mut image = image_at(FileSystems::ISO9660, InterchangeLevel::Three);
    add_files(
        &mut image,
        &[("D", b"a file where the disc has a directory")],
    );
    image
        .set_multisession_interfaces(vec![sequential(&old)])
        .unwrap();
    let before = state(&image);
    let error = image.import_file_system().unwrap_err();
    assert_eq!(error.hresult().0, 0xC0AA_B15E, "{error}");
    assert_eq!(state(&image), before);
    assert_eq!(image.file_systems_to_create(), FileSystems::ISO9660);
    assert_eq!(image.session_start_block(), 0);
}

/// All that sequential sessions have is in a session written at random behind them, which block 0 leads to.
#[test]
fn sequential_sessions_are_continued_at_random() {
    each(|file_systems, revision| {
        let mut bytes = bytes_of(&first(file_systems, revision));
        let image = continued(&bytes, sequential(&bytes));
        let result = image.create_result_image().unwrap();
        bytes = written(&bytes, &result);
        let second = image.session_start_block();
        let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
        image
            .set_multisession_interfaces(vec![random_write(&bytes)])
            .unwrap();
        for file_system in file_systems.iter() {
            assert!(image.probe_specific_file_system(file_system).unwrap());
        }
        image.import_file_system().unwrap();
        assert_eq!(image.imported_volume_name(), Some("SECOND"));
        image.root_mut().add_file("THIRD", b"third").unwrap();
        let result = image.create_result_image().unwrap();
        let new = written(&bytes, &result);
        let mut expected = expected();
        expected.push(("/THIRD".into(), b"third".to_vec()));
        expected.sort();
        for file_system in file_systems.iter() {
            assert_eq!(read_first(&new, file_system), expected);
            assert_eq!(read(&new, file_system), expected);
            // That session itself is untouched.
            let options = ImportOptions::new().session_start(second);
            assert_eq!(
                read_with(&new, file_system, &options).len(),
                expected.len() - 1
            );
        }
        let disc = RecordedDisc::open(disc(&new)).unwrap();
        assert_eq!(disc.sessions().len(), 1, "all others are behind this one");
    });
}

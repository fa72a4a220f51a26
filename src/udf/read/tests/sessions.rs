//! UDF as users of the crate see it, and sessions without any other file system.

use std::io::Read;

use super::*;
use crate::file_systems::{FileSystems, UdfRevision};
use crate::image::FileSystemImage;
use crate::import::{ImportOptions, RecordedDisc};
use crate::time::Timestamp;

/// Makes an image of one file, whose session begins at block `start`.
fn session(start: u32, revision: UdfRevision, name: &str) -> Vec<u8> {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    image.set_file_systems_to_create(FileSystems::UDF).unwrap();
    image.set_udf_revision(revision).unwrap();
    image.set_session_start_block(start).unwrap();
    image.set_volume_name(name).unwrap();
    image
        .root_mut()
        .add_file("name", name.as_bytes().to_vec())
        .unwrap();
    let mut bytes = Vec::new();
    image
        .create_result_image()
        .unwrap()
        .write_to(&mut bytes)
        .unwrap();
    bytes
}

/// Returns the volume's name and the contents of its only file.
fn contents(disc: &RecordedDisc) -> (String, String) {
    let volume = disc.volume(disc.default_file_system().unwrap()).unwrap();
    let items: Vec<_> = volume.walk().map(Result::unwrap).collect();
    assert_eq!(items.len(), 1);
    let mut text = String::new();
    items[0].data().unwrap().read_to_string(&mut text).unwrap();
    (volume.name().to_owned(), text)
}

#[test]
fn sessions_of_udf_alone_are_found() {
    for revision in UdfRevision::ALL {
        for (gap, unit) in [
            (0, 32),
            (0, 1),
            (6900, 1),
            (11_400, 1),
            (150, 32),
            (5000, 32),
            (155, 1),
            (70_001, 1),
        ] {
            let mut bytes = session(0, *revision, "first");
            let end = bytes.len() / 2048;
            let start = (end + gap).next_multiple_of(unit);
            bytes.resize(start * 2048, 0);
            bytes.extend(session(start as u32, *revision, "second"));
            let open = |options: &ImportOptions| {
                let disc = ReaderDisc::new(Cursor::new(bytes.clone())).unwrap();
                RecordedDisc::open_with(disc, options).unwrap()
            };
            let last = "second";
            let disc = open(&ImportOptions::new());
            assert_eq!(disc.file_systems(), FileSystems::UDF);
            assert_eq!(
                contents(&disc),
                (last.to_owned(), last.to_owned()),
                "{revision} {gap}"
            );
            let volume = disc.volume(FileSystems::UDF).unwrap();
            assert_eq!(volume.udf_revision(), Some(*revision));
            assert_eq!(volume.findings(), []);
        }
    }
}

#[test]
fn sessions_behind_one_that_cannot_be_opened_are_found() {
    let mut bytes = Vec::new();
    for (start, name) in [(0_u32, "first"), (3200, "second"), (6400, "third")] {
        let at = start as usize * 2048;
        bytes.resize(at, 0);
        bytes.extend(session(start, UdfRevision::V1_02, name));
        if name != "third" {
            // Without its anchors, nothing shows how long a session is.
            let last = bytes.len() - 2048;
            for anchor in [at + 256 * 2048, last] {
                bytes[anchor..anchor + 2048].fill(0);
            }
        }
    }
    // No session has anchors where a disc's would be.
    bytes.resize(10_000 * 2048, 0);
    assert!(open(&blocks(bytes.clone()), 0).is_err());
    let disc = RecordedDisc::open(ReaderDisc::new(Cursor::new(bytes)).unwrap()).unwrap();
    let sessions = disc.sessions().iter();
    let starts: Vec<_> = sessions.map(|session| session.start_block()).collect();
    assert_eq!(starts, [0, 3200, 6400]);
    assert_eq!(contents(&disc), ("third".to_owned(), "third".to_owned()));
}

#[test]
fn walks_tell_of_damage_and_go_on() {
    let image = made::image(UdfRevision::V1_02, false, true);
    let blocks = blocks(image.clone());
    let volume = open(&blocks, 0).unwrap().unwrap();
    let root = volume.root().unwrap();
    let directory = volume
        .entries(&root)
        .unwrap()
        .map(Result::unwrap)
        .find(|entry| entry.name == "directory 7")
        .unwrap();
    let walk = |image: Vec<u8>| -> (usize, usize) {
        let disc = RecordedDisc::open(ReaderDisc::new(Cursor::new(image)).unwrap()).unwrap();
        let volume = disc.volume(FileSystems::UDF).unwrap();
        let (good, bad): (Vec<_>, Vec<_>) = volume.walk().partition(|item| item.is_ok());
        (good.len(), bad.len())
    };
    let (all, errors) = walk(image.clone());
    assert_eq!(errors, 0);
    let mut damaged = image;
    damaged[directory.identity as usize] ^= 1;
    // The directory, its only subdirectory, and twenty files.
    assert_eq!(walk(damaged), (all - 22, 1));
}

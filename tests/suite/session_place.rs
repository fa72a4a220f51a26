//! Where the next session of a disc goes.

use std::io::{self, Cursor};

use imapi2fs::{
    ContinueProblem, Disc, Error, FileSystemImage, FileSystems, ImportOptions,
    MultisessionInterface, RandomWriteImage, ReaderDisc, RecordedDisc, SequentialImage,
    UdfRevision,
};

use crate::append::{Bytes, bytes_of, disc, sequential, written};
use crate::progress::check_items;
use crate::support::bytes::{BLOCK, all};
use crate::support::disc::Disc as Continued;
use crate::support::drive::{Drive, code, imported, offered, recorded};
use crate::support::faulty::{Faulty, Outcome};
use crate::support::udf::moved_descriptor;
use crate::support::{ISO9660, JOLIET, UDF, add_files, check_disc, image_of, masks, paths};

/// A medium that is written at random is as long with little on it as with much: what is there says where it ends.
#[test]
fn media_are_larger_than_what_is_on_them() {
    for file_systems in masks() {
        for revision in [UdfRevision::V1_02, UdfRevision::V2_60] {
            let mut image = image_of(file_systems);
            image.set_udf_revision(revision).unwrap();
            add_files(&mut image, &[("FIRST", b"first")]);
            let mut bytes = bytes_of(&image);
            let mut end = bytes.len() / BLOCK;
            bytes.resize(4000 * BLOCK, 0);
            for name in ["SECOND", "THIRD"] {
                let drive = Drive::new(&bytes).with(|drive| {
                    drive.total = 4000;
                    drive.write_unit = 32;
                });
                let mut image = imported(drive.random_write());
                let start = image.session_start_block();
                assert_eq!(
                    start as usize,
                    end.next_multiple_of(32),
                    "{file_systems} {revision}"
                );
                assert_eq!(image.free_media_blocks(), 4000 - start);
                image.root_mut().add_file(name, name.as_bytes()).unwrap();
                let disc = Continued::continuing(&image, &bytes);
                check_disc(&image, &disc);
                bytes = written(&bytes, &disc.image);
                end = disc.image.total_blocks() as usize;
            }
            assert_eq!(bytes.len(), 4000 * BLOCK);
            let image = imported(Drive::new(&bytes).random_write());
            assert_eq!(paths(&image), ["/FIRST", "/SECOND", "/THIRD"]);
        }
    }
}

#[test]
fn the_session_is_looked_for_where_the_drive_says() {
    let bytes = recorded(FileSystems::all());
    let wrong = Drive::new(&bytes).with(|drive| drive.previous = 5);
    let mut image = offered([wrong.sequential()]);
    assert!(image.identify_file_systems_on_disc().unwrap().is_empty());
    assert_eq!(code(image.import_file_system()), 0xC0AA_B151);
    for file_system in FileSystems::all().iter() {
        assert_eq!(
            code(image.import_specific_file_system(file_system)),
            0xC0AA_B152
        );
    }

    // Another session than the last one.
    let mut second = imported(sequential(&bytes));
    second.root_mut().add_file("NEW", b"new").unwrap();
    let result = second.create_result_image().unwrap();
    let bytes = written(&bytes, &result);
    for (previous, has_new) in [(0, false), (second.session_start_block(), true)] {
        let drive = Drive::new(&bytes).with(|drive| drive.previous = previous);
        let image = imported(drive.sequential());
        assert_eq!(image.exists("NEW").unwrap().is_some(), has_new);
    }
}

#[test]
fn full_discs_are_not_continued() {
    let bytes = recorded(UDF);
    let full = Drive::new(&bytes).with(|drive| {
        drive.free = 0;
        drive.total = drive.next;
    });
    let mut image = offered([full.random_write()]);
    assert!(!image.probe_specific_file_system(UDF).unwrap());
    assert_eq!(code(image.import_file_system()), 0xC0AA_B133);
    // A closed disc.
    let result = image.set_multisession_interfaces(vec![full.sequential()]);
    assert_eq!(code(result), 0xC0AA_B15C);
    // What is added has to fit.
    let small = Drive::new(&bytes).with(|drive| drive.free = 1000);
    let mut image = imported(small.sequential());
    let large = vec![1; 1001 * BLOCK];
    let root = image.root_mut();
    let error = root.add_file("LARGE", large).unwrap_err();
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    image
        .root_mut()
        .add_file("SMALL", vec![1; 500 * BLOCK])
        .unwrap();
    image.create_result_image().unwrap();
}

/// What lies between the disc's end and the session is not read from the disc.
#[test]
fn sessions_begin_at_a_multiple_of_the_write_unit() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for write_unit in [1, 16, 32, 512] {
            let drive = Drive::new(&bytes).with(|drive| drive.write_unit = write_unit);
            let mut image = imported(drive.random_write());
            let start = image.session_start_block();
            assert_eq!(
                start,
                (bytes.len() / BLOCK).next_multiple_of(write_unit as usize) as u32
            );
            image.root_mut().add_file("NEW", b"new").unwrap();
            let result = image.create_result_image().unwrap();
            let whole = all(result.image_stream());
            let new = written(&bytes, &result);
            assert!(new == whole);
            assert!(
                whole[bytes.len()..start as usize * BLOCK]
                    .iter()
                    .all(|byte| *byte == 0)
            );
            let disc = Continued::continuing(&image, &bytes);
            check_items(&disc);
            check_disc(&image, &disc);
        }
    }
}

/// A device: it has the blocks it has, most of which were never written.
struct Device(ReaderDisc<Cursor<Bytes>>);

impl Device {
    fn new(bytes: &[u8], blocks: usize) -> Self {
        let mut bytes = bytes.to_vec();
        bytes.resize(blocks * BLOCK, 0);
        Self(disc(&bytes))
    }
}

impl Disc for Device {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.0.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.0.total_blocks()
    }
}

#[test]
fn sessions_go_behind_the_volume_on_a_device() {
    for file_systems in masks() {
        let mut bytes = recorded(file_systems);
        let kinds: [fn(Device) -> MultisessionInterface; 2] = [
            |device| MultisessionInterface::random_write(RandomWriteImage::new(device)),
            |device| MultisessionInterface::sequential(SequentialImage::open(device).unwrap()),
        ];
        for (kind, alignment) in kinds.iter().zip([1, 32]).cycle().take(6) {
            let mut image = imported(kind(Device::new(&bytes, 5000)));
            let start = image.session_start_block();
            let end = (bytes.len() / BLOCK) as u32;
            assert_eq!(start, end.next_multiple_of(alignment), "{file_systems}");
            assert_eq!(image.free_media_blocks(), 5000 - start);
            let name = format!("S{start}");
            image.root_mut().add_file(name, b"new").unwrap();
            let result = image.create_result_image().unwrap();
            let device = Faulty::device(&bytes, 5000, |_, _| Outcome::Done);
            result.append_to(&device).unwrap();
            bytes = device.bytes();
            assert_eq!(bytes.len(), 5000 * BLOCK);
            let is_whole_disc = result.modified_blocks().is_some();
            let end = result.total_blocks() + if is_whole_disc { 0 } else { start };
            bytes.truncate(end as usize * BLOCK);
        }
        let image = imported(kinds[0](Device::new(&bytes, 5000)));
        assert_eq!(image.file_count(), 3 + 6);
    }
    // One that is full.
    let bytes = recorded(UDF);
    let len = bytes.len() / BLOCK;
    let device =
        MultisessionInterface::random_write(RandomWriteImage::new(Device::new(&bytes, len)));
    assert_eq!(code(offered([device]).import_file_system()), 0xC0AA_B133);
}

/// A partition behind the volume, as images for USB sticks have, is not in the way.
#[test]
fn partitions_are_not_overwritten() {
    let mut bytes = recorded(ISO9660 | JOLIET);
    let end = bytes.len() / BLOCK;
    let partition = end + 100;
    bytes[446] = 0x80;
    bytes[450] = 0xEF;
    bytes[454..458].copy_from_slice(&(4 * partition as u32).to_le_bytes());
    bytes[458..462].copy_from_slice(&40_u32.to_le_bytes());
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    bytes.resize(partition * BLOCK, 0);
    bytes.extend([9; 10 * BLOCK]);
    let behind = (partition + 10) as u32;
    let device =
        MultisessionInterface::random_write(RandomWriteImage::new(Device::new(&bytes, 5000)));
    assert_eq!(imported(device).session_start_block(), behind);
    let file = imported(sequential(&bytes));
    assert_eq!(file.session_start_block(), behind.next_multiple_of(32));
    continued(&bytes, "SECOND");
    // What nothing points at is kept as well, if it is where the session would be.
    let mut bytes = recorded(ISO9660 | JOLIET);
    bytes.resize((end + 50) * BLOCK, 1);
    let file = tolerant(sequential(&bytes));
    assert_eq!(
        file.session_start_block() as usize,
        (end + 50).next_multiple_of(32)
    );
}

/// Blocks of ISO 9660 are counted from the session's start by some writers.
#[test]
fn volumes_that_are_counted_from_their_session_end_where_they_do() {
    let mut first = image_of(ISO9660);
    add_files(&mut first, &[("A", &[1; 100 * BLOCK])]);
    let first = bytes_of(&first);
    let mut image = imported(sequential(&first));
    add_files(&mut image, &[("B", &[0; 500 * BLOCK])]);
    let start = image.session_start_block();
    let bytes = written(&first, &image.create_result_image().unwrap());
    let end = (bytes.len() / BLOCK) as u32;
    for size in [end, end - start] {
        for padding in [0, 16, 1000] {
            let mut bytes = bytes.clone();
            let at = (start as usize + 16) * BLOCK + 80;
            bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&size.to_be_bytes());
            bytes.resize(bytes.len() + padding * BLOCK, 0);
            let image = imported(sequential(&bytes));
            assert_eq!(
                image.session_start_block(),
                end.next_multiple_of(32),
                "{size} {padding}"
            );
        }
    }
}

/// The first blocks of the sessions of a disc.
fn starts(bytes: &[u8]) -> Vec<u32> {
    let recorded = RecordedDisc::open(disc(bytes)).unwrap();
    let sessions = recorded.sessions().iter();
    sessions.map(|session| session.start_block()).collect()
}

/// An image that continues a disc, whatever follows on its last session.
#[track_caller]
fn tolerant(interface: MultisessionInterface) -> FileSystemImage {
    let mut image = offered([interface]);
    image.set_import_options(ImportOptions::new().unknown_blocks(true));
    image.import_file_system().unwrap();
    image
}

/// The disc with another session, in a place where it is found.
#[track_caller]
fn continued(bytes: &[u8], name: &str) -> Bytes {
    let mut image = tolerant(sequential(bytes));
    image.root_mut().add_file(name, b"new").unwrap();
    let start = image.session_start_block();
    let mut expected = starts(bytes);
    expected.push(start);
    let bytes = written(bytes, &image.create_result_image().unwrap());
    assert_eq!(starts(&bytes), expected, "{name}");
    bytes
}

/// A file may have anything behind its volume: the session goes behind it, and is found there.
#[test]
fn sessions_are_found_behind_what_follows_on_a_volume() {
    for file_systems in masks() {
        for more in [1, 33, 150, 7000] {
            let mut bytes = recorded(file_systems);
            bytes.resize(bytes.len() + more * BLOCK - 100, 1);
            let bytes = continued(&continued(&bytes, "SECOND"), "THIRD");
            assert_eq!(tolerant(sequential(&bytes)).file_count(), 3 + 2);
        }
    }
    let mut bytes = recorded(ISO9660);
    bytes.resize(bytes.len() + 70_000 * BLOCK, 1);
    continued(&bytes, "SECOND");
}

/// Some volumes have their last anchor at the end of the disc, with free blocks before it. That is not the end any more
/// when something follows.
#[test]
fn sessions_are_found_behind_an_anchor_at_the_disc_s_end() {
    for more in [40, 5000, 66_000] {
        let mut bytes = recorded(UDF);
        let anchor = bytes[256 * BLOCK..257 * BLOCK].to_vec();
        bytes.resize(bytes.len() + more * BLOCK, 0);
        let end = (bytes.len() / BLOCK) as u32;
        bytes.extend(moved_descriptor(&anchor, end));
        let image = imported(sequential(&bytes));
        assert_eq!(image.session_start_block(), (end + 1).next_multiple_of(32));
        continued(&bytes, "SECOND");
    }
}

/// What is in a volume is not taken for a session, nor what counts its blocks from elsewhere.
#[test]
fn image_files_are_no_sessions() {
    for file_systems in masks() {
        let inner = recorded(file_systems);
        let mut outer = image_of(file_systems);
        add_files(&mut outer, &[("IMAGE.ISO", &inner)]);
        outer.set_file_alignment(32).unwrap();
        let mut bytes = bytes_of(&outer);
        assert_eq!(starts(&bytes), [0]);
        bytes.resize(bytes.len().next_multiple_of(32 * BLOCK) + 64 * BLOCK, 0);
        bytes.extend(&inner);
        assert_eq!(starts(&bytes), [0], "{file_systems}");
        continued(&bytes, "SECOND");
    }
}

#[test]
fn no_more_sessions_are_made_than_are_found() {
    const MOST: usize = 1024;
    let mut bytes = Bytes::new();
    let mut begins = Vec::new();
    while begins.len() < MOST {
        let start = (bytes.len() / BLOCK).next_multiple_of(32);
        begins.push(start as u32);
        if begins.len() == 300 || begins.len() == MOST {
            bytes = continued(&bytes, "NEW");
            continue;
        }
        bytes.resize(start * BLOCK, 0);
        let mut image = image_of(ISO9660);
        image.set_session_start_block(start as u32).unwrap();
        bytes.extend(bytes_of(&image));
    }
    assert_eq!(starts(&bytes), begins);
    let error = SequentialImage::open(disc(&bytes)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::IncompatiblePreviousSession {
                problem: ContinueProblem::ManySessions,
                ..
            }
        ),
        "{error}"
    );
}

/// Behind the last volume, zeros and what an interrupted writer left are overwritten, and nothing else.
#[test]
fn only_what_an_interrupted_writer_left_is_dropped() {
    let mut first = image_of(ISO9660);
    add_files(&mut first, &[("A", b"a")]);
    let old = bytes_of(&first);
    let end = old.len() / BLOCK;
    let next = end.next_multiple_of(32);
    let descriptor = |kind: u8, identifier: &[u8]| [&[kind], identifier, &[1]].concat();
    let mut own = descriptor(2, b"CD001");
    own.resize(BLOCK, 0);
    own[574..574 + 128].fill(b' ');
    own[574..574 + 8].copy_from_slice(b"IMAPI2FS");
    // What follows on so many blocks of zeros, and whether it is kept.
    let second = next - end + 17;
    let cases = [
        (0, b"data".to_vec(), true),
        (17, b"data".to_vec(), true),
        (second, b"data".to_vec(), true),
        (1000, b"data".to_vec(), true),
        (second, descriptor(255, b"CD001"), false),
        (second, own, false),
        // It says which program recorded it: not this crate.
        (second, descriptor(2, b"CD001"), true),
        (second, descriptor(0, b"NSR02"), false),
        (second, descriptor(0, b"NSR03"), false),
        (second, descriptor(0, b"TEA01"), false),
        (second, descriptor(0, b"BOOT2"), false),
        (second, descriptor(0, b"CDW02"), false),
        // As a medium that is written at random has it.
        (17, descriptor(255, b"CD001"), false),
        // The first one, whose image begins a block before, and others in other places.
        (second, descriptor(1, b"CD001"), true),
        (second, descriptor(0, b"BEA01"), true),
        (16, descriptor(255, b"CD001"), true),
        (second + 1, descriptor(255, b"CD001"), true),
    ];
    for (zeros, data, is_kept) in cases {
        let mut bytes = old.clone();
        bytes.resize((end + zeros) * BLOCK, 0);
        bytes.extend(&data);
        bytes.resize(bytes.len() + 100 * BLOCK, 3);
        let start = tolerant(sequential(&bytes)).session_start_block() as usize;
        let kept = bytes.len().div_ceil(BLOCK).next_multiple_of(32);
        assert_eq!(start, if is_kept { kept } else { next }, "{zeros} {data:?}");
        if is_kept {
            continued(&bytes, "SECOND");
        }
    }
    // So many zeros that not all are looked at.
    for (len, is_kept) in [(64 << 20, false), ((64 << 20) + BLOCK, true)] {
        let mut bytes = old.clone();
        bytes.resize(bytes.len() + len, 0);
        let start = imported(sequential(&bytes)).session_start_block() as usize;
        let kept = (bytes.len() / BLOCK).next_multiple_of(32);
        assert_eq!(start, if is_kept { kept } else { next });
    }
}

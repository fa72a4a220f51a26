//! What a disc calls its files and itself, in the session that continues it.

use std::io::{self, Cursor};

use imapi2fs::{
    Disc, Error, FileSystemImage, FileSystems, InterchangeLevel, MultisessionInterface,
    RandomWriteImage, ReaderDisc, RecordedDisc,
};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential, written};
use crate::support::bytes::BLOCK;
use crate::support::drive::{imported, offered};
use crate::support::{ISO9660, JOLIET, UDF, add_files, image_at, image_of, masks};

const KINDS: [fn(&[u8]) -> MultisessionInterface; 2] = [sequential, random_write];

/// The paths of the last session in a file system.
fn paths(bytes: &[u8], file_system: FileSystems) -> Vec<String> {
    let disc = RecordedDisc::open(disc(bytes)).unwrap();
    let volume = disc.volume(file_system).unwrap();
    let mut paths: Vec<_> = volume
        .walk()
        .map(|item| item.unwrap().path().to_string())
        .collect();
    paths.sort();
    paths
}

fn labels(bytes: &[u8]) -> Vec<String> {
    let disc = RecordedDisc::open(disc(bytes)).unwrap();
    let file_systems = disc.file_systems().iter();
    file_systems
        .map(|file_system| disc.volume(file_system).unwrap().name().to_owned())
        .collect()
}

/// The disc with another session that the image makes of it.
fn continued(bytes: &[u8], image: &FileSystemImage) -> Bytes {
    written(bytes, &image.create_result_image().unwrap())
}

/// All items have the paths in all file systems that they had before.
#[track_caller]
fn check_kept(bytes: &[u8], level: InterchangeLevel) {
    for kind in KINDS {
        let mut image = imported(kind(bytes));
        assert_eq!(image.iso9660_interchange_level(), level);
        image.root_mut().add_file("NEW", b"new").unwrap();
        let new = continued(bytes, &image);
        let file_systems = RecordedDisc::open(disc(bytes)).unwrap().file_systems();
        for file_system in file_systems.iter() {
            let mut expected = paths(bytes, file_system);
            expected.push("/NEW".to_owned());
            expected.sort();
            assert_eq!(paths(&new, file_system), expected, "{file_system}");
        }
    }
}

fn disc_of(file_systems: FileSystems, level: InterchangeLevel, files: &[(&str, &[u8])]) -> Bytes {
    let mut image = image_at(file_systems, level);
    add_files(&mut image, files);
    bytes_of(&image)
}

#[test]
fn holiday_2024_picture_jpeg_keeps_its_name() {
    for file_systems in masks() {
        if !file_systems.contains(ISO9660) {
            continue;
        }
        let files: &[(&str, &[u8])] = &[
            ("HOLIDAY_2024_PICTURE.JPEG", b"long"),
            ("Directory of Pictures/a.b.c", b"x"),
            ("SHORT.TXT", b""),
        ];
        let bytes = disc_of(file_systems, InterchangeLevel::Two, files);
        check_kept(&bytes, InterchangeLevel::Two);
        // What was cut stays so.
        let bytes = disc_of(file_systems, InterchangeLevel::One, files);
        check_kept(&bytes, InterchangeLevel::One);
        let mut image = imported(sequential(&bytes));
        add_files(&mut image, &[("Another long name.text", b"")]);
        let new = continued(&bytes, &image);
        assert!(paths(&new, ISO9660).contains(&"/ANOTHER_.TEX".to_owned()));
    }
}

#[test]
fn deep_directories_of_a_disc_are_continued() {
    for file_systems in [ISO9660, ISO9660 | JOLIET, FileSystems::all()] {
        let bytes = disc_of(
            file_systems,
            InterchangeLevel::Three,
            &[("1/2/3/4/5/6/7/8/9/A", b"deep")],
        );
        check_kept(&bytes, InterchangeLevel::Three);
    }
    let bytes = disc_of(
        ISO9660,
        InterchangeLevel::Three,
        &[("1/2/3/4/5/6/7/A", b"")],
    );
    check_kept(&bytes, InterchangeLevel::One);
}

/// A file of 5 GiB, which is nothing but zeros.
struct Large(ReaderDisc<Cursor<Bytes>>);

const LARGE: u64 = 5 << 30;

impl Disc for Large {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let left = self.0.total_blocks().saturating_sub(block) as usize * BLOCK;
        let (data, zeros) = buf.split_at_mut(left.min(buf.len()));
        zeros.fill(0);
        if data.is_empty() {
            Ok(())
        } else {
            self.0.read_blocks(block, data)
        }
    }

    fn total_blocks(&self) -> u32 {
        self.0.total_blocks() + (LARGE / BLOCK as u64) as u32
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        self.0.next_data(block)
    }

    fn free_blocks(&self) -> u32 {
        100_000_000
    }
}

#[test]
fn a_disc_with_a_file_of_5_gib_is_continued() {
    let mut image = image_at(ISO9660, InterchangeLevel::Three);
    add_files(&mut image, &[("A", b"a"), ("LARGE", b"large")]);
    let mut bytes = bytes_of(&image);
    // The file has two sections, the first of which is as long as one can be.
    let at = bytes
        .windows(6)
        .position(|name| name == b"\x08LARGE")
        .unwrap()
        + 1
        - 33;
    let block = (bytes.len() / BLOCK) as u32;
    let first = u32::MAX - 2047;
    let record = bytes[at..at + usize::from(bytes[at])].to_vec();
    let section = |block: u32, len: u32, flags: u8| {
        let mut record = record.clone();
        record[2..6].copy_from_slice(&block.to_le_bytes());
        record[6..10].copy_from_slice(&block.to_be_bytes());
        record[10..14].copy_from_slice(&len.to_le_bytes());
        record[14..18].copy_from_slice(&len.to_be_bytes());
        record[25] = flags;
        record
    };
    let sections = [
        section(block, first, 0x80),
        section(block + first / 2048, (LARGE - u64::from(first)) as u32, 0),
    ]
    .concat();
    bytes[at..at + sections.len()].copy_from_slice(&sections);
    let size = block + (LARGE / 2048) as u32;
    bytes[16 * BLOCK + 80..16 * BLOCK + 84].copy_from_slice(&size.to_le_bytes());
    bytes[16 * BLOCK + 84..16 * BLOCK + 88].copy_from_slice(&size.to_be_bytes());
    let large = Large(disc(&bytes));
    let mut image = offered([MultisessionInterface::random_write(RandomWriteImage::new(
        large,
    ))]);
    let summary = image.import_file_system().unwrap();
    assert_eq!(summary.interchange_level, Some(InterchangeLevel::Three));
    assert_eq!(image.item("LARGE").unwrap().data_size(), LARGE);
    image.create_result_image().unwrap();
}

/// Whoever sets a level gets it, and is told what the disc has.
#[test]
fn a_level_that_was_set_stays() {
    let bytes = disc_of(
        ISO9660 | JOLIET,
        InterchangeLevel::Two,
        &[("HOLIDAY_2024_PICTURE.JPEG", b"")],
    );
    for level in [
        InterchangeLevel::One,
        InterchangeLevel::Two,
        InterchangeLevel::Three,
    ] {
        let mut image = offered([sequential(&bytes)]);
        image.set_iso9660_interchange_level(level).unwrap();
        let summary = image.import_file_system().unwrap();
        assert_eq!(summary.interchange_level, Some(InterchangeLevel::Two));
        assert_eq!(image.iso9660_interchange_level(), level);
        let expected = match level {
            InterchangeLevel::One => "/HOLIDAY_.JPE",
            _ => "/HOLIDAY_2024_PICTURE.JPEG",
        };
        assert_eq!(paths(&continued(&bytes, &image), ISO9660), [expected]);
    }
    // Nothing shows a level, so the image keeps the one it has.
    for bytes in [
        disc_of(ISO9660 | JOLIET, InterchangeLevel::Three, &[("A.TXT", b"")]),
        disc_of(UDF, InterchangeLevel::Three, &[("A long name", b"")]),
    ] {
        let mut image = offered([sequential(&bytes)]);
        assert_eq!(image.import_file_system().unwrap().interchange_level, None);
        assert_eq!(image.iso9660_interchange_level(), InterchangeLevel::One);
    }
}

/// An import that fails leaves the level as it was.
#[test]
fn a_level_is_taken_over_with_the_rest_or_not_at_all() {
    let bytes = disc_of(
        ISO9660,
        InterchangeLevel::Two,
        &[("HOLIDAY_2024_PICTURE.JPEG", b""), ("X", b"")],
    );
    let mut image = offered([sequential(&bytes)]);
    add_files(&mut image, &[("X/Y", b"")]);
    let error = image.import_file_system().unwrap_err();
    assert!(
        matches!(error, Error::ImportTypeCollision { .. }),
        "{error}"
    );
    assert_eq!(image.iso9660_interchange_level(), InterchangeLevel::One);
    let item = image.item("X").unwrap();
    assert_eq!(item.file_system_name(ISO9660).unwrap(), "X");
}

#[test]
fn joliet_names_stay_as_long_as_they_are() {
    let name = format!("{}.html", "n".repeat(120));
    for (strict, len) in [(true, 64), (false, 104)] {
        let mut image = image_of(FileSystems::all());
        image.set_strict_file_system_compliance(strict).unwrap();
        add_files(&mut image, &[(&name, b"long"), ("short", b"")]);
        let bytes = bytes_of(&image);
        let longest = |bytes: &[u8]| {
            let names = paths(bytes, JOLIET).into_iter();
            names.map(|path| path.len() - 1).max().unwrap()
        };
        assert_eq!(longest(&bytes), len);
        check_kept(&bytes, InterchangeLevel::One);
        let mut image = imported(sequential(&bytes));
        add_files(&mut image, &[(&"m".repeat(150), b"")]);
        let new = continued(&bytes, &image);
        assert_eq!(longest(&new), len);
    }
}

/// The image with other bytes in place of an identifier in ISO 9660, of the same length.
fn renamed(bytes: &[u8], from: &[u8], to: &[u8]) -> Bytes {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<_> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// Other programs can be told to record names that no level has.
#[test]
fn names_beyond_all_levels_stay() {
    let files: &[(&str, &[u8])] = &[
        ("READ_ME_FIRST_PLEASE.HTML", b"1"),
        ("ARCHIVE_TAR.GZ", b"2"),
        ("D_D/OTHER.TXT", b"3"),
    ];
    let bytes = disc_of(ISO9660, InterchangeLevel::Two, files);
    let bytes = renamed(
        &bytes,
        b"READ_ME_FIRST_PLEASE.HTML",
        b"Read me-first please.html",
    );
    let bytes = renamed(&bytes, b"ARCHIVE_TAR.GZ", b"archive.tar.gz");
    let bytes = renamed(&bytes, b"\x03D_D", b"\x03D.d");
    assert_eq!(
        paths(&bytes, ISO9660),
        [
            "/D.d",
            "/D.d/OTHER.TXT",
            "/Read me-first please.html",
            "/archive.tar.gz"
        ]
    );
    check_kept(&bytes, InterchangeLevel::Two);
    let lower = disc_of(
        ISO9660,
        InterchangeLevel::One,
        &[("A.TXT", b"1"), ("B.TXT", b"2")],
    );
    let lower = renamed(&lower, b"A.TXT", b"a.txt");
    check_kept(&lower, InterchangeLevel::One);
    // What is new has names of the same kind.
    let mut image = imported(sequential(&lower));
    add_files(&mut image, &[("c-d.txt", b"")]);
    assert_eq!(
        paths(&continued(&lower, &image), ISO9660),
        ["/B.TXT", "/a.txt", "/c_d.txt"]
    );
}

/// The label is what users and scripts find a disc by.
#[test]
fn the_label_of_the_disc_stays() {
    for file_systems in masks() {
        let mut image = image_of(file_systems);
        image
            .set_volume_name("Holiday pictures 2024, disc 3")
            .unwrap();
        let bytes = bytes_of(&image);
        let old = labels(&bytes);
        for kind in KINDS {
            let mut image = imported(kind(&bytes));
            assert_eq!(image.volume_name(), "");
            assert_eq!(labels(&continued(&bytes, &image)), old, "{file_systems}");
            // Unless another one is given.
            image.set_volume_name("Other").unwrap();
            let other = labels(&continued(&bytes, &image));
            assert!(
                other
                    .iter()
                    .all(|label| label.eq_ignore_ascii_case("other")),
                "{other:?}"
            );
            image.set_volume_name("").unwrap();
            assert_eq!(labels(&continued(&bytes, &image)), old);
            // One that was given before is.
            let mut image = image_of(file_systems);
            image.set_volume_name("BEFORE").unwrap();
            image
                .set_multisession_interfaces(vec![kind(&bytes)])
                .unwrap();
            image.import_file_system().unwrap();
            assert!(
                labels(&continued(&bytes, &image))
                    .iter()
                    .all(|label| label == "BEFORE")
            );
        }
    }
}

/// Each file system keeps its own, also one that this crate would not have recorded so.
#[test]
fn labels_of_other_programs_stay() {
    let mut image = image_of(FileSystems::all());
    image.set_volume_name("CONFIG_2").unwrap();
    let mut bytes = bytes_of(&image);
    bytes[16 * BLOCK + 40..16 * BLOCK + 48].copy_from_slice(b"config-2");
    assert_eq!(labels(&bytes), ["config-2", "CONFIG_2", "CONFIG_2"]);
    for kind in KINDS {
        let image = imported(kind(&bytes));
        assert_eq!(image.volume_name_iso9660(), "config-2");
        assert_eq!(labels(&continued(&bytes, &image)), labels(&bytes));
    }
}

/// IMAPI2 names a session after the time.
#[test]
fn strict_images_name_each_session_anew() {
    let mut image = image_of(UDF);
    image.set_volume_name("OLD").unwrap();
    let bytes = bytes_of(&image);
    let mut image = image_of(UDF);
    image.set_strict_file_system_compliance(true).unwrap();
    image
        .set_multisession_interfaces(vec![sequential(&bytes)])
        .unwrap();
    image.import_file_system().unwrap();
    assert_eq!(image.imported_volume_name(), Some("OLD"));
    assert_eq!(image.volume_name_udf(), "20240105_0708");
}

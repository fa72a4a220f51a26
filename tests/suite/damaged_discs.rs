//! Continuing discs on which data is missing.

use std::io::Read;

use imapi2fs::{
    BootOptions, Error, FileSystems, ImagePath, ImportLeftOut, ImportOptions, ImportSummary,
    InterchangeLevel, MultisessionInterface, RecordedDisc, UdfRevision,
};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential, written};
use crate::support::bytes::{BLOCK, all};
use crate::support::drive::offered;
use crate::support::{ISO9660, JOLIET, UDF, add_files, image_at, image_of, masks, state};

const KINDS: [fn(&[u8]) -> MultisessionInterface; 2] = [sequential, random_write];

/// Two files, of which the second one is large.
fn whole(file_systems: FileSystems) -> Bytes {
    let mut image = image_at(file_systems, InterchangeLevel::Three);
    add_files(
        &mut image,
        &[("A.TXT", b"kept"), ("D/BIG.BIN", &[0xB1; 900 * BLOCK])],
    );
    bytes_of(&image)
}

/// Where the data of a file is.
fn place(bytes: &[u8], path: &str) -> (u64, u64) {
    let disc = RecordedDisc::open(disc(bytes)).unwrap();
    let volume = disc.volume(disc.default_file_system().unwrap()).unwrap();
    let extent = volume.item(path).unwrap().extents().next().unwrap();
    (extent.offset.unwrap(), extent.len)
}

fn import(bytes: &[u8], kind: usize, damaged: bool) -> Result<ImportSummary, Error> {
    let mut image = offered([KINDS[kind](bytes)]);
    let before = state(&image);
    image.set_import_options(ImportOptions::new().damaged_files(damaged));
    let result = image.import_file_system();
    if result.is_err() {
        assert_eq!(state(&image), before);
    }
    result
}

#[test]
fn a_truncated_image_is_not_continued_with_zeros_in_its_files() {
    for file_systems in masks() {
        let bytes = whole(file_systems);
        let (start, len) = place(&bytes, "/D/BIG.BIN");
        let end = start + len;
        for cut in [
            start,
            start + 1,
            start + 300_000,
            end - BLOCK as u64,
            end - 1,
        ] {
            let bytes = &bytes[..cut as usize];
            for kind in 0..2 {
                let error = import(bytes, kind, false).unwrap_err();
                let text = error.to_string();
                let Error::DamagedFiles {
                    paths,
                    count: 1,
                    disc_len,
                    ..
                } = error
                else {
                    panic!("{file_systems} {cut}: {text}");
                };
                assert_eq!(paths, [ImagePath::from("/D/BIG.BIN")]);
                assert_eq!(disc_len, cut);
                assert!(
                    text.contains("`/D/BIG.BIN`") && text.contains(&cut.to_string()),
                    "{text}"
                );
                assert!(text.contains("damaged_files"), "{text}");

                let summary = import(bytes, kind, true).unwrap();
                let missing = end - cut;
                let path = ImagePath::from("/D/BIG.BIN");
                assert_eq!(summary.left_out, [ImportLeftOut::Damaged { path, missing }]);
                assert_eq!((summary.files, summary.directories), (1, 1));
            }
        }
    }
}

#[test]
fn what_is_damaged_is_not_in_the_new_session() {
    for file_systems in masks() {
        let bytes = whole(file_systems);
        let (start, _) = place(&bytes, "/D/BIG.BIN");
        let bytes = &bytes[..start as usize + 300_000];
        for kind in KINDS {
            let mut image = offered([kind(bytes)]);
            image.set_import_options(ImportOptions::new().damaged_files(true));
            image.import_file_system().unwrap();
            image.root_mut().add_file("NEW", vec![5; 9_000]).unwrap();
            let new = written(bytes, &image.create_result_image().unwrap());
            let recorded = RecordedDisc::open(disc(&new)).unwrap();
            for file_system in file_systems.iter() {
                let volume = recorded.volume(file_system).unwrap();
                assert!(volume.item("/D/BIG.BIN").is_err());
                assert_eq!(all(volume.item("/A.TXT").unwrap().data().unwrap()), b"kept");
                assert_eq!(
                    all(volume.item("/NEW").unwrap().data().unwrap()),
                    [5; 9_000]
                );
            }
        }
    }
}

/// What follows on a file in its last block is no data of it.
#[test]
fn a_last_block_that_is_cut_after_the_data_is_whole() {
    let mut image = image_of(ISO9660);
    add_files(&mut image, &[("A", b"five!")]);
    let mut bytes = bytes_of(&image);
    let (start, _) = place(&bytes, "/A");
    bytes.truncate(start as usize + 5);
    for kind in 0..2 {
        assert_eq!(import(&bytes, kind, false).unwrap().left_out, []);
    }
    bytes.pop();
    assert!(matches!(
        import(&bytes, 0, false),
        Err(Error::DamagedFiles { count: 1, .. })
    ));
}

#[test]
fn data_after_the_disc_s_end_is_an_error_and_not_zeros() {
    for file_systems in masks() {
        let bytes = whole(file_systems);
        let (start, len) = place(&bytes, "/D/BIG.BIN");
        for cut in [start + 1, start + 300_000, start + len - 1] {
            let recorded = RecordedDisc::open(disc(&bytes[..cut as usize])).unwrap();
            for file_system in file_systems.iter() {
                let volume = recorded.volume(file_system).unwrap();
                let mut read = Vec::new();
                let mut data = volume.item("/D/BIG.BIN").unwrap().data().unwrap();
                let error = data.read_to_end(&mut read).unwrap_err();
                assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
                assert!(read.iter().all(|byte| *byte == 0xB1), "{file_system} {cut}");
                assert_eq!(read.len() as u64, cut - start);
            }
        }
    }
}

#[test]
fn an_error_names_some_of_many_damaged_files_and_counts_all() {
    let mut image = image_of(UDF);
    for number in 10..60 {
        add_files(
            &mut image,
            &[(&format!("F{number}"), &[number as u8; 3 * BLOCK])],
        );
    }
    let bytes = bytes_of(&image);
    let (start, _) = place(&bytes, "/F20");
    let error = import(&bytes[..start as usize], 0, false).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("data of 40 of its files"), "{text}");
    assert!(text.contains("`/F29` and 30 more"), "{text}");
    assert_eq!(error.hresult().0, 0xC0AA_B133);
    assert_eq!(error.path().unwrap().to_string(), "/F20");
}

/// A file in whose place there is another is not needed.
#[test]
fn a_damaged_file_that_is_replaced_does_no_harm() {
    let bytes = whole(ISO9660 | JOLIET);
    let (start, _) = place(&bytes, "/D/BIG.BIN");
    let mut image = offered([sequential(&bytes[..start as usize + 5])]);
    add_files(&mut image, &[("D/BIG.BIN", b"whole")]);
    let summary = image.import_file_system().unwrap();
    let path = ImagePath::from("/D/BIG.BIN");
    assert_eq!(summary.left_out, [ImportLeftOut::Replaced { path }]);
}

#[test]
fn a_damaged_stream_is_left_out_alone() {
    let mut image = image_of(UDF);
    image.set_udf_revision(UdfRevision::V2_01).unwrap();
    add_files(&mut image, &[("A", b"a")]);
    let stream = vec![3; 100 * BLOCK];
    image
        .item_mut("A")
        .unwrap()
        .add_stream("S", stream)
        .unwrap();
    let bytes = bytes_of(&image);
    let block = bytes.chunks(BLOCK).position(|block| block == [3; BLOCK]);
    let bytes = &bytes[..(block.unwrap() + 50) * BLOCK];
    let error = import(bytes, 0, false).unwrap_err();
    assert!(
        matches!(error, Error::DamagedFiles { count: 1, .. }),
        "{error}"
    );
    let summary = import(bytes, 0, true).unwrap();
    assert_eq!(summary.files, 1);
    assert!(
        matches!(&summary.left_out[..], [ImportLeftOut::Damaged { path, missing: 102_400 }] if path.to_string().contains('S')),
        "{:?}",
        summary.left_out
    );
}

/// Zeros that are not recorded are not missing, wherever they are said to be.
#[test]
fn directories_that_are_cut_off_are_left_out_only_if_that_is_wanted() {
    let mut image = image_of(ISO9660);
    add_files(&mut image, &[("A", b"a"), ("LAST/B", b"b")]);
    let mut bytes = bytes_of(&image);
    // The directory lies at the end, where nothing is.
    let end = (bytes.len() / BLOCK) as u32;
    let at = bytes.windows(4).position(|name| name == b"LAST").unwrap();
    let record = bytes[at..]
        .windows(5)
        .position(|name| name == b"\x04LAST")
        .unwrap()
        + at
        + 1
        - 33;
    bytes[record + 2..record + 6].copy_from_slice(&end.to_le_bytes());
    bytes[record + 6..record + 10].copy_from_slice(&end.to_be_bytes());
    for kind in 0..2 {
        let error = import(&bytes, kind, false).unwrap_err();
        assert!(matches!(error, Error::ReadEntries { .. }), "{error}");
        let summary = import(&bytes, kind, true).unwrap();
        assert!(
            matches!(&summary.left_out[..], [ImportLeftOut::Unreadable { path, .. }] if path.to_string() == "/LAST"),
            "{:?}",
            summary.left_out
        );
    }
}

#[test]
fn what_a_disc_boots_from_must_be_there() {
    let mut image = image_of(ISO9660);
    let boot = BootOptions::new(vec![9; 40 * BLOCK]).unwrap();
    image.set_boot_image_options_array(vec![boot]).unwrap();
    let bytes = bytes_of(&image);
    let block = RecordedDisc::open(disc(&bytes))
        .unwrap()
        .boot_entries()
        .unwrap()[0]
        .block;
    let bytes = &bytes[..block as usize * BLOCK + 100];
    for kind in 0..2 {
        let error = import(bytes, kind, false).unwrap_err();
        assert!(error.to_string().contains("boots from"), "{error}");
        let summary = import(bytes, kind, true).unwrap();
        assert_eq!(summary.left_out, [ImportLeftOut::BootImage { block }]);
    }
}

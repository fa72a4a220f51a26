//! Discs of other programs whose file systems do not have the same files.

use imapi2fs::{Error, Excess, FileSystemImage, FileSystems, ImportOptions, ImportSummary};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential};
use crate::support::bytes::{BLOCK, le32};
use crate::support::udf::rewrite_descriptors;
use crate::support::{ISO9660, JOLIET, UDF, add_files, image, image_of, masks};

const FILE_ENTRY: u16 = 261;

/// A disc that says another program made it.
fn foreign(image: &FileSystemImage) -> Bytes {
    let mut bytes = bytes_of(image);
    if image.file_systems_to_create().contains(ISO9660) {
        bytes[16 * BLOCK + 574..][..8].copy_from_slice(b"MKISOFS ");
        return bytes;
    }
    rewrite_descriptors(&bytes, 1, |descriptor| {
        descriptor[389..399].copy_from_slice(b"*Linux UDF");
    })
}

fn filled(file_systems: FileSystems) -> FileSystemImage {
    let mut image = image_of(file_systems);
    let files: [(&str, &[u8]); 4] = [
        ("A", b"a"),
        ("D/EMPTY", b""),
        ("D/LARGE", &[1; 5000]),
        ("Z", b"last"),
    ];
    add_files(&mut image, &files);
    image
}

fn import_of(
    bytes: &[u8],
    file_system: FileSystems,
    options: ImportOptions,
) -> [imapi2fs::Result<ImportSummary>; 2] {
    [sequential(bytes), random_write(bytes)].map(|interface| {
        let mut image = image();
        image.set_multisession_interfaces(vec![interface]).unwrap();
        image.set_import_options(options.clone().other_producers(true));
        let probed = image.probe_specific_file_system(file_system).unwrap();
        let result = image.import_specific_file_system(file_system);
        assert!(probed || result.is_err());
        result
    })
}

/// The records of the root directory that the volume descriptor in a block leads to (ECMA-119 9.1).
fn root_records(bytes: &mut [u8], descriptor: usize) -> Vec<&mut [u8]> {
    let root = le32(bytes, descriptor * BLOCK + 158) as usize;
    let mut rest = &mut bytes[root * BLOCK..(root + 1) * BLOCK];
    let mut records = Vec::new();
    while rest[0] > 0 {
        let (record, behind) = rest.split_at_mut(rest[0].into());
        records.push(record);
        rest = behind;
    }
    records
}

#[track_caller]
fn refused(bytes: &[u8], by: FileSystems, what: &str) {
    for file_system in by {
        for result in import_of(bytes, file_system, ImportOptions::new()) {
            match result {
                Err(Error::IncompatiblePreviousSession { problem, .. }) => {
                    assert_eq!(problem.to_string(), what);
                }
                other => panic!("{file_system}: {other:?}"),
            }
        }
    }
}

#[test]
fn discs_of_other_programs_that_show_one_tree_are_continued() {
    for file_systems in masks() {
        let bytes = foreign(&filled(file_systems));
        for file_system in file_systems {
            for result in import_of(&bytes, file_system, ImportOptions::new()) {
                assert_eq!(result.unwrap().files, 4);
            }
        }
    }
}

#[test]
fn files_that_one_file_system_lacks_would_be_lost() {
    const ISO_JOLIET: &str = "its ISO 9660 and its Joliet do not have the same files";
    const ISO_UDF: &str = "its ISO 9660 and its UDF do not have the same files";
    const JOLIET_UDF: &str = "its Joliet and its UDF do not have the same files";
    // The last file of a hierarchy is not there, or another one has its place.
    for (descriptor, others) in [(16, ISO_JOLIET), (17, ISO_JOLIET)] {
        let whole = foreign(&filled(ISO9660 | JOLIET));
        let mut bytes = whole.clone();
        root_records(&mut bytes, descriptor).pop().unwrap().fill(0);
        refused(&bytes, ISO9660 | JOLIET, others);
        let mut bytes = whole;
        let mut records = root_records(&mut bytes, descriptor);
        let len = records.len();
        let place = records[2][2..18].to_vec();
        records[len - 1][2..18].copy_from_slice(&place);
        let complete = if descriptor == 16 { ISO9660 } else { JOLIET };
        refused(&bytes, complete, others);
        // The other way round nothing would be lost.
        let import = import_of(&bytes, (ISO9660 | JOLIET) - complete, ImportOptions::new());
        assert!(import.iter().all(Result::is_ok));
    }
    // Of what earlier sessions had, UDF of some programs has files without their data.
    for (file_systems, what) in [(ISO9660 | UDF, ISO_UDF), (FileSystems::all(), JOLIET_UDF)] {
        let bytes = foreign(&filled(file_systems));
        let bytes = rewrite_descriptors(&bytes, FILE_ENTRY, |entry| {
            if entry[27] == 5 && le32(entry, 56) == 5000 {
                entry[56..72].fill(0);
                let attributes = le32(entry, 168) as usize;
                entry[172..176].fill(0);
                entry[176 + attributes..].fill(0);
            }
        });
        match import_of(&bytes, UDF, ImportOptions::new()) {
            [
                Err(Error::IncompatiblePreviousSession { problem, .. }),
                Err(_),
            ] if [what, ISO_UDF].contains(&&*problem.to_string()) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_comparison_keeps_is_counted_and_given_back() {
    let mut image = image_of(ISO9660 | JOLIET);
    for number in 0..5000 {
        let path = format!("FILE{number:05}");
        image.root_mut().add_file(path, b"x").unwrap();
    }
    let own = bytes_of(&image);
    let foreign = foreign(&image);
    for bytes in [&own, &foreign] {
        for result in import_of(bytes, JOLIET, ImportOptions::new().memory(1_300_000)) {
            assert_eq!(result.unwrap().files, 5000);
        }
        let recorded = imapi2fs::RecordedDisc::open(disc(bytes)).unwrap();
        assert_eq!(recorded.file_systems(), ISO9660 | JOLIET);
    }
    for result in import_of(&foreign, JOLIET, ImportOptions::new().memory(180_000)) {
        match result {
            Err(Error::ImportMemory(Excess { needed, limit, .. })) => {
                // Far less than what the tree takes.
                assert!(limit == 180_000 && needed < 5000 * 50, "{needed}");
            }
            other => panic!("{other:?}"),
        }
    }
}

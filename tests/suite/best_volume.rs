//! The tree that keeps most is read, and what it lacks is said.

use imapi2fs::{Error, FileSystems, RecordedKind, RecordedLack};

use crate::support::bytes::{BLOCK, le32};
use crate::support::recorded::{bytes_of, opened, walked};
use crate::support::rock_ridge::{self, Shown, root_of, shown};
use crate::support::{ISO9660, JOLIET, UDF, add_files, image_of, masks};

/// What the best volume of an image is, with what it lacks.
#[track_caller]
fn best(bytes: &[u8]) -> (FileSystems, bool, Vec<String>) {
    let disc = opened(bytes);
    let volume = disc.best_volume().unwrap();
    let lacks = disc.lacks(&volume);
    (
        volume.file_system(),
        volume.has_rock_ridge(),
        lacks.iter().map(ToString::to_string).collect(),
    )
}

/// What a volume lacks.
#[track_caller]
fn lacks(bytes: &[u8], file_system: FileSystems) -> Vec<String> {
    let disc = opened(bytes);
    let lacks = disc.lacks(&disc.volume(file_system).unwrap());
    assert!(lacks.iter().all(|lack| lack.file_system() != file_system));
    lacks.iter().map(ToString::to_string).collect()
}

fn with_files(file_systems: FileSystems) -> Vec<u8> {
    let mut image = image_of(file_systems);
    add_files(
        &mut image,
        &[("A.TXT", b"a"), ("DIR/B.TXT", b"b"), ("LINK", b"")],
    );
    bytes_of(&image)
}

#[test]
fn without_rock_ridge_the_order_is_that_of_imapi2() {
    for file_systems in masks() {
        let bytes = with_files(file_systems);
        let (found, rock_ridge, lacks) = best(&bytes);
        let expected = opened(&bytes).default_file_system().unwrap();
        assert_eq!((found, rock_ridge), (expected, false));
        assert_eq!(lacks, [""; 0], "{file_systems}");
    }
}

#[test]
fn a_link_that_is_an_empty_file_in_udf_is_read_from_rock_ridge() {
    let mut bytes = with_files(ISO9660 | JOLIET | UDF);
    rock_ridge::add(
        &mut bytes,
        &[
            shown(b"A.TXT;1", "a.txt"),
            Shown {
                mode: 0o120_777,
                target: Some("a.txt"),
                ..shown(b"LINK.;1", "link")
            },
        ],
    );
    assert_eq!(best(&bytes), (ISO9660, true, Vec::new()));
    let volume = opened(&bytes).best_volume().unwrap();
    let link = volume.item("link").unwrap();
    assert_eq!(link.kind(), RecordedKind::SymbolicLink { target: "a.txt" });
    for file_system in [JOLIET, UDF] {
        assert_eq!(
            lacks(&bytes, file_system),
            [
                "ISO 9660 has symbolic links or special files, at least 1, such as `/link`",
                "ISO 9660 has modes and owners",
            ]
        );
    }
    // Importing is as IMAPI2 does it.
    assert_eq!(opened(&bytes).default_file_system().unwrap(), UDF);
}

#[test]
fn a_name_that_joliet_cuts_is_read_from_rock_ridge() {
    let mut image = image_of(ISO9660 | JOLIET);
    let long = "n".repeat(64);
    add_files(&mut image, &[(&long, b"data")]);
    let mut bytes = bytes_of(&image);
    let root = root_of(&bytes);
    // Behind the records of the directory and its parent.
    let record = root + 68;
    let identifier = bytes[record + 33..record + 33 + usize::from(bytes[record + 32])].to_vec();
    let whole = "n".repeat(115);
    rock_ridge::add(&mut bytes, &[shown(&identifier, &whole)]);
    let (found, rock_ridge, nothing) = best(&bytes);
    assert_eq!((found, rock_ridge, nothing), (ISO9660, true, Vec::new()));
    let volume = opened(&bytes).best_volume().unwrap();
    assert_eq!(walked(&volume).0, [format!("/{whole}")]);
    assert_eq!(
        lacks(&bytes, JOLIET),
        [
            "ISO 9660 has modes and owners".to_owned(),
            format!(
                "ISO 9660 has names that are cut or changed here, at least 1, such as `/{whole}`"
            ),
        ]
    );
}

/// Joliet and ISO 9660 have `readme~1.txt` and `README1.TXT`, which are longer.
#[test]
fn a_name_that_others_number_is_not_said_to_be_cut() {
    let mut image = image_of(ISO9660 | JOLIET | UDF);
    let files: [(&str, &[u8]); 2] = [("README.TXT", b"new"), ("readme.txt", b"old")];
    add_files(&mut image, &files);
    let bytes = bytes_of(&image);
    assert_eq!(best(&bytes), (UDF, false, Vec::new()));
}

#[test]
fn names_that_iso_9660_alone_cannot_have_are_said() {
    let mut image = image_of(ISO9660 | JOLIET);
    add_files(&mut image, &[("Größe.text", b"data")]);
    assert_eq!(
        lacks(&bytes_of(&image), ISO9660),
        ["Joliet has names that are cut or changed here, at least 1, such as `/Größe.text`"]
    );
}

/// Destroys the root directory of Joliet.
fn break_joliet(bytes: &mut [u8]) {
    let descriptor = (16..32)
        .map(|block| block * BLOCK)
        .find(|at| bytes[*at] == 2)
        .unwrap();
    let root = le32(bytes, descriptor + 158) as usize * BLOCK;
    bytes[root..root + BLOCK].fill(0xFF);
}

/// Destroys the entry of UDF's root directory.
fn break_udf(bytes: &mut [u8]) {
    let disc = opened(bytes);
    let root = disc.volume(UDF).unwrap().root().unwrap().identity();
    let root = usize::try_from(root).unwrap();
    bytes[root..root + BLOCK].fill(0xFF);
}

#[test]
fn a_broken_joliet_or_udf_does_not_hide_the_tree_beside_it() {
    let whole = with_files(ISO9660 | JOLIET | UDF);
    let mut bytes = whole.clone();
    break_udf(&mut bytes);
    let (found, _, lacks) = best(&bytes);
    assert_eq!(found, JOLIET);
    assert_eq!(lacks.len(), 1);
    assert!(lacks[0].starts_with("UDF cannot be read: "), "{lacks:?}");
    break_joliet(&mut bytes);
    let (found, _, lacks) = best(&bytes);
    assert_eq!(found, ISO9660);
    assert_eq!(lacks.len(), 2);
    assert!(lacks[1].starts_with("Joliet cannot be read: "), "{lacks:?}");
    let volume = opened(&bytes).best_volume().unwrap();
    assert_eq!(walked(&volume).0, ["/A.TXT", "/DIR", "/DIR/B.TXT", "/LINK"]);

    let mut bytes = whole;
    break_joliet(&mut bytes);
    let (found, _, lacks) = best(&bytes);
    assert_eq!((found, lacks.len()), (UDF, 1));
}

#[test]
fn where_all_trees_are_broken_the_first_error_is_given() {
    let mut bytes = with_files(JOLIET | ISO9660);
    break_joliet(&mut bytes);
    let root = root_of(&bytes);
    bytes[root..root + BLOCK].fill(0xFF);
    let error = opened(&bytes).best_volume().unwrap_err();
    let Error::Corrupt(finding) = error else {
        panic!("{error:?}");
    };
    assert_eq!(finding.file_system(), JOLIET);
}

#[test]
fn one_broken_directory_is_no_reason_to_read_another_tree() {
    let mut bytes = with_files(ISO9660 | JOLIET | UDF);
    let disc = opened(&bytes);
    let directory = disc.volume(UDF).unwrap().item("DIR").unwrap().identity();
    bytes[usize::try_from(directory).unwrap()] ^= 1;
    let (found, _, lacks) = best(&bytes);
    assert_eq!(found, UDF);
    assert_eq!(
        lacks,
        [
            "Joliet has at least 2 more items",
            "ISO 9660 has at least 2 more items"
        ]
    );
    let disc = opened(&bytes);
    let lacks = disc.lacks(&disc.best_volume().unwrap());
    assert!(matches!(lacks[0], RecordedLack::Items { count: 2, .. }));
}

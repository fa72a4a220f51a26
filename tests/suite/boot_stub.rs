//! Volumes of ISO 9660 beside UDF that have next to nothing: those that are there to boot, and those that have the same.

use imapi2fs::{BootOptions, FileSystemImage, FileSystems, MultisessionInterface, RecordedDisc};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential, written};
use crate::support::bytes::BLOCK;
use crate::support::{ISO9660, UDF, add_files, image, image_of};

/// A file: its path, and what it has.
type Named = (&'static str, &'static [u8]);

const README: Named = ("README.TXT", b"read me");

const KINDS: [fn(&[u8]) -> MultisessionInterface; 2] = [sequential, random_write];

fn bootable(file_systems: FileSystems, files: &[Named]) -> FileSystemImage {
    let mut image = image_of(file_systems);
    add_files(&mut image, files);
    let options = BootOptions::new([1; BLOCK]).unwrap();
    image.set_boot_image_options(Some(options)).unwrap();
    image
}

/// The disc with a file more.
fn continued(bytes: &[u8], kind: fn(&[u8]) -> MultisessionInterface) -> Bytes {
    let mut image = image();
    image
        .set_multisession_interfaces(vec![kind(bytes)])
        .unwrap();
    image.import_file_system().unwrap();
    image.root_mut().add_file("NEW.TXT", b"new").unwrap();
    let result = image.create_result_image().unwrap();
    written(bytes, &result)
}

fn names(bytes: &[u8], file_system: FileSystems) -> Vec<String> {
    let disc = RecordedDisc::open(disc(bytes)).unwrap();
    let volume = disc.volume(file_system).unwrap();
    let items = volume.walk().map(Result::unwrap);
    let mut names: Vec<_> = items.map(|item| item.name().to_owned()).collect();
    names.sort();
    names
}

fn is_stub(bytes: &[u8]) -> bool {
    let disc = RecordedDisc::open(disc(bytes)).unwrap();
    disc.session().is_boot_stub()
}

#[test]
fn a_bridge_is_no_stub_however_little_it_has() {
    for files in [&[][..], &[README], &[("README.TXT", b"")]] {
        let bytes = bytes_of(&bootable(ISO9660 | UDF, files));
        assert!(!is_stub(&bytes));
        for kind in KINDS {
            let new = continued(&bytes, kind);
            let mut expected = vec!["NEW.TXT".to_owned()];
            expected.extend(names(&bytes, UDF));
            for file_system in [ISO9660, UDF] {
                assert_eq!(names(&new, file_system), expected);
            }
            assert!(!is_stub(&new));
        }
    }
}

#[test]
fn a_stub_stays_one_whatever_udf_has() {
    let cases: [(&[Named], Option<&str>); 5] = [
        (&[README], None),
        (&[README], Some("read me")),
        (&[], Some("read me")),
        (&[README, ("A.TXT", b"a")], Some("read me")),
        (&[("A.TXT", b"a")], None),
    ];
    for (files, readme) in cases {
        let mut image = bootable(UDF, files);
        image.set_boot_readme(readme);
        let bytes = bytes_of(&image);
        assert!(is_stub(&bytes), "{files:?} {readme:?}");
        for kind in KINDS {
            let new = continued(&bytes, kind);
            assert!(is_stub(&new), "{files:?} {readme:?}");
            let readme: Vec<_> = readme.iter().map(|_| "README.TXT").collect();
            assert_eq!(names(&new, ISO9660), readme);
            assert_eq!(names(&new, UDF).len(), files.len() + 1);
        }
    }
}

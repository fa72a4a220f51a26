//! Images with one damaged field: what is intact is read, and what is wrong is said.

mod iso9660;
mod rock_ridge_fields;
mod udf;

use imapi2fs::{
    Error, ExpectedValue, FileSystems, FindingCode, MultisessionInterface, SequentialImage,
    Severity, UdfRevision,
};

use crate::support::bytes::{BLOCK, crc, le16, le32};
use crate::support::recorded::{bytes_of, data_of, disc_of, findings, opened, volume_of, walked};
use crate::support::rock_ridge::{self, Shown, root_of, shown};
use crate::support::{ISO9660, JOLIET, UDF, add_files, image, image_of};

const FILES: [(&str, &[u8]); 4] = [
    ("A1.TXT", b"first"),
    ("A2.TXT", b"second"),
    ("B.TXT", b"third"),
    ("DIR/C.TXT", b"fourth"),
];

const PATHS: [&str; 5] = ["/A1.TXT", "/A2.TXT", "/B.TXT", "/DIR", "/DIR/C.TXT"];

fn small(file_systems: FileSystems) -> Vec<u8> {
    let mut image = image_of(file_systems);
    add_files(&mut image, &FILES);
    bytes_of(&image)
}

/// All files are there, with what is in them, and a finding ends with `finding`, unless that is empty.
#[track_caller]
fn assert_read(bytes: &[u8], file_system: FileSystems, finding: &str) {
    let volume = volume_of(bytes, file_system);
    let (mut paths, errors) = walked(&volume);
    paths.sort();
    assert_eq!(paths, PATHS);
    assert!(errors.is_empty(), "{errors:?}");
    for (path, data) in FILES {
        assert!(data_of(&volume.item(path).unwrap()) == data, "{path}");
    }
    let found = findings(&volume);
    assert!(
        finding.is_empty() || found.iter().any(|found| found.contains(finding)),
        "{found:?}"
    );
}

//! Damaged fields of UDF.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use imapi2fs::{Disc, MemoryDisc, RecordedDisc};

use super::*;

/// Where a structure of the tree lies.
#[track_caller]
fn icb(bytes: &[u8], path: &str) -> usize {
    let volume = volume_of(bytes, UDF);
    let item = if path == "/" {
        volume.root()
    } else {
        volume.item(path)
    };
    usize::try_from(item.unwrap().identity()).unwrap()
}

/// Makes the checksum and the CRC of the descriptor at `at` right.
fn seal(bytes: &mut [u8], at: usize) {
    let len = usize::from(le16(bytes, at + 10));
    let value = crc(&bytes[at + 16..at + 16 + len]);
    bytes[at + 8..at + 10].copy_from_slice(&value.to_le_bytes());
    bytes[at + 4] = 0;
    bytes[at + 4] = bytes[at..at + 16]
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
}

#[test]
fn a_volume_without_a_recognition_sequence_is_found_by_its_anchors() {
    const SAID: &str =
        "there is no volume recognition sequence, the volume was found by its anchors";
    for revision in [UdfRevision::V1_02, UdfRevision::V2_60] {
        let mut image = image_of(UDF);
        image.set_udf_revision(revision).unwrap();
        add_files(&mut image, &FILES);
        let whole = bytes_of(&image);
        // One of its descriptors, or all of them.
        for blocks in [16..17, 17..18, 16..20] {
            let mut bytes = whole.clone();
            bytes[blocks.start * BLOCK..blocks.end * BLOCK].fill(0xFF);
            assert_read(&bytes, UDF, SAID);
            let disc = opened(&bytes);
            assert!(disc.session().is_udf_unannounced());
            assert_eq!(disc.best_volume().unwrap().file_system(), UDF);
            // Other systems see nothing, and IMAPI2 imports nothing.
            let error = disc.default_file_system().unwrap_err();
            assert!(matches!(error, Error::NoSupportedFileSystem), "{error:?}");
        }
    }
    let disc = opened(&small(UDF));
    assert!(!disc.session().is_udf_unannounced());
}

/// A disc that cannot be read past a block for a while.
struct Flaky {
    bytes: MemoryDisc,
    fails: Arc<AtomicBool>,
}

impl Disc for Flaky {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let end = block as usize + buf.len() / BLOCK;
        if self.fails.load(Ordering::Relaxed) && end > 257 {
            return Err(io::Error::other("not now"));
        }
        self.bytes.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.bytes.total_blocks()
    }
}

/// That it could not be read was kept as that there is none.
#[test]
fn a_volume_that_is_not_announced_is_found_when_the_disc_can_be_read_again() {
    let mut bytes = small(ISO9660 | UDF);
    bytes[18 * BLOCK..21 * BLOCK].fill(0xFF);
    assert!(opened(&bytes).session().is_udf_unannounced());
    let fails = Arc::new(AtomicBool::new(true));
    let disc = Flaky {
        bytes: MemoryDisc::new(bytes),
        fails: Arc::clone(&fails),
    };
    let disc = RecordedDisc::open(disc).unwrap();
    assert!(disc.volume(UDF).is_err());
    fails.store(false, Ordering::Relaxed);
    let (paths, errors) = walked(&disc.volume(UDF).unwrap());
    assert_eq!((paths.len(), errors.len()), (PATHS.len(), 0));
}

#[test]
fn iso_9660_alone_has_no_volume_that_is_not_announced() {
    let disc = opened(&small(ISO9660 | JOLIET));
    assert_eq!(disc.file_systems(), ISO9660 | JOLIET);
    assert!(!disc.session().is_udf_unannounced());
}

#[test]
fn a_descriptor_of_another_kind_is_an_error_that_names_both_kinds() {
    let mut bytes = small(UDF);
    let at = icb(&bytes, "A2.TXT");
    // An indirect entry where a file entry has to be.
    bytes[at..at + 2].copy_from_slice(&259_u16.to_le_bytes());
    seal(&mut bytes, at);
    let error = volume_of(&bytes, UDF).walk().find_map(Result::err).unwrap();
    let finding = error.finding().unwrap();
    assert_eq!(finding.code(), FindingCode::UdfTagIdentifier);
    assert_eq!(finding.severity(), Severity::Error);
    assert_eq!(finding.clause(), Some("ECMA-167 3/7.2.1"));
    assert_eq!(finding.block() as usize, at / BLOCK);
    assert_eq!(finding.path(), Some(&"A2.TXT".into()));
    let value = finding.value().unwrap();
    assert_eq!((value.name, value.found), ("tag identifier", 259));
    assert_eq!(value.expected, ExpectedValue::OneOf(&[261, 266]));
    let text = finding.to_string();
    assert!(
        text.ends_with("(tag identifier 259, expected 261 or 266)"),
        "{text}"
    );
}

#[test]
fn one_damaged_field_of_an_icb_does_not_hide_its_file_or_directory() {
    const DAMAGED: &str = "a descriptor is damaged, what it says may be wrong";
    for path in ["/", "A2.TXT", "DIR"] {
        // Serial number, CRC, checksum, location, links, permissions.
        for at in [6, 8, 4, 12, 48, 44] {
            let mut bytes = small(UDF);
            let icb = icb(&bytes, path);
            bytes[icb + at] ^= 0x11;
            assert_read(&bytes, UDF, DAMAGED);
        }
    }
}

#[test]
fn a_damaged_descriptor_is_found_with_the_number_that_is_wrong() {
    for (at, name) in [(4, "checksum"), (8, "CRC"), (12, "location")] {
        let mut bytes = small(UDF);
        let icb = icb(&bytes, "A2.TXT");
        let right = bytes[icb + at];
        bytes[icb + at] ^= 0x11;
        if name != "checksum" {
            // The checksum covers the field.
            let tag = &bytes[icb..icb + 16];
            let sum = tag.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            bytes[icb + 4] = sum.wrapping_sub(bytes[icb + 4]);
        }
        let volume = volume_of(&bytes, UDF);
        assert!(walked(&volume).1.is_empty());
        let findings = volume.findings();
        let [finding] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(finding.code(), FindingCode::UdfDamagedDescriptor);
        assert_eq!(finding.block() as usize, icb / BLOCK);
        let value = finding.value().unwrap();
        assert_eq!(value.name, name);
        assert_eq!(value.found as u8, right ^ 0x11);
        let ExpectedValue::Exactly(expected) = value.expected else {
            panic!("{value:?}");
        };
        assert_eq!(expected as u8, right);
    }
}

#[test]
fn an_icb_of_an_unknown_strategy_is_read() {
    for path in ["/", "A2.TXT", "DIR"] {
        let mut bytes = small(UDF);
        let icb = icb(&bytes, path);
        bytes[icb + 20] = 0;
        seal(&mut bytes, icb);
        assert_read(
            &bytes,
            UDF,
            "an ICB has an unknown strategy, its first entry was used",
        );
    }
}

#[test]
fn a_directory_that_is_marked_as_not_recorded_is_read() {
    let mut bytes = small(UDF);
    let icb = icb(&bytes, "DIR");
    let descriptors = 176 + le32(&bytes, icb + 168) as usize;
    bytes[icb + descriptors + 3] |= 0x40;
    seal(&mut bytes, icb);
    assert_read(
        &bytes,
        UDF,
        "an extent of a directory is marked as not recorded, it was read nevertheless",
    );
}

#[test]
fn one_damaged_field_of_the_file_set_does_not_hide_the_volume() {
    let mut bytes = small(UDF);
    let file_set = (0..bytes.len())
        .step_by(BLOCK)
        .find(|at| le16(&bytes, *at) == 256 && le16(&bytes, at + 10) == 496)
        .unwrap();
    bytes[file_set + 44] ^= 1;
    assert_read(
        &bytes,
        UDF,
        "a descriptor is damaged, what it says may be wrong",
    );
}

#[test]
fn one_damaged_field_of_an_identifier_does_not_hide_its_file() {
    // Serial number, CRC, checksum, version.
    for at in [6, 8, 4, 16] {
        let mut bytes = small(UDF);
        let name = b"\x08A2.TXT";
        let found = bytes.windows(name.len()).position(|part| part == name);
        let identifier = found.unwrap() - 38;
        bytes[identifier + at] ^= 1;
        assert_read(
            &bytes,
            UDF,
            "a file identifier is damaged, its name may be wrong",
        );
    }
}

#[test]
fn an_unknown_encoding_of_a_name_does_not_hide_its_file() {
    let mut bytes = small(UDF);
    let name = b"\x08A2.TXT";
    let found = bytes.windows(name.len()).position(|part| part == name);
    let identifier = found.unwrap() - 38;
    bytes[identifier + 38] = 9;
    seal(&mut bytes, identifier);
    assert_read(
        &bytes,
        UDF,
        "a name is not valid, it has half a surrogate pair or an unknown encoding",
    );
}

//! Images with one damaged field: what is intact is read, and what is wrong is said.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use imapi2fs::{
    Disc, Error, ExpectedValue, FileSystems, FindingCode, MemoryDisc, MultisessionInterface,
    RecordedDisc, SequentialImage, Severity, UdfRevision,
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

mod iso9660 {
    use super::*;

    const PRIMARY: usize = 16 * BLOCK;
    /// The root's record in the descriptor.
    const ROOT: usize = PRIMARY + 156;

    /// Where the record of an identifier in the root directory begins.
    #[track_caller]
    fn record(bytes: &[u8], identifier: &[u8]) -> usize {
        let mut at = root_of(bytes);
        while bytes[at] != 0 {
            if &bytes[at + 33..][..usize::from(bytes[at + 32])] == identifier {
                return at;
            }
            at += usize::from(bytes[at]);
        }
        panic!("no record of {identifier:?}");
    }

    /// An image is read after `change`, which gets the place of a record.
    #[track_caller]
    fn survives(identifier: &[u8], finding: &str, change: impl Fn(&mut [u8], usize)) {
        let mut bytes = small(ISO9660);
        let at = record(&bytes, identifier);
        change(&mut bytes, at);
        assert_read(&bytes, ISO9660, finding);
    }

    #[test]
    fn a_block_size_that_cannot_be_does_not_hide_the_volume() {
        for (at, len) in [(128, 4), (128, 2)] {
            let mut bytes = small(ISO9660);
            bytes[PRIMARY + at..][..len].fill(0xFF);
            assert_read(
                &bytes,
                ISO9660,
                "logical block size is none of 512, 1024 and 2048",
            );
        }
    }

    #[test]
    fn a_root_record_with_a_wrong_address_or_length_does_not_hide_the_volume() {
        const HALVES: &str = "halves of a number in the volume descriptor differ";
        const LENGTHS: &str = "root directory's lengths in its record and in the descriptor differ";
        for (at, len, value, finding) in [
            (2, 4, 0xFF, HALVES),
            (2, 4, 0, HALVES),
            (10, 4, 0xFF, HALVES),
            (10, 8, 0xFF, LENGTHS),
            (10, 8, 0, LENGTHS),
        ] {
            let mut bytes = small(ISO9660);
            bytes[ROOT + at..][..len].fill(value);
            assert_read(&bytes, ISO9660, finding);
        }
        let mut bytes = small(ISO9660);
        bytes[ROOT + 1] = 1;
        assert_read(
            &bytes,
            ISO9660,
            "root directory is not quite where the descriptor says",
        );
    }

    #[test]
    fn a_root_directory_without_an_address_is_found_by_the_path_tables() {
        for value in [0, 0xFF] {
            for lost_table in [None, Some(140), Some(148)] {
                let mut bytes = small(ISO9660);
                bytes[ROOT + 2..][..8].fill(value);
                if let Some(at) = lost_table {
                    bytes[PRIMARY + at..][..4].fill(value);
                }
                let finding = "the root directory is where the path table says, not the descriptor";
                assert_read(&bytes, ISO9660, finding);
            }
        }
    }

    #[test]
    fn a_damaged_descriptor_does_not_hide_the_one_after_it() {
        let mut bytes = small(ISO9660 | JOLIET);
        bytes[PRIMARY + 1] = 0;
        assert_read(&bytes, JOLIET, "");
    }

    #[test]
    fn a_directory_whose_own_record_is_damaged_is_read() {
        const DAMAGED: &str = "a directory's own record is damaged";
        survives(&[0], DAMAGED, |bytes, at| bytes[at + 25] = 0);
        survives(&[0], DAMAGED, |bytes, at| bytes[at + 33] = 0xFF);
        survives(&[0], DAMAGED, |bytes, at| bytes[at + 32] = 0xFF);
    }

    #[test]
    fn a_directory_whose_length_is_damaged_is_read_as_its_own_record_says() {
        const DIFFERS: &str = "a directory's length differs from the one in its own record";
        survives(b"DIR", DIFFERS, |bytes, at| bytes[at + 10..at + 18].fill(0));
        survives(b"DIR", DIFFERS, |bytes, at| {
            bytes[at + 10..at + 18].fill(0xFF);
        });
        const HALF: &str = "length is wrong in one byte order";
        survives(b"DIR", HALF, |bytes, at| {
            bytes[at + 10..at + 14].fill(0xFF);
        });
    }

    /// How much of that is believed counts for one walk, not for all walks together.
    #[test]
    fn a_directory_that_is_too_short_is_listed_by_every_walk() {
        let mut image = image_of(ISO9660);
        let paths: Vec<_> = (0..60).map(|number| format!("DIR/FILE{number}")).collect();
        let files: Vec<_> = paths.iter().map(|path| (path.as_str(), &b""[..])).collect();
        add_files(&mut image, &files);
        let mut bytes = bytes_of(&image);
        let at = record(&bytes, b"DIR");
        assert_eq!(le32(&bytes, at + 10), 4096);
        bytes[at + 10..at + 14].copy_from_slice(&2048_u32.to_le_bytes());
        bytes[at + 14..at + 18].copy_from_slice(&2048_u32.to_be_bytes());
        let volume = volume_of(&bytes, ISO9660);
        for walk in 0..2 * bytes.len() / BLOCK {
            assert_eq!(walked(&volume).0.len(), 61, "{walk}");
        }
    }

    #[test]
    fn a_directory_that_is_longer_than_it_should_be_ends_where_another_begins() {
        let mut image = image_of(ISO9660);
        add_files(&mut image, &[("DIR/A", b"a"), ("EIR/B", b"b")]);
        let mut bytes = bytes_of(&image);
        let at = record(&bytes, b"DIR");
        for half in [at + 10..at + 14, at + 14..at + 18] {
            let is_little = half.start == at + 10;
            let len = if is_little {
                4096_u32.to_le_bytes()
            } else {
                4096_u32.to_be_bytes()
            };
            bytes[half].copy_from_slice(&len);
        }
        let volume = volume_of(&bytes, ISO9660);
        let (paths, errors) = walked(&volume);
        assert_eq!(paths, ["/DIR", "/DIR/A", "/EIR", "/EIR/B"]);
        assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn an_address_that_is_wrong_in_one_byte_order_does_not_hide_an_item() {
        for identifier in [&b"A2.TXT;1"[..], b"DIR"] {
            survives(
                identifier,
                "address is wrong in one byte order",
                |bytes, at| bytes[at + 2..at + 6].fill(0xFF),
            );
            survives(
                identifier,
                "address is wrong in one byte order",
                |bytes, at| bytes[at + 2..at + 6].fill(0),
            );
            survives(identifier, "halves of an address differ", |bytes, at| {
                bytes[at + 6..at + 10].fill(0);
            });
        }
    }

    #[test]
    fn a_length_that_is_wrong_in_one_byte_order_does_not_hide_a_file() {
        for value in [0, 0xFF] {
            survives(
                b"A2.TXT;1",
                "length is wrong in one byte order",
                |bytes, at| bytes[at + 10..at + 14].fill(value),
            );
        }
        survives(b"A2.TXT;1", "halves of a length differ", |bytes, at| {
            bytes[at + 14..at + 18].fill(0);
        });
    }

    #[test]
    fn an_extended_attribute_record_that_is_not_there_does_not_move_the_data() {
        for identifier in [&b"A2.TXT;1"[..], b"DIR"] {
            for len in [1, 0xFF] {
                survives(
                    identifier,
                    "extended attribute record is not there",
                    |bytes, at| bytes[at + 1] = len,
                );
            }
        }
    }

    #[test]
    fn gaps_between_blocks_of_no_size_do_not_hide_a_file() {
        survives(
            b"A2.TXT;1",
            "gaps between blocks of no size are ignored",
            |bytes, at| bytes[at + 27] = 0xFF,
        );
    }

    #[test]
    fn a_directory_with_marks_of_files_is_a_directory() {
        let finding = "directory is marked as an associated file";
        survives(b"DIR", finding, |bytes, at| bytes[at + 25] = 0xFE);
    }

    #[test]
    fn a_file_that_is_wrongly_said_to_be_continued_is_read() {
        survives(
            b"A2.TXT;1",
            "last section of a file is missing",
            |bytes, at| bytes[at + 25] |= 0x80,
        );
    }

    #[test]
    fn a_length_of_an_identifier_that_cannot_be_does_not_hide_an_item() {
        const GUESSED: &str = "length of an identifier cannot be, it is guessed";
        for len in [0, 200] {
            for identifier in [&b"A2.TXT;1"[..], b"DIR", b"B.TXT;1"] {
                survives(identifier, GUESSED, |bytes, at| bytes[at + 32] = len);
            }
        }
        let mut bytes = small(ISO9660 | JOLIET);
        let name: Vec<u8> = "A2.TXT".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let at = bytes
            .windows(name.len())
            .position(|part| part == name)
            .unwrap();
        bytes[at - 1] = 0;
        assert_read(&bytes, JOLIET, GUESSED);
    }

    #[test]
    fn padding_that_the_length_of_an_identifier_counts_is_no_part_of_the_name() {
        // Identifiers of even length are followed by a zero.
        survives(b"A2.TXT;1", "", |bytes, at| bytes[at + 32] += 1);
    }

    #[test]
    fn one_bad_record_does_not_hide_the_rest_of_its_block() {
        survives(
            b"A2.TXT;1",
            "directory record is longer than it can be",
            |bytes, at| bytes[at] = 0xFF,
        );
        for len in [1, 10, 32] {
            let mut bytes = small(ISO9660);
            let at = record(&bytes, b"A2.TXT;1");
            bytes[at] = len;
            let (paths, errors) = walked(&volume_of(&bytes, ISO9660));
            assert_eq!(paths, ["/A1.TXT", "/B.TXT", "/DIR", "/DIR/C.TXT"]);
            assert_eq!(errors.len(), 1);
        }
    }

    /// Whoever continues such a disc would make it look right.
    #[test]
    fn what_is_guessed_is_not_imported() {
        let mut bytes = small(ISO9660);
        let at = record(&bytes, b"A2.TXT;1");
        bytes[at + 32] = 0;
        let mut next = image();
        let disc = SequentialImage::open(disc_of(&bytes)).unwrap();
        let interface = MultisessionInterface::sequential(disc);
        next.set_multisession_interfaces(vec![interface]).unwrap();
        let error = next.import_file_system().unwrap_err();
        assert!(matches!(error, Error::Corrupt(_)), "{error:?}");
        assert_eq!(next.file_count(), 0);
    }
}

mod rock_ridge_fields {
    use super::*;

    fn with(change: impl FnOnce(&mut Vec<Shown<'_>>)) -> Vec<u8> {
        let mut bytes = small(ISO9660);
        let mut items = vec![
            shown(b"A1.TXT;1", "one"),
            shown(b"A2.TXT;1", "two"),
            shown(b"B.TXT;1", "three"),
        ];
        change(&mut items);
        rock_ridge::add(&mut bytes, &items);
        bytes
    }

    #[track_caller]
    fn assert_names(bytes: &[u8], names: [&str; 3], finding: &str) {
        let volume = volume_of(bytes, ISO9660);
        let (paths, errors) = walked(&volume);
        let [one, two, three] = names.map(|name| format!("/{name}"));
        assert_eq!(
            paths,
            [&one, &two, &three, "/DIR", "/DIR/C.TXT"].map(ToString::to_string)
        );
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(data_of(&volume.item(names[1]).unwrap()), b"second");
        let found = findings(&volume);
        assert!(
            finding.is_empty() || found.iter().any(|found| found.contains(finding)),
            "{found:?}"
        );
    }

    fn place(bytes: &[u8], part: &[u8]) -> usize {
        let found = bytes.windows(part.len()).position(|bytes| bytes == part);
        found.unwrap()
    }

    #[test]
    fn a_name_that_is_marked_as_a_dot_is_a_name() {
        for flags in [2, 4] {
            let mut bytes = with(|_| ());
            let at = place(&bytes, &rock_ridge::name(0, b"two"));
            bytes[at + 4] = flags;
            assert_names(
                &bytes,
                ["one", "two", "three"],
                "Rock Ridge name is marked as one of `.` and `..`",
            );
        }
    }

    #[test]
    fn a_name_that_no_file_can_have_gives_way_to_the_other_one() {
        for name in ["t/o", "t\0o", ".", ".."] {
            let bytes = with(|items| items[1].name = name);
            assert_names(
                &bytes,
                ["one", "A2.TXT", "three"],
                "Rock Ridge name cannot be, the other one is used",
            );
        }
    }

    #[test]
    fn a_file_with_data_is_one_whatever_its_mode() {
        for mode in [0o120_777, 0o010_644, 0o020_644] {
            let bytes = with(|items| items[1].mode = mode);
            assert_names(
                &bytes,
                ["one", "two", "three"],
                "mode of a file is that of something without data",
            );
        }
    }

    #[test]
    fn names_are_there_without_the_entry_that_announces_them() {
        for (at, value) in [(0, b'X'), (4, 0), (3, 9)] {
            let mut bytes = with(|_| ());
            let announced = place(&bytes, b"SP\x07\x01\xBE\xEF");
            bytes[announced + at] = value;
            assert_names(&bytes, ["one", "two", "three"], "");
        }
    }
}

mod udf {
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
}

//! Damaged fields of ISO 9660.

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

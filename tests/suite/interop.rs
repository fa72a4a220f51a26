//! What readers of all systems ask for, rule by rule, looked at in the bytes of every kind of image.

use imapi2fs::{FileSystemImage, InterchangeLevel, UdfRevision};

use crate::support::bytes::{be16, both16, both32, is_zero, le16, le32, le64};
use crate::support::{ISO9660, JOLIET, Joined, UDF, add_files, image_at, masks};

/// Calls `then` with an image of each set of file systems and each revision, with its metadata once and twice, with
/// streams, real-time files and files in their ICBs.
fn each(mut then: impl FnMut(&Joined)) {
    for file_systems in masks() {
        for &revision in UdfRevision::ALL {
            for redundant in [true, false] {
                let mut image = image_at(file_systems, InterchangeLevel::Three);
                image.set_udf_revision(revision).unwrap();
                image.set_create_redundant_udf_metadata_files(redundant);
                image.set_embed_small_files(true);
                fill(&mut image);
                image
                    .set_session_start_block(if redundant { 0 } else { 640 })
                    .unwrap();
                then(&Joined::new(image));
            }
        }
    }
}

fn fill(image: &mut FileSystemImage) {
    let mut long = Vec::new();
    for number in 0..80 {
        long.push(format!(
            "many/a rather long name, so that they fill blocks {number}"
        ));
    }
    for path in &long {
        add_files(image, &[(path, path.as_bytes())]);
    }
    add_files(
        image,
        &[
            ("d/e/f/deep.txt", b"deep"),
            ("d/large.bin", &[7; 70_000]),
            ("d/Ж漢🎉.txt", b"16 bits"),
            ("d/é", b"8 bits"),
            ("Case", b""),
            ("case", b"1"),
        ],
    );
    let mut item = image.item_mut("d/large.bin").unwrap();
    let _ = item.set_is_real_time(true).unwrap();
    item.add_stream("stream", vec![1; 5000]).unwrap();
}

/// Those with a file system.
fn each_with(file_system: imapi2fs::FileSystems, mut then: impl FnMut(&Joined)) {
    let mut images = 0;
    each(|joined| {
        if joined.has(file_system) {
            images += 1;
            then(joined);
        }
    });
    assert!(images > 10);
}

mod iso9660_and_joliet {
    use super::*;

    /// Rule 1. Windows does not look for Joliet behind a descriptor of version 2, and OVMF wants what belongs to UDF
    /// without a gap.
    #[test]
    fn descriptors_come_in_the_one_order_all_readers_take() {
        each_with(ISO9660, |joined| {
            let mut identifiers = Vec::new();
            for lba in 16..24 {
                let block = joined.disc.block(joined.disc.start + lba);
                let known: [&[u8]; 5] = [b"CD001", b"BEA01", b"NSR02", b"NSR03", b"TEA01"];
                if !known.contains(&&block[1..6]) {
                    break;
                }
                assert_eq!(block[6], 1, "version");
                let text = String::from_utf8_lossy(&block[1..6]).into_owned();
                identifiers.push(format!("{text}{}", block[0]));
            }
            let mut expected = vec!["CD0011"];
            if joined.has(JOLIET) {
                expected.push("CD0012");
            }
            expected.push("CD001255");
            if joined.has(UDF) {
                let nsr = if joined.revision() < UdfRevision::V2_00 {
                    "NSR020"
                } else {
                    "NSR030"
                };
                expected.extend(["BEA010", nsr, "TEA010"]);
            }
            assert_eq!(identifiers, expected);
        });
    }

    /// Rule 2.
    #[test]
    fn both_byte_orders_agree_and_the_volume_holds_every_extent() {
        each_with(ISO9660, |joined| {
            for (file_system, descriptor) in joined.volume_descriptors() {
                let space = both32(&descriptor, 80);
                assert_eq!(both16(&descriptor, 128), 2048, "logical block size");
                both32(&descriptor, 132);
                assert!(is_zero(&descriptor[72..80]) && is_zero(&descriptor[883..]));
                for (path, entry) in joined.disc.entries(file_system) {
                    for (first, len) in entry.extents {
                        let end = u64::from(first) + len.div_ceil(2048);
                        assert!(end <= space.into(), "{path}");
                    }
                }
            }
        });
    }

    /// Rule 3. Old systems read interleaved files wrongly, 7-Zip takes extended attribute records for errors.
    #[test]
    fn no_extended_attributes_no_interleave_and_one_volume() {
        each_with(ISO9660, |joined| {
            for (_, descriptor) in joined.volume_descriptors() {
                assert_eq!(both16(&descriptor, 120), 1, "volume set size");
                assert_eq!(both16(&descriptor, 124), 1, "volume sequence number");
            }
            joined.each_record(|record| {
                assert_eq!(record[1], 0, "length of extended attributes");
                assert_eq!([record[26], record[27]], [0, 0], "interleave");
                assert_eq!(both16(record, 28), 1, "volume sequence number");
            });
        });
    }

    /// Rule 4. A record that crosses a block makes the directory unreadable in Windows.
    #[test]
    fn directories_are_whole_blocks_that_begin_with_themselves_and_their_parent() {
        each_with(ISO9660, |joined| {
            for (file_system, _) in joined.volume_descriptors() {
                for (path, entry) in joined.disc.entries(file_system) {
                    if !entry.directory {
                        continue;
                    }
                    assert!(entry.len > 0 && entry.len % 2048 == 0, "{path}");
                    let bytes = joined.disc.data(&entry.extents);
                    for (number, block) in bytes.chunks(2048).enumerate() {
                        let mut at = 0;
                        while at < 2048 && block[at] != 0 {
                            at += usize::from(block[at]);
                        }
                        assert!(at <= 2048, "{path}: block {number}");
                        assert!(is_zero(&block[at..]), "{path}: block {number}");
                    }
                    let second = usize::from(bytes[0]);
                    assert_eq!([bytes[32], bytes[33]], [1, 0], "{path}: itself");
                    assert_eq!(
                        [bytes[second + 32], bytes[second + 33]],
                        [1, 1],
                        "{path}: parent"
                    );
                }
            }
        });
    }

    /// Rule 5. Windows finds directories by the first, Macs by the second.
    #[test]
    fn both_path_tables_list_the_same_directories() {
        each_with(ISO9660, |joined| {
            for (_, descriptor) in joined.volume_descriptors() {
                let len = both32(&descriptor, 132);
                let little = le32(&descriptor, 140);
                let big = u32::from_be_bytes(descriptor[148..152].try_into().unwrap());
                let [little, big] = [little, big].map(|lba| joined.disc.data(&[(lba, len.into())]));
                let mut at = 0;
                while at < len as usize {
                    let end = at + 8 + usize::from(little[at]).next_multiple_of(2);
                    assert_eq!(little[at..at + 2], big[at..at + 2]);
                    let location = u32::from_be_bytes(big[at + 2..at + 6].try_into().unwrap());
                    assert_eq!(le32(&little, at + 2), location);
                    assert_eq!(le16(&little, at + 6), be16(&big, at + 6));
                    assert_eq!(little[at + 8..end], big[at + 8..end]);
                    at = end;
                }
                assert_eq!(at, len as usize);
            }
        });
    }

    /// Rule 7. Readers compare Joliet names without regard to case.
    #[test]
    fn joliet_names_have_no_version_and_differ_by_more_than_case() {
        each_with(JOLIET, |joined| {
            let (_, descriptor) = joined.volume_descriptors().pop().unwrap();
            assert_eq!(&descriptor[88..91], b"%/E");
            let entries = joined.disc.entries(JOLIET);
            let mut folded: Vec<_> = entries.keys().map(|path| path.to_lowercase()).collect();
            folded.sort();
            folded.dedup();
            assert_eq!(folded.len(), entries.len());
            for path in entries.keys() {
                let name = path.rsplit('/').next().unwrap();
                assert!(!name.ends_with(";1"), "{path}");
                assert!(name.encode_utf16().count() <= 103, "{path}");
            }
        });
    }
}

mod udf {
    use super::*;
    use crate::support::udf::check_tag;

    /// Rule 8, in volume descriptors; the other structures' are looked at wherever a volume is read.
    #[test]
    fn tags_have_their_location_their_checksum_and_their_crc() {
        each_with(UDF, |joined| {
            let version = if joined.revision() < UdfRevision::V2_00 {
                2
            } else {
                3
            };
            for sequence in joined.sequences() {
                for (lba, block) in sequence {
                    let id = le16(&block, 0);
                    if id > 0 {
                        check_tag(&block, id, version, lba);
                    }
                }
            }
        });
    }

    /// Rule 9. Drivers that know nothing of sessions look at 256, others at the last block that is recorded.
    #[test]
    fn anchors_are_at_256_and_in_the_last_block() {
        each_with(UDF, |joined| {
            let disc = &joined.disc;
            for lba in [disc.start + 256, disc.end() - 1] {
                assert_eq!(le16(&disc.block(lba), 0), 2, "anchor at {lba}");
            }
        });
    }

    /// Rule 10. GRUB, 7-Zip and OVMF go through the sequence up to the terminating descriptor and take nothing they do
    /// not know; OVMF wants just one logical volume.
    #[test]
    fn both_sequences_have_16_blocks_and_only_known_descriptors() {
        each_with(UDF, |joined| {
            let [main, reserve] = joined.sequences();
            for sequence in [&main, &reserve] {
                assert_eq!(sequence.len(), 16);
                let ids: Vec<_> = sequence.iter().map(|(_, block)| le16(block, 0)).collect();
                assert_eq!(ids[..7], [1, 4, 5, 6, 7, 8, 0], "{ids:?}");
            }
            // From 2.50 on they are to be far from each other (UDF 2.2.3).
            assert!(main[0].0 < joined.disc.start + 256);
            assert!(reserve[0].0 > joined.partition().0);
        });
    }

    /// Rule 11. GRUB and UEFI know no other map than that of type 1, and no partition before the main sequence.
    #[test]
    fn one_partition_behind_the_main_sequence_and_up_to_2_01_one_map_of_type_1() {
        each_with(UDF, |joined| {
            let [main, _] = joined.sequences();
            let logical = main.iter().find(|(_, block)| le16(block, 0) == 6).unwrap();
            let maps = le32(&logical.1, 268);
            let metadata = joined.revision() >= UdfRevision::V2_50;
            assert_eq!(maps, 1 + u32::from(metadata));
            assert_eq!(logical.1[440..442], [1, 6], "the first map");
            assert_eq!(
                le32(&logical.1, 264) as usize,
                if metadata { 6 + 64 } else { 6 }
            );
            assert!(joined.partition().0 > main[15].0);
        });
    }

    /// Rules 12 and 14. Linux and 7-Zip refuse entries of another strategy, ICBs of another length and embedded data of
    /// another length than the file's; Linux takes files without links for deleted ones.
    #[test]
    fn entries_are_of_strategy_4_in_a_block_with_short_long_or_embedded_data() {
        each_with(UDF, |joined| {
            let udf = joined.disc.udf();
            let extended = joined.revision() >= UdfRevision::V2_00;
            for (path, entry) in &udf.entries {
                let lba = udf.structures_partition().0 + entry.icb().block;
                let block = joined.disc.block(lba);
                assert_eq!(le16(&block, 0), if extended { 266 } else { 261 });
                assert_eq!(le16(&block, 20), 4, "{path}: strategy");
                assert_eq!(le16(&block, 24), 1, "{path}: entries");
                assert!(le16(&block, 48) >= 1, "{path}: link count");
                let lens = if extended { 208 } else { 168 };
                let [attributes, descriptors] = [lens, lens + 4].map(|at| le32(&block, at));
                assert_eq!(attributes, 0, "{path}");
                assert!(lens as u32 + 8 + descriptors <= 2048, "{path}");
                match le16(&block, 34) & 7 {
                    0 => assert_eq!(descriptors % 8, 0, "{path}"),
                    1 => assert_eq!(descriptors % 16, 0, "{path}"),
                    3 => assert_eq!(u64::from(descriptors), le64(&block, 56), "{path}"),
                    other => panic!("{path}: allocation of type {other}"),
                }
            }
        });
    }

    /// Rule 13. Linux refuses volumes that are to be read by 2.60 only.
    #[test]
    fn the_volume_is_closed_and_can_be_read_by_2_50() {
        each_with(UDF, |joined| {
            let integrity = joined.disc.block(joined.disc.udf().integrity);
            assert_eq!(le16(&integrity, 0), 9);
            assert_eq!(le32(&integrity, 28), 1, "closed");
            let partitions = le32(&integrity, 72) as usize;
            let implementation = 80 + 8 * partitions;
            assert!(le16(&integrity, implementation + 40) <= 0x250);
        });
    }

    /// Rule 14. Since 6.3 Linux does not read a directory if the CRC of one identifier does not cover all of it.
    #[test]
    fn identifiers_begin_with_the_parent_and_their_crc_covers_them() {
        each_with(UDF, |joined| {
            for (path, entry) in joined.disc.udf().entries {
                if !entry.directory {
                    continue;
                }
                let bytes = joined.disc.data(&entry.extents);
                let mut at = 0;
                while at < bytes.len() {
                    let identifier = &bytes[at..];
                    let name = usize::from(identifier[19]);
                    assert_eq!(le16(identifier, 36), 0, "{path}: implementation use");
                    let len = (38 + name).next_multiple_of(4);
                    assert!(len <= 2048);
                    assert_eq!(usize::from(le16(identifier, 10)), len - 16, "{path}");
                    assert!(is_zero(&identifier[38 + name..len]), "{path}: padding");
                    let is_parent = identifier[18] & 8 != 0;
                    assert_eq!(is_parent, at == 0, "{path}");
                    at += len;
                }
            }
        });
    }

    /// Rule 15. 7-Zip and Linux read a metadata file only by short descriptors, 7-Zip only one of one extent.
    #[test]
    fn the_metadata_file_is_one_extent_with_a_short_descriptor() {
        each_with(UDF, |joined| {
            let Some(metadata) = joined.disc.udf().metadata else {
                assert!(joined.revision() < UdfRevision::V2_50);
                return;
            };
            for icb in metadata.icbs {
                let block = joined.disc.block(icb);
                assert_eq!(le16(&block, 34) & 7, 0, "short descriptors");
                assert_eq!(le32(&block, 212), 8, "one of them");
            }
        });
    }

    /// UDF 2.2.14, 2.2.10 of 2.50.
    #[test]
    fn a_metadata_partition_begins_at_an_ecc_block_and_has_whole_ones() {
        each_with(UDF, |joined| {
            let Some(metadata) = joined.disc.udf().metadata else {
                return;
            };
            assert_eq!(joined.partition().0 % 32, 0);
            assert_eq!(metadata.blocks % 32, 0);
            for start in metadata.starts {
                assert_eq!((start - joined.partition().0) % 32, 0);
            }
        });
    }
}

/// What IMAPI2 asks of a session it is to append to.
mod imapi2 {
    use super::*;

    /// It imports no partition of another access type.
    #[test]
    fn the_partition_is_read_only() {
        each_with(UDF, |joined| {
            assert_eq!(le32(&joined.partition_descriptor(), 184), 1);
        });
    }

    /// It finds what is free behind the partition.
    #[test]
    fn the_partition_ends_before_the_disc() {
        each_with(UDF, |joined| {
            let (start, len) = joined.partition();
            let disc = &joined.disc;
            assert!(start > disc.start + 256, "not before the anchor");
            assert!(start + len < disc.end() - 16, "not up to the last blocks");
        });
    }

    /// Every session can be found without those before it.
    #[test]
    fn a_session_has_all_structures_of_its_own() {
        each(|joined| {
            let end = joined.disc.end();
            let start = joined.disc.start;
            for file_system in joined.image.file_systems_to_create().iter() {
                for (path, entry) in joined.disc.entries(file_system) {
                    for (first, len) in entry.extents {
                        assert!(first > start + 16, "{path}");
                        assert!(first + len.div_ceil(2048) as u32 <= end, "{path}");
                    }
                }
            }
        });
    }
}

//! Whole images whose bytes are pinned.
//!
//! Another digest means other bytes for the same input. That is a decision, to be put in the changelog under
//! *Changed bytes*, not a number to be brought up to date.

use imapi2fs::{FileSystemImage, FileSystems, InterchangeLevel, UdfRevision};

use crate::support::bytes::fnv1a;
use crate::support::{ISO9660, JOLIET, UDF, add_files, at, check, image_at};

/// Number of blocks, and the 64-bit FNV-1a digest of all bytes.
#[track_caller]
fn assert_pinned(image: &FileSystemImage, blocks: u32, digest: u64) {
    let disc = check(image);
    let found = (disc.image.total_blocks(), fnv1a(&disc.whole()));
    assert_eq!(found, (blocks, digest), "{:#018x}", found.1);
}

#[test]
fn an_empty_image_of_all_file_systems() {
    let image = FileSystemImage::with_time(at("2024-01-05T07:08:59Z"));
    assert_pinned(&image, 284, 0x2e76_a621_7a71_a2dd);
}

#[test]
fn a_bridge_of_a_small_tree() {
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    image.set_volume_name("Golden disc").unwrap();
    let long = format!("{}.text", "A long name, ".repeat(9));
    add_files(
        &mut image,
        &[
            ("Read me.txt", b"hello\n"),
            ("dir/sub/data.bin", &[7; 5000]),
            ("dir/sub/DATA.BIN", &[8; 2048]),
            ("dir/ünï 漢🎉:?", b"x"),
            ("empty", b""),
            (&long, b"long"),
        ],
    );
    let mut item = image.item_mut("dir/sub").unwrap();
    item.set_is_hidden(true);
    item.set_last_modified_time(at("1999-12-31T23:59:59.987654+05:30"))
        .unwrap();
    for number in 0..60 {
        image
            .root_mut()
            .add_file(format!("dir/file number {number}"), vec![number; 3])
            .unwrap();
    }
    assert_pinned(&image, 428, 0xc8ab_f652_b3f1_6c15);
}

#[test]
fn iso9660_and_joliet_in_a_later_session() {
    let mut image = image_at(ISO9660 | JOLIET, InterchangeLevel::One);
    image.set_volume_name("cidata").unwrap();
    image.set_session_start_block(11_400).unwrap();
    add_files(
        &mut image,
        &[
            ("user-data", b"#cloud-config\n"),
            ("meta-data", b"instance-id: one\n"),
        ],
    );
    assert_pinned(&image, 27, 0x33d0_5c27_9c1a_956f);
}

#[test]
fn udf_of_2_50_with_all_it_can_have() {
    let mut image = image_at(UDF, InterchangeLevel::One);
    image.set_udf_revision(UdfRevision::V2_50).unwrap();
    image.set_volume_name("all").unwrap();
    image.set_file_alignment(4).unwrap();
    add_files(
        &mut image,
        &[
            ("d/small", b"small"),
            ("d/large", &[2; 9000]),
            ("film", &[3; 5000]),
        ],
    );
    let _ = image.item_mut("film").unwrap().set_is_real_time(true);
    let mut item = image.item_mut("d/small").unwrap();
    item.add_stream("Zone.Identifier", b"[ZoneTransfer]")
        .unwrap();
    item.add_stream("large", vec![4; 5000]).unwrap();
    assert_pinned(&image, 433, 0x6160_1632_0309_bac9);
    image.set_embed_small_files(true);
    assert_pinned(&image, 433, 0x151c_bd56_287d_a39d);
}

#[test]
fn udf_alone() {
    let mut image = image_at(UDF, InterchangeLevel::One);
    image.set_volume_name("Ein Name mit Ümläuten").unwrap();
    let long = format!("{}.text", "Ж".repeat(140));
    add_files(
        &mut image,
        &[
            ("a/b/c/d/e/f/g/h/i/deep", &[1; 10_000]),
            (&long, b"long"),
            ("CON", b""),
        ],
    );
    assert_pinned(&image, 305, 0xfdfc_ff9d_f151_6286);
    for (revision, blocks, digest) in [
        (UdfRevision::V1_50, 305, 0xe427_4f3c_ba73_fcdc),
        (UdfRevision::V2_00, 305, 0x57b8_919c_a36f_863d),
        (UdfRevision::V2_01, 305, 0x70e6_09cf_35ce_d531),
        (UdfRevision::V2_50, 433, 0x83ec_c325_01fc_353b),
        (UdfRevision::V2_60, 433, 0x55a4_a2dd_e9bc_8e1d),
    ] {
        image.set_udf_revision(revision).unwrap();
        assert_pinned(&image, blocks, digest);
    }
}

//! The properties of an image: what they are at first, what they can be, and what they decide.

use std::time::SystemTime;

use imapi2fs::{Error, FileSystemImage, FileSystems, InterchangeLevel, MediaType, UdfRevision};

use crate::support::{ISO9660, JOLIET, LEVELS, UDF, at, image, image_of, masks};

#[test]
fn a_new_image_has_the_defaults_of_imapi2() {
    let image = image();
    assert_eq!(image.file_systems_to_create().bits(), 7);
    assert_eq!(image.file_systems_supported().bits(), 7);
    assert_eq!(image.iso9660_interchange_level(), InterchangeLevel::One);
    assert_eq!(image.iso9660_interchange_levels_supported(), LEVELS);
    assert_eq!(u16::from(image.udf_revision()), 0x102);
    assert_eq!(image.udf_revisions_supported(), UdfRevision::ALL);
    assert!(image.create_redundant_udf_metadata_files());
    assert_eq!(image.free_media_blocks(), 332_800);
    assert_eq!(image.session_start_block(), 0);
    assert_eq!(image.volume_name(), "");
    assert_eq!(image.working_directory(), std::env::temp_dir());
    assert!(!image.stage_files());
    assert!(!image.strict_file_system_compliance());
    assert!(!image.use_restricted_character_set());
    assert_eq!((image.file_count(), image.directory_count()), (0, 0));
    assert!(image.used_blocks().unwrap() > 0);
    assert_eq!(image.root().full_path().to_string(), "/");
    assert_eq!(image.root().name(), "");
    assert_eq!(image.root().count(), 0);
}

#[test]
fn a_new_image_reads_the_clock_once() {
    let before = SystemTime::now();
    let mut image = FileSystemImage::new();
    let after = SystemTime::now();
    assert!((before.into()..=after.into()).contains(&image.time()));
    image.root_mut().add_file("a", b"").unwrap();
    let item = image.item("a").unwrap();
    assert_eq!(item.last_modified_time(), image.time());
    assert_eq!(image.root().creation_time(), image.time());
    let named = FileSystemImage::with_time(image.time());
    assert_eq!(named.volume_name_udf(), image.volume_name_udf());
}

#[test]
fn any_file_systems_can_be_created_but_joliet_alone() {
    let mut image = image();
    for bits in 0..16 {
        let file_systems = FileSystems::from_bits_retain(bits);
        let before = image.file_systems_to_create();
        let result = image.set_file_systems_to_create(file_systems);
        if masks().contains(&file_systems) {
            result.unwrap();
            assert_eq!(image.file_systems_to_create(), file_systems);
        } else {
            assert!(matches!(result, Err(Error::InvalidParameter { .. })));
            assert_eq!(image.file_systems_to_create(), before, "{bits}");
        }
    }
}

#[test]
fn a_strict_image_has_levels_1_and_2_only() {
    let mut image = image();
    image.set_strict_file_system_compliance(true).unwrap();
    assert!(image.strict_file_system_compliance());
    assert_eq!(image.iso9660_interchange_levels_supported(), &LEVELS[..2]);
    for level in &LEVELS[..2] {
        image.set_iso9660_interchange_level(*level).unwrap();
        assert_eq!(image.iso9660_interchange_level(), *level);
    }
    let refused = image.set_iso9660_interchange_level(InterchangeLevel::Three);
    assert!(matches!(refused, Err(Error::InvalidParameter { .. })));
    assert_eq!(image.iso9660_interchange_level(), InterchangeLevel::Two);
}

#[test]
fn what_a_strict_image_cannot_have_keeps_it_from_becoming_strict() {
    let mut image = image();
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    let error = image.set_strict_file_system_compliance(true).unwrap_err();
    assert!(matches!(error, Error::InvalidParameter { .. }), "{error}");
    assert!(!image.strict_file_system_compliance());

    image
        .set_iso9660_interchange_level(InterchangeLevel::Two)
        .unwrap();
    image.set_volume_name("16 characters...").unwrap();
    let error = image.set_strict_file_system_compliance(true).unwrap_err();
    assert!(matches!(error, Error::InvalidVolumeName { .. }), "{error}");
    assert!(!image.strict_file_system_compliance());
    assert_eq!(image.volume_name(), "16 characters...");

    image.set_volume_name("fine").unwrap();
    image.set_strict_file_system_compliance(true).unwrap();
}

#[test]
fn only_an_empty_image_becomes_strict() {
    let mut image = image();
    image.root_mut().add_directory("a").unwrap();
    let error = image.set_strict_file_system_compliance(true).unwrap_err();
    assert!(matches!(error, Error::FileSystemNotEmpty { .. }), "{error}");
    assert!(!image.strict_file_system_compliance());
    // It need not be empty to be what it is, or to stop being strict.
    image.set_strict_file_system_compliance(false).unwrap();
    image.root_mut().remove("a").unwrap();
    image.set_strict_file_system_compliance(true).unwrap();
    image.root_mut().add_directory("a").unwrap();
    image.set_strict_file_system_compliance(false).unwrap();
    image.root_mut().add_directory("A").unwrap();
}

#[test]
fn the_udf_revision_can_be_set_without_udf() {
    let mut image = image_of(ISO9660);
    image.set_udf_revision(UdfRevision::V2_50).unwrap();
    assert_eq!(image.udf_revision(), UdfRevision::V2_50);
}

#[test]
fn the_level_decides_the_names_of_what_is_there() {
    let mut image = image();
    image.root_mut().add_file("A long name.text", b"").unwrap();
    let name = |image: &FileSystemImage| {
        let item = image.item("A long name.text").unwrap();
        item.file_system_name(ISO9660).unwrap()
    };
    assert_eq!(name(&image), "A_LONG_N.TEX");
    image
        .set_iso9660_interchange_level(InterchangeLevel::Two)
        .unwrap();
    assert_eq!(name(&image), "A_LONG_NAME.TEXT");
}

#[test]
fn a_volume_name_has_up_to_32_characters() {
    let mut image = image();
    let longest = "ä".repeat(32);
    for name in ["", "a", "My Disc: 2024/05", &longest] {
        image.set_volume_name(name).unwrap();
        assert_eq!(image.volume_name(), name);
    }
    for name in ["x".repeat(33), "tab\t".into(), "nul\0".into()] {
        let error = image.set_volume_name(&name).unwrap_err();
        assert!(matches!(error, Error::InvalidVolumeName { .. }), "{error}");
        assert_eq!(image.volume_name(), longest);
    }
}

#[test]
fn a_strict_volume_name_is_what_imapi2_documents() {
    let mut image = image();
    image.set_strict_file_system_compliance(true).unwrap();
    for name in ["", "Az09_.", "fifteen_letters"] {
        image.set_volume_name(name).unwrap();
    }
    for name in ["sixteen_letters_", "a b", "ä", "a-b"] {
        let error = image.set_volume_name(name).unwrap_err();
        assert!(matches!(error, Error::InvalidVolumeName { .. }), "{error}");
        assert_eq!(image.volume_name(), "fifteen_letters");
    }
    // ISO 9660 gets its own form of it in any case.
    image.set_file_systems_to_create(ISO9660).unwrap();
    image.set_volume_name("a.b").unwrap();
    assert_eq!(image.volume_name_iso9660(), "A_B");
}

#[test]
fn each_file_system_gets_what_it_can_hold_of_the_volume_name() {
    let mut image = image();
    let derived = |image: &FileSystemImage| {
        [
            image.volume_name_iso9660(),
            image.volume_name_joliet(),
            image.volume_name_udf(),
        ]
    };
    image.set_volume_name("cidata").unwrap();
    assert_eq!(derived(&image), ["CIDATA", "cidata", "cidata"]);
    image.set_volume_name("Über: a disc of 30 letters").unwrap();
    assert_eq!(
        derived(&image),
        [
            "_BER__A_DISC_OF_30_LETTERS",
            "Über_ a disc of ",
            "Über: a disc of 30 letters"
        ]
    );
    // The sixteenth unit of Joliet would be half a character.
    image.set_volume_name("fifteen letters🎉").unwrap();
    assert_eq!(derived(&image)[1], "fifteen letters");
    assert_eq!(derived(&image)[0], "FIFTEEN_LETTERS_");
}

#[test]
fn a_volume_without_a_name_is_called_after_the_time() {
    let image = FileSystemImage::with_time(at("2024-01-05T23:08:59-02:00"));
    for name in [
        image.volume_name_iso9660(),
        image.volume_name_joliet(),
        image.volume_name_udf(),
    ] {
        assert_eq!(name, "20240106_0108");
    }
    let result = image.create_result_image().unwrap();
    assert_eq!(result.disc_id(), "20240106_0108");
}

#[test]
fn names_are_restricted_from_now_on() {
    let mut image = image();
    image.root_mut().add_file("before: ä", b"").unwrap();
    image.set_use_restricted_character_set(true);
    assert!(image.use_restricted_character_set());
    let error = image.root_mut().add_file("ä", b"").unwrap_err();
    assert!(matches!(error, Error::RestrictedName { .. }), "{error}");
    assert!(image.root_mut().add_directory("new\nline").is_err());
    assert!(image.create_file_item("ä", b"").is_err());
    assert!(image.create_directory_item("a/ä").is_err());
    image.root_mut().add_file(" ~\u{7F}", b"").unwrap();
    assert!(image.exists("before: ä").unwrap().is_some());
    image.set_use_restricted_character_set(false);
    image.root_mut().add_file("ä", b"").unwrap();
}

#[test]
fn a_session_needs_room_behind_its_start() {
    let mut image = image();
    image.set_session_start_block(1 << 20).unwrap();
    assert_eq!(image.session_start_block(), 1 << 20);
    for block in [0x7FFF_FFFF, u32::MAX] {
        let error = image.set_session_start_block(block).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { .. }), "{error}");
        assert_eq!(image.session_start_block(), 1 << 20);
    }
}

#[test]
fn media_set_file_systems_and_blocks() {
    let cd = ISO9660 | JOLIET;
    let all = FileSystems::all();
    for (media, file_systems, blocks) in [
        (MediaType::CdR, cd, 359_847),
        (MediaType::CdRw, cd, 359_847),
        (MediaType::DvdDashR, UDF, 2_298_496),
        (MediaType::DvdPlusR, UDF, 2_295_104),
        (MediaType::DvdRam, UDF, 2_236_704),
        (MediaType::DvdPlusRDualLayer, UDF, 4_173_824),
        (MediaType::DvdDashRDualLayer, UDF, 4_171_712),
        (MediaType::BdR, UDF, 12_219_392),
        (MediaType::BdRe, UDF, 12_219_392),
        (MediaType::Disk, all, 0),
    ] {
        let mut image = image_of(UDF);
        image.choose_image_defaults_for_media_type(media).unwrap();
        assert_eq!(image.file_systems_to_create(), file_systems, "{media}");
        assert_eq!(image.free_media_blocks(), blocks, "{media}");
        let blu_ray = [MediaType::BdR, MediaType::BdRe].contains(&media);
        assert_eq!(image.udf_revision() == UdfRevision::V2_50, blu_ray);
        assert!(blu_ray || image.udf_revision() == UdfRevision::V1_02);
    }
    assert_eq!(u32::from(MediaType::BdRe), 19);
}

#[test]
fn media_that_do_not_suit_change_nothing() {
    let mut image = image_of(UDF);
    image.set_free_media_blocks(400_000).unwrap();
    for media in [MediaType::Unknown, MediaType::DvdRom, MediaType::HdDvdR] {
        let error = image
            .choose_image_defaults_for_media_type(media)
            .unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { .. }), "{error}");
    }
    image
        .root_mut()
        .add_file("big", vec![0; 800 << 20 >> 10])
        .unwrap();
    let deep = "1/2/3/4/5/6/7/8";
    for (end, _) in deep.match_indices('/') {
        image.root_mut().add_directory(&deep[..end]).unwrap();
    }
    image.root_mut().add_directory(deep).unwrap();
    let error = image
        .choose_image_defaults_for_media_type(MediaType::CdR)
        .unwrap_err();
    assert!(matches!(error, Error::TooDeep { .. }), "{error}");
    assert_eq!(image.file_systems_to_create(), UDF);
    assert_eq!(image.free_media_blocks(), 400_000);
}

#[test]
fn used_blocks_are_what_the_image_will_have() {
    for file_systems in masks() {
        let mut image = image_of(file_systems);
        let empty = image.used_blocks().unwrap();
        image.root_mut().add_file("a", vec![1; 5000]).unwrap();
        let used = image.used_blocks().unwrap();
        assert!(used >= empty + 3, "{file_systems}");
        let result = image.create_result_image().unwrap();
        assert_eq!(result.total_blocks(), used, "{file_systems}");
    }
}

/// Names were shown as a strict image has them, and recorded as they are.
#[test]
fn names_stay_as_they_are_when_an_image_cannot_become_strict() {
    let mut image = image();
    image.set_verbatim_iso9660_volume_name(true).unwrap();
    image.set_strict_file_system_compliance(true).unwrap_err();
    let name = "x".repeat(80);
    image.root_mut().add_file(name.as_str(), b"").unwrap();
    let item = image.item(name.as_str()).unwrap();
    assert_eq!(item.file_system_name(JOLIET).unwrap(), name);
}

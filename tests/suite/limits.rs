//! How much an image can hold, and which error says that it is too much.

use imapi2fs::{Error, FileSystemImage, FileSystems, InterchangeLevel, Source};

use crate::support::readers::{Numbered, numbered};
use crate::support::{
    Disc, Host, ISO9660, JOLIET, LEVELS, UDF, add_files, check, image, image_at, image_of, masks,
    paths,
};

const GIB: u64 = 1 << 30;

/// Debug builds are slow, and emulated ones slower.
const SMALLER_IN_DEBUG: u32 = if cfg!(debug_assertions) { 20 } else { 1 };

fn add_blank(image: &mut FileSystemImage, path: &str, len: u64) -> imapi2fs::Result<()> {
    let source = Source::seekable(Numbered::new(len));
    image.root_mut().add_file(path, source).map(|_| ())
}

#[test]
fn an_image_is_no_larger_than_a_cd_unless_told_otherwise() {
    let mut image = image();
    add_blank(&mut image, "half", 600 << 20).unwrap();
    let before = paths(&image);
    let error = add_blank(&mut image, "too much", 50 << 20).unwrap_err();
    match &error {
        Error::ImageSizeLimit { path, needed, limit } => {
            assert_eq!(path.to_string(), "/too much");
            assert_eq!(*limit, 332_800);
            assert!(*needed > *limit);
        }
        error => panic!("{error}"),
    }
    assert_eq!(paths(&image), before);
    image.set_free_media_blocks(0).unwrap();
    add_blank(&mut image, "too much", 50 << 20).unwrap();
    assert!(image.used_blocks().unwrap() > 332_800);
}

#[test]
fn a_limit_below_what_is_there_is_refused() {
    for file_systems in masks() {
        let mut image = image_of(file_systems);
        add_files(&mut image, &[("dir/file", &[1; 100_000])]);
        image.set_free_media_blocks(1_000_000).unwrap();
        let used = image.used_blocks().unwrap();
        for limit in [1, used - 1] {
            let error = image.set_free_media_blocks(limit).unwrap_err();
            match error {
                Error::ImageTooBig { needed, limit: found } => {
                    assert!(needed > u64::from(limit) && needed <= used.into());
                    assert_eq!(found, limit.into());
                }
                error => panic!("{error}"),
            }
            assert_eq!(image.free_media_blocks(), 1_000_000);
        }
        image.set_free_media_blocks(used).unwrap();
        assert_eq!(check(&image).image.total_blocks(), used);
        let error = image.root_mut().add_file("more", vec![0; 100_000]).unwrap_err();
        assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    }
}

#[test]
fn a_directory_can_be_one_too_many() {
    let mut image = image_of(ISO9660);
    let used = image.used_blocks().unwrap();
    image.root_mut().add_directory("a").unwrap();
    image.set_free_media_blocks(image.used_blocks().unwrap()).unwrap();
    let error = image.root_mut().add_directory("b").unwrap_err();
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    assert_eq!(image.used_blocks().unwrap(), used + 1);
}

#[test]
fn what_only_the_layout_shows_is_found_when_the_image_is_made() {
    let mut image = image_of(ISO9660);
    image.set_free_media_blocks(image.used_blocks().unwrap() + 1).unwrap();
    // Empty files take no blocks but those of the directory.
    for n in 0..100 {
        image.root_mut().add_file(format!("F{n}"), b"").unwrap();
    }
    let needed = u64::from(image.used_blocks().unwrap());
    let limit = u64::from(image.free_media_blocks());
    let error = image.create_result_image().unwrap_err();
    match error {
        Error::ImageTooBig { needed: n, limit: l } => assert_eq!((n, l), (needed, limit)),
        error => panic!("{error}"),
    }
    image.set_free_media_blocks(0).unwrap();
    image.create_result_image().unwrap();
}

#[test]
fn no_image_has_more_blocks_than_imapi2_counts() {
    for file_systems in masks() {
        let mut image = image_at(file_systems, InterchangeLevel::Three);
        add_blank(&mut image, "huge", (1 << 31) * 2048).unwrap();
        let error = image.create_result_image().unwrap_err();
        assert!(matches!(error, Error::ImageTooBig { limit: 0x7FFF_FFFF, .. }), "{error}");
    }
    let mut image = image_of(UDF);
    image.set_session_start_block(0x7FF0_0000).unwrap();
    add_blank(&mut image, "large", 4 * GIB).unwrap();
    assert!(image.create_result_image().is_err());
}

#[test]
fn iso9660_has_files_of_2_gib_at_levels_1_and_2() {
    for file_systems in masks() {
        for level in LEVELS {
            let mut image = image_at(file_systems, level);
            add_blank(&mut image, "fits", 2 * GIB).unwrap();
            check(&image);
            add_blank(&mut image, "more", 2 * GIB + 1).unwrap();
            let result = image.create_result_image();
            if level == InterchangeLevel::Three || file_systems == UDF {
                result.unwrap();
                check(&image);
                continue;
            }
            match result.unwrap_err() {
                Error::FileTooBig { path, size, limit, file_system } => {
                    assert_eq!(path.to_string(), "/more");
                    assert_eq!((size, limit), (2 * GIB + 1, 2 * GIB));
                    assert_eq!(file_system, ISO9660);
                }
                error => panic!("{error}"),
            }
            assert!(image.used_blocks().is_err());
            image.root_mut().remove("more").unwrap();
            image.create_result_image().unwrap();
        }
    }
}

#[test]
fn a_sparse_file_is_as_large_as_it_says() {
    let host = Host::new();
    host.sparse_file("tree/large", 2 * GIB + 1);
    let mut image = image_of(FileSystems::all());
    image.root_mut().add_tree(host.path("tree"), false).unwrap();
    let error = image.create_result_image().unwrap_err();
    assert_eq!(error.path().unwrap().to_string(), "/large", "{error}");
    image.set_iso9660_interchange_level(InterchangeLevel::Three).unwrap();
    let disc = check(&image);
    assert!(disc.image.len() > 2 * GIB);
}

#[test]
fn large_files_are_where_they_should_be() {
    // More than a section of ISO 9660 and several extents of UDF, and some other length.
    let len = 5 * GIB + 12_345;
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    add_files(&mut image, &[("before", &[1; 3000]), ("z behind", &[2; 3000])]);
    add_blank(&mut image, "large", len).unwrap();
    let disc = check(&image);
    for (file_system, pieces) in [(ISO9660, 2), (JOLIET, 2), (UDF, 6)] {
        let path = image.item("large").unwrap().file_system_path(file_system).unwrap();
        let entry = &disc.entries(file_system)[&path.to_string()];
        assert_eq!(entry.extents.len(), pieces, "{file_system}");
        let mut position = 0;
        for (first, len) in &entry.extents {
            // The first block of a piece and the end of its last.
            for inside in [0, len - 2048.min(*len), len.saturating_sub(300) / 2048 * 2048] {
                let block = first + (inside / 2048) as u32;
                let count = (len - inside).min(4096);
                let mut expected = vec![0; count as usize];
                numbered(position + inside / 2048 * 2048, &mut expected);
                assert!(disc.data(&[(block, count)]) == expected, "{file_system}");
            }
            position += len;
        }
        assert_eq!(position, len);
    }
}

/// A path of directories, one in the other.
fn chain(image: &mut FileSystemImage, depth: usize) -> imapi2fs::Result<()> {
    let mut path = String::new();
    for level in 2..=depth {
        path += &format!("/D{level}");
        image.root_mut().add_directory(&path)?;
    }
    Ok(())
}

#[test]
fn iso9660_has_8_levels_at_levels_1_and_2() {
    for file_systems in masks() {
        for level in LEVELS {
            let mut image = image_at(file_systems, level);
            chain(&mut image, 8).unwrap();
            let deepest = "D2/D3/D4/D5/D6/D7/D8";
            image.root_mut().add_file(format!("{deepest}/FILE"), b"at level 8").unwrap();
            check(&image);
            let result = image.root_mut().add_directory(format!("{deepest}/D9")).map(|_| ());
            if level == InterchangeLevel::Three || file_systems == UDF {
                result.unwrap();
                check(&image);
                continue;
            }
            match result.unwrap_err() {
                Error::TooDeep { path, level, limit } => {
                    assert!(path.to_string().ends_with("/D8/D9"));
                    assert_eq!((level, limit), (9, 8));
                }
                error => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_deep_tree_keeps_the_settings_that_allow_it() {
    let mut image = image_of(UDF);
    chain(&mut image, 12).unwrap();
    let error = image.set_file_systems_to_create(FileSystems::all()).unwrap_err();
    assert!(matches!(error, Error::TooDeep { .. }), "{error}");
    assert_eq!(image.file_systems_to_create(), UDF);
    image.set_iso9660_interchange_level(InterchangeLevel::Three).unwrap();
    image.set_file_systems_to_create(FileSystems::all()).unwrap();
    check(&image);
    let error = image.set_iso9660_interchange_level(InterchangeLevel::Two).unwrap_err();
    assert!(matches!(error, Error::TooDeep { .. }), "{error}");
    assert_eq!(image.iso9660_interchange_level(), InterchangeLevel::Three);

    let mut strict = image_of(UDF);
    strict.set_strict_file_system_compliance(true).unwrap();
    chain(&mut strict, 12).unwrap();
    assert!(strict.set_file_systems_to_create(ISO9660).is_err());
}

/// A strict image with a path of this length as ECMA-119 6.8.2.1 counts it, in `/…/FILE.;1`.
fn with_path(length: usize, strict: bool) -> FileSystemImage {
    let mut image = image_at(ISO9660 | UDF, InterchangeLevel::Two);
    image.set_strict_file_system_compliance(strict).unwrap();
    // Each directory counts one more than its name.
    let mut left = length - "FILE.;1".len();
    let mut path = String::new();
    while left > 0 {
        let name = "D".repeat((left - 1).min(31));
        left -= name.len() + 1;
        path += &format!("{name}/");
        image.root_mut().add_directory(&path).unwrap();
    }
    image.root_mut().add_file(path + "FILE", b"").unwrap();
    image
}

#[test]
fn strict_paths_in_iso9660_have_255_characters() {
    // Seven directories of 31 characters make 224, and a file has up to 33.
    let mut image = image_at(ISO9660 | UDF, InterchangeLevel::Two);
    image.set_strict_file_system_compliance(true).unwrap();
    let path = format!("{}/", "D".repeat(31)).repeat(7);
    for (end, _) in path.match_indices('/') {
        image.root_mut().add_directory(&path[..end]).unwrap();
    }
    image.root_mut().add_file(format!("{path}{}", "F".repeat(28)), b"").unwrap();
    image.create_result_image().unwrap();
    check(&image);
    image.root_mut().add_file(format!("{path}{}", "G".repeat(29)), b"").unwrap();
    match image.create_result_image().unwrap_err() {
        Error::PathTooLong { path, length, limit } => {
            assert!(path.to_string().ends_with("GGG"));
            assert_eq!((length, limit), (256, 255));
        }
        error => panic!("{error}"),
    }
    // UDF has no such limit, and other images do not either.
    image.set_file_systems_to_create(UDF).unwrap();
    check(&image);
    image.set_file_systems_to_create(ISO9660).unwrap();
    image.set_strict_file_system_compliance(false).unwrap();
    check(&image);
    check(&with_path(231, true));
}

/// Directories beside each other, 255 to a directory.
fn add_directories(image: &mut FileSystemImage, count: u32) {
    for number in 0..count {
        let (outer, inner) = (number / 256, number % 256);
        let path = match inner {
            0 => format!("D{outer}"),
            inner => format!("D{outer}/D{inner}"),
        };
        image.root_mut().add_directory(path).unwrap();
    }
}

#[test]
fn iso9660_numbers_65_535_directories() {
    let mut image = image_of(ISO9660 | JOLIET);
    // With the root.
    add_directories(&mut image, 65_534);
    match image.root_mut().add_directory("MORE").unwrap_err() {
        Error::TooManyDirectories { path, file_system, limit } => {
            assert_eq!(path.to_string(), "/MORE");
            assert_eq!((file_system, limit), (ISO9660, 65_535));
        }
        error => panic!("{error}"),
    }
    assert_eq!(image.directory_count(), 65_534);
    image.root_mut().add_file("FILE", b"may be added").unwrap();

    // UDF has no such limit.
    image.set_file_systems_to_create(UDF).unwrap();
    image.root_mut().add_directory("MORE").unwrap();
    let error = image.set_file_systems_to_create(FileSystems::all()).unwrap_err();
    assert!(matches!(error, Error::TooManyDirectories { .. }), "{error}");
    image.root_mut().remove("MORE").unwrap();
    image.set_file_systems_to_create(FileSystems::all()).unwrap();
}

#[test]
fn a_tree_of_as_many_directories_as_there_can_be_is_laid_out() {
    let mut image = image_of(FileSystems::all());
    add_directories(&mut image, 65_534 / SMALLER_IN_DEBUG);
    let disc = check(&image);
    let directories = 65_534 / SMALLER_IN_DEBUG as usize + 1;
    assert_eq!(disc.primary().path_table.len(), directories);
    assert_eq!(disc.udf().directories as usize, directories);
}

#[test]
fn a_directory_of_udf_has_65_534_directories() {
    let mut image = image_of(UDF);
    for number in 0..65_535 {
        image.root_mut().add_directory(format!("D{number}")).unwrap();
    }
    match image.create_result_image().unwrap_err() {
        Error::TooManyDirectories { path, file_system, limit } => {
            assert!(path.is_root());
            assert_eq!((file_system, limit), (UDF, 65_534));
        }
        error => panic!("{error}"),
    }
    image.root_mut().remove("D0").unwrap();
    let disc = Disc::new(&image);
    assert_eq!(disc.image.total_blocks(), image.used_blocks().unwrap());
    if !cfg!(debug_assertions) {
        assert_eq!(disc.udf().entries[""].icb.links, 65_535);
    }
}

#[test]
fn a_directory_of_many_files_is_recorded() {
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    for number in 0..100_000 / SMALLER_IN_DEBUG {
        let data = if number % 1000 == 0 { &b"data"[..] } else { b"" };
        image.root_mut().add_file(format!("file number {number}.text"), data).unwrap();
    }
    check(&image);
}

//! How much an image can hold, and which error says that it is too much.

use imapi2fs::{Error, FileSystemImage, FileSystems, InterchangeLevel, Source};

use crate::support::readers::{Numbered, numbered};
use crate::support::{
    Host, ISO9660, JOLIET, LEVELS, UDF, add_files, check, image, image_at, image_of, masks, paths,
};

const GIB: u64 = 1 << 30;

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
        Error::ImageSizeLimit {
            path,
            needed,
            limit,
            ..
        } => {
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
                Error::ImageTooBig {
                    needed,
                    limit: found,
                    ..
                } => {
                    assert!(needed > u64::from(limit) && needed <= used.into());
                    assert_eq!(found, limit.into());
                }
                error => panic!("{error}"),
            }
            assert_eq!(image.free_media_blocks(), 1_000_000);
        }
        image.set_free_media_blocks(used).unwrap();
        assert_eq!(check(&image).image.total_blocks(), used);
        let error = image
            .root_mut()
            .add_file("more", vec![0; 100_000])
            .unwrap_err();
        assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    }
}

#[test]
fn a_directory_can_be_one_too_many() {
    let mut image = image_of(ISO9660);
    let used = image.used_blocks().unwrap();
    image.root_mut().add_directory("a").unwrap();
    image
        .set_free_media_blocks(image.used_blocks().unwrap())
        .unwrap();
    let error = image.root_mut().add_directory("b").unwrap_err();
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    assert_eq!(image.used_blocks().unwrap(), used + 1);
}

#[test]
fn what_only_the_layout_shows_is_found_when_the_image_is_made() {
    let mut image = image_of(ISO9660);
    let used = image.used_blocks().unwrap();
    image.set_free_media_blocks(used).unwrap();
    // Empty files take no blocks but those of the directory.
    for n in 0..100 {
        image.root_mut().add_file(format!("F{n}"), b"").unwrap();
    }
    let needed = u64::from(image.used_blocks().unwrap());
    let limit = u64::from(image.free_media_blocks());
    let error = image.create_result_image().unwrap_err();
    match error {
        Error::ImageTooBig {
            needed: n,
            limit: l,
            ..
        } => assert_eq!((n, l), (needed, limit)),
        error => panic!("{error}"),
    }
    image.set_free_media_blocks(0).unwrap();
    image.create_result_image().unwrap();
}

/// A file too large for any image, as it is when no limit is set or one above it.
#[test]
fn no_image_has_more_blocks_than_imapi2_counts() {
    const MOST: u64 = 0x7FFF_FFFF;
    for file_systems in masks() {
        for limit in [0, 0x8000_0000, u32::MAX] {
            let mut image = image_at(file_systems, InterchangeLevel::Three);
            image.set_free_media_blocks(limit).unwrap();
            assert_eq!(image.free_media_blocks(), limit);
            let before = paths(&image);
            match add_blank(&mut image, "huge", (1 << 31) * 2048).unwrap_err() {
                Error::ImageSizeLimit {
                    path,
                    needed,
                    limit,
                    ..
                } => {
                    assert_eq!(path.to_string(), "/huge");
                    assert!(needed > MOST);
                    assert_eq!(limit, MOST);
                }
                error => panic!("{error}"),
            }
            assert_eq!(paths(&image), before);
            add_blank(&mut image, "large", (1 << 30) * 2048).unwrap();
            let error = add_blank(&mut image, "as large", (1 << 30) * 2048).unwrap_err();
            assert_eq!(error.hresult().0, 0xC0AA_B120);
            image.create_result_image().unwrap();
        }
    }
    // Blocks are counted from the disc's start.
    let mut image = image_of(UDF);
    image.set_session_start_block(0x7FF0_0000).unwrap();
    let error = add_blank(&mut image, "large", 4 * GIB).unwrap_err();
    assert_eq!(error.hresult().0, 0xC0AA_B120);
    image.set_session_start_block(0).unwrap();
    add_blank(&mut image, "large", 4 * GIB).unwrap();
    image.set_session_start_block(0x7FF0_0000).unwrap();
    let error = image.create_result_image().unwrap_err();
    assert_eq!(error.hresult().0, 0xC0AA_B121);
}

#[test]
fn an_empty_image_has_blocks_too() {
    for file_systems in masks() {
        let mut image = image_of(file_systems);
        let used = image.used_blocks().unwrap();
        let error = image.set_free_media_blocks(used - 1).unwrap_err();
        assert_eq!(error.hresult().0, 0xC0AA_B121);
        image.set_free_media_blocks(used).unwrap();
        image.create_result_image().unwrap();
    }
}

/// What else is wrong with an image does not keep it from getting another limit.
#[test]
fn a_limit_is_about_blocks_only() {
    let mut image = image_of(ISO9660);
    add_blank(&mut image, "too long", 2 * GIB + 1).unwrap();
    image.used_blocks().unwrap_err();
    image.set_free_media_blocks(2_000_000).unwrap();
    let error = image.set_free_media_blocks(1_000_000).unwrap_err();
    assert_eq!(error.hresult().0, 0xC0AA_B121);
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
                Error::FileTooBig {
                    path,
                    size,
                    limit,
                    file_system,
                    ..
                } => {
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
    assert_eq!(image.item("large").unwrap().data_size(), 2 * GIB + 1);
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    let disc = check(&image);
    assert!(disc.image.len() > 2 * GIB);
}

#[test]
fn large_files_are_where_they_should_be() {
    // More than a section of ISO 9660 and several extents of UDF, and some other length.
    let len = 5 * GIB + 12_345;
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    add_files(
        &mut image,
        &[("before", &[1; 3000]), ("z behind", &[2; 3000])],
    );
    add_blank(&mut image, "large", len).unwrap();
    let disc = check(&image);
    for (file_system, pieces) in [(ISO9660, 2), (JOLIET, 2), (UDF, 6)] {
        let path = image
            .item("large")
            .unwrap()
            .file_system_path(file_system)
            .unwrap();
        let entry = &disc.entries(file_system)[&path.to_string()];
        assert_eq!(entry.extents.len(), pieces, "{file_system}");
        let mut position = 0;
        for (first, len) in &entry.extents {
            // The first block of a piece and the end of its last.
            for inside in [
                0,
                len - 2048.min(*len),
                len.saturating_sub(300) / 2048 * 2048,
            ] {
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

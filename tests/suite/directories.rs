//! How deep directories can lie, and how many there can be.

use imapi2fs::{
    Error, FileSystemImage, FileSystems, ImagePath, ImportOptions, InterchangeLevel, RecordedDisc,
};

use crate::append::{bytes_of, disc, sequential};
use crate::support::bytes::all;
use crate::support::{Disc, ISO9660, JOLIET, LEVELS, UDF, check, image_at, image_of, masks};

/// Debug builds are slow, and emulated ones slower.
const SMALLER_IN_DEBUG: u32 = if cfg!(debug_assertions) { 20 } else { 1 };

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
            image
                .root_mut()
                .add_file(format!("{deepest}/FILE"), b"at level 8")
                .unwrap();
            check(&image);
            let result = image
                .root_mut()
                .add_directory(format!("{deepest}/D9"))
                .map(|_| ());
            if level == InterchangeLevel::Three || file_systems == UDF {
                result.unwrap();
                check(&image);
                continue;
            }
            match result.unwrap_err() {
                Error::TooDeep {
                    path, level, limit, ..
                } => {
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
    let error = image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap_err();
    assert!(matches!(error, Error::TooDeep { .. }), "{error}");
    assert_eq!(image.file_systems_to_create(), UDF);
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap();
    check(&image);
    let error = image
        .set_iso9660_interchange_level(InterchangeLevel::Two)
        .unwrap_err();
    assert!(matches!(error, Error::TooDeep { .. }), "{error}");
    assert_eq!(image.iso9660_interchange_level(), InterchangeLevel::Three);

    let mut strict = image_of(UDF);
    strict.set_strict_file_system_compliance(true).unwrap();
    chain(&mut strict, 12).unwrap();
    assert!(strict.set_file_systems_to_create(ISO9660).is_err());
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
    image
        .root_mut()
        .add_file(format!("{path}{}", "F".repeat(28)), b"")
        .unwrap();
    image.create_result_image().unwrap();
    check(&image);
    image
        .root_mut()
        .add_file(format!("{path}{}", "G".repeat(29)), b"")
        .unwrap();
    match image.create_result_image().unwrap_err() {
        Error::PathTooLong {
            path,
            length,
            limit,
            ..
        } => {
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
        Error::TooManyDirectories {
            path,
            file_system,
            limit,
            ..
        } => {
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
    let error = image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap_err();
    assert!(matches!(error, Error::TooManyDirectories { .. }), "{error}");
    image.root_mut().remove("MORE").unwrap();
    image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap();
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
        image
            .root_mut()
            .add_directory(format!("D{number}"))
            .unwrap();
    }
    match image.create_result_image().unwrap_err() {
        Error::TooManyDirectories {
            path,
            file_system,
            limit,
            ..
        } => {
            assert!(path.is_root());
            assert_eq!((file_system, limit), (UDF, 65_534));
        }
        error => panic!("{error}"),
    }
    image.root_mut().remove("D0").unwrap();
    let disc = Disc::new(&image);
    assert_eq!(disc.image.total_blocks(), image.used_blocks().unwrap());
    if !cfg!(debug_assertions) {
        assert_eq!(disc.udf().entries[""].icb().links, 65_535);
    }
}

#[test]
fn a_directory_of_many_files_is_recorded() {
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    for number in 0..100_000 / SMALLER_IN_DEBUG {
        let data = if number % 1000 == 0 {
            &b"data"[..]
        } else {
            b""
        };
        image
            .root_mut()
            .add_file(format!("file number {number}.text"), data)
            .unwrap();
    }
    check(&image);
}

/// As deep as a tree on Linux can be, whose paths have 4096 bytes.
#[test]
fn deep_trees_are_read_back() {
    for (depth, file_systems) in [
        (1200, FileSystems::all()),
        (1200, ISO9660),
        (2000, ISO9660 | JOLIET),
        (2000, UDF),
    ] {
        let mut image = image_at(file_systems, InterchangeLevel::Three);
        image.set_free_media_blocks(0).unwrap();
        let mut path = ImagePath::from("");
        for _ in 0..depth {
            path = path.join("d");
            image.root_mut().add_directory(path.clone()).unwrap();
        }
        path = path.join("file");
        image.root_mut().add_file(path.clone(), b"deep").unwrap();
        let bytes = bytes_of(&image);
        // What is kept of the directories on the way is little.
        let options = ImportOptions::new().memory(8 << 20);
        let recorded = RecordedDisc::open_with(disc(&bytes), &options).unwrap();
        for file_system in file_systems {
            let volume = recorded.volume(file_system).unwrap();
            let mut items = volume.walk().map(Result::unwrap);
            let last = items.by_ref().last().unwrap();
            assert_eq!(last.path().components().count(), depth + 1);
            assert_eq!(all(last.data().unwrap()), b"deep");
        }
        let mut next = image_at(file_systems, InterchangeLevel::Three);
        next.set_multisession_interfaces(vec![sequential(&bytes)])
            .unwrap();
        let summary = next.import_file_system().unwrap();
        assert_eq!((summary.directories, summary.files), (depth as u64, 1));
    }
}

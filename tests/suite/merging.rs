//! What an image becomes when a disc is imported into it.

use std::ops::ControlFlow;

use imapi2fs::{
    Disc, FileDisc, FileSystemImage, FileSystems, ImportLeftOut, InterchangeLevel, MediaType,
    MultisessionInterface, RandomWriteImage, UdfRevision,
};

use crate::append::{bytes_of, random_write, sequential, written};
use crate::support::bytes::{BLOCK, all, le32};
use crate::support::drive::{Drive, code, imported, offered, recorded};
use crate::support::{
    ISO9660, JOLIET, UDF, add_files, at, image_at, image_of, masks, paths, state,
};

#[test]
fn file_systems_are_identified_and_probed() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for interface in [sequential(&bytes), random_write(&bytes)] {
            let mut image = offered([interface]);
            assert_eq!(image.identify_file_systems_on_disc().unwrap(), file_systems);
            for file_system in FileSystems::all().iter() {
                assert_eq!(
                    image.probe_specific_file_system(file_system).unwrap(),
                    file_systems.contains(file_system)
                );
            }
            let first = FileSystemImage::default_file_system_for_import(file_systems);
            let summary = image.import_file_system().unwrap();
            assert_eq!(summary.file_system, first);
            assert_eq!((summary.files, summary.directories), (3, 2));
        }
    }
    for (file_systems, first) in [
        (FileSystems::empty(), FileSystems::empty()),
        (ISO9660, ISO9660),
        (JOLIET, JOLIET),
        (ISO9660 | JOLIET, JOLIET),
        (ISO9660 | UDF, UDF),
        (FileSystems::all(), UDF),
    ] {
        let found = FileSystemImage::default_file_system_for_import(file_systems);
        assert_eq!(found, first);
    }
    let mut image = offered([sequential(&recorded(ISO9660))]);
    for several in [FileSystems::empty(), ISO9660 | JOLIET] {
        assert_eq!(
            code(image.import_specific_file_system(several)),
            0xC0AA_B101
        );
    }
    assert_eq!(code(image.import_specific_file_system(JOLIET)), 0xC0AA_B152);
}

#[test]
fn files_and_directories_do_not_replace_each_other() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for (is_directory, path, refusal) in [
            (true, "C.TXT", 0xC0AA_B155),
            (false, "DIR", 0xC0AA_B15E),
            (false, "DIR/SUB", 0xC0AA_B15E),
        ] {
            let mut image = offered([sequential(&bytes)]);
            add_files(&mut image, &[("OTHER", b"other"), ("DIR/X", b"x")]);
            if path == "DIR" {
                image.root_mut().remove_tree("DIR").unwrap();
            }
            if is_directory {
                image.root_mut().add_directory(path).unwrap();
            } else {
                image.root_mut().add_file(path, b"in the way").unwrap();
            }
            let before = (state(&image), image.change_point());
            let error = image.import_file_system().unwrap_err();
            assert_eq!(error.hresult().0, refusal);
            assert_eq!(error.path().unwrap().to_string(), format!("/{path}"));
            assert_eq!((state(&image), image.change_point()), before);
            assert_eq!(image.imported_volume_name(), None);
            assert_eq!(image.session_start_block(), 0);
            // What was in the way can go away.
            if is_directory {
                image.root_mut().remove_tree(path).unwrap();
            } else {
                image.root_mut().remove(path).unwrap();
            }
            image.import_file_system().unwrap();
        }
    }
}

#[test]
fn what_the_image_has_stays() {
    for file_systems in masks() {
        let mut image = offered([sequential(&recorded(file_systems))]);
        add_files(
            &mut image,
            &[("DIR/B.TXT", b"mine"), ("DIR/D.TXT", b"d"), ("C.TXT", b"c")],
        );
        let time = at("2001-02-03T04:05:06Z");
        let mut directory = image.item_mut("DIR").unwrap();
        directory.set_last_modified_time(time).unwrap();
        directory.set_is_hidden(true);
        let summary = image.import_file_system().unwrap();
        assert_eq!((summary.files, summary.directories), (1, 1));
        let mut replaced: Vec<_> = summary
            .left_out
            .iter()
            .map(|left_out| match left_out {
                ImportLeftOut::Replaced { path } => path.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        replaced.sort();
        assert_eq!(replaced, ["/C.TXT", "/DIR/B.TXT"]);
        assert_eq!(
            paths(&image),
            [
                "/C.TXT",
                "/DIR/",
                "/DIR/B.TXT",
                "/DIR/D.TXT",
                "/DIR/SUB/",
                "/DIR/SUB/A.TXT"
            ]
        );
        for (path, data) in [
            ("C.TXT", "c"),
            ("DIR/B.TXT", "mine"),
            ("DIR/SUB/A.TXT", "a"),
        ] {
            assert_eq!(
                all(image.item(path).unwrap().data().unwrap()),
                data.as_bytes()
            );
        }
        let directory = image.item("DIR").unwrap();
        assert_eq!(
            (directory.last_modified_time(), directory.is_hidden()),
            (time, true)
        );
    }
}

/// An import is one change, and what it says of the disc is none.
#[test]
fn an_import_can_be_rolled_back() {
    let mut image = offered([sequential(&recorded(UDF))]);
    add_files(&mut image, &[("MINE", b"mine")]);
    let point = image.change_point();
    image.import_file_system().unwrap();
    assert_eq!(image.change_point(), point + 1);
    image.rollback_to_change_point(point).unwrap();
    assert_eq!(paths(&image), ["/MINE"]);
    assert_eq!(image.file_systems_to_create(), UDF);
    assert!(image.session_start_block() > 0);
    image.create_result_image().unwrap();
    assert_eq!(code(image.import_file_system()), 0xC0AA_B133);
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let bytes = recorded(ISO9660);
    let root = le32(&bytes, 16 * BLOCK + 158);
    let scratched = Drive::of(&bytes, MediaType::CdR, Some(root));
    let mut damaged = bytes.clone();
    // A record in the root directory, behind those for it and its parent.
    damaged[root as usize * BLOCK + 2 * 34] = 10;
    for (drive, refusal) in [
        (scratched, 0xC0AA_B157),
        (Drive::new(&damaged), 0xC0AA_B153),
    ] {
        let mut image = offered([drive.sequential()]);
        add_files(&mut image, &[("MINE", b"mine")]);
        let before = (
            state(&image),
            image.change_point(),
            image.free_media_blocks(),
        );
        assert_eq!(code(image.import_file_system()), refusal);
        let after = (
            state(&image),
            image.change_point(),
            image.free_media_blocks(),
        );
        assert_eq!(after, before);
        assert_eq!(image.file_systems_to_create(), FileSystems::all());
    }
    let unreadable = Drive::of(&bytes, MediaType::CdR, Some(16));
    let mut image = offered([unreadable.sequential()]);
    for refusal in [
        code(image.identify_file_systems_on_disc()),
        code(image.calculate_disc_identifier()),
        code(image.probe_specific_file_system(ISO9660)),
        code(image.import_file_system()),
    ] {
        assert_eq!(refusal, 0xC0AA_B157);
    }
}

#[test]
fn names_and_depths_are_those_the_image_takes() {
    let mut deep = image_at(ISO9660, InterchangeLevel::Three);
    add_files(&mut deep, &[("1/2/3/4/5/6/7/8/9/DEEP", b"")]);
    let mut image = offered([sequential(&bytes_of(&deep))]);
    image
        .set_iso9660_interchange_level(InterchangeLevel::Two)
        .unwrap();
    assert_eq!(code(image.import_file_system()), 0xC0AA_B131);
    assert_eq!(paths(&image), [""; 0]);
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    image.import_file_system().unwrap();

    let mut wide = image_of(UDF);
    add_files(&mut wide, &[("漢字", b"")]);
    let mut image = offered([sequential(&bytes_of(&wide))]);
    image.set_use_restricted_character_set(true);
    assert_eq!(code(image.import_file_system()), 0xC0AA_B111);
    image.set_use_restricted_character_set(false);
    image.import_file_system().unwrap();
}

#[test]
fn progress_is_told_before_directories_and_behind_files() {
    for file_system in FileSystems::all().iter() {
        let mut image = offered([sequential(&recorded(FileSystems::all()))]);
        let mut told = Vec::new();
        image
            .import_specific_file_system_with(file_system, |progress| {
                assert_eq!(progress.file_system, file_system);
                let totals = (progress.total_directories, progress.total_files);
                // The root counts as a directory.
                let expected = if file_system == UDF {
                    (Some(3), Some(3))
                } else {
                    (None, None)
                };
                assert_eq!(totals, expected);
                told.push((
                    progress.path.to_string(),
                    progress.is_directory,
                    progress.directories,
                    progress.files,
                ));
                ControlFlow::Continue(())
            })
            .unwrap();
        let mut expected = vec![
            ("/C.TXT", false, 0, 1),
            ("/DIR", true, 0, 1),
            ("/DIR/B.TXT", false, 1, 2),
            ("/DIR/SUB", true, 1, 2),
            ("/DIR/SUB/A.TXT", false, 2, 3),
        ];
        expected.sort();
        let told: Vec<_> = told
            .iter()
            .map(|(path, is_directory, directories, files)| {
                (path.as_str(), *is_directory, *directories, *files)
            })
            .collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn a_cancelled_import_changes_nothing() {
    let bytes = recorded(FileSystems::all());
    for steps in 0..5 {
        for interface in [sequential(&bytes), random_write(&bytes)] {
            let mut image = offered([interface]);
            add_files(&mut image, &[("DIR/MINE", b"mine")]);
            image.set_udf_revision(UdfRevision::V2_50).unwrap();
            let before = (state(&image), image.change_point());
            let mut left = steps;
            let result = image.import_file_system_with(|_| {
                if left == 0 {
                    return ControlFlow::Break(());
                }
                left -= 1;
                ControlFlow::Continue(())
            });
            assert_eq!(code(result), 0xC0AA_0002);
            assert_eq!((state(&image), image.change_point()), before);
            assert_eq!(image.udf_revision(), UdfRevision::V2_50);
            assert_eq!(image.imported_volume_name(), None);
            assert_eq!(
                (image.session_start_block(), image.free_media_blocks()),
                (0, 332_800)
            );
            let summary = image.import_file_system().unwrap();
            assert_eq!((summary.files, summary.directories), (3, 1));
        }
    }
}

#[test]
fn the_volume_keeps_its_name_and_the_disc_is_known_by_another() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for kind in [sequential, random_write] {
            let mut image = offered([kind(&bytes)]);
            image.set_volume_name("MINE").unwrap();
            assert_eq!(image.imported_volume_name(), None);
            let result = image.create_result_image().unwrap();
            assert_eq!((result.disc_id(), result.modified_blocks()), ("MINE", None));
            let identifier = image.calculate_disc_identifier().unwrap();
            assert_eq!(
                identifier,
                offered([kind(&bytes)]).calculate_disc_identifier().unwrap()
            );

            image.import_file_system().unwrap();
            assert_eq!(image.imported_volume_name(), Some("RECORDED"));
            assert_eq!(image.volume_name(), "MINE");
            image.root_mut().add_file("NEW", b"new").unwrap();
            let result = image.create_result_image().unwrap();
            assert_eq!(result.disc_id(), identifier);
            // The disc has not changed yet.
            assert_eq!(image.calculate_disc_identifier().unwrap(), identifier);

            let new = written(&bytes, &result);
            let later = offered([kind(&new)]).calculate_disc_identifier().unwrap();
            assert_ne!(later, identifier);
            assert_eq!(imported(kind(&new)).imported_volume_name(), Some("MINE"));
        }
    }
}

#[test]
fn files_grow_and_what_they_have_is_kept() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("disc.iso");
    std::fs::write(&path, recorded(UDF)).unwrap();
    let disc = FileDisc::open(&path).unwrap();
    let total = disc.total_blocks();
    assert_eq!(disc.maximum_blocks(), 0x7FFF_FFFF);
    assert_eq!(disc.free_blocks(), 0x7FFF_FFFF - total);
    let interface = MultisessionInterface::random_write(RandomWriteImage::new(disc));
    let image = imported(interface);
    assert_eq!(image.session_start_block(), total);
    assert_eq!(image.free_media_blocks(), 0x7FFF_FFFF - total);
}

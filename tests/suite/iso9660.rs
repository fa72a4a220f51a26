//! ISO 9660 on disc: descriptors, path tables, records. The reader in `support` checks what every image must have.

use imapi2fs::{FileSystemImage, FileSystems, InterchangeLevel, Source, Timestamp};

use crate::support::bytes::{all, is_zero};
use crate::support::iso::descriptors;
use crate::support::readers::Numbered;
use crate::support::{
    Disc, ISO9660, JOLIET, LEVELS, UDF, add_files, at, check, image, image_at, image_of, masks,
};

fn sample(file_systems: FileSystems) -> FileSystemImage {
    let mut image = image_of(file_systems);
    add_files(
        &mut image,
        &[
            ("DIR/A.TXT", &[1; 5000]),
            ("DIR/SUB/B", b"b"),
            ("EMPTY", b""),
            ("C", &[2; 2048]),
        ],
    );
    image
}

#[test]
fn descriptors_follow_each_other_from_block_16() {
    for file_systems in masks() {
        let disc = check(&sample(file_systems));
        assert!(is_zero(&disc.blocks(0, 16)), "system area");
        if !file_systems.contains(ISO9660) {
            assert_eq!(&disc.block(16)[1..6], b"BEA01");
            continue;
        }
        let descriptors = descriptors(&disc);
        let kinds: Vec<u8> = descriptors.iter().map(|(_, block)| block[0]).collect();
        let joliet = file_systems.contains(JOLIET);
        assert_eq!(kinds, if joliet { &[1, 2][..] } else { &[1] });
        let behind = 16 + kinds.len() as u32 + 1;
        if file_systems.contains(UDF) {
            // EDK2 wants it right behind the terminator.
            assert_eq!(disc.udf().recognition, behind);
        } else {
            assert!(is_zero(&disc.block(behind)[..7]) || disc.block(behind)[1] != b'C');
        }
    }
}

#[test]
fn the_primary_descriptor_says_what_the_volume_is() {
    let mut image = FileSystemImage::with_time(at("2024-06-01T12:34:56.789+05:30"));
    image.set_volume_name("My disc").unwrap();
    let disc = check(&image);
    let volume = disc.primary();
    assert_eq!(volume.block, 16);
    assert_eq!(volume.escape_sequences, [0; 3]);
    assert_eq!(volume.volume, "MY_DISC");
    assert_eq!((&*volume.system, &*volume.application), ("", "IMAPI2FS"));
    assert_eq!(volume.other_texts, [""; 5]);
    let d_character = |c: char| matches!(c, 'A'..='Z' | '0'..='9' | '_');
    assert!(!volume.volume_set.is_empty() && volume.volume_set.chars().all(d_character));
    let time = "2024-06-01T12:34:56.78+05:30";
    let times = volume.times.map(|time| time.map(|time| time.to_string()));
    assert_eq!(
        times,
        [Some(time.to_owned()), Some(time.to_owned()), None, None]
    );
    assert_eq!(volume.space_size, disc.end());
}

#[test]
fn the_default_volume_name_is_recorded() {
    let volume = Disc::new(&image()).primary();
    assert_eq!(volume.volume, "20240105_0708");
    assert_eq!(volume.times[0].unwrap(), "2024-01-05T07:08:59.00Z");
}

#[test]
fn file_data_is_recorded_once() {
    for file_systems in masks() {
        let image = sample(file_systems);
        let disc = check(&image);
        let extents = |path: &str| {
            file_systems
                .iter()
                .map(|file_system| {
                    let item = image.item(path).unwrap();
                    let path = item.file_system_path(file_system).unwrap().to_string();
                    disc.entries(file_system)[&path].extents.clone()
                })
                .collect::<Vec<_>>()
        };
        for path in ["DIR/A.TXT", "DIR/SUB/B", "EMPTY", "C"] {
            let extents = extents(path);
            assert!(extents.windows(2).all(|pair| pair[0] == pair[1]), "{path}");
            assert_eq!(extents[0].is_empty(), path == "EMPTY");
        }
    }
}

#[test]
fn path_tables_list_directories_by_level_parent_and_name() {
    for level in LEVELS {
        let mut image = image_at(ISO9660, level);
        for path in ["B", "A", "C", "C/A", "B/Z", "B/Y", "A/X", "B/Y/1", "A/X/2"] {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            for (end, _) in parent.match_indices('/') {
                image.root_mut().add_directory(&parent[..end]).unwrap();
            }
            image.root_mut().add_directory(parent).unwrap();
            image.root_mut().add_directory(path).unwrap();
        }
        let table = check(&image).primary().path_table;
        let table: Vec<(&str, u16)> = table
            .iter()
            .map(|(path, parent)| (&**path, *parent))
            .collect();
        assert_eq!(
            table,
            [
                ("", 1),
                ("/A", 1),
                ("/B", 1),
                ("/C", 1),
                ("/A/X", 2),
                ("/B/Y", 3),
                ("/B/Z", 3),
                ("/C/A", 4),
                ("/A/X/2", 5),
                ("/B/Y/1", 6),
            ]
        );
    }
}

#[test]
fn a_path_table_may_have_many_blocks() {
    let mut image = image_of(ISO9660 | JOLIET);
    for number in 0..1000 {
        image
            .root_mut()
            .add_directory(format!("a directory, number {number}"))
            .unwrap();
    }
    let disc = check(&image);
    for volume in [disc.primary(), disc.joliet()] {
        assert_eq!(volume.path_table.len(), 1001);
        let blocks = volume
            .used
            .iter()
            .filter(|(_, _, what)| *what == "path table");
        assert!(blocks.clone().all(|(_, blocks, _)| *blocks > 1));
        assert_eq!(blocks.count(), 2);
    }
}

#[test]
fn records_are_sorted_by_name_before_extension() {
    let mut image = image_at(ISO9660, InterchangeLevel::Two);
    for name in ["A1.A", "A.B", "A", "A.A", "A_B", "AB.A", "A1", "B.A"] {
        image.root_mut().add_file(name, b"").unwrap();
    }
    image.root_mut().add_directory("A0").unwrap();
    let disc = check(&image);
    let root = disc.primary().entries[""].extents.clone();
    let bytes = disc.data(&root);
    let mut at = 68;
    let mut names = Vec::new();
    while bytes[at] > 0 {
        let len = usize::from(bytes[at + 32]);
        names.push(String::from_utf8(bytes[at + 33..at + 33 + len].to_vec()).unwrap());
        at += usize::from(bytes[at]);
    }
    assert_eq!(
        names,
        [
            "A.;1", "A.A;1", "A.B;1", "A0", "A1.;1", "A1.A;1", "AB.A;1", "A_B.;1", "B.A;1"
        ]
    );
}

#[test]
fn a_directory_of_many_blocks_has_whole_records_in_each() {
    let mut image = image_at(ISO9660 | JOLIET, InterchangeLevel::Two);
    for number in 0..500_usize {
        let name = format!("{}{number:03}", "n".repeat(number % 25));
        image.root_mut().add_file(name, b"").unwrap();
    }
    let disc = check(&image);
    assert!(disc.primary().entries[""].len >= 12 * 2048);
    assert!(disc.joliet().entries[""].len >= 12 * 2048);
}

#[test]
fn hidden_is_recorded_in_every_file_system() {
    let mut image = sample(FileSystems::all());
    for path in ["DIR", "DIR/A.TXT", "EMPTY"] {
        image.item_mut(path).unwrap().set_is_hidden(true);
    }
    // The reader wants neither a directory's own record nor its children's `..` hidden.
    let disc = check(&image);
    for file_system in [ISO9660, JOLIET, UDF] {
        let hidden = disc.entries(file_system);
        let hidden: Vec<_> = hidden
            .iter()
            .filter(|(_, entry)| entry.hidden)
            .map(|(path, _)| path)
            .collect();
        assert_eq!(hidden, ["/DIR", "/DIR/A.TXT", "/EMPTY"]);
    }
}

#[test]
fn files_have_versions_and_directories_do_not() {
    for level in LEVELS {
        let mut image = image_at(ISO9660, level);
        add_files(&mut image, &[("DIR.X/NOEXT", b""), ("A.TXT", b"")]);
        let identifiers = check(&image).primary().identifiers;
        assert_eq!(identifiers["/DIR_X"], b"DIR_X");
        assert_eq!(identifiers["/DIR_X/NOEXT"], b"NOEXT.;1");
        assert_eq!(identifiers["/A.TXT"], b"A.TXT;1");
    }
}

#[test]
fn names_on_disc_have_the_level_s_characters_and_lengths() {
    for level in LEVELS {
        let mut image = image_at(FileSystems::all(), level);
        for name in [
            "ünï-çode.jpeg",
            "a.b.c",
            "x",
            "no extension, but long, longer",
            "CAPS.TXT",
        ] {
            image.root_mut().add_file(name, b"").unwrap();
            image.root_mut().add_file(name.repeat(8), b"").unwrap();
            image
                .root_mut()
                .add_directory(format!("{name} dir"))
                .unwrap();
        }
        for (path, entry) in check(&image).primary().entries {
            let name = path.rsplit('/').next().unwrap();
            let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
            let d_character = |c: char| matches!(c, 'A'..='Z' | '0'..='9' | '_');
            assert!(
                stem.chars().chain(extension.chars()).all(d_character),
                "{name}"
            );
            match (level, entry.directory) {
                (InterchangeLevel::One, true) => assert!(name.len() <= 8),
                (InterchangeLevel::One, false) => assert!(stem.len() <= 8 && extension.len() <= 3),
                (_, true) => assert!(name.len() <= 31),
                (_, false) => assert!(stem.len() + extension.len() <= 30),
            }
            assert!(!entry.directory || !name.contains('.'));
        }
    }
}

#[test]
fn large_files_have_sections_of_whole_blocks() {
    const SECTION: u64 = (1 << 32) - 2048;
    for (len, lens) in [
        (SECTION - 1, vec![SECTION - 1]),
        (SECTION, vec![SECTION]),
        (SECTION + 1, vec![SECTION, 1]),
        (2 * SECTION + 5000, vec![SECTION, SECTION, 5000]),
    ] {
        let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
        let source = Source::seekable(Numbered::new(len));
        image.root_mut().add_file("LARGE", source).unwrap();
        let disc = check(&image);
        for entries in [disc.primary().entries, disc.joliet().entries] {
            let extents = &entries["/LARGE"].extents;
            assert_eq!(
                extents.iter().map(|(_, len)| *len).collect::<Vec<_>>(),
                lens
            );
            // One run of blocks, so that UDF has no gaps to describe.
            let adjacent = |pair: &[(u32, u64)]| pair[0].0 + (pair[0].1 / 2048) as u32 == pair[1].0;
            assert!(extents.windows(2).all(adjacent));
        }
    }
}

#[test]
fn records_of_many_sections_go_over_blocks() {
    const SECTION: u64 = (1 << 32) - 2048;
    let mut image = image_at(ISO9660 | JOLIET, InterchangeLevel::Three);
    for name in ["A", "B", "C"] {
        let source = Source::seekable(Numbered::new(49 * SECTION + 1));
        image
            .root_mut()
            .add_file(format!("{}{name}", "N".repeat(25)), source)
            .unwrap();
    }
    let disc = check(&image);
    for entries in [disc.primary().entries, disc.joliet().entries] {
        let files = entries.values().filter(|entry| !entry.directory);
        assert!(files.clone().all(|entry| entry.extents.len() == 50));
        assert_eq!(files.count(), 3);
        assert!(entries[""].len > 2 * 2048);
    }
}

#[test]
fn all_addresses_count_from_the_start_of_the_disc() {
    for file_systems in masks() {
        let mut image = sample(file_systems);
        let first = check(&image);
        for session in [32, 100_000, 0x7000_0000] {
            image.set_session_start_block(session).unwrap();
            let later = check(&image);
            assert_eq!(later.image.total_blocks(), first.image.total_blocks());
            for file_system in file_systems.iter() {
                let expected = first.entries(file_system);
                let mut moved = later.entries(file_system);
                for entry in moved.values_mut() {
                    entry
                        .extents
                        .iter_mut()
                        .for_each(|extent| extent.0 -= session);
                }
                assert_eq!(moved, expected, "{file_system}");
            }
            if file_systems.contains(ISO9660) {
                // So that every extent lies in the volume.
                assert_eq!(later.primary().space_size, later.end());
                assert_eq!(later.primary().block, session + 16);
            }
            if file_systems.contains(UDF) {
                let (udf, before) = (later.udf(), first.udf());
                assert_eq!(udf.anchors, [session + 256, later.end() - 1]);
                assert_eq!(
                    udf.partition,
                    (before.partition.0 + session, before.partition.1)
                );
                assert_eq!(udf.integrity, before.integrity + session);
                assert_eq!(udf.main, before.main + session);
            }
        }
    }
}

#[test]
fn times_are_clamped_at_both_ends_and_zones_kept() {
    for (time, recorded) in [
        ("1899-12-31T23:59:59Z", "1900-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
        ("2155-12-31T23:59:59Z", "2155-12-31T23:59:59Z"),
        ("2156-01-01T00:00:00Z", "2155-12-31T23:59:59Z"),
        ("9999-12-31T23:59:59Z", "2155-12-31T23:59:59Z"),
        ("2024-06-01T12:00:00.9+05:45", "2024-06-01T12:00:00+05:45"),
        ("2024-06-01T12:00:00-12:00", "2024-06-01T12:00:00-12:00"),
        ("2024-06-01T12:00:00+13:00", "2024-06-01T12:00:00+13:00"),
        // ISO 9660 has no such zones.
        ("2024-06-01T12:00:00+00:01", "2024-06-01T11:59:00Z"),
        ("2024-06-01T12:00:00+14:00", "2024-05-31T22:00:00Z"),
    ] {
        let mut image = sample(ISO9660 | JOLIET);
        for path in ["DIR", "DIR/A.TXT"] {
            image
                .item_mut(path)
                .unwrap()
                .set_last_modified_time(at(time))
                .unwrap();
        }
        let disc = check(&image);
        for entries in [disc.primary().entries, disc.joliet().entries] {
            assert_eq!(entries["/DIR"].time, recorded, "{time}");
            assert_eq!(entries["/DIR/A.TXT"].time, recorded, "{time}");
        }
    }
}

#[test]
fn volume_times_are_clamped_too() {
    for (time, recorded) in [
        (at("0000-12-31T23:59:59Z"), "0001-01-01T00:00:00.00Z"),
        (at("9999-12-31T23:59:59.99Z"), "9999-12-31T23:59:59.99Z"),
        (Timestamp::from_unix(i64::MAX), "9999-12-31T23:59:59.00Z"),
        (Timestamp::from_unix(i64::MIN), "0001-01-01T00:00:00.00Z"),
    ] {
        let mut image = FileSystemImage::with_time(time);
        add_files(&mut image, &[("dir/a", b"a")]);
        let disc = Disc::new(&image);
        assert_eq!(disc.primary().times[0].unwrap(), recorded, "{time}");
        assert!(!all(disc.image.image_stream()).is_empty());
    }
}

#[test]
fn the_root_is_never_hidden() {
    let mut image = sample(FileSystems::all());
    image.root_mut().as_item_mut().set_is_hidden(true);
    // The reader wants the flags of a directory, and no others.
    let disc = Disc::new(&image);
    assert!(!disc.primary().entries[""].hidden);
    assert!(!disc.joliet().entries[""].hidden);
}

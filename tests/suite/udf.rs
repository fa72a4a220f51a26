//! UDF on disc, alone and in a bridge. The reader in `support` checks what every volume must have.

use std::collections::BTreeSet;

use imapi2fs::{FileSystemImage, FileSystems, ImagePath, Limitation, Timestamp, UdfRevision};

use crate::support::bytes::{is_zero, le16};
use crate::support::disc::Entry;
use crate::support::iso::{Volume, descriptors};
use crate::support::{
    Disc, ISO9660, JOLIET, NOW, UDF, add_files, at, check, image, image_of, masks,
};

pub(crate) fn with_udf() -> impl Iterator<Item = FileSystems> {
    masks().into_iter().filter(|mask| mask.contains(UDF))
}

fn sample(file_systems: FileSystems) -> FileSystemImage {
    let mut image = image_of(file_systems);
    add_files(
        &mut image,
        &[
            ("dir/a", &[1; 5000]),
            ("dir/sub/b", b"b"),
            ("empty", b""),
            ("c", &[2; 2048]),
        ],
    );
    image
}

/// First block and number of blocks of a file's data, or of a directory's, which lie together.
fn run(entry: &Entry) -> Option<(u32, u32)> {
    let (first, _) = entry.extents.first()?;
    Some((*first, entry.len.div_ceil(2048) as u32))
}

/// The blocks that something takes, ascending; none is taken twice but by the data of files that share it.
#[track_caller]
pub(crate) fn taken(disc: &Disc, file_systems: FileSystems) -> Vec<(u32, u32)> {
    let mut taken: Vec<(u32, u32)> = vec![(disc.start, 16)];
    let mut data = BTreeSet::new();
    if file_systems.contains(UDF) {
        let udf = disc.udf();
        taken.extend([
            (udf.recognition, 3),
            (udf.main, 16),
            (udf.integrity, 2),
            (udf.reserve, 16),
        ]);
        taken.extend(udf.anchors.iter().map(|lba| (*lba, 1)));
        let structures = udf.used.iter().filter(|(_, _, what)| *what != "data");
        taken.extend(structures.map(|(first, blocks, _)| (*first, *blocks)));
        data.extend(udf.entries.values().filter_map(run));
    }
    for file_system in [ISO9660, JOLIET] {
        if file_systems.contains(file_system) {
            let volume = Volume::read(disc, file_system);
            taken.extend(
                volume
                    .used
                    .iter()
                    .map(|(first, blocks, _)| (*first, *blocks)),
            );
            let files = volume.entries.values().filter(|entry| !entry.directory);
            data.extend(files.filter_map(run));
        }
    }
    if file_systems.contains(ISO9660) {
        let (last, _) = descriptors(disc).pop().unwrap();
        taken.push((last + 1, 1));
    }
    taken.extend(data);
    taken.sort_unstable();
    for pair in taken.windows(2) {
        assert!(
            pair[0].0 + pair[0].1 <= pair[1].0,
            "blocks {pair:?} overlap"
        );
    }
    taken
}

#[test]
fn no_two_structures_share_a_block_and_the_rest_is_zeros() {
    for file_systems in masks() {
        let disc = check(&sample(file_systems));
        let mut next = 0;
        for (first, blocks) in taken(&disc, file_systems) {
            assert!(
                is_zero(&disc.blocks(next, first - next)),
                "from {next} to {first}"
            );
            // Only before the first anchor are there blocks that nobody needs.
            assert!(first == next || first <= 256, "from {next} to {first}");
            next = first + blocks;
        }
        assert_eq!(next, disc.end());
    }
}

#[test]
fn structures_are_where_all_readers_look() {
    for file_systems in with_udf() {
        for files in [false, true] {
            let image = if files {
                sample(file_systems)
            } else {
                image_of(file_systems)
            };
            let disc = check(&image);
            let udf = disc.udf();
            let bridge = file_systems.contains(ISO9660);
            assert_eq!(udf.recognition == 16, !bridge);
            assert_eq!(udf.anchors, [256, disc.end() - 1]);
            assert!(udf.main >= udf.recognition + 3 && udf.main + 16 <= 256);
            assert!(udf.integrity + 2 <= 256);
            // EDK2 counts from the main sequence, so the partition lies behind it.
            let (start, len) = udf.partition;
            assert_eq!(start, 257);
            // Far from the main sequence, and from the partition's end on.
            assert_eq!(udf.reserve, start + len);
            assert_eq!(udf.reserve + 17, disc.end());
            assert!(udf.reserve - udf.main > 200);
        }
    }
}

#[test]
fn the_partition_ends_with_the_last_block_it_has() {
    for file_systems in with_udf() {
        for last in [0, 1, 2048, 2049, 10_000] {
            let mut image = sample(file_systems);
            image.root_mut().add_file("zzz", vec![3; last]).unwrap();
            let disc = check(&image);
            let udf = disc.udf();
            let end = udf.partition.0 + udf.partition.1;
            let taken = taken(&disc, file_systems);
            let used = taken.iter().filter(|(first, _)| *first < udf.reserve);
            assert_eq!(used.map(|(first, blocks)| first + blocks).max(), Some(end));
            // All that UDF itself names is in it.
            let named = udf
                .used
                .iter()
                .map(|(first, blocks, _)| first + blocks)
                .max();
            assert_eq!(named, Some(end));
        }
    }
}

#[test]
fn an_empty_volume_is_a_volume() {
    for file_systems in with_udf() {
        let udf = check(&image_of(file_systems)).udf();
        assert_eq!((udf.files, udf.directories), (0, 1));
        assert_eq!(udf.next_unique_id, 16);
        let root = &udf.entries[""];
        // The parent's descriptor, which is the root's own.
        assert_eq!((root.len, root.icb().links), (40, 1));
    }
}

#[test]
fn counts_and_links_are_right() {
    for file_systems in with_udf() {
        let udf = check(&sample(file_systems)).udf();
        assert_eq!((udf.files, udf.directories), (4, 3));
        // Six items beside the root.
        assert_eq!(udf.next_unique_id, 16 + 6);
        assert_eq!(udf.entries[""].icb().links, 2);
        assert_eq!(udf.entries["/dir"].icb().links, 2);
        assert_eq!(udf.entries["/dir/sub"].icb().links, 1);
        assert_eq!(udf.entries["/dir/a"].icb().links, 1);
        let empty = &udf.entries["/empty"];
        assert_eq!((empty.len, empty.extents.len()), (0, 0));
    }
}

#[test]
fn names_of_the_volume_are_cut_to_their_fields() {
    let short = "Thirty-two letters fit long ones";
    for (name, in_short_field) in [
        ("a", "a"),
        (short, &short[..30]),
        ("漢字 and then some more letters", "漢字 and then som"),
        ("fourteen chars🎉", "fourteen chars"),
    ] {
        let mut image = image();
        image.set_volume_name(name).unwrap();
        let udf = Disc::new(&image).udf();
        assert_eq!(udf.name, name);
        assert_eq!(udf.short_names, [in_short_field; 2], "{name}");
    }
    let udf = Disc::new(&image()).udf();
    assert_eq!(udf.name, "20240105_0708");
}

#[test]
fn the_volume_set_begins_with_the_time() {
    let udf = Disc::new(&FileSystemImage::with_time(at(NOW))).udf();
    let digits = &udf.volume_set[..16];
    assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(
        u32::from_str_radix(&digits[..8], 16),
        Ok(at(NOW).unix_seconds() as u32)
    );
    let later = FileSystemImage::with_time(at("2024-01-05T07:08:59.5Z"));
    assert_ne!(&Disc::new(&later).udf().volume_set[..16], digits);
    assert_eq!(udf.time, "2024-01-05T07:08:59.000000Z");
}

#[test]
fn a_directory_may_have_identifiers_across_blocks() {
    for file_systems in with_udf() {
        let mut image = image_of(file_systems);
        for number in 0..200_usize {
            let mut name = format!("{number:03}{}", "n".repeat(number));
            if number % 3 == 0 {
                name = format!("{number:03}{}", "Ж".repeat(number / 2));
            }
            image.root_mut().add_file(name, b"").unwrap();
            image
                .root_mut()
                .add_directory(format!("{number} dir"))
                .unwrap();
        }
        // The reader wants each tag to name the block of its first byte.
        let udf = check(&image).udf();
        assert!(udf.crossing > 10, "{}", udf.crossing);
        assert_ne!(udf.entries[""].len % 2048, 0);
        assert_eq!(udf.entries[""].icb().links, 201);
    }
}

#[test]
fn a_directory_may_fill_its_blocks_exactly() {
    let mut image = image_of(UDF);
    // The parent's descriptor has 40 bytes, as has that of a name of one character; those of 254 have 296.
    for number in 0..6 {
        image
            .root_mut()
            .add_file(format!("{number}{}", "n".repeat(253)), b"")
            .unwrap();
    }
    for name in ["a", "b", "c", "d", "e"] {
        image.root_mut().add_file(name, b"").unwrap();
    }
    let rest = 2048 - 40 - 6 * 296 - 5 * 40;
    assert_eq!(rest, 32);
    // Names of nine characters take 48: eight more than the short ones.
    for name in ["a", "b", "c", "d"] {
        image.root_mut().remove(name).unwrap();
        image.root_mut().add_file(name.repeat(9), b"").unwrap();
    }
    let udf = check(&image).udf();
    let root = &udf.entries[""];
    assert_eq!((root.len, root.extents.len(), udf.crossing), (2048, 1, 0));
    image.root_mut().add_file("f", b"").unwrap();
    assert_eq!(check(&image).udf().entries[""].len, 2048 + 40);
}

#[test]
fn times_are_clamped_at_both_ends_and_zones_kept() {
    let far = Timestamp::from_unix(i64::MAX);
    let long_ago = Timestamp::from_unix(i64::MIN);
    for (time, recorded) in [
        (long_ago, "0001-01-01T00:00:00.000000Z"),
        (at("0000-12-31T23:59:59Z"), "0001-01-01T00:00:00.000000Z"),
        (at("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000000Z"),
        (at("1601-01-01T00:00:00Z"), "1601-01-01T00:00:00.000000Z"),
        (
            at("9999-12-31T23:59:59.999999Z"),
            "9999-12-31T23:59:59.999999Z",
        ),
        (far, "9999-12-31T23:59:59.000000Z"),
        (
            at("2024-06-01T12:34:56.1234567-09:30"),
            "2024-06-01T12:34:56.123456-09:30",
        ),
        (
            at("2024-06-01T12:00:00+00:01"),
            "2024-06-01T12:00:00.000000+00:01",
        ),
    ] {
        let mut image = sample(UDF);
        for path in ["dir", "dir/a"] {
            let mut item = image.item_mut(path).unwrap();
            item.set_last_modified_time(time).unwrap();
            item.set_last_accessed_time(time).unwrap();
        }
        let entries = check(&image).udf().entries;
        for path in ["/dir", "/dir/a"] {
            assert_eq!(entries[path].time, recorded);
            assert_eq!(entries[path].icb().accessed, recorded);
        }
        let volume = Disc::new(&FileSystemImage::with_time(time)).udf();
        assert_eq!(volume.time, recorded);
    }
}

#[test]
fn there_is_no_udf_unless_it_is_wanted() {
    for file_systems in [ISO9660, ISO9660 | JOLIET] {
        let mut image = sample(file_systems);
        image.root_mut().add_file("long", vec![0; 600_000]).unwrap();
        let disc = check(&image);
        assert_ne!(le16(&disc.block(256), 0), 2);
        let identifiers = (16..40).map(|lba| disc.block(lba)[1..6].to_vec());
        assert!(
            identifiers
                .into_iter()
                .all(|identifier| identifier != b"BEA01")
        );
    }
}

/// UDF 4.2.2.1: what an operating system cannot open is its own affair, the disc keeps it.
#[test]
fn names_that_windows_cannot_open_are_kept_and_reported() {
    let names = [
        "a:b",
        "what?",
        "a*b",
        "\"quoted\"",
        "<tag>",
        "a|b",
        "back\\slash",
        "tab\t",
        "CON",
        "nul.txt",
        "dot.",
        "blank ",
    ];
    let mut image = image_of(UDF);
    for name in names {
        let path = ImagePath::from_components([name]);
        image.root_mut().add_file(path, name.as_bytes()).unwrap();
    }
    image.root_mut().add_file("fine", b"").unwrap();
    for revision in UdfRevision::ALL {
        image.set_udf_revision(*revision).unwrap();
        let entries = check(&image).udf().entries;
        let reported: Vec<_> = image.report().all().collect();
        assert_eq!(reported.len(), names.len(), "{reported:?}");
        for name in names {
            assert!(entries.contains_key(&format!("/{name}")), "{name:?}");
            let path = ImagePath::from_components([name]);
            let is_reported = |finding: &Limitation| {
                matches!(finding, Limitation::NotForWindows { .. }) && finding.path() == Some(&path)
            };
            assert!(reported.iter().any(is_reported), "{name:?}");
        }
    }
}

//! Joliet on disc: the second hierarchy of an ISO 9660 volume.

use imapi2fs::{FileSystemImage, ImagePath};

use crate::support::{Disc, ISO9660, JOLIET, LEVELS, add_files, check, image, image_at, image_of};

#[test]
fn the_descriptor_says_what_the_volume_is() {
    let mut image = image();
    image.set_volume_name("Ünï: a disc 🎉 of mine").unwrap();
    let disc = check(&image);
    let volume = disc.joliet();
    assert_eq!(volume.block, 17);
    assert_eq!(volume.escape_sequences, b"%/E");
    assert_eq!(volume.volume, "Ünï_ a disc 🎉 o");
    assert_eq!((&*volume.system, &*volume.application), ("", "IMAPI2FS"));
    assert_eq!(volume.other_texts, [""; 5]);
    assert_eq!(volume.volume_set, disc.primary().volume_set);
    assert_eq!(volume.times[0].unwrap(), "2024-01-05T07:08:59.00Z");
    assert_eq!(volume.times, disc.primary().times);
    assert_eq!(volume.space_size, disc.primary().space_size);
}

#[test]
fn a_pair_of_surrogates_is_cut_whole() {
    let mut image = image();
    image.set_volume_name("fifteen letters🎉").unwrap();
    assert_eq!(check(&image).joliet().volume, "fifteen letters");
}

#[test]
fn names_are_as_they_are_but_for_a_few_characters() {
    let names = [
        "Read me.txt",
        "no version;1",
        ".hidden",
        "ünï 漢字 🎉",
        "a+b,c=d[e]",
        "A.B.C",
        "e\u{301}",
    ];
    for level in LEVELS {
        let mut image = image_at(ISO9660 | JOLIET, level);
        for name in names {
            image.root_mut().add_file(name, b"").unwrap();
        }
        let entries = check(&image).joliet().entries;
        for name in names {
            assert!(
                entries.contains_key(&format!("/{}", name.replace(';', "_"))),
                "{name}"
            );
        }
    }
}

#[test]
fn directories_may_have_dots_and_files_have_no_versions() {
    let mut image = image();
    add_files(&mut image, &[("conf.d/noext", b"")]);
    let identifiers = check(&image).joliet().identifiers;
    assert_eq!(identifiers["/conf.d"], b"\0c\0o\0n\0f\0.\0d");
    assert_eq!(identifiers["/conf.d/noext"], b"\0n\0o\0e\0x\0t");
}

/// Identifiers of the root in the order of their records.
fn order(disc: &Disc) -> Vec<String> {
    let bytes = disc.data(&disc.joliet().entries[""].extents);
    let mut at = 68;
    let mut names = Vec::new();
    while bytes[at] > 0 {
        let len = usize::from(bytes[at + 32]);
        names.push(crate::support::bytes::ucs2(&bytes[at + 33..at + 33 + len]));
        at += usize::from(bytes[at]);
    }
    names
}

#[test]
fn records_are_sorted_by_their_units() {
    let mut image = image_of(ISO9660 | JOLIET);
    let names = [
        "\u{FFFD}", "🎉", "b", "a b.c", "a.c", "a", "a.b", "B", "a-.a",
    ];
    for name in names {
        image
            .root_mut()
            .add_file(ImagePath::from_components([name]), b"")
            .unwrap();
    }
    // `B` and `b` are the same to Windows. A surrogate is less than U+FFFD.
    assert_eq!(
        order(&check(&image)),
        [
            "B", "a", "a.b", "a.c", "a b.c", "a-.a", "b~1", "🎉", "\u{FFFD}"
        ]
    );
}

#[test]
fn names_that_differ_by_case_are_told_apart() {
    let mut image = image();
    for name in ["README", "Readme", "readme", "ÄÖ.txt", "äö.txt", "ÄÖ.TXT"] {
        image.root_mut().add_file(name, name.as_bytes()).unwrap();
    }
    image.root_mut().add_directory("ReadMe").unwrap();
    let disc = check(&image);
    let names: Vec<String> = order(&disc)
        .iter()
        .map(|name| name.to_lowercase())
        .collect();
    assert_eq!(names.len(), 7);
    assert!(
        names
            .iter()
            .all(|name| names.iter().filter(|other| *other == name).count() == 1)
    );
}

#[test]
fn the_longest_names_fit_a_record() {
    for strict in [false, true] {
        let mut image = image_of(ISO9660 | JOLIET);
        image.set_strict_file_system_compliance(strict).unwrap();
        for number in 0..40 {
            image
                .root_mut()
                .add_file(format!("{number:02}{}", "f".repeat(200)), b"")
                .unwrap();
            image
                .root_mut()
                .add_directory(format!("{number:02}{}", "d".repeat(200)))
                .unwrap();
        }
        let identifiers = check(&image).joliet().identifiers;
        let longest = identifiers.values().map(Vec::len).max().unwrap();
        assert_eq!(longest, if strict { 128 } else { 208 });
    }
}

#[test]
fn there_is_no_joliet_unless_it_is_wanted() {
    let disc = check(&image_of(ISO9660));
    assert_eq!(disc.block(17)[0], 255);
    let mut image: FileSystemImage = image_of(ISO9660 | JOLIET);
    add_files(&mut image, &[("a", b"a")]);
    let disc = check(&image);
    assert_eq!((disc.block(17)[0], disc.block(18)[0]), (2, 255));
}

//! What is found out about an image before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use imapi2fs::{
    FileSystemImage, FileSystems, ImagePath, InterchangeLevel, Limitation, LimitationClass,
    NameChange, NameProblem, Source, Timestamp,
};
use proptest::prelude::*;

use crate::support::random::{file_systems, grown, levels, trees};
use crate::support::readers::Numbered;
use crate::support::{
    Disc, Host, ISO9660, JOLIET, UDF, add_files, at, image, image_at, image_of, masks,
};

fn limitations(image: &FileSystemImage) -> Vec<Limitation> {
    image.report().all().collect()
}

fn texts(image: &FileSystemImage) -> Vec<String> {
    image
        .report()
        .all()
        .map(|limitation| limitation.to_string())
        .collect()
}

#[test]
fn a_tree_that_fits_has_no_findings() {
    let mut image = image();
    image.set_strict_file_system_compliance(true).unwrap();
    add_files(&mut image, &[("DIR/FILE.TXT", b"data"), ("A_1", b"")]);
    assert_eq!(texts(&image), [""; 0]);
    assert_eq!(texts(&self::image()), [""; 0]);
}

#[test]
fn every_changed_name_is_reported_with_its_reasons() {
    let mut image = image();
    add_files(
        &mut image,
        &[
            ("a long name.text", b""),
            ("DIR/b:c", b""),
            ("DIR/b?c", b""),
        ],
    );
    let changed = |path: &str, file_system, name: &str, reasons| Limitation::NameChanged {
        path: path.into(),
        file_system,
        name: name.to_owned(),
        reasons,
    };
    let not_for_windows = |path: &str, c| Limitation::NotForWindows {
        path: path.into(),
        file_system: UDF,
        problem: NameProblem::Character(c),
    };
    let (case, characters) = (NameChange::CASE, NameChange::CHARACTERS);
    let collision = NameChange::COLLISION;
    assert_eq!(
        limitations(&image),
        [
            changed(
                "a long name.text",
                ISO9660,
                "A_LONG_N.TEX",
                case | characters | NameChange::LENGTH
            ),
            changed("DIR/b:c", ISO9660, "B_C", case | characters),
            changed("DIR/b?c", ISO9660, "B_C1", case | characters | collision),
            changed("DIR/b:c", JOLIET, "b_c", characters),
            changed("DIR/b?c", JOLIET, "b_c~1", characters | collision),
            not_for_windows("DIR/b:c", ':'),
            not_for_windows("DIR/b?c", '?'),
        ]
    );
    assert_eq!(
        texts(&image)[0],
        "/a long name.text in ISO 9660: named `A_LONG_N.TEX` (case, characters, length)"
    );
}

#[test]
fn only_file_systems_of_the_image_are_reported() {
    for file_systems in masks() {
        let mut image = image_of(file_systems);
        add_files(&mut image, &[("a:b", b""), (&"n".repeat(255), b"")]);
        image
            .root_mut()
            .as_item_mut()
            .set_last_modified_time(Timestamp::from_unix(i64::MIN))
            .unwrap();
        let found: BTreeSet<_> = limitations(&image)
            .iter()
            .map(Limitation::file_system)
            .collect();
        assert_eq!(found, file_systems.iter().collect());
    }
}

#[test]
fn a_report_is_made_on_demand_and_needs_no_data() {
    let host = Host::with(&[("a b", b"data"), ("dir/c d", b"data")]);
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    drop(host);
    let mut report = image.report().all();
    assert_eq!(report.next().unwrap().path(), Some(&ImagePath::from("a b")));
    // It is about the image as it was.
    image.root_mut().remove_tree("").unwrap();
    assert!(report.all(|limitation| limitation.path().unwrap().to_string().starts_with("/dir")));
    assert_eq!(texts(&image), [""; 0]);
}

#[test]
fn times_that_are_clamped_are_reported() {
    for (time, in_records, in_udf) in [
        (Timestamp::from_unix(i64::MIN), true, true),
        (at("0000-12-31T23:59:59Z"), true, true),
        (at("0001-01-01T00:00:00Z"), true, false),
        (at("1899-12-31T23:59:59Z"), true, false),
        (at("1900-01-01T00:00:00Z"), false, false),
        (at("2155-12-31T23:59:59Z"), false, false),
        (at("2156-01-01T00:00:00Z"), true, false),
        (at("9999-12-31T23:59:59Z"), true, false),
        (Timestamp::from_unix(i64::MAX), true, true),
    ] {
        let mut image = image();
        add_files(&mut image, &[("DIR/FILE", b"")]);
        for path in ["", "DIR", "DIR/FILE"] {
            image
                .item_mut(path)
                .unwrap()
                .set_last_modified_time(time)
                .unwrap();
        }
        let mut found = BTreeSet::new();
        for limitation in limitations(&image) {
            let Limitation::TimeClamped {
                path,
                file_system,
                time: given,
                recorded,
            } = limitation
            else {
                panic!("{limitation}");
            };
            assert_eq!(given, time);
            let disc = Disc::new(&image);
            let path = path.to_string();
            let entry = &disc.entries(file_system)[path.trim_end_matches('/')];
            assert_eq!(entry.time.unix_seconds(), recorded.unix_seconds());
            found.insert((path, file_system));
        }
        let mut expected = BTreeSet::new();
        for path in ["/", "/DIR", "/DIR/FILE"] {
            for (file_system, clamped) in
                [(ISO9660, in_records), (JOLIET, in_records), (UDF, in_udf)]
            {
                if clamped {
                    expected.insert((path.to_owned(), file_system));
                }
            }
        }
        assert_eq!(found, expected, "{time}");
    }
}

#[test]
fn access_times_are_recorded_by_udf_only() {
    let mut image = image();
    let far = Timestamp::from_unix(i64::MAX);
    add_files(&mut image, &[("FILE", b"")]);
    image
        .item_mut("FILE")
        .unwrap()
        .set_last_accessed_time(far)
        .unwrap();
    image
        .item_mut("FILE")
        .unwrap()
        .set_creation_time(far)
        .unwrap();
    let found: Vec<_> = limitations(&image)
        .iter()
        .map(Limitation::file_system)
        .collect();
    assert_eq!(found, [UDF]);
}

#[test]
fn more_sections_than_linux_reads_are_reported() {
    const SECTION: u64 = (1 << 32) - 2048;
    for (len, sections) in [(100 * SECTION, None), (100 * SECTION + 1, Some(101))] {
        let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
        image
            .root_mut()
            .add_file("LARGE", Source::seekable(Numbered::new(len)))
            .unwrap();
        match (&limitations(&image)[..], sections) {
            ([], None) => {}
            (
                [
                    Limitation::ManySections {
                        path,
                        sections: found,
                    },
                ],
                Some(sections),
            ) => {
                assert_eq!((path.to_string(), *found), ("/LARGE".to_owned(), sections));
            }
            (limitations, _) => panic!("{limitations:?}"),
        }
        // It is no error: UDF and other readers have all of it.
        let entry = &Disc::new(&image).primary().entries["/LARGE"];
        assert_eq!(entry.extents.len() as u64, sections.unwrap_or(100));
        assert_eq!(Disc::new(&image).udf().entries["/LARGE"].len, len);
        // Without ISO 9660 there are no sections.
        image.set_file_systems_to_create(UDF).unwrap();
        assert_eq!(texts(&image), [""; 0]);
    }
}

#[test]
fn files_that_are_too_large_are_reported() {
    let mut image = image_of(FileSystems::all());
    let len = (2 << 30) + 1;
    image
        .root_mut()
        .add_file("FITS", Source::seekable(Numbered::new(len - 1)))
        .unwrap();
    assert_eq!(texts(&image), [""; 0]);
    image
        .root_mut()
        .add_file("LARGE", Source::seekable(Numbered::new(len)))
        .unwrap();
    assert_eq!(
        limitations(&image),
        [Limitation::FileTooBig {
            path: "LARGE".into(),
            file_system: ISO9660,
            size: len,
            limit: len - 1,
        }]
    );
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    assert_eq!(texts(&image), [""; 0]);
}

/// What a report says by default, line by line.
fn lines(image: &FileSystemImage) -> Vec<String> {
    let limitations = image.report().limitations();
    limitations
        .map(|limitation| limitation.to_string())
        .collect()
}

#[test]
fn a_label_that_is_not_recorded_as_it_is_was_not_reported() {
    let mut image = image();
    image.set_volume_name("config-2").unwrap();
    assert_eq!(
        limitations(&image),
        [Limitation::VolumeNameChanged {
            file_system: ISO9660,
            volume_name: "config-2".to_owned(),
            name: "CONFIG_2".to_owned(),
            reasons: NameChange::CASE | NameChange::CHARACTERS,
        }]
    );
    assert_eq!(
        lines(&image),
        ["volume name in ISO 9660: `config-2` is recorded as `CONFIG_2` (case, characters)"]
    );
    assert_eq!(limitations(&image)[0].path(), None);
    // Even if it is the case alone: some look for just that.
    image.set_volume_name("cidata").unwrap();
    assert_eq!(
        lines(&image),
        ["volume name in ISO 9660: `cidata` is recorded as `CIDATA` (case)"]
    );
    image.set_volume_name("SEVENTEEN_LETTERS").unwrap();
    assert_eq!(
        lines(&image),
        ["volume name in Joliet: `SEVENTEEN_LETTERS` is recorded as `SEVENTEEN_LETTER` (length)"]
    );
    image.set_volume_name("a*b").unwrap();
    assert_eq!(
        lines(&image),
        [
            "volume name in ISO 9660: `a*b` is recorded as `A_B` (case, characters)",
            "volume name in Joliet: `a*b` is recorded as `a_b` (characters)",
        ]
    );
    image.set_volume_name("\u{FEFF}X").unwrap();
    image.set_file_systems_to_create(UDF).unwrap();
    assert_eq!(
        lines(&image),
        ["volume name in UDF: `\\u{feff}X` is recorded as `_X` (characters)"]
    );
    // The name that is made of the time is no one's choice, and fits.
    image.set_volume_name("").unwrap();
    image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap();
    assert_eq!(texts(&image), [""; 0]);
}

#[test]
fn what_is_reported_of_labels_is_what_is_recorded() {
    let long = "漢字の名前は十六の記号を超える。本当に";
    for name in ["config-2", "a*b/c", "Ünï", long, "x y", "PLAIN_1"] {
        for verbatim in [false, true] {
            let mut image = image();
            image.set_volume_name(name).unwrap();
            image.set_verbatim_iso9660_volume_name(verbatim).unwrap();
            let disc = Disc::new(&image);
            let recorded = [
                (
                    ISO9660,
                    String::from_utf8_lossy(&disc.block(16)[40..72])
                        .trim_end()
                        .to_owned(),
                ),
                (JOLIET, disc.joliet().volume),
                (UDF, disc.udf().name),
            ];
            let mut changed: Vec<_> = recorded
                .into_iter()
                .filter(|(_, found)| found != name)
                .collect();
            let identifier = disc.udf().short_names[0].clone();
            for limitation in limitations(&image) {
                match limitation {
                    Limitation::VolumeNameChanged {
                        file_system, name, ..
                    } => changed.retain(|change| *change != (file_system, name.clone())),
                    Limitation::VolumeIdentifierCut { identifier: cut } => {
                        assert_eq!((cut, name), (identifier.clone(), long));
                    }
                    limitation => panic!("{limitation}"),
                }
            }
            assert_eq!(changed, []);
            assert_eq!(identifier == name, name != long);
        }
    }
}

#[test]
fn a_label_is_recorded_verbatim_in_iso_9660_if_asked_for() {
    let mut image = image();
    image.set_volume_name("config-2 é").unwrap();
    image.set_verbatim_iso9660_volume_name(true).unwrap();
    assert_eq!(image.volume_name_iso9660(), "config-2 _");
    assert_eq!(
        &Disc::new(&image).block(16)[40..72],
        format!("{:32}", "config-2 _").as_bytes()
    );
    assert_eq!(
        lines(&image),
        ["volume name in ISO 9660: `config-2 é` is recorded as `config-2 _` (characters)"]
    );
    // Strict images have what the standard allows.
    image.set_volume_name("cidata").unwrap();
    let error = image.set_strict_file_system_compliance(true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "verbatim ISO 9660 volume name cannot be `true`: expected false in a strict image"
    );
    assert!(!image.strict_file_system_compliance());
    image.set_verbatim_iso9660_volume_name(false).unwrap();
    image.set_strict_file_system_compliance(true).unwrap();
    assert!(image.set_verbatim_iso9660_volume_name(true).is_err());
    assert_eq!(image.volume_name_iso9660(), "CIDATA");
}

/// An image with a limitation of each class.
fn of_all_classes() -> FileSystemImage {
    let mut image = image();
    image.set_volume_name("label").unwrap();
    add_files(
        &mut image,
        &[
            ("lower", b""),
            ("SAME1", b""),
            ("LONG_NAME.TXT", b""),
            ("CHAR+", b""),
            ("D/same", b""),
            ("D/SAME", b""),
            ("COM1", b""),
            ("STREAMS", b""),
        ],
    );
    let mut item = image.item_mut("STREAMS").unwrap();
    item.add_stream("s", b"1").unwrap();
    let _ = image
        .item_mut("SAME1")
        .unwrap()
        .set_last_modified_time(at("2156-01-01T00:00:00Z"));
    let large = Source::seekable(Numbered::new((2 << 30) + 1));
    image.set_free_media_blocks(0).unwrap();
    image.root_mut().add_file("LARGE", large).unwrap();
    image
}

#[test]
fn a_report_of_200000_lines_hid_what_loses_information() {
    let image = of_all_classes();
    let expected = [
        "/LARGE in ISO 9660: has 2147483649 bytes, but a file has at most 2147483648 at this interchange level",
        "/STREAMS in UDF: 1 named stream(s) left out, which UDF has from 2.00 on",
        "/COM1 in ISO 9660: Windows cannot open it, for its name is that of a device",
        "/COM1 in Joliet: Windows cannot open it, for its name is that of a device",
        "/COM1 in UDF: Windows cannot open it, for its name is that of a device",
        "volume name in ISO 9660: `label` is recorded as `LABEL` (case)",
        "/LONG_NAME.TXT in ISO 9660: named `LONG_NAM.TXT` (length)",
        "/CHAR+ in ISO 9660: named `CHAR_` (characters)",
        "/D/same in ISO 9660: named `SAME1` (case, collision)",
        "/D/same in Joliet: named `same~1` (collision)",
        "/SAME1 in ISO 9660: time 2156-01-01T00:00:00Z is recorded as 2155-12-31T23:59:59Z",
        "/SAME1 in Joliet: time 2156-01-01T00:00:00Z is recorded as 2155-12-31T23:59:59Z",
    ];
    assert_eq!(lines(&image), expected);
    let report = image.report();
    // Names that change in case only are a number.
    assert_eq!(report.counts().of(LimitationClass::Case), 1);
    assert_eq!(report.counts().total(), expected.len() as u64 + 1);
    let case: Vec<_> = report.of_class(LimitationClass::Case).collect();
    assert_eq!(
        case[0].to_string(),
        "/lower in ISO 9660: named `LOWER` (case)"
    );
    assert_eq!(case.len(), 1);
}

#[test]
fn classes_of_findings_are_counted_as_they_are_listed() {
    let image = of_all_classes();
    let report = image.report();
    let mut counted = BTreeMap::new();
    for limitation in report.all() {
        *counted.entry(limitation.class()).or_insert(0) += 1;
    }
    let counts: Vec<_> = report.counts().iter().collect();
    assert_eq!(counts, counted.into_iter().collect::<Vec<_>>());
    assert_eq!(counts.len(), LimitationClass::ALL.len());
    assert!(LimitationClass::ALL.is_sorted());
    for class in LimitationClass::ALL {
        let listed: Vec<_> = report.of_class(*class).collect();
        let among_all = report
            .all()
            .filter(|limitation| limitation.class() == *class);
        assert_eq!(listed, among_all.collect::<Vec<_>>(), "{class}");
        assert_eq!(report.counts().of(*class), listed.len() as u64);
    }
    let default: Vec<_> = (&report).into_iter().collect();
    assert_eq!(default, report.limitations().collect::<Vec<_>>());
    assert_eq!(default, report.into_iter().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 20 } else { 200 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// A name is reported if and only if it is another one.
    #[test]
    fn changed_names_and_no_others_are_reported(
        seeds in trees(),
        file_systems in file_systems(),
        level in levels(),
    ) {
        let (image, _) = grown(&seeds, file_systems, level);
        let mut expected = BTreeSet::new();
        for item in image.root().descendants() {
            for file_system in file_systems.iter() {
                let name = item.file_system_name(file_system).unwrap();
                if name != item.name() {
                    expected.insert((item.full_path(), file_system, name));
                }
            }
        }
        let mut found = BTreeSet::new();
        for limitation in image.report().all() {
            if let Limitation::NameChanged { path, file_system, name, reasons } = limitation {
                prop_assert!(!reasons.is_empty());
                prop_assert!(found.insert((path, file_system, name)));
            }
        }
        prop_assert_eq!(found, expected);
    }
}

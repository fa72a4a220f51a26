//! What is found out about an image before anything is written.

use std::collections::BTreeSet;

use imapi2fs::{
    FileSystemImage, FileSystems, Finding, ImagePath, InterchangeLevel, NameChange, NameProblem,
    Source, Timestamp,
};
use proptest::prelude::*;

use crate::support::random::{file_systems, grown, levels, trees};
use crate::support::readers::Numbered;
use crate::support::{
    Disc, Host, ISO9660, JOLIET, UDF, add_files, at, image, image_at, image_of, masks,
};

fn findings(image: &FileSystemImage) -> Vec<Finding> {
    image.report().collect()
}

fn texts(image: &FileSystemImage) -> Vec<String> {
    image.report().map(|finding| finding.to_string()).collect()
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
    let changed = |path: &str, file_system, name: &str, reasons| Finding::NameChanged {
        path: path.into(),
        file_system,
        name: name.to_owned(),
        reasons,
    };
    let not_for_windows = |path: &str, c| Finding::NotForWindows {
        path: path.into(),
        file_system: UDF,
        problem: NameProblem::Character(c),
    };
    let (case, characters) = (NameChange::CASE, NameChange::CHARACTERS);
    let collision = NameChange::COLLISION;
    assert_eq!(
        findings(&image),
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
        let found: BTreeSet<_> = findings(&image).iter().map(Finding::file_system).collect();
        assert_eq!(found, file_systems.iter().collect());
    }
}

#[test]
fn a_report_is_made_on_demand_and_needs_no_data() {
    let host = Host::with(&[("a b", b"data"), ("dir/c d", b"data")]);
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    drop(host);
    let mut report = image.report();
    assert_eq!(report.next().unwrap().path(), &ImagePath::from("a b"));
    // It is about the image as it was.
    image.root_mut().remove_tree("").unwrap();
    assert!(report.all(|finding| finding.path().to_string().starts_with("/dir")));
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
        for finding in findings(&image) {
            let Finding::TimeClamped {
                path,
                file_system,
                time: given,
                recorded,
            } = finding
            else {
                panic!("{finding}");
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
    let found: Vec<_> = findings(&image).iter().map(Finding::file_system).collect();
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
        match (&findings(&image)[..], sections) {
            ([], None) => {}
            (
                [
                    Finding::ManySections {
                        path,
                        sections: found,
                    },
                ],
                Some(sections),
            ) => {
                assert_eq!((path.to_string(), *found), ("/LARGE".to_owned(), sections));
            }
            (findings, _) => panic!("{findings:?}"),
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
        findings(&image),
        [Finding::FileTooBig {
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
        for finding in image.report() {
            if let Finding::NameChanged { path, file_system, name, reasons } = finding {
                prop_assert!(!reasons.is_empty());
                prop_assert!(found.insert((path, file_system, name)));
            }
        }
        prop_assert_eq!(found, expected);
    }
}

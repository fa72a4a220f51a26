//! What differs between the revisions of UDF. The reader in `support` checks what each of them must have.

use imapi2fs::{
    Error, FeatureSupport, FileSystemImage, FileSystems, InterchangeLevel, Limitation, Source,
    UdfRevision,
};

#[cfg(unix)]
use crate::support::Host;
use crate::support::readers::Numbered;
use crate::support::{Disc, ISO9660, UDF, add_files, at, check, image, image_at};
use crate::udf::{taken, with_udf};

/// The longest extent of UDF.
const EXTENT: u64 = (1 << 30) - 2048;

/// Every revision, alone and with others, with its metadata once and twice.
fn all() -> impl Iterator<Item = (FileSystems, UdfRevision, bool)> {
    with_udf().flat_map(|file_systems| {
        UdfRevision::ALL.iter().flat_map(move |revision| {
            [true, false].map(|redundant| (file_systems, *revision, redundant))
        })
    })
}

fn empty((file_systems, revision, redundant): (FileSystems, UdfRevision, bool)) -> FileSystemImage {
    let mut image = image_at(file_systems, InterchangeLevel::Three);
    image.set_udf_revision(revision).unwrap();
    image.set_create_redundant_udf_metadata_files(redundant);
    image
}

fn has_metadata(revision: UdfRevision) -> bool {
    revision >= UdfRevision::V2_50
}

#[test]
fn all_revisions_can_be_set() {
    let mut image = image();
    assert_eq!(image.udf_revisions_supported(), UdfRevision::ALL);
    let numbers: Vec<u16> = UdfRevision::ALL.iter().map(|&r| r.into()).collect();
    assert_eq!(numbers, [0x102, 0x150, 0x200, 0x201, 0x250, 0x260]);
    for revision in UdfRevision::ALL {
        image.set_udf_revision(*revision).unwrap();
        assert_eq!(image.udf_revision(), *revision);
        assert_eq!(revision.to_string().parse(), Ok(*revision));
        assert_eq!(u16::from(*revision).try_into(), Ok(*revision));
    }
}

/// It is kept whatever the revision, and told when it has no effect.
#[test]
fn redundant_metadata_is_a_feature_of_2_50() {
    let not_supported = FeatureSupport::NotSupported {
        minimum: UdfRevision::V2_50,
    };
    let mut image = image();
    assert!(image.create_redundant_udf_metadata_files());
    for revision in UdfRevision::ALL {
        image.set_udf_revision(*revision).unwrap();
        let expected = if has_metadata(*revision) {
            FeatureSupport::Supported
        } else {
            not_supported
        };
        for redundant in [true, false] {
            let support = image.set_create_redundant_udf_metadata_files(redundant);
            assert_eq!(support, expected, "{revision}");
            assert_eq!(image.create_redundant_udf_metadata_files(), redundant);
        }
    }
    image.set_file_systems_to_create(ISO9660).unwrap();
    let support = image.set_create_redundant_udf_metadata_files(true);
    assert_eq!(support, not_supported);
}

#[test]
fn every_revision_is_what_it_says() {
    for case in all() {
        let (file_systems, revision, redundant) = case;
        let mut image = empty(case);
        assert_eq!(check(&image).udf().revision, revision.into());
        add_files(
            &mut image,
            &[
                ("dir/a", &[1; 5000]),
                ("dir/sub/b", b"b"),
                ("empty", b""),
                ("c", &[2; 2048]),
            ],
        );
        for number in 0..100 {
            let name = format!("a longer name, so that there are several blocks {number}");
            image.root_mut().add_directory(&*name).unwrap();
        }
        let disc = check(&image);
        let udf = disc.udf();
        assert_eq!(udf.revision, revision.into());
        assert_eq!(udf.version == 3, revision >= UdfRevision::V2_00);
        assert_eq!(udf.metadata.is_some(), has_metadata(revision));
        if let Some(metadata) = udf.metadata {
            let [start, mirror] = metadata.starts;
            assert_eq!(start != mirror, redundant);
            // As far from each other as can be: the file data lies between.
            let data = udf.entries["/c"].extents[0].0;
            assert!(start < data && data < metadata.icbs[1]);
            assert!(!redundant || data < mirror);
        }
        assert_eq!(udf.anchors, [256, disc.end() - 1]);
        taken(&disc, file_systems);
        assert_eq!(image.used_blocks().unwrap(), disc.image.total_blocks());
    }
}

/// UDF 2.2.14 of 2.50: the partition begins with an ECC block, wherever the session does.
#[test]
fn a_metadata_partition_is_aligned_in_any_session() {
    for start in [0, 1, 31, 32, 333] {
        let mut image = empty((UDF, UdfRevision::V2_50, true));
        image.set_session_start_block(start).unwrap();
        add_files(&mut image, &[("dir/a", &[1; 5000])]);
        let disc = check(&image);
        let (first, _) = disc.udf().partition;
        assert!(first % 32 == 0 && first > start + 256 && first <= start + 288);
        taken(&disc, UDF);
    }
}

#[test]
fn redundancy_makes_no_difference_below_2_50() {
    for revision in &UdfRevision::ALL[..4] {
        let [once, twice] = [false, true].map(|redundant| {
            let mut image = empty((UDF, *revision, redundant));
            add_files(&mut image, &[("dir/a", b"a")]);
            Disc::new(&image).whole()
        });
        assert!(once == twice);
    }
}

#[test]
fn one_copy_of_the_metadata_saves_its_blocks() {
    let [once, twice] = [false, true].map(|redundant| {
        let mut image = empty((UDF, UdfRevision::V2_60, redundant));
        for number in 0..1000 {
            let name = format!("{number}");
            image.root_mut().add_file(&*name, b"".to_vec()).unwrap();
        }
        image.used_blocks().unwrap()
    });
    assert!(twice - once > 1000, "{once} and {twice} blocks");
}

/// An entry has room for 234 short descriptors up to UDF 1.50, for 229 from 2.00 on, for 114 long ones from 2.50 on; a
/// block of the chain for 253 or 126.
#[test]
fn chains_begin_where_the_entry_of_the_revision_ends() {
    for case in all() {
        let (file_systems, revision, redundant) = case;
        let (entry, block) = match revision {
            UdfRevision::V1_02 | UdfRevision::V1_50 => (234, 253),
            UdfRevision::V2_00 | UdfRevision::V2_01 => (229, 253),
            _ => (114, 126),
        };
        if !redundant || file_systems == UDF | ISO9660 {
            continue;
        }
        for (extents, blocks) in [
            (entry, 0),
            (entry + 1, 1),
            (entry - 1 + block, 1),
            (entry + block, 2),
            (entry - 1 + 2 * (block - 1) + 1, 2),
            (entry - 1 + 2 * (block - 1) + 2, 3),
        ] {
            let mut image = empty(case);
            let root = image.root_mut();
            let source = Source::seekable(Numbered::new((extents - 1) * EXTENT + 1));
            root.add_file("large", source).unwrap();
            root.add_file("z", b"behind").unwrap();
            let disc = check(&image);
            let entry = disc.udf().entries["/large"].clone();
            assert_eq!(entry.extents.len() as u64, extents);
            assert_eq!(entry.icb().chain.len(), blocks, "{revision}: {extents}");
            taken(&disc, file_systems);
        }
    }
}

/// UDF 2.3.4.3: an identifier has the UniqueID of its ICB, those of further links have numbers of their own.
#[test]
#[cfg(unix)]
fn hard_links_have_unique_ids() {
    for case in all() {
        let host = Host::new();
        host.file("a/first", b"once");
        for link in ["a/second", "third"] {
            std::fs::hard_link(host.path("a/first"), host.path(link)).unwrap();
        }
        let mut image = empty(case);
        image.root_mut().add_tree(host.root(), false).unwrap();
        let udf = check(&image).udf();
        assert_eq!(udf.entries["/third"].icb().links, 3);
        // The directory and the file; from 2.00 on also the two other names.
        let own = if udf.version == 3 { 2 } else { 0 };
        assert_eq!(udf.next_unique_id, 16 + 2 + own);
    }
}

/// From UDF 2.00 on; before, they are neither recorded nor reported.
#[test]
fn creation_times_are_recorded_in_extended_entries() {
    for revision in UdfRevision::ALL {
        let mut image = empty((UDF, *revision, true));
        add_files(&mut image, &[("a", b"a")]);
        let recorded = *revision >= UdfRevision::V2_00;
        for (time, clamped) in [
            ("1601-02-03T04:05:06.123456Z", None),
            ("-0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00.000000Z")),
        ] {
            let time = match clamped {
                None => at(time),
                Some(_) => imapi2fs::Timestamp::from_unix(-70_000_000_000),
            };
            image
                .item_mut("a")
                .unwrap()
                .set_creation_time(time)
                .unwrap();
            let created = check(&image).udf().entries["/a"].icb().created;
            assert_eq!(created.is_some(), recorded);
            let reported: Vec<Limitation> = image.report().all().collect();
            match (created, clamped) {
                (Some(created), Some(clamped)) => {
                    assert_eq!(created, clamped);
                    assert!(matches!(reported[..], [Limitation::TimeClamped { .. }]));
                }
                (Some(created), None) => {
                    assert_eq!(created, "1601-02-03T04:05:06.123456Z");
                    assert_eq!(reported, []);
                }
                (None, _) => assert_eq!(reported, []),
            }
        }
    }
}

/// UDF 2.01 has a file type for them; before, they are files like others.
#[test]
fn real_time_files_are_marked_from_2_01_on() {
    for case in all() {
        let (file_systems, revision, _) = case;
        let mut image = empty(case);
        add_files(&mut image, &[("dir/plain", b"a"), ("film", b"b")]);
        let supported = revision >= UdfRevision::V2_01;
        let expected = if supported {
            FeatureSupport::Supported
        } else {
            FeatureSupport::NotSupported {
                minimum: UdfRevision::V2_01,
            }
        };
        let mut film = image.item_mut("film").unwrap();
        assert!(!film.item().is_real_time());
        assert_eq!(film.set_is_real_time(true).unwrap(), expected);
        let other = image.create_file_item("other", b"c".to_vec()).unwrap();
        image.root_mut().add(other.with_real_time(true)).unwrap();
        for name in ["film", "other"] {
            assert!(image.item(name).unwrap().is_real_time());
        }
        let disc = check(&image);
        let entries = disc.udf().entries;
        for (path, real_time) in [("/film", true), ("/other", true), ("/dir/plain", false)] {
            assert_eq!(
                entries[path].icb().real_time,
                real_time && supported,
                "{path}"
            );
        }
        taken(&disc, file_systems);
        let mut directory = image.item_mut("dir").unwrap();
        let error = directory.set_is_real_time(true).unwrap_err();
        assert!(matches!(error, Error::NotAFile { path, .. } if path.to_string() == "/dir"));
    }
}

/// One ICB cannot say both.
#[test]
#[cfg(unix)]
fn of_two_names_of_a_file_one_may_be_real_time() {
    let host = Host::with(&[("a", b"once")]);
    std::fs::hard_link(host.path("a"), host.path("b")).unwrap();
    for revision in UdfRevision::ALL {
        let mut image = empty((UDF, *revision, true));
        image.root_mut().add_tree(host.root(), false).unwrap();
        image.item_mut("b").unwrap().set_is_real_time(true).unwrap();
        let entries = check(&image).udf().entries;
        let links = if *revision >= UdfRevision::V2_01 {
            1
        } else {
            2
        };
        assert_eq!(entries["/a"].icb().links, links);
        assert_eq!(entries["/a"].extents, entries["/b"].extents);
    }
}

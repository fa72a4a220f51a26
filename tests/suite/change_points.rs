//! Going back to what the tree was.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use imapi2fs::{
    Error, FileSystemImage, FileSystems, ImagePath, InterchangeLevel, Source, UdfRevision,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::staging::data;
#[cfg(target_os = "linux")]
use crate::staging::{staged, with_directory};
use crate::support::bytes::all;
use crate::support::random::cases;
use crate::support::{Disc, Host, ISO9660, UDF, add_files, check, image, image_at, state};

#[test]
fn every_call_that_changes_the_tree_is_one_change() {
    let mut image = image();
    assert_eq!(image.change_point(), 0);
    image.root_mut().add_directory("d").unwrap();
    image.root_mut().add_file("d/a", b"1").unwrap();
    let host = Host::with(&[("x/y", b"2"), ("z", b"3")]);
    image.root_mut().add_tree(host.root(), true).unwrap();
    assert_eq!(image.change_point(), 3);
    let mut item = image.item_mut("d/a").unwrap();
    item.add_stream("s", b"").unwrap();
    item.remove_stream("s").unwrap();
    assert_eq!(image.change_point(), 5);
    let file = image.create_file_item("b", b"").unwrap();
    image.root_mut().add(file).unwrap();
    image.root_mut().remove("b").unwrap();
    image.root_mut().remove_tree("d").unwrap();
    image.root_mut().remove_tree("").unwrap();
    assert_eq!(image.change_point(), 9);

    // Neither what changes nothing, nor what fails, nor settings and attributes.
    image.root_mut().remove_tree("").unwrap();
    image.root_mut().add_directory("d").unwrap();
    image.root_mut().add_directory("d").unwrap();
    image.root_mut().add_file("d", b"").unwrap_err();
    image.root_mut().remove("nothing").unwrap_err();
    image.item_mut("d").unwrap().set_is_hidden(true);
    image.set_udf_revision(UdfRevision::V2_50).unwrap();
    image.set_volume_name("name").unwrap();
    assert_eq!(image.change_point(), 10);
}

#[test]
fn a_rollback_takes_back_all_kinds_of_changes() {
    let mut image = image();
    image.set_udf_revision(UdfRevision::V2_50).unwrap();
    let host = Host::with(&[("d/b", b"replaced"), ("d/new/x", b"new"), ("y", &[7; 9000])]);
    let mut states = vec![(state(&image), Disc::new(&image).whole())];
    let changes: [&dyn Fn(&mut FileSystemImage); 12] = [
        &|image| assert!(image.root_mut().add_directory("d").is_ok()),
        &|image| assert!(image.root_mut().add_file("d/a", vec![1; 5000]).is_ok()),
        &|image| assert!(image.root_mut().add_file("d/b", b"2").is_ok()),
        &|image| assert!(image.item_mut("d/a").unwrap().add_stream("s", b"1").is_ok()),
        &|image| assert!(image.item_mut("d/a").unwrap().add_stream("t", b"2").is_ok()),
        &|image| assert!(image.item_mut("d/a").unwrap().remove_stream("s").is_ok()),
        &|image| drop(image.root_mut().add_tree(host.root(), false).unwrap()),
        &|image| image.root_mut().remove("d/a").unwrap(),
        &|image| assert!(image.root_mut().add_file("d/a", b"another").is_ok()),
        &|image| image.root_mut().remove_tree("d").unwrap(),
        &|image| assert!(image.root_mut().add_directory("d").is_ok()),
        &|image| image.root_mut().remove_tree("").unwrap(),
    ];
    for change in changes {
        change(&mut image);
        states.push((state(&image), check(&image).whole()));
    }
    assert_eq!(image.change_point(), 12);
    // Step by step, and from anywhere at once.
    for point in (0..12).rev() {
        image.rollback_to_change_point(point).unwrap();
        assert_eq!(image.change_point(), point);
        let now = (state(&image), check(&image).whole());
        assert!(now == states[point as usize], "{point}: {:#?}", now.0);
    }
    for point in [11, 6, 3, 0] {
        for change in &changes[image.change_point() as usize..] {
            change(&mut image);
        }
        image.rollback_to_change_point(point).unwrap();
        let now = (state(&image), check(&image).whole());
        assert!(now == states[point as usize], "{point}: {:#?}", now.0);
    }
}

#[test]
fn only_points_between_the_last_lock_and_now_are_accepted() {
    let mut image = image();
    add_files(&mut image, &[("a", b""), ("b", b""), ("c", b"")]);
    image.rollback_to_change_point(3).unwrap();
    let refused = |image: &mut FileSystemImage, point: u32| {
        let before = state(image);
        let error = image.rollback_to_change_point(point).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter(_)));
        assert!(error.to_string().contains(&point.to_string()), "{error}");
        assert_eq!(state(image), before);
    };
    refused(&mut image, 4);
    refused(&mut image, u32::MAX);
    image.rollback_to_change_point(2).unwrap();
    image.lock_in_change_point();
    assert_eq!(image.change_point(), 2);
    refused(&mut image, 1);
    image.root_mut().add_file("d", b"").unwrap();
    image.root_mut().remove("a").unwrap();
    image.rollback_to_change_point(2).unwrap();
    assert_eq!(image.file_count(), 2);
    check(&image);
}

#[test]
fn attributes_of_what_stays_stay() {
    let mut image = image();
    add_files(&mut image, &[("a", b"")]);
    let point = image.change_point();
    add_files(&mut image, &[("b", b"")]);
    image.item_mut("a").unwrap().set_is_hidden(true);
    image.rollback_to_change_point(point).unwrap();
    assert!(image.item("a").unwrap().is_hidden());
}

#[test]
fn results_and_snapshots_keep_what_they_have() {
    let mut image = image();
    image.set_stage_files(true);
    add_files(&mut image, &[("a", &[1; 5000])]);
    let point = image.change_point();
    add_files(&mut image, &[("b", &[2; 5000])]);
    let (result, snapshot) = (Disc::new(&image), image.snapshot());
    let before = result.whole();
    image.rollback_to_change_point(point).unwrap();
    // Would overwrite what was staged, had it been given up.
    add_files(&mut image, &[("c", &[3; 9000])]);
    assert!(result.whole() == before);
    assert_eq!(all(snapshot.item("b").unwrap().data().unwrap()), [2; 5000]);
    assert_eq!(data(&image, "c"), [3; 9000]);
    check(&image);
}

#[cfg(target_os = "linux")]
#[test]
fn a_rollback_frees_staged_space() {
    let (mut image, work) = with_directory();
    image.set_stage_files(true);
    add_files(&mut image, &[("a", &[1; 5000])]);
    let point = image.change_point();
    add_files(&mut image, &[("b", &[2; 50_000]), ("c", &[3; 10])]);
    assert_eq!(staged(&work), 55_010);
    image.rollback_to_change_point(point).unwrap();
    assert_eq!(staged(&work), 5000);
    assert_eq!(data(&image, "a"), [1; 5000]);
    add_files(&mut image, &[("d", &[4; 100])]);
    assert_eq!(staged(&work), 5100);
    check(&image);
    image.rollback_to_change_point(0).unwrap();
    assert_eq!(staged(&work), 0);
    // As long as a result needs it, it stays.
    add_files(&mut image, &[("e", &[5; 100])]);
    let result = image.create_result_image().unwrap();
    image.rollback_to_change_point(0).unwrap();
    assert_eq!(staged(&work), 100);
    drop(result);
    add_files(&mut image, &[("f", b"1")]);
    image.rollback_to_change_point(0).unwrap();
    assert_eq!(staged(&work), 0);
}

/// A reader that tells, by its share of the count, whether it is still there.
struct Counted(
    Cursor<Vec<u8>>,
    #[expect(dead_code, reason = "counted")] Arc<()>,
);

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buf)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn what_was_removed_is_let_go_when_it_is_locked_in() {
    let count = Arc::new(());
    let mut image = image();
    image.root_mut().add_directory("d").unwrap();
    for path in ["a", "d/b", "d/c"] {
        let reader = Counted(Cursor::new(vec![1; 3000]), count.clone());
        let source = Source::seekable(reader);
        image.root_mut().add_file(path, source).unwrap();
    }
    let reader = Counted(Cursor::new(vec![1; 3000]), count.clone());
    let mut item = image.item_mut("d/b").unwrap();
    item.add_stream("s", Source::seekable(reader)).unwrap();
    image.root_mut().remove_tree("d").unwrap();
    assert_eq!(Arc::strong_count(&count), 5);
    image.lock_in_change_point();
    assert_eq!(Arc::strong_count(&count), 2, "only `a`");
    let point = image.change_point();
    image.root_mut().remove("a").unwrap();
    image.rollback_to_change_point(point).unwrap();
    assert_eq!(Arc::strong_count(&count), 2);
    image.rollback_to_change_point(point).unwrap();
    check(&image);
    // Names that were removed can be used again.
    add_files(&mut image, &[("d/b", b"new")]);
    check(&image);
}

/// Settings are not rolled back, so that the old tree may be too much for them.
#[test]
fn a_tree_that_no_longer_fits_does_not_come_back() {
    let mut image = image_at(UDF, InterchangeLevel::One);
    let deep = ImagePath::from("2/3/4/5/6/7/8/9");
    for depth in 1..=8 {
        let names = deep.components().take(depth);
        let path = ImagePath::from_components(names);
        image.root_mut().add_directory(path).unwrap();
    }
    let full = image.change_point();
    image.root_mut().remove_tree("2").unwrap();
    image.set_file_systems_to_create(ISO9660).unwrap();
    let before = state(&image);
    match image.rollback_to_change_point(full) {
        Err(Error::TooDeep {
            path,
            level: 9,
            limit: 8,
            ..
        }) => assert_eq!(path, deep),
        other => panic!("{other:?}"),
    }
    assert_eq!(state(&image), before);
    image.rollback_to_change_point(0).unwrap();
    image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap();
    check(&image);
}

#[test]
fn a_tree_with_too_many_directories_does_not_come_back() {
    let mut image = image_at(UDF, InterchangeLevel::One);
    image.set_free_media_blocks(0).unwrap();
    for number in 0..4 {
        image.root_mut().add_directory(format!("{number}")).unwrap();
        let mut directory = image.directory_mut(format!("{number}")).unwrap();
        for number in 0..16_384 {
            directory.add_directory(format!("{number}")).unwrap();
        }
    }
    let full = image.change_point();
    image.root_mut().remove_tree("3").unwrap();
    image.set_file_systems_to_create(ISO9660).unwrap();
    let error = image.rollback_to_change_point(full).unwrap_err();
    assert!(matches!(error, Error::TooManyDirectories { .. }));
    assert_eq!(error.hresult().0, 0xC0AA_B130);
    image.rollback_to_change_point(full - 2).unwrap_err();
    image.rollback_to_change_point(full + 1).unwrap();
}

#[test]
fn a_strict_image_does_not_go_back_to_names_it_cannot_have() {
    let mut image = image();
    add_files(&mut image, &[("a:b", b"")]);
    image.root_mut().remove("a:b").unwrap();
    image.set_strict_file_system_compliance(true).unwrap();
    let error = image.rollback_to_change_point(1).unwrap_err();
    assert!(matches!(error, Error::InvalidParameter(_)));
}

/// What is done to one of a handful of paths.
#[derive(Clone, Debug)]
enum Edit {
    File(usize, usize),
    Directory(usize),
    Remove(usize),
    RemoveTree(usize),
    Stream(usize, usize),
    RemoveStream(usize),
    Tree,
    LockIn,
}

const PATHS: [&str; 8] = ["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "d/e/f"];

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let path = 0..PATHS.len();
    let edit = prop_oneof![
        4 => (path.clone(), 0..5000_usize).prop_map(|(path, len)| Edit::File(path, len)),
        4 => path.clone().prop_map(Edit::Directory),
        2 => path.clone().prop_map(Edit::Remove),
        2 => path.clone().prop_map(Edit::RemoveTree),
        2 => (path.clone(), 0..3000_usize).prop_map(|(path, len)| Edit::Stream(path, len)),
        1 => path.prop_map(Edit::RemoveStream),
        2 => Just(Edit::Tree),
        1 => Just(Edit::LockIn),
    ];
    vec(edit, 0..40)
}

fn apply(image: &mut FileSystemImage, edit: &Edit, host: &Host) {
    let stream = |image: &mut FileSystemImage, path: usize, len: Option<usize>| {
        let mut item = image.item_mut(PATHS[path])?;
        match len {
            Some(len) => item.add_stream(format!("{}", len % 3), vec![len as u8; len]),
            None => item.remove_stream("1"),
        }
    };
    // Many of them fail, which must not change anything.
    match *edit {
        Edit::File(path, len) => {
            let _ = image.root_mut().add_file(PATHS[path], vec![len as u8; len]);
        }
        Edit::Directory(path) => drop(image.root_mut().add_directory(PATHS[path]).map(drop)),
        Edit::Remove(path) => drop(image.root_mut().remove(PATHS[path])),
        Edit::RemoveTree(path) => drop(image.root_mut().remove_tree(PATHS[path])),
        Edit::Stream(path, len) => drop(stream(image, path, Some(len))),
        Edit::RemoveStream(path) => drop(stream(image, path, None)),
        Edit::Tree => drop(image.root_mut().add_tree(host.root(), false)),
        Edit::LockIn => image.lock_in_change_point(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(32)))]

    /// From any point one can go back to any other that is not locked in, and finds what was there.
    #[test]
    fn every_point_can_be_gone_back_to(
        edits in edits(),
        rounds in vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let host = Host::with(&[("a", b"from the host"), ("d/b", b"x"), ("d/e/a", &[8; 3000])]);
        let mut image = image();
        image.set_udf_revision(UdfRevision::V2_01).unwrap();
        image.set_stage_files(true);
        let look = |image: &FileSystemImage| (state(image), check(image).whole());
        let mut states = vec![look(&image)];
        let mut locked = 0;
        for round in rounds {
            for edit in &edits {
                apply(&mut image, edit, &host);
                let point = image.change_point() as usize;
                if matches!(edit, Edit::LockIn) {
                    locked = point;
                }
                let now = look(&image);
                if point < states.len() {
                    prop_assert!(now == states[point]);
                } else {
                    states.push(now);
                }
            }
            let last = image.change_point() as usize;
            let point = locked + round.index(last - locked + 1);
            image.rollback_to_change_point(point as u32).unwrap();
            prop_assert!(look(&image) == states[point], "{point}");
            states.truncate(point + 1);
        }
    }
}

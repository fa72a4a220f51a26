//! Copies of images.

use std::io::Cursor;

use imapi2fs::{Error, Source};

use crate::staging::{data, with_directory};
use crate::support::bytes::all;
use crate::support::{Host, add_files, check, image, paths, state};

#[test]
fn a_copy_and_its_original_are_changed_apart() {
    let mut original = image();
    original.set_volume_name("TEMPLATE").unwrap();
    add_files(&mut original, &[("a", b"1"), ("d/b", b"2")]);
    let mut copy = original.clone();
    assert_eq!(state(&copy), state(&original));
    assert!(check(&copy).whole() == check(&original).whole());
    let before = state(&original);
    copy.set_volume_name("COPY").unwrap();
    copy.root_mut().add_file("new", "3").unwrap();
    copy.root_mut().remove("a").unwrap();
    assert_eq!(state(&original), before);
    assert_eq!(original.volume_name(), "TEMPLATE");
    original.root_mut().remove_tree("d").unwrap();
    assert_eq!(paths(&copy), ["/d/", "/d/b", "/new"]);
    check(&copy);
    check(&original);
}

#[test]
fn a_copy_keeps_the_changes_that_can_be_taken_back() {
    let mut original = image();
    add_files(&mut original, &[("a", b"1"), ("b", b"2")]);
    let mut copy = original.clone();
    copy.rollback_to_change_point(1).unwrap();
    assert_eq!(paths(&copy), ["/a"]);
    assert_eq!(paths(&original), ["/a", "/b"]);
}

/// Rolling one image back must not discard staged data that the other still uses.
#[test]
fn a_copy_shares_staged_data_and_stages_its_own_apart() {
    let (mut original, _work) = with_directory();
    original.set_stage_files(true);
    let once = |byte: u8| Source::reader(Cursor::new(vec![byte; 5000]));
    original.root_mut().add_file("a", once(1)).unwrap();
    let before = original.change_point();
    original.root_mut().add_file("b", once(2)).unwrap();
    let mut copy = original.clone();
    original.rollback_to_change_point(before).unwrap();
    original.root_mut().add_file("c", once(3)).unwrap();
    copy.root_mut().add_file("d", once(4)).unwrap();
    for (image, files) in [
        (&original, [("a", 1), ("c", 3)].as_slice()),
        (&copy, &[("a", 1), ("b", 2), ("d", 4)]),
    ] {
        assert_eq!(image.file_count() as usize, files.len());
        for (path, byte) in files {
            assert!(data(image, path) == [*byte; 5000], "{path}");
        }
        check(image);
    }
    // All of it moves, wherever it was.
    let other = Host::new();
    copy.set_working_directory(other.root()).unwrap();
    drop(original);
    for (path, byte) in [("a", 1), ("b", 2), ("d", 4)] {
        assert!(data(&copy, path) == [byte; 5000], "{path}");
    }
    copy.rollback_to_change_point(0).unwrap();
    assert_eq!(copy.file_count(), 0);
    check(&copy);
}

/// The count of a clone's staged files, some of which are in the file of its original, told that nobody else had any.
#[test]
fn data_that_a_clone_staged_stays_for_those_who_hold_it() {
    let (mut original, _work) = with_directory();
    original.set_stage_files(true);
    for (name, byte) in [("a", 1), ("b", 2)] {
        original
            .root_mut()
            .add_file(name, vec![byte; 5000])
            .unwrap();
    }
    let mut copy = original.clone();
    copy.root_mut().add_file("c", vec![3; 5000]).unwrap();
    let before = copy.change_point();
    copy.root_mut().add_file("d", vec![4; 5000]).unwrap();
    let snapshot = copy.snapshot();
    copy.rollback_to_change_point(before).unwrap();
    copy.root_mut().add_file("e", vec![5; 5000]).unwrap();
    let held = snapshot.root().item("d").unwrap();
    assert!(all(held.data().unwrap()) == [4; 5000]);
    check(&copy);
}

#[test]
fn the_blocks_that_remain_are_those_up_to_the_limit() {
    let mut image = image();
    image.set_free_media_blocks(1000).unwrap();
    let remaining = image.remaining_blocks().unwrap();
    assert_eq!(remaining, 1000 - image.used_blocks().unwrap());
    image.root_mut().add_file("a", vec![1; 2048 * 10]).unwrap();
    let now = image.remaining_blocks().unwrap();
    assert!(now < remaining && now >= remaining - 12);
    let large = vec![1; 2048 * (now as usize + 1)];
    let error = image.root_mut().add_file("b", large).unwrap_err();
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
}

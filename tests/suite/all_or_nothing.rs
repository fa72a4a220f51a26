//! Trees that cannot be added: after the error the image is as it was.

use std::path::Path;

use imapi2fs::{Error, FileSystemImage, Timestamp, TreeOptions};

use crate::support::bytes::all;
use crate::support::{Disc, Host, UDF, add_files, check, image, state};

/// Adds a tree that fails, and looks whether all is as it was.
#[track_caller]
fn fails(image: &mut FileSystemImage, source: &Path, options: &TreeOptions) -> Error {
    let before = state(image);
    let bytes = Disc::new(image).whole();
    let error = image.root_mut().add_tree_with(source, options).unwrap_err();
    assert_eq!(state(image), before, "{error}");
    assert!(Disc::new(image).whole() == bytes, "{error}");
    assert!(
        image
            .root()
            .descendants()
            .all(|item| item.file_system_name(UDF).is_ok())
    );
    error
}

/// A tree whose last item is the one that matters.
fn tree() -> Host {
    let host = Host::with(&[
        ("a/both", b"replaced for a while"),
        ("a/new", b"new"),
        ("b/c/d", &[9; 10_000]),
        ("both", b"replaced for a while"),
        ("z", b"last"),
    ]);
    host.directory("empty");
    host
}

fn filled() -> FileSystemImage {
    let mut image = image();
    add_files(
        &mut image,
        &[("a/both", b"old"), ("both", &[3; 3000]), ("mine", b"mine")],
    );
    image.item_mut("a/both").unwrap().set_is_hidden(true);
    image
}

#[test]
fn a_tree_is_added_whole_or_not_at_all() {
    // A file would replace a directory, or a directory a file.
    for (taken, is_directory) in [("z", true), ("b", false)] {
        let host = tree();
        let mut image = filled();
        if is_directory {
            image.root_mut().add_directory(taken).unwrap();
        } else {
            image.root_mut().add_file(taken, b"in the way").unwrap();
        }
        let error = fails(&mut image, host.root(), &TreeOptions::new());
        assert!(matches!(error, Error::DuplicateName { .. }), "{error}");
        assert_eq!(error.path().unwrap().to_string(), format!("/{taken}"));
    }

    // A name that cannot be.
    let host = tree();
    host.file("zä", b"");
    let mut image = filled();
    image.set_use_restricted_character_set(true);
    let error = fails(&mut image, host.root(), &TreeOptions::new());
    assert!(matches!(error, Error::RestrictedName { .. }), "{error}");

    // Too deep for level 1.
    host.directory("z1/2/3/4/5/6/7/8");
    image.set_use_restricted_character_set(false);
    let error = fails(&mut image, host.root(), &TreeOptions::new());
    assert!(matches!(error, Error::TooDeep { level: 9, .. }), "{error}");

    // Too large.
    let host = tree();
    host.file("y", &[5; 100_000]);
    let used = image.used_blocks().unwrap();
    image.set_free_media_blocks(used + 20).unwrap();
    let error = fails(
        &mut image,
        host.root(),
        &TreeOptions::new().include_base_directory(true),
    );
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    assert!(error.path().unwrap().to_string().ends_with("/y"), "{error}");
}

#[test]
fn after_a_failure_the_rest_can_be_added() {
    let host = tree();
    let mut image = filled();
    image.root_mut().add_directory("z").unwrap();
    fails(&mut image, host.root(), &TreeOptions::new());
    image.root_mut().remove("z").unwrap();
    image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!(
        all(image.item("a/both").unwrap().data().unwrap()),
        b"replaced for a while"
    );

    let mut other = filled();
    other.root_mut().add_tree(host.root(), false).unwrap();
    assert!(check(&image).whole() == check(&other).whole());
}

#[test]
fn strict_trees_have_no_names_that_differ_by_case() {
    let host = Host::with(&[("Read", b"")]);
    let mut image = image();
    image.set_strict_file_system_compliance(true).unwrap();
    add_files(&mut image, &[("READ", b"")]);
    let error = fails(&mut image, host.root(), &TreeOptions::new());
    assert!(matches!(error, Error::DuplicateName { .. }), "{error}");
}

/// Items that are replaced for a while may have times of their own, all the same or not, before and after.
#[test]
fn times_of_replaced_files_come_back() {
    let host = Host::with(&[("a", b"new"), ("b", b"new"), ("c", b"new")]);
    host.directory("z");
    let mut image = image();
    add_files(&mut image, &[("a", b"1"), ("b", b"2"), ("c", b"3")]);
    for (seconds, path) in [(1_000_000_000, "a"), (1_100_000_000, "c")] {
        let mut item = image.item_mut(path).unwrap();
        let time = Timestamp::from_unix(seconds);
        item.set_creation_time(time).unwrap();
        item.set_last_accessed_time(time).unwrap();
    }
    // The last item cannot be added.
    add_files(&mut image, &[("z", b"a file")]);
    for all_times in [false, true] {
        let options = TreeOptions::new().all_times(all_times);
        fails(&mut image, host.root(), &options);
        // Times that are set now do not get in the way of those that came back.
        let mut item = image.item_mut("b").unwrap();
        let time = Timestamp::from_unix(1_200_000_000 + i64::from(all_times));
        item.set_creation_time(time).unwrap();
        check(&image);
        let created = image.item("a").unwrap().creation_time();
        assert_eq!(created, Timestamp::from_unix(1_000_000_000));
    }
}

/// What is replaced makes room for what comes before it.
#[test]
fn a_tree_fits_if_the_image_with_it_fits() {
    let host = Host::with(&[("a", &[1; 300_000]), ("b", b"")]);
    let mut image = image();
    add_files(&mut image, &[("b", &[2; 300_000])]);
    let blocks = image.used_blocks().unwrap();
    image.set_free_media_blocks(blocks + 20).unwrap();
    image.root_mut().add_tree(host.root(), false).unwrap();
    assert!(image.used_blocks().unwrap() <= blocks + 20);
    let more = Host::with(&[("b", &[3; 300_000])]);
    let error = fails(&mut image, more.root(), &TreeOptions::new());
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
}

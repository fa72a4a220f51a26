//! Items that are made first and added later.

use imapi2fs::{Error, NewItem};

use crate::support::bytes::all;
use crate::support::{add_files, at, check, image, paths};

#[test]
fn detached_items_are_added_with_what_they_have() {
    let mut image = image();
    let time = at("1980-01-01T00:00:00Z");
    let directory = image.create_directory_item("dir").unwrap();
    let directory = directory.with_last_modified_time(time).with_hidden(true);
    let file = image.create_file_item("dir/file", b"data").unwrap();
    let file = file
        .with_creation_time(time)
        .with_last_accessed_time(time)
        .with_last_modified_time(time);
    // Nothing is in the image before it is added.
    assert_eq!(image.root().count(), 0);

    let root = image.root_mut();
    root.add(directory).unwrap();
    root.add(NewItem::from(file)).unwrap();
    let dir = image.item("dir").unwrap();
    assert!(dir.is_hidden() && dir.is_directory());
    assert_eq!(dir.last_modified_time(), time);
    assert_eq!(dir.creation_time(), image.time());
    let file = image.item("dir/file").unwrap();
    assert_eq!(file.creation_time(), time);
    assert_eq!(file.last_accessed_time(), time);
    assert_eq!(all(file.data().unwrap()), b"data");

    // Paths are relative to where they are added.
    let file = image.create_file_item("below", b"").unwrap();
    image.directory_mut("dir").unwrap().add(file).unwrap();
    assert_eq!(paths(&image), ["/dir/", "/dir/below", "/dir/file"]);
    check(&image);
}

#[test]
fn detached_items_meet_the_same_rules() {
    let mut image = image();
    add_files(&mut image, &[("dir/file", b"")]);
    for path in ["dir", "dir/file", "none/file"] {
        let directory = image.create_directory_item(path).unwrap();
        let file = image.create_file_item(path, b"").unwrap();
        for item in [NewItem::from(directory), NewItem::from(file)] {
            let error = image.root_mut().add(item).unwrap_err();
            match error {
                Error::DuplicateName { .. } => assert_ne!(path, "none/file"),
                Error::DirectoryNotFound { .. } => assert_eq!(path, "none/file"),
                _ => panic!("{error}"),
            }
        }
    }
    for path in ["", "/", "a/..", "a\0"] {
        let error = image.create_directory_item(path).unwrap_err();
        assert!(matches!(error, Error::InvalidName { .. }), "{error}");
        assert!(image.create_file_item(path, b"").is_err());
    }
    assert_eq!(paths(&image), ["/dir/", "/dir/file"]);
}

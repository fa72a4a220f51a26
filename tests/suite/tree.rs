//! Directories and files of an image: adding, looking up, changing, removing.

use std::io::{Read, Seek, SeekFrom};

use imapi2fs::{Error, FileSystems, ImagePath, InterchangeLevel, ItemKind};

use crate::support::bytes::all;
use crate::support::{Disc, add_files, at, below, check, image, image_at, paths};

#[test]
fn directories_on_the_way_must_exist() {
    let mut image = image();
    let root = image.root_mut();
    let error = root.add_directory("a/b").unwrap_err();
    assert!(matches!(&error, Error::DirectoryNotFound { path, .. } if path.to_string() == "/a"));
    let error = root.add_file("a/b", b"").unwrap_err();
    assert!(matches!(&error, Error::DirectoryNotFound { path, .. } if path.to_string() == "/a"));
    root.add_directory("a").unwrap();
    root.add_directory("a/b").unwrap();
    root.add_file("/a/b/c", b"").unwrap();
    let error = root.add_file("a/b/c/d", b"").unwrap_err();
    assert!(matches!(&error, Error::NotADirectory { path, .. } if path.to_string() == "/a/b/c"));
    assert_eq!(paths(&image), ["/a/", "/a/b/", "/a/b/c"]);
}

#[test]
fn adding_a_directory_again_changes_nothing() {
    let mut image = image();
    let old = at("1999-09-09T09:09:09Z");
    let mut directory = image.root_mut().add_directory("a").unwrap();
    directory.as_item_mut().set_last_modified_time(old).unwrap();
    image.root_mut().add_file("a/b", b"kept").unwrap();
    let root = image.root_mut();
    let again = root.add_directory("a").unwrap();
    assert_eq!(again.item().last_modified_time(), old);
    assert_eq!(again.item().count(), 1);
    assert_eq!(image.directory_count(), 1);
    // The root is there, too.
    assert!(
        image
            .root_mut()
            .add_directory("/")
            .unwrap()
            .item()
            .is_directory()
    );
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let mut image = image();
    add_files(&mut image, &[("file", b"first"), ("dir/x", b"")]);
    let root = image.root_mut();
    for error in [
        root.add_file("file", b"second").unwrap_err(),
        root.add_directory("file").unwrap_err(),
        root.add_file("dir", b"").unwrap_err(),
        root.add_file("", b"").unwrap_err(),
    ] {
        assert!(matches!(error, Error::DuplicateName { .. }), "{error}");
    }
    assert_eq!(all(image.item("file").unwrap().data().unwrap()), b"first");
    assert_eq!((image.file_count(), image.directory_count()), (2, 1));
}

#[test]
fn paths_are_relative_to_the_directory() {
    let mut image = image();
    image.root_mut().add_directory("a").unwrap();
    let mut a = image.directory_mut("a").unwrap();
    a.add_directory("b").unwrap();
    a.add_file("b/c", b"c").unwrap();
    assert_eq!(
        a.item().item("b/c").unwrap().full_path().to_string(),
        "/a/b/c"
    );
    let error = a.item().item("x").unwrap_err();
    assert!(matches!(&error, Error::ItemNotFound { path, .. } if path.to_string() == "/a/x"));
    a.remove("b/c").unwrap();
    assert_eq!(paths(&image), ["/a/", "/a/b/"]);
    assert!(matches!(
        image.directory_mut("a/x"),
        Err(Error::ItemNotFound { .. })
    ));
    image.root_mut().add_file("f", b"").unwrap();
    assert!(matches!(
        image.directory_mut("f"),
        Err(Error::NotADirectory { .. })
    ));
}

#[test]
fn what_exists_is_told_from_what_could() {
    let mut image = image();
    add_files(&mut image, &[("dir/file", b"")]);
    assert_eq!(image.exists("/").unwrap(), Some(ItemKind::Directory));
    assert_eq!(image.exists("dir").unwrap(), Some(ItemKind::Directory));
    assert_eq!(image.exists(r"\dir\file").unwrap(), Some(ItemKind::File));
    assert_eq!(image.exists("dir/none").unwrap(), None);
    let error = image.exists("none/file").unwrap_err();
    assert!(matches!(&error, Error::DirectoryNotFound { path, .. } if path.to_string() == "/none"));
    let error = image.exists("dir/file/x").unwrap_err();
    assert!(matches!(error, Error::NotADirectory { .. }), "{error}");
    let error = image.item("none").unwrap_err();
    assert!(matches!(error, Error::ItemNotFound { .. }), "{error}");
}

#[test]
fn items_tell_what_they_are() {
    let mut image = image();
    add_files(&mut image, &[("dir/data", b"0123456789")]);
    let dir = image.item("dir").unwrap();
    assert_eq!((dir.name(), dir.count(), dir.data_size()), ("dir", 1, 0));
    assert_eq!(image.root().full_path(), ImagePath::root());
    assert_eq!(dir.full_path().to_string(), "/dir");
    assert!(matches!(dir.data(), Err(Error::NotAFile { .. })));
    let file = dir.item("data").unwrap();
    assert_eq!((file.name(), file.kind()), ("data", ItemKind::File));
    assert_eq!(file.full_path().to_string(), "/dir/data");
    assert_eq!((file.count(), file.data_size()), (0, 10));
    assert_eq!(file.children().count(), 0);

    let mut data = file.data().unwrap();
    let mut part = [0; 4];
    data.seek(SeekFrom::Start(3)).unwrap();
    data.read_exact(&mut part).unwrap();
    assert_eq!(&part, b"3456");
    assert_eq!(data.seek(SeekFrom::End(-1)).unwrap(), 9);
    assert_eq!(all(&mut data), b"9");
    assert_eq!(data.seek(SeekFrom::Current(-10)).unwrap(), 0);
    assert!(data.seek(SeekFrom::Current(-1)).is_err());
    assert_eq!(all(&mut data), b"0123456789");
}

#[test]
fn attributes_are_kept_and_recorded() {
    let mut image = image();
    add_files(&mut image, &[("dir/file", b"data")]);
    let [created, accessed, modified] = [
        "2001-02-03T04:05:06Z",
        "2002-02-03T04:05:06.123456Z",
        "2003-02-03T04:05:06.7+02:00",
    ]
    .map(at);
    for path in ["dir", "dir/file"] {
        let mut item = image.item_mut(path).unwrap();
        assert!(!item.item().is_hidden());
        assert_eq!(item.item().creation_time(), at("2024-01-05T07:08:59Z"));
        item.set_is_hidden(true);
        item.set_creation_time(created).unwrap();
        item.set_last_accessed_time(accessed).unwrap();
        item.set_last_modified_time(modified).unwrap();
        let item = image.item(path).unwrap();
        assert!(item.is_hidden());
        assert_eq!(item.creation_time(), created);
        assert_eq!(item.last_accessed_time(), accessed);
        assert_eq!(item.last_modified_time(), modified);
        assert_eq!(item.last_modified_time().zone_minutes(), 120);
    }
    check(&image);
    image.item_mut("dir").unwrap().set_is_hidden(false);
    assert!(!image.item("dir").unwrap().is_hidden());
    check(&image);
}

#[test]
fn times_of_a_strict_item_have_an_order() {
    let mut image = image();
    image.set_strict_file_system_compliance(true).unwrap();
    let now = image.time();
    let before = at("2023-01-01T00:00:00Z");
    let root = image.root_mut();
    let mut item = root.add_file("a", b"").unwrap();
    for error in [
        item.set_last_modified_time(before).unwrap_err(),
        item.set_last_accessed_time(before).unwrap_err(),
        item.set_creation_time(at("2025-01-01T00:00:00Z"))
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::InvalidDate { .. }), "{error}");
    }
    assert_eq!(item.item().last_modified_time(), now);
    assert_eq!(item.item().creation_time(), now);
    item.set_creation_time(before).unwrap();
    item.set_last_modified_time(before).unwrap();

    let late = image.create_file_item("b", b"").unwrap();
    let late = late.with_creation_time(at("2025-01-01T00:00:00Z"));
    let error = image.root_mut().add(late).unwrap_err();
    assert!(matches!(error, Error::InvalidDate { .. }), "{error}");
    assert_eq!(paths(&image), ["/a"]);
}

#[test]
fn a_file_or_an_empty_directory_is_removed_alone() {
    let mut image = image();
    add_files(&mut image, &[("dir/file", b"data"), ("other", b"")]);
    let full = image.used_blocks().unwrap();
    let root = image.root_mut();
    let error = root.remove("dir").unwrap_err();
    assert!(
        matches!(error, Error::DirectoryNotEmpty { items: 1, .. }),
        "{error}"
    );
    let error = root.remove("none").unwrap_err();
    assert!(matches!(error, Error::ItemNotFound { .. }), "{error}");
    root.remove("dir/file").unwrap();
    root.remove("dir").unwrap();
    assert_eq!(paths(&image), ["/other"]);
    assert_eq!((image.file_count(), image.directory_count()), (1, 0));
    assert!(image.used_blocks().unwrap() < full);
    assert!(image.root_mut().remove("").is_err());
    check(&image);

    // What was removed can be added again, as something else.
    add_files(&mut image, &[("dir", b"now a file")]);
    assert_eq!(
        all(image.item("dir").unwrap().data().unwrap()),
        b"now a file"
    );
    check(&image);
}

#[test]
fn a_directory_is_removed_with_all_that_is_in_it() {
    let mut image = image();
    add_files(&mut image, &[("a/b/c", b"c"), ("a/d", b"d"), ("e", b"e")]);
    let root = image.root_mut();
    let error = root.remove_tree("none").unwrap_err();
    assert!(matches!(error, Error::DirectoryNotFound { .. }), "{error}");
    let error = root.remove_tree("e").unwrap_err();
    assert!(matches!(error, Error::NotADirectory { .. }), "{error}");
    root.remove_tree("a/b").unwrap();
    assert_eq!(paths(&image), ["/a/", "/a/d", "/e"]);
    image.root_mut().remove_tree("a").unwrap();
    assert_eq!(paths(&image), ["/e"]);
    assert_eq!((image.file_count(), image.directory_count()), (1, 0));
    assert_eq!(image.exists("a").unwrap(), None);
    check(&image);
}

#[test]
fn the_root_is_emptied_but_stays() {
    let mut image = image();
    let empty = image.used_blocks().unwrap();
    add_files(&mut image, &[("a/b/c", b"c"), ("e", b"e")]);
    image.directory_mut("a").unwrap().remove_tree("").unwrap();
    assert_eq!(paths(&image), ["/a/", "/e"]);
    image.root_mut().remove_tree("/").unwrap();
    assert_eq!(paths(&image), [""; 0]);
    assert_eq!((image.file_count(), image.directory_count()), (0, 0));
    assert_eq!(image.used_blocks().unwrap(), empty);
    add_files(&mut image, &[("a/b/c", b"again")]);
    check(&image);
}

#[test]
fn a_snapshot_is_looked_through_while_the_image_is_changed() {
    let mut image = image();
    add_files(&mut image, &[("a/b", b"b"), ("c", b"c"), ("d", b"d")]);
    let before = paths(&image);
    let snapshot = image.snapshot();
    for item in snapshot.root().children() {
        image.root_mut().remove_tree(item.full_path()).ok();
        image.root_mut().remove(item.full_path()).ok();
        image
            .root_mut()
            .add_file(format!("new {}", item.name()), b"")
            .unwrap();
    }
    assert_eq!(below(snapshot.root()), before);
    assert_eq!(all(snapshot.item("a/b").unwrap().data().unwrap()), b"b");
    assert_eq!(paths(&image), ["/new a", "/new c", "/new d"]);
}

#[test]
fn results_stay_as_they_were() {
    let mut image = image();
    add_files(&mut image, &[("a/b", &[7; 5000]), ("c", b"c")]);
    let first = image.create_result_image().unwrap();
    let mut stream = first.image_stream();
    let bytes = Disc::new(&image).whole();
    let mut start = vec![0; 1000];
    stream.read_exact(&mut start).unwrap();

    image.root_mut().remove_tree("a").unwrap();
    image.root_mut().add_file("a", b"other").unwrap();
    image.item_mut("c").unwrap().set_is_hidden(true);
    image.set_volume_name("OTHER").unwrap();
    image.set_session_start_block(32).unwrap();
    let second = image.create_result_image().unwrap();
    drop(image);

    assert!(all(first.image_stream()) == bytes);
    start.extend(all(stream));
    assert!(start == bytes);
    assert!(all(second.image_stream()) != bytes);
}

#[test]
fn children_are_sorted_and_directories_come_before_what_is_in_them() {
    let mut image = image();
    add_files(
        &mut image,
        &[
            ("b/z", b""),
            ("b/a/x", b""),
            ("B", b""),
            ("a", b""),
            ("ä", b""),
        ],
    );
    let names: Vec<_> = image
        .root()
        .children()
        .map(|item| item.name().to_owned())
        .collect();
    assert_eq!(names, ["B", "a", "b", "ä"]);
    assert_eq!(
        paths(&image),
        ["/B", "/a", "/b/", "/b/a/", "/b/a/x", "/b/z", "/ä"]
    );
}

#[test]
fn children_are_gone_through_as_often_and_from_wherever_one_likes() {
    let mut image = image();
    add_files(
        &mut image,
        &[("a", b""), ("b", b""), ("c", b""), ("d", b"")],
    );
    let root = image.root();
    let mut children = root.children();
    assert_eq!(children.len(), 4);
    assert_eq!(children.next().unwrap().name(), "a");
    let clone = children.clone();
    let mut rest = children.skip(2);
    assert_eq!(rest.next().unwrap().name(), "d");
    assert!(rest.next().is_none());
    let names: Vec<_> = clone.map(|item| item.name()).collect();
    assert_eq!(names, ["b", "c", "d"]);
    // Called again it begins again.
    assert_eq!(root.children().next().unwrap().name(), "a");
    assert_eq!(root.children().skip(5).count(), 0);
}

#[test]
fn a_tree_may_be_very_deep() {
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    let mut path = ImagePath::root();
    for level in 0..200 {
        path = path.join(format!("directory {level}"));
        image.root_mut().add_directory(&path).unwrap();
    }
    image
        .root_mut()
        .add_file(path.join("file"), b"deep down")
        .unwrap();
    check(&image);
    image.root_mut().remove_tree("directory 0").unwrap();
    assert_eq!((image.file_count(), image.directory_count()), (0, 0));
}

#[test]
fn a_snapshot_is_read_by_several_threads() {
    let mut image = image();
    for number in 0..50 {
        image
            .root_mut()
            .add_file(format!("file number {number}.text"), b"x")
            .unwrap();
    }
    let snapshot = image.snapshot();
    let names = || -> Vec<String> {
        let systems = [FileSystems::ISO9660, FileSystems::JOLIET, FileSystems::UDF];
        let items = snapshot.root().children();
        items
            .flat_map(|item| systems.map(|system| item.file_system_name(system).unwrap()))
            .collect()
    };
    let expected = names();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(names(), expected));
        }
    });
}

/// `E0716`: what was returned could not be kept for the next line.
#[test]
fn a_directory_that_was_added_is_a_handle_to_add_to() {
    let mut image = image();
    image
        .root_mut()
        .add_directory("a")
        .unwrap()
        .add_file("b", "text")
        .unwrap();
    let mut docs = image.root_mut().add_directory("docs").unwrap();
    docs.add_file("one", "1").unwrap();
    docs.add_directory("two")
        .unwrap()
        .add_file("3", "")
        .unwrap();
    assert_eq!(
        paths(&image),
        [
            "/a/",
            "/a/b",
            "/docs/",
            "/docs/one",
            "/docs/two/",
            "/docs/two/3"
        ]
    );
}

#[test]
fn missing_parents_are_added_on_request_and_all_or_none() {
    let mut image = image();
    let root = image.root_mut();
    root.add_directory_all("a/b/c")
        .unwrap()
        .add_file("d", "")
        .unwrap();
    root.add_directory_all("a/b/e").unwrap();
    root.add_directory_all("a/b").unwrap();
    let directory = root.add_directory_all("").unwrap();
    assert_eq!(directory.item().full_path().to_string(), "/");
    let all = ["/a/", "/a/b/", "/a/b/c/", "/a/b/c/d", "/a/b/e/"];
    assert_eq!(paths(&image), all);
    let before = image.change_point();
    let error = image.root_mut().add_directory_all("new/x\0/y").unwrap_err();
    assert!(matches!(error, Error::InvalidName { .. }), "{error}");
    let error = image.root_mut().add_directory_all("a/b/c/d/e").unwrap_err();
    assert!(matches!(error, Error::DuplicateName { .. }), "{error}");
    assert_eq!(paths(&image), all);
    assert_eq!(image.change_point(), before);
}

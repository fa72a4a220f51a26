//! Names that hosts have and others cannot be, and what becomes of them in a tree that is added.

use std::fs;

use imapi2fs::{Error, ImagePath, TreeOptions};

use crate::support::bytes::all;
use crate::support::{Host, check, image, paths};

/// Hosts that have such names have them for good reasons.
#[test]
fn names_of_the_host_are_kept() {
    let names = ["a\\b", "a:b?c", "CON", "new\nline", " blank ", "\"<>|*"];
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, name.as_bytes())).collect();
    let host = Host::with(&files);
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    for name in names {
        let item = image.item(ImagePath::from_components([name])).unwrap();
        assert_eq!(all(item.data().unwrap()), name.as_bytes());
    }
    check(&image);

    let mut strict = self::image();
    strict.set_strict_file_system_compliance(true).unwrap();
    let error = strict.root_mut().add_tree(host.root(), false).unwrap_err();
    assert!(matches!(error, Error::InvalidName { .. }), "{error}");
    assert_eq!(strict.root().count(), 0);
}

/// Elsewhere there are no such names.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_unicode_are_shown() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let name = OsStr::from_bytes(b"caf\xE9");
    for kind in ["file", "directory", "link", "link to directory"] {
        let host = Host::with(&[("a", b""), ("dir/b", b"")]);
        let bad = host.root().join(name);
        match kind {
            "file" => fs::write(&bad, "").unwrap(),
            "directory" => fs::create_dir(&bad).unwrap(),
            "link" => std::os::unix::fs::symlink("a", &bad).unwrap(),
            _ => std::os::unix::fs::symlink("dir", &bad).unwrap(),
        }
        for stage_files in [false, true] {
            let mut image = image();
            image.set_stage_files(stage_files);
            let error = image.root_mut().add_tree(host.root(), false).unwrap_err();
            assert!(
                matches!(error, Error::NameNotUnicode { .. }),
                "{kind}: {error}"
            );
            assert_eq!(error.file(), Some(&*bad), "{kind}");
            assert!(error.to_string().contains(r"caf\xE9"), "{error}");
            assert_eq!(image.root().count(), 0);
        }
        // What is left out has no name in the image.
        if kind == "file" || kind == "directory" {
            let mut image = self::image();
            let options = TreeOptions::new().exclude(&bad);
            let root = image.root_mut();
            root.add_tree_with(host.root(), &options).unwrap();
            assert_eq!(paths(&image), ["/a", "/dir/", "/dir/b"]);
        }
    }

    // Above the source no name matters, and the name of the source only if it is added.
    let host = Host::new();
    let bad = host.root().join(name);
    fs::create_dir_all(bad.join("good")).unwrap();
    fs::write(bad.join("good/file"), "data").unwrap();
    let mut image = image();
    image.root_mut().add_tree(&bad, false).unwrap();
    image.root_mut().add_tree(bad.join("good"), true).unwrap();
    image
        .root_mut()
        .add_file("alone", bad.join("good/file"))
        .unwrap();
    check(&image);
    let error = image.root_mut().add_tree(&bad, true).unwrap_err();
    assert!(matches!(error, Error::NameNotUnicode { .. }), "{error}");
}

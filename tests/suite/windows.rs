//! What only Windows has: attributes, names without case, long paths.

use std::fs::{self, File};
use std::os::windows::fs::OpenOptionsExt;
use std::path::PathBuf;

use imapi2fs::{LeftOutReason, TreeOptions};

use crate::support::bytes::all;
use crate::support::{Host, check, image, paths};

const FILE_ATTRIBUTE_HIDDEN: u32 = 2;

/// Makes a file that is hidden.
fn hidden_file(host: &Host, path: &str) {
    let mut options = File::options();
    options
        .write(true)
        .create_new(true)
        .attributes(FILE_ATTRIBUTE_HIDDEN);
    options.open(host.path(path)).unwrap();
}

#[test]
fn the_hidden_attribute_is_taken_over() {
    let host = Host::with(&[("seen", b""), ("dir/also seen", b"")]);
    hidden_file(&host, "hidden");
    hidden_file(&host, "dir/also hidden");
    for stage_files in [false, true] {
        let mut image = image();
        image.set_stage_files(stage_files);
        image.root_mut().add_tree(host.root(), false).unwrap();
        for item in image
            .root()
            .descendants()
            .filter(|item| !item.is_directory())
        {
            assert_eq!(item.is_hidden(), item.name().contains("hidden"), "{item:?}");
        }
        check(&image);
    }
}

#[test]
fn files_that_are_read_only_are_added_and_read() {
    let host = Host::with(&[("dir/file", b"data")]);
    let file = host.path("dir/file");
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&file, permissions.clone()).unwrap();
    for stage_files in [false, true] {
        let mut image = image();
        image.set_stage_files(stage_files);
        image.root_mut().add_tree(host.root(), false).unwrap();
        image.root_mut().add_file("alone", &*file).unwrap();
        check(&image);
    }
    // Or it could not be removed.
    #[expect(
        clippy::permissions_set_readonly_false,
        reason = "there are no others here"
    )]
    permissions.set_readonly(false);
    fs::set_permissions(&file, permissions).unwrap();
}

#[test]
fn names_of_the_host_have_no_case() {
    let host = Host::with(&[("Dir/File", b"data"), ("Skip/x", b"")]);
    let mut image = image();
    let options = TreeOptions::new().exclude(host.path("SKIP"));
    let summary = image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap();
    image
        .root_mut()
        .add_file("other", host.path("dir/FILE"))
        .unwrap();
    // The names are those that the files have, not those they were found by.
    assert_eq!(paths(&image), ["/Dir/", "/Dir/File", "/other"]);
    assert_eq!(summary.left_out.len(), 1);
    assert_eq!(summary.left_out[0].reason, LeftOutReason::Excluded);
    assert_eq!(all(image.item("other").unwrap().data().unwrap()), b"data");
    check(&image);
}

#[test]
fn paths_may_be_longer_than_260_characters() {
    let host = Host::new();
    let deep: Vec<String> = (0..7).map(|n| format!("{n}{}", "d".repeat(60))).collect();
    let deep = deep.join("/");
    let file = host.file(&format!("{deep}/file"), b"deep down");
    assert!(file.as_os_str().len() > 400);
    for stage_files in [false, true] {
        let mut image = image();
        image.set_stage_files(stage_files);
        image.root_mut().add_tree(host.root(), false).unwrap();
        let item = image.item(format!("{deep}/file")).unwrap();
        assert_eq!(all(item.data().unwrap()), b"deep down");
        let root = image.root_mut();
        let added = root.add_file("alone", &*file).map(|_| ());
        // Wine does not tell what such a file is called without links.
        match (fs::canonicalize(&file), added) {
            (Err(_), Err(error)) => assert_eq!(error.file(), Some(&*file), "{error}"),
            (_, added) => added.unwrap(),
        }
        check(&image);
    }
}

#[test]
fn the_working_directory_is_known_by_any_case() {
    let host = Host::with(&[("a", b""), ("Work/x", b"")]);
    let mut image = image();
    let work: PathBuf = host.path("WORK");
    image.set_working_directory(work).unwrap();
    let summary = image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!(paths(&image), ["/a"]);
    assert_eq!(summary.left_out.len(), 1);
}

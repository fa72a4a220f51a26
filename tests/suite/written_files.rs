//! Images as files, which appear when they are whole.

use std::fs;
use std::io;
use std::ops::ControlFlow;

use imapi2fs::{Error, WriteOptions};
use tempfile::TempDir;

#[cfg(target_os = "linux")]
use crate::support::Host;
use crate::support::bytes::all;
use crate::support::image;
use crate::writing::{files, go_on, readers, sample};

/// What is in a directory.
fn names(directory: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every way to write a file.
fn ways() -> Vec<WriteOptions> {
    let mut ways = Vec::new();
    for sparse in [false, true] {
        for reflink in [false, true] {
            for number in [1, 4] {
                ways.push(readers(number).sparse(sparse).reflink(reflink));
            }
        }
    }
    ways
}

#[test]
fn files_have_the_image_however_they_are_written() {
    let host = files();
    let mut image = sample(&host);
    image.set_file_alignment(2).unwrap();
    image.set_min_aligned_file_size(256 << 10);
    let result = image.create_result_image().unwrap();
    let expected = all(result.image_stream());
    let place = TempDir::new().unwrap();
    let path = place.path().join("image.iso");
    for options in ways() {
        let mut last = None;
        let len = result.write_to_file_with(&path, &options, |progress| {
            assert!(last.is_none_or(|last| last <= progress.bytes_done()));
            last = Some(progress.bytes_done());
            ControlFlow::Continue(())
        });
        assert_eq!(len.unwrap(), result.len());
        assert_eq!(last, Some(result.len()));
        assert!(fs::read(&path).unwrap() == expected, "{options:?}");
        assert_eq!(names(&place), ["image.iso"]);
    }
}

#[test]
fn a_file_is_replaced_by_a_whole_image_only() {
    let host = files();
    let result = sample(&host).create_result_image().unwrap();
    let place = TempDir::new().unwrap();
    let path = place.path().join("image.iso");
    fs::write(&path, "old").unwrap();
    for options in ways() {
        let error = result.write_to_file_with(&path, &options, |progress| {
            assert_eq!(fs::read(&path).unwrap(), b"old");
            match progress.bytes_done() > 1 << 19 {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        assert!(matches!(error.unwrap_err(), Error::Cancelled));
        assert_eq!(names(&place), ["image.iso"]);
    }
    host.file("large", b"changed");
    for options in ways() {
        let error = result
            .write_to_file_with(&path, &options, go_on)
            .unwrap_err();
        assert_eq!(error.path().unwrap(), &"large".into());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(&place), ["image.iso"]);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let result = image().create_result_image().unwrap();
    let place = TempDir::new().unwrap();
    for path in [place.path().to_owned(), place.path().join("no/image.iso")] {
        let error = result.write_to_file_with(&path, &WriteOptions::new(), go_on);
        let error = error.unwrap_err();
        assert!(matches!(error, Error::WriteImage(_)), "{error}");
        assert_eq!(error.file().unwrap(), path);
        assert_eq!(error.hresult().to_string(), "0x80004005");
    }
    assert!(names(&place).is_empty());
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let result = image().create_result_image().unwrap();
    let place = TempDir::new().unwrap();
    let other = TempDir::new().unwrap();
    let [path, link] = ["image.iso", "link"].map(|name| place.path().join(name));
    let dangling = place.path().join("dangling");
    symlink(&path, &link).unwrap();
    symlink(other.path().join("new.iso"), &dangling).unwrap();
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    for path in [&link, &dangling] {
        result
            .write_to_file_with(path, &WriteOptions::new(), go_on)
            .unwrap();
        assert!(fs::symlink_metadata(path).unwrap().is_symlink());
        assert!(fs::read(path).unwrap() == all(result.image_stream()));
    }
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(names(&other), ["new.iso"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_sparse_file_has_holes_where_the_image_has_zeros() {
    use std::os::unix::fs::MetadataExt;

    let host = Host::new();
    host.file("text", b"not much");
    host.sparse_file("zeros", 64 << 20);
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    let result = image.create_result_image().unwrap();
    let place = TempDir::new().unwrap();
    let path = place.path().join("image.iso");
    result
        .write_to_file_with(&path, &WriteOptions::new().sparse(true), go_on)
        .unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(metadata.len(), result.len());
    assert!(
        metadata.blocks() * 512 < 4 << 20,
        "{} blocks",
        metadata.blocks()
    );
    assert!(fs::read(&path).unwrap() == all(result.image_stream()));
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_to_as_it_is() {
    let result = image().create_result_image().unwrap();
    let len = result.write_to_file_with("/dev/null", &WriteOptions::new(), go_on);
    assert_eq!(len.unwrap(), result.len());
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

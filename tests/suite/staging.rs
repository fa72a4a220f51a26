//! Data that is copied to the working directory when it is added.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use imapi2fs::{Error, FileSystemImage, Source, StagingPolicy};

use crate::support::bytes::all;
use crate::support::host::names_in;
use crate::support::readers::{Failing, Hesitant};
use crate::support::{Disc, Host, check, image, state};

/// An image whose working directory is one of its own.
pub(crate) fn with_directory() -> (FileSystemImage, Host) {
    let work = Host::new();
    let mut image = image();
    image.set_working_directory(work.root()).unwrap();
    (image, work)
}

/// Bytes staged in a directory, by this process.
#[cfg(target_os = "linux")]
pub(crate) fn staged(work: &Host) -> u64 {
    let open = crate::support::host::open_files(work.root());
    open.iter().map(|(_, len)| len).sum()
}

pub(crate) fn data(image: &FileSystemImage, path: &str) -> Vec<u8> {
    all(image.item(path).unwrap().data().unwrap())
}

#[test]
fn nothing_is_staged_by_default() {
    let host = Host::with(&[("a", b"data")]);
    let (mut image, work) = with_directory();
    assert!(!image.stage_files());
    let root = image.root_mut();
    root.add_tree(host.root(), false).unwrap();
    root.add_file("bytes", vec![0; 5000]).unwrap();
    root.add_file("seekable", Source::seekable(io::Cursor::new([1; 5000])))
        .unwrap();
    #[cfg(target_os = "linux")]
    assert_eq!(staged(&work), 0);
    assert_eq!(names_in(work.root()), [""; 0]);
    fs::write(host.path("a"), "other data").unwrap();
    let error = image
        .create_result_image()
        .unwrap()
        .write_to(io::sink())
        .unwrap_err();
    assert!(matches!(error, Error::SourceChanged { .. }), "{error}");
}

#[test]
fn what_is_staged_may_change_or_vanish() {
    let host = Host::with(&[("tree/a/file", b"first"), ("single", b"second")]);
    let (mut image, work) = with_directory();
    image.set_stage_files(true);
    let root = image.root_mut();
    root.add_tree(host.path("tree"), false).unwrap();
    root.add_file("single", host.path("single")).unwrap();
    root.add_file("bytes", b"third").unwrap();
    root.add_file("seekable", Source::seekable(io::Cursor::new(b"fourth")))
        .unwrap();
    root.add_file("empty", b"").unwrap();
    #[cfg(target_os = "linux")]
    assert_eq!(staged(&work), 22);
    fs::remove_dir_all(host.path("tree")).unwrap();
    fs::write(host.path("single"), "changed").unwrap();
    for (path, expected) in [
        ("a/file", "first"),
        ("single", "second"),
        ("bytes", "third"),
        ("seekable", "fourth"),
        ("empty", ""),
    ] {
        assert_eq!(data(&image, path), expected.as_bytes());
    }
    check(&image);
    drop(work);
}

#[test]
fn a_file_keeps_the_state_it_was_added_with() {
    let host = Host::with(&[("before", b"1"), ("while", b"22"), ("after", b"333")]);
    let (mut image, _work) = with_directory();
    for (name, stage_files) in [("before", false), ("while", true), ("after", false)] {
        image.set_stage_files(stage_files);
        image.root_mut().add_file(name, host.path(name)).unwrap();
    }
    image.set_stage_files(true);
    for (name, is_staged) in [("before", false), ("while", true), ("after", false)] {
        fs::remove_file(host.path(name)).unwrap();
        assert_eq!(
            image.item(name).unwrap().data().is_ok(),
            is_staged,
            "{name}"
        );
    }
}

#[test]
fn readers_are_read_when_they_are_added() {
    let (mut image, work) = with_directory();
    let text = b"some text, given hesitantly".repeat(1000);
    let source = Source::reader(Hesitant::new(text.clone()));
    image.root_mut().add_file("a", source).unwrap();
    assert_eq!(image.item("a").unwrap().data_size(), text.len() as u64);
    #[cfg(target_os = "linux")]
    assert_eq!(staged(&work), text.len() as u64);
    for _ in 0..2 {
        assert!(data(&image, "a") == text);
    }
    check(&image);
    drop(work);
}

/// What is staged is read from the same places whatever it came from.
#[test]
fn staged_unstaged_and_from_memory_are_the_same_image() {
    let host = Host::with(&[("a", &[1; 5000]), ("dir/b", &[2; 2048]), ("dir/c", b"")]);
    for path in ["a", "dir/b", "dir/c"] {
        host.set_modified(path, 1_000_000_000);
    }
    let images = [false, true].map(|stage_files| {
        let mut image = image();
        image.set_stage_files(stage_files);
        image.root_mut().add_tree(host.root(), false).unwrap();
        check(&image).whole()
    });
    assert!(images[0] == images[1]);

    let same = [0, 1, 2, 3].map(|kind| {
        let mut image = image();
        image.set_stage_files(kind == 3);
        let source = match kind {
            0 => Source::path(host.path("a")),
            1 => Source::reader(io::repeat(1).take(5000)),
            2 => Source::seekable(io::Cursor::new([1; 5000])),
            _ => Source::from([1; 5000]),
        };
        image.root_mut().add_file("a", source).unwrap();
        Disc::new(&image).whole()
    });
    assert!(same.iter().all(|bytes| *bytes == same[0]));
}

/// Says that some directories may vanish, and remembers what it was asked.
#[derive(Clone, Debug, Default)]
struct Policy {
    vanishing: Vec<PathBuf>,
    asked: Arc<Mutex<Vec<PathBuf>>>,
}

impl StagingPolicy for Policy {
    fn may_vanish(&self, directory: &Path) -> bool {
        self.asked.lock().unwrap().push(directory.to_owned());
        self.vanishing.iter().any(|path| path == directory)
    }
}

#[test]
fn a_policy_decides_what_may_vanish() {
    let host = Host::with(&[
        ("drive/a", b"1"),
        ("drive/b", b"2"),
        ("disk/c", b"3"),
        ("drive2", b"4"),
    ]);
    let policy = Policy {
        vanishing: vec![host.path("drive")],
        ..Policy::default()
    };
    let (mut image, _work) = with_directory();
    image.set_staging_policy(policy.clone());
    image.root_mut().add_tree(host.root(), false).unwrap();
    image
        .root_mut()
        .add_file("alone", host.path("drive/a"))
        .unwrap();
    // Once for each directory.
    let mut asked = policy.asked.lock().unwrap().clone();
    asked.sort();
    let mut expected = vec![host.root().to_owned(), host.path("disk")];
    expected.extend([host.path("drive"), host.path("drive")]);
    assert_eq!(asked, expected);

    fs::remove_dir_all(host.path("drive")).unwrap();
    fs::remove_dir_all(host.path("disk")).unwrap();
    fs::remove_file(host.path("drive2")).unwrap();
    for (path, is_staged) in [
        ("drive/a", true),
        ("drive/b", true),
        ("alone", true),
        ("disk/c", false),
        ("drive2", false),
    ] {
        assert_eq!(
            image.item(path).unwrap().data().is_ok(),
            is_staged,
            "{path}"
        );
    }
}

/// As long as the platform says that nothing is removable.
#[cfg(target_os = "linux")]
#[test]
fn the_platform_is_asked_by_default() {
    let host = Host::with(&[("a", b"data")]);
    let policy = imapi2fs::PlatformStaging::default();
    assert!(!policy.may_vanish(Path::new("/proc")));
    assert!(!policy.may_vanish(&host.path("none")));
}

#[test]
fn what_fails_is_not_staged() {
    let host = Host::with(&[("a", &[1; 5000]), ("b", &[2; 5000]), ("z", b"")]);
    let (mut image, work) = with_directory();
    image.set_stage_files(true);
    for first in [true, false] {
        if !first {
            image.root_mut().add_file("kept", b"kept").unwrap();
        }
        let before = state(&image);
        image.root_mut().add_directory("z").unwrap();
        image.root_mut().add_tree(host.root(), false).unwrap_err();
        image.root_mut().remove("z").unwrap();
        image
            .root_mut()
            .add_file("c", Source::reader(Failing(3_000_000)))
            .unwrap_err();
        image
            .set_free_media_blocks(image.used_blocks().unwrap() + 10)
            .unwrap();
        image
            .root_mut()
            .add_file("c", vec![0; 100_000])
            .unwrap_err();
        assert_eq!(state(&image), before);
        #[cfg(target_os = "linux")]
        assert_eq!(staged(&work), if first { 0 } else { 4 });
    }
    image.set_free_media_blocks(0).unwrap();
    image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!(data(&image, "kept"), b"kept");
    check(&image);
    drop(work);
}

//! What the caller gives can panic, and the caller can catch it: a call that adds is all or nothing then, too.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use imapi2fs::{FileSystemImage, FileSystems, Source, StagingPolicy, TreeOptions};

use crate::append::sequential;
use crate::staging::{data, with_directory};
use crate::support::{Disc, Host, add_files, check, image, image_of, state};

/// Runs a call that panics, and checks that it left nothing.
#[track_caller]
fn panics<T>(image: &mut FileSystemImage, call: impl FnOnce(&mut FileSystemImage) -> T) {
    let before = (state(image), image.change_point(), format!("{image:?}"));
    let bytes = Disc::new(image).whole();
    let result = catch_unwind(AssertUnwindSafe(|| {
        call(image);
    }));
    assert!(result.is_err(), "nothing panicked");
    let after = (state(image), image.change_point(), format!("{image:?}"));
    assert_eq!(after, before);
    assert!(Disc::new(image).whole() == bytes);
}

fn fifty() -> Host {
    let host = Host::new();
    for number in 0..50 {
        host.file(&format!("dir/{number:02}"), &[number; 3000]);
    }
    host
}

fn filled() -> FileSystemImage {
    let mut image = image();
    add_files(&mut image, &[("dir/10", b"old"), ("mine", b"mine")]);
    image
}

/// Panics when the file at `path` in the image is added.
fn panic_at(image: &mut FileSystemImage, path: &'static str) {
    image.set_add_progress(move |progress| {
        assert!(progress.path.to_string() != path, "as it should");
        ControlFlow::Continue(())
    });
}

#[test]
fn a_handler_that_panics_leaves_nothing_of_the_tree() {
    for stage in [false, true] {
        let host = fifty();
        let mut image = filled();
        image.set_stage_files(stage);
        panic_at(&mut image, "/dir/11");
        panics(&mut image, |image| {
            image.root_mut().add_tree(host.root(), false)
        });
        panic_at(&mut image, "/alone");
        let file = host.path("dir/00");
        panics(&mut image, |image| {
            image.root_mut().add_file("alone", &*file).map(|_| ())
        });
        panics(&mut image, |image| {
            image.root_mut().add_file("alone", b"bytes").map(|_| ())
        });
        panic_at(&mut image, "/mine:stream");
        panics(&mut image, |image| {
            image
                .item_mut("mine")
                .unwrap()
                .add_stream("stream", b"bytes")
        });

        // All can be added then, and limits are checked as before.
        image.clear_add_progress();
        let summary = image.root_mut().add_tree(host.root(), false).unwrap();
        assert_eq!(summary.files, 50);
        assert_eq!(data(&image, "dir/11"), [11; 3000]);
        check(&image);
        let used = image.used_blocks().unwrap();
        image.set_free_media_blocks(used).unwrap();
        let root = image.root_mut();
        root.add_file("large", vec![0; 100_000]).unwrap_err();
    }
}

#[derive(Debug)]
struct Panicking;

impl StagingPolicy for Panicking {
    fn may_vanish(&self, directory: &Path) -> bool {
        assert!(!directory.ends_with("dir"), "as it should");
        false
    }
}

#[test]
fn a_policy_that_panics_leaves_nothing_of_the_tree() {
    let host = fifty();
    host.file("first", b"1");
    let mut image = filled();
    image.set_staging_policy(Panicking);
    for base in [false, true] {
        panics(&mut image, |image| {
            image.root_mut().add_tree(host.root(), base)
        });
    }
    let file = host.path("dir/00");
    panics(&mut image, |image| {
        image.root_mut().add_file("alone", &*file).map(|_| ())
    });
}

/// Has a mebibyte and more, and panics then; or when it is asked for its length.
struct Bomb {
    left: usize,
}

impl Read for Bomb {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(self.left > 0, "as it should");
        let read = self.left.min(buf.len());
        self.left -= read;
        buf[..read].fill(7);
        Ok(read)
    }
}

impl Seek for Bomb {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        panic!("as it should")
    }
}

#[test]
fn a_reader_that_panics_leaves_nothing_of_what_was_staged() {
    let (mut image, work) = with_directory();
    let bomb = || Bomb { left: 3 << 20 };
    // Nothing has been staged before, and then something has.
    for before in [None, Some("staged")] {
        if let Some(path) = before {
            let reader = Source::reader(io::repeat(1).take(5000));
            image.root_mut().add_file(path, reader).unwrap();
        }
        for stage in [false, true] {
            image.set_stage_files(stage);
            panics(&mut image, |image| {
                let reader = Source::reader(bomb());
                image.root_mut().add_file("a", reader).map(|_| ())
            });
            panics(&mut image, |image| {
                let reader = Source::seekable(bomb());
                image.root_mut().add_file("a", reader).map(|_| ())
            });
            #[cfg(target_os = "linux")]
            assert_eq!(crate::staging::staged(&work), before.map_or(0, |_| 5000));
        }
    }
    assert_eq!(data(&image, "staged"), [1; 5000]);
    drop(work);
}

#[test]
fn a_handler_that_panics_leaves_nothing_of_what_was_imported() {
    let mut old = image_of(FileSystems::ISO9660);
    old.set_volume_name("FIRST").unwrap();
    add_files(&mut old, &[("A", b"a"), ("B", b"b"), ("D/C", b"c")]);
    let mut bytes = Vec::new();
    old.create_result_image()
        .unwrap()
        .write_to(&mut bytes)
        .unwrap();

    let mut image = image();
    add_files(&mut image, &[("MINE", b"mine")]);
    let interfaces = vec![sequential(&bytes)];
    image.set_multisession_interfaces(interfaces).unwrap();
    panics(&mut image, |image| {
        let mut calls = 0;
        image.import_file_system_with(|_| {
            calls += 1;
            assert!(calls < 3, "as it should");
            ControlFlow::Continue(())
        })
    });
    let summary = image.import_file_system().unwrap();
    assert_eq!(summary.files, 3);
    assert_eq!(data(&image, "D/C"), b"c");
}

/// The tree that is added has options of its own.
#[test]
fn after_a_panic_the_next_tree_is_added_as_a_whole() {
    let host = fifty();
    let mut image = image();
    panic_at(&mut image, "/dir/49");
    let options = TreeOptions::new().include_base_directory(false);
    panics(&mut image, |image| {
        image.root_mut().add_tree_with(host.root(), &options)
    });
    assert_eq!((image.file_count(), image.directory_count()), (0, 0));
    image.clear_add_progress();
    image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap();
    assert_eq!((image.file_count(), image.directory_count()), (50, 1));
    assert_eq!(image.change_point(), 1);
}

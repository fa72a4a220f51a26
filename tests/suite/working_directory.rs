//! The directory for staged data: what is to be seen in it, and how it is changed.

use std::fs;
use std::io;

use imapi2fs::{Error, Shortage, Source, TreeOptions};

#[cfg(target_os = "linux")]
use crate::staging::staged;
use crate::staging::{data, with_directory};
use crate::support::bytes::all;
use crate::support::host::{names_in, this_test};
use crate::support::readers::Numbered;
use crate::support::{Disc, Host, UDF, add_files, check, image, image_of, paths, state};

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_to_be_seen_in_the_working_directory() {
    let (mut image, work) = with_directory();
    image.set_stage_files(true);
    image.root_mut().add_file("a", vec![1; 100_000]).unwrap();
    assert_eq!(names_in(work.root()), [""; 0]);
    let result = image.create_result_image().unwrap();
    drop(image);
    assert_eq!(staged(&work), 100_000);
    drop(result);
    assert_eq!(staged(&work), 0);
}

#[test]
fn nothing_is_left_in_the_working_directory() {
    let (mut image, work) = with_directory();
    image.set_stage_files(true);
    image.root_mut().add_file("a", b"data").unwrap();
    let result = image.create_result_image().unwrap();
    let stream = result.image_stream();
    drop((image, result));
    all(stream);
    assert_eq!(names_in(work.root()), [""; 0]);
}

/// Stages data in the directory it is given, and ends without a chance to clean up.
const STAGE_AND_ABORT: &str = "IMAPI2FS_TEST_STAGE_AND_ABORT";

#[test]
fn nothing_is_left_after_a_sudden_end() {
    if let Some(directory) = std::env::var_os(STAGE_AND_ABORT) {
        let mut image = image();
        image.set_working_directory(directory).unwrap();
        image
            .root_mut()
            .add_file("a", Source::reader(&[1; 100_000][..]))
            .unwrap();
        fs::write(image.working_directory().join("staged"), "").unwrap();
        std::process::abort();
    }
    let work = Host::new();
    let mut command = this_test();
    command
        .args([
            "--exact",
            "working_directory::nothing_is_left_after_a_sudden_end",
        ])
        .env(STAGE_AND_ABORT, work.root());
    let output = command.output().unwrap();
    assert!(!output.status.success());
    // It came as far as that, and left nothing else.
    assert_eq!(names_in(work.root()), ["staged"]);
}

#[test]
fn another_working_directory_gets_what_is_staged() {
    let (mut image, work) = with_directory();
    image.set_stage_files(true);
    add_files(
        &mut image,
        &[("gone", &[9; 50_000]), ("a", &[1; 5000]), ("dir/b", b"b")],
    );
    image.root_mut().remove("gone").unwrap();
    image.lock_in_change_point();
    let host = Host::with(&[("hard", b"hard")]);
    fs::hard_link(host.path("hard"), host.path("link")).unwrap();
    image
        .root_mut()
        .add_tree_with(host.root(), &TreeOptions::new())
        .unwrap();
    let old = image.create_result_image().unwrap();
    let before = (state(&image), Disc::new(&image).whole());

    let new = Host::new();
    image.set_working_directory(new.root()).unwrap();
    assert_eq!(image.working_directory(), new.root());
    assert_eq!((state(&image), Disc::new(&image).whole()), before);
    // Only what is still needed is carried over; the result keeps what it has.
    #[cfg(target_os = "linux")]
    assert_eq!((staged(&new), staged(&work)), (5005, 55_005));
    assert!(all(old.image_stream()) == before.1);
    drop(old);
    #[cfg(target_os = "linux")]
    assert_eq!(staged(&work), 0);
    drop(work);

    // More is staged in the new one.
    image.root_mut().add_file("more", b"more").unwrap();
    assert_eq!(data(&image, "more"), b"more");
    #[cfg(target_os = "linux")]
    assert_eq!(staged(&new), 5009);
    check(&image);
}

#[test]
fn a_working_directory_that_cannot_be_used_changes_nothing() {
    let (mut image, work) = with_directory();
    let host = Host::with(&[("file", b"")]);
    for filled in [false, true] {
        if filled {
            image
                .root_mut()
                .add_file("a", Source::reader(&[1; 5000][..]))
                .unwrap();
        }
        let before = state(&image);
        let mut unusable = vec![
            host.path("none"),
            host.path("file"),
            host.path("file/below"),
        ];
        if cfg!(target_os = "linux") {
            // Even root makes no file there.
            unusable.push("/proc/self".into());
        }
        for directory in unusable {
            let error = image.set_working_directory(&directory).unwrap_err();
            assert!(
                matches!(error, Error::InvalidWorkingDirectory(_)),
                "{error}"
            );
            assert_eq!(error.file(), Some(&*directory));
            assert_eq!(image.working_directory(), work.root());
            assert_eq!(state(&image), before);
        }
        image
            .root_mut()
            .add_file(format!("more {filled}"), Source::reader(&b"x"[..]))
            .unwrap();
    }
    check(&image);
}

#[test]
fn a_working_directory_that_vanished_is_named() {
    let (mut image, work) = with_directory();
    let gone = work.root().to_owned();
    drop(work);
    image.root_mut().add_file("memory", b"needs none").unwrap();
    let error = image
        .root_mut()
        .add_file("a", Source::reader(&b"x"[..]))
        .unwrap_err();
    assert!(matches!(error, Error::OpenStage(_)), "{error}");
    assert_eq!(error.file(), Some(&*gone));
    assert_eq!(paths(&image), ["/memory"]);
}

#[test]
fn a_relative_working_directory_is_remembered_as_what_it_is() {
    let mut image = image();
    image.set_working_directory("src").unwrap();
    assert!(image.working_directory().is_absolute());
    assert!(image.working_directory().ends_with("src"));
}

#[test]
fn two_images_stage_in_one_directory_at_once() {
    let work = Host::new();
    let build = &|fill: u8| {
        let mut image = image_of(UDF);
        image.set_working_directory(work.root()).unwrap();
        for number in 0..50_usize {
            let data = vec![fill + number as u8; 3000 + number];
            image
                .root_mut()
                .add_file(format!("{number}"), Source::reader(io::Cursor::new(data)))
                .unwrap();
        }
        image
    };
    let [a, b] = std::thread::scope(|scope| {
        let threads = [1, 101].map(|fill| scope.spawn(move || build(fill)));
        threads.map(|thread| thread.join().unwrap())
    });
    for (image, fill) in [(&a, 1), (&b, 101)] {
        for number in 0..50_usize {
            let expected = vec![fill + number as u8; 3000 + number];
            assert!(data(image, &number.to_string()) == expected);
        }
    }
    check(&a);
    check(&b);
}

/// The length is known, so the directory is not filled before it shows.
#[test]
fn what_cannot_fit_into_the_working_directory_is_not_begun() {
    const TOO_MUCH: u64 = 1 << 62;
    let (mut image, work) = with_directory();
    image.set_stage_files(true);
    image.set_free_media_blocks(0).unwrap();
    add_files(&mut image, &[("before", b"before")]);
    let before = state(&image);
    let source = Source::seekable(Numbered::new(TOO_MUCH));
    let error = image.root_mut().add_file("a", source).unwrap_err();
    assert_eq!(error.hresult().0, 0xC0AA_B141);
    assert_eq!(error.file(), Some(work.root()));
    let Error::WorkingDirectorySpace(Shortage {
        available, needed, ..
    }) = error
    else {
        panic!("{error}");
    };
    assert!(available < needed && needed == TOO_MUCH);
    assert_eq!(state(&image), before);
    image.root_mut().add_file("a", vec![1; 3 << 20]).unwrap();
    check(&image);
}

/// Stages data where no file may grow beyond some KiB, which is what a full disk is like.
#[cfg(target_os = "linux")]
const FILL: &str = "IMAPI2FS_TEST_FILL";

#[cfg(target_os = "linux")]
#[test]
fn a_full_working_directory_changes_nothing() {
    if let Some(directory) = std::env::var_os(FILL) {
        let (mut image, work) = with_directory();
        let data = vec![1; 100_000];
        image
            .root_mut()
            .add_file("a", Source::reader(io::Cursor::new(data.clone())))
            .unwrap();
        let before = state(&image);
        let limit = format!("--fsize={}", 50_000);
        let pid = std::process::id().to_string();
        let mut command = std::process::Command::new("prlimit");
        assert!(
            command
                .args(["--pid", &pid, &limit])
                .status()
                .unwrap()
                .success()
        );

        let root = image.root_mut();
        let error = root
            .add_file("b", Source::reader(io::Cursor::new(data)))
            .unwrap_err();
        assert!(matches!(error, Error::WriteStage { .. }), "{error}");
        assert_eq!(error.path().unwrap().to_string(), "/b");
        assert_eq!(error.file(), Some(work.root()));
        assert_eq!(state(&image), before);

        let error = image.set_working_directory(&directory).unwrap_err();
        assert!(matches!(error, Error::MoveStaged(_)), "{error}");
        assert_eq!(error.file(), Some(directory.as_ref()));
        assert_eq!(image.working_directory(), work.root());
        assert_eq!(state(&image), before);
        check(&image);
        return;
    }
    let other = Host::new();
    let test = this_test();
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
        .arg(test.get_program())
        .args(test.get_args())
        .args([
            "--exact",
            "working_directory::a_full_working_directory_changes_nothing",
        ])
        .env(FILL, other.root());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(names_in(other.root()), [""; 0]);
}

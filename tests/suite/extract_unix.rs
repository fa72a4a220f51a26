//! Extracting where somebody else can write, too: what was a directory becomes a link.

use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use imapi2fs::{
    Error, ExistingItems, ExtractOptions, ExtractReason, ExtractReport, RecordedVolume,
};

use crate::extract::{bytes_of, left_out, volume, volume_with};
use crate::support::host::names_in;
use crate::support::{Host, UDF, add_files, image_of};

/// Some directories that lie in each other, with 20 files each.
fn nested() -> RecordedVolume {
    let mut image = image_of(UDF);
    for directory in ["a", "a/b", "a/b/c", "d"] {
        for number in 0..20 {
            let path = format!("{directory}/f{number:02}");
            add_files(&mut image, &[(&path, b"data")]);
        }
    }
    volume(bytes_of(&image), UDF)
}

/// Extracts into `target`, and calls `attack` once, when `path` is next.
fn attacked(
    volume: &RecordedVolume,
    target: &Path,
    path: &str,
    attack: impl Fn(),
) -> imapi2fs::Result<ExtractReport> {
    let is_done = Cell::new(false);
    let report = volume.extract_with(target, &ExtractOptions::new(), |now| {
        let comes = now.bytes_total.is_some() && now.path.to_string() == path;
        if comes && !is_done.replace(true) {
            attack();
        }
        ControlFlow::Continue(())
    });
    assert!(is_done.get(), "{path} never came");
    report
}

/// All files below a directory.
fn files_below(directory: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for name in names_in(directory) {
        let path = directory.join(&name);
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path.display().to_string());
        }
    }
    files
}

/// 19,124 of 20,000 files were written to where the link leads.
#[test]
fn a_directory_that_becomes_a_link_leads_nothing_outside() {
    for (replaced, next, lost) in [
        // Directories come before files that lie beside them.
        ("d", "/d/f10", 10),
        ("a", "/a/f10", 10),
        ("a", "/a/b", 2 + 20 + 20 + 20),
        ("a", "/a/b/f05", 15 + 20),
        ("a", "/a/b/c/f00", 20 + 20 + 20),
        ("a/b", "/a/b/c/f19", 1 + 20),
        ("a/b/c", "/a/b/c/f19", 1),
    ] {
        for stolen in [
            format!("target/{replaced}.old"),
            "outside/stolen".to_owned(),
        ] {
            let host = Host::new();
            for directory in ["outside", "outside/b/c", "outside/c"] {
                host.directory(directory);
            }
            let (target, outside) = (host.path("target"), host.path("outside"));
            let made = Cell::new(0);
            let report = attacked(&nested(), &target, next, || {
                let path = target.join(replaced);
                fs::rename(&path, host.path(&stolen)).unwrap();
                made.set(files_below(&outside).len());
                symlink(&outside, &path).unwrap();
            })
            .unwrap();
            // What was there already went with its directory; nothing came after.
            let after = files_below(&outside).len();
            assert_eq!(after, made.get(), "{replaced} at {next}");

            let left_out = left_out(&report);
            let is_replaced = |reason: &&&ExtractReason| matches!(reason, ExtractReason::Replaced);
            let items = left_out.values().filter(|reason| !is_replaced(reason));
            assert_eq!(items.count(), lost, "{replaced} at {next}: {left_out:?}");
            assert!(matches!(
                left_out[&format!("/{replaced}")],
                ExtractReason::Replaced
            ));
            assert!(matches!(left_out[next], ExtractReason::DirectoryReplaced));
            assert_eq!(report.files as usize + lost, 80 + directories_in(&left_out));
        }
    }
}

/// How many of those left out are directories whose files were left out, too.
fn directories_in(left_out: &std::collections::BTreeMap<String, &ExtractReason>) -> usize {
    let reasons = left_out.iter();
    reasons
        .filter(|(path, reason)| {
            let name = path.rsplit('/').next().unwrap_or_default();
            !name.starts_with('f') && !matches!(reason, ExtractReason::Replaced)
        })
        .count()
}

/// The files stay where the caller's directory went: its handle is what was asked for.
#[test]
fn the_target_itself_may_be_moved() {
    let host = Host::new();
    host.directory("outside");
    let target = host.path("target");
    let report = attacked(&nested(), &target, "/a/f10", || {
        fs::rename(&target, host.path("moved")).unwrap();
        symlink(host.path("outside"), &target).unwrap();
    })
    .unwrap();
    assert_eq!((report.files, report.left_out_count), (80, 0));
    assert_eq!(names_in(&host.path("outside")), [""; 0]);
    assert_eq!(files_below(&host.path("moved")).len(), 80);
}

#[test]
fn a_link_in_the_place_of_a_file_is_neither_followed_nor_replaced() {
    let host = Host::with(&[("outside/there", b"old")]);
    let target = host.path("target");
    let report = attacked(&nested(), &target, "/d/f10", || {
        symlink(host.path("outside/there"), target.join("d/f11")).unwrap();
        symlink(host.path("outside/new"), target.join("d/f12")).unwrap();
    })
    .unwrap();
    assert_eq!(fs::read(host.path("outside/there")).unwrap(), b"old");
    assert_eq!(names_in(&host.path("outside")), ["there"]);
    let left_out = left_out(&report);
    assert_eq!(left_out.len(), 2);
    for path in ["/d/f11", "/d/f12"] {
        assert!(matches!(left_out[path], ExtractReason::Exists));
    }
}

/// Whoever holds its directory gets at most what was written until then, and not even that stays.
#[test]
fn a_part_of_a_file_does_not_stay_where_its_directory_was_moved() {
    let large = vec![7; 5 << 20];
    let volume = volume_with(&[("d/large", &large)]);
    let host = Host::with(&[("outside/large", b"other")]);
    let target = host.path("target");
    let result = volume.extract_with(&target, &ExtractOptions::new(), |now| {
        if now.bytes_done < 2 << 20 {
            return ControlFlow::Continue(());
        }
        fs::rename(target.join("d"), host.path("stolen")).unwrap();
        symlink(host.path("outside"), target.join("d")).unwrap();
        ControlFlow::Break(())
    });
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(fs::read(host.path("outside/large")).unwrap(), b"other");
    assert_eq!(fs::read(host.path("stolen/large")).unwrap(), b"");
}

/// A file that was put in the place of the one at work is not removed with it.
#[test]
fn what_others_put_in_the_place_of_a_file_stays() {
    let large = vec![7; 5 << 20];
    let volume = volume_with(&[("large", &large)]);
    let host = Host::new();
    let target = host.path("target");
    let result = volume.extract_with(&target, &ExtractOptions::new(), |now| {
        if now.bytes_done < 2 << 20 {
            return ControlFlow::Continue(());
        }
        fs::remove_file(target.join("large")).unwrap();
        fs::write(target.join("large"), "of others").unwrap();
        ControlFlow::Break(())
    });
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(fs::read(target.join("large")).unwrap(), b"of others");
}

/// The same from another thread, at any moment.
#[test]
fn nothing_gets_outside_while_directories_and_links_are_swapped() {
    let mut image = image_of(UDF);
    for number in 0..1500 {
        let path = format!("d{:02}/e/f{number:04}", number / 50);
        add_files(&mut image, &[(&path, b"data")]);
    }
    let volume = volume(bytes_of(&image), UDF);
    let host = Host::new();
    let (target, outside) = (host.path("target"), host.path("outside"));
    host.directory("outside/e");
    let (ended, swaps) = (AtomicBool::new(false), Cell::new(0));
    let report = thread::scope(|threads| {
        let attacker = threads.spawn(|| {
            let mut swaps = 0;
            while !ended.load(Ordering::Relaxed) {
                for number in 0..30 {
                    let path = target.join(format!("d{number:02}"));
                    let old = target.join(format!("d{number:02}.old"));
                    if fs::rename(&path, &old).is_ok() && symlink(&outside, &path).is_ok() {
                        swaps += 1;
                        thread::yield_now();
                        let _ = fs::remove_file(&path);
                        let _ = fs::rename(&old, &path);
                    }
                }
            }
            swaps
        });
        let report = volume.extract_to(&target);
        ended.store(true, Ordering::Relaxed);
        swaps.set(attacker.join().unwrap());
        report.unwrap()
    });
    assert_eq!(files_below(&outside), [""; 0]);
    let files = files_below(&target);
    // A directory that was a link when it was to be made in may be missing, and all that was to be in it.
    let files = files.iter().filter(|path| path.contains("/f"));
    assert_eq!(files.count() as u64, report.files, "{}", swaps.get());
}

#[test]
fn links_that_were_there_before_are_not_followed() {
    let host = Host::with(&[("outside/f00", b"old")]);
    let target = host.directory("target");
    symlink(host.path("outside"), target.join("d")).unwrap();
    symlink("/nowhere", target.join("a")).unwrap();
    let options = ExtractOptions::new().existing(ExistingItems::Keep);
    let report = nested()
        .extract_with(&target, &options, |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(names_in(&host.path("outside")), ["f00"]);
    assert_eq!(fs::read(host.path("outside/f00")).unwrap(), b"old");
    assert_eq!(report.files, 0);
    let left_out = left_out(&report);
    for path in ["/a", "/d"] {
        assert!(matches!(left_out[path], ExtractReason::Exists));
    }
    assert!(matches!(
        left_out["/a/b/c/f00"],
        ExtractReason::DirectoryLeftOut
    ));
}

#[test]
fn the_target_may_be_a_link_to_a_directory() {
    let host = Host::new();
    host.directory("real");
    symlink("real", host.path("link")).unwrap();
    let report = nested().extract_to(host.path("link")).unwrap();
    assert_eq!(report.files, 80);
    assert_eq!(files_below(&host.path("real")).len(), 80);

    // One that leads nowhere is none that could be made.
    symlink("nowhere", host.path("dangling")).unwrap();
    let error = nested().extract_to(host.path("dangling")).unwrap_err();
    assert!(matches!(error, Error::ExtractDirectory(_)));
    assert!(!host.path("nowhere").exists());
}

/// No system call takes paths of more than 4096 bytes.
#[test]
fn directories_may_lie_deeper_than_paths_are_long() {
    let mut image = image_of(UDF);
    let name = "n".repeat(100);
    let path = vec![name.as_str(); 60].join("/");
    assert!(path.len() > 6000);
    add_files(
        &mut image,
        &[(&format!("{path}/file"), b"deep"), ("z", b"")],
    );
    let host = Host::new();
    let target = host.path("target");
    let report = volume(bytes_of(&image), UDF).extract_to(&target).unwrap();
    assert_eq!((report.files, report.directories), (2, 60));
    assert_eq!(report.left_out_count, 0, "{:?}", report.left_out);
    assert_eq!(names_in(&target), [name.as_str(), "z"]);
}

/// New files have the modes that the process gives any, and never more.
#[test]
fn modes_are_those_of_new_files() {
    use std::os::unix::fs::PermissionsExt;

    let host = Host::new();
    nested().extract_to(host.path("target")).unwrap();
    let usual = fs::File::create(host.path("usual")).unwrap();
    usual.write_all_at(b"x", 0).unwrap();
    let mode = |path: &str| {
        let metadata = fs::metadata(host.path(path)).unwrap();
        metadata.permissions().mode() & 0o7777
    };
    assert_eq!(mode("target/d/f00"), mode("usual"));
    fs::create_dir(host.path("usual.d")).unwrap();
    assert_eq!(mode("target/d"), mode("usual.d"));
}

//! Whatever interrupts a writer that adds a session, and whenever: readers find the old session or the new one.

use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use imapi2fs::{
    Error, FileSystems, ImportOptions, InterchangeLevel, MemoryDisc, MultisessionInterface,
    RecordedDisc, ResultImage, Source, UdfRevision, WriteOptions,
};

use crate::append::{Bytes, bytes_of, disc, random_write, read, read_with, sequential, written};
use crate::support::bytes::all;
use crate::support::faulty::{Fault, Faulty, Outcome, Step, killed, powered_off};
use crate::support::{add_files, image_at, image_of};

const ISO9660: FileSystems = FileSystems::ISO9660;
const UDF: FileSystems = FileSystems::UDF;

type Kind = fn(&[u8]) -> MultisessionInterface;

const KINDS: [Kind; 2] = [sequential, random_write];

/// The steps of adding an image to a disc.
fn steps(old: &[u8], result: &ResultImage) -> Vec<Step> {
    let disc = Faulty::new(old, |_, _| Outcome::Done);
    result.append_to(&disc).unwrap();
    disc.steps()
}

/// The disc when its writer is killed after each block that makes a difference, and at the end.
fn interruptions(old: &[u8], result: &ResultImage) -> Vec<Bytes> {
    killed(old, &steps(old, result))
}

/// With a file of this name.
fn appended(bytes: &[u8], kind: Kind, name: &str) -> ResultImage {
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    image
        .set_multisession_interfaces(vec![kind(bytes)])
        .unwrap();
    image.set_import_options(ImportOptions::new().unknown_blocks(true));
    image.import_file_system().unwrap();
    image.root_mut().add_file(name, vec![3; 40_000]).unwrap();
    image.create_result_image().unwrap()
}

fn names(bytes: &[u8], file_system: FileSystems) -> Vec<String> {
    let files = read(bytes, file_system).into_iter();
    files
        .map(|(name, _)| name)
        .filter(|name| name.len() == 2)
        .collect()
}

/// Whenever a writer is killed, readers find the old session or the new one, and another session can be added.
#[test]
fn appending_can_be_interrupted() {
    let revision_of = |file_systems, revision| {
        let mut image = image_at(file_systems, InterchangeLevel::Three);
        image.set_udf_revision(revision).unwrap();
        add_files(&mut image, &[("A", &[1; 30_000]), ("D/E", b"e")]);
        bytes_of(&image)
    };
    let (iso9660, joliet, udf) = (FileSystems::ISO9660, FileSystems::JOLIET, FileSystems::UDF);
    for (file_systems, revision) in [
        (iso9660, UdfRevision::V1_02),
        (iso9660 | joliet, UdfRevision::V1_02),
        (udf, UdfRevision::V1_02),
        (udf, UdfRevision::V2_50),
        (iso9660 | joliet | udf, UdfRevision::V1_02),
    ] {
        let first = revision_of(file_systems, revision);
        let result = appended(&first, sequential, "B");
        let second = written(&first, &result);
        // With one session before, and with two that follow each other.
        for (old, before) in [(&first, &["/A"][..]), (&second, &["/A", "/B"])] {
            for kind in [sequential, random_write] {
                let result = appended(old, kind, "C");
                let mut seen = [0, 0];
                for (number, bytes) in interruptions(old, &result).iter().enumerate() {
                    let what = format!("{file_systems} {revision}, state {number}");
                    let disc = RecordedDisc::open(disc(bytes)).unwrap();
                    assert_eq!(disc.file_systems(), file_systems, "{what}");
                    let mut found = Vec::new();
                    for file_system in file_systems.iter() {
                        found = names(bytes, file_system);
                        let is_new = found.len() > before.len();
                        seen[usize::from(is_new)] += 1;
                        let new = [before, &["/C"]].concat();
                        assert_eq!(found, if is_new { &new } else { before }, "{what}");
                    }
                    // What it was written with last is the one that is imported.
                    let ways = if number % 3 == 0 { 2 } else { 1 };
                    for next in &KINDS[..ways] {
                        let result = appended(bytes, *next, "X");
                        let what = format!("{what}, added to {} blocks", bytes.len() / 2048);
                        let again = written(bytes, &result);
                        let mut found = found.clone();
                        found.push("/X".into());
                        for file_system in file_systems.iter() {
                            assert_eq!(names(&again, file_system), found, "{what}");
                        }
                    }
                }
                assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
            }
        }
    }
}

/// Killed once more where it was killed before, a writer has still destroyed nothing.
#[test]
fn appending_can_be_interrupted_again() {
    for file_systems in [
        FileSystems::ISO9660 | FileSystems::JOLIET,
        FileSystems::all(),
    ] {
        let mut image = image_of(file_systems);
        add_files(&mut image, &[("A", &[1; 30_000])]);
        let old = bytes_of(&image);
        for kind in [sequential, random_write] {
            let result = appended(&old, kind, "B");
            for bytes in interruptions(&old, &result).iter().step_by(5) {
                let result = appended(bytes, kind, "C");
                for bytes in interruptions(bytes, &result).iter().step_by(5) {
                    for file_system in file_systems.iter() {
                        assert!(names(bytes, file_system).contains(&"/A".to_owned()));
                    }
                    let result = appended(bytes, kind, "X");
                    let again = written(bytes, &result);
                    assert!(names(&again, FileSystems::ISO9660).contains(&"/X".to_owned()));
                }
            }
        }
    }
}

/// A volume of 513 blocks has its last anchor at block 512, where readers look for one in any volume.
#[test]
fn no_anchor_leads_to_the_old_session() {
    for (len, has_other) in [(513, true), (512, false), (514, false)] {
        let mut files = 0;
        let old = loop {
            let mut image = image_of(FileSystems::UDF);
            let data = vec![1; files * 2048];
            image.root_mut().add_file("A", data).unwrap();
            let bytes = bytes_of(&image);
            if bytes.len() == len * 2048 {
                break bytes;
            }
            files += len - bytes.len() / 2048;
        };
        let result = appended(&old, random_write, "B");
        let start = len as u32;
        let ranges = result.modified_blocks().unwrap();
        let lead: Vec<u32> = ranges
            .into_iter()
            .flatten()
            .filter(|block| *block < start)
            .collect();
        let expected: &[u32] = if has_other { &[512, 256] } else { &[256] };
        assert_eq!(lead, expected);
        let new = written(&old, &result);
        assert!(new == all(result.image_stream()));
        // Both anchors lead to the same sequences.
        if has_other {
            let [one, other] = [256, 512].map(|block| &new[block * 2048 + 16..][..16]);
            assert_eq!(one, other);
        }
        // Without the others, each of them leads to the new session.
        for lost in [256, 512] {
            let mut bytes = new.clone();
            bytes[lost * 2048..][..2048].fill(0);
            let last = bytes.len() - 2048;
            if has_other {
                bytes[last..].fill(0);
            }
            let first = ImportOptions::new().session_start(0);
            let volume = read_with(&bytes, FileSystems::UDF, &first);
            assert_eq!(volume.len(), 2, "{len} without {lost}");
        }
        for bytes in interruptions(&old, &result) {
            assert!(names(&bytes, FileSystems::UDF).contains(&"/A".to_owned()));
        }
    }
}

/// A disc of all file systems, and an image that is to be added to it.
fn to_be_added(kind: Kind, file_systems: FileSystems) -> (Bytes, ResultImage) {
    let mut image = image_of(file_systems);
    add_files(&mut image, &[("A", &[1; 30_000])]);
    let mut old = bytes_of(&image);
    // A file need not be whole blocks.
    old.extend(b"more");
    let result = appended(&old, kind, "B");
    (old, result)
}

const SETS: [FileSystems; 3] = [ISO9660, UDF, FileSystems::all()];

/// Without a drive's cache being written in order, too.
#[test]
fn no_loss_of_power_loses_a_session() {
    for file_systems in SETS {
        for kind in KINDS {
            let (old, result) = to_be_added(kind, file_systems);
            let mut seen = [0, 0];
            let states = powered_off(&old, &steps(&old, &result), 6);
            for (number, bytes) in states.iter().enumerate() {
                for file_system in file_systems.iter() {
                    let what = format!("{file_systems} {file_system}, state {number}");
                    let disc = RecordedDisc::open(disc(bytes)).unwrap();
                    assert!(disc.file_systems().contains(file_system), "{what}");
                    let found = names(bytes, file_system);
                    let is_new = found == ["/A", "/B"];
                    assert!(is_new || found == ["/A"], "{file_system}: {found:?}");
                    seen[usize::from(is_new)] += 1;
                }
                if number % 5 > 0 {
                    continue;
                }
                // Another session can be added to what is left.
                let result = appended(bytes, kind, "X");
                let again = written(bytes, &result);
                for file_system in file_systems.iter() {
                    assert!(names(&again, file_system).contains(&"/X".to_owned()));
                }
            }
            assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
        }
    }
}

#[test]
fn a_disc_that_fails_once_is_put_back_as_it_was() {
    for file_systems in SETS {
        for kind in KINDS {
            let (old, result) = to_be_added(kind, file_systems);
            for number in 0..steps(&old, &result).len() {
                let fails = Outcome::Fails(io::ErrorKind::Other);
                let fault = move |at, _: &Step| if at == number { fails } else { Outcome::Done };
                let disc = Faulty::new(&old, fault);
                let error = result.append_to(&disc).unwrap_err();
                assert!(matches!(error, Error::WriteDisc { .. }), "{error}");
                assert!(disc.bytes() == old, "{file_systems}, step {number}");
                // So it can be done again.
                let again = Arc::new(MemoryDisc::new(disc.bytes()));
                result.append_to(&again).unwrap();
            }
        }
    }
}

#[test]
fn a_disc_that_fails_for_good_keeps_a_session() {
    for kind in KINDS {
        let (old, result) = to_be_added(kind, FileSystems::all());
        for number in 0..steps(&old, &result).len() {
            let fails = Outcome::Fails(io::ErrorKind::Other);
            let fault = move |at, _: &Step| if at < number { Outcome::Done } else { fails };
            let disc = Faulty::new(&old, fault);
            result.append_to(&disc).unwrap_err();
            let bytes = disc.bytes();
            for file_system in FileSystems::all().iter() {
                let found = names(&bytes, file_system);
                assert!(found == ["/A"] || found == ["/A", "/B"], "{found:?}");
            }
        }
    }
}

#[test]
fn a_full_file_system_leaves_the_image_as_it_was() {
    for kind in KINDS {
        let (old, result) = to_be_added(kind, FileSystems::all());
        let end = written(&old, &result).len() as u64;
        for missing in [1, 2048, 20_000, 100_000] {
            let room = end - missing;
            let fault = move |_, step: &Step| match step {
                Step::Write(block, bytes) => {
                    let end = u64::from(*block) * 2048 + bytes.len() as u64;
                    match end > room {
                        true => Outcome::Fails(io::ErrorKind::StorageFull),
                        false => Outcome::Done,
                    }
                }
                _ => Outcome::Done,
            };
            let disc = Faulty::new(&old, fault);
            let error = result.append_to(&disc).unwrap_err();
            let Error::WriteDisc { block, source, .. } = error else {
                panic!("{error}");
            };
            assert_eq!(source.kind(), io::ErrorKind::StorageFull);
            assert!(u64::from(block) * 2048 <= room);
            assert!(disc.bytes() == old, "{missing}");
        }
    }
}

#[test]
fn a_cancelled_session_leaves_nothing() {
    for kind in KINDS {
        let (old, result) = to_be_added(kind, FileSystems::all());
        let options = WriteOptions::new();
        // Every call but the last, when the session is there.
        let mut calls = Vec::new();
        let disc = Arc::new(MemoryDisc::new(old.clone()));
        let len = result.append_to_with(&disc, &options, |at| {
            calls.push((at.bytes_done(), at.bytes_total(), at.current()));
            ControlFlow::Continue(())
        });
        let len = len.unwrap();
        assert!(calls.iter().all(|(_, total, _)| *total == len));
        assert!(calls.is_sorted_by_key(|(done, ..)| *done));
        assert_eq!(calls[0].0, 0);
        assert_ne!(calls[0].2, "");
        assert_eq!(*calls.last().unwrap(), (len, len, String::new()));
        for cancelled in 0..calls.len() {
            let disc = Arc::new(MemoryDisc::new(old.clone()));
            let mut number = 0;
            let written = result.append_to_with(&disc, &options, |_| {
                number += 1;
                match number > cancelled {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            match written {
                Err(error) => {
                    assert!(matches!(error, Error::Cancelled), "{error}");
                    assert!(disc.to_vec() == old, "{cancelled}");
                }
                Ok(_) => assert_eq!(cancelled, calls.len() - 1),
            }
        }
    }
}

/// The callback's, or that of a reader that the caller gave.
#[test]
fn a_panic_leaves_nothing() {
    for kind in KINDS {
        let (old, result) = to_be_added(kind, FileSystems::all());
        let disc = Arc::new(MemoryDisc::new(old.clone()));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _ = result.append_to_with(&disc, &WriteOptions::new(), |at| {
                assert!(at.bytes_done() == 0, "on purpose");
                ControlFlow::Continue(())
            });
        }));
        assert!(panicked.is_err());
        assert!(disc.to_vec() == old);
    }
}

#[test]
fn a_source_that_fails_leaves_nothing() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    struct Reader(io::Cursor<Bytes>);
    impl io::Read for Reader {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            match FAILS.load(Ordering::Relaxed) {
                true => Err(io::Error::other("gone")),
                false => self.0.read(buf),
            }
        }
    }
    impl io::Seek for Reader {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }
    for kind in KINDS {
        let (old, _) = to_be_added(kind, FileSystems::all());
        let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
        image.set_multisession_interfaces(vec![kind(&old)]).unwrap();
        image.set_import_options(ImportOptions::new().unknown_blocks(true));
        image.import_file_system().unwrap();
        let source = Source::seekable(Reader(io::Cursor::new(vec![1; 1 << 20])));
        image.root_mut().add_file("B", source).unwrap();
        let result = image.create_result_image().unwrap();
        let disc = Arc::new(MemoryDisc::new(old.clone()));
        FAILS.store(true, Ordering::Relaxed);
        let error = result.append_to(&disc).unwrap_err();
        FAILS.store(false, Ordering::Relaxed);
        assert!(matches!(error, Error::ReadSource { .. }), "{error}");
        assert!(disc.to_vec() == old);
        result.append_to(&disc).unwrap();
        assert_eq!(names(&disc.to_vec(), UDF), ["/A", "/B"]);
    }
}

/// A device cannot be cut, but what leads to a session can be put back.
#[test]
fn a_device_that_fails_once_leads_to_the_old_session() {
    for kind in [FileSystems::all(), UDF] {
        let mut image = image_of(kind);
        add_files(&mut image, &[("A", &[1; 30_000])]);
        let old = bytes_of(&image);
        let device = |fault: Fault| Faulty::device(&old, 4000, fault);
        let whole = device(Box::new(|_, _| Outcome::Done));
        let added = |disc: &Arc<Faulty>| {
            let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
            let interface = imapi2fs::RandomWriteImage::new(Arc::clone(disc));
            let interface = MultisessionInterface::random_write(interface);
            image.set_multisession_interfaces(vec![interface]).unwrap();
            image.import_file_system().unwrap();
            image.root_mut().add_file("B", vec![3; 40_000]).unwrap();
            image.create_result_image().unwrap()
        };
        let result = added(&whole);
        result.append_to(&whole).unwrap();
        assert_eq!(whole.bytes().len(), 4000 * 2048);
        assert_eq!(names(&whole.bytes(), UDF), ["/A", "/B"]);
        for number in 0..whole.steps().len() {
            let fails = Outcome::Fails(io::ErrorKind::Other);
            let disc = device(Box::new(move |at, _| match at == number {
                true => fails,
                false => Outcome::Done,
            }));
            added(&disc).append_to(&disc).unwrap_err();
            let bytes = disc.bytes();
            // All before the session is as it was.
            assert!(bytes.starts_with(&old));
            assert_eq!(names(&bytes, UDF), ["/A"], "step {number}");
        }
    }
}

#[test]
fn progress_says_what_is_written() {
    let (old, _) = to_be_added(sequential, UDF);
    for kind in KINDS {
        let result = appended(&old, kind, "B");
        let disc = Arc::new(MemoryDisc::new(old.clone()));
        let mut told = Vec::new();
        let progress = result.append_to_with(&disc, &WriteOptions::new(), |at| {
            told.push(at.current());
            ControlFlow::Continue(())
        });
        progress.unwrap();
        let items: Vec<_> = result
            .progress_items()
            .iter()
            .map(|item| item.description().to_owned())
            .collect();
        assert!(
            told.iter()
                .all(|name| name.is_empty() || items.contains(name))
        );
        // Reading what was written gives the image.
        let bytes = disc.to_vec();
        let image = all(result.image_stream());
        assert!(bytes.ends_with(&image));
    }
}

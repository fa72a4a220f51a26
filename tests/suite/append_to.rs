//! Adding a session: to the disc that was imported and no other, by one writer at a time, and so that readers find it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use imapi2fs::{
    ContinueProblem, Disc, Error, FileDisc, FileSystemImage, FileSystems, ImportOptions,
    InterchangeLevel, Locking, MemoryDisc, MultisessionInterface, RandomWriteImage, RecordedDisc,
    ResultImage, SequentialImage, SessionProblem, Timestamp, WritableDisc, WritableFile,
};
use tempfile::TempDir;

use crate::append::{Bytes, bytes_of, random_write};
use crate::support::faulty::{Faulty, Outcome, Step};
use crate::support::{ISO9660, JOLIET, UDF, add_files, image, image_of, masks};

fn recorded(file_systems: FileSystems) -> Bytes {
    let mut image = image_of(file_systems);
    add_files(&mut image, &[("A", &[1; 30_000])]);
    bytes_of(&image)
}

fn interface(
    disc: impl Disc + 'static,
    is_random: bool,
) -> imapi2fs::Result<MultisessionInterface> {
    Ok(match is_random {
        true => MultisessionInterface::random_write(RandomWriteImage::new(disc)),
        false => MultisessionInterface::sequential(SequentialImage::open(disc)?),
    })
}

/// An image that continues a disc, with one more file.
fn added(
    disc: impl Disc + 'static,
    is_random: bool,
    name: &str,
) -> imapi2fs::Result<FileSystemImage> {
    let mut image = image();
    image.set_free_media_blocks(0)?;
    let options = ImportOptions::new().other_producers(true);
    image.set_import_options(options);
    image.set_multisession_interfaces(vec![interface(disc, is_random)?])?;
    image.import_file_system()?;
    image.root_mut().add_file(name, vec![2; 10_000])?;
    Ok(image)
}

fn result_of(disc: impl Disc + 'static, is_random: bool, name: &str) -> ResultImage {
    let image = added(disc, is_random, name).unwrap();
    image.create_result_image().unwrap()
}

/// The names in the root of the last session.
fn names(disc: impl Disc + 'static, file_system: FileSystems) -> Vec<String> {
    let disc = RecordedDisc::open(disc).unwrap();
    let root = disc.volume(file_system).unwrap().root().unwrap();
    let entries = root.entries().unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().name().to_owned())
        .collect();
    names.sort();
    names
}

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    fn image(&self, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join("disc.iso");
        fs::write(&path, bytes).unwrap();
        path
    }
}

#[track_caller]
fn names_of(path: &Path, file_system: FileSystems) -> Vec<String> {
    names(FileDisc::open(path).unwrap(), file_system)
}

#[test]
fn a_session_is_added_to_a_file_by_one_call() {
    let place = Place::new();
    for file_systems in masks() {
        for is_random in [false, true] {
            let path = place.image(&recorded(file_systems));
            let disc = Arc::new(WritableFile::open(&path, Locking::default()).unwrap());
            let result = result_of(Arc::clone(&disc), is_random, "B");
            let len = result.append_to(&disc).unwrap();
            match result.modified_blocks() {
                None => assert_eq!(len, result.len()),
                Some(ranges) => assert_eq!(len, 2048 * ranges.into_iter().flatten().count() as u64),
            }
            // Another one by the same handle.
            let result = result_of(Arc::clone(&disc), is_random, "C");
            result.append_to(&disc).unwrap();
            drop(disc);
            for file_system in file_systems.iter() {
                assert_eq!(names_of(&path, file_system), ["A", "B", "C"]);
            }
        }
    }
}

#[test]
fn an_image_that_continues_nothing_is_not_added() {
    let old = recorded(UDF);
    let disc = Arc::new(MemoryDisc::new(old.clone()));
    let mut image = image();
    for _ in 0..2 {
        let result = image.create_result_image().unwrap();
        let error = result.append_to(&disc).unwrap_err();
        assert!(matches!(error, Error::MultisessionNotSet), "{error}");
        assert!(disc.to_vec() == old);
        // It is the import that counts.
        let interfaces = vec![random_write(&old)];
        image.set_multisession_interfaces(interfaces).unwrap();
    }
}

/// In 23 of 24 pairs one of both sessions was lost, and both had ended well.
#[test]
fn of_two_appends_at_once_the_second_is_refused() {
    let place = Place::new();
    for is_random in [false, true] {
        let path = place.image(&recorded(FileSystems::all()));
        let first = Arc::new(WritableFile::open(&path, Locking::Refuse).unwrap());
        let result = result_of(Arc::clone(&first), is_random, "B");
        let error = WritableFile::open(&path, Locking::Refuse).unwrap_err();
        assert!(
            matches!(&error, Error::DiscInUse { file, .. } if *file == path),
            "{error}"
        );
        assert_eq!(error.hresult().0, 0xC0AA_0210);
        result.append_to(&first).unwrap();
        drop((first, result));
        let second = Arc::new(WritableFile::open(&path, Locking::Refuse).unwrap());
        let result = result_of(Arc::clone(&second), is_random, "C");
        result.append_to(&second).unwrap();
        for file_system in FileSystems::all().iter() {
            assert_eq!(names_of(&path, file_system), ["A", "B", "C"]);
        }
    }
}

#[test]
fn of_many_appends_at_once_each_waits_for_the_others() {
    let place = Place::new();
    for is_random in [false, true] {
        let path = place.image(&recorded(FileSystems::all()));
        thread::scope(|scope| {
            for number in 0..6 {
                let path = &path;
                scope.spawn(move || {
                    let disc = Arc::new(WritableFile::open(path, Locking::Wait).unwrap());
                    let result = result_of(Arc::clone(&disc), is_random, &format!("N{number}"));
                    result.append_to(&disc).unwrap();
                });
            }
        });
        for file_system in FileSystems::all().iter() {
            let names = names_of(&path, file_system);
            assert_eq!(names, ["A", "N0", "N1", "N2", "N3", "N4", "N5"]);
        }
    }
}

/// Who did not lock the image before importing it finds out.
#[test]
fn of_two_imports_at_once_only_one_is_written() {
    let place = Place::new();
    for is_random in [[false, false], [false, true], [true, false], [true, true]] {
        let path = place.image(&recorded(FileSystems::all()));
        let imported = |number: usize, name: &str| {
            let disc = FileDisc::open(&path).unwrap();
            result_of(disc, is_random[number], name)
        };
        let (first, second) = (imported(0, "B"), imported(1, "C"));
        let open = || Arc::new(WritableFile::open(&path, Locking::Refuse).unwrap());
        first.append_to(&open()).unwrap();
        let before = fs::read(&path).unwrap();
        for image in [&second, &first] {
            let error = image.append_to(&open()).unwrap_err();
            assert!(matches!(error, Error::DiscMismatch { .. }), "{error}");
            assert!(fs::read(&path).unwrap() == before);
        }
        assert_eq!(names_of(&path, UDF), ["A", "B"]);
    }
}

/// An image of the same length, label and time, whose files have other names.
#[test]
fn a_disc_that_changed_since_it_was_imported_is_not_written_to() {
    for file_systems in masks() {
        let old = recorded(file_systems);
        let mut image = image_of(file_systems);
        add_files(&mut image, &[("Z", &[1; 30_000])]);
        let renamed = bytes_of(&image);
        assert_eq!(renamed.len(), old.len());
        let mut time = FileSystemImage::with_time(Timestamp::from_unix(0));
        time.set_file_systems_to_create(file_systems).unwrap();
        add_files(&mut time, &[("A", &[1; 30_000])]);
        let mut other = bytes_of(&time);
        other.resize(old.len(), 0);
        let longer = [&old[..], &[1; 2048]].concat();
        let shorter = old[..old.len() - 2048].to_vec();
        for is_random in [false, true] {
            let disc = MemoryDisc::new(old.clone());
            let result = result_of(disc, is_random, "B");
            for changed in [
                &renamed,
                &other,
                &longer,
                &shorter,
                &vec![0; old.len()],
                &vec![],
            ] {
                let disc = Faulty::new(changed, |_, _| Outcome::Done);
                let error = result.append_to(&disc).unwrap_err();
                assert!(matches!(error, Error::DiscMismatch { .. }), "{error}");
                assert_eq!(error.hresult().0, 0xC0AA_B158);
                assert!(disc.steps().is_empty(), "nothing is written");
            }
            // An unchanged copy will do.
            let copy = Arc::new(MemoryDisc::new(old.clone()));
            result.append_to(&copy).unwrap();
        }
    }
}

#[test]
fn readers_are_not_hindered_by_a_writer() {
    let place = Place::new();
    let path = place.image(&recorded(FileSystems::all()));
    let disc = Arc::new(WritableFile::open(&path, Locking::Refuse).unwrap());
    let result = result_of(Arc::clone(&disc), true, "B");
    assert_eq!(names_of(&path, UDF), ["A"]);
    let mut seen = Vec::new();
    let progress = result.append_to_with(&disc, &Default::default(), |_| {
        seen.push(names_of(&path, UDF));
        std::ops::ControlFlow::Continue(())
    });
    progress.unwrap();
    assert!(seen.len() > 1);
    assert!(seen[..seen.len() - 1].iter().all(|names| *names == ["A"]));
    assert_eq!(seen.last().unwrap(), &["A", "B"]);
}

#[test]
fn who_waits_gets_the_file_that_is_there_then() {
    let place = Place::new();
    let path = place.image(&recorded(UDF));
    let first = WritableFile::open(&path, Locking::Refuse).unwrap();
    let (told, opened) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let waiting = Arc::new(WritableFile::open(&path, Locking::Wait).unwrap());
            told.send(()).unwrap();
            let result = result_of(Arc::clone(&waiting), true, "C");
            result.append_to(&waiting).unwrap();
        });
        // It can only be seen that it waits by its not going on.
        thread::yield_now();
        assert!(opened.try_recv().is_err());
        if cfg!(unix) {
            // What `build_image` does.
            let new = place.directory.path().join("new");
            fs::write(
                &new,
                bytes_of(&{
                    let mut image = image_of(UDF);
                    add_files(&mut image, &[("NEW", b"new")]);
                    image
                }),
            )
            .unwrap();
            fs::rename(&new, &path).unwrap();
        }
        drop(first);
    });
    let expected = if cfg!(unix) { ["C", "NEW"] } else { ["A", "C"] };
    assert_eq!(names_of(&path, UDF), expected);
}

/// It went to a file without a name, and nobody was told.
#[cfg(unix)]
#[test]
fn an_image_that_is_replaced_meanwhile_is_not_continued_without_a_word() {
    let place = Place::new();
    for is_random in [false, true] {
        for is_gone in [false, true] {
            let path = place.image(&recorded(FileSystems::all()));
            let disc = Arc::new(WritableFile::open(&path, Locking::Refuse).unwrap());
            let result = result_of(Arc::clone(&disc), is_random, "B");
            fs::remove_file(&path).unwrap();
            if !is_gone {
                fs::write(&path, recorded(UDF)).unwrap();
            }
            let error = result.append_to(&disc).unwrap_err();
            match is_gone {
                true => assert!(matches!(error, Error::ReadDisc { .. }), "{error}"),
                false => assert!(matches!(error, Error::DiscMismatch { .. }), "{error}"),
            }
        }
        // While it is written.
        let path = place.image(&recorded(FileSystems::all()));
        let disc = Arc::new(WritableFile::open(&path, Locking::Refuse).unwrap());
        let result = result_of(Arc::clone(&disc), is_random, "B");
        let error = result.append_to_with(&disc, &Default::default(), |_| {
            let _ = fs::remove_file(&path);
            fs::write(&path, recorded(FileSystems::all())).unwrap();
            std::ops::ControlFlow::Continue(())
        });
        let error = error.unwrap_err();
        assert!(matches!(error, Error::SessionNotFound { .. }), "{error}");
        assert_eq!(names_of(&path, UDF), ["A"]);
    }
}

#[test]
fn what_cannot_be_opened_or_locked_is_named() {
    let place = Place::new();
    let missing = place.directory.path().join("missing.iso");
    for locking in [Locking::Refuse, Locking::Wait, Locking::Skip] {
        let error = WritableFile::open(&missing, locking).unwrap_err();
        assert!(matches!(&error, Error::OpenImage(failed) if failed.path == missing));
        assert!(!missing.exists());
        let error = WritableFile::open(place.directory.path(), locking).unwrap_err();
        assert!(matches!(error, Error::OpenImage(_)), "{error}");
    }
    // Who skips it is not kept out.
    if cfg!(unix) {
        let path = place.image(&recorded(UDF));
        let _locked = WritableFile::open(&path, Locking::Refuse).unwrap();
        WritableFile::open(&path, Locking::Skip).unwrap();
    }
}

/// A disc of UDF alone that is opened by its last anchor: with another session behind, nobody looks for that anchor.
fn without_first_anchor() -> Bytes {
    let mut bytes = recorded(UDF);
    bytes[256 * 2048..][..2048].fill(0);
    bytes
}

/// `append_session --sequential` ended well, and the next opening saw the old session only. While it was written, the old
/// one was not found either.
#[test]
fn a_disc_that_is_found_by_its_end_is_not_made_longer() {
    let old = without_first_anchor();
    assert_eq!(names(MemoryDisc::new(old.clone()), UDF), ["A"]);
    for is_random in [false, true] {
        let disc = Faulty::new(&old, |_, _| Outcome::Done);
        let error = added(Arc::clone(&disc), is_random, "B")
            .and_then(|image| image.create_result_image()?.append_to(&disc))
            .unwrap_err();
        assert!(
            matches!(error, Error::IncompatiblePreviousSession { .. }),
            "{error}"
        );
        assert!(disc.steps().is_empty());
    }
    // On a device, it is found all the time.
    let blocks = (old.len() / 2048) as u32;
    let bytes = [&old[..], &vec![0; 2048 * 999], &old[old.len() - 2048..]].concat();
    let disc = Faulty::device(&bytes, blocks + 1000, |_, _| Outcome::Done);
    if let Ok(image) = added(Arc::clone(&disc), true, "B") {
        let _ = image.create_result_image().unwrap().append_to(&disc);
        assert!(names(MemoryDisc::new(disc.bytes()), UDF).contains(&"A".to_owned()));
    }
}

/// A disc that says it has written what it has not, as sticks do that have less memory than they say.
#[test]
fn blocks_that_are_not_written_are_noticed() {
    for file_systems in masks() {
        for is_random in [false, true] {
            let old = recorded(file_systems);
            let disc = Faulty::new(&old, |_, _| Outcome::Done);
            let result = result_of(Arc::clone(&disc), is_random, "B");
            result.append_to(&disc).unwrap();
            let whole = disc.bytes();
            for number in 0..disc.steps().len() {
                let fault = move |at, step: &Step| match (step, at == number) {
                    (Step::Write(..), true) => Outcome::Lost,
                    _ => Outcome::Done,
                };
                let is_write = matches!(disc.steps()[number], Step::Write(..));
                let disc = Faulty::new(&old, fault);
                match result.append_to(&disc) {
                    Err(Error::SessionNotFound { restored, .. }) if is_write => {
                        assert!(restored);
                        assert!(disc.bytes() == old);
                    }
                    written => {
                        // Some blocks already had what they were to have.
                        assert!(written.is_ok(), "{number}: {written:?}");
                        assert!(disc.bytes() == whole, "{number}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_a_reader_finds_instead_is_said() {
    let old = recorded(FileSystems::all());
    let disc = Faulty::new(&old, |_, _| Outcome::Done);
    let result = result_of(Arc::clone(&disc), true, "B");
    let lost = |at: u32| {
        let fault = move |_, step: &Step| match step {
            Step::Write(block, _) if *block == at => Outcome::Lost,
            _ => Outcome::Done,
        };
        let disc = Faulty::new(&old, fault);
        result.append_to(&disc).unwrap_err()
    };
    for block in [16, 256] {
        let error = lost(block);
        let Error::SessionNotFound {
            problem,
            restored: true,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!(*problem, SessionProblem::Block(block));
        let text = error.to_string();
        assert!(
            text.contains(&format!("block {block} does not hold")),
            "{text}"
        );
        assert!(
            text.ends_with("(the disc has been put back as it was)"),
            "{text}"
        );
    }
}

/// On a device there is an older, larger volume's rest behind, which a reader would take for a later session.
#[test]
fn a_session_in_the_way_is_noticed() {
    // It has its own files just where the volume after the next ends.
    let small = recorded(ISO9660 | JOLIET);
    let disc = MemoryDisc::new(small.clone());
    let result = result_of(disc, true, "B");
    let end = result.total_blocks();
    let mut stale = image_of(ISO9660 | JOLIET);
    add_files(&mut stale, &[("OLD", b"old")]);
    let stale = {
        stale
            .set_session_start_block(end.next_multiple_of(32))
            .unwrap();
        bytes_of(&stale)
    };
    let mut bytes = small.clone();
    bytes.resize(end.next_multiple_of(32) as usize * 2048, 0);
    bytes.extend(stale);
    let blocks = (bytes.len() / 2048) as u32 + 64;
    let disc = Faulty::device(&bytes, blocks, |_, _| Outcome::Done);
    let Ok(image) = added(Arc::clone(&disc), true, "B") else {
        return;
    };
    let result = image.create_result_image().unwrap();
    match result.append_to(&disc) {
        Ok(_) => {
            let last = MemoryDisc::new(disc.bytes());
            assert!(names(last, ISO9660).contains(&"B".to_owned()));
        }
        Err(error) => {
            assert!(
                matches!(error, Error::SessionNotFound { restored: true, .. }),
                "{error}"
            );
            assert!(disc.bytes().starts_with(&small));
        }
    }
}

#[test]
fn a_device_that_is_too_short_is_not_written_to() {
    let old = recorded(UDF);
    let large = Faulty::device(&old, 4000, |_, _| Outcome::Done);
    let mut image = added(Arc::clone(&large), true, "B").unwrap();
    image
        .root_mut()
        .add_file("LARGE", vec![3; 4 << 20])
        .unwrap();
    let result = image.create_result_image().unwrap();
    // The length is a part of what is compared, so a disc of another length is another one.
    let short = Faulty::device(&old, 2000, |_, _| Outcome::Done);
    let error = result.append_to(&short).unwrap_err();
    assert!(matches!(error, Error::DiscMismatch { .. }), "{error}");
    assert!(short.steps().is_empty());
    image.set_free_media_blocks(0).unwrap();
    let larger = vec![3; 4 << 20];
    image.root_mut().add_file("LARGER", larger).unwrap();
    let result = image.create_result_image().unwrap();
    let error = result.append_to(&large).unwrap_err();
    assert!(matches!(error, Error::ImageTooBig { .. }), "{error}");
    assert!(large.steps().is_empty());
}

/// A disc, or a file, of any length, of which nothing is stored but its beginning.
struct Long {
    start: MemoryDisc,
    /// How many blocks of it hold data at first.
    data: u32,
    blocks: u32,
    is_file: bool,
    written: std::sync::Mutex<Vec<Step>>,
    read: std::sync::atomic::AtomicU64,
}

impl Disc for Long {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let there = self.start.total_blocks().saturating_sub(block) as usize * 2048;
        let there = there.min(buf.len());
        let len = buf.len() as u64;
        self.read
            .fetch_add(len, std::sync::atomic::Ordering::Relaxed);
        let (data, zeros) = buf.split_at_mut(there);
        zeros.fill(0);
        match data {
            [] => Ok(()),
            data => self.start.read_blocks(block, data),
        }
    }

    fn total_blocks(&self) -> u32 {
        self.blocks.max(self.start.total_blocks())
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        if !self.is_file {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let hole = self.data..self.blocks;
        let next = match hole.contains(&block) {
            true => hole.end,
            false => block,
        };
        Ok(Some(next).filter(|next| *next < self.start.total_blocks()))
    }

    fn can_grow(&self) -> bool {
        self.is_file
    }

    fn free_blocks(&self) -> u32 {
        match self.is_file {
            true => 0x7FFF_FFFF_u32.saturating_sub(self.blocks),
            false => 0,
        }
    }
}

impl WritableDisc for Long {
    fn write_blocks(&self, block: u32, buf: &[u8]) -> io::Result<()> {
        self.written
            .lock()
            .unwrap()
            .push(Step::Write(block, vec![]));
        self.start.write_blocks(block, buf)
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_total_bytes(&self, len: u64) -> io::Result<()> {
        self.written.lock().unwrap().push(Step::Len(len));
        Ok(())
    }
}

/// Of a file of 4 TiB and more, 22 MB were left: it counted as a device, and was cut where the session began.
#[test]
fn a_file_of_4_tib_is_not_cut() {
    for file_systems in [ISO9660, FileSystems::all()] {
        let old = recorded(file_systems);
        for blocks in [0x7FFF_FF00, 0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, u32::MAX] {
            for is_random in [false, true] {
                let long = |is_file| {
                    Arc::new(Long {
                        start: MemoryDisc::new(old.clone()),
                        data: (old.len() / 2048) as u32,
                        blocks,
                        is_file,
                        written: std::sync::Mutex::default(),
                        read: std::sync::atomic::AtomicU64::default(),
                    })
                };
                let file = long(true);
                let refused = added(Arc::clone(&file), is_random, "B");
                let error = refused.map(drop).unwrap_err();
                let Error::IncompatiblePreviousSession { problem, .. } = error else {
                    panic!("{blocks} {is_random}: {error}");
                };
                let is_at_limit = blocks >= 0x7FFF_FFFF;
                assert!(
                    !is_at_limit || problem == ContinueProblem::TooLong,
                    "{problem}"
                );
                assert!(file.written.lock().unwrap().is_empty());
                // A device has room behind its volume.
                let device = long(false);
                let result = result_of(Arc::clone(&device), is_random, "B");
                assert!(result.append_to(&device).is_ok(), "{file_systems} {blocks}");
                let steps = device.written.lock().unwrap();
                assert!(steps.iter().all(|step| matches!(step, Step::Write(..))));
            }
        }
    }
}

/// `readme.txt` became `readme~1.txt` when `README.TXT` was added, and `LONGFILE.TXT` became `LONGFIL1.TXT`.
#[test]
fn what_is_added_takes_no_name_of_what_is_on_the_disc() {
    for file_systems in [ISO9660 | JOLIET, FileSystems::all()] {
        for is_random in [false, true] {
            let mut first = image_of(file_systems);
            first
                .set_iso9660_interchange_level(InterchangeLevel::One)
                .unwrap();
            add_files(
                &mut first,
                &[("readme.txt", &[1; 10]), ("longfile.name.text", &[1; 10])],
            );
            first.root_mut().add_directory("sub").unwrap();
            let disc = Arc::new(MemoryDisc::new(bytes_of(&first)));
            let of_file_systems = |disc: &Arc<MemoryDisc>| -> Vec<Vec<String>> {
                let one = |one| names(Arc::clone(disc), one);
                file_systems.iter().map(one).collect()
            };
            let before = of_file_systems(&disc);
            let mut image = added(Arc::clone(&disc), is_random, "README.TXT").unwrap();
            add_files(
                &mut image,
                &[("LONGFILE.TEX", &[2; 10]), ("Longfile-a.text", &[2; 10])],
            );
            image.root_mut().add_directory("SUB").unwrap();
            let result = image.create_result_image().unwrap();
            result.append_to(&disc).unwrap();
            for (before, after) in before.iter().zip(of_file_systems(&disc)) {
                let stays = |name| after.contains(name);
                assert!(before.iter().all(stays), "{before:?}, then {after:?}");
                assert_eq!(after.len(), before.len() + 4);
            }
        }
    }
}

/// UDF that is found by its anchors only was left out of the new session without a word, or led on to the old files.
#[test]
fn udf_that_is_not_announced_is_not_left_behind() {
    let mut refused = 0;
    for file_systems in [ISO9660 | UDF, FileSystems::all()] {
        let whole = recorded(file_systems);
        for block in 17..23 {
            for (is_random, value) in [(false, 0), (false, 0xFF), (true, 0), (true, 0xFF)] {
                let mut bytes = whole.to_vec();
                bytes[block * 2048..][..2048].fill(value);
                let disc = Arc::new(MemoryDisc::new(bytes.clone()));
                let session = RecordedDisc::open(Arc::clone(&disc)).unwrap().session();
                match added(Arc::clone(&disc), is_random, "B") {
                    Err(Error::IncompatiblePreviousSession {
                        problem: ContinueProblem::Unannounced,
                        ..
                    }) => {
                        assert!(session.is_udf_unannounced());
                        refused += 1;
                    }
                    added => {
                        assert!(!session.is_udf_unannounced());
                        let result = added.unwrap().create_result_image().unwrap();
                        result.append_to(&disc).unwrap();
                        for file_system in session.file_systems() {
                            assert_eq!(names(Arc::clone(&disc), file_system), ["A", "B"]);
                        }
                    }
                }
            }
        }
    }
    assert_eq!(refused, 16);
}

/// An image of 10 GiB, all but 600 KB of it a hole, took a quarter of a minute: what looks after the old session while
/// blocks are written past its end read the hole.
#[test]
fn a_hole_after_the_volume_is_not_read_when_a_session_is_added() {
    for file_systems in [ISO9660, UDF, FileSystems::all()] {
        let old = recorded(file_systems);
        let file = Arc::new(Long {
            data: (old.len() / 2048) as u32,
            start: MemoryDisc::new(old),
            blocks: 1 << 16,
            is_file: true,
            written: std::sync::Mutex::default(),
            read: std::sync::atomic::AtomicU64::default(),
        });
        let result = result_of(Arc::clone(&file), true, "B");
        result.append_to(&file).unwrap();
        let read = file.read.load(std::sync::atomic::Ordering::Relaxed);
        assert!(read < 64 << 20, "{file_systems}: {read}");
    }
}

/// The same, where the file system takes such a file.
#[cfg(unix)]
#[test]
fn a_sparse_file_of_4_tib_stays_whole() {
    let place = Place::new();
    let old = recorded(FileSystems::all());
    for len in [4 << 40, (4 << 40) + 1, 8 << 40, 9_u64 << 40] {
        let path = place.image(&old);
        let file = File::options().write(true).open(&path).unwrap();
        // The test above does it without a file system.
        let Ok(()) = file.set_len(len) else { continue };
        for is_random in [false, true] {
            let disc = Arc::new(WritableFile::open(&path, Locking::Refuse).unwrap());
            let error = added(Arc::clone(&disc), is_random, "B")
                .map(drop)
                .unwrap_err();
            let is_refused = matches!(error, Error::IncompatiblePreviousSession { .. });
            assert!(is_refused, "{error}");
            assert_eq!(fs::metadata(&path).unwrap().len(), len);
        }
        assert_eq!(names_of(&path, UDF), ["A"]);
    }
}

//! Writing an image: by any number of threads, to files and places, whole and in parts.

use std::fs;
use std::io::{self, Read, Seek};
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use imapi2fs::{
    Error, FileSystemImage, OutputFile, ResultImage, Source, WriteAt, WriteOptions, WriteProgress,
};
use tempfile::TempDir;

use crate::support::bytes::all;
use crate::support::{Host, add_files, image};

pub(crate) fn readers(number: usize) -> WriteOptions {
    WriteOptions::new().readers(NonZeroUsize::new(number).unwrap())
}

pub(crate) fn go_on(_: WriteProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Small files and a large one.
pub(crate) fn files() -> Host {
    let host = Host::new();
    for directory in 0..4 {
        for file in 0..40 {
            let len = (directory * 997 + file * 131) % 9000;
            let bytes: Vec<u8> = (0..len).map(|at| (at + file) as u8).collect();
            host.file(&format!("d{directory}/f{file}"), &bytes);
        }
    }
    host.file("large", &large());
    host
}

/// Bytes that tell where they belong.
fn large() -> Vec<u8> {
    (0..1_000_001_u32)
        .map(|at| (at ^ at >> 8 ^ at >> 16) as u8)
        .collect()
}

/// Files of the host, and some in memory: two megabytes.
pub(crate) fn sample(host: &Host) -> FileSystemImage {
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    add_files(&mut image, &[("memory", &[1; 300_000]), ("empty", b"")]);
    image
}

/// What is written to places.
struct Places(Mutex<Vec<u8>>);

impl Places {
    fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

impl WriteAt for Places {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut whole = self.0.lock().unwrap();
        let end = offset as usize + bytes.len();
        if whole.len() < end {
            whole.resize(end, 0);
        }
        whole[offset as usize..end].copy_from_slice(bytes);
        Ok(())
    }
}

#[test]
fn any_number_of_readers_gives_the_same_bytes() {
    let host = files();
    let result = sample(&host).create_result_image().unwrap();
    let expected = all(result.image_stream());
    for number in [1, 2, 3, 8, 100, usize::MAX] {
        let mut whole = Vec::new();
        let len = result.write_to_with(&mut whole, &readers(number), go_on);
        assert_eq!(len.unwrap(), result.len());
        assert!(whole == expected, "{number} readers");

        let places = Places::new();
        let len = result.write_unordered_with(&places, &readers(number), go_on);
        assert_eq!(len.unwrap(), result.len());
        assert!(places.into_bytes() == expected, "{number} readers");
    }
}

#[test]
fn any_part_can_be_read_by_any_thread() {
    let host = files();
    let result = sample(&host).create_result_image().unwrap();
    let expected = all(result.image_stream());
    let piece = 10_007;
    thread::scope(|scope| {
        for first in 0..4 {
            let (result, expected) = (&result, &expected);
            scope.spawn(move || {
                let mut buf = vec![0; piece];
                for at in (first * piece..expected.len()).step_by(4 * piece) {
                    let len = result.read_at(at as u64, &mut buf).unwrap();
                    assert!(buf[..len] == expected[at..at + len]);
                    assert_eq!(len, piece.min(expected.len() - at));
                }
            });
        }
    });
}

#[test]
fn the_first_error_in_the_image_is_told() {
    let host = files();
    host.file("d3/long", &large());
    let mut image = sample(&host);
    // It could be shared.
    image.set_file_alignment(2).unwrap();
    let result = image.create_result_image().unwrap();
    for name in ["d3/f20", "d1/f30", "d3/long"] {
        host.file(name, b"another length");
    }
    let place = TempDir::new().unwrap();
    let path = place.path().join("image.iso");
    for number in [1, 2, 8] {
        let ordered = result.write_to_with(io::sink(), &readers(number), go_on);
        let anywhere = result.write_unordered_with(&Places::new(), &readers(number), go_on);
        let shared = result.write_to_file_with(&path, &readers(number).reflink(true), go_on);
        for written in [ordered, anywhere, shared] {
            let error = written.unwrap_err();
            assert!(matches!(error, Error::SourceChanged { .. }), "{error}");
            assert_eq!(error.path().unwrap(), &"d1/f30".into());
        }
    }
}

/// A source of a mebibyte whose reads do what a test says, given the offset.
struct Scripted<F> {
    at: u64,
    read: F,
}

impl<F: FnMut(u64) -> io::Result<()>> Read for Scripted<F> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (self.read)(self.at)?;
        let len = buf.len().min(((1 << 20) - self.at) as usize);
        buf[..len].fill(1);
        self.at += len as u64;
        Ok(len)
    }
}

impl<F: FnMut(u64) -> io::Result<()>> Seek for Scripted<F> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.at = match to {
            io::SeekFrom::Start(at) => at,
            io::SeekFrom::End(_) => 1 << 20,
            io::SeekFrom::Current(_) => self.at,
        };
        Ok(self.at)
    }
}

fn scripted(read: impl FnMut(u64) -> io::Result<()> + Send + 'static) -> Source {
    Source::seekable(Scripted { at: 0, read })
}

#[test]
fn an_error_is_looked_for_before_one_that_came_first() {
    let mut image = image();
    let failing_late = scripted(|at| {
        thread::sleep(Duration::from_millis(50));
        match at {
            0..200_000 => Ok(()),
            _ => Err(io::Error::other("late")),
        }
    });
    let failing_at_once = scripted(|_| Err(io::Error::other("at once")));
    image.root_mut().add_file("a", failing_late).unwrap();
    image.root_mut().add_file("b", failing_at_once).unwrap();
    add_files(&mut image, &[("c", &[0; 4 << 20])]);
    let result = image.create_result_image().unwrap();
    for number in [2, 8] {
        let ordered = result.write_to_with(io::sink(), &readers(number), go_on);
        let anywhere = result.write_unordered_with(&Places::new(), &readers(number), go_on);
        for written in [ordered, anywhere] {
            assert_eq!(written.unwrap_err().path().unwrap(), &"a".into());
        }
    }
}

#[test]
fn readers_wait_for_a_slow_writer() {
    /// Keeps the first bytes waiting until readers have come as far as they can.
    struct Slow(Arc<AtomicU64>);

    impl io::Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            loop {
                let before = self.0.load(Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
                if self.0.load(Ordering::Relaxed) == before {
                    return Ok(bytes.len());
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    for number in [2, 3] {
        let read = Arc::new(AtomicU64::new(0));
        let mut image = image();
        for name in ["a", "b", "c", "d"] {
            let read = read.clone();
            let source = scripted(move |_| {
                read.fetch_add(1, Ordering::Relaxed);
                Ok(())
            });
            image.root_mut().add_file(name, source).unwrap();
        }
        let result = image.create_result_image().unwrap();
        let mut ahead = 0;
        let written = result.write_to_with(Slow(read.clone()), &readers(number), |progress| {
            // A chunk has up to three reads here: it begins in one file and ends in the next.
            let chunks = progress.bytes_done() / (128 << 10);
            ahead = ahead.max(read.load(Ordering::Relaxed).saturating_sub(chunks));
            ControlFlow::Continue(())
        });
        assert_eq!(written.unwrap(), result.len());
        assert!(ahead <= number as u64 + 3 + 4, "{ahead} reads ahead");
    }
}

#[test]
fn nothing_is_written_behind_an_error() {
    let host = files();
    let result = sample(&host).create_result_image().unwrap();
    let expected = all(result.image_stream());
    host.file("large", b"short");
    for number in [1, 2, 8] {
        let mut written = Vec::new();
        let error = result.write_to_with(&mut written, &readers(number), go_on);
        assert_eq!(error.unwrap_err().path().unwrap(), &"large".into());
        let item = result.progress_items().from_description("/large").unwrap();
        assert!(written.len() <= item.first_block() as usize * 2048);
        assert!(written == expected[..written.len()]);
    }
}

#[test]
fn writing_to_places_ends_when_the_caller_says_so() {
    let host = files();
    let result = sample(&host).create_result_image().unwrap();
    for number in [1, 8] {
        for limit in [0, 1 << 20] {
            let mut last = None;
            let error = result.write_unordered_with(&Places::new(), &readers(number), |progress| {
                assert!(last.is_none_or(|last| last < progress.bytes_done()));
                last = Some(progress.bytes_done());
                match progress.bytes_done() >= limit {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            assert!(matches!(error.unwrap_err(), Error::Cancelled));
        }
    }
}

/// A source that cannot be read.
struct Panicking;

impl Read for Panicking {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("the reader of a test");
    }
}

impl Seek for Panicking {
    fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
        Ok(5000)
    }
}

/// Whether `write` panics, on an image with a source that does.
fn panics(write: impl Fn(&ResultImage, &WriteOptions) -> imapi2fs::Result<u64>) {
    let host = files();
    for number in [1, 4] {
        let mut image = sample(&host);
        let source = Source::seekable(Panicking);
        image.root_mut().add_file("panicking", source).unwrap();
        let result = image.create_result_image().unwrap();
        let write = || write(&result, &readers(number));
        let said = catch_unwind(AssertUnwindSafe(write)).unwrap_err();
        let said = said.downcast_ref::<&str>();
        assert!(
            said.is_none_or(|said| said.ends_with("of a test")),
            "{said:?}"
        );
    }
}

#[test]
fn a_panic_is_passed_on_and_nobody_waits() {
    panics(|result, options| result.write_to_with(io::sink(), options, go_on));
    panics(|result, options| result.write_unordered_with(&Places::new(), options, go_on));
    panics(|result, options| {
        result.write_to_with(io::sink(), options, |progress| {
            assert_eq!(progress.bytes_done(), 0, "the progress of a test");
            ControlFlow::Continue(())
        })
    });
}

/// Places that take up to so many bytes of a file at a time.
struct Copies {
    places: Places,
    most: u64,
    copied: AtomicU64,
    before: Box<dyn Fn() + Sync>,
}

impl Copies {
    fn new(most: u64) -> Self {
        Self {
            places: Places::new(),
            most,
            copied: AtomicU64::new(0),
            before: Box::new(|| ()),
        }
    }
}

impl WriteAt for Copies {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.places.write_all_at(bytes, offset)
    }

    fn copy_at(&self, file: &fs::File, from: u64, len: u64, offset: u64) -> u64 {
        (self.before)();
        let mut bytes = vec![0; len.min(self.most) as usize];
        let mut file = file.try_clone().unwrap();
        file.seek(io::SeekFrom::Start(from)).unwrap();
        let Ok(()) = file.read_exact(&mut bytes) else {
            return 0;
        };
        self.places.write_all_at(&bytes, offset).unwrap();
        self.copied.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        bytes.len() as u64
    }
}

#[test]
fn what_a_place_copies_of_large_files_is_not_read() {
    for stage in [false, true] {
        let host = files();
        let mut image = image();
        image.set_stage_files(stage);
        image.root_mut().add_tree(host.root(), false).unwrap();
        let memory: &[u8] = &[1; 600_000];
        add_files(&mut image, &[("memory", memory)]);
        let result = image.create_result_image().unwrap();
        let expected = all(result.image_stream());
        for (most, least) in [(u64::MAX, 700_000), (100, 100), (0, 0)] {
            let copies = Copies::new(most);
            // Of one reader, as nobody else moves what a clone of a file shares with it.
            result
                .write_unordered_with(&copies, &readers(1), go_on)
                .unwrap();
            let copied = copies.copied.into_inner();
            assert!(copies.places.into_bytes() == expected, "{stage} {most}");
            assert!((least..1_600_001).contains(&copied), "{copied} of {most}");
        }
    }
}

#[test]
fn a_file_that_changes_while_it_is_copied_is_told() {
    let host = files();
    let large = host.root().join("large");
    let result = sample(&host).create_result_image().unwrap();
    let mut copies = Copies::new(u64::MAX);
    copies.before = Box::new(move || fs::write(&large, b"shorter").unwrap());
    let error = result
        .write_unordered_with(&copies, &readers(1), go_on)
        .unwrap_err();
    assert!(matches!(error, Error::SourceChanged { .. }), "{error}");
}

fn parts_of(result: &ResultImage, size: u64) -> Vec<imapi2fs::ImagePart> {
    result.parts(NonZeroU64::new(size).unwrap()).collect()
}

#[test]
fn parts_make_the_image_in_any_order() {
    let host = files();
    let result = sample(&host).create_result_image().unwrap();
    let expected = all(result.image_stream());
    for size in [1 << 20, 100_001, result.len(), u64::MAX] {
        let parts = parts_of(&result, size);
        assert_eq!(parts.len() as u64, result.len().div_ceil(size));
        let places = Places::new();
        for part in parts.iter().rev() {
            let range = part.range();
            let len = part.write_unordered_with(&places, &readers(2), go_on);
            assert_eq!(len.unwrap(), range.end - range.start);
            let mut bytes = Vec::new();
            part.write_to(&mut bytes).unwrap();
            assert!(bytes == expected[range.start as usize..range.end as usize]);
            let mut last = None;
            let broken = part.write_to_with(io::sink(), &readers(2), |progress| {
                assert_eq!(progress.bytes_total(), range.end - range.start);
                last = Some(progress.bytes_done());
                ControlFlow::Break(())
            });
            assert!(matches!(broken.unwrap_err(), Error::Cancelled));
            assert_eq!(last, Some(0));
        }
        assert!(places.into_bytes() == expected, "parts of {size}");
    }
}

#[test]
fn the_digest_of_a_plan_tells_images_apart() {
    let host = files();
    let digest = |change: &dyn Fn(&mut FileSystemImage)| {
        let mut image = sample(&host);
        change(&mut image);
        image.create_result_image().unwrap().plan_digest().unwrap()
    };
    let plain = digest(&|_| {});
    assert_eq!(plain, digest(&|_| {}));
    assert_eq!(plain.to_string().len(), 64);
    let changes: [&dyn Fn(&mut FileSystemImage); 4] = [
        &|image| image.set_volume_name("OTHER").unwrap(),
        &|image| add_files(image, &[("more", b"x")]),
        &|image| image.set_file_alignment(16).unwrap(),
        &|image| image.set_session_start_block(32).unwrap(),
    ];
    for (number, change) in changes.iter().enumerate() {
        assert_ne!(plain, digest(change), "change {number}");
    }
}

#[test]
fn all_ways_to_write_without_options_give_the_same_bytes() {
    let host = Host::new();
    let mut image = image();
    image.root_mut().add_file("a", vec![1; 300_000]).unwrap();
    let result = image.create_result_image().unwrap();
    let bytes = result.to_vec().unwrap();
    assert_eq!(bytes.len() as u64, result.len());
    let mut written = Vec::new();
    result.write_to(&mut written).unwrap();
    assert!(written == bytes);
    let (file, output) = (host.path("file"), host.path("output"));
    result.write_to_file(&file).unwrap();
    result
        .write_to_output(OutputFile::open(&output).unwrap())
        .unwrap();
    assert!(fs::read(file).unwrap() == bytes && fs::read(output).unwrap() == bytes);
    let places = Places::new();
    assert_eq!(result.write_unordered(&places).unwrap(), result.len());
    let parts = Places::new();
    for part in result.parts(NonZeroU64::new(100_000).unwrap()) {
        part.write_unordered(&parts).unwrap();
    }
    assert!(places.into_bytes() == bytes && parts.into_bytes() == bytes);
}

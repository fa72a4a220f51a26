//! Adding, planning, streaming and reading back, with throughput.

#![expect(missing_docs, reason = "what criterion's macros make is public")]

use std::fs;
use std::hint::black_box;
use std::io::{self, Cursor};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::thread;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use imapi2fs::{
    FileSystemImage, FileSystems, InterchangeLevel, MultisessionInterface, RandomWriteImage,
    ReaderDisc, RecordedDisc, Timestamp, UdfRevision, WriteOptions, WriteProgress,
};

const DIRECTORIES: usize = 100;
const FILES: usize = 100;

/// The number of bytes that a thread makes at a time.
const RANGE: u64 = 1 << 20;

/// A bridge of `DIRECTORIES` × `FILES` files of `len` bytes.
fn image_of_many(len: usize) -> FileSystemImage {
    image_of(DIRECTORIES, len)
}

fn image_of(directories: usize, len: usize) -> FileSystemImage {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    image.set_free_media_blocks(0).unwrap();
    for directory in 0..directories {
        let path = format!("directory {directory}");
        image.root_mut().add_directory(path.as_str()).unwrap();
        let mut directory = image.directory_mut(path).unwrap();
        for file in 0..FILES {
            let name = format!("file number {file}.txt");
            directory.add_file(name, vec![file as u8; len]).unwrap();
        }
    }
    image
}

/// One directory of 100,000 names, which interchange level 1 cuts to eight characters.
fn image_of_names(name: impl Fn(u32) -> String) -> FileSystemImage {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    image.set_free_media_blocks(0).unwrap();
    image
        .set_file_systems_to_create(FileSystems::ISO9660)
        .unwrap();
    image
        .set_iso9660_interchange_level(InterchangeLevel::One)
        .unwrap();
    for file in 0..100_000 {
        image.root_mut().add_file(name(file), []).unwrap();
    }
    image
}

fn add(c: &mut Criterion) {
    let mut group = c.benchmark_group("add");
    group.throughput(Throughput::Elements((DIRECTORIES * FILES) as u64));
    group.bench_function("small files", |b| b.iter(|| black_box(image_of_many(100))));
    group.finish();
}

fn plan(c: &mut Criterion) {
    let mut group = c.benchmark_group("plan");
    group.throughput(Throughput::Elements((DIRECTORIES * FILES) as u64));
    let many = image_of_many(100);
    group.bench_function("small files", |b| {
        b.iter(|| black_box(many.create_result_image().unwrap()));
    });
    group.finish();
}

/// Laying out and writing one directory: names that collide should cost at most twice as much.
fn names(c: &mut Criterion) {
    let mut group = c.benchmark_group("names");
    group.sample_size(10);
    group.throughput(Throughput::Elements(100_000));
    for (what, image) in [
        (
            "distinct",
            image_of_names(|file| format!("{file:06} name.txt")),
        ),
        (
            "colliding",
            image_of_names(|file| format!("the name {file:06}.txt")),
        ),
    ] {
        group.bench_function(format!("100,000 {what}"), |b| {
            b.iter(|| {
                let result = image.create_result_image().unwrap();
                assert_eq!(result.write_to(io::sink()).unwrap(), result.len());
            });
        });
    }
    group.finish();
}

fn stream(c: &mut Criterion) {
    let mut group = c.benchmark_group("stream");
    let mut read_all = |name: &str, image: &FileSystemImage| {
        let result = image.create_result_image().unwrap();
        group.throughput(Throughput::Bytes(result.len()));
        group.bench_function(name, |b| {
            b.iter(|| assert_eq!(result.write_to(io::sink()).unwrap(), result.len()));
        });
    };
    read_all("metadata only", &image_of_many(0));
    read_all("small files", &image_of_many(3000));
    let mut large = FileSystemImage::with_time(Timestamp::from_unix(0));
    large
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    large
        .root_mut()
        .add_file("large", vec![1; 64 << 20])
        .unwrap();
    read_all("one large file", &large);
    group.finish();
}

/// Small files of the host, with different numbers of readers.
fn readers(c: &mut Criterion) {
    let tree = tempfile::tempdir().unwrap();
    for file in 0..10 * FILES {
        fs::write(tree.path().join(format!("{file}.txt")), vec![1; 3000]).unwrap();
    }
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    image.root_mut().add_tree(tree.path(), false).unwrap();
    let result = image.create_result_image().unwrap();
    let mut group = c.benchmark_group("readers");
    group.throughput(Throughput::Elements(10 * FILES as u64));
    for readers in [1, 2, 8, 32].map(|readers| NonZeroUsize::new(readers).unwrap()) {
        let options = WriteOptions::new().readers(readers);
        group.bench_function(format!("{readers}, in order"), |b| {
            let go_on = |_: WriteProgress<'_>| ControlFlow::Continue(());
            b.iter(|| result.write_to_with(io::sink(), &options, go_on).unwrap());
        });
    }
    // Any range can be made independently.
    for threads in [1, 2, 4] {
        group.bench_function(format!("{threads} threads of read_at"), |b| {
            b.iter(|| {
                thread::scope(|scope| {
                    for first in 0..threads {
                        let result = &result;
                        scope.spawn(move || {
                            let mut buf = vec![0; RANGE as usize];
                            let ranges = (0..result.len()).step_by(RANGE as usize);
                            for start in ranges.skip(first).step_by(threads) {
                                result.read_at(start, &mut buf).unwrap();
                            }
                        });
                    }
                });
            });
        });
    }
    group.finish();
}

/// Laying out and writing 100,000 files. The metadata of UDF 2.50 is made twice; it should cost at most 1.3 times as
/// much.
fn bridge(c: &mut Criterion) {
    let mut group = c.benchmark_group("bridge");
    group.sample_size(10);
    group.throughput(Throughput::Elements(10 * (DIRECTORIES * FILES) as u64));
    let mut image = image_of(10 * DIRECTORIES, 100);
    for revision in [UdfRevision::V1_02, UdfRevision::V2_50] {
        image.set_udf_revision(revision).unwrap();
        group.bench_function(format!("100,000 files, UDF {revision}"), |b| {
            b.iter(|| {
                let result = image.create_result_image().unwrap();
                assert_eq!(result.write_to(io::sink()).unwrap(), result.len());
            });
        });
    }
    group.finish();
}

/// Listing an image, and importing it.
fn read_back(c: &mut Criterion) {
    let mut image = image_of_many(100);
    image.set_udf_revision(UdfRevision::V2_50).unwrap();
    let mut bytes = Vec::new();
    image
        .create_result_image()
        .unwrap()
        .write_to(&mut bytes)
        .unwrap();
    let open = || ReaderDisc::new(Cursor::new(bytes.as_slice().to_vec())).unwrap();
    let mut group = c.benchmark_group("read back");
    group.throughput(Throughput::Elements((DIRECTORIES * FILES) as u64));
    let disc = RecordedDisc::open(open()).unwrap();
    for file_system in FileSystems::all().iter() {
        group.bench_function(format!("list {file_system}"), |b| {
            b.iter(|| {
                let volume = disc.volume(file_system).unwrap();
                assert_eq!(volume.walk().count(), DIRECTORIES * (FILES + 1));
            });
        });
    }
    let interface = MultisessionInterface::random_write(RandomWriteImage::new(open()));
    group.bench_function("import", |b| {
        b.iter(|| {
            let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
            image
                .set_multisession_interfaces(vec![interface.clone()])
                .unwrap();
            black_box(image.import_file_system().unwrap());
        });
    });
    group.finish();
}

criterion_group!(
    benches, add, plan, names, stream, readers, bridge, read_back
);
criterion_main!(benches);

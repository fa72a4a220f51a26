//! Adding, planning and streaming, with throughput.

#![expect(missing_docs, reason = "what criterion's macros make is public")]

use std::hint::black_box;
use std::io;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use imapi2fs::{FileSystemImage, InterchangeLevel, Timestamp, UdfRevision};

const DIRECTORIES: usize = 100;
const FILES: usize = 100;

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

/// One directory of names that are all alike in their first eight characters.
fn image_of_collisions(files: usize) -> FileSystemImage {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    image.set_free_media_blocks(0).unwrap();
    for file in 0..files {
        let name = format!("a long name {file}.txt");
        image.root_mut().add_file(name, []).unwrap();
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
    let collisions = image_of_collisions(DIRECTORIES * FILES);
    group.bench_function("colliding names", |b| {
        b.iter(|| black_box(collisions.create_result_image().unwrap()));
    });
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

/// Laying out and writing 100,000 files. The metadata of UDF 2.50 is made twice; it is to cost at most 1.3 times as much.
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

criterion_group!(benches, add, plan, stream, bridge);
criterion_main!(benches);

//! Images that are made to keep a reader busy: what reading them takes is bounded by their length.

use std::io::{self, Cursor};

use imapi2fs::{Disc, Error, FileSystems, ImportOptions, ReaderDisc, RecordedDisc, RecordedKind};

use crate::support::bytes::BLOCK;
use crate::support::hostile::{self, Sparse, Taken};
use crate::support::random::cases;
use crate::support::{image, udf};

/// What an operation may read of a disc of so many bytes, in these tests.
const fn work(len: u64) -> u64 {
    16 * len + (1 << 20)
}

/// The size of an image, which is smaller on a machine that is emulated.
const fn usual(size: u32) -> u32 {
    cases(size)
}

fn taken(image: Sparse) -> Taken {
    let options = ImportOptions::new().work(work(image.len()));
    hostile::list(image, &options)
}

fn made(name: &str, size: u32) -> Sparse {
    let (_, make, _) = hostile::kinds().find(|(kind, ..)| *kind == name).unwrap();
    make(size)
}

fn disc_of(image: &Sparse) -> impl Disc + 'static {
    let mut bytes = Vec::new();
    image.write_to(&mut bytes);
    ReaderDisc::new(Cursor::new(bytes)).unwrap()
}

/// What the walk of a volume gives: paths, and messages with their causes.
fn walked(disc: &RecordedDisc, file_system: FileSystems) -> (Vec<String>, Vec<String>) {
    let (mut paths, mut errors) = (Vec::new(), Vec::new());
    for item in disc.volume(file_system).unwrap().walk() {
        match item {
            Ok(item) => paths.push(item.path().to_string()),
            Err(Error::ReadItem { source, .. } | Error::ReadEntries { source, .. }) => {
                errors.push(source.to_string())
            }
            Err(error) => panic!("{error}"),
        }
    }
    (paths, errors)
}

/// Whatever an image says, so that one of a few megabytes does not take minutes.
#[test]
fn no_operation_takes_more_than_a_multiple_of_the_image() {
    for (name, make, size) in hostile::kinds() {
        let image = make(usual(*size));
        let limit = work(image.len());
        let taken = taken(image);
        assert!(taken.read <= taken.operations * limit, "{name}: {taken:?}");
        assert!(taken.text <= taken.operations * limit, "{name}: {taken:?}");
        // An item costs a step at least.
        assert!(
            64 * taken.items <= taken.operations * limit,
            "{name}: {taken:?}"
        );
    }
}

/// Importing is several operations, such as finding the session, listing it and seeing that all its file systems agree.
#[test]
fn importing_takes_no_more_than_listing_a_few_times() {
    for (name, make, size) in hostile::kinds() {
        let image = make(usual(*size));
        let limit = work(image.len());
        let options = ImportOptions::new()
            .work(limit)
            .other_producers(true)
            .drop_rock_ridge(true)
            .damaged_files(true)
            .unknown_blocks(true);
        let taken = hostile::import(image, &options);
        assert!(taken.read <= 4 * limit, "{name}: {taken:?}");
        assert!(64 * taken.items <= limit, "{name}: {taken:?}");
        if *name == "names that differ by case" {
            assert_eq!(taken.items, u64::from(20 * usual(*size)));
        }
    }
}

/// `RR_MOVED` and sessions took four times as long for twice the image.
#[test]
fn twice_the_image_takes_twice_the_work_at_most() {
    for (name, make, size) in hostile::kinds() {
        let size = usual(*size);
        let (small, large) = (make(size), make(2 * size));
        // What does not grow is most of a small image.
        let growth = (large.len() as f64 / small.len() as f64).max(2.0);
        let (small, large) = (taken(small), taken(large));
        let limit = (small.sum() as f64 * growth) as u64 + (4 << 20);
        assert!(large.sum() <= limit, "{name}: {small:?}, then {large:?}");
    }
}

/// An image of 8 MiB took 91 s: each of its directories of that name was read, to see that it lists nothing.
#[test]
fn many_directories_for_relocated_ones_are_not_all_looked_through() {
    let image = made("directories for relocated ones in great number", 64);
    let len = image.len();
    let taken = taken(image);
    assert_eq!(taken.refused, 0);
    assert!(taken.read < 4 * len, "{} of {len}", taken.read);
    // The first lists nothing and is left out.
    assert!(taken.items > 6000, "{taken:?}");
}

/// 37 GB of paths came out of an image of 8 MB in two minutes.
#[test]
fn a_path_of_more_than_64_kib_is_an_error() {
    let image = made("directories of long names in each other, and files", 270);
    let disc = RecordedDisc::open(disc_of(&image)).unwrap();
    let (paths, errors) = walked(&disc, FileSystems::ISO9660);
    assert_eq!(paths.len(), 65_536 / 251);
    let longest = paths.iter().map(String::len).max().unwrap();
    assert!((65_000..=65_536).contains(&longest), "{longest}");
    let error = "ISO 9660 at block 281: the path of an item is longer than 65536 bytes (length 65762, expected at most 65536)";
    assert_eq!(errors, [error]);
}

/// A name of Rock Ridge can lie in areas that all records share.
#[test]
fn a_rock_ridge_name_of_many_kilobytes_gives_way_to_that_of_iso_9660() {
    let image = made("names of many megabytes", 1);
    let disc = RecordedDisc::open(disc_of(&image)).unwrap();
    let volume = disc.volume(FileSystems::ISO9660).unwrap();
    let names: Vec<_> = volume
        .walk()
        .map(|item| item.unwrap().name().to_owned())
        .collect();
    assert_eq!(names[..2], ["N000000", "N000001"]);
    let findings = volume.findings();
    let finding = "ISO 9660 at block 20: Rock Ridge name has more than 255 bytes and is left out";
    assert_eq!(findings[0].to_string(), finding);
}

/// The rest is listed when items ask for too much, and what asks for it is named.
#[test]
fn items_that_lead_to_too_much_are_errors_and_the_rest_is_listed() {
    let image = made("files that share a chain of allocation extents", 40);
    let options = ImportOptions::new().work(4 << 20);
    let disc = RecordedDisc::open_with(disc_of(&image), &options).unwrap();
    let (paths, errors) = walked(&disc, FileSystems::UDF);
    assert!(paths.len() > 5, "{}", paths.len());
    assert_eq!(paths.len() + errors.len(), 800);
    assert!(errors[0].starts_with("reading the disc takes too much work: with block "));
    assert!(errors[0].contains("what its items lead to would take more than 2097152 bytes"));
    // An operation that may do more does more.
    let options = ImportOptions::new().work(1 << 30);
    let disc = RecordedDisc::open_with(disc_of(&image), &options).unwrap();
    assert_eq!(walked(&disc, FileSystems::UDF).0.len(), 800);
}

/// A walk ends with the error, which is its last item.
#[test]
fn a_walk_ends_when_its_work_is_used_up() {
    let image = made("names of one file", 100);
    let open = |work| {
        let options = ImportOptions::new().work(work);
        RecordedDisc::open_with(disc_of(&image), &options).unwrap()
    };
    let (paths, errors) = walked(&open(2 << 20), FileSystems::UDF);
    assert!((100..2000).contains(&paths.len()), "{}", paths.len());
    assert_eq!(errors.len(), 1);
    assert!(errors[0].contains("its structures would take more than 2097152 bytes"));
    let error = open(2 << 20).volume(FileSystems::UDF).unwrap();
    let error = error.walk().find_map(Result::err).unwrap();
    assert_eq!(error.hresult().0, 0xC0AA_B153);
    // The root's entries count alone, too.
    let volume = open(2 << 20).volume(FileSystems::UDF).unwrap();
    let root = volume.root().unwrap();
    let last = root.entries().unwrap().last().unwrap();
    assert!(matches!(last, Err(Error::ReadEntries { .. })));
    assert!(walked(&open(64 << 20), FileSystems::UDF).1.is_empty());
}

/// A server keeps a disc open for days.
#[test]
fn a_disc_may_be_listed_any_number_of_times() {
    let mut image = image();
    for number in 0..7 {
        let path = format!("d{number}");
        image.root_mut().add_directory(path).unwrap();
    }
    for number in 0..100 {
        let path = format!("d{}/file {number}", number % 7);
        image.root_mut().add_file(path, b"data").unwrap();
    }
    let mut bytes = Vec::new();
    let result = image.create_result_image().unwrap();
    io::copy(&mut result.image_stream(), &mut bytes).unwrap();
    let options = ImportOptions::new().work(2 << 20);
    let disc = ReaderDisc::new(Cursor::new(bytes)).unwrap();
    let disc = RecordedDisc::open_with(disc, &options).unwrap();
    for file_system in FileSystems::all() {
        let volume = disc.volume(file_system).unwrap();
        for _ in 0..50 {
            assert_eq!(volume.walk().filter(Result::is_ok).count(), 107);
            let root = volume.root().unwrap();
            assert_eq!(root.entries().unwrap().filter(Result::is_ok).count(), 7);
            disc.volume(file_system).unwrap();
            disc.boot_entries().unwrap();
        }
    }
}

/// Reading files is not the listing's work.
#[test]
fn the_data_of_files_is_not_counted() {
    let mut image = image();
    image
        .root_mut()
        .add_file("large", vec![1; 1 << 20])
        .unwrap();
    let mut bytes = Vec::new();
    let result = image.create_result_image().unwrap();
    io::copy(&mut result.image_stream(), &mut bytes).unwrap();
    let options = ImportOptions::new().work(2 << 20);
    let disc = ReaderDisc::new(Cursor::new(bytes)).unwrap();
    let disc = RecordedDisc::open_with(disc, &options).unwrap();
    let volume = disc.volume(FileSystems::UDF).unwrap();
    let item = volume.item("large").unwrap();
    assert_eq!(item.kind(), RecordedKind::File);
    for _ in 0..5 {
        let copied = io::copy(&mut item.data().unwrap(), &mut io::sink());
        assert_eq!(copied.unwrap(), 1 << 20);
    }
}

/// The places of 256 of them were kept and not counted: 18 MB ended the process.
#[test]
fn a_second_metadata_partition_is_refused() {
    let image = made("metadata partitions", 2);
    let disc = RecordedDisc::open(disc_of(&image)).unwrap();
    let error = disc.volume(FileSystems::UDF).unwrap_err();
    assert_eq!(
        error.to_string(),
        "UDF at block 33: the logical volume has more than one metadata partition"
    );
    let image = made("metadata partitions", 1);
    let disc = RecordedDisc::open(disc_of(&image)).unwrap();
    assert_eq!(walked(&disc, FileSystems::UDF).0, ["/file"]);
}

/// What maps, directories and files keep is counted in the memory that reading may take.
#[test]
fn lists_of_extents_are_counted_in_memory() {
    let open = |kind, memory| {
        let image = made(kind, 40);
        let options = ImportOptions::new().memory(memory);
        RecordedDisc::open_with(disc_of(&image), &options).unwrap()
    };
    let many = "a metadata partition of many extents";
    let refused = open(many, 200 << 10).volume(FileSystems::UDF).unwrap_err();
    assert!(matches!(refused, Error::ImportMemory(_)), "{refused}");
    assert_eq!(walked(&open(many, 2 << 20), FileSystems::UDF).0, ["/file"]);

    // Items keep what was counted for them as long as they live.
    let disc = open("files of very many extents", 1 << 20);
    let volume = disc.volume(FileSystems::UDF).unwrap();
    let mut kept = Vec::new();
    let refused = volume.walk().find_map(|item| match item {
        Ok(item) => {
            kept.push(item);
            None
        }
        Err(Error::ReadItem { source, .. }) => Some(source),
        Err(error) => panic!("{error}"),
    });
    assert!(matches!(*refused.unwrap(), Error::ImportMemory(_)));
    assert!((2..10).contains(&kept.len()), "{}", kept.len());
    kept.clear();
    assert!(volume.walk().take(50).all(|item| item.is_ok()));
}

/// What other changes of such images can do.
#[test]
fn changed_hostile_images_take_no_more() {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % limit as u64) as usize
    };
    for (name, make, size) in hostile::kinds() {
        let image = make(size.div_ceil(8));
        let blocks = image.kept();
        for round in 0..cases(4) {
            let mut image = image.clone();
            for _ in 0..=below(6) {
                let value = [0, 1, 2, 3, 0x40, 0x80, 0xFE, 0xFF][below(8)];
                let (at, len) = (below(BLOCK), 1 + below(4));
                image.change(blocks[below(blocks.len())], |block| {
                    let end = block.len().min(at + len);
                    block[at..end].fill(value);
                    if udf::is_descriptor(block) {
                        udf::seal(block);
                    }
                });
            }
            let limit = work(image.len());
            let taken = taken(image);
            let all = taken.read.max(taken.text).max(64 * taken.items);
            assert!(
                all <= taken.operations * limit,
                "{name}, {round}: {taken:?}"
            );
        }
    }
}

/// An image of a few kilobytes can be one of terabytes, most of which are holes.
#[cfg(target_os = "linux")]
#[test]
fn an_image_of_holes_is_not_read_for_hours() {
    use imapi2fs::FileDisc;

    let image = made("a directory of nothing", 1);
    let file = tempfile::NamedTempFile::new().unwrap();
    image.write_to(file.as_file());
    file.as_file().set_len(1 << 40).unwrap();
    let disc = FileDisc::open(file.path()).unwrap();
    assert_eq!(disc.total_bytes(), 1 << 40);
    assert!(disc.stored_bytes() <= 1 << 20, "{}", disc.stored_bytes());
}

/// What a process that lists an image takes, as the system sees it: at most the budget and 64 MB.
#[cfg(target_os = "linux")]
#[test]
fn memory_stays_below_its_limit_as_the_system_sees_it() {
    use std::{env, fs, str};

    use imapi2fs::FileDisc;

    use crate::support::host::this_test;

    const IMAGE: &str = "IMAPI2FS_TEST_LIST_IMAGE";
    const BUDGET: u64 = 16 << 20;
    if let Ok(image) = env::var(IMAGE) {
        let options = ImportOptions::new().memory(BUDGET);
        if let Ok(disc) = RecordedDisc::open_with(FileDisc::open(image).unwrap(), &options) {
            for file_system in disc.file_systems() {
                let volume = disc.volume(file_system);
                let count = volume.map_or(0, |volume| volume.walk().count());
                println!("{count} items");
            }
        }
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find(|line| line.starts_with("VmHWM:"));
        println!("{}", peak.unwrap());
        return;
    }
    let kinds = [
        ("a metadata partition of many extents", 1500),
        ("files of very many extents", 1500),
        ("directories of extents of one byte", 16),
        ("files that share named streams", 150),
        ("tables of moved packets", 100),
        ("candidates for a virtual allocation table", 100),
        ("files of all blocks of a virtual partition", 200),
        ("directories of long names in each other, and files", 200),
        ("directories of short names in each other, and files", 1000),
        ("sessions that share one directory", 16),
        ("a file of very many sections", 2000),
    ];
    for (name, size) in kinds {
        let file = tempfile::NamedTempFile::new().unwrap();
        let image = made(name, size);
        image.write_sparse(file.as_file());
        drop(image);
        let mut command = this_test();
        command
            .args(["--exact", "--nocapture"])
            .env(IMAGE, file.path());
        command.arg("hostile::memory_stays_below_its_limit_as_the_system_sees_it");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{name}");
        let text = str::from_utf8(&output.stdout).unwrap();
        let (_, peak) = text.split_once("VmHWM:").unwrap();
        let peak = peak.split_whitespace().next().unwrap();
        let peak = peak.parse::<u64>().unwrap() << 10;
        assert!(peak < BUDGET + 64_000_000, "{name}: {peak}");
    }
}

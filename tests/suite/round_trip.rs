//! Whatever is built is imported as it was, from each of its file systems, and so is what is added to it later.

use std::collections::BTreeMap;
use std::io::{self, Cursor};

use imapi2fs::chrono::{DateTime, FixedOffset};
use imapi2fs::{
    Error, FileSystemImage, FileSystems, ImagePath, ImportOptions, InterchangeLevel, Item,
    MultisessionInterface, RandomWriteImage, ReaderDisc, RecordedDisc, RecordedItem, ResultImage,
    Timestamp, UdfRevision,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::append::{Bytes, bytes_of, disc, random_write, sequential, written};
use crate::progress::check_items;
use crate::support::bytes::{all, fnv1a};
use crate::support::random::{Seed, cases, file_systems, grown, levels, name, revisions, trees};
use crate::support::{Disc, UDF, at, check_disc, image_at};

/// What an item is, but for its name.
#[derive(Clone, Debug, PartialEq)]
struct Facts {
    /// Length and digest of a file's data, nothing for a directory.
    data: Option<(usize, u64)>,
    hidden: bool,
    real_time: bool,
    /// Modified, accessed, created; each with its zone.
    times: [(Timestamp, i16); 3],
    streams: BTreeMap<String, (usize, u64)>,
}

type Tree = BTreeMap<ImagePath, Facts>;

fn digest(bytes: &[u8]) -> (usize, u64) {
    (bytes.len(), fnv1a(bytes))
}

fn with_zone(time: Timestamp) -> (Timestamp, i16) {
    (time, time.zone_minutes())
}

/// The items of an image, as they are.
fn items(image: &FileSystemImage) -> Tree {
    let facts = |item: Item<'_>| Facts {
        data: item.data().ok().map(|data| digest(&all(data))),
        hidden: item.is_hidden(),
        real_time: item.is_real_time(),
        times: [
            item.last_modified_time(),
            item.last_accessed_time(),
            item.creation_time(),
        ]
        .map(with_zone),
        streams: item
            .named_streams()
            .map(|stream| (stream.name().into(), digest(&all(stream.data().unwrap()))))
            .collect(),
    };
    let items = image.root().descendants();
    items.map(|item| (item.full_path(), facts(item))).collect()
}

/// The items of a session of a disc, the last one unless a number is given.
fn recorded(bytes: &[u8], file_system: FileSystems, session: Option<usize>) -> Tree {
    let options = ImportOptions::new();
    let options = match session {
        Some(number) => options.session(number),
        None => options,
    };
    let disc = RecordedDisc::open_with(disc(bytes), &options).unwrap();
    let volume = disc.volume(file_system).unwrap();
    let data = |item: &RecordedItem| item.data().ok().map(|data| digest(&all(data)));
    let items = volume.walk().map(|item| {
        let item = item.unwrap();
        let modified = item.last_modified_time().unwrap();
        let facts = Facts {
            data: data(&item),
            hidden: item.is_hidden(),
            real_time: item.is_real_time(),
            times: [
                modified,
                item.last_accessed_time().unwrap_or(modified),
                item.creation_time().unwrap_or(modified),
            ]
            .map(with_zone),
            streams: item
                .streams()
                .map(|stream| (stream.name().to_owned(), data(&stream).unwrap()))
                .collect(),
        };
        (item.path(), facts)
    });
    let items = items.collect();
    assert_eq!(volume.findings(), []);
    items
}

/// What a file system has of a time: whole seconds of the years 1900 to 2155 and zones of quarters of an hour, or
/// microseconds in UDF.
fn rounded(time: Timestamp, file_system: FileSystems) -> (Timestamp, i16) {
    let nanos = match file_system {
        UDF => time.subsecond_nanos() / 1000 * 1000,
        _ => 0,
    };
    let whole = DateTime::from_timestamp(time.unix_seconds(), nanos).unwrap();
    let zone = time.zone_minutes();
    if file_system == UDF {
        return (whole.into(), zone);
    }
    let zone = if zone % 15 == 0 && (-720..=780).contains(&zone) {
        zone
    } else {
        0
    };
    let offset = FixedOffset::east_opt(i32::from(zone) * 60).unwrap();
    let year = whole.with_timezone(&offset).format("%Y").to_string();
    match year.parse::<i32>().unwrap() {
        ..1900 => (at("1900-01-01T00:00:00Z"), 0),
        2156.. => (at("2155-12-31T23:59:59Z"), 0),
        _ => (whole.into(), zone),
    }
}

/// What one file system of an image is to have.
fn expected(image: &FileSystemImage, file_system: FileSystems) -> Tree {
    let has = |minimum| file_system == UDF && image.udf_revision() >= minimum;
    let paths = image.root().descendants();
    let paths = paths.map(|item| item.file_system_path(file_system).unwrap());
    let mut tree = Tree::new();
    for ((path, facts), renamed) in items_in_order(image).into_iter().zip(paths) {
        let [modified, accessed, created] = facts.times.map(|(time, _)| rounded(time, file_system));
        let accessed = if file_system == UDF {
            accessed
        } else {
            modified
        };
        let created = if has(UdfRevision::V2_00) {
            created
        } else {
            modified
        };
        let mut streams = BTreeMap::new();
        if has(UdfRevision::V2_00) {
            for stream in image.item(&path).unwrap().named_streams() {
                let data = facts.streams[stream.name()];
                streams.insert(stream.file_system_name(UDF).unwrap(), data);
            }
        }
        let facts = Facts {
            real_time: facts.real_time && has(UdfRevision::V2_01),
            times: [modified, accessed, created],
            streams,
            ..facts
        };
        assert!(tree.insert(renamed, facts).is_none(), "a name used twice");
    }
    tree
}

fn items_in_order(image: &FileSystemImage) -> Vec<(ImagePath, Facts)> {
    let mut items = items(image);
    let order = image.root().descendants().map(|item| item.full_path());
    order
        .map(|path| {
            let facts = items.remove(&path).unwrap();
            (path, facts)
        })
        .collect()
}

/// What all file systems of an image are to have.
fn all_expected(image: &FileSystemImage) -> Vec<(FileSystems, Tree)> {
    let file_systems = image.file_systems_to_create();
    file_systems
        .iter()
        .map(|one| (one, expected(image, one)))
        .collect()
}

#[track_caller]
fn same(found: &Tree, expected: &Tree, what: &str) {
    for (path, facts) in expected {
        assert_eq!(found.get(path), Some(facts), "{what}: {path}");
    }
    for path in found.keys() {
        assert!(
            expected.contains_key(path),
            "{what}: {path} is not expected"
        );
    }
}

/// A kind of image, with a tree to be.
#[derive(Clone, Debug)]
struct Start {
    seeds: Vec<Seed>,
    file_systems: FileSystems,
    level: InterchangeLevel,
    revision: UdfRevision,
    redundant: bool,
    embed: bool,
}

fn starts() -> impl Strategy<Value = Start> {
    let flags = prop::bool::weighted(0.2);
    (trees(), file_systems(), levels(), revisions(), flags).prop_map(
        |(seeds, file_systems, level, (revision, redundant), embed)| Start {
            seeds,
            file_systems,
            level,
            revision,
            redundant,
            embed,
        },
    )
}

impl Start {
    fn image(&self) -> FileSystemImage {
        let (mut image, _) = grown(&self.seeds, self.file_systems, self.level);
        image.set_udf_revision(self.revision).unwrap();
        image.set_create_redundant_udf_metadata_files(self.redundant);
        image.set_embed_small_files(self.embed);
        let paths = image.root().descendants().map(|item| item.full_path());
        let paths: Vec<_> = paths.collect();
        for (number, path) in (0..).zip(paths) {
            let mut item = image.item_mut(path).unwrap();
            // Times of all precisions and zones; some long before there were any discs.
            let seconds = item.item().last_modified_time().unix_seconds();
            let time = |seconds: i64, nanos: u32, zone: i32| {
                let zone = FixedOffset::east_opt(zone * 60).unwrap();
                let time = DateTime::from_timestamp(seconds, nanos).unwrap();
                Timestamp::from(time.with_timezone(&zone))
            };
            let zone = [0, 60, -345, 7, 780, -719][number as usize % 6];
            let modified = time(seconds, number * 1_234_567 % 1_000_000_000, zone);
            let accessed = time(seconds * 3 / 2 + 1, 999_999_900, zone);
            let created = time(seconds - 10_000_000_000, number * 100, 0);
            item.set_last_modified_time(modified).unwrap();
            item.set_last_accessed_time(accessed).unwrap();
            item.set_creation_time(created).unwrap();
            if !item.item().is_directory() && number % 5 == 0 {
                item.set_is_real_time(true).unwrap();
            }
        }
        image
    }

    /// An image with what one file system of a disc has.
    fn imported(
        &self,
        interface: MultisessionInterface,
        file_system: FileSystems,
    ) -> FileSystemImage {
        let mut image = image_at(FileSystems::all(), self.level);
        image.set_create_redundant_udf_metadata_files(self.redundant);
        image.set_embed_small_files(self.embed);
        image.set_multisession_interfaces(vec![interface]).unwrap();
        let summary = image.import_specific_file_system(file_system).unwrap();
        assert_eq!(summary.left_out, []);
        assert_eq!(summary.files, u64::from(image.file_count()));
        assert_eq!(summary.directories, u64::from(image.directory_count()));
        assert_eq!(image.file_systems_to_create(), self.file_systems);
        if self.file_systems.contains(UDF) {
            assert_eq!(image.udf_revision(), self.revision);
        }
        image
    }
}

#[derive(Clone, Debug)]
enum Change {
    AddFile(usize),
    AddDirectory,
    Replace(usize),
    Remove,
    RemoveTree,
    AddStream(usize),
}

/// A change, the item it concerns, and a name.
type Edit = (Change, Index, String);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let change = prop_oneof![
        3 => (0..6000_usize).prop_map(Change::AddFile),
        2 => Just(Change::AddDirectory),
        2 => (0..6000_usize).prop_map(Change::Replace),
        2 => Just(Change::Remove),
        1 => Just(Change::RemoveTree),
        2 => (0..3000_usize).prop_map(Change::AddStream),
    ];
    vec((change, any::<Index>(), name()), 0..8)
}

fn edit(image: &mut FileSystemImage, (change, place, name): &Edit) {
    let all: Vec<_> = image
        .root()
        .descendants()
        .map(|item| (item.full_path(), item.is_directory()))
        .collect();
    let of_kind = |directory| {
        let of_kind = all.iter().filter(|(_, is_one)| *is_one == directory);
        of_kind.map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    let mut directories = of_kind(true);
    let files = of_kind(false);
    let new = |len: usize| vec![len as u8 ^ 0x5A; len];
    match change {
        Change::AddFile(_) | Change::AddDirectory => {
            // As deep as any interchange level allows.
            directories.retain(|path| path.components().len() < 6);
            directories.push(ImagePath::root());
            let path = place.get(&directories).join(name);
            if all.iter().any(|(other, _)| *other == path) {
                return;
            }
            if let Change::AddFile(len) = change {
                image.root_mut().add_file(path, new(*len)).unwrap();
            } else {
                image.root_mut().add_directory(path).unwrap();
            }
        }
        Change::RemoveTree if !directories.is_empty() => {
            let path = place.get(&directories);
            image.root_mut().remove_tree(path).unwrap();
        }
        _ if files.is_empty() => {}
        Change::Replace(len) => {
            let path = place.get(&files);
            image.root_mut().remove(path).unwrap();
            image.root_mut().add_file(path, new(*len)).unwrap();
        }
        Change::Remove => image.root_mut().remove(place.get(&files)).unwrap(),
        Change::AddStream(len) => {
            let mut item = image.item_mut(place.get(&files)).unwrap();
            if item.item().named_stream(name).is_err() {
                item.add_stream(name, new(*len)).unwrap();
            }
        }
        Change::RemoveTree => {}
    }
}

/// Looks whether an image is the same however it is read.
fn check_result(result: &ResultImage, reads: &[(Index, usize)]) {
    let whole = all(result.image_stream());
    assert_eq!(whole.len() as u64, result.len());
    for (offset, len) in reads {
        let offset = offset.index(whole.len());
        let len = (*len).min(whole.len() - offset);
        let mut part = vec![0xAA; len];
        assert_eq!(result.read_at(offset as u64, &mut part).unwrap(), len);
        assert!(part == whole[offset..offset + len], "{len} at {offset}");
    }
}

/// Continues an image by sessions of changes.
fn go_on(
    start: &Start,
    sessions: &[(Vec<Edit>, Index)],
    interface: fn(&[u8]) -> MultisessionInterface,
    reads: &[(Index, usize)],
) {
    let first = start.image();
    let mut bytes: Bytes = bytes_of(&first);
    let mut trees = vec![all_expected(&first)];
    for (edits, from) in sessions {
        let (from, before) = from.get(trees.last().unwrap()).clone();
        let mut image = start.imported(interface(&bytes), from);
        same(&items(&image), &before, "imported");
        let point = image.change_point();
        for one in edits {
            edit(&mut image, one);
        }
        let changed = items(&image);
        image.rollback_to_change_point(point).unwrap();
        same(&items(&image), &before, "rolled back");
        for one in edits {
            edit(&mut image, one);
        }
        same(&items(&image), &changed, "changed again");
        let result = image.create_result_image().unwrap();
        check_result(&result, reads);
        let disc = Disc::continuing(&image, &bytes);
        check_items(&disc);
        check_disc(&image, &disc);
        let session_start = image.session_start_block();
        let new = written(&bytes, &result);
        if let Some(ranges) = result.modified_blocks() {
            assert!(new == all(result.image_stream()), "all changes are listed");
            let mut new = ranges.iter().map(|range| *range.start());
            assert!(new.clone().any(|first| first == session_start));
            // An anchor may have been at block 512.
            assert!(new.all(|first| first >= session_start || first <= 256 || first == 512));
            assert!(session_start as usize * 2048 >= bytes.len());
        } else {
            assert!(new[..bytes.len()] == bytes, "what is there stays");
            for (number, earlier) in trees.iter().enumerate() {
                for (file_system, tree) in earlier {
                    let what = format!("session {number}, {file_system}");
                    same(&recorded(&new, *file_system, Some(number)), tree, &what);
                }
            }
        }
        bytes = new;
        trees.push(all_expected(&image));
        for (file_system, tree) in trees.last().unwrap() {
            let what = format!("appended from {from}, {file_system}");
            same(&recorded(&bytes, *file_system, None), tree, &what);
            let again = start.imported(interface(&bytes), *file_system);
            same(&items(&again), tree, &what);
        }
    }
}

/// A disc that is written in units of several blocks.
struct InUnits(ReaderDisc<Cursor<Bytes>>);

impl imapi2fs::Disc for InUnits {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.0.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.0.total_blocks()
    }

    fn free_blocks(&self) -> u32 {
        self.0.free_blocks()
    }

    fn write_unit(&self) -> u32 {
        16
    }
}

fn random_write_in_units(bytes: &[u8]) -> MultisessionInterface {
    MultisessionInterface::random_write(RandomWriteImage::new(InUnits(disc(bytes))))
}

fn reads() -> impl Strategy<Value = Vec<(Index, usize)>> {
    vec((any::<Index>(), 0..20_000_usize), 10)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(if cfg!(debug_assertions) { 24 } else { 100 }),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Each file system is imported with what it can hold of the tree, and nothing else.
    #[test]
    fn what_was_built_is_imported(start in starts()) {
        let image = start.image();
        let bytes = bytes_of(&image);
        for (file_system, tree) in all_expected(&image) {
            same(&recorded(&bytes, file_system, None), &tree, "recorded");
            for interface in [sequential, random_write] {
                let imported = start.imported(interface(&bytes), file_system);
                same(&items(&imported), &tree, "imported");
            }
        }
    }

    /// An image gets what it lacks; what is a file in one and a directory in the other cannot be.
    #[test]
    fn imports_are_merged(start in starts(), others in trees(), from in any::<Index>()) {
        let bytes = bytes_of(&start.image());
        let trees = all_expected(&start.image());
        let (file_system, mut merged) = from.get(&trees).clone();
        let (mut image, _) = grown(&others, FileSystems::all(), start.level);
        image.set_multisession_interfaces(vec![sequential(&bytes)]).unwrap();
        let before = items(&image);
        let collides = |(path, facts): (&ImagePath, &Facts)| {
            let other = merged.get(path);
            other.is_some_and(|other| other.data.is_some() != facts.data.is_some())
        };
        let collides = before.iter().any(collides);
        let result = image.import_specific_file_system(file_system);
        if collides {
            let collision = matches!(result, Err(Error::ImportTypeCollision { .. }));
            prop_assert!(collision, "{:?}", result);
            same(&items(&image), &before, "not imported");
        } else {
            let hidden = merged.iter().filter(|(path, facts)| {
                facts.data.is_some() && before.contains_key(path)
            });
            prop_assert_eq!(result.unwrap().left_out.len(), hidden.count());
            merged.extend(before);
            same(&items(&image), &merged, "merged");
            check_disc(&image, &Disc::continuing(&image, &bytes));
        }
    }

    #[test]
    fn sequential_sessions_go_on(
        start in starts(),
        sessions in vec((edits(), any::<Index>()), 1..=3),
        reads in reads(),
    ) {
        go_on(&start, &sessions, sequential, &reads);
    }

    #[test]
    fn sessions_written_at_random_go_on(
        start in starts(),
        sessions in vec((edits(), any::<Index>()), 1..=3),
        reads in reads(),
        in_units in any::<bool>(),
    ) {
        let interface = if in_units { random_write_in_units } else { random_write };
        go_on(&start, &sessions, interface, &reads);
    }
}

//! Trees at random, for properties that all trees have.

use std::collections::BTreeMap;

use imapi2fs::{FileSystemImage, FileSystems, ImagePath, InterchangeLevel, Timestamp, UdfRevision};
use proptest::collection::vec;
use proptest::prelude::*;

use super::image_at;

/// How many trees are tried: fewer on a machine that is emulated.
pub(crate) const fn cases(cases: u32) -> u32 {
    if cfg!(target_endian = "big") {
        cases.div_ceil(8)
    } else {
        cases
    }
}

/// An item to be: which of the directories before holds it, and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    parent: usize,
    name: String,
    /// Length of a file, nothing for a directory.
    len: Option<usize>,
    hidden: bool,
    seconds: i64,
    /// A named stream of a file: its name and its length.
    stream: Option<(String, usize)>,
}

/// Items by path: a file's data, nothing for a directory.
pub(crate) type Model = BTreeMap<ImagePath, Option<Vec<u8>>>;

pub(crate) fn name() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        4 => "[a-zA-Z0-9_]{1,8}(\\.[a-z]{1,3})?",
        // Names that collide in one file system or another.
        4 => "[aAbB:?*]{1,3}\\.?[aAbB]{0,2}",
        2 => "[a-z .,;'~!\\\\-]{1,20}",
        2 => "[xy]{60,130}(\\.(html|tar\\.gz))?",
        1 => "[a-zа-я🎉éß]{1,40}",
        1 => "\\PC{1,6}",
    ];
    name.prop_filter("a name that can be", |name| {
        name != "." && name != ".." && !name.contains(['/', '\0'])
    })
}

fn seed() -> impl Strategy<Value = Seed> {
    let len = prop_oneof![
        3 => Just(None),
        1 => Just(Some(0)),
        3 => (0..6000_usize).prop_map(Some),
        1 => prop::sample::select(vec![1, 2047, 2048, 2049, 4096]).prop_map(Some),
    ];
    let seconds = -3_000_000_000_i64..5_000_000_000;
    let stream = prop::option::weighted(0.2, (name(), 0..5000_usize));
    (
        any::<prop::sample::Index>(),
        name(),
        len,
        any::<bool>(),
        seconds,
        stream,
    )
        .prop_map(|(parent, name, len, hidden, seconds, stream)| Seed {
            parent: parent.index(1 << 16),
            name,
            len,
            hidden,
            seconds,
            stream,
        })
}

/// Trees of a few dozen items.
pub(crate) fn trees() -> impl Strategy<Value = Vec<Seed>> {
    vec(seed(), 0..40)
}

pub(crate) fn file_systems() -> impl Strategy<Value = FileSystems> {
    prop::sample::select(super::masks().to_vec())
}

pub(crate) fn levels() -> impl Strategy<Value = InterchangeLevel> {
    prop::sample::select(super::LEVELS.to_vec())
}

/// Revisions of UDF, with the metadata recorded twice or not.
pub(crate) fn revisions() -> impl Strategy<Value = (UdfRevision, bool)> {
    (prop::sample::select(UdfRevision::ALL), any::<bool>())
}

/// Bytes that tell files and places in them apart.
fn data(number: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|at| (at * 7 + at / 251 + number * 13 + 1) as u8)
        .collect()
}

/// The items that grow from seeds; what has the name of another is left out, and nothing lies deeper than level 8.
pub(crate) fn model(seeds: &[Seed]) -> Vec<(ImagePath, Option<Vec<u8>>, bool, Timestamp)> {
    items(seeds).map(|(_, item)| item).collect()
}

type ItemToBe = (ImagePath, Option<Vec<u8>>, bool, Timestamp);

fn items(seeds: &[Seed]) -> impl Iterator<Item = (&Seed, ItemToBe)> {
    let mut directories = vec![ImagePath::root()];
    let mut taken = std::collections::BTreeSet::new();
    let mut items = Vec::new();
    for (number, seed) in seeds.iter().enumerate() {
        let path = directories[seed.parent % directories.len()].join(&seed.name);
        if !taken.insert(path.clone()) {
            continue;
        }
        let data = seed.len.map(|len| data(number, len));
        if data.is_none() && path.components().len() < 7 {
            directories.push(path.clone());
        }
        let time = Timestamp::from_unix(seed.seconds);
        items.push((seed, (path, data, seed.hidden, time)));
    }
    items.into_iter()
}

/// An image with the items of a model.
pub(crate) fn grown(
    seeds: &[Seed],
    file_systems: FileSystems,
    level: InterchangeLevel,
) -> (FileSystemImage, Model) {
    let mut image = image_at(file_systems, level);
    let mut expected = Model::new();
    for (seed, (path, data, hidden, time)) in items(seeds) {
        let root = image.root_mut();
        match &data {
            Some(data) => drop(root.add_file(&path, data.clone()).unwrap()),
            None => drop(root.add_directory(&path).unwrap()),
        }
        let mut item = image.item_mut(&path).unwrap();
        item.set_is_hidden(hidden);
        item.set_last_modified_time(time).unwrap();
        if let (Some((name, len)), Some(_)) = (&seed.stream, &data) {
            item.add_stream(name, vec![*len as u8; *len]).unwrap();
        }
        expected.insert(path, data);
    }
    (image, expected)
}

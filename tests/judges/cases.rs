//! Which images are made.

use imapi2fs::{FileSystems, InterchangeLevel};

use crate::case::Settings;
use crate::trees::{self, Tree};

/// The combinations IMAPI2 accepts.
const FILE_SYSTEMS: [FileSystems; 5] = [
    FileSystems::ISO9660,
    FileSystems::ISO9660.union(FileSystems::JOLIET),
    FileSystems::UDF,
    FileSystems::ISO9660.union(FileSystems::UDF),
    FileSystems::all(),
];

const LEVELS: [InterchangeLevel; 3] = [
    InterchangeLevel::One,
    InterchangeLevel::Two,
    InterchangeLevel::Three,
];

/// Every case if `full`, else a selection in which any two of tree, file systems and level meet.
pub(crate) fn all(full: bool) -> Vec<Settings> {
    let mut cases = Vec::new();
    for (number, tree) in trees::QUICK.iter().enumerate() {
        if full {
            cases.extend(every(tree));
        } else {
            cases.extend(pairwise(tree, number));
        }
    }
    for tree in trees::QUICK {
        cases.extend(strict(tree).filter(|settings| full || settings.has(FileSystems::all())));
    }
    let slow = [
        &trees::MANY_FILES,
        &trees::MOST_DIRECTORIES,
        &trees::MANY_DIRECTORIES,
        &trees::LARGE_FILE,
    ];
    for tree in slow.into_iter().chain(trees::ENDLESS) {
        cases.extend(every(tree).filter(|settings| full || is_fast(settings)));
    }
    if full {
        cases.extend(every(&trees::REAL));
    }
    cases
}

fn every(tree: &'static Tree) -> impl Iterator<Item = Settings> {
    FILE_SYSTEMS.into_iter().flat_map(move |file_systems| {
        LEVELS.into_iter().map(move |level| Settings {
            tree,
            file_systems,
            level,
            strict: false,
        })
    })
}

/// The levels take turns, in another order for each tree.
fn pairwise(tree: &'static Tree, number: usize) -> impl Iterator<Item = Settings> {
    FILE_SYSTEMS
        .into_iter()
        .enumerate()
        .map(move |(at, file_systems)| {
            let level = LEVELS[(at + number) % LEVELS.len()];
            Settings {
                tree,
                file_systems,
                level,
                strict: false,
            }
        })
}

/// Level 3 is not to be had when strict.
fn strict(tree: &'static Tree) -> impl Iterator<Item = Settings> {
    FILE_SYSTEMS.into_iter().flat_map(move |file_systems| {
        [InterchangeLevel::One, InterchangeLevel::Two].map(|level| Settings {
            tree,
            file_systems,
            level,
            strict: true,
        })
    })
}

/// Of the slow trees, what takes but seconds.
fn is_fast(settings: &Settings) -> bool {
    let bridge = settings.has(FileSystems::all()) && settings.level == InterchangeLevel::Three;
    match settings.tree.name {
        name if name == trees::LARGE_FILE.name => bridge || settings.refusal().is_some(),
        name if name == trees::MANY_DIRECTORIES.name || name == trees::MOST_DIRECTORIES.name => {
            false
        }
        _ => bridge,
    }
}

//! Which images are made.

use imapi2fs::{FileSystems, InterchangeLevel, UdfRevision};

use crate::case::{Appended, Files, Settings};
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

const KINDS: [Files; 4] = [
    Files::Plain,
    Files::RealTime,
    Files::WithStreams,
    Files::Embedded,
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
    for (number, tree) in trees::QUICK.iter().enumerate() {
        cases.extend(revisions(tree, number, full));
    }
    cases.extend(features(full));
    cases.extend(appended(full));
    let bridge = |settings: &Settings| {
        settings.has(FileSystems::all()) && settings.level == InterchangeLevel::Three
    };
    let refused = |settings: &Settings| settings.refusal().is_some();
    cases.extend(every(&trees::LARGE_FILE).filter(|case| full || bridge(case) || refused(case)));
    for tree in trees::ENDLESS {
        cases.extend(every(tree).filter(|case| full || bridge(case)));
    }
    if full {
        let slow = [&trees::MANY_FILES, &trees::MANY_DIRECTORIES, &trees::REAL];
        cases.extend(slow.into_iter().flat_map(every));
        cases.extend(pairwise(&trees::MOST_DIRECTORIES, 0));
    } else {
        cases.extend(every(&trees::SOME_FILES).filter(bridge));
        cases.extend(every(&trees::MANY_DIRECTORIES).filter(refused).take(1));
    }
    cases
}

pub(crate) fn is_quick(tree: &Tree) -> bool {
    trees::QUICK.iter().any(|quick| quick.name == tree.name)
}

fn every(tree: &'static Tree) -> impl Iterator<Item = Settings> {
    FILE_SYSTEMS.into_iter().flat_map(move |file_systems| {
        let settings = move |level| Settings::new(tree, file_systems, level);
        LEVELS.into_iter().map(settings)
    })
}

/// The levels take turns, in another order for each tree.
fn pairwise(tree: &'static Tree, number: usize) -> impl Iterator<Item = Settings> {
    FILE_SYSTEMS
        .into_iter()
        .enumerate()
        .map(move |(at, file_systems)| {
            let level = LEVELS[(at + number) % LEVELS.len()];
            Settings::new(tree, file_systems, level)
        })
}

/// Level 3 is not to be had when strict.
fn strict(tree: &'static Tree) -> impl Iterator<Item = Settings> {
    FILE_SYSTEMS.into_iter().flat_map(move |file_systems| {
        [InterchangeLevel::One, InterchangeLevel::Two].map(|level| Settings {
            strict: true,
            ..Settings::new(tree, file_systems, level)
        })
    })
}

/// Files of every kind in every revision, alone and in a bridge, with its metadata once and twice: all, or a selection in
/// which any two of these meet.
fn features(full: bool) -> Vec<Settings> {
    let mut cases = Vec::new();
    for (at, &revision) in UdfRevision::ALL.iter().enumerate() {
        for (kind, files) in KINDS.into_iter().enumerate() {
            for (place, file_systems) in [FileSystems::UDF, FileSystems::all()]
                .into_iter()
                .enumerate()
            {
                for redundant in [true, false] {
                    let embedded = files == Files::Embedded;
                    let has_none = embedded && file_systems != FileSystems::UDF
                        || !redundant && revision < UdfRevision::V2_50;
                    let in_turn = (embedded || (at + kind) % 2 == place)
                        && (revision < UdfRevision::V2_50
                            || ((at + kind / 2) % 2 == 0) == redundant);
                    if !has_none && (full || in_turn) {
                        cases.push(Settings {
                            revision,
                            redundant,
                            files,
                            ..Settings::new(&trees::FEATURES, file_systems, InterchangeLevel::Three)
                        });
                    }
                }
            }
        }
    }
    cases
}

/// Images that were continued, of every revision: names that UDF keeps are all there.
fn appended(full: bool) -> impl Iterator<Item = Settings> {
    let trees = trees::QUICK
        .iter()
        .filter(|tree| ["mixed", "unicode", "collisions", "deep"].contains(&tree.name));
    let cases = trees.flat_map(|tree| {
        UdfRevision::ALL.iter().flat_map(move |&revision| {
            [FileSystems::UDF, FileSystems::all()]
                .into_iter()
                .flat_map(move |file_systems| {
                    [Appended::RandomWrite, Appended::Sequential].map(|how| Settings {
                        revision,
                        appended: Some(how),
                        ..Settings::new(tree, file_systems, InterchangeLevel::Three)
                    })
                })
        })
    });
    // One in seven, which meets every tree, every revision, both sets of file systems and both ways.
    cases.step_by(if full { 1 } else { 7 })
}

/// The later revisions of UDF, alone and beside all others, with their metadata once and twice: all, or two of them,
/// which are other ones for the next tree.
fn revisions(tree: &'static Tree, number: usize, full: bool) -> Vec<Settings> {
    let mut cases = Vec::new();
    let revisions = &UdfRevision::ALL[1..];
    for (at, &revision) in revisions.iter().enumerate() {
        for (file_systems, turn) in [(FileSystems::UDF, 0), (FileSystems::all(), 2)] {
            let selected = (number + turn) % revisions.len() == at;
            let copies: &[bool] = match revision >= UdfRevision::V2_50 {
                _ if !full && !selected => &[],
                true => &[true, false],
                false => &[true],
            };
            // What a revision does not have is left out.
            for &redundant in copies {
                cases.push(Settings {
                    revision,
                    redundant,
                    files: KINDS[(number + at) % KINDS.len()],
                    ..Settings::new(tree, file_systems, InterchangeLevel::Three)
                });
            }
        }
    }
    cases
}

//! Checks that the file systems of a disc show the same files, because all are made anew from one of them.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use hashbrown::HashSet;

use crate::error::{ContinueProblem, Error, Result};
use crate::file_systems::FileSystems;
use crate::import::{RecordedDisc, RecordedItem, RecordedKind, RecordedVolume};

/// The memory needed to remember where a file's data is, including the spare room of the set.
const REMEMBERED: u64 = 40;

/// The beginning of data that has no place of its own.
const NOWHERE: u64 = u64::MAX;

/// The data of files, identified by its first byte on the disc and its length.
type Places = HashSet<(u64, u64)>;

/// The number of files, by kind.
#[derive(Default)]
struct Count {
    with_data: u64,
    empty: u64,
    /// Links and devices, which some programs record as empty files where there is no Rock Ridge.
    special: u64,
}

impl Count {
    fn agrees(&self, other: &Self) -> bool {
        let most = |count: &Self| count.empty.saturating_add(count.special);
        self.with_data == other.with_data && self.empty <= most(other) && other.empty <= most(self)
    }
}

/// Refuses a disc where one of the `others` has files that `imported` lacks, or a different number of them.
///
/// Names do not matter, because each file system has its own.
pub(super) fn check(disc: &RecordedDisc, imported: FileSystems, others: FileSystems) -> Result<()> {
    if others.is_empty() {
        return Ok(());
    }
    let mut places = Places::new();
    let checked = compare(disc, imported, others, &mut places);
    let kept = places.len() as u64;
    disc.blocks().release(kept.saturating_mul(REMEMBERED));
    checked
}

fn compare(
    disc: &RecordedDisc,
    imported: FileSystems,
    others: FileSystems,
    places: &mut Places,
) -> Result<()> {
    let count = each_file(&disc.volume(imported)?, |place| {
        if !places.contains(&place) {
            disc.blocks().charge(REMEMBERED)?;
            places.insert(place);
        }
        Ok(())
    })?;
    for other in others {
        let volume = match disc.volume(other) {
            Ok(volume) => volume,
            // A file system that cannot be read has nothing to lose.
            Err(Error::Corrupt(_) | Error::UnsupportedFeature(_)) => continue,
            Err(error) => return Err(error),
        };
        let mut all_there = true;
        let other_count = each_file(&volume, |place| {
            all_there &= places.contains(&place);
            Ok(())
        })?;
        if !all_there || !count.agrees(&other_count) {
            let problem = ContinueProblem::DifferentFiles {
                file_systems: imported.union(other),
            };
            return Err(Error::IncompatiblePreviousSession { problem });
        }
    }
    Ok(())
}

/// Calls `then` with the place of each file's data, if it has any; returns the number of files.
fn each_file(
    volume: &RecordedVolume,
    mut then: impl FnMut((u64, u64)) -> Result<()>,
) -> Result<Count> {
    let mut count = Count::default();
    for item in volume.walk() {
        let item = item?;
        let counted = match item.kind() {
            RecordedKind::Directory => continue,
            RecordedKind::File | RecordedKind::Encoded(_) if item.len() > 0 => {
                then(place(&item))?;
                &mut count.with_data
            }
            RecordedKind::File | RecordedKind::Encoded(_) => &mut count.empty,
            RecordedKind::SymbolicLink { .. } | RecordedKind::Special(_) => &mut count.special,
        };
        *counted = counted.saturating_add(1);
    }
    Ok(count)
}

fn place(item: &RecordedItem) -> (u64, u64) {
    let first = item.extents().next().and_then(|extent| extent.offset);
    (first.unwrap_or(NOWHERE), item.len())
}

//! The properties of a disc's writer that its names and files show, so that an image that continues it names them
//! alike.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InterchangeLevel};
use crate::import::{RecordedDisc, RecordedItem};
use crate::iso9660::{self, Relaxed};
use crate::joliet;
use crate::recorded::{Entry, EntryKind};

/// The properties shown by the names and files so far.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The lowest level of ISO 9660 that allows everything recorded there, if there is ISO 9660.
    needed: Option<InterchangeLevel>,
    relaxed: Relaxed,
    /// The length of the longest Joliet name, in UTF-16 code units.
    joliet: usize,
    /// The length of the longest imported name, whatever file system it is from.
    imported: usize,
    /// Whether an imported name is longer at level 2 than at level 1.
    is_cut_at_level_1: bool,
}

impl Shown {
    /// Examines the trees of ISO 9660 and Joliet, whichever of these file systems the disc has. Unreadable parts show
    /// nothing.
    pub(super) fn on(disc: &RecordedDisc, file_systems: FileSystems) -> Result<Self> {
        let mut shown = Self::default();
        if file_systems.contains(FileSystems::ISO9660) {
            shown.needed = Some(InterchangeLevel::One);
            each(disc, FileSystems::ISO9660, |item, level| {
                shown.iso9660(item, level);
            })?;
        }
        if file_systems.contains(FileSystems::JOLIET) {
            each(disc, FileSystems::JOLIET, |item, _| {
                shown.joliet = shown.joliet.max(units(item.name()));
            })?;
        }
        Ok(shown)
    }

    fn iso9660(&mut self, item: &RecordedItem, level: usize) {
        let is_directory = item.is_directory();
        let needed = iso9660::level_of_name(item.name());
        self.needed = self.needed.max(Some(needed));
        self.relaxed.add(item.name(), is_directory);
        self.limits(is_directory, level, item.len());
    }

    /// Examines an imported item at `level` below the root.
    pub(super) fn imported(&mut self, entry: &Entry, level: usize) {
        let is_directory = entry.kind == EntryKind::Directory;
        let name = entry.name.as_str();
        self.imported = self.imported.max(units(name));
        self.is_cut_at_level_1 |= match is_directory {
            true => name.chars().nth(8).is_some(),
            false => iso9660::level_of_name(name) > InterchangeLevel::One,
        };
        let len = if is_directory { 0 } else { entry.len };
        self.limits(is_directory, level, len);
    }

    /// Checks for directories so deep, and files so large, that only level 3 allows them.
    fn limits(&mut self, is_directory: bool, level: usize, len: u64) {
        // The root is at level 1.
        let is_deep = is_directory && level >= iso9660::MAX_LEVEL as usize;
        if self.needed.is_some() && (is_deep || len > iso9660::MAX_FILE_LEN) {
            self.needed = Some(InterchangeLevel::Three);
        }
    }

    /// The level at which all names in ISO 9660 stay as they are on the disc; `None` if it makes no difference.
    pub(super) fn level(&self) -> Option<InterchangeLevel> {
        self.needed
            .filter(|needed| *needed > InterchangeLevel::One || self.is_cut_at_level_1)
    }

    pub(super) const fn relaxed(&self) -> Relaxed {
        self.relaxed
    }

    /// The length of the longest Joliet names, if it differs from the usual one.
    pub(super) fn joliet_limit(&self) -> Option<usize> {
        let limits = joliet::SHORTEST_LIMIT..=joliet::LONGEST_LIMIT;
        let limit = self.joliet.clamp(*limits.start(), *limits.end());
        let is_cut = self.joliet > 0 && self.imported > limit;
        (is_cut || self.joliet > joliet::USUAL_LIMIT).then_some(limit)
    }
}

fn units(name: &str) -> usize {
    name.encode_utf16().count()
}

/// Calls `then` for each item of a file system and its level, which is 1 in the root directory; for ISO 9660 with the
/// names from its records, not those of Rock Ridge.
fn each(
    disc: &RecordedDisc,
    file_system: FileSystems,
    mut then: impl FnMut(&RecordedItem, usize),
) -> Result<()> {
    let volume = match disc.plain_volume(file_system) {
        Ok(volume) => volume,
        Err(Error::Corrupt(_) | Error::UnsupportedFeature(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut walk = volume.walk();
    while let Some(item) = walk.next() {
        if let Ok(item) = item {
            then(&item, walk.level());
        }
    }
    Ok(())
}

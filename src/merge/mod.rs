//! Merging the files of a disc into the tree of an image, so that the image continues the disc.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod examine;
mod items;
mod next_session;
mod same_files;
mod shown;
mod summary;

use self::examine::examine;
use self::items::{Merge, Progress};
pub(crate) use self::next_session::{ChosenInterface, NextSession};
use self::shown::Shown;
pub use self::summary::{ImportLeftOut, ImportProgress, ImportSummary};
use crate::block::Lba;
use crate::draft::{Draft, Imported, Settings, VolumeNames};
use crate::error::{ContinueProblem, Error, Result};
use crate::file_systems::{FileSystems, InterchangeLevel};
use crate::finding::{Finding, Severity};
use crate::import::{RecordedDisc, RecordedVolume};

/// Checks that an image can continue a disc.
pub(crate) fn check_can_import(draft: &Draft) -> Result<()> {
    if draft.settings.imported.is_some() {
        return Err(Error::IncompatiblePreviousSession {
            problem: ContinueProblem::ImportedBefore,
        });
    }
    match draft.settings.boot_images[..] {
        [] => Ok(()),
        _ => Err(Error::BootObjectConflict),
    }
}

/// Whether an image can continue a file system of the disc.
pub(crate) fn can_continue(
    draft: &Draft,
    next: &NextSession,
    disc: &RecordedDisc,
    file_system: FileSystems,
) -> Result<bool> {
    let probed = disc
        .volume(file_system)
        .and_then(|_| examine(&draft.settings, next, disc, file_system));
    match probed {
        Ok(_) => Ok(true),
        Err(error @ Error::ReadDisc { .. }) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Imports the files of one file system of the session before the next one, so that the image continues the disc. After
/// an error nothing is changed.
pub(crate) fn import(
    draft: &mut Draft,
    next: &NextSession,
    disc: &RecordedDisc,
    file_system: FileSystems,
    progress: &mut Progress<'_>,
) -> Result<ImportSummary> {
    let volume = disc.volume(file_system)?;
    let (mut imported, start) = examine(&draft.settings, next, disc, file_system)?;
    volume.name().clone_into(&mut imported.volume_name);
    imported.volume_names = VolumeNames::of(disc, imported.file_systems);
    imported.disc_id = disc.identifier(&*next.disc, next.next)?;
    let old = draft.settings.clone();
    let free = next.total.saturating_sub(start.into());
    draft.settings.go_on(&imported, Lba(start), free);
    draft.transaction_since(old, |draft| {
        let mut shown = Shown::on(disc, imported.file_systems)?;
        draft.settings.take_over(&shown);
        draft.check_tree(&draft.settings)?;
        let totals = volume_totals(disc, file_system)?;
        let blocks = disc.blocks();
        let mut merge = Merge::new(draft, &blocks, file_system, totals, &mut shown, progress);
        if let Some(block) = imported.missing_boot_image {
            let boot_image = ImportLeftOut::BootImage { block };
            merge.summary.left_out.push(boot_image);
        }
        let mut walk = volume.walk();
        while let Some(item) = walk.next() {
            match item {
                Ok(item) => merge.item(&item, walk.level())?,
                Err(error) => merge.unreadable(error)?,
            }
        }
        refuse_doubtful(&volume)?;
        let mut summary = merge.finish()?;
        summary.interchange_level = shown.level();
        draft.settings.imported = Some(imported);
        draft.apply_naming();
        Ok(summary)
    })
}

/// Refuses doubtful data of a damaged disc: a session that continues it would make it look correct.
fn refuse_doubtful(volume: &RecordedVolume) -> Result<()> {
    let findings = volume.findings();
    let is_doubtful = |finding: &Finding| finding.severity() == Severity::Doubtful;
    match findings.into_iter().find(is_doubtful) {
        Some(finding) => Err(finding.into()),
        None => Ok(()),
    }
}

impl Settings {
    /// Continues where the disc ends, with the properties of its last session; `free` is the number of blocks left.
    fn go_on(&mut self, imported: &Imported, start: Lba, free: u64) {
        self.file_systems = imported.file_systems;
        if let Some(revision) = imported.udf_revision {
            self.udf_revision = revision;
        }
        self.session_start_block = start;
        if imported.boot_readme.is_some() {
            self.boot_readme.clone_from(&imported.boot_readme);
        }
        self.free_media_blocks = u32::try_from(free).unwrap_or(u32::MAX);
    }

    /// Takes over what the disc shows of how it was written.
    fn take_over(&mut self, shown: &Shown) {
        if let Some(level) = shown.level().filter(|_| !self.level_is_set) {
            self.level = match level {
                // Strict images have no level 3.
                InterchangeLevel::Three if self.strict => InterchangeLevel::Two,
                level => level,
            };
        }
        if !self.strict {
            self.relaxed = shown.relaxed();
            self.joliet_limit = shown.joliet_limit();
        }
    }
}

/// Returns how many directories and files a volume claims to have: only UDF records this.
fn volume_totals(disc: &RecordedDisc, file_system: FileSystems) -> Result<Option<(u64, u64)>> {
    if file_system != FileSystems::UDF {
        return Ok(None);
    }
    let volume = disc.opened().udf().announced_volume(&disc.blocks())?;
    let integrity = volume.and_then(|volume| volume.integrity());
    Ok(integrity.map(|integrity| (integrity.directories.into(), integrity.files.into())))
}

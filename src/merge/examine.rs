//! Checks whether a disc can be continued, and finds where its next session goes.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::io::Read as _;
use std::sync::Arc;

use zerocopy::IntoBytes as _;

use super::next_session::NextSession;
use super::same_files;
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba, MAX_BLOCKS};
use crate::draft::{Imported, Settings, VolumeNames};
use crate::error::{ContinueProblem, Error, Result};
use crate::file_systems::FileSystems;
use crate::import::{ImportOptions, RecordedDisc, UnknownBlocks, partitions_end};
use crate::media::Blocks;
use crate::recognition::FIRST_DESCRIPTOR;
use crate::udf;

const BLOCK_LEN: u64 = BLOCK as u64;

/// The least number of blocks that a session needs, with room for rounding up.
const ROOM: u64 = 1024;

/// The longest readme to carry over, in bytes.
const MAX_README: u64 = 64 << 10;

/// Returns the anchors that will lead to a session at block `next`, in the order they are to be written.
fn rewritten_anchors(disc: &Blocks, next: u32) -> Vec<Lba> {
    // A second anchor may exist: left unchanged, it would lead readers to the old session.
    let [first, other] = [udf::FIRST_ANCHOR, udf::OTHER_ANCHOR];
    let has_other = other < next && udf::read::have_same_anchor(disc, first, other);
    let other = Some(Lba(other)).filter(|_| has_other);
    other.into_iter().chain([Lba(first)]).collect()
}

/// Checks that a disc can be continued with the files of one of its file systems; also returns the first block of the
/// new session.
pub(super) fn examine(
    settings: &Settings,
    next: &NextSession,
    disc: &RecordedDisc,
    file_system: FileSystems,
) -> Result<(Imported, u32)> {
    let options = &settings.import;
    let file_systems = continued_file_systems(disc)?;
    let first_differs = next.is_random && {
        let first = disc.first_session()?;
        first.announced_file_systems() != disc.session().announced_file_systems()
    };
    let has_iso9660 = file_systems.contains(FileSystems::ISO9660);
    if next.is_random && (has_iso9660 || first_differs) && settings.strict {
        // IMAPI2 cannot move the descriptors of ISO 9660.
        return incompatible(ContinueProblem::RandomIso9660);
    }
    let blocks = &disc.blocks();
    let mut imported = Imported {
        volume_name: String::new(),
        volume_names: VolumeNames::default(),
        disc_id: String::new(),
        file_systems,
        udf_revision: None,
        previous: next.previous,
        next: next.next,
        recorded: Extent::default(),
        partition_start: None,
        boot_record: None,
        missing_boot_image: None,
        boot_readme: None,
        random_write: next.is_random.then(|| blocks.clone()),
        first_differs,
        rewritten_anchors: Vec::new(),
    };
    let is_boot_stub = disc.session().is_boot_stub();
    let mut is_own = true;
    if has_iso9660 || is_boot_stub {
        is_own = examine_iso9660(options, disc, &mut imported)?;
    }
    if is_boot_stub {
        imported.boot_readme = boot_readme(disc)?;
    }
    if file_systems.contains(FileSystems::UDF) {
        is_own &= examine_udf(options, disc, is_own, &mut imported)?;
    }
    let start = first_block(next, disc)?;
    let partition = imported.partition_start.unwrap_or_default();
    check_room(next, start, partition)?;
    if next.is_random && file_systems.contains(FileSystems::UDF) {
        imported.rewritten_anchors = rewritten_anchors(blocks, start);
    }
    if !options.unknown_blocks {
        if let Some(UnknownBlocks::Data { first, last }) = disc.unknown_after()? {
            return Err(Error::UnknownBlocks { first, last });
        }
    }
    if !is_own {
        let others = file_systems.difference(file_system);
        same_files::check(disc, file_system, others)?;
    }
    imported.recorded = Extent {
        start: partition,
        blocks: start.saturating_sub(partition.0),
    };
    Ok((imported, start))
}

fn incompatible<T>(problem: ContinueProblem) -> Result<T> {
    Err(Error::IncompatiblePreviousSession { problem })
}

/// Returns the file systems of the new session, which are those of the previous one.
fn continued_file_systems(disc: &RecordedDisc) -> Result<FileSystems> {
    let session = disc.session();
    let file_systems = match session.is_boot_stub() {
        // ISO 9660 is created anew beside UDF.
        true => FileSystems::UDF,
        false => session.announced_file_systems(),
    };
    if session.is_udf_unannounced() {
        return incompatible(ContinueProblem::Unannounced);
    }
    if !file_systems.can_be_created() {
        return incompatible(ContinueProblem::FileSystems);
    }
    Ok(file_systems)
}

/// Examines the ISO 9660 volume and its boot images; returns whether this crate recorded it.
fn examine_iso9660(
    options: &ImportOptions,
    disc: &RecordedDisc,
    imported: &mut Imported,
) -> Result<bool> {
    let descriptors = disc.opened().descriptors();
    if !descriptors.count_blocks_of_disc() {
        return incompatible(ContinueProblem::Iso9660BlockLength);
    }
    let is_own = descriptors.are_own();
    if !options.other_producers && !is_own {
        return incompatible(ContinueProblem::OtherProducer);
    }
    if !options.drop_rock_ridge && !disc.session().is_boot_stub() && has_rock_ridge(disc)? {
        return incompatible(ContinueProblem::RockRidge);
    }
    let record = descriptors.boot_record();
    imported.boot_record = record.map(|record| record.as_bytes().to_vec());
    imported.missing_boot_image = missing_boot_image(disc);
    if imported.missing_boot_image.is_some() {
        if !options.damaged_files {
            return incompatible(ContinueProblem::MissingBootImage);
        }
        imported.boot_record = None;
    }
    Ok(is_own)
}

/// Examines the UDF volume; returns whether this crate recorded it.
fn examine_udf(
    options: &ImportOptions,
    disc: &RecordedDisc,
    is_own: bool,
    imported: &mut Imported,
) -> Result<bool> {
    let udf = disc.opened().udf();
    let Some(volume) = udf.announced_volume(&disc.blocks())? else {
        return incompatible(ContinueProblem::UdfNotFound);
    };
    let Some(revision) = volume.revision() else {
        return incompatible(ContinueProblem::UdfRevision {
            revision: volume.recorded_revision(),
        });
    };
    let is_own = is_own && volume.is_own();
    if !options.other_producers && !is_own {
        return incompatible(ContinueProblem::OtherProducer);
    }
    if volume.logical_block_size() != BLOCK_SIZE {
        return incompatible(ContinueProblem::UdfBlockLength);
    }
    if volume.access_type() != udf::READ_ONLY {
        return incompatible(ContinueProblem::UdfAccessType);
    }
    let (partition, _) = volume.partition();
    let start = partition / BLOCK_LEN;
    let start = Lba(u32::try_from(start).unwrap_or(u32::MAX));
    let is_aligned = start.0.checked_rem(udf::METADATA_UNIT) == Some(0);
    if revision.has_metadata_partition() && !is_aligned {
        return incompatible(ContinueProblem::UdfAlignment);
    }
    imported.partition_start = Some(start);
    imported.udf_revision = Some(revision);
    Ok(is_own)
}

/// Returns the first block of the new session.
fn first_block(next: &NextSession, disc: &RecordedDisc) -> Result<u32> {
    if let Some(start) = next.next {
        return Ok(start);
    }
    // Written blocks are never overwritten, whoever wrote them. If the drive does not report their end, it is the end
    // of a file or, for other discs, that of the partitions.
    let written = match next.last {
        Some(last) => last.saturating_add(1),
        None if next.disc.can_grow() => next.disc.total_blocks(),
        None => partitions_end(&disc.blocks())?,
    };
    // While a session is being added, the volumes at block 0 may end after the last session found.
    let mut end = disc.end()?.unwrap_or(0).max(written);
    if next.is_random {
        end = end.max(disc.end_of_first()?.unwrap_or(0));
    }
    let unit = next.write_unit.max(1);
    Ok(end.checked_next_multiple_of(unit).unwrap_or(u32::MAX))
}

/// Checks that a session that begins at `start` has room on the disc, after the blocks it refers to.
fn check_room(next: &NextSession, start: u32, partition: Lba) -> Result<()> {
    let wide = u64::from(start);
    let is_too_long = wide.saturating_add(ROOM) > MAX_BLOCKS;
    if is_too_long && next.disc.can_grow() {
        return incompatible(ContinueProblem::TooLong);
    }
    if is_too_long || wide >= next.total {
        return incompatible(ContinueProblem::Full);
    }
    if start <= next.previous.saturating_add(FIRST_DESCRIPTOR) {
        return incompatible(ContinueProblem::NoEnd);
    }
    if start <= partition.0 {
        return incompatible(ContinueProblem::PartitionStart);
    }
    Ok(())
}

/// Whether the names and kinds of the primary hierarchy come from Rock Ridge. An unreadable hierarchy has nothing to
/// lose.
fn has_rock_ridge(disc: &RecordedDisc) -> Result<bool> {
    match disc.volume(FileSystems::ISO9660) {
        Ok(volume) => Ok(volume.has_rock_ridge()),
        Err(Error::Corrupt(_) | Error::UnsupportedFeature(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns the text of the only file that ISO 9660 has beside UDF, if it is no longer than a readme.
fn boot_readme(disc: &RecordedDisc) -> Result<Option<Arc<[u8]>>> {
    let volume = disc.volume(FileSystems::ISO9660)?;
    for item in volume.walk() {
        let item = item?;
        if !item.is_directory() && item.len() <= MAX_README {
            let mut bytes = Vec::new();
            let read = item.data()?.read_to_end(&mut bytes);
            read.map_err(|source| Error::ReadItem {
                path: item.path().clone(),
                source: Box::new(
                    source
                        .downcast()
                        .unwrap_or_else(|source| Error::ReadDisc { block: 0, source }),
                ),
            })?;
            return Ok(Some(bytes.into()));
        }
    }
    Ok(None)
}

/// Returns the block of the boot catalog, or of a boot image, that lies after the disc's end.
fn missing_boot_image(disc: &RecordedDisc) -> Option<u32> {
    let blocks = disc.blocks();
    let is_missing = |block: u32, len: u64| {
        let start = u64::from(block).saturating_mul(BLOCK_SIZE.into());
        start.saturating_add(len) > blocks.data_len()
    };
    let catalog = disc.session().boot_catalog_block()?;
    if is_missing(catalog, 1) {
        return Some(catalog);
    }
    // Other faults of the catalog do not affect the files of the disc.
    let entries = disc.boot_entries().unwrap_or_default();
    let len = |sectors: u16| u64::from(sectors.max(1)).saturating_mul(512);
    let mut missing = entries
        .iter()
        .filter(|entry| is_missing(entry.block, len(entry.sector_count)));
    missing.next().map(|entry| entry.block)
}

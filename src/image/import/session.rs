//! Whether a disc can be continued, and where its next session goes.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::io::{self, Read as _};
use std::sync::Arc;

use super::super::FileSystemImage;
use super::same_files;
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba, MAX_BLOCKS};
use crate::error::{
    Error, MISSING_BOOT_IMAGE, OTHER_PRODUCER, ROCK_RIDGE, Result, TOO_LONG, UNANNOUNCED,
};
use crate::file_systems::{FileSystems, UdfRevision};
use crate::import::{RecordedDisc, UnknownBlocks, partitions_end, session_end, unknown_after};
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::iso9660::read::Descriptors;
use crate::layout::RandomWrite;
use crate::media::{Blocks, Disc, MultisessionInterface};
use crate::udf;

const BLOCK_LEN: u64 = BLOCK as u64;

/// Block of the first anchor of UDF.
const ANCHOR: Lba = Lba(256);

/// Block where the last anchor of a short volume may be that readers look for in any.
const OTHER_ANCHOR: Lba = Lba(512);

/// Blocks that a session needs at least, and room for what is rounded up.
const ROOM: u64 = 1024;

/// The longest readme that is carried over, in bytes.
const MAX_README: u64 = 64 << 10;

/// The disc that an image continues.
#[derive(Clone, Debug)]
pub(in crate::image) struct Imported {
    pub volume_name: String,
    pub volume_names: VolumeNames,
    /// What the disc was known by.
    pub disc_id: String,
    pub file_systems: FileSystems,
    pub udf_revision: Option<UdfRevision>,
    /// The first block of the session that was imported.
    pub previous: u32,
    /// The first block of the new session, if the drive says it.
    pub next: Option<u32>,
    /// Blocks of earlier sessions that can be referred to.
    pub recorded: Extent,
    pub partition_start: Option<Lba>,
    pub boot_record: Option<Vec<u8>>,
    /// The block of a boot image that is not all on the disc; then there is no boot record.
    pub missing_boot_image: Option<u32>,
    /// Of a disc that has UDF and boots.
    pub boot_readme: Option<Arc<[u8]>>,
    /// The disc, if any of its blocks can be written.
    pub random_write: Option<Arc<Blocks>>,
    /// Whether the session at block 0 has other file systems.
    pub first_differs: bool,
    /// The anchors of UDF that are to lead to the new session, in the order they are to be written.
    pub rewritten_anchors: Vec<Lba>,
}

/// The name that a disc has in each of its file systems.
#[derive(Clone, Debug, Default)]
pub(in crate::image) struct VolumeNames(Vec<(FileSystems, String)>);

impl VolumeNames {
    /// Those of file systems that cannot be read are not known.
    pub(super) fn of(disc: &RecordedDisc, file_systems: FileSystems) -> Self {
        let names = file_systems.iter().filter_map(|file_system| {
            let volume = disc.volume(file_system).ok()?;
            Some((file_system, volume.name().to_owned()))
        });
        Self(names.collect())
    }

    pub(in crate::image) fn get(&self, file_system: FileSystems) -> Option<&str> {
        let mut names = self.0.iter();
        let (_, name) = names.find(|(of, _)| *of == file_system)?;
        Some(name)
    }
}

impl Imported {
    /// How the disc's start is rewritten.
    pub(in crate::image) fn random_write(&self, strict: bool) -> Option<RandomWrite> {
        self.random_write.as_ref().map(|disc| RandomWrite {
            disc: disc.clone(),
            rewrite_descriptors: !strict
                && (self.file_systems.contains(FileSystems::ISO9660)
                    || self.boot_record.is_some()
                    || self.first_differs),
        })
    }
}

/// The anchors that are to lead to a session that begins at block `next`, in the order they are to be written.
fn rewritten_anchors(disc: &Blocks, next: u32) -> Vec<Lba> {
    // There can also be an anchor at block 512 (UDF 2.2.3): left as it is, it would lead readers to the old session.
    let has_other =
        OTHER_ANCHOR.0 < next && udf::read::have_same_anchor(disc, ANCHOR.0, OTHER_ANCHOR.0);
    let other = Some(OTHER_ANCHOR).filter(|_| has_other);
    other.into_iter().chain([ANCHOR]).collect()
}

/// Where the earlier sessions are, and where the new one goes.
pub(super) struct Place {
    pub disc: Arc<dyn Disc>,
    pub previous: u32,
    /// Nothing: behind what is recorded, at a multiple of the write unit.
    next: Option<u32>,
    write_unit: u32,
    /// Last block that was written, if the drive can tell.
    last: Option<u32>,
    /// Blocks of the medium.
    pub total: u64,
}

impl FileSystemImage {
    /// Looks whether the disc can be continued with the files of one of its file systems; also gives the first block of
    /// the new session.
    pub(super) fn examine(
        &self,
        place: &Place,
        random: bool,
        disc: &RecordedDisc,
        file_system: FileSystems,
    ) -> Result<(Imported, u32)> {
        let options = &self.settings.import;
        let incompatible = |what| Err(Error::IncompatiblePreviousSession { what });
        let mut file_systems = disc.session().announced_file_systems();
        let is_boot_stub = disc.session().is_boot_stub();
        if is_boot_stub {
            // It is made anew beside UDF.
            file_systems = FileSystems::UDF;
        }
        if disc.session().is_udf_unannounced() {
            return incompatible(UNANNOUNCED);
        }
        if !file_systems.can_be_created() {
            return incompatible("its file systems cannot be made together");
        }
        let has_iso9660 = file_systems.contains(FileSystems::ISO9660);
        let first = if random && place.previous > 0 {
            let options = options.clone().imported_session(0);
            Some(RecordedDisc::open_with(Arc::clone(&place.disc), &options)?)
        } else {
            None
        };
        let first_differs = first.as_ref().is_some_and(|first| {
            first.session().announced_file_systems() != disc.session().announced_file_systems()
        });
        if random && (has_iso9660 || first_differs) && self.settings.strict {
            // IMAPI2 cannot move the descriptors of ISO 9660.
            return incompatible("it has ISO 9660 on a medium that is written at random");
        }
        let blocks = &disc.blocks();
        let mut imported = Imported {
            volume_name: String::new(),
            volume_names: VolumeNames::default(),
            disc_id: String::new(),
            file_systems,
            udf_revision: None,
            previous: place.previous,
            next: place.next,
            recorded: Extent::default(),
            partition_start: None,
            boot_record: None,
            missing_boot_image: None,
            boot_readme: None,
            random_write: random.then(|| blocks.clone()),
            first_differs,
            rewritten_anchors: Vec::new(),
        };
        let mut is_own = true;
        if has_iso9660 || is_boot_stub {
            let descriptors = Descriptors::read(blocks, place.previous)?;
            if !descriptors.count_blocks_of_disc() {
                return incompatible(
                    "its ISO 9660 volume has logical blocks of another length than 2048",
                );
            }
            is_own &= descriptors.are_own();
            if !options.other_producers && !is_own {
                return incompatible(OTHER_PRODUCER);
            }
            if !options.drop_rock_ridge && !is_boot_stub && has_rock_ridge(disc)? {
                return incompatible(ROCK_RIDGE);
            }
            imported.boot_record = boot_record(blocks, place.previous)?;
            imported.missing_boot_image = missing_boot_image(disc);
            if imported.missing_boot_image.is_some() {
                if !options.damaged_files {
                    return incompatible(MISSING_BOOT_IMAGE);
                }
                imported.boot_record = None;
            }
        }
        if is_boot_stub {
            imported.boot_readme = boot_readme(disc)?;
        }
        if file_systems.contains(FileSystems::UDF) {
            let Some(volume) = udf::read::open(blocks, place.previous)? else {
                return incompatible("its UDF volume cannot be found");
            };
            let Some(revision) = volume.revision() else {
                return Err(Error::UdfNotWriteCompatible {
                    revision: volume.recorded_revision(),
                });
            };
            is_own &= volume.is_own();
            if !options.other_producers && !is_own {
                return incompatible(OTHER_PRODUCER);
            }
            if volume.logical_block_size() != BLOCK_SIZE {
                return incompatible(
                    "its UDF volume has logical blocks of another length than 2048",
                );
            }
            if volume.access_type() != udf::READ_ONLY {
                return incompatible("its UDF partition is not read-only");
            }
            let (partition, _) = volume.partition();
            let start = partition / BLOCK_LEN;
            let start = Lba(u32::try_from(start).unwrap_or(u32::MAX));
            let is_aligned = start.0.checked_rem(udf::METADATA_UNIT) == Some(0);
            if revision.has_metadata_partition() && !is_aligned {
                return incompatible("its UDF partition does not begin at an ECC block");
            }
            imported.partition_start = Some(start);
            imported.udf_revision = Some(revision);
        }
        let next = match place.next {
            Some(next) => next,
            None => {
                // What lies behind is not overwritten, whoever wrote it; without a word of the drive about it, what a file
                // has, or what partitions take.
                let written = match place.last {
                    Some(last) => last.saturating_add(1),
                    None if place.disc.can_grow() => place.disc.total_blocks(),
                    None => partitions_end(blocks)?,
                };
                // While a session is added, the volumes at block 0 may end behind the last session that is found.
                let mut end = session_end(blocks, place.previous)?
                    .unwrap_or(0)
                    .max(written);
                if first.is_some() {
                    end = end.max(session_end(blocks, 0)?.unwrap_or(0));
                }
                let unit = place.write_unit.max(1);
                end.checked_next_multiple_of(unit).unwrap_or(u32::MAX)
            }
        };
        let wide = u64::from(next);
        if wide.saturating_add(ROOM) > MAX_BLOCKS && place.disc.can_grow() {
            return incompatible(TOO_LONG);
        }
        if wide.saturating_add(ROOM) > MAX_BLOCKS || wide >= place.total {
            return incompatible("it is full");
        }
        if next <= place.previous.saturating_add(FIRST_DESCRIPTOR) {
            return incompatible("its last session does not say where it ends");
        }
        let partition = imported.partition_start.unwrap_or_default();
        if next <= partition.0 {
            return incompatible("its partition begins behind the place of the next session");
        }
        if random && file_systems.contains(FileSystems::UDF) {
            imported.rewritten_anchors = rewritten_anchors(blocks, next);
        }
        if !options.unknown_blocks {
            if let Some(UnknownBlocks::Data { first, last }) =
                unknown_after(blocks, place.previous)?
            {
                return Err(Error::UnknownBlocks { first, last });
            }
        }
        if !is_own {
            let others = file_systems.difference(file_system);
            same_files::check(disc, file_system, others)?;
        }
        imported.recorded = Extent {
            start: partition,
            blocks: next.saturating_sub(partition.0),
        };
        Ok((imported, next))
    }
}

impl Place {
    /// The first block of the new session, if the drive says it.
    pub(super) const fn next(&self) -> Option<u32> {
        self.next
    }

    /// What an interface, one of several, says of its disc.
    pub(super) fn of(interface: &MultisessionInterface, offered: usize) -> Result<Self> {
        let failed = |parameter| {
            move |source| Error::BadMultisessionParameter {
                parameter,
                source: Some(source),
            }
        };
        let told = |parameter, answer: io::Result<u32>| answer.map_err(failed(parameter));
        let bad = |parameter| Error::BadMultisessionParameter {
            parameter,
            source: None,
        };
        let disc = interface.disc();
        match interface {
            MultisessionInterface::Sequential(sequential) => {
                let is_first = sequential
                    .is_first_data_session()
                    .map_err(failed("state of its sessions"))?;
                let next = told("next writable address", sequential.next_writable_address())?;
                if is_first || next == 0 {
                    return Err(Error::ImportSeek { block: 0 });
                }
                let previous = told(
                    "start address of the previous session",
                    sequential.start_address_of_previous_session(),
                )?;
                let last = told(
                    "last written address of the previous session",
                    sequential.last_written_address_of_previous_session(),
                )?;
                let free = told("number of free sectors", sequential.free_sectors_on_media())?;
                let write_unit = told("write unit size", sequential.write_unit_size())?;
                if free == 0 {
                    // The disc is closed.
                    return Err(Error::NoCompatibleMultisessionType { offered });
                }
                if previous >= next {
                    return Err(bad("start address of the previous session"));
                }
                if last < previous {
                    return Err(bad("last written address of the previous session"));
                }
                let Some(behind_unit) = next.checked_rem(write_unit) else {
                    return Err(bad("write unit size"));
                };
                // The drive says where it goes on: moving the session on would leave a gap.
                if next <= last || behind_unit != 0 {
                    return Err(bad("next writable address"));
                }
                Ok(Self {
                    disc,
                    previous,
                    next: Some(next),
                    write_unit,
                    last: None,
                    total: u64::from(next).saturating_add(free.into()),
                })
            }
            MultisessionInterface::RandomWrite(random) => {
                let write_unit = told("write unit size", random.write_unit_size())?;
                let total = told("number of sectors", random.total_sectors_on_media())?;
                let last = random.last_written_address();
                let last = last.map_err(failed("last written address"))?;
                if write_unit == 0 {
                    return Err(bad("write unit size"));
                }
                if total == 0 {
                    return Err(bad("number of sectors"));
                }
                if last.is_some_and(|last| last >= total) {
                    return Err(bad("last written address"));
                }
                Ok(Self {
                    disc,
                    previous: 0,
                    next: None,
                    write_unit,
                    last,
                    total: total.into(),
                })
            }
            MultisessionInterface::Other(_) => Err(Error::IncompatibleMultisessionType),
        }
    }
}

/// Whether the names and kinds of the primary hierarchy come from Rock Ridge. One that cannot be read has nothing to lose.
fn has_rock_ridge(disc: &RecordedDisc) -> Result<bool> {
    match disc.volume(FileSystems::ISO9660) {
        Ok(volume) => Ok(volume.has_rock_ridge()),
        Err(Error::Corrupt { .. } | Error::UnsupportedFeature { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What the only file says that ISO 9660 has beside UDF, if there is one of a length that a readme has.
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

/// The block of the boot catalog, or of a boot image, that lies after the disc's end.
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
    // What is wrong with the catalog otherwise is none of the files of the disc.
    let entries = disc.boot_entries().unwrap_or_default();
    let len = |sectors: u16| u64::from(sectors.max(1)).saturating_mul(512);
    let mut missing = entries
        .iter()
        .filter(|entry| is_missing(entry.block, len(entry.sector_count)));
    missing.next().map(|entry| entry.block)
}

/// The boot record of El Torito, if the session has one.
fn boot_record(blocks: &Blocks, start: u32) -> Result<Option<Vec<u8>>> {
    let mut block = vec![0; BLOCK];
    for place in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR.saturating_mul(2) {
        let offset = u64::from(start.saturating_add(place)).saturating_mul(BLOCK_SIZE.into());
        if offset >= blocks.len() {
            break;
        }
        blocks.read_at(offset, &mut block)?;
        match block.as_slice() {
            [0, b'C', b'D', b'0', b'0', b'1', _, rest @ ..]
                if rest.starts_with(b"EL TORITO SPECIFICATION") =>
            {
                return Ok(Some(block));
            }
            [255, ..] => break,
            [_, b'C', b'D', b'0', b'0', b'1', ..] => {}
            _ => break,
        }
    }
    Ok(None)
}

//! Whether a disc can be continued, and where its next session goes.

use std::io::{self, Read as _};
use std::sync::Arc;

use super::super::FileSystemImage;
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba, MAX_BLOCKS};
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, UdfRevision};
use crate::import::RecordedDisc;
use crate::iso9660::read::Descriptors;
use crate::layout::RandomWrite;
use crate::media::{Blocks, Disc, MultisessionInterface};
use crate::udf;

/// Block of the first anchor of UDF.
const ANCHOR: Lba = Lba(256);

/// What is not continued unasked.
const OTHER_PRODUCER: &str = "another program recorded it";

/// The longest readme that is carried over, in bytes.
const MAX_README: u64 = 64 << 10;

/// The disc that an image continues.
#[derive(Clone, Debug)]
pub(in crate::image) struct Imported {
    pub volume_name: String,
    /// What the disc was known by.
    pub disc_id: String,
    pub file_systems: FileSystems,
    pub udf_revision: Option<UdfRevision>,
    /// Blocks of earlier sessions that can be referred to.
    pub recorded: Extent,
    pub partition_start: Option<Lba>,
    pub boot_record: Option<Vec<u8>>,
    /// Of a disc that has UDF and boots.
    pub boot_readme: Option<Arc<[u8]>>,
    /// The disc, if any of its blocks can be written.
    pub random_write: Option<Arc<Blocks>>,
}

impl Imported {
    /// How the disc's start is rewritten.
    pub(in crate::image) fn random_write(&self, strict: bool) -> Option<RandomWrite> {
        self.random_write.as_ref().map(|disc| RandomWrite {
            disc: disc.clone(),
            rewrite_descriptors: !strict
                && (self.file_systems.contains(FileSystems::ISO9660) || self.boot_record.is_some()),
        })
    }

    /// The anchor that is to lead to the new session.
    pub(in crate::image) fn rewritten_anchor(&self) -> Option<Lba> {
        let has_udf = self.file_systems.contains(FileSystems::UDF);
        (has_udf && self.random_write.is_some()).then_some(ANCHOR)
    }
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
    /// Looks whether the disc can be continued; also gives the first block of the new session.
    pub(super) fn examine(
        &self,
        place: &Place,
        random: bool,
        disc: &RecordedDisc,
    ) -> Result<(Imported, u32)> {
        let options = &self.settings.import;
        let incompatible = |what| Err(Error::IncompatiblePreviousSession { what });
        let mut file_systems = disc.file_systems();
        let is_boot_stub = disc.session().is_boot_stub();
        if is_boot_stub {
            // It is made anew beside UDF.
            file_systems = FileSystems::UDF;
        }
        if !file_systems.can_be_created() {
            return incompatible("its file systems cannot be made together");
        }
        let has_iso9660 = file_systems.contains(FileSystems::ISO9660);
        if random && has_iso9660 && self.settings.strict {
            // IMAPI2 cannot move the descriptors of ISO 9660.
            return incompatible("it has ISO 9660 on a medium that is written at random");
        }
        if random
            && RecordedDisc::open_with(Arc::clone(&place.disc), &options.clone().last_session())?
                .sessions()
                .len()
                > 1
        {
            // They would be lost from sight.
            return incompatible("it has sessions behind the one at block 0");
        }
        let blocks = disc.blocks();
        let mut end = 0;
        let mut imported = Imported {
            volume_name: String::new(),
            disc_id: String::new(),
            file_systems,
            udf_revision: None,
            recorded: Extent::default(),
            partition_start: None,
            boot_record: None,
            boot_readme: None,
            random_write: random.then(|| blocks.clone()),
        };
        if has_iso9660 || is_boot_stub {
            let descriptors = Descriptors::read(blocks, place.previous)?;
            if !descriptors.count_blocks_of_disc() {
                return incompatible(
                    "its ISO 9660 volume has logical blocks of another length than 2048",
                );
            }
            if !options.other_producers && !descriptors.are_own() {
                return incompatible(OTHER_PRODUCER);
            }
            if !options.drop_rock_ridge && !is_boot_stub && has_rock_ridge(disc)? {
                return incompatible("its ISO 9660 has Rock Ridge, which would be lost");
            }
            end = end.max(descriptors.volume_space_size().unwrap_or(0));
            imported.boot_record = boot_record(blocks, place.previous)?;
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
            if !options.other_producers && !volume.is_own() {
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
            let start = partition.checked_div(BLOCK_SIZE.into());
            let start = start.and_then(|start| u32::try_from(start).ok());
            let start = Lba(start.unwrap_or(u32::MAX));
            if revision.has_metadata_partition() && start.0 % udf::METADATA_UNIT != 0 {
                return incompatible("its UDF partition does not begin at an ECC block");
            }
            imported.partition_start = Some(start);
            imported.udf_revision = Some(revision);
            end = end.max(volume.end());
        }
        let next = match place.next {
            Some(next) => next,
            None => {
                let unit = place.write_unit.max(1);
                // What lies behind is not overwritten, whoever wrote it; without a word of the drive about it, what a
                // file has.
                let written = match place.last {
                    Some(last) => last.saturating_add(1),
                    None if place.total >= MAX_BLOCKS => place.disc.total_blocks(),
                    None => 0,
                };
                let end = end.max(written);
                end.checked_next_multiple_of(unit).unwrap_or(u32::MAX)
            }
        };
        if u64::from(next) + 1024 > MAX_BLOCKS || u64::from(next) >= place.total {
            return incompatible("it is full");
        }
        let first = imported.partition_start.unwrap_or_default();
        if next <= first.0 {
            return incompatible("its partition begins behind the place of the next session");
        }
        imported.recorded = Extent {
            start: first,
            blocks: next.saturating_sub(first.0),
        };
        Ok((imported, next))
    }
}
impl Place {
    /// What an interface says of its disc.
    pub(super) fn of(interface: &MultisessionInterface) -> Result<Self> {
        let told = |parameter, answer: io::Result<u32>| {
            answer.map_err(|source| Error::BadMultisessionParameter {
                parameter,
                source: Some(source),
            })
        };
        let bad = |parameter| Error::BadMultisessionParameter {
            parameter,
            source: None,
        };
        let disc = interface.disc();
        match interface {
            MultisessionInterface::Sequential(sequential) => {
                let next = told("next writable address", sequential.next_writable_address())?;
                let previous = told(
                    "start address of the previous session",
                    sequential.start_address_of_previous_session(),
                )?;
                let free = told("number of free sectors", sequential.free_sectors_on_media())?;
                if previous >= next && next > 0 {
                    return Err(bad("start address of the previous session"));
                }
                Ok(Self {
                    disc,
                    previous,
                    next: Some(next),
                    write_unit: 1,
                    last: None,
                    total: u64::from(next).saturating_add(free.into()),
                })
            }
            MultisessionInterface::RandomWrite(random) => {
                let write_unit = told("write unit size", random.write_unit_size())?;
                let total = told("number of sectors", random.total_sectors_on_media())?;
                let last = random.last_written_address();
                let last = last.map_err(|source| Error::BadMultisessionParameter {
                    parameter: "last written address",
                    source: Some(source),
                })?;
                if write_unit == 0 {
                    return Err(bad("write unit size"));
                }
                if total == 0 {
                    return Err(bad("number of sectors"));
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

/// The boot record of El Torito, if the session has one.
fn boot_record(blocks: &Blocks, start: u32) -> Result<Option<Vec<u8>>> {
    let mut block = vec![0; BLOCK];
    for place in 16..32 {
        let offset = u64::from(start).saturating_add(place);
        let offset = offset.saturating_mul(BLOCK_SIZE.into());
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

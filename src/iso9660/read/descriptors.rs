//! The volume descriptors of a session (ECMA-119 8).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::ops::Range;

use zerocopy::FromBytes;

use crate::block::{BLOCK, BLOCK_SIZE};
use crate::codec::text::{padded, padded_ucs2};
use crate::el_torito::BootRecord;
use crate::error::{Error, Result};
use crate::iso9660::APPLICATION;
use crate::iso9660::descriptor::VolumeDescriptor;
use crate::media::Blocks;
use crate::recognition::{DescriptorKind, FIRST_DESCRIPTOR};

/// The most descriptors that are read; Linux stops there, too.
const MOST: u32 = 100;

/// The most blocks in a row that are skipped because they are not descriptors: one may be damaged.
const MOST_FOREIGN: u32 = 1;

/// Where a directory record and a path table record hold the directory's block (ECMA-119 9.1.3, 9.4.3).
const DOT_LOCATION: Range<usize> = 2..6;
const TABLE_LOCATION: Range<usize> = 2..6;

/// The volume descriptors of a session.
#[derive(Debug, Default)]
pub(crate) struct RecordedDescriptors {
    primaries: Vec<FoundDescriptor>,
    supplementaries: Vec<FoundDescriptor>,
    /// The boot record of El Torito.
    boot_record: Option<Box<BootRecord>>,
}

/// A volume descriptor and its block.
#[derive(Debug)]
pub(crate) struct FoundDescriptor {
    pub block: u32,
    pub descriptor: Box<VolumeDescriptor>,
}

impl FoundDescriptor {
    fn new(block: u32, bytes: &[u8]) -> Option<Self> {
        let descriptor = Box::new(VolumeDescriptor::read_from_bytes(bytes).ok()?);
        Some(Self { block, descriptor })
    }
}

impl RecordedDescriptors {
    /// Reads the descriptors of the session that begins at block `start`; a session without any is not an error.
    pub(crate) fn read(blocks: &Blocks, start: u32) -> Result<Self> {
        let mut all = Self::default();
        let mut foreign = 0_u32;
        for number in 0..MOST {
            let block = start
                .checked_add(FIRST_DESCRIPTOR)
                .and_then(|first| first.checked_add(number));
            let Some(block) = block else { break };
            let Some((kind, bytes)) = read_one(blocks, block)? else {
                foreign = foreign.saturating_add(1);
                if foreign > MOST_FOREIGN {
                    break;
                }
                continue;
            };
            foreign = 0;
            match kind {
                DescriptorKind::Terminator => break,
                kind => all.add(kind, block, &bytes),
            }
        }
        Ok(all)
    }

    fn add(&mut self, kind: DescriptorKind, block: u32, bytes: &[u8]) {
        match kind {
            DescriptorKind::BootRecord if self.boot_record.is_none() => {
                let record = BootRecord::read_from_bytes(bytes).ok();
                let record = record.filter(|record| record.catalog().is_some());
                self.boot_record = record.map(Box::new);
            }
            DescriptorKind::Primary => self.primaries.extend(FoundDescriptor::new(block, bytes)),
            DescriptorKind::Supplementary => self
                .supplementaries
                .extend(FoundDescriptor::new(block, bytes)),
            _ => {}
        }
    }

    /// Checks whether the session that begins at block `start` begins with a plausible primary volume descriptor.
    pub(crate) fn begin_at(blocks: &Blocks, start: u32) -> Result<bool> {
        let Some(block) = start.checked_add(FIRST_DESCRIPTOR) else {
            return Ok(false);
        };
        let Some((DescriptorKind::Primary, bytes)) = read_one(blocks, block)? else {
            return Ok(false);
        };
        Ok(FoundDescriptor::new(block, &bytes).is_some_and(|found| {
            let root = found.descriptor.root_directory.location_of_extent.get();
            root > start && byte_of_sector(root) < blocks.len()
        }))
    }

    /// Checks whether the session that begins at block `start` has a primary volume descriptor whose addresses count
    /// from the start of the disc: it must lead to the root directory, or to a path table, that names the root's block.
    pub(crate) fn lead_from(blocks: &Blocks, start: u32) -> Result<bool> {
        let descriptors = Self::read(blocks, start)?;
        for found in &descriptors.primaries {
            let descriptor = &found.descriptor;
            let block_len = block_len(descriptor);
            let byte_of = |block: u32| u64::from(block).saturating_mul(block_len);
            let own = byte_of_sector(start);
            let root = &descriptor.root_directory;
            let location = root.location_of_extent.get();
            // The directory follows its extended attribute record.
            let skip = u32::from(root.extended_attribute_record_len);
            let at = byte_of(location.saturating_add(skip));
            let table = byte_of(descriptor.type_l_path_table.get());
            if at <= own {
                continue;
            }
            let mut record = [0; DOT_LOCATION.end];
            let is_there = read_if_there(blocks, at, &mut record)?
                && record.get(DOT_LOCATION) == Some(location.to_le_bytes().as_slice());
            let mut entry = [0; TABLE_LOCATION.end];
            let mut is_named = || {
                Ok::<_, Error>(
                    table > own
                        && read_if_there(blocks, table, &mut entry)?
                        && entry.get(TABLE_LOCATION) == Some(location.to_le_bytes().as_slice()),
                )
            };
            if is_there || is_named()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the block of the root directory; `None` if the volume counts in blocks of another length than the
    /// disc's.
    pub(crate) fn root_location(&self) -> Option<u32> {
        let first = self.primaries.first()?;
        let descriptor = &first.descriptor;
        let is_plain = block_len(descriptor) == u64::from(BLOCK_SIZE);
        is_plain.then(|| descriptor.root_directory.location_of_extent.get())
    }

    pub(crate) fn has_primary(&self) -> bool {
        !self.primaries.is_empty()
    }

    pub(crate) fn primaries(&self) -> &[FoundDescriptor] {
        &self.primaries
    }

    /// Returns the supplementary descriptors in the order in which they are recorded.
    pub(crate) fn supplementaries(&self) -> &[FoundDescriptor] {
        &self.supplementaries
    }

    /// Returns the enhanced volume descriptor (ISO 9660:1999 8.5).
    pub(crate) fn enhanced(&self) -> Option<&FoundDescriptor> {
        self.supplementaries
            .iter()
            .find(|found| found.descriptor.version == 2)
    }

    /// Returns the boot record of El Torito.
    pub(crate) fn boot_record(&self) -> Option<&BootRecord> {
        self.boot_record.as_deref()
    }

    /// Returns the block of the boot catalog.
    pub(crate) fn boot_catalog(&self) -> Option<u32> {
        self.boot_record()?.catalog()
    }

    /// Returns the size of the volume in blocks of the disc, converted from the first primary descriptor.
    pub(crate) fn volume_space_size(&self) -> Option<u32> {
        self.primaries.first().map(space_size)
    }

    /// Returns `true` if all volumes count in blocks as long as the disc's.
    pub(crate) fn count_blocks_of_disc(&self) -> bool {
        let mut all = self.primaries.iter().chain(&self.supplementaries);
        all.all(|found| u32::from(found.descriptor.logical_block_size.get()) == BLOCK_SIZE)
    }

    /// Returns `true` if the first primary descriptor names this crate's application (ECMA-119 8.4.22).
    pub(crate) fn are_own(&self) -> bool {
        let first = self.primaries.first();
        first.is_some_and(|first| first.descriptor.application_identifier == padded(APPLICATION))
    }

    /// Returns `true` if the descriptor of any volume names another application.
    pub(crate) fn are_of_others(&self) -> bool {
        let mut all = self.primaries.iter().chain(&self.supplementaries);
        // Joliet's descriptor has the name in UCS-2.
        let own = [padded(APPLICATION), padded_ucs2(APPLICATION)];
        all.any(|found| !own.contains(&found.descriptor.application_identifier))
    }

    /// Returns the largest size of a volume, in blocks of the disc: descriptors differ while a session is being added.
    pub(crate) fn largest_space_size(&self) -> Option<u32> {
        let all = self.primaries.iter().chain(&self.supplementaries);
        all.map(space_size).max()
    }
}

/// Returns the length in bytes of the blocks in which a volume counts.
fn block_len(descriptor: &VolumeDescriptor) -> u64 {
    match descriptor.logical_block_size.get() {
        len @ (512 | 1024) => u64::from(len),
        // Opening the volume reports any other size.
        _ => u64::from(BLOCK_SIZE),
    }
}

fn byte_of_sector(block: u32) -> u64 {
    u64::from(block).saturating_mul(BLOCK_SIZE.into())
}

/// Fills `buf` if the disc has enough bytes; returns whether it has.
fn read_if_there(blocks: &Blocks, offset: u64, buf: &mut [u8]) -> Result<bool> {
    let is_there = offset.saturating_add(buf.len() as u64) <= blocks.len();
    if is_there {
        blocks.read_at(offset, buf)?;
    }
    Ok(is_there)
}

/// Returns the size of a descriptor's volume in blocks of the disc, converted from the volume's own blocks.
fn space_size(found: &FoundDescriptor) -> u32 {
    let descriptor = &found.descriptor;
    let len = block_len(descriptor);
    let bytes = u64::from(descriptor.volume_space_size.get()).saturating_mul(len);
    u32::try_from(bytes.div_ceil(u64::from(BLOCK_SIZE))).unwrap_or(u32::MAX)
}

/// Reads the ISO 9660 descriptor in a block; `None` if there is none.
fn read_one(blocks: &Blocks, block: u32) -> Result<Option<(DescriptorKind, Vec<u8>)>> {
    let offset = byte_of_sector(block);
    if offset >= blocks.len() {
        return Ok(None);
    }
    let mut bytes = vec![0; BLOCK];
    blocks.read_at(offset, &mut bytes)?;
    let kind = DescriptorKind::of(&bytes).filter(|kind| kind.is_iso9660());
    Ok(kind.map(|kind| (kind, bytes)))
}

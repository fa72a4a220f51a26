//! Volume descriptor sequences and the integrity sequence (ECMA-167 3/8.4, 3/8.8; UDF 2.2).

use zerocopy::FromBytes;

use super::anchor::{Anchor, byte_of, sector_buffer};
use super::tag::{check, check_at, corrupt, finding};
use crate::error::{Error, Result};
use crate::finding::{FindingCode, FindingList};
use crate::media::Blocks;
use crate::udf::tag::{ExtentAd, identifier};
use crate::udf::volume::{
    IntegrityImplementationUse, LogicalVolumeDescriptor, LogicalVolumeIntegrityDescriptor,
    PartitionDescriptor, PrimaryVolumeDescriptor, VolumeDescriptorPointer,
};

/// The most sectors of a sequence that are read, including its continuations.
const MAX_SECTORS: u32 = 1024;

/// The most partitions of a volume.
const MAX_PARTITIONS: usize = 256;

/// The prevailing descriptors of a sequence: the one with the highest number of each kind (ECMA-167 3/8.4.3).
#[derive(Clone, Debug, Default)]
pub(super) struct PrevailingDescriptors {
    pub primary: Option<PrimaryVolumeDescriptor>,
    /// The whole sector: the partition maps follow the descriptor.
    logical: Option<Vec<u8>>,
    /// Byte of the disc where the logical volume descriptor is.
    pub logical_at: u64,
    pub partitions: Vec<PartitionDescriptor>,
}

impl PrevailingDescriptors {
    /// Returns the logical volume descriptor, and the bytes after it.
    pub(super) fn logical(&self) -> Option<(&LogicalVolumeDescriptor, &[u8])> {
        LogicalVolumeDescriptor::ref_from_prefix(self.logical.as_deref()?).ok()
    }

    /// Returns `true` if there is everything that reading files needs.
    fn suffices(&self) -> bool {
        self.logical.is_some() && !self.partitions.is_empty()
    }

    /// Returns `true` if a descriptor prevails over the present one.
    fn prevails(new: u32, old: Option<u32>) -> bool {
        old.is_none_or(|old| new >= old)
    }

    fn add(&mut self, tag: u16, sector: &[u8], at: u64) {
        match tag {
            identifier::PRIMARY_VOLUME_DESCRIPTOR => {
                if let Ok((new, _)) = PrimaryVolumeDescriptor::read_from_prefix(sector) {
                    let old = self.primary.as_ref().map(|old| old.sequence_number.get());
                    if Self::prevails(new.sequence_number.get(), old) {
                        self.primary = Some(new);
                    }
                }
            }
            identifier::LOGICAL_VOLUME_DESCRIPTOR => {
                if let Ok((new, _)) = LogicalVolumeDescriptor::ref_from_prefix(sector) {
                    let old = self.logical().map(|(old, _)| old.sequence_number.get());
                    if Self::prevails(new.sequence_number.get(), old) {
                        self.logical = Some(sector.to_vec());
                        self.logical_at = at;
                    }
                }
            }
            identifier::PARTITION_DESCRIPTOR => {
                if let Ok((new, _)) = PartitionDescriptor::read_from_prefix(sector) {
                    let number = new.partition_number;
                    let is_room = self.partitions.len() < MAX_PARTITIONS;
                    let mut all = self.partitions.iter_mut();
                    match all.find(|old| old.partition_number == number) {
                        Some(old) => {
                            let old_number = old.sequence_number.get();
                            if Self::prevails(new.sequence_number.get(), Some(old_number)) {
                                *old = new;
                            }
                        }
                        None if is_room => {
                            self.partitions.push(new);
                        }
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes from `other` the descriptors that are missing here.
    fn fill(&mut self, other: Self) {
        if self.logical.is_none() {
            self.logical = other.logical;
            self.logical_at = other.logical_at;
        }
        self.primary = self.primary.take().or(other.primary);
        for partition in other.partitions {
            let number = partition.partition_number;
            if self
                .partitions
                .iter()
                .all(|there| there.partition_number != number)
            {
                self.partitions.push(partition);
            }
        }
    }
}

/// Reads the descriptors to which an anchor leads.
pub(super) fn descriptors(
    blocks: &Blocks,
    anchor: &Anchor,
    sector_len: u32,
    findings: &FindingList,
) -> Result<PrevailingDescriptors> {
    let (mut main, error) = sequence(blocks, anchor.main, sector_len);
    let Some(error) = error else {
        return Ok(main);
    };
    let at = byte_of(anchor.main.location.get(), sector_len);
    let (reserve, reserve_error) = sequence(blocks, anchor.reserve, sector_len);
    if reserve_error.is_none() {
        findings.add(finding(at, FindingCode::UdfMainSequence));
        return Ok(reserve);
    }
    main.fill(reserve);
    if main.suffices() {
        findings.add(finding(at, FindingCode::UdfBothSequences));
        Ok(main)
    } else {
        Err(error)
    }
}

/// Reads one sequence. Notes damage and continues after it.
fn sequence(
    blocks: &Blocks,
    extent: ExtentAd,
    sector_len: u32,
) -> (PrevailingDescriptors, Option<Error>) {
    let mut found = PrevailingDescriptors::default();
    let mut error = None;
    let mut sector = extent.location.get();
    let mut left = sectors(extent, sector_len);
    let mut bytes = sector_buffer(sector_len);
    for _ in 0..MAX_SECTORS {
        if left == 0 {
            break;
        }
        let at = byte_of(sector, sector_len);
        match read(blocks, sector, sector_len, &mut bytes) {
            // Blocks after the last descriptor need not be recorded.
            Ok(0 | identifier::TERMINATING_DESCRIPTOR) => break,
            Ok(identifier::VOLUME_DESCRIPTOR_POINTER) => {
                let Ok((pointer, _)) = VolumeDescriptorPointer::ref_from_prefix(&bytes) else {
                    break;
                };
                sector = pointer.next_sequence.location.get();
                left = sectors(pointer.next_sequence, sector_len);
                continue;
            }
            Ok(tag) => found.add(tag, &bytes, at),
            Err(fault) => {
                error.get_or_insert(fault);
            }
        }
        sector = sector.saturating_add(1);
        left = left.saturating_sub(1);
    }
    if error.is_none() && !found.suffices() {
        let at = byte_of(extent.location.get(), sector_len);
        error = Some(corrupt(at, FindingCode::UdfSequence));
    }
    (found, error)
}

fn sectors(extent: ExtentAd, sector_len: u32) -> u32 {
    extent.len.get().checked_div(sector_len).unwrap_or(0)
}

/// Reads a sector of a sequence; returns the identifier of its descriptor, 0 if there is none.
fn read(blocks: &Blocks, sector: u32, sector_len: u32, bytes: &mut [u8]) -> Result<u16> {
    let at = byte_of(sector, sector_len);
    blocks.read_at(at, bytes)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(0);
    }
    const KNOWN: [u16; 9] = [
        identifier::PRIMARY_VOLUME_DESCRIPTOR,
        // Anchors inside a volume's sequence do no harm.
        identifier::ANCHOR_VOLUME_DESCRIPTOR_POINTER,
        identifier::VOLUME_DESCRIPTOR_POINTER,
        identifier::IMPLEMENTATION_USE_VOLUME_DESCRIPTOR,
        identifier::PARTITION_DESCRIPTOR,
        identifier::LOGICAL_VOLUME_DESCRIPTOR,
        identifier::UNALLOCATED_SPACE_DESCRIPTOR,
        identifier::TERMINATING_DESCRIPTOR,
        identifier::LOGICAL_VOLUME_INTEGRITY_DESCRIPTOR,
    ];
    match check_at(bytes, &KNOWN, sector) {
        Ok(tag) => Ok(tag.identifier.get()),
        Err(fault) => Err(corrupt(at, fault)),
    }
}

/// The contents of the integrity descriptor (ECMA-167 3/10.10, UDF 2.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integrity {
    /// Whether the volume was left in order.
    pub is_closed: bool,
    pub next_unique_id: u64,
    pub files: u32,
    /// Including the root.
    pub directories: u32,
    /// As recorded, in BCD.
    pub minimum_read_revision: u16,
}

/// Reads the last intact descriptor of the volume's integrity sequence. Also returns the first byte after the sequence.
pub(super) fn integrity(
    blocks: &Blocks,
    extent: ExtentAd,
    sector_len: u32,
) -> (Option<Integrity>, u64) {
    let mut last = None;
    let mut end = 0;
    let mut sector = extent.location.get();
    let mut left = sectors(extent, sector_len);
    let mut bytes = sector_buffer(sector_len);
    for _ in 0..MAX_SECTORS {
        if left == 0
            || blocks
                .read_at(byte_of(sector, sector_len), &mut bytes)
                .is_err()
        {
            break;
        }
        if check(&bytes, &[identifier::LOGICAL_VOLUME_INTEGRITY_DESCRIPTOR]).is_err() {
            break;
        }
        let Ok((descriptor, rest)) = LogicalVolumeIntegrityDescriptor::ref_from_prefix(&bytes)
        else {
            break;
        };
        // Two tables follow, with 4 bytes for each partition.
        let usage = usize::try_from(descriptor.number_of_partitions.get())
            .ok()
            .and_then(|partitions| partitions.checked_mul(8))
            .and_then(|tables| rest.get(tables..))
            .and_then(|usage| IntegrityImplementationUse::ref_from_prefix(usage).ok())
            .map(|(usage, _)| usage);
        last = Some(Integrity {
            is_closed: descriptor.integrity_type.get() == 1,
            next_unique_id: descriptor.next_unique_id.get(),
            files: usage.map_or(0, |usage| usage.number_of_files.get()),
            directories: usage.map_or(0, |usage| usage.number_of_directories.get()),
            minimum_read_revision: usage.map_or(0, |usage| usage.minimum_read_revision.get()),
        });
        let next = descriptor.next_integrity_extent;
        if next.len.get() == 0 {
            sector = sector.saturating_add(1);
            left = left.saturating_sub(1);
        } else {
            sector = next.location.get();
            left = sectors(next, sector_len);
        }
        end = end.max(byte_of(sector.saturating_add(left), sector_len));
    }
    (last, end)
}

//! Metadata partition: the structures for files as the contents of a file, which can be recorded twice (UDF 2.2.10,
//! 2.2.13 of 2.50).
//!
//! ```text
//! 0    ICB of the metadata file
//! 32   metadata: file set, ICBs, directories, allocation extents
//! …    structures of ISO 9660, file data
//! …    ICB of the metadata mirror file
//! …    the same metadata again, if it is recorded twice
//! ```

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::allocation::{DataRun, DescriptorForm, MAX_EXTENT_LEN};
use super::icb::{self, EntryFields};
use super::tag::EntityId;
use crate::block::{BLOCK, BLOCK_SIZE, PartitionBlock};
use crate::codec::time::UdfTime;
use crate::file_systems::UdfRevision;

/// Both the Allocation Unit Size and the Alignment Unit Size, in blocks: the minimum for the first, and a multiple of
/// every optical medium's ECC block for the second. The partition, too, begins at a multiple of it (UDF 2.2.14).
pub(crate) const UNIT: u32 = 32;

/// No bitmap: a read-only partition allocates nothing.
const NO_BITMAP: u32 = u32::MAX;

/// The longest extent of whole allocation units.
const MAX_UNITS_LEN: u64 = MAX_EXTENT_LEN - MAX_EXTENT_LEN % (UNIT * BLOCK_SIZE) as u64;

/// The most blocks of metadata that an entry can describe.
pub(super) const MAX_BLOCKS: u64 = 229 * MAX_UNITS_LEN / BLOCK_SIZE as u64;

/// The location of the metadata.
#[derive(Clone, Copy, Debug)]
pub(super) struct MetadataPartition {
    /// ICB of the metadata file.
    pub file: PartitionBlock,
    /// ICB of the metadata mirror file.
    pub mirror: PartitionBlock,
    /// First block of the contents.
    pub start: PartitionBlock,
    /// First block of the mirror's contents; the same as `start` if the metadata is recorded once.
    pub mirror_start: PartitionBlock,
    pub blocks: u32,
}

/// Metadata partition map (UDF 2.2.10).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct MetadataPartitionMap {
    pub map_type: u8,
    pub map_len: u8,
    pub reserved_1: [u8; 2],
    pub partition_type_identifier: EntityId,
    pub volume_sequence_number: U16,
    pub partition_number: U16,
    pub metadata_file_location: U32,
    pub metadata_mirror_file_location: U32,
    pub metadata_bitmap_file_location: U32,
    pub allocation_unit_size: U32,
    pub alignment_unit_size: U16,
    /// Bit 0: the metadata is recorded twice.
    pub flags: u8,
    pub reserved_2: [u8; 5],
}

const _: () = assert!(size_of::<MetadataPartitionMap>() == 64);

impl MetadataPartitionMap {
    pub(super) fn new(metadata: MetadataPartition, revision: UdfRevision) -> Self {
        Self {
            map_type: 2,
            map_len: 64,
            reserved_1: [0; 2],
            partition_type_identifier: EntityId::with_revision(
                b"*UDF Metadata Partition",
                revision,
            ),
            volume_sequence_number: 1.into(),
            partition_number: 0.into(),
            metadata_file_location: metadata.file.0.into(),
            metadata_mirror_file_location: metadata.mirror.0.into(),
            metadata_bitmap_file_location: NO_BITMAP.into(),
            allocation_unit_size: UNIT.into(),
            alignment_unit_size: (UNIT as u16).into(),
            flags: u8::from(metadata.start != metadata.mirror_start),
            reserved_2: [0; 5],
        }
    }
}

impl MetadataPartition {
    /// Encodes the block of the metadata file's ICB.
    pub(super) fn file(&self, revision: UdfRevision, time: UdfTime) -> Vec<u8> {
        self.icb(icb::METADATA_FILE, self.file, self.start, revision, time)
    }

    /// Encodes the block of the metadata mirror file's ICB.
    pub(super) fn mirror(&self, revision: UdfRevision, time: UdfTime) -> Vec<u8> {
        let kind = icb::METADATA_MIRROR;
        self.icb(kind, self.mirror, self.mirror_start, revision, time)
    }

    fn icb(
        &self,
        file_type: u8,
        location: PartitionBlock,
        start: PartitionBlock,
        revision: UdfRevision,
        time: UdfTime,
    ) -> Vec<u8> {
        let run = DataRun {
            start,
            len: u64::from(self.blocks) * u64::from(BLOCK_SIZE),
            revision,
            descriptor: DescriptorForm::Short,
            max_extent_len: MAX_UNITS_LEN,
        };
        let mut bytes = vec![0; BLOCK];
        // `MAX_BLOCKS` leaves no need for a chain.
        run.encode_into(PartitionBlock(0), &mut bytes[icb::head_len(revision)..]);
        // No identifier names this file.
        let entry = EntryFields {
            file_type,
            link_count: 0,
            information_len: run.len,
            object_size: run.len,
            stream_directory: None,
            is_stream: false,
            blocks: self.blocks.into(),
            accessed: time,
            modified: time,
            created: time,
            unique_id: 0,
            allocation: run.allocation(),
        };
        entry.finish(revision, location, &mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_metadata_is_described_in_the_entry() {
        for (blocks, extents) in [
            (32, 1),
            (524_256, 1),
            (524_288, 2),
            (MAX_BLOCKS as u32, 229),
        ] {
            let metadata = MetadataPartition {
                file: PartitionBlock(0),
                mirror: PartitionBlock(9),
                start: PartitionBlock(32),
                mirror_start: PartitionBlock(32),
                blocks,
            };
            let time = UdfTime::from(crate::time::Timestamp::default());
            let bytes = metadata.file(UdfRevision::V2_50, time);
            let mut described = 0;
            let ads = bytes[216..216 + 8 * extents].chunks_exact(8);
            for ad in ads {
                let [len, block] =
                    [0, 4].map(|at| u32::from_le_bytes(ad[at..at + 4].try_into().unwrap()));
                assert_eq!(block, 32 + described);
                assert_eq!(len % (UNIT * BLOCK_SIZE), 0);
                described += len / BLOCK_SIZE;
            }
            assert_eq!(described, blocks);
            assert_eq!(bytes[212..216], (8 * extents as u32).to_le_bytes());
        }
    }
}

//! File Entry: the attributes and extents of one file or directory (ECMA-167 4/14.6, 4/14.9; UDF 2.3.5, 2.3.6).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::tag::{EntityId, LongAd, Tag};
use crate::block::BLOCK;
use crate::codec::time::UdfTime;

/// File types (ECMA-167 4/14.6.6).
pub(super) const DIRECTORY: u8 = 4;
pub(super) const REGULAR_FILE: u8 = 5;

/// Everybody may read and execute, nobody write (ECMA-167 4/14.9.5).
const READ_AND_EXECUTE: u32 = 0x14A5;

/// No user or group is given.
const NOBODY: u32 = u32::MAX;

/// ICB Tag (ECMA-167 4/14.6).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct IcbTag {
    pub prior_direct_entries: U32,
    pub strategy_type: U16,
    pub strategy_parameter: U16,
    pub maximum_entries: U16,
    pub reserved: u8,
    pub file_type: u8,
    pub parent_icb: [u8; 6],
    /// The lower three bits are the type of the allocation descriptors; 0 is short.
    pub flags: U16,
}

/// File Entry. Extended attributes and allocation descriptors follow in the same block.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct FileEntry {
    pub tag: Tag,
    pub icb_tag: IcbTag,
    pub uid: U32,
    pub gid: U32,
    pub permissions: U32,
    pub file_link_count: U16,
    pub record_format: u8,
    pub record_display_attributes: u8,
    pub record_len: U32,
    /// Length of the file's data, in bytes.
    pub information_len: U64,
    pub logical_blocks_recorded: U64,
    pub access_time: UdfTime,
    pub modification_time: UdfTime,
    pub attribute_time: UdfTime,
    pub checkpoint: U32,
    pub extended_attribute_icb: LongAd,
    pub implementation_identifier: EntityId,
    pub unique_id: U64,
    pub extended_attributes_len: U32,
    pub allocation_descriptors_len: U32,
}

const _: () = assert!(
    size_of::<FileEntry>() == 176
        && std::mem::offset_of!(FileEntry, information_len) == 56
        && std::mem::offset_of!(FileEntry, unique_id) == 160
);

/// Bytes of a block that are left for allocation descriptors.
pub(super) const ROOM: usize = BLOCK - size_of::<FileEntry>();

/// What a file entry says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub file_type: u8,
    pub link_count: u16,
    pub information_len: u64,
    pub blocks: u64,
    pub accessed: UdfTime,
    pub modified: UdfTime,
    pub unique_id: u64,
    pub allocation_descriptors_len: u32,
}

impl FileEntry {
    pub(super) fn new(entry: &Entry) -> Self {
        Self {
            tag: Tag::default(),
            icb_tag: IcbTag {
                prior_direct_entries: 0.into(),
                strategy_type: 4.into(),
                strategy_parameter: 0.into(),
                maximum_entries: 1.into(),
                reserved: 0,
                file_type: entry.file_type,
                parent_icb: [0; 6],
                flags: 0.into(),
            },
            uid: NOBODY.into(),
            gid: NOBODY.into(),
            permissions: READ_AND_EXECUTE.into(),
            file_link_count: entry.link_count.into(),
            record_format: 0,
            record_display_attributes: 0,
            record_len: 0.into(),
            information_len: entry.information_len.into(),
            logical_blocks_recorded: entry.blocks.into(),
            access_time: entry.accessed,
            modification_time: entry.modified,
            // IMAPI2 has no such time; the attributes are as old as the data.
            attribute_time: entry.modified,
            checkpoint: 1.into(),
            extended_attribute_icb: LongAd::default(),
            implementation_identifier: EntityId::IMPLEMENTATION,
            unique_id: entry.unique_id.into(),
            extended_attributes_len: 0.into(),
            allocation_descriptors_len: entry.allocation_descriptors_len.into(),
        }
    }
}

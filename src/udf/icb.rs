//! File Entry and Extended File Entry: the attributes and extents of one file or directory (ECMA-167 4/14.6, 4/14.9,
//! 4/14.17; UDF 2.3.5, 2.3.6).

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::tag::{EntityId, LongAd, TAG_LEN, Tag, identifier, seal};
use crate::block::{BLOCK, PartitionBlock};
use crate::codec::time::UdfTime;
use crate::file_systems::UdfRevision;

/// File types (ECMA-167 4/14.6.6).
pub(super) const DIRECTORY: u8 = 4;
pub(super) const REGULAR_FILE: u8 = 5;
pub(super) const STREAM_DIRECTORY: u8 = 13;
pub(super) const REAL_TIME_FILE: u8 = 249;
pub(super) const METADATA_FILE: u8 = 250;
pub(super) const METADATA_MIRROR: u8 = 251;

/// The flag for the ICB of a named stream (ECMA-167 4/14.6.8).
const STREAM: u16 = 1 << 13;

/// Everybody may read and execute, nobody may write (ECMA-167 4/14.9.5).
const READ_AND_EXECUTE: u32 = 0x14A5;

/// No user or group is recorded.
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

/// The beginning of both forms of entries.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct EntryHead {
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
}

/// The end of both forms of entries; extended attributes and allocation descriptors follow in the same block.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct EntryTail {
    pub implementation_identifier: EntityId,
    pub unique_id: U64,
    pub extended_attributes_len: U32,
    pub allocation_descriptors_len: U32,
}

/// File Entry.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct FileEntry {
    pub head: EntryHead,
    pub logical_blocks_recorded: U64,
    pub access_time: UdfTime,
    pub modification_time: UdfTime,
    pub attribute_time: UdfTime,
    pub checkpoint: U32,
    pub extended_attribute_icb: LongAd,
    pub tail: EntryTail,
}

const _: () = assert!(
    size_of::<FileEntry>() == 176
        && std::mem::offset_of!(EntryHead, information_len) == 56
        && std::mem::offset_of!(FileEntry, tail) == 128
        && std::mem::offset_of!(EntryTail, unique_id) == 32
);

/// Extended File Entry, the form in ECMA-167's 3rd edition.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct ExtendedFileEntry {
    pub head: EntryHead,
    /// Includes the lengths of all streams.
    pub object_size: U64,
    pub logical_blocks_recorded: U64,
    pub access_time: UdfTime,
    pub modification_time: UdfTime,
    pub creation_time: UdfTime,
    pub attribute_time: UdfTime,
    pub checkpoint: U32,
    pub reserved: U32,
    pub extended_attribute_icb: LongAd,
    pub stream_directory_icb: LongAd,
    pub tail: EntryTail,
}

const _: () = assert!(
    size_of::<ExtendedFileEntry>() == 216
        && std::mem::offset_of!(ExtendedFileEntry, attribute_time) == 116
        && std::mem::offset_of!(ExtendedFileEntry, tail) == 168
);

/// Returns the length in bytes of an entry before its allocation descriptors.
pub(super) const fn head_len(revision: UdfRevision) -> usize {
    if revision.has_extended_entries() {
        size_of::<ExtendedFileEntry>()
    } else {
        size_of::<FileEntry>()
    }
}

/// The fields of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryFields {
    pub file_type: u8,
    pub link_count: u16,
    pub information_len: u64,
    /// Includes the lengths of all named streams. Recorded from UDF 2.00 on, as are the next two.
    pub object_size: u64,
    pub stream_directory: Option<PartitionBlock>,
    pub is_stream: bool,
    pub blocks: u64,
    pub accessed: UdfTime,
    pub modified: UdfTime,
    /// Recorded from UDF 2.00 on.
    pub created: UdfTime,
    pub unique_id: u64,
    pub allocation: Allocation,
}

impl EntryFields {
    /// Completes the entry recorded at `location`, whose allocation descriptors are already in `out`.
    pub(super) fn finish(&self, revision: UdfRevision, location: PartitionBlock, out: &mut [u8]) {
        let head = head_len(revision);
        let identifier = if revision.has_extended_entries() {
            out[..head].copy_from_slice(self.extended(revision).as_bytes());
            identifier::EXTENDED_FILE_ENTRY
        } else {
            out[..head].copy_from_slice(self.plain().as_bytes());
            identifier::FILE_ENTRY
        };
        let len = head + self.allocation.len as usize;
        seal(out, identifier, revision, location.0, len - TAG_LEN);
    }

    fn head(&self) -> EntryHead {
        EntryHead {
            tag: Tag::default(),
            icb_tag: IcbTag {
                prior_direct_entries: 0.into(),
                strategy_type: 4.into(),
                strategy_parameter: 0.into(),
                maximum_entries: 1.into(),
                reserved: 0,
                file_type: self.file_type,
                parent_icb: [0; 6],
                flags: (self.allocation.kind | if self.is_stream { STREAM } else { 0 }).into(),
            },
            uid: NOBODY.into(),
            gid: NOBODY.into(),
            permissions: READ_AND_EXECUTE.into(),
            file_link_count: self.link_count.into(),
            record_format: 0,
            record_display_attributes: 0,
            record_len: 0.into(),
            information_len: self.information_len.into(),
        }
    }

    fn tail(&self) -> EntryTail {
        EntryTail {
            implementation_identifier: EntityId::IMPLEMENTATION,
            unique_id: self.unique_id.into(),
            extended_attributes_len: 0.into(),
            allocation_descriptors_len: self.allocation.len.into(),
        }
    }

    fn plain(&self) -> FileEntry {
        FileEntry {
            head: self.head(),
            logical_blocks_recorded: self.blocks.into(),
            access_time: self.accessed,
            modification_time: self.modified,
            // IMAPI2 has no such time; the attributes get that of the data.
            attribute_time: self.modified,
            checkpoint: 1.into(),
            extended_attribute_icb: LongAd::default(),
            tail: self.tail(),
        }
    }

    fn extended(&self, revision: UdfRevision) -> ExtendedFileEntry {
        ExtendedFileEntry {
            head: self.head(),
            object_size: self.object_size.into(),
            logical_blocks_recorded: self.blocks.into(),
            access_time: self.accessed,
            modification_time: self.modified,
            creation_time: self.created,
            attribute_time: self.modified,
            checkpoint: 1.into(),
            reserved: 0.into(),
            extended_attribute_icb: LongAd::default(),
            stream_directory_icb: self.stream_directory.map_or_else(LongAd::default, |block| {
                LongAd::of_structure(revision, block, 1)
            }),
            tail: self.tail(),
        }
    }
}

/// The allocation descriptors of an entry (ECMA-167 4/14.6.8).
#[derive(Clone, Copy, Debug)]
pub(super) struct Allocation {
    /// The lowest three bits of the ICB's flags.
    pub kind: u16,
    /// In bytes.
    pub len: u32,
}

impl Allocation {
    /// Returns the description of the data itself, `len` bytes, in place of descriptors.
    pub(super) const fn embedded(len: u32) -> Self {
        Self { kind: 3, len }
    }
}

/// Returns the most bytes of data that an entry can hold in place of allocation descriptors.
pub(crate) const fn max_embedded(revision: UdfRevision) -> u64 {
    (BLOCK - head_len(revision)) as u64
}

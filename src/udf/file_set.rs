//! File Set Descriptor: the beginning of a logical volume's tree (ECMA-167 4/14.1, UDF 2.3.2).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::tag::{CharSpec, EntityId, LongAd, TAG_LEN, Tag, identifier, seal};
use super::volume::{VolumeFields, domain};
use crate::block::{BLOCK, PartitionBlock};
use crate::codec::text::dstring;
use crate::codec::time::UdfTime;

/// Blocks of the file set descriptor sequence: the descriptor and a terminating one.
pub(super) const FILE_SET_BLOCKS: u32 = 2;

#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct FileSetDescriptor {
    pub tag: Tag,
    pub recording_time: UdfTime,
    pub interchange_level: U16,
    pub maximum_interchange_level: U16,
    pub character_set_list: U32,
    pub maximum_character_set_list: U32,
    pub file_set_number: U32,
    pub descriptor_number: U32,
    pub logical_volume_character_set: CharSpec,
    pub logical_volume_identifier: [u8; 128],
    pub file_set_character_set: CharSpec,
    pub file_set_identifier: [u8; 32],
    pub copyright_file_identifier: [u8; 32],
    pub abstract_file_identifier: [u8; 32],
    pub root_directory: LongAd,
    pub domain_identifier: EntityId,
    pub next_extent: LongAd,
    pub system_stream_directory: LongAd,
    pub reserved: [u8; 32],
}

const _: () = assert!(size_of::<FileSetDescriptor>() == 512);

pub(super) fn file_set(volume: &VolumeFields, root: PartitionBlock) -> Vec<u8> {
    let descriptor = FileSetDescriptor {
        tag: Tag::default(),
        recording_time: volume.time,
        interchange_level: 3.into(),
        maximum_interchange_level: 3.into(),
        character_set_list: 1.into(),
        maximum_character_set_list: 1.into(),
        file_set_number: 0.into(),
        descriptor_number: 0.into(),
        logical_volume_character_set: CharSpec::CS0,
        logical_volume_identifier: dstring(&volume.name),
        file_set_character_set: CharSpec::CS0,
        file_set_identifier: dstring(&volume.name),
        copyright_file_identifier: [0; 32],
        abstract_file_identifier: [0; 32],
        root_directory: LongAd::of_structure(volume.revision, root, 1),
        domain_identifier: domain(volume.revision),
        next_extent: LongAd::default(),
        system_stream_directory: LongAd::default(),
        reserved: [0; 32],
    };
    let mut bytes = vec![0; FILE_SET_BLOCKS as usize * BLOCK];
    let (first, second) = bytes.split_at_mut(BLOCK);
    first[..512].copy_from_slice(descriptor.as_bytes());
    let at = volume.file_set;
    seal(
        first,
        identifier::FILE_SET_DESCRIPTOR,
        volume.revision,
        at.0,
        512 - TAG_LEN,
    );
    seal(
        second,
        identifier::TERMINATING_DESCRIPTOR,
        volume.revision,
        (at + 1).0,
        512 - TAG_LEN,
    );
    bytes
}

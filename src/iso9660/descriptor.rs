//! Volume descriptors (ECMA-119 8): primary, supplementary, terminator.

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, big_endian, little_endian,
};

use super::record::{DirectoryRecord, SELF};
use crate::block::BLOCK;
use crate::codec::both::{BothU16, BothU32};
use crate::codec::time::VolumeTime;
use crate::recognition;

/// The escape sequence of UCS-2 level 3 (Joliet, "Identifying a Joliet Volume").
pub(crate) const UCS2_LEVEL_3: [u8; 3] = *b"%/E";

/// Primary and supplementary volume descriptor (ECMA-119 8.4, 8.5).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct VolumeDescriptor {
    pub descriptor_type: u8,
    pub standard_identifier: [u8; 5],
    pub version: u8,
    pub volume_flags: u8,
    pub system_identifier: [u8; 32],
    pub volume_identifier: [u8; 32],
    pub unused_1: [u8; 8],
    pub volume_space_size: BothU32,
    pub escape_sequences: [u8; 32],
    pub volume_set_size: BothU16,
    pub volume_sequence_number: BothU16,
    pub logical_block_size: BothU16,
    pub path_table_size: BothU32,
    pub type_l_path_table: little_endian::U32,
    pub optional_type_l_path_table: little_endian::U32,
    pub type_m_path_table: big_endian::U32,
    pub optional_type_m_path_table: big_endian::U32,
    pub root_directory: DirectoryRecord,
    pub root_identifier: [u8; 1],
    pub volume_set_identifier: [u8; 128],
    pub publisher_identifier: [u8; 128],
    pub data_preparer_identifier: [u8; 128],
    pub application_identifier: [u8; 128],
    pub copyright_file_identifier: [u8; 37],
    pub abstract_file_identifier: [u8; 37],
    pub bibliographic_file_identifier: [u8; 37],
    pub creation_time: VolumeTime,
    pub modification_time: VolumeTime,
    pub expiration_time: VolumeTime,
    pub effective_time: VolumeTime,
    pub file_structure_version: u8,
    pub reserved_1: u8,
    pub application_use: [u8; 512],
    pub reserved_2: [u8; 653],
}

const _: () = assert!(
    size_of::<VolumeDescriptor>() == BLOCK
        && std::mem::offset_of!(VolumeDescriptor, root_directory) == 156
        && std::mem::offset_of!(VolumeDescriptor, creation_time) == 813
        && std::mem::offset_of!(VolumeDescriptor, application_use) == 883
);

/// The fields in which the descriptors of two hierarchies differ.
#[derive(Debug)]
pub(crate) struct VolumeIdentity {
    pub descriptor_type: u8,
    pub escape_sequences: [u8; 32],
    pub system: [u8; 32],
    pub volume: [u8; 32],
    pub volume_set: [u8; 128],
    pub publisher: [u8; 128],
    pub data_preparer: [u8; 128],
    pub application: [u8; 128],
    /// A file identifier that names no file: all blanks.
    pub no_file: [u8; 37],
}

/// Where the parts of a hierarchy are.
#[derive(Debug)]
pub(crate) struct Locations {
    pub volume_space_size: u32,
    pub path_table_size: u32,
    pub type_l_path_table: u32,
    pub type_m_path_table: u32,
    pub root_directory: DirectoryRecord,
}

impl VolumeDescriptor {
    pub(crate) fn new(identity: &VolumeIdentity, locations: &Locations, time: VolumeTime) -> Self {
        Self {
            descriptor_type: identity.descriptor_type,
            standard_identifier: recognition::ISO9660,
            version: 1,
            volume_flags: 0,
            system_identifier: identity.system,
            volume_identifier: identity.volume,
            unused_1: [0; 8],
            volume_space_size: locations.volume_space_size.into(),
            escape_sequences: identity.escape_sequences,
            volume_set_size: 1.into(),
            volume_sequence_number: 1.into(),
            logical_block_size: (BLOCK as u16).into(),
            path_table_size: locations.path_table_size.into(),
            type_l_path_table: locations.type_l_path_table.into(),
            optional_type_l_path_table: 0.into(),
            type_m_path_table: locations.type_m_path_table.into(),
            optional_type_m_path_table: 0.into(),
            root_directory: locations.root_directory,
            root_identifier: [SELF[0]],
            volume_set_identifier: identity.volume_set,
            publisher_identifier: identity.publisher,
            data_preparer_identifier: identity.data_preparer,
            application_identifier: identity.application,
            copyright_file_identifier: identity.no_file,
            abstract_file_identifier: identity.no_file,
            bibliographic_file_identifier: identity.no_file,
            creation_time: time,
            modification_time: time,
            expiration_time: VolumeTime::NONE,
            effective_time: VolumeTime::NONE,
            file_structure_version: 1,
            reserved_1: 0,
            application_use: [0; 512],
            reserved_2: [0; 653],
        }
    }
}

/// Volume descriptor set terminator (ECMA-119 8.3).
pub(crate) fn terminator() -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[0] = 255;
    block[1..6].copy_from_slice(&recognition::ISO9660);
    block[6] = 1;
    block
}

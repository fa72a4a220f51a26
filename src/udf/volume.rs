//! Volume structures (ECMA-167 part 3): recognition, anchors, the volume descriptor sequence, integrity.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::metadata::{MetadataPartition, MetadataPartitionMap};
use super::tag::{CharSpec, EntityId, ExtentAd, LongAd, TAG_LEN, Tag, identifier, seal};
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba, PartitionBlock};
use crate::codec::text::dstring;
use crate::codec::time::UdfTime;
use crate::file_systems::UdfRevision;
use crate::recognition::{BEGIN_EXTENDED_AREA, END_EXTENDED_AREA};

/// Blocks of the volume recognition sequence: BEA01, NSR02 or NSR03, TEA01.
pub(crate) const RECOGNITION_BLOCKS: u32 = 3;

/// Blocks of a volume descriptor sequence, the fewest allowed (UDF 2.2.3.1).
pub(crate) const SEQUENCE_BLOCKS: u32 = 16;

/// Returns the volume recognition sequence (ECMA-167 2/9, 3/9.1).
pub(crate) fn recognition(revision: UdfRevision) -> Vec<u8> {
    let mut bytes = vec![0; RECOGNITION_BLOCKS as usize * BLOCK];
    let identifiers = [
        &BEGIN_EXTENDED_AREA,
        revision.standard_identifier(),
        &END_EXTENDED_AREA,
    ];
    for (block, identifier) in bytes.chunks_exact_mut(BLOCK).zip(identifiers) {
        block[1..6].copy_from_slice(identifier);
        block[6] = 1;
    }
    bytes
}

/// The contents of the volume's descriptors.
#[derive(Clone, Debug)]
pub(super) struct VolumeFields {
    pub revision: UdfRevision,
    pub name: String,
    pub volume_set: String,
    pub time: UdfTime,
    pub partition: Extent,
    /// From UDF 2.50 on.
    pub metadata: Option<MetadataPartition>,
    pub file_set: PartitionBlock,
    pub file_set_blocks: u32,
    pub integrity: Extent,
}

impl VolumeFields {
    /// Returns the number of partitions, including the metadata partition.
    fn partitions(&self) -> u32 {
        1 + u32::from(self.metadata.is_some())
    }
}

/// Primary Volume Descriptor (ECMA-167 3/10.1, UDF 2.2.2).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct PrimaryVolumeDescriptor {
    pub tag: Tag,
    pub sequence_number: U32,
    pub descriptor_number: U32,
    pub volume_identifier: [u8; 32],
    pub volume_sequence_number: U16,
    pub maximum_volume_sequence_number: U16,
    pub interchange_level: U16,
    pub maximum_interchange_level: U16,
    pub character_set_list: U32,
    pub maximum_character_set_list: U32,
    pub volume_set_identifier: [u8; 128],
    pub descriptor_character_set: CharSpec,
    pub explanatory_character_set: CharSpec,
    pub volume_abstract: ExtentAd,
    pub volume_copyright_notice: ExtentAd,
    pub application_identifier: [u8; 32],
    pub recording_time: UdfTime,
    pub implementation_identifier: EntityId,
    pub implementation_use: [u8; 64],
    pub predecessor_location: U32,
    pub flags: U16,
    pub reserved: [u8; 22],
}

const _: () = assert!(size_of::<PrimaryVolumeDescriptor>() == 512);

/// Implementation Use Volume Descriptor with `*UDF LV Info` (ECMA-167 3/10.4, UDF 2.2.7).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct ImplementationUseVolumeDescriptor {
    tag: Tag,
    sequence_number: U32,
    implementation_identifier: EntityId,
    lvi_character_set: CharSpec,
    logical_volume_identifier: [u8; 128],
    lv_info_1: [u8; 36],
    lv_info_2: [u8; 36],
    lv_info_3: [u8; 36],
    implementation_id: EntityId,
    implementation_use: [u8; 128],
}

const _: () = assert!(size_of::<ImplementationUseVolumeDescriptor>() == 512);

/// Partition Descriptor (ECMA-167 3/10.5, UDF 2.2.14).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct PartitionDescriptor {
    pub tag: Tag,
    pub sequence_number: U32,
    pub partition_flags: U16,
    pub partition_number: U16,
    pub partition_contents: EntityId,
    /// Partition Header Descriptor: a read-only partition has no space tables.
    pub partition_contents_use: [u8; 128],
    pub access_type: U32,
    pub starting_location: U32,
    pub partition_len: U32,
    pub implementation_identifier: EntityId,
    pub implementation_use: [u8; 128],
    pub reserved: [u8; 156],
}

const _: () = assert!(size_of::<PartitionDescriptor>() == 512);

/// The access type of a partition that is written once, when the image is made.
///
/// IMAPI2 writes this one, too, and appends to no other.
pub(crate) const READ_ONLY: u32 = 1;

/// Logical Volume Descriptor (ECMA-167 3/10.6, UDF 2.2.4). The partition maps follow.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct LogicalVolumeDescriptor {
    pub tag: Tag,
    pub sequence_number: U32,
    pub descriptor_character_set: CharSpec,
    pub logical_volume_identifier: [u8; 128],
    pub logical_block_size: U32,
    pub domain_identifier: EntityId,
    /// The extent of the file set descriptor.
    pub logical_volume_contents_use: LongAd,
    pub map_table_len: U32,
    pub number_of_partition_maps: U32,
    pub implementation_identifier: EntityId,
    pub implementation_use: [u8; 128],
    pub integrity_sequence_extent: ExtentAd,
}

const _: () = assert!(size_of::<LogicalVolumeDescriptor>() == 440);

/// Type 1 partition map (ECMA-167 3/10.7.2).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct PartitionMap {
    pub map_type: u8,
    pub map_len: u8,
    pub volume_sequence_number: U16,
    pub partition_number: U16,
}

/// Unallocated Space Descriptor without extents (ECMA-167 3/10.8, UDF 2.2.5).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct UnallocatedSpaceDescriptor {
    tag: Tag,
    sequence_number: U32,
    number_of_allocation_descriptors: U32,
}

/// Anchor Volume Descriptor Pointer (ECMA-167 3/10.2, UDF 2.2.3).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct AnchorVolumeDescriptorPointer {
    pub tag: Tag,
    pub main_sequence: ExtentAd,
    pub reserve_sequence: ExtentAd,
    pub reserved: [u8; 480],
}

/// Volume Descriptor Pointer: the continuation of a sequence (ECMA-167 3/10.3). Only read, never written.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct VolumeDescriptorPointer {
    pub tag: Tag,
    pub sequence_number: U32,
    pub next_sequence: ExtentAd,
}

/// Logical Volume Integrity Descriptor (ECMA-167 3/10.10, UDF 2.2.6). The free space and the size of every partition
/// follow, then the implementation use.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct LogicalVolumeIntegrityDescriptor {
    pub tag: Tag,
    pub recording_time: UdfTime,
    pub integrity_type: U32,
    pub next_integrity_extent: ExtentAd,
    /// Logical Volume Header Descriptor (ECMA-167 4/14.15).
    pub next_unique_id: U64,
    pub reserved: [u8; 24],
    pub number_of_partitions: U32,
    pub implementation_use_len: U32,
}

const _: () = assert!(size_of::<LogicalVolumeIntegrityDescriptor>() == 80);

/// Implementation use of the integrity descriptor (UDF 2.2.6.4).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct IntegrityImplementationUse {
    pub implementation_id: EntityId,
    pub number_of_files: U32,
    pub number_of_directories: U32,
    pub minimum_read_revision: U16,
    pub minimum_write_revision: U16,
    pub maximum_write_revision: U16,
}

const _: () = assert!(size_of::<IntegrityImplementationUse>() == 46);

/// The value for a volume that is in order (ECMA-167 3/10.10.3).
const CLOSE: u32 = 1;

/// Encodes a volume descriptor sequence to be recorded at `lba` (ECMA-167 3/8.4.2).
pub(super) fn sequence(volume: &VolumeFields, lba: Lba) -> Vec<u8> {
    let descriptors = [
        primary(volume),
        implementation_use(volume),
        partition(volume),
        logical(volume),
        unallocated_space(),
        (identifier::TERMINATING_DESCRIPTOR, vec![0; 512]),
    ];
    let mut bytes = vec![0; SEQUENCE_BLOCKS as usize * BLOCK];
    let blocks = bytes.chunks_exact_mut(BLOCK);
    for (number, (block, (identifier, descriptor))) in (0..).zip(blocks.zip(descriptors)) {
        block[..descriptor.len()].copy_from_slice(&descriptor);
        let location = (lba + number).0;
        let covered = descriptor.len() - TAG_LEN;
        seal(block, identifier, volume.revision, location, covered);
    }
    bytes
}

/// A descriptor whose tag is still empty, with the identifier for its tag.
type Unsealed = (u16, Vec<u8>);

fn primary(volume: &VolumeFields) -> Unsealed {
    let descriptor = PrimaryVolumeDescriptor {
        tag: Tag::default(),
        sequence_number: 0.into(),
        descriptor_number: 0.into(),
        volume_identifier: dstring(&volume.name),
        volume_sequence_number: 1.into(),
        maximum_volume_sequence_number: 1.into(),
        interchange_level: 2.into(),
        maximum_interchange_level: 2.into(),
        character_set_list: 1.into(),
        maximum_character_set_list: 1.into(),
        volume_set_identifier: dstring(&volume.volume_set),
        descriptor_character_set: CharSpec::CS0,
        explanatory_character_set: CharSpec::CS0,
        volume_abstract: ExtentAd::default(),
        volume_copyright_notice: ExtentAd::default(),
        application_identifier: [0; 32],
        recording_time: volume.time,
        implementation_identifier: EntityId::IMPLEMENTATION,
        implementation_use: [0; 64],
        predecessor_location: 0.into(),
        flags: 0.into(),
        reserved: [0; 22],
    };
    let bytes = descriptor.as_bytes().to_vec();
    (identifier::PRIMARY_VOLUME_DESCRIPTOR, bytes)
}

fn implementation_use(volume: &VolumeFields) -> Unsealed {
    let descriptor = ImplementationUseVolumeDescriptor {
        tag: Tag::default(),
        sequence_number: 1.into(),
        implementation_identifier: EntityId::with_revision(b"*UDF LV Info", volume.revision),
        lvi_character_set: CharSpec::CS0,
        logical_volume_identifier: dstring(&volume.name),
        lv_info_1: [0; 36],
        lv_info_2: [0; 36],
        lv_info_3: [0; 36],
        implementation_id: EntityId::IMPLEMENTATION,
        implementation_use: [0; 128],
    };
    let bytes = descriptor.as_bytes().to_vec();
    (identifier::IMPLEMENTATION_USE_VOLUME_DESCRIPTOR, bytes)
}

fn partition(volume: &VolumeFields) -> Unsealed {
    let descriptor = PartitionDescriptor {
        tag: Tag::default(),
        sequence_number: 2.into(),
        partition_flags: 1.into(),
        partition_number: 0.into(),
        partition_contents: volume.revision.partition_contents(),
        partition_contents_use: [0; 128],
        access_type: READ_ONLY.into(),
        starting_location: volume.partition.start.0.into(),
        partition_len: volume.partition.blocks.into(),
        implementation_identifier: EntityId::IMPLEMENTATION,
        implementation_use: [0; 128],
        reserved: [0; 156],
    };
    let bytes = descriptor.as_bytes().to_vec();
    (identifier::PARTITION_DESCRIPTOR, bytes)
}

fn logical(volume: &VolumeFields) -> Unsealed {
    let physical = PartitionMap {
        map_type: 1,
        map_len: 6,
        volume_sequence_number: 1.into(),
        partition_number: 0.into(),
    };
    let mut maps = physical.as_bytes().to_vec();
    if let Some(metadata) = volume.metadata {
        maps.extend(MetadataPartitionMap::new(metadata, volume.revision).as_bytes());
    }
    let descriptor = LogicalVolumeDescriptor {
        tag: Tag::default(),
        sequence_number: 3.into(),
        descriptor_character_set: CharSpec::CS0,
        logical_volume_identifier: dstring(&volume.name),
        logical_block_size: BLOCK_SIZE.into(),
        domain_identifier: domain(volume.revision),
        logical_volume_contents_use: LongAd::of_structure(
            volume.revision,
            volume.file_set,
            volume.file_set_blocks,
        ),
        map_table_len: (maps.len() as u32).into(),
        number_of_partition_maps: volume.partitions().into(),
        implementation_identifier: EntityId::IMPLEMENTATION,
        implementation_use: [0; 128],
        integrity_sequence_extent: volume.integrity.into(),
    };
    let mut bytes = descriptor.as_bytes().to_vec();
    bytes.extend(maps);
    (identifier::LOGICAL_VOLUME_DESCRIPTOR, bytes)
}

fn unallocated_space() -> Unsealed {
    let descriptor = UnallocatedSpaceDescriptor {
        tag: Tag::default(),
        sequence_number: 4.into(),
        number_of_allocation_descriptors: 0.into(),
    };
    let bytes = descriptor.as_bytes().to_vec();
    (identifier::UNALLOCATED_SPACE_DESCRIPTOR, bytes)
}

/// Returns the domain identifier of the volume and its file set (UDF 2.1.5.2).
pub(super) fn domain(revision: UdfRevision) -> EntityId {
    EntityId::with_revision(b"*OSTA UDF Compliant", revision)
}

/// Encodes an anchor to be recorded at `lba`.
pub(super) fn anchor(revision: UdfRevision, main: Extent, reserve: Extent, lba: Lba) -> Vec<u8> {
    let anchor = AnchorVolumeDescriptorPointer {
        tag: Tag::default(),
        main_sequence: main.into(),
        reserve_sequence: reserve.into(),
        reserved: [0; 480],
    };
    let mut bytes = anchor.as_bytes().to_vec();
    seal(
        &mut bytes,
        identifier::ANCHOR_VOLUME_DESCRIPTOR_POINTER,
        revision,
        lba.0,
        512 - TAG_LEN,
    );
    bytes
}

/// The counts in the integrity descriptor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// The number of identifiers of files.
    pub files: u32,
    /// Including the root.
    pub directories: u32,
    pub next_unique_id: u64,
}

/// Encodes the integrity sequence: the descriptor and a terminating one (ECMA-167 3/8.8.2).
pub(super) fn integrity(volume: &VolumeFields, counts: Counts) -> Vec<u8> {
    let lba = volume.integrity.start;
    let usage = IntegrityImplementationUse {
        implementation_id: EntityId::IMPLEMENTATION,
        number_of_files: counts.files.into(),
        number_of_directories: counts.directories.into(),
        minimum_read_revision: u16::from(volume.revision.minimum_read()).into(),
        minimum_write_revision: u16::from(volume.revision).into(),
        maximum_write_revision: u16::from(volume.revision).into(),
    };
    let descriptor = LogicalVolumeIntegrityDescriptor {
        tag: Tag::default(),
        recording_time: volume.time,
        integrity_type: CLOSE.into(),
        next_integrity_extent: ExtentAd::default(),
        next_unique_id: counts.next_unique_id.into(),
        reserved: [0; 24],
        number_of_partitions: volume.partitions().into(),
        implementation_use_len: (size_of_val(&usage) as u32).into(),
    };
    let mut bytes = descriptor.as_bytes().to_vec();
    // No block is free.
    bytes.resize(bytes.len() + 4 * volume.partitions() as usize, 0);
    bytes.extend(volume.partition.blocks.to_le_bytes());
    if let Some(metadata) = volume.metadata {
        bytes.extend(metadata.blocks.to_le_bytes());
    }
    bytes.extend(usage.as_bytes());
    let len = bytes.len();
    bytes.resize(2 * BLOCK, 0);
    let (first, second) = bytes.split_at_mut(BLOCK);
    seal(
        first,
        identifier::LOGICAL_VOLUME_INTEGRITY_DESCRIPTOR,
        volume.revision,
        lba.0,
        len - TAG_LEN,
    );
    seal(
        second,
        identifier::TERMINATING_DESCRIPTOR,
        volume.revision,
        (lba + 1).0,
        512 - TAG_LEN,
    );
    bytes
}

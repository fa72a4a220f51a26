//! Descriptor tags and the small structures that descriptors are made of (ECMA-167 3/7, 4/7, 4/14.14).

use crc::{CRC_16_XMODEM, Crc, Table};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::block::{BLOCK_SIZE, Extent, PartitionBlock};
use crate::file_systems::UdfRevision;

/// The CRC of ECMA-167 (3/7.2.6, UDF 6.5).
pub(super) static CRC: Crc<u16, Table<16>> = Crc::<u16, Table<16>>::new(&CRC_16_XMODEM);

/// Length in bytes of a tag; CRC lengths do not include it.
pub(crate) const TAG_LEN: usize = size_of::<Tag>();

/// Tag identifiers of descriptors (ECMA-167 3/7.2.1, 4/7.2.1).
pub(crate) mod identifier {
    /// UDF 2.2.12.
    pub(crate) const SPARING_TABLE: u16 = 0;
    pub(crate) const PRIMARY_VOLUME_DESCRIPTOR: u16 = 1;
    pub(crate) const ANCHOR_VOLUME_DESCRIPTOR_POINTER: u16 = 2;
    pub(crate) const VOLUME_DESCRIPTOR_POINTER: u16 = 3;
    pub(crate) const IMPLEMENTATION_USE_VOLUME_DESCRIPTOR: u16 = 4;
    pub(crate) const PARTITION_DESCRIPTOR: u16 = 5;
    pub(crate) const LOGICAL_VOLUME_DESCRIPTOR: u16 = 6;
    pub(crate) const UNALLOCATED_SPACE_DESCRIPTOR: u16 = 7;
    pub(crate) const TERMINATING_DESCRIPTOR: u16 = 8;
    pub(crate) const LOGICAL_VOLUME_INTEGRITY_DESCRIPTOR: u16 = 9;
    pub(crate) const FILE_SET_DESCRIPTOR: u16 = 256;
    pub(crate) const FILE_IDENTIFIER_DESCRIPTOR: u16 = 257;
    pub(crate) const ALLOCATION_EXTENT_DESCRIPTOR: u16 = 258;
    pub(crate) const INDIRECT_ENTRY: u16 = 259;
    pub(crate) const FILE_ENTRY: u16 = 261;
    pub(crate) const EXTENDED_ATTRIBUTE_HEADER: u16 = 262;
    pub(crate) const EXTENDED_FILE_ENTRY: u16 = 266;
}

/// Descriptor tag (ECMA-167 3/7.2, 4/7.2; UDF 2.2.1, 2.3.1).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct Tag {
    pub identifier: U16,
    pub descriptor_version: U16,
    pub checksum: u8,
    pub reserved: u8,
    pub serial_number: U16,
    pub descriptor_crc: U16,
    pub descriptor_crc_len: U16,
    pub location: U32,
}

const _: () = assert!(TAG_LEN == 16);

/// Writes the tag into its place at the start of `bytes`, before the finished descriptor.
///
/// The CRC covers `crc_len` bytes after the tag. `location` is a sector of the volume or a block of the partition,
/// depending on the descriptor's part of the standard.
pub(crate) fn seal(
    bytes: &mut [u8],
    identifier: u16,
    revision: UdfRevision,
    location: u32,
    crc_len: usize,
) {
    let mut tag = Tag {
        identifier: identifier.into(),
        descriptor_version: revision.descriptor_version().into(),
        checksum: 0,
        reserved: 0,
        serial_number: 1.into(),
        descriptor_crc: CRC.checksum(&bytes[TAG_LEN..TAG_LEN + crc_len]).into(),
        // A descriptor is at most a block long.
        descriptor_crc_len: (crc_len as u16).into(),
        location: location.into(),
    };
    tag.checksum = tag
        .as_bytes()
        .iter()
        .fold(0, |sum, byte| sum.wrapping_add(*byte));
    bytes[..TAG_LEN].copy_from_slice(tag.as_bytes());
}

/// An extent in sectors of the volume (ECMA-167 3/7.1).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(C)]
pub(crate) struct ExtentAd {
    pub len: U32,
    pub location: U32,
}

impl From<Extent> for ExtentAd {
    /// The extent has only a few blocks.
    fn from(extent: Extent) -> Self {
        Self {
            len: (extent.blocks * BLOCK_SIZE).into(),
            location: extent.start.0.into(),
        }
    }
}

/// Short allocation descriptor: an extent in the same partition (ECMA-167 4/14.14.1).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct ShortAd {
    /// The upper two bits are the type.
    pub len: U32,
    pub position: U32,
}

/// Long allocation descriptor: an extent in any partition (ECMA-167 4/14.14.2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct LongAd {
    pub len: U32,
    pub block: U32,
    /// Index of the partition map, not the partition's number.
    pub partition_reference: U16,
    pub flags: U16,
    /// In the ICB of a file identifier, from UDF 2.00 on (UDF 2.3.4.3); otherwise 0.
    pub unique_id: U32,
}

const _: () = assert!(size_of::<LongAd>() == 16);

impl LongAd {
    /// Returns the descriptor of an extent of whole blocks among the structures for files.
    pub(crate) fn of_structure(revision: UdfRevision, block: PartitionBlock, blocks: u32) -> Self {
        Self {
            len: (blocks * BLOCK_SIZE).into(),
            block: block.0.into(),
            partition_reference: revision.structures().into(),
            ..Self::default()
        }
    }
}

/// Character set specification (ECMA-167 1/7.2.1), always CS0.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct CharSpec {
    pub set_type: u8,
    pub information: [u8; 63],
}

impl CharSpec {
    /// OSTA Compressed Unicode (UDF 2.1.2).
    pub(crate) const CS0: Self = Self {
        set_type: 0,
        information: field(b"OSTA Compressed Unicode"),
    };
}

/// Entity identifier (ECMA-167 1/7.4, UDF 2.1.5).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct EntityId {
    pub flags: u8,
    pub identifier: [u8; 23],
    pub suffix: [u8; 8],
}

impl EntityId {
    /// This implementation. The operating system class and identifier are 0, undefined, so that every machine makes the
    /// same bytes.
    pub(crate) const IMPLEMENTATION: Self = Self::plain(b"*imapi2fs");

    /// Returns `true` if it names this implementation.
    pub(crate) fn is_own(&self) -> bool {
        self.identifier == Self::IMPLEMENTATION.identifier
    }

    const fn plain(identifier: &[u8]) -> Self {
        Self {
            flags: 0,
            identifier: field(identifier),
            suffix: [0; 8],
        }
    }

    /// Returns the identifier of a partition's contents (ECMA-167 3/10.5.5).
    pub(crate) const fn contents(identifier: &[u8]) -> Self {
        Self::plain(identifier)
    }

    /// Returns `*OSTA UDF Compliant` with a domain suffix, or another identifier with a UDF suffix: both suffixes begin
    /// with the revision, and the flags or operating system after it are 0.
    pub(crate) fn with_revision(identifier: &[u8], revision: UdfRevision) -> Self {
        let mut id = Self::plain(identifier);
        id.suffix[..2].copy_from_slice(&u16::from(revision).to_le_bytes());
        id
    }
}

/// Returns `text` at the start of a field of zeros.
const fn field<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut field = [0; N];
    let mut at = 0;
    while at < text.len() {
        field[at] = text[at];
        at += 1;
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_that_of_the_standards_example() {
        assert_eq!(CRC.checksum(&[0x70, 0x6A, 0x77]), 0x3299);
    }

    #[test]
    fn checksum_covers_all_of_the_tag_but_itself() {
        let mut bytes = [7; 32];
        seal(
            &mut bytes,
            identifier::FILE_ENTRY,
            UdfRevision::V2_00,
            99,
            16,
        );
        assert_eq!(bytes[..4], [5, 1, 3, 0]);
        let sum = (0..16)
            .filter(|at| *at != 4)
            .fold(0_u8, |sum, at| sum.wrapping_add(bytes[at]));
        assert_eq!(bytes[4], sum);
        assert_eq!(bytes[10..16], [16, 0, 99, 0, 0, 0]);
    }

    #[test]
    fn revisions_are_in_the_suffix() {
        let id = EntityId::with_revision(b"*OSTA UDF Compliant", UdfRevision::V1_02);
        assert_eq!(&id.as_bytes()[1..20], b"*OSTA UDF Compliant");
        assert_eq!(id.suffix, [2, 1, 0, 0, 0, 0, 0, 0]);
    }
}

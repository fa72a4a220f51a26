//! File Identifier Descriptor: a name in a directory (ECMA-167 4/14.4, UDF 2.3.4).

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::tag::{LongAd, TAG_LEN, Tag, identifier, seal};
use crate::block::PartitionBlock;
use crate::codec::text::{cs0_encode, cs0_len};
use crate::file_systems::UdfRevision;

/// File characteristics (ECMA-167 4/14.4.3).
pub(super) const HIDDEN: u8 = 1;
pub(super) const DIRECTORY: u8 = 2;
pub(super) const DELETED: u8 = 4;
pub(super) const PARENT: u8 = 8;

/// The fixed part of the descriptor. Implementation use, the identifier, and padding to a multiple of 4 follow.
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct FileIdentifierDescriptor {
    pub tag: Tag,
    pub file_version_number: U16,
    pub file_characteristics: u8,
    pub identifier_len: u8,
    pub icb: LongAd,
    pub implementation_use_len: U16,
}

const _: () = assert!(size_of::<FileIdentifierDescriptor>() == 38);

/// Returns the length of the descriptor of `name`; the parent's name is empty.
pub(super) fn len(name: &str) -> usize {
    (size_of::<FileIdentifierDescriptor>() + cs0_len(name)).next_multiple_of(4)
}

/// The contents of a descriptor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identifier<'a> {
    /// Empty for the parent.
    pub name: &'a str,
    pub characteristics: u8,
    pub icb: PartitionBlock,
    /// Recorded from UDF 2.00 on.
    pub unique_id: u64,
}

impl Identifier<'_> {
    /// Appends the descriptor, whose first byte lies in the block `location`.
    pub(super) fn push(&self, revision: UdfRevision, location: PartitionBlock, out: &mut Vec<u8>) {
        let start = out.len();
        let name_len = cs0_len(self.name);
        let mut icb = LongAd::of_structure(revision, self.icb, 1);
        if revision.has_identifier_ids() {
            // Only the lower half is recorded.
            icb.unique_id = (self.unique_id as u32).into();
        }
        let descriptor = FileIdentifierDescriptor {
            tag: Tag::default(),
            file_version_number: 1.into(),
            file_characteristics: self.characteristics,
            // Names have been cut to 255 bytes.
            identifier_len: name_len as u8,
            icb,
            implementation_use_len: 0.into(),
        };
        out.extend(descriptor.as_bytes());
        let name_start = out.len();
        out.resize(start + len(self.name), 0);
        cs0_encode(self.name, &mut out[name_start..name_start + name_len]);
        let crc_len = out.len() - start - TAG_LEN;
        seal(
            &mut out[start..],
            identifier::FILE_IDENTIFIER_DESCRIPTOR,
            revision,
            location.0,
            crc_len,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_multiples_of_four() {
        assert_eq!(len(""), 40);
        assert_eq!(len("a"), 40);
        assert_eq!(len("ab"), 44);
        let mut out = vec![0xFF; 3];
        let identifier = Identifier {
            name: "name",
            characteristics: HIDDEN,
            icb: PartitionBlock(5),
            unique_id: 0x1_0000_0017,
        };
        identifier.push(UdfRevision::V1_50, PartitionBlock(9), &mut out);
        assert_eq!(out.len() - 3, len("name"));
        assert_eq!(out[3 + 32..3 + 36], [0; 4]);
        assert_eq!(&out[3 + 38..3 + 43], b"\x08name");
        out.clear();
        identifier.push(UdfRevision::V2_50, PartitionBlock(9), &mut out);
        assert_eq!(out[28..36], [1, 0, 0, 0, 0x17, 0, 0, 0]);
    }
}

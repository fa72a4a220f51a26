//! Records of directories and path tables (ECMA-119 9.1, 9.4).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::block::Lba;
use crate::codec::both::{BothU16, BothU32};
use crate::codec::time::RecordTime;
use crate::time::Timestamp;

/// Existence: readers need not show the item (ECMA-119 9.1.6).
pub(crate) const HIDDEN: u8 = 1;
/// The item is a directory.
pub(crate) const DIRECTORY: u8 = 2;
/// This is not the last section of the file.
pub(crate) const MULTI_EXTENT: u8 = 0x80;

/// Identifier of a directory in its own first record.
pub(crate) const SELF: &[u8] = &[0];
/// Identifier of the parent in a directory's second record.
pub(crate) const PARENT: &[u8] = &[1];

/// The most bytes in a file section that is not the last: whole blocks, in 32 bits (ECMA-119 6.5.1).
pub(crate) const SECTION_LEN: u64 = 0xFFFF_F800;

/// The fields of a directory record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordFields {
    pub location: Lba,
    pub data_len: u32,
    pub time: Timestamp,
    pub flags: u8,
}

/// The fixed part of a directory record (ECMA-119 9.1). The identifier follows.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct DirectoryRecord {
    pub record_len: u8,
    pub extended_attribute_record_len: u8,
    pub location_of_extent: BothU32,
    pub data_len: BothU32,
    pub recording_time: RecordTime,
    pub file_flags: u8,
    pub file_unit_size: u8,
    pub interleave_gap_size: u8,
    pub volume_sequence_number: BothU16,
    pub identifier_len: u8,
}

const _: () = assert!(size_of::<DirectoryRecord>() == 33);

impl DirectoryRecord {
    /// Makes a record for an identifier that [`record_len`] allows.
    pub(crate) fn new(entry: &RecordFields, identifier_len: usize) -> Self {
        Self {
            record_len: record_len(identifier_len) as u8,
            extended_attribute_record_len: 0,
            location_of_extent: entry.location.0.into(),
            data_len: entry.data_len.into(),
            recording_time: entry.time.into(),
            file_flags: entry.flags,
            file_unit_size: 0,
            interleave_gap_size: 0,
            volume_sequence_number: 1.into(),
            identifier_len: identifier_len as u8,
        }
    }

    /// Writes the record at the start of `out`; returns its length.
    pub(crate) fn encode_into(&self, identifier: &[u8], out: &mut [u8]) -> usize {
        let head = size_of::<Self>();
        out[..head].copy_from_slice(self.as_bytes());
        out[head..head + identifier.len()].copy_from_slice(identifier);
        usize::from(self.record_len)
    }
}

/// Returns the length of a directory record, which is always even (ECMA-119 9.1.13).
pub(crate) const fn record_len(identifier_len: usize) -> usize {
    (size_of::<DirectoryRecord>() + identifier_len).next_multiple_of(2)
}

/// Returns the length of a path table record (ECMA-119 9.4).
pub(crate) const fn path_record_len(identifier_len: usize) -> usize {
    (8 + identifier_len).next_multiple_of(2)
}

/// The byte order of a path table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathTableType {
    /// Little-endian.
    L,
    /// Big-endian.
    M,
}

/// Appends a path table record.
pub(crate) fn push_path_record(
    kind: PathTableType,
    identifier: &[u8],
    location: Lba,
    parent: u16,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.extend([identifier.len() as u8, 0]);
    match kind {
        PathTableType::L => {
            out.extend(location.0.to_le_bytes());
            out.extend(parent.to_le_bytes());
        }
        PathTableType::M => {
            out.extend(location.0.to_be_bytes());
            out.extend(parent.to_be_bytes());
        }
    }
    out.extend(identifier);
    out.resize(start + path_record_len(identifier.len()), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_padded_to_even_lengths() {
        assert_eq!(record_len(1), 34);
        assert_eq!(record_len(2), 36);
        assert_eq!(record_len(3), 36);
        assert_eq!(path_record_len(1), 10);
        assert_eq!(path_record_len(2), 10);
    }

    #[test]
    fn path_records_differ_in_byte_order() {
        let mut l = Vec::new();
        push_path_record(PathTableType::L, b"ABC", Lba(0x0102), 3, &mut l);
        assert_eq!(l, [3, 0, 2, 1, 0, 0, 3, 0, b'A', b'B', b'C', 0]);
        let mut m = Vec::new();
        push_path_record(PathTableType::M, b"ABC", Lba(0x0102), 3, &mut m);
        assert_eq!(m, [3, 0, 0, 0, 1, 2, 0, 3, b'A', b'B', b'C', 0]);
    }
}

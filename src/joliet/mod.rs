//! Joliet: a second hierarchy of an ISO 9660 volume, with names in UCS-2.

mod names;
pub(crate) mod read;

use std::cmp::Ordering;

pub(crate) use self::names::{JolietNames, LONGEST_LIMIT, SHORTEST_LIMIT, USUAL_LIMIT};
use crate::codec::text::padded_ucs2;
use crate::file_systems::FileSystems;
use crate::iso9660::{APPLICATION, Identifiers, UCS2_LEVEL_3, VolumeIdentity};

/// Returns the identity of the volume in its supplementary volume descriptor.
pub(crate) fn identity(volume: &str, volume_set: &str) -> VolumeIdentity {
    let mut escape_sequences = [0; 32];
    escape_sequences[..UCS2_LEVEL_3.len()].copy_from_slice(&UCS2_LEVEL_3);
    VolumeIdentity {
        descriptor_type: 2,
        escape_sequences,
        system: padded_ucs2(""),
        volume: padded_ucs2(volume),
        volume_set: padded_ucs2(volume_set),
        publisher: padded_ucs2(""),
        data_preparer: padded_ucs2(""),
        application: padded_ucs2(APPLICATION),
        no_file: padded_ucs2(""),
    }
}

impl Identifiers for JolietNames {
    const FILE_SYSTEM: FileSystems = FileSystems::JOLIET;

    fn identifier_len(text: &str, _directory: bool) -> usize {
        2 * text.encode_utf16().count()
    }

    fn push_identifier(text: &str, _directory: bool, out: &mut Vec<u8>) {
        out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    }

    /// Compares whole names: the path table does not separate extensions.
    fn compare_in_path_table(&self, a: &str, b: &str) -> Ordering {
        a.encode_utf16().cmp(b.encode_utf16())
    }
}

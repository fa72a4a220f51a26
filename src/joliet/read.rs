//! Joliet as found on discs.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::iso9660::read::{
    DecodeNames, FoundDescriptor, HierarchyVolume, RecordedDescriptors, non_empty, without_dot,
    without_version,
};
use crate::media::Blocks;

/// Escape sequences of UCS-2 at levels 1 to 3, which readers treat alike (Joliet, "Identifying a Joliet Volume").
const ESCAPE_SEQUENCES: [&[u8]; 3] = [b"%/@", b"%/C", b"%/E"];

/// Names in big-endian UTF-16, which includes UCS-2.
struct Utf16;

impl DecodeNames for Utf16 {
    /// Half a pair becomes U+FFFD; an odd byte at the end is ignored.
    fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        let units = bytes.chunks_exact(2).filter_map(|pair| match pair {
            [high, low] => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        });
        char::decode_utf16(units)
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect::<String>()
            .into()
    }

    /// Few writers record version numbers; without one, a dot at the end belongs to the name.
    fn file_name<'a>(&self, identifier: &'a str) -> &'a str {
        match without_version(identifier) {
            (name, true) => non_empty(without_dot(name), identifier),
            (name, false) => name,
        }
    }
}

/// Returns `true` if a session has Joliet.
pub(crate) fn is_in(descriptors: &RecordedDescriptors) -> bool {
    find(descriptors).is_some()
}

/// Opens the hierarchy; returns `None` if there is none.
pub(crate) fn open(
    blocks: &Arc<Blocks>,
    descriptors: &RecordedDescriptors,
) -> Result<Option<HierarchyVolume>> {
    find(descriptors)
        .map(|found| {
            HierarchyVolume::open(blocks, found, FileSystems::JOLIET, Arc::new(Utf16), false)
        })
        .transpose()
}

/// Returns the first descriptor with Joliet's escape sequences, in any order.
fn find(descriptors: &RecordedDescriptors) -> Option<&FoundDescriptor> {
    descriptors.supplementaries().iter().find(|found| {
        found
            .descriptor
            .escape_sequences
            .windows(3)
            .any(|three| ESCAPE_SEQUENCES.contains(&three))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_characters_and_halves_are_replaced() {
        let decode = |units: &[u16]| {
            let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            Utf16.decode(&bytes).into_owned()
        };
        assert_eq!(decode(&[0x61, 0xD83C, 0xDF89]), "a🎉");
        assert_eq!(decode(&[0xD83C, 0x61]), "\u{FFFD}a");
        assert_eq!(decode(&[0x61, 0xDF89]), "a\u{FFFD}");
        assert_eq!(Utf16.decode(&[0, b'a', 0]), "a");
    }

    #[test]
    fn a_last_dot_is_dropped_with_the_version_only() {
        for (identifier, name) in [("a.;1", "a"), ("a.b;1", "a.b"), ("a.", "a."), (";1", ";1")] {
            assert_eq!(Utf16.file_name(identifier), name);
        }
    }
}

//! ISO 9660 (ECMA-119): a volume's descriptors and its hierarchies.
//!
//! ```text
//! 16        primary volume descriptor
//! 17        supplementary volume descriptor, if there is Joliet
//! 18        volume descriptor set terminator
//! …         per hierarchy: type L path table, type M path table, directories
//! ```
//!
//! Joliet is a second [`hierarchy`] with other rules for names; the data of files is recorded once.

mod descriptor;
mod hierarchy;
mod names;
pub(crate) mod read;
mod record;

pub(crate) use self::descriptor::{UCS2_LEVEL_3, VolumeIdentity, terminator};
pub(crate) use self::hierarchy::{Hierarchy, HierarchyNames, Identifiers};
pub(crate) use self::names::{Iso9660Names, Relaxed, identifier_len, level_of_name};
pub(crate) use self::record::SECTION_LEN;
use crate::codec::text::padded;
use crate::codec::unique::NameRules;
use crate::file_systems::FileSystems;

/// Blocks from the session's start to the end of all descriptors: a reader's first request.
pub(crate) const HEAD_BLOCKS: u32 = 32;

/// The deepest level of a directory, with the root at 1 (ECMA-119 6.8.2.1).
pub(crate) const MAX_LEVEL: u32 = 8;

/// The longest path (ECMA-119 6.8.2.1).
pub(crate) const MAX_PATH: usize = 255;

/// The most directories that a path table can number, including the root (ECMA-119 9.4).
pub(crate) const MAX_DIRECTORIES: u32 = 65_535;

/// The most sections of one file that Linux reads.
pub(crate) const MAX_SECTIONS: u64 = 100;

/// The largest file at levels 1 and 2: 2 GiB.
///
/// ECMA-119 allows 4 GiB - 1 in one section; IMAPI2 refuses files larger than this.
pub(crate) const MAX_FILE_LEN: u64 = 1 << 31;

/// The application that made the volume, named in all its descriptors (ECMA-119 8.4.22).
pub(crate) const APPLICATION: &str = "IMAPI2FS";

/// Returns the identity of the volume in its primary volume descriptor.
pub(crate) fn identity(volume: &str, volume_set: &str) -> VolumeIdentity {
    VolumeIdentity {
        descriptor_type: 1,
        escape_sequences: [0; 32],
        system: padded(""),
        volume: padded(volume),
        volume_set: padded(volume_set),
        publisher: padded(""),
        data_preparer: padded(""),
        application: padded(APPLICATION),
        no_file: padded(""),
    }
}

impl Identifiers for Iso9660Names {
    const FILE_SYSTEM: FileSystems = FileSystems::ISO9660;

    fn identifier_len(text: &str, directory: bool) -> usize {
        names::identifier_len(text, directory)
    }

    fn push_identifier(text: &str, directory: bool, out: &mut Vec<u8>) {
        names::push_identifier(text, directory, out);
    }

    fn compare_in_path_table(&self, a: &str, b: &str) -> std::cmp::Ordering {
        self.compare(a, b)
    }
}

//! ISO 9660 as found on discs: the hierarchies of a volume, with Rock Ridge if present.
//!
//! Readers take numbers from their little-endian half, as all others do, or from the big-endian half if only that can
//! be right. They accept known violations of the standard, guess what a damaged field most likely said, and note both
//! as findings. They neither need nor read path tables.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod context;
mod descriptors;
mod directory;
mod entry;
mod guess;
mod names;
mod own_record;
mod record;
mod resync;
mod rock_ridge;
mod susp;
mod volume;

use std::sync::Arc;

use encoding_rs::Encoding;

pub(crate) use self::descriptors::{FoundDescriptor, RecordedDescriptors};
use self::names::SingleBytes;
pub(crate) use self::names::{DecodeNames, non_empty, without_dot, without_version};
pub(crate) use self::volume::HierarchyVolume;
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::media::Blocks;

/// Opens the primary hierarchy, or the enhanced one if there is no Rock Ridge (ISO 9660:1999); returns `None` if there
/// is no primary volume descriptor.
pub(crate) fn open(
    blocks: &Arc<Blocks>,
    descriptors: &RecordedDescriptors,
    code_page: Option<&'static Encoding>,
) -> Result<Option<HierarchyVolume>> {
    let primary = match open_best(blocks, descriptors, code_page, true) {
        Some(primary) => primary,
        None => return Ok(None),
    };
    if !primary.as_ref().is_ok_and(HierarchyVolume::has_rock_ridge) {
        let enhanced = descriptors.enhanced();
        let enhanced = enhanced.map(|found| open_one(blocks, found, code_page, false, false));
        if let Some(Ok(enhanced)) = enhanced {
            return Ok(Some(enhanced));
        }
    }
    primary.map(Some)
}

/// Opens the primary hierarchy with its own names, ignoring Rock Ridge; returns `None` if there is no primary volume
/// descriptor.
pub(crate) fn open_primary(
    blocks: &Arc<Blocks>,
    descriptors: &RecordedDescriptors,
    code_page: Option<&'static Encoding>,
) -> Result<Option<HierarchyVolume>> {
    open_best(blocks, descriptors, code_page, false).transpose()
}

/// Opens the first readable primary hierarchy: some discs have several, some of them broken.
fn open_best(
    blocks: &Arc<Blocks>,
    descriptors: &RecordedDescriptors,
    code_page: Option<&'static Encoding>,
    rock_ridge: bool,
) -> Option<Result<HierarchyVolume>> {
    let mut opened = None;
    for found in descriptors.primaries() {
        let volume = open_one(blocks, found, code_page, true, rock_ridge);
        if volume.is_ok() || opened.is_none() {
            opened = Some(volume);
        }
        if matches!(opened, Some(Ok(_))) {
            break;
        }
    }
    opened
}

fn open_one(
    blocks: &Arc<Blocks>,
    found: &FoundDescriptor,
    code_page: Option<&'static Encoding>,
    versions: bool,
    rock_ridge: bool,
) -> Result<HierarchyVolume> {
    let names = SingleBytes {
        code_page,
        versions,
    };
    HierarchyVolume::open(
        blocks,
        found,
        FileSystems::ISO9660,
        Arc::new(names),
        rock_ridge,
    )
}

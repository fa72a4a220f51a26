//! An opened session: all facts about it, each read on first use.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::session::RecordedSession;
use crate::error::Result;
use crate::iso9660::read::{HierarchyVolume, RecordedDescriptors};
use crate::media::{Blocks, Kept};
use crate::udf::read::UdfSession;
use crate::{iso9660, joliet};

/// An opened session of a disc: the beginning of its volumes, and the volumes themselves.
///
/// It answers all questions about the session, within the work of the operation whose `blocks` the caller passes.
#[derive(Default)]
pub(crate) struct OpenedSession {
    start: u32,
    code_page: Option<&'static Encoding>,
    descriptors: RecordedDescriptors,
    udf: UdfSession,
    primary: Kept<Option<HierarchyVolume>>,
    /// The primary hierarchy without Rock Ridge.
    plain: Kept<Option<HierarchyVolume>>,
    joliet: Kept<Option<HierarchyVolume>>,
    pub(super) summary: Kept<RecordedSession>,
    /// The first block after the session, if it is known.
    pub(super) end: Kept<Option<u32>>,
}

impl OpenedSession {
    /// Opens the session that begins at block `start`: reads its descriptors, none of which need exist.
    pub(super) fn open(
        blocks: &Blocks,
        start: u32,
        code_page: Option<&'static Encoding>,
    ) -> Result<Self> {
        Ok(Self {
            start,
            code_page,
            descriptors: RecordedDescriptors::read(blocks, start)?,
            udf: UdfSession::open(blocks, start)?,
            ..Self::default()
        })
    }

    /// Returns the session's first block.
    pub(crate) const fn start(&self) -> u32 {
        self.start
    }

    /// Returns the ISO 9660 descriptors, with those of Joliet and the boot record.
    pub(crate) const fn descriptors(&self) -> &RecordedDescriptors {
        &self.descriptors
    }

    /// Returns the session's UDF part.
    pub(crate) const fn udf(&self) -> &UdfSession {
        &self.udf
    }

    /// Returns the primary hierarchy of ISO 9660, with Rock Ridge if present, else the enhanced one if there is one.
    pub(super) fn primary(&self, blocks: &Arc<Blocks>) -> Result<Option<HierarchyVolume>> {
        hierarchy(&self.primary, blocks, || {
            iso9660::read::open(blocks, &self.descriptors, self.code_page)
        })
    }

    /// Returns the primary hierarchy of ISO 9660 with its own names, ignoring Rock Ridge.
    pub(super) fn plain(&self, blocks: &Arc<Blocks>) -> Result<Option<HierarchyVolume>> {
        hierarchy(&self.plain, blocks, || {
            iso9660::read::open_primary(blocks, &self.descriptors, self.code_page)
        })
    }

    /// Returns the hierarchy of Joliet.
    pub(super) fn joliet(&self, blocks: &Arc<Blocks>) -> Result<Option<HierarchyVolume>> {
        hierarchy(&self.joliet, blocks, || {
            joliet::read::open(blocks, &self.descriptors)
        })
    }
}

/// Returns a hierarchy for an operation.
fn hierarchy(
    kept: &Kept<Option<HierarchyVolume>>,
    blocks: &Arc<Blocks>,
    open: impl FnOnce() -> Result<Option<HierarchyVolume>>,
) -> Result<Option<HierarchyVolume>> {
    let opened = kept.get_or(open)?;
    Ok(opened.as_ref().map(|volume| volume.anew(blocks)))
}

impl fmt::Debug for OpenedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedSession")
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

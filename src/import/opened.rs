//! A session that is opened: all that is known of it, each part read when it is first asked for.
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

/// A session of a disc, opened: what begins its volumes, and the volumes themselves.
///
/// Whoever has a question about the session asks this, within the work of its own operation: the `blocks` it gives.
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
    /// The first block after the session, if that is said.
    pub(super) end: Kept<Option<u32>>,
}

impl OpenedSession {
    /// Opens the session that begins at block `start`: reads its descriptors, none of which need be there.
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

    /// The session's first block.
    pub(crate) const fn start(&self) -> u32 {
        self.start
    }

    /// The descriptors of ISO 9660, with those of Joliet and the boot record.
    pub(crate) const fn descriptors(&self) -> &RecordedDescriptors {
        &self.descriptors
    }

    /// UDF.
    pub(crate) const fn udf(&self) -> &UdfSession {
        &self.udf
    }

    /// The primary hierarchy of ISO 9660, with Rock Ridge if there is any, else the enhanced one if there is one.
    pub(super) fn primary(&self, blocks: &Arc<Blocks>) -> Result<Option<HierarchyVolume>> {
        hierarchy(&self.primary, blocks, || {
            iso9660::read::open(blocks, &self.descriptors, self.code_page)
        })
    }

    /// The primary hierarchy of ISO 9660 as its records have it, whatever Rock Ridge says.
    pub(super) fn plain(&self, blocks: &Arc<Blocks>) -> Result<Option<HierarchyVolume>> {
        hierarchy(&self.plain, blocks, || {
            iso9660::read::open_primary(blocks, &self.descriptors, self.code_page)
        })
    }

    /// The hierarchy of Joliet.
    pub(super) fn joliet(&self, blocks: &Arc<Blocks>) -> Result<Option<HierarchyVolume>> {
        hierarchy(&self.joliet, blocks, || {
            joliet::read::open(blocks, &self.descriptors)
        })
    }
}

/// A hierarchy for an operation.
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

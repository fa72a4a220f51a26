//! The UDF volume of a session, read on first use and then kept.

use std::sync::Arc;

use super::anchor::{self, Anchor, Anchors};
use super::maps;
use super::narrow;
use super::partition::{Region, Told};
use super::sequence;
use super::volume::{UdfVolume, end};
use crate::error::{Error, Result};
use crate::finding::FindingList;
use crate::media::{Blocks, Kept};
use crate::recognition::FIRST_DESCRIPTOR;

/// The UDF volume in a session of a disc, as far as it has been read.
#[derive(Debug, Default)]
pub(crate) struct UdfSession {
    /// The session's first block.
    start: u32,
    /// Whether a recognition sequence announces UDF.
    is_announced: bool,
    anchors: Kept<Anchors>,
    outline: Kept<Option<Outline>>,
    volume: Kept<Option<UdfVolume>>,
}

/// The outline of a volume, from the descriptors of its sequence alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    /// The first block of the disc after the volume.
    pub end: u32,
    /// Whether it has a virtual partition, whose table is at the end of the disc.
    pub is_virtual: bool,
}

impl UdfSession {
    /// Searches for the recognition sequence of the session that begins at block `start` of the disc.
    pub(crate) fn open(blocks: &Blocks, start: u32) -> Result<Self> {
        Ok(Self {
            start,
            is_announced: anchor::is_recorded(blocks, start)?,
            ..Self::default()
        })
    }

    /// Returns `true` if a recognition sequence announces a volume.
    pub(crate) const fn is_announced(&self) -> bool {
        self.is_announced
    }

    /// Returns the volume. If none is announced, returns one that is sound down to its root directory, or else `None`.
    pub(crate) fn volume(&self, blocks: &Arc<Blocks>) -> Result<Option<UdfVolume>> {
        let opened = self.volume.get_or(|| {
            if self.is_announced {
                self.open_volume(blocks)
            } else {
                self.open_unannounced(blocks)
            }
        });
        match opened {
            Ok(opened) => Ok(opened.as_ref().map(|volume| volume.anew(blocks))),
            // Without an announcement, a read error only means that no UDF was found this time.
            Err(Error::ReadDisc { .. }) if !self.is_announced => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the volume that a recognition sequence announces.
    pub(crate) fn announced_volume(&self, blocks: &Arc<Blocks>) -> Result<Option<UdfVolume>> {
        if self.is_announced {
            self.volume(blocks)
        } else {
            Ok(None)
        }
    }

    fn anchors(&self, blocks: &Blocks) -> Result<&Anchors> {
        self.anchors.get_or(|| anchor::find(blocks, self.start))
    }

    fn open_volume(&self, blocks: &Arc<Blocks>) -> Result<Option<UdfVolume>> {
        let anchors = self.anchors(blocks)?;
        first(anchors, |anchor| UdfVolume::open(blocks, anchors, anchor))
    }

    fn open_unannounced(&self, blocks: &Arc<Blocks>) -> Result<Option<UdfVolume>> {
        if !anchor::may_be_recorded(blocks, self.start) {
            return Ok(None);
        }
        let opened = match self.open_volume(blocks) {
            Err(error) if error.is_limit() => return Err(error),
            // Not kept: the disc may be readable next time.
            Err(error @ Error::ReadDisc { .. }) => return Err(error),
            Ok(Some(volume)) if volume.is_sound() => volume,
            Ok(_) | Err(_) => return Ok(None),
        };
        opened.note_unannounced(self.start.saturating_add(FIRST_DESCRIPTOR));
        Ok(Some(opened))
    }

    /// Returns the outline of the announced volume; `None` if none is announced. Prepares no partition maps, whatever
    /// they lead to.
    pub(crate) fn outline(&self, blocks: &Arc<Blocks>) -> Result<Option<Outline>> {
        if !self.is_announced {
            return Ok(None);
        }
        let outline = self.outline.get_or(|| {
            let anchors = self.anchors(blocks)?;
            first(anchors, |anchor| outline(blocks, anchors, anchor))
        })?;
        Ok(*outline)
    }
}

/// Returns the result of `find` for the first anchor where it succeeds, or else the first error.
fn first<T>(anchors: &Anchors, find: impl Fn(&Anchor) -> Result<T>) -> Result<Option<T>> {
    let mut first_error = None;
    let mut tried: Vec<(u32, u32)> = Vec::new();
    for anchor in &anchors.found {
        let sequences = (anchor.main.location.get(), anchor.reserve.location.get());
        if tried.contains(&sequences) {
            continue;
        }
        tried.push(sequences);
        match find(anchor) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    first_error.map_or(Ok(None), Err)
}

/// Returns the outline of the volume to which an anchor leads.
fn outline(blocks: &Arc<Blocks>, anchors: &Anchors, anchor: &Anchor) -> Result<Outline> {
    let sector_len = anchors.sector_len;
    let descriptors = sequence::descriptors(blocks, anchor, sector_len, &FindingList::default())?;
    let mut is_virtual = false;
    let mut integrity_end = 0;
    if let Some((logical, maps)) = descriptors.logical() {
        let len = narrow(logical.map_table_len.get().into());
        is_virtual = maps::has_virtual(maps.get(..len).unwrap_or_default());
        let extent = logical.integrity_sequence_extent;
        (_, integrity_end) = sequence::integrity(blocks, extent, sector_len);
    }
    let regions = descriptors
        .partitions
        .iter()
        .map(|partition| maps::region(partition, sector_len));
    let last = regions.max_by_key(|region| region.start.saturating_add(region.len));
    let partition = last.unwrap_or(Region { start: 0, len: 0 });
    let told = Told::default();
    let end = end(blocks, anchors, anchor, &told, partition, integrity_end);
    Ok(Outline { end, is_virtual })
}

//! A disc that can be written in any order: the blocks that stay unchanged, and those that lead to the new session.

use std::sync::Arc;

use super::descriptors::{self, put_blocks};
use super::options::RandomWrite;
use super::part::ImagePlan;
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba};
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::iso9660;
use crate::media::Blocks;
use crate::recognition::FIRST_DESCRIPTOR;
use crate::space::Map;
use crate::udf;

impl RandomWrite {
    /// Puts the disc's blocks before the session on the map. Returns the extents that differ from the disc, in the
    /// order in which to write them.
    pub(super) fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<Vec<Extent>> {
        let session = plan.session;
        let has_udf = plan.has(FileSystems::UDF);
        let mut modified = Vec::new();
        let mut kept = KeptBlocks::new(&self.disc);
        // Blocks to which nothing leads yet come first: an interrupted writer leaves the old session intact.
        let head = match has_udf {
            true => udf::HEAD_BLOCKS,
            false => iso9660::HEAD_BLOCKS,
        };
        modified.extend(last_block_of_all(session, FIRST_DESCRIPTOR, head));
        if self.rewrite_descriptors {
            let mut blocks = descriptors::blocks(plan)?;
            if has_udf {
                let recognition = udf::recognition(plan.options.udf.revision);
                let recognition = recognition.chunks_exact(BLOCK);
                let named = |block: &[u8]| ("UDF volume recognition sequence", block.to_vec());
                blocks.extend(recognition.map(named));
            }
            let first = Lba(FIRST_DESCRIPTOR);
            put_blocks(&blocks, first, map);
            let rewritten = Extent {
                start: first,
                blocks: blocks.len() as u32,
            };
            kept.up_to(rewritten, map);
            // As long as the first descriptor is the old one, readers search for sessions after the old volume.
            modified.extend(last_block_of_all(rewritten, 0, rewritten.blocks));
        }
        let block = |start: &Lba| Extent {
            start: *start,
            blocks: 1,
        };
        let mut anchors = plan.options.udf.rewritten_anchors.clone();
        modified.extend(anchors.iter().map(block));
        anchors.sort_unstable();
        for anchor in &anchors {
            kept.up_to(block(anchor), map);
        }
        kept.up_to(session, map);
        Ok(modified)
    }
}

/// The blocks that stay as they are on the disc.
struct KeptBlocks<'a> {
    disc: &'a Arc<Blocks>,
    /// Blocks from here to the session have never been written.
    disc_end: Lba,
    next: Lba,
}

impl<'a> KeptBlocks<'a> {
    fn new(disc: &'a Arc<Blocks>) -> Self {
        Self {
            disc,
            disc_end: Lba((disc.len() / u64::from(BLOCK_SIZE)) as u32),
            next: Lba(0),
        }
    }

    /// Puts the unchanged blocks before `written` on the map.
    fn up_to(&mut self, written: Extent, map: &mut Map) {
        let end = written.start.min(self.disc_end);
        let kept = Extent {
            start: self.next,
            blocks: end.0.saturating_sub(self.next.0),
        };
        map.disc(kept, self.disc.clone());
        self.next = written.end();
    }
}

/// Returns the parts of `extent` in an order that writes its block `last` after all others: the head without its first
/// blocks, everything after the head, and the blocks up to `last`. The head shows that what an interrupted writer left
/// is only part of a session.
fn last_block_of_all(extent: Extent, last: u32, head: u32) -> impl Iterator<Item = Extent> {
    let head = head.min(extent.blocks);
    let after = (last + 1).min(head);
    [(after, head), (head, extent.blocks), (0, after)]
        .into_iter()
        .filter(|(from, to)| from < to)
        .map(move |(from, to)| Extent {
            start: extent.start + from,
            blocks: to - from,
        })
}

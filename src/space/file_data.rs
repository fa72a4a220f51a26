//! The data of all files: one part of the image, in which a search finds the file of a block.

use std::collections::HashSet;
use std::fs::File;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::Space;
use crate::block::{BLOCK_SIZE, Extent, Lba, blocks_of};
use crate::error::{Error, Result};
use crate::source::{ContentData, OpenContent, ReadFailure, RecentDirectory};
use crate::tree::{ContentId, NodeId, Sequence, Tree};

/// The location of every file's data.
#[derive(Debug, Default)]
pub(crate) struct DataPlan {
    extent: Extent,
    /// First block of every content that has blocks, by its number. No content begins at block 0, which belongs to the
    /// system area.
    starts: Vec<Option<NonZeroU32>>,
    /// A node for each content that has blocks, in the order of the blocks.
    order: Vec<NodeId>,
}

/// The data that gets blocks, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DataOptions {
    /// Files of at least this many blocks begin at a multiple of it, counted from the disc's start.
    pub alignment: u32,
    /// Files must also have at least this many bytes to be aligned.
    pub min_aligned: u64,
    /// Real-time files begin at a multiple of this.
    pub real_time_alignment: u32,
    /// Whether named streams are recorded.
    pub streams: bool,
    /// The longest file, in bytes, that lies in its ICB and has no blocks of its own; real-time files always have
    /// blocks.
    pub embedded: u64,
    /// The blocks of earlier sessions to which this one can refer; data elsewhere is recorded again.
    pub recorded: Extent,
}

impl DataPlan {
    /// Takes the blocks of all file data, in the order of the sequence, and then of the streams; data that several
    /// files share is taken once.
    pub(crate) fn take(
        tree: &Tree,
        sequence: &Sequence,
        options: DataOptions,
        space: &mut Space,
    ) -> Result<Self> {
        let mut starts = vec![None; tree.content_count()];
        let mut order = Vec::with_capacity(tree.totals().contents as usize);
        let start = space.next();
        // Usually there are no streams to search for.
        let totals = tree.totals();
        let streams: Vec<NodeId> = match options.streams && totals.streams > 0 {
            true => sequence
                .iter()
                .flat_map(|(_, node)| tree.streams(node))
                .collect(),
            false => Vec::new(),
        };
        // A file of several names is a real-time file if any of them is.
        let real_time: HashSet<ContentId> =
            match options.real_time_alignment > 1 && totals.real_time_files > 0 {
                true => sequence
                    .iter()
                    .filter(|(_, node)| tree.attributes(*node).real_time)
                    .filter_map(|(_, node)| tree.content_of(node).map(|(id, _)| id))
                    .collect(),
                false => HashSet::new(),
            };
        for node in sequence.iter().map(|(_, node)| node).chain(streams) {
            let Some((id, content)) = tree.content_of(node) else {
                continue;
            };
            let place = &mut starts[id.0 as usize];
            let recorded = options.recorded;
            let is_in = |lba: &Lba| {
                let end = u64::from(lba.0) + blocks_of(content.len);
                *lba >= recorded.start && end <= recorded.end().0.into()
            };
            if let Some(lba) = content.recorded_at().filter(is_in) {
                *place = NonZeroU32::new(lba.0);
                continue;
            }
            let real_time = real_time.contains(&id);
            let has_blocks = content.len > options.embedded || real_time && content.len > 0;
            if has_blocks && place.is_none() {
                let blocks = blocks_of(content.len);
                if blocks >= options.alignment.into() && content.len >= options.min_aligned {
                    space.align(options.alignment);
                }
                if real_time {
                    space.align(options.real_time_alignment);
                }
                *place = NonZeroU32::new(space.take(blocks)?.start.0);
                order.push(node);
            }
        }
        Ok(Self {
            extent: Extent {
                start,
                blocks: space.next() - start,
            },
            starts,
            order,
        })
    }

    pub(crate) const fn extent(&self) -> Extent {
        self.extent
    }

    /// Returns the first block of a content, if it has blocks.
    pub(crate) fn start(&self, content: ContentId) -> Option<Lba> {
        self.starts[content.0 as usize].map(|lba| Lba(lba.get()))
    }
}

/// The data of all files of an image.
#[derive(Debug)]
pub(crate) struct FileData {
    pub tree: Arc<Tree>,
    pub plan: Arc<DataPlan>,
}

/// A file that stays open between two reads of one reader.
#[derive(Default)]
pub(crate) struct Cursor {
    open: Option<(ContentId, OpenContent)>,
    recent: RecentDirectory,
}

impl FileData {
    fn start_of(&self, node: NodeId) -> Option<Lba> {
        let (content, _) = self.tree.content_of(node)?;
        self.plan.start(content)
    }

    /// Returns the file with the blocks at `index` among all, and its blocks.
    pub(crate) fn file(&self, index: usize) -> Option<(NodeId, Extent)> {
        let node = *self.plan.order.get(index)?;
        let (content, data) = self.tree.content_of(node)?;
        Some((
            node,
            Extent {
                start: self.plan.start(content)?,
                // `take` has checked the length.
                blocks: blocks_of(data.len) as u32,
            },
        ))
    }

    /// Returns all files that have blocks, in the order of the blocks.
    pub(crate) fn files(&self) -> impl Iterator<Item = (NodeId, Extent)> {
        (0..).map_while(|index| self.file(index))
    }

    /// Returns the content to which byte `offset` of the file data belongs, the byte's position in it, and how many
    /// bytes of it are left.
    pub(crate) fn content_at(&self, offset: u64) -> Option<(NodeId, u64, u64)> {
        let block_size = u64::from(BLOCK_SIZE);
        let first = self.plan.extent.start;
        // There are fewer than 2^31 blocks.
        let index = self.index_at(first + (offset / block_size) as u32);
        let (node, extent) = self.file(index)?;
        let (_, content) = self.tree.content_of(node)?;
        let inside = offset.checked_sub(u64::from(extent.start - first) * block_size)?;
        let left = content.len.checked_sub(inside)?;
        Some((node, inside, left))
    }

    /// Calls `take` with the host's file that holds the data of `node`, if one does, and the position there of the
    /// data's byte `from`. Then checks whether the file has changed. Returns how many bytes `take` took.
    pub(crate) fn take_of_file(
        &self,
        node: NodeId,
        from: u64,
        cursor: &mut Cursor,
        take: impl FnOnce(&File, u64) -> u64,
    ) -> Result<u64> {
        let Some((id, content)) = self.tree.content_of(node) else {
            return Ok(0);
        };
        if !matches!(
            content.data,
            ContentData::Host { .. } | ContentData::Staged { .. }
        ) {
            return Ok(0);
        }
        self.opened(node, id, cursor)?
            .take_of_file(from, take)
            .map_err(|failure| self.error(node, failure))
    }

    /// Returns the index of the file to which `lba` belongs.
    pub(crate) fn index_at(&self, lba: Lba) -> usize {
        self.plan
            .order
            .partition_point(|node| self.start_of(*node) <= Some(lba))
            .saturating_sub(1)
    }

    /// Fills `buf` from byte `offset` of the file data on.
    pub(super) fn read(&self, offset: u64, buf: &mut [u8], cursor: &mut Cursor) -> Result<()> {
        let block_size = u64::from(BLOCK_SIZE);
        let first = self.plan.extent.start;
        // There are fewer than 2^31 blocks.
        let mut index = self.index_at(first + (offset / block_size) as u32);
        let mut done = 0;
        while done < buf.len() {
            let Some((node, extent)) = self.file(index) else {
                buf[done..].fill(0);
                return Ok(());
            };
            let Some((id, content)) = self.tree.content_of(node) else {
                return Ok(());
            };
            let at = offset + done as u64;
            let file_start = u64::from(extent.start - first) * block_size;
            if at < file_start {
                // This gap is left empty so that the file begins where it should.
                let gap = to_len(file_start - at).min(buf.len() - done);
                buf[done..done + gap].fill(0);
                done += gap;
                continue;
            }
            let inside = at - file_start;
            let data = to_len(content.len.saturating_sub(inside)).min(buf.len() - done);
            if data > 0 {
                let opened = self.opened(node, id, cursor)?;
                opened
                    .read_exact_at(&mut buf[done..done + data], inside)
                    .map_err(|failure| self.error(node, failure))?;
                done += data;
            }
            if inside + data as u64 >= content.len {
                // The file may end before a gap in which `buf` begins.
                let padding =
                    (u64::from(extent.blocks) * block_size).saturating_sub(inside + data as u64);
                let padding = to_len(padding).min(buf.len() - done);
                buf[done..done + padding].fill(0);
                done += padding;
                index += 1;
            }
        }
        Ok(())
    }

    /// Fills `buf` with the data of a file from byte `offset` on.
    pub(crate) fn read_part(&self, node: NodeId, offset: u64, buf: &mut [u8]) -> Result<()> {
        let Some((id, _)) = self.tree.content_of(node) else {
            return Ok(());
        };
        let mut cursor = Cursor::default();
        let opened = self.opened(node, id, &mut cursor)?;
        opened
            .read_exact_at(buf, offset)
            .map_err(|failure| self.error(node, failure))
    }

    /// Fills `buf` with the data of a file of the same length.
    pub(crate) fn read_whole(
        &self,
        node: NodeId,
        buf: &mut [u8],
        cursor: &mut Cursor,
    ) -> Result<()> {
        let Some((id, _)) = self.tree.content_of(node) else {
            return Ok(());
        };
        let opened = self.opened(node, id, cursor)?;
        opened
            .read_exact_at(buf, 0)
            .map_err(|failure| self.error(node, failure))
    }

    fn opened<'c>(
        &self,
        node: NodeId,
        id: ContentId,
        cursor: &'c mut Cursor,
    ) -> Result<&'c OpenContent> {
        // Closes another file first, so that at most one is open.
        let opened = match cursor.open.take() {
            Some((open, opened)) if open == id => opened,
            _ => {
                let open = |file| self.tree.open_host(file, &mut cursor.recent);
                OpenContent::open(self.tree.content(id), open)
                    .map_err(|failure| self.error(node, failure))?
            }
        };
        Ok(&cursor.open.insert((id, opened)).1)
    }

    fn error(&self, node: NodeId, failure: ReadFailure) -> Error {
        read_error(&self.tree, node, failure)
    }
}

fn to_len(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Returns the error for a file whose data cannot be read.
pub(crate) fn read_error(tree: &Tree, node: NodeId, failure: ReadFailure) -> Error {
    let path = tree.path(node);
    let origin = match tree.content_of(node) {
        Some((_, content)) => content.data.origin(|file| tree.host_path(file)),
        None => crate::error::Origin::Memory,
    };
    match failure {
        ReadFailure::Open(source) | ReadFailure::Read(source) => Error::ReadSource {
            path,
            origin,
            source,
        },
        ReadFailure::Changed(change) => Error::SourceChanged {
            path,
            origin,
            change,
        },
        ReadFailure::Misstated { stated, found } => Error::SourceLength {
            path,
            origin,
            stated,
            found,
        },
    }
}

impl std::fmt::Debug for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursor").finish_non_exhaustive()
    }
}

//! The contents of files and named streams: several nodes can share one.

use super::{ContentId, NodeId, NodeKind, Sequence, Tree, TreeFull};
use crate::source::{ContentData, FileContent};

impl Tree {
    pub(crate) fn content(&self, content: ContentId) -> &FileContent {
        &self.contents[content.0 as usize]
    }

    /// Returns the content of `node`, if it is a file.
    pub(crate) fn content_of(&self, node: NodeId) -> Option<(ContentId, &FileContent)> {
        match self.kind(node) {
            NodeKind::File(content) => Some((content, self.content(content))),
            NodeKind::Directory(_) => None,
        }
    }

    /// Returns how many contents there have been; their numbers are below it.
    pub(crate) fn content_count(&self) -> usize {
        self.contents.len()
    }

    /// Stores a content that no node has yet.
    pub(crate) fn add_content(&mut self, content: FileContent) -> Result<ContentId, TreeFull> {
        let number = u32::try_from(self.contents.len()).map_err(|_| TreeFull)?;
        debug_assert_eq!(content.references, 0);
        self.staged += usize::from(is_staged(&content));
        self.contents.push(content);
        Ok(ContentId(number))
    }

    /// Replaces the content of the file `node`.
    pub(crate) fn set_content(&mut self, node: NodeId, content: ContentId) {
        let old = ContentId(std::mem::replace(
            &mut self.nodes[node.0 as usize].payload,
            content.0,
        ));
        self.undo.content(node, old);
        self.refer_to(content, false);
        self.drop_reference(old, false);
    }

    /// Counts a reference by a file or by a stream; no content has references by both.
    pub(super) fn refer_to(&mut self, content: ContentId, stream: bool) {
        let content = &mut self.contents[content.0 as usize];
        content.references += 1;
        if content.references == 1 {
            let blocks = content.new_blocks();
            let boot_catalog = u32::from(is_boot_catalog(content));
            if stream {
                self.totals.stream_blocks += blocks;
                self.totals.stream_boot_catalogs += boot_catalog;
            } else {
                self.totals.boot_catalogs += boot_catalog;
                self.totals.contents += 1;
                self.totals.data_blocks += blocks;
                self.totals.small_contents += u32::from(blocks == 1);
            }
        }
    }

    pub(super) fn drop_reference(&mut self, content: ContentId, stream: bool) {
        let content = &mut self.contents[content.0 as usize];
        content.references -= 1;
        if content.references == 0 {
            let blocks = content.new_blocks();
            let boot_catalog = u32::from(is_boot_catalog(content));
            if stream {
                self.totals.stream_blocks -= blocks;
                self.totals.stream_boot_catalogs -= boot_catalog;
            } else {
                self.totals.boot_catalogs -= boot_catalog;
                self.totals.contents -= 1;
                self.totals.data_blocks -= blocks;
                self.totals.small_contents -= u32::from(blocks == 1);
            }
        }
    }

    /// Releases the data of a content that no node has.
    pub(super) fn free(&mut self, content: ContentId) {
        let content = &mut self.contents[content.0 as usize];
        if content.references == 0 {
            self.staged -= usize::from(is_staged(content));
            *content = FileContent::default();
        }
    }

    /// Returns the contents that are the boot catalog, of files and of named streams.
    pub(crate) fn boot_catalogs(&self) -> impl Iterator<Item = ContentId> {
        let numbered = (0..).zip(&self.contents);
        numbered
            .filter(|(_, content)| content.references > 0 && is_boot_catalog(content))
            .map(|(number, _)| ContentId(number))
    }

    /// Returns the staged contents: those that nodes have now, and those that they will have again after an undo.
    pub(crate) fn staged(&self) -> impl Iterator<Item = &FileContent> {
        self.contents.iter().filter(|content| is_staged(content))
    }

    /// Returns the same contents in the same order, for changing them in place.
    pub(crate) fn staged_mut(&mut self) -> impl Iterator<Item = &mut FileContent> {
        self.contents
            .iter_mut()
            .filter(|content| is_staged(content))
    }

    /// Returns how many contents are staged.
    pub(crate) const fn staged_count(&self) -> usize {
        self.staged
    }

    /// Returns how many bytes are staged.
    pub(crate) fn staged_len(&self) -> u64 {
        self.staged().map(|content| content.len).sum()
    }

    /// Checks that no file has more than `limit` bytes; fails with one that has.
    pub(crate) fn check_lens(&self, limit: u64) -> Result<(), NodeId> {
        if self.contents.iter().all(|content| content.len <= limit) {
            return Ok(());
        }
        let sequence = Sequence::new(self);
        let too_long = sequence.iter().find(|(_, node)| {
            self.content_of(*node)
                .is_some_and(|(_, content)| content.len > limit)
        });
        too_long.map_or(Ok(()), |(_, node)| Err(node))
    }
}

fn is_staged(content: &FileContent) -> bool {
    matches!(content.data, ContentData::Staged { .. })
}

fn is_boot_catalog(content: &FileContent) -> bool {
    matches!(content.data, ContentData::BootCatalog)
}

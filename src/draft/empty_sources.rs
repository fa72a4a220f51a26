//! Files of the host that were empty when they were added. They have no blocks, so reading the image reads nothing from
//! them, and would not show that they have data: since then, or always, as files of `/proc` that claim to be empty.

use super::Draft;
use crate::error::Result;
use crate::source::{ContentData, OpenContent, RecentDirectory};
use crate::space::read_error;
use crate::tree::{ContentId, NodeId, Sequence};

impl Draft {
    /// Checks that these files are still there and still empty.
    pub(crate) fn check_empty_sources(&self) -> Result<()> {
        let tree = self.tree();
        let mut recent = RecentDirectory::default();
        for number in 0..tree.content_count() {
            // There are at most as many as nodes, which are counted in 32 bits.
            let id = ContentId(number as u32);
            let content = tree.content(id);
            if content.len > 0 || content.references == 0 {
                continue;
            }
            let ContentData::Host { file, fingerprint } = content.data else {
                continue;
            };
            if !tree.is_still_empty(file, fingerprint, &mut recent) {
                OpenContent::open(content, |file| tree.open_host(file, &mut recent))
                    .map_err(|failure| read_error(tree, self.node_of(id), failure))?;
            }
        }
        Ok(())
    }

    /// Returns a file that has this content.
    fn node_of(&self, content: ContentId) -> NodeId {
        let tree = self.tree();
        let has = |node: &NodeId| tree.content_of(*node).is_some_and(|(id, _)| id == content);
        let sequence = Sequence::new(tree);
        let node = sequence.iter().map(|(_, node)| node).find(has);
        node.unwrap_or(NodeId::ROOT)
    }
}

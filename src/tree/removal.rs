//! Removes items, and puts them back.

use super::{NodeId, NodeKind, Tree};

impl Tree {
    /// Removes an item other than the root, and everything below it. The tables keep it until the change is locked in.
    pub(crate) fn remove(&mut self, node: NodeId) {
        let Some(holder) = self.directory(self.parent(node)) else {
            return;
        };
        self.unindex(node);
        for below in self.subtree(node) {
            match self.kind(below) {
                NodeKind::Directory(_) => self.totals.directories -= 1,
                NodeKind::File(content) => {
                    for stream in self.streams_unsorted(below).to_vec() {
                        self.discount_stream(stream);
                    }
                    self.drop_reference(content, false);
                    self.totals.files -= 1;
                    let real_time = self.node(below).real_time;
                    self.totals.real_time_files -= u32::from(real_time);
                }
            }
        }
        self.nodes[node.0 as usize].removed = true;
        self.directories[holder.0 as usize].live -= 1;
        self.undo.removed(node);
    }

    /// Puts back a removed item.
    pub(super) fn put_back(&mut self, node: NodeId) {
        let Some(holder) = self.directory(self.parent(node)) else {
            return;
        };
        self.directories[holder.0 as usize].live += 1;
        self.nodes[node.0 as usize].removed = false;
        self.index_node(node);
        for below in self.subtree(node) {
            match self.kind(below) {
                NodeKind::Directory(_) => self.totals.directories += 1,
                NodeKind::File(content) => {
                    for stream in self.streams_unsorted(below).to_vec() {
                        self.count_stream(stream);
                    }
                    self.refer_to(content, false);
                    self.totals.files += 1;
                    let real_time = self.node(below).real_time;
                    self.totals.real_time_files += u32::from(real_time);
                }
            }
        }
    }

    /// Returns an item and everything below it, each directory before its items.
    pub(super) fn subtree(&self, node: NodeId) -> Vec<NodeId> {
        let mut all = vec![node];
        let mut next = 0;
        while let Some(node) = all.get(next) {
            if let Some(directory) = self.directory(*node) {
                all.extend(self.children_unsorted(directory));
            }
            next += 1;
        }
        all
    }
}

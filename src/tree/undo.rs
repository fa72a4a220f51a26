//! Change points: undoes calls on the tree, at a cost in proportion to what is undone.
//!
//! Everything added since a point is numbered from the point's lengths on, so adding logs only the point itself.
//! Removed items stay in the tables, out of sight, until the change is locked in.

use super::log::{Point, Step};
use super::{Node, NodeId, NodeKind, Tree};
use crate::source::ContentData;

impl Tree {
    /// Returns how many changes have been made.
    pub(crate) fn change_point(&self) -> u32 {
        self.undo.locked + self.undo.points.len() as u32
    }

    /// Returns how many of them cannot be undone.
    pub(crate) const fn locked_change_point(&self) -> u32 {
        self.undo.locked
    }

    /// Begins a change.
    pub(crate) fn begin(&mut self) {
        self.undo.points.push(Point {
            nodes: self.nodes.len() as u32,
            contents: self.contents.len() as u32,
            names: self.names.len() as u32,
            hosts: self.hosts.len() as u32,
            steps: self.undo.steps.len() as u32,
            directories: self.totals.directories,
        });
        self.undo.open = true;
    }

    /// Ends a change. Drops it if it changed nothing.
    pub(crate) fn keep(&mut self) {
        self.undo.open = false;
        let changed = self.undo.points.last().is_some_and(|point| {
            point.nodes as usize != self.nodes.len()
                || point.steps as usize != self.undo.steps.len()
        });
        if !changed {
            self.undo.points.pop();
        }
    }

    /// Undoes the change in progress, or else the last one.
    ///
    /// Returns where the staged data begins that was undone with it.
    pub(crate) fn take_back(&mut self) -> Option<u64> {
        self.undo.open = false;
        let point = self.undo.points.pop()?;
        for step in self
            .undo
            .steps
            .split_off(point.steps as usize)
            .into_iter()
            .rev()
        {
            match step {
                Step::Content(node, old) => self.set_content(node, old),
                Step::Attributes(node, old) => self.put_attributes(node, old),
                Step::Streams(node, old) => self.attach_streams(node, old),
                Step::Removed(node) => self.put_back(node),
            }
        }
        while self.nodes.len() > point.nodes as usize {
            self.drop_last();
        }
        let mut first_staged = None;
        for content in self.contents.drain(point.contents as usize..) {
            if let ContentData::Staged { offset, .. } = content.data {
                self.staged -= 1;
                // Contents are staged one after another.
                first_staged.get_or_insert(offset);
            }
        }
        self.names.truncate(point.names as usize);
        self.hosts.truncate(point.hosts as usize);
        first_staged
    }

    /// Returns the number of directories at a change point, excluding the root; and the deepest directory that undoing
    /// would restore, with its level.
    pub(crate) fn before(&self, change_point: u32) -> (u32, Option<(NodeId, u32)>) {
        let place = (change_point - self.undo.locked) as usize;
        let Some(point) = self.undo.points.get(place) else {
            return (self.totals.directories, None);
        };
        let removed = self.undo.steps[point.steps as usize..].iter();
        let removed = removed.filter_map(|step| match step {
            Step::Removed(node) if node.0 < point.nodes => Some(*node),
            _ => None,
        });
        let directories = removed.flat_map(|node| self.subtree(node));
        let deepest = directories
            .filter(|node| self.is_directory(*node))
            .map(|node| (node, self.level(node)))
            .max_by_key(|(_, level)| *level);
        (point.directories, deepest)
    }

    /// Makes all changes final and releases everything that they removed.
    pub(crate) fn lock_in(&mut self) {
        self.undo.locked = self.change_point();
        self.undo.points = Vec::new();
        for step in std::mem::take(&mut self.undo.steps) {
            match step {
                Step::Content(_, old) => self.free(old),
                Step::Attributes(..) => {}
                Step::Streams(_, old) => {
                    for stream in old {
                        self.free_stream(stream);
                    }
                }
                Step::Removed(node) => self.bury(node),
            }
        }
    }

    /// Releases everything that belongs to a removed item and to the items below it.
    fn bury(&mut self, top: NodeId) {
        for node in self.subtree(top) {
            if node != top {
                self.unindex(node);
            }
            match self.kind(node) {
                NodeKind::Directory(directory) => {
                    self.directories[directory.0 as usize].children = Vec::new();
                }
                NodeKind::File(content) => {
                    for stream in self.streams.remove(&node).unwrap_or_default() {
                        self.free_stream(stream);
                    }
                    self.free(content);
                }
            }
        }
        let Some(holder) = self.directory(self.parent(top)) else {
            return;
        };
        let holder = &mut self.directories[holder.0 as usize];
        // Removing children one at a time would make emptying a large directory quadratic.
        if holder.children.len() > 2 * holder.live as usize {
            let nodes = &self.nodes;
            holder
                .children
                .retain(|child| !nodes[child.0 as usize].removed);
        }
    }

    /// Undoes the latest addition, of a node that no longer has children.
    fn drop_last(&mut self) {
        let node = NodeId((self.nodes.len() - 1) as u32);
        let parent = self.parent(node);
        let Node {
            real_time,
            other_times,
            ..
        } = *self.node(node);
        self.totals.real_time_files -= u32::from(real_time);
        if self.is_stream(node) {
            self.take_stream(node);
        } else {
            self.unindex(node);
            if let NodeKind::Directory(holder) = self.kind(parent) {
                let holder = &mut self.directories[holder.0 as usize];
                holder.children.pop();
                holder.live -= 1;
            }
            match self.kind(node) {
                NodeKind::Directory(_) => {
                    self.directories.pop();
                    self.totals.directories -= 1;
                }
                NodeKind::File(content) => {
                    self.drop_reference(content, false);
                    self.totals.files -= 1;
                }
            }
        }
        if other_times as usize == self.other_times.len() {
            self.other_times.pop();
        }
        self.nodes.pop();
    }
}

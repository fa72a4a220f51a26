//! Taking back what a failed call did to the tree: lengths of its tables, and a log of what changed in them.

use super::{Attributes, ContentId, NodeId, NodeKind, Tree};

/// Additions need no step: what is numbered from the mark on was added.
enum Step {
    Content(NodeId, ContentId),
    Attributes(NodeId, Attributes),
    Streams(NodeId, Vec<NodeId>),
}

/// The steps since the first mark; without a mark nothing is logged.
#[derive(Default)]
pub(super) struct Log {
    steps: Option<Vec<Step>>,
}

impl Clone for Log {
    /// A copy of the tree has nothing to take back: results are made between calls.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Log {
    pub(super) fn content(&mut self, node: NodeId, old: ContentId) {
        self.push(|| Step::Content(node, old));
    }

    pub(super) fn attributes(&mut self, node: NodeId, old: Attributes) {
        self.push(|| Step::Attributes(node, old));
    }

    pub(super) fn streams(&mut self, node: NodeId, old: &[NodeId]) {
        self.push(|| Step::Streams(node, old.to_vec()));
    }

    fn push(&mut self, step: impl FnOnce() -> Step) {
        if let Some(steps) = &mut self.steps {
            steps.push(step());
        }
    }
}

/// A state of the tree to which [`Tree::roll_back`] returns.
#[derive(Debug)]
pub(crate) struct Mark {
    nodes: usize,
    names: usize,
    contents: usize,
    other_times: usize,
    hosts: usize,
}

impl Tree {
    /// Begins to log what is changed. Removals are not logged: no call that can fail removes.
    pub(crate) fn mark(&mut self) -> Mark {
        self.undo.steps = Some(Vec::new());
        Mark {
            nodes: self.nodes.len(),
            names: self.names.len(),
            contents: self.contents.len(),
            other_times: self.other_times.len(),
            hosts: self.hosts.len(),
        }
    }

    /// Keeps what was done since the mark.
    pub(crate) fn keep(&mut self) {
        for step in self.undo.steps.take().into_iter().flatten() {
            match step {
                Step::Content(_, old) => self.free(old),
                Step::Attributes(..) => {}
                Step::Streams(_, old) => {
                    for stream in old {
                        self.free_stream(stream);
                    }
                }
            }
        }
    }

    /// Undoes what was done since the mark.
    pub(crate) fn roll_back(&mut self, mark: &Mark) {
        for step in self.undo.steps.take().into_iter().flatten().rev() {
            match step {
                Step::Content(node, old) => self.set_content(node, old),
                Step::Attributes(node, old) => self.put_attributes(node, old),
                Step::Streams(node, old) => self.attach_streams(node, old),
            }
        }
        while self.nodes.len() > mark.nodes {
            self.take_back(NodeId((self.nodes.len() - 1) as u32));
        }
        self.names.truncate(mark.names);
        self.contents.truncate(mark.contents);
        self.other_times.truncate(mark.other_times);
        self.hosts.truncate(mark.hosts);
    }

    /// Undoes the newest addition, of a node that has no children any more.
    fn take_back(&mut self, node: NodeId) {
        let parent = self.parent(node);
        let real_time = self.nodes[node.0 as usize].real_time;
        self.totals.real_time_files -= u32::from(real_time);
        if self.is_stream(node) {
            self.take_back_stream(node);
            self.nodes.pop();
            return;
        }
        let hash = self.hash(parent, self.name(node));
        if let Ok(entry) = self.index.find_entry(hash, |other| *other == node) {
            entry.remove();
        }
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
        self.nodes.pop();
    }
}

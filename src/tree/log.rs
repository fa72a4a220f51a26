//! The log of changes to a tree, for undoing them.

use super::node::{ContentId, ItemAttributes, NodeId};

/// A change to something that existed before.
#[derive(Clone)]
pub(super) enum Step {
    Content(NodeId, ContentId),
    Attributes(NodeId, ItemAttributes),
    Streams(NodeId, Vec<NodeId>),
    Removed(NodeId),
}

/// The tree before a change: lengths of its tables, all below 2³².
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub nodes: u32,
    pub contents: u32,
    pub names: u32,
    pub hosts: u32,
    pub steps: u32,
    pub directories: u32,
}

/// The changes that can be undone.
#[derive(Clone, Default)]
pub(super) struct Log {
    /// One for each change.
    pub points: Vec<Point>,
    pub steps: Vec<Step>,
    /// Number of changes that can no longer be undone.
    pub locked: u32,
    /// Whether a change is in progress; steps outside of one are not logged.
    pub open: bool,
}

impl Log {
    pub(super) fn content(&mut self, node: NodeId, old: ContentId) {
        self.push(|| Step::Content(node, old));
    }

    pub(super) fn attributes(&mut self, node: NodeId, old: ItemAttributes) {
        self.push(|| Step::Attributes(node, old));
    }

    pub(super) fn streams(&mut self, node: NodeId, old: &[NodeId]) {
        self.push(|| Step::Streams(node, old.to_vec()));
    }

    pub(super) fn removed(&mut self, node: NodeId) {
        self.push(|| Step::Removed(node));
    }

    fn push(&mut self, step: impl FnOnce() -> Step) {
        if self.open {
            self.steps.push(step());
        }
    }
}

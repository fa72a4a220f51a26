//! The order in which a tree is laid out.
//!
//! Every item has a position: the root is at 0, the items of a directory follow each other, and the directories come
//! depth first. So a directory's items are a range of positions, and anything that is numbered by position (such as an
//! ICB) needs no table.

use std::ops::Range;

use super::{DirectoryId, NodeId, NodeKind, Tree};

/// A directory of a [`Sequence`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct DirectorySpan {
    /// Its own position.
    pub position: u32,
    /// Number of the parent directory; the root is its own parent.
    pub parent: u32,
    /// Position of its first item.
    pub first: u32,
    /// Number of its items.
    pub count: u32,
    /// Number of directories among them.
    pub directories: u32,
}

impl DirectorySpan {
    /// Returns the positions of its items.
    pub(crate) fn items(&self) -> Range<u32> {
        self.first..self.first + self.count
    }
}

/// All items of a tree by position, all directories by number.
#[derive(Debug)]
pub(crate) struct Sequence {
    nodes: Vec<NodeId>,
    directories: Vec<DirectorySpan>,
    /// Number of a directory in this sequence, by its number in the tree.
    numbers: Vec<u32>,
}

impl Sequence {
    pub(crate) fn new(tree: &Tree) -> Self {
        let totals = tree.totals();
        let mut nodes = Vec::with_capacity(1 + totals.files as usize + totals.directories as usize);
        let mut directories: Vec<DirectorySpan> =
            Vec::with_capacity(1 + totals.directories as usize);
        let mut numbers = vec![0; tree.directory_count()];
        nodes.push(NodeId::ROOT);
        // Directories still to visit: number of the parent, position, the directory.
        let mut todo = vec![(0, 0, DirectoryId(0))];
        while let Some((parent, position, directory)) = todo.pop() {
            let number = directories.len() as u32;
            numbers[directory.0 as usize] = number;
            let first = nodes.len();
            nodes.extend(tree.children_unsorted(directory));
            tree.sort(&mut nodes[first..]);
            let count = nodes.len() - first;
            let before = todo.len();
            // Reversed, so that the first is visited next.
            for (place, node) in nodes[first..].iter().enumerate().rev() {
                if let NodeKind::Directory(child) = tree.kind(*node) {
                    todo.push((number, (first + place) as u32, child));
                }
            }
            directories.push(DirectorySpan {
                position,
                parent,
                first: first as u32,
                count: count as u32,
                directories: (todo.len() - before) as u32,
            });
        }
        Self {
            nodes,
            directories,
            numbers,
        }
    }

    /// Returns the number of items, including the root.
    pub(crate) fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    pub(crate) fn node(&self, position: u32) -> NodeId {
        self.nodes[position as usize]
    }

    /// Returns all positions with their nodes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, NodeId)> + '_ {
        (0..).zip(self.nodes.iter().copied())
    }

    pub(crate) fn directories(&self) -> &[DirectorySpan] {
        &self.directories
    }

    pub(crate) fn directory(&self, number: u32) -> &DirectorySpan {
        &self.directories[number as usize]
    }

    /// Returns the number of a directory of the tree.
    pub(crate) fn number(&self, directory: DirectoryId) -> u32 {
        self.numbers[directory.0 as usize]
    }
}

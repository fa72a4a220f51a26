//! The tables that find the items of directories by name, with or without regard to case.
//!
//! Names that differ only by case have the same hash, so one table is enough for both. It holds only a few of each,
//! because adding one compares it with all of them. Others, of which a disc can have thousands to keep a reader busy,
//! are in separate tables by their exact names.

use hashbrown::{HashMap, HashTable};

use super::node::NodeId;

/// The most nodes of one hash in the table for all nodes.
pub(super) const MOST_ALIKE: usize = 16;

/// A node with the hash of its name, so that a growing table need not look at names again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexed {
    pub hash: Hash,
    pub node: NodeId,
}

/// The half of a hash that distinguishes nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hash(pub u32);

impl Hash {
    /// Returns the hash for the table, which uses the bits at both ends.
    pub(super) const fn spread(self) -> u64 {
        ((self.0 as u64) << 32) | self.0 as u64
    }
}

/// Nodes whose names differ only by case, by the hashes of their exact names.
pub(super) type Crowd = HashTable<Indexed>;

/// The nodes without a place in the table for all, by their directory and their folded name. No crowd is empty.
pub(super) type Crowds = HashMap<(NodeId, String), Crowd>;

/// The items of a directory that have a given name, without regard to case.
pub(crate) struct Alike<'a> {
    pub(super) count: usize,
    /// The first of those in the table for all nodes.
    pub(super) first: Option<NodeId>,
    pub(super) crowd: Option<&'a Crowd>,
}

impl Alike<'_> {
    /// Returns how many there are.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Returns one of them, which does not depend on hashes.
    pub(crate) fn first(&self) -> Option<NodeId> {
        let crowd = || self.crowd?.iter().map(|indexed| indexed.node).min();
        self.first.or_else(crowd)
    }
}

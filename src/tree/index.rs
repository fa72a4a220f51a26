//! The tables in which the items of directories are found by their names, with or without regard to case.
//!
//! Names that differ by case only have one hash, so that one table is enough for both. Of each only a few are in it,
//! for all of them are looked at when one is added. Further ones, which a disc can have by the thousand to keep a reader
//! busy, are in a table of their own by their exact names.

use hashbrown::{HashMap, HashTable};

use super::node::NodeId;

/// So many nodes of one hash are in the table for all nodes.
pub(super) const MOST_ALIKE: usize = 16;

/// A node with the hash of its name: a table that grows need not look at names again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indexed {
    pub hash: Hash,
    pub node: NodeId,
}

/// The half of a hash that tells nodes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hash(pub u32);

impl Hash {
    /// As the table takes it, which looks at the bits of both ends.
    pub(super) const fn spread(self) -> u64 {
        ((self.0 as u64) << 32) | self.0 as u64
    }
}

/// Nodes whose names differ by case only, by the hashes of their exact names.
pub(super) type Crowd = HashTable<Indexed>;

/// The nodes that have no place in the table for all, by their directory and their folded name. None is empty.
pub(super) type Crowds = HashMap<(NodeId, String), Crowd>;

/// The items of a directory that have a name without regard to case.
pub(crate) struct Alike<'a> {
    pub(super) count: usize,
    /// The first of those that are in the table for all nodes.
    pub(super) first: Option<NodeId>,
    pub(super) crowd: Option<&'a Crowd>,
}

impl Alike<'_> {
    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// One of them, which does not depend on hashes.
    pub(crate) fn first(&self) -> Option<NodeId> {
        let crowd = || self.crowd?.iter().map(|indexed| indexed.node).min();
        self.first.or_else(crowd)
    }
}

//! Nodes: the numbers and records that a tree is made of.

use super::names::NameRef;
use crate::time::Timestamp;

/// Number of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub u32);

impl NodeId {
    pub(crate) const ROOT: Self = Self(0);
}

/// Number of a directory among the directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DirectoryId(pub u32);

/// Number of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ContentId(pub u32);

/// The kind of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Directory(DirectoryId),
    File(ContentId),
}

/// The times of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Times {
    pub created: Timestamp,
    pub accessed: Timestamp,
    pub modified: Timestamp,
}

impl Times {
    pub(crate) const fn all(time: Timestamp) -> Self {
        Self {
            created: time,
            accessed: time,
            modified: time,
        }
    }
}

/// The attributes of an item, besides its name and its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ItemAttributes {
    pub times: Times,
    pub hidden: bool,
    /// Only for files.
    pub real_time: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub modified_ticks: i64,
    pub parent: NodeId,
    pub name: NameRef,
    /// Number of a directory or of a content.
    pub payload: u32,
    /// Index of the other times plus one; 0 if all times are the same.
    pub other_times: u32,
    pub zone: i16,
    pub directory: bool,
    pub hidden: bool,
    pub real_time: bool,
    /// A named stream of its parent, which is a file.
    pub stream: bool,
    pub removed: bool,
    /// Whether it is on the disc that is continued.
    pub recorded: bool,
}

const _: () = assert!(size_of::<Node>() <= 32, "a node per file: keep it small");

#[derive(Clone, Debug)]
pub(super) struct Children {
    /// Children in the order of adding; may include removed nodes.
    pub children: Vec<NodeId>,
    pub live: u32,
}

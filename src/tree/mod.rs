//! The directory tree: an arena of small nodes with 32-bit numbers.
//!
//! A node is 32 bytes, its name lies in a shared pool, its data in a table of contents that several nodes can share.
//! One hash table finds a child by its directory and its name, with or without regard to case; a directory's list of
//! children is in the order of adding and is sorted on demand.
//!
//! A result image holds the tree from which it was made in an `Arc`; editing the tree afterwards edits a copy.

mod contents;
mod hosts;
mod index;
mod log;
mod lookup;
mod names;
mod node;
mod removal;
mod sequence;
mod streams;
mod undo;

use std::collections::HashMap;

use hashbrown::{DefaultHashBuilder, HashTable};

use self::index::{Crowds, Indexed};
use self::log::Log;
pub(crate) use self::names::{NamePool, NameRef, same_folded};
use self::node::{Children, Node};
pub(crate) use self::node::{ContentId, DirectoryId, ItemAttributes, NodeId, NodeKind, Times};
pub(crate) use self::sequence::Sequence;
use crate::codec::unique::NamedItem;
use crate::path::ImagePath;
use crate::source::{FileContent, HostFiles};
use crate::time::Timestamp;

/// Sums that every change keeps up to date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub files: u32,
    /// Excluding the root.
    pub directories: u32,
    /// Contents that at least one node has.
    pub contents: u32,
    /// Blocks of those contents.
    pub data_blocks: u64,
    /// Those contents that fill one block or less, but are not empty.
    pub small_contents: u32,
    /// Named streams, which the figures above exclude.
    pub streams: u32,
    /// Blocks of their contents.
    pub stream_blocks: u64,
    /// Real-time files.
    pub real_time_files: u32,
    /// Contents of files that are the boot catalog.
    pub boot_catalogs: u32,
    /// Contents of named streams that are the boot catalog.
    pub stream_boot_catalogs: u32,
}

/// The tree or one of its tables is full: 2³² − 1 items, or 4 GiB of names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeFull;

#[derive(Clone)]
pub(crate) struct Tree {
    names: NamePool,
    nodes: Vec<Node>,
    directories: Vec<Children>,
    contents: Vec<FileContent>,
    other_times: Vec<[Timestamp; 2]>,
    hosts: HostFiles,
    /// The named streams of the files that have any, in the order of adding.
    streams: HashMap<NodeId, Vec<NodeId>>,
    index: HashTable<Indexed>,
    crowds: Crowds,
    hasher: DefaultHashBuilder,
    totals: Totals,
    /// Number of staged contents.
    staged: usize,
    undo: Log,
}

impl Tree {
    /// Returns a tree with an empty root directory.
    pub(crate) fn new(time: Timestamp) -> Self {
        let mut names = NamePool::default();
        let name = names.push("").unwrap_or(NameRef(0));
        Self {
            names,
            nodes: vec![Node {
                modified_ticks: time.ticks(),
                parent: NodeId::ROOT,
                name,
                payload: 0,
                other_times: 0,
                zone: time.zone_minutes(),
                directory: true,
                hidden: false,
                real_time: false,
                stream: false,
                removed: false,
                recorded: false,
            }],
            directories: vec![Children {
                children: Vec::new(),
                live: 0,
            }],
            contents: Vec::new(),
            other_times: Vec::new(),
            hosts: HostFiles::default(),
            streams: HashMap::new(),
            index: HashTable::new(),
            crowds: Crowds::default(),
            hasher: DefaultHashBuilder::default(),
            totals: Totals::default(),
            staged: 0,
            undo: Log::default(),
        }
    }

    /// Returns the facts that decide an item's name in a file system.
    pub(crate) fn named(&self, node: NodeId) -> NamedItem<'_> {
        NamedItem {
            name: self.name(node),
            is_directory: self.is_directory(node),
            is_recorded: self.node(node).recorded,
        }
    }

    /// Notes that an item is on the disc that is continued.
    pub(crate) fn set_recorded(&mut self, node: NodeId) {
        self.nodes[node.0 as usize].recorded = true;
    }

    pub(crate) const fn totals(&self) -> Totals {
        self.totals
    }

    /// Returns `true` if the root is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.count(DirectoryId(0)) == 0
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    pub(crate) fn name(&self, node: NodeId) -> &str {
        self.names.get(self.node(node).name)
    }

    pub(crate) fn kind(&self, node: NodeId) -> NodeKind {
        let Node {
            directory, payload, ..
        } = *self.node(node);
        if directory {
            NodeKind::Directory(DirectoryId(payload))
        } else {
            NodeKind::File(ContentId(payload))
        }
    }

    pub(crate) fn is_directory(&self, node: NodeId) -> bool {
        self.node(node).directory
    }

    /// Returns the number of `node` among the directories, if it is one.
    pub(crate) fn directory(&self, node: NodeId) -> Option<DirectoryId> {
        match self.kind(node) {
            NodeKind::Directory(directory) => Some(directory),
            NodeKind::File(_) => None,
        }
    }

    /// Returns the directory that holds `node`; the root is in itself.
    pub(crate) fn parent(&self, node: NodeId) -> NodeId {
        self.node(node).parent
    }

    /// Returns how many nodes there have been; their numbers are below it.
    pub(crate) fn node_count(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Returns how many directories there have been; their numbers are below it.
    pub(crate) fn directory_count(&self) -> usize {
        self.directories.len()
    }

    pub(crate) fn attributes(&self, node: NodeId) -> ItemAttributes {
        let node = self.node(node);
        let modified = Timestamp::from_ticks(node.modified_ticks, node.zone);
        let [created, accessed] = match node.other_times {
            0 => [modified; 2],
            place => self.other_times[place as usize - 1],
        };
        ItemAttributes {
            times: Times {
                created,
                accessed,
                modified,
            },
            hidden: node.hidden,
            real_time: node.real_time,
        }
    }

    /// Returns the path of an item. A stream's path is its file's, followed by a colon and the stream's name.
    pub(crate) fn path(&self, node: NodeId) -> ImagePath {
        if self.is_stream(node) {
            return self.path(self.parent(node)).with_stream(self.name(node));
        }
        let mut names = Vec::new();
        let mut at = node;
        while at != NodeId::ROOT {
            names.push(self.name(at));
            at = self.parent(at);
        }
        ImagePath::from_components(names.into_iter().rev())
    }

    /// Returns the level of a directory as in ECMA-119, where the root is at 1.
    pub(crate) fn level(&self, node: NodeId) -> u32 {
        let mut level = 1;
        let mut at = node;
        while at != NodeId::ROOT {
            level += 1;
            at = self.parent(at);
        }
        level
    }

    /// Returns how many items a directory has.
    pub(crate) fn count(&self, directory: DirectoryId) -> usize {
        self.directories[directory.0 as usize].live as usize
    }

    /// Returns the items of a directory in the order of adding.
    pub(crate) fn children_unsorted(
        &self,
        directory: DirectoryId,
    ) -> impl Iterator<Item = NodeId> + '_ {
        let children = &self.directories[directory.0 as usize].children;
        children
            .iter()
            .copied()
            .filter(|child| !self.node(*child).removed)
    }

    /// Returns the items of a directory, sorted by the bytes of their names.
    pub(crate) fn children(&self, directory: DirectoryId) -> Vec<NodeId> {
        let mut children: Vec<_> = self.children_unsorted(directory).collect();
        self.sort(&mut children);
        children
    }

    fn sort(&self, nodes: &mut [NodeId]) {
        // No two names in a directory are equal, so this sort is stable.
        nodes.sort_unstable_by(|a, b| self.name(*a).cmp(self.name(*b)));
    }

    /// Adds a directory; its name must be unused.
    pub(crate) fn add_directory(
        &mut self,
        parent: NodeId,
        name: &str,
        attributes: ItemAttributes,
    ) -> Result<NodeId, TreeFull> {
        let number = u32::try_from(self.directories.len()).map_err(|_| TreeFull)?;
        let name = self.names.push(name).ok_or(TreeFull)?;
        let node = self.add_child(parent, name, number, true, attributes)?;
        self.directories.push(Children {
            children: Vec::new(),
            live: 0,
        });
        self.totals.directories += 1;
        Ok(node)
    }

    /// Adds a file; its name must be unused.
    pub(crate) fn add_file(
        &mut self,
        parent: NodeId,
        name: NameRef,
        content: ContentId,
        attributes: ItemAttributes,
    ) -> Result<NodeId, TreeFull> {
        let node = self.add_child(parent, name, content.0, false, attributes)?;
        self.totals.files += 1;
        self.refer_to(content, false);
        Ok(node)
    }

    fn add_child(
        &mut self,
        parent: NodeId,
        name: NameRef,
        payload: u32,
        directory: bool,
        attributes: ItemAttributes,
    ) -> Result<NodeId, TreeFull> {
        let Some(holder) = self.directory(parent) else {
            return Err(TreeFull);
        };
        let node = self.add_node(parent, name, payload, directory, attributes)?;
        self.directories[holder.0 as usize].children.push(node);
        self.directories[holder.0 as usize].live += 1;
        self.index_node(node);
        Ok(node)
    }

    fn add_node(
        &mut self,
        parent: NodeId,
        name: NameRef,
        payload: u32,
        directory: bool,
        attributes: ItemAttributes,
    ) -> Result<NodeId, TreeFull> {
        let number = u32::try_from(self.nodes.len())
            .ok()
            .filter(|number| *number != u32::MAX)
            .ok_or(TreeFull)?;
        let node = NodeId(number);
        self.nodes.push(Node {
            modified_ticks: 0,
            parent,
            name,
            payload,
            other_times: 0,
            zone: 0,
            directory,
            hidden: false,
            real_time: false,
            stream: false,
            removed: false,
            recorded: false,
        });
        self.put_attributes(node, attributes);
        Ok(node)
    }

    /// Stores a name for files and their sources.
    pub(crate) fn add_name(&mut self, name: &str) -> Result<NameRef, TreeFull> {
        self.names.push(name).ok_or(TreeFull)
    }

    /// Returns the name of an item, to be reused for its source.
    pub(crate) fn name_ref(&self, node: NodeId) -> NameRef {
        self.node(node).name
    }

    pub(crate) fn set_attributes(&mut self, node: NodeId, attributes: ItemAttributes) {
        let old = self.attributes(node);
        self.undo.attributes(node, old);
        self.put_attributes(node, attributes);
    }

    fn put_attributes(&mut self, node: NodeId, attributes: ItemAttributes) {
        let Times {
            created,
            accessed,
            modified,
        } = attributes.times;
        let others = [created, accessed];
        let same = others
            .iter()
            .all(|time| *time == modified && time.zone_minutes() == modified.zone_minutes());
        let place = self.nodes[node.0 as usize].other_times;
        let other_times = match place {
            _ if same => 0,
            0 => {
                self.other_times.push(others);
                // There is at most one per node.
                self.other_times.len() as u32
            }
            place => {
                self.other_times[place as usize - 1] = others;
                place
            }
        };
        let node = &mut self.nodes[node.0 as usize];
        self.totals.real_time_files += u32::from(attributes.real_time);
        self.totals.real_time_files -= u32::from(node.real_time);
        node.other_times = other_times;
        node.modified_ticks = modified.ticks();
        node.zone = modified.zone_minutes();
        node.hidden = attributes.hidden;
        node.real_time = attributes.real_time;
    }
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree")
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}

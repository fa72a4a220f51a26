//! The plan of a volume's files: blocks for their structures, and just enough to encode any structure when it is read.

use std::collections::HashMap;
use std::sync::Arc;

use super::allocation::{DataRun, DescriptorForm, MAX_EXTENT_LEN};
use super::file_set::FILE_SET_BLOCKS;
use super::identifier;
use super::metadata;
use super::names::{UdfNames, is_kept};
use super::streams::{StreamIcb, Streams};
use super::volume::Counts;
use crate::block::{Extent, Lba, PartitionBlock, blocks_of};
use crate::codec::unique::{Mapped, NameRules, renamed};
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, UdfRevision};
use crate::space::{Packed, Space};
use crate::tree::{NodeId, Sequence, Totals, Tree};

/// The lowest UniqueID of an item that is not the root (UDF 3.2.1.1).
const FIRST_UNIQUE_ID: u64 = 16;
/// The most identifiers that can name one ICB: the link count has 16 bits.
const MAX_LINKS: u32 = u16::MAX as u32;

/// The subject of an ICB.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// The item at this position.
    Item(u32),
    /// A stream directory or a named stream.
    Stream(StreamIcb),
}

/// The files and directories of a volume.
///
/// An item's position leads to its ICB: ICBs follow each other in the order of items, except that an item that shares
/// another's ICB has none. The ICBs of named streams come last.
#[derive(Debug)]
pub(crate) struct Files {
    pub(super) tree: Arc<Tree>,
    pub(super) sequence: Arc<Sequence>,
    pub(super) revision: UdfRevision,
    pub(super) partition_start: Lba,
    /// The file set, the ICBs, the directories and the allocation extents. A metadata partition is this extent.
    pub(super) structures: Extent,
    /// Items that share an ICB, each with the item that owns it; both by position, ascending by the first.
    links: Vec<(u32, u32)>,
    /// The number of identifiers that name a shared ICB, by the position of the item that owns it.
    pub(super) link_counts: HashMap<u32, u32>,
    /// Names that cannot be kept, by position, ascending.
    renamed: Vec<(u32, String)>,
    /// First block of every directory, by number, counted from the first directory's; then the end of the last.
    pub(super) starts: Vec<u32>,
    /// Length in bytes of every directory, by number; stream directories come after the others.
    pub(super) lens: Vec<u64>,
    pub(super) identifiers: Packed,
    /// First block of each chain of allocation extents, counted from that of the first chain, by the index of its ICB,
    /// ascending.
    pub(super) chains: Vec<(u32, u32)>,
    pub(super) streams: Streams,
    /// The most bytes of a file that its ICB can hold.
    pub(super) embedded: u64,
    pub(super) file_set: Extent,
    pub(super) icbs: Extent,
    pub(super) directories: Extent,
    pub(super) allocation: Extent,
}

impl Files {
    /// Returns the fewest blocks that an image of these totals takes: the file set, an ICB for each item, and a block
    /// for each directory.
    pub(crate) fn least_blocks(totals: &Totals, revision: UdfRevision) -> u64 {
        let directories = u64::from(totals.directories) + 1;
        let blocks = u64::from(FILE_SET_BLOCKS) + 2 * directories + u64::from(totals.contents);
        match revision.has_metadata_partition() {
            true => blocks.next_multiple_of(metadata::UNIT.into()),
            false => blocks,
        }
    }

    /// Names all items and takes blocks for the file set, the ICBs and the directories.
    pub(crate) fn take(
        tree: &Arc<Tree>,
        sequence: &Arc<Sequence>,
        revision: UdfRevision,
        embedded: u64,
        partition_start: Lba,
        space: &mut Space,
    ) -> Result<Self> {
        let start = space.next();
        let mut files = Self {
            tree: tree.clone(),
            sequence: sequence.clone(),
            revision,
            partition_start,
            structures: Extent { start, blocks: 0 },
            links: Vec::new(),
            link_counts: HashMap::new(),
            renamed: Vec::new(),
            starts: Vec::with_capacity(sequence.directories().len() + 1),
            lens: Vec::with_capacity(sequence.directories().len()),
            identifiers: Packed::default(),
            chains: Vec::new(),
            streams: Streams::default(),
            embedded,
            file_set: Extent::default(),
            icbs: Extent::default(),
            allocation: Extent::default(),
            directories: Extent::default(),
        };
        files.find_links();
        files.find_streams()?;
        let directory_blocks = files.plan_directories()?;
        files.file_set = space.take(FILE_SET_BLOCKS.into())?;
        let icbs = files.item_icbs() + u64::from(files.streams.icbs());
        files.icbs = space.take(icbs)?;
        files.directories = space.take(directory_blocks)?;
        let chain_blocks = files.plan_chains();
        files.allocation = space.take(chain_blocks)?;
        if revision.has_metadata_partition() {
            space.align(metadata::UNIT);
        }
        files.structures.blocks = space.next() - start;
        let blocks = u64::from(files.structures.blocks);
        if revision.has_metadata_partition() && blocks > metadata::MAX_BLOCKS {
            return Err(Error::ImageTooBig {
                needed: blocks,
                limit: metadata::MAX_BLOCKS,
            });
        }
        Ok(files)
    }

    /// Returns `true` if an item's ICB marks it as a real-time file.
    pub(super) fn is_real_time(&self, node: NodeId) -> bool {
        self.revision.has_real_time_files() && self.tree.attributes(node).real_time
    }

    /// Finds the names that can share one ICB because everything in it is the same.
    fn find_links(&mut self) {
        let tree = self.tree.clone();
        let mut owners: HashMap<_, u32> = HashMap::new();
        for (position, node) in self.sequence.iter() {
            let Some((id, content)) = tree.content_of(node) else {
                continue;
            };
            if content.references < 2 {
                continue;
            }
            let times = tree.attributes(node).times;
            let streams = self.streams_of(node);
            let streams: Vec<_> = streams
                .iter()
                .map(|stream| {
                    let attributes = tree.attributes(*stream);
                    let content = tree.content_of(*stream).map(|(id, _)| id);
                    let same = (attributes.times, attributes.hidden);
                    (tree.name(*stream), content, same)
                })
                .collect();
            let owner = owners
                .entry((id, times, self.is_real_time(node), streams))
                .or_insert(position);
            let count = self.link_counts.entry(*owner).or_insert(0);
            if *owner == position {
                *count = 1;
            } else if *count < MAX_LINKS {
                *count += 1;
                self.links.push((position, *owner));
            } else {
                *owner = position;
                self.link_counts.insert(position, 1);
            }
        }
    }

    /// Returns the streams of a file that are recorded.
    fn streams_of(&self, node: NodeId) -> Vec<NodeId> {
        if self.revision.has_named_streams() {
            self.tree.streams(node)
        } else {
            Vec::new()
        }
    }

    fn find_streams(&mut self) -> Result<()> {
        if !self.revision.has_named_streams() || self.tree.totals().streams == 0 {
            return Ok(());
        }
        let (tree, sequence) = (self.tree.clone(), self.sequence.clone());
        for (position, node) in sequence.iter() {
            if !tree.streams_unsorted(node).is_empty() && self.owner(position) == position {
                self.streams.push(&tree, position, node)?;
            }
        }
        Ok(())
    }

    fn plan_directories(&mut self) -> Result<u64> {
        let (tree, sequence) = (self.tree.clone(), self.sequence.clone());
        let mut blocks = 0;
        for span in sequence.directories() {
            if span.directories >= MAX_LINKS {
                return Err(Error::TooManyDirectories {
                    path: tree.path(sequence.node(span.position)),
                    file_system: FileSystems::UDF,
                    limit: MAX_LINKS - 1,
                });
            }
            self.rename(span.items())?;
            let mut mapped = Mapped::default();
            let items = span
                .items()
                .map(|position| identifier::len(self.text(position, &mut mapped)));
            let lens: Vec<usize> = std::iter::once(identifier::len("")).chain(items).collect();
            let len = self.identifiers.push_run(lens);
            self.starts.push(blocks as u32);
            self.lens.push(len);
            blocks += blocks_of(len);
        }
        for directory in 0..self.streams.directories() {
            let streams = self.streams.in_directory(directory);
            let names = streams.iter().map(|(_, name)| name.as_str());
            let lens = std::iter::once("").chain(names).map(identifier::len);
            let len = self.identifiers.push_run(lens);
            self.starts.push(blocks as u32);
            self.lens.push(len);
            blocks += blocks_of(len);
        }
        self.starts.push(blocks as u32);
        Ok(blocks)
    }

    /// Renames the items among `positions` whose names cannot be kept; usually there are none.
    fn rename(&mut self, positions: std::ops::Range<u32>) -> Result<()> {
        let (tree, sequence) = (&self.tree, &self.sequence);
        if positions
            .clone()
            .all(|position| is_kept(tree.name(sequence.node(position))))
        {
            return Ok(());
        }
        let first = positions.start;
        let items = (positions.start as usize..positions.end as usize)
            .map(|position| tree.named(sequence.node(position as u32)));
        let names = renamed(&UdfNames, items).map_err(|place| Error::NoUniqueName {
            path: tree.path(sequence.node(first + place as u32)),
            file_system: FileSystems::UDF,
        })?;
        let names = names
            .into_iter()
            .map(|(place, text)| (first + place as u32, text));
        self.renamed.extend(names);
        Ok(())
    }

    pub(super) fn text<'a>(&'a self, position: u32, mapped: &'a mut Mapped) -> &'a str {
        let node = self.sequence.node(position);
        let name = self.tree.name(node);
        if is_kept(name) {
            // Another item may have lost this name, but this item never did.
            return name;
        }
        match self
            .renamed
            .binary_search_by_key(&position, |(position, _)| *position)
        {
            Ok(place) => &self.renamed[place].1,
            Err(_) => {
                UdfNames.map(name, self.tree.is_directory(node), mapped);
                &mapped.text
            }
        }
    }

    fn plan_chains(&mut self) -> u64 {
        let mut blocks = 0;
        let (tree, sequence) = (self.tree.clone(), self.sequence.clone());
        for (position, node) in sequence.iter() {
            let chain_blocks = self.run(node, PartitionBlock(0)).chain_blocks();
            if chain_blocks > 0 && self.owner(position) == position {
                self.chains.push((self.icb_index(position), blocks as u32));
                blocks += chain_blocks;
            }
        }
        for index in 0..self.streams.icbs() {
            if let StreamIcb::Stream(_, node) = self.streams.at(index) {
                let len = tree.content_of(node).map_or(0, |(_, data)| data.len);
                let chain_blocks = self.data_run(PartitionBlock(0), len).chain_blocks();
                if chain_blocks > 0 {
                    let icb = self.item_icbs() as u32 + index;
                    self.chains.push((icb, blocks as u32));
                    blocks += chain_blocks;
                }
            }
        }
        blocks
    }

    /// Returns the item that owns this item's ICB.
    fn owner(&self, position: u32) -> u32 {
        match self.links.binary_search_by_key(&position, |link| link.0) {
            Ok(place) => self.links[place].1,
            Err(_) => position,
        }
    }

    /// Returns the number of items' ICBs.
    pub(super) fn item_icbs(&self) -> u64 {
        u64::from(self.sequence.len()) - self.links.len() as u64
    }

    /// Returns the index of an item's ICB.
    pub(super) fn icb_index(&self, position: u32) -> u32 {
        let owner = self.owner(position);
        owner - self.links.partition_point(|link| link.0 < owner) as u32
    }

    /// Returns the subject of the ICB at `index`.
    pub(super) fn subject(&self, index: u32) -> Subject {
        match u64::from(index).checked_sub(self.item_icbs()) {
            None => Subject::Item(self.position_of_icb(index)),
            Some(index) => Subject::Stream(self.streams.at(index as u32)),
        }
    }

    /// Returns the item that owns the ICB at `index`.
    fn position_of_icb(&self, index: u32) -> u32 {
        // Before the link at index p, `position - p` items own an ICB.
        let mut low = 0;
        let mut high = self.links.len();
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.links[middle].0 - middle as u32 <= index {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        index + low as u32
    }

    /// Returns the address of a structure in the structures' partition.
    pub(super) fn block(&self, lba: Lba) -> PartitionBlock {
        let start = if self.revision.has_metadata_partition() {
            self.structures.start
        } else {
            self.partition_start
        };
        PartitionBlock(lba - start)
    }

    /// Returns the address of an item's ICB.
    pub(super) fn icb(&self, position: u32) -> PartitionBlock {
        self.icb_at(self.icb_index(position))
    }

    /// Returns the address of the ICB at `index`.
    pub(super) fn icb_at(&self, index: u32) -> PartitionBlock {
        self.block(self.icbs.start + index)
    }

    /// Returns the address of a stream directory's ICB; those of its streams follow.
    pub(super) fn stream_directory_icb(&self, directory: u32) -> PartitionBlock {
        let index = self.streams.icb_of_directory(directory);
        self.icb_at(self.item_icbs() as u32 + index)
    }

    pub(super) fn unique_id(&self, position: u32) -> u64 {
        match self.icb_index(position) {
            0 => 0,
            index => FIRST_UNIQUE_ID - 1 + u64::from(index),
        }
    }

    /// Returns the UniqueID of an item's identifier: its ICB's for one of the identifiers, a new one for all others
    /// (UDF 2.3.4.3).
    pub(super) fn identifier_id(&self, position: u32) -> u64 {
        match self.links.binary_search_by_key(&position, |link| link.0) {
            Ok(place) => self.next_unique_id() + place as u64,
            Err(_) => self.unique_id(position),
        }
    }

    /// Returns the first UniqueID that no ICB has.
    fn next_unique_id(&self) -> u64 {
        FIRST_UNIQUE_ID - 1 + self.item_icbs()
    }

    pub(super) fn counts(&self) -> Counts {
        let totals = self.tree.totals();
        Counts {
            files: totals.files,
            directories: totals.directories + 1,
            next_unique_id: if self.revision.has_identifier_ids() {
                self.next_unique_id() + self.links.len() as u64
            } else {
                self.next_unique_id()
            },
        }
    }

    /// Returns the blocks of an item's data; `start` is the location of a file's data.
    pub(super) fn run(&self, node: NodeId, start: PartitionBlock) -> DataRun {
        match self.tree.directory(node) {
            Some(directory) => self.directory_run(self.sequence.number(directory)),
            None => {
                let len = self.tree.content_of(node).map_or(0, |(_, data)| data.len);
                self.data_run(start, len)
            }
        }
    }

    /// Returns the blocks of a directory's identifiers.
    pub(super) fn directory_run(&self, number: u32) -> DataRun {
        let number = number as usize;
        let first = self.directories.start + self.starts[number];
        DataRun {
            start: self.block(first),
            len: self.lens[number],
            revision: self.revision,
            descriptor: DescriptorForm::Short,
            max_extent_len: MAX_EXTENT_LEN,
        }
    }

    /// Returns the blocks of the data of a file or of a stream.
    pub(super) fn data_run(&self, start: PartitionBlock, len: u64) -> DataRun {
        let descriptor = if self.revision.has_metadata_partition() {
            DescriptorForm::Long
        } else {
            DescriptorForm::Short
        };
        DataRun {
            start,
            len,
            revision: self.revision,
            descriptor,
            max_extent_len: MAX_EXTENT_LEN,
        }
    }
}

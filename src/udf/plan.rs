//! The plan of a UDF volume: blocks for its structures, and just enough to make any of them when it is read.

use std::collections::HashMap;
use std::sync::Arc;

use super::allocation::{Descriptor, MAX_EXTENT_LEN, Run};
use super::file_set::{FILE_SET_BLOCKS, file_set};
use super::icb::{self, Entry};
use super::identifier::{self, Identifier};
use super::metadata::{self, Metadata};
use super::names::{Names, is_kept};
use super::volume::{self, Counts, RECOGNITION_BLOCKS, SEQUENCE_BLOCKS, Volume};
use crate::block::{BLOCK, Extent, Lba, PartitionBlock, blocks_of};
use crate::codec::unique::{Mapped, NameRules, renamed};
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, UdfRevision};
use crate::space::{DataPlan, Fill, Map, Packed, Space};
use crate::time::Timestamp;
use crate::tree::{ContentId, NodeId, Sequence, Times, Tree};

/// Blocks from the session's start to the main sequence, behind the descriptors at 16.
const MAIN_SEQUENCE: u32 = 32;
/// Blocks from the session's start to the first anchor (UDF 2.2.3).
const ANCHOR: u32 = 256;
/// Blocks of the integrity sequence.
const INTEGRITY_BLOCKS: u32 = 2;
/// The lowest UniqueID of an item that is not the root (UDF 3.2.1.1).
const FIRST_UNIQUE_ID: u64 = 16;
/// The most identifiers that can name one ICB: the link count has 16 bits.
const MAX_LINKS: u32 = u16::MAX as u32;

/// What a volume is made with.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub revision: UdfRevision,
    /// Whether metadata of UDF 2.50 and later is recorded twice.
    pub redundant_metadata: bool,
    pub volume_name: String,
    pub volume_set: String,
    pub time: Timestamp,
}

/// The structures of the volume: those before the partition and those behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VolumePlan {
    recognition: Extent,
    main: Extent,
    integrity: Extent,
    first_anchor: Extent,
    partition_start: Lba,
    /// ICB of the metadata file, if there is one.
    metadata_file: Option<Extent>,
}

impl VolumePlan {
    /// Takes the blocks up to the structures for files. ISO 9660's descriptors, if any, have just been taken.
    pub(crate) fn take(revision: UdfRevision, space: &mut Space) -> Result<Self> {
        let recognition = space.take(RECOGNITION_BLOCKS.into())?;
        space.skip_to(MAIN_SEQUENCE);
        let main = space.take(SEQUENCE_BLOCKS.into())?;
        let integrity = space.take(INTEGRITY_BLOCKS.into())?;
        space.skip_to(ANCHOR);
        let first_anchor = space.take(1)?;
        let mut partition_start = space.next();
        let mut metadata_file = None;
        if revision.has_metadata_partition() {
            space.align(metadata::UNIT);
            partition_start = space.next();
            metadata_file = Some(space.take(1)?);
            space.align(metadata::UNIT);
        }
        Ok(Self {
            recognition,
            main,
            integrity,
            first_anchor,
            partition_start,
            metadata_file,
        })
    }

    /// Ends the partition, takes the blocks behind it, and puts the whole volume on the map.
    pub(crate) fn finish(
        &self,
        options: &Options,
        files: &Arc<Files>,
        data: &Arc<DataPlan>,
        space: &mut Space,
        map: &mut Map,
    ) -> Result<()> {
        let mut mirrors = None;
        if let Some(file) = self.metadata_file {
            let mirror = space.take(1)?;
            let mut copy = files.structures;
            if options.redundant_metadata {
                space.align(metadata::UNIT);
                copy = space.take(files.structures.blocks.into())?;
            }
            mirrors = Some((file, mirror, copy));
        }
        let partition = Extent {
            start: self.partition_start,
            blocks: space.next() - self.partition_start,
        };
        let block = |lba: Lba| PartitionBlock(lba - partition.start);
        let revision = options.revision;
        let reserve = space.take(SEQUENCE_BLOCKS.into())?;
        let last_anchor = space.take(1)?;
        let volume = Volume {
            revision,
            name: options.volume_name.clone(),
            volume_set: options.volume_set.clone(),
            time: options.time.into(),
            partition,
            metadata: mirrors.map(|(file, mirror, copy)| Metadata {
                file: block(file.start),
                mirror: block(mirror.start),
                start: block(files.structures.start),
                mirror_start: block(copy.start),
                blocks: copy.blocks,
            }),
            file_set: files.block(files.file_set.start),
            file_set_blocks: FILE_SET_BLOCKS,
            integrity: self.integrity,
        };
        map.bytes(
            self.recognition,
            "UDF volume recognition sequence",
            volume::recognition(revision),
        );
        for (extent, name) in [
            (self.main, "UDF main volume descriptor sequence"),
            (reserve, "UDF reserve volume descriptor sequence"),
        ] {
            map.bytes(extent, name, volume::sequence(&volume, extent.start));
        }
        map.bytes(
            self.integrity,
            "UDF integrity sequence",
            volume::integrity(&volume, files.counts()),
        );
        for extent in [self.first_anchor, last_anchor] {
            let anchor = volume::anchor(revision, self.main, reserve, extent.start);
            map.bytes(extent, "UDF anchor", anchor);
        }
        let file_set: Arc<[u8]> = file_set(&volume, files.icb(0)).into();
        files.write(files.structures.start, PARTS, &file_set, data, map);
        if let (Some((file, mirror, copy)), Some(metadata)) = (mirrors, volume.metadata) {
            let bytes = metadata.file(revision, volume.time);
            map.bytes(file, "UDF metadata file", bytes);
            let bytes = metadata.mirror(revision, volume.time);
            map.bytes(mirror, "UDF metadata mirror file", bytes);
            if copy != files.structures {
                files.write(copy.start, MIRRORED_PARTS, &file_set, data, map);
            }
        }
        Ok(())
    }
}

/// What the parts are called in the list of parts.
struct PartNames {
    file_set: &'static str,
    icbs: &'static str,
    allocation: &'static str,
    directories: &'static str,
}

const PARTS: PartNames = PartNames {
    file_set: "UDF file set",
    icbs: "UDF ICBs",
    allocation: "UDF allocation extents",
    directories: "UDF directories",
};

const MIRRORED_PARTS: PartNames = PartNames {
    file_set: "UDF file set, mirror",
    icbs: "UDF ICBs, mirror",
    allocation: "UDF allocation extents, mirror",
    directories: "UDF directories, mirror",
};

/// The files and directories of a volume.
///
/// An item's ICB is found by its position: those of items that share another's ICB are left out, the others follow
/// each other.
#[derive(Debug)]
pub(crate) struct Files {
    tree: Arc<Tree>,
    sequence: Arc<Sequence>,
    revision: UdfRevision,
    partition_start: Lba,
    /// All of them: the file set, the ICBs, the directories and the allocation extents. A metadata partition is this
    /// extent.
    structures: Extent,
    /// Items that share an ICB, with the item whose it is; both by position, ascending by the first.
    links: Vec<(u32, u32)>,
    /// How many identifiers name an ICB that is shared, by the position of the item whose it is.
    link_counts: HashMap<u32, u32>,
    /// Names that are not kept, by position, ascending.
    renamed: Vec<(u32, String)>,
    /// First block of every directory, by number, counted from the first of all; and the end of the last.
    starts: Vec<u32>,
    /// Length in bytes of every directory, by number.
    lens: Vec<u64>,
    identifiers: Packed,
    /// First block of an item's chain of allocation extents, by position, ascending, counted from the first of all.
    chains: Vec<(u32, u32)>,
    file_set: Extent,
    icbs: Extent,
    directories: Extent,
    allocation: Extent,
}

impl Files {
    /// Names all items and takes blocks for the file set, the ICBs and the directories.
    pub(crate) fn take(
        tree: &Arc<Tree>,
        sequence: &Arc<Sequence>,
        revision: UdfRevision,
        volume: &VolumePlan,
        space: &mut Space,
    ) -> Result<Self> {
        let start = space.next();
        let mut files = Self {
            tree: tree.clone(),
            sequence: sequence.clone(),
            revision,
            partition_start: volume.partition_start,
            structures: Extent { start, blocks: 0 },
            links: Vec::new(),
            link_counts: HashMap::new(),
            renamed: Vec::new(),
            starts: Vec::with_capacity(sequence.directories().len() + 1),
            lens: Vec::with_capacity(sequence.directories().len()),
            identifiers: Packed::default(),
            chains: Vec::new(),
            file_set: Extent::default(),
            icbs: Extent::default(),
            allocation: Extent::default(),
            directories: Extent::default(),
        };
        files.find_links();
        let directory_blocks = files.plan_directories()?;
        files.file_set = space.take(FILE_SET_BLOCKS.into())?;
        files.icbs = space.take(files.icb_count())?;
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

    /// Whether an item's ICB says that it is a real-time file.
    fn is_real_time(&self, node: NodeId) -> bool {
        self.revision.has_real_time_files() && self.tree.attributes(node).real_time
    }

    /// Finds the files that are one file by several names: all that an ICB says is the same.
    fn find_links(&mut self) {
        let mut owners: HashMap<(ContentId, Times, bool), u32> = HashMap::new();
        for (position, node) in self.sequence.iter() {
            let Some((id, content)) = self.tree.content_of(node) else {
                continue;
            };
            if content.references < 2 {
                continue;
            }
            let times = self.tree.attributes(node).times;
            let owner = owners
                .entry((id, times, self.is_real_time(node)))
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
        self.starts.push(blocks as u32);
        Ok(blocks)
    }

    /// Finds the items among `positions` whose names cannot be kept; mostly there are none.
    fn rename(&mut self, positions: std::ops::Range<u32>) -> Result<()> {
        let (tree, sequence) = (&self.tree, &self.sequence);
        if positions
            .clone()
            .all(|position| is_kept(tree.name(sequence.node(position))))
        {
            return Ok(());
        }
        let first = positions.start;
        let items = (positions.start as usize..positions.end as usize).map(|position| {
            let node = sequence.node(position as u32);
            (tree.name(node), tree.is_directory(node))
        });
        let names = renamed(&Names, items).map_err(|place| Error::NoUniqueName {
            path: tree.path(sequence.node(first + place as u32)),
            file_system: FileSystems::UDF,
        })?;
        let names = names
            .into_iter()
            .map(|(place, text)| (first + place as u32, text));
        self.renamed.extend(names);
        Ok(())
    }

    fn text<'a>(&'a self, position: u32, mapped: &'a mut Mapped) -> &'a str {
        let node = self.sequence.node(position);
        let name = self.tree.name(node);
        if is_kept(name) {
            // It may have been taken from another, but never renamed itself.
            return name;
        }
        match self
            .renamed
            .binary_search_by_key(&position, |(position, _)| *position)
        {
            Ok(place) => &self.renamed[place].1,
            Err(_) => {
                Names.map(name, self.tree.is_directory(node), mapped);
                &mapped.text
            }
        }
    }

    fn plan_chains(&mut self) -> u64 {
        let mut blocks = 0;
        for (position, node) in self.sequence.iter() {
            let chain_blocks = self.run(node, PartitionBlock(0)).chain_blocks();
            if chain_blocks > 0 && self.owner(position) == position {
                self.chains.push((position, blocks as u32));
                blocks += chain_blocks;
            }
        }
        blocks
    }

    /// The item whose ICB this item has.
    fn owner(&self, position: u32) -> u32 {
        match self.links.binary_search_by_key(&position, |link| link.0) {
            Ok(place) => self.links[place].1,
            Err(_) => position,
        }
    }

    fn icb_count(&self) -> u64 {
        u64::from(self.sequence.len()) - self.links.len() as u64
    }

    /// Place of an item's ICB among all.
    fn icb_index(&self, position: u32) -> u32 {
        let owner = self.owner(position);
        owner - self.links.partition_point(|link| link.0 < owner) as u32
    }

    /// The item whose ICB comes at `index`.
    fn position_of_icb(&self, index: u32) -> u32 {
        // Before the link at place p there are its position less p items that have an ICB.
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

    /// The address of a structure, counted as the structures' partition counts.
    fn block(&self, lba: Lba) -> PartitionBlock {
        let start = if self.revision.has_metadata_partition() {
            self.structures.start
        } else {
            self.partition_start
        };
        PartitionBlock(lba - start)
    }

    fn icb(&self, position: u32) -> PartitionBlock {
        self.block(self.icbs.start + self.icb_index(position))
    }

    fn unique_id(&self, position: u32) -> u64 {
        match self.icb_index(position) {
            0 => 0,
            index => FIRST_UNIQUE_ID - 1 + u64::from(index),
        }
    }

    /// The UniqueID of an item's identifier: that of its ICB, but only one identifier has it (UDF 2.3.4.3).
    fn identifier_id(&self, position: u32) -> u64 {
        match self.links.binary_search_by_key(&position, |link| link.0) {
            Ok(place) => self.next_unique_id() + place as u64,
            Err(_) => self.unique_id(position),
        }
    }

    /// The first UniqueID that no ICB has.
    fn next_unique_id(&self) -> u64 {
        FIRST_UNIQUE_ID - 1 + self.icb_count()
    }

    fn counts(&self) -> Counts {
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

    /// The blocks of an item's data; `start` is where a file's are.
    fn run(&self, node: NodeId, start: PartitionBlock) -> Run {
        match self.tree.directory(node) {
            Some(directory) => {
                let number = self.sequence.number(directory) as usize;
                let first = self.directories.start + self.starts[number];
                self.described(self.block(first), self.lens[number], Descriptor::Short)
            }
            None => {
                let len = self.tree.content_of(node).map_or(0, |(_, data)| data.len);
                let descriptor = if self.revision.has_metadata_partition() {
                    Descriptor::Long
                } else {
                    Descriptor::Short
                };
                self.described(start, len, descriptor)
            }
        }
    }

    fn described(&self, start: PartitionBlock, len: u64, descriptor: Descriptor) -> Run {
        Run {
            start,
            len,
            revision: self.revision,
            descriptor,
            max_extent_len: MAX_EXTENT_LEN,
        }
    }

    /// Puts the structures, or their mirror, from `start` on.
    fn write(
        self: &Arc<Self>,
        start: Lba,
        names: PartNames,
        file_set: &Arc<[u8]>,
        data: &Arc<DataPlan>,
        map: &mut Map,
    ) {
        let place = |extent: Extent| Extent {
            start: start + (extent.start - self.structures.start),
            ..extent
        };
        map.bytes(place(self.file_set), names.file_set, file_set.clone());
        for (extent, name, kind) in [
            (self.icbs, names.icbs, Kind::Icbs),
            (self.allocation, names.allocation, Kind::Allocation),
            (self.directories, names.directories, Kind::Directories),
        ] {
            let made = Made {
                files: self.clone(),
                data: data.clone(),
                kind,
            };
            map.made(place(extent), name, Arc::new(made));
        }
    }
}

/// A structure that is made when it is read.
struct Made {
    files: Arc<Files>,
    data: Arc<DataPlan>,
    kind: Kind,
}

enum Kind {
    Icbs,
    Allocation,
    Directories,
}

impl Fill for Made {
    fn fill(&self, first: u32, buf: &mut [u8]) {
        match self.kind {
            Kind::Icbs => {
                for (index, out) in (first..).zip(buf.chunks_exact_mut(BLOCK)) {
                    self.fill_icb(self.files.position_of_icb(index), out);
                }
            }
            Kind::Allocation => {
                for (block, out) in (first..).zip(buf.chunks_exact_mut(BLOCK)) {
                    self.fill_allocation(block, out);
                }
            }
            Kind::Directories => self.fill_directories(first, buf),
        }
    }
}

impl Made {
    fn run(&self, position: u32) -> Run {
        let node = self.files.sequence.node(position);
        let start = match self.files.tree.content_of(node) {
            Some((id, content)) if content.len > 0 => {
                PartitionBlock(self.data.start(id) - self.files.partition_start)
            }
            _ => PartitionBlock(0),
        };
        self.files.run(node, start)
    }

    /// First block of an item's chain of allocation extents.
    fn chain(&self, position: u32) -> PartitionBlock {
        let chains = &self.files.chains;
        match chains.binary_search_by_key(&position, |chain| chain.0) {
            Ok(place) => self
                .files
                .block(self.files.allocation.start + chains[place].1),
            Err(_) => PartitionBlock(0),
        }
    }

    fn fill_icb(&self, position: u32, out: &mut [u8]) {
        let files = &*self.files;
        let node = files.sequence.node(position);
        let times = files.tree.attributes(node).times;
        let run = self.run(position);
        let (file_type, link_count) = match files.tree.directory(node) {
            // One identifier in the parent, or the root's own; and one in each directory below (ECMA-167 4/14.9.6).
            Some(directory) => {
                let span = files.sequence.directory(files.sequence.number(directory));
                (icb::DIRECTORY, 1 + span.directories)
            }
            None => {
                let count = files.link_counts.get(&position).copied().unwrap_or(1);
                let file_type = if files.is_real_time(node) {
                    icb::REAL_TIME_FILE
                } else {
                    icb::REGULAR_FILE
                };
                (file_type, count)
            }
        };
        let entry = Entry {
            file_type,
            // Both were bounded.
            link_count: link_count as u16,
            information_len: run.len,
            blocks: blocks_of(run.len),
            accessed: times.accessed.into(),
            modified: times.modified.into(),
            created: times.created.into(),
            unique_id: files.unique_id(position),
            allocation: run.allocation(),
        };
        let head = icb::head_len(files.revision);
        run.encode_into(self.chain(position), &mut out[head..]);
        entry.finish(files.revision, files.icb(position), out);
    }

    fn fill_allocation(&self, block: u32, out: &mut [u8]) {
        let chains = &self.files.chains;
        let place = chains.partition_point(|chain| chain.1 <= block) - 1;
        let (position, first) = chains[place];
        self.run(position)
            .encode_chain(block - first, self.chain(position), out);
    }

    fn fill_directories(&self, first: u32, buf: &mut [u8]) {
        let files = &*self.files;
        let mut number = files.starts.partition_point(|start| *start <= first) - 1;
        let mut block = first;
        let mut rest = buf;
        while !rest.is_empty() && number < files.lens.len() {
            let blocks = (files.starts[number + 1] - block) as usize;
            let len = (blocks * BLOCK).min(rest.len());
            let (out, tail) = rest.split_at_mut(len);
            self.fill_directory(number as u32, block, out);
            rest = tail;
            number += 1;
            block += blocks as u32;
        }
    }

    /// Fills blocks of one directory.
    fn fill_directory(&self, number: u32, block: u32, out: &mut [u8]) {
        let files = &*self.files;
        let span = files.sequence.directory(number);
        let mut mapped = Mapped::default();
        // The block in which the next descriptor begins: at first the one before if its head lies there.
        let mut offset = files.identifiers.offset(block);
        let start = files.block(files.directories.start) + block;
        files.identifiers.fill(block, out, |record, bytes| {
            let location =
                PartitionBlock((i64::from(start.0) + offset.div_euclid(BLOCK as i64)) as u32);
            let identifier = match record.checked_sub(1) {
                None => {
                    let parent = files.sequence.directory(span.parent);
                    Identifier {
                        name: "",
                        characteristics: identifier::DIRECTORY | identifier::PARENT,
                        icb: files.icb(parent.position),
                        unique_id: files.unique_id(parent.position),
                    }
                }
                Some(place) if place < span.count => {
                    let position = span.first + place;
                    let node = files.sequence.node(position);
                    let mut characteristics = 0;
                    if files.tree.is_directory(node) {
                        characteristics |= identifier::DIRECTORY;
                    }
                    if files.tree.attributes(node).hidden {
                        characteristics |= identifier::HIDDEN;
                    }
                    Identifier {
                        name: files.text(position, &mut mapped),
                        characteristics,
                        icb: files.icb(position),
                        unique_id: files.identifier_id(position),
                    }
                }
                Some(_) => return false,
            };
            identifier.push(files.revision, location, bytes);
            offset += bytes.len() as i64;
            true
        });
    }
}

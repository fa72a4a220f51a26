//! One hierarchy of directories with its path tables (ECMA-119 6.8, 6.9).

use std::cmp::Ordering;
use std::fmt::Debug;
use std::sync::Arc;

use zerocopy::IntoBytes;

use super::descriptor::{Locations, VolumeDescriptor, VolumeIdentity};
use super::record::{
    DIRECTORY, DirectoryRecord, HIDDEN, MULTI_EXTENT, PARENT, PathTableType, RecordFields,
    SECTION_LEN, SELF, path_record_len, push_path_record, record_len,
};
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba, blocks_of};
use crate::codec::unique::{Mapped, NameRules, Texts, renamed_among};
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::space::{Cursor, DataPlan, Fill, Map, Packed, Space};
use crate::time::Timestamp;
use crate::tree::{Sequence, Totals, Tree};

/// How a hierarchy records names, in addition to its [`NameRules`].
pub(crate) trait Identifiers: NameRules + Debug + Send + Sync + 'static {
    const FILE_SYSTEM: FileSystems;

    /// Length in bytes of an item's identifier.
    fn identifier_len(text: &str, directory: bool) -> usize;

    /// Appends an item's identifier.
    fn push_identifier(text: &str, directory: bool, out: &mut Vec<u8>);

    /// Compares two directories of one parent as the path table orders them.
    fn compare_in_path_table(&self, a: &str, b: &str) -> Ordering;
}

/// The names that the parts of a hierarchy have on the map.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HierarchyNames {
    pub type_l_path_table: &'static str,
    pub type_m_path_table: &'static str,
    pub directories: &'static str,
}

/// The plan of a hierarchy: where its parts are, and just enough to make any of their blocks.
#[derive(Debug)]
pub(crate) struct Hierarchy<R> {
    tree: Arc<Tree>,
    sequence: Arc<Sequence>,
    rules: R,
    /// Names that differ from what the rules give, by position, ascending.
    renamed: Vec<(u32, String)>,
    /// Positions in the order of records; the items of a directory stay within its range.
    order: Vec<u32>,
    /// First block of every directory, by number, counted from the first directory's; then the end of the last.
    starts: Vec<u32>,
    /// For every block of the directories: the index of its first record among the items, and that file's section.
    blocks: Vec<(u32, u32)>,
    /// Directory numbers in the order of the path table.
    path_table: Vec<u32>,
    /// Index of every directory in the path table, counted from 1.
    path_numbers: Vec<u32>,
    path_table_len: u32,
    path_table_blocks: Packed,
    type_l: Extent,
    type_m: Extent,
    directories: Extent,
}

impl<R: Identifiers> Hierarchy<R> {
    /// Returns the fewest blocks that a hierarchy of these totals takes: two path tables, and a block per directory.
    pub(crate) fn least_blocks(totals: &Totals) -> u64 {
        2 + 1 + u64::from(totals.directories)
    }

    /// Names all items, sorts all directories, and takes blocks for the path tables and the directories.
    pub(crate) fn take(
        tree: &Arc<Tree>,
        sequence: &Arc<Sequence>,
        rules: R,
        space: &mut Space,
    ) -> Result<Self> {
        let mut plan = Self {
            tree: tree.clone(),
            sequence: sequence.clone(),
            rules,
            renamed: Vec::new(),
            order: (0..sequence.len()).collect(),
            starts: Vec::with_capacity(sequence.directories().len() + 1),
            blocks: Vec::new(),
            path_table: Vec::new(),
            path_numbers: Vec::new(),
            path_table_len: 0,
            path_table_blocks: Packed::default(),
            type_l: Extent::default(),
            type_m: Extent::default(),
            directories: Extent::default(),
        };
        plan.plan_directories()?;
        plan.plan_path_table();
        let path_table_blocks = blocks_of(plan.path_table_len.into());
        plan.type_l = space.take(path_table_blocks)?;
        plan.type_m = space.take(path_table_blocks)?;
        plan.directories = space.take(plan.blocks.len() as u64)?;
        Ok(plan)
    }

    fn plan_directories(&mut self) -> Result<()> {
        let sequence = self.sequence.clone();
        let mut texts = Texts::default();
        for span in sequence.directories() {
            let others = self.rename(span.items(), &mut texts)?;
            let mut items: Vec<(u32, &str)> = Vec::with_capacity(span.count as usize);
            let mut others = self.renamed[others..].iter().peekable();
            for (place, position) in span.items().enumerate() {
                let other = others.next_if(|(other, _)| *other == position);
                items.push((position, other.map_or(texts.get(place), |(_, text)| text)));
            }
            // No two names are equal.
            items.sort_unstable_by(|a, b| self.rules.compare(a.1, b.1));

            self.starts.push(self.blocks.len() as u32);
            self.blocks.push((0, 0));
            let mut used = 2 * record_len(SELF.len());
            for (place, item) in (0..).zip(&items) {
                let directory = self.tree.is_directory(sequence.node(item.0));
                let len = record_len(R::identifier_len(item.1, directory));
                for section in 0..self.sections(item.0) {
                    // A record never crosses the end of a block (ECMA-119 6.8.1.1).
                    if used + len > BLOCK {
                        self.blocks.push((place, section));
                        used = 0;
                    }
                    used += len;
                }
            }
            for (position, item) in span.items().zip(&items) {
                self.order[position as usize] = item.0;
            }
        }
        self.starts.push(self.blocks.len() as u32);
        Ok(())
    }

    /// Renames the items among `positions` whose names collide; returns the index of the first of them in `renamed`.
    /// Fills `texts` with the names that the rules give to all items.
    fn rename(&mut self, positions: std::ops::Range<u32>, texts: &mut Texts) -> Result<usize> {
        let others = self.renamed.len();
        let (tree, sequence) = (&self.tree, &self.sequence);
        let first = positions.start;
        let items = (positions.start as usize..positions.end as usize)
            .map(|position| tree.named(sequence.node(position as u32)));
        match renamed_among(&self.rules, items, texts) {
            Ok(names) => {
                let names = names
                    .into_iter()
                    .map(|(place, text)| (first + place as u32, text));
                self.renamed.extend(names);
                Ok(others)
            }
            Err(place) => Err(Error::NoUniqueName {
                path: tree.path(sequence.node(first + place as u32)),
                file_system: R::FILE_SYSTEM,
            }),
        }
    }

    /// Returns the name of an item in this hierarchy, without version.
    fn text<'a>(&'a self, position: u32, mapped: &'a mut Mapped) -> &'a str {
        match self
            .renamed
            .binary_search_by_key(&position, |(position, _)| *position)
        {
            Ok(place) => &self.renamed[place].1,
            Err(_) => {
                let node = self.sequence.node(position);
                self.rules
                    .map(self.tree.name(node), self.tree.is_directory(node), mapped);
                &mapped.text
            }
        }
    }

    /// Returns the number of sections in which a file is recorded; even an empty one has a record (ECMA-119 6.5.1).
    fn sections(&self, position: u32) -> u32 {
        match self.tree.content_of(self.sequence.node(position)) {
            // An image is shorter than 2^42 bytes.
            Some((_, content)) => content.len.div_ceil(SECTION_LEN).max(1) as u32,
            None => 1,
        }
    }

    /// Numbers the directories by level, then by the number of the parent, then by name (ECMA-119 6.9.1).
    fn plan_path_table(&mut self) {
        let sequence = self.sequence.clone();
        let mut numbers = vec![0; sequence.directories().len()];
        let mut order = vec![0];
        let mut lens = vec![path_record_len(SELF.len())];
        numbers[0] = 1;
        let mut next = 0;
        while let Some(number) = order.get(next).copied() {
            next += 1;
            let span = sequence.directory(number);
            if span.directories == 0 {
                continue;
            }
            let mut mapped = Mapped::default();
            let mut children: Vec<(String, u32)> = span
                .items()
                .filter_map(|place| {
                    let position = self.order[place as usize];
                    let directory = self.tree.directory(sequence.node(position))?;
                    Some((
                        self.text(position, &mut mapped).to_owned(),
                        sequence.number(directory),
                    ))
                })
                .collect();
            children.sort_by(|a, b| self.rules.compare_in_path_table(&a.0, &b.0));
            for (text, child) in children {
                order.push(child);
                numbers[child as usize] = order.len() as u32;
                lens.push(path_record_len(R::identifier_len(&text, true)));
            }
        }
        // At most 65,535 records of at most 254 bytes.
        self.path_table_len = self.path_table_blocks.push_run(lens) as u32;
        self.path_table = order;
        self.path_numbers = numbers;
    }

    /// Puts the path tables and the directories on the map.
    pub(crate) fn write(
        self: &Arc<Self>,
        data: &Arc<DataPlan>,
        names: HierarchyNames,
        map: &mut Map,
    ) {
        for (kind, extent, name) in [
            (PathTableType::L, self.type_l, names.type_l_path_table),
            (PathTableType::M, self.type_m, names.type_m_path_table),
        ] {
            let plan = self.clone();
            map.made(extent, name, Arc::new(PathTable { plan, kind }));
        }
        let directories = Directories {
            plan: self.clone(),
            data: data.clone(),
        };
        map.made(self.directories, names.directories, Arc::new(directories));
    }

    /// Returns the volume descriptor of this hierarchy, for a volume of `space_size` blocks.
    pub(crate) fn descriptor(
        &self,
        identity: &VolumeIdentity,
        time: Timestamp,
        space_size: u32,
    ) -> Vec<u8> {
        let locations = Locations {
            volume_space_size: space_size,
            path_table_size: self.path_table_len,
            type_l_path_table: self.type_l.start.0,
            type_m_path_table: self.type_m.start.0,
            root_directory: DirectoryRecord::new(&self.directory_entry(0), SELF.len()),
        };
        let descriptor = VolumeDescriptor::new(identity, &locations, time.into());
        descriptor.as_bytes().to_vec()
    }

    fn directory_location(&self, number: u32) -> Lba {
        self.directories.start + self.starts[number as usize]
    }

    /// Returns the fields that every record of a directory has.
    fn directory_entry(&self, number: u32) -> RecordFields {
        let position = self.sequence.directory(number).position;
        let attributes = self.tree.attributes(self.sequence.node(position));
        let blocks = self.starts[number as usize + 1] - self.starts[number as usize];
        RecordFields {
            location: self.directory_location(number),
            // A directory of 4 GiB would need more nodes than a tree can have.
            data_len: blocks.wrapping_mul(BLOCK_SIZE),
            time: attributes.times.modified,
            // The root is not in a directory that could hide it.
            flags: DIRECTORY
                | if attributes.hidden && number > 0 {
                    HIDDEN
                } else {
                    0
                },
        }
    }
}

/// The directories of a hierarchy.
struct Directories<R> {
    plan: Arc<Hierarchy<R>>,
    data: Arc<DataPlan>,
}

impl<R: Identifiers> Directories<R> {
    /// Fills one block with the records from the first one that begins in it.
    fn fill_block(&self, block: u32, scratch: &mut Scratch, out: &mut [u8]) {
        let plan = &*self.plan;
        let number = plan.starts.partition_point(|start| *start <= block) as u32 - 1;
        let span = plan.sequence.directory(number);
        let mut used = 0;
        if plan.starts[number as usize] == block {
            let mut own = plan.directory_entry(number);
            own.flags &= !HIDDEN;
            let mut parent = plan.directory_entry(span.parent);
            parent.flags &= !HIDDEN;
            for (entry, identifier) in [(own, SELF), (parent, PARENT)] {
                let record = DirectoryRecord::new(&entry, identifier.len());
                used += record.encode_into(identifier, &mut out[used..]);
            }
        }
        let (place, mut section) = plan.blocks[block as usize];
        for place in place..span.count {
            let position = plan.order[(span.first + place) as usize];
            let node = plan.sequence.node(position);
            let directory = plan.tree.directory(node);
            scratch.identifier.clear();
            R::push_identifier(
                plan.text(position, &mut scratch.mapped),
                directory.is_some(),
                &mut scratch.identifier,
            );
            let len = record_len(scratch.identifier.len());
            let sections = plan.sections(position);
            while section < sections {
                if used + len > BLOCK {
                    return;
                }
                let entry = match directory {
                    Some(directory) => plan.directory_entry(plan.sequence.number(directory)),
                    None => self.section(position, section),
                };
                let record = DirectoryRecord::new(&entry, scratch.identifier.len());
                used += record.encode_into(&scratch.identifier, &mut out[used..]);
                section += 1;
            }
            section = 0;
        }
    }

    fn section(&self, position: u32, section: u32) -> RecordFields {
        let plan = &*self.plan;
        let node = plan.sequence.node(position);
        let attributes = plan.tree.attributes(node);
        let (start, len) = match plan.tree.content_of(node) {
            Some((id, content)) => (self.data.start(id), content.len),
            None => (None, 0),
        };
        let left = len - u64::from(section) * SECTION_LEN;
        let mut flags = if attributes.hidden { HIDDEN } else { 0 };
        if left > SECTION_LEN {
            flags |= MULTI_EXTENT;
        }
        RecordFields {
            // A file without blocks is put at block 0, where no file is.
            location: start.map_or(Lba(0), |start| {
                start + section * (SECTION_LEN / u64::from(BLOCK_SIZE)) as u32
            }),
            data_len: left.min(SECTION_LEN) as u32,
            time: attributes.times.modified,
            flags,
        }
    }
}

/// Buffers that are reused for every record.
#[derive(Default)]
struct Scratch {
    mapped: Mapped,
    identifier: Vec<u8>,
}

impl<R: Identifiers> Fill for Directories<R> {
    fn fill(&self, first: u32, buf: &mut [u8], _: &mut Cursor) -> Result<()> {
        let mut scratch = Scratch::default();
        for (block, out) in (first..).zip(buf.chunks_exact_mut(BLOCK)) {
            self.fill_block(block, &mut scratch, out);
        }
        Ok(())
    }
}

/// A path table of a hierarchy.
struct PathTable<R> {
    plan: Arc<Hierarchy<R>>,
    kind: PathTableType,
}

impl<R: Identifiers> Fill for PathTable<R> {
    fn fill(&self, first: u32, buf: &mut [u8], _: &mut Cursor) -> Result<()> {
        let plan = &*self.plan;
        let mut scratch = Scratch::default();
        plan.path_table_blocks.fill(first, buf, |record, out| {
            let Some(number) = plan.path_table.get(record as usize).copied() else {
                return false;
            };
            let span = plan.sequence.directory(number);
            scratch.identifier.clear();
            if number == 0 {
                scratch.identifier.extend(SELF);
            } else {
                let text = plan.text(span.position, &mut scratch.mapped);
                R::push_identifier(text, true, &mut scratch.identifier);
            }
            // `take` has checked the number of directories.
            let parent = plan.path_numbers[span.parent as usize] as u16;
            push_path_record(
                self.kind,
                &scratch.identifier,
                plan.directory_location(number),
                parent,
                out,
            );
            true
        });
        Ok(())
    }
}

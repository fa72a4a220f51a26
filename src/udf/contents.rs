//! Encodes the structures for files when they are read.

use std::sync::Arc;

use super::allocation::DataRun;
use super::files::{Files, Subject};
use super::icb::{self, Allocation, EntryFields};
use super::identifier::{self, Identifier};
use super::streams::StreamIcb;
use crate::block::{BLOCK, Extent, Lba, PartitionBlock, blocks_of};
use crate::codec::time::UdfTime;
use crate::codec::unique::Mapped;
use crate::error::Result;
use crate::space::{Cursor, FileData, Fill, Map};
use crate::time::Timestamp;
use crate::tree::NodeId;

/// The names of the parts in the list of parts.
pub(super) struct StructureNames {
    pub file_set: &'static str,
    pub icbs: &'static str,
    pub allocation: &'static str,
    pub directories: &'static str,
}

/// Puts the structures, or their mirror, on the map from `start` on.
pub(super) fn write(
    files: &Arc<Files>,
    start: Lba,
    names: StructureNames,
    file_set: &Arc<[u8]>,
    data: &Arc<FileData>,
    map: &mut Map,
) {
    let place = |extent: Extent| Extent {
        start: start + (extent.start - files.structures.start),
        ..extent
    };
    map.bytes(place(files.file_set), names.file_set, file_set.clone());
    for (extent, name, kind) in [
        (files.icbs, names.icbs, MadeKind::Icbs),
        (files.allocation, names.allocation, MadeKind::Allocation),
        (files.directories, names.directories, MadeKind::Directories),
    ] {
        let made = Made {
            files: files.clone(),
            data: data.clone(),
            kind,
        };
        map.made(place(extent), name, Arc::new(made));
    }
}

/// A structure that is encoded when it is read.
struct Made {
    files: Arc<Files>,
    data: Arc<FileData>,
    kind: MadeKind,
}

enum MadeKind {
    Icbs,
    Allocation,
    Directories,
}

impl Fill for Made {
    fn fill(&self, first: u32, buf: &mut [u8], cursor: &mut Cursor) -> Result<()> {
        match self.kind {
            MadeKind::Icbs => {
                for (index, out) in (first..).zip(buf.chunks_exact_mut(BLOCK)) {
                    match self.files.subject(index) {
                        Subject::Item(position) => self.fill_icb(position, index, out, cursor)?,
                        Subject::Stream(icb) => self.fill_stream_icb(icb, index, out, cursor)?,
                    }
                }
            }
            MadeKind::Allocation => {
                for (block, out) in (first..).zip(buf.chunks_exact_mut(BLOCK)) {
                    self.fill_allocation(block, out);
                }
            }
            MadeKind::Directories => self.fill_directories(first, buf),
        }
        Ok(())
    }
}

impl Made {
    /// Returns the location of a file's data and its length in bytes.
    fn run(&self, node: NodeId) -> DataRun {
        let content = self.files.tree.content_of(node);
        let start = content.and_then(|(id, _)| self.data.plan.start(id));
        // A file without blocks has no descriptor that would hold their address.
        let block = start.map_or(PartitionBlock(0), |start| {
            PartitionBlock(start - self.files.partition_start)
        });
        self.files.run(node, block)
    }

    /// Returns the first block of the chain of allocation extents for the ICB at `index`.
    fn chain(&self, index: u32) -> PartitionBlock {
        let chains = &self.files.chains;
        match chains.binary_search_by_key(&index, |chain| chain.0) {
            Ok(place) => self
                .files
                .block(self.files.allocation.start + chains[place].1),
            Err(_) => PartitionBlock(0),
        }
    }

    fn fill_icb(
        &self,
        position: u32,
        index: u32,
        out: &mut [u8],
        cursor: &mut Cursor,
    ) -> Result<()> {
        let files = &*self.files;
        let node = files.sequence.node(position);
        let streams = files.streams.directory_of(position);
        let (file_type, mut link_count) = match files.tree.directory(node) {
            // The parent, or the root itself, has one identifier, and so does each directory below (ECMA-167 4/14.9.6).
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
        // A stream directory names its file as its parent.
        link_count += u32::from(streams.is_some());
        let streams_len: u64 = streams.map_or(0, |directory| {
            let streams = files.streams.in_directory(directory).iter();
            let contents = streams.filter_map(|(node, _)| files.tree.content_of(*node));
            contents.map(|(_, content)| content.len).sum()
        });
        let run = self.run(node);
        let entry = EntryFields {
            file_type,
            // `find_links` bounds the links, and a file that has streams has fewer names than an image has streams.
            link_count: u16::try_from(link_count).unwrap_or(u16::MAX),
            object_size: run.len + streams_len,
            stream_directory: streams.map(|directory| files.stream_directory_icb(directory)),
            unique_id: files.unique_id(position),
            ..self.entry(node, run)
        };
        self.finish(entry, run, Some(node), index, out, cursor)
    }

    fn fill_stream_icb(
        &self,
        icb: StreamIcb,
        index: u32,
        out: &mut [u8],
        cursor: &mut Cursor,
    ) -> Result<()> {
        let files = &*self.files;
        match icb {
            StreamIcb::Directory(directory) => {
                let position = files.streams.owner(directory);
                let number = files.sequence.directories().len() as u32 + directory;
                let run = files.directory_run(number);
                let entry = EntryFields {
                    file_type: icb::STREAM_DIRECTORY,
                    // The file's entry leads to it; no identifier does (ECMA-167 4/14.9.6).
                    link_count: 0,
                    unique_id: files.unique_id(position),
                    ..self.entry(files.sequence.node(position), run)
                };
                self.finish(entry, run, None, index, out, cursor)
            }
            StreamIcb::Stream(directory, node) => {
                let run = self.run(node);
                let entry = EntryFields {
                    is_stream: true,
                    unique_id: files.unique_id(files.streams.owner(directory)),
                    ..self.entry(node, run)
                };
                self.finish(entry, run, Some(node), index, out, cursor)
            }
        }
    }

    /// Returns the entry of a file that has one name, with the times of `node`.
    fn entry(&self, node: NodeId, run: DataRun) -> EntryFields {
        let times = self.files.tree.attributes(node).times;
        let modified = UdfTime::from(times.modified);
        // Usually all three are the same, and dates take a while to convert.
        let recorded = |time: Timestamp| {
            if time == times.modified && time.zone_minutes() == times.modified.zone_minutes() {
                modified
            } else {
                time.into()
            }
        };
        EntryFields {
            file_type: icb::REGULAR_FILE,
            link_count: 1,
            information_len: run.len,
            object_size: run.len,
            stream_directory: None,
            is_stream: false,
            blocks: blocks_of(run.len),
            accessed: recorded(times.accessed),
            modified,
            created: recorded(times.created),
            unique_id: 0,
            allocation: run.allocation(),
        }
    }

    /// Completes the ICB at `index` with its descriptors, or with the data of `file` if that is embedded.
    fn finish(
        &self,
        mut entry: EntryFields,
        run: DataRun,
        file: Option<NodeId>,
        index: u32,
        out: &mut [u8],
        cursor: &mut Cursor,
    ) -> Result<()> {
        let files = &*self.files;
        let head = icb::head_len(files.revision);
        match file.filter(|node| self.is_embedded(*node)) {
            Some(node) => {
                let data = &mut out[head..head + run.len as usize];
                self.data.read_whole(node, data, cursor)?;
                entry.allocation = Allocation::embedded(run.len as u32);
                entry.blocks = 0;
            }
            None => run.encode_into(self.chain(index), &mut out[head..]),
        }
        entry.finish(files.revision, files.icb_at(index), out);
        Ok(())
    }

    fn is_embedded(&self, node: NodeId) -> bool {
        self.files
            .tree
            .content_of(node)
            .is_some_and(|(_, content)| (1..=self.files.embedded).contains(&content.len))
            && !self.files.is_real_time(node)
    }

    fn fill_allocation(&self, block: u32, out: &mut [u8]) {
        let chains = &self.files.chains;
        let place = chains.partition_point(|chain| chain.1 <= block) - 1;
        let (icb, first) = chains[place];
        let run = match self.files.subject(icb) {
            Subject::Item(position) => self.run(self.files.sequence.node(position)),
            Subject::Stream(StreamIcb::Stream(_, node)) => self.run(node),
            Subject::Stream(StreamIcb::Directory(directory)) => self
                .files
                .directory_run(self.files.sequence.directories().len() as u32 + directory),
        };
        run.encode_chain(block - first, self.chain(icb), out);
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
        let mut mapped = Mapped::default();
        // The block in which the next descriptor begins: at first the preceding block, if the descriptor's head lies
        // there.
        let mut offset = files.identifiers.offset(block);
        let start = files.block(files.directories.start) + block;
        let directories = files.sequence.directories().len() as u32;
        files.identifiers.fill(block, out, |record, bytes| {
            let identifier = match number.checked_sub(directories) {
                None => self.identifier(number, record, &mut mapped),
                Some(directory) => self.stream_identifier(directory, record),
            };
            let Some(identifier) = identifier else {
                return false;
            };
            let location =
                PartitionBlock((i64::from(start.0) + offset.div_euclid(BLOCK as i64)) as u32);
            identifier.push(files.revision, location, bytes);
            offset += bytes.len() as i64;
            true
        });
    }

    /// Returns identifier number `record` of a directory: its parent's first, then those of its items.
    fn identifier<'a>(
        &'a self,
        number: u32,
        record: u32,
        mapped: &'a mut Mapped,
    ) -> Option<Identifier<'a>> {
        let files = &*self.files;
        let span = files.sequence.directory(number);
        let Some(place) = record.checked_sub(1) else {
            let parent = files.sequence.directory(span.parent);
            return Some(Identifier {
                name: "",
                characteristics: identifier::DIRECTORY | identifier::PARENT,
                icb: files.icb(parent.position),
                unique_id: files.unique_id(parent.position),
            });
        };
        if place >= span.count {
            return None;
        }
        let position = span.first + place;
        let node = files.sequence.node(position);
        let mut characteristics = 0;
        if files.tree.is_directory(node) {
            characteristics |= identifier::DIRECTORY;
        }
        if files.tree.attributes(node).hidden {
            characteristics |= identifier::HIDDEN;
        }
        Some(Identifier {
            name: files.text(position, mapped),
            characteristics,
            icb: files.icb(position),
            unique_id: files.identifier_id(position),
        })
    }

    /// Returns identifier number `record` of a stream directory: its file's first, then those of the streams.
    fn stream_identifier(&self, directory: u32, record: u32) -> Option<Identifier<'_>> {
        let files = &*self.files;
        let position = files.streams.owner(directory);
        let unique_id = files.unique_id(position);
        let Some(place) = record.checked_sub(1) else {
            return Some(Identifier {
                name: "",
                // This names a file, not a directory (ECMA-167 4/14.4.3).
                characteristics: identifier::PARENT,
                icb: files.icb(position),
                unique_id,
            });
        };
        let (node, name) = files.streams.in_directory(directory).get(place as usize)?;
        let hidden = files.tree.attributes(*node).hidden;
        Some(Identifier {
            name,
            characteristics: if hidden { identifier::HIDDEN } else { 0 },
            icb: files.stream_directory_icb(directory) + record,
            unique_id,
        })
    }
}

//! The plan of a UDF volume: blocks for its structures before the partition, in it, and after it.

use std::sync::Arc;

use super::FIRST_ANCHOR;
use super::contents::{self, StructureNames};
use super::file_set::{FILE_SET_BLOCKS, file_set};
use super::files::Files;
use super::metadata::{self, MetadataPartition};
use super::volume::{self, RECOGNITION_BLOCKS, SEQUENCE_BLOCKS, VolumeFields};
use crate::block::{Extent, Lba, PartitionBlock};
use crate::error::Result;
use crate::file_systems::UdfRevision;
use crate::space::{FileData, Map, Space};
use crate::time::Timestamp;

/// Blocks from the session's start to the main sequence, after the descriptors at 16.
const MAIN_SEQUENCE: u32 = 32;
/// Blocks from the session's start to the end of the first anchor: a reader's first request.
pub(crate) const HEAD_BLOCKS: u32 = FIRST_ANCHOR + 1;
/// Blocks of the integrity sequence.
const INTEGRITY_BLOCKS: u32 = 2;

/// The options of a volume.
#[derive(Clone, Debug)]
pub(crate) struct VolumeOptions {
    pub revision: UdfRevision,
    /// Whether metadata of UDF 2.50 and later is recorded twice.
    pub redundant_metadata: bool,
    pub volume_name: String,
    /// First block of the partition in earlier sessions.
    pub partition_start: Option<Lba>,
    /// Anchors of an earlier session to redirect to this one, in the order in which to write them.
    pub rewritten_anchors: Vec<Lba>,
}

/// The structures before the files: everything with a place in the first blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    recognition: Extent,
    main: Extent,
    integrity: Extent,
    first_anchor: Extent,
    partition_start: Lba,
    /// ICB of the metadata file, if there is one.
    metadata_file: Option<Extent>,
}

impl Head {
    /// Returns the block after the head in the smallest volume of the revision, counted from the session's start.
    pub(crate) const fn least_end(revision: UdfRevision) -> u64 {
        if revision.has_metadata_partition() {
            // The partition and the metadata each begin at a multiple of the unit, one after the other.
            HEAD_BLOCKS as u64 + metadata::UNIT as u64
        } else {
            HEAD_BLOCKS as u64
        }
    }

    /// Takes the blocks of the head. ISO 9660's descriptors, if any, have just been taken.
    pub(crate) fn take(options: &VolumeOptions, space: &mut Space) -> Result<Self> {
        let recognition = space.take(RECOGNITION_BLOCKS.into())?;
        space.skip_to(MAIN_SEQUENCE);
        let main = space.take(SEQUENCE_BLOCKS.into())?;
        let integrity = space.take(INTEGRITY_BLOCKS.into())?;
        space.skip_to(FIRST_ANCHOR);
        let first_anchor = space.take(1)?;
        let mut partition_start = space.next();
        let mut metadata_file = None;
        if options.revision.has_metadata_partition() {
            space.align(metadata::UNIT);
            partition_start = space.next();
            metadata_file = Some(space.take(1)?);
            space.align(metadata::UNIT);
        }
        // Later sessions refer to the data of earlier ones.
        if let Some(start) = options.partition_start {
            partition_start = start;
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

    pub(crate) const fn partition_start(&self) -> Lba {
        self.partition_start
    }
}

/// The part of the metadata that is recorded a second time, at the partition's end (UDF 2.50, 2.2.13.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mirror {
    /// ICB of the mirror file.
    file: Extent,
    /// The file's contents, if they differ from the metadata file's extent.
    copy: Option<Extent>,
}

impl Mirror {
    /// Returns the fewest blocks of a mirror; `files` is the minimum for the structures for files.
    pub(crate) fn least_blocks(revision: UdfRevision, redundant: bool, files: u64) -> u64 {
        match (revision.has_metadata_partition(), redundant) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => 1 + files,
        }
    }

    pub(crate) fn take(
        options: &VolumeOptions,
        files: &Files,
        space: &mut Space,
    ) -> Result<Option<Self>> {
        if !options.revision.has_metadata_partition() {
            return Ok(None);
        }
        let file = space.take(1)?;
        let mut copy = None;
        if options.redundant_metadata {
            space.align(metadata::UNIT);
            copy = Some(space.take(files.structures.blocks.into())?);
        }
        Ok(Some(Self { file, copy }))
    }
}

/// The structures after the partition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail {
    /// The extent before it.
    partition: Extent,
    reserve: Extent,
    last_anchor: Extent,
}

impl Tail {
    /// The number of its blocks, the same in any volume.
    pub(crate) const BLOCKS: u64 = SEQUENCE_BLOCKS as u64 + 1;

    /// Ends the partition and takes the blocks after it.
    pub(crate) fn take(head: &Head, space: &mut Space) -> Result<Self> {
        let partition = Extent {
            start: head.partition_start,
            blocks: space.next() - head.partition_start,
        };
        Ok(Self {
            partition,
            reserve: space.take(SEQUENCE_BLOCKS.into())?,
            last_anchor: space.take(1)?,
        })
    }
}

/// A volume with all blocks taken.
#[derive(Debug)]
pub(crate) struct VolumePlan {
    head: Head,
    files: Arc<Files>,
    mirror: Option<Mirror>,
    tail: Tail,
    anchors: Vec<Lba>,
    volume: VolumeFields,
}

impl VolumePlan {
    pub(crate) fn new(
        options: &VolumeOptions,
        (volume_set, time): (&str, Timestamp),
        head: Head,
        files: Arc<Files>,
        mirror: Option<Mirror>,
        tail: Tail,
    ) -> Self {
        let block = |lba: Lba| PartitionBlock(lba - tail.partition.start);
        let metadata = head.metadata_file.zip(mirror).map(|(file, mirror)| {
            let copy = mirror.copy.unwrap_or(files.structures);
            MetadataPartition {
                file: block(file.start),
                mirror: block(mirror.file.start),
                start: block(files.structures.start),
                mirror_start: block(copy.start),
                blocks: copy.blocks,
            }
        });
        let volume = VolumeFields {
            revision: options.revision,
            name: options.volume_name.clone(),
            volume_set: volume_set.to_owned(),
            time: time.into(),
            partition: tail.partition,
            metadata,
            file_set: files.block(files.file_set.start),
            file_set_blocks: FILE_SET_BLOCKS,
            integrity: head.integrity,
        };
        Self {
            head,
            files,
            mirror,
            tail,
            anchors: options.rewritten_anchors.clone(),
            volume,
        }
    }

    /// Puts the structures before the files on the map, and the anchors of earlier sessions.
    pub(crate) fn put_head(&self, map: &mut Map) {
        let (head, volume) = (&self.head, &self.volume);
        map.bytes(
            head.recognition,
            "UDF volume recognition sequence",
            volume::recognition(volume.revision),
        );
        map.bytes(
            head.main,
            "UDF main volume descriptor sequence",
            volume::sequence(volume, head.main.start),
        );
        map.bytes(
            head.integrity,
            "UDF integrity sequence",
            volume::integrity(volume, self.files.counts()),
        );
        self.put_anchor(head.first_anchor.start, map);
        for anchor in &self.anchors {
            self.put_anchor(*anchor, map);
        }
        if let (Some(file), Some(metadata)) = (head.metadata_file, volume.metadata) {
            let bytes = metadata.file(volume.revision, volume.time);
            map.bytes(file, "UDF metadata file", bytes);
        }
    }

    /// Puts the structures for files on the map.
    pub(crate) fn put_files(&self, data: &Arc<FileData>, map: &mut Map) {
        let start = self.files.structures.start;
        contents::write(&self.files, start, PARTS, &self.file_set(), data, map);
    }

    /// Puts the second recording of those structures on the map.
    pub(crate) fn put_mirror(&self, data: &Arc<FileData>, map: &mut Map) {
        let (Some(mirror), Some(metadata)) = (self.mirror, self.volume.metadata) else {
            return;
        };
        let bytes = metadata.mirror(self.volume.revision, self.volume.time);
        map.bytes(mirror.file, "UDF metadata mirror file", bytes);
        if let Some(copy) = mirror.copy {
            let file_set = self.file_set();
            contents::write(
                &self.files,
                copy.start,
                MIRRORED_PARTS,
                &file_set,
                data,
                map,
            );
        }
    }

    /// Puts the structures after the partition on the map.
    pub(crate) fn put_tail(&self, map: &mut Map) {
        let reserve = self.tail.reserve;
        map.bytes(
            reserve,
            "UDF reserve volume descriptor sequence",
            volume::sequence(&self.volume, reserve.start),
        );
        self.put_anchor(self.tail.last_anchor.start, map);
    }

    fn put_anchor(&self, start: Lba, map: &mut Map) {
        let (main, reserve) = (self.head.main, self.tail.reserve);
        let anchor = volume::anchor(self.volume.revision, main, reserve, start);
        map.bytes(Extent { start, blocks: 1 }, "UDF anchor", anchor);
    }

    fn file_set(&self) -> Arc<[u8]> {
        file_set(&self.volume, self.files.icb(0)).into()
    }
}

const PARTS: StructureNames = StructureNames {
    file_set: "UDF file set",
    icbs: "UDF ICBs",
    allocation: "UDF allocation extents",
    directories: "UDF directories",
};

const MIRRORED_PARTS: StructureNames = StructureNames {
    file_set: "UDF file set, mirror",
    icbs: "UDF ICBs, mirror",
    allocation: "UDF allocation extents, mirror",
    directories: "UDF directories, mirror",
};

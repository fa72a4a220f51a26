//! The plan of a UDF volume: blocks for its structures before the partition and behind it.

use std::sync::Arc;

use super::contents::{self, PartNames};
use super::file_set::{FILE_SET_BLOCKS, file_set};
use super::files::Files;
use super::metadata::{self, Metadata};
use super::volume::{self, RECOGNITION_BLOCKS, SEQUENCE_BLOCKS, Volume};
use crate::block::{Extent, Lba, PartitionBlock};
use crate::error::Result;
use crate::file_systems::UdfRevision;
use crate::space::{FileData, Map, Space};
use crate::time::Timestamp;

/// Blocks from the session's start to the main sequence, behind the descriptors at 16.
const MAIN_SEQUENCE: u32 = 32;
/// Blocks from the session's start to the first anchor (UDF 2.2.3).
const ANCHOR: u32 = 256;
/// Blocks from the session's start to behind the first anchor: what reading begins with.
pub(crate) const HEAD_BLOCKS: u32 = ANCHOR + 1;
/// Blocks of the integrity sequence.
const INTEGRITY_BLOCKS: u32 = 2;

/// What a volume is made with.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub revision: UdfRevision,
    /// Whether metadata of UDF 2.50 and later is recorded twice.
    pub redundant_metadata: bool,
    pub volume_name: String,
    pub volume_set: String,
    pub time: Timestamp,
    /// Where the partition of the earlier sessions begins.
    pub partition_start: Option<Lba>,
    /// Anchors of an earlier session that are to lead to this one, in the order they are to be written.
    pub rewritten_anchors: Vec<Lba>,
}

/// The structures of the volume: those before the partition and those behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VolumePlan {
    recognition: Extent,
    main: Extent,
    integrity: Extent,
    first_anchor: Extent,
    pub(super) partition_start: Lba,
    /// ICB of the metadata file, if there is one.
    metadata_file: Option<Extent>,
}

impl VolumePlan {
    /// Takes the blocks up to the structures for files. ISO 9660's descriptors, if any, have just been taken.
    pub(crate) fn take(options: &Options, space: &mut Space) -> Result<Self> {
        let revision = options.revision;
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

    /// Ends the partition, takes the blocks behind it, and puts the whole volume on the map.
    pub(crate) fn finish(
        &self,
        options: &Options,
        files: &Arc<Files>,
        data: &Arc<FileData>,
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
        let rewritten = options.rewritten_anchors.iter().map(|start| Extent {
            start: *start,
            blocks: 1,
        });
        for extent in [self.first_anchor, last_anchor]
            .into_iter()
            .chain(rewritten)
        {
            let anchor = volume::anchor(revision, self.main, reserve, extent.start);
            map.bytes(extent, "UDF anchor", anchor);
        }
        let file_set: Arc<[u8]> = file_set(&volume, files.icb(0)).into();
        contents::write(files, files.structures.start, PARTS, &file_set, data, map);
        if let (Some((file, mirror, copy)), Some(metadata)) = (mirrors, volume.metadata) {
            let bytes = metadata.file(revision, volume.time);
            map.bytes(file, "UDF metadata file", bytes);
            let bytes = metadata.mirror(revision, volume.time);
            map.bytes(mirror, "UDF metadata mirror file", bytes);
            if copy != files.structures {
                contents::write(files, copy.start, MIRRORED_PARTS, &file_set, data, map);
            }
        }
        Ok(())
    }
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

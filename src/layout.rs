//! The order of the parts of an image.
//!
//! ```text
//! 0       system area
//! 16      volume descriptors of ISO 9660 and Joliet, recognition sequence of UDF
//! 32 …    volume structures of UDF, up to its first anchor
//! …       structures for files: UDF, ISO 9660, Joliet
//! …       file data, which all of them share
//! …       the metadata mirror of UDF 2.50; here the UDF partition ends
//! …       reserve structures of UDF, up to its last anchor
//! ```
//!
//! Every part takes its blocks first; then, all addresses known, each is put on the map.

use std::sync::Arc;

use crate::block::{Extent, Lba};
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::iso9660::{self, Hierarchy, PartNames, Volume};
use crate::joliet;
use crate::space::{DataOptions, DataPlan, FileData, Map, Space};
use crate::time::Timestamp;
use crate::tree::{Sequence, Tree};
use crate::udf;

/// What an image is made with, all values checked.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub file_systems: FileSystems,
    pub session_start: Lba,
    pub iso9660: iso9660::Names,
    pub joliet: joliet::Names,
    pub volume_name_iso9660: String,
    pub volume_name_joliet: String,
    pub volume_set: String,
    pub time: Timestamp,
    pub data: DataOptions,
    pub udf: udf::Options,
}

/// An image that has been laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub map: Map,
    /// From the session's start to the last block.
    pub extent: Extent,
}

const PRIMARY_PARTS: PartNames = PartNames {
    descriptor: "ISO 9660 primary volume descriptor",
    type_l_path_table: "ISO 9660 type L path table",
    type_m_path_table: "ISO 9660 type M path table",
    directories: "ISO 9660 directories",
};

const JOLIET_PARTS: PartNames = PartNames {
    descriptor: "Joliet volume descriptor",
    type_l_path_table: "Joliet type L path table",
    type_m_path_table: "Joliet type M path table",
    directories: "Joliet directories",
};

impl Layout {
    /// Lays out `tree`. Reads no file.
    pub(crate) fn new(tree: &Arc<Tree>, options: &Options) -> Result<Self> {
        let sequence = Arc::new(Sequence::new(tree));
        let has = |file_system| options.file_systems.contains(file_system);
        let start = options.session_start;
        let mut space = Space::new(start);
        space.skip_to(iso9660::FIRST_DESCRIPTOR);

        let mut descriptors = Extent::default();
        if has(FileSystems::ISO9660) {
            let joliet = u64::from(has(FileSystems::JOLIET));
            // Primary, Joliet, terminator.
            descriptors = space.take(1 + joliet + 1)?;
        }
        let mut udf = None;
        if has(FileSystems::UDF) {
            let volume = udf::VolumePlan::take(options.udf.revision, &mut space)?;
            let files = udf::Files::take(
                tree,
                &sequence,
                options.udf.revision,
                options.data.embedded,
                &volume,
                &mut space,
            )?;
            udf = Some((volume, Arc::new(files)));
        }
        let mut primary = None;
        if has(FileSystems::ISO9660) {
            let hierarchy = Hierarchy::take(tree, &sequence, options.iso9660, &mut space)?;
            primary = Some(Arc::new(hierarchy));
        }
        let mut joliet = None;
        if has(FileSystems::JOLIET) {
            let hierarchy = Hierarchy::take(tree, &sequence, options.joliet, &mut space)?;
            joliet = Some(Arc::new(hierarchy));
        }
        let data = Arc::new(DataPlan::take(tree, &sequence, options.data, &mut space)?);
        let files = Arc::new(FileData {
            tree: tree.clone(),
            plan: data.clone(),
        });

        let mut map = Map::default();
        if let Some((volume, structures)) = &udf {
            volume.finish(&options.udf, structures, &files, &mut space, &mut map)?;
        }
        let extent = Extent {
            start,
            blocks: space.next() - start,
        };
        let volume = Volume {
            time: options.time,
            // From block 0 to the session's end, so that it has all extents.
            space_size: extent.end().0,
        };
        let mut next_descriptor = descriptors.start;
        if let Some(primary) = primary {
            let identity = iso9660::identity(&options.volume_name_iso9660, &options.volume_set);
            primary.write_descriptor(next_descriptor, &identity, &volume, PRIMARY_PARTS, &mut map);
            primary.write(&data, PRIMARY_PARTS, &mut map);
            next_descriptor = next_descriptor + 1;
        }
        if let Some(joliet) = joliet {
            let identity = joliet::identity(&options.volume_name_joliet, &options.volume_set);
            joliet.write_descriptor(next_descriptor, &identity, &volume, JOLIET_PARTS, &mut map);
            joliet.write(&data, JOLIET_PARTS, &mut map);
            next_descriptor = next_descriptor + 1;
        }
        if has(FileSystems::ISO9660) {
            let terminator = Extent {
                start: next_descriptor,
                blocks: 1,
            };
            map.bytes(
                terminator,
                "volume descriptor set terminator",
                iso9660::terminator(),
            );
        }
        map.files(data.extent(), files);
        Ok(Self {
            map: map.finish(),
            extent,
        })
    }
}

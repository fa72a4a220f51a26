//! The order of the parts of an image.
//!
//! ```text
//! 0       system area
//! 16      volume descriptors of ISO 9660 and Joliet, recognition sequence of UDF
//! 32 …    volume structures of UDF, up to its first anchor
//! …       structures for files: UDF, ISO 9660, Joliet
//! …       boot catalog and boot images
//! …       file data, which all of them share
//! …       the metadata mirror of UDF 2.50; here the UDF partition ends
//! …       reserve structures of UDF, up to its last anchor
//! ```
//!
//! Every part takes its blocks first; then, all addresses known, each is put on the map.

mod sources;

use std::sync::Arc;

pub(crate) use self::sources::Sources;
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba};
use crate::boot::{self, Stub};
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::iso9660::{self, Hierarchy, PartNames, Volume};
use crate::joliet;
use crate::media::Blocks;
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
    pub boot: Boot,
    /// What the volume of ISO 9660 says that an image of UDF alone has if it boots.
    pub boot_readme: Option<Arc<[u8]>>,
    pub random_write: Option<RandomWrite>,
}

/// What the image boots from.
#[derive(Clone, Debug)]
pub(crate) enum Boot {
    Nothing,
    /// What the earlier session boots from, by its boot record.
    Recorded(Vec<u8>),
    /// At least one image.
    Images(Vec<boot::Entry>),
}

/// An image that has been laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub map: Map,
    /// What it is read from.
    pub sources: Sources,
    /// From the first block of the image to the last: the session, or the whole disc.
    pub extent: Extent,
    /// The session.
    pub session: Extent,
    /// Blocks of an image of the whole disc that differ from what the disc has, in the order they are to be written.
    pub modified: Vec<Extent>,
}

/// A disc that can be written in any order, which the session is added to.
#[derive(Clone, Debug)]
pub(crate) struct RandomWrite {
    pub disc: Arc<Blocks>,
    /// Whether the volume descriptors at the disc's start are rewritten, so that they lead to this session.
    pub rewrite_descriptors: bool,
}

const PRIMARY_PARTS: PartNames = PartNames {
    type_l_path_table: "ISO 9660 type L path table",
    type_m_path_table: "ISO 9660 type M path table",
    directories: "ISO 9660 directories",
};

const JOLIET_PARTS: PartNames = PartNames {
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
        let boots = !matches!(options.boot, Boot::Nothing);
        // El Torito asks for a volume of ISO 9660.
        let has_stub = boots && !has(FileSystems::ISO9660);
        if has(FileSystems::ISO9660) || has_stub {
            let joliet = u64::from(has(FileSystems::JOLIET));
            // Primary, boot record, Joliet, terminator.
            descriptors = space.take(1 + u64::from(boots) + joliet + 1)?;
        }
        let mut udf = None;
        if has(FileSystems::UDF) {
            let volume = udf::VolumePlan::take(&options.udf, &mut space)?;
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
        let mut stub = None;
        if has_stub {
            let readme = options.boot_readme.as_ref();
            let names = options.iso9660;
            stub = Some(Stub::take(
                readme,
                options.time,
                names,
                options.data,
                &mut space,
            )?);
        }
        let boot = match &options.boot {
            Boot::Images(images) => {
                let streams = options.data.streams;
                Some(boot::Plan::take(images, tree, streams, &mut space)?)
            }
            Boot::Nothing | Boot::Recorded(_) => None,
        };
        let data = Arc::new(DataPlan::take(tree, &sequence, options.data, &mut space)?);
        let files = Arc::new(FileData {
            tree: tree.clone(),
            plan: data.clone(),
        });

        let mut map = Map::default();
        if let Some((volume, structures)) = &udf {
            volume.finish(&options.udf, structures, &files, &mut space, &mut map)?;
        }
        let session = Extent {
            start,
            blocks: space.next() - start,
        };
        let volume = Volume {
            time: options.time,
            // From block 0 to the session's end, so that it has all extents.
            space_size: session.end().0,
        };
        let boot_record = match (&options.boot, boot) {
            (Boot::Recorded(record), _) => Some(record.clone()),
            (_, Some(boot)) => Some(boot.write(&files, &data, descriptors.start, &mut map)?),
            _ => None,
        };
        let primary = match stub {
            Some(stub) => {
                stub.write(&mut map);
                Some((stub.hierarchy, stub.data))
            }
            None => primary.map(|primary| (primary, data.clone())),
        };
        let mut blocks = Vec::new();
        if let Some((primary, data)) = primary {
            let identity = iso9660::identity(&options.volume_name_iso9660, &options.volume_set);
            let descriptor = primary.descriptor(&identity, &volume);
            blocks.push(("ISO 9660 primary volume descriptor", descriptor));
            primary.write(&data, PRIMARY_PARTS, &mut map);
            blocks.extend(boot_record.map(|record| ("boot record", record)));
        }
        if let Some(joliet) = joliet {
            let identity = joliet::identity(&options.volume_name_joliet, &options.volume_set);
            let descriptor = joliet.descriptor(&identity, &volume);
            blocks.push(("Joliet volume descriptor", descriptor));
            joliet.write(&data, JOLIET_PARTS, &mut map);
        }
        if !blocks.is_empty() {
            let terminator = iso9660::terminator().to_vec();
            blocks.push(("volume descriptor set terminator", terminator));
        }
        put_blocks(&blocks, descriptors.start, &mut map);
        map.files(data.extent(), files);
        let mut extent = session;
        let mut modified = Vec::new();
        if let Some(RandomWrite {
            disc,
            rewrite_descriptors,
        }) = &options.random_write
        {
            extent = Extent {
                start: Lba(0),
                blocks: session.end().0,
            };
            // First what nothing leads to yet: an interrupted writer leaves the old session as it was.
            let head = if has(FileSystems::UDF) {
                udf::HEAD_BLOCKS
            } else {
                iso9660::HEAD_BLOCKS
            };
            modified.extend(last_block_of_all(session, iso9660::FIRST_DESCRIPTOR, head));
            let mut kept = Lba(0);
            // What lies between its end and the session has never been written.
            let disc_end = Lba((disc.len() / u64::from(BLOCK_SIZE)) as u32);
            let mut keep_to = |end: Lba, behind: Lba, map: &mut Map| {
                let blocks = end.0.min(disc_end.0).saturating_sub(kept.0);
                map.disc(
                    Extent {
                        start: kept,
                        blocks,
                    },
                    disc.clone(),
                );
                kept = behind;
            };
            if *rewrite_descriptors {
                if has(FileSystems::UDF) {
                    let recognition = udf::recognition(options.udf.revision);
                    let recognition = recognition.chunks_exact(BLOCK);
                    blocks.extend(
                        recognition
                            .map(|block| ("UDF volume recognition sequence", block.to_vec())),
                    );
                }
                let first = Lba(iso9660::FIRST_DESCRIPTOR);
                put_blocks(&blocks, first, &mut map);
                let rewritten = Extent {
                    start: first,
                    blocks: blocks.len() as u32,
                };
                keep_to(rewritten.start, rewritten.end(), &mut map);
                // While the first is the old one, sessions are looked for behind the old volume.
                modified.extend(last_block_of_all(rewritten, 0, rewritten.blocks));
            }
            let anchors = &options.udf.rewritten_anchors;
            modified.extend(anchors.iter().map(|start| Extent {
                start: *start,
                blocks: 1,
            }));
            let mut in_order = anchors.clone();
            in_order.sort_unstable();
            for anchor in in_order {
                keep_to(anchor, anchor + 1, &mut map);
            }
            keep_to(session.start, session.start, &mut map);
        }
        Ok(Self {
            map: map.finish(),
            sources: Sources::new(tree, &options.boot),
            extent,
            session,
            modified,
        })
    }
}

/// The parts of `extent` in such an order that its block `last` is written when all others are: the head without its first
/// blocks, what is after the head, and the blocks up to `last`. By the head it is known that what an interrupted writer
/// left is no more than a part of a session.
fn last_block_of_all(extent: Extent, last: u32, head: u32) -> impl Iterator<Item = Extent> {
    let head = head.min(extent.blocks);
    let behind = (last + 1).min(head);
    [(behind, head), (head, extent.blocks), (0, behind)]
        .into_iter()
        .filter(|(from, to)| from < to)
        .map(move |(from, to)| Extent {
            start: extent.start + from,
            blocks: to - from,
        })
}

/// Puts blocks one behind the other.
fn put_blocks(blocks: &[(&'static str, Vec<u8>)], start: Lba, map: &mut Map) {
    for (place, (name, bytes)) in (0..).zip(blocks) {
        let extent = Extent {
            start: start + place,
            blocks: 1,
        };
        map.bytes(extent, name, bytes.as_slice());
    }
}

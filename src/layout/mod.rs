//! The parts of an image and their order.
//!
//! ```text
//! 0       system area
//! 16      volume descriptors of ISO 9660 and Joliet
//! …       recognition sequence of UDF
//! 32 …    volume structures of UDF, up to its first anchor
//! …       structures for files: UDF, ISO 9660, Joliet
//! …       the volume of ISO 9660 that UDF alone has if it boots
//! …       boot catalog and boot images
//! …       file data, which all of them share
//! …       the metadata mirror of UDF 2.50; here the UDF partition ends
//! …       reserve structures of UDF, up to its last anchor
//! ```
//!
//! [`PARTS`] lists them, and [`part::Part`] says what each does: every part takes its blocks first; then, with all
//! addresses known, each puts its content on the map. To add a part, add it to the list.

mod booting;
mod descriptors;
mod ends;
mod file_data;
mod hierarchies;
mod options;
mod part;
mod rewrite;
mod sources;
mod udf_volume;

use std::sync::Arc;

pub(crate) use self::options::{Boot, LayoutOptions, RandomWrite};
pub(crate) use self::part::Demand;
use self::part::{ImagePlan, ListedPart};
pub(crate) use self::sources::Sources;
use crate::block::{Extent, Lba};
use crate::error::Result;
use crate::space::{Map, Space};
use crate::tree::Tree;

/// All parts of an image, in the order of their blocks.
const PARTS: [ListedPart; 12] = [
    ListedPart::of::<ends::SystemArea>(),
    ListedPart::of::<descriptors::DescriptorSet>(),
    ListedPart::of::<udf_volume::UdfHead>(),
    ListedPart::of::<udf_volume::UdfFiles>(),
    ListedPart::of::<hierarchies::Iso9660>(),
    ListedPart::of::<hierarchies::Joliet>(),
    ListedPart::of::<booting::BootStub>(),
    ListedPart::of::<booting::BootImages>(),
    ListedPart::of::<file_data::FilesData>(),
    ListedPart::of::<udf_volume::MetadataMirror>(),
    ListedPart::of::<udf_volume::UdfTail>(),
    ListedPart::of::<ends::End>(),
];

/// Returns the fewest blocks that an image with this demand can have.
pub(crate) fn least_blocks(demand: &Demand<'_>) -> u64 {
    PARTS
        .iter()
        .fold(0, |end, part| (part.least_end)(demand, end))
}

/// An image that has been laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub map: Map,
    /// The files from which it is read.
    pub sources: Sources,
    /// All blocks of the image: the session, or the whole disc.
    pub extent: Extent,
    /// The session.
    pub session: Extent,
    /// Blocks of an image of the whole disc that differ from the disc, in the order in which to write them.
    pub modified: Vec<Extent>,
}

impl Layout {
    /// Lays out `tree`. Reads no file except [as boot images require](crate::boot).
    pub(crate) fn new(tree: &Arc<Tree>, options: &LayoutOptions) -> Result<Self> {
        let mut plan = ImagePlan::new(tree, options);
        let mut space = Space::new(options.session_start);
        let mut placed = Vec::with_capacity(PARTS.len());
        for part in &PARTS {
            placed.extend((part.take)(&mut plan, &mut space)?);
        }
        let mut map = Map::default();
        for part in &placed {
            part.put(&plan, &mut map)?;
        }
        let session = plan.session;
        let (mut extent, mut modified) = (session, Vec::new());
        if let Some(random_write) = &options.random_write {
            modified = random_write.put(&plan, &mut map)?;
            extent = Extent {
                start: Lba(0),
                blocks: session.end().0,
            };
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

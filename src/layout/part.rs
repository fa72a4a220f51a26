//! The contract of all parts of an image, and the facts that they share.

use std::sync::Arc;

use super::options::LayoutOptions;
use crate::block::Extent;
use crate::boot::{self, Stub};
use crate::error::Result;
use crate::file_systems::{FileSystems, UdfRevision};
use crate::iso9660::{self, Hierarchy};
use crate::joliet;
use crate::space::{DataPlan, FileData, Map, Space};
use crate::tree::{Sequence, Totals, Tree};
use crate::udf;

/// A part of an image: structures that lie together.
pub(super) trait Part: Sized + 'static {
    /// Returns the block after the part in the smallest image with this demand, if the part begins at block `start`;
    /// both are counted from the session's start.
    fn least_end(demand: &Demand<'_>, start: u64) -> u64;

    /// Takes the part's blocks, if the image has the part. Adds to `plan` what other parts need to know of it.
    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>>;

    /// Puts the part's content on the map, once all parts have their blocks.
    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()>;
}

/// Facts about an image while items are added to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a> {
    pub totals: &'a Totals,
    pub file_systems: FileSystems,
    pub udf_revision: UdfRevision,
    pub redundant_metadata: bool,
    /// Blocks of boot images that are not files, and of the catalog if no file shows it; `None` if the image does not
    /// boot.
    pub boot_blocks: Option<u64>,
    /// Whether small files have no blocks of their own.
    pub embeds: bool,
    /// Whether named streams are recorded.
    pub streams: bool,
}

impl Demand<'_> {
    pub(super) const fn has(&self, file_system: FileSystems) -> bool {
        self.file_systems.contains(file_system)
    }

    /// Returns `true` if the image has ISO 9660 volume descriptors. El Torito requires them.
    pub(super) const fn has_descriptors(&self) -> bool {
        self.has(FileSystems::ISO9660) || self.boot_blocks.is_some()
    }
}

/// Facts about an image while it is laid out. Each part adds its own when it takes its blocks.
#[derive(Debug)]
pub(super) struct ImagePlan<'o> {
    pub options: &'o LayoutOptions,
    pub tree: &'o Arc<Tree>,
    pub sequence: Arc<Sequence>,
    pub descriptors: Extent,
    pub udf_head: Option<udf::Head>,
    pub udf_files: Option<Arc<udf::Files>>,
    pub udf_mirror: Option<udf::Mirror>,
    /// The whole volume, once its last part has been taken.
    pub udf: Option<udf::VolumePlan>,
    pub iso9660: Option<Arc<Hierarchy<iso9660::Iso9660Names>>>,
    pub joliet: Option<Arc<Hierarchy<joliet::JolietNames>>>,
    pub stub: Option<Stub>,
    pub boot: Option<boot::BootPlan<'o>>,
    pub files: Arc<FileData>,
    /// The whole session, once its last part has been taken.
    pub session: Extent,
}

impl<'o> ImagePlan<'o> {
    pub(super) fn new(tree: &'o Arc<Tree>, options: &'o LayoutOptions) -> Self {
        Self {
            options,
            tree,
            sequence: Arc::new(Sequence::new(tree)),
            descriptors: Extent::default(),
            udf_head: None,
            udf_files: None,
            udf_mirror: None,
            udf: None,
            iso9660: None,
            joliet: None,
            stub: None,
            boot: None,
            files: Arc::new(FileData {
                tree: tree.clone(),
                plan: Arc::new(DataPlan::default()),
            }),
            session: Extent::default(),
        }
    }

    pub(super) const fn has(&self, file_system: FileSystems) -> bool {
        self.options.file_systems.contains(file_system)
    }
}

/// A part that has its blocks.
pub(super) trait Placed {
    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()>;
}

impl<P: Part> Placed for P {
    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        Part::put(self, plan, map)
    }
}

/// A part in a list of parts.
#[derive(Clone, Copy)]
pub(super) struct ListedPart {
    pub least_end: fn(&Demand<'_>, u64) -> u64,
    pub take: TakeFn,
}

type TakeFn = fn(&mut ImagePlan<'_>, &mut Space) -> Result<Option<Box<dyn Placed>>>;

impl ListedPart {
    pub(super) const fn of<P: Part>() -> Self {
        Self {
            least_end: P::least_end,
            take: |plan, space| {
                let part = P::take(plan, space)?;
                Ok(part.map(|part| Box::new(part) as Box<dyn Placed>))
            },
        }
    }
}

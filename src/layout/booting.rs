//! The parts of a bootable image.

use super::hierarchies::ISO9660_NAMES;
use super::options::Boot;
use super::part::{Demand, ImagePlan, Part};
use crate::boot::{self, Stub};
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::space::{Map, Space};

/// The ISO 9660 volume of a bootable image that otherwise has UDF alone.
pub(super) struct BootStub;

impl Part for BootStub {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        match demand.has_descriptors() && !demand.has(FileSystems::ISO9660) {
            true => start + Stub::LEAST_BLOCKS,
            false => start,
        }
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let options = plan.options;
        if plan.has(FileSystems::ISO9660) || matches!(options.boot, Boot::Nothing) {
            return Ok(None);
        }
        let readme = options.boot_readme.as_ref();
        let stub = Stub::take(readme, options.time, options.iso9660, options.data, space)?;
        plan.stub = Some(stub);
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        if let Some(stub) = &plan.stub {
            stub.put(ISO9660_NAMES, map);
        }
        Ok(())
    }
}

/// The boot catalog, and the boot images that are not files.
pub(super) struct BootImages;

impl Part for BootImages {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        start.saturating_add(demand.boot_blocks.unwrap_or(0))
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let options = plan.options;
        let Boot::Images(images) = &options.boot else {
            return Ok(None);
        };
        let boot = boot::BootPlan::take(images, plan.tree, options.data.streams, space)?;
        plan.boot = Some(boot);
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        match &plan.boot {
            Some(boot) => boot.put(&plan.files, plan.descriptors.start, map),
            None => Ok(()),
        }
    }
}

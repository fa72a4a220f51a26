//! The hierarchies of ISO 9660 and Joliet: path tables and directories.

use std::sync::Arc;

use super::part::{Demand, ImagePlan, Part};
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::iso9660::{self, Hierarchy, HierarchyNames};
use crate::joliet;
use crate::space::{Map, Space};

pub(super) const ISO9660_NAMES: HierarchyNames = HierarchyNames {
    type_l_path_table: "ISO 9660 type L path table",
    type_m_path_table: "ISO 9660 type M path table",
    directories: "ISO 9660 directories",
};

const JOLIET_NAMES: HierarchyNames = HierarchyNames {
    type_l_path_table: "Joliet type L path table",
    type_m_path_table: "Joliet type M path table",
    directories: "Joliet directories",
};

/// The hierarchy of the primary volume descriptor.
pub(super) struct Iso9660;

impl Part for Iso9660 {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        match demand.has(FileSystems::ISO9660) {
            true => start + Hierarchy::<iso9660::Iso9660Names>::least_blocks(demand.totals),
            false => start,
        }
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        if !plan.has(FileSystems::ISO9660) {
            return Ok(None);
        }
        let names = plan.options.iso9660;
        let hierarchy = Hierarchy::take(plan.tree, &plan.sequence, names, space)?;
        plan.iso9660 = Some(Arc::new(hierarchy));
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        if let Some(hierarchy) = &plan.iso9660 {
            hierarchy.write(&plan.files.plan, ISO9660_NAMES, map);
        }
        Ok(())
    }
}

/// The hierarchy of the supplementary volume descriptor.
pub(super) struct Joliet;

impl Part for Joliet {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        match demand.has(FileSystems::JOLIET) {
            true => start + Hierarchy::<joliet::JolietNames>::least_blocks(demand.totals),
            false => start,
        }
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        if !plan.has(FileSystems::JOLIET) {
            return Ok(None);
        }
        let names = plan.options.joliet;
        let hierarchy = Hierarchy::take(plan.tree, &plan.sequence, names, space)?;
        plan.joliet = Some(Arc::new(hierarchy));
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        if let Some(hierarchy) = &plan.joliet {
            hierarchy.write(&plan.files.plan, JOLIET_NAMES, map);
        }
        Ok(())
    }
}

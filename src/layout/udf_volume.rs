//! The parts of a UDF volume.

use std::sync::Arc;

use super::part::{Demand, ImagePlan, Part};
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::space::{Map, Space};
use crate::udf;

/// The structures up to the partition, including the first anchor.
pub(super) struct UdfHead;

impl Part for UdfHead {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        match demand.has(FileSystems::UDF) {
            true => start.max(udf::Head::least_end(demand.udf_revision)),
            false => start,
        }
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        if !plan.has(FileSystems::UDF) {
            return Ok(None);
        }
        plan.udf_head = Some(udf::Head::take(&plan.options.udf, space)?);
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        if let Some(volume) = &plan.udf {
            volume.put_head(map);
        }
        Ok(())
    }
}

/// The structures for files.
pub(super) struct UdfFiles;

impl Part for UdfFiles {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        match demand.has(FileSystems::UDF) {
            true => start + udf::Files::least_blocks(demand.totals, demand.udf_revision),
            false => start,
        }
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let Some(head) = &plan.udf_head else {
            return Ok(None);
        };
        let options = plan.options;
        let files = udf::Files::take(
            plan.tree,
            &plan.sequence,
            options.udf.revision,
            options.data.embedded,
            head.partition_start(),
            space,
        )?;
        plan.udf_files = Some(Arc::new(files));
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        if let Some(volume) = &plan.udf {
            volume.put_files(&plan.files, map);
        }
        Ok(())
    }
}

/// The metadata mirror of UDF 2.50 and later, at the end of the partition.
pub(super) struct MetadataMirror;

impl Part for MetadataMirror {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        if !demand.has(FileSystems::UDF) {
            return start;
        }
        let revision = demand.udf_revision;
        let files = udf::Files::least_blocks(demand.totals, revision);
        start + udf::Mirror::least_blocks(revision, demand.redundant_metadata, files)
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let Some(files) = &plan.udf_files else {
            return Ok(None);
        };
        plan.udf_mirror = udf::Mirror::take(&plan.options.udf, files, space)?;
        Ok(plan.udf_mirror.map(|_| Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        if let Some(volume) = &plan.udf {
            volume.put_mirror(&plan.files, map);
        }
        Ok(())
    }
}

/// The structures after the partition, including the last anchor.
pub(super) struct UdfTail;

impl Part for UdfTail {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        match demand.has(FileSystems::UDF) {
            true => start + udf::Tail::BLOCKS,
            false => start,
        }
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let (Some(head), Some(files)) = (plan.udf_head, plan.udf_files.clone()) else {
            return Ok(None);
        };
        let tail = udf::Tail::take(&head, space)?;
        let options = plan.options;
        let stamp = (options.volume_set.as_str(), options.time);
        let mirror = plan.udf_mirror;
        let volume = udf::VolumePlan::new(&options.udf, stamp, head, files, mirror, tail);
        plan.udf = Some(volume);
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        if let Some(volume) = &plan.udf {
            volume.put_tail(map);
        }
        Ok(())
    }
}

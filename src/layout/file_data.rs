//! The data of all files.

use std::sync::Arc;

use super::part::{Demand, ImagePlan, Part};
use crate::error::Result;
use crate::space::{DataPlan, FileData, Map, Space};

/// The data of all files, which all file systems share.
pub(super) struct FilesData;

impl Part for FilesData {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        let totals = demand.totals;
        let mut blocks = totals.data_blocks;
        if demand.embeds {
            blocks -= u64::from(totals.small_contents);
        } else if demand.streams {
            blocks += totals.stream_blocks;
        }
        start.saturating_add(blocks)
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let data = DataPlan::take(plan.tree, &plan.sequence, plan.options.data, space)?;
        plan.files = Arc::new(FileData {
            tree: plan.tree.clone(),
            plan: Arc::new(data),
        });
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        map.files(plan.files.plan.extent(), plan.files.clone());
        Ok(())
    }
}

//! The data of all files, and the image's end.

use std::sync::Arc;

use super::part::{Demand, ImagePlan, Part};
use crate::block::Extent;
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

/// The end of the session: nothing is recorded after the last part.
pub(super) struct End;

impl Part for End {
    fn least_end(_: &Demand<'_>, start: u64) -> u64 {
        start
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let start = plan.options.session_start;
        plan.session = Extent {
            start,
            blocks: space.next() - start,
        };
        Ok(Some(Self))
    }

    fn put(&self, _: &ImagePlan<'_>, _: &mut Map) -> Result<()> {
        Ok(())
    }
}

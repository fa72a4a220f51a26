//! Both ends of a session: the system area, and the end after all other parts.

use super::part::{Demand, ImagePlan, Part};
use crate::block::Extent;
use crate::error::Result;
use crate::recognition::FIRST_DESCRIPTOR;
use crate::space::{Map, Space};

/// The system area (ECMA-119 6.2.1). It stays empty.
pub(super) struct SystemArea;

impl Part for SystemArea {
    fn least_end(_: &Demand<'_>, start: u64) -> u64 {
        start + u64::from(FIRST_DESCRIPTOR)
    }

    fn take(_: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        space.skip_to(FIRST_DESCRIPTOR);
        Ok(Some(Self))
    }

    fn put(&self, _: &ImagePlan<'_>, _: &mut Map) -> Result<()> {
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

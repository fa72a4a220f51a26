//! The volume descriptors of ISO 9660, El Torito and Joliet.

use super::options::Boot;
use super::part::{Demand, ImagePlan, Part};
use crate::block::{Extent, Lba};
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::iso9660;
use crate::joliet;
use crate::space::{Map, Space};

/// The volume descriptor set (ECMA-119 6.7.1).
pub(super) struct DescriptorSet;

impl Part for DescriptorSet {
    fn least_end(demand: &Demand<'_>, start: u64) -> u64 {
        match demand.has_descriptors() {
            true => {
                start
                    + count(
                        demand.boot_blocks.is_some(),
                        demand.has(FileSystems::JOLIET),
                    )
            }
            false => start,
        }
    }

    fn take(plan: &mut ImagePlan<'_>, space: &mut Space) -> Result<Option<Self>> {
        let boots = !matches!(plan.options.boot, Boot::Nothing);
        if !plan.has(FileSystems::ISO9660) && !boots {
            return Ok(None);
        }
        plan.descriptors = space.take(count(boots, plan.has(FileSystems::JOLIET)))?;
        Ok(Some(Self))
    }

    fn put(&self, plan: &ImagePlan<'_>, map: &mut Map) -> Result<()> {
        put_blocks(&blocks(plan)?, plan.descriptors.start, map);
        Ok(())
    }
}

/// Returns the number of descriptors: primary, boot record, Joliet, terminator.
fn count(boots: bool, joliet: bool) -> u64 {
    1 + u64::from(boots) + u64::from(joliet) + 1
}

/// Returns all descriptors, with their names; none if the image has none.
pub(super) fn blocks(plan: &ImagePlan<'_>) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let options = plan.options;
    // The volume extends from block 0 to the session's end, so that it includes all extents.
    let space_size = plan.session.end().0;
    let mut blocks = Vec::new();
    let stub = plan.stub.as_ref().map(|stub| &stub.hierarchy);
    if let Some(primary) = plan.iso9660.as_ref().or(stub) {
        let identity = iso9660::identity(&options.volume_name_iso9660, &options.volume_set);
        let descriptor = primary.descriptor(&identity, options.time, space_size);
        blocks.push(("ISO 9660 primary volume descriptor", descriptor));
        let record = match (&options.boot, &plan.boot) {
            (Boot::Recorded(record), _) => Some(record.clone()),
            (_, Some(boot)) => Some(boot.record(&plan.files)?),
            _ => None,
        };
        blocks.extend(record.map(|record| ("boot record", record)));
    }
    if let Some(joliet) = &plan.joliet {
        let identity = joliet::identity(&options.volume_name_joliet, &options.volume_set);
        let descriptor = joliet.descriptor(&identity, options.time, space_size);
        blocks.push(("Joliet volume descriptor", descriptor));
    }
    if !blocks.is_empty() {
        let terminator = iso9660::terminator().to_vec();
        blocks.push(("volume descriptor set terminator", terminator));
    }
    Ok(blocks)
}

/// Puts blocks on the map, one after the other.
pub(super) fn put_blocks(blocks: &[(&'static str, Vec<u8>)], start: Lba, map: &mut Map) {
    for (place, (name, bytes)) in (0..).zip(blocks) {
        let extent = Extent {
            start: start + place,
            blocks: 1,
        };
        map.bytes(extent, name, bytes.as_slice());
    }
}

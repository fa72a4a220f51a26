//! The least size of an image, known before it is laid out.

use super::Draft;
use crate::block::blocks_of;
use crate::layout::{self, Demand};

impl Draft {
    /// The least blocks that the image can have. It comes from running sums, so that adding stays linear.
    pub(crate) fn least_blocks(&self) -> u64 {
        let settings = &self.settings;
        layout::least_blocks(&Demand {
            totals: &self.tree().totals(),
            file_systems: settings.file_systems,
            udf_revision: settings.udf_revision,
            redundant_metadata: settings.redundant_metadata,
            boot_blocks: self.boot_blocks(),
            embeds: settings.embeds(),
            streams: settings.records_streams(),
        })
    }

    /// Blocks that boot images take at least, if there are any.
    fn boot_blocks(&self) -> Option<u64> {
        let images = &self.settings.boot_images;
        // Files are counted with the others.
        let sizes = images
            .iter()
            .map(|options| options.image_size().map_or(0, blocks_of));
        // The catalog, unless its block is that of a file.
        let catalog = u64::from(!self.shows_catalog());
        (!images.is_empty()).then(|| sizes.fold(catalog, u64::saturating_add))
    }
}

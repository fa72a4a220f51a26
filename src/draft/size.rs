//! The least size of an image, known before it is laid out.

use super::Draft;
use crate::block::blocks_of;
use crate::file_systems::FileSystems;

impl Draft {
    /// The least blocks that the image can have: running sums, so that adding stays linear.
    pub(crate) fn least_blocks(&self) -> u64 {
        let totals = self.tree().totals();
        let directories = u64::from(totals.directories) + 1;
        let has = |file_system| self.settings.file_systems.contains(file_system);
        let mut blocks = totals.data_blocks + self.boot_blocks();
        if self.settings.embeds() {
            blocks -= u64::from(totals.small_contents);
        } else if self.settings.records_streams() {
            blocks += totals.stream_blocks;
        }
        // Descriptors, and per hierarchy two path tables and a block for each directory.
        if has(FileSystems::ISO9660) {
            blocks += 18 + 2 + directories;
        }
        if has(FileSystems::JOLIET) {
            blocks += 1 + 2 + directories;
        }
        if has(FileSystems::UDF) {
            // Up to the first anchor there are 257; then the file set, an ICB for each item, a block for each
            // directory; and behind the partition 17.
            let before = if has(FileSystems::ISO9660) {
                257 - 19
            } else {
                257
            };
            let icbs = directories + u64::from(totals.contents);
            blocks += before + 2 + icbs + directories + 17;
        }
        blocks
    }

    /// Blocks that boot images take at least.
    pub(crate) fn boot_blocks(&self) -> u64 {
        let sizes = self.settings.boot_images.iter().map(|options| {
            // Files are counted with the others.
            options.image_size().map_or(0, blocks_of)
        });
        match self.settings.boot_images[..] {
            [] => 0,
            // The catalog, unless its block is that of a file.
            _ => sizes.fold(u64::from(!self.shows_catalog()), u64::saturating_add),
        }
    }
}

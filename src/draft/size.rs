//! The minimum size of an image, known before it is laid out.

use super::Draft;
use crate::block::blocks_of;
use crate::layout::{self, Demand};

impl Draft {
    /// The least number of blocks that the image can have. It is computed from running sums, so that adding stays
    /// linear.
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

    /// The least number of blocks that boot images take, if there are any.
    fn boot_blocks(&self) -> Option<u64> {
        let images = &self.settings.boot_images;
        // Boot images that are files of the tree are counted there.
        let sizes = images
            .iter()
            .map(|options| options.image_size().map_or(0, blocks_of));
        // The catalog takes a block unless a file shows it.
        let catalog = u64::from(!self.shows_catalog());
        (!images.is_empty()).then(|| sizes.fold(catalog, u64::saturating_add))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Lba;
    use crate::boot::BootOptions;
    use crate::file_systems::{FileSystems, UdfRevision};
    use crate::source::Source;
    use crate::time::Timestamp;
    use crate::tree::NodeId;

    /// Returns a draft with two directories and two files with short names.
    fn draft(file_systems: FileSystems) -> Draft {
        let mut draft = Draft::new(Timestamp::default());
        draft.settings.file_systems = file_systems;
        let attributes = draft.attributes_now();
        let add = |draft: &mut Draft, parent, name, len| {
            let source = Source::from(vec![1; len]);
            draft.add_source(parent, name, source, attributes).unwrap();
        };
        let inner = draft.add_directory_node(NodeId::ROOT, "A", attributes);
        add(&mut draft, inner.unwrap(), "B", 5000);
        add(&mut draft, NodeId::ROOT, "C", 7);
        draft
    }

    fn all_file_systems() -> impl Iterator<Item = FileSystems> {
        let (iso9660, joliet, udf) = (FileSystems::ISO9660, FileSystems::JOLIET, FileSystems::UDF);
        [
            iso9660,
            iso9660 | joliet,
            udf,
            iso9660 | udf,
            iso9660 | joliet | udf,
        ]
        .into_iter()
    }

    #[test]
    fn an_image_is_never_smaller_than_its_least_size() {
        for file_systems in all_file_systems() {
            for udf_revision in UdfRevision::ALL {
                for (start, boots, redundant, embeds) in [
                    (0, false, false, false),
                    (0, true, true, true),
                    (1, false, true, false),
                    (33, true, false, true),
                ] {
                    let mut draft = draft(file_systems);
                    draft.settings.udf_revision = *udf_revision;
                    draft.settings.redundant_metadata = redundant;
                    draft.settings.embed_small_files = embeds;
                    draft.settings.session_start_block = Lba(start);
                    if boots {
                        let image = BootOptions::new(vec![0; 2048]).unwrap();
                        draft.settings.boot_images = vec![image];
                    }
                    let (least, used) = (draft.least_blocks(), draft.used_blocks().unwrap());
                    assert!(
                        least <= used.into(),
                        "{:?}: {least} > {used}",
                        draft.settings
                    );
                    // Only rounding may be missing.
                    assert!(
                        least + 96 >= used.into(),
                        "{:?}: {least}, {used}",
                        draft.settings
                    );
                }
            }
        }
    }

    #[test]
    fn the_least_size_of_a_small_tree_is_its_size() {
        for file_systems in all_file_systems() {
            let mut draft = draft(file_systems);
            draft.settings.udf_revision = UdfRevision::V1_02;
            assert_eq!(draft.least_blocks(), draft.used_blocks().unwrap().into());
        }
    }
}

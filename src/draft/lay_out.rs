//! Laying an image out.

use super::Draft;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::layout::{self, Layout};
use crate::result::{ContinuedDisc, ResultImage};
use crate::udf;

impl Draft {
    /// Returns the number of blocks that the image would currently have.
    pub(crate) fn used_blocks(&self) -> Result<u32> {
        Ok(self.lay_out()?.session.blocks)
    }

    /// Lays out the image, and checks that it can be created.
    pub(crate) fn result_image(&self) -> Result<ResultImage> {
        self.check_empty_sources()?;
        let layout = self.lay_out()?;
        let limit = self.limit();
        let needed = u64::from(layout.session.blocks);
        if needed > limit {
            return Err(Error::ImageTooBig { needed, limit });
        }
        let Some(imported) = &self.settings.imported else {
            return Ok(ResultImage::new(layout, &self.effective_volume_name()));
        };
        let continued = ContinuedDisc {
            id: imported.disc_id.clone(),
            file_systems: imported.file_systems,
            previous: imported.previous,
            next: imported.next,
            is_random: imported.random_write.is_some(),
            import: self.settings.import.clone(),
        };
        Ok(ResultImage::continuing(layout, continued))
    }

    fn lay_out(&self) -> Result<Layout> {
        self.check_files()?;
        let volume_name = |file_system| self.recorded_volume_name(file_system).0;
        let settings = &self.settings;
        let imported = settings.imported.as_ref();
        // The first 16 characters must be unique, and the first 8 the time in hexadecimal digits (UDF 2.2.2.5).
        let volume_set = format!(
            "{:08X}{:08X}",
            settings.time.unix_seconds() as u32,
            settings.time.subsecond_nanos()
        );
        let options = layout::LayoutOptions {
            file_systems: settings.file_systems,
            session_start: settings.session_start_block,
            iso9660: settings.naming().iso9660(),
            joliet: settings.naming().joliet(),
            volume_name_iso9660: volume_name(FileSystems::ISO9660),
            volume_name_joliet: volume_name(FileSystems::JOLIET),
            volume_set,
            time: settings.time,
            data: settings.data(),
            udf: udf::VolumeOptions {
                revision: settings.udf_revision,
                redundant_metadata: settings.redundant_metadata,
                volume_name: volume_name(FileSystems::UDF),
                partition_start: imported.and_then(|imported| imported.partition_start),
                rewritten_anchors: imported
                    .map_or_else(Vec::new, |imported| imported.rewritten_anchors.clone()),
            },
            boot: self.boot()?,
            boot_readme: settings.boot_readme.clone(),
            random_write: imported.and_then(|imported| imported.random_write(settings.strict)),
        };
        Layout::new(self.tree(), &options)
    }
}

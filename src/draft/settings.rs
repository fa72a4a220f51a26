//! The settings for the layout of an image, and their defaults.

use std::path::PathBuf;
use std::sync::Arc;

use super::imported::Imported;
use super::naming::Naming;
use crate::block::{Extent, Lba};
use crate::boot::BootOptions;
use crate::file_systems::{FeatureSupport, FileSystems, InterchangeLevel, UdfRevision};
use crate::import::ImportOptions;
use crate::iso9660;
use crate::space::DataOptions;
use crate::time::Timestamp;
use crate::tree::Totals;
use crate::udf;

/// A CD of 650 MiB.
const DEFAULT_FREE_MEDIA_BLOCKS: u32 = 332_800;

/// The largest ECC block of all media, in blocks: a Blu-ray disc's; a DVD's has 16.
const ECC_BLOCK: u32 = 32;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub time: Timestamp,
    pub file_systems: FileSystems,
    pub level: InterchangeLevel,
    /// Whether the caller chose the level.
    pub level_is_set: bool,
    /// How far names may exceed the standard, as those of the continued disc do.
    pub relaxed: iso9660::Relaxed,
    pub joliet_limit: Option<usize>,
    pub udf_revision: UdfRevision,
    pub redundant_metadata: bool,
    pub embed_small_files: bool,
    /// In blocks.
    pub file_alignment: u32,
    pub min_aligned_file_size: u64,
    pub volume_name: String,
    /// Whether ISO 9660 records the volume name unchanged.
    pub verbatim_volume_name: bool,
    /// 0 is no limit.
    pub free_media_blocks: u32,
    pub working_directory: PathBuf,
    /// Whether the caller chose the working directory.
    pub own_working_directory: bool,
    pub stage_files: bool,
    pub session_start_block: Lba,
    pub strict: bool,
    pub restricted: bool,
    pub boot_images: Vec<BootOptions>,
    pub boot_readme: Option<Arc<[u8]>>,
    /// How the disc that the image continues is read.
    pub import: ImportOptions,
    /// The disc that the image continues.
    pub imported: Option<Imported>,
}

impl Settings {
    pub(crate) fn new(time: Timestamp) -> Self {
        Self {
            time,
            file_systems: FileSystems::all(),
            level: InterchangeLevel::One,
            level_is_set: false,
            relaxed: iso9660::Relaxed::default(),
            joliet_limit: None,
            udf_revision: UdfRevision::V1_02,
            redundant_metadata: true,
            embed_small_files: false,
            file_alignment: 1,
            min_aligned_file_size: 0,
            volume_name: String::new(),
            verbatim_volume_name: false,
            free_media_blocks: DEFAULT_FREE_MEDIA_BLOCKS,
            working_directory: std::env::temp_dir(),
            own_working_directory: false,
            stage_files: false,
            session_start_block: Lba(0),
            strict: false,
            restricted: false,
            boot_images: Vec::new(),
            boot_readme: None,
            import: ImportOptions::new(),
            imported: None,
        }
    }

    /// Whether features introduced in the revision `minimum` of UDF will be in the image.
    pub(crate) fn support(&self, minimum: UdfRevision) -> FeatureSupport {
        if self.file_systems.contains(FileSystems::UDF) && self.udf_revision >= minimum {
            FeatureSupport::Supported
        } else {
            FeatureSupport::NotSupported { minimum }
        }
    }

    /// Whether all features that the tree uses will be in the image.
    pub(crate) fn support_of(&self, totals: Totals) -> FeatureSupport {
        if totals.real_time_files > 0 {
            self.support(UdfRevision::V2_01)
        } else if totals.streams > 0 {
            self.support(UdfRevision::V2_00)
        } else {
            FeatureSupport::Supported
        }
    }

    /// Whether named streams will be in the image.
    pub(crate) fn records_streams(&self) -> bool {
        self.file_systems.contains(FileSystems::UDF) && self.udf_revision.has_named_streams()
    }

    /// Whether files will be marked for real-time reading.
    pub(crate) fn records_real_time(&self) -> bool {
        self.file_systems.contains(FileSystems::UDF) && self.udf_revision.has_real_time_files()
    }

    /// Whether small files are embedded and take no blocks of their own.
    pub(crate) fn embeds(&self) -> bool {
        self.embed_small_files && self.file_systems == FileSystems::UDF
    }

    /// Which file data takes blocks, and where.
    pub(crate) fn data(&self) -> DataOptions {
        DataOptions {
            alignment: self.file_alignment,
            min_aligned: self.min_aligned_file_size,
            real_time_alignment: if self.records_real_time() {
                ECC_BLOCK
            } else {
                1
            },
            streams: self.records_streams(),
            embedded: if self.embeds() {
                udf::max_embedded(self.udf_revision)
            } else {
                0
            },
            recorded: self
                .imported
                .as_ref()
                .map_or_else(Extent::default, |imported| imported.recorded),
        }
    }

    pub(crate) const fn naming(&self) -> Naming {
        Naming {
            level: self.level,
            strict: self.strict,
            relaxed: self.relaxed,
            joliet_limit: self.joliet_limit,
        }
    }

    /// The deepest allowed level of a directory, if there is a limit.
    pub(crate) fn max_level(&self) -> Option<u32> {
        let limited = self.strict || self.level < InterchangeLevel::Three;
        (limited && self.file_systems.contains(FileSystems::ISO9660)).then_some(iso9660::MAX_LEVEL)
    }
}

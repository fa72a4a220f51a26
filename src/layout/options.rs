//! The options of a layout, with all values checked.

use std::sync::Arc;

use crate::block::Lba;
use crate::boot;
use crate::file_systems::FileSystems;
use crate::iso9660;
use crate::joliet;
use crate::media::Blocks;
use crate::space::DataOptions;
use crate::time::Timestamp;
use crate::udf;

/// The options of an image, with all values checked.
#[derive(Clone, Debug)]
pub(crate) struct LayoutOptions {
    pub file_systems: FileSystems,
    pub session_start: Lba,
    pub iso9660: iso9660::Iso9660Names,
    pub joliet: joliet::JolietNames,
    pub volume_name_iso9660: String,
    pub volume_name_joliet: String,
    pub volume_set: String,
    pub time: Timestamp,
    pub data: DataOptions,
    pub udf: udf::VolumeOptions,
    pub boot: Boot,
    /// The file in the ISO 9660 volume of a bootable image that otherwise has UDF alone.
    pub boot_readme: Option<Arc<[u8]>>,
    pub random_write: Option<RandomWrite>,
}

/// The images from which the image boots.
#[derive(Clone, Debug)]
pub(crate) enum Boot {
    Nothing,
    /// The boot images of the earlier session, by its boot record.
    Recorded(Vec<u8>),
    /// At least one image.
    Images(Vec<boot::BootObject>),
}

/// A disc that can be written in any order, to which the session is added.
#[derive(Clone, Debug)]
pub(crate) struct RandomWrite {
    pub disc: Arc<Blocks>,
    /// Whether to rewrite the volume descriptors at the disc's start, so that they lead to this session.
    pub rewrite_descriptors: bool,
}

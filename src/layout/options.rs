//! The options of a layout, all values checked.

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

/// What an image is made with, all values checked.
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
    /// What the volume of ISO 9660 says that an image of UDF alone has if it boots.
    pub boot_readme: Option<Arc<[u8]>>,
    pub random_write: Option<RandomWrite>,
}

/// What the image boots from.
#[derive(Clone, Debug)]
pub(crate) enum Boot {
    Nothing,
    /// What the earlier session boots from, by its boot record.
    Recorded(Vec<u8>),
    /// At least one image.
    Images(Vec<boot::BootObject>),
}

/// A disc that can be written in any order, which the session is added to.
#[derive(Clone, Debug)]
pub(crate) struct RandomWrite {
    pub disc: Arc<Blocks>,
    /// Whether the volume descriptors at the disc's start are rewritten, so that they lead to this session.
    pub rewrite_descriptors: bool,
}

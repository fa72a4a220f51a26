//! The disc that an image continues.

use std::sync::Arc;

use crate::block::{Extent, Lba};
use crate::file_systems::{FileSystems, UdfRevision};
use crate::import::RecordedDisc;
use crate::layout::RandomWrite;
use crate::media::Blocks;

#[derive(Clone, Debug)]
pub(crate) struct Imported {
    pub volume_name: String,
    pub volume_names: VolumeNames,
    /// The identifier of the disc when it was imported.
    pub disc_id: String,
    pub file_systems: FileSystems,
    pub udf_revision: Option<UdfRevision>,
    /// The first block of the imported session.
    pub previous: u32,
    /// The first block of the new session, if the drive reports it.
    pub next: Option<u32>,
    /// The blocks of earlier sessions that the new session may refer to.
    pub recorded: Extent,
    pub partition_start: Option<Lba>,
    pub boot_record: Option<Vec<u8>>,
    /// The block of a boot image that is not entirely on the disc; there is no boot record then.
    pub missing_boot_image: Option<u32>,
    /// The readme of a disc that has UDF and boots.
    pub boot_readme: Option<Arc<[u8]>>,
    /// The disc, if any of its blocks can be written.
    pub random_write: Option<Arc<Blocks>>,
    /// Whether the session at block 0 has different file systems.
    pub first_differs: bool,
    /// The UDF anchors that will lead to the new session, in the order they are to be written.
    pub rewritten_anchors: Vec<Lba>,
}

/// The names that a disc has in its file systems.
#[derive(Clone, Debug, Default)]
pub(crate) struct VolumeNames(Vec<(FileSystems, String)>);

impl VolumeNames {
    /// Reads the names; those of file systems that cannot be read stay unknown.
    pub(crate) fn of(disc: &RecordedDisc, file_systems: FileSystems) -> Self {
        let names = file_systems.iter().filter_map(|file_system| {
            let volume = disc.volume(file_system).ok()?;
            Some((file_system, volume.name().to_owned()))
        });
        Self(names.collect())
    }

    pub(crate) fn get(&self, file_system: FileSystems) -> Option<&str> {
        let mut names = self.0.iter();
        let (_, name) = names.find(|(of, _)| *of == file_system)?;
        Some(name)
    }
}

impl Imported {
    /// Returns how the disc's start is rewritten.
    pub(crate) fn random_write(&self, strict: bool) -> Option<RandomWrite> {
        self.random_write.as_ref().map(|disc| RandomWrite {
            disc: disc.clone(),
            rewrite_descriptors: !strict
                && (self.file_systems.contains(FileSystems::ISO9660)
                    || self.boot_record.is_some()
                    || self.first_differs),
        })
    }
}

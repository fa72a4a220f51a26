//! A session of a disc that is read back.

use crate::file_systems::FileSystems;

/// A session of a disc: what was recorded at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedSession {
    pub(super) start: u32,
    pub(super) file_systems: FileSystems,
    pub(super) is_udf_unannounced: bool,
    pub(super) boot_catalog: Option<u32>,
    pub(super) is_boot_stub: bool,
}

impl RecordedSession {
    /// The session's first block.
    ///
    /// IMAPI2: `IFileSystemImage::get_SessionStartBlock`.
    #[must_use]
    pub const fn start_block(&self) -> u32 {
        self.start
    }

    /// The file systems that the session has.
    #[must_use]
    pub const fn file_systems(&self) -> FileSystems {
        self.file_systems
    }

    /// Whether UDF has no volume recognition sequence and was found by its anchors alone. Other systems do not see it.
    #[must_use]
    pub const fn is_udf_unannounced(&self) -> bool {
        self.is_udf_unannounced
    }

    /// The file systems that other systems see.
    pub(crate) const fn announced_file_systems(&self) -> FileSystems {
        if self.is_udf_unannounced {
            self.file_systems.difference(FileSystems::UDF)
        } else {
            self.file_systems
        }
    }

    /// The block of the boot catalog, when the session can be booted (El Torito 2.0).
    #[must_use]
    pub const fn boot_catalog_block(&self) -> Option<u32> {
        self.boot_catalog
    }

    /// Whether ISO 9660 is there only so that the session can be booted: it is empty or has nothing but a readme, and
    /// UDF has not just the same.
    #[must_use]
    pub const fn is_boot_stub(&self) -> bool {
        self.is_boot_stub
    }
}

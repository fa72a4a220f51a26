//! A session on a disc, and the blocks after the last one.

use std::fmt;

use crate::file_systems::FileSystems;

/// A session of a disc: everything recorded at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedSession {
    pub(super) start: u32,
    pub(super) file_systems: FileSystems,
    pub(super) is_udf_unannounced: bool,
    pub(super) boot_catalog: Option<u32>,
    pub(super) is_boot_stub: bool,
}

impl RecordedSession {
    /// Returns the session's first block.
    ///
    /// IMAPI2: `IFileSystemImage::get_SessionStartBlock`.
    #[must_use]
    pub const fn start_block(&self) -> u32 {
        self.start
    }

    /// Returns the file systems of the session.
    #[must_use]
    pub const fn file_systems(&self) -> FileSystems {
        self.file_systems
    }

    /// Returns `true` if UDF has no volume recognition sequence and was found only by its anchors. Other systems do not
    /// see it.
    #[must_use]
    pub const fn is_udf_unannounced(&self) -> bool {
        self.is_udf_unannounced
    }

    /// Returns the file systems that other systems see.
    pub(crate) const fn announced_file_systems(&self) -> FileSystems {
        if self.is_udf_unannounced {
            self.file_systems.difference(FileSystems::UDF)
        } else {
            self.file_systems
        }
    }

    /// Returns the block of the boot catalog, if the session is bootable (El Torito 2.0).
    #[must_use]
    pub const fn boot_catalog_block(&self) -> Option<u32> {
        self.boot_catalog
    }

    /// Returns `true` if ISO 9660 is there only so that the session can boot: it is empty or has only a readme, and UDF
    /// has other contents.
    #[must_use]
    pub const fn is_boot_stub(&self) -> bool {
        self.is_boot_stub
    }
}

/// Unknown blocks after the last session of a disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownBlocks {
    /// They hold data, but no session was found there: the rest of a session, or something else that was added to an
    /// image.
    Data {
        /// The first block that is not zeros.
        first: u32,
        /// The last block that is not zeros.
        last: u32,
    },
    /// They hold the rest of a session whose writer was interrupted: its first descriptor is missing.
    Interrupted {
        /// The first block that is not zeros.
        first: u32,
        /// The last block that is not zeros.
        last: u32,
    },
    /// They were not searched for sessions, because the disc is not a file, and the drive does not report where its
    /// sessions begin.
    NotSearched {
        /// The first block after the last known session.
        first: u32,
        /// The last block of the disc.
        last: u32,
    },
}

impl fmt::Display for UnknownBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { first, last } => write!(
                f,
                "blocks {first} to {last} after the last session hold data, but no session was found there"
            ),
            Self::Interrupted { first, last } => write!(
                f,
                "blocks {first} to {last} after the last session hold the rest of one whose writer was interrupted"
            ),
            Self::NotSearched { first, last } => write!(
                f,
                "blocks {first} to {last} after the last session were not searched for another one"
            ),
        }
    }
}

//! How another session is added to a disc that has sessions.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::Disc;

/// A way to write another session, as offered by a drive.
///
/// It says where the session goes. It neither writes nor locks the disc: the provider of the drive keeps other writers
/// away from it, as [`WritableFile`](crate::WritableFile) does with a file.
///
/// IMAPI2: `IMultisession`.
#[doc(alias = "IMultisession")]
pub trait Multisession: Send + Sync {
    /// Returns the disc from which to import.
    ///
    /// IMAPI2: `IMultisession::get_ImportRecorder`.
    #[doc(alias = "get_ImportRecorder")]
    fn disc(&self) -> Arc<dyn Disc>;

    /// Returns `true` if this way works with the medium in the drive in its current state. Default: true.
    ///
    /// IMAPI2: `IMultisession::get_IsSupportedOnCurrentMediaState`.
    #[doc(alias = "get_IsSupportedOnCurrentMediaState")]
    fn is_supported_on_current_media_state(&self) -> bool {
        true
    }

    /// Returns `true` if the caller has chosen this one of several. Default: false.
    ///
    /// IMAPI2: `IMultisession::get_InUse`.
    #[doc(alias = "get_InUse")]
    #[doc(alias = "put_InUse")]
    fn in_use(&self) -> bool {
        false
    }
}

/// Writing after the previous sessions, whose blocks stay: CD-R, DVD-R, DVD+R, BD-R.
///
/// IMAPI2: `IMultisessionSequential`, `IMultisessionSequential2`.
#[doc(alias = "IMultisessionSequential")]
pub trait MultisessionSequential: Multisession {
    /// Returns `true` if there is no session with data yet.
    ///
    /// # Errors
    ///
    /// Any error of the drive, as for all of these.
    #[doc(alias = "get_IsFirstDataSession")]
    fn is_first_data_session(&self) -> io::Result<bool>;

    /// Returns the first block of the last complete session.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "get_StartAddressOfPreviousSession")]
    fn start_address_of_previous_session(&self) -> io::Result<u32>;

    /// Returns the last block written in that session.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "get_LastWrittenAddressOfPreviousSession")]
    fn last_written_address_of_previous_session(&self) -> io::Result<u32>;

    /// Returns the block at which the new session begins.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "get_NextWritableAddress")]
    fn next_writable_address(&self) -> io::Result<u32>;

    /// Returns the number of blocks for the new session; 0 if the disc is closed.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "get_FreeSectorsOnMedia")]
    fn free_sectors_on_media(&self) -> io::Result<u32>;

    /// Returns the number of blocks that are written at a time. Default: 1. The drive begins sessions at multiples of
    /// it, so a [`next_writable_address`](MultisessionSequential::next_writable_address) that is not a multiple is
    /// refused: moving the session would leave a gap that cannot be written.
    ///
    /// IMAPI2: `IMultisessionSequential2::get_WriteUnitSize`.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "IMultisessionSequential2")]
    #[doc(alias = "get_WriteUnitSize")]
    fn write_unit_size(&self) -> io::Result<u32> {
        Ok(1)
    }
}

/// Writing to any block of a single session that grows: DVD+RW, DVD-RAM, BD-RE, files.
///
/// The new session continues the last one. Once the blocks that lead to it have been rewritten, the sessions before it
/// can no longer be reached from block 0, as with IMAPI2; files that the new session has taken over can.
///
/// IMAPI2: `IMultisessionRandomWrite`.
#[doc(alias = "IMultisessionRandomWrite")]
pub trait MultisessionRandomWrite: Multisession {
    /// Returns the number of blocks that are written at a time. Default: 1.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "get_WriteUnitSize")]
    fn write_unit_size(&self) -> io::Result<u32> {
        Ok(1)
    }

    /// Returns the last block written; `None` if the drive cannot report it. Default: `None`.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "get_LastWrittenAddress")]
    fn last_written_address(&self) -> io::Result<Option<u32>> {
        Ok(None)
    }

    /// Returns the number of blocks of the whole medium.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    #[doc(alias = "get_TotalSectorsOnMedia")]
    fn total_sectors_on_media(&self) -> io::Result<u32>;
}

/// One of the ways that a drive offers.
#[derive(Clone)]
#[non_exhaustive]
pub enum MultisessionInterface {
    /// Writing after the previous sessions.
    Sequential(Arc<dyn MultisessionSequential>),
    /// Writing to any block.
    RandomWrite(Arc<dyn MultisessionRandomWrite>),
    /// A way that this crate does not know.
    Other(Arc<dyn Multisession>),
}

impl MultisessionInterface {
    /// Offers to write another session after the last one.
    pub fn sequential(interface: impl MultisessionSequential + 'static) -> Self {
        Self::Sequential(Arc::new(interface))
    }

    /// Offers to write any block.
    pub fn random_write(interface: impl MultisessionRandomWrite + 'static) -> Self {
        Self::RandomWrite(Arc::new(interface))
    }

    /// Returns the disc from which to import.
    #[must_use]
    pub fn disc(&self) -> Arc<dyn Disc> {
        match self {
            Self::Sequential(interface) => interface.disc(),
            Self::RandomWrite(interface) => interface.disc(),
            Self::Other(interface) => interface.disc(),
        }
    }

    /// Returns `true` if this way works with the medium in the drive in its current state.
    #[must_use]
    pub fn is_supported_on_current_media_state(&self) -> bool {
        match self {
            Self::Sequential(interface) => interface.is_supported_on_current_media_state(),
            Self::RandomWrite(interface) => interface.is_supported_on_current_media_state(),
            Self::Other(interface) => interface.is_supported_on_current_media_state(),
        }
    }

    /// Returns `true` if the caller has chosen this one.
    #[must_use]
    pub fn in_use(&self) -> bool {
        match self {
            Self::Sequential(interface) => interface.in_use(),
            Self::RandomWrite(interface) => interface.in_use(),
            Self::Other(interface) => interface.in_use(),
        }
    }
}

impl fmt::Debug for MultisessionInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sequential(_) => "Sequential",
            Self::RandomWrite(_) => "RandomWrite",
            Self::Other(_) => "Other",
        })
    }
}

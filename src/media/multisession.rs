//! How a disc that has sessions takes another one.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::Disc;

/// A way to write another session, as a drive offers it.
///
/// It says where the session goes. It neither writes nor locks the disc: whoever gives the drive keeps other writers away
/// from it, as [`WritableFile`](crate::WritableFile) does with a file.
///
/// IMAPI2: `IMultisession`.
#[doc(alias = "IMultisession")]
pub trait Multisession: Send + Sync {
    /// The disc to import from.
    ///
    /// IMAPI2: `IMultisession::get_ImportRecorder`.
    #[doc(alias = "get_ImportRecorder")]
    fn disc(&self) -> Arc<dyn Disc>;

    /// Whether this way works with the medium in the drive as it is. Default: true.
    ///
    /// IMAPI2: `IMultisession::get_IsSupportedOnCurrentMediaState`.
    #[doc(alias = "get_IsSupportedOnCurrentMediaState")]
    fn is_supported_on_current_media_state(&self) -> bool {
        true
    }

    /// Whether the caller has chosen this one of several. Default: false.
    ///
    /// IMAPI2: `IMultisession::get_InUse`.
    #[doc(alias = "get_InUse")]
    #[doc(alias = "put_InUse")]
    fn in_use(&self) -> bool {
        false
    }
}

/// Sessions follow each other, and what is recorded stays: CD-R, DVD-R, DVD+R, BD-R.
///
/// IMAPI2: `IMultisessionSequential`, `IMultisessionSequential2`.
#[doc(alias = "IMultisessionSequential")]
pub trait MultisessionSequential: Multisession {
    /// Whether there is no session with data yet.
    ///
    /// # Errors
    ///
    /// Those of the drive, as with all of these.
    #[doc(alias = "get_IsFirstDataSession")]
    fn is_first_data_session(&self) -> io::Result<bool>;

    /// First block of the last complete session.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "get_StartAddressOfPreviousSession")]
    fn start_address_of_previous_session(&self) -> io::Result<u32>;

    /// Last block that was written in it.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "get_LastWrittenAddressOfPreviousSession")]
    fn last_written_address_of_previous_session(&self) -> io::Result<u32>;

    /// Block at which the new session begins.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "get_NextWritableAddress")]
    fn next_writable_address(&self) -> io::Result<u32>;

    /// Blocks there are for the new session; 0 if the disc is closed.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "get_FreeSectorsOnMedia")]
    fn free_sectors_on_media(&self) -> io::Result<u32>;

    /// Blocks that are written at a time. Default: 1. The drive begins sessions at multiples of it, so that a
    /// [`next_writable_address`](MultisessionSequential::next_writable_address) that is none is refused: moving the
    /// session would leave a gap that cannot be written.
    ///
    /// IMAPI2: `IMultisessionSequential2::get_WriteUnitSize`.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "IMultisessionSequential2")]
    #[doc(alias = "get_WriteUnitSize")]
    fn write_unit_size(&self) -> io::Result<u32> {
        Ok(1)
    }
}

/// There is one session, which grows, and any block can be written: DVD+RW, DVD-RAM, BD-RE, files.
///
/// What was recorded last is continued. When the blocks that lead to it have been rewritten, the sessions before it can
/// no longer be reached from block 0, as with IMAPI2; what the new session has taken over of them can.
///
/// IMAPI2: `IMultisessionRandomWrite`.
#[doc(alias = "IMultisessionRandomWrite")]
pub trait MultisessionRandomWrite: Multisession {
    /// Blocks that are written at a time. Default: 1.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "get_WriteUnitSize")]
    fn write_unit_size(&self) -> io::Result<u32> {
        Ok(1)
    }

    /// Last block that was written; nothing if the drive cannot tell. Default: nothing.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "get_LastWrittenAddress")]
    fn last_written_address(&self) -> io::Result<Option<u32>> {
        Ok(None)
    }

    /// Blocks of the whole medium.
    ///
    /// # Errors
    ///
    /// Those of the drive.
    #[doc(alias = "get_TotalSectorsOnMedia")]
    fn total_sectors_on_media(&self) -> io::Result<u32>;
}

/// One of the ways that a drive offers.
#[derive(Clone)]
#[non_exhaustive]
pub enum MultisessionInterface {
    /// Sessions follow each other.
    Sequential(Arc<dyn MultisessionSequential>),
    /// Any block can be written.
    RandomWrite(Arc<dyn MultisessionRandomWrite>),
    /// A way this crate knows nothing of.
    Other(Arc<dyn Multisession>),
}

impl MultisessionInterface {
    /// A way to write another session behind the last one.
    pub fn sequential(interface: impl MultisessionSequential + 'static) -> Self {
        Self::Sequential(Arc::new(interface))
    }

    /// A way to write any block.
    pub fn random_write(interface: impl MultisessionRandomWrite + 'static) -> Self {
        Self::RandomWrite(Arc::new(interface))
    }

    /// The disc to import from.
    #[must_use]
    pub fn disc(&self) -> Arc<dyn Disc> {
        match self {
            Self::Sequential(interface) => interface.disc(),
            Self::RandomWrite(interface) => interface.disc(),
            Self::Other(interface) => interface.disc(),
        }
    }

    /// Whether this way works with the medium in the drive as it is.
    #[must_use]
    pub fn is_supported_on_current_media_state(&self) -> bool {
        match self {
            Self::Sequential(interface) => interface.is_supported_on_current_media_state(),
            Self::RandomWrite(interface) => interface.is_supported_on_current_media_state(),
            Self::Other(interface) => interface.is_supported_on_current_media_state(),
        }
    }

    /// Whether the caller has chosen this one.
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

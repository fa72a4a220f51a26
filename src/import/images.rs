//! Image files as discs that take sessions.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::disc::RecordedDisc;
use crate::block::MAX_BLOCKS;
use crate::error::{Error, Result};
use crate::media::{Disc, Multisession, MultisessionRandomWrite, MultisessionSequential};

/// Sessions in an image begin at a multiple of this many blocks, the longest ECC block of all media.
const SESSION_ALIGNMENT: u32 = 32;

/// An image that serves as a disc of sequential sessions: the next one is to be appended to it.
pub struct SequentialImage {
    disc: Arc<dyn Disc>,
    /// First block of the last session, if there is any.
    previous: Option<u32>,
}

impl SequentialImage {
    /// Looks for the sessions of `disc`, by following the ends of its volumes.
    ///
    /// # Errors
    ///
    /// Those of [`RecordedDisc::open`], but a blank disc is one without sessions.
    pub fn open(disc: impl Disc + 'static) -> Result<Self> {
        let disc: Arc<dyn Disc> = Arc::new(disc);
        let recorded = RecordedDisc::open(Arc::clone(&disc))?;
        let previous = match recorded.default_file_system() {
            Ok(_) => Some(recorded.session().start_block()),
            Err(Error::EmptyDisc) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { disc, previous })
    }
}

impl Multisession for SequentialImage {
    fn disc(&self) -> Arc<dyn Disc> {
        Arc::clone(&self.disc)
    }
}

impl MultisessionSequential for SequentialImage {
    fn is_first_data_session(&self) -> io::Result<bool> {
        Ok(self.previous.is_none())
    }

    fn start_address_of_previous_session(&self) -> io::Result<u32> {
        Ok(self.previous.unwrap_or(0))
    }

    fn last_written_address_of_previous_session(&self) -> io::Result<u32> {
        Ok(self.disc.total_blocks().saturating_sub(1))
    }

    fn next_writable_address(&self) -> io::Result<u32> {
        let blocks = self.disc.total_blocks();
        Ok(blocks
            .checked_next_multiple_of(SESSION_ALIGNMENT)
            .unwrap_or(u32::MAX))
    }

    fn free_sectors_on_media(&self) -> io::Result<u32> {
        let free = MAX_BLOCKS.saturating_sub(self.next_writable_address()?.into());
        Ok(u32::try_from(free).unwrap_or(u32::MAX))
    }
}

impl fmt::Debug for SequentialImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SequentialImage")
            .field("previous", &self.previous)
            .finish_non_exhaustive()
    }
}

/// An image that serves as a disc of which any block can be written, and that can grow.
pub struct RandomWriteImage {
    disc: Arc<dyn Disc>,
}

impl RandomWriteImage {
    /// The image `disc`.
    pub fn new(disc: impl Disc + 'static) -> Self {
        Self {
            disc: Arc::new(disc),
        }
    }
}

impl Multisession for RandomWriteImage {
    fn disc(&self) -> Arc<dyn Disc> {
        Arc::clone(&self.disc)
    }
}

impl MultisessionRandomWrite for RandomWriteImage {
    fn write_unit_size(&self) -> io::Result<u32> {
        Ok(self.disc.write_unit())
    }

    fn total_sectors_on_media(&self) -> io::Result<u32> {
        Ok(u32::try_from(MAX_BLOCKS).unwrap_or(u32::MAX))
    }
}

impl fmt::Debug for RandomWriteImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomWriteImage").finish_non_exhaustive()
    }
}

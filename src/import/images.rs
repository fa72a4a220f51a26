//! Image files as discs that accept sessions.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::disc::RecordedDisc;
use super::end::partitions_end;
use super::leftover::is_leftover;
use super::search::{self, ALIGNMENT, MAX_SESSIONS};
use crate::block::{BLOCK, BLOCK_SIZE, MAX_BLOCKS};
use crate::error::{ContinueProblem, Error, Result};
use crate::media::{Blocks, Disc, Multisession, MultisessionRandomWrite, MultisessionSequential};
use crate::recognition::FIRST_DESCRIPTOR;

const BLOCK_LEN: u64 = BLOCK as u64;

/// Blocks from a session's start to the descriptor after the first one, where an interrupted session begins.
const SECOND_DESCRIPTOR: u32 = FIRST_DESCRIPTOR.saturating_add(1);

/// The most zeros, in bytes, to skip after the last volume. More are kept.
const MOST_ZEROS: u64 = 64 << 20;

/// Bytes of them to read at once.
const PIECE: u64 = 64 << 10;

/// An image that serves as a disc of sequential sessions, to which the next one is appended.
///
/// The session goes after the last volume. Data after that in a file is kept, and the session goes after it, unless it
/// is zeros, or the rest of an interrupted session: 17 blocks of zeros, then a volume descriptor that is not the first,
/// and no sign of another program. So [`ResultImage::append_to`](crate::ResultImage::append_to) cuts the file where the
/// session begins, and writes the session from its block 17 on, and its first 17 blocks last; the last of them leads to
/// all others. On a disc that cannot grow, such as a device, only partitions are considered after the last volume.
///
/// It takes no lock: use a [`WritableFile`](crate::WritableFile) as its disc to keep others from adding a session.
///
/// If the disc's length changes, it is examined anew: an image that continues it then fails with
/// [`Error::DiscMismatch`] if a session was added.
pub struct SequentialImage {
    disc: Arc<dyn Disc>,
    found: Mutex<DiscState>,
}

/// The state of a disc with a given number of blocks.
#[derive(Clone, Copy, Debug)]
struct DiscState {
    total: u32,
    /// First block of the last session, if there is one.
    previous: Option<u32>,
    /// The block after the last one that counts as written.
    end: u32,
    next: u32,
}

impl SequentialImage {
    /// Finds the sessions of `disc`: [`RecordedDisc::sessions`].
    ///
    /// # Errors
    ///
    /// - [`Error::IncompatiblePreviousSession`] if readers would not find the next session: there are already 1024, or
    ///   partitions lie between it and the last volume of a disc that is [not searched](Disc::next_data).
    /// - Those of [`RecordedDisc::open`], except that a blank disc has no sessions.
    pub fn open(disc: impl Disc + 'static) -> Result<Self> {
        let disc: Arc<dyn Disc> = Arc::new(disc);
        let found = Mutex::new(DiscState::on(&disc)?);
        Ok(Self { disc, found })
    }

    /// Returns the current state of the disc.
    fn found(&self) -> io::Result<DiscState> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.total != self.disc.total_blocks() {
            *found = DiscState::on(&self.disc).map_err(io::Error::other)?;
        }
        Ok(*found)
    }
}

impl DiscState {
    fn on(disc: &Arc<dyn Disc>) -> Result<Self> {
        let recorded = RecordedDisc::open(Arc::clone(disc))?;
        let previous = match recorded.default_file_system() {
            Ok(_) => Some(recorded.session().start_block()),
            Err(Error::EmptyDisc) => None,
            Err(error) => return Err(error),
        };
        let aligned = |end: u32| {
            let unit = session_unit(disc.write_unit());
            end.checked_next_multiple_of(unit).unwrap_or(u32::MAX)
        };
        let total = disc.total_blocks();
        let can_grow = disc.can_grow();
        let mut end = total;
        if previous.is_some() {
            let blocks = &recorded.blocks();
            if let Some(volumes) = recorded.end()? {
                let next = aligned(volumes);
                let partitions = partitions_end(blocks)?;
                if !can_grow {
                    end = volumes.max(partitions);
                } else if partitions <= next && is_unused(blocks, volumes, next)? {
                    end = volumes;
                }
            }
        }
        let next = aligned(end);
        if let Some(start) = previous {
            let incompatible = |problem| Err(Error::IncompatiblePreviousSession { problem });
            if recorded.sessions().len() >= MAX_SESSIONS {
                return incompatible(ContinueProblem::ManySessions);
            }
            if can_grow && u64::from(next) >= MAX_BLOCKS {
                return incompatible(ContinueProblem::TooLong);
            }
            let disc = Arc::new(Continued {
                disc: Arc::clone(disc),
                blocks: total.max(next.saturating_add(1)),
            });
            let blocks = Arc::new(Blocks::new(disc, recorded.blocks().left()));
            if !search::is_looked_for(&blocks, start, next)? {
                return incompatible(ContinueProblem::HiddenSession);
            }
        }
        Ok(Self {
            total,
            previous,
            end,
            next,
        })
    }
}

/// A disc as if something followed its contents, so that nothing is found by being at its end.
pub(crate) struct Continued {
    pub disc: Arc<dyn Disc>,
    pub blocks: u32,
}

impl Disc for Continued {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let left = self.disc.total_blocks().saturating_sub(block) as usize;
        let there = left.saturating_mul(BLOCK).min(buf.len());
        let (data, behind) = buf.split_at_mut(there);
        behind.fill(0);
        match data {
            [] => Ok(()),
            data => self.disc.read_blocks(block, data),
        }
    }

    fn total_blocks(&self) -> u32 {
        self.blocks
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        // Blocks past the end of the disc read as zeros, like a hole.
        self.disc.next_data(block)
    }
}

/// Returns the unit at which sessions begin, in blocks: a multiple both of the unit for writing and of that of the
/// search.
fn session_unit(write_unit: u32) -> u32 {
    let twos = write_unit.trailing_zeros().min(ALIGNMENT.trailing_zeros());
    match ALIGNMENT.checked_shr(twos) {
        Some(factor) if write_unit > 0 => write_unit.saturating_mul(factor),
        _ => ALIGNMENT,
    }
}

/// Returns `true` if block `start` and those after it hold only zeros, or what an interrupted writer leaves of a
/// session that begins at block `next` at the latest: no first descriptor yet, and those after it.
fn is_unused(blocks: &Blocks, start: u32, next: u32) -> Result<bool> {
    let mut offset = byte_of(start);
    let last = offset.saturating_add(MOST_ZEROS);
    while offset < blocks.len().min(last) {
        let len = PIECE.min(blocks.len().saturating_sub(offset));
        let piece = blocks.take(offset, len)?;
        blocks.release(len);
        let is_set = |block: &[u8]| block.iter().any(|byte| *byte != 0);
        if let Some(number) = piece.chunks(BLOCK).position(is_set) {
            let at = offset.saturating_add(BLOCK_LEN.saturating_mul(number as u64));
            let second = |session: u32| byte_of(session.saturating_add(SECOND_DESCRIPTOR));
            let (first, last) = (second(start), second(next));
            return Ok((first..=last).contains(&at) && is_leftover(blocks, at)?);
        }
        offset = offset.saturating_add(len);
    }
    Ok(offset >= blocks.len())
}

fn byte_of(block: u32) -> u64 {
    u64::from(block).saturating_mul(BLOCK_SIZE.into())
}

impl Multisession for SequentialImage {
    fn disc(&self) -> Arc<dyn Disc> {
        Arc::clone(&self.disc)
    }
}

impl MultisessionSequential for SequentialImage {
    fn is_first_data_session(&self) -> io::Result<bool> {
        Ok(self.found()?.previous.is_none())
    }

    fn start_address_of_previous_session(&self) -> io::Result<u32> {
        Ok(self.found()?.previous.unwrap_or(0))
    }

    fn last_written_address_of_previous_session(&self) -> io::Result<u32> {
        Ok(self.found()?.end.saturating_sub(1))
    }

    fn next_writable_address(&self) -> io::Result<u32> {
        Ok(self.found()?.next)
    }

    fn free_sectors_on_media(&self) -> io::Result<u32> {
        let next = self.found()?.next;
        Ok(self.disc.maximum_blocks().saturating_sub(next))
    }

    fn write_unit_size(&self) -> io::Result<u32> {
        Ok(self.disc.write_unit())
    }
}

impl fmt::Debug for SequentialImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SequentialImage")
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

/// An image that serves as a disc of which any block can be written. It has as many blocks as its disc [can
/// have](Disc::maximum_blocks): a file grows, a device does not.
///
/// The session goes after everything in a file, or after the volumes and partitions on a device. It continues the last
/// session [found](RecordedDisc::sessions). Once it is written, block 0 leads to it, and the sessions before it can no
/// longer be reached from there, as with IMAPI2. [`ResultImage::append_to`](crate::ResultImage::append_to) writes it.
///
/// It takes no lock: use a [`WritableFile`](crate::WritableFile) as its disc to keep others from adding a session.
pub struct RandomWriteImage {
    disc: Arc<dyn Disc>,
}

impl RandomWriteImage {
    /// Uses `disc` as such an image.
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
        let limit = u32::try_from(MAX_BLOCKS).unwrap_or(u32::MAX);
        Ok(self.disc.maximum_blocks().min(limit))
    }
}

impl fmt::Debug for RandomWriteImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RandomWriteImage").finish_non_exhaustive()
    }
}

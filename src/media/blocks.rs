//! A disc as the formats read it: bytes at any place, within budgets of memory and of work.
// A disc may contain anything; tests may fail.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Disc;
use super::head::{BlockRun, SessionHead};
use crate::block::{BLOCK, BLOCK_SIZE};
use crate::budget::{Memory, Purpose, STEP, Work};
use crate::error::{Error, Result};

const BLOCK_LEN: u64 = BLOCK as u64;

/// The most blocks to read at once for a request of few bytes: structures lie close together.
const WINDOW: usize = 32;

/// The number of blocks to read first in a new place, where structures may lie far apart: four cost little more than
/// one.
const FIRST: usize = 4;

/// The number of recently read pieces to keep: directories, the structures of files, and the targets of these lie in
/// different places and are read in turn.
const WINDOWS: usize = 4;

/// The next block that may hold data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NextData {
    /// This block.
    At(u32),
    /// No block.
    Never,
    /// The disc does not report it, and is not searched.
    Unknown,
}

/// The bytes of a disc, as one operation reads them.
pub(crate) struct Blocks {
    device: Arc<Device>,
    memory: Arc<Memory>,
    work: Arc<Work>,
    purpose: Purpose,
    work_limit: u64,
}

/// The state that all operations share.
struct Device {
    disc: Arc<dyn Disc>,
    len: u64,
    /// Bytes of the disc, without the padding of the last block.
    data_len: u64,
    known: Mutex<Known>,
}

/// Blocks that need not be read again.
#[derive(Default)]
struct Known {
    /// Heads of sessions, as long as somebody holds them.
    heads: Vec<Weak<SessionHead>>,
    /// The small pieces read last, the latest at the end.
    windows: Vec<BlockRun>,
}

impl Blocks {
    /// `memory` limits the bytes of memory for everything that is read and kept.
    pub(crate) fn new(disc: Arc<dyn Disc>, memory: u64) -> Self {
        Self::with_work(disc, memory, None)
    }

    /// `work` limits the bytes of structures that an operation may read; by default, the limit depends on the length of
    /// the disc.
    pub(crate) fn with_work(disc: Arc<dyn Disc>, memory: u64, work: Option<u64>) -> Self {
        let len = u64::from(disc.total_blocks()).saturating_mul(BLOCK_SIZE.into());
        let work_limit = work.unwrap_or_else(|| Work::limit_of(len, disc.stored_bytes()));
        Self {
            device: Arc::new(Device {
                data_len: disc.total_bytes(),
                disc,
                len,
                known: Mutex::default(),
            }),
            memory: Arc::new(Memory::new(memory)),
            work: Arc::new(Work::new(work_limit)),
            purpose: Purpose::Tree,
            work_limit,
        }
    }

    /// Returns the same disc for another operation, with its own budget of work.
    pub(crate) fn anew(&self) -> Arc<Self> {
        self.within(&self.new_work())
    }

    /// Returns how many bytes of the disc can be data of files.
    pub(crate) fn data_len(&self) -> u64 {
        self.device.data_len
    }

    /// Returns the work that an operation may do.
    pub(crate) fn new_work(&self) -> Arc<Work> {
        Arc::new(Work::new(self.work_limit))
    }

    /// Returns the same disc, counting against the work of an operation.
    pub(crate) fn within(&self, work: &Arc<Work>) -> Arc<Self> {
        Arc::new(Self {
            device: Arc::clone(&self.device),
            memory: Arc::clone(&self.memory),
            work: Arc::clone(work),
            purpose: Purpose::Tree,
            work_limit: self.work_limit,
        })
    }

    /// Returns the same disc for the target of an item, to which other items may lead as well.
    pub(crate) fn for_item(&self) -> Arc<Self> {
        Arc::new(Self {
            device: Arc::clone(&self.device),
            memory: Arc::clone(&self.memory),
            work: Arc::clone(&self.work),
            purpose: Purpose::Item,
            work_limit: self.work_limit,
        })
    }

    /// Returns where the blocks from `block` on may hold data.
    pub(crate) fn next_data(&self, block: u32) -> NextData {
        match self.device.disc.next_data(block) {
            Ok(Some(next)) => NextData::At(next.max(block)),
            Ok(None) => NextData::Never,
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => NextData::Unknown,
            // Reading the block reports the error.
            Err(_) => NextData::At(block),
        }
    }

    /// Returns the first block after all blocks that hold data; any blocks from it on are zeros. If a disc does not
    /// report where its data is, reads at most `most` blocks.
    pub(crate) fn data_end(&self, most: u32) -> u32 {
        let total = self.device.disc.total_blocks();
        let (mut low, mut high) = (0, total);
        let mut most = match self.next_data(0) {
            NextData::Unknown => most,
            _ => u32::MAX,
        };
        // A hole at the end is not read.
        while low < high {
            let middle = low.midpoint(high);
            if self.next_data(middle) == NextData::Never {
                high = middle;
            } else {
                low = middle.saturating_add(1);
            }
        }
        let mut end = high;
        let mut piece = vec![0; WINDOW.saturating_mul(BLOCK)];
        while end > 0 && most > 0 {
            let count = end.min(most).min(u32::try_from(WINDOW).unwrap_or(1));
            let start = end.saturating_sub(count);
            let bytes = piece
                .get_mut(..(count as usize).saturating_mul(BLOCK))
                .unwrap_or_default();
            if self.device.disc.read_blocks(start, bytes).is_err() {
                break;
            }
            let is_set = |block: &[u8]| block.iter().any(|byte| *byte != 0);
            if let Some(last) = bytes.chunks(BLOCK).rposition(is_set) {
                let last = u32::try_from(last).unwrap_or(0);
                return start.saturating_add(last).saturating_add(1);
            }
            end = start;
            most = most.saturating_sub(count);
        }
        end
    }

    /// Returns the first blocks of the sessions, if the drive knows them.
    pub(crate) fn session_starts(&self) -> Option<Vec<u32>> {
        self.device.disc.session_starts().ok().flatten()
    }

    /// Counts work that reads nothing, on behalf of the structure at a block.
    ///
    /// # Errors
    ///
    /// [`Error::ImportWork`] if the operation has none left.
    pub(crate) fn work_on(&self, bytes: u64, block: u32) -> Result<()> {
        self.work.charge(self.purpose, bytes, block)
    }

    /// Returns the work of this operation.
    pub(crate) const fn work(&self) -> &Arc<Work> {
        &self.work
    }

    /// Returns the memory that all operations share.
    pub(crate) const fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Returns the length of the disc in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.device.len
    }

    /// Fills `buf` with structures from byte `offset` on, which counts as work.
    ///
    /// # Errors
    ///
    /// - [`Error::ReadDisc`] if it reaches past the disc's end, or the disc fails;
    /// - [`Error::ImportWork`] if the operation has already read too much.
    pub(crate) fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.device.read_at(offset, buf, Some(self))
    }

    /// Fills `buf` with the data of a file from byte `offset` on; callers may read as much of it as they like.
    ///
    /// # Errors
    ///
    /// [`Error::ReadDisc`] if it reaches past the disc's end, or the disc fails.
    pub(crate) fn read_data_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.device.read_at(offset, buf, None)
    }

    /// Returns the `len` bytes from `offset` on, which count against the budget until [`Blocks::release`].
    pub(crate) fn take(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        self.charge(len)?;
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
        match self.read_at(offset, &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => {
                self.release(len);
                Err(error)
            }
        }
    }

    /// Charges memory that is about to be taken: [`Memory::charge`].
    pub(crate) fn charge(&self, bytes: u64) -> Result<()> {
        self.memory.charge(bytes)
    }

    /// Returns how many bytes of memory may still be taken.
    pub(crate) fn left(&self) -> u64 {
        self.memory.left()
    }

    /// Releases charged memory.
    pub(crate) fn release(&self, bytes: u64) {
        self.memory.release(bytes);
    }

    /// Reads the blocks in a session's head from memory, as long as somebody holds the head.
    pub(crate) fn know(&self, head: &Arc<SessionHead>) {
        self.device.known().heads.push(Arc::downgrade(head));
    }
}

impl Device {
    /// Fills `buf` from byte `offset` on, and counts the bytes read or copied for it.
    fn read_at(&self, offset: u64, buf: &mut [u8], reader: Option<&Blocks>) -> Result<()> {
        let end = offset.checked_add(buf.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            let block = block_of(offset);
            let source = std::io::ErrorKind::UnexpectedEof.into();
            return Err(Error::ReadDisc { block, source });
        }
        let (mut offset, mut rest) = (offset, buf);
        while !rest.is_empty() {
            let skip = usize::try_from(offset % BLOCK_LEN).unwrap_or(0);
            let whole = rest.len().saturating_sub(rest.len() % BLOCK);
            let is_long = skip == 0 && whole >= WINDOW.saturating_mul(BLOCK);
            let most = WINDOW.saturating_mul(BLOCK).saturating_sub(skip);
            let len = if is_long { whole } else { most.min(rest.len()) };
            let Some((part, behind)) = rest.split_at_mut_checked(len) else {
                break;
            };
            if is_long {
                let block = block_of(offset);
                charge(reader, len, block)?;
                let read = self.disc.read_blocks(block, part);
                read.map_err(|source| Error::ReadDisc { block, source })?;
            } else {
                self.read_piece(block_of(offset), skip, part, reader)?;
            }
            offset = offset.saturating_add(len as u64);
            rest = behind;
        }
        Ok(())
    }

    /// Fills `buf` from `skip` bytes past the start of a block; a window has room for all of it.
    fn read_piece(
        &self,
        block: u32,
        skip: usize,
        buf: &mut [u8],
        reader: Option<&Blocks>,
    ) -> Result<()> {
        let mut known = self.known();
        if known.copy(block, skip, buf) {
            return charge(reader, buf.len(), block);
        }
        let failed = |source| Error::ReadDisc { block, source };
        let needed = skip.saturating_add(buf.len()).div_ceil(BLOCK);
        let left = self.disc.total_blocks().saturating_sub(block) as usize;
        let count = needed.max(known.next_len(block).min(left));
        charge(reader, count.saturating_mul(BLOCK), block)?;
        let mut bytes = known.room_for(block);
        bytes.resize(count.saturating_mul(BLOCK), 0);
        let mut result = self.disc.read_blocks(block, &mut bytes);
        if result.is_err() && count > needed {
            // Perhaps the unreadable block is not among those requested.
            bytes.truncate(needed.saturating_mul(BLOCK));
            result = self.disc.read_blocks(block, &mut bytes);
        }
        result.map_err(failed)?;
        let first = block;
        known.windows.push(BlockRun { first, bytes });
        if known.copy(block, skip, buf) {
            Ok(())
        } else {
            Err(failed(std::io::ErrorKind::UnexpectedEof.into()))
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Fills `buf` from `skip` bytes past the start of a block, if those bytes are known.
    fn copy(&mut self, block: u32, skip: usize, buf: &mut [u8]) -> bool {
        let is_here = |window: &BlockRun| window.part(block, skip, buf.len()).is_some();
        if let Some(index) = self.windows.iter().rposition(is_here) {
            // Windows in use stay longest.
            let used = self.windows.remove(index);
            if let Some(there) = used.part(block, skip, buf.len()) {
                buf.copy_from_slice(there);
            }
            self.windows.push(used);
            return true;
        }
        let heads = self.heads.iter().filter_map(Weak::upgrade);
        for head in heads {
            if let Some(there) = head.part(block, skip, buf.len()) {
                buf.copy_from_slice(there);
                return true;
            }
        }
        false
    }

    /// Returns the window that one beginning with a block continues.
    fn before(&self, block: u32) -> Option<usize> {
        self.windows.iter().rposition(|window| {
            let len = window.bytes.len() / BLOCK;
            let distance = block.checked_sub(window.first).map(|skip| skip as usize);
            distance.is_some_and(|skip| (len..=len.saturating_add(WINDOW)).contains(&skip))
        })
    }

    /// Returns how many blocks to read from a block on: sequential reads use ever larger pieces.
    fn next_len(&self, block: u32) -> usize {
        let before = self.before(block).and_then(|index| self.windows.get(index));
        let len = before.map_or(FIRST, |window| {
            (window.bytes.len() / BLOCK).saturating_mul(2)
        });
        len.clamp(FIRST, WINDOW)
    }

    /// Returns a buffer for a window that begins with a block. If there is no room for another window, this is the
    /// buffer of the one it continues, or else of the one least recently used.
    fn room_for(&mut self, block: u32) -> Vec<u8> {
        if self.windows.len() < WINDOWS {
            return Vec::new();
        }
        let index = self.before(block).unwrap_or(0);
        self.windows.remove(index).bytes
    }
}

/// Returns the block of the disc that contains a byte.
fn block_of(offset: u64) -> u32 {
    u32::try_from(offset / BLOCK_LEN).unwrap_or(u32::MAX)
}

fn charge(reader: Option<&Blocks>, bytes: usize, block: u32) -> Result<()> {
    match reader {
        Some(reader) => reader.work_on((bytes as u64).max(STEP), block),
        None => Ok(()),
    }
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks")
            .field("len", &self.device.len)
            .field("memory", &self.memory)
            .field("work", &self.work)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disc whose blocks hold their numbers, with one unreadable block.
    struct Damaged(u32);

    impl Disc for Damaged {
        fn read_blocks(&self, block: u32, buf: &mut [u8]) -> std::io::Result<()> {
            for (number, bytes) in (block..).zip(buf.chunks_exact_mut(BLOCK)) {
                if number == self.0 {
                    return Err(std::io::ErrorKind::Other.into());
                }
                bytes.fill(number as u8);
            }
            Ok(())
        }

        fn total_blocks(&self) -> u32 {
            100
        }
    }

    #[test]
    fn a_block_that_cannot_be_read_does_not_hide_its_neighbours() {
        for bad in 0..100 {
            let blocks = Blocks::new(Arc::new(Damaged(bad)), 0);
            for block in (0..100).chain([3, 99, 50, 51, 52, 0]) {
                let mut byte = [0xFF];
                let result = blocks.read_at(u64::from(block) * 2048 + 2047, &mut byte);
                match result {
                    Ok(()) => assert!(block != bad && byte == [block as u8]),
                    Err(Error::ReadDisc { block: at, .. }) => assert!(block == bad && at == bad),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    #[test]
    fn pieces_of_any_length_are_read_from_anywhere() {
        let blocks = Blocks::new(Arc::new(Damaged(u32::MAX)), 0);
        for start in (0..100 * 2048_u64).step_by(1777) {
            for len in [1, 100, 2048, 5000, 70_000] {
                let mut bytes = vec![0xFF; len];
                let result = blocks.read_at(start, &mut bytes);
                assert_eq!(result.is_ok(), start + len as u64 <= 100 * 2048);
                let is_right = |(at, byte): (u64, &u8)| u64::from(*byte) == at / 2048;
                assert!(result.is_err() || (start..).zip(&bytes).all(is_right));
            }
        }
    }
}

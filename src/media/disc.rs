//! Discs, and files and memory that serve as discs.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::MediaType;
use super::positioned::read_exact_at;
use crate::block::{BLOCK, BLOCK_SIZE, MAX_BLOCKS};

const BLOCK_LEN: u64 = BLOCK_SIZE as u64;

/// A disc, or what serves as one: blocks of [`BLOCK_SIZE`] bytes that several threads can read in any order.
///
/// Reading takes no lock. To keep others from writing between importing a disc and continuing it, import from a
/// [`WritableDisc`](crate::WritableDisc), which has no other writer.
///
/// IMAPI2: `IDiscRecorder2` and `IDiscFormat2Data`, as far as an image builder needs them.
#[doc(alias = "IDiscRecorder2")]
#[doc(alias = "IDiscFormat2Data")]
pub trait Disc: Send + Sync {
    /// Fills `buf`, which is whole blocks, with the blocks from `block` on; all of them are below
    /// [`total_blocks`](Disc::total_blocks).
    ///
    /// # Errors
    ///
    /// Any error of the device.
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()>;

    /// Returns the number of readable blocks, from block 0 on.
    fn total_blocks(&self) -> u32;

    /// Returns the number of readable bytes, from the first byte of block 0 on. It is less than that of the blocks if
    /// the last block is incomplete: [`read_blocks`](Disc::read_blocks) fills the rest of it with zeros, which are not
    /// data of any file. Default: that of all blocks.
    fn total_bytes(&self) -> u64 {
        byte_of(self.total_blocks())
    }

    /// Returns the first block, from `block` on, that may hold anything except zeros; `None` if no later one does.
    /// Default: an error of the kind [`io::ErrorKind::Unsupported`].
    ///
    /// The search for sessions calls it: block by block where reading costs little, as in a file, and without reading
    /// the holes of a sparse one. A disc that does not support it is not searched, which suits drives: they know their
    /// [sessions](Disc::session_starts), and blocks between those cannot be read.
    ///
    /// # Errors
    ///
    /// Any error of the device.
    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        let _ = block;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Returns the first blocks of all sessions, ascending, if the drive knows them. Default: `None`.
    ///
    /// IMAPI2: `IMultisessionSequential::get_StartAddressOfPreviousSession` gives the last of them.
    ///
    /// # Errors
    ///
    /// Any error of the drive.
    fn session_starts(&self) -> io::Result<Option<Vec<u32>>> {
        Ok(None)
    }

    /// Returns the number of stored bytes, which is less than [`total_bytes`](Disc::total_bytes) if a file has holes.
    /// It limits how much of a sparse disc is searched, and may be far from exact. Default: all bytes.
    fn stored_bytes(&self) -> u64 {
        self.total_bytes()
    }

    /// Returns the number of blocks that can still be written. Default: 0.
    fn free_blocks(&self) -> u32 {
        0
    }

    /// Returns `true` if writing blocks past the end makes the disc longer, as it does a file: then it contains exactly
    /// what was written to it, and only its length shows where it ends. The size of a medium is fixed. Default: whether
    /// it can have [more](Disc::maximum_blocks) blocks than can be read.
    fn can_grow(&self) -> bool {
        self.maximum_blocks() > self.total_blocks()
    }

    /// Returns the most blocks that any medium in this drive can have, of all those that the drive writes; 0 if that is
    /// unknown. Default: all blocks of the present medium that can be read and written.
    ///
    /// IMAPI2 differs: it asks the drive for the largest medium, whatever medium is present. The default here is for
    /// what serves as a disc without a drive.
    fn maximum_blocks(&self) -> u32 {
        self.total_blocks().saturating_add(self.free_blocks())
    }

    /// Returns the number of blocks that are written at a time. Default: 1.
    fn write_unit(&self) -> u32 {
        1
    }

    /// Returns the type of the medium. Default: [`MediaType::Disk`].
    fn media_type(&self) -> MediaType {
        MediaType::Disk
    }
}

impl<T: Disc + ?Sized> Disc for Arc<T> {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        (**self).read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        (**self).total_blocks()
    }

    fn total_bytes(&self) -> u64 {
        (**self).total_bytes()
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        (**self).next_data(block)
    }

    fn session_starts(&self) -> io::Result<Option<Vec<u32>>> {
        (**self).session_starts()
    }

    fn stored_bytes(&self) -> u64 {
        (**self).stored_bytes()
    }

    fn free_blocks(&self) -> u32 {
        (**self).free_blocks()
    }

    fn can_grow(&self) -> bool {
        (**self).can_grow()
    }

    fn maximum_blocks(&self) -> u32 {
        (**self).maximum_blocks()
    }

    fn write_unit(&self) -> u32 {
        (**self).write_unit()
    }

    fn media_type(&self) -> MediaType {
        (**self).media_type()
    }
}

/// Returns the number of blocks in `len` bytes; zeros complete the last block. Blocks past 8 TiB have no number.
pub(super) fn total_blocks(len: u64) -> u32 {
    u32::try_from(len.div_ceil(u64::from(BLOCK_SIZE))).unwrap_or(u32::MAX)
}

/// Returns the number of blocks that can still be written after `total` of them, if room is unlimited.
pub(super) fn growth(total: u32) -> u32 {
    let left = MAX_BLOCKS.saturating_sub(total.into());
    u32::try_from(left).unwrap_or(u32::MAX)
}

/// Returns the first byte of a block.
pub(super) fn byte_of(block: u32) -> u64 {
    u64::from(block).saturating_mul(BLOCK_SIZE.into())
}

/// Returns the block that contains a byte.
fn block_of(offset: u64) -> u32 {
    u32::try_from(offset / BLOCK_LEN).unwrap_or(u32::MAX)
}

/// A file or a block device that serves as a disc. A file can grow, and its length is always the current one; the size
/// of a device is fixed.
#[derive(Debug)]
pub struct FileDisc {
    file: File,
    /// Length when the file was opened.
    len: u64,
    can_grow: bool,
}

impl FileDisc {
    /// Opens the file or block device at `path`.
    ///
    /// # Errors
    ///
    /// Any error in opening it or in finding its length.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::new(File::open(path)?)
    }

    /// Uses a file that is open for reading, and changes its position.
    ///
    /// # Errors
    ///
    /// Any error in finding its length.
    pub fn new(mut file: File) -> io::Result<Self> {
        // There is no other way to find the length of a block device.
        let len = file.seek(SeekFrom::End(0))?;
        // Systems report different facts about devices, so everything except files counts as one.
        let can_grow = file.metadata().is_ok_and(|metadata| metadata.is_file());
        Ok(Self {
            file,
            len,
            can_grow,
        })
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    /// Returns the current length: another program, or an image that continues the disc, may have added a session.
    pub(super) fn len(&self) -> u64 {
        if !self.can_grow {
            return self.len;
        }
        let metadata = self.file.metadata();
        metadata.map_or(self.len, |metadata| metadata.len())
    }
}

impl Disc for FileDisc {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let offset = byte_of(block);
        match read_exact_at(&self.file, buf, offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let there = filled(self.len(), offset, buf.len());
                let (data, padding) = buf.split_at_mut(there);
                padding.fill(0);
                read_exact_at(&self.file, data, offset)
            }
            result => result,
        }
    }

    fn total_blocks(&self) -> u32 {
        total_blocks(self.len())
    }

    fn total_bytes(&self) -> u64 {
        self.len()
    }

    #[cfg(unix)]
    fn stored_bytes(&self) -> u64 {
        use std::os::unix::fs::MetadataExt as _;

        let total = self.len();
        match self.file.metadata() {
            // Some file systems do not count the stored blocks.
            Ok(metadata) if self.can_grow && metadata.blocks() > 0 => {
                metadata.blocks().saturating_mul(512).min(total)
            }
            _ => total,
        }
    }

    fn can_grow(&self) -> bool {
        self.can_grow
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        if !self.can_grow {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let offset = byte_of(block);
        if offset >= self.len() {
            return Ok(None);
        }
        Ok(behind_hole(&self.file, offset).map(block_of))
    }

    fn free_blocks(&self) -> u32 {
        if self.can_grow {
            growth(self.total_blocks())
        } else {
            0
        }
    }
}

/// Returns the first byte from `offset` on that is not in a hole; `None` if the rest is a hole.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "freebsd"
))]
fn behind_hole(file: &File, offset: u64) -> Option<u64> {
    // This moves the file's position, which nothing here uses for reading.
    match rustix::fs::seek(file, rustix::fs::SeekFrom::Data(offset)) {
        Ok(data) => Some(data),
        Err(rustix::io::Errno::NXIO) => None,
        // The file system has no holes.
        Err(_) => Some(offset),
    }
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "freebsd"
)))]
fn behind_hole(_: &File, offset: u64) -> Option<u64> {
    Some(offset)
}

/// Returns how much of a buffer of `buf` bytes the disc has from `offset` on, if less than a block is missing.
pub(super) fn filled(len: u64, offset: u64, buf: usize) -> usize {
    let left = usize::try_from(len.saturating_sub(offset)).unwrap_or(usize::MAX);
    // A read that lacks more than that is an error.
    if left < buf && buf.saturating_sub(left) < BLOCK {
        left
    } else {
        buf
    }
}

/// A disc in anything that can be read from any position. Threads read it one after another. It counts as something
/// that can grow, as a file can.
pub struct ReaderDisc<R> {
    reader: Mutex<R>,
    len: u64,
}

impl<R: Read + Seek + Send> ReaderDisc<R> {
    /// Makes a disc of everything in `reader`, from its first byte to its last.
    ///
    /// # Errors
    ///
    /// Any error in finding its length.
    pub fn new(mut reader: R) -> io::Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        Ok(Self {
            reader: Mutex::new(reader),
            len,
        })
    }
}

impl<R: Read + Seek + Send> Disc for ReaderDisc<R> {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let offset = byte_of(block);
        let there = filled(self.len, offset, buf.len());
        let (data, padding) = buf.split_at_mut(there);
        // A panic in a reader leaves only its position wrong, which is set here.
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.seek(SeekFrom::Start(offset))?;
        reader.read_exact(data)?;
        padding.fill(0);
        Ok(())
    }

    fn total_blocks(&self) -> u32 {
        total_blocks(self.len)
    }

    fn total_bytes(&self) -> u64 {
        self.len
    }

    fn can_grow(&self) -> bool {
        true
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        Ok(Some(block).filter(|block| byte_of(*block) < self.len))
    }

    fn free_blocks(&self) -> u32 {
        growth(self.total_blocks())
    }
}

impl<R> fmt::Debug for ReaderDisc<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderDisc")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

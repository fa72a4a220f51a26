//! Discs to which sessions are written.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::disc::{Disc, FileDisc, byte_of};
use super::positioned::write_all_at;
use crate::error::{Error, HostError, Result};

/// A disc, or what serves as one, that can be written at any block:
/// [`ResultImage::append_to`](crate::ResultImage::append_to) adds sessions to it.
///
/// Only one writer may have the disc. The implementation has to ensure that from when it is opened until it is dropped,
/// as [`WritableFile`] does by locking its file; `append_to` takes no lock of its own. It does compare the disc with
/// what was imported before it writes anything.
///
/// Not in IMAPI2, where `IDiscFormat2Data` writes.
pub trait WritableDisc: Disc {
    /// Writes `buf`, which is whole blocks, to the blocks from `block` on. If the disc [grows](Disc::can_grow), these
    /// may lie past [`total_blocks`](Disc::total_blocks), even after blocks that were never written, which are then
    /// zeros.
    ///
    /// # Errors
    ///
    /// Any error of the device.
    fn write_blocks(&self, block: u32, buf: &[u8]) -> io::Result<()>;

    /// Waits until everything written is on the medium, so that after a loss of power nothing written later can be
    /// there without it.
    ///
    /// # Errors
    ///
    /// Any error of the device.
    fn flush(&self) -> io::Result<()>;

    /// Cuts the disc to this length in bytes, or lengthens it with zeros. Called only if the disc
    /// [grows](Disc::can_grow). Default: does nothing, so that the rest of an interrupted session stays.
    ///
    /// # Errors
    ///
    /// Any error of the device.
    fn set_total_bytes(&self, len: u64) -> io::Result<()> {
        let _ = len;
        Ok(())
    }

    /// Returns the disc as anyone who opens it now reads it, to check whether a session is there. Default: `None`,
    /// which means that the disc itself is read.
    ///
    /// # Errors
    ///
    /// Any error in opening it.
    fn reopened(&self) -> io::Result<Option<Arc<dyn Disc>>> {
        Ok(None)
    }
}

impl<T: WritableDisc + ?Sized> WritableDisc for Arc<T> {
    fn write_blocks(&self, block: u32, buf: &[u8]) -> io::Result<()> {
        (**self).write_blocks(block, buf)
    }

    fn flush(&self) -> io::Result<()> {
        (**self).flush()
    }

    fn set_total_bytes(&self, len: u64) -> io::Result<()> {
        (**self).set_total_bytes(len)
    }

    fn reopened(&self) -> io::Result<Option<Arc<dyn Disc>>> {
        (**self).reopened()
    }
}

/// How [`WritableFile::open`] treats other writers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Locking {
    /// Fails with [`Error::DiscInUse`] if another writer has the file.
    #[default]
    Refuse,
    /// Waits until no other writer has the file.
    Wait,
    /// Takes no lock, for file systems that have none. The caller ensures that there is no other writer.
    Skip,
}

/// A file or a block device that serves as a disc, open for reading and writing by one writer at a time.
///
/// Open it before importing, import from it, and keep it until the session is written, so that nobody adds anything in
/// between:
///
/// ```no_run
/// use std::sync::Arc;
///
/// use imapi2fs::{FileSystemImage, Locking, MultisessionInterface, RandomWriteImage, WritableFile};
///
/// # fn main() -> imapi2fs::Result<()> {
/// let disc = Arc::new(WritableFile::open("backup.iso", Locking::Refuse)?);
/// let interface = RandomWriteImage::new(Arc::clone(&disc));
/// let mut image = FileSystemImage::new();
/// image.set_multisession_interfaces(vec![MultisessionInterface::random_write(interface)])?;
/// image.import_file_system()?;
/// image.root_mut().add_tree("documents", false)?;
/// image.create_result_image()?.append_to(&disc)?;
/// # Ok(())
/// # }
/// ```
///
/// The lock binds those who ask for it, which are other `WritableFile`s and programs that use `flock`, as `udev` does
/// with devices on Linux. On Windows, nobody else can open the file for writing. Readers take no lock and are not
/// blocked: they find the old session until the new one is complete. A device can be locked, too, but that does not
/// keep it from being mounted. The system releases the lock when the process ends, for whatever reason.
///
/// Not in IMAPI2, which locks drives with `IDiscRecorder2::AcquireExclusiveAccess`.
#[derive(Debug)]
pub struct WritableFile {
    disc: FileDisc,
    path: PathBuf,
}

impl WritableFile {
    /// Opens and locks the file or block device at `path`, which must exist.
    ///
    /// # Errors
    ///
    /// - [`Error::OpenImage`] if it cannot be opened for reading and writing.
    /// - [`Error::DiscInUse`] if another writer has it, and `locking` is [`Locking::Refuse`].
    /// - [`Error::LockDisc`] if it cannot be locked, as on a network file system without locks.
    pub fn open(path: impl AsRef<Path>, locking: Locking) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| Error::OpenImage(HostError::new(path.to_owned(), source));
        loop {
            let file = locked(path, locking)?;
            // Another file may have taken its place while this one waited.
            if locking == Locking::Skip || is_at(&file, path).map_err(failed)? {
                return Ok(Self {
                    disc: FileDisc::new(file).map_err(failed)?,
                    path: path.to_owned(),
                });
            }
        }
    }
}

/// Opens and locks a file.
#[cfg(not(windows))]
fn locked(path: &Path, locking: Locking) -> Result<File> {
    let mut options = File::options();
    let file = options.read(true).write(true).open(path);
    let file = file.map_err(|source| Error::OpenImage(HostError::new(path.to_owned(), source)))?;
    lock(&file, locking).map_err(|source| match source {
        Some(source) => Error::LockDisc(HostError::new(path.to_owned(), source)),
        None => Error::DiscInUse {
            file: path.to_owned(),
        },
    })?;
    Ok(file)
}

/// Locks a file; an error without a cause means that another writer has it.
#[cfg(unix)]
fn lock(file: &File, locking: Locking) -> Result<(), Option<io::Error>> {
    match locking {
        Locking::Refuse => match fs4::FileExt::try_lock(file) {
            Ok(()) => Ok(()),
            Err(fs4::TryLockError::WouldBlock) => Err(None),
            Err(fs4::TryLockError::Error(error)) => Err(Some(error)),
        },
        Locking::Wait => loop {
            match fs4::FileExt::lock(file) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(Some),
            }
        },
        Locking::Skip => Ok(()),
    }
}

#[cfg(not(any(unix, windows)))]
fn lock(_: &File, locking: Locking) -> Result<(), Option<io::Error>> {
    match locking {
        Locking::Refuse | Locking::Wait => Err(Some(io::ErrorKind::Unsupported.into())),
        Locking::Skip => Ok(()),
    }
}

/// Opens a file so that nobody else can write to it. A Windows lock would keep others from reading, too.
#[cfg(windows)]
fn locked(path: &Path, locking: Locking) -> Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    use std::time::Duration;

    /// `FILE_SHARE_READ`.
    const SHARED_FOR_READING: u32 = 1;
    /// `ERROR_SHARING_VIOLATION`.
    const IN_USE: i32 = 32;
    /// The system does not notify when others have closed it.
    const INTERVAL: Duration = Duration::from_millis(100);

    let mut options = File::options();
    options.read(true).write(true);
    if locking != Locking::Skip {
        options.share_mode(SHARED_FOR_READING);
    }
    loop {
        return match options.open(path) {
            Err(error) if error.raw_os_error() == Some(IN_USE) => match locking {
                Locking::Wait => {
                    std::thread::sleep(INTERVAL);
                    continue;
                }
                Locking::Refuse | Locking::Skip => Err(Error::DiscInUse {
                    file: path.to_owned(),
                }),
            },
            result => {
                result.map_err(|source| Error::OpenImage(HostError::new(path.to_owned(), source)))
            }
        };
    }
}

/// Returns `true` if a path leads to this open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (open, there) = (file.metadata()?, path.metadata()?);
    Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
}

/// Returns `true` if a path leads to this open file. On Windows, no file can take the place of an open one.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

impl Disc for WritableFile {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.disc.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.disc.total_blocks()
    }

    fn total_bytes(&self) -> u64 {
        self.disc.total_bytes()
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        self.disc.next_data(block)
    }

    fn stored_bytes(&self) -> u64 {
        self.disc.stored_bytes()
    }

    fn can_grow(&self) -> bool {
        self.disc.can_grow()
    }

    fn free_blocks(&self) -> u32 {
        self.disc.free_blocks()
    }
}

impl WritableDisc for WritableFile {
    fn write_blocks(&self, block: u32, buf: &[u8]) -> io::Result<()> {
        let offset = byte_of(block);
        if !self.can_grow() && offset.saturating_add(buf.len() as u64) > self.disc.len() {
            // Writing past the end of a file in its place would make it grow.
            return Err(io::ErrorKind::StorageFull.into());
        }
        write_all_at(self.disc.file(), buf, offset)
    }

    fn flush(&self) -> io::Result<()> {
        self.disc.file().sync_data()
    }

    fn set_total_bytes(&self, len: u64) -> io::Result<()> {
        if !self.can_grow() {
            return Ok(());
        }
        self.disc.file().set_len(len)
    }

    fn reopened(&self) -> io::Result<Option<Arc<dyn Disc>>> {
        // Another file may be there by now: the search for the session then fails to find it.
        Ok(Some(Arc::new(FileDisc::open(&self.path)?)))
    }
}

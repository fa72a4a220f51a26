//! Files of the host: opening them again when the image is read, and seeing whether they changed.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(unix)]
use rustix::fs::{Mode, OFlags};
#[cfg(unix)]
use rustix::io::retry_on_intr;

use super::long_path::open_no_follow;
use super::{Content, Data, HostFile, SharedReader, StageFile};
use crate::block::BLOCK;
use crate::error::Change;
use crate::media::DiscData;
use crate::time::Timestamp;

/// What tells a changed file from the one that was added, together with its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    modified_ticks: i64,
}

impl Fingerprint {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        // A platform without modification times still has the lengths compared.
        let modified_ticks = metadata
            .modified()
            .map_or(0, |time| Timestamp::from(time).ticks());
        Self { modified_ticks }
    }

    /// What differs between the file that was added and the one that `metadata` is about.
    fn changed(self, len: u64, metadata: &Metadata) -> Option<Change> {
        if !metadata.is_file() {
            Some(Change::Kind)
        } else if metadata.len() != len {
            Some(Change::Length {
                expected: len,
                found: metadata.len(),
            })
        } else if Self::of(metadata) != self {
            Some(Change::Modified)
        } else {
            None
        }
    }
}

/// Why content cannot be read. The caller knows the item and adds its path.
#[derive(Debug)]
pub(crate) enum Failure {
    Open(io::Error),
    Read(io::Error),
    Changed(Change),
}

/// The directories that files of the host are in: a file stores their number, not their path.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostFiles {
    directories: Vec<Arc<Path>>,
}

impl HostFiles {
    pub(crate) fn len(&self) -> usize {
        self.directories.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.directories.truncate(len);
    }

    /// Remembers a directory; the path is absolute and has no links in it.
    pub(crate) fn push(&mut self, directory: &Path) -> u32 {
        self.directories.push(directory.into());
        // One per directory of a tree whose nodes are counted in 32 bits.
        (self.directories.len() - 1) as u32
    }

    /// Remembers a directory unless it is the last one remembered.
    pub(crate) fn push_or_last(&mut self, directory: &Path) -> u32 {
        match self.directories.last() {
            Some(last) if **last == *directory => (self.directories.len() - 1) as u32,
            _ => self.push(directory),
        }
    }

    pub(crate) fn directory(&self, number: u32) -> &Path {
        &self.directories[number as usize]
    }

    pub(crate) fn path(&self, file: HostFile, name: &str) -> PathBuf {
        self.directory(file.directory).join(name)
    }

    /// Opens a file, mostly without looking up its directory when the last one was in the same.
    pub(crate) fn open(
        &self,
        file: HostFile,
        name: &str,
        recent: &mut RecentDirectory,
    ) -> io::Result<File> {
        #[cfg(unix)]
        if let Some(directory) = recent.handle(file.directory, self) {
            let open = || rustix::fs::openat(directory, name, no_follow(), Mode::empty());
            match retry_on_intr(open).map_err(io::Error::from) {
                // One handle is enough if there are no more than that.
                Err(error) if is_out_of_handles(&error) => *recent = RecentDirectory::default(),
                opened => return opened.map(File::from),
            }
        }
        #[cfg(not(unix))]
        let _ = recent;
        open_no_follow(&self.path(file, name))
    }
}

/// Whether no file can be opened because too many are.
pub(crate) fn is_out_of_handles(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let code = error.raw_os_error();
        [Errno::MFILE, Errno::NFILE]
            .map(|errno| Some(errno.raw_os_error()))
            .contains(&code)
    }
    #[cfg(not(unix))]
    {
        // ERROR_TOO_MANY_OPEN_FILES.
        cfg!(windows) && error.raw_os_error() == Some(4)
    }
}

/// The directory that a file was opened in last.
#[derive(Default)]
#[cfg_attr(not(unix), derive(Clone, Copy))]
pub(crate) struct RecentDirectory {
    #[cfg(unix)]
    number: Option<u32>,
    #[cfg(unix)]
    handle: Option<OwnedFd>,
}

#[cfg(unix)]
impl RecentDirectory {
    /// A handle of the directory from the second file on that is opened in it: many directories have one only.
    fn handle(&mut self, number: u32, hosts: &HostFiles) -> Option<BorrowedFd<'_>> {
        if self.number != Some(number) {
            *self = Self {
                number: Some(number),
                handle: None,
            };
        } else if self.handle.is_none() {
            let flags = no_follow() | OFlags::DIRECTORY;
            // What is wrong with it is said when the file is opened by its path.
            self.handle = rustix::fs::open(hosts.directory(number), flags, Mode::empty()).ok();
        }
        self.handle.as_ref().map(AsFd::as_fd)
    }
}

/// Content that has been opened for reading.
pub(crate) enum Opened {
    Memory(Arc<[u8]>),
    Host(OpenFile),
    Staged { stage: Arc<StageFile>, offset: u64 },
    Seekable { reader: SharedReader, len: u64 },
    Disc(Arc<DiscData>),
}

impl Opened {
    /// Opens `content`; `open` opens a file of the host.
    pub(crate) fn open(
        content: &Content,
        open: impl FnOnce(HostFile) -> io::Result<File>,
    ) -> Result<Self, Failure> {
        Ok(match &content.data {
            Data::Memory(bytes) => Self::Memory(bytes.clone()),
            Data::Host { file, fingerprint } => {
                let file = open(*file).map_err(Failure::Open)?;
                Self::Host(OpenFile::new(file, content.len, *fingerprint)?)
            }
            Data::Staged { stage, offset } => Self::Staged {
                stage: stage.clone(),
                offset: *offset,
            },
            Data::Seekable(reader) => Self::Seekable {
                reader: reader.clone(),
                len: content.len,
            },
            Data::Disc(data) => Self::Disc(data.clone()),
            Data::BootCatalog => Self::Memory(Arc::new([0; BLOCK])),
        })
    }

    /// Calls `take` with the file that holds the content, if one does, and where in it the content begins; if it takes
    /// bytes of it, looks whether it is still as it had been added. Returns how many it took.
    pub(crate) fn take_of_file(
        &self,
        take: impl FnOnce(&File, u64) -> u64,
    ) -> Result<u64, Failure> {
        match self {
            Self::Host(open) => {
                let taken = take(&open.file, 0);
                if taken > 0 {
                    open.check()?;
                }
                Ok(taken)
            }
            Self::Staged { stage, offset } => Ok(take(stage.file(), *offset)),
            Self::Memory(_) | Self::Seekable { .. } | Self::Disc(_) => Ok(0),
        }
    }

    /// Fills `buf` from `offset` on; both lie inside the content's length.
    pub(crate) fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<(), Failure> {
        match self {
            Self::Memory(bytes) => {
                let at = offset as usize;
                buf.copy_from_slice(&bytes[at..at + buf.len()]);
                Ok(())
            }
            Self::Host(file) => file.read_exact_at(buf, offset),
            Self::Staged { stage, offset: at } => {
                stage.read_exact_at(buf, at + offset).map_err(Failure::Read)
            }
            Self::Seekable { reader, len } => reader.read_exact_at(buf, offset, *len),
            Self::Disc(data) => data.read_exact_at(buf, offset).map_err(Failure::Read),
        }
    }
}

/// A file of the host that was as it had been added when it was opened.
pub(crate) struct OpenFile {
    file: File,
    len: u64,
    fingerprint: Fingerprint,
}

impl OpenFile {
    fn new(file: File, len: u64, fingerprint: Fingerprint) -> Result<Self, Failure> {
        let metadata = file.metadata().map_err(Failure::Open)?;
        match fingerprint.changed(len, &metadata) {
            Some(change) => Err(Failure::Changed(change)),
            None => Ok(Self {
                file,
                len,
                fingerprint,
            }),
        }
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<(), Failure> {
        match read_exact_at(&self.file, buf, offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let found = self.file.metadata().map_err(Failure::Read)?.len();
                Err(Failure::Changed(Change::Length {
                    expected: self.len,
                    found,
                }))
            }
            Err(error) => Err(Failure::Read(error)),
            Ok(()) => {
                // What is not read at once may be written in between.
                match buf.len() as u64 == self.len {
                    true => Ok(()),
                    false => self.check(),
                }
            }
        }
    }

    /// Looks whether the file is still as it had been added.
    fn check(&self) -> Result<(), Failure> {
        let metadata = self.file.metadata().map_err(Failure::Read)?;
        match self.fingerprint.changed(self.len, &metadata) {
            Some(change) => Err(Failure::Changed(change)),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
fn no_follow() -> OFlags {
    OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK
}

impl SharedReader {
    /// The length of what the reader holds.
    pub(crate) fn len(&self) -> io::Result<u64> {
        self.lock()?.seek(SeekFrom::End(0))
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64, len: u64) -> Result<(), Failure> {
        let mut reader = self.lock().map_err(Failure::Read)?;
        reader
            .seek(SeekFrom::Start(offset))
            .map_err(Failure::Read)?;
        match reader.read_exact(buf) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let found = reader.seek(SeekFrom::End(0)).map_err(Failure::Read)?;
                Err(Failure::Changed(Change::Length {
                    expected: len,
                    found,
                }))
            }
            result => result.map_err(Failure::Read),
        }
    }

    fn lock(&self) -> io::Result<std::sync::MutexGuard<'_, Box<dyn super::ReadSeek>>> {
        self.0
            .lock()
            .map_err(|_| io::Error::other("the reader panicked earlier"))
    }
}

/// Fills `buf` from `offset` on without moving a position that others use.
pub(super) fn read_exact_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::read_exact_at(file, buf, offset)
    }
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < buf.len() {
            let at = offset + done as u64;
            match std::os::windows::fs::FileExt::seek_read(file, &mut buf[done..], at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
    #[cfg(not(any(unix, windows)))]
    {
        let mut file = file;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buf)
    }
}

/// Writes all of `buf` from `offset` on without moving a position that others use.
pub(crate) fn write_all_at(file: &File, buf: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    {
        std::os::unix::fs::FileExt::write_all_at(file, buf, offset)
    }
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < buf.len() {
            let at = offset + done as u64;
            match std::os::windows::fs::FileExt::seek_write(file, &buf[done..], at) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
    // Elsewhere there are no threads, which could have moved it in between.
    #[cfg(not(any(unix, windows)))]
    {
        use std::io::Write;
        let mut file = file;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(buf)
    }
}

/// Copies up to `len` bytes, from the byte `from` of `file` on, to the byte `offset` of `to`; returns how many. What keeps
/// it from copying more is left for reading and writing to find.
pub(crate) fn copy_at(to: &File, file: &File, mut from: u64, len: u64, mut offset: u64) -> u64 {
    #[cfg(target_os = "linux")]
    {
        let mut done = 0;
        while done < len {
            let rest = usize::try_from(len - done).unwrap_or(usize::MAX);
            let places = (Some(&mut from), Some(&mut offset));
            match rustix::fs::copy_file_range(file, places.0, to, places.1, rest) {
                Ok(0) | Err(_) => break,
                Ok(copied) => done += copied as u64,
            }
        }
        done
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (to, file, &mut from, len, &mut offset);
        0
    }
}

/// What a file is on Windows, where its metadata does not tell: volume, index, number of links.
#[cfg(windows)]
pub(crate) fn file_identity(path: &Path) -> io::Result<(u64, u64, u64)> {
    let handle = winapi_util::Handle::from_path_any(path)?;
    let information = winapi_util::file::information(&handle)?;
    Ok((
        information.volume_serial_number(),
        information.file_index(),
        information.number_of_links(),
    ))
}

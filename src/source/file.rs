//! Files of the host: opening them again when the image is read, and detecting changes.

use std::fs::File;
use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::HostFile;
use crate::error::Change;
use crate::host::source::{self as host, FileId, HostMetadata, HostPlace};
use crate::media::read_at;
use crate::time::Timestamp;

/// The properties that, together with its length, distinguish a changed file from the one that was added. Each file
/// stores one, so it has no padding, and only enough of the device to tell it from most others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, packed(4))]
pub(crate) struct Fingerprint {
    modified_ticks: i64,
    number: u64,
    device: u32,
}

impl Fingerprint {
    pub(crate) fn of(metadata: &HostMetadata) -> Self {
        let FileId { device, number } = metadata.id.unwrap_or(FileId::UNKNOWN);
        Self {
            // Without modification times, the lengths are still compared.
            modified_ticks: metadata.modified.map_or(0, Timestamp::ticks),
            number,
            device: (device ^ (device >> 32)) as u32,
        }
    }

    /// Returns the difference between the added file and the open `file`, which `metadata` describes.
    fn changed(self, len: u64, metadata: &HostMetadata, file: &File) -> Option<Change> {
        let found = Self::of(metadata);
        if !metadata.is_file() {
            Some(Change::Kind)
        } else if metadata.len != len {
            Some(Change::Length {
                expected: len,
                found: metadata.len,
            })
        } else if { found.modified_ticks } != self.modified_ticks {
            Some(Change::Modified)
        } else if found != self && self.is_known() && host::has_lasting_numbers(file) {
            Some(Change::Replaced)
        } else {
            None
        }
    }

    /// Whether the added file has an identity besides its length and time.
    const fn is_known(self) -> bool {
        self.number != 0 || self.device != 0
    }
}

/// Checks that an opened file is the one that was found before, whatever it contains by now.
pub(crate) fn check_is(file: &File, found: &HostMetadata) -> Result<(), ReadFailure> {
    let opened = host::metadata_of(file).map_err(ReadFailure::Open)?;
    let is_other = match (opened.id, found.id) {
        (Some(opened), Some(found)) => opened != found && host::has_lasting_numbers(file),
        _ => false,
    };
    match opened.is_file() {
        false => Err(ReadFailure::Changed(Change::Kind)),
        true if is_other => Err(ReadFailure::Changed(Change::Replaced)),
        true => Ok(()),
    }
}

/// Why content cannot be read. The caller knows the item and adds its path.
#[derive(Debug)]
pub(crate) enum ReadFailure {
    Open(io::Error),
    Read(io::Error),
    Changed(Change),
    /// The file has a different length than the system states: `found` is the actual length in bytes if it is shorter.
    Misstated {
        stated: u64,
        found: Option<u64>,
    },
}

impl ReadFailure {
    /// Converts it into an error of a reader, which knows neither the item nor its path.
    pub(crate) fn into_io(self) -> io::Error {
        match self {
            Self::Open(error) | Self::Read(error) => error,
            Self::Changed(change) => io::Error::other(change.to_string()),
            Self::Misstated { stated, .. } => io::Error::other(format!(
                "it does not have the {stated} bytes that it is said to have"
            )),
        }
    }
}

/// The directories of the host's files: a file stores the directory's number, not its path.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostFiles {
    directories: Vec<HostDirectory>,
}

#[derive(Clone, Debug)]
struct HostDirectory {
    path: Arc<Path>,
    /// The number of names below the source.
    below: u32,
}

impl HostFiles {
    pub(crate) fn len(&self) -> usize {
        self.directories.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.directories.truncate(len);
    }

    /// Stores a directory and returns its number; the path is absolute and has no links in it.
    pub(crate) fn push(&mut self, directory: HostPlace<'_>) -> u32 {
        self.directories.push(HostDirectory {
            path: directory.path.into(),
            below: u32::try_from(directory.below).unwrap_or(u32::MAX),
        });
        // There is one per directory of a tree whose nodes are counted in 32 bits.
        (self.directories.len() - 1) as u32
    }

    /// Stores a directory unless it is the last one stored.
    pub(crate) fn push_or_last(&mut self, directory: HostPlace<'_>) -> u32 {
        match self.directories.last() {
            Some(last) if *last.path == *directory.path => (self.directories.len() - 1) as u32,
            _ => self.push(directory),
        }
    }

    #[cfg(unix)]
    fn directory(&self, number: u32) -> HostPlace<'_> {
        let directory = &self.directories[number as usize];
        HostPlace {
            path: &directory.path,
            below: directory.below as usize,
        }
    }

    pub(crate) fn path(&self, file: HostFile, name: &str) -> PathBuf {
        self.directories[file.directory as usize].path.join(name)
    }

    /// Whether a file is known to be still empty, as it was when it was added, without opening it.
    #[cfg(not(unix))]
    pub(crate) const fn is_still_empty(
        &self,
        _file: HostFile,
        _name: &str,
        _fingerprint: Fingerprint,
        _recent: &mut RecentDirectory,
    ) -> bool {
        false
    }

    /// Whether a file is known to be still empty, as it was when it was added, without opening it.
    #[cfg(unix)]
    pub(crate) fn is_still_empty(
        &self,
        file: HostFile,
        name: &str,
        fingerprint: Fingerprint,
        recent: &mut RecentDirectory,
    ) -> bool {
        let Some(directory) = recent.handle_at_once(file.directory, self) else {
            return false;
        };
        host::metadata_at(directory, name.as_ref()).is_ok_and(|found| {
            found.is_file()
                && found.len == 0
                && host::has_true_length(&found)
                && Fingerprint::of(&found) == fingerprint
        })
    }

    /// Opens a file, mostly without looking up its directory if the previous file was in the same one.
    pub(crate) fn open(
        &self,
        file: HostFile,
        name: &str,
        recent: &mut RecentDirectory,
    ) -> io::Result<File> {
        #[cfg(unix)]
        if let Some(directory) = recent.handle(file.directory, self) {
            match host::open_in(directory, name.as_ref()) {
                // Frees the directory's handle if there are no others left, and uses the path.
                Err(error) if is_out_of_handles(&error) => *recent = RecentDirectory::default(),
                opened => return opened,
            }
        }
        #[cfg(not(unix))]
        let _ = recent;
        let below = self.directories[file.directory as usize].below as usize;
        host::open(HostPlace {
            path: &self.path(file, name),
            below: below + 1,
        })
    }
}

/// Whether no file can be opened because too many are open.
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

/// The directory of the file that was opened last.
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
    /// Returns a handle of the directory, from the second file opened in it on: in many directories only one file is
    /// opened.
    fn handle(&mut self, number: u32, hosts: &HostFiles) -> Option<BorrowedFd<'_>> {
        if self.number == Some(number) {
            return self.handle_at_once(number, hosts);
        }
        *self = Self {
            number: Some(number),
            handle: None,
        };
        None
    }

    /// Returns a handle of the directory, or `None` if it cannot be opened.
    fn handle_at_once(&mut self, number: u32, hosts: &HostFiles) -> Option<BorrowedFd<'_>> {
        if self.number != Some(number) || self.handle.is_none() {
            // Opening the file by its path reports the error.
            let handle = host::open_directory(hosts.directory(number)).ok();
            *self = Self {
                number: Some(number),
                handle,
            };
        }
        self.handle.as_ref().map(AsFd::as_fd)
    }
}

/// A file of the host that was unchanged when it was opened.
pub(crate) struct OpenFile {
    pub(super) file: File,
    pub(super) len: u64,
    fingerprint: Fingerprint,
}

impl OpenFile {
    pub(super) fn new(file: File, len: u64, fingerprint: Fingerprint) -> Result<Self, ReadFailure> {
        let opened = Self {
            file,
            len,
            fingerprint,
        };
        opened.check().map_err(|failure| match failure {
            ReadFailure::Read(error) => ReadFailure::Open(error),
            failure => failure,
        })?;
        // No later read would show that the file has data.
        if len == 0 {
            opened.check_end()?;
        }
        Ok(opened)
    }

    pub(super) fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<(), ReadFailure> {
        let is_end = offset + buf.len() as u64 == self.len;
        let read = match is_end {
            true => read_last_at(&self.file, buf, offset).map_err(ReadFailure::Read)?,
            false => read_at(&self.file, buf, offset).map_err(ReadFailure::Read)?,
        };
        if read != buf.len() {
            // If the metadata does not explain the short or long read, the system states a wrong length.
            self.check()?;
            return Err(ReadFailure::Misstated {
                stated: self.len,
                found: (read < buf.len()).then_some(offset + read as u64),
            });
        }
        // The file may change between several reads.
        match buf.len() as u64 == self.len {
            true => Ok(()),
            false => self.check(),
        }
    }

    /// Checks that the file is still as it was when it was added.
    pub(super) fn check(&self) -> Result<(), ReadFailure> {
        let metadata = host::metadata_of(&self.file).map_err(ReadFailure::Read)?;
        match self.fingerprint.changed(self.len, &metadata, &self.file) {
            Some(change) => Err(ReadFailure::Changed(change)),
            None => Ok(()),
        }
    }

    /// Checks that the file ends where the system says.
    pub(super) fn check_end(&self) -> Result<(), ReadFailure> {
        let read = read_at(&self.file, &mut [0], self.len).map_err(ReadFailure::Read)?;
        if read > 0 {
            self.check()?;
            return Err(ReadFailure::Misstated {
                stated: self.len,
                found: None,
            });
        }
        Ok(())
    }
}

/// Fills `buf` with the last bytes of a file. Returns how many bytes there are from `offset` on: fewer than wanted if
/// the file ends early, and one more if it does not end there.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn read_last_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::io::IoSliceMut;

    use rustix::io::{preadv, retry_on_intr};

    let mut more = [0];
    let mut done = 0;
    // One call suffices for an unchanged file.
    loop {
        let read = retry_on_intr(|| {
            let mut parts = [
                IoSliceMut::new(&mut buf[done..]),
                IoSliceMut::new(&mut more),
            ];
            preadv(file, &mut parts, offset + done as u64)
        })?;
        done += read;
        if read == 0 || done >= buf.len() {
            return Ok(done);
        }
    }
}

/// Reads twice on other systems, which lack the call, or have it only in some versions.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn read_last_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let read = read_at(file, buf, offset)?;
    match read == buf.len() {
        true => Ok(read + read_at(file, &mut [0], offset + read as u64)?),
        false => Ok(read),
    }
}

/// Copies up to `len` bytes from byte `from` of `file` to byte `offset` of `to`; returns how many. If it copies fewer,
/// ordinary reads and writes find the cause.
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

//! Staged data: an append-only temporary file in the working directory that has no name.
//!
//! Because it has no name, nothing is left over however the process ends, and two images in one directory cannot
//! collide. On Windows the file has a name while it is open and vanishes with its last handle.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, HostError, Result};
use crate::media::{read_exact_at, write_all_at};

/// Bytes copied at a time.
const CHUNK: usize = 1 << 20;

/// A file of staged data, alive as long as a tree or a result refers to it.
#[derive(Debug)]
pub(crate) struct StageFile {
    file: File,
}

impl StageFile {
    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        read_exact_at(&self.file, buf, offset)
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        write_all_at(&self.file, buf, offset)
    }
}

/// An image's place for staged data.
#[derive(Debug)]
pub(crate) struct Stage {
    directory: PathBuf,
    file: Arc<StageFile>,
    len: u64,
    /// The buffer, reused by every file that is staged.
    chunk: Vec<u8>,
}

impl Stage {
    pub(crate) fn new(directory: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(directory)
            .map_err(|source| Error::OpenStage(HostError::new(directory.to_owned(), source)))?;
        Ok(Self {
            directory: directory.to_owned(),
            file: Arc::new(StageFile { file }),
            len: 0,
            chunk: vec![0; CHUNK],
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) const fn file(&self) -> &Arc<StageFile> {
        &self.file
    }

    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Frees the data staged after the length was `len`, because nothing refers to it any more.
    pub(crate) fn truncate(&mut self, len: u64) {
        // On failure, the space is lost until the image is dropped; the data before it is unharmed either way.
        let _ = self.file.file.set_len(len);
        self.len = len;
    }

    /// Appends all of `reader`; returns its position and its length.
    pub(crate) fn append(
        &mut self,
        mut reader: impl Read,
    ) -> std::result::Result<(u64, u64), StageFailure> {
        let start = self.len;
        loop {
            let read = match read_full(&mut reader, &mut self.chunk) {
                Ok(read) => read,
                Err(error) => {
                    self.truncate(start);
                    return Err(StageFailure::Read(error));
                }
            };
            if let Err(error) = self.file.write_all_at(&self.chunk[..read], self.len) {
                self.truncate(start);
                return Err(StageFailure::Write(error));
            }
            self.len += read as u64;
            if read < self.chunk.len() {
                return Ok((start, self.len - start));
            }
        }
    }
}

/// Why data could not be staged. The caller knows the item and adds its path.
#[derive(Debug)]
pub(crate) enum StageFailure {
    Read(io::Error),
    Write(io::Error),
}

/// Fills `buf` unless the reader ends early.
fn read_full(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buf.len() {
        match reader.read(&mut buf[done..]) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Reads a part of a stage file from its start to its end.
pub(crate) struct StageReader<'a> {
    pub file: &'a StageFile,
    pub offset: u64,
    pub len: u64,
}

impl Read for StageReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = usize::try_from(self.len)
            .unwrap_or(usize::MAX)
            .min(buf.len());
        self.file.read_exact_at(&mut buf[..len], self.offset)?;
        self.offset += len as u64;
        self.len -= len as u64;
        Ok(len)
    }
}

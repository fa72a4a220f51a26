//! An image as a file that appears only when it is complete.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ResultImage;
use super::chunks::Chunks;
use super::clone::share_files;
use super::output::OutputFile;
use super::sink::WriteAt;
use super::write::{WriteOptions, WriteProgress, Writing, go_on};
use crate::error::{Error, HostError, Result};

/// The alignment of a file's holes on most file systems.
const HOLE: usize = 4096;

impl ResultImage {
    /// Writes the whole image to the file at `path`; returns its length in bytes. Not in IMAPI2.
    ///
    /// The file appears, or is replaced, when the image is complete; until then an existing file stays, and on any
    /// error nothing is left over. [`OutputFile`] lists what is written in place instead, such as devices and pipes.
    ///
    /// # Errors
    ///
    /// - [`Error::WriteImage`] when the file cannot be created or written.
    /// - [`Error::OutputIsSource`] when the image is read from this file.
    /// - Those of [`ResultImage::read_at`]; the first in the image if there are several.
    pub fn write_to_file(&self, path: impl AsRef<Path>) -> Result<u64> {
        self.write_to_output(OutputFile::open(path)?)
    }

    /// Like [`ResultImage::write_to_file`]; calls `progress` at the start, from time to time, and at the end. Not in
    /// IMAPI2.
    ///
    /// # Errors
    ///
    /// - [`Error::Cancelled`] when `progress` breaks.
    /// - Those of [`ResultImage::write_to_file`].
    pub fn write_to_file_with(
        &self,
        path: impl AsRef<Path>,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        self.write_to_output_with(OutputFile::open(path)?, options, progress)
    }

    /// Writes the whole image to `output`, like [`ResultImage::write_to_file`]. Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// Those of [`ResultImage::write_to_file`].
    pub fn write_to_output(&self, output: OutputFile) -> Result<u64> {
        self.write_to_output_with(output, &WriteOptions::new(), go_on)
    }

    /// Writes the whole image to `output`, like [`ResultImage::write_to_file_with`]. Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// Those of [`ResultImage::write_to_file_with`].
    pub fn write_to_output_with(
        &self,
        output: OutputFile,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        self.check_output(&output)?;
        let name = output.path().to_owned();
        let written = match output.as_stream() {
            Some(file) => self.write_to_with(file, options, progress),
            None => {
                let mut unfinished = output.start()?;
                unfinished.set_len(self.len())?;
                let written = self.write_new_file(unfinished.file(), options, progress);
                written.and_then(|len| {
                    unfinished.finish()?;
                    Ok(len)
                })
            }
        };
        written.map_err(|error| match error {
            Error::Write { source } => Error::WriteImage(HostError::new(name, source)),
            error => error,
        })
    }

    /// Checks that the image is not read from the file that it will be written to. Not in IMAPI2.
    ///
    /// [`ResultImage::write_to_output`] does this itself. The check recognises files of the host and boot images under
    /// any name, link or mount; it does not recognise staged files, which
    /// [`TreeOptions::output`](crate::TreeOptions::output) recognises while they are added, nor readers.
    ///
    /// # Errors
    ///
    /// [`Error::OutputIsSource`] if it is, unless the output [allows it](OutputFile::overwrite_source) and can be
    /// replaced.
    pub fn check_output(&self, output: &OutputFile) -> Result<()> {
        let guard = output.guard();
        let Some(old) = guard.old.filter(|_| !guard.may_be_read()) else {
            return Ok(());
        };
        match old.id.and_then(|id| self.layout.sources.file(id, old.len)) {
            Some(input) => Err(guard.is_source(input)),
            None => Ok(()),
        }
    }

    /// Fills a file of zeros.
    fn write_new_file(
        &self,
        file: &File,
        options: &WriteOptions,
        progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        let mut work = Writing::start(self, 0..self.len(), options, progress)?;
        let shared = match options.reflink {
            true => share_files(self, file, |len| work.tell(len))?,
            false => Vec::new(),
        };
        let chunks = Chunks::without(0..self.len(), &shared);
        let sink = MadeFile {
            file,
            sparse: options.sparse,
            turn: Mutex::new(()),
        };
        work.anywhere(chunks, &sink)
    }
}

/// A file that contains only zeros at first.
struct MadeFile<'f> {
    file: &'f File,
    sparse: bool,
    /// File systems let only one thread at a time write to a file. Waiting here sleeps; waiting there would spin.
    turn: Mutex<()>,
}

impl MadeFile<'_> {
    fn wait(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WriteAt for MadeFile<'_> {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let _turn = self.wait();
        match self.sparse {
            true => write_around_holes(self.file, bytes, offset),
            false => self.file.write_all_at(bytes, offset),
        }
    }

    fn copy_at(&self, file: &File, from: u64, len: u64, offset: u64) -> u64 {
        if self.sparse {
            // The data must be examined for zeros.
            return 0;
        }
        let _turn = self.wait();
        self.file.copy_at(file, from, len, offset)
    }
}

/// Writes everything except zeros to a file that has only zeros.
fn write_around_holes(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    let is_hole = |piece: &[u8]| piece.iter().all(|byte| *byte == 0);
    let mut start = 0;
    for run in bytes
        .chunks(HOLE)
        .collect::<Vec<_>>()
        .chunk_by(|one, other| is_hole(one) == is_hole(other))
    {
        let len: usize = run.iter().map(|piece| piece.len()).sum();
        if !is_hole(run[0]) {
            file.write_all_at(&bytes[start..start + len], offset + start as u64)?;
        }
        start += len;
    }
    Ok(())
}

//! Reporting the progress of adding files to the caller.

use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;

use super::Draft;
use crate::block::{BLOCK_SIZE, blocks_of};
use crate::error::{Error, Result};
use crate::path::ImagePath;
use crate::tree::NodeId;

/// Blocks between two reports.
const STEP: u64 = 512;

/// Bytes between two reports.
const STEP_BYTES: u64 = STEP * BLOCK_SIZE as u64;

/// The progress of adding a file.
///
/// IMAPI2: `DFileSystemImageEvents::Update`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AddProgress<'a> {
    /// The file in the image.
    pub path: &'a ImagePath,
    /// The number of blocks of this file copied so far.
    pub copied_blocks: u64,
    /// The number of blocks of this file, if known before all have been read.
    pub total_blocks: Option<u64>,
}

type Handler = dyn FnMut(AddProgress<'_>) -> ControlFlow<()> + Send + Sync;

/// The handler that receives the reports.
#[derive(Default)]
pub(crate) struct Updates(Option<Box<Handler>>);

impl fmt::Debug for Updates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Updates" } else { "None" })
    }
}

impl Updates {
    pub(crate) fn new(
        handler: impl FnMut(AddProgress<'_>) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Box::new(handler)))
    }

    fn tell(&mut self, progress: AddProgress<'_>) -> Result<()> {
        match self.0.as_mut().map(|handler| handler(progress)) {
            Some(ControlFlow::Break(())) => Err(Error::Cancelled),
            _ => Ok(()),
        }
    }
}

impl Draft {
    pub(crate) fn set_updates(&mut self, updates: Updates) {
        self.updates = updates;
    }

    /// Reports a file of `len` bytes that is not copied.
    pub(crate) fn announce(&mut self, path: &ImagePath, len: u64) -> Result<()> {
        if self.updates.0.is_none() {
            return Ok(());
        }
        let total_blocks = blocks_of(len);
        let mut copied_blocks = 0;
        loop {
            self.updates.tell(AddProgress {
                path,
                copied_blocks,
                total_blocks: Some(total_blocks),
            })?;
            if copied_blocks == total_blocks {
                return Ok(());
            }
            copied_blocks = (copied_blocks + STEP).min(total_blocks);
        }
    }

    /// Reports a file of the tree that was not copied.
    pub(crate) fn announce_node(&mut self, node: NodeId) -> Result<()> {
        if self.updates.0.is_none() {
            return Ok(());
        }
        let tree = self.tree();
        let len = tree.content_of(node).map_or(0, |(_, content)| content.len);
        let path = tree.path(node);
        self.announce(&path, len)
    }
}

/// A reader that reports its progress.
pub(crate) struct Reporting<'a, R> {
    reader: R,
    updates: &'a mut Updates,
    path: &'a ImagePath,
    total_blocks: Option<u64>,
    copied: u64,
    told: u64,
}

impl<'a, R: Read> Reporting<'a, R> {
    pub(crate) fn new(
        reader: R,
        len: Option<u64>,
        path: &'a ImagePath,
        updates: &'a mut Updates,
    ) -> Result<Self> {
        let mut this = Self {
            reader,
            updates,
            path,
            total_blocks: len.map(blocks_of),
            copied: 0,
            told: 0,
        };
        this.tell()?;
        Ok(this)
    }

    fn tell(&mut self) -> Result<()> {
        self.told = self.copied;
        self.updates.tell(AddProgress {
            path: self.path,
            copied_blocks: blocks_of(self.copied),
            total_blocks: self.total_blocks,
        })
    }
}

impl<R: Read> Read for Reporting<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // Reads up to the next report.
        let left = STEP_BYTES - (self.copied - self.told);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        let read = self.reader.read(&mut buf[..len])?;
        self.copied += read as u64;
        let is_end = read == 0 && len > 0 && self.copied > self.told;
        if is_end || self.copied - self.told == STEP_BYTES {
            self.tell()?;
        }
        Ok(read)
    }
}

//! The contents of every block of an image.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::file_data::{Cursor, FileData};
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba};
use crate::error::Result;
use crate::media::Blocks;

/// Encodes the blocks of a structure when they are read.
pub(crate) trait Fill: Send + Sync {
    /// Fills `buf`, whole blocks of zeros, with the structure's blocks from its block `first` on.
    ///
    /// `cursor` is for structures that hold data of files.
    fn fill(&self, first: u32, buf: &mut [u8], cursor: &mut Cursor) -> Result<()>;
}

/// The contents of a run of blocks.
#[derive(Clone)]
pub(crate) enum Filling {
    Bytes(Arc<[u8]>),
    Made(Arc<dyn Fill>),
    Files(Arc<FileData>),
    /// Blocks recorded by earlier sessions, in the same place.
    Disc(Arc<Blocks>),
}

/// A run of blocks with its contents and name.
#[derive(Clone)]
pub(crate) struct MapRegion {
    pub extent: Extent,
    pub name: &'static str,
    pub filling: Filling,
}

/// The regions of an image in the order of their blocks. Blocks between regions are zeros.
#[derive(Default)]
pub(crate) struct Map {
    regions: Vec<MapRegion>,
    /// Bytes that replace others, with the byte of the disc where they begin.
    patches: Vec<(u64, Arc<[u8]>)>,
}

impl Map {
    /// Adds a structure whose bytes are known.
    pub(crate) fn bytes(
        &mut self,
        extent: Extent,
        name: &'static str,
        bytes: impl Into<Arc<[u8]>>,
    ) {
        let bytes = bytes.into();
        debug_assert!(bytes.len() as u64 <= u64::from(extent.blocks) * u64::from(BLOCK_SIZE));
        self.put(extent, name, Filling::Bytes(bytes));
    }

    /// Adds a structure that is encoded when it is read.
    pub(crate) fn made(&mut self, extent: Extent, name: &'static str, fill: Arc<dyn Fill>) {
        self.put(extent, name, Filling::Made(fill));
    }

    /// Adds the data of files.
    pub(crate) fn files(&mut self, extent: Extent, files: Arc<FileData>) {
        self.put(extent, "file data", Filling::Files(files));
    }

    /// Adds blocks that stay as they are on the disc.
    pub(crate) fn disc(&mut self, extent: Extent, disc: Arc<Blocks>) {
        self.put(extent, "earlier sessions", Filling::Disc(disc));
    }

    /// Replaces the bytes of the regions from the disc's byte `at` on.
    pub(crate) fn patch(&mut self, at: u64, bytes: impl Into<Arc<[u8]>>) {
        self.patches.push((at, bytes.into()));
    }

    fn put(&mut self, extent: Extent, name: &'static str, filling: Filling) {
        if extent.blocks > 0 {
            self.regions.push(MapRegion {
                extent,
                name,
                filling,
            });
        }
    }

    /// Sorts the regions by their blocks; no two overlap.
    pub(crate) fn finish(mut self) -> Self {
        self.regions.sort_by_key(|region| region.extent.start);
        debug_assert!(
            self.regions
                .windows(2)
                .all(|pair| pair[0].extent.end() <= pair[1].extent.start)
        );
        self
    }

    pub(crate) fn regions(&self) -> &[MapRegion] {
        &self.regions
    }

    /// Returns the bytes that replace others, with the byte of the disc where they begin.
    pub(crate) fn patches(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.patches.iter().map(|(at, bytes)| (*at, &**bytes))
    }

    /// Returns the file data to which byte `offset`, counted from block `start`, belongs, and the byte's position in
    /// it; `None` if the byte belongs to anything else.
    pub(crate) fn files_at(&self, start: Lba, offset: u64) -> Option<(&FileData, u64)> {
        let region = self.regions.get(self.index_at(start, offset))?;
        let Filling::Files(files) = &region.filling else {
            return None;
        };
        let inside = offset.checked_sub(first_byte(start, region.extent.start))?;
        Some((files, inside))
    }

    /// Returns `true` if replaced bytes lie in `range`, counted from block `start`.
    pub(crate) fn is_patched(&self, start: Lba, range: &Range<u64>) -> bool {
        self.patches().any(|(at, bytes)| {
            at < byte_of(start, range.end) && byte_of(start, range.start) < at + bytes.len() as u64
        })
    }

    /// Returns the index of the first region that ends after `offset`.
    fn index_at(&self, start: Lba, offset: u64) -> usize {
        self.regions
            .partition_point(|region| first_byte(start, region.extent.end()) <= offset)
    }

    /// Fills `buf` with the bytes from `offset` on, counted from block `start`.
    pub(crate) fn read(
        &self,
        start: Lba,
        offset: u64,
        buf: &mut [u8],
        cursor: &mut Cursor,
    ) -> Result<()> {
        let mut index = self.index_at(start, offset);
        let mut done = 0;
        while done < buf.len() {
            let at = offset + done as u64;
            let Some(region) = self.regions.get(index) else {
                buf[done..].fill(0);
                break;
            };
            let region_start = first_byte(start, region.extent.start);
            let region_end = first_byte(start, region.extent.end());
            if at < region_start {
                let gap = to_len(region_start - at).min(buf.len() - done);
                buf[done..done + gap].fill(0);
                done += gap;
                continue;
            }
            let len = to_len(region_end - at).min(buf.len() - done);
            let target = &mut buf[done..done + len];
            match &region.filling {
                Filling::Bytes(bytes) => copy_padded(bytes, at - region_start, target),
                Filling::Made(fill) => read_made(fill.as_ref(), at - region_start, target, cursor)?,
                Filling::Files(files) => files.read(at - region_start, target, cursor)?,
                Filling::Disc(blocks) => {
                    blocks.read_data_at(byte_of(start, at), target)?;
                }
            }
            done += len;
            index += 1;
        }
        for (at, bytes) in &self.patches {
            overlay(*at, bytes, byte_of(start, offset), buf);
        }
        Ok(())
    }
}

/// Returns the first byte of a block, counted from block `start`.
fn first_byte(start: Lba, lba: Lba) -> u64 {
    u64::from(lba - start) * u64::from(BLOCK_SIZE)
}

/// Returns the byte of the disc at `offset` from block `start`.
fn byte_of(start: Lba, offset: u64) -> u64 {
    u64::from(start.0) * u64::from(BLOCK_SIZE) + offset
}

fn to_len(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Copies the part of `bytes`, which begin at `at`, that overlaps `buf`, which begins at `offset`.
pub(crate) fn overlay(at: u64, bytes: &[u8], offset: u64, buf: &mut [u8]) {
    let from = at.max(offset);
    let to = (at + bytes.len() as u64).min(offset + buf.len() as u64);
    if from < to {
        let source = &bytes[to_len(from - at)..to_len(to - at)];
        buf[to_len(from - offset)..to_len(to - offset)].copy_from_slice(source);
    }
}

fn copy_padded(bytes: &[u8], offset: u64, buf: &mut [u8]) {
    let from = to_len(offset).min(bytes.len());
    let len = (bytes.len() - from).min(buf.len());
    buf[..len].copy_from_slice(&bytes[from..from + len]);
    buf[len..].fill(0);
}

/// Encodes whole blocks in place, and a part of a block by way of a whole one.
fn read_made(fill: &dyn Fill, offset: u64, mut buf: &mut [u8], cursor: &mut Cursor) -> Result<()> {
    let block_size = u64::from(BLOCK_SIZE);
    let mut block = (offset / block_size) as u32;
    let mut skip = (offset % block_size) as usize;
    while !buf.is_empty() {
        let len = if skip == 0 && buf.len() >= BLOCK {
            let len = buf.len() / BLOCK * BLOCK;
            buf[..len].fill(0);
            fill.fill(block, &mut buf[..len], cursor)?;
            block += (len / BLOCK) as u32;
            len
        } else {
            let mut whole = [0; BLOCK];
            fill.fill(block, &mut whole, cursor)?;
            let len = (BLOCK - skip).min(buf.len());
            buf[..len].copy_from_slice(&whole[skip..skip + len]);
            block += 1;
            skip = 0;
            len
        };
        buf = &mut buf[len..];
    }
    Ok(())
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(
                self.regions
                    .iter()
                    .map(|region| (region.extent, region.name)),
            )
            .finish()
    }
}

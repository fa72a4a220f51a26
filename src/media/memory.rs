//! Memory that serves as a disc.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::disc::{Disc, byte_of, filled, growth, total_blocks};
use super::writable::WritableDisc;

/// Bytes in memory that serve as a disc, to which sessions can be added. It grows as a file does.
///
/// Not in IMAPI2.
#[derive(Default)]
pub struct MemoryDisc(Mutex<Vec<u8>>);

impl MemoryDisc {
    /// Makes a disc of these bytes.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(Mutex::new(bytes))
    }

    /// Returns a copy of the current bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes().clone()
    }

    /// Returns the bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disc for MemoryDisc {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes();
        let there = filled(bytes.len() as u64, byte_of(block), buf.len());
        let start = usize::try_from(byte_of(block)).unwrap_or(usize::MAX);
        let data = bytes.get(start..start.saturating_add(there));
        let data = data.ok_or(io::ErrorKind::UnexpectedEof)?;
        let (to, padding) = buf.split_at_mut(there);
        to.copy_from_slice(data);
        padding.fill(0);
        Ok(())
    }

    fn total_blocks(&self) -> u32 {
        total_blocks(self.bytes().len() as u64)
    }

    fn total_bytes(&self) -> u64 {
        self.bytes().len() as u64
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        Ok(Some(block).filter(|block| *block < self.total_blocks()))
    }

    fn can_grow(&self) -> bool {
        true
    }

    fn free_blocks(&self) -> u32 {
        growth(self.total_blocks())
    }
}

impl WritableDisc for MemoryDisc {
    fn write_blocks(&self, block: u32, buf: &[u8]) -> io::Result<()> {
        let start = usize::try_from(byte_of(block)).map_err(io::Error::other)?;
        let end = start.saturating_add(buf.len());
        let mut bytes = self.bytes();
        if bytes.len() < end {
            let more = end.saturating_sub(bytes.len());
            bytes.try_reserve(more)?;
            bytes.resize(end, 0);
        }
        if let Some(place) = bytes.get_mut(start..end) {
            place.copy_from_slice(buf);
        }
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_total_bytes(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.bytes().resize(len, 0);
        Ok(())
    }
}

impl fmt::Debug for MemoryDisc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDisc")
            .field("len", &self.total_bytes())
            .finish_non_exhaustive()
    }
}

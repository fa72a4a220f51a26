//! The data of files on a disc.
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

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::media::{Blocks, DiscData, missing};
use crate::recorded::Entry;

/// The data of a file on a disc, read straight from it, from any position.
///
/// Its errors hold the crate's [`Error`](crate::Error), which [`io::Error::downcast`] returns.
#[derive(Clone)]
pub struct RecordedData {
    data: DiscData,
    position: u64,
}

impl RecordedData {
    pub(super) fn new(blocks: Arc<Blocks>, entry: &Entry) -> Self {
        Self {
            data: DiscData::new(blocks, entry),
            position: 0,
        }
    }

    pub(super) fn into_data(self) -> Arc<DiscData> {
        Arc::new(self.data)
    }

    /// Returns the length in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is a reader")]
    pub const fn len(&self) -> u64 {
        self.data.len()
    }
}

impl Read for RecordedData {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len().saturating_sub(self.position);
        let len = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let buf = buf.get_mut(..len).unwrap_or_default();
        if buf.is_empty() {
            return Ok(0);
        }
        let read = self.data.read_some(self.position, buf)?;
        if read == 0 {
            return Err(missing());
        }
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

impl Seek for RecordedData {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                "seek to a position before the data's start",
            )
        })?;
        Ok(self.position)
    }
}

impl fmt::Debug for RecordedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedData")
            .field("len", &self.len())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BLOCK;
    use crate::media::ReaderDisc;
    use crate::recorded::{Data, EntryKind, Run};

    fn data(data: Data, len: u64) -> RecordedData {
        let bytes: Vec<u8> = (0..100 * BLOCK).map(|at| (at / 7) as u8).collect();
        let disc = ReaderDisc::new(io::Cursor::new(bytes)).unwrap();
        let entry = Entry::unnamed(EntryKind::File, data, len, 0);
        RecordedData::new(Arc::new(Blocks::new(Arc::new(disc), 1 << 20)), &entry)
    }

    fn run(at: impl Into<Option<u64>>, len: u64) -> Run {
        Run { at: at.into(), len }
    }

    #[test]
    fn runs_are_read_one_after_another_and_from_anywhere() {
        let runs = vec![run(5, 3000), run(None, 10), run(40 * 2048, 60 * 2048)];
        let len = 3010 + 60 * 2048;
        let mut reader = data(Data::Runs(runs), len);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert_eq!(all.len() as u64, len);
        for (at, byte) in [
            (0, 5),
            (2999, 3004),
            (3010, 40 * 2048),
            (9000, 40 * 2048 + 5990),
        ] {
            assert_eq!(all[at], (byte / 7) as u8, "{at}");
        }
        assert_eq!(all[3000..3010], [0; 10]);
        let mut part = [0; 100];
        reader.seek(SeekFrom::Start(2950)).unwrap();
        reader.read_exact(&mut part).unwrap();
        assert_eq!(part, all[2950..3050]);
        assert_eq!(reader.seek(SeekFrom::End(10)).unwrap(), len + 10);
        assert_eq!(reader.read(&mut part).unwrap(), 0);
        assert!(reader.seek(SeekFrom::Current(-(len as i64) - 11)).is_err());
    }

    #[test]
    fn data_that_is_missing_is_an_error() {
        let mut all = Vec::new();
        let error = data(Data::Runs(vec![run(0, 10)]), 11)
            .read_to_end(&mut all)
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let error = data(Data::Runs(vec![run(99 * 2048, 4096)]), 4096)
            .read_to_end(&mut all)
            .unwrap_err();
        assert!(error.downcast::<crate::Error>().is_ok());
    }

    #[test]
    fn embedded_data_is_read_from_memory() {
        let mut all = String::new();
        let mut reader = data(Data::Embedded(Arc::from(*b"hello")), 5);
        reader.seek(SeekFrom::Start(1)).unwrap();
        reader.read_to_string(&mut all).unwrap();
        assert_eq!(all, "ello");
    }
}

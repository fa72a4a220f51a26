//! The data of files of a disc.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::block::BLOCK;
use crate::media::Blocks;
use crate::recorded::{Data, Entry};

/// Most bytes that are read at once, so that blocks that are there in part stay small in memory.
const AT_ONCE: usize = 32 * BLOCK;

const BLOCK_LEN: u64 = BLOCK as u64;

/// The data of a file of a disc, read straight from it, from any position.
///
/// Its errors hold the crate's [`Error`](crate::Error), which [`io::Error::downcast`] gets back.
#[derive(Clone)]
pub struct RecordedData {
    blocks: Arc<Blocks>,
    pieces: Pieces,
    len: u64,
    position: u64,
}

#[derive(Clone)]
enum Pieces {
    /// In order; each with the position in the data at which it ends.
    Runs(Arc<[(u64, Piece)]>),
    Embedded(Arc<[u8]>),
}

#[derive(Clone, Copy)]
struct Piece {
    /// Position in the data.
    start: u64,
    /// First byte on the disc; `None` for zeros.
    at: Option<u64>,
}

impl RecordedData {
    pub(super) fn new(blocks: Arc<Blocks>, entry: &Entry) -> Self {
        let pieces = match &entry.data {
            Data::Embedded(bytes) => Pieces::Embedded(Arc::clone(bytes)),
            Data::Runs(runs) => {
                let mut start = 0_u64;
                let pieces = runs.iter().map(|run| {
                    let piece = Piece { start, at: run.at };
                    start = start.saturating_add(run.len);
                    (start, piece)
                });
                Pieces::Runs(pieces.collect())
            }
        };
        Self {
            blocks,
            pieces,
            len: entry.len,
            position: 0,
        }
    }

    /// Length in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is a reader")]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Fills some of `buf`, which ends where the data ends; nothing means that the data is shorter than it should be.
    fn fill(&self, buf: &mut [u8]) -> crate::Result<usize> {
        let runs = match &self.pieces {
            Pieces::Runs(runs) => runs,
            Pieces::Embedded(bytes) => {
                let start = usize::try_from(self.position).unwrap_or(usize::MAX);
                let rest = bytes.get(start..).unwrap_or_default();
                let len = rest.len().min(buf.len());
                for (to, from) in buf.iter_mut().zip(rest) {
                    *to = *from;
                }
                return Ok(len);
            }
        };
        let run = runs.partition_point(|(end, _)| *end <= self.position);
        let Some((end, piece)) = runs.get(run) else {
            return Ok(0);
        };
        let left = end.saturating_sub(self.position);
        let len = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(at) = piece.at else {
            let zeros = buf.get_mut(..len).unwrap_or_default();
            zeros.fill(0);
            return Ok(len);
        };
        let offset = at.saturating_add(self.position.saturating_sub(piece.start));
        let len = convenient(offset, len);
        let part = buf.get_mut(..len).unwrap_or_default();
        self.blocks.read_at(offset, part)?;
        Ok(len)
    }
}

/// How much to read at `offset` of `len` bytes: whole blocks if they are many, else what is kept anyhow.
fn convenient(offset: u64, len: usize) -> usize {
    if len <= AT_ONCE {
        len
    } else if offset % BLOCK_LEN == 0 {
        len.saturating_sub(len % BLOCK)
    } else {
        AT_ONCE
    }
}

impl Read for RecordedData {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.position);
        let len = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let buf = buf.get_mut(..len).unwrap_or_default();
        if buf.is_empty() {
            return Ok(0);
        }
        let read = self.fill(buf)?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "less data is recorded than the length says",
            ));
        }
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

impl Seek for RecordedData {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
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
            .field("len", &self.len)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::media::ReaderDisc;
    use crate::recorded::{Kind, Run};

    fn data(data: Data, len: u64) -> RecordedData {
        let bytes: Vec<u8> = (0..100 * BLOCK).map(|at| (at / 7) as u8).collect();
        let disc = ReaderDisc::new(io::Cursor::new(bytes)).unwrap();
        let entry = Entry {
            name: "x".to_owned(),
            kind: Kind::File,
            created: None,
            accessed: None,
            modified: None,
            hidden: false,
            real_time: false,
            len,
            data,
            identity: 0,
            streams: Vec::new(),
            handle: 0,
        };
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

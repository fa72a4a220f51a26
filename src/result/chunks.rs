//! Dividing an image into chunks, and making one of them.

use std::collections::VecDeque;
use std::ops::Range;

use super::ResultImage;
use crate::error::Result;
use crate::space::Cursor;

/// The number of bytes made at a time: about ten small files, and few enough to stay in a processor's cache until they
/// are written.
pub(super) const CHUNK: u64 = 1 << 17;

/// Ranges of an image, divided into chunks that end at multiples of their length.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    ranges: VecDeque<Range<u64>>,
}

impl Chunks {
    pub(super) fn of(range: Range<u64>) -> Self {
        Self {
            ranges: VecDeque::from([range]),
        }
    }

    /// Returns the rest of `range` without these parts, which must be in order and not overlap.
    pub(super) fn without(range: Range<u64>, parts: &[Range<u64>]) -> Self {
        let mut ranges = VecDeque::new();
        let mut start = range.start;
        for part in parts {
            ranges.push_back(start..part.start);
            start = part.end;
        }
        ranges.push_back(start..range.end);
        Self { ranges }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.ranges
            .iter()
            .map(|range| range.end - range.start)
            .sum()
    }

    /// Claims up to `number` consecutive chunks.
    pub(super) fn claim(&mut self, number: u64) -> Option<Range<u64>> {
        while let Some(range) = self.ranges.front_mut() {
            let claimed = first_chunks(range, number);
            if !claimed.is_empty() {
                range.start = claimed.end;
                return Some(claimed);
            }
            self.ranges.pop_front();
        }
        None
    }
}

impl Iterator for Chunks {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        self.claim(1)
    }
}

/// Returns up to `number` chunks from the start of a range.
pub(super) fn first_chunks(range: &Range<u64>, number: u64) -> Range<u64> {
    let end = (range.start / CHUNK + number).saturating_mul(CHUNK);
    range.start..end.min(range.end)
}

/// Makes a chunk in `buf`.
pub(super) fn make(
    image: &ResultImage,
    chunk: &Range<u64>,
    buf: &mut Vec<u8>,
    cursor: &mut Cursor,
) -> Result<()> {
    // This is at most the length of a chunk.
    buf.resize((chunk.end - chunk.start) as usize, 0);
    let len = image.read_with(chunk.start, buf, cursor)?;
    buf.truncate(len);
    Ok(())
}

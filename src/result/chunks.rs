//! Chunks of an image: which there are, and making one of them.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::ResultImage;
use crate::error::{Error, Result};
use crate::source::is_out_of_handles;
use crate::space::Cursor;

/// Bytes that are made at a time: some ten small files, and little enough to stay in a processor's cache until they
/// are written.
pub(super) const CHUNK: u64 = 1 << 17;

/// Ranges of an image, handed out in chunks that end at multiples of their length.
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

    /// What is left of `range` without these parts, which are in order and do not overlap.
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

    /// Up to `number` chunks that follow each other.
    pub(super) fn claim(&mut self, number: u64) -> Option<Range<u64>> {
        while let Some(range) = self.ranges.front_mut() {
            let start = range.start;
            let end = (start / CHUNK + number)
                .saturating_mul(CHUNK)
                .min(range.end);
            if start < end {
                range.start = end;
                return Some(start..end);
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

/// Makes a chunk in `buf`.
pub(super) fn make(
    image: &ResultImage,
    chunk: &Range<u64>,
    buf: &mut Vec<u8>,
    cursor: &mut Cursor,
) -> Result<()> {
    // At most the length of a chunk.
    buf.resize((chunk.end - chunk.start) as usize, 0);
    let len = image.read_with(chunk.start, buf, cursor)?;
    buf.truncate(len);
    Ok(())
}

/// What the threads have open. When that is too much for the system, one of them goes on at a time, with nothing open
/// but what it reads.
#[derive(Default)]
pub(super) struct Cursors {
    /// Those that nobody uses.
    idle: Mutex<Vec<Cursor>>,
    /// Whoever makes a chunk is among the readers of it; whoever has to be alone writes.
    together: RwLock<()>,
    /// Whether it has been too much.
    scarce: AtomicBool,
}

impl Cursors {
    /// Makes a chunk in `buf`. Calls `took` with the time that it takes, unless more threads would not help.
    pub(super) fn make(
        &self,
        image: &ResultImage,
        chunk: &Range<u64>,
        buf: &mut Vec<u8>,
        took: &dyn Fn(Duration),
    ) -> Result<()> {
        let made = {
            let _together = self.together.read().unwrap_or_else(PoisonError::into_inner);
            let mut cursor = locked(&self.idle).pop().unwrap_or_default();
            let start = Instant::now();
            let made = make(image, chunk, buf, &mut cursor);
            if !self.scarce.load(Ordering::Relaxed) {
                took(start.elapsed());
                locked(&self.idle).push(cursor);
            }
            made
        };
        match made {
            Err(Error::ReadSource { source, .. }) if is_out_of_handles(&source) => {
                self.scarce.store(true, Ordering::Relaxed);
                let _alone = self
                    .together
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                locked(&self.idle).clear();
                make(image, chunk, buf, &mut Cursor::default())
            }
            made => made,
        }
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs while one is locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Making the chunks of an image by several threads.
//!
//! Chunks are claimed in order. Each is made by the thread that claims it, with files of its own open, and is either
//! written by that thread or waits until those before it are written. How far ahead threads may be is bounded, and so
//! is memory. What fails first in the image is what is told.
//!
//! There are as many threads as processors at first. When a chunk takes long, its files come from a disk or a network,
//! which answer many requests at once, and more threads are started. That looks at a clock; the bytes do not depend on it.
//! Where the system lets too few files be open for all, the threads take turns.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, Scope};
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
    fn claim(&mut self, number: u64) -> Option<Range<u64>> {
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
fn make(
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
struct Cursors {
    /// Those that nobody uses.
    idle: Mutex<Vec<Cursor>>,
    /// Whoever makes a chunk is among the readers of it; whoever has to be alone writes.
    together: RwLock<()>,
    /// Whether it has been too much.
    scarce: AtomicBool,
}

impl Cursors {
    /// Makes a chunk in `buf`. Calls `slow` if that takes long.
    fn make(
        &self,
        image: &ResultImage,
        chunk: &Range<u64>,
        buf: &mut Vec<u8>,
        slow: &dyn Fn(),
    ) -> Result<()> {
        let made = {
            let _together = self.together.read().unwrap_or_else(PoisonError::into_inner);
            let mut cursor = locked(&self.idle).pop().unwrap_or_default();
            let slow = || {
                if !self.scarce.load(Ordering::Relaxed) {
                    slow();
                }
            };
            let made = timed(&slow, || make(image, chunk, buf, &mut cursor));
            if !self.scarce.load(Ordering::Relaxed) {
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

/// Calls `slow` if `work` takes long.
fn timed<T>(slow: &dyn Fn(), work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    if start.elapsed() > SLOW {
        slow();
    }
    result
}

/// A chunk of files that are in memory takes a fraction of this.
const SLOW: Duration = Duration::from_millis(2);

/// The threads of a scope that do the same work.
struct Crew {
    started: AtomicUsize,
    most: usize,
}

/// How many of so many threads are started at first.
fn at_first(most: usize) -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    processors.min(most)
}

/// What each of them does. It is given what it calls when it has to wait.
type Work<'w> = dyn Fn(&dyn Fn()) + Sync + 'w;

impl Crew {
    fn new(most: usize) -> Self {
        Self {
            started: AtomicUsize::new(0),
            most,
        }
    }

    /// Starts one more, unless there are enough or the system has no more; returns whether it did.
    fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        work: &'scope Work<'scope>,
    ) -> bool {
        let place = self.started.fetch_add(1, Ordering::Relaxed);
        let more = move || {
            self.start(scope, work);
        };
        place < self.most
            && thread::Builder::new()
                .spawn_scoped(scope, move || work(&more))
                .is_ok()
    }
}

/// Gives all chunks to `sink` in their order.
pub(super) fn in_order(
    image: &ResultImage,
    chunks: Chunks,
    readers: usize,
    mut sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    match useful(readers, &chunks) {
        1 => one_by_one(image, chunks, |bytes, _| sink(bytes)),
        readers => in_order_by(&Crew::new(readers), image, chunks, sink),
    }
}

fn in_order_by(
    crew: &Crew,
    image: &ResultImage,
    chunks: Chunks,
    mut sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let queue = Queue::new(chunks);
    let work = |slow: &dyn Fn()| queue.work(image, slow);
    thread::scope(|scope| {
        // Whatever happens here, nobody waits for it.
        let _over = Over(&queue);
        if !crew.start(scope, &work) {
            // Some systems have no threads.
            let chunks = queue.take_back();
            return one_by_one(image, chunks, |bytes, _| sink(bytes));
        }
        for _ in 1..at_first(crew.most) {
            crew.start(scope, &work);
        }
        while let Some(made) = queue.next() {
            let bytes = made?;
            sink(&bytes)?;
            queue.give_back(bytes);
        }
        Ok(())
    })
}

/// Gives all chunks to `sink`, in any order and from any thread, of which the calling one is one; that one tells `done`
/// from time to time how many bytes more there are.
pub(super) fn anywhere(
    image: &ResultImage,
    chunks: Chunks,
    readers: usize,
    sink: &(impl Fn(&[u8], u64) -> Result<()> + Sync),
    mut done: impl FnMut(u64) -> Result<()>,
) -> Result<()> {
    let readers = useful(readers, &chunks);
    if readers == 1 {
        return one_by_one(image, chunks, |bytes, at| {
            sink(bytes, at)?;
            done(bytes.len() as u64)
        });
    }
    let shares = Shares::new(chunks, readers);
    // The calling thread is one of them.
    let crew = Crew::new(readers - 1);
    let work = |slow: &dyn Fn()| shares.work(image, sink, slow, |_| Ok(()));
    thread::scope(|scope| {
        for _ in 1..at_first(readers) {
            crew.start(scope, &work);
        }
        let slow = || {
            crew.start(scope, &work);
        };
        shares.work(image, sink, &slow, |shares| done(shares.take_done()));
    });
    if let Some((_, error)) = locked(&shares.state).failed.take() {
        return Err(error);
    }
    match shares.take_done() {
        0 => Ok(()),
        rest => done(rest),
    }
}

/// Chunks that several threads make and write, some that follow each other at a time: files beside each other are opened
/// by one thread.
struct Shares {
    state: Mutex<ShareState>,
    cursors: Cursors,
    /// Chunks that are claimed at a time.
    together: u64,
}

struct ShareState {
    chunks: Chunks,
    /// Bytes written that nobody was told of.
    done: u64,
    /// What went wrong first in the image, and where.
    failed: Option<(u64, Error)>,
}

/// The most chunks that are claimed at a time.
const TOGETHER: u64 = 8;

impl Shares {
    fn new(chunks: Chunks, readers: usize) -> Self {
        // So many that all are busy almost to the end.
        let each = chunks.bytes() / CHUNK / (readers as u64 * TOGETHER);
        Self {
            together: each.clamp(1, TOGETHER),
            cursors: Cursors::default(),
            state: Mutex::new(ShareState {
                chunks,
                done: 0,
                failed: None,
            }),
        }
    }

    /// Makes and writes chunks until there are no more, and calls `after` each.
    fn work(
        &self,
        image: &ResultImage,
        sink: &impl Fn(&[u8], u64) -> Result<()>,
        slow: &dyn Fn(),
        mut after: impl FnMut(&Self) -> Result<()>,
    ) {
        let _end = EndOnPanic(self);
        let mut buf = Vec::new();
        loop {
            let Some(share) = locked(&self.state).chunks.claim(self.together) else {
                return;
            };
            for chunk in Chunks::of(share) {
                let made = self.cursors.make(image, &chunk, &mut buf, slow);
                let written = made.and_then(|()| sink(&buf, chunk.start));
                match written {
                    Ok(()) => locked(&self.state).done += chunk.end - chunk.start,
                    Err(error) => return self.fail(chunk.start, error),
                }
                if let Err(error) = after(self) {
                    // Nothing comes before it.
                    return self.fail(0, error);
                }
                // What comes before something that failed is still made: it may fail, too.
                let state = locked(&self.state);
                if state
                    .failed
                    .as_ref()
                    .is_some_and(|(at, _)| *at <= chunk.end)
                {
                    return;
                }
            }
        }
    }

    fn fail(&self, at: u64, error: Error) {
        let mut state = locked(&self.state);
        state.chunks = Chunks::default();
        if state.failed.as_ref().is_none_or(|(first, _)| at < *first) {
            state.failed = Some((at, error));
        }
    }

    fn take_done(&self) -> u64 {
        std::mem::take(&mut locked(&self.state).done)
    }
}

/// If a reader of the caller's panics, the others need not go on.
struct EndOnPanic<'s>(&'s Shares);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            locked(&self.0.state).chunks = Chunks::default();
        }
    }
}

/// No more threads than there are chunks.
fn useful(readers: usize, chunks: &Chunks) -> usize {
    if cfg!(target_family = "wasm") {
        // It has neither threads nor a clock.
        return 1;
    }
    let most = chunks.bytes().div_ceil(CHUNK);
    readers
        .min(usize::try_from(most).unwrap_or(usize::MAX))
        .max(1)
}

fn one_by_one(
    image: &ResultImage,
    chunks: Chunks,
    mut sink: impl FnMut(&[u8], u64) -> Result<()>,
) -> Result<()> {
    let mut cursor = Cursor::default();
    let mut buf = Vec::new();
    for chunk in chunks {
        make(image, &chunk, &mut buf, &mut cursor)?;
        sink(&buf, chunk.start)?;
    }
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs while one is locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Chunks that are being made, in their order.
struct Queue {
    state: Mutex<State>,
    /// The first chunk has been made.
    made: Condvar,
    /// Another chunk may be claimed.
    room: Condvar,
    cursors: Cursors,
}

struct State {
    chunks: Chunks,
    /// What has been claimed and not been taken yet: nothing while it is made.
    claimed: VecDeque<Option<Result<Vec<u8>>>>,
    /// Number of the first of them.
    first: usize,
    /// Buffers for the next.
    spare: Vec<Vec<u8>>,
    /// How many threads there are.
    readers: usize,
    over: bool,
}

impl State {
    /// Whether as many chunks are made or wait as may: one that is written, one that waits, and one for each reader.
    fn is_full(&self) -> bool {
        self.claimed.len() >= self.readers + 2
    }
}

impl Queue {
    fn new(chunks: Chunks) -> Self {
        Self {
            state: Mutex::new(State {
                chunks,
                claimed: VecDeque::new(),
                first: 0,
                spare: Vec::new(),
                readers: 0,
                over: false,
            }),
            made: Condvar::new(),
            room: Condvar::new(),
            cursors: Cursors::default(),
        }
    }

    fn wait<'s>(&self, condition: &Condvar, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        condition
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes chunks until there are no more.
    fn work(&self, image: &ResultImage, slow: &dyn Fn()) {
        // If a reader of the caller's panics, nobody waits for what it would have given.
        let over = Over(self);
        let mut state = locked(&self.state);
        state.readers += 1;
        loop {
            while state.is_full() && !state.over {
                state = self.wait(&self.room, state);
            }
            if state.over {
                break;
            }
            let Some(chunk) = state.chunks.next() else {
                break;
            };
            let number = state.first + state.claimed.len();
            state.claimed.push_back(None);
            let mut buf = state.spare.pop().unwrap_or_default();
            drop(state);
            let made = self.cursors.make(image, &chunk, &mut buf, slow);
            let made = made.map(|()| buf);
            state = locked(&self.state);
            // It is there until it has been made.
            let place = number - state.first;
            state.claimed[place] = Some(made);
            if place == 0 {
                self.made.notify_one();
            }
        }
        drop(state);
        std::mem::forget(over);
    }

    /// The next chunk, when it has been made; nothing behind the last.
    fn next(&self) -> Option<Result<Vec<u8>>> {
        let mut state = locked(&self.state);
        loop {
            if state.over {
                return None;
            }
            let all_claimed = state.chunks.bytes() == 0;
            match state.claimed.front_mut() {
                Some(made @ Some(_)) => {
                    let made = made.take();
                    state.claimed.pop_front();
                    state.first += 1;
                    self.room.notify_one();
                    return made;
                }
                // Readers claim in order, so what is not claimed is at the end.
                None if all_claimed => return None,
                _ => state = self.wait(&self.made, state),
            }
        }
    }

    fn give_back(&self, buf: Vec<u8>) {
        locked(&self.state).spare.push(buf);
    }

    /// What is not claimed.
    fn take_back(&self) -> Chunks {
        std::mem::take(&mut locked(&self.state).chunks)
    }
}

/// Ends all waiting when it is dropped.
struct Over<'q>(&'q Queue);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        locked(&self.0.state).over = true;
        self.0.made.notify_all();
        self.0.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileSystemImage;

    #[test]
    fn without_threads_everything_is_still_written() {
        let mut image = FileSystemImage::new();
        image.root_mut().add_file("a", vec![1; 1 << 20]).unwrap();
        let result = image.create_result_image().unwrap();
        let mut expected = vec![0; result.len() as usize];
        result.read_at(0, &mut expected).unwrap();
        let mut written = Vec::new();
        let chunks = Chunks::of(0..result.len());
        let sink = |bytes: &[u8]| {
            written.extend_from_slice(bytes);
            Ok(())
        };
        in_order_by(&Crew::new(0), &result, chunks, sink).unwrap();
        assert!(written == expected);
    }
}

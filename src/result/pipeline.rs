//! Making the chunks of an image in several threads.
//!
//! Chunks are claimed in order. Each is made by the thread that claims it, with files of its own open, and is either
//! written by that thread or waits until those before it are written. Threads may run ahead only so far, which bounds
//! memory. The error reported is the first in the image.
//!
//! Unless the caller sets the number of threads, there is one at first, which suffices for large files in memory. If
//! chunks take longer than copying does, they hold small files, and one thread per processor is used. If a chunk takes
//! long, its files come from a disk or a network, which answer many requests at once, and more threads are started.
//! This decision uses a clock; the bytes do not depend on it. If the system allows too few open files for all, the
//! threads take turns.

use std::any::Any;
use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::Duration;

use super::ResultImage;
use super::chunks::{CHUNK, Chunks, first_chunks, make};
use super::cursors::{Cursors, locked};
use super::sink::WriteAt;
use crate::error::{Error, Result};
use crate::space::Cursor;

/// The number of threads.
#[derive(Clone, Copy)]
pub(super) struct Readers {
    pub at_first: usize,
    pub most: usize,
}

impl Readers {
    /// Limits the number of threads to the number of chunks.
    fn useful(self, chunks: &Chunks) -> Self {
        let most = match cfg!(target_family = "wasm") {
            // WebAssembly has neither threads nor a clock.
            true => 1,
            false => usize::try_from(chunks.bytes().div_ceil(CHUNK)).unwrap_or(usize::MAX),
        };
        let most = self.most.min(most).max(1);
        Self {
            at_first: self.at_first.min(most),
            most,
        }
    }
}

/// The threads of a scope that do the same work.
struct Crew {
    started: AtomicUsize,
    /// The number of threads for chunks of small files.
    processors: usize,
    /// The number of threads while files are waited for.
    most: usize,
    /// The number of consecutive chunks that took longer than copying.
    busy: AtomicUsize,
    /// The payload of the first panic in a thread.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Well above the time for a chunk of a large file in memory.
const BUSY: Duration = Duration::from_micros(100);

/// After this many consecutive chunks it is not an accident.
const BUSY_CHUNKS: usize = 8;

/// Well above the time for a chunk of small files in memory.
const SLOW: Duration = Duration::from_millis(2);

/// The work of each thread. Its argument is the function to call with the time that a chunk took.
type CrewWork<'w> = dyn Fn(&dyn Fn(Duration)) + Sync + 'w;

impl Crew {
    fn new(processors: usize, most: usize) -> Self {
        Self {
            started: AtomicUsize::new(0),
            processors: processors.min(most),
            most,
            busy: AtomicUsize::new(0),
            panic: Mutex::new(None),
        }
    }

    /// Starts another thread if chunks take so long that it helps.
    fn took<'scope>(
        &'scope self,
        time: Duration,
        scope: &'scope Scope<'scope, '_>,
        work: &'scope CrewWork<'scope>,
    ) {
        let busy = match time > BUSY {
            true => self.busy.fetch_add(1, Ordering::Relaxed),
            false => self.busy.swap(0, Ordering::Relaxed),
        };
        if time > SLOW {
            self.start(self.most, scope, work);
        } else if busy >= BUSY_CHUNKS {
            self.start(self.processors, scope, work);
        }
    }

    /// Starts the initial threads except one, as long as the system has more.
    fn start_others<'scope>(
        &'scope self,
        readers: Readers,
        scope: &'scope Scope<'scope, '_>,
        work: &'scope CrewWork<'scope>,
    ) {
        let _ = (1..readers.at_first).all(|_| self.start(self.most, scope, work));
    }

    /// Starts another thread, unless there are `enough` or the system has no more; returns whether it did.
    fn start<'scope>(
        &'scope self,
        enough: usize,
        scope: &'scope Scope<'scope, '_>,
        work: &'scope CrewWork<'scope>,
    ) -> bool {
        let more = |started| (started < enough).then_some(started + 1);
        let order = Ordering::Relaxed;
        let took = move |time| self.took(time, scope, work);
        self.started.fetch_update(order, order, more).is_ok()
            && thread::Builder::new()
                .spawn_scoped(scope, move || {
                    // Shared state stays as it is after a panic; no thread continues with it.
                    if let Err(said) = catch_unwind(AssertUnwindSafe(|| work(&took))) {
                        locked(&self.panic).get_or_insert(said);
                    }
                })
                .is_ok()
    }

    /// Resumes the panic of a thread after all have ended.
    fn pass_on_panic(self) {
        let said = self.panic.into_inner();
        if let Some(said) = said.unwrap_or_else(PoisonError::into_inner) {
            resume_unwind(said);
        }
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Passes all chunks to `sink` in their order.
pub(super) fn in_order(
    image: &ResultImage,
    chunks: Chunks,
    readers: Readers,
    sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    match readers.useful(&chunks) {
        Readers { most: 1, .. } => one_by_one(image, chunks, sink),
        readers => in_order_by(readers, image, chunks, sink),
    }
}

fn in_order_by(
    readers: Readers,
    image: &ResultImage,
    chunks: Chunks,
    mut sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let queue = Queue::new(chunks);
    let crew = Crew::new(processors(), readers.most);
    let work = |took: &dyn Fn(Duration)| queue.work(image, took);
    let written = thread::scope(|scope| {
        // No thread keeps waiting, whatever happens here.
        let _over = Over(&queue);
        if !crew.start(crew.most, scope, &work) {
            // Some systems have no threads.
            let chunks = queue.take_back();
            return one_by_one(image, chunks, sink);
        }
        crew.start_others(readers, scope, &work);
        while let Some(made) = queue.next() {
            let bytes = made?;
            sink(&bytes)?;
            queue.give_back(bytes);
        }
        Ok(())
    });
    crew.pass_on_panic();
    written
}

/// Writes all chunks to `sink`, in any order and from any thread, including the calling one, which calls `done` from
/// time to time with the number of bytes written since.
pub(super) fn anywhere(
    image: &ResultImage,
    chunks: Chunks,
    readers: Readers,
    sink: &impl WriteAt,
    mut done: impl FnMut(u64) -> Result<()>,
) -> Result<()> {
    let readers = readers.useful(&chunks);
    let shares = Shares::new(chunks, readers.most);
    // The calling thread counts as one of them.
    let crew = Crew::new(processors() - 1, readers.most - 1);
    let work = |took: &dyn Fn(Duration)| shares.work(image, sink, took, |_| Ok(()));
    thread::scope(|scope| {
        crew.start_others(readers, scope, &work);
        let took = |time| crew.took(time, scope, &work);
        shares.work(image, sink, &took, |shares| done(shares.take_done()));
    });
    crew.pass_on_panic();
    if let Some((_, error)) = locked(&shares.state).failed.take() {
        return Err(error);
    }
    match shares.take_done() {
        0 => Ok(()),
        rest => done(rest),
    }
}

/// Chunks that several threads make and write, a few consecutive ones at a time, so that one thread opens neighbouring
/// files.
struct Shares {
    state: Mutex<ShareState>,
    cursors: Cursors,
    /// The number of chunks claimed at a time.
    together: u64,
}

struct ShareState {
    chunks: Chunks,
    /// The number of bytes written but not yet reported.
    done: u64,
    /// The error nearest to the image's start, and its position.
    failed: Option<(u64, Error)>,
}

/// The most chunks claimed at a time.
const TOGETHER: u64 = 8;

impl Shares {
    fn new(chunks: Chunks, readers: usize) -> Self {
        // Small enough that all threads stay busy almost to the end.
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
        sink: &impl WriteAt,
        took: &dyn Fn(Duration),
        mut after: impl FnMut(&Self) -> Result<()>,
    ) {
        let _end = EndOnPanic(self);
        let mut buf = Vec::new();
        loop {
            let Some(mut share) = locked(&self.state).chunks.claim(self.together) else {
                return;
            };
            while !share.is_empty() {
                match self.write_some(image, &share, sink, &mut buf, took) {
                    Ok(written) => {
                        locked(&self.state).done += written;
                        share.start += written;
                    }
                    Err(error) => return self.fail(share.start, error),
                }
                if let Err(error) = after(self) {
                    // Position 0 comes before all others.
                    return self.fail(0, error);
                }
                // Chunks before the failed one are still made: they may fail, too.
                let state = locked(&self.state);
                if state
                    .failed
                    .as_ref()
                    .is_some_and(|(at, _)| *at <= share.start)
                {
                    return;
                }
            }
        }
    }

    /// Writes the beginning of a share; returns the number of bytes written.
    fn write_some(
        &self,
        image: &ResultImage,
        share: &Range<u64>,
        sink: &impl WriteAt,
        buf: &mut Vec<u8>,
        took: &dyn Fn(Duration),
    ) -> Result<u64> {
        let copied = self.cursors.copy(image, share, sink)?;
        if copied > 0 {
            return Ok(copied);
        }
        let chunk = first_chunks(share, 1);
        self.cursors.make(image, &chunk, buf, took)?;
        sink.write_all_at(buf, chunk.start)
            .map_err(|source| Error::Write { source })?;
        Ok(chunk.end - chunk.start)
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

/// Ends the work of the other threads if a reader of the caller's panics.
struct EndOnPanic<'s>(&'s Shares);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            locked(&self.0.state).chunks = Chunks::default();
        }
    }
}

fn one_by_one(
    image: &ResultImage,
    chunks: Chunks,
    mut sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut cursor = Cursor::default();
    let mut buf = Vec::new();
    for chunk in chunks {
        make(image, &chunk, &mut buf, &mut cursor)?;
        sink(&buf)?;
    }
    Ok(())
}

/// Chunks being made, in their order.
struct Queue {
    state: Mutex<State>,
    /// Signals that the first chunk has been made.
    made: Condvar,
    /// Signals that another chunk may be claimed.
    room: Condvar,
    cursors: Cursors,
}

struct State {
    chunks: Chunks,
    /// The chunks claimed and not yet taken: `None` while being made.
    claimed: VecDeque<Option<Result<Vec<u8>>>>,
    /// The number of the first of them.
    first: usize,
    /// Buffers to reuse.
    spare: Vec<Vec<u8>>,
    /// The number of threads.
    readers: usize,
    over: bool,
}

impl State {
    /// Whether the limit of chunks made or waiting is reached: one being written, one waiting, and one for each reader.
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
    fn work(&self, image: &ResultImage, took: &dyn Fn(Duration)) {
        // If a reader of the caller's panics, nobody waits for its data.
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
            let made = self.cursors.make(image, &chunk, &mut buf, took);
            let made = made.map(|()| buf);
            state = locked(&self.state);
            // The entry stays until the chunk has been made.
            let place = number - state.first;
            state.claimed[place] = Some(made);
            if place == 0 {
                self.made.notify_one();
            }
        }
        drop(state);
        std::mem::forget(over);
    }

    /// Waits for the next chunk; returns `None` after the last.
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
                // Readers claim in order, so unclaimed chunks are at the end.
                None if all_claimed => return None,
                _ => state = self.wait(&self.made, state),
            }
        }
    }

    fn give_back(&self, buf: Vec<u8>) {
        locked(&self.state).spare.push(buf);
    }

    /// Takes back the unclaimed chunks.
    fn take_back(&self) -> Chunks {
        std::mem::take(&mut locked(&self.state).chunks)
    }
}

/// Ends all waiting on drop.
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
        let none = Readers {
            at_first: 0,
            most: 0,
        };
        in_order_by(none, &result, chunks, sink).unwrap();
        assert!(written == expected);
    }
}

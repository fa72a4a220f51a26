//! What the threads that make chunks have open.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use super::ResultImage;
use super::chunks::make;
use super::copy::copy;
use super::sink::WriteAt;
use crate::error::{Error, Result};
use crate::source::is_out_of_handles;
use crate::space::Cursor;

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
        let made = self.with_cursor(|cursor| {
            let start = now();
            let made = make(image, chunk, buf, cursor);
            if let Some(start) = start.filter(|_| !self.are_scarce()) {
                took(start.elapsed());
            }
            made
        });
        match made {
            Err(error) if is_too_much(&error) => {
                self.scarce.store(true, Ordering::Relaxed);
                let _alone = self
                    .together
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                locked(&self.idle).clear();
                patiently(|| make(image, chunk, buf, &mut Cursor::default()))
            }
            made => made,
        }
    }

    /// Has `sink` copy what `range` begins with, if it can; returns how many bytes it did.
    pub(super) fn copy(
        &self,
        image: &ResultImage,
        range: &Range<u64>,
        sink: &impl WriteAt,
    ) -> Result<u64> {
        match self.with_cursor(|cursor| copy(image, range, sink, cursor)) {
            Err(error) if is_too_much(&error) => Ok(0),
            copied => copied,
        }
    }

    fn with_cursor<T>(&self, work: impl FnOnce(&mut Cursor) -> T) -> T {
        let _together = self.together.read().unwrap_or_else(PoisonError::into_inner);
        let mut cursor = locked(&self.idle).pop().unwrap_or_default();
        let result = work(&mut cursor);
        if !self.are_scarce() {
            locked(&self.idle).push(cursor);
        }
        result
    }

    fn are_scarce(&self) -> bool {
        self.scarce.load(Ordering::Relaxed)
    }
}

/// Tries again while too many files are open: no other thread that makes chunks has one, but what starts a thread may,
/// for a moment.
fn patiently(mut make: impl FnMut() -> Result<()>) -> Result<()> {
    const TRIES: u32 = 200;
    for _ in 1..TRIES {
        match make() {
            Err(error) if is_too_much(&error) => thread::sleep(Duration::from_millis(1)),
            made => return made,
        }
    }
    make()
}

/// Whether the system has too many files open.
fn is_too_much(error: &Error) -> bool {
    matches!(error, Error::ReadSource { source, .. } if is_out_of_handles(source))
}

/// Nothing where there is no clock.
fn now() -> Option<Instant> {
    (!cfg!(target_family = "wasm")).then(Instant::now)
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs while one is locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

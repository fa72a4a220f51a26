//! The files that the threads that make chunks keep open.

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

/// The threads' open files. If the system has too few file handles, the threads take turns, each with nothing open
/// except what it reads.
#[derive(Default)]
pub(super) struct Cursors {
    /// The cursors that no thread is using.
    idle: Mutex<Vec<Cursor>>,
    /// The lock for turns: a thread that makes a chunk holds it for reading; one that must run alone, for writing.
    together: RwLock<()>,
    /// Whether file handles have run out.
    scarce: AtomicBool,
}

impl Cursors {
    /// Makes a chunk in `buf`. Calls `took` with the time needed, unless more threads would not help.
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

    /// Makes `sink` copy the beginning of `range`, if it can; returns the number of bytes copied.
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

/// Retries while too many files are open: no other thread that makes chunks has one open, but starting a thread may
/// need one for a moment.
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

/// Returns the time, or `None` where there is no clock.
fn now() -> Option<Instant> {
    (!cfg!(target_family = "wasm")).then(Instant::now)
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that can panic runs while a mutex is locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

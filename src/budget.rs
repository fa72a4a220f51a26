//! Budgets for reading a disc: memory for what is kept, and work for each operation.
//!
//! Anybody can have written a disc, and a few bytes of it can demand any amount of either.
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

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Excess, Result};

/// The memory for everything that is read from a disc and kept.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    left: AtomicU64,
}

impl Memory {
    /// `limit` is in bytes.
    pub(crate) const fn new(limit: u64) -> Self {
        Self {
            limit,
            left: AtomicU64::new(limit),
        }
    }

    /// Charges memory that is about to be taken.
    ///
    /// # Errors
    ///
    /// [`Error::ImportMemory`] if it exceeds the budget.
    pub(crate) fn charge(&self, bytes: u64) -> Result<()> {
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes)
            });
        left.map(|_| ()).map_err(|left| {
            Error::ImportMemory(Excess {
                needed: bytes.saturating_add(self.limit.saturating_sub(left)),
                limit: self.limit,
            })
        })
    }

    /// Releases charged memory.
    pub(crate) fn release(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Returns how many bytes may still be taken.
    pub(crate) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }
}

/// Memory that counts against the budget as long as this value lives.
#[derive(Debug)]
pub(crate) struct Charge {
    memory: Arc<Memory>,
    bytes: u64,
}

/// Shorter lists take so little memory that they are not counted.
const UNCOUNTED: usize = 1024;

impl Charge {
    pub(crate) fn new(memory: &Arc<Memory>) -> Self {
        Self {
            memory: Arc::clone(memory),
            bytes: 0,
        }
    }

    /// Charges memory that is about to be taken, in bytes.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<()> {
        let bytes = bytes as u64;
        self.memory.charge(bytes)?;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }

    /// Charges the memory for an empty list that is about to get `len` elements.
    pub(crate) fn add_list<T>(&mut self, len: usize) -> Result<()> {
        self.add(len.saturating_mul(size_of::<T>()))
    }

    /// Appends an element to a list, and charges the memory of the list's capacity.
    pub(crate) fn push<T>(&mut self, list: &mut Vec<T>, element: T) -> Result<()> {
        if list.len() == list.capacity() && list.len() >= UNCOUNTED {
            // Half as much again keeps the memory small that is charged but not used.
            let more = list.len() / 2;
            let counted_first = if list.len() < UNCOUNTED.saturating_mul(2) {
                list.len()
            } else {
                0
            };
            self.add_list::<T>(more.saturating_add(counted_first))?;
            list.reserve_exact(more);
        }
        list.push(element);
        Ok(())
    }

    /// Returns the charge, to be kept with what it counts; `None` if it counts nothing.
    pub(crate) fn shared(self) -> Option<Arc<Self>> {
        (self.bytes > 0).then(|| Arc::new(self))
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.memory.release(self.bytes);
    }
}

/// The work that one operation may do, such as opening a disc or listing a volume: bytes of structures that it reads,
/// and bytes that it makes of them, such as the text of paths. A step that costs time without bytes counts as a fixed
/// number of bytes.
///
/// Once it is used up, every further request fails, so that the operation ends. Half of it is for the targets of single
/// items, such as chains of extents: when that half is used up, only the items that request more of it fail.
#[derive(Debug)]
pub(crate) struct Work {
    limit: u64,
    used: AtomicU64,
    /// The part used for the targets of items.
    used_by_items: AtomicU64,
    /// One more than the block whose request exceeded the limit, or 0.
    exceeded_at: AtomicU64,
}

/// The purpose of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The volume, its directories, and the one structure that each item has.
    Tree,
    /// Further targets of an item, which any number of items can share.
    Item,
}

/// The number of bytes that a step without reading counts as.
pub(crate) const STEP: u64 = 64;

impl Work {
    /// How often an operation may read the whole disc, in bytes of the disc. If each structure is named once, an
    /// operation takes two or three times the structures; files with many names are read once for each name.
    const TIMES: u64 = 16;

    /// The bytes that an operation may read of any disc, however short it is.
    const LEAST: u64 = 64 << 20;

    /// The same, in stored bytes: a file may be compressed, but holes contain nothing.
    const STORED_TIMES: u64 = 256;

    /// The bytes that an operation may read of holes, however few bytes are stored: a file system may not have counted
    /// them yet.
    const HOLES: u64 = 1 << 30;

    /// Returns the limit, in bytes, for a disc of `len` bytes, of which `stored` are stored.
    pub(crate) fn limit_of(len: u64, stored: u64) -> u64 {
        let stored = stored
            .saturating_mul(Self::STORED_TIMES)
            .saturating_add(Self::HOLES);
        let len = len.saturating_mul(Self::TIMES);
        len.min(stored).saturating_add(Self::LEAST)
    }

    /// `limit` is in bytes.
    pub(crate) const fn new(limit: u64) -> Self {
        Self {
            limit,
            used: AtomicU64::new(0),
            used_by_items: AtomicU64::new(0),
            exceeded_at: AtomicU64::new(0),
        }
    }

    /// Charges work that is about to be done for the structure at a block of the disc.
    ///
    /// # Errors
    ///
    /// [`Error::ImportWork`] if it exceeds what is left for the purpose.
    pub(crate) fn charge(&self, purpose: Purpose, bytes: u64, block: u32) -> Result<()> {
        if purpose == Purpose::Item {
            let limit = self.limit / 2;
            let counted =
                self.used_by_items
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                        used.checked_add(bytes).filter(|used| *used <= limit)
                    });
            counted.map_err(|_| Error::ImportWork {
                what: "what its items lead to",
                block,
                limit,
            })?;
        }
        // One charge is at most as long as a disc, so the sum does not wrap.
        let used = self.used.fetch_add(bytes, Ordering::Relaxed);
        if used.saturating_add(bytes) <= self.limit {
            return Ok(());
        }
        let at = u64::from(block).saturating_add(1);
        let _ = self
            .exceeded_at
            .compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed);
        self.check()
    }

    /// Fails if the operation has ever exceeded its limit, even if that error went unnoticed.
    pub(crate) fn check(&self) -> Result<()> {
        let at = self.exceeded_at.load(Ordering::Relaxed);
        match at.checked_sub(1) {
            None => Ok(()),
            Some(block) => Err(Error::ImportWork {
                what: "its structures",
                block: u32::try_from(block).unwrap_or(u32::MAX),
                limit: self.limit,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_count_the_room_they_have() {
        let memory = Arc::new(Memory::new(1 << 20));
        let mut charge = Charge::new(&memory);
        let mut list = Vec::new();
        let refused = loop {
            if let Err(error) = charge.push(&mut list, 0_u64) {
                break error;
            }
            let counted = (1 << 20) - memory.left();
            assert!(list.capacity() < 2 * UNCOUNTED || counted >= list.capacity() as u64 * 8);
        };
        assert!(matches!(refused, Error::ImportMemory(_)));
        assert!(list.len() > 50_000, "{}", list.len());
        drop(charge);
        assert_eq!(memory.left(), 1 << 20);
    }

    #[test]
    fn a_disc_may_be_read_sixteen_times() {
        assert_eq!(Work::limit_of(0, 0), 67_108_864);
        assert_eq!(Work::limit_of(1 << 30, 1 << 30), 17_246_978_048);
        assert_eq!(Work::limit_of(u64::MAX, u64::MAX), u64::MAX);
    }

    #[test]
    fn holes_of_terabytes_are_not_read() {
        let limit = Work::limit_of(8 << 40, 64 << 10);
        assert_eq!(limit, (16 << 20) + (1 << 30) + (64 << 20));
    }

    #[test]
    fn work_that_was_refused_once_stays_refused() {
        let work = Work::new(100);
        work.charge(Purpose::Tree, 100, 1).unwrap();
        work.check().unwrap();
        for block in [7, 8] {
            let error = work.charge(Purpose::Tree, 1, block).unwrap_err();
            assert!(matches!(
                error,
                Error::ImportWork {
                    block: 7,
                    limit: 100,
                    ..
                }
            ));
        }
        assert!(work.check().is_err());
    }

    #[test]
    fn items_that_ask_for_too_much_leave_enough_for_the_rest() {
        let work = Work::new(100);
        work.charge(Purpose::Item, 50, 1).unwrap();
        let error = work.charge(Purpose::Item, 1, 2).unwrap_err();
        assert!(matches!(
            error,
            Error::ImportWork {
                block: 2,
                limit: 50,
                ..
            }
        ));
        work.check().unwrap();
        work.charge(Purpose::Tree, 50, 1).unwrap();
        work.check().unwrap();
    }
}

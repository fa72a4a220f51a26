//! The whole tree of a volume.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::sync::Arc;

use hashbrown::HashSet;

use super::item::{ParentPath, RecordedItem, Shared};
use crate::budget::Work;
use crate::error::{Error, Result};
use crate::finding::{Fault, Finding, FindingCode};
use crate::recorded::{Entries, Entry, EntryKind, Unread, Volume};

/// The deepest level of a directory that the walk enters, with the root at 0. Linux accepts paths of at most 4096
/// bytes, which have at most 2048 names: this is twice as deep.
const MAX_DEPTH: usize = 4096;

/// Memory for remembering one directory, including the spare room of the set.
const REMEMBERED: u64 = 32;

/// All items of a volume: [`RecordedVolume::walk`](crate::RecordedVolume::walk).
pub struct RecordedWalk<'a> {
    shared: &'a Arc<Shared>,
    /// The volume as this walk reads it, and the limit of its work.
    volume: Arc<dyn Volume>,
    work: Arc<Work>,
    /// The directories from the root down to the current one.
    stack: Vec<Level>,
    /// The directory to enter next, or a root that cannot be read.
    next: Option<(Result<Entry>, Option<Arc<ParentPath>>)>,
    /// Directories seen so far.
    met: HashSet<u64>,
    /// Bytes of their records.
    directory_len: u64,
    is_over: bool,
}

struct Level {
    entries: Entries,
    place: Option<Arc<ParentPath>>,
    /// Where the directory begins.
    block: u32,
}

impl<'a> RecordedWalk<'a> {
    /// Begins a walk, as part of an operation if that already has `work`.
    pub(super) fn new(shared: &'a Arc<Shared>, work: Option<&Arc<Work>>) -> Self {
        let work = work.map_or_else(|| shared.blocks.new_work(), Arc::clone);
        let volume = shared.volume.within(&work);
        Self {
            shared,
            stack: Vec::new(),
            next: Some((volume.root(), None)),
            volume,
            work,
            met: HashSet::new(),
            directory_len: 0,
            is_over: false,
        }
    }

    /// Returns the level of the last item returned: 1 in the root directory.
    pub(crate) fn level(&self) -> usize {
        self.stack.len()
    }

    /// Enters a directory.
    fn enter(&mut self, directory: &Entry, place: Option<Arc<ParentPath>>) -> Result<()> {
        self.check(directory)?;
        let entries = self.volume.entries(directory)?;
        let block = directory.block();
        self.stack.push(Level {
            entries,
            place,
            block,
        });
        Ok(())
    }

    fn next_item(&mut self) -> Option<Result<RecordedItem>> {
        if let Some((directory, place)) = self.next.take() {
            let entered = directory.and_then(|directory| self.enter(&directory, place.clone()));
            if let Err(error) = entered {
                return Some(self.listed(Err(error.into()), place.as_ref()));
            }
        }
        loop {
            let level = self.stack.last_mut()?;
            let Some(entry) = level.entries.next() else {
                self.stack.pop();
                continue;
            };
            let place = level.place.clone();
            let item = self.listed(entry, place.as_ref());
            if let Ok(item) = &item {
                let entry = item.entry();
                if entry.kind == EntryKind::Directory {
                    let below = ParentPath::new(&entry.name, place.as_ref());
                    self.next = Some((Ok(entry.to_be_listed()), Some(below)));
                }
            }
            return Some(item);
        }
    }

    fn listed(
        &self,
        entry: Result<Entry, Unread>,
        place: Option<&Arc<ParentPath>>,
    ) -> Result<RecordedItem> {
        let block = self.stack.last().map_or(0, |level| level.block);
        RecordedItem::listed(self.shared, &self.work, entry, place, block)
    }

    /// Checks that directories form a tree, and each has its own blocks: as long as this holds, the walk ends.
    fn check(&mut self, directory: &Entry) -> Result<()> {
        let corrupt = |fault: Fault| {
            Error::from(Finding::new(
                self.shared.file_system,
                directory.block(),
                fault,
            ))
        };
        if self.stack.len() > MAX_DEPTH {
            let (depth, most) = (self.stack.len() as u64, MAX_DEPTH as u64);
            return Err(corrupt(FindingCode::TreeDepth.above("level", depth, most)));
        }
        if self.met.contains(&directory.identity) {
            return Err(corrupt(FindingCode::TreeLoop.into()));
        }
        let len = self.directory_len.saturating_add(directory.len);
        if len > self.shared.blocks.len() {
            let most = self.shared.blocks.len();
            return Err(corrupt(FindingCode::TreeLength.above("bytes", len, most)));
        }
        self.shared.blocks.charge(REMEMBERED)?;
        self.met.insert(directory.identity);
        self.directory_len = len;
        Ok(())
    }
}

impl Iterator for RecordedWalk<'_> {
    type Item = Result<RecordedItem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let item = self.next_item();
        let too_much = self.work.check();
        self.is_over = item.is_none() || too_much.is_err();
        // The error that the work ran out comes last; it may have gone unnoticed until now.
        let last = too_much.err().map(|error| {
            let here = self.stack.last().and_then(|level| level.place.as_ref());
            self.listed(Err(error.into()), here)
        });
        item.or(last)
    }
}

impl Drop for RecordedWalk<'_> {
    fn drop(&mut self) {
        let directories = self.met.len() as u64;
        let bytes = directories.saturating_mul(REMEMBERED);
        self.shared.blocks.release(bytes);
    }
}

impl fmt::Debug for RecordedWalk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = self.stack.last().and_then(|level| level.place.as_ref());
        f.debug_struct("RecordedWalk")
            .field("directory", &ParentPath::path(here))
            .finish_non_exhaustive()
    }
}

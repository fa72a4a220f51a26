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

use super::item::{Place, RecordedItem, Shared};
use crate::block::BLOCK_SIZE;
use crate::error::{Error, Result};
use crate::recorded::{Data, Entry, Kind};

/// The deepest level of a directory that is looked into, the root being at 0. Linux takes paths of 4096 bytes at most, which
/// have at most 2048 names: this is twice as deep as it sees.
const MAX_DEPTH: usize = 4096;

const BLOCK_LEN: u64 = BLOCK_SIZE as u64;

/// Memory that remembering one directory takes, with the room that the set has to spare.
const REMEMBERED: u64 = 32;

/// All items of a volume: [`RecordedVolume::walk`](crate::RecordedVolume::walk).
pub struct RecordedWalk<'a> {
    shared: &'a Arc<Shared>,
    /// The directories from the root down to where the walk is.
    stack: Vec<Level<'a>>,
    /// What the walk goes into next, or a root that cannot be read.
    next: Option<Result<(Entry, Option<Arc<Place>>)>>,
    /// Directories that were met.
    met: HashSet<u64>,
    /// Bytes of their records.
    directory_len: u64,
}

struct Level<'a> {
    entries: Box<dyn Iterator<Item = Result<Entry>> + 'a>,
    place: Option<Arc<Place>>,
}

impl<'a> RecordedWalk<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>) -> Self {
        Self {
            shared,
            stack: Vec::new(),
            next: Some(shared.volume.root().map(|root| (root, None))),
            met: HashSet::new(),
            directory_len: 0,
        }
    }

    /// The level of the item that was given last: 1 in the root directory.
    pub(crate) fn level(&self) -> usize {
        self.stack.len()
    }

    /// Goes into a directory.
    fn enter(&mut self, directory: &Entry, place: Option<Arc<Place>>) -> Result<()> {
        self.check(directory)?;
        let entries = self.shared.volume.entries(directory)?;
        self.stack.push(Level { entries, place });
        Ok(())
    }

    /// Directories form a tree, and each has its own blocks: so long as this holds the walk ends.
    fn check(&mut self, directory: &Entry) -> Result<()> {
        let corrupt = |what| Error::Corrupt {
            file_system: self.shared.file_system,
            block: block_of(directory),
            what,
        };
        if self.stack.len() > MAX_DEPTH {
            return Err(corrupt("directory lies too deep"));
        }
        if self.met.contains(&directory.identity) {
            return Err(corrupt("directory is also in another place"));
        }
        let len = self.directory_len.saturating_add(directory.len);
        if len > self.shared.blocks.len() {
            return Err(corrupt("directories take more than the whole disc"));
        }
        self.shared.blocks.charge(REMEMBERED)?;
        self.met.insert(directory.identity);
        self.directory_len = len;
        Ok(())
    }
}

fn block_of(directory: &Entry) -> u32 {
    match &directory.data {
        Data::Runs(runs) => runs.first().and_then(|run| run.at),
        Data::Embedded(_) => None,
    }
    .and_then(|at| u32::try_from(at / BLOCK_LEN).ok())
    .unwrap_or_default()
}

impl Iterator for RecordedWalk<'_> {
    type Item = Result<RecordedItem>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(next) = self.next.take() {
            let entered = next.and_then(|(directory, place)| {
                let path = place.clone();
                self.enter(&directory, place)
                    .map_err(|source| unreadable(path.as_ref(), source))
            });
            if let Err(error) = entered {
                return Some(Err(error));
            }
        }
        loop {
            let level = self.stack.last_mut()?;
            let Some(entry) = level.entries.next() else {
                self.stack.pop();
                continue;
            };
            let place = level.place.as_ref();
            return Some(match entry {
                Ok(entry) => {
                    if entry.kind == Kind::Directory {
                        let below = Place::new(&entry.name, place);
                        self.next = Some(Ok((entry.clone(), Some(below))));
                    }
                    let shared = Arc::clone(self.shared);
                    Ok(RecordedItem::new(shared, entry, place.cloned()))
                }
                Err(source) => Err(unreadable(place, source)),
            });
        }
    }
}

fn unreadable(place: Option<&Arc<Place>>, source: Error) -> Error {
    Error::ReadItem {
        path: Place::path(place),
        source: Box::new(source),
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
            .field("directory", &Place::path(here))
            .finish_non_exhaustive()
    }
}

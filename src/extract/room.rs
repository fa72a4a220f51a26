//! The room that the files of a volume need, and checks that it exists.

use std::io;
use std::path::Path;

use super::copy::recorded_len;
use crate::error::{Error, Result, Shortage};
use crate::host::Room;
use crate::import::{RecordedItem, RecordedKind};
use crate::path::ImagePath;

/// The number of bytes or items between two checks of the remaining room.
const STEP: Needed = Needed {
    bytes: 64 << 20,
    items: 4096,
};

/// The room that items take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needed {
    pub bytes: u64,
    pub items: u64,
}

impl Needed {
    /// Returns the room that an item takes. A file with several names counts once for each, because each becomes a file
    /// of its own; one whose data is not entirely on the disc takes nothing, because it is left out.
    pub(super) fn of(item: &RecordedItem, disc: u64) -> Self {
        match item.kind() {
            RecordedKind::Directory => Self { bytes: 0, items: 1 },
            RecordedKind::File | RecordedKind::Encoded(_) => recorded_len(item, disc)
                .map_or_else(|_| Self::default(), |bytes| Self { bytes, items: 1 }),
            RecordedKind::SymbolicLink { .. } | RecordedKind::Special(_) => Self::default(),
        }
    }

    pub(super) const fn with(self, more: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(more.bytes),
            items: self.items.saturating_add(more.items),
        }
    }

    const fn without(self, less: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(less.bytes),
            items: self.items.saturating_sub(less.items),
        }
    }
}

/// The room still needed, and what was taken since the last check.
pub(super) struct Supply<'a> {
    directory: &'a Path,
    needed: Needed,
    since: Needed,
}

impl<'a> Supply<'a> {
    pub(super) fn new(directory: &'a Path, needed: Needed) -> Self {
        Self {
            directory,
            needed,
            since: Needed::default(),
        }
    }

    /// Refuses files that do not fit. On systems that do not report their free space, writing fails when the disk is
    /// full.
    pub(super) fn check(&self, room: Option<Room>) -> Result<()> {
        let Some(room) = room else {
            return Ok(());
        };
        let directory = || self.directory.to_owned();
        if self.needed.bytes > room.bytes {
            return Err(Error::ExtractSpace(Shortage {
                directory: directory(),
                needed: self.needed.bytes,
                available: room.bytes,
            }));
        }
        match room.items {
            Some(available) if self.needed.items > available => {
                Err(Error::ExtractItems(Shortage {
                    directory: directory(),
                    needed: self.needed.items,
                    available,
                }))
            }
            _ => Ok(()),
        }
    }

    /// Subtracts what an item took, and checks now and then that the rest still fits: others write, too.
    pub(super) fn take(&mut self, item: Needed, room: impl FnOnce() -> Option<Room>) -> Result<()> {
        self.needed = self.needed.without(item);
        self.since = self.since.with(item);
        if self.since.bytes < STEP.bytes && self.since.items < STEP.items {
            return Ok(());
        }
        self.since = Needed::default();
        self.check(room())
    }

    /// The error for a full disk.
    pub(super) fn exhausted(&self, path: ImagePath, source: io::Error) -> Error {
        Error::WriteExtracted {
            path,
            directory: self.directory.to_owned(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn needed(mebibytes: u64, items: u64) -> Needed {
        Needed {
            bytes: mebibytes * MIB,
            items,
        }
    }

    fn room(mebibytes: u64, items: Option<u64>) -> Option<Room> {
        let bytes = mebibytes * MIB;
        Some(Room { bytes, items })
    }

    #[test]
    fn what_others_write_meanwhile_is_seen_before_the_disk_is_full() {
        let directory = Path::new("target");
        let mut supply = Supply::new(directory, needed(200, 10_000));
        supply.check(room(200, Some(10_000))).unwrap();
        let unseen = || -> Option<Room> { panic!("looked too early") };
        supply.take(needed(30, 1), unseen).unwrap();
        supply
            .take(needed(40, 1), || room(130, Some(9998)))
            .unwrap();
        supply.take(needed(63, 4000), unseen).unwrap();
        let full = supply.take(needed(0, 96), || room(66, Some(9998)));
        assert!(
            matches!(full, Err(Error::ExtractSpace(Shortage { needed, available, .. })) if needed == 67 * MIB && available == 66 * MIB)
        );
        let full = supply.take(needed(64, 0), || room(66, Some(5901)));
        assert!(matches!(
            full,
            Err(Error::ExtractItems(Shortage {
                needed: 5902,
                available: 5901,
                ..
            }))
        ));
        // A system that does not report its room refuses nothing.
        supply.take(needed(64, 0), || None).unwrap();
        supply.take(needed(64, 0), || room(0, None)).unwrap();
    }
}

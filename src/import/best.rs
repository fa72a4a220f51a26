//! The file system of a session that keeps most of what was recorded, and what each file system lacks.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::error::Error as _;
use std::fmt;

use hashbrown::HashMap;

use super::disc::RecordedDisc;
use super::item::{RecordedItem, RecordedKind};
use super::volume::RecordedVolume;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::path::ImagePath;
use crate::printable::Printable;

/// The number of items of each tree to sample: enough to tell the trees apart, and few on any disc.
const LOOKED_AT: usize = 1024;

/// A name of fewer UTF-16 units was not cut: Joliet has 64 of them, less a character and a dot at most, and UDF more.
const SHORTEST_CUT: usize = 60;

/// Something that the volume being read lacks but another file system of the session has: [`RecordedDisc::lacks`].
#[derive(Debug)]
#[non_exhaustive]
pub enum RecordedLack {
    /// The other file system cannot be read, so its contents are unknown.
    Unreadable {
        /// The other file system.
        file_system: FileSystems,
        /// The reason.
        source: Error,
    },
    /// Symbolic links and special files. They are missing, or are empty files.
    Links {
        /// The other file system.
        file_system: FileSystems,
        /// The number seen.
        count: usize,
        /// The first of them, in the other file system.
        example: ImagePath,
    },
    /// The modes and owners of files.
    Owners {
        /// The other file system.
        file_system: FileSystems,
    },
    /// Names that are cut or changed.
    Names {
        /// The other file system.
        file_system: FileSystems,
        /// The number seen.
        count: usize,
        /// The first of them, in the other file system.
        example: ImagePath,
    },
    /// Files and directories.
    Items {
        /// The other file system.
        file_system: FileSystems,
        /// The number seen.
        count: usize,
    },
}

impl RecordedLack {
    /// Returns the file system that has it.
    #[must_use]
    pub const fn file_system(&self) -> FileSystems {
        match self {
            Self::Unreadable { file_system, .. }
            | Self::Links { file_system, .. }
            | Self::Owners { file_system }
            | Self::Names { file_system, .. }
            | Self::Items { file_system, .. } => *file_system,
        }
    }
}

impl fmt::Display for RecordedLack {
    /// Writes one sentence without a full stop; it does not name the file system that is being read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable {
                file_system,
                source,
            } => {
                write!(f, "{file_system} cannot be read: {source}")?;
                let mut cause = source.source();
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
            Self::Links {
                file_system,
                count,
                example,
            } => write!(
                f,
                "{file_system} has symbolic links or special files, at least {count}, such as `{}`",
                Printable(example)
            ),
            Self::Owners { file_system } => write!(f, "{file_system} has modes and owners"),
            Self::Names {
                file_system,
                count,
                example,
            } => write!(
                f,
                "{file_system} has names that are cut or changed here, at least {count}, such as `{}`",
                Printable(example)
            ),
            Self::Items { file_system, count } => {
                write!(f, "{file_system} has at least {count} more items")
            }
        }
    }
}

impl RecordedDisc {
    /// Opens the file system of the session that keeps most of what was recorded.
    ///
    /// Chooses the first of these whose root directory can be read:
    ///
    /// 1. UDF, if it records symbolic links, modes and owners as Rock Ridge does, if it has more items than the tree
    ///    with Rock Ridge, or if there is no Rock Ridge;
    /// 2. ISO 9660 with Rock Ridge;
    /// 3. UDF;
    /// 4. Joliet;
    /// 5. ISO 9660.
    ///
    /// Only the first 1,024 items of each tree count. If Rock Ridge has no link among them, it is preferred, because
    /// programs that write both often leave links out of UDF. An ISO 9660 tree that is there only for booting comes
    /// last. [`RecordedDisc::lacks`] reports what the file system lacks that another one has, and which could not be
    /// read.
    ///
    /// Not in IMAPI2, which reads [UDF, else Joliet, else ISO 9660](RecordedDisc::default_file_system).
    ///
    /// # Errors
    ///
    /// - [`Error::EmptyDisc`] and [`Error::NoSupportedFileSystem`] as for [`RecordedDisc::default_file_system`];
    /// - those of [`RecordedDisc::volume`] if no file system can be opened.
    pub fn best_volume(&self) -> Result<RecordedVolume> {
        match self.file_systems() {
            none if none.is_empty() => {
                let first = self.default_file_system()?;
                return self.volume(first);
            }
            one if one.bits().count_ones() == 1 => return self.volume(one),
            _ => {}
        }
        let (mut trees, mut failed) = (Vec::new(), None);
        for file_system in BY_RANK {
            if self.file_systems().contains(file_system) {
                match Candidate::open(self, file_system) {
                    Ok(tree) => trees.push(tree),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        let is_stub = self.session().is_boot_stub();
        let rock_ridge = trees
            .iter()
            .position(|tree| tree.volume.has_rock_ridge() && !tree.is_broken() && !is_stub);
        let udf = trees
            .iter()
            .position(|tree| tree.volume.file_system() == FileSystems::UDF && !tree.is_broken());
        let best = match (udf, rock_ridge) {
            (Some(udf), Some(other)) => {
                let keeps = trees.get(udf).zip(trees.get(other));
                if keeps.is_some_and(|(udf, other)| udf.keeps(other)) {
                    Some(udf)
                } else {
                    Some(other)
                }
            }
            (udf, rock_ridge) => udf.or(rock_ridge),
        };
        // If no root can be read, a volume is better than none: it says why.
        let best = best
            .or_else(|| trees.iter().position(|tree| !tree.is_broken()))
            .or((!trees.is_empty()).then_some(0));
        match (best, failed) {
            (Some(best), _) => Ok(trees.swap_remove(best).volume),
            (None, Some(error)) => Err(error),
            (None, None) => Err(Error::NoSupportedFileSystem),
        }
    }

    /// Returns what `volume`, one of the session's file systems, lacks but others have, and which of those cannot be
    /// read. Compares only the first 1,024 items of each tree, so the list may be incomplete.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub fn lacks(&self, volume: &RecordedVolume) -> Vec<RecordedLack> {
        let others = self.file_systems().difference(volume.file_system());
        let mut lacks = Vec::new();
        if others.is_empty() {
            return lacks;
        }
        let sample = Sample::of(volume);
        for file_system in BY_RANK {
            if !others.contains(file_system) {
                continue;
            }
            match Candidate::open(self, file_system) {
                Ok(Candidate {
                    volume: other,
                    sample: theirs,
                }) => match theirs.broken {
                    Some(source) => lacks.push(RecordedLack::Unreadable {
                        file_system,
                        source,
                    }),
                    None => sample.lacks(volume, &other, &theirs, &mut lacks),
                },
                Err(source) => lacks.push(RecordedLack::Unreadable {
                    file_system,
                    source,
                }),
            }
        }
        lacks
    }
}

const BY_RANK: [FileSystems; 3] = [FileSystems::UDF, FileSystems::JOLIET, FileSystems::ISO9660];

/// An opened file system, and a sample of its tree.
struct Candidate {
    volume: RecordedVolume,
    sample: Sample,
}

impl Candidate {
    fn open(disc: &RecordedDisc, file_system: FileSystems) -> Result<Self> {
        let volume = disc.volume(file_system)?;
        let sample = Sample::of(&volume);
        Ok(Self { volume, sample })
    }

    const fn is_broken(&self) -> bool {
        self.sample.broken.is_some()
    }

    /// Returns `true` if this UDF tree keeps everything that the Rock Ridge tree has.
    fn keeps(&self, other: &Self) -> bool {
        let (here, there) = (&self.sample, &other.sample);
        let has_more = there.is_whole && here.items > there.items;
        has_more || here.has_owners && here.links > 0 && here.links >= there.links
    }
}

/// The first items of a tree.
#[derive(Default)]
struct Sample {
    items: usize,
    /// Whether these are all items.
    is_whole: bool,
    /// Why the root directory, or anything in it, cannot be read.
    broken: Option<Error>,
    links: usize,
    first_link: Option<ImagePath>,
    has_owners: bool,
    /// Names of files by the place and the length of their data; `None` if several files share the data.
    names: HashMap<(u64, u64), Option<ImagePath>>,
}

impl Sample {
    fn of(volume: &RecordedVolume) -> Self {
        let mut sample = Self::default();
        let mut error = None;
        let mut walk = volume.walk();
        for item in walk.by_ref().take(LOOKED_AT) {
            match item {
                Ok(item) => sample.add(&item),
                Err(found) => error = error.or(Some(found)),
            }
        }
        sample.is_whole = walk.next().is_none();
        if sample.items == 0 {
            sample.broken = error;
        }
        sample
    }

    fn add(&mut self, item: &RecordedItem) {
        self.items = self.items.saturating_add(1);
        self.has_owners |= item.entry().has_owner;
        if matches!(
            item.kind(),
            RecordedKind::SymbolicLink { .. } | RecordedKind::Special(_)
        ) {
            self.links = self.links.saturating_add(1);
            self.first_link.get_or_insert_with(|| item.path());
        }
        let first = item.extents().next().and_then(|extent| extent.offset);
        if let Some(first) = first.filter(|_| item.len() > 0) {
            let path = item.path();
            self.names
                .entry((first, item.len()))
                .and_modify(|known| *known = None)
                .or_insert(Some(path));
        }
    }

    /// Adds to `lacks` what `other`, with the sample `theirs`, has and `volume`, with this sample, lacks.
    fn lacks(
        &self,
        volume: &RecordedVolume,
        other: &RecordedVolume,
        theirs: &Self,
        lacks: &mut Vec<RecordedLack>,
    ) {
        let file_system = other.file_system();
        let links = theirs.links.saturating_sub(self.links);
        if let Some(example) = theirs.first_link.clone().filter(|_| links > 0) {
            lacks.push(RecordedLack::Links {
                file_system,
                count: links,
                example,
            });
        }
        if theirs.has_owners && !self.has_owners {
            lacks.push(RecordedLack::Owners { file_system });
        }
        let is_plain = volume.file_system() == FileSystems::ISO9660 && !volume.has_rock_ridge();
        let mut changed: Vec<&ImagePath> = Vec::new();
        for (place, path) in &theirs.names {
            let Some(Some(here)) = self.names.get(place) else {
                continue;
            };
            let Some(path) = path else { continue };
            let [name, others] = [here, path].map(|path| path.name().unwrap_or_default());
            let [len, others_len] = [name, others].map(|name| name.chars().count());
            // In file systems with shorter limits, names can still be longer, by a number or by several bytes for one
            // character.
            let may_be_cut = other.has_rock_ridge() || name.encode_utf16().count() >= SHORTEST_CUT;
            if may_be_cut && others_len > len || is_plain && name != others {
                changed.push(path);
            }
        }
        // The order of the hash table must not show.
        if let Some(example) = changed.iter().min() {
            lacks.push(RecordedLack::Names {
                file_system,
                count: changed.len(),
                example: (*example).clone(),
            });
        }
        let items = theirs.items.saturating_sub(links);
        if self.is_whole && items > self.items {
            lacks.push(RecordedLack::Items {
                file_system,
                count: items.saturating_sub(self.items),
            });
        }
    }
}

//! A file system on a disc.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::sync::Arc;

use super::item::{RecordedItem, Shared};
use super::opened::OpenedSession;
use super::walk::RecordedWalk;
use crate::block::{BLOCK_SIZE, Extent};
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, UdfRevision};
use crate::finding::Finding;
use crate::iso9660::read::HierarchyVolume;
use crate::media::Blocks;
use crate::path::ImagePath;
use crate::recorded::Volume;
use crate::tree::same_folded;

/// The most names that differ only by case to distinguish if none is exact.
const MOST_FOLDED: usize = 16;

/// A file system as opened by a format's reader.
pub(super) struct Opened {
    pub volume: Arc<dyn Volume>,
    pub name: String,
    /// For UDF.
    pub udf_revision: Option<UdfRevision>,
    pub rock_ridge: bool,
}

/// One file system of a disc: its name and its directory tree.
pub struct RecordedVolume {
    shared: Arc<Shared>,
    name: String,
    udf_revision: Option<UdfRevision>,
    rock_ridge: bool,
}

impl RecordedVolume {
    pub(super) fn new(blocks: Arc<Blocks>, file_system: FileSystems, opened: Opened) -> Self {
        Self {
            shared: Arc::new(Shared {
                blocks,
                volume: opened.volume,
                file_system,
            }),
            name: opened.name,
            udf_revision: opened.udf_revision,
            rock_ridge: opened.rock_ridge,
        }
    }

    /// Returns the volume's name, without the blanks that pad its field.
    ///
    /// IMAPI2: `IFileSystemImage::get_ImportedVolumeName`.
    #[must_use]
    #[doc(alias = "get_ImportedVolumeName")]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the file system, exactly one.
    #[must_use]
    pub fn file_system(&self) -> FileSystems {
        self.shared.file_system
    }

    /// Returns the revision of UDF, if it is a known one.
    #[must_use]
    pub const fn udf_revision(&self) -> Option<UdfRevision> {
        self.udf_revision
    }

    /// Returns `true` if names, kinds and times come from Rock Ridge, which only ISO 9660 can have.
    #[must_use]
    pub const fn has_rock_ridge(&self) -> bool {
        self.rock_ridge
    }

    /// Returns how many bytes of the disc can be data of files.
    pub(crate) fn data_len(&self) -> u64 {
        self.shared.blocks.data_len()
    }

    /// Returns the root directory.
    ///
    /// # Errors
    ///
    /// Fails if the root directory cannot be read.
    pub fn root(&self) -> Result<RecordedItem> {
        let root = self.shared.volume.root()?;
        Ok(RecordedItem::root(Arc::clone(&self.shared), root))
    }

    /// Returns the item at a path. A name of the path matches an item of exactly that name or, if there is none, the
    /// only one whose name differs just by case. If several items have the same name, it is the first of them.
    ///
    /// [`FileSystemImage::item`](crate::FileSystemImage::item) finds items in the same way.
    ///
    /// # Errors
    ///
    /// - [`Error::ItemNotFound`] if there is none;
    /// - [`Error::AmbiguousName`] if several names differ by case and none is exact;
    /// - [`Error::NotADirectory`] if something on the way is not a directory;
    /// - [`Error::ReadItem`] if the item, or a directory on the way, cannot be read;
    /// - [`Error::ReadEntries`] if no item is found, and not all entries of the directory can be read.
    pub fn item(&self, path: impl Into<ImagePath>) -> Result<RecordedItem> {
        let path = path.into();
        let mut item = self.root()?;
        for name in path.components() {
            item = find(&item, name, &path)?;
        }
        Ok(item)
    }

    /// Returns all items below the root, each directory before its items, in the order in which they are recorded.
    ///
    /// An unreadable item is an error in its place, and the walk continues after it: [`Error::ReadItem`] concerns an
    /// item that is not returned otherwise, and has its path; [`Error::ReadEntries`] concerns a directory, or the named
    /// streams of a file, that has already been returned, and of which some or all entries are unknown. A directory
    /// seen before is an error, too, so that the walk ends; so is an item whose path is longer than 65,536 bytes.
    /// [`Error::ImportWork`] ends the walk.
    #[must_use]
    pub fn walk(&self) -> RecordedWalk<'_> {
        RecordedWalk::new(&self.shared, None)
    }

    /// Walks as part of the operation that opened this volume.
    pub(super) fn walk_on(&self) -> RecordedWalk<'_> {
        RecordedWalk::new(&self.shared, Some(self.shared.blocks.work()))
    }

    /// Returns `true` if the root directory, which can be read, lies in these blocks: the volume is that of the session
    /// there.
    pub(crate) fn is_rooted_in(&self, session: Extent) -> Result<bool> {
        let root = self.shared.volume.root()?;
        let mut entries = self.shared.volume.entries(&root)?;
        entries.next().transpose().map_err(|unread| unread.error)?;
        // The place of its structure: data embedded in the root has no place of its own.
        let block = root.identity.checked_div(BLOCK_SIZE.into()).unwrap_or(0);
        let [start, end] = [session.start, session.end()].map(|block| u64::from(block.0));
        Ok((start..end).contains(&block))
    }

    /// Returns the violations of a standard found so far from which the reader recovered.
    ///
    /// Reading more may add others. At most some hundreds are kept.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.shared.volume.findings()
    }
}

/// Returns the item called `name` in a directory, on the way to `path`.
fn find(directory: &RecordedItem, name: &str, path: &ImagePath) -> Result<RecordedItem> {
    // The first item whose name differs only by case, or the error of one that cannot be read.
    let mut folded: Option<Result<RecordedItem>> = None;
    let mut names: Vec<String> = Vec::new();
    let mut matches = 0;
    let mut unknown = None;
    for entry in directory.entries()? {
        let found = match &entry {
            Ok(entry) => entry.name(),
            Err(Error::ReadItem { path, .. }) if is_in(path, directory) => {
                path.name().unwrap_or_default()
            }
            Err(Error::ReadEntries { .. }) => {
                unknown = unknown.or(entry.err());
                continue;
            }
            // A named stream.
            Err(_) => continue,
        };
        if found == name {
            return entry;
        }
        // Several items with one name count as the first of them.
        if same_folded(found, name) && names.iter().all(|known| known != found) {
            matches = names.len().saturating_add(1);
            // This many are distinguished; the count is for a message.
            if names.len() < MOST_FOLDED {
                names.push(found.to_owned());
            }
            folded = folded.or(Some(entry));
        }
    }
    match (folded, unknown) {
        (Some(_), _) if matches > 1 => Err(Error::AmbiguousName {
            path: directory.path().join(name),
            matches,
        }),
        (Some(found), None) => found,
        // It may be the requested item.
        (_, Some(error)) => Err(error),
        (None, None) => Err(Error::ItemNotFound { path: path.clone() }),
    }
}

/// Returns `true` if `path` is that of a direct item of a directory.
fn is_in(path: &ImagePath, directory: &RecordedItem) -> bool {
    path.parent().as_ref() == Some(&directory.path())
}

impl fmt::Debug for RecordedVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedVolume")
            .field("name", &self.name)
            .field("file_system", &self.file_system())
            .finish_non_exhaustive()
    }
}

/// Opens a file system of a session; returns `None` if the session does not have it.
pub(super) fn open(
    blocks: &Arc<Blocks>,
    session: &OpenedSession,
    file_system: FileSystems,
) -> Result<Option<Opened>> {
    if file_system == FileSystems::UDF {
        let opened = session.udf().volume(blocks)?;
        return Ok(opened.map(|volume| Opened {
            name: volume.name().to_owned(),
            rock_ridge: false,
            udf_revision: volume.revision(),
            volume: Arc::new(volume),
        }));
    }
    let opened = if file_system == FileSystems::JOLIET {
        session.joliet(blocks)?
    } else {
        session.primary(blocks)?
    };
    Ok(opened.map(Opened::from))
}

/// Opens a file system of a session; ISO 9660 without Rock Ridge.
pub(super) fn open_plain(
    blocks: &Arc<Blocks>,
    session: &OpenedSession,
    file_system: FileSystems,
) -> Result<Option<Opened>> {
    if file_system == FileSystems::ISO9660 {
        Ok(session.plain(blocks)?.map(Opened::from))
    } else {
        open(blocks, session, file_system)
    }
}

impl From<HierarchyVolume> for Opened {
    fn from(volume: HierarchyVolume) -> Self {
        Self {
            name: volume.name().to_owned(),
            rock_ridge: volume.has_rock_ridge(),
            udf_revision: None,
            volume: Arc::new(volume),
        }
    }
}

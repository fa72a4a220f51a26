//! Files and directories on a disc.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::fmt;
use std::sync::Arc;

use super::recorded_data::RecordedData;
use crate::budget::{Purpose, STEP, Work};
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::finding::{Finding, FindingCode};
use crate::media::Blocks;
use crate::path::ImagePath;
use crate::recorded::{Data, Entries, Entry, EntryKind, Unread, UnreadPart, Volume};
use crate::source::{Source, SourceKind};
use crate::time::Timestamp;

/// The parts of a volume that its items need.
pub(super) struct Shared {
    pub blocks: Arc<Blocks>,
    pub volume: Arc<dyn Volume>,
    pub file_system: FileSystems,
}

/// A file, a directory or another entry in a directory of a disc.
///
/// It keeps the disc open, and can outlive its volume.
#[derive(Clone)]
pub struct RecordedItem {
    shared: Arc<Shared>,
    entry: Entry,
    /// The directory that contains it; `None` for the root and its direct items.
    parent: Option<Arc<ParentPath>>,
}

/// The longest path of an item that is listed, in bytes. Linux accepts paths of 4096 bytes, Windows of 32767
/// characters.
const MAX_PATH: usize = 64 << 10;

/// The work for finding a name of a path, in addition to its bytes.
const NAME: usize = 16;

/// A directory below the root, as a part of paths.
#[derive(Debug)]
pub(super) struct ParentPath {
    name: String,
    parent: Option<Arc<Self>>,
    /// Length in bytes of the path, with a separator before each name.
    path_len: usize,
    /// Number of names in it.
    level: usize,
}

impl ParentPath {
    pub(super) fn new(name: &str, parent: Option<&Arc<Self>>) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            parent: parent.cloned(),
            path_len: Self::len_of(parent, name),
            level: parent.map_or(1, |parent| parent.level.saturating_add(1)),
        })
    }

    /// Returns the length in bytes of the path of `name` in a directory.
    fn len_of(parent: Option<&Arc<Self>>, name: &str) -> usize {
        parent
            .map_or(0, |parent| parent.path_len)
            .saturating_add(1)
            .saturating_add(name.len())
    }

    pub(super) fn path(place: Option<&Arc<Self>>) -> ImagePath {
        let mut names = Vec::new();
        let mut next = place;
        while let Some(place) = next {
            names.push(place.name.as_str());
            next = place.parent.as_ref();
        }
        let mut path = ImagePath::root();
        for name in names.into_iter().rev() {
            path.push(name);
        }
        path
    }
}

/// The kind of a recorded item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedKind<'a> {
    /// A directory.
    Directory,
    /// A file with its data.
    File,
    /// A file whose data is recorded in another form: the name of that form, such as `zisofs`.
    ///
    /// Its data and its length are those of that form.
    Encoded(&'a str),
    /// A symbolic link.
    SymbolicLink {
        /// The path to which it leads, as recorded.
        target: &'a str,
    },
    /// A device, a fifo or a socket: its name.
    Special(&'a str),
}

/// Bytes of a file that are contiguous on the disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedExtent {
    /// The first byte, counted from the disc's start; `None` for zeros that are not recorded.
    pub offset: Option<u64>,
    /// The number of bytes.
    pub len: u64,
}

impl Drop for ParentPath {
    /// Drops them one after another: thousands of nested directories are too many for recursive drops.
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut place) = next.and_then(Arc::into_inner) {
            next = place.parent.take();
        }
    }
}

impl RecordedItem {
    pub(super) fn root(shared: Arc<Shared>, entry: Entry) -> Self {
        Self {
            shared,
            entry,
            parent: None,
        }
    }

    pub(super) fn new(shared: Arc<Shared>, entry: Entry, parent: Option<Arc<ParentPath>>) -> Self {
        Self {
            shared,
            entry,
            parent,
        }
    }

    /// Returns the recorded name, without a version number; empty for the root.
    ///
    /// It may have any characters, and can be `..`: check it before using it in a path of the host.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// Returns the names from the root down to this item.
    #[must_use]
    pub fn path(&self) -> ImagePath {
        let mut path = ParentPath::path(self.parent.as_ref());
        if !self.entry.name.is_empty() {
            path.push(&self.entry.name);
        }
        path
    }

    /// Returns the kind of the item.
    #[must_use]
    pub fn kind(&self) -> RecordedKind<'_> {
        match &self.entry.kind {
            EntryKind::Directory => RecordedKind::Directory,
            EntryKind::File => RecordedKind::File,
            EntryKind::Encoded(form) => RecordedKind::Encoded(form),
            EntryKind::SymbolicLink { target } => RecordedKind::SymbolicLink { target },
            EntryKind::Special(name) => RecordedKind::Special(name),
        }
    }

    /// Returns `true` for a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.entry.kind == EntryKind::Directory
    }

    /// Returns the length in bytes of the data; 0 for a directory.
    #[must_use]
    #[expect(
        clippy::len_without_is_empty,
        reason = "an item is no collection: that its data is empty is nothing special"
    )]
    pub fn len(&self) -> u64 {
        if self.is_directory() {
            0
        } else {
            self.entry.len
        }
    }

    /// Returns when it was created, if that is recorded.
    #[must_use]
    pub const fn creation_time(&self) -> Option<Timestamp> {
        self.entry.created
    }

    /// Returns when it was last accessed, if that is recorded.
    #[must_use]
    pub const fn last_accessed_time(&self) -> Option<Timestamp> {
        self.entry.accessed
    }

    /// Returns when it was last modified, if that is recorded.
    #[must_use]
    pub const fn last_modified_time(&self) -> Option<Timestamp> {
        self.entry.modified
    }

    /// Returns `true` if it should not be shown to users.
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        self.entry.hidden
    }

    /// Returns `true` for a real-time file, which only UDF can have.
    #[must_use]
    pub const fn is_real_time(&self) -> bool {
        self.entry.real_time
    }

    /// Returns a number that all names of one file share, and no other file of the volume has.
    #[must_use]
    pub const fn identity(&self) -> u64 {
        self.entry.identity
    }

    /// Returns its named streams, which UDF has from 2.00 on.
    pub fn streams(&self) -> impl Iterator<Item = Self> + '_ {
        let here = ParentPath::new(&self.entry.name, self.parent.as_ref());
        self.entry.streams.iter().map(move |stream| {
            Self::new(
                Arc::clone(&self.shared),
                stream.clone(),
                Some(Arc::clone(&here)),
            )
        })
    }

    /// Returns where its data is on the disc, in the order of the data; nothing if the data is in the structure that
    /// describes the file.
    pub fn extents(&self) -> impl Iterator<Item = RecordedExtent> + '_ {
        let runs = match &self.entry.data {
            Data::Runs(runs) => runs.as_slice(),
            Data::Embedded(_) => &[],
        };
        runs.iter().map(|run| RecordedExtent {
            offset: run.at,
            len: run.len,
        })
    }

    /// Returns how many bytes of its data lie past the end of the disc, as they do in an image that was cut short. They
    /// cannot be read.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub fn missing_len(&self) -> u64 {
        let end = self.shared.blocks.data_len();
        self.extents().fold(0, |missing, extent| {
            let start = extent.offset.unwrap_or_default();
            let past = start
                .saturating_add(extent.len)
                .saturating_sub(end.max(start));
            // Data that is not recorded reads as zeros, wherever it would be.
            missing.saturating_add(extent.offset.map_or(0, |_| past))
        })
    }

    /// Returns a reader of its data, straight from the disc.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFile`] for everything except a file, in whatever form it is recorded.
    pub fn data(&self) -> Result<RecordedData> {
        match self.entry.kind {
            EntryKind::File | EntryKind::Encoded(_) => Ok(RecordedData::new(
                Arc::clone(&self.shared.blocks),
                &self.entry,
            )),
            EntryKind::Directory | EntryKind::SymbolicLink { .. } | EntryKind::Special(_) => {
                Err(Error::NotAFile { path: self.path() })
            }
        }
    }

    /// Returns the direct items of this directory, in the order in which they are recorded.
    ///
    /// A damaged disc can have directories that contain themselves; [`RecordedVolume::walk`] still ends.
    ///
    /// # Errors
    ///
    /// [`Error::NotADirectory`] if it is not one; [`Error::ReadEntries`] if the directory cannot be read. The iterator
    /// yields an error in the place of an unreadable entry: [`Error::ReadItem`] with its path if its name is known,
    /// else [`Error::ReadEntries`].
    ///
    /// [`RecordedVolume::walk`]: crate::RecordedVolume::walk
    pub fn entries(&self) -> Result<RecordedItems<'_>> {
        if !self.is_directory() {
            return Err(Error::NotADirectory { path: self.path() });
        }
        let place = self.place();
        let work = self.shared.blocks.new_work();
        let volume = self.shared.volume.within(&work);
        let inner = volume.entries(&self.entry);
        Ok(RecordedItems {
            inner: inner.map_err(|error| unread(place.as_ref(), error.into()))?,
            work,
            shared: &self.shared,
            place,
            block: self.entry.block(),
            is_over: false,
        })
    }

    /// Makes the item for an entry of a directory, within the work of an operation, of which its path is a part.
    ///
    /// The directory is at `place`, and its records begin in `block`. Returns an error for an entry that cannot be
    /// read; the last error is that the work ran out.
    pub(super) fn listed(
        shared: &Arc<Shared>,
        work: &Work,
        entry: Result<Entry, Unread>,
        place: Option<&Arc<ParentPath>>,
        block: u32,
    ) -> Result<Self> {
        let (name, streams) = match &entry {
            Ok(entry) => (entry.name.as_str(), entry.streams.len()),
            Err(what) => (what.name(), 0),
        };
        let path_len = ParentPath::len_of(place, name);
        let names = place.map_or(0, |place| place.level.saturating_mul(NAME));
        let paths = path_len
            .saturating_add(names)
            .saturating_mul(streams.saturating_add(1));
        let charged = work.charge(Purpose::Tree, (paths as u64).max(STEP), block);
        let within = work.check().and(charged).map_err(Unread::from);
        let listed = within.and(entry).and_then(|entry| {
            if path_len > MAX_PATH {
                let (len, most) = (path_len as u64, MAX_PATH as u64);
                let fault = FindingCode::TreeLongPath.above("length", len, most);
                let finding = Finding::new(shared.file_system, block, fault);
                return Err(Error::from(finding).into());
            }
            Ok(entry)
        });
        match listed {
            Ok(entry) => Ok(Self::new(Arc::clone(shared), entry, place.cloned())),
            Err(what) => Err(unread(place, what)),
        }
    }

    /// Returns the entry from the format's reader.
    pub(crate) const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Returns this directory as a part of paths; `None` for the root.
    fn place(&self) -> Option<Arc<ParentPath>> {
        (!self.entry.name.is_empty())
            .then(|| ParentPath::new(&self.entry.name, self.parent.as_ref()))
    }
}

/// The file's data in the form in which it is recorded, read straight from its disc. Adding anything but a file fails
/// with [`Error::NotAFile`] as the cause.
impl From<RecordedItem> for Source {
    fn from(item: RecordedItem) -> Self {
        Self::from(&item)
    }
}

/// The file's data in the form in which it is recorded, read straight from its disc. Adding anything but a file fails
/// with [`Error::NotAFile`] as the cause.
impl From<&RecordedItem> for Source {
    fn from(item: &RecordedItem) -> Self {
        Self(match item.data() {
            Ok(data) => SourceKind::Recorded(data.into_data()),
            Err(error) => SourceKind::Unusable(Arc::new(error)),
        })
    }
}

impl fmt::Debug for RecordedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedItem")
            .field("path", &self.path())
            .field("kind", &self.kind())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Returns the error for an unreadable part of the directory at `place`.
pub(super) fn unread(place: Option<&Arc<ParentPath>>, what: Unread) -> Error {
    let directory = ParentPath::path(place);
    let source = Box::new(what.error);
    match what.part {
        UnreadPart::Entries => Error::ReadEntries {
            path: directory,
            source,
        },
        UnreadPart::Streams(file) => Error::ReadEntries {
            path: directory.join(file),
            source,
        },
        UnreadPart::Entry(name) => Error::ReadItem {
            path: directory.join(name),
            source,
        },
        UnreadPart::Stream { file, stream } => Error::ReadItem {
            path: directory.join(file).join(stream),
            source,
        },
    }
}

/// The items of a directory: [`RecordedItem::entries`].
pub struct RecordedItems<'a> {
    inner: Entries,
    work: Arc<Work>,
    shared: &'a Arc<Shared>,
    place: Option<Arc<ParentPath>>,
    /// Where the directory begins.
    block: u32,
    is_over: bool,
}

impl Iterator for RecordedItems<'_> {
    type Item = Result<RecordedItem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let entry = self.inner.next();
        // The error that the work ran out comes last; it may have gone unnoticed until now.
        let too_much = self.work.check();
        self.is_over = entry.is_none() || too_much.is_err();
        let entry = entry.or(too_much.err().map(|error| Err(error.into())))?;
        Some(RecordedItem::listed(
            self.shared,
            &self.work,
            entry,
            self.place.as_ref(),
            self.block,
        ))
    }
}

impl fmt::Debug for RecordedItems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedItems")
            .field("directory", &ParentPath::path(self.place.as_ref()))
            .finish_non_exhaustive()
    }
}

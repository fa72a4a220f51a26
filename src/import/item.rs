//! Files and directories of a disc.
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
use crate::time::Timestamp;

/// What a volume's items need of it.
pub(super) struct Shared {
    pub blocks: Arc<Blocks>,
    pub volume: Arc<dyn Volume>,
    pub file_system: FileSystems,
}

/// A file, a directory or something else that a directory of a disc lists.
///
/// It keeps the disc open, and can outlive the volume it is from.
#[derive(Clone)]
pub struct RecordedItem {
    shared: Arc<Shared>,
    entry: Entry,
    /// The directory it is in; nothing for the root and what is directly in it.
    parent: Option<Arc<ParentPath>>,
}

/// The longest path of an item that is listed, in bytes. Linux takes paths of 4096 bytes, Windows of 32767 characters.
const MAX_PATH: usize = 64 << 10;

/// The work of finding a name of a path, beside its bytes.
const NAME: usize = 16;

/// A directory below the root, as a part of paths.
#[derive(Debug)]
pub(super) struct ParentPath {
    name: String,
    parent: Option<Arc<Self>>,
    /// Bytes of the path, with a separator before each name.
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

    /// Bytes of the path of what is called `name` in a directory.
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

/// What a recorded item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedKind<'a> {
    /// A directory.
    Directory,
    /// A file with its data.
    File,
    /// A file whose data is recorded in another form: the form's name, such as `zisofs`.
    ///
    /// Its data and its length are those of that form.
    Encoded(&'a str),
    /// A symbolic link.
    SymbolicLink {
        /// Where it leads, as it is recorded.
        target: &'a str,
    },
    /// A device, a fifo or a socket: its name.
    Special(&'a str),
}

/// Bytes of a file that lie one after another on the disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedExtent {
    /// The first byte, counted from the disc's start; `None` for zeros that are not recorded.
    pub offset: Option<u64>,
    /// The number of bytes.
    pub len: u64,
}

impl Drop for ParentPath {
    /// One after another: thousands of directories that lie in each other are too many to be dropped each by the next.
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

    /// The name as it is recorded, without a version number; empty for the root.
    ///
    /// It may have any characters, and can be `..`: look at it before it becomes a part of a host's path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// The names from the root down to this item.
    #[must_use]
    pub fn path(&self) -> ImagePath {
        let mut path = ParentPath::path(self.parent.as_ref());
        if !self.entry.name.is_empty() {
            path.push(&self.entry.name);
        }
        path
    }

    /// What it is.
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

    /// Whether it is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.entry.kind == EntryKind::Directory
    }

    /// Length in bytes of the data; 0 for a directory.
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

    /// When it was created, if that is recorded.
    #[must_use]
    pub const fn creation_time(&self) -> Option<Timestamp> {
        self.entry.created
    }

    /// When it was last accessed, if that is recorded.
    #[must_use]
    pub const fn last_accessed_time(&self) -> Option<Timestamp> {
        self.entry.accessed
    }

    /// When it was last modified, if that is recorded.
    #[must_use]
    pub const fn last_modified_time(&self) -> Option<Timestamp> {
        self.entry.modified
    }

    /// Whether it is not to be shown to users.
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        self.entry.hidden
    }

    /// Whether it is a real-time file, which only UDF can have.
    #[must_use]
    pub const fn is_real_time(&self) -> bool {
        self.entry.real_time
    }

    /// A number that all names of one file share, and no other file of the volume has.
    #[must_use]
    pub const fn identity(&self) -> u64 {
        self.entry.identity
    }

    /// Its named streams, which UDF has from 2.00 on.
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

    /// Where its data is on the disc, in the order of the data; nothing if it is in the structure that describes it.
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

    /// How many bytes of its data lie past the end of the disc, as they do in an image that was cut short. They cannot be
    /// read.
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
            // What is not recorded is zeros, wherever it would be.
            missing.saturating_add(extent.offset.map_or(0, |_| past))
        })
    }

    /// A reader of its data, straight from the disc.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFile`] for anything but a file, in whatever form it is recorded.
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

    /// What is directly in this directory, in the order in which it is recorded.
    ///
    /// A damaged disc can have directories that lie in themselves: [`RecordedVolume::walk`] ends also then.
    ///
    /// # Errors
    ///
    /// [`Error::NotADirectory`]; [`Error::ReadEntries`] if the directory cannot be read. An entry that cannot be read is
    /// given in its place: [`Error::ReadItem`] with its path if its name is known, else [`Error::ReadEntries`].
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

    /// An item as it is listed in a directory, within the work of an operation: its path is part of what is made for it.
    ///
    /// The directory is at `place`, and its records begin in `block`. An error is given in the place of what cannot be read;
    /// the last one is that there was too much to be read.
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
                let finding = Finding::new(shared.file_system, block, FindingCode::TreeLongPath);
                return Err(Error::from(finding).into());
            }
            Ok(entry)
        });
        match listed {
            Ok(entry) => Ok(Self::new(Arc::clone(shared), entry, place.cloned())),
            Err(what) => Err(unread(place, what)),
        }
    }

    /// What its format's reader gave.
    pub(crate) const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// This directory as a part of paths; nothing for the root.
    fn place(&self) -> Option<Arc<ParentPath>> {
        (!self.entry.name.is_empty())
            .then(|| ParentPath::new(&self.entry.name, self.parent.as_ref()))
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

/// The error for something in the directory at `place` that cannot be read.
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

/// What is in a directory: [`RecordedItem::entries`].
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
        // Nothing comes after the error that says so, which may have gone unnoticed until now.
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

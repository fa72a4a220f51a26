//! The contents of a disc in terms common to all formats: entries of directories, and the location of their data.

use std::sync::Arc;

use crate::block::BLOCK_SIZE;
use crate::budget::{Charge, Work};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::time::Timestamp;

/// An entry of a directory, as returned by a format's reader.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As recorded: without version numbers, but with characters that no host may accept. Empty for the root.
    pub name: String,
    pub kind: EntryKind,
    /// `None` if it is not recorded.
    pub created: Option<Timestamp>,
    pub accessed: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    pub hidden: bool,
    pub real_time: bool,
    /// Whether a mode and an owner are recorded.
    pub has_owner: bool,
    /// Length in bytes of the data.
    pub len: u64,
    pub data: Data,
    /// A number that all names of one file share and no other file has, such as the place of its structure.
    pub identity: u64,
    /// Named streams, from UDF 2.00 on.
    pub streams: Vec<Self>,
    /// For the reader that made it: where to find the entries of a directory.
    pub handle: u64,
    /// Counts the memory of a large entry, as long as any copy of it lives.
    pub _charge: Option<Arc<Charge>>,
}

impl Entry {
    /// Creates an entry of `len` bytes without a name, times or attributes; its place identifies it.
    pub(crate) const fn unnamed(kind: EntryKind, data: Data, len: u64, place: u64) -> Self {
        Self {
            name: String::new(),
            kind,
            created: None,
            accessed: None,
            modified: None,
            hidden: false,
            real_time: false,
            has_owner: false,
            len,
            data,
            identity: place,
            streams: Vec::new(),
            handle: place,
            _charge: None,
        }
    }

    /// Returns the block of the disc in which the data begins, or 0.
    pub(crate) fn block(&self) -> u32 {
        let first = match &self.data {
            Data::Runs(runs) => runs.first().and_then(|run| run.at),
            Data::Embedded(_) => None,
        };
        let block = first.unwrap_or_default() / u64::from(BLOCK_SIZE);
        u32::try_from(block).unwrap_or_default()
    }

    /// Returns a copy with just enough of a directory to list it.
    pub(crate) fn to_be_listed(&self) -> Self {
        let data = match &self.data {
            Data::Runs(runs) => Data::Runs(runs.first().copied().into_iter().collect()),
            Data::Embedded(_) => Data::Runs(Vec::new()),
        };
        Self {
            name: String::new(),
            kind: self.kind.clone(),
            data,
            streams: Vec::new(),
            _charge: None,
            ..*self
        }
    }
}

/// The kind of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Directory,
    File,
    /// A file whose data is stored in another form, such as zisofs: the name of that form.
    Encoded(&'static str),
    SymbolicLink {
        target: String,
    },
    /// A device, fifo or socket: its name.
    Special(&'static str),
}

/// The location of data.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// Runs of bytes on the disc, in the order of the data; together at most as long as the entry.
    Runs(Vec<Run>),
    /// The data itself.
    Embedded(Arc<[u8]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// First byte on the disc; `None` for zeros that are not recorded.
    pub at: Option<u64>,
    /// In bytes.
    pub len: u64,
}

/// Something in a directory that cannot be read.
#[derive(Debug)]
pub(crate) struct Unread {
    pub part: UnreadPart,
    pub error: Error,
}

/// The part of a directory that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnreadPart {
    /// An unknown number of its entries, with unknown names.
    Entries,
    /// The entry of this name.
    Entry(String),
    /// An unknown number of named streams of this file, whose own entry comes first.
    Streams(String),
    /// A named stream of this file, whose own entry comes first.
    Stream { file: String, stream: String },
}

impl Unread {
    /// Reports that the entry called `name` cannot be read.
    pub(crate) fn entry(name: impl Into<String>, error: Error) -> Self {
        Self {
            part: UnreadPart::Entry(name.into()),
            error,
        }
    }
}

impl Unread {
    /// Returns the name of the entry concerned, as far as it is known.
    pub(crate) fn name(&self) -> &str {
        match &self.part {
            UnreadPart::Entries => "",
            UnreadPart::Entry(name)
            | UnreadPart::Streams(name)
            | UnreadPart::Stream { file: name, .. } => name,
        }
    }

    /// Returns the same report for the named streams of a file, if it concerns the entries of their directory.
    pub(crate) fn of_stream(self, file: &str) -> Self {
        let file = file.to_owned();
        let part = match self.part {
            UnreadPart::Entry(stream) => UnreadPart::Stream { file, stream },
            _ => UnreadPart::Streams(file),
        };
        Self { part, ..self }
    }
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self {
            part: UnreadPart::Entries,
            error,
        }
    }
}

/// The entries of a directory, as returned by its reader.
pub(crate) type Entries = Box<dyn Iterator<Item = Result<Entry, Unread>> + Send>;

/// An opened file system of a disc.
pub(crate) trait Volume: Send + Sync {
    /// Returns the same volume for an operation, such as a walk, whose work counts together.
    fn within(&self, work: &Arc<Work>) -> Arc<dyn Volume>;

    fn root(&self) -> Result<Entry>;

    /// Returns the entries of a directory of this volume as recorded, without those for itself and its parent.
    fn entries(&self, directory: &Entry) -> Result<Entries>;

    /// Returns the faults from which the reader has recovered so far.
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

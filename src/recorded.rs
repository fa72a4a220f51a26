//! What is recorded on a disc, in terms that all formats share: entries of directories, and where their data is.

use std::sync::Arc;

use crate::block::BLOCK_SIZE;
use crate::budget::{Charge, Work};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::time::Timestamp;

/// An entry of a directory, as a format's reader gives it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As it is recorded: without version numbers, but with characters no host may like. Empty for the root.
    pub name: String,
    pub kind: EntryKind,
    /// What is not recorded is `None`.
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
    /// What all names of one file share and no other file has: where its structure lies, say.
    pub identity: u64,
    /// Named streams, from UDF 2.00 on.
    pub streams: Vec<Self>,
    /// For the reader that made it: how to find the entries of a directory.
    pub handle: u64,
    /// Counts what the entry takes when that is much, as long as any copy of it lives.
    pub _charge: Option<Arc<Charge>>,
}

impl Entry {
    /// The block of the disc in which its data begins, or 0.
    pub(crate) fn block(&self) -> u32 {
        let first = match &self.data {
            Data::Runs(runs) => runs.first().and_then(|run| run.at),
            Data::Embedded(_) => None,
        };
        let block = first.unwrap_or_default() / u64::from(BLOCK_SIZE);
        u32::try_from(block).unwrap_or_default()
    }

    /// As much of a directory as it takes to list it.
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

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Directory,
    File,
    /// A file whose data is stored in another form, such as zisofs: the form's name.
    Encoded(&'static str),
    SymbolicLink {
        target: String,
    },
    /// A device, fifo or socket: its name.
    Special(&'static str),
}

/// Where data is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// Runs of bytes on the disc, in the order of the data; together at most the entry's length.
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
    /// Nobody knows how many of its entries, or what their names are.
    Entries,
    /// The entry of this name.
    Entry(String),
    /// Nobody knows how many of the named streams of the file, which is given before.
    Streams(String),
    /// A named stream of the file, which is given before.
    Stream { file: String, stream: String },
}

impl Unread {
    /// The entry called `name` cannot be read.
    pub(crate) fn entry(name: impl Into<String>, error: Error) -> Self {
        Self {
            part: UnreadPart::Entry(name.into()),
            error,
        }
    }
}

impl Unread {
    /// The name of the entry that it is about, as far as it is known.
    pub(crate) fn name(&self) -> &str {
        match &self.part {
            UnreadPart::Entries => "",
            UnreadPart::Entry(name)
            | UnreadPart::Streams(name)
            | UnreadPart::Stream { file: name, .. } => name,
        }
    }

    /// The same about the named streams of a file, if it is about the entries of their directory.
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

/// What a directory has, as its reader gives it.
pub(crate) type Entries = Box<dyn Iterator<Item = Result<Entry, Unread>> + Send>;

/// A file system of a disc, opened.
pub(crate) trait Volume: Send + Sync {
    /// The same volume for an operation, such as a walk, whose work counts together.
    fn within(&self, work: &Arc<Work>) -> Arc<dyn Volume>;

    fn root(&self) -> Result<Entry>;

    /// The entries of a directory of this volume, without those for itself and its parent, as they are recorded.
    fn entries(&self, directory: &Entry) -> Result<Entries>;

    /// What was got over so far.
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }
}

//! What is recorded on a disc, in terms that all formats share: entries of directories, and where their data is.

use std::sync::Arc;

use crate::error::Result;
use crate::time::Timestamp;

/// An entry of a directory, as a format's reader gives it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As it is recorded: without version numbers, but with characters no host may like. Empty for the root.
    pub name: String,
    pub kind: Kind,
    /// What is not recorded is `None`.
    pub created: Option<Timestamp>,
    pub accessed: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    pub hidden: bool,
    pub real_time: bool,
    /// Length in bytes of the data.
    pub len: u64,
    pub data: Data,
    /// What all names of one file share and no other file has: where its structure lies, say.
    pub identity: u64,
    /// Named streams, from UDF 2.00 on.
    pub streams: Vec<Entry>,
    /// For the reader that made it: how to find the entries of a directory.
    pub handle: u64,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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

/// A file system of a disc, opened.
pub(crate) trait Volume: Send + Sync {
    fn root(&self) -> Result<Entry>;

    /// The entries of a directory of this volume, without those for itself and its parent, as they are recorded.
    fn entries<'a>(
        &'a self,
        directory: &Entry,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry>> + 'a>>;
}

//! Where the bytes of files come from: memory, a file, a reader, the working directory.
//!
//! Callers pass a [`Source`]; the tree keeps a [`FileContent`], which holds no handle; reading opens it.

mod file;
mod given;
mod open;
mod policy;
mod staging;
mod streams;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::block::{Lba, blocks_of};
use crate::error::Origin;
use crate::media::DiscData;

pub(crate) use self::file::{
    Fingerprint, HostFiles, ReadFailure, RecentDirectory, check_is, copy_at, is_out_of_handles,
};
pub use self::given::Source;
pub(crate) use self::given::{ReadOnce, ReadSeek, SharedBytes, SourceKey, SourceKind, lost};
pub(crate) use self::open::{ContentReader, OpenContent};
pub use self::policy::{PlatformStaging, StagingPolicy};
pub(crate) use self::staging::{Stage, StageFailure, StageFile, StageReader};
pub(crate) use self::streams::read_streams;

/// The data of one file, as the tree keeps it.
#[derive(Clone)]
pub(crate) struct FileContent {
    /// Length in bytes.
    pub len: u64,
    /// The number of nodes with this content; nodes of one image that share it share its blocks.
    pub references: u32,
    pub data: ContentData,
}

impl FileContent {
    /// Returns the first block on the disc of this content, if an earlier session recorded it.
    pub(crate) fn recorded_at(&self) -> Option<Lba> {
        match &self.data {
            ContentData::Disc(data) => data.first_block(),
            _ => None,
        }
    }

    /// Returns the number of blocks that a new session takes for it.
    pub(crate) fn new_blocks(&self) -> u64 {
        match self.recorded_at() {
            Some(_) => 0,
            None => blocks_of(self.len),
        }
    }
}

impl Default for FileContent {
    /// Returns empty content that no node has.
    fn default() -> Self {
        Self {
            len: 0,
            references: 0,
            data: ContentData::Memory(Arc::new([0_u8; 0])),
        }
    }
}

#[derive(Clone)]
pub(crate) enum ContentData {
    Memory(SharedBytes),
    /// A file in a directory of [`HostFiles`].
    Host {
        file: HostFile,
        fingerprint: Fingerprint,
    },
    Staged {
        stage: Arc<StageFile>,
        offset: u64,
    },
    Seekable(SharedReader),
    /// A file of an imported disc.
    Disc(Arc<DiscData>),
    /// A file of another disc, which is copied.
    Copied(Arc<DiscData>),
    /// The boot catalog, a block that the layout fills.
    BootCatalog,
}

/// A file of the host, stored without its path: its directory's number and the position of its name in the tree's name
/// pool.
#[derive(Clone, Copy)]
pub(crate) struct HostFile {
    pub directory: u32,
    pub name: u32,
}

#[derive(Clone)]
pub(crate) struct SharedReader(pub Arc<Mutex<Box<dyn ReadSeek>>>);

impl ContentData {
    /// Returns the origin of the data for errors; `file` returns its path if it has one.
    pub(crate) fn origin(&self, file: impl FnOnce(HostFile) -> PathBuf) -> Origin {
        match self {
            Self::Memory(_) | Self::BootCatalog => Origin::Memory,
            Self::Host { file: host, .. } => Origin::File(file(*host)),
            Self::Staged { .. } => Origin::Staged,
            Self::Seekable(_) => Origin::Reader,
            Self::Disc(_) | Self::Copied(_) => Origin::Disc,
        }
    }
}

const _: () = assert!(
    size_of::<FileContent>() <= 48,
    "a content per file: keep it small"
);

//! Where the bytes of files come from: memory, a file, a reader, the working directory.
//!
//! Callers pass a [`Source`]; the tree keeps a [`FileContent`], which holds no handle; reading opens it.

mod file;
mod policy;
mod staging;
mod streams;

use std::fmt;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::block::{Lba, blocks_of};
use crate::error::Origin;
use crate::media::DiscData;

pub(crate) use self::file::{
    Fingerprint, HostFiles, OpenContent, ReadFailure, RecentDirectory, check_is, copy_at,
    is_out_of_handles,
};
pub use self::policy::{PlatformStaging, StagingPolicy};
pub(crate) use self::staging::{Stage, StageFailure, StageFile, StageReader};
pub(crate) use self::streams::read_streams;

/// A reader that can be read from any position.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// The source of a file's data.
///
/// A path is only stored, and read when the image is read; data that can be read only once is copied to the working
/// directory when it is added.
///
/// IMAPI2: the `IStream` given to `IFsiDirectoryItem::AddFile` and `IFsiFileItem::put_Data`.
///
/// ```
/// use imapi2fs::Source;
///
/// let from_memory = Source::from(*b"hello");
/// let from_file = Source::path("install.wim");
/// let read_once = Source::reader(std::io::empty());
/// let any_position = Source::seekable(std::io::Cursor::new(vec![0; 4096]));
/// ```
pub struct Source(pub(crate) SourceKind);

pub(crate) enum SourceKind {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
    Reader(Box<dyn Read + Send>),
    Seekable(Box<dyn ReadSeek>),
    BootCatalog,
}

impl Source {
    /// Creates a source from the file at `path`, in its state at the time it is added; links are followed.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(SourceKind::Path(path.into()))
    }

    /// Creates a source from these bytes.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(SourceKind::Bytes(bytes.into()))
    }

    /// Creates a source from all data of `reader`, which is read into the working directory when the file is added.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Self(SourceKind::Reader(Box::new(reader)))
    }

    /// Creates a source from all data of `reader`, from its first byte to its last, read when the image is read, as
    /// often as needed.
    pub fn seekable(reader: impl Read + Seek + Send + 'static) -> Self {
        Self(SourceKind::Seekable(Box::new(reader)))
    }

    /// Creates a source for a file that shows the image's boot catalog: both have the same block.
    ///
    /// Not in IMAPI2, whose catalog is not a file. An image with such a file must have [boot
    /// images](crate::FileSystemImage::set_boot_image_options_array) of its own, so it cannot continue a disc;
    /// otherwise laying it out fails with [`Error::NoBootCatalog`](crate::Error::NoBootCatalog).
    #[must_use]
    pub const fn boot_catalog() -> Self {
        Self(SourceKind::BootCatalog)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            SourceKind::Path(path) => f.debug_tuple("Path").field(path).finish(),
            SourceKind::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            SourceKind::Reader(_) => f.write_str("Reader"),
            SourceKind::Seekable(_) => f.write_str("Seekable"),
            SourceKind::BootCatalog => f.write_str("BootCatalog"),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}

impl From<&[u8]> for Source {
    fn from(bytes: &[u8]) -> Self {
        Self::bytes(bytes)
    }
}

impl<const N: usize> From<[u8; N]> for Source {
    fn from(bytes: [u8; N]) -> Self {
        Self::bytes(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Source {
    fn from(bytes: &[u8; N]) -> Self {
        Self::bytes(*bytes)
    }
}

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
            data: ContentData::Memory(Arc::new([])),
        }
    }
}

#[derive(Clone)]
pub(crate) enum ContentData {
    Memory(Arc<[u8]>),
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
            Self::Disc(_) => Origin::Disc,
        }
    }
}

const _: () = assert!(
    size_of::<FileContent>() <= 48,
    "a content per file: keep it small"
);

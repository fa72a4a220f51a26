//! A source as callers give it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{SharedReader, StageFile, StageReader};
use crate::error::Error;
use crate::media::DiscData;

/// Bytes in memory, which others may hold as well.
pub(crate) type SharedBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A reader that can be read from any position.
pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// The source of a file's data.
///
/// A path is only stored, and read when the image is read; data that can be read only once is copied to the working
/// directory when it is added.
///
/// Text is the content of the file, not its path: `Source::from("a.txt")` is a file of five bytes, and
/// [`Source::path`] or a [`Path`] names a file of the host.
///
/// A clone is the same source. An image to which it is added more than once stores its data once; clones of a reader that
/// can be read only once share the copy in the working directory.
///
/// IMAPI2: the `IStream` given to `IFsiDirectoryItem::AddFile` and `IFsiFileItem::put_Data`.
///
/// ```
/// use imapi2fs::Source;
///
/// let text = Source::from("hello");
/// let bytes = Source::from(vec![0; 4096]); // not copied
/// let from_file = Source::path("install.wim");
/// let read_once = Source::reader(std::io::empty());
/// let any_position = Source::seekable(std::io::Cursor::new(vec![0; 4096]));
/// ```
#[derive(Clone)]
pub struct Source(pub(crate) SourceKind);

#[derive(Clone)]
pub(crate) enum SourceKind {
    Path(Arc<Path>),
    Bytes {
        bytes: SharedBytes,
        /// Whether the caller can give the same bytes again in another source.
        shared: bool,
    },
    Reader(OnceReader),
    Seekable(SharedReader),
    Recorded(Arc<DiscData>),
    BootCatalog,
    /// A source without data, and the reason.
    Unusable(Arc<Error>),
}

/// A reader that can be read once, and the copy that its clones share from then on.
#[derive(Clone)]
pub(crate) struct OnceReader(pub Arc<Mutex<ReadOnce>>);

/// The state of a [`OnceReader`].
pub(crate) enum ReadOnce {
    Unread(Box<dyn Read + Send>),
    Staged {
        stage: Arc<StageFile>,
        offset: u64,
        len: u64,
    },
    InMemory(SharedBytes),
    /// Reading it failed, and whatever it had given is gone.
    Lost,
}

impl OnceReader {
    /// Hands the state to `read`, which returns the next one; after an error, or a panic, nothing is left to read.
    pub(crate) fn advance<T, E>(
        &self,
        read: impl FnOnce(ReadOnce) -> Result<(ReadOnce, T), E>,
    ) -> Result<T, E> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, value) = read(std::mem::replace(&mut *state, ReadOnce::Lost))?;
        *state = next;
        Ok(value)
    }

    /// Returns `true` if it can be read again through another clone.
    pub(crate) fn has_clones(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Returns all of it in memory, if it has at most `limit` bytes.
    pub(crate) fn read_all(&self, limit: u64) -> io::Result<SharedBytes> {
        let whole = |reader: &mut dyn Read| {
            let mut bytes = Vec::new();
            reader.take(limit + 1).read_to_end(&mut bytes)?;
            match bytes.len() as u64 > limit {
                true => Err(io::Error::other(format!(
                    "a boot image of more than {} MiB must be seekable",
                    limit >> 20
                ))),
                false => Ok(Arc::new(bytes) as SharedBytes),
            }
        };
        self.advance(|state| match state {
            ReadOnce::Unread(mut reader) => {
                let bytes = whole(&mut reader)?;
                Ok((ReadOnce::InMemory(bytes.clone()), bytes))
            }
            ReadOnce::Staged { stage, offset, len } => {
                let file = &*stage;
                let bytes = whole(&mut StageReader { file, offset, len })?;
                Ok((ReadOnce::Staged { stage, offset, len }, bytes))
            }
            ReadOnce::InMemory(bytes) => Ok((ReadOnce::InMemory(bytes.clone()), bytes)),
            ReadOnce::Lost => Err(lost()),
        })
    }
}

/// The error for a reader that failed when it was read before.
pub(crate) fn lost() -> io::Error {
    io::Error::other("the reader can be read only once, and that failed before")
}

/// The key by which clones of a source are recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SourceKey {
    address: usize,
    /// Two slices of one buffer can begin at the same address.
    len: usize,
}

impl Source {
    /// Creates a source from the file at `path`, in its state at the time it is added; links are followed.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(SourceKind::Path(path.into().into()))
    }

    /// Creates a source from bytes that are held as they are, without a copy: a memory map, a `Bytes`, a `&'static`
    /// slice.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use imapi2fs::Source;
    ///
    /// let shared: Arc<Vec<u8>> = Arc::new(vec![0; 1 << 20]);
    /// struct Held(Arc<Vec<u8>>);
    /// impl AsRef<[u8]> for Held {
    ///     fn as_ref(&self) -> &[u8] {
    ///         &self.0
    ///     }
    /// }
    /// let source = Source::shared(Held(shared));
    /// ```
    pub fn shared(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self(SourceKind::Bytes {
            bytes: Arc::new(bytes),
            shared: false,
        })
    }

    /// Creates a source from all data of `reader`, which is read into the working directory when the file is added.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        let state = ReadOnce::Unread(Box::new(reader));
        Self(SourceKind::Reader(OnceReader(Arc::new(Mutex::new(state)))))
    }

    /// Creates a source from all data of `reader`, from its first byte to its last, read when the image is read, as
    /// often as needed.
    pub fn seekable(reader: impl Read + Seek + Send + 'static) -> Self {
        Self(SourceKind::Seekable(SharedReader(Arc::new(Mutex::new(
            Box::new(reader),
        )))))
    }

    /// Creates a source for a file that shows the image's boot catalog: both have the same block.
    ///
    /// Not in IMAPI2, whose catalog is not a file. An image with such a file must have [boot
    /// images](crate::FileSystemImage::set_boot_image_options_array) of its own, so it cannot continue a disc;
    /// otherwise laying it out fails with [`Error::NoBootCatalog`].
    #[must_use]
    pub const fn boot_catalog() -> Self {
        Self(SourceKind::BootCatalog)
    }

    /// Returns the key by which an image recognizes a clone of this source; `None` if the caller has no clone.
    pub(crate) fn key(&self) -> Option<SourceKey> {
        fn address<T: ?Sized>(arc: &Arc<T>) -> Option<SourceKey> {
            (Arc::strong_count(arc) > 1).then(|| SourceKey {
                address: Arc::as_ptr(arc).cast::<()>() as usize,
                len: 0,
            })
        }
        match &self.0 {
            SourceKind::Path(path) => address(path),
            SourceKind::Bytes { bytes, shared } => {
                let is_known = *shared || Arc::strong_count(bytes) > 1;
                let slice = (**bytes).as_ref();
                // Empty ones may be anywhere, and take no blocks.
                (is_known && !slice.is_empty()).then_some(SourceKey {
                    address: slice.as_ptr() as usize,
                    len: slice.len(),
                })
            }
            SourceKind::Reader(reader) => address(&reader.0),
            SourceKind::Seekable(reader) => address(&reader.0),
            SourceKind::Recorded(data) => address(data),
            SourceKind::BootCatalog | SourceKind::Unusable(_) => None,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            SourceKind::Path(path) => f.debug_tuple("Path").field(path).finish(),
            SourceKind::Bytes { bytes, .. } => {
                write!(f, "Bytes({} bytes)", (**bytes).as_ref().len())
            }
            SourceKind::Reader(_) => f.write_str("Reader"),
            SourceKind::Seekable(_) => f.write_str("Seekable"),
            SourceKind::Recorded(data) => write!(f, "Recorded({} bytes)", data.len()),
            SourceKind::BootCatalog => f.write_str("BootCatalog"),
            SourceKind::Unusable(error) => f.debug_tuple("Unusable").field(error).finish(),
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

/// All data of the file; a pipe or a device is read once, when it is added.
impl From<File> for Source {
    fn from(file: File) -> Self {
        match file.metadata() {
            Ok(metadata) if metadata.is_file() => Self::seekable(file),
            _ => Self::reader(file),
        }
    }
}

/// The bytes, without a copy.
impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::shared(bytes)
    }
}

/// The bytes, without a copy. The same ones in another source are stored once.
impl From<Arc<[u8]>> for Source {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self(SourceKind::Bytes {
            shared: Arc::strong_count(&bytes) > 1,
            bytes: Arc::new(bytes),
        })
    }
}

/// A copy of the bytes.
impl From<&[u8]> for Source {
    fn from(bytes: &[u8]) -> Self {
        Self::shared(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Source {
    fn from(bytes: [u8; N]) -> Self {
        Self::shared(bytes)
    }
}

/// A copy of the bytes.
impl<const N: usize> From<&[u8; N]> for Source {
    fn from(bytes: &[u8; N]) -> Self {
        Self::shared(*bytes)
    }
}

/// The text in UTF-8, as the content of the file. A path is given by [`Source::path`].
impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self::shared(text.to_owned())
    }
}

/// The text in UTF-8, as the content of the file, without a copy. A path is given by [`Source::path`].
impl From<String> for Source {
    fn from(text: String) -> Self {
        Self::shared(text)
    }
}

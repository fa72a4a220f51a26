//! The data of a boot image that is not a file of the image.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::block::{BLOCK_SIZE, blocks_of};
use crate::error::{Error, Origin, Result};
use crate::host::source::{self as host, HostPlace};
use crate::source::{
    ContentData, FileContent, Fingerprint, HostFile, OpenContent, ReadFailure, Source, SourceKind,
};
use crate::space::{Cursor, Fill};

/// The most bytes kept in memory of a source that can be read only once.
const MAX_IN_MEMORY: u64 = 64 << 20;

/// A boot image: its length, and the location of its bytes.
#[derive(Clone)]
pub(crate) struct BootData {
    content: FileContent,
    file: Option<Arc<Path>>,
}

impl BootData {
    pub(crate) fn new(source: Source) -> Result<Self> {
        let failed = |origin| move |source| Error::ReadBootImage { origin, source };
        let (len, data, file) = match source.0 {
            SourceKind::Path(path) => {
                let failed = failed(Origin::File(path.to_path_buf()));
                // Resolves links now, so that reading follows none.
                let found = host::find(&path).and_then(|found| match found.1.is_file() {
                    true => Ok(found),
                    false => Err(io::Error::other("not a file")),
                });
                let (real, metadata) = found.map_err(failed)?;
                let data = ContentData::Host {
                    // The path is kept here, not in a tree.
                    file: HostFile {
                        directory: 0,
                        name: 0,
                    },
                    fingerprint: Fingerprint::of(&metadata),
                };
                (metadata.len, data, Some(real.into()))
            }
            SourceKind::Bytes { bytes, .. } => (
                (*bytes).as_ref().len() as u64,
                ContentData::Memory(bytes),
                None,
            ),
            SourceKind::Reader(reader) => {
                let bytes = reader
                    .read_all(MAX_IN_MEMORY)
                    .map_err(failed(Origin::Reader))?;
                (
                    (*bytes).as_ref().len() as u64,
                    ContentData::Memory(bytes),
                    None,
                )
            }
            SourceKind::Recorded(data) => (data.len(), ContentData::Copied(data), None),
            SourceKind::Unusable(error) => {
                return Err(failed(Origin::Disc)(io::Error::other(error)));
            }
            // The catalog would contain itself.
            SourceKind::BootCatalog => {
                return Err(failed(Origin::Memory)(io::Error::other(
                    "the boot catalog is not a boot image",
                )));
            }
            SourceKind::Seekable(reader) => {
                let len = reader.len().map_err(failed(Origin::Reader))?;
                (len, ContentData::Seekable(reader), None)
            }
        };
        Ok(Self {
            content: FileContent {
                len,
                references: 1,
                data,
            },
            file,
        })
    }

    /// Returns the length in bytes.
    pub(crate) const fn len(&self) -> u64 {
        self.content.len
    }

    pub(crate) fn blocks(&self) -> u64 {
        blocks_of(self.len())
    }

    /// Returns the path of the host's file that holds the image, if one does.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    fn path(&self) -> PathBuf {
        self.file().map_or_else(PathBuf::new, Path::to_owned)
    }

    fn open(&self) -> Result<OpenContent> {
        OpenContent::open(&self.content, |_| host::open(HostPlace::of(&self.path())))
            .map_err(|failure| self.error(failure))
    }

    /// Returns the origin of the bytes.
    pub(crate) fn origin(&self) -> Origin {
        self.content.data.origin(|_| self.path())
    }

    fn error(&self, failure: ReadFailure) -> Error {
        let origin = self.origin();
        match failure {
            ReadFailure::Open(source) | ReadFailure::Read(source) => {
                Error::ReadBootImage { origin, source }
            }
            ReadFailure::Changed(change) => Error::BootImageChanged { origin, change },
            ReadFailure::Misstated { stated, .. } => Error::ReadBootImage {
                origin,
                source: io::Error::other(format!(
                    "the system says that it has {stated} bytes, which is not so; give its bytes or a reader"
                )),
            },
        }
    }

    /// Fills `buf` from byte `offset` on; both lie inside the image.
    pub(crate) fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        self.open()?
            .read_exact_at(buf, offset)
            .map_err(|failure| self.error(failure))
    }
}

impl Fill for BootData {
    fn fill(&self, first: u32, buf: &mut [u8], _: &mut Cursor) -> Result<()> {
        let offset = u64::from(first) * u64::from(BLOCK_SIZE);
        let left = usize::try_from(self.len().saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = left.min(buf.len());
        self.read_exact_at(&mut buf[..len], offset)
    }
}

impl fmt::Debug for BootData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes from {}", self.len(), self.origin())
    }
}

/// The bytes of a boot image, read from their source.
///
/// IMAPI2: the `IStream` of `IBootOptions::get_BootImage`.
#[derive(Debug)]
pub struct BootImageData {
    data: BootData,
    position: u64,
}

impl BootImageData {
    pub(super) const fn new(data: BootData) -> Self {
        Self { data, position: 0 }
    }
}

impl Read for BootImageData {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.data.len().saturating_sub(self.position);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if len > 0 {
            self.data.read_exact_at(&mut buf[..len], self.position)?;
            self.position += len as u64;
        }
        Ok(len)
    }
}

impl Seek for BootImageData {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.data.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

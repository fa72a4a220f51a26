//! Reading contents, wherever they are.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::file::{OpenFile, ReadFailure};
use super::{ContentData, FileContent, HostFile, SharedBytes, SharedReader, StageFile};
use crate::block::BLOCK;
use crate::error::Change;
use crate::media::DiscData;

/// Content opened for reading.
pub(crate) enum OpenContent {
    Memory { bytes: SharedBytes, len: u64 },
    Host(OpenFile),
    Staged { stage: Arc<StageFile>, offset: u64 },
    Seekable { reader: SharedReader, len: u64 },
    Disc(Arc<DiscData>),
}

impl OpenContent {
    /// Opens `content`; `open` opens a file of the host.
    pub(crate) fn open(
        content: &FileContent,
        open: impl FnOnce(HostFile) -> io::Result<File>,
    ) -> Result<Self, ReadFailure> {
        Ok(match &content.data {
            ContentData::Memory(bytes) => Self::Memory {
                bytes: bytes.clone(),
                len: content.len,
            },
            ContentData::Host { file, fingerprint } => {
                let file = open(*file).map_err(ReadFailure::Open)?;
                Self::Host(OpenFile::new(file, content.len, *fingerprint)?)
            }
            ContentData::Staged { stage, offset } => Self::Staged {
                stage: stage.clone(),
                offset: *offset,
            },
            ContentData::Seekable(reader) => Self::Seekable {
                reader: reader.clone(),
                len: content.len,
            },
            ContentData::Disc(data) | ContentData::Copied(data) => Self::Disc(data.clone()),
            ContentData::BootCatalog => Self::Memory {
                bytes: Arc::new([0; BLOCK]),
                len: content.len,
            },
        })
    }

    /// Calls `take` with the file that holds the content, if one does, and the position in it of the content's byte
    /// `from`. If it takes bytes from there on, checks that the file is still as it was when it was added. Returns how
    /// many bytes it took.
    pub(crate) fn take_of_file(
        &self,
        from: u64,
        take: impl FnOnce(&File, u64) -> u64,
    ) -> Result<u64, ReadFailure> {
        match self {
            Self::Host(open) => {
                let taken = take(&open.file, from);
                if taken > 0 {
                    open.check()?;
                    if from + taken == open.len {
                        open.check_end()?;
                    }
                }
                Ok(taken)
            }
            Self::Staged { stage, offset } => Ok(take(stage.file(), *offset + from)),
            Self::Memory { .. } | Self::Seekable { .. } | Self::Disc(_) => Ok(0),
        }
    }

    /// Fills `buf` from `offset` on; both lie inside the content's length.
    pub(crate) fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<(), ReadFailure> {
        match self {
            Self::Memory { bytes, len } => {
                let (bytes, at) = ((**bytes).as_ref(), offset as usize);
                // The caller's type may say something else each time it is asked.
                let Some(slice) = bytes.get(at..at + buf.len()) else {
                    return Err(ReadFailure::Changed(Change::Length {
                        expected: *len,
                        found: bytes.len() as u64,
                    }));
                };
                buf.copy_from_slice(slice);
                Ok(())
            }
            Self::Host(file) => file.read_exact_at(buf, offset),
            Self::Staged { stage, offset: at } => stage
                .read_exact_at(buf, at + offset)
                .map_err(ReadFailure::Read),
            Self::Seekable { reader, len } => reader.read_exact_at(buf, offset, *len),
            Self::Disc(data) => data.read_exact_at(buf, offset).map_err(ReadFailure::Read),
        }
    }
}

/// Reads a content from its start to its end.
pub(crate) struct ContentReader {
    content: OpenContent,
    at: u64,
    len: u64,
}

impl ContentReader {
    /// A reader of `data` of `len` bytes, which is no file of the host.
    pub(crate) fn new(data: ContentData, len: u64) -> io::Result<Self> {
        let content = FileContent {
            len,
            references: 0,
            data,
        };
        let opened = OpenContent::open(&content, |_| Err(io::ErrorKind::Unsupported.into()));
        Ok(Self {
            content: opened.map_err(ReadFailure::into_io)?,
            at: 0,
            len,
        })
    }
}

impl Read for ContentReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len - self.at).unwrap_or(usize::MAX);
        let len = left.min(buf.len());
        let read = self.content.read_exact_at(&mut buf[..len], self.at);
        read.map_err(ReadFailure::into_io)?;
        self.at += len as u64;
        Ok(len)
    }
}

impl SharedReader {
    /// Returns the length of the reader's data.
    pub(crate) fn len(&self) -> io::Result<u64> {
        self.lock()?.seek(SeekFrom::End(0))
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64, len: u64) -> Result<(), ReadFailure> {
        let mut reader = self.lock().map_err(ReadFailure::Read)?;
        reader
            .seek(SeekFrom::Start(offset))
            .map_err(ReadFailure::Read)?;
        match reader.read_exact(buf) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                let found = reader.seek(SeekFrom::End(0)).map_err(ReadFailure::Read)?;
                Err(ReadFailure::Changed(Change::Length {
                    expected: len,
                    found,
                }))
            }
            result => result.map_err(ReadFailure::Read),
        }
    }

    fn lock(&self) -> io::Result<std::sync::MutexGuard<'_, Box<dyn super::ReadSeek>>> {
        self.0
            .lock()
            .map_err(|_| io::Error::other("the reader panicked earlier"))
    }
}

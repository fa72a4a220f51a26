//! The sources of added data.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::Draft;
use crate::block::BLOCK_SIZE;
use crate::error::{Error, Origin, Result};
use crate::host::source::{self as host, HostMetadata, HostPlace};
use crate::path::ImagePath;
use crate::source::{
    ContentData, FileContent, Fingerprint, HostFile, SharedReader, Source, SourceKind,
};
use crate::tree::{ContentId, NameRef, Tree, TreeFull};

/// The source of an added file's or named stream's content.
pub(crate) enum AddedContent {
    New(FileContent),
    /// Content shared with another file or stream.
    Shared(ContentId),
    /// A file in a host directory, given by that directory's number and the item's name.
    Host {
        directory: u32,
        len: u64,
        fingerprint: Fingerprint,
    },
}

impl AddedContent {
    /// Stores the content in the tree, for an item of this name.
    pub(crate) fn store(
        self,
        tree: &mut Tree,
        name: NameRef,
    ) -> std::result::Result<ContentId, TreeFull> {
        match self {
            Self::Shared(content) => Ok(content),
            Self::New(content) => tree.add_content(content),
            Self::Host {
                directory,
                len,
                fingerprint,
            } => {
                // A file and its source share the name.
                let file = HostFile {
                    directory,
                    name: name.0,
                };
                tree.add_content(FileContent {
                    len,
                    references: 0,
                    data: ContentData::Host { file, fingerprint },
                })
            }
        }
    }
}

impl Draft {
    /// Returns the content that the tree will hold for a source.
    pub(crate) fn content(&mut self, source: Source, path: &ImagePath) -> Result<FileContent> {
        match source.0 {
            SourceKind::Path(file) => self.file_content(&file, path),
            SourceKind::Bytes(bytes) => {
                if self.settings.stage_files {
                    let len = Some(bytes.len() as u64);
                    return self.stage(&*bytes, len, path, || Origin::Memory);
                }
                self.announce(path, bytes.len() as u64)?;
                Ok(FileContent {
                    len: bytes.len() as u64,
                    references: 0,
                    data: ContentData::Memory(bytes),
                })
            }
            SourceKind::BootCatalog => {
                self.announce(path, BLOCK_SIZE.into())?;
                Ok(FileContent {
                    len: BLOCK_SIZE.into(),
                    references: 0,
                    data: ContentData::BootCatalog,
                })
            }
            SourceKind::Reader(reader) => self.stage(reader, None, path, || Origin::Reader),
            SourceKind::Seekable(mut reader) => {
                let failed = |source| Error::ReadSource {
                    path: path.clone(),
                    origin: Origin::Reader,
                    source,
                };
                if self.settings.stage_files {
                    let len = reader.seek(io::SeekFrom::End(0)).map_err(failed)?;
                    reader.seek(io::SeekFrom::Start(0)).map_err(failed)?;
                    return self.stage(reader, Some(len), path, || Origin::Reader);
                }
                let reader = SharedReader(Arc::new(Mutex::new(reader)));
                let len = reader.len().map_err(failed)?;
                self.announce(path, len)?;
                Ok(FileContent {
                    len,
                    references: 0,
                    data: ContentData::Seekable(reader),
                })
            }
        }
    }

    /// Returns the content that the tree will hold for a file of the host.
    pub(crate) fn file_content(&mut self, file: &Path, path: &ImagePath) -> Result<FileContent> {
        // Resolves links now, so that none need be followed when the file is read.
        let (real, metadata) = host::find(file).map_err(|source| Error::OpenSource {
            path: path.clone(),
            file: file.to_owned(),
            source,
        })?;
        self.found_content(&real, &metadata, path)
    }

    /// Returns the content that the tree will hold for a file of the host that was found before.
    pub(crate) fn found_content(
        &mut self,
        real: &Path,
        metadata: &HostMetadata,
        path: &ImagePath,
    ) -> Result<FileContent> {
        let failed = |source| Error::OpenSource {
            path: path.clone(),
            file: real.to_owned(),
            source,
        };
        if metadata.is_directory() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if !metadata.is_file() {
            return Err(Error::SpecialFile {
                file: real.to_owned(),
            });
        }
        let (Some(directory), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        };
        if self.must_stage(directory) {
            return self.stage_file(|| host::open(HostPlace::of(real)), metadata, real, path);
        }
        let Some(name) = name.to_str() else {
            return Err(Error::NameNotUnicode {
                file: real.to_owned(),
            });
        };
        self.announce(path, metadata.len)?;
        let tree = self.tree_mut();
        let file = HostFile {
            directory: tree.hosts_mut().push_or_last(HostPlace::of(directory)),
            name: tree
                .add_name(name)
                .map_err(|TreeFull| failed(io::ErrorKind::OutOfMemory.into()))?
                .0,
        };
        Ok(FileContent {
            len: metadata.len,
            references: 0,
            data: ContentData::Host {
                file,
                fingerprint: Fingerprint::of(metadata),
            },
        })
    }
}

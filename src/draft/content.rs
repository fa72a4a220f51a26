//! The sources of added data.

use std::io;
use std::path::Path;

use super::Draft;
use super::known_sources::Unstored;
use crate::block::BLOCK_SIZE;
use crate::error::{Error, Origin, Result};
use crate::host::source::{self as host, HostMetadata, HostPlace};
use crate::path::ImagePath;
use crate::source::{
    ContentData, ContentReader, FileContent, Fingerprint, HostFile, ReadOnce, Source, SourceKind,
    StageReader, lost,
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
    /// Returns the content for a source: that of a clone which was added before, if there is one; `stream` is whether it is
    /// for a named stream. When it is stored, [`Draft::remember`] makes it known.
    pub(crate) fn source_content(
        &mut self,
        source: Source,
        path: &ImagePath,
        stream: bool,
    ) -> Result<(AddedContent, Unstored)> {
        let key = source.key();
        if let Some(content) = key.and_then(|key| self.known_sources.content(key, stream)) {
            let tree = self.tree();
            let FileContent {
                len,
                references,
                ref data,
            } = *tree.content(content);
            // Without a reference the data may be gone; and files may have to be staged only since then.
            let is_staged = matches!(data, ContentData::Staged { .. });
            if references > 0 && (is_staged || !self.settings.stage_files) {
                self.announce(path, len)?;
                return Ok((AddedContent::Shared(content), Unstored(None)));
            }
        }
        let unstored = Unstored(key.map(|key| (key, source.clone())));
        Ok((AddedContent::New(self.content(source, path)?), unstored))
    }

    /// Remembers what a source became, as the caller may add a clone of it.
    pub(crate) fn remember(&mut self, source: Unstored, stream: bool, content: ContentId) {
        if let Some((key, source)) = source.0 {
            self.known_sources.add(key, stream, source, content);
        }
    }

    /// Makes all changes final, and lets go of everything that was removed by them.
    pub(crate) fn lock_in(&mut self) {
        let tree = self.view.tree_mut();
        tree.lock_in();
        self.known_sources
            .retain(|content| tree.content(content).references > 0);
    }

    /// Forgets the sources whose contents were taken back.
    pub(super) fn forget_sources(&mut self) {
        let contents = self.tree().content_count();
        self.known_sources
            .retain(|content| (content.0 as usize) < contents);
    }

    /// Returns the content that the tree will hold for a source.
    pub(crate) fn content(&mut self, source: Source, path: &ImagePath) -> Result<FileContent> {
        match source.0 {
            SourceKind::Path(file) => self.file_content(&file, path),
            SourceKind::Bytes { bytes, .. } => {
                let len = (*bytes).as_ref().len() as u64;
                self.stage_or_leave(len, ContentData::Memory(bytes), path, || Origin::Memory)
            }
            SourceKind::BootCatalog => {
                self.in_place(BLOCK_SIZE.into(), ContentData::BootCatalog, path)
            }
            SourceKind::Reader(reader) => {
                let content = reader.advance(|state| self.read_once(state, path))?;
                // Clones refer to the staged copy, even if the file is not added in the end.
                self.keeps_staged |= reader.has_clones();
                Ok(content)
            }
            SourceKind::Seekable(reader) => {
                let len = reader.len().map_err(|source| Error::ReadSource {
                    path: path.clone(),
                    origin: Origin::Reader,
                    source,
                })?;
                self.stage_or_leave(len, ContentData::Seekable(reader), path, || Origin::Reader)
            }
            SourceKind::Recorded(data) => {
                let len = data.len();
                self.stage_or_leave(len, ContentData::Copied(data), path, || Origin::Disc)
            }
            SourceKind::Unusable(error) => Err(Error::ReadSource {
                path: path.clone(),
                origin: Origin::Disc,
                source: io::Error::other(error),
            }),
        }
    }

    /// The content for data that can be read as often as needed: a copy of it, if the settings say so.
    fn stage_or_leave(
        &mut self,
        len: u64,
        data: ContentData,
        path: &ImagePath,
        origin: impl Fn() -> Origin,
    ) -> Result<FileContent> {
        if !self.settings.stage_files {
            return self.in_place(len, data, path);
        }
        let reader = ContentReader::new(data, len).map_err(|source| Error::ReadSource {
            path: path.clone(),
            origin: origin(),
            source,
        })?;
        self.stage(reader, Some(len), path, origin)
    }

    /// The content for data that stays where it is.
    fn in_place(&mut self, len: u64, data: ContentData, path: &ImagePath) -> Result<FileContent> {
        self.announce(path, len)?;
        Ok(FileContent {
            len,
            references: 0,
            data,
        })
    }

    /// Stages what can be read only once, or copies what was staged of it before.
    fn read_once(&mut self, state: ReadOnce, path: &ImagePath) -> Result<(ReadOnce, FileContent)> {
        let origin = || Origin::Reader;
        match state {
            ReadOnce::Unread(reader) => {
                let content = self.stage(reader, None, path, origin)?;
                let state = match &content.data {
                    ContentData::Staged { stage, offset } => ReadOnce::Staged {
                        stage: stage.clone(),
                        offset: *offset,
                        len: content.len,
                    },
                    _ => ReadOnce::Lost,
                };
                Ok((state, content))
            }
            ReadOnce::Staged { stage, offset, len } => {
                let file = &*stage;
                let reader = StageReader { file, offset, len };
                let content = self.stage(reader, Some(len), path, origin)?;
                Ok((ReadOnce::Staged { stage, offset, len }, content))
            }
            ReadOnce::InMemory(bytes) => {
                let slice = (*bytes).as_ref();
                let content = self.stage(slice, Some(slice.len() as u64), path, origin)?;
                Ok((ReadOnce::InMemory(bytes), content))
            }
            ReadOnce::Lost => Err(Error::ReadSource {
                path: path.clone(),
                origin: Origin::Reader,
                source: lost(),
            }),
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

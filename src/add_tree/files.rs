//! Files of a tree that is added, and their streams.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::{Here, Walk};
use crate::add_tree::options::LeftOutReason;
use crate::draft::{Stream, not_opened, open_found};
use crate::error::{Error, Result};
use crate::host::source::{HostEntry, HostMetadata};
use crate::source::{
    ContentData, FileContent, Fingerprint, HostFile, ReadFailure, Source, SourceKind, read_streams,
};
use crate::tree::{Attributes, ContentId, NodeId, TreeFull};

/// Where a file's content comes from.
pub(super) enum Stored {
    Shared(ContentId),
    New(FileContent),
    /// A file in a directory of the host.
    Host(u32, u64, Fingerprint),
}

impl Walk<'_> {
    /// Adds a file, or gives the one that is there what the source has.
    pub(super) fn add_file(
        &mut self,
        here: &Here,
        name: &str,
        metadata: &HostMetadata,
        entry: &HostEntry<'_>,
        path: impl Fn() -> PathBuf,
    ) -> Result<()> {
        let attributes = self.attributes(metadata);
        let identity = metadata.id.filter(|_| metadata.is_linked);
        let known = match identity {
            Some(identity) => self.hard_links.get(&identity).copied(),
            None => self.known(here.first, name),
        };
        let content = match known {
            Some(content) => Stored::Shared(content),
            None if here.stage => {
                let item = self.draft.tree().path(here.node).join(name);
                let staged = self
                    .draft
                    .stage_file(|| entry.open(), metadata, &path(), &item)?;
                Stored::New(staged)
            }
            None => Stored::Host(here.host, metadata.len, Fingerprint::of(metadata)),
        };
        let is_copied = matches!(content, Stored::New(_));
        let (node, content) = self.put_file(here.node, name, content, attributes)?;
        if !is_copied {
            self.draft.announce_node(node)?;
        }
        if let Some(identity) = identity {
            self.hard_links.insert(identity, content);
        }
        self.count_file(content);
        self.add_streams(node, content, metadata, || entry.open(), path)
    }

    /// Adds the streams of the file at `path`, which became `node`. It is opened and has to be the one that was found.
    pub(super) fn add_streams(
        &mut self,
        node: NodeId,
        content: ContentId,
        found: &HostMetadata,
        open: impl FnOnce() -> io::Result<File>,
        path: impl Fn() -> PathBuf,
    ) -> Result<()> {
        if !self.options.named_streams {
            return Ok(());
        }
        let attributes = Attributes {
            hidden: false,
            real_time: false,
            ..self.draft.tree().attributes(node)
        };
        // Several names of one file have the same streams.
        if let Some(owner) = self.stream_owners.get(&content) {
            let tree = self.draft.tree();
            let streams: Vec<_> = tree
                .streams(*owner)
                .into_iter()
                .filter_map(|stream| {
                    let (content, _) = tree.content_of(stream)?;
                    Some((tree.name(stream).to_owned(), content))
                })
                .collect();
            for (name, content) in streams {
                self.draft.check_stream(node, &name)?;
                self.add_stream(node, &name, Stream::Shared(content), attributes)?;
            }
            return Ok(());
        }
        let streams = open_found(open, found)
            .and_then(|file| read_streams(&file).map_err(ReadFailure::Read))
            .map_err(|failure| match failure {
                ReadFailure::Open(source) | ReadFailure::Read(source) => Error::ReadStreams {
                    file: path(),
                    source,
                },
                failure => not_opened(failure, &path(), &self.draft.tree().path(node)),
            })?;
        for (name, data) in streams {
            let checked = name
                .to_str()
                .map(|name| self.draft.check_stream(node, name));
            match checked {
                Some(Ok(())) => {}
                // Other programs name them, and users hardly see them.
                None | Some(Err(Error::InvalidName { .. })) => {
                    let mut path = path().into_os_string();
                    path.push(":");
                    path.push(&name);
                    self.leave_out(path.into(), LeftOutReason::StreamName);
                    continue;
                }
                Some(Err(error)) => return Err(error),
            }
            let name = name.to_string_lossy();
            let item = self.draft.tree().path(node).with_stream(&name);
            let source = Source(SourceKind::Bytes(data.into()));
            let stream = Stream::New(self.draft.content(source, &item)?);
            self.add_stream(node, &name, stream, attributes)?;
            self.stream_owners.insert(content, node);
        }
        Ok(())
    }

    /// Adds a stream that was checked.
    fn add_stream(
        &mut self,
        file: NodeId,
        name: &str,
        stream: Stream,
        attributes: Attributes,
    ) -> Result<()> {
        self.draft.add_stream_node(file, name, stream, attributes)?;
        self.summary.streams += 1;
        Ok(())
    }

    pub(super) fn count_file(&mut self, content: ContentId) {
        self.summary.files += 1;
        self.summary.bytes += self.draft.tree().content(content).len;
    }

    /// The content that a file got when its directory was gone through for the first time.
    pub(super) fn known(&self, first: Option<NodeId>, name: &str) -> Option<ContentId> {
        let tree = self.draft.tree();
        let node = tree.child(first?, name)?;
        let (content, _) = tree.content_of(node)?;
        Some(content)
    }

    pub(super) fn put_file(
        &mut self,
        parent: NodeId,
        name: &str,
        stored: Stored,
        attributes: Attributes,
    ) -> Result<(NodeId, ContentId)> {
        let path = || self.draft.tree().path(parent);
        self.draft.check_name(name, path)?;
        let mut existing = self.existing(parent, name)?;
        let draft = &mut *self.draft;
        if let Some(node) = existing {
            if draft.tree().is_directory(node) {
                return Err(draft.duplicate(node));
            }
        }
        let tree = draft.tree_mut();
        if let Some(node) = existing.take_if(|node| tree.name(*node) != name) {
            // The source is opened by the name that the item has.
            tree.remove(node);
        }
        let put = || -> std::result::Result<_, TreeFull> {
            // A file and its source share the name.
            let name = match existing {
                Some(node) => tree.name_ref(node),
                None => tree.add_name(name)?,
            };
            let new = |data, len| FileContent {
                len,
                references: 0,
                data,
            };
            let content = match stored {
                Stored::Shared(content) => content,
                Stored::New(content) => tree.add_content(content)?,
                Stored::Host(directory, len, fingerprint) => {
                    let file = HostFile {
                        directory,
                        name: name.0,
                    };
                    tree.add_content(new(ContentData::Host { file, fingerprint }, len))?
                }
            };
            let node = match existing {
                Some(node) => {
                    tree.clear_streams(node);
                    tree.set_content(node, content);
                    tree.set_attributes(node, attributes);
                    node
                }
                None => tree.add_file(parent, name, content, attributes)?,
            };
            Ok((node, content))
        };
        let (node, content) = put().map_err(|TreeFull| draft.full(parent, name))?;
        draft.check_size(node)?;
        self.take(node);
        if !self.draft.is_too_large() {
            self.last = node;
            self.too_large = None;
        } else if self.too_large.is_none() {
            self.too_large = Some(node);
        }
        Ok((node, content))
    }
}

//! The files of an added tree, and their streams.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::options::LeftOutReason;
use super::walk::{Here, Walk};
use crate::draft::{AddedContent, not_opened, open_found};
use crate::error::{Error, HostError, Result};
use crate::host::source::{HostEntry, HostMetadata};
use crate::source::{Fingerprint, ReadFailure, read_streams};
use crate::tree::{ContentId, ItemAttributes, NodeId};

impl Walk<'_> {
    /// Adds a file, or gives the existing one the data of the source.
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
            Some(content) => AddedContent::Shared(content),
            None if here.stage => {
                let item = self.draft.tree().path(here.node).join(name);
                let staged = self
                    .draft
                    .stage_file(|| entry.open(), metadata, &path(), &item)?;
                AddedContent::New(staged)
            }
            None => AddedContent::Host {
                directory: here.host,
                len: metadata.len,
                fingerprint: Fingerprint::of(metadata),
            },
        };
        let is_copied = matches!(content, AddedContent::New(_));
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

    /// Adds the streams of the file at `path`, which became `node`. Opens the file, which must still be the one that
    /// was found.
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
        let attributes = ItemAttributes {
            hidden: false,
            real_time: false,
            ..self.draft.tree().attributes(node)
        };
        // All names of a file have the same streams.
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
                self.add_stream(node, &name, AddedContent::Shared(content), attributes)?;
            }
            return Ok(());
        }
        let streams = open_found(open, found)
            .and_then(|file| read_streams(&file).map_err(ReadFailure::Read))
            .map_err(|failure| match failure {
                ReadFailure::Open(source) | ReadFailure::Read(source) => {
                    Error::ReadStreams(HostError::new(path(), source))
                }
                failure => not_opened(failure, &path(), &self.draft.tree().path(node)),
            })?;
        for (name, data) in streams {
            let checked = name
                .to_str()
                .map(|name| self.draft.check_stream(node, name));
            match checked {
                Some(Ok(())) => {}
                // Other programs choose the names, and users hardly see them.
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
            let stream = AddedContent::New(self.draft.content(data.into(), &item)?);
            self.add_stream(node, &name, stream, attributes)?;
            self.stream_owners.insert(content, node);
        }
        Ok(())
    }

    /// Adds a stream that was already checked.
    fn add_stream(
        &mut self,
        file: NodeId,
        name: &str,
        stream: AddedContent,
        attributes: ItemAttributes,
    ) -> Result<()> {
        self.draft.add_stream_node(file, name, stream, attributes)?;
        self.summary.streams += 1;
        Ok(())
    }
}

//! Bringing the items of a disc into the tree of an image.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::FileSystemImage;
use super::super::streams::Stream;
use super::{ImportLeftOut, ImportProgress, ImportSummary};
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::import::{RecordedItem, RecordedKind};
use crate::media::{Blocks, DiscData};
use crate::path::ImagePath;
use crate::recorded::Entry;
use crate::source::{Content, Data};
use crate::tree::{Attributes, ContentId, NodeId, Times, TreeFull};

/// An import that is going on.
pub(super) struct Merge<'a> {
    image: &'a mut FileSystemImage,
    blocks: &'a Arc<Blocks>,
    totals: Option<(u64, u64)>,
    progress: &'a mut dyn FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    /// The directories from the root to the item that comes next.
    stack: Vec<NodeId>,
    /// The first node that is imported.
    first: u32,
    /// Files by what all their names share.
    contents: HashMap<u64, ContentId>,
    pub summary: ImportSummary,
}

impl<'a> Merge<'a> {
    pub(super) fn new(
        image: &'a mut FileSystemImage,
        blocks: &'a Arc<Blocks>,
        file_system: FileSystems,
        totals: Option<(u64, u64)>,
        progress: &'a mut dyn FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    ) -> Self {
        let first = image.view.tree().node_count();
        Self {
            image,
            blocks,
            totals,
            progress,
            stack: vec![NodeId::ROOT],
            first,
            contents: HashMap::new(),
            summary: ImportSummary {
                file_system,
                files: 0,
                directories: 0,
                left_out: Vec::new(),
            },
        }
    }

    pub(super) fn item(&mut self, item: &RecordedItem, level: usize) -> Result<()> {
        self.stack.truncate(level);
        let Some(&parent) = self.stack.last() else {
            return Ok(());
        };
        let path = item.path();
        match item.kind() {
            RecordedKind::SymbolicLink { target } => {
                let target = target.to_owned();
                let left_out = ImportLeftOut::SymbolicLink { path, target };
                self.summary.left_out.push(left_out);
                Ok(())
            }
            RecordedKind::Special(_) => {
                self.summary.left_out.push(ImportLeftOut::Special { path });
                Ok(())
            }
            RecordedKind::Directory => {
                self.report(&path, true)?;
                let node = self.directory(parent, item.entry(), path)?;
                self.stack.push(node);
                Ok(())
            }
            RecordedKind::File | RecordedKind::Encoded(_) => {
                self.file(parent, item.entry(), &path)?;
                self.report(&path, false)
            }
        }
    }

    fn report(&mut self, path: &ImagePath, is_directory: bool) -> Result<()> {
        let progress = ImportProgress {
            file_system: self.summary.file_system,
            path,
            is_directory,
            directories: self.summary.directories,
            files: self.summary.files,
            total_directories: self.totals.map(|(directories, _)| directories),
            total_files: self.totals.map(|(_, files)| files),
        };
        match (self.progress)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }

    /// The item of the image that has the name.
    fn existing(&self, parent: NodeId, entry: &Entry, path: &ImagePath) -> Result<Option<NodeId>> {
        let image = &*self.image;
        image.check_name(&entry.name, || image.view.tree().path(parent))?;
        let existing = image.existing(parent, &entry.name)?;
        match existing {
            Some(node) if node.0 >= self.first => Err(Error::DuplicateName {
                path: path.clone(),
                existing: format!("an item of the disc, `{}`", image.view.tree().name(node)),
            }),
            existing => Ok(existing),
        }
    }

    fn collision(&self, path: ImagePath, is_directory: bool) -> Error {
        Error::ImportTypeCollision {
            path,
            file_system: self.summary.file_system,
            is_directory,
        }
    }

    fn directory(&mut self, parent: NodeId, entry: &Entry, path: ImagePath) -> Result<NodeId> {
        match self.existing(parent, entry, &path)? {
            Some(node) if self.image.view.tree().is_directory(node) => Ok(node),
            Some(_) => Err(self.collision(path, true)),
            None => {
                self.summary.directories += 1;
                let attributes = self.attributes(entry);
                let image = &mut *self.image;
                image.add_directory_node(parent, &entry.name, attributes)
            }
        }
    }

    fn file(&mut self, parent: NodeId, entry: &Entry, path: &ImagePath) -> Result<()> {
        if let Some(node) = self.existing(parent, entry, path)? {
            if self.image.view.tree().is_directory(node) {
                return Err(self.collision(path.clone(), false));
            }
            let path = path.clone();
            self.summary.left_out.push(ImportLeftOut::Replaced { path });
            return Ok(());
        }
        let content = self.content(entry);
        let attributes = self.attributes(entry);
        let known = self.contents.get(&entry.identity).copied();
        let tree = self.image.view.tree_mut();
        let added = (|| {
            let name = tree.add_name(&entry.name)?;
            let content = match known {
                Some(content) => content,
                None => tree.add_content(content)?,
            };
            let node = tree.add_file(parent, name, content, attributes)?;
            Ok((node, content))
        })();
        let (node, content) = added.map_err(|TreeFull| self.image.full(parent, &entry.name))?;
        self.contents.insert(entry.identity, content);
        self.image.check_size(node)?;
        self.summary.files += 1;
        for stream in &entry.streams {
            self.image.check_stream(node, &stream.name)?;
            let content = self.content(stream);
            let attributes = self.attributes(stream);
            let data = match self.contents.get(&stream.identity) {
                Some(shared) => Stream::Shared(*shared),
                None => Stream::New(content),
            };
            let image = &mut *self.image;
            image.add_stream_node(node, &stream.name, data, attributes)?;
            if let Some((content, _)) = image
                .view
                .tree()
                .stream(node, &stream.name)
                .and_then(|stream| image.view.tree().content_of(stream))
            {
                self.contents.insert(stream.identity, content);
            }
        }
        Ok(())
    }

    fn content(&self, entry: &Entry) -> Content {
        let data = DiscData::new(self.blocks.clone(), entry);
        Content {
            len: entry.len,
            references: 0,
            // What lies in the structure of a file is not there for a new one to refer to.
            data: match data.embedded() {
                Some(bytes) => Data::Memory(bytes.clone()),
                None => Data::Disc(Arc::new(data)),
            },
        }
    }

    fn attributes(&self, entry: &Entry) -> Attributes {
        let modified = entry.modified.unwrap_or(self.image.settings.time);
        Attributes {
            times: Times {
                created: entry.created.unwrap_or(modified),
                accessed: entry.accessed.unwrap_or(modified),
                modified,
            },
            hidden: entry.hidden,
            real_time: entry.real_time,
        }
    }
}

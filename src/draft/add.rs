//! Adding single items to the tree.

use super::Draft;
use super::content::AddedContent;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::iso9660;
use crate::path::ImagePath;
use crate::source::Source;
use crate::tree::{ContentId, ItemAttributes, NodeId, TreeFull};

impl Draft {
    /// Splits `path` into the directory that will hold the item, which must exist, and the item's name.
    pub(crate) fn place<'p>(&self, from: NodeId, path: &'p ImagePath) -> Result<(NodeId, &'p str)> {
        let tree = self.tree();
        let (Some(parent), Some(name)) = (path.parent(), path.name()) else {
            return Err(self.duplicate(from));
        };
        let Some(directory) = self.view.look_up(from, &parent)? else {
            return Err(Error::DirectoryNotFound {
                path: ImagePath::from_components(
                    tree.path(from).components().chain(parent.components()),
                ),
            });
        };
        if !tree.is_directory(directory) {
            return Err(Error::NotADirectory {
                path: tree.path(directory),
            });
        }
        Ok((directory, name))
    }

    /// Adds a directory, or finds an existing one.
    pub(crate) fn add_directory_node(
        &mut self,
        parent: NodeId,
        name: &str,
        attributes: ItemAttributes,
    ) -> Result<NodeId> {
        self.check_name(name, || self.tree().path(parent))?;
        if let Some(node) = self.existing(parent, name)? {
            if self.tree().is_directory(node) {
                return Ok(node);
            }
            return Err(self.duplicate(node));
        }
        let path = || self.tree().path(parent).join(name);
        if self.settings.file_systems.contains(FileSystems::ISO9660)
            && self.tree().totals().directories + 1 >= iso9660::MAX_DIRECTORIES
        {
            return Err(Error::TooManyDirectories {
                path: path(),
                file_system: FileSystems::ISO9660,
                limit: iso9660::MAX_DIRECTORIES,
            });
        }
        if let Some(limit) = self.settings.max_level() {
            let level = self.tree().level(parent) + 1;
            if level > limit {
                return Err(Error::TooDeep {
                    path: path(),
                    level,
                    limit,
                });
            }
        }
        let added = self.tree_mut().add_directory(parent, name, attributes);
        let node = added.map_err(|TreeFull| self.full(parent, name))?;
        self.check_size(node)?;
        Ok(node)
    }

    /// Adds a file from a source given by the caller.
    pub(crate) fn add_source(
        &mut self,
        parent: NodeId,
        name: &str,
        source: Source,
        attributes: ItemAttributes,
    ) -> Result<NodeId> {
        self.check_name(name, || self.tree().path(parent))?;
        if let Some(node) = self.existing(parent, name)? {
            return Err(self.duplicate(node));
        }
        let path = self.tree().path(parent).join(name);
        let (content, unstored) = self.source_content(source, &path, false)?;
        let (node, content) = self.add_file_node(parent, name, content, attributes)?;
        self.remember(unstored, false, content);
        Ok(node)
    }

    /// Adds a file whose name is checked and free; also returns its content.
    pub(crate) fn add_file_node(
        &mut self,
        parent: NodeId,
        name: &str,
        content: AddedContent,
        attributes: ItemAttributes,
    ) -> Result<(NodeId, ContentId)> {
        let tree = self.tree_mut();
        let (node, content) = (|| {
            let name = tree.add_name(name)?;
            let content = content.store(tree, name)?;
            let node = tree.add_file(parent, name, content, attributes)?;
            Ok((node, content))
        })()
        .map_err(|TreeFull| self.full(parent, name))?;
        self.check_size(node)?;
        Ok((node, content))
    }

    /// The error for a tree that can hold no more items.
    pub(crate) fn full(&self, parent: NodeId, name: &str) -> Error {
        let limit = u64::from(u32::MAX);
        Error::ImageSizeLimit {
            path: self.tree().path(parent).join(name),
            needed: limit + 1,
            limit,
        }
    }
}

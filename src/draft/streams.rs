//! Named streams: data that a file has besides its own, under names of their own (UDF 3.3.5 of 2.00).

use super::Draft;
use super::content::AddedContent;
use crate::error::{Error, NameProblem, Result};
use crate::tree::{ContentId, ItemAttributes, NodeId, TreeFull, same_folded};

/// The most named streams an image can have.
pub(super) const MAX_STREAMS: u32 = 1000;

/// The prefix of stream names that UDF reserves for itself (UDF 3.3.7 of 2.00).
const RESERVED: &str = "*UDF ";

impl Draft {
    /// Checks that `file` can have streams.
    pub(crate) fn check_has_streams(&self, file: NodeId) -> Result<()> {
        let tree = self.tree();
        if tree.is_directory(file) {
            return Err(Error::NotAFile {
                path: tree.path(file),
            });
        }
        if tree.is_stream(file) {
            return Err(Error::PropertyNotAccessible {
                path: tree.path(file),
                property: "named streams",
            });
        }
        Ok(())
    }

    /// Checks that `file` can have one more stream, with this name.
    pub(crate) fn check_stream(&self, file: NodeId, name: &str) -> Result<()> {
        self.check_has_streams(file)?;
        let tree = self.tree();
        self.check_name(name, || tree.path(file))
            .map_err(|error| match error {
                Error::RestrictedName { .. } => Error::RestrictedName {
                    path: tree.path(file).with_stream(name),
                },
                error => error,
            })?;
        if name.starts_with(RESERVED) {
            return Err(Error::InvalidName {
                path: tree.path(file),
                name: name.to_owned(),
                problem: NameProblem::Reserved,
            });
        }
        let is_same = |node: NodeId| {
            let other = tree.name(node);
            other == name || self.settings.strict && same_folded(other, name)
        };
        let mut streams = tree.streams_unsorted(file).iter().copied();
        if let Some(existing) = streams.find(|node| is_same(*node)) {
            return Err(Error::DuplicateName {
                path: tree.path(file).with_stream(name),
                existing: format!("stream `{}`", tree.name(existing)),
            });
        }
        if tree.totals().streams >= MAX_STREAMS && !self.defer_checks {
            return Err(Error::TooManyStreams {
                path: tree.path(file).with_stream(name),
                limit: MAX_STREAMS,
            });
        }
        Ok(())
    }

    /// Adds a stream that was already checked; returns its content.
    pub(crate) fn add_stream_node(
        &mut self,
        file: NodeId,
        name: &str,
        content: AddedContent,
        attributes: ItemAttributes,
    ) -> Result<ContentId> {
        let tree = self.tree_mut();
        let (node, content) = (|| {
            let name = tree.add_name(name)?;
            let content = content.store(tree, name)?;
            let node = tree.add_stream(file, name, content, attributes)?;
            Ok((node, content))
        })()
        .map_err(|TreeFull| self.full(file, name))?;
        self.check_size(node)?;
        Ok(content)
    }
}

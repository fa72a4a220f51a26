//! The state of adding a host directory, and the steps that add one of its items.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::options::{LeftOut, LeftOutReason, LinkPolicy, TreeOptions, TreeSummary};
use crate::draft::{AddedContent, Draft};
use crate::error::{Error, Result};
use crate::host::source::{FileId, HostMetadata};
use crate::result::Old;
use crate::time::Timestamp;
use crate::tree::{ContentId, ItemAttributes, NodeId, Times, TreeFull};

/// The names to leave out, with the reasons, grouped by directory.
pub(super) type Excluded = HashMap<PathBuf, Vec<(OsString, LeftOutReason)>>;

/// The state of adding a host directory.
pub(super) struct Walk<'a> {
    pub draft: &'a mut Draft,
    pub options: &'a TreeOptions,
    /// The source, without links.
    pub root: PathBuf,
    pub excluded: Excluded,
    /// The source directories walked so far.
    pub visited: HashMap<PathBuf, Visited>,
    /// The directories being walked, each of which contains the next one or a link to it.
    pub way: HashSet<PathBuf>,
    /// The number of items in the source.
    pub items: u64,
    /// The number of items added once more, because links lead to their directories.
    pub copies: u64,
    /// Files with several names, by the host's file identity.
    pub hard_links: HashMap<FileId, ContentId>,
    /// Links to files, which are added after all possible targets.
    pub links: Vec<FileLink>,
    /// The first file with each content that has streams.
    pub stream_owners: HashMap<ContentId, NodeId>,
    /// The nodes made from items of the source, if names may differ by case.
    pub taken: HashSet<NodeId>,
    /// The last file added while the image could still fit.
    pub last: NodeId,
    /// The first file added after that.
    pub too_large: Option<NodeId>,
    pub summary: TreeSummary,
}

/// A source directory that has been walked.
pub(super) struct Visited {
    /// The directory's number among the host's directories.
    pub host: u32,
    /// The first directory of the image made from it.
    pub first: NodeId,
    /// The link through which it was first reached.
    pub link: Option<Rc<Path>>,
}

/// A source directory to be walked.
pub(super) struct SourceDirectory {
    /// The directory of the image made from it.
    pub node: NodeId,
    /// The directory's path without links.
    pub source: PathBuf,
    /// The last link on the way to the directory.
    pub link: Option<Rc<Path>>,
}

/// The directory whose items are being added.
pub(super) struct Here {
    pub node: NodeId,
    pub host: u32,
    pub stage: bool,
    /// The directory of the image made when the source directory was walked before.
    pub first: Option<NodeId>,
}

/// A link to a file.
pub(super) struct FileLink {
    pub parent: NodeId,
    pub link: PathBuf,
    pub target: PathBuf,
}

impl Walk<'_> {
    /// Whether a file is the output and must be left out. Fails if the output may not lie in the source.
    pub(super) fn is_output(
        &self,
        metadata: &HostMetadata,
        path: impl Fn() -> PathBuf,
    ) -> Result<bool> {
        let Some(output) = &self.options.output else {
            return Ok(false);
        };
        match output.old {
            Some(Old { id: Some(id), .. }) if metadata.id == Some(id) => output.meets(path()),
            _ => Ok(false),
        }
    }

    pub(super) fn add_special(&mut self, file: PathBuf) -> Result<()> {
        match self.options.links {
            LinkPolicy::Follow | LinkPolicy::Error => Err(Error::SpecialFile { file }),
            LinkPolicy::SkipUnresolvable | LinkPolicy::Skip => {
                self.leave_out(file, LeftOutReason::Special);
                Ok(())
            }
        }
    }

    pub(super) fn leave_out(&mut self, path: PathBuf, reason: LeftOutReason) {
        self.summary.left_out.push(LeftOut { path, reason });
    }

    pub(super) fn add_directory(
        &mut self,
        parent: NodeId,
        name: &str,
        metadata: &HostMetadata,
    ) -> Result<NodeId> {
        let before = self.draft.tree().totals().directories;
        let attributes = self.attributes(metadata);
        let path = || self.draft.tree().path(parent);
        self.draft.check_name(name, path)?;
        let node = match self.existing(parent, name)? {
            Some(node) if self.draft.tree().is_directory(node) => node,
            Some(node) => return Err(self.draft.duplicate(node)),
            None => self.draft.add_directory_node(parent, name, attributes)?,
        };
        self.take(node);
        self.summary.directories += u64::from(self.draft.tree().totals().directories - before);
        Ok(node)
    }

    /// Returns the item of the image to merge with or replace.
    pub(super) fn existing(&self, parent: NodeId, name: &str) -> Result<Option<NodeId>> {
        if !self.options.ignore_case {
            return self.draft.existing(parent, name);
        }
        let found = self.draft.view().find(parent, name)?;
        match found {
            // The source tells them apart, so one of them would be lost.
            Some(node) if self.taken.contains(&node) => {
                let path = self.draft.tree().path(parent).join(name);
                Err(self.draft.duplicate_of(path, node))
            }
            found => Ok(found),
        }
    }

    pub(super) fn take(&mut self, node: NodeId) {
        if self.options.ignore_case {
            self.taken.insert(node);
        }
    }

    pub(super) fn attributes(&self, metadata: &HostMetadata) -> ItemAttributes {
        let latest = |time: Timestamp| match self.options.latest_time {
            Some(latest) => time.min(latest),
            None => time,
        };
        // Without modification times, the image's time is used.
        let modified = latest(metadata.modified.unwrap_or(self.draft.settings.time));
        let mut times = Times::all(modified);
        if self.options.all_times {
            times.created = metadata.created.map_or(modified, latest);
            times.accessed = metadata.accessed.map_or(modified, latest);
        }
        ItemAttributes {
            times,
            hidden: metadata.hidden,
            real_time: false,
        }
    }
    pub(super) fn count_file(&mut self, content: ContentId) {
        self.summary.files += 1;
        self.summary.bytes += self.draft.tree().content(content).len;
    }

    /// Returns the content that a file got when its directory was first walked.
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
        content: AddedContent,
        attributes: ItemAttributes,
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
            // The item must have the source's name, because the source is opened by it.
            tree.remove(node);
        }
        let put = || -> std::result::Result<_, TreeFull> {
            let name = match existing {
                Some(node) => tree.name_ref(node),
                None => tree.add_name(name)?,
            };
            let content = content.store(tree, name)?;
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

pub(super) fn unicode<'n>(name: &'n OsStr, path: &Path) -> Result<&'n str> {
    name.to_str().ok_or_else(|| Error::NameNotUnicode {
        file: path.to_owned(),
    })
}

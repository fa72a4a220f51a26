//! Adding the contents of a host directory.
//!
//! The walk reads each directory once and examines each of its items once. It goes depth first with its own stack, so
//! depth costs no call stack and no open handles. A user with write access to the source can change it meanwhile:
//! [`host::source`](crate::host::source) describes how its items are reached.

mod excluded;
mod files;
mod links;
mod options;
mod walk;

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use self::excluded::{exclude_output, excluded};
pub use self::options::{LeftOut, LeftOutReason, LinkPolicy, TreeOptions, TreeSummary};
use self::walk::{Here, SourceDirectory, Visited, Walk, unicode};
use crate::draft::{AddedContent, Draft};
use crate::error::{Error, HostError, Result};
use crate::file_systems::{InvalidValue, UdfRevision};
use crate::host::source::{self as host, HostKind, HostMetadata, HostPlace};
use crate::result::is_unfinished;
use crate::tree::NodeId;

/// Adds `source` to the directory `target`. The caller undoes everything if it fails.
pub(crate) fn add_tree(
    draft: &mut Draft,
    target: NodeId,
    source: &Path,
    options: &TreeOptions,
) -> Result<TreeSummary> {
    let unreadable = |error| Error::ReadDirectory(HostError::new(source.to_owned(), error));
    let root = fs::canonicalize(source).map_err(unreadable)?;
    let metadata = host::metadata(HostPlace::of(&root)).map_err(unreadable)?;
    // The name that the caller knows it by, which may be a link's.
    let name = source.file_name().or_else(|| root.file_name());
    let name = name.map(OsStr::to_owned);
    let mut excluded = excluded(draft, &root, options);
    let mut summary = TreeSummary::default();
    exclude_output(&root, options, &mut excluded, &mut summary)?;
    let mut walk = Walk {
        excluded,
        draft,
        options,
        visited: HashMap::new(),
        way: HashSet::new(),
        items: 0,
        copies: 0,
        hard_links: HashMap::new(),
        links: Vec::new(),
        stream_owners: HashMap::new(),
        taken: HashSet::new(),
        last: target,
        too_large: None,
        summary,
        root,
    };
    // Replacing an item frees its blocks, perhaps only after other items have taken blocks.
    walk.draft.defer_checks();
    let added = walk
        .add_root(target, name.as_deref(), &metadata)
        .and_then(|()| walk.add_links());
    let mut summary = walk.summary;
    let last = walk.too_large.unwrap_or(walk.last);
    let checked = draft.check_deferred(last);
    added.and(checked)?;
    if summary.streams > 0 {
        summary.stream_support = draft.settings.support(UdfRevision::V2_00);
    }
    Ok(summary)
}

/// A source directory being walked.
struct Frame {
    /// The directory's path without links.
    source: PathBuf,
    /// The subdirectories still to be walked, last first.
    directories: Vec<SourceDirectory>,
}

impl Walk<'_> {
    fn add_root(
        &mut self,
        target: NodeId,
        name: Option<&OsStr>,
        metadata: &HostMetadata,
    ) -> Result<()> {
        let root = self.root.clone();
        let name = || {
            let name = name.ok_or_else(|| {
                Error::InvalidParameter(InvalidValue {
                    parameter: "source directory",
                    value: root.display().to_string(),
                    expected: "a directory with a name",
                })
            })?;
            unicode(name, &root)
        };
        if metadata.is_directory() {
            let target = if self.options.include_base_directory {
                self.add_directory(target, name()?, metadata)?
            } else {
                target
            };
            self.add_directories(SourceDirectory {
                node: target,
                source: root.clone(),
                link: None,
            })
        } else if metadata.is_file() {
            if self.is_output(metadata, || root.clone())? {
                let output = self.options.output.as_ref();
                return output.map_or(Ok(()), |output| Err(output.is_source(root.clone())));
            }
            let name = name()?;
            let item = self.draft.tree().path(target).join(name);
            let content = AddedContent::New(self.draft.found_content(&root, metadata, &item)?);
            let attributes = self.attributes(metadata);
            let (node, content) = self.put_file(target, name, content, attributes)?;
            self.count_file(content);
            let open = || host::open(HostPlace::of(&root));
            self.add_streams(node, content, metadata, open, || root.clone())
        } else {
            Err(Error::SpecialFile { file: root.clone() })
        }
    }

    fn add_directories(&mut self, top: SourceDirectory) -> Result<()> {
        let mut stack: Vec<Frame> = Vec::new();
        let mut next = Some(top);
        loop {
            if let Some(directory) = next {
                self.way.insert(directory.source.clone());
                let directories = self.add_items(&directory)?;
                stack.push(Frame {
                    source: directory.source,
                    directories,
                });
            }
            let Some(frame) = stack.last_mut() else {
                return Ok(());
            };
            next = frame.directories.pop();
            if next.is_none() {
                self.way.remove(&frame.source);
                stack.pop();
            }
        }
    }

    /// Adds the items of one directory; returns its subdirectories, last first.
    fn add_items(&mut self, directory: &SourceDirectory) -> Result<Vec<SourceDirectory>> {
        let SourceDirectory { node, source, link } = directory;
        let unreadable = |error| Error::ReadDirectory(HostError::new(source.clone(), error));
        let place = HostPlace::below(&self.root, source);
        let listing = host::list(place).map_err(unreadable)?;
        let stage = self.draft.must_stage(source);
        let here = match self.visited.get(source) {
            Some(visited) => Here {
                node: *node,
                host: visited.host,
                stage,
                first: Some(visited.first),
            },
            None => {
                let host = self.draft.tree_mut().hosts_mut().push(place);
                let visited = Visited {
                    host,
                    first: *node,
                    link: link.clone(),
                };
                self.visited.insert(source.clone(), visited);
                Here {
                    node: *node,
                    host,
                    stage,
                    first: None,
                }
            }
        };
        let excluded = self.excluded.get(source).cloned().unwrap_or_default();
        let mut directories = Vec::new();
        for entry in listing.entries() {
            self.count_item(directory, here.first.is_some())?;
            let name = entry.name();
            let path = || source.join(name);
            if let Some((_, reason)) = excluded.iter().find(|(excluded, _)| *excluded == name) {
                self.leave_out(path(), *reason);
                continue;
            }
            if entry.is_link() {
                directories.extend(self.add_link(*node, source, path())?);
                continue;
            }
            let metadata = entry.metadata().map_err(unreadable)?;
            match metadata.kind {
                HostKind::Directory => {
                    let path = path();
                    let node = self.add_directory(*node, unicode(name, &path)?, &metadata)?;
                    directories.push(SourceDirectory {
                        node,
                        source: path,
                        link: link.clone(),
                    });
                }
                HostKind::File if is_unfinished(name, &metadata) => {
                    self.leave_out(path(), LeftOutReason::Unfinished);
                }
                HostKind::File if self.is_output(&metadata, path)? => {
                    self.leave_out(path(), LeftOutReason::Output);
                }
                HostKind::File => {
                    let Some(name) = name.to_str() else {
                        return Err(Error::NameNotUnicode { file: path() });
                    };
                    self.add_file(&here, name, &metadata, &entry, path)?;
                }
                // Some systems do not report links when they list a directory.
                HostKind::Link => directories.extend(self.add_link(*node, source, path())?),
                HostKind::Special => self.add_special(path())?,
            }
        }
        directories.reverse();
        Ok(directories)
    }
}

//! Adding what is in a directory of the host.
//!
//! Each directory is read once and each of its items looked at once. Directories are gone through depth first with a
//! stack of their own, so that depth costs no stack and no open handles. Whoever can write in the source can change it
//! meanwhile: [`host::source`](crate::host::source) says how what is in it is reached.

mod files;
mod links;
mod options;

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use self::files::Stored;
use self::links::FileLink;
pub use self::options::{LeftOut, LeftOutReason, LinkPolicy, TreeOptions, TreeSummary};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::file_systems::{InvalidValue, UdfRevision};
use crate::host::source::{self as host, FileId, HostKind, HostMetadata, HostPlace};
use crate::result::{Old, is_unfinished};
use crate::time::Timestamp;
use crate::tree::{Attributes, ContentId, NodeId, Times};

/// Adds `source` to the directory `target`. The caller takes everything back if it fails.
pub(crate) fn add_tree(
    draft: &mut Draft,
    target: NodeId,
    source: &Path,
    options: &TreeOptions,
) -> Result<TreeSummary> {
    let unreadable = |error| Error::ReadDirectory {
        directory: source.to_owned(),
        source: error,
    };
    let root = fs::canonicalize(source).map_err(unreadable)?;
    let metadata = host::metadata(HostPlace::of(&root)).map_err(unreadable)?;
    // The name the caller knows it by, which may be a link's.
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
    // What is replaced makes room, perhaps only after what needs it.
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

/// The paths to leave out, without links, by their directories.
fn excluded(
    draft: &Draft,
    root: &Path,
    options: &TreeOptions,
) -> HashMap<PathBuf, Vec<(OsString, LeftOutReason)>> {
    let mut excluded: HashMap<PathBuf, Vec<_>> = HashMap::new();
    let all = options
        .excluded
        .iter()
        .map(|path| (path.as_path(), LeftOutReason::Excluded))
        .chain(
            draft
                .own_working_directory()
                .map(|path| (path, LeftOutReason::WorkingDirectory)),
        );
    for (path, reason) in all {
        for (parent, name) in inside(root, path) {
            excluded.entry(parent).or_default().push((name, reason));
        }
    }
    excluded
}

/// Where in the source `path` is, without links: a link is left out with what it leads to; what does not exist yet is known
/// by its directory.
fn inside(root: &Path, path: &Path) -> impl Iterator<Item = (PathBuf, OsString)> {
    let link = std::path::absolute(path).and_then(|path| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(fs::canonicalize(parent)?.join(name)),
        _ => Ok(path),
    });
    let all = [fs::canonicalize(path), link].into_iter().flatten();
    all.filter(move |real| real != root && real.starts_with(root))
        .filter_map(|real| Some((real.parent()?.to_owned(), real.file_name()?.to_owned())))
}

/// Leaves out the output if it lies in the source, and says so: it need not be there yet.
fn exclude_output(
    root: &Path,
    options: &TreeOptions,
    excluded: &mut HashMap<PathBuf, Vec<(OsString, LeftOutReason)>>,
    summary: &mut TreeSummary,
) -> Result<()> {
    let Some(output) = &options.output else {
        return Ok(());
    };
    for (parent, name) in output.path.iter().flat_map(|path| inside(root, path)) {
        output.lies_in(root)?;
        let path = parent.join(&name);
        let names = excluded.entry(parent).or_default();
        if names.iter().all(|(excluded, _)| *excluded != name) {
            names.push((name, LeftOutReason::Output));
            if output.old.is_none() {
                let reason = LeftOutReason::Output;
                summary.left_out.push(LeftOut { path, reason });
            }
        }
    }
    Ok(())
}

struct Walk<'a> {
    draft: &'a mut Draft,
    options: &'a TreeOptions,
    /// The source, without links.
    root: PathBuf,
    excluded: HashMap<PathBuf, Vec<(OsString, LeftOutReason)>>,
    /// The source directories gone through.
    visited: HashMap<PathBuf, Visited>,
    /// Those that are being gone through, of which each holds the next or a link to it.
    way: HashSet<PathBuf>,
    /// How many items the source has.
    items: u64,
    /// How many of them were added once more, as they are in directories that links lead to.
    copies: u64,
    /// Files with several names, by what the host knows them by.
    hard_links: HashMap<FileId, ContentId>,
    /// Links to files, added when all that they can lead to is there.
    links: Vec<FileLink>,
    /// The first file of those that have a content and streams.
    stream_owners: HashMap<ContentId, NodeId>,
    /// What items of the source became, when their names may differ by case.
    taken: HashSet<NodeId>,
    /// The last file that was added while the image could fit.
    last: NodeId,
    /// The first one since then.
    too_large: Option<NodeId>,
    summary: TreeSummary,
}

/// A source directory that has been gone through.
struct Visited {
    /// Its number among the host's directories.
    host: u32,
    /// The first directory of the image that it became.
    first: NodeId,
    /// The link that it was reached by then.
    link: Option<Rc<Path>>,
}

/// A source directory being gone through.
struct Frame {
    /// Its path without links.
    source: PathBuf,
    /// Its directories still to be gone through, last first.
    directories: Vec<SourceDirectory>,
}

/// A source directory to be gone through.
struct SourceDirectory {
    /// What it is called in the image.
    node: NodeId,
    /// Its path without links.
    source: PathBuf,
    /// The last link on the way to it.
    link: Option<Rc<Path>>,
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
            let content = Stored::New(self.draft.found_content(&root, metadata, &item)?);
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

    /// Adds what is in one directory; returns its directories, last first.
    fn add_items(&mut self, directory: &SourceDirectory) -> Result<Vec<SourceDirectory>> {
        let SourceDirectory { node, source, link } = directory;
        let unreadable = |error| Error::ReadDirectory {
            directory: source.clone(),
            source: error,
        };
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
                // Not every system says so when a directory is listed.
                HostKind::Link => directories.extend(self.add_link(*node, source, path())?),
                HostKind::Special => self.add_special(path())?,
            }
        }
        directories.reverse();
        Ok(directories)
    }

    /// Whether a file is the output and to be left out. Fails if the output must not be a source.
    fn is_output(&self, metadata: &HostMetadata, path: impl Fn() -> PathBuf) -> Result<bool> {
        let Some(output) = &self.options.output else {
            return Ok(false);
        };
        match output.old {
            Some(Old { id: Some(id), .. }) if metadata.id == Some(id) => output.meets(path()),
            _ => Ok(false),
        }
    }

    fn add_special(&mut self, file: PathBuf) -> Result<()> {
        match self.options.links {
            LinkPolicy::Follow | LinkPolicy::Error => Err(Error::SpecialFile { file }),
            LinkPolicy::SkipUnresolvable | LinkPolicy::Skip => {
                self.leave_out(file, LeftOutReason::Special);
                Ok(())
            }
        }
    }

    fn leave_out(&mut self, path: PathBuf, reason: LeftOutReason) {
        self.summary.left_out.push(LeftOut { path, reason });
    }

    fn add_directory(
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

    /// The item of the image that is merged with or replaced.
    fn existing(&self, parent: NodeId, name: &str) -> Result<Option<NodeId>> {
        if !self.options.ignore_case {
            return self.draft.existing(parent, name);
        }
        let found = self.draft.view().find(parent, name)?;
        match found {
            // The source tells them apart: one of them would be lost.
            Some(node) if self.taken.contains(&node) => {
                let path = self.draft.tree().path(parent).join(name);
                Err(self.draft.duplicate_of(path, node))
            }
            found => Ok(found),
        }
    }

    fn take(&mut self, node: NodeId) {
        if self.options.ignore_case {
            self.taken.insert(node);
        }
    }

    fn attributes(&self, metadata: &HostMetadata) -> Attributes {
        let latest = |time: Timestamp| match self.options.latest_time {
            Some(latest) => time.min(latest),
            None => time,
        };
        // A platform without modification times gives the image's.
        let modified = latest(metadata.modified.unwrap_or(self.draft.settings.time));
        let mut times = Times::all(modified);
        if self.options.all_times {
            times.created = metadata.created.map_or(modified, latest);
            times.accessed = metadata.accessed.map_or(modified, latest);
        }
        Attributes {
            times,
            hidden: metadata.hidden,
            real_time: false,
        }
    }
}

/// The directory whose items are being added.
struct Here {
    node: NodeId,
    host: u32,
    stage: bool,
    /// The directory of the image that the source directory became when it was gone through before.
    first: Option<NodeId>,
}

fn unicode<'n>(name: &'n OsStr, path: &Path) -> Result<&'n str> {
    name.to_str().ok_or_else(|| Error::NameNotUnicode {
        file: path.to_owned(),
    })
}

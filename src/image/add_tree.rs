//! Adding what is in a directory of the host.
//!
//! Each directory is read once and each of its items looked at once. Directories are gone through depth first with a
//! stack of their own, so that depth costs no stack and no open handles.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::FileSystemImage;
use super::streams::Stream;
use super::tree_options::{LeftOut, LeftOutReason, LinkPolicy, TreeOptions, TreeSummary};
use crate::error::{Error, LinkProblem, Result};
use crate::file_systems::{InvalidValue, UdfRevision};
use crate::result::{Old, is_unfinished};
use crate::source::{
    Content, Data, Fingerprint, HostEntry, HostFile, Source, SourceKind, identity, is_hidden,
    is_too_long, read_dir, read_streams,
};
use crate::time::Timestamp;
use crate::tree::{Attributes, ContentId, NodeId, Times, TreeFull};

/// Adds `source` to the directory `target`. The caller takes everything back if it fails.
pub(super) fn add_tree(
    image: &mut FileSystemImage,
    target: NodeId,
    source: &Path,
    options: &TreeOptions,
) -> Result<TreeSummary> {
    let unreadable = |error| Error::ReadDirectory {
        directory: source.to_owned(),
        source: error,
    };
    let root = fs::canonicalize(source).map_err(unreadable)?;
    let metadata = fs::symlink_metadata(&root).map_err(unreadable)?;
    // The name the caller knows it by, which may be a link's.
    let name = source.file_name().or_else(|| root.file_name());
    let name = name.map(OsStr::to_owned);
    let mut excluded = excluded(image, &root, options);
    let mut summary = TreeSummary::default();
    exclude_output(&root, options, &mut excluded, &mut summary)?;
    let mut walk = Walk {
        excluded,
        image,
        options,
        visited: HashMap::new(),
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
    walk.image.defer_checks = !walk.image.view.tree().is_empty();
    let added = walk
        .add_root(target, name.as_deref(), &metadata)
        .and_then(|()| walk.add_links());
    let mut summary = walk.summary;
    let last = walk.too_large.unwrap_or(walk.last);
    let checked = image.check_deferred(last);
    added.and(checked)?;
    if summary.streams > 0 {
        summary.stream_support = image.settings.support(UdfRevision::V2_00);
    }
    Ok(summary)
}

/// The paths to leave out, without links, by their directories.
fn excluded(
    image: &FileSystemImage,
    root: &Path,
    options: &TreeOptions,
) -> HashMap<PathBuf, Vec<(OsString, LeftOutReason)>> {
    let mut excluded: HashMap<PathBuf, Vec<_>> = HashMap::new();
    // The directory for all temporary files is not ours to leave out while nothing is staged there.
    let settings = &image.settings;
    let staging = settings.own_working_directory || settings.stage_files || image.stage.is_some();
    let working_directory = staging.then_some(settings.working_directory.as_path());
    let all = options
        .excluded
        .iter()
        .map(|path| (path.as_path(), LeftOutReason::Excluded))
        .chain(working_directory.map(|path| (path, LeftOutReason::WorkingDirectory)));
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
    image: &'a mut FileSystemImage,
    options: &'a TreeOptions,
    /// The source, without links.
    root: PathBuf,
    excluded: HashMap<PathBuf, Vec<(OsString, LeftOutReason)>>,
    /// The source directories gone through, with their number among the host's directories and the first directory of
    /// the image they became.
    visited: HashMap<PathBuf, (u32, NodeId)>,
    /// Files with several names, by what the host knows them by.
    hard_links: HashMap<(u64, u64), ContentId>,
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

struct FileLink {
    parent: NodeId,
    link: PathBuf,
    target: PathBuf,
}

/// A source directory being gone through.
struct Frame {
    /// Its path without links.
    source: PathBuf,
    /// Its directories still to be gone through, last first: what they are called in the image, and their paths
    /// without links.
    directories: Vec<(NodeId, PathBuf)>,
}

impl Walk<'_> {
    fn add_root(
        &mut self,
        target: NodeId,
        name: Option<&OsStr>,
        metadata: &Metadata,
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
        if metadata.is_dir() {
            let target = if self.options.include_base_directory {
                self.add_directory(target, name()?, metadata)?
            } else {
                target
            };
            self.add_directories(target, root.clone())
        } else if metadata.is_file() {
            if self.is_output(metadata, || root.clone())? {
                let output = self.options.output.as_ref();
                return output.map_or(Ok(()), |output| Err(output.is_source(root.clone())));
            }
            let name = name()?;
            let item = self.image.view.tree().path(target).join(name);
            let content = Stored::New(self.image.file_content(&root, &item)?);
            let attributes = self.attributes(metadata);
            let (node, content) = self.put_file(target, name, content, attributes)?;
            self.count_file(content);
            self.add_streams(node, content, || root.clone())
        } else {
            Err(Error::SpecialFile { file: root.clone() })
        }
    }

    fn add_directories(&mut self, target: NodeId, source: PathBuf) -> Result<()> {
        let mut stack = Vec::new();
        let directories = self.add_items(target, &source, &stack)?;
        stack.push(Frame {
            source,
            directories,
        });
        while let Some(frame) = stack.last_mut() {
            match frame.directories.pop() {
                Some((node, source)) => {
                    let directories = self.add_items(node, &source, &stack)?;
                    stack.push(Frame {
                        source,
                        directories,
                    });
                }
                None => {
                    stack.pop();
                }
            }
        }
        Ok(())
    }

    /// Adds what is in one directory; returns its directories, last first.
    fn add_items(
        &mut self,
        node: NodeId,
        source: &Path,
        above: &[Frame],
    ) -> Result<Vec<(NodeId, PathBuf)>> {
        let unreadable = |error| Error::ReadDirectory {
            directory: source.to_owned(),
            source: error,
        };
        let entries = read_dir(source).map_err(unreadable)?;

        let stage = self.image.must_stage(source);
        let here = match self.visited.get(source) {
            Some((host, first)) => Here {
                node,
                host: *host,
                stage,
                first: Some(*first),
            },
            None => {
                let host = self.image.view.tree_mut().hosts_mut().push(source);
                self.visited.insert(source.to_owned(), (host, node));
                Here {
                    node,
                    host,
                    stage,
                    first: None,
                }
            }
        };
        let excluded = self.excluded.get(source).cloned().unwrap_or_default();
        let mut directories = Vec::new();
        for entry in entries {
            let name = entry.file_name();
            if let Some((_, reason)) = excluded.iter().find(|(excluded, _)| *excluded == name) {
                self.leave_out(entry.path(), *reason);
                continue;
            }
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_symlink() {
                directories.extend(self.add_link(node, source, &entry, above)?);
                continue;
            }
            let metadata = entry.metadata().map_err(unreadable)?;
            if metadata.is_dir() {
                let path = entry.path();
                let name = unicode(&name, &path)?;
                let node = self.add_directory(node, name, &metadata)?;
                directories.push((node, path));
            } else if metadata.is_file() && is_unfinished(&name, &metadata) {
                self.leave_out(entry.path(), LeftOutReason::Unfinished);
            } else if metadata.is_file() && self.is_output(&metadata, || entry.path())? {
                self.leave_out(entry.path(), LeftOutReason::Output);
            } else if metadata.is_file() {
                let Some(name) = name.to_str() else {
                    return Err(Error::NameNotUnicode { file: entry.path() });
                };
                self.add_file(&here, name, &metadata, || entry.path())?;
            } else {
                self.add_special(entry.path())?;
            }
        }
        directories.reverse();
        Ok(directories)
    }

    /// Looks where a link leads. A directory is returned, a file is remembered.
    fn add_link(
        &mut self,
        parent: NodeId,
        source: &Path,
        entry: &HostEntry,
        above: &[Frame],
    ) -> Result<Option<(NodeId, PathBuf)>> {
        let link = entry.path();
        match self.options.links {
            LinkPolicy::Error => return Err(Error::LinkNotAllowed { link }),
            LinkPolicy::Skip => {
                self.leave_out(link, LeftOutReason::Link);
                return Ok(None);
            }
            LinkPolicy::Follow | LinkPolicy::SkipUnresolvable => {}
        }
        let resolved = fs::canonicalize(&link)
            .and_then(|target| Ok((fs::symlink_metadata(&target)?, target)))
            .map_err(|error| match is_too_long(&error) {
                true => LinkProblem::PathTooLong,
                false => LinkProblem::Dangles,
            })
            .and_then(|(metadata, target)| {
                let is_above = || {
                    source.starts_with(&target) || above.iter().any(|frame| frame.source == target)
                };
                if !target.starts_with(&self.root) {
                    Err(LinkProblem::LeavesTree)
                } else if self.is_left_out(&target) {
                    Err(LinkProblem::LeftOut)
                } else if metadata.is_dir() && is_above() {
                    Err(LinkProblem::LeadsToAncestor)
                } else {
                    Ok((metadata, target))
                }
            });
        let (metadata, target) = match resolved {
            Ok(resolved) => resolved,
            Err(problem) => return self.unresolvable(link, problem).map(|()| None),
        };
        if metadata.is_dir() {
            let name = entry.file_name();
            let node = self.add_directory(parent, unicode(&name, &link)?, &metadata)?;
            Ok(Some((node, target)))
        } else if metadata.is_file() {
            self.links.push(FileLink {
                parent,
                link,
                target,
            });
            Ok(None)
        } else {
            self.add_special(link).map(|()| None)
        }
    }

    /// Whether a file is the output and to be left out. Fails if the output must not be a source.
    fn is_output(&self, metadata: &Metadata, path: impl Fn() -> PathBuf) -> Result<bool> {
        let Some(output) = &self.options.output else {
            return Ok(false);
        };
        match output.old {
            Some(Old { id: Some(id), len }) if id.is(len, metadata, &path) => output.meets(path()),
            _ => Ok(false),
        }
    }

    /// Whether `path` or a directory above it, inside the source, is excluded.
    fn is_left_out(&self, path: &Path) -> bool {
        !self.excluded.is_empty()
            && path
                .ancestors()
                .take_while(|path| *path != self.root)
                .any(|path| match (path.parent(), path.file_name()) {
                    (Some(parent), Some(name)) => self
                        .excluded
                        .get(parent)
                        .is_some_and(|names| names.iter().any(|(excluded, _)| excluded == name)),
                    _ => false,
                })
    }

    fn unresolvable(&mut self, link: PathBuf, problem: LinkProblem) -> Result<()> {
        if self.options.links == LinkPolicy::Follow {
            return Err(Error::UnresolvableLink { link, problem });
        }
        self.leave_out(link, LeftOutReason::Unresolvable(problem));
        Ok(())
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

    fn add_directory(&mut self, parent: NodeId, name: &str, metadata: &Metadata) -> Result<NodeId> {
        let before = self.image.directory_count();
        let attributes = self.attributes(metadata);
        let path = || self.image.view.tree().path(parent);
        self.image.check_name(name, path)?;
        let node = match self.existing(parent, name)? {
            Some(node) if self.image.view.tree().is_directory(node) => node,
            Some(node) => return Err(self.image.duplicate(node)),
            None => self.image.add_directory_node(parent, name, attributes)?,
        };
        self.take(node);
        self.summary.directories += u64::from(self.image.directory_count() - before);
        Ok(node)
    }

    /// The item of the image that is merged with or replaced.
    fn existing(&self, parent: NodeId, name: &str) -> Result<Option<NodeId>> {
        if !self.options.ignore_case {
            return self.image.existing(parent, name);
        }
        let found = self.image.view.find(parent, name)?;
        match found {
            // The source tells them apart: one of them would be lost.
            Some(node) if self.taken.contains(&node) => {
                let path = self.image.view.tree().path(parent).join(name);
                Err(self.image.duplicate_of(path, node))
            }
            found => Ok(found),
        }
    }

    fn take(&mut self, node: NodeId) {
        if self.options.ignore_case {
            self.taken.insert(node);
        }
    }

    /// Adds a file, or gives the one that is there what the source has.
    fn add_file(
        &mut self,
        here: &Here,
        name: &str,
        metadata: &Metadata,
        path: impl Fn() -> PathBuf,
    ) -> Result<()> {
        let attributes = self.attributes(metadata);
        let identity = identity(metadata, &path);
        let known = match identity {
            Some(identity) => self.hard_links.get(&identity).copied(),
            None => self.known(here.first, name),
        };
        let content = match known {
            Some(content) => Stored::Shared(content),
            None if here.stage => {
                let item = self.image.view.tree().path(here.node).join(name);
                Stored::New(self.image.stage_file(&path(), &item)?)
            }
            None => Stored::Host(here.host, metadata.len(), Fingerprint::of(metadata)),
        };
        let is_copied = matches!(content, Stored::New(_));
        let (node, content) = self.put_file(here.node, name, content, attributes)?;
        if !is_copied {
            self.image.announce_node(node)?;
        }
        if let Some(identity) = identity {
            self.hard_links.insert(identity, content);
        }
        self.count_file(content);
        self.add_streams(node, content, path)
    }

    /// Adds the streams of the file at `path`, which became `node`.
    fn add_streams(
        &mut self,
        node: NodeId,
        content: ContentId,
        path: impl Fn() -> PathBuf,
    ) -> Result<()> {
        if !self.options.named_streams {
            return Ok(());
        }
        let attributes = Attributes {
            hidden: false,
            real_time: false,
            ..self.image.view.tree().attributes(node)
        };
        // Several names of one file have the same streams.
        if let Some(owner) = self.stream_owners.get(&content) {
            let tree = self.image.view.tree();
            let streams: Vec<_> = tree
                .streams(*owner)
                .into_iter()
                .filter_map(|stream| {
                    let (content, _) = tree.content_of(stream)?;
                    Some((tree.name(stream).to_owned(), content))
                })
                .collect();
            for (name, content) in streams {
                self.image.check_stream(node, &name)?;
                self.add_stream(node, &name, Stream::Shared(content), attributes)?;
            }
            return Ok(());
        }
        let file = path();
        let streams = read_streams(&file).map_err(|source| Error::ReadStreams { file, source })?;
        for (name, data) in streams {
            let checked = name
                .to_str()
                .map(|name| self.image.check_stream(node, name));
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
            let item = self.image.view.tree().path(node).with_stream(&name);
            let source = Source(SourceKind::Bytes(data.into()));
            let stream = Stream::New(self.image.content(source, &item)?);
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
        self.image.add_stream_node(file, name, stream, attributes)?;
        self.summary.streams += 1;
        Ok(())
    }

    fn count_file(&mut self, content: ContentId) {
        self.summary.files += 1;
        self.summary.bytes += self.image.view.tree().content(content).len;
    }

    /// The content that a file got when its directory was gone through for the first time.
    fn known(&self, first: Option<NodeId>, name: &str) -> Option<ContentId> {
        let tree = self.image.view.tree();
        let node = tree.child(first?, name)?;
        let (content, _) = tree.content_of(node)?;
        Some(content)
    }

    fn put_file(
        &mut self,
        parent: NodeId,
        name: &str,
        stored: Stored,
        attributes: Attributes,
    ) -> Result<(NodeId, ContentId)> {
        let path = || self.image.view.tree().path(parent);
        self.image.check_name(name, path)?;
        let mut existing = self.existing(parent, name)?;
        let image = &mut *self.image;
        if let Some(node) = existing {
            if image.view.tree().is_directory(node) {
                return Err(image.duplicate(node));
            }
        }
        let tree = image.view.tree_mut();
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
            let new = |data, len| Content {
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
                    tree.add_content(new(Data::Host { file, fingerprint }, len))?
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
        let (node, content) = put().map_err(|TreeFull| image.full(parent, name))?;
        image.check_size(node)?;
        self.take(node);
        if !self.image.is_too_large() {
            self.last = node;
            self.too_large = None;
        } else if self.too_large.is_none() {
            self.too_large = Some(node);
        }
        Ok((node, content))
    }

    /// Adds the links to files: each shares what its target became.
    fn add_links(&mut self) -> Result<()> {
        for FileLink {
            parent,
            link,
            target,
        } in std::mem::take(&mut self.links)
        {
            let first = target
                .parent()
                .and_then(|directory| self.visited.get(directory))
                .map(|(_, first)| *first);
            let target_name = target.file_name().and_then(OsStr::to_str);
            let Some(content) = target_name.and_then(|name| self.known(first, name)) else {
                self.unresolvable(link, LinkProblem::LeftOut)?;
                continue;
            };
            let metadata = fs::symlink_metadata(&target).map_err(|source| Error::OpenSource {
                path: self.image.view.tree().path(parent),
                file: target.clone(),
                source,
            })?;
            let attributes = self.attributes(&metadata);
            let name = unicode(link.file_name().unwrap_or_default(), &link)?;
            let stored = Stored::Shared(content);
            let (node, content) = self.put_file(parent, name, stored, attributes)?;
            self.count_file(content);
            self.add_streams(node, content, || target.clone())?;
        }
        Ok(())
    }

    fn attributes(&self, metadata: &Metadata) -> Attributes {
        let latest = |time: Timestamp| match self.options.latest_time {
            Some(latest) => time.min(latest),
            None => time,
        };
        // A platform without modification times gives the image's.
        let modified = metadata
            .modified()
            .map_or(self.image.settings.time, Timestamp::from);
        let modified = latest(modified);
        let mut times = Times::all(modified);
        if self.options.all_times {
            let or_modified = |time: std::io::Result<_>| {
                time.map_or(modified, |time| latest(Timestamp::from(time)))
            };
            times.created = or_modified(metadata.created());
            times.accessed = or_modified(metadata.accessed());
        }
        Attributes {
            times,
            hidden: is_hidden(metadata),
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

/// Where a file's content comes from.
enum Stored {
    Shared(ContentId),
    New(Content),
    /// A file in a directory of the host.
    Host(u32, u64, Fingerprint),
}

fn unicode<'n>(name: &'n OsStr, path: &Path) -> Result<&'n str> {
    name.to_str().ok_or_else(|| Error::NameNotUnicode {
        file: path.to_owned(),
    })
}

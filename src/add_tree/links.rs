//! The links in an added tree.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::options::{LeftOutReason, LinkPolicy};
use super::walk::{FileLink, SourceDirectory, Walk, unicode};
use crate::draft::AddedContent;
use crate::error::{Error, LinkProblem, Result};
use crate::host::source::{self as host, HostPlace, is_too_long};
use crate::tree::NodeId;

/// The number of item copies that links to directories may make in any source.
const COPIES: u64 = 100_000;

/// The number of additional copies for each item of the source.
const COPIES_OF_ITEM: u64 = 10;

impl Walk<'_> {
    /// Counts an item of a directory, or a copy of an item made by a link to a directory: links that lead to
    /// directories with such links multiply.
    pub(super) fn count_item(&mut self, directory: &SourceDirectory, is_copy: bool) -> Result<()> {
        if !is_copy {
            self.items += 1;
            return Ok(());
        }
        self.copies += 1;
        let limit = match self.options.max_copies {
            Some(limit) => limit,
            None => self
                .items
                .saturating_mul(COPIES_OF_ITEM)
                .saturating_add(COPIES),
        };
        if self.copies <= limit {
            return Ok(());
        }
        // The directory may have been reached first by a link, and then as itself.
        let first = || self.visited.get(&directory.source)?.link.as_ref();
        let link = directory.link.as_ref().or_else(first);
        Err(Error::TooManyCopies {
            link: link.map_or_else(|| directory.source.clone(), |link| link.to_path_buf()),
            limit,
        })
    }

    /// Follows a link. Returns a directory, and stores a file for later.
    pub(super) fn add_link(
        &mut self,
        parent: NodeId,
        source: &Path,
        link: PathBuf,
    ) -> Result<Option<SourceDirectory>> {
        match self.options.links {
            LinkPolicy::Error => return Err(Error::LinkNotAllowed { link }),
            LinkPolicy::Skip => {
                self.leave_out(link, LeftOutReason::Link);
                return Ok(None);
            }
            LinkPolicy::Follow | LinkPolicy::SkipUnresolvable => {}
        }
        let resolved = fs::canonicalize(&link)
            .and_then(|target| {
                // Targets outside the source cannot be in the image and are not examined.
                let place = target
                    .starts_with(&self.root)
                    .then(|| HostPlace::below(&self.root, &target));
                Ok((place.map(host::metadata).transpose()?, target))
            })
            .map_err(|error| match is_too_long(&error) {
                true => LinkProblem::PathTooLong,
                false => LinkProblem::Dangles,
            })
            .and_then(|(metadata, target)| {
                let is_above = || source.starts_with(&target) || self.way.contains(&target);
                let metadata = metadata.ok_or(LinkProblem::LeavesTree)?;
                if self.is_left_out(&target) {
                    Err(LinkProblem::LeftOut)
                } else if metadata.is_directory() && is_above() {
                    Err(LinkProblem::LeadsToAncestor)
                } else {
                    Ok((metadata, target))
                }
            });
        let (metadata, target) = match resolved {
            Ok(resolved) => resolved,
            Err(problem) => return self.unresolvable(link, problem).map(|()| None),
        };
        if metadata.is_directory() {
            let name = unicode(link.file_name().unwrap_or_default(), &link)?;
            let node = self.add_directory(parent, name, &metadata)?;
            Ok(Some(SourceDirectory {
                node,
                source: target,
                link: Some(Rc::from(link)),
            }))
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

    /// Whether `path`, or a directory above it inside the source, is excluded.
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

    /// Adds the links to files: each shares the content of its target.
    pub(super) fn add_links(&mut self) -> Result<()> {
        for FileLink {
            parent,
            link,
            target,
        } in std::mem::take(&mut self.links)
        {
            let first = target
                .parent()
                .and_then(|directory| self.visited.get(directory))
                .map(|visited| visited.first);
            let target_name = target.file_name().and_then(OsStr::to_str);
            let Some(content) = target_name.and_then(|name| self.known(first, name)) else {
                self.unresolvable(link, LinkProblem::LeftOut)?;
                continue;
            };
            let place = HostPlace::below(&self.root, &target);
            let metadata = host::metadata(place).map_err(|source| Error::OpenSource {
                path: self.draft.tree().path(parent),
                file: target.clone(),
                source,
            })?;
            let attributes = self.attributes(&metadata);
            let name = unicode(link.file_name().unwrap_or_default(), &link)?;
            let stored = AddedContent::Shared(content);
            let (node, content) = self.put_file(parent, name, stored, attributes)?;
            self.count_file(content);
            let root = self.root.clone();
            let open = || host::open(HostPlace::below(&root, &target));
            self.add_streams(node, content, &metadata, open, || target.clone())?;
        }
        Ok(())
    }
}

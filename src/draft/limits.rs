//! The limits of an image and of its file systems, and the checks against them.

use super::Draft;
use super::settings::Settings;
use super::streams::MAX_STREAMS;
use crate::block::MAX_BLOCKS;
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InterchangeLevel};
use crate::iso9660;
use crate::tree::NodeId;

impl Draft {
    /// Checks that the image can still fit after adding `node`.
    pub(crate) fn check_size(&self, node: NodeId) -> Result<()> {
        if self.defer_checks {
            return Ok(());
        }
        if self.is_too_large() {
            return Err(Error::ImageSizeLimit {
                path: self.tree().path(node),
                needed: self.least_blocks(),
                limit: self.limit(),
            });
        }
        Ok(())
    }

    /// Postpones size checks to the end of a call that replaces items: the replaced items free space, perhaps only
    /// after the items that need it are added.
    pub(crate) fn defer_checks(&mut self) {
        self.defer_checks = !self.tree().is_empty();
    }

    /// Runs the checks postponed while a call replaced items; `last` is the last of them.
    pub(crate) fn check_deferred(&mut self, last: NodeId) -> Result<()> {
        self.defer_checks = false;
        self.check_size(last)?;
        let tree = self.tree();
        if tree.totals().streams > MAX_STREAMS {
            return Err(Error::TooManyStreams {
                path: tree.path(last),
                limit: MAX_STREAMS,
            });
        }
        Ok(())
    }

    /// Whether the image can no longer fit.
    pub(crate) fn is_too_large(&self) -> bool {
        self.least_blocks() > self.limit()
    }

    /// The most blocks the image may have: the limit that was set, but never more than can be counted after its start.
    pub(crate) fn limit(&self) -> u64 {
        let countable = MAX_BLOCKS - u64::from(self.settings.session_start_block.0);
        match self.settings.free_media_blocks {
            0 => countable,
            free => countable.min(free.into()),
        }
    }

    /// The number of blocks that the image would currently have. If it cannot be laid out for reasons other than its
    /// size, which show when it is created, the least number it can have.
    pub(crate) fn needed_blocks(&self) -> u64 {
        match self.used_blocks() {
            Ok(used) => used.into(),
            Err(Error::ImageTooBig { needed, .. }) => needed.max(self.least_blocks()),
            Err(_) => self.least_blocks(),
        }
    }

    /// Changes settings if the tree fits them.
    pub(crate) fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        let mut settings = self.settings.clone();
        change(&mut settings);
        self.check_tree(&settings)?;
        self.settings = settings;
        self.apply_naming();
        Ok(())
    }

    /// Checks the whole tree against the limits that are otherwise checked on each addition.
    pub(crate) fn check_tree(&self, settings: &Settings) -> Result<()> {
        if !settings.file_systems.contains(FileSystems::ISO9660) {
            return Ok(());
        }
        if self.tree().totals().directories >= iso9660::MAX_DIRECTORIES {
            return Err(Error::TooManyDirectories {
                path: self.tree().path(NodeId::ROOT),
                file_system: FileSystems::ISO9660,
                limit: iso9660::MAX_DIRECTORIES,
            });
        }
        let Some(limit) = settings.max_level() else {
            return Ok(());
        };
        let tree = self.tree();
        let mut todo = vec![(NodeId::ROOT, 1)];
        while let Some((node, level)) = todo.pop() {
            let Some(directory) = tree.directory(node) else {
                continue;
            };
            if level > limit {
                return Err(Error::TooDeep {
                    path: tree.path(node),
                    level,
                    limit,
                });
            }
            let children = tree.children(directory).into_iter();
            let directories = children.filter(|child| tree.is_directory(*child));
            todo.extend(directories.map(|child| (child, level + 1)));
        }
        Ok(())
    }

    /// Checks limits that need the finished tree: sizes of files and lengths of paths.
    pub(super) fn check_files(&self) -> Result<()> {
        let has_iso9660 = self.settings.file_systems.contains(FileSystems::ISO9660);
        if has_iso9660 && self.settings.level < InterchangeLevel::Three {
            let limit = iso9660::MAX_FILE_LEN;
            let tree = self.tree();
            tree.check_lens(limit).map_err(|node| Error::FileTooBig {
                path: tree.path(node),
                size: tree.content_of(node).map_or(0, |(_, content)| content.len),
                limit,
                file_system: FileSystems::ISO9660,
            })?;
        }
        if has_iso9660 && self.settings.strict {
            self.check_paths()?;
        }
        Ok(())
    }

    /// Checks the lengths of paths as ECMA-119 6.8.2.1 counts them: all identifiers, and one for each directory.
    fn check_paths(&self) -> Result<()> {
        let tree = self.tree();
        let mut todo = vec![(NodeId::ROOT, 0)];
        while let Some((node, above)) = todo.pop() {
            let Some(directory) = tree.directory(node) else {
                continue;
            };
            for child in tree.children(directory) {
                let (name, _) = self.view.file_system_name(child, FileSystems::ISO9660)?;
                let is_directory = tree.is_directory(child);
                let length = above + iso9660::identifier_len(&name, is_directory);
                if length > iso9660::MAX_PATH {
                    return Err(Error::PathTooLong {
                        path: tree.path(child),
                        length,
                        limit: iso9660::MAX_PATH,
                    });
                }
                if is_directory {
                    todo.push((child, length + 1));
                }
            }
        }
        Ok(())
    }
}

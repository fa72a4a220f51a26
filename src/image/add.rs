//! Adding single items: where they go, whether they may, and where their data will come from.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::FileSystemImage;
use super::settings::Settings;
use crate::block::{BLOCK_SIZE, MAX_BLOCKS};
use crate::codec::text::{cs0_capacity, cs0_units};
use crate::error::{Error, NameProblem, Origin, Result};
use crate::file_systems::FileSystems;
use crate::host::source::{self as host, Metadata, Place};
use crate::host::windows;
use crate::iso9660;
use crate::path::ImagePath;
use crate::source::{
    Content, Data, Fingerprint, HostFile, SharedReader, Source, SourceKind, Stage,
};
use crate::tree::{Attributes, NodeId, TreeFull};

/// The longest name, in units of UTF-16: what Windows has, and what no other system exceeds. File systems that hold less
/// have other names for what is longer.
const MAX_NAME_UNITS: usize = 255;

impl FileSystemImage {
    /// Runs `change`, which makes one change point; if it fails or panics, the tree and the staged data are as before.
    pub(super) fn transaction<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        Transaction::begin(self).run(change)
    }

    /// The same when settings have been changed for it, which come back as well.
    pub(super) fn transaction_since<T>(
        &mut self,
        old: Settings,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let mut transaction = Transaction::begin(self);
        transaction.settings = Some(old);
        transaction.run(change)
    }

    /// Splits `path` into the directory that will hold the item, which exists, and the item's name.
    pub(super) fn place<'p>(&self, from: NodeId, path: &'p ImagePath) -> Result<(NodeId, &'p str)> {
        let tree = self.view.tree();
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

    /// The path, if all its names can be.
    pub(super) fn checked(&self, path: ImagePath) -> Result<ImagePath> {
        if path.is_root() {
            return Err(Error::InvalidName {
                path,
                name: String::new(),
                problem: NameProblem::Empty,
            });
        }
        for name in path.components() {
            self.check_name(name, || path.clone())?;
        }
        Ok(path)
    }

    /// Checks a name for an item whose directory or path `path` gives.
    pub(super) fn check_name(&self, name: &str, path: impl Fn() -> ImagePath) -> Result<()> {
        if let Some(problem) = self.name_problem(name) {
            return Err(Error::InvalidName {
                path: path(),
                name: name.to_owned(),
                problem,
            });
        }
        if self.settings.restricted && !name.bytes().all(|byte| (32..=127).contains(&byte)) {
            return Err(Error::RestrictedName {
                path: path().join(name),
            });
        }
        Ok(())
    }

    fn name_problem(&self, name: &str) -> Option<NameProblem> {
        if name.is_empty() {
            return Some(NameProblem::Empty);
        }
        if matches!(name, "." | "..") {
            return Some(NameProblem::Dots);
        }
        if let Some(c) = name.chars().find(|c| matches!(c, '/' | '\0')) {
            return Some(NameProblem::Character(c));
        }
        // A unit takes at least a byte, and counting takes longer than looking at the length.
        if name.len() > MAX_NAME_UNITS && name.encode_utf16().count() > MAX_NAME_UNITS {
            return Some(NameProblem::TooLong(MAX_NAME_UNITS));
        }
        // IMAPI2 differs: it has these rules always. Other systems have such names, and UDF holds them.
        if !self.settings.strict {
            return None;
        }
        let forbidden = |c: &char| c.is_control() || windows::FORBIDDEN.contains(c);
        if let Some(c) = name.chars().find(forbidden) {
            return Some(NameProblem::Character(c));
        }
        let limit = cs0_capacity(name, 255);
        (name.chars().map(cs0_units).sum::<usize>() > limit).then_some(NameProblem::TooLong(limit))
    }

    /// The item that has the name already. A strict image has no two names that differ by case only.
    ///
    /// IMAPI2 differs: it never tells names apart by case.
    pub(super) fn existing(&self, parent: NodeId, name: &str) -> Result<Option<NodeId>> {
        let tree = self.view.tree();
        let exact = tree.child(parent, name);
        if exact.is_none() && self.settings.strict {
            if let Some(like) = tree.alike(parent, name).first() {
                return Err(self.duplicate_of(tree.path(parent).join(name), like));
            }
        }
        Ok(exact)
    }

    pub(super) fn duplicate(&self, node: NodeId) -> Error {
        self.duplicate_of(self.view.tree().path(node), node)
    }

    pub(super) fn duplicate_of(&self, path: ImagePath, existing: NodeId) -> Error {
        let tree = self.view.tree();
        let kind = if tree.is_directory(existing) {
            "directory"
        } else {
            "file"
        };
        Error::DuplicateName {
            path,
            existing: format!("{kind} `{}`", tree.name(existing)),
        }
    }

    /// Adds a directory, or finds it.
    pub(super) fn add_directory_node(
        &mut self,
        parent: NodeId,
        name: &str,
        attributes: Attributes,
    ) -> Result<NodeId> {
        self.check_name(name, || self.view.tree().path(parent))?;
        if let Some(node) = self.existing(parent, name)? {
            if self.view.tree().is_directory(node) {
                return Ok(node);
            }
            return Err(self.duplicate(node));
        }
        let path = || self.view.tree().path(parent).join(name);
        if self.settings.file_systems.contains(FileSystems::ISO9660)
            && self.directory_count() + 1 >= iso9660::MAX_DIRECTORIES
        {
            return Err(Error::TooManyDirectories {
                path: path(),
                file_system: FileSystems::ISO9660,
                limit: iso9660::MAX_DIRECTORIES,
            });
        }
        if let Some(limit) = self.settings.max_level() {
            let level = self.view.tree().level(parent) + 1;
            if level > limit {
                return Err(Error::TooDeep {
                    path: path(),
                    level,
                    limit,
                });
            }
        }
        let added = self.view.tree_mut().add_directory(parent, name, attributes);
        let node = added.map_err(|TreeFull| self.full(parent, name))?;
        self.check_size(node)?;
        Ok(node)
    }

    /// Adds a file from a source that the caller gave.
    pub(super) fn add_source(
        &mut self,
        parent: NodeId,
        name: &str,
        source: Source,
        attributes: Attributes,
    ) -> Result<NodeId> {
        self.check_name(name, || self.view.tree().path(parent))?;
        if let Some(node) = self.existing(parent, name)? {
            return Err(self.duplicate(node));
        }
        let path = self.view.tree().path(parent).join(name);
        let content = self.content(source, &path)?;
        self.add_file_node(parent, name, content, attributes)
    }

    /// Adds a file whose content is new, of a name that is free.
    fn add_file_node(
        &mut self,
        parent: NodeId,
        name: &str,
        content: Content,
        attributes: Attributes,
    ) -> Result<NodeId> {
        let tree = self.view.tree_mut();
        let node = (|| {
            let name = tree.add_name(name)?;
            let content = tree.add_content(content)?;
            tree.add_file(parent, name, content, attributes)
        })()
        .map_err(|TreeFull| self.full(parent, name))?;
        self.check_size(node)?;
        Ok(node)
    }

    /// What happens when the tree can hold no more items.
    pub(super) fn full(&self, parent: NodeId, name: &str) -> Error {
        let limit = u64::from(u32::MAX);
        Error::ImageSizeLimit {
            path: self.view.tree().path(parent).join(name),
            needed: limit + 1,
            limit,
        }
    }

    /// Checks that the image can still fit with `node` in it.
    pub(super) fn check_size(&self, node: NodeId) -> Result<()> {
        if self.defer_checks {
            return Ok(());
        }
        if self.is_too_large() {
            return Err(Error::ImageSizeLimit {
                path: self.view.tree().path(node),
                needed: self.least_blocks(),
                limit: self.limit(),
            });
        }
        Ok(())
    }

    /// Whether the image cannot fit any more.
    pub(super) fn is_too_large(&self) -> bool {
        self.least_blocks() > self.limit()
    }

    /// The most blocks the image may have: what was set, and never more than behind its start can be counted.
    pub(super) fn limit(&self) -> u64 {
        let countable = MAX_BLOCKS - u64::from(self.settings.session_start_block.0);
        match self.settings.free_media_blocks {
            0 => countable,
            free => countable.min(free.into()),
        }
    }

    /// The blocks that the image would have now. If it cannot be laid out, for what has nothing to do with its size and is
    /// found out when it is made, the least it can have.
    pub(super) fn needed_blocks(&self) -> u64 {
        match self.used_blocks() {
            Ok(used) => used.into(),
            Err(Error::ImageTooBig { needed, .. }) => needed.max(self.least_blocks()),
            Err(_) => self.least_blocks(),
        }
    }

    /// The least blocks that the image can have: running sums, so that adding stays linear.
    pub(super) fn least_blocks(&self) -> u64 {
        let totals = self.view.tree().totals();
        let directories = u64::from(totals.directories) + 1;
        let has = |file_system| self.settings.file_systems.contains(file_system);
        let mut blocks = totals.data_blocks + self.boot_blocks();
        if self.settings.embeds() {
            blocks -= u64::from(totals.small_contents);
        } else if self.settings.records_streams() {
            blocks += totals.stream_blocks;
        }
        // Descriptors, and per hierarchy two path tables and a block for each directory.
        if has(FileSystems::ISO9660) {
            blocks += 18 + 2 + directories;
        }
        if has(FileSystems::JOLIET) {
            blocks += 1 + 2 + directories;
        }
        if has(FileSystems::UDF) {
            // Up to the first anchor there are 257; then the file set, an ICB for each item, a block for each
            // directory; and behind the partition 17.
            let before = if has(FileSystems::ISO9660) {
                257 - 19
            } else {
                257
            };
            let icbs = directories + u64::from(totals.contents);
            blocks += before + 2 + icbs + directories + 17;
        }
        blocks
    }

    /// What the tree will hold of a source.
    pub(super) fn content(&mut self, source: Source, path: &ImagePath) -> Result<Content> {
        match source.0 {
            SourceKind::Path(file) => self.file_content(&file, path),
            SourceKind::Bytes(bytes) => {
                if self.settings.stage_files {
                    let len = Some(bytes.len() as u64);
                    return self.stage(&*bytes, len, path, || Origin::Memory);
                }
                self.announce(path, bytes.len() as u64)?;
                Ok(Content {
                    len: bytes.len() as u64,
                    references: 0,
                    data: Data::Memory(bytes),
                })
            }
            SourceKind::BootCatalog => {
                self.announce(path, BLOCK_SIZE.into())?;
                Ok(Content {
                    len: BLOCK_SIZE.into(),
                    references: 0,
                    data: Data::BootCatalog,
                })
            }
            SourceKind::Reader(reader) => self.stage(reader, None, path, || Origin::Reader),
            SourceKind::Seekable(mut reader) => {
                let failed = |source| Error::ReadSource {
                    path: path.clone(),
                    origin: Origin::Reader,
                    source,
                };
                if self.settings.stage_files {
                    let len = reader.seek(io::SeekFrom::End(0)).map_err(failed)?;
                    reader.seek(io::SeekFrom::Start(0)).map_err(failed)?;
                    return self.stage(reader, Some(len), path, || Origin::Reader);
                }
                let reader = SharedReader(Arc::new(std::sync::Mutex::new(reader)));
                let len = reader.len().map_err(failed)?;
                self.announce(path, len)?;
                Ok(Content {
                    len,
                    references: 0,
                    data: Data::Seekable(reader),
                })
            }
        }
    }

    /// What the tree will hold of a file of the host.
    pub(super) fn file_content(&mut self, file: &Path, path: &ImagePath) -> Result<Content> {
        // Without links, so that none need be followed when it is read.
        let (real, metadata) = host::find(file).map_err(|source| Error::OpenSource {
            path: path.clone(),
            file: file.to_owned(),
            source,
        })?;
        self.found_content(&real, &metadata, path)
    }

    /// What the tree will hold of a file of the host that has been found.
    pub(super) fn found_content(
        &mut self,
        real: &Path,
        metadata: &Metadata,
        path: &ImagePath,
    ) -> Result<Content> {
        let failed = |source| Error::OpenSource {
            path: path.clone(),
            file: real.to_owned(),
            source,
        };
        if metadata.is_directory() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        if !metadata.is_file() {
            return Err(Error::SpecialFile {
                file: real.to_owned(),
            });
        }
        let (Some(directory), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        };
        if self.must_stage(directory) {
            return self.stage_file(|| host::open(Place::of(real)), metadata, real, path);
        }
        let Some(name) = name.to_str() else {
            return Err(Error::NameNotUnicode {
                file: real.to_owned(),
            });
        };
        self.announce(path, metadata.len)?;
        let tree = self.view.tree_mut();
        let file = HostFile {
            directory: tree.hosts_mut().push_or_last(Place::of(directory)),
            name: tree
                .add_name(name)
                .map_err(|TreeFull| failed(io::ErrorKind::OutOfMemory.into()))?
                .0,
        };
        Ok(Content {
            len: metadata.len,
            references: 0,
            data: Data::Host {
                file,
                fingerprint: Fingerprint::of(metadata),
            },
        })
    }
}

/// A change that is taken back unless it is kept, whatever ends it: an error, or a panic of what the caller gave, such as
/// a handler or a reader.
struct Transaction<'i> {
    image: &'i mut FileSystemImage,
    /// How much was staged before.
    staged: Option<u64>,
    /// The settings that were changed for it, as they were before.
    settings: Option<Settings>,
    kept: bool,
}

impl<'i> Transaction<'i> {
    fn begin(image: &'i mut FileSystemImage) -> Self {
        image.view.tree_mut().begin();
        Self {
            staged: image.stage.as_ref().map(Stage::len),
            settings: None,
            kept: false,
            image,
        }
    }

    fn run<T>(mut self, change: impl FnOnce(&mut FileSystemImage) -> Result<T>) -> Result<T> {
        let result = change(self.image)?;
        self.image.view.tree_mut().keep();
        self.kept = true;
        Ok(result)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let image = &mut *self.image;
        image.defer_checks = false;
        image.view.tree_mut().take_back();
        match (&mut image.stage, self.staged) {
            (Some(stage), Some(len)) => stage.truncate(len),
            (stage, _) => *stage = None,
        }
        if let Some(old) = self.settings.take() {
            image.settings = old;
            image.view.set_naming(image.settings.naming());
        }
    }
}

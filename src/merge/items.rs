//! Adding the items of a disc to the tree of a draft.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::shown::Shown;
use super::summary::{ImportLeftOut, ImportProgress, ImportSummary};
use crate::draft::{AddedContent, Draft};
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::import::{RecordedItem, RecordedKind};
use crate::media::{Blocks, DiscData, missing_len};
use crate::path::ImagePath;
use crate::recorded::{self, Entry};
use crate::source::{ContentData, FileContent};
use crate::tree::{ContentId, ItemAttributes, NodeId, Times};

/// The memory that an item takes in the tree, except for its name and its data after the first run: a node, its place
/// in the index and among its neighbours, a content and what the content refers to. A million files must fit into the
/// default budget.
const ITEM: u64 = 224;

/// The most damaged files that an error names.
const MOST_NAMED: usize = 10;

/// The memory that a name in a path takes besides its text.
const NAME: u64 = 40;

/// The callback that receives the progress of an import.
pub(super) type Progress<'a> = dyn FnMut(ImportProgress<'_>) -> ControlFlow<()> + 'a;

/// An import in progress.
pub(super) struct Merge<'a> {
    draft: &'a mut Draft,
    blocks: &'a Arc<Blocks>,
    totals: Option<(u64, u64)>,
    shown: &'a mut Shown,
    progress: &'a mut Progress<'a>,
    /// The directories from the root to the next item.
    stack: Vec<NodeId>,
    /// The first imported node.
    first: u32,
    /// Contents of files, by the identity that all names of a file share.
    files: HashMap<u64, ContentId>,
    /// The same for named streams; no content belongs to both.
    streams: HashMap<u64, ContentId>,
    damaged: DamagedFiles,
    pub summary: ImportSummary,
}

/// Files with missing data, unless they are left out.
#[derive(Default)]
struct DamagedFiles {
    /// The first of them.
    paths: Vec<ImagePath>,
    count: u64,
}

impl<'a> Merge<'a> {
    pub(super) fn new(
        draft: &'a mut Draft,
        blocks: &'a Arc<Blocks>,
        file_system: FileSystems,
        totals: Option<(u64, u64)>,
        shown: &'a mut Shown,
        progress: &'a mut Progress<'a>,
    ) -> Self {
        let first = draft.tree().node_count();
        Self {
            draft,
            blocks,
            totals,
            shown,
            progress,
            stack: vec![NodeId::ROOT],
            first,
            files: HashMap::new(),
            streams: HashMap::new(),
            damaged: DamagedFiles::default(),
            summary: ImportSummary {
                file_system,
                files: 0,
                directories: 0,
                left_out: Vec::new(),
                encoded: Vec::new(),
                interchange_level: None,
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
                self.charge_text(target)?;
                let target = target.to_owned();
                self.leave_out(&path.clone(), ImportLeftOut::SymbolicLink { path, target })
            }
            RecordedKind::Special(_) => {
                self.leave_out(&path.clone(), ImportLeftOut::Special { path })
            }
            RecordedKind::Directory => {
                self.report(&path, true)?;
                let node = self.directory(parent, item.entry(), path)?;
                self.stack.push(node);
                Ok(())
            }
            RecordedKind::File => {
                self.file(parent, item.entry(), &path)?;
                self.report(&path, false)
            }
            RecordedKind::Encoded(_) => {
                if self.file(parent, item.entry(), &path)? {
                    self.charge_path(&path)?;
                    self.summary.encoded.push(path.clone());
                }
                self.report(&path, false)
            }
        }
    }

    /// Leaves out an item that cannot be read, if the options allow it.
    pub(super) fn unreadable(&mut self, error: Error) -> Result<()> {
        match error {
            Error::ReadItem { path, source } | Error::ReadEntries { path, source }
                if self.draft.settings.import.damaged_files && is_damage(&source) =>
            {
                let reason = source.to_string();
                self.charge_text(&reason)?;
                self.leave_out(&path.clone(), ImportLeftOut::Unreadable { path, reason })
            }
            error => Err(error),
        }
    }

    /// Whether all data of an entry is present; if not, it is left out, or the import fails in the end.
    fn is_whole(&mut self, entry: &Entry, path: impl FnOnce() -> ImagePath) -> Result<bool> {
        let missing = missing_len(self.blocks, entry);
        if missing == 0 {
            return Ok(true);
        }
        let path = path();
        if self.draft.settings.import.damaged_files {
            self.leave_out(&path.clone(), ImportLeftOut::Damaged { path, missing })?;
        } else {
            self.damaged.count = self.damaged.count.saturating_add(1);
            if self.damaged.paths.len() < MOST_NAMED {
                self.damaged.paths.push(path);
            }
        }
        Ok(false)
    }

    /// Returns the summary of the import, or an error if files are damaged.
    pub(super) fn finish(self) -> Result<ImportSummary> {
        match self.damaged {
            DamagedFiles { count: 0, .. } => Ok(self.summary),
            DamagedFiles { paths, count } => Err(Error::DamagedFiles {
                paths,
                count,
                disc_len: self.blocks.data_len(),
            }),
        }
    }

    fn leave_out(&mut self, path: &ImagePath, left_out: ImportLeftOut) -> Result<()> {
        self.charge_path(path)?;
        self.summary.left_out.push(left_out);
        Ok(())
    }

    /// Charges an item's memory to the budget for as long as the image holds it, which is until the image is dropped.
    fn charge_item(&self, entry: &Entry) -> Result<()> {
        self.blocks.charge(ITEM)?;
        self.charge_text(&entry.name)
    }

    /// Charges the memory of data that the tree does not share.
    fn charge_data(&self, entry: &Entry) -> Result<()> {
        let len = match &entry.data {
            recorded::Data::Runs(runs) => {
                let more = runs.len().saturating_sub(1) as u64;
                more.saturating_mul(DiscData::RUN)
            }
            recorded::Data::Embedded(bytes) => bytes.len() as u64,
        };
        self.blocks.charge(len)
    }

    fn charge_path(&self, path: &ImagePath) -> Result<()> {
        let names = path.components();
        let len = |name: &str| NAME.saturating_add(name.len() as u64);
        let len = names.fold(NAME, |sum, name| sum.saturating_add(len(name)));
        self.blocks.charge(len)
    }

    fn charge_text(&self, text: &str) -> Result<()> {
        self.blocks.charge(text.len() as u64)
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

    /// Returns the image's item of the same name.
    fn existing(&self, parent: NodeId, entry: &Entry, path: &ImagePath) -> Result<Option<NodeId>> {
        let draft = &*self.draft;
        draft.check_name(&entry.name, || draft.tree().path(parent))?;
        let existing = draft.existing(parent, &entry.name)?;
        match existing {
            Some(node) if node.0 >= self.first => Err(Error::DuplicateName {
                path: path.clone(),
                existing: format!("an item of the disc, `{}`", draft.tree().name(node)),
            }),
            existing => Ok(existing),
        }
    }

    /// Applies what the names show to the settings, before the item is added.
    fn shows(&mut self, entry: &Entry) {
        self.shown.imported(entry, self.stack.len());
        self.draft.settings.take_over(self.shown);
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
            Some(node) if self.draft.tree().is_directory(node) => Ok(node),
            Some(_) => Err(self.collision(path, true)),
            None => {
                self.charge_item(entry)?;
                self.shows(entry);
                self.summary.directories = self.summary.directories.saturating_add(1);
                let attributes = self.attributes(entry);
                let draft = &mut *self.draft;
                let node = draft.add_directory_node(parent, &entry.name, attributes)?;
                draft.tree_mut().set_recorded(node);
                Ok(node)
            }
        }
    }

    /// Adds a file; returns `false` if the image has another in its place.
    fn file(&mut self, parent: NodeId, entry: &Entry, path: &ImagePath) -> Result<bool> {
        if let Some(node) = self.existing(parent, entry, path)? {
            if self.draft.tree().is_directory(node) {
                return Err(self.collision(path.clone(), false));
            }
            let left_out = ImportLeftOut::Replaced { path: path.clone() };
            self.leave_out(path, left_out)?;
            return Ok(false);
        }
        if !self.is_whole(entry, || path.clone())? {
            return Ok(false);
        }
        self.charge_item(entry)?;
        self.shows(entry);
        let attributes = self.attributes(entry);
        let data = self.data(entry, &self.files)?;
        let draft = &mut *self.draft;
        let (node, content) = draft.add_file_node(parent, &entry.name, data, attributes)?;
        draft.tree_mut().set_recorded(node);
        self.files.insert(entry.identity, content);
        self.summary.files = self.summary.files.saturating_add(1);
        for stream in &entry.streams {
            if self.is_whole(stream, || path.with_stream(&stream.name))? {
                self.stream(node, stream)?;
            }
        }
        Ok(true)
    }

    fn stream(&mut self, file: NodeId, stream: &Entry) -> Result<()> {
        self.draft.check_stream(file, &stream.name)?;
        self.charge_item(stream)?;
        let attributes = self.attributes(stream);
        let data = self.data(stream, &self.streams)?;
        let added = self
            .draft
            .add_stream_node(file, &stream.name, data, attributes)?;
        self.streams.insert(stream.identity, added);
        Ok(())
    }

    /// Returns the data of a file or a stream, shared with another name of it if there is one.
    fn data(&self, entry: &Entry, known: &HashMap<u64, ContentId>) -> Result<AddedContent> {
        let tree = self.draft.tree();
        let known = known.get(&entry.identity);
        // A damaged disc can have two files with the same identity.
        let is_same = |content: &FileContent| match (&content.data, &entry.data) {
            (ContentData::Disc(data), _) => data.is_of(entry),
            (ContentData::Memory(bytes), recorded::Data::Embedded(others)) => {
                (**bytes).as_ref() == &**others
            }
            _ => false,
        };
        match known.filter(|known| is_same(tree.content(**known))) {
            Some(known) => Ok(AddedContent::Shared(*known)),
            None => {
                self.charge_data(entry)?;
                Ok(AddedContent::New(self.content(entry)))
            }
        }
    }

    fn content(&self, entry: &Entry) -> FileContent {
        let data = DiscData::new(self.blocks.clone(), entry);
        FileContent {
            len: entry.len,
            references: 0,
            // A new session cannot refer to data embedded in the structure of a file.
            data: match data.embedded() {
                Some(bytes) => ContentData::Memory(Arc::new(bytes.clone())),
                None => ContentData::Disc(Arc::new(data)),
            },
        }
    }

    fn attributes(&self, entry: &Entry) -> ItemAttributes {
        let modified = entry.modified.unwrap_or(self.draft.settings.time);
        ItemAttributes {
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

/// Whether an error means that part of the disc is damaged or missing, and not that a limit is exceeded.
fn is_damage(error: &Error) -> bool {
    matches!(
        error,
        Error::Corrupt(_) | Error::UnsupportedFeature(_) | Error::ReadDisc { .. }
    )
}

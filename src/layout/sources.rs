//! The files of the host from which an image is read.

use std::path::PathBuf;
use std::sync::Arc;

use super::options::Boot;
use crate::boot::{BootData, ObjectImage};
use crate::host::source::FileId;
use crate::tree::Tree;

/// The files of the host from which an image is read.
#[derive(Debug)]
pub(crate) struct Sources {
    tree: Arc<Tree>,
    boot: Vec<BootData>,
}

impl Sources {
    pub(super) fn new(tree: &Arc<Tree>, boot: &Boot) -> Self {
        let boot = match boot {
            Boot::Images(entries) => entries
                .iter()
                .filter_map(|entry| match &entry.image {
                    ObjectImage::Data(data) => Some(data.clone()),
                    ObjectImage::Node(_) => None,
                })
                .collect(),
            Boot::Nothing | Boot::Recorded(_) => Vec::new(),
        };
        Self {
            tree: tree.clone(),
            boot,
        }
    }

    /// Returns a path of the file `id`, which has `len` bytes.
    pub(crate) fn file(&self, id: FileId, len: u64) -> Option<PathBuf> {
        let boot = self.boot.iter().filter(|data| data.len() == len);
        let boot = boot.filter_map(BootData::file).map(PathBuf::from);
        // A file of another length is another file, or has changed, which reading it detects.
        self.tree
            .host_files(len)
            .chain(boot)
            .find(|path| FileId::at(path) == Some(id))
    }
}

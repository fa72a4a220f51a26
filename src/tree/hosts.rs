//! The files of the host from which a tree is read.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::{NameRef, Tree};
use crate::source::{ContentData, Fingerprint, HostFile, HostFiles, RecentDirectory};

impl Tree {
    /// Returns the path of a file on the host.
    pub(crate) fn host_path(&self, file: HostFile) -> PathBuf {
        self.hosts.path(file, self.names.get(NameRef(file.name)))
    }

    /// Returns the paths of the host's files that have `len` bytes.
    pub(crate) fn host_files(&self, len: u64) -> impl Iterator<Item = PathBuf> {
        self.contents
            .iter()
            .filter_map(move |content| match (&content.data, content.references) {
                (ContentData::Host { file, .. }, 1..) if content.len == len => {
                    Some(self.host_path(*file))
                }
                _ => None,
            })
    }

    /// Opens a file of the host; `recent` is the directory in which the previous file was opened.
    pub(crate) fn open_host(
        &self,
        file: HostFile,
        recent: &mut RecentDirectory,
    ) -> io::Result<File> {
        self.hosts
            .open(file, self.names.get(NameRef(file.name)), recent)
    }

    /// Returns `true` if a file of the host is known to be still empty, as it was when it was added, without opening
    /// it.
    pub(crate) fn is_still_empty(
        &self,
        file: HostFile,
        fingerprint: Fingerprint,
        recent: &mut RecentDirectory,
    ) -> bool {
        let name = self.names.get(NameRef(file.name));
        self.hosts.is_still_empty(file, name, fingerprint, recent)
    }

    pub(crate) fn hosts_mut(&mut self) -> &mut HostFiles {
        &mut self.hosts
    }
}

//! Systems without handles to look up names from: Windows, and those that report nothing about files.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, File};
use std::io;
use std::path::PathBuf;

use super::{FileId, HostKind, HostMetadata, HostPlace, NameBytes};
use crate::time::Timestamp;

/// Opens a file for reading. The caller checks what it is now.
pub(crate) fn open(place: HostPlace<'_>) -> io::Result<File> {
    File::open(place.path)
}

/// Returns the metadata of an item; for a link, those of the link itself.
pub(crate) fn metadata(place: HostPlace<'_>) -> io::Result<HostMetadata> {
    let found = fs::symlink_metadata(place.path)?;
    Ok(of(&found, || place.path.to_owned()))
}

/// Returns the metadata of an open file.
pub(crate) fn metadata_of(file: &File) -> io::Result<HostMetadata> {
    let mut metadata = of(&file.metadata()?, PathBuf::new);
    if let Some((id, is_linked)) = id_of(file) {
        metadata.id = Some(id);
        metadata.is_linked = is_linked;
    }
    Ok(metadata)
}

/// The items of a directory, sorted by name. The directory stays open as long as this exists.
pub(crate) struct Listing {
    entries: Vec<DirEntry>,
    _held: Vec<File>,
}

/// Lists a directory.
pub(crate) fn list(place: HostPlace<'_>) -> io::Result<Listing> {
    let held = hold(place)?;
    let entries: Vec<DirEntry> = fs::read_dir(place.path)?.collect::<Result<_, _>>()?;
    let mut names = NameBytes::default();
    let mut order: Vec<_> = entries
        .into_iter()
        .map(|entry| (names.push(entry.file_name().as_encoded_bytes()), entry))
        .collect();
    order.sort_unstable_by(|(a, _), (b, _)| names.get(*a).cmp(names.get(*b)));
    Ok(Listing {
        entries: order.into_iter().map(|(_, entry)| entry).collect(),
        _held: held,
    })
}

impl Listing {
    pub(crate) fn entries(&self) -> impl Iterator<Item = HostEntry<'_>> {
        self.entries.iter().map(|entry| HostEntry {
            entry,
            name: entry.file_name(),
        })
    }
}

/// An item of a directory.
pub(crate) struct HostEntry<'l> {
    entry: &'l DirEntry,
    name: OsString,
}

impl HostEntry<'_> {
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Whether the item was a link when the directory was listed, if known.
    pub(crate) fn is_link(&self) -> bool {
        self.entry.file_type().is_ok_and(|kind| kind.is_symlink())
    }

    /// Returns the metadata of the item; for a link, those of the link itself.
    pub(crate) fn metadata(&self) -> io::Result<HostMetadata> {
        Ok(of(&self.entry.metadata()?, || self.entry.path()))
    }

    /// Opens the item for reading. The caller checks what it is now.
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(self.entry.path())
    }
}

/// Systems other than Unix report this differently, and it is not handled there.
pub(crate) const fn is_too_long(_error: &io::Error) -> bool {
    false
}

/// Whether files keep their numbers as long as their file system is mounted.
pub(crate) const fn has_lasting_numbers(_file: &File) -> bool {
    true
}

/// Opens a directory and those above it up to the source so that they cannot be renamed or removed.
#[cfg(windows)]
fn hold(place: HostPlace<'_>) -> io::Result<Vec<File>> {
    use std::fs::OpenOptions;
    use std::os::windows::fs::OpenOptionsExt;

    const FILE_SHARE_READ: u32 = 1;
    const FILE_SHARE_WRITE: u32 = 2;

    let mut path: Vec<_> = place.path.ancestors().take(place.below + 1).collect();
    path.reverse();
    let mut held = Vec::with_capacity(path.len());
    for directory in path {
        let opened = OpenOptions::new()
            .read(true)
            .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
            .custom_flags(ITSELF)
            .open(directory)?;
        // It was a directory when it was listed or found.
        if !opened.metadata()?.is_dir() {
            return Err(io::Error::other(
                "a link has taken its place, or that of a directory above it",
            ));
        }
        held.push(opened);
    }
    Ok(held)
}

#[cfg(not(windows))]
fn hold(_place: HostPlace<'_>) -> io::Result<Vec<File>> {
    Ok(Vec::new())
}

/// FILE_FLAG_BACKUP_SEMANTICS, to open directories, and FILE_FLAG_OPEN_REPARSE_POINT, not to follow a link.
#[cfg(windows)]
const ITSELF: u32 = 0x0200_0000 | 0x0020_0000;

fn of(found: &fs::Metadata, path: impl FnOnce() -> PathBuf) -> HostMetadata {
    let kind = if found.is_file() {
        HostKind::File
    } else if found.is_dir() {
        HostKind::Directory
    } else if found.is_symlink() {
        HostKind::Link
    } else {
        HostKind::Special
    };
    let id = match kind {
        HostKind::File => id_at(path()),
        _ => None,
    };
    HostMetadata {
        kind,
        len: found.len(),
        is_linked: id.is_some_and(|(_, is_linked)| is_linked),
        id: id.map(|(id, _)| id),
        hidden: is_hidden(found),
        modified: found.modified().ok().map(Timestamp::from),
        created: found.created().ok().map(Timestamp::from),
        accessed: found.accessed().ok().map(Timestamp::from),
    }
}

/// Returns the identity of a file on Windows, whose metadata lack it, and whether the file has several names.
#[cfg(windows)]
fn id_of(file: &File) -> Option<(FileId, bool)> {
    let found = winapi_util::file::information(file).ok()?;
    let id = FileId {
        device: found.volume_serial_number(),
        number: found.file_index(),
    };
    Some((id, found.number_of_links() > 1))
}

/// Returns the same for a file that is not open. If it cannot be opened now, reading it reports the error.
#[cfg(windows)]
fn id_at(path: PathBuf) -> Option<(FileId, bool)> {
    use std::fs::OpenOptions;
    use std::os::windows::fs::OpenOptionsExt;

    // Callers pass an empty path for an open file.
    if path.as_os_str().is_empty() {
        return None;
    }
    let opened = OpenOptions::new()
        .access_mode(0)
        .custom_flags(ITSELF)
        .open(path)
        .ok()?;
    id_of(&opened)
}

#[cfg(not(windows))]
fn id_of(_file: &File) -> Option<(FileId, bool)> {
    None
}

#[cfg(not(windows))]
fn id_at(_path: PathBuf) -> Option<(FileId, bool)> {
    None
}

#[cfg(windows)]
fn is_hidden(metadata: &fs::Metadata) -> bool {
    use std::os::windows::fs::MetadataExt;
    const FILE_ATTRIBUTE_HIDDEN: u32 = 2;
    metadata.file_attributes() & FILE_ATTRIBUTE_HIDDEN != 0
}

#[cfg(not(windows))]
const fn is_hidden(_metadata: &fs::Metadata) -> bool {
    false
}

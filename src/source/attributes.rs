//! What platforms tell of a file in ways of their own.

use std::fs::Metadata;
use std::path::PathBuf;

#[cfg(windows)]
use super::file::file_identity;

/// What the host knows a file of several names by; nothing for a file of one name.
#[cfg(unix)]
pub(crate) fn identity(metadata: &Metadata, _path: impl Fn() -> PathBuf) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    (metadata.nlink() > 1).then(|| (metadata.dev(), metadata.ino()))
}

#[cfg(windows)]
pub(crate) fn identity(_metadata: &Metadata, path: impl Fn() -> PathBuf) -> Option<(u64, u64)> {
    let file = path();
    // A file that cannot be opened now will say so when it is read.
    match file_identity(&file) {
        Ok((volume, index, links)) => (links > 1).then_some((volume, index)),
        Err(_) => None,
    }
}

#[cfg(not(any(unix, windows)))]
pub(crate) fn identity(_metadata: &Metadata, _path: impl Fn() -> PathBuf) -> Option<(u64, u64)> {
    None
}

#[cfg(windows)]
pub(crate) fn is_hidden(metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt;
    const FILE_ATTRIBUTE_HIDDEN: u32 = 2;
    metadata.file_attributes() & FILE_ATTRIBUTE_HIDDEN != 0
}

#[cfg(target_os = "macos")]
pub(crate) fn is_hidden(metadata: &Metadata) -> bool {
    use std::os::macos::fs::MetadataExt;
    const UF_HIDDEN: u32 = 0x8000;
    metadata.st_flags() & UF_HIDDEN != 0
}

/// Other platforms have no such attribute; a name that begins with a dot is a custom, not an attribute.
#[cfg(not(any(windows, target_os = "macos")))]
pub(crate) const fn is_hidden(_metadata: &Metadata) -> bool {
    false
}

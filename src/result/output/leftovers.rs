//! Unfinished image files: their names, and the removal of those that no program will finish.
//!
//! Such a file is locked while it is in use: on Unix by `flock`, which ends with the program however that ends; on
//! Windows by being open.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::block::BLOCK_SIZE;
use crate::host::source::{self as host, HostMetadata};

/// The prefix of such a file's name.
pub(super) const PREFIX: &str = ".imapi2fs-";
/// The number of letters or digits after it.
pub(super) const RANDOM: usize = 6;

/// Whether a file may be an unfinished image, judged by its name and by the properties that all of them share. Callers
/// that leave it out, or remove it, should report that: it could still belong to something else.
pub(crate) fn is_unfinished(name: &OsStr, metadata: &HostMetadata) -> bool {
    has_such_a_name(name)
        && metadata.is_file()
        && metadata.len % u64::from(BLOCK_SIZE) == 0
        && !metadata.is_linked
}

fn has_such_a_name(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Removes unfinished files from `directory` that are not in use, and returns them. Files that cannot be removed stay.
pub(super) fn remove(directory: &Path) -> Vec<PathBuf> {
    let mut removed = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if has_such_a_name(&name) && remove_unused(&entry.path(), &name).is_ok() {
            removed.push(entry.path());
        }
    }
    removed.sort();
    removed
}

/// Locks a new file at `path`. Fails if another program took it for an abandoned one.
#[cfg(unix)]
pub(super) fn lock_new(file: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let is_lost = match lock(file) {
        // Once locked, the file stays.
        Ok(()) => file.metadata()?.nlink() == 0,
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    };
    match is_lost {
        // Makes the caller try the next name.
        true => Err(io::ErrorKind::AlreadyExists.into()),
        // Where files cannot be locked, nobody removes them.
        false => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) fn lock_new(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
pub(super) fn lock(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    Ok(flock(file, FlockOperation::NonBlockingLockExclusive)?)
}

#[cfg(unix)]
fn remove_unused(path: &Path, name: &OsStr) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    use crate::host::source::FileId;

    let file = File::options()
        .read(true)
        .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32)
        .open(path)?;
    lock(&file)?;
    // The file may have been finished, or removed, before it was locked.
    if !is_unfinished(name, &host::metadata_of(&file)?) || FileId::of(&file) != FileId::at(path) {
        return Err(io::ErrorKind::NotFound.into());
    }
    fs::remove_file(path)
}

#[cfg(windows)]
fn remove_unused(path: &Path, name: &OsStr) -> io::Result<()> {
    use std::os::windows::fs::OpenOptionsExt;

    const DELETE: u32 = 0x0001_0000;
    const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;

    if !is_unfinished(name, &host::metadata(host::HostPlace::of(path))?) {
        return Err(io::ErrorKind::NotFound.into());
    }
    // Without sharing, it can be opened only if nobody else has it open.
    File::options()
        .access_mode(DELETE)
        .share_mode(0)
        .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
        .open(path)
        .map(drop)
}

#[cfg(not(any(unix, windows)))]
fn remove_unused(_: &Path, _: &OsStr) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_such_names() {
        for (name, is) in [
            (".imapi2fs-aZ09bc", true),
            (".imapi2fs-aZ09b", false),
            (".imapi2fs-aZ09bcd", false),
            (".imapi2fs-aZ09b_", false),
            (".imapi2fs-aZ09ü", false),
            ("imapi2fs-aZ09bc", false),
            (".imapi2fs-", false),
        ] {
            assert_eq!(has_such_a_name(OsStr::new(name)), is, "{name}");
        }
    }
}

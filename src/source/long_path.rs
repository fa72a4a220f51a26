//! Files of the host whose paths are longer than the system takes in one call.
//!
//! A tree can be deeper than that: Linux takes 4096 bytes, macOS 1024. Each function does what that of [`std::fs`] does,
//! and only when the path is too long for it goes there in parts, each from the directory before.

use std::ffi::OsString;
use std::fs::{self, DirEntry, File, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// What a directory has.
pub(crate) enum Entry {
    Near(DirEntry),
    /// In a directory whose path is too long.
    #[cfg(unix)]
    Far(Box<Far>),
}

/// Its path, and what was seen there. A list of what a large directory has should not be wide for it.
#[cfg(unix)]
pub(crate) struct Far {
    path: PathBuf,
    metadata: Metadata,
}

impl Entry {
    pub(crate) fn file_name(&self) -> OsString {
        match self {
            Self::Near(entry) => entry.file_name(),
            #[cfg(unix)]
            Self::Far(far) => far.path.file_name().unwrap_or_default().to_owned(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::Near(entry) => entry.path(),
            #[cfg(unix)]
            Self::Far(far) => far.path.clone(),
        }
    }

    pub(crate) fn file_type(&self) -> io::Result<FileType> {
        match self {
            Self::Near(entry) => entry.file_type(),
            #[cfg(unix)]
            Self::Far(far) => Ok(far.metadata.file_type()),
        }
    }

    /// What a link leads to does not matter.
    pub(crate) fn metadata(&self) -> io::Result<Metadata> {
        match self {
            Self::Near(entry) => {
                or_in_parts(entry.metadata(), || in_parts::metadata(&entry.path()))
            }
            #[cfg(unix)]
            Self::Far(far) => Ok(far.metadata.clone()),
        }
    }
}

/// All that a directory has, by name.
pub(crate) fn read_dir(directory: &Path) -> io::Result<impl Iterator<Item = Entry>> {
    let entries = fs::read_dir(directory)
        .and_then(|entries| entries.map(|one| one.map(Entry::Near)).collect());
    or_in_parts(entries, || in_parts::read_dir(directory)).map(sorted)
}

/// All names are in one buffer while they are compared: a directory can have millions.
fn sorted(entries: Vec<Entry>) -> impl Iterator<Item = Entry> {
    let mut names = Vec::new();
    let mut ends = Vec::with_capacity(entries.len());
    for entry in &entries {
        names.extend_from_slice(entry.file_name().as_encoded_bytes());
        ends.push(names.len());
    }
    let name = |place: usize| {
        let start = place.checked_sub(1).map_or(0, |before| ends[before]);
        &names[start..ends[place]]
    };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_unstable_by(|a, b| name(*a).cmp(name(*b)));
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(move |place| entries[place].take())
}

/// The metadata of a directory.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn metadata(directory: &Path) -> io::Result<Metadata> {
    or_in_parts(fs::metadata(directory), || in_parts::metadata(directory))
}

/// Opens a file for reading.
pub(crate) fn open(file: &Path) -> io::Result<File> {
    or_in_parts(File::open(file), || in_parts::open(file))
}

/// Opens a file that has been one when it was added. What has taken its place since, a link or a fifo, must neither
/// be followed nor waited for.
pub(crate) fn open_no_follow(file: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    or_in_parts(options.open(file), || in_parts::open(file))
}

/// Whether a path is too long for the system.
#[cfg(unix)]
pub(crate) fn is_too_long(error: &io::Error) -> bool {
    let too_long = rustix::io::Errno::NAMETOOLONG.raw_os_error();
    error.raw_os_error() == Some(too_long)
}

/// Other systems say so in other ways, and nothing is done about it there.
#[cfg(not(unix))]
pub(crate) const fn is_too_long(_error: &io::Error) -> bool {
    false
}

fn or_in_parts<T>(
    result: io::Result<T>,
    in_parts: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    match result {
        Err(error) if is_too_long(&error) => in_parts(),
        result => result,
    }
}

#[cfg(unix)]
mod in_parts {
    use std::ffi::OsStr;
    use std::fs::{File, Metadata};
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use rustix::fs::{CWD, Dir, Mode, OFlags, openat};

    use super::{Entry, Far};

    /// The most bytes of a part: what every system takes.
    const PART: usize = 1000;

    /// To look at something, or to go on from a directory. Links are not followed: the paths have none.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    /// Where there is no such way, it is opened, without waiting for it.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const LOOK: OFlags = READ;

    const READ: OFlags = OFlags::RDONLY
        .union(OFlags::NONBLOCK)
        .union(OFlags::NOFOLLOW)
        .union(OFlags::CLOEXEC);

    pub(super) fn metadata(path: &Path) -> io::Result<Metadata> {
        File::from(reach(path, LOOK)?).metadata()
    }

    pub(super) fn open(file: &Path) -> io::Result<File> {
        reach(file, READ).map(File::from)
    }

    pub(super) fn read_dir(directory: &Path) -> io::Result<Vec<Entry>> {
        let opened = reach(directory, READ | OFlags::DIRECTORY)?;
        let mut entries = Vec::new();
        for entry in Dir::read_from(&opened)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let found = openat(&opened, entry.file_name(), LOOK, Mode::empty())?;
            entries.push(Entry::Far(Box::new(Far {
                path: directory.join(name),
                metadata: File::from(found).metadata()?,
            })));
        }
        Ok(entries)
    }

    /// Opens what is at `path`.
    fn reach(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let mut rest = path.as_os_str().as_bytes();
        let mut directory: Option<OwnedFd> = None;
        loop {
            let from = directory.as_ref().map_or(CWD, AsFd::as_fd);
            let cut = match rest.get(..PART) {
                Some(part) => part.iter().rposition(|byte| *byte == b'/'),
                None => None,
            };
            // What stands before the first separator is the root.
            let Some(cut) = cut.filter(|cut| *cut > 0) else {
                return Ok(openat(from, rest, flags, Mode::empty())?);
            };
            let part = &rest[..cut];
            directory = Some(openat(from, part, LOOK | OFlags::DIRECTORY, Mode::empty())?);
            rest = &rest[cut + 1..];
        }
    }
}

/// Never needed, as nothing is too long.
#[cfg(not(unix))]
mod in_parts {
    use std::fs::{File, Metadata};
    use std::io;
    use std::path::Path;

    use super::Entry;

    pub(super) fn metadata(_path: &Path) -> io::Result<Metadata> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn open(_file: &Path) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn read_dir(_directory: &Path) -> io::Result<Vec<Entry>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

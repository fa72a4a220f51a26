//! The host's file system: reaching items below a directory without leaving it, and names that systems allow.
//!
//! A user with write access to a directory can replace its items by links at any time, also between a check and the
//! use. So a path is not checked first: one that leads through a link is not followed.

use std::io;
use std::path::Path;

#[cfg(unix)]
mod beneath;
pub(crate) mod source;
#[cfg_attr(unix, path = "target_unix.rs")]
#[cfg_attr(not(unix), path = "target_other.rs")]
mod target;
pub(crate) mod windows;

#[cfg(unix)]
pub(crate) use self::beneath::open_beneath;
pub(crate) use self::target::{HostTarget, TargetDirectory, room_at};

/// Returns the directory that contains a path of the host.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

/// Whether the item does not exist, or a link or a file is where a directory should be.
pub(crate) fn is_unreachable(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // FreeBSD returns the last one for links that are not followed.
        [Errno::LOOP, Errno::NOTDIR, Errno::NOENT, Errno::MLINK]
            .map(|errno| Some(errno.raw_os_error()))
            .contains(&error.raw_os_error())
    }
    #[cfg(not(unix))]
    {
        use io::ErrorKind::{NotADirectory, NotFound};
        matches!(error.kind(), NotADirectory | NotFound)
    }
}

/// The free room of a file system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Free bytes.
    pub bytes: u64,
    /// Free files and directories, where their number is limited.
    pub items: Option<u64>,
}

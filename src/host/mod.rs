//! The host's file system: reaching what is below a directory without leaving it, and names that systems can have.
//!
//! Whoever may write in a directory can replace what is in it by a link at any time, also between a look at it and its
//! use. So a path is not looked at first: one that leads through a link is not followed.

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

/// The directory that a path of the host lies in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

/// Whether something is not there, or a link or a file is where a directory should be.
pub(crate) fn is_unreachable(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        // FreeBSD has the last one for links that are not followed.
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

/// What a file system has room for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Bytes.
    pub bytes: u64,
    /// Files and directories, where their number is limited.
    pub items: Option<u64>,
}

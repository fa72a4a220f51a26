//! What tells a file from all others, whatever it is called.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

/// What the host knows a file by: all its names, links and mounts have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    number: u64,
}

impl FileId {
    /// `None` where the platform has no such numbers, or does not give them.
    pub(crate) fn of(file: &File) -> Option<Self> {
        #[cfg(unix)]
        {
            file.metadata().ok().as_ref().map(of_metadata)
        }
        #[cfg(windows)]
        {
            let information = winapi_util::file::information(file).ok()?;
            Some(Self {
                device: information.volume_serial_number(),
                number: information.file_index(),
            })
        }
        #[cfg(not(any(unix, windows)))]
        {
            let _ = file;
            None
        }
    }

    /// That of the file at `path`; links are followed.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        {
            std::fs::metadata(path).ok().as_ref().map(of_metadata)
        }
        #[cfg(not(unix))]
        {
            File::open(path).ok().as_ref().and_then(Self::of)
        }
    }

    /// Whether a file with this metadata and this length is the one; `path` is asked for where metadata does not tell.
    pub(crate) fn is(self, len: u64, metadata: &Metadata, path: impl FnOnce() -> PathBuf) -> bool {
        #[cfg(unix)]
        {
            let _ = (len, path);
            of_metadata(metadata) == self
        }
        #[cfg(not(unix))]
        {
            // Only few are opened for it.
            metadata.len() == len && Self::at(&path()) == Some(self)
        }
    }
}

#[cfg(unix)]
fn of_metadata(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    FileId {
        device: metadata.dev(),
        number: metadata.ino(),
    }
}

//! The output of an image: a file that appears when it is complete, or one that is written in place.

mod access;
mod leftovers;
mod unfinished;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use self::access::Access;
pub(crate) use self::leftovers::is_unfinished;
use self::unfinished::How;
pub use self::unfinished::UnfinishedFile;
use crate::error::{Error, HostError, Result};
use crate::host::directory_of;
use crate::host::source::FileId;

/// The output of an image, opened before anything is planned: a file, a device or a pipe. Not in IMAPI2.
///
/// Passed to [`TreeOptions::output`](crate::TreeOptions::output), it keeps the image from including itself, and the
/// image's source files from being overwritten.
///
/// ```no_run
/// use imapi2fs::{FileSystemImage, OutputFile, TreeOptions};
///
/// # fn main() -> imapi2fs::Result<()> {
/// let output = OutputFile::open("documents/backup.iso")?;
/// let mut image = FileSystemImage::new();
/// let options = TreeOptions::new().output(&output);
/// image.root_mut().add_tree_with("documents", &options)?;
/// image.create_result_image()?.write_to_output(output)?;
/// # Ok(())
/// # }
/// ```
///
/// # When a file is replaced, and when it is written in place
///
/// A regular file appears, or is replaced, when the image is complete. Until then the image grows in a file of the same
/// directory, which on Linux has no name on most file systems, so nothing is left over however the program ends.
/// Elsewhere it is named `.imapi2fs-` and six letters or digits, and locked while it is in use. If the program is
/// killed, the file stays, and the next [`OutputFile::open`] in that directory removes it.
///
/// Links are followed. A replaced file passes on the rights to read, write and execute it: its permissions, its POSIX
/// access control list on Linux, and its group as far as the system allows; not its owner, and not set-user-ID,
/// set-group-ID or sticky bits. The system decides when the bytes are on the disk.
///
/// The following are written in place:
///
/// - devices, pipes, and the file passed to [`OutputFile::stream`];
/// - a regular file that can be written but not replaced, because it is a mount point or its directory does not allow
///   that. If writing such a file fails, it is left empty.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    target: OutputTarget,
    overwrites_source: bool,
    removed: Vec<PathBuf>,
}

#[derive(Debug)]
enum OutputTarget {
    /// A file written from its position on.
    Stream(File, Option<Old>),
    /// A regular file, existing or not, by a path without links.
    Regular {
        path: PathBuf,
        old: Option<(Old, Access)>,
        in_place: bool,
    },
}

/// An existing regular file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Old {
    pub id: Option<FileId>,
    pub len: u64,
}

impl Old {
    fn of(file: &File) -> Option<Self> {
        let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(Self {
            id: FileId::of(file),
            len: metadata.len(),
        })
    }
}

impl OutputFile {
    /// Examines `path` and checks that it can be written. Changes nothing there, except that it removes files that
    /// killed programs left in its directory: see [`OutputFile::removed`].
    ///
    /// # Errors
    ///
    /// [`Error::WriteImage`] if `path` is a directory, cannot be written, or its directory does not exist.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let target = OutputTarget::find(&path)
            .map_err(|source| Error::WriteImage(HostError::new(path.clone(), source)))?;
        let removed = match &target {
            OutputTarget::Regular { path, .. } => leftovers::remove(directory_of(path)),
            OutputTarget::Stream(..) => Vec::new(),
        };
        Ok(Self {
            path,
            target,
            overwrites_source: false,
            removed,
        })
    }

    /// Uses a file that is already open, such as standard output, and writes it from its position on; errors call it
    /// `name`.
    pub fn stream(file: File, name: impl Into<PathBuf>) -> Self {
        let old = Old::of(&file);
        Self {
            path: name.into(),
            target: OutputTarget::Stream(file, old),
            overwrites_source: false,
            removed: Vec::new(),
        }
    }

    /// Sets whether the output may be an existing file that the image is made from, or that lies in a source directory.
    /// Default: false, because this is rarely intended and the file is lost.
    ///
    /// If so, the file is replaced when the image is complete. One that can only be written in place is still refused
    /// if the image must be read from it.
    #[must_use]
    pub const fn overwrite_source(mut self, overwrite: bool) -> Self {
        self.overwrites_source = overwrite;
        self
    }

    /// The path or name given by the caller.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the output is written from its position on: a device, a pipe, or the file passed to
    /// [`OutputFile::stream`].
    #[must_use]
    pub const fn is_stream(&self) -> bool {
        matches!(self.target, OutputTarget::Stream(..))
    }

    /// The files left by killed programs that were removed from the directory: regular files with a single name,
    /// `.imapi2fs-` and six letters or digits, that no program has locked and whose length is in whole blocks.
    #[must_use]
    pub fn removed(&self) -> &[PathBuf] {
        &self.removed
    }

    /// Begins the file, for callers that fill it themselves.
    ///
    /// # Errors
    ///
    /// [`Error::WriteImage`] if the output is a device or a pipe, or cannot be created.
    pub fn start(self) -> Result<UnfinishedFile> {
        let failed = |source| Error::WriteImage(HostError::new(self.path.clone(), source));
        match self.target {
            OutputTarget::Regular {
                path,
                old,
                in_place,
            } => {
                let access = old.map(|(_, access)| access);
                let how = match (in_place, self.overwrites_source) {
                    (true, _) => How::InPlace,
                    (false, true) => How::Beside,
                    (false, false) => How::BesideIfPossible,
                };
                UnfinishedFile::start(&self.path, path, access, how).map_err(failed)
            }
            OutputTarget::Stream(..) => Err(failed(io::Error::other("not a regular file"))),
        }
    }

    /// The file, if it is written from its position on.
    pub(super) const fn as_stream(&self) -> Option<&File> {
        match &self.target {
            OutputTarget::Stream(file, _) => Some(file),
            OutputTarget::Regular { .. } => None,
        }
    }

    /// Returns the information that adding a tree needs.
    pub(crate) fn guard(&self) -> OutputGuard {
        let (path, old, is_replaced) = match &self.target {
            OutputTarget::Stream(_, old) => (None, *old, false),
            OutputTarget::Regular {
                path,
                old,
                in_place,
            } => (
                Some(path.clone()),
                old.as_ref().map(|(old, _)| *old),
                !in_place,
            ),
        };
        OutputGuard {
            name: self.path.clone(),
            path,
            old,
            is_replaced,
            overwrites_source: self.overwrites_source,
        }
    }
}

/// The information that keeps an output and the sources of its image apart.
#[derive(Clone, Debug)]
pub(crate) struct OutputGuard {
    name: PathBuf,
    /// The path without links at its end; `None` if the output has no path.
    pub path: Option<PathBuf>,
    pub old: Option<Old>,
    /// Whether the existing file stays unchanged until the image is complete.
    is_replaced: bool,
    overwrites_source: bool,
}

impl OutputGuard {
    /// Decides whether a source file that is the output is left out.
    pub(crate) fn meets(&self, input: PathBuf) -> Result<bool> {
        match self.old {
            // A shell creates the file empty, so no data can be lost.
            Some(Old { len: 0, .. }) if !self.is_replaced && self.path.is_none() => Ok(true),
            _ if self.overwrites_source => Ok(!self.is_replaced),
            _ => Err(self.is_source(input)),
        }
    }

    /// Fails if the output lies in the source directory, exists and must stay.
    pub(crate) fn lies_in(&self, directory: &Path) -> Result<()> {
        if self.old.is_none() || self.overwrites_source {
            return Ok(());
        }
        Err(Error::OutputInSource {
            file: self.name.clone(),
            directory: directory.to_owned(),
        })
    }

    /// Whether the image may be read from the file that is its output.
    pub(super) const fn may_be_read(&self) -> bool {
        self.is_replaced && self.overwrites_source
    }

    pub(crate) fn is_source(&self, input: PathBuf) -> Error {
        Error::OutputIsSource {
            file: self.name.clone(),
            input,
            is_replaced: self.is_replaced,
        }
    }
}

impl OutputTarget {
    fn find(path: &Path) -> io::Result<Self> {
        // A single call detects a missing file, a directory, and a file without write permission.
        match File::options().write(true).open(path) {
            Ok(file) => {
                // On Windows, devices have no metadata.
                let Some(old) = Old::of(&file) else {
                    return Ok(Self::Stream(file, None));
                };
                let followed = followed(path);
                // Links in `/proc` lead to files that may no longer have a name.
                let has_name = old.id.is_none() || FileId::at(&followed) == old.id;
                Ok(Self::Regular {
                    in_place: !has_name
                        || is_mount_point(&file)
                        || !lets_files_be_made(directory_of(&followed)),
                    old: Some((old, Access::of(&file)?)),
                    path: if has_name { followed } else { path.to_owned() },
                })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let path = followed(path);
                fs::metadata(directory_of(&path))?;
                Ok(Self::Regular {
                    path,
                    old: None,
                    in_place: false,
                })
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether something is mounted on the file, so that it cannot be replaced.
fn is_mount_point(file: &File) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::{AtFlags, StatxAttributes, StatxFlags, statx};
        statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::empty())
            .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = file;
        false
    }
}

/// Whether files can be created in a directory, as far as this can be known without creating one.
fn lets_files_be_made(directory: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, access};
        access(directory, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }
    #[cfg(not(unix))]
    {
        let _ = directory;
        true
    }
}

/// Returns the file that symbolic links at `path` lead to, even if it does not exist yet.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    while let Ok(target) = fs::read_link(&path) {
        path = directory_of(&path).join(target);
    }
    path
}

//! What came of an import, and how far one has come.

use crate::file_systems::{FileSystems, InterchangeLevel};
#[cfg(doc)]
use crate::import::ImportOptions;
use crate::path::ImagePath;

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// The file system it was read from.
    pub file_system: FileSystems,
    /// Number of files.
    pub files: u64,
    /// Number of directories, those that existed not counted.
    pub directories: u64,
    /// What was left out, in the order it was met.
    pub left_out: Vec<ImportLeftOut>,
    /// Files whose data is recorded in [another form](crate::RecordedKind::Encoded), such as zisofs, in the order they
    /// were met. The image has the bytes of that form as they are, and nothing that says so: what reads the new session
    /// sees compressed files.
    pub encoded: Vec<ImagePath>,
    /// The lowest interchange level of ISO 9660 at which all that is recorded keeps its name there. `None` if nothing
    /// shows it: the disc has no ISO 9660, or any level would do.
    pub interchange_level: Option<InterchangeLevel>,
}

/// Something on a disc that is not in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportLeftOut {
    /// A symbolic link.
    SymbolicLink {
        /// The link.
        path: ImagePath,
        /// What it leads to.
        target: String,
    },
    /// A device, fifo or socket.
    Special {
        /// It.
        path: ImagePath,
    },
    /// A file in whose place the image has another, which stays.
    Replaced {
        /// The file.
        path: ImagePath,
    },
    /// A file or a named stream whose data is not all on the disc. Only where
    /// [that is allowed](ImportOptions::damaged_files).
    Damaged {
        /// The file or the stream.
        path: ImagePath,
        /// How many bytes of its data are missing.
        missing: u64,
    },
    /// Something that cannot be read. Only where [that is allowed](ImportOptions::damaged_files).
    Unreadable {
        /// It, or the directory it is in.
        path: ImagePath,
        /// Why.
        reason: String,
    },
    /// What the disc boots from, which is not all there. Only where [that is allowed](ImportOptions::damaged_files).
    BootImage {
        /// The block in which it begins.
        block: u32,
    },
}

/// How far an import has come.
///
/// IMAPI2: `DFileSystemImageImportEvents::UpdateImport`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportProgress<'a> {
    /// The file system that is imported.
    pub file_system: FileSystems,
    /// The directory that comes next, or the file that was imported.
    pub path: &'a ImagePath,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Number of directories imported so far.
    pub directories: u64,
    /// Number of files imported so far.
    pub files: u64,
    /// Number of directories there are, if the volume says it.
    pub total_directories: Option<u64>,
    /// Number of files there are, if the volume says it.
    pub total_files: Option<u64>,
}

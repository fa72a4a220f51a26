//! The result and the progress of an import.

use crate::file_systems::{FileSystems, InterchangeLevel};
#[cfg(doc)]
use crate::import::ImportOptions;
use crate::path::ImagePath;

/// The result of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// The file system that was read.
    pub file_system: FileSystems,
    /// The number of files.
    pub files: u64,
    /// The number of directories, not counting existing ones.
    pub directories: u64,
    /// The items left out, in the order they were met.
    pub left_out: Vec<ImportLeftOut>,
    /// Files whose data is recorded in [another form](crate::RecordedKind::Encoded), such as zisofs, in the order they
    /// were met. The image has the bytes of that form unchanged, and no mark of it: readers of the new session see
    /// compressed files.
    pub encoded: Vec<ImagePath>,
    /// The lowest interchange level of ISO 9660 at which all recorded items keep their names. `None` if nothing shows
    /// it: the disc has no ISO 9660, or any level would do.
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
        /// The target of the link.
        target: String,
    },
    /// A device, fifo or socket.
    Special {
        /// The device, fifo or socket.
        path: ImagePath,
    },
    /// A file with the same path as one of the image, which stays.
    Replaced {
        /// The file.
        path: ImagePath,
    },
    /// A file or a named stream whose data is not entirely on the disc. Only where [the options allow
    /// it](ImportOptions::damaged_files).
    Damaged {
        /// The file or the stream.
        path: ImagePath,
        /// The number of missing bytes of its data.
        missing: u64,
    },
    /// An item that cannot be read. Only where [the options allow it](ImportOptions::damaged_files).
    Unreadable {
        /// The item, or its directory.
        path: ImagePath,
        /// The reason.
        reason: String,
    },
    /// A boot image that is not entirely on the disc. Only where [the options allow it](ImportOptions::damaged_files).
    BootImage {
        /// The block where it begins.
        block: u32,
    },
}

/// The progress of an import.
///
/// IMAPI2: `DFileSystemImageImportEvents::UpdateImport`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportProgress<'a> {
    /// The file system being imported.
    pub file_system: FileSystems,
    /// The directory that comes next, or the file that was just imported.
    pub path: &'a ImagePath,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// The number of directories imported so far.
    pub directories: u64,
    /// The number of files imported so far.
    pub files: u64,
    /// The number of directories in total, if the volume reports it.
    pub total_directories: Option<u64>,
    /// The number of files in total, if the volume reports it.
    pub total_files: Option<u64>,
}

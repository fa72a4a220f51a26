//! The result codes of IMAPI2.

use std::fmt;

use super::{ContinueProblem, Error, ImageProblem, Origin};

/// A result code of IMAPI2.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HResult(pub u32);

impl fmt::Debug for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HResult({self})")
    }
}

impl fmt::Display for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}

impl Error {
    /// Returns the code that IMAPI2 returns in the same situation.
    #[must_use]
    pub fn hresult(&self) -> HResult {
        HResult(match self {
            Self::InvalidParameter(_) => 0xC0AA_B101, // IMAPI_E_INVALID_PARAM
            Self::InvalidVolumeName { .. } => 0xC0AA_B104, // IMAPI_E_INVALID_VOLUME_NAME
            Self::InvalidDate { .. } => 0xC0AA_B105,  // IMAPI_E_INVALID_DATE
            Self::FileSystemNotEmpty { .. } => 0xC0AA_B106, // IMAPI_E_FILE_SYSTEM_NOT_EMPTY
            Self::NotAFile { .. } => 0xC0AA_B108,     // IMAPI_E_NOT_FILE
            Self::NotADirectory { .. } => 0xC0AA_B109, // IMAPI_E_NOT_DIR
            Self::DirectoryNotEmpty { .. } => 0xC0AA_B10A, // IMAPI_E_DIR_NOT_EMPTY
            Self::InvalidName { .. } | Self::NameNotUnicode { .. } | Self::PathTooLong { .. } => {
                0xC0AA_B110 // IMAPI_E_INVALID_PATH
            }
            Self::RestrictedName { .. } => 0xC0AA_B111, // IMAPI_E_RESTRICTED_NAME_VIOLATION
            Self::DuplicateName { .. } | Self::AmbiguousName { .. } => 0xC0AA_B112, // IMAPI_E_DUP_NAME
            Self::NoUniqueName { .. } => 0xC0AA_B113, // IMAPI_E_NO_UNIQUE_NAME
            Self::ItemNotFound { .. } => 0xC0AA_B118, // IMAPI_E_ITEM_NOT_FOUND
            Self::DirectoryNotFound { .. } => 0xC0AA_B11A, // IMAPI_E_DIR_NOT_FOUND
            // IMAPI_E_IMAGE_SIZE_LIMIT; with too many streams, IMAPI2 just loses the data.
            Self::ImageSizeLimit { .. } | Self::TooManyStreams { .. } => 0xC0AA_B120,
            Self::ImageTooBig { .. } => 0xC0AA_B121, // IMAPI_E_IMAGE_TOO_BIG
            // IMAPI_E_DATA_STREAM_INCONSISTENCY
            Self::SourceChanged { .. } | Self::SourceLength { .. } => 0xC0AA_B128,
            Self::ReadSource {
                origin: Origin::Staged,
                ..
            } => 0xC0AA_B13B, // IMAPI_E_STASHFILE_READ_FAILURE
            Self::ReadSource { .. } => 0xC0AA_B129, // IMAPI_E_DATA_STREAM_READ_FAILURE
            Self::OpenSource { .. }
            | Self::ReadStreams(_)
            | Self::UnresolvableLink { .. }
            | Self::LinkNotAllowed { .. }
            | Self::TooManyCopies { .. }
            | Self::SpecialFile { .. } => 0xC0AA_B12A, // IMAPI_E_DATA_STREAM_CREATE_FAILURE
            Self::ReadDirectory(_) => 0xC0AA_B12B,  // IMAPI_E_DIRECTORY_READ_FAILURE
            Self::TooManyDirectories { .. } => 0xC0AA_B130, // IMAPI_E_TOO_MANY_DIRS
            Self::TooDeep { .. } => 0xC0AA_B131,    // IMAPI_E_ISO9660_LEVELS
            Self::FileTooBig { .. } => 0xC0AA_B132, // IMAPI_E_DATA_TOO_BIG
            Self::OpenStage(_) => 0xC0AA_B138,      // IMAPI_E_STASHFILE_OPEN_FAILURE
            Self::WriteStage { .. } => 0xC0AA_B13A, // IMAPI_E_STASHFILE_WRITE_FAILURE
            Self::InvalidWorkingDirectory(_) => 0xC0AA_B140, // IMAPI_E_INVALID_WORKING_DIRECTORY
            Self::WorkingDirectorySpace(_) => 0xC0AA_B141, // IMAPI_E_WORKING_DIRECTORY_SPACE
            Self::MoveStaged(_) => 0xC0AA_B142,     // IMAPI_E_STASHFILE_MOVE
            // IMAPI_E_BOOT_IMAGE_DATA
            Self::ReadBootImage { .. } | Self::BootImage { .. } | Self::NoBootCatalog { .. } => {
                0xC0AA_B148
            }
            Self::BootImageChanged { .. } => 0xC0AA_B128, // IMAPI_E_DATA_STREAM_INCONSISTENCY
            Self::BootObjectConflict => 0xC0AA_B149,      // IMAPI_E_BOOT_OBJECT_CONFLICT
            Self::BootImageSize { .. } => 0xC0AA_B14A, // IMAPI_E_BOOT_EMULATION_IMAGE_SIZE_MISMATCH
            Self::EmptyDisc => 0xC0AA_B150,            // IMAPI_E_EMPTY_DISC
            Self::NoSupportedFileSystem | Self::RawSectors { .. } => 0xC0AA_B151, // IMAPI_E_NO_SUPPORTED_FILE_SYSTEM
            Self::FileSystemNotFound { .. } => 0xC0AA_B152, // IMAPI_E_FILE_SYSTEM_NOT_FOUND
            Self::IncompatiblePreviousSession {
                problem: ContinueProblem::UdfRevision { .. },
            } => 0xC0AA_B15A, // IMAPI_E_UDF_NOT_WRITE_COMPATIBLE
            // IMAPI_E_INCOMPATIBLE_PREVIOUS_SESSION
            Self::IncompatiblePreviousSession { .. }
            | Self::UnknownBlocks { .. }
            | Self::DamagedFiles { .. } => 0xC0AA_B133,
            Self::ImportTypeCollision {
                is_directory: false,
                ..
            } => 0xC0AA_B155, // IMAPI_E_IMPORT_TYPE_COLLISION_FILE_EXISTS_AS_DIRECTORY
            Self::ImportTypeCollision { .. } => 0xC0AA_B15E, // …_DIRECTORY_EXISTS_AS_FILE
            Self::ImportSeek { .. } => 0xC0AA_B156,          // IMAPI_E_IMPORT_SEEK_FAILURE
            Self::DiscMismatch { .. } => 0xC0AA_B158,        // IMAPI_E_DISC_MISMATCH
            Self::ImportMediaNotAllowed { .. } => 0xC0AA_B159, // IMAPI_E_IMPORT_MEDIA_NOT_ALLOWED
            Self::IncompatibleMultisessionType => 0xC0AA_B15B, // IMAPI_E_INCOMPATIBLE_MULTISESSION_TYPE
            Self::NoCompatibleMultisessionType { .. } => 0xC0AA_B15C, // IMAPI_E_NO_COMPATIBLE_MULTISESSION_TYPE
            Self::MultisessionNotSet => 0xC0AA_B15D, // IMAPI_E_MULTISESSION_NOT_SET
            Self::UdfRevisionChangeNotAllowed { .. } => 0xC0AA_B161, // IMAPI_E_UDF_REVISION_CHANGE_NOT_ALLOWED
            Self::BadMultisessionParameter { .. } => 0xC0AA_B162, // IMAPI_E_BAD_MULTISESSION_PARAMETER
            Self::FileSystemChangeNotAllowed { .. } => 0xC0AA_B163, // IMAPI_E_FILE_SYSTEM_CHANGE_NOT_ALLOWED
            // A disc that needs this much work repeats itself again and again.
            Self::Corrupt(_) | Self::ImportWork { .. } => 0xC0AA_B153, // IMAPI_E_FILE_SYSTEM_READ_CONSISTENCY_ERROR
            Self::UnsupportedFeature(_) => 0xC0AA_B154, // IMAPI_E_FILE_SYSTEM_FEATURE_NOT_SUPPORTED
            Self::ReadDisc { .. } => 0xC0AA_B157,       // IMAPI_E_IMPORT_READ_FAILURE
            Self::PropertyNotAccessible { .. } => 0xC0AA_B160, // IMAPI_E_PROPERTY_NOT_ACCESSIBLE
            Self::ReadItem { source, .. } | Self::ReadEntries { source, .. } => {
                return source.hresult();
            }
            Self::OpenImage(_) => 0xC0AA_B110, // IMAPI_E_INVALID_PATH
            Self::InvalidImage { problem } => match problem {
                ImageProblem::NotAligned { .. } => 0xC0AA_B200, // IMAPI_E_IMAGEMANAGER_IMAGE_NOT_ALIGNED
                ImageProblem::NoVolumeDescriptor => 0xC0AA_B201, // IMAPI_E_IMAGEMANAGER_NO_VALID_VD_FOUND
                ImageProblem::NotGiven => 0xC0AA_B202,           // IMAPI_E_IMAGEMANAGER_NO_IMAGE
                ImageProblem::TooManyBlocks { .. } => 0xC0AA_B203, // IMAPI_E_IMAGEMANAGER_IMAGE_TOO_BIG
            },
            Self::MediaIncompatible { .. } => 0xC0AA_0203, // E_IMAPI_RECORDER_MEDIA_INCOMPATIBLE
            Self::ImportMemory(_) => 0x8007_000E,          // E_OUTOFMEMORY
            // E_FAIL: in IMAPI2 the caller writes the image, and files are not extracted.
            Self::Write { .. }
            | Self::WriteImage(_)
            | Self::WriteDisc { .. }
            | Self::LockDisc(_)
            | Self::OutputIsSource { .. }
            | Self::OutputInSource { .. }
            | Self::ExtractDirectory(_)
            | Self::ExtractSpace(_)
            | Self::ExtractItems(_)
            | Self::ExtractSize(_)
            | Self::WriteExtracted { .. } => 0x8000_4005,
            Self::DiscInUse { .. } => 0xC0AA_0210, // E_IMAPI_RECORDER_LOCKED
            Self::SessionNotFound { .. } => 0xC0AA_0007, // E_IMAPI_BURN_VERIFICATION_FAILED
            Self::Cancelled => 0xC0AA_0002,        // E_IMAPI_REQUEST_CANCELLED
        })
    }
}

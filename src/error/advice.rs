//! The advice at the end of an error's message.

use super::{BootProblem, Error, ImageProblem, NameProblem};
use crate::block::MAX_BLOCKS;
use crate::file_systems::FileSystems;

const RENAME_SOURCE: &str = "rename it, or leave it out with `TreeOptions::exclude`";
const ANY_CHARACTERS: &str = "allow them with `set_use_restricted_character_set(false)`";
const EXACT_NAME: &str = "give the exact name";
const WHOLE_TREE: &str = "remove it with `remove_tree`";
const BEFORE_ITEMS: &str = "set it before adding items";
const LEVEL_3: &str = "choose level 3 with `set_iso9660_interchange_level`, which a strict image cannot \
    have, or UDF alone with `set_file_systems_to_create`";
const NOT_STRICT: &str = "allow it with `set_strict_file_system_compliance(false)`";
const STRICT_PATH: &str =
    "shorten the path, or allow it with `set_strict_file_system_compliance(false)`";
const SEVERAL_IMAGES: &str = "divide the files among several images";
const MORE_ROOM: &str = "choose a directory with more room";
const OTHER_EMULATION: &str = "choose another emulation with `BootOptions::set_emulation`";
const ANOTHER_NAME: &str = "give it another name";
const STAGE: &str =
    "add it again, or have files copied while they are added with `set_stage_files(true)`";
const SKIP_LINK: &str = "leave it out with `LinkPolicy::SkipUnresolvable`";
const FEWER_COPIES: &str =
    "leave links out with `LinkPolicy::Skip`, or allow more with `TreeOptions::max_copies`";
const TAKE_LINKS: &str =
    "follow links with `LinkPolicy::Follow`, or leave them out with `LinkPolicy::Skip`";
const WORKING_DIRECTORY: &str = "choose another with `set_working_directory`";
const PLAIN_SECTORS: &str = "convert the image to the 2048 bytes of data of each sector first";
const IMPORT_MEMORY: &str = "raise the limit with `ImportOptions::memory`";
const IMPORT_WORK: &str = "if you trust the disc, raise the limit with `ImportOptions::work`";
const CHOOSE_DISC: &str = "choose one with `set_multisession_interfaces`";
const RENAME_NEW: &str = "rename the one in the image";
const IMPORT_AGAIN: &str = "import it again";
const WAIT: &str = "wait until it has finished with `Locking::Wait`";
const ALLOW_UNKNOWN: &str = "allow a session after them with `ImportOptions::unknown_blocks`";
pub(super) const ALLOW_DAMAGED: &str =
    "use a whole copy of it, or leave what is damaged out with `ImportOptions::damaged_files`";
const ADD_BOOT_IMAGES: &str = "set some with `set_boot_image_options_array`, or remove the file";
const ANOTHER_FILE: &str = "write the image to another file";
const OVERWRITE_SOURCE: &str =
    "write the image to another file, or allow it with `OutputFile::overwrite_source`";
const GIVE_IMAGE: &str = "set one with `set_path` or `set_stream`";

/// Returns the advice for an image that needs more blocks than it may have.
const fn of_blocks(limit: u64) -> &'static str {
    match limit {
        0 => "use a disc that has room left",
        // No medium has half as many blocks, so nobody has set this limit.
        _ if limit > MAX_BLOCKS / 2 => SEVERAL_IMAGES,
        _ => "raise the limit with `set_free_media_blocks`, where 0 stands for none",
    }
}

/// Returns the advice for an invalid name of an item: some are valid unless the image is strict.
const fn of_name(problem: NameProblem) -> Option<&'static str> {
    match problem {
        NameProblem::Character('/' | '\0') => None,
        NameProblem::Character(_) => Some(NOT_STRICT),
        // The limit of all other images.
        NameProblem::TooLong(limit) if limit < 255 => Some(NOT_STRICT),
        _ => None,
    }
}

/// Returns the advice for an invalid volume name.
fn of_volume_name(problem: NameProblem) -> Option<&'static str> {
    match problem {
        NameProblem::Character(c) if !c.is_control() => Some(NOT_STRICT),
        NameProblem::TooManyCharacters(limit) if limit < 32 => Some(NOT_STRICT),
        _ => None,
    }
}

fn of_directories(file_system: FileSystems) -> &'static str {
    if file_system == FileSystems::UDF {
        "put some of them into another directory"
    } else {
        "choose UDF alone with `set_file_systems_to_create`"
    }
}

const fn of_boot_image(problem: &BootProblem) -> Option<&'static str> {
    match problem {
        BootProblem::TooLong { .. } => Some(
            "load less with `BootOptions::set_sector_count`, or for EFI all up to the disc's end with \
             `BootOptions::set_reaches_end`",
        ),
        BootProblem::NoFile => Some("add it, or correct the path"),
        BootProblem::Ambiguous { .. } => Some(EXACT_NAME),
        BootProblem::Embedded => Some("turn that off with `set_embed_small_files(false)`"),
        BootProblem::Empty
        | BootProblem::Partitions
        | BootProblem::NoRoomForTable
        | BootProblem::Catalog => None,
    }
}

/// Returns the advice for an output that is also a source, which is possible only if the file is replaced.
const fn of_source(is_replaced: bool) -> &'static str {
    if is_replaced {
        OVERWRITE_SOURCE
    } else {
        ANOTHER_FILE
    }
}

const EXTRACT_SIZE: &str = "allow more with `ExtractOptions::max_size`";
const KEEP_EXISTING: &str =
    "choose a new or an empty one, or allow that with `ExistingItems::Keep`";

/// Returns the advice for a directory that files cannot be extracted into.
fn of_target(source: &std::io::Error) -> Option<&'static str> {
    (source.kind() == std::io::ErrorKind::DirectoryNotEmpty).then_some(KEEP_EXISTING)
}

impl Error {
    /// Returns advice on avoiding the error, if there is any: the end of the message, after a semicolon. If the error
    /// has a cause, the message does not end with the advice, because the cause would follow it.
    ///
    /// The advice names calls of this crate. A program whose users do not make them can cut it off
    /// ([`str::strip_suffix`]) and name its own options instead.
    ///
    /// Not in IMAPI2.
    ///
    /// ```
    /// let mut image = imapi2fs::FileSystemImage::new();
    /// image.set_free_media_blocks(400)?;
    /// let error = image.root_mut().add_file("large", vec![0; 1 << 20]).unwrap_err();
    /// assert!(error.to_string().ends_with("; raise the limit with `set_free_media_blocks`, where 0 stands for none"));
    /// assert!(error.advice().unwrap().starts_with("raise the limit"));
    /// # Ok::<(), imapi2fs::Error>(())
    /// ```
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidVolumeName { problem, .. } => return of_volume_name(*problem),
            Self::InvalidName { problem, .. } => return of_name(*problem),
            Self::InvalidDate { .. } => NOT_STRICT,
            Self::NameNotUnicode { .. } => RENAME_SOURCE,
            Self::RestrictedName { .. } => ANY_CHARACTERS,
            Self::AmbiguousName { .. } => EXACT_NAME,
            Self::DirectoryNotEmpty { .. } => WHOLE_TREE,
            Self::FileSystemNotEmpty { .. } => BEFORE_ITEMS,
            Self::ImageSizeLimit { limit, .. } | Self::ImageTooBig { limit, .. } => {
                of_blocks(*limit)
            }
            Self::TooManyStreams { .. } => SEVERAL_IMAGES,
            Self::FileTooBig { .. } | Self::TooDeep { .. } => LEVEL_3,
            Self::TooManyDirectories { file_system, .. } => of_directories(*file_system),
            Self::PathTooLong { .. } => STRICT_PATH,
            Self::NoUniqueName { .. } => ANOTHER_NAME,
            Self::SourceChanged { .. } | Self::SourceLength { .. } => STAGE,
            Self::TooManyCopies { .. } => FEWER_COPIES,
            Self::UnresolvableLink { .. } | Self::SpecialFile { .. } => SKIP_LINK,
            Self::LinkNotAllowed { .. } => TAKE_LINKS,
            Self::WorkingDirectorySpace { .. } => WORKING_DIRECTORY,
            Self::RawSectors { .. } => PLAIN_SECTORS,
            Self::ImportMemory { .. } => IMPORT_MEMORY,
            Self::ImportWork { .. } => IMPORT_WORK,
            Self::MultisessionNotSet => CHOOSE_DISC,
            Self::DiscMismatch { .. } => IMPORT_AGAIN,
            Self::DiscInUse { .. } => WAIT,
            Self::ImportTypeCollision { .. } => RENAME_NEW,
            Self::UnknownBlocks { .. } => ALLOW_UNKNOWN,
            Self::DamagedFiles { .. } => ALLOW_DAMAGED,
            Self::IncompatiblePreviousSession { problem } => return problem.advice(),
            Self::BootImage { problem, .. } => return of_boot_image(problem),
            Self::NoBootCatalog { .. } => ADD_BOOT_IMAGES,
            Self::InvalidImage {
                problem: ImageProblem::NotGiven,
            } => GIVE_IMAGE,
            Self::OutputIsSource { is_replaced, .. } => of_source(*is_replaced),
            Self::OutputInSource { .. } => OVERWRITE_SOURCE,
            Self::ExtractDirectory(failed) => return of_target(&failed.source),
            Self::ExtractSpace(_) | Self::ExtractItems(_) => MORE_ROOM,
            Self::ExtractSize(_) => EXTRACT_SIZE,
            Self::BootImageSize { .. } => OTHER_EMULATION,
            _ => return None,
        })
    }
}

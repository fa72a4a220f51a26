//! What helps when something could not be done: the end of an error's message.

use super::{BootProblem, Error};
use crate::block::MAX_BLOCKS;
use crate::file_systems::FileSystems;

/// Why an image must be allowed to continue a session: its `ImportOptions` name both.
pub(crate) const OTHER_PRODUCER: &str = "another program recorded it";
pub(crate) const ROCK_RIDGE: &str = "its ISO 9660 has Rock Ridge, which would be lost";

/// Why a disc is not continued whose UDF is found by its anchors only.
pub(crate) const UNANNOUNCED: &str = "its UDF volume has no volume recognition sequence, and programs that find the volume \
                                      all the same would see its old files only";

/// Why nothing follows on what a file has.
pub(crate) const TOO_LONG: &str = "it is a file of 4 TiB or more, and a session past its end would be past the last block \
    that a disc can have, block 2147483646";

/// Why what a disc boots from is not taken over.
pub(crate) const MISSING_BOOT_IMAGE: &str =
    "what it boots from is missing, as the disc ends before it";

pub(super) const RENAME_SOURCE: &str = "rename it, or leave it out with `TreeOptions::exclude`";
pub(super) const ANY_CHARACTERS: &str = "allow them with `set_use_restricted_character_set(false)`";
pub(super) const EXACT_NAME: &str = "give the exact name";
pub(super) const WHOLE_TREE: &str = "remove it with `remove_tree`";
pub(super) const BEFORE_ITEMS: &str = "set it before adding items";
pub(super) const LEVEL_3: &str = "choose level 3 with `set_iso9660_interchange_level`, or UDF alone with \
    `set_file_systems_to_create`";
pub(super) const STRICT_PATH: &str = "shorten the path, or make an image that is not strict";
pub(super) const ANOTHER_NAME: &str = "give it another name";
pub(super) const STAGE: &str =
    "add it again, or have files copied while they are added with `set_stage_files(true)`";
pub(super) const SKIP_LINK: &str = "leave it out with `LinkPolicy::SkipUnresolvable`";
pub(super) const FEWER_COPIES: &str =
    "leave links out with `LinkPolicy::Skip`, or allow more with `TreeOptions::max_copies`";
pub(super) const TAKE_LINKS: &str =
    "follow links with `LinkPolicy::Follow`, or leave them out with `LinkPolicy::Skip`";
pub(super) const WORKING_DIRECTORY: &str = "choose another with `set_working_directory`";
pub(super) const PLAIN_SECTORS: &str =
    "convert the image to the 2048 bytes of data of each sector first";
pub(super) const IMPORT_MEMORY: &str = "raise the limit with `ImportOptions::memory`";
pub(super) const IMPORT_WORK: &str =
    "if you trust the disc, raise the limit with `ImportOptions::work`";
pub(super) const CHOOSE_DISC: &str = "choose one with `set_multisession_interfaces`";
pub(super) const RENAME_NEW: &str = "rename the one in the image";
pub(super) const IMPORT_AGAIN: &str = "import it again";
pub(super) const WAIT: &str = "wait until it has finished with `Locking::Wait`";
pub(super) const ALLOW_UNKNOWN: &str =
    "allow a session after them with `ImportOptions::unknown_blocks`";
pub(super) const ALLOW_DAMAGED: &str =
    "use a whole copy of it, or leave what is damaged out with `ImportOptions::damaged_files`";
pub(super) const ADD_BOOT_IMAGES: &str =
    "set some with `set_boot_image_options_array`, or remove the file";
pub(super) const ANOTHER_FILE: &str = "write the image to another file";
pub(super) const OVERWRITE_SOURCE: &str =
    "write the image to another file, or allow it with `OutputFile::overwrite_source`";
pub(super) const GIVE_IMAGE: &str = "set one with `set_path` or `set_stream`";

/// What helps when an image may not have as many blocks as it needs.
pub(super) const fn of_blocks(limit: u64) -> &'static str {
    match limit {
        0 => "use a disc that has room left",
        // No medium has half as many, so it is not a limit that somebody has set.
        _ if limit > MAX_BLOCKS / 2 => "divide the files among several images",
        _ => "raise the limit with `set_free_media_blocks`, where 0 stands for none",
    }
}

pub(super) fn of_directories(file_system: FileSystems) -> &'static str {
    if file_system == FileSystems::UDF {
        "put some of them into another directory"
    } else {
        "choose UDF alone with `set_file_systems_to_create`"
    }
}

/// What helps when a session may not be continued, if anything does.
pub(super) fn of_session(what: &str) -> Option<&'static str> {
    match what {
        OTHER_PRODUCER => Some("allow that with `ImportOptions::other_producers`"),
        ROCK_RIDGE => Some("allow that with `ImportOptions::drop_rock_ridge`"),
        UNANNOUNCED => Some("extract its files, and build a new image of them"),
        TOO_LONG => Some("cut off what follows its last volume, if nobody needs that"),
        MISSING_BOOT_IMAGE => Some(ALLOW_DAMAGED),
        _ => None,
    }
}

pub(super) const fn of_boot_image(problem: &BootProblem) -> Option<&'static str> {
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

/// What helps when an output is a source, which only one that is replaced may be.
pub(super) const fn of_source(is_replaced: bool) -> &'static str {
    if is_replaced {
        OVERWRITE_SOURCE
    } else {
        ANOTHER_FILE
    }
}

pub(super) const EXTRACT_SIZE: &str = "allow more with `ExtractOptions::max_size`";
const KEEP_EXISTING: &str =
    "choose a new or an empty one, or allow that with `ExistingItems::Keep`";

/// For a directory that files cannot be extracted into.
pub(super) fn of_target(source: &std::io::Error) -> Option<&'static str> {
    (source.kind() == std::io::ErrorKind::DirectoryNotEmpty).then_some(KEEP_EXISTING)
}

/// An advice as the end of a message.
pub(super) fn end(advice: Option<&'static str>) -> impl std::fmt::Display {
    let (before, advice) = match advice {
        Some(advice) => ("; ", advice),
        None => ("", ""),
    };
    format!("{before}{advice}")
}

impl Error {
    /// Returns what helps, if something does: the end of the message, after a semicolon. The message of an error that has a
    /// cause does not end with it, as the cause would follow.
    ///
    /// It names calls of this crate. A program whose users do not make them can cut it off
    /// ([`str::strip_suffix`]) and say instead which of its own options helps.
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
            Self::NameNotUnicode { .. } => RENAME_SOURCE,
            Self::RestrictedName { .. } => ANY_CHARACTERS,
            Self::AmbiguousName { .. } => EXACT_NAME,
            Self::DirectoryNotEmpty { .. } => WHOLE_TREE,
            Self::FileSystemNotEmpty { .. } => BEFORE_ITEMS,
            Self::ImageSizeLimit { limit, .. } | Self::ImageTooBig { limit, .. } => {
                of_blocks(*limit)
            }
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
            Self::IncompatiblePreviousSession { what } => return of_session(what),
            Self::BootImage { problem, .. } => return of_boot_image(problem),
            Self::NoBootCatalog { .. } => ADD_BOOT_IMAGES,
            Self::NoImage => GIVE_IMAGE,
            Self::OutputIsSource { is_replaced, .. } => of_source(*is_replaced),
            Self::OutputInSource { .. } => OVERWRITE_SOURCE,
            Self::ExtractDirectory { source, .. } => return of_target(source),
            Self::ExtractSize { .. } => EXTRACT_SIZE,
            _ => return None,
        })
    }
}

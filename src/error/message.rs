//! The messages of errors, and their causes.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

use super::{Error, Excess, HostError, Shortage};
use crate::file_systems::InvalidValue;
use crate::path::ImagePath;
use crate::printable::Printable;

impl fmt::Display for Error {
    /// Writes what could not be done, and the advice unless a cause follows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.statement(f)?;
        match self.advice() {
            Some(advice) if self.source().is_none() => write!(f, "; {advice}"),
            _ => Ok(()),
        }
    }
}

impl Error {
    /// Writes what could not be done, to which item, with the numbers that explain it.
    fn statement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidParameter(inner) => write!(f, "{inner}"),
            Self::InvalidVolumeName { name, problem } => {
                write!(f, "volume name `{name}` {problem}", name = Printable(name))
            }
            Self::PropertyNotAccessible { path, property } => {
                write!(f, "`{path}` has no {property}", path = Printable(path))
            }
            Self::TooManyStreams { path, limit } => write!(
                f,
                "cannot add `{path}`: an image holds at most {limit} named streams",
                path = Printable(path)
            ),
            Self::ReadStreams(HostError { path, .. }) => write!(
                f,
                "cannot read the named streams of {}",
                Printable(path.display())
            ),
            Self::InvalidName {
                path,
                name,
                problem,
            } => write!(
                f,
                "name `{}` in `{path}` {problem}",
                Printable(name),
                path = Printable(path)
            ),
            Self::NameNotUnicode { file } => write!(
                f,
                "the name of {file} is not valid Unicode",
                file = Printable(format_args!("{:?}", file))
            ),
            Self::RestrictedName { path } => write!(
                f,
                "the name of `{path}` has characters outside the restricted set, code points \
                 32 to 127",
                path = Printable(path)
            ),
            Self::DuplicateName { path, existing } => write!(
                f,
                "cannot add `{path}`: {existing} is already there",
                path = Printable(path),
                existing = Printable(existing)
            ),
            Self::AmbiguousName { path, matches } => write!(
                f,
                "`{path}` could be any of {matches} items whose names differ only in case",
                path = Printable(path)
            ),
            Self::ItemNotFound { path } => {
                write!(f, "`{path}` is not in the image", path = Printable(path))
            }
            Self::DirectoryNotFound { path } => write!(
                f,
                "directory `{path}` is not in the image",
                path = Printable(path)
            ),
            Self::NotADirectory { path } => {
                write!(f, "`{path}` is not a directory", path = Printable(path))
            }
            Self::NotAFile { path } => write!(f, "`{path}` is not a file", path = Printable(path)),
            Self::DirectoryNotEmpty { path, items } => write!(
                f,
                "cannot remove directory `{path}` alone: it has {items} items",
                path = Printable(path)
            ),
            Self::FileSystemNotEmpty { setting } => {
                write!(f, "{setting} can only be changed while the image is empty")
            }
            Self::ImageSizeLimit {
                path,
                needed,
                limit,
            } => write!(
                f,
                "`{path}` does not fit: the image would need at least {needed} blocks of 2048 \
                 bytes, but may have {limit}",
                path = Printable(path)
            ),
            Self::ImageTooBig { needed, limit } => write!(
                f,
                "the image needs {needed} blocks of 2048 bytes, but may have {limit}"
            ),
            Self::FileTooBig {
                path,
                size,
                limit,
                file_system,
            } => write!(
                f,
                "`{path}` has {size} bytes, but {file_system} holds at most {limit} in a file \
                 at this interchange level",
                path = Printable(path)
            ),
            Self::TooManyDirectories {
                path,
                file_system,
                limit,
            } => write!(
                f,
                "`{path}` is one directory too many: {file_system} can number {limit}",
                path = Printable(path)
            ),
            Self::TooDeep { path, level, limit } => write!(
                f,
                "directory `{path}` is at level {level}, but ISO 9660 allows {limit} levels \
                 at this interchange level",
                path = Printable(path)
            ),
            Self::PathTooLong {
                path,
                length,
                limit,
            } => write!(
                f,
                "the path of `{path}` has {length} characters in ISO 9660, which allows \
                 {limit}",
                path = Printable(path)
            ),
            Self::NoUniqueName { path, file_system } => write!(
                f,
                "no unique name can be made for `{path}` in {file_system}",
                path = Printable(path)
            ),
            Self::InvalidDate {
                path,
                earlier,
                later,
            } => write!(
                f,
                "{earlier} of `{path}` is earlier than {later}",
                path = Printable(path)
            ),
            Self::ReadDirectory(HostError { path, .. }) => {
                write!(f, "cannot read directory {}", Printable(path.display()))
            }
            Self::OpenSource { path, file, .. } => write!(
                f,
                "cannot open {} for `{path}`",
                Printable(file.display()),
                path = Printable(path)
            ),
            Self::ReadSource { path, origin, .. } => write!(
                f,
                "cannot read `{path}` from {origin}",
                path = Printable(path)
            ),
            Self::SourceChanged {
                path,
                origin,
                change,
            } => write!(
                f,
                "{origin} of `{path}` changed after it was added: {change}",
                path = Printable(path)
            ),
            Self::SourceLength {
                path,
                origin,
                stated,
                found,
            } => write!(
                f,
                "cannot read `{path}` from {origin}: the system says that it has {stated} \
                 bytes, but it has {}",
                found.map_or_else(|| "more".to_owned(), |found| found.to_string()),
                path = Printable(path)
            ),
            Self::TooManyCopies { link, limit } => write!(
                f,
                "links to directories make more than {limit} copies of items, the last by {}",
                Printable(link.display())
            ),
            Self::UnresolvableLink { link, problem } => write!(
                f,
                "cannot follow link {}: it {problem}",
                Printable(link.display())
            ),
            Self::LinkNotAllowed { link } => write!(f, "{} is a link", Printable(link.display())),
            Self::SpecialFile { file } => write!(
                f,
                "{} is neither a file nor a directory",
                Printable(file.display())
            ),
            Self::InvalidWorkingDirectory(HostError { path, .. }) => write!(
                f,
                "working directory {} cannot be used",
                Printable(path.display())
            ),
            Self::WorkingDirectorySpace(Shortage {
                directory,
                needed,
                available,
            }) => write!(
                f,
                "working directory {} has {available} bytes free, but {needed} are needed",
                Printable(directory.display())
            ),
            Self::ReadDisc { block, .. } => write!(f, "cannot read block {block} of the disc"),
            Self::Corrupt(inner) => write!(f, "{inner}"),
            Self::UnsupportedFeature(inner) => write!(f, "{inner}"),
            Self::EmptyDisc => f.write_str("nothing is recorded on the disc"),
            Self::NoSupportedFileSystem => {
                f.write_str("the disc has none of the file systems ISO 9660, Joliet and UDF")
            }
            Self::FileSystemNotFound { file_system } => {
                write!(f, "the disc does not have {file_system}")
            }
            Self::RawSectors { len } => {
                write!(f, "the disc is given as raw sectors of {len} bytes")
            }
            Self::ReadItem { path, .. } => write!(
                f,
                "cannot read `{path}` on the disc",
                path = Printable(path)
            ),
            Self::ReadEntries { path, .. } => write!(
                f,
                "cannot read all entries of `{path}` on the disc",
                path = Printable(path)
            ),
            Self::ImportMemory(Excess { needed, limit }) => write!(
                f,
                "reading the disc takes at least {needed} bytes of memory, but {limit} are \
                 allowed"
            ),
            Self::ImportWork { what, block, limit } => write!(
                f,
                "reading the disc takes too much work: with block {block}, {what} would take \
                 more than {limit} bytes to read"
            ),
            Self::MultisessionNotSet => f.write_str("no disc has been chosen"),
            Self::IncompatibleMultisessionType => {
                f.write_str("the multisession interface in use is of an unknown kind")
            }
            Self::NoCompatibleMultisessionType { offered } => write!(
                f,
                "none of {offered} multisession interfaces works with the disc as it is"
            ),
            Self::BadMultisessionParameter { parameter, .. } => {
                write!(f, "the drive does not give a usable {parameter}")
            }
            Self::ImportSeek { block } => write!(
                f,
                "cannot find a session at block {block} of the disc: none is recorded"
            ),
            Self::DiscMismatch { imported, found } => write!(
                f,
                "the disc is {found} and no longer {imported}, which was imported",
                imported = Printable(imported),
                found = Printable(found)
            ),
            Self::ImportMediaNotAllowed { media } => write!(
                f,
                "a medium of type {media} cannot take another session",
                media = Printable(media)
            ),
            Self::IncompatiblePreviousSession { problem } => {
                write!(f, "the disc cannot be continued: {problem}")
            }
            Self::UnknownBlocks { first, last } => write!(
                f,
                "the disc cannot be continued: its blocks {first} to {last} hold data after \
                 the last session that was found, perhaps of a damaged one"
            ),
            Self::DamagedFiles {
                paths,
                count,
                disc_len,
            } => write!(
                f,
                "the disc cannot be continued: data of {count} of its files is missing, as it \
                 ends at byte {disc_len}: {}",
                listed(paths, *count)
            ),
            Self::FileSystemChangeNotAllowed { recorded, wanted } => write!(
                f,
                "the disc has {recorded}, so an image that continues it cannot have {wanted}"
            ),
            Self::UdfRevisionChangeNotAllowed { recorded, wanted } => write!(
                f,
                "the disc has UDF {recorded}, so an image that continues it cannot have UDF \
                 {wanted}"
            ),
            Self::ImportTypeCollision {
                path,
                file_system,
                is_directory,
            } => write!(
                f,
                "`{path}` is a {} in {file_system} on the disc and a {} in the image",
                if *is_directory { "directory" } else { "file" },
                if *is_directory { "file" } else { "directory" },
                path = Printable(path)
            ),
            Self::ReadBootImage { origin, .. } => {
                write!(f, "cannot read the boot image from {origin}")
            }
            Self::BootImageChanged { origin, change } => write!(
                f,
                "{origin} changed after it was assigned as a boot image: {change}"
            ),
            Self::BootImageSize {
                origin,
                emulation,
                size,
                expected,
            } => write!(
                f,
                "the boot image from {origin} has {size} bytes, but emulation {emulation} \
                 needs {expected}"
            ),
            Self::BootImage {
                number,
                origin,
                problem,
            } => write!(f, "boot image {number}, from {origin}, {problem}"),
            Self::NoBootCatalog { path } => write!(
                f,
                "`{path}` shows the boot catalog, but the image has no boot images",
                path = Printable(path)
            ),
            Self::BootObjectConflict => f.write_str(
                "an image that continues a disc boots as the disc does, and cannot have boot \
                 images of its own",
            ),
            Self::MoveStaged(HostError { path, .. }) => write!(
                f,
                "cannot move staged files to {}",
                Printable(path.display())
            ),
            Self::OpenStage(HostError { path, .. }) => write!(
                f,
                "cannot create a temporary file in {}",
                Printable(path.display())
            ),
            Self::WriteStage {
                path, directory, ..
            } => write!(
                f,
                "cannot stage `{path}` in {}",
                Printable(directory.display()),
                path = Printable(path)
            ),
            Self::OpenImage(HostError { path, .. }) => {
                write!(f, "cannot open {}", Printable(path.display()))
            }
            Self::InvalidImage { problem } => write!(f, "{problem}"),
            Self::MediaIncompatible { media } => write!(
                f,
                "no images can be made for a medium of type {media}",
                media = Printable(media)
            ),
            Self::Write { .. } => f.write_str("cannot write the image"),
            Self::WriteImage(HostError { path, .. }) => {
                write!(f, "cannot write {}", Printable(path.display()))
            }
            Self::ExtractDirectory(HostError { path, .. }) => {
                write!(f, "cannot extract into {}", Printable(path.display()))
            }
            Self::ExtractSpace(Shortage {
                directory,
                needed,
                available,
            }) => write!(
                f,
                "cannot extract into {}: the files take {needed} bytes, and only {available} \
                 are free",
                Printable(directory.display())
            ),
            Self::ExtractItems(Shortage {
                directory,
                needed,
                available,
            }) => write!(
                f,
                "cannot extract into {}: there are {needed} files and directories, and its \
                 file system can take only {available} more",
                Printable(directory.display())
            ),
            Self::ExtractSize(Excess { needed, limit }) => write!(
                f,
                "the files take {needed} bytes, but only {limit} are allowed"
            ),
            Self::WriteExtracted {
                path, directory, ..
            } => write!(
                f,
                "cannot write `{path}` into {}",
                Printable(directory.display()),
                path = Printable(path)
            ),
            Self::OutputIsSource { file, input, .. } => write!(
                f,
                "cannot write {}: it is {}a file of the image",
                Printable(file.display()),
                other_name(file, input)
            ),
            Self::OutputInSource { file, directory } => write!(
                f,
                "cannot write {}: it is there already, in the source directory {}",
                Printable(file.display()),
                Printable(directory.display())
            ),
            Self::WriteDisc { block, .. } => write!(f, "cannot write block {block} of the disc"),
            Self::DiscInUse { file } => write!(
                f,
                "{} is in use: another program is writing to it",
                Printable(file.display())
            ),
            Self::LockDisc(HostError { path, .. }) => {
                write!(f, "cannot lock {}", Printable(path.display()))
            }
            Self::SessionNotFound {
                block,
                problem,
                restored,
                ..
            } => write!(
                f,
                "a reader of the disc would not find the session at block {block}, which was \
                 just written: {problem}{}",
                if *restored {
                    " (the disc has been put back as it was)"
                } else {
                    " (the disc could not be put back as it was)"
                }
            ),
            Self::Cancelled => f.write_str("cancelled by the caller"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::ReadStreams(HostError { source, .. })
            | Self::ReadDirectory(HostError { source, .. })
            | Self::InvalidWorkingDirectory(HostError { source, .. })
            | Self::MoveStaged(HostError { source, .. })
            | Self::OpenStage(HostError { source, .. })
            | Self::OpenImage(HostError { source, .. })
            | Self::WriteImage(HostError { source, .. })
            | Self::ExtractDirectory(HostError { source, .. })
            | Self::LockDisc(HostError { source, .. })
            | Self::OpenSource { source, .. }
            | Self::ReadSource { source, .. }
            | Self::ReadDisc { source, .. }
            | Self::ReadBootImage { source, .. }
            | Self::WriteStage { source, .. }
            | Self::Write { source, .. }
            | Self::WriteExtracted { source, .. }
            | Self::WriteDisc { source, .. } => Some(source),
            Self::ReadItem { source, .. } | Self::ReadEntries { source, .. } => Some(source),
            Self::BadMultisessionParameter { source, .. } => {
                source.as_ref().map(|source| source as &dyn StdError)
            }
            Self::SessionNotFound { source, .. } => {
                source.as_deref().map(|source| source as &dyn StdError)
            }
            _ => None,
        }
    }
}

impl From<InvalidValue> for Error {
    fn from(value: InvalidValue) -> Self {
        Self::InvalidParameter(value)
    }
}

/// Returns how a source that is the output is named there, unless the caller gave it that name.
fn other_name(file: &Path, input: &Path) -> String {
    match file == input {
        true => String::new(),
        false => format!("{}, ", Printable(input.display())),
    }
}

/// Lists some of `count` paths.
fn listed(paths: &[ImagePath], count: u64) -> String {
    let mut list = String::new();
    for (number, path) in paths.iter().enumerate() {
        let separator = if number > 0 { ", " } else { "" };
        list += &format!("{separator}`{}`", Printable(path));
    }
    match count.saturating_sub(paths.len() as u64) {
        0 => list,
        more => list + &format!(" and {more} more"),
    }
}

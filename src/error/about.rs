//! The item or file that an error is about.

use std::io;
use std::path::Path;

use super::{Error, HostError, Origin, Shortage};
use crate::finding::{Finding, Severity};
use crate::path::ImagePath;

impl Error {
    /// The item of the image that the error is about, if any.
    #[must_use]
    pub fn path(&self) -> Option<&ImagePath> {
        match self {
            Self::InvalidName { path, .. }
            | Self::RestrictedName { path }
            | Self::DuplicateName { path, .. }
            | Self::AmbiguousName { path, .. }
            | Self::ItemNotFound { path }
            | Self::DirectoryNotFound { path }
            | Self::NotADirectory { path }
            | Self::NotAFile { path }
            | Self::ImportTypeCollision { path, .. }
            | Self::PropertyNotAccessible { path, .. }
            | Self::TooManyStreams { path, .. }
            | Self::DirectoryNotEmpty { path, .. }
            | Self::ImageSizeLimit { path, .. }
            | Self::FileTooBig { path, .. }
            | Self::TooManyDirectories { path, .. }
            | Self::TooDeep { path, .. }
            | Self::PathTooLong { path, .. }
            | Self::NoUniqueName { path, .. }
            | Self::InvalidDate { path, .. }
            | Self::OpenSource { path, .. }
            | Self::ReadSource { path, .. }
            | Self::SourceChanged { path, .. }
            | Self::SourceLength { path, .. }
            | Self::ReadItem { path, .. }
            | Self::ReadEntries { path, .. }
            | Self::NoBootCatalog { path }
            | Self::WriteExtracted { path, .. }
            | Self::WriteStage { path, .. } => Some(path),
            Self::BootImage { origin, .. }
            | Self::BootImageSize { origin, .. }
            | Self::BootImageChanged { origin, .. }
            | Self::ReadBootImage { origin, .. } => match origin {
                Origin::Item(path) => Some(path),
                _ => None,
            },
            Self::DamagedFiles { paths, .. } => paths.first(),
            _ => None,
        }
    }

    /// The finding that made reading fail, if there was one; for an item, with its path.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        match self {
            Self::Corrupt(finding) | Self::UnsupportedFeature(finding) => Some((**finding).clone()),
            Self::ReadItem { path, source } | Self::ReadEntries { path, source } => {
                Some(source.finding()?.in_item(path))
            }
            _ => None,
        }
    }

    /// Whether a disc asked for more memory or work than reading it may take: such an error does not describe the
    /// disc's contents.
    pub(crate) const fn is_limit(&self) -> bool {
        matches!(self, Self::ImportMemory { .. } | Self::ImportWork { .. })
    }

    /// The file or directory outside the image that the error is about, if any.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::NameNotUnicode { file }
            | Self::OpenSource { file, .. }
            | Self::SpecialFile { file }
            | Self::DiscInUse { file }
            | Self::OutputIsSource { file, .. }
            | Self::OutputInSource { file, .. }
            | Self::ReadSource {
                origin: Origin::File(file),
                ..
            }
            | Self::SourceChanged {
                origin: Origin::File(file),
                ..
            }
            | Self::SourceLength {
                origin: Origin::File(file),
                ..
            }
            | Self::ReadBootImage {
                origin: Origin::File(file),
                ..
            }
            | Self::BootImageChanged {
                origin: Origin::File(file),
                ..
            }
            | Self::BootImageSize {
                origin: Origin::File(file),
                ..
            }
            | Self::BootImage {
                origin: Origin::File(file),
                ..
            } => Some(file),
            Self::UnresolvableLink { link, .. }
            | Self::LinkNotAllowed { link }
            | Self::TooManyCopies { link, .. } => Some(link),
            Self::WriteStage { directory, .. } | Self::WriteExtracted { directory, .. } => {
                Some(directory)
            }
            Self::ReadDirectory(HostError { path, .. })
            | Self::ReadStreams(HostError { path, .. })
            | Self::OpenImage(HostError { path, .. })
            | Self::WriteImage(HostError { path, .. })
            | Self::LockDisc(HostError { path, .. })
            | Self::ExtractDirectory(HostError { path, .. })
            | Self::InvalidWorkingDirectory(HostError { path, .. })
            | Self::MoveStaged(HostError { path, .. })
            | Self::OpenStage(HostError { path, .. }) => Some(path),
            Self::ExtractSpace(Shortage { directory, .. })
            | Self::ExtractItems(Shortage { directory, .. })
            | Self::WorkingDirectorySpace(Shortage { directory, .. }) => Some(directory),
            _ => None,
        }
    }
}

impl From<Finding> for Error {
    /// Converts a finding into the error of a reader that cannot continue after it.
    fn from(finding: Finding) -> Self {
        let finding = Box::new(finding);
        match finding.severity() {
            Severity::Unsupported => Self::UnsupportedFeature(finding),
            _ => Self::Corrupt(finding),
        }
    }
}

impl From<Error> for io::Error {
    /// Wraps the error for [`Read`](io::Read); [`io::Error::downcast`] returns it.
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::ReadSource { source, .. }
            | Error::OpenSource { source, .. }
            | Error::ReadDisc { source, .. }
            | Error::WriteDisc { source, .. }
            | Error::LockDisc(HostError { source, .. })
            | Error::ReadBootImage { source, .. }
            | Error::ReadStreams(HostError { source, .. })
            | Error::WriteImage(HostError { source, .. })
            | Error::ExtractDirectory(HostError { source, .. })
            | Error::WriteExtracted { source, .. }
            | Error::Write { source } => source.kind(),
            Error::SourceChanged { .. } | Error::SourceLength { .. } | Error::Corrupt(_) => {
                io::ErrorKind::InvalidData
            }
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn causes_are_in_the_source_and_not_in_the_message() {
        let error = Error::ReadSource {
            path: "a/b".into(),
            origin: Origin::File("/x/b".into()),
            source: io::Error::other("no luck"),
        };
        assert_eq!(error.to_string(), "cannot read `/a/b` from /x/b");
        assert_eq!(error.source().unwrap().to_string(), "no luck");
        assert_eq!(error.hresult().to_string(), "0xC0AAB129");
    }

    #[test]
    fn errors_pass_through_io_errors() {
        let error = io::Error::from(Error::Cancelled);
        assert!(matches!(error.downcast::<Error>(), Ok(Error::Cancelled)));
    }
}

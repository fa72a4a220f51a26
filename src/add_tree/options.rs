//! The options and results of adding a host directory.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::LinkProblem;
use crate::file_systems::FeatureSupport;
use crate::printable::Printable;
use crate::result::{OutputFile, OutputGuard};
use crate::time::Timestamp;

/// How to treat links, and items that are neither files nor directories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkPolicy {
    /// Follows links to files and directories inside the added tree; a link that leads elsewhere, and a socket, device
    /// or fifo, is an error.
    #[default]
    Follow,
    /// Follows links to files and directories inside the added tree; leaves out and reports everything else.
    SkipUnresolvable,
    /// Leaves out and reports all links, sockets, devices and fifos.
    Skip,
    /// Treats any link, socket, device or fifo as an error.
    Error,
}

/// Options for adding a tree.
#[derive(Clone, Debug, Default)]
pub struct TreeOptions {
    pub(super) include_base_directory: bool,
    pub(super) links: LinkPolicy,
    pub(super) max_copies: Option<u64>,
    pub(super) all_times: bool,
    pub(super) named_streams: bool,
    pub(super) ignore_case: bool,
    pub(super) latest_time: Option<Timestamp>,
    pub(super) excluded: Vec<PathBuf>,
    pub(super) output: Option<OutputGuard>,
}

impl TreeOptions {
    /// Creates the options of [`DirectoryMut::add_tree`](crate::DirectoryMut::add_tree) without the base directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether the source directory itself is added, not only its contents. Default: false.
    #[must_use]
    pub const fn include_base_directory(mut self, include: bool) -> Self {
        self.include_base_directory = include;
        self
    }

    /// Sets how to treat links. Default: [`LinkPolicy::Follow`].
    #[must_use]
    pub const fn links(mut self, policy: LinkPolicy) -> Self {
        self.links = policy;
        self
    }

    /// Sets how many items may be added more than once because links to directories are followed: each item of a
    /// directory counts every time the directory is added again. Default: 100,000, and ten for each item of the source.
    ///
    /// A link to a directory that has already been added makes a copy of it, with the same data. A few such links are
    /// common; but where linked directories contain links to directories themselves, the copies multiply, and a source
    /// of a few thousand links would never end. Adding more fails with
    /// [`Error::TooManyCopies`](crate::Error::TooManyCopies) whatever the [policy](TreeOptions::links) is. Not in
    /// IMAPI2.
    #[must_use]
    pub const fn max_copies(mut self, copies: u64) -> Self {
        self.max_copies = Some(copies);
        self
    }

    /// Sets whether the creation and access times of the source are kept, too. Default: false, all three times are the
    /// modification time, because reading changes access times and images should not differ for that reason.
    #[must_use]
    pub const fn all_times(mut self, all: bool) -> Self {
        self.all_times = all;
        self
    }

    /// Sets whether the named streams of files are added, see
    /// [`DirectoryMut::add_tree_with_named_streams`](crate::DirectoryMut::add_tree_with_named_streams). Default: false.
    #[must_use]
    pub const fn named_streams(mut self, named_streams: bool) -> Self {
        self.named_streams = named_streams;
        self
    }

    /// Sets whether a new item is merged with, or replaces, an item of the image whose name differs only by case,
    /// unless another has exactly the name. Default: false, both stay side by side.
    ///
    /// A file gets the source's spelling, a directory keeps its own. When several names of the image differ by case and
    /// none is exact, adding fails with [`Error::AmbiguousName`](crate::Error::AmbiguousName); when two names in one
    /// directory of the source differ by case only and would be one item, with
    /// [`Error::DuplicateName`](crate::Error::DuplicateName).
    ///
    /// This is for images that continue a disc with ISO 9660 alone, whose names are in upper case.
    ///
    /// IMAPI2 differs: it never tells names apart by case, as if this option were always set.
    #[must_use]
    pub const fn ignore_case(mut self, ignore: bool) -> Self {
        self.ignore_case = ignore;
        self
    }

    /// Sets the latest time that an item gets; later ones are cut to it. Default: none.
    #[must_use]
    pub fn latest_time(mut self, time: impl Into<Timestamp>) -> Self {
        self.latest_time = Some(time.into());
        self
    }

    /// Leaves out the file that the image will be written to, which need not exist, and reports that it lies in the
    /// source.
    ///
    /// If it exists, adding fails with [`Error::OutputIsSource`](crate::Error::OutputIsSource) or
    /// [`Error::OutputInSource`](crate::Error::OutputInSource) unless the output [may
    /// overwrite](OutputFile::overwrite_source) a source. It is recognised under any name, link or mount in the source.
    /// The file that standard output was redirected to is left out under any name, and is not an error if it is empty,
    /// because a shell creates it that way.
    #[must_use]
    pub fn output(mut self, output: &OutputFile) -> Self {
        self.output = Some(output.guard());
        self
    }

    /// Leaves out a file or a directory, which need not exist.
    #[must_use]
    pub fn exclude(mut self, path: impl AsRef<Path>) -> Self {
        self.excluded.push(path.as_ref().to_owned());
        self
    }
}

/// The result of adding a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeSummary {
    /// The number of files.
    pub files: u64,
    /// The number of directories, not counting existing ones.
    pub directories: u64,
    /// The number of bytes of all files; a file with several names counts once for each.
    pub bytes: u64,
    /// The number of named streams.
    pub streams: u64,
    /// Whether the named streams will be in the image with the current settings.
    pub stream_support: FeatureSupport,
    /// The items left out, in the order they were met.
    pub left_out: Vec<LeftOut>,
}

/// An item of a source tree that is not in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The item's path.
    pub path: PathBuf,
    /// The reason.
    pub reason: LeftOutReason,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Printable(self.path.display()), self.reason)
    }
}

/// Why an item was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// The item is a link.
    Link,
    /// The item is a link that cannot be followed.
    Unresolvable(LinkProblem),
    /// The item is a socket, device or fifo.
    Special,
    /// The caller excluded the item.
    Excluded,
    /// The item is the file that the image will be written to.
    Output,
    /// The item is an image that another program has not finished, and perhaps never will: see
    /// [`OutputFile`](crate::OutputFile). It is recognised by its name, `.imapi2fs-` and six letters or digits, and by
    /// its length, a multiple of 2048.
    Unfinished,
    /// The item is the working directory of the image.
    WorkingDirectory,
    /// The item is a named stream whose name is not allowed for streams.
    StreamName,
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("is a link"),
            Self::Unresolvable(problem) => write!(f, "is a link that {problem}"),
            Self::Special => f.write_str("is neither a file nor a directory"),
            Self::Excluded => f.write_str("is excluded"),
            Self::Output => f.write_str("is the output"),
            Self::Unfinished => f.write_str("is an unfinished image, by its name"),
            Self::WorkingDirectory => f.write_str("is the working directory"),
            Self::StreamName => f.write_str("is a named stream with a name it cannot have"),
        }
    }
}

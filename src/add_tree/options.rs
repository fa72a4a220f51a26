//! How a directory of the host is added, and what came of it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::LinkProblem;
use crate::file_systems::FeatureSupport;
use crate::printable::Printable;
use crate::result::{OutputFile, OutputGuard};
use crate::time::Timestamp;

/// What to do with links, and with what is neither a file nor a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LinkPolicy {
    /// Links to files and directories inside the added tree are followed; a link that leads elsewhere, and a socket,
    /// device or fifo, is an error.
    #[default]
    Follow,
    /// Links to files and directories inside the added tree are followed; all else is left out and reported.
    SkipUnresolvable,
    /// All links, sockets, devices and fifos are left out and reported.
    Skip,
    /// Any link, socket, device or fifo is an error.
    Error,
}

/// How a tree is added.
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
    /// What [`DirectoryMut::add_tree`](crate::DirectoryMut::add_tree) does without the base directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the source directory itself is added, not only what is in it. Default: false.
    #[must_use]
    pub const fn include_base_directory(mut self, include: bool) -> Self {
        self.include_base_directory = include;
        self
    }

    /// What to do with links. Default: [`LinkPolicy::Follow`].
    #[must_use]
    pub const fn links(mut self, policy: LinkPolicy) -> Self {
        self.links = policy;
        self
    }

    /// Sets how many items may be added more than once because links to directories are followed: all that is in a
    /// directory counts each time the directory is added again. Default: 100,000, and ten for each item of the source.
    ///
    /// A link that leads to a directory that has been added already makes a copy of it, with the same data. Some such
    /// links are usual; but where linked directories have links to directories themselves, the copies multiply, and a
    /// source of a few thousand links never ends. Adding more fails with
    /// [`Error::TooManyCopies`](crate::Error::TooManyCopies) whatever the [policy](TreeOptions::links) is. Not in IMAPI2.
    #[must_use]
    pub const fn max_copies(mut self, copies: u64) -> Self {
        self.max_copies = Some(copies);
        self
    }

    /// Whether the creation and access times of the source are taken as well. Default: false, all three times are the
    /// modification time, because reading changes access times and images should not differ by it.
    #[must_use]
    pub const fn all_times(mut self, all: bool) -> Self {
        self.all_times = all;
        self
    }

    /// Whether the named streams of files are added, see
    /// [`DirectoryMut::add_tree_with_named_streams`](crate::DirectoryMut::add_tree_with_named_streams). Default: false.
    #[must_use]
    pub const fn named_streams(mut self, named_streams: bool) -> Self {
        self.named_streams = named_streams;
        self
    }

    /// Whether an item of the image whose name differs only by case is the one that is merged with or replaced, unless
    /// another has exactly the name. Default: false, it stays beside the new one.
    ///
    /// A file gets the source's spelling, a directory keeps its own. When several names of the image differ by case
    /// and none is exact, adding fails with [`Error::AmbiguousName`](crate::Error::AmbiguousName); when two names in one
    /// directory of the source differ by case only and would be one item, with
    /// [`Error::DuplicateName`](crate::Error::DuplicateName).
    ///
    /// This is for images that continue a disc with ISO 9660 alone, which has names in upper case.
    ///
    /// IMAPI2 differs: it never tells names apart by case, as if this were always set.
    #[must_use]
    pub const fn ignore_case(mut self, ignore: bool) -> Self {
        self.ignore_case = ignore;
        self
    }

    /// Sets the latest time an item gets; later ones are cut to it. Default: none.
    #[must_use]
    pub fn latest_time(mut self, time: impl Into<Timestamp>) -> Self {
        self.latest_time = Some(time.into());
        self
    }

    /// Leaves out the file that the image will be written to, which need not exist, and reports that it lies in the source.
    ///
    /// If it exists, adding fails with [`Error::OutputIsSource`](crate::Error::OutputIsSource) or
    /// [`Error::OutputInSource`](crate::Error::OutputInSource) unless the output
    /// [may overwrite](OutputFile::overwrite_source) a source. It is known by whatever name, link or mount the source has
    /// it by. What standard output was redirected to is left out by any name, and no error if it is empty: that is how a
    /// shell makes it.
    #[must_use]
    pub fn output(mut self, output: &OutputFile) -> Self {
        self.output = Some(output.guard());
        self
    }

    /// Leaves out a file or a directory. It need not exist.
    #[must_use]
    pub fn exclude(mut self, path: impl AsRef<Path>) -> Self {
        self.excluded.push(path.as_ref().to_owned());
        self
    }
}

/// What was added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeSummary {
    /// Number of files.
    pub files: u64,
    /// Number of directories, those that existed not counted.
    pub directories: u64,
    /// Bytes of all files; a file of several names counts as often.
    pub bytes: u64,
    /// Number of named streams.
    pub streams: u64,
    /// Whether the named streams will be in the image as things are.
    pub stream_support: FeatureSupport,
    /// What was left out, in the order it was met.
    pub left_out: Vec<LeftOut>,
}

/// Something in a source tree that is not in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// What was left out.
    pub path: PathBuf,
    /// Why.
    pub reason: LeftOutReason,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Printable(self.path.display()), self.reason)
    }
}

/// Why something was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// It is a link.
    Link,
    /// It is a link that cannot be followed.
    Unresolvable(LinkProblem),
    /// It is a socket, device or fifo.
    Special,
    /// The caller excluded it.
    Excluded,
    /// It is the file that the image will be written to.
    Output,
    /// It is an image that another program has not finished, and perhaps never will: see
    /// [`OutputFile`](crate::OutputFile). It is known by its name, `.imapi2fs-` and six letters or digits, and by its
    /// length, which is a multiple of 2048.
    Unfinished,
    /// It is the working directory of the image.
    WorkingDirectory,
    /// It is a named stream with a name that streams cannot have.
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

//! The results of extracting files.

use std::fmt;
use std::io;

use crate::error::{Error, NameProblem};
use crate::path::ImagePath;
use crate::printable::Printable;

/// The most memory, in bytes, for a list whose length the image determines.
const MOST: usize = 16 << 20;

/// The progress of extracting files.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ExtractProgress<'a> {
    /// The current or next item; the root while items are counted and at the end.
    pub path: &'a ImagePath,
    /// The number of bytes written to files, not counting holes.
    pub bytes_done: u64,
    /// The number of bytes of all files that can be extracted; `None` while they are counted.
    pub bytes_total: Option<u64>,
    /// The number of files and directories extracted so far.
    pub items_done: u64,
    /// The item that has just been left out.
    pub left_out: Option<&'a ExtractLeftOut>,
    /// The form of the item that has just been written, if it is a [form](crate::RecordedKind::Encoded) such as zisofs,
    /// whose bytes differ from those of the file it represents.
    pub encoded: Option<&'a str>,
}

/// The files that were extracted, and those that were not.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ExtractReport {
    /// The number of files.
    pub files: u64,
    /// The number of directories, not counting existing ones.
    pub directories: u64,
    /// The number of bytes written to the files, not counting holes.
    pub bytes: u64,
    /// The items left out, in the order they were met: as many as fit in 16 MiB.
    pub left_out: Vec<ExtractLeftOut>,
    /// The number of items left out.
    pub left_out_count: u64,
    /// Files whose data is recorded in [another form](crate::RecordedKind::Encoded), such as zisofs, and was copied in
    /// that form, in the order they were met: as many as fit in 16 MiB.
    pub encoded: Vec<ImagePath>,
    /// The number of files copied in another form.
    pub encoded_count: u64,
    left_out_bytes: usize,
    encoded_bytes: usize,
}

impl ExtractReport {
    pub(super) fn leave_out(&mut self, left_out: ExtractLeftOut) {
        self.left_out_count = self.left_out_count.saturating_add(1);
        let bytes = left_out.memory();
        if takes(&mut self.left_out_bytes, bytes) {
            self.left_out.push(left_out);
        }
    }

    pub(super) fn add_encoded(&mut self, path: &ImagePath) {
        self.encoded_count = self.encoded_count.saturating_add(1);
        if takes(&mut self.encoded_bytes, memory_of(path)) {
            self.encoded.push(path.clone());
        }
    }
}

/// Adds `more` to `bytes` unless the sum exceeds the limit.
fn takes(bytes: &mut usize, more: usize) -> bool {
    let sum = bytes.saturating_add(more);
    let fits = sum <= MOST;
    if fits {
        *bytes = sum;
    }
    fits
}

fn memory_of(path: &ImagePath) -> usize {
    path.components()
        .map(|name| name.len().saturating_add(size_of::<String>()))
        .fold(size_of::<ImagePath>(), usize::saturating_add)
}

/// An item of a disc that was not extracted.
#[derive(Debug)]
#[non_exhaustive]
pub struct ExtractLeftOut {
    /// The item, or the directory with an unreadable entry.
    pub path: ImagePath,
    /// The reason.
    pub reason: ExtractReason,
}

impl ExtractLeftOut {
    fn memory(&self) -> usize {
        let more = match &self.reason {
            ExtractReason::SymbolicLink { target } => target.len(),
            ExtractReason::Unreadable(error) => error.path().map_or(0, memory_of),
            _ => 0,
        };
        memory_of(&self.path)
            .saturating_add(size_of::<Self>())
            .saturating_add(more)
    }
}

impl fmt::Display for ExtractLeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Printable(&self.path), self.reason)
    }
}

/// Why an item was not extracted.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExtractReason {
    /// The item is a symbolic link.
    SymbolicLink {
        /// The target of the link, as recorded.
        target: String,
    },
    /// The item is a device, a fifo or a socket.
    Special {
        /// The name of its kind.
        kind: String,
    },
    /// The item is a named stream.
    NamedStream,
    /// The item is of an unknown kind.
    UnknownKind,
    /// This system does not allow the item's name.
    Name(NameProblem),
    /// The item's name is taken: it existed before, or the disc has two items whose names this system does not tell
    /// apart.
    Exists,
    /// The item's directory was left out.
    DirectoryLeftOut,
    /// The item's directory was moved or replaced after it was created.
    DirectoryReplaced,
    /// The item's data reaches past the end of the disc.
    PastEnd {
        /// The end of its data, in bytes from the disc's start.
        end: u64,
        /// The size of the disc in bytes.
        disc: u64,
    },
    /// Less data is recorded than the item's length says.
    DataMissing {
        /// The item's length in bytes.
        len: u64,
        /// The number of recorded bytes.
        recorded: u64,
    },
    /// The item cannot be read.
    Unreadable(Error),
    /// The system cannot create or write the item. A partial file is removed.
    Host(io::Error),
    /// The directory was moved or replaced while files were extracted into it, so some of them may be elsewhere.
    Replaced,
}

impl fmt::Display for ExtractReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SymbolicLink { target } => {
                write!(f, "it is a symbolic link to `{}`", Printable(target))
            }
            Self::Special { kind } => write!(f, "it is a {}", Printable(kind)),
            Self::NamedStream => f.write_str("it is a named stream"),
            Self::UnknownKind => f.write_str("it is of an unknown kind"),
            Self::Name(problem) => write!(f, "its name {problem}"),
            Self::Exists => f.write_str("something of its name is already there"),
            Self::DirectoryLeftOut => f.write_str("its directory is left out"),
            Self::DirectoryReplaced => {
                f.write_str("its directory was moved or replaced while files were extracted")
            }
            Self::PastEnd { end, disc } => write!(
                f,
                "its data reaches to byte {end} of the disc, which has only {disc}"
            ),
            Self::DataMissing { len, recorded } => {
                write!(
                    f,
                    "its length is {len} bytes, and only {recorded} are recorded"
                )
            }
            Self::Unreadable(error) => with_causes(f, error),
            Self::Host(error) => with_causes(f, error),
            Self::Replaced => {
                f.write_str("it was moved or replaced while files were extracted into it")
            }
        }
    }
}

/// Writes the error with its causes, because a reason has no other way to report them.
fn with_causes(f: &mut fmt::Formatter<'_>, error: &dyn std::error::Error) -> fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

//! What comes of extracting files.

use std::fmt;
use std::io;

use crate::error::{Error, NameProblem};
use crate::path::ImagePath;
use crate::printable::Printable;

/// The most bytes of memory that a list takes whose length an image decides.
const MOST: usize = 16 << 20;

/// How far extracting files has come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ExtractProgress<'a> {
    /// The item that comes next or is at work; the root while items are counted and at the end.
    pub path: &'a ImagePath,
    /// Bytes of files that have been written, holes not counted.
    pub bytes_done: u64,
    /// Bytes of all files that can be extracted; `None` while they are counted.
    pub bytes_total: Option<u64>,
    /// Number of files and directories that have been extracted.
    pub items_done: u64,
    /// What has just been left out.
    pub left_out: Option<&'a ExtractLeftOut>,
    /// Whether the item has just been written, and is of a [form](crate::RecordedKind::Encoded) such as zisofs in which its
    /// bytes are not those of the file it stands for.
    pub encoded: Option<&'a str>,
}

/// What was extracted, and what was not.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ExtractReport {
    /// Number of files.
    pub files: u64,
    /// Number of directories, those that existed not counted.
    pub directories: u64,
    /// Bytes that were written to the files, holes not counted.
    pub bytes: u64,
    /// What was left out, in the order it was met: as much of it as is kept in 16 MiB.
    pub left_out: Vec<ExtractLeftOut>,
    /// How many items were left out.
    pub left_out_count: u64,
    /// Files whose data is recorded in [another form](crate::RecordedKind::Encoded), such as zisofs, and was copied in
    /// that form, in the order they were met: as many of them as are kept in 16 MiB.
    pub encoded: Vec<ImagePath>,
    /// How many files were copied in another form.
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

/// Adds `more` to `bytes` unless that is too much.
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
    /// The item, or the directory in which something cannot be read.
    pub path: ImagePath,
    /// Why.
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
    /// It is a symbolic link.
    SymbolicLink {
        /// Where it leads, as it is recorded.
        target: String,
    },
    /// It is a device, a fifo or a socket.
    Special {
        /// Its kind's name.
        kind: String,
    },
    /// It is a named stream.
    NamedStream,
    /// It is of a kind that is not known.
    UnknownKind,
    /// This system cannot have its name.
    Name(NameProblem),
    /// Something of its name is there: it was there before, or the disc has two items whose names this system does not
    /// tell apart.
    Exists,
    /// Its directory was left out.
    DirectoryLeftOut,
    /// Its directory was moved or replaced by something else after it was made.
    DirectoryReplaced,
    /// Its data reaches past the end of the disc.
    PastEnd {
        /// Where its data ends, in bytes from the disc's start.
        end: u64,
        /// Bytes that the disc has.
        disc: u64,
    },
    /// Less data is recorded than its length says.
    DataMissing {
        /// Its length in bytes.
        len: u64,
        /// Bytes that are recorded.
        recorded: u64,
    },
    /// It cannot be read.
    Unreadable(Error),
    /// The system does not make or write it. What was written is removed.
    Host(io::Error),
    /// Something else was put in the place of this directory while files were extracted into it, so that some of them may
    /// be elsewhere.
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

/// A reason has no other way to tell them.
fn with_causes(f: &mut fmt::Formatter<'_>, error: &dyn std::error::Error) -> fmt::Result {
    write!(f, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(f, ": {error}")?;
        cause = error.source();
    }
    Ok(())
}

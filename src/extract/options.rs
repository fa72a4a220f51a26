//! How files are extracted.

use crate::error::{Error, Excess, Result};

/// How many times the disc its files may take if nothing else is allowed: files that are recorded once and have several
/// names become several files.
const TIMES: u64 = 16;

/// What the files of even the smallest disc may take.
const LEAST: u64 = 16 << 20;

/// How a disc's files are put into a directory. Not in IMAPI2.
///
/// ```
/// use imapi2fs::{ExistingItems, ExtractOptions};
///
/// let options = ExtractOptions::new()
///     .existing(ExistingItems::Keep)
///     .max_size(4 << 30);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct ExtractOptions {
    pub(super) existing: ExistingItems,
    max_size: Option<u64>,
}

impl ExtractOptions {
    /// All that can be set has its default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what happens if the directory has something already. Default: [`ExistingItems::Refuse`].
    #[must_use]
    pub const fn existing(mut self, existing: ExistingItems) -> Self {
        self.existing = existing;
        self
    }

    /// Sets how many bytes all files may take; nothing is written if they take more. Holes, which are not recorded, do
    /// not count. Default: 16 times as many as the disc has, and 16 MiB in any case.
    ///
    /// Files of a disc can share their data, so a small one can have any number of large files.
    #[must_use]
    pub const fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// Refuses files of `needed` bytes, of a disc of `disc` bytes, if they are too many.
    pub(super) fn check_size(&self, needed: u64, disc: u64) -> Result<()> {
        let usual = disc.saturating_mul(TIMES).max(LEAST);
        let limit = self.max_size.unwrap_or(usual);
        if needed > limit {
            return Err(Error::ExtractSize(Excess { needed, limit }));
        }
        Ok(())
    }
}

/// What happens if there is something already where files are extracted to. Nothing that is there is ever replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExistingItems {
    /// The directory must be new or empty.
    #[default]
    Refuse,
    /// Directories that are there take what the disc has in them. A file that is there stays, and so does anything else,
    /// links to directories included; what the disc has in its place is [left out](super::ExtractReason::Exists).
    Keep,
}

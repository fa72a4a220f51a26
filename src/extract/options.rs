//! Options for extracting files.

use crate::error::{Error, Excess, Result};

/// The default limit for the files, as a multiple of the disc's size: files that are recorded once and have several
/// names become several files.
const TIMES: u64 = 16;

/// The default limit for the files of even the smallest disc, in bytes.
const LEAST: u64 = 16 << 20;

/// Options for extracting a disc's files into a directory. Not in IMAPI2.
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
    /// Creates options with all defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how to treat existing items in the directory. Default: [`ExistingItems::Refuse`].
    #[must_use]
    pub const fn existing(mut self, existing: ExistingItems) -> Self {
        self.existing = existing;
        self
    }

    /// Sets how many bytes all files together may take; if they take more, nothing is written. Holes, which are not
    /// recorded, do not count. Default: 16 times the size of the disc, and at least 16 MiB.
    ///
    /// Files of a disc can share their data, so a small disc can have any number of large files.
    #[must_use]
    pub const fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = Some(bytes);
        self
    }

    /// Refuses files of `needed` bytes from a disc of `disc` bytes if they exceed the limit.
    pub(super) fn check_size(&self, needed: u64, disc: u64) -> Result<()> {
        let usual = disc.saturating_mul(TIMES).max(LEAST);
        let limit = self.max_size.unwrap_or(usual);
        if needed > limit {
            return Err(Error::ExtractSize(Excess { needed, limit }));
        }
        Ok(())
    }
}

/// How to treat existing items in the target directory. Existing items are never replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExistingItems {
    /// The directory must be new or empty.
    #[default]
    Refuse,
    /// Existing directories receive the disc's items. An existing file stays, and so does anything else, including
    /// links to directories; the disc's item of that name is [left out](super::ExtractReason::Exists).
    Keep,
}

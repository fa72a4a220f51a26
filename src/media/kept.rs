//! Data that is read from a disc once.

use std::sync::OnceLock;

use crate::error::Result;

/// Data that is read on first use and then kept.
///
/// An error is not kept: the next caller reads the disc again, and gets the error in its own words.
#[derive(Debug)]
pub(crate) struct Kept<T>(OnceLock<T>);

impl<T> Kept<T> {
    /// Returns what is kept, or reads it with `read`.
    pub(crate) fn get_or(&self, read: impl FnOnce() -> Result<T>) -> Result<&T> {
        if let Some(there) = self.0.get() {
            return Ok(there);
        }
        let read = read()?;
        Ok(self.0.get_or_init(|| read))
    }
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

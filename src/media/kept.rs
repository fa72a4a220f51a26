//! What is read of a disc once.

use std::sync::OnceLock;

use crate::error::Result;

/// Something that is read when it is first asked for, and kept.
///
/// An error is not kept: whoever asks again has the disc read again, and gets the error in its own words.
#[derive(Debug)]
pub(crate) struct Kept<T>(OnceLock<T>);

impl<T> Kept<T> {
    /// What is kept, or what `read` reads.
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

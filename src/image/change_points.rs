//! Change points: going back to what the tree was.

use super::FileSystemImage;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

impl FileSystemImage {
    /// How many changes have been made to the tree. Every call that adds or removes something is one, whatever it adds;
    /// a call that fails or finds nothing to do is none, and neither is changing settings or attributes.
    ///
    /// IMAPI2: `IFileSystemImage::get_ChangePoint`.
    #[doc(alias = "get_ChangePoint")]
    #[must_use]
    pub fn change_point(&self) -> u32 {
        self.draft.tree().change_point()
    }

    /// Takes back all changes after `change_point`, with the data they staged. Settings stay as they are, and so do
    /// attributes that were set of items that stay.
    ///
    /// It takes time in proportion to what is taken back. Results and snapshots that have been made keep what they have:
    /// as long as one of them is there, the tree is copied first, as before any change, and what was staged stays in the
    /// working directory.
    ///
    /// IMAPI2: `IFileSystemImage::RollbackToChangePoint`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] when it is locked in, or there has been no such change.
    /// - [`Error::TooManyDirectories`] and [`Error::TooDeep`] when the settings have changed so that the old tree is too
    ///   much for ISO 9660.
    ///
    /// After an error nothing is changed.
    ///
    /// ```
    /// # fn main() -> imapi2fs::Result<()> {
    /// let mut image = imapi2fs::FileSystemImage::new();
    /// image.root_mut().add_file("a", b"first")?;
    /// let point = image.change_point();
    /// image.root_mut().remove("a")?;
    /// image.root_mut().add_file("b", b"second")?;
    /// image.rollback_to_change_point(point)?;
    /// assert!(image.item("a").is_ok() && image.item("b").is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "RollbackToChangePoint")]
    pub fn rollback_to_change_point(&mut self, change_point: u32) -> Result<()> {
        self.draft.rollback_to_change_point(change_point)
    }

    /// Makes all changes so far final: they cannot be taken back any more. What was removed is let go, with data that
    /// lies in memory. What was staged of it stays in the working directory as long as the image or a result made of it
    /// is there, or until [another one is set](FileSystemImage::set_working_directory).
    ///
    /// Making the image [strict](FileSystemImage::set_strict_file_system_compliance) does so, too, because an older
    /// tree may have names that a strict one cannot have.
    ///
    /// IMAPI2: `IFileSystemImage::LockInChangePoint`.
    #[doc(alias = "LockInChangePoint")]
    pub fn lock_in_change_point(&mut self) {
        self.draft.tree_mut().lock_in();
    }
}

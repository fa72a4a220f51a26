//! Change points: returning the tree to an earlier state.

use super::FileSystemImage;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;

impl FileSystemImage {
    /// The number of changes made to the tree. Each call that adds or removes items counts once, however many it adds;
    /// a call that fails or has nothing to do does not count, nor does changing settings or attributes.
    ///
    /// IMAPI2: `IFileSystemImage::get_ChangePoint`.
    #[doc(alias = "get_ChangePoint")]
    #[must_use]
    pub fn change_point(&self) -> u32 {
        self.root.draft.tree().change_point()
    }

    /// Undoes all changes after `change_point` and drops the data they staged. Settings stay, and so do attributes set
    /// on items that stay.
    ///
    /// The time needed is proportional to what is undone. Existing results and snapshots keep their contents: while one
    /// of them exists, the tree is copied first, as before any change, and what was staged stays in the working
    /// directory.
    ///
    /// IMAPI2: `IFileSystemImage::RollbackToChangePoint`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] when `change_point` is locked in, or has not been reached.
    /// - [`Error::TooManyDirectories`] and [`Error::TooDeep`] when the settings have changed and the old tree is now
    ///   too much for ISO 9660.
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
        self.root.draft.rollback_to_change_point(change_point)
    }

    /// Makes all changes so far final, so that they can no longer be undone. Frees removed items and their data in
    /// memory. Their staged data stays in the working directory as long as the image or a result made from it exists,
    /// or until [another one is set](FileSystemImage::set_working_directory).
    ///
    /// Making the image [strict](FileSystemImage::set_strict_file_system_compliance) does so, too, because an older
    /// tree may have names that a strict image refuses.
    ///
    /// IMAPI2: `IFileSystemImage::LockInChangePoint`.
    #[doc(alias = "LockInChangePoint")]
    pub fn lock_in_change_point(&mut self) {
        self.root.draft.lock_in();
    }
}

//! Change points: going back to what the tree was.

use std::sync::Arc;

use super::FileSystemImage;
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InvalidValue};
use crate::iso9660;

impl FileSystemImage {
    /// How many changes have been made to the tree. Every call that adds or removes something is one, whatever it adds;
    /// a call that fails or finds nothing to do is none, and neither is changing settings or attributes.
    ///
    /// IMAPI2: `IFileSystemImage::get_ChangePoint`.
    #[doc(alias = "get_ChangePoint")]
    #[must_use]
    pub fn change_point(&self) -> u32 {
        self.view.tree().change_point()
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
        let tree = self.view.tree();
        if !(tree.locked_change_point()..=tree.change_point()).contains(&change_point) {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "change point",
                value: change_point.to_string(),
                expected: "one between the last that was locked in and the present one",
            }));
        }
        self.check_before(change_point)?;
        let tree = self.view.tree_mut();
        let mut staged = None;
        while tree.change_point() > change_point {
            // What was staged earlier lies before.
            staged = tree.take_back().or(staged);
        }
        if let Some(start) = staged {
            self.give_back(start);
        }
        Ok(())
    }

    /// Checks what would come back against the limits that are otherwise checked when something is added.
    fn check_before(&self, change_point: u32) -> Result<()> {
        if !self.settings.file_systems.contains(FileSystems::ISO9660) {
            return Ok(());
        }
        let tree = self.view.tree();
        let (directories, deepest) = tree.before(change_point);
        if directories >= iso9660::MAX_DIRECTORIES {
            return Err(Error::TooManyDirectories {
                path: self.root().full_path(),
                file_system: FileSystems::ISO9660,
                limit: iso9660::MAX_DIRECTORIES,
            });
        }
        match (self.settings.max_level(), deepest) {
            (Some(limit), Some((node, level))) if level > limit => Err(Error::TooDeep {
                path: tree.path(node),
                level,
                limit,
            }),
            _ => Ok(()),
        }
    }

    /// Gives up the staged data from `start` on, if nobody else can read it.
    fn give_back(&mut self, start: u64) {
        let in_tree = self.view.tree().staged_count();
        let Some(stage) = &mut self.stage else {
            return;
        };
        // The stage itself has the file, too. A result or a snapshot has the tree it was made from.
        if Arc::strong_count(stage.file()) == in_tree + 1 {
            if in_tree == 0 {
                self.stage = None;
            } else {
                stage.truncate(start);
            }
        }
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
        self.view.tree_mut().lock_in();
    }
}

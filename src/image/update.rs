//! Reporting the progress of adding files to the caller.

use std::ops::ControlFlow;

use super::FileSystemImage;
use crate::draft::{AddProgress, Updates};
#[cfg(doc)]
use crate::error::Error;

impl FileSystemImage {
    /// Calls `handler` while files are added: before a file, after each 512 blocks of it, and at its end unless a
    /// report has just come. The handler breaks to end the call that adds, which then fails with [`Error::Cancelled`]
    /// and leaves the image as it was.
    ///
    /// Data that is not copied when it is added is reported as if it were.
    ///
    /// IMAPI2: `DFileSystemImageEvents::Update`. IMAPI2 differs: its events cannot cancel.
    #[doc(alias = "DFileSystemImageEvents")]
    #[doc(alias = "Update")]
    pub fn set_add_progress(
        &mut self,
        handler: impl FnMut(AddProgress<'_>) -> ControlFlow<()> + Send + Sync + 'static,
    ) {
        self.root.draft.set_updates(Updates::new(handler));
    }

    /// Removes the handler.
    pub fn clear_add_progress(&mut self) {
        self.root.draft.set_updates(Updates::default());
    }
}

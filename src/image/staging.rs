//! Staging: copying data to the working directory when it is added.

use std::path::Path;
use std::sync::Arc;

use super::FileSystemImage;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::source::StagingPolicy;

impl FileSystemImage {
    /// The directory for staged data. Default: the user's directory for temporary files.
    ///
    /// IMAPI2: `IFileSystemImage::get_WorkingDirectory`.
    #[doc(alias = "get_WorkingDirectory")]
    #[must_use]
    pub fn working_directory(&self) -> &Path {
        &self.root.draft.settings.working_directory
    }

    /// Whether added data is copied to the working directory at once. Default: false.
    ///
    /// IMAPI2: `IFileSystemImage::get_StageFiles`; its default is not documented.
    #[doc(alias = "get_StageFiles")]
    #[must_use]
    pub fn stage_files(&self) -> bool {
        self.root.draft.settings.stage_files
    }

    /// Sets whether data added from now on is copied to the working directory at once.
    ///
    /// If not, files are read when the image is read. Readers that can be read only once are still copied, and so is
    /// data that may have vanished by then, as the [staging policy](FileSystemImage::set_staging_policy) says.
    ///
    /// IMAPI2: `IFileSystemImage::put_StageFiles`.
    #[doc(alias = "put_StageFiles")]
    pub fn set_stage_files(&mut self, stage_files: bool) {
        self.root.draft.settings.stage_files = stage_files;
    }

    /// Sets the policy that decides which files may vanish before the image is read. Default:
    /// [`PlatformStaging`](crate::PlatformStaging).
    pub fn set_staging_policy(&mut self, policy: impl StagingPolicy + 'static) {
        self.root.draft.set_staging_policy(Arc::new(policy));
    }

    /// Sets the directory for staged data, and moves data that is already staged.
    ///
    /// Existing results keep the data they refer to.
    ///
    /// IMAPI2: `IFileSystemImage::put_WorkingDirectory`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidWorkingDirectory`] when it does not exist or no file can be created in it.
    /// - [`Error::WorkingDirectorySpace`] when it has too little room for the staged data.
    /// - [`Error::MoveStaged`] when copying fails.
    ///
    /// After an error everything is as it was.
    #[doc(alias = "put_WorkingDirectory")]
    pub fn set_working_directory(&mut self, directory: impl AsRef<Path>) -> Result<()> {
        self.root.draft.set_working_directory(directory.as_ref())
    }
}

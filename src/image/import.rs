//! Importing the contents of a disc, so that the image continues it.

use std::ops::ControlFlow;

use super::FileSystemImage;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::import::{ImportOptions, RecordedDisc};
use crate::media::MultisessionInterface;
use crate::merge::{self, ChosenInterface, ImportProgress, ImportSummary, NextSession};

impl FileSystemImage {
    /// Chooses the disc that the image continues: the one interface that is in use, or else the first that works with
    /// the disc in its current state.
    ///
    /// Write-once media and CD-RW take sequential sessions; other rewritable media are written at random; a
    /// [`Disk`](crate::MediaType::Disk) takes both. A blank medium that is written at random is accepted, and has
    /// nothing to import.
    ///
    /// IMAPI2: `IFileSystemImage::put_MultisessionInterfaces`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] when `interfaces` is empty, or several are in use.
    /// - [`Error::IncompatibleMultisessionType`] when the one in use is of an unknown kind.
    /// - [`Error::NoCompatibleMultisessionType`] when none works with the medium, there is no medium, or the disc is
    ///   closed.
    /// - [`Error::ImportMediaNotAllowed`] for read-only media.
    /// - [`Error::ImportSeek`] when the disc takes sequential sessions and has none yet.
    /// - [`Error::BadMultisessionParameter`] when the drive omits a required value or reports an impossible one.
    #[doc(alias = "put_MultisessionInterfaces")]
    pub fn set_multisession_interfaces(
        &mut self,
        interfaces: Vec<MultisessionInterface>,
    ) -> Result<()> {
        self.multisession = Some(ChosenInterface::of(interfaces)?);
        Ok(())
    }

    /// The interfaces that were set; empty before.
    ///
    /// IMAPI2: `IFileSystemImage::get_MultisessionInterfaces`.
    #[doc(alias = "get_MultisessionInterfaces")]
    #[must_use]
    pub fn multisession_interfaces(&self) -> &[MultisessionInterface] {
        self.multisession
            .as_ref()
            .map_or(&[], |chosen| &chosen.offered)
    }

    fn chosen_interface(&self) -> Result<&ChosenInterface> {
        self.multisession.as_ref().ok_or(Error::MultisessionNotSet)
    }

    /// Opens the last session of the chosen disc.
    fn open_disc(&self) -> Result<(NextSession, RecordedDisc)> {
        self.chosen_interface()?.open(self.import_options())
    }

    /// The options for reading the disc that the image continues.
    #[must_use]
    pub fn import_options(&self) -> &ImportOptions {
        &self.root.draft.settings.import
    }

    /// Sets how the disc that the image continues is read: how much memory that may take, what names of ISO 9660 stand
    /// for, and whether the image may continue what another program recorded. The multisession interface determines
    /// which session is read: [`ImportOptions::session`] and [`ImportOptions::session_start`] have no effect here.
    ///
    /// Only later calls are affected.
    ///
    /// Not in IMAPI2, which has no such options.
    ///
    /// ```
    /// use imapi2fs::{FileSystemImage, ImportOptions};
    ///
    /// let mut image = FileSystemImage::new();
    /// image.set_import_options(ImportOptions::new().memory(1 << 30).other_producers(true));
    /// ```
    pub fn set_import_options(&mut self, options: ImportOptions) {
        self.root.draft.settings.import = options;
    }

    /// Returns the file systems of the disc's last session; empty if none is recognised.
    ///
    /// IMAPI2: `IFileSystemImage::IdentifyFileSystemsOnDisc`.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::ReadDisc`] when it cannot be read.
    #[doc(alias = "IdentifyFileSystemsOnDisc")]
    pub fn identify_file_systems_on_disc(&self) -> Result<FileSystems> {
        let (_, disc) = self.open_disc()?;
        Ok(disc.session().announced_file_systems())
    }

    /// Returns the one of several file systems that [`import_file_system`](FileSystemImage::import_file_system)
    /// imports: UDF, else Joliet, else ISO 9660; for an empty set, the empty set.
    ///
    /// IMAPI2: `IFileSystemImage::GetDefaultFileSystemForImport`.
    #[doc(alias = "GetDefaultFileSystemForImport")]
    #[must_use]
    pub fn default_file_system_for_import(file_systems: FileSystems) -> FileSystems {
        let by_rank = [FileSystems::UDF, FileSystems::JOLIET, FileSystems::ISO9660];
        let mut found = by_rank
            .into_iter()
            .filter(|one| file_systems.contains(*one));
        found.next().unwrap_or(FileSystems::empty())
    }

    /// Returns whether this image can continue a file system of the disc.
    ///
    /// IMAPI2: `IFileSystemImage3::ProbeSpecificFileSystem`.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::ReadDisc`] when it cannot be read.
    #[doc(alias = "ProbeSpecificFileSystem")]
    pub fn probe_specific_file_system(&self, file_system: FileSystems) -> Result<bool> {
        let (next, disc) = self.open_disc()?;
        merge::can_continue(&self.root.draft, &next, &disc, file_system)
    }

    /// The name of the imported volume. An image that was not [given one](FileSystemImage::set_volume_name) uses it,
    /// too; each of its file systems keeps the name it had on the disc.
    ///
    /// IMAPI2: `IFileSystemImage::get_ImportedVolumeName`. IMAPI2 differs: it does not name the new session after the
    /// disc; neither do strict images here.
    #[doc(alias = "get_ImportedVolumeName")]
    #[must_use]
    pub fn imported_volume_name(&self) -> Option<&str> {
        let imported = self.root.draft.settings.imported.as_ref();
        imported.map(|imported| imported.volume_name.as_str())
    }

    /// Returns a text that distinguishes this disc and its sessions from others: a digest of the blocks that lead to
    /// its last session and of the blocks where the next one goes, and the disc's length. Distinct discs may still
    /// share it.
    ///
    /// IMAPI2: `IFileSystemImage::CalculateDiscIdentifier`, whose form is not documented.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::ReadDisc`] when it cannot be read.
    #[doc(alias = "CalculateDiscIdentifier")]
    pub fn calculate_disc_identifier(&self) -> Result<String> {
        let chosen = self.chosen_interface()?;
        chosen.disc_identifier(self.import_options())
    }

    /// Imports the tree of the last session from the most capable of its file systems; the image then continues the
    /// disc. See [`import_specific_file_system`](FileSystemImage::import_specific_file_system).
    ///
    /// IMAPI2: `IFileSystemImage::ImportFileSystem`.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::import_specific_file_system`]; [`Error::EmptyDisc`] and
    /// [`Error::NoSupportedFileSystem`] when there is nothing to import.
    #[doc(alias = "ImportFileSystem")]
    pub fn import_file_system(&mut self) -> Result<ImportSummary> {
        self.import_file_system_with(|_| ControlFlow::Continue(()))
    }

    /// Imports like [`import_file_system`](FileSystemImage::import_file_system), and calls `progress` before each
    /// directory and after each file.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::import_file_system`], and [`Error::Cancelled`] when `progress` breaks.
    #[doc(alias = "DFileSystemImageImportEvents")]
    #[doc(alias = "UpdateImport")]
    pub fn import_file_system_with(
        &mut self,
        mut progress: impl FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ImportSummary> {
        self.import(RecordedDisc::default_file_system, &mut progress)
    }

    /// Imports the tree of the last session from one of its file systems; the image then continues the disc.
    ///
    /// The image's items stay: directories are merged, and files of the image hide those of the disc. Data is read from
    /// the disc when it is needed, not now. The image gets the file systems and the UDF revision of the session, begins
    /// where the disc says, and may use the free space of the disc. To keep the names on the disc, the image also gets
    /// the interchange level that the names and files show, unless one was set before; ISO 9660 and Joliet names of the
    /// same length and kinds of characters; and, unless it was given one, the name of the volume. Unchanged files keep
    /// their blocks if these are consecutive; other files are recorded again.
    ///
    /// Only the names of `file_system` are imported. Those of the other file systems are derived from them, so short
    /// names that another program made in its own way can turn out different. Where the names of a new and an imported
    /// item become equal in ISO 9660, or differ only by case in Joliet, the new one is numbered, and the
    /// [report](FileSystemImage::report) says so. Of imported items whose names become equal there, the first by name
    /// gets no number, whichever was recorded first.
    ///
    /// IMAPI2: `IFileSystemImage::ImportSpecificFileSystem`.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::InvalidParameter`] when `file_system` is not exactly one, [`Error::FileSystemNotFound`] when the disc
    ///   does not have it.
    /// - [`Error::BootObjectConflict`] when the image has boot images: only the first session of a disc can have them.
    /// - [`Error::IncompatiblePreviousSession`] when the disc cannot be continued, when something has been imported
    ///   before, or when the [import options](ImportOptions) do not allow it: a session that another program recorded,
    ///   or Rock Ridge. Also when another program recorded several file systems with different files: all of them would
    ///   get those of `file_system`.
    /// - [`Error::UnknownBlocks`] when there is data after the last session and no session was found in it, and
    ///   [`Error::DamagedFiles`] when data of files is missing, unless the [import options](ImportOptions) allow it.
    /// - [`Error::ImportTypeCollision`] when a file meets a directory.
    /// - [`Error::Corrupt`], [`Error::UnsupportedFeature`], [`Error::ReadDisc`] and [`Error::ReadItem`] when the disc
    ///   cannot be read.
    /// - [`Error::ImportMemory`] when the disc's contents take more than the [import options](ImportOptions::memory)
    ///   allow.
    /// - Those of adding files and directories, about names and limits. IMAPI2 also refuses a disc with an invalid
    ///   name.
    ///
    /// After an error the image is unchanged.
    #[doc(alias = "ImportSpecificFileSystem")]
    pub fn import_specific_file_system(
        &mut self,
        file_system: FileSystems,
    ) -> Result<ImportSummary> {
        self.import_specific_file_system_with(file_system, |_| ControlFlow::Continue(()))
    }

    /// Imports like [`import_specific_file_system`](FileSystemImage::import_specific_file_system), and calls `progress`
    /// before each directory and after each file.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::import_specific_file_system`], and [`Error::Cancelled`] when `progress` breaks.
    #[doc(alias = "UpdateImport")]
    pub fn import_specific_file_system_with(
        &mut self,
        file_system: FileSystems,
        mut progress: impl FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ImportSummary> {
        self.import(|_| Ok(file_system), &mut progress)
    }

    fn import(
        &mut self,
        file_system: impl FnOnce(&RecordedDisc) -> Result<FileSystems>,
        progress: &mut dyn FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ImportSummary> {
        merge::check_can_import(&self.root.draft)?;
        let (next, disc) = self.open_disc()?;
        let file_system = file_system(&disc)?;
        merge::import(&mut self.root.draft, &next, &disc, file_system, progress)
    }

    /// Refuses a disc that has changed since it was imported: the image holds addresses of the old state.
    pub(super) fn check_disc(&self) -> Result<()> {
        if let Some(imported) = &self.root.draft.settings.imported {
            let found = self.calculate_disc_identifier()?;
            if found != imported.disc_id {
                return Err(Error::DiscMismatch {
                    imported: imported.disc_id.clone(),
                    found,
                });
            }
        }
        Ok(())
    }
}

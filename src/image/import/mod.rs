//! Importing what a disc has, so that the image continues it.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod merge;
mod same_files;
mod session;
mod shown;

use std::ops::ControlFlow;
use std::sync::Arc;

use self::merge::Merge;
pub(super) use self::session::Imported;
use self::session::{Place, VolumeNames};
use self::shown::Shown;
use super::FileSystemImage;
use super::settings::Settings;
use crate::block::Lba;
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InterchangeLevel, InvalidValue};
use crate::import::{ImportOptions, RecordedDisc, RecordedVolume, disc_identifier};
use crate::media::MultisessionInterface;
use crate::path::ImagePath;
use crate::udf;

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// The file system it was read from.
    pub file_system: FileSystems,
    /// Number of files.
    pub files: u64,
    /// Number of directories, those that existed not counted.
    pub directories: u64,
    /// What was left out, in the order it was met.
    pub left_out: Vec<ImportLeftOut>,
    /// Files whose data is recorded in [another form](crate::RecordedKind::Encoded), such as zisofs, in the order they
    /// were met. The image has the bytes of that form as they are, and nothing that says so: what reads the new session
    /// sees compressed files.
    pub encoded: Vec<ImagePath>,
    /// The lowest interchange level of ISO 9660 at which all that is recorded keeps its name there. `None` if nothing
    /// shows it: the disc has no ISO 9660, or any level would do.
    pub interchange_level: Option<InterchangeLevel>,
}

/// Something on a disc that is not in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportLeftOut {
    /// A symbolic link.
    SymbolicLink {
        /// The link.
        path: ImagePath,
        /// What it leads to.
        target: String,
    },
    /// A device, fifo or socket.
    Special {
        /// It.
        path: ImagePath,
    },
    /// A file in whose place the image has another, which stays.
    Replaced {
        /// The file.
        path: ImagePath,
    },
    /// A file or a named stream whose data is not all on the disc. Only where
    /// [that is allowed](ImportOptions::damaged_files).
    Damaged {
        /// The file or the stream.
        path: ImagePath,
        /// How many bytes of its data are missing.
        missing: u64,
    },
    /// Something that cannot be read. Only where [that is allowed](ImportOptions::damaged_files).
    Unreadable {
        /// It, or the directory it is in.
        path: ImagePath,
        /// Why.
        reason: String,
    },
    /// What the disc boots from, which is not all there. Only where [that is allowed](ImportOptions::damaged_files).
    BootImage {
        /// The block in which it begins.
        block: u32,
    },
}

/// How far an import has come.
///
/// IMAPI2: `DFileSystemImageImportEvents::UpdateImport`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportProgress<'a> {
    /// The file system that is imported.
    pub file_system: FileSystems,
    /// The directory that comes next, or the file that was imported.
    pub path: &'a ImagePath,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Number of directories imported so far.
    pub directories: u64,
    /// Number of files imported so far.
    pub files: u64,
    /// Number of directories there are, if the volume says it.
    pub total_directories: Option<u64>,
    /// Number of files there are, if the volume says it.
    pub total_files: Option<u64>,
}

impl FileSystemImage {
    /// Chooses the disc that the image continues: the one interface that is in use, or else the first that works with
    /// the disc as it is.
    ///
    /// Media that can be written once, and CD-RW, take sequential sessions; other rewritable ones are written at random;
    /// a [`Disk`](crate::MediaType::Disk) takes both. A blank medium that is written at random is accepted, and has nothing to
    /// import.
    ///
    /// IMAPI2: `IFileSystemImage::put_MultisessionInterfaces`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] when there is none, or several are in use.
    /// - [`Error::IncompatibleMultisessionType`] when the one in use is of an unknown kind.
    /// - [`Error::NoCompatibleMultisessionType`] when none works with the medium, there is no medium, or the disc is
    ///   closed.
    /// - [`Error::ImportMediaNotAllowed`] for media that can only be read.
    /// - [`Error::ImportSeek`] when the disc takes sequential sessions and has none yet.
    /// - [`Error::BadMultisessionParameter`] when the drive does not say what must be known, or says what cannot be.
    #[doc(alias = "put_MultisessionInterfaces")]
    pub fn set_multisession_interfaces(
        &mut self,
        interfaces: Vec<MultisessionInterface>,
    ) -> Result<()> {
        let used: Vec<_> = interfaces.iter().filter(|one| one.in_use()).collect();
        let chosen = match used[..] {
            _ if interfaces.is_empty() => return Err(wrong_interfaces("none")),
            [] => interfaces.iter().find(|one| works(one)),
            [one] => Some(one),
            _ => return Err(wrong_interfaces("several in use")),
        };
        let none = || Error::NoCompatibleMultisessionType {
            offered: interfaces.len(),
        };
        let chosen = chosen.ok_or_else(none)?;
        if matches!(chosen, MultisessionInterface::Other(_)) {
            return Err(Error::IncompatibleMultisessionType);
        }
        let media = chosen.disc().media_type();
        if media.is_read_only() {
            return Err(Error::ImportMediaNotAllowed {
                media: media.to_string(),
            });
        }
        if !works(chosen) {
            return Err(none());
        }
        Place::of(chosen, interfaces.len())?;
        let chosen = chosen.clone();
        self.multisession = Some((interfaces, chosen));
        Ok(())
    }

    /// The interfaces that were set; none before.
    ///
    /// IMAPI2: `IFileSystemImage::get_MultisessionInterfaces`.
    #[doc(alias = "get_MultisessionInterfaces")]
    #[must_use]
    pub fn multisession_interfaces(&self) -> &[MultisessionInterface] {
        self.multisession
            .as_ref()
            .map_or(&[], |(interfaces, _)| interfaces)
    }

    fn chosen_place(&self) -> Result<(Place, bool)> {
        let (offered, chosen) = self
            .multisession
            .as_ref()
            .ok_or(Error::MultisessionNotSet)?;
        let random = matches!(chosen, MultisessionInterface::RandomWrite(_));
        let mut place = Place::of(chosen, offered.len())?;
        if random {
            // No drive knows of what lies behind: sequential sessions in a file, or one whose writer was interrupted
            // before block 0 led to it.
            let options = self.settings.import.clone().last_session();
            let disc = RecordedDisc::open_with(Arc::clone(&place.disc), &options)?;
            place.previous = disc.session().start_block();
        }
        Ok((place, random))
    }

    /// How the disc that is continued is read.
    #[must_use]
    pub const fn import_options(&self) -> &ImportOptions {
        &self.settings.import
    }

    /// Sets how the disc that is continued is read: how much memory that may take, what names of ISO 9660 stand for,
    /// and whether the image may continue what another program recorded. Which session is read, the multisession
    /// interface says: [`ImportOptions::session`] and [`ImportOptions::session_start`] have no effect here.
    ///
    /// It has an effect on the calls that come later.
    ///
    /// Beyond IMAPI2, which has no such options.
    ///
    /// ```
    /// use imapi2fs::{FileSystemImage, ImportOptions};
    ///
    /// let mut image = FileSystemImage::new();
    /// image.set_import_options(ImportOptions::new().memory(1 << 30).other_producers(true));
    /// ```
    pub fn set_import_options(&mut self, options: ImportOptions) {
        self.settings.import = options;
    }

    fn recorded(&self, place: &Place) -> Result<RecordedDisc> {
        let options = self
            .settings
            .import
            .clone()
            .imported_session(place.previous);
        RecordedDisc::open_with(Arc::clone(&place.disc), &options)
    }

    /// The file systems that the last session of the disc has; none if nothing is recognised.
    ///
    /// IMAPI2: `IFileSystemImage::IdentifyFileSystemsOnDisc`.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::ReadDisc`] when it cannot be read.
    #[doc(alias = "IdentifyFileSystemsOnDisc")]
    pub fn identify_file_systems_on_disc(&self) -> Result<FileSystems> {
        let (place, _) = self.chosen_place()?;
        Ok(self.recorded(&place)?.session().announced_file_systems())
    }

    /// The one of several file systems that [`import_file_system`](FileSystemImage::import_file_system) takes: UDF, else
    /// Joliet, else ISO 9660; nothing of nothing.
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

    /// Whether a file system of the disc can be continued by this image.
    ///
    /// IMAPI2: `IFileSystemImage3::ProbeSpecificFileSystem`.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::ReadDisc`] when it cannot be read.
    #[doc(alias = "ProbeSpecificFileSystem")]
    pub fn probe_specific_file_system(&self, file_system: FileSystems) -> Result<bool> {
        let (place, random) = self.chosen_place()?;
        let disc = self.recorded(&place)?;
        let probed = disc
            .volume(file_system)
            .and_then(|_| self.examine(&place, random, &disc, file_system));
        match probed {
            Ok(_) => Ok(true),
            Err(error @ Error::ReadDisc { .. }) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// The name of the volume that was imported. An image that was not [given one](FileSystemImage::set_volume_name) has it,
    /// too; each of its file systems has the name it had on the disc.
    ///
    /// IMAPI2: `IFileSystemImage::get_ImportedVolumeName`. IMAPI2 differs: there, the new session is not named as the disc
    /// is, and strict images have that.
    #[doc(alias = "get_ImportedVolumeName")]
    #[must_use]
    pub fn imported_volume_name(&self) -> Option<&str> {
        let imported = self.settings.imported.as_ref();
        imported.map(|imported| imported.volume_name.as_str())
    }

    /// A text that tells this disc, with the sessions on it, from others: a digest of the blocks that lead to its last
    /// session, and of what is where the next one goes, and its length. Not all discs differ in it.
    ///
    /// IMAPI2: `IFileSystemImage::CalculateDiscIdentifier`, whose form is not documented.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::ReadDisc`] when it cannot be read.
    #[doc(alias = "CalculateDiscIdentifier")]
    pub fn calculate_disc_identifier(&self) -> Result<String> {
        let (place, _) = self.chosen_place()?;
        disc_identifier(&*place.disc, place.previous, place.next())
    }

    /// Imports the tree of the last session, from the most capable of its file systems; the image then continues the
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

    /// [`import_file_system`](FileSystemImage::import_file_system), which calls `progress` before each directory and
    /// behind each file.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::import_file_system`], and [`Error::Cancelled`] when `progress` breaks.
    #[doc(alias = "DFileSystemImageImportEvents")]
    #[doc(alias = "UpdateImport")]
    pub fn import_file_system_with(
        &mut self,
        progress: impl FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ImportSummary> {
        self.refuse_boot_images()?;
        let (place, _) = self.chosen_place()?;
        let file_system = self.recorded(&place)?.default_file_system()?;
        self.import_specific_file_system_with(file_system, progress)
    }

    /// Imports the tree of the last session from one of its file systems; the image then continues the disc.
    ///
    /// What the image has stays: directories are merged, and files of the image hide those of the disc. Data is read
    /// from the disc when it is needed, not now. The image gets the file systems and the UDF revision of the session,
    /// begins where the disc says, and may take what the disc has free. So that what is on the disc keeps its names, it
    /// also gets the interchange level that the names and files show, unless one was set before, names in ISO 9660 and in
    /// Joliet that are as long and have the same kinds of characters, and, unless it was given one, the name of the volume.
    /// Unchanged files keep the blocks they have, if these follow each other; other files are recorded again.
    ///
    /// Only the names of `file_system` are imported. Those of the others are made from them, so short names that another
    /// program made in its own way can come out otherwise. Where the name of a new item and that of an imported one become
    /// the same in ISO 9660, or differ only by case in Joliet, the new one is numbered, and the
    /// [report](FileSystemImage::report) says so. Of imported ones that are the same there, the first by name has no number,
    /// whichever was recorded first.
    ///
    /// IMAPI2: `IFileSystemImage::ImportSpecificFileSystem`.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::InvalidParameter`] when `file_system` is not exactly one, [`Error::FileSystemNotFound`] when the disc
    ///   does not have it.
    /// - [`Error::BootObjectConflict`] when the image has boot images: only the first session of a disc has.
    /// - [`Error::IncompatiblePreviousSession`] and [`Error::UdfNotWriteCompatible`] when the disc cannot be continued, or
    ///   something has been imported before, or when the [import options](ImportOptions) do not allow it: what another
    ///   program recorded, and Rock Ridge. Also when another program recorded several file systems, and they do not have
    ///   the same files: all of them would get those of `file_system`.
    /// - [`Error::UnknownBlocks`] when there is data after the last session and no session was found in it, and
    ///   [`Error::DamagedFiles`] when data of files is missing, unless the [import options](ImportOptions) allow it.
    /// - [`Error::ImportTypeCollision`] when a file meets a directory.
    /// - [`Error::Corrupt`], [`Error::UnsupportedFeature`], [`Error::ReadDisc`] and [`Error::ReadItem`] when the disc
    ///   cannot be read.
    /// - [`Error::ImportMemory`] when what it has takes more than the [import options](ImportOptions::memory) allow.
    /// - Those of adding files and directories, about names and limits. IMAPI2 refuses a disc with a name that cannot be,
    ///   too.
    ///
    /// After an error nothing is changed.
    #[doc(alias = "ImportSpecificFileSystem")]
    pub fn import_specific_file_system(
        &mut self,
        file_system: FileSystems,
    ) -> Result<ImportSummary> {
        self.import_specific_file_system_with(file_system, |_| ControlFlow::Continue(()))
    }

    /// [`import_specific_file_system`](FileSystemImage::import_specific_file_system), which calls `progress` before each
    /// directory and behind each file.
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
        if self.settings.imported.is_some() {
            return Err(Error::IncompatiblePreviousSession {
                what: "a session has been imported before",
            });
        }
        self.refuse_boot_images()?;
        let (place, random) = self.chosen_place()?;
        let disc = self.recorded(&place)?;
        let volume = disc.volume(file_system)?;
        let (mut imported, start) = self.examine(&place, random, &disc, file_system)?;
        volume.name().clone_into(&mut imported.volume_name);
        imported.volume_names = VolumeNames::of(&disc, imported.file_systems);
        imported.disc_id = self.calculate_disc_identifier()?;
        let old = self.settings.clone();
        let free = place.total.saturating_sub(start.into());
        self.settings.file_systems = imported.file_systems;
        if let Some(revision) = imported.udf_revision {
            self.settings.udf_revision = revision;
        }
        self.settings.session_start_block = Lba(start);
        if imported.boot_readme.is_some() {
            self.settings.boot_readme.clone_from(&imported.boot_readme);
        }
        self.settings.free_media_blocks = u32::try_from(free).unwrap_or(u32::MAX);
        self.transaction_since(old, |image| {
            let mut shown = Shown::on(&disc, imported.file_systems)?;
            image.settings.take_over(&shown);
            image.check_tree(&image.settings)?;
            let totals = volume_totals(&disc, file_system)?;
            let blocks = disc.blocks();
            let mut merge = Merge::new(
                image,
                &blocks,
                file_system,
                totals,
                &mut shown,
                &mut progress,
            );
            if let Some(block) = imported.missing_boot_image {
                let boot_image = ImportLeftOut::BootImage { block };
                merge.summary.left_out.push(boot_image);
            }
            let mut walk = volume.walk();
            while let Some(item) = walk.next() {
                match item {
                    Ok(item) => merge.item(&item, walk.level())?,
                    Err(error) => merge.unreadable(error)?,
                }
            }
            refuse_doubtful(&volume)?;
            let mut summary = merge.finish()?;
            summary.interchange_level = shown.level();
            image.settings.imported = Some(imported);
            image.view.set_naming(image.settings.naming());
            Ok(summary)
        })
    }
}

/// Refuses what was read of a damaged disc and may be wrong: a session that continues it would make it look right.
fn refuse_doubtful(volume: &RecordedVolume) -> Result<()> {
    let findings = volume.findings();
    match findings.iter().find(|finding| finding.is_doubtful) {
        Some(finding) => Err(Error::Corrupt {
            file_system: finding.file_system,
            block: finding.block,
            what: finding.what,
        }),
        None => Ok(()),
    }
}

impl Settings {
    /// Takes over what is shown of how the disc was written.
    fn take_over(&mut self, shown: &Shown) {
        if let Some(level) = shown.level().filter(|_| !self.level_is_set) {
            self.level = match level {
                // Strict images have no other.
                InterchangeLevel::Three if self.strict => InterchangeLevel::Two,
                level => level,
            };
        }
        if !self.strict {
            self.relaxed = shown.relaxed();
            self.joliet_limit = shown.joliet_limit();
        }
    }
}

impl FileSystemImage {
    /// Refuses a disc that is not what it was when it was imported: the image has addresses of that one.
    pub(super) fn check_disc(&self) -> Result<()> {
        if let Some(imported) = &self.settings.imported {
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

    fn refuse_boot_images(&self) -> Result<()> {
        match self.settings.boot_images[..] {
            [] => Ok(()),
            _ => Err(Error::BootObjectConflict),
        }
    }
}

/// Whether an interface is of a kind that is known, and works with the medium as it is. What can only be read has an error
/// of its own.
fn works(interface: &MultisessionInterface) -> bool {
    let media = interface.disc().media_type();
    let fits = match interface {
        MultisessionInterface::Sequential(_) => media.takes_sessions(),
        MultisessionInterface::RandomWrite(_) => media.is_written_at_random(),
        MultisessionInterface::Other(_) => return false,
    };
    (fits || media.is_read_only()) && interface.is_supported_on_current_media_state()
}

fn wrong_interfaces(value: &str) -> Error {
    Error::InvalidParameter(InvalidValue {
        parameter: "multisession interfaces",
        value: value.to_owned(),
        expected: "one or more, of which at most one is in use",
    })
}

/// How many directories and files a volume says it has: only UDF does.
fn volume_totals(disc: &RecordedDisc, file_system: FileSystems) -> Result<Option<(u64, u64)>> {
    if file_system != FileSystems::UDF {
        return Ok(None);
    }
    let volume = udf::read::open(&disc.blocks(), disc.session().start_block())?;
    let integrity = volume.and_then(|volume| volume.integrity());
    Ok(integrity.map(|integrity| (integrity.directories.into(), integrity.files.into())))
}

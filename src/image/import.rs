//! Importing what a disc has, so that the image continues it.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::FileSystemImage;
use super::streams::Stream;
use crate::block::{BLOCK, BLOCK_SIZE, Extent, Lba, MAX_BLOCKS};
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InvalidValue, UdfRevision};
use crate::import::{ImportOptions, RecordedDisc, RecordedItem, RecordedKind};
use crate::iso9660::read::Descriptors;
use crate::layout::RandomWrite;
use crate::media::{Blocks, Disc, DiscData, MediaType, MultisessionInterface};
use crate::path::ImagePath;
use crate::recorded::Entry;
use crate::source::{Content, Data};
use crate::tree::{Attributes, ContentId, NodeId, Times, TreeFull};
use crate::udf;

/// Block of the first anchor of UDF.
const ANCHOR: Lba = Lba(256);

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

/// The disc that an image continues.
#[derive(Clone, Debug)]
pub(super) struct Imported {
    volume_name: String,
    /// What the disc was known by.
    pub disc_id: String,
    pub file_systems: FileSystems,
    pub udf_revision: Option<UdfRevision>,
    /// Blocks of earlier sessions that can be referred to.
    pub recorded: Extent,
    pub partition_start: Option<Lba>,
    pub boot_record: Option<Vec<u8>>,
    /// The disc, if any of its blocks can be written.
    pub random_write: Option<Arc<Blocks>>,
}

impl Imported {
    /// How the disc's start is rewritten.
    pub(super) fn random_write(&self, strict: bool) -> Option<RandomWrite> {
        self.random_write.as_ref().map(|disc| RandomWrite {
            disc: disc.clone(),
            rewrite_descriptors: !strict && self.file_systems.contains(FileSystems::ISO9660),
        })
    }

    /// The anchor that is to lead to the new session.
    pub(super) fn rewritten_anchor(&self) -> Option<Lba> {
        let has_udf = self.file_systems.contains(FileSystems::UDF);
        (has_udf && self.random_write.is_some()).then_some(ANCHOR)
    }
}

/// Where the earlier sessions are, and where the new one goes.
struct Place {
    disc: Arc<dyn Disc>,
    previous: u32,
    /// Nothing: behind what is recorded, at a multiple of the write unit.
    next: Option<u32>,
    write_unit: u32,
    /// Last block that was written, if the drive can tell.
    last: Option<u32>,
    /// Blocks of the medium.
    total: u64,
}

impl FileSystemImage {
    /// Chooses the disc that the image continues: the one interface that is in use, or else the first that works with
    /// the disc as it is.
    ///
    /// IMAPI2: `IFileSystemImage::put_MultisessionInterfaces`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] when there is none, or several are in use.
    /// - [`Error::IncompatibleMultisessionType`] when the one in use is of an unknown kind.
    /// - [`Error::NoCompatibleMultisessionType`] when none works.
    /// - [`Error::ImportMediaNotAllowed`] for media that can only be read.
    /// - [`Error::BadMultisessionParameter`] when the drive does not say what must be known.
    #[doc(alias = "put_MultisessionInterfaces")]
    pub fn set_multisession_interfaces(
        &mut self,
        interfaces: Vec<MultisessionInterface>,
    ) -> Result<()> {
        let used: Vec<_> = interfaces.iter().filter(|one| one.in_use()).collect();
        let chosen = match used[..] {
            _ if interfaces.is_empty() => return Err(wrong_interfaces("none")),
            [] => interfaces.iter().find(|one| {
                !matches!(one, MultisessionInterface::Other(_))
                    && one.is_supported_on_current_media_state()
            }),
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
        if matches!(
            media,
            MediaType::CdRom | MediaType::DvdRom | MediaType::HdDvdRom | MediaType::BdRom
        ) {
            return Err(Error::ImportMediaNotAllowed {
                media: media.to_string(),
            });
        }
        if !chosen.is_supported_on_current_media_state() {
            return Err(none());
        }
        place(chosen)?;
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
        let (_, chosen) = self
            .multisession
            .as_ref()
            .ok_or(Error::MultisessionNotSet)?;
        let random = matches!(chosen, MultisessionInterface::RandomWrite(_));
        Ok((place(chosen)?, random))
    }

    fn recorded(&self, place: &Place) -> Result<RecordedDisc> {
        let options = ImportOptions::new().session_start(place.previous);
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
        Ok(self.recorded(&place)?.file_systems())
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
            .and_then(|_| self.examine(&place, random, &disc));
        match probed {
            Ok(_) => Ok(true),
            Err(error @ Error::ReadDisc { .. }) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// The name of the volume that was imported; the image keeps its own.
    ///
    /// IMAPI2: `IFileSystemImage::get_ImportedVolumeName`.
    #[doc(alias = "get_ImportedVolumeName")]
    #[must_use]
    pub fn imported_volume_name(&self) -> Option<&str> {
        let imported = self.settings.imported.as_ref();
        imported.map(|imported| imported.volume_name.as_str())
    }

    /// A text that tells this disc, with the sessions on it, from others: a digest of the blocks that lead to its last
    /// session, and its length. Not all discs differ in it.
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
        let total = place.disc.total_blocks();
        let mut digest = 0xcbf2_9ce4_8422_2325_u64;
        let mut block = vec![0; BLOCK];
        let first = place.previous;
        for lba in (16..=20)
            .chain([256])
            .map(|offset| first.saturating_add(offset))
        {
            if lba < total {
                let read = place.disc.read_blocks(lba, &mut block);
                read.map_err(|source| Error::ReadDisc { block: lba, source })?;
                for byte in &block {
                    digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
        Ok(format!("{first:08X}-{total:08X}-{digest:016X}"))
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
    #[doc(alias = "UpdateImport")]
    pub fn import_file_system_with(
        &mut self,
        progress: impl FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ImportSummary> {
        let (place, _) = self.chosen_place()?;
        let file_system = self.recorded(&place)?.default_file_system()?;
        self.import_specific_file_system_with(file_system, progress)
    }

    /// Imports the tree of the last session from one of its file systems; the image then continues the disc.
    ///
    /// What the image has stays: directories are merged, and files of the image hide those of the disc. Data is read
    /// from the disc when it is needed, not now. The image gets the file systems and the UDF revision of the session,
    /// begins where the disc says, and may take what the disc has free. Unchanged files keep the blocks they have, if
    /// these follow each other; other files are recorded again.
    ///
    /// IMAPI2: `IFileSystemImage::ImportSpecificFileSystem`.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] when no disc has been chosen.
    /// - [`Error::InvalidParameter`] when `file_system` is not exactly one, [`Error::FileSystemNotFound`] when the disc
    ///   does not have it.
    /// - [`Error::IncompatiblePreviousSession`] and [`Error::UdfNotWriteCompatible`] when the disc cannot be continued, or
    ///   something has been imported before.
    /// - [`Error::ImportTypeCollision`] when a file meets a directory.
    /// - [`Error::Corrupt`], [`Error::UnsupportedFeature`], [`Error::ReadDisc`] and [`Error::ReadItem`] when the disc
    ///   cannot be read.
    /// - Those of adding files and directories, about names and limits.
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
        let (place, random) = self.chosen_place()?;
        let disc = self.recorded(&place)?;
        let volume = disc.volume(file_system)?;
        let (mut imported, start) = self.examine(&place, random, &disc)?;
        volume.name().clone_into(&mut imported.volume_name);
        imported.disc_id = self.calculate_disc_identifier()?;
        let old = self.settings.clone();
        let free = place.total.saturating_sub(start.into());
        self.settings.file_systems = imported.file_systems;
        if let Some(revision) = imported.udf_revision {
            self.settings.udf_revision = revision;
        }
        self.settings.session_start_block = Lba(start);
        self.settings.free_media_blocks = u32::try_from(free).unwrap_or(u32::MAX);
        let totals = volume_totals(&disc, file_system)?;
        let imported_tree = self.check_tree(&self.settings).and_then(|()| {
            self.transaction(|image| {
                let blocks = disc.blocks();
                let mut import = Import::new(image, blocks, file_system, totals, &mut progress);
                let mut walk = volume.walk();
                while let Some(item) = walk.next() {
                    import.item(&item?, walk.level())?;
                }
                Ok(import.summary)
            })
        });
        match imported_tree {
            Ok(summary) => {
                self.settings.imported = Some(imported);
                Ok(summary)
            }
            Err(error) => {
                self.settings = old;
                Err(error)
            }
        }
    }

    /// Looks whether the disc can be continued; also gives the first block of the new session.
    fn examine(&self, place: &Place, random: bool, disc: &RecordedDisc) -> Result<(Imported, u32)> {
        let incompatible = |what| Err(Error::IncompatiblePreviousSession { what });
        let file_systems = disc.file_systems();
        if !file_systems.can_be_created() {
            return incompatible("its file systems cannot be made together");
        }
        let has_iso9660 = file_systems.contains(FileSystems::ISO9660);
        if random && has_iso9660 && self.settings.strict {
            // IMAPI2 cannot move the descriptors of ISO 9660.
            return incompatible("it has ISO 9660 on a medium that is written at random");
        }
        if random
            && RecordedDisc::open(Arc::clone(&place.disc))?
                .sessions()
                .len()
                > 1
        {
            // They would be lost from sight.
            return incompatible("it has sessions behind the one at block 0");
        }
        let blocks = disc.blocks();
        let mut end = 0;
        let mut imported = Imported {
            volume_name: String::new(),
            disc_id: String::new(),
            file_systems,
            udf_revision: None,
            recorded: Extent::default(),
            partition_start: None,
            boot_record: None,
            random_write: random.then(|| blocks.clone()),
        };
        if has_iso9660 {
            let descriptors = Descriptors::read(blocks, place.previous)?;
            end = end.max(descriptors.volume_space_size().unwrap_or(0));
            imported.boot_record = boot_record(blocks, place.previous)?;
        }
        if file_systems.contains(FileSystems::UDF) {
            let Some(volume) = udf::read::open(blocks, place.previous)? else {
                return incompatible("its UDF volume cannot be found");
            };
            let Some(revision) = volume.revision() else {
                return Err(Error::UdfNotWriteCompatible {
                    revision: volume.recorded_revision(),
                });
            };
            if volume.logical_block_size() != BLOCK_SIZE {
                return incompatible(
                    "its UDF volume has logical blocks of another length than 2048",
                );
            }
            if volume.access_type() != udf::READ_ONLY {
                return incompatible("its UDF partition is not read-only");
            }
            let (partition, _) = volume.partition();
            let start = partition / u64::from(BLOCK_SIZE);
            let start = Lba(u32::try_from(start).unwrap_or(u32::MAX));
            if revision.has_metadata_partition() && start.0 % udf::METADATA_UNIT != 0 {
                return incompatible("its UDF partition does not begin at an ECC block");
            }
            imported.partition_start = Some(start);
            imported.udf_revision = Some(revision);
            end = end.max(volume.end());
        }
        let next = match place.next {
            Some(next) => next,
            None => {
                let unit = place.write_unit.max(1);
                // What lies behind is not overwritten, whoever wrote it; without a word of the drive about it, what a
                // file has.
                let written = match place.last {
                    Some(last) => last.saturating_add(1),
                    None if place.total >= MAX_BLOCKS => place.disc.total_blocks(),
                    None => 0,
                };
                let end = end.max(written);
                end.checked_next_multiple_of(unit).unwrap_or(u32::MAX)
            }
        };
        if u64::from(next) + 1024 > MAX_BLOCKS || u64::from(next) >= place.total {
            return incompatible("it is full");
        }
        let first = imported.partition_start.unwrap_or_default();
        if next <= first.0 {
            return incompatible("its partition begins behind the place of the next session");
        }
        imported.recorded = Extent {
            start: first,
            blocks: next - first.0,
        };
        Ok((imported, next))
    }
}

fn wrong_interfaces(value: &str) -> Error {
    Error::InvalidParameter(InvalidValue {
        parameter: "multisession interfaces",
        value: value.to_owned(),
        expected: "one or more, of which at most one is in use",
    })
}

/// What an interface says of its disc.
fn place(interface: &MultisessionInterface) -> Result<Place> {
    let told = |parameter, answer: io::Result<u32>| {
        answer.map_err(|source| Error::BadMultisessionParameter {
            parameter,
            source: Some(source),
        })
    };
    let bad = |parameter| Error::BadMultisessionParameter {
        parameter,
        source: None,
    };
    let disc = interface.disc();
    match interface {
        MultisessionInterface::Sequential(sequential) => {
            let next = told("next writable address", sequential.next_writable_address())?;
            let previous = told(
                "start address of the previous session",
                sequential.start_address_of_previous_session(),
            )?;
            let free = told("number of free sectors", sequential.free_sectors_on_media())?;
            if previous >= next && next > 0 {
                return Err(bad("start address of the previous session"));
            }
            Ok(Place {
                disc,
                previous,
                next: Some(next),
                write_unit: 1,
                last: None,
                total: u64::from(next) + u64::from(free),
            })
        }
        MultisessionInterface::RandomWrite(random) => {
            let write_unit = told("write unit size", random.write_unit_size())?;
            let total = told("number of sectors", random.total_sectors_on_media())?;
            let last = random.last_written_address();
            let last = last.map_err(|source| Error::BadMultisessionParameter {
                parameter: "last written address",
                source: Some(source),
            })?;
            if write_unit == 0 {
                return Err(bad("write unit size"));
            }
            if total == 0 {
                return Err(bad("number of sectors"));
            }
            Ok(Place {
                disc,
                previous: 0,
                next: None,
                write_unit,
                last,
                total: total.into(),
            })
        }
        MultisessionInterface::Other(_) => Err(Error::IncompatibleMultisessionType),
    }
}

/// The boot record of El Torito, if the session has one.
fn boot_record(blocks: &Blocks, start: u32) -> Result<Option<Vec<u8>>> {
    let mut block = vec![0; BLOCK];
    for place in 16..32 {
        let offset = (u64::from(start) + place) * u64::from(BLOCK_SIZE);
        if offset >= blocks.len() {
            break;
        }
        blocks.read_at(offset, &mut block)?;
        match (block[0], &block[1..6]) {
            (0, b"CD001") if block[7..].starts_with(b"EL TORITO SPECIFICATION") => {
                return Ok(Some(block));
            }
            (255, _) => break,
            (_, b"CD001") => {}
            _ => break,
        }
    }
    Ok(None)
}

/// How many directories and files a volume says it has: only UDF does.
fn volume_totals(disc: &RecordedDisc, file_system: FileSystems) -> Result<Option<(u64, u64)>> {
    if file_system != FileSystems::UDF {
        return Ok(None);
    }
    let volume = udf::read::open(disc.blocks(), disc.session().start_block())?;
    let integrity = volume.and_then(|volume| volume.integrity());
    Ok(integrity.map(|integrity| (integrity.directories.into(), integrity.files.into())))
}

/// An import that is going on.
struct Import<'a> {
    image: &'a mut FileSystemImage,
    blocks: &'a Arc<Blocks>,
    totals: Option<(u64, u64)>,
    progress: &'a mut dyn FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    /// The directories from the root to the item that comes next.
    stack: Vec<NodeId>,
    /// The first node that is imported.
    first: u32,
    /// Files by what all their names share.
    contents: HashMap<u64, ContentId>,
    summary: ImportSummary,
}

impl<'a> Import<'a> {
    fn new(
        image: &'a mut FileSystemImage,
        blocks: &'a Arc<Blocks>,
        file_system: FileSystems,
        totals: Option<(u64, u64)>,
        progress: &'a mut dyn FnMut(ImportProgress<'_>) -> ControlFlow<()>,
    ) -> Self {
        let first = image.view.tree().node_count();
        Self {
            image,
            blocks,
            totals,
            progress,
            stack: vec![NodeId::ROOT],
            first,
            contents: HashMap::new(),
            summary: ImportSummary {
                file_system,
                files: 0,
                directories: 0,
                left_out: Vec::new(),
            },
        }
    }

    fn item(&mut self, item: &RecordedItem, level: usize) -> Result<()> {
        self.stack.truncate(level);
        let Some(&parent) = self.stack.last() else {
            return Ok(());
        };
        let path = item.path();
        match item.kind() {
            RecordedKind::SymbolicLink { target } => {
                let target = target.to_owned();
                let left_out = ImportLeftOut::SymbolicLink { path, target };
                self.summary.left_out.push(left_out);
                Ok(())
            }
            RecordedKind::Special(_) => {
                self.summary.left_out.push(ImportLeftOut::Special { path });
                Ok(())
            }
            RecordedKind::Directory => {
                self.report(&path, true)?;
                let node = self.directory(parent, item.entry(), path)?;
                self.stack.push(node);
                Ok(())
            }
            RecordedKind::File | RecordedKind::Encoded(_) => {
                self.file(parent, item.entry(), &path)?;
                self.report(&path, false)
            }
        }
    }

    fn report(&mut self, path: &ImagePath, is_directory: bool) -> Result<()> {
        let progress = ImportProgress {
            file_system: self.summary.file_system,
            path,
            is_directory,
            directories: self.summary.directories,
            files: self.summary.files,
            total_directories: self.totals.map(|(directories, _)| directories),
            total_files: self.totals.map(|(_, files)| files),
        };
        match (self.progress)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }

    /// The item of the image that has the name.
    fn existing(&self, parent: NodeId, entry: &Entry, path: &ImagePath) -> Result<Option<NodeId>> {
        let image = &*self.image;
        image.check_name(&entry.name, || image.view.tree().path(parent))?;
        let existing = image.existing(parent, &entry.name)?;
        match existing {
            Some(node) if node.0 >= self.first => Err(Error::DuplicateName {
                path: path.clone(),
                existing: format!("an item of the disc, `{}`", image.view.tree().name(node)),
            }),
            existing => Ok(existing),
        }
    }

    fn collision(&self, path: ImagePath, is_directory: bool) -> Error {
        Error::ImportTypeCollision {
            path,
            file_system: self.summary.file_system,
            is_directory,
        }
    }

    fn directory(&mut self, parent: NodeId, entry: &Entry, path: ImagePath) -> Result<NodeId> {
        match self.existing(parent, entry, &path)? {
            Some(node) if self.image.view.tree().is_directory(node) => Ok(node),
            Some(_) => Err(self.collision(path, true)),
            None => {
                self.summary.directories += 1;
                let attributes = self.attributes(entry);
                let image = &mut *self.image;
                image.add_directory_node(parent, &entry.name, attributes)
            }
        }
    }

    fn file(&mut self, parent: NodeId, entry: &Entry, path: &ImagePath) -> Result<()> {
        if let Some(node) = self.existing(parent, entry, path)? {
            if self.image.view.tree().is_directory(node) {
                return Err(self.collision(path.clone(), false));
            }
            let path = path.clone();
            self.summary.left_out.push(ImportLeftOut::Replaced { path });
            return Ok(());
        }
        let content = self.content(entry);
        let attributes = self.attributes(entry);
        let known = self.contents.get(&entry.identity).copied();
        let tree = self.image.view.tree_mut();
        let added = (|| {
            let name = tree.add_name(&entry.name)?;
            let content = match known {
                Some(content) => content,
                None => tree.add_content(content)?,
            };
            let node = tree.add_file(parent, name, content, attributes)?;
            Ok((node, content))
        })();
        let (node, content) = added.map_err(|TreeFull| self.image.full(parent, &entry.name))?;
        self.contents.insert(entry.identity, content);
        self.image.check_size(node)?;
        self.summary.files += 1;
        for stream in &entry.streams {
            self.image.check_stream(node, &stream.name)?;
            let content = self.content(stream);
            let attributes = self.attributes(stream);
            let data = match self.contents.get(&stream.identity) {
                Some(shared) => Stream::Shared(*shared),
                None => Stream::New(content),
            };
            let image = &mut *self.image;
            image.add_stream_node(node, &stream.name, data, attributes)?;
            if let Some((content, _)) = image
                .view
                .tree()
                .stream(node, &stream.name)
                .and_then(|stream| image.view.tree().content_of(stream))
            {
                self.contents.insert(stream.identity, content);
            }
        }
        Ok(())
    }

    fn content(&self, entry: &Entry) -> Content {
        let data = DiscData::new(self.blocks.clone(), entry);
        Content {
            len: entry.len,
            references: 0,
            // What lies in the structure of a file is not there for a new one to refer to.
            data: match data.embedded() {
                Some(bytes) => Data::Memory(bytes.clone()),
                None => Data::Disc(Arc::new(data)),
            },
        }
    }

    fn attributes(&self, entry: &Entry) -> Attributes {
        let modified = entry.modified.unwrap_or(self.image.settings.time);
        Attributes {
            times: Times {
                created: entry.created.unwrap_or(modified),
                accessed: entry.accessed.unwrap_or(modified),
                modified,
            },
            hidden: entry.hidden,
            real_time: entry.real_time,
        }
    }
}

//! `FileSystemImage`: the tree and the settings of an image, and all that can be done with them.

mod add;
mod add_tree;
mod boot;
mod change_points;
mod edit;
mod empty_sources;
mod finding;
mod import;
mod item;
mod report;
mod settings;
mod staging;
mod streams;
mod tree_options;
mod update;
mod view;
mod volume_name;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub use self::edit::{DirectoryMut, ItemMut, NewDirectory, NewFile, NewItem};
pub use self::finding::{Finding, FindingClass, FindingCounts};
pub use self::import::{ImportLeftOut, ImportProgress, ImportSummary};
pub use self::item::{Item, ItemData, ItemKind, Snapshot};
pub use self::report::{Findings, Report};
use self::settings::Settings;
pub use self::tree_options::{LeftOut, LeftOutReason, LinkPolicy, TreeOptions, TreeSummary};
pub use self::update::AddProgress;
use self::update::Updates;
use self::view::View;
use crate::codec::time::default_volume_name;
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InterchangeLevel};
use crate::iso9660;
use crate::layout::{self, Layout};
use crate::media::MultisessionInterface;
use crate::path::ImagePath;
use crate::result::{ContinuedDisc, ResultImage};
use crate::source::{PlatformStaging, Source, Stage, StagingPolicy};
use crate::time::Timestamp;
use crate::tree::{Attributes, NodeId, Times, Tree};
use crate::udf;

/// An image in the making: a directory tree and the settings it is laid out with.
///
/// IMAPI2: `IFileSystemImage`, class `MsftFileSystemImage`.
///
/// ```
/// use imapi2fs::{FileSystemImage, FileSystems};
///
/// # fn main() -> imapi2fs::Result<()> {
/// let mut image = FileSystemImage::new();
/// image.set_file_systems_to_create(FileSystems::ISO9660 | FileSystems::JOLIET)?;
/// image.set_volume_name("cidata")?;
/// image.root_mut().add_file("user-data", b"#cloud-config\n")?;
/// image.root_mut().add_file("meta-data", b"instance-id: one\n")?;
///
/// let result = image.create_result_image()?;
/// let mut disc = Vec::new();
/// assert_eq!(result.write_to(&mut disc)?, result.len());
/// # Ok(())
/// # }
/// ```
pub struct FileSystemImage {
    view: View,
    settings: Settings,
    staging_policy: Arc<dyn StagingPolicy>,
    stage: Option<Stage>,
    updates: Updates,
    /// Whether sizes are checked when a call ends: what it adds first may replace more later.
    defer_checks: bool,
    /// What was offered, and what was chosen of it.
    multisession: Option<(Vec<MultisessionInterface>, MultisessionInterface)>,
}

impl FileSystemImage {
    /// An empty image with IMAPI2's defaults, stamped with the current time.
    ///
    /// All that is stamped "now", the name of a volume that is not given one and the volume set identifier come from
    /// the time the clock has in this call.
    #[must_use]
    pub fn new() -> Self {
        Self::with_time(SystemTime::now())
    }

    /// An empty image with IMAPI2's defaults, stamped with `time`. No clock is read, so the same calls make the same
    /// bytes.
    #[must_use]
    pub fn with_time(time: impl Into<Timestamp>) -> Self {
        let time = time.into();
        let settings = Settings::new(time);
        Self {
            view: View::new(Arc::new(Tree::new(time)), settings.naming()),
            settings,
            staging_policy: Arc::new(PlatformStaging::default()),
            stage: None,
            updates: Updates::default(),
            defer_checks: false,
            multisession: None,
        }
    }

    /// The time the image is stamped with.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.settings.time
    }

    /// The root directory.
    ///
    /// IMAPI2: `IFileSystemImage::get_Root`.
    #[doc(alias = "get_Root")]
    #[must_use]
    pub const fn root(&self) -> Item<'_> {
        Item::new(&self.view, NodeId::ROOT)
    }

    /// The root directory, to be changed.
    #[must_use]
    pub const fn root_mut(&mut self) -> DirectoryMut<'_> {
        DirectoryMut {
            image: self,
            node: NodeId::ROOT,
        }
    }

    /// The item at `path`: the exact names, else the only ones that differ by case.
    ///
    /// # Errors
    ///
    /// - [`Error::ItemNotFound`] when nothing is there.
    /// - [`Error::DirectoryNotFound`] and [`Error::NotADirectory`] when a directory on the way is missing.
    /// - [`Error::AmbiguousName`] when several names differ by case and none is exact.
    pub fn item(&self, path: impl Into<ImagePath>) -> Result<Item<'_>> {
        self.root().item(path)
    }

    /// The item at `path`, to be changed.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::item`].
    pub fn item_mut(&mut self, path: impl Into<ImagePath>) -> Result<ItemMut<'_>> {
        let node = self.item(path)?.node;
        Ok(ItemMut { image: self, node })
    }

    /// The directory at `path`, to be changed.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::item`], and [`Error::NotADirectory`] for a file.
    pub fn directory_mut(&mut self, path: impl Into<ImagePath>) -> Result<DirectoryMut<'_>> {
        let item = self.item(path)?;
        if !item.is_directory() {
            return Err(Error::NotADirectory {
                path: item.full_path(),
            });
        }
        let node = item.node;
        Ok(DirectoryMut { image: self, node })
    }

    /// What is at `path`, if anything is.
    ///
    /// IMAPI2: `IFileSystemImage::Exists`.
    ///
    /// # Errors
    ///
    /// - [`Error::DirectoryNotFound`] and [`Error::NotADirectory`] when a directory on the way is missing.
    /// - [`Error::AmbiguousName`] when several names differ by case and none is exact.
    #[doc(alias = "Exists")]
    pub fn exists(&self, path: impl Into<ImagePath>) -> Result<Option<ItemKind>> {
        match self.item(path) {
            Ok(item) => Ok(Some(item.kind())),
            Err(Error::ItemNotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The tree as it is now, to be looked through while the image is changed.
    ///
    /// The next change copies the tree if the snapshot is still there.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            view: self.view.clone(),
        }
    }

    /// A directory that is not in the image until it is [added](DirectoryMut::add); `path` is relative to the
    /// directory it will be added to.
    ///
    /// IMAPI2: `IFileSystemImage::CreateDirectoryItem`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] and [`Error::RestrictedName`] when a name cannot be.
    #[doc(alias = "CreateDirectoryItem")]
    pub fn create_directory_item(&self, path: impl Into<ImagePath>) -> Result<NewDirectory> {
        Ok(NewDirectory {
            path: self.checked(path.into())?,
            attributes: self.attributes_now(),
        })
    }

    /// A file that is not in the image until it is [added](DirectoryMut::add); `path` is relative to the directory it
    /// will be added to.
    ///
    /// IMAPI2: `IFileSystemImage::CreateFileItem` and `IFsiFileItem::put_Data`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] and [`Error::RestrictedName`] when a name cannot be.
    #[doc(alias = "CreateFileItem")]
    #[doc(alias = "put_Data")]
    pub fn create_file_item(
        &self,
        path: impl Into<ImagePath>,
        source: impl Into<Source>,
    ) -> Result<NewFile> {
        Ok(NewFile {
            path: self.checked(path.into())?,
            source: source.into(),
            attributes: self.attributes_now(),
        })
    }

    /// Number of files.
    ///
    /// IMAPI2: `IFileSystemImage::get_FileCount`.
    #[doc(alias = "get_FileCount")]
    #[must_use]
    pub fn file_count(&self) -> u32 {
        self.view.tree().totals().files
    }

    /// Number of directories, the root not counted.
    ///
    /// IMAPI2: `IFileSystemImage::get_DirectoryCount`. Whether it counts the root is not documented.
    #[doc(alias = "get_DirectoryCount")]
    #[must_use]
    pub fn directory_count(&self) -> u32 {
        self.view.tree().totals().directories
    }

    /// Number of blocks the image would have now, from its block 0 to its last. It is laid out to find out, which takes
    /// time in proportion to the number of items, but no file is read.
    ///
    /// IMAPI2: `IFileSystemImage::get_UsedBlocks`.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::create_result_image`].
    #[doc(alias = "get_UsedBlocks")]
    pub fn used_blocks(&self) -> Result<u32> {
        Ok(self.lay_out()?.session.blocks)
    }

    /// Returns what the file systems of the image cannot hold as it is: names, times, sizes.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::new(&self.view, &self.settings, self.volume_findings())
    }

    /// Lays out the image. No file is read but boot images that are told where they are; files that are empty are opened
    /// to see that they are.
    ///
    /// IMAPI2: `IFileSystemImage::CreateResultImage`.
    ///
    /// # Errors
    ///
    /// - [`Error::SourceChanged`], [`Error::SourceLength`] and [`Error::ReadSource`] when a file of the host that is not
    ///   staged was empty when it was added, and is not or cannot be opened now.
    /// - [`Error::FileTooBig`] when a file has more than 2 GiB and ISO 9660 is created at level 1 or 2.
    /// - [`Error::PathTooLong`] when strict and a path in ISO 9660 has more than 255 characters.
    /// - [`Error::TooManyDirectories`] when a directory has more than 65,534 directories and UDF is created.
    /// - [`Error::NoUniqueName`] when the names of a directory cannot be told apart in a file system.
    /// - [`Error::BootImage`], [`Error::BootImageSize`], [`Error::ReadBootImage`] and [`Error::NoBootCatalog`] when it cannot
    ///   boot as it should.
    /// - [`Error::ImageTooBig`] when the image has more blocks than
    ///   [`free_media_blocks`](FileSystemImage::free_media_blocks), or the disc more than 2³¹ - 1.
    /// - [`Error::DiscMismatch`] when the image continues a disc, and that is no longer
    ///   [what](FileSystemImage::calculate_disc_identifier) it was when it was imported; the errors of finding that out.
    #[doc(alias = "CreateResultImage")]
    pub fn create_result_image(&self) -> Result<ResultImage> {
        self.check_disc()?;
        self.check_empty_sources()?;
        let layout = self.lay_out()?;
        let limit = self.limit();
        let needed = u64::from(layout.session.blocks);
        if needed > limit {
            return Err(Error::ImageTooBig { needed, limit });
        }
        let Some(imported) = &self.settings.imported else {
            return Ok(ResultImage::new(layout, &self.effective_volume_name()));
        };
        let continued = ContinuedDisc {
            id: imported.disc_id.clone(),
            file_systems: imported.file_systems,
            previous: imported.previous,
            next: imported.next,
            is_random: imported.random_write.is_some(),
            import: self.settings.import.clone(),
        };
        Ok(ResultImage::continuing(layout, continued))
    }

    fn lay_out(&self) -> Result<Layout> {
        self.check_files()?;
        let volume_name = |file_system| self.recorded_volume_name(file_system).0;
        let settings = &self.settings;
        let imported = settings.imported.as_ref();
        // The first 16 characters are to be unique, and the first 8 the time in hexadecimal digits (UDF 2.2.2.5).
        let volume_set = format!(
            "{:08X}{:08X}",
            settings.time.unix_seconds() as u32,
            settings.time.subsecond_nanos()
        );
        let options = layout::Options {
            file_systems: settings.file_systems,
            session_start: settings.session_start_block,
            iso9660: settings.naming().iso9660(),
            joliet: settings.naming().joliet(),
            volume_name_iso9660: volume_name(FileSystems::ISO9660),
            volume_name_joliet: volume_name(FileSystems::JOLIET),
            volume_set: volume_set.clone(),
            time: settings.time,
            data: settings.data(),
            udf: udf::Options {
                revision: settings.udf_revision,
                redundant_metadata: settings.redundant_metadata,
                volume_name: volume_name(FileSystems::UDF),
                volume_set,
                time: settings.time,
                partition_start: imported.and_then(|imported| imported.partition_start),
                rewritten_anchors: imported
                    .map_or_else(Vec::new, |imported| imported.rewritten_anchors.clone()),
            },
            boot: self.boot()?,
            boot_readme: settings.boot_readme.clone(),
            random_write: imported.and_then(|imported| imported.random_write(settings.strict)),
        };
        Layout::new(self.view.tree(), &options)
    }

    /// Checks what only the finished tree shows: sizes of files and lengths of paths.
    fn check_files(&self) -> Result<()> {
        let has_iso9660 = self.settings.file_systems.contains(FileSystems::ISO9660);
        if has_iso9660 && self.settings.level < InterchangeLevel::Three {
            let limit = iso9660::MAX_FILE_LEN;
            let tree = self.view.tree();
            tree.check_lens(limit).map_err(|node| Error::FileTooBig {
                path: tree.path(node),
                size: tree.content_of(node).map_or(0, |(_, content)| content.len),
                limit,
                file_system: FileSystems::ISO9660,
            })?;
        }
        if has_iso9660 && self.settings.strict {
            self.check_paths()?;
        }
        Ok(())
    }

    /// Checks the lengths of paths as ECMA-119 6.8.2.1 counts them: all identifiers, and one for each directory.
    fn check_paths(&self) -> Result<()> {
        let mut todo = vec![(self.root(), 0)];
        while let Some((directory, above)) = todo.pop() {
            for item in directory.children() {
                let name = item.file_system_name(FileSystems::ISO9660)?;
                let is_directory = item.is_directory();
                let length = above + iso9660::identifier_len(&name, is_directory);
                if length > iso9660::MAX_PATH {
                    return Err(Error::PathTooLong {
                        path: item.full_path(),
                        length,
                        limit: iso9660::MAX_PATH,
                    });
                }
                if is_directory {
                    todo.push((item, length + 1));
                }
            }
        }
        Ok(())
    }

    fn effective_volume_name(&self) -> String {
        match (self.settings.volume_name.as_str(), self.imported_label()) {
            ("", Some(imported)) if !imported.volume_name.is_empty() => {
                imported.volume_name.clone()
            }
            ("", _) => default_volume_name(self.settings.time),
            (name, _) => name.to_owned(),
        }
    }

    fn attributes_now(&self) -> Attributes {
        Attributes {
            times: Times::all(self.settings.time),
            hidden: false,
            real_time: false,
        }
    }
}

impl Default for FileSystemImage {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FileSystemImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSystemImage")
            .field("settings", &self.settings)
            .field("files", &self.file_count())
            .field("directories", &self.directory_count())
            .finish_non_exhaustive()
    }
}

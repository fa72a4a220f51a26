//! `FileSystemImage`: the tree and the settings of an image, and all operations on them.

mod boot;
mod change_points;
mod edit;
mod import;
mod item;
mod new_item;
mod settings;
mod staging;
mod streams;
mod update;
mod volume_name;

use std::fmt;
use std::time::SystemTime;

pub use self::edit::{DirectoryMut, ItemMut};
pub use self::item::{Item, ItemData, ItemKind, Snapshot};
pub use self::new_item::{NewDirectory, NewFile, NewItem};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::merge::ChosenInterface;
#[cfg(doc)]
use crate::merge::ImportSummary;
use crate::path::ImagePath;
use crate::report::Report;
use crate::result::ResultImage;
use crate::source::Source;
use crate::time::Timestamp;
use crate::tree::NodeId;

/// An image in the making: a directory tree and the settings for its layout.
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
/// image.root_mut().add_file("user-data", "#cloud-config\n")?;
/// image.root_mut().add_file("meta-data", "instance-id: one\n")?;
///
/// let result = image.create_result_image()?;
/// let disc = result.to_vec()?;
/// assert_eq!(disc.len() as u64, result.len());
/// # Ok(())
/// # }
/// ```
pub struct FileSystemImage {
    /// The root directory, which owns the draft.
    root: DirectoryMut<'static>,
    /// The disc that it may continue.
    multisession: Option<ChosenInterface>,
}

impl FileSystemImage {
    /// Creates an empty image with IMAPI2's defaults, stamped with the current time.
    ///
    /// The clock is read once, in this call. It supplies every "now" in the image, the volume set identifier, and the
    /// volume name if none is set.
    #[must_use]
    pub fn new() -> Self {
        Self::with_time(SystemTime::now())
    }

    /// Creates an empty image with IMAPI2's defaults, stamped with `time`. No clock is read, so the same calls make the
    /// same bytes.
    #[must_use]
    pub fn with_time(time: impl Into<Timestamp>) -> Self {
        Self {
            root: DirectoryMut::root(Draft::new(time.into())),
            multisession: None,
        }
    }

    /// The time that the image is stamped with.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.root.draft.settings.time
    }

    /// The root directory.
    ///
    /// IMAPI2: `IFileSystemImage::get_Root`.
    #[doc(alias = "get_Root")]
    #[must_use]
    pub fn root(&self) -> Item<'_> {
        Item::new(self.root.draft.view(), NodeId::ROOT)
    }

    /// The root directory, to be changed.
    ///
    /// A directory or file added to it can be kept until the image is next used.
    #[must_use]
    pub const fn root_mut(&mut self) -> &mut DirectoryMut<'static> {
        &mut self.root
    }

    /// Returns the item at `path`. Exact names come first; otherwise a name matches if it is the only one that differs
    /// by case.
    ///
    /// # Errors
    ///
    /// - [`Error::ItemNotFound`] when `path` does not exist.
    /// - [`Error::DirectoryNotFound`] and [`Error::NotADirectory`] when a directory on the way is missing.
    /// - [`Error::AmbiguousName`] when several names differ by case and none is exact.
    pub fn item(&self, path: impl Into<ImagePath>) -> Result<Item<'_>> {
        self.root().item(path)
    }

    /// Returns the item at `path`, to be changed.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::item`].
    pub fn item_mut(&mut self, path: impl Into<ImagePath>) -> Result<ItemMut<'_>> {
        let node = self.item(path)?.node;
        Ok(ItemMut {
            draft: &mut self.root.draft,
            node,
        })
    }

    /// Returns the directory at `path`, to be changed.
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
        Ok(DirectoryMut::at(&mut self.root.draft, node))
    }

    /// Returns the kind of the item at `path`, or `None` if nothing is there.
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

    /// Returns the current tree, to be read while the image is changed.
    ///
    /// While the snapshot exists, the next change copies the tree.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            view: self.root.draft.view().clone(),
        }
    }

    /// Creates a directory that is not in the image until it is [added](DirectoryMut::add); `path` is relative to the
    /// directory it will be added to.
    ///
    /// IMAPI2: `IFileSystemImage::CreateDirectoryItem`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] and [`Error::RestrictedName`] when a name is not allowed.
    #[doc(alias = "CreateDirectoryItem")]
    pub fn create_directory_item(&self, path: impl Into<ImagePath>) -> Result<NewDirectory> {
        Ok(NewDirectory {
            path: self.root.draft.checked(path.into())?,
            attributes: self.root.draft.attributes_now(),
        })
    }

    /// Creates a file that is not in the image until it is [added](DirectoryMut::add); `path` is relative to the
    /// directory it will be added to.
    ///
    /// IMAPI2: `IFileSystemImage::CreateFileItem` and `IFsiFileItem::put_Data`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidName`] and [`Error::RestrictedName`] when a name is not allowed.
    #[doc(alias = "CreateFileItem")]
    #[doc(alias = "put_Data")]
    pub fn create_file_item(
        &self,
        path: impl Into<ImagePath>,
        source: impl Into<Source>,
    ) -> Result<NewFile> {
        Ok(NewFile {
            path: self.root.draft.checked(path.into())?,
            source: source.into(),
            attributes: self.root.draft.attributes_now(),
        })
    }

    /// The number of files.
    ///
    /// IMAPI2: `IFileSystemImage::get_FileCount`.
    #[doc(alias = "get_FileCount")]
    #[must_use]
    pub fn file_count(&self) -> u32 {
        self.root.draft.tree().totals().files
    }

    /// The number of directories, not counting the root.
    ///
    /// IMAPI2: `IFileSystemImage::get_DirectoryCount`. Whether it counts the root is not documented.
    #[doc(alias = "get_DirectoryCount")]
    #[must_use]
    pub fn directory_count(&self) -> u32 {
        self.root.draft.tree().totals().directories
    }

    /// Returns the number of blocks that the image would currently have, from its block 0 to its last. This lays the
    /// image out, which takes time proportional to the number of items, but reads no file.
    ///
    /// IMAPI2: `IFileSystemImage::get_UsedBlocks`.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::create_result_image`].
    #[doc(alias = "get_UsedBlocks")]
    pub fn used_blocks(&self) -> Result<u32> {
        self.root.draft.used_blocks()
    }

    /// Returns the number of blocks that can still be used before the image reaches
    /// [`free_media_blocks`](FileSystemImage::free_media_blocks), or the limit of all images if that is 0. Like
    /// [`used_blocks`](FileSystemImage::used_blocks), this lays the image out.
    ///
    /// Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::used_blocks`].
    pub fn remaining_blocks(&self) -> Result<u32> {
        let left = self
            .root
            .draft
            .limit()
            .saturating_sub(self.used_blocks()?.into());
        Ok(u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// Returns what the image's file systems cannot represent exactly: names, times, sizes.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::new(&self.root.draft)
    }

    /// Lays out the image. Reads no files except boot images that need to know where they are; opens files that are
    /// empty to check that they still are.
    ///
    /// IMAPI2: `IFileSystemImage::CreateResultImage`.
    ///
    /// # Errors
    ///
    /// - [`Error::SourceChanged`], [`Error::SourceLength`] and [`Error::ReadSource`] when an unstaged file of the host
    ///   was empty when it was added, and now is not empty or cannot be opened.
    /// - [`Error::FileTooBig`] when a file is larger than 2 GiB and ISO 9660 is created at level 1 or 2.
    /// - [`Error::PathTooLong`] when strict and a path in ISO 9660 has more than 255 characters.
    /// - [`Error::TooManyDirectories`] when a directory has more than 65,534 directories and UDF is created.
    /// - [`Error::NoUniqueName`] when a file system cannot give the items of a directory distinct names.
    /// - [`Error::BootImage`], [`Error::BootImageSize`], [`Error::ReadBootImage`] and [`Error::NoBootCatalog`] when the
    ///   image cannot boot as it should.
    /// - [`Error::ImageTooBig`] when the image has more blocks than
    ///   [`free_media_blocks`](FileSystemImage::free_media_blocks), or the disc more than 2³¹ - 1.
    /// - [`Error::DiscMismatch`] when the image continues a disc whose
    ///   [identifier](FileSystemImage::calculate_disc_identifier) has changed since the import; also any error of
    ///   computing that identifier.
    #[doc(alias = "CreateResultImage")]
    pub fn create_result_image(&self) -> Result<ResultImage> {
        self.check_disc()?;
        self.root.draft.result_image()
    }
}

/// A copy of the image in its current state, for instance of a template. Both share the tree until one of them is changed,
/// and the data that is staged already. The [progress handler](FileSystemImage::set_add_progress) is not copied.
///
/// Not in IMAPI2.
///
/// ```
/// # fn main() -> imapi2fs::Result<()> {
/// let mut template = imapi2fs::FileSystemImage::new();
/// template.root_mut().add_file("meta-data", "")?;
///
/// let mut image = template.clone();
/// image.root_mut().add_file("user-data", "#cloud-config\n")?;
/// assert_eq!((template.file_count(), image.file_count()), (1, 2));
/// # Ok(())
/// # }
/// ```
impl Clone for FileSystemImage {
    fn clone(&self) -> Self {
        Self {
            root: DirectoryMut::root(Draft::clone(&self.root.draft)),
            multisession: self.multisession.clone(),
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
            .field("settings", &self.root.draft.settings)
            .field("files", &self.file_count())
            .field("directories", &self.directory_count())
            .finish_non_exhaustive()
    }
}

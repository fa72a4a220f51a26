//! Items as a reader sees them, in an image or in a snapshot.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use crate::codec::unique::NameChange;
use crate::draft::View;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::path::ImagePath;
use crate::source::{OpenContent, RecentDirectory};
use crate::space::read_error;
use crate::time::Timestamp;
use crate::tree::{NodeId, Tree};

/// The kind of an item, directory or file. IMAPI2: `FsiItemType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ItemKind {
    /// A directory.
    Directory,
    /// A file.
    File,
}

/// The tree of an image as it was when [`FileSystemImage::snapshot`](crate::FileSystemImage::snapshot) was called.
///
/// The image can be changed while a snapshot of it is read.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(super) view: View,
}

impl Snapshot {
    /// The root directory.
    #[must_use]
    pub const fn root(&self) -> Item<'_> {
        Item::new(&self.view, NodeId::ROOT)
    }

    /// Returns the item at `path`.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::item`](crate::FileSystemImage::item).
    pub fn item(&self, path: impl Into<ImagePath>) -> Result<Item<'_>> {
        self.root().item(path)
    }
}

/// A directory or a file of an image.
///
/// IMAPI2: `IFsiItem`, `IFsiDirectoryItem`, `IFsiFileItem`.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    view: &'a View,
    pub(super) node: NodeId,
}

impl<'a> Item<'a> {
    pub(super) const fn new(view: &'a View, node: NodeId) -> Self {
        Self { view, node }
    }

    pub(super) fn tree(&self) -> &'a Tree {
        self.view.tree()
    }

    /// Another item of the same image.
    pub(super) const fn other(&self, node: NodeId) -> Self {
        Self::new(self.view, node)
    }

    /// The name, which is empty for the root.
    ///
    /// IMAPI2: `IFsiItem::get_Name`.
    #[doc(alias = "get_Name")]
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.view.tree().name(self.node)
    }

    /// The path from the root.
    ///
    /// IMAPI2: `IFsiItem::get_FullPath`.
    #[doc(alias = "get_FullPath")]
    #[must_use]
    pub fn full_path(&self) -> ImagePath {
        self.view.tree().path(self.node)
    }

    /// The kind of this item, directory or file.
    #[must_use]
    pub fn kind(&self) -> ItemKind {
        if self.is_directory() {
            ItemKind::Directory
        } else {
            ItemKind::File
        }
    }

    /// Whether this is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.view.tree().is_directory(self.node)
    }

    /// Whether the item is marked as hidden.
    ///
    /// IMAPI2: `IFsiItem::get_IsHidden`.
    #[doc(alias = "get_IsHidden")]
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.view.tree().attributes(self.node).hidden
    }

    /// Whether the item is a file for real-time reading. Default: false.
    ///
    /// IMAPI2: `IFsiFileItem2::get_IsRealTime`.
    #[doc(alias = "get_IsRealTime")]
    #[must_use]
    pub fn is_real_time(&self) -> bool {
        self.view.tree().attributes(self.node).real_time
    }

    /// When the item was created.
    ///
    /// IMAPI2: `IFsiItem::get_CreationTime`.
    #[doc(alias = "get_CreationTime")]
    #[must_use]
    pub fn creation_time(&self) -> Timestamp {
        self.view.tree().attributes(self.node).times.created
    }

    /// When the item was last read.
    ///
    /// IMAPI2: `IFsiItem::get_LastAccessedTime`.
    #[doc(alias = "get_LastAccessedTime")]
    #[must_use]
    pub fn last_accessed_time(&self) -> Timestamp {
        self.view.tree().attributes(self.node).times.accessed
    }

    /// When the item was last changed.
    ///
    /// IMAPI2: `IFsiItem::get_LastModifiedTime`.
    #[doc(alias = "get_LastModifiedTime")]
    #[must_use]
    pub fn last_modified_time(&self) -> Timestamp {
        self.view.tree().attributes(self.node).times.modified
    }

    /// The length of a file's data in bytes; 0 for a directory.
    ///
    /// IMAPI2: `IFsiFileItem::get_DataSize`.
    #[doc(alias = "get_DataSize")]
    #[doc(alias = "get_DataSize32BitLow")]
    #[doc(alias = "get_DataSize32BitHigh")]
    #[must_use]
    pub fn data_size(&self) -> u64 {
        self.view
            .tree()
            .content_of(self.node)
            .map_or(0, |(_, content)| content.len)
    }

    /// Opens a file's data.
    ///
    /// IMAPI2: `IFsiFileItem::get_Data`.
    ///
    /// # Errors
    ///
    /// - [`Error::NotAFile`] for a directory.
    /// - [`Error::ReadSource`] and [`Error::SourceChanged`] as when the image is read.
    #[doc(alias = "get_Data")]
    pub fn data(&self) -> Result<ItemData<'a>> {
        let tree = self.view.tree();
        let Some((_, content)) = tree.content_of(self.node) else {
            return Err(Error::NotAFile {
                path: self.full_path(),
            });
        };
        let opened = OpenContent::open(content, |file| {
            tree.open_host(file, &mut RecentDirectory::default())
        })
        .map_err(|failure| read_error(tree, self.node, failure))?;
        Ok(ItemData {
            item: *self,
            opened,
            len: content.len,
            position: 0,
        })
    }

    /// The number of items in a directory; 0 for a file.
    ///
    /// IMAPI2: `IFsiDirectoryItem::get_Count`.
    #[doc(alias = "get_Count")]
    #[must_use]
    pub fn count(&self) -> usize {
        let tree = self.view.tree();
        tree.directory(self.node)
            .map_or(0, |directory| tree.count(directory))
    }

    /// The items of a directory, sorted by the bytes of their names; empty for a file. A clone continues from where it
    /// was made.
    ///
    /// IMAPI2: `IFsiDirectoryItem::get_EnumFsiItems`, `IEnumFsiItems`.
    #[doc(alias = "get_EnumFsiItems")]
    #[doc(alias = "get__NewEnum")]
    #[doc(alias = "Next")]
    #[doc(alias = "Skip")]
    #[doc(alias = "Reset")]
    #[doc(alias = "Clone")]
    #[must_use]
    pub fn children(&self) -> impl ExactSizeIterator<Item = Self> + Clone + use<'a> {
        let tree = self.view.tree();
        let children = tree
            .directory(self.node)
            .map_or_else(Vec::new, |directory| tree.children(directory));
        let view = self.view;
        children.into_iter().map(move |node| Self::new(view, node))
    }

    /// All items below a directory, each directory before its items.
    pub fn descendants(&self) -> impl Iterator<Item = Self> + use<'a> {
        let mut todo: Vec<Self> = self.children().collect();
        todo.reverse();
        std::iter::from_fn(move || {
            let item = todo.pop()?;
            let before = todo.len();
            todo.extend(item.children());
            todo[before..].reverse();
            Some(item)
        })
    }

    /// Returns the item at `path` below this directory. Exact names come first; otherwise a name matches if it is the
    /// only one that differs by case.
    ///
    /// IMAPI2: `IFsiDirectoryItem::get_Item`.
    ///
    /// # Errors
    ///
    /// - [`Error::ItemNotFound`] when `path` does not exist.
    /// - [`Error::DirectoryNotFound`] and [`Error::NotADirectory`] when a directory on the way is missing.
    /// - [`Error::AmbiguousName`] when several names differ by case and none is exact.
    #[doc(alias = "get_Item")]
    pub fn item(&self, path: impl Into<ImagePath>) -> Result<Self> {
        let path = path.into();
        match self.view.look_up(self.node, &path)? {
            Some(node) => Ok(Self::new(self.view, node)),
            None => Err(Error::ItemNotFound {
                path: ImagePath::from_components(
                    self.full_path().components().chain(path.components()),
                ),
            }),
        }
    }

    /// Returns this item's name in one file system, without the version number of ISO 9660.
    ///
    /// The first call in a directory examines all its names.
    ///
    /// IMAPI2: `IFsiItem::FileSystemName`.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] when `file_system` is not exactly one.
    /// - [`Error::PropertyNotAccessible`] for a named stream in any file system except UDF.
    /// - [`Error::NoUniqueName`] when some item of the directory cannot be given a name.
    #[doc(alias = "FileSystemName")]
    pub fn file_system_name(&self, file_system: FileSystems) -> Result<String> {
        Ok(self.name_in(file_system)?.0)
    }

    /// Returns why this item's name differs in one file system; empty if it does not.
    ///
    /// Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// Those of [`Item::file_system_name`].
    pub fn name_change(&self, file_system: FileSystems) -> Result<NameChange> {
        Ok(self.name_in(file_system)?.1)
    }

    fn name_in(&self, file_system: FileSystems) -> Result<(String, NameChange)> {
        if self.is_named_stream() && file_system != FileSystems::UDF {
            return Err(Error::PropertyNotAccessible {
                path: self.full_path(),
                property: "name in a file system other than UDF",
            });
        }
        self.view.file_system_name(self.node, file_system)
    }

    /// Returns this item's path in one file system.
    ///
    /// IMAPI2: `IFsiItem::FileSystemPath`.
    ///
    /// # Errors
    ///
    /// Those of [`Item::file_system_name`].
    #[doc(alias = "FileSystemPath")]
    pub fn file_system_path(&self, file_system: FileSystems) -> Result<ImagePath> {
        self.view.file_system_path(self.node, file_system)
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("path", &self.full_path())
            .field("kind", &self.kind())
            .finish()
    }
}

/// The data of a file, opened for reading.
pub struct ItemData<'a> {
    item: Item<'a>,
    opened: OpenContent,
    len: u64,
    position: u64,
}

impl Read for ItemData<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(self.position);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        if len > 0 {
            self.opened
                .read_exact_at(&mut buf[..len], self.position)
                .map_err(|failure| read_error(self.item.view.tree(), self.item.node, failure))?;
            self.position += len as u64;
        }
        Ok(len)
    }
}

impl Seek for ItemData<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl fmt::Debug for ItemData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemData")
            .field("item", &self.item)
            .field("len", &self.len)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

//! Changing the items of an image.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::Path;

#[cfg(doc)]
use super::FileSystemImage;
use super::item::Item;
use super::new_item::NewItem;
use crate::add_tree::{TreeOptions, TreeSummary, add_tree};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::file_systems::{FeatureSupport, InvalidValue, UdfRevision};
use crate::path::ImagePath;
use crate::source::Source;
use crate::time::Timestamp;
use crate::tree::{ItemAttributes, NodeId};

/// An item of the image, to be changed. It lives until the next change to the tree.
pub struct ItemMut<'a> {
    pub(super) draft: &'a mut Draft,
    pub(super) node: NodeId,
}

impl ItemMut<'_> {
    /// The item in its current state.
    #[must_use]
    pub const fn item(&self) -> Item<'_> {
        Item::new(self.draft.view(), self.node)
    }

    /// Marks the item as hidden, in every file system.
    ///
    /// IMAPI2: `IFsiItem::put_IsHidden`.
    #[doc(alias = "put_IsHidden")]
    pub fn set_is_hidden(&mut self, hidden: bool) {
        self.change(|attributes| attributes.hidden = hidden);
    }

    /// Marks a file as one for real-time reading, such as a recording (UDF 2.3.5.2.1 and 6.11 of 2.01). This can be set
    /// for any revision of UDF and without UDF; the result reports whether it currently has an effect.
    ///
    /// IMAPI2: `IFsiFileItem2::put_IsRealTime`.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFile`] for a directory, [`Error::PropertyNotAccessible`] for a named stream.
    #[doc(alias = "put_IsRealTime")]
    pub fn set_is_real_time(&mut self, real_time: bool) -> Result<FeatureSupport> {
        if self.item().is_directory() {
            return Err(Error::NotAFile {
                path: self.item().full_path(),
            });
        }
        if self.item().is_named_stream() {
            return Err(Error::PropertyNotAccessible {
                path: self.item().full_path(),
                property: "real-time attribute",
            });
        }
        self.change(|attributes| attributes.real_time = real_time);
        Ok(self.draft.settings.support(UdfRevision::V2_01))
    }

    /// Sets when the item was created.
    ///
    /// ISO 9660 and Joliet record only the modification time, UDF up to 1.50 that and the access time, and later
    /// revisions all three.
    ///
    /// IMAPI2: `IFsiItem::put_CreationTime`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDate`] when strict and one of the other times is earlier.
    ///
    /// IMAPI2 differs: its order of times is not documented, and files copied on Windows are regularly modified before
    /// they are created; so only strict images check it.
    #[doc(alias = "put_CreationTime")]
    pub fn set_creation_time(&mut self, time: impl Into<Timestamp>) -> Result<()> {
        let mut attributes = self.attributes();
        attributes.times.created = time.into();
        self.set_checked(attributes)
    }

    /// Sets when the item was last read.
    ///
    /// IMAPI2: `IFsiItem::put_LastAccessedTime`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDate`] when strict and `time` is earlier than the creation.
    #[doc(alias = "put_LastAccessedTime")]
    pub fn set_last_accessed_time(&mut self, time: impl Into<Timestamp>) -> Result<()> {
        let mut attributes = self.attributes();
        attributes.times.accessed = time.into();
        self.set_checked(attributes)
    }

    /// Sets when the item was last changed.
    ///
    /// IMAPI2: `IFsiItem::put_LastModifiedTime`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidDate`] when strict and `time` is earlier than the creation.
    #[doc(alias = "put_LastModifiedTime")]
    pub fn set_last_modified_time(&mut self, time: impl Into<Timestamp>) -> Result<()> {
        let mut attributes = self.attributes();
        attributes.times.modified = time.into();
        self.set_checked(attributes)
    }

    fn attributes(&self) -> ItemAttributes {
        self.draft.tree().attributes(self.node)
    }

    fn change(&mut self, change: impl FnOnce(&mut ItemAttributes)) {
        let mut attributes = self.attributes();
        change(&mut attributes);
        self.draft.tree_mut().set_attributes(self.node, attributes);
    }

    fn set_checked(&mut self, attributes: ItemAttributes) -> Result<()> {
        if self.draft.settings.strict {
            check_times(&attributes, || self.item().full_path())?;
        }
        self.change(|old| *old = attributes);
        Ok(())
    }
}

/// Checks that neither the modification nor the access precedes the creation.
fn check_times(attributes: &ItemAttributes, path: impl Fn() -> ImagePath) -> Result<()> {
    let times = &attributes.times;
    for (time, name) in [
        (times.modified, "modification time"),
        (times.accessed, "access time"),
    ] {
        if time < times.created {
            return Err(Error::InvalidDate {
                path: path(),
                earlier: name,
                later: "creation time",
            });
        }
    }
    Ok(())
}

impl fmt::Debug for ItemMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ItemMut").field(&self.item()).finish()
    }
}

/// A directory of the image, to add items to and remove items from.
///
/// Paths are relative to this directory. All directories on the way must exist.
///
/// IMAPI2: `IFsiDirectoryItem`.
pub struct DirectoryMut<'a> {
    pub(super) draft: DraftRef<'a>,
    pub(super) node: NodeId,
}

/// Where a directory has its draft.
///
/// The root owns it, so that an image can lend its root by reference: what is got from that lives as long as the borrow of
/// the image, and not only until the end of the expression.
pub(super) enum DraftRef<'a> {
    Owned(Box<Draft>),
    Borrowed(&'a mut Draft),
}

impl Deref for DraftRef<'_> {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        match self {
            Self::Owned(draft) => draft,
            Self::Borrowed(draft) => draft,
        }
    }
}

impl DerefMut for DraftRef<'_> {
    fn deref_mut(&mut self) -> &mut Draft {
        match self {
            Self::Owned(draft) => draft,
            Self::Borrowed(draft) => draft,
        }
    }
}

impl DirectoryMut<'static> {
    /// The root directory of a draft.
    pub(super) fn root(draft: Draft) -> Self {
        Self {
            draft: DraftRef::Owned(Box::new(draft)),
            node: NodeId::ROOT,
        }
    }
}

impl<'a> DirectoryMut<'a> {
    pub(super) const fn at(draft: &'a mut Draft, node: NodeId) -> Self {
        Self {
            draft: DraftRef::Borrowed(draft),
            node,
        }
    }
}

impl DirectoryMut<'_> {
    /// The directory in its current state.
    #[must_use]
    pub fn item(&self) -> Item<'_> {
        Item::new(self.draft.view(), self.node)
    }

    /// The directory's attributes, to be changed.
    #[must_use]
    pub fn as_item_mut(&mut self) -> ItemMut<'_> {
        ItemMut {
            draft: &mut self.draft,
            node: self.node,
        }
    }

    /// Adds an empty directory; an existing directory is left as it is.
    ///
    /// The new directory gets the image's time for all its times.
    ///
    /// IMAPI2: `IFsiDirectoryItem::AddDirectory`.
    ///
    /// # Errors
    ///
    /// - [`Error::DuplicateName`] when a file has the name.
    /// - [`Error::InvalidName`] when the name is invalid: empty, `.` or `..`, longer than 255 UTF-16 units, with a `/`
    ///   or a null character, or one that a [strict](FileSystemImage::set_strict_file_system_compliance) image refuses.
    /// - [`Error::RestrictedName`] when it has characters outside the restricted set.
    /// - [`Error::DirectoryNotFound`] and [`Error::NotADirectory`] when the parent directory is missing.
    /// - [`Error::TooDeep`], [`Error::TooManyDirectories`] and [`Error::ImageSizeLimit`] when the image has no room for
    ///   it.
    ///
    /// ```
    /// # fn main() -> imapi2fs::Result<()> {
    /// let mut image = imapi2fs::FileSystemImage::new();
    /// image.root_mut().add_directory("boot")?.add_file("menu", "…")?;
    ///
    /// let mut docs = image.root_mut().add_directory("docs")?;
    /// docs.add_file("readme", "…")?;
    /// docs.add_file("licence", "…")?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "AddDirectory")]
    pub fn add_directory(&mut self, path: impl Into<ImagePath>) -> Result<DirectoryMut<'_>> {
        let path = path.into();
        let node = match path.is_root() {
            true => self.node,
            false => self.add_directory_node(&path, self.draft.attributes_now())?,
        };
        Ok(DirectoryMut::at(&mut self.draft, node))
    }

    /// Adds a directory with the directories on the way to it that are missing; existing ones are left as they are.
    ///
    /// All of them get the image's time for all their times. After an error none of them is added.
    ///
    /// Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// Those of [`DirectoryMut::add_directory`] for each of them.
    ///
    /// ```
    /// # fn main() -> imapi2fs::Result<()> {
    /// let mut image = imapi2fs::FileSystemImage::new();
    /// image.root_mut().add_directory_all("efi/boot")?.add_file("bootx64.efi", vec![0; 512])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_directory_all(&mut self, path: impl Into<ImagePath>) -> Result<DirectoryMut<'_>> {
        let (path, start) = (path.into(), self.node);
        let attributes = self.draft.attributes_now();
        let node = self.draft.transaction(|draft| {
            path.components().try_fold(start, |parent, name| {
                draft.add_directory_node(parent, name, attributes)
            })
        })?;
        Ok(DirectoryMut::at(&mut self.draft, node))
    }

    fn add_directory_node(
        &mut self,
        path: &ImagePath,
        attributes: ItemAttributes,
    ) -> Result<NodeId> {
        let draft = &mut *self.draft;
        let (parent, name) = draft.place(self.node, path)?;
        draft.transaction(|draft| draft.add_directory_node(parent, name, attributes))
    }

    /// Adds a file. The last component of `path` is the file's name.
    ///
    /// The new file gets the image's time for all its times.
    ///
    /// IMAPI2: `IFsiDirectoryItem::AddFile`.
    ///
    /// # Errors
    ///
    /// - [`Error::DuplicateName`] when an item has the name.
    /// - [`Error::OpenSource`], [`Error::SpecialFile`] and [`Error::NameNotUnicode`] when a source file cannot be used;
    ///   [`Error::SourceChanged`] when another file replaces it before it is staged.
    /// - [`Error::ReadSource`], [`Error::OpenStage`] and [`Error::WriteStage`] when staging fails;
    ///   [`Error::WorkingDirectorySpace`] when there is known to be no room for the file before staging begins.
    /// - The errors of [`DirectoryMut::add_directory`].
    #[doc(alias = "AddFile")]
    pub fn add_file(
        &mut self,
        path: impl Into<ImagePath>,
        source: impl Into<Source>,
    ) -> Result<ItemMut<'_>> {
        let attributes = self.draft.attributes_now();
        self.add_file_with(&path.into(), source.into(), attributes)
    }

    fn add_file_with(
        &mut self,
        path: &ImagePath,
        source: Source,
        attributes: ItemAttributes,
    ) -> Result<ItemMut<'_>> {
        let draft = &mut *self.draft;
        if path.is_root() {
            return Err(draft.duplicate(self.node));
        }
        let (parent, name) = draft.place(self.node, path)?;
        let node = draft.transaction(|draft| draft.add_source(parent, name, source, attributes))?;
        Ok(ItemMut { draft, node })
    }

    /// Adds an item made by [`FileSystemImage::create_file_item`] or [`FileSystemImage::create_directory_item`].
    ///
    /// IMAPI2: `IFsiDirectoryItem::Add`.
    ///
    /// # Errors
    ///
    /// Those of [`DirectoryMut::add_file`] and [`DirectoryMut::add_directory`], and [`Error::InvalidDate`] when strict
    /// and one of its times is earlier than its creation.
    #[doc(alias = "Add")]
    pub fn add(&mut self, item: impl Into<NewItem>) -> Result<ItemMut<'_>> {
        let item = item.into();
        let (path, attributes) = match &item {
            NewItem::Directory(item) => (item.path.clone(), item.attributes),
            NewItem::File(item) => (item.path.clone(), item.attributes),
        };
        if self.draft.settings.strict {
            check_times(&attributes, || path.clone())?;
        }
        match item {
            NewItem::File(item) => self.add_file_with(&path, item.source, attributes),
            NewItem::Directory(_) => {
                let (parent, name) = self.draft.place(self.node, &path)?;
                if let Some(node) = self.draft.existing(parent, name)? {
                    return Err(self.draft.duplicate(node));
                }
                let node = self.add_directory_node(&path, attributes)?;
                Ok(ItemMut {
                    draft: &mut self.draft,
                    node,
                })
            }
        }
    }

    /// Adds the contents of a host directory, or the directory itself; or a single file.
    ///
    /// The call adds everything or nothing: after an error the image is as it was. Directories that exist in the image
    /// are merged, and the source's files replace the image's. All three times of an item are set to its modification
    /// time. Links are followed according to [`LinkPolicy::Follow`](crate::LinkPolicy::Follow). The working directory
    /// is skipped if it lies in the source and was set or is in use.
    ///
    /// A user with write access to the source cannot smuggle in files that they may not read: links that replace a
    /// directory or file after it was found are not followed, neither now nor when the image is read, and each file
    /// must still be the one that was found. On Linux this holds for the whole path, on other Unix systems below the
    /// source; on Windows other programs cannot rename a directory during the walk. Hard links and mounts count as
    /// contents of the source: only some systems keep users from making them of what they cannot read.
    ///
    /// On Unix the tree may be deeper than the system's longest path, but links that deep are not followed; on Windows
    /// only the system limits the path, to 32,767 characters.
    ///
    /// IMAPI2: `IFsiDirectoryItem::AddTree`.
    ///
    /// # Errors
    ///
    /// - [`Error::ReadDirectory`] when a source directory cannot be read.
    /// - [`Error::NameNotUnicode`] when a source's name is not Unicode.
    /// - [`Error::UnresolvableLink`], [`Error::LinkNotAllowed`] and [`Error::SpecialFile`] according to the link
    ///   policy.
    /// - [`Error::TooManyCopies`] when links to directories multiply, see [`TreeOptions::max_copies`].
    /// - [`Error::DuplicateName`] when a source file would replace a directory or the reverse.
    /// - The errors of [`DirectoryMut::add_file`].
    #[doc(alias = "AddTree")]
    pub fn add_tree(
        &mut self,
        source: impl AsRef<Path>,
        include_base_directory: bool,
    ) -> Result<TreeSummary> {
        let options = TreeOptions::new().include_base_directory(include_base_directory);
        self.add_tree_with(source, &options)
    }

    /// Adds a directory or file like [`DirectoryMut::add_tree`], with more options.
    ///
    /// # Errors
    ///
    /// Those of [`DirectoryMut::add_tree`], and [`Error::AmbiguousName`] as described at [`TreeOptions::ignore_case`].
    pub fn add_tree_with(
        &mut self,
        source: impl AsRef<Path>,
        options: &TreeOptions,
    ) -> Result<TreeSummary> {
        let node = self.node;
        let source = source.as_ref();
        self.draft
            .transaction(|draft| add_tree(draft, node, source, options))
    }

    /// Adds a tree like [`DirectoryMut::add_tree`], with the named streams of all files: on Unix these are extended
    /// attributes. On systems that have attribute name spaces only those of users are taken, without the prefix
    /// `user.`.
    ///
    /// Streams with invalid names are [left out](TreeSummary::left_out). A stream counts once for each name of its
    /// file.
    ///
    /// IMAPI2: `IFsiDirectoryItem2::AddTreeWithNamedStreams`. IMAPI2 differs: it loses streams after the 1000th of an
    /// image; here they are an error.
    ///
    /// # Errors
    ///
    /// Those of [`DirectoryMut::add_tree`] and [`ItemMut::add_stream`], and [`Error::ReadStreams`] when streams cannot
    /// be read; on Windows and other systems that cannot list streams, always.
    #[doc(alias = "AddTreeWithNamedStreams")]
    pub fn add_tree_with_named_streams(
        &mut self,
        source: impl AsRef<Path>,
        include_base_directory: bool,
    ) -> Result<TreeSummary> {
        let options = TreeOptions::new()
            .include_base_directory(include_base_directory)
            .named_streams(true);
        self.add_tree_with(source, &options)
    }

    /// Removes a file or an empty directory.
    ///
    /// IMAPI2: `IFsiDirectoryItem::Remove`.
    ///
    /// # Errors
    ///
    /// - [`Error::ItemNotFound`] when `path` does not exist.
    /// - [`Error::DirectoryNotEmpty`] when the directory has items.
    /// - [`Error::InvalidParameter`] when `path` is this directory itself.
    #[doc(alias = "Remove")]
    pub fn remove(&mut self, path: impl Into<ImagePath>) -> Result<()> {
        let path = path.into();
        let item = self.item().item(&path)?;
        let (node, items) = (item.node, item.count());
        if items > 0 {
            return Err(Error::DirectoryNotEmpty {
                path: item.full_path(),
                items,
            });
        }
        if path.is_root() {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "path",
                value: path.to_string(),
                expected: "an item of this directory",
            }));
        }
        self.draft.transaction(|draft| {
            draft.tree_mut().remove(node);
            Ok(())
        })
    }

    /// Removes a directory and everything in it; the root, and this directory itself (an empty path), is only emptied.
    ///
    /// IMAPI2: `IFsiDirectoryItem::RemoveTree`.
    ///
    /// # Errors
    ///
    /// - [`Error::DirectoryNotFound`] when `path` does not exist.
    /// - [`Error::NotADirectory`] for a file.
    #[doc(alias = "RemoveTree")]
    pub fn remove_tree(&mut self, path: impl Into<ImagePath>) -> Result<()> {
        let path = path.into();
        let item = match self.item().item(&path) {
            Err(Error::ItemNotFound { path }) => return Err(Error::DirectoryNotFound { path }),
            item => item?,
        };
        if !item.is_directory() {
            return Err(Error::NotADirectory {
                path: item.full_path(),
            });
        }
        let nodes: Vec<NodeId> = if path.is_root() {
            item.children().map(|child| child.node).collect()
        } else {
            vec![item.node]
        };
        self.draft.transaction(|draft| {
            let tree = draft.tree_mut();
            for node in nodes {
                tree.remove(node);
            }
            Ok(())
        })
    }
}

impl fmt::Debug for DirectoryMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DirectoryMut").field(&self.item()).finish()
    }
}

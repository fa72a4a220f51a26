//! Items that are not in the image yet.

use crate::path::ImagePath;
use crate::source::Source;
use crate::time::Timestamp;
use crate::tree::ItemAttributes;

/// A directory or a file that is not in the image yet.
#[derive(Debug)]
#[non_exhaustive]
pub enum NewItem {
    /// A directory.
    Directory(NewDirectory),
    /// A file.
    File(NewFile),
}

impl From<NewDirectory> for NewItem {
    fn from(item: NewDirectory) -> Self {
        Self::Directory(item)
    }
}

impl From<NewFile> for NewItem {
    fn from(item: NewFile) -> Self {
        Self::File(item)
    }
}

/// A directory that is not in the image yet.
#[derive(Debug)]
pub struct NewDirectory {
    pub(super) path: ImagePath,
    pub(super) attributes: ItemAttributes,
}

/// A file that is not in the image yet.
#[derive(Debug)]
pub struct NewFile {
    pub(super) path: ImagePath,
    pub(super) source: Source,
    pub(super) attributes: ItemAttributes,
}

macro_rules! attributes {
    ($item:ident) => {
        impl $item {
            /// Marks the item as hidden.
            #[must_use]
            pub const fn with_hidden(mut self, hidden: bool) -> Self {
                self.attributes.hidden = hidden;
                self
            }

            /// Sets when the item was created. Default: the image's time.
            #[must_use]
            pub fn with_creation_time(mut self, time: impl Into<Timestamp>) -> Self {
                self.attributes.times.created = time.into();
                self
            }

            /// Sets when the item was last read. Default: the image's time.
            #[must_use]
            pub fn with_last_accessed_time(mut self, time: impl Into<Timestamp>) -> Self {
                self.attributes.times.accessed = time.into();
                self
            }

            /// Sets when the item was last changed. Default: the image's time.
            #[must_use]
            pub fn with_last_modified_time(mut self, time: impl Into<Timestamp>) -> Self {
                self.attributes.times.modified = time.into();
                self
            }
        }
    };
}

attributes!(NewDirectory);
attributes!(NewFile);

impl NewFile {
    /// Marks the file as one for real-time reading, see
    /// [`ItemMut::set_is_real_time`](crate::ItemMut::set_is_real_time).
    #[must_use]
    pub const fn with_real_time(mut self, real_time: bool) -> Self {
        self.attributes.real_time = real_time;
        self
    }
}

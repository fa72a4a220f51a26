//! Named streams: data a file has beside its own, by names of their own (UDF 3.3.5 of 2.00).

use super::FileSystemImage;
use super::edit::ItemMut;
use super::item::Item;
use crate::error::{Error, NameProblem, Result};
use crate::file_systems::{FeatureSupport, UdfRevision};
use crate::source::{Content, Source};
use crate::tree::{Attributes, ContentId, NodeId, TreeFull, same_folded};

/// The most named streams an image can have.
const MAX_STREAMS: u32 = 1000;

/// How names of streams begin that UDF itself uses (UDF 3.3.7 of 2.00).
const RESERVED: &str = "*UDF ";

impl<'a> Item<'a> {
    /// Whether this is a named stream of a file. Its [`full_path`](Item::full_path) is the file's with a colon and the
    /// stream's name behind.
    ///
    /// IMAPI2: `IFsiFileItem2::get_IsNamedStream`.
    #[doc(alias = "get_IsNamedStream")]
    #[must_use]
    pub fn is_named_stream(&self) -> bool {
        self.tree().is_stream(self.node)
    }

    /// The named streams of a file, sorted by the bytes of their names; directories and streams have none.
    ///
    /// IMAPI2: `IFsiFileItem2::get_FsiNamedStreams`, `IFsiNamedStreams`. IMAPI2 differs: asked for those of a stream it
    /// fails.
    #[doc(alias = "get_FsiNamedStreams")]
    #[doc(alias = "IFsiNamedStreams")]
    #[doc(alias = "get_EnumNamedStreams")]
    #[doc(alias = "get_Item")]
    #[doc(alias = "get__NewEnum")]
    #[doc(alias = "get_Count")]
    #[must_use]
    pub fn named_streams(&self) -> impl ExactSizeIterator<Item = Self> + Clone + use<'a> {
        let streams = self.tree().streams(self.node);
        let file = *self;
        streams.into_iter().map(move |node| file.other(node))
    }

    /// The named stream of exactly this name. IMAPI2 differs: `IFsiNamedStreams::get_Item` takes a place among them, which
    /// is for `nth` of [`Item::named_streams`].
    ///
    /// # Errors
    ///
    /// [`Error::ItemNotFound`] when there is none.
    pub fn named_stream(&self, name: &str) -> Result<Self> {
        let stream = self.tree().stream(self.node, name);
        stream.map(|node| self.other(node)).ok_or_else(|| {
            let file = self.full_path();
            Error::ItemNotFound {
                path: file.with_stream(name),
            }
        })
    }
}

impl ItemMut<'_> {
    /// Adds a named stream to a file. Only UDF of 2.00 and later has such streams; what is returned tells whether it
    /// has an effect as things are. The stream's times are the image's.
    ///
    /// Characters are free as in names of files; a name may not begin with `*UDF `.
    ///
    /// IMAPI2: `IFsiFileItem2::AddStream`. IMAPI2 differs: it refuses it (`IMAPI_E_READONLY`) when the image continues a
    /// disc.
    ///
    /// # Errors
    ///
    /// - [`Error::NotAFile`] for a directory, [`Error::PropertyNotAccessible`] for a named stream.
    /// - [`Error::InvalidName`] and [`Error::RestrictedName`] when the name cannot be.
    /// - [`Error::DuplicateName`] when the file has a stream of that name.
    /// - [`Error::TooManyStreams`] when the image has 1000, those of a file of several names counted for each. IMAPI2
    ///   differs: it loses the data.
    /// - Those of [`DirectoryMut::add_file`](crate::DirectoryMut::add_file) about sources and sizes.
    #[doc(alias = "AddStream")]
    pub fn add_stream(
        &mut self,
        name: impl AsRef<str>,
        source: impl Into<Source>,
    ) -> Result<FeatureSupport> {
        let file = self.node;
        let (name, source) = (name.as_ref(), source.into());
        let image = &mut *self.image;
        let attributes = image.attributes_now();
        image.transaction(|image| {
            image.check_stream(file, name)?;
            let path = image.view.tree().path(file).with_stream(name);
            let content = image.content(source, &path)?;
            image.add_stream_node(file, name, Stream::New(content), attributes)
        })?;
        Ok(image.settings.support(UdfRevision::V2_00))
    }

    /// Removes a named stream from a file. What is returned tells whether it would have been in the image.
    ///
    /// IMAPI2: `IFsiFileItem2::RemoveStream`.
    ///
    /// # Errors
    ///
    /// - [`Error::ItemNotFound`] when the file has no stream of exactly that name.
    /// - [`Error::NotAFile`] for a directory, [`Error::PropertyNotAccessible`] for a named stream.
    #[doc(alias = "RemoveStream")]
    pub fn remove_stream(&mut self, name: impl AsRef<str>) -> Result<FeatureSupport> {
        self.image.check_has_streams(self.node)?;
        let stream = self.item().named_stream(name.as_ref())?.node;
        self.image.transaction(|image| {
            image.view.tree_mut().remove_stream(stream);
            Ok(())
        })?;
        Ok(self.image.settings.support(UdfRevision::V2_00))
    }

    /// A named stream of the file, to be changed.
    ///
    /// # Errors
    ///
    /// Those of [`Item::named_stream`].
    pub fn named_stream_mut(&mut self, name: &str) -> Result<ItemMut<'_>> {
        let node = self.item().named_stream(name)?.node;
        Ok(ItemMut {
            image: self.image,
            node,
        })
    }
}

/// Where the data of a stream comes from.
pub(super) enum Stream {
    New(Content),
    /// What another file's stream has, whose file is the same.
    Shared(ContentId),
}

impl FileSystemImage {
    /// Checks that `file` is one that can have streams.
    fn check_has_streams(&self, file: NodeId) -> Result<()> {
        let tree = self.view.tree();
        if tree.is_directory(file) {
            return Err(Error::NotAFile {
                path: tree.path(file),
            });
        }
        if tree.is_stream(file) {
            return Err(Error::PropertyNotAccessible {
                path: tree.path(file),
                property: "named streams",
            });
        }
        Ok(())
    }

    /// Checks that `file` can have one more stream, of this name.
    pub(super) fn check_stream(&self, file: NodeId, name: &str) -> Result<()> {
        self.check_has_streams(file)?;
        let tree = self.view.tree();
        self.check_name(name, || tree.path(file))
            .map_err(|error| match error {
                Error::RestrictedName { .. } => Error::RestrictedName {
                    path: tree.path(file).with_stream(name),
                },
                error => error,
            })?;
        if name.starts_with(RESERVED) {
            return Err(Error::InvalidName {
                path: tree.path(file),
                name: name.to_owned(),
                problem: NameProblem::Reserved,
            });
        }
        let is_same = |node: NodeId| {
            let other = tree.name(node);
            other == name || self.settings.strict && same_folded(other, name)
        };
        let mut streams = tree.streams_unsorted(file).iter().copied();
        if let Some(existing) = streams.find(|node| is_same(*node)) {
            return Err(Error::DuplicateName {
                path: tree.path(file).with_stream(name),
                existing: format!("stream `{}`", tree.name(existing)),
            });
        }
        if tree.totals().streams >= MAX_STREAMS && !self.defer_checks {
            return Err(Error::TooManyStreams {
                path: tree.path(file).with_stream(name),
                limit: MAX_STREAMS,
            });
        }
        Ok(())
    }

    /// Checks what was not checked while a call replaced items; `last` is the last of them.
    pub(super) fn check_deferred(&mut self, last: NodeId) -> Result<()> {
        self.defer_checks = false;
        self.check_size(last)?;
        let tree = self.view.tree();
        if tree.totals().streams > MAX_STREAMS {
            return Err(Error::TooManyStreams {
                path: tree.path(last),
                limit: MAX_STREAMS,
            });
        }
        Ok(())
    }

    /// Adds a stream that was checked.
    pub(super) fn add_stream_node(
        &mut self,
        file: NodeId,
        name: &str,
        stream: Stream,
        attributes: Attributes,
    ) -> Result<()> {
        let tree = self.view.tree_mut();
        let node = (|| {
            let name = tree.add_name(name)?;
            let content = match stream {
                Stream::New(content) => tree.add_content(content)?,
                Stream::Shared(content) => content,
            };
            tree.add_stream(file, name, content, attributes)
        })()
        .map_err(|TreeFull| self.full(file, name))?;
        self.check_size(node)
    }
}

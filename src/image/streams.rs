//! Named streams: data that a file has besides its own, under names of their own (UDF 3.3.5 of 2.00).

use super::edit::ItemMut;
use super::item::Item;
use crate::error::{Error, Result};
use crate::file_systems::{FeatureSupport, UdfRevision};
use crate::source::Source;

impl<'a> Item<'a> {
    /// Whether this is a named stream of a file. Its [`full_path`](Item::full_path) is the file's path, followed by a
    /// colon and the stream's name.
    ///
    /// IMAPI2: `IFsiFileItem2::get_IsNamedStream`.
    #[doc(alias = "get_IsNamedStream")]
    #[must_use]
    pub fn is_named_stream(&self) -> bool {
        self.tree().is_stream(self.node)
    }

    /// The named streams of a file, sorted by the bytes of their names; directories and streams have none.
    ///
    /// IMAPI2: `IFsiFileItem2::get_FsiNamedStreams`, `IFsiNamedStreams`. IMAPI2 differs: it fails for a stream.
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

    /// Returns the named stream of exactly this name. IMAPI2 differs: `IFsiNamedStreams::get_Item` takes an index; use
    /// `nth` of [`Item::named_streams`] for that.
    ///
    /// # Errors
    ///
    /// [`Error::ItemNotFound`] when no stream has this name.
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
    /// Adds a named stream to a file. Only UDF 2.00 and later has such streams; the result reports whether the call
    /// currently has an effect. The stream gets the image's time for all its times.
    ///
    /// A name may have the same characters as a file name, but may not begin with `*UDF `.
    ///
    /// IMAPI2: `IFsiFileItem2::AddStream`. IMAPI2 differs: it refuses the call (`IMAPI_E_READONLY`) when the image
    /// continues a disc.
    ///
    /// # Errors
    ///
    /// - [`Error::NotAFile`] for a directory, [`Error::PropertyNotAccessible`] for a named stream.
    /// - [`Error::InvalidName`] and [`Error::RestrictedName`] when the name is not allowed.
    /// - [`Error::DuplicateName`] when the file has a stream of that name.
    /// - [`Error::TooManyStreams`] when the image has 1000, where those of a file with several names count once for
    ///   each. IMAPI2 differs: it loses the data.
    /// - Those of [`DirectoryMut::add_file`](crate::DirectoryMut::add_file) about sources and sizes.
    #[doc(alias = "AddStream")]
    pub fn add_stream(
        &mut self,
        name: impl AsRef<str>,
        source: impl Into<Source>,
    ) -> Result<FeatureSupport> {
        let file = self.node;
        let (name, source) = (name.as_ref(), source.into());
        let draft = &mut *self.draft;
        let attributes = draft.attributes_now();
        draft.transaction(|draft| {
            draft.check_stream(file, name)?;
            let path = draft.tree().path(file).with_stream(name);
            let (content, unstored) = draft.source_content(source, &path, true)?;
            let content = draft.add_stream_node(file, name, content, attributes)?;
            draft.remember(unstored, true, content);
            Ok(())
        })?;
        Ok(draft.settings.support(UdfRevision::V2_00))
    }

    /// Removes a named stream from a file. The result reports whether the stream would have been in the image.
    ///
    /// IMAPI2: `IFsiFileItem2::RemoveStream`.
    ///
    /// # Errors
    ///
    /// - [`Error::ItemNotFound`] when the file has no stream of exactly that name.
    /// - [`Error::NotAFile`] for a directory, [`Error::PropertyNotAccessible`] for a named stream.
    #[doc(alias = "RemoveStream")]
    pub fn remove_stream(&mut self, name: impl AsRef<str>) -> Result<FeatureSupport> {
        self.draft.check_has_streams(self.node)?;
        let stream = self.item().named_stream(name.as_ref())?.node;
        self.draft.transaction(|draft| {
            draft.tree_mut().remove_stream(stream);
            Ok(())
        })?;
        Ok(self.draft.settings.support(UdfRevision::V2_00))
    }

    /// Returns a named stream of the file, to be changed.
    ///
    /// # Errors
    ///
    /// Those of [`Item::named_stream`].
    pub fn named_stream_mut(&mut self, name: &str) -> Result<ItemMut<'_>> {
        let node = self.item().named_stream(name)?.node;
        Ok(ItemMut {
            draft: self.draft,
            node,
        })
    }
}

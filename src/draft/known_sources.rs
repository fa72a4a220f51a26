//! The sources that an image recognizes when the caller adds a clone of one.

use std::collections::HashMap;

use crate::source::{Source, SourceKey};
use crate::tree::ContentId;

/// The contents of sources of which the caller may have clones, apart for files and for named streams.
///
/// It holds the sources, so that no other one gets the address by which they are recognized.
#[derive(Clone, Default)]
pub(super) struct KnownSources(HashMap<(SourceKey, bool), (Source, ContentId)>);

/// The key and the source to remember once the content is in the tree.
pub(crate) struct Unstored(pub(super) Option<(SourceKey, Source)>);

impl KnownSources {
    /// Returns the content of a source that was added to a file, or to a named stream.
    pub(super) fn content(&self, key: SourceKey, stream: bool) -> Option<ContentId> {
        self.0.get(&(key, stream)).map(|(_, content)| *content)
    }

    pub(super) fn add(&mut self, key: SourceKey, stream: bool, source: Source, content: ContentId) {
        self.0.insert((key, stream), (source, content));
    }

    /// Forgets the sources whose contents do not pass.
    pub(super) fn retain(&mut self, passes: impl Fn(ContentId) -> bool) {
        self.0.retain(|_, (_, content)| passes(*content));
    }
}

//! Named streams: nodes whose parent is a file.
//!
//! An image has few of them, so each file that has any keeps a list, which is searched from its beginning.

use super::{ContentId, ItemAttributes, NameRef, NodeId, NodeKind, Tree, TreeFull};

impl Tree {
    pub(crate) fn is_stream(&self, node: NodeId) -> bool {
        self.node(node).stream
    }

    /// Returns the streams of a file in the order of adding.
    pub(crate) fn streams_unsorted(&self, file: NodeId) -> &[NodeId] {
        self.streams.get(&file).map_or(&[], Vec::as_slice)
    }

    /// Returns the streams of a file, sorted by the bytes of their names.
    pub(crate) fn streams(&self, file: NodeId) -> Vec<NodeId> {
        let mut streams = self.streams_unsorted(file).to_vec();
        self.sort(&mut streams);
        streams
    }

    /// Returns the stream of exactly that name.
    pub(crate) fn stream(&self, file: NodeId, name: &str) -> Option<NodeId> {
        let mut streams = self.streams_unsorted(file).iter().copied();
        streams.find(|stream| self.name(*stream) == name)
    }

    /// Adds a stream to a file; its name must be unused.
    pub(crate) fn add_stream(
        &mut self,
        file: NodeId,
        name: NameRef,
        content: ContentId,
        attributes: ItemAttributes,
    ) -> Result<NodeId, TreeFull> {
        let node = self.add_node(file, name, content.0, false, attributes)?;
        self.nodes[node.0 as usize].stream = true;
        self.streams.entry(file).or_default().push(node);
        self.totals.streams += 1;
        self.refer_to(content, true);
        Ok(node)
    }

    /// Removes a stream.
    pub(crate) fn remove_stream(&mut self, node: NodeId) {
        let file = self.parent(node);
        let old = self.streams_unsorted(file).to_vec();
        self.undo.streams(file, &old);
        self.take_stream(node);
    }

    /// Removes all streams of a file.
    pub(crate) fn clear_streams(&mut self, file: NodeId) {
        let streams = self.streams.remove(&file).unwrap_or_default();
        for stream in &streams {
            self.discount_stream(*stream);
        }
        if !streams.is_empty() {
            self.undo.streams(file, &streams);
        }
    }

    /// Gives a file its former streams back. Streams added since are removed together with their nodes.
    pub(super) fn attach_streams(&mut self, file: NodeId, streams: Vec<NodeId>) {
        let now = self.streams_unsorted(file);
        let gone = streams.iter().filter(|stream| !now.contains(stream));
        for stream in gone.copied().collect::<Vec<_>>() {
            self.count_stream(stream);
        }
        self.streams.insert(file, streams);
    }

    /// Removes a stream from its file.
    pub(super) fn take_stream(&mut self, node: NodeId) {
        let file = self.parent(node);
        if let Some(streams) = self.streams.get_mut(&file) {
            streams.retain(|stream| *stream != node);
            if streams.is_empty() {
                self.streams.remove(&file);
            }
        }
        self.discount_stream(node);
    }

    pub(super) fn count_stream(&mut self, node: NodeId) {
        self.totals.streams += 1;
        if let NodeKind::File(content) = self.kind(node) {
            self.refer_to(content, true);
        }
    }

    pub(super) fn discount_stream(&mut self, node: NodeId) {
        self.totals.streams -= 1;
        if let NodeKind::File(content) = self.kind(node) {
            self.drop_reference(content, true);
        }
    }

    /// Releases the data of a stream that no file has.
    pub(super) fn free_stream(&mut self, node: NodeId) {
        if let NodeKind::File(content) = self.kind(node) {
            self.free(content);
        }
    }
}

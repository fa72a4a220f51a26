//! The ISO 9660 volume of a bootable image that otherwise has UDF alone; El Torito requires one (El Torito 2.0).
//!
//! Its directory is empty, or has a file that says where the others are.

use std::sync::Arc;

use crate::error::Result;
use crate::iso9660::{self, Hierarchy, HierarchyNames, Iso9660Names};
use crate::source::{ContentData, FileContent};
use crate::space::{DataOptions, DataPlan, Map, Space};
use crate::time::Timestamp;
use crate::tree::{ItemAttributes, NodeId, Sequence, Times, Tree};

/// The only file that a stub can have.
pub(crate) const README: &str = "README.TXT";

/// The plan of such a volume.
#[derive(Debug)]
pub(crate) struct Stub {
    pub hierarchy: Arc<Hierarchy<Iso9660Names>>,
    data: Arc<DataPlan>,
    readme: Arc<[u8]>,
}

impl Stub {
    /// The fewest blocks that it takes: two path tables and a directory.
    pub(crate) const LEAST_BLOCKS: u64 = 3;

    pub(crate) fn take(
        readme: Option<&Arc<[u8]>>,
        time: Timestamp,
        names: iso9660::Iso9660Names,
        options: DataOptions,
        space: &mut Space,
    ) -> Result<Self> {
        let mut tree = Tree::new(time);
        if let Some(readme) = readme {
            let content = FileContent {
                len: readme.len() as u64,
                references: 0,
                data: ContentData::Memory(Arc::new(readme.clone())),
            };
            let attributes = ItemAttributes {
                times: Times::all(time),
                hidden: false,
                real_time: false,
            };
            // An empty tree has room for one file.
            let _ = tree.add_name(README).and_then(|name| {
                let content = tree.add_content(content)?;
                tree.add_file(NodeId::ROOT, name, content, attributes)
            });
        }
        let tree = Arc::new(tree);
        let sequence = Arc::new(Sequence::new(&tree));
        let hierarchy = Hierarchy::take(&tree, &sequence, names, space)?;
        let data = DataPlan::take(&tree, &sequence, options, space)?;
        Ok(Self {
            hierarchy: Arc::new(hierarchy),
            data: Arc::new(data),
            readme: readme.cloned().unwrap_or_default(),
        })
    }

    /// Puts the hierarchy and the file on the map.
    pub(crate) fn put(&self, names: HierarchyNames, map: &mut Map) {
        self.hierarchy.write(&self.data, names, map);
        map.bytes(self.data.extent(), README, self.readme.clone());
    }
}

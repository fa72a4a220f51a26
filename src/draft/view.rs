//! A tree together with the settings that decide its items' names in each file system.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::naming::Naming;
use crate::codec::unique::{Mapped, NameChange, NameRules, renamed};
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InvalidValue};
use crate::path::ImagePath;
use crate::tree::{NodeId, Tree};

/// The names of a directory's items that differ from the ones the rules give.
type RenamedItems = Arc<HashMap<NodeId, String>>;

/// The renamed items, or the item that cannot be given a name.
type Named = std::result::Result<RenamedItems, NodeId>;

/// A tree to be read.
#[derive(Debug)]
pub(crate) struct View {
    tree: Arc<Tree>,
    naming: Naming,
    /// The renamed items of each directory asked for, so that asking for all of them stays linear.
    renamed: Mutex<HashMap<(NodeId, FileSystems), Named>>,
}

impl Clone for View {
    fn clone(&self) -> Self {
        Self::new(self.tree.clone(), self.naming)
    }
}

impl View {
    pub(crate) fn new(tree: Arc<Tree>, naming: Naming) -> Self {
        Self {
            tree,
            naming,
            renamed: Mutex::default(),
        }
    }

    pub(crate) const fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }

    /// The tree, to be changed; results and snapshots keep theirs.
    pub(crate) fn tree_mut(&mut self) -> &mut Tree {
        self.forget_names();
        Arc::make_mut(&mut self.tree)
    }

    pub(crate) const fn naming(&self) -> Naming {
        self.naming
    }

    pub(crate) fn set_naming(&mut self, naming: Naming) {
        self.forget_names();
        self.naming = naming;
    }

    pub(crate) fn forget_names(&mut self) {
        self.renamed
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Finds the item called `name` in `directory`: the exact name, else the only one that differs by case.
    pub(crate) fn find(&self, directory: NodeId, name: &str) -> Result<Option<NodeId>> {
        let tree = &*self.tree;
        if let Some(node) = tree.child(directory, name) {
            return Ok(Some(node));
        }
        let alike = tree.alike(directory, name);
        match alike.count() {
            0 | 1 => Ok(alike.first()),
            matches => Err(Error::AmbiguousName {
                path: tree.path(directory).join(name),
                matches,
            }),
        }
    }

    /// Finds the item at `path` below `from`; returns `None` if the last name is missing.
    ///
    /// # Errors
    ///
    /// [`Error::DirectoryNotFound`] or [`Error::NotADirectory`] when a directory on the way is missing.
    pub(crate) fn look_up(&self, from: NodeId, path: &ImagePath) -> Result<Option<NodeId>> {
        let mut node = from;
        let mut names = path.components().peekable();
        while let Some(name) = names.next() {
            match self.find(node, name)? {
                Some(found) => node = found,
                None if names.peek().is_none() => return Ok(None),
                None => {
                    return Err(Error::DirectoryNotFound {
                        path: self.tree.path(node).join(name),
                    });
                }
            }
            if names.peek().is_some() && !self.tree.is_directory(node) {
                return Err(Error::NotADirectory {
                    path: self.tree.path(node),
                });
            }
        }
        Ok(Some(node))
    }

    /// Returns the name of an item in one file system, and why it is not the item's own.
    pub(crate) fn file_system_name(
        &self,
        node: NodeId,
        file_system: FileSystems,
    ) -> Result<(String, NameChange)> {
        let rules = self.rules(file_system)?;
        let mut mapped = Mapped::default();
        if node == NodeId::ROOT {
            return Ok((String::new(), NameChange::empty()));
        }
        let tree = &*self.tree;
        rules.map(tree.name(node), tree.is_directory(node), &mut mapped);
        let renamed = self.renamed_in(tree.parent(node), file_system, rules.as_ref())?;
        Ok(match renamed.get(&node) {
            Some(name) => (name.clone(), mapped.changes | NameChange::COLLISION),
            None => (mapped.text, mapped.changes),
        })
    }

    /// Returns the path of an item in one file system.
    pub(crate) fn file_system_path(
        &self,
        node: NodeId,
        file_system: FileSystems,
    ) -> Result<ImagePath> {
        self.rules(file_system)?;
        if self.tree.is_stream(node) {
            let file = self.file_system_path(self.tree.parent(node), file_system)?;
            return Ok(file.with_stream(&self.file_system_name(node, file_system)?.0));
        }
        let mut names = Vec::new();
        let mut at = node;
        while at != NodeId::ROOT {
            names.push(self.file_system_name(at, file_system)?.0);
            at = self.tree.parent(at);
        }
        Ok(ImagePath::from_components(names.into_iter().rev()))
    }

    fn rules(&self, file_system: FileSystems) -> Result<Box<dyn NameRules>> {
        self.naming.rules(file_system).ok_or_else(|| {
            Error::InvalidParameter(InvalidValue {
                parameter: "file system",
                value: file_system.to_string(),
                expected: "exactly one file system",
            })
        })
    }

    fn renamed_in(
        &self,
        parent: NodeId,
        file_system: FileSystems,
        rules: &dyn NameRules,
    ) -> Result<RenamedItems> {
        let tree = &*self.tree;
        let mut cache = self.renamed.lock().unwrap_or_else(PoisonError::into_inner);
        let named = cache.entry((parent, file_system)).or_insert_with(|| {
            let children = match tree.directory(parent) {
                Some(directory) => tree.children(directory),
                None => tree.streams(parent),
            };
            let items = children.iter().map(|node| tree.named(*node));
            let names = renamed(rules, items).map_err(|place| children[place])?;
            let names = names.into_iter();
            let names = names.map(|(place, name)| (children[place], name));
            Ok(Arc::new(names.collect()))
        });
        named.clone().map_err(|node| Error::NoUniqueName {
            path: tree.path(node),
            file_system,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::cmp::Ordering;

    use super::*;
    use crate::file_systems::InterchangeLevel;
    use crate::iso9660;
    use crate::source::FileContent;
    use crate::time::Timestamp;
    use crate::tree::{ItemAttributes, Times};

    /// Rules of a file system that allows only one name; counts the calls.
    #[derive(Default)]
    struct OneName(Cell<usize>);

    impl NameRules for OneName {
        fn map(&self, _: &str, _: bool, out: &mut Mapped) {
            self.0.set(self.0.get() + 1);
            *out = Mapped {
                text: "A".to_owned(),
                stem_len: 1,
                stem_limit: 1,
                changes: NameChange::LENGTH,
            };
        }

        fn before_number(&self) -> &'static str {
            "~"
        }

        fn units(&self, _: char) -> usize {
            1
        }

        fn fold(&self, text: &str, out: &mut String) {
            out.push_str(text);
        }

        fn compare(&self, a: &str, b: &str) -> Ordering {
            a.cmp(b)
        }
    }

    fn view_of(names: &[&str]) -> View {
        let time = Timestamp::from(std::time::SystemTime::UNIX_EPOCH);
        let mut tree = Tree::new(time);
        let attributes = ItemAttributes {
            times: Times::all(time),
            hidden: false,
            real_time: false,
        };
        for name in names {
            let name = tree.add_name(name).unwrap();
            let content = tree.add_content(FileContent::default()).unwrap();
            tree.add_file(NodeId::ROOT, name, content, attributes)
                .unwrap();
        }
        let naming = Naming {
            level: InterchangeLevel::One,
            strict: false,
            relaxed: iso9660::Relaxed::default(),
            joliet_limit: None,
        };
        View::new(Arc::new(tree), naming)
    }

    #[test]
    fn what_cannot_be_given_a_name_is_named() {
        let view = view_of(&["one", "other"]);
        let error = view
            .renamed_in(NodeId::ROOT, FileSystems::ISO9660, &OneName::default())
            .unwrap_err();
        assert_eq!(error.hresult().0, 0xC0AA_B113);
        let Error::NoUniqueName { path, file_system } = error else {
            panic!("{error}");
        };
        assert_eq!(path.to_string(), "/other");
        assert_eq!(file_system, FileSystems::ISO9660);
    }

    /// A report on 24,000 files used to scan their directory for each of them.
    #[test]
    fn names_that_cannot_be_are_not_looked_for_again() {
        let view = view_of(&["a", "b", "c"]);
        let rules = OneName::default();
        let look = || {
            let named = view.renamed_in(NodeId::ROOT, FileSystems::ISO9660, &rules);
            (named.unwrap_err().to_string(), rules.0.get())
        };
        let first = look();
        assert_eq!(look(), first);
    }
}

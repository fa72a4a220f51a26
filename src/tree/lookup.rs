//! Finds an item of a directory by its name.

use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::Tree;
use super::index::{Alike, Crowd, Hash, Indexed, MOST_ALIKE};
use super::names::{folded, hash_folded, same_folded};
use super::node::NodeId;

impl Tree {
    /// Returns the item of exactly that name.
    pub(crate) fn child(&self, directory: NodeId, name: &str) -> Option<NodeId> {
        let hash = self.hash(directory, name);
        let is_it = |other: &Indexed| {
            compared();
            other.hash == hash
                && self.parent(other.node) == directory
                && self.name(other.node) == name
        };
        let found = self.index.find(hash.spread(), is_it);
        let found = found.or_else(|| {
            let crowd = self.crowd(directory, name)?;
            let hash = self.exact_hash(name);
            crowd.find(hash.spread(), |other| {
                compared();
                other.hash == hash && self.name(other.node) == name
            })
        });
        found.map(|indexed| indexed.node)
    }

    /// Returns the items of that name, without regard to case.
    pub(crate) fn alike(&self, directory: NodeId, name: &str) -> Alike<'_> {
        let hash = self.hash(directory, name);
        let nodes = self
            .index
            .iter_hash(hash.spread())
            .inspect(|_| compared())
            .filter(|other| other.hash == hash)
            .map(|indexed| indexed.node)
            .filter(|node| self.parent(*node) == directory && same_folded(self.name(*node), name));
        let (mut count, mut first) = (0, None);
        for node in nodes {
            count += 1;
            first = Some(first.map_or(node, |first: NodeId| first.min(node)));
        }
        let crowd = self.crowd(directory, name);
        Alike {
            count: count + crowd.map_or(0, HashTable::len),
            first,
            crowd,
        }
    }

    fn crowd(&self, directory: NodeId, name: &str) -> Option<&Crowd> {
        // An ordinary tree has no crowds.
        if self.crowds.is_empty() {
            return None;
        }
        self.crowds.get(&(directory, folded(name)))
    }

    fn hash(&self, directory: NodeId, name: &str) -> Hash {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(directory.0);
        hash_folded(name, &mut hasher);
        Hash(hasher.finish() as u32)
    }

    fn exact_hash(&self, name: &str) -> Hash {
        Hash(self.hasher.hash_one(name) as u32)
    }

    /// Adds a node that is in its directory to the tables.
    pub(super) fn index_node(&mut self, node: NodeId) {
        let hash = self.hash(self.parent(node), self.name(node));
        let is_alike = |other: &Indexed| {
            compared();
            other.hash == hash
        };
        let spread = |other: &Indexed| other.hash.spread();
        // Nearly all names are unlike any other: one lookup shows that and finds the place.
        if let Entry::Vacant(vacant) = self.index.entry(hash.spread(), is_alike, spread) {
            vacant.insert(Indexed { hash, node });
            return;
        }
        let alike = self.index.iter_hash(hash.spread());
        let (table, hash) = if alike.filter(|other| is_alike(other)).count() < MOST_ALIKE {
            (&mut self.index, hash)
        } else {
            let name = self.name(node);
            let (key, hash) = ((self.parent(node), folded(name)), self.exact_hash(name));
            (self.crowds.entry(key).or_default(), hash)
        };
        table.insert_unique(hash.spread(), Indexed { hash, node }, spread);
    }

    /// Removes a node from the tables.
    pub(super) fn unindex(&mut self, node: NodeId) {
        let hash = self.hash(self.parent(node), self.name(node));
        let is_it = |other: &Indexed| {
            compared();
            other.node == node
        };
        if let Ok(entry) = self.index.find_entry(hash.spread(), is_it) {
            entry.remove();
            return;
        }
        if self.crowds.is_empty() {
            return;
        }
        let name = self.name(node);
        let (key, hash) = ((self.parent(node), folded(name)), self.exact_hash(name));
        let Some(crowd) = self.crowds.get_mut(&key) else {
            return;
        };
        if let Ok(entry) = crowd.find_entry(hash.spread(), is_it) {
            entry.remove();
        }
        if crowd.is_empty() {
            self.crowds.remove(&key);
        } else if crowd.capacity() / 4 > crowd.len() {
            // Finding the only node left would go through the whole table.
            crowd.shrink_to(2 * crowd.len(), |other| other.hash.spread());
        }
    }
}

/// Tests count the comparisons.
#[cfg(not(test))]
const fn compared() {}

#[cfg(test)]
fn compared() {
    tests::COMPARED.with(|count| count.set(count.get() + 1));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::source::FileContent;
    use crate::time::Timestamp;
    use crate::tree::{ItemAttributes, Times};

    thread_local! {
        pub(super) static COMPARED: Cell<u32> = const { Cell::new(0) };
    }

    const COUNT: u32 = 4096;

    fn attributes() -> ItemAttributes {
        ItemAttributes {
            times: Times::all(Timestamp::from_unix(0)),
            hidden: false,
            real_time: false,
        }
    }

    fn tree() -> Tree {
        Tree::new(Timestamp::from_unix(0))
    }

    fn add(tree: &mut Tree, directory: NodeId, name: &str) -> NodeId {
        assert_eq!(tree.child(directory, name), None);
        let name = tree.add_name(name).unwrap();
        let content = tree.add_content(FileContent::default()).unwrap();
        tree.add_file(directory, name, content, attributes())
            .unwrap()
    }

    /// Returns one of 2¹⁶ names that differ by the case of their letters; the first is in lower case.
    fn variant(number: u32) -> String {
        let letters = ('a'..='n').chain(['ü', 'ж']).enumerate();
        let folded = letters.map(|(bit, letter)| {
            if (number >> bit) & 1 == 0 {
                letter
            } else {
                letter.to_uppercase().next().unwrap()
            }
        });
        folded.collect()
    }

    /// Checks that `work` compares only a few nodes for each of the names.
    fn each(what: &str, work: impl FnOnce()) {
        COMPARED.set(0);
        work();
        let compared = COMPARED.get();
        assert!(
            compared < 40 * COUNT,
            "{what}: {compared} for {COUNT} names"
        );
    }

    /// Each name used to be compared with all others: 50,000 names on a disc took 20 s.
    #[test]
    fn names_that_differ_by_case_do_not_make_each_other_slow() {
        let mut tree = tree();
        let root = NodeId::ROOT;
        tree.begin();
        each("adding", || {
            for number in 0..COUNT {
                add(&mut tree, root, &variant(number));
            }
        });
        tree.keep();
        let found = |tree: &Tree, number| tree.child(root, &variant(number));
        each("finding", || {
            for number in 0..COUNT {
                assert_eq!(found(&tree, number), Some(NodeId(1 + number)));
            }
        });
        each("finding without regard to case", || {
            for number in COUNT..2 * COUNT {
                assert_eq!(found(&tree, number), None);
                let alike = tree.alike(root, &variant(number));
                assert_eq!(alike.count(), COUNT as usize);
                assert_eq!(alike.first(), Some(NodeId(1)));
            }
        });
        tree.begin();
        each("removing", || {
            for number in 0..COUNT {
                tree.remove(NodeId(1 + number));
                let left = tree.alike(root, &variant(0)).count() as u32;
                assert_eq!(left, COUNT - 1 - number);
            }
        });
        tree.keep();
        assert!(tree.crowds.is_empty() && tree.index.is_empty());
        each("taking removals back", || {
            tree.take_back();
        });
        for number in 0..COUNT {
            assert_eq!(found(&tree, number), Some(NodeId(1 + number)));
        }
        each("taking additions back", || {
            tree.take_back();
        });
        assert!(tree.crowds.is_empty() && tree.index.is_empty());
    }

    #[test]
    fn further_names_are_found_when_the_first_are_gone() {
        let mut tree = tree();
        let root = NodeId::ROOT;
        let directory = tree.add_directory(root, "other", attributes()).unwrap();
        for number in 0..100 {
            add(&mut tree, root, &variant(number));
            add(&mut tree, directory, &variant(number));
        }
        let nodes = |tree: &Tree| -> Vec<_> {
            let nodes = (0..100).map(|number| tree.child(root, &variant(number)));
            nodes.flatten().collect()
        };
        let all = nodes(&tree);
        assert_eq!(all.len(), 100);
        // Whichever is removed first, the remaining one is known.
        for order in [[0, 99], [99, 0]] {
            let mut gone = tree.clone();
            for number in 0..99_u32 {
                let place = number.abs_diff(order[0]) as usize;
                gone.remove(all[place]);
                let alike = gone.alike(root, &variant(200));
                assert_eq!(alike.count() as u32, 99 - number);
                assert_eq!(alike.first(), nodes(&gone).first().copied());
            }
            let last = all[order[1] as usize];
            assert_eq!(nodes(&gone), [last]);
            assert_eq!(gone.alike(directory, &variant(200)).count(), 100);
            let new = add(&mut gone, root, &variant(300));
            assert_eq!(gone.child(root, &variant(300)), Some(new));
            gone.begin();
            gone.remove(directory);
            gone.keep();
            gone.lock_in();
            gone.remove(new);
            gone.remove(last);
            assert!(gone.crowds.is_empty() && gone.index.is_empty());
        }
    }

    #[test]
    fn other_names_are_not_alike_in_a_crowd() {
        let mut tree = tree();
        for number in 0..100 {
            add(&mut tree, NodeId::ROOT, &variant(number));
            add(&mut tree, NodeId::ROOT, &format!("file {number}"));
        }
        for number in 0..100 {
            let name = format!("FILE {number}");
            assert_eq!(tree.alike(NodeId::ROOT, &name).count(), 1);
            let exact = tree.child(NodeId::ROOT, &name.to_lowercase());
            assert_eq!(tree.alike(NodeId::ROOT, &name).first(), exact);
        }
        assert_eq!(tree.alike(NodeId::ROOT, "none").count(), 0);
        assert_eq!(tree.alike(NodeId::ROOT, "none").first(), None);
    }
}

//! The names of a tree: one buffer for all, in which a name is known by its place.

use std::fmt;

/// Place of a name in a [`NamePool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameRef(pub u32);

/// Every name is stored as its length in two bytes and its bytes in UTF-8.
#[derive(Clone, Default)]
pub(crate) struct NamePool {
    bytes: Vec<u8>,
}

impl NamePool {
    /// Stores a name of at most 65,535 bytes; nothing if the pool is full at 4 GiB.
    pub(crate) fn push(&mut self, name: &str) -> Option<NameRef> {
        let at = u32::try_from(self.bytes.len()).ok()?;
        let len = u16::try_from(name.len()).ok()?;
        self.bytes.extend_from_slice(&len.to_le_bytes());
        self.bytes.extend_from_slice(name.as_bytes());
        Some(NameRef(at))
    }

    pub(crate) fn get(&self, name: NameRef) -> &str {
        let at = name.0 as usize;
        let len = usize::from(u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]));
        // What was pushed is valid; checking it again costs less than a copy would.
        std::str::from_utf8(&self.bytes[at + 2..at + 2 + len]).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }
}

impl fmt::Debug for NamePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamePool({} bytes)", self.bytes.len())
    }
}

/// Feeds `name` to `hasher` so that names that differ only by case hash alike.
pub(super) fn hash_folded(name: &str, hasher: &mut impl std::hash::Hasher) {
    if name.is_ascii() {
        for byte in name.bytes() {
            hasher.write_u32(u32::from(byte.to_ascii_lowercase()));
        }
    } else {
        for c in name.chars().flat_map(char::to_lowercase) {
            hasher.write_u32(c.into());
        }
    }
}

/// Whether two names are the same without regard to case.
pub(crate) fn same_folded(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars()
        .flat_map(char::to_lowercase)
        .eq(b.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were() {
        let mut pool = NamePool::default();
        let long = "x".repeat(65_535);
        let refs: Vec<_> = ["a", "", "über🎉", &long]
            .iter()
            .map(|name| (*name, pool.push(name).unwrap()))
            .collect();
        for (name, at) in refs {
            assert_eq!(pool.get(at), name);
        }
        assert!(pool.push(&"x".repeat(65_536)).is_none());
    }

    #[test]
    fn case_is_folded_beyond_ascii() {
        assert!(same_folded("ÜBER", "über"));
        assert!(same_folded("README", "readme"));
        assert!(!same_folded("a", "b"));
    }
}

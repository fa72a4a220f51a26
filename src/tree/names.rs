//! The names of a tree, in one buffer, where the position of a name identifies it.

use std::fmt;

/// Position of a name in a [`NamePool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameRef(pub u32);

/// The longest name in bytes. No file system of the host or the image has one this long.
const MAX_LEN: usize = u16::MAX as usize;

/// Bytes of a length. They are ASCII, so that the whole pool is valid text and names need not be checked when they are
/// read.
const LEN_LEN: usize = 3;

/// Bits of a length in each of these bytes, as many as an ASCII character has.
const LEN_BITS: usize = 7;

/// A buffer with the length of every name, followed by its bytes in UTF-8.
#[derive(Clone, Default)]
pub(crate) struct NamePool {
    text: String,
}

impl NamePool {
    /// Stores a name of at most 65,535 bytes; returns `None` if the pool is full at 4 GiB.
    pub(crate) fn push(&mut self, name: &str) -> Option<NameRef> {
        let at = u32::try_from(self.text.len()).ok()?;
        if name.len() > MAX_LEN {
            return None;
        }
        let mask = (1 << LEN_BITS) - 1;
        let lens = (0..LEN_LEN).map(|place| ((name.len() >> (place * LEN_BITS)) & mask) as u8);
        lens.for_each(|len| self.text.push(char::from(len)));
        self.text.push_str(name);
        Some(NameRef(at))
    }

    pub(crate) fn get(&self, name: NameRef) -> &str {
        let at = name.0 as usize;
        let lens = &self.text.as_bytes()[at..at + LEN_LEN];
        let len = lens
            .iter()
            .rev()
            .fold(0, |len, byte| (len << LEN_BITS) | usize::from(*byte));
        &self.text[at + LEN_LEN..at + LEN_LEN + len]
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
    }
}

impl fmt::Debug for NamePool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamePool({} bytes)", self.text.len())
    }
}

/// Feeds `name` to `hasher` so that names that differ only by case hash alike.
pub(super) fn hash_folded(name: &str, hasher: &mut impl std::hash::Hasher) {
    // The whole name is hashed in one form: the lower case of some letters beyond ASCII is ASCII.
    let mut ascii = [0; 64];
    match ascii.get_mut(..name.len()) {
        Some(folded) if name.is_ascii() => {
            folded.copy_from_slice(name.as_bytes());
            folded.make_ascii_lowercase();
            hasher.write(folded);
        }
        _ => hasher.write(folded(name).as_bytes()),
    }
}

/// Returns the common form of names that differ only by case.
pub(super) fn folded(name: &str) -> String {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// Returns `true` if two names are the same without regard to case.
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

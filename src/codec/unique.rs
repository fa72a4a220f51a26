//! Gives every item of a directory a unique name in a file system that cannot hold all names unchanged.
//!
//! The names in a directory depend only on its original names, not on the order in which they were added.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::hash::BuildHasher;

use bitflags::bitflags;
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

bitflags! {
    /// Why an item has another name in a file system.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct NameChange: u8 {
        /// Lower case became upper case.
        const CASE = 1;
        /// Characters the file system cannot hold, or readers drop, were replaced.
        const CHARACTERS = 2;
        /// The name was cut.
        const LENGTH = 4;
        /// Another item of the directory would have the same name.
        const COLLISION = 8;
    }
}

impl std::fmt::Display for NameChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reasons = [
            (Self::CASE, "case"),
            (Self::CHARACTERS, "characters"),
            (Self::LENGTH, "length"),
            (Self::COLLISION, "collision"),
        ];
        let mut separator = "";
        for (_, reason) in reasons.iter().filter(|(flag, _)| self.contains(*flag)) {
            write!(f, "{separator}{reason}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// A name as a file system would have it, in a buffer that is reused.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    /// The name, including separator and extension.
    pub text: String,
    /// Where the extension begins, with its separator.
    pub stem_len: usize,
    /// The most units that the stem may have together with this extension.
    pub stem_limit: usize,
    pub changes: NameChange,
}

impl Mapped {
    pub(crate) fn stem(&self) -> &str {
        &self.text[..self.stem_len]
    }

    pub(crate) fn extension(&self) -> &str {
        &self.text[self.stem_len..]
    }

    /// Appends `text`, with `_` in place of every character that is not allowed.
    pub(crate) fn push_replacing(&mut self, text: &str, is_allowed: impl Fn(char) -> bool) {
        for c in text.chars() {
            if is_allowed(c) {
                self.text.push(c);
            } else {
                self.text.push('_');
                self.changes |= NameChange::CHARACTERS;
            }
        }
    }
}

/// The naming rules of a file system.
pub(crate) trait NameRules {
    /// Writes to `out` the name that an item called `name` gets if no other item takes it.
    fn map(&self, name: &str, directory: bool, out: &mut Mapped);

    /// Returns the text before the number in a name that had to be made unique.
    fn before_number(&self) -> &'static str;

    /// Returns how many units a character has.
    fn units(&self, c: char) -> usize;

    /// Appends to `out` a form of `text` that is equal for names which the file system's readers treat as the same.
    fn fold(&self, text: &str, out: &mut String);

    /// Compares two names as the file system orders them.
    fn compare(&self, a: &str, b: &str) -> Ordering;
}

/// The names that differ from those of [`NameRules::map`], by index in the directory.
pub(crate) type Renamed = Vec<(usize, String)>;

/// Texts in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.push_with(|out| out.push_str(text));
    }

    /// Pushes the text that `append` appends.
    fn push_with(&mut self, append: impl FnOnce(&mut String)) {
        append(&mut self.text);
        self.ends.push(self.text.len());
    }

    fn pop(&mut self) {
        self.ends.pop();
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[place]]
    }
}

/// An item of a directory that needs a unique name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedItem<'a> {
    pub name: &'a str,
    pub is_directory: bool,
    /// Whether it is already on the disc that is continued: new items do not change its name.
    pub is_recorded: bool,
}

/// Finds the items of a directory that need another name than the one from [`NameRules::map`].
///
/// `items` are sorted by name. Fails with the index of an item that cannot be named, if there is one.
pub(crate) fn renamed<'a, R: NameRules + ?Sized>(
    rules: &R,
    items: impl ExactSizeIterator<Item = NamedItem<'a>> + Clone,
) -> Result<Renamed, usize> {
    renamed_among(rules, items, &mut Texts::default())
}

/// Does the same as [`renamed`]; also fills `mapped_texts` with the names from [`NameRules::map`] for all items.
pub(crate) fn renamed_among<'a, R: NameRules + ?Sized>(
    rules: &R,
    items: impl ExactSizeIterator<Item = NamedItem<'a>> + Clone,
    mapped_texts: &mut Texts,
) -> Result<Renamed, usize> {
    mapped_texts.clear();
    let mut folded = Texts::default();
    let mut changed = Vec::with_capacity(items.len());
    let mut mapped = Mapped::default();
    for item in items.clone() {
        rules.map(item.name, item.is_directory, &mut mapped);
        mapped_texts.push(&mapped.text);
        folded.push_with(|out| rules.fold(&mapped.text, out));
        changed.push(!mapped.changes.is_empty());
    }
    let key = |place: u32| folded.get(place as usize);

    // The tree counts its nodes in 32 bits.
    let mut order: Vec<u32> = (0..changed.len() as u32).collect();
    // Among equal names, the first keeps its own: one that is as the caller gave it, else the first by name.
    order.sort_unstable_by(|a, b| {
        let rank = |place: u32| (changed[place as usize], place);
        key(*a).cmp(key(*b)).then_with(|| rank(*a).cmp(&rank(*b)))
    });
    if order.windows(2).all(|pair| key(pair[0]) != key(pair[1])) {
        return Ok(Vec::new());
    }

    let items: Vec<NamedItem<'_>> = items.collect();
    let mut taken = Taken::among(folded);
    let mut numbers = Numbers::default();
    let mut renamed = Vec::new();
    // Recorded items get their names first, as if there were no others.
    for is_recorded in [true, false] {
        let places = order.iter().map(|place| *place as usize);
        let losers: Vec<usize> = places
            .filter(|place| items[*place].is_recorded == is_recorded)
            .filter(|place| !taken.take(*place))
            .collect();
        for place in losers {
            let item = items[place];
            rules.map(item.name, item.is_directory, &mut mapped);
            let text = numbers.next(rules, &mapped, &mut taken).ok_or(place)?;
            renamed.push((place, text));
        }
    }
    renamed.sort_unstable_by_key(|(place, _)| *place);
    Ok(renamed)
}

/// The names taken so far in a directory, folded.
struct Taken {
    names: Texts,
    /// Indexes of the taken ones in `names`.
    index: HashTable<usize>,
    hasher: DefaultHashBuilder,
}

impl Taken {
    /// Begins with none of `names` taken.
    fn among(names: Texts) -> Self {
        Self {
            index: HashTable::with_capacity(names.len()),
            names,
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Takes the name at an index; returns `false` if it was already taken.
    fn take(&mut self, place: usize) -> bool {
        let name = |place: usize| self.names.get(place);
        let hash = |place: &usize| self.hasher.hash_one(name(*place));
        let is_same = |other: &usize| name(*other) == name(place);
        match self.index.entry(hash(&place), is_same, hash) {
            Entry::Vacant(vacant) => {
                vacant.insert(place);
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// Takes the name that `append` appends; returns `false` if it was already taken.
    fn insert_with(&mut self, append: impl FnOnce(&mut String)) -> bool {
        let new = self.names.len();
        self.names.push_with(append);
        let is_new = self.take(new);
        if !is_new {
            self.names.pop();
        }
        is_new
    }
}

/// The numbers used so far, so that none is tried twice.
#[derive(Default)]
struct Numbers {
    /// The next number, by the text before and after it and its number of digits.
    next: HashMap<String, u64>,
    /// The fewest digits with numbers left, by stem, extension and room.
    digits: HashMap<String, usize>,
}

impl Numbers {
    /// Returns a name that was not in `taken`, and takes it.
    fn next<R: NameRules + ?Sized>(
        &mut self,
        rules: &R,
        mapped: &Mapped,
        taken: &mut Taken,
    ) -> Option<String> {
        let before = rules.before_number();
        let mut key = String::new();
        let set_key = |key: &mut String, stem: &str, number: usize| {
            key.clear();
            rules.fold(stem, key);
            key.push('/');
            rules.fold(mapped.extension(), key);
            let _ = write!(key, "/{number}");
        };
        set_key(&mut key, mapped.stem(), mapped.stem_limit);
        let fewest = self.digits.entry_ref(key.as_str()).or_insert(1);
        let mut text = String::new();
        loop {
            let digits = *fewest;
            let room = mapped.stem_limit.checked_sub(before.len() + digits)?;
            let stem = super::text::cut(mapped.stem(), room, |c| rules.units(c));
            let limit = 10_u64.checked_pow(digits as u32)?;
            let first = if digits == 1 { 1 } else { limit / 10 };
            // All names that would be equal with this many digits share one counter.
            set_key(&mut key, stem, digits);
            let number = self.next.entry_ref(key.as_str()).or_insert(first);
            while *number < limit {
                text.clear();
                let _ = write!(text, "{stem}{before}{number}{}", mapped.extension());
                *number += 1;
                if taken.insert_with(|out| rules.fold(&text, out)) {
                    return Some(text);
                }
            }
            *fewest += 1;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns new items with these names.
    pub(crate) fn new_items<'a>(items: &[(&'a str, bool)]) -> Vec<NamedItem<'a>> {
        let item = |(name, is_directory): &(&'a str, bool)| NamedItem {
            name,
            is_directory: *is_directory,
            is_recorded: false,
        };
        items.iter().map(item).collect()
    }
}

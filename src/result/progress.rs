//! Descriptions of an image's blocks, to show the progress of writing it.

use crate::block::{Extent, Lba};
use crate::layout::Layout;
use crate::space::Filling;

/// The description of a block that no structure uses.
const UNUSED: &str = "unused";
/// The description of the blocks before the first descriptor (ECMA-119 6.2.1).
const SYSTEM_AREA: &str = "system area";

/// A run of blocks with a description: the path of a file in the image, or the name of a structure.
///
/// IMAPI2: `IProgressItem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressItem {
    description: String,
    first_block: u32,
    last_block: u32,
}

impl ProgressItem {
    /// The path of a file in the image, or the name of a structure.
    #[doc(alias = "get_Description")]
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The first block, counted from the start of the image.
    #[doc(alias = "get_FirstBlock")]
    #[must_use]
    pub const fn first_block(&self) -> u32 {
        self.first_block
    }

    /// The last block, counted from the start of the image.
    #[doc(alias = "get_LastBlock")]
    #[must_use]
    pub const fn last_block(&self) -> u32 {
        self.last_block
    }

    /// The number of blocks.
    #[doc(alias = "get_BlockCount")]
    #[must_use]
    pub const fn block_count(&self) -> u32 {
        self.last_block - self.first_block + 1
    }
}

/// The parts of an image without gaps, in the order of their blocks. Files without data have no part.
///
/// IMAPI2: `IProgressItems`.
#[derive(Clone, Copy, Debug)]
pub struct ProgressItems<'a> {
    layout: &'a Layout,
}

/// A position between two items: the next block, and where to look it up.
#[derive(Clone, Copy, Debug)]
struct ItemPlace {
    next: Lba,
    part: usize,
    file: usize,
}

impl<'a> ProgressItems<'a> {
    pub(super) const fn new(layout: &'a Layout) -> Self {
        Self { layout }
    }

    /// Returns all items, in the order of their blocks. A clone continues from where it was made.
    ///
    /// IMAPI2: `IProgressItems::get_EnumProgressItems`, `IEnumProgressItems`.
    #[doc(alias = "get_EnumProgressItems")]
    #[doc(alias = "get__NewEnum")]
    #[doc(alias = "get_Item")]
    #[doc(alias = "Next")]
    #[doc(alias = "Skip")]
    #[doc(alias = "Reset")]
    #[doc(alias = "Clone")]
    pub fn iter(&self) -> impl Iterator<Item = ProgressItem> + Clone + use<'a> {
        let items = *self;
        let mut place = ItemPlace {
            next: self.layout.extent.start,
            part: 0,
            file: 0,
        };
        std::iter::from_fn(move || items.item(&mut place))
    }

    /// The number of items.
    #[doc(alias = "get_Count")]
    #[must_use]
    pub fn count(&self) -> usize {
        self.iter().count()
    }

    /// Returns the item that holds a block, counted from the start of the image.
    #[doc(alias = "ProgressItemFromBlock")]
    #[must_use]
    pub fn from_block(&self, block: u32) -> Option<ProgressItem> {
        let extent = self.layout.extent;
        if block >= extent.blocks {
            return None;
        }
        let lba = extent.start + block;
        let parts = self.layout.map.regions();
        let part = parts.partition_point(|part| part.extent.end() <= lba);
        let before = part.checked_sub(1).and_then(|part| parts.get(part));
        let mut place = ItemPlace {
            next: before.map_or(extent.start, |part| part.extent.end()),
            part,
            file: 0,
        };
        match parts
            .get(part)
            .map(|part| (&part.filling, part.extent.start))
        {
            Some((Filling::Files(files), start)) if start <= lba => {
                let file = files.index_at(lba);
                let extent = files.file(file).map(|(_, extent)| extent);
                match extent {
                    // After a file there may be a gap before the next.
                    Some(extent) if extent.end() <= lba => {
                        place.next = extent.end();
                        place.file = file + 1;
                    }
                    Some(extent) if extent.start <= lba => {
                        place.next = extent.start;
                        place.file = file;
                    }
                    _ => place.next = start,
                }
            }
            Some((_, start)) if start <= lba => place.next = start,
            _ => {}
        }
        self.item(&mut place)
    }

    /// Returns the first item with this description.
    #[doc(alias = "ProgressItemFromDescription")]
    #[must_use]
    pub fn from_description(&self, description: &str) -> Option<ProgressItem> {
        self.iter().find(|item| item.description == description)
    }

    /// Returns the item at `place`, and moves `place` past it.
    fn item(&self, place: &mut ItemPlace) -> Option<ProgressItem> {
        let all = self.layout.extent;
        if place.next >= all.end() {
            return None;
        }
        let part = self.layout.map.regions().get(place.part);
        let (description, extent) = match part {
            Some(part) if part.extent.start <= place.next => match &part.filling {
                Filling::Files(files) => match files.file(place.file) {
                    Some((_, extent)) if extent.start > place.next => {
                        (UNUSED.to_owned(), gap(place.next, extent.start))
                    }
                    Some((node, extent)) => {
                        place.file += 1;
                        (files.tree.path(node).to_string(), extent)
                    }
                    None => return None,
                },
                _ => (part.name.to_owned(), part.extent),
            },
            _ => {
                let end = part.map_or(all.end(), |part| part.extent.start);
                let name = if place.next == all.start {
                    SYSTEM_AREA
                } else {
                    UNUSED
                };
                (name.to_owned(), gap(place.next, end))
            }
        };
        if part.is_some_and(|part| part.extent.end() == extent.end()) {
            place.part += 1;
            place.file = 0;
        }
        place.next = extent.end();
        Some(ProgressItem {
            description,
            first_block: extent.start - all.start,
            last_block: extent.end() - all.start - 1,
        })
    }
}

fn gap(start: Lba, end: Lba) -> Extent {
    Extent {
        start,
        blocks: end - start,
    }
}

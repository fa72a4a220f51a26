//! The boot catalog and the boot record that leads to it (El Torito 2.0 to 2.5).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::block::{BLOCK, Lba};

/// Header identifier of the validation entry, and the key bytes at its end (El Torito 2.1).
pub(super) const VALIDATION: u8 = 1;
pub(super) const KEY: [u8; 2] = [0x55, 0xAA];

/// Boot indicator of an image that boots (El Torito 2.2).
pub(super) const BOOTABLE: u8 = 0x88;

/// Section headers: one that others follow, and the last (El Torito 2.3).
pub(super) const HEADER: u8 = 0x90;
pub(super) const LAST_HEADER: u8 = 0x91;

/// Section entry extension (El Torito 2.5). Only read, never written.
pub(super) const EXTENSION: u8 = 0x44;

/// Length in bytes of every entry in a catalog.
pub(super) const ENTRY_LEN: usize = 32;

/// Validation Entry (El Torito 2.1).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct ValidationEntry {
    pub header_id: u8,
    pub platform_id: u8,
    pub reserved: [u8; 2],
    pub id: [u8; 24],
    pub checksum: U16,
    pub key: [u8; 2],
}

/// Initial/Default Entry and Section Entry (El Torito 2.2, 2.4).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct BootEntry {
    pub boot_indicator: u8,
    /// The lower four bits are the emulation.
    pub media_type: u8,
    pub load_segment: U16,
    pub system_type: u8,
    pub unused: u8,
    /// In sectors of 512 bytes.
    pub sector_count: U16,
    pub load_rba: U32,
    pub selection_criteria_type: u8,
    pub selection_criteria: [u8; 19],
}

/// Section Header Entry (El Torito 2.3).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct SectionHeader {
    pub header_indicator: u8,
    pub platform_id: u8,
    pub entries: U16,
    pub id: [u8; 28],
}

const _: () = assert!(
    size_of::<ValidationEntry>() == ENTRY_LEN
        && size_of::<BootEntry>() == ENTRY_LEN
        && size_of::<SectionHeader>() == ENTRY_LEN
);

/// The contents of the catalog's entry for one boot image.
#[derive(Clone, Copy, Debug)]
pub(super) struct CatalogEntry<'a> {
    pub platform_id: u8,
    pub id: &'a str,
    pub media_type: u8,
    pub load_segment: u16,
    pub system_type: u8,
    pub sector_count: u16,
    pub start: Lba,
}

impl CatalogEntry<'_> {
    fn entry(&self) -> BootEntry {
        BootEntry {
            boot_indicator: BOOTABLE,
            media_type: self.media_type,
            load_segment: self.load_segment.into(),
            system_type: self.system_type,
            unused: 0,
            sector_count: self.sector_count.into(),
            load_rba: self.start.0.into(),
            selection_criteria_type: 0,
            selection_criteria: [0; 19],
        }
    }
}

/// Encodes the catalog of some images, the first of which is the default; every other one has a section of its own.
pub(super) fn catalog(images: &[CatalogEntry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BLOCK);
    for (place, image) in images.iter().enumerate() {
        if place == 0 {
            bytes.extend(validation(image).as_bytes());
        } else {
            let last = place + 1 == images.len();
            let header = SectionHeader {
                header_indicator: if last { LAST_HEADER } else { HEADER },
                platform_id: image.platform_id,
                entries: 1.into(),
                id: padded(image.id),
            };
            bytes.extend(header.as_bytes());
        }
        bytes.extend(image.entry().as_bytes());
    }
    bytes.resize(BLOCK, 0);
    bytes
}

fn validation(image: &CatalogEntry<'_>) -> ValidationEntry {
    let mut entry = ValidationEntry {
        header_id: VALIDATION,
        platform_id: image.platform_id,
        reserved: [0; 2],
        id: padded(image.id),
        checksum: 0.into(),
        key: KEY,
    };
    entry.checksum = sum(entry.as_bytes()).wrapping_neg().into();
    entry
}

/// Returns the sum of the words of an entry, which is 0 if the checksum is right.
pub(super) fn sum(entry: &[u8]) -> u16 {
    entry
        .chunks_exact(2)
        .map(|word| u16::from_le_bytes([word[0], word[1]]))
        .fold(0, u16::wrapping_add)
}

fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let len = text.len().min(N);
    bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: CatalogEntry<'_> = CatalogEntry {
        platform_id: 0,
        id: "",
        media_type: 0,
        load_segment: 0,
        system_type: 0,
        sector_count: 4,
        start: Lba(0x0102),
    };

    #[test]
    fn the_checksum_of_an_empty_validation_entry_is_known() {
        let bytes = catalog(&[IMAGE]);
        assert_eq!(bytes[28..32], [0xAA, 0x55, 0x55, 0xAA]);
        assert_eq!(sum(&bytes[..32]), 0);
        assert_eq!(bytes[32..44], [0x88, 0, 0, 0, 0, 0, 4, 0, 2, 1, 0, 0]);
        assert_eq!(bytes.len(), BLOCK);
        assert!(bytes[44..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn as_many_images_as_there_may_be_fill_a_block() {
        let images = [CatalogEntry {
            id: "Me",
            platform_id: 0xEF,
            ..IMAGE
        }; super::super::MAX_ENTRIES];
        let bytes = catalog(&images);
        assert_eq!(bytes.len(), BLOCK);
        assert_eq!(bytes[64..70], [0x90, 0xEF, 1, 0, b'M', b'e']);
        assert_eq!(bytes[BLOCK - 64], 0x91);
        assert_eq!(bytes[BLOCK - 32], 0x88);
    }
}

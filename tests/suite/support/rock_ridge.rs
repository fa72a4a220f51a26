//! Rock Ridge for images that have none: the library does not write it.

use super::bytes::{BLOCK, le32};

/// An item of the root directory, as Rock Ridge shows it.
pub(crate) struct Shown<'a> {
    /// Its identifier in ISO 9660.
    pub(crate) identifier: &'a [u8],
    pub(crate) name: &'a str,
    pub(crate) mode: u32,
    pub(crate) target: Option<&'a str>,
}

/// An ordinary file.
pub(crate) const fn shown<'a>(identifier: &'a [u8], name: &'a str) -> Shown<'a> {
    Shown {
        identifier,
        name,
        mode: 0o100_644,
        target: None,
    }
}

/// Where the root directory of the primary hierarchy begins.
pub(crate) fn root_of(bytes: &[u8]) -> usize {
    le32(bytes, 16 * BLOCK + 158) as usize * BLOCK
}

/// Adds Rock Ridge to the items of the root directory, which is one block.
pub(crate) fn add(bytes: &mut [u8], items: &[Shown<'_>]) {
    let root = root_of(bytes);
    let old = bytes[root..root + BLOCK].to_vec();
    let mut new = Vec::new();
    let mut at = 0;
    while old[at] != 0 {
        let mut record = old[at..at + usize::from(old[at])].to_vec();
        at += record.len();
        let identifier = record[33..33 + usize::from(record[32])].to_vec();
        if at == record.len() {
            record.extend(entry(b"SP", &[0xBE, 0xEF, 0]));
            record.extend(mode(0o040_755));
        }
        if let Some(item) = items.iter().find(|item| item.identifier == identifier) {
            record.extend(mode(item.mode));
            record.extend(name(0, item.name.as_bytes()));
            if let Some(target) = item.target {
                let parts = [&[0, 0, target.len() as u8][..], target.as_bytes()].concat();
                record.extend(entry(b"SL", &parts));
            }
        }
        if record.len() % 2 != 0 {
            record.push(0);
        }
        record[0] = u8::try_from(record.len()).unwrap();
        new.extend(record);
    }
    new.resize(BLOCK, 0);
    bytes[root..root + BLOCK].copy_from_slice(&new);
}

/// An entry of the System Use Sharing Protocol (SUSP 4.1).
pub(crate) fn entry(signature: &[u8; 2], data: &[u8]) -> Vec<u8> {
    let len = u8::try_from(data.len() + 4).unwrap();
    [&signature[..], &[len, 1], data].concat()
}

/// A name, or a part of one (RRIP 4.1.4).
pub(crate) fn name(flags: u8, text: &[u8]) -> Vec<u8> {
    entry(b"NM", &[&[flags][..], text].concat())
}

/// Mode, one link, and an owner (RRIP 4.1.1).
fn mode(mode: u32) -> Vec<u8> {
    let both = |value: u32| [value.to_le_bytes(), value.to_be_bytes()].concat();
    entry(
        b"PX",
        &[both(mode), both(1), both(1000), both(1000)].concat(),
    )
}

//! Checks that bytes are the expected descriptor (ECMA-167 3/7.2, 4/7.2).

use zerocopy::{FromBytes, IntoBytes};

use super::wide;
use crate::block::BLOCK_SIZE;
use crate::error::Error;
use crate::file_systems::FileSystems;
use crate::finding::{ExpectedValue, Fault, Finding, FindingCode};
use crate::udf::tag::{CRC, EntityId, Tag};

/// A CRC of fewer bytes is no evidence for the contents of a descriptor.
const LEAST_COVERED: usize = 8;

/// Returns a finding at byte `at` of the disc.
pub(super) fn finding(at: u64, fault: impl Into<Fault>) -> Finding {
    Finding::new(FileSystems::UDF, block_at(at), fault)
}

/// Returns the error for a fault of the structure at byte `at` of the disc.
pub(super) fn corrupt(at: u64, fault: impl Into<Fault>) -> Error {
    Error::from(finding(at, fault))
}

/// Returns the block of the disc that contains byte `at`.
pub(super) fn block_at(at: u64) -> u32 {
    let block = at.checked_div(BLOCK_SIZE.into());
    block
        .and_then(|block| u32::try_from(block).ok())
        .unwrap_or(u32::MAX)
}

/// Returns `true` if an identifier is `name`.
pub(super) fn is_named(id: &EntityId, name: &[u8]) -> bool {
    let (start, rest) = id.identifier.split_at(name.len().min(id.identifier.len()));
    start == name && rest.iter().all(|byte| *byte == 0)
}

/// Returns the tag at the start of `bytes`, if its checksum is right and it is one of `identifiers`.
pub(super) fn head<'a>(bytes: &'a [u8], identifiers: &'static [u16]) -> Result<&'a Tag, Fault> {
    let Ok((tag, _)) = Tag::ref_from_prefix(bytes) else {
        let least = wide(size_of::<Tag>());
        return Err(FindingCode::UdfCut.below("bytes", wide(bytes.len()), least));
    };
    let identifier = tag.identifier.get();
    if !identifiers.contains(&identifier) {
        let expected = match identifiers {
            [only] => ExpectedValue::Exactly((*only).into()),
            several => ExpectedValue::OneOf(several),
        };
        return Err(FindingCode::UdfTagIdentifier.value("tag identifier", identifier, expected));
    }
    let sum = tag
        .as_bytes()
        .iter()
        .fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    // The checksum does not cover itself.
    let sum = sum.wrapping_sub(tag.checksum);
    if sum != tag.checksum {
        return Err(FindingCode::UdfTagChecksum.differs("checksum", tag.checksum, sum));
    }
    Ok(tag)
}

/// Returns the tag of the descriptor in `bytes`, if nothing is wrong with them.
///
/// Accepts descriptors whose CRC covers nothing, or more than there is, because other readers accept them. Does not
/// check the location in the tag: writers of identifiers got that wrong.
pub(super) fn check<'a>(bytes: &'a [u8], identifiers: &'static [u16]) -> Result<&'a Tag, Fault> {
    let tag = head(bytes, identifiers)?;
    let covered = bytes
        .get(size_of::<Tag>()..)
        .and_then(|rest| rest.get(..usize::from(tag.descriptor_crc_len.get())));
    let crc = tag.descriptor_crc.get();
    match covered.filter(|covered| !covered.is_empty()) {
        Some(covered) if CRC.checksum(covered) != crc => {
            Err(FindingCode::UdfCrc.differs("CRC", crc, CRC.checksum(covered)))
        }
        _ => Ok(tag),
    }
}

/// Returns `true` if `bytes` are such a descriptor with one damaged field: its location or its CRC is right. Ignores
/// the checksum, which covers the other fields of the tag.
pub(super) fn check_loosely(bytes: &[u8], identifiers: &'static [u16], location: u32) -> bool {
    let Ok((tag, _)) = Tag::ref_from_prefix(bytes) else {
        return false;
    };
    let is_crc_right = || {
        let covered = bytes
            .get(size_of::<Tag>()..)
            .and_then(|rest| rest.get(..usize::from(tag.descriptor_crc_len.get())))
            .filter(|covered| covered.len() >= LEAST_COVERED);
        covered.is_some_and(|covered| CRC.checksum(covered) == tag.descriptor_crc.get())
    };
    identifiers.contains(&tag.identifier.get())
        && (tag.location.get() == location || is_crc_right())
}

/// Checks a descriptor as [`check`] does, and that its tag names `location`, where it lies.
pub(super) fn check_at<'a>(
    bytes: &'a [u8],
    identifiers: &'static [u16],
    location: u32,
) -> Result<&'a Tag, Fault> {
    let tag = check(bytes, identifiers)?;
    let named = tag.location.get();
    if named == location {
        Ok(tag)
    } else {
        Err(FindingCode::UdfTagLocation.differs("location", named, location))
    }
}

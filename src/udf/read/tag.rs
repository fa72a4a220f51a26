//! Whether bytes are the descriptor they should be (ECMA-167 3/7.2, 4/7.2).

use zerocopy::{FromBytes, IntoBytes};

use crate::block::BLOCK_SIZE;
use crate::error::Error;
use crate::file_systems::FileSystems;
use crate::udf::tag::{CRC, Tag};

/// A CRC of fewer bytes is no evidence for what a descriptor says.
const LEAST_COVERED: usize = 8;

/// What is wrong with a structure; where it lies is added by who knows.
pub(super) type Fault = &'static str;

/// The error for a fault of the structure at byte `at` of the disc.
pub(super) fn corrupt(at: u64, what: Fault) -> Error {
    Error::Corrupt {
        file_system: FileSystems::UDF,
        block: block_at(at),
        what,
    }
}

/// The error for something at byte `at` of the disc that is not read.
pub(super) fn unsupported(at: u64, feature: &'static str) -> Error {
    Error::UnsupportedFeature {
        file_system: FileSystems::UDF,
        block: block_at(at),
        feature,
    }
}

/// The block of the disc that byte `at` lies in.
pub(super) fn block_at(at: u64) -> u32 {
    let block = at.checked_div(BLOCK_SIZE.into());
    block
        .and_then(|block| u32::try_from(block).ok())
        .unwrap_or(u32::MAX)
}

/// The tag at the start of `bytes`, if its checksum is right and it is one of `identifiers`.
pub(super) fn head<'a>(bytes: &'a [u8], identifiers: &[u16]) -> Result<&'a Tag, Fault> {
    let Ok((tag, _)) = Tag::ref_from_prefix(bytes) else {
        return Err("a descriptor is cut short");
    };
    if !identifiers.contains(&tag.identifier.get()) {
        return Err("a descriptor is of another kind than it should be");
    }
    let sum = tag
        .as_bytes()
        .iter()
        .fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    // The checksum does not cover itself.
    if sum.wrapping_sub(tag.checksum) != tag.checksum {
        return Err("the checksum of a descriptor tag is wrong");
    }
    Ok(tag)
}

/// The tag of the descriptor that is `bytes`, if nothing is wrong with them.
///
/// A CRC that covers nothing, or more than there is, tells nothing; such descriptors are taken, as other readers take
/// them.
/// Whether the tag names its own place is not asked: writers of identifiers got that wrong.
pub(super) fn check<'a>(bytes: &'a [u8], identifiers: &[u16]) -> Result<&'a Tag, Fault> {
    let tag = head(bytes, identifiers)?;
    let covered = bytes
        .get(size_of::<Tag>()..)
        .and_then(|rest| rest.get(..usize::from(tag.descriptor_crc_len.get())));
    match covered {
        Some(covered)
            if !covered.is_empty() && CRC.checksum(covered) != tag.descriptor_crc.get() =>
        {
            Err("the CRC of a descriptor is wrong")
        }
        _ => Ok(tag),
    }
}

/// Whether `bytes` are such a descriptor of which one field is damaged: it names its own place, or its CRC is right. The
/// checksum does not matter, as it is that of the other fields of the tag.
pub(super) fn check_loosely(bytes: &[u8], identifiers: &[u16], location: u32) -> bool {
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

/// The same, for a descriptor that has to name `location`, where it lies.
pub(super) fn check_at<'a>(
    bytes: &'a [u8],
    identifiers: &[u16],
    location: u32,
) -> Result<&'a Tag, Fault> {
    let tag = check(bytes, identifiers)?;
    if tag.location.get() == location {
        Ok(tag)
    } else {
        Err("a descriptor tag names another block than its own")
    }
}

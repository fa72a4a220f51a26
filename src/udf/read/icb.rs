//! File Entries and Extended File Entries, and the ICBs that hold them (ECMA-167 4/14.6 to 4/14.10, 4/14.17, 4/A.5; UDF
//! 2.3.5, 2.3.6, 3.3.4).

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::partition::{Address, LogicalBlocks};
use super::tag::{self, corrupt, finding};
use super::{narrow, wide};
use crate::codec::time::UdfTime;
use crate::error::Result;
use crate::finding::{ExpectedValue, Fault, FindingCode};
use crate::udf::icb::{EntryHead, ExtendedFileEntry, FileEntry, IcbTag};
use crate::udf::tag::{LongAd, Tag, identifier};

/// The most direct and indirect entries of one ICB, and so the most changes of a file on a write-once disc.
const MAX_ENTRIES: usize = 1024;

/// Indirect Entry (ECMA-167 4/14.7).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct IndirectEntry {
    tag: Tag,
    icb_tag: IcbTag,
    indirect_icb: LongAd,
}

/// File types (ECMA-167 4/14.6.6, UDF 2.3.5.2) that the writer does not use.
pub(super) mod file_type {
    /// Some writers use it for an ordinary file.
    pub(crate) const UNSPECIFIED: u8 = 0;
    pub(crate) const BLOCK_DEVICE: u8 = 6;
    pub(crate) const CHARACTER_DEVICE: u8 = 7;
    pub(crate) const FIFO: u8 = 9;
    pub(crate) const SOCKET: u8 = 10;
    pub(crate) const SYMBOLIC_LINK: u8 = 12;
    /// Used from UDF 2.00 on; before, the type of the table is unspecified.
    pub(crate) const VIRTUAL_ALLOCATION_TABLE: u8 = 248;
}

/// The strategy with only one entry, and that of write-once discs (ECMA-167 4/A.5, UDF 6.6).
const ONE_ENTRY: u16 = 4;
const CHAINED: u16 = 4096;

/// The location of an ICB: its first block, and the length of its blocks in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IcbExtent {
    pub address: Address,
    pub len: u32,
}

impl IcbExtent {
    /// Returns the extent that a descriptor names, if it names one.
    pub(super) fn named(ad: LongAd) -> Option<Self> {
        // The upper bits are the type of the extent.
        let len = ad.len.get() & 0x3FFF_FFFF;
        (len != 0).then_some(Self {
            address: ad.into(),
            len,
        })
    }
}

/// An entry as read from the disc.
#[derive(Clone, Copy, Debug)]
pub(super) struct Icb<'a> {
    /// Byte of the disc where the entry is.
    pub at: u64,
    pub address: Address,
    pub file_type: u8,
    /// The type of the allocation descriptors (ECMA-167 4/14.6.8).
    pub allocation_type: u16,
    pub information_len: u64,
    /// Whether an owner is recorded (UDF 3.3.3.1).
    pub has_owner: bool,
    pub accessed: UdfTime,
    pub modified: UdfTime,
    pub created: Option<UdfTime>,
    pub stream_directory: Option<IcbExtent>,
    pub attributes: &'a [u8],
    /// Allocation descriptors, or the data itself.
    pub allocation: &'a [u8],
}

impl<'a> Icb<'a> {
    /// Parses the entry in `block`, whose tag has been checked.
    fn parse(block: &'a [u8], at: u64, address: Address) -> Result<Self, Fault> {
        let is_extended = Tag::ref_from_prefix(block)
            .is_ok_and(|(tag, _)| tag.identifier.get() == identifier::EXTENDED_FILE_ENTRY);
        let icb = |head: &EntryHead, accessed, modified| Self {
            at,
            address,
            file_type: head.icb_tag.file_type,
            allocation_type: head.icb_tag.flags.get() & 7,
            information_len: head.information_len.get(),
            has_owner: head.uid.get() != u32::MAX,
            accessed,
            modified,
            created: None,
            stream_directory: None,
            attributes: &[],
            allocation: &[],
        };
        let (icb, tail, rest) = if is_extended {
            let (entry, rest) =
                ExtendedFileEntry::ref_from_prefix(block).map_err(|_| FindingCode::UdfEntryCut)?;
            let icb = Self {
                created: Some(entry.creation_time),
                stream_directory: IcbExtent::named(entry.stream_directory_icb),
                ..icb(&entry.head, entry.access_time, entry.modification_time)
            };
            (icb, &entry.tail, rest)
        } else {
            let (entry, rest) =
                FileEntry::ref_from_prefix(block).map_err(|_| FindingCode::UdfEntryCut)?;
            let icb = icb(&entry.head, entry.access_time, entry.modification_time);
            (icb, &entry.tail, rest)
        };
        let attributes_len = narrow(tail.extended_attributes_len.get().into());
        let allocation_len = narrow(tail.allocation_descriptors_len.get().into());
        let said = wide(attributes_len).saturating_add(wide(allocation_len));
        rest.split_at_checked(attributes_len)
            .and_then(|(attributes, rest)| {
                Some(Self {
                    attributes,
                    allocation: rest.get(..allocation_len)?,
                    ..icb
                })
            })
            .ok_or_else(|| FindingCode::UdfEntryLength.above("length", said, wide(rest.len())))
    }
}

impl LogicalBlocks {
    /// Reads the prevailing entry of an ICB. `from` is the byte of the disc that names it.
    pub(super) fn icb<'b>(
        &self,
        extent: IcbExtent,
        from: u64,
        block: &'b mut Vec<u8>,
    ) -> Result<Icb<'b>> {
        const DIRECT: [u16; 2] = [identifier::FILE_ENTRY, identifier::EXTENDED_FILE_ENTRY];
        let mut address = extent.address;
        let mut at = self.structure(address, &DIRECT, from, block)?;
        let strategy = strategy(block);
        if strategy == CHAINED {
            (at, address) = self.last_entry(extent, at, block)?;
        } else if strategy != ONE_ENTRY {
            let expected = ExpectedValue::OneOf(&[ONE_ENTRY, CHAINED]);
            let fault = FindingCode::UdfStrategy.value("strategy", strategy, expected);
            self.findings.add(finding(at, fault));
        }
        Icb::parse(block, at, address).map_err(|fault| corrupt(at, fault))
    }

    /// Reads the last entry of a chained ICB, whose first entry is in `block` and at byte `at`.
    fn last_entry(
        &self,
        extent: IcbExtent,
        mut at: u64,
        block: &mut Vec<u8>,
    ) -> Result<(u64, Address)> {
        const ANY: [u16; 3] = [
            identifier::FILE_ENTRY,
            identifier::EXTENDED_FILE_ENTRY,
            identifier::INDIRECT_ENTRY,
        ];
        let mut last = extent.address;
        let mut next = extent.address.checked_add(1);
        // An identifier may name only the first entry; that entry then knows how many follow.
        let mut left = self
            .blocks_of(extent.len.into())
            .max(maximum_entries(block).into())
            .saturating_sub(1);
        let space = self.intact().for_item();
        let mut bytes = Vec::new();
        for _ in 0..MAX_ENTRIES {
            let Some(address) = next.filter(|_| left != 0) else {
                return Ok((at, last));
            };
            // Blocks not yet written end the chain, whatever they contain.
            let here = match space.structure(address, &ANY, at, &mut bytes) {
                Ok(here) => here,
                Err(error) if error.is_limit() => return Err(error),
                Err(_) => return Ok((at, last)),
            };
            left = left.saturating_sub(1);
            next = address.checked_add(1);
            match IndirectEntry::ref_from_prefix(&bytes) {
                Ok((entry, _)) if entry.tag.identifier.get() == identifier::INDIRECT_ENTRY => {
                    let Some(indirect) = IcbExtent::named(entry.indirect_icb) else {
                        return Ok((at, last));
                    };
                    next = Some(indirect.address);
                    left = self.blocks_of(indirect.len.into());
                }
                _ => {
                    std::mem::swap(block, &mut bytes);
                    (at, last) = (here, address);
                }
            }
        }
        Err(corrupt(at, FindingCode::UdfChain))
    }
}

/// Returns the strategy of the entry in `block`.
fn strategy(block: &[u8]) -> u16 {
    EntryHead::ref_from_prefix(block)
        .map(|(head, _)| head.icb_tag.strategy_type.get())
        .unwrap_or_default()
}

/// Returns the most entries that the ICB of the entry in `block` can have.
fn maximum_entries(block: &[u8]) -> u16 {
    EntryHead::ref_from_prefix(block)
        .map(|(head, _)| head.icb_tag.maximum_entries.get())
        .unwrap_or_default()
}

/// Extended Attribute Header Descriptor (ECMA-167 4/14.10.1).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct AttributeHeader {
    tag: Tag,
    implementation_location: U32,
    application_location: U32,
}

/// The beginning of every attribute (ECMA-167 4/14.10.2).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Attribute {
    attribute_type: U32,
    subtype: u8,
    reserved: [u8; 3],
    len: U32,
}

/// File Times (ECMA-167 4/14.10.5), without the beginning that all attributes share. The times that exist follow.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct FileTimes {
    data_len: U32,
    existence: U32,
}

const FILE_TIMES: u32 = 5;

/// Reads the time of creation from extended attributes: a File Entry has no field for it.
pub(super) fn created(attributes: &[u8]) -> Result<Option<UdfTime>, Fault> {
    let Ok((_, mut rest)) = AttributeHeader::ref_from_prefix(attributes) else {
        return Ok(None);
    };
    tag::head(attributes, &[identifier::EXTENDED_ATTRIBUTE_HEADER])?;
    while let Ok((attribute, _)) = Attribute::ref_from_prefix(rest) {
        let len = narrow(attribute.len.get().into());
        if len == 0 && attribute.attribute_type.get() == 0 {
            // The rest is unused.
            break;
        }
        let Some((whole, behind)) = rest.split_at_checked(len) else {
            let code = FindingCode::UdfAttributeLength;
            return Err(code.above("length", wide(len), wide(rest.len())));
        };
        let Some(body) = whole.get(size_of::<Attribute>()..) else {
            let least = wide(size_of::<Attribute>());
            return Err(FindingCode::UdfAttributeCut.below("length", wide(len), least));
        };
        if attribute.attribute_type.get() == FILE_TIMES {
            if let Ok((times, body)) = FileTimes::ref_from_prefix(body) {
                // The time of creation is the first, if it exists.
                if times.existence.get() & 1 != 0 {
                    return Ok(UdfTime::read_from_prefix(body).ok().map(|(time, _)| time));
                }
            }
        }
        rest = behind;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_systems::UdfRevision;
    use crate::time::Timestamp;
    use crate::udf::tag::seal;
    use zerocopy::IntoBytes;

    fn attributes(rest: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; size_of::<AttributeHeader>()];
        seal(
            &mut bytes,
            identifier::EXTENDED_ATTRIBUTE_HEADER,
            UdfRevision::V1_02,
            0,
            8,
        );
        bytes.extend(rest);
        bytes
    }

    #[test]
    fn creation_is_found_behind_other_attributes() {
        let time = UdfTime::from(Timestamp::from_unix(1_000_000_000));
        let mut rest = vec![0, 8, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 9, 9, 9, 9];
        rest.extend([5, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0]);
        rest.extend(time.as_bytes());
        let found = created(&attributes(&rest)).unwrap().unwrap();
        assert_eq!(found.as_bytes(), time.as_bytes());
        rest[32] = 0x20;
        assert!(created(&attributes(&rest)).unwrap().is_none());
    }

    #[test]
    fn attributes_that_make_no_sense_end_the_search() {
        assert!(created(&[]).unwrap().is_none());
        assert!(created(&[0; 24]).is_err());
        assert!(created(&attributes(&[5, 0, 0, 0, 1, 0, 0, 0, 11, 0, 0, 0])).is_err());
        assert!(created(&attributes(&[5, 0, 0, 0, 1, 0, 0, 0, 13, 0, 0, 0])).is_err());
        assert!(created(&attributes(&[0; 40])).unwrap().is_none());
    }
}

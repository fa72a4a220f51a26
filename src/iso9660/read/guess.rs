//! Guesses what damaged records said: they repeat enough to decide.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::context::{Context, SECTOR};
use super::susp;
use crate::codec::both::{BothU16, BothU32};
use crate::finding::FindingCode;
use crate::iso9660::record::DirectoryRecord;

/// The beginning of an Extended Attribute Record (ECMA-119 9.5).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct ExtendedAttributes {
    owner: BothU16,
    group: BothU16,
    rest: [u8; 172],
    version: u8,
}

const _: () = assert!(size_of::<ExtendedAttributes>() == 181);

impl Context {
    /// Returns the byte of the disc at which the data of the record at byte `offset` begins.
    ///
    /// The data follows the extended attribute record, if there is one. A length without such a record is wrong.
    pub(super) fn data_offset(&self, head: &DirectoryRecord, offset: u64) -> u64 {
        let location = head.location_of_extent;
        let is_there = |block: u32| block != 0 && self.offset(block.into()) < self.blocks.len();
        let block = if !is_there(location.get()) && is_there(location.big_endian()) {
            let (found, expected) = (location.get(), location.big_endian());
            let fault = FindingCode::IsoAddressGuessed.differs("address", found, expected);
            self.finding(offset, fault);
            location.big_endian()
        } else {
            if !location.agrees() {
                let other = location.big_endian();
                let fault = FindingCode::IsoAddressHalves;
                self.finding(offset, fault.differs("big-endian", other, location.get()));
            }
            location.get()
        };
        let start = self.offset(block.into());
        let attributes_len = self.offset(head.extended_attribute_record_len.into());
        if attributes_len == 0 {
            return start;
        }
        let mut bytes = [0; size_of::<ExtendedAttributes>()];
        let read = self.blocks.read_at(start, &mut bytes);
        let is_record = read.is_ok()
            && ExtendedAttributes::read_from_bytes(&bytes).is_ok_and(|attributes| {
                attributes.version == 1 && attributes.owner.agrees() && attributes.group.agrees()
            });
        if is_record {
            start.saturating_add(attributes_len)
        } else {
            let len = head.extended_attribute_record_len;
            let fault = FindingCode::IsoExtendedAttributes;
            self.finding(offset, fault.differs("length", len, 0_u8));
            start
        }
    }

    /// Returns the length in bytes of data that begins at byte `start`, taken from the other byte order if only that is
    /// possible.
    pub(super) fn data_len(&self, len: BothU32, start: u64, offset: u64) -> u64 {
        let fits = |len: u32| start.saturating_add(len.into()) <= self.blocks.len();
        let can_be = |len: u32| len != 0 && fits(len);
        if !can_be(len.get()) && can_be(len.big_endian()) {
            let (found, expected) = (len.get(), len.big_endian());
            let fault = FindingCode::IsoLengthGuessed.differs("length", found, expected);
            self.finding(offset, fault);
            return len.big_endian().into();
        }
        if !len.agrees() {
            let fault = FindingCode::IsoLengthHalves;
            self.finding(
                offset,
                fault.differs("big-endian", len.big_endian(), len.get()),
            );
        }
        len.get().into()
    }

    /// Returns the length of a directory, taken from its own record if only that is possible.
    pub(super) fn directory_len(&self, start: u64, len: u64, offset: u64) -> u64 {
        if is_in_reach(self, start, len) {
            return len;
        }
        let mut own = [0; size_of::<DirectoryRecord>()];
        let read = self.blocks.read_at(start, &mut own);
        let own = DirectoryRecord::read_from_bytes(&own).ok();
        let own_len = own
            .filter(|own| read.is_ok() && self.offset(own.location_of_extent.get().into()) == start)
            .map(|own| u64::from(own.data_len.get()))
            .filter(|len| is_in_reach(self, start, *len));
        let Some(own_len) = own_len else {
            return len;
        };
        let fault = FindingCode::IsoDirectoryLengthGuessed;
        self.finding(offset, fault.differs("length", len, own_len));
        own_len
    }
}

/// Returns `true` if the numbers that a record holds twice agree and differ from the filling of damaged blocks.
pub(super) fn is_plausible(head: &DirectoryRecord) -> bool {
    let number = head.volume_sequence_number;
    head.location_of_extent.agrees()
        && head.data_len.agrees()
        && number.agrees()
        && number.get() != u16::MAX
}

/// Guesses the length of an identifier in `rest`, the bytes after a record's fixed part, if the recorded one is
/// impossible.
pub(super) fn identifier_len(rest: &[u8], susp_skip: Option<u8>) -> usize {
    // A file's version number ends the identifier.
    let semicolon = rest.iter().position(|byte| *byte == b';');
    if let Some(at) = semicolon {
        let digits = rest
            .iter()
            .skip(at)
            .skip(1)
            .take_while(|byte| byte.is_ascii_digit());
        let len = at.saturating_add(1).saturating_add(digits.count());
        if len > at.saturating_add(1) {
            return len;
        }
    }
    if let Some(skip) = susp_skip {
        let found = (1..rest.len()).find(|len| {
            let padding = usize::from(len % 2 == 0);
            let area = len.saturating_add(padding).saturating_add(skip.into());
            rest.get(area..).is_some_and(susp::is_area)
        });
        if let Some(len) = found {
            return len;
        }
    }
    match rest.split_last() {
        Some((0, identifier)) if !identifier.is_empty() => identifier.len(),
        _ => rest.len(),
    }
}

/// Returns `true` if a directory of this length fits on the disc. Directories together are at most as long as the disc:
/// longer lengths in their own records are ignored.
pub(super) fn is_in_reach(context: &Context, start: u64, len: u64) -> bool {
    len != 0
        && len
            <= context
                .blocks
                .len()
                .saturating_sub(start)
                .next_multiple_of(SECTOR)
}

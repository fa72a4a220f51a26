//! Sparing: packets of a rewritable disc that have been moved because their original places are damaged (UDF 2.2.9,
//! 2.2.12).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::anchor::byte_of;
use super::narrow;
use super::partition::{BlockMap, LogicalBlocks, Sparable, Told};
use super::tag::{check_at, finding, is_named};
use crate::budget::Charge;
use crate::error::Result;
use crate::finding::FindingCode;
use crate::udf::tag::{EntityId, Tag, identifier};

/// Sparable partition map (UDF 2.2.9), without the beginning that all maps of type 2 share.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct SparableMap {
    packet_len: U16,
    number_of_tables: u8,
    reserved: u8,
    table_len: U32,
    tables: [U32; 4],
}

/// Sparing Table (UDF 2.2.12). The entries follow.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct SparingTable {
    tag: Tag,
    sparing_identifier: EntityId,
    number_of_entries: U16,
    reserved: U16,
    sequence_number: U32,
}

#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct SparingEntry {
    original_location: U32,
    mapped_location: U32,
}

/// Prepares a sparable partition map; the sparing table written last prevails. `below` is the partition on the disc,
/// `map` holds the bytes after the common part of the map.
pub(super) fn sparable(
    space: &LogicalBlocks,
    below: BlockMap,
    map: &[u8],
    sector_len: u32,
    told: &mut Told,
    charge: &mut Charge,
) -> Result<BlockMap> {
    let BlockMap::Physical(region) = below else {
        return Ok(below);
    };
    let Ok((map, _)) = SparableMap::ref_from_prefix(map) else {
        return Ok(BlockMap::Unusable(FindingCode::UdfSparableMapCut.into()));
    };
    let mut best: Option<(u32, Vec<(u32, u64)>)> = None;
    let mut damaged = Vec::new();
    let tables = map.tables.iter().take(map.number_of_tables.into());
    for location in tables.map(|location| location.get()) {
        let at = byte_of(location, sector_len);
        told.end = told.end.max(at.saturating_add(map.table_len.get().into()));
        match sparing_table(space, location, map.table_len.get(), sector_len)? {
            Some((number, moved)) => {
                if best.as_ref().is_none_or(|(old, _)| number > *old) {
                    best = Some((number, moved));
                }
            }
            None => damaged.push(at),
        }
    }
    let Some((_, mut moved)) = best else {
        return Ok(BlockMap::Unusable(FindingCode::UdfSparingTables.into()));
    };
    for at in damaged {
        space
            .findings
            .add(finding(at, FindingCode::UdfSparingTable));
    }
    charge.add(moved.len().saturating_mul(size_of::<(u32, u64)>()))?;
    moved.sort_unstable();
    moved.dedup_by_key(|(original, _)| *original);
    Ok(BlockMap::Sparable(Sparable {
        region,
        packet: map.packet_len.get().into(),
        moved,
    }))
}

type Moved = (u32, Vec<(u32, u64)>);

/// Reads a sparing table, if it is intact: its sequence number, and the moved packets.
fn sparing_table(
    space: &LogicalBlocks,
    location: u32,
    len: u32,
    sector_len: u32,
) -> Result<Option<Moved>> {
    // The count of entries has 16 bits.
    const MAX_LEN: u64 = 56 + 8 * 65536;
    let at = byte_of(location, sector_len);
    let mut charge = Charge::new(space.blocks.memory());
    let len = u64::from(len)
        .min(MAX_LEN)
        .min(space.blocks.len().saturating_sub(at));
    charge.add(narrow(len))?;
    let mut bytes = vec![0; narrow(len)];
    if space.blocks.read_at(at, &mut bytes).is_err() {
        return Ok(None);
    }
    if check_at(&bytes, &[identifier::SPARING_TABLE], location).is_err() {
        return Ok(None);
    }
    let Ok((table, mut rest)) = SparingTable::ref_from_prefix(&bytes) else {
        return Ok(None);
    };
    if !is_named(&table.sparing_identifier, b"*UDF Sparing Table") {
        return Ok(None);
    }
    let mut moved = Vec::new();
    for _ in 0..table.number_of_entries.get() {
        let Ok((entry, behind)) = SparingEntry::ref_from_prefix(rest) else {
            return Ok(None);
        };
        rest = behind;
        // Higher numbers stand for packets that are free or unusable.
        if entry.original_location.get() < 0xFFFF_FFF0 {
            let to = byte_of(entry.mapped_location.get(), sector_len);
            moved.push((entry.original_location.get(), to));
        }
    }
    Ok(Some((table.sequence_number.get(), moved)))
}

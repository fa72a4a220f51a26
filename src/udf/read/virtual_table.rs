//! Virtual partitions: blocks of write-once discs found by a table, so that they can be replaced (UDF 2.2.8, 2.2.11).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::anchor::byte_of;
use super::icb::{IcbExtent, file_type};
use super::partition::{Address, BlockMap, LogicalBlocks, Sparable, Told};
use super::tag::is_named;
use crate::block::BLOCK_SIZE;
use crate::budget::Charge;
use crate::error::Result;
use crate::finding::FindingCode;
use crate::udf::tag::EntityId;

/// The most blocks after the virtual allocation table: run-out, and padding of images. In a file, any number of zeros
/// may follow.
const MAX_RUN_OUT: u32 = 64;

/// Virtual Allocation Table of UDF 2.00 (UDF 2.2.11). Implementation use and entries follow.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct VirtualTableHeader {
    header_len: U16,
    implementation_use_len: U16,
    logical_volume_identifier: [u8; 128],
    previous_location: U32,
    number_of_files: U32,
    number_of_directories: U32,
    revisions: [U16; 3],
    reserved: U16,
}

const _: () = assert!(size_of::<VirtualTableHeader>() == 152);

/// The end of a Virtual Allocation Table of UDF 1.50 (UDF 2.2.10 of 1.50).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct VirtualTableTrailer {
    identifier: EntityId,
    previous_location: U32,
}

/// Prepares a virtual partition map; `base` is the map of the partition below it, `at` the byte of the disc where the
/// maps are. The table's ICB is the last recorded block.
pub(super) fn virtual_table(
    space: &LogicalBlocks,
    base: u16,
    at: u64,
    told: &mut Told,
    charge: &mut Charge,
) -> Result<BlockMap> {
    let start = match space.maps.get(usize::from(base)) {
        Some(BlockMap::Physical(region) | BlockMap::Sparable(Sparable { region, .. })) => {
            region.start
        }
        _ => return Ok(BlockMap::Unusable(FindingCode::UdfVirtualBase.into())),
    };
    let block_len = u64::from(space.block_len);
    let end = byte_of(space.blocks.data_end(MAX_RUN_OUT), BLOCK_SIZE);
    let recorded = end.saturating_sub(start);
    // A long block may be recorded only in part.
    let blocks = recorded.div_ceil(block_len.max(1));
    let mut block = u32::try_from(blocks).unwrap_or(0);
    for _ in 0..=MAX_RUN_OUT {
        let Some(before) = block.checked_sub(1) else {
            break;
        };
        block = before;
        let address = Address {
            partition: base,
            block,
        };
        if let Some((table, counts)) = virtual_table_at(space, address, at)? {
            charge.add(table.len().saturating_mul(size_of::<u32>()))?;
            told.counts = counts;
            return Ok(BlockMap::Virtual { base, table });
        }
    }
    Ok(BlockMap::Unusable(FindingCode::UdfVirtualTable.into()))
}

type Table = (Vec<u32>, Option<(u32, u32)>);

/// Reads the table whose ICB is at `address`, if there is one, and its counts of files and directories.
fn virtual_table_at(space: &LogicalBlocks, address: Address, at: u64) -> Result<Option<Table>> {
    let mut block = Vec::new();
    let extent = IcbExtent {
        address,
        len: space.block_len,
    };
    let Ok(icb) = space.icb(extent, at, &mut block) else {
        return Ok(None);
    };
    let is_new = icb.file_type == file_type::VIRTUAL_ALLOCATION_TABLE;
    if !is_new && icb.file_type != file_type::UNSPECIFIED {
        return Ok(None);
    }
    // The table is charged twice for the moment: as bytes, and as their contents.
    let mut charge = Charge::new(space.blocks.memory());
    let bytes = match space.read_all(&icb, space.blocks.len(), &mut charge) {
        Ok(bytes) => bytes,
        Err(error) if error.is_limit() => return Err(error),
        Err(_) => return Ok(None),
    };
    let (entries, counts) = if is_new {
        let Ok((header, _)) = VirtualTableHeader::ref_from_prefix(&bytes) else {
            return Ok(None);
        };
        let counts = (
            header.number_of_files.get(),
            header.number_of_directories.get(),
        );
        (
            bytes.get(usize::from(header.header_len.get())..),
            Some(counts),
        )
    } else {
        let Ok((entries, trailer)) = VirtualTableTrailer::ref_from_suffix(&bytes) else {
            return Ok(None);
        };
        let is_table = is_named(&trailer.identifier, b"*UDF Virtual Alloc Tbl");
        (is_table.then_some(entries), None)
    };
    let Some(entries) = entries else {
        return Ok(None);
    };
    charge.add(entries.len())?;
    let entries = entries.chunks_exact(size_of::<u32>());
    let mut table = Vec::with_capacity(entries.len());
    let entries = entries.filter_map(|entry| entry.try_into().ok());
    table.extend(entries.map(u32::from_le_bytes));
    Ok(Some((table, counts)))
}

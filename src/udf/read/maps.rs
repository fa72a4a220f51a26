//! Makes the partition maps of a logical volume ready to be used (ECMA-167 3/10.7; UDF 2.2.8 to 2.2.12).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::anchor::byte_of;
use super::finding::Finding;
use super::icb::{IcbExtent, file_type};
use super::partition::{Address, Charge, Contents, Map, Region, Space, Sparable};
use super::sequence::Descriptors;
use super::tag::{block_at, check_at, corrupt};
use super::{narrow, wide};
use crate::error::Result;
use crate::recorded::Data;
use crate::udf::icb::{METADATA_FILE, METADATA_MIRROR};
use crate::udf::metadata::MetadataPartitionMap;
use crate::udf::tag::{EntityId, Tag, identifier};
use crate::udf::volume::{PartitionDescriptor, PartitionMap};

/// The most partition maps of a volume.
const MAX_MAPS: usize = 256;

/// How many blocks before the last may be behind the virtual allocation table: run-out, and padding of images.
const MAX_RUN_OUT: u32 = 64;

/// What all partition maps of type 2 begin with (UDF 2.2.8).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct TypedMap {
    map_type: u8,
    map_len: u8,
    reserved: [u8; 2],
    partition_type_identifier: EntityId,
    volume_sequence_number: U16,
    partition_number: U16,
}

/// Sparable partition map (UDF 2.2.9), behind what all of type 2 begin with.
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

/// What ends a Virtual Allocation Table of UDF 1.50 (UDF 2.2.10 of 1.50).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct VirtualTableTrailer {
    identifier: EntityId,
    previous_location: U32,
}

/// Whether an identifier is `name`.
pub(super) fn is_named(id: &EntityId, name: &[u8]) -> bool {
    let (start, rest) = id.identifier.split_at(name.len().min(id.identifier.len()));
    start == name && rest.iter().all(|byte| *byte == 0)
}

/// A map of type 2 that needs others to be made ready first.
enum Pending {
    Virtual(u16),
    Metadata(u16, MetadataPartitionMap),
}

/// What else the maps tell.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Files and directories, as a Virtual Allocation Table counts them.
    pub counts: Option<(u32, u32)>,
    /// The first byte behind the last sparing table.
    pub end: u64,
}

/// Makes the maps in `table` ready; `charge` counts what is kept.
pub(super) fn build(
    space: &mut Space,
    descriptors: &Descriptors,
    table: &[u8],
    sector_len: u32,
    charge: &mut Charge,
) -> Result<Told> {
    let at = descriptors.logical_at;
    let mut told = Told::default();
    let mut pending = Vec::new();
    let mut numbers = Vec::new();
    let mut rest = table;
    while let Some(len) = rest.get(1).map(|len| usize::from(*len)) {
        let Some((map, behind)) = rest.split_at_checked(len).filter(|_| len >= 2) else {
            return Err(corrupt(
                at,
                "a partition map is longer than the table of them",
            ));
        };
        rest = behind;
        if numbers.len() >= MAX_MAPS {
            return Err(corrupt(
                at,
                "the logical volume has too many partition maps",
            ));
        }
        let index = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
        let (number, ready) = match map.first() {
            Some(1) => {
                let Ok((map, _)) = PartitionMap::ref_from_prefix(map) else {
                    return Err(corrupt(at, "a partition map is cut short"));
                };
                let number = map.partition_number.get();
                (number, physical(descriptors, number, sector_len))
            }
            Some(2) => {
                let Ok((head, body)) = TypedMap::ref_from_prefix(map) else {
                    return Err(corrupt(at, "a partition map is cut short"));
                };
                let number = head.partition_number.get();
                let id = &head.partition_type_identifier;
                if is_named(id, b"*UDF Sparable Partition") {
                    let below = physical(descriptors, number, sector_len);
                    let map = sparable(space, below, body, sector_len, &mut told, charge)?;
                    (number, map)
                } else if is_named(id, b"*UDF Virtual Partition") {
                    pending.push((index, Pending::Virtual(number)));
                    (number, Map::Unusable("a virtual partition has no table"))
                } else if is_named(id, b"*UDF Metadata Partition") {
                    let Ok((map, _)) = MetadataPartitionMap::read_from_prefix(map) else {
                        return Err(corrupt(at, "a metadata partition map is cut short"));
                    };
                    pending.push((index, Pending::Metadata(number, map)));
                    (number, Map::Unusable("the metadata partition has no file"))
                } else {
                    (number, Map::Unusable(UNKNOWN))
                }
            }
            _ => (u16::MAX, Map::Unusable(UNKNOWN)),
        };
        numbers.push(number);
        space.maps.push(ready);
    }
    for (index, map) in pending {
        let below = |number: u16, space: &Space| -> Option<u16> {
            let mut maps = space.maps.iter().zip(&numbers);
            let found = maps.position(|(map, other)| {
                *other == number && matches!(map, Map::Physical(_) | Map::Sparable(_))
            });
            u16::try_from(found?).ok()
        };
        let ready = match map {
            Pending::Virtual(number) => match below(number, space) {
                Some(base) => virtual_table(space, base, at, &mut told, charge)?,
                None => Map::Unusable("a virtual partition has none below it"),
            },
            Pending::Metadata(number, map) => match below(number, space) {
                Some(base) => metadata(space, base, &map, at)?,
                None => Map::Unusable("the metadata partition has none below it"),
            },
        };
        if let Some(place) = space.maps.get_mut(usize::from(index)) {
            *place = ready;
        }
    }
    Ok(told)
}

pub(super) const UNKNOWN: &str = "a partition of an unknown type";

/// The bytes of a partition.
pub(super) fn region(partition: &PartitionDescriptor, sector_len: u32) -> Region {
    Region {
        start: byte_of(partition.starting_location.get(), sector_len),
        len: byte_of(partition.partition_len.get(), sector_len),
    }
}

fn physical(descriptors: &Descriptors, number: u16, sector_len: u32) -> Map {
    descriptors
        .partitions
        .iter()
        .find(|partition| partition.partition_number.get() == number)
        .map_or(
            Map::Unusable("a partition map has no partition of its number"),
            |partition| Map::Physical(region(partition, sector_len)),
        )
}

/// UDF 2.2.9: the table that was written last prevails.
fn sparable(
    space: &Space,
    below: Map,
    map: &[u8],
    sector_len: u32,
    told: &mut Told,
    charge: &mut Charge,
) -> Result<Map> {
    let Map::Physical(region) = below else {
        return Ok(below);
    };
    let Ok((map, _)) = SparableMap::ref_from_prefix(map) else {
        return Ok(Map::Unusable("a sparable partition map is cut short"));
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
        return Ok(Map::Unusable("no sparing table is intact"));
    };
    for at in damaged {
        space.findings.add(Finding::SparingTable {
            block: block_at(at),
        });
    }
    charge.add(moved.len().saturating_mul(size_of::<(u32, u64)>()))?;
    moved.sort_unstable();
    moved.dedup_by_key(|(original, _)| *original);
    Ok(Map::Sparable(Sparable {
        region,
        packet: map.packet_len.get().into(),
        moved,
    }))
}

type Moved = (u32, Vec<(u32, u64)>);

/// A sparing table, if it is intact: its sequence number, and the packets that have moved.
fn sparing_table(space: &Space, location: u32, len: u32, sector_len: u32) -> Result<Option<Moved>> {
    // Entries are counted by 16 bits.
    const MAX_LEN: u64 = 56 + 8 * 65536;
    let at = byte_of(location, sector_len);
    let mut charge = Charge::new(&space.blocks);
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
        // Higher numbers stand for packets that are free or cannot be used.
        if entry.original_location.get() < 0xFFFF_FFF0 {
            let to = byte_of(entry.mapped_location.get(), sector_len);
            moved.push((entry.original_location.get(), to));
        }
    }
    Ok(Some((table.sequence_number.get(), moved)))
}

/// UDF 2.2.11: the ICB of the table is the last block that is recorded.
fn virtual_table(
    space: &Space,
    base: u16,
    at: u64,
    told: &mut Told,
    charge: &mut Charge,
) -> Result<Map> {
    let start = match space.maps.get(usize::from(base)) {
        Some(Map::Physical(region) | Map::Sparable(Sparable { region, .. })) => region.start,
        _ => return Ok(Map::Unusable("a virtual partition has none below it")),
    };
    let block_len = u64::from(space.block_len);
    let recorded = space.blocks.len().saturating_sub(start);
    let mut block = u32::try_from(recorded.checked_div(block_len).unwrap_or(0)).unwrap_or(0);
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
            return Ok(Map::Virtual { base, table });
        }
    }
    Ok(Map::Unusable("the virtual allocation table is not there"))
}

type Table = (Vec<u32>, Option<(u32, u32)>);

/// The table whose ICB is at `address`, if that is one, and how many files and directories it counts.
fn virtual_table_at(space: &Space, address: Address, at: u64) -> Result<Option<Table>> {
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
    // The table is charged twice for the moment: as bytes, and as what it says.
    let bytes = match space.read_all(&icb, space.blocks.len()) {
        Ok(bytes) => bytes,
        Err(error @ crate::Error::ImportMemory { .. }) => return Err(error),
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
    let mut charge = Charge::new(&space.blocks);
    charge.add(entries.len())?;
    let table = entries
        .chunks_exact(size_of::<u32>())
        .filter_map(|entry| entry.try_into().ok())
        .map(u32::from_le_bytes)
        .collect();
    Ok(Some((table, counts)))
}

/// UDF 2.2.10 of 2.50: either file has what is needed.
fn metadata(space: &Space, base: u16, map: &MetadataPartitionMap, at: u64) -> Result<Map> {
    let file = map.metadata_file_location.get();
    let mirror = map.metadata_mirror_file_location.get();
    let main = metadata_file(space, base, file, METADATA_FILE, at);
    let mirror = metadata_file(space, base, mirror, METADATA_MIRROR, at);
    let of = |(at, error)| (block_at(at), error);
    Ok(match (main.map_err(of), mirror.map_err(of)) {
        (Ok(main), Ok(mirror)) => Map::Metadata {
            mirror: (mirror != main).then_some(mirror),
            main,
        },
        (Ok(main), Err((block, _))) => {
            space.findings.add(Finding::MetadataMirror { block });
            Map::Metadata { main, mirror: None }
        }
        (Err((block, _)), Ok(main)) => {
            space.findings.add(Finding::MetadataFile { block });
            Map::Metadata { main, mirror: None }
        }
        (Err((_, error)), Err(_)) => return Err(error),
    })
}

/// Where the contents of one of the metadata files are. An error comes with the byte of the disc it is at.
fn metadata_file(
    space: &Space,
    base: u16,
    block: u32,
    expected: u8,
    from: u64,
) -> Result<Contents, (u64, crate::Error)> {
    let address = Address {
        partition: base,
        block,
    };
    let at = space
        .locate(address, super::partition::Copy::Main)
        .ok()
        .and_then(|place| place.at)
        .unwrap_or(from);
    let extent = IcbExtent {
        address,
        len: space.block_len,
    };
    let mut bytes = Vec::new();
    let icb = space
        .icb(extent, from, &mut bytes)
        .map_err(|error| (at, error))?;
    if icb.file_type != expected {
        return Err((at, corrupt(at, "a metadata file has another file type")));
    }
    match space.data(&icb).map_err(|error| (at, error))? {
        Data::Runs(runs) => Ok(Contents::new(&runs)),
        Data::Embedded(bytes) => {
            let what = "a metadata file has its contents in its entry";
            Err((at.saturating_add(wide(bytes.len())), corrupt(at, what)))
        }
    }
}

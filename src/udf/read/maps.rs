//! Prepares the partition maps of a logical volume for use (ECMA-167 3/10.7; UDF 2.2.8 to 2.2.12).

use std::sync::Arc;

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::anchor::byte_of;
use super::icb::IcbExtent;
use super::partition::{Address, BlockMap, Contents, Copy, LogicalBlocks, Region, Told};
use super::sequence::PrevailingDescriptors;
use super::sparing::sparable;
use super::tag::{corrupt, finding, is_named};
use super::virtual_table::virtual_table;
use super::{narrow, wide};
use crate::budget::Charge;
use crate::error::Result;
use crate::finding::{ExpectedValue, FindingCode};
use crate::recorded::Data;
use crate::udf::icb::{METADATA_FILE, METADATA_MIRROR};
use crate::udf::metadata::MetadataPartitionMap;
use crate::udf::tag::EntityId;
use crate::udf::volume::{PartitionDescriptor, PartitionMap};

/// The most partition maps of a volume.
const MAX_MAPS: usize = 256;

/// The beginning of every partition map of type 2 (UDF 2.2.8).
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

/// Returns `true` if a table of partition maps has one for a virtual partition (UDF 2.2.8).
pub(super) fn has_virtual(mut table: &[u8]) -> bool {
    while let Some(len) = table.get(1).map(|len| usize::from(*len).max(2)) {
        let is_virtual = TypedMap::ref_from_prefix(table).is_ok_and(|(head, _)| {
            head.map_type == 2
                && is_named(&head.partition_type_identifier, b"*UDF Virtual Partition")
        });
        if is_virtual {
            return true;
        }
        table = table.get(len..).unwrap_or_default();
    }
    false
}

/// A map in the table.
enum MapEntry {
    Ready(BlockMap),
    /// A map of type 2 that depends on other maps.
    Pending(Pending),
}

enum Pending {
    Virtual,
    Metadata(MetadataPartitionMap),
}

/// Prepares the maps in `table`; `charge` counts the memory that they keep.
pub(super) fn build(
    space: &mut LogicalBlocks,
    descriptors: &PrevailingDescriptors,
    table: &[u8],
    sector_len: u32,
    charge: &mut Charge,
) -> Result<Told> {
    let at = descriptors.logical_at;
    let mut told = Told::default();
    let mut pending = Vec::new();
    let mut numbers = Vec::new();
    let mut rest = table;
    // The table may be longer than its maps.
    let count = descriptors.logical().map_or(0, |(logical, _)| {
        narrow(logical.number_of_partition_maps.get().into())
    });
    while let Some(len) = rest
        .get(1)
        .map(|len| usize::from(*len))
        .filter(|_| numbers.len() < count)
    {
        let Some((map, behind)) = rest.split_at_checked(len).filter(|_| len >= 2) else {
            let fault = match len < 2 {
                true => FindingCode::UdfMapLength.below("length", wide(len), 2_u64),
                false => FindingCode::UdfMapLength.above("length", wide(len), wide(rest.len())),
            };
            return Err(corrupt(at, fault));
        };
        rest = behind;
        if numbers.len() >= MAX_MAPS {
            let fault = FindingCode::UdfManyMaps.above("maps", wide(count), wide(MAX_MAPS));
            return Err(corrupt(at, fault));
        }
        let (number, entry) = entry(space, descriptors, map, sector_len, &mut told, charge)?;
        let ready = match entry {
            MapEntry::Ready(ready) => ready,
            MapEntry::Pending(map) => {
                let is_other = |(_, other): &(usize, Pending)| {
                    matches!((&map, other), (Pending::Metadata(_), Pending::Metadata(_)))
                };
                // Each would keep a file of its own (UDF 2.2.10 of 2.50 allows one per partition).
                if pending.iter().any(is_other) {
                    return Err(corrupt(at, FindingCode::UdfMetadataMaps));
                }
                let unusable = match map {
                    Pending::Virtual => FindingCode::UdfVirtualTable,
                    Pending::Metadata(_) => FindingCode::UdfNoMetadataFile,
                };
                pending.push((numbers.len(), map));
                BlockMap::Unusable(unusable.into())
            }
        };
        numbers.push(number);
        Arc::make_mut(&mut space.maps).push(ready);
    }
    for (index, map) in pending {
        let base = numbers
            .get(index)
            .and_then(|number| below(space, &numbers, *number));
        let ready = match (map, base) {
            (Pending::Virtual, Some(base)) => virtual_table(space, base, at, &mut told, charge)?,
            (Pending::Virtual, None) => BlockMap::Unusable(FindingCode::UdfVirtualBase.into()),
            (Pending::Metadata(map), Some(base)) => metadata(space, base, &map, at, charge)?,
            (Pending::Metadata(_), None) => BlockMap::Unusable(FindingCode::UdfMetadataBase.into()),
        };
        if let Some(place) = Arc::make_mut(&mut space.maps).get_mut(index) {
            *place = ready;
        }
    }
    Ok(told)
}

/// Reads one map of the table and the number of its partition.
fn entry(
    space: &LogicalBlocks,
    descriptors: &PrevailingDescriptors,
    map: &[u8],
    sector_len: u32,
    told: &mut Told,
    charge: &mut Charge,
) -> Result<(u16, MapEntry)> {
    let cut = |code| corrupt(descriptors.logical_at, code);
    match map.first() {
        Some(1) => {
            let Ok((map, _)) = PartitionMap::ref_from_prefix(map) else {
                return Err(cut(FindingCode::UdfMapCut));
            };
            let number = map.partition_number.get();
            let ready = physical(descriptors, number, sector_len);
            Ok((number, MapEntry::Ready(ready)))
        }
        Some(2) => {
            let Ok((head, body)) = TypedMap::ref_from_prefix(map) else {
                return Err(cut(FindingCode::UdfMapCut));
            };
            let number = head.partition_number.get();
            let id = &head.partition_type_identifier;
            let entry = if is_named(id, b"*UDF Sparable Partition") {
                let below = physical(descriptors, number, sector_len);
                MapEntry::Ready(sparable(space, below, body, sector_len, told, charge)?)
            } else if is_named(id, b"*UDF Virtual Partition") {
                MapEntry::Pending(Pending::Virtual)
            } else if is_named(id, b"*UDF Metadata Partition") {
                let Ok((map, _)) = MetadataPartitionMap::read_from_prefix(map) else {
                    return Err(cut(FindingCode::UdfMetadataMapCut));
                };
                MapEntry::Pending(Pending::Metadata(map))
            } else {
                MapEntry::Ready(BlockMap::Unusable(FindingCode::UdfMapType.into()))
            };
            Ok((number, entry))
        }
        other => {
            let map_type = other.copied().unwrap_or(0);
            let expected = ExpectedValue::OneOf(&[1, 2]);
            let why = FindingCode::UdfMapType.value("type", map_type, expected);
            Ok((u16::MAX, MapEntry::Ready(BlockMap::Unusable(why))))
        }
    }
}

/// Returns the map of a partition's own blocks, on which its other maps build.
fn below(space: &LogicalBlocks, numbers: &[u16], number: u16) -> Option<u16> {
    let mut maps = space.maps.iter().zip(numbers);
    let found = maps.position(|(map, other)| {
        *other == number && matches!(map, BlockMap::Physical(_) | BlockMap::Sparable(_))
    });
    u16::try_from(found?).ok()
}

/// Returns the bytes of a partition.
pub(super) fn region(partition: &PartitionDescriptor, sector_len: u32) -> Region {
    Region {
        start: byte_of(partition.starting_location.get(), sector_len),
        len: byte_of(partition.partition_len.get(), sector_len),
    }
}

fn physical(descriptors: &PrevailingDescriptors, number: u16, sector_len: u32) -> BlockMap {
    let mut partitions = descriptors.partitions.iter();
    let found = partitions.find(|partition| partition.partition_number.get() == number);
    if let Some(partition) = found {
        return BlockMap::Physical(region(partition, sector_len));
    }
    let code = FindingCode::UdfMapPartition;
    BlockMap::Unusable(match descriptors.partitions.as_slice() {
        [only] => code.differs("partition", number, only.partition_number.get()),
        _ => code.into(),
    })
}

/// Prepares a metadata partition (UDF 2.2.10 of 2.50), for which either file is enough.
fn metadata(
    space: &LogicalBlocks,
    base: u16,
    map: &MetadataPartitionMap,
    at: u64,
    charge: &mut Charge,
) -> Result<BlockMap> {
    let file = map.metadata_file_location.get();
    let mirror = map.metadata_mirror_file_location.get();
    let main = metadata_file(space, base, file, METADATA_FILE, at, charge);
    let mirror = metadata_file(space, base, mirror, METADATA_MIRROR, at, charge);
    // Lack of memory for one file says nothing about the other.
    let (main, mirror) = match (main, mirror) {
        (Err((_, error)), _) | (_, Err((_, error))) if error.is_limit() => return Err(error),
        both => both,
    };
    Ok(match (main, mirror) {
        (Ok(main), Ok(mirror)) => BlockMap::Metadata {
            mirror: (mirror != main).then_some(mirror),
            main,
        },
        (Ok(main), Err((at, _))) => {
            space
                .findings
                .add(finding(at, FindingCode::UdfMetadataMirror));
            BlockMap::Metadata { main, mirror: None }
        }
        (Err((at, _)), Ok(main)) => {
            space
                .findings
                .add(finding(at, FindingCode::UdfMetadataFile));
            BlockMap::Metadata { main, mirror: None }
        }
        (Err((_, error)), Err(_)) => return Err(error),
    })
}

/// Returns the location of a metadata file's contents. An error comes with the byte of the disc where it is.
fn metadata_file(
    space: &LogicalBlocks,
    base: u16,
    block: u32,
    expected: u8,
    from: u64,
    charge: &mut Charge,
) -> Result<Contents, (u64, crate::Error)> {
    let address = Address {
        partition: base,
        block,
    };
    let at = space
        .locate(address, Copy::Main)
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
        let fault = FindingCode::UdfMetadataType.differs("file type", icb.file_type, expected);
        return Err((at, corrupt(at, fault)));
    }
    let mut running = Charge::new(space.blocks.memory());
    let data = space.data(&icb, &mut running);
    match data.map_err(|error| (at, error))? {
        Data::Runs(runs) => Contents::new(&runs, charge).map_err(|error| (at, error)),
        Data::Embedded(_) => Err((at, corrupt(at, FindingCode::UdfMetadataEmbedded))),
    }
}

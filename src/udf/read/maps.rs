//! Makes the partition maps of a logical volume ready to be used (ECMA-167 3/10.7; UDF 2.2.8 to 2.2.12).

use std::sync::Arc;

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::anchor::byte_of;
use super::icb::IcbExtent;
use super::narrow;
use super::partition::{Address, Contents, Copy, Map, Region, Space, Told};
use super::sequence::Descriptors;
use super::sparing::sparable;
use super::tag::{corrupt, finding, is_named};
use super::virtual_table::virtual_table;
use crate::budget::Charge;
use crate::error::Result;
use crate::finding::FindingCode;
use crate::recorded::Data;
use crate::udf::icb::{METADATA_FILE, METADATA_MIRROR};
use crate::udf::metadata::MetadataPartitionMap;
use crate::udf::tag::EntityId;
use crate::udf::volume::{PartitionDescriptor, PartitionMap};

/// The most partition maps of a volume.
const MAX_MAPS: usize = 256;

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

/// Whether a table of partition maps has one of a virtual partition (UDF 2.2.8).
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

/// A map of type 2 that needs others to be made ready first.
enum Pending {
    Virtual(u16),
    Metadata(u16, MetadataPartitionMap),
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
            return Err(corrupt(at, FindingCode::UdfMapLength));
        };
        rest = behind;
        if numbers.len() >= MAX_MAPS {
            return Err(corrupt(at, FindingCode::UdfManyMaps));
        }
        let index = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
        let (number, ready) = match map.first() {
            Some(1) => {
                let Ok((map, _)) = PartitionMap::ref_from_prefix(map) else {
                    return Err(corrupt(at, FindingCode::UdfMapCut));
                };
                let number = map.partition_number.get();
                (number, physical(descriptors, number, sector_len))
            }
            Some(2) => {
                let Ok((head, body)) = TypedMap::ref_from_prefix(map) else {
                    return Err(corrupt(at, FindingCode::UdfMapCut));
                };
                let number = head.partition_number.get();
                let id = &head.partition_type_identifier;
                if is_named(id, b"*UDF Sparable Partition") {
                    let below = physical(descriptors, number, sector_len);
                    let map = sparable(space, below, body, sector_len, &mut told, charge)?;
                    (number, map)
                } else if is_named(id, b"*UDF Virtual Partition") {
                    pending.push((index, Pending::Virtual(number)));
                    (number, Map::Unusable(FindingCode::UdfVirtualTable))
                } else if is_named(id, b"*UDF Metadata Partition") {
                    let Ok((map, _)) = MetadataPartitionMap::read_from_prefix(map) else {
                        return Err(corrupt(at, FindingCode::UdfMetadataMapCut));
                    };
                    // Each would have a file of its own to be kept (UDF 2.2.10 of 2.50 allows one of a partition).
                    let is_other =
                        |pending: &(u16, Pending)| matches!(pending, (_, Pending::Metadata(..)));
                    if pending.iter().any(is_other) {
                        return Err(corrupt(at, FindingCode::UdfMetadataMaps));
                    }
                    pending.push((index, Pending::Metadata(number, map)));
                    (number, Map::Unusable(FindingCode::UdfNoMetadataFile))
                } else {
                    (number, Map::Unusable(FindingCode::UdfMapType))
                }
            }
            _ => (u16::MAX, Map::Unusable(FindingCode::UdfMapType)),
        };
        numbers.push(number);
        Arc::make_mut(&mut space.maps).push(ready);
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
                None => Map::Unusable(FindingCode::UdfVirtualBase),
            },
            Pending::Metadata(number, map) => match below(number, space) {
                Some(base) => metadata(space, base, &map, at, charge)?,
                None => Map::Unusable(FindingCode::UdfMetadataBase),
            },
        };
        if let Some(place) = Arc::make_mut(&mut space.maps).get_mut(usize::from(index)) {
            *place = ready;
        }
    }
    Ok(told)
}

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
        .map_or(Map::Unusable(FindingCode::UdfMapPartition), |partition| {
            Map::Physical(region(partition, sector_len))
        })
}

/// UDF 2.2.10 of 2.50: either file has what is needed.
fn metadata(
    space: &Space,
    base: u16,
    map: &MetadataPartitionMap,
    at: u64,
    charge: &mut Charge,
) -> Result<Map> {
    let file = map.metadata_file_location.get();
    let mirror = map.metadata_mirror_file_location.get();
    let main = metadata_file(space, base, file, METADATA_FILE, at, charge);
    let mirror = metadata_file(space, base, mirror, METADATA_MIRROR, at, charge);
    // It says nothing of the other file that there is no room for one of them.
    let (main, mirror) = match (main, mirror) {
        (Err((_, error)), _) | (_, Err((_, error))) if error.is_limit() => return Err(error),
        both => both,
    };
    Ok(match (main, mirror) {
        (Ok(main), Ok(mirror)) => Map::Metadata {
            mirror: (mirror != main).then_some(mirror),
            main,
        },
        (Ok(main), Err((at, _))) => {
            space
                .findings
                .add(finding(at, FindingCode::UdfMetadataMirror));
            Map::Metadata { main, mirror: None }
        }
        (Err((at, _)), Ok(main)) => {
            space
                .findings
                .add(finding(at, FindingCode::UdfMetadataFile));
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

//! The end of the recorded part of a disc.
// A disc may contain anything; tests may fail.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

use std::sync::Arc;

use zerocopy::FromBytes;
use zerocopy::little_endian::{U32, U64};

use super::opened::OpenedSession;
use super::volume::{RecordedVolume, open};
use crate::block::BLOCK_SIZE;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::media::Blocks;
use crate::recognition::FIRST_DESCRIPTOR;

/// The end of a hard disk's first sector.
const SIGNATURE: [u8; 2] = [0x55, 0xAA];

const BLOCK_LEN: u64 = BLOCK_SIZE as u64;

/// Bytes of a sector, the unit of partition tables.
const SECTOR: u64 = 512;

/// Returns the first block after the volumes of a session, and after its files, if anything follows the volumes; `None`
/// if the volumes do not state it.
pub(crate) fn session_end(blocks: &Arc<Blocks>, session: &OpenedSession) -> Result<Option<u32>> {
    session.end.get_or(|| find_end(blocks, session)).copied()
}

fn find_end(blocks: &Arc<Blocks>, session: &OpenedSession) -> Result<Option<u32>> {
    let start = session.start();
    let udf = match session.udf().announced_volume(blocks) {
        Ok(volume) => volume.map(|volume| volume.end()),
        // Opening the volume reports the error.
        Err(_) => {
            let outline = session.udf().outline(blocks).ok().flatten();
            outline.map(|outline| outline.end)
        }
    };
    let descriptors = session.descriptors();
    let iso9660 = match descriptors.largest_space_size() {
        Some(size) if start == 0 || udf.is_some() => Some(size),
        Some(size) => Some(counted_end(blocks, session, size)),
        None => None,
    };
    let mut end = udf.max(iso9660);
    let total = blocks.len().div_ceil(BLOCK_SIZE.into());
    if descriptors.has_primary() && end.is_some_and(|end| u64::from(end) < total) {
        // Some writers state a smaller size than the volume has.
        for file_system in [FileSystems::ISO9660, FileSystems::JOLIET] {
            let used = last_used(blocks, session, file_system).unwrap_or(0);
            let used = used.div_ceil(BLOCK_SIZE.into());
            end = end.max(u32::try_from(used).ok());
        }
    }
    // Files that were skipped because the work ran out may end later.
    blocks.work().check()?;
    let after_descriptors = start.saturating_add(FIRST_DESCRIPTOR);
    Ok(end.filter(|end| *end > after_descriptors))
}

/// Returns the end of an ISO 9660 volume: some writers count its blocks from the session's start, others from that of
/// the disc.
fn counted_end(blocks: &Arc<Blocks>, session: &OpenedSession, size: u32) -> u32 {
    let start = session.start();
    let from_start = start.saturating_add(size);
    if size <= start {
        return from_start;
    }
    let total = blocks.len().div_ceil(BLOCK_SIZE.into());
    if u64::from(from_start) > total {
        return size;
    }
    // Both are possible, so the files decide.
    match last_used(blocks, session, FileSystems::ISO9660) {
        Ok(end) if end <= u64::from(size).saturating_mul(BLOCK_SIZE.into()) => size,
        _ => from_start,
    }
}

/// Returns the byte after all files of a file system that lie on the disc; skips what cannot be read.
fn last_used(
    blocks: &Arc<Blocks>,
    session: &OpenedSession,
    file_system: FileSystems,
) -> Result<u64> {
    let opened = open(blocks, session, file_system)?;
    let opened = opened.ok_or(Error::FileSystemNotFound { file_system })?;
    let volume = RecordedVolume::new(Arc::clone(blocks), file_system, opened);
    let mut used = 0;
    for item in volume.walk_on().flatten() {
        let ends = item.extents().filter_map(|extent| {
            let end = extent.offset?.saturating_add(extent.len);
            Some(end).filter(|end| *end <= blocks.len())
        });
        used = ends.fold(used, u64::max);
    }
    Ok(used)
}

/// Returns the first block of the second partition table, at the end of the disc (UEFI 5.3.2), if there is one.
pub(super) fn backup_table(blocks: &Blocks) -> Result<Option<u32>> {
    let Some(at) = blocks.data_len().checked_sub(SECTOR) else {
        return Ok(None);
    };
    let mut bytes = [0; size_of::<TableHeader>()];
    blocks.read_at(at, &mut bytes)?;
    let Ok(header) = TableHeader::read_from_bytes(&bytes) else {
        return Ok(None);
    };
    let is_there = header.signature == *b"EFI PART"
        && header.own.get().saturating_mul(SECTOR) == at
        && header.entries.get() <= header.own.get();
    let first = header.entries.get().saturating_mul(SECTOR) / BLOCK_LEN;
    Ok(u32::try_from(first).ok().filter(|_| is_there))
}

/// Returns the first block after the partitions that block 0 lists, 0 if it lists none: an image for USB sticks may
/// have one after its volume.
pub(crate) fn partitions_end(blocks: &Blocks) -> Result<u32> {
    let mut bytes = [0; size_of::<PartitionTable>()];
    if blocks.len() < SECTOR {
        return Ok(0);
    }
    blocks.read_at(0, &mut bytes)?;
    let Ok(table) = PartitionTable::read_from_bytes(&bytes) else {
        return Ok(0);
    };
    let is_table = |entry: &Partition| matches!(entry.status, 0 | 0x80);
    if table.signature != SIGNATURE || !table.entries.iter().all(is_table) {
        return Ok(0);
    }
    let ends = table
        .entries
        .iter()
        .filter(|entry| entry.kind != 0)
        .map(|entry| {
            let end = u64::from(entry.first.get()).saturating_add(entry.sectors.get().into());
            end.saturating_mul(SECTOR)
        })
        // A partition that ends past the disc's end never existed.
        .filter(|end| *end <= blocks.len());
    let end = ends.max().unwrap_or(0).div_ceil(BLOCK_SIZE.into());
    Ok(u32::try_from(end).unwrap_or(u32::MAX))
}

/// The first sector of a hard disk.
#[derive(FromBytes)]
#[repr(C)]
struct PartitionTable {
    _code: [u8; 446],
    entries: [Partition; 4],
    signature: [u8; 2],
}

#[derive(FromBytes)]
#[repr(C)]
struct Partition {
    status: u8,
    _first: [u8; 3],
    kind: u8,
    _last: [u8; 3],
    first: U32,
    sectors: U32,
}

/// The header of a partition table, up to the last field that is used.
#[derive(FromBytes)]
#[repr(C)]
struct TableHeader {
    signature: [u8; 8],
    _revision: [u8; 16],
    /// The sector of this header.
    own: U64,
    _other: [u8; 40],
    /// The first sector of the table.
    entries: U64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::{Disc, MemoryDisc};
    use crate::{FileSystemImage, Timestamp};

    /// Such an end would put the next session over files of this one.
    #[test]
    fn an_end_that_was_looked_for_until_the_work_ran_out_is_not_kept() {
        let mut image = FileSystemImage::with_time(Timestamp::default());
        image
            .set_file_systems_to_create(FileSystems::ISO9660)
            .unwrap();
        for number in 0..64 {
            let path = format!("D{number}");
            image.root_mut().add_directory(&*path).unwrap();
            let file = format!("D{number}/F");
            image.root_mut().add_file(&*file, vec![1; 10]).unwrap();
        }
        let mut bytes = Vec::new();
        image
            .create_result_image()
            .unwrap()
            .write_to(&mut bytes)
            .unwrap();
        // Files count only if something follows the volume.
        let end = bytes.len() as u32 / BLOCK_SIZE;
        bytes.resize(bytes.len() + 64 * BLOCK_SIZE as usize, 0);
        let disc: Arc<dyn Disc> = Arc::new(MemoryDisc::new(bytes));
        let blocks = |work| Arc::new(Blocks::with_work(Arc::clone(&disc), 1 << 24, work));
        let session = OpenedSession::open(&blocks(None), 0, None).unwrap();
        let error = session_end(&blocks(Some(16 << 10)), &session).unwrap_err();
        assert!(matches!(error, Error::ImportWork { .. }), "{error}");
        assert_eq!(session_end(&blocks(None), &session).unwrap(), Some(end));
    }
}

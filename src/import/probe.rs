//! What is on a disc: its sessions, and which file systems each has.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::Arc;

use super::end::session_end;
use super::session::RecordedSession;
use crate::block::BLOCK_SIZE;
use crate::boot;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::iso9660::FIRST_DESCRIPTOR;
use crate::iso9660::read::Descriptors;
use crate::media::Blocks;
use crate::recorded::{Data, Entry, Volume};
use crate::{iso9660, joliet, udf};

/// What a sector of a CD begins with when it is given whole (ECMA-130 14.1).
const SYNC: [u8; 12] = [0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0];

/// Lengths of such sectors: as they are, and with subchannels of 16 or 96 bytes.
const RAW_SECTORS: [u32; 3] = [2352, 2368, 2448];

/// The most sessions that are looked for. A CD has 99 tracks at most; other discs, and files, can have any number, but no
/// more than these are found, so an image does not take more either.
pub(super) const MAX_SESSIONS: usize = 1024;

/// What lies between sessions of a CD: lead-out, lead-in and pre-gap, behind the first session and behind others.
const GAPS: [u32; 2] = [11_400, 6_900];

/// Sessions begin at multiples of this many blocks at most, on BD.
pub(super) const ALIGNMENT: u32 = 32;

/// How many blocks are searched for another session: behind the volumes of one, where a file may have anything, or behind
/// its start when it does not say where it ends.
const SEARCHED: u32 = 1 << 16;

/// So many blocks tell whether a disc is blank: the structures of all file systems begin there.
const LOOKED_AT: u64 = 512;

/// What is read at once while looking for that.
const PIECE: u64 = 64 << 10;

/// Refuses a file that has headers and checksums of sectors beside their data: no block is where it should be.
pub(super) fn refuse_raw_sectors(blocks: &Blocks) -> Result<()> {
    let begins = |offset: u64| {
        let mut bytes = [0; SYNC.len()];
        let there = offset.saturating_add(SYNC.len() as u64) <= blocks.len();
        Ok::<_, Error>(there && blocks.read_at(offset, &mut bytes).map(|()| bytes == SYNC)?)
    };
    if begins(0)? {
        for len in RAW_SECTORS {
            if begins(len.into())? {
                return Err(Error::RawSectors { len });
            }
        }
    }
    Ok(())
}

/// The sessions of a disc that does not tell where they are: at least one.
pub(super) fn sessions(blocks: &Arc<Blocks>) -> Result<Vec<RecordedSession>> {
    let mut start = 0;
    let mut sessions = vec![session(blocks, start)?];
    while sessions.len() < MAX_SESSIONS {
        let Some(next) = next_session(blocks, start)? else {
            break;
        };
        sessions.push(session(blocks, next)?);
        start = next;
    }
    Ok(sessions)
}

/// What the session that begins at block `start` has.
pub(super) fn session(blocks: &Arc<Blocks>, start: u32) -> Result<RecordedSession> {
    let descriptors = Descriptors::read(blocks, start)?;
    let mut file_systems = FileSystems::empty();
    file_systems.set(FileSystems::ISO9660, descriptors.has_primary());
    file_systems.set(FileSystems::JOLIET, joliet::read::is_in(&descriptors));
    // Opening it says what is wrong with it.
    let is_announced = udf::read::is_recorded(blocks, start)?;
    let is_udf_unannounced = !is_announced && udf::read::open_unannounced(blocks, start)?.is_some();
    file_systems.set(FileSystems::UDF, is_announced || is_udf_unannounced);
    let boots = descriptors.boot_catalog().is_some();
    let beside_udf = file_systems == FileSystems::ISO9660.union(FileSystems::UDF);
    Ok(RecordedSession {
        start,
        file_systems,
        is_udf_unannounced,
        boot_catalog: descriptors.boot_catalog(),
        is_boot_stub: boots && beside_udf && is_stub(blocks, start, &descriptors),
    })
}

/// Whether the primary volume has no file but one that says where the others are. A volume of UDF that has no other files
/// either makes it the same volume, whatever it is there for.
fn is_stub(blocks: &Arc<Blocks>, start: u32, descriptors: &Descriptors) -> bool {
    // What is wrong with it is said when it is opened.
    let Ok(Some(primary)) = iso9660::read::open(blocks, descriptors, None) else {
        return false;
    };
    let Some(found) = at_most_readme(&primary) else {
        return false;
    };
    let beside = udf::read::open(blocks, start).ok().flatten();
    let beside = beside.and_then(|udf| at_most_readme(&udf));
    beside.is_none_or(|beside| !is_same_file(found.as_ref(), beside.as_ref()))
}

/// The readme of a volume that has no more than that; nothing if it has, or cannot be read.
fn at_most_readme(volume: &dyn Volume) -> Option<Option<Entry>> {
    let root = volume.root().ok()?;
    let mut entries = volume.entries(&root).ok()?;
    let Some(first) = entries.next() else {
        return Some(None);
    };
    let is_readme = |entry: &Entry| entry.name.eq_ignore_ascii_case(boot::README);
    let first = first.ok().filter(is_readme)?;
    entries.next().is_none().then_some(Some(first))
}

/// Whether both are the same file, or both are not there.
fn is_same_file(one: Option<&Entry>, other: Option<&Entry>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            let [one_at, other_at] = [one, other].map(|entry| match &entry.data {
                Data::Runs(runs) => runs.first().and_then(|run| run.at),
                Data::Embedded(_) => None,
            });
            one.len == other.len && (one_at == other_at || one.len == 0)
        }
        (None, None) => true,
        _ => false,
    }
}

/// Where volume descriptors follow on the volume of the session at `start`.
fn next_session(blocks: &Arc<Blocks>, start: u32) -> Result<Option<u32>> {
    let ends = ends(blocks, start)?;
    let mut near = near(&ends).filter(|place| *place > start);
    if let Some(next) = near.find(|place| begins(blocks, *place)) {
        return Ok(Some(next));
    }
    let Some(far) = far(blocks, start, &ends)? else {
        return Ok(None);
    };
    let mut places = far.places();
    Ok(places.find(|place| match far {
        Far::Start(_) => begins(blocks, *place),
        Far::End(_) => begins_here(blocks, *place),
    }))
}

/// Whether a session at block `next` would be found behind the one at `start`, if none begins before it.
pub(super) fn is_looked_for(blocks: &Arc<Blocks>, start: u32, next: u32) -> Result<bool> {
    let ends = ends(blocks, start)?;
    if near(&ends).any(|place| place == next) {
        return Ok(true);
    }
    let far = far(blocks, start, &ends)?;
    Ok(far.is_some_and(|far| far.places().any(|place| place == next)))
}

/// Where the volumes of the session at `start` may end.
fn ends(blocks: &Arc<Blocks>, start: u32) -> Result<Vec<u32>> {
    let mut ends = Vec::new();
    if let Some(size) = Descriptors::read(blocks, start)?.volume_space_size() {
        // Some writers count the size from the session's start, others from that of the disc.
        ends.extend(start.checked_add(size));
        ends.extend(Some(size).filter(|end| *end > start));
    }
    // Both are looked at: one of them is behind the other when a session was added and its writer interrupted. What is
    // wrong with a volume of UDF is said when it is opened.
    if let Ok(Some(volume)) = udf::read::open(blocks, start) {
        ends.push(volume.end());
    }
    Ok(ends)
}

/// The blocks just behind these ends, where sessions follow on DVD and BD, and behind the gaps of a CD. The nearest come
/// first: where one is looked for in vain, a later session may happen to be.
fn near(ends: &[u32]) -> impl Iterator<Item = u32> + use<> {
    let gaps = [0].into_iter().chain(GAPS);
    let places = |&end: &u32| gaps.clone().map(move |gap| end.saturating_add(gap));
    let mut places: Vec<u32> = ends.iter().flat_map(places).collect();
    places.sort_unstable();
    places.dedup();
    places
        .into_iter()
        .flat_map(|place| (0..ALIGNMENT).map(move |more| place.saturating_add(more)))
}

/// Where the search for a session begins that is at none of the places it should be at.
#[derive(Clone, Copy)]
enum Far {
    /// The start of one of unknown length.
    Start(u32),
    /// The end of the volumes, so that image files in them are not taken for sessions.
    End(u32),
}

impl Far {
    /// The places where sessions can be on DVD and BD.
    fn places(self) -> impl Iterator<Item = u32> + use<> {
        let (from, skipped) = match self {
            Self::Start(start) => (start, 1),
            Self::End(end) => (
                end.checked_next_multiple_of(ALIGNMENT).unwrap_or(u32::MAX),
                0,
            ),
        };
        let places = from..=from.saturating_add(SEARCHED);
        places.step_by(ALIGNMENT as usize).skip(skipped)
    }
}

/// Where the search behind the session at `start` begins, whose volumes may end at `ends`; nothing if nothing is known.
fn far(blocks: &Arc<Blocks>, start: u32, ends: &[u32]) -> Result<Option<Far>> {
    if let Some(end) = session_end(blocks, start)? {
        return Ok(Some(Far::End(end)));
    }
    // Of a disc that was written in several sessions with a table at its very end, the earlier ones cannot be opened.
    let is_unknown = ends.is_empty() && udf::read::open(blocks, start).is_err();
    Ok(is_unknown.then_some(Far::Start(start)))
}

/// Whether a session begins at a block. Blocks behind a volume may not be readable: those of a CD's run-out are not.
fn begins(blocks: &Blocks, block: u32) -> bool {
    matches!(Descriptors::begin_at(blocks, block), Ok(true))
        || matches!(udf_begins_at(blocks, block), Ok(true))
}

/// Whether a session begins at a block that no volume leads to: what it has must count blocks from the disc's start, as an
/// image file does not.
fn begins_here(blocks: &Blocks, block: u32) -> bool {
    matches!(Descriptors::begin_at(blocks, block), Ok(true))
        || matches!(udf_begins_at(blocks, block), Ok(true)) && udf::read::has_anchor(blocks, block)
}

/// Whether a session begins at block `start` whose first descriptor is one of UDF.
///
/// A session that was not written to its end has later descriptors without the first one, which are none of a session
/// some blocks further on.
fn udf_begins_at(blocks: &Blocks, start: u32) -> Result<bool> {
    let Some(first) = start.checked_add(FIRST_DESCRIPTOR) else {
        return Ok(false);
    };
    let is_at = |block: u32, identifier: &[u8; 5]| {
        let offset = u64::from(block).saturating_mul(BLOCK_SIZE.into());
        let mut head = [0; 6];
        if offset.saturating_add(head.len() as u64) > blocks.len() {
            return Ok(false);
        }
        blocks.read_at(offset, &mut head)?;
        Ok::<_, Error>(head.ends_with(identifier))
    };
    Ok(is_at(first, b"BEA01")?
        && !is_at(first.saturating_sub(1), b"CD001")?
        && udf::read::is_recorded(blocks, start)?)
}

/// Whether nothing is recorded where file systems begin.
pub(super) fn is_blank(blocks: &Blocks) -> Result<bool> {
    let end = blocks
        .len()
        .min(LOOKED_AT.saturating_mul(BLOCK_SIZE.into()));
    let mut offset = 0;
    while offset < end {
        let len = PIECE.min(end.saturating_sub(offset));
        let piece = blocks.take(offset, len)?;
        blocks.release(len);
        if piece.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        offset = offset.saturating_add(len);
    }
    Ok(true)
}

//! Finds the sessions of a disc.
//!
//! A drive may know them. In a file, one can begin at any block: the search goes block by block from the end of the
//! volumes of the one before, so an image that ends with its last session is not searched at all. On other discs, only
//! the blocks are read where a session usually follows another.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::Arc;

use encoding_rs::Encoding;

use super::end::{backup_table, partitions_end, session_end};
use super::leftover::is_leftover;
use super::opened::OpenedSession;
use super::probe::summary;
use super::session::{RecordedSession, UnknownBlocks};
use crate::block::{BLOCK, BLOCK_SIZE};
use crate::error::{Error, Result};
use crate::iso9660::read::RecordedDescriptors;
use crate::media::{Blocks, NextData};
use crate::recognition::{DescriptorKind, FIRST_DESCRIPTOR, KIND_LEN};
use crate::udf;
use crate::udf::read::UdfSession;

/// The most sessions that are found. A CD has at most 99 tracks; other discs, and files, can have any number, but since
/// no more than these are found, an image does not accept more either.
pub(super) const MAX_SESSIONS: usize = 1024;

/// The gaps between sessions of a CD: lead-out, lead-in and pre-gap, after the first session and after others.
const GAPS: [u32; 2] = [11_400, 6_900];

/// The largest unit at which sessions begin, in blocks: that of BD.
pub(super) const ALIGNMENT: u32 = 32;

/// Blocks to read at once while searching.
const PIECE: u32 = 32;

/// The most volumes with a virtual partition to open in order to check whether they are complete.
const MOST_OPENED: u32 = 4;

/// The most blocks from the start of a UDF session to its first volume descriptor or anchor (UDF 2.2.3).
const MOST_BEFORE_UDF: u32 = 768;

/// The sessions of a disc.
pub(super) struct Sessions {
    /// All sessions, at least one.
    pub all: Vec<RecordedSession>,
    /// The last session.
    pub last: OpenedSession,
    /// The unknown blocks after it.
    pub unknown: Option<UnknownBlocks>,
}

/// Finds the sessions of a disc that begins with block `first`.
pub(super) fn sessions(
    blocks: &Arc<Blocks>,
    first: u32,
    code_page: Option<&'static Encoding>,
) -> Result<Sessions> {
    let open = |start| OpenedSession::open(blocks, start, code_page);
    let starts = blocks.session_starts().unwrap_or_default();
    if let [first, more @ ..] = starts.as_slice() {
        let mut last = open(*first)?;
        let mut all = vec![summary(blocks, &last)?];
        for start in more.iter().take(MAX_SESSIONS.saturating_sub(1)) {
            last = open(*start)?;
            all.push(summary(blocks, &last)?);
        }
        let unknown = None;
        return Ok(Sessions { all, last, unknown });
    }
    let mut last = open(first)?;
    let mut all = vec![summary(blocks, &last)?];
    let mut search = Search::new(blocks);
    let mut unknown = None;
    while all.len() < MAX_SESSIONS {
        let Some(next) = search.next(&last)? else {
            unknown = search.unknown(&last)?;
            break;
        };
        last = open(next)?;
        all.push(summary(blocks, &last)?);
    }
    Ok(Sessions { all, last, unknown })
}

/// Returns the unknown blocks after a session, if that is the last one.
pub(super) fn unknown_after(
    blocks: &Arc<Blocks>,
    session: &OpenedSession,
) -> Result<Option<UnknownBlocks>> {
    let mut search = Search::new(blocks);
    match search.next(session)? {
        Some(_) => Ok(None),
        None => search.unknown(session),
    }
}

/// The most blocks of an image in which to search for its root directory.
const MOST_BEFORE_ROOT: u32 = 4096;

/// Returns the block of its disc at which an image begins whose ISO 9660 volume counts blocks from before it: finds its
/// root directory, which states its block of the disc. Returns `None` if the root is where an image of a whole disc has
/// it.
pub(super) fn likely_first_block(blocks: &Arc<Blocks>) -> Result<Option<u32>> {
    let descriptors = RecordedDescriptors::read(blocks, 0)?;
    let Some(location) = descriptors.root_location() else {
        return Ok(None);
    };
    if RecordedDescriptors::lead_from(blocks, 0)? {
        return Ok(None);
    }
    let mut record = [0; 6];
    for block in FIRST_DESCRIPTOR..MOST_BEFORE_ROOT.min(total(blocks)).min(location) {
        blocks.read_at(byte_of(block), &mut record)?;
        // The length of a directory's first record, and the location of the directory (ECMA-119 9.1).
        if record.first().is_some_and(|len| *len >= 34) && record.ends_with(&location.to_le_bytes())
        {
            return Ok(Some(location.saturating_sub(block)));
        }
    }
    Ok(None)
}

/// Returns `true` if a search would find a session at block `next` after the one at `start`, provided that none begins
/// before it.
pub(super) fn is_looked_for(blocks: &Arc<Blocks>, start: u32, next: u32) -> Result<bool> {
    if blocks.next_data(next) != NextData::Unknown {
        return Ok(true);
    }
    let session = OpenedSession::open(blocks, start, None)?;
    Ok(near(&ends(blocks, &session).all).any(|place| place == next))
}

/// The possible ends of a session's volumes.
#[derive(Debug, Default)]
struct Ends {
    all: Vec<u32>,
    /// Where the search begins: everything before it certainly belongs to the session.
    certain: Option<u32>,
    /// Whether UDF has a table at the disc's end that leads to all files.
    is_virtual: bool,
}

/// Returns the possible ends of a session's volumes from the volumes' own structures, without their files.
fn ends(blocks: &Arc<Blocks>, session: &OpenedSession) -> Ends {
    let total = total(blocks);
    let start = session.start();
    let descriptors = session.descriptors();
    // Opening a UDF volume reports what is wrong with it.
    let udf = session.udf().outline(blocks).ok().flatten();
    let udf_end = udf.map(|udf| udf.end);
    let mut all = Vec::new();
    let mut iso9660 = None;
    let sizes = [
        descriptors.volume_space_size(),
        descriptors.largest_space_size(),
    ];
    for size in sizes.into_iter().flatten() {
        // Some writers count the size from the session's start, others from that of the disc.
        let from_start = start.checked_add(size);
        let from_disc = Some(size).filter(|end| *end > start);
        all.extend(from_start);
        all.extend(from_disc);
        iso9660 = match (from_disc, from_start) {
            (Some(_), Some(end)) if udf.is_none() && end == total => Some(end),
            (None, end) => end,
            (end, _) => end,
        };
    }
    all.extend(udf_end);
    let is_end = |end: &u32| *end > start.saturating_add(FIRST_DESCRIPTOR);
    all.retain(is_end);
    Ends {
        all,
        certain: udf_end.max(iso9660).filter(is_end),
        is_virtual: udf.is_some_and(|udf| udf.is_virtual),
    }
}

/// Returns the blocks just after these ends, where sessions follow on DVD and BD, and those after the gaps of a CD. The
/// nearest come first: beyond a block without a session, a later one may happen to be.
fn near(ends: &[u32]) -> impl Iterator<Item = u32> + use<> {
    let gaps = [0].into_iter().chain(GAPS);
    let places = |&end: &u32| gaps.clone().map(move |gap| end.saturating_add(gap));
    let mut places: Vec<u32> = ends.iter().flat_map(places).collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().flat_map(follows_on)
}

/// Returns the blocks at which a session may begin after one that ends at block `end`.
fn follows_on(end: u32) -> impl Iterator<Item = u32> {
    (0..ALIGNMENT).map(move |more| end.saturating_add(more))
}

fn is_zeros(block: &[u8]) -> bool {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    ZEROS.get(..block.len()) == Some(block)
}

fn byte_of(block: u32) -> u64 {
    u64::from(block).saturating_mul(BLOCK_SIZE.into())
}

fn total(blocks: &Blocks) -> u32 {
    u32::try_from(blocks.len().div_ceil(BLOCK_SIZE.into())).unwrap_or(u32::MAX)
}

/// A search of a disc from its start to its end. It reads no block twice on the way.
struct Search<'a> {
    blocks: &'a Arc<Blocks>,
    /// The next block to read.
    position: u32,
    /// The first block of the recognition sequence that includes the block before that, and whether a session can begin
    /// with it.
    recognition: Option<(u32, bool)>,
    /// The first block of a possible UDF session.
    pending: Option<u32>,
    /// The first and the last block with data, of those searched since the last session.
    data: Option<(u32, u32)>,
    /// Number of volumes with a virtual partition that have been opened.
    opened: u32,
}

impl<'a> Search<'a> {
    fn new(blocks: &'a Arc<Blocks>) -> Self {
        Self {
            blocks,
            position: 0,
            recognition: None,
            pending: None,
            data: None,
            opened: 0,
        }
    }

    /// Returns the session after another.
    fn next(&mut self, session: &OpenedSession) -> Result<Option<u32>> {
        let start = session.start();
        let ends = ends(self.blocks, session);
        let is_searched = self.blocks.next_data(0) != NextData::Unknown;
        if !is_searched {
            let places = near(&ends.all).filter(|place| *place > start);
            return first_of(places, |place| follows_at(self.blocks, place));
        }
        let total = total(self.blocks);
        let from = match ends.certain {
            Some(end) if end < total || !ends.is_virtual => end,
            // Any session of a disc can claim all of it, and have a table at its own end.
            _ if ends.is_virtual && self.is_whole(session) => return Ok(None),
            _ => start.saturating_add(1),
        };
        if from >= total {
            // The ends of one session's volumes differ while a session is added: one of the volumes already leads to
            // it.
            let before = ends.all.iter().copied().filter(|end| *end < total);
            let mut places: Vec<u32> = before.flat_map(follows_on).collect();
            places.sort_unstable();
            let places = places.into_iter().filter(|place| *place > start);
            return first_of(places, |place| follows_at(self.blocks, place));
        }
        let lowest = ends.all.iter().copied().filter(|end| *end < from).min();
        if let Some(lowest) = lowest {
            let places = follows_on(lowest).filter(|place| *place > start);
            if let Some(next) = first_of(places, |place| follows_at(self.blocks, place))? {
                return Ok(Some(next));
            }
        }
        self.data = None;
        self.run(from)
    }

    /// Returns `true` if the UDF volume of a session can be opened on the disc as it is.
    fn is_whole(&mut self, session: &OpenedSession) -> bool {
        self.opened = self.opened.saturating_add(1);
        self.opened <= MOST_OPENED
            && matches!(session.udf().announced_volume(self.blocks), Ok(Some(_)))
    }

    /// Searches for a session that begins at block `from` or later.
    fn run(&mut self, from: u32) -> Result<Option<u32>> {
        let total = total(self.blocks);
        let first = from.saturating_add(FIRST_DESCRIPTOR);
        // Everything before the first place of a descriptor is data, too.
        if from > self.position {
            (self.position, self.recognition, self.pending) = (from, None, None);
        }
        let mut was_empty = true;
        while self.position < total {
            if was_empty {
                match self.blocks.next_data(self.position) {
                    NextData::At(next) if next > self.position => {
                        (self.position, self.recognition) = (next, None);
                        continue;
                    }
                    NextData::At(_) => {}
                    NextData::Never | NextData::Unknown => {
                        self.position = total;
                        break;
                    }
                }
            }
            let count = PIECE.min(total.saturating_sub(self.position));
            let piece = self.piece(count);
            let at = self.position;
            self.position = at.saturating_add(count);
            was_empty = true;
            for (block, bytes) in (at..).zip(piece.chunks(BLOCK)) {
                if is_zeros(bytes) {
                    self.recognition = None;
                    continue;
                }
                was_empty = false;
                if let Some(start) = self.look_at(first, block, bytes)? {
                    // The rest of the piece is read again.
                    self.position = block.saturating_add(1);
                    return Ok(Some(start));
                }
                let (first, _) = self.data.unwrap_or((block, block));
                self.data = Some((first, block));
            }
        }
        Ok(None)
    }

    /// Returns the session that a block reveals; its first descriptor is in block `first` or later.
    fn look_at(&mut self, first: u32, block: u32, bytes: &[u8]) -> Result<Option<u32>> {
        let Some(kind) = DescriptorKind::of(bytes) else {
            self.recognition = None;
            // A volume that counts blocks from elsewhere is an image file.
            let start = self.pending.filter(|start| {
                let distance = block.saturating_sub(*start);
                distance <= MOST_BEFORE_UDF && udf::read::is_volume_structure(bytes, block)
            });
            if start.is_some() {
                self.pending = None;
            }
            return Ok(start);
        };
        if self.recognition.is_none() {
            // An incompletely written session has later descriptors without the first one.
            self.recognition = Some((block, kind.is_first() && block >= first));
            let start = block.saturating_sub(FIRST_DESCRIPTOR);
            if block >= first
                && kind.is_iso9660()
                && if_readable(RecordedDescriptors::lead_from(self.blocks, start))?
            {
                self.pending = None;
                return Ok(Some(start));
            }
        }
        if kind == DescriptorKind::Nsr {
            let begins = self.recognition.filter(|(_, is_first)| *is_first);
            self.pending = begins.map(|(block, _)| block.saturating_sub(FIRST_DESCRIPTOR));
        }
        Ok(None)
    }

    /// Reads the next blocks. Unreadable ones count as data.
    fn piece(&self, count: u32) -> Vec<u8> {
        let mut piece = vec![0; (count as usize).saturating_mul(BLOCK)];
        // This does not count as work, because the disc cannot demand any amount of it: no block is read twice.
        let offset = byte_of(self.position);
        if self.blocks.read_data_at(offset, &mut piece).is_err() {
            for (block, bytes) in (self.position..).zip(piece.chunks_mut(BLOCK)) {
                if self.blocks.read_data_at(byte_of(block), bytes).is_err() {
                    bytes.fill(0xFF);
                }
            }
        }
        piece
    }

    /// Returns the unknown blocks that the search passed on the way from the session, the last one, to the disc's end.
    fn unknown(&self, session: &OpenedSession) -> Result<Option<UnknownBlocks>> {
        let total = total(self.blocks);
        if summary(self.blocks, session)?.file_systems.is_empty() {
            return Ok(None);
        }
        if self.blocks.next_data(0) == NextData::Unknown {
            let ends = ends(self.blocks, session);
            let first = ends.certain.unwrap_or(session.start());
            let first = first.max(self.partitions_end());
            let last = total.saturating_sub(1);
            return Ok((first <= last).then_some(UnknownBlocks::NotSearched { first, last }));
        }
        let Some((_, last)) = self.data else {
            return Ok(None);
        };
        // Only now is it worthwhile to read all entries of the session.
        let Some(volumes) = session_end(self.blocks, session)? else {
            return Ok(None);
        };
        let from = volumes.max(self.partitions_end());
        let end = match backup_table(self.blocks)? {
            Some(table) => table.min(total),
            None => total,
        };
        let last = last.min(end.saturating_sub(1));
        let Some(first) = self.first_data(from, last.saturating_add(1))? else {
            return Ok(None);
        };
        // Wherever the session began, its first descriptor would have been a block before.
        let has_room = first > from.saturating_add(FIRST_DESCRIPTOR);
        Ok(Some(
            if has_room && is_leftover(self.blocks, byte_of(first))? {
                UnknownBlocks::Interrupted { first, last }
            } else {
                UnknownBlocks::Data { first, last }
            },
        ))
    }

    /// Returns the end of all partitions. An image of only a later session has no table of them.
    fn partitions_end(&self) -> u32 {
        partitions_end(self.blocks).unwrap_or(0)
    }

    /// Returns the first block that is not zeros.
    fn first_data(&self, from: u32, end: u32) -> Result<Option<u32>> {
        let mut search = Self::new(self.blocks);
        search.position = from;
        while search.position < end {
            match self.blocks.next_data(search.position) {
                NextData::At(next) if next > search.position => {
                    search.position = next;
                    continue;
                }
                NextData::At(_) => {}
                NextData::Never | NextData::Unknown => break,
            }
            let count = PIECE.min(end.saturating_sub(search.position));
            let piece = search.piece(count);
            let is_set = |block: &[u8]| !is_zeros(block);
            if let Some(number) = piece.chunks(BLOCK).position(is_set) {
                let number = u32::try_from(number).unwrap_or(0);
                return Ok(Some(search.position.saturating_add(number)));
            }
            search.position = search.position.saturating_add(count);
        }
        Ok(None)
    }
}

/// Checks whether a session begins at a block after another one. Blocks after a volume may be unreadable, such as those
/// of a CD's run-out.
fn follows_at(blocks: &Blocks, block: u32) -> Result<bool> {
    Ok(if_readable(RecordedDescriptors::begin_at(blocks, block))?
        || if_readable(udf_begins_at(blocks, block))?)
}

/// Returns the first place that meets a condition.
fn first_of(
    mut places: impl Iterator<Item = u32>,
    holds: impl Fn(u32) -> Result<bool>,
) -> Result<Option<u32>> {
    let found = places.find_map(|place| match holds(place) {
        Ok(true) => Some(Ok(place)),
        Ok(false) => None,
        Err(error) => Some(Err(error)),
    });
    found.transpose()
}

/// Treats unreadable blocks as places where nothing begins.
fn if_readable(result: Result<bool>) -> Result<bool> {
    match result {
        Err(error @ (Error::ImportMemory(_) | Error::ImportWork { .. })) => Err(error),
        Err(_) => Ok(false),
        result => result,
    }
}

/// Checks whether a session begins at block `start` whose first descriptor is one of UDF.
///
/// An incompletely written session has later descriptors without the first one, which do not belong to a session some
/// blocks further on.
fn udf_begins_at(blocks: &Blocks, start: u32) -> Result<bool> {
    let Some(first) = start.checked_add(FIRST_DESCRIPTOR) else {
        return Ok(false);
    };
    let kind = |block: u32| {
        let offset = byte_of(block);
        let mut head = [0; KIND_LEN];
        if offset.saturating_add(head.len() as u64) > blocks.len() {
            return Ok(None);
        }
        blocks.read_at(offset, &mut head)?;
        Ok::<_, Error>(DescriptorKind::of(&head))
    };
    let before = first.saturating_sub(1);
    Ok(kind(first)? == Some(DescriptorKind::BeginExtendedArea)
        && !kind(before)?.is_some_and(DescriptorKind::is_iso9660)
        && UdfSession::open(blocks, start)?.is_announced())
}

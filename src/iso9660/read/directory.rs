//! The entries of a directory (ECMA-119 6.8.1).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use zerocopy::FromBytes;

use super::guess;
use super::record::Record;
use super::rock_ridge::{self, Attributes};
use super::volume::{HierarchyVolume, SECTOR, directory};
use crate::error::{Error, Result};
use crate::finding::{ExpectedValue, FindingCode};
use crate::iso9660::record::DirectoryRecord;
use crate::recorded::{Data, Entry, Kind, Run, Unread, Volume};

/// Bytes of records that are read at once.
const PIECE: u64 = 16 * SECTOR;

/// The most extents of a file that do not follow one another. Of full length they are more than a disc has.
const MOST_RUNS: usize = 1 << 16;

/// The least bytes of a record: its fixed part, and an identifier of one byte.
const LEAST: u64 = size_of::<DirectoryRecord>() as u64 + 1;

/// The entries of one directory. It goes on behind what cannot be read.
pub(super) struct Records {
    volume: HierarchyVolume,
    is_root: bool,
    /// Where the directory begins.
    start: u64,
    /// Where what is read next begins.
    next: u64,
    /// Where the directory ends.
    end: u64,
    /// Whether it ends only behind the disc's end.
    is_cut: bool,
    /// How much is read at once.
    step: u64,
    piece: Vec<u8>,
    /// Where the piece begins.
    piece_offset: u64,
    /// The next record in the piece.
    at: usize,
    /// Memory that is counted for the piece.
    charged: u64,
    parts: Parts,
}

/// Where a record is.
#[derive(Clone, Copy)]
struct RecordPlace {
    /// Byte of the disc.
    offset: u64,
    /// Whether it is the first of its directory, which is the directory's own.
    is_own: bool,
}

/// What records add up to: entries, those of files perhaps from several.
#[derive(Default)]
struct Parts {
    /// A file of which more sections are to come.
    unfinished: Option<Unfinished>,
    /// Whether something could not be read after the last record.
    is_interrupted: bool,
    /// The last file identifier without its version number: older versions follow newer ones.
    last: String,
    /// Whether the directory for relocated ones was met: a volume has one at most.
    relocation_was_met: bool,
    ready: VecDeque<Result<Entry, Unread>>,
}

struct Unfinished {
    identifier: Vec<u8>,
    /// Where its first record is.
    offset: u64,
    file: File,
    /// Why it cannot be read.
    error: Option<Error>,
}

impl Unfinished {
    fn into_entry(self) -> Result<Entry, Unread> {
        match self.error {
            None => Ok(self.file.into_entry()),
            Some(error) => Err(Unread::entry(self.file.entry.name, error)),
        }
    }
}

/// A file as far as its sections are known.
struct File {
    entry: Entry,
    runs: Vec<Run>,
    /// Of the volume.
    block_len: u64,
}

impl Records {
    pub(super) fn new(
        volume: &HierarchyVolume,
        offset: u64,
        len: u64,
        is_root: bool,
    ) -> Result<Self> {
        // Some writers leave out the rest of the last sector.
        let len = len.next_multiple_of(SECTOR);
        let charged = len.min(PIECE);
        volume.blocks.charge(charged)?;
        let end = offset.saturating_add(len);
        Ok(Self {
            volume: volume.clone(),
            is_root,
            start: offset,
            next: offset,
            end: end.min(volume.blocks.len()),
            is_cut: end > volume.blocks.len(),
            step: PIECE,
            piece: Vec::new(),
            piece_offset: offset,
            at: 0,
            charged,
            parts: Parts::default(),
        })
    }

    /// Reads the next piece; `false` at the directory's end.
    fn read_piece(&mut self) -> Result<bool> {
        loop {
            let left = self.end.saturating_sub(self.next);
            if left == 0 {
                return Ok(false);
            }
            // Pieces end where sectors do, also when blocks are shorter than those.
            let skip = self.next % SECTOR;
            let len = left.min(self.step.saturating_sub(skip));
            self.piece
                .resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
            self.piece_offset = self.next;
            self.at = 0;
            match self.volume.blocks.read_at(self.next, &mut self.piece) {
                Ok(()) => {
                    self.next = self.next.saturating_add(len);
                    return Ok(true);
                }
                // What is readable of it is found sector by sector.
                Err(_) if self.step > SECTOR => self.step = SECTOR,
                Err(error) => {
                    self.next = self.next.saturating_add(len);
                    self.piece.clear();
                    return Err(error);
                }
            }
        }
    }

    /// The place of the next record in the piece.
    fn next_record(&mut self) -> Option<Result<(usize, usize)>> {
        loop {
            let Some(&len) = self.piece.get(self.at) else {
                match self.read_piece() {
                    Ok(true) => continue,
                    Ok(false) => return None,
                    Err(error) => return Some(Err(error)),
                }
            };
            let start = self.at;
            let offset = self.piece_offset.saturating_add(start as u64);
            if offset == self.start {
                self.check_own();
            } else if offset % SECTOR == 0 && self.is_another() {
                self.end = self.next;
                self.is_cut = false;
                self.piece.truncate(start);
                continue;
            }
            let left = SECTOR.saturating_sub(offset % SECTOR) as usize;
            let sector_end = start.saturating_add(left).min(self.piece.len());
            let end = start.saturating_add(len.into());
            if len == 0 && offset != self.start {
                // The rest of the sector is not used.
                self.at = sector_end;
            } else if usize::from(len) <= size_of::<DirectoryRecord>() || end > sector_end {
                let from = start.saturating_add(2);
                let next = guess::next_record(&self.volume, &self.piece, from, sector_end);
                self.at = next.unwrap_or(sector_end);
                let expected = if end > sector_end {
                    ExpectedValue::AtMost(left as u64)
                } else {
                    ExpectedValue::AtLeast(LEAST)
                };
                let fault = FindingCode::IsoRecordLength.value("length", len, expected);
                return Some(Err(self.volume.corrupt(offset, fault)));
            } else {
                let whole = self.piece.get(start..sector_end).unwrap_or_default();
                let end = match guess::overlong(&self.volume, whole) {
                    Some(len) => {
                        let fault = FindingCode::IsoRecordOverlong;
                        self.volume.finding(offset, fault);
                        start.saturating_add(len)
                    }
                    None => end,
                };
                self.at = end;
                return Some(Ok((start, end)));
            }
        }
    }
}

impl Records {
    /// Whether the first record is the directory's own, whatever its identifier: some writers leave that out.
    fn is_own(&self, record: &[u8]) -> bool {
        DirectoryRecord::read_from_prefix(record).is_ok_and(|(record, _)| {
            let location = record.location_of_extent;
            [location.get(), location.big_endian()]
                .into_iter()
                .any(|block| self.volume.offset(block.into()) == self.start)
        })
    }

    /// Compares the directory's length with what its own record says, which comes first.
    fn check_own(&mut self) {
        let len = self.end.saturating_sub(self.start);
        let bytes = self.piece.get(self.at..).unwrap_or_default();
        let Ok((own, _)) = DirectoryRecord::read_from_prefix(bytes) else {
            return;
        };
        let own_len = u64::from(own.data_len.get()).next_multiple_of(SECTOR);
        let is_own = self.volume.offset(own.location_of_extent.get().into()) == self.start
            && own.data_len.agrees();
        let is_in_reach = guess::is_in_reach(&self.volume, self.start, own_len);
        if !is_own || own_len == len || !is_in_reach {
            return;
        }
        let more = own_len.saturating_sub(len);
        let taken = self.volume.more.fetch_add(more, Ordering::Relaxed);
        if more > 0 && taken.saturating_add(more) <= self.volume.blocks.len() {
            let fault = FindingCode::IsoDirectoryLength;
            self.volume
                .finding(self.start, fault.differs("length", len, own_len));
            self.end = self.start.saturating_add(own_len);
        }
    }

    /// Whether another directory begins here, so that this one has ended before.
    fn is_another(&self) -> bool {
        let bytes = self.piece.get(self.at..).unwrap_or_default();
        let offset = self.piece_offset.saturating_add(self.at as u64);
        let Ok((own, rest)) = DirectoryRecord::read_from_prefix(bytes) else {
            return false;
        };
        let begins = own.identifier_len == 1
            && rest.first() == Some(&0)
            && self.volume.offset(own.location_of_extent.get().into()) == offset;
        if begins {
            self.volume
                .finding(self.start, FindingCode::IsoDirectoryShort);
        }
        begins
    }
}

impl Iterator for Records {
    type Item = Result<Entry, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.parts.ready.pop_front() {
                return Some(ready);
            }
            match self.next_record() {
                Some(Ok((start, end))) => {
                    let record = self.piece.get(start..end).unwrap_or_default();
                    let offset = self.piece_offset.saturating_add(start as u64);
                    let is_own = offset == self.start && self.is_own(record);
                    let place = RecordPlace { offset, is_own };
                    self.parts.add(&self.volume, self.is_root, record, place);
                }
                Some(Err(error)) => {
                    self.parts.is_interrupted = true;
                    return Some(Err(error.into()));
                }
                None => {
                    self.parts.is_interrupted |= self.is_cut;
                    self.parts.end_file(&self.volume);
                    if std::mem::take(&mut self.is_cut) {
                        let fault = FindingCode::IsoDirectoryCut;
                        let error = self.volume.corrupt(self.end, fault);
                        self.parts.ready.push_back(Err(error.into()));
                    }
                    if self.parts.ready.is_empty() {
                        return None;
                    }
                }
            }
        }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.volume.blocks.release(self.charged);
    }
}

impl Parts {
    /// Adds a record.
    fn add(&mut self, volume: &HierarchyVolume, is_root: bool, bytes: &[u8], place: RecordPlace) {
        let RecordPlace { offset, is_own } = place;
        let record = match Record::read(bytes, volume.susp_skip) {
            Ok(record) => record,
            Err(code) => {
                self.ready
                    .push_back(Err(volume.corrupt(offset, code).into()));
                return;
            }
        };
        // Of the first one the identifier may be damaged.
        if record.is_dot() || is_own {
            return;
        }
        if record.is_guessed {
            volume.finding(offset, FindingCode::IsoIdentifierLength);
        }
        match (record.is_associated(), record.is_directory()) {
            (true, false) => {
                volume.finding(offset, FindingCode::IsoAssociated);
                return;
            }
            (true, true) => volume.finding(offset, FindingCode::IsoAssociatedDirectory),
            _ => {}
        }
        let continues = self
            .unfinished
            .as_ref()
            .is_some_and(|file| file.identifier == record.identifier);
        if !continues {
            self.end_file(volume);
        }
        let mut unfinished = match self.unfinished.take() {
            Some(unfinished) => unfinished,
            None => {
                self.is_interrupted = false;
                let attributes = match rock_ridge::attributes(volume, &record, offset) {
                    Ok(attributes) => attributes,
                    Err(error) => {
                        self.ready.push_back(Err(error.into()));
                        return;
                    }
                };
                // It is listed where it belongs, by another record.
                if attributes.is_relocated && record.is_directory() {
                    return;
                }
                if let Some(block) = attributes.child {
                    let moved = volume.directory_at(block);
                    let here = match &moved {
                        Ok(moved) => moved.clone(),
                        Err(_) => file(volume, offset),
                    };
                    let entry = self.entry(volume, &record, attributes, here);
                    self.ready.push_back(match moved {
                        Ok(_) => Ok(entry),
                        Err(error) => Err(Unread::entry(entry.name, error)),
                    });
                    return;
                }
                if record.is_directory() {
                    self.add_directory(volume, is_root, &record, attributes, offset);
                    return;
                }
                Unfinished {
                    identifier: record.identifier.to_vec(),
                    offset,
                    file: File {
                        entry: self.entry(volume, &record, attributes, file(volume, offset)),
                        runs: Vec::new(),
                        block_len: volume.block_len,
                    },
                    error: None,
                }
            }
        };
        if unfinished.error.is_none() {
            let added = unfinished.file.add_section(volume, &record, offset);
            unfinished.error = added.err();
        }
        if record.is_continued() {
            self.unfinished = Some(unfinished);
        } else {
            self.ready.push_back(unfinished.into_entry());
        }
    }

    fn add_directory(
        &mut self,
        volume: &HierarchyVolume,
        is_root: bool,
        record: &Record<'_>,
        attributes: Attributes,
        offset: u64,
    ) {
        let start = volume.data_offset(&record.head, offset);
        let len = volume.data_len(record.head.data_len, start, offset);
        let here = directory(start, volume.directory_len(start, len, offset));
        let entry = self.entry(volume, record, attributes, here);
        if is_elsewhere(volume, record) {
            let error = volume.corrupt(offset, FindingCode::IsoDirectoryElsewhere);
            self.ready.push_back(Err(Unread::entry(entry.name, error)));
            return;
        }
        if is_root && volume.has_rock_ridge() && is_for_relocated(&entry) {
            let is_first = !std::mem::replace(&mut self.relocation_was_met, true);
            if is_first && holds_relocated_only(volume, &entry) {
                return;
            }
        }
        self.ready.push_back(Ok(entry));
    }

    /// What a record says, but for the place of its data, which is that of `entry`.
    fn entry(
        &mut self,
        volume: &HierarchyVolume,
        record: &Record<'_>,
        attributes: Attributes,
        entry: Entry,
    ) -> Entry {
        let name = match attributes.name {
            Some(name) => volume.names.decode(&name).into_owned(),
            None => self.name(volume, record),
        };
        let kind = match entry.kind {
            Kind::Directory => Kind::Directory,
            _ => attributes.kind.unwrap_or(Kind::File),
        };
        Entry {
            name,
            kind,
            created: attributes.created,
            accessed: attributes.accessed,
            modified: attributes
                .modified
                .or_else(|| record.head.recording_time.read()),
            hidden: record.is_hidden(),
            has_owner: attributes.has_owner,
            ..entry
        }
    }

    /// The name that an identifier stands for.
    fn name(&mut self, volume: &HierarchyVolume, record: &Record<'_>) -> String {
        let identifier = volume.names.decode(record.identifier);
        // Padding that the length of the identifier counts.
        let identifier = match identifier.trim_end_matches('\0') {
            "" => identifier,
            name if name.len() == identifier.len() => identifier,
            name => Cow::Owned(name.to_owned()),
        };
        if record.is_directory() {
            return identifier.into_owned();
        }
        let name = volume.names.file_name(&identifier);
        // The newest version comes first and has the name for itself.
        if name == self.last && name != identifier {
            return identifier.into_owned();
        }
        name.clone_into(&mut self.last);
        name.to_owned()
    }

    /// Nothing more comes of the file that was begun.
    fn end_file(&mut self, volume: &HierarchyVolume) {
        if let Some(unfinished) = self.unfinished.take() {
            if unfinished.error.is_none() && !self.is_interrupted {
                // The mark that another one follows may be wrong, too.
                volume.finding(unfinished.offset, FindingCode::IsoLastSection);
                self.ready.push_back(unfinished.into_entry());
                return;
            }
            let missing = || volume.corrupt(unfinished.offset, FindingCode::IsoSectionLost);
            let error = unfinished.error.unwrap_or_else(missing);
            let name = unfinished.file.entry.name;
            self.ready.push_back(Err(Unread::entry(name, error)));
        }
    }
}

impl File {
    /// Adds the section that a record is about.
    fn add_section(
        &mut self,
        volume: &HierarchyVolume,
        record: &Record<'_>,
        offset: u64,
    ) -> Result<()> {
        let len = record.head.data_len;
        // The address of an empty file means nothing, and old writers put nonsense there.
        if len.get() == 0 && len.agrees() {
            return Ok(());
        }
        if record.head.interleave_gap_size != 0 && !record.is_interleaved() {
            volume.finding(offset, FindingCode::IsoGapSize);
        }
        if record.is_interleaved() {
            return Err(volume.corrupt(offset, FindingCode::IsoInterleaved));
        }
        if is_elsewhere(volume, record) {
            return Err(volume.corrupt(offset, FindingCode::IsoFileElsewhere));
        }
        let at = volume.data_offset(&record.head, offset);
        let len = volume.data_len(record.head.data_len, at, offset);
        if len == 0 {
            return Ok(());
        }
        if at == 0 {
            volume.finding(offset, FindingCode::IsoBlockZero);
        }
        if at.saturating_add(len) > volume.blocks.len() {
            volume.finding(offset, FindingCode::IsoFileCut);
        }
        let is_full = self.runs.len() >= MOST_RUNS;
        match self.runs.last_mut() {
            Some(last) if last.at.and_then(|start| start.checked_add(last.len)) == Some(at) => {
                last.len = last.len.saturating_add(len);
            }
            _ if is_full => {
                return Err(volume.corrupt(offset, FindingCode::IsoManySections));
            }
            _ => self.runs.push(Run { at: Some(at), len }),
        }
        self.entry.len = self.entry.len.saturating_add(len);
        // What is cut off may be missing of one extent, but several that overlap would have no end.
        if self.runs.len() > 1 && self.entry.len > volume.blocks.len() {
            return Err(volume.corrupt(offset, FindingCode::IsoFileLength));
        }
        Ok(())
    }

    fn into_entry(self) -> Entry {
        let mut entry = self.entry;
        // Names of one file share its data; empty files keep what their records are known by.
        if let Some((first, rest)) = self.runs.split_first() {
            entry.identity = identity(first.at.unwrap_or_default(), entry.len, self.block_len);
            // Sections that lie elsewhere do not fit in.
            for run in rest {
                let place = identity(run.at.unwrap_or_default(), run.len, self.block_len);
                entry.identity = entry.identity.rotate_left(7) ^ place;
            }
        }
        entry.data = Data::Runs(self.runs);
        entry
    }
}

/// A file without a name or data, whose first record is at byte `offset`.
fn file(volume: &HierarchyVolume, offset: u64) -> Entry {
    let within = offset.checked_rem(volume.block_len).unwrap_or_default();
    Entry {
        kind: Kind::File,
        data: Data::Runs(Vec::new()),
        // No data can be where a directory is.
        identity: identity(offset, within, volume.block_len),
        ..directory(offset, 0)
    }
}

/// A number for data of a length from byte `at` on: the block, which has 32 bits, and the length, which has so many in a
/// record.
fn identity(at: u64, len: u64, block_len: u64) -> u64 {
    let block = at.checked_div(block_len).unwrap_or_default();
    (block << 32) | (len & u64::from(u32::MAX))
}

/// Whether what a record is about lies on another disc.
fn is_elsewhere(volume: &HierarchyVolume, record: &Record<'_>) -> bool {
    volume
        .set_member
        .is_some_and(|member| record.head.volume_sequence_number.get() != member)
}

/// Whether a directory in the root has the name of the one that relocated ones are put into (RRIP 4.1.5).
fn is_for_relocated(entry: &Entry) -> bool {
    let name = entry.name.strip_prefix('.').unwrap_or(&entry.name);
    name.eq_ignore_ascii_case("rr_moved")
}

/// Whether a directory lists nothing, as what was relocated is listed where it belongs.
fn holds_relocated_only(volume: &HierarchyVolume, entry: &Entry) -> bool {
    volume
        .for_item()
        .entries(entry)
        .is_ok_and(|mut entries| entries.next().is_none())
}

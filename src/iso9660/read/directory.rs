//! The entries of a directory (ECMA-119 6.8.1).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::atomic::Ordering;

use zerocopy::FromBytes;

use super::context::{Context, SECTOR};
use super::entry::{EntryBuilder, RecordPlace};
use super::{guess, resync};
use crate::error::Result;
use crate::finding::{ExpectedValue, FindingCode};
use crate::iso9660::record::DirectoryRecord;
use crate::recorded::{Entry, Unread};

/// Bytes of records that are read at once.
const PIECE: u64 = 16 * SECTOR;

/// The shortest record, in bytes: the fixed part and an identifier of one byte.
const LEAST: u64 = size_of::<DirectoryRecord>() as u64 + 1;

/// The entries of one directory. Iteration continues after what cannot be read.
pub(super) struct Records {
    context: Context,
    is_root: bool,
    /// Where the directory begins.
    start: u64,
    /// Where the next read begins.
    next: u64,
    /// Where the directory ends.
    end: u64,
    /// Whether the directory ends after the end of the disc.
    is_cut: bool,
    /// Bytes to read at once.
    step: u64,
    piece: Vec<u8>,
    /// Where the piece begins.
    piece_offset: u64,
    /// Index of the next record in the piece.
    at: usize,
    /// Memory charged for the piece.
    charged: u64,
    entries: EntryBuilder,
}

impl Records {
    pub(super) fn new(context: &Context, offset: u64, len: u64, is_root: bool) -> Result<Self> {
        // Some writers do not count the rest of the last sector.
        let len = len.next_multiple_of(SECTOR);
        let charged = len.min(PIECE);
        context.blocks.charge(charged)?;
        let end = offset.saturating_add(len);
        Ok(Self {
            context: context.clone(),
            is_root,
            start: offset,
            next: offset,
            end: end.min(context.blocks.len()),
            is_cut: end > context.blocks.len(),
            step: PIECE,
            piece: Vec::new(),
            piece_offset: offset,
            at: 0,
            charged,
            entries: EntryBuilder::default(),
        })
    }

    /// Reads the next piece; returns `false` at the directory's end.
    fn read_piece(&mut self) -> Result<bool> {
        loop {
            let left = self.end.saturating_sub(self.next);
            if left == 0 {
                return Ok(false);
            }
            // Pieces end at sector boundaries, even if blocks are shorter than sectors.
            let skip = self.next % SECTOR;
            let len = left.min(self.step.saturating_sub(skip));
            self.piece
                .resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
            self.piece_offset = self.next;
            self.at = 0;
            match self.context.blocks.read_at(self.next, &mut self.piece) {
                Ok(()) => {
                    self.next = self.next.saturating_add(len);
                    return Ok(true);
                }
                // Reading sector by sector finds what is readable.
                Err(_) if self.step > SECTOR => self.step = SECTOR,
                Err(error) => {
                    self.next = self.next.saturating_add(len);
                    self.piece.clear();
                    return Err(error);
                }
            }
        }
    }

    /// Returns the range of the next record in the piece.
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
                // The rest of the sector is unused.
                self.at = sector_end;
            } else if usize::from(len) <= size_of::<DirectoryRecord>() || end > sector_end {
                let from = start.saturating_add(2);
                let next = resync::next_record(&self.context, &self.piece, from, sector_end);
                self.at = next.unwrap_or(sector_end);
                let expected = if end > sector_end {
                    ExpectedValue::AtMost(left as u64)
                } else {
                    ExpectedValue::AtLeast(LEAST)
                };
                let fault = FindingCode::IsoRecordLength.value("length", len, expected);
                return Some(Err(self.context.corrupt(offset, fault)));
            } else {
                let whole = self.piece.get(start..sector_end).unwrap_or_default();
                let end = match resync::overlong(&self.context, whole) {
                    Some(likely) => {
                        let fault = FindingCode::IsoRecordOverlong;
                        let fault = fault.differs("length", len, likely as u64);
                        self.context.finding(offset, fault);
                        start.saturating_add(likely)
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
    /// Returns `true` if the first record is the directory's own; some writers leave out its identifier.
    fn is_own(&self, record: &[u8]) -> bool {
        DirectoryRecord::read_from_prefix(record).is_ok_and(|(record, _)| {
            let location = record.location_of_extent;
            [location.get(), location.big_endian()]
                .into_iter()
                .any(|block| self.context.offset(block.into()) == self.start)
        })
    }

    /// Compares the directory's length with the one in its own record, which comes first.
    fn check_own(&mut self) {
        let len = self.end.saturating_sub(self.start);
        let bytes = self.piece.get(self.at..).unwrap_or_default();
        let Ok((own, _)) = DirectoryRecord::read_from_prefix(bytes) else {
            return;
        };
        let own_len = u64::from(own.data_len.get()).next_multiple_of(SECTOR);
        let is_own = self.context.offset(own.location_of_extent.get().into()) == self.start
            && own.data_len.agrees();
        let is_in_reach = guess::is_in_reach(&self.context, self.start, own_len);
        if !is_own || own_len == len || !is_in_reach {
            return;
        }
        let more = own_len.saturating_sub(len);
        let taken = self.context.more.fetch_add(more, Ordering::Relaxed);
        if more > 0 && taken.saturating_add(more) <= self.context.blocks.len() {
            let fault = FindingCode::IsoDirectoryLength;
            self.context
                .finding(self.start, fault.differs("length", len, own_len));
            self.end = self.start.saturating_add(own_len);
        }
    }

    /// Returns `true` if another directory begins here, which means that this one has already ended.
    fn is_another(&self) -> bool {
        let bytes = self.piece.get(self.at..).unwrap_or_default();
        let offset = self.piece_offset.saturating_add(self.at as u64);
        let Ok((own, rest)) = DirectoryRecord::read_from_prefix(bytes) else {
            return false;
        };
        let begins = own.identifier_len == 1
            && rest.first() == Some(&0)
            && self.context.offset(own.location_of_extent.get().into()) == offset;
        if begins {
            self.context
                .finding(self.start, FindingCode::IsoDirectoryShort);
        }
        begins
    }
}

impl Iterator for Records {
    type Item = Result<Entry, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.entries.ready.pop_front() {
                return Some(ready);
            }
            match self.next_record() {
                Some(Ok((start, end))) => {
                    let record = self.piece.get(start..end).unwrap_or_default();
                    let offset = self.piece_offset.saturating_add(start as u64);
                    let is_own = offset == self.start && self.is_own(record);
                    let place = RecordPlace { offset, is_own };
                    self.entries.add(&self.context, self.is_root, record, place);
                    if let Some(directory) = self.entries.relocated.take() {
                        if !holds_relocated_only(&self.context, &directory) {
                            self.entries.ready.push_back(Ok(directory));
                        }
                    }
                }
                Some(Err(error)) => {
                    self.entries.is_interrupted = true;
                    return Some(Err(error.into()));
                }
                None => {
                    self.entries.is_interrupted |= self.is_cut;
                    self.entries.end_file(&self.context);
                    if std::mem::take(&mut self.is_cut) {
                        let fault = FindingCode::IsoDirectoryCut;
                        let error = self.context.corrupt(self.end, fault);
                        self.entries.ready.push_back(Err(error.into()));
                    }
                    if self.entries.ready.is_empty() {
                        return None;
                    }
                }
            }
        }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.context.blocks.release(self.charged);
    }
}

/// Returns `true` if a directory lists nothing because relocated directories are listed where they belong.
fn holds_relocated_only(context: &Context, entry: &Entry) -> bool {
    Records::new(&context.for_item(), entry.handle, entry.len, false)
        .is_ok_and(|mut entries| entries.next().is_none())
}

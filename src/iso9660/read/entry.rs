//! The entries that directory records stand for: those of files perhaps from several (ECMA-119 6.5.1).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::borrow::Cow;
use std::collections::VecDeque;

use super::context::{Context, directory};
use super::record::Record;
use super::rock_ridge::{self, Attributes};
use crate::error::{Error, Result};
use crate::finding::FindingCode;
use crate::recorded::{Data, Entry, EntryKind, Run, Unread};

/// The most extents of a file that do not follow one another. Of full length they are more than a disc has.
const MOST_RUNS: usize = 1 << 16;

/// Where a record is.
#[derive(Clone, Copy)]
pub(super) struct RecordPlace {
    /// Byte of the disc.
    pub offset: u64,
    /// Whether it is the first of its directory, which is the directory's own.
    pub is_own: bool,
}

/// What records add up to: entries, those of files perhaps from several.
#[derive(Default)]
pub(super) struct EntryBuilder {
    /// A file of which more sections are to come.
    unfinished: Option<Unfinished>,
    /// Whether something could not be read after the last record.
    pub is_interrupted: bool,
    /// The last file identifier without its version number: older versions follow newer ones.
    last: String,
    /// Whether the directory for relocated ones was met: a volume has one at most.
    relocation_was_met: bool,
    /// That directory, to be listed unless all that it has is listed elsewhere.
    pub relocated: Option<Entry>,
    pub ready: VecDeque<Result<Entry, Unread>>,
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

impl EntryBuilder {
    /// Adds a record.
    pub(super) fn add(
        &mut self,
        context: &Context,
        is_root: bool,
        bytes: &[u8],
        place: RecordPlace,
    ) {
        let RecordPlace { offset, is_own } = place;
        let record = match Record::read(bytes, context.susp_skip) {
            Ok(record) => record,
            Err(code) => {
                self.ready
                    .push_back(Err(context.corrupt(offset, code).into()));
                return;
            }
        };
        // Of the first one the identifier may be damaged.
        if record.is_dot() || is_own {
            return;
        }
        if record.is_guessed {
            context.finding(offset, FindingCode::IsoIdentifierLength);
        }
        match (record.is_associated(), record.is_directory()) {
            (true, false) => {
                context.finding(offset, FindingCode::IsoAssociated);
                return;
            }
            (true, true) => context.finding(offset, FindingCode::IsoAssociatedDirectory),
            _ => {}
        }
        let continues = self
            .unfinished
            .as_ref()
            .is_some_and(|file| file.identifier == record.identifier);
        if !continues {
            self.end_file(context);
        }
        let mut unfinished = match self.unfinished.take() {
            Some(unfinished) => unfinished,
            None => match self.begin(context, is_root, &record, offset) {
                Some(begun) => begun,
                None => return,
            },
        };
        if unfinished.error.is_none() {
            let added = unfinished.file.add_section(context, &record, offset);
            unfinished.error = added.err();
        }
        if record.is_continued() {
            self.unfinished = Some(unfinished);
        } else {
            self.ready.push_back(unfinished.into_entry());
        }
    }

    /// Adds what a record is about that continues no other: an entry, or a file of which this is the first section.
    fn begin(
        &mut self,
        context: &Context,
        is_root: bool,
        record: &Record<'_>,
        offset: u64,
    ) -> Option<Unfinished> {
        self.is_interrupted = false;
        let attributes = match rock_ridge::attributes(context, record, offset) {
            Ok(attributes) => attributes,
            Err(error) => {
                self.ready.push_back(Err(error.into()));
                return None;
            }
        };
        // It is listed where it belongs, by another record.
        if attributes.is_relocated && record.is_directory() {
            return None;
        }
        if let Some(block) = attributes.child {
            let moved = context.directory_at(block);
            let here = match &moved {
                Ok(moved) => moved.clone(),
                Err(_) => file(context, offset),
            };
            let entry = self.entry(context, record, attributes, here);
            self.ready.push_back(match moved {
                Ok(_) => Ok(entry),
                Err(error) => Err(Unread::entry(entry.name, error)),
            });
            return None;
        }
        if record.is_directory() {
            self.add_directory(context, is_root, record, attributes, offset);
            return None;
        }
        Some(Unfinished {
            identifier: record.identifier.to_vec(),
            offset,
            file: File {
                entry: self.entry(context, record, attributes, file(context, offset)),
                runs: Vec::new(),
                block_len: context.block_len,
            },
            error: None,
        })
    }

    fn add_directory(
        &mut self,
        context: &Context,
        is_root: bool,
        record: &Record<'_>,
        attributes: Attributes,
        offset: u64,
    ) {
        let start = context.data_offset(&record.head, offset);
        let len = context.data_len(record.head.data_len, start, offset);
        let here = directory(start, context.directory_len(start, len, offset));
        let entry = self.entry(context, record, attributes, here);
        if is_elsewhere(context, record) {
            let error = context.corrupt(offset, FindingCode::IsoDirectoryElsewhere);
            self.ready.push_back(Err(Unread::entry(entry.name, error)));
            return;
        }
        if is_root && context.has_rock_ridge() && is_for_relocated(&entry) {
            let is_first = !std::mem::replace(&mut self.relocation_was_met, true);
            if is_first {
                self.relocated = Some(entry);
                return;
            }
        }
        self.ready.push_back(Ok(entry));
    }

    /// What a record says, but for the place of its data, which is that of `entry`.
    fn entry(
        &mut self,
        context: &Context,
        record: &Record<'_>,
        attributes: Attributes,
        entry: Entry,
    ) -> Entry {
        let name = match attributes.name {
            Some(name) => context.names.decode(&name).into_owned(),
            None => self.name(context, record),
        };
        let kind = match entry.kind {
            EntryKind::Directory => EntryKind::Directory,
            _ => attributes.kind.unwrap_or(EntryKind::File),
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
    fn name(&mut self, context: &Context, record: &Record<'_>) -> String {
        let identifier = context.names.decode(record.identifier);
        // Padding that the length of the identifier counts.
        let identifier = match identifier.trim_end_matches('\0') {
            "" => identifier,
            name if name.len() == identifier.len() => identifier,
            name => Cow::Owned(name.to_owned()),
        };
        if record.is_directory() {
            return identifier.into_owned();
        }
        let name = context.names.file_name(&identifier);
        // The newest version comes first and has the name for itself.
        if name == self.last && name != identifier {
            return identifier.into_owned();
        }
        name.clone_into(&mut self.last);
        name.to_owned()
    }

    /// Nothing more comes of the file that was begun.
    pub(super) fn end_file(&mut self, context: &Context) {
        if let Some(unfinished) = self.unfinished.take() {
            if unfinished.error.is_none() && !self.is_interrupted {
                // The mark that another one follows may be wrong, too.
                context.finding(unfinished.offset, FindingCode::IsoLastSection);
                self.ready.push_back(unfinished.into_entry());
                return;
            }
            let missing = || context.corrupt(unfinished.offset, FindingCode::IsoSectionLost);
            let error = unfinished.error.unwrap_or_else(missing);
            let name = unfinished.file.entry.name;
            self.ready.push_back(Err(Unread::entry(name, error)));
        }
    }
}

impl File {
    /// Adds the section that a record is about.
    fn add_section(&mut self, context: &Context, record: &Record<'_>, offset: u64) -> Result<()> {
        let len = record.head.data_len;
        // The address of an empty file means nothing, and old writers put nonsense there.
        if len.get() == 0 && len.agrees() {
            return Ok(());
        }
        if record.head.interleave_gap_size != 0 && !record.is_interleaved() {
            context.finding(offset, FindingCode::IsoGapSize);
        }
        if record.is_interleaved() {
            return Err(context.corrupt(offset, FindingCode::IsoInterleaved));
        }
        if is_elsewhere(context, record) {
            return Err(context.corrupt(offset, FindingCode::IsoFileElsewhere));
        }
        let at = context.data_offset(&record.head, offset);
        let len = context.data_len(record.head.data_len, at, offset);
        if len == 0 {
            return Ok(());
        }
        if at == 0 {
            context.finding(offset, FindingCode::IsoBlockZero);
        }
        if at.saturating_add(len) > context.blocks.len() {
            context.finding(offset, FindingCode::IsoFileCut);
        }
        let is_full = self.runs.len() >= MOST_RUNS;
        match self.runs.last_mut() {
            Some(last) if last.at.and_then(|start| start.checked_add(last.len)) == Some(at) => {
                last.len = last.len.saturating_add(len);
            }
            _ if is_full => {
                return Err(context.corrupt(offset, FindingCode::IsoManySections));
            }
            _ => self.runs.push(Run { at: Some(at), len }),
        }
        self.entry.len = self.entry.len.saturating_add(len);
        // What is cut off may be missing of one extent, but several that overlap would have no end.
        if self.runs.len() > 1 && self.entry.len > context.blocks.len() {
            return Err(context.corrupt(offset, FindingCode::IsoFileLength));
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
fn file(context: &Context, offset: u64) -> Entry {
    let within = offset.checked_rem(context.block_len).unwrap_or_default();
    Entry {
        kind: EntryKind::File,
        data: Data::Runs(Vec::new()),
        // No data can be where a directory is.
        identity: identity(offset, within, context.block_len),
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
fn is_elsewhere(context: &Context, record: &Record<'_>) -> bool {
    context
        .set_member
        .is_some_and(|member| record.head.volume_sequence_number.get() != member)
}

/// Whether a directory in the root has the name of the one that relocated ones are put into (RRIP 4.1.5).
fn is_for_relocated(entry: &Entry) -> bool {
    let name = entry.name.strip_prefix('.').unwrap_or(&entry.name);
    name.eq_ignore_ascii_case("rr_moved")
}

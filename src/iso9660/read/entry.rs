//! The entries that directory records describe; one file may have several records (ECMA-119 6.5.1).
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
use crate::finding::{Fault, FindingCode};
use crate::recorded::{Data, Entry, EntryKind, Run, Unread};

/// The most extents of a file that do not follow one another. At full length, they hold more than a disc does.
const MOST_RUNS: usize = 1 << 16;

/// The place of a record.
#[derive(Clone, Copy)]
pub(super) struct RecordPlace {
    /// Byte of the disc.
    pub offset: u64,
    /// Whether this is the first record of its directory, which describes the directory itself.
    pub is_own: bool,
}

/// Combines records into entries; a file may have several.
#[derive(Default)]
pub(super) struct EntryBuilder {
    /// A file with more sections to come.
    unfinished: Option<Unfinished>,
    /// Whether anything after the last record could not be read.
    pub is_interrupted: bool,
    /// The last file identifier without its version number: older versions follow newer ones.
    last: String,
    /// Whether the directory for relocated directories has been found: a volume has at most one.
    relocation_was_met: bool,
    /// That directory, to be listed unless everything in it is listed elsewhere.
    pub relocated: Option<Entry>,
    pub ready: VecDeque<Result<Entry, Unread>>,
}

struct Unfinished {
    identifier: Vec<u8>,
    /// Where the file's first record is.
    offset: u64,
    file: File,
    /// Why the file cannot be read.
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

/// A file with the sections read so far.
struct File {
    entry: Entry,
    runs: Vec<Run>,
    /// Length in bytes of the volume's blocks.
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
        // The identifier of the first record may be damaged.
        if record.is_dot() || is_own {
            return;
        }
        if record.is_guessed {
            let (said, guessed) = (record.head.identifier_len, record.identifier.len() as u64);
            let fault = FindingCode::IsoIdentifierLength.differs("length", said, guessed);
            context.finding(offset, fault);
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

    /// Begins an entry for a record that continues no other: adds it, or returns the file of which this is the first
    /// section.
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
        // Another record lists it where it belongs.
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
        if let Some(fault) = elsewhere(context, record, FindingCode::IsoDirectoryElsewhere) {
            let error = context.corrupt(offset, fault);
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

    /// Returns the entry that a record describes, with its data where that of `entry` is.
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

    /// Returns the name that an identifier stands for.
    fn name(&mut self, context: &Context, record: &Record<'_>) -> String {
        let identifier = context.names.decode(record.identifier);
        // Removes padding that the identifier's length includes.
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

    /// Ends the file that was begun: no more sections follow.
    pub(super) fn end_file(&mut self, context: &Context) {
        if let Some(unfinished) = self.unfinished.take() {
            if unfinished.error.is_none() && !self.is_interrupted {
                // The flag that announces another section may be wrong, too.
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
    /// Adds the section that a record describes.
    fn add_section(&mut self, context: &Context, record: &Record<'_>, offset: u64) -> Result<()> {
        let len = record.head.data_len;
        // The address of an empty file has no meaning, and old writers recorded arbitrary ones.
        if len.get() == 0 && len.agrees() {
            return Ok(());
        }
        if record.head.interleave_gap_size != 0 && !record.is_interleaved() {
            let gap = record.head.interleave_gap_size;
            context.finding(offset, FindingCode::IsoGapSize.differs("size", gap, 0_u8));
        }
        if record.is_interleaved() {
            return Err(context.corrupt(offset, FindingCode::IsoInterleaved));
        }
        if let Some(fault) = elsewhere(context, record, FindingCode::IsoFileElsewhere) {
            return Err(context.corrupt(offset, fault));
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
            // Of an image that was cut off there are many: one for each block of records is enough.
            context.finding(offset, FindingCode::IsoFileCut);
        }
        let is_full = self.runs.len() >= MOST_RUNS;
        match self.runs.last_mut() {
            Some(last) if last.at.and_then(|start| start.checked_add(last.len)) == Some(at) => {
                last.len = last.len.saturating_add(len);
            }
            _ if is_full => {
                let sections = (self.runs.len() as u64).saturating_add(1);
                let fault = FindingCode::IsoManySections;
                let fault = fault.above("sections", sections, MOST_RUNS as u64);
                return Err(context.corrupt(offset, fault));
            }
            _ => self.runs.push(Run { at: Some(at), len }),
        }
        self.entry.len = self.entry.len.saturating_add(len);
        // One extent may lack what was cut off, but several that overlap would have no end.
        if self.runs.len() > 1 && self.entry.len > context.blocks.len() {
            let (len, most) = (self.entry.len, context.blocks.len());
            let fault = FindingCode::IsoFileLength.above("bytes", len, most);
            return Err(context.corrupt(offset, fault));
        }
        Ok(())
    }

    fn into_entry(self) -> Entry {
        let mut entry = self.entry;
        // Names of one file share its data; an empty file keeps the identity of its record.
        if let Some((first, rest)) = self.runs.split_first() {
            entry.identity = identity(first.at.unwrap_or_default(), entry.len, self.block_len);
            // The identity has no room for sections that lie elsewhere.
            for run in rest {
                let place = identity(run.at.unwrap_or_default(), run.len, self.block_len);
                entry.identity = entry.identity.rotate_left(7) ^ place;
            }
        }
        entry.data = Data::Runs(self.runs);
        entry
    }
}

/// Returns a file without a name or data, whose first record is at byte `offset`.
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

/// Returns a number for data of length `len` from byte `at` on: its block, in 32 bits, and its length, which has 32
/// bits in a record.
fn identity(at: u64, len: u64, block_len: u64) -> u64 {
    let block = at.checked_div(block_len).unwrap_or_default();
    (block << 32) | (len & u64::from(u32::MAX))
}

/// Returns the fault of a record whose data lies on another disc.
fn elsewhere(context: &Context, record: &Record<'_>, code: FindingCode) -> Option<Fault> {
    let member = context.set_member?;
    let said = record.head.volume_sequence_number.get();
    (said != member).then(|| code.differs("volume", said, member))
}

/// Returns `true` if a directory in the root has the name of the one for relocated directories (RRIP 4.1.5).
fn is_for_relocated(entry: &Entry) -> bool {
    let name = entry.name.strip_prefix('.').unwrap_or(&entry.name);
    name.eq_ignore_ascii_case("rr_moved")
}

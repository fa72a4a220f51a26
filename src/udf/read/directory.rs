//! Directories: their identifiers, and the entries that these name (ECMA-167 4/8.6, 4/14.4; UDF 2.3.4).

use std::collections::VecDeque;

use zerocopy::FromBytes;

use super::allocation::{EMBEDDED, FileExtents, embedded};
use super::icb::{Icb, IcbExtent};
use super::partition::{Copy, LogicalBlocks};
use super::tag::{self, block_at, corrupt, finding};
use super::text::cs0;
use super::{narrow, wide};
use crate::budget::Charge;
use crate::error::Result;
use crate::finding::{ExpectedValue, Fault, FindingCode};
use crate::recorded::{Entry, Unread};
use crate::udf::identifier::{DELETED, FileIdentifierDescriptor, HIDDEN, PARENT};
use crate::udf::tag::{LongAd, identifier};

/// Bytes of a directory that are read at once.
const PIECE: u64 = 32 * 1024;

/// The longest identifier in bytes: the lengths of its name and implementation use have 8 and 16 bits.
const MAX_LEN: usize = HEAD_LEN.saturating_add(0x100FF);

const HEAD_LEN: usize = size_of::<FileIdentifierDescriptor>();

/// The contents of an identifier.
#[derive(Clone, Debug)]
struct ParsedIdentifier {
    characteristics: u8,
    icb: LongAd,
    name: String,
    is_broken: bool,
    /// Length of the descriptor, including its padding.
    len: u64,
}

/// The tag of an identifier.
const EXPECTED: [u16; 1] = [identifier::FILE_IDENTIFIER_DESCRIPTOR];

/// Why there is no identifier in some bytes.
enum Lack {
    Fault(Fault),
    /// Parsing needs this many bytes.
    Bytes(usize),
}

impl ParsedIdentifier {
    /// Parses the identifier at the start of `bytes`. The directory may continue after `bytes`, with `left` bytes in
    /// all.
    ///
    /// An identifier in the block `damaged` may have one damaged field.
    fn parse(bytes: &[u8], left: u64, damaged: Option<u32>) -> Result<Self, Lack> {
        let lacking = |len: usize| {
            if wide(len) > left {
                Lack::Fault(FindingCode::UdfIdentifierCut.into())
            } else {
                Lack::Bytes(len)
            }
        };
        let Ok((head, _)) = FileIdentifierDescriptor::ref_from_prefix(bytes) else {
            return Err(lacking(HEAD_LEN));
        };
        if damaged.is_none() {
            tag::head(bytes, &EXPECTED).map_err(Lack::Fault)?;
        }
        let name_start = HEAD_LEN.saturating_add(head.implementation_use_len.get().into());
        let name_end = name_start.saturating_add(head.identifier_len.into());
        let padded = name_end.next_multiple_of(4);
        // The last identifier of a directory may lack its padding.
        let len = padded.min(narrow(left).max(name_end));
        let Some(whole) = bytes.get(..len) else {
            return Err(lacking(len));
        };
        match damaged {
            None => tag::check(whole, &EXPECTED).map(|_| ()),
            Some(block) if tag::check_loosely(whole, &EXPECTED, block) => Ok(()),
            Some(_) => Err(FindingCode::UdfIdentifierDamaged.into()),
        }
        .map_err(Lack::Fault)?;
        let mut this = Self {
            characteristics: head.file_characteristics,
            icb: head.icb,
            name: String::new(),
            is_broken: false,
            len: wide(len),
        };
        if this.is_entry() {
            let text = whole.get(name_start..name_end).unwrap_or_default();
            let text = cs0(text).map_err(Lack::Fault)?;
            (this.name, this.is_broken) = (text.text, text.is_broken);
            // Removes padding that the length of the name includes.
            this.name.truncate(this.name.trim_end_matches('\0').len());
        }
        Ok(this)
    }

    const fn is_entry(&self) -> bool {
        self.characteristics & (DELETED | PARENT) == 0
    }
}

/// Where the identifiers are.
#[derive(Debug)]
enum IdentifierSource {
    /// In the directory's entry; the buffer holds all of them from the beginning.
    Entry,
    Extents(FileExtents),
}

/// The entries of a directory, in the order in which they are recorded.
#[derive(Debug)]
pub(super) struct Directory {
    space: LogicalBlocks,
    /// Byte of the disc where the directory's entry is.
    at: u64,
    partition: u16,
    /// Block of the partition where the directory's entry is.
    entry_block: u32,
    source: IdentifierSource,
    len: u64,
    position: u64,
    /// Bytes of the directory that have been read, and the position of the first.
    buffer: Vec<u8>,
    buffer_start: u64,
    /// Buffer for the entries that the identifiers name.
    block: Vec<u8>,
    /// Whether these are the streams of a file.
    is_streams: bool,
    /// Counts the buffers.
    _charge: Charge,
    /// The unreadable streams of the file that was returned last.
    unread: VecDeque<Unread>,
}

impl Directory {
    pub(super) fn new(space: &LogicalBlocks, icb: &Icb<'_>, is_streams: bool) -> Result<Self> {
        let len = icb.information_len;
        // A directory longer than the disc must name extents repeatedly.
        if len > space.blocks.len() {
            return Err(corrupt(
                icb.at,
                FindingCode::UdfDirectoryLength.value(
                    "length",
                    len,
                    ExpectedValue::AtMost(space.blocks.len()),
                ),
            ));
        }
        let mut charge = Charge::new(space.blocks.memory());
        let buffers = len.min(PIECE).saturating_add(space.block_len.into());
        charge.add(narrow(buffers))?;
        let (source, buffer) = if icb.allocation_type == EMBEDDED {
            (IdentifierSource::Entry, embedded(icb)?.to_vec())
        } else {
            (
                IdentifierSource::Extents(FileExtents::new(space, icb)?),
                Vec::new(),
            )
        };
        Ok(Self {
            space: space.clone(),
            _charge: charge,
            at: icb.at,
            partition: icb.address.partition,
            entry_block: icb.address.block,
            source,
            len,
            position: 0,
            buffer,
            buffer_start: 0,
            block: Vec::new(),
            is_streams,
            unread: VecDeque::new(),
        })
    }

    const fn left(&self) -> u64 {
        self.len.saturating_sub(self.position)
    }

    /// Returns the bytes in the buffer from the position on.
    fn buffered(&self) -> &[u8] {
        let skip = narrow(self.position.saturating_sub(self.buffer_start));
        self.buffer.get(skip..).unwrap_or_default()
    }

    /// Reads until the buffer has `len` bytes from the position on, all of which the directory has.
    fn fill(&mut self, len: usize) -> Result<()> {
        let IdentifierSource::Extents(extents) = &self.source else {
            return Err(corrupt(self.at, FindingCode::UdfEmbedded));
        };
        let skip = narrow(self.position.saturating_sub(self.buffer_start));
        self.buffer.drain(..skip.min(self.buffer.len()));
        self.buffer_start = self.position;
        while self.buffer.len() < len {
            let there = self.buffer.len();
            let from = self.position.saturating_add(wide(there));
            let missing = wide(len.saturating_sub(there));
            let left = self.len.saturating_sub(from);
            let mut read = |piece: u64| {
                self.buffer.resize(there.saturating_add(narrow(piece)), 0);
                let part = self.buffer.get_mut(there..).unwrap_or_default();
                let read = extents.read(&self.space, from, Copy::Main, self.at, part);
                if read.is_err() {
                    self.buffer.truncate(there);
                }
                read
            };
            if read(PIECE.max(missing).min(left)).is_err() {
                // Perhaps only a later block cannot be read.
                let skip = extents.block(&self.space, from).map_or(0, |(_, skip)| skip);
                let block = u64::from(self.space.block_len).saturating_sub(skip);
                read(block.min(extents.left(from)).min(left))?;
            }
        }
        Ok(())
    }

    /// Reads the identifier at the position.
    fn identifier(&mut self) -> Result<ParsedIdentifier> {
        loop {
            match ParsedIdentifier::parse(self.buffered(), self.left(), None) {
                Ok(identifier) => return Ok(identifier),
                Err(Lack::Bytes(len)) => self.fill(len)?,
                Err(Lack::Fault(fault)) => return Err(corrupt(self.place(), fault)),
            }
        }
    }

    /// Returns the byte of the disc at the position.
    fn place(&self) -> u64 {
        let IdentifierSource::Extents(extents) = &self.source else {
            return self.at;
        };
        extents
            .block(&self.space, self.position)
            .and_then(|(address, skip)| {
                let place = self.space.locate(address?, Copy::Main).ok()?;
                place.at?.checked_add(skip)
            })
            .unwrap_or(self.at)
    }

    /// Tries to read the identifier at the position from the mirror, at least in part: either the rest of the block in
    /// which it begins, or what follows that block. The buffer then holds the good parts.
    fn mirrored(&mut self) -> Option<ParsedIdentifier> {
        let IdentifierSource::Extents(extents) = &self.source else {
            return None;
        };
        if !self.space.has_mirror(self.partition) {
            return None;
        }
        let (_, skip) = extents.block(&self.space, self.position)?;
        let block_len = u64::from(self.space.block_len);
        let first = block_len.saturating_sub(skip).min(self.left());
        // No identifier of 255 bytes with a block of implementation use reaches further.
        let rest = block_len
            .saturating_mul(2)
            .min(self.left().saturating_sub(first));
        let space = self.space.for_item();
        let read = |copy, from: u64, len: u64| {
            let mut bytes = vec![0; narrow(len)];
            let position = self.position.saturating_add(from);
            let read = extents.read(&space, position, copy, self.at, &mut bytes);
            read.ok().map(|()| bytes)
        };
        let copies = [
            (Copy::Mirror, Copy::Mirror),
            (Copy::Mirror, Copy::Main),
            (Copy::Main, Copy::Mirror),
        ];
        for (first_copy, rest_copy) in copies {
            let Some(mut bytes) = read(first_copy, 0, first) else {
                continue;
            };
            // The identifier may end with the block, and the next block may be unreadable.
            let rest = if rest == 0 {
                None
            } else {
                read(rest_copy, first, rest)
            };
            bytes.extend(rest.unwrap_or_default());
            if let Ok(identifier) = ParsedIdentifier::parse(&bytes, self.left(), None) {
                let fault = FindingCode::UdfMetadataBlock;
                self.space.findings.add(finding(self.place(), fault));
                // Bytes that were not needed are read again, from the main file first.
                let used = first.max(identifier.len);
                bytes.truncate(narrow(used));
                self.buffer = bytes;
                self.buffer_start = self.position;
                return Some(identifier);
            }
        }
        None
    }

    /// Reads the identifier at the position even if one of its fields is wrong. Its length is then unknown.
    fn damaged(&self) -> Option<ParsedIdentifier> {
        let block = match &self.source {
            IdentifierSource::Entry => self.entry_block,
            IdentifierSource::Extents(extents) => {
                extents.block(&self.space, self.position)?.0?.block
            }
        };
        let identifier = ParsedIdentifier::parse(self.buffered(), self.left(), Some(block)).ok()?;
        let fault = FindingCode::UdfDoubtfulIdentifier;
        self.space.findings.add(finding(self.place(), fault));
        Some(identifier)
    }

    /// Advances past an unreadable identifier to the next place where one may be.
    fn skip(&mut self) {
        loop {
            // Identifiers begin at multiples of 4; in an unreadable block, none begins.
            let step =
                if self.buffered().len() < 4 && self.fill(narrow(self.left().min(4))).is_err() {
                    match &self.source {
                        IdentifierSource::Entry => self.left(),
                        IdentifierSource::Extents(extents) => {
                            let skip = extents.block(&self.space, self.position);
                            let skip = skip.map_or(0, |(_, skip)| skip);
                            u64::from(self.space.block_len).saturating_sub(skip)
                        }
                    }
                } else {
                    4
                };
            self.position = self.position.saturating_add(step).next_multiple_of(4);
            if self.left() < wide(HEAD_LEN) {
                self.position = self.len;
                return;
            }
            if self.buffered().len() >= HEAD_LEN && tag::head(self.buffered(), &EXPECTED).is_err() {
                continue;
            }
            // The bytes tried in vain here may be tried again four bytes further on.
            let tried = self.buffered().len().min(MAX_LEN);
            let item = self.space.blocks.for_item();
            let charged = item.work_on(wide(tried), block_at(self.at));
            if charged.is_err() {
                self.position = self.len;
            }
            if charged.is_err() || self.identifier().is_ok() {
                return;
            }
        }
    }

    /// Returns the next identifier that names an entry.
    fn next_identifier(&mut self) -> Option<Result<ParsedIdentifier>> {
        while self.left() != 0 {
            let identifier = match self.identifier() {
                Ok(identifier) => identifier,
                Err(error) if error.is_limit() => {
                    self.position = self.len;
                    return Some(Err(error));
                }
                Err(error) => match self.mirrored() {
                    Some(identifier) => identifier,
                    None => {
                        let damaged = self.damaged();
                        self.skip();
                        match damaged {
                            Some(identifier) if identifier.is_entry() => {
                                return Some(Ok(identifier));
                            }
                            Some(_) => continue,
                            None => return Some(Err(error)),
                        }
                    }
                },
            };
            let at = identifier.is_broken.then(|| self.place());
            self.position = self.position.saturating_add(identifier.len);
            if identifier.is_entry() {
                if let Some(at) = at {
                    self.space.findings.add(finding(at, FindingCode::UdfName));
                }
                return Some(Ok(identifier));
            }
        }
        None
    }
}

impl Iterator for Directory {
    type Item = Result<Entry, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(unread) = self.unread.pop_front() {
            return Some(Err(unread));
        }
        let identifier = match self.next_identifier()? {
            Ok(identifier) => identifier,
            Err(error) => return Some(Err(error.into())),
        };
        let name = identifier.name;
        let Some(extent) = IcbExtent::named(identifier.icb) else {
            let error = corrupt(self.at, FindingCode::UdfNoEntry);
            return Some(Err(Unread::entry(name, error)));
        };
        let mut unread = Vec::new();
        let streams = (!self.is_streams).then_some(&mut unread);
        let entry = self.space.entry(extent, self.at, streams, &mut self.block);
        let file = &name;
        self.unread
            .extend(unread.into_iter().map(|what| what.of_stream(file)));
        Some(match entry {
            Ok(entry) => Ok(Entry {
                hidden: identifier.characteristics & HIDDEN != 0,
                name,
                ..entry
            }),
            Err(error) => Err(Unread::entry(name, error)),
        })
    }
}

//! Directories: the identifiers in them, and the entries these name (ECMA-167 4/8.6, 4/14.4; UDF 2.3.4).

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

/// How many bytes of a directory are read at once.
const PIECE: u64 = 32 * 1024;

/// The most bytes of an identifier: those of its name and of its implementation use are counted in 8 and 16 bits.
const MAX_LEN: usize = HEAD_LEN.saturating_add(0x100FF);

const HEAD_LEN: usize = size_of::<FileIdentifierDescriptor>();

/// What an identifier says.
#[derive(Clone, Debug)]
struct ParsedIdentifier {
    characteristics: u8,
    icb: LongAd,
    name: String,
    is_broken: bool,
    /// Of the descriptor, with its padding.
    len: u64,
}

/// The tag that an identifier has.
const EXPECTED: [u16; 1] = [identifier::FILE_IDENTIFIER_DESCRIPTOR];

/// Why there is no identifier in some bytes.
enum Lack {
    Fault(Fault),
    /// So many bytes are needed to tell.
    Bytes(usize),
}

impl ParsedIdentifier {
    /// The identifier at the start of `bytes`. Where `bytes` end, the directory may go on for `left` bytes in all.
    ///
    /// One that lies in the block `damaged` may have a damaged field.
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
        // The last padding of a directory may be missing.
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
            // Padding that the length of the name counts.
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
    /// In the directory's entry; all of them are in the buffer from the beginning.
    Entry,
    FileExtents(FileExtents),
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
    /// Bytes of the directory that were read, and the position of the first.
    buffer: Vec<u8>,
    buffer_start: u64,
    /// For the entries that the identifiers name.
    block: Vec<u8>,
    /// Whether these are the streams of a file.
    is_streams: bool,
    /// Counts the buffers.
    _charge: Charge,
    /// The streams that cannot be read of the file that was given last.
    unread: VecDeque<Unread>,
}

impl Directory {
    pub(super) fn new(space: &LogicalBlocks, icb: &Icb<'_>, is_streams: bool) -> Result<Self> {
        let len = icb.information_len;
        // More can only be there if extents are named again and again.
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
                IdentifierSource::FileExtents(FileExtents::new(space, icb)?),
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

    /// What is in the buffer from the position on.
    fn buffered(&self) -> &[u8] {
        let skip = narrow(self.position.saturating_sub(self.buffer_start));
        self.buffer.get(skip..).unwrap_or_default()
    }

    /// Reads on until `len` bytes from the position on are there; they are in the directory.
    fn fill(&mut self, len: usize) -> Result<()> {
        let IdentifierSource::FileExtents(extents) = &self.source else {
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
                // Perhaps only what comes later cannot be read.
                let skip = extents.block(&self.space, from).map_or(0, |(_, skip)| skip);
                let block = u64::from(self.space.block_len).saturating_sub(skip);
                read(block.min(extents.left(from)).min(left))?;
            }
        }
        Ok(())
    }

    /// The identifier at the position.
    fn identifier(&mut self) -> Result<ParsedIdentifier> {
        loop {
            match ParsedIdentifier::parse(self.buffered(), self.left(), None) {
                Ok(identifier) => return Ok(identifier),
                Err(Lack::Bytes(len)) => self.fill(len)?,
                Err(Lack::Fault(fault)) => return Err(corrupt(self.place(), fault)),
            }
        }
    }

    /// The byte of the disc at the position.
    fn place(&self) -> u64 {
        let IdentifierSource::FileExtents(extents) = &self.source else {
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

    /// Tries to find the identifier at the position in the mirror, or partly there: what comes first in the block it
    /// begins in, and what lies behind that. The buffer then has what was good.
    fn mirrored(&mut self) -> Option<ParsedIdentifier> {
        let IdentifierSource::FileExtents(extents) = &self.source else {
            return None;
        };
        if !self.space.has_mirror(self.partition) {
            return None;
        }
        let (_, skip) = extents.block(&self.space, self.position)?;
        let block_len = u64::from(self.space.block_len);
        let first = block_len.saturating_sub(skip).min(self.left());
        // An identifier of 255 bytes and a block of implementation use reach not further.
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
            // The identifier may well end with the block, and the next one be unreadable.
            let rest = if rest == 0 {
                None
            } else {
                read(rest_copy, first, rest)
            };
            bytes.extend(rest.unwrap_or_default());
            if let Ok(identifier) = ParsedIdentifier::parse(&bytes, self.left(), None) {
                let fault = FindingCode::UdfMetadataBlock;
                self.space.findings.add(finding(self.place(), fault));
                // What was not needed is read again, from the main file first.
                let used = first.max(identifier.len);
                bytes.truncate(narrow(used));
                self.buffer = bytes;
                self.buffer_start = self.position;
                return Some(identifier);
            }
        }
        None
    }

    /// The identifier at the position, if one field of it is wrong. How long it is, is not known then.
    fn damaged(&self) -> Option<ParsedIdentifier> {
        let block = match &self.source {
            IdentifierSource::Entry => self.entry_block,
            IdentifierSource::FileExtents(extents) => {
                extents.block(&self.space, self.position)?.0?.block
            }
        };
        let identifier = ParsedIdentifier::parse(self.buffered(), self.left(), Some(block)).ok()?;
        let fault = FindingCode::UdfDoubtfulIdentifier;
        self.space.findings.add(finding(self.place(), fault));
        Some(identifier)
    }

    /// Goes on to the next place where an identifier may be, behind one that cannot be read.
    fn skip(&mut self) {
        loop {
            // Identifiers begin at multiples of 4; where nothing can be read, none in the whole block does.
            let step =
                if self.buffered().len() < 4 && self.fill(narrow(self.left().min(4))).is_err() {
                    match &self.source {
                        IdentifierSource::Entry => self.left(),
                        IdentifierSource::FileExtents(extents) => {
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
            // What was tried in vain here may be tried again four bytes further on.
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

    /// The next identifier that names an entry.
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

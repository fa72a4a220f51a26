//! Entries of directories, in the form common to all formats.

use super::directory::Directory;
use super::icb::{self, Icb, IcbExtent, file_type};
use super::partition::{Address, LogicalBlocks};
use super::tag::{corrupt, finding};
use super::text::link_target;
use crate::budget::Charge;
use crate::error::Result;
use crate::finding::FindingCode;
use crate::recorded::{Data, Entry, EntryKind, Run, Unread, UnreadPart};
use crate::udf::icb::{DIRECTORY, REAL_TIME_FILE, REGULAR_FILE, STREAM_DIRECTORY};

/// The longest symbolic link that is read, in bytes.
const MAX_LINK_LEN: u64 = 64 * 1024;

/// The most named streams of a file that are read. Any number of files may share them.
const MAX_STREAMS: usize = 1024;

impl LogicalBlocks {
    /// Reads the entry whose ICB is `extent`, without its name; `from` is the byte of the disc that names it.
    ///
    /// Reads its named streams, too, if there is a list for the unreadable ones.
    pub(super) fn entry(
        &self,
        extent: IcbExtent,
        from: u64,
        unread: Option<&mut Vec<Unread>>,
        block: &mut Vec<u8>,
    ) -> Result<Entry> {
        let icb = self.icb(extent, from, block)?;
        let mut real_time = false;
        let mut data = Data::Runs(Vec::new());
        let mut charge = Charge::new(self.blocks.memory());
        let kind = match icb.file_type {
            DIRECTORY => {
                // A directory whose data cannot be found can still be named.
                match self.data(&icb, &mut charge) {
                    Ok(found) => data = found,
                    Err(error) if error.is_limit() => return Err(error),
                    Err(_) => {}
                }
                EntryKind::Directory
            }
            REGULAR_FILE | REAL_TIME_FILE | file_type::UNSPECIFIED => {
                real_time = icb.file_type == REAL_TIME_FILE;
                data = self.data(&icb, &mut charge)?;
                EntryKind::File
            }
            file_type::SYMBOLIC_LINK => self.link(&icb)?,
            file_type::BLOCK_DEVICE => EntryKind::Special("block device"),
            file_type::CHARACTER_DEVICE => EntryKind::Special("character device"),
            file_type::FIFO => EntryKind::Special("fifo"),
            file_type::SOCKET => EntryKind::Special("socket"),
            _ => EntryKind::Special("file of an unknown type"),
        };
        let created = match icb.created {
            Some(time) => Some(time),
            None => icb::created(icb.attributes).unwrap_or_else(|_| {
                self.findings
                    .add(finding(icb.at, FindingCode::UdfAttributes));
                None
            }),
        };
        let streams = match (icb.stream_directory, unread) {
            (Some(directory), Some(unread)) => {
                self.streams(directory, icb.at, unread, &mut charge)?
            }
            _ => Vec::new(),
        };
        Ok(Entry {
            name: String::new(),
            created: created.and_then(|time| time.decode()),
            accessed: icb.accessed.decode(),
            modified: icb.modified.decode(),
            hidden: false,
            real_time,
            has_owner: icb.has_owner,
            len: match kind {
                EntryKind::File | EntryKind::Directory => icb.information_len,
                _ => 0,
            },
            kind,
            data,
            identity: icb.at,
            streams,
            handle: handle(self, extent),
            _charge: charge.shared(),
        })
    }

    fn link(&self, icb: &Icb<'_>) -> Result<EntryKind> {
        let mut charge = Charge::new(self.blocks.memory());
        let path = self.for_item().read_all(icb, MAX_LINK_LEN, &mut charge)?;
        let target = link_target(&path).map_err(|fault| corrupt(icb.at, fault))?;
        if target.is_broken {
            self.findings.add(finding(icb.at, FindingCode::UdfName));
        }
        Ok(EntryKind::SymbolicLink {
            target: target.text,
        })
    }

    /// Reads the named streams of the file whose entry is at byte `from` (UDF 3.3.5 of 2.00). Puts unreadable ones into
    /// `unread`, because a file without its streams is better than none.
    fn streams(
        &self,
        directory: IcbExtent,
        from: u64,
        unread: &mut Vec<Unread>,
        charge: &mut Charge,
    ) -> Result<Vec<Entry>> {
        let mut streams = Vec::new();
        let space = self.for_item();
        match space.read_streams(directory, from, &mut streams, unread, charge) {
            Ok(()) => Ok(streams),
            Err(error) if error.is_limit() => Err(error),
            Err(error) => {
                unread.push(error.into());
                Ok(streams)
            }
        }
    }

    fn read_streams(
        &self,
        directory: IcbExtent,
        from: u64,
        streams: &mut Vec<Entry>,
        unread: &mut Vec<Unread>,
        charge: &mut Charge,
    ) -> Result<()> {
        let mut block = Vec::new();
        let icb = self.icb(directory, from, &mut block)?;
        if icb.file_type != STREAM_DIRECTORY {
            let fault = FindingCode::UdfStreamDirectory;
            let fault = fault.differs("file type", icb.file_type, STREAM_DIRECTORY);
            return Err(corrupt(icb.at, fault));
        }
        for stream in Directory::new(self, &icb, true)? {
            self.step(icb.at)?;
            if streams.len().saturating_add(unread.len()) == MAX_STREAMS {
                return Err(corrupt(icb.at, FindingCode::UdfManyStreams));
            }
            // All streams are in memory at once.
            match stream {
                Ok(stream) if stream.kind == EntryKind::File => {
                    charge.add(memory_of(&stream))?;
                    streams.push(stream);
                }
                Ok(other) => {
                    let error = corrupt(icb.at, FindingCode::UdfStreamKind);
                    charge.add(memory_of(&other))?;
                    unread.push(Unread::entry(other.name, error));
                }
                Err(what) if what.error.is_limit() => {
                    return Err(what.error);
                }
                Err(what) => {
                    charge.add(memory_of_unread(&what))?;
                    unread.push(what);
                }
            }
        }
        Ok(())
    }
}

/// Returns the bytes of memory that an unread item takes.
fn memory_of_unread(unread: &Unread) -> usize {
    let name = match &unread.part {
        UnreadPart::Entry(name) => name.len(),
        _ => 0,
    };
    size_of::<Unread>().saturating_add(name)
}

/// Returns the bytes of memory that an entry takes.
fn memory_of(entry: &Entry) -> usize {
    let data = match &entry.data {
        Data::Runs(runs) => runs.len().saturating_mul(size_of::<Run>()),
        Data::Embedded(bytes) => bytes.len(),
    };
    let rest = size_of::<Entry>().saturating_add(entry.name.len());
    data.saturating_add(rest)
}

/// Returns a handle by which to find an ICB again: its number of blocks, its partition, its first block.
fn handle(space: &LogicalBlocks, extent: IcbExtent) -> u64 {
    let blocks = space.blocks_of(extent.len.into()).min(u64::from(u16::MAX));
    let Address { partition, block } = extent.address;
    (blocks << 48) | (u64::from(partition) << 32) | u64::from(block)
}

/// Returns the ICB that a [`handle`] stands for.
pub(super) fn extent(space: &LogicalBlocks, handle: u64) -> IcbExtent {
    let [a, b, c, d, e, f, g, h] = handle.to_be_bytes();
    let blocks = u32::from(u16::from_be_bytes([a, b]));
    IcbExtent {
        address: Address {
            partition: u16::from_be_bytes([c, d]),
            block: u32::from_be_bytes([e, f, g, h]),
        },
        len: blocks.saturating_mul(space.block_len),
    }
}

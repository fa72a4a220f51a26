//! A hierarchy of a volume, opened.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::descriptors::Found;
use super::directory::Records;
use super::guess;
use super::names::DecodeNames;
use super::record::Record;
use super::susp;
use crate::block::{BLOCK, BLOCK_SIZE};
use crate::budget::Work;
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::finding::{ExpectedValue, Fault, Finding, FindingCode, FindingList};
use crate::iso9660::descriptor::VolumeDescriptor;
use crate::media::Blocks;
use crate::recorded::{Data, Entries, Entry, Kind, Run, Volume};

/// Length in bytes of a logical sector, which no directory record crosses (ECMA-119 6.1.2, 6.8.1.1).
pub(super) const SECTOR: u64 = BLOCK_SIZE as u64;

/// A hierarchy: the primary one, the enhanced one or Joliet's, as one operation reads it.
#[derive(Clone)]
pub(crate) struct HierarchyVolume {
    pub(super) blocks: Arc<Blocks>,
    pub(super) file_system: FileSystems,
    pub(super) names: Arc<dyn DecodeNames>,
    pub(super) findings: Arc<FindingList>,
    /// Length in bytes of the blocks that addresses count.
    pub(super) block_len: u64,
    /// The number of the volume in a set of several; its blocks are the only ones there are.
    pub(super) set_member: Option<u16>,
    /// What comes before the entries of the System Use Sharing Protocol; nothing without Rock Ridge.
    pub(super) susp_skip: Option<u8>,
    /// Bytes of directories that their own records say and the records of them do not. There are at most as many as the
    /// disc has, so that a walk ends.
    pub(super) more: Arc<AtomicU64>,
    name: Arc<str>,
    root: Arc<Entry>,
}

impl HierarchyVolume {
    /// Opens the hierarchy of a descriptor.
    pub(crate) fn open(
        blocks: &Arc<Blocks>,
        found: &Found,
        file_system: FileSystems,
        names: Arc<dyn DecodeNames>,
        rock_ridge: bool,
    ) -> Result<Self> {
        let descriptor = &found.descriptor;
        let findings = Arc::new(FindingList::default());
        let finding = |fault: Fault| findings.add(Finding::new(file_system, found.block, fault));
        let set_size = descriptor.volume_set_size.get();
        if !descriptor.volume_space_size.agrees()
            || !descriptor.volume_set_size.agrees()
            || !descriptor.logical_block_size.agrees()
            || !descriptor.root_directory.location_of_extent.agrees()
            || !descriptor.root_directory.data_len.agrees()
        {
            finding(FindingCode::IsoDescriptorHalves.into());
        }
        let size = descriptor.logical_block_size;
        let block_len = match (size.get(), size.big_endian()) {
            (len @ (512 | 1024 | 2048), _) => u64::from(len),
            (_, len) => {
                let expected = ExpectedValue::OneOf(&[512, 1024, 2048]);
                finding(FindingCode::IsoBlockSize.value("size", size.get(), expected));
                if matches!(len, 512 | 1024) {
                    u64::from(len)
                } else {
                    SECTOR
                }
            }
        };
        let name = names.decode(&descriptor.volume_identifier).into_owned();
        let mut volume = Self {
            blocks: Arc::clone(blocks),
            file_system,
            names,
            findings,
            block_len,
            set_member: (set_size > 1).then(|| descriptor.volume_sequence_number.get()),
            susp_skip: None,
            more: Arc::default(),
            name: name.trim_end_matches(['\0', ' ']).into(),
            root: Arc::new(directory(0, 0)),
        };
        let root = &descriptor.root_directory;
        let len = root.data_len.get();
        // The halves may both be on the disc, and the length of an extended attribute record may be wrong.
        let locations = [
            root.location_of_extent.get(),
            root.location_of_extent.big_endian(),
        ];
        let attributes = root.extended_attribute_record_len.into();
        let mut error = None;
        for block in locations.map(u64::from) {
            // A directory may follow the root directory, but none begins in what comes before it.
            for skip in [0, attributes] {
                match volume.find_root(block.saturating_add(skip), len, rock_ridge) {
                    Ok(()) => {
                        if error.is_some() || attributes != skip {
                            let code = FindingCode::IsoRootPlace;
                            let finding = Finding::new(file_system, found.block, code);
                            volume.findings.add(finding);
                        }
                        return Ok(volume);
                    }
                    Err(failed) => error = error.or(Some(failed)),
                }
            }
        }
        for block in volume
            .roots_of_path_tables(descriptor)
            .into_iter()
            .flatten()
        {
            if volume.find_root(block.into(), len, rock_ridge).is_ok() {
                let code = FindingCode::IsoRootByPathTable;
                let finding = Finding::new(file_system, found.block, code);
                volume.findings.add(finding);
                return Ok(volume);
            }
        }
        error.map_or(Ok(volume), Err)
    }

    /// The same hierarchy for another operation, with findings of its own.
    pub(crate) fn anew(&self, blocks: &Arc<Blocks>) -> Self {
        Self {
            blocks: Arc::clone(blocks),
            findings: Arc::new(self.findings.copy()),
            more: Arc::default(),
            ..self.clone()
        }
    }

    /// The block of the root directory by each path table, whose first record is about it (ECMA-119 6.9, 9.4).
    fn roots_of_path_tables(&self, descriptor: &VolumeDescriptor) -> [Option<u32>; 2] {
        let root = |table: u32| {
            let mut head = [0; 6];
            let read = self.blocks.read_at(self.offset(table.into()), &mut head);
            let [_, _, block @ ..] = head;
            read.ok().map(|()| block)
        };
        [
            root(descriptor.type_l_path_table.get()).map(u32::from_le_bytes),
            root(descriptor.type_m_path_table.get()).map(u32::from_be_bytes),
        ]
    }

    /// The volume's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn has_rock_ridge(&self) -> bool {
        self.susp_skip.is_some()
    }

    /// Takes the directory at a block for the root, if it is a directory.
    fn find_root(&mut self, block: u64, len: u32, rock_ridge: bool) -> Result<()> {
        let sector = self.first_sector(block)?;
        let own = self.own_record(block, &sector)?;
        let own_len = own.head.data_len.get();
        if own_len != len {
            let fault = FindingCode::IsoRootLength.differs("length", own_len, len);
            self.finding(self.offset(block), fault);
        }
        let is_in_reach = |len: u32| guess::is_in_reach(self, self.offset(block), len.into());
        let len = if is_in_reach(len) || !is_in_reach(own_len) {
            len
        } else {
            own_len
        };
        let modified = own.head.recording_time.read();
        let susp_skip = match susp::skip(own.system_use) {
            Some(skip) => Some(skip),
            None => {
                let likely = susp::likely_skip(own.system_use).filter(|_| rock_ridge);
                if likely.is_some() {
                    self.finding(self.offset(block), FindingCode::RripUnannounced);
                }
                likely
            }
        };
        self.susp_skip = susp_skip.filter(|_| rock_ridge);
        self.root = Arc::new(Entry {
            modified,
            ..directory(self.offset(block), len.into())
        });
        Ok(())
    }

    /// A directory by the first block of its records, as Rock Ridge gives it.
    pub(super) fn directory_at(&self, block: u32) -> Result<Entry> {
        let sector = self.for_item().first_sector(block.into())?;
        let own = self.own_record(block.into(), &sector)?;
        Ok(directory(
            self.offset(block.into()),
            own.head.data_len.get().into(),
        ))
    }

    /// The same hierarchy for what a record leads to, which others may lead to as well.
    pub(super) fn for_item(&self) -> Self {
        Self {
            blocks: self.blocks.for_item(),
            ..self.clone()
        }
    }

    fn first_sector(&self, block: u64) -> Result<Vec<u8>> {
        let offset = self.offset(block);
        let left = self.blocks.len().saturating_sub(offset);
        if left == 0 {
            return Err(self.corrupt(offset, FindingCode::IsoDirectoryOutside));
        }
        let mut bytes = vec![0; BLOCK.min(usize::try_from(left).unwrap_or(BLOCK))];
        self.blocks.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// The first record of a directory, which is its own (ECMA-119 6.8.2.2). It says so in three ways, of which one may be
    /// wrong.
    fn own_record<'a>(&self, block: u64, sector: &'a [u8]) -> Result<Record<'a>> {
        let len = sector.first().copied().map_or(0, usize::from);
        let record = sector
            .get(..len)
            .and_then(|own| Record::read(own, None).ok());
        let own = record.filter(|own| {
            let is_here = self.offset(own.head.location_of_extent.get().into())
                == self.offset(block)
                || u64::from(own.head.location_of_extent.big_endian()) == block;
            let says = [own.is_self(), own.is_directory(), is_here];
            says.into_iter().filter(|says| *says).count() >= 2
        });
        let Some(own) = own else {
            return Err(self.corrupt(self.offset(block), FindingCode::IsoDirectoryStart));
        };
        if own.is_guessed || !(own.is_self() && own.is_directory()) {
            self.finding(self.offset(block), FindingCode::IsoOwnRecord);
        }
        Ok(own)
    }

    /// The first byte of a block.
    pub(super) const fn offset(&self, block: u64) -> u64 {
        block.saturating_mul(self.block_len)
    }

    /// The error for a fault of the structure at byte `offset` of the disc.
    pub(super) fn corrupt(&self, offset: u64, fault: impl Into<Fault>) -> Error {
        Finding::new(self.file_system, disc_block(offset), fault).into()
    }

    /// Notes a fault that is got over.
    pub(super) fn finding(&self, offset: u64, fault: impl Into<Fault>) {
        let finding = Finding::new(self.file_system, disc_block(offset), fault);
        self.findings.add(finding);
    }
}

/// The block of the disc in which a byte is.
fn disc_block(offset: u64) -> u32 {
    u32::try_from(offset / SECTOR).unwrap_or(u32::MAX)
}

/// A directory without a name.
pub(super) fn directory(offset: u64, len: u64) -> Entry {
    let run = Run {
        at: Some(offset),
        len,
    };
    Entry {
        name: String::new(),
        kind: Kind::Directory,
        created: None,
        accessed: None,
        modified: None,
        hidden: false,
        real_time: false,
        has_owner: false,
        len,
        data: Data::Runs(vec![run]),
        identity: offset,
        streams: Vec::new(),
        handle: offset,
        _charge: None,
    }
}

impl Volume for HierarchyVolume {
    fn within(&self, work: &Arc<Work>) -> Arc<dyn Volume> {
        Arc::new(Self {
            blocks: self.blocks.within(work),
            more: Arc::default(),
            ..self.clone()
        })
    }

    fn root(&self) -> Result<Entry> {
        Ok((*self.root).clone())
    }

    fn entries(&self, directory: &Entry) -> Result<Entries> {
        let is_root = directory.handle == self.root.handle;
        Ok(Box::new(Records::new(
            self,
            directory.handle,
            directory.len,
            is_root,
        )?))
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings.all()
    }
}

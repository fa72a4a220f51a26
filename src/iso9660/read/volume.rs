//! An opened hierarchy of a volume.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::Arc;

use super::context::{Context, SECTOR, directory};
use super::descriptors::FoundDescriptor;
use super::directory::Records;
use super::guess;
use super::names::DecodeNames;
use super::susp;
use crate::budget::Work;
use crate::error::Result;
use crate::file_systems::FileSystems;
use crate::finding::{ExpectedValue, Finding, FindingCode, FindingList};
use crate::iso9660::descriptor::VolumeDescriptor;
use crate::media::Blocks;
use crate::recorded::{Entries, Entry, Volume};

/// A hierarchy as one operation reads it: the primary one, the enhanced one or Joliet's.
#[derive(Clone)]
pub(crate) struct HierarchyVolume {
    context: Context,
    name: Arc<str>,
    root: Arc<Entry>,
}

impl HierarchyVolume {
    /// Opens the hierarchy of a descriptor.
    pub(crate) fn open(
        blocks: &Arc<Blocks>,
        found: &FoundDescriptor,
        file_system: FileSystems,
        names: Arc<dyn DecodeNames>,
        rock_ridge: bool,
    ) -> Result<Self> {
        let descriptor = &found.descriptor;
        let mut context = Context {
            blocks: Arc::clone(blocks),
            file_system,
            names,
            findings: Arc::default(),
            block_len: SECTOR,
            set_member: (descriptor.volume_set_size.get() > 1)
                .then(|| descriptor.volume_sequence_number.get()),
            susp_skip: None,
            more: Arc::default(),
        };
        let note = |code: FindingCode| Finding::new(file_system, found.block, code);
        if !is_consistent(descriptor) {
            context.findings.add(note(FindingCode::IsoDescriptorHalves));
        }
        context.block_len = block_len(found, file_system, &context.findings);
        let name = context.names.decode(&descriptor.volume_identifier);
        let mut volume = Self {
            name: name.trim_end_matches(['\0', ' ']).into(),
            root: Arc::new(directory(0, 0)),
            context,
        };
        if let Some(code) = volume.open_root(descriptor, rock_ridge)? {
            volume.context.findings.add(note(code));
        }
        Ok(volume)
    }

    /// Searches for the root directory in all places where it can be; returns the fault of the place in the descriptor.
    fn open_root(
        &mut self,
        descriptor: &VolumeDescriptor,
        rock_ridge: bool,
    ) -> Result<Option<FindingCode>> {
        let root = &descriptor.root_directory;
        let len = root.data_len.get();
        // Both halves may be addresses on the disc, and the length of an extended attribute record may be wrong.
        let locations = [
            root.location_of_extent.get(),
            root.location_of_extent.big_endian(),
        ];
        let attributes = root.extended_attribute_record_len.into();
        let mut error = None;
        for block in locations.map(u64::from) {
            // A directory may follow the root directory, but none begins in what precedes it.
            for skip in [0, attributes] {
                match self.find_root(block.saturating_add(skip), len, rock_ridge) {
                    Ok(()) => {
                        let is_elsewhere = error.is_some() || attributes != skip;
                        return Ok(is_elsewhere.then_some(FindingCode::IsoRootPlace));
                    }
                    Err(failed) => error = error.or(Some(failed)),
                }
            }
        }
        for block in self.roots_of_path_tables(descriptor).into_iter().flatten() {
            if self.find_root(block.into(), len, rock_ridge).is_ok() {
                return Ok(Some(FindingCode::IsoRootByPathTable));
            }
        }
        error.map_or(Ok(None), Err)
    }

    /// Returns the same hierarchy for another operation, with its own findings.
    pub(crate) fn anew(&self, blocks: &Arc<Blocks>) -> Self {
        Self {
            context: self.context.anew(blocks),
            ..self.clone()
        }
    }

    /// Returns the block of the root directory from the first record of each path table (ECMA-119 6.9, 9.4).
    fn roots_of_path_tables(&self, descriptor: &VolumeDescriptor) -> [Option<u32>; 2] {
        let context = &self.context;
        let root = |table: u32| {
            let mut head = [0; 6];
            let read = context
                .blocks
                .read_at(context.offset(table.into()), &mut head);
            let [_, _, block @ ..] = head;
            read.ok().map(|()| block)
        };
        [
            root(descriptor.type_l_path_table.get()).map(u32::from_le_bytes),
            root(descriptor.type_m_path_table.get()).map(u32::from_be_bytes),
        ]
    }

    /// Returns the volume's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn has_rock_ridge(&self) -> bool {
        self.context.has_rock_ridge()
    }

    /// Makes the directory at a block the root, if there is a directory.
    fn find_root(&mut self, block: u64, len: u32, rock_ridge: bool) -> Result<()> {
        let context = &mut self.context;
        let sector = context.first_sector(block)?;
        let own = context.own_record(block, &sector)?;
        let own_len = own.head.data_len.get();
        if own_len != len {
            let fault = FindingCode::IsoRootLength.differs("length", own_len, len);
            context.finding(context.offset(block), fault);
        }
        let is_in_reach = |len: u32| guess::is_in_reach(context, context.offset(block), len.into());
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
                    context.finding(context.offset(block), FindingCode::RripUnannounced);
                }
                likely
            }
        };
        context.susp_skip = susp_skip.filter(|_| rock_ridge);
        self.root = Arc::new(Entry {
            modified,
            ..directory(context.offset(block), len.into())
        });
        Ok(())
    }
}

/// Returns `true` if the numbers that a descriptor holds in both byte orders agree.
fn is_consistent(descriptor: &VolumeDescriptor) -> bool {
    descriptor.volume_space_size.agrees()
        && descriptor.volume_set_size.agrees()
        && descriptor.logical_block_size.agrees()
        && descriptor.root_directory.location_of_extent.agrees()
        && descriptor.root_directory.data_len.agrees()
}

/// Returns the length in bytes of the blocks that addresses count; that of a sector if the descriptor's is impossible.
fn block_len(found: &FoundDescriptor, file_system: FileSystems, findings: &FindingList) -> u64 {
    let size = found.descriptor.logical_block_size;
    match (size.get(), size.big_endian()) {
        (len @ (512 | 1024 | 2048), _) => len.into(),
        (said, len) => {
            let expected = ExpectedValue::OneOf(&[512, 1024, 2048]);
            let fault = FindingCode::IsoBlockSize.value("size", said, expected);
            findings.add(Finding::new(file_system, found.block, fault));
            match len {
                512 | 1024 => len.into(),
                _ => SECTOR,
            }
        }
    }
}

impl Volume for HierarchyVolume {
    fn within(&self, work: &Arc<Work>) -> Arc<dyn Volume> {
        Arc::new(Self {
            context: self.context.within(work),
            ..self.clone()
        })
    }

    fn root(&self) -> Result<Entry> {
        Ok((*self.root).clone())
    }

    fn entries(&self, directory: &Entry) -> Result<Entries> {
        let is_root = directory.handle == self.root.handle;
        Ok(Box::new(Records::new(
            &self.context,
            directory.handle,
            directory.len,
            is_root,
        )?))
    }

    fn findings(&self) -> Vec<Finding> {
        self.context.findings.all()
    }
}

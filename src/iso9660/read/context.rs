//! The blocks, names and settings that all readers of a hierarchy share.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::names::DecodeNames;
use crate::block::BLOCK_SIZE;
use crate::budget::Work;
use crate::error::Error;
use crate::file_systems::FileSystems;
use crate::finding::{Fault, Finding, FindingList};
use crate::media::Blocks;
use crate::recorded::{Data, Entry, EntryKind, Run};

/// Length in bytes of a logical sector; no directory record crosses the end of one (ECMA-119 6.1.2, 6.8.1.1).
pub(super) const SECTOR: u64 = BLOCK_SIZE as u64;

/// The location of a hierarchy's blocks and the meaning of its records, for one operation.
#[derive(Clone)]
pub(super) struct Context {
    pub blocks: Arc<Blocks>,
    pub file_system: FileSystems,
    pub names: Arc<dyn DecodeNames>,
    pub findings: Arc<FindingList>,
    /// Length in bytes of the blocks that addresses count.
    pub block_len: u64,
    /// The number of this volume in a set of several; only its own blocks are available.
    pub set_member: Option<u16>,
    /// Bytes before the entries of the System Use Sharing Protocol; `None` without Rock Ridge.
    pub susp_skip: Option<u8>,
    /// Bytes by which directories are longer in their own records than in their parents'. They are limited to the
    /// length of the disc, so that a walk ends.
    pub more: Arc<AtomicU64>,
}

impl Context {
    /// Returns the same hierarchy for another operation, with its own findings.
    pub(super) fn anew(&self, blocks: &Arc<Blocks>) -> Self {
        Self {
            blocks: Arc::clone(blocks),
            findings: Arc::new(self.findings.copy()),
            more: Arc::default(),
            ..self.clone()
        }
    }

    /// Returns the same hierarchy within a budget of work.
    pub(super) fn within(&self, work: &Arc<Work>) -> Self {
        Self {
            blocks: self.blocks.within(work),
            more: Arc::default(),
            ..self.clone()
        }
    }

    /// Returns the same hierarchy for the target of a record, to which other records may lead as well.
    pub(super) fn for_item(&self) -> Self {
        Self {
            blocks: self.blocks.for_item(),
            ..self.clone()
        }
    }

    pub(super) const fn has_rock_ridge(&self) -> bool {
        self.susp_skip.is_some()
    }

    /// Returns the first byte of a block.
    pub(super) const fn offset(&self, block: u64) -> u64 {
        block.saturating_mul(self.block_len)
    }

    /// Returns the error for a fault of the structure at byte `offset` of the disc.
    pub(super) fn corrupt(&self, offset: u64, fault: impl Into<Fault>) -> Error {
        Finding::new(self.file_system, disc_block(offset), fault).into()
    }

    /// Notes a fault that the reader recovers from.
    pub(super) fn finding(&self, offset: u64, fault: impl Into<Fault>) {
        let finding = Finding::new(self.file_system, disc_block(offset), fault);
        self.findings.add(finding);
    }
}

/// Returns the block of the disc that contains a byte.
fn disc_block(offset: u64) -> u32 {
    u32::try_from(offset / SECTOR).unwrap_or(u32::MAX)
}

/// Returns a directory without a name.
pub(super) fn directory(offset: u64, len: u64) -> Entry {
    let run = Run {
        at: Some(offset),
        len,
    };
    Entry::unnamed(EntryKind::Directory, Data::Runs(vec![run]), len, offset)
}

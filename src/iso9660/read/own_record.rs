//! The first record of a directory, which describes the directory itself (ECMA-119 6.8.2.2).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use super::context::{Context, directory};
use super::record::Record;
use crate::block::BLOCK;
use crate::error::Result;
use crate::finding::FindingCode;
use crate::recorded::Entry;

impl Context {
    /// Returns the directory whose records begin at a block, as Rock Ridge gives it.
    pub(super) fn directory_at(&self, block: u32) -> Result<Entry> {
        let sector = self.for_item().first_sector(block.into())?;
        let own = self.own_record(block.into(), &sector)?;
        Ok(directory(
            self.offset(block.into()),
            own.head.data_len.get().into(),
        ))
    }

    /// Reads the sector in which a directory begins, as far as the disc has it.
    pub(super) fn first_sector(&self, block: u64) -> Result<Vec<u8>> {
        let offset = self.offset(block);
        let left = self.blocks.len().saturating_sub(offset);
        if left == 0 {
            let fault = FindingCode::IsoDirectoryOutside;
            let fault = fault.outside("byte", offset, self.blocks.len());
            return Err(self.corrupt(offset, fault));
        }
        let mut bytes = vec![0; BLOCK.min(usize::try_from(left).unwrap_or(BLOCK))];
        self.blocks.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Returns the first record of a directory, which is its own (ECMA-119 6.8.2.2). Three marks identify it, one of
    /// which may be wrong.
    pub(super) fn own_record<'a>(&self, block: u64, sector: &'a [u8]) -> Result<Record<'a>> {
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
}

//! Allocation descriptors: the location of an entry's data (ECMA-167 4/12, 4/14.5, 4/14.14; UDF 2.3.10, 2.3.11).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::icb::Icb;
use super::partition::{Address, Copy, LogicalBlocks};
use super::tag::{corrupt, finding};
use super::{narrow, wide};
use crate::budget::Charge;
use crate::error::Result;
use crate::finding::{ExpectedValue, FindingCode};
use crate::recorded::{Data, Run};
use crate::udf::allocation::AllocationExtentDescriptor;
use crate::udf::tag::{LongAd, ShortAd, identifier};

/// Types of allocation descriptors (ECMA-167 4/14.6.8).
const SHORT: u16 = 0;
const LONG: u16 = 1;
const EXTENDED: u16 = 2;
pub(super) const EMBEDDED: u16 = 3;

/// Extended allocation descriptor (ECMA-167 4/14.14.3); not allowed in UDF.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct ExtendedAd {
    len: U32,
    recorded_len: U32,
    information_len: U32,
    block: U32,
    partition_reference: U16,
    implementation_use: [u8; 2],
}

/// An extent of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileExtent {
    /// `None` for zeros that are not recorded.
    pub address: Option<Address>,
    /// Blocks that are allocated but not recorded.
    pub allocated: Option<Address>,
    /// In bytes, and at most what is left of the file.
    pub len: u64,
}

/// An allocation descriptor of any form.
struct Descriptor {
    kind: u32,
    len: u32,
    address: Address,
}

impl Descriptor {
    /// Parses the descriptor at the start of `bytes`; also returns the bytes after it.
    fn parse(form: u16, partition: u16, bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (len, address, rest) = match form {
            SHORT => {
                let (ad, rest) = ShortAd::ref_from_prefix(bytes).ok()?;
                let block = ad.position.get();
                (ad.len, Address { partition, block }, rest)
            }
            LONG => {
                let (ad, rest) = LongAd::ref_from_prefix(bytes).ok()?;
                (ad.len, Address::from(*ad), rest)
            }
            _ => {
                let (ad, rest) = ExtendedAd::ref_from_prefix(bytes).ok()?;
                let address = Address {
                    partition: ad.partition_reference.get(),
                    block: ad.block.get(),
                };
                (ad.len, address, rest)
            }
        };
        let descriptor = Self {
            kind: len.get() >> 30,
            len: len.get() & 0x3FFF_FFFF,
            address,
        };
        Some((descriptor, rest))
    }
}

/// Detects a chain that leads back to itself, without keeping all of it: remembers each place for twice as many steps
/// as the one before.
#[derive(Debug)]
struct LoopGuard {
    remembered: Option<Address>,
    steps: u64,
    limit: u64,
}

impl LoopGuard {
    const fn new() -> Self {
        Self {
            remembered: None,
            steps: 0,
            limit: 1,
        }
    }

    /// Returns `true` if the chain was here before; it takes two or three rounds to find out.
    fn was_at(&mut self, address: Address) -> bool {
        if self.remembered == Some(address) {
            return true;
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps == self.limit {
            self.remembered = Some(address);
            self.steps = 0;
            self.limit = self.limit.saturating_mul(2);
        }
        false
    }
}

impl LogicalBlocks {
    /// Passes `each` the extents of an entry's data, which is not embedded.
    pub(super) fn extents(
        &self,
        icb: &Icb<'_>,
        mut each: impl FnMut(FileExtent) -> Result<()>,
    ) -> Result<()> {
        const EXPECTED: [u16; 1] = [identifier::ALLOCATION_EXTENT_DESCRIPTOR];
        let form = icb.allocation_type;
        if !matches!(form, SHORT | LONG | EXTENDED) {
            let expected = ExpectedValue::OneOf(&[SHORT, LONG, EXTENDED, EMBEDDED]);
            let fault = FindingCode::UdfAllocationType.value("type", form, expected);
            return Err(corrupt(icb.at, fault));
        }
        let mut left = icb.information_len;
        let mut partition = icb.address.partition;
        let mut from = icb.at;
        let mut guard = LoopGuard::new();
        let mut shared = None;
        let mut chained = Vec::new();
        let mut descriptors = icb.allocation;
        while left != 0 {
            let mut next = None;
            while let Some((descriptor, rest)) =
                Descriptor::parse(form, partition, descriptors).filter(|_| left != 0)
            {
                descriptors = rest;
                let Descriptor { kind, len, address } = descriptor;
                if len == 0 {
                    break;
                }
                if kind == 3 {
                    next = Some(address);
                    break;
                }
                let len = u64::from(len).min(left);
                left = left.saturating_sub(len);
                each(FileExtent {
                    // Blocks that are allocated but not recorded read as zeros, too.
                    address: (kind == 0).then_some(address),
                    allocated: (kind == 1).then_some(address),
                    len,
                })?;
            }
            let Some(address) = next.filter(|_| left != 0) else {
                break;
            };
            if guard.was_at(address) {
                return Err(corrupt(from, FindingCode::UdfAllocationLoop));
            }
            let space = shared.get_or_insert_with(|| self.for_item());
            from = space.structure(address, &EXPECTED, from, &mut chained)?;
            partition = address.partition;
            let code = FindingCode::UdfAllocationExtent;
            let (head, rest) = AllocationExtentDescriptor::ref_from_prefix(&chained)
                .map_err(|_| corrupt(from, code))?;
            let len = head.allocation_descriptors_len.get();
            descriptors = rest
                .get(..narrow(len.into()))
                .ok_or_else(|| corrupt(from, code.above("length", len, wide(rest.len()))))?;
        }
        if left == 0 {
            Ok(())
        } else {
            let there = icb.information_len.saturating_sub(left);
            let fault = FindingCode::UdfExtents.above("length", icb.information_len, there);
            Err(corrupt(icb.at, fault))
        }
    }

    /// Returns the location of an entry's data; `charge` counts the memory for it.
    pub(super) fn data(&self, icb: &Icb<'_>, charge: &mut Charge) -> Result<Data> {
        if icb.allocation_type == EMBEDDED {
            return Ok(Data::Embedded(embedded(icb)?.into()));
        }
        let mut runs = Vec::new();
        let mut recorded = 0_u64;
        let mut shared = None;
        self.extents(icb, |extent| {
            if extent.address.is_some() {
                recorded = recorded.saturating_add(extent.len);
            }
            let mut left = extent.len;
            let mut address = extent.address;
            while left != 0 {
                let (at, len) = match address {
                    None => (None, left),
                    Some(here) => {
                        let place = self
                            .locate(here, Copy::Main)
                            .map_err(|fault| corrupt(icb.at, fault))?;
                        let len = place.len.min(left);
                        // The very last block has none after it.
                        address = here.checked_add(self.blocks_of(len));
                        if address.is_none() && len != left {
                            return Err(corrupt(icb.at, FindingCode::UdfAddress));
                        }
                        (place.at, len)
                    }
                };
                left = left.saturating_sub(len);
                if left != 0 {
                    let space = shared.get_or_insert_with(|| self.for_item());
                    space.step(icb.at)?;
                }
                push(&mut runs, Run { at, len }, charge)?;
            }
            // One run may lack what was cut off, but several that overlap would have no end.
            if runs.len() > 1 && recorded > self.blocks.len() {
                let expected = ExpectedValue::AtMost(self.blocks.len());
                let fault = FindingCode::UdfFileLength.value("length", recorded, expected);
                return Err(corrupt(icb.at, fault));
            }
            Ok(())
        })?;
        Ok(Data::Runs(runs))
    }

    /// Reads all of an entry's data, at most `limit` bytes; `charge` counts them.
    pub(super) fn read_all(
        &self,
        icb: &Icb<'_>,
        limit: u64,
        charge: &mut Charge,
    ) -> Result<Vec<u8>> {
        if icb.allocation_type == EMBEDDED {
            return embedded(icb).map(<[u8]>::to_vec);
        }
        if icb.information_len > limit {
            let expected = ExpectedValue::AtMost(limit);
            let fault = FindingCode::UdfDataLength.value("length", icb.information_len, expected);
            return Err(corrupt(icb.at, fault));
        }
        charge.add(narrow(icb.information_len))?;
        let mut running = Charge::new(self.blocks.memory());
        let data = self.data(icb, &mut running)?;
        let mut bytes = vec![0; narrow(icb.information_len)];
        if let Data::Runs(runs) = data {
            let mut rest = bytes.as_mut_slice();
            for run in runs {
                let Some((part, behind)) = rest.split_at_mut_checked(narrow(run.len)) else {
                    break;
                };
                if let Some(at) = run.at {
                    self.blocks.read_at(at, part)?;
                }
                rest = behind;
            }
        }
        Ok(bytes)
    }
}

/// Returns the data that is embedded in an entry.
pub(super) fn embedded<'a>(icb: &Icb<'a>) -> Result<&'a [u8]> {
    usize::try_from(icb.information_len)
        .ok()
        .and_then(|len| icb.allocation.get(..len))
        .ok_or_else(|| {
            let there = wide(icb.allocation.len());
            let fault = FindingCode::UdfEmbedded.above("length", icb.information_len, there);
            corrupt(icb.at, fault)
        })
}

/// Appends a run, or extends the last one.
fn push(runs: &mut Vec<Run>, run: Run, charge: &mut Charge) -> Result<()> {
    if let Some(last) = runs.last_mut() {
        let follows = match (last.at, run.at) {
            (Some(at), Some(next)) => at.checked_add(last.len) == Some(next),
            (None, None) => true,
            _ => false,
        };
        if follows {
            last.len = last.len.saturating_add(run.len);
            return Ok(());
        }
    }
    charge.push(runs, run)
}

/// The extents of a directory's data, each with its first byte in the directory.
#[derive(Debug)]
pub(super) struct FileExtents {
    list: Vec<(u64, FileExtent)>,
    /// Counts the list.
    charge: Charge,
}

impl FileExtents {
    pub(super) fn new(space: &LogicalBlocks, icb: &Icb<'_>) -> Result<Self> {
        let mut this = Self {
            list: Vec::new(),
            charge: Charge::new(space.blocks.memory()),
        };
        let mut start = 0_u64;
        space.extents(icb, |mut extent| {
            // A directory is of no use without its identifiers.
            if let Some(allocated) = extent.allocated {
                let fault = FindingCode::UdfUnrecordedDirectory;
                space.findings.add(finding(icb.at, fault));
                extent.address = Some(allocated);
            }
            this.charge.push(&mut this.list, (start, extent))?;
            start = start.saturating_add(extent.len);
            Ok(())
        })?;
        Ok(this)
    }

    fn at(&self, position: u64) -> Option<(u64, FileExtent)> {
        let behind = self.list.partition_point(|(start, _)| *start <= position);
        self.list.get(behind.checked_sub(1)?).copied()
    }

    /// Returns the block in which a position lies, and the offset in that block.
    pub(super) fn block(
        &self,
        space: &LogicalBlocks,
        position: u64,
    ) -> Option<(Option<Address>, u64)> {
        let (start, extent) = self.at(position)?;
        let skip = position.checked_sub(start)?;
        let block_len = u64::from(space.block_len);
        let address = match extent.address {
            Some(first) => Some(first.checked_add(skip.checked_div(block_len)?)?),
            None => None,
        };
        Some((address, skip.checked_rem(block_len)?))
    }

    /// Returns the number of bytes from a position to the end of its extent.
    pub(super) fn left(&self, position: u64) -> u64 {
        self.at(position).map_or(0, |(start, extent)| {
            start.saturating_add(extent.len).saturating_sub(position)
        })
    }

    /// Fills `out` from a position on; `from` is the byte of the disc where the directory's entry is.
    pub(super) fn read(
        &self,
        space: &LogicalBlocks,
        mut position: u64,
        copy: Copy,
        from: u64,
        mut out: &mut [u8],
    ) -> Result<()> {
        while !out.is_empty() {
            let outside = || corrupt(from, FindingCode::UdfAddress);
            let (address, skip) = self.block(space, position).ok_or_else(outside)?;
            let mut len = self.left(position).min(wide(out.len()));
            let mut at = None;
            if let Some(address) = address {
                let place = space
                    .locate(address, copy)
                    .map_err(|fault| corrupt(from, fault))?;
                len = len.min(place.len.saturating_sub(skip));
                at = place.at.and_then(|at| at.checked_add(skip));
            }
            let (part, rest) = std::mem::take(&mut out)
                .split_at_mut_checked(narrow(len))
                .filter(|(part, _)| !part.is_empty())
                .ok_or_else(outside)?;
            match at {
                Some(at) => space.blocks.read_at(at, part)?,
                None => part.fill(0),
            }
            position = position.saturating_add(len);
            out = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_found_wherever_they_begin() {
        for (tail, round) in [(0_u32, 1_u32), (0, 7), (5, 1), (100, 33), (1000, 1)] {
            let mut guard = LoopGuard::new();
            let steps = (0..).map(|step: u32| {
                if step < tail {
                    step
                } else {
                    tail + (step - tail) % round
                }
            });
            let found = steps
                .take(10_000)
                .position(|block| {
                    guard.was_at(Address {
                        partition: 0,
                        block,
                    })
                })
                .unwrap();
            assert!(found as u32 >= round);
            assert!(found as u32 <= 4 * (tail + round), "{tail} {round} {found}");
        }
    }

    #[test]
    fn a_straight_chain_is_no_loop() {
        let mut guard = LoopGuard::new();
        for block in 0..100_000 {
            assert!(!guard.was_at(Address {
                partition: 1,
                block
            }));
        }
    }
}

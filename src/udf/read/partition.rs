//! Partitions: the bytes of the disc at the addresses that structures name (ECMA-167 3/10.7, 4/8.2; UDF 2.2.8 to
//! 2.2.10).

use std::sync::Arc;

use super::tag::{self, block_at, corrupt, finding};
use super::{narrow, wide};
use crate::budget::{Charge, STEP, Work};
use crate::error::Result;
use crate::finding::{Fault, FindingCode, FindingList};
use crate::media::Blocks;
use crate::recorded::Run;
use crate::udf::tag::LongAd;

/// A block of a partition (ECMA-167 4/7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Index of the partition map.
    pub partition: u16,
    pub block: u32,
}

impl Address {
    /// Returns the address `blocks` further on.
    pub(super) fn checked_add(self, blocks: u64) -> Option<Self> {
        let block = u64::from(self.block).checked_add(blocks)?;
        Some(Self {
            block: u32::try_from(block).ok()?,
            ..self
        })
    }
}

impl From<LongAd> for Address {
    fn from(ad: LongAd) -> Self {
        Self {
            partition: ad.partition_reference.get(),
            block: ad.block.get(),
        }
    }
}

/// One of two recordings of the same metadata (UDF 2.2.13 of 2.50).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copy {
    Main,
    Mirror,
}

/// The location of a block, and the number of contiguous bytes from its start on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Byte of the disc; `None` if the block is not recorded.
    pub at: Option<u64>,
    pub len: u64,
}

/// A range of bytes on the disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub start: u64,
    pub len: u64,
}

impl Region {
    fn place(self, block: u32, block_len: u32) -> Result<Place, Fault> {
        u64::from(block)
            .checked_mul(u64::from(block_len))
            .and_then(|skip| {
                Some(Place {
                    at: Some(self.start.checked_add(skip)?),
                    len: self.len.checked_sub(skip)?,
                })
            })
            .filter(|place| place.len >= u64::from(block_len))
            .ok_or_else(|| {
                let blocks = self.len.checked_div(block_len.into()).unwrap_or(0);
                FindingCode::UdfAddress.outside("block", block, blocks)
            })
    }
}

/// A file's contents on the disc: the end of each run in the file, and the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents(Vec<(u64, Run)>);

impl Contents {
    /// Makes the contents from `runs`; `charge` counts the memory that they keep.
    pub(super) fn new(runs: &[Run], charge: &mut Charge) -> Result<Self> {
        charge.add_list::<(u64, Run)>(runs.len())?;
        let mut end = 0_u64;
        let runs = runs.iter().map(|run| {
            end = end.saturating_add(run.len);
            (end, *run)
        });
        Ok(Self(runs.collect()))
    }

    /// Returns the length in bytes.
    fn len(&self) -> u64 {
        self.0.last().map_or(0, |(end, _)| *end)
    }

    fn place(&self, position: u64) -> Option<Place> {
        let index = self.0.partition_point(|(end, _)| *end <= position);
        let (end, run) = self.0.get(index)?;
        let len = end.checked_sub(position)?;
        let skip = run.len.checked_sub(len)?;
        let at = match run.at {
            Some(at) => Some(at.checked_add(skip)?),
            None => None,
        };
        Some(Place { at, len })
    }
}

/// A partition with damaged packets that have been moved (UDF 2.2.9).
#[derive(Clone, Debug)]
pub(super) struct Sparable {
    pub region: Region,
    /// Blocks of a packet.
    pub packet: u32,
    /// First blocks of moved packets, ascending, and their new byte on the disc.
    pub moved: Vec<(u32, u64)>,
}

impl Sparable {
    fn place(&self, block: u32, block_len: u32) -> Result<Place, Fault> {
        let mut place = self.region.place(block, block_len)?;
        let skip = block.checked_rem(self.packet).unwrap_or(0);
        let packet = block.saturating_sub(skip);
        let index = self.moved.partition_point(|(first, _)| *first < packet);
        let mut later = self.moved.get(index..).unwrap_or_default().iter();
        let bytes = |blocks: u32| u64::from(blocks).saturating_mul(u64::from(block_len));
        let mut next = later.next();
        if let Some((_, to)) = next.filter(|(first, _)| *first == packet) {
            place.at = to.checked_add(bytes(skip));
            place.len = place.len.min(bytes(self.packet.saturating_sub(skip)));
            return Ok(place);
        }
        while let Some((first, _)) = next {
            if *first > block {
                place.len = place.len.min(bytes(first.saturating_sub(block)));
                break;
            }
            next = later.next();
        }
        Ok(place)
    }
}

/// A partition map that is ready for use.
#[derive(Clone, Debug)]
pub(super) enum BlockMap {
    /// Blocks in their order on the disc (ECMA-167 3/10.7.2).
    Physical(Region),
    Sparable(Sparable),
    /// Blocks found by a table (UDF 2.2.8).
    Virtual {
        base: u16,
        table: Vec<u32>,
    },
    /// Blocks of a file (UDF 2.2.10 of 2.50), and of its mirror if that lies elsewhere.
    Metadata {
        main: Contents,
        mirror: Option<Contents>,
    },
    /// An unusable map, and the reason.
    Unusable(Fault),
}

/// Other facts from the maps.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Numbers of files and directories, as counted by a Virtual Allocation Table.
    pub counts: Option<(u32, u32)>,
    /// The first byte after the last sparing table.
    pub end: u64,
}

/// The blocks of a logical volume, as one operation reads them.
#[derive(Clone, Debug)]
pub(super) struct LogicalBlocks {
    pub blocks: Arc<Blocks>,
    /// Length in bytes of a logical block: a power of two.
    pub block_len: u32,
    pub maps: Arc<Vec<BlockMap>>,
    pub findings: Arc<FindingList>,
    /// Whether to read structures with a damaged field; `false` while checking whether there is a structure at all.
    pub accepts_damage: bool,
}

impl LogicalBlocks {
    pub(super) fn new(blocks: &Arc<Blocks>, block_len: u32, findings: FindingList) -> Self {
        Self {
            blocks: Arc::clone(blocks),
            block_len,
            maps: Arc::default(),
            findings: Arc::new(findings),
            accepts_damage: false,
        }
    }

    /// Returns the same blocks for another operation, with its own findings.
    pub(super) fn anew(&self, blocks: &Arc<Blocks>) -> Self {
        Self {
            blocks: Arc::clone(blocks),
            findings: Arc::new(self.findings.copy()),
            ..self.clone()
        }
    }

    /// Returns the same blocks, counting against the work of an operation.
    pub(super) fn within(&self, work: &Arc<Work>) -> Self {
        Self {
            blocks: self.blocks.within(work),
            ..self.clone()
        }
    }

    /// Returns the same blocks for the target of an entry, to which other entries may lead as well.
    pub(super) fn for_item(&self) -> Self {
        Self {
            blocks: self.blocks.for_item(),
            ..self.clone()
        }
    }

    /// Returns the same blocks for reading intact structures only.
    pub(super) fn intact(&self) -> Self {
        Self {
            accepts_damage: false,
            ..self.clone()
        }
    }

    /// Counts a step that reads nothing, on behalf of the structure at byte `at` of the disc.
    ///
    /// Every chain ends, but any number of entries could lead to one as long as the disc.
    pub(super) fn step(&self, at: u64) -> Result<()> {
        self.blocks.work_on(STEP, block_at(at))
    }

    /// Returns the location of a block; its contiguous bytes are whole blocks, at least one.
    pub(super) fn locate(&self, address: Address, copy: Copy) -> Result<Place, Fault> {
        let mut place = self.locate_exactly(address, copy)?;
        let odd = place.len.checked_rem(u64::from(self.block_len));
        place.len = place.len.saturating_sub(odd.unwrap_or(0));
        Ok(place)
    }

    fn locate_exactly(&self, address: Address, copy: Copy) -> Result<Place, Fault> {
        let Address { partition, block } = address;
        match self.maps.get(usize::from(partition)) {
            Some(BlockMap::Physical(region)) => region.place(block, self.block_len),
            Some(BlockMap::Sparable(sparable)) => sparable.place(block, self.block_len),
            Some(BlockMap::Virtual { base, table }) => {
                let code = FindingCode::UdfVirtualAddress;
                let listed = usize::try_from(block)
                    .ok()
                    .and_then(|index| table.get(index))
                    .ok_or_else(|| code.outside("block", block, wide(table.len())))?;
                let block = Some(listed)
                    .filter(|block| **block != u32::MAX)
                    .ok_or(code)?;
                // Neighbours in the table need not be neighbours on the disc.
                let mut place = match self.maps.get(usize::from(*base)) {
                    Some(BlockMap::Physical(region)) => region.place(*block, self.block_len)?,
                    Some(BlockMap::Sparable(sparable)) => sparable.place(*block, self.block_len)?,
                    _ => return Err(FindingCode::UdfVirtualBase.into()),
                };
                place.len = place.len.min(u64::from(self.block_len));
                Ok(place)
            }
            Some(BlockMap::Metadata { main, mirror }) => {
                let contents = match copy {
                    Copy::Main => main,
                    Copy::Mirror => mirror.as_ref().unwrap_or(main),
                };
                u64::from(block)
                    .checked_mul(u64::from(self.block_len))
                    .and_then(|position| contents.place(position))
                    .filter(|place| place.len >= u64::from(self.block_len))
                    .ok_or_else(|| {
                        let blocks = contents.len().checked_div(self.block_len.into());
                        let blocks = blocks.unwrap_or(0);
                        FindingCode::UdfMetadataAddress.outside("block", block, blocks)
                    })
            }
            Some(BlockMap::Unusable(why)) => Err(*why),
            None => {
                let code = FindingCode::UdfPartition;
                Err(code.outside("partition", partition, wide(self.maps.len())))
            }
        }
    }

    /// Returns `true` if the blocks of a partition are recorded twice.
    pub(super) fn has_mirror(&self, partition: u16) -> bool {
        matches!(
            self.maps.get(usize::from(partition)),
            Some(BlockMap::Metadata {
                mirror: Some(_),
                ..
            })
        )
    }

    /// Reads the block at `address` into `out` and checks that it holds one of the descriptors in `identifiers`.
    ///
    /// `from` is the byte of the disc where the address was found. Returns the byte where the block is. Takes damaged
    /// blocks from the mirror.
    pub(super) fn structure(
        &self,
        address: Address,
        identifiers: &'static [u16],
        from: u64,
        out: &mut Vec<u8>,
    ) -> Result<u64> {
        let (at, error) = match self.structure_copy(address, identifiers, from, Copy::Main, out) {
            Ok(at) => return Ok(at),
            Err(failed) => failed,
        };
        if self.has_mirror(address.partition) {
            if let Ok(mirrored) = self.structure_copy(address, identifiers, from, Copy::Mirror, out)
            {
                self.findings
                    .add(finding(at, FindingCode::UdfMetadataBlock));
                return Ok(mirrored);
            }
        }
        let damaged = self
            .accepts_damage
            .then(|| self.damaged_structure(address, identifiers, out));
        damaged.flatten().ok_or(error)
    }

    /// Reads a block that is damaged in one field.
    fn damaged_structure(
        &self,
        address: Address,
        identifiers: &'static [u16],
        out: &mut Vec<u8>,
    ) -> Option<u64> {
        let at = self.locate(address, Copy::Main).ok()?.at?;
        out.resize(narrow(u64::from(self.block_len)), 0);
        self.blocks.read_at(at, out).ok()?;
        if !tag::check_loosely(out, identifiers, address.block) {
            return None;
        }
        let wrong = tag::check_at(out, identifiers, address.block).err();
        let fault = Fault {
            code: FindingCode::UdfDamagedDescriptor,
            value: wrong.and_then(|wrong| wrong.value),
        };
        self.findings.add(finding(at, fault));
        Some(at)
    }

    fn structure_copy(
        &self,
        address: Address,
        identifiers: &'static [u16],
        from: u64,
        copy: Copy,
        out: &mut Vec<u8>,
    ) -> Result<u64, (u64, crate::Error)> {
        let failed = |at: u64, fault: Fault| (at, corrupt(at, fault));
        let place = self
            .locate(address, copy)
            .map_err(|fault| failed(from, fault))?;
        let at = place
            .at
            .ok_or_else(|| failed(from, FindingCode::UdfUnrecordedStructure.into()))?;
        out.resize(narrow(u64::from(self.block_len)), 0);
        self.blocks.read_at(at, out).map_err(|error| (at, error))?;
        tag::check_at(out, identifiers, address.block).map_err(|fault| failed(at, fault))?;
        Ok(at)
    }

    /// Returns how many blocks `len` bytes fill.
    pub(super) fn blocks_of(&self, len: u64) -> u64 {
        len.div_ceil(u64::from(self.block_len).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Memory;

    #[test]
    fn addresses_outside_a_partition_are_refused() {
        let region = Region {
            start: 10_000,
            len: 3 * 2048,
        };
        assert_eq!(
            region.place(2, 2048),
            Ok(Place {
                at: Some(10_000 + 4096),
                len: 2048
            })
        );
        assert!(region.place(3, 2048).is_err());
        assert!(region.place(u32::MAX, 2048).is_err());
    }

    /// The error had neither the address nor the length of the partition.
    #[test]
    fn addresses_outside_a_partition_are_told_with_its_length() {
        let region = |blocks: u64| Region {
            start: 0,
            len: blocks * 2048,
        };
        let told = |fault: Fault| fault.to_string();
        assert_eq!(
            told(region(3).place(3, 2048).unwrap_err()),
            "an address lies outside its partition (block 3, expected at most 2)"
        );
        assert_eq!(
            told(region(0).place(0, 2048).unwrap_err()),
            "an address lies outside its partition"
        );
        let memory = Arc::new(Memory::new(1 << 20));
        let run = Run {
            at: Some(0),
            len: 4 * 2048,
        };
        let main = Contents::new(&[run], &mut Charge::new(&memory)).unwrap();
        let blocks = Arc::new(Blocks::new(
            Arc::new(crate::media::MemoryDisc::new(vec![0; 4 * 2048])),
            1 << 20,
        ));
        let mut space = LogicalBlocks::new(&blocks, 2048, FindingList::default());
        space.maps = Arc::new(vec![
            BlockMap::Metadata { main, mirror: None },
            BlockMap::Virtual {
                base: 0,
                table: vec![u32::MAX],
            },
        ]);
        let told = |partition, block| {
            let located = space.locate(Address { partition, block }, Copy::Main);
            located.unwrap_err().to_string()
        };
        assert_eq!(
            told(0, 4),
            "an address lies outside the metadata partition (block 4, expected at most 3)"
        );
        assert_eq!(
            told(1, 1),
            "an address lies outside its virtual partition (block 1, expected at most 0)"
        );
        assert_eq!(told(1, 0), "an address lies outside its virtual partition");
        assert_eq!(
            told(2, 0),
            "an address lies in a partition that is not there (partition 2, expected at most 1)"
        );
    }

    #[test]
    fn moved_packets_interrupt_what_lies_together() {
        let sparable = Sparable {
            region: Region {
                start: 0,
                len: 128 * 2048,
            },
            packet: 32,
            moved: vec![(32, 1_000_000), (96, 2_000_000)],
        };
        let place = |block| {
            let place = sparable.place(block, 2048).unwrap();
            (place.at.unwrap(), place.len / 2048)
        };
        assert_eq!(place(0), (0, 32));
        assert_eq!(place(31), (31 * 2048, 1));
        assert_eq!(place(33), (1_002_048, 31));
        assert_eq!(place(64), (64 * 2048, 32));
        assert_eq!(place(127), (2_000_000 + 31 * 2048, 1));
        assert!(sparable.place(128, 2048).is_err());
    }

    #[test]
    fn contents_find_every_byte_of_their_runs() {
        let run = |at, len| Run { at, len };
        let mut charge = Charge::new(&Arc::new(Memory::new(1 << 10)));
        let runs = [run(Some(100), 10), run(None, 5), run(Some(7), 3)];
        let contents = Contents::new(&runs, &mut charge).unwrap();
        let place = |at, len| Some(Place { at, len });
        assert_eq!(contents.place(0), place(Some(100), 10));
        assert_eq!(contents.place(9), place(Some(109), 1));
        assert_eq!(contents.place(10), place(None, 5));
        assert_eq!(contents.place(17), place(Some(9), 1));
        assert_eq!(contents.place(18), None);
    }
}

//! Allocation descriptors of a run of blocks, and the chain in which they continue (ECMA-167 4/12, 4/14.5; UDF 2.3.10,
//! 2.3.11).

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::icb::{Allocation, head_len};
use super::tag::{LongAd, ShortAd, TAG_LEN, Tag, identifier, seal};
use crate::block::{BLOCK, BLOCK_SIZE, PartitionBlock};
use crate::file_systems::UdfRevision;

/// The longest extent: 2³⁰ - 1 bytes, rounded down to whole blocks.
pub(super) const MAX_EXTENT_LEN: u64 = 0x3FFF_F800;

/// The type of a descriptor that points to the next Allocation Extent Descriptor (ECMA-167 4/14.14.1.1).
const NEXT_EXTENT: u32 = 3 << 30;

/// The form of a run's descriptors (ECMA-167 4/14.6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DescriptorForm {
    /// Short descriptors: the run lies in the same partition as the structures for files.
    Short,
    /// Long descriptors: the run lies in the physical partition, the structures in the metadata partition.
    Long,
}

impl DescriptorForm {
    const fn len(self) -> usize {
        match self {
            Self::Short => size_of::<ShortAd>(),
            Self::Long => size_of::<LongAd>(),
        }
    }
}

/// Allocation Extent Descriptor (ECMA-167 4/14.5).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(super) struct AllocationExtentDescriptor {
    pub tag: Tag,
    pub previous_location: U32,
    pub allocation_descriptors_len: U32,
}

const _: () = assert!(size_of::<AllocationExtentDescriptor>() == 24);

/// A run of blocks that holds `len` bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataRun {
    pub start: PartitionBlock,
    pub len: u64,
    pub revision: UdfRevision,
    pub descriptor: DescriptorForm,
    /// The longest extent, in bytes.
    pub max_extent_len: u64,
}

impl DataRun {
    const fn extents(self) -> u64 {
        self.len.div_ceil(self.max_extent_len)
    }

    /// Returns how many descriptors fit in an entry.
    const fn in_entry(self) -> u64 {
        ((BLOCK - head_len(self.revision)) / self.descriptor.len()) as u64
    }

    /// Returns how many descriptors fit in an Allocation Extent Descriptor.
    const fn in_extent(self) -> u64 {
        ((BLOCK - size_of::<AllocationExtentDescriptor>()) / self.descriptor.len()) as u64
    }

    /// Returns the length in blocks of the chain for the descriptors that do not fit in the entry.
    pub(super) const fn chain_blocks(self) -> u64 {
        // The last place in the entry, and in each block of the chain except the last, points to the next block.
        match self.extents().checked_sub(self.in_entry()) {
            None | Some(0) => 0,
            // The first block always has room for one descriptor that does not fit in the entry and the one whose place
            // is taken.
            Some(more) => more.div_ceil(self.in_extent() - 1),
        }
    }

    /// Returns the descriptors in the entry.
    pub(super) fn allocation(self) -> Allocation {
        let count = self.extents().min(self.in_entry()) as usize;
        Allocation {
            kind: self.descriptor as u16,
            len: (count * self.descriptor.len()) as u32,
        }
    }

    /// Writes the descriptors of the entry at the start of `out`; the chain begins at `chain`.
    pub(super) fn encode_into(self, chain: PartitionBlock, out: &mut [u8]) {
        self.put(0, self.in_entry(), chain, out);
    }

    /// Encodes block `index` of the chain that begins at `chain`.
    pub(super) fn encode_chain(self, index: u32, chain: PartitionBlock, out: &mut [u8]) {
        let first = self.in_entry() - 1 + u64::from(index) * (self.in_extent() - 1);
        let here = chain + index;
        let head = size_of::<AllocationExtentDescriptor>();
        let len = self.put(first, self.in_extent(), here + 1, &mut out[head..]);
        let descriptor = AllocationExtentDescriptor {
            tag: Tag::default(),
            previous_location: 0.into(),
            allocation_descriptors_len: (len as u32).into(),
        };
        out[..head].copy_from_slice(descriptor.as_bytes());
        let covered = if self.revision.covers_allocation_descriptors() {
            len
        } else {
            0
        };
        seal(
            out,
            identifier::ALLOCATION_EXTENT_DESCRIPTOR,
            self.revision,
            here.0,
            head - TAG_LEN + covered,
        );
    }

    /// Writes descriptors from number `first` on into `room` places; the last place points to `next` if there are more.
    /// Returns their length.
    fn put(self, first: u64, room: u64, next: PartitionBlock, out: &mut [u8]) -> usize {
        let left = self.extents() - first;
        let more = left > room;
        let count = if more { room - 1 } else { left };
        let len = self.descriptor.len();
        let mut places = out.chunks_exact_mut(len);
        for (number, place) in (first..first + count).zip(&mut places) {
            let offset = number * self.max_extent_len;
            let extent_len = (self.len - offset).min(self.max_extent_len) as u32;
            let block = self.start + (offset / u64::from(BLOCK_SIZE)) as u32;
            self.encode(extent_len, block, 0, place);
        }
        if let (true, Some(place)) = (more, places.next()) {
            let structures = self.revision.structures();
            self.encode(NEXT_EXTENT | BLOCK_SIZE, next, structures, place);
        }
        (count as usize + usize::from(more)) * len
    }

    /// Encodes one descriptor; `partition` is the index of its map.
    fn encode(self, extent_len: u32, block: PartitionBlock, partition: u16, out: &mut [u8]) {
        match self.descriptor {
            DescriptorForm::Short => out.copy_from_slice(
                ShortAd {
                    len: extent_len.into(),
                    position: block.0.into(),
                }
                .as_bytes(),
            ),
            DescriptorForm::Long => out.copy_from_slice(
                LongAd {
                    len: extent_len.into(),
                    block: block.0.into(),
                    partition_reference: partition.into(),
                    ..LongAd::default()
                }
                .as_bytes(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(extents: u64) -> DataRun {
        DataRun {
            start: PartitionBlock(1000),
            len: (extents - 1) * MAX_EXTENT_LEN + 1,
            revision: UdfRevision::V1_02,
            descriptor: DescriptorForm::Short,
            max_extent_len: MAX_EXTENT_LEN,
        }
    }

    #[test]
    fn a_chain_begins_when_the_entry_is_full() {
        assert_eq!((run(1).in_entry(), run(1).in_extent()), (234, 253));
        assert_eq!(run(234).chain_blocks(), 0);
        assert_eq!(run(234).allocation().len, 234 * 8);
        assert_eq!(run(235).chain_blocks(), 1);
        assert_eq!(run(235).allocation().len, 234 * 8);
        // There are 233 in the entry and 253 in the only block.
        assert_eq!(run(233 + 253).chain_blocks(), 1);
        assert_eq!(run(233 + 254).chain_blocks(), 2);
        assert_eq!(run(233 + 252 + 253).chain_blocks(), 2);
        assert_eq!(run(233 + 252 + 254).chain_blocks(), 3);
    }

    #[test]
    fn extended_entries_and_long_descriptors_leave_less_room() {
        let with = |revision, descriptor| DataRun {
            revision,
            descriptor,
            ..run(1)
        };
        let short = with(UdfRevision::V2_00, DescriptorForm::Short);
        assert_eq!((short.in_entry(), short.in_extent()), (229, 253));
        let long = with(UdfRevision::V2_50, DescriptorForm::Long);
        assert_eq!((long.in_entry(), long.in_extent()), (114, 126));
    }

    #[test]
    fn every_extent_is_described_once() {
        for extents in [1, 2, 233, 234, 235, 486, 487, 738, 739, 2000] {
            let run = run(extents);
            let chain = PartitionBlock(7);
            let mut entry = vec![0; run.allocation().len as usize];
            run.encode_into(chain, &mut entry);
            let mut lens = Vec::new();
            let mut list = entry;
            let mut next = 0;
            loop {
                let ads = <[ShortAd]>::ref_from_bytes(&list).unwrap();
                let (last, rest) = ads.split_last().unwrap();
                lens.extend(rest.iter().map(|ad| ad.len.get()));
                if last.len.get() < NEXT_EXTENT {
                    lens.push(last.len.get());
                    break;
                }
                assert_eq!(last.position.get(), 7 + next);
                let mut block = vec![0; BLOCK];
                run.encode_chain(next, chain, &mut block);
                let len = u32::from_le_bytes(block[20..24].try_into().unwrap()) as usize;
                list = block[24..24 + len].to_vec();
                next += 1;
            }
            assert_eq!(u64::from(next), run.chain_blocks());
            assert_eq!(lens.len() as u64, extents);
            assert_eq!(lens.iter().map(|len| u64::from(*len)).sum::<u64>(), run.len);
        }
    }
}

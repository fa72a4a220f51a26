//! Allocation descriptors of a run of blocks, and the chain they continue in (ECMA-167 4/12, 4/14.5; UDF 2.3.10, 2.3.11).

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::icb::ROOM;
use super::tag::{ShortAd, Tag, identifier, seal};
use crate::block::{BLOCK, BLOCK_SIZE, PartitionBlock};

/// The longest extent: 2³⁰ - 1 bytes, rounded down to whole blocks.
pub(super) const MAX_EXTENT_LEN: u64 = 0x3FFF_F800;

/// The type of a descriptor that points to the next Allocation Extent Descriptor (ECMA-167 4/14.14.1.1).
const NEXT_EXTENT: u32 = 3 << 30;

/// Descriptors that a File Entry and an Allocation Extent Descriptor have room for.
const IN_ENTRY: u64 = (ROOM / size_of::<ShortAd>()) as u64;
const IN_EXTENT: u64 =
    ((BLOCK - size_of::<AllocationExtentDescriptor>()) / size_of::<ShortAd>()) as u64;

/// Allocation Extent Descriptor (ECMA-167 4/14.5).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct AllocationExtentDescriptor {
    tag: Tag,
    previous_location: U32,
    allocation_descriptors_len: U32,
}

const _: () = assert!(size_of::<AllocationExtentDescriptor>() == 24);

/// A run of blocks that holds `len` bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub start: PartitionBlock,
    pub len: u64,
}

impl Run {
    const fn extents(self) -> u64 {
        self.len.div_ceil(MAX_EXTENT_LEN)
    }

    /// Blocks of the chain that takes the descriptors a File Entry has no room for.
    pub(super) const fn chain_blocks(self) -> u64 {
        // The last place in the entry, and in all blocks of the chain but the last, points to the next one.
        match self.extents().checked_sub(IN_ENTRY) {
            None | Some(0) => 0,
            // One of those that do not fit, and the one whose place is taken, always fit the first.
            Some(more) => more.div_ceil(IN_EXTENT - 1),
        }
    }

    /// Bytes of descriptors in the File Entry.
    pub(super) fn entry_len(self) -> usize {
        self.extents().min(IN_ENTRY) as usize * size_of::<ShortAd>()
    }

    /// Fills in the descriptors of the File Entry; the chain begins at `chain`.
    pub(super) fn encode_into(self, chain: PartitionBlock, out: &mut [u8]) {
        self.put(0, IN_ENTRY, chain, out);
    }

    /// Makes block `index` of the chain that begins at `chain`.
    pub(super) fn encode_chain(self, index: u32, chain: PartitionBlock, out: &mut [u8]) {
        let first = IN_ENTRY - 1 + u64::from(index) * (IN_EXTENT - 1);
        let here = chain + index;
        let head = size_of::<AllocationExtentDescriptor>();
        let len = self.put(first, IN_EXTENT, here + 1, &mut out[head..]);
        let descriptor = AllocationExtentDescriptor {
            tag: Tag::default(),
            previous_location: 0.into(),
            allocation_descriptors_len: (len as u32).into(),
        };
        out[..head].copy_from_slice(descriptor.as_bytes());
        // Up to UDF 2.00 the descriptors are not covered.
        seal(out, identifier::ALLOCATION_EXTENT_DESCRIPTOR, here.0, 8);
    }

    /// Puts descriptors from number `first` on into `room` places, the last of which points to `next` if there are
    /// more; returns their length.
    fn put(self, first: u64, room: u64, next: PartitionBlock, out: &mut [u8]) -> usize {
        let left = self.extents() - first;
        let more = left > room;
        let count = if more { room - 1 } else { left };
        let mut descriptors: Vec<ShortAd> = (first..first + count)
            .map(|number| self.extent(number))
            .collect();
        if more {
            descriptors.push(ShortAd {
                len: (NEXT_EXTENT | BLOCK_SIZE).into(),
                position: next.0.into(),
            });
        }
        let bytes = descriptors.as_bytes();
        out[..bytes.len()].copy_from_slice(bytes);
        bytes.len()
    }

    fn extent(self, number: u64) -> ShortAd {
        let offset = number * MAX_EXTENT_LEN;
        let blocks = offset / u64::from(BLOCK_SIZE);
        ShortAd {
            len: ((self.len - offset).min(MAX_EXTENT_LEN) as u32).into(),
            position: (self.start.0 + blocks as u32).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(extents: u64) -> Run {
        Run {
            start: PartitionBlock(1000),
            len: (extents - 1) * MAX_EXTENT_LEN + 1,
        }
    }

    #[test]
    fn a_chain_begins_when_the_entry_is_full() {
        assert_eq!((IN_ENTRY, IN_EXTENT), (234, 253));
        assert_eq!(run(234).chain_blocks(), 0);
        assert_eq!(run(234).entry_len(), 234 * 8);
        assert_eq!(run(235).chain_blocks(), 1);
        assert_eq!(run(235).entry_len(), 234 * 8);
        // 233 in the entry, 253 in the only block.
        assert_eq!(run(233 + 253).chain_blocks(), 1);
        assert_eq!(run(233 + 254).chain_blocks(), 2);
        assert_eq!(run(233 + 252 + 253).chain_blocks(), 2);
        assert_eq!(run(233 + 252 + 254).chain_blocks(), 3);
    }

    #[test]
    fn every_extent_is_described_once() {
        for extents in [1, 2, 233, 234, 235, 486, 487, 738, 739, 2000] {
            let run = run(extents);
            let chain = PartitionBlock(7);
            let mut entry = vec![0; run.entry_len()];
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

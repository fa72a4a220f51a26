//! Records that follow each other without regard to blocks: where reading a single block begins.

use crate::block::BLOCK;

/// For every block, the record to which its first byte belongs, and how many bytes of that record precede it.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    starts: Vec<(u32, u32)>,
}

impl Packed {
    /// Appends the blocks of a run of records of these lengths; returns the length of the run in bytes.
    pub(crate) fn push_run(&mut self, lens: impl IntoIterator<Item = usize>) -> u64 {
        let mut end = 0;
        let mut next_block = 0;
        for (record, len) in (0..).zip(lens) {
            let start = end;
            end += len as u64;
            while next_block < end {
                self.starts.push((record, (next_block - start) as u32));
                next_block += BLOCK as u64;
            }
        }
        end
    }

    /// Returns where the first record of `block` begins, in bytes from the block's start: 0 or negative.
    pub(crate) fn offset(&self, block: u32) -> i64 {
        let start = self.starts.get(block as usize);
        start.map_or(0, |(_, skip)| -i64::from(*skip))
    }

    /// Fills `buf` with the records from the start of `block` on; `record` appends record number n to the buffer it
    /// gets, or returns `false` if there is none.
    pub(crate) fn fill(
        &self,
        block: u32,
        buf: &mut [u8],
        mut record: impl FnMut(u32, &mut Vec<u8>) -> bool,
    ) {
        let Some(&(mut number, skip)) = self.starts.get(block as usize) else {
            return;
        };
        let mut skip = skip as usize;
        let mut done = 0;
        let mut bytes = Vec::with_capacity(512);
        while done < buf.len() {
            bytes.clear();
            if !record(number, &mut bytes) {
                break;
            }
            let len = (bytes.len() - skip).min(buf.len() - done);
            buf[done..done + len].copy_from_slice(&bytes[skip..skip + len]);
            done += len;
            skip = 0;
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_block_can_be_filled_alone() {
        let lens = [1000, 1000, 1000, 5000, 10, 90];
        let mut packed = Packed::default();
        assert_eq!(packed.push_run(lens), 8100);
        let record = |number: u32, out: &mut Vec<u8>| {
            let Some(len) = lens.get(number as usize) else {
                return false;
            };
            out.resize(*len, number as u8 + 1);
            true
        };
        let mut whole = vec![0; 4 * BLOCK];
        packed.fill(0, &mut whole, record);
        for block in 0..4 {
            let mut alone = vec![0; BLOCK];
            packed.fill(block, &mut alone, record);
            let at = block as usize * BLOCK;
            assert_eq!(alone, whole[at..at + BLOCK]);
        }
        assert_eq!(whole[8099], 6);
        assert_eq!(whole[8100], 0);
    }
}

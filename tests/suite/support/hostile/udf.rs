//! UDF: every table and length that it lets an image state.

use super::super::bytes::{BLOCK, crc};
use super::{Kind, Sparse};

/// Where the partition begins; the blocks below are of it.
const PARTITION: u32 = 272;
const FILE_SET: u32 = 0;
const ROOT: u32 = 1;
/// The first block that a kind uses as it likes.
const FREE: u32 = 2;

const SHORT: u16 = 0;
const EMBEDDED: u16 = 3;

/// Allocation descriptors lead on to more of them.
const NEXT: u32 = 3 << 30;

const FILE: u8 = 5;
const DIRECTORY: u8 = 4;
const LINK: u8 = 12;
const STREAMS: u8 = 13;

pub(crate) const KINDS: &[Kind] = &[
    (
        "files that share a chain of allocation extents",
        shared_chain,
        100,
    ),
    (
        "chains of allocation extents that come round",
        round_chain,
        100,
    ),
    ("files that share a chain of entries", shared_entries, 100),
    ("files that share named streams", shared_streams, 100),
    (
        "directories that share their extents",
        shared_directories,
        100,
    ),
    ("links that share a long path", shared_link, 100),
    ("metadata partitions", metadata_partitions, 100),
    ("a metadata partition of many extents", metadata_extents, 40),
    (
        "files of all blocks of a virtual partition",
        virtual_extents,
        100,
    ),
    ("names of one file", names_of_one, 200),
    ("names that differ by case", names_by_case, 200),
    ("directories of extents of one byte", tiny_extents, 12),
    (
        "identifiers that may begin anywhere",
        identifiers_anywhere,
        100,
    ),
    (
        "directories of long names in each other, and files",
        long_paths,
        60,
    ),
    ("candidates for a virtual allocation table", tables, 60),
    // An eighth of it is still more than is kept of what was read: less is read once.
    ("volume descriptor sequences without end", sequences, 100),
    ("tables of moved packets", sparing, 100),
    (
        "stream directories of stream directories",
        nested_streams,
        100,
    ),
    ("a file set of many descriptors", file_sets, 100),
    ("files of very many extents", many_extents, 40),
];

/// Makes a descriptor's tag right (ECMA-167 3/7.2).
fn seal(bytes: &mut [u8], identifier: u16, location: u32) {
    bytes[..16].fill(0);
    bytes[..2].copy_from_slice(&identifier.to_le_bytes());
    bytes[2] = 2;
    let len = (bytes.len() - 16).min(2032);
    let sum = crc(&bytes[16..16 + len]);
    bytes[8..10].copy_from_slice(&sum.to_le_bytes());
    bytes[10..12].copy_from_slice(&(len as u16).to_le_bytes());
    bytes[12..16].copy_from_slice(&location.to_le_bytes());
    bytes[4] = bytes[..16]
        .iter()
        .fold(0, |sum, byte| sum.wrapping_add(*byte));
}

fn sealed(mut bytes: Vec<u8>, identifier: u16, location: u32) -> Vec<u8> {
    seal(&mut bytes, identifier, location);
    bytes
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn short_ad(len: u32, block: u32) -> Vec<u8> {
    [len.to_le_bytes(), block.to_le_bytes()].concat()
}

fn long_ad(len: u32, block: u32, partition: u16) -> Vec<u8> {
    let mut ad = short_ad(len, block);
    ad.extend(partition.to_le_bytes());
    ad.extend([0; 6]);
    ad
}

fn regid(name: &[u8]) -> Vec<u8> {
    let mut id = vec![0; 32];
    put(&mut id, 1, name);
    put(&mut id, 24, &0x0150_u16.to_le_bytes());
    id
}

/// A File Entry (ECMA-167 4/14.9), or an extended one that has streams (4/14.17).
struct Entry<'a> {
    kind: u8,
    flags: u16,
    len: u64,
    allocation: &'a [u8],
    streams: Option<u32>,
    strategy: u16,
}

impl<'a> Entry<'a> {
    const fn new(kind: u8, flags: u16, len: u64, allocation: &'a [u8]) -> Self {
        Self {
            kind,
            flags,
            len,
            allocation,
            streams: None,
            strategy: 4,
        }
    }

    fn encoded(&self, location: u32) -> Vec<u8> {
        let (identifier, head) = match self.streams {
            Some(_) => (266, 216),
            None => (261, 176),
        };
        let mut bytes = vec![0; head];
        put(&mut bytes, 20, &self.strategy.to_le_bytes());
        put(
            &mut bytes,
            24,
            &(if self.strategy == 4 { 1_u16 } else { 9 }).to_le_bytes(),
        );
        bytes[27] = self.kind;
        put(&mut bytes, 34, &self.flags.to_le_bytes());
        put(&mut bytes, 48, &1_u16.to_le_bytes());
        put(&mut bytes, 56, &self.len.to_le_bytes());
        if let Some(streams) = self.streams {
            put(&mut bytes, 64, &self.len.to_le_bytes());
            put(&mut bytes, 152, &long_ad(2048, streams, 0));
        }
        put(
            &mut bytes,
            head - 4,
            &(self.allocation.len() as u32).to_le_bytes(),
        );
        bytes.extend(self.allocation);
        assert!(bytes.len() <= BLOCK);
        sealed(bytes, identifier, location)
    }
}

/// A File Identifier Descriptor (ECMA-167 4/14.4) of what lies in a block of a partition.
fn identifier(name: &str, block: u32, partition: u16) -> Vec<u8> {
    let mut bytes = vec![0; (39 + name.len()).next_multiple_of(4)];
    put(&mut bytes, 16, &1_u16.to_le_bytes());
    bytes[19] = 1 + name.len() as u8;
    put(&mut bytes, 20, &long_ad(2048, block, partition));
    bytes[38] = 8;
    put(&mut bytes, 39, name.as_bytes());
    sealed(bytes, 257, 0)
}

/// What a volume is made of.
struct Volume {
    image: Sparse,
    /// The next free block of the partition.
    next: u32,
    /// Partition maps, and how many.
    maps: (Vec<u8>, u32),
    /// Which of them the file set is in.
    structures: u16,
}

impl Volume {
    fn new() -> Self {
        Self {
            image: Sparse::default(),
            next: FREE,
            maps: (vec![1, 6, 1, 0, 0, 0], 1),
            structures: 0,
        }
    }

    fn put(&mut self, block: u32, bytes: &[u8]) {
        self.image.put(PARTITION + block, bytes);
    }

    /// Puts bytes into blocks that are free; the first of them.
    fn add(&mut self, bytes: &[u8]) -> u32 {
        let first = self.next;
        self.put(first, bytes);
        self.next += bytes.len().div_ceil(BLOCK) as u32;
        first
    }

    fn entry(&mut self, entry: &Entry<'_>) -> u32 {
        let bytes = entry.encoded(self.next);
        self.add(&bytes)
    }

    /// Puts a directory's entry, whose identifiers go into free blocks.
    fn directory(&mut self, block: u32, kind: u8, identifiers: &[u8]) {
        let first = self.add(identifiers);
        let len = identifiers.len() as u32;
        let allocation = long_ad(len, first, 0);
        let entry = Entry::new(kind, 1, len.into(), &allocation);
        let bytes = entry.encoded(block);
        self.put(block, &bytes);
    }

    /// A root that names the same block again and again.
    fn root_of(&mut self, count: u32, block: u32) {
        let all: Vec<u8> = (0..count)
            .flat_map(|number| identifier(&format!("{number:07}"), block, self.structures))
            .collect();
        self.directory(ROOT, DIRECTORY, &all);
    }

    fn typed_map(&mut self, name: &[u8], rest: &[u8]) {
        let mut map = vec![0; 64];
        put(&mut map, 0, &[2, 64]);
        put(&mut map, 4, &regid(name));
        put(&mut map, 36, &[1, 0, 0, 0]);
        put(&mut map, 40, rest);
        self.maps.0.extend(map);
        self.maps.1 += 1;
    }

    fn volume_descriptor(&mut self, block: u32, identifier: u16, mut bytes: Vec<u8>) {
        bytes.resize(BLOCK, 0);
        self.image.put(block, &sealed(bytes, identifier, block));
    }

    /// Puts what is around the files.
    fn finish(mut self) -> Sparse {
        let len = self.next.max(self.image.total.saturating_sub(PARTITION));
        self.image.total = PARTITION + len;
        let mut set = vec![0; 512];
        put(&mut set, 400, &long_ad(2048, ROOT, self.structures));
        if self
            .image
            .get(PARTITION + FILE_SET)
            .iter()
            .all(|byte| *byte == 0)
        {
            self.put(FILE_SET, &sealed(set, 256, FILE_SET));
        }
        for (block, id) in [(16, b"BEA01"), (17, b"NSR02"), (18, b"TEA01")] {
            self.image
                .put(block, &[b"\0".as_slice(), id, b"\x01"].concat());
        }
        let mut partition = vec![0; 512];
        put(&mut partition, 20, &[1, 0, 0, 0]);
        put(&mut partition, 184, &1_u32.to_le_bytes());
        put(&mut partition, 188, &PARTITION.to_le_bytes());
        put(&mut partition, 192, &len.to_le_bytes());
        let mut logical = vec![0; 440];
        put(&mut logical, 212, &2048_u32.to_le_bytes());
        put(&mut logical, 216, &regid(b"*OSTA UDF Compliant"));
        put(&mut logical, 248, &long_ad(2048, FILE_SET, self.structures));
        put(&mut logical, 264, &(self.maps.0.len() as u32).to_le_bytes());
        put(&mut logical, 268, &self.maps.1.to_le_bytes());
        logical.extend(&self.maps.0);
        self.volume_descriptor(32, 1, vec![0; 512]);
        self.volume_descriptor(33, 6, logical);
        self.volume_descriptor(34, 5, partition);
        self.volume_descriptor(35, 8, vec![0; 512]);
        if self.image.get(256).iter().all(|byte| *byte == 0) {
            self.anchor(256, 32, 16);
        }
        self.image
    }

    fn anchor(&mut self, block: u32, sequence: u32, blocks: u32) {
        let mut anchor = vec![0; 512];
        put(
            &mut anchor,
            16,
            &short_ad(blocks.saturating_mul(2048), sequence),
        );
        put(
            &mut anchor,
            24,
            &short_ad(blocks.saturating_mul(2048), sequence),
        );
        self.volume_descriptor(block, 2, anchor);
    }

    /// A chain of so many blocks of 250 descriptors each: what leads to it, and how many descriptors a block has.
    fn extents(&mut self, count: u32, each: impl Fn(u32) -> Vec<u8>) -> (Vec<u8>, u64) {
        let first = self.next;
        for number in 0..count {
            let here = self.next;
            let all = 250 * number..250 * (number + 1);
            let mut all: Vec<u8> = all.flat_map(&each).collect();
            if number + 1 < count {
                all.extend(short_ad(NEXT | 2048, here + 1));
            }
            let mut bytes = vec![0; 24];
            put(&mut bytes, 20, &(all.len() as u32).to_le_bytes());
            bytes.extend(all);
            self.add(&sealed(bytes, 258, here));
        }
        (short_ad(NEXT | 2048, first), 250)
    }

    /// A chain of allocation extents, each in its own block, that ends with the descriptors it is given.
    fn chain(&mut self, count: u32, end: impl Fn(u32) -> Vec<u8>) -> u32 {
        let first = self.next;
        for number in 0..count {
            let here = self.next;
            let next = if number + 1 < count {
                short_ad(NEXT | 2048, here + 1)
            } else {
                end(first)
            };
            let mut bytes = vec![0; 24];
            put(&mut bytes, 20, &(next.len() as u32).to_le_bytes());
            bytes.extend(next);
            self.add(&sealed(bytes, 258, here));
        }
        first
    }
}

fn shared_chain(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let chain = volume.chain(count, |_| short_ad(2048, 0));
    let file = volume.entry(&Entry::new(
        FILE,
        SHORT,
        2048,
        &short_ad(NEXT | 2048, chain),
    ));
    volume.root_of(20 * count, file);
    volume.finish()
}

fn round_chain(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let chain = volume.chain(count, |first| short_ad(NEXT | 2048, first));
    let file = volume.entry(&Entry::new(
        FILE,
        SHORT,
        2048,
        &short_ad(NEXT | 2048, chain),
    ));
    volume.root_of(20 * count, file);
    volume.finish()
}

/// The last entry of each prevails, and only going on to it shows where it is (ECMA-167 4/A.5).
fn shared_entries(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let first = volume.next;
    for number in 0..2 * count {
        let here = volume.next;
        if number % 2 == 0 {
            let entry = Entry {
                strategy: 4096,
                ..Entry::new(FILE, EMBEDDED, 0, &[])
            };
            volume.entry(&entry);
        } else {
            let mut indirect = vec![0; 52];
            put(&mut indirect, 36, &long_ad(4096, here + 1, 0));
            volume.add(&sealed(indirect, 259, here));
        }
    }
    volume.root_of(20 * count, first);
    volume.finish()
}

fn shared_streams(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let stream = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    let all: Vec<u8> = (0..10 * count)
        .flat_map(|number| identifier(&format!("{number:07}"), stream, 0))
        .collect();
    let streams = volume.next;
    volume.next += 1;
    volume.directory(streams, STREAMS, &all);
    let file = volume.entry(&Entry {
        streams: Some(streams),
        ..Entry::new(FILE, EMBEDDED, 0, &[])
    });
    volume.root_of(20 * count, file);
    volume.finish()
}

fn nested_streams(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let mut streams = volume.next;
    volume.next += 1;
    volume.directory(streams, STREAMS, &[]);
    for _ in 0..count {
        let stream = volume.entry(&Entry {
            streams: Some(streams),
            ..Entry::new(FILE, EMBEDDED, 0, &[])
        });
        streams = volume.next;
        volume.next += 1;
        volume.directory(streams, STREAMS, &identifier("stream", stream, 0));
    }
    let file = volume.entry(&Entry {
        streams: Some(streams),
        ..Entry::new(FILE, EMBEDDED, 0, &[])
    });
    volume.root_of(count, file);
    volume.finish()
}

fn shared_directories(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    let all: Vec<u8> = (0..20 * count)
        .flat_map(|number| identifier(&format!("{number:07}"), file, 0))
        .collect();
    let allocation = long_ad(all.len() as u32, volume.next, 0);
    volume.add(&all);
    let mut root = Vec::new();
    for number in 0..count {
        let entry = Entry::new(DIRECTORY, 1, all.len() as u64, &allocation);
        let directory = volume.entry(&entry);
        root.extend(identifier(&format!("{number:07}"), directory, 0));
    }
    volume.directory(ROOT, DIRECTORY, &root);
    volume.finish()
}

fn shared_link(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let component = [[5, 250, 0, 0, 8].as_slice(), &[b'l'; 249]].concat();
    let path = component.repeat(250);
    let first = volume.add(&path);
    let allocation = short_ad(path.len() as u32, first);
    let link = volume.entry(&Entry::new(LINK, SHORT, path.len() as u64, &allocation));
    volume.root_of(20 * count, link);
    volume.finish()
}

fn names_of_one(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    volume.root_of(20 * count, file);
    volume.finish()
}

/// All of them are one to who does not tell case apart.
fn names_by_case(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    let name = |number: u32| -> String {
        let letters = ('a'..='z').enumerate();
        let upper = |bit: usize| (number >> bit) & 1 == 1;
        letters
            .map(|(bit, letter)| {
                if upper(bit) {
                    letter.to_ascii_uppercase()
                } else {
                    letter
                }
            })
            .collect()
    };
    let all: Vec<u8> = (0..20 * count)
        .flat_map(|number| identifier(&name(number), file, 0))
        .collect();
    volume.directory(ROOT, DIRECTORY, &all);
    volume.finish()
}

/// Neighbours in the table are none on the disc, so that each block of a file is an extent of its own.
fn virtual_extents(count: u32) -> Sparse {
    let mut volume = Volume::new();
    volume.typed_map(b"*UDF Virtual Partition", &[]);
    volume.structures = 1;
    let mut root = Vec::new();
    let blocks = 4 * count;
    for number in 0..count {
        let allocation = long_ad(blocks * 2048, 0, 1);
        let entry = Entry::new(FILE, 1, u64::from(blocks) * 2048, &allocation);
        let file = volume.entry(&entry);
        root.extend(identifier(&format!("{number:07}"), file, 1));
    }
    volume.directory(ROOT, DIRECTORY, &root);
    let table: Vec<u8> = (0..volume.next.max(blocks))
        .map(|block| {
            if block >= volume.next {
                block % 7
            } else {
                block
            }
        })
        .flat_map(u32::to_le_bytes)
        .collect();
    with_table(volume, &table)
}

/// Ends a volume with a virtual allocation table of UDF 1.50.
fn with_table(mut volume: Volume, entries: &[u8]) -> Sparse {
    let mut table = entries.to_vec();
    table.extend(regid(b"*UDF Virtual Alloc Tbl"));
    table.extend(u32::MAX.to_le_bytes());
    let first = volume.add(&table);
    let allocation = short_ad(table.len() as u32, first);
    volume.entry(&Entry::new(0, SHORT, table.len() as u64, &allocation));
    volume.finish()
}

/// Of one byte each, and eight bytes for each of them.
fn tiny_extents(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    let first = volume.add(&identifier("file", file, 0));
    let mut root = Vec::new();
    for number in 0..count {
        let (allocation, _) = volume.extents(count, |_| short_ad(1, first));
        let len = u64::from(250 * count);
        let directory = volume.entry(&Entry::new(DIRECTORY, SHORT, len, &allocation));
        root.extend(identifier(&format!("{number:07}"), directory, 0));
    }
    volume.directory(ROOT, DIRECTORY, &root);
    volume.finish()
}

/// Each of them says to have 64 KiB, whose CRC is wrong, and the next one may begin 16 bytes further on.
fn identifiers_anywhere(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let mut head = vec![0; 16];
    // The characteristics and the lengths of one are within the tag of the next.
    put(&mut head, 0, &[1, 1, 0, 0, 0, 0xFF, 1, 2, 0, 0, 0, 0xF0]);
    head[4] = head.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    let all = head.repeat(count as usize * 128);
    volume.directory(ROOT, DIRECTORY, &all);
    volume.finish()
}

fn long_paths(levels: u32) -> Sparse {
    let mut volume = Volume::new();
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    let name = "n".repeat(250);
    let mut here = ROOT;
    for _ in 0..levels {
        let next = volume.next;
        volume.next += 1;
        volume.directory(here, DIRECTORY, &identifier(&name, next, 0));
        here = next;
    }
    let all: Vec<u8> = (0..20 * levels)
        .flat_map(|number| identifier(&format!("{number:07}"), file, 0))
        .collect();
    volume.directory(here, DIRECTORY, &all);
    volume.finish()
}

/// Each may be one, is as long as the disc, and is none.
fn tables(count: u32) -> Sparse {
    let mut volume = Volume::new();
    volume.typed_map(b"*UDF Virtual Partition", &[]);
    volume.structures = 1;
    volume.next += 20 * count;
    for _ in 0..64 {
        let allocation = short_ad(20 * count * 2048, FREE);
        let entry = Entry::new(0, SHORT, u64::from(20 * count) * 2048, &allocation);
        volume.entry(&entry);
    }
    volume.finish()
}

/// Anchors in all places lead to sequences of their own, which lack what is needed.
fn sequences(count: u32) -> Sparse {
    let mut volume = Volume::new();
    volume.next += 20 * count;
    let start = PARTITION + FREE;
    for block in start..start + 20 * count {
        volume.volume_descriptor(block, 1, vec![0; 512]);
    }
    let end = start + 20 * count;
    volume.image.total = end + 600;
    let last = volume.image.total - 1;
    volume.next = volume.image.total - PARTITION;
    for (number, block) in [
        256,
        512,
        last,
        last - 256,
        last - 1,
        last - 2,
        last - 150,
        last - 152,
    ]
    .into_iter()
    .chain([last - 258, last - 406, last - 408])
    .enumerate()
    {
        volume.anchor(block, start + number as u32, u32::MAX / 2048);
    }
    volume.finish()
}

/// As many maps as there can be, each with four tables, which are all the same.
fn sparing(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let entries = (8 * 250 * count).min(8 * 65_000);
    let mut table = vec![0; 56];
    put(&mut table, 16, &regid(b"*UDF Sparing Table"));
    put(&mut table, 48, &((entries / 8) as u16).to_le_bytes());
    for entry in 0..entries / 8 {
        table.extend((32 * entry).to_le_bytes());
        table.extend(0_u32.to_le_bytes());
    }
    let block = PARTITION + volume.next;
    let table = sealed(table, 11, block);
    volume.add(&table);
    let mut rest = vec![32, 0, 4, 0];
    rest.extend((table.len() as u32).to_le_bytes());
    rest.extend(block.to_le_bytes().repeat(4));
    volume.maps = (Vec::new(), 0);
    for _ in 0..24 {
        volume.typed_map(b"*UDF Sparable Partition", &rest);
    }
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    volume.root_of(count, file);
    volume.finish()
}

fn file_sets(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let first = volume.next;
    for number in 0..count {
        let here = volume.next;
        let mut set = vec![0; 512];
        put(&mut set, 400, &long_ad(2048, ROOT, 0));
        let next = if number + 1 < count { here + 1 } else { first };
        put(&mut set, 448, &long_ad(2048, next, 0));
        volume.add(&sealed(set, 256, here));
    }
    let mut set = vec![0; 512];
    put(&mut set, 400, &long_ad(2048, ROOT, 0));
    put(&mut set, 448, &long_ad(2048, first, 0));
    volume.put(FILE_SET, &sealed(set, 256, FILE_SET));
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    volume.root_of(count, file);
    volume.finish()
}

/// One file's, which do not follow each other, and all names of it.
fn many_extents(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let (allocation, len) = volume.extents(count, |number| short_ad(1, number % 2));
    let file = volume.entry(&Entry::new(
        FILE,
        SHORT,
        u64::from(count) * len,
        &allocation,
    ));
    volume.root_of(20 * count, file);
    volume.finish()
}

/// All of them have the same metadata file.
fn metadata_partitions(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let file = volume.entry(&Entry::new(FILE, EMBEDDED, 0, &[]));
    volume.root_of(0, file);
    let first = volume.next;
    // The file set, the root and the file, as they lie in the metadata file.
    volume.next += 3;
    metadata(&mut volume, first, count, &short_ad(3 * 2048, first), 3)
}

/// Its file, which lies in as many pieces as its descriptors have room for.
fn metadata_extents(count: u32) -> Sparse {
    let mut volume = Volume::new();
    let first = volume.next;
    volume.next += 3;
    let (allocation, blocks) = volume.extents(count, |number| match number {
        0 => short_ad(3 * 2048, first),
        number => short_ad(2048, number % 2 * 5),
    });
    let blocks = u64::from(count) * blocks + 2;
    // A file is not longer than the disc.
    volume.next += blocks as u32;
    metadata(&mut volume, first, 1, &allocation, blocks)
}

/// Ends a volume whose structures are in a metadata file of so many blocks.
fn metadata(volume: &mut Volume, first: u32, count: u32, allocation: &[u8], blocks: u64) -> Sparse {
    volume.structures = 1;
    let file = Entry::new(250, SHORT, blocks * 2048, allocation);
    let main = volume.entry(&file);
    let mut rest = vec![0; 24];
    put(&mut rest, 0, &main.to_le_bytes());
    put(&mut rest, 4, &main.to_le_bytes());
    for _ in 0..count.min(30) {
        volume.typed_map(b"*UDF Metadata Partition", &rest);
    }
    let mut set = vec![0; 512];
    put(&mut set, 400, &long_ad(2048, 1, 1));
    volume.put(first, &sealed(set, 256, 0));
    let names = identifier("file", 2, 1);
    let root = Entry::new(DIRECTORY, EMBEDDED, names.len() as u64, &names);
    volume.put(first + 1, &root.encoded(1));
    volume.put(first + 2, &Entry::new(FILE, EMBEDDED, 0, &[]).encoded(2));
    std::mem::replace(volume, Volume::new()).finish()
}

//! Builds volumes from the tables of the standards.

use crate::codec::text::{cs0_encode, cs0_len, dstring};
use crate::codec::time::UdfTime;
use crate::file_systems::UdfRevision;
use crate::time::Timestamp;
use crate::udf::tag::{CharSpec, seal};
use zerocopy::IntoBytes;

pub(super) const PARTITION: u32 = 288;
pub(super) const PARTITION_LEN: u32 = 224;

/// The sequences come after the recognition sequence, whatever the length of a block, and continue elsewhere.
const MAIN: u32 = 120;
const RESERVE: u32 = 140;
const ELSEWHERE: u32 = 160;
const INTEGRITY: u32 = 180;
const TABLES: u32 = 200;

/// The addressing of the partition's blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Physical,
    /// Blocks 32 to 63 have been moved.
    Sparable,
    /// A table, of UDF 1.50 or 2.00, leads to structures. This many blocks follow it.
    Virtual(u32),
}

pub(super) struct Builder {
    pub(super) bytes: Vec<u8>,
    pub(super) block_len: usize,
    pub(super) revision: UdfRevision,
    pub(super) form: Form,
    /// The next free block.
    pub(super) next: u32,
    pub(super) table: Vec<u32>,
}

pub(super) fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

pub(super) fn put16(bytes: &mut [u8], at: usize, value: u16) {
    put(bytes, at, &value.to_le_bytes());
}

pub(super) fn put32(bytes: &mut [u8], at: usize, value: u32) {
    put(bytes, at, &value.to_le_bytes());
}

pub(super) fn short_ad(len: u32, block: u32) -> Vec<u8> {
    [len.to_le_bytes(), block.to_le_bytes()].concat()
}

pub(super) fn long_ad(len: u32, block: u32, partition: u16) -> Vec<u8> {
    let mut ad = short_ad(len, block);
    ad.extend(partition.to_le_bytes());
    ad.extend([0; 6]);
    ad
}

pub(super) fn regid(name: &[u8], revision: UdfRevision) -> Vec<u8> {
    let mut id = vec![0; 32];
    put(&mut id, 1, name);
    put16(&mut id, 24, revision.into());
    id
}

pub(super) fn name(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; cs0_len(text)];
    cs0_encode(text, &mut bytes);
    bytes
}

pub(super) fn time() -> UdfTime {
    Timestamp::from_unix(1_600_000_000).into()
}

pub(super) const REPEATED: u32 = 3 << 30;
pub(super) const ALLOCATED: u32 = 1 << 30;
pub(super) const HOLE: u32 = 2 << 30;

/// The contents of an entry.
#[derive(Clone, Copy)]
pub(super) struct NewEntry<'a> {
    pub file_type: u8,
    pub flags: u16,
    pub len: u64,
    pub allocation: &'a [u8],
    pub attributes: &'a [u8],
    /// The ICB of its stream directory.
    pub streams: &'a [u8],
    pub strategy: u16,
}

impl NewEntry<'_> {
    pub(super) fn new(file_type: u8, flags: u16, len: u64) -> Self {
        Self {
            file_type,
            flags,
            len,
            allocation: &[],
            attributes: &[],
            streams: &[],
            strategy: 4,
        }
    }
}

impl Builder {
    pub(super) fn new(block_len: usize, revision: UdfRevision, form: Form) -> Self {
        let total = (PARTITION + PARTITION_LEN + 64) as usize;
        Self {
            bytes: vec![0; total * block_len],
            block_len,
            revision,
            form,
            next: 2,
            table: vec![0, 1],
        }
    }

    /// Returns the index of the partition map that addresses structures.
    pub(super) fn structures(&self) -> u16 {
        u16::from(matches!(self.form, Form::Virtual(_)))
    }

    /// Writes data into a physical block.
    pub(super) fn put_physical(&mut self, block: u32, data: &[u8]) {
        let sector = match self.form {
            // These blocks have been moved to the end of the partition.
            Form::Sparable if (32..64).contains(&block) => PARTITION + PARTITION_LEN + block - 32,
            _ => PARTITION + block,
        };
        put(&mut self.bytes, sector as usize * self.block_len, data);
    }

    /// Takes blocks for data.
    pub(super) fn data(&mut self, data: &[u8]) -> u32 {
        let first = self.next;
        for piece in data.chunks(self.block_len) {
            let block = self.take();
            self.put_physical(block, piece);
        }
        first
    }

    pub(super) fn take(&mut self) -> u32 {
        self.next += 1;
        self.table.push(self.next - 1);
        self.next - 1
    }

    /// Takes a block for a structure; returns its address in its partition.
    pub(super) fn take_structure(&mut self) -> u32 {
        match self.form {
            // The virtual block has another number than the physical one.
            Form::Virtual(_) => {
                self.take();
                self.table.len() as u32 - 1
            }
            _ => self.take(),
        }
    }

    pub(super) fn put_structure(&mut self, address: u32, data: &[u8]) {
        let block = match self.form {
            Form::Virtual(_) => self.table[address as usize],
            _ => address,
        };
        self.put_physical(block, data);
    }

    /// Encodes a descriptor in `len` bytes.
    pub(super) fn descriptor(&self, id: u16, location: u32, mut bytes: Vec<u8>) -> Vec<u8> {
        let crc_len = bytes.len() - 16;
        seal(&mut bytes, id, self.revision, location, crc_len);
        bytes
    }

    /// Encodes an entry: a File Entry for UDF 1.50, an Extended File Entry for later revisions.
    pub(super) fn entry(&self, location: u32, entry: &NewEntry<'_>) -> Vec<u8> {
        let NewEntry {
            file_type,
            flags,
            len,
            allocation,
            attributes,
            streams,
            strategy,
        } = *entry;
        let extended = self.revision >= UdfRevision::V2_00;
        let (head, times, lens): (usize, &[usize], usize) = if extended {
            (216, &[80, 92, 104, 116], 208)
        } else {
            (176, &[72, 84, 96], 168)
        };
        let mut bytes = vec![0; head];
        put16(&mut bytes, 20, strategy);
        if strategy == 4096 {
            put16(&mut bytes, 22, 1);
        }
        put16(&mut bytes, 24, if strategy == 4 { 1 } else { 2 });
        bytes[27] = file_type;
        put16(&mut bytes, 34, flags);
        put16(&mut bytes, 48, 1);
        put(&mut bytes, 56, &len.to_le_bytes());
        for at in times {
            put(&mut bytes, *at, time().as_bytes());
        }
        if extended {
            put(&mut bytes, 64, &len.to_le_bytes());
            put(&mut bytes, 152, streams);
        }
        put32(&mut bytes, lens, attributes.len() as u32);
        put32(&mut bytes, lens + 4, allocation.len() as u32);
        bytes.extend(attributes);
        bytes.extend(allocation);
        self.descriptor(if extended { 266 } else { 261 }, location, bytes)
    }

    /// Adds an entry; returns its address.
    pub(super) fn add(&mut self, file_type: u8, flags: u16, len: u64, allocation: &[u8]) -> u32 {
        let address = self.take_structure();
        let entry = NewEntry {
            allocation,
            ..NewEntry::new(file_type, flags, len)
        };
        let entry = self.entry(address, &entry);
        self.put_structure(address, &entry);
        address
    }

    pub(super) fn icb(&self, address: u32) -> Vec<u8> {
        long_ad(self.block_len as u32, address, self.structures())
    }

    /// Encodes a File Identifier Descriptor.
    pub(super) fn fid(
        &self,
        location: u32,
        characteristics: u8,
        name: &[u8],
        icb: &[u8],
    ) -> Vec<u8> {
        let mut bytes = vec![0; (38 + name.len()).next_multiple_of(4)];
        put16(&mut bytes, 16, 1);
        bytes[18] = characteristics;
        bytes[19] = name.len() as u8;
        put(&mut bytes, 20, icb);
        put(&mut bytes, 38, name);
        self.descriptor(257, location, bytes)
    }

    /// Writes a directory's entry to `address`, and its identifiers to other blocks.
    pub(super) fn directory(
        &mut self,
        address: u32,
        kind: u8,
        parent: u32,
        names: &[(u8, Vec<u8>, u32)],
    ) {
        let identifiers = |this: &Self, first: u32| {
            let mut all = this.fid(first, 10, b"", &this.icb(parent));
            for (characteristics, name, child) in names {
                // The block in which an identifier begins.
                let location = first + (all.len() / this.block_len) as u32;
                all.extend(this.fid(location, *characteristics, name, &this.icb(*child)));
            }
            all
        };
        let len = identifiers(self, 0).len();
        let first = self.next;
        // Directories should lie in virtual blocks of their own; here the physical ones will do.
        let all = identifiers(self, first);
        self.data(&all);
        let ad = long_ad(len as u32, first, 0);
        let entry = NewEntry {
            allocation: &ad,
            ..NewEntry::new(kind, 1, len as u64)
        };
        let entry = self.entry(address, &entry);
        self.put_structure(address, &entry);
    }

    /// Writes a volume descriptor into a sector.
    pub(super) fn volume_descriptor(
        &mut self,
        sector: u32,
        id: u16,
        mut bytes: Vec<u8>,
        number: u32,
    ) {
        if id != 2 && id != 8 && id != 9 {
            put32(&mut bytes, 16, number);
        }
        let bytes = self.descriptor(id, sector, bytes);
        put(&mut self.bytes, sector as usize * self.block_len, &bytes);
    }

    /// Adds everything around the tree; `root` is the address of the root's entry.
    pub(super) fn finish(mut self, root: u32) -> Vec<u8> {
        self.put_file_set(root);
        self.put_recognition();
        self.put_sequences();
        self.put_integrity();
        match self.form {
            Form::Physical => {}
            Form::Sparable => self.put_sparing_tables(),
            Form::Virtual(after) => self.put_virtual_table(after),
        }
        self.bytes
    }

    fn put_file_set(&mut self, root: u32) {
        let mut file_set = vec![0; 512];
        put16(&mut file_set, 28, 3);
        put16(&mut file_set, 30, 3);
        put(&mut file_set, 48, CharSpec::CS0.as_bytes());
        put(&mut file_set, 240, CharSpec::CS0.as_bytes());
        put(&mut file_set, 400, &self.icb(root));
        put(
            &mut file_set,
            416,
            &regid(b"*OSTA UDF Compliant", self.revision),
        );
        let file_set = self.descriptor(256, 0, file_set);
        self.put_structure(0, &file_set);
    }

    fn put_recognition(&mut self) {
        let nsr: &[u8; 5] = if self.revision >= UdfRevision::V2_00 {
            b"NSR03"
        } else {
            b"NSR02"
        };
        let step = self.block_len.max(2048);
        for (index, id) in [b"BEA01", nsr, b"TEA01"].into_iter().enumerate() {
            put(&mut self.bytes, 32768 + index * step + 1, id);
            self.bytes[32768 + index * step + 6] = 1;
        }
    }

    /// The partition maps of the logical volume.
    fn maps(&self) -> Vec<u8> {
        let mut maps = vec![1, 6, 1, 0, 7, 0];
        let typed = |id: &[u8], rest: &[u8]| {
            let mut map = vec![2, 64, 0, 0];
            map.extend(regid(id, self.revision));
            map.extend([1, 0, 7, 0]);
            map.extend(rest);
            map.resize(64, 0);
            map
        };
        match self.form {
            Form::Physical => {}
            Form::Virtual(_) => maps.extend(typed(b"*UDF Virtual Partition", &[])),
            Form::Sparable => {
                let mut rest = vec![32, 0, 2, 0];
                rest.extend(512_u32.to_le_bytes());
                rest.extend(TABLES.to_le_bytes());
                rest.extend((TABLES + 1).to_le_bytes());
                maps = typed(b"*UDF Sparable Partition", &rest);
            }
        }
        maps
    }

    fn logical_volume(&self) -> Vec<u8> {
        let block_len = self.block_len as u32;
        let maps = self.maps();
        let mut logical = vec![0; 440];
        put(&mut logical, 20, CharSpec::CS0.as_bytes());
        put(&mut logical, 84, &dstring::<128>("forms"));
        put32(&mut logical, 212, block_len);
        put(
            &mut logical,
            216,
            &regid(b"*OSTA UDF Compliant", self.revision),
        );
        put(&mut logical, 248, &long_ad(block_len, 0, self.structures()));
        put32(&mut logical, 264, maps.len() as u32);
        put32(&mut logical, 268, 1 + u32::from(self.structures()));
        put32(&mut logical, 432, block_len);
        put32(&mut logical, 436, INTEGRITY);
        logical.extend(maps);
        logical
    }

    /// Both volume descriptor sequences, and the anchor that leads to them.
    fn put_sequences(&mut self) {
        let block_len = self.block_len as u32;
        let mut primary = vec![0; 512];
        put(&mut primary, 72, &dstring::<128>("a set of volumes"));
        let mut partition = vec![0; 512];
        put16(&mut partition, 20, 1);
        put16(&mut partition, 22, 7);
        put32(&mut partition, 184, 1);
        put32(&mut partition, 188, PARTITION);
        put32(&mut partition, 192, PARTITION_LEN);
        let logical = self.logical_volume();
        // The number of this descriptor keeps it from prevailing.
        let mut old = logical.clone();
        put(&mut old, 84, &dstring::<128>("old"));
        put32(&mut old, 248, 0);
        for (start, elsewhere) in [(MAIN, ELSEWHERE), (RESERVE, ELSEWHERE + 1)] {
            self.volume_descriptor(start, 1, primary.clone(), 1);
            self.volume_descriptor(start + 1, 6, logical.clone(), 5);
            self.volume_descriptor(start + 2, 6, old.clone(), 4);
            // The main sequence continues elsewhere.
            let mut pointer = vec![0; 512];
            put32(&mut pointer, 20, block_len);
            put32(&mut pointer, 24, elsewhere);
            self.volume_descriptor(start + 3, 3, pointer, 6);
            self.volume_descriptor(elsewhere, 5, partition.clone(), 7);
        }
        let mut anchor = vec![0; 512];
        put(&mut anchor, 16, &short_ad(16 * block_len, MAIN));
        put(&mut anchor, 24, &short_ad(16 * block_len, RESERVE));
        self.volume_descriptor(256, 2, anchor, 0);
    }

    fn put_integrity(&mut self) {
        let mut descriptor = vec![0; 80 + 8 + 46];
        put32(&mut descriptor, 28, 1);
        put(&mut descriptor, 40, &99_u64.to_le_bytes());
        put32(&mut descriptor, 72, 1);
        put32(&mut descriptor, 76, 46);
        put32(&mut descriptor, 88 + 32, 11);
        put32(&mut descriptor, 88 + 36, 12);
        self.volume_descriptor(INTEGRITY, 9, descriptor, 0);
    }

    fn put_sparing_tables(&mut self) {
        for (sector, number, to) in [
            (TABLES, 3, PARTITION),
            (TABLES + 1, 4, PARTITION + PARTITION_LEN),
        ] {
            let mut table = vec![0; 56];
            put(&mut table, 16, &regid(b"*UDF Sparing Table", self.revision));
            put16(&mut table, 48, 2);
            put32(&mut table, 52, number);
            table.extend(short_ad(32, to));
            table.extend(short_ad(u32::MAX, to + 32));
            let table = self.descriptor(0, sector, table);
            put(&mut self.bytes, sector as usize * self.block_len, &table);
        }
    }

    /// The virtual allocation table, and its entry, which is `after` blocks before the end of the disc.
    fn put_virtual_table(&mut self, after: u32) {
        let entries: Vec<u8> = self
            .table
            .iter()
            .flat_map(|entry| entry.to_le_bytes())
            .collect();
        let (kind, table) = if self.revision >= UdfRevision::V2_00 {
            let mut table = vec![0; 160];
            put16(&mut table, 0, 160);
            put16(&mut table, 2, 8);
            put32(&mut table, 132, u32::MAX);
            put32(&mut table, 136, 21);
            put32(&mut table, 140, 22);
            (248, [table, entries].concat())
        } else {
            let mut table = [entries, regid(b"*UDF Virtual Alloc Tbl", self.revision)].concat();
            table.extend(u32::MAX.to_le_bytes());
            (0, table)
        };
        let first = self.data(&table);
        // The last recorded block.
        let last = self.next;
        self.next += 1;
        let ad = short_ad(table.len() as u32, first);
        let entry = NewEntry {
            allocation: &ad,
            ..NewEntry::new(kind, 0, table.len() as u64)
        };
        let entry = self.entry(last, &entry);
        self.put_physical(last, &entry);
        let end = (PARTITION + last + 1 + after) as usize;
        self.bytes.truncate(end * self.block_len);
    }
}

//! Forms of volumes and entries that no program at hand makes, put together from the tables of the standards.

use super::*;
use crate::codec::text::{cs0_encode, cs0_len};
use crate::codec::time::UdfTime;
use crate::file_systems::UdfRevision;
use crate::time::Timestamp;
use crate::udf::read::Finding;
use crate::udf::tag::{CharSpec, seal};
use zerocopy::IntoBytes;

const PARTITION: u32 = 288;
const PARTITION_LEN: u32 = 224;

/// How the partition's blocks are addressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Physical,
    /// Blocks from 32 to 63 have moved.
    Sparable,
    /// Structures are found by a table; of UDF 1.50 or 2.00. So many blocks follow it.
    Virtual(u32),
}

struct Builder {
    bytes: Vec<u8>,
    block_len: usize,
    revision: UdfRevision,
    form: Form,
    /// The next free block.
    next: u32,
    table: Vec<u32>,
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

fn put16(bytes: &mut [u8], at: usize, value: u16) {
    put(bytes, at, &value.to_le_bytes());
}

fn put32(bytes: &mut [u8], at: usize, value: u32) {
    put(bytes, at, &value.to_le_bytes());
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

fn regid(name: &[u8], revision: UdfRevision) -> Vec<u8> {
    let mut id = vec![0; 32];
    put(&mut id, 1, name);
    put16(&mut id, 24, revision.into());
    id
}

fn name(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; cs0_len(text)];
    cs0_encode(text, &mut bytes);
    bytes
}

fn time() -> UdfTime {
    Timestamp::from_unix(1_600_000_000).into()
}

const REPEATED: u32 = 3 << 30;
const ALLOCATED: u32 = 1 << 30;
const HOLE: u32 = 2 << 30;

impl Builder {
    fn new(block_len: usize, revision: UdfRevision, form: Form) -> Self {
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

    /// Index of the partition map that structures are addressed by.
    fn structures(&self) -> u16 {
        u16::from(matches!(self.form, Form::Virtual(_)))
    }

    /// Puts data into a physical block.
    fn put_physical(&mut self, block: u32, data: &[u8]) {
        let sector = match self.form {
            // Behind the partition.
            Form::Sparable if (32..64).contains(&block) => PARTITION + PARTITION_LEN + block - 32,
            _ => PARTITION + block,
        };
        put(&mut self.bytes, sector as usize * self.block_len, data);
    }

    /// Takes blocks for data.
    fn data(&mut self, data: &[u8]) -> u32 {
        let first = self.next;
        for piece in data.chunks(self.block_len) {
            let block = self.take();
            self.put_physical(block, piece);
        }
        first
    }

    fn take(&mut self) -> u32 {
        self.next += 1;
        self.table.push(self.next - 1);
        self.next - 1
    }

    /// Takes a block for a structure, whose address in its partition is returned.
    fn take_structure(&mut self) -> u32 {
        match self.form {
            // The virtual block has another number than the physical one.
            Form::Virtual(_) => {
                self.take();
                self.table.len() as u32 - 1
            }
            _ => self.take(),
        }
    }

    fn put_structure(&mut self, address: u32, data: &[u8]) {
        let block = match self.form {
            Form::Virtual(_) => self.table[address as usize],
            _ => address,
        };
        self.put_physical(block, data);
    }

    /// A descriptor in `len` bytes.
    fn descriptor(&self, id: u16, location: u32, mut bytes: Vec<u8>) -> Vec<u8> {
        let crc_len = bytes.len() - 16;
        seal(&mut bytes, id, self.revision, location, crc_len);
        bytes
    }

    /// A File Entry for UDF 1.50, an Extended one for later.
    #[allow(clippy::too_many_arguments)]
    fn entry(
        &self,
        location: u32,
        file_type: u8,
        flags: u16,
        len: u64,
        allocation: &[u8],
        attributes: &[u8],
        streams: &[u8],
        strategy: u16,
    ) -> Vec<u8> {
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
    fn add(&mut self, file_type: u8, flags: u16, len: u64, allocation: &[u8]) -> u32 {
        let address = self.take_structure();
        let entry = self.entry(address, file_type, flags, len, allocation, &[], &[], 4);
        self.put_structure(address, &entry);
        address
    }

    fn icb(&self, address: u32) -> Vec<u8> {
        long_ad(self.block_len as u32, address, self.structures())
    }

    /// A File Identifier Descriptor.
    fn fid(&self, location: u32, characteristics: u8, name: &[u8], icb: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; (38 + name.len()).next_multiple_of(4)];
        put16(&mut bytes, 16, 1);
        bytes[18] = characteristics;
        bytes[19] = name.len() as u8;
        put(&mut bytes, 20, icb);
        put(&mut bytes, 38, name);
        self.descriptor(257, location, bytes)
    }

    /// Puts a directory's entry at `address`, its identifiers into other blocks.
    fn directory(&mut self, address: u32, kind: u8, parent: u32, names: &[(u8, Vec<u8>, u32)]) {
        let identifiers = |this: &Self, first: u32| {
            let mut all = this.fid(first, 10, b"", &this.icb(parent));
            for (characteristics, name, child) in names {
                // The block an identifier begins in.
                let location = first + (all.len() / this.block_len) as u32;
                all.extend(this.fid(location, *characteristics, name, &this.icb(*child)));
            }
            all
        };
        let len = identifiers(self, 0).len();
        let first = self.next;
        // Directories lie in virtual blocks in their own right; here the physical ones will do.
        let all = identifiers(self, first);
        self.data(&all);
        let ad = long_ad(len as u32, first, 0);
        let entry = self.entry(address, kind, 1, len as u64, &ad, &[], &[], 4);
        self.put_structure(address, &entry);
    }

    /// Puts a volume descriptor into a sector.
    fn volume_descriptor(&mut self, sector: u32, id: u16, mut bytes: Vec<u8>, number: u32) {
        if id != 2 && id != 8 && id != 9 {
            put32(&mut bytes, 16, number);
        }
        let bytes = self.descriptor(id, sector, bytes);
        put(&mut self.bytes, sector as usize * self.block_len, &bytes);
    }

    /// Adds all that is around the tree; `root` is the address of the root's entry.
    fn finish(mut self, root: u32) -> Vec<u8> {
        let block_len = self.block_len as u32;
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
        // Behind the recognition sequence, whatever the length of a block.
        let main = 120;
        let reserve = 140;
        let elsewhere = 160;
        let integrity = 180;
        let tables = 200_u32;

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
                rest.extend(tables.to_le_bytes());
                rest.extend((tables + 1).to_le_bytes());
                maps = typed(b"*UDF Sparable Partition", &rest);
            }
        }
        let mut primary = vec![0; 512];
        put(
            &mut primary,
            72,
            &crate::codec::text::dstring::<128>("a set of volumes"),
        );
        let mut partition = vec![0; 512];
        put16(&mut partition, 20, 1);
        put16(&mut partition, 22, 7);
        put32(&mut partition, 184, 1);
        put32(&mut partition, 188, PARTITION);
        put32(&mut partition, 192, PARTITION_LEN);
        let mut logical = vec![0; 440];
        put(&mut logical, 20, CharSpec::CS0.as_bytes());
        put(
            &mut logical,
            84,
            &crate::codec::text::dstring::<128>("forms"),
        );
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
        put32(&mut logical, 436, integrity);
        logical.extend(&maps);
        // One that does not prevail, by its number.
        let mut old = logical.clone();
        put(&mut old, 84, &crate::codec::text::dstring::<128>("old"));
        put32(&mut old, 248, 0);
        for (start, elsewhere) in [(main, elsewhere), (reserve, elsewhere + 1)] {
            self.volume_descriptor(start, 1, primary.clone(), 1);
            self.volume_descriptor(start + 1, 6, logical.clone(), 5);
            self.volume_descriptor(start + 2, 6, old.clone(), 4);
            // The main sequence goes on elsewhere.
            let mut pointer = vec![0; 512];
            put32(&mut pointer, 20, block_len);
            put32(&mut pointer, 24, elsewhere);
            self.volume_descriptor(start + 3, 3, pointer, 6);
            self.volume_descriptor(elsewhere, 5, partition.clone(), 7);
        }
        let mut anchor = vec![0; 512];
        put(&mut anchor, 16, &short_ad(16 * block_len, main));
        put(&mut anchor, 24, &short_ad(16 * block_len, reserve));
        self.volume_descriptor(256, 2, anchor, 0);
        let mut descriptor = vec![0; 80 + 8 + 46];
        put32(&mut descriptor, 28, 1);
        put(&mut descriptor, 40, &99_u64.to_le_bytes());
        put32(&mut descriptor, 72, 1);
        put32(&mut descriptor, 76, 46);
        put32(&mut descriptor, 88 + 32, 11);
        put32(&mut descriptor, 88 + 36, 12);
        self.volume_descriptor(integrity, 9, descriptor, 0);

        match self.form {
            Form::Physical => {}
            Form::Sparable => {
                for (sector, number, to) in [
                    (tables, 3, PARTITION),
                    (tables + 1, 4, PARTITION + PARTITION_LEN),
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
            Form::Virtual(behind) => {
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
                    let mut table =
                        [entries, regid(b"*UDF Virtual Alloc Tbl", self.revision)].concat();
                    table.extend(u32::MAX.to_le_bytes());
                    (0, table)
                };
                let first = self.data(&table);
                // The last block that is recorded.
                let last = self.next;
                self.next += 1;
                let ad = short_ad(table.len() as u32, first);
                let entry = self.entry(last, kind, 0, table.len() as u64, &ad, &[], &[], 4);
                self.put_physical(last, &entry);
                let end = (PARTITION + last + 1 + behind) as usize;
                self.bytes.truncate(end * self.block_len);
            }
        }
        self.bytes
    }
}

/// A volume with all kinds of entries, and what is in it by path.
fn sample(block_len: usize, revision: UdfRevision, form: Form) -> (Vec<u8>, Vec<Line>) {
    let mut this = Builder::new(block_len, revision, form);
    let unit = block_len as u32;
    let mut names: Vec<(u8, Vec<u8>, u32)> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let modified = Some(1_600_000_000);
    let mut expect = |kind, path: &str, data: &[u8]| {
        let (len, hash) = match kind {
            'f' | 's' => (data.len() as u64, sha256(data)),
            _ => (0, "-".to_owned()),
        };
        lines.push((kind, len, modified, hash, path.to_owned()));
    };
    // The files' data is in the physical partition, whatever the structures are in.
    let zeros = vec![0; block_len];
    let a = vec![b'a'; block_len];
    let b = vec![b'b'; 100];

    let (at_a, at_b) = (this.data(&a), this.data(&b));
    let ads = [
        long_ad(unit, at_a, 0),
        long_ad(HOLE | unit, 0, 0),
        long_ad(ALLOCATED | unit, at_a, 0),
        long_ad(100, at_b, 0),
        // Behind the end of the data.
        long_ad(ALLOCATED | unit, at_a, 0),
    ]
    .concat();
    let all = [&a[..], &zeros, &zeros, &b].concat();
    let icb = this.add(5, 1, all.len() as u64, &ads);
    names.push((0, name("long"), icb));
    names.push((0, name("linked too"), icb));
    expect('f', "/long", &all);
    expect('f', "/linked\\x20too", &all);

    if form != Form::Virtual(0) && form != Form::Virtual(5) {
        let ads = [
            short_ad(unit, at_a),
            short_ad(HOLE | unit, 0),
            short_ad(100, at_b),
        ]
        .concat();
        let all = [&a[..], &zeros, &b].concat();
        let icb = this.add(5, 0, all.len() as u64, &ads);
        names.push((0, name("short"), icb));
        expect('f', "/short", &all);
    }

    let icb = this.add(5, 3, 5, b"hello");
    names.push((1, name("embedded Ж🎉"), icb));
    expect(
        'f',
        "/embedded\\x20\\xd0\\x96\\xf0\\x9f\\x8e\\x89",
        b"hello",
    );
    let icb = this.add(5, 0, 0, b"");
    names.push((0, name("empty"), icb));
    expect('f', "/empty", b"");
    let icb = this.add(249, 3, 1, b"r");
    names.push((0, name("real"), icb));
    expect('f', "/real", b"r");

    // A chain of two allocation extents.
    let links = [this.take_structure(), this.take_structure()];
    let reference = this.structures();
    let next = |at: usize| long_ad(REPEATED | unit, links[at], reference);
    for (at, rest) in [
        (0, [long_ad(unit, at_a, 0), next(1)].concat()),
        (1, long_ad(100, at_b, 0)),
    ] {
        let mut bytes = vec![0; 24];
        put32(&mut bytes, 20, rest.len() as u32);
        bytes.extend(rest);
        let bytes = this.descriptor(258, links[at], bytes);
        this.put_structure(links[at], &bytes);
    }
    let all = [&a[..], &a, &b].concat();
    let ads = [long_ad(unit, at_a, 0), next(0)].concat();
    let icb = this.add(5, 1, all.len() as u64, &ads);
    names.push((0, name("chain"), icb));
    expect('f', "/chain", &all);

    let path = b"\x03\0\0\0\x05\x04\0\0\x08abc\x05\x03\0\0\x10\x04\x16";
    let icb = this.add(12, 3, path.len() as u64, path);
    names.push((0, name("link"), icb));
    expect('l', "/link -> ../abc/\\xd0\\x96", b"");
    for (kind, text) in [(6, "block"), (7, "character"), (9, "fifo"), (10, "socket")] {
        let icb = this.add(kind, 3, 0, b"");
        names.push((0, name(text), icb));
        expect('o', &format!("/{text}"), b"");
    }
    names.push((4, name("deleted"), 7777));
    names.push((4, b"\xFEdeleted".to_vec(), 7777));

    if revision >= UdfRevision::V2_00 {
        let streams = [
            (0, name("one"), this.add(5, 3, 3, b"111")),
            (0, name("two"), this.add(5, 0x2003, 1, b"2")),
        ];
        let directory = this.take_structure();
        let main = this.take_structure();
        this.directory(directory, 13, main, &streams);
        let entry = this.entry(main, 5, 3, 4, b"main", &[], &this.icb(directory), 4);
        this.put_structure(main, &entry);
        names.push((0, name("streamed"), main));
        expect('f', "/streamed", b"main");
        expect('s', "/streamed//one", b"111");
        expect('s', "/streamed//two", b"2");
    }

    // So many names that they fill several blocks, in a directory below another.
    let deep = this.add(5, 3, 4, b"deep");
    let many: Vec<_> = (0..100)
        .map(|at| (0, name(&format!("name {at:03}")), deep))
        .collect();
    let (sub, upper, root) = (
        this.take_structure(),
        this.take_structure(),
        this.take_structure(),
    );
    this.directory(sub, 4, upper, &many);
    this.directory(upper, 4, root, &[(2, name("sub"), sub)]);
    names.push((2, name("upper"), upper));
    expect('d', "/upper", b"");
    expect('d', "/upper/sub", b"");
    for at in 0..100 {
        expect('f', &format!("/upper/sub/name\\x20{at:03}"), b"deep");
    }
    this.directory(root, 4, root, &names);
    expect('d', "/", b"");
    lines.sort();
    (this.finish(root), lines)
}

#[test]
fn all_forms_of_partitions_and_entries_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    for (block_len, revision, form) in [
        (2048, UdfRevision::V1_02, Form::Physical),
        (2048, UdfRevision::V2_01, Form::Physical),
        (512, UdfRevision::V2_01, Form::Physical),
        (1024, UdfRevision::V1_50, Form::Physical),
        (4096, UdfRevision::V2_01, Form::Physical),
        (2048, UdfRevision::V1_50, Form::Sparable),
        (512, UdfRevision::V2_01, Form::Sparable),
        (2048, UdfRevision::V1_50, Form::Virtual(0)),
        (2048, UdfRevision::V2_01, Form::Virtual(0)),
        (2048, UdfRevision::V2_00, Form::Virtual(5)),
    ] {
        let what = format!("{block_len} {revision} {form:?}");
        let (image, lines) = sample(block_len, revision, form);
        std::fs::write(&path, &image).unwrap();
        let blocks = blocks(image);
        let volume = open(&blocks, 0).unwrap_or_else(|error| panic!("{what}: {error}"));
        let volume = volume.unwrap();
        assert_eq!(volume.name(), "forms");
        assert_eq!(volume.volume_set(), "a set of volumes");
        let start = u64::from(PARTITION) * block_len as u64;
        let len = u64::from(PARTITION_LEN) * block_len as u64;
        assert_eq!(volume.partition(), (start, len));
        let integrity = volume.integrity().unwrap();
        assert_eq!(integrity.next_unique_id, 99);
        let is_told = matches!(form, Form::Virtual(_)) && revision >= UdfRevision::V2_00;
        let counts = if is_told { (21, 22) } else { (11, 12) };
        assert_eq!((integrity.files, integrity.directories), counts);
        let read = manifest(&blocks, &volume).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(read, lines, "{what}");
        assert_eq!(volume.findings(), [], "{what}");
        if let Some(judged) = judged(&path, 0) {
            assert_eq!(read, judged, "{what}");
        }
        let root = volume.root().unwrap();
        let entries = volume.entries(&root).unwrap();
        let entries: Vec<Entry> = entries.map(Result::unwrap).collect();
        let of = |name: &str| entries.iter().find(|entry| entry.name == name).unwrap();
        assert_eq!(of("long").identity, of("linked too").identity);
        assert_ne!(of("long").identity, of("chain").identity);
        assert!(of("embedded Ж🎉").hidden && of("real").real_time);
        assert_eq!(of("fifo").kind, Kind::Special("fifo"));
    }
}

/// A volume whose root has one entry.
fn with_entry(make: impl FnOnce(&mut Builder) -> u32) -> (Arc<Blocks>, UdfVolume) {
    let mut this = Builder::new(2048, UdfRevision::V1_50, Form::Physical);
    let child = make(&mut this);
    let root = this.take_structure();
    this.directory(root, 4, root, &[(0, b"\x10\xD8\x3C\x00a".to_vec(), child)]);
    let blocks = blocks(this.finish(root));
    let volume = open(&blocks, 0).unwrap().unwrap();
    (blocks, volume)
}

fn only_entry(volume: &UdfVolume) -> Result<Entry> {
    let root = volume.root().unwrap();
    let mut entries: Vec<_> = volume.entries(&root).unwrap().collect();
    assert_eq!(entries.len(), 1);
    entries.pop().unwrap()
}

#[test]
fn unpaired_surrogates_in_names_are_findings() {
    let (_, volume) = with_entry(|this| this.add(5, 3, 1, b"x"));
    assert_eq!(only_entry(&volume).unwrap().name, "\u{FFFD}a");
    assert!(matches!(volume.findings()[..], [Finding::Surrogate { .. }]));
}

#[test]
fn extended_descriptors_are_read() {
    let (blocks, volume) = with_entry(|this| {
        let data = this.data(b"extended");
        let mut ad = [8_u32, 8, 8, data].map(u32::to_le_bytes).concat();
        ad.extend([0; 4]);
        this.add(5, 2, 8, &ad)
    });
    let entry = only_entry(&volume).unwrap();
    assert_eq!(read(&blocks, &entry).unwrap(), b"extended");
}

#[test]
fn creation_comes_from_an_attribute_of_a_file_entry() {
    let created = Timestamp::from_unix(12345);
    let (_, volume) = with_entry(|this| {
        let address = this.take_structure();
        let mut attributes = this.descriptor(262, address, vec![0; 24]);
        attributes.extend([5, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0]);
        attributes.extend(UdfTime::from(created).as_bytes());
        let entry = this.entry(address, 5, 3, 1, b"x", &attributes, &[], 4);
        this.put_structure(address, &entry);
        address
    });
    assert_eq!(only_entry(&volume).unwrap().created, Some(created));
}

#[test]
fn the_last_entry_of_a_chain_prevails() {
    let (_, volume) = with_entry(|this| {
        // Two blocks each: an entry, and where the next pair is.
        let pairs = [0; 3].map(|_| (this.take_structure(), this.take_structure()));
        for (index, (direct, indirect)) in pairs.iter().enumerate() {
            // The last pair is not yet written.
            if index == 2 {
                break;
            }
            let text = format!("version {index}");
            let entry = this.entry(*direct, 5, 3, 9, text.as_bytes(), &[], &[], 4096);
            this.put_structure(*direct, &entry);
            let mut bytes = vec![0; 52];
            put16(&mut bytes, 20, 4096);
            bytes[27] = 3;
            put(&mut bytes, 36, &long_ad(4096, pairs[index + 1].0, 0));
            let bytes = this.descriptor(259, *indirect, bytes);
            this.put_structure(*indirect, &bytes);
        }
        pairs[0].0
    });
    let entry = only_entry(&volume).unwrap();
    assert!(matches!(&entry.data, Data::Embedded(data) if **data == *b"version 1"));
}

#[test]
fn chains_that_lead_to_themselves_and_data_that_is_missing_are_errors() {
    let is_corrupt = |volume: &UdfVolume, part: &str| match only_entry(volume) {
        Err(crate::Error::Corrupt { what, .. }) => assert!(what.contains(part), "{what}"),
        other => panic!("{other:?}"),
    };
    let (_, volume) = with_entry(|this| {
        let link = this.take_structure();
        let rest = [long_ad(100, 1, 0), long_ad(REPEATED | 2048, link, 0)].concat();
        let mut bytes = vec![0; 24];
        put32(&mut bytes, 20, rest.len() as u32);
        bytes.extend(rest);
        let bytes = this.descriptor(258, link, bytes);
        this.put_structure(link, &bytes);
        this.add(5, 1, 1 << 40, &long_ad(REPEATED | 2048, link, 0))
    });
    is_corrupt(&volume, "lead back");
    let (_, volume) = with_entry(|this| this.add(5, 0, 3000, &short_ad(2048, 1)));
    is_corrupt(&volume, "longer than all");
    let (_, volume) = with_entry(|this| this.add(5, 0, 2048, &short_ad(2048, PARTITION_LEN)));
    is_corrupt(&volume, "outside");
    let (_, volume) = with_entry(|this| this.add(5, 3, 3, b"xx"));
    is_corrupt(&volume, "embedded");
    let (_, volume) = with_entry(|this| this.add(5, 7, 3, b"xxx"));
    is_corrupt(&volume, "unknown type");
    let (_, volume) = with_entry(|this| this.add(12, 3, 3, b"xxx"));
    assert!(only_entry(&volume).is_ok());
    let (_, volume) = with_entry(|this| this.add(12, 3, 4, b"\x05\x09xx"));
    is_corrupt(&volume, "path component");
}

/// A directory that names itself does not end, but every step of it does.
#[test]
fn a_directory_may_name_itself() {
    let mut this = Builder::new(2048, UdfRevision::V1_50, Form::Physical);
    let root = this.take_structure();
    this.directory(root, 4, root, &[(2, name("again"), root)]);
    let blocks = blocks(this.finish(root));
    let volume = open(&blocks, 0).unwrap().unwrap();
    let mut directory = volume.root().unwrap();
    for _ in 0..100 {
        let next = volume.entries(&directory).unwrap().next().unwrap().unwrap();
        assert_eq!(next.identity, directory.identity);
        directory = next;
    }
}

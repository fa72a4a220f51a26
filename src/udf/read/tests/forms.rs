//! Forms of volumes and entries that no available program makes.

use super::builder::*;
use super::*;
use crate::codec::time::UdfTime;
use crate::file_systems::UdfRevision;
use crate::finding::FindingCode;
use crate::time::Timestamp;
use zerocopy::IntoBytes;

/// Makes a volume with all kinds of entries; also returns its contents by path.
pub(super) fn sample(block_len: usize, revision: UdfRevision, form: Form) -> (Vec<u8>, Vec<Line>) {
    let mut sample = SampleDisc {
        disc: Builder::new(block_len, revision, form),
        unit: block_len as u32,
        names: Vec::new(),
        lines: Vec::new(),
    };
    // The files' data is in the physical partition, wherever the structures are.
    let (a, b) = (vec![b'a'; block_len], vec![b'b'; 100]);
    let data = [sample.disc.data(&a), sample.disc.data(&b)];
    sample.long_extents(&a, &b, data);
    if form != Form::Virtual(0) && form != Form::Virtual(5) {
        sample.short_extents(&a, &b, data);
    }
    sample.small_files();
    sample.chain(&a, &b, data);
    sample.special_files();
    if revision >= UdfRevision::V2_00 {
        sample.streams();
    }
    let root = sample.directories();
    sample.lines.sort();
    (sample.disc.finish(root), sample.lines)
}

/// A disc in the making, and the lines that a listing of it has.
struct SampleDisc {
    disc: Builder,
    /// Length in bytes of a block.
    unit: u32,
    /// The entries of the root directory: characteristics, name and ICB.
    names: Vec<(u8, Vec<u8>, u32)>,
    lines: Vec<Line>,
}

impl SampleDisc {
    fn expect(&mut self, kind: char, path: &str, data: &[u8]) {
        let (len, hash) = match kind {
            'f' | 's' => (data.len() as u64, sha256(data)),
            _ => (0, "-".to_owned()),
        };
        let modified = Some(1_600_000_000);
        self.lines
            .push((kind, len, modified, hash, path.to_owned()));
    }

    fn zeros(&self) -> Vec<u8> {
        vec![0; self.unit as usize]
    }

    fn long_extents(&mut self, a: &[u8], b: &[u8], [at_a, at_b]: [u32; 2]) {
        let (unit, zeros) = (self.unit, self.zeros());
        let ads = [
            long_ad(unit, at_a, 0),
            long_ad(HOLE | unit, 0, 0),
            long_ad(ALLOCATED | unit, at_a, 0),
            long_ad(100, at_b, 0),
            // This descriptor lies after the end of the data.
            long_ad(ALLOCATED | unit, at_a, 0),
        ]
        .concat();
        let all = [a, &zeros, &zeros, b].concat();
        let icb = self.disc.add(5, 1, all.len() as u64, &ads);
        self.names.push((0, name("long"), icb));
        self.names.push((0, name("linked too"), icb));
        self.expect('f', "/long", &all);
        self.expect('f', "/linked\\x20too", &all);
    }

    fn short_extents(&mut self, a: &[u8], b: &[u8], [at_a, at_b]: [u32; 2]) {
        let (unit, zeros) = (self.unit, self.zeros());
        let ads = [
            short_ad(unit, at_a),
            short_ad(HOLE | unit, 0),
            short_ad(100, at_b),
        ]
        .concat();
        let all = [a, &zeros, b].concat();
        let icb = self.disc.add(5, 0, all.len() as u64, &ads);
        self.names.push((0, name("short"), icb));
        self.expect('f', "/short", &all);
    }

    fn small_files(&mut self) {
        let icb = self.disc.add(5, 3, 5, b"hello");
        self.names.push((1, name("embedded Ж🎉"), icb));
        self.expect(
            'f',
            "/embedded\\x20\\xd0\\x96\\xf0\\x9f\\x8e\\x89",
            b"hello",
        );
        let icb = self.disc.add(5, 0, 0, b"");
        self.names.push((0, name("empty"), icb));
        self.expect('f', "/empty", b"");
        let icb = self.disc.add(249, 3, 1, b"r");
        self.names.push((0, name("real"), icb));
        self.expect('f', "/real", b"r");
    }

    /// A chain of two allocation extents.
    fn chain(&mut self, a: &[u8], b: &[u8], [at_a, at_b]: [u32; 2]) {
        let unit = self.unit;
        let links = [self.disc.take_structure(), self.disc.take_structure()];
        let reference = self.disc.structures();
        let next = |at: usize| long_ad(REPEATED | unit, links[at], reference);
        for (at, rest) in [
            (0, [long_ad(unit, at_a, 0), next(1)].concat()),
            (1, long_ad(100, at_b, 0)),
        ] {
            let mut bytes = vec![0; 24];
            put32(&mut bytes, 20, rest.len() as u32);
            bytes.extend(rest);
            let bytes = self.disc.descriptor(258, links[at], bytes);
            self.disc.put_structure(links[at], &bytes);
        }
        let all = [a, a, b].concat();
        let ads = [long_ad(unit, at_a, 0), next(0)].concat();
        let icb = self.disc.add(5, 1, all.len() as u64, &ads);
        self.names.push((0, name("chain"), icb));
        self.expect('f', "/chain", &all);
    }

    fn special_files(&mut self) {
        let path = b"\x03\0\0\0\x05\x04\0\0\x08abc\x05\x03\0\0\x10\x04\x16";
        let icb = self.disc.add(12, 3, path.len() as u64, path);
        self.names.push((0, name("link"), icb));
        self.expect('l', "/link -> ../abc/\\xd0\\x96", b"");
        for (kind, text) in [(6, "block"), (7, "character"), (9, "fifo"), (10, "socket")] {
            let icb = self.disc.add(kind, 3, 0, b"");
            self.names.push((0, name(text), icb));
            self.expect('o', &format!("/{text}"), b"");
        }
        self.names.push((4, name("deleted"), 7777));
        self.names.push((4, b"\xFEdeleted".to_vec(), 7777));
    }

    fn streams(&mut self) {
        let streams = [
            (0, name("one"), self.disc.add(5, 3, 3, b"111")),
            (0, name("two"), self.disc.add(5, 0x2003, 1, b"2")),
        ];
        let directory = self.disc.take_structure();
        let main = self.disc.take_structure();
        self.disc.directory(directory, 13, main, &streams);
        let entry = NewEntry {
            allocation: b"main",
            streams: &self.disc.icb(directory),
            ..NewEntry::new(5, 3, 4)
        };
        let entry = self.disc.entry(main, &entry);
        self.disc.put_structure(main, &entry);
        self.names.push((0, name("streamed"), main));
        self.expect('f', "/streamed", b"main");
        self.expect('s', "/streamed//one", b"111");
        self.expect('s', "/streamed//two", b"2");
    }

    /// The root directory, and directories below it whose names fill several blocks.
    fn directories(&mut self) -> u32 {
        let deep = self.disc.add(5, 3, 4, b"deep");
        let many: Vec<_> = (0..100)
            .map(|at| (0, name(&format!("name {at:03}")), deep))
            .collect();
        let (sub, upper, root) = (
            self.disc.take_structure(),
            self.disc.take_structure(),
            self.disc.take_structure(),
        );
        self.disc.directory(sub, 4, upper, &many);
        self.disc
            .directory(upper, 4, root, &[(2, name("sub"), sub)]);
        self.names.push((2, name("upper"), upper));
        self.expect('d', "/upper", b"");
        self.expect('d', "/upper/sub", b"");
        for at in 0..100 {
            self.expect('f', &format!("/upper/sub/name\\x20{at:03}"), b"deep");
        }
        self.disc.directory(root, 4, root, &self.names);
        self.expect('d', "/", b"");
        root
    }
}

const FORMS: [(usize, UdfRevision, Form); 10] = [
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
];

/// Makes the samples of all forms.
pub(super) fn images() -> impl Iterator<Item = (String, Vec<u8>)> {
    FORMS.into_iter().map(|(block_len, revision, form)| {
        let name = format!("{block_len} {revision} {form:?}");
        (name, sample(block_len, revision, form).0)
    })
}

#[test]
fn all_forms_of_partitions_and_entries_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    for (block_len, revision, form) in FORMS {
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
        assert_eq!(of("fifo").kind, EntryKind::Special("fifo"));
    }
}

/// Makes a volume whose root has one entry.
fn with_entry(make: impl FnOnce(&mut Builder) -> u32) -> (Arc<Blocks>, UdfVolume) {
    let mut this = Builder::new(2048, UdfRevision::V1_50, Form::Physical);
    let child = make(&mut this);
    let root = this.take_structure();
    this.directory(root, 4, root, &[(0, b"\x10\xD8\x3C\x00a".to_vec(), child)]);
    let blocks = blocks(this.finish(root));
    let volume = open(&blocks, 0).unwrap().unwrap();
    (blocks, volume)
}

/// Images may be padded to any length.
#[test]
fn a_virtual_table_is_found_before_more_zeros_than_a_drive_leaves() {
    for revision in [UdfRevision::V1_50, UdfRevision::V2_01] {
        let (image, lines) = sample(2048, revision, Form::Virtual(0));
        for zeros in [60, 64, 65, 300, 3000] {
            let mut image = image.clone();
            image.resize(image.len() + zeros * 2048, 0);
            let blocks = blocks(image);
            let volume = open(&blocks, 0).unwrap().unwrap();
            assert_eq!(manifest(&blocks, &volume).unwrap(), lines, "{zeros}");
        }
    }
}

fn only_entry(volume: &UdfVolume) -> Result<Entry> {
    let root = volume.root().unwrap();
    let mut entries: Vec<_> = volume.entries(&root).unwrap().collect();
    assert_eq!(entries.len(), 1);
    entries.pop().unwrap().map_err(|unread| unread.error)
}

#[test]
fn unpaired_surrogates_in_names_are_findings() {
    let (_, volume) = with_entry(|this| this.add(5, 3, 1, b"x"));
    assert_eq!(only_entry(&volume).unwrap().name, "\u{FFFD}a");
    let findings = volume.findings();
    assert!(matches!(&findings[..], [only] if only.code() == FindingCode::UdfName));
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
        let entry = NewEntry {
            allocation: b"x",
            attributes: &attributes,
            ..NewEntry::new(5, 3, 1)
        };
        let entry = this.entry(address, &entry);
        this.put_structure(address, &entry);
        address
    });
    assert_eq!(only_entry(&volume).unwrap().created, Some(created));
}

#[test]
fn the_last_entry_of_a_chain_prevails() {
    let (_, volume) = with_entry(|this| {
        // Each pair has two blocks: an entry, and the location of the next pair.
        let pairs = [0; 3].map(|_| (this.take_structure(), this.take_structure()));
        for (index, (direct, indirect)) in pairs.iter().enumerate() {
            // The last pair has not been written yet.
            if index == 2 {
                break;
            }
            let text = format!("version {index}");
            let entry = NewEntry {
                allocation: text.as_bytes(),
                strategy: 4096,
                ..NewEntry::new(5, 3, 9)
            };
            let entry = this.entry(*direct, &entry);
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
        Err(error @ crate::Error::Corrupt(_)) => {
            assert!(error.to_string().contains(part), "{error}");
        }
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
    is_corrupt(
        &volume,
        "embedded data is shorter than its file (length 3, expected at most 2)",
    );
    let (_, volume) = with_entry(|this| this.add(5, 7, 3, b"xxx"));
    is_corrupt(&volume, "unknown type");
    let (_, volume) = with_entry(|this| this.add(12, 3, 3, b"xxx"));
    assert!(only_entry(&volume).is_ok());
    let (_, volume) = with_entry(|this| this.add(12, 3, 4, b"\x05\x09xx"));
    is_corrupt(&volume, "path component");
}

#[test]
fn files_that_take_more_than_the_disc_are_errors() {
    let file = |recorded: u32, extents: u64| {
        let (blocks, volume) = with_entry(|this| {
            // Every second extent is not recorded, so that no two follow one another.
            let link = this.take();
            let mut rest = Vec::new();
            for _ in 0..extents {
                rest.extend(short_ad(recorded, 1));
                rest.extend(short_ad((2 << 30) | (512 << 20), 1));
            }
            let mut bytes = vec![0; 24];
            put32(&mut bytes, 20, rest.len() as u32);
            bytes.extend(rest);
            let bytes = this.descriptor(258, link, bytes);
            this.put_structure(link, &bytes);
            let len = extents * (u64::from(recorded) + (512 << 20));
            this.add(5, 0, len, &short_ad(REPEATED | 2048, link))
        });
        (blocks.len(), only_entry(&volume))
    };
    let (disc, entry) = file(100 * 2048, 100);
    assert!(disc < 100 * 100 * 2048, "{disc}");
    match entry {
        Err(error @ crate::Error::Corrupt(_)) => {
            assert!(error.to_string().contains("whole disc"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    // Data that is not recorded takes no memory.
    assert!(file(2048, 100).1.is_ok());
}

/// Many entries that lead to one long chain take no more time than the entries of a disc of their own would.
#[test]
fn entries_that_share_a_long_chain_are_errors_in_the_end() {
    let mut this = Builder::new(2048, UdfRevision::V1_50, Form::Physical);
    let links = [0; 150].map(|_| this.take());
    for (index, link) in links.iter().enumerate() {
        let next = links.get(index + 1);
        let rest = match next {
            Some(next) => short_ad(REPEATED | 2048, *next),
            None => short_ad(2048, 1),
        };
        let mut bytes = vec![0; 24];
        put32(&mut bytes, 20, rest.len() as u32);
        bytes.extend(rest);
        let bytes = this.descriptor(258, *link, bytes);
        this.put_structure(*link, &bytes);
    }
    let file = this.add(5, 0, 2048, &short_ad(REPEATED | 2048, links[0]));
    let root = this.take_structure();
    let names: Vec<_> = (0..1000)
        .map(|at| (0, name(&format!("{at}")), file))
        .collect();
    this.directory(root, 4, root, &names);
    let blocks = blocks(this.finish(root));
    let volume = open(&blocks, 0).unwrap().unwrap();
    // Each operation begins with a new budget.
    for _ in 0..2 {
        let work = blocks.new_work();
        let volume = volume.within(&work);
        let root = volume.root().unwrap();
        let entries = volume.entries(&root).unwrap();
        let (good, bad): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.is_ok());
        assert_eq!(good.len() + bad.len(), 1000);
        assert!((50..200).contains(&good.len()), "{}", good.len());
        work.check().unwrap();
    }
}

/// A directory may contain itself without end, but each step into it ends.
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

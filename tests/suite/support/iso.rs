//! A reader of ISO 9660 and Joliet, written from ECMA-119 and the Joliet Specification. It finds fault with whatever
//! they do not allow.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use imapi2fs::FileSystems;

use super::JOLIET;
use super::bytes::{BLOCK, be16, be32, both16, both32, is_zero, le16, le32, ucs2};
use super::disc::{Disc, Entries, Entry, Used};
use super::moment::Moment;

/// A volume descriptor and all that it leads to.
#[derive(Debug)]
pub(crate) struct Volume {
    /// Where the descriptor is.
    pub(crate) block: u32,
    pub(crate) escape_sequences: Vec<u8>,
    pub(crate) space_size: u32,
    pub(crate) system: String,
    pub(crate) volume: String,
    pub(crate) volume_set: String,
    pub(crate) application: String,
    /// Publisher, data preparer, and the three files.
    pub(crate) other_texts: Vec<String>,
    /// Creation, modification, expiration, effective.
    pub(crate) times: [Option<Moment>; 4],
    pub(crate) entries: Entries,
    /// The path table in its order: path, number of the parent.
    pub(crate) path_table: Vec<(String, u16)>,
    /// Identifiers of files as they are recorded, by path.
    pub(crate) identifiers: BTreeMap<String, Vec<u8>>,
    pub(crate) used: Used,
}

/// The volume descriptors from the session's block 16 to the terminator (ECMA-119 8).
#[track_caller]
pub(crate) fn descriptors(disc: &Disc) -> Vec<(u32, Vec<u8>)> {
    let mut found = Vec::new();
    for lba in disc.start + 16.. {
        let block = disc.block(lba);
        assert_eq!(&block[1..6], b"CD001", "block {lba}");
        assert_eq!(block[6], 1, "version");
        if block[0] == 255 {
            assert!(is_zero(&block[7..]), "terminator");
            return found;
        }
        found.push((lba, block));
    }
    unreachable!()
}

impl Volume {
    #[track_caller]
    pub(crate) fn read(disc: &Disc, file_system: FileSystems) -> Self {
        let joliet = file_system == JOLIET;
        let (block, bytes) = descriptors(disc)
            .into_iter()
            .find(|(_, block)| block[0] == if joliet { 2 } else { 1 })
            .expect("a volume descriptor");
        let text = |from: usize, to: usize| text(joliet, &bytes[from..to]);

        assert_eq!(bytes[7], 0, "volume flags");
        assert!(is_zero(&bytes[72..80]));
        assert!(is_zero(&bytes[91..120]));
        assert_eq!(both16(&bytes, 120), 1, "volume set size");
        assert_eq!(both16(&bytes, 124), 1, "volume sequence number");
        assert_eq!(both16(&bytes, 128), 2048, "logical block size");
        assert_eq!(le32(&bytes, 144), 0, "optional type L path table");
        assert_eq!(be32(&bytes, 152), 0, "optional type M path table");
        assert_eq!(bytes[881], 1, "file structure version");
        assert!(is_zero(&bytes[882..]), "behind the last field");
        let mut volume = Self {
            block,
            escape_sequences: bytes[88..91].to_vec(),
            space_size: both32(&bytes, 80),
            system: text(8, 40),
            volume: text(40, 72),
            volume_set: text(190, 318),
            application: text(574, 702),
            other_texts: [318, 446]
                .map(|from| text(from, from + 128))
                .into_iter()
                .chain([702, 739, 776].map(|from| text(from, from + 37)))
                .collect(),
            times: [813, 830, 847, 864].map(|from| Moment::of_volume(&bytes[from..])),
            entries: Entries::new(),
            path_table: Vec::new(),
            identifiers: BTreeMap::new(),
            used: vec![(block, 1, "descriptor")],
        };
        let root = Record::decode(&bytes[156..190]);
        assert_eq!((root.len, root.identifier), (34, &[0][..]));
        volume.read_directories(disc, joliet, &root);
        volume.read_path_tables(disc, joliet, &bytes);
        for entry in volume.entries.values() {
            for (first, len) in &entry.extents {
                let end = u64::from(*first) + len.div_ceil(BLOCK as u64);
                assert!(
                    end <= volume.space_size.into(),
                    "{entry:?} leaves the volume"
                );
            }
        }
        volume
    }

    #[track_caller]
    fn read_directories(&mut self, disc: &Disc, joliet: bool, root: &Record<'_>) {
        assert_eq!(root.flags, 2, "flags of the root");
        self.entries.insert(String::new(), root.entry());
        // Path, own record, parent's record.
        let mut todo = VecDeque::from([(String::new(), root.entry(), root.entry())]);
        while let Some((path, own, parent)) = todo.pop_front() {
            let (first, len) = own.extents[0];
            assert_eq!(own.extents.len(), 1, "a directory has one section");
            assert!(len > 0 && len % BLOCK as u64 == 0, "length {len}");
            let blocks = (len / BLOCK as u64) as u32;
            self.used.push((first, blocks, "directory"));
            let bytes = disc.data(&own.extents);
            let records = records(&bytes);

            // ECMA-119 6.8.2.2: the directory itself, then its parent.
            for (record, identifier, entry) in
                [(&records[0], [0], &own), (&records[1], [1], &parent)]
            {
                assert_eq!(record.identifier, identifier);
                assert_eq!(record.flags, 2, "flags of {identifier:?} in {path:?}");
                assert_eq!(
                    record.extent(),
                    entry.extents[0],
                    "{identifier:?} in {path:?}"
                );
                assert_eq!(record.time, entry.time, "{identifier:?} in {path:?}");
            }
            self.read_records(joliet, &path, &records[2..]);
            // Nothing deeper is known yet; `0` comes right after `/`.
            let below = self.entries.range(format!("{path}/")..format!("{path}0"));
            let directories = below.filter(|(_, entry)| entry.directory);
            todo.extend(
                directories.map(|(path, entry)| (path.clone(), entry.clone(), own.clone())),
            );
        }
    }

    #[track_caller]
    fn read_records(&mut self, joliet: bool, path: &str, records: &[Record<'_>]) {
        let mut seen = BTreeSet::new();
        let mut last: Option<(&Record<'_>, String)> = None;
        for record in records {
            let name = record.name(joliet);
            if let Some((previous, path)) = &last {
                if previous.flags & 0x80 != 0 {
                    // ECMA-119 6.5.1, 9.1.6: the sections of a file follow each other.
                    assert_eq!(previous.identifier, record.identifier, "sections");
                    assert_eq!(previous.flags & 0x7F, record.flags & 0x7F);
                    assert_eq!(previous.time, record.time);
                    let entry = self.entries.get_mut(path).unwrap();
                    entry.extents.push(record.extent());
                    entry.len += u64::from(record.data_len);
                    last = Some((record, path.clone()));
                    continue;
                }
                assert!(
                    compare(joliet, previous, record) == Ordering::Less,
                    "{name:?} is out of order in {path:?}"
                );
            }
            assert!(
                seen.insert(name.to_lowercase()),
                "{name:?} is in {path:?} twice"
            );
            let path = format!("{path}/{name}");
            self.entries.insert(path.clone(), record.entry());
            self.identifiers
                .insert(path.clone(), record.identifier.to_vec());
            last = Some((record, path));
        }
        let open = last.is_some_and(|(record, _)| record.flags & 0x80 != 0);
        assert!(!open, "a last section is missing in {path:?}");
    }

    /// ECMA-119 6.9, 9.4.
    #[track_caller]
    fn read_path_tables(&mut self, disc: &Disc, joliet: bool, descriptor: &[u8]) {
        let len = both32(descriptor, 132);
        let blocks = len.div_ceil(BLOCK as u32);
        let tables = [le32(descriptor, 140), be32(descriptor, 148)];
        let [l, m] = tables.map(|first| {
            self.used.push((first, blocks, "path table"));
            let mut bytes = disc.blocks(first, blocks);
            assert!(is_zero(&bytes[len as usize..]), "behind the path table");
            bytes.truncate(len as usize);
            bytes
        });
        let mut paths: Vec<(String, u32)> = Vec::new();
        let mut at = 0;
        let mut last = None;
        while at < l.len() {
            let identifier_len = usize::from(l[at]);
            let end = at + 8 + identifier_len;
            assert_eq!((l[at], m[at]), (m[at], l[at]));
            assert_eq!([l[at + 1], m[at + 1]], [0, 0], "extended attributes");
            let location = le32(&l, at + 2);
            let parent = le16(&l, at + 6);
            assert_eq!((location, parent), (be32(&m, at + 2), be16(&m, at + 6)));
            let identifier = &l[at + 8..end];
            assert_eq!(identifier, &m[at + 8..end]);
            at = end.next_multiple_of(2);
            assert!(is_zero(&l[end..at]) && is_zero(&m[end..at]), "padding");

            let path = if paths.is_empty() {
                assert_eq!((identifier, parent), (&[0][..], 1), "the root");
                String::new()
            } else {
                let (parent, _) = &paths[usize::from(parent) - 1];
                format!("{parent}/{}", name_text(joliet, identifier))
            };
            let entry = &self.entries[&path];
            assert!(entry.directory, "{path:?} in the path table");
            assert_eq!(entry.extents[0].0, location, "{path:?} in the path table");
            // By level, then by the parent's number, then by identifier (ECMA-119 6.9.1).
            let place = (path.matches('/').count(), parent, identifier.to_vec());
            assert!(last < Some(place.clone()), "{path:?} is out of order");
            last = Some(place);
            self.path_table.push((path.clone(), parent));
            paths.push((path, location));
        }
        let directories = self.entries.values().filter(|entry| entry.directory);
        assert_eq!(paths.len(), directories.count(), "directories");
    }
}

/// A directory record (ECMA-119 9.1).
struct Record<'b> {
    len: usize,
    location: u32,
    data_len: u32,
    time: Moment,
    flags: u8,
    identifier: &'b [u8],
}

impl<'b> Record<'b> {
    #[track_caller]
    fn decode(bytes: &'b [u8]) -> Self {
        let len = usize::from(bytes[0]);
        let end = 33 + usize::from(bytes[32]);
        assert_eq!(len, end.next_multiple_of(2), "length of a record");
        assert!(is_zero(&bytes[end..len]), "padding of a record");
        assert_eq!(bytes[1], 0, "extended attributes");
        assert_eq!([bytes[26], bytes[27]], [0, 0], "interleave");
        assert_eq!(both16(bytes, 28), 1, "volume sequence number");
        assert_eq!(bytes[25] & !0x83, 0, "flags");
        Self {
            len,
            location: both32(bytes, 2),
            data_len: both32(bytes, 10),
            time: Moment::of_record(&bytes[18..]),
            flags: bytes[25],
            identifier: &bytes[33..end],
        }
    }

    fn extent(&self) -> (u32, u64) {
        (self.location, self.data_len.into())
    }

    fn entry(&self) -> Entry {
        if self.flags & 0x80 != 0 {
            assert_eq!(
                self.data_len % BLOCK as u32,
                0,
                "a section that is not the last"
            );
        }
        let mut extents = vec![self.extent()];
        if self.data_len == 0 {
            assert_eq!(self.location, 0, "no data lies nowhere");
            extents.clear();
        }
        Entry {
            directory: self.flags & 2 != 0,
            hidden: self.flags & 1 != 0,
            len: self.data_len.into(),
            extents,
            time: self.time,
            icb: None,
        }
    }

    /// The name as readers show it.
    #[track_caller]
    fn name(&self, joliet: bool) -> String {
        let text = name_text(joliet, self.identifier);
        if joliet || self.flags & 2 != 0 {
            return text;
        }
        // ECMA-119 7.5.1: both separators and a version, always.
        let name = text.strip_suffix(";1").expect("a version");
        assert_eq!(name.matches('.').count(), 1, "{name:?}");
        name.strip_suffix('.').unwrap_or(name).to_owned()
    }
}

/// The records of a directory: packed, none across the end of a block (ECMA-119 6.8.1).
#[track_caller]
fn records(bytes: &[u8]) -> Vec<Record<'_>> {
    let mut records: Vec<Record<'_>> = Vec::new();
    for block in bytes.chunks(BLOCK) {
        let mut at = 0;
        while at < BLOCK && block[at] != 0 {
            let record = Record::decode(&block[at..]);
            at += record.len;
            records.push(record);
        }
        assert!(at > 0, "a block without records");
        assert!(is_zero(&block[at..]), "behind the records");
    }
    records
}

/// The order of records: by name, then by extension (ECMA-119 9.3; Joliet, "Sort Ordering").
fn compare(joliet: bool, a: &Record<'_>, b: &Record<'_>) -> Ordering {
    let (a, b) = (parts(joliet, a.identifier), parts(joliet, b.identifier));
    let filler = if joliet { 0 } else { b' ' };
    filled(a.0, b.0, filler).then_with(|| filled(a.1, b.1, filler))
}

/// The name and the extension of an identifier.
fn parts(joliet: bool, identifier: &[u8]) -> (&[u8], &[u8]) {
    let (unit, dot) = if joliet {
        (2, &b"\0."[..])
    } else {
        (1, &b"."[..])
    };
    let mut versions = identifier.split(|byte| !joliet && *byte == b';');
    let identifier = versions.next().unwrap();
    match identifier.chunks(unit).rposition(|unit| unit == dot) {
        Some(place) => (
            &identifier[..unit * place],
            &identifier[unit * (place + 1)..],
        ),
        None => (identifier, &[]),
    }
}

/// Compares two texts, the shorter of which is filled up.
fn filled(a: &[u8], b: &[u8], filler: u8) -> Ordering {
    let places = 0..a.len().max(b.len());
    let byte = |text: &[u8], place: usize| text.get(place).copied().unwrap_or(filler);
    let a = places.clone().map(|place| byte(a, place));
    a.cmp(places.map(|place| byte(b, place)))
}

#[track_caller]
fn name_text(joliet: bool, identifier: &[u8]) -> String {
    if !joliet {
        return String::from_utf8(identifier.to_vec()).unwrap();
    }
    let name = ucs2(identifier);
    let forbidden = |c: char| c < ' ' || "*/:;?\\".contains(c);
    assert!(!name.contains(forbidden), "{name:?} in Joliet");
    name
}

/// A text of a descriptor, filled with blanks; one of odd length in Joliet ends in a zero byte.
#[track_caller]
fn text(joliet: bool, field: &[u8]) -> String {
    let text = if joliet {
        let even = field.len() / 2 * 2;
        assert!(is_zero(&field[even..]));
        ucs2(&field[..even])
    } else {
        String::from_utf8(field.to_vec()).unwrap()
    };
    text.trim_end_matches(' ').to_owned()
}

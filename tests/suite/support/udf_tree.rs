//! The files and directories of a UDF volume (ECMA-167 part 4).

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::bytes::{BLOCK, cs0, is_zero, le16, le32, le64};
use super::disc::{Disc, Entry, Icb};
use super::moment::Moment;
use super::udf::{Volume, check_implementation, check_tag};

/// The longest extent: 2³⁰ - 1, rounded down to whole blocks (UDF 2.3.10).
const MAX_EXTENT: u32 = 0x3FFF_F800;

/// What an ICB is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Item,
    StreamDirectory,
    Stream,
}

/// Reads all files and directories, then compares what they say with what the volume says.
pub(crate) struct Tree<'d> {
    disc: &'d Disc,
    revision: u16,
    /// Of descriptors.
    version: u16,
    /// First block of the partition with the structures, and the index of its map.
    structures: (u32, u16),
    /// First block of the partition with the data of files.
    partition: u32,
    /// What an ICB says, and how many descriptors name it.
    icbs: HashMap<u32, (Entry, u16)>,
    /// Of stream directories and streams, whose UniqueIDs are those of files.
    stream_icbs: HashMap<u32, Entry>,
    /// The UniqueIDs of identifiers, with those of the ICBs they name (UDF 2.3.4.3).
    ids: Vec<(u32, u64)>,
}

/// The facts of an ICB tag.
struct IcbTag {
    directory: bool,
    embedded: bool,
    /// Whether the allocation descriptors are long.
    long: bool,
    real_time: bool,
}

impl<'d> Tree<'d> {
    #[track_caller]
    pub(crate) fn read(disc: &'d Disc, volume: &mut Volume, root: u32) {
        let mut tree = Tree {
            disc,
            revision: volume.revision,
            version: volume.version,
            structures: (volume.structures_partition().0, volume.structures()),
            partition: volume.partition.0,
            icbs: HashMap::new(),
            stream_icbs: HashMap::new(),
            ids: Vec::new(),
        };
        let entry = tree.icb(volume, root, Kind::Item);
        assert!(entry.directory, "the root");
        assert_eq!(entry.icb().unique_id, 0, "the root");
        volume.entries.insert(String::new(), entry);
        // Path, own ICB, parent's ICB.
        let mut todo = VecDeque::from([(String::new(), root, root)]);
        while let Some((path, own, parent)) = todo.pop_front() {
            for (name, mut entry) in tree.directory(volume, own, parent) {
                tree.streams(volume, &mut entry);
                let path = format!("{path}/{name}");
                if entry.directory {
                    todo.push_back((path.clone(), entry.icb().block, own));
                }
                let before = volume.entries.insert(path.clone(), entry);
                assert!(before.is_none(), "{path:?} is there twice");
            }
        }
        tree.compare(volume);
    }

    /// A File Entry (ECMA-167 4/14.9, UDF 2.3.6), from UDF 2.00 on an Extended File Entry (ECMA-167 4/14.17), read once.
    #[track_caller]
    fn icb(&mut self, volume: &mut Volume, block: u32, kind: Kind) -> Entry {
        if let Some((entry, _)) = self.icbs.get(&block) {
            assert_eq!(kind, Kind::Item);
            return entry.clone();
        }
        let lba = self.structures.0 + block;
        let bytes = self.disc.block(lba);
        let extended = self.version == 3;
        let crc_len = check_tag(
            &bytes,
            if extended { 266 } else { 261 },
            self.version,
            block,
        );
        volume.used.push((lba, 1, "ICB"));
        let IcbTag {
            directory,
            embedded,
            long,
            real_time,
        } = self.icb_tag(&bytes, volume, kind);
        assert_eq!([le32(&bytes, 36), le32(&bytes, 40)], [u32::MAX; 2], "owner");
        let may_write = 0b00010_00010_00010;
        assert_eq!(le32(&bytes, 44) & may_write, 0, "nobody writes here");
        assert!(is_zero(&bytes[50..56]), "record format");
        let len = le64(&bytes, 56);
        let (fields, stream_directory) = match extended {
            true => (
                [72, 80, 92, 116, 128, 136, 168, 200, 208, 216],
                self.stream_directory_icb(&bytes, len, !directory && kind == Kind::Item),
            ),
            false => ([64, 72, 84, 96, 108, 112, 128, 160, 168, 176], None),
        };
        let [
            recorded,
            accessed,
            modified,
            changed,
            checkpoint,
            attributes,
            implementation,
            id,
            lens,
            head,
        ] = fields;
        assert_eq!(le32(&bytes, checkpoint), 1, "checkpoint");
        assert!(is_zero(&bytes[attributes..attributes + 16]));
        check_implementation(&bytes[implementation..]);
        assert_eq!(le32(&bytes, lens), 0, "extended attributes");
        let descriptors_len = le32(&bytes, lens + 4) as usize;
        assert_eq!(crc_len, head - 16 + descriptors_len);
        assert!(is_zero(&bytes[head + descriptors_len..]));

        let mut chain = Vec::new();
        let descriptors = &bytes[head..head + descriptors_len];
        let mut extents = Vec::new();
        let mut blocks = 0;
        if embedded {
            assert_eq!(descriptors_len as u64, len, "embedded data");
            assert!(len > 0, "no data, yet embedded");
        } else {
            extents = self.extents(descriptors, long, &mut chain);
            let sum: u64 = extents.iter().map(|(_, len)| len).sum();
            assert_eq!(sum, len, "extents and information length");
            blocks = len.div_ceil(BLOCK as u64);
        }
        assert_eq!(le64(&bytes, recorded), blocks, "blocks recorded");
        self.count_blocks(volume, &extents, &chain, long);
        let entry = Entry {
            directory,
            hidden: false,
            len,
            extents,
            time: Moment::of_udf(&bytes[modified..]),
            icb: Some(Icb {
                block,
                links: le16(&bytes, 48),
                unique_id: le64(&bytes, id),
                accessed: Moment::of_udf(&bytes[accessed..]),
                real_time,
                created: extended.then(|| Moment::of_udf(&bytes[104..])),
                chain,
                embedded: embedded.then(|| descriptors.to_vec()),
                stream_directory,
                streams: BTreeMap::new(),
            }),
        };
        // When the attributes changed.
        Moment::of_udf(&bytes[changed..]);
        if kind == Kind::Item {
            self.icbs.insert(block, (entry.clone(), 0));
        } else {
            let before = self.stream_icbs.insert(block, entry.clone());
            assert!(before.is_none(), "{kind:?} {block} is there twice");
        }
        entry
    }

    /// ICB tag (ECMA-167 4/14.6): strategy 4, one entry.
    #[track_caller]
    fn icb_tag(&self, bytes: &[u8], volume: &Volume, kind: Kind) -> IcbTag {
        assert_eq!(le32(bytes, 16), 0);
        assert_eq!([20, 22, 24].map(|at| le16(bytes, at)), [4, 0, 1]);
        assert!(is_zero(&bytes[28..34]), "parent");
        let file_type = bytes[27];
        let real_time = file_type == 249 && self.revision > 0x200;
        assert!(
            match kind {
                Kind::Item => file_type == 4 || file_type == 5 || real_time,
                Kind::StreamDirectory => file_type == 13,
                Kind::Stream => file_type == 5,
            },
            "file type {file_type} of {kind:?}"
        );
        let directory = file_type == 4 || file_type == 13;
        let flags = le16(bytes, 34);
        let embedded = flags & 7 == 3;
        assert!(!(embedded && directory), "directories are not embedded");
        // Only files lie in another partition than their ICBs.
        let long = volume.metadata.is_some() && !directory && !embedded;
        let stream = if kind == Kind::Stream { 1 << 13 } else { 0 };
        let allocation = if embedded { 3 } else { u16::from(long) };
        assert_eq!(flags, stream | allocation, "flags");
        IcbTag {
            directory,
            embedded,
            long,
            real_time,
        }
    }

    /// The fields that an Extended File Entry has more: the object size, a reserved field, the stream directory.
    #[track_caller]
    fn stream_directory_icb(&self, bytes: &[u8], len: u64, may_have_streams: bool) -> Option<u32> {
        assert!(is_zero(&bytes[132..136]), "reserved");
        if is_zero(&bytes[152..168]) {
            assert_eq!(le64(bytes, 64), len, "object size");
            return None;
        }
        assert!(may_have_streams, "streams");
        let icb = (le32(bytes, 152), le16(bytes, 160));
        assert_eq!(icb, (2048, self.structures.1), "stream directory");
        assert!(is_zero(&bytes[162..168]));
        Some(le32(bytes, 156))
    }

    /// Notes the blocks of a file's data and of its allocation descriptors, which lie in their partitions.
    #[track_caller]
    fn count_blocks(&self, volume: &mut Volume, extents: &[(u32, u64)], chain: &[u32], long: bool) {
        let (partition, partition_len) = if long {
            volume.partition
        } else {
            volume.structures_partition()
        };
        for (first, len) in extents {
            let blocks = len.div_ceil(BLOCK as u64) as u32;
            assert!(first - partition + blocks <= partition_len);
            volume.used.push((*first, blocks, "data"));
        }
        for block in chain {
            volume
                .used
                .push((self.structures.0 + block, 1, "allocation"));
        }
    }

    /// The named streams of a file (UDF 3.3.5 of 2.00), read once.
    #[track_caller]
    fn streams(&mut self, volume: &mut Volume, file: &mut Entry) {
        let own = file.icb().block;
        let Some(block) = file.icb().stream_directory else {
            return;
        };
        let known = &self.icbs[&own].0.icb().streams;
        let mut streams = known.clone();
        if streams.is_empty() {
            let directory = self.icb(volume, block, Kind::StreamDirectory);
            let unique_id = file.icb().unique_id;
            assert_eq!(directory.icb().unique_id, unique_id);
            assert_eq!(directory.icb().links, 0, "no identifier names it");
            streams = self
                .identifiers(volume, &directory, own, Kind::Stream)
                .into_iter()
                .collect();
            assert!(!streams.is_empty(), "a stream directory without streams");
            for stream in streams.values() {
                assert_eq!(stream.icb().unique_id, unique_id);
                assert_eq!(stream.icb().links, 1);
            }
            let sum: u64 = streams.values().map(|stream| stream.len).sum();
            let bytes = self.disc.block(self.structures.0 + own);
            assert_eq!(le64(&bytes, 64), file.len + sum, "object size");
            let (entry, links) = self.icbs.get_mut(&own).unwrap();
            // The stream directory names its file as its parent.
            *links += 1;
            entry.icb.as_mut().unwrap().streams = streams.clone();
        }
        file.icb.as_mut().unwrap().streams = streams;
    }

    /// Allocation descriptors, short or long, and the chain they continue in (ECMA-167 4/12, 4/14.5, 4/14.14).
    #[track_caller]
    fn extents(&self, descriptors: &[u8], long: bool, chain: &mut Vec<u32>) -> Vec<(u32, u64)> {
        let mut extents: Vec<(u32, u64)> = Vec::new();
        let mut descriptors = descriptors.to_vec();
        let size = if long { 16 } else { 8 };
        let start = if long {
            self.partition
        } else {
            self.structures.0
        };
        loop {
            assert_eq!(descriptors.len() % size, 0);
            let mut next = None;
            for (at, descriptor) in descriptors.chunks(size).enumerate() {
                let (len, block) = (le32(descriptor, 0), le32(descriptor, 4));
                let is_last = size * (at + 1) == descriptors.len();
                let mut partition = 0;
                match len >> 30 {
                    0 => {
                        assert!(0 < len && len <= MAX_EXTENT, "extent of {len} bytes");
                        let before = extents.last().map_or(0, |(_, len)| *len);
                        assert_eq!(before % BLOCK as u64, 0, "an extent that is not the last");
                        extents.push((start + block, len.into()));
                    }
                    3 => {
                        assert!(is_last, "the end of the list");
                        assert_eq!(len & MAX_EXTENT, 2048, "one block");
                        next = Some(block);
                        partition = self.structures.1;
                    }
                    kind => panic!("extent of type {kind}"),
                }
                if long {
                    assert_eq!(le16(descriptor, 8), partition, "partition reference");
                    assert!(is_zero(&descriptor[10..]));
                }
            }
            let Some(block) = next else {
                return extents;
            };
            let bytes = self.disc.block(self.structures.0 + block);
            let crc_len = check_tag(&bytes, 258, self.version, block);
            assert_eq!(le32(&bytes, 16), 0, "previous location");
            let len = le32(&bytes, 20) as usize;
            // Up to UDF 2.00 the descriptors are not covered.
            let covered = if self.revision > 0x200 { len } else { 0 };
            assert_eq!(crc_len, 8 + covered);
            assert!(len > 0, "an empty allocation extent");
            assert!(is_zero(&bytes[24 + len..]));
            descriptors = bytes[24..24 + len].to_vec();
            chain.push(block);
        }
    }

    /// The File Identifier Descriptors of a directory (ECMA-167 4/14.4, UDF 2.3.4).
    #[track_caller]
    fn directory(&mut self, volume: &mut Volume, own: u32, parent: u32) -> Vec<(String, Entry)> {
        let (entry, _) = self.icbs[&own].clone();
        self.identifiers(volume, &entry, parent, Kind::Item)
    }

    /// Those of a directory or of a stream directory.
    #[track_caller]
    fn identifiers(
        &mut self,
        volume: &mut Volume,
        entry: &Entry,
        parent: u32,
        kind: Kind,
    ) -> Vec<(String, Entry)> {
        let bytes = self.disc.data(&entry.extents);
        let mut names = BTreeMap::new();
        let mut at = 0;
        while at < bytes.len() {
            let fid = &bytes[at..];
            let len = (38 + usize::from(fid[19])).next_multiple_of(4);
            let crc_len = check_tag(fid, 257, self.version, self.block_of(entry, at));
            assert_eq!(crc_len, len - 16, "the CRC covers all of it");
            assert_eq!(le16(fid, 16), 1, "file version");
            assert_eq!(
                (le32(fid, 20), le16(fid, 28)),
                (2048, self.structures.1),
                "ICB"
            );
            assert!(is_zero(&fid[30..32]), "flags");
            assert_eq!(le16(fid, 36), 0, "length of implementation use");
            let name_end = 38 + usize::from(fid[19]);
            assert!(is_zero(&fid[name_end..len]), "padding");
            let icb = le32(fid, 24);
            let mut child = if at == 0 && kind == Kind::Stream {
                self.icbs[&icb].0.clone()
            } else {
                self.icb(volume, icb, kind)
            };
            if kind == Kind::Item {
                self.icbs.get_mut(&icb).unwrap().1 += 1;
            }
            let flags = fid[18];
            let id = le32(fid, 32);
            if self.version == 2 {
                assert_eq!(id, 0, "UDF 1.50 has no UniqueIDs here");
            } else if at == 0 || kind == Kind::Stream {
                assert_eq!(u64::from(id), child.icb().unique_id, "that of the ICB");
            } else {
                self.ids.push((id, child.icb().unique_id));
            }
            if at == 0 {
                // A directory, or the file that has the streams.
                let expected = if child.directory { 0x0A } else { 0x08 };
                assert_eq!((flags, fid[19], icb), (expected, 0, parent), "the parent");
            } else {
                assert_eq!(flags & !3, 0, "file characteristics");
                assert_eq!(flags & 2 != 0, child.directory);
                child.hidden = flags & 1 != 0;
                let name = cs0(&fid[38..name_end]);
                assert!(!name.is_empty() && !name.contains(['\u{FEFF}', '\u{FFFE}']));
                let before = names.insert(name, child);
                assert!(before.is_none(), "a name is there twice");
            }
            volume.crossing += u32::from(at / BLOCK != (at + len - 1) / BLOCK);
            at += len;
        }
        assert!(at > 0, "the first descriptor is the parent's");
        assert_eq!(
            at,
            bytes.len(),
            "the last descriptor ends with the directory"
        );
        names.into_iter().collect()
    }

    /// The block, in the partition, that holds a byte of a directory.
    fn block_of(&self, directory: &Entry, at: usize) -> u32 {
        let mut at = at as u64;
        for (first, len) in &directory.extents {
            if at < *len {
                return first - self.structures.0 + (at / BLOCK as u64) as u32;
            }
            at -= len;
        }
        unreachable!()
    }

    #[track_caller]
    fn compare(&self, volume: &Volume) {
        let mut ids = Vec::new();
        for (entry, links) in self.icbs.values() {
            assert_eq!(entry.icb().links, *links, "link count of {entry:?}");
            ids.push(entry.icb().unique_id);
        }
        ids.sort_unstable();
        assert_eq!(ids[0], 0, "only the root's");
        assert!(ids[1..].iter().all(|id| *id >= 16));
        assert!(
            ids.windows(2).all(|pair| pair[0] < pair[1]),
            "a UniqueID twice"
        );
        let mut last = ids[ids.len() - 1];
        if self.version == 3 {
            // One identifier has the number of its ICB, others of the same ICB have their own.
            let mut named: Vec<u32> = self.ids.iter().map(|(id, _)| *id).collect();
            named.sort_unstable();
            assert!(named.windows(2).all(|pair| pair[0] < pair[1]));
            let own: Vec<u64> = self
                .ids
                .iter()
                .filter(|(id, icb)| u64::from(*id) == *icb)
                .map(|(_, icb)| *icb)
                .collect();
            assert_eq!(own.len(), ids.len() - 1, "all but the root's");
            last = last.max(named.last().map_or(0, |id| u64::from(*id)));
        }
        let next = last + 1;
        assert_eq!(volume.next_unique_id, next.max(16), "next UniqueID");

        let directories = volume.entries.values().filter(|entry| entry.directory);
        let directories = directories.count();
        assert_eq!(volume.directories as usize, directories, "directories");
        let files = volume.entries.len() - directories;
        assert_eq!(volume.files as usize, files, "files");
    }
}

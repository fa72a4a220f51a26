//! An image as its readers see it: blocks, and what the structures in them say.

use std::collections::BTreeMap;
use std::sync::Arc;

use imapi2fs::{FileSystemImage, FileSystems, Item, ResultImage, UdfRevision};

use super::bytes::{BLOCK, all, le16, le32};
use super::moment::Moment;
use super::{ISO9660, JOLIET, UDF, at, iso, udf};

/// A file or directory of a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) directory: bool,
    pub(crate) hidden: bool,
    /// Length in bytes: of a file's data, or of what describes a directory.
    pub(crate) len: u64,
    /// First block, counted from the disc's start, and length in bytes.
    pub(crate) extents: Vec<(u32, u64)>,
    /// When it was modified.
    pub(crate) time: Moment,
    pub(crate) icb: Option<Icb>,
}

impl Entry {
    /// Where a file's data is: in its extents or in its ICB.
    #[track_caller]
    pub(crate) fn data(&self, disc: &Disc) -> Vec<u8> {
        let embedded = self.icb.as_ref().and_then(|icb| icb.embedded.clone());
        embedded.unwrap_or_else(|| disc.data(&self.extents))
    }

    /// What only UDF has.
    #[track_caller]
    pub(crate) fn icb(&self) -> &Icb {
        self.icb.as_ref().expect("an entry of UDF")
    }
}

/// What only UDF has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Icb {
    /// Counted from the partition's start, as are the others.
    pub(crate) block: u32,
    pub(crate) links: u16,
    pub(crate) unique_id: u64,
    pub(crate) accessed: Moment,
    pub(crate) real_time: bool,
    /// From UDF 2.00 on.
    pub(crate) created: Option<Moment>,
    /// The blocks of allocation extents.
    pub(crate) chain: Vec<u32>,
    /// The data, if it lies in the ICB.
    pub(crate) embedded: Option<Vec<u8>>,
    /// The ICB of the stream directory.
    pub(crate) stream_directory: Option<u32>,
    pub(crate) streams: Entries,
}

/// The entries of a file system by their paths; the root's is empty.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// The blocks that structures take: first block, number, what it is.
pub(crate) type Used = Vec<(u32, u32, &'static str)>;

/// An image that can be read block by block.
#[derive(Clone, Debug)]
pub(crate) struct Disc {
    pub(crate) image: ResultImage,
    /// The first block of the session.
    pub(crate) start: u32,
    /// What the disc has before it.
    pub(crate) earlier: Arc<[u8]>,
    /// Whether there are earlier sessions.
    pub(crate) continues: bool,
}

impl Disc {
    #[track_caller]
    pub(crate) fn new(image: &FileSystemImage) -> Self {
        Self {
            image: image.create_result_image().unwrap(),
            start: image.session_start_block(),
            earlier: Arc::new([]),
            continues: false,
        }
    }

    /// An image that continues a disc, with what that has: the session behind it, or the whole disc.
    #[track_caller]
    pub(crate) fn continuing(image: &FileSystemImage, earlier: &[u8]) -> Self {
        let result = image.create_result_image().unwrap();
        if result.modified_blocks().is_some() {
            return Self {
                image: result,
                start: 0,
                earlier: Arc::new([]),
                continues: true,
            };
        }
        let start = image.session_start_block();
        let mut earlier = earlier.to_vec();
        earlier.resize(start as usize * BLOCK, 0);
        Self {
            image: result,
            start,
            earlier: earlier.into(),
            continues: true,
        }
    }

    /// The first block behind the session.
    pub(crate) fn end(&self) -> u32 {
        self.start + self.image.total_blocks()
    }

    #[track_caller]
    pub(crate) fn blocks(&self, first: u32, count: u32) -> Vec<u8> {
        self.data(&[(first, u64::from(count) * BLOCK as u64)])
    }

    #[track_caller]
    pub(crate) fn block(&self, lba: u32) -> Vec<u8> {
        self.blocks(lba, 1)
    }

    #[track_caller]
    pub(crate) fn data(&self, extents: &[(u32, u64)]) -> Vec<u8> {
        let mut data = Vec::new();
        for (first, len) in extents {
            let len = usize::try_from(*len).unwrap();
            let at = *first as usize * BLOCK;
            if let Some(part) = self.earlier.get(at..at + len) {
                data.extend(part);
                continue;
            }
            let offset = u64::from(
                first
                    .checked_sub(self.start)
                    .expect("a block of the session"),
            );
            let mut part = vec![0xAA; len];
            let read = self
                .image
                .read_at(offset * BLOCK as u64, &mut part)
                .unwrap();
            assert_eq!(read, part.len(), "the extent at {first} leaves the image");
            data.extend(part);
        }
        data
    }

    #[track_caller]
    pub(crate) fn whole(&self) -> Vec<u8> {
        all(self.image.image_stream())
    }

    #[track_caller]
    pub(crate) fn primary(&self) -> iso::Volume {
        iso::Volume::read(self, ISO9660)
    }

    #[track_caller]
    pub(crate) fn joliet(&self) -> iso::Volume {
        iso::Volume::read(self, JOLIET)
    }

    #[track_caller]
    pub(crate) fn udf(&self) -> udf::Volume {
        udf::Volume::read(self)
    }

    #[track_caller]
    pub(crate) fn entries(&self, file_system: FileSystems) -> Entries {
        if file_system == UDF {
            self.udf().entries
        } else {
            iso::Volume::read(self, file_system).entries
        }
    }
}

/// Makes the image and looks whether every file system of it has all items, and nothing else.
#[track_caller]
pub(crate) fn check(image: &FileSystemImage) -> Disc {
    let disc = Disc::new(image);
    check_disc(image, &disc);
    disc
}

/// Looks whether every file system of a disc has all items of an image, and nothing else.
#[track_caller]
pub(crate) fn check_disc(image: &FileSystemImage, disc: &Disc) {
    for file_system in image.file_systems_to_create().iter() {
        let entries = disc.entries(file_system);
        let mut count = 1;
        for item in image.root().descendants() {
            let path = item.file_system_path(file_system).unwrap().to_string();
            let entry = entries.get(&path).unwrap_or_else(|| {
                panic!("{file_system} has no {path:?}, only {:?}", entries.keys())
            });
            same(item, entry, file_system, disc);
            count += 1;
        }
        assert_eq!(entries.len(), count, "{file_system}: {:?}", entries.keys());
        same_time(image.root(), &entries[""]);
    }
}

#[track_caller]
fn same(item: Item<'_>, entry: &Entry, file_system: FileSystems, disc: &Disc) {
    assert_eq!(entry.directory, item.is_directory(), "{item:?}");
    assert_eq!(entry.hidden, item.is_hidden(), "{item:?}");
    same_time(item, entry);
    if item.is_directory() {
        return;
    }
    assert_eq!(entry.len, item.data_size(), "{item:?}");
    if entry.len <= 1 << 20 {
        let data = all(item.data().unwrap());
        assert!(
            entry.data(disc) == data,
            "{item:?} in {file_system}: other data"
        );
    }
    let Some(icb) = &entry.icb else { return };
    // Streams are recorded if and only if entries have creation times.
    let streams: Vec<_> = match icb.created {
        Some(_) => item.named_streams().collect(),
        None => Vec::new(),
    };
    assert_eq!(icb.streams.len(), streams.len(), "{item:?}: streams");
    for stream in streams {
        let name = stream.file_system_name(file_system).unwrap();
        same(stream, &icb.streams[&name], file_system, disc);
    }
}

#[track_caller]
fn same_time(item: Item<'_>, entry: &Entry) {
    let time = item.last_modified_time();
    let Some(icb) = &entry.icb else {
        let range = at("1900-01-02T00:00:00Z")..at("2155-12-31T00:00:00Z");
        if range.contains(&time) {
            assert_eq!(entry.time.unix_seconds(), time.unix_seconds(), "{item:?}");
        }
        return;
    };
    let range = at("0001-01-02T00:00:00Z")..at("9999-12-31T00:00:00Z");
    let created = icb.created.map(|created| (created, item.creation_time()));
    let others = [
        (entry.time, time),
        (icb.accessed, item.last_accessed_time()),
    ];
    for (recorded, time) in others.into_iter().chain(created) {
        if range.contains(&time) {
            let found = (recorded.unix_seconds(), recorded.micros());
            let micros = time.subsecond_nanos() / 1000;
            assert_eq!(found, (time.unix_seconds(), micros), "{item:?}");
        }
    }
}

/// An image with what its bytes say.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) image: FileSystemImage,
    pub(crate) disc: Disc,
}

impl Joined {
    #[track_caller]
    pub(crate) fn new(image: FileSystemImage) -> Self {
        let disc = Disc::new(&image);
        Self { image, disc }
    }

    pub(crate) fn has(&self, file_system: FileSystems) -> bool {
        self.image.file_systems_to_create().contains(file_system)
    }

    pub(crate) fn revision(&self) -> UdfRevision {
        self.image.udf_revision()
    }

    /// The descriptors of ISO 9660 and, if it is there, of Joliet.
    #[track_caller]
    pub(crate) fn volume_descriptors(&self) -> Vec<(FileSystems, Vec<u8>)> {
        let descriptors = iso::descriptors(&self.disc).into_iter();
        [ISO9660, JOLIET]
            .into_iter()
            .zip(descriptors)
            .map(|(file_system, (_, bytes))| (file_system, bytes))
            .collect()
    }

    /// Calls `then` with every directory record.
    #[track_caller]
    pub(crate) fn each_record(&self, mut then: impl FnMut(&[u8])) {
        for (file_system, _) in self.volume_descriptors() {
            for entry in self.disc.entries(file_system).values() {
                let blocks = if entry.directory {
                    self.disc.data(&entry.extents)
                } else {
                    Vec::new()
                };
                for block in blocks.chunks(BLOCK) {
                    let mut at = 0;
                    while at < block.len() && block[at] != 0 {
                        let len = usize::from(block[at]);
                        then(&block[at..at + len]);
                        at += len;
                    }
                }
            }
        }
    }

    /// The main and the reserve volume descriptor sequence, with the places of the blocks.
    #[track_caller]
    pub(crate) fn sequences(&self) -> [Vec<(u32, Vec<u8>)>; 2] {
        let anchor = self.disc.block(self.disc.start + 256);
        [16, 24].map(|at| {
            let (len, first) = (le32(&anchor, at), le32(&anchor, at + 4));
            let blocks = first..first + len / BLOCK as u32;
            blocks.map(|lba| (lba, self.disc.block(lba))).collect()
        })
    }

    #[track_caller]
    pub(crate) fn partition_descriptor(&self) -> Vec<u8> {
        let [main, _] = self.sequences();
        let mut blocks = main.into_iter().map(|(_, block)| block);
        blocks
            .find(|block| le16(block, 0) == 5)
            .expect("a partition")
    }

    /// First block and length of the partition.
    #[track_caller]
    pub(crate) fn partition(&self) -> (u32, u32) {
        let descriptor = self.partition_descriptor();
        (le32(&descriptor, 188), le32(&descriptor, 192))
    }
}

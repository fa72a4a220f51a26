//! A reader of UDF 1.02 to 2.60, written from ECMA-167 and the OSTA specification. It finds fault with whatever they do not
//! allow. This part reads the volume, [`super::udf_tree`] its files.

use super::bytes::{BLOCK, crc, dstring, is_zero, le16, le32, le64};
use super::disc::{Disc, Entries, Used};
use super::moment::Moment;
use super::udf_tree::Tree;

/// The sum of a descriptor tag but for itself (ECMA-167 3/7.2.3).
fn tag_checksum(tag: &[u8]) -> u8 {
    let summed = (0..16).filter(|at| *at != 4).map(|at| tag[at]);
    summed.fold(0, u8::wrapping_add)
}

/// Checks a descriptor tag (ECMA-167 3/7.2, 4/7.2; UDF 2.2.1, 2.3.1) and the CRC behind it; returns the CRC's length.
/// The version is that of the edition of ECMA-167, 2 or 3.
#[track_caller]
pub(crate) fn check_tag(bytes: &[u8], identifier: u16, version: u16, location: u32) -> usize {
    assert_eq!(le16(bytes, 0), identifier, "tag identifier");
    assert_eq!(le16(bytes, 2), version, "descriptor version");
    assert_eq!(bytes[4], tag_checksum(bytes), "tag checksum");
    assert_eq!(bytes[5], 0);
    assert_eq!(le32(bytes, 12), location, "tag location");
    let len = usize::from(le16(bytes, 10));
    assert_eq!(le16(bytes, 8), crc(&bytes[16..16 + len]), "descriptor CRC");
    len
}

/// The image with all descriptors of a kind changed, wherever they lie, and intact again.
#[track_caller]
pub(crate) fn rewrite_descriptors(
    image: &[u8],
    identifier: u16,
    change: impl Fn(&mut [u8]),
) -> Vec<u8> {
    let mut image = image.to_vec();
    let mut found = 0;
    for bytes in image.chunks_exact_mut(BLOCK) {
        if le16(bytes, 0) == identifier && le16(bytes, 10) > 0 && tag_checksum(bytes) == bytes[4] {
            change(bytes);
            seal(bytes);
            found += 1;
        }
    }
    assert!(found > 0, "descriptors {identifier}");
    image
}

/// Whether a block may begin with a descriptor whose tag is no longer right.
pub(crate) fn is_descriptor(bytes: &[u8]) -> bool {
    let identifier = le16(bytes, 0);
    (1..=9).contains(&identifier) || (256..=266).contains(&identifier)
}

/// Makes a descriptor that was changed intact again.
pub(crate) fn seal(bytes: &mut [u8]) {
    let len = usize::from(le16(bytes, 10)).min(bytes.len() - 16);
    let sum = crc(&bytes[16..16 + len]);
    bytes[8..10].copy_from_slice(&sum.to_le_bytes());
    bytes[4] = tag_checksum(bytes);
}

/// A descriptor as it is in another block.
pub(crate) fn moved_descriptor(bytes: &[u8], location: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[12..16].copy_from_slice(&location.to_le_bytes());
    bytes[4] = tag_checksum(&bytes);
    bytes
}

/// Checks an entity identifier (ECMA-167 1/7.4, UDF 2.1.5); returns its suffix.
#[track_caller]
pub(crate) fn check_regid(bytes: &[u8], identifier: &str) -> Vec<u8> {
    assert_eq!(bytes[0], 0, "flags of {identifier}");
    let (text, rest) = bytes[1..24].split_at(identifier.len());
    assert_eq!(text, identifier.as_bytes());
    assert!(is_zero(rest));
    bytes[24..32].to_vec()
}

/// Checks a character set specification (UDF 2.1.2).
#[track_caller]
fn check_charspec(bytes: &[u8]) {
    assert_eq!(&bytes[..24], b"\0OSTA Compressed Unicode");
    assert!(is_zero(&bytes[24..64]));
}

/// Checks an implementation's own identifier.
#[track_caller]
pub(crate) fn check_implementation(bytes: &[u8]) {
    assert_eq!([bytes[0], bytes[1]], [0, b'*']);
}

/// The domain of a logical volume and of its file set (UDF 2.1.5.2); returns the revision.
#[track_caller]
fn check_domain(bytes: &[u8]) -> u16 {
    let suffix = check_regid(bytes, "*OSTA UDF Compliant");
    assert!(is_zero(&suffix[2..]));
    le16(&suffix, 0)
}

/// A metadata file and its mirror (UDF 2.2.10, 2.2.13 of 2.50).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metadata {
    /// The ICBs, counted from the disc's start.
    pub(crate) icbs: [u32; 2],
    /// First blocks of the contents, the same if they are not recorded twice; counted from the disc's start.
    pub(crate) starts: [u32; 2],
    pub(crate) blocks: u32,
}

/// A UDF volume and all that it leads to.
#[derive(Debug)]
pub(crate) struct Volume {
    pub(crate) revision: u16,
    /// Of descriptors: 2 up to UDF 1.50, else 3.
    pub(crate) version: u16,
    pub(crate) metadata: Option<Metadata>,
    /// First block of the recognition sequence.
    pub(crate) recognition: u32,
    pub(crate) anchors: Vec<u32>,
    /// First blocks of the sequences of 16.
    pub(crate) main: u32,
    pub(crate) reserve: u32,
    /// First block and length.
    pub(crate) partition: (u32, u32),
    pub(crate) integrity: u32,
    /// The name in the logical volume descriptor.
    pub(crate) name: String,
    /// The shorter ones: in the primary volume descriptor and in the file set descriptor.
    pub(crate) short_names: [String; 2],
    pub(crate) volume_set: String,
    pub(crate) time: Moment,
    pub(crate) files: u32,
    pub(crate) directories: u32,
    pub(crate) next_unique_id: u64,
    pub(crate) entries: Entries,
    /// The blocks of the partition that are taken, counted from the disc's start.
    pub(crate) used: Used,
    /// Descriptors whose first byte and last byte lie in different blocks.
    pub(crate) crossing: u32,
}

impl Volume {
    #[track_caller]
    pub(crate) fn read(disc: &Disc) -> Self {
        let (recognition, version) = recognition(disc);
        let places = [disc.start + 256, disc.end() - 257, disc.end() - 1];
        let mut anchors: Vec<u32> = places
            .into_iter()
            .filter(|lba| is_anchor(disc, *lba))
            .collect();
        anchors.sort_unstable();
        assert!(anchors.len() >= 2, "anchors at {anchors:?}");
        let [main, reserve] = anchor(disc, version, anchors[0]);
        for lba in &anchors {
            assert_eq!(
                anchor(disc, version, *lba),
                [main, reserve],
                "anchors agree"
            );
        }
        let sequence = sequence(disc, version, main);
        same_descriptors(&sequence, &self::sequence(disc, version, reserve));
        let mut kinds: Vec<u16> = sequence.iter().map(|block| le16(block, 0)).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, [1, 4, 5, 6, 7], "kinds of descriptors");
        let of_kind = |kind| {
            let mut blocks = sequence.iter();
            blocks.find(|block| le16(block, 0) == kind).unwrap()
        };
        let mut volume = Self {
            revision: check_domain(&of_kind(6)[216..]),
            version,
            metadata: None,
            recognition,
            anchors,
            main,
            reserve,
            partition: (0, 0),
            integrity: 0,
            name: String::new(),
            short_names: Default::default(),
            volume_set: String::new(),
            time: Moment::of_udf(&of_kind(1)[376..]),
            files: 0,
            directories: 0,
            next_unique_id: 0,
            entries: Entries::new(),
            used: Used::new(),
            crossing: 0,
        };
        let revisions: &[u16] = match version {
            2 => &[0x102, 0x150],
            _ => &[0x200, 0x201, 0x250, 0x260],
        };
        assert!(revisions.contains(&volume.revision));
        volume.read_primary(of_kind(1));
        volume.read_partition(disc, of_kind(5));
        let file_set = volume.read_logical(disc, of_kind(6));
        volume.read_information(of_kind(4));
        // ECMA-167 3/10.8: unallocated space, none here.
        assert_eq!(le32(of_kind(7), 20), 0);
        volume.read_integrity(disc);
        volume.read_file_set(disc, file_set);
        volume
    }

    /// ECMA-167 3/10.1, UDF 2.2.2.
    #[track_caller]
    fn read_primary(&mut self, bytes: &[u8]) {
        assert_eq!(le32(bytes, 20), 0, "descriptor number");
        assert_eq!(
            [le16(bytes, 56), le16(bytes, 58)],
            [1, 1],
            "volume of a set"
        );
        assert_eq!(
            [le16(bytes, 60), le16(bytes, 62)],
            [2, 2],
            "interchange level"
        );
        assert_eq!([le32(bytes, 64), le32(bytes, 68)], [1, 1], "character sets");
        self.short_names[0] = dstring(&bytes[24..56]);
        self.volume_set = dstring(&bytes[72..200]);
        check_charspec(&bytes[200..]);
        check_charspec(&bytes[264..]);
        assert!(is_zero(&bytes[328..344]), "abstract and copyright notice");
        check_implementation(&bytes[388..]);
        assert_eq!(le32(bytes, 484), 0, "predecessor");
        assert!(is_zero(&bytes[490..]));
    }

    /// ECMA-167 3/10.5, UDF 2.2.12.
    #[track_caller]
    fn read_partition(&mut self, disc: &Disc, bytes: &[u8]) {
        assert_eq!(
            [le16(bytes, 20), le16(bytes, 22)],
            [1, 0],
            "flags and number"
        );
        let contents = format!("+NSR0{}", self.version);
        assert!(is_zero(&check_regid(&bytes[24..], &contents)));
        assert!(
            is_zero(&bytes[56..184]),
            "a read-only partition has no space sets"
        );
        assert_eq!(le32(bytes, 184), 1, "read-only");
        self.partition = (le32(bytes, 188), le32(bytes, 192));
        check_implementation(&bytes[196..]);
        assert!(is_zero(&bytes[356..]));
        let (start, len) = self.partition;
        let end = start + len;
        let outside = |first: u32, blocks| first + blocks <= start || end <= first;
        assert!(outside(self.reserve, 16), "a sequence in the partition");
        // The partition of a disc that is continued begins in its first session, before the other structures.
        if !disc.continues {
            assert!(outside(self.main, 16), "a sequence in the partition");
            assert!(self.anchors.iter().all(|lba| outside(*lba, 1)));
        }
        assert!(end <= disc.end());
    }

    /// ECMA-167 3/10.6, UDF 2.2.4. Returns the extent of the file set.
    #[track_caller]
    fn read_logical(&mut self, disc: &Disc, bytes: &[u8]) -> (u32, u32) {
        check_charspec(&bytes[20..]);
        self.name = dstring(&bytes[84..212]);
        assert_eq!(le32(bytes, 212), 2048, "logical block size");
        check_implementation(&bytes[272..]);
        assert!(le32(bytes, 432) >= 2048);
        self.integrity = le32(bytes, 436);
        assert_eq!(bytes[440..446], [1, 6, 1, 0, 0, 0], "a map of type 1");
        let mut maps = (6, 1);
        if self.revision >= 0x250 {
            maps = (6 + 64, 2);
            self.read_metadata(disc, &bytes[446..510]);
        }
        assert_eq!((le32(bytes, 264), le32(bytes, 268)), maps, "partition maps");
        assert_eq!(le16(bytes, 256), self.structures(), "partition reference");
        (le32(bytes, 248), le32(bytes, 252))
    }

    /// The index of the partition map through which the files are found.
    pub(crate) fn structures(&self) -> u16 {
        self.metadata.is_some().into()
    }

    /// First block and length of the partition in which the files are found.
    pub(crate) fn structures_partition(&self) -> (u32, u32) {
        match self.metadata {
            Some(metadata) => (metadata.starts[0], metadata.blocks),
            None => self.partition,
        }
    }

    /// A metadata partition map and the files it names (UDF 2.2.10, 2.2.13 of 2.50).
    #[track_caller]
    fn read_metadata(&mut self, disc: &Disc, map: &[u8]) {
        let (start, len) = self.partition;
        assert_eq!(start % 32, 0, "the partition begins with an ECC block");
        assert_eq!(map[..4], [2, 64, 0, 0]);
        let suffix = check_regid(&map[4..], "*UDF Metadata Partition");
        assert_eq!(le16(&suffix, 0), self.revision);
        assert_eq!([le16(map, 36), le16(map, 38)], [1, 0], "volume, partition");
        assert_eq!(le32(map, 48), u32::MAX, "no bitmap");
        assert_eq!((le32(map, 52), le16(map, 56)), (32, 32), "units");
        assert!(is_zero(&map[59..64]));
        let duplicate = map[58];
        assert!(duplicate < 2, "flags");

        let mut files = Vec::new();
        for (block, file_type) in [(le32(map, 40), 250), (le32(map, 44), 251)] {
            assert!(block < len);
            let bytes = disc.block(start + block);
            let crc_len = check_tag(&bytes, 266, 3, block);
            assert_eq!(bytes[27], file_type);
            assert_eq!([20, 22, 24].map(|at| le16(&bytes, at)), [4, 0, 1]);
            assert!(is_zero(&bytes[28..36]), "short descriptors");
            assert_eq!(le16(&bytes, 48), 0, "link count");
            let file_len = le64(&bytes, 56);
            assert_eq!(file_len, le64(&bytes, 64), "object size");
            assert_eq!(file_len / 2048, le64(&bytes, 72), "blocks recorded");
            assert!(file_len > 0 && file_len % (32 * 2048) == 0);
            for at in [80, 92, 104, 116] {
                assert_eq!(Moment::of_udf(&bytes[at..]), self.time);
            }
            assert!(is_zero(&bytes[136..168]), "attributes and streams");
            assert!(is_zero(&bytes[200..212]), "UniqueID, attributes");
            assert_eq!(le32(&bytes, 212), 8, "7-Zip wants one extent");
            assert_eq!(crc_len, 200 + 8);
            assert_eq!(u64::from(le32(&bytes, 216)), file_len);
            let first = le32(&bytes, 220);
            assert_eq!(first % 32, 0, "alignment");
            assert!(is_zero(&bytes[224..]));
            let blocks = (file_len / 2048) as u32;
            assert!(first + blocks <= len);
            self.used.push((start + block, 1, "metadata file"));
            files.push((start + block, start + first, blocks));
        }
        let [main, mirror] = files[..] else {
            unreachable!()
        };
        assert_eq!(main.2, mirror.2);
        assert_eq!(duplicate == 1, main.1 != mirror.1);
        if duplicate == 1 {
            let [a, b] = [main, mirror].map(|(_, first, blocks)| disc.blocks(first, blocks));
            assert!(a == b, "the mirror is the same");
            self.used.push((mirror.1, mirror.2, "metadata mirror"));
        }
        self.metadata = Some(Metadata {
            icbs: [main.0, mirror.0],
            starts: [main.1, mirror.1],
            blocks: main.2,
        });
    }

    /// ECMA-167 3/10.4, UDF 2.2.7.
    #[track_caller]
    fn read_information(&self, bytes: &[u8]) {
        let revision = check_regid(&bytes[20..], "*UDF LV Info");
        assert_eq!(le16(&revision, 0), self.revision);
        check_charspec(&bytes[52..]);
        assert_eq!(dstring(&bytes[116..244]), self.name);
        for field in [244, 280, 316] {
            dstring(&bytes[field..field + 36]);
        }
        check_implementation(&bytes[352..]);
    }

    /// ECMA-167 3/10.10, UDF 2.2.6.
    #[track_caller]
    fn read_integrity(&mut self, disc: &Disc) {
        let bytes = disc.block(self.integrity);
        let len = check_tag(&bytes, 9, self.version, self.integrity);
        let next = self.integrity + 1;
        check_tag(&disc.block(next), 8, self.version, next);
        assert_eq!(Moment::of_udf(&bytes[16..]), self.time);
        assert_eq!(le32(&bytes, 28), 1, "closed");
        assert!(is_zero(&bytes[32..40]), "next extent");
        self.next_unique_id = le64(&bytes, 40);
        assert!(is_zero(&bytes[48..72]));
        let mut sizes = vec![self.partition.1];
        sizes.extend(self.metadata.map(|metadata| metadata.blocks));
        let partitions = sizes.len();
        assert_eq!(le32(&bytes, 72) as usize, partitions, "partitions");
        let (tables, rest) = bytes[80..].split_at(8 * partitions);
        let (free, size) = tables.split_at(4 * partitions);
        assert!(is_zero(free), "free space");
        let size: Vec<u32> = size.chunks(4).map(|size| le32(size, 0)).collect();
        assert_eq!(size, sizes);
        let use_len = le32(&bytes, 76) as usize;
        assert!(use_len >= 46 && len + 16 == 80 + 8 * partitions + use_len);
        check_implementation(rest);
        self.files = le32(rest, 32);
        self.directories = le32(rest, 36);
        let revisions = [40, 42, 44].map(|at| le16(rest, at));
        // Who knows 2.50 can read 2.60.
        let read = self.revision.min(0x250);
        assert_eq!(revisions, [read, self.revision, self.revision]);
    }

    /// ECMA-167 4/14.1, UDF 2.3.2.
    #[track_caller]
    fn read_file_set(&mut self, disc: &Disc, (len, block): (u32, u32)) {
        assert!(len == 2048 || len == 4096);
        let lba = self.structures_partition().0 + block;
        let bytes = disc.block(lba);
        check_tag(&bytes, 256, self.version, block);
        if len == 4096 {
            check_tag(&disc.block(lba + 1), 8, self.version, block + 1);
        }
        self.used.push((lba, len / 2048, "file set"));
        assert_eq!(Moment::of_udf(&bytes[16..]), self.time);
        assert_eq!([le16(&bytes, 28), le16(&bytes, 30)], [3, 3]);
        assert_eq!([32, 36, 40, 44].map(|at| le32(&bytes, at)), [1, 1, 0, 0]);
        check_charspec(&bytes[48..]);
        assert_eq!(dstring(&bytes[112..240]), self.name);
        check_charspec(&bytes[240..]);
        self.short_names[1] = dstring(&bytes[304..336]);
        assert_eq!(check_domain(&bytes[416..]), self.revision);
        assert!(is_zero(&bytes[448..512]), "next extent, system streams");
        let root = (le32(&bytes, 400), le16(&bytes, 408));
        assert_eq!(root, (2048, self.structures()));
        assert!(is_zero(&bytes[410..416]));
        Tree::read(disc, self, le32(&bytes, 404));
    }
}

/// The volume recognition sequence (ECMA-167 2/9): behind the descriptors of ISO 9660 if there are any. Returns where it
/// is and the edition of ECMA-167.
#[track_caller]
fn recognition(disc: &Disc) -> (u32, u16) {
    let mut lba = disc.start + 16;
    while &disc.block(lba)[1..6] == b"CD001" {
        lba += 1;
    }
    let version = disc.block(lba + 1)[5] - b'0';
    assert!(version == 2 || version == 3);
    let standard = format!("NSR0{version}").into_bytes();
    for (at, identifier) in (lba..).zip([b"BEA01", &standard[..], b"TEA01"]) {
        let block = disc.block(at);
        assert_eq!((block[0], &block[1..6], block[6]), (0, identifier, 1));
        assert!(is_zero(&block[7..]));
    }
    (lba, version.into())
}

fn is_anchor(disc: &Disc, lba: u32) -> bool {
    let block = disc.block(lba);
    le16(&block, 0) == 2 && le32(&block, 12) == lba && le16(&block, 8) == crc(&block[16..512])
}

/// The two sequences that an anchor leads to (ECMA-167 3/10.2, UDF 2.2.3).
#[track_caller]
fn anchor(disc: &Disc, version: u16, lba: u32) -> [u32; 2] {
    let block = disc.block(lba);
    assert_eq!(check_tag(&block, 2, version, lba), 496);
    assert!(is_zero(&block[32..]));
    assert_eq!([le32(&block, 16), le32(&block, 24)], [16 * 2048; 2]);
    [le32(&block, 20), le32(&block, 28)]
}

/// The descriptors of a sequence, one to a block, before the terminating one (ECMA-167 3/8.4.2).
#[track_caller]
fn sequence(disc: &Disc, version: u16, first: u32) -> Vec<Vec<u8>> {
    let bytes = disc.blocks(first, 16);
    let mut blocks = bytes.chunks(BLOCK).zip(first..);
    let mut found = Vec::new();
    for (block, lba) in blocks.by_ref() {
        let kind = le16(block, 0);
        let len = check_tag(block, kind, version, lba);
        if kind == 8 {
            assert!(is_zero(&block[16..]));
            break;
        }
        let whole = match kind {
            6 => 440 + le32(block, 264) as usize,
            7 => 24 + 8 * le32(block, 20) as usize,
            _ => 512,
        };
        assert_eq!(len, whole - 16, "CRC length of descriptor {kind}");
        assert!(is_zero(&block[whole..]));
        assert_eq!(le32(block, 16), found.len() as u32, "sequence number");
        found.push(block.to_vec());
    }
    assert!(
        blocks.all(|(block, _)| is_zero(block)),
        "behind the last descriptor"
    );
    found
}

/// Equal but for where they are (UDF 2.2.3.2).
#[track_caller]
fn same_descriptors(main: &[Vec<u8>], reserve: &[Vec<u8>]) {
    assert_eq!(main.len(), reserve.len());
    for (a, b) in main.iter().zip(reserve) {
        assert_eq!((&a[..4], &a[5..12]), (&b[..4], &b[5..12]));
        assert!(a[16..] == b[16..]);
    }
}

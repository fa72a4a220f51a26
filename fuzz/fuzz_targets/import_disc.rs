//! Any bytes as a disc: errors are fine, panics, walks without end and more memory or work than allowed are not.
//!
//! The bytes are those of the input, or an image with changes that the input says, for blind chance makes no volume: one
//! that was made by this crate, or one that is made to keep readers busy.

#![no_main]

#[path = "../../tests/suite/support/bytes.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod bytes;
#[path = "../../tests/suite/support/hostile/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod hostile;

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use arbitrary::{Arbitrary, Unstructured};
use imapi2fs::{
    BootOptions, Disc, FileSystemImage, FileSystems, ImportOptions, MultisessionInterface,
    RandomWriteImage, ReaderDisc, RecordedDisc, Timestamp, UdfRevision,
};
use libfuzzer_sys::fuzz_target;

const BLOCK: usize = 2048;

/// The structures of all formats begin here; what is before says nothing.
const SYSTEM_AREA: usize = 16 * BLOCK;

/// An image to be changed, and where it has bytes that say something.
struct Base {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

static BASES: LazyLock<Vec<Base>> = LazyLock::new(|| {
    let all = FileSystems::all();
    let mut images = vec![
        image(FileSystems::ISO9660, UdfRevision::V1_02),
        image(
            FileSystems::ISO9660 | FileSystems::JOLIET,
            UdfRevision::V1_02,
        ),
        image(all, UdfRevision::V1_02),
    ];
    images.extend(
        UdfRevision::ALL
            .iter()
            .map(|revision| image(FileSystems::UDF, *revision)),
    );
    images.push(continued(images[2].clone()));
    images.extend(hostile::kinds().map(|(_, make, size)| {
        let mut bytes = Vec::new();
        make(size.div_ceil(16)).write_to(&mut bytes);
        bytes
    }));
    let base = |bytes: Vec<u8>| Base {
        places: (0..bytes.len()).filter(|at| bytes[*at] != 0).collect(),
        bytes,
    };
    images.into_iter().map(base).collect()
});

/// An image of a little of everything.
fn image(file_systems: FileSystems, revision: UdfRevision) -> Vec<u8> {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(1_000_000_000));
    image
        .set_file_systems_to_create(file_systems)
        .expect("a set that can be");
    image.set_udf_revision(revision).expect("a revision");
    let root = image.root_mut();
    for directory in ["D", "D/E", "D/E/F"] {
        root.add_directory(directory).expect("it is new");
    }
    for (path, len) in [
        ("A.TXT", 10),
        ("D/long name of a file.html", 5000),
        ("D/E/F/empty", 0),
    ] {
        let mut file = root.add_file(path, vec![b'x'; len]).expect("it is new");
        let _ = file.add_stream("stream", b"data").expect("it is new");
    }
    for number in 0..40 {
        root.add_file(format!("D/E/file {number} with a name"), [])
            .expect("it is new");
    }
    let boot = BootOptions::new([1; 600]).expect("it is in memory");
    image
        .set_boot_image_options(Some(boot))
        .expect("one is not too many");
    written(&image)
}

/// The image with another session.
fn continued(bytes: Vec<u8>) -> Vec<u8> {
    let disc = ReaderDisc::new(Cursor::new(bytes)).expect("memory has a length");
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(1_000_000_001));
    let interface = MultisessionInterface::random_write(RandomWriteImage::new(disc));
    image
        .set_multisession_interfaces(vec![interface])
        .expect("it works");
    image.import_file_system().expect("it was just made");
    image.root_mut().add_file("new", b"new").expect("it is new");
    written(&image)
}

fn written(image: &FileSystemImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let result = image.create_result_image().expect("it is small");
    result.write_to(&mut bytes).expect("memory takes it");
    bytes
}

/// A change of an image.
#[derive(Arbitrary)]
struct Change {
    /// Which of the bytes that say something, and how far from there.
    place: u16,
    offset: u8,
    bytes: [u8; 4],
    len: u8,
    /// Whether the checksum and the CRC of a descriptor there are made right again.
    reseal: bool,
}

impl Change {
    fn apply(&self, base: &Base, bytes: &mut [u8]) {
        let place = usize::from(self.place) * 65_537 % base.places.len();
        let at = base.places[place] + usize::from(self.offset % 8);
        for (target, byte) in bytes
            .iter_mut()
            .skip(at)
            .zip(self.bytes)
            .take(usize::from(self.len % 4) + 1)
        {
            *target = byte;
        }
        if self.reseal {
            let start = at / BLOCK * BLOCK;
            let end = (start + BLOCK).min(bytes.len());
            if let Some(block) = bytes.get_mut(start..end) {
                reseal(block);
            }
        }
    }
}

/// Makes a descriptor's tag right (ECMA-167 3/7.2).
fn reseal(block: &mut [u8]) {
    if block.len() < 16 {
        return;
    }
    let len = usize::from(u16::from_le_bytes([block[10], block[11]])).min(block.len() - 16);
    let mut crc = 0_u16;
    for byte in &block[16..16 + len] {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            };
        }
    }
    block[8..10].copy_from_slice(&crc.to_le_bytes());
    block[4] = 0;
    block[4] = block[..16]
        .iter()
        .fold(0, |sum, byte| sum.wrapping_add(*byte));
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let bytes = match BASES.get(usize::from(first) % (BASES.len() + 1)) {
        Some(base) => {
            let mut bytes = base.bytes.clone();
            let mut input = Unstructured::new(rest);
            while let Ok(change) = Change::arbitrary(&mut input) {
                if input.is_empty() {
                    break;
                }
                change.apply(base, &mut bytes);
            }
            bytes
        }
        None => [&[0; SYSTEM_AREA], rest].concat(),
    };
    read(bytes);
});

/// A disc that counts what is read of it.
struct Counting {
    disc: ReaderDisc<Cursor<Vec<u8>>>,
    read: Arc<AtomicU64>,
}

impl Disc for Counting {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.read.fetch_add(buf.len() as u64, Ordering::Relaxed);
        self.disc.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.disc.total_blocks()
    }
}

/// Reads all that can be read.
fn read(bytes: Vec<u8>) {
    // A fault and an entry may take turns.
    let most = bytes.len() / 20 + 1;
    let work = 16 * bytes.len() as u64 + (1 << 20);
    let read = Arc::new(AtomicU64::new(0));
    let disc = Counting {
        disc: ReaderDisc::new(Cursor::new(bytes)).expect("memory has a length"),
        read: Arc::clone(&read),
    };
    let within = || {
        let read = read.swap(0, Ordering::Relaxed);
        assert!(read <= work, "{read} bytes are read, {work} may be");
    };
    let options = ImportOptions::new().memory(16 << 20).work(work);
    let disc = RecordedDisc::open_with(disc, &options);
    within();
    let Ok(disc) = disc else {
        return;
    };
    let _ = disc.default_file_system();
    let _ = disc.boot_entries();
    within();
    for file_system in FileSystems::all() {
        let volume = disc.volume(file_system);
        within();
        let Ok(volume) = volume else {
            continue;
        };
        let (mut items, mut text) = (0, 0);
        for item in volume.walk() {
            items += 1;
            assert!(items <= most, "more items than the disc has room for");
            if let Ok(item) = item {
                text += item.path().to_string().len() as u64;
                assert!(text <= work, "more text of paths than there may be");
            }
        }
        within();
        for item in volume.walk() {
            let Ok(item) = item else { continue };
            for stream in item.streams() {
                if let Ok(data) = stream.data() {
                    let _ = data.take(1 << 12).read_to_end(&mut Vec::new());
                }
            }
            if let Ok(data) = item.data() {
                let _ = data.take(1 << 14).read_to_end(&mut Vec::new());
            }
        }
        read.store(0, Ordering::Relaxed);
        let _ = volume.findings();
    }
}

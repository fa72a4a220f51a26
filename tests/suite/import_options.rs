//! What an import may take and continue: memory, names in a code page, discs of other programs.

use std::io;

use imapi2fs::{
    Disc, Error, Excess, FileSystemImage, FileSystems, ImagePath, ImportOptions,
    MultisessionInterface, RandomWriteImage, RecordedDisc, RecordedItem, SequentialImage,
};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential};
use crate::support::bytes::{BLOCK, all, crc, le16, le32};
use crate::support::udf::rewrite_descriptors;
use crate::support::{ISO9660, JOLIET, UDF, add_files, image, image_of, masks, paths, state};

/// A record of a directory (ECMA-119 9.1).
fn record(block: u32, len: u32, flags: u8, identifier: &[u8], system_use: &[u8]) -> Bytes {
    let mut bytes = vec![0, 0];
    for number in [block, len] {
        bytes.extend(number.to_le_bytes());
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend([100, 1, 1, 0, 0, 0, 0, flags, 0, 0, 1, 0, 0, 1]);
    bytes.push(identifier.len() as u8);
    bytes.extend(identifier);
    if identifier.len() % 2 == 0 {
        bytes.push(0);
    }
    bytes.extend(system_use);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes[0] = bytes.len() as u8;
    bytes
}

const DIRECTORY: u8 = 2;

/// The block of the root directory in blocks of 2048 bytes, and the only one it has.
const ROOT: usize = 20;

/// A disc of ISO 9660 as another program makes it, of 200 blocks. `records` are in the root directory, behind its own
/// and its parent's, and count in blocks of `block_len`.
fn other(block_len: usize, rock_ridge: bool, records: &[Bytes]) -> Bytes {
    let mut bytes = vec![0; 200 * BLOCK];
    let per_block = BLOCK / block_len;
    let root = (ROOT * per_block) as u32;
    let marks: &[u8] = if rock_ridge {
        b"SP\x07\x01\xBE\xEF\x00"
    } else {
        b""
    };
    let mut descriptor = vec![0; BLOCK];
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[40..72].fill(b' ');
    let mut put = |at: usize, number: u32| {
        descriptor[at..at + 4].copy_from_slice(&number.to_le_bytes());
        descriptor[at + 4..at + 8].copy_from_slice(&number.to_be_bytes());
    };
    put(80, (200 * per_block) as u32);
    for at in [120, 124] {
        descriptor[at..at + 4].copy_from_slice(&[1, 0, 0, 1]);
    }
    let [low, high] = (block_len as u16).to_le_bytes();
    descriptor[128..132].copy_from_slice(&[low, high, high, low]);
    descriptor[156..190].copy_from_slice(&record(root, BLOCK as u32, DIRECTORY, &[0], &[]));
    descriptor[574..702].fill(b' ');
    descriptor[881] = 1;
    bytes[16 * BLOCK..17 * BLOCK].copy_from_slice(&descriptor);
    bytes[17 * BLOCK..17 * BLOCK + 7].copy_from_slice(b"\xFFCD001\x01");
    let mut at = ROOT * BLOCK;
    let own = [
        record(root, BLOCK as u32, DIRECTORY, &[0], marks),
        record(root, BLOCK as u32, DIRECTORY, &[1], &[]),
    ];
    for record in own.iter().chain(records) {
        bytes[at..at + record.len()].copy_from_slice(record);
        at += record.len();
    }
    assert!(at <= (ROOT + 1) * BLOCK);
    bytes
}

/// An image that is to continue a disc.
#[track_caller]
fn offered(interface: MultisessionInterface, options: ImportOptions) -> FileSystemImage {
    let mut image = image();
    image.set_multisession_interfaces(vec![interface]).unwrap();
    image.set_import_options(options);
    image
}

/// Why the disc cannot be continued, by either kind; and that nothing has changed.
#[track_caller]
fn refusals(bytes: &[u8], options: &ImportOptions) -> Vec<String> {
    let mut refusals = Vec::new();
    for interface in [sequential(bytes), random_write(bytes)] {
        let mut image = offered(interface, options.clone());
        let before = state(&image);
        for file_system in image.identify_file_systems_on_disc().unwrap() {
            assert!(!image.probe_specific_file_system(file_system).unwrap());
        }
        match image.import_file_system() {
            Err(Error::IncompatiblePreviousSession { problem, .. }) => {
                refusals.push(problem.to_string());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(state(&image), before);
    }
    refusals.dedup();
    refusals
}

fn others() -> ImportOptions {
    ImportOptions::new().other_producers(true)
}

#[track_caller]
fn items(bytes: &[u8]) -> Vec<RecordedItem> {
    let disc = RecordedDisc::open(disc(bytes)).unwrap();
    let volume = disc.volume(ISO9660).unwrap();
    volume.walk().map(Result::unwrap).collect()
}

#[test]
fn files_that_share_a_sector_are_told_apart() {
    for block_len in [512, 1024] {
        let per_block = (BLOCK / block_len) as u32;
        let block = 50 * per_block;
        let mut bytes = other(
            block_len,
            false,
            &[
                record(block, 3, 0, b"A.TXT;1", &[]),
                record(block + 1, 3, 0, b"B.TXT;1", &[]),
                record(block, 3, 0, b"C.TXT;1", &[]),
                record(block, 2, 0, b"D.TXT;1", &[]),
                record(block, 0, 0, b"E.TXT;1", &[]),
                record(block, 0, 0, b"F.TXT;1", &[]),
            ],
        );
        bytes[50 * BLOCK..][..3].copy_from_slice(b"one");
        bytes[50 * BLOCK + block_len..][..3].copy_from_slice(b"two");
        let items = items(&bytes);
        let texts: Vec<_> = items.iter().map(|item| all(item.data().unwrap())).collect();
        assert_eq!(texts, [&b"one"[..], b"two", b"one", b"on", b"", b""]);
        let mut identities: Vec<_> = items.iter().map(RecordedItem::identity).collect();
        assert_eq!(identities[0], identities[2]);
        identities.sort_unstable();
        identities.dedup();
        assert_eq!(identities.len(), 5);
        assert_eq!(
            refusals(&bytes, &others()),
            ["its ISO 9660 volume has logical blocks of another length than 2048"]
        );
    }
}

#[test]
fn sessions_behind_volumes_of_short_blocks_are_found() {
    for block_len in [512, 1024, 2048] {
        let mut bytes = other(block_len, false, &[]);
        let mut second = image_of(ISO9660);
        second.set_session_start_block(224).unwrap();
        add_files(&mut second, &[("SECOND", b"2")]);
        bytes.resize(224 * BLOCK, 0);
        bytes.extend(bytes_of(&second));
        let disc = RecordedDisc::open(disc(&bytes)).unwrap();
        let starts = disc.sessions().iter();
        let starts: Vec<_> = starts.map(|session| session.start_block()).collect();
        assert_eq!(starts, [0, 224], "{block_len}");
    }
}

#[test]
fn files_are_one_only_where_their_data_is() {
    // The number an empty file is known by is where its record is, which a bad disc can have data at.
    let own_len = 34 + 34;
    let mut bytes = other(
        BLOCK,
        false,
        &[
            record(0, 0, 0, b"A", &[]),
            record(ROOT as u32, own_len, 0, b"B", &[]),
            record(ROOT as u32, own_len, 0, b"C", &[]),
        ],
    );
    bytes.resize(300 * BLOCK, 0);
    let identities: Vec<_> = items(&bytes).iter().map(RecordedItem::identity).collect();
    assert_eq!(identities[0], identities[1]);
    let mut image = offered(sequential(&bytes), others());
    image.import_file_system().unwrap();
    let data = |path: &str| all(image.item(path).unwrap().data().unwrap());
    assert_eq!(data("A"), b"");
    assert_eq!(data("B"), bytes[ROOT * BLOCK..][..own_len as usize]);
    assert_eq!(data("C"), data("B"));
}

#[test]
fn names_are_imported_by_code_page() {
    let bytes = other(
        BLOCK,
        false,
        &[record(50, 1, 0, b"\x83\x65\x83\x58\x83\x67", &[])],
    );
    let options = others().code_page("shift_jis").unwrap();
    let mut image = offered(sequential(&bytes), options);
    image.import_file_system().unwrap();
    assert_eq!(paths(&image), ["/テスト"]);
}

/// An image of many small files.
fn many(file_systems: FileSystems, files: usize) -> Bytes {
    let mut image = image_of(file_systems);
    image.root_mut().add_directory("DIR").unwrap();
    for number in 0..files {
        let path = format!("DIR/FILE{number:05}");
        image.root_mut().add_file(path, b"x").unwrap();
    }
    bytes_of(&image)
}

#[test]
fn what_is_imported_stays_within_its_limit() {
    for file_systems in [ISO9660, ISO9660 | JOLIET, UDF] {
        let bytes = many(file_systems, 5000);
        for interface in [sequential(&bytes), random_write(&bytes)] {
            let mut image = offered(interface, ImportOptions::new().memory(1_000_000));
            let before = state(&image);
            match image.import_file_system() {
                Err(Error::ImportMemory(Excess { needed, limit, .. })) => {
                    assert_eq!(limit, 1_000_000);
                    assert!(needed > limit);
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(state(&image), before);
            // Nothing is left of what was tried.
            image.set_import_options(ImportOptions::new().memory(1_300_000));
            assert_eq!(image.import_file_system().unwrap().files, 5000);
        }
    }
}

/// A disc of which all blocks but the first are zeros.
struct Sparse {
    bytes: Bytes,
    blocks: u32,
}

impl Disc for Sparse {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        buf.fill(0);
        let there = self.bytes.get(block as usize * BLOCK..).unwrap_or_default();
        let len = there.len().min(buf.len());
        buf[..len].copy_from_slice(&there[..len]);
        Ok(())
    }

    fn total_blocks(&self) -> u32 {
        self.blocks
    }
}

/// Directories that overlap have more files than the disc has bytes.
#[test]
fn overlapping_directories_are_too_much_in_the_end() {
    const DIRECTORIES: u32 = 40;
    const BLOCKS: u32 = 400;
    let directories: Vec<_> = (0..DIRECTORIES)
        .map(|number| {
            let name = format!("D{number:02}");
            let len = (BLOCKS - number) * BLOCK as u32;
            record(1000 + number, len, DIRECTORY, name.as_bytes(), &[])
        })
        .collect();
    let mut bytes = other(BLOCK, false, &directories);
    bytes.resize(1000 * BLOCK, 0);
    for number in 0..BLOCKS {
        for file in 0..48 {
            bytes.extend(record(
                900,
                1,
                0,
                format!("F{number:03}{file:02}").as_bytes(),
                &[],
            ));
        }
        bytes.resize((1001 + number as usize) * BLOCK, 0);
    }
    let open = |memory| {
        let disc = Sparse {
            bytes: bytes.clone(),
            blocks: 1_000_000,
        };
        let interface = MultisessionInterface::random_write(RandomWriteImage::new(disc));
        offered(interface, others().memory(memory)).import_file_system()
    };
    assert!(matches!(open(16 << 20), Err(Error::ImportMemory(_))));
    let files = u64::from(
        (0..DIRECTORIES)
            .map(|number| 48 * (BLOCKS - number))
            .sum::<u32>(),
    );
    assert_eq!(open(256 << 20).unwrap().files, files);
}

/// All files have the same long list of extents.
#[test]
fn files_that_share_their_extents_are_too_much_in_the_end() {
    const FILES: usize = 200;
    const FILE_ENTRY: u16 = 261;
    const REST: u32 = 3 << 30;
    const UNRECORDED: u32 = 2 << 30;
    const LINKS: u32 = 16;
    const PAIRS: usize = 126;
    let mut image = image_of(UDF);
    for number in 0..FILES {
        let path = format!("FILE{number:05}");
        image.root_mut().add_file(path, b"x").unwrap();
    }
    let links = vec![0x5A; LINKS as usize * BLOCK];
    image.root_mut().add_file("LINKS", links.clone()).unwrap();
    let mut bytes = bytes_of(&image);
    let at = bytes
        .windows(links.len())
        .position(|window| window == links);
    let at = at.unwrap();
    let partition = bytes.chunks(BLOCK).find(|block| le16(block, 0) == 5);
    let partition = le32(partition.unwrap(), 188);
    let first = (at / BLOCK) as u32 - partition;
    for link in 0..LINKS {
        let mut block = vec![0; 24];
        block[..2].copy_from_slice(&258_u16.to_le_bytes());
        block[2] = 2;
        for _ in 0..PAIRS {
            for extent in [[1, 1], [UNRECORDED | 1, 0]] {
                block.extend(extent.map(u32::to_le_bytes).concat());
            }
        }
        if link + 1 < LINKS {
            block.extend(
                [REST | BLOCK as u32, first + link + 1]
                    .map(u32::to_le_bytes)
                    .concat(),
            );
        }
        let len = block.len();
        block[20..24].copy_from_slice(&((len - 24) as u32).to_le_bytes());
        block[10..12].copy_from_slice(&((len - 16) as u16).to_le_bytes());
        block[12..16].copy_from_slice(&(first + link).to_le_bytes());
        let sum = crc(&block[16..]);
        block[8..10].copy_from_slice(&sum.to_le_bytes());
        block[4] = block[..16]
            .iter()
            .fold(0, |sum, byte| sum.wrapping_add(*byte));
        bytes[at + link as usize * BLOCK..][..len].copy_from_slice(&block);
    }
    let len = LINKS as usize * PAIRS * 2;
    let bytes = rewrite_descriptors(&bytes, FILE_ENTRY, |entry| {
        let is_file = entry[27] == 5 && le32(entry, 56) == 1;
        if is_file {
            entry[56..64].copy_from_slice(&(len as u64).to_le_bytes());
            let attributes = le32(entry, 168) as usize;
            let descriptor = [REST | BLOCK as u32, first].map(u32::to_le_bytes).concat();
            entry[172..176].copy_from_slice(&8_u32.to_le_bytes());
            entry[176 + attributes..][..8].copy_from_slice(&descriptor);
        }
    });
    let import = |memory| {
        let options = ImportOptions::new().memory(memory);
        offered(sequential(&bytes), options).import_file_system()
    };
    match import(8 << 20) {
        Err(Error::ReadItem { source, .. }) => {
            assert!(matches!(*source, Error::ImportMemory(_)), "{source}");
        }
        Err(Error::ImportMemory(_)) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(import(64 << 20).unwrap().files, FILES as u64 + 1);
}

#[test]
fn what_another_program_recorded_is_continued_if_that_is_wanted() {
    const REFUSED: [&str; 1] = ["another program recorded it"];
    for file_systems in masks() {
        let mut first = image_of(file_systems);
        add_files(&mut first, &[("A.TXT", b"a")]);
        let own = bytes_of(&first);
        let mut discs = Vec::new();
        if file_systems.contains(ISO9660) {
            let mut bytes = own.clone();
            bytes[16 * BLOCK + 574..][..8].copy_from_slice(b"MKISOFS ");
            discs.push(bytes);
        }
        if file_systems.contains(UDF) {
            // The primary and the logical volume descriptor.
            for (identifier, at) in [(1, 388), (6, 272)] {
                discs.push(rewrite_descriptors(&own, identifier, |descriptor| {
                    assert_eq!(&descriptor[at + 1..][..10], b"*imapi2fs\0");
                    descriptor[at + 1..][..10].copy_from_slice(b"*Linux UDF");
                }));
            }
        }
        assert!(!discs.is_empty());
        for bytes in discs {
            assert_eq!(refusals(&bytes, &ImportOptions::new()), REFUSED);
            for interface in [sequential(&bytes), random_write(&bytes)] {
                let mut image = offered(interface, others());
                for file_system in file_systems {
                    assert!(image.probe_specific_file_system(file_system).unwrap());
                }
                assert_eq!(image.import_file_system().unwrap().files, 1);
                image.create_result_image().unwrap();
            }
        }
        let mut image = offered(sequential(&own), ImportOptions::new());
        assert_eq!(image.import_file_system().unwrap().files, 1);
    }
}

/// A file's mode (RRIP 4.1.1).
fn mode() -> Bytes {
    let mut bytes = b"PX\x24\x01".to_vec();
    for number in [0o100_755_u32, 1, 0, 0] {
        bytes.extend(number.to_le_bytes());
        bytes.extend(number.to_be_bytes());
    }
    bytes
}

#[test]
fn rock_ridge_is_dropped_only_if_that_is_wanted() {
    let name = |name: &[u8]| [b"NM", &[5 + name.len() as u8, 1, 0][..], name].concat();
    let zisofs = b"ZF\x10\x01pz\x04\x0F\x05\0\0\0\0\0\0\x05";
    let of = |record: &[u8]| [&mode(), record].concat();
    let mut bytes = other(
        BLOCK,
        true,
        &[
            record(50, 5, 0, b"A.;1", &of(&name(b"a plain file"))),
            record(
                51,
                7,
                0,
                b"B.;1",
                &of(&[&name(b"small"), &zisofs[..]].concat()),
            ),
        ],
    );
    bytes[51 * BLOCK..][..7].copy_from_slice(b"encoded");
    assert_eq!(
        refusals(&bytes, &others()),
        ["its ISO 9660 has Rock Ridge, which would be lost"]
    );
    assert_eq!(
        refusals(&bytes, &ImportOptions::new().drop_rock_ridge(true)),
        ["another program recorded it"]
    );
    let mut image = offered(sequential(&bytes), others().drop_rock_ridge(true));
    let summary = image.import_file_system().unwrap();
    assert_eq!(summary.files, 2);
    // Its bytes are those that are recorded, and the new session has no word of their form.
    assert_eq!(summary.encoded, [ImagePath::from("small")]);
    let data = all(image.item("small").unwrap().data().unwrap());
    assert_eq!(data, b"encoded");
    assert_eq!(paths(&image), ["/a plain file", "/small"]);
}

#[test]
fn the_interface_says_which_session_is_imported() {
    let bytes = many(ISO9660, 1);
    let disc = SequentialImage::open(disc(&bytes)).unwrap();
    let interface = MultisessionInterface::sequential(disc);
    for options in [
        ImportOptions::new().session(7),
        ImportOptions::new().session_start(7),
    ] {
        for interface in [interface.clone(), random_write(&bytes)] {
            let mut image = offered(interface, options.clone());
            assert_eq!(image.import_file_system().unwrap().files, 1);
        }
    }
}

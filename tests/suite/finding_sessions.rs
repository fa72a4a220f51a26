//! Where sessions are found, what finding them costs, and what is said when something follows that is none.

use std::io;
use std::sync::Mutex;

use imapi2fs::{
    Disc, Error, FileSystemImage, FileSystems, ImportOptions, MultisessionInterface,
    RandomWriteImage, RecordedDisc, SequentialImage, UnknownBlocks,
};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential, written};
use crate::support::bytes::{BLOCK, all};
use crate::support::drive::{imported, offered, recorded};
use crate::support::udf::rewrite_descriptors;
use crate::support::{ISO9660, JOLIET, UDF, add_files, image_of, masks};

/// The tag of a primary volume descriptor of UDF (ECMA-167 3/7.2.1).
const PRIMARY_VOLUME: u16 = 1;

/// A disc that counts how often each of its blocks is read.
struct Counted {
    bytes: Bytes,
    /// Blocks that are a hole.
    hole: std::ops::Range<u32>,
    is_file: bool,
    starts: Option<Vec<u32>>,
    reads: Mutex<Vec<u32>>,
}

impl Counted {
    fn new(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            hole: 0..0,
            is_file: true,
            starts: None,
            reads: Mutex::new(vec![0; bytes.len().div_ceil(BLOCK)]),
        }
    }

    /// Opens it; gives how often each block was read.
    fn opened(self) -> (RecordedDisc, Vec<u32>) {
        let disc = std::sync::Arc::new(self);
        let recorded = RecordedDisc::open(disc.clone()).unwrap();
        let reads = disc.reads.lock().unwrap().clone();
        (recorded, reads)
    }
}

impl Disc for Counted {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let at = block as usize * BLOCK;
        for number in block..block + (buf.len() / BLOCK) as u32 {
            self.reads.lock().unwrap()[number as usize] += 1;
        }
        buf.copy_from_slice(&self.bytes[at..at + buf.len()]);
        Ok(())
    }

    fn total_blocks(&self) -> u32 {
        self.bytes.len().div_ceil(BLOCK) as u32
    }

    fn next_data(&self, block: u32) -> io::Result<Option<u32>> {
        if !self.is_file {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let next = if self.hole.contains(&block) {
            self.hole.end
        } else {
            block
        };
        Ok(Some(next).filter(|next| *next < self.total_blocks()))
    }

    fn session_starts(&self) -> io::Result<Option<Vec<u32>>> {
        Ok(self.starts.clone())
    }

    fn free_blocks(&self) -> u32 {
        100_000
    }
}

/// A session with a file of its number, as a drive that is told where it begins writes it.
fn session(file_systems: FileSystems, start: usize, number: usize) -> Bytes {
    let mut image = image_of(file_systems);
    image.set_session_start_block(start as u32).unwrap();
    let name = format!("S{number}");
    add_files(&mut image, &[(&name, name.as_bytes())]);
    bytes_of(&image)
}

/// A disc with a session at each of these distances from the end of the one before.
fn with_sessions(file_systems: FileSystems, gaps: &[usize]) -> (Bytes, Vec<u32>) {
    let mut bytes = session(file_systems, 0, 0);
    let mut starts = vec![0];
    for (number, gap) in gaps.iter().enumerate() {
        let start = bytes.len() / BLOCK + gap;
        starts.push(start as u32);
        bytes.resize(start * BLOCK, 0);
        bytes.extend(session(file_systems, start, number + 1));
    }
    (bytes, starts)
}

fn starts(disc: &RecordedDisc) -> Vec<u32> {
    let sessions = disc.sessions().iter();
    sessions.map(|session| session.start_block()).collect()
}

fn starts_in(bytes: &[u8]) -> Vec<u32> {
    starts(&RecordedDisc::open(disc(bytes)).unwrap())
}

/// What the only file of the last session has in each file system.
#[track_caller]
fn check_last(recorded: &RecordedDisc, file_systems: FileSystems, data: &[u8]) {
    assert_eq!(recorded.file_systems(), file_systems);
    for file_system in file_systems.iter() {
        let volume = recorded.volume(file_system).unwrap();
        let items: Vec<_> = volume.walk().map(Result::unwrap).collect();
        assert_eq!(items.len(), 1, "{file_system}");
        assert_eq!(all(items[0].data().unwrap()), data);
    }
}

/// On a CD whose first track is padded, the second session begins where no rule of thumb leads to.
#[test]
fn a_second_session_at_block_12010_is_found_and_continued() {
    for file_systems in masks() {
        let mut bytes = session(file_systems, 0, 0);
        bytes.resize(12_010 * BLOCK, 0);
        bytes.extend(session(file_systems, 12_010, 1));
        let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
        assert_eq!(starts(&recorded), [0, 12_010], "{file_systems}");
        assert_eq!(recorded.unknown_blocks(), None);
        check_last(&recorded, file_systems, b"S1");
        for kind in [sequential, random_write] {
            let mut image = imported(kind(&bytes));
            assert!(image.exists("S1").unwrap().is_some());
            image.root_mut().add_file("S2", b"S2").unwrap();
            let new = written(&bytes, &image.create_result_image().unwrap());
            let image = imported(kind(&new));
            for name in ["S1", "S2"] {
                assert!(
                    image.exists(name).unwrap().is_some(),
                    "{file_systems} {name}"
                );
            }
        }
    }
}

#[test]
fn a_session_can_begin_at_any_block_of_a_file() {
    for file_systems in masks() {
        for gaps in [&[1][..], &[5, 31], &[33], &[150, 152, 7], &[6_901, 11_437]] {
            let (bytes, expected) = with_sessions(file_systems, gaps);
            let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
            assert_eq!(starts(&recorded), expected, "{file_systems}");
            assert_eq!(recorded.unknown_blocks(), None);
            let last = format!("S{}", gaps.len());
            check_last(&recorded, file_systems, last.as_bytes());
        }
    }
    let (bytes, expected) = with_sessions(ISO9660, &[70_001]);
    assert_eq!(starts_in(&bytes), expected);
    // Of all kinds, after each other.
    let mut bytes = session(UDF, 0, 0);
    let mut expected = vec![0];
    for (number, file_systems) in masks().into_iter().chain(masks()).enumerate() {
        let start = bytes.len() / BLOCK + 40 + 7 * number;
        expected.push(start as u32);
        bytes.resize(start * BLOCK, 0);
        bytes.extend(session(file_systems, start, number));
    }
    assert_eq!(starts_in(&bytes), expected);
}

/// A first track of sound, or nothing that can be read, before the files.
#[test]
fn a_session_is_found_where_the_first_one_has_no_file_system() {
    for file_systems in masks() {
        let mut bytes = vec![0x5A; 5_011 * BLOCK];
        bytes.extend(session(file_systems, 5_011, 1));
        let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
        assert_eq!(starts(&recorded), [0, 5_011]);
        check_last(&recorded, file_systems, b"S1");
    }
}

#[test]
fn an_image_that_ends_with_its_last_session_pays_nothing_for_the_search() {
    for file_systems in masks() {
        let mut image = image_of(file_systems);
        add_files(&mut image, &[("LARGE", &[0xA5; 5_000 * BLOCK])]);
        let bytes = bytes_of(&image);
        let (recorded, reads) = Counted::new(&bytes).opened();
        assert_eq!(starts(&recorded), [0]);
        let read: u32 = reads.iter().sum();
        assert!(read < 500, "{file_systems}: {read} blocks are read");
    }
}

#[test]
fn a_search_reads_each_block_once_and_no_hole() {
    for file_systems in masks() {
        let old = session(file_systems, 0, 0);
        let end = old.len() / BLOCK;
        // Zeros, data, and data with a session after it.
        let mut zeros = old.clone();
        zeros.resize((end + 3_000) * BLOCK, 0);
        let mut data = old.clone();
        data.resize((end + 3_000) * BLOCK, 0x77);
        let mut more = data.clone();
        more.extend(session(file_systems, end + 3_000, 1));
        for (bytes, sessions) in [(&zeros, 1), (&data, 1), (&more, 2)] {
            let (recorded, reads) = Counted::new(bytes).opened();
            assert_eq!(recorded.sessions().len(), sessions);
            let searched = &reads[end + 40..end + 2_990];
            let twice = searched.iter().filter(|reads| **reads > 1).count();
            // However long it is: windows around the usual places and around anchors.
            assert!(twice <= 64, "{file_systems}: {twice} blocks are read twice");
            let total: u32 = reads.iter().sum();
            assert!(total as usize <= reads.len() + 2_000, "{total}");
        }
        let mut counted = Counted::new(&more);
        let hole = end as u32 + 300..end as u32 + 2_900;
        counted.bytes[hole.start as usize * BLOCK..hole.end as usize * BLOCK].fill(0);
        counted.hole = hole;
        let hole = counted.hole.start as usize + 64..counted.hole.end as usize - 64;
        let (recorded, reads) = counted.opened();
        assert_eq!(recorded.sessions().len(), 2);
        // Places where single structures can be, such as an anchor, are looked at whatever is there.
        assert!(reads[hole].iter().sum::<u32>() <= 32);
    }
}

/// Finding out where sessions end looks at no file of theirs.
#[test]
fn opening_takes_as_long_as_there_are_sessions_and_not_as_there_are_files() {
    let read = |sessions: usize, files: usize| {
        let mut bytes = Bytes::new();
        for number in 0..sessions {
            let start = bytes.len() / BLOCK;
            let mut image = image_of(ISO9660 | JOLIET);
            image.set_session_start_block(start as u32).unwrap();
            for file in 0..files {
                let path = format!("D{}/F{file}", file % 20);
                add_files(&mut image, &[(&path, number.to_string().as_bytes())]);
            }
            let mut session = bytes_of(&image);
            // As other programs count, so that each could end in two places.
            let size = (session.len() / BLOCK) as u32;
            let space_size = 16 * BLOCK + 80;
            session[space_size..space_size + 4].copy_from_slice(&size.to_le_bytes());
            session[space_size + 4..space_size + 8].copy_from_slice(&size.to_be_bytes());
            bytes.extend(session);
        }
        let (recorded, reads) = Counted::new(&bytes).opened();
        assert_eq!(recorded.sessions().len(), sessions);
        let data = bytes.len() / BLOCK;
        (reads.iter().sum::<u32>() as usize, data)
    };
    let (few, _) = read(10, 100);
    let (many, blocks) = read(40, 100);
    assert!(many <= 4 * few + blocks, "{few} and {many}");
    let (few_files, before) = read(10, 20);
    let (more_files, after) = read(10, 400);
    // What is searched has more blocks.
    assert!(
        more_files <= few_files + (after - before),
        "{few_files} and {more_files}"
    );
}

/// In a drive blocks between sessions cannot be read, and each attempt takes seconds.
#[test]
fn a_device_is_not_searched_and_that_is_said() {
    for file_systems in masks() {
        let mut bytes = session(file_systems, 0, 0);
        let end = (bytes.len() / BLOCK) as u32;
        bytes.resize(12_010 * BLOCK, 0);
        bytes.extend(session(file_systems, 12_010, 1));
        let last = (bytes.len() / BLOCK) as u32 - 1;
        let device = |starts: Option<Vec<u32>>| Counted {
            is_file: false,
            starts,
            ..Counted::new(&bytes)
        };
        let (recorded, reads) = device(None).opened();
        assert_eq!(starts(&recorded), [0]);
        assert_eq!(
            recorded.unknown_blocks(),
            Some(UnknownBlocks::NotSearched { first: end, last })
        );
        assert!(reads.iter().sum::<u32>() < 1_000);
        let (recorded, _) = device(Some(vec![0, 12_010])).opened();
        assert_eq!(starts(&recorded), [0, 12_010]);
        assert_eq!(recorded.unknown_blocks(), None);
        check_last(&recorded, file_systems, b"S1");
    }
}

fn tolerant(interface: MultisessionInterface) -> FileSystemImage {
    let mut image = offered([interface]);
    image.set_import_options(ImportOptions::new().unknown_blocks(true));
    image.import_file_system().unwrap();
    image
}

/// A session whose first descriptor is damaged looks like anything else; continuing the one before would lose its files.
#[test]
fn a_damaged_last_session_is_not_passed_over_in_silence() {
    for file_systems in masks() {
        for gap in [0, 150, 3_003] {
            let (mut bytes, starts) = with_sessions(file_systems, &[gap]);
            let second = starts[1] as usize;
            // All that readers look for first.
            bytes[(second + 16) * BLOCK..(second + 22) * BLOCK].fill(0xEE);
            let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
            assert_eq!(recorded.sessions().len(), 1);
            check_last(&recorded, file_systems, b"S0");
            let last = (bytes.len() / BLOCK) as u32 - 1;
            let first = starts[1] + 16;
            let unknown = recorded.unknown_blocks().unwrap();
            assert_eq!(unknown, UnknownBlocks::Data { first, last });
            assert_eq!(
                unknown.to_string(),
                format!(
                    "blocks {first} to {last} after the last session hold data, but no session was found there"
                )
            );
            for kind in [sequential, random_write] {
                let mut image = offered([kind(&bytes)]);
                let error = image.import_file_system().unwrap_err();
                assert!(
                    matches!(error, Error::UnknownBlocks { first: f, last: l, .. } if (f, l) == (first, last)),
                    "{error}"
                );
                assert_eq!(error.hresult().0, 0xC0AA_B133);
                assert!(
                    !image
                        .probe_specific_file_system(file_systems.iter().next().unwrap())
                        .unwrap()
                );
                // All of it stays.
                let mut image = tolerant(kind(&bytes));
                assert!(image.session_start_block() > last);
                image.root_mut().add_file("NEW", b"new").unwrap();
                let new = written(&bytes, &image.create_result_image().unwrap());
                assert!(new[second * BLOCK..bytes.len()] == bytes[second * BLOCK..]);
                assert!(tolerant(kind(&new)).exists("NEW").unwrap().is_some());
            }
        }
    }
}

/// Other data, wherever it is.
#[test]
fn data_after_the_last_session_is_reported_with_its_blocks() {
    for file_systems in masks() {
        let old = session(file_systems, 0, 0);
        let end = old.len() / BLOCK;
        for (from, to) in [(0, 1), (0, 40), (7, 9), (500, 501), (12_000, 12_001)] {
            let mut bytes = old.clone();
            bytes.resize((end + from) * BLOCK, 0);
            bytes.resize((end + to) * BLOCK, 0x33);
            bytes.resize((end + to + 100) * BLOCK, 0);
            let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
            let (first, last) = ((end + from) as u32, (end + to - 1) as u32);
            assert_eq!(
                recorded.unknown_blocks(),
                Some(UnknownBlocks::Data { first, last }),
                "{file_systems}"
            );
        }
        // Zeros are nothing.
        for zeros in [1, 150, 12_000] {
            let mut bytes = old.clone();
            bytes.resize((end + zeros) * BLOCK, 0);
            let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
            assert_eq!(recorded.unknown_blocks(), None);
            imported(sequential(&bytes));
        }
    }
}

/// What partition tables list is known, and so is the second one of GPT at the end.
#[test]
fn partitions_after_a_volume_are_known() {
    let bytes = recorded(ISO9660 | JOLIET);
    let end = bytes.len() / BLOCK;
    let mut listed = bytes.clone();
    let sector = 4 * (end + 20) as u32;
    listed[450] = 0xEF;
    listed[454..458].copy_from_slice(&sector.to_le_bytes());
    listed[458..462].copy_from_slice(&40_u32.to_le_bytes());
    listed[510..512].copy_from_slice(&[0x55, 0xAA]);
    listed.resize((end + 20) * BLOCK, 0);
    listed.resize((end + 30) * BLOCK, 9);
    assert_eq!(
        RecordedDisc::open(disc(&listed)).unwrap().unknown_blocks(),
        None
    );
    imported(sequential(&listed));
    let mut backup = bytes.clone();
    backup.resize((end + 20) * BLOCK, 0);
    let table = backup.len() as u64 / 512;
    backup.resize(backup.len() + 32 * 512, 4);
    let mut header = vec![0; 512];
    header[..8].copy_from_slice(b"EFI PART");
    header[24..32].copy_from_slice(&(table + 32).to_le_bytes());
    header[72..80].copy_from_slice(&table.to_le_bytes());
    backup.extend(header);
    assert_eq!(
        RecordedDisc::open(disc(&backup)).unwrap().unknown_blocks(),
        None
    );
    imported(sequential(&backup));
}

/// Whatever lies in a volume or after it, an image file counts its blocks from its own start.
#[test]
fn image_files_are_no_sessions_at_any_block() {
    for file_systems in masks() {
        let (inner, _) = with_sessions(file_systems, &[40]);
        let old = session(file_systems, 0, 0);
        for place in [0, 5, 32, 1_000] {
            let mut bytes = old.clone();
            bytes.resize(bytes.len() + place * BLOCK, 0);
            bytes.extend(&inner);
            assert_eq!(starts_in(&bytes), [0], "{file_systems}");
            // A session after it is found.
            let start = bytes.len() / BLOCK + 3;
            bytes.resize(start * BLOCK, 0);
            bytes.extend(session(file_systems, start, 1));
            assert_eq!(starts_in(&bytes), [0, start as u32], "{file_systems}");
        }
        let mut outer = image_of(file_systems);
        add_files(&mut outer, &[("IMAGE.ISO", &inner)]);
        assert_eq!(starts_in(&bytes_of(&outer)), [0]);
    }
}

/// A writer killed before the first descriptor leaves the others: that is said, and in nobody's way.
#[test]
fn what_an_interrupted_writer_left_is_told_from_other_data() {
    for file_systems in masks() {
        let old = session(file_systems, 0, 0);
        for kind in [sequential, random_write] {
            let mut image = imported(kind(&old));
            image.root_mut().add_file("NEW", vec![1; 70_000]).unwrap();
            let start = image.session_start_block() as usize;
            let mut bytes = written(&old, &image.create_result_image().unwrap());
            bytes[..old.len()].copy_from_slice(&old);
            bytes[(start + 16) * BLOCK..(start + 17) * BLOCK].fill(0);
            let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
            assert_eq!(recorded.sessions().len(), 1);
            let unknown = recorded.unknown_blocks();
            assert!(
                matches!(unknown, Some(UnknownBlocks::Interrupted { first, .. }) if first as usize == start + 17),
                "{file_systems}: {unknown:?}"
            );
            for kind in [sequential, random_write] {
                imported(kind(&bytes));
            }
        }
    }
}

/// A session of another program whose first descriptor was read as zeros is no rest of a session of ours.
#[test]
fn a_damaged_session_of_another_program_is_not_taken_for_an_interrupted_one() {
    for file_systems in [ISO9660 | JOLIET, UDF, FileSystems::all()] {
        let (mut bytes, starts) = with_sessions(file_systems, &[150]);
        let second = starts[1] as usize * BLOCK;
        let mut session = bytes.split_off(second);
        if file_systems.contains(UDF) {
            session = rewrite_descriptors(&session, PRIMARY_VOLUME, |descriptor| {
                descriptor[388 + 1..388 + 10].copy_from_slice(b"*another ");
            });
        }
        if file_systems.contains(JOLIET) {
            session[17 * BLOCK + 574..17 * BLOCK + 576].copy_from_slice(b"\0X");
        }
        session[16 * BLOCK..17 * BLOCK].fill(0);
        bytes.extend(session);
        let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
        assert_eq!(recorded.sessions().len(), 1, "{file_systems}");
        let unknown = recorded.unknown_blocks();
        assert!(
            matches!(unknown, Some(UnknownBlocks::Data { .. })),
            "{file_systems}: {unknown:?}"
        );
        for kind in [sequential, random_write] {
            let error = offered([kind(&bytes)]).import_file_system().unwrap_err();
            assert!(matches!(error, Error::UnknownBlocks { .. }), "{error}");
            let image = tolerant(kind(&bytes));
            assert!(image.session_start_block() as usize >= bytes.len() / BLOCK);
        }
    }
}

/// The last session alone, as it is copied from a CD with music before it.
#[test]
fn an_image_of_a_later_session_alone_is_read() {
    const FIRST: u32 = 187_654;
    for file_systems in masks() {
        let bytes = session(file_systems, FIRST as usize, 1);
        let options = ImportOptions::new().first_block(FIRST);
        let recorded = RecordedDisc::open_with(disc(&bytes), &options).unwrap();
        assert_eq!(starts(&recorded), [FIRST]);
        check_last(&recorded, file_systems, b"S1");
        for file_system in file_systems.iter() {
            let volume = recorded.volume(file_system).unwrap();
            assert_eq!(volume.findings(), []);
            let item = volume.item("S1").unwrap();
            let offset = item.extents().next().unwrap().offset.unwrap();
            assert!(offset > u64::from(FIRST) * BLOCK as u64, "{offset}");
        }
        // Another one follows in the image.
        let mut both = bytes.clone();
        let start = FIRST as usize + both.len() / BLOCK + 77;
        both.resize((start - FIRST as usize) * BLOCK, 0);
        both.extend(session(file_systems, start, 2));
        let recorded = RecordedDisc::open_with(disc(&both), &options).unwrap();
        assert_eq!(starts(&recorded), [FIRST, start as u32]);
        check_last(&recorded, file_systems, b"S2");
    }
}

/// Where an image begins, its root directory shows.
#[test]
fn the_first_block_of_an_image_of_a_later_session_is_guessed() {
    for file_systems in masks() {
        for first in [40, 12_010, 187_654] {
            let bytes = session(file_systems, first as usize, 1);
            let recorded = RecordedDisc::open(disc(&bytes)).unwrap();
            let expected = file_systems.contains(ISO9660).then_some(first);
            assert_eq!(
                recorded.likely_first_block().unwrap(),
                expected,
                "{file_systems}"
            );
            let options = ImportOptions::new().first_block(first);
            let recorded = RecordedDisc::open_with(disc(&bytes), &options).unwrap();
            assert_eq!(recorded.likely_first_block().unwrap(), None);
        }
        let recorded = RecordedDisc::open(disc(&session(file_systems, 0, 0))).unwrap();
        assert_eq!(recorded.likely_first_block().unwrap(), None);
    }
}

#[test]
fn files_of_earlier_sessions_are_listed_where_only_the_last_one_is_there() {
    for file_systems in masks() {
        let mut first = image_of(file_systems);
        add_files(&mut first, &[("OLD", &[1; 5_000])]);
        let old = bytes_of(&first);
        let mut image = imported(sequential(&old));
        image.root_mut().add_file("NEW", b"new").unwrap();
        let start = image.session_start_block();
        let whole = written(&old, &image.create_result_image().unwrap());
        let alone = &whole[start as usize * BLOCK..];
        let options = ImportOptions::new().first_block(start);
        let recorded = RecordedDisc::open_with(disc(alone), &options).unwrap();
        for file_system in file_systems.iter() {
            let volume = recorded.volume(file_system).unwrap();
            assert_eq!(all(volume.item("NEW").unwrap().data().unwrap()), b"new");
            let mut data = volume.item("OLD").unwrap().data().unwrap();
            let error = io::Read::read_to_end(&mut data, &mut Vec::new()).unwrap_err();
            let error = error.downcast::<Error>().unwrap();
            assert!(matches!(error, Error::ReadDisc { .. }), "{error}");
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(
                source.contains(&format!("before block {start}")),
                "{source}"
            );
        }
    }
}

/// Which image an interface continues, it says itself.
#[test]
fn an_import_knows_no_first_block() {
    let bytes = recorded(ISO9660);
    for interface in [
        MultisessionInterface::sequential(SequentialImage::open(disc(&bytes)).unwrap()),
        MultisessionInterface::random_write(RandomWriteImage::new(disc(&bytes))),
    ] {
        let mut image = offered([interface]);
        image.set_import_options(ImportOptions::new().first_block(100));
        image.import_file_system().unwrap();
    }
}

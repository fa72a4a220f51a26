//! Discs read back: what was put on them is found again, and whatever else is on them does no harm.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use imapi2fs::{
    Disc, Error, FileSystemImage, FileSystems, ImagePath, ImportOptions, ReaderDisc, RecordedDisc,
    RecordedItem, RecordedKind, RecordedVolume,
};
use proptest::prelude::*;

use crate::support::bytes::{BLOCK, all};
use crate::support::random::{cases, grown, levels, trees};
use crate::support::{ISO9660, JOLIET, UDF, add_files, at, image_of};

/// An image's bytes.
#[track_caller]
fn bytes_of(image: &FileSystemImage) -> Vec<u8> {
    all(image.create_result_image().unwrap().image_stream())
}

fn disc_of(bytes: impl Into<Vec<u8>>) -> impl Disc + 'static {
    ReaderDisc::new(Cursor::new(bytes.into())).unwrap()
}

#[track_caller]
fn volume_of(bytes: &[u8], file_system: FileSystems) -> RecordedVolume {
    let disc = RecordedDisc::open(disc_of(bytes)).unwrap();
    disc.volume(file_system).unwrap()
}

/// All items, by path; what is wrong is given by its causes.
fn walked(volume: &RecordedVolume) -> (BTreeMap<String, RecordedItem>, Vec<String>) {
    let (mut items, mut errors) = (BTreeMap::new(), Vec::new());
    for item in volume.walk() {
        match item {
            Ok(item) => {
                items.insert(item.path().to_string(), item);
            }
            Err(Error::ReadItem { path, source, .. } | Error::ReadEntries { path, source, .. }) => {
                errors.push(format!("{path}: {source}"));
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    (items, errors)
}

#[track_caller]
fn data_of(item: &RecordedItem) -> Vec<u8> {
    all(item.data().unwrap())
}

/// A small image of ISO 9660 alone, to be changed.
fn small() -> Vec<u8> {
    let mut image = image_of(ISO9660);
    add_files(
        &mut image,
        &[
            ("A1.TXT", b"first"),
            ("A2.TXT", b"second"),
            ("B.TXT", b"third"),
            ("DIR/C.TXT", b"fourth"),
        ],
    );
    bytes_of(&image)
}

/// Where the only record of an identifier begins.
#[track_caller]
fn record(bytes: &[u8], identifier: &[u8]) -> usize {
    let root = u32::from_le_bytes(bytes[16 * BLOCK + 158..][..4].try_into().unwrap()) as usize;
    let start = root * BLOCK;
    let mut at = start;
    while bytes[at] != 0 {
        if &bytes[at + 33..][..usize::from(bytes[at + 32])] == identifier {
            return at;
        }
        at += usize::from(bytes[at]);
    }
    panic!("no record of {identifier:?}");
}

/// What is found of [`small`] after a change to it.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> (Vec<String>, Vec<String>, RecordedVolume) {
    let mut bytes = small();
    change(&mut bytes);
    let volume = volume_of(&bytes, ISO9660);
    let (items, errors) = walked(&volume);
    (items.into_keys().collect(), errors, volume)
}

#[test]
fn what_was_written_is_found_again() {
    let mut image = image_of(ISO9660 | JOLIET);
    image.set_volume_name("Größe").unwrap();
    let long = "a name of more than thirty characters.html";
    add_files(
        &mut image,
        &[
            ("Read me.txt", b"hello"),
            ("empty", b""),
            (&format!("Ordner/{long}"), &[7; 5000]),
        ],
    );
    let root = image.root_mut();
    let mut item = root.add_file("Ordner/🎉", *b"!").unwrap();
    item.set_is_hidden(true);
    item.set_last_modified_time(at("2001-02-03T04:05:06+01:00"))
        .unwrap();
    let bytes = bytes_of(&image);

    let disc = RecordedDisc::open(disc_of(bytes.as_slice())).unwrap();
    assert_eq!(disc.file_systems(), ISO9660 | JOLIET);
    assert_eq!(disc.default_file_system().unwrap(), JOLIET);
    assert_eq!(disc.sessions().len(), 1);
    let volume = disc.volume(JOLIET).unwrap();
    assert_eq!((volume.name(), volume.file_system()), ("Größe", JOLIET));
    let (items, errors) = walked(&volume);
    assert_eq!(errors, [""; 0]);
    let paths: Vec<_> = items.keys().map(String::as_str).collect();
    let deep = format!("/Ordner/{long}");
    assert_eq!(
        paths,
        [
            "/Ordner",
            deep.as_str(),
            "/Ordner/🎉",
            "/Read me.txt",
            "/empty"
        ]
    );
    assert_eq!(items["/Ordner"].kind(), RecordedKind::Directory);
    assert_eq!(data_of(&items["/Read me.txt"]), b"hello");
    assert_eq!(data_of(&items["/empty"]), b"");
    assert_eq!(data_of(&items[&deep]), [7; 5000]);
    let hidden = &items["/Ordner/🎉"];
    assert!(hidden.is_hidden() && !items["/empty"].is_hidden());
    let time = hidden.last_modified_time().unwrap();
    assert_eq!(time.to_string(), "2001-02-03T04:05:06+01:00");
    assert!(matches!(
        items["/Ordner"].data(),
        Err(Error::NotAFile { path, .. }) if path == "Ordner".into()
    ));
    assert_eq!(volume.findings(), []);

    let (primary, errors) = walked(&disc.volume(ISO9660).unwrap());
    assert_eq!((primary.len(), errors.len()), (5, 0));
    let extents = |item: &RecordedItem| item.extents().collect::<Vec<_>>();
    assert_eq!(
        extents(&primary["/READ_ME.TXT"]),
        extents(&items["/Read me.txt"])
    );
    assert_eq!(
        primary["/READ_ME.TXT"].identity(),
        items["/Read me.txt"].identity()
    );
}

#[test]
fn items_are_looked_up_by_path() {
    let volume = volume_of(&small(), ISO9660);
    assert_eq!(data_of(&volume.item("DIR/C.TXT").unwrap()), b"fourth");
    assert!(volume.item("/").unwrap().is_directory());
    for (path, code) in [
        ("DIRS/C.TXT", 0xC0AA_B118),
        ("DIR/D.TXT", 0xC0AA_B118),
        ("B.TXT/C.TXT", 0xC0AA_B109),
    ] {
        assert_eq!(volume.item(path).unwrap_err().hresult().0, code, "{path}");
    }
}

#[test]
fn data_is_read_from_anywhere() {
    let mut image = image_of(ISO9660);
    let data: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    image.root_mut().add_file("DATA", data.clone()).unwrap();
    let bytes = bytes_of(&image);
    let (items, _) = walked(&volume_of(&bytes, ISO9660));
    let mut reader = items["/DATA"].data().unwrap();
    for (at, len) in [
        (0, 10),
        (2047, 2),
        (1, 150_000),
        (4096, 65_536),
        (199_999, 1),
    ] {
        let mut part = vec![0; len];
        reader.seek(SeekFrom::Start(at as u64)).unwrap();
        reader.read_exact(&mut part).unwrap();
        assert!(part == data[at..at + len], "{len} at {at}");
    }
}

#[test]
fn directories_of_many_blocks_are_read_whole() {
    let mut image = image_of(ISO9660 | JOLIET);
    for number in 0..3000 {
        image
            .root_mut()
            .add_file(format!("file {number:04}").as_str(), *b"x")
            .unwrap();
    }
    let bytes = bytes_of(&image);
    for file_system in [ISO9660, JOLIET] {
        let (items, errors) = walked(&volume_of(&bytes, file_system));
        assert_eq!((items.len(), errors.len()), (3000, 0));
    }
}

#[test]
fn a_file_of_several_sections_is_one() {
    let mut image = image_of(ISO9660);
    let mut bytes = {
        add_files(&mut image, &[("A.DAT", &[1; 2048]), ("B.DAT", &[2; 100])]);
        bytes_of(&image)
    };
    let (a, b) = (record(&bytes, b"A.DAT;1"), record(&bytes, b"B.DAT;1"));
    bytes[a + 25] |= 0x80;
    bytes[b + 33] = b'A';
    let volume = volume_of(&bytes, ISO9660);
    let (items, errors) = walked(&volume);
    assert_eq!((items.len(), errors.len()), (1, 0));
    assert_eq!(
        data_of(&items["/A.DAT"]),
        [[1; 2048].as_slice(), &[2; 100]].concat()
    );
}

#[test]
fn a_fault_hides_no_other_entry() {
    let (paths, errors, _) = changed(|bytes| {
        let record = record(bytes, b"A1.TXT;1");
        bytes[record + 26] = 1;
        bytes[record + 27] = 1;
    });
    assert_eq!(paths, ["/A2.TXT", "/B.TXT", "/DIR", "/DIR/C.TXT"]);
    assert!(errors[0].starts_with("/A1.TXT: ISO 9660 at block"));
    assert!(errors[0].ends_with(": an interleaved file, which is not supported"));

    let (paths, errors, _) = changed(|bytes| {
        let record = record(bytes, b"B.TXT;1");
        bytes[record] = 10;
    });
    assert_eq!(paths, ["/A1.TXT", "/A2.TXT", "/DIR", "/DIR/C.TXT"]);
    assert!(errors[0].ends_with("impossible length (length 10, expected at least 34)"));
    assert_eq!(errors.len(), 1);

    let (paths, errors, _) = changed(|bytes| {
        let record = record(bytes, b"DIR");
        bytes[record + 2..record + 10].copy_from_slice(&[0xFF; 8]);
    });
    assert_eq!(paths, ["/A1.TXT", "/A2.TXT", "/B.TXT", "/DIR"]);
    assert!(errors[0].starts_with("/DIR: "), "{errors:?}");
}

#[test]
fn what_others_write_is_accepted() {
    // An extended attribute record in front of the data.
    let (_, _, volume) = changed(|bytes| {
        let record = record(bytes, b"A2.TXT;1");
        bytes[record + 1] = 1;
        let location = bytes[record + 2] - 1;
        bytes[record + 2] = location;
        // Its version; owner and group are none.
        let attributes = usize::from(location) * BLOCK;
        bytes[attributes..attributes + BLOCK].fill(0);
        bytes[attributes + 180] = 1;
    });
    assert_eq!(data_of(&walked(&volume).0["/A2.TXT"]), b"second");

    // Several versions: the newest comes first.
    let (paths, ..) = changed(|bytes| {
        let (newer, older) = (record(bytes, b"A1.TXT;1"), record(bytes, b"A2.TXT;1"));
        bytes[newer + 40] = b'2';
        bytes[older + 34] = b'1';
    });
    assert_eq!(paths[..2], ["/A1.TXT", "/A1.TXT;1"]);

    // A resource fork and the like.
    let (paths, errors, volume) = changed(|bytes| {
        let record = record(bytes, b"A1.TXT;1");
        bytes[record + 25] |= 4;
    });
    assert_eq!((paths.len(), errors.len()), (4, 0));
    let findings = volume.findings();
    assert_eq!(findings.len(), 1);
    assert!(
        findings[0]
            .to_string()
            .ends_with("associated file is left out")
    );

    // Nonsense where an empty file is.
    let (paths, errors, volume) = changed(|bytes| {
        let record = record(bytes, b"A1.TXT;1");
        bytes[record + 2..record + 10].fill(0xFF);
        bytes[record + 10..record + 18].fill(0);
    });
    assert_eq!((paths.len(), errors.len()), (5, 0));
    assert_eq!(data_of(&walked(&volume).0["/A1.TXT"]), b"");

    // The root's record has a length of '0', and the halves of its address differ.
    let (paths, errors, volume) = changed(|bytes| {
        bytes[16 * BLOCK + 156] = b'0';
        bytes[16 * BLOCK + 162..][..4].fill(0);
    });
    assert_eq!((paths.len(), errors.len()), (5, 0));
    assert_eq!(volume.findings().len(), 1);

    // The first of two primary descriptors is broken.
    let (paths, ..) = changed(|bytes| {
        bytes.copy_within(16 * BLOCK..17 * BLOCK, 17 * BLOCK);
        bytes[16 * BLOCK + 158..][..4].fill(0xFF);
    });
    assert_eq!(paths.len(), 5);
}

#[test]
fn names_are_read_as_they_are_and_by_code_page() {
    let mut bytes = small();
    let record = record(&bytes, b"A1.TXT;1");
    bytes[record + 33] = 0x80;
    bytes[record + 34] = b'/';
    let names = |options: ImportOptions| {
        let disc = RecordedDisc::open_with(disc_of(bytes.as_slice()), &options).unwrap();
        let volume = disc.volume(ISO9660).unwrap();
        let root = volume.root().unwrap();
        let first = root.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(first.path(), ImagePath::from_components([first.name()]));
        first.name().to_owned()
    };
    assert_eq!(names(ImportOptions::new()), "€/.TXT");
    assert_eq!(
        names(ImportOptions::new().code_page("cp866").unwrap()),
        "А/.TXT"
    );
    assert!(matches!(
        ImportOptions::new().code_page("cp-nothing"),
        Err(Error::InvalidParameter(_))
    ));
}

#[test]
fn halves_of_pairs_in_joliet_are_replaced() {
    let mut image = image_of(ISO9660 | JOLIET);
    add_files(&mut image, &[("🎉x", b"1")]);
    let mut bytes = bytes_of(&image);
    let pair: Vec<u8> = "🎉".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let at = bytes.windows(4).position(|four| four == pair).unwrap();
    bytes[at + 2..at + 4].copy_from_slice(&[0, b'y']);
    let (items, errors) = walked(&volume_of(&bytes, JOLIET));
    assert_eq!(items.keys().collect::<Vec<_>>(), ["/\u{FFFD}yx"]);
    assert_eq!(errors, [""; 0]);
}

#[test]
fn directories_that_lie_in_themselves_are_met_once() {
    let (paths, errors, _) = changed(|bytes| {
        let root = record(bytes, &[0]);
        let record = record(bytes, b"DIR");
        let place: Vec<u8> = bytes[root + 2..root + 18].to_vec();
        bytes[record + 2..record + 18].copy_from_slice(&place);
    });
    assert_eq!(paths, ["/A1.TXT", "/A2.TXT", "/B.TXT", "/DIR"]);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("/DIR: ISO 9660 at block"));
    assert!(errors[0].ends_with("directory is also in another place"));
}

#[test]
fn discs_without_file_systems_say_so() {
    let refusal = |bytes: Vec<u8>| {
        let disc = RecordedDisc::open(disc_of(bytes)).unwrap();
        assert_eq!(disc.file_systems(), FileSystems::empty());
        let missing = disc.volume(JOLIET).unwrap_err();
        assert_eq!(missing.hresult().0, 0xC0AA_B152);
        assert_eq!(missing.to_string(), "the disc does not have Joliet");
        let unknown = disc.volume(ISO9660 | JOLIET).unwrap_err();
        assert!(matches!(unknown, Error::InvalidParameter(_)));
        disc.default_file_system().unwrap_err().hresult().0
    };
    assert_eq!(refusal(Vec::new()), 0xC0AA_B150);
    assert_eq!(refusal(vec![0; 100 * BLOCK]), 0xC0AA_B150);
    assert_eq!(refusal(vec![1; 100 * BLOCK + 1]), 0xC0AA_B151);
    assert_eq!(refusal(vec![1]), 0xC0AA_B151);
}

#[test]
fn raw_sectors_are_refused() {
    for len in [2352, 2448] {
        let mut bytes = vec![0; 20 * len];
        for sector in bytes.chunks_mut(len) {
            sector[1..11].fill(0xFF);
        }
        match RecordedDisc::open(disc_of(bytes)) {
            Err(Error::RawSectors { len: found, .. }) => assert_eq!(found as usize, len),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn sessions_are_found_behind_one_another() {
    let mut bytes = small();
    let first_end = bytes.len() / BLOCK;
    // Each session is at the next multiple of its number, and lists what the one before it does not.
    for (number, start) in [(1, first_end), (2, first_end + 100)] {
        let mut image = image_of(ISO9660 | JOLIET);
        image.set_session_start_block(start as u32).unwrap();
        add_files(&mut image, &[(&format!("SESSION{number}"), b"new")]);
        bytes.resize(start * BLOCK, 0);
        bytes.extend(bytes_of(&image));
        if number == 1 {
            let end = bytes.len() / BLOCK;
            assert!(end <= first_end + 100);
            // The volume's size is that of the session, so the next one is to follow at once.
            bytes.resize((first_end + 100) * BLOCK, 0);
            let size = ((first_end + 96) as u32).to_le_bytes();
            bytes[(start + 16) * BLOCK + 80..][..4].copy_from_slice(&size);
        }
    }
    let disc = RecordedDisc::open(disc_of(bytes.as_slice())).unwrap();
    let starts: Vec<_> = disc
        .sessions()
        .iter()
        .map(|session| session.start_block() as usize)
        .collect();
    assert_eq!(starts, [0, first_end, first_end + 100]);
    assert_eq!(disc.session(), disc.sessions()[2]);
    let names = |options: ImportOptions| {
        let disc = RecordedDisc::open_with(disc_of(bytes.as_slice()), &options).unwrap();
        walked(&disc.volume(ISO9660).unwrap())
            .0
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(names(ImportOptions::new()), ["/SESSION2"]);
    assert_eq!(names(ImportOptions::new().session(1)), ["/SESSION1"]);
    assert_eq!(names(ImportOptions::new().session(0)).len(), 5);
    let start = ImportOptions::new().session_start(first_end as u32);
    assert_eq!(names(start), ["/SESSION1"]);
    assert!(matches!(
        RecordedDisc::open_with(disc_of(bytes.as_slice()), &ImportOptions::new().session(3)),
        Err(Error::InvalidParameter(_))
    ));
}

#[test]
fn memory_stays_within_its_limit() {
    let bytes = small();
    let options = ImportOptions::new().memory(100);
    let disc = RecordedDisc::open_with(disc_of(bytes.as_slice()), &options).unwrap();
    let volume = disc.volume(ISO9660).unwrap();
    let error = volume.walk().next().unwrap().unwrap_err();
    assert_eq!(error.hresult().0, 0x8007_000E);

    // Enough for one directory after another, and given back each time.
    let options = ImportOptions::new().memory(3 * BLOCK as u64);
    let disc = RecordedDisc::open_with(disc_of(bytes.as_slice()), &options).unwrap();
    let volume = disc.volume(ISO9660).unwrap();
    for _ in 0..10 {
        assert_eq!(walked(&volume).0.len(), 5);
    }
}

/// A disc on which some blocks cannot be read.
struct Scratched {
    bytes: Vec<u8>,
    block: u32,
}

impl Disc for Scratched {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let start = block as usize * BLOCK;
        if (start..start + buf.len()).contains(&(self.block as usize * BLOCK)) {
            return Err(io::Error::other("scratched"));
        }
        buf.copy_from_slice(&self.bytes[start..][..buf.len()]);
        Ok(())
    }

    fn total_blocks(&self) -> u32 {
        (self.bytes.len() / BLOCK) as u32
    }
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_read() {
    let mut image = image_of(ISO9660);
    for number in 0..200 {
        image
            .root_mut()
            .add_file(format!("F{number:04}").as_str(), *b"x")
            .unwrap();
    }
    let bytes = bytes_of(&image);
    let root = u32::from_le_bytes(bytes[16 * BLOCK + 158..][..4].try_into().unwrap());
    let disc = Scratched {
        bytes,
        block: root + 2,
    };
    let disc = RecordedDisc::open(disc).unwrap();
    let (items, errors) = walked(&disc.volume(ISO9660).unwrap());
    assert!(items.len() > 100 && items.len() < 200, "{}", items.len());
    assert_eq!(
        errors,
        [format!("/: cannot read block {} of the disc", root + 2)]
    );
}

#[test]
fn blocks_behind_the_volume_need_not_be_readable() {
    let mut bytes = small();
    let block = (bytes.len() / BLOCK + 17) as u32;
    bytes.resize(bytes.len() + 100 * BLOCK, 0);
    let disc = RecordedDisc::open(Scratched { bytes, block }).unwrap();
    assert_eq!(disc.sessions().len(), 1);
    assert_eq!(walked(&disc.volume(ISO9660).unwrap()).0.len(), 5);
}

/// Reads all that a disc tells, and some of the data of each file.
fn use_up(bytes: &[u8]) {
    let Ok(disc) = RecordedDisc::open(disc_of(bytes)) else {
        return;
    };
    let _ = disc.default_file_system();
    for file_system in [ISO9660, JOLIET, UDF] {
        let Ok(volume) = disc.volume(file_system) else {
            continue;
        };
        // More than that no disc of this length can have.
        let most = bytes.len() / 34 + 1;
        for item in volume.walk().take(most) {
            let Ok(item) = item else { continue };
            let _ = format!("{item:?} {}", item.streams().count());
            if let Ok(data) = item.data() {
                let _ = data.take(3 * BLOCK as u64).read_to_end(&mut Vec::new());
            }
        }
        assert!(volume.walk().nth(most).is_none(), "the walk has no end");
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    let mut image = image_of(ISO9660 | JOLIET | UDF);
    add_files(
        &mut image,
        &[
            ("A/B/C.TXT", b"deep"),
            ("A/long name of something.html", &[3; 3000]),
            ("D", b""),
            ("🎉", b"!"),
        ],
    );
    let bytes = bytes_of(&image);
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below as u64) as usize
    };
    // Only what is not zero says something; the rest is changed rarely.
    let said: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    for _ in 0..cases(4000) {
        let mut changed = bytes.clone();
        for _ in 0..=next(6) {
            let at = if next(8) == 0 {
                next(bytes.len())
            } else {
                said[next(said.len())]
            };
            changed[at] = match next(4) {
                0 => 0,
                1 => 0xFF,
                2 => changed[at] ^ (1 << next(8)),
                _ => next(256) as u8,
            };
        }
        if next(20) == 0 {
            changed.truncate(next(bytes.len()));
        }
        use_up(&changed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    /// What was built is found, under the names that the image gives, with its data, times and flags.
    #[test]
    fn trees_are_found_as_they_were_built(seeds in trees(), level in levels()) {
        let (image, _) = grown(&seeds, ISO9660 | JOLIET, level);
        let bytes = bytes_of(&image);
        for file_system in [ISO9660, JOLIET] {
            let (mut items, errors) = walked(&volume_of(&bytes, file_system));
            prop_assert_eq!(errors, Vec::<String>::new());
            for item in image.root().descendants() {
                let path = item.file_system_path(file_system).unwrap();
                let found = items.remove(&path.to_string());
                prop_assert!(found.is_some(), "{} is not found in {}", path, file_system);
                let found = found.unwrap();
                prop_assert_eq!(found.is_directory(), item.is_directory());
                prop_assert_eq!(found.is_hidden(), item.is_hidden());
                let time = found.last_modified_time().unwrap();
                if (0..4_000_000_000).contains(&time.unix_seconds()) {
                    prop_assert_eq!(time.unix_seconds(), item.last_modified_time().unix_seconds());
                }
                if let Ok(data) = item.data() {
                    prop_assert!(data_of(&found) == all(data));
                }
            }
            prop_assert!(items.is_empty(), "{:?} were not built", items);
        }
    }
}

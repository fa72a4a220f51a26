//! Which discs can be continued, how, and what is said of the others.

use std::fmt::Debug;
use std::io::{self, Cursor};
use std::ops::ControlFlow;
use std::sync::Arc;

use imapi2fs::{
    Disc, Error, FileDisc, FileSystemImage, FileSystems, ImportLeftOut, InterchangeLevel,
    MediaType, Multisession, MultisessionInterface, MultisessionRandomWrite,
    MultisessionSequential, RandomWriteImage, ReaderDisc, RecordedDisc, SequentialImage,
    UdfRevision,
};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential, written};
use crate::progress::check_items;
use crate::support::bytes::{BLOCK, all, crc, le16, le32};
use crate::support::disc::Disc as Continued;
use crate::support::{
    ISO9660, JOLIET, UDF, add_files, at, check_disc, image, image_at, image_of, masks, paths, state,
};

/// A disc in a drive.
struct Medium {
    disc: ReaderDisc<Cursor<Bytes>>,
    media: MediaType,
    unreadable: Option<u32>,
}

impl Disc for Medium {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let blocks = block..block + (buf.len() / BLOCK) as u32;
        match self.unreadable {
            Some(unreadable) if blocks.contains(&unreadable) => Err(io::Error::other("scratched")),
            _ => self.disc.read_blocks(block, buf),
        }
    }

    fn total_blocks(&self) -> u32 {
        self.disc.total_blocks()
    }

    fn media_type(&self) -> MediaType {
        self.media
    }
}

/// A drive that says what it is told to say.
#[derive(Clone)]
struct Drive {
    disc: Arc<Medium>,
    supported: bool,
    in_use: bool,
    /// The property that cannot be read.
    failing: &'static str,
    is_first: bool,
    previous: u32,
    last: u32,
    next: u32,
    free: u32,
    write_unit: u32,
    random_last: Option<u32>,
    total: u32,
}

impl Drive {
    fn of(bytes: &[u8], media: MediaType, unreadable: Option<u32>) -> Self {
        let disc = disc(bytes);
        let next = disc.total_blocks().next_multiple_of(32);
        Self {
            supported: true,
            in_use: false,
            failing: "",
            is_first: false,
            previous: 0,
            last: disc.total_blocks().saturating_sub(1),
            next,
            free: 100_000,
            write_unit: 16,
            random_last: None,
            total: 1_000_000,
            disc: Arc::new(Medium {
                disc,
                media,
                unreadable,
            }),
        }
    }

    fn new(bytes: &[u8]) -> Self {
        Self::of(bytes, MediaType::Disk, None)
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut drive = self.clone();
        change(&mut drive);
        drive
    }

    fn tell<T>(&self, property: &'static str, value: T) -> io::Result<T> {
        if self.failing == property {
            return Err(io::Error::other("no answer"));
        }
        Ok(value)
    }

    fn sequential(&self) -> MultisessionInterface {
        MultisessionInterface::sequential(self.clone())
    }

    fn random_write(&self) -> MultisessionInterface {
        MultisessionInterface::random_write(self.clone())
    }

    fn other(&self) -> MultisessionInterface {
        MultisessionInterface::Other(Arc::new(self.clone()))
    }
}

impl Multisession for Drive {
    fn disc(&self) -> Arc<dyn Disc> {
        self.disc.clone()
    }

    fn is_supported_on_current_media_state(&self) -> bool {
        self.supported
    }

    fn in_use(&self) -> bool {
        self.in_use
    }
}

impl MultisessionSequential for Drive {
    fn is_first_data_session(&self) -> io::Result<bool> {
        self.tell("first", self.is_first)
    }

    fn start_address_of_previous_session(&self) -> io::Result<u32> {
        self.tell("previous", self.previous)
    }

    fn last_written_address_of_previous_session(&self) -> io::Result<u32> {
        self.tell("last of session", self.last)
    }

    fn next_writable_address(&self) -> io::Result<u32> {
        self.tell("next", self.next)
    }

    fn free_sectors_on_media(&self) -> io::Result<u32> {
        self.tell("free", self.free)
    }

    fn write_unit_size(&self) -> io::Result<u32> {
        self.tell("write unit", self.write_unit)
    }
}

impl MultisessionRandomWrite for Drive {
    fn write_unit_size(&self) -> io::Result<u32> {
        self.tell("write unit", self.write_unit)
    }

    fn last_written_address(&self) -> io::Result<Option<u32>> {
        self.tell("last", self.random_last)
    }

    fn total_sectors_on_media(&self) -> io::Result<u32> {
        self.tell("total", self.total)
    }
}

/// A disc of these file systems with a few items.
fn recorded(file_systems: FileSystems) -> Bytes {
    let mut image = image_at(file_systems, InterchangeLevel::Three);
    image.set_volume_name("RECORDED").unwrap();
    add_files(
        &mut image,
        &[("DIR/SUB/A.TXT", b"a"), ("DIR/B.TXT", b"b"), ("C.TXT", b"")],
    );
    bytes_of(&image)
}

/// An image that is to continue a disc.
#[track_caller]
fn offered(interfaces: impl Into<Vec<MultisessionInterface>>) -> FileSystemImage {
    let mut image = image();
    image
        .set_multisession_interfaces(interfaces.into())
        .unwrap();
    image
}

#[track_caller]
fn imported(interface: MultisessionInterface) -> FileSystemImage {
    let mut image = offered([interface]);
    image.import_file_system().unwrap();
    image
}

#[track_caller]
fn code<T: Debug>(result: Result<T, Error>) -> u32 {
    result.unwrap_err().hresult().0
}

#[test]
fn one_interface_is_chosen() {
    let bytes = recorded(UDF);
    let drive = Drive::new(&bytes);
    let used = drive.with(|drive| drive.in_use = true);
    let unsupported = drive.with(|drive| drive.supported = false);
    let unsupported_used = used.with(|drive| drive.supported = false);

    for (interfaces, refusal) in [
        (vec![], 0xC0AA_B101),
        (vec![used.sequential(), used.sequential()], 0xC0AA_B101),
        (vec![used.sequential(), used.other()], 0xC0AA_B101),
        (vec![used.other(), drive.sequential()], 0xC0AA_B15B),
        (vec![drive.other()], 0xC0AA_B15C),
        (
            vec![unsupported.sequential(), unsupported.random_write()],
            0xC0AA_B15C,
        ),
        (
            vec![unsupported_used.sequential(), drive.random_write()],
            0xC0AA_B15C,
        ),
    ] {
        let mut image = image();
        let before = image.set_multisession_interfaces(vec![drive.sequential()]);
        assert!(before.is_ok());
        let offered = format!("{interfaces:?}");
        let result = image.set_multisession_interfaces(interfaces);
        assert_eq!(code(result), refusal, "{offered}");
        assert_eq!(
            image.multisession_interfaces().len(),
            1,
            "the one before stays"
        );
    }
    for (interfaces, is_random) in [
        (vec![drive.sequential()], false),
        (vec![drive.random_write()], true),
        // The first of those that work.
        (vec![drive.sequential(), drive.random_write()], false),
        (vec![drive.random_write(), drive.sequential()], true),
        (vec![unsupported.sequential(), drive.random_write()], true),
        (vec![drive.other(), drive.random_write()], true),
        // The one in use.
        (vec![drive.sequential(), used.random_write()], true),
        (
            vec![drive.other(), drive.random_write(), used.sequential()],
            false,
        ),
    ] {
        let count = interfaces.len();
        let mut image = offered(interfaces);
        assert_eq!(image.multisession_interfaces().len(), count);
        image.import_file_system().unwrap();
        let result = image.create_result_image().unwrap();
        assert_eq!(result.modified_blocks().is_some(), is_random);
        // Random writing begins at a multiple of the write unit, and may take the rest of the medium.
        let start = image.session_start_block();
        if is_random {
            assert_eq!(start as usize, (bytes.len() / BLOCK).next_multiple_of(16));
            assert_eq!(image.free_media_blocks(), 1_000_000 - start);
        } else {
            assert_eq!((start, image.free_media_blocks()), (drive.next, 100_000));
        }
    }
}

#[test]
fn media_that_can_only_be_read_are_refused() {
    let bytes = recorded(UDF);
    for media in [
        MediaType::CdRom,
        MediaType::DvdRom,
        MediaType::HdDvdRom,
        MediaType::BdRom,
    ] {
        let drive = Drive::of(&bytes, media, None);
        for interface in [drive.sequential(), drive.random_write()] {
            let result = image().set_multisession_interfaces(vec![interface]);
            assert_eq!(code(result), 0xC0AA_B159, "{media}");
        }
    }
}

#[test]
fn media_are_continued_as_they_can_be_written() {
    use MediaType::*;
    const SEQUENTIAL: &[MediaType] = &[
        CdR,
        CdRw,
        DvdPlusR,
        DvdPlusRDualLayer,
        DvdDashR,
        DvdDashRDualLayer,
        HdDvdR,
        BdR,
        Disk,
    ];
    const AT_RANDOM: &[MediaType] = &[
        DvdRam,
        DvdPlusRw,
        DvdPlusRwDualLayer,
        DvdDashRw,
        HdDvdRam,
        BdRe,
        Disk,
    ];
    let bytes = recorded(UDF);
    let others = [Unknown, HdDvdR, HdDvdRam];
    for media in MediaType::WRITABLE.iter().copied().chain(others) {
        let drive = Drive::of(&bytes, media, None);
        let used = drive.with(|drive| drive.in_use = true);
        let takes = [SEQUENTIAL, AT_RANDOM].map(|all| all.contains(&media));
        for (drive, others) in [(&drive, vec![]), (&used, vec![drive.other()])] {
            for (interface, takes) in [drive.sequential(), drive.random_write()]
                .into_iter()
                .zip(takes)
            {
                let mut all = others.clone();
                all.push(interface);
                if takes {
                    offered(all).import_file_system().unwrap();
                } else {
                    let result = image().set_multisession_interfaces(all);
                    assert_eq!(code(result), 0xC0AA_B15C, "{media}");
                }
            }
        }
        // Of several the one that works is chosen.
        let both = vec![drive.random_write(), drive.sequential()];
        if media == Unknown {
            let result = image().set_multisession_interfaces(both);
            assert_eq!(code(result), 0xC0AA_B15C);
        } else {
            let mut image = offered(both);
            image.import_file_system().unwrap();
            let result = image.create_result_image().unwrap();
            assert_eq!(result.modified_blocks().is_some(), takes[1], "{media}");
        }
    }
}

/// What nothing is recorded on that can be written once.
#[test]
fn blank_discs_take_no_other_session() {
    let drive = Drive::of(&[], MediaType::CdR, None);
    for blank in [
        drive.with(|drive| drive.is_first = true),
        drive.with(|drive| drive.next = 0),
        // There may be other sessions, of sound.
        Drive::of(&recorded(UDF), MediaType::CdR, None).with(|drive| drive.is_first = true),
    ] {
        let mut image = image();
        let result = image.set_multisession_interfaces(vec![blank.sequential()]);
        assert_eq!(code(result), 0xC0AA_B156);
        assert_eq!(code(image.import_file_system()), 0xC0AA_B15D);
    }
    for blank in [&[][..], &[0; 300 * BLOCK]] {
        let result = image().set_multisession_interfaces(vec![sequential(blank)]);
        let error = result.unwrap_err();
        assert!(matches!(error, Error::ImportSeek { block: 0 }), "{error}");
    }
    // There is nothing to seek on a medium that is written at random.
    let drive = Drive::of(&[], MediaType::DvdPlusRw, None);
    let mut image = offered([drive.random_write()]);
    assert_eq!(code(image.import_file_system()), 0xC0AA_B150);
}

#[test]
fn a_drive_must_say_what_is_needed() {
    let drive = Drive::new(&recorded(UDF));
    let refusal = |interface| {
        let error = image()
            .set_multisession_interfaces(vec![interface])
            .unwrap_err();
        assert_eq!(error.hresult().0, 0xC0AA_B162, "{error}");
        std::error::Error::source(&error).map(ToString::to_string)
    };
    for property in [
        "first",
        "previous",
        "last of session",
        "next",
        "free",
        "write unit",
    ] {
        let failing = drive.with(|drive| drive.failing = property);
        let source = refusal(failing.sequential());
        assert_eq!(source.as_deref(), Some("no answer"), "{property}");
    }
    for property in ["write unit", "last", "total"] {
        let failing = drive.with(|drive| drive.failing = property);
        let source = refusal(failing.random_write());
        assert_eq!(source.as_deref(), Some("no answer"), "{property}");
    }
    // What cannot be.
    let next = drive.next;
    for wrong in [
        drive.with(|drive| drive.previous = next),
        drive.with(|drive| drive.last = next),
        drive.with(|drive| drive.next = drive.last),
        drive.with(|drive| (drive.previous, drive.last) = (1, 0)),
        drive.with(|drive| drive.write_unit = 0),
        // A multiple of 32.
        drive.with(|drive| drive.write_unit = 7 * 64),
    ] {
        assert_eq!(refusal(wrong.sequential()), None);
    }
    for wrong in [
        drive.with(|drive| drive.random_last = Some(drive.total)),
        drive.with(|drive| drive.write_unit = 0),
        drive.with(|drive| drive.total = 0),
    ] {
        assert_eq!(refusal(wrong.random_write()), None);
    }
}

#[test]
fn a_disc_must_have_been_chosen() {
    let mut image = image();
    assert!(image.multisession_interfaces().is_empty());
    for refusal in [
        code(image.identify_file_systems_on_disc()),
        code(image.calculate_disc_identifier()),
        code(image.probe_specific_file_system(UDF)),
        code(image.import_file_system()),
        code(image.import_specific_file_system(UDF)),
    ] {
        assert_eq!(refusal, 0xC0AA_B15D);
    }
    assert_eq!(image.imported_volume_name(), None);
}

#[test]
fn discs_that_have_nothing_to_import_say_so() {
    let refusals = |drive: &Drive| {
        [drive.sequential(), drive.random_write()].map(|interface| {
            let mut image = offered([interface]);
            assert_eq!(
                image.identify_file_systems_on_disc().unwrap(),
                FileSystems::empty()
            );
            assert!(!image.probe_specific_file_system(UDF).unwrap());
            assert_eq!(code(image.import_specific_file_system(UDF)), 0xC0AA_B152);
            code(image.import_file_system())
        })
    };
    let blank = vec![0; 300 * BLOCK];
    assert_eq!(refusals(&Drive::new(&blank)), [0xC0AA_B150; 2]);
    assert_eq!(refusals(&Drive::new(&[1; 300 * BLOCK])), [0xC0AA_B151; 2]);

    // An image that nothing has been recorded in is a blank disc.
    for blank in [&[][..], &blank] {
        assert_eq!(
            code(offered([random_write(blank)]).import_file_system()),
            0xC0AA_B150
        );
    }
    let error = SequentialImage::open(disc(&[1; 300 * BLOCK])).unwrap_err();
    assert_eq!(error.hresult().0, 0xC0AA_B151);
}

/// A medium that is written at random is as long with little on it as with much: what is there says where it ends.
#[test]
fn media_are_larger_than_what_is_on_them() {
    for file_systems in masks() {
        for revision in [UdfRevision::V1_02, UdfRevision::V2_60] {
            let mut image = image_of(file_systems);
            image.set_udf_revision(revision).unwrap();
            add_files(&mut image, &[("FIRST", b"first")]);
            let mut bytes = bytes_of(&image);
            let mut end = bytes.len() / BLOCK;
            bytes.resize(4000 * BLOCK, 0);
            for name in ["SECOND", "THIRD"] {
                let drive = Drive::new(&bytes).with(|drive| {
                    drive.total = 4000;
                    drive.write_unit = 32;
                });
                let mut image = imported(drive.random_write());
                let start = image.session_start_block();
                assert_eq!(
                    start as usize,
                    end.next_multiple_of(32),
                    "{file_systems} {revision}"
                );
                assert_eq!(image.free_media_blocks(), 4000 - start);
                image.root_mut().add_file(name, name.as_bytes()).unwrap();
                let disc = Continued::continuing(&image, &bytes);
                check_disc(&image, &disc);
                bytes = written(&bytes, &disc.image, start);
                end = disc.image.total_blocks() as usize;
            }
            assert_eq!(bytes.len(), 4000 * BLOCK);
            let image = imported(Drive::new(&bytes).random_write());
            assert_eq!(paths(&image), ["/FIRST", "/SECOND", "/THIRD"]);
        }
    }
}

#[test]
fn the_session_is_looked_for_where_the_drive_says() {
    let bytes = recorded(FileSystems::all());
    let wrong = Drive::new(&bytes).with(|drive| drive.previous = 5);
    let mut image = offered([wrong.sequential()]);
    assert!(image.identify_file_systems_on_disc().unwrap().is_empty());
    assert_eq!(code(image.import_file_system()), 0xC0AA_B151);
    for file_system in FileSystems::all().iter() {
        assert_eq!(
            code(image.import_specific_file_system(file_system)),
            0xC0AA_B152
        );
    }

    // Another session than the last one.
    let mut second = imported(sequential(&bytes));
    second.root_mut().add_file("NEW", b"new").unwrap();
    let result = second.create_result_image().unwrap();
    let bytes = written(&bytes, &result, second.session_start_block());
    for (previous, has_new) in [(0, false), (second.session_start_block(), true)] {
        let drive = Drive::new(&bytes).with(|drive| drive.previous = previous);
        let image = imported(drive.sequential());
        assert_eq!(image.exists("NEW").unwrap().is_some(), has_new);
    }
}

#[test]
fn full_discs_are_not_continued() {
    let bytes = recorded(UDF);
    let full = Drive::new(&bytes).with(|drive| {
        drive.free = 0;
        drive.total = drive.next;
    });
    let mut image = offered([full.random_write()]);
    assert!(!image.probe_specific_file_system(UDF).unwrap());
    assert_eq!(code(image.import_file_system()), 0xC0AA_B133);
    // A closed disc.
    let result = image.set_multisession_interfaces(vec![full.sequential()]);
    assert_eq!(code(result), 0xC0AA_B15C);
    // What is added has to fit.
    let small = Drive::new(&bytes).with(|drive| drive.free = 1000);
    let mut image = imported(small.sequential());
    let large = vec![1; 1001 * BLOCK];
    let mut root = image.root_mut();
    let error = root.add_file("LARGE", large).unwrap_err();
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    image
        .root_mut()
        .add_file("SMALL", vec![1; 500 * BLOCK])
        .unwrap();
    image.create_result_image().unwrap();
}

#[test]
fn file_systems_are_identified_and_probed() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for interface in [sequential(&bytes), random_write(&bytes)] {
            let mut image = offered([interface]);
            assert_eq!(image.identify_file_systems_on_disc().unwrap(), file_systems);
            for file_system in FileSystems::all().iter() {
                assert_eq!(
                    image.probe_specific_file_system(file_system).unwrap(),
                    file_systems.contains(file_system)
                );
            }
            let first = FileSystemImage::default_file_system_for_import(file_systems);
            let summary = image.import_file_system().unwrap();
            assert_eq!(summary.file_system, first);
            assert_eq!((summary.files, summary.directories), (3, 2));
        }
    }
    for (file_systems, first) in [
        (FileSystems::empty(), FileSystems::empty()),
        (ISO9660, ISO9660),
        (JOLIET, JOLIET),
        (ISO9660 | JOLIET, JOLIET),
        (ISO9660 | UDF, UDF),
        (FileSystems::all(), UDF),
    ] {
        let found = FileSystemImage::default_file_system_for_import(file_systems);
        assert_eq!(found, first);
    }
    let mut image = offered([sequential(&recorded(ISO9660))]);
    for several in [FileSystems::empty(), ISO9660 | JOLIET] {
        assert_eq!(
            code(image.import_specific_file_system(several)),
            0xC0AA_B101
        );
    }
    assert_eq!(code(image.import_specific_file_system(JOLIET)), 0xC0AA_B152);
}

#[test]
fn files_and_directories_do_not_replace_each_other() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for (is_directory, path, refusal) in [
            (true, "C.TXT", 0xC0AA_B155),
            (false, "DIR", 0xC0AA_B15E),
            (false, "DIR/SUB", 0xC0AA_B15E),
        ] {
            let mut image = offered([sequential(&bytes)]);
            add_files(&mut image, &[("OTHER", b"other"), ("DIR/X", b"x")]);
            if path == "DIR" {
                image.root_mut().remove_tree("DIR").unwrap();
            }
            if is_directory {
                image.root_mut().add_directory(path).unwrap();
            } else {
                image.root_mut().add_file(path, b"in the way").unwrap();
            }
            let before = (state(&image), image.change_point());
            let error = image.import_file_system().unwrap_err();
            assert_eq!(error.hresult().0, refusal);
            assert_eq!(error.path().unwrap().to_string(), format!("/{path}"));
            assert_eq!((state(&image), image.change_point()), before);
            assert_eq!(image.imported_volume_name(), None);
            assert_eq!(image.session_start_block(), 0);
            // What was in the way can go away.
            if is_directory {
                image.root_mut().remove_tree(path).unwrap();
            } else {
                image.root_mut().remove(path).unwrap();
            }
            image.import_file_system().unwrap();
        }
    }
}

#[test]
fn what_the_image_has_stays() {
    for file_systems in masks() {
        let mut image = offered([sequential(&recorded(file_systems))]);
        add_files(
            &mut image,
            &[("DIR/B.TXT", b"mine"), ("DIR/D.TXT", b"d"), ("C.TXT", b"c")],
        );
        let time = at("2001-02-03T04:05:06Z");
        let mut directory = image.item_mut("DIR").unwrap();
        directory.set_last_modified_time(time).unwrap();
        directory.set_is_hidden(true);
        let summary = image.import_file_system().unwrap();
        assert_eq!((summary.files, summary.directories), (1, 1));
        let mut replaced: Vec<_> = summary
            .left_out
            .iter()
            .map(|left_out| match left_out {
                ImportLeftOut::Replaced { path } => path.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        replaced.sort();
        assert_eq!(replaced, ["/C.TXT", "/DIR/B.TXT"]);
        assert_eq!(
            paths(&image),
            [
                "/C.TXT",
                "/DIR/",
                "/DIR/B.TXT",
                "/DIR/D.TXT",
                "/DIR/SUB/",
                "/DIR/SUB/A.TXT"
            ]
        );
        for (path, data) in [
            ("C.TXT", "c"),
            ("DIR/B.TXT", "mine"),
            ("DIR/SUB/A.TXT", "a"),
        ] {
            assert_eq!(
                all(image.item(path).unwrap().data().unwrap()),
                data.as_bytes()
            );
        }
        let directory = image.item("DIR").unwrap();
        assert_eq!(
            (directory.last_modified_time(), directory.is_hidden()),
            (time, true)
        );
    }
}

#[test]
fn an_image_continues_one_disc_as_it_is() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        let mut image = imported(sequential(&bytes));
        let before = state(&image);
        assert_eq!(code(image.import_file_system()), 0xC0AA_B133);
        assert_eq!(
            code(image.import_specific_file_system(ISO9660)),
            0xC0AA_B133
        );
        for other in masks() {
            let result = image.set_file_systems_to_create(other);
            if other == file_systems {
                result.unwrap();
            } else {
                assert_eq!(code(result), 0xC0AA_B163);
            }
        }
        for revision in UdfRevision::ALL {
            let result = image.set_udf_revision(*revision);
            // A disc without UDF has no revision that could not be changed.
            if *revision == UdfRevision::V1_02 || !file_systems.contains(UDF) {
                result.unwrap();
            } else {
                assert_eq!(code(result), 0xC0AA_B161);
            }
        }
        let start = image.session_start_block();
        for other in [0, start - 1, start + 1] {
            assert_eq!(code(image.set_session_start_block(other)), 0xC0AA_B101);
        }
        image.set_session_start_block(start).unwrap();
        assert_eq!(image.file_systems_to_create(), file_systems);
        assert_eq!(state(&image), before);
    }
}

/// What lies between the disc's end and the session is not read from the disc.
#[test]
fn sessions_begin_at_a_multiple_of_the_write_unit() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for write_unit in [1, 16, 32, 512] {
            let drive = Drive::new(&bytes).with(|drive| drive.write_unit = write_unit);
            let mut image = imported(drive.random_write());
            let start = image.session_start_block();
            assert_eq!(
                start,
                (bytes.len() / BLOCK).next_multiple_of(write_unit as usize) as u32
            );
            image.root_mut().add_file("NEW", b"new").unwrap();
            let result = image.create_result_image().unwrap();
            let whole = all(result.image_stream());
            let new = written(&bytes, &result, start);
            assert!(new == whole);
            assert!(
                whole[bytes.len()..start as usize * BLOCK]
                    .iter()
                    .all(|byte| *byte == 0)
            );
            let disc = Continued::continuing(&image, &bytes);
            check_items(&disc);
            check_disc(&image, &disc);
        }
    }
}

/// An import is one change, and what it says of the disc is none.
#[test]
fn an_import_can_be_rolled_back() {
    let mut image = offered([sequential(&recorded(UDF))]);
    add_files(&mut image, &[("MINE", b"mine")]);
    let point = image.change_point();
    image.import_file_system().unwrap();
    assert_eq!(image.change_point(), point + 1);
    image.rollback_to_change_point(point).unwrap();
    assert_eq!(paths(&image), ["/MINE"]);
    assert_eq!(image.file_systems_to_create(), UDF);
    assert!(image.session_start_block() > 0);
    image.create_result_image().unwrap();
    assert_eq!(code(image.import_file_system()), 0xC0AA_B133);
}

#[test]
fn strict_images_leave_iso9660_where_it_is() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        let has_iso9660 = file_systems.contains(ISO9660);
        for (interface, refused) in [
            (sequential(&bytes), false),
            (random_write(&bytes), has_iso9660),
        ] {
            let mut image = image();
            image.set_strict_file_system_compliance(true).unwrap();
            image.set_multisession_interfaces(vec![interface]).unwrap();
            let before = state(&image);
            for file_system in file_systems.iter() {
                let probed = image.probe_specific_file_system(file_system).unwrap();
                assert_eq!(probed, !refused);
            }
            let result = image.import_file_system();
            if refused {
                assert_eq!(code(result), 0xC0AA_B133);
                assert_eq!(state(&image), before);
            } else {
                result.unwrap();
                image.create_result_image().unwrap();
            }
        }
    }
}

/// Changes all descriptors of a kind, and makes them intact again.
fn patched(bytes: &[u8], identifier: u16, change: impl Fn(&mut [u8])) -> Bytes {
    let mut bytes = bytes.to_vec();
    let mut found = 0;
    for (block, bytes) in (0..).zip(bytes.chunks_exact_mut(BLOCK)) {
        if le16(bytes, 0) == identifier && le32(bytes, 12) == block {
            change(bytes);
            let len = usize::from(le16(bytes, 10));
            let sum = crc(&bytes[16..16 + len]);
            bytes[8..10].copy_from_slice(&sum.to_le_bytes());
            bytes[4] = 0;
            bytes[4] = bytes[..16]
                .iter()
                .fold(0, |sum, byte| sum.wrapping_add(*byte));
            found += 1;
        }
    }
    assert!(found >= 2, "a main and a reserve sequence");
    bytes
}

#[test]
fn what_is_not_supported_is_named() {
    const LOGICAL_VOLUME: u16 = 6;
    const FIRST_MAP: usize = 440;
    let bytes = recorded(UDF);
    // A partition map of a type that nobody knows (ECMA-167 3/10.7.1).
    let bytes = patched(&bytes, LOGICAL_VOLUME, |descriptor| {
        descriptor[FIRST_MAP] = 7;
    });
    let volume = RecordedDisc::open(disc(&bytes)).unwrap().volume(UDF);
    assert_eq!(code(volume), 0xC0AA_B154);
    let mut image = offered([sequential(&bytes)]);
    assert_eq!(code(image.import_file_system()), 0xC0AA_B154);
}

#[test]
fn udf_that_cannot_be_continued_is_refused() {
    const PARTITION: u16 = 5;
    const LOGICAL_VOLUME: u16 = 6;
    let bytes = recorded(FileSystems::all());
    let mut cases = Vec::new();
    // Pseudo-overwritable, write-once, rewritable, overwritable.
    for access_type in [0, 2, 3, 4] {
        let bytes = patched(&bytes, PARTITION, |descriptor| {
            descriptor[184] = access_type
        });
        cases.push((bytes, 0xC0AA_B133));
    }
    let bytes = patched(&bytes, LOGICAL_VOLUME, |descriptor| {
        descriptor[216 + 24..216 + 26].copy_from_slice(&0x0300_u16.to_le_bytes());
    });
    cases.push((bytes, 0xC0AA_B15A));
    for (bytes, refusal) in cases {
        for interface in [sequential(&bytes), random_write(&bytes)] {
            let mut image = offered([interface]);
            let before = state(&image);
            assert_eq!(
                image.identify_file_systems_on_disc().unwrap(),
                FileSystems::all()
            );
            for file_system in FileSystems::all().iter() {
                // None can be continued without the others.
                assert!(!image.probe_specific_file_system(file_system).unwrap());
                assert_eq!(
                    code(image.import_specific_file_system(file_system)),
                    refusal
                );
            }
            assert_eq!(code(image.import_file_system()), refusal);
            assert_eq!(state(&image), before);
        }
    }
}

#[test]
fn what_cannot_be_read_changes_nothing() {
    let bytes = recorded(ISO9660);
    let root = le32(&bytes, 16 * BLOCK + 158);
    let scratched = Drive::of(&bytes, MediaType::CdR, Some(root));
    let mut damaged = bytes.clone();
    // A record in the root directory, behind those for it and its parent.
    damaged[root as usize * BLOCK + 2 * 34] = 10;
    for (drive, refusal) in [
        (scratched, 0xC0AA_B157),
        (Drive::new(&damaged), 0xC0AA_B153),
    ] {
        let mut image = offered([drive.sequential()]);
        add_files(&mut image, &[("MINE", b"mine")]);
        let before = (
            state(&image),
            image.change_point(),
            image.free_media_blocks(),
        );
        assert_eq!(code(image.import_file_system()), refusal);
        let after = (
            state(&image),
            image.change_point(),
            image.free_media_blocks(),
        );
        assert_eq!(after, before);
        assert_eq!(image.file_systems_to_create(), FileSystems::all());
    }
    let unreadable = Drive::of(&bytes, MediaType::CdR, Some(16));
    let mut image = offered([unreadable.sequential()]);
    for refusal in [
        code(image.identify_file_systems_on_disc()),
        code(image.calculate_disc_identifier()),
        code(image.probe_specific_file_system(ISO9660)),
        code(image.import_file_system()),
    ] {
        assert_eq!(refusal, 0xC0AA_B157);
    }
}

#[test]
fn names_and_depths_are_those_the_image_takes() {
    let mut deep = image_at(ISO9660, InterchangeLevel::Three);
    add_files(&mut deep, &[("1/2/3/4/5/6/7/8/9/DEEP", b"")]);
    let mut image = offered([sequential(&bytes_of(&deep))]);
    assert_eq!(code(image.import_file_system()), 0xC0AA_B131);
    assert_eq!(paths(&image), [""; 0]);
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    image.import_file_system().unwrap();

    let mut wide = image_of(UDF);
    add_files(&mut wide, &[("漢字", b"")]);
    let mut image = offered([sequential(&bytes_of(&wide))]);
    image.set_use_restricted_character_set(true);
    assert_eq!(code(image.import_file_system()), 0xC0AA_B111);
    image.set_use_restricted_character_set(false);
    image.import_file_system().unwrap();
}

#[test]
fn progress_is_told_before_directories_and_behind_files() {
    for file_system in FileSystems::all().iter() {
        let mut image = offered([sequential(&recorded(FileSystems::all()))]);
        let mut told = Vec::new();
        image
            .import_specific_file_system_with(file_system, |progress| {
                assert_eq!(progress.file_system, file_system);
                let totals = (progress.total_directories, progress.total_files);
                // The root counts as a directory.
                let expected = if file_system == UDF {
                    (Some(3), Some(3))
                } else {
                    (None, None)
                };
                assert_eq!(totals, expected);
                told.push((
                    progress.path.to_string(),
                    progress.is_directory,
                    progress.directories,
                    progress.files,
                ));
                ControlFlow::Continue(())
            })
            .unwrap();
        let mut expected = vec![
            ("/C.TXT", false, 0, 1),
            ("/DIR", true, 0, 1),
            ("/DIR/B.TXT", false, 1, 2),
            ("/DIR/SUB", true, 1, 2),
            ("/DIR/SUB/A.TXT", false, 2, 3),
        ];
        expected.sort();
        let told: Vec<_> = told
            .iter()
            .map(|(path, is_directory, directories, files)| {
                (path.as_str(), *is_directory, *directories, *files)
            })
            .collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn a_cancelled_import_changes_nothing() {
    let bytes = recorded(FileSystems::all());
    for steps in 0..5 {
        for interface in [sequential(&bytes), random_write(&bytes)] {
            let mut image = offered([interface]);
            add_files(&mut image, &[("DIR/MINE", b"mine")]);
            image.set_udf_revision(UdfRevision::V2_50).unwrap();
            let before = (state(&image), image.change_point());
            let mut left = steps;
            let result = image.import_file_system_with(|_| {
                if left == 0 {
                    return ControlFlow::Break(());
                }
                left -= 1;
                ControlFlow::Continue(())
            });
            assert_eq!(code(result), 0xC0AA_0002);
            assert_eq!((state(&image), image.change_point()), before);
            assert_eq!(image.udf_revision(), UdfRevision::V2_50);
            assert_eq!(image.imported_volume_name(), None);
            assert_eq!(
                (image.session_start_block(), image.free_media_blocks()),
                (0, 332_800)
            );
            let summary = image.import_file_system().unwrap();
            assert_eq!((summary.files, summary.directories), (3, 1));
        }
    }
}

#[test]
fn the_volume_keeps_its_name_and_the_disc_is_known_by_another() {
    for file_systems in masks() {
        let bytes = recorded(file_systems);
        for kind in [sequential, random_write] {
            let mut image = offered([kind(&bytes)]);
            image.set_volume_name("MINE").unwrap();
            assert_eq!(image.imported_volume_name(), None);
            let result = image.create_result_image().unwrap();
            assert_eq!((result.disc_id(), result.modified_blocks()), ("MINE", None));
            let identifier = image.calculate_disc_identifier().unwrap();
            assert_eq!(
                identifier,
                offered([kind(&bytes)]).calculate_disc_identifier().unwrap()
            );

            image.import_file_system().unwrap();
            assert_eq!(image.imported_volume_name(), Some("RECORDED"));
            assert_eq!(image.volume_name(), "MINE");
            image.root_mut().add_file("NEW", b"new").unwrap();
            let result = image.create_result_image().unwrap();
            assert_eq!(result.disc_id(), identifier);
            // The disc has not changed yet.
            assert_eq!(image.calculate_disc_identifier().unwrap(), identifier);

            let new = written(&bytes, &result, image.session_start_block());
            let later = offered([kind(&new)]).calculate_disc_identifier().unwrap();
            assert_ne!(later, identifier);
            assert_eq!(imported(kind(&new)).imported_volume_name(), Some("MINE"));
        }
    }
}

#[test]
fn what_boots_goes_on_booting() {
    let mut image = image_of(ISO9660 | JOLIET);
    add_files(
        &mut image,
        &[("BOOT.CAT", &[1; BLOCK]), ("BOOT.IMG", &[2; BLOCK])],
    );
    let mut bytes = bytes_of(&image);
    let catalog = image.create_result_image().unwrap();
    let catalog = catalog
        .progress_items()
        .from_description("/BOOT.CAT")
        .unwrap();
    let catalog = catalog.first_block();
    // The boot record (El Torito 2.0, figure 7) takes the place of Joliet.
    let mut record = vec![0; BLOCK];
    record[1..7].copy_from_slice(b"CD001\x01");
    record[7..30].copy_from_slice(b"EL TORITO SPECIFICATION");
    record[71..75].copy_from_slice(&catalog.to_le_bytes());
    bytes[17 * BLOCK..18 * BLOCK].copy_from_slice(&record);

    for kind in [sequential, random_write] {
        let mut image = imported(kind(&bytes));
        assert_eq!(image.file_systems_to_create(), ISO9660);
        image.root_mut().add_file("NEW", b"new").unwrap();
        let result = image.create_result_image().unwrap();
        let start = image.session_start_block();
        let new = written(&bytes, &result, start);
        let disc = RecordedDisc::open(disc(&new)).unwrap();
        let session = disc.session();
        assert_eq!(session.boot_catalog_block(), Some(catalog));
        let at = (session.start_block() as usize + 17) * BLOCK;
        assert!(new[at..at + BLOCK] == record);
        let at = catalog as usize * BLOCK;
        assert!(new[at..at + BLOCK] == [1; BLOCK]);
        assert!(imported(kind(&new)).exists("NEW").unwrap().is_some());
    }
}

/// A device: it has the blocks it has, most of which were never written.
struct Device(ReaderDisc<Cursor<Bytes>>);

impl Device {
    fn new(bytes: &[u8], blocks: usize) -> Self {
        let mut bytes = bytes.to_vec();
        bytes.resize(blocks * BLOCK, 0);
        Self(disc(&bytes))
    }
}

impl Disc for Device {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.0.read_blocks(block, buf)
    }

    fn total_blocks(&self) -> u32 {
        self.0.total_blocks()
    }
}

#[test]
fn sessions_go_behind_the_volume_on_a_device() {
    for file_systems in masks() {
        let mut bytes = recorded(file_systems);
        let kinds: [fn(Device) -> MultisessionInterface; 2] = [
            |device| MultisessionInterface::random_write(RandomWriteImage::new(device)),
            |device| MultisessionInterface::sequential(SequentialImage::open(device).unwrap()),
        ];
        for (kind, alignment) in kinds.iter().zip([1, 32]).cycle().take(6) {
            let mut image = imported(kind(Device::new(&bytes, 5000)));
            let start = image.session_start_block();
            let end = (bytes.len() / BLOCK) as u32;
            assert_eq!(start, end.next_multiple_of(alignment), "{file_systems}");
            assert_eq!(image.free_media_blocks(), 5000 - start);
            let name = format!("S{start}");
            image.root_mut().add_file(name, b"new").unwrap();
            bytes = written(&bytes, &image.create_result_image().unwrap(), start);
        }
        let image = imported(kinds[0](Device::new(&bytes, 5000)));
        assert_eq!(image.file_count(), 3 + 6);
    }
    // One that is full.
    let bytes = recorded(UDF);
    let len = bytes.len() / BLOCK;
    let device =
        MultisessionInterface::random_write(RandomWriteImage::new(Device::new(&bytes, len)));
    assert_eq!(code(offered([device]).import_file_system()), 0xC0AA_B133);
}

/// A partition behind the volume, as images for USB sticks have, is not in the way.
#[test]
fn partitions_are_not_overwritten() {
    let mut bytes = recorded(ISO9660 | JOLIET);
    let end = bytes.len() / BLOCK;
    let partition = end + 100;
    bytes[446] = 0x80;
    bytes[450] = 0xEF;
    bytes[454..458].copy_from_slice(&(4 * partition as u32).to_le_bytes());
    bytes[458..462].copy_from_slice(&40_u32.to_le_bytes());
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    bytes.resize(partition * BLOCK, 0);
    bytes.extend([9; 10 * BLOCK]);
    let behind = (partition + 10) as u32;
    let device =
        MultisessionInterface::random_write(RandomWriteImage::new(Device::new(&bytes, 5000)));
    assert_eq!(imported(device).session_start_block(), behind);
    let file = imported(sequential(&bytes));
    assert_eq!(file.session_start_block(), behind.next_multiple_of(32));
    // What nothing points at is kept as well, if it is where the session would be.
    let mut bytes = recorded(ISO9660 | JOLIET);
    bytes.resize((end + 50) * BLOCK, 1);
    let file = imported(sequential(&bytes));
    assert_eq!(
        file.session_start_block() as usize,
        (end + 50).next_multiple_of(32)
    );
}

/// Blocks of ISO 9660 are counted from the session's start by some writers.
#[test]
fn volumes_that_are_counted_from_their_session_end_where_they_do() {
    let mut first = image_of(ISO9660);
    add_files(&mut first, &[("A", &[1; 100 * BLOCK])]);
    let first = bytes_of(&first);
    let mut image = imported(sequential(&first));
    add_files(&mut image, &[("B", &[0; 500 * BLOCK])]);
    let start = image.session_start_block();
    let bytes = written(&first, &image.create_result_image().unwrap(), start);
    let end = (bytes.len() / BLOCK) as u32;
    for size in [end, end - start] {
        for padding in [0, 16, 1000] {
            let mut bytes = bytes.clone();
            let at = (start as usize + 16) * BLOCK + 80;
            bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&size.to_be_bytes());
            bytes.resize(bytes.len() + padding * BLOCK, 0);
            let image = imported(sequential(&bytes));
            assert_eq!(
                image.session_start_block(),
                end.next_multiple_of(32),
                "{size} {padding}"
            );
        }
    }
}

#[test]
fn files_grow_and_what_they_have_is_kept() {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("disc.iso");
    std::fs::write(&path, recorded(UDF)).unwrap();
    let disc = FileDisc::open(&path).unwrap();
    let total = disc.total_blocks();
    assert_eq!(disc.maximum_blocks(), 0x7FFF_FFFF);
    assert_eq!(disc.free_blocks(), 0x7FFF_FFFF - total);
    let interface = MultisessionInterface::random_write(RandomWriteImage::new(disc));
    let image = imported(interface);
    assert_eq!(image.session_start_block(), total);
    assert_eq!(image.free_media_blocks(), 0x7FFF_FFFF - total);
}

/// A disc that is changed while an image continues it.
struct Changing(std::sync::Mutex<Bytes>);

impl Disc for Changing {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.lock().unwrap();
        let at = block as usize * BLOCK;
        buf.copy_from_slice(&bytes[at..at + buf.len()]);
        Ok(())
    }

    fn total_blocks(&self) -> u32 {
        (self.0.lock().unwrap().len() / BLOCK) as u32
    }

    fn free_blocks(&self) -> u32 {
        100_000
    }
}

#[test]
fn an_image_continues_only_the_disc_that_was_imported() {
    for file_systems in masks() {
        let old = recorded(file_systems);
        let kinds: [fn(Arc<Changing>) -> MultisessionInterface; 2] = [
            |disc| MultisessionInterface::random_write(RandomWriteImage::new(disc)),
            |disc| MultisessionInterface::sequential(SequentialImage::open(disc).unwrap()),
        ];
        for kind in kinds {
            let disc = Arc::new(Changing(old.clone().into()));
            let mut image = imported(kind(disc.clone()));
            image.root_mut().add_file("NEW", b"new").unwrap();
            let result = image.create_result_image().unwrap();
            let start = image.session_start_block();
            // Another disc, and this one with a session that was added since.
            let other = bytes_of(&image_of(file_systems));
            for changed in [other, written(&old, &result, start)] {
                *disc.0.lock().unwrap() = changed;
                let error = image.create_result_image().unwrap_err();
                assert!(matches!(error, Error::DiscMismatch { .. }), "{error}");
                assert_eq!(error.hresult().0, 0xC0AA_B158);
                image.used_blocks().unwrap();
            }
            *disc.0.lock().unwrap() = old.clone();
            image.create_result_image().unwrap();
            let unreadable = Drive::of(&old, MediaType::Disk, Some(16));
            image
                .set_multisession_interfaces(vec![unreadable.sequential()])
                .unwrap();
            assert_eq!(code(image.create_result_image()), 0xC0AA_B157);
        }
    }
}

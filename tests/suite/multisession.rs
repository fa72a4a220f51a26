//! Which discs can be continued, and what is said of the others.

use std::fs;
use std::io;
use std::sync::Arc;

use imapi2fs::{
    Disc, Error, FileDisc, FileSystems, MediaType, MultisessionInterface, RandomWriteImage,
    RecordedDisc, SequentialImage, UdfRevision,
};

use crate::append::{Bytes, bytes_of, disc, random_write, sequential, written};
use crate::support::bytes::BLOCK;
use crate::support::drive::{Drive, code, imported, offered, recorded};
use crate::support::udf::rewrite_descriptors;
use crate::support::{Host, ISO9660, JOLIET, UDF, add_files, image, image_of, masks, state};

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
        assert!(
            matches!(error, Error::ImportSeek { block: 0, .. }),
            "{error}"
        );
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

#[test]
fn what_is_not_supported_is_named() {
    const LOGICAL_VOLUME: u16 = 6;
    const FIRST_MAP: usize = 440;
    let bytes = recorded(UDF);
    // A partition map of a type that nobody knows (ECMA-167 3/10.7.1).
    let bytes = rewrite_descriptors(&bytes, LOGICAL_VOLUME, |descriptor| {
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
        let bytes = rewrite_descriptors(&bytes, PARTITION, |descriptor| {
            descriptor[184] = access_type
        });
        cases.push((bytes, 0xC0AA_B133));
    }
    let bytes = rewrite_descriptors(&bytes, LOGICAL_VOLUME, |descriptor| {
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
        let new = written(&bytes, &result);
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
            // Another disc, and this one with a session that was added since.
            let other = bytes_of(&image_of(file_systems));
            for changed in [other, written(&old, &result)] {
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

/// What is written to a file by one image, another that continues the same file notices, and so does that image itself.
#[test]
fn sessions_that_were_added_to_a_file_are_noticed() {
    let kinds: [fn(FileDisc) -> MultisessionInterface; 2] = [
        |disc| MultisessionInterface::random_write(RandomWriteImage::new(disc)),
        |disc| MultisessionInterface::sequential(SequentialImage::open(disc).unwrap()),
    ];
    for file_systems in masks() {
        let old = recorded(file_systems);
        // Zeros behind the volume can take the session, so that the file stays as long as it is.
        for zeros in [0, 2000] {
            let mut old = old.clone();
            old.resize(old.len() + zeros * BLOCK, 0);
            for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let host = Host::new();
                let path = host.file("disc.iso", &old);
                let open = |kind: usize| kinds[kind](FileDisc::open(&path).unwrap());
                let mut image = imported(open(first));
                let mut other = imported(open(second));
                let late = open(1);
                for image in [&mut image, &mut other] {
                    image.root_mut().add_file("NEW", b"new").unwrap();
                }
                let result = image.create_result_image().unwrap();
                fs::write(&path, written(&old, &result)).unwrap();
                image.root_mut().add_file("NEWER", b"newer").unwrap();
                for image in [&image, &other] {
                    let error = image.create_result_image().unwrap_err();
                    assert!(
                        matches!(error, Error::DiscMismatch { .. }),
                        "{file_systems} {zeros} {first} {second}: {error}"
                    );
                }
                // What is imported only now has it.
                if zeros == 0 {
                    assert!(imported(late).exists("NEW").unwrap().is_some());
                }
            }
        }
    }
}

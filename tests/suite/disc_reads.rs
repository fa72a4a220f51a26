//! How often a disc is read: on a drive or over a network, each read takes its time.

use std::sync::Arc;

use imapi2fs::{
    Disc, FileSystemImage, FileSystems, MultisessionInterface, RandomWriteImage, RecordedDisc,
    SequentialImage,
};

use crate::append::{bytes_of, disc};
use crate::support::reads::{Noted, Reads};
use crate::support::{add_files, image_of, masks};

/// The first descriptor and the first anchor of a session at block 0.
const DESCRIPTOR: u32 = 16;
const ANCHOR: u32 = 256;

/// A disc of these files.
fn disc_of(file_systems: FileSystems, paths: &[String]) -> Arc<Noted<impl Disc + use<>>> {
    let mut image = image_of(file_systems);
    for path in paths {
        add_files(&mut image, &[(path, path.as_bytes())]);
    }
    Noted::new(disc(&bytes_of(&image)))
}

/// A disc that ends with its only session, of ten files.
fn ten_files(file_systems: FileSystems) -> Arc<Noted<impl Disc + use<>>> {
    let paths: Vec<_> = (0..10).map(|number| format!("F{number}.TXT")).collect();
    disc_of(file_systems, &paths)
}

fn sequential<D: Disc + 'static>(disc: &Arc<Noted<D>>) -> MultisessionInterface {
    let image = SequentialImage::open(disc.clone()).unwrap();
    // It looks for the sessions as a drive does, before anything is imported.
    disc.take();
    MultisessionInterface::sequential(image)
}

fn random_write<D: Disc + 'static>(disc: &Arc<Noted<D>>) -> MultisessionInterface {
    MultisessionInterface::random_write(RandomWriteImage::new(disc.clone()))
}

/// Imports a disc and plans the session that continues it; returns the reads of either.
fn continued<D: Disc>(disc: &Noted<D>, interface: MultisessionInterface) -> [Reads; 2] {
    let mut image = FileSystemImage::new();
    image.set_multisession_interfaces(vec![interface]).unwrap();
    image.import_file_system().unwrap();
    let imported = disc.take();
    add_files(&mut image, &[("NEW.TXT", b"new")]);
    image.create_result_image().unwrap();
    [imported, disc.take()]
}

/// The plan compares the disc with what was imported, for which it reads what leads to the session afresh.
#[test]
fn a_disc_is_imported_and_continued_in_a_few_reads() {
    for file_systems in masks() {
        let disc = ten_files(file_systems);
        for interface in [sequential(&disc), random_write(&disc)] {
            let what = format!("{file_systems}, {interface:?}");
            let [imported, planned] = continued(&disc, interface);
            assert_eq!(imported.of(DESCRIPTOR), 1, "{what}: {imported:?}");
            assert!(imported.of(ANCHOR) <= 1, "{what}: {imported:?}");
            assert_eq!(planned.of(DESCRIPTOR), 1, "{what}: {planned:?}");
            let all = imported.count() + planned.count();
            assert!(all <= 40, "{what}: {all}");
        }
    }
}

#[test]
fn a_session_is_opened_once_for_all_its_volumes() {
    for file_systems in masks() {
        let disc = ten_files(file_systems);
        let recorded = RecordedDisc::open(disc.clone()).unwrap();
        for file_system in file_systems {
            let volume = recorded.volume(file_system).unwrap();
            assert_eq!(volume.walk().count(), 10);
        }
        recorded.boot_entries().unwrap();
        let reads = disc.take();

        assert_eq!(reads.of(DESCRIPTOR), 1, "{file_systems}: {reads:?}");
        assert!(reads.of(ANCHOR) <= 1, "{file_systems}: {reads:?}");
        assert!(reads.count() <= 24, "{file_systems}: {reads:?}");
    }
}

#[test]
fn looking_for_sessions_opens_each_once() {
    for file_systems in masks() {
        let disc = ten_files(file_systems);
        SequentialImage::open(disc.clone()).unwrap();
        let reads = disc.take();

        assert_eq!(reads.of(DESCRIPTOR), 1, "{file_systems}: {reads:?}");
        assert!(reads.of(ANCHOR) <= 1, "{file_systems}: {reads:?}");
        assert!(reads.count() <= 16, "{file_systems}: {reads:?}");
    }
}

/// Directories, the structures of files and the files themselves lie in different places, which are read in turn.
#[test]
fn many_directories_are_read_in_pieces() {
    const DIRECTORIES: usize = 1000;
    let paths: Vec<_> = (0..DIRECTORIES)
        .map(|number| format!("D{number}/F{number}.TXT"))
        .collect();
    for file_systems in masks() {
        let disc = disc_of(file_systems, &paths);
        for interface in [sequential(&disc), random_write(&disc)] {
            let what = format!("{file_systems}, {interface:?}");
            let [imported, planned] = continued(&disc, interface);
            let all = imported.count() + planned.count();

            assert!(all <= DIRECTORIES / 2, "{what}: {all}");
        }
    }
}

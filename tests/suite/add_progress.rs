//! What is told while files are added (`DFileSystemImageEvents`).

use std::fs::{self, File};
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use imapi2fs::{BootOptions, Error, FileSystemImage, FileSystems, Source, TreeOptions};
use tempfile::TempDir;

use crate::support::{image_of, state};

type Told = Arc<Mutex<Vec<(String, u64, Option<u64>)>>>;

/// An image that tells, and what it told.
fn telling() -> (FileSystemImage, Told) {
    let mut image = image_of(FileSystems::all());
    let told = Told::default();
    let to = Arc::clone(&told);
    image.set_add_progress(move |progress| {
        let path = progress.path.to_string();
        let entry = (path, progress.copied_blocks, progress.total_blocks);
        to.lock().unwrap().push(entry);
        ControlFlow::Continue(())
    });
    (image, told)
}

fn expected(path: &str, blocks: &[u64], total: u64) -> Vec<(String, u64, Option<u64>)> {
    let event = |copied: &u64| (path.to_owned(), *copied, Some(total));
    blocks.iter().map(event).collect()
}

const MIB: usize = 1 << 20;

/// Lengths, and the blocks that are told: 1 + ⌈n/512⌉ times for n blocks.
const CASES: [(usize, &[u64], u64); 6] = [
    (0, &[0], 0),
    (1, &[0, 1], 1),
    (MIB - 1, &[0, 512], 512),
    (MIB, &[0, 512], 512),
    (MIB + 1, &[0, 512, 513], 513),
    (3 * MIB + 2048, &[0, 512, 1024, 1536, 1537], 1537),
];

#[test]
fn every_mebibyte_of_a_file_is_told() {
    for stage in [false, true] {
        for (len, blocks, total) in CASES {
            let (mut image, told) = telling();
            image.set_stage_files(stage);
            image.root_mut().add_directory("D").unwrap();
            assert!(told.lock().unwrap().is_empty());
            image.root_mut().add_file("D/F", vec![7; len]).unwrap();
            let events = std::mem::take(&mut *told.lock().unwrap());
            assert_eq!(events, expected("/D/F", blocks, total), "{len} {stage}");

            let reader = std::io::Cursor::new(vec![7; len]);
            image
                .root_mut()
                .add_file("S", Source::seekable(reader))
                .unwrap();
            let events = std::mem::take(&mut *told.lock().unwrap());
            assert_eq!(events, expected("/S", blocks, total));

            // How much there is shows only at its end.
            let reader = std::io::repeat(7).take(len as u64);
            image
                .root_mut()
                .add_file("R", Source::reader(reader))
                .unwrap();
            let events = std::mem::take(&mut *told.lock().unwrap());
            let copied: Vec<_> = events.iter().map(|(_, copied, _)| *copied).collect();
            assert_eq!(copied, blocks);
            assert!(events.iter().all(|(_, _, total)| total.is_none()));
            image.clear_add_progress();
            image.root_mut().add_file("Q", [1]).unwrap();
            assert!(told.lock().unwrap().is_empty());
        }
    }
}

#[test]
fn all_files_of_a_tree_are_told() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("a/empty")).unwrap();
    fs::write(dir.path().join("a/small"), [1]).unwrap();
    let large = File::create(dir.path().join("large")).unwrap();
    large.set_len(3 * MIB as u64).unwrap();
    for stage in [false, true] {
        let (mut image, told) = telling();
        image.set_stage_files(stage);
        image.root_mut().add_tree(dir.path(), false).unwrap();
        let mut events = told.lock().unwrap().clone();
        events.sort();
        let mut all = expected("/a/small", &[0, 1], 1);
        all.extend(expected("/large", &[0, 512, 1024, 1536], 1536));
        assert_eq!(events, all, "{stage}");
    }
}

/// It is made later, but added like any other file.
#[test]
fn a_boot_catalog_is_told_of_and_can_be_refused() {
    let (mut image, told) = telling();
    let boot = BootOptions::new([1]).unwrap();
    image.set_boot_image_options(Some(boot)).unwrap();
    let root = image.root_mut();
    root.add_file("BOOT.CAT", Source::boot_catalog()).unwrap();
    let events = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(events, expected("/BOOT.CAT", &[0, 1], 1));
    let before = state(&image);
    image.set_add_progress(|_| ControlFlow::Break(()));
    let root = image.root_mut();
    let refused = root.add_file("AGAIN.CAT", Source::boot_catalog());
    assert!(matches!(refused.unwrap_err(), Error::Cancelled));
    let mut file = image.item_mut("BOOT.CAT").unwrap();
    let refused = file.add_stream("again", Source::boot_catalog());
    assert!(matches!(refused.unwrap_err(), Error::Cancelled));
    assert_eq!(state(&image), before);
}

#[test]
fn whoever_is_told_can_end_it() {
    let dir = TempDir::new().unwrap();
    for name in ["one", "three", "two"] {
        fs::write(dir.path().join(name), vec![1; 2 * MIB]).unwrap();
    }
    for stage in [false, true] {
        let mut count = 0;
        // So many are told for each file.
        for end in [0, 1, 2, 3, 5, 8] {
            let mut image = image_of(FileSystems::all());
            image.set_stage_files(stage);
            image.root_mut().add_file("before", [1]).unwrap();
            let before = (state(&image), image.change_point());
            let mut left = end;
            image.set_add_progress(move |_| {
                if left == 0 {
                    return ControlFlow::Break(());
                }
                left -= 1;
                ControlFlow::Continue(())
            });
            let options = TreeOptions::new();
            let error = image
                .root_mut()
                .add_tree_with(dir.path(), &options)
                .unwrap_err();
            assert!(matches!(error, Error::Cancelled), "{error}");
            assert_eq!(error.hresult().0, 0xC0AA_0002);
            assert_eq!((state(&image), image.change_point()), before);
            image.clear_add_progress();
            image.root_mut().add_tree(dir.path(), false).unwrap();
            assert_eq!(image.file_count(), 4);
            count += 1;
        }
        assert_eq!(count, 6);
    }
}

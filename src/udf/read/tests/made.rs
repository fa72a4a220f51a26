//! Images made by this crate, and volumes made by `mkudffs`.

use super::*;
use crate::file_systems::{FileSystems, UdfRevision};
use crate::image::FileSystemImage;
use crate::time::Timestamp;

/// Makes an image of many small items; `redundant` records its metadata twice.
pub(super) fn image(revision: UdfRevision, redundant: bool, bridge: bool) -> Vec<u8> {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(1_700_000_000));
    let mask = if bridge {
        FileSystems::all()
    } else {
        FileSystems::UDF
    };
    image.set_file_systems_to_create(mask).unwrap();
    image.set_udf_revision(revision).unwrap();
    let _ = image.set_create_redundant_udf_metadata_files(redundant);
    image.set_volume_name("Füße 🎉").unwrap();
    image.set_embed_small_files(!bridge);
    let root = image.root_mut();
    for directory in 0..12 {
        for path in [
            format!("directory {directory}"),
            format!("directory {directory}/sub"),
        ] {
            root.add_directory(&*path).unwrap();
        }
        for file in 0..20 {
            let name = format!(
                "directory {directory}/sub/{} {file} Ж🎉",
                "long".repeat(file)
            );
            let data: Vec<u8> = (0..file * 311)
                .map(|at| (at * 7 + directory) as u8)
                .collect();
            root.add_file(&*name, data).unwrap();
        }
    }
    root.add_file("empty", *b"").unwrap();
    root.add_directory("no entries").unwrap();
    root.add_file("hidden", *b"h").unwrap().set_is_hidden(true);
    let mut file = root.add_file("old", vec![1; 100_000]).unwrap();
    file.set_creation_time(Timestamp::from_unix(-1_000_000_000))
        .unwrap();
    let _ = file.set_is_real_time(true).unwrap();
    let _ = file.add_stream("Small Ж", *b"stream").unwrap();
    let _ = file.add_stream("large", vec![3; 10_000]).unwrap();
    let mut bytes = Vec::new();
    image
        .create_result_image()
        .unwrap()
        .write_to(&mut bytes)
        .unwrap();
    bytes
}

/// Makes every form of image that this crate can make.
pub(super) fn images() -> impl Iterator<Item = (UdfRevision, bool, Vec<u8>)> {
    UdfRevision::ALL.iter().flat_map(|revision| {
        let all = [(false, true), (false, false), (true, false)].into_iter();
        all.filter(|(redundant, _)| !redundant || revision.has_metadata_partition())
            .map(|(redundant, bridge)| (*revision, redundant, image(*revision, redundant, bridge)))
    })
}

#[test]
fn own_images_are_read_as_the_checker_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    for (revision, redundant, bytes) in images() {
        let path = directory.path().join("image");
        std::fs::write(&path, &bytes).unwrap();
        let total = bytes.len() as u32 / 2048;
        let blocks = blocks(bytes);
        let volume = open(&blocks, 0).unwrap().unwrap();
        assert_eq!(volume.revision(), Some(revision));
        assert_eq!(volume.name(), "Füße 🎉");
        assert_eq!(volume.access_type(), 1);
        assert_eq!(volume.end(), total);
        assert_eq!(volume.anchors(), [256, total - 1]);
        let sequences = volume
            .sequences()
            .map(|extent| (extent.start.0, extent.blocks));
        assert_eq!(sequences[0], (32, 16));
        assert_eq!(sequences[1].1, 16);
        assert_eq!(volume.findings(), []);
        let integrity = volume.integrity().unwrap();
        let lines = manifest(&blocks, &volume).unwrap();
        let count = |kind| lines.iter().filter(|line| line.0 == kind).count() as u32;
        assert_eq!(integrity.directories, count('d'));
        assert_eq!(integrity.files, count('f'));
        assert!(integrity.is_closed);
        if let Some(judged) = judged(&path, 0) {
            assert_eq!(lines, judged, "{revision} {redundant}");
        }

        let root = volume.root().unwrap();
        let entries: Vec<Entry> = volume.entries(&root).unwrap().map(Result::unwrap).collect();
        let streams = lines.iter().filter(|line| line.0 == 's').count();
        assert_eq!(streams, if revision >= UdfRevision::V2_00 { 2 } else { 0 });
        let hidden: Vec<&Entry> = entries.iter().filter(|entry| entry.hidden).collect();
        assert_eq!(hidden.len(), 1);
        assert_eq!(hidden[0].name, "hidden");
        let old = entries.iter().find(|entry| entry.name == "old").unwrap();
        assert_eq!(old.real_time, revision >= UdfRevision::V2_01);
        let created = Timestamp::from_unix(-1_000_000_000);
        assert_eq!(
            old.created,
            revision.has_creation_times().then_some(created)
        );
    }
}

/// The revisions and block lengths that `mkudffs` offers, with its other features.
#[test]
fn empty_volumes_of_another_program_are_opened() {
    let directory = tempfile::tempdir().unwrap();
    let revisions = ["1.01", "1.02", "1.50", "2.00", "2.01", "2.50", "2.60"];
    let lens = ["512", "1024", "2048", "4096", "8192", "32768"];
    let forms: [&[&str]; 9] = [
        &["-m", "hd"],
        &["-m", "hd", "--ad=short"],
        &["-m", "hd", "--ad=long"],
        &["-m", "hd", "--strategy=4096"],
        &["-m", "hd", "--spartable=2"],
        &["-m", "cdr"],
        &["-m", "cdr", "--closed"],
        &["-m", "dvdrw"],
        &["-m", "hd", "--space=freedtable", "--noefe"],
    ];
    let mut opened = 0;
    for revision in revisions {
        for len in lens {
            for form in forms {
                let path = directory.path().join("image");
                let _ = std::fs::remove_file(&path);
                let blocks_count = (16 << 20) / len.parse::<u32>().unwrap();
                // The program wants its options in this order.
                let (media, others) = form.split_at(2);
                let made = Command::new("mkudffs")
                    .args(["--utf8", "--new-file", "-b", len])
                    .args(media)
                    .args(["-r", revision, "-l", "Völume"])
                    .args(others)
                    .arg(&path)
                    .arg(blocks_count.to_string())
                    .output();
                // Not every form exists in every revision, and the program may be absent.
                if !made.is_ok_and(|made| made.status.success()) {
                    continue;
                }
                let what = format!("{revision} {len} {form:?}");
                let blocks = blocks(std::fs::read(&path).unwrap());
                let volume = open(&blocks, 0).unwrap_or_else(|error| panic!("{what}: {error}"));
                let volume = volume.unwrap_or_else(|| panic!("{what}"));
                assert_eq!(volume.name(), "Völume", "{what}");
                assert_eq!(volume.logical_block_size().to_string(), len);
                assert_eq!(
                    format!("{:x}", volume.recorded_revision()),
                    revision.replace('.', "")
                );
                assert_eq!(volume.findings(), [], "{what}");
                let lines =
                    manifest(&blocks, &volume).unwrap_or_else(|error| panic!("{what}: {error}"));
                let paths: Vec<&str> = lines.iter().map(|line| &*line.4).collect();
                assert!(paths.contains(&"/"), "{what} {paths:?}");
                if opened % 9 == 0 {
                    if let Some(judged) = judged(&path, 0) {
                        assert_eq!(lines, judged, "{what}");
                    }
                }
                opened += 1;
            }
        }
    }
    eprintln!("{opened} volumes of mkudffs");
}

/// `genisoimage` makes a UDF volume of a tree of files.
#[test]
fn volumes_of_genisoimage_are_read_as_the_checker_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    let tree = directory.path().join("tree");
    for at in 0..30_usize {
        let below = tree.join(format!("directory {}/{}", at % 7, "deep".repeat(at)));
        std::fs::create_dir_all(&below).unwrap();
        for file in 0..at {
            let name = format!("{file} ä {}", "x".repeat(file * 3));
            std::fs::write(below.join(name), vec![at as u8; file * 999]).unwrap();
        }
    }
    let path = directory.path().join("image");
    let made = Command::new("genisoimage")
        .args([
            "-quiet",
            "-udf",
            "-V",
            "Label",
            "-input-charset",
            "utf-8",
            "-o",
        ])
        .args([&path, &tree])
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        return;
    }
    let blocks = blocks(std::fs::read(&path).unwrap());
    let volume = open(&blocks, 0).unwrap().unwrap();
    assert_eq!(volume.recorded_revision(), 0x102);
    let lines = manifest(&blocks, &volume).unwrap();
    assert_eq!(lines.iter().filter(|line| line.0 == 'f').count(), 435);
    if let Some(judged) = judged(&path, 0) {
        assert_eq!(lines, judged);
    }
    assert_eq!(volume.findings(), []);
}

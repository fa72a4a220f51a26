//! Images made by other programs.

use std::fs::File;

use super::*;

/// Unpacks the images beside the repository: name, path, bytes.
pub(super) fn images(directory: &Path) -> Vec<(String, PathBuf, Vec<u8>)> {
    let Some(corpus) = beside("corpus") else {
        return Vec::new();
    };
    let mut packed: Vec<PathBuf> = corpus
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xz"))
        .collect();
    packed.sort();
    let unpack = |path: PathBuf| {
        let name = path.file_stem()?.to_str()?.to_owned();
        let image = directory.join(&name);
        let status = Command::new("xz")
            .args(["-dc", path.to_str()?])
            .stdout(File::create(&image).unwrap())
            .status()
            .ok()?;
        assert!(status.success(), "{name}");
        let bytes = std::fs::read(&image).unwrap();
        Some((name, image, bytes))
    };
    packed.into_iter().filter_map(unpack).collect()
}

/// Returns the blocks at which sessions begin.
fn sessions(name: &str) -> &'static [u32] {
    if name.contains("udf-multi-0-320-640") {
        // The tables of the earlier sessions are not the last blocks recorded.
        &[640]
    } else {
        &[0]
    }
}

#[test]
fn all_sessions_of_a_disc_with_tables_are_found() {
    use crate::file_systems::FileSystems;
    use crate::import::RecordedDisc;

    let directory = tempfile::tempdir().unwrap();
    for (name, _, bytes) in images(directory.path()) {
        if sessions(&name) != [640] {
            continue;
        }
        let disc = RecordedDisc::open(ReaderDisc::new(Cursor::new(bytes)).unwrap()).unwrap();
        let starts = disc.sessions().iter();
        let starts: Vec<_> = starts.map(|session| session.start_block()).collect();
        assert_eq!(starts, [0, 320, 640]);
        assert_eq!(disc.session().start_block(), 640);
        let volume = disc.volume(FileSystems::UDF).unwrap();
        assert!(volume.walk().all(|item| item.is_ok()));
    }
}

#[test]
fn real_images_are_read_as_the_checker_reads_them() {
    let directory = tempfile::tempdir().unwrap();
    let mut read = 0;
    let images = images(directory.path());
    // Without a program to unpack them, there are no images.
    let unpacked = !images.is_empty();
    for (name, path, bytes) in images {
        let blocks = blocks(bytes);
        for start in sessions(&name) {
            let judged = judged(&path, *start);
            let volume = open(&blocks, *start).unwrap_or_else(|error| panic!("{name}: {error}"));
            let Some(volume) = volume else {
                assert!(judged.is_none(), "{name} was not recognised");
                continue;
            };
            let lines =
                manifest(&blocks, &volume).unwrap_or_else(|error| panic!("{name}: {error}"));
            eprintln!(
                "{name}: {:x} `{}`, {} entries, {:?}",
                volume.recorded_revision(),
                volume.name(),
                lines.len(),
                volume.findings(),
            );
            assert_eq!(Some(lines), judged, "{name}");
            read += 1;
        }
    }
    if unpacked {
        assert!(read >= 13, "{read}");
    }
}

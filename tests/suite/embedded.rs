//! Small files in their ICBs.

use imapi2fs::{Error, FileSystemImage, FileSystems, UdfRevision};

use crate::support::{Host, UDF, add_files, check, image};

/// The most bytes that lie in an ICB.
const fn room(revision: UdfRevision) -> usize {
    match revision {
        UdfRevision::V1_02 | UdfRevision::V1_50 => 2048 - 176,
        _ => 2048 - 216,
    }
}

fn with_sizes(sizes: &[usize]) -> FileSystemImage {
    let mut image = image();
    image.set_file_systems_to_create(UDF).unwrap();
    image.set_embed_small_files(true);
    for size in sizes {
        let data: Vec<u8> = (0..*size).map(|at| at as u8 ^ 0x5A).collect();
        add_files(&mut image, &[(&format!("{size:05}"), &data)]);
    }
    image
}

#[test]
fn what_fits_into_its_icb_lies_there() {
    for revision in UdfRevision::ALL {
        let room = room(*revision);
        let mut image = with_sizes(&[0, 1, room - 1, room, room + 1, 2048, 5000]);
        image.set_udf_revision(*revision).unwrap();
        let disc = check(&image);
        for (path, entry) in disc.udf().entries {
            let embedded = (1..=room as u64).contains(&entry.len) && !entry.directory;
            assert_eq!(entry.icb().embedded.is_some(), embedded, "{path}");
        }
        // Any part can be read alone.
        let whole = disc.whole();
        for offset in (0..whole.len()).step_by(777) {
            let mut part = vec![0xAA; 99.min(whole.len() - offset)];
            disc.image.read_at(offset as u64, &mut part).unwrap();
            assert!(part == whole[offset..offset + part.len()], "at {offset}");
        }
    }
}

#[test]
fn it_saves_a_block_for_each_file() {
    let sizes: Vec<usize> = (1..200).collect();
    let mut image = with_sizes(&sizes);
    let embedded = image.used_blocks().unwrap();
    image.set_embed_small_files(false);
    assert!(!image.embed_small_files());
    assert_eq!(image.used_blocks().unwrap(), embedded + 199);
}

/// The other file systems have to find the data, too.
#[test]
fn bridges_embed_nothing() {
    let mut image = with_sizes(&[1, 100]);
    for file_systems in [FileSystems::all(), FileSystems::ISO9660] {
        image.set_file_systems_to_create(file_systems).unwrap();
        image.set_embed_small_files(true);
        let blocks = image.used_blocks().unwrap();
        check(&image);
        image.set_embed_small_files(false);
        assert_eq!(image.used_blocks().unwrap(), blocks);
    }
}

/// The limit is checked against the least an image can have, which embedding makes smaller.
#[test]
fn what_embedding_saves_can_be_used() {
    let sizes: Vec<usize> = (1..100).collect();
    let mut image = with_sizes(&sizes);
    let blocks = image.used_blocks().unwrap();
    image.set_free_media_blocks(blocks + 1).unwrap();
    image.root_mut().add_file("more", b"1").unwrap();
    assert_eq!(
        image.create_result_image().unwrap().total_blocks(),
        blocks + 1
    );
    let error = image.set_free_media_blocks(blocks).unwrap_err();
    assert!(matches!(error, Error::ImageTooBig { .. }));
}

#[test]
fn a_small_file_that_changes_is_noticed() {
    let host = Host::with(&[("small", b"1234")]);
    let mut image = with_sizes(&[]);
    image.root_mut().add_tree(host.root(), false).unwrap();
    let result = image.create_result_image().unwrap();
    std::fs::write(host.path("small"), b"12345").unwrap();
    let error = result.write_to(std::io::sink()).unwrap_err();
    assert!(matches!(error, Error::SourceChanged { .. }), "{error}");
}

//! Where files begin when they are aligned.

use imapi2fs::{Error, FileSystemImage, FileSystems, UdfRevision};

use crate::support::{Host, ISO9660, UDF, add_files, check, image};

/// A file shorter than eight blocks, one of eight and one that is longer, twice.
fn with_files() -> FileSystemImage {
    let mut image = image();
    for name in ["a", "b"] {
        for (blocks, size) in [("fits", 8), ("long", 10), ("short", 7)] {
            let data = vec![7; size * 2048 - 5];
            add_files(&mut image, &[(&format!("{name}{blocks}"), &data)]);
        }
    }
    image
}

#[test]
fn files_as_long_as_the_alignment_begin_at_its_multiples() {
    let mut image = with_files();
    let packed = image.used_blocks().unwrap();
    image.set_file_alignment(8).unwrap();
    assert_eq!(image.file_alignment(), 8);
    assert!(image.used_blocks().unwrap() > packed);
    // Counted from the disc's start, not from the session's.
    for start in [0, 1003] {
        image.set_session_start_block(start).unwrap();
        let disc = check(&image);
        for file_system in FileSystems::all().iter() {
            for (path, entry) in disc.entries(file_system) {
                let path = path.to_lowercase();
                if path.contains("fits") || path.contains("long") {
                    assert_eq!(entry.extents[0].0 % 8, 0, "{path}");
                }
            }
        }
        let shorts = ["/ashort", "/bshort"].map(|path| disc.udf().entries[path].extents[0].0);
        assert!(shorts.iter().any(|block| block % 8 != 0), "{shorts:?}");
    }
}

/// Every part of the image can be read alone, and what lies between the files is zero and said to be unused.
#[test]
fn gaps_are_unused_blocks_of_zeros() {
    let mut image = with_files();
    image.set_file_alignment(8).unwrap();
    let disc = check(&image);
    let whole = disc.whole();
    for offset in (0..whole.len()).step_by(1111) {
        let mut part = vec![0xAA; 3000.min(whole.len() - offset)];
        disc.image.read_at(offset as u64, &mut part).unwrap();
        assert!(part == whole[offset..offset + part.len()], "at {offset}");
    }
    let items = disc.image.progress_items();
    let mut next = 0;
    let mut gaps = 0;
    for item in items.iter() {
        assert_eq!(item.first_block(), next);
        next = item.last_block() + 1;
        for block in [item.first_block(), item.last_block()] {
            assert_eq!(items.from_block(block).as_ref(), Some(&item), "{block}");
        }
        if item.description() == "unused" {
            let bytes = item.first_block() as usize * 2048..next as usize * 2048;
            assert!(whole[bytes].iter().all(|byte| *byte == 0));
            gaps += u32::from(item.first_block() > 257);
        }
    }
    assert_eq!(next, image.used_blocks().unwrap());
    assert!(gaps >= 2, "{gaps}");
}

#[test]
fn only_powers_of_two_are_accepted() {
    let mut image = image();
    for blocks in [0, 3, 24, 1 << 16, u32::MAX] {
        let error = image.set_file_alignment(blocks).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter(_)));
        assert!(error.to_string().contains(&blocks.to_string()));
    }
    for blocks in [1, 2, 1 << 15] {
        image.set_file_alignment(blocks).unwrap();
    }
}

/// UDF 6.11 of 2.01.
#[test]
fn real_time_files_begin_at_ecc_blocks() {
    let mut image = with_files();
    let mut item = image.item_mut("bshort").unwrap();
    let _ = item.set_is_real_time(true).unwrap();
    for revision in UdfRevision::ALL {
        image.set_udf_revision(*revision).unwrap();
        let disc = check(&image);
        let first = disc.entries(UDF)["/bshort"].extents[0].0;
        if *revision >= UdfRevision::V2_01 {
            assert_eq!(first % 32, 0, "{revision}");
        }
        assert_eq!(disc.entries(ISO9660)["/BSHORT"].extents[0].0, first);
    }
}

/// Whichever of its names says so; and they do not lie in their ICBs, however short they are.
#[test]
fn a_real_time_file_of_two_names_is_aligned() {
    let host = Host::with(&[("x", b"filler"), ("y", b"film")]);
    std::fs::hard_link(host.path("y"), host.path("z")).unwrap();
    for name in ["y", "z"] {
        let mut image = image();
        image.set_file_systems_to_create(UDF).unwrap();
        image.set_udf_revision(UdfRevision::V2_01).unwrap();
        image.set_embed_small_files(true);
        image.root_mut().add_tree(host.root(), false).unwrap();
        let _ = image.item_mut(name).unwrap().set_is_real_time(true);
        let entries = check(&image).udf().entries;
        let entry = &entries[&format!("/{name}")];
        assert!(entry.icb().real_time && entry.icb().embedded.is_none());
        assert_eq!(entry.extents[0].0 % 32, 0, "{name}");
    }
}

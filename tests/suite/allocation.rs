//! Extents of large files in UDF, and the chains that describe them.

use imapi2fs::{FileSystems, InterchangeLevel, Source};

use crate::support::bytes::is_zero;
use crate::support::readers::Numbered;
use crate::support::{Host, UDF, check, image_at, image_of};
use crate::udf::{taken, with_udf};

/// The longest extent of UDF.
const EXTENT: u64 = (1 << 30) - 2048;

#[test]
fn extents_have_at_most_a_gib() {
    for file_systems in with_udf() {
        for (len, lens) in [
            (EXTENT - 1, vec![EXTENT - 1]),
            (EXTENT, vec![EXTENT]),
            (EXTENT + 1, vec![EXTENT, 1]),
            (3 * EXTENT, vec![EXTENT; 3]),
        ] {
            let mut image = image_at(file_systems, InterchangeLevel::Three);
            image
                .root_mut()
                .add_file("large", Source::seekable(Numbered::new(len)))
                .unwrap();
            let extents = check(&image).udf().entries["/large"].extents.clone();
            assert_eq!(
                extents.iter().map(|(_, len)| *len).collect::<Vec<_>>(),
                lens
            );
            let adjacent = |pair: &[(u32, u64)]| pair[0].0 + (pair[0].1 / 2048) as u32 == pair[1].0;
            assert!(extents.windows(2).all(adjacent));
        }
    }
}

/// A File Entry has room for 234 descriptors, a block of the chain for 253; the last points to the next block.
#[test]
fn descriptors_continue_in_a_chain_when_the_entry_is_full() {
    for file_systems in with_udf() {
        for (extents, blocks) in [
            (233, 0),
            (234, 0),
            (235, 1),
            (233 + 253, 1),
            (233 + 254, 2),
            (233 + 252 + 253, 2),
            (233 + 252 + 254, 3),
        ] {
            for len in [extents * EXTENT, (extents - 1) * EXTENT + 1] {
                let mut image = image_at(file_systems, InterchangeLevel::Three);
                let root = image.root_mut();
                root.add_file("before", b"before").unwrap();
                root.add_file("large", Source::seekable(Numbered::new(len)))
                    .unwrap();
                root.add_file("z", b"behind").unwrap();
                let disc = check(&image);
                let entry = disc.udf().entries["/large"].clone();
                assert_eq!(entry.extents.len() as u64, extents);
                assert_eq!(entry.icb().chain.len(), blocks, "{len} bytes");
                taken(&disc, file_systems);
            }
        }
    }
}

#[test]
fn chains_of_several_files_are_kept_apart() {
    let mut image = image_of(UDF);
    for (name, extents) in [("a", 240), ("b", 500), ("c", 235), ("d", 1)] {
        let source = Source::seekable(Numbered::new(extents * EXTENT));
        image.root_mut().add_file(name, source).unwrap();
    }
    let disc = check(&image);
    let entries = disc.udf().entries;
    let chains = ["/a", "/b", "/c", "/d"].map(|path| entries[path].icb().chain.len());
    assert_eq!(chains, [1, 2, 1, 0]);
    taken(&disc, UDF);
}

#[test]
fn a_sparse_file_of_the_host_gets_a_chain_too() {
    let host = Host::new();
    if cfg!(windows) {
        // Not every file system there has files with holes.
        return a_sparse_file_needs_no_room(&host, EXTENT + 1, 2);
    }
    a_sparse_file_needs_no_room(&host, 234 * EXTENT, 234);
    a_sparse_file_needs_no_room(&host, 234 * EXTENT + 1, 235);
}

fn a_sparse_file_needs_no_room(host: &Host, len: u64, extents: usize) {
    host.sparse_file("large", len);
    let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
    image.root_mut().add_tree(host.root(), false).unwrap();
    let disc = check(&image);
    let entry = disc.udf().entries["/large"].clone();
    assert_eq!(entry.extents.len(), extents);
    let (last, last_len) = entry.extents[extents - 1];
    assert!(is_zero(&disc.data(&[(last, last_len.min(4096))])));
}

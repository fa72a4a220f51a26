//! Links and special files in a tree that is added, and files that are reached twice.

use std::fs;

use imapi2fs::FileSystemImage;

#[cfg(all(unix, not(debug_assertions)))]
use crate::support::image_of;
use crate::support::{Disc, Host, ISO9660, JOLIET, UDF, check, image};

/// The extents of a file in every file system; they are the same.
#[track_caller]
fn extents(image: &FileSystemImage, disc: &Disc, path: &str) -> Vec<(u32, u64)> {
    let item = image.item(path).unwrap();
    let [a, b, c] = [ISO9660, JOLIET, UDF].map(|file_system| {
        let path = item.file_system_path(file_system).unwrap().to_string();
        disc.entries(file_system)[&path].extents.clone()
    });
    assert_eq!((&a, &a), (&b, &c));
    a
}

/// Looks whether files share their only copy on the disc, and no other file has it.
#[track_caller]
pub(crate) fn share(image: &FileSystemImage, shared: &[&str], apart: &[&str]) {
    let disc = check(image);
    let first = extents(image, &disc, shared[0]);
    assert!(!first.is_empty());
    for path in shared {
        assert_eq!(extents(image, &disc, path), first, "{path}");
    }
    for path in apart {
        assert_ne!(extents(image, &disc, path), first, "{path}");
    }
    let described = disc.image.progress_items();
    let named = |path: &&&str| described.from_description(&format!("/{path}")).is_some();
    assert_eq!(shared.iter().filter(named).count(), 1);
}

#[test]
fn hard_links_are_stored_once() {
    let host = Host::with(&[("a/first", &[1; 5000]), ("z", &[1; 5000])]);
    fs::hard_link(host.path("a/first"), host.path("a/second")).unwrap();
    fs::hard_link(host.path("a/first"), host.path("third")).unwrap();
    let mut image = image();
    let summary = image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!((summary.files, summary.bytes), (4, 20_000));
    assert_eq!(image.file_count(), 4);
    share(&image, &["a/first", "a/second", "third"], &["z"]);

    // In UDF they are one file by three names.
    let udf = Disc::new(&image).udf();
    for path in ["/a/first", "/a/second", "/third"] {
        assert_eq!(udf.entries[path].icb().links, 3);
        assert_eq!(
            udf.entries[path].icb().block,
            udf.entries["/third"].icb().block
        );
    }
    assert_eq!(udf.entries["/z"].icb().links, 1);
    assert_eq!((udf.files, udf.directories), (4, 2));

    // A name more or less is no reason to copy the data.
    image.root_mut().remove("third").unwrap();
    share(&image, &["a/first", "a/second"], &["z"]);
    assert_eq!(Disc::new(&image).udf().entries["/a/first"].icb().links, 2);
    image.root_mut().remove("a/first").unwrap();
    assert_eq!(check(&image).udf().entries["/a/second"].icb().links, 1);
}

#[test]
fn hard_links_are_staged_once() {
    let host = Host::with(&[("a", &[1; 5000])]);
    fs::hard_link(host.path("a"), host.path("b")).unwrap();
    let mut image = image();
    image.set_stage_files(true);
    image.root_mut().add_tree(host.root(), false).unwrap();
    drop(host);
    share(&image, &["a", "b"], &[]);
}

#[test]
fn names_of_one_file_that_differ_by_their_times_are_two_files_in_udf() {
    let host = Host::with(&[("a", &[1; 5000])]);
    fs::hard_link(host.path("a"), host.path("b")).unwrap();
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    let time = image.time();
    image
        .item_mut("b")
        .unwrap()
        .set_last_modified_time(time)
        .unwrap();
    share(&image, &["a", "b"], &[]);
    assert_eq!(Disc::new(&image).udf().entries["/a"].icb().links, 1);
}

#[test]
fn hidden_is_a_matter_of_the_name() {
    let host = Host::with(&[("a", b"data")]);
    fs::hard_link(host.path("a"), host.path("b")).unwrap();
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    image.item_mut("b").unwrap().set_is_hidden(true);
    let udf = check(&image).udf();
    assert!(udf.entries["/b"].hidden && !udf.entries["/a"].hidden);
    assert_eq!(udf.entries["/a"].icb().links, 2);
}

/// A link count has 16 bits.
#[cfg(all(unix, not(debug_assertions)))]
#[test]
fn a_file_of_very_many_names_has_several_icbs() {
    let host = Host::new();
    host.file("dir/000", b"data");
    for number in 1..260 {
        fs::hard_link(host.path("dir/000"), host.path(&format!("dir/{number:03}"))).unwrap();
        host.link(&format!("link {number}"), "dir");
    }
    let mut image = image_of(UDF);
    image.root_mut().add_tree(host.root(), false).unwrap();
    let names = 260 * 260;
    assert_eq!(image.file_count(), names);
    let disc = check(&image);
    let mut icbs: Vec<_> = disc
        .udf()
        .entries
        .into_values()
        .filter(|entry| !entry.directory)
        .map(|entry| (entry.icb().block, entry.icb().links, entry.extents))
        .collect();
    icbs.sort_unstable();
    icbs.dedup();
    let links: Vec<_> = icbs.iter().map(|(_, links, _)| u32::from(*links)).collect();
    assert_eq!(links, [65_535, names - 65_535]);
    assert_eq!(icbs[0].2, icbs[1].2);
}

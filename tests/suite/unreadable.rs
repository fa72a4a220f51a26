//! Items that cannot be read keep their names.

use imapi2fs::{Error, FileSystems, UdfRevision};

use crate::support::bytes::BLOCK;
use crate::support::recorded::{bytes_of, volume_of, walked};
use crate::support::{ISO9660, JOLIET, UDF, add_files, image_of};

/// An image with a file and a directory in a directory.
fn image(file_systems: FileSystems) -> Vec<u8> {
    let mut image = image_of(file_systems);
    add_files(
        &mut image,
        &[("DIR/FILE", b"file"), ("DIR/SUB/C", b"c"), ("Z", b"z")],
    );
    bytes_of(&image)
}

#[track_caller]
fn place_of(bytes: &[u8], file_system: FileSystems, path: &str) -> usize {
    let item = volume_of(bytes, file_system).item(path).unwrap();
    usize::try_from(item.identity()).unwrap()
}

/// The only error, which is to be about the item at `path` itself.
#[track_caller]
fn assert_unreadable(bytes: &[u8], file_system: FileSystems, path: &str, others: &[&str]) {
    let volume = volume_of(bytes, file_system);
    let (paths, errors) = walked(&volume);
    assert_eq!(paths, others);
    let [error @ Error::ReadItem { path: found, .. }] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    assert_eq!(found.to_string(), path);
    assert_eq!(
        error.to_string(),
        format!("cannot read `{path}` on the disc")
    );
    // Whoever asks for it learns the same, whatever the case.
    for asked in [path.to_owned(), path.to_lowercase()] {
        let error = volume.item(asked.as_str()).unwrap_err();
        assert_eq!(error.path().unwrap().to_string(), path);
        assert!(matches!(error, Error::ReadItem { .. }), "{error:?}");
    }
}

#[test]
fn an_unreadable_icb_does_not_lose_the_name_of_its_file() {
    let mut bytes = image(UDF);
    let icb = place_of(&bytes, UDF, "DIR/FILE");
    bytes[icb] ^= 1;
    assert_unreadable(
        &bytes,
        UDF,
        "/DIR/FILE",
        &["/DIR", "/DIR/SUB", "/DIR/SUB/C", "/Z"],
    );
    bytes[icb..icb + BLOCK].fill(0);
    assert_unreadable(
        &bytes,
        UDF,
        "/DIR/FILE",
        &["/DIR", "/DIR/SUB", "/DIR/SUB/C", "/Z"],
    );
}

#[test]
fn an_unreadable_icb_does_not_lose_the_name_of_its_directory() {
    let mut bytes = image(UDF);
    let icb = place_of(&bytes, UDF, "DIR/SUB");
    bytes[icb] ^= 1;
    assert_unreadable(&bytes, UDF, "/DIR/SUB", &["/DIR", "/DIR/FILE", "/Z"]);
}

#[test]
fn an_unreadable_icb_does_not_lose_the_name_of_its_stream() {
    let mut image = image_of(UDF);
    image.set_udf_revision(UdfRevision::V2_01).unwrap();
    add_files(&mut image, &[("FILE", b"file")]);
    let mut item = image.item_mut("FILE").unwrap();
    item.add_stream("good", *b"1").unwrap();
    item.add_stream("lost", *b"2").unwrap();
    let mut bytes = bytes_of(&image);
    let streams: Vec<_> = volume_of(&bytes, UDF)
        .item("FILE")
        .unwrap()
        .streams()
        .map(|stream| (stream.name().to_owned(), stream.identity()))
        .collect();
    let lost = streams.iter().find(|(name, _)| name == "lost").unwrap().1;
    bytes[usize::try_from(lost).unwrap()] ^= 1;
    let volume = volume_of(&bytes, UDF);
    let (paths, errors) = walked(&volume);
    assert_eq!(paths, ["/FILE"]);
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        "cannot read `/FILE/lost` on the disc"
    );
    assert_eq!(volume.item("FILE").unwrap().streams().count(), 1);
}

#[test]
fn an_unreadable_section_does_not_lose_the_name_of_its_file() {
    for file_system in [ISO9660, JOLIET] {
        let mut bytes = image(ISO9660 | JOLIET);
        let volume = volume_of(&bytes, file_system);
        let len = volume.item("Z").unwrap().len();
        let extent = volume.item("Z").unwrap().extents().next().unwrap();
        let block = u32::try_from(extent.offset.unwrap() / BLOCK as u64).unwrap();
        // Gaps between the blocks of a file, which nobody writes and hardly anyone reads.
        let wanted = [&block.to_le_bytes()[..], &block.to_be_bytes()[..]].concat();
        for at in 0..bytes.len() - 33 {
            if bytes[at..].starts_with(&wanted) && u64::from(bytes[at + 8]) == len {
                bytes[at + 24..at + 26].copy_from_slice(&[1, 1]);
            }
        }
        let others = ["/DIR", "/DIR/FILE", "/DIR/SUB", "/DIR/SUB/C"];
        assert_unreadable(&bytes, file_system, "/Z", &others);
    }
}

#[test]
fn a_file_that_is_cut_short_says_how_much_of_it_is_missing() {
    for file_system in [ISO9660, JOLIET, UDF] {
        let mut image = image_of(ISO9660 | JOLIET | UDF);
        add_files(
            &mut image,
            &[("A", &[1; 5000]), ("B", &[2; 9000]), ("C", b"3")],
        );
        let bytes = bytes_of(&image);
        let volume = volume_of(&bytes, file_system);
        let place = |path: &str| volume.item(path).unwrap().extents().next().unwrap();
        let end = place("B").offset.unwrap() + 4096;
        let volume = volume_of(&bytes[..usize::try_from(end).unwrap()], file_system);
        let missing = ["A", "B", "C"].map(|path| volume.item(path).unwrap().missing_len());
        assert_eq!(missing, [0, 9000 - 4096, 1]);
    }
}

/// The names in it are not known.
#[test]
fn a_directory_that_cannot_be_listed_is_not_mistaken_for_one_that_is_lost() {
    let mut bytes = image(ISO9660);
    let directory = place_of(&bytes, ISO9660, "DIR/SUB");
    bytes[directory..directory + BLOCK].fill(1);
    let (paths, errors) = walked(&volume_of(&bytes, ISO9660));
    assert_eq!(paths, ["/DIR", "/DIR/FILE", "/DIR/SUB", "/Z"]);
    let [error @ Error::ReadEntries { path, .. }] = errors.as_slice() else {
        panic!("{errors:?}");
    };
    assert_eq!(path.to_string(), "/DIR/SUB");
    assert_eq!(
        error.to_string(),
        "cannot read all entries of `/DIR/SUB` on the disc"
    );
}

mod names {
    use super::*;

    #[test]
    fn a_name_in_other_case_finds_the_only_item_as_in_an_image() {
        let mut image = image_of(UDF);
        add_files(
            &mut image,
            &[("Dir/One", b"1"), ("Dir/two", b"2"), ("Dir/TWO", b"3")],
        );
        let bytes = bytes_of(&image);
        let volume = volume_of(&bytes, UDF);
        for path in ["Dir/One", "dir/one", "DIR/ONE"] {
            let found = volume.item(path).unwrap().path();
            assert_eq!(found.to_string(), "/Dir/One");
            assert_eq!(image.item(path).unwrap().full_path(), found);
        }
        // An exact name prevails.
        assert_eq!(volume.item("dir/TWO").unwrap().name(), "TWO");
        for error in [
            volume.item("dir/Two").unwrap_err(),
            image.item("dir/Two").unwrap_err(),
        ] {
            let Error::AmbiguousName {
                path, matches: 2, ..
            } = error
            else {
                panic!("{error:?}");
            };
            assert_eq!(path.to_string(), "/Dir/Two");
        }
        assert!(matches!(
            volume.item("dir/three").unwrap_err(),
            Error::ItemNotFound { .. }
        ));
    }
}

//! Builds an image, damages it or not, imports it, changes it and continues it: errors are fine, panics are not; what is
//! not damaged comes back as it was.

#![no_main]

use std::io::Cursor;
use std::sync::Arc;

use arbitrary::Arbitrary;
use imapi2fs::{
    FileSystemImage, FileSystems, ImagePath, InterchangeLevel, MemoryDisc, MultisessionInterface,
    RandomWriteImage, ReaderDisc, ResultImage, SequentialImage, Timestamp,
};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    file_systems: u32,
    udf_revision: u8,
    redundant_metadata: bool,
    sequential: bool,
    import: u8,
    first: Vec<Item>,
    second: Vec<Item>,
    /// Places, in blocks, and what is put there.
    damage: Vec<(u16, u16, u8)>,
}

#[derive(Arbitrary, Debug)]
enum Item {
    Directory(Vec<String>),
    File(Vec<String>, Vec<u8>),
    Stream(Vec<String>, String, Vec<u8>),
    Remove(Vec<String>),
    RemoveTree(Vec<String>),
    GoBack(u8),
}

fn apply(image: &mut FileSystemImage, items: &[Item]) {
    for item in items {
        let path = |names: &[String]| ImagePath::from_components(names);
        let _ = match item {
            Item::Directory(names) => image.root_mut().add_directory(path(names)).map(drop),
            Item::File(names, data) => {
                let data = data.as_slice();
                image.root_mut().add_file(path(names), data).map(drop)
            }
            Item::Stream(names, name, data) => match image.item_mut(path(names)) {
                Ok(mut item) => item.add_stream(name, data.as_slice()).map(drop),
                Err(error) => Err(error),
            },
            Item::Remove(names) => image.root_mut().remove(path(names)),
            Item::RemoveTree(names) => image.root_mut().remove_tree(path(names)),
            Item::GoBack(steps) => {
                let point = image.change_point().saturating_sub((*steps).into());
                image.rollback_to_change_point(point)
            }
        };
    }
}

fn disc(bytes: &[u8]) -> ReaderDisc<Cursor<Vec<u8>>> {
    ReaderDisc::new(Cursor::new(bytes.to_vec())).unwrap()
}

/// The disc with a session that was added to it.
fn written(bytes: Vec<u8>, result: &ResultImage) -> imapi2fs::Result<Vec<u8>> {
    let disc = Arc::new(MemoryDisc::new(bytes.clone()));
    match result.append_to(&disc) {
        Ok(_) => Ok(disc.to_vec()),
        Err(error) => {
            assert!(disc.to_vec() == bytes, "the disc is not as it was: {error}");
            Err(error)
        }
    }
}

fn imported(
    bytes: &[u8],
    sequential: bool,
    file_system: FileSystems,
) -> imapi2fs::Result<FileSystemImage> {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    let interface = if sequential {
        MultisessionInterface::sequential(SequentialImage::open(disc(bytes))?)
    } else {
        MultisessionInterface::random_write(RandomWriteImage::new(disc(bytes)))
    };
    image.set_iso9660_interchange_level(InterchangeLevel::Three)?;
    image.set_multisession_interfaces(vec![interface])?;
    image.import_specific_file_system(file_system)?;
    Ok(image)
}

fuzz_target!(|input: Input| {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(0));
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    let file_systems = FileSystems::from_bits_truncate(input.file_systems);
    if image.set_file_systems_to_create(file_systems).is_err() {
        return;
    }
    let revisions = image.udf_revisions_supported();
    let revision = revisions[usize::from(input.udf_revision) % revisions.len()];
    image.set_udf_revision(revision).unwrap();
    image.set_create_redundant_udf_metadata_files(input.redundant_metadata);
    apply(&mut image, &input.first);
    let Ok(result) = image.create_result_image() else {
        return;
    };
    let mut bytes = Vec::new();
    result.write_to(&mut bytes).unwrap();
    for (block, offset, byte) in &input.damage {
        let at = usize::from(*block) * 2048 + usize::from(*offset) % 2048;
        if let Some(place) = bytes.get_mut(at) {
            *place = *byte;
        }
    }
    let present: Vec<_> = file_systems.iter().collect();
    let file_system = present[usize::from(input.import) % present.len()];
    let mut second = match imported(&bytes, input.sequential, file_system) {
        Ok(second) => second,
        Err(error) => {
            assert!(!input.damage.is_empty(), "{error}");
            return;
        }
    };
    if input.damage.is_empty() {
        assert_eq!(second.file_count(), image.file_count());
        assert_eq!(second.directory_count(), image.directory_count());
    }
    apply(&mut second, &input.second);
    let Ok(result) = second.create_result_image() else {
        return;
    };
    let bytes = match written(bytes, &result) {
        Ok(bytes) => bytes,
        Err(error) => {
            assert!(!input.damage.is_empty(), "{error}");
            return;
        }
    };
    if input.damage.is_empty() {
        let third = imported(&bytes, input.sequential, file_system).unwrap();
        assert_eq!(third.file_count(), second.file_count());
        assert_eq!(third.directory_count(), second.directory_count());
    }
});

//! Any calls in any order: errors are fine, panics are not; what is built reads the same whole and in parts.

#![no_main]

use arbitrary::Arbitrary;
use imapi2fs::{FileSystemImage, FileSystems, ImagePath, InterchangeLevel, Timestamp};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    time: i64,
    file_systems: u32,
    level: u32,
    udf_revision: u8,
    redundant_metadata: bool,
    volume_name: String,
    session_start: u16,
    strict: bool,
    restricted: bool,
    steps: Vec<Step>,
    reads: Vec<(u32, u16)>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    AddDirectory(Vec<String>),
    AddFile(Vec<String>, Vec<u8>),
    Remove(Vec<String>),
    RemoveTree(Vec<String>),
    Times(Vec<String>, i64, i64, i64),
    Hide(Vec<String>),
    RealTime(Vec<String>),
    AddStream(Vec<String>, String, Vec<u8>),
    RemoveStream(Vec<String>, String),
    Embed(bool),
    Align(u8),
    Revision(u8),
    LookUp(String),
    Level(u32),
    FileSystems(u32),
}

fn path(names: &[String]) -> ImagePath {
    ImagePath::from_components(names)
}

fn run(image: &mut FileSystemImage, step: Step) -> imapi2fs::Result<()> {
    match step {
        Step::AddDirectory(names) => image.root_mut().add_directory(path(&names)).map(drop),
        Step::AddFile(names, data) => image.root_mut().add_file(path(&names), data).map(drop),
        Step::Remove(names) => image.root_mut().remove(path(&names)),
        Step::RemoveTree(names) => image.root_mut().remove_tree(path(&names)),
        Step::Times(names, created, accessed, modified) => {
            let mut item = image.item_mut(path(&names))?;
            item.set_creation_time(Timestamp::from_unix(created))?;
            item.set_last_accessed_time(Timestamp::from_unix(accessed))?;
            item.set_last_modified_time(Timestamp::from_unix(modified))
        }
        Step::Hide(names) => {
            image.item_mut(path(&names))?.set_is_hidden(true);
            Ok(())
        }
        Step::RealTime(names) => image
            .item_mut(path(&names))?
            .set_is_real_time(true)
            .map(drop),
        Step::AddStream(names, name, data) => image
            .item_mut(path(&names))?
            .add_stream(name, data)
            .map(drop),
        Step::RemoveStream(names, name) => {
            image.item_mut(path(&names))?.remove_stream(name).map(drop)
        }
        Step::Embed(embed) => {
            image.set_embed_small_files(embed);
            Ok(())
        }
        Step::Align(shift) => image.set_file_alignment(1 << (shift % 6)),
        Step::Revision(number) => {
            let revisions = image.udf_revisions_supported();
            let revision = revisions[usize::from(number) % revisions.len()];
            image.set_udf_revision(revision).map(drop)
        }
        Step::LookUp(text) => image.exists(text).map(drop),
        Step::Level(level) => {
            image.set_iso9660_interchange_level(InterchangeLevel::try_from(level % 4)?)
        }
        Step::FileSystems(bits) => {
            let file_systems = FileSystems::from_bits_truncate(bits);
            image.set_file_systems_to_create(file_systems).map(drop)
        }
    }
}

fuzz_target!(|input: Input| {
    let mut image = FileSystemImage::with_time(Timestamp::from_unix(input.time));
    let _ = image.set_file_systems_to_create(FileSystems::from_bits_truncate(input.file_systems));
    if let Ok(level) = InterchangeLevel::try_from(input.level % 4) {
        let _ = image.set_iso9660_interchange_level(level);
    }
    let revisions = image.udf_revisions_supported();
    let revision = revisions[usize::from(input.udf_revision) % revisions.len()];
    image.set_udf_revision(revision).unwrap();
    image.set_create_redundant_udf_metadata_files(input.redundant_metadata);
    let _ = image.set_volume_name(input.volume_name);
    let _ = image.set_session_start_block(input.session_start.into());
    let _ = image.set_strict_file_system_compliance(input.strict);
    image.set_use_restricted_character_set(input.restricted);
    for step in input.steps {
        let before = (image.file_count(), image.directory_count());
        if run(&mut image, step).is_err() {
            assert_eq!((image.file_count(), image.directory_count()), before);
        }
    }
    for finding in image.report().all() {
        let _ = finding.to_string();
    }
    let Ok(result) = image.create_result_image() else {
        return;
    };
    let mut whole = Vec::new();
    result.write_to(&mut whole).unwrap();
    assert_eq!(whole.len() as u64, result.len());
    for (offset, len) in input.reads {
        let offset = u64::from(offset) % (result.len() + 1);
        let mut part = vec![0xAA; len.into()];
        let read = result.read_at(offset, &mut part).unwrap();
        assert_eq!(part[..read], whole[offset as usize..][..read]);
    }
    let mut next = 0;
    for item in result.progress_items().iter() {
        assert_eq!(item.first_block(), next);
        assert_eq!(result.progress_items().from_block(next), Some(item.clone()));
        next = item.last_block() + 1;
    }
    assert_eq!(next, result.total_blocks());
});

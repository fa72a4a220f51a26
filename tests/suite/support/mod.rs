//! What the tests share: images to try, directories to add, and readers written from the standards alone.

pub(crate) mod bytes;
pub(crate) mod declared;
pub(crate) mod disc;
pub(crate) mod drive;
pub(crate) mod faulty;
pub(crate) mod host;
pub(crate) mod hostile;
pub(crate) mod iso;
pub(crate) mod moment;
pub(crate) mod random;
pub(crate) mod readers;
pub(crate) mod reads;
pub(crate) mod recorded;
pub(crate) mod rock_ridge;
pub(crate) mod udf;
pub(crate) mod udf_tree;

use imapi2fs::chrono::DateTime;
use imapi2fs::{FileSystemImage, FileSystems, InterchangeLevel, Item, Timestamp};

pub(crate) use self::disc::{Disc, Joined, check, check_disc};
pub(crate) use self::host::Host;

/// The time of images whose time does not matter.
pub(crate) const NOW: &str = "2024-01-05T07:08:59Z";

pub(crate) const ISO9660: FileSystems = FileSystems::ISO9660;
pub(crate) const JOLIET: FileSystems = FileSystems::JOLIET;
pub(crate) const UDF: FileSystems = FileSystems::UDF;

pub(crate) const LEVELS: [InterchangeLevel; 3] = [
    InterchangeLevel::One,
    InterchangeLevel::Two,
    InterchangeLevel::Three,
];

/// The sets of file systems that an image can have.
pub(crate) fn masks() -> [FileSystems; 5] {
    [1, 3, 4, 5, 7].map(FileSystems::from_bits_truncate)
}

/// A time as RFC 3339 writes it.
#[track_caller]
pub(crate) fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).expect(text).into()
}

/// An empty image of all file systems.
pub(crate) fn image() -> FileSystemImage {
    FileSystemImage::with_time(at(NOW))
}

/// An empty image of these file systems, of any size.
pub(crate) fn image_of(file_systems: FileSystems) -> FileSystemImage {
    let mut image = image();
    image.set_file_systems_to_create(file_systems).unwrap();
    image.set_free_media_blocks(0).unwrap();
    image
}

/// An empty image at an interchange level.
pub(crate) fn image_at(file_systems: FileSystems, level: InterchangeLevel) -> FileSystemImage {
    let mut image = image_of(file_systems);
    image.set_iso9660_interchange_level(level).unwrap();
    image
}

/// Adds files by path, with the directories on the way.
#[track_caller]
pub(crate) fn add_files(image: &mut FileSystemImage, files: &[(&str, &[u8])]) {
    for (path, data) in files {
        for (end, _) in path.match_indices('/') {
            image.root_mut().add_directory(&path[..end]).unwrap();
        }
        image.root_mut().add_file(*path, *data).unwrap();
    }
}

/// The paths of all items, a directory's with a slash behind it.
pub(crate) fn paths(image: &FileSystemImage) -> Vec<String> {
    below(image.root())
}

/// The paths of all items below a directory.
pub(crate) fn below(directory: Item<'_>) -> Vec<String> {
    directory
        .descendants()
        .map(|item| {
            let slash = if item.is_directory() { "/" } else { "" };
            format!("{}{slash}", item.full_path())
        })
        .collect()
}

/// Everything that can be asked about the items and the totals of an image.
pub(crate) fn state(image: &FileSystemImage) -> Vec<String> {
    let mut lines: Vec<String> = image
        .root()
        .descendants()
        .map(|item| {
            let times = [
                item.creation_time(),
                item.last_accessed_time(),
                item.last_modified_time(),
            ];
            let data = match item.data() {
                Ok(data) => bytes::all(data),
                Err(_) => Vec::new(),
            };
            let streams: Vec<_> = item
                .named_streams()
                .map(|stream| (stream.name(), bytes::all(stream.data().unwrap())))
                .collect();
            format!(
                "{item:?} {times:?} {} {data:?} {streams:?}",
                item.is_hidden()
            )
        })
        .collect();
    lines.push(format!(
        "{} files, {} directories, {:?} blocks",
        image.file_count(),
        image.directory_count(),
        image.used_blocks().unwrap()
    ));
    lines
}

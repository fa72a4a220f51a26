//! Images read back by the library.

use std::io::Cursor;

use imapi2fs::{
    Disc, Error, FileSystemImage, FileSystems, ReaderDisc, RecordedDisc, RecordedItem,
    RecordedVolume,
};

use super::bytes::all;

/// An image's bytes.
#[track_caller]
pub(crate) fn bytes_of(image: &FileSystemImage) -> Vec<u8> {
    all(image.create_result_image().unwrap().image_stream())
}

pub(crate) fn disc_of(bytes: &[u8]) -> impl Disc + 'static {
    ReaderDisc::new(Cursor::new(bytes.to_vec())).unwrap()
}

#[track_caller]
pub(crate) fn opened(bytes: &[u8]) -> RecordedDisc {
    RecordedDisc::open(disc_of(bytes)).unwrap()
}

#[track_caller]
pub(crate) fn volume_of(bytes: &[u8], file_system: FileSystems) -> RecordedVolume {
    opened(bytes).volume(file_system).unwrap()
}

/// The paths of all items in the order of a walk, and what could not be read.
pub(crate) fn walked(volume: &RecordedVolume) -> (Vec<String>, Vec<Error>) {
    let (mut paths, mut errors) = (Vec::new(), Vec::new());
    for item in volume.walk() {
        match item {
            Ok(item) => paths.push(item.path().to_string()),
            Err(error) => errors.push(error),
        }
    }
    (paths, errors)
}

#[track_caller]
pub(crate) fn data_of(item: &RecordedItem) -> Vec<u8> {
    all(item.data().unwrap())
}

/// The findings of a volume as they are shown.
pub(crate) fn findings(volume: &RecordedVolume) -> Vec<String> {
    let findings = volume.findings();
    findings.iter().map(ToString::to_string).collect()
}

//! Copying the data of large files within the system, without reading or writing them in this process.

use std::ops::Range;

use super::ResultImage;
use super::chunks::CHUNK;
use super::sink::WriteAt;
use crate::error::Result;
use crate::space::Cursor;

/// Makes `sink` copy the beginning of `range` of the image, if that is more than a chunk of a file; returns the number
/// of bytes copied.
///
/// The first chunk of a file is never copied this way: only reading it shows whether the file has to be waited for.
pub(super) fn copy(
    image: &ResultImage,
    range: &Range<u64>,
    sink: &impl WriteAt,
    cursor: &mut Cursor,
) -> Result<u64> {
    let map = &image.layout.map;
    let Some((files, at)) = map.files_at(image.start(), range.start) else {
        return Ok(0);
    };
    let Some((node, inside, left)) = files.content_at(at) else {
        return Ok(0);
    };
    let len = left.min(range.end - range.start);
    let range = range.start..range.start + len;
    if inside == 0 || len < CHUNK || map.is_patched(image.start(), &range) {
        return Ok(0);
    }
    files.take_of_file(node, inside, cursor, |file, from| {
        sink.copy_at(file, from, len, range.start).min(len)
    })
}

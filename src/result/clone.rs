//! Sharing the data of large files between their sources and an image, where the file system supports it.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;

use super::ResultImage;
use crate::block::BLOCK_SIZE;
use crate::error::Result;
use crate::space::{Cursor, Filling};

/// The shortest file, in bytes, to be shared: for shorter files, copying is as fast and fragments less.
const SHORTEST: u64 = 256 << 10;

/// The alignment of shared data: the block size of the file systems that can share.
const UNIT: u64 = 4096;

/// Shares files with `to` where possible, and calls `done` with the number of shared bytes of each file; returns the
/// shared parts of the image, in order.
///
/// A file that cannot be shared is not an error: it is copied later, which reports any fault.
pub(super) fn share_files(
    image: &ResultImage,
    to: &File,
    mut done: impl FnMut(u64) -> Result<()>,
) -> Result<Vec<Range<u64>>> {
    let mut shared = Vec::new();
    let map = &image.layout.map;
    // This cursor keeps only one file open at a time.
    let mut cursor = Cursor::default();
    for part in map.regions() {
        let Filling::Files(files) = &part.filling else {
            continue;
        };
        for (node, extent) in files.files() {
            let offset = u64::from(extent.start - image.start()) * u64::from(BLOCK_SIZE);
            let Some((_, content)) = files.tree.content_of(node) else {
                continue;
            };
            let Some(len) = NonZeroU64::new(content.len / UNIT * UNIT) else {
                continue;
            };
            let range = offset..offset + len.get();
            if content.len < SHORTEST || offset % UNIT != 0 || map.is_patched(image.start(), &range)
            {
                continue;
            }
            // Sharing may fail for one file and work for the next, which may be elsewhere or of another kind.
            let take = |from: &File, start| {
                let result = share(from, start, to, offset, len);
                result.map_or(0, |()| len.get())
            };
            let taken = files.take_of_file(node, 0, &mut cursor, take).unwrap_or(0);
            if taken > 0 {
                shared.push(range);
            }
            done(taken)?;
        }
    }
    Ok(shared)
}

#[cfg(target_os = "linux")]
fn share(from: &File, start: u64, to: &File, offset: u64, len: NonZeroU64) -> io::Result<()> {
    reflink_copy::ReflinkBlockBuilder::new(from, to, len)
        .from_offset(start)
        .to_offset(offset)
        .reflink_block()
}

#[cfg(not(target_os = "linux"))]
fn share(_: &File, _: u64, _: &File, _: u64, _: NonZeroU64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

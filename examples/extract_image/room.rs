//! What the files of a volume take, and whether there is room for it.

use std::path::Path;

use imapi2fs::{RecordedItem, RecordedKind, RecordedVolume};

/// What comes next in a file.
#[derive(Clone, Copy)]
pub(crate) enum Stretch {
    /// This many bytes that are recorded.
    Recorded(u64),
    /// This many zeros that are not.
    Hole(u64),
}

/// What a file is made of, in the order of its data.
pub(crate) fn stretches(item: &RecordedItem) -> Vec<Stretch> {
    let mut left = item.len();
    let mut stretches = Vec::new();
    for extent in item.extents() {
        let len = extent.len.min(left);
        left -= len;
        stretches.push(match extent.offset {
            Some(_) => Stretch::Recorded(len),
            None => Stretch::Hole(len),
        });
    }
    // Data that is in the structure that describes the file; or missing, which shows when it is read.
    stretches.push(Stretch::Recorded(left));
    stretches
}

/// Refuses a volume with more data than there is room for.
///
/// The files of a damaged or malicious image share their blocks, and take many times what the image does.
pub(crate) fn check(volume: &RecordedVolume, directory: &Path) -> Result<(), String> {
    // Where a system cannot tell, a full disk is found when it is full.
    let Ok(free) = fs4::available_space(directory) else {
        return Ok(());
    };
    let needed = needed(volume);
    if needed > free {
        return Err(format!(
            "the files take {needed} bytes, and only {free} are free"
        ));
    }
    Ok(())
}

/// Bytes of all files; one of several names counts as often, because each becomes a file of its own.
fn needed(volume: &RecordedVolume) -> u64 {
    volume
        .walk()
        // What cannot be read is said when the files are copied.
        .filter_map(Result::ok)
        .filter(|item| matches!(item.kind(), RecordedKind::File | RecordedKind::Encoded(_)))
        .flat_map(|item| stretches(&item))
        .map(|stretch| match stretch {
            Stretch::Recorded(len) => len,
            Stretch::Hole(_) => 0,
        })
        .fold(0, u64::saturating_add)
}

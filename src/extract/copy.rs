//! Copying one file.

use std::fs::{File, FileTimes};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::report::ExtractReason;
use crate::error::Error;
use crate::host::{HostTarget, TargetDirectory, is_unreachable};
use crate::import::RecordedItem;
use crate::media::write_all_at;
use crate::recorded::Data;
use crate::time::Timestamp;

/// The number of bytes copied at a time.
pub(super) const BUFFER: usize = 1 << 20;

/// Why a file was not copied.
pub(super) enum CopyFailure {
    /// Only this file cannot be copied.
    LeftOut(ExtractReason),
    /// No other file can be copied, either, for example because the disk is full.
    Host(io::Error),
    /// The caller ended the extraction.
    Ended(Error),
}

impl From<ExtractReason> for CopyFailure {
    fn from(reason: ExtractReason) -> Self {
        Self::LeftOut(reason)
    }
}

impl From<io::Error> for CopyFailure {
    /// Converts an error of the host while creating or writing a file.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Host(error),
            ErrorKind::AlreadyExists => ExtractReason::Exists.into(),
            _ if is_unreachable(&error) => ExtractReason::DirectoryReplaced.into(),
            _ => ExtractReason::Host(error).into(),
        }
    }
}

/// Returns how many bytes of a file are recorded on a disc of `disc` bytes, not counting holes.
///
/// # Errors
///
/// When part of the file cannot be read.
pub(super) fn recorded_len(item: &RecordedItem, disc: u64) -> Result<u64, ExtractReason> {
    let len = item.len();
    let (mut left, mut recorded) = (len, 0_u64);
    match &item.entry().data {
        Data::Embedded(bytes) => {
            recorded = len.min(bytes.len() as u64);
            left = left.saturating_sub(recorded);
        }
        Data::Runs(runs) => {
            for run in runs {
                let part = run.len.min(left);
                left = left.saturating_sub(part);
                let (Some(at), true) = (run.at, part > 0) else {
                    continue;
                };
                let end = at.saturating_add(part);
                if end > disc {
                    return Err(ExtractReason::PastEnd { end, disc });
                }
                recorded = recorded.saturating_add(part);
            }
        }
    }
    if left > 0 {
        let recorded = len.saturating_sub(left);
        return Err(ExtractReason::DataMissing { len, recorded });
    }
    Ok(recorded)
}

/// The destination of a file.
pub(super) struct CopyPlace<'a> {
    pub target: &'a HostTarget,
    pub parent: (&'a Path, &'a TargetDirectory),
    pub name: &'a str,
}

/// A file that is removed again unless it is completed.
struct PartialCopy<'a> {
    place: &'a CopyPlace<'a>,
    file: Option<File>,
}

impl PartialCopy<'_> {
    /// Returns the file, and creates it on the first call.
    fn file(&mut self) -> Result<&File, CopyFailure> {
        if self.file.is_none() {
            let made = self
                .place
                .target
                .make_file(self.place.parent, self.place.name)?;
            self.file = Some(made);
        }
        self.file
            .as_ref()
            .ok_or_else(|| io::Error::from(ErrorKind::NotFound).into())
    }
}

impl Drop for PartialCopy<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            let CopyPlace {
                target,
                parent,
                name,
            } = *self.place;
            target.discard(parent, name, file);
        }
    }
}

/// Copies a file completely or not at all; calls `written` with the number of bytes after each part.
pub(super) fn copy(
    item: &RecordedItem,
    place: &CopyPlace<'_>,
    buffer: &mut [u8],
    mut written: impl FnMut(u64) -> Result<(), Error>,
) -> Result<(), CopyFailure> {
    let mut data = item.data().map_err(ExtractReason::Unreadable)?;
    let mut unfinished = PartialCopy { place, file: None };
    let mut position = 0_u64;
    let mut is_hole = false;
    for stretch in stretches(item) {
        let end = position.saturating_add(stretch.len);
        is_hole = stretch.is_hole;
        if is_hole {
            position = end;
            continue;
        }
        data.seek(SeekFrom::Start(position)).map_err(unreadable)?;
        while position < end {
            let left = usize::try_from(end.saturating_sub(position)).unwrap_or(usize::MAX);
            let len = left.min(buffer.len());
            let part = buffer.get_mut(..len).unwrap_or_default();
            let read = match data.read(part).map_err(unreadable)? {
                0 => {
                    let missing = io::Error::from(ErrorKind::UnexpectedEof);
                    return Err(unreadable(missing).into());
                }
                read => read,
            };
            // A file whose first bytes cannot be read is never created.
            let file = unfinished.file()?;
            write_all_at(file, part.get(..read).unwrap_or_default(), position)?;
            position = position.saturating_add(read as u64);
            written(read as u64).map_err(CopyFailure::Ended)?;
        }
    }
    let file = unfinished.file()?;
    if is_hole {
        // No data follows the hole to extend the file to its length.
        file.set_len(position)?;
    }
    if let Some(times) = file_times(item.last_modified_time()) {
        // A time that the system cannot represent is not worth losing a file.
        let _ = file.set_times(times);
    }
    unfinished.file = None;
    Ok(())
}

/// A run of recorded bytes of a file, or of zeros that are not recorded.
struct Stretch {
    is_hole: bool,
    len: u64,
}

fn stretches(item: &RecordedItem) -> impl Iterator<Item = Stretch> + '_ {
    let mut left = item.len();
    let runs = match &item.entry().data {
        Data::Runs(runs) => runs.as_slice(),
        Data::Embedded(_) => &[],
    };
    let embedded = runs.is_empty().then_some((false, left));
    runs.iter()
        .map(|run| (run.at.is_none(), run.len))
        .chain(embedded)
        .map(move |(is_hole, len)| {
            let len = len.min(left);
            left = left.saturating_sub(len);
            Stretch { is_hole, len }
        })
        .filter(|stretch| stretch.len > 0)
}

/// Converts an error that passed through a reader back into the original error of reading the disc.
fn unreadable(error: io::Error) -> ExtractReason {
    match error.downcast::<Error>() {
        Ok(error) => ExtractReason::Unreadable(error),
        Err(error) => ExtractReason::Host(error),
    }
}

/// The times for a file or directory last modified at `time`, if the system can represent it.
pub(super) fn file_times(time: Option<Timestamp>) -> Option<FileTimes> {
    let time = time?;
    let whole = Duration::from_secs(time.unix_seconds().unsigned_abs());
    let part = Duration::from_nanos(time.subsecond_nanos().into());
    let second = if time.unix_seconds() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(whole)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(whole)
    };
    let time = second?.checked_add(part)?;
    Some(FileTimes::new().set_modified(time))
}

//! Adding a session to a disc so that readers find either the old session or the new one, whatever interrupts the
//! writing.
//!
//! ```text
//! lock      the disc belongs to the caller alone
//! compare   it is the one that was imported, and stays readable when it grows
//! body      everything that nothing leads to yet, from the session's head on
//! lead      the session's first descriptor, then the descriptors and anchors at the disc's start
//! check     a reader that opens the disc finds the session
//! ```
//!
//! Everything written is flushed to the disc before the next step begins. The blocks that the lead overwrites are kept
//! in memory, and restored in the opposite order if anything fails.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use super::ResultImage;
use super::chunks::Chunks;
use super::pipeline::in_order;
use super::write::{WriteOptions, WriteProgress};
use crate::block::{BLOCK, BLOCK_SIZE, Extent};
use crate::error::{ContinueProblem, Error, Result, SessionProblem};
use crate::file_systems::FileSystems;
use crate::import::{Continued, ImportOptions, RecordedDisc, disc_identifier};
use crate::media::{Disc, WritableDisc};
use crate::recognition::{DescriptorKind, FIRST_DESCRIPTOR, KIND_LEN};
use crate::udf::HEAD_BLOCKS;

/// The disc that an image continues.
#[derive(Clone, Debug)]
pub(crate) struct ContinuedDisc {
    /// The identifier of the disc when it was imported.
    pub id: String,
    pub file_systems: FileSystems,
    /// The first block of the imported session.
    pub previous: u32,
    /// The first block of the new session, if the drive reports it.
    pub next: Option<u32>,
    /// Whether the disc's start is rewritten to lead to the new session.
    pub is_random: bool,
    /// The options for reading the disc.
    pub import: ImportOptions,
}

/// The number of bytes written first that are read back and compared; a chunk that begins before this limit is
/// compared, too.
const SAMPLE: u64 = HEAD_BLOCKS as u64 * BLOCK as u64;

impl ResultImage {
    /// Adds the image, which [continues](crate::FileSystemImage::import_file_system) a disc, to that disc as another
    /// session; returns the number of bytes written.
    ///
    /// First the disc is compared with what was imported. The data is written before the blocks that lead to it, in
    /// steps, and each step is on the disc before the next begins. So readers find the old session until the new one is
    /// complete, even after a crash or a loss of power; the next session overwrites the rest of an interrupted one.
    /// Finally the disc is opened again: unless a reader finds the new session, the old state of the disc is restored.
    ///
    /// After an error the disc is as it was before, and a file has its old length, as far as the disc can still be
    /// written. Past the last session of a disc that does not grow, the rest of what was written stays.
    ///
    /// [`WritableFile`](crate::WritableFile) is such a disc, and has an example. For a disc that can only be written in
    /// order, such as a CD-R, burn the output of [`write_to`](ResultImage::write_to).
    ///
    /// IMAPI2: `IDiscFormat2Data::Write`, which neither compares nor checks that the session is found.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] if the image does not continue a disc.
    /// - [`Error::DiscMismatch`] if the disc is not in the state that was imported: a session was added since, or it is
    ///   another disc.
    /// - [`Error::IncompatiblePreviousSession`] if only the disc's last blocks lead to the old session, for example
    ///   because the first anchor of UDF is damaged: an interruption would lose the session.
    /// - [`Error::ImageTooBig`] if the session reaches past the end of a disc that does not grow.
    /// - [`Error::SessionNotFound`] if a reader would not find the session.
    /// - [`Error::WriteDisc`] and [`Error::ReadDisc`] if the disc fails.
    /// - Those of [`ResultImage::read_at`]; the first in the image if there are several.
    pub fn append_to<D: WritableDisc + 'static>(&self, disc: &Arc<D>) -> Result<u64> {
        self.append_to_with(disc, &WriteOptions::new(), |_| ControlFlow::Continue(()))
    }

    /// Appends like [`append_to`](ResultImage::append_to), and calls `progress` at the start, before every 128 KiB, and
    /// at the end. Of `options`, only the number of [readers](WriteOptions::readers) is used.
    ///
    /// Breaking has no effect once the blocks that lead to the session are being written.
    ///
    /// # Errors
    ///
    /// - [`Error::Cancelled`] if `progress` breaks.
    /// - Those of [`ResultImage::append_to`].
    pub fn append_to_with<D: WritableDisc + 'static>(
        &self,
        disc: &Arc<D>,
        options: &WriteOptions,
        mut progress: impl FnMut(WriteProgress<'_>) -> ControlFlow<()>,
    ) -> Result<u64> {
        let continued = self.continued.as_ref().ok_or(Error::MultisessionNotSet)?;
        let is_found = continued.compare(&reopened(disc)?)?;
        let session = self.layout.session;
        let limit = disc.maximum_blocks();
        if !disc.can_grow() && session.end().0 > limit {
            let needed = session.end().0.into();
            let limit = limit.into();
            return Err(Error::ImageTooBig { needed, limit });
        }
        if session.end().0 > disc.total_blocks() {
            continued.check_longer(reopened(disc)?, session.end().0, is_found)?;
        }
        let Steps { body, lead } = self.steps()?;
        let total = body.iter().chain(&lead).map(len_of).sum();
        let mut done = 0;
        let mut tell = |at, done| {
            let progress = progress(WriteProgress {
                image: self,
                at,
                done,
                total,
            });
            match progress {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(Error::Cancelled),
            }
        };
        let shift = self.byte_on_disc(0);
        let mut unfinished =
            UnfinishedSession::start(&**disc, session.start.0, self.is_whole_disc())?;
        tell(body.first().map_or(0, |range| range.start), 0)?;
        let ends = body.iter().chain(&lead).map(|range| shift + range.end);
        let end = ends.max().unwrap_or(0);
        // The data to read back and compare: most structures, and a sample of a large body.
        let mut written: Vec<(u64, Vec<u8>)> = Vec::new();
        for range in body {
            flush(&**disc, shift + range.start)?;
            let mut at = range.start;
            let readers = options.number_of_readers();
            in_order(self, Chunks::of(range), readers, |bytes| {
                write(&**disc, shift + at, bytes)?;
                if done < SAMPLE {
                    written.push((shift + at, bytes.to_vec()));
                }
                at += bytes.len() as u64;
                done += bytes.len() as u64;
                tell(at, done)
            })?;
        }
        // These are only a few blocks, and no break interrupts them.
        for range in lead {
            let mut bytes = vec![0; usize::try_from(len_of(&range)).unwrap_or(usize::MAX)];
            self.read_at(range.start, &mut bytes)?;
            flush(&**disc, shift + range.start)?;
            unfinished.replace(block_at(shift + range.start), &bytes)?;
            done += len_of(&range);
            written.push((shift + range.start, bytes));
        }
        flush(&**disc, self.byte_on_disc(0))?;
        if let Err(missed) = self.look_for(continued, disc, is_found, &written, end) {
            let (problem, source) = missed.told();
            return Err(Error::SessionNotFound {
                block: session.start.0,
                problem,
                restored: unfinished.put_back(),
                source: source.map(Box::new),
            });
        }
        unfinished.finish();
        // No work is left to be interrupted.
        let _ = tell(self.len(), done);
        Ok(done)
    }

    /// Whether block 0 of the image is block 0 of the disc.
    fn is_whole_disc(&self) -> bool {
        !self.layout.modified.is_empty()
    }

    /// Returns the position on the disc of a byte of the image.
    fn byte_on_disc(&self, at: u64) -> u64 {
        u64::from(self.start().0) * u64::from(BLOCK_SIZE) + at
    }

    /// Returns the ranges to be written, in order.
    fn steps(&self) -> Result<Steps> {
        let block = u64::from(BLOCK_SIZE);
        let bytes =
            |extent: &Extent| u64::from(extent.start.0) * block..u64::from(extent.end().0) * block;
        let mut body: Vec<_> = self.layout.modified.iter().map(bytes).collect();
        let mut lead = Vec::new();
        if self.is_whole_disc() {
            // The ranges before the session's first blocks hold its remaining blocks, to which nothing leads yet.
            let first = u64::from(self.layout.session.start.0) * block;
            let place = body.iter().position(|range| range.start == first);
            lead = body.split_off(place.unwrap_or(0));
        } else {
            // The first descriptor comes last: without it, the session is not found. The descriptors after it come
            // first: they show that this is only the rest of a session.
            let [descriptor, head] = [FIRST_DESCRIPTOR + 1, HEAD_BLOCKS]
                .map(|end| self.len().min(u64::from(end) * block));
            body.extend([descriptor..head, head..self.len()]);
            lead.push(0..descriptor);
        }
        // Without the descriptors before it, a recognition sequence of UDF would be taken for a session.
        if let Some(recognition) = self.recognition()? {
            for ranges in [&mut body, &mut lead] {
                let place = ranges
                    .iter()
                    .position(|range| range.start < recognition && recognition < range.end);
                if let Some(place) = place {
                    let rest = recognition..ranges[place].end;
                    ranges[place].end = recognition;
                    ranges.insert(place + 1, rest);
                }
            }
        }
        body.retain(|range| !range.is_empty());
        Ok(Steps { body, lead })
    }

    /// Returns the byte of the image at which the session's UDF recognition sequence begins, if that follows other
    /// descriptors.
    fn recognition(&self) -> Result<Option<u64>> {
        let session = u64::from(self.layout.session.start - self.start()) * u64::from(BLOCK_SIZE);
        for place in FIRST_DESCRIPTOR + 1..2 * FIRST_DESCRIPTOR {
            let at = session + u64::from(place) * u64::from(BLOCK_SIZE);
            let mut head = [0; KIND_LEN];
            self.read_at(at, &mut head)?;
            if DescriptorKind::of(&head) == Some(DescriptorKind::BeginExtendedArea) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Opens the disc as a reader does, and checks that this finds the session. `is_found` is whether a reader that
    /// does not know where sessions begin found the previous one.
    fn look_for<D: WritableDisc + 'static>(
        &self,
        continued: &ContinuedDisc,
        disc: &Arc<D>,
        is_found: bool,
        written: &[(u64, Vec<u8>)],
        end: u64,
    ) -> Result<(), Missed> {
        let disc = reopened(disc)?;
        // Bytes past the end of a file would read as zeros.
        if disc.total_bytes() < end {
            return Err(Missed::Problem(SessionProblem::Block(block_at(
                disc.total_bytes(),
            ))));
        }
        for (at, bytes) in written {
            let block = block_at(*at);
            let mut there = vec![0; bytes.len()];
            let read = disc.read_blocks(block, &mut there);
            read.map_err(|source| Error::ReadDisc { block, source })?;
            let mut pairs = bytes.chunks(BLOCK).zip(there.chunks(BLOCK));
            if let Some(differs) = pairs.position(|(one, other)| one != other) {
                return Err(Missed::Problem(SessionProblem::Block(
                    block + differs as u32,
                )));
            }
        }
        let session = self.layout.session;
        let mut ways = vec![continued.import.clone().session_start(session.start.0)];
        if continued.is_random {
            ways.push(continued.import.clone().session_start(0));
        }
        if is_found {
            ways.push(continued.import.clone().last_session());
        }
        for options in ways {
            let disc = RecordedDisc::open_with(Arc::clone(&disc), &options)?;
            for file_system in continued.file_systems.iter() {
                if !disc.file_systems().contains(file_system)
                    || !disc.volume(file_system)?.is_rooted_in(session)?
                {
                    return Err(Missed::Problem(SessionProblem::FileSystem(file_system)));
                }
            }
            // Not even a tree that only some readers find may lead to the old files.
            let best = disc.best_volume()?.file_system();
            if !continued.file_systems.contains(best) {
                return Err(Missed::Problem(SessionProblem::FileSystem(best)));
            }
        }
        Ok(())
    }
}

/// Byte ranges of an image, in writing order.
struct Steps {
    /// The ranges that nothing leads to.
    body: Vec<Range<u64>>,
    /// The ranges that lead to others.
    lead: Vec<Range<u64>>,
}

impl ContinuedDisc {
    /// Compares a disc with what was imported; returns whether a reader that does not know where sessions begins finds
    /// the imported session.
    fn compare(&self, disc: &Arc<dyn Disc>) -> Result<bool> {
        let options = self.import.clone().last_session();
        let last = RecordedDisc::open_with(Arc::clone(disc), &options).map(|disc| disc.session());
        // Nobody knows in advance where a session written at random begins.
        let previous = match &last {
            Ok(last) if self.is_random => last.start_block(),
            _ => self.previous,
        };
        let found = disc_identifier(&**disc, previous, self.next)?;
        if found != self.id {
            return Err(Error::DiscMismatch {
                imported: self.id.clone(),
                found,
            });
        }
        Ok(last?.start_block() == self.previous)
    }

    /// Refuses a disc whose old session would not be found while blocks are written past its end. `is_found` is the
    /// result of [`compare`](Self::compare).
    fn check_longer(&self, disc: Arc<dyn Disc>, blocks: u32, is_found: bool) -> Result<()> {
        let lost = || Error::IncompatiblePreviousSession {
            problem: ContinueProblem::FoundAtEnd,
        };
        let options = self.import.clone();
        let options = match is_found {
            true => options.last_session(),
            false => options.session_start(self.previous),
        };
        let disc = RecordedDisc::open_with(Continued { disc, blocks }, &options)?;
        let is_there = disc.session().start_block() == self.previous
            && (self.file_systems.iter())
                .all(|one| disc.volume(one).is_ok_and(|volume| volume.root().is_ok()));
        is_there.then_some(()).ok_or_else(lost)
    }
}

/// Why a reader does not find the session.
enum Missed {
    Problem(SessionProblem),
    Unreadable(Error),
}

impl Missed {
    fn told(self) -> (SessionProblem, Option<Error>) {
        match self {
            Self::Problem(problem) => (problem, None),
            Self::Unreadable(error) => (SessionProblem::Unreadable, Some(error)),
        }
    }
}

impl From<Error> for Missed {
    fn from(error: Error) -> Self {
        Self::Unreadable(error)
    }
}

/// A disc with part of a session on it, which is restored on drop, even after a panic.
struct UnfinishedSession<'d> {
    disc: &'d dyn WritableDisc,
    /// The disc's original length in bytes.
    len: u64,
    /// The original length in bytes, without the rest of an interrupted session.
    cut: u64,
    /// The overwritten blocks that led to others: first block and bytes.
    replaced: Vec<(u32, Vec<u8>)>,
    is_over: bool,
}

impl<'d> UnfinishedSession<'d> {
    fn start(disc: &'d dyn WritableDisc, session: u32, is_whole_disc: bool) -> Result<Self> {
        let len = disc.total_bytes();
        let session = u64::from(session) * u64::from(BLOCK_SIZE);
        let cut = if is_whole_disc || !disc.can_grow() {
            len
        } else {
            // Data left there by an interrupted writer would be in the way of the session after this one.
            len.min(session)
        };
        if cut < len {
            let block = block_at(cut);
            disc.set_total_bytes(cut)
                .map_err(|source| Error::WriteDisc { block, source })?;
        }
        Ok(Self {
            disc,
            len,
            cut,
            replaced: Vec::new(),
            is_over: false,
        })
    }

    /// Writes blocks and keeps their old content.
    fn replace(&mut self, block: u32, bytes: &[u8]) -> Result<()> {
        let mut old = vec![0; bytes.len()];
        let there = self.disc.total_blocks().saturating_sub(block) as usize;
        let there = there.saturating_mul(BLOCK).min(old.len());
        if there > 0 {
            // Blocks that were never written may be unreadable.
            let _ = self.disc.read_blocks(block, &mut old[..there]);
        }
        self.replaced.push((block, old));
        write(self.disc, u64::from(block) * u64::from(BLOCK_SIZE), bytes)
    }

    fn finish(mut self) {
        self.is_over = true;
    }

    /// Restores the disc as far as possible; returns whether that succeeded.
    fn put_back(&mut self) -> bool {
        self.is_over = true;
        let disc = self.disc;
        // In reverse order, so that no block leads to a missing one.
        while let Some((block, bytes)) = self.replaced.pop() {
            if disc.write_blocks(block, &bytes).is_err() || disc.flush().is_err() {
                // The session stays, because some block may still lead to it.
                return false;
            }
        }
        if !disc.can_grow() {
            return true;
        }
        let cut = disc.set_total_bytes(self.cut);
        let restored = cut.and_then(|()| match self.cut < self.len {
            true => disc.set_total_bytes(self.len),
            false => Ok(()),
        });
        restored.is_ok()
    }
}

impl Drop for UnfinishedSession<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.put_back();
        }
    }
}

/// Returns the disc as a reader that opens it now sees it.
fn reopened<D: WritableDisc + 'static>(disc: &Arc<D>) -> Result<Arc<dyn Disc>> {
    let reopened = disc.reopened();
    let reopened = reopened.map_err(|source| Error::ReadDisc { block: 0, source })?;
    Ok(reopened.unwrap_or_else(|| Arc::clone(disc) as Arc<dyn Disc>))
}

fn write(disc: &(impl WritableDisc + ?Sized), at: u64, bytes: &[u8]) -> Result<()> {
    let block = block_at(at);
    disc.write_blocks(block, bytes)
        .map_err(|source| Error::WriteDisc { block, source })
}

/// Flushes the disc; `at` is the byte that is written next.
fn flush(disc: &(impl WritableDisc + ?Sized), at: u64) -> Result<()> {
    let block = block_at(at);
    disc.flush()
        .map_err(|source| Error::WriteDisc { block, source })
}

/// Returns the block that begins at a byte, limited to the blocks that a disc can have.
fn block_at(byte: u64) -> u32 {
    u32::try_from(byte / u64::from(BLOCK_SIZE)).unwrap_or(u32::MAX)
}

fn len_of(range: &Range<u64>) -> u64 {
    range.end - range.start
}

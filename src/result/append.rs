//! Adding a session to a disc so that, whatever interrupts it, readers find the old session or the new one.
//!
//! ```text
//! lock      the disc is the caller's alone
//! compare   it is what was imported, and stays readable when it is longer
//! body      what nothing leads to yet, from the session's head on
//! lead      the session's first descriptor, then the descriptors and anchors at the disc's start
//! check     a reader that opens the disc finds the session
//! ```
//!
//! All that was written is on the disc before the next step begins. What the lead overwrites is kept in memory, and put
//! back in the opposite order if anything fails.

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
    /// What it was known by when it was imported.
    pub id: String,
    pub file_systems: FileSystems,
    /// The first block of the session that was imported.
    pub previous: u32,
    /// The first block of the new session, if the drive says it.
    pub next: Option<u32>,
    /// Whether its start is rewritten to lead to the new session.
    pub is_random: bool,
    /// How it is read.
    pub import: ImportOptions,
}

/// So many bytes of what is written first are read back and compared; a chunk that begins before is, too.
const SAMPLE: u64 = HEAD_BLOCKS as u64 * BLOCK as u64;

impl ResultImage {
    /// Adds the image, which [continues](crate::FileSystemImage::import_file_system) a disc, to that disc as another
    /// session; returns how many bytes were written.
    ///
    /// First the disc is compared with what was imported. The data is written before what leads to it, in steps, and each
    /// step is on the disc before the next begins. So readers find the old session until the new one is whole, also after
    /// a crash or a loss of power; what was left of an interrupted session is written over by the next. In the end the
    /// disc is opened again: unless the new session is what a reader finds, the disc is put back as it was.
    ///
    /// After an error the disc is as it was before, and a file as long as it was, as far as the disc can still be written.
    /// Past the last session of a disc that does not grow, the rest of what was written stays.
    ///
    /// [`WritableFile`](crate::WritableFile) is such a disc, and has an example. A disc that can only be written in order,
    /// such as a CD-R, takes what [`write_to`](ResultImage::write_to) gives.
    ///
    /// IMAPI2: `IDiscFormat2Data::Write`, which neither compares nor looks whether the session is found.
    ///
    /// # Errors
    ///
    /// - [`Error::MultisessionNotSet`] if the image does not continue a disc.
    /// - [`Error::DiscMismatch`] if the disc is not what was imported: something has been recorded since, or it is another.
    /// - [`Error::IncompatiblePreviousSession`] if only the disc's last blocks lead to the old session, as where the first
    ///   anchor of UDF is damaged: it would be lost if writing were interrupted.
    /// - [`Error::ImageTooBig`] if the session reaches past the end of a disc that does not grow.
    /// - [`Error::SessionNotFound`] if a reader would not find the session.
    /// - [`Error::WriteDisc`] and [`Error::ReadDisc`] if the disc fails.
    /// - Those of [`ResultImage::read_at`]; the first in the image if there are several.
    pub fn append_to<D: WritableDisc + 'static>(&self, disc: &Arc<D>) -> Result<u64> {
        self.append_to_with(disc, &WriteOptions::new(), |_| ControlFlow::Continue(()))
    }

    /// [`append_to`](ResultImage::append_to), which calls `progress` at the start, before every 128 KiB, and at the end.
    /// Of `options`, only the number of [readers](WriteOptions::readers) counts.
    ///
    /// Breaking has no effect any more when what leads to the session is being written.
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
        // What is read back and compared: most structures, and a sample of a large body.
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
        // These are a few blocks, which nothing interrupts.
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
        // Nothing is left to be interrupted.
        let _ = tell(self.len(), done);
        Ok(done)
    }

    /// Whether block 0 of the image is that of the disc.
    fn is_whole_disc(&self) -> bool {
        !self.layout.modified.is_empty()
    }

    /// Where a byte of the image lies on the disc.
    fn byte_on_disc(&self, at: u64) -> u64 {
        u64::from(self.start().0) * u64::from(BLOCK_SIZE) + at
    }

    /// What is to be written, in order.
    fn steps(&self) -> Result<Steps> {
        let block = u64::from(BLOCK_SIZE);
        let bytes =
            |extent: &Extent| u64::from(extent.start.0) * block..u64::from(extent.end().0) * block;
        let mut body: Vec<_> = self.layout.modified.iter().map(bytes).collect();
        let mut lead = Vec::new();
        if self.is_whole_disc() {
            // Nothing leads to what comes before the session's first blocks, which are all its other ones.
            let first = u64::from(self.layout.session.start.0) * block;
            let place = body.iter().position(|range| range.start == first);
            lead = body.split_off(place.unwrap_or(0));
        } else {
            // The first descriptor comes last: without it, the session is not found. Those past it come first: they show
            // that what lies there is no more than the rest of a session.
            let [descriptor, head] = [FIRST_DESCRIPTOR + 1, HEAD_BLOCKS]
                .map(|end| self.len().min(u64::from(end) * block));
            body.extend([descriptor..head, head..self.len()]);
            lead.push(0..descriptor);
        }
        // A recognition sequence of UDF without the descriptors that come before it would be taken for a session.
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

    /// The byte of the image at which the session has a recognition sequence of UDF, if that follows other descriptors.
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

    /// Opens the disc as a reader does, and looks whether that finds the session. `is_found` is whether a reader that is
    /// not told where sessions begin found the previous one.
    fn look_for<D: WritableDisc + 'static>(
        &self,
        continued: &ContinuedDisc,
        disc: &Arc<D>,
        is_found: bool,
        written: &[(u64, Vec<u8>)],
        end: u64,
    ) -> Result<(), Missed> {
        let disc = reopened(disc)?;
        // Zeros that a file was not given read as if they were there.
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

/// Ranges of bytes of an image, in the order in which they are written.
struct Steps {
    /// Those that nothing leads to.
    body: Vec<Range<u64>>,
    /// Those that lead to others.
    lead: Vec<Range<u64>>,
}

impl ContinuedDisc {
    /// Compares a disc with what was imported; returns whether a reader that is not told where sessions begin finds the one
    /// that was imported.
    fn compare(&self, disc: &Arc<dyn Disc>) -> Result<bool> {
        let options = self.import.clone().last_session();
        let last = RecordedDisc::open_with(Arc::clone(disc), &options).map(|disc| disc.session());
        // Nobody was told where a session begins that is written at random.
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

    /// Refuses a disc whose old session would not be found while blocks are written past its end. `is_found` is what
    /// [`compare`](Self::compare) returns.
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

/// Why a session is not found.
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

/// A disc with a part of a session on it, which is put back as it was when this is dropped, also by a panic.
struct UnfinishedSession<'d> {
    disc: &'d dyn WritableDisc,
    /// Its length in bytes before.
    len: u64,
    /// Its length in bytes without the rest of an earlier session that was interrupted.
    cut: u64,
    /// What was overwritten that led anywhere: first block and bytes.
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
            // What an interrupted writer left there would be in the way of the session after this one.
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

    /// Writes blocks and keeps what they had.
    fn replace(&mut self, block: u32, bytes: &[u8]) -> Result<()> {
        let mut old = vec![0; bytes.len()];
        let there = self.disc.total_blocks().saturating_sub(block) as usize;
        let there = there.saturating_mul(BLOCK).min(old.len());
        if there > 0 {
            // What was never written need not be readable.
            let _ = self.disc.read_blocks(block, &mut old[..there]);
        }
        self.replaced.push((block, old));
        write(self.disc, u64::from(block) * u64::from(BLOCK_SIZE), bytes)
    }

    fn finish(mut self) {
        self.is_over = true;
    }

    /// Puts the disc back as it was, as far as it can be; returns whether it could.
    fn put_back(&mut self) -> bool {
        self.is_over = true;
        let disc = self.disc;
        // Backwards, so that nothing leads to what is not there.
        while let Some((block, bytes)) = self.replaced.pop() {
            if disc.write_blocks(block, &bytes).is_err() || disc.flush().is_err() {
                // Something may still lead to the session, so that it stays.
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

/// The disc as anyone who opens it now reads it.
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

/// `at` is the byte that is written next.
fn flush(disc: &(impl WritableDisc + ?Sized), at: u64) -> Result<()> {
    let block = block_at(at);
    disc.flush()
        .map_err(|source| Error::WriteDisc { block, source })
}

/// The block that begins at a byte, of those that a disc can have.
fn block_at(byte: u64) -> u32 {
    u32::try_from(byte / u64::from(BLOCK_SIZE)).unwrap_or(u32::MAX)
}

fn len_of(range: &Range<u64>) -> u64 {
    range.end - range.start
}

//! A disc opened for reading.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::sync::Arc;

use super::end::session_end;
use super::identifier::{self, disc_identifier, identifier_by};
use super::offset::OffsetDisc;
use super::opened::OpenedSession;
use super::options::{ImportOptions, SessionChoice};
use super::session::{RecordedSession, UnknownBlocks};
use super::volume::{self, RecordedVolume};
use super::{probe, search};
use crate::boot::{self, RecordedBootEntry};
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InvalidValue};
use crate::media::{Blocks, Disc, SessionHead};

/// A disc with its recorded contents.
///
/// Reading ends for any bytes on it, with a result or with an [`Error`], and stays within its limits of
/// [memory](ImportOptions::memory) and [work](ImportOptions::work).
#[derive(Debug)]
pub struct RecordedDisc {
    blocks: Arc<Blocks>,
    options: ImportOptions,
    sessions: Vec<RecordedSession>,
    /// The session that is read.
    session: RecordedSession,
    opened: OpenedSession,
    unknown: Option<UnknownBlocks>,
    /// Head of the session, if the disc is to be continued.
    head: Option<Arc<SessionHead>>,
}

impl RecordedDisc {
    /// Opens the last session of `disc`.
    ///
    /// Succeeds even if it finds no file system.
    ///
    /// # Errors
    ///
    /// - [`Error::ReadDisc`] if the blocks that identify the disc's contents cannot be read;
    /// - [`Error::RawSectors`] if the disc's sectors include more than data;
    /// - [`Error::ImportWork`] if finding the sessions takes too much [work](ImportOptions::work).
    pub fn open(disc: impl Disc + 'static) -> Result<Self> {
        Self::open_with(disc, &ImportOptions::new())
    }

    /// Opens a session of `disc`.
    ///
    /// # Errors
    ///
    /// Those of [`RecordedDisc::open`]; [`Error::InvalidParameter`] if there is no session of the requested number.
    pub fn open_with(disc: impl Disc + 'static, options: &ImportOptions) -> Result<Self> {
        let disc: Arc<dyn Disc> = match options.first_block {
            0 => Arc::new(disc),
            first => Arc::new(OffsetDisc { disc, first }),
        };
        let blocks = Blocks::with_work(disc, options.memory, options.work);
        Self::open_on(Arc::new(blocks), options)
    }

    /// Opens a session of a whole disc that is to be continued: reads its head at once, because the disc's identifier
    /// depends on all of it.
    pub(crate) fn open_to_continue(disc: &Arc<dyn Disc>, options: &ImportOptions) -> Result<Self> {
        let blocks = Blocks::with_work(Arc::clone(disc), options.memory, options.work);
        let expected = match options.session {
            SessionChoice::Start(start) => start,
            SessionChoice::Last | SessionChoice::Number(_) => 0,
        };
        let mut head = Arc::new(identifier::head(disc, expected));
        blocks.know(&head);
        let mut opened = Self::open_on(Arc::new(blocks), options)?;
        let start = opened.session.start;
        if start != expected {
            head = Arc::new(identifier::head(disc, start));
            opened.blocks.know(&head);
        }
        opened.head = Some(head);
        Ok(opened)
    }

    fn open_on(blocks: Arc<Blocks>, options: &ImportOptions) -> Result<Self> {
        let first = options.first_block;
        probe::refuse_raw_sectors(&blocks, first)?;
        let open = |start| OpenedSession::open(&blocks, start, options.code_page);
        let (sessions, mut opened, unknown) = match options.session {
            SessionChoice::Start(start) => {
                let opened = open(start)?;
                (vec![probe::summary(&blocks, &opened)?], opened, None)
            }
            SessionChoice::Last | SessionChoice::Number(_) => {
                let found = search::sessions(&blocks, first, options.code_page)?;
                (found.all, found.last, found.unknown)
            }
        };
        let session = match options.session {
            SessionChoice::Number(number) => sessions.get(number),
            SessionChoice::Last | SessionChoice::Start(_) => sessions.last(),
        };
        let Some(&session) = session else {
            return Err(no_session(options.session).into());
        };
        if session.start != opened.start() {
            opened = open(session.start)?;
        }
        // Something may have been missed because the work ran out.
        blocks.work().check()?;
        Ok(Self {
            blocks,
            options: options.clone(),
            sessions,
            session,
            opened,
            unknown,
            head: None,
        })
    }

    /// Returns the sessions in the order in which they were recorded; at least one.
    ///
    /// The drive reports [where they begin](Disc::session_starts), or else this crate searches for them. A file can
    /// have one at any block after the volumes of the one before; there, the search reads each block once, and twice
    /// the few dozen where it looks first. If the last volume ends with the file, there is nothing to search. On discs
    /// that are [not searched](Disc::next_data), only the blocks are read where a session usually follows another.
    #[must_use]
    pub fn sessions(&self) -> &[RecordedSession] {
        &self.sessions
    }

    /// Returns the unknown blocks after the last session: they may contain another, damaged session. Returns `None` if
    /// only zeros follow, or sessions were not searched for.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub const fn unknown_blocks(&self) -> Option<UnknownBlocks> {
        self.unknown
    }

    /// Returns the block of its disc at which the image seems to begin, if it holds only a later session but was opened
    /// as a whole disc: its ISO 9660 volume counts blocks from there. Pass the block to [`ImportOptions::first_block`].
    ///
    /// Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// [`Error::ReadDisc`] if the disc cannot be read.
    pub fn likely_first_block(&self) -> Result<Option<u32>> {
        if self.options.first_block > 0 {
            return Ok(None);
        }
        search::likely_first_block(&self.blocks.anew())
    }

    /// Returns the session that is read.
    #[must_use]
    pub const fn session(&self) -> RecordedSession {
        self.session
    }

    /// Returns the file systems of the session; none if nothing is recorded, or nothing known.
    ///
    /// IMAPI2: `IFileSystemImage::IdentifyFileSystemsOnDisc`.
    #[must_use]
    #[doc(alias = "IdentifyFileSystemsOnDisc")]
    pub const fn file_systems(&self) -> FileSystems {
        self.session.file_systems
    }

    /// Returns the file system that IMAPI2 imports: UDF, else Joliet, else ISO 9660.
    ///
    /// UDF counts only if other systems see it, too: [`RecordedSession::is_udf_unannounced`]. For reading, call
    /// [`RecordedDisc::best_volume`].
    ///
    /// IMAPI2: `IFileSystemImage::GetDefaultFileSystemForImport`.
    ///
    /// # Errors
    ///
    /// - [`Error::EmptyDisc`] if nothing is recorded;
    /// - [`Error::NoSupportedFileSystem`] if something is recorded, but none of the file systems.
    #[doc(alias = "GetDefaultFileSystemForImport")]
    pub fn default_file_system(&self) -> Result<FileSystems> {
        let by_rank = [FileSystems::UDF, FileSystems::JOLIET, FileSystems::ISO9660];
        match by_rank
            .into_iter()
            .find(|one| self.session.announced_file_systems().contains(*one))
        {
            Some(file_system) => Ok(file_system),
            None if probe::is_blank(&self.blocks.anew(), self.options.first_block)? => {
                Err(Error::EmptyDisc)
            }
            None => Err(Error::NoSupportedFileSystem),
        }
    }

    /// Opens one file system.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] unless `file_system` is exactly one;
    /// - [`Error::FileSystemNotFound`] if the session does not have it;
    /// - [`Error::Corrupt`], [`Error::UnsupportedFeature`] and [`Error::ReadDisc`] if the volume's own structures are
    ///   invalid or cannot be read;
    /// - [`Error::ImportMemory`] and [`Error::ImportWork`] if that takes too much.
    pub fn volume(&self, file_system: FileSystems) -> Result<RecordedVolume> {
        if file_system.bits().count_ones() != 1 {
            let error = InvalidValue {
                parameter: "file system",
                value: file_system.to_string(),
                expected: "exactly one",
            };
            return Err(error.into());
        }
        let blocks = self.blocks.anew();
        let opened = volume::open(&blocks, &self.opened, file_system)?;
        blocks.work().check()?;
        match opened {
            Some(opened) => Ok(RecordedVolume::new(blocks, file_system, opened)),
            None => Err(Error::FileSystemNotFound { file_system }),
        }
    }

    /// Opens one file system, which the session has; ISO 9660 without Rock Ridge.
    pub(crate) fn plain_volume(&self, file_system: FileSystems) -> Result<RecordedVolume> {
        let blocks = self.blocks.anew();
        match volume::open_plain(&blocks, &self.opened, file_system)? {
            Some(opened) => Ok(RecordedVolume::new(blocks, file_system, opened)),
            None => self.volume(file_system),
        }
    }

    /// Returns the entries of the session's boot catalog; none if it has no catalog.
    ///
    /// # Errors
    ///
    /// - [`Error::Corrupt`] if the catalog is not where the boot record says, or is damaged;
    /// - [`Error::ReadDisc`] if it cannot be read.
    pub fn boot_entries(&self) -> Result<Vec<RecordedBootEntry>> {
        match self.session.boot_catalog {
            Some(block) => boot::read::entries(&self.blocks.anew(), block),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the opened session.
    pub(crate) const fn opened(&self) -> &OpenedSession {
        &self.opened
    }

    /// Returns the first block after the session that is read: [`session_end`].
    pub(crate) fn end(&self) -> Result<Option<u32>> {
        session_end(&self.blocks.anew(), &self.opened)
    }

    /// Returns the session at the start of the disc.
    pub(crate) fn first_session(&self) -> Result<RecordedSession> {
        let first = self.sessions.iter().find(|session| session.start == 0);
        if let Some(first) = first {
            return Ok(*first);
        }
        let blocks = self.blocks.anew();
        let first = OpenedSession::open(&blocks, 0, self.options.code_page)?;
        probe::summary(&blocks, &first)
    }

    /// Returns the first block after the session at the start of the disc.
    pub(crate) fn end_of_first(&self) -> Result<Option<u32>> {
        if self.opened.start() == 0 {
            return self.end();
        }
        let blocks = self.blocks.anew();
        let first = OpenedSession::open(&blocks, 0, self.options.code_page)?;
        session_end(&blocks, &first)
    }

    /// Returns the unknown blocks after the session that is read, if that is the last one of a whole disc.
    pub(crate) fn unknown_after(&self) -> Result<Option<UnknownBlocks>> {
        search::unknown_after(&self.blocks.anew(), &self.opened)
    }

    /// Returns the identifier of a disc that is to be continued; `next` is the block of the next session, if the drive
    /// reports it.
    pub(crate) fn identifier(&self, disc: &dyn Disc, next: Option<u32>) -> Result<String> {
        let start = self.session.start;
        match &self.head {
            Some(head) => identifier_by(head, disc, start, next),
            None => disc_identifier(disc, start, next),
        }
    }

    /// Returns the disc as the formats read it, for one operation.
    pub(crate) fn blocks(&self) -> Arc<Blocks> {
        self.blocks.anew()
    }
}

fn no_session(session: SessionChoice) -> InvalidValue {
    InvalidValue {
        parameter: "session",
        value: match session {
            SessionChoice::Number(number) => number.to_string(),
            SessionChoice::Last | SessionChoice::Start(_) => "last".to_owned(),
        },
        expected: "the number of a session, counted from 0",
    }
}

//! The disc that an image continues, and where its next session goes.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::io;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::file_systems::InvalidValue;
use crate::import::{ImportOptions, RecordedDisc, disc_identifier};
use crate::media::{Disc, MultisessionInterface, MultisessionRandomWrite, MultisessionSequential};

/// The multisession interfaces that were offered, and the one that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct ChosenInterface {
    pub offered: Vec<MultisessionInterface>,
    chosen: MultisessionInterface,
}

impl ChosenInterface {
    /// Chooses the interface in use, or else the first that works with the disc in its current state.
    pub(crate) fn of(interfaces: Vec<MultisessionInterface>) -> Result<Self> {
        let used: Vec<_> = interfaces.iter().filter(|one| one.in_use()).collect();
        let chosen = match used[..] {
            _ if interfaces.is_empty() => return Err(wrong_interfaces("none")),
            [] => interfaces.iter().find(|one| works(one)),
            [one] => Some(one),
            _ => return Err(wrong_interfaces("several in use")),
        };
        let none = || Error::NoCompatibleMultisessionType {
            offered: interfaces.len(),
        };
        let chosen = chosen.ok_or_else(none)?;
        if matches!(chosen, MultisessionInterface::Other(_)) {
            return Err(Error::IncompatibleMultisessionType);
        }
        let media = chosen.disc().media_type();
        if media.is_read_only() {
            return Err(Error::ImportMediaNotAllowed {
                media: media.to_string(),
            });
        }
        if !works(chosen) {
            return Err(none());
        }
        NextSession::of(chosen, interfaces.len())?;
        let chosen = chosen.clone();
        Ok(Self {
            offered: interfaces,
            chosen,
        })
    }

    /// Opens the last session of the disc, and finds out where the next one currently goes.
    pub(crate) fn open(&self, options: &ImportOptions) -> Result<(NextSession, RecordedDisc)> {
        let mut next = NextSession::of(&self.chosen, self.offered.len())?;
        let options = options.clone();
        let options = if next.is_random {
            // No drive knows of later sessions: sequential sessions in a file, or a session whose writer was
            // interrupted before block 0 led to it.
            options.last_session()
        } else {
            options.imported_session(next.previous)
        };
        let disc = RecordedDisc::open_to_continue(&next.disc, &options)?;
        next.previous = disc.session().start_block();
        Ok((next, disc))
    }

    /// Returns the disc's current identifier.
    pub(crate) fn disc_identifier(&self, options: &ImportOptions) -> Result<String> {
        let next = NextSession::of(&self.chosen, self.offered.len())?;
        if next.is_random {
            let (next, disc) = self.open(options)?;
            return disc.identifier(&*next.disc, next.next);
        }
        disc_identifier(&*next.disc, next.previous, next.next)
    }
}

/// Where the earlier sessions lie, and where the new one goes.
pub(crate) struct NextSession {
    pub disc: Arc<dyn Disc>,
    pub previous: u32,
    /// The first block of the new session, if the drive reports it; otherwise it follows the recorded blocks, at a
    /// multiple of the write unit.
    pub next: Option<u32>,
    pub write_unit: u32,
    /// The last block that was written, if the drive can tell.
    pub last: Option<u32>,
    /// The number of blocks of the medium.
    pub total: u64,
    /// Whether the medium is written at random, rather than in sequential sessions.
    pub is_random: bool,
}

impl NextSession {
    /// Asks an interface, one of `offered`, about its disc.
    fn of(interface: &MultisessionInterface, offered: usize) -> Result<Self> {
        let disc = interface.disc();
        match interface {
            MultisessionInterface::Sequential(sequential) => {
                Self::sequential(&**sequential, disc, offered)
            }
            MultisessionInterface::RandomWrite(random) => Self::random(&**random, disc),
            MultisessionInterface::Other(_) => Err(Error::IncompatibleMultisessionType),
        }
    }

    fn sequential(
        sequential: &dyn MultisessionSequential,
        disc: Arc<dyn Disc>,
        offered: usize,
    ) -> Result<Self> {
        let is_first = sequential.is_first_data_session();
        let is_first = told("state of its sessions", is_first)?;
        let next = told("next writable address", sequential.next_writable_address())?;
        if is_first || next == 0 {
            return Err(Error::ImportSeek { block: 0 });
        }
        let previous = told(
            PREVIOUS_START,
            sequential.start_address_of_previous_session(),
        )?;
        let last = told(
            PREVIOUS_END,
            sequential.last_written_address_of_previous_session(),
        )?;
        let free = told("number of free sectors", sequential.free_sectors_on_media())?;
        let write_unit = told(WRITE_UNIT, sequential.write_unit_size())?;
        if free == 0 {
            // The disc is closed if no sectors are free.
            return Err(Error::NoCompatibleMultisessionType { offered });
        }
        if previous >= next {
            return Err(bad(PREVIOUS_START));
        }
        if last < previous {
            return Err(bad(PREVIOUS_END));
        }
        let Some(after_unit) = next.checked_rem(write_unit) else {
            return Err(bad(WRITE_UNIT));
        };
        // The drive decides where to continue: moving the session would leave a gap.
        if next <= last || after_unit != 0 {
            return Err(bad("next writable address"));
        }
        Ok(Self {
            disc,
            previous,
            next: Some(next),
            write_unit,
            last: None,
            total: u64::from(next).saturating_add(free.into()),
            is_random: false,
        })
    }

    fn random(random: &dyn MultisessionRandomWrite, disc: Arc<dyn Disc>) -> Result<Self> {
        let write_unit = told(WRITE_UNIT, random.write_unit_size())?;
        let total = told("number of sectors", random.total_sectors_on_media())?;
        let last = told("last written address", random.last_written_address())?;
        if write_unit == 0 {
            return Err(bad(WRITE_UNIT));
        }
        if total == 0 {
            return Err(bad("number of sectors"));
        }
        if last.is_some_and(|last| last >= total) {
            return Err(bad("last written address"));
        }
        Ok(Self {
            disc,
            previous: 0,
            next: None,
            write_unit,
            last,
            total: total.into(),
            is_random: true,
        })
    }
}

const PREVIOUS_START: &str = "start address of the previous session";
const PREVIOUS_END: &str = "last written address of the previous session";
const WRITE_UNIT: &str = "write unit size";

/// Returns the answer of a drive, or an error if it has none.
fn told<T>(parameter: &'static str, answer: io::Result<T>) -> Result<T> {
    answer.map_err(|source| Error::BadMultisessionParameter {
        parameter,
        source: Some(source),
    })
}

/// The error for an impossible value reported by a drive.
const fn bad(parameter: &'static str) -> Error {
    Error::BadMultisessionParameter {
        parameter,
        source: None,
    }
}

/// Whether an interface is of a known kind and works with the medium in its current state. Read-only media have an
/// error of their own.
fn works(interface: &MultisessionInterface) -> bool {
    let media = interface.disc().media_type();
    let fits = match interface {
        MultisessionInterface::Sequential(_) => media.takes_sessions(),
        MultisessionInterface::RandomWrite(_) => media.is_written_at_random(),
        MultisessionInterface::Other(_) => return false,
    };
    (fits || media.is_read_only()) && interface.is_supported_on_current_media_state()
}

fn wrong_interfaces(value: &str) -> Error {
    Error::InvalidParameter(InvalidValue {
        parameter: "multisession interfaces",
        value: value.to_owned(),
        expected: "one or more, of which at most one is in use",
    })
}

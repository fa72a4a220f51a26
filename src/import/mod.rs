//! Discs that are read back: what is on them, and the files and directories of one of their file systems.
//!
//! The formats' readers give entries ([`crate::recorded`]); this module finds the sessions ([`search`]), finds out which
//! formats there are ([`probe`]) and gives their entries paths, data and bounds that hold for whatever bytes a disc has.

mod best;
mod disc;
mod end;
mod identifier;
mod images;
mod item;
mod leftover;
mod offset;
mod opened;
mod options;
mod probe;
mod recorded_data;
mod search;
mod session;
mod volume;
mod walk;

pub use self::best::RecordedLack;
pub use self::disc::RecordedDisc;
pub(crate) use self::end::partitions_end;
pub(crate) use self::identifier::disc_identifier;
pub(crate) use self::images::Continued;
pub use self::images::{RandomWriteImage, SequentialImage};
pub use self::item::{RecordedExtent, RecordedItem, RecordedItems, RecordedKind};
pub use self::options::ImportOptions;
pub use self::recorded_data::RecordedData;
pub use self::session::{RecordedSession, UnknownBlocks};
pub use self::volume::RecordedVolume;
pub use self::walk::RecordedWalk;

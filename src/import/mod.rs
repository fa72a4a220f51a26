//! Discs opened for reading: their contents, and the files and directories of one of their file systems.
//!
//! The formats' readers return entries ([`crate::recorded`]); this module finds the sessions ([`search`]) and the
//! formats in each ([`probe`]), and gives their entries paths, data and limits that hold for any bytes on a disc.

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

//! UDF (ECMA-167 with the OSTA profile).
//!
//! ```text
//! 16…   volume recognition sequence, after the descriptors of ISO 9660 if there are any
//! 32    main volume descriptor sequence, 16 blocks
//! 48    integrity sequence, 2 blocks
//! 256   anchor
//! 257   partition: file set, ICBs, directories, allocation extents, …, file data
//! …     reserve volume descriptor sequence, 16 blocks
//! last  anchor
//! ```
//!
//! The partition is read-only, begins after the first anchor and ends with the last block that it addresses, so that no
//! anchor lies inside it. From UDF 2.50 on, everything except the file data is inside a metadata partition; see
//! [`metadata`].
//!
//! This is the layout that the crate writes. [`read`] reads volumes written by any program.

mod allocation;
mod contents;
mod file_set;
mod files;
mod icb;
mod identifier;
mod metadata;
mod names;
mod plan;
pub(crate) mod read;
mod revision;
mod streams;
mod tag;
mod volume;

pub(crate) use self::files::Files;
pub(crate) use self::icb::max_embedded;
pub(crate) use self::metadata::UNIT as METADATA_UNIT;
pub(crate) use self::names::UdfNames;
pub(crate) use self::plan::{HEAD_BLOCKS, Head, Mirror, Tail, VolumeOptions, VolumePlan};
pub(crate) use self::volume::{READ_ONLY, recognition};

/// Block of the first anchor, counted from the session's start. The last anchor, or the one before it, is this many
/// blocks before a volume's last block (UDF 2.2.3).
pub(crate) const FIRST_ANCHOR: u32 = 256;

/// Block of another anchor that a session may have, counted from the session's start (UDF 2.2.3).
pub(crate) const OTHER_ANCHOR: u32 = 512;

//! Reads UDF volumes written by any program.
//!
//! ```text
//! recognition ─► anchor ─► sequence ─► maps ─► file set ─► icb ◄─► directory
//!                                        │                  │
//!                                   partition ◄──────── allocation
//! ```
//!
//! The reader trusts nothing on a disc. It checks every length against the disc, ends every chain, and counts what it
//! keeps against the budget of the [`Blocks`](crate::media::Blocks). Damage is an error with the block where it lies,
//! or a [`Finding`](crate::Finding) if the volume has the same data in another place.
// A disc may contain anything; tests may fail.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod allocation;
mod anchor;
mod directory;
mod entry;
mod icb;
mod maps;
mod partition;
mod sequence;
mod session;
mod sparing;
mod tag;
#[cfg(test)]
mod tests;
mod text;
mod virtual_table;
mod volume;

pub(crate) use self::anchor::{have_same_anchor, is_own_descriptor, is_volume_structure};
pub(crate) use self::session::UdfSession;

/// Converts a length in memory to one on the disc.
fn wide(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// Converts a length on the disc to one in memory, cut to the longest that memory can have.
fn narrow(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

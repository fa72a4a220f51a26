//! Reading UDF: what a disc has, whoever wrote it.
//!
//! ```text
//! recognition ─► anchor ─► sequence ─► maps ─► file set ─► icb ◄─► directory
//!                                        │                  │
//!                                   partition ◄──────── allocation
//! ```
//!
//! Nothing on a disc is believed. Every length is checked against what there is, every chain ends, and what is kept
//! counts against the budget of the [`Blocks`](crate::media::Blocks). What is damaged is an error with the block where
//! it lies, or a [`Finding`](crate::Finding) if the volume has the same in another place.
// What is recorded may say anything; tests may fail.
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

/// A length in memory as one on the disc.
fn wide(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A length on the disc as one in memory; what memory cannot have is cut.
fn narrow(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

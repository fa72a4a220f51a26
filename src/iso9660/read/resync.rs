//! Finds the next record of a damaged directory.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use super::context::Context;
use super::guess;
use super::record::Record;
use crate::iso9660::record::DirectoryRecord;

/// Returns `true` if a record certainly begins at the start of `bytes`, the rest of a sector: the numbers it holds
/// twice agree.
fn is_record(context: &Context, bytes: &[u8]) -> bool {
    let Some(len) = bytes.first().copied().map(usize::from) else {
        return false;
    };
    let record = bytes.get(..len).map(|record| Record::read(record, None));
    let Some(Ok(record)) = record else {
        return false;
    };
    let head = &record.head;
    let start = context.offset(head.location_of_extent.get().into());
    len % 2 == 0
        && usize::from(head.identifier_len) == record.identifier.len()
        && guess::is_plausible(head)
        && start < context.blocks.len()
}

/// Returns the true length of the record at the start of `bytes`, the rest of a sector, if its recorded one reaches
/// over another record.
pub(super) fn overlong(context: &Context, bytes: &[u8]) -> Option<usize> {
    const FIXED: usize = size_of::<DirectoryRecord>();
    let said = usize::from(*bytes.first()?);
    let identifier_len = usize::from(*bytes.get(FIXED.checked_sub(1)?)?);
    let len = FIXED.saturating_add(identifier_len).next_multiple_of(2);
    // The next record has an identifier, too.
    let has_room = said.saturating_sub(len) > FIXED && identifier_len != 0;
    (has_room && is_record(context, bytes.get(len..)?)).then_some(len)
}

/// Returns the next certain start of a record, from byte `from` of a sector on.
pub(super) fn next_record(
    context: &Context,
    piece: &[u8],
    from: usize,
    sector_end: usize,
) -> Option<usize> {
    (from..sector_end)
        .step_by(2)
        .find(|at| is_record(context, piece.get(*at..sector_end).unwrap_or_default()))
}

//! Entries in the system use area of directory records (SUSP 4, 5).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::context::Context;
use crate::codec::both::BothU32;
use crate::error::Result;
use crate::finding::FindingCode;

/// Length in bytes of the signature, length and version of an entry.
const HEAD: usize = 4;

/// Length in bytes of the CD-ROM XA data before the entries.
const XA: usize = 14;

/// The most bytes of continuation areas of one record: twice the longest link of any system.
const MOST_CONTINUED: usize = 16 << 10;

/// The most continuation areas of one record, enough to fill the bytes above.
const MOST_AREAS: usize = 64;

/// The location of an area's continuation (SUSP 5.1).
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Continuation {
    block: BothU32,
    offset: BothU32,
    len: BothU32,
}

/// Returns the number of bytes before the entries, from the root's own record; `None` if there are no entries (SUSP
/// 5.3).
pub(super) fn skip(system_use: &[u8]) -> Option<u8> {
    [0, XA].into_iter().find_map(|start| {
        let entry = system_use.get(start..)?;
        match entry.get(..7)? {
            [b'S', b'P', _len, _version, 0xBE, 0xEF, skip] => Some(*skip),
            _ => None,
        }
    })
}

/// Guesses the same if the entry that states it is damaged but the others are there.
pub(super) fn likely_skip(system_use: &[u8]) -> Option<u8> {
    let has_mode = |area: &[u8]| area.windows(2).any(|two| two == b"PX");
    let starts = [0, XA].into_iter().map(|start| (start, start));
    // Where that entry is longer than the area, the others follow its seven bytes.
    let behind = [(7, 0), (XA.saturating_add(7), XA)];
    starts.chain(behind).find_map(|(at, skip)| {
        let area = system_use.get(at..)?;
        (is_area(area) && has_mode(area)).then(|| u8::try_from(skip).unwrap_or_default())
    })
}

/// Returns `true` if an area appears to consist of entries from beginning to end, and has at least one.
pub(super) fn is_area(mut area: &[u8]) -> bool {
    let mut any = false;
    while let [a, b, len, version, ..] = *area {
        if a == 0 {
            break;
        }
        let is_entry = a.is_ascii_uppercase() && b.is_ascii_alphanumeric() && version == 1;
        let rest = area.split_at_checked(len.into());
        match rest.filter(|_| is_entry && usize::from(len) >= HEAD) {
            Some((_, rest)) => area = rest,
            None => return false,
        }
        any = true;
    }
    any && area.len() < HEAD && area.iter().all(|byte| *byte == 0)
}

/// Passes all entries of a record to `use_entry`, as signature and data.
///
/// `offset` is the record's byte. A fault ends the area that it is in and is noted; only exceeding a limit is an error.
pub(super) fn entries(
    context: &Context,
    area: &[u8],
    offset: u64,
    mut use_entry: impl FnMut([u8; 2], &[u8]),
) -> Result<()> {
    let mut next = one_area(context, area, offset, &mut use_entry);
    let mut left = MOST_CONTINUED;
    let mut seen = Vec::new();
    let mut shared = None;
    while let Some(continuation) = next {
        let len = continuation.len.get() as usize;
        if len > left {
            let fault = FindingCode::SuspLongArea.above("length", len as u64, left as u64);
            context.finding(offset, fault);
            break;
        }
        left = left.saturating_sub(len);
        let at = context
            .offset(continuation.block.get().into())
            .saturating_add(continuation.offset.get().into());
        if seen.contains(&at) || seen.len() >= MOST_AREAS {
            context.finding(offset, FindingCode::SuspEndlessArea);
            break;
        }
        seen.push(at);
        let mut bytes = vec![0; len];
        let blocks = shared.get_or_insert_with(|| context.blocks.for_item());
        match blocks.read_at(at, &mut bytes) {
            Ok(()) => {}
            Err(error) if error.is_limit() => return Err(error),
            Err(_) => {
                context.finding(offset, FindingCode::SuspUnreadableArea);
                break;
            }
        }
        next = one_area(context, &bytes, at, &mut use_entry);
    }
    Ok(())
}

/// Passes on the entries of one area; returns the area that continues it.
fn one_area(
    context: &Context,
    mut area: &[u8],
    offset: u64,
    use_entry: &mut impl FnMut([u8; 2], &[u8]),
) -> Option<Continuation> {
    let mut continuation = None;
    while let [a, b, len, _version, ..] = *area {
        // Areas are padded with zeros.
        if a == 0 {
            break;
        }
        let len = usize::from(len);
        let Some((entry, rest)) = area.split_at_checked(len).filter(|_| len >= HEAD) else {
            let (len, there) = (len as u64, area.len() as u64);
            let fault = match len > there {
                true => FindingCode::SuspEntryLength.above("length", len, there),
                false => FindingCode::SuspEntryLength.below("length", len, HEAD as u64),
            };
            context.finding(offset, fault);
            break;
        };
        area = rest;
        let data = entry.get(HEAD..).unwrap_or_default();
        match &[a, b] {
            b"CE" => continuation = Continuation::read_from_prefix(data).ok().map(|(ce, _)| ce),
            b"ST" => break,
            signature => use_entry(*signature, data),
        }
    }
    continuation
}

//! Recognition and anchors, where reading begins (ECMA-167 2/8, 3/8.4.2.1, 3/9; UDF 2.2.3).

use zerocopy::FromBytes;

use super::tag::{check_at, corrupt};
use super::{narrow, wide};
use crate::block::BLOCK_SIZE;
use crate::error::Result;
use crate::finding::FindingCode;
use crate::media::Blocks;
use crate::recognition::{DescriptorKind, FIRST_DESCRIPTOR, KIND_LEN};
use crate::udf::tag::{ExtentAd, identifier};
use crate::udf::volume::{AnchorVolumeDescriptorPointer, PrimaryVolumeDescriptor};
use crate::udf::{FIRST_ANCHOR, OTHER_ANCHOR};

/// Possible sector sizes; the first is that of optical discs.
const SECTOR_LENS: [u32; 7] = [2048, 512, 1024, 4096, 8192, 16384, 32768];

/// The numbers of sectors between an anchor and the last sector if drives add run-out blocks, and writers padding.
const PADDING: [u32; 7] = [
    1,
    2,
    150,
    152,
    FIRST_ANCHOR.saturating_add(2),
    FIRST_ANCHOR.saturating_add(150),
    FIRST_ANCHOR.saturating_add(152),
];

/// The most descriptors of a recognition sequence that are read.
const MAX_RECOGNITION: u64 = 256;

/// Checks whether the volume recognition sequence of the session has `NSR02` or `NSR03`.
pub(super) fn is_recorded(blocks: &Blocks, session_start: u32) -> Result<bool> {
    // The distance between descriptors is the length of a sector, but at least 2048 bytes.
    for step in SECTOR_LENS.into_iter().filter(|len| *len >= BLOCK_SIZE) {
        let mut at = byte_of(session_start.saturating_add(FIRST_DESCRIPTOR), BLOCK_SIZE);
        for _ in 0..MAX_RECOGNITION {
            let mut head = [0; KIND_LEN];
            if at.saturating_add(wide(head.len())) > blocks.len() {
                break;
            }
            blocks.read_at(at, &mut head)?;
            match DescriptorKind::of(&head) {
                Some(DescriptorKind::Nsr) => return Ok(true),
                // Another standard may extend the sequence repeatedly, even after the end of an area.
                Some(_) => {}
                None => break,
            }
            at = at.saturating_add(u64::from(step));
        }
    }
    Ok(false)
}

/// Checks whether the session has an anchor in the first place to look, or the disc at its end. That is reason enough
/// to try to open a volume that has no recognition sequence.
pub(super) fn may_be_recorded(blocks: &Blocks, session_start: u32) -> bool {
    let start = byte_of(session_start, BLOCK_SIZE);
    let first = [2048_u32, 512, 4096].into_iter().any(|sector_len| {
        let sector = start.checked_div(sector_len.into()).unwrap_or(0);
        let sector = u32::try_from(sector.saturating_add(FIRST_ANCHOR.into()));
        sector.is_ok_and(|sector| read(blocks, sector, sector_len).is_some())
    });
    let last = blocks.len().checked_div(BLOCK_SIZE.into()).unwrap_or(0);
    // The anchor at the end belongs to the last session, whichever that is.
    first
        || session_start == 0
            && [1, FIRST_ANCHOR.saturating_add(1)].into_iter().any(|back| {
                let sector = last.checked_sub(back.into());
                let sector = sector.and_then(|sector| u32::try_from(sector).ok());
                sector.is_some_and(|sector| read(blocks, sector, BLOCK_SIZE).is_some())
            })
}

/// Returns the first byte of a sector on the disc.
pub(super) fn byte_of(sector: u32, sector_len: u32) -> u64 {
    u64::from(sector).saturating_mul(u64::from(sector_len))
}

/// An anchor found on the disc.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    pub sector: u32,
    pub main: ExtentAd,
    pub reserve: ExtentAd,
}

/// The anchors of a volume: at least one, best first.
#[derive(Clone, Debug)]
pub(super) struct Anchors {
    pub sector_len: u32,
    pub found: Vec<Anchor>,
}

/// Finds the anchors and the length of sectors.
pub(super) fn find(blocks: &Blocks, session_start: u32) -> Result<Anchors> {
    // Tries the best place with every sector size before the next place.
    let places = SECTOR_LENS.map(|len| places(blocks, session_start, len));
    let most = places.iter().map(Vec::len).max().unwrap_or(0);
    for rank in 0..most {
        for (sector_len, places) in SECTOR_LENS.into_iter().zip(&places) {
            let Some(place) = places.get(rank) else {
                continue;
            };
            if !place
                .iter()
                .any(|sector| read(blocks, *sector, sector_len).is_some())
            {
                continue;
            }
            let found = read_all(blocks, places, sector_len);
            return Ok(Anchors { sector_len, found });
        }
    }
    let at = byte_of(session_start, BLOCK_SIZE).saturating_add(byte_of(FIRST_ANCHOR, BLOCK_SIZE));
    Err(corrupt(at, FindingCode::UdfAnchor))
}

/// Reads the anchors at places given by rank, each once.
fn read_all(blocks: &Blocks, places: &[Vec<u32>], sector_len: u32) -> Vec<Anchor> {
    let mut by_rank: Vec<u32> = Vec::new();
    for sector in places.iter().flatten() {
        if !by_rank.contains(sector) {
            by_rank.push(*sector);
        }
    }
    // Reading in the order on the disc reads neighbours together.
    let mut sectors = by_rank.clone();
    sectors.sort_unstable();
    let there = sectors.iter();
    let there: Vec<_> = there
        .filter_map(|sector| read(blocks, *sector, sector_len))
        .collect();
    let at = |sector: &u32| there.iter().find(|anchor| anchor.sector == *sector);
    by_rank.iter().filter_map(at).copied().collect()
}

/// Returns the sectors where an anchor can be, by rank.
fn places(blocks: &Blocks, session_start: u32, sector_len: u32) -> Vec<Vec<u32>> {
    let sectors = |bytes: u64| bytes.checked_div(u64::from(sector_len)).unwrap_or(0);
    let start = sectors(byte_of(session_start, BLOCK_SIZE));
    let end = sectors(blocks.len());
    // A disc's length is known in blocks only; smaller sectors may end anywhere in the last block.
    let finer = u64::from(BLOCK_SIZE.checked_div(sector_len).unwrap_or(1).max(1));
    let last: Vec<u64> = (1..=finer)
        .filter_map(|back| end.checked_sub(back))
        .collect();
    let before = |back: &[u32]| -> Vec<u64> {
        last.iter()
            .flat_map(|last| {
                back.iter()
                    .filter_map(|back| last.checked_sub((*back).into()))
            })
            .collect()
    };
    let in_reach = |sectors: Vec<u64>| -> Vec<u32> {
        sectors
            .into_iter()
            .filter(|sector| *sector >= start)
            .filter_map(|sector| u32::try_from(sector).ok())
            .collect()
    };
    [
        vec![start.saturating_add(FIRST_ANCHOR.into())],
        last.clone(),
        before(&[FIRST_ANCHOR]),
        vec![start.saturating_add(OTHER_ANCHOR.into())],
        before(&PADDING),
    ]
    .map(in_reach)
    .to_vec()
}

/// Reads the anchor at `sector`, if there is one.
pub(super) fn read(blocks: &Blocks, sector: u32, sector_len: u32) -> Option<Anchor> {
    let mut bytes = [0; size_of::<AnchorVolumeDescriptorPointer>()];
    // An unreadable place has no anchor.
    blocks
        .read_at(byte_of(sector, sector_len), &mut bytes)
        .ok()?;
    check_at(
        &bytes,
        &[identifier::ANCHOR_VOLUME_DESCRIPTOR_POINTER],
        sector,
    )
    .ok()?;
    let (anchor, _) = AnchorVolumeDescriptorPointer::ref_from_prefix(&bytes).ok()?;
    let is_whole = |extent: ExtentAd| {
        extent.len.get() >= sector_len && extent.len.get().checked_rem(sector_len) == Some(0)
    };
    (is_whole(anchor.main_sequence) || is_whole(anchor.reserve_sequence)).then_some(Anchor {
        sector,
        main: anchor.main_sequence,
        reserve: anchor.reserve_sequence,
    })
}

/// Returns `true` if a block of the disc holds an anchor or a volume descriptor that names that block.
pub(crate) fn is_volume_structure(bytes: &[u8], block: u32) -> bool {
    const KNOWN: [u16; 7] = [
        identifier::PRIMARY_VOLUME_DESCRIPTOR,
        identifier::ANCHOR_VOLUME_DESCRIPTOR_POINTER,
        identifier::IMPLEMENTATION_USE_VOLUME_DESCRIPTOR,
        identifier::PARTITION_DESCRIPTOR,
        identifier::LOGICAL_VOLUME_DESCRIPTOR,
        identifier::UNALLOCATED_SPACE_DESCRIPTOR,
        identifier::TERMINATING_DESCRIPTOR,
    ];
    check_at(bytes, &KNOWN, block).is_ok()
}

/// Returns whether this crate recorded the volume descriptor in a block of the disc; `None` if no descriptor there
/// names the block.
pub(crate) fn is_own_descriptor(bytes: &[u8], block: u32) -> Option<bool> {
    check_at(bytes, &[identifier::PRIMARY_VOLUME_DESCRIPTOR], block).ok()?;
    let (primary, _) = PrimaryVolumeDescriptor::ref_from_prefix(bytes).ok()?;
    Some(primary.implementation_identifier.is_own())
}

/// Returns `true` if both blocks have anchors that lead to the same sequences.
pub(crate) fn have_same_anchor(blocks: &Blocks, one: u32, other: u32) -> bool {
    let [one, other] = [one, other].map(|block| read(blocks, block, BLOCK_SIZE));
    one.zip(other)
        .is_some_and(|(one, other)| one.main == other.main && one.reserve == other.reserve)
}

/// Returns a buffer for one sector.
pub(super) fn sector_buffer(sector_len: u32) -> Vec<u8> {
    vec![0; narrow(u64::from(sector_len))]
}

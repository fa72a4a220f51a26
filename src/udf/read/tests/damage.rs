//! Damage that a volume survives.

use super::builder::Form;
use super::mutation::{Random, reseal};
use super::*;
use super::{forms, made};
use crate::file_systems::{FileSystems, UdfRevision};
use crate::finding::{Finding, FindingCode};
use crate::recorded::UnreadPart;

const BLOCK: usize = 2048;

/// Returns the first block and number of blocks of both recordings of the metadata.
fn metadata(image: &[u8]) -> [(usize, usize); 2] {
    // The partition begins, with the metadata file's entry, at the first multiple of 32 after the anchor.
    let word = |at: usize| u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) as usize;
    let of = |file_type: u8| {
        let entry = (0..image.len() / BLOCK)
            .map(|block| block * BLOCK)
            .find(|at| image[*at..at + 2] == [10, 1] && image[at + 27] == file_type)
            .unwrap();
        let partition = entry / BLOCK - word(entry + 12);
        (partition + word(entry + 220), word(entry + 216) / BLOCK)
    };
    [of(250), of(251)]
}

/// Fills a block with noise.
fn destroy(image: &mut [u8], block: usize, random: &mut Random) {
    for byte in &mut image[block * BLOCK..(block + 1) * BLOCK] {
        *byte = random.below(256) as u8;
    }
}

fn read_all(image: Vec<u8>) -> (Vec<Line>, Vec<Finding>) {
    let blocks = blocks(image);
    let volume = open(&blocks, 0).unwrap().unwrap();
    let lines = manifest(&blocks, &volume).unwrap();
    (lines, volume.findings())
}

#[test]
fn metadata_that_is_recorded_twice_may_be_damaged_once() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let image = made::image(UdfRevision::V2_50, true, true);
    let whole = read_all(image.clone()).0;
    let [main, mirror] = metadata(&image);
    assert_eq!(main.1, mirror.1);
    assert_ne!(main.0, mirror.0);

    // One whole recording.
    for (start, blocks) in [main, mirror] {
        let mut damaged = image.clone();
        for block in start..start + blocks {
            destroy(&mut damaged, block, &mut random);
        }
        let (lines, findings) = read_all(damaged);
        assert_eq!(lines, whole);
        assert_eq!(findings.is_empty(), start == mirror.0);
    }

    // Each block of one of the two recordings, at random.
    for share in [2, 2, 2, 2, 3, 5, 10, 30] {
        let mut damaged = image.clone();
        for block in 0..main.1 {
            match random.below(share) {
                0 => destroy(&mut damaged, main.0 + block, &mut random),
                1 => destroy(&mut damaged, mirror.0 + block, &mut random),
                _ => {}
            }
        }
        let (lines, findings) = read_all(damaged);
        assert_eq!(lines, whole);
        assert!(!findings.is_empty());
        let is_metadata = |finding: &Finding| finding.code() == FindingCode::UdfMetadataBlock;
        assert!(findings.iter().all(is_metadata), "{findings:?}");
    }
}

#[test]
fn entries_of_the_metadata_files_may_be_damaged_once() {
    let mut random = Random(1);
    let image = made::image(UdfRevision::V2_60, true, false);
    let whole = read_all(image.clone()).0;
    for (file_type, is_mirror) in [(250, false), (251, true)] {
        let entry = (0..image.len() / BLOCK)
            .find(|block| {
                let bytes = &image[block * BLOCK..];
                bytes[..2] == [10, 1] && bytes[27] == file_type
            })
            .unwrap();
        let mut damaged = image.clone();
        destroy(&mut damaged, entry, &mut random);
        let (lines, findings) = read_all(damaged);
        assert_eq!(lines, whole);
        let block = entry as u32;
        let expected = if is_mirror {
            FindingCode::UdfMetadataMirror
        } else {
            FindingCode::UdfMetadataFile
        };
        assert_eq!(findings, [Finding::new(FileSystems::UDF, block, expected)]);
    }
}

#[test]
fn volume_structures_may_be_damaged_once() {
    let mut random = Random(2);
    let image = made::image(UdfRevision::V1_02, false, true);
    let whole = read_all(image.clone()).0;
    let last = image.len() / BLOCK - 1;
    // The descriptors of the main sequence, one by one and all together; the first anchor; the integrity descriptor.
    let mut cases: Vec<(Vec<usize>, bool)> = (32..38).map(|block| (vec![block], true)).collect();
    cases.push(((32..48).collect(), true));
    cases.push((vec![256], false));
    cases.push((vec![last], false));
    cases.push((vec![48], true));
    for (blocks, is_told) in cases {
        let mut damaged = image.clone();
        for block in &blocks {
            destroy(&mut damaged, *block, &mut random);
        }
        let (lines, findings) = read_all(damaged);
        assert_eq!(lines, whole, "{blocks:?}");
        assert_eq!(!findings.is_empty(), is_told, "{blocks:?} {findings:?}");
    }
}

/// The only anchor may be in any place (UDF 2.2.3), and the file may end anywhere in its last block.
#[test]
fn every_place_of_an_anchor_is_enough() {
    for block_len in [512, 1024, 2048, 4096] {
        for odd in [0, 1, 2, 3] {
            let (mut image, lines) = forms::sample(block_len, UdfRevision::V2_01, Form::Physical);
            // Discs have whole blocks of 2048 bytes; smaller blocks may be missing at the end, and larger ones may be
            // cut.
            let len = (1000 * block_len).next_multiple_of(4096) + odd * block_len.min(2048);
            image.resize(len, 0);
            let last = len / block_len - 1;
            let mut anchor = image[256 * block_len..][..512].to_vec();
            image[256 * block_len..][..512].fill(0);
            for place in [256, 512, last, last - 256, last - 150] {
                let mut image = image.clone();
                anchor[12..16].copy_from_slice(&(place as u32).to_le_bytes());
                reseal(&mut anchor);
                image[place * block_len..][..512].copy_from_slice(&anchor);
                let blocks = blocks(image);
                let volume = open(&blocks, 0).unwrap_or_else(|error| panic!("{place}: {error}"));
                let volume = volume.unwrap();
                let block = (place * block_len / BLOCK) as u32;
                assert_eq!(volume.anchors(), [block], "{block_len} {odd} {place}");
                assert_eq!(manifest(&blocks, &volume).unwrap(), lines);
            }
        }
    }
}

#[test]
fn what_is_not_udf_is_not_opened() {
    for len in [0, 1, 2048, 32768, 40000, 1 << 20] {
        assert!(open(&blocks(vec![0; len]), 0).unwrap().is_none());
        assert!(open(&blocks(vec![0; len]), 16).unwrap().is_none());
        assert!(open(&blocks(vec![0; len]), u32::MAX).unwrap().is_none());
    }
    // A volume without an anchor is a damaged one.
    let mut image = made::image(UdfRevision::V1_02, false, false);
    let last = image.len() - BLOCK;
    image[last..].fill(0);
    image[256 * BLOCK..][..BLOCK].fill(0);
    assert!(matches!(
        open(&blocks(image), 0),
        Err(crate::Error::Corrupt(finding)) if finding.block() == 256
    ));
}

/// A bad ICB is an error of its own, and the other entries are present.
#[test]
fn one_bad_entry_does_not_hide_the_others() {
    let image = made::image(UdfRevision::V1_50, false, false);
    let start = blocks(image.clone());
    let volume = open(&start, 0).unwrap().unwrap();
    let root = volume.root().unwrap();
    let all: Vec<Entry> = volume.entries(&root).unwrap().map(Result::unwrap).collect();
    for bad in &all {
        let mut damaged = image.clone();
        damaged[bad.identity as usize] ^= 1;
        let blocks = blocks(damaged);
        let volume = open(&blocks, 0).unwrap().unwrap();
        let (good, errors): (Vec<_>, Vec<_>) = volume
            .entries(&root)
            .unwrap()
            .partition(|entry| entry.is_ok());
        let names: Vec<String> = good.into_iter().map(|entry| entry.unwrap().name).collect();
        let others = all.iter().filter(|entry| entry.name != bad.name);
        let others: Vec<&String> = others.map(|entry| &entry.name).collect();
        assert_eq!(names.iter().collect::<Vec<_>>(), others);
        assert_eq!(errors.len(), 1);
        let unread = errors.into_iter().next().unwrap().unwrap_err();
        assert_eq!(unread.part, UnreadPart::Entry(bad.name.clone()));
        assert!(matches!(
            unread.error,
            crate::Error::Corrupt(finding)
                if u64::from(finding.block()) == bad.identity / 2048
        ));
    }
}

/// Identifiers after an unreadable one are found.
#[test]
fn one_bad_identifier_does_not_hide_the_others() {
    let image = made::image(UdfRevision::V1_50, false, false);
    let at = image
        .windows(9)
        .position(|bytes| bytes == b"\x08no entri")
        .unwrap();
    let mut damaged = image.clone();
    damaged[at + 1] = b'N';
    // The block that it names; with this, nothing confirms its contents.
    damaged[at - 38 + 12] ^= 1;
    let before = names_of_root(image);
    let after = names_of_root(damaged);
    assert_eq!(after.iter().filter(|name| name.is_none()).count(), 1);
    let rest: Vec<_> = before
        .into_iter()
        .filter(|name| name.as_deref() != Some("no entries"))
        .collect();
    assert_eq!(
        after
            .into_iter()
            .filter(Option::is_some)
            .collect::<Vec<_>>(),
        rest
    );
}

fn names_of_root(image: Vec<u8>) -> Vec<Option<String>> {
    let blocks = blocks(image);
    let volume = open(&blocks, 0).unwrap().unwrap();
    let root = volume.root().unwrap();
    let entries = volume.entries(&root).unwrap();
    entries
        .map(|entry| entry.ok().map(|entry| entry.name))
        .collect()
}

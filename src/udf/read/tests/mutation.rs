//! Damage that not every volume survives, but that must do no harm.

use std::collections::HashSet;

use super::made;
use super::*;
use crate::error::Error;
use crate::file_systems::UdfRevision;

/// Pseudorandom numbers, the same in every run (Marsaglia's xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Walks over everything reachable, within bounds, trusting nothing.
fn walk(blocks: &Arc<Blocks>) -> (usize, usize) {
    let (mut entries, mut errors) = (0, 0);
    let volume = match open(blocks, 0) {
        Ok(Some(volume)) => volume,
        Ok(None) => return (0, 0),
        Err(_) => return (0, 1),
    };
    let _ = (
        volume.end(),
        volume.integrity(),
        volume.partition(),
        volume.volume_set(),
    );
    let Ok(root) = volume.root() else {
        return (0, 1);
    };
    let mut seen = HashSet::from([root.identity]);
    let mut open = vec![root];
    while let Some(directory) = open.pop() {
        let Ok(list) = volume.entries(&directory) else {
            errors += 1;
            continue;
        };
        for entry in list.take(10_000) {
            let Ok(entry) = entry else {
                errors += 1;
                continue;
            };
            entries += 1;
            if let Data::Runs(runs) = &entry.data {
                let len: u64 = runs.iter().map(|run| run.len).sum();
                assert!(len <= entry.len);
                // Reading reports what is not on the disc.
                for run in runs.iter().take(10) {
                    let mut piece = vec![0; run.len.min(100) as usize];
                    if let Some(at) = run.at {
                        let _ = blocks.read_at(at, &mut piece);
                    }
                }
            }
            if entry.kind == EntryKind::Directory && seen.insert(entry.identity) && entries < 20_000
            {
                open.push(entry);
            }
        }
    }
    let _ = volume.findings();
    (entries, errors)
}

/// Corrects the checksum and CRC of a modified descriptor, so that the reader has to examine its contents.
pub(super) fn reseal(bytes: &mut [u8]) {
    let len = usize::from(u16::from_le_bytes([bytes[10], bytes[11]])).min(bytes.len() - 16);
    let crc = crate::udf::tag::CRC.checksum(&bytes[16..16 + len]);
    bytes[8..10].copy_from_slice(&crc.to_le_bytes());
    bytes[4] = 0;
    bytes[4] = bytes[..16]
        .iter()
        .fold(0, |sum, byte| sum.wrapping_add(*byte));
}

/// Returns the places of descriptors in an image.
fn descriptors(bytes: &[u8]) -> Vec<usize> {
    let is_tag = |at: &usize| {
        let tag = &bytes[*at..*at + 16];
        let id = u16::from_le_bytes([tag[0], tag[1]]);
        let sum = tag.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        ((1..=9).contains(&id) || (256..=266).contains(&id)) && sum.wrapping_sub(tag[4]) == tag[4]
    };
    (0..bytes.len() - 16).step_by(4).filter(is_tag).collect()
}

/// Changes a few bytes of a descriptor, mostly to values that are likely to cause trouble.
fn mutate(bytes: &mut [u8], at: usize, random: &mut Random) {
    let end = (at + 512).min(bytes.len());
    for _ in 0..=random.below(3) {
        let place = at + random.below(end - at);
        let value = [0, 1, 3, 4, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFE, 0xFF];
        bytes[place] = match random.below(3) {
            0 => random.below(256) as u8,
            1 => value[random.below(value.len())],
            _ => bytes[place] ^ (1 << random.below(8)),
        };
    }
}

fn mutate_all(name: &str, image: &[u8], rounds: usize, random: &mut Random) {
    let places = descriptors(image);
    let (whole, _) = walk(&blocks(image.to_vec()));
    let (mut most, mut sum) = (0, 0);
    for round in 0..rounds {
        let mut bytes = image.to_vec();
        for _ in 0..=random.below(4) {
            let at = places[random.below(places.len())];
            mutate(&mut bytes, at, random);
            if round % 4 != 0 {
                let end = (at + 2048).min(bytes.len());
                reseal(&mut bytes[at..end]);
            }
        }
        if round % 16 == 0 {
            bytes.truncate(random.below(bytes.len()));
        }
        let blocks = blocks(bytes);
        let (entries, _) = walk(&blocks);
        most = most.max(entries);
        sum += entries;
        // Everything charged has been released.
        assert!(blocks.charge(BUDGET).is_ok(), "{name} {round}");
    }
    eprintln!(
        "{name}: {whole} entries, damaged at most {most}, on average {}",
        sum / rounds
    );
}

/// Returns how often to damage each image: more often on request, less often on an emulated machine.
fn rounds() -> usize {
    let asked = std::env::var("MUTATIONS").ok();
    let rounds = asked.and_then(|rounds| rounds.parse().ok());
    rounds.unwrap_or(if cfg!(target_endian = "big") { 4 } else { 30 })
}

#[test]
fn damaged_images_of_this_crate_do_no_harm() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for (revision, redundant, image) in made::images() {
        mutate_all(
            &format!("{revision} {redundant}"),
            &image,
            rounds(),
            &mut random,
        );
    }
}

#[test]
fn damaged_images_of_all_forms_do_no_harm() {
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    for (name, image) in forms::images() {
        mutate_all(&name, &image, rounds(), &mut random);
    }
}

#[test]
fn damaged_images_of_others_do_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    for (name, _, bytes) in corpus::images(directory.path()) {
        if open(&blocks(bytes.clone()), 0).is_ok_and(|volume| volume.is_some()) {
            mutate_all(&name, &bytes, rounds() / 4, &mut random);
        }
    }
}

#[test]
fn little_memory_is_an_error() {
    let image = made::image(UdfRevision::V2_60, true, false);
    let disc = Arc::new(ReaderDisc::new(Cursor::new(image)).unwrap());
    let open = |memory| open(&Arc::new(Blocks::new(disc.clone(), memory)), 0);
    // Only the locations of the metadata file and of its mirror have to be kept.
    assert!(matches!(open(63), Err(Error::ImportMemory(_))));
    let volume = open(64).unwrap().unwrap();
    let root = volume.root().unwrap();
    let refused = volume.entries(&root).err();
    assert!(matches!(refused, Some(Error::ImportMemory(_))));
    let blocks = Blocks::new(disc, 10);
    assert!(matches!(blocks.take(0, 11), Err(Error::ImportMemory(_))));
}

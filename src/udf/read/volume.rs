//! An opened volume, from the recognition sequence to the root directory (ECMA-167 3/8, 4/8.3; UDF 2.2, 2.3.2).

use std::sync::Arc;

use zerocopy::FromBytes;

use super::anchor::{self, Anchor, Anchors, byte_of};
use super::directory::Directory;
use super::entry;
use super::icb::IcbExtent;
use super::maps;
use super::narrow;
use super::partition::{BlockMap, LogicalBlocks, Region, Told};
use super::sequence::{self, Integrity, PrevailingDescriptors};
use super::tag::{block_at, corrupt, finding, is_named};
use super::text::dstring;
use crate::block::{BLOCK_SIZE, Extent, Lba};
use crate::budget::{Charge, Work};
use crate::error::Result;
use crate::file_systems::{FileSystems, UdfRevision};
use crate::finding::{ExpectedValue, Finding, FindingCode, FindingList, Severity};
use crate::media::Blocks;
use crate::recorded::{Entries, Entry, Volume};
use crate::udf::file_set::FileSetDescriptor;
use crate::udf::tag::{EntityId, ExtentAd, identifier};

/// Supported lengths of logical blocks.
const BLOCK_LENS: std::ops::RangeInclusive<u32> = 512..=32768;

/// The most File Set Descriptors that are read.
const MAX_FILE_SETS: usize = 256;

/// A UDF volume and the facts in its structures, as one operation reads them.
#[derive(Clone, Debug)]
pub(crate) struct UdfVolume {
    space: LogicalBlocks,
    root: IcbExtent,
    /// Byte of the disc that names the root.
    root_from: u64,
    name: String,
    revision: u16,
    end: u32,
    is_own: bool,
    facts: Arc<Facts>,
    /// Counts the memory that the maps keep.
    _charge: Option<Arc<Charge>>,
}

/// Other facts in the structures.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "tests look at all of it"))]
struct Facts {
    volume_set: String,
    partition: Region,
    access_type: u32,
    integrity: Option<Integrity>,
    anchors: Vec<u32>,
    sequences: [Extent; 2],
}

impl UdfVolume {
    /// Opens the volume to which an anchor leads.
    pub(super) fn open(blocks: &Arc<Blocks>, anchors: &Anchors, anchor: &Anchor) -> Result<Self> {
        let sector_len = anchors.sector_len;
        let findings = FindingList::default();
        let descriptors = sequence::descriptors(blocks, anchor, sector_len, &findings)?;
        let at = descriptors.logical_at;
        let Some((logical, table)) = descriptors.logical() else {
            return Err(corrupt(at, FindingCode::UdfLogicalVolume));
        };
        let block_len = logical.logical_block_size.get();
        if !block_len.is_power_of_two() || !BLOCK_LENS.contains(&block_len) {
            let expected = ExpectedValue::OneOf(&[512, 1024, 2048, 4096, 8192, 16384, 32768]);
            let fault = FindingCode::UdfBlockLength.value("length", block_len, expected);
            return Err(corrupt(at, fault));
        }
        if !is_named(&logical.domain_identifier, b"*OSTA UDF Compliant") {
            findings.add(finding(at, FindingCode::UdfDomain));
        }
        let [low, high, ..] = logical.domain_identifier.suffix;
        let mut charge = Charge::new(blocks.memory());
        let mut space = LogicalBlocks::new(blocks, block_len, findings);
        let told = map_partitions(
            &mut space,
            &descriptors,
            table,
            logical.map_table_len.get(),
            sector_len,
            &mut charge,
        )?;
        let extent = logical.integrity_sequence_extent;
        let (integrity, integrity_end) = integrity_of(&space, extent, sector_len, &told);
        let Some(file_set) = IcbExtent::named(logical.logical_volume_contents_use) else {
            return Err(corrupt(at, FindingCode::UdfNoFileSet));
        };
        let (root, root_from) = file_set_root(&space, file_set, at)?;
        let (partition, access_type) = partition_of(&descriptors, &space, sector_len);
        let end = end(blocks, anchors, anchor, &told, partition, integrity_end);
        let facts = Facts {
            volume_set: descriptors
                .primary
                .as_ref()
                .map(|primary| dstring(&primary.volume_set_identifier))
                .unwrap_or_default(),
            partition,
            access_type,
            integrity,
            anchors: anchors
                .found
                .iter()
                // The anchors of other sessions lead elsewhere.
                .filter(|other| other.main == anchor.main)
                .map(|anchor| block_at(byte_of(anchor.sector, sector_len)))
                .collect(),
            sequences: [anchor.main, anchor.reserve].map(|extent| extent_of(extent, sector_len)),
        };
        // The primary descriptor may be damaged.
        let mut recorders = descriptors
            .primary
            .as_ref()
            .map(|primary| &primary.implementation_identifier)
            .into_iter()
            .chain([&logical.implementation_identifier]);
        Ok(Self {
            is_own: recorders.all(EntityId::is_own),
            root,
            root_from,
            name: dstring(&logical.logical_volume_identifier),
            revision: u16::from_le_bytes([low, high]),
            end,
            facts: Arc::new(facts),
            space,
            _charge: charge.shared(),
        })
    }

    /// Returns the same volume for another operation, with its own findings.
    pub(super) fn anew(&self, blocks: &Arc<Blocks>) -> Self {
        Self {
            space: self.space.anew(blocks),
            ..self.clone()
        }
    }

    /// Returns `true` if no finding so far makes the volume doubtful, and it has a root directory.
    pub(super) fn is_sound(&self) -> bool {
        let is_odd = |finding: &Finding| {
            finding.code() == FindingCode::UdfDomain || finding.severity() == Severity::Doubtful
        };
        !self.findings().iter().any(is_odd) && self.root().is_ok()
    }

    /// Notes that there is no recognition sequence at a block.
    pub(super) fn note_unannounced(&self, block: u32) {
        let code = FindingCode::UdfRecognition;
        let finding = Finding::new(FileSystems::UDF, block, code);
        self.space.findings.add(finding);
    }

    /// Returns the revision of UDF, if it is a known one.
    pub(crate) fn revision(&self) -> Option<UdfRevision> {
        UdfRevision::try_from(self.revision).ok()
    }

    /// Returns the name of the logical volume, which is the one that users see.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the first block of the disc after the partition and all structures of the volume.
    pub(crate) const fn end(&self) -> u32 {
        self.end
    }
}

/// Facts needed to add to the volume.
impl UdfVolume {
    /// Returns the revision of UDF as recorded, in BCD.
    pub(crate) const fn recorded_revision(&self) -> u16 {
        self.revision
    }

    /// Returns the first byte on the disc and length in bytes of the partition that has the files.
    pub(crate) fn partition(&self) -> (u64, u64) {
        (self.facts.partition.start, self.facts.partition.len)
    }

    /// Returns the access type of the partition (ECMA-167 3/10.5.7): 1 is read-only.
    pub(crate) fn access_type(&self) -> u32 {
        self.facts.access_type
    }

    /// Returns `true` if this crate recorded the volume.
    pub(crate) const fn is_own(&self) -> bool {
        self.is_own
    }

    /// Returns the length in bytes of a logical block.
    pub(crate) const fn logical_block_size(&self) -> u32 {
        self.space.block_len
    }

    /// Returns the contents of the integrity descriptor, if there is one.
    pub(crate) fn integrity(&self) -> Option<Integrity> {
        self.facts.integrity
    }
}

/// Facts that only tests need.
#[cfg(test)]
impl UdfVolume {
    pub(crate) fn volume_set(&self) -> &str {
        &self.facts.volume_set
    }

    /// Returns the blocks of the disc with anchors of this volume.
    pub(crate) fn anchors(&self) -> &[u32] {
        &self.facts.anchors
    }

    /// Returns the blocks of the main and the reserve volume descriptor sequence.
    pub(crate) fn sequences(&self) -> [Extent; 2] {
        self.facts.sequences
    }
}

/// Prepares the partition maps in the first `table_len` bytes of `table`; `charge` counts the memory that they keep.
fn map_partitions(
    space: &mut LogicalBlocks,
    descriptors: &PrevailingDescriptors,
    table: &[u8],
    table_len: u32,
    sector_len: u32,
    charge: &mut Charge,
) -> Result<Told> {
    let at = descriptors.logical_at;
    let table = table
        .get(..narrow(table_len.into()))
        .ok_or_else(|| corrupt(at, FindingCode::UdfMapTable))?;
    // Tries intact structures first: metadata may be recorded twice, and a virtual table is found by trial.
    let built = maps::build(space, descriptors, table, sector_len, charge);
    space.accepts_damage = true;
    if built.as_ref().is_err_and(|error| !error.is_limit()) {
        space.maps = Arc::default();
        return maps::build(space, descriptors, table, sector_len, charge);
    }
    built
}

/// Returns the contents of the integrity sequence, and the first byte after it.
fn integrity_of(
    space: &LogicalBlocks,
    extent: ExtentAd,
    sector_len: u32,
    told: &Told,
) -> (Option<Integrity>, u64) {
    let (integrity, end) = sequence::integrity(&space.blocks, extent, sector_len);
    if integrity.is_none() {
        let at = byte_of(extent.location.get(), sector_len);
        space.findings.add(finding(at, FindingCode::UdfIntegrity));
    }
    let integrity = integrity.map(|integrity| match told.counts {
        // The integrity descriptor cannot be rewritten, so the table is more recent.
        Some((files, directories)) => Integrity {
            files,
            directories,
            ..integrity
        },
        None => integrity,
    });
    (integrity, end)
}

/// Finds the root directory's ICB in the file set (ECMA-167 4/8.3.1): the last descriptor of the sequence prevails.
/// Also returns the byte of the disc that names it.
fn file_set_root(space: &LogicalBlocks, extent: IcbExtent, from: u64) -> Result<(IcbExtent, u64)> {
    const EXPECTED: [u16; 2] = [
        identifier::FILE_SET_DESCRIPTOR,
        identifier::TERMINATING_DESCRIPTOR,
    ];
    if let Some(BlockMap::Unusable(why)) = space.maps.get(usize::from(extent.address.partition)) {
        return Err(corrupt(from, *why));
    }
    let mut found = None;
    let mut bytes = Vec::new();
    let mut address = extent.address;
    let mut left = space.blocks_of(extent.len.into());
    for _ in 0..MAX_FILE_SETS {
        if left == 0 {
            break;
        }
        let at = match space.structure(address, &EXPECTED, from, &mut bytes) {
            Ok(at) => at,
            // Blocks after the last descriptor need not be recorded.
            Err(error) if found.is_none() => return Err(error),
            Err(_) => break,
        };
        let Ok((descriptor, _)) = FileSetDescriptor::ref_from_prefix(&bytes) else {
            break;
        };
        if descriptor.tag.identifier.get() != identifier::FILE_SET_DESCRIPTOR {
            break;
        }
        found = IcbExtent::named(descriptor.root_directory).map(|root| (root, at));
        match IcbExtent::named(descriptor.next_extent) {
            Some(next) => {
                address = next.address;
                left = space.blocks_of(next.len.into());
            }
            None => {
                left = left.saturating_sub(1);
                let Some(next) = address.checked_add(1) else {
                    break;
                };
                address = next;
            }
        }
    }
    found.ok_or_else(|| corrupt(from, FindingCode::UdfNoRoot))
}

/// Returns the first partition for which a map stands, and its access type.
fn partition_of(
    descriptors: &PrevailingDescriptors,
    space: &LogicalBlocks,
    sector_len: u32,
) -> (Region, u32) {
    let used = space.maps.iter().find_map(|map| match map {
        BlockMap::Physical(region) => Some(*region),
        BlockMap::Sparable(sparable) => Some(sparable.region),
        _ => None,
    });
    descriptors
        .partitions
        .iter()
        .map(|partition| {
            (
                maps::region(partition, sector_len),
                partition.access_type.get(),
            )
        })
        .find(|(region, _)| used.is_none_or(|used| used == *region))
        .unwrap_or((Region { start: 0, len: 0 }, 0))
}

/// Returns the blocks of the disc that contain an extent of sectors.
fn extent_of(extent: ExtentAd, sector_len: u32) -> Extent {
    let start = byte_of(extent.location.get(), sector_len);
    let end = start.saturating_add(extent.len.get().into());
    let end = u32::try_from(end.div_ceil(BLOCK_SIZE.into())).unwrap_or(u32::MAX);
    Extent {
        start: Lba(block_at(start)),
        blocks: end.saturating_sub(block_at(start)),
    }
}

/// Returns the first block after everything that is known of a volume.
pub(super) fn end(
    blocks: &Blocks,
    anchors: &Anchors,
    used: &Anchor,
    told: &Told,
    partition: Region,
    integrity_end: u64,
) -> u32 {
    let sector_len = anchors.sector_len;
    let behind = |sector: u32, len: u32| byte_of(sector, sector_len).saturating_add(len.into());
    let sequences =
        [used.main, used.reserve].map(|extent| behind(extent.location.get(), extent.len.get()));
    let end = anchors
        .found
        .iter()
        .filter(|anchor| anchor.main == used.main)
        .map(|anchor| behind(anchor.sector, sector_len))
        .chain(sequences)
        .chain([
            partition.start.saturating_add(partition.len),
            integrity_end,
            told.end,
        ])
        .max()
        .unwrap_or(0);
    // The last anchor should be at the disc's end; if other sessions or free blocks follow the volume, it comes right
    // after the rest.
    let last = end.checked_div(sector_len.into());
    let last = last.and_then(|sector| u32::try_from(sector).ok());
    let last = last.and_then(|sector| anchor::read(blocks, sector, sector_len));
    let end = match last {
        Some(anchor) if anchor.main == used.main => behind(anchor.sector, sector_len),
        _ => end,
    };
    u32::try_from(end.div_ceil(u64::from(BLOCK_SIZE))).unwrap_or(u32::MAX)
}

impl Volume for UdfVolume {
    fn within(&self, work: &Arc<Work>) -> Arc<dyn Volume> {
        Arc::new(Self {
            space: self.space.within(work),
            ..self.clone()
        })
    }

    fn root(&self) -> Result<Entry> {
        let mut block = Vec::new();
        let mut unread = Vec::new();
        let root = self
            .space
            .entry(self.root, self.root_from, Some(&mut unread), &mut block)?;
        if !unread.is_empty() {
            let fault = FindingCode::UdfRootStreams;
            self.space.findings.add(finding(root.identity, fault));
        }
        Ok(root)
    }

    fn entries(&self, directory: &Entry) -> Result<Entries> {
        let mut block = Vec::new();
        let extent = entry::extent(&self.space, directory.handle);
        let icb = self.space.icb(extent, directory.identity, &mut block)?;
        Ok(Box::new(Directory::new(&self.space, &icb, false)?))
    }

    fn findings(&self) -> Vec<Finding> {
        self.space.findings.all()
    }
}

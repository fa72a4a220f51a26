//! The plan of what an image boots from: blocks for the catalog and the images, and what is written to them.

use std::sync::Arc;

use super::catalog::{self, Listed};
use super::data::BootData;
use super::options::{BootOptions, check_size};
use crate::block::{BLOCK_SIZE, Extent, Lba};
use crate::el_torito::BootEmulation;
use crate::error::{BootProblem, Error, Result};
use crate::space::{DataPlan, FileData, Map, Space, overlay};
use crate::tree::{ContentId, NodeId, Tree};

/// Where a hard disk's partition table is, how long an entry is, and which byte of it is the type.
const PARTITIONS: usize = 446;
const PARTITION_LEN: usize = 16;
const PARTITION_TYPE: usize = 4;

/// Length of a sector of a floppy or hard disk, and of what El Torito counts in.
const SECTOR: u64 = 512;

/// The boot info table: where it is, its length, and the first byte that its checksum is about.
const TABLE: u64 = 8;
const TABLE_LEN: usize = 56;
const SUMMED: u64 = 64;

/// Where GRUB's image for CDs is told its place.
const GRUB2_INFO: u64 = 2548;

/// What is read at once for a checksum.
const PIECE: u64 = 64 << 10;

/// A boot image whose place in the tree, if it has one, is known.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub options: BootOptions,
    pub image: EntryImage,
}

/// The bytes of a boot image.
#[derive(Clone, Debug)]
pub(crate) enum EntryImage {
    Data(BootData),
    Node(NodeId),
}

/// Where the catalog and the boot images are.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    entries: &'a [Entry],
    /// Of the catalog, if it has not that of a file that shows it.
    catalog: Option<Extent>,
    /// Of images that are no files.
    extents: Vec<Extent>,
}

impl<'a> Plan<'a> {
    /// Takes blocks for what is no file of the image; `streams` says whether named streams are recorded.
    pub(crate) fn take(
        entries: &'a [Entry],
        tree: &Tree,
        streams: bool,
        space: &mut Space,
    ) -> Result<Self> {
        let totals = tree.totals();
        let is_shown = totals.boot_catalogs > 0 || streams && totals.stream_boot_catalogs > 0;
        let catalog = match is_shown {
            true => None,
            false => Some(space.take(1)?),
        };
        let extents = entries.iter().map(|entry| match &entry.image {
            EntryImage::Data(data) => space.take(data.blocks()),
            EntryImage::Node(_) => Ok(Extent::default()),
        });
        Ok(Self {
            entries,
            catalog,
            extents: extents.collect::<Result<_>>()?,
        })
    }

    /// Puts the catalog and the images on the map; returns the boot record. `descriptor` is the block of the primary
    /// volume descriptor.
    pub(crate) fn write(
        &self,
        files: &FileData,
        plan: &DataPlan,
        descriptor: Lba,
        map: &mut Map,
    ) -> Result<Vec<u8>> {
        let mut listed = Vec::with_capacity(self.entries.len());
        let mut infos = Vec::new();
        let mut with_table = Vec::new();
        for (number, (entry, extent)) in self.entries.iter().zip(&self.extents).enumerate() {
            let failed = |problem| failed(number, &entry.options, problem);
            let image = Bytes::new(entry, files, plan, extent.start)
                .ok_or_else(|| failed(BootProblem::Empty))?;
            if let EntryImage::Data(data) = &entry.image {
                map.made(*extent, "boot image", Arc::new(data.clone()));
            }
            let options = &entry.options;
            let emulation = options.emulation_of(image.len);
            check_size(emulation, image.len, || options.origin())?;
            let system_type = match emulation {
                BootEmulation::HardDisk => image
                    .partition_type()?
                    .ok_or_else(|| failed(BootProblem::Partitions))?,
                _ => 0,
            };
            listed.push(Listed {
                platform_id: options.platform_id().id(),
                id: options.manufacturer(),
                media_type: emulation as u8,
                load_segment: options.load_segment(),
                system_type,
                sector_count: sector_count(options, emulation, image.len).map_err(failed)?,
                start: image.start,
            });
            if options.grub2_boot_info() {
                let info = image
                    .grub2_info()
                    .ok_or_else(|| failed(BootProblem::NoRoomForTable))?;
                map.patch(image.first_byte() + GRUB2_INFO, info.as_slice());
                infos.push((image.first_byte() + GRUB2_INFO, info));
            }
            if options.boot_info_table() {
                with_table.push((number, image));
            }
        }
        // Several entries may have the same file, and what a table sums up is what all of them leave.
        for (number, image) in with_table {
            let table = image.boot_info_table(descriptor, &infos)?;
            let options = &image.entry.options;
            let table =
                table.ok_or_else(|| failed(number, options, BootProblem::NoRoomForTable))?;
            map.patch(image.first_byte() + TABLE, table);
        }
        let bytes: Arc<[u8]> = catalog::catalog(&listed).into();
        let mut start = self.catalog.map(|extent| extent.start);
        if let Some(extent) = self.catalog {
            map.bytes(extent, "boot catalog", bytes.clone());
        }
        let shown = files
            .tree
            .boot_catalogs()
            .map(|content| plan.start(content));
        // A named stream that is not recorded has no block.
        for file in shown.filter(|file| *file != Lba::default()) {
            map.patch(u64::from(file.0) * u64::from(BLOCK_SIZE), bytes.clone());
            start = start.or(Some(file));
        }
        Ok(catalog::boot_record(start.unwrap_or_default()))
    }
}

fn failed(number: usize, options: &BootOptions, problem: BootProblem) -> Error {
    Error::BootImage {
        number,
        origin: options.origin(),
        problem,
    }
}

/// How many sectors of 512 bytes are loaded.
fn sector_count(
    options: &BootOptions,
    emulation: BootEmulation,
    len: u64,
) -> Result<u16, BootProblem> {
    if let Some(count) = options.sector_count() {
        return Ok(count);
    }
    if emulation != BootEmulation::None {
        // The boot sector, which loads the rest.
        return Ok(1);
    }
    match u16::try_from(len.div_ceil(SECTOR)) {
        Ok(count) => Ok(count),
        Err(_) if options.reaches_end() => Ok(1),
        Err(_) => Err(BootProblem::TooLong {
            size: len,
            limit: u64::from(u16::MAX) * SECTOR,
        }),
    }
}

/// The bytes of a boot image and where they will be.
struct Bytes<'a> {
    entry: &'a Entry,
    files: &'a FileData,
    len: u64,
    start: Lba,
}

impl<'a> Bytes<'a> {
    /// Nothing of an image that has no blocks.
    fn new(entry: &'a Entry, files: &'a FileData, plan: &DataPlan, start: Lba) -> Option<Self> {
        let (len, start) = match &entry.image {
            EntryImage::Data(data) => (data.len(), start),
            EntryImage::Node(node) => {
                let (id, content): (ContentId, _) = files.tree.content_of(*node)?;
                (content.len, plan.start(id))
            }
        };
        (len > 0 && start != Lba::default()).then_some(Self {
            entry,
            files,
            len,
            start,
        })
    }

    /// Its first byte on the disc.
    fn first_byte(&self) -> u64 {
        u64::from(self.start.0) * u64::from(BLOCK_SIZE)
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        match &self.entry.image {
            EntryImage::Data(data) => data.read_exact_at(buf, offset),
            EntryImage::Node(node) => self.files.read_part(*node, offset, buf),
        }
    }

    /// The type of the only partition of a hard disk.
    fn partition_type(&self) -> Result<Option<u8>> {
        let mut sector = [0; SECTOR as usize];
        if self.len < SECTOR || self.len % SECTOR != 0 {
            return Ok(None);
        }
        self.read(0, &mut sector)?;
        let mut types = sector[PARTITIONS..510]
            .chunks_exact(PARTITION_LEN)
            .map(|partition| partition[PARTITION_TYPE])
            .filter(|partition_type| *partition_type != 0);
        let only = types.next().filter(|_| types.next().is_none());
        Ok(only.filter(|_| sector[510..] == [0x55, 0xAA]))
    }

    /// Where GRUB goes on reading, in sectors of 512 bytes: behind the first of its image.
    fn grub2_info(&self) -> Option<[u8; 8]> {
        let sector = u64::from(self.start.0) * 4 + 5;
        (self.len >= GRUB2_INFO + 8).then_some(sector.to_le_bytes())
    }

    /// Where the primary volume descriptor and the image are, its length, and the sum of its words with `infos` put at their
    /// bytes of the disc. Nothing if it is too short to have the table, or too long for it.
    fn boot_info_table(
        &self,
        descriptor: Lba,
        infos: &[(u64, [u8; 8])],
    ) -> Result<Option<Vec<u8>>> {
        let Some(len) = u32::try_from(self.len).ok().filter(|_| self.len >= SUMMED) else {
            return Ok(None);
        };
        let mut sum = 0_u32;
        let mut offset = SUMMED;
        let mut piece = Vec::new();
        while offset < self.len {
            let len = PIECE.min(self.len - offset) as usize;
            piece.clear();
            // The last word is filled up with zeros.
            piece.resize(len.next_multiple_of(4), 0);
            self.read(offset, &mut piece[..len])?;
            // It is summed as it will be recorded.
            for (at, info) in infos {
                overlay(*at, info, self.first_byte() + offset, &mut piece[..len]);
            }
            for word in piece.chunks_exact(4) {
                let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
                sum = sum.wrapping_add(word);
            }
            offset += len as u64;
        }
        let mut table = Vec::with_capacity(TABLE_LEN);
        for word in [descriptor.0, self.start.0, len, sum] {
            table.extend(word.to_le_bytes());
        }
        table.resize(TABLE_LEN, 0);
        Ok(Some(table))
    }
}

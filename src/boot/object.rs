//! Boot images, and the only place where planning reads their bytes.

use super::image_data::BootData;
use super::options::BootOptions;
use crate::block::{BLOCK_SIZE, Extent, Lba};
use crate::error::Result;
use crate::space::{DataPlan, FileData, overlay};
use crate::tree::NodeId;

/// Length in bytes of a sector of a floppy or hard disk, the unit in which El Torito counts.
pub(super) const SECTOR: u64 = 512;

/// Position of a hard disk's partition table, length of an entry, and position of the type in an entry.
const PARTITIONS: usize = 446;
const PARTITION_LEN: usize = 16;
const PARTITION_TYPE: usize = 4;

/// Position and length of the boot info table, and the first byte that its checksum covers.
pub(super) const TABLE: u64 = 8;
const TABLE_LEN: usize = 56;
const SUMMED: u64 = 64;

/// Position of the field that tells GRUB's image for CDs where it is.
pub(super) const GRUB2_INFO: u64 = 2548;

/// Bytes that are read at once for a checksum.
const PIECE: u64 = 64 << 10;

/// A boot image with its place in the tree, if it has one.
#[derive(Clone, Debug)]
pub(crate) struct BootObject {
    pub options: BootOptions,
    pub image: ObjectImage,
}

/// The bytes of a boot image.
#[derive(Clone, Debug)]
pub(crate) enum ObjectImage {
    Data(BootData),
    Node(NodeId),
}

/// A boot image whose blocks have been taken.
///
/// Planning reads no file, with two exceptions: the partition table of a hard disk, whose type the catalog repeats, and
/// an image with a boot info table, which holds a checksum of the rest. Both are read here and nowhere else.
pub(super) struct PlacedImage<'a> {
    pub object: &'a BootObject,
    files: &'a FileData,
    pub len: u64,
    pub start: Lba,
}

impl<'a> PlacedImage<'a> {
    /// Returns the image with its blocks, which are `extent` if it is not a file; `None` if it has no bytes.
    pub(super) fn new(
        object: &'a BootObject,
        files: &'a FileData,
        plan: &DataPlan,
        extent: Option<Extent>,
    ) -> Option<Self> {
        let (len, start) = match &object.image {
            ObjectImage::Data(data) => (data.len(), extent?.start),
            ObjectImage::Node(node) => {
                let (id, content) = files.tree.content_of(*node)?;
                (content.len, plan.start(id)?)
            }
        };
        (len > 0).then_some(Self {
            object,
            files,
            len,
            start,
        })
    }

    /// Returns the image's first byte on the disc.
    pub(super) fn first_byte(&self) -> u64 {
        u64::from(self.start.0) * u64::from(BLOCK_SIZE)
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        match &self.object.image {
            ObjectImage::Data(data) => data.read_exact_at(buf, offset),
            ObjectImage::Node(node) => self.files.read_part(*node, offset, buf),
        }
    }

    /// Returns the type of a hard disk's only partition.
    pub(super) fn partition_type(&self) -> Result<Option<u8>> {
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

    /// Returns where GRUB continues reading, in sectors of 512 bytes: after the first sector of its image.
    pub(super) fn grub2_info(&self) -> Option<[u8; 8]> {
        let sector = u64::from(self.start.0) * 4 + 5;
        (self.len >= GRUB2_INFO + 8).then_some(sector.to_le_bytes())
    }

    /// Returns the boot info table: the blocks of the primary volume descriptor and the image, the image's length, and
    /// the sum of its words, with `infos` put at their bytes of the disc. Returns `None` if the image is too short to
    /// have the table, or too long for it.
    pub(super) fn boot_info_table(
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
            // The last word is padded with zeros.
            piece.resize(len.next_multiple_of(4), 0);
            self.read(offset, &mut piece[..len])?;
            // The sum is that of the bytes as they will be recorded.
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

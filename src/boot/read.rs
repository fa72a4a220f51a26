//! Reads a boot catalog (El Torito 2.0 to 2.5).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use zerocopy::FromBytes;

use super::catalog::{
    BOOTABLE, BootEntry, ENTRY_LEN, EXTENSION, HEADER, KEY, LAST_HEADER, SectionHeader, VALIDATION,
    ValidationEntry, sum,
};
use crate::block::{BLOCK, BLOCK_SIZE};
use crate::el_torito::{BootEmulation, BootPlatform};
use crate::error::{Error, Result};
use crate::file_systems::FileSystems;
use crate::finding::{Fault, Finding, FindingCode};
use crate::media::Blocks;

/// An entry of a disc's boot catalog.
///
/// IMAPI2 does not read boot catalogs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedBootEntry {
    /// The platform for which it is.
    pub platform: BootPlatform,
    /// The manufacturer, from the header of the entry's section.
    pub manufacturer: String,
    /// Whether it boots.
    pub is_bootable: bool,
    /// The medium that the BIOS emulates; `None` if it is unknown.
    pub emulation: Option<BootEmulation>,
    /// The segment to which the BIOS loads the image; 0 stands for 0x07C0.
    pub load_segment: u16,
    /// The type of a hard disk's partition.
    pub system_type: u8,
    /// The number of sectors of 512 bytes that the BIOS loads.
    pub sector_count: u16,
    /// The first block of the image.
    pub block: u32,
}

/// Reads the entries of the catalog in the block `catalog`, the only block that readers use.
pub(crate) fn entries(blocks: &Blocks, catalog: u32) -> Result<Vec<RecordedBootEntry>> {
    let corrupt = |fault: Fault| Error::from(Finding::new(FileSystems::ISO9660, catalog, fault));
    let offset = u64::from(catalog).saturating_mul(BLOCK_SIZE.into());
    let mut bytes = [0; BLOCK];
    if offset.saturating_add(BLOCK_SIZE.into()) > blocks.len() {
        let whole = blocks.len().checked_div(BLOCK_SIZE.into()).unwrap_or(0);
        let code = FindingCode::BootCatalogOutside;
        return Err(corrupt(code.outside("block", catalog, whole)));
    }
    blocks.read_at(offset, &mut bytes)?;
    let mut rest = bytes.chunks_exact(ENTRY_LEN);
    let validation = rest.next().unwrap_or_default();
    let checksum = sum(validation);
    let Ok(validation) = ValidationEntry::read_from_bytes(validation) else {
        return Err(corrupt(FindingCode::BootValidation.into()));
    };
    check_validation(&validation, checksum).map_err(corrupt)?;
    let mut platform = BootPlatform::from(validation.platform_id);
    let mut manufacturer = text(&validation.id);
    let mut found = Vec::new();
    // The default entry comes first, whatever its contents.
    if let Some(entry) = rest
        .next()
        .and_then(|entry| BootEntry::read_from_bytes(entry).ok())
    {
        found.push(recorded(&entry, platform, &manufacturer));
    }
    let mut left = 0;
    let mut is_last = false;
    for entry in rest {
        match entry.first() {
            Some(&EXTENSION) => {}
            Some(&(HEADER | LAST_HEADER)) if left == 0 && !is_last => {
                let Ok(header) = SectionHeader::read_from_bytes(entry) else {
                    break;
                };
                platform = header.platform_id.into();
                manufacturer = text(&header.id);
                left = header.entries.get();
                is_last = header.header_indicator == LAST_HEADER;
            }
            Some(_) if left > 0 => {
                let Ok(entry) = BootEntry::read_from_bytes(entry) else {
                    break;
                };
                found.push(recorded(&entry, platform, &manufacturer));
                left = left.saturating_sub(1);
            }
            _ => break,
        }
    }
    Ok(found)
}

/// Checks a validation entry, whose words add up to `checksum` (El Torito 2.1).
fn check_validation(entry: &ValidationEntry, checksum: u16) -> Result<(), Fault> {
    let code = FindingCode::BootValidation;
    let key = u16::from_le_bytes;
    if entry.header_id != VALIDATION {
        Err(code.differs("header", entry.header_id, VALIDATION))
    } else if entry.key != KEY {
        Err(code.differs("key", key(entry.key), key(KEY)))
    } else if checksum != 0 {
        Err(code.differs("checksum", checksum, 0_u16))
    } else {
        Ok(())
    }
}

fn recorded(entry: &BootEntry, platform: BootPlatform, manufacturer: &str) -> RecordedBootEntry {
    RecordedBootEntry {
        platform,
        manufacturer: manufacturer.to_owned(),
        is_bootable: entry.boot_indicator == BOOTABLE,
        emulation: BootEmulation::of_media_type(entry.media_type),
        load_segment: entry.load_segment.get(),
        system_type: entry.system_type,
        sector_count: entry.sector_count.get(),
        block: entry.load_rba.get(),
    }
}

/// Returns an identifier without the zeros or blanks at its end.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim_end().to_owned()
}

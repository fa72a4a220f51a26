//! The plan for booting: blocks for the catalog and the boot images, and the bytes that go into them.

use std::sync::Arc;

use zerocopy::IntoBytes as _;

use super::catalog::{self, CatalogEntry};
use super::object::{BootObject, GRUB2_INFO, ObjectImage, PlacedImage, SECTOR, TABLE};
use super::options::{BootOptions, check_size};
use crate::block::{BLOCK_SIZE, Extent, Lba};
use crate::el_torito::{BootEmulation, BootRecord};
use crate::error::{BootProblem, Error, Result};
use crate::path::ImagePath;
use crate::space::{FileData, Map, Space};
use crate::tree::Tree;

/// The locations of the catalog and the boot images.
#[derive(Debug)]
pub(crate) struct BootPlan<'a> {
    objects: &'a [BootObject],
    /// Extent of the catalog, if no file shows it.
    catalog: Option<Extent>,
    /// Extents of the images that are not files.
    extents: Vec<Option<Extent>>,
}

impl<'a> BootPlan<'a> {
    /// Takes blocks for the catalog and images that are not files of the image; `streams` says whether named streams
    /// are recorded.
    pub(crate) fn take(
        objects: &'a [BootObject],
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
        let extents = objects.iter().map(|object| match &object.image {
            ObjectImage::Data(data) => space.take(data.blocks()).map(Some),
            ObjectImage::Node(_) => Ok(None),
        });
        Ok(Self {
            objects,
            catalog,
            extents: extents.collect::<Result<_>>()?,
        })
    }

    /// Returns the boot record, which names the block of the catalog.
    pub(crate) fn record(&self, files: &FileData) -> Result<Vec<u8>> {
        let own = self.catalog.map(|extent| extent.start);
        let shown = self.shown(files).next();
        match own.or(shown) {
            Some(start) => Ok(BootRecord::new(start).as_bytes().to_vec()),
            None => Err(Error::NoBootCatalog {
                path: ImagePath::root(),
            }),
        }
    }

    /// Returns the blocks of the files that show the catalog. A named stream that is not recorded has no block.
    fn shown<'f>(&self, files: &'f FileData) -> impl Iterator<Item = Lba> + use<'f> {
        let contents = files.tree.boot_catalogs();
        contents.filter_map(|content| files.plan.start(content))
    }

    /// Puts the catalog and the images on the map. `descriptor` is the block of the primary volume descriptor.
    pub(crate) fn put(&self, files: &FileData, descriptor: Lba, map: &mut Map) -> Result<()> {
        let mut listed = Vec::with_capacity(self.objects.len());
        let mut infos = Vec::new();
        let mut with_table = Vec::new();
        for (number, (object, extent)) in self.objects.iter().zip(&self.extents).enumerate() {
            let options = &object.options;
            let image = PlacedImage::new(object, files, &files.plan, *extent)
                .ok_or_else(|| failed(number, options, BootProblem::Empty))?;
            if let (ObjectImage::Data(data), Some(extent)) = (&object.image, extent) {
                map.made(*extent, "boot image", Arc::new(data.clone()));
            }
            listed.push(list(number, &image)?);
            if options.grub2_boot_info() {
                let info = image
                    .grub2_info()
                    .ok_or_else(|| failed(number, options, BootProblem::NoRoomForTable))?;
                map.patch(image.first_byte() + GRUB2_INFO, info.as_slice());
                infos.push((image.first_byte() + GRUB2_INFO, info));
            }
            if options.boot_info_table() {
                with_table.push((number, image));
            }
        }
        // Several entries may have the same file, and a table's checksum covers the result of all of them.
        for (number, image) in with_table {
            let table = image.boot_info_table(descriptor, &infos)?;
            let table = table.ok_or_else(|| {
                failed(number, &image.object.options, BootProblem::NoRoomForTable)
            })?;
            map.patch(image.first_byte() + TABLE, table);
        }
        let bytes: Arc<[u8]> = catalog::catalog(&listed).into();
        if let Some(extent) = self.catalog {
            map.bytes(extent, "boot catalog", bytes.clone());
        }
        for file in self.shown(files) {
            map.patch(u64::from(file.0) * u64::from(BLOCK_SIZE), bytes.clone());
        }
        Ok(())
    }
}

/// Returns the catalog's entry for the boot image `number`.
fn list<'a>(number: usize, image: &PlacedImage<'a>) -> Result<CatalogEntry<'a>> {
    let options = &image.object.options;
    let failed = |problem| failed(number, options, problem);
    let emulation = options.emulation_of(image.len);
    check_size(emulation, image.len, || options.origin())?;
    let system_type = match emulation {
        BootEmulation::HardDisk => image
            .partition_type()?
            .ok_or_else(|| failed(BootProblem::Partitions))?,
        _ => 0,
    };
    Ok(CatalogEntry {
        platform_id: options.platform_id().id(),
        id: options.manufacturer(),
        media_type: emulation as u8,
        load_segment: options.load_segment(),
        system_type,
        sector_count: sector_count(options, emulation, image.len).map_err(failed)?,
        start: image.start,
    })
}

fn failed(number: usize, options: &BootOptions, problem: BootProblem) -> Error {
    Error::BootImage {
        number,
        origin: options.origin(),
        problem,
    }
}

/// Returns how many sectors of 512 bytes are loaded.
fn sector_count(
    options: &BootOptions,
    emulation: BootEmulation,
    len: u64,
) -> Result<u16, BootProblem> {
    if let Some(count) = options.sector_count() {
        return Ok(count);
    }
    if emulation != BootEmulation::None {
        // Only the boot sector, which loads the rest.
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

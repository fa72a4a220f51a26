//! The boot images of an image.

use super::FileSystemImage;
use crate::block::blocks_of;
use crate::boot::{self, BootOptions, EntryImage, Image};
use crate::error::{BootProblem, Error, Origin, Result};
use crate::file_systems::InvalidValue;
use crate::layout::Boot;
use crate::path::ImagePath;
use crate::source::Data;

impl FileSystemImage {
    /// What the image boots from: the first of all, if there are several.
    ///
    /// IMAPI2: `IFileSystemImage::get_BootImageOptions`.
    #[doc(alias = "get_BootImageOptions")]
    #[must_use]
    pub fn boot_image_options(&self) -> Option<&BootOptions> {
        self.settings.boot_images.first()
    }

    /// Sets the only thing the image boots from, or nothing.
    ///
    /// IMAPI2: `IFileSystemImage::put_BootImageOptions`.
    ///
    /// # Errors
    ///
    /// Those of [`FileSystemImage::set_boot_image_options_array`].
    #[doc(alias = "put_BootImageOptions")]
    pub fn set_boot_image_options(&mut self, options: Option<BootOptions>) -> Result<()> {
        self.set_boot_image_options_array(options.into_iter().collect())
    }

    /// What the image boots from, in the order of the boot catalog.
    ///
    /// IMAPI2: `IFileSystemImage2::get_BootImageOptionsArray`.
    #[doc(alias = "get_BootImageOptionsArray")]
    #[must_use]
    pub fn boot_image_options_array(&self) -> &[BootOptions] {
        &self.settings.boot_images
    }

    /// Sets what the image boots from: the first is what the boot catalog has as the default, each other one has a
    /// section of its own (El Torito 2.0). A BIOS looks at the first only, so what is for it comes first.
    ///
    /// An image of UDF alone then has a volume of ISO 9660 too, which is empty or has a
    /// [readme](FileSystemImage::set_boot_readme): without one nothing starts from it.
    ///
    /// IMAPI2: `IFileSystemImage2::put_BootImageOptionsArray`, which refers to what it is given instead of copying it.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] for more than 32.
    /// - [`Error::BootObjectConflict`] when the image continues a disc.
    /// - [`Error::BootImage`] when one has no bytes.
    /// - [`Error::ImageTooBig`] when the image cannot fit with them. One that is too large in any case can lose boot
    ///   images, or have smaller ones.
    ///
    /// What depends on the image, and whether a hard disk has one partition, is found out when it is laid out.
    #[doc(alias = "put_BootImageOptionsArray")]
    pub fn set_boot_image_options_array(&mut self, options: Vec<BootOptions>) -> Result<()> {
        if options.len() > boot::MAX_ENTRIES {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "boot image options",
                value: options.len().to_string(),
                expected: "at most 32",
            }));
        }
        if self.settings.imported.is_some() && !options.is_empty() {
            return Err(Error::BootObjectConflict);
        }
        let empty = |options: &BootOptions| options.image_size() == Some(0);
        if let Some(number) = options.iter().position(empty) {
            return Err(Error::BootImage {
                number,
                origin: options[number].origin(),
                problem: BootProblem::Empty,
            });
        }
        let old = std::mem::replace(&mut self.settings.boot_images, options);
        let (needed, limit) = (self.needed_blocks(), self.limit());
        if needed > limit {
            let new = std::mem::replace(&mut self.settings.boot_images, old);
            if needed > self.needed_blocks() {
                return Err(Error::ImageTooBig { needed, limit });
            }
            // What has become too large otherwise is not kept from becoming smaller.
            self.settings.boot_images = new;
        }
        Ok(())
    }

    /// Sets the text of the file `README.TXT` that an image of UDF alone shows to readers that know only ISO 9660, if it
    /// [boots](FileSystemImage::set_boot_image_options_array). Default: no such file.
    ///
    /// Beyond IMAPI2.
    pub fn set_boot_readme(&mut self, text: Option<&str>) {
        self.settings.boot_readme = text.map(|text| text.as_bytes().into());
    }

    /// Blocks that boot images take at least.
    pub(super) fn boot_blocks(&self) -> u64 {
        let sizes = self.settings.boot_images.iter().map(|options| {
            // Files are counted with the others.
            options.image_size().map_or(0, blocks_of)
        });
        match self.settings.boot_images[..] {
            [] => 0,
            // The catalog, unless its block is that of a file.
            _ => sizes.fold(u64::from(!self.shows_catalog()), u64::saturating_add),
        }
    }

    /// What the image boots from when it is laid out now.
    pub(super) fn boot(&self) -> Result<Boot> {
        let settings = &self.settings;
        if settings.boot_images.is_empty() && self.shows_catalog() {
            return Err(Error::NoBootCatalog {
                path: self.catalog_file().unwrap_or_default(),
            });
        }
        if let Some(record) = settings
            .imported
            .as_ref()
            .and_then(|imported| imported.boot_record.clone())
        {
            return Ok(Boot::Recorded(record));
        }
        if settings.boot_images.is_empty() {
            return Ok(Boot::Nothing);
        }
        let entries = settings
            .boot_images
            .iter()
            .enumerate()
            .map(|(number, options)| {
                let image = match options.image() {
                    Image::Data(data) => EntryImage::Data(data.clone()),
                    Image::Item(path) => self.boot_item(number, path)?,
                };
                Ok(boot::Entry {
                    options: options.clone(),
                    image,
                })
            });
        Ok(Boot::Images(entries.collect::<Result<_>>()?))
    }

    /// The file of the image that is the boot image `number`.
    fn boot_item(&self, number: usize, path: &ImagePath) -> Result<EntryImage> {
        let problem = |problem| {
            Err(Error::BootImage {
                number,
                origin: Origin::Item(path.clone()),
                problem,
            })
        };
        let item = match self.item(path.clone()) {
            Ok(item) => item,
            Err(Error::AmbiguousName { matches, .. }) => {
                return problem(BootProblem::Ambiguous { matches });
            }
            Err(_) => return problem(BootProblem::NoFile),
        };
        match self.view.tree().content_of(item.node) {
            None => problem(BootProblem::NoFile),
            Some((_, content)) if matches!(content.data, Data::BootCatalog) => {
                problem(BootProblem::Catalog)
            }
            Some((_, content)) if content.len <= self.settings.data().embedded => {
                problem(BootProblem::Embedded)
            }
            Some(_) => Ok(EntryImage::Node(item.node)),
        }
    }

    /// Whether a file shows the boot catalog, or a named stream that is recorded.
    fn shows_catalog(&self) -> bool {
        let totals = self.view.tree().totals();
        totals.boot_catalogs > 0
            || totals.stream_boot_catalogs > 0 && self.settings.records_streams()
    }

    /// A file or a named stream that shows the boot catalog.
    fn catalog_file(&self) -> Option<ImagePath> {
        let tree = self.view.tree();
        let mut items = self
            .root()
            .descendants()
            .flat_map(|item| std::iter::once(item).chain(item.named_streams()));
        items
            .find(|item| {
                tree.content_of(item.node)
                    .is_some_and(|(_, content)| matches!(content.data, Data::BootCatalog))
            })
            .map(|item| item.full_path())
    }
}

//! The boot images of an image.

use super::FileSystemImage;
use crate::boot::{self, BootOptions};
use crate::error::{BootProblem, Error, Result};
use crate::file_systems::InvalidValue;

impl FileSystemImage {
    /// The boot image: the first one, if there are several.
    ///
    /// IMAPI2: `IFileSystemImage::get_BootImageOptions`.
    #[doc(alias = "get_BootImageOptions")]
    #[must_use]
    pub fn boot_image_options(&self) -> Option<&BootOptions> {
        self.root.draft.settings.boot_images.first()
    }

    /// Sets the only boot image, or removes all.
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

    /// The boot images, in the order of the boot catalog.
    ///
    /// IMAPI2: `IFileSystemImage2::get_BootImageOptionsArray`.
    #[doc(alias = "get_BootImageOptionsArray")]
    #[must_use]
    pub fn boot_image_options_array(&self) -> &[BootOptions] {
        &self.root.draft.settings.boot_images
    }

    /// Sets the boot images: the first becomes the default entry of the boot catalog, each other one gets a section of
    /// its own (El Torito 2.0). A BIOS looks only at the first, so an image meant for a BIOS must come first.
    ///
    /// An image with UDF alone then also has an ISO 9660 volume, which is empty or has a
    /// [readme](FileSystemImage::set_boot_readme): without such a volume no machine boots from it.
    ///
    /// IMAPI2: `IFileSystemImage2::put_BootImageOptionsArray`, which refers to its argument instead of copying it.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidParameter`] for more than 32.
    /// - [`Error::BootObjectConflict`] when the image continues a disc.
    /// - [`Error::BootImage`] when one has no bytes.
    /// - [`Error::ImageTooBig`] when the image is too large with them. An image that is too large anyway may still lose
    ///   boot images, or get smaller ones.
    ///
    /// Conditions that depend on the image, and whether a hard disk has one partition, are checked when the image is
    /// laid out.
    #[doc(alias = "put_BootImageOptionsArray")]
    pub fn set_boot_image_options_array(&mut self, options: Vec<BootOptions>) -> Result<()> {
        if options.len() > boot::MAX_ENTRIES {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "boot image options",
                value: options.len().to_string(),
                expected: "at most 32",
            }));
        }
        if self.root.draft.settings.imported.is_some() && !options.is_empty() {
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
        let old = std::mem::replace(&mut self.root.draft.settings.boot_images, options);
        let (needed, limit) = (self.root.draft.needed_blocks(), self.root.draft.limit());
        if needed > limit {
            let new = std::mem::replace(&mut self.root.draft.settings.boot_images, old);
            if needed > self.root.draft.needed_blocks() {
                return Err(Error::ImageTooBig { needed, limit });
            }
            // An image that is too large for other reasons may still become smaller.
            self.root.draft.settings.boot_images = new;
        }
        Ok(())
    }

    /// Sets the text of the file `README.TXT` that an image with UDF alone shows to readers that know only ISO 9660, if
    /// it [boots](FileSystemImage::set_boot_image_options_array). Default: no such file.
    ///
    /// Not in IMAPI2.
    pub fn set_boot_readme(&mut self, text: Option<&str>) {
        self.root.draft.settings.boot_readme = text.map(|text| text.as_bytes().into());
    }
}

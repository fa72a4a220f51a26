//! The boot images of an image.

use super::FileSystemImage;
use crate::boot::{self, BootOptions};
use crate::error::{BootProblem, Error, Result};
use crate::file_systems::InvalidValue;

impl FileSystemImage {
    /// What the image boots from: the first of all, if there are several.
    ///
    /// IMAPI2: `IFileSystemImage::get_BootImageOptions`.
    #[doc(alias = "get_BootImageOptions")]
    #[must_use]
    pub fn boot_image_options(&self) -> Option<&BootOptions> {
        self.draft.settings.boot_images.first()
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
        &self.draft.settings.boot_images
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
        if self.draft.settings.imported.is_some() && !options.is_empty() {
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
        let old = std::mem::replace(&mut self.draft.settings.boot_images, options);
        let (needed, limit) = (self.draft.needed_blocks(), self.draft.limit());
        if needed > limit {
            let new = std::mem::replace(&mut self.draft.settings.boot_images, old);
            if needed > self.draft.needed_blocks() {
                return Err(Error::ImageTooBig { needed, limit });
            }
            // What has become too large otherwise is not kept from becoming smaller.
            self.draft.settings.boot_images = new;
        }
        Ok(())
    }

    /// Sets the text of the file `README.TXT` that an image of UDF alone shows to readers that know only ISO 9660, if it
    /// [boots](FileSystemImage::set_boot_image_options_array). Default: no such file.
    ///
    /// Beyond IMAPI2.
    pub fn set_boot_readme(&mut self, text: Option<&str>) {
        self.draft.settings.boot_readme = text.map(|text| text.as_bytes().into());
    }
}

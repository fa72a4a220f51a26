//! The options of a boot image.

use super::image_data::{BootData, BootImageData};
use crate::el_torito::{BootEmulation, BootPlatform};
use crate::error::{Error, Origin, Result};
use crate::file_systems::InvalidValue;
use crate::path::ImagePath;
use crate::source::Source;

/// The longest manufacturer's name in bytes, as the validation entry has room for (El Torito 2.1).
const MAX_MANUFACTURER: usize = 24;

/// A boot image and its options.
///
/// The methods may be called in any order.
///
/// IMAPI2: `IBootOptions`.
///
/// ```
/// use imapi2fs::{BootOptions, BootPlatform, FileSystemImage};
///
/// # fn main() -> imapi2fs::Result<()> {
/// let mut bios = BootOptions::new(vec![0; 4096])?; // etfsboot.com
/// bios.set_manufacturer("Example")?;
/// let mut efi = BootOptions::new(vec![0; 1_474_560])?; // efisys.bin
/// efi.set_platform_id(BootPlatform::Efi);
///
/// let mut image = FileSystemImage::new();
/// image.set_boot_image_options_array(vec![bios, efi])?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BootOptions {
    image: Image,
    manufacturer: String,
    platform: BootPlatform,
    emulation: Option<BootEmulation>,
    load_segment: u16,
    sector_count: Option<u16>,
    reaches_end: bool,
    boot_info_table: bool,
    grub2_boot_info: bool,
}

/// The location of a boot image.
#[derive(Clone, Debug)]
pub(crate) enum Image {
    Data(BootData),
    /// A file of the image.
    Item(ImagePath),
}

impl BootOptions {
    /// Adds a boot image of its own, which is not a file of the image.
    ///
    /// A path or a seekable source is read when the image is read; a source that can be read only once is read now.
    ///
    /// IMAPI2: `IBootOptions::AssignBootImage`.
    ///
    /// # Errors
    ///
    /// [`Error::ReadBootImage`] if it cannot be read, or is a reader of more than 64 MiB.
    pub fn new(source: impl Into<Source>) -> Result<Self> {
        Ok(Self::of(Image::Data(BootData::new(source.into())?)))
    }

    /// Uses the file at this path of the image as the boot image; the path is looked up when the image is laid out.
    /// Both share the same blocks. The file cannot be one that shows the [boot catalog](Source::boot_catalog).
    ///
    /// Not in IMAPI2, whose boot images are never files.
    pub fn from_item(path: impl Into<ImagePath>) -> Self {
        Self::of(Image::Item(path.into()))
    }

    const fn of(image: Image) -> Self {
        Self {
            image,
            manufacturer: String::new(),
            platform: BootPlatform::X86,
            emulation: None,
            load_segment: 0,
            sector_count: None,
            reaches_end: false,
            boot_info_table: false,
            grub2_boot_info: false,
        }
    }

    /// Replaces the boot image.
    ///
    /// IMAPI2: `IBootOptions::AssignBootImage`.
    ///
    /// # Errors
    ///
    /// [`Error::ReadBootImage`] if it cannot be read, or is a reader of more than 64 MiB; [`Error::BootImageSize`] if
    /// its length does not match the emulation that was set.
    #[doc(alias = "AssignBootImage")]
    pub fn assign_boot_image(&mut self, source: impl Into<Source>) -> Result<()> {
        let data = BootData::new(source.into())?;
        if let Some(emulation) = self.emulation {
            check_size(emulation, data.len(), || data.origin())?;
        }
        self.image = Image::Data(data);
        Ok(())
    }

    /// Returns the boot image, for reading; `None` if it is a file of the image.
    ///
    /// IMAPI2: `IBootOptions::get_BootImage`.
    #[doc(alias = "get_BootImage")]
    #[must_use]
    pub fn boot_image(&self) -> Option<BootImageData> {
        match &self.image {
            Image::Data(data) => Some(BootImageData::new(data.clone())),
            Image::Item(_) => None,
        }
    }

    /// Returns the length in bytes of the boot image; `None` if it is a file of the image.
    ///
    /// IMAPI2: `IBootOptions::get_ImageSize`.
    #[doc(alias = "get_ImageSize")]
    #[must_use]
    pub const fn image_size(&self) -> Option<u64> {
        match &self.image {
            Image::Data(data) => Some(data.len()),
            Image::Item(_) => None,
        }
    }

    pub(crate) const fn image(&self) -> &Image {
        &self.image
    }

    /// Returns the origin of the boot image, for errors.
    pub(crate) fn origin(&self) -> Origin {
        match &self.image {
            Image::Data(data) => data.origin(),
            Image::Item(path) => Origin::Item(path.clone()),
        }
    }

    /// Returns the manufacturer of the boot image. Default: empty.
    ///
    /// IMAPI2: `IBootOptions::get_Manufacturer`.
    #[doc(alias = "get_Manufacturer")]
    #[must_use]
    pub fn manufacturer(&self) -> &str {
        &self.manufacturer
    }

    /// Sets the manufacturer of the boot image, which becomes the identifier of its section (El Torito 2.1, 2.3).
    ///
    /// IMAPI2: `IBootOptions::put_Manufacturer`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless the name is ASCII of at most 24 characters.
    #[doc(alias = "put_Manufacturer")]
    pub fn set_manufacturer(&mut self, manufacturer: impl Into<String>) -> Result<()> {
        let manufacturer = manufacturer.into();
        let printable = manufacturer
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte));
        if manufacturer.len() > MAX_MANUFACTURER || !printable {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "manufacturer",
                value: manufacturer,
                expected: "printable ASCII of at most 24 characters",
            }));
        }
        self.manufacturer = manufacturer;
        Ok(())
    }

    /// Returns the platform of the boot image. Default: [`BootPlatform::X86`].
    ///
    /// IMAPI2: `IBootOptions::get_PlatformId`.
    #[doc(alias = "get_PlatformId")]
    #[must_use]
    pub const fn platform_id(&self) -> BootPlatform {
        self.platform
    }

    /// Sets the platform of the boot image.
    ///
    /// IMAPI2: `IBootOptions::put_PlatformId`.
    #[doc(alias = "put_PlatformId")]
    pub const fn set_platform_id(&mut self, platform: BootPlatform) {
        self.platform = platform;
    }

    /// Returns the medium that the BIOS emulates: the one that was set, else the floppy disk that is as long as the
    /// image, else none.
    ///
    /// IMAPI2 differs: there, an image as long as a floppy disk becomes one for every platform, whatever was set
    /// before. EFI does not boot from an entry with emulation, so here such an image for EFI has none.
    ///
    /// IMAPI2: `IBootOptions::get_Emulation`.
    #[doc(alias = "get_Emulation")]
    #[must_use]
    pub fn emulation(&self) -> BootEmulation {
        self.emulation_of(self.image_size().unwrap_or(0))
    }

    /// Returns the emulation of an image of `size` bytes.
    pub(super) fn emulation_of(&self, size: u64) -> BootEmulation {
        match self.emulation {
            Some(emulation) => emulation,
            None if self.platform == BootPlatform::Efi => BootEmulation::None,
            None => BootEmulation::of_size(size).unwrap_or_default(),
        }
    }

    /// Sets the medium that the BIOS emulates, whatever the length of the image suggests.
    ///
    /// IMAPI2: `IBootOptions::put_Emulation`.
    ///
    /// # Errors
    ///
    /// [`Error::BootImageSize`] if the image does not have the length of that medium.
    #[doc(alias = "put_Emulation")]
    pub fn set_emulation(&mut self, emulation: BootEmulation) -> Result<()> {
        if let Some(size) = self.image_size() {
            check_size(emulation, size, || self.origin())?;
        }
        self.emulation = Some(emulation);
        Ok(())
    }

    /// Sets the segment to which the BIOS loads the image. Default: 0, which stands for 0x07C0.
    ///
    /// Not in IMAPI2.
    pub const fn set_load_segment(&mut self, segment: u16) {
        self.load_segment = segment;
    }

    pub(super) const fn load_segment(&self) -> u16 {
        self.load_segment
    }

    /// Sets how many sectors of 512 bytes the BIOS loads. Default: all of an image without emulation, one of others.
    ///
    /// Not in IMAPI2.
    pub const fn set_sector_count(&mut self, sectors: u16) {
        self.sector_count = Some(sectors);
    }

    pub(super) const fn sector_count(&self) -> Option<u16> {
        self.sector_count
    }

    /// Sets whether an image for [EFI](BootPlatform::Efi) may be longer than the 65,535 sectors of 512 bytes that the
    /// catalog can count. The count of a longer image is 1, which EFI takes to mean that it reaches to the end of the
    /// disc (UEFI 2.10, 13.3.2.1). A BIOS would load only one sector, so the option has no effect on other platforms.
    /// Default: no.
    ///
    /// Not in IMAPI2.
    pub const fn set_reaches_end(&mut self, reaches_end: bool) {
        self.reaches_end = reaches_end;
    }

    pub(super) fn reaches_end(&self) -> bool {
        self.reaches_end && self.platform == BootPlatform::Efi
    }

    /// Sets whether to write the image's location into the boot info table at its byte 8, as isolinux and GRUB need it.
    /// This changes the image on the disc, not the source. Default: no.
    ///
    /// Not in IMAPI2.
    pub const fn set_boot_info_table(&mut self, table: bool) {
        self.boot_info_table = table;
    }

    pub(super) const fn boot_info_table(&self) -> bool {
        self.boot_info_table
    }

    /// Sets whether to write the image's location at its byte 2548, as GRUB's own image for CDs needs it. This changes
    /// the image on the disc, not the source. Default: no.
    ///
    /// Not in IMAPI2.
    pub const fn set_grub2_boot_info(&mut self, info: bool) {
        self.grub2_boot_info = info;
    }

    pub(super) const fn grub2_boot_info(&self) -> bool {
        self.grub2_boot_info
    }
}

pub(super) fn check_size(
    emulation: BootEmulation,
    size: u64,
    origin: impl FnOnce() -> Origin,
) -> Result<()> {
    match emulation.image_size() {
        Some(expected) if expected != size => Err(Error::BootImageSize {
            origin: origin(),
            emulation,
            size,
            expected,
        }),
        _ => Ok(()),
    }
}

//! El Torito: the images from which a disc boots.
//!
//! ```text
//! 17        boot record, which names the block of the catalog
//! …         boot catalog, one block
//! …         boot images that are not files of the image
//! ```
//!
//! "El Torito" Bootable CD-ROM Format Specification 1.0; for EFI, UEFI 2.10, 13.3.2.1.

mod catalog;
mod image_data;
mod object;
mod options;
mod plan;
pub(crate) mod read;
mod stub;

pub(crate) use self::image_data::BootData;
pub use self::image_data::BootImageData;
pub(crate) use self::object::{BootObject, ObjectImage};
pub use self::options::BootOptions;
pub(crate) use self::options::Image;
pub(crate) use self::plan::BootPlan;
pub use self::read::RecordedBootEntry;
pub(crate) use self::stub::{README, Stub};

/// The most boot images of a disc: with a header for each except the first, they fill a block.
///
/// IMAPI2: `IMAPI2FS_BOOT_ENTRY_COUNT_MAX`.
pub(crate) const MAX_ENTRIES: usize = 32;

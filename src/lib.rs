//! Builds optical-disc file system images, ISO 9660, Joliet and UDF, the way Windows' IMAPI2 file system component
//! (`imapi2fs.dll`) does, on every platform.
//!
//! A [`FileSystemImage`] owns a directory tree and the settings for its layout. It creates a [`ResultImage`], a view of
//! blocks that are made when they are read: any thread can read it from any position, as often as needed, and it takes
//! no space for the data of files.
//!
//! ```no_run
//! use imapi2fs::FileSystemImage;
//!
//! # fn main() -> imapi2fs::Result<()> {
//! let mut image = FileSystemImage::new();
//! image.set_free_media_blocks(0)?; // no limit; the default is a CD of 650 MiB
//! image.set_volume_name("BACKUP")?;
//! image.root_mut().add_tree("documents", false)?;
//!
//! for finding in image.report() {
//!     println!("{finding}"); // names that lose more than their case, and the like
//! }
//! image.create_result_image()?.write_to_file("backup.iso")?;
//! # Ok(())
//! # }
//! ```
//!
//! A [`RecordedDisc`] reads back an image or a disc written by any program:
//!
//! ```no_run
//! use imapi2fs::{FileDisc, RecordedDisc};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let disc = RecordedDisc::open(FileDisc::open("backup.iso")?)?;
//! for item in disc.best_volume()?.walk() {
//!     println!("{}", item?.path());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Paths
//!
//! A path in the image is an [`ImagePath`]; text converts into it and is split at `/` and at `\`. All names are
//! accepted except empty ones, `.`, `..` and those with `/` or NUL, unless the image is
//! [strict](FileSystemImage::set_strict_file_system_compliance). UDF keeps names as they are; for Joliet and ISO 9660,
//! characters are replaced and names cut and numbered as needed, and [reported](FileSystemImage::report).
//!
//! # Errors
//!
//! All functions share one [`Error`]. It names the item and the numbers that explain it, and [`Error::hresult`] returns
//! IMAPI2's code.
//!
//! # Standards
//!
//! ECMA-119, 2nd edition (ISO 9660:1988); the Joliet Specification of 1995; ECMA-167, 2nd and 3rd edition; OSTA UDF
//! 1.02 to 2.60. For reading also ISO 9660:1999, and SUSP and RRIP 1.12 (Rock Ridge).
//!
//! A comment beginning `IMAPI2 differs:` marks each place where this crate deviates from IMAPI2.

mod add_tree;
mod block;
mod boot;
mod budget;
mod codec;
mod draft;
mod el_torito;
mod error;
mod extract;
mod file_systems;
mod finding;
mod host;
mod image;
mod image_manager;
mod import;
mod iso9660;
mod joliet;
mod layout;
mod media;
mod merge;
mod path;
mod printable;
mod recognition;
mod recorded;
mod report;
mod result;
mod source;
mod space;
mod time;
mod tree;
mod udf;

pub use chrono;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use self::add_tree::{LeftOut, LeftOutReason, LinkPolicy, TreeOptions, TreeSummary};
pub use self::block::BLOCK_SIZE;
pub use self::boot::{BootImageData, BootOptions, RecordedBootEntry};
pub use self::codec::unique::NameChange;
pub use self::draft::AddProgress;
pub use self::el_torito::{BootEmulation, BootPlatform};
pub use self::error::{
    BootProblem, Change, ContinueProblem, Error, Excess, HResult, HostError, ImageProblem,
    LinkProblem, NameProblem, Origin, Result, SessionProblem, Shortage,
};
pub use self::extract::{
    ExistingItems, ExtractLeftOut, ExtractOptions, ExtractProgress, ExtractReason, ExtractReport,
};
pub use self::file_systems::{
    FeatureSupport, FileSystems, InterchangeLevel, InvalidValue, UdfRevision,
};
pub use self::finding::{ExpectedValue, Finding, FindingCode, FoundValue, Severity};
pub use self::image::{
    DirectoryMut, FileSystemImage, Item, ItemData, ItemKind, ItemMut, NewDirectory, NewFile,
    NewItem, Snapshot,
};
pub use self::image_manager::IsoImageManager;
pub use self::import::{
    ImportOptions, RandomWriteImage, RecordedData, RecordedDisc, RecordedExtent, RecordedItem,
    RecordedItems, RecordedKind, RecordedLack, RecordedSession, RecordedVolume, RecordedWalk,
    SequentialImage, UnknownBlocks,
};
pub use self::media::{
    Disc, FileDisc, Locking, MediaType, MemoryDisc, Multisession, MultisessionInterface,
    MultisessionRandomWrite, MultisessionSequential, ReaderDisc, WritableDisc, WritableFile,
};
pub use self::merge::{ImportLeftOut, ImportProgress, ImportSummary};
pub use self::path::ImagePath;
pub use self::printable::Printable;
pub use self::report::{Limitation, LimitationClass, LimitationCounts, Limitations, Report};
pub use self::result::{
    ImagePart, ImageStream, OutputFile, PlanDigest, ProgressItem, ProgressItems, ResultImage,
    UnfinishedFile, WriteAt, WriteOptions, WriteProgress,
};
pub use self::source::{PlatformStaging, Source, StagingPolicy};
pub use self::time::Timestamp;

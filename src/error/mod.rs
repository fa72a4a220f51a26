//! The errors of this crate.

mod about;
mod advice;
mod code;
mod message;
mod origin;
mod payload;
mod problem;
mod session;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

pub use self::code::HResult;
pub use self::origin::{Change, Origin};
pub use self::payload::{Excess, HostError, Shortage};
pub use self::problem::{BootProblem, ImageProblem, LinkProblem, NameProblem};
pub use self::session::{ContinueProblem, SessionProblem};
use crate::el_torito::BootEmulation;
use crate::file_systems::{FileSystems, InvalidValue, UdfRevision};
use crate::finding::Finding;
use crate::path::ImagePath;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done, to which item, with the numbers that explain it.
///
/// The message does not repeat [`source`](std::error::Error::source), so print the whole chain. [`Error::hresult`] is
/// the code that IMAPI2 returns in the same situation, [`Error::advice`] the end of the message that suggests a way
/// out.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A setting was given an invalid value.
    InvalidParameter(InvalidValue),
    /// A volume name is too long or has characters that are not allowed.
    #[non_exhaustive]
    InvalidVolumeName {
        /// The name.
        name: String,
        /// The problem with it.
        problem: NameProblem,
    },
    /// A property exists only for files, or only for files that are not named streams.
    #[non_exhaustive]
    PropertyNotAccessible {
        /// The item.
        path: ImagePath,
        /// The property.
        property: &'static str,
    },
    /// The image has as many named streams as it can have.
    #[non_exhaustive]
    TooManyStreams {
        /// The stream to be added.
        path: ImagePath,
        /// The most streams an image can have.
        limit: u32,
    },
    /// The named streams of a file of the host cannot be read.
    ReadStreams(HostError),
    /// The name of an item, or of a directory above it, is not allowed.
    #[non_exhaustive]
    InvalidName {
        /// The place of the item.
        path: ImagePath,
        /// The name.
        name: String,
        /// The problem with it.
        problem: NameProblem,
    },
    /// The name of a source file is not valid Unicode, so no file system of the image can hold it.
    #[non_exhaustive]
    NameNotUnicode {
        /// The file.
        file: PathBuf,
    },
    /// The name has characters outside the restricted character set (code points 32 to 127).
    #[non_exhaustive]
    RestrictedName {
        /// The item.
        path: ImagePath,
    },
    /// An item with this name already exists.
    #[non_exhaustive]
    DuplicateName {
        /// The item to be added.
        path: ImagePath,
        /// The existing item.
        existing: String,
    },
    /// No item has exactly this name, and several have it in a different case.
    #[non_exhaustive]
    AmbiguousName {
        /// The path that was looked up.
        path: ImagePath,
        /// The number of matching items.
        matches: usize,
    },
    /// No item exists at this path.
    #[non_exhaustive]
    ItemNotFound {
        /// The path that was looked up.
        path: ImagePath,
    },
    /// The directory that should hold the item does not exist.
    #[non_exhaustive]
    DirectoryNotFound {
        /// The directory.
        path: ImagePath,
    },
    /// A file exists where a directory is needed.
    #[non_exhaustive]
    NotADirectory {
        /// The item.
        path: ImagePath,
    },
    /// A directory exists where a file is needed.
    #[non_exhaustive]
    NotAFile {
        /// The item.
        path: ImagePath,
    },
    /// Only empty directories can be removed alone.
    #[non_exhaustive]
    DirectoryNotEmpty {
        /// The directory.
        path: ImagePath,
        /// The number of its items.
        items: usize,
    },
    /// The setting can only be changed while the image is empty.
    #[non_exhaustive]
    FileSystemNotEmpty {
        /// The setting.
        setting: &'static str,
    },
    /// The item does not fit into the blocks the image may have.
    #[non_exhaustive]
    ImageSizeLimit {
        /// The first item that does not fit.
        path: ImagePath,
        /// The least number of blocks that the image would have.
        needed: u64,
        /// The number of blocks it may have.
        limit: u64,
    },
    /// The image does not fit into the blocks it may have.
    #[non_exhaustive]
    ImageTooBig {
        /// The number of blocks that the image has.
        needed: u64,
        /// The number of blocks it may have.
        limit: u64,
    },
    /// A file is too large for a file system of the image.
    #[non_exhaustive]
    FileTooBig {
        /// The file.
        path: ImagePath,
        /// Its length in bytes.
        size: u64,
        /// The largest size in bytes that the file system can hold.
        limit: u64,
        /// The file system.
        file_system: FileSystems,
    },
    /// The tree has more directories than the 16-bit numbers of path tables allow.
    #[non_exhaustive]
    TooManyDirectories {
        /// The directory that is one too many, or the root if the whole tree was checked.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// The most directories it can have, including the root.
        limit: u32,
    },
    /// A directory lies deeper than ISO 9660 allows.
    #[non_exhaustive]
    TooDeep {
        /// The directory.
        path: ImagePath,
        /// Its level; the root is at level 1.
        level: u32,
        /// The deepest level.
        limit: u32,
    },
    /// A path is longer than ISO 9660 allows.
    #[non_exhaustive]
    PathTooLong {
        /// The item.
        path: ImagePath,
        /// The length as ECMA-119 6.8.2.1 counts it.
        length: usize,
        /// The longest path.
        limit: usize,
    },
    /// No unique name could be found for an item in a file system.
    #[non_exhaustive]
    NoUniqueName {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
    },
    /// One of an item's times is earlier than another time that it must not precede.
    #[non_exhaustive]
    InvalidDate {
        /// The item.
        path: ImagePath,
        /// The name of the time that is too early.
        earlier: &'static str,
        /// The name of the time it must not precede.
        later: &'static str,
    },
    /// A source directory cannot be read.
    ReadDirectory(HostError),
    /// A source file cannot be opened.
    #[non_exhaustive]
    OpenSource {
        /// The item in the image.
        path: ImagePath,
        /// The source file.
        file: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The data of a file can no longer be read.
    #[non_exhaustive]
    ReadSource {
        /// The item in the image.
        path: ImagePath,
        /// The origin of its data.
        origin: Origin,
        /// The reason.
        source: io::Error,
    },
    /// A source has changed since it was added.
    #[non_exhaustive]
    SourceChanged {
        /// The item in the image.
        path: ImagePath,
        /// The origin of its data.
        origin: Origin,
        /// The change.
        change: Change,
    },
    /// An unstaged file of the host has more or fewer bytes than the system states, like many files in `/proc` and
    /// `/sys`.
    #[non_exhaustive]
    SourceLength {
        /// The item in the image.
        path: ImagePath,
        /// The origin of its data.
        origin: Origin,
        /// The number of bytes that the system states.
        stated: u64,
        /// The actual number of bytes; `None` if there are more.
        found: Option<u64>,
    },
    /// Links to directories in a source tree make more copies than allowed.
    #[non_exhaustive]
    TooManyCopies {
        /// The link followed last.
        link: PathBuf,
        /// The most items that may be added more than once.
        limit: u64,
    },
    /// A link in a source tree cannot be followed.
    #[non_exhaustive]
    UnresolvableLink {
        /// The link.
        link: PathBuf,
        /// The reason.
        problem: LinkProblem,
    },
    /// A source tree has a link, although links are not allowed.
    #[non_exhaustive]
    LinkNotAllowed {
        /// The link.
        link: PathBuf,
    },
    /// A source tree has a socket, device or fifo.
    #[non_exhaustive]
    SpecialFile {
        /// The special file.
        file: PathBuf,
    },
    /// The working directory cannot be used.
    InvalidWorkingDirectory(HostError),
    /// The working directory lacks room for the staged data, or for the data to be staged next.
    WorkingDirectorySpace(Shortage),
    /// Blocks of a disc cannot be read.
    #[non_exhaustive]
    ReadDisc {
        /// The first of them.
        block: u32,
        /// The error of the disc.
        source: io::Error,
    },
    /// A structure of a file system on a disc is damaged or inconsistent.
    Corrupt(Box<Finding>),
    /// A file system on a disc has something that this crate does not read.
    UnsupportedFeature(Box<Finding>),
    /// A disc is empty.
    EmptyDisc,
    /// A disc has no file system that this crate can read.
    NoSupportedFileSystem,
    /// A disc does not have the requested file system.
    #[non_exhaustive]
    FileSystemNotFound {
        /// The file system.
        file_system: FileSystems,
    },
    /// The disc consists of whole sectors, with headers and checksums, instead of only their data.
    #[non_exhaustive]
    RawSectors {
        /// The length of a sector in bytes.
        len: u32,
    },
    /// An item of a disc cannot be read: a directory lists it, but its description is damaged or out of reach.
    #[non_exhaustive]
    ReadItem {
        /// The item.
        path: ImagePath,
        /// The reason: one of the errors of reading a disc.
        source: Box<Self>,
    },
    /// Some or all items of a directory of a disc cannot be read, and their names are unknown. The same for the named
    /// streams of a file.
    #[non_exhaustive]
    ReadEntries {
        /// The directory or the file, which can itself be read.
        path: ImagePath,
        /// The reason: one of the errors of reading a disc.
        source: Box<Self>,
    },
    /// Reading a disc would take more memory than allowed.
    ImportMemory(Excess),
    /// The structures of a disc refer to each other in so many ways that reading them would exceed the limit.
    #[non_exhaustive]
    ImportWork {
        /// The structures that exceed the limit.
        what: &'static str,
        /// The block of the disc to be read when the limit was reached.
        block: u32,
        /// The number of bytes of such structures that one operation may read.
        limit: u64,
    },
    /// No interface for writing another session has been chosen.
    MultisessionNotSet,
    /// The chosen interface for writing another session is of an unknown kind.
    IncompatibleMultisessionType,
    /// None of the interfaces for writing another session works with the disc in its current state.
    #[non_exhaustive]
    NoCompatibleMultisessionType {
        /// The number of interfaces.
        offered: usize,
    },
    /// A drive fails to report a value about its disc, or reports an impossible one.
    #[non_exhaustive]
    BadMultisessionParameter {
        /// The value.
        parameter: &'static str,
        /// The drive's error, if it failed.
        source: Option<io::Error>,
    },
    /// A write-once disc is empty, so it has no session to seek.
    #[non_exhaustive]
    ImportSeek {
        /// The block where a session is expected.
        block: u32,
    },
    /// The disc is not the one that was imported, or a session has been added to it since.
    #[non_exhaustive]
    DiscMismatch {
        /// The identifier of the imported disc.
        imported: String,
        /// The current identifier of the disc.
        found: String,
    },
    /// Media of this type cannot take another session.
    #[non_exhaustive]
    ImportMediaNotAllowed {
        /// The type of the medium.
        media: String,
    },
    /// The session on the disc cannot be continued.
    #[non_exhaustive]
    IncompatiblePreviousSession {
        /// The reason.
        problem: ContinueProblem,
    },
    /// The disc has data after its last session, in which no session was found.
    #[non_exhaustive]
    UnknownBlocks {
        /// The first block with such data.
        first: u32,
        /// The last block.
        last: u32,
    },
    /// Data of files on the disc is missing, for example because the image file was truncated.
    #[non_exhaustive]
    DamagedFiles {
        /// Some of the files.
        paths: Vec<ImagePath>,
        /// The number of all such files.
        count: u64,
        /// The length of the disc in bytes.
        disc_len: u64,
    },
    /// An image that continues a disc must have the file systems of the disc.
    #[non_exhaustive]
    FileSystemChangeNotAllowed {
        /// The file systems of the disc.
        recorded: FileSystems,
        /// The requested file systems.
        wanted: FileSystems,
    },
    /// An image that continues a disc must have the UDF revision of the disc.
    #[non_exhaustive]
    UdfRevisionChangeNotAllowed {
        /// The revision of the disc.
        recorded: UdfRevision,
        /// The requested revision.
        wanted: UdfRevision,
    },
    /// An item is a file on the disc and a directory in the image, or the reverse.
    #[non_exhaustive]
    ImportTypeCollision {
        /// The item.
        path: ImagePath,
        /// The imported file system.
        file_system: FileSystems,
        /// Whether it is a directory on the disc.
        is_directory: bool,
    },
    /// A boot image cannot be read.
    #[non_exhaustive]
    ReadBootImage {
        /// The origin of the boot image.
        origin: Origin,
        /// The reason.
        source: io::Error,
    },
    /// A boot image has changed since it was assigned.
    #[non_exhaustive]
    BootImageChanged {
        /// The origin of the boot image.
        origin: Origin,
        /// The change.
        change: Change,
    },
    /// A boot image does not have the length of the disk that it emulates.
    #[non_exhaustive]
    BootImageSize {
        /// The origin of the boot image.
        origin: Origin,
        /// The disk that the BIOS emulates.
        emulation: BootEmulation,
        /// Its length in bytes.
        size: u64,
        /// The length it must have.
        expected: u64,
    },
    /// A boot image cannot be put into the boot catalog.
    #[non_exhaustive]
    BootImage {
        /// Its index, from 0.
        number: usize,
        /// The origin of the boot image.
        origin: Origin,
        /// The problem with it.
        problem: BootProblem,
    },
    /// A file shows the boot catalog of an image that has no catalog of its own.
    #[non_exhaustive]
    NoBootCatalog {
        /// The file or named stream.
        path: ImagePath,
    },
    /// Only the first session of a disc can have boot images of its own.
    BootObjectConflict,
    /// Staged data cannot be moved to another working directory.
    MoveStaged(HostError),
    /// A temporary file for staged data cannot be created.
    OpenStage(HostError),
    /// Data cannot be staged.
    #[non_exhaustive]
    WriteStage {
        /// The item whose data was being staged.
        path: ImagePath,
        /// The working directory.
        directory: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// An image to be validated cannot be opened.
    OpenImage(HostError),
    /// The file to be validated is not a valid image.
    #[non_exhaustive]
    InvalidImage {
        /// The reason.
        problem: ImageProblem,
    },
    /// A medium is of a type that images cannot be created for.
    #[non_exhaustive]
    MediaIncompatible {
        /// The type of the medium.
        media: String,
    },
    /// The image cannot be written.
    #[non_exhaustive]
    Write {
        /// The reason.
        source: io::Error,
    },
    /// The file of an image cannot be created or written.
    WriteImage(HostError),
    /// Files of a disc cannot be extracted into a directory.
    ExtractDirectory(HostError),
    /// The files of a disc take more bytes than the file system has room for.
    ExtractSpace(Shortage),
    /// A disc has more files and directories than the target's file system has room for.
    ExtractItems(Shortage),
    /// The files of a disc take more bytes than allowed: those of a damaged or malicious disc share their data.
    ExtractSize(Excess),
    /// A file of a disc, and any file after it, can no longer be written, for example because the disk is full.
    #[non_exhaustive]
    WriteExtracted {
        /// The file on the disc.
        path: ImagePath,
        /// The directory that the files are extracted into.
        directory: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The image is to be written to one of its own source files.
    #[non_exhaustive]
    OutputIsSource {
        /// The output, as the caller named it.
        file: PathBuf,
        /// The source file of the host, which is the same file.
        input: PathBuf,
        /// Whether the output could be replaced when the image is complete; otherwise it has to be written in place.
        is_replaced: bool,
    },
    /// The image is to be written over a file in its own source directory.
    #[non_exhaustive]
    OutputInSource {
        /// The output, as the caller named it.
        file: PathBuf,
        /// The directory being added.
        directory: PathBuf,
    },
    /// Blocks of a disc cannot be written.
    #[non_exhaustive]
    WriteDisc {
        /// The first of them.
        block: u32,
        /// The error of the disc.
        source: io::Error,
    },
    /// Another writer has locked the file used as a disc.
    #[non_exhaustive]
    DiscInUse {
        /// The file.
        file: PathBuf,
    },
    /// The file used as a disc cannot be locked: its file system may have no locks. A caller who ensures that nothing
    /// else writes to it can open it with [`Locking::Skip`](crate::Locking::Skip).
    LockDisc(HostError),
    /// A session was written, but a reader of the disc does not find it.
    #[non_exhaustive]
    SessionNotFound {
        /// The first block of the session.
        block: u32,
        /// The problem, which says what a reader finds instead.
        problem: SessionProblem,
        /// Whether the disc is restored to its old state, as far as it can be truncated.
        restored: bool,
        /// Why the disc cannot be read, if it cannot.
        source: Option<Box<Self>>,
    },
    /// The caller cancelled the operation.
    Cancelled,
}

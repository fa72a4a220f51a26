//! What can go wrong.

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

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done, to which item, with the numbers that explain it.
///
/// The message does not repeat [`source`](std::error::Error::source), so print the chain of both.
/// [`Error::hresult`] is the code IMAPI2 gives in the same situation, [`Error::advice`] the end of the message that names
/// what helps.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A setting was given a value it cannot have.
    InvalidParameter(InvalidValue),
    /// A volume name is too long or has characters it cannot have.
    #[non_exhaustive]
    InvalidVolumeName {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// A property that only files have, or only files that are not named streams.
    #[non_exhaustive]
    PropertyNotAccessible {
        /// The item.
        path: ImagePath,
        /// What was asked for.
        property: &'static str,
    },
    /// An image cannot have more named streams.
    #[non_exhaustive]
    TooManyStreams {
        /// The stream that was to be added.
        path: ImagePath,
        /// The most an image can have.
        limit: u32,
    },
    /// The named streams of a file of the host cannot be read.
    ReadStreams(HostError),
    /// A name of an item, or of one of the directories above it, cannot be.
    #[non_exhaustive]
    InvalidName {
        /// Where the item was to be.
        path: ImagePath,
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// The name of a source file is not valid Unicode, so no file system of the image can hold it.
    #[non_exhaustive]
    NameNotUnicode {
        /// The file.
        file: PathBuf,
    },
    /// The name has characters that the restricted character set (code points 32 to 127) lacks.
    #[non_exhaustive]
    RestrictedName {
        /// The item.
        path: ImagePath,
    },
    /// An item of that name exists already.
    #[non_exhaustive]
    DuplicateName {
        /// The item that was to be added.
        path: ImagePath,
        /// What is there.
        existing: String,
    },
    /// No item has exactly that name, and several have it in other case.
    #[non_exhaustive]
    AmbiguousName {
        /// The path that was looked up.
        path: ImagePath,
        /// How many items it matches.
        matches: usize,
    },
    /// Nothing is at that path.
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
    /// A directory was needed and a file is there.
    #[non_exhaustive]
    NotADirectory {
        /// The item.
        path: ImagePath,
    },
    /// A file was needed and a directory is there.
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
        /// How many items it has.
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
        /// Blocks the image would have at least.
        needed: u64,
        /// Blocks it may have.
        limit: u64,
    },
    /// The image does not fit into the blocks it may have.
    #[non_exhaustive]
    ImageTooBig {
        /// Blocks the image has.
        needed: u64,
        /// Blocks it may have.
        limit: u64,
    },
    /// A file is too large for a file system of the image.
    #[non_exhaustive]
    FileTooBig {
        /// The file.
        path: ImagePath,
        /// Its length in bytes.
        size: u64,
        /// The most the file system can hold.
        limit: u64,
        /// The file system.
        file_system: FileSystems,
    },
    /// Path tables number directories with 16 bits.
    #[non_exhaustive]
    TooManyDirectories {
        /// The directory that is one too many, or the root if the whole tree was judged.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// The most directories it can have, the root included.
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
    /// No free name could be made for an item in a file system.
    #[non_exhaustive]
    NoUniqueName {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
    },
    /// One of an item's times would be earlier than another that must not be later.
    #[non_exhaustive]
    InvalidDate {
        /// The item.
        path: ImagePath,
        /// The name of the time that comes too early.
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
        /// Why.
        source: io::Error,
    },
    /// The data of a file can no longer be read.
    #[non_exhaustive]
    ReadSource {
        /// The item in the image.
        path: ImagePath,
        /// Where its data comes from.
        origin: Origin,
        /// Why.
        source: io::Error,
    },
    /// A source is no longer what it was when it was added.
    #[non_exhaustive]
    SourceChanged {
        /// The item in the image.
        path: ImagePath,
        /// Where its data comes from.
        origin: Origin,
        /// What changed.
        change: Change,
    },
    /// A file of the host that is not staged has more or fewer bytes than the system says, as many in `/proc` and `/sys`
    /// have.
    #[non_exhaustive]
    SourceLength {
        /// The item in the image.
        path: ImagePath,
        /// Where its data comes from.
        origin: Origin,
        /// Bytes it has as the system says.
        stated: u64,
        /// Bytes it has; `None` when it has more.
        found: Option<u64>,
    },
    /// Links to directories in a source tree give more copies than are allowed.
    #[non_exhaustive]
    TooManyCopies {
        /// The link that was followed last.
        link: PathBuf,
        /// The most items that may be added more than once.
        limit: u64,
    },
    /// A link in a source tree cannot be followed.
    #[non_exhaustive]
    UnresolvableLink {
        /// The link.
        link: PathBuf,
        /// Why not.
        problem: LinkProblem,
    },
    /// A link in a source tree, where links are not wanted.
    #[non_exhaustive]
    LinkNotAllowed {
        /// The link.
        link: PathBuf,
    },
    /// A socket, device or fifo in a source tree.
    #[non_exhaustive]
    SpecialFile {
        /// The special file.
        file: PathBuf,
    },
    /// The working directory cannot be used.
    InvalidWorkingDirectory(HostError),
    /// The working directory lacks room for what is staged, or for what is to be staged next.
    WorkingDirectorySpace(Shortage),
    /// Blocks of a disc cannot be read.
    #[non_exhaustive]
    ReadDisc {
        /// The first of them.
        block: u32,
        /// What the disc says.
        source: io::Error,
    },
    /// A structure of a file system on a disc is damaged or makes no sense.
    Corrupt(Box<Finding>),
    /// A file system on a disc has something that this crate does not read.
    UnsupportedFeature(Box<Finding>),
    /// Nothing is recorded on a disc.
    EmptyDisc,
    /// A disc has none of the file systems that can be read.
    NoSupportedFileSystem,
    /// A disc does not have the file system that was asked for.
    #[non_exhaustive]
    FileSystemNotFound {
        /// The file system.
        file_system: FileSystems,
    },
    /// What serves as a disc has whole sectors, with headers and checksums, where their data alone is needed.
    #[non_exhaustive]
    RawSectors {
        /// Length in bytes of a sector.
        len: u32,
    },
    /// An item of a disc cannot be read: a directory names it, and what describes it is damaged or out of reach.
    #[non_exhaustive]
    ReadItem {
        /// The item.
        path: ImagePath,
        /// Why: one of the errors of reading a disc.
        source: Box<Self>,
    },
    /// Some or all of what a directory of a disc holds cannot be read, and its names are not known. The same with the
    /// named streams of a file.
    #[non_exhaustive]
    ReadEntries {
        /// The directory or the file, which can itself be read.
        path: ImagePath,
        /// Why: one of the errors of reading a disc.
        source: Box<Self>,
    },
    /// Reading a disc would take more memory than is allowed.
    ImportMemory(Excess),
    /// The structures of a disc lead to each other in so many ways that reading them would take more than is allowed.
    #[non_exhaustive]
    ImportWork {
        /// The structures that take too much.
        what: &'static str,
        /// The block of the disc that was to be read when the limit was reached.
        block: u32,
        /// Bytes of such structures that one operation may read.
        limit: u64,
    },
    /// No way to write another session has been chosen.
    MultisessionNotSet,
    /// The way to write another session that was chosen is not one that this crate knows.
    IncompatibleMultisessionType,
    /// None of the ways to write another session works with the disc as it is.
    #[non_exhaustive]
    NoCompatibleMultisessionType {
        /// How many there are.
        offered: usize,
    },
    /// A drive does not tell something about its disc, or tells something that cannot be.
    #[non_exhaustive]
    BadMultisessionParameter {
        /// What was asked for.
        parameter: &'static str,
        /// What the drive says, if it failed.
        source: Option<io::Error>,
    },
    /// Nothing is recorded on a disc that can be written once, so no session of it can be sought out.
    #[non_exhaustive]
    ImportSeek {
        /// The block at which there is to be a session.
        block: u32,
    },
    /// The disc is not the one that was imported, or something has been recorded on it since.
    #[non_exhaustive]
    DiscMismatch {
        /// What the disc was known by.
        imported: String,
        /// What the disc is known by now.
        found: String,
    },
    /// Media of this type take no other session.
    #[non_exhaustive]
    ImportMediaNotAllowed {
        /// The type of the medium.
        media: String,
    },
    /// What is on the disc cannot be continued.
    #[non_exhaustive]
    IncompatiblePreviousSession {
        /// Why not.
        problem: ContinueProblem,
    },
    /// The disc has data after its last session, and no session was found in it.
    #[non_exhaustive]
    UnknownBlocks {
        /// The first block with such data.
        first: u32,
        /// The last one.
        last: u32,
    },
    /// Data of files of the disc is missing, as that of an image file that was cut off.
    #[non_exhaustive]
    DamagedFiles {
        /// Some of the files.
        paths: Vec<ImagePath>,
        /// The number of all of them.
        count: u64,
        /// Length in bytes of the disc.
        disc_len: u64,
    },
    /// The file systems of an image that continues a disc are those of the disc.
    #[non_exhaustive]
    FileSystemChangeNotAllowed {
        /// Those of the disc.
        recorded: FileSystems,
        /// Those that were asked for.
        wanted: FileSystems,
    },
    /// The revision of UDF of an image that continues a disc is that of the disc.
    #[non_exhaustive]
    UdfRevisionChangeNotAllowed {
        /// That of the disc.
        recorded: UdfRevision,
        /// The one that was asked for.
        wanted: UdfRevision,
    },
    /// An item of the disc is a file and one of the image a directory, or the reverse.
    #[non_exhaustive]
    ImportTypeCollision {
        /// The item.
        path: ImagePath,
        /// The file system that is imported.
        file_system: FileSystems,
        /// Whether it is a directory on the disc.
        is_directory: bool,
    },
    /// A boot image cannot be read.
    #[non_exhaustive]
    ReadBootImage {
        /// Where it comes from.
        origin: Origin,
        /// Why.
        source: io::Error,
    },
    /// A boot image is no longer what it was when it was assigned.
    #[non_exhaustive]
    BootImageChanged {
        /// Where it comes from.
        origin: Origin,
        /// What changed.
        change: Change,
    },
    /// A boot image is not as long as the disk that it is taken for.
    #[non_exhaustive]
    BootImageSize {
        /// Where it comes from.
        origin: Origin,
        /// What the BIOS is to take it for.
        emulation: BootEmulation,
        /// Its length in bytes.
        size: u64,
        /// The length it must have.
        expected: u64,
    },
    /// A boot image cannot be put into the boot catalog.
    #[non_exhaustive]
    BootImage {
        /// Its place among all, counted from 0.
        number: usize,
        /// Where it comes from.
        origin: Origin,
        /// What is wrong with it.
        problem: BootProblem,
    },
    /// A file shows the boot catalog of an image that has none of its own.
    #[non_exhaustive]
    NoBootCatalog {
        /// The file or named stream.
        path: ImagePath,
    },
    /// Only the first session of a disc has boot images of its own.
    BootObjectConflict,
    /// Staged data cannot be carried over to another working directory.
    MoveStaged(HostError),
    /// A temporary file for staged data cannot be made.
    OpenStage(HostError),
    /// Data cannot be staged.
    #[non_exhaustive]
    WriteStage {
        /// The item whose data was staged.
        path: ImagePath,
        /// The working directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An image that is to be validated cannot be opened.
    OpenImage(HostError),
    /// What is to be validated is not an image.
    #[non_exhaustive]
    InvalidImage {
        /// Why not.
        problem: ImageProblem,
    },
    /// A medium is not one that images can be made for.
    #[non_exhaustive]
    MediaIncompatible {
        /// The type of the medium.
        media: String,
    },
    /// The image cannot be written.
    #[non_exhaustive]
    Write {
        /// Why.
        source: io::Error,
    },
    /// The file of an image cannot be made or written.
    WriteImage(HostError),
    /// Files of a disc cannot be put into a directory.
    ExtractDirectory(HostError),
    /// The files of a disc take more bytes than there is room for.
    ExtractSpace(Shortage),
    /// A disc has more files and directories than the file system they are put into can take.
    ExtractItems(Shortage),
    /// The files of a disc take more bytes than is allowed: those of a damaged or malicious one share their data.
    ExtractSize(Excess),
    /// A file of a disc can no longer be written, nor any after it: the disk is full, say.
    #[non_exhaustive]
    WriteExtracted {
        /// The file on the disc.
        path: ImagePath,
        /// The directory that the disc's files are put into.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The image is to be written to a file that it is made of.
    #[non_exhaustive]
    OutputIsSource {
        /// The output, as the caller named it.
        file: PathBuf,
        /// The file of the host that goes into the image, which is the same.
        input: PathBuf,
        /// Whether the output could be replaced when the image is whole; else it has to be written in place.
        is_replaced: bool,
    },
    /// The image is to be written over a file that lies in the directory it is made of.
    #[non_exhaustive]
    OutputInSource {
        /// The output, as the caller named it.
        file: PathBuf,
        /// The directory that is added.
        directory: PathBuf,
    },
    /// Blocks of a disc cannot be written.
    #[non_exhaustive]
    WriteDisc {
        /// The first of them.
        block: u32,
        /// What the disc says.
        source: io::Error,
    },
    /// Another writer has the file that serves as a disc.
    #[non_exhaustive]
    DiscInUse {
        /// The file.
        file: PathBuf,
    },
    /// The file that serves as a disc cannot be locked: its file system may have no locks. Whoever ensures that nothing
    /// else writes to it can open it with [`Locking::Skip`](crate::Locking::Skip).
    LockDisc(HostError),
    /// A session was written, but whoever opens the disc does not find it.
    #[non_exhaustive]
    SessionNotFound {
        /// The first block of the session.
        block: u32,
        /// What a reader finds instead.
        problem: SessionProblem,
        /// Whether the disc is as it was before, as far as it can be cut.
        restored: bool,
        /// Why the disc cannot be read, if it cannot.
        source: Option<Box<Self>>,
    },
    /// The caller ended the operation.
    Cancelled,
}

//! What can go wrong.

mod about;
mod advice;
mod code;
mod detail;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use self::advice::end;
pub(crate) use self::advice::{
    MISSING_BOOT_IMAGE, OTHER_PRODUCER, ROCK_RIDGE, TOO_LONG, UNANNOUNCED,
};
pub use self::code::HResult;
pub use self::detail::{BootProblem, Change, LinkProblem, NameProblem, Origin, SessionProblem};
use self::detail::{listed, other_name};
use crate::el_torito::BootEmulation;
use crate::file_systems::{FileSystems, InvalidValue, UdfRevision};
use crate::finding::Finding;
use crate::path::ImagePath;
use crate::printable::Printable;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done, to which item, with the numbers that explain it.
///
/// The message does not repeat [`source`](std::error::Error::source), so print the chain of both.
/// [`Error::hresult`] is the code IMAPI2 gives in the same situation, [`Error::advice`] the end of the message that names
/// what helps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting was given a value it cannot have.
    #[error(transparent)]
    InvalidParameter(#[from] InvalidValue),
    /// A volume name is too long or has characters it cannot have.
    #[error("volume name `{name}` {problem}", name = Printable(.name))]
    InvalidVolumeName {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// A property that only files have, or only files that are not named streams.
    #[error("`{path}` has no {property}", path = Printable(.path))]
    PropertyNotAccessible {
        /// The item.
        path: ImagePath,
        /// What was asked for.
        property: &'static str,
    },
    /// An image cannot have more named streams.
    #[error("cannot add `{path}`: an image holds at most {limit} named streams", path = Printable(.path))]
    TooManyStreams {
        /// The stream that was to be added.
        path: ImagePath,
        /// The most an image can have.
        limit: u32,
    },
    /// The named streams of a file of the host cannot be read.
    #[error("cannot read the named streams of {}", Printable(.file.display()))]
    ReadStreams {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A name of an item, or of one of the directories above it, cannot be.
    #[error("name `{}` in `{path}` {problem}", Printable(.name), path = Printable(.path))]
    InvalidName {
        /// Where the item was to be.
        path: ImagePath,
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// The name of a source file is not valid Unicode, so no file system of the image can hold it.
    #[error(
        "the name of {file} is not valid Unicode{}",
        end(Some(advice::RENAME_SOURCE)), file = Printable(format_args!("{:?}", .file)))]
    NameNotUnicode {
        /// The file.
        file: PathBuf,
    },
    /// The name has characters that the restricted character set (code points 32 to 127) lacks.
    #[error(
        "the name of `{path}` has characters outside the restricted set, code points 32 to 127{}",
        end(Some(advice::ANY_CHARACTERS)), path = Printable(.path))]
    RestrictedName {
        /// The item.
        path: ImagePath,
    },
    /// An item of that name exists already.
    #[error("cannot add `{path}`: {existing} is already there", path = Printable(.path), existing = Printable(.existing))]
    DuplicateName {
        /// The item that was to be added.
        path: ImagePath,
        /// What is there.
        existing: String,
    },
    /// No item has exactly that name, and several have it in other case.
    #[error(
        "`{path}` could be any of {matches} items whose names differ only in case{}",
        end(Some(advice::EXACT_NAME)), path = Printable(.path))]
    AmbiguousName {
        /// The path that was looked up.
        path: ImagePath,
        /// How many items it matches.
        matches: usize,
    },
    /// Nothing is at that path.
    #[error("`{path}` is not in the image", path = Printable(.path))]
    ItemNotFound {
        /// The path that was looked up.
        path: ImagePath,
    },
    /// The directory that should hold the item does not exist.
    #[error("directory `{path}` is not in the image", path = Printable(.path))]
    DirectoryNotFound {
        /// The directory.
        path: ImagePath,
    },
    /// A directory was needed and a file is there.
    #[error("`{path}` is not a directory", path = Printable(.path))]
    NotADirectory {
        /// The item.
        path: ImagePath,
    },
    /// A file was needed and a directory is there.
    #[error("`{path}` is not a file", path = Printable(.path))]
    NotAFile {
        /// The item.
        path: ImagePath,
    },
    /// Only empty directories can be removed alone.
    #[error(
        "cannot remove directory `{path}` alone: it has {items} items{}",
        end(Some(advice::WHOLE_TREE)), path = Printable(.path))]
    DirectoryNotEmpty {
        /// The directory.
        path: ImagePath,
        /// How many items it has.
        items: usize,
    },
    /// The setting can only be changed while the image is empty.
    #[error(
        "{setting} can only be changed while the image is empty{}",
        end(Some(advice::BEFORE_ITEMS))
    )]
    FileSystemNotEmpty {
        /// The setting.
        setting: &'static str,
    },
    /// The item does not fit into the blocks the image may have.
    #[error(
        "`{path}` does not fit: the image would need at least {needed} blocks of 2048 bytes, but may have {limit}{}", end(Some(advice::of_blocks(*.limit))), path = Printable(.path))]
    ImageSizeLimit {
        /// The first item that does not fit.
        path: ImagePath,
        /// Blocks the image would have at least.
        needed: u64,
        /// Blocks it may have.
        limit: u64,
    },
    /// The image does not fit into the blocks it may have.
    #[error("the image needs {needed} blocks of 2048 bytes, but may have {limit}{}", end(Some(advice::of_blocks(*.limit))))]
    ImageTooBig {
        /// Blocks the image has.
        needed: u64,
        /// Blocks it may have.
        limit: u64,
    },
    /// A file is too large for a file system of the image.
    #[error(
        "`{path}` has {size} bytes, but {file_system} holds at most {limit} in a file at this interchange level{}",
        end(Some(advice::LEVEL_3)), path = Printable(.path))]
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
    #[error("`{path}` is one directory too many: {file_system} can number {limit}{}", end(Some(advice::of_directories(*.file_system))), path = Printable(.path))]
    TooManyDirectories {
        /// The directory that is one too many, or the root if the whole tree was judged.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// The most directories it can have, the root included.
        limit: u32,
    },
    /// A directory lies deeper than ISO 9660 allows.
    #[error(
        "directory `{path}` is at level {level}, but ISO 9660 allows {limit} levels at this interchange level{}",
        end(Some(advice::LEVEL_3)), path = Printable(.path))]
    TooDeep {
        /// The directory.
        path: ImagePath,
        /// Its level; the root is at level 1.
        level: u32,
        /// The deepest level.
        limit: u32,
    },
    /// A path is longer than ISO 9660 allows.
    #[error(
        "the path of `{path}` has {length} characters in ISO 9660, which allows {limit}{}",
        end(Some(advice::STRICT_PATH)), path = Printable(.path))]
    PathTooLong {
        /// The item.
        path: ImagePath,
        /// The length as ECMA-119 6.8.2.1 counts it.
        length: usize,
        /// The longest path.
        limit: usize,
    },
    /// No free name could be made for an item in a file system.
    #[error(
        "no unique name can be made for `{path}` in {file_system}{}",
        end(Some(advice::ANOTHER_NAME)), path = Printable(.path))]
    NoUniqueName {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
    },
    /// One of an item's times would be earlier than another that must not be later.
    #[error("{earlier} of `{path}` is earlier than {later}", path = Printable(.path))]
    InvalidDate {
        /// The item.
        path: ImagePath,
        /// The name of the time that comes too early.
        earlier: &'static str,
        /// The name of the time it must not precede.
        later: &'static str,
    },
    /// A source directory cannot be read.
    #[error("cannot read directory {}", Printable(.directory.display()))]
    ReadDirectory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A source file cannot be opened.
    #[error("cannot open {} for `{path}`", Printable(.file.display()), path = Printable(.path))]
    OpenSource {
        /// The item in the image.
        path: ImagePath,
        /// The source file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The data of a file can no longer be read.
    #[error("cannot read `{path}` from {origin}", path = Printable(.path))]
    ReadSource {
        /// The item in the image.
        path: ImagePath,
        /// Where its data comes from.
        origin: Origin,
        /// Why.
        source: io::Error,
    },
    /// A source is no longer what it was when it was added.
    #[error(
        "{origin} of `{path}` changed after it was added: {change}{}",
        end(Some(advice::STAGE)), path = Printable(.path))]
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
    #[error(
        "cannot read `{path}` from {origin}: the system says that it has {stated} bytes, but it has {}{}",
        .found.map_or_else(|| "more".to_owned(), |found| found.to_string()),
        end(Some(advice::STAGE)),
        path = Printable(.path)
    )]
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
    #[error(
        "links to directories make more than {limit} copies of items, the last by {}{}",
        Printable(.link.display()),
        end(Some(advice::FEWER_COPIES))
    )]
    TooManyCopies {
        /// The link that was followed last.
        link: PathBuf,
        /// The most items that may be added more than once.
        limit: u64,
    },
    /// A link in a source tree cannot be followed.
    #[error("cannot follow link {}: it {problem}{}", Printable(.link.display()), end(Some(advice::SKIP_LINK)))]
    UnresolvableLink {
        /// The link.
        link: PathBuf,
        /// Why not.
        problem: LinkProblem,
    },
    /// A link in a source tree, where links are not wanted.
    #[error("{} is a link{}", Printable(.link.display()), end(Some(advice::TAKE_LINKS)))]
    LinkNotAllowed {
        /// The link.
        link: PathBuf,
    },
    /// A socket, device or fifo in a source tree.
    #[error("{} is neither a file nor a directory{}", Printable(.file.display()), end(Some(advice::SKIP_LINK)))]
    SpecialFile {
        /// The special file.
        file: PathBuf,
    },
    /// The working directory cannot be used.
    #[error("working directory {} cannot be used", Printable(.directory.display()))]
    InvalidWorkingDirectory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The working directory lacks room for what is staged, or for what is to be staged next.
    #[error("working directory {} has {available} bytes free, but {needed} are needed{}", Printable(.directory.display()), end(Some(advice::WORKING_DIRECTORY)))]
    WorkingDirectorySpace {
        /// The directory.
        directory: PathBuf,
        /// Bytes free.
        available: u64,
        /// Bytes needed beyond those that are in use.
        needed: u64,
    },
    /// Blocks of a disc cannot be read.
    #[error("cannot read block {block} of the disc")]
    ReadDisc {
        /// The first of them.
        block: u32,
        /// What the disc says.
        source: io::Error,
    },
    /// A structure of a file system on a disc is damaged or makes no sense.
    #[error("{0}")]
    Corrupt(Box<Finding>),
    /// A file system on a disc has something that this crate does not read.
    #[error("{0}")]
    UnsupportedFeature(Box<Finding>),
    /// Nothing is recorded on a disc.
    #[error("nothing is recorded on the disc")]
    EmptyDisc,
    /// A disc has none of the file systems that can be read.
    #[error("the disc has none of the file systems ISO 9660, Joliet and UDF")]
    NoSupportedFileSystem,
    /// A disc does not have the file system that was asked for.
    #[error("the disc does not have {file_system}")]
    FileSystemNotFound {
        /// The file system.
        file_system: FileSystems,
    },
    /// What serves as a disc has whole sectors, with headers and checksums, where their data alone is needed.
    #[error(
        "the disc is given as raw sectors of {len} bytes{}",
        end(Some(advice::PLAIN_SECTORS))
    )]
    RawSectors {
        /// Length in bytes of a sector.
        len: u32,
    },
    /// An item of a disc cannot be read: a directory names it, and what describes it is damaged or out of reach.
    #[error("cannot read `{path}` on the disc", path = Printable(.path))]
    ReadItem {
        /// The item.
        path: ImagePath,
        /// Why: one of the errors of reading a disc.
        source: Box<Self>,
    },
    /// Some or all of what a directory of a disc holds cannot be read, and its names are not known. The same with the
    /// named streams of a file.
    #[error("cannot read all entries of `{path}` on the disc", path = Printable(.path))]
    ReadEntries {
        /// The directory or the file, which can itself be read.
        path: ImagePath,
        /// Why: one of the errors of reading a disc.
        source: Box<Self>,
    },
    /// Reading a disc would take more memory than is allowed.
    #[error(
        "reading the disc takes at least {needed} bytes of memory, but {limit} are allowed{}",
        end(Some(advice::IMPORT_MEMORY))
    )]
    ImportMemory {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The structures of a disc lead to each other in so many ways that reading them would take more than is allowed.
    #[error(
        "reading the disc takes too much work: with block {block}, {what} would take more than {limit} bytes to read; {}",
        advice::IMPORT_WORK
    )]
    ImportWork {
        /// The structures that take too much.
        what: &'static str,
        /// The block of the disc that was to be read when the limit was reached.
        block: u32,
        /// Bytes of such structures that one operation may read.
        limit: u64,
    },
    /// No way to write another session has been chosen.
    #[error("no disc has been chosen{}", end(Some(advice::CHOOSE_DISC)))]
    MultisessionNotSet,
    /// The way to write another session that was chosen is not one that this crate knows.
    #[error("the multisession interface in use is of an unknown kind")]
    IncompatibleMultisessionType,
    /// None of the ways to write another session works with the disc as it is.
    #[error("none of {offered} multisession interfaces works with the disc as it is")]
    NoCompatibleMultisessionType {
        /// How many there are.
        offered: usize,
    },
    /// A drive does not tell something about its disc, or tells something that cannot be.
    #[error("the drive does not give a usable {parameter}")]
    BadMultisessionParameter {
        /// What was asked for.
        parameter: &'static str,
        /// What the drive says, if it failed.
        source: Option<io::Error>,
    },
    /// Nothing is recorded on a disc that can be written once, so no session of it can be sought out.
    #[error("cannot find a session at block {block} of the disc: none is recorded")]
    ImportSeek {
        /// The block at which there is to be a session.
        block: u32,
    },
    /// The disc is not the one that was imported, or something has been recorded on it since.
    #[error(
        "the disc is {found} and no longer {imported}, which was imported{}",
        end(Some(advice::IMPORT_AGAIN)), imported = Printable(.imported), found = Printable(.found))]
    DiscMismatch {
        /// What the disc was known by.
        imported: String,
        /// What the disc is known by now.
        found: String,
    },
    /// Media of this type take no other session.
    #[error("a medium of type {media} cannot take another session", media = Printable(.media))]
    ImportMediaNotAllowed {
        /// The type of the medium.
        media: String,
    },
    /// What is on the disc cannot be continued.
    #[error("the disc cannot be continued: {what}{}", end(advice::of_session(.what)))]
    IncompatiblePreviousSession {
        /// What does not fit.
        what: &'static str,
    },
    /// The disc has data after its last session, and no session was found in it.
    #[error(
        "the disc cannot be continued: its blocks {first} to {last} hold data after the last session that was found, \
         perhaps of a damaged one{}",
        end(Some(advice::ALLOW_UNKNOWN))
    )]
    UnknownBlocks {
        /// The first block with such data.
        first: u32,
        /// The last one.
        last: u32,
    },
    /// Data of files of the disc is missing, as that of an image file that was cut off.
    #[error(
        "the disc cannot be continued: data of {count} of its files is missing, as it ends at byte {disc_len}: {}{}",
        listed(.paths, *.count),
        end(Some(advice::ALLOW_DAMAGED))
    )]
    DamagedFiles {
        /// Some of the files.
        paths: Vec<ImagePath>,
        /// The number of all of them.
        count: u64,
        /// Length in bytes of the disc.
        disc_len: u64,
    },
    /// The disc has a revision of UDF that this crate does not write.
    #[error("the disc has UDF {:x}.{:02x}, which cannot be continued", .revision >> 8, .revision & 0xFF)]
    UdfNotWriteCompatible {
        /// The revision, as it is recorded.
        revision: u16,
    },
    /// The file systems of an image that continues a disc are those of the disc.
    #[error("the disc has {recorded}, so an image that continues it cannot have {wanted}")]
    FileSystemChangeNotAllowed {
        /// Those of the disc.
        recorded: FileSystems,
        /// Those that were asked for.
        wanted: FileSystems,
    },
    /// The revision of UDF of an image that continues a disc is that of the disc.
    #[error("the disc has UDF {recorded}, so an image that continues it cannot have UDF {wanted}")]
    UdfRevisionChangeNotAllowed {
        /// That of the disc.
        recorded: UdfRevision,
        /// The one that was asked for.
        wanted: UdfRevision,
    },
    /// An item of the disc is a file and one of the image a directory, or the reverse.
    #[error("`{path}` is a {} in {file_system} on the disc and a {} in the image; {}", if *.is_directory { "directory" } else { "file" }, if *.is_directory { "file" } else { "directory" }, advice::RENAME_NEW, path = Printable(.path))]
    ImportTypeCollision {
        /// The item.
        path: ImagePath,
        /// The file system that is imported.
        file_system: FileSystems,
        /// Whether it is a directory on the disc.
        is_directory: bool,
    },
    /// A boot image cannot be read.
    #[error("cannot read the boot image from {origin}")]
    ReadBootImage {
        /// Where it comes from.
        origin: Origin,
        /// Why.
        source: io::Error,
    },
    /// A boot image is no longer what it was when it was assigned.
    #[error("{origin} changed after it was assigned as a boot image: {change}")]
    BootImageChanged {
        /// Where it comes from.
        origin: Origin,
        /// What changed.
        change: Change,
    },
    /// A boot image is not as long as the disk that it is taken for.
    #[error(
        "the boot image from {origin} has {size} bytes, but emulation {emulation} needs {expected}"
    )]
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
    #[error("boot image {number}, from {origin}, {problem}{}", end(advice::of_boot_image(.problem)))]
    BootImage {
        /// Its place among all, counted from 0.
        number: usize,
        /// Where it comes from.
        origin: Origin,
        /// What is wrong with it.
        problem: BootProblem,
    },
    /// A file shows the boot catalog of an image that has none of its own.
    #[error(
        "`{path}` shows the boot catalog, but the image has no boot images{}",
        end(Some(advice::ADD_BOOT_IMAGES)), path = Printable(.path))]
    NoBootCatalog {
        /// The file or named stream.
        path: ImagePath,
    },
    /// Only the first session of a disc has boot images of its own.
    #[error(
        "an image that continues a disc boots as the disc does, and cannot have boot images of its own"
    )]
    BootObjectConflict,
    /// Staged data cannot be carried over to another working directory.
    #[error("cannot move staged files to {}", Printable(.directory.display()))]
    MoveStaged {
        /// The new working directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A temporary file for staged data cannot be made.
    #[error("cannot create a temporary file in {}", Printable(.directory.display()))]
    OpenStage {
        /// The working directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Data cannot be staged.
    #[error("cannot stage `{path}` in {}", Printable(.directory.display()), path = Printable(.path))]
    WriteStage {
        /// The item whose data was staged.
        path: ImagePath,
        /// The working directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An image that is to be validated cannot be opened.
    #[error("cannot open {}", Printable(.file.display()))]
    OpenImage {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No image was given to be validated.
    #[error("no image was given{}", end(Some(advice::GIVE_IMAGE)))]
    NoImage,
    /// The length of an image is no multiple of a block's.
    #[error("the image has {len} bytes, which is not a multiple of 2048")]
    ImageNotAligned {
        /// Its length in bytes.
        len: u64,
    },
    /// An image has more blocks than IMAPI2 can count.
    #[error("the image has {blocks} blocks of 2048 bytes, but may have {limit}")]
    TooManyBlocks {
        /// How many it has.
        blocks: u64,
        /// The most it may have.
        limit: u64,
    },
    /// An image has no volume descriptor where one should be: it is not an image, or not in blocks of 2048 bytes.
    #[error("the image has no valid volume descriptor from block 16 on")]
    NoVolumeDescriptor,
    /// A medium is not one that images can be made for.
    #[error("no images can be made for a medium of type {media}", media = Printable(.media))]
    MediaIncompatible {
        /// The type of the medium.
        media: String,
    },
    /// The image cannot be written.
    #[error("cannot write the image")]
    Write {
        /// Why.
        source: io::Error,
    },
    /// The file of an image cannot be made or written.
    #[error("cannot write {}", Printable(.file.display()))]
    WriteImage {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Files of a disc cannot be put into a directory.
    #[error("cannot extract into {}", Printable(.directory.display()))]
    ExtractDirectory {
        /// The directory.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The files of a disc take more bytes than there is room for.
    #[error(
        "cannot extract into {}: the files take {needed} bytes, and only {available} are free", Printable(.directory.display())
    )]
    ExtractSpace {
        /// The directory.
        directory: PathBuf,
        /// Bytes that are still needed.
        needed: u64,
        /// Bytes free.
        available: u64,
    },
    /// A disc has more files and directories than the file system they are put into can take.
    #[error(
        "cannot extract into {}: there are {needed} files and directories, and its file system can take only {available} more",
        Printable(.directory.display())
    )]
    ExtractItems {
        /// The directory.
        directory: PathBuf,
        /// Files and directories that are still to be made.
        needed: u64,
        /// How many the file system can take.
        available: u64,
    },
    /// The files of a disc take more bytes than is allowed: those of a damaged or malicious one share their data.
    #[error(
        "the files take {needed} bytes, but only {limit} are allowed{}",
        end(Some(advice::EXTRACT_SIZE))
    )]
    ExtractSize {
        /// Bytes needed.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// A file of a disc can no longer be written, nor any after it: the disk is full, say.
    #[error("cannot write `{path}` into {}", Printable(.directory.display()), path = Printable(.path))]
    WriteExtracted {
        /// The file on the disc.
        path: ImagePath,
        /// The directory that the disc's files are put into.
        directory: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The image is to be written to a file that it is made of.
    #[error(
        "cannot write {}: it is {}a file of the image{}",
        Printable(.file.display()),
        other_name(.file, .input),
        end(Some(advice::of_source(*.is_replaced)))
    )]
    OutputIsSource {
        /// The output, as the caller named it.
        file: PathBuf,
        /// The file of the host that goes into the image, which is the same.
        input: PathBuf,
        /// Whether the output could be replaced when the image is whole; else it has to be written in place.
        is_replaced: bool,
    },
    /// The image is to be written over a file that lies in the directory it is made of.
    #[error(
        "cannot write {}: it is there already, in the source directory {}{}",
        Printable(.file.display()),
        Printable(.directory.display()),
        end(Some(advice::OVERWRITE_SOURCE))
    )]
    OutputInSource {
        /// The output, as the caller named it.
        file: PathBuf,
        /// The directory that is added.
        directory: PathBuf,
    },
    /// Blocks of a disc cannot be written.
    #[error("cannot write block {block} of the disc")]
    WriteDisc {
        /// The first of them.
        block: u32,
        /// What the disc says.
        source: io::Error,
    },
    /// Another writer has the file that serves as a disc.
    #[error("{} is in use: another program is writing to it{}", Printable(.file.display()), end(Some(advice::WAIT)))]
    DiscInUse {
        /// The file.
        file: PathBuf,
    },
    /// The file that serves as a disc cannot be locked: its file system may have no locks. Whoever ensures that nothing
    /// else writes to it can open it with [`Locking::Skip`](crate::Locking::Skip).
    #[error("cannot lock {}", Printable(.file.display()))]
    LockDisc {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A session was written, but whoever opens the disc does not find it.
    #[error(
        "a reader of the disc would not find the session at block {block}, which was just written: {problem}{}",
        if *.restored { " (the disc has been put back as it was)" } else { " (the disc could not be put back as it was)" }
    )]
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
    #[error("cancelled by the caller")]
    Cancelled,
}

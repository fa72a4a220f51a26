//! The options for opening a disc.

use encoding_rs::Encoding;

use crate::error::Result;
use crate::file_systems::InvalidValue;

/// The default limit of memory for reading a disc: 256 MiB.
const MEMORY: u64 = 256 << 20;

/// Options for opening a [`RecordedDisc`](crate::RecordedDisc), and for what of it an image
/// [imports](crate::FileSystemImage::set_import_options).
///
/// ```
/// # fn main() -> imapi2fs::Result<()> {
/// let options = imapi2fs::ImportOptions::new()
///     .session(0)
///     .memory(64 << 20)
///     .code_page("shift_jis")?;
/// # let _ = options;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ImportOptions {
    pub(super) memory: u64,
    pub(super) work: Option<u64>,
    pub(super) session: SessionChoice,
    pub(super) first_block: u32,
    pub(super) code_page: Option<&'static Encoding>,
    pub(crate) other_producers: bool,
    pub(crate) drop_rock_ridge: bool,
    pub(crate) unknown_blocks: bool,
    pub(crate) damaged_files: bool,
}

/// The session to read.
#[derive(Clone, Copy, Debug)]
pub(super) enum SessionChoice {
    Last,
    /// Counted from 0.
    Number(usize),
    /// The session that begins at this block.
    Start(u32),
}

impl ImportOptions {
    /// Returns the default options.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: MEMORY,
            work: None,
            session: SessionChoice::Last,
            first_block: 0,
            code_page: None,
            other_producers: false,
            drop_rock_ridge: false,
            unknown_blocks: false,
            damaged_files: false,
        }
    }

    /// Sets the limit of memory for everything that is read and kept, in bytes. Default: 256 MiB.
    ///
    /// A request for more fails with [`Error::ImportMemory`](crate::Error::ImportMemory). Items that an image
    /// [imports](crate::FileSystemImage::import_file_system) count as long as the image lives, even if removed: 224
    /// bytes and the name for a file, a directory or a named stream, 32 bytes for each place of its data except the
    /// first, and the data itself if it lies in the structure of its file. So the default is enough for a million files
    /// with names of forty bytes. This is an estimate: the memory used can be a quarter more. Making a result does not
    /// count.
    #[must_use]
    pub const fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets how much one operation may read of the disc's structures, in bytes: opening the disc, opening a volume, a
    /// [walk](crate::RecordedVolume::walk), listing one directory, or an import. Default: 16 times the length of the
    /// disc and 64 MiB, less for a file that is nearly all holes.
    ///
    /// The paths of the items count as if they were read. The data of files does not count: callers decide how much of
    /// it to read. An operation reads the structures of a sound disc once or twice, and those of a file with many names
    /// once for each name. A disc made to keep readers busy has the same few structures read again and again; the
    /// operation then fails with [`Error::ImportWork`](crate::Error::ImportWork), and a walk ends with that error.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub const fn work(mut self, bytes: u64) -> Self {
        self.work = Some(bytes);
        self
    }

    /// Reads the session of this number, counted from 0, among those that
    /// [`RecordedDisc::sessions`](crate::RecordedDisc::sessions) finds. Default: the last one.
    ///
    /// For an image, its multisession interface chooses the session to import.
    #[must_use]
    pub const fn session(mut self, number: usize) -> Self {
        self.session = SessionChoice::Number(number);
        self
    }

    /// Reads the session that begins at this block, as a drive reports it, without searching for others.
    ///
    /// For an image, its multisession interface chooses the session to import.
    ///
    /// IMAPI2: `IMultisessionSequential::get_StartAddressOfPreviousSession`.
    #[must_use]
    #[doc(alias = "get_StartAddressOfPreviousSession")]
    pub const fn session_start(mut self, block: u32) -> Self {
        self.session = SessionChoice::Start(block);
        self
    }

    /// Reads the last session of a whole disc again.
    pub(crate) const fn last_session(mut self) -> Self {
        self.session = SessionChoice::Last;
        self.first_block = 0;
        self
    }

    /// Sets the block of the disc at which the image begins, in blocks of [`BLOCK_SIZE`](crate::BLOCK_SIZE) bytes.
    /// Default: 0.
    ///
    /// Addresses count from the start of the disc, so an image of only a later session, such as the data of a CD with
    /// music before it, is readable only with the block of its disc at which that session began. The blocks before it
    /// cannot be read; files that lie there, in an earlier session, are listed, but reading them is an error. All block
    /// numbers and [extents](crate::RecordedItem::extents) are those of the disc.
    ///
    /// An image that continues a disc needs all of it, so this has no effect there.
    ///
    /// Not in IMAPI2, which reads whole discs.
    #[must_use]
    pub const fn first_block(mut self, block: u32) -> Self {
        self.first_block = block;
        self
    }

    /// Reads the session of a whole disc that begins at this block.
    pub(crate) const fn imported_session(mut self, block: u32) -> Self {
        self.session = SessionChoice::Start(block);
        self.first_block = 0;
        self
    }

    /// Sets the encoding of names in ISO 9660, by a label of the [WHATWG Encoding Standard]. Joliet and UDF define
    /// their own.
    ///
    /// Default: UTF-8; a name that is not valid UTF-8 is read as `windows-1252`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`](crate::Error::InvalidParameter) for an unknown label.
    ///
    /// [WHATWG Encoding Standard]: https://encoding.spec.whatwg.org/#names-and-labels
    pub fn code_page(mut self, label: &str) -> Result<Self> {
        let code_page =
            Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| InvalidValue {
                parameter: "code page",
                value: label.to_owned(),
                expected: "a label of the WHATWG Encoding Standard",
            })?;
        self.code_page = Some(code_page);
        Ok(self)
    }

    /// Sets whether an image may continue a session that another program recorded. Default: false, which fails with
    /// [`Error::IncompatiblePreviousSession`](crate::Error::IncompatiblePreviousSession). Reading is always allowed.
    ///
    /// A session is this crate's if all its file systems say so: ISO 9660 by the application `IMAPI2FS` in its primary
    /// volume descriptor (ECMA-119 8.4.22), UDF by the implementation `*imapi2fs` in its primary and its logical volume
    /// descriptor (UDF 2.2.2, 2.2.4). The new session lacks what another program recorded besides names, times and
    /// data, such as owners and modes.
    ///
    /// The new session has the file systems of the old one, and all of them have the files, with the names, of the one
    /// that is imported. Another program can have left files out of some of them, so they are compared: the session is
    /// continued only if all have the same number of files, and the imported one, too, has the data of each. Names are
    /// not compared, so different names in the other file systems are lost.
    ///
    /// Not in IMAPI2, which has no such option.
    #[must_use]
    pub const fn other_producers(mut self, allowed: bool) -> Self {
        self.other_producers = allowed;
        self
    }

    /// Sets whether an image may continue a session whose ISO 9660 has Rock Ridge. Default: false, which fails with
    /// [`Error::IncompatiblePreviousSession`](crate::Error::IncompatiblePreviousSession): this crate does not write
    /// Rock Ridge, so the new session would lose the links, the modes, the owners and, unless they come from another
    /// file system, the names of what is imported.
    ///
    /// Not in IMAPI2, which has no such option.
    #[must_use]
    pub const fn drop_rock_ridge(mut self, allowed: bool) -> Self {
        self.drop_rock_ridge = allowed;
        self
    }
}

impl ImportOptions {
    /// Sets whether an image may continue a disc that has data after its last session in which no session was found.
    /// Default: false, which fails with [`Error::UnknownBlocks`](crate::Error::UnknownBlocks): that data can be a
    /// session whose start is damaged, and files that only it lists would be missing from the new one. The new session
    /// goes after that data.
    ///
    /// Zeros do not count as such data, nor do partitions and the rest of a session whose writer was interrupted.
    ///
    /// Not in IMAPI2, which asks the drive.
    #[must_use]
    pub const fn unknown_blocks(mut self, allowed: bool) -> Self {
        self.unknown_blocks = allowed;
        self
    }

    /// Sets whether an image may continue a disc that lacks the data of some files, such as an image file that was cut
    /// off. Default: false, which fails with [`Error::DamagedFiles`](crate::Error::DamagedFiles).
    ///
    /// If allowed, the new session omits these files and items that cannot be read, and the summary of the import
    /// [lists](crate::ImportLeftOut::Damaged) them. The new session never has zeros in place of their data.
    ///
    /// Not in IMAPI2, whose behavior is not documented.
    #[must_use]
    pub const fn damaged_files(mut self, allowed: bool) -> Self {
        self.damaged_files = allowed;
        self
    }
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self::new()
    }
}

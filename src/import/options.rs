//! How a disc is opened.

use encoding_rs::Encoding;

use crate::error::Result;
use crate::file_systems::InvalidValue;

/// Memory that reading a disc may take unless something else is said: 256 MiB.
const MEMORY: u64 = 256 << 20;

/// How a [`RecordedDisc`](crate::RecordedDisc) is opened.
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
    pub(super) session: Session,
    pub(super) code_page: Option<&'static Encoding>,
}

/// Which session is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Session {
    Last,
    /// Counted from 0.
    Number(usize),
    /// The one that begins at this block.
    Start(u32),
}

impl ImportOptions {
    /// All that can be set has its default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: MEMORY,
            session: Session::Last,
            code_page: None,
        }
    }

    /// How many bytes of memory what is read and kept may take. Default: 256 MiB.
    ///
    /// What would take more fails with [`Error::ImportMemory`](crate::Error::ImportMemory).
    #[must_use]
    pub const fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Reads the session of this number, counted from 0, of those that
    /// [`RecordedDisc::sessions`](crate::RecordedDisc::sessions) finds. Default: the last one.
    #[must_use]
    pub const fn session(mut self, number: usize) -> Self {
        self.session = Session::Number(number);
        self
    }

    /// Reads the session that begins at this block, as a drive reports it; no others are looked for.
    ///
    /// IMAPI2: `IMultisessionSequential::get_StartAddressOfPreviousSession`.
    #[must_use]
    #[doc(alias = "get_StartAddressOfPreviousSession")]
    pub const fn session_start(mut self, block: u32) -> Self {
        self.session = Session::Start(block);
        self
    }

    /// Sets what bytes in names of ISO 9660 stand for, by a label of the [WHATWG Encoding Standard]. Joliet and UDF
    /// have characters of their own.
    ///
    /// Default: UTF-8; a name that is not valid in it is read as `windows-1252`.
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
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self::new()
    }
}

//! `IsoImageManager`: checks that an existing image can be written to a disc.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::block::{BLOCK, BLOCK_SIZE, MAX_BLOCKS};
use crate::error::{Error, HostError, ImageProblem, Result};
use crate::recognition::{DescriptorKind, FIRST_DESCRIPTOR, KIND_LEN};
use crate::source::ReadSeek;

/// More descriptors than any image has.
const MOST: u32 = 1024;

/// Checks whether an image can be written to a disc: in blocks of 2048 bytes, with volume descriptors. Data after the
/// descriptors is not examined.
///
/// IMAPI2: `IIsoImageManager`.
///
/// ```no_run
/// use imapi2fs::IsoImageManager;
///
/// # fn main() -> imapi2fs::Result<()> {
/// let mut manager = IsoImageManager::new();
/// manager.set_path("backup.iso")?;
/// manager.validate()?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct IsoImageManager {
    path: Option<PathBuf>,
    stream: Option<Box<dyn ReadSeek>>,
}

impl IsoImageManager {
    /// Creates a manager without an image.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            path: None,
            stream: None,
        }
    }

    /// The path of the image; `None` if it was given as a stream.
    ///
    /// IMAPI2: `IIsoImageManager::get_Path`.
    #[doc(alias = "get_Path")]
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The image, readable from its current position; `None` if no image was given.
    ///
    /// IMAPI2: `IIsoImageManager::get_Stream`.
    #[doc(alias = "get_Stream")]
    pub fn stream(&mut self) -> Option<impl Read + Seek + '_> {
        self.stream.as_mut()
    }

    /// Opens the image at `path`.
    ///
    /// IMAPI2: `IIsoImageManager::SetPath`.
    ///
    /// # Errors
    ///
    /// [`Error::OpenImage`] when it cannot be opened; the previous image then stays.
    #[doc(alias = "SetPath")]
    pub fn set_path(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let opened = File::open(path).and_then(|file| match file.metadata()?.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok(file),
        });
        let file =
            opened.map_err(|source| Error::OpenImage(HostError::new(path.to_owned(), source)))?;
        self.path = Some(path.to_owned());
        self.stream = Some(Box::new(file));
        Ok(())
    }

    /// Uses `stream` as the image.
    ///
    /// IMAPI2: `IIsoImageManager::SetStream`.
    #[doc(alias = "SetStream")]
    pub fn set_stream(&mut self, stream: impl Read + Seek + Send + 'static) {
        self.path = None;
        self.stream = Some(Box::new(stream));
    }

    /// Checks whether the image can be written to a disc, and leaves the [stream](IsoImageManager::stream) at its
    /// start.
    ///
    /// IMAPI2: `IIsoImageManager::Validate`, whose order of checks is not documented.
    ///
    /// # Errors
    ///
    /// In this order:
    ///
    /// - [`Error::InvalidImage`], with [`ImageProblem::NotGiven`](crate::ImageProblem::NotGiven) when no image was
    ///   given.
    /// - [`NotAligned`](crate::ImageProblem::NotAligned) when its length is not a multiple of 2048.
    /// - [`TooManyBlocks`](crate::ImageProblem::TooManyBlocks) when it has more than 2³¹ - 1 blocks.
    /// - [`NoVolumeDescriptor`](crate::ImageProblem::NoVolumeDescriptor) when the volume recognition sequence from
    ///   block 16 on has no descriptor of a volume (ECMA-119 6.7.1, ECMA-167 2/8.3).
    /// - [`Error::ReadDisc`] when it cannot be read.
    #[doc(alias = "Validate")]
    pub fn validate(&mut self) -> Result<()> {
        let stream = self
            .stream
            .as_mut()
            .ok_or_else(|| invalid(ImageProblem::NotGiven))?;
        let result = check(stream);
        let rewound = stream.rewind();
        result.and(rewound.map_err(|source| Error::ReadDisc { block: 0, source }))
    }
}

const fn invalid(problem: ImageProblem) -> Error {
    Error::InvalidImage { problem }
}

fn check(stream: &mut (impl Read + Seek)) -> Result<()> {
    let len = stream
        .seek(SeekFrom::End(0))
        .map_err(|source| Error::ReadDisc { block: 0, source })?;
    let block_size = u64::from(BLOCK_SIZE);
    if len % block_size != 0 {
        return Err(invalid(ImageProblem::NotAligned { len }));
    }
    let blocks = len / block_size;
    if blocks > MAX_BLOCKS {
        return Err(invalid(ImageProblem::TooManyBlocks {
            blocks,
            limit: MAX_BLOCKS,
        }));
    }
    let mut bytes = [0; BLOCK];
    for block in FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + MOST {
        if u64::from(block) >= blocks {
            break;
        }
        stream
            .seek(SeekFrom::Start(u64::from(block) * block_size))
            .and_then(|_| stream.read_exact(&mut bytes))
            .map_err(|source| Error::ReadDisc { block, source })?;
        match descriptor(&bytes) {
            Some(true) => return Ok(()),
            Some(false) => {}
            None => break,
        }
    }
    Err(invalid(ImageProblem::NoVolumeDescriptor))
}

/// Returns whether a descriptor describes a volume; `None` if the block does not hold a descriptor.
fn descriptor(block: &[u8; BLOCK]) -> Option<bool> {
    let kind = DescriptorKind::of(block)?;
    let is_valid = match block[KIND_LEN] {
        1 => kind != DescriptorKind::Reserved,
        // The version of ISO 9660:1999.
        2 => kind.is_iso9660() && kind != DescriptorKind::Reserved,
        _ => false,
    };
    let is_volume = matches!(
        kind,
        DescriptorKind::Primary | DescriptorKind::Supplementary | DescriptorKind::Nsr
    );
    is_valid.then_some(is_volume)
}

impl fmt::Debug for IsoImageManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IsoImageManager")
            .field("path", &self.path)
            .field("has_stream", &self.stream.is_some())
            .finish()
    }
}

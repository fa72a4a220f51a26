//! Drives that say of their discs what they are told to say, and images that are to continue these.

use std::fmt::Debug;
use std::io::{self, Cursor};
use std::sync::Arc;

use imapi2fs::{
    Disc, Error, FileSystemImage, FileSystems, InterchangeLevel, MediaType, Multisession,
    MultisessionInterface, MultisessionRandomWrite, MultisessionSequential, ReaderDisc,
};

use super::bytes::BLOCK;
use super::{add_files, image, image_at};
use crate::append::{Bytes, bytes_of, disc};

/// A disc in a drive.
pub(crate) struct Medium {
    disc: ReaderDisc<Cursor<Bytes>>,
    media: MediaType,
    unreadable: Option<u32>,
}

impl Disc for Medium {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        let blocks = block..block + (buf.len() / BLOCK) as u32;
        match self.unreadable {
            Some(unreadable) if blocks.contains(&unreadable) => Err(io::Error::other("scratched")),
            _ => self.disc.read_blocks(block, buf),
        }
    }

    fn total_blocks(&self) -> u32 {
        self.disc.total_blocks()
    }

    fn media_type(&self) -> MediaType {
        self.media
    }
}

/// A drive that says what it is told to say.
#[derive(Clone)]
pub(crate) struct Drive {
    pub(crate) disc: Arc<Medium>,
    pub(crate) supported: bool,
    pub(crate) in_use: bool,
    /// The property that cannot be read.
    pub(crate) failing: &'static str,
    pub(crate) is_first: bool,
    pub(crate) previous: u32,
    pub(crate) last: u32,
    pub(crate) next: u32,
    pub(crate) free: u32,
    pub(crate) write_unit: u32,
    pub(crate) random_last: Option<u32>,
    pub(crate) total: u32,
}

impl Drive {
    pub(crate) fn of(bytes: &[u8], media: MediaType, unreadable: Option<u32>) -> Self {
        let disc = disc(bytes);
        let next = disc.total_blocks().next_multiple_of(32);
        Self {
            supported: true,
            in_use: false,
            failing: "",
            is_first: false,
            previous: 0,
            last: disc.total_blocks().saturating_sub(1),
            next,
            free: 100_000,
            write_unit: 16,
            random_last: None,
            total: 1_000_000,
            disc: Arc::new(Medium {
                disc,
                media,
                unreadable,
            }),
        }
    }

    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self::of(bytes, MediaType::Disk, None)
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut drive = self.clone();
        change(&mut drive);
        drive
    }

    fn tell<T>(&self, property: &'static str, value: T) -> io::Result<T> {
        if self.failing == property {
            return Err(io::Error::other("no answer"));
        }
        Ok(value)
    }

    pub(crate) fn sequential(&self) -> MultisessionInterface {
        MultisessionInterface::sequential(self.clone())
    }

    pub(crate) fn random_write(&self) -> MultisessionInterface {
        MultisessionInterface::random_write(self.clone())
    }

    pub(crate) fn other(&self) -> MultisessionInterface {
        MultisessionInterface::Other(Arc::new(self.clone()))
    }
}

impl Multisession for Drive {
    fn disc(&self) -> Arc<dyn Disc> {
        self.disc.clone()
    }

    fn is_supported_on_current_media_state(&self) -> bool {
        self.supported
    }

    fn in_use(&self) -> bool {
        self.in_use
    }
}

impl MultisessionSequential for Drive {
    fn is_first_data_session(&self) -> io::Result<bool> {
        self.tell("first", self.is_first)
    }

    fn start_address_of_previous_session(&self) -> io::Result<u32> {
        self.tell("previous", self.previous)
    }

    fn last_written_address_of_previous_session(&self) -> io::Result<u32> {
        self.tell("last of session", self.last)
    }

    fn next_writable_address(&self) -> io::Result<u32> {
        self.tell("next", self.next)
    }

    fn free_sectors_on_media(&self) -> io::Result<u32> {
        self.tell("free", self.free)
    }

    fn write_unit_size(&self) -> io::Result<u32> {
        self.tell("write unit", self.write_unit)
    }
}

impl MultisessionRandomWrite for Drive {
    fn write_unit_size(&self) -> io::Result<u32> {
        self.tell("write unit", self.write_unit)
    }

    fn last_written_address(&self) -> io::Result<Option<u32>> {
        self.tell("last", self.random_last)
    }

    fn total_sectors_on_media(&self) -> io::Result<u32> {
        self.tell("total", self.total)
    }
}

/// A disc of these file systems with a few items.
pub(crate) fn recorded(file_systems: FileSystems) -> Bytes {
    let mut image = image_at(file_systems, InterchangeLevel::Three);
    image.set_volume_name("RECORDED").unwrap();
    add_files(
        &mut image,
        &[("DIR/SUB/A.TXT", b"a"), ("DIR/B.TXT", b"b"), ("C.TXT", b"")],
    );
    bytes_of(&image)
}

/// An image that is to continue a disc.
#[track_caller]
pub(crate) fn offered(interfaces: impl Into<Vec<MultisessionInterface>>) -> FileSystemImage {
    let mut image = image();
    image
        .set_multisession_interfaces(interfaces.into())
        .unwrap();
    image
}

#[track_caller]
pub(crate) fn imported(interface: MultisessionInterface) -> FileSystemImage {
    let mut image = offered([interface]);
    image.import_file_system().unwrap();
    image
}

#[track_caller]
pub(crate) fn code<T: Debug>(result: Result<T, Error>) -> u32 {
    result.unwrap_err().hresult().0
}

//! Images that ask a reader for as much work or memory as their formats let them.

mod iso;
mod udf;

use std::collections::BTreeMap;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use imapi2fs::{
    Disc, FileSystemImage, FileSystems, ImportOptions, MultisessionInterface, RandomWriteImage,
    RecordedDisc,
};

use super::bytes::BLOCK;

pub(crate) use self::iso::KINDS as ISO9660;
pub(crate) use self::udf::KINDS as UDF;

/// A kind of image: its name, how to make one of a size, and a size.
pub(crate) type Kind = (&'static str, fn(u32) -> Sparse, u32);

/// All kinds.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    ISO9660.iter().chain(UDF)
}

/// An image, of which only blocks are kept that have other bytes than zeros.
#[derive(Clone, Default)]
pub(crate) struct Sparse {
    blocks: BTreeMap<u32, Box<[u8]>>,
    pub(crate) total: u32,
}

impl Sparse {
    /// Puts bytes from the start of a block on.
    pub(crate) fn put(&mut self, block: u32, bytes: &[u8]) {
        for (at, piece) in (block..).zip(bytes.chunks(BLOCK)) {
            let block = self.blocks.entry(at);
            block.or_insert_with(|| vec![0; BLOCK].into())[..piece.len()].copy_from_slice(piece);
        }
        let end = block + bytes.len().div_ceil(BLOCK) as u32;
        self.total = self.total.max(end);
    }

    pub(crate) fn get(&self, block: u32) -> &[u8] {
        self.blocks.get(&block).map_or(&[0; BLOCK], |bytes| bytes)
    }

    pub(crate) fn len(&self) -> u64 {
        u64::from(self.total) * BLOCK as u64
    }

    pub(crate) fn write_to(&self, mut file: impl Write) {
        for block in 0..self.total {
            file.write_all(self.get(block)).unwrap();
        }
    }
}

impl Sparse {
    /// Makes a file of it that has holes where nothing is kept.
    pub(crate) fn write_sparse(&self, mut file: impl Write + Seek) {
        for (block, bytes) in &self.blocks {
            let start = u64::from(*block) * BLOCK as u64;
            file.seek(SeekFrom::Start(start)).unwrap();
            file.write_all(bytes).unwrap();
        }
        let last = self.total - 1;
        if !self.blocks.contains_key(&last) {
            let end = self.len() - 1;
            file.seek(SeekFrom::Start(end)).unwrap();
            file.write_all(&[0]).unwrap();
        }
    }

    /// The numbers of the blocks that are kept.
    pub(crate) fn kept(&self) -> Vec<u32> {
        self.blocks.keys().copied().collect()
    }

    /// Changes a block that is kept.
    pub(crate) fn change(&mut self, block: u32, change: impl FnOnce(&mut [u8])) {
        change(self.blocks.get_mut(&block).unwrap());
    }
}

/// A disc that counts what is read of it.
pub(crate) struct Counting {
    image: Arc<Sparse>,
    bytes: Arc<AtomicU64>,
    /// Whether it has room for another session.
    grows: bool,
}

impl Disc for Counting {
    fn read_blocks(&self, block: u32, buf: &mut [u8]) -> io::Result<()> {
        self.bytes.fetch_add(buf.len() as u64, Ordering::Relaxed);
        for (at, bytes) in (block..).zip(buf.chunks_exact_mut(BLOCK)) {
            bytes.copy_from_slice(self.image.get(at));
        }
        Ok(())
    }

    fn total_blocks(&self) -> u32 {
        self.image.total
    }

    fn maximum_blocks(&self) -> u32 {
        if self.grows {
            u32::MAX
        } else {
            self.image.total
        }
    }
}

/// What listing all of an image took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    /// Bytes that were read of the disc.
    pub read: u64,
    /// Items, named streams and errors.
    pub items: u64,
    /// Bytes of paths, targets and messages.
    pub text: u64,
    /// Pieces of files.
    pub extents: u64,
    /// Operations, each of which has a budget.
    pub operations: u64,
    /// Operations that ended because they asked for too much.
    pub refused: u64,
}

impl Taken {
    /// All of it as one number.
    pub(crate) fn sum(&self) -> u64 {
        self.read + self.text + 64 * self.items + 16 * self.extents
    }
}

/// Lists all that an image has, in all its file systems.
pub(crate) fn list(image: Sparse, options: &ImportOptions) -> Taken {
    let bytes = Arc::new(AtomicU64::new(0));
    let disc = Counting {
        image: Arc::new(image),
        bytes: Arc::clone(&bytes),
        grows: false,
    };
    let mut taken = Taken {
        operations: 1,
        ..Taken::default()
    };
    match RecordedDisc::open_with(disc, options) {
        Ok(disc) => {
            let _ = disc.boot_entries();
            for file_system in FileSystems::all() {
                list_one(&disc, file_system, &mut taken);
            }
        }
        Err(error) => taken.error(&error),
    }
    taken.read = bytes.load(Ordering::Relaxed);
    taken
}

/// Imports all that an image has; the items are those that are in the tree then.
pub(crate) fn import(image: Sparse, options: &ImportOptions) -> Taken {
    let bytes = Arc::new(AtomicU64::new(0));
    let disc = Counting {
        image: Arc::new(image),
        bytes: Arc::clone(&bytes),
        grows: true,
    };
    let mut taken = Taken {
        operations: 1,
        ..Taken::default()
    };
    let mut image = FileSystemImage::new();
    image.set_import_options(options.clone());
    let interface = MultisessionInterface::random_write(RandomWriteImage::new(disc));
    let imported = image
        .set_multisession_interfaces(vec![interface])
        .and_then(|()| image.import_file_system());
    if let Err(error) = imported {
        taken.error(&error);
    }
    taken.items += image.root().descendants().count() as u64;
    taken.read = bytes.load(Ordering::Relaxed);
    taken
}

fn list_one(disc: &RecordedDisc, file_system: FileSystems, taken: &mut Taken) {
    if !disc.file_systems().contains(file_system) {
        return;
    }
    taken.operations += 2;
    let volume = match disc.volume(file_system) {
        Ok(volume) => volume,
        Err(error) => return taken.error(&error),
    };
    for item in volume.walk() {
        match item {
            Ok(item) => {
                taken.items += 1;
                taken.text += item.path().to_string().len() as u64;
                taken.extents += item.extents().count() as u64;
                if let imapi2fs::RecordedKind::SymbolicLink { target } = item.kind() {
                    taken.text += target.len() as u64;
                }
                for stream in item.streams() {
                    taken.items += 1;
                    taken.text += stream.path().to_string().len() as u64;
                }
            }
            Err(error) => taken.error(&error),
        }
    }
    assert!(volume.findings().len() <= 1000);
}

impl Taken {
    fn error(&mut self, error: &imapi2fs::Error) {
        self.items += 1;
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = cause {
            let text = error.to_string();
            self.text += text.len() as u64;
            self.refused += u64::from(text.starts_with("reading the disc takes too much work"));
            cause = error.source();
        }
    }
}

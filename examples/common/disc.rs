//! Options of the examples that read images: which image, and which part of it.

use std::error::Error;
use std::path::PathBuf;

use crate::messages;
use clap::{Args, ValueEnum};
use imapi2fs::{FileDisc, FileSystems, ImportOptions, RecordedDisc, RecordedVolume};

use crate::messages::note;

/// Options that select the data to read.
#[derive(Args)]
pub(crate) struct DiscOptions {
    /// The image, or a device
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// The file system to read [default: the one that preserves most of the recorded data]
    #[arg(long, value_name = "NAME")]
    file_system: Option<FileSystem>,

    /// The session to read, counted from 0 [default: the last]
    #[arg(long, value_name = "N")]
    session: Option<usize>,

    /// Read the session that begins at this block, as a drive reports it, and search for no others
    #[arg(long, value_name = "BLOCK", conflicts_with = "session")]
    start: Option<u32>,

    /// The block of the disc with which the image begins, for an image of only a later session
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    first_block: u32,

    /// The code page of ISO 9660 names, such as shift_jis [default: utf-8]
    #[arg(long, value_name = "LABEL")]
    code_page: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FileSystem {
    Iso9660,
    Joliet,
    Udf,
}

impl From<FileSystem> for FileSystems {
    fn from(file_system: FileSystem) -> Self {
        match file_system {
            FileSystem::Iso9660 => Self::ISO9660,
            FileSystem::Joliet => Self::JOLIET,
            FileSystem::Udf => Self::UDF,
        }
    }
}

/// Why an image cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .image.display())]
struct ImageError {
    image: PathBuf,
    source: Box<dyn Error>,
}

impl DiscOptions {
    pub(crate) fn open(&self) -> Result<RecordedDisc, Box<dyn Error>> {
        let mut options = ImportOptions::new().first_block(self.first_block);
        if let Some(session) = self.session {
            options = options.session(session);
        }
        if let Some(start) = self.start {
            options = options.session_start(start);
        }
        if let Some(code_page) = &self.code_page {
            options = options.code_page(code_page)?;
        }
        let disc = FileDisc::open(&self.image).map_err(|error| self.failed(error))?;
        let disc = RecordedDisc::open_with(disc, &options).map_err(|error| self.failed(error))?;
        if let Ok(Some(first)) = disc.likely_first_block() {
            messages::note(format_args!(
                "the image seems to begin with block {first} of its disc: try --first-block {first}"
            ));
        }
        Ok(disc)
    }

    /// Returns the requested file system, or the best one. Reports on standard error what it lacks.
    pub(crate) fn volume(&self, disc: &RecordedDisc) -> Result<RecordedVolume, Box<dyn Error>> {
        let volume = match self.file_system {
            Some(file_system) => disc.volume(file_system.into()),
            None => disc.best_volume(),
        };
        let volume = volume.map_err(|error| self.failed(error))?;
        for lack in disc.lacks(&volume) {
            note(format_args!("reading {}: {lack}", volume.file_system()));
        }
        Ok(volume)
    }

    fn failed(&self, source: impl Into<Box<dyn Error>>) -> Box<dyn Error> {
        Box::new(ImageError {
            image: self.image.clone(),
            source: source.into(),
        })
    }
}

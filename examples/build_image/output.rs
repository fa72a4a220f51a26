//! Where the image goes: in place to a device or pipe, all or nothing to a regular file.

use std::error::Error;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::Ordering;

use imapi2fs::{ResultImage, WriteOptions};

use crate::interrupt::{INTERRUPTED, interrupts};
use crate::progress::Progress;

/// Not opened by this name: where it is a file, that would write from its start.
const STANDARD_OUTPUT: &str = "/dev/stdout";

pub(crate) struct Output {
    path: PathBuf,
    target: Target,
}

enum Target {
    StandardOutput(File),
    /// A device or a pipe.
    InPlace(File),
    Regular,
}

/// Why the image could not be put where it should go.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {output}")]
struct WriteError {
    output: String,
    source: Box<dyn Error>,
}

impl Output {
    /// Finds out what `path` is, and that it can be written. Changes nothing yet.
    pub(crate) fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        let target = if path == Path::new("-") || path == Path::new(STANDARD_OUTPUT) {
            Target::standard_output()
        } else {
            Target::open(path)
        };
        match target {
            Ok(target) => Ok(Self {
                path: path.to_owned(),
                target,
            }),
            Err(error) => Err(WriteError::boxed(path.display(), error)),
        }
    }

    pub(crate) fn is_standard_output(&self) -> bool {
        matches!(self.target, Target::StandardOutput(_))
    }

    /// What is not to be put into the image, should it lie in the source.
    pub(crate) fn path(&self) -> &Path {
        match self.target {
            // On Linux it leads to the file that is behind it.
            Target::StandardOutput(_) => Path::new(STANDARD_OUTPUT),
            Target::InPlace(_) | Target::Regular => &self.path,
        }
    }

    pub(crate) fn write(
        self,
        image: &ResultImage,
        options: &WriteOptions,
    ) -> Result<(), Box<dyn Error>> {
        let name = match self.target {
            Target::StandardOutput(_) => "standard output".to_owned(),
            Target::InPlace(_) | Target::Regular => self.path.display().to_string(),
        };
        let mut bar = Progress::new(image.len());
        let written = match self.target {
            Target::StandardOutput(file) | Target::InPlace(file) => {
                image.write_to_with(file, options, |at| {
                    bar.update(at.bytes_done(), || at.current())
                })
            }
            Target::Regular => {
                let is_interrupted = interrupts();
                let written = image.write_to_file(&self.path, options, |at| {
                    match is_interrupted.load(Ordering::Relaxed) {
                        true => ControlFlow::Break(()),
                        false => bar.update(at.bytes_done(), || at.current()),
                    }
                });
                if let Err(imapi2fs::Error::Cancelled) = written {
                    process::exit(INTERRUPTED);
                }
                written
            }
        };
        match written {
            Ok(_) => Ok(()),
            // What was being written is said here.
            Err(imapi2fs::Error::Write { source } | imapi2fs::Error::WriteImage { source, .. }) => {
                Err(WriteError::boxed(name, source))
            }
            Err(error) => Err(WriteError::boxed(name, error)),
        }
    }
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        // One call finds what is missing, a directory, or not ours to write.
        match File::options().write(true).open(path) {
            Ok(file) => match file.metadata() {
                Ok(metadata) if metadata.is_file() => Ok(Self::Regular),
                // Windows has no metadata for devices.
                _ => Ok(Self::InPlace(file)),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::metadata(directory_of(path))?;
                Ok(Self::Regular)
            }
            Err(error) => Err(error),
        }
    }

    /// Standard output as a file: Rust's own looks for ends of lines, and on Windows for text.
    fn standard_output() -> io::Result<Self> {
        #[cfg(unix)]
        let output = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?;
        #[cfg(windows)]
        let output =
            std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        Ok(Self::StandardOutput(output.into()))
    }
}

impl WriteError {
    fn boxed(output: impl Display, source: impl Into<Box<dyn Error>>) -> Box<dyn Error> {
        Box::new(Self {
            output: output.to_string(),
            source: source.into(),
        })
    }
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

//! The destination of the image: a device or pipe, written in place, or a regular file, written completely or not at
//! all.

use std::error::Error;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::process;
use std::sync::atomic::Ordering;

use imapi2fs::{OutputFile, ResultImage, WriteOptions};

use crate::common::note;
use crate::interrupt::{INTERRUPTED, interrupts};
use crate::progress::Progress;

/// These names are not opened: if standard output is a file, that would write from its start.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

pub(crate) struct Output {
    file: OutputFile,
    is_standard_output: bool,
}

/// Why the image could not be written to its destination.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {output}")]
struct WriteError {
    output: String,
    source: Box<dyn Error>,
}

impl Output {
    /// Examines `path`, and checks that it can be written. Changes nothing there yet.
    pub(crate) fn open(path: &Path, overwrite_source: bool) -> Result<Self, Box<dyn Error>> {
        let is_standard_output = STANDARD_OUTPUT.iter().any(|name| path == Path::new(name));
        let file = if is_standard_output {
            let name = "standard output";
            let file = standard_output().map_err(|error| WriteError::boxed(name, error))?;
            OutputFile::stream(file, name)
        } else {
            OutputFile::open(path)?
        };
        for file in file.removed() {
            note(format_args!(
                "removed {}, which a program that was killed left",
                file.display()
            ));
        }
        Ok(Self {
            file: file.overwrite_source(overwrite_source),
            is_standard_output,
        })
    }

    pub(crate) const fn is_standard_output(&self) -> bool {
        self.is_standard_output
    }

    /// The output, which must be left out of the image if it lies in the source.
    pub(crate) const fn file(&self) -> &OutputFile {
        &self.file
    }

    pub(crate) fn write(
        self,
        image: &ResultImage,
        options: &WriteOptions,
    ) -> Result<(), Box<dyn Error>> {
        let name = self.file.path().display().to_string();
        let mut bar = Progress::new(image.len());
        // An incomplete file is removed; other outputs already have the bytes.
        let is_interrupted = (!self.file.is_stream()).then(interrupts);
        let is_interrupted = || {
            let told = is_interrupted.as_ref();
            told.is_some_and(|told| told.load(Ordering::Relaxed))
        };
        let written = image.write_to_output_with(self.file, options, |at| match is_interrupted() {
            true => ControlFlow::Break(()),
            false => bar.update(at.bytes_done(), || at.current()),
        });
        match written {
            Ok(_) => Ok(()),
            Err(imapi2fs::Error::Cancelled) => process::exit(INTERRUPTED),
            // These messages already name the output.
            Err(
                error @ (imapi2fs::Error::WriteImage(_) | imapi2fs::Error::OutputIsSource { .. }),
            ) => Err(error.into()),
            Err(error) => Err(WriteError::boxed(&name, error)),
        }
    }
}

/// Standard output as a file: Rust's own handle looks for line ends, and on Windows for text.
fn standard_output() -> io::Result<File> {
    #[cfg(unix)]
    {
        let output = File::from(std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?);
        match is_closed(&output)? {
            true => Err(io::Error::other(
                "it is closed; to write the image nowhere, name /dev/null",
            )),
            false => Ok(output),
        }
    }
    #[cfg(windows)]
    {
        let output =
            std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned()?;
        Ok(output.into())
    }
}

/// Whether standard output was closed when the program began. Rust then opens the null device for reading and writing,
/// as do some programs that start others and want to see no output; a shell opens it only for writing.
#[cfg(unix)]
fn is_closed(output: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{OFlags, fcntl_getfl};

    let Ok(null) = std::fs::metadata("/dev/null") else {
        return Ok(false);
    };
    let (found, null) = (output.metadata()?.rdev(), null.rdev());
    Ok(found == null && fcntl_getfl(output)? & OFlags::RWMODE == OFlags::RDWR)
}

impl WriteError {
    fn boxed(output: &str, source: impl Into<Box<dyn Error>>) -> Box<dyn Error> {
        Box::new(Self {
            output: output.to_owned(),
            source: source.into(),
        })
    }
}

//! Where the image goes: in place to a device or pipe, all or nothing to a regular file.

use std::error::Error;
use std::fmt::Display;
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Mutex;

use imapi2fs::ResultImage;
use tempfile::{Builder, NamedTempFile};

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
    /// A regular file; with the permissions it has if it exists.
    Regular {
        path: PathBuf,
        permissions: Option<Permissions>,
    },
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
            Target::InPlace(_) | Target::Regular { .. } => &self.path,
        }
    }

    pub(crate) fn write(self, image: &ResultImage) -> Result<(), Box<dyn Error>> {
        let name = match self.target {
            Target::StandardOutput(_) => "standard output".to_owned(),
            Target::InPlace(_) | Target::Regular { .. } => self.path.display().to_string(),
        };
        let written = self.target.write(image);
        written.map_err(|error| WriteError::boxed(name, error))
    }
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        // One call finds what is missing, a directory, or not ours to write.
        match File::options().write(true).open(path) {
            Ok(file) => match file.metadata() {
                Ok(metadata) if metadata.is_file() => Ok(Self::Regular {
                    path: followed(path),
                    permissions: Some(metadata.permissions()),
                }),
                // Windows has no metadata for devices.
                _ => Ok(Self::InPlace(file)),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let path = followed(path);
                fs::metadata(directory_of(&path))?;
                Ok(Self::Regular {
                    path,
                    permissions: None,
                })
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

    fn write(self, image: &ResultImage) -> Result<(), Box<dyn Error>> {
        match self {
            Self::StandardOutput(file) | Self::InPlace(file) => copy(image, &file),
            Self::Regular { path, permissions } => {
                let unfinished = unfinished_file(directory_of(&path))?;
                copy(image, unfinished.as_file())?;
                if let Some(permissions) = permissions {
                    unfinished.as_file().set_permissions(permissions)?;
                }
                unfinished.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
        }
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

fn copy(image: &ResultImage, file: &File) -> Result<(), Box<dyn Error>> {
    let mut progress = Progress::new(image.len());
    match image.write_to_with(file, |at| progress.update(at.bytes_done(), || at.current())) {
        // What was being written is for the caller to say.
        Err(imapi2fs::Error::Write { source }) => Err(source.into()),
        written => Ok(written.map(drop)?),
    }
}

/// A file in `directory` that goes away with the program, unless it is persisted.
fn unfinished_file(directory: &Path) -> io::Result<NamedTempFile<File>> {
    static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

    // Locked, so that an interrupt waits until the file's name is known.
    let mut name = UNFINISHED
        .lock()
        .expect("nothing panics while it is locked");
    // Not set where the caller has such signals ignored, as `nohup` does: that is to stay so.
    let _ = ctrlc::try_set_handler(|| {
        if let Some(file) = UNFINISHED.lock().ok().and_then(|mut name| name.take()) {
            let _ = fs::remove_file(file);
        }
        process::exit(130);
    });
    // `create_new` gives the permissions any new file gets, where tempfile's own way gives the owner's only.
    let file = Builder::new()
        .prefix(&format!(".{}-", env!("CARGO_CRATE_NAME")))
        .make_in(directory, |path| File::create_new(path))?;
    *name = Some(file.path().to_owned());
    Ok(file)
}

/// The file that symbolic links at `path` lead to, also when it does not exist yet.
fn followed(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    while let Ok(target) = fs::read_link(&path) {
        path = directory_of(&path).join(target);
    }
    path
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

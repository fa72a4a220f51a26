//! Copies the files of a disc image into a directory.
//!
//!     cargo run --release --example extract_image -- <IMAGE> <DIR>

#[path = "../common/disc.rs"]
mod disc;
mod host;
#[path = "../common/messages.rs"]
mod messages;
mod room;

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Display;
use std::fs::{self, File, FileTimes};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;
use imapi2fs::{ImagePath, RecordedItem, RecordedKind, RecordedVolume, Timestamp};

use disc::DiscOptions;
use messages::{note, with_causes};
use room::Stretch;

/// Bytes that are copied at a time.
const BUFFER: usize = 1 << 20;

/// Copies the files of a disc image into a directory
///
/// Nothing is written outside it: names that this system cannot have, or that would lead elsewhere, are left out, and
/// so are symbolic links and devices. Each item left out is named on standard error. So is each file that is recorded in
/// another form, such as zisofs: it is copied in that form. Nothing is written at all unless there is room for all files.
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version, after_long_help = DETAILS)]
struct Options {
    #[command(flatten)]
    disc: DiscOptions,

    /// The directory, which is to be new or empty
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

const DETAILS: &str = "\
Exit status:
  0  All was copied
  1  Some or all was not
  2  The command line is wrong";

/// Why nothing can be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write into {}", .directory.display())]
struct DirectoryError {
    directory: PathBuf,
    source: Box<dyn Error>,
}

fn main() -> ExitCode {
    messages::exit_code(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let disc = options.disc.open()?;
    let volume = options.disc.volume(&disc)?;
    prepare(&options.directory, &volume).map_err(|source| DirectoryError {
        directory: options.directory.clone(),
        source,
    })?;
    let mut extraction = Extraction::new(&options.directory);
    extraction.all(&volume);
    for finding in volume.findings() {
        note(finding);
    }
    match extraction.left_out {
        0 => Ok(()),
        1 => Err("left out one item".into()),
        left_out => Err(format!("left out {left_out} items").into()),
    }
}

/// Makes the directory, unless it is there and empty. It must have room for the files of `volume`.
fn prepare(directory: &Path, volume: &RecordedVolume) -> Result<(), Box<dyn Error>> {
    match fs::read_dir(directory) {
        Ok(mut entries) => match entries.next() {
            None => room::check(volume, directory)?,
            Some(_) => return Err(io::Error::from(io::ErrorKind::DirectoryNotEmpty).into()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let above = match directory.parent() {
                Some(above) if above != Path::new("") => above,
                _ => Path::new("."),
            };
            room::check(volume, above)?;
            fs::create_dir(directory)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

struct Extraction {
    /// The directories of the image that are there, with their times.
    directories: HashMap<ImagePath, (PathBuf, Option<Timestamp>)>,
    buffer: Vec<u8>,
    left_out: usize,
}

impl Extraction {
    fn new(directory: &Path) -> Self {
        Self {
            directories: HashMap::from([(ImagePath::root(), (directory.to_owned(), None))]),
            buffer: vec![0; BUFFER],
            left_out: 0,
        }
    }

    fn all(&mut self, volume: &RecordedVolume) {
        for item in volume.walk() {
            match item {
                Ok(item) => {
                    let path = item.path();
                    if let Err(why) = self.one(&item, &path) {
                        self.leave_out(&path, why);
                    }
                    for stream in item.streams() {
                        self.leave_out(&stream.path(), "it is a named stream");
                    }
                }
                Err(error) => self.leave_out_message(with_causes(&error)),
            }
        }
        // Last, as each entry that is made in a directory changes its time.
        for (directory, time) in self.directories.values() {
            if let (true, Some(time)) = (cfg!(unix), time) {
                let _ = File::open(directory).and_then(|opened| set_time(&opened, *time));
            }
        }
    }

    fn one(&mut self, item: &RecordedItem, path: &ImagePath) -> Result<(), String> {
        let parent = path.parent().unwrap_or_default();
        let Some((directory, _)) = self.directories.get(&parent) else {
            return Err("its directory is left out".to_owned());
        };
        match item.kind() {
            RecordedKind::Directory | RecordedKind::File | RecordedKind::Encoded(_) => {}
            RecordedKind::SymbolicLink { target } => {
                return Err(format!("it is a symbolic link to `{target}`"));
            }
            RecordedKind::Special(name) => return Err(format!("it is a {name}")),
            _ => return Err("it is of an unknown kind".to_owned()),
        }
        host::check_name(item.name())?;
        let target = directory.join(item.name());
        let made = if item.is_directory() {
            fs::create_dir(&target).map(|()| {
                let made = (target, item.last_modified_time());
                self.directories.insert(path.clone(), made);
            })
        } else {
            self.copy(item, &target)
        };
        made.map_err(|error| with_causes(&error))?;
        if let RecordedKind::Encoded(form) = item.kind() {
            note(format_args!("{path} is recorded as {form}, and copied so"));
        }
        Ok(())
    }

    /// Copies a file, all or nothing.
    fn copy(&mut self, item: &RecordedItem, target: &Path) -> io::Result<()> {
        let mut data = item.data().map_err(io::Error::from)?;
        // A name that is taken, perhaps in other case, stays what it is.
        let mut file = File::create_new(target)?;
        let copied = (|| {
            let mut position = 0;
            for stretch in room::stretches(item) {
                match stretch {
                    Stretch::Recorded(len) => {
                        data.seek(SeekFrom::Start(position))?;
                        file.seek(SeekFrom::Start(position))?;
                        self.copy_part(&mut data, &mut file, len)?;
                        position += len;
                    }
                    Stretch::Hole(len) => position += len,
                }
            }
            // A hole at the end has nothing behind it that makes the file reach there.
            file.set_len(position)?;
            match item.last_modified_time() {
                Some(time) => set_time(&file, time),
                None => Ok(()),
            }
        })();
        if copied.is_err() {
            let _ = fs::remove_file(target);
        }
        copied
    }

    fn copy_part(&mut self, data: &mut impl Read, file: &mut File, len: u64) -> io::Result<()> {
        let mut left = len;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            match data.read(&mut self.buffer[..most])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    file.write_all(&self.buffer[..read])?;
                    left -= read as u64;
                }
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, path: &ImagePath, why: impl Display) {
        self.leave_out_message(format_args!("left out {path}: {why}"));
    }

    fn leave_out_message(&mut self, message: impl Display) {
        note(message);
        self.left_out += 1;
    }
}

fn set_time(file: &File, time: Timestamp) -> io::Result<()> {
    let seconds = Duration::from_secs(time.unix_seconds().unsigned_abs());
    let time = if time.unix_seconds() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH
            .checked_add(seconds + Duration::from_nanos(time.subsecond_nanos().into()))
    };
    match time {
        Some(time) => file.set_times(FileTimes::new().set_modified(time)),
        None => Ok(()),
    }
}

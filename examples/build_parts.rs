//! Builds an image in parts, each made by a process of its own.
//!
//!     cargo run --release --example build_parts -- <SOURCE_DIR> <OUTPUT>

mod common;

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, thread};

use clap::Parser;
use imapi2fs::{FileSystemImage, ResultImage, Timestamp};

use common::{NameOptions, printable};

const DETAILS: &str = "\
Without --only, so many processes make the image as --processes says, and OUTPUT
is there when all of it is. With --only, OUTPUT is written in place: machines that
have the same tree and share OUTPUT can make it together, each with another I, the
same N and the same --time. The digest of the plan is printed; parts fit together if
their digests are alike.";

/// Builds an image in parts, each made by a process of its own
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version, after_long_help = DETAILS)]
struct Options {
    /// The directory to make an image of; it may also be a single file
    #[arg(value_name = "SOURCE_DIR")]
    source: PathBuf,

    /// The image, a file
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,

    #[command(flatten)]
    names: NameOptions,

    /// How many processes make it [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    processes: Option<NonZeroUsize>,

    /// Length of a part in bytes
    #[arg(long, value_name = "BYTES", default_value = "16777216")]
    part_size: NonZeroU64,

    /// What counts as now, in seconds since 1970 [default: the time]
    #[arg(long, value_name = "SECONDS")]
    time: Option<i64>,

    /// Make only every Nth part, from part I on, counted from 0
    #[arg(long, value_name = "I/N", requires = "time")]
    only: Option<Share>,

    /// Where the parts go until all of them are there
    #[arg(long, hide = true, requires = "only")]
    into: Option<PathBuf>,
}

/// Every `of`th part, from part `first` on.
#[derive(Clone, Copy)]
struct Share {
    first: usize,
    of: NonZeroUsize,
}

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once('/')
            .and_then(|(first, of)| Some((first.parse().ok()?, of.parse().ok()?)))
            .filter(|(first, of): &(usize, NonZeroUsize)| *first < of.get())
            .map(|(first, of)| Self { first, of })
            .ok_or("not two numbers I/N with I less than N")
    }
}

fn main() -> ExitCode {
    common::exit_code(run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    match options.only {
        Some(share) => {
            let image = options.image(options.time.unwrap_or_default())?;
            let digest = image.plan_digest()?;
            let output = File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(options.into.as_ref().unwrap_or(&options.output))?;
            output.set_len(image.len())?;
            let parts = image.parts(options.part_size);
            for part in parts.skip(share.first).step_by(share.of.get()) {
                part.write_at(&output)?;
            }
            writeln!(io::stdout(), "{digest}")?;
            Ok(())
        }
        None => build(options),
    }
}

impl Options {
    /// The image, planned but not made.
    fn image(&self, time: i64) -> imapi2fs::Result<ResultImage> {
        let mut image = FileSystemImage::with_time(Timestamp::from_unix(time));
        image.set_free_media_blocks(0)?;
        self.names.apply_to(&mut image)?;
        let mut tree = self.names.tree_options().exclude(&self.output);
        if let Some(into) = &self.into {
            tree = tree.exclude(into);
        }
        let summary = image.root_mut().add_tree_with(&self.source, &tree)?;
        if self.into.is_none() {
            common::note_left_out(summary.left_out.iter(), usize::MAX);
        }
        image.create_result_image()
    }

    fn processes(&self) -> NonZeroUsize {
        self.processes
            .or_else(|| thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    }
}

/// Has other processes make all parts.
fn build(options: &Options) -> Result<(), Box<dyn Error>> {
    let time = match options.time {
        Some(time) => time,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64,
    };
    let digest = options.image(time)?.plan_digest()?.to_string();
    // Behind the plan, which does not know it.
    let directory = match options.output.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    };
    let unfinished = tempfile::Builder::new()
        .prefix(".imapi2fs-")
        .make_in(directory, |path| File::create_new(path))?;

    let processes = options.processes();
    let started: io::Result<Vec<Child>> = (0..processes.get())
        .map(|first| {
            let mut command = Command::new(env::current_exe()?);
            command.args(env::args_os().skip(1));
            command.arg(format!("--only={first}/{processes}"));
            command.arg("--into").arg(unfinished.path());
            if options.time.is_none() {
                command.arg(format!("--time={time}"));
            }
            command.stdout(Stdio::piped()).spawn()
        })
        .collect();
    // All are waited for, so that none writes to a file that is gone.
    let ended: Vec<_> = started?.into_iter().map(Child::wait_with_output).collect();
    for output in ended {
        let output = output?;
        if !output.status.success() {
            return Err("a process that makes parts failed".into());
        }
        if String::from_utf8_lossy(&output.stdout).trim_end() != digest {
            return Err("the source changed while the image was made".into());
        }
    }
    unfinished.persist(&options.output)?;
    let output = options.output.display();
    writeln!(
        io::stdout(),
        "{}",
        printable(format_args!("{digest}  {output}"))
    )?;
    Ok(())
}

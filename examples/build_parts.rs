//! Builds an image in parts, each written by its own process.
//!
//!     cargo run --release --example build_parts -- <SOURCE_DIR> <OUTPUT>

mod common;
#[path = "common/epoch.rs"]
mod epoch;
#[path = "common/interrupt.rs"]
mod interrupt;

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::num::{NonZeroU64, NonZeroUsize};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{self, Child, Command, ExitCode, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, thread};

use clap::Parser;
use imapi2fs::{
    FileSystemImage, LeftOutReason, OutputFile, Printable, ResultImage, Timestamp, TreeOptions,
    UnfinishedFile, WriteOptions, WriteProgress,
};

use common::{NameOptions, StandardOutput, note};
use epoch::source_date_epoch;
use interrupt::{INTERRUPTED, interrupts};

const DETAILS: &str = "\
Without --only, so many processes make the image as --processes says, and OUTPUT
is there when all of it is; one that can be written but not replaced, as it is a
mount point or in a directory that cannot be written, is written in place. With --only, OUTPUT is written in place: machines that
have the same tree and share OUTPUT can make it together, each with another I, the
same N and the same --time. The digest of the plan is printed; parts fit together if
their digests are alike, and with --digest no others are made.

Environment:
  SOURCE_DATE_EPOCH  Seconds since 1970 that count as now; later times of files
                     are set back to it";

/// Builds an image in parts, each written by its own process
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

    /// The number of processes [default: the number of processors]
    #[arg(long, value_name = "N")]
    processes: Option<NonZeroUsize>,

    /// The length of a part in bytes
    #[arg(long, value_name = "BYTES", default_value = "16777216")]
    part_size: NonZeroU64,

    /// The time that counts as now, in seconds since 1970 [default: SOURCE_DATE_EPOCH, or the current time]
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    time: Option<i64>,

    /// Write only every Nth part, from part I on, counted from 0
    #[arg(long, value_name = "I/N", requires = "time")]
    only: Option<Share>,

    /// The digest that the plan of the image must have
    #[arg(long, value_name = "DIGEST", requires = "only")]
    digest: Option<String>,

    /// Replace OUTPUT even if it exists and is the source, one of its files, or lies in SOURCE_DIR
    #[arg(long)]
    overwrite_source: bool,

    /// Write to the file that is standard input: OUTPUT, or the file that replaces it when all parts are complete
    #[arg(long, hide = true, requires = "only")]
    into_standard_input: bool,
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
    common::exit_code(|| run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    match options.only {
        Some(share) => make(options, share),
        None => build(options),
    }
}

/// Writes a share of the parts.
fn make(options: &Options, share: Share) -> Result<(), Box<dyn Error>> {
    let time = options.time.unwrap_or_default();
    let (image, output) = if options.into_standard_input {
        let tree = options.tree().output(&options.output()?);
        (options.image(time, tree, Arc::default())?, None)
    } else {
        let tree = options.tree().exclude(&options.output);
        let image = options.image(time, tree, Arc::default())?;
        (image, Some(&options.output))
    };
    let digest = image.plan_digest()?.to_string();
    if options
        .digest
        .as_ref()
        .is_some_and(|other| *other != digest)
    {
        return Err(format!("this is another image: the digest of its plan is {digest}").into());
    }
    let file = match output {
        Some(path) => {
            // The output is written in place while the image is read.
            image.check_output(&OutputFile::open(path)?)?;
            let file = File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            file.set_len(image.len())?;
            file
        }
        None => standard_input()?,
    };
    let go_on = |_: WriteProgress<'_>| ControlFlow::Continue(());
    let parts = image.parts(options.part_size);
    for part in parts.skip(share.first).step_by(share.of.get()) {
        part.write_unordered_with(&file, &WriteOptions::new(), go_on)?;
    }
    writeln!(StandardOutput::lock(), "{digest}")?;
    Ok(())
}

/// Standard input, which must be a writable file.
fn standard_input() -> io::Result<File> {
    #[cfg(unix)]
    let input = std::os::fd::AsFd::as_fd(&io::stdin()).try_clone_to_owned()?;
    #[cfg(windows)]
    let input = std::os::windows::io::AsHandle::as_handle(&io::stdin()).try_clone_to_owned()?;
    Ok(input.into())
}

impl Options {
    fn output(&self) -> imapi2fs::Result<OutputFile> {
        Ok(OutputFile::open(&self.output)?.overwrite_source(self.overwrite_source))
    }

    fn tree(&self) -> TreeOptions {
        self.names.tree_options()
    }

    /// Plans the image without making it.
    fn image(
        &self,
        time: i64,
        mut tree: TreeOptions,
        is_interrupted: Arc<AtomicBool>,
    ) -> Result<ResultImage, Box<dyn Error>> {
        let mut image = FileSystemImage::with_time(Timestamp::from_unix(time));
        image.set_free_media_blocks(0)?;
        self.names.apply_to(&mut image)?;
        if let Some(time) = source_date_epoch()? {
            tree = tree.latest_time(time);
        }
        image.set_add_progress(move |_| match is_interrupted.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        let summary = image.root_mut().add_tree_with(&self.source, &tree)?;
        let result = image.create_result_image()?;
        let is_excluded = |reason| matches!(reason, LeftOutReason::Excluded);
        let output_is_inside = summary.left_out.iter().any(|one| is_excluded(one.reason));
        if output_is_inside && !self.overwrite_source {
            self.check_shared(result.len())?;
        }
        if !self.into_standard_input {
            common::note_left_out(summary.left_out.iter(), usize::MAX);
        }
        Ok(result)
    }

    /// Checks by its length that an output in the source directory is the image that others are writing.
    fn check_shared(&self, len: u64) -> Result<(), Box<dyn Error>> {
        let found = File::open(&self.output)?.metadata()?.len();
        match found == len {
            true => Ok(()),
            false => Err(format!(
                "cannot write {}: it is there already, in the source directory {}; remove it, write to another file, or \
                 allow it with --overwrite-source",
                Printable(self.output.display()),
                Printable(self.source.display())
            )
            .into()),
        }
    }

    fn processes(&self) -> NonZeroUsize {
        self.processes
            .or_else(|| thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    }
}

/// Starts other processes that write all parts.
fn build(options: &Options) -> Result<(), Box<dyn Error>> {
    let output = options.output()?;
    for file in output.removed() {
        note(format_args!(
            "removed {}, which a program that was killed left",
            file.display()
        ));
    }
    let tree = options.tree().output(&output);
    let is_interrupted = interrupts();
    // The file is created before planning: if it has a name, this changes the time of its directory, which may be in
    // the tree.
    let mut unfinished = output.start()?;
    let made = build_into(options, tree, &mut unfinished, &is_interrupted);
    // The same signal may have interrupted the other processes.
    if is_interrupted.load(Ordering::Relaxed) {
        drop(unfinished);
        process::exit(INTERRUPTED);
    }
    let digest = made?;
    unfinished.finish()?;
    let output = options.output.display();
    writeln!(
        StandardOutput::lock(),
        "{}",
        Printable(format_args!("{digest}  {output}"))
    )?;
    Ok(())
}

/// Starts processes that write all parts into a file, until they finish or are interrupted; returns the plan's digest.
fn build_into(
    options: &Options,
    tree: TreeOptions,
    unfinished: &mut UnfinishedFile,
    is_interrupted: &Arc<AtomicBool>,
) -> Result<String, Box<dyn Error>> {
    let time = match (options.time, source_date_epoch()?) {
        (Some(time), _) => time,
        (None, Some(time)) => time.unix_seconds(),
        (None, None) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64,
    };
    let image = options.image(time, tree, is_interrupted.clone())?;
    image.check_output(&options.output()?)?;
    unfinished.set_len(image.len())?;
    let digest = image.plan_digest()?.to_string();
    let processes = options.processes();
    let mut crew = Crew(Vec::new());
    for first in 0..processes.get() {
        let mut command = Command::new(env::current_exe()?);
        // These come before the user's arguments, the last of which may follow `--`.
        command.arg(format!("--only={first}/{processes}"));
        command.arg(format!("--digest={digest}"));
        command.arg("--into-standard-input");
        if options.time.is_none() {
            command.arg(format!("--time={time}"));
        }
        command.args(env::args_os().skip(1));
        command.stdin(unfinished.file().try_clone()?);
        crew.0.push(command.stdout(Stdio::null()).spawn()?);
    }
    while !is_interrupted.load(Ordering::Relaxed) && !crew.is_done()? {
        thread::sleep(Duration::from_millis(10));
    }
    Ok(digest)
}

/// Processes that write parts. Drop kills those still running, so that none writes to a removed file.
struct Crew(Vec<Child>);

impl Crew {
    /// Whether all processes have ended.
    fn is_done(&mut self) -> Result<bool, Box<dyn Error>> {
        let mut done = true;
        for child in &mut self.0 {
            match child.try_wait()? {
                Some(status) if !status.success() => {
                    return Err("a process that makes parts failed".into());
                }
                Some(_) => {}
                None => done = false,
            }
        }
        Ok(done)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // A process that has ended cannot be killed, and waiting for it reports nothing new.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

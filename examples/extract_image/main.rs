//! Copies the files of a disc image into a directory.
//!
//!     cargo run --release --example extract_image -- <IMAGE> <DIR>

#[path = "../common/disc.rs"]
mod disc;
#[path = "../common/findings.rs"]
mod findings;
#[path = "../common/interrupt.rs"]
mod interrupt;
#[path = "../common/messages.rs"]
mod messages;
#[allow(dead_code, reason = "what is shown of reading is for others")]
#[path = "../common/progress.rs"]
mod progress;
mod size;

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::atomic::Ordering;

use clap::Parser;
use imapi2fs::{ExistingItems, ExtractOptions, ExtractReport, RecordedVolume};

use disc::DiscOptions;
use interrupt::{INTERRUPTED, interrupts};
use messages::note;
use progress::Progress;

/// Copies the files of a disc image into a directory
///
/// Never writes outside that directory, even if the image is hostile or other users can write to the directory. Names
/// that this system does not allow, or that would lead elsewhere, are left out, and so are symbolic links and devices. Existing items are
/// never replaced. A file is copied completely or left out. Standard error lists each item left out, and each file that
/// is recorded in another form, such as zisofs: it is copied in that form. Nothing is written at all unless there is
/// room for all files.
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version, after_long_help = DETAILS)]
struct Options {
    #[command(flatten)]
    disc: DiscOptions,

    /// The directory, which must be new or empty
    #[arg(value_name = "DIR")]
    directory: PathBuf,

    /// Allow existing items in DIR, and leave out the ones that would replace them
    #[arg(long)]
    keep_existing: bool,

    /// Refuse images whose files take more bytes than this, such as 500M or 4G [default: 16 times those of the image]
    ///
    /// K, M, G and T stand for powers of 1024, and KB, MB, GB and TB for those of 1000. Files of an image can share
    /// their data, so a small image can have files of any size. Holes do not count.
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    max_size: Option<u64>,
}

const DETAILS: &str = "\
Exit status:
  0    All was copied
  1    Some or all was not
  2    The command line is wrong
  130  Interrupted; the files that are there are complete";

fn main() -> ExitCode {
    messages::exit_code(|| run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let disc = options.disc.open()?;
    let volume = options.disc.volume(&disc)?;
    let extracted = extract(options, &volume);
    for finding in volume.findings() {
        note(findings::line(&finding));
    }
    match extracted?.left_out_count {
        0 => Ok(()),
        1 => Err("left out one item".into()),
        left_out => Err(format!("left out {left_out} items").into()),
    }
}

fn extract(options: &Options, volume: &RecordedVolume) -> Result<ExtractReport, Box<dyn Error>> {
    let mut how = ExtractOptions::new();
    if options.keep_existing {
        how = how.existing(ExistingItems::Keep);
    }
    if let Some(bytes) = options.max_size {
        how = how.max_size(bytes);
    }
    let is_interrupted = interrupts();
    let mut bar = None;
    let extracted = volume.extract_with(&options.directory, &how, |now| {
        if let Some(left_out) = now.left_out {
            note(format_args!("left out {left_out}"));
        } else if let Some(form) = now.encoded {
            note(format_args!(
                "{} is recorded as {form}, and copied so",
                now.path
            ));
        }
        if is_interrupted.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        let Some(total) = now.bytes_total else {
            return ControlFlow::Continue(());
        };
        bar.get_or_insert_with(|| Progress::new(total))
            .update(now.bytes_done, || now.path.to_string())
    });
    drop(bar);
    extracted.map_err(|error| match error {
        imapi2fs::Error::Cancelled => process::exit(INTERRUPTED),
        error => error.into(),
    })
}

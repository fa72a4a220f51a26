//! Builds an image of a directory, with ISO 9660, Joliet and UDF side by side.
//!
//!     cargo run --release --example build_image -- <SOURCE_DIR> <OUTPUT|->

mod boot;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/epoch.rs"]
mod epoch;
#[path = "../common/interrupt.rs"]
mod interrupt;
#[path = "../common/labels.rs"]
mod labels;
mod options;
mod output;
#[path = "../common/progress.rs"]
mod progress;
mod report;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use imapi2fs::FeatureSupport;

use common::{StandardOutput, note};
use options::Options;
use output::Output;

/// The number of left-out items listed without `--report`.
const NAMED: usize = 10;

fn main() -> ExitCode {
    common::exit_code(|| run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let output = Output::open(&options.output, options.overwrite_source)?;
    let mut image = options.image()?;
    let tree = options.tree_options(&output)?;

    let summary = progress::spin(&options.source, || {
        image.root_mut().add_tree_with(&options.source, &tree)
    })?;
    options.add_to(&mut image)?;
    let most = if options.report.is_some() {
        usize::MAX
    } else {
        NAMED
    };
    common::note_left_out(summary.left_out.iter(), most);
    if let FeatureSupport::NotSupported { minimum } = summary.stream_support {
        note(format_args!(
            "left out {} named streams, which UDF {minimum} and later has",
            summary.streams
        ));
    }
    labels::note_labels(&image, Some("--verbatim-volume-name"));
    if let Some(detail) = options.report {
        if output.is_standard_output() {
            report::write(&image, detail, io::stderr().lock())?;
        } else {
            match report::write(&image, detail, StandardOutput::lock()) {
                // The reader of the report has seen enough, but still wants the image.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                reported => reported?,
            }
        }
    }

    output.write(&image.create_result_image()?, &options.write_options())
}

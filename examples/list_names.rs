//! Lists the names that each file system of an image would use, without writing one.
//!
//!     cargo run --release --example list_names -- <SOURCE_DIR>

mod common;

use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use imapi2fs::{FileSystemImage, NameChange, Printable};

use common::{NameOptions, StandardOutput};

/// Lists the names that each file system of an image would use, without writing one
///
/// One line per item, its columns separated by tabs: the path, then the name in each file system, followed by
/// why it was changed, if it was.
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version)]
struct Options {
    /// The directory to list; it may also be a single file
    #[arg(value_name = "SOURCE_DIR")]
    source: PathBuf,

    #[command(flatten)]
    names: NameOptions,

    /// List only items whose name is changed somewhere; names changed in case only are counted at the end (on standard
    /// error), unless this is `case`
    #[arg(
        long,
        value_name = "DETAIL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "losses"
    )]
    changed: Option<Changed>,
}

/// The changed names to list.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Changed {
    /// Names that are shortened, numbered, or have other characters
    Losses,
    /// All changed names
    Case,
}

fn main() -> ExitCode {
    common::exit_code(|| run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut image = FileSystemImage::new();
    image.set_free_media_blocks(0)?;
    options.names.apply_to(&mut image)?;
    let summary = image
        .root_mut()
        .add_tree_with(&options.source, &options.names.tree_options())?;
    common::note_left_out(summary.left_out.iter(), usize::MAX);
    list(&image, options.changed)
}

fn list(image: &FileSystemImage, changed: Option<Changed>) -> Result<(), Box<dyn Error>> {
    let mut output = BufWriter::new(StandardOutput::lock());
    write!(output, "path")?;
    for file_system in image.file_systems_to_create() {
        write!(output, "\t{file_system}")?;
    }
    writeln!(output)?;

    let mut in_case_only = 0_u64;
    for item in image.root().descendants() {
        let mut line = Printable(item.full_path()).to_string();
        let mut changes = NameChange::empty();
        for file_system in image.file_systems_to_create() {
            line += "\t";
            line += &Printable(item.file_system_name(file_system)?).to_string();
            let reasons = item.name_change(file_system)?;
            if !reasons.is_empty() {
                line += &format!(" ({reasons})");
                changes |= reasons;
            }
        }
        match changed {
            Some(_) if changes.is_empty() => {}
            Some(Changed::Losses) if changes == NameChange::CASE => in_case_only += 1,
            _ => writeln!(output, "{line}")?,
        }
    }
    output.flush()?;
    if in_case_only > 0 {
        common::note(format_args!(
            "{in_case_only} names change in case only (--changed=case lists them)"
        ));
    }
    Ok(())
}

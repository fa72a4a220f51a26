//! Lists the names that each file system of an image would use, without writing one.
//!
//!     cargo run --release --example list_names -- <SOURCE_DIR>

mod common;

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use imapi2fs::{FileSystemImage, Finding, Printable};

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

    /// List only items whose name is changed somewhere
    #[arg(long)]
    changed: bool,
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

fn list(image: &FileSystemImage, only_changed: bool) -> Result<(), Box<dyn Error>> {
    let mut changes = HashMap::new();
    for finding in image.report() {
        if let Finding::NameChanged {
            path,
            file_system,
            reasons,
            ..
        } = finding
        {
            changes.insert((path, file_system), reasons);
        }
    }

    let mut output = BufWriter::new(StandardOutput::lock());
    write!(output, "path")?;
    for file_system in image.file_systems_to_create() {
        write!(output, "\t{file_system}")?;
    }
    writeln!(output)?;

    for item in image.root().descendants() {
        let path = item.full_path();
        let mut line = Printable(&path).to_string();
        let mut changed = false;
        for file_system in image.file_systems_to_create() {
            line += "\t";
            line += &Printable(item.file_system_name(file_system)?).to_string();
            if let Some(reasons) = changes.get(&(path.clone(), file_system)) {
                line += &format!(" ({reasons})");
                changed = true;
            }
        }
        if changed || !only_changed {
            writeln!(output, "{line}")?;
        }
    }
    output.flush()?;
    Ok(())
}

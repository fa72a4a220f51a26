//! Adds the contents of a directory to a disc image, as another session.
//!
//!     cargo run --release --example append_session -- <IMAGE> <SOURCE_DIR>

#[path = "../common/interrupt.rs"]
mod interrupt;
#[path = "../common/labels.rs"]
mod labels;
#[path = "../common/messages.rs"]
mod messages;
#[path = "../common/progress.rs"]
mod progress;
#[path = "../common/tree.rs"]
mod tree;

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Parser;
use imapi2fs::{
    FileSystemImage, FileSystems, ImportLeftOut, ImportOptions, InterchangeLevel, Locking,
    MultisessionInterface, RandomWriteImage, ResultImage, SequentialImage, WritableFile,
    WriteOptions,
};

use interrupt::{INTERRUPTED, interrupts};
use messages::note;
use progress::Progress;
use tree::TreeArgs;

/// The number of left-out items listed without `--report`.
const NAMED: usize = 10;

/// Adds the contents of a directory to a disc image, as another session
///
/// Files that are both on the disc and in the directory are replaced, all others stay; unchanged data is not recorded
/// again. The image keeps the file systems and the UDF revision of the disc. If that is ISO 9660 alone, whose names are
/// in upper case, names that differ only by case are the same. Where names become equal in ISO 9660 or Joliet, the new
/// one is numbered.
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version, after_long_help = DETAILS)]
struct Options {
    /// The image, or a device; it is changed in place
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// The directory to add; it may also be a single file
    #[arg(value_name = "SOURCE_DIR")]
    source: PathBuf,

    /// Leave everything recorded unchanged, as on a write-once disc; readers must know where the last session begins
    #[arg(long)]
    sequential: bool,

    /// Also continue a session that another program recorded; the new session has only its names, times and data, not
    /// owners and modes, and makes ISO 9660 names beside UDF or Joliet anew
    #[arg(long)]
    foreign: bool,

    /// Also continue a disc whose ISO 9660 has Rock Ridge, which the new session lacks: links, modes, owners, and names
    /// that neither UDF nor Joliet has, are lost
    #[arg(long)]
    drop_rock_ridge: bool,

    /// Also continue a disc that lacks data of files, such as a truncated image; damaged items are listed, and not in
    /// the new session
    #[arg(long)]
    damaged: bool,

    /// Also continue a disc with data after the last session found; the new session follows that data
    #[arg(long)]
    after_unknown: bool,

    /// Remove this path of the disc, with everything below it; can be given several times
    #[arg(long, value_name = "PATH")]
    remove: Vec<String>,

    /// The volume's name [default: that of the disc]
    #[arg(long, value_name = "NAME")]
    volume_name: Option<String>,

    /// How far ISO 9660 names and files are restricted: 1, 2 or 3 [default: as on the disc, else 3]; below the level of
    /// the disc, its items get shorter names, and deep directories and large files are refused
    #[arg(long, visible_alias = "iso-level", value_name = "LEVEL")]
    interchange_level: Option<InterchangeLevel>,

    #[command(flatten)]
    tree: TreeArgs,

    /// List every item left out, not only the first
    #[arg(long)]
    report: bool,

    /// Wait while another program is writing to the image [default: fail]
    #[arg(long)]
    wait: bool,

    /// Do not lock the image, for file systems without locks; nothing else may write to it
    #[arg(long, conflicts_with = "wait")]
    no_lock: bool,
}

const DETAILS: &str = "\
What leads to the new session is written last, and only when all else is on the
disc: whatever interrupts the program before, the old session stays as it was.
In the end the image is opened again: unless the new session is what a reader
finds, the image is put back as it was, and the program fails.

The image is locked from the start to the end against others that add to it,
not against readers.

With --sequential, what follows on the last session in a file is kept, and the
new session goes behind it, unless it is all zeros (64 MiB at most are looked
at) or what an interrupted writer left: that is cut off.";

/// Why the image cannot be continued or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot continue {}{}", .image.display(), .way_out)]
struct ImageError {
    image: PathBuf,
    /// The advice.
    way_out: &'static str,
    source: imapi2fs::Error,
}

fn main() -> ExitCode {
    messages::exit_code(|| run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let failed = |source| ImageError {
        image: options.image.clone(),
        way_out: options.way_out(&source),
        source,
    };
    let disc = WritableFile::open(&options.image, options.locking()).map_err(failed)?;
    let disc = Arc::new(disc);
    let (mut image, imported) = continued(&disc, options).map_err(failed)?;
    for path in &options.remove {
        if image.item(path)?.is_directory() {
            image.root_mut().remove_tree(path)?;
        } else {
            image.root_mut().remove(path)?;
        }
    }
    let tree = options
        .tree
        .options()
        .exclude(&options.image)
        .ignore_case(imported == FileSystems::ISO9660);
    let summary = progress::spin(&options.source, || {
        image.root_mut().add_tree_with(&options.source, &tree)
    })?;
    tree::note_left_out(summary.left_out.iter(), options.named());
    let result = image.create_result_image()?;
    if options.sequential {
        note(format_args!(
            "the session begins at block {}",
            image.session_start_block()
        ));
    }
    write(&result, &disc).map_err(failed)?;
    Ok(())
}

impl Options {
    /// Returns the number of left-out items to list.
    fn named(&self) -> usize {
        if self.report { usize::MAX } else { NAMED }
    }

    const fn locking(&self) -> Locking {
        if self.wait {
            Locking::Wait
        } else if self.no_lock {
            Locking::Skip
        } else {
            Locking::Refuse
        }
    }

    /// Returns this program's advice about an error.
    const fn way_out(&self, error: &imapi2fs::Error) -> &'static str {
        match error {
            imapi2fs::Error::LockDisc(_) => " (--no-lock adds to it without a lock)",
            imapi2fs::Error::SessionNotFound { .. } if self.sequential => {
                " (without --sequential, its start is rewritten to lead to the new session)"
            }
            _ => "",
        }
    }
}

/// Returns an image with the contents of the disc, and the file system they are from.
fn continued(
    disc: &Arc<WritableFile>,
    options: &Options,
) -> imapi2fs::Result<(FileSystemImage, FileSystems)> {
    let disc = Arc::clone(disc);
    let interface = if options.sequential {
        MultisessionInterface::sequential(SequentialImage::open(disc)?)
    } else {
        MultisessionInterface::random_write(RandomWriteImage::new(disc))
    };
    let mut image = FileSystemImage::new();
    if let Some(level) = options.interchange_level {
        image.set_iso9660_interchange_level(level)?;
    }
    image.set_import_options(
        ImportOptions::new()
            .other_producers(options.foreign)
            .drop_rock_ridge(options.drop_rock_ridge)
            .damaged_files(options.damaged)
            .unknown_blocks(options.after_unknown),
    );
    image.set_multisession_interfaces(vec![interface])?;
    let summary = image.import_file_system()?;
    tree::note_left_out(summary.left_out.iter().map(described), options.named());
    for path in summary.encoded.iter().take(options.named()) {
        note(format_args!(
            "{path} is compressed on the disc and stays so, without a mark"
        ));
    }
    match (options.interchange_level, summary.interchange_level) {
        (Some(level), Some(recorded)) if level < recorded => note(format_args!(
            "the disc has level {recorded}: what it has may get shorter names in ISO 9660"
        )),
        // No existing item changes its name at any level.
        (None, None) => image.set_iso9660_interchange_level(InterchangeLevel::Three)?,
        _ => {}
    }
    if let Some(name) = &options.volume_name {
        image.set_volume_name(name.as_str())?;
        labels::note_labels(&image, None);
    }
    Ok((image, summary.file_system))
}

/// Describes an item of the disc that is not in the image, and why.
fn described(left_out: &ImportLeftOut) -> String {
    match left_out {
        ImportLeftOut::SymbolicLink { path, target } => format!("{path}: is a link to {target}"),
        ImportLeftOut::Special { path } => format!("{path}: is neither a file nor a directory"),
        ImportLeftOut::Damaged { path, missing } => {
            format!("{path}: {missing} bytes of its data are not on the disc")
        }
        ImportLeftOut::Unreadable { path, reason } => format!("{path}: cannot be read: {reason}"),
        ImportLeftOut::BootImage { block } => {
            format!("what the disc boots from: block {block} of it is not on the disc")
        }
        left_out => format!("{left_out:?}"),
    }
}

/// Adds the session to the image.
fn write(result: &ResultImage, disc: &Arc<WritableFile>) -> imapi2fs::Result<()> {
    let is_interrupted = interrupts();
    let mut bar = None;
    let written = result.append_to_with(disc, &WriteOptions::new(), |at| {
        if is_interrupted.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        let bar = bar.get_or_insert_with(|| Progress::new(at.bytes_total()));
        bar.update(at.bytes_done(), || at.current())
    });
    match written {
        Err(imapi2fs::Error::Cancelled) => process::exit(INTERRUPTED),
        written => written.map(drop),
    }
}

//! Adds what is in a directory to a disc image, as another session.
//!
//!     cargo run --release --example append_session -- <IMAGE> <SOURCE_DIR>

#[path = "../common/messages.rs"]
mod messages;
#[path = "../common/progress.rs"]
mod progress;
#[path = "../common/tree.rs"]
mod tree;

use std::error::Error;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use imapi2fs::{
    FileDisc, FileSystemImage, FileSystems, ImportLeftOut, ImportOptions, InterchangeLevel,
    MultisessionInterface, RandomWriteImage, ResultImage, SequentialImage,
};

use messages::note;
use progress::Progress;
use tree::TreeArgs;

/// How many of the items left out are named without `--report`.
const NAMED: usize = 10;

/// Bytes that are copied at a time.
const CHUNK: usize = 1 << 18;

/// Set when the user interrupts.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Adds what is in a directory to a disc image, as another session
///
/// Files that are on the disc and in the directory are replaced, all others stay; what has not changed is not recorded
/// again. The image has the file systems and the UDF revision that the disc has. Where that is ISO 9660 alone, whose
/// names are in upper case, names that differ only by case are the same.
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version, after_long_help = DETAILS)]
struct Options {
    /// The image, or a device; it is changed in place
    #[arg(value_name = "IMAGE")]
    image: PathBuf,

    /// The directory to add; it may also be a single file
    #[arg(value_name = "SOURCE_DIR")]
    source: PathBuf,

    /// Leave all that is recorded as it is, as on a disc that can be written once; readers must know where the last
    /// session begins
    #[arg(long)]
    sequential: bool,

    /// Continue also what another program recorded; of that, only names, times and data are in the new session, not
    /// owners and modes
    #[arg(long)]
    foreign: bool,

    /// Continue also a disc whose ISO 9660 has Rock Ridge, which is not in the new session: links, modes and owners are
    /// lost
    #[arg(long)]
    drop_rock_ridge: bool,

    /// Remove this path of the disc, with all that is below it; can be given several times
    #[arg(long, value_name = "PATH")]
    remove: Vec<String>,

    /// The volume's name [default: the one the disc has]
    #[arg(long, value_name = "NAME")]
    volume_name: Option<String>,

    /// How far ISO 9660 names and files are restricted: 1, 2 or 3; at 3 what the disc has keeps its names, below it may
    /// get shorter ones, and deep directories and large files are refused
    #[arg(
        long,
        visible_alias = "iso-level",
        value_name = "LEVEL",
        default_value_t = InterchangeLevel::Three
    )]
    interchange_level: InterchangeLevel,

    #[command(flatten)]
    tree: TreeArgs,

    /// Name every item left out, not only the first
    #[arg(long)]
    report: bool,
}

const DETAILS: &str = "\
What leads to the new session is written last, and only when all else is on the
disc: whatever interrupts the program before, the old session stays as it was.

With --sequential, what follows on the last session in a file is kept, and the
new session goes behind it, unless it is all zeros (64 MiB at most are looked
at) or what an interrupted writer left: that is cut off.";

/// Why the image cannot be continued or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot continue {}", .image.display())]
struct ImageError {
    image: PathBuf,
    source: Box<dyn Error>,
}

fn main() -> ExitCode {
    messages::exit_code(|| run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let failed = |source: Box<dyn Error>| ImageError {
        image: options.image.clone(),
        source,
    };
    let (mut image, imported) = continued(options).map_err(failed)?;
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
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))?;
    write(&result, image.session_start_block(), options).map_err(failed)?;
    Ok(())
}

impl Options {
    /// How many of the items left out are named.
    fn named(&self) -> usize {
        if self.report { usize::MAX } else { NAMED }
    }
}

/// An image that has what the disc has, and the file system it is from.
fn continued(options: &Options) -> Result<(FileSystemImage, FileSystems), Box<dyn Error>> {
    let disc = FileDisc::open(&options.image)?;
    let interface = if options.sequential {
        MultisessionInterface::sequential(SequentialImage::open(disc)?)
    } else {
        MultisessionInterface::random_write(RandomWriteImage::new(disc))
    };
    let mut image = FileSystemImage::new();
    image.set_iso9660_interchange_level(options.interchange_level)?;
    image.set_import_options(
        ImportOptions::new()
            .other_producers(options.foreign)
            .drop_rock_ridge(options.drop_rock_ridge),
    );
    image.set_multisession_interfaces(vec![interface])?;
    let summary = image.import_file_system()?;
    tree::note_left_out(summary.left_out.iter().map(described), options.named());
    for path in summary.encoded.iter().take(options.named()) {
        note(format_args!(
            "{path} is compressed on the disc and stays so, without a mark"
        ));
    }
    let name = match &options.volume_name {
        Some(name) => name.clone(),
        None => image.imported_volume_name().unwrap_or_default().to_owned(),
    };
    image.set_volume_name(name)?;
    Ok((image, summary.file_system))
}

/// What of the disc is not in the image, and why.
fn described(left_out: &ImportLeftOut) -> String {
    match left_out {
        ImportLeftOut::SymbolicLink { path, target } => format!("{path}: is a link to {target}"),
        ImportLeftOut::Special { path } => format!("{path}: is neither a file nor a directory"),
        left_out => format!("{left_out:?}"),
    }
}

/// Writes what is new, and last what leads to it.
fn write(result: &ResultImage, start: u32, options: &Options) -> Result<(), Box<dyn Error>> {
    let mut file = File::options().write(true).open(&options.image)?;
    let old_len = file.metadata()?.len();
    let block = u64::from(result.block_size());
    // Where in the image each range is, and where in the file it goes.
    let ranges: Vec<(u64, u64, u64)> = match result.modified_blocks() {
        None => {
            let at = u64::from(start) * block;
            // The first descriptor comes last: without it, the session is not found. Those behind it come first: by them
            // it is known that what lies there is no more than the rest of a session.
            let [descriptor, head] = [17, 257].map(|end| result.len().min(end * block));
            [(descriptor, head), (head, result.len()), (0, descriptor)]
                .into_iter()
                .map(|(from, to)| (from, at + from, to - from))
                .collect()
        }
        Some(ranges) => ranges
            .into_iter()
            .map(|range| {
                let first = u64::from(*range.start()) * block;
                (first, first, range.count() as u64 * block)
            })
            .collect(),
    };
    if options.sequential && file.metadata()?.is_file() {
        // What an interrupted writer left there would be in the way of the session after this one.
        file.set_len(old_len.min(u64::from(start) * block))?;
    }
    let written = (|| {
        // Nothing leads to the first range, nor to the first two of a session alone.
        let (body, lead) = ranges.split_at(if result.modified_blocks().is_some() {
            1
        } else {
            2
        });
        let total = body.iter().map(|(_, _, len)| len).sum();
        let mut bar = Progress::new(total);
        let mut before = 0;
        for range in body {
            file.sync_data()?;
            copy(result, &mut file, *range, &mut |done| {
                let block = u32::try_from((range.0 + done) / block).unwrap_or(u32::MAX);
                let item = || result.progress_items().from_block(block);
                let _ = bar.update(before + done, || {
                    item().map_or(String::new(), |item| item.description().to_owned())
                });
                !INTERRUPTED.load(Ordering::Relaxed)
            })?;
            before += range.2;
        }
        Ok::<_, Box<dyn Error>>(lead.to_vec())
    })();
    match written {
        Ok(lead) => {
            // These are a few blocks, which nothing interrupts. What leads to others is written when they are there.
            for range in lead {
                file.sync_data()?;
                copy(result, &mut file, range, &mut |_| true)?;
            }
            file.sync_all()?;
            Ok(())
        }
        Err(error) => {
            // Nothing leads there; a device cannot be cut.
            let _ = file.set_len(old_len);
            Err(error)
        }
    }
}

/// Copies a range; `goes_on` is told what has been copied, and may say that it is enough.
fn copy(
    result: &ResultImage,
    file: &mut File,
    (from, to, len): (u64, u64, u64),
    goes_on: &mut dyn FnMut(u64) -> bool,
) -> Result<(), Box<dyn Error>> {
    let mut stream = result.image_stream();
    stream.seek(SeekFrom::Start(from))?;
    file.seek(SeekFrom::Start(to))?;
    let mut chunk = vec![0; CHUNK];
    let mut done = 0;
    while done < len {
        if !goes_on(done) {
            return Err("interrupted".into());
        }
        let wanted = (len - done).min(CHUNK as u64) as usize;
        stream.read_exact(&mut chunk[..wanted])?;
        file.write_all(&chunk[..wanted])?;
        done += wanted as u64;
    }
    Ok(())
}

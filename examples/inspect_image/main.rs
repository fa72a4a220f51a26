//! Shows the contents of a disc image: sessions, file systems, and the files and directories of one of them.
//!
//!     cargo run --release --example inspect_image -- <IMAGE>

#[path = "../common/disc.rs"]
mod disc;
#[path = "../common/findings.rs"]
mod findings;
mod json;
#[path = "../common/messages.rs"]
mod messages;
#[path = "../common/stdout.rs"]
mod stdout;

use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;
use imapi2fs::{
    ImagePath, Printable, RecordedBootEntry, RecordedDisc, RecordedItem, RecordedKind,
    RecordedVolume,
};

use disc::DiscOptions;
use messages::{note, with_causes};
use stdout::StandardOutput;

/// Shows the contents of a disc image: sessions, file systems, and the files and directories of one of them
///
/// Prints one line per item, its columns separated by tabs: its kind, its length in bytes, when it was modified, and
/// its path. An item is `unreadable` if only its name can be read. Faults of the image go to standard error.
#[derive(Parser)]
#[command(name = env!("CARGO_CRATE_NAME"), version, after_long_help = DETAILS)]
struct Options {
    #[command(flatten)]
    disc: DiscOptions,

    /// Write one object of JSON
    #[arg(long)]
    json: bool,
}

const DETAILS: &str = "\
Exit status:
  0  All could be read
  1  Some or all could not
  2  The command line is wrong";

fn main() -> ExitCode {
    messages::exit_code(|| run(&Options::parse()))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let disc = options.disc.open()?;
    let mut output = BufWriter::new(StandardOutput::lock());
    if !options.json {
        describe(&disc, &mut output)?;
        output.flush()?;
    }
    let volume = options.disc.volume(&disc)?;
    let unread = if options.json {
        json::write(&disc, &volume, output)?
    } else {
        list(&volume, output)?
    };
    for finding in volume.findings() {
        note(findings::line(&finding));
    }
    if let Some(unknown) = disc.unknown_blocks() {
        note(unknown);
    }
    match unread {
        0 => Ok(()),
        1 => Err("one item or directory could not be read".into()),
        unread => Err(format!("{unread} items or directories could not be read").into()),
    }
}

/// Prints the sessions and file systems.
fn describe(disc: &RecordedDisc, mut output: impl Write) -> io::Result<()> {
    for (number, session) in disc.sessions().iter().enumerate() {
        let (start, file_systems) = (session.start_block(), session.file_systems());
        write!(output, "session {number} at block {start}: {file_systems}")?;
        match session.boot_catalog_block() {
            Some(block) => writeln!(output, "; boot catalog at block {block}")?,
            None => writeln!(output)?,
        }
        if session.is_boot_stub() {
            writeln!(
                output,
                "  its ISO 9660 is a boot stub, the files are in UDF"
            )?;
        }
    }
    for entry in boot_entries(disc) {
        writeln!(output, "{}", boot_line(&entry))?;
    }
    for volume in volumes(disc) {
        writeln!(
            output,
            "{} `{}`",
            format_of(&volume),
            Printable(volume.name())
        )?;
    }
    Ok(())
}

/// Returns the boot entries of the session, as far as its catalog makes sense.
fn boot_entries(disc: &RecordedDisc) -> Vec<RecordedBootEntry> {
    disc.boot_entries().unwrap_or_else(|error| {
        note(of_error(&error));
        Vec::new()
    })
}

fn boot_line(entry: &RecordedBootEntry) -> String {
    let emulation = entry.emulation;
    let emulation =
        emulation.map_or_else(|| "unknown".to_owned(), |emulation| emulation.to_string());
    let mut line = format!(
        "boot image for {} at block {}: emulation {emulation}, loads {} sectors at {:#06x}",
        entry.platform, entry.block, entry.sector_count, entry.load_segment
    );
    if !entry.manufacturer.is_empty() {
        line += &format!(", by `{}`", Printable(&entry.manufacturer));
    }
    if !entry.is_bootable {
        line += ", not bootable";
    }
    line
}

/// Returns the volumes of the session, as far as they can be opened.
fn volumes(disc: &RecordedDisc) -> Vec<RecordedVolume> {
    let open = |file_system| match disc.volume(file_system) {
        Ok(volume) => Some(volume),
        Err(error) => {
            note(of_error(&error));
            None
        }
    };
    disc.file_systems().iter().filter_map(open).collect()
}

fn format_of(volume: &RecordedVolume) -> String {
    let mut format = volume.file_system().to_string();
    if let Some(revision) = volume.udf_revision() {
        format += &format!(" {revision}");
    }
    if volume.has_rock_ridge() {
        format += " with Rock Ridge";
    }
    format
}

/// Formats an error with its causes, and with the rule that the disc violates, if there is one.
fn of_error(error: &imapi2fs::Error) -> String {
    let text = with_causes(error);
    match error.finding() {
        Some(finding) => format!("{text} [{}]", findings::rule(&finding)),
        None => text,
    }
}

/// Lists all items; returns how many could not be read.
fn list(volume: &RecordedVolume, mut output: impl Write) -> io::Result<usize> {
    writeln!(output, "\n{}:", format_of(volume))?;
    let mut unread = 0;
    for item in volume.walk() {
        match item {
            Ok(item) => {
                writeln!(output, "{}", line(&item))?;
                if let Some(message) = cut_short(&item) {
                    note(message);
                    unread += 1;
                }
            }
            Err(error) => {
                if let Some(path) = unreadable(&error) {
                    writeln!(output, "unreadable\t-\t-\t{}", Printable(path))?;
                }
                note(of_error(&error));
                unread += 1;
            }
        }
    }
    output.flush()?;
    Ok(unread)
}

/// Returns a message if some of an item's data cannot be read.
fn cut_short(item: &RecordedItem) -> Option<String> {
    let missing = item.missing_len();
    (missing > 0).then(|| {
        format!(
            "{} is cut short: {missing} of its {} bytes lie past the end of the image",
            item.path(),
            item.len()
        )
    })
}

/// Returns the path of an item if only its name is known; other errors are about items that are already listed.
fn unreadable(error: &imapi2fs::Error) -> Option<&ImagePath> {
    match error {
        imapi2fs::Error::ReadItem { path, .. } => Some(path),
        _ => None,
    }
}

fn line(item: &RecordedItem) -> String {
    let time = item
        .last_modified_time()
        .map_or_else(|| "-".to_owned(), |time| time.to_string());
    let mut kind = kind(item.kind()).to_owned();
    for (is, word) in [
        (item.is_hidden(), "hidden"),
        (item.is_real_time(), "real-time"),
    ] {
        if is {
            kind = format!("{word} {kind}");
        }
    }
    let mut line = format!("{kind}\t{}\t{time}\t{}", item.len(), Printable(item.path()));
    if let RecordedKind::SymbolicLink { target } = item.kind() {
        line += &format!(" -> {}", Printable(target));
    }
    for stream in item.streams() {
        line += &format!(
            "\nstream\t{}\t-\t{}",
            stream.len(),
            Printable(stream.path())
        );
    }
    line
}

fn kind(kind: RecordedKind<'_>) -> &str {
    match kind {
        RecordedKind::Directory => "directory",
        RecordedKind::File => "file",
        RecordedKind::SymbolicLink { .. } => "link",
        RecordedKind::Encoded(form) => form,
        RecordedKind::Special(name) => name,
        _ => "other",
    }
}

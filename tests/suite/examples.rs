//! The programs in `examples/`, run as their users run them.

mod append;
mod boot;
mod build;
mod extract;
mod inspect;
mod messages;
mod parts;
mod report;
#[cfg(unix)]
mod unix;

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use imapi2fs::{
    FileSystemImage, FileSystems, InterchangeLevel, Timestamp, TreeOptions, UdfRevision,
};
use tempfile::TempDir;

use crate::support::bytes::le32;

const EPOCH: &str = "1000000000";

/// One example with its arguments, whose output is kept.
///
/// `cargo test` builds the examples and puts them beside the folder of this test.
fn example(name: &str) -> Command {
    let test = env::current_exe().unwrap();
    let program = test
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not built: run `cargo build --examples` first, for the same target and profile",
        program.display()
    );

    let runner = runner().unwrap_or_default();
    let mut words = runner.split_whitespace();
    let mut command = match words.next() {
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.env_remove("SOURCE_DATE_EPOCH");
    command
}

/// The emulator that cargo runs this test with when it is built for another machine.
fn runner() -> Option<String> {
    let arch = env::consts::ARCH.to_uppercase();
    env::var(format!("CARGO_TARGET_{arch}_UNKNOWN_LINUX_GNU_RUNNER")).ok()
}

fn build_image() -> Command {
    example("build_image")
}

fn list_names() -> Command {
    example("list_names")
}

fn inspect_image() -> Command {
    example("inspect_image")
}

fn extract_image() -> Command {
    example("extract_image")
}

fn append_session() -> Command {
    example("append_session")
}

/// `command`, started by `launcher`, which takes a command line as its last arguments.
#[cfg(unix)]
fn started_by(launcher: &[&str], command: &Command) -> Command {
    let mut started = Command::new(launcher[0]);
    started
        .args(&launcher[1..])
        .arg(command.get_program())
        .args(command.get_args())
        .env_remove("SOURCE_DATE_EPOCH");
    started
}

/// What a program printed, when it ended well.
#[track_caller]
fn succeeds(command: &mut Command) -> (Vec<u8>, String) {
    let (status, stdout, stderr) = run(command);
    assert_eq!(status, Some(0), "{stderr}");
    (stdout, stderr)
}

/// The only line on standard error, when the program ended with status 1.
#[track_caller]
fn fails(command: &mut Command) -> String {
    let (status, _, stderr) = run(command);
    assert_eq!(status, Some(1), "{stderr}");
    one_line(&stderr)
}

#[track_caller]
fn one_line(stderr: &str) -> String {
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    let (program, message) = lines[0]
        .split_once(": ")
        .expect("a program's name and a message");
    assert!(
        [
            "build_image",
            "list_names",
            "inspect_image",
            "extract_image",
            "append_session",
            "build_parts"
        ]
        .contains(&program),
        "{stderr}"
    );
    message.to_owned()
}

fn run(command: &mut Command) -> (Option<i32>, Vec<u8>, String) {
    /// What Wine says now and then when it is to start a program.
    const INTERNAL_ERROR: i32 = 1359;
    let output = match command.output() {
        Err(error) if cfg!(windows) && error.raw_os_error() == Some(INTERNAL_ERROR) => {
            command.output()
        }
        output => output,
    };
    let Output {
        status,
        stdout,
        stderr,
    } = output.unwrap();
    (status.code(), stdout, String::from_utf8(stderr).unwrap())
}

#[track_caller]
fn assert_names(message: &str, path: &Path) {
    assert!(
        message.contains(&path.display().to_string()),
        "`{message}` does not name {}",
        path.display()
    );
}

/// A directory to make images of, and beside it room for them.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            root: TempDir::new().unwrap(),
        };
        fs::create_dir_all(place.source().join("Photos of 2024")).unwrap();
        fs::write(place.source().join("Read me, please.text"), "hello").unwrap();
        fs::write(
            place.source().join("Photos of 2024").join("a.jpg"),
            vec![7; 10_000],
        )
        .unwrap();
        place
    }

    fn source(&self) -> PathBuf {
        self.root.path().join("source")
    }

    fn output(&self) -> PathBuf {
        self.root.path().join("out.iso")
    }

    /// Adds a file that is long to read and takes no room.
    fn with_sparse_file(self, name: &str, len: u64) -> Self {
        let file = File::create(self.source().join(name)).unwrap();
        file.set_len(len).unwrap();
        self
    }

    /// What lies beside the source.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.root.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "source")
            .collect();
        names.sort();
        names
    }
}

/// An image of the source, of ISO 9660 and Joliet.
fn built(place: &Place) -> PathBuf {
    built_of(place, "iso9660,joliet")
}

/// An image of the source, of these file systems.
fn built_of(place: &Place, file_systems: &str) -> PathBuf {
    let output = place.output();
    let mut command = build_image();
    command.args(["--file-systems", file_systems, "--volume-name", "LABEL"]);
    command.env("SOURCE_DATE_EPOCH", EPOCH);
    succeeds(command.arg(place.source()).arg(&output));
    output
}

/// What `inspect_image` prints of an image, with more options.
#[track_caller]
fn inspected(image: &Path, options: &[&str]) -> String {
    let (text, _) = succeeds(inspect_image().args(options).arg(image));
    String::from_utf8(text).unwrap()
}

/// Where the records of the root of ISO 9660 are in an image, the two of directories first.
fn records(image: &[u8]) -> Vec<Range<usize>> {
    let root = &image[16 * 2048 + 156..];
    let (block, len) = (le32(root, 2) as usize, le32(root, 10) as usize);
    let (mut at, end) = (block * 2048, block * 2048 + len);
    let mut records = Vec::new();
    while at < end {
        match usize::from(image[at]) {
            // A record does not reach into the next block.
            0 => at = (at / 2048 + 1) * 2048,
            len => {
                records.push(at..at + len);
                at += len;
            }
        }
    }
    records
}

/// Writes a number in both byte orders.
fn put_both(bytes: &mut [u8], number: u32) {
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes[4..8].copy_from_slice(&number.to_be_bytes());
}

/// Gives the files in the root of ISO 9660, which is one block, what Rock Ridge says of them.
fn add_rock_ridge(image: &Path, entry: &[u8]) {
    let mut bytes = fs::read(image).unwrap();
    let mut root = Vec::new();
    let records = records(&bytes);
    for (number, range) in records.iter().enumerate() {
        let system_use = match number {
            0 => &b"SP\x07\x01\xBE\xEF\0"[..],
            1 => b"",
            _ => entry,
        };
        let start = root.len();
        root.extend_from_slice(&bytes[range.clone()]);
        root.extend_from_slice(system_use);
        root.resize(root.len().next_multiple_of(2), 0);
        root[start] = u8::try_from(root.len() - start).unwrap();
    }
    assert!(root.len() <= 2048);
    let start = records[0].start;
    bytes[start..start + root.len()].copy_from_slice(&root);
    fs::write(image, bytes).unwrap();
}

/// The volume's name as ISO 9660 has it.
fn volume_name(image: &[u8]) -> &str {
    std::str::from_utf8(&image[16 * 2048 + 40..][..32])
        .unwrap()
        .trim_end()
}

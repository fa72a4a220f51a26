//! The programs in `examples/`, run as their users run them.

mod append;
mod boot;
mod extract;
mod parts;

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

/// The volume's name as ISO 9660 has it.
fn volume_name(image: &[u8]) -> &str {
    std::str::from_utf8(&image[16 * 2048 + 40..][..32])
        .unwrap()
        .trim_end()
}

#[test]
fn help_names_every_argument() {
    let (help, _) = succeeds(build_image().arg("--help"));
    let help = String::from_utf8(help).unwrap();
    for argument in [
        "<SOURCE_DIR>",
        "<OUTPUT|->",
        "--file-systems",
        "--interchange-level",
        "--udf-revision",
        "--no-redundant-metadata",
        "--named-streams",
        "--embed-small-files",
        "--file-alignment",
        "--volume-name",
        "--stage-files",
        "--working-directory",
        "--links",
        "--media",
        "--free-blocks",
        "--include-base-directory",
        "--strict",
        "--restricted-characters",
        "--report",
        "--boot",
        "--boot-catalog",
        "--boot-readme",
        "--readers",
        "--sparse",
        "--reflink",
        "SOURCE_DATE_EPOCH",
        "dvd+r",
    ] {
        assert!(help.contains(argument), "no {argument} in {help}");
    }

    let (help, _) = succeeds(list_names().arg("--help"));
    let help = String::from_utf8(help).unwrap();
    for argument in ["<SOURCE_DIR>", "--file-systems", "--links", "--changed"] {
        assert!(help.contains(argument), "no {argument} in {help}");
    }

    for (mut command, argument) in [(inspect_image(), "--json"), (extract_image(), "<DIR>")] {
        let (help, _) = succeeds(command.arg("--help"));
        let help = String::from_utf8(help).unwrap();
        for argument in [
            "<IMAGE>",
            "--file-system",
            "--session",
            "--start",
            "--code-page",
            argument,
        ] {
            assert!(help.contains(argument), "no {argument} in {help}");
        }
    }

    let (help, _) = succeeds(append_session().arg("--help"));
    let help = String::from_utf8(help).unwrap();
    for argument in [
        "<IMAGE>",
        "<SOURCE_DIR>",
        "--sequential",
        "--remove",
        "--interchange-level",
        "--iso-level",
        "--links",
        "--report",
    ] {
        assert!(help.contains(argument), "no {argument} in {help}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_status_2() {
    for arguments in [
        &["source"][..],
        &["source", "out.iso", "--interchange-level", "4"],
        &["source", "out.iso", "--file-systems", "iso9660,fat"],
        &["source", "out.iso", "--udf-revision", "9.99"],
        &["source", "out.iso", "--media", "floppy"],
        &["source", "out.iso", "--file-alignment", "many"],
    ] {
        let (status, stdout, stderr) = run(build_image().args(arguments));
        assert_eq!(
            (status, stdout.len()),
            (Some(2), 0),
            "{arguments:?}: {stderr}"
        );
    }
    assert_eq!(run(&mut list_names()).0, Some(2));
    assert_eq!(run(&mut inspect_image()).0, Some(2));
    assert_eq!(run(extract_image().arg("image")).0, Some(2));
    assert_eq!(run(append_session().arg("image")).0, Some(2));
}

#[test]
fn a_file_and_standard_output_get_the_same_image() {
    let place = Place::new();
    let build = |output: &OsStr| {
        let mut command = build_image();
        command
            .args(["--volume-name", "SAME"])
            .env("SOURCE_DATE_EPOCH", EPOCH);
        command.arg(place.source()).arg(output);
        succeeds(&mut command)
    };

    let quiet = build(place.output().as_os_str());
    assert_eq!(quiet, (Vec::new(), String::new()));
    let file = fs::read(place.output()).unwrap();
    assert_eq!(volume_name(&file), "SAME");

    assert!(build("-".as_ref()).0 == file);
    #[cfg(unix)]
    assert!(build("/dev/stdout".as_ref()).0 == file);
    assert_eq!(place.names(), ["out.iso"]);
}

#[test]
fn source_date_epoch_makes_images_equal() {
    let place = Place::new();
    let build = |epoch: &str| {
        // Long after the epoch, and not the same for both images.
        fs::write(place.source().join("new"), "new").unwrap();
        let mut command = build_image();
        command.env("SOURCE_DATE_EPOCH", epoch);
        command.arg(place.source()).arg("-");
        succeeds(&mut command).0
    };
    let image = build(EPOCH);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(image == build(EPOCH));
    assert!(image != build("1000000001"));
}

#[test]
fn an_unclear_source_date_epoch_is_an_error() {
    let place = Place::new();
    for epoch in ["", "yesterday", "1.5"] {
        let mut command = build_image();
        command.env("SOURCE_DATE_EPOCH", epoch);
        let message = fails(command.arg(place.source()).arg(place.output()));
        assert!(message.starts_with("SOURCE_DATE_EPOCH"), "{message}");
    }
    assert!(place.names().is_empty());
}

#[test]
fn explicit_options_overrule_the_medium_in_any_order() {
    let place = Place::new();
    let build = |options: &[&str]| {
        let mut command = build_image();
        command.args(options).env("SOURCE_DATE_EPOCH", EPOCH);
        let (_, stderr) = succeeds(command.arg(place.source()).arg(place.output()));
        (stderr, fs::read(place.output()).unwrap())
    };
    let media = ["--media", "cd-r"];
    let others = ["--free-blocks", "12345", "--file-systems", "udf"];

    let (choice, image) = build(&[&media[..], &others].concat());
    assert_eq!(
        choice,
        "build_image: cd-r: UDF 1.02; at most 12345 blocks\n"
    );
    assert!((choice, image) == build(&[&others[..], &media].concat()));

    let (choice, _) = build(&media);
    assert!(
        choice.starts_with("build_image: cd-r: ISO 9660, Joliet"),
        "{choice}"
    );
    assert!(!choice.contains("12345"), "{choice}");
}

/// The program's image is the one that the library makes with the same settings.
#[test]
fn options_of_udf_are_the_settings_of_the_library() {
    let place = Place::new();
    #[cfg(target_os = "linux")]
    let has_streams = {
        let text = place.source().join("Read me, please.text");
        xattr::set(&text, "user.author", b"me").is_ok()
    };
    #[cfg(not(target_os = "linux"))]
    let has_streams = false;
    let mut command = build_image();
    command
        .args([&place.source(), &place.output()])
        .args(["--file-systems", "udf", "--udf-revision", "2.60"])
        .args(["--no-redundant-metadata", "--embed-small-files"])
        .args(["--file-alignment", "4", "--volume-name", "all"])
        .env("SOURCE_DATE_EPOCH", "1000");
    if has_streams {
        command.arg("--named-streams");
    }
    succeeds(&mut command);

    let mut image = FileSystemImage::with_time(Timestamp::from_unix(1000));
    image.set_file_systems_to_create(FileSystems::UDF).unwrap();
    image.set_udf_revision(UdfRevision::V2_60).unwrap();
    image.set_create_redundant_udf_metadata_files(false);
    image.set_embed_small_files(true);
    image.set_file_alignment(4).unwrap();
    image.set_volume_name("all").unwrap();
    let options = TreeOptions::new()
        .latest_time(Timestamp::from_unix(1000))
        .named_streams(has_streams);
    let summary = image.root_mut().add_tree_with(place.source(), &options);
    assert_eq!(summary.unwrap().streams, u64::from(has_streams));
    let mut expected = Vec::new();
    let result = image.create_result_image().unwrap();
    result.write_to(&mut expected).unwrap();
    assert!(fs::read(place.output()).unwrap() == expected);

    if has_streams {
        let mut command = build_image();
        command.args([&place.source(), &place.output()]);
        let (_, stderr) = succeeds(command.arg("--named-streams"));
        assert!(stderr.contains("left out 1 named stream"), "{stderr}");
    }
}

#[test]
fn no_medium_means_no_limit() {
    // More than the library's own default, a disc of 650 MiB, and more than level 2 allows a file.
    let place = Place::new().with_sparse_file("film", 5 << 30);
    let mut command = build_image();
    command.arg(place.source()).arg("-");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut start = vec![0; 17 * 2048];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    assert_eq!(&start[16 * 2048..][..6], b"\x01CD001");
    child.wait().unwrap();

    let mut command = build_image();
    command.args(["--free-blocks", "2000000"]);
    let message = fails(command.arg(place.source()).arg("-"));
    assert!(message.contains("2000000"), "{message}");
}

#[test]
fn strict_means_level_2_unless_told_otherwise() {
    let place = Place::new();
    let mut strict = build_image();
    strict.arg("--strict").arg(place.source()).arg("-");
    succeeds(&mut strict);
    fails(strict.args(["--interchange-level", "3"]));
}

#[test]
fn the_report_goes_where_the_image_does_not() {
    let place = Place::new();
    let mut command = build_image();
    command.arg("--report").arg(place.source());

    let (stdout, stderr) = succeeds(command.arg(place.output()));
    assert_eq!(stderr, "");
    let report = String::from_utf8(stdout).unwrap();
    assert!(
        report
            .lines()
            .any(|line| line.contains("/Read me, please.text")),
        "{report}"
    );

    let mut command = build_image();
    let (_, stderr) = succeeds(command.arg("--report").arg(place.source()).arg("-"));
    assert_eq!(stderr, report);
}

#[test]
fn a_missing_source_is_named() {
    let place = Place::new();
    let source = place.root.path().join("nowhere");
    assert_names(
        &fails(build_image().arg(&source).arg(place.output())),
        &source,
    );
    assert_names(&fails(list_names().arg(&source)), &source);
    assert!(place.names().is_empty());
}

#[test]
fn the_source_may_be_a_single_file() {
    let place = Place::new();
    let source = place.source().join("Read me, please.text");
    succeeds(build_image().arg(&source).arg(place.output()));
    let (names, _) = succeeds(list_names().args(["--file-systems", "udf"]).arg(&source));
    let names = String::from_utf8(names).unwrap();
    assert_eq!(
        names,
        "path\tUDF\n/Read me, please.text\tRead me, please.text\n"
    );
}

#[test]
fn a_missing_working_directory_is_named() {
    let place = Place::new();
    let directory = place.root.path().join("nowhere");
    let mut command = build_image();
    command
        .arg("--stage-files")
        .arg("--working-directory")
        .arg(&directory);
    assert_names(
        &fails(command.arg(place.source()).arg(place.output())),
        &directory,
    );
    assert!(place.names().is_empty());
}

#[test]
fn an_output_that_cannot_be_is_named() {
    let place = Place::new();
    for output in [
        place.source(),
        place.root.path().join("nowhere").join("out.iso"),
    ] {
        assert_names(
            &fails(build_image().arg(place.source()).arg(&output)),
            &output,
        );
    }
    assert!(place.names().is_empty());
}

#[test]
fn an_image_that_is_too_big_leaves_the_old_one() {
    let place = Place::new();
    fs::write(place.output(), "old").unwrap();
    fails(
        build_image()
            .args(["--free-blocks", "20"])
            .arg(place.source())
            .arg(place.output()),
    );
    assert_eq!(fs::read(place.output()).unwrap(), b"old");
    assert_eq!(place.names(), ["out.iso"]);
}

/// Starts a program that prints more than a pipe holds, and stops in the middle of it.
///
/// When the first byte comes the tree is complete, and the last ones are far from being made.
fn started(command: &mut Command) -> Child {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.as_mut().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    child
}

/// Lets a program that was started go on; returns what it printed on standard error when it fails.
#[track_caller]
fn then_fails(mut child: Child) -> String {
    if let Some(mut stdout) = child.stdout.take() {
        io::copy(&mut stdout, &mut io::sink()).unwrap();
    }
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    one_line(&stderr)
}

const LONG: u64 = 64 << 20;

/// What may happen to a file between adding and reading it.
const CHANGES: [fn(&Path); 2] = [
    |file| {
        let file = File::options().write(true).open(file).unwrap();
        file.set_len(100).unwrap();
    },
    |file| fs::remove_file(file).unwrap(),
];

#[test]
fn a_source_that_changes_meanwhile_is_named() {
    for change in CHANGES {
        let place = Place::new()
            .with_sparse_file("y", LONG)
            .with_sparse_file("z", LONG);
        let file = place.source().join("z");
        let child = started(build_image().arg(place.source()).arg("-"));
        change(&file);
        assert_names(&then_fails(child), &file);
    }
}

#[test]
fn a_source_that_changes_meanwhile_leaves_the_old_image() {
    let place = Place::new();
    // So many that their report fills a pipe.
    for number in 0..1000 {
        let name = format!("{number} {}", "long name".repeat(10));
        fs::write(place.source().join(name), "").unwrap();
    }
    let file = place.source().join("z");
    for change in CHANGES {
        for old in [None, Some("old")] {
            fs::write(&file, vec![7; 10_000]).unwrap();
            let _ = fs::remove_file(place.output());
            if let Some(old) = old {
                fs::write(place.output(), old).unwrap();
            }

            let mut command = build_image();
            command
                .arg("--report")
                .arg(place.source())
                .arg(place.output());
            let child = started(&mut command);
            change(&file);
            let message = then_fails(child);
            assert_names(&message, &file);
            assert_names(&message, &place.output());
            assert_eq!(fs::read_to_string(place.output()).ok().as_deref(), old);
            assert_eq!(place.names().len(), old.iter().count());
        }
    }
}

#[test]
fn staged_files_may_change_meanwhile() {
    let place = Place::new().with_sparse_file("z", LONG);
    let mut command = build_image();
    let mut child = started(command.arg("--stage-files").arg(place.source()).arg("-"));
    fs::remove_file(place.source().join("z")).unwrap();
    let read = io::copy(&mut child.stdout.take().unwrap(), &mut io::sink()).unwrap();
    assert!(read > LONG);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_an_error() {
    let place = Place::new().with_sparse_file("z", LONG);
    let mut child = started(build_image().arg(place.source()).arg("-"));
    drop(child.stdout.take());
    let message = then_fails(child);
    assert!(
        message.starts_with("cannot write standard output: "),
        "{message}"
    );
}

#[test]
fn the_output_is_not_put_into_itself() {
    let place = Place::new();
    let build = |output: &Path| {
        let mut command = build_image();
        command.env("SOURCE_DATE_EPOCH", EPOCH);
        let (_, stderr) = succeeds(command.arg(place.source()).arg(output));
        (stderr, fs::read(output).unwrap())
    };
    let inside = place.source().join("Photos of 2024").join("out.iso");

    let outside = build(&place.output());
    assert!(outside == build(&inside));
    // Now that it exists it has to be left out.
    let (stderr, image) = build(&inside);
    assert_names(&one_line(&stderr), &inside);
    assert!(image == outside.1);
}

#[test]
fn names_are_listed_with_what_was_changed() {
    let place = Place::new();
    let list = |options: &[&str]| {
        let (stdout, stderr) = succeeds(list_names().args(options).arg(place.source()));
        assert_eq!(stderr, "");
        String::from_utf8(stdout).unwrap()
    };

    let names = list(&[]);
    let lines: Vec<Vec<&str>> = names
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 4, "{names}");
    assert_eq!(lines[0], ["path", "ISO 9660", "Joliet", "UDF"]);
    let [path, iso9660, joliet, udf] = lines[3][..] else {
        panic!("{names}");
    };
    assert_eq!(path, "/Read me, please.text");
    assert!(iso9660.starts_with("READ_ME__PLEASE.TEXT ("), "{names}");
    assert_eq!([joliet, udf], ["Read me, please.text"; 2]);

    let names = list(&["--interchange-level", "1", "--file-systems", "iso9660"]);
    assert!(names.contains("\tREAD_ME_.TEX ("), "{names}");

    assert_eq!(list(&["--changed", "--file-systems", "udf"]), "path\tUDF\n");
    assert!(list(&["--include-base-directory"]).contains("/source/Photos of 2024/a.jpg\t"));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn links_left_out_are_counted_and_reported() {
        let place = Place::new();
        for number in 0..12 {
            symlink("/nowhere", place.source().join(format!("link {number}"))).unwrap();
        }
        let message = fails(build_image().arg(place.source()).arg("-"));
        assert_names(&message, &place.source().join("link 0"));

        for links in ["skip", "skip-unresolvable"] {
            let mut command = build_image();
            command
                .args(["--links", links])
                .arg(place.source())
                .arg("-");
            let (_, stderr) = succeeds(&mut command);
            assert_eq!(stderr.lines().count(), 11, "{stderr}");
            assert!(stderr.contains("left out 2 more"), "{stderr}");
            let (_, stderr) = succeeds(command.arg("--report"));
            assert_eq!(stderr.matches("left out").count(), 12, "{stderr}");
        }
    }

    #[test]
    fn a_new_file_gets_the_usual_permissions() {
        let place = Place::new();
        succeeds(build_image().arg(place.source()).arg(place.output()));
        let usual = place.root.path().join("usual");
        File::create(&usual).unwrap();
        assert_eq!(mode(&place.output()), mode(&usual));
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions() {
        let place = Place::new();
        fs::write(place.output(), "old").unwrap();
        fs::set_permissions(place.output(), fs::Permissions::from_mode(0o751)).unwrap();
        succeeds(build_image().arg(place.source()).arg(place.output()));
        assert_eq!(mode(&place.output()), 0o751);
        assert!(fs::metadata(place.output()).unwrap().len() > 10_000);
    }

    #[test]
    fn what_a_link_leads_to_is_replaced() {
        let place = Place::new();
        fs::create_dir(place.root.path().join("images")).unwrap();
        // From one link to the next, and to a file that is not there yet.
        symlink("next", place.output()).unwrap();
        symlink("images/real.iso", place.root.path().join("next")).unwrap();
        for _ in 0..2 {
            succeeds(build_image().arg(place.source()).arg(place.output()));
            assert!(fs::symlink_metadata(place.output()).unwrap().is_symlink());
            let real = place.root.path().join("images/real.iso");
            assert!(fs::symlink_metadata(&real).unwrap().is_file());
            fs::write(&real, "old").unwrap();
        }
        assert_eq!(place.names(), ["images", "next", "out.iso"]);
    }

    #[test]
    fn a_pipe_is_written_in_place() {
        let place = Place::new();
        let pipe = place.output();
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        succeeds(
            build_image()
                .args(["--volume-name", "PIPED"])
                .arg(place.source())
                .arg(&pipe),
        );
        assert_eq!(volume_name(&reader.join().unwrap()), "PIPED");
        assert_eq!(place.names(), ["out.iso"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_file_behind_standard_output_is_not_put_into_itself() {
        let place = Place::new();
        let inside = place.source().join("out.iso");
        for output in ["-", "/dev/stdout"] {
            let mut command = build_image();
            command
                .arg(place.source())
                .arg(output)
                .stdout(File::create(&inside).unwrap());
            let (_, stderr) = succeeds(&mut command);
            assert_names(&one_line(&stderr), &inside);
            assert!(fs::metadata(&inside).unwrap().len() > 10_000);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_device_is_named() {
        let place = Place::new();
        let message = fails(build_image().arg(place.source()).arg("/dev/full"));
        assert!(message.starts_with("cannot write /dev/full: "), "{message}");
    }

    /// `command` where no file may grow beyond some KiB: what a full disk is like, without one.
    fn cramped(command: &Command) -> Command {
        let limit = r#"trap "" XFSZ; ulimit -f 32; exec "$0" "$@""#;
        started_by(&["sh", "-c", limit], command)
    }

    #[test]
    fn a_full_disk_leaves_the_old_image() {
        let place = Place::new().with_sparse_file("z", 1 << 20);
        fs::write(place.output(), "old").unwrap();
        let mut command = build_image();
        command.arg(place.source()).arg(place.output());
        assert_names(&fails(&mut cramped(&command)), &place.output());
        assert_eq!(fs::read(place.output()).unwrap(), b"old");
        assert_eq!(place.names(), ["out.iso"]);
    }

    #[test]
    fn a_full_working_directory_is_named() {
        let place = Place::new().with_sparse_file("z", 1 << 20);
        let working = place.root.path().join("working");
        fs::create_dir(&working).unwrap();
        let mut command = build_image();
        command
            .arg("--stage-files")
            .arg("--working-directory")
            .arg(&working);
        command.arg(place.source()).arg(place.output());
        assert_names(&fails(&mut cramped(&command)), &working);
        assert_eq!(place.names(), ["working"]);
        assert_eq!(fs::read_dir(working).unwrap().count(), 0);
    }

    /// Waits until `condition` holds, for a minute at most.
    #[track_caller]
    fn wait_until(mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(60), "waited in vain");
            thread::sleep(Duration::from_millis(10));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_interrupt_leaves_the_old_image() {
        for signal in ["INT", "TERM"] {
            let place = Place::new().with_sparse_file("z", 64 << 30);
            fs::write(place.output(), "old").unwrap();
            let mut command = build_image();
            command.arg(place.source()).arg(place.output());
            // Whoever runs the tests may have signals ignored.
            let mut child = started_by(&["env", "--default-signal=HUP,INT,TERM"], &command)
                .spawn()
                .unwrap();
            wait_until(|| place.names().len() == 2);

            let mut kill = Command::new("kill");
            kill.arg(format!("-{signal}")).arg(child.id().to_string());
            assert!(kill.status().unwrap().success());
            wait_until(|| child.try_wait().unwrap().is_some());

            assert_eq!(child.wait().unwrap().code(), Some(130));
            assert_eq!(fs::read(place.output()).unwrap(), b"old");
            assert_eq!(place.names(), ["out.iso"]);
        }
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

#[test]
fn images_are_inspected() {
    let place = Place::new();
    fs::write(place.source().join("Read me.txt"), "hello").unwrap();
    let image = built(&place);
    let (text, stderr) = succeeds(inspect_image().arg(&image));
    assert_eq!(stderr, "");
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with(
            "session 0 at block 0: ISO 9660, Joliet\nISO 9660 `LABEL`\nJoliet `LABEL`\n\nJoliet:\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("file\t5\t2001-09-09T01:46:40Z\t/Read me.txt\n"),
        "{text}"
    );
    let mut primary = inspect_image();
    let (text, _) = succeeds(primary.args(["--file-system", "iso9660"]).arg(&image));
    assert!(String::from_utf8(text).unwrap().contains("/READ_ME.TXT\n"));

    let (json, _) = succeeds(inspect_image().arg("--json").arg(&image));
    let json = String::from_utf8(json).unwrap();
    for part in [
        "\"path\": \"/Read me.txt\", \"kind\": \"file\", \"len\": 5",
        "\"volumes\": [{\"file_system\": \"ISO 9660\"",
        "\"errors\": []",
    ] {
        assert!(json.contains(part), "no {part} in {json}");
    }

    let mut missing = inspect_image();
    let message = fails(missing.args(["--file-system", "udf"]).arg(&image));
    assert!(message.ends_with("the disc does not have UDF"), "{message}");
    assert_names(&message, &image);
    let mut missing = inspect_image();
    let message = fails(missing.args(["--session", "1", "--json"]).arg(&image));
    assert!(message.contains("session cannot be `1`"), "{message}");
    let nothing = place.source().join("nothing");
    assert_names(&fails(inspect_image().arg(&nothing)), &nothing);
}

#[test]
fn images_are_extracted_into_new_directories() {
    let place = Place::new();
    fs::write(place.source().join("Read me.txt"), "hello").unwrap();
    fs::create_dir(place.source().join("empty")).unwrap();
    let image = built(&place);
    let target = place.root.path().join("target");
    let quiet = succeeds(extract_image().arg(&image).arg(&target));
    assert_eq!(quiet, (Vec::new(), String::new()));
    let file = target.join("Read me.txt");
    assert_eq!(fs::read(&file).unwrap(), b"hello");
    let time = fs::metadata(&file).unwrap().modified().unwrap();
    let seconds = time
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert_eq!(seconds.to_string(), EPOCH);
    assert!(target.join("empty").is_dir());

    // What is there stays.
    let message = fails(extract_image().arg(&image).arg(&target));
    assert_names(&message, &target);
    fs::write(&file, "changed").unwrap();
    fails(extract_image().arg(&image).arg(&target));
    assert_eq!(fs::read(&file).unwrap(), b"changed");
}

#[test]
fn nothing_is_extracted_outside_the_directory() {
    let place = Place::new();
    for name in ["one", "two", "three", "four"] {
        let directory = place.source().join(format!("NAME_{name}"));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("x"), "x").unwrap();
    }
    let image = built(&place);
    let mut bytes = fs::read(&image).unwrap();
    for (name, instead) in [
        ("NAME_ONE", "../../up"),
        ("NAME_TWO", "/tmp/xyz"),
        ("NAME_THREE", "a\0bcdefghi"),
    ] {
        let found = bytes
            .windows(name.len())
            .position(|part| part == name.as_bytes());
        let mut at = found.unwrap();
        // Path tables come first; the directory's record is the last.
        while let Some(next) = bytes[at + 1..]
            .windows(name.len())
            .position(|part| part == name.as_bytes())
        {
            at += 1 + next;
        }
        bytes[at..at + name.len()].copy_from_slice(instead.as_bytes());
    }
    fs::write(&image, bytes).unwrap();
    let before = place.names();
    let target = place.root.path().join("a/b/target");
    fs::create_dir_all(&target).unwrap();
    let mut command = extract_image();
    let (status, _, stderr) = run(command
        .args(["--file-system", "iso9660"])
        .arg(&image)
        .arg(&target));
    assert_eq!(status, Some(1));
    assert_eq!(stderr.lines().count(), 7, "{stderr}");
    assert!(
        stderr.ends_with("extract_image: left out 6 items\n"),
        "{stderr}"
    );
    let names: Vec<_> = fs::read_dir(&target)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let mut after = place.names();
    after.retain(|name| name != "a");
    assert_eq!(after, before);
}

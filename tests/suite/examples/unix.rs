//! What only Unix has: links, modes, signals.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A program that writes for long: it is killed when the test ends, however that ends.
#[cfg(target_os = "linux")]
pub(super) struct Running(Child);

#[cfg(target_os = "linux")]
impl Running {
    pub(super) fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    /// Waits until `condition` holds of the process, which must not end before.
    #[track_caller]
    pub(super) fn wait_until(&mut self, condition: impl Fn(u32) -> bool) {
        while !condition(self.0.id()) {
            assert_eq!(self.0.try_wait().unwrap(), None, "it has ended");
            thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Sends a signal by the shell: small machines have no program for it.
    #[track_caller]
    pub(super) fn send(&self, signal: &str) {
        let mut kill = Command::new("sh");
        kill.args(["-c", r#"kill -"$0" "$1""#, signal]);
        assert!(
            kill.arg(self.0.id().to_string())
                .status()
                .unwrap()
                .success()
        );
    }

    /// Its status at its end.
    pub(super) fn code(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

#[cfg(target_os = "linux")]
impl Drop for Running {
    fn drop(&mut self) {
        // Of one that has ended already this is an error.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
fn a_replaced_file_keeps_its_permissions_but_set_user_id() {
    let place = Place::new();
    fs::write(place.output(), "old").unwrap();
    fs::set_permissions(place.output(), fs::Permissions::from_mode(0o6751)).unwrap();
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

/// `command` with its standard streams changed by a shell.
fn redirected(command: &Command, how: &str) -> Command {
    let line = format!(r#"exec "$0" "$@" {how}"#);
    started_by(&["sh", "-c", &line], command)
}

#[test]
fn an_image_for_closed_standard_output_is_an_error() {
    let place = Place::new();
    let mut command = build_image();
    command.arg(place.source()).arg("-");
    let message = fails(&mut redirected(&command, ">&-"));
    assert!(
        message.starts_with("cannot write standard output: it is closed"),
        "{message}"
    );
    // What a shell opens is written to.
    succeeds(&mut redirected(&command, "> /dev/null"));
    let mut command = build_image();
    succeeds(command.arg(place.source()).arg("/dev/null"));
    assert_eq!(fs::metadata("/dev/null").unwrap().len(), 0);

    // Without messages there are images all the same, and errors.
    for how in ["2>&-", ">&- 2>&-", "2> /dev/full"] {
        let mut command = build_image();
        command.arg(place.source()).arg(place.output());
        if how.ends_with("full") && !Path::new("/dev/full").exists() {
            continue;
        }
        assert_eq!(run(&mut redirected(&command, how)).0, Some(0), "{how}");
        fs::remove_file(place.output()).unwrap();
        command.args(["--free-blocks", "20"]);
        assert_eq!(run(&mut redirected(&command, how)).0, Some(1), "{how}");
        assert!(place.names().is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_list_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    succeeds(build_image().arg(place.source()).arg(place.output()));
    let mut list = list_names();
    list.arg(place.source());
    let mut inspect = inspect_image();
    inspect.arg(place.output());
    for command in [list, inspect] {
        let message = fails(&mut redirected(&command, "> /dev/full"));
        assert!(
            message.starts_with("cannot write standard output: "),
            "{message}"
        );
    }
}

/// `command` where no file may grow beyond some KiB: what a full disk is like, without one. The signal for it is what it
/// is for any program.
fn cramped(command: &Command) -> Command {
    let limit = r#"ulimit -f 32; exec "$0" "$@""#;
    started_by(&["sh", "-c", limit], command)
}

#[test]
fn a_limit_on_files_is_an_error_and_not_the_end_of_programs() {
    let place = Place::new().with_sparse_file("z", 1 << 20);
    let image = place.root.path().join("image.iso");
    succeeds(build_image().arg(place.source()).arg(&image));
    let mut extract = extract_image();
    extract.arg(&image).arg(place.root.path().join("extracted"));
    let (status, _, stderr) = run(&mut cramped(&extract));
    assert_eq!(status, Some(1), "{stderr}");
    let mut parts = example("build_parts");
    parts.arg(place.source()).arg(place.output());
    let (status, _, stderr) = run(&mut cramped(&parts));
    assert_eq!(status, Some(1), "{stderr}");
    assert!(!place.output().exists());
}

/// Something is mounted on the output; only root can do that, in a namespace of its own.
#[cfg(target_os = "linux")]
#[test]
fn what_is_mounted_on_is_written_in_place() {
    let place = Place::new();
    let real = place.root.path().join("real.iso");
    fs::write(&real, "old").unwrap();
    fs::write(place.output(), "").unwrap();
    let mount = r#"mount --bind "$REAL" "$OUTPUT" || exit 77; exec "$0" "$@""#;
    for example in [build_image(), example("build_parts")] {
        if runner().is_some() {
            continue;
        }
        let mut command = example;
        command.arg(place.source()).arg(place.output());
        let mut mounted = started_by(&["unshare", "-m", "sh", "-c", mount], &command);
        mounted.env("REAL", &real).env("OUTPUT", place.output());
        let Ok(ended) = mounted.output() else {
            return;
        };
        let stderr = String::from_utf8(ended.stderr).unwrap();
        if ended.status.code() == Some(77) || stderr.starts_with("unshare: ") {
            // This is not for whoever runs the tests.
            return;
        }
        assert!(ended.status.success(), "{stderr}");
        assert!(fs::metadata(&real).unwrap().len() > 10_000);
        assert_eq!(fs::metadata(place.output()).unwrap().len(), 0);
        assert_eq!(place.names(), ["out.iso", "real.iso"]);
        fs::write(&real, "old").unwrap();
    }
}

/// Whether a process has a file open in `directory` that has no name there.
#[cfg(target_os = "linux")]
pub(super) fn has_unnamed_file(process: u32, directory: &Path) -> bool {
    let Ok(handles) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return false;
    };
    let directory = fs::canonicalize(directory).unwrap();
    handles
        .flatten()
        .filter_map(|handle| fs::read_link(handle.path()).ok())
        .any(|file| file.starts_with(&directory) && !file.exists())
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_program_leaves_nothing() {
    let place = Place::new().with_sparse_file("z", 64 << 30);
    fs::write(place.output(), "old").unwrap();
    for output in [place.output(), place.root.path().join("new.iso")] {
        let mut command = build_image();
        command.arg(place.source()).arg(output);
        let directory = place.root.path();
        let mut running = Running::start(&mut command);
        running.wait_until(|id| has_unnamed_file(id, directory) || place.names().len() > 1);
        drop(running);
        if place.names().len() > 1 {
            // This file system has no files without names.
            return;
        }
        assert_eq!(fs::read(place.output()).unwrap(), b"old");
        assert_eq!(place.names(), ["out.iso"]);
    }
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

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_leaves_the_old_image() {
    for signal in ["INT", "TERM"] {
        let place = Place::new().with_sparse_file("z", 64 << 30);
        fs::write(place.output(), "old").unwrap();
        let mut command = build_image();
        command.arg(place.source()).arg(place.output());
        // Whoever runs the tests may have signals ignored.
        let mut running = Running::start(&mut started_by(
            &["env", "--default-signal=HUP,INT,TERM"],
            &command,
        ));
        let directory = place.root.path();
        running.wait_until(|id| has_unnamed_file(id, directory) || place.names().len() == 2);
        running.send(signal);
        assert_eq!(running.code(), Some(130));
        assert_eq!(fs::read(place.output()).unwrap(), b"old");
        assert_eq!(place.names(), ["out.iso"]);
    }
}

/// Two readers have up to five files open beside the standard streams and the image; one at a time needs but two.
#[test]
fn few_open_files_are_enough() {
    if runner().is_some() {
        return;
    }
    let place = Place::new();
    for number in 0..400 {
        let directory = place.source().join(format!("directory {}", number % 4));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("{number}")), vec![1; 5000]).unwrap();
    }
    for readers in ["1", "2", "16"] {
        let mut command = build_image();
        command.args(["--readers", readers]).arg(place.source());
        command.arg(place.output());
        let limit = r#"ulimit -n 6; exec "$0" "$@""#;
        succeeds(&mut started_by(&["sh", "-c", limit], &command));
    }
}

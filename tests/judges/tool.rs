//! Finding and running the judges' programs.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::case::{Built, Settings};
use crate::program::{Need, installed};

/// What a judge says: nothing, or what is wrong.
pub(crate) type Verdict = Result<(), String>;

/// A program, or a way of asking it, that reads images.
pub(crate) struct Judge {
    pub(crate) name: &'static str,
    /// The program that it needs for the image of a case.
    pub(crate) needs: fn(&Settings) -> Need,
    /// Whether the judge is able to read the image of a case.
    pub(crate) can_read: fn(&Settings) -> bool,
    pub(crate) judge: fn(&Built) -> Verdict,
}

/// What a program wrote, and whether it ended well.
pub(crate) struct Output {
    pub(crate) success: bool,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Output {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Both streams, shortened to what fits a failure's message.
    pub(crate) fn says(&self) -> String {
        let mut text = self.stdout() + &self.stderr();
        if let Some((end, _)) = text.char_indices().nth(2000) {
            text.truncate(end);
        }
        text
    }
}

/// Starts `program` where neither the locale, the time zone nor a user's settings change what it prints.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(installed(program).unwrap_or_else(|| program.into()));
    command
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Result<Output, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    Ok(Output {
        success: output.status.success(),
        stdout: output.stdout,
        stderr: output.stderr,
    })
}

/// Runs `command` and hands what it prints to `reader` while it runs.
pub(crate) fn run_piped<T>(
    command: &mut Command,
    reader: impl FnOnce(&mut dyn Read) -> Result<T, String>,
) -> Result<T, String> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let (mut stdout, mut stderr) = (
        child.stdout.take().expect("piped"),
        child.stderr.take().expect("piped"),
    );
    let errors = thread::spawn(move || {
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).map(|_| text)
    });
    let read = reader(&mut stdout);
    drop(stdout);
    let status = child.wait().map_err(|error| error.to_string())?;
    let errors = errors
        .join()
        .expect("the reader does not panic")
        .unwrap_or_default();
    let value = read?;
    if status.success() {
        Ok(value)
    } else {
        Err(format!("{status}: {}", String::from_utf8_lossy(&errors)))
    }
}

/// A directory for what a judge extracts, removed even when it is full of read-only directories.
pub(crate) struct Scratch(TempDir);

impl Scratch {
    pub(crate) fn new() -> Result<Self, String> {
        TempDir::with_prefix("imapi2fs-judge-")
            .map(Self)
            .map_err(|error| error.to_string())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        make_writable(self.0.path());
    }
}

fn make_writable(dir: &Path) {
    let Ok(metadata) = fs::symlink_metadata(dir) else {
        return;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o700 != 0o700 {
            let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
        }
    }
    let _ = metadata;
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

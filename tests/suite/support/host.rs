//! Directories of the host to add, and what they need.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// A directory of the host, empty at first and gone with this value.
pub(crate) struct Host {
    _directory: TempDir,
    /// Without links, as errors and reports have it.
    root: PathBuf,
}

impl Host {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        Self {
            _directory: directory,
            root,
        }
    }

    /// A directory with these files, and the directories on the way.
    pub(crate) fn with(files: &[(&str, &[u8])]) -> Self {
        let host = Self::new();
        for (path, data) in files {
            host.file(path, data);
        }
        host
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        path.split('/')
            .fold(self.root.clone(), |path, name| path.join(name))
    }

    /// Makes a file and the directories on the way.
    pub(crate) fn file(&self, path: &str, data: &[u8]) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, data).unwrap();
        path
    }

    pub(crate) fn directory(&self, path: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// A file that is long and takes no room, where the host can do that.
    pub(crate) fn sparse_file(&self, path: &str, len: u64) -> PathBuf {
        let path = self.file(path, b"");
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(len)
            .unwrap();
        path
    }

    /// Sets when a file was modified, in seconds since 1970.
    pub(crate) fn set_modified(&self, path: &str, seconds: u64) {
        set_modified(&self.path(path), seconds);
    }

    #[cfg(unix)]
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, &path).unwrap();
        path
    }

    #[cfg(unix)]
    pub(crate) fn fifo(&self, path: &str) -> PathBuf {
        let path = self.path(path);
        let status = Command::new("mkfifo").arg(&path).status();
        assert!(status.unwrap().success());
        path
    }
}

pub(crate) fn set_modified(path: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    // Directories can only be opened for reading, files on Windows must be for writing.
    let file = if path.is_dir() {
        File::open(path)
    } else {
        File::options().write(true).open(path)
    };
    file.unwrap().set_modified(time).unwrap();
}

/// The names in a directory, sorted.
pub(crate) fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// This test binary, to be run once more.
pub(crate) fn this_test() -> Command {
    let program = env::current_exe().unwrap();
    // Built for another machine, it needs the emulator that cargo runs this test with.
    let runner = format!(
        "CARGO_TARGET_{}_UNKNOWN_LINUX_GNU_RUNNER",
        env::consts::ARCH.to_uppercase()
    );
    let runner = env::var(runner).unwrap_or_default();
    let mut words = runner.split_whitespace();
    match words.next() {
        Some(emulator) => {
            let mut command = Command::new(emulator);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// What of a directory this process has open: links of `/proc/self/fd`, with the lengths of the files.
#[cfg(target_os = "linux")]
pub(crate) fn open_files(directory: &Path) -> Vec<(PathBuf, u64)> {
    let mut open = Vec::new();
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let handle = entry.unwrap().path();
        // Other tests open and close handles meanwhile.
        let Ok(target) = fs::read_link(&handle) else {
            continue;
        };
        if target.starts_with(directory) {
            if let Ok(metadata) = fs::metadata(&handle) {
                open.push((target, metadata.len()));
            }
        }
    }
    open
}

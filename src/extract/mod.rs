//! Copying a disc's files into a directory of the host.
//!
//! The directories that were created and not yet left are a stack, because the walk returns a directory before its
//! items. Each file is created by its path from the handle of the target, which leads through no link: see `host`.
// Recorded data may have any value, so arithmetic and indexing are checked; tests may fail.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod copy;
mod options;
mod report;
mod room;

use std::ffi::OsStr;
use std::fs::FileTimes;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hashbrown::HashSet;

use self::copy::{BUFFER, CopyFailure, CopyPlace, copy, file_times, recorded_len};
pub use self::options::{ExistingItems, ExtractOptions};
pub use self::report::{ExtractLeftOut, ExtractProgress, ExtractReason, ExtractReport};
use self::room::{Needed, Supply};
use crate::error::{Error, HostError, NameProblem, Result};
use crate::host::{HostTarget, TargetDirectory, directory_of, windows};
use crate::import::{RecordedItem, RecordedKind, RecordedVolume};
use crate::path::ImagePath;

/// The number of items counted between two reports.
const STEP: u64 = 256;

impl RecordedVolume {
    /// Copies all files and directories into `directory`, which must be empty or not exist.
    ///
    /// ```no_run
    /// # fn main() -> imapi2fs::Result<()> {
    /// # let disc = imapi2fs::RecordedDisc::open(imapi2fs::FileDisc::open("backup.iso").unwrap())?;
    /// let volume = disc.best_volume()?;
    /// for left_out in volume.extract_to("backup")?.left_out {
    ///     eprintln!("left out {left_out}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Not in IMAPI2. See [`RecordedVolume::extract_with`] for the details.
    ///
    /// # Errors
    ///
    /// Those of [`RecordedVolume::extract_with`].
    pub fn extract_to(&self, directory: impl AsRef<Path>) -> Result<ExtractReport> {
        let options = ExtractOptions::new();
        self.extract_with(directory, &options, |_| ControlFlow::Continue(()))
    }

    /// Copies all files and directories into `directory`, and calls `progress` before each item, after each MiB of a
    /// file, whenever an item is left out, and at the end. Not in IMAPI2.
    ///
    /// Creates `directory` if it does not exist; its parent must exist. It may be a link to a directory, because the
    /// caller chose it.
    ///
    /// **Nothing is written outside it**, whatever names a disc has and whoever else can write in it. On Unix all paths
    /// are resolved from a handle of the directory without following links, so a link that replaces a directory is an
    /// error for the items that belong there. On Windows each directory is held open while files are put into it, so
    /// that nobody can rename or remove it; if an empty one is made a junction meanwhile, an empty file may appear at
    /// the junction's target before that is noticed. Elsewhere (WASI) the system must keep others out of the directory.
    ///
    /// **Nothing is replaced.** A file is created under its own name, and only if that name is free: where two names on
    /// the disc are one to the system, which ignores case or normalizes Unicode, the first file is kept and the other
    /// [left out](ExtractReason::Exists).
    ///
    /// A file is copied completely or not at all: one that cannot be read to its end, or would need data from past the
    /// disc's end, is left out. When `progress` breaks, or the disk is full, the file being written is removed, and
    /// complete files stay. Only a process that is killed leaves part of a file under its name.
    ///
    /// Unrecorded parts of a file become holes where the file system supports them. Files and, on Unix and Windows,
    /// directories get their recorded modification times, if the system can represent them; other times, owners, modes,
    /// links and named streams are not restored. The report lists what was left out, with the reason.
    ///
    /// # Errors
    ///
    /// - [`Error::ExtractDirectory`] when the directory cannot be used, for example because it is not empty.
    /// - [`Error::ExtractSize`] when the files take more than [`ExtractOptions::max_size`], and [`Error::ExtractSpace`]
    ///   or [`Error::ExtractItems`] when the file system lacks room for them. Nothing is written then, unless the room
    ///   shrank meanwhile.
    /// - [`Error::WriteExtracted`] when the disk is full nevertheless, or a quota is used up.
    /// - [`Error::Cancelled`] when `progress` breaks.
    pub fn extract_with(
        &self,
        directory: impl AsRef<Path>,
        options: &ExtractOptions,
        mut progress: impl FnMut(ExtractProgress<'_>) -> ControlFlow<()>,
    ) -> Result<ExtractReport> {
        let directory = directory.as_ref();
        let failed = |source| Error::ExtractDirectory(HostError::new(directory.to_owned(), source));
        let target = HostTarget::open(directory).map_err(failed)?;
        if let (Some(target), ExistingItems::Refuse) = (&target, options.existing) {
            if !target.is_empty().map_err(failed)? {
                return Err(failed(ErrorKind::DirectoryNotEmpty.into()));
            }
        }
        let needed = self.needed(&mut progress)?;
        let supply = Supply::new(directory, needed);
        let room = match &target {
            Some(target) => target.room(),
            None => crate::host::room_at(directory_of(directory)),
        };
        supply.check(room)?;
        options.check_size(needed.bytes, self.data_len())?;
        let target = match target {
            Some(target) => target,
            None => HostTarget::make(directory).map_err(failed)?,
        };
        let root = target.root().map_err(failed)?;
        let extraction = Extraction {
            volume: self,
            target: &target,
            keeps: options.existing == ExistingItems::Keep,
            progress,
            report: ExtractReport::default(),
            total: needed.bytes,
            supply,
            here: PathBuf::new(),
            stack: vec![Some(OpenDirectory {
                directory: root,
                times: None,
            })],
            met: HashSet::new(),
            buffer: vec![0; BUFFER],
        };
        extraction.all()
    }

    /// Returns the room that the files need.
    fn needed(
        &self,
        progress: &mut impl FnMut(ExtractProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Needed> {
        let mut needed = Needed::default();
        let root = ImagePath::root();
        // Copying reports the items that cannot be read.
        for item in self.walk().filter_map(Result::ok) {
            if needed.items % STEP == 0 {
                let counting = ExtractProgress {
                    path: &root,
                    bytes_done: 0,
                    bytes_total: None,
                    items_done: 0,
                    left_out: None,
                    encoded: None,
                };
                if progress(counting).is_break() {
                    return Err(Error::Cancelled);
                }
            }
            needed = needed.with(Needed::of(&item, self.data_len()));
        }
        Ok(needed)
    }
}

/// A directory that receives files.
struct OpenDirectory {
    directory: TargetDirectory,
    times: Option<FileTimes>,
}

struct Extraction<'a, P> {
    volume: &'a RecordedVolume,
    target: &'a HostTarget,
    /// Whether existing items stay and directories are added to.
    keeps: bool,
    progress: P,
    report: ExtractReport,
    /// The number of bytes of all files.
    total: u64,
    supply: Supply<'a>,
    /// The path of the innermost directory, relative to the target.
    here: PathBuf,
    /// The directories from the target down to the walk's position; `None` for those that are left out.
    stack: Vec<Option<OpenDirectory>>,
    /// The directories that were created or added to, if existing items are kept.
    met: HashSet<(u64, u64)>,
    buffer: Vec<u8>,
}

impl<P: FnMut(ExtractProgress<'_>) -> ControlFlow<()>> Extraction<'_, P> {
    fn all(mut self) -> Result<ExtractReport> {
        let volume = self.volume;
        let mut walk = volume.walk();
        while let Some(item) = walk.next() {
            match item {
                Ok(item) => {
                    self.leave_to(walk.level())?;
                    self.item(&item)?;
                }
                Err(Error::ReadItem { path, source }) => {
                    self.leave_out(path, ExtractReason::Unreadable(*source))?;
                }
                Err(error) => {
                    self.leave_out(ImagePath::root(), ExtractReason::Unreadable(error))?;
                }
            }
        }
        self.leave_to(0)?;
        self.tell(&ImagePath::root(), None, None)?;
        Ok(self.report)
    }

    /// Goes up until only `levels` directories are left.
    fn leave_to(&mut self, levels: usize) -> Result<()> {
        while self.stack.len() > levels {
            let Some(Some(level)) = self.stack.pop() else {
                continue;
            };
            // This comes last, because each entry created in a directory changes its time.
            let times = level.times.unwrap_or_default();
            let is_there = self.target.finish(&self.here, &level.directory, times);
            if !is_there {
                let names = self.here.iter().map(OsStr::to_string_lossy);
                let path = ImagePath::from_components(names);
                self.leave_out(path, ExtractReason::Replaced)?;
            }
            self.here.pop();
        }
        Ok(())
    }

    fn item(&mut self, item: &RecordedItem) -> Result<()> {
        let path = item.path();
        self.tell(&path, None, None)?;
        let made = self.make(item, &path);
        let (target, taken) = (self.target, Needed::of(item, self.volume.data_len()));
        if let Err(failure) = made {
            if item.is_directory() {
                self.stack.push(None);
            }
            match failure {
                CopyFailure::LeftOut(reason) => self.leave_out(path.clone(), reason)?,
                CopyFailure::Host(source) => return Err(self.supply.exhausted(path, source)),
                CopyFailure::Ended(error) => return Err(error),
            }
        } else if let RecordedKind::Encoded(form) = item.kind() {
            self.report.add_encoded(&path);
            self.tell(&path, None, Some(form))?;
        }
        for stream in item.streams() {
            self.leave_out(stream.path(), ExtractReason::NamedStream)?;
        }
        self.supply.take(taken, || target.room())
    }

    fn make(&mut self, item: &RecordedItem, path: &ImagePath) -> Result<(), CopyFailure> {
        let Some(Some(level)) = self.stack.last() else {
            return Err(ExtractReason::DirectoryLeftOut.into());
        };
        match item.kind() {
            RecordedKind::Directory | RecordedKind::File | RecordedKind::Encoded(_) => {}
            RecordedKind::SymbolicLink { target } => {
                let target = target.to_owned();
                return Err(ExtractReason::SymbolicLink { target }.into());
            }
            RecordedKind::Special(kind) => {
                let kind = kind.to_owned();
                return Err(ExtractReason::Special { kind }.into());
            }
        }
        let name = item.name();
        if let Some(problem) = name_problem(name) {
            return Err(ExtractReason::Name(problem).into());
        }
        let parent = (self.here.as_path(), &level.directory);
        if item.is_directory() {
            let directory = match self.target.make_directory(parent, name) {
                Ok(directory) => {
                    self.report.directories = self.report.directories.saturating_add(1);
                    directory
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists && self.keeps => {
                    let there = self.target.existing_directory(parent, name);
                    there.map_err(|_| ExtractReason::Exists)?
                }
                Err(error) => return Err(error.into()),
            };
            if let (true, Some(identity)) = (self.keeps, directory.identity()) {
                // The directory may come from this disc, with a name that the system does not tell apart from this one.
                if !self.met.insert(identity) {
                    return Err(ExtractReason::Exists.into());
                }
            }
            self.here.push(name);
            self.stack.push(Some(OpenDirectory {
                directory,
                times: file_times(item.last_modified_time()),
            }));
            return Ok(());
        }
        recorded_len(item, self.volume.data_len())?;
        let place = CopyPlace {
            target: self.target,
            parent,
            name,
        };
        let (report, progress) = (&mut self.report, &mut self.progress);
        let (mut done, total) = (report.bytes, self.total);
        let items_done = report.files.saturating_add(report.directories);
        copy(item, &place, &mut self.buffer, |bytes| {
            done = done.saturating_add(bytes);
            let now = ExtractProgress {
                path,
                bytes_done: done,
                bytes_total: Some(total),
                items_done,
                left_out: None,
                encoded: None,
            };
            match progress(now) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(Error::Cancelled),
            }
        })?;
        report.bytes = done;
        report.files = report.files.saturating_add(1);
        Ok(())
    }

    fn leave_out(&mut self, path: ImagePath, reason: ExtractReason) -> Result<()> {
        let left_out = ExtractLeftOut { path, reason };
        let told = self.tell(&left_out.path, Some(&left_out), None);
        self.report.leave_out(left_out);
        told
    }

    fn tell(
        &mut self,
        path: &ImagePath,
        left_out: Option<&ExtractLeftOut>,
        encoded: Option<&str>,
    ) -> Result<()> {
        let report = &self.report;
        let now = ExtractProgress {
            path,
            bytes_done: report.bytes,
            bytes_total: Some(self.total),
            items_done: report.files.saturating_add(report.directories),
            left_out,
            encoded,
        };
        match (self.progress)(now) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }
}

/// Returns why a name is impossible on this system, or would lead elsewhere.
fn name_problem(name: &str) -> Option<NameProblem> {
    if name.is_empty() {
        return Some(NameProblem::Empty);
    }
    if matches!(name, "." | "..") {
        return Some(NameProblem::Dots);
    }
    if let Some(c) = name.chars().find(|c| matches!(c, '/' | '\0')) {
        return Some(NameProblem::Character(c));
    }
    if cfg!(windows) {
        windows::problem(name)
    } else {
        None
    }
}

//! Staging: copying data to the working directory when it is added, and moving that directory.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::Draft;
use super::updates::Reporting;
use crate::error::{Error, HostError, Origin, Result, Shortage};
use crate::host::source::HostMetadata;
use crate::path::ImagePath;
use crate::source::{
    ContentData, FileContent, ReadFailure, Stage, StageFailure, StageReader, check_is,
};

/// Data of up to this many bytes is staged without checking the free space, which takes a system call.
const UNCHECKED: u64 = 1 << 20;

impl Draft {
    /// Whether files in `directory` are copied when they are added.
    pub(crate) fn must_stage(&self, directory: &Path) -> bool {
        self.settings.stage_files || self.staging_policy.may_vanish(directory)
    }

    /// The working directory, if it was set or is in use. The system's directory for temporary files does not belong to
    /// the image until data is staged there.
    pub(crate) fn own_working_directory(&self) -> Option<&Path> {
        let settings = &self.settings;
        let is_own = settings.own_working_directory || settings.stage_files || self.stage.is_some();
        is_own.then_some(settings.working_directory.as_path())
    }

    /// Stages a file of the host that was found before.
    pub(crate) fn stage_file(
        &mut self,
        open: impl FnOnce() -> io::Result<File>,
        found: &HostMetadata,
        file: &Path,
        path: &ImagePath,
    ) -> Result<FileContent> {
        let opened = open_found(open, found).map_err(|failure| not_opened(failure, file, path))?;
        // Staging notices at its end if a file grows after this.
        let len = opened.metadata().ok().map(|metadata| metadata.len());
        self.stage(opened, len, path, || Origin::File(file.to_owned()))
    }

    pub(crate) fn stage(
        &mut self,
        reader: impl io::Read,
        len: Option<u64>,
        path: &ImagePath,
        origin: impl FnOnce() -> Origin,
    ) -> Result<FileContent> {
        if let Some(needed) = len.filter(|len| *len > UNCHECKED) {
            self.check_space(needed)?;
        }
        let reader = Reporting::new(reader, len, path, &mut self.updates)?;
        let stage = match &mut self.stage {
            Some(stage) => stage,
            stage => stage.insert(Stage::new(&self.settings.working_directory)?),
        };
        match stage.append(reader) {
            Ok((offset, len)) => Ok(FileContent {
                len,
                references: 0,
                data: ContentData::Staged {
                    stage: stage.file().clone(),
                    offset,
                },
            }),
            Err(StageFailure::Read(source)) => match source.downcast() {
                Ok(Error::Cancelled) => Err(Error::Cancelled),
                other => Err(Error::ReadSource {
                    path: path.clone(),
                    origin: origin(),
                    source: other.map_or_else(|source| source, io::Error::from),
                }),
            },
            Err(StageFailure::Write(source)) => Err(Error::WriteStage {
                path: path.clone(),
                directory: stage.directory().to_owned(),
                source,
            }),
        }
    }

    /// Checks that the working directory has room for `needed` bytes, instead of failing once it is full.
    fn check_space(&self, needed: u64) -> Result<()> {
        let directory = &self.settings.working_directory;
        match fs4::available_space(directory) {
            Ok(available) if available < needed => Err(Error::WorkingDirectorySpace(Shortage {
                directory: directory.clone(),
                available,
                needed,
            })),
            // If the free space is unknown, writing shows it.
            _ => Ok(()),
        }
    }

    /// Sets the directory for staged data, and moves data that is already staged.
    ///
    /// After an error everything is as it was.
    pub(crate) fn set_working_directory(&mut self, directory: &Path) -> Result<()> {
        let invalid =
            |source| Error::InvalidWorkingDirectory(HostError::new(directory.to_owned(), source));
        if !fs::metadata(directory).map_err(invalid)?.is_dir() {
            return Err(invalid(io::ErrorKind::NotADirectory.into()));
        }
        // Later calls must not depend on the current directory.
        let directory = std::path::absolute(directory).map_err(invalid)?;
        let mut stage = Stage::new(&directory).map_err(|error| match error {
            Error::OpenStage(failed) => invalid(failed.source),
            error => error,
        })?;
        let needed = self.tree().staged_len();
        if needed > 0 {
            let available = fs4::available_space(&directory).map_err(invalid)?;
            if available < needed {
                return Err(Error::WorkingDirectorySpace(Shortage {
                    directory,
                    available,
                    needed,
                }));
            }
            // The tree gets the new places only after everything is copied.
            let moved = self.copy_staged(&mut stage)?;
            for (content, offset) in self.tree_mut().staged_mut().zip(moved) {
                content.data = ContentData::Staged {
                    stage: stage.file().clone(),
                    offset,
                };
            }
        }
        self.settings.working_directory = directory;
        self.settings.own_working_directory = true;
        self.stage = (needed > 0).then_some(stage);
        self.shares_staged = false;
        Ok(())
    }

    /// Copies all staged data to `to`; returns where each content begins there.
    fn copy_staged(&self, to: &mut Stage) -> Result<Vec<u64>> {
        let mut offsets = Vec::new();
        for content in self.tree().staged() {
            let ContentData::Staged { stage, offset } = &content.data else {
                continue;
            };
            let reader = StageReader {
                file: stage,
                offset: *offset,
                len: content.len,
            };
            let (offset, _) = to.append(reader).map_err(|failure| {
                Error::MoveStaged(HostError::new(
                    to.directory().to_owned(),
                    match failure {
                        StageFailure::Read(source) | StageFailure::Write(source) => source,
                    },
                ))
            })?;
            offsets.push(offset);
        }
        Ok(offsets)
    }
}

/// Opens a file of the host that was found before.
pub(crate) fn open_found(
    open: impl FnOnce() -> io::Result<File>,
    found: &HostMetadata,
) -> std::result::Result<File, ReadFailure> {
    let opened = open().map_err(ReadFailure::Open)?;
    check_is(&opened, found)?;
    Ok(opened)
}

/// The error for a file of the host that cannot be opened, or is not the one that was found.
pub(crate) fn not_opened(failure: ReadFailure, file: &Path, path: &ImagePath) -> Error {
    let path = path.clone();
    let file = file.to_owned();
    match failure {
        ReadFailure::Open(source) | ReadFailure::Read(source) => {
            Error::OpenSource { path, file, source }
        }
        ReadFailure::Changed(change) => Error::SourceChanged {
            path,
            origin: Origin::File(file),
            change,
        },
        ReadFailure::Misstated { stated, found } => Error::SourceLength {
            path,
            origin: Origin::File(file),
            stated,
            found,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;
    use crate::tree::NodeId;

    /// More bytes than any disk has.
    const TOO_MUCH: u64 = 1 << 62;

    fn staged() -> (Draft, tempfile::TempDir) {
        let work = tempfile::tempdir().unwrap();
        let mut draft = Draft::new(Timestamp::from_unix(0));
        draft.set_working_directory(work.path()).unwrap();
        draft.settings.stage_files = true;
        let attributes = draft.attributes_now();
        let added = draft.transaction(|draft| {
            draft.add_source(NodeId::ROOT, "a", vec![1; 5000].into(), attributes)
        });
        added.unwrap();
        (draft, work)
    }

    #[test]
    fn another_working_directory_must_have_room_for_what_is_staged() {
        let (mut draft, work) = staged();
        for content in draft.tree_mut().staged_mut() {
            content.len = TOO_MUCH;
        }
        let other = tempfile::tempdir().unwrap();
        let error = draft.set_working_directory(other.path()).unwrap_err();
        assert_eq!(error.hresult().0, 0xC0AA_B141);
        assert_eq!(error.file(), Some(other.path()));
        let Error::WorkingDirectorySpace(Shortage {
            available, needed, ..
        }) = error
        else {
            panic!("{error}");
        };
        assert!(available < needed && needed == TOO_MUCH);
        assert_eq!(draft.settings.working_directory, work.path());
    }

    #[test]
    fn staged_data_that_cannot_be_read_is_told_from_a_source_that_cannot() {
        let (mut draft, _work) = staged();
        let result = draft.result_image().unwrap();
        // Simulates a failure of the disk it is on.
        draft.stage.as_mut().unwrap().truncate(0);
        let error = result.write_to(io::sink()).unwrap_err();
        assert_eq!(error.hresult().0, 0xC0AA_B13B);
        let Error::ReadSource { path, origin, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((path.to_string().as_str(), origin), ("/a", Origin::Staged));
    }
}

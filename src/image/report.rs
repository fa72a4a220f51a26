//! What the file systems of an image cannot hold as it is, found out before anything is written.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::settings::Settings;
use super::view::View;
use crate::codec::time::{in_record_range, in_udf_range};
use crate::codec::unique::NameChange;
use crate::error::NameProblem;
use crate::file_systems::{FileSystems, InterchangeLevel, UdfRevision};
use crate::host::windows;
use crate::iso9660;
use crate::path::ImagePath;
use crate::printable::Printable;
use crate::time::Timestamp;
use crate::tree::{NodeId, Sequence, Tree};

/// Something that a file system cannot hold as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// An item has another name in a file system.
    NameChanged {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// Its name there.
        name: String,
        /// Why it is another.
        reasons: NameChange,
    },
    /// No unique name can be made for an item in a file system, so that no image can be made.
    NoUniqueName {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
    },
    /// An item keeps its name in a file system, but Windows cannot open an item of that name.
    NotForWindows {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// What is wrong with the name it has there.
        problem: NameProblem,
    },
    /// Named streams will not be in the image: UDF of this revision or a later one is not created.
    StreamsLeftOut {
        /// The file.
        path: ImagePath,
        /// How many streams it has.
        streams: usize,
        /// The first revision that has them.
        minimum: UdfRevision,
    },
    /// A file will not be marked as one for real-time reading: UDF of this revision or a later one is not created.
    RealTimeLeftOut {
        /// The file.
        path: ImagePath,
        /// The first revision that has such files.
        minimum: UdfRevision,
    },
    /// A time lies outside what a file system can record; the nearest one is.
    TimeClamped {
        /// The item.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// The item's time.
        time: Timestamp,
        /// The time that is recorded.
        recorded: Timestamp,
    },
    /// A file has so many sections in ISO 9660 that Linux does not read it there.
    ManySections {
        /// The file.
        path: ImagePath,
        /// How many sections it has.
        sections: u64,
    },
    /// A file is too large for a file system at this interchange level, so that no image can be made.
    FileTooBig {
        /// The file.
        path: ImagePath,
        /// The file system.
        file_system: FileSystems,
        /// Its length in bytes.
        size: u64,
        /// The most the file system can hold.
        limit: u64,
    },
}

impl Finding {
    /// The item it is about.
    #[must_use]
    pub const fn path(&self) -> &ImagePath {
        match self {
            Self::NameChanged { path, .. }
            | Self::NoUniqueName { path, .. }
            | Self::NotForWindows { path, .. }
            | Self::StreamsLeftOut { path, .. }
            | Self::RealTimeLeftOut { path, .. }
            | Self::TimeClamped { path, .. }
            | Self::ManySections { path, .. }
            | Self::FileTooBig { path, .. } => path,
        }
    }

    /// The file system it is about.
    #[must_use]
    pub const fn file_system(&self) -> FileSystems {
        match self {
            Self::NameChanged { file_system, .. }
            | Self::NoUniqueName { file_system, .. }
            | Self::NotForWindows { file_system, .. }
            | Self::TimeClamped { file_system, .. }
            | Self::FileTooBig { file_system, .. } => *file_system,
            Self::ManySections { .. } => FileSystems::ISO9660,
            Self::StreamsLeftOut { .. } | Self::RealTimeLeftOut { .. } => FileSystems::UDF,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: ", Printable(self.path()), self.file_system())?;
        match self {
            Self::NameChanged { name, reasons, .. } => {
                write!(f, "named `{}` ({reasons})", Printable(name))
            }
            Self::NoUniqueName { .. } => f.write_str("has no unique name"),
            Self::NotForWindows { problem, .. } => {
                write!(f, "name {problem}, Windows cannot open it")
            }
            Self::StreamsLeftOut {
                streams, minimum, ..
            } => write!(
                f,
                "{streams} named stream(s) left out, which UDF has from {minimum} on"
            ),
            Self::RealTimeLeftOut { minimum, .. } => {
                write!(
                    f,
                    "not marked for real-time reading, which UDF has from {minimum} on"
                )
            }
            Self::TimeClamped { time, recorded, .. } => {
                write!(f, "time {time} is recorded as {recorded}")
            }
            Self::ManySections { sections, .. } => write!(
                f,
                "has {sections} sections, Linux reads files of at most {}",
                iso9660::MAX_SECTIONS
            ),
            Self::FileTooBig { size, limit, .. } => {
                write!(f, "has {size} bytes, the most at this level is {limit}")
            }
        }
    }
}

/// The findings of an image: directory by directory, and in each file system by file system.
#[derive(Debug)]
pub struct Report {
    view: View,
    sequence: Sequence,
    file_systems: FileSystems,
    /// Whether UDF records them.
    creation_times: bool,
    /// Whether named streams are recorded.
    streams: bool,
    /// Whether files are marked for real-time reading.
    real_time: bool,
    next_directory: usize,
    /// What has been found in the directories before.
    found: VecDeque<Finding>,
}

impl Report {
    pub(super) fn new(view: &View, settings: &Settings) -> Self {
        Self {
            sequence: Sequence::new(view.tree()),
            view: view.clone(),
            file_systems: settings.file_systems,
            creation_times: settings.udf_revision.has_creation_times(),
            streams: settings.records_streams(),
            real_time: settings.records_real_time(),
            next_directory: 0,
            found: VecDeque::new(),
        }
    }

    fn look_into(&mut self, directory: usize) {
        let Self {
            view,
            sequence,
            file_systems,
            creation_times,
            streams,
            real_time,
            found,
            ..
        } = self;
        let creation_times = *creation_times;
        let tree: Arc<Tree> = view.tree().clone();
        let span = &sequence.directories()[directory];
        // The root is nobody's item, but its time is recorded.
        if span.position == 0 {
            for file_system in file_systems.iter() {
                times(&tree, NodeId::ROOT, file_system, creation_times, found);
            }
        }
        for file_system in file_systems.iter() {
            for position in span.items() {
                let node = sequence.node(position);
                name(view, node, file_system, found);
                times(&tree, node, file_system, creation_times, found);
                if file_system == FileSystems::ISO9660 {
                    size(&tree, node, view.naming().level, found);
                }
            }
        }
        for position in span.items() {
            let node = sequence.node(position);
            if !*real_time && tree.attributes(node).real_time {
                found.push_back(Finding::RealTimeLeftOut {
                    path: tree.path(node),
                    minimum: UdfRevision::V2_01,
                });
            }
            let all = tree.streams(node);
            if *streams {
                for stream in all {
                    name(view, stream, FileSystems::UDF, found);
                    times(&tree, stream, FileSystems::UDF, creation_times, found);
                }
            } else if !all.is_empty() {
                found.push_back(Finding::StreamsLeftOut {
                    path: tree.path(node),
                    streams: all.len(),
                    minimum: UdfRevision::V2_00,
                });
            }
        }
        view.forget_names();
    }
}

impl Iterator for Report {
    type Item = Finding;

    fn next(&mut self) -> Option<Finding> {
        loop {
            if let Some(finding) = self.found.pop_front() {
                return Some(finding);
            }
            if self.next_directory == self.sequence.directories().len() {
                return None;
            }
            self.look_into(self.next_directory);
            self.next_directory += 1;
        }
    }
}

/// The name that an item has in a file system.
fn name(view: &View, node: NodeId, file_system: FileSystems, found: &mut VecDeque<Finding>) {
    let path = || view.tree().path(node);
    let Ok((name, reasons)) = view.file_system_name(node, file_system) else {
        return found.push_back(Finding::NoUniqueName {
            path: path(),
            file_system,
        });
    };
    if let Some(problem) = windows::problem(&name) {
        found.push_back(Finding::NotForWindows {
            path: path(),
            file_system,
            problem,
        });
    }
    if !reasons.is_empty() {
        found.push_back(Finding::NameChanged {
            path: path(),
            file_system,
            name,
            reasons,
        });
    }
}

/// The times that a file system records of an item.
fn times(
    tree: &Tree,
    node: NodeId,
    file_system: FileSystems,
    creation_times: bool,
    found: &mut VecDeque<Finding>,
) {
    let times = tree.attributes(node).times;
    let recorded = [times.modified, times.accessed, times.created];
    let (clamp, times): (fn(Timestamp) -> Timestamp, &[Timestamp]) = match file_system {
        FileSystems::UDF if creation_times => (in_udf_range, &recorded),
        FileSystems::UDF => (in_udf_range, &recorded[..2]),
        _ => (in_record_range, &recorded[..1]),
    };
    let clamped = times
        .iter()
        .map(|time| (*time, clamp(*time)))
        .find(|(time, recorded)| time != recorded);
    if let Some((time, recorded)) = clamped {
        found.push_back(Finding::TimeClamped {
            path: tree.path(node),
            file_system,
            time,
            recorded,
        });
    }
}

/// Whether a file can be recorded in ISO 9660.
fn size(tree: &Tree, node: NodeId, level: InterchangeLevel, found: &mut VecDeque<Finding>) {
    let Some((_, content)) = tree.content_of(node) else {
        return;
    };
    let sections = content.len.div_ceil(iso9660::SECTION_LEN);
    if level < InterchangeLevel::Three && content.len > iso9660::MAX_FILE_LEN {
        found.push_back(Finding::FileTooBig {
            path: tree.path(node),
            file_system: FileSystems::ISO9660,
            size: content.len,
            limit: iso9660::MAX_FILE_LEN,
        });
    } else if sections > iso9660::MAX_SECTIONS {
        found.push_back(Finding::ManySections {
            path: tree.path(node),
            sections,
        });
    }
}

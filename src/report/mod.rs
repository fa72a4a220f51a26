//! The properties of an image that its file systems cannot represent exactly, found before anything is written.

mod limitation;
mod volume;

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

pub use self::limitation::{Limitation, LimitationClass, LimitationCounts};
use self::volume::volume_limitations;
use crate::codec::time::{in_record_range, in_udf_range};
use crate::draft::{Draft, View};
use crate::file_systems::{FileSystems, InterchangeLevel, UdfRevision};
use crate::host::windows;
use crate::iso9660;
use crate::time::Timestamp;
use crate::tree::{NodeId, Sequence, Tree};

/// The properties of an image that its file systems cannot represent exactly.
///
/// The report is about the image as it was when [`FileSystemImage::report`](crate::FileSystemImage::report) was called.
/// Each request for limitations examines the image again, once for each class that has any; none is stored.
///
/// Not in IMAPI2.
///
/// ```
/// # fn main() -> imapi2fs::Result<()> {
/// use imapi2fs::{FileSystemImage, FileSystems, LimitationClass};
///
/// let mut image = FileSystemImage::new();
/// image.set_file_systems_to_create(FileSystems::ISO9660)?;
/// image.root_mut().add_file("notes.txt", b"a")?;
/// image.root_mut().add_file("long name.html", b"b")?;
/// let report = image.report();
/// let lines: Vec<_> = report.limitations().map(|limitation| limitation.to_string()).collect();
/// assert_eq!(
///     lines,
///     ["/long name.html in ISO 9660: named `LONG_NAM.HTM` (case, characters, length)"]
/// );
/// assert_eq!(report.counts().of(LimitationClass::Case), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Report(Arc<Look>);

/// The state of the image that the report examines.
#[derive(Debug)]
struct Look {
    view: View,
    /// Created when the tree is first examined: the limitations of the volume do not need it.
    sequence: OnceLock<Sequence>,
    file_systems: FileSystems,
    /// Whether UDF records creation times.
    creation_times: bool,
    /// Whether named streams are recorded.
    streams: bool,
    /// Whether files are marked for real-time reading.
    real_time: bool,
    /// The limitations of the volume itself.
    volume: Vec<Limitation>,
    counts: OnceLock<LimitationCounts>,
}

impl Report {
    pub(crate) fn new(draft: &Draft) -> Self {
        let settings = &draft.settings;
        Self(Arc::new(Look {
            view: draft.view().clone(),
            sequence: OnceLock::new(),
            file_systems: settings.file_systems,
            creation_times: settings.udf_revision.has_creation_times(),
            streams: settings.records_streams(),
            real_time: settings.records_real_time(),
            volume: volume_limitations(draft),
            counts: OnceLock::new(),
        }))
    }

    /// Counts the limitations of each class.
    #[must_use]
    pub fn counts(&self) -> LimitationCounts {
        *self.0.counts.get_or_init(|| {
            let mut pass = Pass::new(&self.0, Wanted::Counts);
            while pass.step() {}
            pass.counts
        })
    }

    /// Returns the limitations, worst first, without names that change only in case, which [`Report::counts`] counts.
    /// Each class is in the order of [`Report::all`].
    #[must_use]
    pub fn limitations(&self) -> Limitations {
        let counts = self.counts();
        let classes = counts.iter().map(|(class, _)| class);
        let classes = classes.filter(|class| *class != LimitationClass::Case);
        Limitations::new(&self.0, classes.map(Wanted::Class).collect())
    }

    /// Returns the limitations of one class.
    #[must_use]
    pub fn of_class(&self, class: LimitationClass) -> Limitations {
        Limitations::new(&self.0, [Wanted::Class(class)].into())
    }

    /// Returns all limitations: first those of the volume, then directory by directory, and within each file system by
    /// file system.
    #[must_use]
    pub fn all(&self) -> Limitations {
        Limitations::new(&self.0, [Wanted::All].into())
    }
}

impl Look {
    fn sequence(&self) -> &Sequence {
        let sequence = || Sequence::new(self.view.tree());
        self.sequence.get_or_init(sequence)
    }
}

/// Returns the same limitations as [`Report::limitations`].
impl IntoIterator for Report {
    type Item = Limitation;
    type IntoIter = Limitations;

    fn into_iter(self) -> Limitations {
        self.limitations()
    }
}

/// Returns the same limitations as [`Report::limitations`].
impl IntoIterator for &Report {
    type Item = Limitation;
    type IntoIter = Limitations;

    fn into_iter(self) -> Limitations {
        self.limitations()
    }
}

/// An iterator over the limitations of a [`Report`], which creates each on request.
#[derive(Clone, Debug)]
pub struct Limitations {
    pass: Option<Pass>,
    look: Arc<Look>,
    /// The purposes of the next passes.
    wanted: VecDeque<Wanted>,
}

impl Limitations {
    fn new(look: &Arc<Look>, wanted: VecDeque<Wanted>) -> Self {
        Self {
            pass: None,
            look: look.clone(),
            wanted,
        }
    }
}

impl Iterator for Limitations {
    type Item = Limitation;

    fn next(&mut self) -> Option<Limitation> {
        loop {
            if let Some(pass) = &mut self.pass {
                if let Some(limitation) = pass.found.pop_front() {
                    return Some(limitation);
                }
                if pass.step() {
                    continue;
                }
            }
            self.pass = Some(Pass::new(&self.look, self.wanted.pop_front()?));
        }
    }
}

/// The purpose of a pass.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    /// Count all limitations.
    Counts,
    All,
    Class(LimitationClass),
}

/// One pass over an image.
#[derive(Clone, Debug)]
struct Pass {
    look: Arc<Look>,
    /// The view, which caches the names of the current directory.
    view: View,
    wanted: Wanted,
    /// The next part: 0 is the volume, and directories are counted from 1.
    next: usize,
    found: VecDeque<Limitation>,
    counts: LimitationCounts,
}

impl Pass {
    fn new(look: &Arc<Look>, wanted: Wanted) -> Self {
        Self {
            look: look.clone(),
            view: look.view.clone(),
            wanted,
            next: 0,
            found: VecDeque::new(),
            counts: LimitationCounts::default(),
        }
    }

    /// Examines the next part; returns whether there was one.
    fn step(&mut self) -> bool {
        let look = self.look.clone();
        match self.next.checked_sub(1) {
            None => {
                for limitation in &look.volume {
                    self.add(limitation.class(), || limitation.clone());
                }
            }
            // No limitation in the tree is about the volume.
            Some(_) if matches!(self.wanted, Wanted::Class(LimitationClass::Label)) => {
                return false;
            }
            Some(directory) if directory == look.sequence().directories().len() => return false,
            Some(directory) => self.look_into(&look, directory),
        }
        self.next += 1;
        true
    }

    /// Adds a limitation, which is created only if it is wanted.
    fn add(&mut self, class: LimitationClass, limitation: impl FnOnce() -> Limitation) {
        match self.wanted {
            Wanted::Counts => self.counts.add(class),
            Wanted::Class(wanted) if wanted != class => {}
            Wanted::All | Wanted::Class(_) => self.found.push_back(limitation()),
        }
    }

    const fn wants_names(&self) -> bool {
        match self.wanted {
            Wanted::Class(class) => class.is_of_names(),
            Wanted::Counts | Wanted::All => true,
        }
    }

    fn look_into(&mut self, look: &Look, directory: usize) {
        let tree: &Tree = look.view.tree();
        let sequence = look.sequence();
        let span = &sequence.directories()[directory];
        // The root is in no directory, but its time is recorded.
        if span.position == 0 {
            for file_system in look.file_systems.iter() {
                self.times(look, NodeId::ROOT, file_system);
            }
        }
        for file_system in look.file_systems.iter() {
            for position in span.items() {
                let node = sequence.node(position);
                self.name(tree, node, file_system);
                self.times(look, node, file_system);
                if file_system == FileSystems::ISO9660 {
                    self.size(tree, node, look.view.naming().level);
                }
            }
        }
        for position in span.items() {
            let node = sequence.node(position);
            if !look.real_time && tree.attributes(node).real_time {
                self.add(LimitationClass::LeftOut, || Limitation::RealTimeLeftOut {
                    path: tree.path(node),
                    minimum: UdfRevision::V2_01,
                });
            }
            if tree.streams_unsorted(node).is_empty() {
                continue;
            }
            let streams = tree.streams(node);
            if look.streams {
                for stream in streams {
                    self.name(tree, stream, FileSystems::UDF);
                    self.times(look, stream, FileSystems::UDF);
                }
            } else {
                self.add(LimitationClass::LeftOut, || Limitation::StreamsLeftOut {
                    path: tree.path(node),
                    streams: streams.len(),
                    minimum: UdfRevision::V2_00,
                });
            }
        }
        self.view.forget_names();
    }

    /// Checks the name of an item in a file system.
    fn name(&mut self, tree: &Tree, node: NodeId, file_system: FileSystems) {
        if !self.wants_names() {
            return;
        }
        let path = || tree.path(node);
        let Ok((name, reasons)) = self.view.file_system_name(node, file_system) else {
            return self.add(LimitationClass::Refused, || Limitation::NoUniqueName {
                path: path(),
                file_system,
            });
        };
        if let Some(problem) = windows::problem(&name) {
            self.add(LimitationClass::NotForAll, || Limitation::NotForWindows {
                path: path(),
                file_system,
                problem,
            });
        }
        if !reasons.is_empty() {
            self.add(LimitationClass::of_name(reasons), || {
                Limitation::NameChanged {
                    path: path(),
                    file_system,
                    name,
                    reasons,
                }
            });
        }
    }

    /// Checks the times of an item that a file system records.
    fn times(&mut self, look: &Look, node: NodeId, file_system: FileSystems) {
        let tree: &Tree = look.view.tree();
        let times = tree.attributes(node).times;
        let recorded = [times.modified, times.accessed, times.created];
        let (clamp, times): (fn(Timestamp) -> Timestamp, &[Timestamp]) = match file_system {
            FileSystems::UDF if look.creation_times => (in_udf_range, &recorded),
            FileSystems::UDF => (in_udf_range, &recorded[..2]),
            _ => (in_record_range, &recorded[..1]),
        };
        let clamped = times
            .iter()
            .map(|time| (*time, clamp(*time)))
            .find(|(time, recorded)| time != recorded);
        if let Some((time, recorded)) = clamped {
            self.add(LimitationClass::Time, || Limitation::TimeClamped {
                path: tree.path(node),
                file_system,
                time,
                recorded,
            });
        }
    }

    /// Checks whether a file can be recorded in ISO 9660.
    fn size(&mut self, tree: &Tree, node: NodeId, level: InterchangeLevel) {
        let Some((_, content)) = tree.content_of(node) else {
            return;
        };
        let sections = content.len.div_ceil(iso9660::SECTION_LEN);
        if level < InterchangeLevel::Three && content.len > iso9660::MAX_FILE_LEN {
            self.add(LimitationClass::Refused, || Limitation::FileTooBig {
                path: tree.path(node),
                file_system: FileSystems::ISO9660,
                size: content.len,
                limit: iso9660::MAX_FILE_LEN,
            });
        } else if sections > iso9660::MAX_SECTIONS {
            self.add(LimitationClass::NotForAll, || Limitation::ManySections {
                path: tree.path(node),
                sections,
            });
        }
    }
}

//! What an image does not hold quite as it was found: renamed items, times out of range and the like.

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use imapi2fs::{FileSystemImage, FileSystems, FindingClass, Printable};

use crate::common::note;

/// What a report names one by one.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detail {
    /// What loses information; names that change in case only are a number
    Losses,
    /// Everything
    All,
}

/// Says which file systems have another volume name: programs look for discs by it.
pub(crate) fn note_labels(image: &FileSystemImage) {
    for finding in image.report().of_class(FindingClass::Label) {
        if finding.file_system() == FileSystems::ISO9660 {
            note(format_args!("{finding}; --verbatim-volume-name keeps it"));
        } else {
            note(finding);
        }
    }
}

/// Lists the findings, the worst first, and says how many there are of each class.
pub(crate) fn write(image: &FileSystemImage, detail: Detail, to: impl Write) -> io::Result<()> {
    let report = image.report();
    let mut to = BufWriter::new(to);
    for finding in report.findings() {
        writeln!(to, "{}", Printable(finding))?;
    }
    let counts = report.counts();
    let case = counts.of(FindingClass::Case);
    if detail == Detail::All {
        for finding in report.of_class(FindingClass::Case) {
            writeln!(to, "{}", Printable(finding))?;
        }
    } else if case > 0 {
        writeln!(
            to,
            "{case} {} (--report=all lists them)",
            FindingClass::Case
        )?;
    }
    to.flush()
}

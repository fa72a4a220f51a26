//! What an image does not hold quite as it was found: renamed items, times out of range and the like.

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use imapi2fs::{FileSystemImage, FindingClass, Printable};

/// What a report names one by one.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detail {
    /// What loses information; names that change in case only are a number
    Losses,
    /// Everything
    All,
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

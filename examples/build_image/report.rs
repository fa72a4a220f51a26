//! What an image does not hold quite as it was found: renamed items, times out of range and the like.

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use imapi2fs::{FileSystemImage, LimitationClass, Printable};

/// What a report names one by one.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detail {
    /// What loses information; names that change in case only are a number
    Losses,
    /// Everything
    All,
}

/// Lists the limitations, the worst first, and says how many there are of each class.
pub(crate) fn write(image: &FileSystemImage, detail: Detail, to: impl Write) -> io::Result<()> {
    let report = image.report();
    let mut to = BufWriter::new(to);
    for limitation in report.limitations() {
        writeln!(to, "{}", Printable(limitation))?;
    }
    let counts = report.counts();
    let case = counts.of(LimitationClass::Case);
    if detail == Detail::All {
        for limitation in report.of_class(LimitationClass::Case) {
            writeln!(to, "{}", Printable(limitation))?;
        }
    } else if case > 0 {
        writeln!(
            to,
            "{case} {} (--report=all lists them)",
            LimitationClass::Case
        )?;
    }
    to.flush()
}

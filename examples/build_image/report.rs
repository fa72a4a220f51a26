//! The items that an image does not represent exactly: renamed items, times out of range and the like.

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use imapi2fs::{FileSystemImage, LimitationClass, Printable};

/// The items that a report lists one by one.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detail {
    /// Items that lose information; names that change only in case are counted
    Losses,
    /// Everything
    All,
}

/// Lists the limitations, worst first, and the number of each class.
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

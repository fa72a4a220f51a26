//! Options that decide which items of a source directory are added, and messages about the rest.

use std::fmt::Display;

use clap::{Args, ValueEnum};
use imapi2fs::{LinkPolicy, TreeOptions};

use super::note;

/// Options that decide which items of a source directory are added.
#[derive(Args)]
pub(crate) struct TreeArgs {
    /// Put the source directory itself into the image, not just its contents
    #[arg(long)]
    include_base_directory: bool,

    /// How to treat symbolic links, and sockets, devices and pipes
    #[arg(long, value_name = "POLICY", default_value = "follow")]
    links: Links,
}

impl TreeArgs {
    pub(crate) fn options(&self) -> TreeOptions {
        TreeOptions::new()
            .include_base_directory(self.include_base_directory)
            .links(self.links.into())
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Links {
    /// Follow links to items inside the source; anything else is an error
    Follow,
    /// Leave out all of them
    Skip,
    /// Follow links to items inside the source, leave out the rest
    SkipUnresolvable,
    /// Refuse all of them
    Error,
}

impl From<Links> for LinkPolicy {
    fn from(links: Links) -> Self {
        match links {
            Links::Follow => Self::Follow,
            Links::Skip => Self::Skip,
            Links::SkipUnresolvable => Self::SkipUnresolvable,
            Links::Error => Self::Error,
        }
    }
}

/// Reports the items left out, the first `most` one by one.
pub(crate) fn note_left_out(left_out: impl ExactSizeIterator<Item: Display>, most: usize) {
    let more = left_out.len().saturating_sub(most);
    for left_out in left_out.take(most) {
        note(format_args!("left out {left_out}"));
    }
    if more > 0 {
        note(format_args!("left out {more} more (--report names all)"));
    }
}

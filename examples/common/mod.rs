//! What the examples that make images have in common: options that decide how items are named, and messages.

mod messages;

use clap::{Args, ValueEnum};
use imapi2fs::{
    FileSystemImage, FileSystems, InterchangeLevel, LinkPolicy, TreeOptions, TreeSummary,
};

pub(crate) use self::messages::{exit_code, note, printable};

/// Options that decide which items there are and how each file system names them.
#[derive(Args)]
pub(crate) struct NameOptions {
    /// File systems to create, separated by commas [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    file_systems: Option<Vec<FileSystem>>,

    /// How far ISO 9660 names and files are restricted: 1, 2 or 3 [default: 3; with --strict 2]
    #[arg(long, value_name = "LEVEL")]
    interchange_level: Option<InterchangeLevel>,

    /// Keep to the letter of the standards, and to names that Windows can have
    #[arg(long)]
    strict: bool,

    /// Refuse names with characters other than those of ASCII
    #[arg(long)]
    restricted_characters: bool,

    /// Put the source directory itself into the image, not just what is in it
    #[arg(long)]
    include_base_directory: bool,

    /// What to do with symbolic links, and with sockets, devices and pipes
    #[arg(long, value_name = "POLICY", default_value = "follow")]
    links: Links,
}

impl NameOptions {
    pub(crate) fn apply_to(&self, image: &mut FileSystemImage) -> imapi2fs::Result<()> {
        if let Some(file_systems) = &self.file_systems {
            image.set_file_systems_to_create(
                file_systems
                    .iter()
                    .copied()
                    .map(FileSystems::from)
                    .collect(),
            )?;
        }
        image.set_iso9660_interchange_level(self.interchange_level.unwrap_or(if self.strict {
            InterchangeLevel::Two
        } else {
            InterchangeLevel::Three
        }))?;
        image.set_strict_file_system_compliance(self.strict)?;
        image.set_use_restricted_character_set(self.restricted_characters);
        Ok(())
    }

    pub(crate) fn tree_options(&self) -> TreeOptions {
        TreeOptions::new()
            .include_base_directory(self.include_base_directory)
            .links(self.links.into())
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum FileSystem {
    Iso9660,
    Joliet,
    Udf,
}

impl From<FileSystem> for FileSystems {
    fn from(file_system: FileSystem) -> Self {
        match file_system {
            FileSystem::Iso9660 => Self::ISO9660,
            FileSystem::Joliet => Self::JOLIET,
            FileSystem::Udf => Self::UDF,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Links {
    /// Take what links inside the source lead to; anything else is an error
    Follow,
    /// Leave out all of them
    Skip,
    /// Take what links inside the source lead to, leave out the rest
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

/// Says what was left out of the tree, the first `most` one by one.
pub(crate) fn note_left_out(summary: &TreeSummary, most: usize) {
    for left_out in summary.left_out.iter().take(most) {
        note(format_args!("left out {left_out}"));
    }
    let more = summary.left_out.len().saturating_sub(most);
    if more > 0 {
        note(format_args!("left out {more} more (--report names all)"));
    }
}

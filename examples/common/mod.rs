//! The options and messages that the examples that build images share.

mod messages;
mod stdout;
mod tree;

use clap::{Args, ValueEnum};
use imapi2fs::{FileSystemImage, FileSystems, InterchangeLevel, TreeOptions};

pub(crate) use self::messages::{exit_code, note};
pub(crate) use self::stdout::StandardOutput;
use self::tree::TreeArgs;
pub(crate) use self::tree::note_left_out;

/// Options that decide which items there are and how each file system names them.
#[derive(Args)]
pub(crate) struct NameOptions {
    /// File systems to create, separated by commas [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    file_systems: Option<Vec<FileSystem>>,

    /// How far ISO 9660 names and files are restricted: 1, 2 or 3 [default: 3; with --strict 2]
    #[arg(long, value_name = "LEVEL")]
    interchange_level: Option<InterchangeLevel>,

    /// Follow the letter of the standards, and use only names that Windows allows
    #[arg(long)]
    strict: bool,

    /// Refuse names with characters outside ASCII
    #[arg(long)]
    restricted_characters: bool,

    #[command(flatten)]
    tree: TreeArgs,
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
        self.tree.options()
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

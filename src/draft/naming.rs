//! The rules for naming items in each file system.

use crate::codec::unique::NameRules;
use crate::file_systems::{FileSystems, InterchangeLevel};
use crate::{iso9660, joliet, udf};

/// The settings that affect names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    pub level: InterchangeLevel,
    pub strict: bool,
    /// How far names may exceed the standard, as those of the continued disc do.
    pub relaxed: iso9660::Relaxed,
    pub joliet_limit: Option<usize>,
}

impl Naming {
    /// Returns the rules of one file system.
    pub(crate) fn rules(self, file_system: FileSystems) -> Option<Box<dyn NameRules>> {
        match file_system {
            FileSystems::ISO9660 => Some(Box::new(self.iso9660())),
            FileSystems::JOLIET => Some(Box::new(self.joliet())),
            FileSystems::UDF => Some(Box::new(udf::UdfNames)),
            _ => None,
        }
    }

    pub(crate) const fn iso9660(self) -> iso9660::Iso9660Names {
        iso9660::Iso9660Names {
            level: self.level,
            relaxed: self.relaxed,
        }
    }

    pub(crate) const fn joliet(self) -> joliet::JolietNames {
        joliet::JolietNames {
            strict: self.strict,
            limit: self.joliet_limit,
        }
    }
}

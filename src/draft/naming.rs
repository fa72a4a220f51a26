//! What decides what items are called in each file system.

use crate::codec::unique::NameRules;
use crate::file_systems::{FileSystems, InterchangeLevel};
use crate::{iso9660, joliet, udf};

/// What decides about names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    pub level: InterchangeLevel,
    pub strict: bool,
    /// What the names of a disc show that is continued.
    pub relaxed: iso9660::Relaxed,
    pub joliet_limit: Option<usize>,
}

impl Naming {
    /// The rules of one file system.
    pub(crate) fn rules(self, file_system: FileSystems) -> Option<Box<dyn NameRules>> {
        match file_system {
            FileSystems::ISO9660 => Some(Box::new(self.iso9660())),
            FileSystems::JOLIET => Some(Box::new(self.joliet())),
            FileSystems::UDF => Some(Box::new(udf::Names)),
            _ => None,
        }
    }

    pub(crate) const fn iso9660(self) -> iso9660::Names {
        iso9660::Names {
            level: self.level,
            relaxed: self.relaxed,
        }
    }

    pub(crate) const fn joliet(self) -> joliet::Names {
        joliet::Names {
            strict: self.strict,
            limit: self.joliet_limit,
        }
    }
}

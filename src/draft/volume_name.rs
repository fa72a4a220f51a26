//! The name of the volume in each file system.

use super::Draft;
use super::imported::Imported;
use crate::codec::text::{cut, is_d_character};
use crate::codec::time::default_volume_name;
use crate::codec::unique::NameChange;
use crate::file_systems::FileSystems;

/// The longest volume name, in characters: the limit of ISO 9660.
pub(crate) const MAX_VOLUME_NAME: usize = 32;
/// The longest volume name in Joliet, in UTF-16 code units.
const MAX_JOLIET_VOLUME_NAME: usize = 16;

impl Draft {
    /// The name of the volume: the one that was set, else that of the continued disc, else the time.
    pub(crate) fn effective_volume_name(&self) -> String {
        match (self.settings.volume_name.as_str(), self.imported_label()) {
            ("", Some(imported)) if !imported.volume_name.is_empty() => {
                imported.volume_name.clone()
            }
            ("", _) => default_volume_name(self.settings.time),
            (name, _) => name.to_owned(),
        }
    }

    /// The name of the volume in one file system, and why it differs from the image's.
    pub(crate) fn recorded_volume_name(&self, file_system: FileSystems) -> (String, NameChange) {
        if let Some(imported) = self.imported_label() {
            // Keeps the recorded name: readers know the disc by the name that another program wrote there.
            if let Some(name) = imported.volume_names.get(file_system) {
                if file_system != FileSystems::ISO9660 || is_recordable(name) {
                    return (name.to_owned(), NameChange::empty());
                }
            }
        }
        let name = self.effective_volume_name();
        match file_system {
            FileSystems::ISO9660 => iso9660(&name, self.settings.verbatim_volume_name),
            FileSystems::JOLIET => joliet(&name),
            _ => udf(&name),
        }
    }

    /// The disc that the image continues, if the image takes its name.
    pub(crate) fn imported_label(&self) -> Option<&Imported> {
        // IMAPI2 differs: it names every session anew.
        let is_kept = self.settings.volume_name.is_empty() && !self.settings.strict;
        self.settings.imported.as_ref().filter(|_| is_kept)
    }
}

/// Whether ISO 9660 can record a volume name unchanged, even if it has characters other than d-characters.
fn is_recordable(name: &str) -> bool {
    name.len() <= MAX_VOLUME_NAME && name.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

fn iso9660(name: &str, verbatim: bool) -> (String, NameChange) {
    let mut changes = NameChange::empty();
    let recorded = name.chars().map(|c| match c {
        ' '..='~' if verbatim => c,
        'a'..='z' => {
            changes |= NameChange::CASE;
            c.to_ascii_uppercase()
        }
        _ if is_d_character(c) => c,
        _ => {
            changes |= NameChange::CHARACTERS;
            '_'
        }
    });
    (recorded.collect(), changes)
}

fn joliet(name: &str) -> (String, NameChange) {
    let replaced: String = name
        .chars()
        .map(|c| match c {
            '*' | '/' | ':' | ';' | '?' | '\\' => '_',
            _ => c,
        })
        .collect();
    let recorded = cut(&replaced, MAX_JOLIET_VOLUME_NAME, char::len_utf16);
    let mut changes = NameChange::empty();
    changes.set(NameChange::LENGTH, recorded != replaced);
    changes.set(NameChange::CHARACTERS, !name.starts_with(recorded));
    (recorded.to_owned(), changes)
}

fn udf(name: &str) -> (String, NameChange) {
    let recorded = name.replace(['\u{FEFF}', '\u{FFFE}'], "_");
    let mut changes = NameChange::empty();
    changes.set(NameChange::CHARACTERS, recorded != name);
    (recorded, changes)
}

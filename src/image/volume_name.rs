//! What a volume is called in each file system.

use super::FileSystemImage;
use super::finding::Finding;
use super::import::Imported;
use crate::codec::text::{cut, dstring_text, is_d_character};
use crate::codec::unique::NameChange;
use crate::error::{Error, NameProblem, Result};
use crate::file_systems::{FileSystems, InvalidValue};

/// The longest volume name, in characters: what ISO 9660 holds.
const MAX_VOLUME_NAME: usize = 32;
/// The longest volume name that IMAPI2 documents.
const MAX_STRICT_VOLUME_NAME: usize = 15;
/// The longest volume name in Joliet, in UTF-16 code units.
const MAX_JOLIET_VOLUME_NAME: usize = 16;

impl FileSystemImage {
    /// The name of the volume as it was set. Default: empty, and the volume keeps the name of the disc that the image
    /// continues, or else gets the image's time as its name, as in `20240105_0708`.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeName`.
    #[doc(alias = "get_VolumeName")]
    #[must_use]
    pub fn volume_name(&self) -> &str {
        &self.settings.volume_name
    }

    /// Sets the name of the volume: up to 32 characters, none of them a control character. Empty is the default again.
    ///
    /// Each file system gets what it can hold of it, see [`FileSystemImage::volume_name_iso9660`],
    /// [`FileSystemImage::volume_name_joliet`] and [`FileSystemImage::volume_name_udf`].
    ///
    /// IMAPI2: `IFileSystemImage::put_VolumeName`. IMAPI2 differs: it documents 15 characters of A-Z a-z 0-9 `.` `_`;
    /// strict images have that, although programs have been seen to use up to 32.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidVolumeName`] when it is too long or has a character it cannot have.
    #[doc(alias = "put_VolumeName")]
    pub fn set_volume_name(&mut self, name: impl Into<String>) -> Result<()> {
        let name = name.into();
        if let Some(problem) = self.volume_name_problem(&name) {
            return Err(Error::InvalidVolumeName { name, problem });
        }
        self.settings.volume_name = name;
        Ok(())
    }

    fn volume_name_problem(&self, name: &str) -> Option<NameProblem> {
        let strict = self.settings.strict;
        let limit = if strict {
            MAX_STRICT_VOLUME_NAME
        } else {
            MAX_VOLUME_NAME
        };
        if name.chars().count() > limit {
            return Some(NameProblem::TooManyCharacters(limit));
        }
        let allowed = |c: char| match c {
            _ if !strict => !c.is_control(),
            'a'..='z' | '.' => true,
            _ => is_d_character(c),
        };
        name.chars()
            .find(|c| !allowed(*c))
            .map(NameProblem::Character)
    }

    /// The name of the volume in ISO 9660: upper case, characters other than d-characters replaced, unless it is recorded
    /// [verbatim](FileSystemImage::set_verbatim_iso9660_volume_name).
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameISO9660`.
    #[doc(alias = "get_VolumeNameISO9660")]
    #[must_use]
    pub fn volume_name_iso9660(&self) -> String {
        self.recorded_volume_name(FileSystems::ISO9660).0
    }

    /// The name of the volume in Joliet: at most 16 UTF-16 units.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameJoliet`.
    #[doc(alias = "get_VolumeNameJoliet")]
    #[must_use]
    pub fn volume_name_joliet(&self) -> String {
        self.recorded_volume_name(FileSystems::JOLIET).0
    }

    /// The name of the volume in UDF.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameUDF`. IMAPI2 differs: it has been seen to replace blanks, which UDF and
    /// its readers can hold.
    #[doc(alias = "get_VolumeNameUDF")]
    #[must_use]
    pub fn volume_name_udf(&self) -> String {
        self.recorded_volume_name(FileSystems::UDF).0
    }

    /// Whether ISO 9660 has the name of the volume as it was set. Default: false.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub const fn verbatim_iso9660_volume_name(&self) -> bool {
        self.settings.verbatim_volume_name
    }

    /// Sets whether ISO 9660 has the name of the volume as it was set, with lower case and all other printable characters
    /// of ASCII; characters that are not ASCII become `_` in any case.
    ///
    /// ISO 9660 allows upper case, digits and `_` (ECMA-119 8.4.6), so strict readers and checkers find fault with other
    /// names. Yet that is how genisoimage and xorriso record them, and programs that look for a disc by its label, such as
    /// `config-2`, often know no other form.
    ///
    /// Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] if it is to be verbatim in a strict image.
    ///
    /// ```
    /// let mut image = imapi2fs::FileSystemImage::new();
    /// image.set_volume_name("config-2")?;
    /// assert_eq!(image.volume_name_iso9660(), "CONFIG_2");
    /// image.set_verbatim_iso9660_volume_name(true)?;
    /// assert_eq!(image.volume_name_iso9660(), "config-2");
    /// # Ok::<(), imapi2fs::Error>(())
    /// ```
    pub fn set_verbatim_iso9660_volume_name(&mut self, verbatim: bool) -> Result<()> {
        if verbatim && self.settings.strict {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "verbatim ISO 9660 volume name",
                value: verbatim.to_string(),
                expected: "false in a strict image",
            }));
        }
        self.settings.verbatim_volume_name = verbatim;
        Ok(())
    }

    /// The name of the volume in one file system, and why it is another than the image's.
    pub(super) fn recorded_volume_name(&self, file_system: FileSystems) -> (String, NameChange) {
        if let Some(imported) = self.imported_label() {
            // As it was recorded: what another program wrote there, readers know the disc by.
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

    /// What the image continues, if that gives it its name.
    pub(super) fn imported_label(&self) -> Option<&Imported> {
        // IMAPI2 differs: it names every session anew.
        let is_kept = self.settings.volume_name.is_empty() && !self.settings.strict;
        self.settings.imported.as_ref().filter(|_| is_kept)
    }

    /// What a report says of the names of the volume.
    pub(super) fn volume_findings(&self) -> Vec<Finding> {
        let volume_name = self.effective_volume_name();
        let mut findings = Vec::new();
        for file_system in self.settings.file_systems {
            let (name, reasons) = self.recorded_volume_name(file_system);
            // The primary volume descriptor and the file set have fields of 32 bytes for it.
            let identifier = dstring_text::<32>(&name);
            let cut = (file_system == FileSystems::UDF && identifier != name)
                .then(|| identifier.to_owned());
            if !reasons.is_empty() {
                findings.push(Finding::VolumeNameChanged {
                    file_system,
                    volume_name: volume_name.clone(),
                    name,
                    reasons,
                });
            }
            findings.extend(cut.map(|identifier| Finding::VolumeIdentifierCut { identifier }));
        }
        findings
    }
}

/// Whether a name of a volume of ISO 9660 can be recorded again as it is, be it not of d-characters.
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

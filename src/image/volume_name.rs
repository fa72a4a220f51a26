//! What a volume is called in each file system.

use super::FileSystemImage;
use crate::codec::text::{cut, is_d_character};
use crate::error::{Error, NameProblem, Result};

/// The longest volume name, in characters: what ISO 9660 holds.
const MAX_VOLUME_NAME: usize = 32;
/// The longest volume name that IMAPI2 documents.
const MAX_STRICT_VOLUME_NAME: usize = 15;
/// The longest volume name in Joliet, in UTF-16 code units.
const MAX_JOLIET_VOLUME_NAME: usize = 16;

impl FileSystemImage {
    /// The name of the volume as it was set. Default: empty, and the volume gets the image's time as its name, as in
    /// `20240105_0708`.
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

    /// The name of the volume in ISO 9660: upper case, other than d-characters replaced, at most 32.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameISO9660`.
    #[doc(alias = "get_VolumeNameISO9660")]
    #[must_use]
    pub fn volume_name_iso9660(&self) -> String {
        iso9660_volume_name(&self.effective_volume_name())
    }

    /// The name of the volume in Joliet: at most 16 UTF-16 units.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameJoliet`.
    #[doc(alias = "get_VolumeNameJoliet")]
    #[must_use]
    pub fn volume_name_joliet(&self) -> String {
        joliet_volume_name(&self.effective_volume_name())
    }

    /// The name of the volume in UDF.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameUDF`. IMAPI2 differs: it has been seen to replace blanks, which UDF and
    /// its readers can hold.
    #[doc(alias = "get_VolumeNameUDF")]
    #[must_use]
    pub fn volume_name_udf(&self) -> String {
        udf_volume_name(&self.effective_volume_name())
    }
}

pub(super) fn iso9660_volume_name(name: &str) -> String {
    let upper = name.chars().map(|c| c.to_ascii_uppercase());
    upper
        .map(|c| if is_d_character(c) { c } else { '_' })
        .collect()
}

pub(super) fn joliet_volume_name(name: &str) -> String {
    let replaced: String = name
        .chars()
        .map(|c| {
            if matches!(c, '*' | '/' | ':' | ';' | '?' | '\\') {
                '_'
            } else {
                c
            }
        })
        .collect();
    cut(&replaced, MAX_JOLIET_VOLUME_NAME, char::len_utf16).to_owned()
}

pub(super) fn udf_volume_name(name: &str) -> String {
    name.replace(['\u{FEFF}', '\u{FFFE}'], "_")
}

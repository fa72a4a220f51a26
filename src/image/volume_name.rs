//! The name of the volume, and which names are valid.

use super::FileSystemImage;
use crate::codec::text::is_d_character;
use crate::draft::MAX_VOLUME_NAME;
use crate::error::{Error, NameProblem, Result};
use crate::file_systems::{FileSystems, InvalidValue};

/// The longest volume name that IMAPI2 documents.
const MAX_STRICT_VOLUME_NAME: usize = 15;

impl FileSystemImage {
    /// The name of the volume as it was set. Default: empty; the volume then keeps the name of the disc that the image
    /// continues, or else is named after the image's time, such as `20240105_0708`.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeName`.
    #[doc(alias = "get_VolumeName")]
    #[must_use]
    pub fn volume_name(&self) -> &str {
        &self.root.draft.settings.volume_name
    }

    /// Sets the name of the volume: up to 32 characters, none of them a control character. An empty name restores the
    /// default.
    ///
    /// Each file system gets as much of it as it can hold, see [`FileSystemImage::volume_name_iso9660`],
    /// [`FileSystemImage::volume_name_joliet`] and [`FileSystemImage::volume_name_udf`].
    ///
    /// IMAPI2: `IFileSystemImage::put_VolumeName`. IMAPI2 differs: it documents 15 characters of A-Z a-z 0-9 `.` `_`;
    /// strict images follow that, although programs have been seen to use up to 32.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidVolumeName`] when it is too long or has a character that is not allowed.
    #[doc(alias = "put_VolumeName")]
    pub fn set_volume_name(&mut self, name: impl Into<String>) -> Result<()> {
        let name = name.into();
        if let Some(problem) = self.volume_name_problem(&name) {
            return Err(Error::InvalidVolumeName { name, problem });
        }
        self.root.draft.settings.volume_name = name;
        Ok(())
    }

    fn volume_name_problem(&self, name: &str) -> Option<NameProblem> {
        let strict = self.root.draft.settings.strict;
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

    /// The name of the volume in ISO 9660: upper case, with all except d-characters replaced, unless it is recorded
    /// [verbatim](FileSystemImage::set_verbatim_iso9660_volume_name).
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameISO9660`.
    #[doc(alias = "get_VolumeNameISO9660")]
    #[must_use]
    pub fn volume_name_iso9660(&self) -> String {
        self.root.draft.recorded_volume_name(FileSystems::ISO9660).0
    }

    /// The name of the volume in Joliet: at most 16 UTF-16 units.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameJoliet`.
    #[doc(alias = "get_VolumeNameJoliet")]
    #[must_use]
    pub fn volume_name_joliet(&self) -> String {
        self.root.draft.recorded_volume_name(FileSystems::JOLIET).0
    }

    /// The name of the volume in UDF.
    ///
    /// IMAPI2: `IFileSystemImage::get_VolumeNameUDF`. IMAPI2 differs: it has been seen to replace blanks, which UDF and
    /// its readers support.
    #[doc(alias = "get_VolumeNameUDF")]
    #[must_use]
    pub fn volume_name_udf(&self) -> String {
        self.root.draft.recorded_volume_name(FileSystems::UDF).0
    }

    /// Whether ISO 9660 records the name of the volume as it was set. Default: false.
    ///
    /// Not in IMAPI2.
    #[must_use]
    pub fn verbatim_iso9660_volume_name(&self) -> bool {
        self.root.draft.settings.verbatim_volume_name
    }

    /// Sets whether ISO 9660 records the name of the volume as it was set, with lower case and all other printable
    /// ASCII characters; characters outside ASCII become `_` in any case.
    ///
    /// ISO 9660 allows upper case, digits and `_` (ECMA-119 8.4.6), so strict readers and checkers reject other names.
    /// Yet genisoimage and xorriso record them that way, and programs that look for a disc by its label, such as
    /// `config-2`, often know no other form.
    ///
    /// Not in IMAPI2.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] when `verbatim` is set in a strict image.
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
        if verbatim && self.root.draft.settings.strict {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "verbatim ISO 9660 volume name",
                value: verbatim.to_string(),
                expected: "false in a strict image",
            }));
        }
        self.root.draft.settings.verbatim_volume_name = verbatim;
        Ok(())
    }
}

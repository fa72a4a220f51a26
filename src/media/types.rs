//! Media types, and the defaults of an image for each.

use std::fmt;
use std::str::FromStr;

use crate::file_systems::{FileSystems, InvalidValue, UdfRevision};

/// The physical type of a medium. The values are those of IMAPI2's `IMAPI_MEDIA_PHYSICAL_TYPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaType {
    /// Unknown, or no medium.
    Unknown = 0,
    /// CD-ROM, or a CD that cannot be written here.
    CdRom = 1,
    /// CD-R.
    CdR = 2,
    /// CD-RW.
    CdRw = 3,
    /// Read-only DVD.
    DvdRom = 4,
    /// DVD-RAM.
    DvdRam = 5,
    /// DVD+R.
    DvdPlusR = 6,
    /// DVD+RW.
    DvdPlusRw = 7,
    /// Double-layer DVD+R.
    DvdPlusRDualLayer = 8,
    /// DVD-R.
    DvdDashR = 9,
    /// DVD-RW.
    DvdDashRw = 10,
    /// Double-layer DVD-R.
    DvdDashRDualLayer = 11,
    /// A medium like a hard disk, written in any order.
    Disk = 12,
    /// Double-layer DVD+RW.
    DvdPlusRwDualLayer = 13,
    /// HD DVD-ROM.
    HdDvdRom = 14,
    /// HD DVD-R.
    HdDvdR = 15,
    /// HD DVD-RAM.
    HdDvdRam = 16,
    /// BD-ROM.
    BdRom = 17,
    /// BD-R.
    BdR = 18,
    /// BD-RE.
    BdRe = 19,
}

/// The defaults of an image for a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Defaults {
    pub file_systems: FileSystems,
    pub udf_revision: UdfRevision,
    /// 0 means no limit.
    pub free_media_blocks: u32,
}

impl MediaType {
    /// The types that images can be made for.
    pub const WRITABLE: &'static [Self] = &[
        Self::CdR,
        Self::CdRw,
        Self::DvdRam,
        Self::DvdPlusR,
        Self::DvdPlusRw,
        Self::DvdPlusRDualLayer,
        Self::DvdDashR,
        Self::DvdDashRw,
        Self::DvdDashRDualLayer,
        Self::Disk,
        Self::DvdPlusRwDualLayer,
        Self::BdR,
        Self::BdRe,
    ];

    /// Returns the defaults of an image for this medium, if it can be written.
    ///
    /// IMAPI2's choices are not documented, except for DVD+RW of two layers, which gets UDF alone. Here all optical
    /// media except CDs do: no file is too large for UDF, and a bridge on rewritable media cannot be appended to.
    /// Blu-ray discs have UDF 2.50. The blocks are the nominal capacities of the media.
    pub(crate) fn defaults(self) -> Option<Defaults> {
        let cd = FileSystems::ISO9660 | FileSystems::JOLIET;
        let (file_systems, free_media_blocks) = match self {
            Self::CdR | Self::CdRw => (cd, 359_847),
            Self::DvdDashR | Self::DvdDashRw => (FileSystems::UDF, 2_298_496),
            Self::DvdPlusR | Self::DvdPlusRw => (FileSystems::UDF, 2_295_104),
            Self::DvdRam => (FileSystems::UDF, 2_236_704),
            Self::DvdPlusRDualLayer | Self::DvdPlusRwDualLayer => (FileSystems::UDF, 4_173_824),
            Self::DvdDashRDualLayer => (FileSystems::UDF, 4_171_712),
            Self::BdR | Self::BdRe => (FileSystems::UDF, 12_219_392),
            Self::Disk => (FileSystems::all(), 0),
            _ => return None,
        };
        let udf_revision = match self {
            Self::BdR | Self::BdRe => UdfRevision::V2_50,
            _ => UdfRevision::V1_02,
        };
        Some(Defaults {
            file_systems,
            udf_revision,
            free_media_blocks,
        })
    }

    /// Returns `true` if sessions follow each other on the medium: it can be written once, or serves as such a medium.
    pub(crate) const fn takes_sessions(self) -> bool {
        matches!(
            self,
            Self::CdR
                | Self::CdRw
                | Self::DvdDashR
                | Self::DvdDashRDualLayer
                | Self::DvdPlusR
                | Self::DvdPlusRDualLayer
                | Self::HdDvdR
                | Self::BdR
                | Self::Disk
        )
    }

    /// Returns `true` if any of its blocks can be written.
    pub(crate) const fn is_written_at_random(self) -> bool {
        matches!(
            self,
            Self::DvdDashRw
                | Self::DvdPlusRw
                | Self::DvdPlusRwDualLayer
                | Self::DvdRam
                | Self::HdDvdRam
                | Self::BdRe
                | Self::Disk
        )
    }

    /// Returns `true` if it can only be read.
    pub(crate) const fn is_read_only(self) -> bool {
        matches!(
            self,
            Self::CdRom | Self::DvdRom | Self::HdDvdRom | Self::BdRom
        )
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::CdRom => "cd-rom",
            Self::CdR => "cd-r",
            Self::CdRw => "cd-rw",
            Self::DvdRom => "dvd-rom",
            Self::DvdRam => "dvd-ram",
            Self::DvdPlusR => "dvd+r",
            Self::DvdPlusRw => "dvd+rw",
            Self::DvdPlusRDualLayer => "dvd+r-dl",
            Self::DvdDashR => "dvd-r",
            Self::DvdDashRw => "dvd-rw",
            Self::DvdDashRDualLayer => "dvd-r-dl",
            Self::Disk => "disk",
            Self::DvdPlusRwDualLayer => "dvd+rw-dl",
            Self::HdDvdRom => "hd-dvd-rom",
            Self::HdDvdR => "hd-dvd-r",
            Self::HdDvdRam => "hd-dvd-ram",
            Self::BdRom => "bd-rom",
            Self::BdR => "bd-r",
            Self::BdRe => "bd-re",
        }
    }
}

impl From<MediaType> for u32 {
    fn from(media: MediaType) -> Self {
        media as Self
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl FromStr for MediaType {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::WRITABLE
            .iter()
            .find(|media| media.text() == text)
            .copied()
            .ok_or_else(|| InvalidValue {
                parameter: "media type",
                value: text.to_owned(),
                expected: "cd-r, cd-rw, dvd-r, dvd-rw, dvd+r, dvd+rw, dvd-ram, dvd-r-dl, dvd+r-dl, dvd+rw-dl, bd-r, bd-re or disk",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_writable_type_has_defaults_and_a_name() {
        for media in MediaType::WRITABLE {
            assert!(media.defaults().is_some());
            assert_eq!(media.to_string().parse::<MediaType>().unwrap(), *media);
        }
        assert_eq!(MediaType::DvdRom.defaults(), None);
        assert!("dvd-rom".parse::<MediaType>().is_err());
    }
}

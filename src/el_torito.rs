//! El Torito's vocabulary: the record that leads to its catalog, and the platforms and emulations of boot images (El
//! Torito 2.0 to 2.2).

use std::fmt;
use std::str::FromStr;

use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::block::{BLOCK, Lba};
use crate::file_systems::InvalidValue;
use crate::recognition;

/// The beginning of a boot system identifier (El Torito 2.0).
const SYSTEM: &[u8] = b"EL TORITO SPECIFICATION";

/// The boot record, a volume descriptor that leads to the boot catalog (El Torito 2.0, ECMA-119 8.2).
#[derive(Clone, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct BootRecord {
    descriptor_type: u8,
    standard_identifier: [u8; 5],
    version: u8,
    boot_system_identifier: [u8; 32],
    boot_identifier: [u8; 32],
    boot_catalog: U32,
    unused: [u8; 1973],
}

const _: () = assert!(
    size_of::<BootRecord>() == BLOCK && std::mem::offset_of!(BootRecord, boot_catalog) == 71
);

impl BootRecord {
    pub(crate) fn new(catalog: Lba) -> Self {
        let mut boot_system_identifier = [0; 32];
        boot_system_identifier[..SYSTEM.len()].copy_from_slice(SYSTEM);
        Self {
            descriptor_type: 0,
            standard_identifier: recognition::ISO9660,
            version: 1,
            boot_system_identifier,
            boot_identifier: [0; 32],
            boot_catalog: catalog.0.into(),
            unused: [0; 1973],
        }
    }

    /// Returns the block of the catalog, if this is a boot record of El Torito.
    pub(crate) fn catalog(&self) -> Option<u32> {
        let is_el_torito = self.boot_system_identifier.starts_with(SYSTEM);
        is_el_torito.then(|| self.boot_catalog.get())
    }
}

/// The platform of a boot image.
///
/// IMAPI2: `PlatformId`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BootPlatform {
    /// A PC with a BIOS: 0.
    #[default]
    X86,
    /// Power PC: 1.
    PowerPc,
    /// Mac: 2.
    Mac,
    /// UEFI: 0xEF.
    Efi,
    /// Anything else.
    Other(u8),
}

impl BootPlatform {
    /// Returns El Torito's byte for the platform.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::X86 => 0,
            Self::PowerPc => 1,
            Self::Mac => 2,
            Self::Efi => 0xEF,
            Self::Other(id) => id,
        }
    }
}

impl From<u8> for BootPlatform {
    fn from(id: u8) -> Self {
        match id {
            0 => Self::X86,
            1 => Self::PowerPc,
            2 => Self::Mac,
            0xEF => Self::Efi,
            id => Self::Other(id),
        }
    }
}

impl fmt::Display for BootPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X86 => f.pad("x86"),
            Self::PowerPc => f.pad("powerpc"),
            Self::Mac => f.pad("mac"),
            Self::Efi => f.pad("efi"),
            Self::Other(id) => write!(f, "{id:#04x}"),
        }
    }
}

impl FromStr for BootPlatform {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let byte = || u8::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        match text {
            "x86" => Ok(Self::X86),
            "powerpc" => Ok(Self::PowerPc),
            "mac" => Ok(Self::Mac),
            "efi" => Ok(Self::Efi),
            _ => byte().map(Self::from).ok_or_else(|| InvalidValue {
                parameter: "boot platform",
                value: text.to_owned(),
                expected: "x86, powerpc, mac, efi or a byte such as 0xEF",
            }),
        }
    }
}

/// The medium that the BIOS emulates for a boot image.
///
/// IMAPI2: `EmulationType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BootEmulation {
    /// No emulation: the BIOS loads code and runs it.
    #[default]
    None = 0,
    /// A floppy disk of 1.2 MB: exactly 1,228,800 bytes.
    Floppy12 = 1,
    /// A floppy disk of 1.44 MB: exactly 1,474,560 bytes.
    Floppy144 = 2,
    /// A floppy disk of 2.88 MB: exactly 2,949,120 bytes.
    Floppy288 = 3,
    /// A hard disk with one partition.
    HardDisk = 4,
}

impl BootEmulation {
    const ALL: [Self; 5] = [
        Self::None,
        Self::Floppy12,
        Self::Floppy144,
        Self::Floppy288,
        Self::HardDisk,
    ];

    /// Returns the length in bytes that an image must have.
    #[must_use]
    pub const fn image_size(self) -> Option<u64> {
        match self {
            Self::Floppy12 => Some(80 * 2 * 15 * 512),
            Self::Floppy144 => Some(80 * 2 * 18 * 512),
            Self::Floppy288 => Some(80 * 2 * 36 * 512),
            Self::None | Self::HardDisk => None,
        }
    }

    /// Returns the floppy disk of that length.
    pub(crate) fn of_size(size: u64) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|emulation| emulation.image_size() == Some(size))
    }

    /// Returns the emulation in the media type of a catalog's entry (El Torito 2.2).
    pub(crate) fn of_media_type(media_type: u8) -> Option<Self> {
        Self::ALL.get(usize::from(media_type & 0xF)).copied()
    }

    const fn text(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Floppy12 => "1.2",
            Self::Floppy144 => "1.44",
            Self::Floppy288 => "2.88",
            Self::HardDisk => "harddisk",
        }
    }
}

impl fmt::Display for BootEmulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl FromStr for BootEmulation {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let mut all = Self::ALL.into_iter();
        all.find(|emulation| emulation.text() == text)
            .ok_or_else(|| InvalidValue {
                parameter: "boot emulation",
                value: text.to_owned(),
                expected: "none, 1.2, 1.44, 2.88 or harddisk",
            })
    }
}

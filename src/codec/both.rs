//! Integers of ISO 9660 that are stored in both byte orders (ECMA-119 7.2.3, 7.3.3).

use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, big_endian, little_endian,
};

/// A 16-bit integer, little-endian, then big-endian (ECMA-119 7.2.3).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct BothU16 {
    le: little_endian::U16,
    be: big_endian::U16,
}

impl BothU16 {
    /// Returns the little-endian half, on which all readers rely.
    pub(crate) const fn get(self) -> u16 {
        self.le.get()
    }

    /// Returns the big-endian half, for when the other is wrong.
    pub(crate) const fn big_endian(self) -> u16 {
        self.be.get()
    }

    /// Returns `true` if the halves are the same.
    pub(crate) const fn agrees(self) -> bool {
        self.le.get() == self.be.get()
    }
}

impl From<u16> for BothU16 {
    fn from(value: u16) -> Self {
        Self {
            le: value.into(),
            be: value.into(),
        }
    }
}

/// A 32-bit integer, little-endian, then big-endian (ECMA-119 7.3.3).
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub(crate) struct BothU32 {
    le: little_endian::U32,
    be: big_endian::U32,
}

impl BothU32 {
    /// Returns the little-endian half, on which all readers rely.
    pub(crate) const fn get(self) -> u32 {
        self.le.get()
    }

    /// Returns the big-endian half, for when the other is wrong.
    pub(crate) const fn big_endian(self) -> u32 {
        self.be.get()
    }

    /// Returns `true` if the halves are the same.
    pub(crate) const fn agrees(self) -> bool {
        self.le.get() == self.be.get()
    }
}

impl From<u32> for BothU32 {
    fn from(value: u32) -> Self {
        Self {
            le: value.into(),
            be: value.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_are_filled() {
        assert_eq!(BothU16::from(0x0102).as_bytes(), [2, 1, 1, 2]);
        assert_eq!(
            BothU32::from(0x0102_0304).as_bytes(),
            [4, 3, 2, 1, 1, 2, 3, 4]
        );
    }
}

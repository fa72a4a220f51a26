//! The descriptors at the beginning of a session, from its block 16 on: those of ISO 9660, and those of the volume
//! recognition sequence, which announces UDF.
//!
//! Both standards define the same beginning (ECMA-119 8.1, ECMA-167 2/9.1):
//!
//! ```text
//! 0      type
//! 1..6   standard identifier
//! 6      version
//! ```

/// Block of the first descriptor, counted from the session's start (ECMA-119 6.2.1, ECMA-167 2/8.3).
pub(crate) const FIRST_DESCRIPTOR: u32 = 16;

/// Bytes of a descriptor that identify its kind.
pub(crate) const KIND_LEN: usize = 6;

/// The identifier of ISO 9660 (ECMA-119 8.1.2).
pub(crate) const ISO9660: [u8; 5] = *b"CD001";

/// The identifiers of the volume recognition sequence (ECMA-167 2/9.1, 3/9.1).
pub(crate) const BEGIN_EXTENDED_AREA: [u8; 5] = *b"BEA01";
pub(crate) const END_EXTENDED_AREA: [u8; 5] = *b"TEA01";

/// The kind of a descriptor at the beginning of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DescriptorKind {
    /// A boot record of ISO 9660 (ECMA-119 8.2).
    BootRecord,
    /// A primary volume descriptor (ECMA-119 8.4).
    Primary,
    /// A supplementary or an enhanced volume descriptor (ECMA-119 8.5).
    Supplementary,
    /// A volume partition descriptor (ECMA-119 8.6).
    Partition,
    /// The volume descriptor set terminator (ECMA-119 8.3).
    Terminator,
    /// A descriptor of ISO 9660 with a type that the standard reserves.
    Reserved,
    /// The beginning of an extended area (ECMA-167 2/9.2).
    BeginExtendedArea,
    /// The announcement of a UDF volume: `NSR02` or `NSR03` (ECMA-167 3/9.1).
    Nsr,
    /// The end of an extended area (ECMA-167 2/9.3).
    EndExtendedArea,
    /// A boot descriptor (ECMA-167 2/9.4).
    Boot,
    /// A descriptor of ECMA-168, which reads like ECMA-167.
    CdWrite,
}

impl DescriptorKind {
    /// Returns the kind of the descriptor that begins with these bytes; `None` if they are not a descriptor.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let (head, _) = bytes.split_first_chunk::<KIND_LEN>()?;
        let [descriptor_type, identifier @ ..] = head;
        Some(match identifier {
            b"CD001" => match descriptor_type {
                0 => Self::BootRecord,
                1 => Self::Primary,
                2 => Self::Supplementary,
                3 => Self::Partition,
                255 => Self::Terminator,
                _ => Self::Reserved,
            },
            b"BEA01" => Self::BeginExtendedArea,
            b"NSR02" | b"NSR03" => Self::Nsr,
            b"TEA01" => Self::EndExtendedArea,
            b"BOOT2" => Self::Boot,
            b"CDW02" => Self::CdWrite,
            _ => return None,
        })
    }

    /// Returns `true` for a descriptor of ISO 9660.
    pub(crate) const fn is_iso9660(self) -> bool {
        matches!(
            self,
            Self::BootRecord
                | Self::Primary
                | Self::Supplementary
                | Self::Partition
                | Self::Terminator
                | Self::Reserved
        )
    }

    /// Returns `true` if a session can begin with it: the other kinds follow one of these.
    pub(crate) const fn is_first(self) -> bool {
        matches!(self, Self::Primary | Self::BeginExtendedArea)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_known_by_its_identifier_and_its_type() {
        let kind = |head: &[u8]| DescriptorKind::of(head);
        assert_eq!(kind(b"\x01CD001\x01"), Some(DescriptorKind::Primary));
        assert_eq!(kind(b"\xFFCD001"), Some(DescriptorKind::Terminator));
        assert_eq!(kind(b"\x09CD001"), Some(DescriptorKind::Reserved));
        assert_eq!(kind(b"\x00NSR03"), Some(DescriptorKind::Nsr));
        assert_eq!(kind(b"\x07BEA01"), Some(DescriptorKind::BeginExtendedArea));
        assert_eq!(kind(b"\x00NSR04"), None);
        assert_eq!(kind(b"\x01CD00"), None);
    }

    #[test]
    fn only_what_begins_a_session_comes_first() {
        for (head, is_first) in [
            (b"\x01CD001", true),
            (b"\x00BEA01", true),
            (b"\x00CD001", false),
            (b"\x02CD001", false),
            (b"\x00NSR02", false),
            (b"\x00TEA01", false),
        ] {
            let kind = DescriptorKind::of(head).unwrap();
            assert_eq!(kind.is_first(), is_first, "{kind:?}");
        }
    }
}

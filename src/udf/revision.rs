//! Differences between the revisions of UDF.

use super::tag::EntityId;
use crate::file_systems::UdfRevision;

impl UdfRevision {
    /// Returns `true` from UDF 2.00 on, which follows the 3rd edition of ECMA-167.
    const fn is_third_edition(self) -> bool {
        !matches!(self, Self::V1_02 | Self::V1_50)
    }

    /// Returns the descriptor version of all tags (ECMA-167 3/7.2.2, 4/7.2.2).
    pub(super) const fn descriptor_version(self) -> u16 {
        if self.is_third_edition() { 3 } else { 2 }
    }

    /// Returns the standard identifier of the volume recognition sequence (ECMA-167 3/9.1.2).
    pub(super) const fn standard_identifier(self) -> &'static [u8; 5] {
        if self.is_third_edition() {
            b"NSR03"
        } else {
            b"NSR02"
        }
    }

    /// Returns the identifier of a partition's contents (ECMA-167 3/10.5.5).
    pub(super) const fn partition_contents(self) -> EntityId {
        EntityId::contents(if self.is_third_edition() {
            b"+NSR03"
        } else {
            b"+NSR02"
        })
    }

    /// Returns `true` if files have Extended File Entries (UDF 3.3.5 of 2.00).
    pub(super) const fn has_extended_entries(self) -> bool {
        self.is_third_edition()
    }

    /// Returns `true` if the creation times of files are recorded.
    pub(crate) const fn has_creation_times(self) -> bool {
        self.has_extended_entries()
    }

    /// Returns `true` if file identifiers have UniqueIDs (UDF 2.3.4.3 of 2.00).
    pub(super) const fn has_identifier_ids(self) -> bool {
        self.is_third_edition()
    }

    /// Returns `true` if files can have named streams (UDF 3.3.5 of 2.00).
    pub(crate) const fn has_named_streams(self) -> bool {
        self.is_third_edition()
    }

    /// Returns `true` if files can be marked as real-time files (UDF 2.3.5.2.1 of 2.01).
    pub(crate) const fn has_real_time_files(self) -> bool {
        !matches!(self, Self::V1_02 | Self::V1_50 | Self::V2_00)
    }

    /// Returns `true` if the CRC of an Allocation Extent Descriptor covers the descriptors after it.
    pub(super) const fn covers_allocation_descriptors(self) -> bool {
        !matches!(self, Self::V1_02 | Self::V1_50 | Self::V2_00)
    }

    /// Returns `true` if the structures for files lie in a metadata partition (UDF 2.2.10 of 2.50).
    pub(crate) const fn has_metadata_partition(self) -> bool {
        matches!(self, Self::V2_50 | Self::V2_60)
    }

    /// Returns the index of the partition map for the structures for files.
    pub(super) const fn structures(self) -> u16 {
        self.has_metadata_partition() as u16
    }

    /// Returns the lowest revision that a reader must support (UDF 2.2.6.4): a reader of 2.50 must be able to read a
    /// volume of 2.60.
    pub(super) const fn minimum_read(self) -> Self {
        match self {
            Self::V2_60 => Self::V2_50,
            other => other,
        }
    }
}

//! Faults of a volume that did not keep it from being read.

use std::sync::{Mutex, PoisonError};

/// A fault, and the block of the disc it was found at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Finding {
    /// The main volume descriptor sequence is damaged; the reserve one was used.
    MainSequence { block: u32 },
    /// Both sequences are damaged, and together they have what is needed.
    BothSequences { block: u32 },
    /// There is no volume recognition sequence; the volume was found by its anchors.
    Recognition { block: u32 },
    /// A checksum, CRC or location of a descriptor is wrong; nothing else speaks against it.
    Descriptor { block: u32 },
    /// A file identifier's checksum or CRC is wrong; nothing else speaks against it.
    Identifier { block: u32 },
    /// An ICB has a strategy that nobody knows, and was read like one of a single entry.
    Strategy { block: u32 },
    /// An extent of a directory is marked as not recorded.
    Unrecorded { block: u32 },
    /// The domain is not that of UDF.
    Domain { block: u32 },
    /// There is no intact integrity descriptor.
    Integrity { block: u32 },
    /// A sparing table is damaged; another one was used.
    SparingTable { block: u32 },
    /// The ICB of the metadata file is damaged; the mirror was used.
    MetadataFile { block: u32 },
    /// The ICB of the metadata mirror file is damaged.
    MetadataMirror { block: u32 },
    /// A block of metadata is damaged; the mirror has it.
    MetadataBlock { block: u32 },
    /// A name has a surrogate without its other half, or an unknown compression id.
    Surrogate { block: u32 },
    /// The named streams of the root directory cannot be read.
    Streams { block: u32 },
    /// The extended attributes of a file make no sense.
    Attributes { block: u32 },
}

impl Finding {
    /// The block of the disc that it was found at.
    pub(crate) const fn block(self) -> u32 {
        match self {
            Self::MainSequence { block }
            | Self::BothSequences { block }
            | Self::Recognition { block }
            | Self::Descriptor { block }
            | Self::Identifier { block }
            | Self::Strategy { block }
            | Self::Unrecorded { block }
            | Self::Domain { block }
            | Self::Integrity { block }
            | Self::SparingTable { block }
            | Self::MetadataFile { block }
            | Self::MetadataMirror { block }
            | Self::MetadataBlock { block }
            | Self::Surrogate { block }
            | Self::Streams { block }
            | Self::Attributes { block } => block,
        }
    }

    /// Whether what was read may be wrong.
    pub(crate) const fn is_doubtful(self) -> bool {
        matches!(self, Self::Descriptor { .. } | Self::Identifier { .. })
    }

    /// What was found, in words.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::MainSequence { .. } => {
                "the main volume descriptor sequence is damaged, the reserve one was used"
            }
            Self::BothSequences { .. } => {
                "both volume descriptor sequences are damaged, what is left of them was used"
            }
            Self::Recognition { .. } => {
                "there is no volume recognition sequence, the volume was found by its anchors"
            }
            Self::Descriptor { .. } => "a descriptor is damaged, what it says may be wrong",
            Self::Identifier { .. } => "a file identifier is damaged, its name may be wrong",
            Self::Strategy { .. } => "an ICB has an unknown strategy, its first entry was used",
            Self::Unrecorded { .. } => {
                "an extent of a directory is marked as not recorded, it was read nevertheless"
            }
            Self::Domain { .. } => "the domain of the volume is not that of UDF",
            Self::Integrity { .. } => "there is no intact integrity descriptor",
            Self::SparingTable { .. } => "a sparing table is damaged, another one was used",
            Self::MetadataFile { .. } => "the metadata file is damaged, its mirror was used",
            Self::MetadataMirror { .. } => "the metadata mirror file is damaged",
            Self::MetadataBlock { .. } => "a block of metadata is damaged, its mirror was used",
            Self::Surrogate { .. } => {
                "a name is not valid, it has half a surrogate pair or an unknown encoding"
            }
            Self::Streams { .. } => "not all named streams of the root directory can be read",
            Self::Attributes { .. } => "the extended attributes of a file make no sense",
        }
    }
}

/// The most findings that are kept: a disc may have any number of faults.
const LIMIT: usize = 256;

/// The findings of a volume, each once.
#[derive(Debug, Default)]
pub(super) struct Findings(Mutex<Vec<Finding>>);

impl Findings {
    pub(super) fn add(&self, finding: Finding) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // That something may be wrong is not to be lost among the rest.
        let is_first_doubt = || finding.is_doubtful() && !all.iter().any(|old| old.is_doubtful());
        if (all.len() < LIMIT || is_first_doubt()) && !all.contains(&finding) {
            all.push(finding);
        }
    }

    pub(super) fn all(&self) -> Vec<Finding> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_kept_once_and_not_without_end() {
        let findings = Findings::default();
        for block in 0..1000 {
            findings.add(Finding::Domain { block });
            findings.add(Finding::Domain { block: 0 });
        }
        let all = findings.all();
        assert_eq!(all.len(), LIMIT);
        assert_eq!(all[..2], [0, 1].map(|block| Finding::Domain { block }));
    }
}

//! Directory records as found on discs (ECMA-119 9.1).
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use zerocopy::FromBytes;

use super::guess;
use crate::finding::FindingCode;
use crate::iso9660::record::{DIRECTORY, DirectoryRecord, HIDDEN, MULTI_EXTENT, PARENT, SELF};

/// An associated file, such as a resource fork (ECMA-119 9.1.6).
const ASSOCIATED: u8 = 4;

/// A directory record, borrowed from the bytes that hold it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub head: DirectoryRecord,
    pub identifier: &'a [u8],
    pub system_use: &'a [u8],
    /// Whether the recorded length of the identifier is impossible, and this one is guessed.
    pub is_guessed: bool,
}

impl<'a> Record<'a> {
    /// Reads the record that fills `bytes`. `susp_skip` is the number of bytes before the entries of the System Use
    /// Sharing Protocol, if the volume has them.
    pub(super) fn read(bytes: &'a [u8], susp_skip: Option<u8>) -> Result<Self, FindingCode> {
        let (head, rest) =
            DirectoryRecord::read_from_prefix(bytes).map_err(|_| FindingCode::IsoRecordCut)?;
        let said = usize::from(head.identifier_len);
        let is_guessed = said == 0 || said > rest.len();
        let identifier_len = if is_guessed && guess::is_plausible(&head) {
            guess::identifier_len(rest, susp_skip)
        } else {
            said
        };
        let identifier = rest.split_at_checked(identifier_len);
        let Some((identifier, rest)) = identifier.filter(|(identifier, _)| !identifier.is_empty())
        else {
            return Err(FindingCode::IsoIdentifierMissing);
        };
        // Identifiers of even length are padded, so that the next field is at an even position.
        let padding = usize::from(identifier_len % 2 == 0);
        Ok(Self {
            head,
            identifier,
            system_use: rest.get(padding..).unwrap_or_default(),
            is_guessed,
        })
    }

    /// Returns `true` if this is the directory's own record.
    pub(super) fn is_self(&self) -> bool {
        self.identifier == SELF
    }

    /// Returns `true` if this is the record of the directory itself or of its parent.
    pub(super) fn is_dot(&self) -> bool {
        self.is_self() || self.identifier == PARENT
    }

    pub(super) const fn is_directory(&self) -> bool {
        self.head.file_flags & DIRECTORY != 0
    }

    pub(super) const fn is_hidden(&self) -> bool {
        self.head.file_flags & HIDDEN != 0
    }

    pub(super) const fn is_associated(&self) -> bool {
        self.head.file_flags & ASSOCIATED != 0
    }

    /// Returns `true` if more sections of the file follow.
    pub(super) const fn is_continued(&self) -> bool {
        self.head.file_flags & MULTI_EXTENT != 0
    }

    /// Returns `true` if there are gaps in the data (ECMA-119 6.4.3). One of the sizes alone means nothing.
    pub(super) const fn is_interleaved(&self) -> bool {
        self.head.interleave_gap_size != 0 && self.head.file_unit_size != 0
    }
}

//! One error of each kind that reading and continuing a disc can return.

use std::io;

use super::{Case, ISO9660, UDF};
use crate::error::{ContinueProblem, Error, Excess, HostError, ImageProblem};
use crate::file_systems::UdfRevision;
use crate::finding::{Finding, FindingCode};
use crate::path::ImagePath;

/// Returns the errors, about items whose names end with `end`.
pub(super) fn errors_about(end: &str) -> Vec<Case> {
    let path = || ImagePath::from(format!("dir/item{end}"));
    let file = || std::path::PathBuf::from(format!("host/file{end}"));
    let source = || io::Error::other("why");
    vec![
        (
            Error::ImportSeek { block: 1 },
            "cannot find a session at block 1 of the disc: none is recorded",
            0xC0AA_B156,
        ),
        (
            Error::DiscMismatch {
                imported: format!("one{end}"),
                found: format!("two{end}"),
            },
            "the disc is two and no longer one, which was imported; import it again",
            0xC0AA_B158,
        ),
        (
            Error::EmptyDisc,
            "nothing is recorded on the disc",
            0xC0AA_B150,
        ),
        (
            Error::NoSupportedFileSystem,
            "the disc has none of the file systems ISO 9660, Joliet and UDF",
            0xC0AA_B151,
        ),
        (
            Error::RawSectors { len: 2352 },
            "the disc is given as raw sectors of 2352 bytes; convert the image to the 2048 bytes of data of each sector first",
            0xC0AA_B151,
        ),
        (
            Error::FileSystemNotFound { file_system: UDF },
            "the disc does not have UDF",
            0xC0AA_B152,
        ),
        (
            Finding::new(
                UDF,
                272,
                FindingCode::UdfTagIdentifier.differs("tag identifier", 259_u16, 256_u16),
            )
            .into(),
            "UDF at block 272: a descriptor is of another kind than it should be (tag identifier 259, expected 256)",
            0xC0AA_B153,
        ),
        (
            Finding::new(ISO9660, 16, FindingCode::IsoInterleaved).into(),
            "ISO 9660 at block 16: an interleaved file, which is not supported",
            0xC0AA_B154,
        ),
        (
            Error::ReadDisc {
                block: 7,
                source: source(),
            },
            "cannot read block 7 of the disc",
            0xC0AA_B157,
        ),
        (
            Error::ImportMemory(Excess {
                needed: 2,
                limit: 1,
            }),
            "reading the disc takes at least 2 bytes of memory, but 1 are allowed; raise the limit with `ImportOptions::memory`",
            0x8007_000E,
        ),
        (
            Error::MultisessionNotSet,
            "no disc has been chosen; choose one with `set_multisession_interfaces`",
            0xC0AA_B15D,
        ),
        (
            Error::UnknownBlocks {
                first: 400,
                last: 12_009,
            },
            "the disc cannot be continued: its blocks 400 to 12009 hold data after the last session that was found, perhaps of a damaged one; allow a session after them with `ImportOptions::unknown_blocks`",
            0xC0AA_B133,
        ),
        (
            Error::DamagedFiles {
                paths: vec![path(), "c".into()],
                count: 5,
                disc_len: 1_500_000,
            },
            "the disc cannot be continued: data of 5 of its files is missing, as it ends at byte 1500000: `/dir/item`, `/c` and 3 more; use a whole copy of it, or leave what is damaged out with `ImportOptions::damaged_files`",
            0xC0AA_B133,
        ),
        (
            Error::IncompatiblePreviousSession {
                problem: ContinueProblem::OtherProducer,
            },
            "the disc cannot be continued: another program recorded it; allow that with `ImportOptions::other_producers`",
            0xC0AA_B133,
        ),
        (
            Error::IncompatiblePreviousSession {
                problem: ContinueProblem::RockRidge,
            },
            "the disc cannot be continued: its ISO 9660 has Rock Ridge, which would be lost; allow that with `ImportOptions::drop_rock_ridge`",
            0xC0AA_B133,
        ),
        (
            Error::IncompatiblePreviousSession {
                problem: ContinueProblem::Full,
            },
            "the disc cannot be continued: it is full; use a disc that has room left",
            0xC0AA_B133,
        ),
        (
            Error::IncompatibleMultisessionType,
            "the multisession interface in use is of an unknown kind",
            0xC0AA_B15B,
        ),
        (
            Error::NoCompatibleMultisessionType { offered: 2 },
            "none of 2 multisession interfaces works with the disc as it is",
            0xC0AA_B15C,
        ),
        (
            Error::BadMultisessionParameter {
                parameter: "free blocks",
                source: Some(source()),
            },
            "the drive does not give a usable free blocks",
            0xC0AA_B162,
        ),
        (
            Error::ImportMediaNotAllowed {
                media: "dvd-rom".into(),
            },
            "a medium of type dvd-rom cannot take another session",
            0xC0AA_B159,
        ),
        (
            Error::IncompatiblePreviousSession {
                problem: ContinueProblem::UdfRevision { revision: 0x0300 },
            },
            "the disc cannot be continued: it has UDF 3.00",
            0xC0AA_B15A,
        ),
        (
            Error::FileSystemChangeNotAllowed {
                recorded: ISO9660,
                wanted: UDF,
            },
            "the disc has ISO 9660, so an image that continues it cannot have UDF",
            0xC0AA_B163,
        ),
        (
            Error::UdfRevisionChangeNotAllowed {
                recorded: UdfRevision::V1_02,
                wanted: UdfRevision::V2_50,
            },
            "the disc has UDF 1.02, so an image that continues it cannot have UDF 2.50",
            0xC0AA_B161,
        ),
        (
            Error::ImportTypeCollision {
                path: path(),
                file_system: UDF,
                is_directory: true,
            },
            "`/dir/item` is a directory in UDF on the disc and a file in the image; rename the one in the image",
            0xC0AA_B15E,
        ),
        (
            Error::BootObjectConflict,
            "an image that continues a disc boots as the disc does, and cannot have boot images of its own",
            0xC0AA_B149,
        ),
        (
            Error::OpenImage(HostError::new(file(), source())),
            "cannot open host/file",
            0xC0AA_B110,
        ),
        (
            Error::InvalidImage {
                problem: ImageProblem::NotAligned { len: 2049 },
            },
            "the image has 2049 bytes, which is not a multiple of 2048",
            0xC0AA_B200,
        ),
        (
            Error::InvalidImage {
                problem: ImageProblem::TooManyBlocks {
                    blocks: 2,
                    limit: 1,
                },
            },
            "the image has 2 blocks of 2048 bytes, but may have 1",
            0xC0AA_B203,
        ),
        (
            Error::InvalidImage {
                problem: ImageProblem::NoVolumeDescriptor,
            },
            "the image has no valid volume descriptor from block 16 on",
            0xC0AA_B201,
        ),
        (
            Error::MediaIncompatible {
                media: "dvd-rom".into(),
            },
            "no images can be made for a medium of type dvd-rom",
            0xC0AA_0203,
        ),
        (
            Error::WriteImage(HostError::new(file(), source())),
            "cannot write host/file",
            0x8000_4005,
        ),
    ]
}

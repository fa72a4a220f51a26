//! One error of each kind that creating an image can return.

use std::io;

use super::{Case, ISO9660, UDF};
use crate::el_torito::BootEmulation;
use crate::error::{
    BootProblem, Change, Error, HostError, ImageProblem, LinkProblem, NameProblem, Origin,
    SessionProblem, Shortage,
};
use crate::file_systems::InvalidValue;
use crate::path::ImagePath;

/// Returns the errors, about items whose names end with `end`.
pub(super) fn errors_about(end: &str) -> Vec<Case> {
    let path = || ImagePath::from(format!("dir/item{end}"));
    let file = || std::path::PathBuf::from(format!("host/file{end}"));
    let source = || io::Error::other("why");
    let name = || format!("name{end}");
    vec![
        (
            Error::InvalidParameter(InvalidValue {
                parameter: "p",
                value: format!("v{end}"),
                expected: "e",
            }),
            "p cannot be `v`: expected e",
            0xC0AA_B101,
        ),
        (
            Error::InvalidVolumeName {
                name: name(),
                problem: NameProblem::TooManyCharacters(32),
            },
            "volume name `name` has more than 32 characters",
            0xC0AA_B104,
        ),
        (
            Error::InvalidName {
                path: path(),
                name: "a\n".into(),
                problem: NameProblem::Character('\n'),
            },
            r"name `a\n` in `/dir/item` has the character `\n`; allow it with `set_strict_file_system_compliance(false)`",
            0xC0AA_B110,
        ),
        (
            Error::NameNotUnicode { file: file() },
            "the name of \"host/file\" is not valid Unicode; rename it, or leave it out with `TreeOptions::exclude`",
            0xC0AA_B110,
        ),
        (
            Error::RestrictedName { path: path() },
            "the name of `/dir/item` has characters outside the restricted set, code points 32 to 127; allow them with `set_use_restricted_character_set(false)`",
            0xC0AA_B111,
        ),
        (
            Error::DuplicateName {
                path: path(),
                existing: "file `ITEM`".into(),
            },
            "cannot add `/dir/item`: file `ITEM` is already there",
            0xC0AA_B112,
        ),
        (
            Error::AmbiguousName {
                path: path(),
                matches: 2,
            },
            "`/dir/item` could be any of 2 items whose names differ only in case; give the exact name",
            0xC0AA_B112,
        ),
        (
            Error::ItemNotFound { path: path() },
            "`/dir/item` is not in the image",
            0xC0AA_B118,
        ),
        (
            Error::DirectoryNotFound { path: path() },
            "directory `/dir/item` is not in the image",
            0xC0AA_B11A,
        ),
        (
            Error::NotADirectory { path: path() },
            "`/dir/item` is not a directory",
            0xC0AA_B109,
        ),
        (
            Error::NotAFile { path: path() },
            "`/dir/item` is not a file",
            0xC0AA_B108,
        ),
        (
            Error::DirectoryNotEmpty {
                path: path(),
                items: 3,
            },
            "cannot remove directory `/dir/item` alone: it has 3 items; remove it with `remove_tree`",
            0xC0AA_B10A,
        ),
        (
            Error::FileSystemNotEmpty { setting: "this" },
            "this can only be changed while the image is empty; set it before adding items",
            0xC0AA_B106,
        ),
        (
            Error::ImageSizeLimit {
                path: path(),
                needed: 2,
                limit: 1,
            },
            "`/dir/item` does not fit: the image would need at least 2 blocks of 2048 bytes, but may have 1; raise the limit with `set_free_media_blocks`, where 0 stands for none",
            0xC0AA_B120,
        ),
        (
            Error::ImageTooBig {
                needed: 2,
                limit: 1,
            },
            "the image needs 2 blocks of 2048 bytes, but may have 1; raise the limit with `set_free_media_blocks`, where 0 stands for none",
            0xC0AA_B121,
        ),
        (
            Error::FileTooBig {
                path: path(),
                size: 2,
                limit: 1,
                file_system: ISO9660,
            },
            "`/dir/item` has 2 bytes, but ISO 9660 holds at most 1 in a file at this interchange level; choose level 3 with `set_iso9660_interchange_level`, which a strict image cannot have, or UDF alone with `set_file_systems_to_create`",
            0xC0AA_B132,
        ),
        (
            Error::TooManyDirectories {
                path: path(),
                file_system: UDF,
                limit: 1,
            },
            "`/dir/item` is one directory too many: UDF can number 1; put some of them into another directory",
            0xC0AA_B130,
        ),
        (
            Error::TooDeep {
                path: path(),
                level: 9,
                limit: 8,
            },
            "directory `/dir/item` is at level 9, but ISO 9660 allows 8 levels at this interchange level; choose level 3 with `set_iso9660_interchange_level`, which a strict image cannot have, or UDF alone with `set_file_systems_to_create`",
            0xC0AA_B131,
        ),
        (
            Error::PathTooLong {
                path: path(),
                length: 256,
                limit: 255,
            },
            "the path of `/dir/item` has 256 characters in ISO 9660, which allows 255; shorten the path, or allow it with `set_strict_file_system_compliance(false)`",
            0xC0AA_B110,
        ),
        (
            Error::NoUniqueName {
                path: path(),
                file_system: ISO9660,
            },
            "no unique name can be made for `/dir/item` in ISO 9660; give it another name",
            0xC0AA_B113,
        ),
        (
            Error::InvalidDate {
                path: path(),
                earlier: "this",
                later: "that",
            },
            "this of `/dir/item` is earlier than that; allow it with `set_strict_file_system_compliance(false)`",
            0xC0AA_B105,
        ),
        (
            Error::ReadDirectory(HostError::new(file(), source())),
            "cannot read directory host/file",
            0xC0AA_B12B,
        ),
        (
            Error::OpenSource {
                path: path(),
                file: file(),
                source: source(),
            },
            "cannot open host/file for `/dir/item`",
            0xC0AA_B12A,
        ),
        (
            Error::ReadSource {
                path: path(),
                origin: Origin::File(file()),
                source: source(),
            },
            "cannot read `/dir/item` from host/file",
            0xC0AA_B129,
        ),
        (
            Error::SourceChanged {
                path: path(),
                origin: Origin::File(file()),
                change: Change::Length {
                    expected: 1,
                    found: 2,
                },
            },
            "host/file of `/dir/item` changed after it was added: it had 1 bytes and now has 2; add it again, or have files copied while they are added with `set_stage_files(true)`",
            0xC0AA_B128,
        ),
        (
            Error::SourceLength {
                path: path(),
                origin: Origin::File(file()),
                stated: 4096,
                found: Some(2),
            },
            "cannot read `/dir/item` from host/file: the system says that it has 4096 bytes, but it has 2; add it again, or have files copied while they are added with `set_stage_files(true)`",
            0xC0AA_B128,
        ),
        (
            Error::TooManyCopies {
                link: file(),
                limit: 3,
            },
            "links to directories make more than 3 copies of items, the last by host/file; leave links out with `LinkPolicy::Skip`, or allow more with `TreeOptions::max_copies`",
            0xC0AA_B12A,
        ),
        (
            Error::UnresolvableLink {
                link: file(),
                problem: LinkProblem::Dangles,
            },
            "cannot follow link host/file: it leads nowhere; leave it out with `LinkPolicy::SkipUnresolvable`",
            0xC0AA_B12A,
        ),
        (
            Error::LinkNotAllowed { link: file() },
            "host/file is a link; follow links with `LinkPolicy::Follow`, or leave them out with `LinkPolicy::Skip`",
            0xC0AA_B12A,
        ),
        (
            Error::SpecialFile { file: file() },
            "host/file is neither a file nor a directory; leave it out with `LinkPolicy::SkipUnresolvable`",
            0xC0AA_B12A,
        ),
        (
            Error::InvalidWorkingDirectory(HostError::new(file(), source())),
            "working directory host/file cannot be used",
            0xC0AA_B140,
        ),
        (
            Error::WorkingDirectorySpace(Shortage {
                directory: file(),
                available: 1,
                needed: 2,
            }),
            "working directory host/file has 1 bytes free, but 2 are needed; choose another with `set_working_directory`",
            0xC0AA_B141,
        ),
        (
            Error::MoveStaged(HostError::new(file(), source())),
            "cannot move staged files to host/file",
            0xC0AA_B142,
        ),
        (
            Error::OpenStage(HostError::new(file(), source())),
            "cannot create a temporary file in host/file",
            0xC0AA_B138,
        ),
        (
            Error::WriteStage {
                path: path(),
                directory: file(),
                source: source(),
            },
            "cannot stage `/dir/item` in host/file",
            0xC0AA_B13A,
        ),
        (
            Error::Write { source: source() },
            "cannot write the image",
            0x8000_4005,
        ),
        (
            Error::WriteDisc {
                block: 7,
                source: source(),
            },
            "cannot write block 7 of the disc",
            0x8000_4005,
        ),
        (
            Error::DiscInUse { file: file() },
            "host/file is in use: another program is writing to it; wait until it has finished with `Locking::Wait`",
            0xC0AA_0210,
        ),
        (
            Error::LockDisc(HostError::new(file(), source())),
            "cannot lock host/file",
            0x8000_4005,
        ),
        (
            Error::SessionNotFound {
                block: 320,
                problem: SessionProblem::FileSystem(UDF),
                restored: true,
                source: None,
            },
            "a reader of the disc would not find the session at block 320, which was just written: UDF does not lead to its files (the disc has been put back as it was)",
            0xC0AA_0007,
        ),
        (Error::Cancelled, "cancelled by the caller", 0xC0AA_0002),
        (
            Error::TooManyStreams {
                path: path(),
                limit: 1000,
            },
            "cannot add `/dir/item`: an image holds at most 1000 named streams; divide the files among several images",
            0xC0AA_B120,
        ),
        (
            Error::ReadBootImage {
                origin: Origin::File(file()),
                source: source(),
            },
            "cannot read the boot image from host/file",
            0xC0AA_B148,
        ),
        (
            Error::BootImageChanged {
                origin: Origin::File(file()),
                change: Change::Modified,
            },
            "host/file changed after it was assigned as a boot image: its modification time is different",
            0xC0AA_B128,
        ),
        (
            Error::BootImageSize {
                origin: Origin::Item(path()),
                emulation: BootEmulation::Floppy144,
                size: 5,
                expected: 1_474_560,
            },
            "the boot image from `/dir/item` in the image has 5 bytes, but emulation 1.44 needs 1474560; choose another emulation with `BootOptions::set_emulation`",
            0xC0AA_B14A,
        ),
        (
            Error::BootImage {
                number: 1,
                origin: Origin::File(file()),
                problem: BootProblem::TooLong { size: 2, limit: 1 },
            },
            "boot image 1, from host/file, has 2 bytes, but without emulation a BIOS loads at most 1; load less with `BootOptions::set_sector_count`, or for EFI all up to the disc's end with `BootOptions::set_reaches_end`",
            0xC0AA_B148,
        ),
        (
            Error::BootImage {
                number: 0,
                origin: Origin::Item(path()),
                problem: BootProblem::NoFile,
            },
            "boot image 0, from `/dir/item` in the image, does not exist, or is not a file; add it, or correct the path",
            0xC0AA_B148,
        ),
        (
            Error::BootImage {
                number: 0,
                origin: Origin::Item(path()),
                problem: BootProblem::Embedded,
            },
            "boot image 0, from `/dir/item` in the image, lies in its ICB and has no blocks of its own; turn that off with `set_embed_small_files(false)`",
            0xC0AA_B148,
        ),
        (
            Error::NoBootCatalog { path: path() },
            "`/dir/item` shows the boot catalog, but the image has no boot images; set some with `set_boot_image_options_array`, or remove the file",
            0xC0AA_B148,
        ),
        (
            Error::OutputIsSource {
                file: file(),
                input: file(),
                is_replaced: true,
            },
            "cannot write host/file: it is a file of the image; write the image to another file, or allow it with `OutputFile::overwrite_source`",
            0x8000_4005,
        ),
        (
            Error::OutputIsSource {
                file: format!("output{end}").into(),
                input: file(),
                is_replaced: false,
            },
            "cannot write output: it is host/file, a file of the image; write the image to another file",
            0x8000_4005,
        ),
        (
            Error::OutputInSource {
                file: file(),
                directory: format!("source{end}").into(),
            },
            "cannot write host/file: it is there already, in the source directory source; write the image to another file, or allow it with `OutputFile::overwrite_source`",
            0x8000_4005,
        ),
        (
            Error::InvalidImage {
                problem: ImageProblem::NotGiven,
            },
            "no image was given; set one with `set_path` or `set_stream`",
            0xC0AA_B202,
        ),
        (
            Error::ImportWork {
                what: "its structures",
                block: 7,
                limit: 1,
            },
            "reading the disc takes too much work: with block 7, its structures would take more than 1 bytes to read; \
             if you trust the disc, raise the limit with `ImportOptions::work`",
            0xC0AA_B153,
        ),
        (
            Error::PropertyNotAccessible {
                path: path(),
                property: "named streams",
            },
            "`/dir/item` has no named streams",
            0xC0AA_B160,
        ),
        (
            Error::ReadStreams(HostError::new(file(), source())),
            "cannot read the named streams of host/file",
            0xC0AA_B12A,
        ),
    ]
}

//! What errors say.

use imapi2fs::{
    Change, Error, FileSystems, HResult, InterchangeLevel, LeftOutReason, LinkProblem, MediaType,
    NameChange, NameProblem, Origin, UdfRevision,
};

use crate::support::declared::Items;

/// What helps names calls of this crate, and they are there.
#[test]
fn calls_that_advice_names_are_declared() {
    let declared = Items::read();
    let owners = ["FileSystemImage", "DirectoryMut", "IsoImageManager"];
    let advice = include_str!("../../src/error/advice.rs");
    let (advice, _) = advice.split_once("impl Error {").unwrap();
    let strings = advice.split('"').skip(1).step_by(2);
    let calls: Vec<&str> = strings
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .collect();
    assert!(calls.len() > 20, "{calls:?}");
    for call in calls {
        let call = call.split('(').next().unwrap();
        let is_declared = match call.split_once("::") {
            Some(("LinkPolicy" | "Locking" | "ExistingItems", _)) => true,
            Some(_) => declared.aliases(call).is_some(),
            None => owners
                .iter()
                .any(|owner| declared.aliases(&format!("{owner}::{call}")).is_some()),
        };
        assert!(is_declared, "{call}");
    }
}

#[test]
fn codes_are_hexadecimal_in_debug_output_too() {
    let code = Error::Cancelled.hresult();
    assert_eq!(format!("{code:?}"), "HResult(0xC0AA0002)");
    assert_eq!(
        format!("{:?}", Some(HResult(5))),
        "Some(HResult(0x00000005))"
    );
}

#[test]
fn what_is_wrong_is_said_in_words() {
    for (text, expected) in [
        (NameProblem::Empty.to_string(), "is empty"),
        (
            NameProblem::Dots.to_string(),
            "stands for a directory itself or for its parent",
        ),
        (
            Change::Modified.to_string(),
            "its modification time is different",
        ),
        (Change::Kind.to_string(), "it is no longer a file"),
        (
            LinkProblem::LeavesTree.to_string(),
            "leads out of the tree that is added",
        ),
        (
            LinkProblem::PathTooLong.to_string(),
            "has or leads to a path that is longer than the system follows",
        ),
        (
            LinkProblem::LeadsToAncestor.to_string(),
            "leads to a directory it lies in",
        ),
        (
            LinkProblem::LeftOut.to_string(),
            "leads to something that is left out",
        ),
        (LeftOutReason::Link.to_string(), "is a link"),
        (
            LeftOutReason::Unresolvable(LinkProblem::Dangles).to_string(),
            "is a link that leads nowhere",
        ),
        (
            LeftOutReason::Special.to_string(),
            "is neither a file nor a directory",
        ),
        (LeftOutReason::Excluded.to_string(), "is excluded"),
        (
            LeftOutReason::WorkingDirectory.to_string(),
            "is the working directory",
        ),
        (FileSystems::all().to_string(), "ISO 9660, Joliet, UDF"),
        (FileSystems::empty().to_string(), "none"),
        (
            NameChange::all().to_string(),
            "case, characters, length, collision",
        ),
        (Origin::Staged.to_string(), "the working directory"),
        (Origin::Reader.to_string(), "the reader"),
        (InterchangeLevel::Three.to_string(), "3"),
        (UdfRevision::V1_02.to_string(), "1.02"),
        (MediaType::DvdPlusR.to_string(), "dvd+r"),
    ] {
        assert_eq!(text, expected);
    }
}

//! The only findings that are accepted, each because the caller asked for what it complains about.

use imapi2fs::FileSystems;

use crate::case::Settings;
use crate::trees::Fact;

/// A warning that follows from a choice.
pub(crate) struct Relaxation {
    pub(crate) judge: &'static str,
    pub(crate) warning: &'static str,
    /// What the caller chose.
    pub(crate) choice: &'static str,
    applies: fn(&Settings) -> bool,
}

pub(crate) const RELAXATIONS: &[Relaxation] = &[
    Relaxation {
        judge: "isocheck",
        warning: "WARN JOLIET_LEN ",
        choice: "Joliet names of more than 64 characters: not strict",
        applies: |case| {
            case.file_systems.contains(FileSystems::JOLIET)
                && !case.strict
                && case.tree.is(Fact::LongNames)
        },
    },
    Relaxation {
        judge: "isocheck",
        warning: "WARN DEPTH ",
        choice: "more than eight levels of directories: interchange level 3 and not strict",
        applies: |case| {
            case.file_systems.contains(FileSystems::ISO9660)
                && !case.strict
                && case.tree.is(Fact::Deep)
        },
    },
    Relaxation {
        judge: "udfcheck",
        warning: "WARN TIME_AFTER_LVID ",
        choice: "files with times later than the image's",
        applies: |case| {
            case.file_systems.contains(FileSystems::UDF) && case.tree.is(Fact::LateTimes)
        },
    },
    Relaxation {
        judge: "udfcheck",
        warning: "WARN PD_OVERLAP ",
        choice: "a later session, whose partition has the data of earlier ones and what lies between",
        applies: |case| !case.begins_at_0(),
    },
    Relaxation {
        judge: "xorriso",
        warning: "Joliet filename valid only with character set UTF-16",
        choice: BEYOND_BMP,
        applies: is_beyond_bmp,
    },
    Relaxation {
        judge: "xorriso",
        warning: "not suitable for Joliet character set UCS-2",
        choice: BEYOND_BMP,
        applies: is_beyond_bmp,
    },
];

const BEYOND_BMP: &str =
    "Joliet names with characters beyond the Basic Multilingual Plane: not strict";

fn is_beyond_bmp(case: &Settings) -> bool {
    case.has(FileSystems::JOLIET) && !case.strict && case.tree.is(Fact::BeyondBmp)
}

/// Fails on every finding but the warnings that `case` chose.
pub(crate) fn check(judge: &str, case: &Settings, findings: &[&str]) -> Result<(), String> {
    let accepted = |finding: &str| {
        RELAXATIONS.iter().any(|relaxation| {
            relaxation.judge == judge
                && finding.contains(relaxation.warning)
                && (relaxation.applies)(case)
        })
    };
    let left: Vec<&str> = findings
        .iter()
        .copied()
        .filter(|finding| !accepted(finding))
        .collect();
    if left.is_empty() {
        return Ok(());
    }
    let chosen = RELAXATIONS
        .iter()
        .filter(|relaxation| (relaxation.applies)(case))
        .map(|relaxation| relaxation.choice);
    Err(format!(
        "{}\nchosen: {:?}",
        left.join("\n"),
        chosen.collect::<Vec<_>>()
    ))
}

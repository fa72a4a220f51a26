//! Images judged by programs that know nothing of this crate.
//!
//! Each trial is one judge's verdict on one image. A judge that is not installed or too old shows as ignored, with the
//! reason in brackets, or as failed when `IMAPI2FS_REQUIRE_JUDGES=1`; `programs.txt` lists the versions. By default a pairwise selection of the combinations is tried,
//! with `IMAPI2FS_FULL=1` all of them, the slow ones included, and a real directory (`IMAPI2FS_TREE`,
//! default `/usr/share`).

mod append;
mod boot;
mod bsdtar;
mod case;
mod cases;
mod checkers;
mod content;
mod disk;
mod expect;
mod foreign;
mod grub;
mod isoinfo;
mod library;
mod names;
mod plant;
mod program;
mod read_back;
mod relaxations;
mod sevenzip;
mod tool;
mod trees;
mod udftools;
mod xorriso;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use case::Case;
use tool::Judge;

/// Everyone who is asked.
const JUDGES: &[&Judge] = &[
    &checkers::ISOCHECK,
    &checkers::UDFCHECK,
    &checkers::UDFCHECK_MIRROR,
    &xorriso::XORRISO,
    &xorriso::XORRISO_PLAIN,
    &isoinfo::ISOINFO,
    &isoinfo::ISOINFO_JOLIET,
    &isoinfo::ISOVFY,
    &sevenzip::AS_ISO,
    &sevenzip::AS_UDF,
    &bsdtar::BSDTAR,
    &bsdtar::BSDTAR_PLAIN,
    &udftools::UDFINFO,
    &udftools::UDFDUMP,
    &grub::GRUB,
];

/// Those that can be told where a session begins.
const SESSION_JUDGES: &[&Judge] = &[
    &checkers::ISOCHECK,
    &checkers::UDFCHECK,
    &xorriso::XORRISO,
    &xorriso::XORRISO_PLAIN,
    &isoinfo::ISOINFO,
    &isoinfo::ISOINFO_JOLIET,
    &udftools::UDFINFO,
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let full = flag("IMAPI2FS_FULL");
    let required = flag("IMAPI2FS_REQUIRE_JUDGES");

    let mut trials = library::trials();
    trials.extend(program::trials());
    trials.extend(read_back::trials(required));
    trials.extend(foreign::trials(required));
    trials.extend(boot::trials(required, full));
    for settings in cases::all(full) {
        if settings.refusal().is_some() {
            trials.push(library::refused(settings));
            continue;
        }
        if cases::is_quick(settings.tree) {
            trials.push(library::report(settings));
        }
        let case = Arc::new(Case::new(settings));
        let judges = if settings.begins_at_0() {
            JUDGES
        } else {
            SESSION_JUDGES
        };
        for judge in judges.iter().filter(|judge| (judge.can_read)(&settings)) {
            trials.push(trial(judge, &case, required));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Asks `judge` about the image of `case`, which is built when the first judge wants it and removed after the last.
fn trial(judge: &'static Judge, case: &Arc<Case>, required: bool) -> Trial {
    let name = format!("{}: {}", case.settings, judge.name);
    let case = Arc::clone(case);
    let needs = (judge.needs)(&case.settings);
    program::trial(name, program::unmet([needs]), required, move || {
        (judge.judge)(case.built()?).map_err(Into::into)
    })
}

fn flag(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| value == "1")
}

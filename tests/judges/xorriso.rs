//! xorriso reads ISO 9660 and, where there is one, prefers the Joliet tree.

use std::process::Command;

use imapi2fs::FileSystems;

use crate::case::{Built, Settings};
use crate::expect::{self, View};
use crate::program::needs;
use crate::relaxations;
use crate::tool::{self, Judge, Scratch, Verdict};
use crate::trees::Fact;

pub(crate) const XORRISO: Judge = Judge {
    name: "xorriso",
    needs: |_| needs("xorriso"),
    can_read,
    judge: |built| {
        extract(
            built,
            if built.settings.has(FileSystems::JOLIET) {
                View::Joliet
            } else {
                View::Iso9660
            },
        )
    },
};

/// The ISO 9660 tree of an image that has Joliet too.
pub(crate) const XORRISO_PLAIN: Judge = Judge {
    name: "xorriso without Joliet",
    needs: |_| needs("xorriso"),
    can_read: |case| can_read(case) && case.has(FileSystems::JOLIET),
    judge: |built| extract(built, View::Iso9660),
};

fn can_read(case: &Settings) -> bool {
    case.has(FileSystems::ISO9660) && !case.tree.is(Fact::Endless) && !case.tree.is(Fact::WideNames)
}

fn extract(built: &Built, view: View) -> Verdict {
    if built.settings.tree.is(Fact::LargeFile) {
        // Without writing it anywhere.
        return expect::streamed(built, view, |path| {
            let mut command = xorriso(built, view);
            command.args(["-concat", "append", "-", path, "--"]);
            command
        });
    }
    let scratch = Scratch::new()?;
    let into = scratch.path().join("all");
    let mut command = xorriso(built, view);
    command.args(["-check_media", "use=indev", "--", "-extract", "/"]);
    let output = tool::run(command.arg(&into))?;
    let says = output.says();
    let is_finding = |line: &&str| {
        let words = ["WARNING", "SORRY", "FAILURE", "FATAL"];
        words.iter().any(|word| line.contains(word))
    };
    let findings: Vec<&str> = says.lines().filter(is_finding).collect();
    relaxations::check("xorriso", &built.settings, &findings)?;
    if !output.success {
        return Err(says);
    }
    let found = expect::extracted(&into, !built.settings.tree.is(Fact::OddTimes))?;
    expect::compare(built, view, |name| view.bare(name).into(), found)
}

/// xorriso with the image loaded; it says all that is worth a warning, and its exit status tells.
fn xorriso(built: &Built, view: View) -> Command {
    let read = if view == View::Joliet {
        "norock"
    } else {
        "nojoliet"
    };
    let image = format!("stdio:{}", built.file.display());
    let before = "-no_rc -abort_on NEVER -return_with SORRY 32 -report_about WARNING -read_fs";
    let mut command = tool::command("xorriso");
    command.args(before.split(' ')).arg(read);
    if built.session != 0 {
        command.args(["-load", "sbsector", &built.session.to_string()]);
    }
    command.args(["-indev", &image]);
    command.args(["-osirrox", "on:auto_chmod_on"]);
    command
}

//! bsdtar (libarchive) reads ISO 9660 and prefers Joliet; of plain UDF it sees nothing.

use std::process::Command;

use imapi2fs::FileSystems;

use crate::case::{Built, Settings};
use crate::expect::{self, View};
use crate::program::needs;
use crate::tool::{self, Judge, Scratch, Verdict};
use crate::trees::Fact;

pub(crate) const BSDTAR: Judge = Judge {
    name: "bsdtar",
    needs: |_| needs("bsdtar"),
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
pub(crate) const BSDTAR_PLAIN: Judge = Judge {
    name: "bsdtar without Joliet",
    needs: |_| needs("bsdtar"),
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
            let mut command = bsdtar("-xOf", built, view);
            command.arg(shown(&path[1..], view));
            command
        });
    }
    let scratch = Scratch::new()?;
    let mut command = bsdtar("-xf", built, view);
    command
        .arg("-C")
        .arg(scratch.path())
        .args(["--no-same-owner", "--no-same-permissions"]);
    let output = tool::run(&mut command)?;
    if !output.success || !output.stderr.is_empty() {
        return Err(output.says());
    }
    let found = expect::extracted(scratch.path(), !built.settings.tree.is(Fact::OddTimes))?;
    expect::compare(built, view, |name| shown(name, view), found)
}

/// Of a Joliet name bsdtar shows 103 characters, though files may have 104.
fn shown(name: &str, view: View) -> String {
    if view == View::Iso9660 {
        return view.bare(name).into();
    }
    let units: Vec<u16> = name.encode_utf16().take(103).collect();
    String::from_utf16_lossy(&units)
}

fn bsdtar(operation: &str, built: &Built, view: View) -> Command {
    let mut command = tool::command("bsdtar");
    if view == View::Iso9660 {
        command.args(["--options", "iso9660:!joliet"]);
    }
    command.arg(operation).arg(&built.file);
    command
}

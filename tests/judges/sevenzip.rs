//! 7-Zip reads ISO 9660 (or Joliet, which it prefers) and UDF.

use imapi2fs::{FileSystems, UdfRevision};

use crate::case::{Built, Files};
use crate::expect::{self, View};
use crate::program::{needs, needs_for};
use crate::tool::{self, Judge, Scratch, Verdict};
use crate::trees::Fact;

pub(crate) const AS_ISO: Judge = Judge {
    name: "7-Zip, ISO 9660",
    needs: |_| needs("7zz"),
    can_read: |case| {
        case.has(FileSystems::ISO9660)
            && !case.tree.is(Fact::WideNames)
            && !case.tree.is(Fact::Endless)
    },
    judge: |built| {
        read(
            built,
            "-tiso",
            if built.settings.has(FileSystems::JOLIET) {
                View::Joliet
            } else {
                View::Iso9660
            },
        )
    },
};

pub(crate) const AS_UDF: Judge = Judge {
    name: "7-Zip, UDF",
    needs: |case| match case.files {
        Files::RealTime if case.revision >= UdfRevision::V2_01 => {
            needs_for("7zz", "real-time files")
        }
        _ => needs("7zz"),
    },
    can_read: |case| {
        case.has(FileSystems::UDF) && !case.tree.is(Fact::WideNames) && !case.tree.is(Fact::Endless)
    },
    judge: |built| read(built, "-tudf", View::Udf),
};

fn read(built: &Built, format: &str, view: View) -> Verdict {
    if !built.settings.tree.is(Fact::LargeFile) {
        return extract(built, format, view);
    }
    // Without writing it anywhere.
    expect::streamed(built, view, |path| {
        let mut command = tool::command("7zz");
        command.args(["x", "-so", format]).arg(&built.file);
        command.arg(shown(&path[1..], view));
        command
    })
}

fn extract(built: &Built, format: &str, view: View) -> Verdict {
    let scratch = Scratch::new()?;
    let into = format!("-o{}", scratch.path().display());
    let output = tool::run(
        tool::command("7zz")
            .args(["x", "-y", "-snl", format, &into])
            .arg(&built.file),
    )?;
    if !output.success
        || !output.stdout().contains("Everything is Ok")
        || output.stdout().contains("WARNING")
    {
        return Err(output.says());
    }
    let found = expect::extracted(scratch.path(), !built.settings.tree.is(Fact::OddTimes))?;
    expect::compare(built, view, |name| shown(name, view), found)
}

/// In ISO 9660 and Joliet alike 7-Zip leaves out one trailing dot.
fn shown(name: &str, view: View) -> String {
    if view == View::Udf {
        name.into()
    } else {
        expect::bare(name).into()
    }
}

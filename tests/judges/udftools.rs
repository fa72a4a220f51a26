//! udfinfo knows the structures of a UDF volume, udfdump its tree as well.

use std::collections::BTreeSet;

use imapi2fs::{FileSystems, UdfRevision};

use crate::case::{Built, Files};
use crate::expect::{self, View};
use crate::program::needs;
use crate::tool::{self, Judge, Verdict};

pub(crate) const UDFINFO: Judge = Judge {
    name: "udfinfo",
    needs: |_| needs("udfinfo"),
    can_read: |case| case.has(FileSystems::UDF),
    judge: udfinfo,
};

pub(crate) const UDFDUMP: Judge = Judge {
    name: "udfdump",
    needs: |_| needs("udfdump"),
    // An image of less than 300 blocks is too small for it, as that of a few embedded files is.
    can_read: |case| {
        let is_small =
            case.tree.name == "empty" || case.tree.name == "hand" && case.files == Files::Embedded;
        case.has(FileSystems::UDF) && !is_small
    },
    judge: udfdump,
};

fn udfinfo(built: &Built) -> Verdict {
    let mut command = tool::command("udfinfo");
    if built.session != 0 {
        command.arg(format!("--startblock={}", built.session));
    }
    let output = tool::run(command.arg("--utf8").arg(&built.file))?;
    let (text, says) = (output.stdout(), output.says());
    // The partition of a later session has the data of earlier ones, and so all that lies between, too.
    let overlap = "Warning: Partition Space overlaps with other blocks";
    let complaints = match built.settings.appended {
        Some(_) => says.replace(overlap, ""),
        None => says.clone(),
    };
    if !output.success
        || ["Error", "Warning"]
            .iter()
            .any(|word| complaints.contains(word))
    {
        return Err(says);
    }
    let directories = built
        .nodes
        .iter()
        .filter(|node| node.is_directory())
        .count();
    // It names the lowest revision a reader has to know, which for 2.60 is 2.50.
    let read_revision = built.settings.revision.min(UdfRevision::V2_50);
    let expected = [
        ("label", built.volume_name_udf.clone()),
        ("lvid", built.volume_name_udf.clone()),
        ("blocksize", "2048".into()),
        ("blocks", built.total_blocks.to_string()),
        ("numfiles", (built.nodes.len() - directories).to_string()),
        ("numdirs", (directories + 1).to_string()),
        ("udfrev", read_revision.to_string()),
        ("udfwriterev", built.settings.revision.to_string()),
        ("integrity", "closed".into()),
        ("accesstype", "readonly".into()),
        ("freeblocks", "0".into()),
    ];
    for (key, value) in expected {
        let line = format!("{key}={value}");
        if !text.lines().any(|found| found == line) {
            return Err(format!("not there: {line}\n{text}"));
        }
    }
    let anchors: Vec<u32> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("start=")?
                .strip_suffix(", blocks=1, type=ANCHOR")?
                .parse()
                .ok()
        })
        .collect();
    if anchors.contains(&(built.session + 256)) && anchors.contains(&(built.total_blocks - 1)) {
        Ok(())
    } else {
        Err(format!(
            "anchors at {anchors:?} in {} blocks",
            built.total_blocks
        ))
    }
}

/// udfdump lists the files that are not hidden; a name of other characters than ASCII it shows as something else.
fn udfdump(built: &Built) -> Verdict {
    let output = tool::run(
        tool::command("udfdump")
            .args(["-t", "-b", "2048", "-u", "0"])
            .arg(&built.file),
    )?;
    let text = output.stdout();
    if !output.success
        || !text.contains(&format!(
            "contains logical volume  `{}`",
            built.volume_name_udf
        ))
    {
        return Err(output.says());
    }
    let hidden: BTreeSet<&[String]> = built
        .nodes
        .iter()
        .filter(|node| node.hidden)
        .map(|node| &node.path[..])
        .collect();
    let is_shown = |path: &[String]| (1..=path.len()).all(|len| !hidden.contains(&path[..len]));
    let files: Vec<&str> = expect::expected(built, View::Udf)
        .filter(|(node, _)| !node.is_directory() && is_shown(&node.path))
        .map(|(_, path)| path)
        .collect();
    let listed = text.matches("\n:Rootdir/").count();
    if listed != files.len() {
        let says = output.says();
        return Err(format!("{listed} files instead of {}\n{says}", files.len()));
    }
    let lines: BTreeSet<&str> = text
        .split("\n:Rootdir")
        .flat_map(|part| part.split('\n').next())
        .collect();
    match files.iter().find(|path| {
        path.bytes().all(|byte| (b' '..0x7F).contains(&byte)) && !lines.contains(*path)
    }) {
        None => Ok(()),
        Some(path) => Err(format!("missing: {path}\n{}", output.says())),
    }
}

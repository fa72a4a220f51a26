//! GRUB's own drivers; it is only asked to compare, as it lists nothing for a file system it does not know.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use imapi2fs::FileSystems;

use crate::case::{Built, Settings};
use crate::content::Data;
use crate::expect::{self, View};
use crate::program::needs;
use crate::tool::{self, Judge, Scratch, Verdict};
use crate::trees::{Fact, Node};

pub(crate) const GRUB: Judge = Judge {
    name: "grub-fstest",
    needs: |_| needs("grub-fstest"),
    can_read,
    judge: compare,
};

fn can_read(case: &Settings) -> bool {
    // Of ISO 9660 GRUB takes a directory that is hidden for something else.
    let trees =
        case.has(FileSystems::UDF) || case.has(FileSystems::JOLIET) && case.tree.name != "hidden";
    trees
        // It knows no metadata partitions.
        && !case.has_metadata_partition()
        && case.tree.name != "empty"
        && !case.tree.is(Fact::Endless)
        && !case.tree.is(Fact::WideNames)
}

/// How many entries of crowded directories are compared; each is searched for from the beginning.
const SOME: usize = 40;

fn compare(built: &Built) -> Verdict {
    // In a bridge GRUB takes UDF, and in ISO 9660 Joliet.
    let view = if built.settings.has(FileSystems::UDF) {
        View::Udf
    } else {
        View::Joliet
    };
    let scratch = Scratch::new()?;
    if built.settings.tree.is(Fact::Crowded) {
        let step = built.nodes.len() / SOME;
        let nodes = expect::expected(built, view)
            .step_by(step)
            .filter(|(node, _)| !node.is_directory());
        for (number, (node, path)) in nodes.enumerate() {
            let local = scratch.path().join(number.to_string());
            write(node, &local)?;
            cmp(built, path, &local)?;
        }
        return Ok(());
    }
    // Parents come before what they hold.
    let nodes: BTreeMap<&str, &Node> = expect::expected(built, view)
        .map(|(node, path)| (path, node))
        .collect();
    for (path, node) in nodes {
        write(node, &scratch.path().join(&path[1..]))?;
    }
    cmp(built, "/", scratch.path())
}

fn write(node: &Node, to: &Path) -> Result<(), String> {
    let written = match &node.data {
        None => fs::create_dir(to),
        #[cfg(unix)]
        Some(Data::File(from, _)) => std::os::unix::fs::symlink(from, to),
        Some(data) => data.write_to(to),
    };
    written.map_err(|error| format!("{}: {error}", to.display()))
}

/// Compares one file, or all that lies in the local directory.
fn cmp(built: &Built, path: &str, local: &Path) -> Verdict {
    let there = format!("(loop0){path}");
    let output = tool::run(
        tool::command("grub-fstest")
            .arg(&built.file)
            .args(["cmp", &there])
            .arg(local),
    )?;
    if output.success && output.stderr.is_empty() {
        Ok(())
    } else {
        Err(format!("{path}: {}", output.says()))
    }
}

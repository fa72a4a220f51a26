//! Items of the host that are skipped when a directory is added.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::options::{LeftOut, LeftOutReason, TreeOptions, TreeSummary};
use super::walk::Excluded;
use crate::draft::Draft;
use crate::error::Result;

/// Returns the paths to leave out, without links, grouped by directory.
pub(super) fn excluded(draft: &Draft, root: &Path, options: &TreeOptions) -> Excluded {
    let mut excluded = Excluded::new();
    let all = options
        .excluded
        .iter()
        .map(|path| (path.as_path(), LeftOutReason::Excluded))
        .chain(
            draft
                .own_working_directory()
                .map(|path| (path, LeftOutReason::WorkingDirectory)),
        );
    for (path, reason) in all {
        for (parent, name) in inside(root, path) {
            excluded.entry(parent).or_default().push((name, reason));
        }
    }
    excluded
}

/// Returns where `path` lies in the source, without links: both a link and its target are left out; a path that does
/// not exist yet is identified by its directory.
fn inside(root: &Path, path: &Path) -> impl Iterator<Item = (PathBuf, OsString)> {
    let link = std::path::absolute(path).and_then(|path| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(fs::canonicalize(parent)?.join(name)),
        _ => Ok(path),
    });
    let all = [fs::canonicalize(path), link].into_iter().flatten();
    all.filter(move |real| real != root && real.starts_with(root))
        .filter_map(|real| Some((real.parent()?.to_owned(), real.file_name()?.to_owned())))
}

/// Leaves out the output if it lies in the source, and reports that; the output need not exist yet.
pub(super) fn exclude_output(
    root: &Path,
    options: &TreeOptions,
    excluded: &mut Excluded,
    summary: &mut TreeSummary,
) -> Result<()> {
    let Some(output) = &options.output else {
        return Ok(());
    };
    for (parent, name) in output.path.iter().flat_map(|path| inside(root, path)) {
        output.lies_in(root)?;
        let path = parent.join(&name);
        let names = excluded.entry(parent).or_default();
        if names.iter().all(|(excluded, _)| *excluded != name) {
            names.push((name, LeftOutReason::Output));
            if output.old.is_none() {
                let reason = LeftOutReason::Output;
                summary.left_out.push(LeftOut { path, reason });
            }
        }
    }
    Ok(())
}

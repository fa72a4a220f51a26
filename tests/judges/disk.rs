//! Source trees that are directories of the local file system.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::content::Data;
use crate::trees::{Contents, Node, Origin};

/// The directory that `IMAPI2FS_TREE` names.
pub(crate) fn real() -> Contents {
    let root = PathBuf::from(env::var_os("IMAPI2FS_TREE").unwrap_or_else(|| "/usr/share".into()));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock that is set")
        .as_secs() as i64;
    let nodes = walk(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    Contents {
        nodes,
        origin: Origin::Directory { root, _made: None },
        now,
    }
}

/// Hard and soft links to files and directories, and links that lead nowhere, out of the tree, or back.
#[cfg(unix)]
pub(crate) fn links() -> Contents {
    make_links().unwrap_or_else(|error| panic!("cannot make a tree with links: {error}"))
}

#[cfg(unix)]
fn make_links() -> io::Result<Contents> {
    use std::os::unix::fs::symlink;

    let made = tempfile::TempDir::with_prefix("imapi2fs-links-")?;
    let root = made.path().join("tree");
    fs::create_dir_all(root.join("data/inner"))?;
    fs::write(made.path().join("outside.txt"), "outside")?;
    fs::write(root.join("data/large.bin"), [7; 300_000])?;
    fs::write(root.join("data/inner/small.txt"), "small")?;
    fs::write(root.join("data/empty"), "")?;
    fs::hard_link(root.join("data/large.bin"), root.join("hard.bin"))?;
    fs::hard_link(root.join("data/empty"), root.join("hard empty"))?;
    symlink("data/large.bin", root.join("soft.bin"))?;
    symlink("data/inner", root.join("soft directory"))?;
    symlink("nowhere", root.join("dangling"))?;
    symlink("../outside.txt", root.join("leaving"))?;
    symlink("../..", root.join("data/inner/back"))?;
    let time = UNIX_EPOCH + std::time::Duration::from_secs(1_400_000_000);
    for path in [
        "data/large.bin",
        "data/inner/small.txt",
        "data/empty",
        "data/inner",
        "data",
        ".",
    ] {
        fs::File::open(root.join(path))?.set_modified(time)?;
    }
    let nodes = walk(&root)?;
    Ok(Contents {
        nodes,
        origin: Origin::Directory {
            root,
            _made: Some(made),
        },
        now: crate::trees::NOW,
    })
}

/// Everything below `root`, links followed where they stay inside and do not lead to a directory above themselves.
fn walk(root: &Path) -> io::Result<Vec<Node>> {
    let root = root.canonicalize()?;
    let mut walk = Walk {
        root: root.clone(),
        nodes: Vec::new(),
        files: BTreeMap::new(),
    };
    walk.directory(&root, &mut vec![root.clone()], &mut Vec::new())?;
    Ok(walk.nodes)
}

struct Walk {
    root: PathBuf,
    nodes: Vec<Node>,
    /// A number for each file that was met, however it is called there.
    files: BTreeMap<PathBuf, u64>,
}

impl Walk {
    fn directory(
        &mut self,
        dir: &Path,
        above: &mut Vec<PathBuf>,
        path: &mut Vec<String>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let Some(found) = self.resolve(&entry)? else {
                continue;
            };
            let metadata = fs::metadata(&found)?;
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| io::Error::other(format!("{name:?} is no Unicode")))?;
            let time = match metadata.modified()?.duration_since(UNIX_EPOCH) {
                Ok(after) => after.as_secs() as i64,
                Err(before) => -(before.duration().as_secs_f64().ceil() as i64),
            };
            if !metadata.is_dir() && !metadata.is_file()
                || metadata.is_dir() && above.contains(&found)
            {
                continue;
            }
            path.push(name);
            if metadata.is_dir() {
                self.nodes.push(Node::new(path.clone(), None, time));
                above.push(found.clone());
                self.directory(&found, above, path)?;
                above.pop();
            } else {
                let mut node = Node::new(
                    path.clone(),
                    Some(Data::File(found.clone(), metadata.len())),
                    time,
                );
                let next = self.files.len() as u64;
                node.same_file = Some(
                    inode(&metadata).unwrap_or_else(|| *self.files.entry(found).or_insert(next)),
                );
                self.nodes.push(node);
            }
            path.pop();
        }
        Ok(())
    }

    /// Where `entry` is once links are followed, unless that is outside or nowhere.
    fn resolve(&self, entry: &fs::DirEntry) -> io::Result<Option<PathBuf>> {
        if !entry.file_type()?.is_symlink() {
            return entry.path().canonicalize().map(Some);
        }
        Ok(entry
            .path()
            .canonicalize()
            .ok()
            .filter(|target| target.starts_with(&self.root)))
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> Option<u64> {
    None
}

//! What each reader must see.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use imapi2fs::{FileSystemImage, FileSystems, ImagePath, Limitation};

use crate::case::{Built, Settings};
use crate::names;
use crate::tool::{self, Verdict};
use crate::trees::Node;

/// One of the trees of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Iso9660,
    Joliet,
    Udf,
}

impl View {
    pub(crate) const ALL: [Self; 3] = [Self::Iso9660, Self::Joliet, Self::Udf];

    pub(crate) fn file_system(self) -> FileSystems {
        match self {
            Self::Iso9660 => FileSystems::ISO9660,
            Self::Joliet => FileSystems::JOLIET,
            Self::Udf => FileSystems::UDF,
        }
    }

    /// A name without what only ISO 9660 adds to it.
    pub(crate) fn bare(self, name: &str) -> &str {
        if self == Self::Iso9660 {
            bare(name)
        } else {
            name
        }
    }

    /// The time a directory record or file entry holds for a file's: within the years its format can tell.
    fn recorded(self, time: i64) -> i64 {
        match self {
            Self::Udf => time,
            _ => time.clamp(-2_208_988_800, 5_869_583_999), // 1900 to 2155
        }
    }
}

/// The path of each node in each file system of the image, by [`View`].
///
/// They are the library's own, checked where a name can be known without asking it.
pub(crate) fn paths(
    image: &FileSystemImage,
    nodes: &[Node],
    settings: &Settings,
) -> Result<Vec<[Option<String>; 3]>, String> {
    let mut items: BTreeMap<Vec<String>, _> = image
        .root()
        .descendants()
        .map(|item| (components(&item.full_path()), item))
        .collect();
    let alone = names::alone(nodes);
    let mut all = Vec::with_capacity(nodes.len());
    for (node, &alone) in nodes.iter().zip(&alone) {
        let item = items
            .remove(&node.path)
            .ok_or_else(|| format!("{:?} is not in the image", node.path))?;
        if item.is_directory() != node.is_directory() {
            return Err(format!("{:?} is of the wrong kind", node.path));
        }
        let mut paths = [const { None }; 3];
        for view in View::ALL
            .into_iter()
            .filter(|view| settings.has(view.file_system()))
        {
            let path = item
                .file_system_path(view.file_system())
                .map_err(|error| format!("{:?}: {error}", node.path))?;
            let name = path.name().unwrap_or_default();
            let required = names::required(view, node, settings, alone);
            if let Some(required) = required.filter(|required| required != view.bare(name)) {
                return Err(format!(
                    "{view:?} has {:?} as {name:?}, which must be {required:?}",
                    node.path
                ));
            }
            paths[view as usize] = Some(path.to_string());
        }
        all.push(paths);
    }
    if items.is_empty() {
        Ok(all)
    } else {
        Err(format!(
            "not in the source: {:?}",
            items.into_keys().take(5).collect::<Vec<_>>()
        ))
    }
}

/// An ISO 9660 name without version and without the dot that stands for an empty extension.
pub(crate) fn bare(name: &str) -> &str {
    let name = name.strip_suffix(";1").unwrap_or(name);
    name.strip_suffix('.')
        .filter(|stem| !stem.is_empty())
        .unwrap_or(name)
}

/// The items whose names the library says it changed.
pub(crate) fn renamed(image: &FileSystemImage, view: View) -> BTreeSet<Vec<String>> {
    let renamed = |limitation| match limitation {
        Limitation::NameChanged {
            path, file_system, ..
        } if file_system == view.file_system() => Some(components(&path)),
        _ => None,
    };
    image.report().all().filter_map(renamed).collect()
}

fn components(path: &ImagePath) -> Vec<String> {
    path.components().map(String::from).collect()
}

/// What a reader found at a path; what it does not tell is not compared.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) directory: bool,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<i64>,
    pub(crate) sha256: Option<String>,
    /// A file that must have the same contents.
    pub(crate) extracted: Option<PathBuf>,
}

impl Found {
    pub(crate) fn file() -> Self {
        Self::default()
    }

    pub(crate) fn directory() -> Self {
        Self {
            directory: true,
            ..Self::default()
        }
    }
}

/// Compares all of what a reader found with what it must see in `view`, where it shows a name as `shown` makes it.
pub(crate) fn compare(
    built: &Built,
    view: View,
    shown: impl Fn(&str) -> String,
    mut found: BTreeMap<String, Found>,
) -> Verdict {
    let mut wrong = Vec::new();
    let count = found.len();
    for (node, path) in expected(built, view) {
        let path: String = path[1..]
            .split('/')
            .flat_map(|name| ["/".into(), shown(name)])
            .collect();
        match found.remove(&path) {
            None => wrong.push(format!("missing: {path:?}")),
            Some(found) => {
                if let Err(error) = same(node, view, &found) {
                    wrong.push(format!("{path:?}: {error}"));
                }
            }
        }
    }
    wrong.extend(
        found
            .into_keys()
            .map(|path| format!("unexpected: {path:?}")),
    );
    if count != built.nodes.len() {
        wrong.push(format!("{count} entries instead of {}", built.nodes.len()));
    }
    let total = wrong.len();
    wrong.truncate(10);
    if total == 0 {
        Ok(())
    } else {
        Err(format!("{total} differences:\n{}", wrong.join("\n")))
    }
}

/// Every node with its path in `view`.
pub(crate) fn expected(built: &Built, view: View) -> impl Iterator<Item = (&Node, &str)> {
    let paths = built.paths.iter().map(move |paths| {
        paths[view as usize]
            .as_deref()
            .expect("a view of the image")
    });
    built.nodes.iter().zip(paths)
}

fn same(node: &Node, view: View, found: &Found) -> Result<(), String> {
    if found.directory != node.is_directory() {
        return Err("is of the wrong kind".into());
    }
    let time = view.recorded(node.modified);
    if let Some(modified) = found.modified.filter(|&modified| modified != time) {
        return Err(format!("was modified at {modified} instead of {time}"));
    }
    let Some(data) = &node.data else {
        return Ok(());
    };
    if let Some(size) = found.size.filter(|&size| size != data.len()) {
        return Err(format!("has {size} bytes instead of {}", data.len()));
    }
    if let Some(sha256) = &found.sha256 {
        let own = data.sha256().map_err(|error| error.to_string())?;
        if own != *sha256 {
            return Err(format!("has the digest {sha256} instead of {own}"));
        }
    }
    if let Some(file) = &found.extracted {
        let mut reader = fs::File::open(file).map_err(|error| error.to_string())?;
        if !data
            .is_same(&mut reader)
            .map_err(|error| error.to_string())?
        {
            return Err("has other contents".into());
        }
    }
    Ok(())
}

/// What a reader extracted to `root`; with their times if `times`.
pub(crate) fn extracted(root: &Path, times: bool) -> Result<BTreeMap<String, Found>, String> {
    fn walk(
        dir: &Path,
        prefix: &str,
        times: bool,
        found: &mut BTreeMap<String, Found>,
    ) -> std::io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            let modified = metadata
                .modified()?
                .duration_since(UNIX_EPOCH)
                .map(|time| time.as_secs() as i64)
                .ok();
            let modified = modified.filter(|_| times);
            if metadata.is_dir() {
                walk(&entry.path(), &path, times, found)?;
                found.insert(
                    path,
                    Found {
                        modified,
                        ..Found::directory()
                    },
                );
            } else {
                let (size, extracted) = (Some(metadata.len()), Some(entry.path()));
                found.insert(
                    path,
                    Found {
                        modified,
                        size,
                        extracted,
                        ..Found::file()
                    },
                );
            }
        }
        Ok(())
    }
    let mut found = BTreeMap::new();
    walk(root, "", times, &mut found).map_err(|error| format!("{}: {error}", root.display()))?;
    Ok(found)
}

/// Compares each file with what a command prints that is made from the file's path.
pub(crate) fn streamed(built: &Built, view: View, print: impl Fn(&str) -> Command) -> Verdict {
    for (node, path) in expected(built, view) {
        let Some(data) = &node.data else { continue };
        let same = tool::run_piped(&mut print(path), |output| {
            data.is_same(output).map_err(|error| error.to_string())
        })?;
        if !same {
            return Err(format!(
                "{path} has other contents, or not {} bytes",
                data.len()
            ));
        }
    }
    Ok(())
}

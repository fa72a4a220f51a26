//! The source trees, made up here so that they are the same everywhere.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::content::Data;
use crate::{disk, plant};

/// The time images of made-up trees are made at: 2024-05-17 12:00:00 UTC.
pub(crate) const NOW: i64 = 1_715_947_200;

/// A kind of source tree.
pub(crate) struct Tree {
    pub(crate) name: &'static str,
    pub(crate) facts: &'static [Fact],
    pub(crate) contents: fn() -> Contents,
}

/// What decides whether an image of the tree can be made, and which judge is able to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// More than eight levels of directories.
    Deep,
    /// Names of more than 64 characters.
    LongNames,
    /// Names with characters that take two code units of UTF-16.
    BeyondBmp,
    /// Names that no local file system takes: more than 255 bytes of UTF-8.
    WideNames,
    /// Names that only relaxed images may have.
    RelaxedNames,
    /// Times after the image's own.
    LateTimes,
    /// Times that local file systems cannot keep.
    OddTimes,
    /// A file of more than 2 GiB.
    LargeFile,
    /// So large that it is never read from end to end.
    Endless,
    /// So many entries in one directory that readers which search it name by name take hours.
    Crowded,
    /// More directories than path tables can number.
    TooManyDirectories,
}

impl Tree {
    pub(crate) fn is(&self, fact: Fact) -> bool {
        self.facts.contains(&fact)
    }
}

/// What is in a source tree, and where the library finds it.
pub(crate) struct Contents {
    pub(crate) nodes: Vec<Node>,
    pub(crate) origin: Origin,
    /// The images' own time, in Unix seconds.
    pub(crate) now: i64,
}

impl Contents {
    /// Whether a directory is deeper than level 8, the root being at level 1 (ECMA-119 6.8.2.1).
    pub(crate) fn is_deep(&self) -> bool {
        let mut directories = self.nodes.iter().filter(|node| node.data.is_none());
        directories.any(|node| node.path.len() >= 8)
    }
}

pub(crate) enum Origin {
    /// Added item by item.
    Items,
    /// Added as a directory, which is removed at the end if it was made for the purpose.
    Directory {
        root: PathBuf,
        _made: Option<TempDir>,
    },
}

/// One file or directory.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) path: Vec<String>,
    /// Nothing for a directory.
    pub(crate) data: Option<Data>,
    /// Unix seconds.
    pub(crate) modified: i64,
    /// Minutes east of Greenwich.
    pub(crate) zone: i32,
    pub(crate) hidden: bool,
    /// Nodes that are the same file in the source have the same number.
    pub(crate) same_file: Option<u64>,
}

impl Node {
    pub(crate) fn new(path: Vec<String>, data: Option<Data>, modified: i64) -> Self {
        Self {
            path,
            data,
            modified,
            zone: 0,
            hidden: false,
            same_file: None,
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.path.last().expect("the root is no node")
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.data.is_none()
    }
}

const fn tree(name: &'static str, facts: &'static [Fact], contents: fn() -> Contents) -> Tree {
    Tree {
        name,
        facts,
        contents,
    }
}

/// Trees of which every build takes well under a second.
pub(crate) const QUICK: &[Tree] = &[
    tree("empty", &[], plant::empty),
    MIXED,
    tree("hand", &[Fact::RelaxedNames, Fact::BeyondBmp], plant::hand),
    tree(
        "unicode",
        &[Fact::LongNames, Fact::BeyondBmp],
        plant::unicode,
    ),
    tree("case", &[Fact::RelaxedNames], plant::case),
    tree("hidden", &[], plant::hidden),
    tree(
        "names",
        &[Fact::LongNames, Fact::RelaxedNames],
        plant::awkward,
    ),
    tree(
        "wide-names",
        &[Fact::LongNames, Fact::RelaxedNames, Fact::WideNames],
        plant::wide,
    ),
    tree("dates", &[Fact::LateTimes, Fact::OddTimes], plant::dates),
    tree("deep", &[Fact::Deep], plant::deep),
    tree("collisions", &[Fact::LongNames], plant::collisions),
    #[cfg(unix)]
    tree("links", &[], disk::links),
];

/// What the features of UDF are tried on.
pub(crate) const FEATURES: Tree = tree("features", &[], plant::mixed);

/// Nothing in it needs a relaxation.
pub(crate) const MIXED: Tree = tree("mixed", &[], plant::mixed);

/// One file of 5 GiB.
pub(crate) const LARGE_FILE: Tree =
    tree("large-file", &[Fact::LargeFile], || plant::sparse(5 << 30));

/// What the slower readers still read in seconds.
pub(crate) const SOME_FILES: Tree = tree("10000-files", &[Fact::Crowded], || {
    plant::many_files(10_000)
});

pub(crate) const MANY_FILES: Tree = tree("100000-files", &[Fact::Crowded], || {
    plant::many_files(100_000)
});

/// With the root these are 65,535, all that a path table can number.
pub(crate) const MOST_DIRECTORIES: Tree =
    tree("65534-directories", &[], || plant::many_directories(65_534));

pub(crate) const MANY_DIRECTORIES: Tree =
    tree("65536-directories", &[Fact::TooManyDirectories], || {
        plant::many_directories(65_536)
    });

/// The longest extent of UDF that ends at a block's end.
const EXTENT: u64 = (1 << 30) - 2048;

/// Around the sizes at which a file's descriptors no longer fit its entry, and at which one further block of them is full.
pub(crate) const ENDLESS: &[Tree] = &[
    endless("234-extents", || plant::sparse(234 * EXTENT)),
    endless("235-extents", || plant::sparse(234 * EXTENT + 1)),
    endless("486-extents", || plant::sparse(486 * EXTENT)),
    endless("487-extents", || plant::sparse(486 * EXTENT + 1)),
    endless("600-extents", || plant::sparse(600 * EXTENT)),
];

const fn endless(name: &'static str, contents: fn() -> Contents) -> Tree {
    tree(name, &[Fact::LargeFile, Fact::Endless], contents)
}

pub(crate) const REAL: Tree = tree(
    "real",
    &[
        Fact::Deep,
        Fact::LongNames,
        Fact::RelaxedNames,
        Fact::BeyondBmp,
    ],
    disk::real,
);

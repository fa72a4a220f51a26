//! Names as the standards, not the library, say they must be.

use std::collections::BTreeMap;

use imapi2fs::InterchangeLevel;

use crate::case::Settings;
use crate::expect::View;
use crate::trees::Node;

/// A name, and what a person made of it for each file system.
pub(crate) struct Hand {
    pub(crate) name: &'static str,
    pub(crate) directory: bool,
    level1: &'static str,
    level2: &'static str,
    joliet: &'static str,
}

const fn file(
    name: &'static str,
    level1: &'static str,
    level2: &'static str,
    joliet: &'static str,
) -> Hand {
    Hand {
        name,
        directory: false,
        level1,
        level2,
        joliet,
    }
}

const fn directory(
    name: &'static str,
    level1: &'static str,
    level2: &'static str,
    joliet: &'static str,
) -> Hand {
    Hand {
        name,
        directory: true,
        level1,
        level2,
        joliet,
    }
}

/// No two of these collide anywhere.
pub(crate) const HAND: &[Hand] = &[
    file("Read me.txt", "READ_ME.TXT", "READ_ME.TXT", "Read me.txt"),
    file("ALREADY.OK", "ALREADY.OK", "ALREADY.OK", "ALREADY.OK"),
    file("lower_8.txt", "LOWER_8.TXT", "LOWER_8.TXT", "lower_8.txt"),
    file(
        "longfilename.html",
        "LONGFILE.HTM",
        "LONGFILENAME.HTML",
        "longfilename.html",
    ),
    file(
        "packed.tar.gz",
        "PACKED_T.GZ",
        "PACKED_TAR.GZ",
        "packed.tar.gz",
    ),
    file("NOTICE", "NOTICE", "NOTICE", "NOTICE"),
    file(
        "what?why:how*.c",
        "WHAT_WHY.C",
        "WHAT_WHY_HOW_.C",
        "what_why_how_.c",
    ),
    file("été", "_T_", "_T_", "été"),
    file("x😀.txt", "X_.TXT", "X_.TXT", "x😀.txt"),
    file("q\\r;s", "Q_R_S", "Q_R_S", "q_r_s"),
    directory("Folder", "FOLDER", "FOLDER", "Folder"),
    directory("two words", "TWO_WORD", "TWO_WORDS", "two words"),
    directory("v1.2.3", "V1_2_3", "V1_2_3", "v1.2.3"),
    directory(
        "a directory of exactly 31 chars",
        "A_DIRECT",
        "A_DIRECTORY_OF_EXACTLY_31_CHARS",
        "a directory of exactly 31 chars",
    ),
];

/// The name of `node` in a file system where there is only one right answer.
pub(crate) fn required(
    view: View,
    node: &Node,
    settings: &Settings,
    alone: bool,
) -> Option<String> {
    let (name, level) = (node.name(), settings.level);
    if view == View::Udf {
        // Compressed Unicode: one byte says how many bytes each character takes (UDF 2.1.1); 255 are the whole identifier.
        let width = if name.chars().all(|c| c <= '\u{FF}') {
            1
        } else {
            2
        };
        let fits = name.encode_utf16().count() * width <= 254;
        return (fits && !name.contains(['\u{FEFF}', '\u{FFFE}'])).then(|| name.into());
    }
    let hand = HAND
        .iter()
        .find(|hand| settings.tree.name == "hand" && hand.name == name);
    if let Some(hand) = hand {
        let name = match (view, level) {
            (View::Joliet, _) => hand.joliet,
            (_, InterchangeLevel::One) => hand.level1,
            _ => hand.level2,
        };
        return Some(name.into());
    }
    if !alone {
        return None;
    }
    if view == View::Joliet {
        // Joliet's characters have 16 bits.
        let odd = |c: char| {
            settings.strict && c > '\u{FFFF}'
                || c < ' '
                || "*/:;?\\\"<>|\u{FEFF}\u{FFFE}".contains(c)
        };
        return (name.encode_utf16().count() <= 64
            && !name.contains(odd)
            && !name.ends_with(['.', ' ']))
        .then(|| name.into());
    }
    let upper = name.to_ascii_uppercase();
    let d_characters = |text: &str| {
        text.bytes()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')
    };
    let (stem, extension) = if node.is_directory() {
        (&*upper, "")
    } else {
        upper.split_once('.').unwrap_or((&upper, ""))
    };
    let fits = match (level, node.is_directory()) {
        (InterchangeLevel::One, _) => stem.len() <= 8 && extension.len() <= 3,
        (_, true) => stem.len() <= 31,
        (_, false) => stem.len() + extension.len() <= 30,
    };
    (fits
        && !stem.is_empty()
        && !upper.ends_with('.')
        && d_characters(stem)
        && d_characters(extension))
    .then_some(upper)
}

/// Which of `nodes` have no sibling that might take their name: none whose name begins alike.
pub(crate) fn alone(nodes: &[Node]) -> Vec<bool> {
    let beginning = |node: &Node| {
        let fold = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        };
        (
            node.path[..node.path.len() - 1].to_vec(),
            node.name().chars().take(5).map(fold).collect::<String>(),
        )
    };
    let mut counts = BTreeMap::new();
    for node in nodes {
        *counts.entry(beginning(node)).or_insert(0) += 1;
    }
    nodes
        .iter()
        .map(|node| counts[&beginning(node)] == 1)
        .collect()
}

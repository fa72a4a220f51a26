//! What grows in each of the made-up trees.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::content::{Data, Sparse};
use crate::names;
use crate::trees::{Contents, NOW, Node, Origin};

/// Collects nodes; directories are made as they are needed.
#[derive(Default)]
struct Forest(BTreeMap<Vec<String>, Node>);

impl Forest {
    fn add(&mut self, path: &str, data: Option<Data>) -> &mut Node {
        let path: Vec<String> = path.split('/').map(String::from).collect();
        for len in 1..path.len() {
            self.insert(path[..len].to_vec(), None);
        }
        self.insert(path, data)
    }

    fn insert(&mut self, path: Vec<String>, data: Option<Data>) -> &mut Node {
        // Times that differ show which one a reader took.
        let modified = 1_000_000_000 + 86_399 * self.0.len() as i64 % (NOW - 1_000_000_000);
        self.0
            .entry(path.clone())
            .or_insert_with(|| Node::new(path, data, modified))
    }

    fn file(&mut self, path: &str, bytes: impl AsRef<[u8]>) -> &mut Node {
        self.add(path, Some(Data::bytes(bytes)))
    }

    /// A file that contains its own path.
    fn named(&mut self, path: &str) -> &mut Node {
        self.file(path, path)
    }

    fn directory(&mut self, path: &str) -> &mut Node {
        self.add(path, None)
    }
}

impl From<Forest> for Contents {
    fn from(forest: Forest) -> Self {
        Self {
            nodes: forest.0.into_values().collect(),
            origin: Origin::Items,
            now: NOW,
        }
    }
}

/// Bytes without a pattern that a misplaced block could repeat.
fn noise(len: usize) -> Vec<u8> {
    let mut state = len as u64 | 1;
    let step = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..len).map(step).collect()
}

pub(crate) fn empty() -> Contents {
    Forest::default().into()
}

pub(crate) fn mixed() -> Contents {
    let mut forest = Forest::default();
    for len in [0, 1, 2047, 2048, 2049, 100_000] {
        forest.file(&format!("sizes/{len}.bin"), noise(len));
    }
    forest.file("Read me.txt", "hello");
    forest.file("sub/dir one/deep file.tar.gz", "abc");
    forest.directory("sub/empty directory");
    forest.directory("1");
    // A file on the eighth level, the root's being the first.
    forest.file("1/2/3/4/5/6/7/eight.txt", "8");
    forest.into()
}

pub(crate) fn hand() -> Contents {
    let mut forest = Forest::default();
    for hand in names::HAND {
        forest.add(hand.name, (!hand.directory).then(|| Data::bytes(hand.name)));
    }
    forest.into()
}

pub(crate) fn unicode() -> Contents {
    let mut forest = Forest::default();
    for name in [
        "été.txt",
        "中文中文中文",
        "日本語.テキスト",
        "Привет мир.txt",
        "שלום",
        "😀 smile.txt",
        "🎵🎶 music/𝔘𝔫𝔦.𝔠𝔬𝔡𝔢",
    ] {
        forest.named(name);
    }
    forest.file("filler", noise(60_000));
    // Halves of a pair must not be left over where names are cut.
    forest.named(&format!("a{}", "😀".repeat(60)));
    forest.named(&"😀".repeat(60));
    forest.into()
}

pub(crate) fn case() -> Contents {
    let mut forest = Forest::default();
    for name in [
        "readme.txt",
        "README.TXT",
        "ReadMe.txt",
        "Dir/same",
        "DIR/same",
        "dir/SAME",
        "été",
        "ÉTÉ",
    ] {
        forest.named(name);
    }
    forest.into()
}

pub(crate) fn hidden() -> Contents {
    let mut forest = Forest::default();
    // udfdump wants 300 blocks.
    forest.file("filler", noise(60_000));
    forest.named("seen.txt");
    forest.named("unseen.txt").hidden = true;
    forest.directory("unseen directory").hidden = true;
    forest.named("unseen directory/seen inside.txt");
    forest.named("unseen directory/unseen inside.txt").hidden = true;
    forest.into()
}

pub(crate) fn awkward() -> Contents {
    let mut forest = Forest::default();
    let given = [
        "a:b?c*d.txt",
        "back\\slash",
        "back_slash",
        "trailing.",
        "trailing..",
        "trailing space ",
        ".leading",
        "..two",
        "-dash",
        "a\"b<c>d|e",
        "semi;colon",
        "version;1",
        "tilde~1",
        "tab\tname",
        "a,b",
        "100%",
        "#1",
        "$x",
        "a=b&c",
        "(1)",
        "[2]",
        "a  b",
        "a.b.c.d",
        "CON",
        "nul.txt",
        "dir:with?odd*chars/a:b",
        "dir.with.dots/x.y",
        "no extension",
        ".a.b",
    ];
    for name in given {
        forest.named(name);
    }
    for len in [64, 65, 102, 103, 104, 105, 110, 128, 200, 254, 255] {
        forest.named(&format!(
            "f{len}-{}",
            "n".repeat(len - 2 - len.to_string().len())
        ));
        let extension = ".extension";
        let stem = format!(
            "e{len}-{}",
            "x".repeat(len - 2 - len.to_string().len() - extension.len())
        );
        forest.named(&(stem + extension));
        forest.named(&format!(
            "d{len}-{}/inside",
            "d".repeat(len - 2 - len.to_string().len())
        ));
    }
    // Equal where they are cut.
    for end in ["one", "two", "three.txt"] {
        forest.named(&format!("{}{end}", "same".repeat(30)));
    }
    forest.into()
}

pub(crate) fn wide() -> Contents {
    let mut forest = Forest::default();
    for (character, lens) in [
        ("é", &[64, 103, 127, 128, 253, 254, 255][..]),
        ("中", &[64, 86, 103, 126, 127, 128, 255]),
    ] {
        for &len in lens {
            let number = len.to_string();
            forest.named(&format!("{number}{}", character.repeat(len - number.len())));
        }
    }
    // Pairs that straddle the limits.
    for before in 0..2 {
        forest.named(&format!("{}{}", "y".repeat(before), "😀".repeat(127)));
    }
    // Bytes 254 and 255 of a name may be part of a character that needs both bytes.
    forest.named(&format!("{}中", "z".repeat(126)));
    forest.named(&format!("{}中", "z".repeat(127)));
    forest.named("byte order \u{FEFF} mark");
    forest.named("\u{FEFF}");
    forest.named("no character \u{FFFE}");
    forest.named("e\u{301}te\u{301}");
    forest.named("control \u{1}\u{7f}\u{85}");
    forest.into()
}

pub(crate) fn dates() -> Contents {
    let mut forest = Forest::default();
    let ends = [
        ("year 1", -62_135_596_800),
        ("before 1601", -11_644_473_601),
        ("1601", -11_644_473_600),
        ("before 1900", -2_208_988_801),
        ("1900", -2_208_988_800),
        ("before 1970", -1),
        ("1970", 0),
        ("2038", 2_147_483_648),
        ("2106", 4_294_967_296),
        ("end of 2155", 5_869_583_999),
        ("2156", 5_869_584_000),
        ("end of 9999", 253_402_300_799),
    ];
    for (name, time) in ends {
        forest.named(name).modified = time;
        forest.directory(&format!("directory {name}")).modified = time;
    }
    for zone in [-720, -210, -1, 1, 330, 345, 765, 840] {
        let node = forest.named(&format!("zone {zone}"));
        (node.modified, node.zone) = (NOW, zone);
    }
    forest.into()
}

pub(crate) fn deep() -> Contents {
    let mut forest = Forest::default();
    let path: Vec<String> = (1..=12).map(|level| format!("level {level}")).collect();
    for len in 1..=12 {
        forest.named(&format!("{}/file {len}.txt", path[..len].join("/")));
    }
    forest.into()
}

pub(crate) fn collisions() -> Contents {
    let mut forest = Forest::default();
    for number in 0..300 {
        forest.named(&format!("a common beginning {number}.text"));
        forest.named(&format!("{}{number}.html", "long".repeat(24)));
        forest.named(&format!(
            "directories with a common beginning/number {number}/file"
        ));
    }
    forest.into()
}

pub(crate) fn sparse(len: u64) -> Contents {
    let mut forest = Forest::default();
    forest.add("before.txt", Some(Data::bytes("before")));
    forest.add("large file.bin", Some(Data::Sparse(Sparse::new(len))));
    forest.add("next.txt", Some(Data::bytes("after")));
    forest.into()
}

pub(crate) fn many_files(count: usize) -> Contents {
    let mut forest = Forest::default();
    let data: Vec<Data> = (0..7)
        .map(|len| Data::Bytes(Arc::from(noise(len * 400))))
        .collect();
    for number in 0..count {
        forest.add(
            &format!("many/file number {number:06}.data"),
            Some(data[number % data.len()].clone()),
        );
    }
    forest.into()
}

pub(crate) fn many_directories(count: usize) -> Contents {
    let mut forest = Forest::default();
    // In 255 groups, so that no directory is too large for its readers.
    let groups = 255;
    for group in 0..groups {
        for number in 0..(count - groups + groups - 1 - group) / groups {
            forest.directory(&format!("group {group:03}/directory {number:03}"));
        }
    }
    assert_eq!(forest.0.len(), count, "directories made");
    forest.into()
}

//! What the source of this crate declares: public items with their aliases, and tests. It is read as text, in the form
//! that rustfmt gives it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The public types and their functions, each with the aliases its documentation has.
#[derive(Default)]
pub(crate) struct Items {
    types: BTreeMap<String, BTreeSet<String>>,
    functions: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Items {
    pub(crate) fn read() -> Self {
        let mut items = Self::default();
        for (_, text) in files("src") {
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let Some((owner, is_trait)) = owner(line) else {
                    continue;
                };
                if !line.starts_with("impl") {
                    let aliases = aliases(&lines, at);
                    items
                        .types
                        .entry(owner.clone())
                        .or_default()
                        .extend(aliases);
                }
                if !line.ends_with('{') {
                    continue;
                }
                for (inside, line) in (at + 1..).zip(&lines[at + 1..]) {
                    if *line == "}" {
                        break;
                    }
                    if let Some(function) = function(line, is_trait) {
                        let key = (owner.clone(), function.to_owned());
                        let aliases = aliases(&lines, inside);
                        items.functions.entry(key).or_default().extend(aliases);
                    }
                }
            }
        }
        items
    }

    /// The aliases of `Type` or `Type::function`; nothing if there is no such item.
    pub(crate) fn aliases(&self, item: &str) -> Option<&BTreeSet<String>> {
        match item.split_once("::") {
            Some((owner, function)) => {
                let key = (owner.to_owned(), function.to_owned());
                self.functions.get(&key)
            }
            None => self.types.get(item),
        }
    }
}

/// The type that a line at the start of a block is about, and whether that is a trait. Functions that a type has by a
/// trait are the trait's.
fn owner(line: &str) -> Option<(String, bool)> {
    let name = |text: &str| {
        let end = text.find(|c: char| !c.is_alphanumeric());
        text[..end.unwrap_or(text.len())].to_owned()
    };
    for (start, is_trait) in [
        ("pub struct ", false),
        ("pub enum ", false),
        ("pub trait ", true),
    ] {
        if let Some(rest) = line.strip_prefix(start) {
            return Some((name(rest), is_trait));
        }
    }
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(generics) => generics.split_once("> ")?.1,
        None => rest.trim_start(),
    };
    (!rest.contains(" for ")).then(|| (name(rest), false))
}

/// The function that a line directly inside a block declares.
fn function(line: &str, is_trait: bool) -> Option<&str> {
    let line = line
        .strip_prefix("    ")
        .filter(|line| !line.starts_with(' '))?;
    let line = if is_trait {
        line
    } else {
        line.strip_prefix("pub ")?
    };
    let line = line
        .strip_prefix("const ")
        .unwrap_or(line)
        .strip_prefix("fn ")?;
    line.split(['(', '<']).next()
}

/// The lines of attributes and comments above a line.
fn above<'a>(lines: &'a [&'a str], at: usize) -> impl Iterator<Item = &'a str> {
    let above = lines[..at].iter().rev().map(|line| line.trim());
    above.take_while(|line| line.starts_with("#[") || line.starts_with("//"))
}

fn aliases(lines: &[&str], at: usize) -> Vec<String> {
    above(lines, at)
        .filter_map(|line| line.strip_prefix("#[doc(alias = \"")?.strip_suffix("\")]"))
        .map(str::to_owned)
        .collect()
}

/// A function in a module of tests.
pub(crate) struct Function {
    /// Whether it is run as a test.
    pub is_test: bool,
    pub body: String,
}

/// The functions of the tests by module and name: `boot::…` of this suite, `draft::view::tests::…` of the crate itself.
pub(crate) fn functions() -> BTreeMap<String, Function> {
    let mut functions = BTreeMap::new();
    let suite = files("tests/suite").into_iter().map(|file| (file, ""));
    let own = files("src").into_iter().map(|file| (file, "::tests"));
    for ((path, text), inner) in suite.chain(own) {
        let text = match inner {
            "" => &*text,
            _ => text
                .split_once("\nmod tests {\n")
                .map_or("", |parts| parts.1),
        };
        let names = path.with_extension("");
        let mut names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
        if names.last().is_some_and(|name| name == "mod") {
            names.pop();
        }
        let module = names.join("::") + inner;
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let indent = &line[..line.len() - code.len()];
            let code = code.strip_prefix("pub(crate) ").unwrap_or(code);
            let Some(name) = code
                .strip_prefix("fn ")
                .and_then(|code| code.split(['(', '<']).next())
            else {
                continue;
            };
            let end = format!("{indent}}}");
            let body = lines[at..].iter().take_while(|line| **line != end);
            let function = Function {
                is_test: above(&lines, at).any(|line| line == "#[test]"),
                body: body.map(|line| format!("{line}\n")).collect(),
            };
            functions.insert(format!("{module}::{name}"), function);
        }
    }
    functions
}

/// The constants of a module of this suite: their names, and what they are.
pub(crate) fn constants(module: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(format!("tests/suite/{module}.rs")));
    let text = text.unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.strip_prefix("const "));
    lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a directory of the crate, by their path in it, with Unix line ends.
fn files(directory: &str) -> Vec<(PathBuf, String)> {
    let top = root().join(directory);
    let mut files = Vec::new();
    let mut todo = vec![top.clone()];
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
                files.push((path.strip_prefix(&top).unwrap().to_owned(), text));
            }
        }
    }
    files
}

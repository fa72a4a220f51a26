//! isoinfo lists the ISO 9660 and the Joliet tree, isovfy looks at the directories' structure.

use std::collections::BTreeMap;

use imapi2fs::FileSystems;

use crate::case::{Built, Settings};
use crate::expect::{self, Found, View};
use crate::program::needs;
use crate::tool::{self, Judge, Verdict};
use crate::trees::Fact;

pub(crate) const ISOINFO: Judge = Judge {
    name: "isoinfo",
    needs: |_| needs("isoinfo"),
    can_read,
    judge: |built| isoinfo(built, View::Iso9660),
};

pub(crate) const ISOINFO_JOLIET: Judge = Judge {
    name: "isoinfo, Joliet",
    needs: |_| needs("isoinfo"),
    can_read: |case| can_read(case) && case.has(FileSystems::JOLIET),
    judge: |built| isoinfo(built, View::Joliet),
};

pub(crate) const ISOVFY: Judge = Judge {
    name: "isovfy",
    needs: |_| needs("isovfy"),
    // It takes hidden files and files of several sections for errors.
    can_read: |case| can_read(case) && case.tree.name != "hidden",
    judge: isovfy,
};

/// How many files are extracted, each by a run of its own.
const EXTRACTED: usize = 40;

fn can_read(case: &Settings) -> bool {
    // Of a file of several sections isoinfo knows only the last.
    case.has(FileSystems::ISO9660) && !case.tree.is(Fact::LargeFile)
}

fn isovfy(built: &Built) -> Verdict {
    let output = tool::run(tool::command("isovfy").arg(&built.file))?;
    if output.success && output.stdout().contains("No errors found") {
        Ok(())
    } else {
        Err(output.says())
    }
}

fn isoinfo(built: &Built, view: View) -> Verdict {
    let options: &[&str] = if view == View::Joliet {
        &["-J", "-i"]
    } else {
        &["-i"]
    };
    let session = format!("-T{}", built.session);
    let output = tool::run(
        tool::command("isoinfo")
            .args(["-l", &session])
            .args(options)
            .arg(&built.file),
    )?;
    if !output.success {
        return Err(output.says());
    }
    let shown = |name: &str| shown(name, view);
    let mut listed = Listing::of(&output.stdout, view)?;
    let hidden = std::mem::take(&mut listed.hidden);
    let extents = std::mem::take(&mut listed.extents);
    expect::compare(built, view, shown, listed.found)?;

    let mut places = BTreeMap::new();
    let mut extracted = 0;
    for (node, path) in expect::expected(built, view) {
        let path: String = path[1..]
            .split('/')
            .flat_map(|name| ["/".into(), shown(name)])
            .collect();
        if hidden[&path] != node.hidden {
            return Err(format!(
                "{path} is {}hidden",
                if node.hidden { "not " } else { "" }
            ));
        }
        let Some(data) = node.data.as_ref().filter(|data| data.len() > 0) else {
            continue;
        };
        // A file with several names is recorded once.
        let place = extents[&path];
        if node
            .same_file
            .is_some_and(|file| *places.entry(file).or_insert(place) != place)
        {
            return Err(format!("{path} has data of its own"));
        }
        if extracted < EXTRACTED && path.is_ascii() {
            extracted += 1;
            let name = if view == View::Joliet {
                path
            } else {
                iso_identifier(&path)
            };
            let mut command = tool::command("isoinfo");
            let output = tool::run(
                command
                    .args([&session, "-x", &name])
                    .args(options)
                    .arg(&built.file),
            )?;
            if !data
                .is_same(&mut &output.stdout[..])
                .map_err(|error| error.to_string())?
            {
                return Err(format!("{name} has other contents"));
            }
        }
    }
    Ok(())
}

fn iso_identifier(path: &str) -> String {
    let dot = if path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'))
    {
        ""
    } else {
        "."
    };
    format!("{path}{dot};1")
}

/// isoinfo prints one byte for each 16 bits of a Joliet name: the printable character of Latin-1, or `_`.
fn shown(name: &str, view: View) -> String {
    if view != View::Joliet {
        return expect::bare(name).into();
    }
    let latin1 = |unit| match unit {
        0x80..0xA0 | 0x100.. => '_',
        unit => char::from(unit as u8),
    };
    name.encode_utf16().map(latin1).collect()
}

/// The lines of `isoinfo -l`.
#[derive(Default)]
struct Listing {
    found: BTreeMap<String, Found>,
    hidden: BTreeMap<String, bool>,
    extents: BTreeMap<String, u64>,
}

impl Listing {
    fn of(output: &[u8], view: View) -> Result<Self, String> {
        let text: String = output.iter().copied().map(char::from).collect();
        let (mut listing, mut directory) = (Self::default(), "/");
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            if let Some(path) = line.strip_prefix("Directory listing of ") {
                directory = path;
            } else {
                listing
                    .line(directory, line, view)
                    .ok_or_else(|| format!("not understood: {line:?}"))?;
            }
        }
        Ok(listing)
    }

    /// `----------   0    0    0           10240 Nov 20 2026 [    314 00]  BIG.BIN;1 `
    fn line(&mut self, directory: &str, line: &str, view: View) -> Option<()> {
        let (head, tail) = line.split_once('[')?;
        let (place, name) = tail.split_once("]  ")?;
        let name = name.strip_suffix(' ').unwrap_or(name);
        if name == "." || name == ".." {
            return Some(());
        }
        let (extent, flags) = place.trim().split_once(' ')?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        let is_directory = flags & 2 != 0;
        let name = match view {
            View::Joliet => name,
            _ if is_directory => name,
            // The form that the standard demands of a file's identifier.
            _ => expect::bare(name.strip_suffix(";1").filter(|name| name.contains('.'))?),
        };
        let path = format!("{directory}{name}");
        let found = if is_directory {
            Found::directory()
        } else {
            Found {
                size: Some(head.split_whitespace().nth(4)?.parse().ok()?),
                ..Found::file()
            }
        };
        self.hidden.insert(path.clone(), flags & 1 != 0);
        self.extents.insert(path.clone(), extent.parse().ok()?);
        self.found.insert(path, found).is_none().then_some(())
    }
}

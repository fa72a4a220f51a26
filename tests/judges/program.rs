//! Which programs there are, and whether they are new enough.

use std::collections::BTreeMap;
use std::env;
use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

use crate::tool::command;

/// The oldest versions, which `.ci/run` reads, too.
const PROGRAMS: &str = include_str!("programs.txt");

/// How long a program may take to say its version.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that a trial needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    program: &'static str,
    /// What it must know that not every version does; empty if that is nothing special.
    feature: &'static str,
}

/// This program, as old as it may be.
pub(crate) const fn needs(program: &'static str) -> Need {
    needs_for(program, "")
}

/// This program, in a version that knows this.
pub(crate) const fn needs_for(program: &'static str, feature: &'static str) -> Need {
    Need { program, feature }
}

/// A line of the list.
struct Row {
    /// The name that trials call it by.
    program: &'static str,
    /// What it may be called on a machine.
    names: Vec<&'static str>,
    /// How it is asked for its version; `None` if it cannot be.
    arguments: Option<Vec<&'static str>>,
    oldest: &'static str,
    feature: String,
}

fn rows() -> impl Iterator<Item = Row> {
    let lines = PROGRAMS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut words = line.split_whitespace();
        let mut next = || words.next().expect("a list of programs with all columns");
        let (names, arguments, oldest, _package) = (next(), next(), next(), next());
        let names: Vec<_> = names.split('|').collect();
        Row {
            program: names[0],
            names,
            arguments: match arguments {
                "?" => None,
                "-" => Some(Vec::new()),
                argument => Some(vec![argument]),
            },
            oldest,
            feature: words.collect::<Vec<_>>().join(" "),
        }
    })
}

/// What is known of a program on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// It was not asked, or says no version.
    Unknown,
    Version(String),
}

impl Need {
    fn row(self) -> Row {
        let is_own = |row: &Row| row.program == self.program && row.feature == self.feature;
        let row = rows().find(is_own);
        row.unwrap_or_else(|| panic!("{self:?} is not in the list"))
    }

    /// Why the program that was found will not do.
    fn unmet(self, found: &Found) -> Option<String> {
        let Self { program, feature } = self;
        let row = self.row();
        let oldest = row.oldest;
        let of_feature = match feature {
            "" => String::new(),
            feature => format!(" for {feature}"),
        };
        match found {
            Found::Nothing => Some(format!("{program} is not installed")),
            _ if row.arguments.is_none() => None,
            Found::Unknown => Some(format!(
                "{program} does not say its version, {oldest} is needed{of_feature}"
            )),
            Found::Version(version) if is_older(version, oldest) => Some(format!(
                "{program} {version} is too old, {oldest} is needed{of_feature}"
            )),
            Found::Version(_) => None,
        }
    }
}

/// Why one of these programs cannot be asked; nothing if all can.
pub(crate) fn unmet(needs: impl IntoIterator<Item = Need>) -> Option<String> {
    needs.into_iter().find_map(|need| need.unmet(&found(need)))
}

/// A trial that is ignored, or fails if it is required, when there is a reason why it cannot be made.
pub(crate) fn trial(
    name: String,
    unmet: Option<String>,
    required: bool,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    match unmet {
        None => Trial::test(name, run),
        Some(reason) if required => Trial::test(name, move || Err(reason.into())),
        Some(reason) => Trial::test(name, run)
            .with_kind(reason)
            .with_ignored_flag(true),
    }
}

/// Each program is asked once.
fn found(need: Need) -> Found {
    static KNOWN: Mutex<BTreeMap<&str, Found>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let found = known.entry(need.program).or_insert_with(|| {
        if installed(need.program).is_none() {
            return Found::Nothing;
        }
        let arguments = need.row().arguments;
        let text = arguments.and_then(|arguments| said(need.program, &arguments));
        let version = text.as_deref().and_then(version_in);
        version.map_or(Found::Unknown, |version| Found::Version(version.to_owned()))
    });
    found.clone()
}

/// The file of a program, under whichever of its names it is there.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    // An emulated machine has no judges of its own; the bytes are the same on every machine (tests of the golden images).
    if cfg!(target_endian = "big") {
        return None;
    }
    let names = rows().find(|row| row.program == program)?.names;
    let path = env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<_> = env::split_paths(&path).collect();
    // Where some are that are not on every user's path.
    directories.extend(["/usr/sbin", "/sbin"].map(Into::into));
    let files = names.iter().flat_map(|name| {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        directories
            .iter()
            .map(move |directory| directory.join(&file))
    });
    files.into_iter().find(|file| file.is_file())
}

/// What a program prints; nothing if it cannot be started or does not end.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = command(program);
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let streams: [Box<dyn Read + Send>; 2] = [
        Box::new(child.stdout.take()?),
        Box::new(child.stderr.take()?),
    ];
    let readers = streams.map(|stream| {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stream.take(1 << 16).read_to_end(&mut text);
            text
        })
    });
    let began = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
    let texts = readers.map(|reader| reader.join().unwrap_or_default());
    Some(
        texts
            .map(|text| String::from_utf8_lossy(&text).into_owned() + "\n")
            .concat(),
    )
}

/// The first word that begins as a version does: numbers with dots between them.
fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace().find_map(|word| {
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.');
        let version = word[..end.unwrap_or(word.len())].trim_end_matches('.');
        let is_version = version.contains('.')
            && version
                .split('.')
                .all(|number| number.parse::<u32>().is_ok());
        is_version.then_some(version)
    })
}

fn is_older(version: &str, than: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
        let mut numbers: Vec<_> = numbers.collect();
        // 2.0 is as old as 2.
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(version) < numbers(than)
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("programs: versions are found in what they print", versions),
        Trial::test("programs: old ones are not asked", old_ones),
        Trial::test("programs: the list is one that can be read", list),
    ]
}

fn versions() -> Result<(), Failed> {
    for (text, version) in [
        (
            "\n7-Zip (z) 26.02 (x64) : Copyright (c) 1999-2026 Igor Pavlov : 2026-06-25\n 64-bit",
            Some("26.02"),
        ),
        (
            "\n7-Zip 9.20  Copyright (c) 1999-2010 Igor Pavlov  2010-11-18",
            Some("9.20"),
        ),
        (
            "xorriso 1.5.4 : RockRidge filesystem manipulator, libburnia project.\n\nxorriso 1.5.4\n",
            Some("1.5.4"),
        ),
        ("genisoimage 1.1.11 (Linux)\n", Some("1.1.11")),
        ("isoinfo 3.02a09 (x86_64-pc-linux-gnu)", Some("3.02")),
        (
            "bsdtar 3.6.2 - libarchive 3.6.2 zlib/1.2.13 liblzma/5.4.1\n",
            Some("3.6.2"),
        ),
        ("udfinfo from udftools 2.3\nUsage:\n", Some("2.3")),
        ("grub-fstest (GRUB) 2.06-13+deb12u2\n", Some("2.06")),
        ("grub-fstest (GRUB) 2.12~rc1\n", Some("2.12")),
        (
            "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\n",
            Some("7.2.22"),
        ),
        ("Python 3.13.0rc1\n", Some("3.13.0")),
        ("mcopy (GNU mtools) 4.0.32\nconfigured with", Some("4.0.32")),
        ("NASM version 2.16.01\n", Some("2.16.01")),
        ("NASM version 3.01rc9 compiled on Oct 11 2025", Some("3.01")),
        ("xz (XZ Utils) 5.4.1\nliblzma 5.4.1\n", Some("5.4.1")),
        (
            "7zz: error while loading shared libraries: libstdc++.so.6: cannot open\n",
            None,
        ),
        ("usage: 7zz <command>\n", None),
        ("", None),
        ("1999-2026 v. 1.", None),
    ] {
        if version_in(text) != version {
            return Err(format!("{:?} in {text}", version_in(text)).into());
        }
    }
    for (version, than, older) in [
        ("25.01", "26.02", true),
        ("26.02", "26.02", false),
        ("26.1", "26.02", true),
        ("9.20", "25.01", true),
        ("1.5.4", "1.5.4.1", true),
        ("1.5.10", "1.5.4", false),
        ("2.0", "2", false),
        ("3", "3.0.0", false),
        ("4.0.32", "4.0.4", false),
    ] {
        if is_older(version, than) != older {
            return Err(format!("{version} is older than {than}: {}", !older).into());
        }
    }
    Ok(())
}

/// 7-Zip 25.01 was asked to read real-time files, which it does not know.
fn old_ones() -> Result<(), Failed> {
    let version = |version: &str| Found::Version(version.to_owned());
    let (any, real_time) = (needs("7zz"), needs_for("7zz", "real-time files"));
    for (need, found, reason) in [
        (any, version("25.01"), None),
        (any, version("26.02"), None),
        (
            any,
            version("9.20"),
            Some("7zz 9.20 is too old, 25.01 is needed"),
        ),
        (any, Found::Nothing, Some("7zz is not installed")),
        (
            any,
            Found::Unknown,
            Some("7zz does not say its version, 25.01 is needed"),
        ),
        (
            real_time,
            version("25.01"),
            Some("7zz 25.01 is too old, 26.02 is needed for real-time files"),
        ),
        (real_time, version("26.02"), None),
        (real_time, version("27.0"), None),
        (needs("udfdump"), Found::Unknown, None),
        (
            needs("udfdump"),
            Found::Nothing,
            Some("udfdump is not installed"),
        ),
    ] {
        let unmet = need.unmet(&found);
        if unmet.as_deref() != reason {
            return Err(format!("{need:?}, {found:?}: {unmet:?}").into());
        }
    }
    // Ignored, with the reason to be seen; if all are required, it fails with that.
    let made = |required| {
        let unmet = real_time.unmet(&version("25.01"));
        trial("7-Zip".to_owned(), unmet, required, || Ok(()))
    };
    let (ignored, required) = (made(false), made(true));
    let is_right = ignored.has_ignored_flag()
        && ignored.kind() == "7zz 25.01 is too old, 26.02 is needed for real-time files"
        && !required.has_ignored_flag();
    is_right
        .then_some(())
        .ok_or_else(|| "the wrong ones are ignored".into())
}

fn list() -> Result<(), Failed> {
    for row in rows() {
        let has_version = row
            .oldest
            .split('.')
            .all(|part| part.parse::<u32>().is_ok());
        if has_version != row.arguments.is_some() {
            return Err(format!("{} {}", row.program, row.oldest).into());
        }
        // What a feature needs is newer than what all need.
        let plain = needs(row.program).row();
        if !row.feature.is_empty() && !is_older(plain.oldest, row.oldest) {
            return Err(format!("{}: {}", row.program, row.feature).into());
        }
    }
    Ok(())
}

//! Images of other programs, read by the library and by a judge that knows nothing of it: both are to find the same.
//!
//! There are images made on the spot, and a collection of what other programs made over the years
//! (`IMAPI2FS_CORPUS`, default `../shared/corpus` beside the crate).

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use imapi2fs::{
    FileDisc, FileSystems, ReaderDisc, RecordedData, RecordedDisc, RecordedItem, RecordedKind,
    RecordedVolume,
};
use libtest_mimic::Trial;
use sha2::{Digest, Sha256};

use crate::case::chain;
use crate::program::{self, needs, unmet};
use crate::tool::{self, Scratch, Verdict, command, run};

/// What makes images to be read, and with which options.
pub(crate) const MAKERS: &[(&str, &[&str])] = &[
    ("genisoimage", &["-quiet"]),
    ("genisoimage", &["-quiet", "-R", "-J"]),
    ("genisoimage", &["-quiet", "-iso-level", "1", "-J", "-udf"]),
    (
        "genisoimage",
        &["-quiet", "-U", "-relaxed-filenames", "-allow-lowercase"],
    ),
    ("genisoimage", &["-quiet", "-N", "-l", "-r"]),
    ("genisoimage", &["-quiet", "-iso-level", "4", "-R"]),
    ("genisoimage", &["-quiet", "-D", "-R", "-J", "-joliet-long"]),
    ("xorriso", &["-as", "mkisofs", "-quiet", "-R", "-J"]),
    (
        "xorriso",
        &["-as", "mkisofs", "-quiet", "-D", "-r", "--norock"],
    ),
    (
        "xorriso",
        &["-as", "mkisofs", "-quiet", "-iso-level", "4", "-J"],
    ),
];

/// An image, and the place it is in, which goes away with it.
pub(crate) struct Image {
    pub(crate) file: PathBuf,
    scratch: Scratch,
}

pub(crate) fn trials(required: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for &(program, options) in MAKERS {
        let unmet = unmet([needs(program), needs("python3")]);
        let name = format!("read back: {program} {}", options.join(" "));
        trials.push(program::trial(name, unmet, required, move || {
            let image = made(program, options)?;
            agree(&image)?;
            Ok(survive_changes(&image)?)
        }));
    }
    let corpus = env::var_os("IMAPI2FS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    let unmet = unmet([needs("xz"), needs("python3")]);
    let mut archives: Vec<PathBuf> = fs::read_dir(corpus)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "xz"))
        .collect();
    archives.sort();
    for archive in archives {
        let name = archive.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("read back: {name}");
        trials.push(program::trial(name, unmet.clone(), required, move || {
            let image = unpacked(&archive)?;
            agree(&image)?;
            Ok(survive_changes(&image)?)
        }));
    }
    trials
}

/// An image of a directory with names and depths of all sorts.
pub(crate) fn made(program: &str, options: &[&str]) -> Result<Image, String> {
    let scratch = Scratch::new()?;
    let file = scratch.path().join("image");
    let source = scratch.path().join("source");
    fill(&source).map_err(|error| error.to_string())?;
    let output = run(command(program)
        .args(options)
        .arg("-o")
        .arg(&file)
        .arg(&source))?;
    if output.success {
        Ok(Image { file, scratch })
    } else {
        Err(format!("{program}: {}", output.says()))
    }
}

fn fill(source: &Path) -> io::Result<()> {
    let deep = source.join("1/2/3/4/5/6/7/8/9/10/11");
    fs::create_dir_all(&deep)?;
    fs::create_dir(source.join("empty"))?;
    let long = "a long name ".repeat(20);
    for (name, len) in [
        ("Read me.txt", 5),
        ("größe und längen", 3000),
        ("empty file", 0),
        ("1/2/3/4/5/6/7/8/9/at nine", 2048),
        ("1/2/3/4/5/6/7/8/9/10/11/at eleven.dat", 2049),
        (long.as_str(), 100_000),
    ] {
        let data: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
        fs::write(source.join(name), data)?;
    }
    for number in 0..300 {
        fs::write(
            source.join(format!("empty/{number:03}.many")),
            [number as u8],
        )?;
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../Read me.txt", source.join("empty/up"))?;
        std::os::unix::fs::symlink("/usr/./share//x", source.join("absolute"))?;
    }
    Ok(())
}

fn unpacked(archive: &Path) -> Result<Image, String> {
    let scratch = Scratch::new()?;
    let file = scratch.path().join("image");
    let mut unpack = command("xz");
    unpack.arg("-dc").arg(archive);
    tool::run_piped(&mut unpack, |reader| {
        let copied = File::create(&file).and_then(|mut to| io::copy(reader, &mut to));
        copied.map(drop).map_err(|error| error.to_string())
    })?;
    Ok(Image { file, scratch })
}

/// The library and the judge find the same in each hierarchy of the image, or the library says what is wrong.
fn agree(image: &Image) -> Verdict {
    let disc = FileDisc::open(&image.file).map_err(|error| error.to_string())?;
    let disc = match RecordedDisc::open(disc) {
        Ok(disc) => disc,
        // The judge does not look into raw sectors.
        Err(imapi2fs::Error::RawSectors { .. }) => return Ok(()),
        Err(error) => return Err(chain(&error)),
    };
    for (file_system, tree) in [
        (FileSystems::ISO9660, "iso"),
        (FileSystems::JOLIET, "joliet"),
    ] {
        let start = disc.session().start_block();
        if !disc.file_systems().contains(file_system) {
            continue;
        }
        let volume = match disc.volume(file_system) {
            Ok(volume) => volume,
            // A clear word is all that such an image gets.
            Err(imapi2fs::Error::Corrupt(_)) if !is_sound(image, start)? => continue,
            Err(error) => return Err(chain(&error)),
        };
        let tree = if volume.has_rock_ridge() { "rr" } else { tree };
        let read = judged(image, start, tree)?;
        let found = found(&volume)?;
        if is_sound(image, start)? || found.is_empty() {
            compare(&read, &found).map_err(|error| format!("{tree}: {error}"))?;
        }
    }
    Ok(())
}

/// How many changed images are read.
const CHANGES: usize = 1000;

/// Bytes of the start of an image that are changed: structures are there.
const CHANGED: usize = 1 << 20;

/// Whatever bytes are changed, reading ends; that it does not panic is seen by itself.
fn survive_changes(image: &Image) -> Verdict {
    let mut bytes = fs::read(&image.file).map_err(|error| error.to_string())?;
    // The data of files tells nothing new.
    bytes.truncate(4 * CHANGED);
    let said: Vec<usize> = (0..bytes.len().min(CHANGED))
        .filter(|at| bytes[*at] != 0)
        .collect();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    for _ in 0..CHANGES {
        let before: Vec<(usize, u8)> = (0..=next(8))
            .filter_map(|_| said.get(next(said.len())))
            .map(|at| (*at, bytes[*at]))
            .collect();
        for (at, _) in &before {
            bytes[*at] = match next(3) {
                0 => 0xFF,
                1 => bytes[*at] ^ (1 << next(8)),
                _ => next(256) as u8,
            };
        }
        read_all(&bytes)?;
        for (at, byte) in before.into_iter().rev() {
            bytes[at] = byte;
        }
    }
    Ok(())
}

fn read_all(bytes: &[u8]) -> Verdict {
    let disc =
        ReaderDisc::new(io::Cursor::new(bytes.to_vec())).map_err(|error| error.to_string())?;
    let Ok(disc) = RecordedDisc::open(disc) else {
        return Ok(());
    };
    let most = bytes.len() / 34 + 1;
    for file_system in disc.file_systems() {
        let Ok(volume) = disc.volume(file_system) else {
            continue;
        };
        let mut items = 0;
        for item in volume.walk() {
            items += 1;
            if items > most {
                return Err("the walk has no end".to_owned());
            }
            if let Ok(data) = item.and_then(|item| item.data()) {
                let _ = data.take(5000).read_to_end(&mut Vec::new());
            }
        }
    }
    Ok(())
}

pub(crate) fn is_sound(image: &Image, start: u32) -> Result<bool, String> {
    Ok(run(&mut isocheck(image, start))?.success)
}

fn isocheck(image: &Image, start: u32) -> Command {
    let mut isocheck = command("python3");
    isocheck
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/judges/isocheck.py"
        ))
        .arg(&image.file)
        .arg(format!("--start={start}"))
        .current_dir(image.scratch.path());
    isocheck
}

/// Lines of kind, length, time, hash and path, as the judge has them.
pub(crate) fn judged(image: &Image, start: u32, tree: &str) -> Result<BTreeSet<String>, String> {
    let output = run(isocheck(image, start)
        .arg("--manifest")
        .arg(format!("--tree={tree}")))?;
    let text = output.stdout();
    let (_, manifest) = text.split_once("# tree: ").ok_or_else(|| output.says())?;
    Ok(manifest
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with("isocheck: ") && !line.is_empty())
        // Where deep directories are moved to is a matter of the format, and no item for the library.
        .filter(|line| !line.ends_with(" - /rr_moved"))
        .map(without_dots)
        .collect())
}

/// The dot that stands before no extension is no part of a name for the library, unless it is in Joliet.
fn without_dots(line: &str) -> String {
    match line.split_once(" -> ") {
        None if line.starts_with("f ") && !line.ends_with("/.") => {
            line.strip_suffix('.').unwrap_or(line).to_owned()
        }
        _ => line.to_owned(),
    }
}

/// Such lines of what the library finds.
pub(crate) fn found(volume: &RecordedVolume) -> Result<BTreeSet<String>, String> {
    let mut lines = BTreeSet::new();
    for item in volume.walk() {
        let item = item.map_err(|error| chain(&error))?;
        lines.insert(without_dots(&line(&item)?));
    }
    Ok(lines)
}

fn line(item: &RecordedItem) -> Result<String, String> {
    let kind = match item.kind() {
        RecordedKind::Directory => 'd',
        RecordedKind::SymbolicLink { .. } => 'l',
        RecordedKind::Special("character device") => 'c',
        RecordedKind::Special("block device") => 'b',
        RecordedKind::Special("fifo") => 'p',
        RecordedKind::Special(_) => 's',
        _ => 'f',
    };
    let time = item
        .last_modified_time()
        .map_or_else(|| "None".to_owned(), |time| time.unix_seconds().to_string());
    let hash = match item.data() {
        Ok(data) => hash(data).map_err(|error| error.to_string())?,
        Err(_) => "-".to_owned(),
    };
    let mut line = format!("{kind} {} {time} {hash} ", item.len());
    for name in item.path().components() {
        write!(line, "/{}", escaped(name)).map_err(|error| error.to_string())?;
    }
    if let RecordedKind::SymbolicLink { target } = item.kind() {
        line += &format!(" -> {}", escaped(target));
    }
    Ok(line)
}

fn hash(mut data: RecordedData) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut data, &mut hash)?;
    hash.flush()?;
    Ok(format!("{:x}", hash.finalize()))
}

/// As the judge prints names.
fn escaped(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if (0x21..0x7F).contains(&byte) && byte != b'\\' {
            text.push(byte.into());
        } else {
            text += &format!("\\x{byte:02x}");
        }
    }
    text
}

fn compare(read: &BTreeSet<String>, found: &BTreeSet<String>) -> Verdict {
    // Without a name of Rock Ridge the judge takes small letters, as Linux does; the library those that are there.
    let lower = |lines: &BTreeSet<String>| -> BTreeSet<String> {
        lines.iter().map(|line| line.to_lowercase()).collect()
    };
    if read == found || lower(read) == lower(found) {
        return Ok(());
    }
    let missing: Vec<_> = read.difference(found).take(5).collect();
    let other: Vec<_> = found.difference(read).take(5).collect();
    Err(format!("missing {missing:#?}, found {other:#?}"))
}

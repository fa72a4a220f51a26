//! Discs as they are, as they can be, and as they should not be.

mod builder;
mod corpus;
mod damage;
mod forms;
mod made;
mod mutation;
mod sessions;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::UdfSession;
use super::volume::UdfVolume;
use crate::error::Result;
use crate::media::{Blocks, ReaderDisc};
use crate::recorded::{Data, Entry, EntryKind, Volume};

/// More than any test needs.
const BUDGET: u64 = 64 << 20;

fn blocks(bytes: Vec<u8>) -> Arc<Blocks> {
    let disc = ReaderDisc::new(Cursor::new(bytes)).unwrap();
    Arc::new(Blocks::new(Arc::new(disc), BUDGET))
}

fn open(blocks: &Arc<Blocks>, start: u32) -> Result<Option<UdfVolume>> {
    UdfSession::open(blocks, start)?.announced_volume(blocks)
}

/// Reads the bytes of data, with zeros where none are recorded.
fn read(blocks: &Blocks, entry: &Entry) -> Result<Vec<u8>> {
    match &entry.data {
        Data::Embedded(bytes) => Ok(bytes.to_vec()),
        Data::Runs(runs) => {
            let mut all = Vec::new();
            for run in runs {
                let start = all.len();
                all.resize(start + run.len as usize, 0);
                if let Some(at) = run.at {
                    blocks.read_at(at, &mut all[start..])?;
                }
            }
            Ok(all)
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A line of a manifest: type, length, time, hash and path.
type Line = (char, u64, Option<i64>, String, String);

/// Lists everything in a volume, sorted by path.
fn manifest(blocks: &Blocks, volume: &UdfVolume) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let root = volume.root()?;
    let modified = root.modified.map(|time| time.unix_seconds());
    lines.push(('d', 0, modified, "-".to_owned(), "/".to_owned()));
    let mut open = vec![(root, String::new())];
    while let Some((directory, path)) = open.pop() {
        streams(blocks, &directory, &path, &mut lines)?;
        for entry in volume.entries(&directory)? {
            let entry = entry.map_err(|unread| unread.error)?;
            let path = format!("{path}/{}", escape(&entry.name));
            let modified = entry.modified.map(|time| time.unix_seconds());
            let (kind, hash, target) = match &entry.kind {
                EntryKind::Directory => ('d', "-".to_owned(), None),
                EntryKind::SymbolicLink { target } => ('l', "-".to_owned(), Some(target)),
                EntryKind::File => ('f', sha256(&read(blocks, &entry)?), None),
                _ => ('o', "-".to_owned(), None),
            };
            let target = target.map(|target| format!(" -> {}", escape(target)));
            let shown = format!("{path}{}", target.unwrap_or_default());
            let len = if kind == 'd' { 0 } else { entry.len };
            lines.push((kind, len, modified, hash, shown));
            if entry.kind == EntryKind::Directory {
                open.push((entry, path));
            } else {
                streams(blocks, &entry, &path, &mut lines)?;
            }
        }
    }
    lines.sort();
    Ok(lines)
}

fn streams(blocks: &Blocks, entry: &Entry, path: &str, lines: &mut Vec<Line>) -> Result<()> {
    for stream in &entry.streams {
        let modified = stream.modified.map(|time| time.unix_seconds());
        let hash = sha256(&read(blocks, stream)?);
        let path = format!("{path}//{}", escape(&stream.name));
        lines.push(('s', stream.len, modified, hash, path));
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'\\' | 0..=0x20 | 0x7F.. => format!("\\x{byte:02x}"),
            _ => char::from(byte).to_string(),
        })
        .collect()
}

/// Returns a path beside the repository, where real images and an independent checker are.
fn beside(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(path);
    path.exists().then_some(path)
}

/// Returns what the checker reads from an image; `None` if the checker is missing or finds no UDF.
fn judged(image: &Path, start: u32) -> Option<Vec<Line>> {
    let output = Command::new("python3")
        .arg(beside("tools/udfcheck.py")?)
        .arg(image)
        .args(["--manifest", "--quiet", "--start", &start.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    if text.starts_with("NOT-UDF") {
        return None;
    }
    let mut lines: Vec<Line> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(5, ' ');
            let kind = fields
                .next()
                .filter(|kind| kind.len() == 1)?
                .chars()
                .next()?;
            let len = fields.next()?.parse().unwrap();
            let modified: Option<f64> = fields.next()?.parse().ok();
            let hash = fields.next()?.to_owned();
            let path = fields.next()?.to_owned();
            // Only data counts towards an entry's length.
            let len = if matches!(kind, 'f' | 's') { len } else { 0 };
            Some((kind, len, modified.map(|time| time as i64), hash, path))
        })
        .collect();
    // Streams of the volume itself are not part of the tree.
    lines.retain(|line| !line.4.starts_with("//sys/"));
    lines.sort();
    Some(lines)
}

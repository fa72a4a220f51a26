//! The two strict checkers that lie beside this file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use imapi2fs::{FileSystems, UdfRevision};
use sha2::{Digest, Sha256};

use crate::case::{Built, VOLUME_NAME};
use crate::content;
use crate::expect::{self, Found, View};
use crate::program::needs;
use crate::relaxations;
use crate::tool::{self, Judge, Output, Scratch, Verdict};
use crate::trees::Fact;

pub(crate) const ISOCHECK: Judge = Judge {
    name: "isocheck",
    needs: |_| needs("python3"),
    can_read: |case| case.has(FileSystems::ISO9660),
    judge: isocheck,
};

pub(crate) const UDFCHECK: Judge = Judge {
    name: "udfcheck",
    needs: |_| needs("python3"),
    can_read: |case| case.has(FileSystems::UDF),
    judge: udfcheck,
};

/// The mirror of the metadata alone leads to all files.
pub(crate) const UDFCHECK_MIRROR: Judge = Judge {
    name: "udfcheck, metadata destroyed",
    needs: |_| needs("python3"),
    // Where the metadata file of a later session is, another judge would have to say.
    can_read: |case| case.has_metadata_partition() && case.appended.is_none(),
    judge: udfcheck_mirror,
};

fn isocheck(built: &Built) -> Verdict {
    let mut options = Vec::new();
    // With a level the checker takes depth for an error, which only the trees that need it may have.
    if !built.settings.tree.is(Fact::Deep) {
        options.push(format!("--level={}", built.settings.level as u8));
    }
    let mut views = vec![(View::Iso9660, "--tree=iso")];
    if built.settings.has(FileSystems::JOLIET) {
        views.push((View::Joliet, "--tree=joliet"));
    }
    for (view, tree) in views {
        let report = Report::of(
            "isocheck",
            built,
            options.iter().map(String::as_str).chain([tree]),
        )?;
        report.expect("iso_space", &built.total_blocks.to_string())?;
        report.expect("iso_volume_id", VOLUME_NAME)?;
        if built.settings.is_manifest_read() {
            let found = report.found(view)?;
            expect::compare(built, view, |name| name.into(), found)
                .map_err(|error| format!("{view:?}: {error}"))?;
        }
    }
    Ok(())
}

fn udfcheck(built: &Built) -> Verdict {
    let report = Report::of("udfcheck", built, [])?;
    expect_udf(&report, built)
}

fn udfcheck_mirror(built: &Built) -> Verdict {
    let scratch = Scratch::new()?;
    let damaged = scratch.path().join("image.iso");
    destroy_metadata(built, &damaged).map_err(|error| error.to_string())?;
    let (output, report) = Report::run("udfcheck", built, &damaged, [])?;
    // This fault is ours, and there is no other.
    let is_ours = |finding: &&str| finding.contains("metadata file: block 0:0 has tag 0");
    let (ours, others): (Vec<_>, Vec<_>) = report.findings().into_iter().partition(is_ours);
    relaxations::check("udfcheck", &built.settings, &others)?;
    if ours.len() != 1 {
        return Err(output.says());
    }
    expect_udf(&report, built)
}

/// Copies an image without the ICB of its metadata file, and without the contents if there are others.
fn destroy_metadata(built: &Built, to: &Path) -> io::Result<()> {
    // Both where the first block of the partition is that ICB.
    const ICB: u64 = 288;
    const CONTENTS: u64 = 320;
    fs::copy(&built.file, to)?;
    let mut file = File::options().read(true).write(true).open(to)?;
    let mut icb = [0; 2048];
    file.seek(SeekFrom::Start(ICB * 2048))?;
    file.read_exact(&mut icb)?;
    // An Extended File Entry of file type 250, whose one extent is described at 216.
    assert_eq!((icb[0], icb[27]), (10, 250), "the ICB of the metadata file");
    let len = u32::from_le_bytes([icb[216], icb[217], icb[218], icb[219]]);
    let mut zero = |block: u64, len: u32| {
        file.seek(SeekFrom::Start(block * 2048))?;
        file.write_all(&vec![0; len as usize])
    };
    zero(ICB, 2048)?;
    if built.settings.redundant {
        zero(CONTENTS, len)?;
    }
    Ok(())
}

fn expect_udf(report: &Report, built: &Built) -> Verdict {
    report.expect("logical_volume_id", &built.volume_name_udf)?;
    report.expect("udf_revision", &built.settings.revision.to_string())?;
    if !built.settings.is_manifest_read() {
        return Ok(());
    }
    expect::compare(
        built,
        View::Udf,
        |name| name.into(),
        report.found(View::Udf)?,
    )?;
    expect_streams(report, built)
}

/// Compares all named streams.
fn expect_streams(report: &Report, built: &Built) -> Verdict {
    let recorded = built.settings.revision >= UdfRevision::V2_00;
    let mut expected = BTreeMap::new();
    let paths: Vec<_> = expect::expected(built, View::Udf).collect();
    let streams = built.settings.streams(&built.nodes);
    for (at, name, data) in streams.into_iter().filter(|_| recorded) {
        let (_, path) = paths[at];
        let sha256 = content::hex(&Sha256::digest(&data));
        expected.insert(format!("{path}//{name}"), (data.len() as u64, sha256));
    }
    let found = report.streams()?;
    if found == expected {
        Ok(())
    } else {
        Err(format!(
            "streams {:?} instead of {:?}",
            found.keys().take(5).collect::<Vec<_>>(),
            expected.keys().take(5).collect::<Vec<_>>()
        ))
    }
}

/// What a checker printed.
struct Report(String);

impl Report {
    /// Runs a checker, which must find nothing that the case did not choose.
    fn of<'a>(
        checker: &str,
        built: &Built,
        options: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let (output, report) = Self::run(checker, built, &built.file, options)?;
        relaxations::check(checker, &built.settings, &report.findings())?;
        if output.success {
            Ok(report)
        } else {
            Err(output.says())
        }
    }

    fn run<'a>(
        checker: &str,
        built: &Built,
        file: &Path,
        options: impl IntoIterator<Item = &'a str>,
    ) -> Result<(Output, Self), String> {
        let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "judges"]
            .iter()
            .collect();
        let script = script.join(checker).with_extension("py");
        let mut command = tool::command("python3");
        command.arg(script).arg(file).args(options);
        if built.session != 0 {
            command.arg(format!("--start={}", built.session));
        }
        if built.settings.is_manifest_read() {
            command.arg("--manifest");
        }
        if built.settings.is_flawless() {
            command.arg("--strict");
        }
        let output = tool::run(&mut command)?;
        let report = Self(output.stdout());
        Ok((output, report))
    }

    fn findings(&self) -> Vec<&str> {
        self.0
            .lines()
            .filter(|line| line.starts_with("ERROR ") || line.starts_with("WARN "))
            .collect()
    }

    fn expect(&self, key: &str, value: &str) -> Result<(), String> {
        let prefix = format!("# {key}: ");
        match self.0.lines().find_map(|line| line.strip_prefix(&prefix)) {
            Some(found) if found == value => Ok(()),
            found => Err(format!("{key} is {found:?} instead of {value:?}")),
        }
    }

    /// The named streams of the manifest: length and digest.
    fn streams(&self) -> Result<BTreeMap<String, (u64, String)>, String> {
        let lines = self.0.lines().filter(|line| line.starts_with("s "));
        lines
            .map(|line| {
                let [_, size, _, sha256, path] = line.splitn(5, ' ').collect::<Vec<_>>()[..] else {
                    return Err(format!("no stream: {line}"));
                };
                let size = size.parse().map_err(|_| format!("no size: {line}"))?;
                Ok((unescape(path), (size, sha256.to_owned())))
            })
            .collect()
    }

    /// The entries of the manifest: type, size, time, digest and path in each line.
    fn found(&self, view: View) -> Result<BTreeMap<String, Found>, String> {
        let mut all = BTreeMap::new();
        for line in self.0.lines() {
            let [kind @ ("d" | "f"), size, time, sha256, path] =
                line.splitn(5, ' ').collect::<Vec<_>>()[..]
            else {
                continue;
            };
            let modified = time.parse::<f64>().ok().map(|time| time.floor() as i64);
            let mut found = Found {
                modified,
                directory: kind == "d",
                ..Found::default()
            };
            if kind == "f" {
                found.size = Some(size.parse().map_err(|_| format!("no size: {line}"))?);
                found.sha256 = Some(sha256.into());
            }
            let mut path = unescape(path);
            if view == View::Iso9660 && kind == "f" {
                path = expect::bare(&path).into();
            }
            if modified.is_none() {
                return Err(format!("{path} has no time"));
            }
            // UDF's manifest lists the root.
            if (view != View::Udf || path != "/") && all.insert(path, found).is_some() {
                return Err(format!("listed twice: {line}"));
            }
        }
        Ok(all)
    }
}

/// Undoes the checkers' `\xNN`, which stand for bytes of UTF-8.
fn unescape(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = rest.strip_prefix(b"\\x").and_then(|rest| {
            let (digits, after) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = escaped.unwrap_or((byte, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

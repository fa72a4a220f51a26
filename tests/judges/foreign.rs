//! Images of other programs, continued by the library: a judge then finds what was there, and what was added.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use imapi2fs::{
    Error, FileDisc, FileSystemImage, FileSystems, ImportOptions, InterchangeLevel, Locking,
    MultisessionInterface, RandomWriteImage, RecordedDisc, ResultImage, SequentialImage,
    WritableFile,
};
use libtest_mimic::Trial;
use sha2::{Digest, Sha256};

use crate::case::{Appended, chain};
use crate::program::{self, needs, unmet};
use crate::read_back::{Image, MAKERS, found, is_sound, judged, made};
use crate::tool::{Verdict, command, run};

/// What is added: a name that all file systems keep.
const NEW: (&str, &[u8]) = ("ADDED.TXT", b"added\n");

pub(crate) fn trials(required: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for &(program, options) in MAKERS {
        let unmet = unmet([needs(program), needs("python3")]);
        for how in [Appended::Sequential, Appended::RandomWrite] {
            let name = format!("continued ({how:?}): {program} {}", options.join(" "));
            trials.push(program::trial(name, unmet.clone(), required, move || {
                Ok(goes_on(&made(program, options)?, how)?)
            }));
        }
    }
    let unmet = unmet([needs("genisoimage")]);
    for how in [Appended::Sequential, Appended::RandomWrite] {
        let name = format!("not continued ({how:?}): genisoimage -hide-joliet");
        trials.push(program::trial(name, unmet.clone(), required, move || {
            let hidden = ["-quiet", "-J", "-hide-joliet", "Read me.txt"];
            let image = made("genisoimage", &hidden)?;
            let wanted = ImportOptions::new().other_producers(true);
            Ok(expect_refusal(&image, how, wanted, "the same files")?)
        }));
    }
    trials
}

fn goes_on(image: &Image, how: Appended) -> Verdict {
    let failed = |error: Error| chain(&error);
    let disc = RecordedDisc::open(open(image)?).map_err(failed)?;
    let file_system = disc.default_file_system().map_err(failed)?;
    let primary = disc.volume(FileSystems::ISO9660).map_err(failed)?;
    let has_rock_ridge = primary.has_rock_ridge();
    let before = found(&disc.volume(file_system).map_err(failed)?)?;

    let refused = ImportOptions::new().drop_rock_ridge(true);
    expect_refusal(image, how, refused, "another program")?;
    let wanted = ImportOptions::new().other_producers(true);
    if has_rock_ridge {
        expect_refusal(image, how, wanted.clone(), "Rock Ridge")?;
    }
    let (next, result) = match continued(image, how, wanted.drop_rock_ridge(true)) {
        Ok(continued) => continued,
        // Nobody but this crate writes UDF that is complete behind its last session.
        Err(Error::IncompatiblePreviousSession { problem, .. })
            if file_system == FileSystems::UDF && problem.to_string().contains("UDF") =>
        {
            return Ok(());
        }
        Err(error) => return Err(chain(&error)),
    };
    let start = match how {
        Appended::RandomWrite => 0,
        Appended::Sequential => next.session_start_block(),
    };
    let disc = WritableFile::open(&image.file, Locking::Refuse).map_err(failed)?;
    result.append_to(&Arc::new(disc)).map_err(failed)?;
    if !is_sound(image, start)? {
        return Err("the judge finds fault with it".to_owned());
    }
    let tree = match file_system {
        FileSystems::JOLIET => "joliet",
        _ => "iso",
    };
    if file_system == FileSystems::UDF {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/udfcheck.py");
        let start = format!("--start={start}");
        let output = run(command("python3").arg(script).arg(&image.file).arg(start))?;
        if !output.success {
            return Err(output.says());
        }
    }
    let after = judged(image, start, tree)?;
    // ISO 9660 gives names of its own to what came from elsewhere.
    let with_names = file_system == FileSystems::JOLIET;
    let mut expected = items(&before, with_names);
    let name = if with_names { NEW.0 } else { "" };
    expected.push(format!(
        "{} {:x} /{name}",
        NEW.1.len(),
        Sha256::digest(NEW.1)
    ));
    expected.sort();
    let found = items(&after, with_names);
    if found == expected {
        return Ok(());
    }
    let missing: Vec<_> = expected
        .iter()
        .filter(|line| !found.contains(line))
        .collect();
    let other: Vec<_> = found
        .iter()
        .filter(|line| !expected.contains(line))
        .collect();
    Err(format!("missing {missing:#?}, found {other:#?}"))
}

fn open(image: &Image) -> Result<FileDisc, String> {
    FileDisc::open(&image.file).map_err(|error| error.to_string())
}

/// What continues the image, with one more file.
fn continued(
    image: &Image,
    how: Appended,
    options: ImportOptions,
) -> imapi2fs::Result<(FileSystemImage, ResultImage)> {
    let disc = FileDisc::open(&image.file).expect("it was read before");
    let interface = match how {
        Appended::RandomWrite => MultisessionInterface::random_write(RandomWriteImage::new(disc)),
        Appended::Sequential => MultisessionInterface::sequential(SequentialImage::open(disc)?),
    };
    let mut next = FileSystemImage::with_time(SystemTime::UNIX_EPOCH);
    next.set_iso9660_interchange_level(InterchangeLevel::Three)?;
    next.set_multisession_interfaces(vec![interface])?;
    next.set_import_options(options);
    next.import_file_system()?;
    next.root_mut().add_file(NEW.0, NEW.1)?;
    let result = next.create_result_image()?;
    Ok((next, result))
}

/// It cannot be continued so, and it is said why.
fn expect_refusal(image: &Image, how: Appended, options: ImportOptions, why: &str) -> Verdict {
    match continued(image, how, options) {
        Err(Error::IncompatiblePreviousSession { problem, .. })
            if problem.to_string().contains(why) =>
        {
            Ok(())
        }
        Err(error) => Err(chain(&error)),
        Ok(_) => Err(format!("continued in spite of: {why}")),
    }
}

/// The files and directories among the judge's lines, without their times: length, hash, and path if wanted.
fn items(lines: &BTreeSet<String>, with_names: bool) -> Vec<String> {
    let item = |line: &String| -> Option<String> {
        let [kind, len, _, hash, path] = line.splitn(5, ' ').collect::<Vec<_>>()[..] else {
            return None;
        };
        // Joliet gets no blank at the end of a name.
        let path = match path.strip_suffix("\\x20") {
            Some(start) => format!("{start}_"),
            None => path.to_owned(),
        };
        let path = if with_names { &path } else { "/" };
        match kind {
            "f" => Some(format!("{len} {hash} {path}")),
            "d" => Some(format!("directory {path}")),
            // Links are left out.
            _ => None,
        }
    };
    let mut items: Vec<_> = lines.iter().filter_map(item).collect();
    items.sort();
    items
}

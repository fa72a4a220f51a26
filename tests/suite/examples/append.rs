//! Sessions that are added to images.

use imapi2fs::{FileDisc, Locking, RecordedDisc, WritableFile};

use super::*;
use crate::support::bytes::all;

/// A directory beside the source, with a file.
fn addition(place: &Place, name: &str, data: &[u8]) -> PathBuf {
    let directory = place.root.path().join("addition");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), data).unwrap();
    directory
}

/// The paths of the files of an image, in one of its file systems.
#[track_caller]
fn files(image: &Path, file_system: &str) -> Vec<String> {
    let text = inspected(image, &["--file-system", file_system]);
    text.lines()
        .filter(|line| line.starts_with("file\t"))
        .map(|line| line.rsplit('\t').next().unwrap().to_owned())
        .collect()
}

/// What a file of an image has.
#[track_caller]
fn data(image: &Path, file_system: FileSystems, path: &str) -> Vec<u8> {
    let disc = RecordedDisc::open(FileDisc::open(image).unwrap()).unwrap();
    let item = disc.volume(file_system).unwrap().item(path).unwrap();
    all(item.data().unwrap())
}

#[test]
fn names_of_the_disc_stay() {
    let place = Place::new();
    let deep = (0..12).map(|level| format!("Level {level}"));
    let deep = place.source().join(deep.collect::<PathBuf>());
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("a file.text"), "deep").unwrap();
    fs::write(place.source().join("Long file name here.txt"), "long").unwrap();
    let new = addition(&place, "new", b"new");
    for file_systems in ["iso9660", "iso9660,joliet", "iso9660,joliet,udf"] {
        for sequential in [false, true] {
            let image = built_of(&place, file_systems);
            let mut old = files(&image, "iso9660");
            assert!(old.contains(&"/LONG_FILE_NAME_HERE.TXT".to_owned()));
            let mut command = append_session();
            if sequential {
                command.arg("--sequential");
            }
            succeeds(command.arg(&image).arg(&new));
            old.push("/NEW".to_owned());
            old.sort();
            let mut now = files(&image, "iso9660");
            now.sort();
            assert_eq!(now, old, "{file_systems}");
        }
    }
}

#[test]
fn levels_can_be_chosen() {
    let place = Place::new();
    fs::write(place.source().join("Long file name here.txt"), "long").unwrap();
    let new = addition(&place, "new", b"new");
    for option in ["--interchange-level", "--iso-level"] {
        let image = built(&place);
        succeeds(append_session().args([option, "1"]).arg(&image).arg(&new));
        let now = files(&image, "iso9660");
        assert!(now.contains(&"/LONG_FIL.TXT".to_owned()), "{now:?}");
        let (status, ..) = run(append_session().args([option, "4"]).arg(&image).arg(&new));
        assert_eq!(status, Some(2));
    }
}

#[test]
fn long_files_of_the_disc_stay() {
    const LEN: u32 = 3 << 30;
    let place = Place::new();
    fs::write(place.source().join("film"), "x").unwrap();
    let image = built_of(&place, "iso9660");
    let mut bytes = fs::read(&image).unwrap();
    for range in records(&bytes) {
        if bytes[range.start + 33..].starts_with(b"FILM.;1") {
            put_both(&mut bytes[range.start + 10..], LEN);
        }
    }
    let blocks = bytes.len() as u32 / 2048 + LEN / 2048;
    put_both(&mut bytes[16 * 2048 + 80..], blocks);
    fs::write(&image, bytes).unwrap();
    let file = File::options().write(true).open(&image).unwrap();
    file.set_len(u64::from(blocks) * 2048).unwrap();
    drop(file);

    let new = addition(&place, "new", b"new");
    succeeds(append_session().arg(&image).arg(&new));
    let text = inspected(&image, &[]);
    assert!(text.contains(&format!("file\t{LEN}\t")), "{text}");
    assert!(text.contains("/NEW\n"), "{text}");
}

#[test]
fn files_of_iso9660_are_replaced_whatever_their_case() {
    let place = Place::new();
    fs::write(place.source().join("f1.bin"), "first").unwrap();
    fs::create_dir(place.source().join("sub")).unwrap();
    fs::write(place.source().join("sub/deep.txt"), "first").unwrap();
    let image = built_of(&place, "iso9660");
    let old = files(&image, "iso9660");
    for text in ["second", "a third one"] {
        fs::write(place.source().join("f1.bin"), text).unwrap();
        fs::write(place.source().join("sub/deep.txt"), text).unwrap();
        // Names that ISO 9660 cannot have are another matter than case.
        let _ = fs::remove_file(place.source().join("Read me, please.text"));
        let _ = fs::remove_dir_all(place.source().join("Photos of 2024"));
        let (_, stderr) = succeeds(append_session().arg(&image).arg(place.source()));
        assert_eq!(stderr, "");
        assert_eq!(files(&image, "iso9660"), old);
        for path in ["F1.BIN", "SUB/DEEP.TXT"] {
            let data = data(&image, FileSystems::ISO9660, path);
            assert_eq!(data, text.as_bytes(), "{path}");
        }
    }
}

#[test]
fn case_tells_names_apart_where_it_is_recorded() {
    let place = Place::new();
    fs::write(place.source().join("f1.bin"), "first").unwrap();
    let image = built_of(&place, "udf");
    let new = addition(&place, "F1.BIN", b"second");
    succeeds(append_session().arg(&image).arg(&new));
    let now = files(&image, "udf");
    assert!(
        ["/f1.bin", "/F1.BIN"]
            .iter()
            .all(|path| now.iter().any(|now| now == path))
    );
    assert_eq!(data(&image, FileSystems::UDF, "f1.bin"), b"first");
    assert_eq!(data(&image, FileSystems::UDF, "F1.BIN"), b"second");
}

#[test]
fn links_of_the_disc_are_counted_and_reported() {
    let place = Place::new();
    for number in 0..14 {
        fs::write(place.source().join(format!("L{number}")), "").unwrap();
    }
    fs::remove_dir_all(place.source().join("Photos of 2024")).unwrap();
    fs::remove_file(place.source().join("Read me, please.text")).unwrap();
    let new = addition(&place, "new", b"new");
    for report in [false, true] {
        let image = built_of(&place, "iso9660");
        add_rock_ridge(&image, b"SL\x0E\x01\0\0\x07nowhere");
        let mut command = append_session();
        command.args(["--foreign", "--drop-rock-ridge"]);
        if report {
            command.arg("--report");
        }
        let (_, stderr) = succeeds(command.arg(&image).arg(&new));
        assert!(
            stderr.contains("left out /L0: is a link to nowhere\n"),
            "{stderr}"
        );
        let lines = stderr.lines().count();
        assert_eq!(lines, if report { 14 } else { 11 }, "{stderr}");
        assert_eq!(stderr.contains("left out 4 more"), !report, "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn links_of_the_source_are_counted_and_reported() {
    let place = Place::new();
    let image = built(&place);
    let new = addition(&place, "new", b"new");
    for number in 0..12 {
        let link = new.join(format!("link {number}"));
        std::os::unix::fs::symlink("/nowhere", link).unwrap();
    }
    let mut command = append_session();
    command.args(["--links", "skip"]).arg(&image).arg(&new);
    let (_, stderr) = succeeds(&mut command);
    assert_eq!(stderr.lines().count(), 11, "{stderr}");
    assert!(stderr.contains("left out 2 more"), "{stderr}");
    let (_, stderr) = succeeds(command.arg("--report"));
    assert_eq!(stderr.matches("left out").count(), 12, "{stderr}");
}

#[test]
fn a_sequential_session_goes_behind_what_follows_on_the_last() {
    let place = Place::new();
    let new = addition(&place, "new", b"new");
    for file_systems in ["iso9660", "udf", "iso9660,joliet,udf"] {
        let image = built_of(&place, file_systems);
        let mut bytes = fs::read(&image).unwrap();
        bytes.extend([0; 17 * 2048]);
        bytes.extend([7; 150_000]);
        fs::write(&image, &bytes).unwrap();
        let message = fails(append_session().arg("--sequential").arg(&image).arg(&new));
        assert!(message.ends_with("--after-unknown"), "{message}");
        let mut command = append_session();
        command.args(["--sequential", "--after-unknown"]);
        let (_, stderr) = succeeds(command.arg(&image).arg(&new));
        let start = bytes.len().div_ceil(2048).next_multiple_of(32);
        let text = format!("append_session: the session begins at block {start}\n");
        assert_eq!(stderr, text);
        assert!(fs::read(&image).unwrap().starts_with(&bytes));
        let text = inspected(&image, &[]);
        assert!(
            text.contains(&format!("session 1 at block {start}: ")),
            "{text}"
        );
        assert!(text.to_lowercase().contains("/new\n"), "{text}");
    }
}

/// A directory with one file of that name.
fn one_more(place: &Place, name: &str) -> PathBuf {
    let directory = place.root.path().join(format!("one more {name}"));
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join(name), name).unwrap();
    directory
}

/// In 23 of 24 pairs both ended well, and one session was lost.
#[test]
fn of_programs_that_append_at_once_none_loses_what_it_added() {
    let place = Place::new();
    for options in [
        &[][..],
        &["--sequential"],
        &["--wait"],
        &["--sequential", "--wait"],
    ] {
        let image = built_of(&place, "iso9660,joliet,udf");
        let started: Vec<_> = (0..4)
            .map(|number| {
                let name = format!("n{number}");
                let mut command = append_session();
                command
                    .args(options)
                    .arg(&image)
                    .arg(one_more(&place, &name));
                command.stdout(Stdio::null()).stderr(Stdio::piped());
                (name, command.spawn().unwrap())
            })
            .collect();
        let mut expected = Vec::new();
        for (name, child) in started {
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            match output.status.code() {
                Some(0) => expected.push(format!("/{name}")),
                status => {
                    assert_eq!(status, Some(1), "{stderr}");
                    assert!(!options.contains(&"--wait"), "{stderr}");
                    assert!(
                        stderr.contains("another program is writing to it"),
                        "{stderr}"
                    );
                }
            }
        }
        assert!(!expected.is_empty());
        let is_added = |path: &String| path.starts_with("/n");
        for file_system in ["udf", "joliet"] {
            let mut found: Vec<_> = files(&image, file_system)
                .into_iter()
                .filter(is_added)
                .collect();
            found.sort();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn an_image_in_use_is_waited_for_only_when_asked() {
    let place = Place::new();
    let image = built(&place);
    let new = addition(&place, "new", b"new");
    let before = fs::read(&image).unwrap();
    let locked = WritableFile::open(&image, Locking::Refuse).unwrap();
    let message = fails(append_session().arg(&image).arg(&new));
    assert_names(&message, &image);
    assert!(
        message
            .ends_with("another program is writing to it; wait until it has finished with --wait"),
        "{message}"
    );
    assert!(fs::read(&image).unwrap() == before);
    // Readers are not hindered.
    inspected(&image, &[]);
    let mut waiting = append_session()
        .arg("--wait")
        .arg(&image)
        .arg(&new)
        .spawn()
        .unwrap();
    assert_eq!(waiting.try_wait().unwrap(), None);
    drop(locked);
    assert!(waiting.wait().unwrap().success());
    assert!(files(&image, "iso9660").contains(&"/NEW".to_owned()));
}

#[cfg(unix)]
#[test]
fn an_image_can_be_added_to_without_a_lock() {
    let place = Place::new();
    let image = built(&place);
    let new = addition(&place, "new", b"new");
    let _locked = WritableFile::open(&image, Locking::Refuse).unwrap();
    succeeds(append_session().arg("--no-lock").arg(&image).arg(&new));
    let (status, ..) = run(append_session()
        .args(["--no-lock", "--wait"])
        .arg(&image)
        .arg(&new));
    assert_eq!(status, Some(2));
}

/// 4 TiB became 22 MB, and the program ended well.
#[cfg(unix)]
#[test]
fn a_file_of_4_tib_is_not_cut_to_the_image() {
    let place = Place::new();
    let new = addition(&place, "new", b"new");
    for len in [4 << 40, 9_u64 << 40] {
        let image = built(&place);
        let file = File::options().write(true).open(&image).unwrap();
        // Where the file system takes no such file, the tests of the library have one that needs none.
        let Ok(()) = file.set_len(len) else { continue };
        for option in [None, Some("--sequential")] {
            let message = fails(append_session().args(option).arg(&image).arg(&new));
            assert!(message.contains("4 TiB"), "{message}");
            assert_eq!(fs::metadata(&image).unwrap().len(), len);
        }
        drop(file);
        fs::remove_file(&image).unwrap();
    }
}

/// It ended well, and the next opening saw the old session only.
#[test]
fn an_image_that_is_found_by_its_end_stays_as_it_was() {
    let place = Place::new();
    let new = addition(&place, "new", b"new");
    for option in [None, Some("--sequential")] {
        let image = built_of(&place, "udf");
        let mut bytes = fs::read(&image).unwrap();
        bytes[256 * 2048..][..2048].fill(0);
        fs::write(&image, &bytes).unwrap();
        let (status, _, stderr) = run(append_session().args(option).arg(&image).arg(&new));
        assert_eq!(status, Some(1), "{stderr}");
        assert!(
            stderr.contains("found only by the disc's last blocks"),
            "{stderr}"
        );
        assert!(fs::read(&image).unwrap() == bytes);
        assert!(!files(&image, "udf").is_empty());
    }
}

#[test]
fn an_image_that_cannot_be_continued_stays_as_it_was() {
    let place = Place::new();
    let new = addition(&place, "new", b"new");
    let image = place.output();
    for bytes in [&b""[..], b"text", &[0; 100_000], &[7; 100_000]] {
        fs::write(&image, bytes).unwrap();
        for option in [None, Some("--sequential")] {
            let message = fails(append_session().args(option).arg(&image).arg(&new));
            assert_names(&message, &image);
            assert!(fs::read(&image).unwrap() == bytes);
        }
    }
}

/// `build_image big t.iso; truncate -s 1500000 t.iso; append_session t.iso add` once put zeros into `big.bin`.
#[test]
fn an_image_that_was_cut_off_is_not_continued_in_silence() {
    let place = Place::new();
    fs::write(place.source().join("big.bin"), vec![0xB1; 4_000_000]).unwrap();
    let new = addition(&place, "new", b"new");
    for options in [&[][..], &["--sequential"]] {
        let image = built_of(&place, "iso9660,joliet,udf");
        let file = File::options().write(true).open(&image).unwrap();
        file.set_len(1_500_000).unwrap();
        drop(file);
        let old = fs::read(&image).unwrap();
        let message = fails(append_session().args(options).arg(&image).arg(&new));
        assert!(message.contains("`/big.bin`"), "{message}");
        assert!(message.ends_with("--damaged"), "{message}");
        assert!(fs::read(&image).unwrap() == old);
        let mut command = append_session();
        command.args(options).arg("--damaged").arg(&image).arg(&new);
        let (_, stderr) = succeeds(&mut command);
        assert!(stderr.contains("/big.bin: "), "{stderr}");
        let now = files(&image, "udf");
        assert!(now.contains(&"/new".to_owned()), "{now:?}");
        assert!(!now.contains(&"/big.bin".to_owned()), "{now:?}");
    }
}

/// The names of the disc, and the label, without any option.
#[test]
fn the_level_and_the_label_are_those_of_the_disc() {
    let place = Place::new();
    fs::write(place.source().join("HOLIDAY_2024_PICTURE.JPEG"), "x").unwrap();
    let new = addition(&place, "Another long name.text", b"new");
    for (level, old, added) in [
        ("1", "/HOLIDAY_.JPE", "/ANOTHER_.TEX"),
        ("2", "/HOLIDAY_2024_PICTURE.JPEG", "/ANOTHER_LONG_NAME.TEXT"),
    ] {
        let image = place.output();
        let mut command = build_image();
        command.args(["--file-systems", "iso9660,joliet", "--volume-name", "LABEL"]);
        command.args(["--interchange-level", level]);
        succeeds(command.arg(place.source()).arg(&image));
        succeeds(append_session().arg(&image).arg(&new));
        let now = files(&image, "iso9660");
        for path in [old, added] {
            assert!(now.contains(&path.to_owned()), "{now:?}");
        }
        assert_eq!(volume_name(&fs::read(&image).unwrap()), "LABEL");
    }
}

/// The data of the last session alone, as from a CD with music before it.
#[test]
fn an_image_of_a_later_session_alone_is_inspected_and_extracted() {
    let place = Place::new();
    let image = built(&place);
    let new = addition(&place, "new", b"new");
    succeeds(append_session().arg("--sequential").arg(&image).arg(&new));
    let text = inspected(&image, &[]);
    let start = text.split("session 1 at block ").nth(1).unwrap();
    let start = start.split(':').next().unwrap();
    let bytes = fs::read(&image).unwrap();
    fs::write(&image, &bytes[start.parse::<usize>().unwrap() * 2048..]).unwrap();
    let (status, _, stderr) = run(inspect_image().arg(&image));
    assert_eq!(status, Some(1));
    assert!(
        stderr.contains(&format!("try --first-block {start}\n")),
        "{stderr}"
    );
    let text = inspected(&image, &["--first-block", start]);
    assert!(text.contains("/new\n"), "{text}");
    let output = place.root.path().join("extracted");
    let mut command = extract_image();
    command
        .args(["--first-block", start])
        .arg(&image)
        .arg(&output);
    let (status, _, stderr) = run(&mut command);
    // The others lie in the session before.
    assert_eq!(status, Some(1), "{stderr}");
    assert!(
        stderr.contains(&format!("before block {start}")),
        "{stderr}"
    );
    assert_eq!(fs::read(output.join("new")).unwrap(), b"new");
}

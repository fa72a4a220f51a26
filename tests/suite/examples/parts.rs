//! Images that several processes make.

use super::*;

fn build_parts() -> Command {
    example("build_parts")
}

/// The image that all of them are to make.
fn whole(place: &Place) -> Vec<u8> {
    let time = Timestamp::from_unix(EPOCH.parse().unwrap());
    let mut image = FileSystemImage::with_time(time);
    image.set_free_media_blocks(0).unwrap();
    image
        .set_iso9660_interchange_level(InterchangeLevel::Three)
        .unwrap();
    image.root_mut().add_tree(place.source(), false).unwrap();
    let mut bytes = Vec::new();
    let result = image.create_result_image().unwrap();
    result.write_to(&mut bytes).unwrap();
    bytes
}

#[test]
fn shares_of_an_image_make_it_together() {
    let place = Place::new();
    let share = |share: &str| {
        let mut command = build_parts();
        command.arg(place.source()).arg(place.output());
        command.args(["--part-size=10000", "--time", EPOCH, "--only", share]);
        succeeds(&mut command).0
    };
    let digests = ["2/3", "0/3", "1/3"].map(share);
    assert_eq!(digests[0].trim_ascii_end().len(), 64);
    assert!(digests.iter().all(|digest| *digest == digests[0]));
    assert!(fs::read(place.output()).unwrap() == whole(&place));
    assert_eq!(place.names(), ["out.iso"]);
}

#[test]
fn an_image_is_made_by_several_processes() {
    if runner().is_some() {
        // The emulator does not start what the program starts.
        return;
    }
    let place = Place::new();
    for processes in ["1", "3"] {
        let mut command = build_parts();
        command.arg(place.source()).arg(place.output());
        command.args([
            "--part-size=10000",
            "--time",
            EPOCH,
            "--processes",
            processes,
        ]);
        let (stdout, stderr) = succeeds(&mut command);
        assert_eq!(stderr, "");
        let stdout = String::from_utf8(stdout).unwrap();
        let (digest, name) = stdout.trim_end().split_once("  ").unwrap();
        assert_eq!(digest.len(), 64);
        assert_eq!(Path::new(name), place.output());
        assert!(fs::read(place.output()).unwrap() == whole(&place));
        assert_eq!(place.names(), ["out.iso"]);
    }
}

#[test]
fn a_process_that_fails_leaves_the_old_image() {
    let place = Place::new();
    fs::write(place.output(), "old").unwrap();
    let mut command = build_parts();
    command
        .arg(place.root.path().join("no"))
        .arg(place.output());
    let stderr = fails(&mut command);
    assert_names(&stderr, &place.root.path().join("no"));
    assert_eq!(fs::read(place.output()).unwrap(), b"old");
    assert_eq!(place.names(), ["out.iso"]);

    let mut command = build_parts();
    command.arg(place.source()).arg(place.output());
    command.args(["--time=0", "--only=3/3"]);
    assert_eq!(run(&mut command).0, Some(2));
}

#[test]
fn parts_of_another_image_are_not_made() {
    let place = Place::new();
    fs::write(place.output(), "old").unwrap();
    let share = |digest: &str| {
        let mut command = build_parts();
        command.arg(place.source()).arg(place.output());
        command.args(["--time=0", "--only=0/2", "--digest", digest]);
        command
    };
    let stderr = fails(&mut share("0123"));
    assert_eq!(fs::read(place.output()).unwrap(), b"old");
    let digest = stderr.rsplit(' ').next().unwrap();
    assert_eq!(
        succeeds(&mut share(digest)).0.trim_ascii_end(),
        digest.as_bytes()
    );

    fs::write(place.source().join("another"), "file").unwrap();
    let other = fails(&mut share(digest));
    assert_ne!(other, stderr);
}

#[test]
fn source_date_epoch_makes_parts_of_one_image() {
    let place = Place::new();
    let share = |share: &str| {
        let mut command = build_parts();
        command.arg(place.source()).arg(place.output());
        command.args(["--time", "1", "--only", share]);
        succeeds(command.env("SOURCE_DATE_EPOCH", "1")).0
    };
    let digest = share("0/1");
    if runner().is_none() {
        let mut command = build_parts();
        command.arg(place.source()).arg(place.output());
        let (stdout, _) = succeeds(command.env("SOURCE_DATE_EPOCH", "1"));
        assert!(stdout.starts_with(digest.trim_ascii_end()));
    }
}

#[test]
fn the_output_may_lie_in_a_directory_of_the_source() {
    if runner().is_some() {
        return;
    }
    let place = Place::new();
    let directory = place.source().join("directory of the output");
    fs::create_dir(&directory).unwrap();
    let mut command = build_parts();
    // What is behind the dashes are no options.
    command
        .arg("--")
        .arg(place.source())
        .arg(directory.join("out.iso"));
    succeeds(&mut command);
    let mut entries = fs::read_dir(&directory).unwrap();
    assert_eq!(entries.next().unwrap().unwrap().file_name(), "out.iso");
    assert!(entries.next().is_none());
}

#[test]
fn an_output_that_is_a_source_is_refused() {
    if runner().is_some() {
        return;
    }
    let place = Place::new();
    let source = place.source().join("Read me, please.text");
    let linked = place.root.path().join("linked");
    fs::hard_link(&source, &linked).unwrap();
    for output in [&source, &linked] {
        for options in [&[][..], &["--time=0", "--only=0/1"]] {
            let mut command = build_parts();
            command.args(options).arg(place.source()).arg(output);
            let message = fails(&mut command);
            assert_names(&message, output);
            assert_eq!(fs::read(output).unwrap(), b"hello");
        }
    }
    let mut command = build_parts();
    command.arg("--overwrite-source").arg(place.source());
    succeeds(command.arg(&linked));
    assert_eq!(fs::read(&source).unwrap(), b"hello");
    assert!(fs::metadata(&linked).unwrap().len() > 10_000);
}

#[test]
fn shares_may_be_made_in_the_source_directory() {
    let place = Place::new();
    let output = place.source().join("out.iso");
    for share in ["--only=0/2", "--only=1/2", "--only=1/2"] {
        let mut command = build_parts();
        command.args(["--time", EPOCH, "--part-size=10000", share]);
        succeeds(command.arg(place.source()).arg(&output));
    }
    let made = fs::read(&output).unwrap();
    fs::remove_file(&output).unwrap();
    assert!(made == whole(&place));
}

#[cfg(unix)]
#[test]
fn only_a_regular_file_is_replaced() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    if runner().is_some() {
        return;
    }
    let place = Place::new();
    let link = place.output();
    let file = place.root.path().join("file");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    let build = |output: &Path| {
        let mut command = build_parts();
        command.arg(place.source()).arg(output);
        command.args(["--time", EPOCH]);
        command
    };
    succeeds(&mut build(&link));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read(&file).unwrap() == whole(&place));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);

    assert_names(
        &fails(&mut build(Path::new("/dev/null"))),
        Path::new("/dev/null"),
    );
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_program_leaves_nothing() {
    if runner().is_some() {
        return;
    }
    let place = Place::new();
    File::create(place.source().join("long"))
        .and_then(|file| file.set_len(1 << 34))
        .unwrap();
    let mut command = build_parts();
    command.arg(place.source()).arg(place.output());
    command.args(["--time", EPOCH]);
    // What starts the tests may have signals ignored.
    let mut running = unix::Running::start(
        started_by(&["env", "--default-signal=HUP,INT,TERM"], &command)
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let directory = place.root.path();
    running.wait_until(|id| unix::has_unnamed_file(id, directory) || !place.names().is_empty());
    running.send("INT");
    assert_eq!(running.code(), Some(130));
    assert_eq!(place.names(), [""; 0]);
}

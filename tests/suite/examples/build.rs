//! `build_image` and `list_names`.

use super::*;

#[test]
fn help_names_every_argument() {
    let (help, _) = succeeds(build_image().arg("--help"));
    let help = String::from_utf8(help).unwrap();
    for argument in [
        "<SOURCE_DIR>",
        "<OUTPUT|->",
        "--file-systems",
        "--interchange-level",
        "--udf-revision",
        "--no-redundant-metadata",
        "--named-streams",
        "--embed-small-files",
        "--file-alignment",
        "--volume-name",
        "--stage-files",
        "--working-directory",
        "--links",
        "--media",
        "--free-blocks",
        "--include-base-directory",
        "--strict",
        "--restricted-characters",
        "--report",
        "--boot",
        "--boot-catalog",
        "--boot-readme",
        "--readers",
        "--sparse",
        "--reflink",
        "--overwrite-source",
        "SOURCE_DATE_EPOCH",
        "dvd+r",
    ] {
        assert!(help.contains(argument), "no {argument} in {help}");
    }

    let (help, _) = succeeds(list_names().arg("--help"));
    let help = String::from_utf8(help).unwrap();
    for argument in ["<SOURCE_DIR>", "--file-systems", "--links", "--changed"] {
        assert!(help.contains(argument), "no {argument} in {help}");
    }

    for (mut command, argument) in [(inspect_image(), "--json"), (extract_image(), "<DIR>")] {
        let (help, _) = succeeds(command.arg("--help"));
        let help = String::from_utf8(help).unwrap();
        for argument in [
            "<IMAGE>",
            "--file-system",
            "--session",
            "--start",
            "--code-page",
            argument,
        ] {
            assert!(help.contains(argument), "no {argument} in {help}");
        }
    }

    let (help, _) = succeeds(append_session().arg("--help"));
    let help = String::from_utf8(help).unwrap();
    for argument in [
        "<IMAGE>",
        "<SOURCE_DIR>",
        "--sequential",
        "--remove",
        "--interchange-level",
        "--iso-level",
        "--links",
        "--report",
    ] {
        assert!(help.contains(argument), "no {argument} in {help}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_status_2() {
    for arguments in [
        &["source"][..],
        &["source", "out.iso", "--interchange-level", "4"],
        &["source", "out.iso", "--file-systems", "iso9660,fat"],
        &["source", "out.iso", "--udf-revision", "9.99"],
        &["source", "out.iso", "--media", "floppy"],
        &["source", "out.iso", "--file-alignment", "many"],
    ] {
        let (status, stdout, stderr) = run(build_image().args(arguments));
        assert_eq!(
            (status, stdout.len()),
            (Some(2), 0),
            "{arguments:?}: {stderr}"
        );
    }
    assert_eq!(run(&mut list_names()).0, Some(2));
    assert_eq!(run(&mut inspect_image()).0, Some(2));
    assert_eq!(run(extract_image().arg("image")).0, Some(2));
    assert_eq!(run(append_session().arg("image")).0, Some(2));
}

#[test]
fn a_file_and_standard_output_get_the_same_image() {
    let place = Place::new();
    let build = |output: &OsStr| {
        let mut command = build_image();
        command
            .args(["--volume-name", "SAME"])
            .env("SOURCE_DATE_EPOCH", EPOCH);
        command.arg(place.source()).arg(output);
        succeeds(&mut command)
    };

    let quiet = build(place.output().as_os_str());
    assert_eq!(quiet, (Vec::new(), String::new()));
    let file = fs::read(place.output()).unwrap();
    assert_eq!(volume_name(&file), "SAME");

    assert!(build("-".as_ref()).0 == file);
    #[cfg(unix)]
    assert!(build("/dev/stdout".as_ref()).0 == file);
    assert_eq!(place.names(), ["out.iso"]);
}

#[test]
fn source_date_epoch_makes_images_equal() {
    let place = Place::new();
    let build = |epoch: &str| {
        // Long after the epoch, and not the same for both images.
        fs::write(place.source().join("new"), "new").unwrap();
        let mut command = build_image();
        command.env("SOURCE_DATE_EPOCH", epoch);
        command.arg(place.source()).arg("-");
        succeeds(&mut command).0
    };
    let image = build(EPOCH);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(image == build(EPOCH));
    assert!(image != build("1000000001"));
}

#[test]
fn an_unclear_source_date_epoch_is_an_error() {
    let place = Place::new();
    for epoch in ["", "yesterday", "1.5"] {
        let mut command = build_image();
        command.env("SOURCE_DATE_EPOCH", epoch);
        let message = fails(command.arg(place.source()).arg(place.output()));
        assert!(message.starts_with("SOURCE_DATE_EPOCH"), "{message}");
    }
    assert!(place.names().is_empty());
}

#[test]
fn explicit_options_overrule_the_medium_in_any_order() {
    let place = Place::new();
    let build = |options: &[&str]| {
        let mut command = build_image();
        command.args(options).env("SOURCE_DATE_EPOCH", EPOCH);
        let (_, stderr) = succeeds(command.arg(place.source()).arg(place.output()));
        (stderr, fs::read(place.output()).unwrap())
    };
    let media = ["--media", "cd-r"];
    let others = ["--free-blocks", "12345", "--file-systems", "udf"];

    let (choice, image) = build(&[&media[..], &others].concat());
    assert_eq!(
        choice,
        "build_image: cd-r: UDF 1.02; at most 12345 blocks\n"
    );
    assert!((choice, image) == build(&[&others[..], &media].concat()));

    let (choice, _) = build(&media);
    assert!(
        choice.starts_with("build_image: cd-r: ISO 9660, Joliet"),
        "{choice}"
    );
    assert!(!choice.contains("12345"), "{choice}");
}

/// The program's image is the one that the library makes with the same settings.
#[test]
fn options_of_udf_are_the_settings_of_the_library() {
    let place = Place::new();
    #[cfg(target_os = "linux")]
    let has_streams = {
        let text = place.source().join("Read me, please.text");
        xattr::set(&text, "user.author", b"me").is_ok()
    };
    #[cfg(not(target_os = "linux"))]
    let has_streams = false;
    let mut command = build_image();
    command
        .args([&place.source(), &place.output()])
        .args(["--file-systems", "udf", "--udf-revision", "2.60"])
        .args(["--no-redundant-metadata", "--embed-small-files"])
        .args(["--file-alignment", "4", "--volume-name", "all"])
        .env("SOURCE_DATE_EPOCH", "1000");
    if has_streams {
        command.arg("--named-streams");
    }
    succeeds(&mut command);

    let mut image = FileSystemImage::with_time(Timestamp::from_unix(1000));
    image.set_file_systems_to_create(FileSystems::UDF).unwrap();
    image.set_udf_revision(UdfRevision::V2_60).unwrap();
    image.set_create_redundant_udf_metadata_files(false);
    image.set_embed_small_files(true);
    image.set_file_alignment(4).unwrap();
    image.set_volume_name("all").unwrap();
    let options = TreeOptions::new()
        .latest_time(Timestamp::from_unix(1000))
        .named_streams(has_streams);
    let summary = image.root_mut().add_tree_with(place.source(), &options);
    assert_eq!(summary.unwrap().streams, u64::from(has_streams));
    let mut expected = Vec::new();
    let result = image.create_result_image().unwrap();
    result.write_to(&mut expected).unwrap();
    assert!(fs::read(place.output()).unwrap() == expected);

    if has_streams {
        let mut command = build_image();
        command.args([&place.source(), &place.output()]);
        let (_, stderr) = succeeds(command.arg("--named-streams"));
        assert!(stderr.contains("left out 1 named stream"), "{stderr}");
    }
}

#[test]
fn no_medium_means_no_limit() {
    // More than the library's own default, a disc of 650 MiB, and more than level 2 allows a file.
    let place = Place::new().with_sparse_file("film", 5 << 30);
    let mut command = build_image();
    command.arg(place.source()).arg("-");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut start = vec![0; 17 * 2048];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    assert_eq!(&start[16 * 2048..][..6], b"\x01CD001");
    child.wait().unwrap();

    let mut command = build_image();
    command.args(["--free-blocks", "2000000"]);
    let message = fails(command.arg(place.source()).arg("-"));
    assert!(message.contains("2000000"), "{message}");
}

#[test]
fn strict_means_level_2_unless_told_otherwise() {
    let place = Place::new();
    let mut strict = build_image();
    strict.arg("--strict").arg(place.source()).arg("-");
    succeeds(&mut strict);
    fails(strict.args(["--interchange-level", "3"]));
}

#[test]
fn the_report_goes_where_the_image_does_not() {
    let place = Place::new();
    let mut command = build_image();
    command.arg("--report").arg(place.source());

    let (stdout, stderr) = succeeds(command.arg(place.output()));
    assert_eq!(stderr, "");
    let report = String::from_utf8(stdout).unwrap();
    assert!(
        report
            .lines()
            .any(|line| line.contains("/Read me, please.text")),
        "{report}"
    );

    let mut command = build_image();
    let (_, stderr) = succeeds(command.arg("--report").arg(place.source()).arg("-"));
    assert_eq!(stderr, report);
}

#[test]
fn a_missing_source_is_named() {
    let place = Place::new();
    let source = place.root.path().join("nowhere");
    assert_names(
        &fails(build_image().arg(&source).arg(place.output())),
        &source,
    );
    assert_names(&fails(list_names().arg(&source)), &source);
    assert!(place.names().is_empty());
}

#[test]
fn the_source_may_be_a_single_file() {
    let place = Place::new();
    let source = place.source().join("Read me, please.text");
    succeeds(build_image().arg(&source).arg(place.output()));
    let (names, _) = succeeds(list_names().args(["--file-systems", "udf"]).arg(&source));
    let names = String::from_utf8(names).unwrap();
    assert_eq!(
        names,
        "path\tUDF\n/Read me, please.text\tRead me, please.text\n"
    );
}

#[test]
fn a_missing_working_directory_is_named() {
    let place = Place::new();
    let directory = place.root.path().join("nowhere");
    let mut command = build_image();
    command
        .arg("--stage-files")
        .arg("--working-directory")
        .arg(&directory);
    assert_names(
        &fails(command.arg(place.source()).arg(place.output())),
        &directory,
    );
    assert!(place.names().is_empty());
}

#[test]
fn an_output_that_cannot_be_is_named() {
    let place = Place::new();
    for output in [
        place.source(),
        place.root.path().join("nowhere").join("out.iso"),
    ] {
        assert_names(
            &fails(build_image().arg(place.source()).arg(&output)),
            &output,
        );
    }
    assert!(place.names().is_empty());
}

#[test]
fn an_image_that_is_too_big_leaves_the_old_one() {
    let place = Place::new();
    fs::write(place.output(), "old").unwrap();
    fails(
        build_image()
            .args(["--free-blocks", "20"])
            .arg(place.source())
            .arg(place.output()),
    );
    assert_eq!(fs::read(place.output()).unwrap(), b"old");
    assert_eq!(place.names(), ["out.iso"]);
}

/// Starts a program that prints more than a pipe holds, and stops in the middle of it.
///
/// When the first byte comes the tree is complete, and the last ones are far from being made.
fn started(command: &mut Command) -> Child {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.as_mut().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    child
}

/// Lets a program that was started go on; returns what it printed on standard error when it fails.
#[track_caller]
fn then_fails(mut child: Child) -> String {
    if let Some(mut stdout) = child.stdout.take() {
        io::copy(&mut stdout, &mut io::sink()).unwrap();
    }
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    one_line(&stderr)
}

const LONG: u64 = 64 << 20;

/// What may happen to a file between adding and reading it.
const CHANGES: [fn(&Path); 2] = [
    |file| {
        let file = File::options().write(true).open(file).unwrap();
        file.set_len(100).unwrap();
    },
    |file| fs::remove_file(file).unwrap(),
];

#[test]
fn a_source_that_changes_meanwhile_is_named() {
    for change in CHANGES {
        let place = Place::new()
            .with_sparse_file("y", LONG)
            .with_sparse_file("z", LONG);
        let file = place.source().join("z");
        let child = started(build_image().arg(place.source()).arg("-"));
        change(&file);
        assert_names(&then_fails(child), &file);
    }
}

#[test]
fn a_source_that_changes_meanwhile_leaves_the_old_image() {
    let place = Place::new();
    // So many that their report fills a pipe.
    for number in 0..1000 {
        let name = format!("{number} {}", "long name".repeat(10));
        fs::write(place.source().join(name), "").unwrap();
    }
    let file = place.source().join("z");
    for change in CHANGES {
        for old in [None, Some("old")] {
            fs::write(&file, vec![7; 10_000]).unwrap();
            let _ = fs::remove_file(place.output());
            if let Some(old) = old {
                fs::write(place.output(), old).unwrap();
            }

            let mut command = build_image();
            command
                .arg("--report")
                .arg(place.source())
                .arg(place.output());
            let child = started(&mut command);
            change(&file);
            let message = then_fails(child);
            assert_names(&message, &file);
            assert_names(&message, &place.output());
            assert_eq!(fs::read_to_string(place.output()).ok().as_deref(), old);
            assert_eq!(place.names().len(), old.iter().count());
        }
    }
}

#[test]
fn staged_files_may_change_meanwhile() {
    let place = Place::new().with_sparse_file("z", LONG);
    let mut command = build_image();
    let mut child = started(command.arg("--stage-files").arg(place.source()).arg("-"));
    fs::remove_file(place.source().join("z")).unwrap();
    let read = io::copy(&mut child.stdout.take().unwrap(), &mut io::sink()).unwrap();
    assert!(read > LONG);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_ends_programs_without_a_word() {
    let place = Place::new().with_sparse_file("z", LONG);
    // More than a pipe holds.
    for number in 0..1000 {
        let name = format!("{number} {}", "long name".repeat(10));
        fs::write(place.source().join(name), "").unwrap();
    }
    succeeds(build_image().arg(place.source()).arg(place.output()));
    let mut json = inspect_image();
    json.arg("--json");
    for (mut command, argument, output) in [
        (build_image(), place.source(), Some("-")),
        (list_names(), place.source(), None),
        (inspect_image(), place.output(), None),
        (json, place.output(), None),
    ] {
        let mut child = started(command.arg(argument).args(output));
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "", "{command:?}");
        assert!(!ended.status.success(), "{command:?}");
        #[cfg(unix)]
        {
            const SIGPIPE: i32 = 13;
            let signal = std::os::unix::process::ExitStatusExt::signal(&ended.status);
            assert_eq!(signal, Some(SIGPIPE), "{command:?}");
        }
    }
}

#[test]
fn a_report_that_nobody_reads_to_its_end_does_not_keep_the_image_from_being_built() {
    let place = Place::new();
    for number in 0..1000 {
        let name = format!("{number} {}", "long name".repeat(10));
        fs::write(place.source().join(name), "").unwrap();
    }
    let mut command = build_image();
    command.arg("--report").arg(place.source());
    let mut child = started(command.arg(place.output()));
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    assert!(ended.status.success());
    assert!(fs::metadata(place.output()).unwrap().len() > 100_000);
}

#[test]
fn the_output_is_not_put_into_itself() {
    let place = Place::new();
    let build = |output: &Path| {
        let mut command = build_image();
        command.env("SOURCE_DATE_EPOCH", EPOCH);
        let (_, stderr) = succeeds(command.arg(place.source()).arg(output));
        (stderr, fs::read(output).unwrap())
    };
    let inside = place.source().join("Photos of 2024").join("out.iso");

    let (stderr, outside) = build(&place.output());
    assert_eq!(stderr, "");
    let (stderr, image) = build(&inside);
    let line = one_line(&stderr);
    assert_names(&line, &inside);
    assert!(line.ends_with(": is the output"), "{line}");
    assert!(image == outside);

    // Now that it exists it could be anything.
    let mut command = build_image();
    command.env("SOURCE_DATE_EPOCH", EPOCH);
    let message = fails(command.arg(place.source()).arg(&inside));
    assert_names(&message, &inside);
    assert!(message.contains("--overwrite-source"), "{message}");
    let (_, stderr) = succeeds(command.arg("--overwrite-source"));
    assert_names(&one_line(&stderr), &inside);
    assert!(fs::read(&inside).unwrap() == outside);
}

#[test]
fn the_output_does_not_replace_its_source() {
    let place = Place::new();
    let source = place.source().join("Read me, please.text");
    let linked = place.root.path().join("linked");
    fs::hard_link(&source, &linked).unwrap();
    for (from, to) in [
        (&source, &source),
        (&source, &linked),
        (&place.source(), &linked),
        (&place.source(), &source),
    ] {
        for stage in [&[][..], &["--stage-files"]] {
            let mut command = build_image();
            let message = fails(command.args(stage).arg(from).arg(to));
            assert_names(&message, to);
            assert!(message.contains("--overwrite-source"), "{message}");
            assert_eq!(fs::read(to).unwrap(), b"hello");
        }
    }

    let mut command = build_image();
    command.arg("--overwrite-source").args([&source, &linked]);
    succeeds(&mut command);
    assert_eq!(fs::read(&source).unwrap(), b"hello");
    assert!(fs::metadata(&linked).unwrap().len() > 10_000);
}

#[test]
fn the_output_does_not_replace_its_boot_image() {
    let place = Place::new();
    let boot = place.root.path().join("boot");
    fs::write(&boot, [7; 2048]).unwrap();
    let mut command = build_image();
    let option = format!("--boot=emulation=none,file={}", boot.display());
    let message = fails(command.arg(option).arg(place.source()).arg(&boot));
    assert_names(&message, &boot);
    assert_eq!(fs::read(&boot).unwrap(), [7; 2048]);
}

#[test]
fn what_a_killed_program_left_is_removed_by_the_next() {
    let place = Place::new();
    let left = place.root.path().join(".imapi2fs-abc123");
    fs::write(&left, [0; 4096]).unwrap();
    let (_, stderr) = succeeds(build_image().arg(place.source()).arg(place.output()));
    assert_names(&one_line(&stderr), &left);
    assert_eq!(place.names(), ["out.iso"]);

    // In the source it is left out, unless the output is written there.
    let left = place
        .source()
        .join("Photos of 2024")
        .join(".imapi2fs-abc123");
    fs::write(&left, [0; 4096]).unwrap();
    let (_, stderr) = succeeds(build_image().arg(place.source()).arg(place.output()));
    let line = one_line(&stderr);
    assert_names(&line, &left);
    assert!(line.starts_with("left out "), "{line}");
    assert!(left.exists());
}

#[test]
fn help_says_what_cloud_init_needs_and_when_an_output_is_written_in_place() {
    let (help, _) = succeeds(build_image().arg("--help"));
    let help = String::from_utf8(help).unwrap();
    for words in [
        "cloud-init",
        "--file-systems iso9660,joliet --volume-name cidata",
        "OUTPUT is written in place",
    ] {
        assert!(help.contains(words), "no {words} in {help}");
    }
}

/// A name that reads `annex⁀txt.exe` backwards from its middle, one with a part that is not seen, and one that clears a
/// terminal.
const HIDING: [&str; 3] = ["annex\u{202e}txt.exe", "pay\u{200b}pal", "clear\u{9b}2J"];

#[test]
fn names_do_nothing_to_a_terminal_and_hide_nothing() {
    let place = Place::new();
    for name in HIDING {
        fs::write(place.source().join(name), "").unwrap();
    }
    let shown = HIDING.map(|name| name.escape_debug().to_string());
    let is_plain = |text: &str| {
        let hidden = |c: char| HIDING.iter().any(|name| name.contains(c)) && !c.is_ascii();
        !text.contains(hidden)
    };
    let mut texts = Vec::new();
    let mut command = build_image();
    command.arg("--report").arg(place.source());
    let (report, _) = succeeds(command.arg(place.output()));
    texts.push(report);
    texts.push(succeeds(list_names().arg(place.source())).0);
    texts.push(succeeds(inspect_image().arg(place.output())).0);
    for text in texts {
        let text = String::from_utf8(text).unwrap();
        assert!(is_plain(&text), "{text:?}");
        for name in &shown {
            assert!(text.contains(name), "no {name} in {text}");
        }
    }
    let (json, _) = succeeds(inspect_image().arg("--json").arg(place.output()));
    let json = String::from_utf8(json).unwrap();
    assert!(is_plain(&json), "{json:?}");
    for name in [r"annex\u202etxt.exe", r"pay\u200bpal", r"clear\u009b2J"] {
        assert!(json.contains(name), "no {name} in {json}");
    }

    let missing = place.source().join(HIDING[0]).join("no");
    let message = fails(build_image().arg(&missing).arg(place.output()));
    assert!(
        is_plain(&message) && message.contains(&shown[0]),
        "{message:?}"
    );
}

#[test]
fn names_are_listed_with_what_was_changed() {
    let place = Place::new();
    let list = |options: &[&str]| {
        let (stdout, stderr) = succeeds(list_names().args(options).arg(place.source()));
        assert_eq!(stderr, "");
        String::from_utf8(stdout).unwrap()
    };

    let names = list(&[]);
    let lines: Vec<Vec<&str>> = names
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 4, "{names}");
    assert_eq!(lines[0], ["path", "ISO 9660", "Joliet", "UDF"]);
    let [path, iso9660, joliet, udf] = lines[3][..] else {
        panic!("{names}");
    };
    assert_eq!(path, "/Read me, please.text");
    assert!(iso9660.starts_with("READ_ME__PLEASE.TEXT ("), "{names}");
    assert_eq!([joliet, udf], ["Read me, please.text"; 2]);

    let names = list(&["--interchange-level", "1", "--file-systems", "iso9660"]);
    assert!(names.contains("\tREAD_ME_.TEX ("), "{names}");

    assert_eq!(list(&["--changed", "--file-systems", "udf"]), "path\tUDF\n");
    assert!(list(&["--include-base-directory"]).contains("/source/Photos of 2024/a.jpg\t"));
}

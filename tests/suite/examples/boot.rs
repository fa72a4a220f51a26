//! Images that boot, and what is shown of them.

use super::*;

/// A file beside the source, of `len` bytes.
fn boot_file(place: &Place, name: &str, len: usize) -> PathBuf {
    let file = place.root.path().join(name);
    fs::write(&file, vec![0x90; len]).unwrap();
    file
}

/// An option as the command line has it.
fn option(settings: &str, file: &Path) -> String {
    format!("{settings}file={}", file.display())
}

#[test]
fn boot_images_are_shown() {
    let place = Place::new();
    let bios = boot_file(&place, "bios, with a comma", 5000);
    let floppy = boot_file(&place, "floppy", 1_474_560);
    let mut command = build_image();
    for boot in [
        option(
            "emulation=none,manufacturer=ACME,segment=0x7c0,sectors=4,",
            &bios,
        ),
        option("platform=efi,", &floppy),
        option("platform=mac,", &floppy),
        "platform=0x42,emulation=none,item=Photos of 2024/a.jpg".to_owned(),
    ] {
        command.arg("--boot").arg(boot);
    }
    command.args(["--boot-catalog", "boot.cat"]);
    succeeds(command.arg(place.source()).arg(place.output()));

    let text = inspected(&place.output(), &[]);
    let mut lines = text.lines();
    let first = lines.next().unwrap();
    assert!(first.contains("; boot catalog at block "), "{text}");
    let images: Vec<_> = lines.take(4).map(without_block).collect();
    assert_eq!(
        images,
        [
            "boot image for x86: emulation none, loads 4 sectors at 0x07c0, by `ACME`",
            "boot image for efi: emulation none, loads 2880 sectors at 0x0000",
            "boot image for mac: emulation 1.44, loads 1 sectors at 0x0000",
            "boot image for 0x42: emulation none, loads 20 sectors at 0x0000",
        ],
    );
    assert!(text.contains("file\t2048\t"), "{text}");
    assert!(text.contains("/boot.cat\n"), "{text}");

    let json = inspected(&place.output(), &["--json"]);
    for part in [
        "{\"platform\": \"x86\", \"platform_id\": 0, \"manufacturer\": \"ACME\", \"bootable\": true, \
         \"emulation\": \"none\", \"load_segment\": 1984, \"system_type\": 0, \"sector_count\": 4, \"block\": ",
        "{\"platform\": \"efi\", \"platform_id\": 239, ",
        "\"emulation\": \"1.44\"",
        "\"platform_id\": 66, ",
        "\"path\": \"/boot.cat\", \"kind\": \"file\", \"len\": 2048",
    ] {
        assert!(json.contains(part), "no {part} in {json}");
    }
    assert!(!json.contains("\"boot_catalog_block\": null"), "{json}");
}

/// A line of a boot image without the block it is at, which is a matter of the layout.
fn without_block(line: &str) -> String {
    let (before, rest) = line.split_once(" at block ").unwrap();
    let (block, behind) = rest.split_once(':').unwrap();
    assert!(block.parse::<u32>().unwrap() > 17, "{line}");
    format!("{before}:{behind}")
}

#[test]
fn what_does_not_boot_shows_nothing_of_it() {
    let place = Place::new();
    let image = built(&place);
    assert!(!inspected(&image, &[]).contains("boot"));
    let json = inspected(&image, &["--json"]);
    assert!(json.contains("\"boot_entries\": []"), "{json}");
    assert!(json.contains("\"boot_catalog_block\": null"), "{json}");
}

/// The command that the help has for Windows media, with a file of more than ISO 9660 can have in one piece.
#[test]
fn windows_media_take_one_command() {
    const LEN: u64 = 5 << 30;
    // All but this file comes before its data.
    const START: usize = 6 << 20;
    let place = Place::new();
    fs::create_dir(place.source().join("sources")).unwrap();
    let place = place.with_sparse_file("sources/install.wim", LEN);
    let etfsboot = boot_file(&place, "etfsboot.com", 4096);
    let efisys = boot_file(&place, "efisys.bin", 1_474_560);
    let mut command = build_image();
    command
        .args(["--media", "disk", "--boot"])
        .arg(option("platform=x86,emulation=none,", &etfsboot))
        .arg("--boot")
        .arg(option("platform=efi,emulation=none,", &efisys));
    let mut child = command
        .arg(place.source())
        .arg("-")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut start = vec![0; START];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    child.wait().unwrap();
    fs::write(place.output(), start).unwrap();
    let file = File::options().write(true).open(place.output()).unwrap();
    file.set_len(LEN + (16 << 20)).unwrap();

    let text = inspected(&place.output(), &[]);
    assert!(
        text.starts_with("session 0 at block 0: ISO 9660, Joliet, UDF; boot catalog at block "),
        "{text}"
    );
    let images: Vec<_> = text.lines().skip(1).take(2).map(without_block).collect();
    assert_eq!(
        images,
        [
            "boot image for x86: emulation none, loads 8 sectors at 0x0000",
            "boot image for efi: emulation none, loads 2880 sectors at 0x0000",
        ],
    );
    for (file_system, path) in [
        ("iso9660", "/SOURCES/INSTALL.WIM"),
        ("joliet", "/sources/install.wim"),
        ("udf", "/sources/install.wim"),
    ] {
        let text = inspected(&place.output(), &["--file-system", file_system]);
        let line = text.lines().find(|line| line.ends_with(path)).unwrap();
        assert!(line.starts_with(&format!("file\t{LEN}\t")), "{text}");
    }
}

#[test]
fn the_readme_says_what_is_wanted() {
    let place = Place::new();
    let boot = option("emulation=none,", &boot_file(&place, "boot", 2048));
    let mut command = build_image();
    command.args(["--file-systems", "udf", "--boot", boot.as_str()]);
    command.args(["--boot-readme", "Nothing to see here."]);
    succeeds(command.arg(place.source()).arg(place.output()));
    let text = inspected(&place.output(), &["--file-system", "iso9660"]);
    assert!(text.contains("boot stub"), "{text}");
    assert!(text.contains("/README.TXT\n"), "{text}");
    let target = place.root.path().join("target");
    let mut command = extract_image();
    command.args(["--file-system", "iso9660"]);
    succeeds(command.arg(place.output()).arg(&target));
    let readme = fs::read_to_string(target.join("README.TXT")).unwrap();
    assert_eq!(readme.trim_end(), "Nothing to see here.");
}

#[test]
fn wrong_boot_options_name_what_is_wrong() {
    let place = Place::new();
    let boot = boot_file(&place, "boot", 4096);
    for (settings, what) in [
        ("color=red,", "color: no such key"),
        ("platform=sparc,", "`sparc`"),
        ("emulation=1.2M,", "`1.2M`"),
        ("segment=0x10000,", "segment: "),
        ("sectors=many,", "sectors: "),
        ("to-end=yes,", "to-end: takes no value"),
    ] {
        let mut command = build_image();
        command.arg("--boot").arg(option(settings, &boot));
        let (status, _, stderr) = run(command.arg(place.source()).arg(place.output()));
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.contains(what), "{stderr}");
        assert!(stderr.contains(settings), "{stderr}");
    }
    for arguments in [
        &["--boot", "platform=efi"][..],
        &["--boot-catalog", "boot.cat"],
        &["--boot-readme", "text"],
    ] {
        let mut command = build_image();
        command.args(arguments);
        let (status, _, stderr) = run(command.arg(place.source()).arg(place.output()));
        assert_eq!(status, Some(2), "{stderr}");
    }

    let missing = place.root.path().join("missing");
    let manufacturer = format!("manufacturer={},", "M".repeat(25));
    for (settings, file, what) in [
        ("emulation=none,", &missing, missing.to_str().unwrap()),
        (
            "emulation=1.44,",
            &boot,
            "has 4096 bytes, but emulation 1.44 needs 1474560",
        ),
        ("emulation=harddisk,", &boot, "hard disk"),
        (&manufacturer, &boot, &"M".repeat(25)),
    ] {
        let mut command = build_image();
        command.arg("--boot").arg(option(settings, file));
        let message = fails(command.arg(place.source()).arg(place.output()));
        assert!(message.contains(what), "{message}");
    }
    let mut command = build_image();
    command.args(["--boot", "emulation=none,item=no/such"]);
    let message = fails(command.arg(place.source()).arg(place.output()));
    assert!(message.contains("no/such"), "{message}");
    assert!(!place.output().exists());
}

//! `inspect_image` and `extract_image`.

use super::*;

#[test]
fn images_are_inspected() {
    let place = Place::new();
    fs::write(place.source().join("Read me.txt"), "hello").unwrap();
    let image = built(&place);
    let (text, stderr) = succeeds(inspect_image().arg(&image));
    assert_eq!(stderr, "");
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with(
            "session 0 at block 0: ISO 9660, Joliet\nISO 9660 `LABEL`\nJoliet `LABEL`\n\nJoliet:\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("file\t5\t2001-09-09T01:46:40Z\t/Read me.txt\n"),
        "{text}"
    );
    let mut primary = inspect_image();
    let (text, _) = succeeds(primary.args(["--file-system", "iso9660"]).arg(&image));
    assert!(String::from_utf8(text).unwrap().contains("/READ_ME.TXT\n"));

    let (json, _) = succeeds(inspect_image().arg("--json").arg(&image));
    let json = String::from_utf8(json).unwrap();
    for part in [
        "\"path\": \"/Read me.txt\", \"kind\": \"file\", \"len\": 5",
        "\"volumes\": [{\"file_system\": \"ISO 9660\"",
        "\"errors\": []",
    ] {
        assert!(json.contains(part), "no {part} in {json}");
    }

    let mut missing = inspect_image();
    let message = fails(missing.args(["--file-system", "udf"]).arg(&image));
    assert!(message.ends_with("the disc does not have UDF"), "{message}");
    assert_names(&message, &image);
    let mut missing = inspect_image();
    let message = fails(missing.args(["--session", "1", "--json"]).arg(&image));
    assert!(message.contains("session cannot be `1`"), "{message}");
    let nothing = place.source().join("nothing");
    assert_names(&fails(inspect_image().arg(&nothing)), &nothing);
}

#[test]
fn images_are_extracted_into_new_directories() {
    let place = Place::new();
    fs::write(place.source().join("Read me.txt"), "hello").unwrap();
    fs::create_dir(place.source().join("empty")).unwrap();
    let image = built(&place);
    let target = place.root.path().join("target");
    let quiet = succeeds(extract_image().arg(&image).arg(&target));
    assert_eq!(quiet, (Vec::new(), String::new()));
    let file = target.join("Read me.txt");
    assert_eq!(fs::read(&file).unwrap(), b"hello");
    let time = fs::metadata(&file).unwrap().modified().unwrap();
    let seconds = time
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert_eq!(seconds.to_string(), EPOCH);
    assert!(target.join("empty").is_dir());

    // What is there stays.
    let message = fails(extract_image().arg(&image).arg(&target));
    assert_names(&message, &target);
    fs::write(&file, "changed").unwrap();
    fails(extract_image().arg(&image).arg(&target));
    assert_eq!(fs::read(&file).unwrap(), b"changed");
}

#[test]
fn nothing_is_extracted_outside_the_directory() {
    let place = Place::new();
    for name in ["one", "two", "three", "four"] {
        let directory = place.source().join(format!("NAME_{name}"));
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("x"), "x").unwrap();
    }
    let image = built(&place);
    let mut bytes = fs::read(&image).unwrap();
    for (name, instead) in [
        ("NAME_ONE", "../../up"),
        ("NAME_TWO", "/tmp/xyz"),
        ("NAME_THREE", "a\0bcdefghi"),
    ] {
        let found = bytes
            .windows(name.len())
            .position(|part| part == name.as_bytes());
        let mut at = found.unwrap();
        // Path tables come first; the directory's record is the last.
        while let Some(next) = bytes[at + 1..]
            .windows(name.len())
            .position(|part| part == name.as_bytes())
        {
            at += 1 + next;
        }
        bytes[at..at + name.len()].copy_from_slice(instead.as_bytes());
    }
    fs::write(&image, bytes).unwrap();
    let before = place.names();
    let target = place.root.path().join("a/b/target");
    fs::create_dir_all(&target).unwrap();
    let mut command = extract_image();
    let (status, _, stderr) = run(command
        .args(["--file-system", "iso9660"])
        .arg(&image)
        .arg(&target));
    assert_eq!(status, Some(1));
    assert_eq!(stderr.lines().count(), 8, "{stderr}");
    assert!(
        stderr.ends_with("extract_image: left out 6 items\n"),
        "{stderr}"
    );
    let names: Vec<_> = fs::read_dir(&target)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let mut after = place.names();
    after.retain(|name| name != "a");
    assert_eq!(after, before);
}

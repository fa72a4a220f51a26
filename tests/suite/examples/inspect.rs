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
fn what_is_lost_of_an_image_is_listed_by_name() {
    let place = Place::new();
    fs::write(place.source().join("large.bin"), [7; 10_000]).unwrap();
    fs::write(place.source().join("lost.txt"), "lost").unwrap();
    let image = built(&place);
    let whole = fs::read(&image).unwrap();

    // The files' data is at the end.
    fs::write(&image, &whole[..whole.len() - 3 * 2048]).unwrap();
    let (status, text, stderr) = run(inspect_image().arg(&image));
    assert_eq!(status, Some(1));
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("file\t10000\t"), "{text}");
    assert!(
        stderr.contains("bytes lie past the end of the image"),
        "{stderr}"
    );
    let (_, json, _) = run(inspect_image().arg("--json").arg(&image));
    let json = String::from_utf8(json).unwrap();
    assert!(json.contains("\"missing\": "), "{json}");

    // Joliet, which is read, has gaps between the blocks of the file.
    let mut damaged = whole;
    let name: Vec<u8> = "lost.txt"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let found = damaged.windows(name.len()).position(|part| part == name);
    let record = found.unwrap() - 33;
    damaged[record + 26..record + 28].copy_from_slice(&[1, 1]);
    fs::write(&image, &damaged).unwrap();
    let (status, text, stderr) = run(inspect_image().arg(&image));
    assert_eq!(status, Some(1));
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("unreadable\t-\t-\t/lost.txt\n"), "{text}");
    assert!(
        stderr.contains("cannot read `/lost.txt` on the disc"),
        "{stderr}"
    );
    let (_, json, _) = run(inspect_image().arg("--json").arg(&image));
    let json = String::from_utf8(json).unwrap();
    assert!(
        json.contains("\"path\": \"/lost.txt\", \"kind\": \"unreadable\", \"error\": "),
        "{json}"
    );
}

#[test]
fn findings_are_printed_with_their_codes_and_clauses() {
    let place = Place::new();
    fs::write(place.source().join("Read me.txt"), "hello").unwrap();
    let image = built_of(&place, "udf");
    let mut bytes = fs::read(&image).unwrap();
    bytes[32 * 2048..][..2048].fill(0);
    fs::write(&image, bytes).unwrap();
    let (_, stderr) = succeeds(inspect_image().arg(&image));
    assert!(
        stderr.contains("UDF at block 32: the main volume descriptor sequence is damaged"),
        "{stderr}"
    );
    let rule = "[warning udf-main-sequence, ECMA-167 3/8.4.2]";
    assert!(stderr.trim_end().ends_with(rule), "{stderr}");
    let (json, _) = succeeds(inspect_image().arg("--json").arg(&image));
    let json = String::from_utf8(json).unwrap();
    for part in [
        "\"findings\": [{\"code\": \"udf-main-sequence\"",
        "\"severity\": \"warning\"",
        "\"clause\": \"ECMA-167 3/8.4.2\"",
        "\"block\": 32",
    ] {
        assert!(json.contains(part), "no {part} in {json}");
    }
}

#[test]
fn a_broken_tree_beside_a_whole_one_is_said_and_not_read() {
    let place = Place::new();
    fs::write(place.source().join("Read me.txt"), "hello").unwrap();
    let image = built(&place);
    let mut bytes = fs::read(&image).unwrap();
    // The root directory of Joliet, by its descriptor.
    let descriptor = (16..32)
        .map(|block| block * 2048)
        .find(|at| bytes[*at] == 2)
        .unwrap();
    let root = u32::from_le_bytes(bytes[descriptor + 158..][..4].try_into().unwrap());
    bytes[root as usize * 2048..][..2048].fill(0xFF);
    fs::write(&image, bytes).unwrap();
    let (_, text, stderr) = run(inspect_image().arg(&image));
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("/READ_ME.TXT\n"), "{text}");
    let said = "inspect_image: reading ISO 9660: Joliet cannot be read: ";
    assert!(stderr.contains(said), "{stderr}");
    let target = place.root.path().join("target");
    let (_, _, stderr) = run(extract_image().arg(&image).arg(&target));
    assert!(
        stderr.contains("reading ISO 9660: Joliet cannot be read: "),
        "{stderr}"
    );
    assert_eq!(fs::read(target.join("READ_ME.TXT")).unwrap(), b"hello");
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

//! What is copied out of images, and of which session.

use super::*;
use crate::support::bytes::{crc, le16};

#[test]
fn files_in_another_form_are_copied_as_they_are_recorded() {
    let place = Place::new();
    fs::remove_dir_all(place.source().join("Photos of 2024")).unwrap();
    let image = built_of(&place, "iso9660");
    add_rock_ridge(&image, b"ZF\x10\x01pz\x04\x0F\0\0\x01\0\0\x01\0\0");
    let target = place.root.path().join("target");
    let (_, stderr) = succeeds(extract_image().arg(&image).arg(&target));
    let name = "READ_ME__PLEASE.TEXT";
    assert_eq!(
        one_line(&stderr),
        format!("/{name} is recorded as zisofs, and copied so")
    );
    assert_eq!(fs::read(target.join(name)).unwrap(), b"hello");
}

/// `command`, which is ended when a file of it grows beyond some KiB: if it refused nothing, it would fill the disk.
#[cfg(unix)]
fn harmless(command: &Command) -> Command {
    started_by(&["sh", "-c", r#"ulimit -f 200; exec "$0" "$@""#], command)
}

#[cfg(not(unix))]
fn harmless(command: &Command) -> Command {
    Command::new(command.get_program())
}

#[test]
fn more_than_there_is_room_for_is_refused() {
    const LEN: u32 = 0xFFFF_F800;
    let place = Place::new();
    let free = fs4::available_space(place.root.path()).unwrap();
    let many = free.saturating_mul(2) / u64::from(LEN) + 2;
    for number in 0..many {
        fs::write(place.source().join(number.to_string()), "x").unwrap();
    }
    let image = built_of(&place, "iso9660");
    let mut bytes = fs::read(&image).unwrap();
    for range in records(&bytes).into_iter().skip(2) {
        // Not of the directory.
        if bytes[range.start + 25] & 2 == 0 {
            put_both(&mut bytes[range.start + 10..], LEN);
        }
    }
    fs::write(&image, bytes).unwrap();
    let file = File::options().write(true).open(&image).unwrap();
    file.set_len(5 << 30).unwrap();

    let target = place.root.path().join("target");
    for exists in [false, true] {
        if exists {
            fs::create_dir(&target).unwrap();
        }
        let mut command = harmless(&extract_image());
        let (status, _, stderr) = run(command.arg(&image).arg(&target));
        assert_eq!(status, Some(1));
        let message = one_line(&stderr);
        assert_names(&message, &target);
        let all = (many + 1) * u64::from(LEN) + 10_000;
        assert!(
            message.contains(&format!("the files take {all} bytes")),
            "{message}"
        );
        assert!(message.contains("are free"), "{message}");
        assert_eq!(target.exists(), exists);
    }
    assert_eq!(fs::read_dir(target).unwrap().count(), 0);
}

/// They were left out, too: the sum of what their records said was more than there is room for.
#[test]
fn a_damaged_length_does_not_refuse_the_other_files() {
    let place = Place::new();
    for number in 0..30 {
        fs::write(place.source().join(format!("long{number:02}")), "x").unwrap();
    }
    let image = built_of(&place, "iso9660");
    let mut bytes = fs::read(&image).unwrap();
    for range in records(&bytes).into_iter().skip(2) {
        if bytes[range.clone()].windows(4).any(|name| name == b"LONG") {
            put_both(&mut bytes[range.start + 10..], 0xFFFF_F800);
        }
    }
    fs::write(&image, bytes).unwrap();
    let target = place.root.path().join("target");
    let (status, _, stderr) = run(harmless(&extract_image()).arg(&image).arg(&target));
    assert_eq!(status, Some(1));
    assert_eq!(stderr.matches("its data reaches to byte").count(), 30);
    assert!(stderr.contains("left out /LONG07"), "{stderr}");
    assert!(stderr.ends_with("left out 30 items\n"), "{stderr}");
    assert_eq!(fs::read_dir(&target).unwrap().count(), 2);
    let file = target.join("PHOTOS_OF_2024").join("A.JPG");
    assert_eq!(fs::read(file).unwrap(), [7; 10_000]);
}

#[test]
fn files_that_take_many_times_the_image_are_refused_until_allowed() {
    let place = Place::new();
    fs::write(place.source().join("data"), vec![7; 1 << 20]).unwrap();
    for number in 0..60 {
        fs::write(place.source().join(format!("f{number:02}")), "x").unwrap();
    }
    let image = built_of(&place, "iso9660");
    let mut bytes = fs::read(&image).unwrap();
    let ranges = records(&bytes);
    let is_data = |range: &&Range<usize>| {
        bytes[(*range).clone()]
            .windows(4)
            .any(|name| name == b"DATA")
    };
    let block = le32(&bytes, ranges.iter().find(is_data).unwrap().start + 2);
    for range in &ranges {
        if bytes[range.start + 33] == b'F' {
            put_both(&mut bytes[range.start + 2..], block);
            put_both(&mut bytes[range.start + 10..], 1 << 20);
        }
    }
    fs::write(&image, bytes).unwrap();
    let target = place.root.path().join("target");
    let with = |size: &str| {
        let mut command = extract_image();
        command.args(["--max-size", size]).arg(&image).arg(&target);
        command
    };
    let message = fails(extract_image().arg(&image).arg(&target));
    assert!(message.ends_with("allow more with --max-size"), "{message}");
    fails(&mut with("61M"));
    assert!(!target.exists());
    succeeds(&mut with("62M"));
    assert_eq!(fs::read(target.join("F31")).unwrap(), vec![7; 1 << 20]);
    for size in ["", "M", "1X", "1.5G", "-1", "99999999999999T", "1iB"] {
        let (status, _, stderr) = run(&mut with(size));
        assert_eq!(status, Some(2), "{size}: {stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_the_system_does_not_let_grow_is_left_out() {
    let place = Place::new();
    fs::write(place.source().join("large"), vec![7; 3 << 20]).unwrap();
    let image = built(&place);
    let target = place.root.path().join("target");
    let mut command = extract_image();
    command.arg(&image).arg(&target);
    let (status, _, stderr) = run(&mut harmless(&command));
    assert_eq!(status, Some(1), "{stderr}");
    assert!(
        stderr.contains("left out /large: File too large"),
        "{stderr}"
    );
    assert!(stderr.ends_with("left out one item\n"), "{stderr}");
    assert!(target.join("Photos of 2024").join("a.jpg").exists());
    assert_eq!(fs::read_dir(&target).unwrap().count(), 2);
}

#[test]
fn existing_files_are_kept_if_that_is_asked_for() {
    let place = Place::new();
    let image = built(&place);
    let target = place.root.path().join("target");
    fs::create_dir_all(target.join("Photos of 2024")).unwrap();
    fs::write(target.join("Read me, please.text"), "old").unwrap();
    let message = fails(extract_image().arg(&image).arg(&target));
    assert_names(&message, &target);
    assert!(
        message.ends_with("; choose a new or an empty one, or allow that with --keep-existing"),
        "{message}"
    );
    let mut command = extract_image();
    let (status, _, stderr) = run(command.arg("--keep-existing").arg(&image).arg(&target));
    assert_eq!(status, Some(1));
    assert!(
        stderr.contains("left out /Read me, please.text: something of its name is already there"),
        "{stderr}"
    );
    let text = fs::read(target.join("Read me, please.text")).unwrap();
    assert_eq!(text, b"old");
    let photo = fs::read(target.join("Photos of 2024").join("a.jpg")).unwrap();
    assert_eq!(photo, [7; 10_000]);
}

/// Gives the file of this length in UDF other allocation descriptors, from its first block (ECMA-167 4/14.9 and
/// 4/14.14.1).
fn reallocate(image: &Path, len: u64, descriptors: impl Fn(u32) -> Vec<(u32, u32)>) {
    let mut bytes = fs::read(image).unwrap();
    let is_entry = |block: &&mut [u8]| le16(block, 0) == 261 && block[56..64] == len.to_le_bytes();
    let mut entries = bytes.chunks_exact_mut(2048).filter(is_entry);
    let entry = entries.next().unwrap();
    assert!(entries.next().is_none());
    let start = 176 + le32(entry, 168) as usize;
    let descriptors = descriptors(le32(entry, start + 4));
    let end = start + descriptors.len() * 8;
    entry[172..176].copy_from_slice(&(descriptors.len() as u32 * 8).to_le_bytes());
    for (place, (len, block)) in entry[start..end].chunks_exact_mut(8).zip(descriptors) {
        place[..4].copy_from_slice(&len.to_le_bytes());
        place[4..].copy_from_slice(&block.to_le_bytes());
    }
    let sum = crc(&entry[16..end]);
    entry[8..10].copy_from_slice(&sum.to_le_bytes());
    entry[10..12].copy_from_slice(&((end - 16) as u16).to_le_bytes());
    entry[4] = 0;
    entry[4] = entry[..16]
        .iter()
        .fold(0, |sum, byte| sum.wrapping_add(*byte));
    fs::write(image, bytes).unwrap();
}

#[test]
fn what_is_not_recorded_becomes_a_hole() {
    const PART: usize = 1 << 20;
    const HOLE: u32 = 2 << 30;
    let place = Place::new();
    let bytes: Vec<u8> = (0..4 * PART).map(|at| 1 + (at / 9 % 255) as u8).collect();
    fs::write(place.source().join("sparse"), &bytes).unwrap();
    let image = built_of(&place, "udf");
    let part = PART as u32;
    reallocate(&image, bytes.len() as u64, |block| {
        vec![(HOLE | part, 0), (part, block), (HOLE | (2 * part), 0)]
    });
    let target = place.root.path().join("target");
    let quiet = succeeds(extract_image().arg(&image).arg(&target));
    assert_eq!(quiet, (Vec::new(), String::new()));
    let copied = fs::read(target.join("sparse")).unwrap();
    let zeros = vec![0; 2 * PART];
    assert!(copied == [&zeros[..PART], &bytes[..PART], &zeros].concat());

    // Where a system has holes.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let taken = |path: &Path| fs::metadata(path).unwrap().blocks() * 512;
        let hole = place.root.path().join("hole");
        File::create(&hole).unwrap().set_len(4 << 20).unwrap();
        if taken(&hole) == 0 {
            assert!(taken(&target.join("sparse")) < 2 << 20);
        }
    }
}

#[test]
fn sessions_are_found_by_where_they_begin() {
    let place = Place::new();
    let image = built(&place);
    let addition = place.root.path().join("addition");
    fs::create_dir(&addition).unwrap();
    fs::write(addition.join("second"), "second").unwrap();
    let mut command = append_session();
    succeeds(command.arg("--sequential").arg(&image).arg(&addition));

    let text = inspected(&image, &[]);
    let second = text.lines().nth(1).unwrap();
    let start = second.strip_prefix("session 1 at block ").unwrap();
    let start = start.split(':').next().unwrap();
    assert!(text.contains("/second\n"), "{text}");
    for (start, has_second) in [("0", false), (start, true)] {
        let text = inspected(&image, &["--start", start]);
        assert!(
            text.starts_with(&format!("session 0 at block {start}: ")),
            "{text}"
        );
        assert!(!text.contains("session 1"), "{text}");
        assert_eq!(text.contains("/second\n"), has_second, "{text}");

        let target = place.root.path().join(start);
        let mut command = extract_image();
        succeeds(command.args(["--start", start]).arg(&image).arg(&target));
        assert_eq!(target.join("second").exists(), has_second);
        assert!(target.join("Read me, please.text").exists());
    }
    for mut command in [inspect_image(), extract_image()] {
        command.args(["--start", "0", "--session", "0"]);
        assert_eq!(run(command.arg(&image).arg("target")).0, Some(2));
    }
    let message = fails(inspect_image().args(["--start", "17"]).arg(&image));
    assert_names(&message, &image);
}

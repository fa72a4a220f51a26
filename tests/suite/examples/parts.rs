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

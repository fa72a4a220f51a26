//! Messages of the programs name their own options, not calls of the library.

use super::*;

/// What a program says of an empty file of so many bytes among its sources.
#[track_caller]
fn says_of_large_file(place: &Place, command: &mut Command) -> String {
    let large = File::create(place.source().join("large.bin")).unwrap();
    large.set_len((2 << 30) + 1).unwrap();
    fails(command)
}

#[test]
fn an_image_that_is_too_large_names_the_option() {
    let place = Place::new();
    fs::write(place.source().join("big.bin"), vec![1; 1 << 20]).unwrap();
    let output = place.root.path().join("out.iso");
    let mut command = build_image();
    command.args(["--free-blocks", "300"]);
    let message = fails(command.arg(place.source()).arg(&output));
    let (before, advice) = message.split_once("; ").unwrap();
    assert!(before.starts_with("`/big.bin` does not fit"), "{message}");
    assert!(before.ends_with("but may have 300"), "{message}");
    assert_eq!(
        advice,
        "raise the limit with --free-blocks, or name a larger --media"
    );
    assert!(!output.exists());
}

#[test]
fn a_file_that_is_too_large_for_a_level_names_the_options() {
    let place = Place::new();
    let output = place.root.path().join("out.iso");
    let mut command = build_image();
    command.args(["--interchange-level", "2"]);
    command.arg(place.source()).arg(&output);
    assert_eq!(
        says_of_large_file(&place, &mut command),
        "`/large.bin` has 2147483649 bytes, but ISO 9660 holds at most 2147483648 in a file at this interchange level; \
         use --interchange-level 3 (without --strict), or --file-systems udf"
    );
}

#[test]
fn an_image_of_another_program_names_the_option() {
    let place = Place::new();
    let image = built_of(&place, "iso9660");
    // Whose application identifier is another's.
    let mut bytes = fs::read(&image).unwrap();
    let application = 16 * 2048 + 574;
    bytes[application..application + 128].fill(b' ');
    fs::write(&image, bytes).unwrap();
    let message = fails(append_session().arg(&image).arg(place.source()));
    let message = message.split_once(": ").unwrap().1;
    assert_eq!(
        message,
        "the disc cannot be continued: another program recorded it; allow that with --foreign"
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_names_the_option() {
    let place = Place::new();
    std::os::unix::fs::symlink("nowhere", place.source().join("link")).unwrap();
    let message = fails(list_names().arg(place.source()));
    assert!(
        message.ends_with("link: it leads nowhere; leave it out with --links skip-unresolvable"),
        "{message}"
    );
    let message = fails(list_names().args(["--links", "error"]).arg(place.source()));
    assert!(
        message.ends_with("link is a link; use --links follow or --links skip"),
        "{message}"
    );
}

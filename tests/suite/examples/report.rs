//! What the programs say of names that are not recorded as they are.

use super::*;

/// What `build_image` prints to standard output and standard error.
fn built(place: &Place, options: &[&str]) -> (String, String) {
    let mut command = build_image();
    command.args(options).arg(place.source());
    let (stdout, stderr) = succeeds(command.arg(place.output()));
    (String::from_utf8(stdout).unwrap(), stderr)
}

#[test]
fn a_seed_whose_label_is_changed_was_built_without_a_word() {
    let place = Place::new();
    let (_, stderr) = built(&place, &["--volume-name", "config-2"]);
    assert_eq!(
        stderr,
        "build_image: volume name in ISO 9660: `config-2` is recorded as `CONFIG_2` (case, characters); \
         --verbatim-volume-name keeps it\n"
    );
    let options = ["--verbatim-volume-name", "--volume-name", "config-2"];
    let (_, stderr) = built(&place, &options);
    assert_eq!(stderr, "");
    let bytes = fs::read(place.output()).unwrap();
    assert_eq!(&bytes[16 * 2048 + 40..][..9], b"config-2 ");
    let (_, stderr) = built(&place, &["--volume-name", "A_NAME_OF_17_UNIT"]);
    assert_eq!(
        stderr,
        "build_image: volume name in Joliet: `A_NAME_OF_17_UNIT` is recorded as `A_NAME_OF_17_UNI` (length)\n"
    );
    let mut strict = build_image();
    strict.args(options).arg("--strict").arg(place.source());
    // The strict setting is made first, and refuses the name's hyphen.
    assert!(fails(strict.arg(place.output())).contains("`config-2` has the character `-`"));
}

#[test]
fn a_session_whose_label_is_changed_was_added_without_a_word() {
    let place = Place::new();
    let options = ["--file-systems", "iso9660", "--volume-name", "FIRST"];
    assert_eq!(built(&place, &options).1, "");
    let mut command = append_session();
    command.args(["--volume-name", "config-2"]);
    let (_, stderr) = succeeds(command.arg(place.output()).arg(place.source()));
    assert_eq!(
        stderr,
        "append_session: volume name in ISO 9660: `config-2` is recorded as `CONFIG_2` (case, characters)\n"
    );
    // The one that the disc has is kept, and is no change.
    let mut command = append_session();
    let (_, stderr) = succeeds(command.arg(place.output()).arg(place.source()));
    assert_eq!(stderr, "");
}

#[test]
fn names_that_change_in_case_only_are_summed_up() {
    let place = Place::new();
    for number in 0..30 {
        fs::write(place.source().join(format!("lower{number}.txt")), "").unwrap();
    }
    let options = ["--file-systems", "iso9660", "--interchange-level", "1"];
    let report = |detail| built(&place, &[&options[..], &[detail]].concat()).0;
    let losses = report("--report");
    let lines: Vec<_> = losses.lines().collect();
    assert_eq!(
        lines,
        [
            "/Photos of 2024 in ISO 9660: named `PHOTOS_O` (case, characters, length)",
            "/Read me, please.text in ISO 9660: named `READ_ME_.TEX` (case, characters, length)",
            "31 names changed in case only (--report=all lists them)",
        ]
    );
    assert_eq!(report("--report=losses"), losses);
    let all = report("--report=all");
    let all: Vec<_> = all.lines().collect();
    assert_eq!(all[..2], lines[..2]);
    assert_eq!(all.len(), 2 + 31);
    assert!(all[2..].iter().all(|line| line.ends_with("(case)")));
}

#[test]
fn listed_names_that_change_in_case_only_are_summed_up() {
    let place = Place::new();
    let list = |changed| {
        let mut command = list_names();
        command.args(["--file-systems", "iso9660", "--interchange-level", "1"]);
        let (stdout, stderr) = succeeds(command.arg(changed).arg(place.source()));
        (String::from_utf8(stdout).unwrap(), stderr)
    };
    let losses = "path\tISO 9660\n\
        /Photos of 2024\tPHOTOS_O (case, characters, length)\n";
    let read_me = "/Read me, please.text\tREAD_ME_.TEX (case, characters, length)\n";
    let (stdout, stderr) = list("--changed");
    assert_eq!(stdout, [losses, read_me].concat());
    assert_eq!(
        stderr,
        "list_names: 1 names change in case only (--changed=case lists them)\n"
    );
    let (stdout, stderr) = list("--changed=case");
    let case = "/Photos of 2024/a.jpg\tA.JPG (case)\n";
    assert_eq!(stdout, [losses, case, read_me].concat());
    assert_eq!(stderr, "");
}

//! Names: which there can be, how items are found by them, and what becomes of them in each file system.

use imapi2fs::{Error, FileSystemImage, FileSystems, ImagePath, InterchangeLevel, NameProblem};

use crate::support::{JOLIET, LEVELS, UDF, add_files, check, image, image_at, paths};

/// An image of files with these names.
pub(crate) fn with_names(level: InterchangeLevel, names: &[&str]) -> FileSystemImage {
    let mut image = image_at(FileSystems::all(), level);
    for name in names {
        let path = ImagePath::from_components([*name]);
        image.root_mut().add_file(path, name.as_bytes()).unwrap();
    }
    image
}

pub(crate) fn strict() -> FileSystemImage {
    let mut image = image();
    image.set_strict_file_system_compliance(true).unwrap();
    image
}

#[test]
fn any_name_can_be_but_a_few() {
    let names = [
        "a:b?c*", "CON", "ends. ", "\\", "a\\b", "\"<>|", "\n\u{1F}", "...", "🎉", "é",
    ];
    for level in LEVELS {
        let image = with_names(level, &names);
        assert_eq!(image.file_count() as usize, names.len());
        check(&image);
    }
    let mut image = image();
    // In units of UTF-16, of which some characters have two.
    let longest = ["n", "é", "Ж", "漢"].map(|c| c.repeat(255));
    let surrogates = "🎉".repeat(127);
    let longer = "n".repeat(256);
    let longer_surrogates = "🎉".repeat(128);
    for (name, problem) in [
        (&*longer, NameProblem::TooLong(255)),
        (&*longer_surrogates, NameProblem::TooLong(255)),
        ("", NameProblem::Empty),
        (".", NameProblem::Dots),
        ("..", NameProblem::Dots),
        ("a/b", NameProblem::Character('/')),
        ("a\0b", NameProblem::Character('\0')),
    ] {
        let path = ImagePath::from_components([name]);
        for error in [
            image.root_mut().add_file(path.clone(), b"").unwrap_err(),
            image.root_mut().add_directory(path.clone()).unwrap_err(),
            image.create_file_item(path, b"").unwrap_err(),
        ] {
            match error {
                Error::InvalidName {
                    name: found,
                    problem: why,
                    ..
                } => {
                    assert_eq!((&*found, why), (name, problem));
                }
                error => panic!("{error}"),
            }
        }
    }
    assert_eq!(paths(&image), [""; 0]);
    for name in longest.iter().chain([&surrogates]) {
        image.root_mut().add_file(name.as_str(), b"").unwrap();
    }
    check(&image);
}

#[test]
fn strict_names_are_those_of_windows() {
    let mut image = strict();
    for c in "\\:*?\"<>|\u{1}\u{1F}\u{7F}".chars() {
        let path = ImagePath::from_components([format!("a{c}b")]);
        let error = image.root_mut().add_file(path, b"").unwrap_err();
        let Error::InvalidName { problem, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(problem, NameProblem::Character(c));
    }
    // The longest that UDF holds.
    for (longest, one_more) in [("n", "n"), ("é", "é"), ("Ж", "Ж")].map(|(name, more)| {
        let len = if name == "Ж" { 127 } else { 254 };
        (name.repeat(len), more.repeat(len + 1))
    }) {
        image.root_mut().add_file(longest, b"").unwrap();
        let error = image.root_mut().add_file(one_more, b"").unwrap_err();
        let Error::InvalidName { problem, .. } = error else {
            panic!("{error}");
        };
        assert!(matches!(problem, NameProblem::TooLong(_)));
    }
    assert_eq!(image.file_count(), 3);
}

#[test]
fn strict_names_differ_by_more_than_case() {
    let mut image = strict();
    add_files(
        &mut image,
        &[("Readme", b""), ("Straße/x", b""), ("ÄB", b"")],
    );
    let root = image.root_mut();
    for error in [
        root.add_file("README", b"").unwrap_err(),
        root.add_directory("readme").unwrap_err(),
        root.add_directory("STRAßE").unwrap_err(),
        root.add_file("äb", b"").unwrap_err(),
        root.add_file("straße/X", b"").unwrap_err(),
    ] {
        assert!(matches!(error, Error::DuplicateName { .. }), "{error}");
    }
    assert_eq!((image.file_count(), image.directory_count()), (3, 1));
}

#[test]
fn other_names_are_compared_exactly() {
    let mut image = with_names(InterchangeLevel::Two, &["Readme", "README", "readme"]);
    image.root_mut().add_directory("ReadMe").unwrap();
    assert_eq!(paths(&image), ["/README", "/ReadMe/", "/Readme", "/readme"]);
    check(&image);
}

#[test]
fn detached_names_are_compared_exactly_too() {
    let mut image = with_names(InterchangeLevel::Two, &["Readme", "README"]);
    let directory = image.create_directory_item("readme").unwrap();
    image.root_mut().add(directory).unwrap();
    let file = image.create_file_item("readME", b"").unwrap();
    image.root_mut().add(file).unwrap();
    let directory = image.create_directory_item("readME").unwrap();
    let error = image.root_mut().add(directory).unwrap_err();
    assert!(matches!(error, Error::DuplicateName { .. }), "{error}");
    assert_eq!(paths(&image), ["/README", "/Readme", "/readME", "/readme/"]);
}

#[test]
fn the_exact_name_is_found_else_the_only_one_without_case() {
    let image = with_names(InterchangeLevel::Two, &["Readme", "README", "Über", "one"]);
    let find = |name: &str| image.item(name).map(|item| item.name().to_owned());
    assert_eq!(find("Readme").unwrap(), "Readme");
    assert_eq!(find("README").unwrap(), "README");
    assert_eq!(find("ONE").unwrap(), "one");
    assert_eq!(find("ÜBER").unwrap(), "Über");
    let error = find("readme").unwrap_err();
    assert!(
        matches!(error, Error::AmbiguousName { matches: 2, .. }),
        "{error}"
    );
    assert!(matches!(
        image.exists("readMe"),
        Err(Error::AmbiguousName { .. })
    ));
    assert!(matches!(find("two"), Err(Error::ItemNotFound { .. })));
}

#[test]
fn case_does_not_matter_on_the_way_either() {
    let mut image = image();
    add_files(&mut image, &[("Dir/Sub/file", b""), ("other", b"")]);
    assert_eq!(
        image.item("dir/SUB/FILE").unwrap().full_path().to_string(),
        "/Dir/Sub/file"
    );
    image.root_mut().add_file("DIR/sub/new", b"").unwrap();
    image.root_mut().remove("dir/sub/FILE").unwrap();
    assert_eq!(
        paths(&image),
        ["/Dir/", "/Dir/Sub/", "/Dir/Sub/new", "/other"]
    );
    image.root_mut().add_directory("DIR").unwrap();
    let error = image.item("dir/sub").unwrap_err();
    assert!(matches!(error, Error::AmbiguousName { .. }), "{error}");
    // An exact name wins over the other, whatever comes behind it.
    assert!(image.item("Dir/sub").is_ok());
}

#[test]
fn text_is_split_at_both_separators_and_components_are_not() {
    let mut image = image();
    let backslash = ImagePath::from_components(["a\\b", "c\\"]);
    image
        .root_mut()
        .add_directory(backslash.parent().unwrap())
        .unwrap();
    image
        .root_mut()
        .add_file(backslash.clone(), b"here")
        .unwrap();
    add_files(&mut image, &[("a/b", b"there")]);
    assert_eq!(
        image.item(r"a\b").unwrap().full_path(),
        ImagePath::from("a/b")
    );
    let item = image.item(backslash.clone()).unwrap();
    assert_eq!(item.name(), "c\\");
    assert_eq!(item.full_path(), backslash);
    assert_eq!(item.file_system_path(UDF).unwrap(), backslash);
    assert_eq!(
        item.file_system_path(JOLIET).unwrap().to_string(),
        "/a_b/c_"
    );
    check(&image);
    image.root_mut().remove(backslash).unwrap();
    assert_eq!(paths(&image), ["/a/", "/a/b", "/a\\b/"]);
}

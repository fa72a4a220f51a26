//! What becomes of names in each file system.

use imapi2fs::{Error, FileSystemImage, FileSystems, ImagePath, InterchangeLevel};

use crate::names::{strict, with_names};
use crate::support::bytes::fnv1a;
use crate::support::{ISO9660, JOLIET, LEVELS, UDF, add_files, check, image, image_at};

/// What files are called in a file system.
#[track_caller]
fn names_in(image: &FileSystemImage, file_system: FileSystems, names: &[&str]) -> Vec<String> {
    let name = |name: &&str| {
        let item = image.item(ImagePath::from_components([*name])).unwrap();
        item.file_system_name(file_system).unwrap()
    };
    names.iter().map(name).collect()
}

#[test]
fn level_1_has_8_and_3_d_characters() {
    let names = [
        "Read me.html",
        "UPPER.TXT",
        ".profile",
        "a.tar.gz",
        "no dot",
        "üÄ漢🎉.x",
        "end.",
    ];
    assert_eq!(
        names_in(&with_names(LEVELS[0], &names), ISO9660, &names),
        [
            "READ_ME.HTM",
            "UPPER.TXT",
            "_PROFILE",
            "A_TAR.GZ",
            "NO_DOT",
            "____.X",
            "END_"
        ]
    );
}

#[test]
fn levels_2_and_3_have_30_d_characters() {
    let long = "n".repeat(40);
    let with_extension = format!("{long}.jpeg");
    let names = ["A long name.jpeg2000", "x.y z", &long, &with_extension];
    for level in &LEVELS[1..] {
        assert_eq!(
            names_in(&with_names(*level, &names), ISO9660, &names),
            [
                "A_LONG_NAME.JPEG2000".to_owned(),
                "X.Y_Z".to_owned(),
                "N".repeat(30),
                format!("{}.JPE", "N".repeat(27)),
            ]
        );
    }
}

#[test]
fn directories_of_iso9660_have_no_extension() {
    let long = "d".repeat(40);
    for (level, expected) in LEVELS.into_iter().zip([8, 31, 31]) {
        let mut image = image_at(FileSystems::all(), level);
        image.root_mut().add_directory("conf.d").unwrap();
        image.root_mut().add_directory(&*long).unwrap();
        assert_eq!(names_in(&image, ISO9660, &["conf.d"]), ["CONF_D"]);
        assert_eq!(names_in(&image, ISO9660, &[&long]), ["D".repeat(expected)]);
        check(&image);
    }
}

#[test]
fn joliet_replaces_few_characters_and_cuts_at_64_when_strict() {
    let names = [
        "a:b?c.txt",
        "tab\there",
        "q\"<>|",
        "dot.",
        "blank ",
        "ünï 漢🎉",
        "-,;=",
    ];
    let image = with_names(LEVELS[0], &names);
    assert_eq!(
        names_in(&image, JOLIET, &names),
        [
            "a_b_c.txt",
            "tab_here",
            "q____",
            "dot_",
            "blank_",
            "ünï 漢🎉",
            "-,_="
        ]
    );

    // A pair of surrogates is no character of UCS-2, though readers take it: all of it or nothing.
    let long = format!("{}.html", "n".repeat(150));
    let pairs = "🎉".repeat(60);
    for (mut image, file, directory, short_pairs) in [
        (strict(), 64, 64, "_".repeat(32)),
        (self::image(), 104, 103, "🎉".repeat(51)),
    ] {
        image.root_mut().add_file(&*long, b"").unwrap();
        image.root_mut().add_file(&*pairs, b"").unwrap();
        image.root_mut().add_directory("d".repeat(150)).unwrap();
        let [d, n, p] = ["d", "n", "🎉"].map(|start| {
            let mut items = image.root().children();
            let item = items.find(|item| item.name().starts_with(start)).unwrap();
            item.file_system_name(JOLIET).unwrap()
        });
        assert_eq!(d, "d".repeat(directory));
        assert_eq!(n, format!("{}.html", "n".repeat(file - 5)));
        assert_eq!(p, short_pairs);
        check(&image);
    }
}

#[test]
fn udf_keeps_names_of_254_bytes_or_127_units() {
    let latin = "é".repeat(254);
    let wide = "Ж".repeat(127);
    let pairs = format!("{}x", "🎉".repeat(63));
    let names = [&*latin, &wide, &pairs, "a:b?c*\\", "CON", "dot. "];
    let image = with_names(LEVELS[2], &names);
    assert_eq!(names_in(&image, UDF, &names), names);
    check(&image);

    let longer = [
        format!("{}.text", "é".repeat(250)),
        format!("{}.text", "Ж".repeat(123)),
        "🎉".repeat(64),
        "\u{FEFF}mark".to_owned(),
    ];
    let longer: Vec<&str> = longer.iter().map(String::as_str).collect();
    let image = with_names(LEVELS[2], &longer);
    assert_eq!(
        names_in(&image, UDF, &longer),
        [
            format!("{}.text", "é".repeat(249)),
            format!("{}.text", "Ж".repeat(122)),
            "🎉".repeat(63),
            "_mark".to_owned(),
        ]
    );
    check(&image);
}

/// Names that collide in one file system or another.
fn colliding() -> Vec<String> {
    let start = "s".repeat(130);
    let mut names: Vec<String> = (0..30)
        .map(|n| format!("{start}{}{n:03}.text", "t".repeat(117)))
        .collect();
    names.extend((0..12).map(|n| format!("file number {n}.text")));
    names.extend(
        [
            "A", "a", "a.", "a_", "A_", "a:", "a?", "b.c", "B.C", "b.C", "b..c",
        ]
        .map(String::from),
    );
    names.extend([
        "🎉".repeat(65),
        "🎉".repeat(66),
        "Ä".repeat(200),
        "ä".repeat(200),
    ]);
    names
}

#[test]
fn collisions_are_solved_whatever_the_order_of_adding() {
    let mut names = colliding();
    for level in LEVELS {
        let mut results = Vec::new();
        for turn in 0..4 {
            match turn {
                0 => names.sort(),
                1 => names.reverse(),
                // As good as any other order.
                _ => names.sort_by_key(|name| fnv1a(name.as_bytes()).rotate_left(turn)),
            }
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let image = with_names(level, &names);
            let sorted: Vec<&str> = image.root().children().map(|item| item.name()).collect();
            let named = [ISO9660, JOLIET, UDF].map(|system| names_in(&image, system, &sorted));
            results.push((check(&image).whole(), named));
        }
        let (bytes, names) = &results[0];
        for (other_bytes, other_names) in &results[1..] {
            assert_eq!(names, other_names);
            assert!(bytes == other_bytes, "other bytes at level {level}");
        }
    }
}

#[test]
fn a_name_that_fits_is_never_taken_by_another() {
    let names = [
        "FILE.TXT",
        "FILE1.TXT",
        "File.txt",
        "file.txt",
        "file1.txt",
        "file~1.txt",
    ];
    let image = with_names(LEVELS[0], &names);
    assert_eq!(
        names_in(&image, ISO9660, &names),
        [
            "FILE.TXT",
            "FILE1.TXT",
            "FILE2.TXT",
            "FILE3.TXT",
            "FILE11.TXT",
            "FILE_1.TXT"
        ]
    );
    assert_eq!(
        names_in(&image, JOLIET, &names),
        [
            "FILE.TXT",
            "FILE1.TXT",
            "File~2.txt",
            "file~3.txt",
            "file1~1.txt",
            "file~1.txt"
        ]
    );
    assert_eq!(names_in(&image, UDF, &names), names);
}

#[test]
fn a_file_and_a_directory_never_share_a_name() {
    for level in LEVELS {
        let mut image = with_names(level, &["a", "b.c"]);
        image.root_mut().add_directory("A").unwrap();
        image.root_mut().add_directory("B_C").unwrap();
        image.root_mut().add_directory("b:c").unwrap();
        check(&image);
    }
}

#[test]
fn more_files_can_be_alike_than_a_digit_counts() {
    let names: Vec<String> = (0..1111)
        .map(|n| format!("alike in eight {n}.txt"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    check(&with_names(LEVELS[0], &names));
}

#[test]
fn names_are_asked_for_one_file_system_at_a_time() {
    let image = with_names(LEVELS[0], &["a"]);
    let item = image.item("a").unwrap();
    for file_systems in [FileSystems::empty(), ISO9660 | JOLIET, FileSystems::all()] {
        let error = item.file_system_name(file_systems).unwrap_err();
        assert!(matches!(error, Error::InvalidParameter { .. }), "{error}");
        assert!(item.file_system_path(file_systems).is_err());
    }
    for file_system in [ISO9660, JOLIET, UDF] {
        assert_eq!(image.root().file_system_name(file_system).unwrap(), "");
        assert!(
            image
                .root()
                .file_system_path(file_system)
                .unwrap()
                .is_root()
        );
    }
}

#[test]
fn paths_in_a_file_system_have_its_names() {
    let mut image = image();
    add_files(&mut image, &[("a long directory/b:c/Read me.html", b"")]);
    let item = image.item("a long directory/b:c/Read me.html").unwrap();
    let path = |file_system| item.file_system_path(file_system).unwrap().to_string();
    assert_eq!(path(ISO9660), "/A_LONG_D/B_C/READ_ME.HTM");
    assert_eq!(path(JOLIET), "/a long directory/b_c/Read me.html");
    assert_eq!(path(UDF), "/a long directory/b:c/Read me.html");
    // A snapshot has the names it had.
    let snapshot = image.snapshot();
    image
        .set_iso9660_interchange_level(InterchangeLevel::Two)
        .unwrap();
    let item = snapshot.item("a long directory").unwrap();
    assert_eq!(item.file_system_name(ISO9660).unwrap(), "A_LONG_D");
}

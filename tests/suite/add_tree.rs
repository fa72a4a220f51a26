//! Adding directories of the host: what is taken over, and that a failure takes nothing.

use std::fs;
#[cfg(unix)]
use std::time::{Duration, SystemTime};

use imapi2fs::{Error, ItemKind, LeftOutReason, TreeOptions};

use crate::support::bytes::all;
use crate::support::host::this_test;
use crate::support::{Disc, Host, UDF, add_files, at, check, image, image_of, paths, state};

/// Longer than any path that the system takes, but no part of it is.
#[cfg(target_os = "linux")]
#[test]
fn a_tree_may_be_deeper_than_the_longest_path() {
    use imapi2fs::{LinkPolicy, LinkProblem};

    const LONGEST: usize = 4096;
    let host = Host::new();
    let name = "d".repeat(200);
    let half = [name.as_str(); 12].join("/");
    for half_name in ["upper", "lower"] {
        fs::create_dir_all(host.path(half_name).join(&half)).unwrap();
    }
    let lower = host.path("lower").join(&half);
    fs::write(lower.join("file"), vec![7; 5000]).unwrap();
    fs::write(lower.join("other"), b"other").unwrap();
    fs::hard_link(lower.join("other"), lower.join("same")).unwrap();
    fs::create_dir(lower.join("empty")).unwrap();
    xattr::set(lower.join("file"), "user.note", b"far down").unwrap();
    std::os::unix::fs::symlink("file", lower.join("link")).unwrap();
    let joint = host.path("upper").join(&half).join("lower");
    fs::rename(host.path("lower"), &joint).unwrap();
    let deep = joint.join(&half);
    assert!(deep.as_os_str().len() > LONGEST && fs::read_dir(&deep).is_err());

    let below = |name: &str| format!("{half}/lower/{half}/{name}");
    for stage in [false, true] {
        let mut image = image_of(UDF);
        image.set_stage_files(stage);
        let options = TreeOptions::new()
            .links(LinkPolicy::SkipUnresolvable)
            .named_streams(true);
        let source = host.path("upper");
        let summary = image.root_mut().add_tree_with(&source, &options).unwrap();
        assert_eq!((summary.files, summary.directories), (3, 26));
        assert_eq!(summary.streams, 1);
        let file = image.item(below("file")).unwrap();
        let note = file.named_stream("note").unwrap();
        assert_eq!(all(note.data().unwrap()), b"far down");
        let [left_out] = &summary.left_out[..] else {
            panic!("{:?}", summary.left_out);
        };
        let reason = LeftOutReason::Unresolvable(LinkProblem::PathTooLong);
        assert_eq!(
            (&left_out.path, left_out.reason),
            (&deep.join("link"), reason)
        );
        assert_eq!(
            all(image.item(below("file")).unwrap().data().unwrap()),
            [7; 5000]
        );
        assert_eq!(
            all(image.item(below("same")).unwrap().data().unwrap()),
            b"other"
        );
        check(&image);
        let error = image.root_mut().add_tree(&source, false).unwrap_err();
        assert!(
            error.to_string().contains("longer than the system"),
            "{error}"
        );
    }
}

#[test]
fn a_tree_is_mirrored() {
    let host = Host::with(&[("a/b/c.txt", b"see"), ("Read me", b""), ("x", &[7; 5000])]);
    host.directory("empty/inside");
    host.set_modified("x", 1_000_000_000);
    let mut image = image();
    let summary = image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!(
        (summary.files, summary.directories, summary.bytes),
        (3, 4, 5003)
    );
    assert!(summary.left_out.is_empty());
    assert_eq!(
        paths(&image),
        [
            "/Read me",
            "/a/",
            "/a/b/",
            "/a/b/c.txt",
            "/empty/",
            "/empty/inside/",
            "/x"
        ]
    );
    assert_eq!((image.file_count(), image.directory_count()), (3, 4));
    assert_eq!(
        all(image.item("a/b/c.txt").unwrap().data().unwrap()),
        b"see"
    );
    let x = image.item("x").unwrap();
    assert_eq!(x.last_modified_time(), at("2001-09-09T01:46:40Z"));
    assert!(!x.is_hidden());
    check(&image);
}

#[test]
fn the_base_directory_is_added_if_wanted() {
    let host = Host::with(&[("base/a", b"a")]);
    let mut image = image();
    image.root_mut().add_tree(host.path("base"), true).unwrap();
    assert_eq!(paths(&image), ["/base/", "/base/a"]);
    let root = image.root_mut();
    let mut below = root.as_item_mut();
    below.set_is_hidden(false);
    image
        .directory_mut("base")
        .unwrap()
        .add_tree(host.path("base"), true)
        .unwrap();
    assert_eq!(
        paths(&image),
        ["/base/", "/base/a", "/base/base/", "/base/base/a"]
    );
    // Which is what its last name is called, whatever is behind it.
    let mut image = self::image();
    let dotted = host.path("base").join(".");
    image.root_mut().add_tree(dotted, true).unwrap();
    assert_eq!(paths(&image), ["/base/", "/base/a"]);
    check(&image);
}

#[test]
fn the_base_directory_keeps_its_time() {
    let host = Host::with(&[("base/a", b"a")]);
    let modified = fs::metadata(host.path("base")).unwrap().modified().unwrap();
    let mut image = image();
    image.root_mut().add_tree(host.path("base"), true).unwrap();
    assert_eq!(
        image.item("base").unwrap().last_modified_time(),
        modified.into()
    );
    assert_eq!(image.root().last_modified_time(), image.time());
}

#[test]
fn a_single_file_is_a_tree_too() {
    let host = Host::with(&[("file", b"data")]);
    host.set_modified("file", 1_000_000_000);
    for include in [false, true] {
        let mut image = image();
        let summary = image
            .root_mut()
            .add_tree(host.path("file"), include)
            .unwrap();
        assert_eq!(
            (summary.files, summary.directories, summary.bytes),
            (1, 0, 4)
        );
        assert_eq!(paths(&image), ["/file"]);
        let item = image.item("file").unwrap();
        assert_eq!(item.last_modified_time(), at("2001-09-09T01:46:40Z"));
        check(&image);
    }
}

#[test]
fn a_relative_path_counts_from_the_current_directory() {
    // Tests are run in the directory of the crate.
    let mut image = image();
    image.root_mut().add_tree("examples/", true).unwrap();
    let library = fs::read("examples/list_names.rs").unwrap();
    let item = image.item("examples/list_names.rs").unwrap();
    assert!(all(item.data().unwrap()) == library);
}

#[test]
fn a_missing_source_is_named() {
    let host = Host::new();
    let mut image = image();
    let error = image
        .root_mut()
        .add_tree(host.path("none"), false)
        .unwrap_err();
    assert!(matches!(error, Error::ReadDirectory(_)), "{error}");
    assert_eq!(error.file(), Some(&*host.path("none")));
}

#[test]
fn all_times_are_the_modification_time_unless_all_are_wanted() {
    let host = Host::with(&[("a", b"a")]);
    host.set_modified("a", 1_000_000_000);
    let modified = at("2001-09-09T01:46:40Z");
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    let item = image.item("a").unwrap();
    assert_eq!(item.last_modified_time(), modified);
    assert_eq!(item.last_accessed_time(), modified);
    assert_eq!(item.creation_time(), modified);

    let metadata = fs::metadata(host.path("a")).unwrap();
    let options = TreeOptions::new().all_times(true);
    let mut image = self::image();
    image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap();
    let item = image.item("a").unwrap();
    assert_eq!(item.last_modified_time(), modified);
    assert_eq!(
        item.last_accessed_time(),
        metadata.accessed().unwrap().into()
    );
    if let Ok(created) = metadata.created() {
        assert_eq!(item.creation_time(), created.into());
    }
    assert!(item.last_accessed_time() > modified);
}

#[cfg(unix)]
#[test]
fn files_may_be_older_than_1970() {
    let host = Host::with(&[("a", b"a")]);
    let time = SystemTime::UNIX_EPOCH - Duration::new(300_000_000, 500_000_000);
    let file = fs::File::options()
        .write(true)
        .open(host.path("a"))
        .unwrap();
    file.set_modified(time).unwrap();
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    let item = image.item("a").unwrap();
    assert_eq!(item.last_modified_time(), at("1960-06-29T18:39:59.5Z"));
    check(&image);
}

#[test]
fn later_times_are_cut_to_the_latest() {
    let host = Host::with(&[("old", b""), ("new", b""), ("dir/x", b"")]);
    host.set_modified("old", 100_000_000);
    let latest = at("2001-09-09T01:46:40Z");
    let options = TreeOptions::new().all_times(true).latest_time(latest);
    let mut image = image();
    image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap();
    assert_eq!(
        image.item("old").unwrap().last_modified_time(),
        at("1973-03-03T09:46:40Z")
    );
    for path in ["new", "dir", "dir/x"] {
        let item = image.item(path).unwrap();
        assert_eq!(item.last_modified_time(), latest);
        assert_eq!(item.last_accessed_time(), latest);
        assert_eq!(item.creation_time(), latest);
    }
}

#[test]
fn the_source_wins_and_directories_are_merged() {
    let host = Host::with(&[("dir/both", b"from the source"), ("dir/new", b"new")]);
    host.set_modified("dir/both", 1_000_000_000);
    let mut image = image();
    add_files(
        &mut image,
        &[
            ("dir/both", &[1; 5000]),
            ("dir/old", b"old"),
            ("other", b"other"),
        ],
    );
    image.item_mut("dir/both").unwrap().set_is_hidden(true);
    let old_time = image.item("dir").unwrap().last_modified_time();
    let summary = image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!(
        (summary.files, summary.directories, summary.bytes),
        (2, 0, 18)
    );
    assert_eq!(
        paths(&image),
        ["/dir/", "/dir/both", "/dir/new", "/dir/old", "/other"]
    );
    assert_eq!((image.file_count(), image.directory_count()), (4, 1));
    let both = image.item("dir/both").unwrap();
    assert_eq!(all(both.data().unwrap()), b"from the source");
    assert_eq!(both.last_modified_time(), at("2001-09-09T01:46:40Z"));
    assert!(!both.is_hidden());
    assert_eq!(all(image.item("dir/old").unwrap().data().unwrap()), b"old");
    assert_eq!(image.item("dir").unwrap().last_modified_time(), old_time);
    let disc = check(&image);
    // What was replaced takes no blocks.
    let data = |item: &imapi2fs::ProgressItem| item.description().starts_with('/');
    let items: Vec<_> = disc.image.progress_items().iter().filter(data).collect();
    assert_eq!(
        items
            .iter()
            .map(imapi2fs::ProgressItem::block_count)
            .sum::<u32>(),
        4
    );
}

#[test]
fn names_that_differ_by_case_can_be_one() {
    let host = Host::with(&[
        ("dir/a.txt", b"new"),
        ("dir/More/b.txt", b"more"),
        ("new", b""),
    ]);
    let old: [(&str, &[u8]); 4] = [
        ("DIR/A.TXT", &[1; 5000]),
        ("DIR/MORE/OLD", b"old"),
        ("DIR/SAME", b"same"),
        ("OTHER", b""),
    ];
    let options = TreeOptions::new().ignore_case(true);
    for strict in [false, true] {
        let mut image = image();
        image.set_strict_file_system_compliance(strict).unwrap();
        add_files(&mut image, &old);
        // The second time all names are exact.
        for _ in 0..2 {
            let added = image.root_mut().add_tree_with(host.root(), &options);
            let summary = added.unwrap();
            assert_eq!((summary.files, summary.directories), (3, 0));
            assert_eq!(
                paths(&image),
                [
                    "/DIR/",
                    "/DIR/MORE/",
                    "/DIR/MORE/OLD",
                    "/DIR/MORE/b.txt",
                    "/DIR/SAME",
                    "/DIR/a.txt",
                    "/OTHER",
                    "/new"
                ]
            );
        }
        assert_eq!((image.file_count(), image.directory_count()), (6, 2));
        let item = image.item("DIR/a.txt").unwrap();
        assert_eq!(all(item.data().unwrap()), b"new");
        check(&image);
    }

    // Otherwise there are both.
    let mut image = image();
    add_files(&mut image, &old);
    image.root_mut().add_tree(host.root(), false).unwrap();
    assert!(paths(&image).contains(&"/dir/a.txt".to_owned()));
    assert_eq!((image.file_count(), image.directory_count()), (7, 4));
}

#[test]
fn a_single_file_replaces_one_in_other_case() {
    let host = Host::with(&[("file", b"new")]);
    let mut image = image();
    add_files(&mut image, &[("FILE", b"old")]);
    let options = TreeOptions::new().ignore_case(true);
    let root = image.root_mut();
    root.add_tree_with(host.path("file"), &options).unwrap();
    assert_eq!(paths(&image), ["/file"]);
    assert_eq!(all(image.item("file").unwrap().data().unwrap()), b"new");
}

#[test]
fn several_names_in_other_case_are_an_error() {
    let options = TreeOptions::new().ignore_case(true);
    let add = |old: &[(&str, &[u8])], host: &Host| {
        let mut image = image();
        add_files(&mut image, old);
        let before = state(&image);
        let added = image.root_mut().add_tree_with(host.root(), &options);
        if added.is_err() {
            assert_eq!(state(&image), before);
        }
        (added, paths(&image))
    };

    // On the disc, unless one is exact.
    let host = Host::with(&[("a", b"new")]);
    let (added, _) = add(&[("A", b""), ("a", b"")], &host);
    assert_eq!(added.unwrap().files, 1);
    let host = Host::with(&[("File", b"new")]);
    let (added, _) = add(&[("FILE", b""), ("file", b"")], &host);
    let error = added.unwrap_err();
    assert!(
        matches!(&error, Error::AmbiguousName { path, matches: 2, .. } if path.to_string() == "/File"),
        "{error}"
    );

    // A file and a directory.
    let host = Host::with(&[("dir", b"")]);
    let (added, _) = add(&[("DIR/file", b"")], &host);
    assert!(matches!(added, Err(Error::DuplicateName { .. })));
    let host = Host::with(&[("name/file", b"")]);
    let (added, _) = add(&[("NAME", b"")], &host);
    assert!(matches!(added, Err(Error::DuplicateName { .. })));

    // In the source, where the host tells them apart.
    for names in [["Both", "both"], ["Both/x", "both/y"]] {
        let host = Host::with(&[(names[0], b"1"), (names[1], b"2")]);
        if fs::read_dir(host.root()).unwrap().count() == 2 {
            for old in [&[][..], &[("BOTH", b"".as_slice())]] {
                let (added, _) = add(old, &host);
                assert!(matches!(added, Err(Error::DuplicateName { .. })));
            }
            let (added, now) = add(&[("both/z", b""), ("Both/z", b"")], &host);
            match names[0] {
                "Both" => assert!(matches!(added, Err(Error::DuplicateName { .. }))),
                _ => {
                    added.unwrap();
                    assert_eq!(now.len(), 6);
                }
            }
        }
    }
}

#[test]
fn adding_a_tree_again_changes_nothing_but_is_no_error() {
    let host = Host::with(&[("a/b", b"b"), ("c", b"c")]);
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    let (before, bytes) = (state(&image), Disc::new(&image).whole());
    let summary = image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!((summary.files, summary.directories), (2, 0));
    assert_eq!(state(&image), before);
    assert!(Disc::new(&image).whole() == bytes);
}

#[test]
fn what_is_excluded_is_left_out_and_reported() {
    let host = Host::with(&[
        ("keep", b""),
        ("out.iso", b"x"),
        ("skip/a/b", b""),
        ("dir/out.iso", b""),
    ]);
    let options = TreeOptions::new()
        .exclude(host.path("out.iso"))
        .exclude(host.path("skip/a"))
        .exclude(host.path("none"))
        .exclude("Cargo.toml");
    let mut image = image();
    let summary = image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap();
    assert_eq!(paths(&image), ["/dir/", "/dir/out.iso", "/keep", "/skip/"]);
    let left_out: Vec<_> = summary
        .left_out
        .iter()
        .map(|left| (left.path.clone(), left.reason))
        .collect();
    assert_eq!(
        left_out,
        [
            (host.path("out.iso"), LeftOutReason::Excluded),
            (host.path("skip/a"), LeftOutReason::Excluded)
        ]
    );
}

#[test]
fn the_working_directory_is_left_out_and_reported() {
    let host = Host::with(&[("a", b""), ("work/left.tmp", b"x")]);
    for stage_files in [false, true] {
        let mut image = image();
        image.set_stage_files(stage_files);
        image.set_working_directory(host.path("work")).unwrap();
        let summary = image.root_mut().add_tree(host.root(), false).unwrap();
        assert_eq!(paths(&image), ["/a"]);
        assert_eq!(summary.left_out.len(), 1);
        assert_eq!(summary.left_out[0].path, host.path("work"));
        assert_eq!(summary.left_out[0].reason, LeftOutReason::WorkingDirectory);
        check(&image);
    }
}

#[test]
fn depth_costs_nothing_but_blocks() {
    let host = Host::new();
    let deep = (0..60).map(|n| n.to_string()).collect::<Vec<_>>().join("/");
    host.file(&format!("{deep}/file"), b"deep down");
    let mut image = image_of(UDF);
    let summary = image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!(summary.directories, 60);
    let item = image.item(format!("{deep}/file")).unwrap();
    assert_eq!(item.kind(), ItemKind::File);
    check(&image);
}

#[test]
fn a_root_has_no_name_to_be_added_by() {
    let root = std::path::absolute("/").unwrap();
    let mut image = image();
    let error = image.root_mut().add_tree(root, true).unwrap_err();
    assert!(matches!(error, Error::InvalidParameter(_)), "{error}");
}

/// Adds all that lies in the directory for temporary files, while it is the working directory and nothing is staged.
const ADD_TEMPORARY: &str = "IMAPI2FS_TEST_ADD_TEMPORARY";

#[test]
fn the_directory_for_temporary_files_is_a_directory_like_any_other() {
    if let Some(directory) = std::env::var_os(ADD_TEMPORARY) {
        let mut image = image();
        assert!(image.working_directory().starts_with(&directory));
        let summary = image.root_mut().add_tree(&directory, false).unwrap();
        assert_eq!(summary.left_out, []);
        assert_eq!(paths(&image), ["/temporary/", "/temporary/file"]);
        // It is left out as soon as something may be staged there.
        image.set_stage_files(true);
        image.root_mut().remove_tree("").unwrap();
        let summary = image.root_mut().add_tree(&directory, false).unwrap();
        assert_eq!(summary.left_out.len(), 1);
        assert_eq!(summary.left_out[0].reason, LeftOutReason::WorkingDirectory);
        assert_eq!(paths(&image), [""; 0]);
        return;
    }
    let host = Host::with(&[("temporary/file", b"data")]);
    let mut command = this_test();
    command.args([
        "--exact",
        "add_tree::the_directory_for_temporary_files_is_a_directory_like_any_other",
    ]);
    for variable in ["TMPDIR", "TMP", "TEMP"] {
        command.env(variable, host.path("temporary"));
    }
    let output = command.env(ADD_TEMPORARY, host.root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_that_is_excluded_is_left_out_with_its_target() {
    let outside = Host::with(&[("file", b"")]);
    for target in ["file", "dir", "none", "outside"] {
        let host = Host::with(&[("file", b""), ("dir/x", b""), ("z", b"")]);
        match target {
            "outside" => host.link("link", outside.path("file")),
            target => host.link("link", target),
        };
        let options = TreeOptions::new().exclude(host.path("link"));
        let mut image = image();
        let summary = image
            .root_mut()
            .add_tree_with(host.root(), &options)
            .unwrap();
        let mut left_out: Vec<_> = summary.left_out.iter().map(|left| &left.path).collect();
        left_out.sort();
        let (kept, with_target) = match target {
            "file" => (&["/dir/", "/dir/x", "/z"][..], true),
            "dir" => (&["/file", "/z"][..], true),
            _ => (&["/dir/", "/dir/x", "/file", "/z"][..], false),
        };
        assert_eq!(paths(&image), kept);
        let mut expected = vec![host.path("link")];
        expected.extend(with_target.then(|| host.path(target)));
        expected.sort();
        assert_eq!(left_out, expected.iter().collect::<Vec<_>>());
    }
}

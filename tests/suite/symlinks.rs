//! Symbolic links and special files in a tree that is added. Wine says that it makes symbolic links, and does not.

use imapi2fs::{
    Error, FileSystemImage, LeftOutReason, LinkPolicy, LinkProblem, TreeOptions, TreeSummary,
};

use crate::links::share;
use crate::support::bytes::all;
use crate::support::{Disc, Host, check, image, paths, state};

const SKIP: LinkPolicy = LinkPolicy::SkipUnresolvable;

fn add(
    image: &mut FileSystemImage,
    host: &Host,
    links: LinkPolicy,
) -> imapi2fs::Result<TreeSummary> {
    let options = TreeOptions::new().links(links);
    image.root_mut().add_tree_with(host.root(), &options)
}

fn followed(host: &Host) -> FileSystemImage {
    let mut image = image();
    add(&mut image, host, LinkPolicy::Follow).unwrap();
    image
}

#[test]
fn links_to_files_share_their_data() {
    let host = Host::with(&[("m/target", &[1; 5000])]);
    // Before the target and after it, by name; relative and absolute; a link to a link.
    host.link("a", "m/target");
    host.link("m/absolute", host.path("m/target"));
    host.link("m/z", "target");
    host.link("z", "m/z");
    host.link("b", "z");
    let mut image = image();
    let summary = add(&mut image, &host, LinkPolicy::default()).unwrap();
    assert_eq!((summary.files, summary.directories), (6, 1));
    assert_eq!(summary.bytes, 6 * 5000);
    share(
        &image,
        &["a", "b", "m/absolute", "m/target", "m/z", "z"],
        &[],
    );
    // A link has its target's time.
    let time = image.item("m/target").unwrap().last_modified_time();
    assert_eq!(image.item("a").unwrap().last_modified_time(), time);
    assert_eq!(Disc::new(&image).udf().entries["/a"].icb().links, 6);
}

#[test]
fn links_to_directories_share_the_data_of_their_files() {
    let host = Host::with(&[("m/sub/file", &[1; 5000]), ("m/other", &[2; 5000])]);
    host.link("a", "m");
    host.link("z", "m/sub");
    let image = followed(&host);
    assert_eq!(
        paths(&image),
        [
            "/a/",
            "/a/other",
            "/a/sub/",
            "/a/sub/file",
            "/m/",
            "/m/other",
            "/m/sub/",
            "/m/sub/file",
            "/z/",
            "/z/file"
        ]
    );
    share(
        &image,
        &["a/sub/file", "m/sub/file", "z/file"],
        &["a/other", "m/other"],
    );
    share(&image, &["a/other", "m/other"], &["z/file"]);
}

#[test]
fn a_link_may_lead_into_a_linked_directory() {
    let host = Host::with(&[("m/sub/file", &[1; 5000])]);
    host.link("b", "m");
    host.link("a", "b/sub/file");
    host.link("c", "b/sub");
    host.link("m/inner", "../c/file");
    let image = followed(&host);
    share(
        &image,
        &[
            "a",
            "b/inner",
            "b/sub/file",
            "c/file",
            "m/inner",
            "m/sub/file",
        ],
        &[],
    );
}

#[test]
fn a_link_is_followed_beneath_a_base_directory_too() {
    let host = Host::with(&[("base/file", &[1; 5000])]);
    host.link("base/link", host.path("base/file"));
    let mut image = image();
    image.root_mut().add_tree(host.path("base"), true).unwrap();
    share(&image, &["base/file", "base/link"], &[]);
}

#[test]
fn the_source_itself_may_be_a_link() {
    let host = Host::with(&[("real/file", b"data"), ("other/x", b"")]);
    host.link("source", "real");
    host.link("real/inside", "file");
    let mut image = image();
    image
        .root_mut()
        .add_tree(host.path("source"), true)
        .unwrap();
    assert_eq!(
        paths(&image),
        ["/source/", "/source/file", "/source/inside"]
    );
    check(&image);
}

/// One link that cannot be followed, in a tree with a file.
#[track_caller]
fn refused(host: &Host, link: &str, problem: LinkProblem) {
    let mut image = image();
    let before = state(&image);
    let error = add(&mut image, host, LinkPolicy::Follow).unwrap_err();
    match &error {
        Error::UnresolvableLink {
            link: found,
            problem: why,
            ..
        } => {
            assert_eq!((found, *why), (&host.path(link), problem));
        }
        error => panic!("{error}"),
    }
    assert_eq!(error.file(), Some(&*host.path(link)));
    assert_eq!(state(&image), before);

    let summary = add(&mut image, host, SKIP).unwrap();
    assert_eq!(summary.left_out.len(), 1);
    assert_eq!(summary.left_out[0].path, host.path(link));
    assert_eq!(
        summary.left_out[0].reason,
        LeftOutReason::Unresolvable(problem)
    );
    assert_eq!(image.exists(link).unwrap(), None);
    assert_eq!(u64::from(image.file_count()), summary.files);
    check(&image);
}

#[test]
fn links_that_leave_the_tree_are_refused() {
    let outside = Host::with(&[("file", b"secret"), ("dir/file", b"secret")]);
    for target in ["file", "dir", "", "dir/../file"] {
        let host = Host::with(&[("dir/file", b"")]);
        host.link("dir/link", outside.path(target));
        refused(&host, "dir/link", LinkProblem::LeavesTree);
    }
    // Not even to what only begins with the same name.
    let both = Host::with(&[("tree/file", b""), ("tree2/file", b"secret")]);
    both.link("tree/link", "../tree2/file");
    let mut image = image();
    let error = image
        .root_mut()
        .add_tree(both.path("tree"), false)
        .unwrap_err();
    let left = matches!(
        error,
        Error::UnresolvableLink {
            problem: LinkProblem::LeavesTree,
            ..
        }
    );
    assert!(left, "{error}");
}

#[test]
fn links_that_dangle_are_refused() {
    let host = Host::with(&[("file", b"")]);
    host.link("link", "none");
    refused(&host, "link", LinkProblem::Dangles);
    // One that leads to itself leads nowhere.
    let host = Host::with(&[("file", b"")]);
    host.link("link", "link");
    refused(&host, "link", LinkProblem::Dangles);
}

#[test]
fn links_to_an_ancestor_are_refused() {
    for (link, target) in [
        ("link", "."),
        ("a/link", ".."),
        ("a/b/link", "../../a"),
        ("a/b/link", "."),
    ] {
        let host = Host::with(&[("a/b/file", b"")]);
        host.link(link, target);
        refused(&host, link, LinkProblem::LeadsToAncestor);
    }
}

#[test]
fn two_directories_that_lead_to_each_other_end_somewhere() {
    let host = Host::with(&[("a/file", b"a"), ("b/file", b"b")]);
    host.link("a/to-b", "../b");
    host.link("b/to-a", "../a");
    let mut image = image();
    let error = add(&mut image, &host, LinkPolicy::Follow).unwrap_err();
    assert!(matches!(error, Error::UnresolvableLink { .. }), "{error}");
    let summary = add(&mut image, &host, SKIP).unwrap();
    assert_eq!(
        paths(&image),
        [
            "/a/",
            "/a/file",
            "/a/to-b/",
            "/a/to-b/file",
            "/b/",
            "/b/file",
            "/b/to-a/",
            "/b/to-a/file"
        ]
    );
    assert_eq!(summary.left_out.len(), 2);
    check(&image);
}

#[test]
fn links_to_what_is_left_out_are_refused() {
    let host = Host::with(&[("file", b""), ("skipped/x", b""), ("out.iso", b"")]);
    host.link("link", "skipped/x");
    let options = TreeOptions::new().exclude(host.path("skipped"));
    let mut image = image();
    let error = image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap_err();
    let left_out = matches!(
        error,
        Error::UnresolvableLink {
            problem: LinkProblem::LeftOut,
            ..
        }
    );
    assert!(left_out, "{error}");
    let summary = image
        .root_mut()
        .add_tree_with(host.root(), &options.links(SKIP))
        .unwrap();
    assert_eq!(paths(&image), ["/file", "/out.iso"]);
    assert_eq!(summary.left_out.len(), 2);

    // The working directory is left out as well.
    let host = Host::with(&[("work/x", b"")]);
    host.link("link", "work");
    let mut image = self::image();
    image.set_working_directory(host.path("work")).unwrap();
    let error = add(&mut image, &host, LinkPolicy::Follow).unwrap_err();
    assert!(matches!(error, Error::UnresolvableLink { .. }), "{error}");
}

#[test]
fn links_are_skipped_or_refused_if_that_is_wanted() {
    let host = Host::with(&[("dir/file", b"data")]);
    host.link("a", "dir/file");
    host.link("dir/up", "..");
    host.link("to dir", "dir");
    let mut image = image();
    let summary = add(&mut image, &host, LinkPolicy::Skip).unwrap();
    assert_eq!(paths(&image), ["/dir/", "/dir/file"]);
    let mut left_out: Vec<_> = summary
        .left_out
        .iter()
        .map(|left| (left.path.clone(), left.reason))
        .collect();
    left_out.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        left_out,
        ["a", "dir/up", "to dir"].map(|path| (host.path(path), LeftOutReason::Link))
    );

    let before = state(&image);
    let error = add(&mut image, &host, LinkPolicy::Error).unwrap_err();
    assert!(matches!(error, Error::LinkNotAllowed { .. }), "{error}");
    assert_eq!(error.file(), Some(&*host.path("a")));
    assert_eq!(state(&image), before);
}

#[test]
fn special_files_are_refused_or_skipped() {
    let fifo = Host::with(&[("file", b"")]);
    fifo.fifo("special");
    let socket = Host::with(&[("file", b"")]);
    let _listener = std::os::unix::net::UnixListener::bind(socket.path("special")).unwrap();
    // A link to one is one.
    let linked = Host::with(&[("file", b"")]);
    linked.fifo("special");
    linked.link("a link", "special");

    for (host, count) in [(&fifo, 1), (&socket, 1), (&linked, 2)] {
        let mut image = image();
        let before = state(&image);
        for links in [LinkPolicy::Follow, LinkPolicy::Error] {
            let error = add(&mut image, host, links).unwrap_err();
            match &error {
                Error::SpecialFile { file, .. } => assert!(file.starts_with(host.root())),
                Error::LinkNotAllowed { .. } => assert_eq!(count, 2),
                error => panic!("{error}"),
            }
            assert_eq!(state(&image), before);
        }
        for links in [LinkPolicy::Skip, SKIP] {
            let summary = add(&mut image, host, links).unwrap();
            assert_eq!(paths(&image), ["/file"]);
            assert_eq!(summary.left_out.len(), count);
            let special = summary
                .left_out
                .iter()
                .find(|left| left.path == host.path("special"));
            assert_eq!(special.unwrap().reason, LeftOutReason::Special);
        }
    }
    for special in [&*fifo.path("special"), "/dev/null".as_ref()] {
        let mut image = image();
        let root = image.root_mut();
        let error = root.add_tree(special, false).unwrap_err();
        assert!(matches!(error, Error::SpecialFile { .. }), "{error}");
        assert_eq!(error.file(), Some(special));
        let error = root.add_file("a", special).unwrap_err();
        assert!(matches!(error, Error::SpecialFile { .. }), "{error}");
    }
}

#[test]
fn links_are_staged_as_what_they_lead_to() {
    let host = Host::with(&[("dir/file", &[1; 5000])]);
    host.link("a", "dir/file");
    host.link("b", "dir");
    let mut image = image();
    image.set_stage_files(true);
    add(&mut image, &host, LinkPolicy::Follow).unwrap();
    drop(host);
    share(&image, &["a", "b/file", "dir/file"], &[]);
    assert_eq!(all(image.item("a").unwrap().data().unwrap()), [1; 5000]);
}

#[test]
fn a_link_replaces_what_has_its_name() {
    let host = Host::with(&[("file", b"from the source")]);
    host.link("link", "file");
    let mut image = image();
    image.root_mut().add_file("link", b"old").unwrap();
    add(&mut image, &host, LinkPolicy::Follow).unwrap();
    share(&image, &["file", "link"], &[]);
    // A directory is not replaced.
    let mut image = self::image();
    image.root_mut().add_directory("link").unwrap();
    let before = state(&image);
    let error = add(&mut image, &host, LinkPolicy::Follow).unwrap_err();
    assert!(matches!(error, Error::DuplicateName { .. }), "{error}");
    assert_eq!(state(&image), before);
}

#[test]
fn what_is_left_out_is_left_out_wherever_it_is_reached() {
    let host = Host::with(&[("dir/x", b""), ("dir/y", b"")]);
    host.link("link", "dir");
    let options = TreeOptions::new().exclude(host.path("dir/x"));
    let mut image = image();
    let root = image.root_mut();
    let summary = root.add_tree_with(host.root(), &options).unwrap();
    assert_eq!(paths(&image), ["/dir/", "/dir/y", "/link/", "/link/y"]);
    assert_eq!(summary.left_out.len(), 2);
    assert!(
        summary
            .left_out
            .iter()
            .all(|left| left.path == host.path("dir/x"))
    );
    let text = format!("{}: is excluded", host.path("dir/x").display());
    assert_eq!(summary.left_out[0].to_string(), text);
}

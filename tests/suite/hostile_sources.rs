//! Sources that somebody changes while they are added and read: whoever can write in a source must not get files into the
//! image that only the builder may read. Each attack happens at a call that the library makes.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use imapi2fs::{
    BootOptions, Change, Error, FileSystemImage, LinkPolicy, StagingPolicy, TreeOptions,
};

use crate::staging::data;
use crate::support::bytes::all;
use crate::support::host::set_modified;
use crate::support::{Disc, Host, UDF, image, image_of, paths, state};

const TIME: u64 = 1_000_000_000;

/// Files that only the builder may read, with the names, lengths and times of those in the source.
fn secrets() -> Host {
    let host = Host::with(&[
        ("file", b"secret"),
        ("other", b"secret"),
        ("sub/file", b"secret"),
    ]);
    for path in ["file", "other", "sub/file"] {
        host.set_modified(path, TIME);
    }
    host
}

/// A source with a directory to be replaced, and a file that is added before that directory is gone through.
fn source() -> Host {
    let host = Host::with(&[
        ("dir/file", b"public"),
        ("dir/other", b"public"),
        ("dir/sub/file", b"public"),
        ("trigger", b""),
    ]);
    for path in ["dir/file", "dir/other", "dir/sub/file"] {
        host.set_modified(path, TIME);
    }
    host
}

/// Puts a link in the place of a directory or file.
fn replace_by_link(path: &Path, target: &Path) {
    fs::rename(path, path.with_extension("moved")).unwrap();
    std::os::unix::fs::symlink(target, path).unwrap();
}

/// An image that runs `attack` when the file at `path` in the image is added.
fn attacked(path: &'static str, attack: impl FnOnce() + Send + Sync + 'static) -> FileSystemImage {
    let mut image = image();
    let mut attack = Some(attack);
    image.set_add_progress(move |progress| {
        if progress.path.to_string() == path {
            if let Some(attack) = attack.take() {
                attack();
            }
        }
        ControlFlow::Continue(())
    });
    image
}

/// Attacks when it is asked about a directory for the first time, and has everything staged or nothing.
struct Attack {
    stage: bool,
    attack: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Attack {
    fn new(stage: bool, attack: impl FnOnce() + Send + 'static) -> Self {
        let attack = Mutex::new(Some(Box::new(attack) as Box<dyn FnOnce() + Send>));
        Self { stage, attack }
    }
}

impl std::fmt::Debug for Attack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Attack")
    }
}

impl StagingPolicy for Attack {
    fn may_vanish(&self, _: &Path) -> bool {
        if let Some(attack) = self.attack.lock().unwrap().take() {
            attack();
        }
        self.stage
    }
}

/// Checks that an image, whose making failed, has nothing of what was added.
#[track_caller]
fn is_empty(image: &FileSystemImage) {
    assert_eq!(paths(image), [""; 0]);
}

#[test]
fn a_directory_replaced_by_a_link_after_it_was_listed_is_not_followed() {
    for stage in [false, true] {
        for streams in [false, true] {
            let (host, secret) = (source(), secrets());
            let (dir, target) = (host.path("dir"), secret.root().to_owned());
            let mut image = attacked("/trigger", move || replace_by_link(&dir, &target));
            image.set_stage_files(stage);
            let options = TreeOptions::new().named_streams(streams);
            let added = image.root_mut().add_tree_with(host.root(), &options);
            let error = added.unwrap_err();
            assert!(matches!(error, Error::ReadDirectory(_)), "{error}");
            assert_eq!(error.file(), Some(&*host.path("dir")));
            is_empty(&image);
        }
    }
}

/// A directory further down is replaced when it has been listed.
#[test]
fn a_directory_below_a_replaced_one_is_not_followed() {
    let (host, secret) = (source(), secrets());
    let (dir, target) = (host.path("dir"), secret.root().to_owned());
    let mut image = attacked("/dir/other", move || replace_by_link(&dir, &target));
    let error = image.root_mut().add_tree(host.root(), false).unwrap_err();
    assert!(matches!(error, Error::ReadDirectory(_)), "{error}");
    assert_eq!(error.file(), Some(&*host.path("dir/sub")));
    is_empty(&image);
}

/// The link is part of the source and leads inside; what it leads to is replaced when that is known.
#[test]
fn a_linked_directory_that_is_replaced_by_a_link_is_not_followed() {
    let (host, secret) = (source(), secrets());
    host.link("a", "dir/sub");
    let (dir, target) = (host.path("dir"), secret.root().to_owned());
    let mut image = attacked("/trigger", move || replace_by_link(&dir, &target));
    let error = image.root_mut().add_tree(host.root(), false).unwrap_err();
    assert!(matches!(error, Error::ReadDirectory(_)), "{error}");
    assert_eq!(error.file(), Some(&*host.path("dir/sub")));
    is_empty(&image);
}

#[test]
fn a_linked_file_whose_directory_is_replaced_by_a_link_is_not_looked_at() {
    let (host, secret) = (source(), secrets());
    host.link("a", "dir/sub/file");
    let (dir, target) = (host.path("dir"), secret.root().to_owned());
    let mut image = attacked("/dir/sub/file", move || replace_by_link(&dir, &target));
    let error = image.root_mut().add_tree(host.root(), false).unwrap_err();
    assert!(matches!(error, Error::OpenSource { .. }), "{error}");
    assert_eq!(error.file(), Some(&*host.path("dir/sub/file")));
    is_empty(&image);
}

/// Reads all that an image has of a source.
fn read(image: &FileSystemImage) -> Result<u64, Error> {
    image.create_result_image()?.write_to(io::sink())
}

#[track_caller]
fn has_no_secret(image: &FileSystemImage) -> Error {
    for item in image
        .root()
        .descendants()
        .filter(|item| !item.is_directory())
    {
        if let Ok(data) = item.data() {
            let mut bytes = Vec::new();
            let _ = io::copy(&mut { data }, &mut bytes);
            assert!(bytes != b"secret", "{item:?}");
        }
    }
    read(image).expect_err("what was not added is read")
}

#[test]
fn a_directory_replaced_by_a_link_before_it_is_read_is_not_followed() {
    // What is replaced, how many files it has, and what the link leads to.
    for (replaced, files) in [("dir", 3), ("dir/sub", 1), ("dir", 1)] {
        let (host, secret) = (source(), secrets());
        if (replaced, files) == ("dir", 1) {
            fs::remove_file(host.path("dir/other")).unwrap();
            fs::remove_file(host.path("dir/file")).unwrap();
        }
        let mut image = image();
        image.root_mut().add_tree(host.root(), false).unwrap();
        assert!(read(&image).is_ok());
        replace_by_link(&host.path(replaced), secret.root());
        let error = has_no_secret(&image);
        assert!(matches!(error, Error::ReadSource { .. }), "{error}");
    }
}

#[test]
fn a_single_file_whose_directory_is_replaced_by_a_link_is_not_read() {
    let (host, secret) = (source(), secrets());
    let mut image = image();
    image
        .root_mut()
        .add_file("a", &*host.path("dir/file"))
        .unwrap();
    image
        .root_mut()
        .add_tree(host.path("dir/other"), false)
        .unwrap();
    replace_by_link(&host.path("dir"), secret.root());
    has_no_secret(&image);
}

#[test]
fn a_boot_image_whose_directory_is_replaced_by_a_link_is_not_read() {
    let (host, secret) = (source(), secrets());
    let boot = BootOptions::new(&*host.path("dir/file")).unwrap();
    let mut image = image();
    image.set_boot_image_options_array(vec![boot]).unwrap();
    assert!(read(&image).is_ok());
    replace_by_link(&host.path("dir"), secret.root());
    read(&image).unwrap_err();
}

/// Also a file that is not reached by a link at all.
#[test]
fn another_file_of_the_same_length_and_time_is_an_error() {
    let host = source();
    let mut image = image();
    image.root_mut().add_tree(host.root(), false).unwrap();
    host.file("dir/new", b"forged");
    host.set_modified("dir/new", TIME);
    fs::rename(host.path("dir/new"), host.path("dir/file")).unwrap();
    let error = read(&image).unwrap_err();
    let Error::SourceChanged { change, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*change, Change::Replaced);
    assert_eq!(error.path().unwrap().to_string(), "/dir/file");
    assert_eq!(error.file(), Some(&*host.path("dir/file")));

    let boot = host.file("boot", b"public");
    host.set_modified("boot", TIME);
    let options = BootOptions::new(&*boot).unwrap();
    host.file("new", b"forged");
    host.set_modified("new", TIME);
    fs::rename(host.path("new"), &boot).unwrap();
    let mut image = self::image();
    image.set_boot_image_options_array(vec![options]).unwrap();
    let error = read(&image).unwrap_err();
    let Error::BootImageChanged { change, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*change, Change::Replaced);
}

/// What takes the place of a file between finding and staging it.
#[test]
fn what_takes_the_place_of_a_file_before_it_is_staged_is_neither_followed_nor_waited_for() {
    let to_link = |file: &Path, secret: &Path| replace_by_link(file, secret);
    let to_fifo = |file: &Path, _: &Path| {
        fs::remove_file(file).unwrap();
        let status = std::process::Command::new("mkfifo").arg(file).status();
        assert!(status.unwrap().success());
    };
    let to_other = |file: &Path, _: &Path| {
        let new = file.with_extension("new");
        fs::write(&new, b"forged").unwrap();
        set_modified(&new, TIME);
        fs::rename(new, file).unwrap();
    };
    let attacks: [fn(&Path, &Path); 3] = [to_link, to_fifo, to_other];
    for attack in attacks {
        for as_tree in [false, true] {
            let (host, secret) = (source(), secrets());
            let file = host.path("dir/file");
            let mut image = image();
            let before = state(&image);
            let (replaced, target) = (file.clone(), secret.path("file"));
            image.set_staging_policy(Attack::new(true, move || attack(&replaced, &target)));
            let root = image.root_mut();
            let error = match as_tree {
                true => root.add_tree(&file, false).unwrap_err(),
                false => root.add_file("file", &*file).map(|_| ()).unwrap_err(),
            };
            assert_eq!(error.file(), Some(&*file), "{error}");
            assert_eq!(state(&image), before);
        }
    }
}

#[test]
fn a_staged_tree_whose_directory_is_moved_meanwhile_is_the_one_that_was_listed() {
    let (host, secret) = (source(), secrets());
    let (dir, target) = (host.path("dir"), secret.root().to_owned());
    // It attacks when the directory has been listed and is still open.
    let mut image = attacked("/dir/file", move || replace_by_link(&dir, &target));
    image.set_stage_files(true);
    fs::remove_dir_all(host.path("dir/sub")).unwrap();
    image.root_mut().add_tree(host.root(), false).unwrap();
    assert_eq!(data(&image, "dir/file"), b"public");
    assert_eq!(data(&image, "dir/other"), b"public");
}

#[cfg(target_os = "linux")]
#[test]
fn streams_are_those_of_the_file_that_was_listed() {
    let set = |path: &Path, name: &str, data: &[u8]| xattr::set(path, name, data);
    let (host, secret) = (source(), secrets());
    if let Err(error) = set(&host.path("dir/file"), "user.one", b"public") {
        // Only file systems without extended attributes are excused.
        assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{error}");
        return;
    }
    set(&secret.path("file"), "user.one", b"secret").unwrap();
    set(&secret.path("other"), "user.one", b"secret").unwrap();
    let (dir, target) = (host.path("dir"), secret.root().to_owned());
    let mut image = attacked("/dir/file", move || replace_by_link(&dir, &target));
    fs::remove_dir_all(host.path("dir/sub")).unwrap();
    let root = image.root_mut();
    root.add_tree_with_named_streams(host.root(), false)
        .unwrap();
    let stream = |path: &str| {
        let item = image.item(path).unwrap();
        item.named_streams()
            .map(|stream| all(stream.data().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(stream("dir/file"), [b"public"]);
    assert_eq!(stream("dir/other"), [b""; 0]);

    // Another file, in the same directory.
    let host = source();
    let file = host.path("dir/file");
    let target = secret.path("file");
    let mut image = attacked("/dir/file", move || {
        fs::rename(&file, file.with_extension("moved")).unwrap();
        fs::hard_link(&target, &file).unwrap();
    });
    let root = image.root_mut();
    let error = root
        .add_tree_with_named_streams(host.root(), false)
        .unwrap_err();
    let Error::SourceChanged { change, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*change, Change::Replaced);
    is_empty(&image);
}

/// Directories with links to the next, each of which makes a copy of it.
fn multiplying(directories: usize, links: usize) -> Host {
    let host = Host::new();
    for number in 0..directories {
        host.directory(&format!("{number}"));
        for link in 0..links {
            host.link(&format!("{number}/{link}"), format!("../{}", number + 1));
        }
    }
    host.file(&format!("{directories}/file"), b"data");
    host
}

#[test]
fn links_to_directories_that_multiply_end_with_an_error() {
    let host = multiplying(41, 80);
    // What the source has, of which not all has been met then.
    let most = 100_000 + 10 * (41 * 81 + 2);
    let follow = TreeOptions::new();
    let skip = TreeOptions::new().links(LinkPolicy::SkipUnresolvable);
    for (options, limits) in [
        (follow, 100_000..=most),
        (skip.max_copies(1000), 1000..=1000),
    ] {
        let mut image = image_of(UDF);
        let error = image
            .root_mut()
            .add_tree_with(host.root(), &options)
            .unwrap_err();
        let Error::TooManyCopies { link, limit, .. } = &error else {
            panic!("{error}");
        };
        assert!(
            link.starts_with(host.root()) && link.is_symlink(),
            "{link:?}"
        );
        assert_eq!(error.file(), Some(&**link));
        assert!(limits.contains(limit), "{limit}");
        is_empty(&image);
    }
    // Without them it is an ordinary tree.
    let mut image = image_of(UDF);
    let options = TreeOptions::new().links(LinkPolicy::Skip);
    let summary = image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap();
    assert_eq!((summary.directories, summary.files), (42, 1));
}

#[test]
fn as_many_copies_are_made_as_are_allowed() {
    // Below 1 and 2 there are copies of 2 and 3, each with all that is below it: 3 has one item, 2 three, 1 five.
    let host = multiplying(3, 2);
    let mut image = image_of(UDF);
    let mut copies = 0;
    let added = loop {
        let options = TreeOptions::new().max_copies(copies);
        match image.root_mut().add_tree_with(host.root(), &options) {
            Err(Error::TooManyCopies { limit, .. }) => assert_eq!(limit, copies),
            added => break added.unwrap(),
        }
        is_empty(&image);
        copies += 1;
    };
    // All items are the four directories and what is in them, of which seven are links and one is a file: the rest are
    // copies.
    let items = added.directories + added.files;
    assert_eq!(copies, items - (4 + 6 + 1));
    share_all(&image);
}

/// Checks that all files of an image, of which there are several, share one copy of their data.
#[track_caller]
fn share_all(image: &FileSystemImage) {
    let paths: Vec<_> = paths(image);
    let files: Vec<_> = paths.iter().filter(|path| !path.ends_with('/')).collect();
    assert!(files.len() > 1);
    let udf = Disc::new(image).udf();
    let first = &udf.entries[files[0].as_str()].extents;
    assert!(
        files
            .iter()
            .all(|path| udf.entries[path.as_str()].extents == *first)
    );
}

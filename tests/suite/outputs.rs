//! Where images go: what is replaced, what is refused, what is left behind, and who may read it.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::Path;

use fs4::FileExt;
use imapi2fs::{
    BootEmulation, BootOptions, Error, FileSystemImage, LeftOutReason, LinkPolicy, OutputFile,
    ResultImage, TreeOptions, WriteOptions, WriteProgress,
};

use crate::support::bytes::all;
use crate::support::host::names_in;
use crate::support::{Host, image};

fn go_on(_: WriteProgress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Writes to a path, by the output that is opened for it.
fn write(result: &ResultImage, path: &Path) -> imapi2fs::Result<u64> {
    result.write_to_file_with(path, &WriteOptions::new(), go_on)
}

fn write_to(result: &ResultImage, output: OutputFile) -> imapi2fs::Result<u64> {
    result.write_to_output_with(output, &WriteOptions::new(), go_on)
}

fn open(path: impl AsRef<Path>) -> OutputFile {
    OutputFile::open(path).unwrap()
}

/// The image of a tree, whose output is known when it is added.
fn added(root: &Path, output: &OutputFile) -> imapi2fs::Result<(FileSystemImage, Vec<String>)> {
    let mut image = image();
    let options = TreeOptions::new().output(output);
    let summary = image.root_mut().add_tree_with(root, &options)?;
    let left_out = summary.left_out.iter().map(ToString::to_string).collect();
    Ok((image, left_out))
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(result: imapi2fs::Result<T>, output: &Path, input: &Path) {
    match result {
        Err(Error::OutputIsSource {
            file,
            input: refused,
            ..
        }) => assert_eq!((file.as_path(), refused.as_path()), (output, input)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_image_is_not_written_over_its_source() {
    let host = Host::with(&[("one.txt", b"one"), ("empty", b"")]);
    for name in ["one.txt", "empty"] {
        let source = host.path(name);
        let data = fs::read(&source).unwrap();
        let other = host.path(&format!("other name of {name}"));
        fs::hard_link(&source, &other).unwrap();

        let mut image = image();
        let file = imapi2fs::Source::path(&source);
        image.root_mut().add_file("file", file).unwrap();
        let result = image.create_result_image().unwrap();
        for output in [&source, &other] {
            is_refused(write(&result, output), output, &source);
            assert_eq!(fs::read(output).unwrap(), data);

            // Where the tree is added, it is refused before anything is read.
            is_refused(added(&source, &open(output)), output, &source);
        }

        let output = open(&other).overwrite_source(true);
        let len = write_to(&result, output).unwrap();
        assert_eq!(fs::metadata(&other).unwrap().len(), len);
        assert_eq!(fs::read(&source).unwrap(), data);
        let output = open(&source).overwrite_source(true);
        write_to(&result, output).unwrap();
        assert!(fs::read(&source).unwrap() == fs::read(&other).unwrap());
    }
}

#[cfg(unix)]
#[test]
fn an_image_is_not_written_over_its_source_through_a_link() {
    let host = Host::with(&[("one.txt", b"one")]);
    let link = host.link("link", "one.txt");
    let mut image = image();
    let file = imapi2fs::Source::path(&link);
    image.root_mut().add_file("file", file).unwrap();
    let result = image.create_result_image().unwrap();
    is_refused(write(&result, &link), &link, &host.path("one.txt"));
    assert_eq!(fs::read(&link).unwrap(), b"one");
}

#[test]
fn an_image_is_not_written_over_its_boot_image() {
    let host = Host::with(&[("boot", &[7; 2048])]);
    let boot = host.path("boot");
    let mut options = BootOptions::new(boot.as_path()).unwrap();
    options.set_emulation(BootEmulation::None).unwrap();
    let mut image = image();
    image.set_boot_image_options(Some(options)).unwrap();
    let result = image.create_result_image().unwrap();
    is_refused(write(&result, &boot), &boot, &boot);
    assert_eq!(fs::read(&boot).unwrap(), [7; 2048]);
    let expected = all(result.image_stream());
    write_to(&result, open(&boot).overwrite_source(true)).unwrap();
    assert!(fs::read(&boot).unwrap() == expected);
}

#[test]
fn a_source_that_is_staged_is_not_overwritten_either() {
    let host = Host::with(&[("dir/one.txt", b"one")]);
    let other = host.path("other");
    fs::hard_link(host.path("dir/one.txt"), &other).unwrap();
    let mut image = image();
    image.set_stage_files(true);
    let options = TreeOptions::new().output(&open(&other));
    let added = image
        .root_mut()
        .add_tree_with(host.path("dir"), &options)
        .map(drop);
    is_refused(added, &other, &host.path("dir/one.txt"));
    assert_eq!(image.root().descendants().count(), 0);
}

#[test]
fn an_output_that_lies_in_the_source_is_refused_if_it_exists() {
    let host = Host::with(&[("a", b"a"), ("dir/out.iso", b"precious")]);
    let path = host.path("dir/out.iso");
    let error = added(host.root(), &open(&path)).unwrap_err();
    match &error {
        Error::OutputInSource {
            file, directory, ..
        } => {
            assert_eq!((file, directory.as_path()), (&path, host.root()));
        }
        other => panic!("{other:?}"),
    }
    assert!(error.to_string().contains("overwrite_source"), "{error}");

    let output = open(&path).overwrite_source(true);
    let (image, left_out) = added(host.root(), &output).unwrap();
    assert_eq!(left_out, [format!("{}: is the output", path.display())]);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    let result = image.create_result_image().unwrap();
    write_to(&result, output).unwrap();
    assert!(fs::read(&path).unwrap() == all(result.image_stream()));
    assert!(image.item("dir/out.iso").is_err());
}

#[test]
fn a_new_output_that_lies_in_the_source_is_left_out_and_said() {
    let host = Host::with(&[("a", b"a")]);
    host.directory("dir");
    let path = host.path("dir/out.iso");
    let output = open(&path);
    let (image, left_out) = added(host.root(), &output).unwrap();
    assert_eq!(left_out, [format!("{}: is the output", path.display())]);
    let result = image.create_result_image().unwrap();
    write_to(&result, output).unwrap();
    assert!(path.exists());

    // Elsewhere there is nothing to be said.
    let elsewhere = Host::new();
    let output = open(elsewhere.path("out.iso"));
    let (_, left_out) = added(&host.path("dir"), &output).unwrap();
    assert!(left_out.is_empty(), "{left_out:?}");
}

/// What a shell redirects standard output to.
#[test]
fn a_stream_into_the_source_is_left_out_if_it_is_empty() {
    let host = Host::with(&[("a", b"a"), ("dir/out.iso", b"")]);
    let path = host.path("dir/out.iso");
    let stream = || OutputFile::stream(File::options().append(true).open(&path).unwrap(), "-");
    let (image, left_out) = added(host.root(), &stream()).unwrap();
    assert_eq!(left_out, [format!("{}: is the output", path.display())]);
    let result = image.create_result_image().unwrap();
    write_to(&result, stream()).unwrap();
    assert!(fs::read(&path).unwrap() == all(result.image_stream()));

    // Appending to what is there would change it while it is read.
    is_refused(added(host.root(), &stream()), Path::new("-"), &path);
    // It is the whole source.
    fs::write(&path, "").unwrap();
    is_refused(added(&path, &stream()), Path::new("-"), &path);
}

#[test]
fn a_stream_to_a_source_is_refused_whatever_is_allowed() {
    let host = Host::with(&[("a", b"some bytes")]);
    let mut image = image();
    let file = imapi2fs::Source::path(host.path("a"));
    image.root_mut().add_file("a", file).unwrap();
    let result = image.create_result_image().unwrap();
    let file = File::options().append(true).open(host.path("a")).unwrap();
    let output = OutputFile::stream(file, "-").overwrite_source(true);
    is_refused(write_to(&result, output), Path::new("-"), &host.path("a"));
    assert_eq!(fs::read(host.path("a")).unwrap(), b"some bytes");
}

/// What a program that was killed left is known by its name and its length.
#[test]
fn what_a_killed_program_left_is_removed_and_named() {
    let host = Host::with(&[
        (".imapi2fs-abc123", &[0; 4096]),
        (".imapi2fs-XYZ789", b""),
        (".imapi2fs-locked", &[0; 2048]),
        (".imapi2fs-text00", b"somebody's"),
        (".imapi2fs-toolong", &[0; 2048]),
        (".imapi2fs-a-b-c-", &[0; 2048]),
        ("imapi2fs-abc123", &[0; 2048]),
    ]);
    host.directory(".imapi2fs-folder");
    let in_use = File::open(host.path(".imapi2fs-locked")).unwrap();
    FileExt::try_lock(&in_use).unwrap();

    let output = open(host.path("out.iso"));
    let removed = [".imapi2fs-XYZ789", ".imapi2fs-abc123"].map(|name| host.path(name));
    assert_eq!(output.removed(), removed);
    let mut left = vec![
        ".imapi2fs-a-b-c-",
        ".imapi2fs-folder",
        ".imapi2fs-locked",
        ".imapi2fs-text00",
        ".imapi2fs-toolong",
        "imapi2fs-abc123",
    ];
    assert_eq!(names_in(host.root()), left);

    drop(in_use);
    assert_eq!(open(host.path("out.iso")).removed().len(), 1);
    left.retain(|name| *name != ".imapi2fs-locked");
    assert_eq!(names_in(host.root()), left);
}

#[cfg(unix)]
#[test]
fn what_is_linked_is_not_taken_for_what_a_killed_program_left() {
    let host = Host::with(&[("keep", &[0; 2048]), ("same", &[0; 2048])]);
    fs::hard_link(host.path("same"), host.path(".imapi2fs-hard00")).unwrap();
    host.link(".imapi2fs-soft00", "keep");
    host.fifo(".imapi2fs-fifo00");
    assert!(open(host.path("out.iso")).removed().is_empty());
    assert_eq!(names_in(host.root()).len(), 5);
}

#[test]
fn what_a_killed_program_left_in_the_source_is_left_out_and_said() {
    let host = Host::with(&[
        ("dir/.imapi2fs-abc123", &[0; 4096]),
        ("dir/.imapi2fs-text00", b"somebody's"),
        ("dir/.imapi2fs-abc1234", &[0; 4096]),
    ]);
    let mut image = image();
    let options = TreeOptions::new().links(LinkPolicy::Error);
    let summary = image
        .root_mut()
        .add_tree_with(host.root(), &options)
        .unwrap();
    assert_eq!(summary.files, 2);
    assert_eq!(summary.left_out.len(), 1);
    assert_eq!(summary.left_out[0].path, host.path("dir/.imapi2fs-abc123"));
    assert_eq!(summary.left_out[0].reason, LeftOutReason::Unfinished);
    // Adding changes nothing.
    assert!(host.path("dir/.imapi2fs-abc123").exists());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_replaced_file_does_not_hand_down_set_user_id() {
        let host = Host::with(&[("out.iso", b"old")]);
        let path = host.path("out.iso");
        let result = image().create_result_image().unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o7754)).unwrap();
        assert_eq!(mode(&path), 0o7754);
        write(&result, &path).unwrap();
        assert_eq!(mode(&path), 0o754);
        assert_eq!(names_in(host.root()), ["out.iso"]);
    }

    #[test]
    fn a_replaced_file_keeps_its_group() {
        let host = Host::with(&[("out.iso", b"old")]);
        let path = host.path("out.iso");
        // Only root can give it to a group that nobody is in.
        if std::os::unix::fs::chown(&path, Some(12345), Some(54321)).is_err() {
            return;
        }
        let owner = fs::metadata(host.root()).unwrap().uid();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let result = image().create_result_image().unwrap();
        write(&result, &path).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (owner, 54321));
        assert_eq!(mode(&path), 0o640);
    }

    /// Of a file whose list gives user 12345 what the group does not have, the bits of the group are those of that user.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_replaced_file_hands_down_its_access_control_list() {
        const NAME: &str = "system.posix_acl_access";
        let entry = |tag: u16, bits: u16, id: u32| {
            let mut bytes = [0; 8];
            bytes[..2].copy_from_slice(&tag.to_le_bytes());
            bytes[2..4].copy_from_slice(&bits.to_le_bytes());
            bytes[4..].copy_from_slice(&id.to_le_bytes());
            bytes
        };
        let nobody = u32::MAX;
        // The owner, user 12345, the group, the mask, others.
        let mut list = 2_u32.to_le_bytes().to_vec();
        for bytes in [
            entry(1, 6, nobody),
            entry(2, 6, 12345),
            entry(4, 0, nobody),
            entry(16, 6, nobody),
            entry(32, 0, nobody),
        ] {
            list.extend(bytes);
        }

        let host = Host::with(&[("out.iso", b"old")]);
        let path = host.path("out.iso");
        if xattr::set(&path, NAME, &list).is_err() {
            // This file system has no such lists.
            return;
        }
        assert_eq!(mode(&path), 0o660);
        let result = image().create_result_image().unwrap();
        write(&result, &path).unwrap();
        assert_eq!(mode(&path), 0o660);
        assert_eq!(xattr::get(&path, NAME).unwrap().unwrap(), list);

        // And one without a list gets none, whatever its directory gives to new files.
        xattr::set(host.root(), "system.posix_acl_default", &list).unwrap();
        let plain = host.path("plain.iso");
        fs::write(&plain, "old").unwrap();
        xattr::remove(&plain, NAME).unwrap();
        fs::set_permissions(&plain, PermissionsExt::from_mode(0o640)).unwrap();
        write(&result, &plain).unwrap();
        assert_eq!(xattr::get(&plain, NAME).unwrap(), None);
        assert_eq!(mode(&plain), 0o640);
    }

    /// A directory in which nothing can be made, for anybody but root.
    #[test]
    fn a_file_that_cannot_be_replaced_is_written_in_place() {
        let host = Host::with(&[("dir/out.iso", b"old"), ("dir/source", b"a source")]);
        let path = host.path("dir/out.iso");
        let number = fs::metadata(&path).unwrap().ino();
        fs::set_permissions(host.path("dir"), PermissionsExt::from_mode(0o555)).unwrap();
        if File::create_new(host.path("dir/new")).is_ok() {
            // For root the example is tried where something is mounted on the file.
            fs::set_permissions(host.path("dir"), PermissionsExt::from_mode(0o755)).unwrap();
            return;
        }
        let mut image = image();
        let file = imapi2fs::Source::path(host.path("dir/source"));
        image.root_mut().add_file("file", file).unwrap();
        let result = image.create_result_image().unwrap();
        for options in [WriteOptions::new(), WriteOptions::new().sparse(true)] {
            result.write_to_file_with(&path, &options, go_on).unwrap();
            assert!(fs::read(&path).unwrap() == all(result.image_stream()));
            assert_eq!(fs::metadata(&path).unwrap().ino(), number);
        }

        // Half of an image would look like one.
        let cancelled = result.write_to_file_with(&path, &WriteOptions::new(), |progress| {
            match progress.bytes_done() {
                0 => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
        assert!(matches!(cancelled, Err(Error::Cancelled)));
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);

        // It would be gone before it is read.
        let source = host.path("dir/source");
        let output = open(&source).overwrite_source(true);
        let refused = write_to(&result, output);
        assert!(
            matches!(
                refused,
                Err(Error::WriteImage(_) | Error::OutputIsSource { .. })
            ),
            "{refused:?}"
        );
        assert_eq!(fs::read(&source).unwrap(), b"a source");
        fs::set_permissions(host.path("dir"), PermissionsExt::from_mode(0o755)).unwrap();
    }
}

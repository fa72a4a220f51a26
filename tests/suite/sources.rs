//! Where the data of files comes from, and what happens when it is not there any more.

#[cfg(unix)]
use std::fs;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
#[cfg(target_os = "linux")]
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use imapi2fs::{
    BootOptions, Error, FileSystemImage, FileSystems, MemoryDisc, Origin, RecordedDisc, Source,
};

use crate::support::bytes::all;
use crate::support::readers::{Failing, Hesitant, Numbered, numbered};
use crate::support::{Host, UDF, add_files, check, image, image_of, paths};

#[test]
fn data_comes_from_memory_a_path_or_a_reader() {
    let host = Host::with(&[("path", b"from a path")]);
    let mut image = image();
    let root = image.root_mut();
    root.add_file("array", *b"from an array").unwrap();
    root.add_file("reference", b"from a reference").unwrap();
    root.add_file("slice", &b"from a slice"[..]).unwrap();
    root.add_file("vector", b"from a vector".to_vec()).unwrap();
    root.add_file("bytes", Source::from(*b"from bytes"))
        .unwrap();
    root.add_file("path", host.path("path")).unwrap();
    root.add_file("same path", &*host.path("path")).unwrap();
    root.add_file("reader", Source::reader(Hesitant::new(*b"from a reader")))
        .unwrap();
    root.add_file("seekable", Source::seekable(Cursor::new(*b"from a cursor")))
        .unwrap();
    root.add_file("empty", Source::reader(io::empty())).unwrap();
    for (path, data) in [
        ("array", "from an array"),
        ("reference", "from a reference"),
        ("slice", "from a slice"),
        ("vector", "from a vector"),
        ("bytes", "from bytes"),
        ("path", "from a path"),
        ("same path", "from a path"),
        ("reader", "from a reader"),
        ("seekable", "from a cursor"),
        ("empty", ""),
    ] {
        let item = image.item(path).unwrap();
        assert_eq!(item.data_size(), data.len() as u64, "{path}");
        assert_eq!(all(item.data().unwrap()), data.as_bytes(), "{path}");
    }
    check(&image);
}

#[test]
fn a_seekable_reader_is_read_from_its_first_byte_as_often_as_needed() {
    let mut cursor = Cursor::new(b"0123456789".to_vec());
    cursor.seek(SeekFrom::Start(5)).unwrap();
    for stage_files in [false, true] {
        let mut image = image();
        image.set_stage_files(stage_files);
        image
            .root_mut()
            .add_file("a", Source::seekable(cursor.clone()))
            .unwrap();
        assert_eq!(image.item("a").unwrap().data_size(), 10);
        let first = check(&image).whole();
        assert!(check(&image).whole() == first);
        assert_eq!(all(image.item("a").unwrap().data().unwrap()), b"0123456789");
    }
}

#[test]
fn a_path_may_lead_over_links_but_not_to_a_directory() {
    let host = Host::with(&[("dir/file", b"data")]);
    let mut image = image();
    let error = image
        .root_mut()
        .add_file("a", host.path("dir"))
        .unwrap_err();
    assert!(matches!(error, Error::OpenSource { .. }), "{error}");
    #[cfg(unix)]
    {
        host.link("link", "dir");
        host.link("dir/other", "file");
        image
            .root_mut()
            .add_file("a", host.path("link/other"))
            .unwrap();
        fs::remove_file(host.path("link")).unwrap();
        fs::remove_file(host.path("dir/other")).unwrap();
        assert_eq!(all(image.item("a").unwrap().data().unwrap()), b"data");
        let fifo = host.fifo("fifo");
        let error = image.root_mut().add_file("b", fifo).unwrap_err();
        assert!(matches!(error, Error::SpecialFile { .. }), "{error}");
    }
}

#[test]
fn a_source_that_is_missing_is_named() {
    let host = Host::new();
    let mut image = image();
    for stage_files in [false, true] {
        image.set_stage_files(stage_files);
        let error = image
            .root_mut()
            .add_file("dir", host.path("none"))
            .unwrap_err();
        match &error {
            Error::OpenSource {
                path, file, source, ..
            } => {
                assert_eq!(
                    (path.to_string(), file),
                    ("/dir".to_owned(), &host.path("none"))
                );
                assert_eq!(source.kind(), io::ErrorKind::NotFound);
            }
            error => panic!("{error}"),
        }
        assert_eq!(paths(&image), [""; 0]);
    }
}

/// Who may read everything reads it, others are told what they may not.
#[cfg(unix)]
#[test]
fn a_source_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;

    let host = Host::with(&[("tree/file", b"data")]);
    let file = host.path("tree/file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).unwrap();
    let mut image = image();
    image.root_mut().add_tree(host.path("tree"), false).unwrap();
    let result = image.create_result_image().unwrap().write_to(io::sink());
    let mut staged = self::image();
    staged.set_stage_files(true);
    let added = staged.root_mut().add_tree(host.path("tree"), false);
    if File::open(&file).is_ok() {
        result.unwrap();
        added.unwrap();
        return;
    }
    let error = result.unwrap_err();
    assert!(matches!(error, Error::ReadSource { .. }), "{error}");
    assert_eq!(error.file(), Some(&*file));
    let error = added.unwrap_err();
    assert!(matches!(error, Error::OpenSource { .. }), "{error}");
    assert_eq!(error.file(), Some(&*file));
}

#[test]
fn a_reader_that_fails_is_named() {
    let mut image = image();
    image
        .root_mut()
        .add_file("before", Source::reader(&b"kept"[..]))
        .unwrap();
    for len in [0, 10, 3_000_000] {
        let error = image
            .root_mut()
            .add_file("a", Source::reader(Failing(len)))
            .unwrap_err();
        match error {
            Error::ReadSource {
                path,
                origin: Origin::Reader,
                source,
                ..
            } => {
                assert_eq!(path.to_string(), "/a");
                assert_eq!(source.to_string(), "no luck");
            }
            error => panic!("{error}"),
        }
        assert_eq!(paths(&image), ["/before"]);
    }
    image
        .root_mut()
        .add_file("behind", Source::reader(&b"also kept"[..]))
        .unwrap();
    assert_eq!(all(image.item("before").unwrap().data().unwrap()), b"kept");
    assert_eq!(
        all(image.item("behind").unwrap().data().unwrap()),
        b"also kept"
    );
    check(&image);
}

/// What is only remembered keeps no file open, and one reader opens one at a time, and the directory it is in.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_open_between_adding_and_reading() {
    use crate::support::host::open_files;

    let host = Host::new();
    for number in 0..100 {
        host.file(&format!("dir/{number:02}"), &[1; 3000]);
    }
    host.file("single", b"x");
    let open = |root: &Path| open_files(root).len();
    let mut image = image_of(UDF);
    image.root_mut().add_tree(host.path("dir"), false).unwrap();
    image
        .root_mut()
        .add_file("single", host.path("single"))
        .unwrap();
    assert_eq!(open(host.root()), 0);
    let result = image.create_result_image().unwrap();
    assert_eq!(open(host.root()), 0);
    let mut stream = result.image_stream();
    let mut some = vec![0; 2048 * 500];
    stream.read_exact(&mut some).unwrap();
    assert_eq!(open(host.root()), 2);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(open(host.root()) <= 2);
    drop(stream);
    result.write_to(io::sink()).unwrap();
    result.read_at(0, &mut some).unwrap();
    assert_eq!(open(host.root()), 0);
}

#[test]
fn any_part_of_a_source_can_be_read() {
    let len = 300_000;
    let mut image = image_of(UDF);
    image
        .root_mut()
        .add_file("a", Source::seekable(Numbered::new(len)))
        .unwrap();
    let mut data = image.item("a").unwrap().data().unwrap();
    for at in [0, 1, 2047, 2048, 299_999, 150_000] {
        data.seek(SeekFrom::Start(at)).unwrap();
        let mut part = vec![0; 5000.min((len - at) as usize)];
        let mut expected = part.clone();
        data.read_exact(&mut part).unwrap();
        numbered(at, &mut expected);
        assert!(part == expected);
    }
    data.seek(SeekFrom::Start(len + 10)).unwrap();
    assert_eq!(data.read(&mut [0; 10]).unwrap(), 0);
}

/// Text was not taken for content at all.
#[test]
fn text_is_the_content_of_a_file_and_not_its_path() {
    let mut image = image();
    let root = image.root_mut();
    root.add_file("str", "text").unwrap();
    root.add_file("string", String::from("Text")).unwrap();
    root.add_file("arc", Arc::<[u8]>::from(*b"shared")).unwrap();
    for (path, data) in [("str", "text"), ("string", "Text"), ("arc", "shared")] {
        assert_eq!(
            all(image.item(path).unwrap().data().unwrap()),
            data.as_bytes()
        );
    }
    check(&image);
}

#[test]
fn an_open_file_is_read_from_its_first_byte() {
    let host = Host::with(&[("a", b"0123456789")]);
    let mut file = File::open(host.path("a")).unwrap();
    file.seek(SeekFrom::Start(5)).unwrap();
    let mut image = image();
    image.root_mut().add_file("a", file).unwrap();
    assert_eq!(all(image.item("a").unwrap().data().unwrap()), b"0123456789");
    check(&image);
}

/// Bytes in memory whose place can be seen.
struct Held {
    bytes: Vec<u8>,
    asked_at: Arc<Mutex<Vec<usize>>>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        let at = self.bytes.as_ptr() as usize;
        self.asked_at.lock().unwrap().push(at);
        &self.bytes
    }
}

/// A vector of 300 MB took 598 MB.
#[test]
fn bytes_in_memory_are_read_where_they_are() {
    let bytes = vec![7; 10_000];
    let at = bytes.as_ptr() as usize;
    let asked_at = Arc::default();
    let held = Held {
        bytes,
        asked_at: Arc::clone(&asked_at),
    };
    let mut image = image();
    image
        .root_mut()
        .add_file("a", Source::shared(held))
        .unwrap();
    assert_eq!(all(image.item("a").unwrap().data().unwrap()), [7; 10_000]);
    let asked_at = asked_at.lock().unwrap();
    assert!(asked_at.len() >= 2 && asked_at.iter().all(|asked| *asked == at));
}

/// Bytes that become fewer each time somebody asks for them.
struct Shrinking(AtomicUsize);

impl AsRef<[u8]> for Shrinking {
    fn as_ref(&self) -> &[u8] {
        let len = self.0.load(Ordering::Relaxed);
        self.0.store(len / 2, Ordering::Relaxed);
        &[0; 4096][..len]
    }
}

#[test]
fn bytes_that_become_fewer_are_an_error() {
    let mut image = image();
    let source = Source::shared(Shrinking(AtomicUsize::new(4096)));
    image.root_mut().add_file("a", source).unwrap();
    let error = image
        .create_result_image()
        .unwrap()
        .write_to(io::sink())
        .unwrap_err();
    assert!(matches!(error, Error::SourceChanged { .. }), "{error}");
}

/// Sources of every kind, of which clones are kept.
fn all_kinds(host: &Host) -> Vec<Source> {
    vec![
        Source::from(vec![1; 5000]),
        Source::path(host.path("path")),
        Source::reader(Cursor::new(vec![3; 5000])),
        Source::seekable(Cursor::new(vec![4; 5000])),
    ]
}

/// Blocks of the files' data.
fn data_blocks(image: &FileSystemImage) -> usize {
    let result = image.create_result_image().unwrap();
    let items = result.progress_items();
    items
        .iter()
        .filter(|item| item.description().starts_with('/'))
        .map(|item| item.block_count() as usize)
        .sum()
}

#[test]
fn the_same_source_is_stored_once() {
    let host = Host::with(&[("path", &[2; 5000])]);
    for stage_files in [false, true] {
        for source in all_kinds(&host) {
            let mut image = image();
            image.set_stage_files(stage_files);
            let root = image.root_mut();
            root.add_file("a", source.clone()).unwrap();
            root.add_file("b", source.clone()).unwrap();
            let mut file = image.item_mut("a").unwrap();
            file.add_stream("s", source.clone()).unwrap();
            file.add_stream("t", source.clone()).unwrap();
            let data = all(image.item("a").unwrap().data().unwrap());
            assert_eq!(data.len(), 5000);
            assert_eq!(all(image.item("b").unwrap().data().unwrap()), data);
            assert_eq!(data_blocks(&image), 3, "{source:?}");
            check(&image);
        }
    }
    let shared = Arc::<[u8]>::from([5; 5000]);
    let mut image = image();
    image.root_mut().add_file("a", Arc::clone(&shared)).unwrap();
    image.root_mut().add_file("b", shared).unwrap();
    assert_eq!(data_blocks(&image), 3);
    check(&image);
}

/// A content's number is reused after a rollback; the source must not get the content that has it then.
#[test]
fn a_source_that_was_taken_back_or_removed_can_be_added_again() {
    let host = Host::with(&[("path", &[2; 5000])]);
    for source in all_kinds(&host) {
        let mut image = image();
        let before = image.change_point();
        image.root_mut().add_file("a", source.clone()).unwrap();
        let data = all(image.item("a").unwrap().data().unwrap());
        image.rollback_to_change_point(before).unwrap();
        let root = image.root_mut();
        root.add_file("other", "something else").unwrap();
        root.add_file("a", source.clone()).unwrap();
        root.remove("a").unwrap();
        image.lock_in_change_point();
        image.root_mut().add_file("b", source.clone()).unwrap();
        assert_eq!(all(image.item("b").unwrap().data().unwrap()), data);
        assert_eq!(
            all(image.item("other").unwrap().data().unwrap()),
            b"something else"
        );
        check(&image);
    }
}

#[test]
fn a_reader_that_can_be_read_once_goes_into_several_images_by_its_clones() {
    let source = Source::reader(Cursor::new(vec![3; 5000]));
    for _ in 0..3 {
        let mut image = image();
        image.root_mut().add_file("a", source.clone()).unwrap();
        assert_eq!(all(image.item("a").unwrap().data().unwrap()), [3; 5000]);
        check(&image);
    }
    let boot = BootOptions::new(source).unwrap();
    assert_eq!(all(boot.boot_image().unwrap()), [3; 5000]);
}

#[test]
fn a_reader_that_failed_is_not_taken_for_one_that_has_ended() {
    let source = Source::reader(Failing(1000));
    let mut image = image();
    for _ in 0..2 {
        let error = image.root_mut().add_file("a", source.clone()).unwrap_err();
        assert!(matches!(error, Error::ReadSource { .. }), "{error}");
    }
}

#[test]
fn a_file_of_a_disc_is_added_straight_from_it() {
    for file_systems in [FileSystems::ISO9660, FileSystems::UDF] {
        let mut recorded = image_of(file_systems);
        add_files(
            &mut recorded,
            &[("dir/small", b"few"), ("large", &[9; 70_000])],
        );
        let disc = MemoryDisc::new(check(&recorded).whole().to_vec());
        let disc = RecordedDisc::open(disc).unwrap();
        let volume = disc.best_volume().unwrap();
        for stage_files in [false, true] {
            let mut image = image();
            image.set_stage_files(stage_files);
            for (path, data) in [("dir/small", &b"few"[..]), ("large", &[9; 70_000])] {
                let item = volume.item(path).unwrap();
                let name = item.name().to_owned();
                image.root_mut().add_file(name.as_str(), &item).unwrap();
                assert_eq!(all(image.item(name).unwrap().data().unwrap()), data);
            }
            check(&image);
            let directory = volume.item("dir").unwrap();
            let error = image.root_mut().add_file("d", directory).unwrap_err();
            assert!(matches!(error, Error::ReadSource { .. }), "{error}");
            let cause = std::error::Error::source(&error).unwrap();
            assert!(cause.to_string().to_lowercase().contains("/dir"), "{cause}");
        }
    }
}

/// The copy of a reader was overwritten by that of the next one when the file was not added.
#[test]
fn a_reader_whose_file_was_not_added_keeps_its_data() {
    let source = Source::reader(Cursor::new(vec![1; 2048 * 100]));
    let mut image = image();
    let first = Source::reader(Cursor::new(vec![0; 2048]));
    image.root_mut().add_file("a", first).unwrap();
    let needed = image.used_blocks().unwrap();
    image.set_free_media_blocks(needed + 50).unwrap();
    let error = image.root_mut().add_file("b", source.clone()).unwrap_err();
    assert!(matches!(error, Error::ImageSizeLimit { .. }), "{error}");
    image.set_free_media_blocks(0).unwrap();
    let other = Source::reader(Cursor::new(vec![2; 2048 * 200]));
    image.root_mut().add_file("c", other).unwrap();
    image.root_mut().add_file("b", source.clone()).unwrap();
    assert!(all(image.item("b").unwrap().data().unwrap()) == vec![1; 2048 * 100]);
    assert!(all(image.item("c").unwrap().data().unwrap()) == vec![2; 2048 * 200]);
    check(&image);
}

/// The clone of a source that is read in place was shared by a file that has to be staged.
#[test]
fn a_source_is_staged_when_that_is_asked_for_later() {
    let host = Host::with(&[("path", &[2; 5000])]);
    let source = Source::path(host.path("path"));
    let mut image = image();
    image.root_mut().add_file("a", source.clone()).unwrap();
    image.set_stage_files(true);
    image.root_mut().add_file("b", source.clone()).unwrap();
    image.root_mut().remove("a").unwrap();
    std::fs::remove_file(host.path("path")).unwrap();
    assert_eq!(all(image.item("b").unwrap().data().unwrap()), [2; 5000]);
    check(&image);
}

/// The image held what it had been given as long as it lived.
#[test]
fn a_source_that_was_removed_for_good_is_let_go() {
    let bytes = Arc::<[u8]>::from([5; 5000]);
    let mut image = image();
    image.root_mut().add_file("a", Arc::clone(&bytes)).unwrap();
    image.root_mut().remove("a").unwrap();
    assert!(Arc::strong_count(&bytes) > 1);
    image.lock_in_change_point();
    assert_eq!(Arc::strong_count(&bytes), 1);
}

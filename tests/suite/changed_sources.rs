//! Files that are not what they were when they were added.

use std::fs::{self, File};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;

use imapi2fs::{Change, Error, FileSystemImage, Origin, Source};

use crate::support::{Disc, Host, UDF, check, image, image_of};

/// An image with one file of the host in it.
struct Changing {
    host: Host,
    image: FileSystemImage,
}

impl Changing {
    fn new() -> Self {
        let host = Host::with(&[("dir/file", &[b'x'; 5000])]);
        host.set_modified("dir/file", 1_000_000_000);
        let mut image = image();
        image.root_mut().add_tree(host.root(), false).unwrap();
        Self { host, image }
    }

    fn file(&self) -> PathBuf {
        self.host.path("dir/file")
    }

    /// The error that every way to read the file gives; whatever does not touch it can be read.
    #[track_caller]
    fn error(&self) -> Error {
        let result = self.image.create_result_image().unwrap();
        let mut written = Vec::new();
        let error = result.write_to(&mut written).unwrap_err();
        assert!(written.len() % 2048 == 0 && (written.len() as u64) < result.len());
        assert_eq!(error.path().unwrap().to_string(), "/dir/file");
        assert_eq!(error.file(), Some(&*self.file()));

        let entry = Disc::new(&self.image).udf().entries["/dir/file"].clone();
        let offset = u64::from(entry.extents[0].0) * 2048;
        let mut block = vec![0; 2048];
        let same = |other: Error| assert_eq!(other.to_string(), error.to_string());
        same(result.read_at(offset + 2048, &mut block).unwrap_err());
        let mut stream = result.image_stream();
        stream.seek(SeekFrom::Start(offset)).unwrap();
        let failed = stream.read_exact(&mut block).unwrap_err();
        same(failed.downcast::<Error>().unwrap());
        let item = self.image.item("dir/file").unwrap();
        match item.data() {
            Err(error) => same(error),
            Ok(mut data) => same(data.read_exact(&mut block).unwrap_err().downcast().unwrap()),
        }
        assert_eq!(result.read_at(offset - 2048, &mut block).unwrap(), 2048);
        error
    }
}

/// The lengths that an error is about: that when the source was added, and that which was found.
#[track_caller]
fn lengths(error: &Error) -> (u64, u64) {
    match error {
        Error::SourceChanged {
            change: Change::Length {
                expected, found, ..
            },
            ..
        } => (*expected, *found),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn change(error: &Error) -> Change {
    match error {
        Error::SourceChanged { change, .. } => *change,
        error => panic!("{error}"),
    }
}

#[test]
fn a_source_that_is_as_it_was_is_read() {
    let changing = Changing::new();
    // Being read and replaced by its equal is no change.
    fs::read(changing.file()).unwrap();
    fs::write(changing.file(), [b'x'; 5000]).unwrap();
    changing.host.set_modified("dir/file", 1_000_000_000);
    check(&changing.image);
}

#[test]
fn a_source_of_another_length_is_an_error() {
    for found in [0, 4999, 5001, 50_000] {
        let changing = Changing::new();
        fs::write(changing.file(), vec![b'x'; found]).unwrap();
        changing.host.set_modified("dir/file", 1_000_000_000);
        let found = found as u64;
        assert_eq!(lengths(&changing.error()), (5000, found));
    }
}

#[test]
fn a_source_of_another_time_is_an_error() {
    for seconds in [999_999_999, 1_000_000_001] {
        let changing = Changing::new();
        changing.host.set_modified("dir/file", seconds);
        assert_eq!(change(&changing.error()), Change::Modified);
    }
}

#[test]
fn a_source_that_vanished_is_an_error() {
    let changing = Changing::new();
    fs::remove_file(changing.file()).unwrap();
    let Error::ReadSource { source, .. } = changing.error() else {
        panic!();
    };
    assert_eq!(source.kind(), io::ErrorKind::NotFound);
    fs::remove_dir(changing.host.path("dir")).unwrap();
    changing.error();
}

#[test]
fn a_source_replaced_by_something_else_is_an_error() {
    let changing = Changing::new();
    fs::remove_file(changing.file()).unwrap();
    fs::create_dir(changing.file()).unwrap();
    let error = changing.error();
    #[cfg(unix)]
    assert_eq!(change(&error), Change::Kind);
    drop(error);

    #[cfg(unix)]
    {
        fs::remove_dir(changing.file()).unwrap();
        // Nobody writes into the fifo, and nobody waits for it.
        changing.host.fifo("dir/file");
        assert_eq!(change(&changing.error()), Change::Kind);

        fs::remove_file(changing.file()).unwrap();
        changing.host.file("other", &[b'x'; 5000]);
        changing.host.set_modified("other", 1_000_000_000);
        changing.host.link("dir/file", "../other");
        let error = changing.error();
        assert!(matches!(error, Error::ReadSource { .. }), "{error}");
    }
}

/// An empty file has no blocks, so nothing of it is read with the image.
#[test]
fn an_empty_source_that_has_data_since_is_an_error() {
    let host = Host::with(&[("dir/a", b""), ("dir/b", b""), ("dir/full", b"data")]);
    host.set_modified("dir/b", 1_000_000_000);
    for file in ["tree", "alone"] {
        let mut image = image();
        match file {
            "tree" => image
                .root_mut()
                .add_tree(host.path("dir"), false)
                .map(|_| ()),
            _ => image
                .root_mut()
                .add_file("b", &*host.path("dir/b"))
                .map(|_| ()),
        }
        .unwrap();
        check(&image);
        host.file("dir/b", b"since");
        host.set_modified("dir/b", 1_000_000_000);
        let error = image.create_result_image().unwrap_err();
        let (expected, found) = (0, 5);
        assert_eq!(lengths(&error), (expected, found));
        assert_eq!(error.path().unwrap().to_string(), "/b");
        assert_eq!(error.file(), Some(&*host.path("dir/b")));
        let error = image.item("b").unwrap().data().unwrap_err();
        assert_eq!(lengths(&error), (expected, found));
        // One that is gone cannot be vouched for.
        fs::remove_file(host.path("dir/b")).unwrap();
        let error = image.create_result_image().unwrap_err();
        assert!(matches!(error, Error::ReadSource { .. }), "{error}");
        // One that is not in the image does not matter.
        image.root_mut().remove("b").unwrap();
        image.create_result_image().unwrap();
        host.file("dir/b", b"");
        host.set_modified("dir/b", 1_000_000_000);
    }
}

/// Files of `/proc` have data and say that they have no bytes, those of `/sys` say that they have 4096 and have fewer.
#[cfg(target_os = "linux")]
#[test]
fn a_source_whose_length_is_not_what_the_system_says_is_an_error() {
    let proc = ("/proc/version", 0);
    let sys = ("/sys/devices/system/cpu/online", 4096);
    for (file, len) in [proc, sys] {
        // Where there is no `/sys`, the first is enough.
        let Ok(metadata) = fs::metadata(file) else {
            assert_ne!(file, proc.0);
            continue;
        };
        let content = fs::read(file).unwrap();
        assert_eq!(metadata.len(), len);
        assert_ne!(content.len() as u64, len);
        for as_tree in [false, true] {
            let mut image = image();
            let root = image.root_mut();
            match as_tree {
                true => root.add_tree(file, false).map(|_| ()),
                false => root
                    .add_file(file.rsplit('/').next().unwrap(), PathBuf::from(file))
                    .map(|_| ()),
            }
            .unwrap();
            let made = image.create_result_image();
            let error = made
                .and_then(|result| result.write_to(io::sink()))
                .unwrap_err();
            let Error::SourceLength { stated, found, .. } = error else {
                panic!("{error}");
            };
            assert_eq!(stated, len);
            assert_eq!(found, (len > 0).then_some(content.len() as u64));
            assert_eq!(error.file(), Some(file.as_ref()));
            assert!(error.to_string().contains("set_stage_files(true)"));
        }
        // Copied when it is added, it has what it has.
        let mut image = image();
        image.set_stage_files(true);
        image.root_mut().add_file("a", PathBuf::from(file)).unwrap();
        check(&image);
        let data = image.item("a").unwrap().data().unwrap();
        assert_eq!(crate::support::bytes::all(data), content);
    }
}

#[test]
fn a_source_that_is_cut_while_it_is_read_is_an_error() {
    let len = 4 << 20;
    let host = Host::new();
    let file = host.sparse_file("file", len);
    let mut image = image_of(UDF);
    image.root_mut().add_tree(host.root(), false).unwrap();
    let mut stream = image.create_result_image().unwrap().image_stream();
    let mut half = vec![0; 2 << 20];
    stream.read_exact(&mut half).unwrap();
    File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(3 << 20)
        .unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    let error = error.downcast::<Error>().unwrap();
    assert_eq!(lengths(&error), (len, 3 << 20));
    assert_eq!(error.path().unwrap().to_string(), "/file");
    assert_eq!(error.file(), Some(&*file));
}

#[test]
fn a_source_that_is_written_while_it_is_read_is_an_error() {
    let host = Host::new();
    host.sparse_file("file", 4 << 20);
    let mut image = image_of(UDF);
    image.root_mut().add_tree(host.root(), false).unwrap();
    let mut stream = image.create_result_image().unwrap().image_stream();
    let mut half = vec![0; 2 << 20];
    stream.read_exact(&mut half).unwrap();
    host.set_modified("file", 1_000_000_000);
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(
        change(&error.downcast::<Error>().unwrap()),
        Change::Modified
    );
}

#[test]
fn a_reader_that_holds_less_than_it_did_is_an_error() {
    /// Holds ten bytes when it is asked the first time, then five.
    struct Shrinking(Cursor<Vec<u8>>);

    impl Read for Shrinking {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.0.get_mut().truncate(5);
            self.0.read(buf)
        }
    }

    impl Seek for Shrinking {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    let mut image = image();
    let source = Source::seekable(Shrinking(Cursor::new(vec![1; 10])));
    image.root_mut().add_file("a", source).unwrap();
    let error = image
        .create_result_image()
        .unwrap()
        .write_to(io::sink())
        .unwrap_err();
    assert_eq!(lengths(&error), (10, 5));
    assert!(
        matches!(
            error,
            Error::SourceChanged {
                origin: Origin::Reader,
                ..
            }
        ),
        "{error}"
    );
}

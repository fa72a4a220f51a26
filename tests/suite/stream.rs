//! Reading an image: from anywhere, by anybody, always the same bytes.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::thread;

use imapi2fs::{
    BLOCK_SIZE, Error, FileSystemImage, FileSystems, ImagePath, Timestamp, WriteOptions,
};
use proptest::prelude::*;

use crate::support::bytes::{all, fnv1a};
use crate::support::random::{file_systems, grown, levels, model, revisions, trees};
use crate::support::{Disc, Host, add_files, at, check, image, image_at, masks};

/// An image of a little of everything.
fn sample() -> FileSystemImage {
    let mut image = image();
    add_files(
        &mut image,
        &[
            ("dir/a", &[1; 5000]),
            ("dir/b", b""),
            ("c", &[2; 2048]),
            ("d", b"d"),
        ],
    );
    image
}

#[test]
fn a_result_says_how_large_it_is() {
    let mut image = sample();
    image.set_volume_name("My disc").unwrap();
    let result = image.create_result_image().unwrap();
    assert_eq!((result.block_size(), BLOCK_SIZE), (2048, 2048));
    assert_eq!(result.len(), u64::from(result.total_blocks()) * 2048);
    assert_eq!(result.disc_id(), "My disc");
    assert_eq!(all(result.image_stream()).len() as u64, result.len());
}

#[test]
fn reads_end_at_the_end() {
    let result = sample().create_result_image().unwrap();
    let mut buf = [7; 5000];
    assert_eq!(result.read_at(result.len() - 10, &mut buf).unwrap(), 10);
    assert_eq!(buf[10], 7);
    for offset in [result.len(), result.len() + 1, u64::MAX] {
        assert_eq!(result.read_at(offset, &mut buf).unwrap(), 0);
    }
    assert_eq!(result.read_at(100, &mut []).unwrap(), 0);
}

#[test]
fn a_stream_is_sought_like_a_file() {
    let result = sample().create_result_image().unwrap();
    let whole = all(result.image_stream());
    let mut stream = result.image_stream();
    assert_eq!(stream.stream_position().unwrap(), 0);
    assert_eq!(stream.seek(SeekFrom::End(-5)).unwrap(), result.len() - 5);
    let mut buf = [0; 3];
    stream.read_exact(&mut buf).unwrap();
    assert_eq!(buf, whole[whole.len() - 5..whole.len() - 2]);
    assert_eq!(
        stream.seek(SeekFrom::Current(-3)).unwrap(),
        result.len() - 5
    );
    assert_eq!(all(&mut stream), whole[whole.len() - 5..]);
    assert_eq!(
        stream.seek(SeekFrom::Current(10)).unwrap(),
        result.len() + 10
    );
    assert_eq!(stream.read(&mut buf).unwrap(), 0);
    assert!(
        stream
            .seek(SeekFrom::End(-(whole.len() as i64) - 1))
            .is_err()
    );
    assert!(stream.seek(SeekFrom::Current(i64::MIN)).is_err());
    assert_eq!(stream.stream_position().unwrap(), result.len() + 10);
}

#[test]
fn clones_of_a_stream_have_positions_of_their_own() {
    let result = sample().create_result_image().unwrap();
    let whole = all(result.image_stream());
    let mut first = result.image_stream();
    let mut start = vec![0; 100_000];
    first.read_exact(&mut start).unwrap();
    let second = first.clone();
    drop(result);
    assert!(all(first) == whole[100_000..]);
    assert!(all(second) == whole[100_000..]);
}

#[test]
fn any_thread_reads_any_part() {
    let host = Host::with(&[("a", &[1; 50_000]), ("b", &[2; 3000]), ("dir/c", &[3; 1])]);
    let mut image = sample();
    image.root_mut().add_tree(host.root(), true).unwrap();
    image.set_stage_files(true);
    image.root_mut().add_file("staged", vec![4; 9000]).unwrap();
    let result = image.create_result_image().unwrap();
    let whole = all(result.image_stream());
    thread::scope(|scope| {
        for number in 0..4_usize {
            let (result, whole) = (&result, &whole);
            scope.spawn(move || {
                let mut stream = result.image_stream();
                for turn in 0..50_usize {
                    let at = (turn * 7919 + number * 104_729) * 31 % whole.len();
                    let mut buf = vec![0; 4000];
                    let len = result.read_at(at as u64, &mut buf).unwrap();
                    assert!(buf[..len] == whole[at..at + len]);
                    stream.seek(SeekFrom::Start(at as u64)).unwrap();
                    stream.read_exact(&mut buf[..len]).unwrap();
                    assert!(buf[..len] == whole[at..at + len]);
                }
                assert!(all(result.clone().image_stream()) == *whole);
            });
        }
    });
}

/// Takes little at a time, and fails when it is full.
struct Narrow {
    room: usize,
    flushed: bool,
    taken: Vec<u8>,
}

impl Write for Narrow {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let len = buf.len().min(1000).min(self.room);
        if len == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= len;
        self.taken.extend(&buf[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flushed = true;
        Ok(())
    }
}

#[test]
fn a_writer_gets_all_of_it_or_says_why_not() {
    let result = sample().create_result_image().unwrap();
    let whole = all(result.image_stream());
    let mut writer = Narrow {
        room: whole.len(),
        flushed: false,
        taken: Vec::new(),
    };
    assert_eq!(result.write_to(&mut writer).unwrap(), result.len());
    assert!(writer.taken == whole && writer.flushed);

    for room in [0, 1, whole.len() - 1] {
        let mut writer = Narrow {
            room,
            flushed: false,
            taken: Vec::new(),
        };
        let error = result.write_to(&mut writer).unwrap_err();
        let Error::Write { source, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert!(writer.taken == whole[..room]);
    }
}

#[test]
fn progress_goes_from_nothing_to_all() {
    let mut image = sample();
    image.root_mut().add_file("long", vec![5; 5 << 20]).unwrap();
    let result = image.create_result_image().unwrap();
    let mut steps = Vec::new();
    let mut whole = Vec::new();
    let len = result.write_to_with(&mut whole, &WriteOptions::new(), |progress| {
        assert_eq!(progress.bytes_total(), result.len());
        steps.push((progress.bytes_done(), progress.current()));
        ControlFlow::Continue(())
    });
    assert_eq!(len.unwrap(), result.len());
    assert!(whole == all(result.image_stream()));
    assert_eq!(steps[0], (0, "system area".to_owned()));
    assert_eq!(steps[steps.len() - 1], (result.len(), String::new()));
    assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(
        steps
            .windows(2)
            .all(|pair| pair[1].0 - pair[0].0 <= 1 << 20)
    );
    assert!(steps.iter().any(|(_, current)| current == "/long"));
    for (done, current) in &steps[..steps.len() - 1] {
        let block = (done / 2048) as u32;
        let item = result.progress_items().from_block(block).unwrap();
        assert_eq!(current, item.description());
    }
}

#[test]
fn writing_ends_when_the_caller_says_so() {
    let mut image = sample();
    image.root_mut().add_file("long", vec![5; 5 << 20]).unwrap();
    let result = image.create_result_image().unwrap();
    for limit in [0, 2 << 20] {
        let mut written = Vec::new();
        let error = result.write_to_with(&mut written, &WriteOptions::new(), |progress| {
            if progress.bytes_done() >= limit {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Cancelled), "{error}");
        assert_eq!(written.len() as u64, limit);
    }
}

#[test]
fn the_same_image_has_the_same_bytes() {
    for file_systems in masks() {
        let [first, second] = [(); 2].map(|()| {
            let mut image = image_at(file_systems, crate::support::LEVELS[1]);
            add_files(
                &mut image,
                &[("dir/a", &[1; 5000]), ("b", b"b"), ("B", b"")],
            );
            image
        });
        let bytes = Disc::new(&first).whole();
        assert!(Disc::new(&first).whole() == bytes);
        assert!(Disc::new(&second).whole() == bytes);
        assert!(
            thread::spawn(move || Disc::new(&second).whole())
                .join()
                .unwrap()
                == bytes
        );
    }
}

#[test]
fn time_enters_only_where_it_is_given() {
    let bytes = |time: &str| {
        let mut image = FileSystemImage::with_time(at(time));
        add_files(&mut image, &[("dir/a", b"data")]);
        Disc::new(&image).whole()
    };
    let moment = "2024-01-05T07:08:59Z";
    assert!(bytes(moment) == bytes(moment));
    assert!(bytes(moment) != bytes("2024-01-05T07:08:58Z"));
    // No two volumes made in a second are taken for the same.
    assert!(bytes(moment) != bytes("2024-01-05T07:08:59.5Z"));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 24 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever the tree, every file system has all of it, with the same data.
    #[test]
    fn every_file_system_has_the_whole_tree(
        seeds in trees(),
        file_systems in file_systems(),
        level in levels(),
        (revision, redundant) in revisions(),
    ) {
        let (mut image, expected) = grown(&seeds, file_systems, level);
        image.set_udf_revision(revision).unwrap();
        image.set_create_redundant_udf_metadata_files(redundant);
        check(&image);
        let found: Vec<ImagePath> = image.root().descendants().map(|item| item.full_path()).collect();
        prop_assert_eq!(found.len(), expected.len());
        for (path, data) in expected {
            let item = image.item(&path).unwrap();
            prop_assert_eq!(item.data().ok().map(all), data, "{}", path);
        }
    }

    /// Reading piecemeal from anywhere gives what one read from the start gives.
    #[test]
    fn any_read_agrees_with_the_whole(
        seeds in trees(),
        file_systems in file_systems(),
        level in levels(),
        (revision, redundant) in revisions(),
        session in prop_oneof![Just(0), 1..100_000_u32],
        reads in prop::collection::vec((any::<prop::sample::Index>(), 0..20_000_usize), 1..30),
    ) {
        let (mut image, _) = grown(&seeds, file_systems, level);
        image.set_session_start_block(session).unwrap();
        image.set_udf_revision(revision).unwrap();
        image.set_create_redundant_udf_metadata_files(redundant);
        let result = image.create_result_image().unwrap();
        let mut whole = Vec::new();
        result.write_to(&mut whole).unwrap();
        prop_assert_eq!(whole.len() as u64, result.len());
        let mut stream = result.image_stream();
        for (at, len) in reads {
            let at = at.index(whole.len());
            let expected = &whole[at..whole.len().min(at + len)];
            let mut buf = vec![0xAA; len];
            let read = result.read_at(at as u64, &mut buf).unwrap();
            prop_assert!(&buf[..read] == expected, "read_at {}", at);
            stream.seek(SeekFrom::Start(at as u64)).unwrap();
            let mut buf = vec![0xAA; expected.len()];
            stream.read_exact(&mut buf).unwrap();
            prop_assert!(buf == expected, "seek to {}", at);
        }
    }

    /// The order of adding leaves no trace.
    #[test]
    fn the_order_of_adding_does_not_matter(
        seeds in trees(),
        level in levels(),
        salt in any::<u64>(),
    ) {
        let items = model(&seeds);
        let bytes = |turn: u64| {
            let mut items = items.clone();
            if turn > 0 {
                // Directories first, as they must be; then as good as any order.
                items.sort_by_key(|(path, data, ..)| {
                    let depth = if data.is_some() { 99 } else { path.components().len() };
                    (depth, fnv1a(path.to_string().as_bytes()).wrapping_mul(salt | 1))
                });
            }
            let mut image = image_at(FileSystems::all(), level);
            for (path, data, hidden, time) in items {
                let (mut file, mut directory) = (None, None);
                match data {
                    Some(data) => file = Some(image.create_file_item(path, data).unwrap()),
                    None => directory = Some(image.create_directory_item(path).unwrap()),
                }
                let time: Timestamp = time;
                let root = image.root_mut();
                if let Some(file) = file {
                    root.add(file.with_hidden(hidden).with_last_modified_time(time)).unwrap();
                }
                if let Some(directory) = directory {
                    root.add(directory.with_hidden(hidden).with_last_modified_time(time)).unwrap();
                }
            }
            all(image.create_result_image().unwrap().image_stream())
        };
        prop_assert!(bytes(0) == bytes(1));
    }
}

//! The block map of an image.

use imapi2fs::{FileSystems, ProgressItem};
use proptest::prelude::*;

use crate::support::random::{file_systems, grown, levels, trees};
use crate::support::{Disc, Host, UDF, add_files, image, image_of, masks};

/// Looks whether the items follow each other from the first block to the last, and both look-ups find them.
#[track_caller]
pub(crate) fn check_items(disc: &Disc) -> Vec<ProgressItem> {
    let items: Vec<_> = disc.image.progress_items().iter().collect();
    assert_eq!(disc.image.progress_items().count(), items.len());
    let mut next = 0;
    for item in &items {
        assert_eq!(item.first_block(), next, "{item:?}");
        assert!(item.last_block() >= item.first_block());
        assert_eq!(item.block_count(), item.last_block() - next + 1);
        assert!(!item.description().is_empty());
        next = item.last_block() + 1;
        let middle = item.first_block() + item.block_count() / 2;
        for block in [item.first_block(), middle, item.last_block()] {
            let found = disc.image.progress_items().from_block(block);
            assert_eq!(found.as_ref(), Some(item), "block {block}");
        }
        let named = disc
            .image
            .progress_items()
            .from_description(item.description());
        let first = items
            .iter()
            .find(|other| other.description() == item.description());
        assert_eq!(named.as_ref(), first);
    }
    assert_eq!(next, disc.image.total_blocks());
    assert_eq!(disc.image.progress_items().from_block(next), None);
    assert_eq!(disc.image.progress_items().from_block(u32::MAX), None);
    items
}

#[test]
fn items_cover_the_image_without_gaps() {
    for file_systems in masks() {
        for session in [0, 1000] {
            let mut image = image_of(file_systems);
            image.set_session_start_block(session).unwrap();
            check_items(&Disc::new(&image));
            add_files(
                &mut image,
                &[("dir/a", &[1; 5000]), ("b", b""), ("c", b"c")],
            );
            let items = check_items(&Disc::new(&image));
            let named = |name: &str| {
                items
                    .iter()
                    .filter(|item| item.description() == name)
                    .count()
            };
            assert_eq!(named("system area"), 1);
            assert_eq!((named("/dir/a"), named("/c")), (1, 1));
            // Files without data have no blocks.
            assert_eq!((named("/b"), named("/dir")), (0, 0));
        }
    }
}

#[test]
fn items_are_gone_through_as_often_and_from_wherever_one_likes() {
    let mut image = image();
    add_files(&mut image, &[("a", b"a"), ("b", b"b"), ("c", b"c")]);
    let result = image.create_result_image().unwrap();
    let items = result.progress_items();
    let all: Vec<_> = items.iter().collect();
    assert!(all.len() > 4 && items.count() == all.len());
    let mut some = items.iter();
    assert_eq!(some.next().as_ref(), Some(&all[0]));
    let clone = some.clone();
    assert!(some.skip(2).eq(all[3..].iter().cloned()));
    assert!(clone.eq(all[1..].iter().cloned()));
    // Called again it begins again, and an item is found by its place.
    for (place, item) in all.iter().enumerate() {
        assert_eq!(items.iter().nth(place).as_ref(), Some(item));
    }
    assert_eq!(items.iter().nth(all.len()), None);
}

#[test]
fn files_are_where_the_file_systems_say() {
    let mut image = image();
    add_files(
        &mut image,
        &[("dir/a", &[1; 5000]), ("b", &[2; 2048]), ("c:d", b"c")],
    );
    image.set_session_start_block(64).unwrap();
    let disc = Disc::new(&image);
    for (path, entry) in disc.udf().entries {
        if entry.directory {
            continue;
        }
        let item = disc.image.progress_items().from_description(&path).unwrap();
        assert_eq!(item.first_block(), entry.extents[0].0 - 64, "{path}");
        assert_eq!(
            u64::from(item.block_count()),
            entry.len.div_ceil(2048),
            "{path}"
        );
    }
    assert_eq!(disc.image.progress_items().from_description("/none"), None);
    assert_eq!(disc.image.progress_items().from_description(""), None);
}

#[test]
fn a_file_of_several_names_has_one_item() {
    let host = Host::with(&[("a", &[1; 5000])]);
    std::fs::hard_link(host.path("a"), host.path("b")).unwrap();
    let mut image = image_of(UDF);
    image.root_mut().add_tree(host.root(), false).unwrap();
    let items = check_items(&Disc::new(&image));
    let data = items
        .iter()
        .filter(|item| item.description().starts_with('/'));
    assert_eq!(
        data.map(ProgressItem::description).collect::<Vec<_>>(),
        ["/a"]
    );
}

#[test]
fn structures_have_names() {
    let disc = Disc::new(&image());
    for (lba, name) in [
        (0, "system area"),
        (16, "ISO 9660 primary volume descriptor"),
        (17, "Joliet volume descriptor"),
        (18, "volume descriptor set terminator"),
        (19, "UDF volume recognition sequence"),
        (32, "UDF main volume descriptor sequence"),
        (256, "UDF anchor"),
        (disc.end() - 17, "UDF reserve volume descriptor sequence"),
        (disc.end() - 1, "UDF anchor"),
    ] {
        let item = disc.image.progress_items().from_block(lba).unwrap();
        assert_eq!(item.description(), name, "block {lba}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 10 } else { 100 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn items_of_any_image_cover_it(
        seeds in trees(),
        file_systems in file_systems(),
        level in levels(),
    ) {
        let (image, _) = grown(&seeds, file_systems, level);
        let disc = Disc::new(&image);
        let items = check_items(&disc);
        let described = items.iter().filter(|item| item.description().starts_with('/'));
        let with_data = image.root().descendants().filter(|item| item.data_size() > 0);
        prop_assert_eq!(described.count(), with_data.count());
        prop_assert!(FileSystems::all().contains(file_systems));
    }
}

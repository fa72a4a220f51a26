//! Every set of file systems at every interchange level, strict and not.

use imapi2fs::{FileSystemImage, ImagePath, InterchangeLevel, Source, Timestamp};

use crate::support::readers::Numbered;
use crate::support::{LEVELS, UDF, add_files, check, image_of, masks};

/// Calls `then` with an empty image of each kind there is.
fn each(mut then: impl FnMut(FileSystemImage)) {
    for file_systems in masks() {
        for level in LEVELS {
            for strict in [false, true] {
                let mut image = image_of(file_systems);
                image.set_strict_file_system_compliance(strict).unwrap();
                if !strict || level < InterchangeLevel::Three {
                    image.set_iso9660_interchange_level(level).unwrap();
                    then(image);
                }
            }
        }
    }
}

#[test]
fn an_empty_tree() {
    let mut images = 0;
    each(|image| {
        check(&image);
        images += 1;
    });
    assert_eq!(images, 5 * 5);
}

#[test]
fn a_tree_of_a_little_of_everything() {
    each(|mut image| {
        add_files(
            &mut image,
            &[
                ("Beyond the BMP/🎉🎉.text", b"party"),
                ("Beyond the BMP/漢字.text", &[1; 2048]),
                (
                    "Long/a name that is longer than level 1 has it.jpeg",
                    &[2; 5000],
                ),
                ("1/2/3/4/5/6/7/file", b"as deep as can be"),
                ("empty", b""),
            ],
        );
        for (number, seconds) in [i64::MIN, -62_135_596_801, -1, 1 << 33, i64::MAX]
            .into_iter()
            .enumerate()
        {
            let name = format!("date {number}");
            let root = image.root_mut();
            let mut item = root.add_file(name, b"old or new").unwrap();
            let time = Timestamp::from_unix(seconds);
            item.set_creation_time(Timestamp::from_unix(i64::MIN))
                .unwrap();
            item.set_last_modified_time(time).unwrap();
            item.set_last_accessed_time(time).unwrap();
            item.set_is_hidden(number % 2 == 0);
        }
        image.item_mut("Long").unwrap().set_is_hidden(true);
        if !image.strict_file_system_compliance() {
            let long = "n".repeat(200);
            for name in ["Case", "CASE", "case", "a:b?", "a\\b", &*long] {
                let path = ImagePath::from_components([name]);
                image.root_mut().add_file(path, name.as_bytes()).unwrap();
            }
            image.root_mut().add_directory("cASE").unwrap();
        }
        check(&image);
    });
}

#[test]
fn a_file_of_5_gib() {
    each(|mut image| {
        let source = Source::seekable(Numbered::new(5 << 30));
        image.root_mut().add_file("large", source).unwrap();
        let fits = image.file_systems_to_create() == UDF
            || image.iso9660_interchange_level() == InterchangeLevel::Three;
        assert_eq!(image.create_result_image().is_ok(), fits);
        if fits {
            check(&image);
        }
    });
}

#[test]
fn a_tree_of_12_levels() {
    each(|mut image| {
        let fits = image.file_systems_to_create() == UDF
            || image.iso9660_interchange_level() == InterchangeLevel::Three;
        let path = (2..=12).try_fold(ImagePath::root(), |path, level| {
            let path = path.join(format!("D{level}"));
            image.root_mut().add_directory(&path).map(|_| path)
        });
        assert_eq!(path.is_ok(), fits);
        check(&image);
    });
}

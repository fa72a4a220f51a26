//! Settings that come from the medium in a drive.

use std::io;

use imapi2fs::{
    Disc, FeatureSupport, FileSystems, InterchangeLevel, MediaType, Source, UdfRevision,
};

use crate::support::readers::Numbered;
use crate::support::{ISO9660, UDF, image, image_at};

/// A medium with nothing on it.
struct Blank {
    media: MediaType,
    free: u32,
    maximum: u32,
}

impl Disc for Blank {
    fn read_blocks(&self, _: u32, _: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other("nothing is recorded"))
    }

    fn total_blocks(&self) -> u32 {
        0
    }

    fn free_blocks(&self) -> u32 {
        self.free
    }

    fn maximum_blocks(&self) -> u32 {
        self.maximum
    }

    fn media_type(&self) -> MediaType {
        self.media
    }
}

fn blank(media: MediaType, free: u32) -> Blank {
    Blank {
        media,
        free,
        maximum: free + 1,
    }
}

#[test]
fn a_drive_sets_what_its_medium_takes() {
    for media in MediaType::WRITABLE {
        let mut by_type = image();
        by_type
            .choose_image_defaults_for_media_type(*media)
            .unwrap();
        let mut image = image();
        image.set_file_systems_to_create(ISO9660).unwrap();
        image.set_udf_revision(UdfRevision::V2_01).unwrap();
        let support = image.choose_image_defaults(&blank(*media, 5000)).unwrap();
        assert_eq!(support, FeatureSupport::Supported);
        assert_eq!(
            image.file_systems_to_create(),
            by_type.file_systems_to_create()
        );
        assert_eq!(image.udf_revision(), by_type.udf_revision());
        // What is free, not what such media have.
        assert_eq!(image.free_media_blocks(), 5000);
    }
}

/// Media of one type differ, and what such a medium usually has does not matter beside what this one says.
#[test]
fn what_is_free_is_judged_and_not_what_such_media_usually_have() {
    for (media, free, blocks) in [
        // Two layers.
        (MediaType::BdRe, 24_438_784, 15 << 20),
        // 90 minutes.
        (MediaType::CdR, 405_000, 370_000),
    ] {
        let mut image = image_at(FileSystems::all(), InterchangeLevel::Three);
        let content = Source::seekable(Numbered::new(blocks * 2048));
        image.root_mut().add_file("A", content).unwrap();
        image.choose_image_defaults(&blank(media, free)).unwrap();
        assert_eq!(image.free_media_blocks(), free);
        image.create_result_image().unwrap();
        let refused = image.choose_image_defaults_for_media_type(media);
        assert_eq!(refused.unwrap_err().hresult().0, 0xC0AA_B121, "{media}");
        assert_eq!(image.free_media_blocks(), free);
    }
}

#[test]
fn media_that_do_not_suit_are_refused() {
    let mut image = image();
    image.set_file_systems_to_create(UDF).unwrap();
    image.root_mut().add_file("A", vec![0; 1 << 20]).unwrap();
    let before = (image.file_systems_to_create(), image.free_media_blocks());
    for (media, free, code) in [
        (MediaType::Unknown, 5000, 0xC0AA_0203),
        (MediaType::DvdRom, 5000, 0xC0AA_0203),
        (MediaType::CdR, 500, 0xC0AA_B121),
        (MediaType::CdR, 0, 0xC0AA_B121),
    ] {
        let error = image
            .choose_image_defaults(&blank(media, free))
            .unwrap_err();
        assert_eq!(error.hresult().0, code);
        let after = (image.file_systems_to_create(), image.free_media_blocks());
        assert_eq!(after, before);
    }
    let refused = image.set_max_media_blocks_from_device(&blank(MediaType::CdR, 500));
    assert_eq!(refused.unwrap_err().hresult().0, 0xC0AA_B121);
    assert_eq!(image.free_media_blocks(), before.1);
}

#[test]
fn a_drive_tells_how_large_images_may_be() {
    let mut image = image();
    image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap();
    let drive = blank(MediaType::BdR, 10_000);
    image.set_max_media_blocks_from_device(&drive).unwrap();
    assert_eq!(image.free_media_blocks(), 10_001);
    assert_eq!(image.file_systems_to_create(), FileSystems::all());
    let silent = Blank {
        maximum: 0,
        ..drive
    };
    image.set_max_media_blocks_from_device(&silent).unwrap();
    assert_eq!(image.free_media_blocks(), 0);
}

//! `IsoImageManager`.

use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use imapi2fs::{BootOptions, Error, ImageProblem, IsoImageManager};
use tempfile::TempDir;

use crate::append::bytes_of;
use crate::support::bytes::{BLOCK, all};
use crate::support::{UDF, add_files, image_of, masks};

#[track_caller]
fn validated(bytes: impl Into<Vec<u8>>) -> Result<(), (u32, Error)> {
    let mut manager = IsoImageManager::new();
    manager.set_stream(Cursor::new(bytes.into()));
    manager
        .validate()
        .map_err(|error| (error.hresult().0, error))
}

const NOT_ALIGNED: u32 = 0xC0AA_B200;
const NO_VALID_VD_FOUND: u32 = 0xC0AA_B201;
const NO_IMAGE: u32 = 0xC0AA_B202;
const TOO_BIG: u32 = 0xC0AA_B203;

#[test]
fn images_of_all_file_systems_are_valid() {
    for file_systems in masks() {
        let mut image = image_of(file_systems);
        add_files(&mut image, &[("A", b"a")]);
        assert!(validated(bytes_of(&image)).is_ok());
    }
    let mut image = image_of(UDF);
    let boot = BootOptions::new([1]).unwrap();
    image.set_boot_image_options(Some(boot)).unwrap();
    assert!(validated(bytes_of(&image)).is_ok());
}

#[test]
fn an_image_is_a_path_or_a_stream() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("image.iso");
    let bytes = bytes_of(&image_of(UDF));
    fs::write(&file, &bytes).unwrap();

    let mut manager = IsoImageManager::new();
    assert!(manager.path().is_none() && manager.stream().is_none());
    assert_eq!(manager.validate().unwrap_err().hresult().0, NO_IMAGE);
    manager.set_path(&file).unwrap();
    assert_eq!(manager.path(), Some(&*file));
    // It can be read at once, also after something was wrong with it.
    manager.validate().unwrap();
    assert!(all(manager.stream().unwrap()) == bytes);
    manager.set_stream(Cursor::new(vec![7; 40_960]));
    manager.validate().unwrap_err();
    assert!(all(manager.stream().unwrap()) == [7; 40_960]);
    manager.set_path(&file).unwrap();

    for wrong in [dir.path().join("none"), dir.path().to_owned()] {
        let error = manager.set_path(&wrong).unwrap_err();
        assert_eq!(error.hresult().0, 0xC0AA_B110);
        assert_eq!(error.file(), Some(&*wrong));
    }
    // The last that worked stays; the last call wins.
    assert_eq!(manager.path(), Some(&*file));
    manager.set_stream(Cursor::new(vec![0; 5]));
    assert_eq!(manager.path(), None);
    assert_eq!(manager.validate().unwrap_err().hresult().0, NOT_ALIGNED);
    manager.set_path(&file).unwrap();
    manager.validate().unwrap();
}

#[test]
fn lengths_are_whole_blocks() {
    let mut bytes = bytes_of(&image_of(UDF));
    let len = bytes.len() as u64 + 1;
    bytes.push(0);
    let (code, error) = validated(bytes).unwrap_err();
    assert_eq!(code, NOT_ALIGNED);
    assert!(
        matches!(error, Error::InvalidImage { problem: ImageProblem::NotAligned { len: found, .. }, .. } if found == len)
    );
    // No bytes are whole blocks, but not an image.
    assert_eq!(validated([]).unwrap_err().0, NO_VALID_VD_FOUND);
}

/// A stream that says it has so many blocks, all zeros.
struct Long(u64);

impl Read for Long {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        buf.fill(0);
        Ok(buf.len())
    }
}

impl Seek for Long {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        Ok(match to {
            SeekFrom::Start(at) => at,
            _ => self.0 * 2048,
        })
    }
}

#[test]
fn imapi2_counts_blocks_in_31_bits() {
    for (blocks, expected) in [(0x7FFF_FFFF, NO_VALID_VD_FOUND), (0x8000_0000, TOO_BIG)] {
        let mut manager = IsoImageManager::new();
        manager.set_stream(Long(blocks));
        let error = manager.validate().unwrap_err();
        assert_eq!(error.hresult().0, expected);
    }
}

#[test]
fn a_descriptor_of_a_volume_is_needed() {
    let with = |descriptors: &[(u8, &[u8; 5], u8)]| {
        let mut bytes = vec![0; 32 * BLOCK];
        for (place, (descriptor_type, identifier, version)) in descriptors.iter().enumerate() {
            let block = &mut bytes[(16 + place) * BLOCK..];
            block[0] = *descriptor_type;
            block[1..6].copy_from_slice(*identifier);
            block[6] = *version;
        }
        validated(bytes).map_err(|(code, _)| code)
    };
    for good in [
        &[(1, b"CD001", 1)][..],
        &[(0, b"CD001", 1), (2, b"CD001", 2), (255, b"CD001", 1)],
        &[(0, b"BEA01", 1), (0, b"NSR02", 1), (0, b"TEA01", 1)],
        &[(255, b"CD001", 1), (0, b"BEA01", 1), (0, b"NSR03", 1)],
    ] {
        assert_eq!(with(good), Ok(()));
    }
    for bad in [
        &[][..],
        &[(0, b"CD001", 1), (255, b"CD001", 1)],
        &[(0, b"BEA01", 1), (0, b"TEA01", 1)],
        &[(1, b"CD001", 3)],
        &[(4, b"CD001", 1), (1, b"CD001", 1)],
        &[(1, b"CD002", 1)],
        &[(0, b"NSR04", 1)],
    ] {
        assert_eq!(with(bad), Err(NO_VALID_VD_FOUND));
    }
    // Sectors with their headers are no image.
    let image = bytes_of(&image_of(UDF));
    let raw: Vec<u8> = image
        .chunks(2048)
        .flat_map(|block| [&[0; 16][..], block, &[0; 288]].concat())
        .chain(vec![0; 2048 * 2048])
        .collect();
    let raw = &raw[..raw.len() / 2048 * 2048];
    assert_eq!(validated(raw).unwrap_err().0, NO_VALID_VD_FOUND);
}

//! El Torito: the boot record, the catalog, and the images, looked at byte by byte.

use std::fs;
use std::io::{Read, Seek, SeekFrom};

use imapi2fs::{
    BootEmulation, BootOptions, BootPlatform, BootProblem, Error, FileSystemImage, FileSystems,
    MultisessionInterface, RecordedBootEntry, RecordedDisc, Source, UdfRevision,
};
use tempfile::TempDir;

use crate::append::{bytes_of, disc, random_write, sequential, written};
use crate::support::bytes::{BLOCK, all, le16, le32};
use crate::support::{ISO9660, JOLIET, UDF, add_files, image_of, masks};

type Bytes = Vec<u8>;

fn block(bytes: &[u8], number: u32) -> &[u8] {
    &bytes[number as usize * BLOCK..][..BLOCK]
}

/// The block of the catalog, which the boot record names (El Torito, figure 7).
#[track_caller]
fn catalog(bytes: &[u8]) -> (u32, &[u8]) {
    let record = block(bytes, 17);
    assert_eq!(&record[..7], b"\x00CD001\x01");
    assert_eq!(&record[7..39], b"EL TORITO SPECIFICATION\0\0\0\0\0\0\0\0\0");
    assert!(record[39..71].iter().all(|byte| *byte == 0));
    assert!(record[75..].iter().all(|byte| *byte == 0));
    let at = le32(record, 71);
    (at, block(bytes, at))
}

fn bootable(file_systems: FileSystems, options: Vec<BootOptions>) -> FileSystemImage {
    let mut image = image_of(file_systems);
    add_files(&mut image, &[("A.TXT", b"a"), ("D/B.BIN", &[7; 3000])]);
    image.set_boot_image_options_array(options).unwrap();
    image
}

fn filled(len: usize) -> Bytes {
    (0..len)
        .map(|byte| (byte * 31 + byte / 256) as u8)
        .collect()
}

fn entries(bytes: &[u8]) -> Vec<RecordedBootEntry> {
    RecordedDisc::open(disc(bytes))
        .unwrap()
        .boot_entries()
        .unwrap()
}

#[track_caller]
fn fails<T: std::fmt::Debug>(result: imapi2fs::Result<T>) -> (u32, Error) {
    let error = result.unwrap_err();
    (error.hresult().0, error)
}

#[test]
fn the_usual_catalog_of_windows_media() {
    for file_systems in masks() {
        let mut bios = BootOptions::new(filled(4096)).unwrap();
        bios.set_emulation(BootEmulation::None).unwrap();
        bios.set_manufacturer("Microsoft Corporation").unwrap();
        let mut efi = BootOptions::new(filled(1_474_560)).unwrap();
        efi.set_platform_id(BootPlatform::Efi);
        efi.set_emulation(BootEmulation::None).unwrap();
        let bytes = bytes_of(&bootable(file_systems, vec![bios, efi]));

        let (_, catalog) = catalog(&bytes);
        let sum = catalog[..32]
            .chunks(2)
            .map(|word| le16(word, 0))
            .fold(0, u16::wrapping_add);
        assert_eq!(sum, 0);
        assert_eq!(&catalog[..4], [1, 0, 0, 0]);
        assert_eq!(&catalog[4..28], b"Microsoft Corporation\0\0\0");
        assert_eq!(&catalog[30..32], [0x55, 0xAA]);
        // Bootable, no emulation, default segment, 8 sectors.
        assert_eq!(&catalog[32..40], [0x88, 0, 0, 0, 0, 0, 8, 0]);
        let first = le32(catalog, 40);
        assert_eq!(&catalog[64..68], [0x91, 0xEF, 1, 0]);
        assert_eq!(&catalog[96..104], [0x88, 0, 0, 0, 0, 0, 0x40, 0x0B]);
        let second = le32(catalog, 104);
        assert!(catalog[108..].iter().all(|byte| *byte == 0));
        assert!(bytes[first as usize * BLOCK..].starts_with(&filled(4096)));
        assert!(bytes[second as usize * BLOCK..].starts_with(&filled(1_474_560)));
    }
}

#[test]
fn every_image_after_the_first_has_a_section() {
    let platforms = [
        BootPlatform::X86,
        BootPlatform::PowerPc,
        BootPlatform::Mac,
        BootPlatform::Efi,
        BootPlatform::Other(0x42),
    ];
    let options = (0..32_usize).map(|number| {
        let mut options = BootOptions::new(vec![number as u8; 600]).unwrap();
        options.set_platform_id(platforms[number % 5]);
        options
            .set_manufacturer(format!("number {number}"))
            .unwrap();
        options.set_load_segment(number as u16);
        options
    });
    let bytes = bytes_of(&bootable(ISO9660, options.collect()));
    let (_, catalog) = catalog(&bytes);
    for number in 1..32 {
        let header = &catalog[number * 64..][..32];
        assert_eq!(header[0], if number == 31 { 0x91 } else { 0x90 });
        assert_eq!(header[1], platforms[number % 5].id());
        assert_eq!(le16(header, 2), 1);
    }
    let entries = entries(&bytes);
    assert_eq!(entries.len(), 32);
    for (number, entry) in entries.iter().enumerate() {
        assert_eq!(entry.platform, platforms[number % 5]);
        assert_eq!(entry.manufacturer, format!("number {number}"));
        assert_eq!(usize::from(entry.load_segment), number);
        assert_eq!(entry.sector_count, 2);
        assert!(entry.is_bootable);
        assert_eq!(entry.emulation, Some(BootEmulation::None));
        assert_eq!(block(&bytes, entry.block)[..600], [number as u8; 600]);
    }
}

#[test]
fn options_are_kept_and_replaced() {
    let mut image = image_of(FileSystems::all());
    assert!(image.boot_image_options().is_none());
    assert!(image.boot_image_options_array().is_empty());
    let of_len = |len: usize| BootOptions::new(vec![1; len]).unwrap();
    image.set_boot_image_options(Some(of_len(10))).unwrap();
    assert_eq!(image.boot_image_options().unwrap().image_size(), Some(10));
    assert_eq!(image.boot_image_options_array().len(), 1);
    image
        .set_boot_image_options_array(vec![of_len(20), of_len(30)])
        .unwrap();
    assert_eq!(image.boot_image_options().unwrap().image_size(), Some(20));
    let too_many = image.set_boot_image_options_array(vec![of_len(1); 33]);
    assert_eq!(fails(too_many).0, 0xC0AA_B101);
    // As it was.
    assert_eq!(image.boot_image_options_array().len(), 2);
    image.set_boot_image_options(None).unwrap();
    assert!(image.boot_image_options().is_none());
    assert!(entries(&bytes_of(&image)).is_empty());
}

#[test]
fn properties_have_defaults_and_limits() {
    let mut options = BootOptions::new([1, 2, 3]).unwrap();
    assert_eq!(options.manufacturer(), "");
    assert_eq!(options.platform_id(), BootPlatform::X86);
    assert_eq!(options.emulation(), BootEmulation::None);
    assert_eq!(options.image_size(), Some(3));
    let mut image = options.boot_image().unwrap();
    assert_eq!(image.seek(SeekFrom::End(-1)).unwrap(), 2);
    assert_eq!(all(image), [3]);

    options.set_manufacturer("a".repeat(24)).unwrap();
    for wrong in ["a".repeat(25), "ä".to_owned(), "a\n".to_owned()] {
        assert_eq!(fails(options.set_manufacturer(wrong)).0, 0xC0AA_B101);
    }
    assert_eq!(options.manufacturer().len(), 24);
    options.assign_boot_image([9]).unwrap();
    assert_eq!(all(options.boot_image().unwrap()), [9]);

    let item = BootOptions::from_item("A.TXT");
    assert_eq!(item.image_size(), None);
    assert!(item.boot_image().is_none());
    for platform in ["x86", "powerpc", "mac", "efi", "0x42"] {
        let parsed: BootPlatform = platform.parse().unwrap();
        assert_eq!(parsed.to_string(), platform);
        assert_eq!(BootPlatform::from(parsed.id()), parsed);
    }
    for emulation in ["none", "1.2", "1.44", "2.88", "harddisk"] {
        let parsed: BootEmulation = emulation.parse().unwrap();
        assert_eq!(parsed.to_string(), emulation);
    }
    assert!("ppc".parse::<BootPlatform>().is_err());
    assert!("floppy".parse::<BootEmulation>().is_err());
}

const FLOPPIES: [(BootEmulation, usize); 3] = [
    (BootEmulation::Floppy12, 1_228_800),
    (BootEmulation::Floppy144, 1_474_560),
    (BootEmulation::Floppy288, 2_949_120),
];

#[test]
fn the_order_of_calls_does_not_matter() {
    for (floppy, len) in FLOPPIES {
        let mut options = BootOptions::new(vec![0; len]).unwrap();
        assert_eq!(options.emulation(), floppy);
        // EFI starts nothing with emulation.
        options.set_platform_id(BootPlatform::Efi);
        assert_eq!(options.emulation(), BootEmulation::None);
        options.set_emulation(floppy).unwrap();
        assert_eq!(options.emulation(), floppy);

        let mut before = BootOptions::new([0]).unwrap();
        before.set_emulation(BootEmulation::None).unwrap();
        before.assign_boot_image(vec![0; len]).unwrap();
        let mut after = BootOptions::new(vec![0; len]).unwrap();
        after.set_emulation(BootEmulation::None).unwrap();
        assert_eq!(before.emulation(), BootEmulation::None);
        assert_eq!(after.emulation(), BootEmulation::None);
    }
}

#[test]
fn floppy_disks_have_their_length() {
    for (floppy, len) in FLOPPIES {
        for wrong in [len - 1, len + 1, 512] {
            let mut options = BootOptions::new(vec![0; wrong]).unwrap();
            let (code, error) = fails(options.set_emulation(floppy));
            assert_eq!(code, 0xC0AA_B14A);
            let text = error.to_string();
            assert!(
                text.contains(&len.to_string()) && text.contains(&wrong.to_string()),
                "{text}"
            );
        }
        let mut options = BootOptions::new(vec![0; len]).unwrap();
        options.set_emulation(floppy).unwrap();
        assert_eq!(fails(options.assign_boot_image([0])).0, 0xC0AA_B14A);
        assert_eq!(options.image_size(), Some(len as u64));
        let found = entries(&bytes_of(&bootable(UDF, vec![options])));
        assert_eq!(found[0].emulation, Some(floppy));
        assert_eq!(found[0].sector_count, 1);
    }
    // Of a file of the image it is found out when it is laid out.
    let mut options = BootOptions::from_item("A.TXT");
    options.set_emulation(BootEmulation::Floppy12).unwrap();
    let image = bootable(UDF, vec![options]);
    assert_eq!(fails(image.create_result_image()).0, 0xC0AA_B14A);
}

fn hard_disk(types: &[u8]) -> Bytes {
    let mut disk = vec![0; 4096];
    for (place, partition_type) in types.iter().enumerate() {
        disk[446 + 16 * place + 4] = *partition_type;
    }
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk
}

#[test]
fn hard_disks_have_one_partition() {
    let boot_from = |disk: Bytes| {
        let mut options = BootOptions::new(disk).unwrap();
        options.set_emulation(BootEmulation::HardDisk).unwrap();
        bootable(ISO9660, vec![options])
    };
    for place in 0..4 {
        let mut types = [0; 4];
        types[place] = 0x0C;
        let found = entries(&bytes_of(&boot_from(hard_disk(&types))));
        assert_eq!(found[0].emulation, Some(BootEmulation::HardDisk));
        assert_eq!((found[0].system_type, found[0].sector_count), (0x0C, 1));
    }
    let mut unsigned = hard_disk(&[6]);
    unsigned[510] = 0;
    let mut uneven = hard_disk(&[6]);
    uneven.pop();
    for disk in [
        hard_disk(&[]),
        hard_disk(&[6, 0, 6]),
        unsigned,
        uneven,
        vec![0; 100],
    ] {
        let (code, error) = fails(boot_from(disk).create_result_image());
        assert_eq!(code, 0xC0AA_B148);
        let problem = BootProblem::Partitions;
        assert!(
            matches!(&error, Error::BootImage { number: 0, problem: found, .. } if *found == problem)
        );
    }
}

/// So many zeros.
struct Zeros(u64, u64);

impl Read for Zeros {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let len = (self.0 - self.1.min(self.0)).min(buf.len() as u64);
        buf[..len as usize].fill(0);
        self.1 += len;
        Ok(len as usize)
    }
}

impl Seek for Zeros {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.1 = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::End(at) => self.0.saturating_add_signed(at),
            SeekFrom::Current(at) => self.1.saturating_add_signed(at),
        };
        Ok(self.1)
    }
}

#[test]
fn sectors_are_counted_in_16_bits() {
    const MOST: u64 = 65_535 * 512;
    let of = |len: u64| {
        let mut options = BootOptions::new(Source::seekable(Zeros(len, 0))).unwrap();
        options.set_platform_id(BootPlatform::Efi);
        options
    };
    let first = |options: BootOptions| {
        let result = bootable(UDF, vec![options]).create_result_image().unwrap();
        let mut start = vec![0; 280 * BLOCK];
        assert_eq!(result.read_at(0, &mut start).unwrap(), start.len());
        let (_, catalog) = catalog(&start);
        le16(catalog, 38)
    };
    assert_eq!(first(of(MOST)), 65_535);
    let image = bootable(UDF, vec![BootOptions::new([1]).unwrap(), of(MOST + 1)]);
    let (code, error) = fails(image.create_result_image());
    assert_eq!(code, 0xC0AA_B148);
    assert!(error.to_string().contains("33553920"), "{error}");
    // A BIOS would load one sector.
    let mut bios = of(MOST + 1);
    bios.set_platform_id(BootPlatform::X86);
    bios.set_emulation(BootEmulation::None).unwrap();
    bios.set_reaches_end(true);
    let (code, error) = fails(bootable(UDF, vec![bios]).create_result_image());
    assert_eq!(code, 0xC0AA_B148);
    assert!(error.to_string().contains("33553920"), "{error}");
    // An EFI system of any length, if the caller asks for it (UEFI 2.10, 13.3.2.1).
    let mut long = of(MOST + 1);
    long.set_reaches_end(true);
    assert_eq!(first(long), 1);
    let mut short = of(MOST);
    short.set_reaches_end(true);
    assert_eq!(first(short), 65_535);
    let mut set = of(4096);
    set.set_sector_count(4);
    assert_eq!(first(set), 4);
}

/// The boot info table of an image of `len` bytes at `start`, from its recorded bytes.
fn table(image: &[u8], start: u32) -> Bytes {
    let mut padded = image[64..].to_vec();
    padded.resize(padded.len().next_multiple_of(4), 0);
    let sum = padded
        .chunks(4)
        .map(|word| le32(word, 0))
        .fold(0, u32::wrapping_add);
    let mut table = Vec::new();
    for word in [16, start, image.len() as u32, sum] {
        table.extend(word.to_le_bytes());
    }
    table.resize(56, 0);
    table
}

#[test]
fn images_are_told_where_they_are() {
    for len in [64, 65, 3001, 200_001] {
        for in_tree in [false, true] {
            for grub2 in [false, true] {
                if grub2 && len < 2556 {
                    continue;
                }
                let image = filled(len);
                let mut options = match in_tree {
                    true => BootOptions::from_item("BOOT.IMG"),
                    false => BootOptions::new(image.clone()).unwrap(),
                };
                options.set_emulation(BootEmulation::None).unwrap();
                options.set_boot_info_table(true);
                options.set_grub2_boot_info(grub2);
                let mut built = bootable(FileSystems::all(), vec![options]);
                add_files(&mut built, &[("BOOT.IMG", &image)]);
                let bytes = bytes_of(&built);
                let start = entries(&bytes)[0].block;
                let recorded = &bytes[start as usize * BLOCK..][..len];
                let mut expected = image.clone();
                if grub2 {
                    let sector = u64::from(start) * 4 + 5;
                    expected[2548..2556].copy_from_slice(&sector.to_le_bytes());
                }
                let table = table(&expected, start);
                expected[8..64].copy_from_slice(&table);
                assert!(recorded == expected, "{len} {in_tree} {grub2}");
                // The source is as it was.
                assert_eq!(all(built.item("BOOT.IMG").unwrap().data().unwrap()), image);
            }
        }
    }
    for (len, grub2) in [(63, false), (2555, true)] {
        let mut options = BootOptions::new(filled(len)).unwrap();
        options.set_boot_info_table(!grub2);
        options.set_grub2_boot_info(grub2);
        let image = bootable(ISO9660, vec![options]);
        assert_eq!(fails(image.create_result_image()).0, 0xC0AA_B148);
    }
}

/// What one entry changes in a file, the other sums up.
#[test]
fn two_entries_can_have_the_same_file() {
    for [first, second] in [["info", "table"], ["table", "info"], ["both", "both"]] {
        let image = filled(10_001);
        let of = |what: &str| {
            let mut options = BootOptions::from_item("BOOT.IMG");
            options.set_grub2_boot_info(what != "table");
            options.set_boot_info_table(what != "info");
            options
        };
        let mut built = bootable(ISO9660, vec![of(first), of(second)]);
        add_files(&mut built, &[("BOOT.IMG", &image)]);
        let bytes = bytes_of(&built);
        let start = entries(&bytes)[1].block;
        let recorded = &bytes[start as usize * BLOCK..][..image.len()];
        assert_eq!(recorded[8..64], table(recorded, start), "{first} {second}");
        let sector = u64::from(start) * 4 + 5;
        assert_eq!(recorded[2548..2556], sector.to_le_bytes());
    }
}

#[test]
fn a_file_must_be_one_that_can_boot() {
    let problem = |image: &FileSystemImage| match fails(image.create_result_image()) {
        (0xC0AA_B148, error) => {
            // It is known which file of the image it is about.
            assert_eq!(error.path(), Some(&"Boot".into()), "{error}");
            match error {
                Error::BootImage {
                    number: 0, problem, ..
                } => problem,
                error => panic!("{error}"),
            }
        }
        (_, error) => panic!("{error}"),
    };
    let mut image = bootable(ISO9660, vec![BootOptions::from_item("Boot")]);
    add_files(&mut image, &[("BOOT", b"1"), ("boot", b"2")]);
    let found = problem(&image);
    assert!(matches!(found, BootProblem::Ambiguous { matches: 2, .. }));
    assert!(found.to_string().contains("any of 2 items"), "{found}");
    image.root_mut().remove("boot").unwrap();
    image.create_result_image().unwrap();
    let root = image.root_mut();
    root.remove("BOOT").unwrap();
    root.add_file("Boot", Source::boot_catalog()).unwrap();
    assert_eq!(problem(&image), BootProblem::Catalog);
}

#[test]
fn any_part_of_a_changed_image_reads_the_same() {
    let mut options = BootOptions::new(filled(10_000)).unwrap();
    options.set_boot_info_table(true);
    options.set_grub2_boot_info(true);
    let mut image = bootable(UDF | ISO9660, vec![options]);
    image
        .root_mut()
        .add_file("BOOT.CAT", Source::boot_catalog())
        .unwrap();
    let result = image.create_result_image().unwrap();
    let whole = bytes_of(&image);
    for step in [1, 7, 56, 2047, 2049, 30_000] {
        let mut at = 200 * BLOCK + 1;
        while at < whole.len() {
            let mut part = vec![0; step.min(whole.len() - at)];
            result.read_at(at as u64, &mut part).unwrap();
            assert!(part == whole[at..at + part.len()], "{step} bytes at {at}");
            // Single bytes of all would take long.
            at += step.max(61);
        }
    }
}

#[test]
fn files_can_be_boot_images_and_the_catalog() {
    for file_systems in masks() {
        let mut image = bootable(file_systems, vec![BootOptions::from_item("D/B.BIN")]);
        image
            .root_mut()
            .add_file("BOOT.CAT", Source::boot_catalog())
            .unwrap();
        let before = image.used_blocks().unwrap();
        let bytes = bytes_of(&image);
        let (at, catalog) = catalog(&bytes);
        let disc = RecordedDisc::open(disc(&bytes)).unwrap();
        let first_byte = |path: &str, file_system| {
            let volume = disc.volume(file_system).unwrap();
            let item = volume.item(path).unwrap();
            let extent = item.extents().next().unwrap();
            extent.offset.unwrap()
        };
        for file_system in file_systems.iter() {
            assert_eq!(first_byte("BOOT.CAT", file_system), u64::from(at) * 2048);
            let boot = disc.boot_entries().unwrap()[0].block;
            assert_eq!(first_byte("D/B.BIN", file_system), u64::from(boot) * 2048);
            let volume = disc.volume(file_system).unwrap();
            assert!(all(volume.item("BOOT.CAT").unwrap().data().unwrap()) == catalog);
        }
        // They take no blocks but their own.
        image
            .set_boot_image_options_array(vec![BootOptions::new([1]).unwrap()])
            .unwrap();
        assert_eq!(image.used_blocks().unwrap(), before + 1);
        image.set_boot_image_options(None).unwrap();
        let (code, error) = fails(image.create_result_image());
        assert_eq!(code, 0xC0AA_B148);
        assert_eq!(error.path().unwrap().to_string(), "/BOOT.CAT");
    }
    for missing in ["NONE", "D", "D/NONE", "A.TXT/B"] {
        let image = bootable(ISO9660, vec![BootOptions::from_item(missing)]);
        let (code, error) = fails(image.create_result_image());
        assert_eq!(code, 0xC0AA_B148);
        assert!(error.to_string().contains(missing), "{error}");
    }
    // What is embedded has no block to start from.
    let mut image = bootable(UDF, vec![BootOptions::from_item("A.TXT")]);
    assert!(image.create_result_image().is_ok());
    image.set_embed_small_files(true);
    assert_eq!(fails(image.create_result_image()).0, 0xC0AA_B148);
    image.root_mut().add_file("EMPTY", b"").unwrap();
    image
        .set_boot_image_options(Some(BootOptions::from_item("EMPTY")))
        .unwrap();
    assert_eq!(fails(image.create_result_image()).0, 0xC0AA_B148);
}

#[test]
fn udf_alone_boots_by_a_stub_of_iso9660() {
    for revision in UdfRevision::ALL {
        for readme in [None, Some("Look into UDF.")] {
            let mut image = bootable(UDF, vec![BootOptions::new(filled(2048)).unwrap()]);
            image.set_udf_revision(*revision).unwrap();
            image.set_boot_readme(readme);
            let bytes = bytes_of(&image);
            assert_eq!(&block(&bytes, 16)[..6], b"\x01CD001");
            catalog(&bytes);
            assert_eq!(&block(&bytes, 18)[..6], b"\xFFCD001");
            assert_eq!(&block(&bytes, 19)[1..6], b"BEA01");
            let space_size = le32(block(&bytes, 16), 80);
            assert_eq!(space_size as usize * BLOCK, bytes.len());

            let disc = RecordedDisc::open(disc(&bytes)).unwrap();
            assert!(disc.session().is_boot_stub());
            assert_eq!(disc.default_file_system().unwrap(), UDF);
            let volume = disc.volume(ISO9660).unwrap();
            let items: Vec<_> = volume.walk().map(Result::unwrap).collect();
            assert_eq!(items.len(), readme.iter().len());
            for (item, text) in items.iter().zip(readme) {
                assert_eq!(item.path().to_string(), "/README.TXT");
                assert_eq!(all(item.data().unwrap()), text.as_bytes());
            }
            assert!(disc.volume(UDF).unwrap().item("D/B.BIN").is_ok());
        }
    }
    // Others are no stubs.
    let bytes = bytes_of(&bootable(
        ISO9660 | UDF,
        vec![BootOptions::new([1]).unwrap()],
    ));
    assert!(
        !RecordedDisc::open(disc(&bytes))
            .unwrap()
            .session()
            .is_boot_stub()
    );
}

#[test]
fn a_disc_with_a_stub_goes_on_booting() {
    let mut first = bootable(UDF, vec![BootOptions::new(filled(5000)).unwrap()]);
    first.set_boot_readme(Some("Look into UDF."));
    let bytes = bytes_of(&first);
    let old = entries(&bytes);
    let kinds: [fn(&[u8]) -> MultisessionInterface; 2] = [sequential, random_write];
    for kind in kinds {
        let mut image = image_of(UDF);
        image
            .set_multisession_interfaces(vec![kind(&bytes)])
            .unwrap();
        image.import_file_system().unwrap();
        assert_eq!(image.file_systems_to_create(), UDF);
        image.root_mut().add_file("NEW", b"new").unwrap();
        let result = image.create_result_image().unwrap();
        let new = written(&bytes, &result);
        let disc = RecordedDisc::open(disc(&new)).unwrap();
        assert!(disc.session().is_boot_stub());
        assert_eq!(disc.boot_entries().unwrap(), old);
        let readme = disc.volume(ISO9660).unwrap().item("README.TXT").unwrap();
        assert_eq!(all(readme.data().unwrap()), b"Look into UDF.");
        let volume = disc.volume(UDF).unwrap();
        assert!(volume.item("NEW").is_ok() && volume.item("A.TXT").is_ok());
        assert!(new[old[0].block as usize * BLOCK..].starts_with(&filled(5000)));
    }
}

#[test]
fn only_the_first_session_has_boot_images() {
    let bytes = bytes_of(&image_of(ISO9660 | JOLIET));
    let options = BootOptions::new([1]).unwrap();
    let mut image = image_of(ISO9660);
    image
        .set_multisession_interfaces(vec![sequential(&bytes)])
        .unwrap();
    image.set_boot_image_options(Some(options.clone())).unwrap();
    assert_eq!(fails(image.import_file_system()).0, 0xC0AA_B149);
    assert_eq!(
        fails(image.import_specific_file_system(ISO9660)).0,
        0xC0AA_B149
    );
    image.set_boot_image_options(None).unwrap();
    image.import_file_system().unwrap();
    assert_eq!(
        fails(image.set_boot_image_options(Some(options))).0,
        0xC0AA_B149
    );
    image.set_boot_image_options(None).unwrap();
}

#[test]
fn sources_are_of_every_kind_and_must_not_change() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("boot.img");
    fs::write(&file, filled(5000)).unwrap();
    for source in [
        Source::path(&file),
        Source::reader(std::io::Cursor::new(filled(5000))),
        Source::seekable(std::io::Cursor::new(filled(5000))),
        Source::from(filled(5000)),
    ] {
        let bytes = bytes_of(&bootable(ISO9660, vec![BootOptions::new(source).unwrap()]));
        let start = entries(&bytes)[0].block as usize;
        assert!(bytes[start * BLOCK..].starts_with(&filled(5000)));
        assert!(
            bytes[start * BLOCK + 5000..(start + 3) * BLOCK]
                .iter()
                .all(|byte| *byte == 0)
        );
    }

    let image = bootable(ISO9660, vec![BootOptions::new(file.as_path()).unwrap()]);
    let result = image.create_result_image().unwrap();
    fs::write(&file, filled(5001)).unwrap();
    let (code, error) = fails(result.write_to(std::io::sink()));
    assert_eq!(code, 0xC0AA_B128);
    assert!(error.file().is_some());
    fs::remove_file(&file).unwrap();
    let (code, error) = fails(result.write_to(std::io::sink()));
    assert_eq!(code, 0xC0AA_B148);
    assert!(error.file().unwrap().ends_with("boot.img"));
    for missing in [file.as_path(), dir.path()] {
        assert_eq!(fails(BootOptions::new(missing)).0, 0xC0AA_B148);
    }
    assert_eq!(
        fails(BootOptions::new(Source::boot_catalog())).0,
        0xC0AA_B148
    );
    let endless = Source::reader(std::io::repeat(0));
    assert_eq!(fails(BootOptions::new(endless)).0, 0xC0AA_B148);
    let mut image = image_of(ISO9660);
    let empty = BootOptions::new([]).unwrap();
    assert_eq!(
        fails(image.set_boot_image_options(Some(empty))).0,
        0xC0AA_B148
    );
}

#[test]
fn boot_images_count_towards_the_size() {
    let mut image = image_of(ISO9660);
    image.set_free_media_blocks(100).unwrap();
    let big = BootOptions::new(vec![0; 90 * BLOCK]).unwrap();
    let (code, _) = fails(image.set_boot_image_options(Some(big)));
    assert_eq!(code, 0xC0AA_B121);
    assert!(image.boot_image_options().is_none());
    let half = BootOptions::new(vec![0; 50 * BLOCK]).unwrap();
    image.set_boot_image_options(Some(half)).unwrap();
    let added = image
        .root_mut()
        .add_file("A", vec![0; 40 * BLOCK])
        .map(drop);
    assert_eq!(fails(added).0, 0xC0AA_B120);
    image.root_mut().add_file("A", vec![0; 20 * BLOCK]).unwrap();
    image.create_result_image().unwrap();
}

#[test]
fn a_limit_is_set_before_or_behind_boot_images() {
    for file_systems in masks() {
        let big = || BootOptions::new(vec![0; 90 * BLOCK]).unwrap();
        let mut image = image_of(file_systems);
        let empty = image.used_blocks().unwrap();
        image.set_boot_image_options(Some(big())).unwrap();
        let booting = image.used_blocks().unwrap();
        assert!(booting > empty + 90);
        for limit in [empty, booting - 1] {
            assert_eq!(fails(image.set_free_media_blocks(limit)).0, 0xC0AA_B121);
        }
        image.set_free_media_blocks(booting).unwrap();
        image.create_result_image().unwrap();

        let mut image = image_of(file_systems);
        image.set_free_media_blocks(empty + 90).unwrap();
        let refused = image.set_boot_image_options(Some(big()));
        assert_eq!(fails(refused).0, 0xC0AA_B121);
    }
}

/// A file that shows the catalog has the block that the catalog would have, and is counted once.
#[test]
fn an_image_that_shows_its_catalog_can_fill_the_medium() {
    for file_systems in masks() {
        let mut image = bootable(file_systems, vec![BootOptions::new(filled(5000)).unwrap()]);
        image
            .root_mut()
            .add_file("BOOT.CAT", Source::boot_catalog())
            .unwrap();
        let used = image.used_blocks().unwrap();
        image.set_free_media_blocks(used).unwrap();
        assert_eq!(image.create_result_image().unwrap().total_blocks(), used);
        assert_eq!(fails(image.set_free_media_blocks(used - 1)).0, 0xC0AA_B121);
    }
}

#[test]
fn what_has_become_too_large_can_lose_its_boot_images() {
    let mut image = image_of(ISO9660);
    let of_blocks = |blocks| BootOptions::new(vec![0; blocks * BLOCK]).unwrap();
    image.set_boot_image_options(Some(of_blocks(50))).unwrap();
    let used = image.used_blocks().unwrap();
    image.set_free_media_blocks(used).unwrap();
    // UDF has structures of more blocks.
    image
        .set_file_systems_to_create(FileSystems::all())
        .unwrap();
    assert_eq!(fails(image.create_result_image()).0, 0xC0AA_B121);
    let larger = image.set_boot_image_options(Some(of_blocks(51)));
    assert_eq!(fails(larger).0, 0xC0AA_B121);
    image.set_boot_image_options(Some(of_blocks(49))).unwrap();
    image.set_boot_image_options(None).unwrap();
    image.set_file_systems_to_create(ISO9660).unwrap();
    image.create_result_image().unwrap();
}

#[test]
fn an_image_that_continues_a_disc_shows_no_catalog() {
    for file_systems in [ISO9660 | JOLIET, UDF] {
        let first = bootable(file_systems, vec![BootOptions::new(filled(5000)).unwrap()]);
        for bytes in [bytes_of(&first), bytes_of(&image_of(file_systems))] {
            for before in [true, false] {
                let mut image = image_of(file_systems);
                let add = |image: &mut FileSystemImage| {
                    let catalog = Source::boot_catalog();
                    image.root_mut().add_file("BOOT.CAT", catalog).unwrap();
                };
                if before {
                    add(&mut image);
                }
                image
                    .set_multisession_interfaces(vec![sequential(&bytes)])
                    .unwrap();
                image.import_file_system().unwrap();
                if !before {
                    add(&mut image);
                }
                let (code, error) = fails(image.create_result_image());
                assert_eq!(code, 0xC0AA_B148);
                assert!(matches!(&error, Error::NoBootCatalog { .. }), "{error}");
                assert_eq!(error.path().unwrap().to_string(), "/BOOT.CAT");
                image.root_mut().remove("BOOT.CAT").unwrap();
                image.create_result_image().unwrap();
            }
        }
    }
}

/// Whether the catalog has a block of its own depends on whether the stream that shows it has one.
#[test]
fn a_named_stream_can_show_the_catalog() {
    for file_systems in masks() {
        for revision in UdfRevision::ALL {
            let mut image = bootable(file_systems, vec![BootOptions::new(filled(5000)).unwrap()]);
            image.set_udf_revision(*revision).unwrap();
            let without = image.used_blocks().unwrap();
            let mut file = image.item_mut("A.TXT").unwrap();
            file.add_stream("catalog", Source::boot_catalog()).unwrap();
            let bytes = bytes_of(&image);
            let (at, catalog) = catalog(&bytes);
            assert!(at > 16);
            assert_eq!(catalog[32], 0x88);
            let recorded = file_systems.contains(UDF) && *revision >= UdfRevision::V2_00;
            if recorded {
                let disc = RecordedDisc::open(disc(&bytes)).unwrap();
                let file = disc.volume(UDF).unwrap().item("A.TXT").unwrap();
                let stream = file.streams().next().unwrap();
                assert!(all(stream.data().unwrap()) == catalog);
            } else {
                assert_eq!(image.used_blocks().unwrap(), without);
            }
            image
                .set_free_media_blocks(image.used_blocks().unwrap())
                .unwrap();
            image.set_boot_image_options(None).unwrap();
            match recorded {
                true => {
                    let (_, error) = fails(image.create_result_image());
                    assert_eq!(error.path().unwrap().to_string(), "/A.TXT:catalog");
                }
                false => drop(image.create_result_image().unwrap()),
            }
        }
    }
}

#[test]
fn damaged_catalogs_are_said_to_be() {
    let bytes = bytes_of(&bootable(ISO9660, vec![BootOptions::new([1]).unwrap()]));
    let (at, _) = catalog(&bytes);
    for place in [0, 1, 28, 30, 31] {
        let mut damaged = bytes.clone();
        damaged[at as usize * BLOCK + place] ^= 4;
        let found = RecordedDisc::open(disc(&damaged)).unwrap().boot_entries();
        let (code, error) = fails(found);
        assert_eq!(code, 0xC0AA_B153);
        assert!(matches!(error, Error::Corrupt(finding) if finding.block() == at));
    }
    let mut away = bytes;
    away[17 * BLOCK + 71..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
    let found = RecordedDisc::open(disc(&away)).unwrap().boot_entries();
    assert_eq!(fails(found).0, 0xC0AA_B153);
}

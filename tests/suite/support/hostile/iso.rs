//! ISO 9660 and Rock Ridge.

use super::super::bytes::BLOCK;
use super::{Kind, Sparse};

/// Where the root directory is.
const ROOT: u32 = 20;

const DIRECTORY: u8 = 2;
const MULTI_EXTENT: u8 = 0x80;

/// The entry that says that there are others (SUSP 5.3).
const SP: &[u8] = b"SP\x07\x01\xBE\xEF\0";

pub(crate) const KINDS: &[Kind] = &[
    (
        "directories for relocated ones in great number",
        relocation_directories,
        64,
    ),
    ("sessions that share one directory", sessions, 16),
    (
        "records that share far continuation areas",
        continuations,
        32,
    ),
    ("records that share a long link", links, 32),
    (
        "directories of long names in each other, and files",
        long_paths,
        240,
    ),
    (
        "directories of short names in each other, and files",
        deep,
        500,
    ),
    (
        "directories that all list all others",
        directories_of_all,
        70,
    ),
    (
        "records that stand for directories elsewhere",
        relocated,
        32,
    ),
    ("a file of very many sections", sections, 64),
    ("long directories that overlap", overlapping, 64),
    ("a boot catalog of sections", catalog, 16),
    ("names of many megabytes", long_names, 64),
    ("a directory of nothing", empty, 64),
];

fn both32(value: u32) -> Vec<u8> {
    [value.to_le_bytes(), value.to_be_bytes()].concat()
}

fn both16(value: u16) -> Vec<u8> {
    [value.to_le_bytes(), value.to_be_bytes()].concat()
}

/// A directory record (ECMA-119 9.1).
fn record(block: u32, len: u32, flags: u8, name: &[u8], system_use: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 2];
    bytes.extend(both32(block));
    bytes.extend(both32(len));
    bytes.extend([100, 1, 1, 0, 0, 0, 0, flags, 0, 0]);
    bytes.extend(both16(1));
    bytes.push(name.len() as u8);
    bytes.extend(name);
    if name.len() % 2 == 0 {
        bytes.push(0);
    }
    bytes.extend(system_use);
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    bytes[0] = u8::try_from(bytes.len()).unwrap();
    bytes
}

/// Records in sectors, which they do not cross.
fn sectors(records: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut all = Vec::new();
    for record in records {
        if all.len() % BLOCK + record.len() > BLOCK {
            all.resize(all.len().next_multiple_of(BLOCK), 0);
        }
        all.extend(record);
    }
    all.resize(all.len().next_multiple_of(BLOCK), 0);
    all
}

/// The descriptors of a session that begins at a block, whose root is so many bytes long.
fn put_volume(image: &mut Sparse, start: u32, root: u32, root_len: u32, size: u32) {
    let mut descriptor = vec![0; BLOCK];
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[8..72].fill(b' ');
    descriptor[80..88].copy_from_slice(&both32(size));
    descriptor[120..124].copy_from_slice(&both16(1));
    descriptor[124..128].copy_from_slice(&both16(1));
    descriptor[128..132].copy_from_slice(&both16(2048));
    descriptor[156..190].copy_from_slice(&record(root, root_len, DIRECTORY, b"\0", &[]));
    descriptor[881] = 1;
    image.put(start + 16, &descriptor);
    image.put(start + 17, b"\xFFCD001\x01");
}

/// A directory that fills so many blocks with the records it is given, again and again.
fn filled(block: u32, blocks: u32, parent: u32, mut each: impl FnMut(u32) -> Vec<u8>) -> Vec<u8> {
    let len = blocks * BLOCK as u32;
    let mut all = vec![
        record(
            block,
            len,
            DIRECTORY,
            b"\0",
            if block == ROOT { SP } else { &[] },
        ),
        record(parent, len, DIRECTORY, b"\x01", &[]),
    ];
    let size = each(0).len();
    let fit = blocks as usize * (BLOCK / size) - 2;
    all.extend((0..fit as u32).map(&mut each));
    let mut bytes = sectors(all);
    bytes.truncate(len as usize);
    bytes
}

/// An image whose root is all there is.
fn of_root(blocks: u32, each: impl FnMut(u32) -> Vec<u8>) -> Sparse {
    let mut image = Sparse::default();
    image.put(ROOT, &filled(ROOT, blocks, ROOT, each));
    put_volume(&mut image, 0, ROOT, blocks * BLOCK as u32, ROOT + blocks);
    image
}

/// A continuation (SUSP 5.1).
fn continuation(block: u32, len: usize) -> Vec<u8> {
    [
        b"CE\x1C\x01".to_vec(),
        both32(block),
        both32(0),
        both32(len as u32),
    ]
    .concat()
}

/// Each has to be looked through to see that it lists nothing, and all of them are the same.
fn relocation_directories(blocks: u32) -> Sparse {
    let empty = ROOT + blocks;
    let len = blocks * BLOCK as u32;
    let mut image = of_root(blocks, |_| record(empty, len, DIRECTORY, b"RR_MOVED", &[]));
    image.put(empty, &record(empty, len, DIRECTORY, b"\0", &[]));
    image.total = empty + blocks;
    image
}

/// The size of each can be counted from its own start or from that of the disc, which only the files tell.
fn sessions(count: u32) -> Sparse {
    let (root, blocks) = (64 * count + 64, 8 * count);
    let mut image = Sparse::default();
    for session in 0..count {
        let len = blocks * BLOCK as u32;
        put_volume(&mut image, 64 * session, root, len, 64 * session + 20);
    }
    image.put(
        root,
        &filled(root, blocks, root, |_| record(0, 0, 0, b"A", &[])),
    );
    image.total = (root + blocks).max(2 * 64 * count + 64);
    image
}

fn continuations(blocks: u32) -> Sparse {
    let base = ROOT + blocks;
    let mut image = of_root(blocks, |_| record(0, 0, 0, b"A", &continuation(base, 28)));
    for area in 0..60 {
        image.put(base + area * 40, &continuation(base + (area + 1) * 40, 28));
    }
    image.total = base + 60 * 40;
    image
}

fn links(blocks: u32) -> Sparse {
    let area = ROOT + blocks;
    let mut part = b"SL\xF7\x01\x01\x00\xF0".to_vec();
    part.extend([b'l'; 240]);
    let parts = part.repeat(64);
    let mut image = of_root(blocks, |number| {
        let name = format!("L{number:06}");
        record(0, 0, 0, name.as_bytes(), &continuation(area, parts.len()))
    });
    image.put(area, &parts);
    image
}

/// So many levels, each with a name of 250 bytes that all share.
fn long_paths(levels: u32) -> Sparse {
    let mut name = b"NM\xFF\x01\0".to_vec();
    name.extend([b'n'; 250]);
    nested(levels, b"D", |area| continuation(area, 255), &name)
}

/// One name each, of as many bytes as there are of blocks, from areas that all share.
fn long_names(blocks: u32) -> Sparse {
    let area = ROOT + blocks;
    let mut part = b"NM\xFF\x01\x01".to_vec();
    part.extend([b'n'; 250]);
    let parts = part.repeat(64);
    let mut image = of_root(blocks, |number| {
        let name = format!("N{number:06}");
        record(0, 0, 0, name.as_bytes(), &continuation(area, parts.len()))
    });
    image.put(area, &parts);
    image
}

fn deep(levels: u32) -> Sparse {
    nested(levels, b"D", |_| Vec::new(), &[])
}

/// Directories in each other, and as many blocks of files in the last.
fn nested(levels: u32, name: &[u8], system_use: impl Fn(u32) -> Vec<u8>, shared: &[u8]) -> Sparse {
    let (area, last, blocks) = (ROOT + levels, ROOT + levels + 1, levels / 8);
    let mut image = Sparse::default();
    image.put(area, shared);
    for level in 0..levels {
        let here = ROOT + level;
        let (next, len) = if level + 1 < levels {
            (here + 1, BLOCK as u32)
        } else {
            (last, blocks * BLOCK as u32)
        };
        let records = [
            record(
                here,
                2048,
                DIRECTORY,
                b"\0",
                if level == 0 { SP } else { &[] },
            ),
            record(here, 2048, DIRECTORY, b"\x01", &[]),
            record(next, len, DIRECTORY, name, &system_use(area)),
        ];
        image.put(here, &sectors(records));
    }
    let file = |number: u32| record(0, 0, 0, format!("F{number:06}").as_bytes(), &[]);
    image.put(last, &filled(last, blocks, ROOT, file));
    put_volume(&mut image, 0, ROOT, BLOCK as u32, last + blocks);
    image
}

fn directories_of_all(count: u32) -> Sparse {
    let per = BLOCK as u32 / 42;
    let blocks = (count + 2).div_ceil(per) + 1;
    let place = |number: u32| ROOT + blocks * (number % (count + 1));
    let each = |number: u32| {
        let name = format!("D{number:06}");
        record(
            place(number + 1),
            blocks * 2048,
            DIRECTORY,
            name.as_bytes(),
            &[],
        )
    };
    let mut image = Sparse::default();
    for directory in 0..=count {
        let here = ROOT + blocks * directory;
        image.put(here, &filled(here, blocks, ROOT, each));
    }
    let total = image.total;
    put_volume(&mut image, 0, ROOT, blocks * 2048, total);
    image
}

/// Each is read to learn its length; they lie far from each other.
fn relocated(blocks: u32) -> Sparse {
    let base = ROOT + blocks;
    let count = 40 * blocks;
    let link = |block: u32| [b"CL\x0C\x01".to_vec(), both32(block)].concat();
    let mut image = of_root(blocks, |number| {
        // One after another in an order that no reading ahead is right for.
        let block = base + number.wrapping_mul(7919) % count;
        record(0, 0, 0, format!("R{number:06}").as_bytes(), &link(block))
    });
    for block in (base..base + count).step_by(9) {
        image.put(block, &record(block, 2048, DIRECTORY, b"\0", &[]));
    }
    image.total = base + count;
    image
}

fn sections(blocks: u32) -> Sparse {
    of_root(blocks, |number| {
        record(ROOT + number % 2, 2048, MULTI_EXTENT, b"LARGE", &[])
    })
}

/// Each begins where the one before has its second block.
fn overlapping(count: u32) -> Sparse {
    let base = ROOT + count;
    let mut image = of_root(count, |number| {
        let (block, name) = (base + number % count, format!("O{number:06}"));
        record(block, count * 2048, DIRECTORY, name.as_bytes(), &[])
    });
    for block in base..base + 2 * count {
        let file = |number: u32| record(0, 0, 0, format!("F{number:06}").as_bytes(), &[]);
        image.put(block, &filled(block, 1, ROOT, file));
    }
    image
}

fn catalog(blocks: u32) -> Sparse {
    let mut image = of_root(blocks, |_| record(0, 0, 0, b"A", &[]));
    let catalog = ROOT + blocks;
    let mut boot = vec![0; BLOCK];
    boot[..30].copy_from_slice(b"\0CD001\x01EL TORITO SPECIFICATION");
    boot[71..75].copy_from_slice(&catalog.to_le_bytes());
    image.put(17, &boot);
    image.put(18, b"\xFFCD001\x01");
    let mut entries = vec![0; 32];
    entries[0] = 1;
    entries[28..32].copy_from_slice(&[0xAA, 0x55, 0x55, 0xAA]);
    entries[28] = 0xAA;
    entries.extend([0x88; 32]);
    let mut header = [0; 32];
    header[0] = 0x90;
    header[2..4].copy_from_slice(&u16::MAX.to_le_bytes());
    for _ in 0..blocks * 64 {
        entries.extend(header);
    }
    image.put(catalog, &entries);
    image
}

/// Sectors that have no records at all.
fn empty(blocks: u32) -> Sparse {
    let mut image = Sparse::default();
    let len = blocks * BLOCK as u32;
    image.put(ROOT, &record(ROOT, len, DIRECTORY, b"\0", SP));
    put_volume(&mut image, 0, ROOT, len, ROOT + blocks);
    image.total = ROOT + blocks;
    image
}

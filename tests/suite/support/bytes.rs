//! Numbers, text and times as the standards record them.

use std::io::Read;

pub(crate) const BLOCK: usize = 2048;

pub(crate) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub(crate) fn le64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// A number in both byte orders (ECMA-119 7.2.3).
#[track_caller]
pub(crate) fn both16(bytes: &[u8], at: usize) -> u16 {
    assert_eq!(le16(bytes, at), be16(bytes, at + 2), "halves at {at}");
    le16(bytes, at)
}

/// A number in both byte orders (ECMA-119 7.3.3).
#[track_caller]
pub(crate) fn both32(bytes: &[u8], at: usize) -> u32 {
    assert_eq!(le32(bytes, at), be32(bytes, at + 4), "halves at {at}");
    le32(bytes, at)
}

pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

pub(crate) fn all(mut reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Text in UCS-2, big-endian.
#[track_caller]
pub(crate) fn ucs2(bytes: &[u8]) -> String {
    assert_eq!(bytes.len() % 2, 0);
    let units: Vec<u16> = bytes.chunks(2).map(|pair| be16(pair, 0)).collect();
    String::from_utf16(&units).expect("no half of a surrogate pair")
}

/// Text in OSTA Compressed Unicode, in the shortest form (UDF 2.1.1).
#[track_caller]
pub(crate) fn cs0(bytes: &[u8]) -> String {
    let text = match bytes.split_first() {
        None => return String::new(),
        Some((8, characters)) => characters.iter().map(|byte| char::from(*byte)).collect(),
        Some((16, units)) => {
            let text = ucs2(units);
            assert!(text.chars().any(|c| c > '\u{FF}'), "`{text}` fits 8 bits");
            text
        }
        Some((id, _)) => panic!("compression id {id}"),
    };
    assert!(bytes.len() != 1, "an id without characters");
    text
}

/// A dstring (UDF 2.1.3).
#[track_caller]
pub(crate) fn dstring(field: &[u8]) -> String {
    let (len, field) = field.split_last().unwrap();
    let (text, rest) = field.split_at(usize::from(*len));
    assert!(is_zero(rest), "behind a dstring: {rest:?}");
    cs0(text)
}

/// The CRC of ECMA-167 (3/7.2.6): polynomial 0x1021, from 0, neither reflected nor inverted.
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x1021
            }
        })
    })
}

/// The 64-bit FNV-1a digest.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The examples that the standards give.
#[test]
fn digests_are_those_of_their_definitions() {
    assert_eq!(crc(&[0x70, 0x6A, 0x77]), 0x3299);
    assert_eq!(crc(b"123456789"), 0x31C3);
    assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
}

//! Text as recorded in UDF: OSTA Compressed Unicode, dstrings, and the paths of symbolic links (UDF 2.1.1, 2.1.3;
//! ECMA-167 4/14.16).

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::wide;
use crate::finding::{ExpectedValue, Fault, FindingCode};

/// Text, and whether it has a fault: an unknown compression id, or unpaired surrogates, which U+FFFD replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub text: String,
    pub is_broken: bool,
}

/// Decodes CS0 (UDF 2.1.1). Deleted names have other compression ids (UDF 2.3.4.2 of 2.00).
pub(super) fn cs0(bytes: &[u8]) -> Result<Text, Fault> {
    match bytes.split_first() {
        None => Ok(plain(String::new())),
        Some((8 | 254, rest)) => Ok(plain(match std::str::from_utf8(rest) {
            Ok(text) if text.is_ascii() => text.to_owned(),
            _ => rest.iter().map(|byte| char::from(*byte)).collect(),
        })),
        Some((16 | 255, rest)) => {
            // An odd byte at the end belongs to no character.
            let units = rest
                .chunks_exact(2)
                .filter_map(|pair| pair.try_into().ok())
                .map(u16::from_be_bytes);
            let mut is_broken = false;
            let text = char::decode_utf16(units)
                .map(|c| {
                    c.unwrap_or_else(|_| {
                        is_broken = true;
                        char::REPLACEMENT_CHARACTER
                    })
                })
                .collect();
            Ok(Text { text, is_broken })
        }
        // Other readers take it for 8-bit text, too.
        Some((_, rest)) => Ok(Text {
            text: rest.iter().map(|byte| char::from(*byte)).collect(),
            is_broken: true,
        }),
    }
}

const fn plain(text: String) -> Text {
    Text {
        text,
        is_broken: false,
    }
}

/// Decodes a dstring (UDF 2.1.3) as well as possible: its text is only for display.
pub(super) fn dstring(field: &[u8]) -> String {
    let Some((len, text)) = field.split_last() else {
        return String::new();
    };
    let text = text.get(..usize::from(*len)).unwrap_or(text);
    let mut text = cs0(text).map(|text| text.text).unwrap_or_default();
    text.truncate(text.trim_end_matches('\0').len());
    text
}

/// Path component (ECMA-167 4/14.16.1). Its identifier follows.
#[derive(Clone, Copy, Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct PathComponent {
    component_type: u8,
    identifier_len: u8,
    file_version_number: U16,
}

/// Returns the target of a symbolic link, with `/` between its components (ECMA-167 4/8.7).
pub(super) fn link_target(mut data: &[u8]) -> Result<Text, Fault> {
    let mut target = plain(String::new());
    let mut follows = false;
    while let Ok((component, rest)) = PathComponent::ref_from_prefix(data) {
        let Some((identifier, rest)) = rest.split_at_checked(usize::from(component.identifier_len))
        else {
            let (len, there) = (component.identifier_len, wide(rest.len()));
            return Err(FindingCode::UdfLinkCut.above("length", len, there));
        };
        data = rest;
        let name = match component.component_type {
            // The root by agreement, if there is one, is unknown here.
            1 | 2 => {
                target.text.clear();
                target.text.push('/');
                follows = false;
                continue;
            }
            3 => plain("..".to_owned()),
            4 => plain(".".to_owned()),
            5 => cs0(identifier)?,
            found => {
                let expected = ExpectedValue::OneOf(&[1, 2, 3, 4, 5]);
                return Err(FindingCode::UdfLinkComponent.value("type", found, expected));
            }
        };
        if follows {
            target.text.push('/');
        }
        target.text.push_str(&name.text);
        target.is_broken |= name.is_broken;
        follows = true;
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_compressions_are_decoded() {
        let text = |bytes: &[u8]| cs0(bytes).unwrap().text;
        assert_eq!(text(b""), "");
        assert_eq!(text(b"\x08a\xFC"), "aü");
        assert_eq!(text(b"\x10\x04\x16\xD8\x3C\xDF\x89\x00"), "Ж🎉");
        let unknown = cs0(b"\x09a").unwrap();
        assert!(unknown.text == "a" && unknown.is_broken);
    }

    #[test]
    fn unpaired_surrogates_are_replaced_and_told() {
        let text = cs0(b"\x10\xD8\x3C\x00a").unwrap();
        assert_eq!(text.text, "\u{FFFD}a");
        assert!(text.is_broken);
    }

    #[test]
    fn dstrings_are_as_long_as_they_say_or_as_their_field() {
        let mut field = *b"\x08name\0\0\0\x05";
        assert_eq!(dstring(&field), "name");
        field[8] = 3;
        assert_eq!(dstring(&field), "na");
        field[8] = 200;
        assert_eq!(dstring(&field), "name");
    }

    #[test]
    fn link_targets_are_paths() {
        let target = |data: &[u8]| link_target(data).unwrap().text;
        assert_eq!(
            target(b"\x03\0\0\0\x04\0\0\0\x05\x02\0\0\x08a\x05\x02\0\0\x08b"),
            ".././a/b"
        );
        assert_eq!(target(b"\x02\0\0\0\x05\x02\0\0\x08a"), "/a");
        assert_eq!(target(b"\x02\0\0\0"), "/");
        assert!(link_target(b"\x05\x09\0\0\x08a").is_err());
        assert!(link_target(b"\x07\0\0\0").is_err());
    }
}

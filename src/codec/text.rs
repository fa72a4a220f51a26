//! Text on disc: the character sets of ISO 9660, UCS-2 and OSTA Compressed Unicode (CS0).

/// Returns `true` if `c` is a d-character (ECMA-119 7.4.1).
pub(crate) const fn is_d_character(c: char) -> bool {
    matches!(c, 'A'..='Z' | '0'..='9' | '_')
}

/// Returns `true` if the text needs the 16-bit form of CS0 (UDF 2.1.1).
fn is_wide(text: &str) -> bool {
    text.chars().any(|c| c > '\u{FF}')
}

/// Returns how many characters a field of CS0 holds: `bytes` less the compression id, halved for the 16-bit form.
pub(crate) fn cs0_capacity(text: &str, bytes: usize) -> usize {
    if is_wide(text) {
        (bytes - 1) / 2
    } else {
        bytes - 1
    }
}

/// Returns the length of a character in the units that [`cs0_capacity`] counts: characters, or UTF-16 code units in the
/// 16-bit form.
pub(crate) fn cs0_units(c: char) -> usize {
    c.len_utf16()
}

/// Returns the length in bytes of `text` in CS0, including the compression id; 0 for empty text.
pub(crate) fn cs0_len(text: &str) -> usize {
    if text.is_empty() {
        0
    } else if text.is_ascii() {
        1 + text.len()
    } else if is_wide(text) {
        1 + 2 * text.encode_utf16().count()
    } else {
        1 + text.chars().count()
    }
}

/// Fills `out`, of [`cs0_len`] bytes, with `text` in CS0 (UDF 2.1.1).
pub(crate) fn cs0_encode(text: &str, out: &mut [u8]) {
    let Some((id, out)) = out.split_first_mut() else {
        return;
    };
    if text.is_ascii() {
        *id = 8;
        out.copy_from_slice(text.as_bytes());
    } else if is_wide(text) {
        *id = 16;
        for (pair, unit) in out.chunks_exact_mut(2).zip(text.encode_utf16()) {
            pair.copy_from_slice(&unit.to_be_bytes());
        }
    } else {
        *id = 8;
        for (byte, c) in out.iter_mut().zip(text.chars()) {
            // No character here is above U+00FF.
            *byte = c as u8;
        }
    }
}

/// Returns as much of the beginning of `text` as a dstring of `N` bytes holds; its last byte is the length.
pub(crate) fn dstring_text<const N: usize>(text: &str) -> &str {
    cut(text, cs0_capacity(text, N - 1), cs0_units)
}

/// Encodes a dstring of `N` bytes (UDF 2.1.3), cutting text that is too long between characters.
pub(crate) fn dstring<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [0; N];
    let text = dstring_text::<N>(text);
    let len = cs0_len(text);
    cs0_encode(text, &mut field[..len]);
    field[N - 1] = len as u8;
    field
}

/// Returns the longest start of `text` that has at most `limit` units.
pub(crate) fn cut(text: &str, limit: usize, units: impl Fn(char) -> usize) -> &str {
    let mut left = limit;
    for (at, c) in text.char_indices() {
        match left.checked_sub(units(c)) {
            Some(rest) => left = rest,
            None => return &text[..at],
        }
    }
    text
}

/// Returns `text`, which is ASCII and short enough, in a field of `N` bytes padded with blanks (ECMA-119 7.4.3.2).
pub(crate) fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    for (byte, c) in field.iter_mut().zip(text.bytes()) {
        *byte = c;
    }
    field
}

/// Returns `text` in big-endian UCS-2, in a field of `N` bytes padded with blanks; cuts off text that does not fit.
///
/// A field of odd length ends in a zero byte.
pub(crate) fn padded_ucs2<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [0; N];
    let text = cut(text, N / 2, char::len_utf16);
    let blanks = std::iter::repeat(u16::from(b' '));
    for (pair, unit) in field
        .chunks_exact_mut(2)
        .zip(text.encode_utf16().chain(blanks))
    {
        pair.copy_from_slice(&unit.to_be_bytes());
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cs0(text: &str) -> Vec<u8> {
        let mut out = vec![0; cs0_len(text)];
        cs0_encode(text, &mut out);
        out
    }

    #[test]
    fn compression_is_chosen_by_the_highest_character() {
        assert_eq!(cs0("ab"), [8, b'a', b'b']);
        assert_eq!(cs0("ü"), [8, 0xFC]);
        assert_eq!(cs0("aЖ"), [16, 0, b'a', 0x04, 0x16]);
        assert_eq!(cs0("🎉"), [16, 0xD8, 0x3C, 0xDF, 0x89]);
        assert_eq!(cs0(""), []);
    }

    #[test]
    fn dstrings_end_in_their_length_and_never_cut_a_pair() {
        let field = dstring::<32>(&"x".repeat(40));
        assert_eq!(field[31], 31);
        let field = dstring::<32>(&"🎉".repeat(10));
        assert_eq!(field[31], 1 + 7 * 4);
        assert_eq!(dstring::<32>(""), [0; 32]);
    }

    #[test]
    fn odd_ucs2_fields_end_in_zero() {
        let field = padded_ucs2::<5>("a");
        assert_eq!(field, [0, b'a', 0, b' ', 0]);
    }
}

//! Text for people: names come from anywhere, and a terminal obeys control characters.

use std::fmt::{self, Display, Write};

/// Shows text on one line, without affecting the terminal or hiding anything. Not in IMAPI2.
///
/// Names of items can have any character. Control characters, line separators, characters that change the direction of
/// writing, and invisible ones are shown as Rust writes them, such as `\n` and `\u{202e}`; all others are shown
/// unchanged, including a backslash. [`Error`](crate::Error) and the other messages of this crate show names this way;
/// [`ImagePath`] itself and the names of items are shown unchanged.
///
/// ```
/// use imapi2fs::{ImagePath, Printable};
///
/// let path = ImagePath::from("annex\u{202e}txt.exe");
/// assert_eq!(Printable(path).to_string(), r"/annex\u{202e}txt.exe");
/// ```
///
/// [`ImagePath`]: crate::ImagePath
#[derive(Clone, Copy, Debug)]
pub struct Printable<T>(pub T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

/// Escapes the text that is written to it.
struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Most names are like this, which is quick to check.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return self.0.write_str(text);
        }
        let mut rest = text;
        while let Some((at, found)) = rest.char_indices().find(|(_, found)| is_unseen(*found)) {
            self.0.write_str(&rest[..at])?;
            write!(self.0, "{}", found.escape_default())?;
            rest = &rest[at + found.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

/// Returns `true` if a character is invisible, but affects the line or its neighbours.
const fn is_unseen(character: char) -> bool {
    matches!(
        character,
        // Controls.
        '\0'..='\x1F' | '\x7F'..='\u{9F}'
        // Soft hyphen, grapheme joiner, Arabic letter mark.
        | '\u{AD}' | '\u{34F}' | '\u{61C}'
        // Fillers and vowels without a glyph.
        | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{3164}' | '\u{FFA0}'
        // Mongolian selectors and separators.
        | '\u{180B}'..='\u{180F}'
        // Zero-width spaces, joiners, direction marks.
        | '\u{200B}'..='\u{200F}'
        // Line and paragraph separators, direction embeddings and overrides.
        | '\u{2028}'..='\u{202E}'
        // Invisible operators, direction isolates, and their predecessors.
        | '\u{2060}'..='\u{206F}'
        // Variation selectors, the byte order mark, annotations.
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}'
        // Shorthand and musical controls.
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        // Tags, and more variation selectors.
        | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_any_script_stays_as_it_is() {
        for text in [
            "Read me, please.text",
            r"C:\new",
            "Ü ы 日本語　全角 עברית العربية ไทย e\u{301}",
            "🙂 \u{A0}§",
        ] {
            assert_eq!(Printable(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_seen_is_shown() {
        let text = "a\n\x1B[2J\u{9B}\u{85}b\u{202E}c\u{2066}d\u{200B}e\u{FEFF}f\u{2028}g\u{E0041}h";
        assert_eq!(
            Printable(text).to_string(),
            r"a\n\u{1b}[2J\u{9b}\u{85}b\u{202e}c\u{2066}d\u{200b}e\u{feff}f\u{2028}g\u{e0041}h"
        );
    }
}

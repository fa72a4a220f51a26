//! Names that Windows cannot open.

use crate::error::NameProblem;

/// Characters that no name may contain.
pub(crate) const FORBIDDEN: [char; 9] = ['\\', '/', ':', '*', '?', '"', '<', '>', '|'];

/// Device names, with any extension and in any case; `COM` and `LPT` with a digit are devices, too.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Returns why Windows cannot open an item with this name, or `None` if it can.
pub(crate) fn problem(name: &str) -> Option<NameProblem> {
    let forbidden = |c: &char| c.is_ascii_control() || FORBIDDEN.contains(c);
    if let Some(c) = name.chars().find(forbidden) {
        return Some(NameProblem::Character(c));
    }
    if let Some(c) = name.chars().last().filter(|c| matches!(c, '.' | ' ')) {
        return Some(NameProblem::Ending(c));
    }
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_ascii_uppercase();
    let numbered = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"))
        .is_some_and(|number| {
            let mut digits = number.chars();
            // The superscript digits of Latin-1 count, too.
            matches!(digits.next(), Some('1'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
        });
    (numbered || DEVICES.contains(&stem.as_str())).then_some(NameProblem::Device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_windows_cannot_open() {
        assert_eq!(problem("a:b"), Some(NameProblem::Character(':')));
        assert_eq!(problem("tab\t"), Some(NameProblem::Character('\t')));
        assert_eq!(problem("a."), Some(NameProblem::Ending('.')));
        assert_eq!(problem("a "), Some(NameProblem::Ending(' ')));
        for name in [
            "con",
            "NUL.txt",
            "Com1",
            "lpt9.tar.gz",
            "aux .c",
            "COM¹",
            "conin$",
        ] {
            assert_eq!(problem(name), Some(NameProblem::Device), "{name}");
        }
        for name in ["console", "com0", "com10", "lpt", "a.con", ".hidden", "a b"] {
            assert_eq!(problem(name), None, "{name}");
        }
    }
}

//! Paths in an image.

use std::cmp::Ordering;
use std::fmt;

/// A path in an image: the names from the root down to an item. The path of the root is empty.
///
/// Text is split at `/` and at `\`, as in IMAPI2, ignoring leading, trailing and doubled separators. Use
/// [`ImagePath::from_components`] for a name that itself contains `\`.
///
/// ```
/// use imapi2fs::ImagePath;
///
/// assert_eq!(ImagePath::from(r"\sources\install.wim"), ImagePath::from("sources/install.wim"));
/// assert_eq!(ImagePath::from_components([r"a\b"]).to_string(), r"/a\b");
/// ```
///
/// IMAPI2 differs: it prints `\` between the names; here it is `/`, the only character that no name can contain.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ImagePath {
    /// `None` for the root. Errors contain paths, so they are kept short.
    names: Option<Box<PathNames>>,
}

/// Names, one after another in one allocation, as there may be thousands.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct PathNames {
    text: String,
    /// The end of each name in the text.
    ends: Vec<usize>,
}

impl ImagePath {
    /// Returns the path of the root directory.
    #[must_use]
    pub const fn root() -> Self {
        Self { names: None }
    }

    /// Makes a path from names, which are taken literally, including any `\`.
    pub fn from_components<I>(components: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let mut path = Self::root();
        for component in components {
            path.push(&component.into());
        }
        path
    }

    /// Returns the names from the root down.
    #[must_use]
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        let (text, ends) = match &self.names {
            Some(names) => (names.text.as_str(), names.ends.as_slice()),
            None => ("", [].as_slice()),
        };
        ends.iter().enumerate().map(move |(number, end)| {
            let start = match number {
                0 => 0,
                number => ends[number - 1],
            };
            &text[start..*end]
        })
    }

    /// Returns `true` if this is the root's path.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.names.is_none()
    }

    /// Returns the last name, or `None` for the root.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.components().next_back()
    }

    /// Returns the path of the directory that holds this item, or `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let names = self.names.as_ref()?;
        let (_, ends) = names.ends.split_last()?;
        let names = ends.last().map(|len| {
            Box::new(PathNames {
                text: names.text[..*len].to_owned(),
                ends: ends.to_vec(),
            })
        });
        Some(Self { names })
    }

    /// Returns this path with `name` appended.
    #[must_use]
    pub fn join(&self, name: impl Into<String>) -> Self {
        let mut path = self.clone();
        path.push(&name.into());
        path
    }

    /// Appends `name` to the path.
    pub(crate) fn push(&mut self, name: &str) {
        let names = self.names.get_or_insert_default();
        names.text.push_str(name);
        names.ends.push(names.text.len());
    }

    /// Returns the path of a named stream of the file at this path.
    pub(crate) fn with_stream(&self, name: &str) -> Self {
        let mut path = self.clone();
        if let Some(names) = &mut path.names {
            names.text.push(':');
            names.text.push_str(name);
            if let Some(end) = names.ends.last_mut() {
                *end = names.text.len();
            }
        }
        path
    }
}

impl PartialOrd for ImagePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares name by name, so that a directory is followed by its items.
impl Ord for ImagePath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.components().cmp(other.components())
    }
}

impl fmt::Debug for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.components()).finish()
    }
}

impl From<&str> for ImagePath {
    fn from(text: &str) -> Self {
        Self::from_components(text.split(['/', '\\']).filter(|name| !name.is_empty()))
    }
}

impl From<String> for ImagePath {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for ImagePath {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&Self> for ImagePath {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() {
            return f.write_str("/");
        }
        for name in self.components() {
            write!(f, "/{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_split_at_both_separators() {
        let path = ImagePath::from(r"\a//b\c/");
        assert_eq!(path.components().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(path.to_string(), "/a/b/c");
        assert_eq!(path.parent().unwrap().to_string(), "/a/b");
    }

    #[test]
    fn paths_compare_name_by_name() {
        let path = |names: &[&str]| ImagePath::from_components(names.iter().copied());
        assert!(path(&["a", "b"]) < path(&["a.txt"]));
        assert!(path(&["a"]) < path(&["a", "b"]));
        assert_ne!(path(&["ab", "c"]), path(&["a", "bc"]));
        assert_eq!(path(&["a"]).join("b").parent(), Some(path(&["a"])));
        assert_eq!(path(&["a", "b"]).with_stream("s"), path(&["a", "b:s"]));
        assert_eq!(format!("{:?}", path(&["a", "b"])), r#"["a", "b"]"#);
    }

    #[test]
    fn root_has_no_name() {
        for text in ["", "/", "\\"] {
            assert!(ImagePath::from(text).is_root());
        }
        assert_eq!(ImagePath::root().name(), None);
        assert_eq!(ImagePath::root().to_string(), "/");
    }
}

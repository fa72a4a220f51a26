//! Paths in an image.

use std::fmt;

/// A path in an image: the names from the root down to an item, the root being the empty path.
///
/// Text is split at `/` and at `\`, as IMAPI2 does, and leading, trailing and doubled separators do not count.
/// A name that itself contains `\` is reached by [`ImagePath::from_components`].
///
/// ```
/// use imapi2fs::ImagePath;
///
/// assert_eq!(ImagePath::from(r"\sources\install.wim"), ImagePath::from("sources/install.wim"));
/// assert_eq!(ImagePath::from_components([r"a\b"]).to_string(), r"/a\b");
/// ```
///
/// IMAPI2 differs: it prints `\` between the names; here it is `/`, the only character no name can contain.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImagePath {
    components: Vec<String>,
}

impl ImagePath {
    /// The path of the root directory.
    #[must_use]
    pub const fn root() -> Self {
        Self {
            components: Vec::new(),
        }
    }

    /// A path of names that are taken as they are, `\` included.
    pub fn from_components<I>(components: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self {
            components: components.into_iter().map(Into::into).collect(),
        }
    }

    /// The names from the root down.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.components.iter().map(String::as_str)
    }

    /// Whether this is the root's path.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.components.is_empty()
    }

    /// The last name, or nothing for the root.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.components.last().map(String::as_str)
    }

    /// The path of the directory that holds this item, or nothing for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, parents) = self.components.split_last()?;
        Some(Self {
            components: parents.to_vec(),
        })
    }

    /// This path with `name` below it.
    #[must_use]
    pub fn join(&self, name: impl Into<String>) -> Self {
        let mut components = self.components.clone();
        components.push(name.into());
        Self { components }
    }

    /// The path of a named stream of the file that this is the path of.
    pub(crate) fn with_stream(&self, name: &str) -> Self {
        let mut components = self.components.clone();
        if let Some(file) = components.last_mut() {
            file.push(':');
            file.push_str(name);
        }
        Self { components }
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
        for name in &self.components {
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
    fn root_has_no_name() {
        for text in ["", "/", "\\"] {
            assert!(ImagePath::from(text).is_root());
        }
        assert_eq!(ImagePath::root().name(), None);
        assert_eq!(ImagePath::root().to_string(), "/");
    }
}

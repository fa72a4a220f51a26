//! Checks that names of items are valid and free.

use super::Draft;
use crate::codec::text::{cs0_capacity, cs0_units};
use crate::error::{Error, NameProblem, Result};
use crate::host::windows;
use crate::path::ImagePath;
use crate::tree::NodeId;

/// The longest name, in UTF-16 units: the limit of Windows, which no other system exceeds. File systems with shorter
/// names rename longer ones.
const MAX_NAME_UNITS: usize = 255;

impl Draft {
    /// Returns the path if all its names are valid.
    pub(crate) fn checked(&self, path: ImagePath) -> Result<ImagePath> {
        if path.is_root() {
            return Err(Error::InvalidName {
                path,
                name: String::new(),
                problem: NameProblem::Empty,
            });
        }
        for name in path.components() {
            self.check_name(name, || path.clone())?;
        }
        Ok(path)
    }

    /// Checks the name of an item; `path` gives its directory or path for errors.
    pub(crate) fn check_name(&self, name: &str, path: impl Fn() -> ImagePath) -> Result<()> {
        if let Some(problem) = self.name_problem(name) {
            return Err(Error::InvalidName {
                path: path(),
                name: name.to_owned(),
                problem,
            });
        }
        if self.settings.restricted && !name.bytes().all(|byte| (32..=127).contains(&byte)) {
            return Err(Error::RestrictedName {
                path: path().join(name),
            });
        }
        Ok(())
    }

    fn name_problem(&self, name: &str) -> Option<NameProblem> {
        if name.is_empty() {
            return Some(NameProblem::Empty);
        }
        if matches!(name, "." | "..") {
            return Some(NameProblem::Dots);
        }
        if let Some(c) = name.chars().find(|c| matches!(c, '/' | '\0')) {
            return Some(NameProblem::Character(c));
        }
        // A unit takes at least a byte, and counting takes longer than comparing the length.
        if name.len() > MAX_NAME_UNITS && name.encode_utf16().count() > MAX_NAME_UNITS {
            return Some(NameProblem::TooLong(MAX_NAME_UNITS));
        }
        // IMAPI2 differs: it always has these rules. Other systems have such names, and UDF holds them.
        if !self.settings.strict {
            return None;
        }
        let forbidden = |c: &char| c.is_control() || windows::FORBIDDEN.contains(c);
        if let Some(c) = name.chars().find(forbidden) {
            return Some(NameProblem::Character(c));
        }
        let limit = cs0_capacity(name, 255);
        (name.chars().map(cs0_units).sum::<usize>() > limit).then_some(NameProblem::TooLong(limit))
    }

    /// Finds the item that already has the name. A strict image has no two names that differ by case only.
    ///
    /// IMAPI2 differs: it never tells names apart by case.
    pub(crate) fn existing(&self, parent: NodeId, name: &str) -> Result<Option<NodeId>> {
        let tree = self.tree();
        let exact = tree.child(parent, name);
        if exact.is_none() && self.settings.strict {
            if let Some(like) = tree.alike(parent, name).first() {
                return Err(self.duplicate_of(tree.path(parent).join(name), like));
            }
        }
        Ok(exact)
    }

    pub(crate) fn duplicate(&self, node: NodeId) -> Error {
        self.duplicate_of(self.tree().path(node), node)
    }

    pub(crate) fn duplicate_of(&self, path: ImagePath, existing: NodeId) -> Error {
        let tree = self.tree();
        let kind = if tree.is_directory(existing) {
            "directory"
        } else {
            "file"
        };
        Error::DuplicateName {
            path,
            existing: format!("{kind} `{}`", tree.name(existing)),
        }
    }
}

//! Change points: returning the tree to an earlier state.

use std::sync::Arc;

use super::Draft;
use crate::error::{Error, Result};
use crate::file_systems::{FileSystems, InvalidValue};
use crate::iso9660;
use crate::tree::NodeId;

impl Draft {
    /// Undoes all changes after `change_point` and drops the data they staged; after an error nothing is changed.
    pub(crate) fn rollback_to_change_point(&mut self, change_point: u32) -> Result<()> {
        let tree = self.tree();
        if !(tree.locked_change_point()..=tree.change_point()).contains(&change_point) {
            return Err(Error::InvalidParameter(InvalidValue {
                parameter: "change point",
                value: change_point.to_string(),
                expected: "one between the last that was locked in and the present one",
            }));
        }
        self.check_before(change_point)?;
        let tree = self.tree_mut();
        let mut staged = None;
        while tree.change_point() > change_point {
            // Data that was staged earlier lies before it.
            staged = tree.take_back().or(staged);
        }
        self.forget_sources();
        if let Some(start) = staged {
            self.give_back(start);
        }
        Ok(())
    }

    /// Checks the tree to be restored against the limits that are otherwise checked on each addition.
    fn check_before(&self, change_point: u32) -> Result<()> {
        if !self.settings.file_systems.contains(FileSystems::ISO9660) {
            return Ok(());
        }
        let tree = self.tree();
        let (directories, deepest) = tree.before(change_point);
        if directories >= iso9660::MAX_DIRECTORIES {
            return Err(Error::TooManyDirectories {
                path: self.tree().path(NodeId::ROOT),
                file_system: FileSystems::ISO9660,
                limit: iso9660::MAX_DIRECTORIES,
            });
        }
        match (self.settings.max_level(), deepest) {
            (Some(limit), Some((node, level))) if level > limit => Err(Error::TooDeep {
                path: tree.path(node),
                level,
                limit,
            }),
            _ => Ok(()),
        }
    }

    /// Frees the staged data from `start` on, if nobody else can read it.
    fn give_back(&mut self, start: u64) {
        let in_tree = self.tree().staged_count();
        let Some(stage) = &mut self.stage else {
            return;
        };
        // The stage itself holds the file, too. A result or a snapshot holds the tree it was made from. In a clone, the count
        // cannot tell: some of the tree's data may be in the file of its original.
        if !self.shares_staged && Arc::strong_count(stage.file()) == in_tree + 1 {
            if in_tree == 0 {
                self.stage = None;
            } else {
                stage.truncate(start);
            }
        }
    }
}

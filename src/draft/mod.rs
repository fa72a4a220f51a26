//! An image in the making: its tree and its settings, and the operations that change them completely or not at all.
//!
//! A [`Draft`] knows no interface of IMAPI2: `image` is its public face. `add_tree` and `merge` add host directories
//! and the files of a disc to it, and `report` reads it.

mod add;
mod boot;
mod change_points;
mod content;
mod empty_sources;
mod imported;
mod known_sources;
mod lay_out;
mod limits;
mod names;
mod naming;
mod settings;
mod size;
mod staging;
mod streams;
mod transaction;
mod updates;
mod view;
mod volume_name;

use std::sync::Arc;

pub(crate) use self::content::AddedContent;
pub(crate) use self::imported::{Imported, VolumeNames};
use self::known_sources::KnownSources;
pub(crate) use self::settings::Settings;
pub(crate) use self::staging::{not_opened, open_found};
pub use self::updates::AddProgress;
pub(crate) use self::updates::Updates;
pub(crate) use self::view::View;
pub(crate) use self::volume_name::MAX_VOLUME_NAME;
use crate::source::{PlatformStaging, Stage, StagingPolicy};
use crate::time::Timestamp;
use crate::tree::{ItemAttributes, Times, Tree};

/// An image in the making.
pub(crate) struct Draft {
    view: View,
    pub settings: Settings,
    staging_policy: Arc<dyn StagingPolicy>,
    stage: Option<Stage>,
    updates: Updates,
    /// Whether the change being made staged data that must stay even if the change is undone.
    keeps_staged: bool,
    /// Whether the tree has data staged in the file of the image that this one was cloned from.
    shares_staged: bool,
    known_sources: KnownSources,
    /// Whether size checks wait for the end of a call: items added first may replace more later.
    defer_checks: bool,
}

/// The copy stages data in a file of its own, and shares what is staged already. Nobody is told of what is added to it.
impl Clone for Draft {
    fn clone(&self) -> Self {
        Self {
            view: self.view.clone(),
            settings: self.settings.clone(),
            staging_policy: Arc::clone(&self.staging_policy),
            stage: None,
            updates: Updates::default(),
            keeps_staged: false,
            shares_staged: self.tree().staged_count() > 0,
            known_sources: self.known_sources.clone(),
            defer_checks: false,
        }
    }
}

impl Draft {
    /// Creates an empty draft with the default settings.
    pub(crate) fn new(time: Timestamp) -> Self {
        let settings = Settings::new(time);
        Self {
            view: View::new(Arc::new(Tree::new(time)), settings.naming()),
            settings,
            staging_policy: Arc::new(PlatformStaging::default()),
            stage: None,
            updates: Updates::default(),
            keeps_staged: false,
            shares_staged: false,
            known_sources: KnownSources::default(),
            defer_checks: false,
        }
    }

    /// The tree and its items' names in each file system.
    pub(crate) const fn view(&self) -> &View {
        &self.view
    }

    pub(crate) const fn tree(&self) -> &Arc<Tree> {
        self.view.tree()
    }

    /// The tree, to be changed; results and snapshots keep theirs.
    pub(crate) fn tree_mut(&mut self) -> &mut Tree {
        self.view.tree_mut()
    }

    /// Applies the current naming settings after they have changed.
    pub(crate) fn apply_naming(&mut self) {
        self.view.set_naming(self.settings.naming());
    }

    pub(crate) fn set_staging_policy(&mut self, policy: Arc<dyn StagingPolicy>) {
        self.staging_policy = policy;
    }

    /// The default attributes of a new item.
    pub(crate) const fn attributes_now(&self) -> ItemAttributes {
        ItemAttributes {
            times: Times::all(self.settings.time),
            hidden: false,
            real_time: false,
        }
    }
}

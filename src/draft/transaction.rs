//! A change that is made completely or not at all.

use super::Draft;
use super::settings::Settings;
use crate::error::Result;
use crate::source::Stage;

impl Draft {
    /// Runs `change`, which makes one change point; if it fails or panics, restores the tree and the staged data.
    pub(crate) fn transaction<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        Transaction::begin(self).run(change)
    }

    /// Does the same after settings have been changed for it, and restores those as well.
    pub(crate) fn transaction_since<T>(
        &mut self,
        old: Settings,
        change: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let mut transaction = Transaction::begin(self);
        transaction.settings = Some(old);
        transaction.run(change)
    }
}

/// A change that is undone unless it is kept, whatever ends it: an error, or a panic of the caller's code, such as a
/// handler or a reader.
struct Transaction<'d> {
    draft: &'d mut Draft,
    /// The amount of staged data before the change.
    staged: Option<u64>,
    /// The settings before they were changed for it.
    settings: Option<Settings>,
    kept: bool,
}

impl<'d> Transaction<'d> {
    fn begin(draft: &'d mut Draft) -> Self {
        draft.tree_mut().begin();
        draft.keeps_staged = false;
        Self {
            staged: draft.stage.as_ref().map(Stage::len),
            settings: None,
            kept: false,
            draft,
        }
    }

    fn run<T>(mut self, change: impl FnOnce(&mut Draft) -> Result<T>) -> Result<T> {
        let result = change(self.draft)?;
        self.draft.tree_mut().keep();
        self.kept = true;
        Ok(result)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let draft = &mut *self.draft;
        draft.defer_checks = false;
        draft.tree_mut().take_back();
        draft.forget_sources();
        if !draft.keeps_staged {
            match (&mut draft.stage, self.staged) {
                (Some(stage), Some(len)) => stage.truncate(len),
                (stage, _) => *stage = None,
            }
        }
        if let Some(old) = self.settings.take() {
            draft.settings = old;
            draft.apply_naming();
        }
    }
}

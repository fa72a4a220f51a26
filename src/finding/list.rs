//! The findings of a volume.

use std::sync::{Mutex, PoisonError};

use super::{Finding, Severity};

/// The most findings kept: users see what is wrong, and a bad disc has more than anyone reads.
const LIMIT: usize = 500;

/// The findings of a volume, without duplicates.
#[derive(Debug, Default)]
pub(crate) struct FindingList(Mutex<Vec<Finding>>);

impl FindingList {
    /// Adds a finding unless it is already there.
    pub(crate) fn add(&self, finding: Finding) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A doubt about what was read must not be lost among the rest.
        let is_first_doubt = || is_doubt(&finding) && !all.iter().any(is_doubt);
        if (all.len() < LIMIT || is_first_doubt()) && !all.contains(&finding) {
            all.push(finding);
        }
    }

    /// Copies the list, so that later findings are added to each separately.
    pub(crate) fn copy(&self) -> Self {
        Self(Mutex::new(self.all()))
    }

    pub(crate) fn all(&self) -> Vec<Finding> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

fn is_doubt(finding: &Finding) -> bool {
    finding.severity() == Severity::Doubtful
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_systems::FileSystems;
    use crate::finding::FindingCode;

    #[test]
    fn findings_are_kept_once_and_not_without_end() {
        let finding = |block| Finding::new(FileSystems::UDF, block, FindingCode::UdfDomain);
        let findings = FindingList::default();
        for block in 0..1000 {
            findings.add(finding(block));
            findings.add(finding(0));
        }
        let doubt = Finding::new(FileSystems::UDF, 7, FindingCode::UdfDamagedDescriptor);
        findings.add(doubt.clone());
        let all = findings.all();
        assert_eq!(all.len(), LIMIT + 1);
        assert_eq!(all[..2], [finding(0), finding(1)]);
        assert_eq!(all.last(), Some(&doubt));
    }
}

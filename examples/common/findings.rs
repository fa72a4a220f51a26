//! Formats a finding about a disc on one line.

use imapi2fs::Finding;

/// Returns a finding with its location, its severity, its code, and the clause of the standard that it violates.
pub(crate) fn line(finding: &Finding) -> String {
    format!("{finding} [{}]", rule(finding))
}

/// Returns the rule that a finding is about.
pub(crate) fn rule(finding: &Finding) -> String {
    let rule = format!("{} {}", finding.severity(), finding.code());
    match finding.clause() {
        Some(clause) => format!("{rule}, {clause}"),
        None => rule,
    }
}

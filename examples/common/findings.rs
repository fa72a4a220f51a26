//! Prints a finding about a disc on one line.

use imapi2fs::Finding;

/// A finding with its place, its severity, its code, and the clause of the standard that it is against.
pub(crate) fn line(finding: &Finding) -> String {
    format!("{finding} [{}]", rule(finding))
}

/// The rule that a finding is about.
pub(crate) fn rule(finding: &Finding) -> String {
    let rule = format!("{} {}", finding.severity(), finding.code());
    match finding.clause() {
        Some(clause) => format!("{rule}, {clause}"),
        None => rule,
    }
}

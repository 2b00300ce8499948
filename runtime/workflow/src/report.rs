//! What became of each thing of a definition that does not go over as it is.

use serde::Serialize;

/// How something goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Parity {
    /// It means the same, in other words.
    Translated,
    /// It has a meaning on the cluster that it does not have here.
    ClusterOnly,
    /// It would mean something else, so the definition is refused.
    NotPortable,
}

/// One thing and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where it stands: `root`, a component, an executor, with a field.
    pub place: String,
    /// How it goes over.
    pub parity: Parity,
    /// Why, in a sentence.
    pub reason: String,
}

/// The findings so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    pub(crate) fn add(
        &mut self,
        parity: Parity,
        place: impl Into<String>,
        reason: impl Into<String>,
    ) {
        let finding = Finding {
            place: place.into(),
            parity,
            reason: reason.into(),
        };
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    pub(crate) fn refuse(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.add(Parity::NotPortable, place, reason);
    }

    /// All of them, the gravest first.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.parity));
        self.findings
    }
}

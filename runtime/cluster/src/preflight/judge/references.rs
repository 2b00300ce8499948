//! Whether what pods name is there.

use super::super::facts::Reference;
use super::super::references;
use super::{Case, unknown};
use crate::finding::Finding;

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pods in case.pods {
        for reference in references::of_one(pods) {
            let Some(is_there) = case.facts.references.get(&reference) else {
                continue;
            };
            match is_there {
                Ok(true) => {}
                Ok(false) => findings.push(missing(&pods.subject, &reference)),
                Err(error) => {
                    let what = format!("whether {}/{} is there", reference.kind, reference.name);
                    findings.push(unknown(pods.subject.clone(), &what, error));
                }
            }
        }
    }
    findings
}

fn missing(subject: &str, reference: &Reference) -> Finding {
    let Reference {
        kind,
        namespace,
        name,
    } = reference;
    let message = format!("its pods need {kind}/{name}, which is not in the namespace {namespace}");
    Finding::error("reference-missing", subject, message)
        .fix("make it there first, or send it along")
}

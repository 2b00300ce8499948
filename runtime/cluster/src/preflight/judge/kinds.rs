//! Whether the cluster has the kinds of the objects, in their versions.

use super::super::facts::Served;
use super::super::sent::{SentObject, items, text};
use super::{Case, known, parts};
use crate::finding::Finding;

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let what = "which kinds the cluster has";
    let Some(served) = known(&case.facts.served, "", what, &mut findings) else {
        return findings;
    };
    for object in case.objects {
        findings.extend(judge_one(object, served, case.objects));
    }
    findings
}

fn judge_one(object: &SentObject, served: &[Served], objects: &[SentObject]) -> Option<Finding> {
    let (group, version, kind) = (object.group(), object.version(), object.kind.as_str());
    let of_kind: Vec<&Served> = served
        .iter()
        .filter(|served| served.group == group && served.kind == kind)
        .collect();
    if of_kind.iter().any(|served| served.version == version) {
        return None;
    }
    if is_defined_by(objects, group, kind) {
        let message = format!("the kind {kind} comes with the objects that are sent");
        return Some(Finding::note("kind-sent", object.subject(), message));
    }
    if of_kind.is_empty() {
        let message = format!("the cluster has no kind {kind} of {}", object.api_version);
        let finding = Finding::error("kind-missing", object.subject(), message);
        return Some(match parts::part_of(group, kind) {
            Some(part) => finding.fix(format!(
                "have {part} installed in the cluster; that needs its administrator"
            )),
            None => finding.fix("have the definition of this kind installed in the cluster"),
        });
    }
    let versions: Vec<String> = of_kind.iter().map(|served| served.api_version()).collect();
    let message = format!(
        "the cluster has {kind}, not as {} but as {}",
        object.api_version,
        versions.join(" and ")
    );
    let fix = format!(
        "write `apiVersion: {}` and see whether its fields are the same there",
        versions[0]
    );
    Some(Finding::error("version-missing", object.subject(), message).fix(fix))
}

/// Whether a definition of the kind is sent along.
fn is_defined_by(objects: &[SentObject], group: &str, kind: &str) -> bool {
    objects.iter().any(|object| {
        object.kind == "CustomResourceDefinition"
            && text(&object.body, "/spec/group") == group
            && text(&object.body, "/spec/names/kind") == kind
            && items(&object.body, "/spec/versions").next().is_some()
    })
}

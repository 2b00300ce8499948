//! Whether the user may do what sending takes.

use std::collections::BTreeMap;

use super::{Case, unknown};
use crate::finding::Finding;

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut refused: BTreeMap<(String, &str), Vec<&str>> = BTreeMap::new();
    let mut findings = Vec::new();
    for (access, may) in &case.facts.access {
        let resource = if access.group.is_empty() {
            access.plural.clone()
        } else {
            format!("{}.{}", access.plural, access.group)
        };
        match may {
            Ok(true) => {}
            Ok(false) => refused
                .entry((resource, &access.namespace))
                .or_default()
                .push(access.verb),
            Err(error) => findings.push(unknown(resource, "what the user may do with it", error)),
        }
    }
    for ((resource, namespace), verbs) in refused {
        let place = if namespace.is_empty() {
            "in the cluster".to_owned()
        } else {
            format!("in the namespace {namespace}")
        };
        let message = format!("the user may not {} {resource} {place}", verbs.join(", "));
        let flag = if namespace.is_empty() {
            String::new()
        } else {
            format!(" -n {namespace}")
        };
        let command = format!(
            "kubectl --context {} auth can-i {} {resource}{flag}",
            case.context, verbs[0]
        );
        // What is not deleted is only in the way when it has to go.
        let finding = if verbs == ["delete"] {
            Finding::warning(
                "not-allowed",
                resource,
                format!("{message}: it cannot be taken back"),
            )
        } else {
            Finding::error("not-allowed", resource, message)
        };
        findings.push(
            finding
                .fix("ask whoever runs the cluster for a role with these verbs")
                .command(command),
        );
    }
    findings
}

//! Whether the namespaces are there, and stay.

use super::super::sent::text;
use super::{Case, unknown};
use crate::finding::Finding;

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let of_each = case.facts.namespaces.iter().filter_map(|(name, facts)| {
        let subject = format!("Namespace/{name}");
        match &facts.object {
            Err(error) => Some(unknown(subject, "whether it is there", error)),
            Ok(None) => {
                let is_sent = case
                    .objects
                    .iter()
                    .any(|object| object.kind == "Namespace" && object.name == *name);
                (!is_sent).then(|| {
                    Finding::error("namespace-missing", subject, "it is not there")
                        .fix("make it, or send to another one")
                        .command(format!(
                            "kubectl --context {} create namespace {name}",
                            case.context
                        ))
                })
            }
            Ok(Some(namespace)) => {
                let is_leaving = text(namespace, "/status/phase") == "Terminating"
                    || namespace.pointer("/metadata/deletionTimestamp").is_some();
                is_leaving.then(|| {
                    let message =
                        "it is being deleted: nothing new is let in, and what is there goes";
                    Finding::error("namespace-terminating", subject, message)
                        .fix("wait until it is gone and make it anew, or send to another one")
                })
            }
        }
    });
    of_each.collect()
}

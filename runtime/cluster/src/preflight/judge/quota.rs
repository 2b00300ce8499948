//! Whether the namespaces' quotas have room for the objects and their pods.

use serde_json::Value;

use super::super::amount::Amount;
use super::super::facts::NamespaceFacts;
use super::super::sent::{items, text};
use super::requests::{Amounts, amounts, is_extended, of_container, of_pod};
use super::{Case, known};
use crate::finding::Finding;

/// What pods have to say where a quota counts it, and where in a container it stands.
const TO_BE_SAID: [(&str, &str, &str); 6] = [
    ("cpu", "requests", "cpu"),
    ("requests.cpu", "requests", "cpu"),
    ("memory", "requests", "memory"),
    ("requests.memory", "requests", "memory"),
    ("limits.cpu", "limits", "cpu"),
    ("limits.memory", "limits", "memory"),
];

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (namespace, facts) in &case.facts.namespaces {
        if matches!(facts.object, Ok(None)) {
            continue;
        }
        let (subject, what) = (format!("Namespace/{namespace}"), "which quotas it has");
        let Some(quotas) = known(&facts.quotas, &subject, what, &mut findings) else {
            continue;
        };
        let asked = asked(case, namespace, facts);
        for quota in quotas {
            findings.extend(judge_quota(case, namespace, facts, quota, &asked));
        }
    }
    findings
}

fn judge_quota(
    case: &Case<'_>,
    namespace: &str,
    facts: &NamespaceFacts,
    quota: &Value,
    asked: &Amounts,
) -> Vec<Finding> {
    let name = text(quota, "/metadata/name");
    let subject = format!("ResourceQuota/{name}");
    let is_scoped = items(quota, "/spec/scopes").next().is_some()
        || quota.pointer("/spec/scopeSelector").is_some();
    if is_scoped {
        let message = "it counts only some pods, and whether these are among them is not judged";
        return vec![Finding::warning("quota-scoped", subject, message)];
    }
    let hard = amounts(quota, "/spec/hard");
    let used = amounts(quota, "/status/used");
    let mut findings = Vec::new();
    for (resource, most) in &hard {
        let used = used.get(resource).copied().unwrap_or_default();
        let more = asked.get(resource).copied().unwrap_or_default();
        if more > Amount::NONE && used + more > *most {
            let told = |amount: Amount| amount.of_resource(resource);
            let message = format!(
                "the namespace {namespace} may have {} of {resource} and has {}; this asks for {} more",
                told(*most),
                told(used),
                told(more)
            );
            findings.push(
                Finding::error("quota-exceeded", subject.clone(), message)
                    .fix("ask for less, free some of it, or have the quota raised")
                    .command(format!(
                        "kubectl --context {} -n {namespace} describe resourcequota {name}",
                        case.context
                    )),
            );
        }
    }
    findings.extend(unsaid(case, namespace, facts, name, &hard));
    findings
}

/// Containers that do not say what a quota counts: the API server lets none of their pods in.
fn unsaid(
    case: &Case<'_>,
    namespace: &str,
    facts: &NamespaceFacts,
    quota: &str,
    hard: &Amounts,
) -> Vec<Finding> {
    let no_ranges = Vec::new();
    let ranges = facts.limit_ranges.as_ref().unwrap_or(&no_ranges);
    let mut findings = Vec::new();
    for pods in case.pods.iter().filter(|pods| pods.namespace == namespace) {
        for container in pods.containers() {
            let asked = of_container(container, ranges);
            for (counted, list, resource) in TO_BE_SAID {
                let said = match list {
                    "requests" => &asked.requests,
                    _ => &asked.limits,
                };
                if hard.contains_key(counted) && !said.contains_key(resource) {
                    let message = format!(
                        "the quota `{quota}` counts {counted}, and the container `{}` does not say it",
                        text(container, "/name")
                    );
                    findings.push(
                        Finding::error("quota-unsaid", pods.subject.clone(), message)
                            .fix(format!("write resources.{list}.{resource}")),
                    );
                }
            }
        }
    }
    findings
}

/// What the objects of a namespace that are not there yet ask for, by the names that quotas have.
fn asked(case: &Case<'_>, namespace: &str, facts: &NamespaceFacts) -> Amounts {
    let no_ranges = Vec::new();
    let ranges = facts.limit_ranges.as_ref().unwrap_or(&no_ranges);
    let mut sums = Amounts::new();
    let mut add = |name: String, amount: Amount| *sums.entry(name).or_default() += amount;
    for pods in case.pods {
        if pods.namespace != namespace || case.facts.is_there(pods.object) {
            continue;
        }
        add("pods".to_owned(), Amount::whole(pods.count));
        add("count/pods".to_owned(), Amount::whole(pods.count));
        let each = of_pod(pods, ranges);
        for (resource, amount) in each.requests {
            let amount = amount * pods.count;
            add(format!("requests.{resource}"), amount);
            if !is_extended(&resource) {
                add(resource, amount);
            }
        }
        for (resource, amount) in each.limits {
            add(format!("limits.{resource}"), amount * pods.count);
        }
    }
    for (number, object) in case.objects.iter().enumerate() {
        if object.namespace != namespace || case.facts.is_there(number) {
            continue;
        }
        let served = case
            .facts
            .served(object.group(), object.version(), &object.kind);
        let Some(served) = served.filter(|served| served.is_namespaced) else {
            continue;
        };
        // Pods were counted with those that come of other objects.
        if object.group().is_empty() && object.kind != "Pod" {
            add(served.plural.clone(), Amount::whole(1));
            add(format!("count/{}", served.plural), Amount::whole(1));
        } else if object.kind != "Pod" {
            add(
                format!("count/{}.{}", served.plural, served.group),
                Amount::whole(1),
            );
        }
        if object.kind == "PersistentVolumeClaim" {
            let class = text(&object.body, "/spec/storageClassName");
            let storage = amounts(&object.body, "/spec/resources/requests");
            let storage = storage.get("storage").copied().unwrap_or_default();
            add("requests.storage".to_owned(), storage);
            if !class.is_empty() {
                let of_class = format!("{class}.storageclass.storage.k8s.io");
                add(format!("{of_class}/requests.storage"), storage);
                add(
                    format!("{of_class}/persistentvolumeclaims"),
                    Amount::whole(1),
                );
            }
        }
    }
    sums
}

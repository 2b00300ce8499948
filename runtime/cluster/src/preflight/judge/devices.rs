//! Whether some node is large enough for each pod, and has the devices that it names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::Device;
use super::super::amount::Amount;
use super::super::facts::Facts;
use super::super::sent::{Pods, items, text};
use super::requests::{Amounts, amounts, extended, is_extended, of_pod};
use super::{Case, known};
use crate::finding::Finding;

/// The devices of all nodes, by name; none where nodes may not be listed.
pub(in crate::preflight) fn devices(facts: &Facts) -> Option<Vec<Device>> {
    let nodes = facts.nodes.as_ref().ok()?;
    let mut found: BTreeMap<String, (Amount, Amount, u64)> = BTreeMap::new();
    for node in nodes {
        for (resource, amount) in amounts(node, "/status/allocatable") {
            if is_extended(&resource) && amount > Amount::NONE {
                let (total, most, nodes) = found.entry(resource).or_default();
                *total += amount;
                *most = (*most).max(amount);
                *nodes += 1;
            }
        }
    }
    let devices = found
        .into_iter()
        .map(|(resource, (total, most, nodes))| Device {
            resource,
            total: total.to_string(),
            most_of_a_node: most.to_string(),
            nodes,
        });
    Some(devices.collect())
}

/// The names of devices that pods ask for.
pub(in crate::preflight) fn extended_resources(pods: &[Pods]) -> BTreeSet<String> {
    let of_each = pods.iter().flat_map(|pods| {
        let asked = of_pod(pods, &[]);
        extended(&asked).into_iter().cloned().collect::<Vec<_>>()
    });
    of_each.collect()
}

pub(super) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if case.pods.is_empty() {
        return findings;
    }
    let what = "how large the nodes are and which devices they have";
    let Some(nodes) = known(&case.facts.nodes, "", what, &mut findings) else {
        return findings;
    };
    let nodes: Vec<(&Value, Amounts)> = nodes
        .iter()
        .filter(|node| node.pointer("/spec/unschedulable") != Some(&Value::Bool(true)))
        .map(|node| (node, amounts(node, "/status/allocatable")))
        .collect();
    if nodes.is_empty() {
        let message =
            "the cluster has no node that takes pods now; it may make some when they are asked for";
        findings.push(Finding::warning("no-nodes", "", message));
        return findings;
    }
    for pods in case.pods {
        findings.extend(judge_pods(case, pods, &nodes));
    }
    findings
}

fn judge_pods(case: &Case<'_>, pods: &Pods, nodes: &[(&Value, Amounts)]) -> Vec<Finding> {
    let ranges = case.facts.namespaces.get(&pods.namespace);
    let ranges = ranges.and_then(|facts| facts.limit_ranges.as_ref().ok());
    let asked = of_pod(pods, ranges.map_or(&[], Vec::as_slice)).requests;
    let mut findings = Vec::new();
    for (resource, wanted) in &asked {
        let of = |amounts: &Amounts| amounts.get(resource).copied().unwrap_or_default();
        let most = nodes
            .iter()
            .map(|(_, has)| of(has))
            .max()
            .unwrap_or_default();
        let told = |amount: Amount| amount.of_resource(resource);
        if *wanted <= most {
            continue;
        }
        findings.push(if most == Amount::NONE && is_extended(resource) {
            let others: BTreeSet<&String> = nodes
                .iter()
                .flat_map(|(_, has)| has.keys())
                .filter(|name| is_extended(name))
                .collect();
            let others: Vec<&str> = others.into_iter().map(String::as_str).collect();
            let instead = if others.is_empty() {
                "no node has a device at all".to_owned()
            } else {
                format!("nodes have {}", others.join(", "))
            };
            let message = format!(
                "it asks for {} of {resource}, which no node has; {instead}",
                told(*wanted)
            );
            Finding::error("device-missing", pods.subject.clone(), message)
                .fix("ask for what a node has, or have nodes with such devices added")
        } else {
            let message = format!(
                "each pod asks for {} of {resource}, and the largest node has {}",
                told(*wanted),
                told(most)
            );
            Finding::error("node-too-small", pods.subject.clone(), message)
                .fix("ask for less, or have larger nodes added")
        });
    }
    if findings.is_empty() {
        findings.extend(judge_place(pods, &asked, nodes));
    }
    findings
}

/// Whether a node has all of it at once, is selected, and its taints are borne.
fn judge_place(pods: &Pods, asked: &Amounts, nodes: &[(&Value, Amounts)]) -> Option<Finding> {
    let fits = |has: &Amounts| {
        asked
            .iter()
            .all(|(resource, wanted)| *wanted <= has.get(resource).copied().unwrap_or_default())
    };
    let large: Vec<&Value> = nodes
        .iter()
        .filter(|(_, has)| fits(has))
        .map(|(node, _)| *node)
        .collect();
    if large.is_empty() {
        let message =
            "no single node has all that each pod asks for, though each part of it is somewhere";
        let finding = Finding::error("node-too-small", pods.subject.clone(), message);
        return Some(finding.fix("ask for less, or have larger nodes added"));
    }
    let selected: Vec<&Value> = large
        .iter()
        .copied()
        .filter(|node| is_selected(pods, node))
        .collect();
    if selected.is_empty() {
        let message = "its nodeSelector fits no node that is large enough";
        let finding = Finding::error("node-not-selected", pods.subject.clone(), message);
        return Some(finding.fix("change its nodeSelector: the labels of clouds differ"));
    }
    if selected
        .iter()
        .any(|node| taint_in_the_way(pods, node).is_none())
    {
        return None;
    }
    let taint = selected
        .iter()
        .find_map(|node| taint_in_the_way(pods, node));
    let message = format!(
        "every node that could take it keeps pods away by a taint, such as `{}`",
        taint.unwrap_or_default()
    );
    // Some clusters add the toleration to pods that ask for the device.
    Some(
        Finding::warning("taint", pods.subject.clone(), message)
            .fix("add a toleration for it, unless the cluster does so by itself"),
    )
}

fn is_selected(pods: &Pods, node: &Value) -> bool {
    let selector = pods.spec.get("nodeSelector").and_then(Value::as_object);
    let labels = node.pointer("/metadata/labels");
    selector
        .into_iter()
        .flatten()
        .all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

/// A taint of a node that the pods do not tolerate.
fn taint_in_the_way(pods: &Pods, node: &Value) -> Option<String> {
    let taints = items(node, "/spec/taints")
        .filter(|taint| ["NoSchedule", "NoExecute"].contains(&text(taint, "/effect")));
    let mut in_the_way = taints.filter(|taint| {
        !items(&pods.spec, "/tolerations").any(|toleration| tolerates(toleration, taint))
    });
    in_the_way
        .next()
        .map(|taint| format!("{}:{}", text(taint, "/key"), text(taint, "/effect")))
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (key, effect) = (text(toleration, "/key"), text(toleration, "/effect"));
    let exists = text(toleration, "/operator") == "Exists";
    (effect.is_empty() || effect == text(taint, "/effect"))
        && ((key.is_empty() && exists) || key == text(taint, "/key"))
        && (exists || text(toleration, "/value") == text(taint, "/value"))
}

//! How sure a pod is of its CPU and memory: `status.qosClass`.

use coracle_model::Quantity;
use serde_json::Value;

use crate::object::{Object, ObjectExt};

/// What is looked at.
const COUNTED: [&str; 2] = ["cpu", "memory"];

/// `Guaranteed` when every container has limits and asks for as much, `BestEffort` when none asks for anything.
pub(super) fn class(pod: &Object) -> &'static str {
    let of_pod = pod.at(&["spec", "resources"]).filter(|of_pod| {
        ["requests", "limits"].iter().any(|kind| {
            COUNTED
                .iter()
                .any(|name| amount(of_pod, kind, name).is_some())
        })
    });
    if let Some(of_pod) = of_pod {
        return match is_guaranteed(of_pod) {
            true => "Guaranteed",
            false => "Burstable",
        };
    }
    let containers: Vec<_> = ["initContainers", "containers"]
        .iter()
        .flat_map(|field| pod.list_at(&["spec", field]))
        .collect();
    let resources = |container: &Value| container.get("resources").cloned().unwrap_or_default();
    let asks = |container: &&Value| {
        let resources = resources(container);
        let any = |kind| {
            COUNTED
                .iter()
                .any(|name| amount(&resources, kind, name).is_some())
        };
        any("requests") || any("limits")
    };
    if !containers.iter().any(asks) {
        "BestEffort"
    } else if containers
        .iter()
        .all(|container| is_guaranteed(&resources(container)))
    {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

fn is_guaranteed(resources: &Value) -> bool {
    COUNTED.iter().all(|name| {
        let limit = amount(resources, "limits", name);
        limit.is_some()
            && amount(resources, "requests", name).is_none_or(|asked| Some(asked) == limit)
    })
}

/// An amount above nothing.
fn amount(resources: &Value, kind: &str, name: &str) -> Option<Quantity> {
    let amount = resources.get(kind)?.get(name)?.as_str()?.parse().ok();
    amount.filter(|amount: &Quantity| !amount.is_zero())
}

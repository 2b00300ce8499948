//! What pods ask for: as they say it, and as a namespace's limit ranges fill it in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::amount::Amount;
use super::super::sent::{Pods, items, text};

/// Amounts by resource: `cpu`, `memory`, `nvidia.com/gpu`.
pub(super) type Amounts = BTreeMap<String, Amount>;

/// What a container asks for and is held to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Asked {
    pub(super) requests: Amounts,
    pub(super) limits: Amounts,
}

impl Asked {
    fn add(&mut self, other: &Self) {
        for (sum, added) in [
            (&mut self.requests, &other.requests),
            (&mut self.limits, &other.limits),
        ] {
            for (resource, amount) in added {
                *sum.entry(resource.clone()).or_default() += *amount;
            }
        }
    }

    fn raise(&mut self, other: &Self) {
        for (most, one) in [
            (&mut self.requests, &other.requests),
            (&mut self.limits, &other.limits),
        ] {
            for (resource, amount) in one {
                let most = most.entry(resource.clone()).or_default();
                *most = (*most).max(*amount);
            }
        }
    }
}

/// The amounts of a map such as `resources.requests`; what is no quantity is left to the API server to refuse.
pub(super) fn amounts(value: &Value, pointer: &str) -> Amounts {
    let map = value.pointer(pointer).and_then(Value::as_object);
    let amounts = map.into_iter().flatten();
    amounts
        .filter_map(|(resource, amount)| Some((resource.clone(), Amount::of(amount)?)))
        .collect()
}

/// What a container asks for, with the defaults of the API server and of limit ranges.
pub(super) fn of_container(container: &Value, limit_ranges: &[Value]) -> Asked {
    let mut asked = Asked {
        requests: amounts(container, "/resources/requests"),
        limits: amounts(container, "/resources/limits"),
    };
    // The API server takes a limit that is named for the request, before limit ranges see it.
    for (resource, limit) in asked.limits.clone() {
        asked.requests.entry(resource).or_insert(limit);
    }
    for item in of_type(limit_ranges, "Container") {
        for (resource, amount) in amounts(item, "/default") {
            asked.limits.entry(resource).or_insert(amount);
        }
        for (resource, amount) in amounts(item, "/defaultRequest") {
            asked.requests.entry(resource).or_insert(amount);
        }
    }
    asked
}

/// What one pod asks for: its containers together, or an init container that asks for more.
pub(super) fn of_pod(pods: &Pods, limit_ranges: &[Value]) -> Asked {
    let mut together = Asked::default();
    let mut most = Asked::default();
    for container in items(&pods.spec, "/initContainers") {
        let mut alone = of_container(container, limit_ranges);
        if text(container, "/restartPolicy") == "Always" {
            together.add(&alone);
        } else {
            // Those that go on were started before it and go on beside it.
            alone.add(&together);
            most.raise(&alone);
        }
    }
    for container in items(&pods.spec, "/containers") {
        together.add(&of_container(container, limit_ranges));
    }
    together.raise(&most);
    let overhead = amounts(&pods.spec, "/overhead");
    together.add(&Asked {
        requests: overhead,
        limits: Amounts::new(),
    });
    together
}

/// The items of limit ranges for a type.
pub(super) fn of_type<'a>(
    limit_ranges: &'a [Value],
    kind: &'a str,
) -> impl Iterator<Item = &'a Value> {
    limit_ranges
        .iter()
        .flat_map(|range| items(range, "/spec/limits"))
        .filter(move |item| text(item, "/type") == kind)
}

/// The resources that only some nodes have: those with a domain of their own.
pub(super) fn extended(asked: &Asked) -> BTreeSet<&String> {
    asked
        .requests
        .keys()
        .filter(|resource| is_extended(resource))
        .collect()
}

/// Whether a resource is a device's.
pub(super) fn is_extended(resource: &str) -> bool {
    resource
        .split_once('/')
        .is_some_and(|(domain, _)| !domain.ends_with("kubernetes.io"))
}

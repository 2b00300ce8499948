//! What a container asks for, and what it may not go over.

use coracle_model::Quantity;

use super::super::super::place::{Faults, NOT_NEGATIVE, Place};
use super::super::super::words;

/// The resources that a container has without a domain before the name, but huge pages.
const OF_CONTAINERS: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Names that stand for something, though not for what a container asks for.
const OF_OTHERS: [&str; 16] = [
    "storage",
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

/// What is wrong with `resources`.
pub(super) fn check(resources: &Place<'_>, faults: &mut Faults) {
    let limits = resources.field("limits");
    let requests = resources.field("requests");
    for (name, limit) in limits.entries() {
        check_amount(name, &limit, faults);
    }
    for (name, request) in requests.entries() {
        check_amount(name, &request, faults);
        check_against_limit(name, &request, &requests, &limits, faults);
    }
    let has = |wanted: fn(&str) -> bool| {
        let mut names = limits.entries().chain(requests.entries());
        names.any(|(name, _)| wanted(name))
    };
    if has(is_huge_pages) && !has(|name| matches!(name, "cpu" | "memory")) {
        faults.push(resources.forbidden("HugePages require cpu or memory"));
    }
}

fn check_amount(name: &str, amount: &Place<'_>, faults: &mut Faults) {
    check_name(name, amount, faults);
    let Some(quantity) = amount.quantity() else {
        return;
    };
    if quantity.is_negative() {
        faults.push(amount.invalid_as(quantity.to_string(), NOT_NEGATIVE));
    }
    if let Some(size) = name.strip_prefix("hugepages-") {
        let size = size.parse().map_or(0, Quantity::ceiling);
        let amount_whole = quantity.ceiling();
        if size <= 0 || amount_whole <= 0 || amount_whole % size != 0 {
            let why = format!("{quantity} is not positive integer multiple of {name}");
            faults.push(amount.invalid_as(quantity.to_string(), why));
        }
    }
    if counts_whole(name) && !quantity.is_whole() {
        faults.push(amount.invalid_as(quantity.to_string(), "must be an integer"));
    }
}

fn check_name(name: &str, amount: &Place<'_>, faults: &mut Faults) {
    let mut refuse = |detail: &str| faults.push(amount.invalid_as(name, detail));
    let said = words::check_qualified_name(name);
    said.iter().for_each(|detail| refuse(detail));
    if !name.contains('/') {
        let of_containers = OF_CONTAINERS.contains(&name) || is_huge_pages(name);
        if said.is_empty() && !of_containers && !OF_OTHERS.contains(&name) {
            refuse("must be a standard resource type or fully qualified");
        }
        if !of_containers {
            refuse("must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        refuse("doesn't follow extended resource name standard");
    }
}

fn check_against_limit(
    name: &str,
    request: &Place<'_>,
    requests: &Place<'_>,
    limits: &Place<'_>,
    faults: &mut Faults,
) {
    let (Some(asked), limit) = (request.quantity(), limits.key(name).quantity()) else {
        return;
    };
    let mut refuse = |words: &str, limit: Quantity| {
        let why = format!("must be {words} to {name} limit of {limit}");
        faults.push(requests.invalid_as(asked.to_string(), why));
    };
    match limit {
        Some(limit) if !may_overcommit(name) && asked != limit => refuse("equal", limit),
        Some(limit) if asked > limit => refuse("less than or equal", limit),
        None if !may_overcommit(name) => {
            faults.push(limits.required("Limit must be set for non overcommitable resources"));
        }
        Some(_) | None => {}
    }
}

fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// A resource of Kubernetes' own.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// A resource that a device's maker names: `nvidia.com/gpu`.
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && words::check_qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether more may be asked for than there is.
fn may_overcommit(name: &str) -> bool {
    is_native(name) && !is_huge_pages(name)
}

fn counts_whole(name: &str) -> bool {
    is_extended(name) || OF_OTHERS[1..10].contains(&name)
}

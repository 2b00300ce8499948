//! Which nodes and which other pods a pod wants to be with.

use super::super::super::place::{Faults, Place};
use super::super::super::words;
use super::scheduling::check_label_selector;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// What is wrong with `affinity`.
pub(super) fn check(affinity: &Place<'_>, faults: &mut Faults) {
    check_nodes(&affinity.field("nodeAffinity"), faults);
    for field in ["podAffinity", "podAntiAffinity"] {
        check_pods(&affinity.field(field), faults);
    }
}

fn check_nodes(affinity: &Place<'_>, faults: &mut Faults) {
    let required = affinity.field(REQUIRED);
    if required.is_set() {
        let terms = required.field("nodeSelectorTerms");
        if terms.is_empty() {
            faults.push(terms.required("must have at least one node selector term"));
        }
        for term in terms.items() {
            check_node_term(&term, faults);
            // A label that no node can have would keep the pod waiting for ever.
            for requirement in term.field("matchExpressions").items() {
                for value in requirement.field("values").items() {
                    value.check(words::check_label_value, faults);
                }
            }
        }
    }
    for preference in affinity.field(PREFERRED).items() {
        check_weight(&preference, faults);
        check_node_term(&preference.field("preference"), faults);
    }
}

fn check_node_term(term: &Place<'_>, faults: &mut Faults) {
    for requirement in term.field("matchExpressions").items() {
        let values = requirement.field("values");
        let operator = requirement.field("operator");
        match operator.text() {
            "In" | "NotIn" if values.is_empty() => {
                faults
                    .push(values.required("must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                faults.push(values.forbidden(
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ));
            }
            "Gt" | "Lt" if values.len() != 1 => {
                faults
                    .push(values.required(
                        "must be specified single value when `operator` is 'Lt' or 'Gt'",
                    ));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            _ => faults.push(operator.invalid_text("not a valid selector operator")),
        }
        requirement
            .field("key")
            .check(words::check_qualified_name, faults);
    }
    for requirement in term.field("matchFields").items() {
        let values = requirement.field("values");
        let operator = requirement.field("operator");
        match operator.text() {
            "In" | "NotIn" if values.len() != 1 => {
                faults.push(values.required(
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
                ));
            }
            "In" | "NotIn" => {}
            _ => faults.push(operator.invalid_text("not a valid selector operator")),
        }
        let key = requirement.field("key");
        if key.text() == "metadata.name" {
            for value in values.items() {
                value.check(words::check_subdomain, faults);
            }
        } else {
            faults.push(key.invalid_text("not a valid field selector key"));
        }
    }
}

fn check_pods(affinity: &Place<'_>, faults: &mut Faults) {
    for term in affinity.field(REQUIRED).items() {
        check_pod_term(&term, faults);
    }
    for preference in affinity.field(PREFERRED).items() {
        check_weight(&preference, faults);
        check_pod_term(&preference.field("podAffinityTerm"), faults);
    }
}

fn check_pod_term(term: &Place<'_>, faults: &mut Faults) {
    check_label_selector(&term.field("labelSelector"), faults);
    check_label_selector(&term.field("namespaceSelector"), faults);
    for namespace in term.field("namespaces").items() {
        let said = words::check_label(namespace.text());
        let path = Place::at(term.path().field("namespace"), Some(namespace.value()));
        faults.extend(said.into_iter().map(|detail| path.invalid(detail)));
    }
    let key = term.field("topologyKey");
    if key.is_empty() {
        faults.push(key.required("can not be empty"));
    }
    key.check(words::check_qualified_name, faults);
}

fn check_weight(preference: &Place<'_>, faults: &mut Faults) {
    let weight = preference.field("weight");
    let number = weight.number().unwrap_or(0);
    if !(1..=100).contains(&number) {
        faults.push(weight.invalid_as(number, "must be in the range 1-100"));
    }
}

//! Reading a pod's template and the selector of its pods, for kinds that make pods.

use serde_json::{Map, Value};

use super::column::or_none;
use super::place::{Faults, Place};
use super::{fill, pod, words};
use crate::object::{Object, ObjectExt};
use crate::select::LabelSelector;

/// What is said of a field that stays as it was made.
pub(super) const IMMUTABLE: &str = "field is immutable";

/// The defaults of what every kind has that keeps a number of pods of one template.
pub(super) fn set_defaults(object: &mut Object) {
    fill::value(object, "status", Map::new());
    let Some(spec) = fill::map_in(object, "spec") else {
        return;
    };
    fill::value(spec, "replicas", 1);
    if let Some(template) = fill::map_in(spec, "template") {
        fill::value(template, "metadata", Map::new());
        if let Some(pod) = fill::map_in(template, "spec") {
            pod::set_spec_defaults(pod);
        }
    }
}

/// What is wrong with what every kind has that keeps a number of pods running.
pub(super) fn check(object: &Object, faults: &mut Faults) {
    let spec = Place::of(object, "spec");
    for field in ["replicas", "minReadySeconds"] {
        spec.field(field).check_not_negative(faults);
    }
    let selector = spec.field("selector");
    if selector.is_set() {
        pod::check_label_selector(&selector, faults);
        if selector.is_empty() {
            faults.push(selector.invalid("empty selector is invalid for deployment"));
        }
    } else {
        faults.push(selector.required(""));
    }
    if selector.is_set() && LabelSelector::from_object(selector.value(), selector.path()).is_err() {
        faults.push(selector.invalid("invalid label selector"));
    }
    check_selected(&spec, faults);
    let template = spec.field("template");
    check_metadata(&template, faults);
    let pod = template.field("spec");
    pod::check_spec(&pod, faults);
    let restart = pod.field("restartPolicy");
    if restart.text() != "Always" {
        faults.push(restart.not_supported(&["Always"]));
    }
    let deadline = pod.field("activeDeadlineSeconds");
    if deadline.is_set() {
        faults.push(deadline.forbidden("activeDeadlineSeconds in ReplicaSet is not Supported"));
    }
}

/// What is wrong with a change of such a kind: the pods that are its own are told for good.
pub(super) fn check_change(new: &Object, old: &Object, faults: &mut Faults) {
    check(new, faults);
    let (selector, before) = (
        Place::of(new, "spec").field("selector"),
        old.at(&["spec", "selector"]),
    );
    if Some(selector.value()) != before {
        faults.push(selector.invalid(IMMUTABLE));
    }
}

/// What a client is told of its pods, although it is taken.
pub(super) fn warnings(object: &Object) -> Vec<String> {
    let template = Place::of(object, "spec").field("template");
    pod::warnings(&template.field("spec"))
}

/// Whether the selector of `spec` selects the pods of its template. Of one that is none nothing is said.
pub(super) fn check_selected(spec: &Place<'_>, faults: &mut Faults) {
    let selector = spec.field("selector");
    let labels = spec.field("template").field("metadata").field("labels");
    let nothing = Map::new();
    let selects = |selector: &LabelSelector| {
        selector.matches_labels(labels.value().as_object().unwrap_or(&nothing))
    };
    let misses = LabelSelector::from_object(selector.value(), selector.path())
        .is_ok_and(|read| !selects(&read));
    if !selector.is_set() || misses {
        faults.push(labels.invalid("`selector` does not match template `labels`"));
    }
}

/// Labels and annotations of a template, as of any object, but told without `metadata`.
pub(super) fn check_metadata(template: &Place<'_>, faults: &mut Faults) {
    let metadata = template.field("metadata");
    let labels = metadata
        .field("labels")
        .told_at(&template.path().field("labels"));
    for (key, value) in labels.entries() {
        let said = words::check_qualified_name(key);
        faults.extend(
            said.into_iter()
                .map(|detail| labels.invalid_as(key, detail)),
        );
        let said = words::check_label_value(value.text());
        faults.extend(
            said.into_iter()
                .map(|detail| labels.invalid_as(value.text(), detail)),
        );
    }
    let annotations = metadata.field("annotations");
    let annotations = annotations.told_at(&template.path().field("annotations"));
    for (key, _) in annotations.entries() {
        let said = words::check_qualified_name(&key.to_lowercase());
        faults.extend(
            said.into_iter()
                .map(|detail| annotations.invalid_as(key, detail)),
        );
    }
}

/// The names of the containers of `spec.template`, with commas.
pub(super) fn container_names(object: &Object) -> String {
    each_container(object, "name")
}

/// Their images, with commas.
pub(super) fn container_images(object: &Object) -> String {
    each_container(object, "image")
}

fn each_container(object: &Object, field: &str) -> String {
    let containers = object.list_at(&["spec", "template", "spec", "containers"]);
    let texts = containers.iter().map(|container| {
        let text = container.get(field).and_then(Value::as_str);
        text.unwrap_or_default()
    });
    texts.collect::<Vec<_>>().join(",")
}

/// A label selector as a table shows it: `<none>` when it selects nothing.
pub(super) fn label_selector(selector: Option<&Value>) -> String {
    or_none(&selector_text(selector))
}

/// A label selector as text: `app=x,tier in (a,b)`.
pub(crate) fn selector_text(selector: Option<&Value>) -> String {
    let mut terms: Vec<(String, String)> = Vec::new();
    let labels = selector.and_then(|selector| selector.get("matchLabels"));
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        terms.push((key.clone(), format!("{key}={value}")));
    }
    let expressions = selector.and_then(|selector| selector.get("matchExpressions"));
    for expression in expressions.and_then(Value::as_array).into_iter().flatten() {
        let text = |field: &str| expression.get(field).and_then(Value::as_str);
        let key = text("key").unwrap_or_default();
        let values = expression.get("values").and_then(Value::as_array);
        let mut values: Vec<_> = values
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        let term = match text("operator").unwrap_or_default() {
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            "NotIn" => format!("{key} notin ({values})"),
            _ => format!("{key} in ({values})"),
        };
        terms.push((key.to_owned(), term));
    }
    terms.sort_by(|one, other| one.0.cmp(&other.0));
    let terms: Vec<_> = terms.into_iter().map(|(_, term)| term).collect();
    terms.join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_written_as_kubectl_takes_them() {
        assert_eq!(label_selector(None), "<none>");
        let selector = json!({
            "matchLabels": {"b": "1"},
            "matchExpressions": [
                {"key": "a", "operator": "In", "values": ["y", "x"]},
                {"key": "c", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(label_selector(Some(&selector)), "a in (x,y),b=1,!c");
    }
}

//! Reading a pod's template and the selector of its pods, for kinds that make pods.

use serde_json::{Map, Value};

use super::column::or_none;
use super::{fill, pod};
use crate::object::{Object, ObjectExt};

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

/// A label selector as text: `app=x,tier in (a,b)`; `<none>` when it selects nothing.
pub(super) fn label_selector(selector: Option<&Value>) -> String {
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
    or_none(&terms.join(","))
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

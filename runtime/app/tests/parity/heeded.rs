//! A field that nothing here heeds is told as one of the cluster's alone.

use coracle_cluster::report::{Facts, FieldReport, Verdict, translate};
use coracle_objects::Object;
use coracle_spec::kind::pod::Pod;
use proptest::prelude::*;
use serde_json::Value;

use crate::kubelet::text;
use crate::objects;

/// The pod that an object leads to.
pub(crate) fn pod_of(object: &Value) -> Option<&Value> {
    match text(&object["kind"]) {
        "Pod" => Some(&object["spec"]),
        "Job" | "Deployment" | "ReplicaSet" | "Notebook" => object.pointer("/spec/template/spec"),
        "InferenceService" => object.pointer("/spec/predictor"),
        _ => None,
    }
}

fn place_of_pod(kind: &str) -> &'static str {
    match kind {
        "Pod" => "spec.",
        "InferenceService" => "spec.predictor.",
        _ => "spec.template.spec.",
    }
}

/// What a kubelet here reads of a pod of this spec. None where it cannot.
fn read(spec: &Value) -> Option<Pod> {
    let pod = serde_json::json!({"metadata": {"name": "p", "uid": "u"}, "spec": spec});
    let object: &Object = pod.as_object()?;
    Pod::read(object).ok()
}

/// Leaves by their place in an account of fields, with how they are reached.
fn leaves(value: &Value, place: &str, pointer: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                let step = if name.contains(['.', '[', ']', '"']) || name.is_empty() {
                    format!("[{name:?}]")
                } else {
                    format!(".{name}")
                };
                let step = if place.is_empty() {
                    step.trim_start_matches('.').to_owned()
                } else {
                    step
                };
                let escaped = name.replace('~', "~0").replace('/', "~1");
                leaves(
                    value,
                    &format!("{place}{step}"),
                    &format!("{pointer}/{escaped}"),
                    found,
                );
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (number, value) in items.iter().enumerate() {
                leaves(
                    value,
                    &format!("{place}[{number}]"),
                    &format!("{pointer}/{number}"),
                    found,
                );
            }
        }
        _ => found.push((place.to_owned(), pointer.to_owned())),
    }
}

/// Another value of the same kind.
fn another(value: &Value) -> Value {
    match value {
        Value::Bool(is_so) => (!is_so).into(),
        Value::Number(number) => (number.as_i64().unwrap_or_default() + 1).into(),
        // Of an amount it is another amount as well.
        Value::String(text) if text.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("1{text}").into()
        }
        Value::String(text) => format!("{text}x").into(),
        other => other.clone(),
    }
}

fn fields(object: &Value) -> Vec<FieldReport> {
    let translation = translate(std::slice::from_ref(object), &Facts::default()).unwrap();
    translation
        .report
        .objects
        .into_iter()
        .flat_map(|object| object.fields)
        .collect()
}

/// Whether there is no other value of the kind: of an empty map or list, which says nothing to heed.
fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_) | Value::Null)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn what_makes_no_difference_here_is_told_as_the_clusters_alone(workloads in objects::workloads()) {
        for object in &workloads {
            let kind = text(&object["kind"]);
            let pod = pod_of(object).unwrap();
            let as_it_is = read(pod);
            prop_assert!(as_it_is.is_some(), "{pod:#}");
            let told = fields(object);
            let mut found = Vec::new();
            leaves(pod, "", "", &mut found);
            for (place, pointer) in found {
                let mut other = pod.clone();
                let leaf = other.pointer_mut(&pointer).unwrap();
                if is_empty(leaf) {
                    continue;
                }
                *leaf = another(leaf);
                let is_heeded = read(&other) != as_it_is;
                let place = format!("{}{place}", place_of_pod(kind));
                let verdict = told.iter().find(|field| field.field == place).map(|field| field.verdict);
                prop_assert!(verdict.is_some(), "{place} of {kind} is in no account");
                prop_assert!(is_heeded || verdict != Some(Verdict::Same), "{place} of {kind} is heeded by nothing here, and told as the same");
            }
        }
    }
}

//! `Scale` of `autoscaling/v1`: how many pods an object has and is to have, as one form for all kinds that have some.

use serde_json::{Value, json};

use crate::field::FieldError;
use crate::kind::{self, Place};
use crate::object::{Object, ObjectExt};
use crate::schema::ObjectType;

/// The part of an object that is its scale.
pub const SCALE: &str = "scale";

/// The type of a scale.
pub fn scale_type() -> &'static ObjectType {
    ObjectType::built_in("autoscaling", "v1", "Scale").expect("its type is among the embedded ones")
}

/// The scale of an object that has a number of pods.
pub fn scale_of(object: &Object) -> Object {
    let mut metadata = json!({});
    for field in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
    ] {
        let told = object.meta(field);
        if !told.is_empty() {
            metadata[field] = told.into();
        }
    }
    let count = |path: &[&str]| object.at(path).and_then(Value::as_i64).unwrap_or_default();
    let wanted = match count(&["spec", "replicas"]) {
        0 => json!({}),
        wanted => json!({ "replicas": wanted }),
    };
    let scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": wanted,
        "status": {
            "replicas": count(&["status", "replicas"]),
            "selector": kind::selector_text(object.at(&["spec", "selector"])),
        },
    });
    match scale {
        Value::Object(scale) => scale,
        _ => Object::new(),
    }
}

/// What is wrong with a scale.
pub fn check_scale(scale: &Object) -> Vec<FieldError> {
    let mut faults = Vec::new();
    Place::of(scale, "spec")
        .field("replicas")
        .check_not_negative(&mut faults);
    faults
}

/// The object with as many pods as the scale says.
#[must_use]
pub fn rescaled(object: &Object, scale: &Object) -> Object {
    let wanted = scale.at(&["spec", "replicas"]).cloned().unwrap_or(0.into());
    let mut object = object.clone();
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert("replicas".to_owned(), wanted);
    }
    object
}

//! The body of an apply, and what may not stand in one.

use serde_json::Value;

use super::node::{Node, Ownership};
use crate::api_version;
use crate::decode::{Body, Decoded, FieldValidation, yaml_document};
use crate::object::{Object, ObjectExt as _};
use crate::schema::{ObjectType, Scalar, Shape};
use crate::status::{Reason, Status};

/// Reads the body of an apply, which is YAML and so may be JSON. It is not yet read by its type: what it does not say
/// has no defaults.
///
/// # Errors
/// 400 for one that cannot be read, is of another kind, or brings `managedFields`.
pub fn configuration(
    body: Body<'_>,
    object_type: &ObjectType,
    validation: FieldValidation,
) -> Result<Decoded, Status> {
    let (value, doubled) = yaml_document(body.bytes).map_err(|fault| {
        Status::bad_request(format!(
            "error decoding YAML: error converting YAML to JSON: {fault}"
        ))
    })?;
    let object = match value {
        Value::Object(object) => object,
        Value::Null => Object::new(),
        other => {
            let kind = crate::patch::go_kind(&other);
            return Err(Status::bad_request(format!(
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into \
                 Go value of type map[string]interface {{}}"
            )));
        }
    };
    if let (FieldValidation::Strict, Some(doubled)) = (validation, &doubled) {
        return Err(Status::bad_request(format!(
            "error strict decoding YAML: error converting YAML to JSON: {doubled}"
        )));
    }
    same_type(&object, object_type)?;
    if object
        .at(&["metadata", "managedFields"])
        .is_some_and(|it| !it.is_null())
    {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let warnings = match validation {
        FieldValidation::Warn => doubled.into_iter().collect(),
        FieldValidation::Ignore | FieldValidation::Strict => Vec::new(),
    };
    Ok(Decoded { object, warnings })
}

fn same_type(object: &Object, object_type: &ObjectType) -> Result<(), Status> {
    let (api_version, kind) = (object.api_version(), object.kind());
    if api_version == object_type.api_version() && kind == object_type.kind {
        return Ok(());
    }
    let (group, version) = api_version::split(api_version);
    Err(Status::bad_request(format!(
        "invalid object type: {group}/{version}, Kind={kind}"
    )))
}

/// `namespace/name; group/version, Kind=kind`, as the faults of an apply name an object.
pub(super) fn named(object: &Object, object_type: &ObjectType) -> String {
    format!(
        "{}/{}; {}/{}, Kind={}",
        object.namespace(),
        object.name(),
        object_type.group,
        object_type.version,
        object_type.kind
    )
}

/// Refuses an applied object that is not of its type: 500, as of Kubernetes.
pub(super) fn check(applied: &Object, object_type: &ObjectType) -> Result<(), Status> {
    let mut faults = Vec::new();
    let root = Node::of(&object_type.schema);
    check_value(&Value::Object(applied.clone()), root, "", &mut faults);
    let faults = match faults.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        several => format!("errors:\n  {}", several.join("\n  ")),
    };
    let named = named(applied, object_type);
    let message = format!("failed to create typed patch object ({named}): {faults}");
    Err(Status::new(Reason::Unknown, message))
}

fn check_value(value: &Value, node: Node<'_>, path: &str, faults: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    let got = || format!("&{{{}}}", crate::patch::go_text(value));
    match (node.shape(), value) {
        (Some(Shape::Object(fields)), Value::Object(map)) => {
            for (name, value) in map {
                let path = format!("{path}.{name}");
                if fields.known.contains_key(name) {
                    check_value(value, node.field(name), &path, faults);
                } else if !fields.keeps_unknown {
                    faults.push(format!("{path}: field not declared in schema"));
                }
            }
        }
        (Some(Shape::Map { .. }), Value::Object(map)) => {
            for (name, value) in map {
                check_value(value, node.field(name), &format!("{path}.{name}"), faults);
            }
        }
        (Some(Shape::List { .. }), Value::Array(list)) => {
            check_list(list, value, node, path, faults);
        }
        (Some(Shape::Object(_) | Shape::Map { .. }), _) => {
            faults.push(format!("{path}: expected map, got {}", got()));
        }
        (Some(Shape::List { .. }), _) => {
            faults.push(format!("{path}: expected list, got {}", got()));
        }
        (Some(Shape::Scalar(kind)), _) => faults.extend(scalar_fault(value, *kind, path)),
        (None | Some(Shape::Any | Shape::Reference(_)), _) => {}
    }
}

fn check_list(list: &[Value], value: &Value, node: Node<'_>, path: &str, faults: &mut Vec<String>) {
    let Ownership::List(keys) = node.ownership(Some(value), None) else {
        for (index, value) in list.iter().enumerate() {
            check_value(value, node.items(), &format!("{path}[{index}]"), faults);
        }
        return;
    };
    let mut seen = Vec::new();
    for (index, value) in list.iter().enumerate() {
        if !keys.is_empty() && !value.is_object() {
            faults.push(format!(
                "{path}: element {index}: associative list with keys may not have non-map elements"
            ));
            continue;
        }
        let Some(element) = node.element(value, keys) else {
            faults.push(format!(
                "{path}: element {index}: associative list with keys has an element that omits all key fields {keys:?} \
                 (and doesn't have default values for any key fields)"
            ));
            continue;
        };
        if seen.contains(&element) {
            faults.push(format!("{path}: duplicate entries for key {element}"));
        } else {
            check_value(value, node.items(), &format!("{path}{element}"), faults);
            seen.push(element);
        }
    }
}

fn scalar_fault(value: &Value, kind: Scalar, path: &str) -> Option<String> {
    let text = crate::patch::go_text(value);
    match kind {
        Scalar::Boolean if !value.is_boolean() => {
            Some(format!("{path}: expected boolean, got &{{{text}}}"))
        }
        Scalar::Int32 | Scalar::Int64 | Scalar::Number if !value.is_number() => {
            let got = match value {
                Value::String(_) => "string",
                Value::Bool(_) => "bool",
                Value::Array(_) => "list",
                Value::Null | Value::Number(_) | Value::Object(_) => "map",
            };
            Some(format!(
                "{path}: expected numeric (int or float), got {got}"
            ))
        }
        Scalar::String | Scalar::Bytes | Scalar::Time | Scalar::MicroTime if !value.is_string() => {
            Some(format!(
                "{path}: expected string, got &value.valueUnstructured{{Value:{text}}}"
            ))
        }
        Scalar::Boolean
        | Scalar::Int32
        | Scalar::Int64
        | Scalar::Number
        | Scalar::String
        | Scalar::Bytes
        | Scalar::Time
        | Scalar::MicroTime
        | Scalar::Quantity
        | Scalar::IntOrString => None,
    }
}

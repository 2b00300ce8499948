//! Types as OpenAPI schemas.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::schema::built_in;
use crate::schema::model::{
    Fields, ListMerge, PatchStrategy, Presence, Rules, Scalar, Schema, Shape,
};
use crate::schema::object_type::ObjectType;

const PREFIX: &str = "#/components/schemas/";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

/// The name of a kind's type in OpenAPI: `io.k8s.api.core.v1.Pod`, `org.kubeflow.v1.Notebook`.
pub(super) fn type_name(object_type: &ObjectType) -> String {
    if let Shape::Reference(name) = &object_type.schema.shape {
        return name.clone();
    }
    let mut parts: Vec<_> = object_type.group.split('.').rev().collect();
    parts.extend([object_type.version.as_str(), object_type.kind.as_str()]);
    parts.join(".")
}

/// Adds a kind's type, that of its lists, and all that they refer to, to `components.schemas`.
pub fn definition(object_type: &ObjectType, schemas: &mut BTreeMap<String, Value>) {
    let name = type_name(object_type);
    let names = |kind: &str| json!([{"group": object_type.group, "version": object_type.version, "kind": kind}]);
    let mut own = match object_type.schema.resolved() {
        Shape::Object(fields) => object(fields, schemas),
        Shape::Any
        | Shape::Reference(_)
        | Shape::Map { .. }
        | Shape::List { .. }
        | Shape::Scalar(_) => json!({"type": "object"}),
    };
    own["x-kubernetes-group-version-kind"] = names(&object_type.kind);
    describe(&mut own, &object_type.schema.description);
    schemas.insert(name.clone(), own);
    reference(LIST_META, schemas);
    let kind = format!("{}List", object_type.kind);
    let list = json!({
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"default": {}, "allOf": [{"$ref": format!("{PREFIX}{LIST_META}")}]},
            "items": {
                "type": "array",
                "items": {"default": {}, "allOf": [{"$ref": format!("{PREFIX}{name}")}]},
            },
        },
        "x-kubernetes-group-version-kind": names(&kind),
    });
    schemas.insert(format!("{name}List"), list);
}

/// A reference to an embedded type, which is added when it is not there.
pub(super) fn reference(name: &str, schemas: &mut BTreeMap<String, Value>) -> Value {
    if !schemas.contains_key(name)
        && let Shape::Object(fields) = built_in::shape(name)
    {
        // The place is taken first, for types refer to themselves.
        schemas.insert(name.to_owned(), Value::Null);
        let own = object(fields, schemas);
        schemas.insert(name.to_owned(), own);
    }
    json!({"$ref": format!("{PREFIX}{name}")})
}

fn object(fields: &Fields, schemas: &mut BTreeMap<String, Value>) -> Value {
    let known = fields.known.iter();
    let properties: Map<_, _> = known
        .map(|(name, schema)| (name.clone(), value(schema, schemas)))
        .collect();
    let mut own = if fields.untyped {
        json!({})
    } else {
        json!({"type": "object"})
    };
    if !properties.is_empty() {
        own["properties"] = properties.into();
    }
    if !fields.required.is_empty() {
        own["required"] = fields.required.clone().into();
    }
    if fields.atomic {
        own["x-kubernetes-map-type"] = "atomic".into();
    }
    if fields.keeps_unknown && !fields.untyped {
        own["x-kubernetes-preserve-unknown-fields"] = true.into();
    }
    if fields.embedded_object {
        own["x-kubernetes-embedded-resource"] = true.into();
    }
    own
}

fn value(schema: &Schema, schemas: &mut BTreeMap<String, Value>) -> Value {
    let mut own = match &schema.shape {
        Shape::Any => json!({}),
        Shape::Reference(name) => {
            let to = reference(name, schemas);
            // Beside a reference nothing may stand, so what has to is put around it.
            json!({"allOf": [to]})
        }
        Shape::Object(fields) => object(fields, schemas),
        Shape::Map { values, atomic } => {
            let mut map = json!({"type": "object", "additionalProperties": value(values, schemas)});
            if *atomic {
                map["x-kubernetes-map-type"] = "atomic".into();
            }
            map
        }
        Shape::List { items, merge } => {
            let mut list = json!({"type": "array", "items": value(items, schemas)});
            list_type(&mut list, merge);
            list
        }
        Shape::Scalar(kind) => scalar(*kind),
    };
    describe(&mut own, &schema.description);
    if schema.nullable {
        own["nullable"] = true.into();
    }
    if let Some(default) = default(schema) {
        own["default"] = default;
    }
    patch(&mut own, &schema.patch);
    if let Some(rules) = &schema.rules {
        limits(&mut own, rules, schemas);
    }
    own
}

fn describe(own: &mut Value, description: &str) {
    if !description.is_empty() {
        own["description"] = description.into();
    }
}

/// The default that is told: that of the schema, or the empty value that Go writes.
fn default(schema: &Schema) -> Option<Value> {
    if schema.default.is_some() {
        return schema.default.clone();
    }
    if schema.presence != Presence::Empty {
        return None;
    }
    match &schema.shape {
        Shape::Reference(_) => Some(json!({})),
        Shape::Scalar(Scalar::Boolean) => Some(false.into()),
        Shape::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Number) => Some(0.into()),
        Shape::Scalar(Scalar::String) => Some("".into()),
        Shape::Scalar(
            Scalar::Bytes
            | Scalar::Time
            | Scalar::MicroTime
            | Scalar::Quantity
            | Scalar::IntOrString,
        )
        | Shape::Any
        | Shape::Object(_)
        | Shape::Map { .. }
        | Shape::List { .. } => None,
    }
}

fn list_type(list: &mut Value, merge: &ListMerge) {
    match merge {
        ListMerge::Atomic => list["x-kubernetes-list-type"] = "atomic".into(),
        ListMerge::Set => list["x-kubernetes-list-type"] = "set".into(),
        ListMerge::Map(keys) => {
            list["x-kubernetes-list-type"] = "map".into();
            list["x-kubernetes-list-map-keys"] = keys.clone().into();
        }
    }
}

fn patch(own: &mut Value, strategy: &PatchStrategy) {
    let words = [
        (strategy.merge, "merge"),
        (strategy.replace, "replace"),
        (strategy.retain_keys, "retainKeys"),
    ];
    let words: Vec<_> = words
        .into_iter()
        .filter_map(|(says, word)| says.then_some(word))
        .collect();
    if !words.is_empty() {
        own["x-kubernetes-patch-strategy"] = words.join(",").into();
    }
    if !strategy.merge_key.is_empty() {
        own["x-kubernetes-patch-merge-key"] = strategy.merge_key.as_str().into();
    }
}

fn scalar(kind: Scalar) -> Value {
    match kind {
        Scalar::Boolean => json!({"type": "boolean"}),
        Scalar::Int32 => json!({"type": "integer", "format": "int32"}),
        Scalar::Int64 => json!({"type": "integer", "format": "int64"}),
        Scalar::Number => json!({"type": "number", "format": "double"}),
        Scalar::String => json!({"type": "string"}),
        Scalar::Bytes => json!({"type": "string", "format": "byte"}),
        Scalar::Time | Scalar::MicroTime => json!({"type": "string", "format": "date-time"}),
        Scalar::Quantity => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        Scalar::IntOrString => json!({
            "format": "int-or-string",
            "oneOf": [{"type": "integer"}, {"type": "string"}],
        }),
    }
}

fn limits(own: &mut Value, rules: &Rules, schemas: &mut BTreeMap<String, Value>) {
    let counts = [
        ("minLength", rules.min_length),
        ("maxLength", rules.max_length),
        ("minItems", rules.min_items),
        ("maxItems", rules.max_items),
        ("minProperties", rules.min_properties),
        ("maxProperties", rules.max_properties),
    ];
    for (word, count) in counts {
        if let Some(count) = count {
            own[word] = count.into();
        }
    }
    let bounds = [
        ("minimum", "exclusiveMinimum", rules.minimum),
        ("maximum", "exclusiveMaximum", rules.maximum),
    ];
    for (word, exclusive, bound) in bounds {
        if let Some((limit, excluded)) = bound {
            own[word] = limit.into();
            if excluded {
                own[exclusive] = true.into();
            }
        }
    }
    if !rules.one_of_values.is_empty() {
        own["enum"] = rules.one_of_values.clone().into();
    }
    if let Some(divisor) = rules.multiple_of {
        own["multipleOf"] = divisor.into();
    }
    if let Some(pattern) = &rules.pattern {
        own["pattern"] = pattern.as_str().into();
    }
    if !rules.format.is_empty() {
        own["format"] = rules.format.as_str().into();
    }
    if rules.unique_items {
        own["uniqueItems"] = true.into();
    }
    let parts = [
        ("allOf", &rules.all_of),
        ("anyOf", &rules.any_of),
        ("oneOf", &rules.one_of),
    ];
    for (word, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
        own[word] = part.iter().map(|it| value(it, schemas)).collect();
    }
    if let Some(not) = &rules.not {
        own["not"] = value(not, schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_merge_by_is_told() {
        let mut schemas = BTreeMap::new();
        let pod = ObjectType::built_in("", "v1", "Pod").expect("it is embedded");
        definition(pod, &mut schemas);
        let containers = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
        assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
        assert_eq!(containers["x-kubernetes-patch-strategy"], "merge");
        assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
        let kinds = &schemas["io.k8s.api.core.v1.Pod"]["x-kubernetes-group-version-kind"];
        assert_eq!(
            *kinds,
            json!([{"group": "", "version": "v1", "kind": "Pod"}])
        );
    }

    #[test]
    fn a_custom_kind_s_schema_comes_back() {
        let given = json!({
            "type": "object",
            "properties": {"spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer", "format": "int32", "minimum": 1.0},
                    "names": {
                        "type": "array",
                        "items": {"type": "string"},
                        "x-kubernetes-list-type": "set",
                    },
                    "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                },
            }},
        });
        let gadget = ObjectType::custom("example.com", "v1", "Gadget", &given);
        let mut schemas = BTreeMap::new();
        definition(&gadget.expect("it is a schema"), &mut schemas);
        let told = &schemas["com.example.v1.Gadget"]["properties"]["spec"];
        assert_eq!(*told, given["properties"]["spec"]);
    }
}

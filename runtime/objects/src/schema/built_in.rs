//! The embedded types of Kubernetes' own kinds.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::model::{Fields, ListMerge, PatchStrategy, Presence, Rules, Scalar, Schema, Shape};
use super::object_type::{ObjectType, Origin};
use crate::api_version;

/// The file as it stands.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    kinds: BTreeMap<String, String>,
    map_types: BTreeMap<String, String>,
    types: BTreeMap<String, BTreeMap<String, Fact>>,
}

/// A type of a value as the file tells it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Fact {
    #[serde(rename = "ref")]
    reference: Option<String>,
    list: Option<Box<Self>>,
    map: Option<Box<Self>>,
    #[serde(rename = "type")]
    scalar: Option<String>,
    list_type: Option<String>,
    keys: Vec<String>,
    patch: Option<String>,
    merge_key: Option<String>,
    map_type: Option<String>,
    #[serde(rename = "enum")]
    values: Vec<Value>,
    default: Option<Value>,
    go: Option<String>,
    presence: Option<String>,
    required: bool,
}

struct Catalogue {
    kinds: BTreeMap<String, ObjectType>,
    types: BTreeMap<String, Shape>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let facts: Facts = serde_json::from_str(include_str!("../../schemas/built-in.json"))
        .expect("the embedded types are written by a script and read by the tests");
    let types = facts.types.into_iter().map(|(name, fields)| {
        let atomic = facts.map_types.get(&name).is_some_and(|it| it == "atomic");
        let shape = struct_shape(fields, atomic);
        (name, shape)
    });
    let kinds = facts.kinds.iter().map(|(names, type_name)| {
        let (api_version, kind) = names.split_once(' ').unwrap_or_default();
        let (group, version) = api_version::split(api_version);
        let object_type = ObjectType {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            origin: Origin::BuiltIn,
            schema: Schema {
                shape: Shape::Reference(type_name.clone()),
                go_name: go_name(type_name),
                ..Schema::default()
            },
        };
        (names.clone(), object_type)
    });
    Catalogue {
        kinds: kinds.collect(),
        types: types.collect(),
    }
});

/// A kind.
pub(super) fn kind(group: &str, version: &str, kind: &str) -> Option<&'static ObjectType> {
    let names = if group.is_empty() {
        format!("{version} {kind}")
    } else {
        format!("{group}/{version} {kind}")
    };
    CATALOGUE.kinds.get(&names)
}

/// The shape of a named type; that of anything for a name that is not there.
pub(super) fn shape(name: &str) -> &'static Shape {
    const ANY: &Shape = &Shape::Any;
    CATALOGUE.types.get(name).unwrap_or(ANY)
}

/// `v1.Pod` of `io.k8s.api.core.v1.Pod`.
pub(super) fn go_name(type_name: &str) -> String {
    let from = type_name.rmatch_indices('.').nth(1);
    from.map_or(type_name, |(dot, _)| &type_name[dot + 1..])
        .to_owned()
}

fn struct_shape(facts: BTreeMap<String, Fact>, atomic: bool) -> Shape {
    let mut fields = Fields {
        atomic,
        ..Fields::default()
    };
    for (name, fact) in facts {
        if fact.required {
            fields.required.push(name.clone());
        }
        fields.known.insert(name, fact.into());
    }
    Shape::Object(Box::new(fields))
}

impl From<Fact> for Schema {
    fn from(fact: Fact) -> Self {
        let go_name = fact.go.unwrap_or_else(|| {
            let named = fact.reference.as_deref().map(go_name);
            named.unwrap_or_else(|| plain_go_name(fact.scalar.as_deref()).to_owned())
        });
        let shape = if let Some(name) = fact.reference {
            Shape::Reference(name)
        } else if let Some(items) = fact.list {
            Shape::List {
                items: Box::new((*items).into()),
                merge: match fact.list_type.as_deref() {
                    Some("set") => ListMerge::Set,
                    Some("map") => ListMerge::Map(fact.keys),
                    _ => ListMerge::Atomic,
                },
            }
        } else if let Some(values) = fact.map {
            Shape::Map {
                values: Box::new((*values).into()),
                atomic: fact.map_type.as_deref() == Some("atomic"),
            }
        } else {
            fact.scalar.as_deref().map_or(Shape::Any, scalar)
        };
        let strategies = fact.patch.unwrap_or_default();
        let says = |word| strategies.split(',').any(|strategy| strategy == word);
        Self {
            shape,
            presence: match fact.presence.as_deref() {
                Some("omit") => Presence::Omit,
                Some("empty") => Presence::Empty,
                Some("null") => Presence::Null,
                _ => Presence::Pointer,
            },
            go_name,
            patch: PatchStrategy {
                merge: says("merge"),
                retain_keys: says("retainKeys"),
                replace: says("replace"),
                merge_key: fact.merge_key.unwrap_or_default(),
            },
            default: fact.default,
            rules: (!fact.values.is_empty()).then(|| {
                Box::new(Rules {
                    one_of_values: fact.values,
                    ..Rules::default()
                })
            }),
            ..Self::default()
        }
    }
}

fn scalar(word: &str) -> Shape {
    Shape::Scalar(match word {
        "boolean" => Scalar::Boolean,
        "int32" => Scalar::Int32,
        "int64" => Scalar::Int64,
        "double" => Scalar::Number,
        "string" => Scalar::String,
        "bytes" => Scalar::Bytes,
        "time" => Scalar::Time,
        "microTime" => Scalar::MicroTime,
        "quantity" => Scalar::Quantity,
        "intOrString" => Scalar::IntOrString,
        _ => return Shape::Any,
    })
}

fn plain_go_name(word: Option<&str>) -> &str {
    match word {
        Some("boolean") => "bool",
        Some("double") => "float64",
        Some("bytes") => "[]uint8",
        Some(word) => word,
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_to_a_type() {
        fn check(schema: &Schema) {
            match &schema.shape {
                Shape::Reference(name) => assert!(CATALOGUE.types.contains_key(name), "{name}"),
                Shape::List { items, .. } => check(items),
                Shape::Map { values, .. } => check(values),
                Shape::Any | Shape::Object(_) | Shape::Scalar(_) => {}
            }
        }
        for shape in CATALOGUE.types.values() {
            let Shape::Object(fields) = shape else {
                panic!("{shape:?} is no struct")
            };
            fields.known.values().for_each(check);
        }
        CATALOGUE
            .kinds
            .values()
            .for_each(|kind| check(&kind.schema));
    }

    #[test]
    fn a_pod_s_containers_are_told_apart_by_name() {
        let pod = kind("", "v1", "Pod").unwrap();
        let containers = pod
            .schema
            .child("spec")
            .and_then(|spec| spec.child("containers"));
        let containers = containers.unwrap();
        assert_eq!(containers.go_name, "[]v1.Container");
        assert_eq!(containers.patch.merge_key, "name");
        let Shape::List { merge, .. } = containers.resolved() else {
            panic!("{containers:?}")
        };
        assert_eq!(*merge, ListMerge::Map(vec!["name".to_owned()]));
    }
}

//! Objects of custom kinds: pruned to what their schema knows, with its defaults, and with the metadata of every object.

use serde_json::{Map, Value};

use super::built_in;
use super::tree::Node;
use crate::object::Object;
use crate::schema::{Fields, ObjectType, Presence, Schema, Shape};

/// What becomes of a null where none may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    /// It says that nothing was given.
    Dropped,
    /// It stays, unless a default takes its place: validation finds it.
    Kept,
}

/// Reads a tree, and tells fields that stand twice or are unknown.
///
/// # Errors
/// What Go says of metadata of a wrong type.
pub(super) fn read(
    node: &Node,
    object_type: &ObjectType,
    nulls: Nulls,
) -> Result<(Object, Vec<String>), String> {
    let mut strict = Vec::new();
    doubled(node, "", &mut strict);
    let Value::Object(mut object) = node.clone().into_value() else {
        return Ok((Object::new(), strict));
    };
    if let Some(fields) = object_type.schema.fields() {
        coerce_metadata(&mut object, fields, "", &mut strict)?;
        let mut pruner = Pruner {
            unknown: Vec::new(),
            nulls,
        };
        pruner.object(&mut object, fields, "", Place::OfObject)?;
        strict.extend(pruner.unknown);
        add_defaults(&mut object, fields);
    }
    Ok((object, strict))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Tells the fields that stand twice.
pub(super) fn doubled(node: &Node, path: &str, strict: &mut Vec<String>) {
    match node {
        Node::Map(fields) => {
            for (index, (name, node)) in fields.iter().enumerate() {
                let path = join(path, name);
                if fields[..index].iter().any(|(other, _)| other == name) {
                    strict.push(format!("duplicate field \"{path}\""));
                }
                doubled(node, &path, strict);
            }
        }
        Node::List(items) => {
            for (index, node) in items.iter().enumerate() {
                doubled(node, &format!("{path}[{index}]"), strict);
            }
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
    }
}

/// Puts `metadata` through the type that every object's has.
fn coerce_metadata(
    object: &mut Object,
    fields: &Fields,
    path: &str,
    strict: &mut Vec<String>,
) -> Result<(), String> {
    let (Some(metadata), Some(schema)) = (object.get("metadata"), fields.known.get("metadata"))
    else {
        return Ok(());
    };
    let place = join(path, "metadata");
    let outcome = built_in::read(&Node::from(metadata), schema);
    if let Some(fault) = outcome.fault {
        return Err(if path.is_empty() {
            fault
        } else {
            format!("{place}: Invalid value: {metadata}: {fault}")
        });
    }
    for told in outcome.strict {
        strict.push(told.replacen('"', &format!("\"{place}."), 1));
    }
    match outcome.value {
        Some(mut value) => {
            // Of a custom kind's object it is nothing, while of a built-in one's it asks for a reset.
            if value["managedFields"] == Value::Array(Vec::new()) {
                value
                    .as_object_mut()
                    .map(|fields| fields.remove("managedFields"));
            }
            object.insert("metadata".to_owned(), value)
        }
        None => object.remove("metadata"),
    };
    Ok(())
}

/// What a map that is pruned is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An object: its `apiVersion`, `kind` and `metadata` are read elsewhere.
    OfObject,
    /// A part of one.
    Inside,
}

struct Pruner {
    /// What is said of fields that nobody knows.
    unknown: Vec<String>,
    nulls: Nulls,
}

impl Pruner {
    fn object(
        &mut self,
        map: &mut Map<String, Value>,
        fields: &Fields,
        path: &str,
        place: Place,
    ) -> Result<(), String> {
        let names: Vec<_> = map.keys().cloned().collect();
        for name in names {
            if place == Place::OfObject
                && matches!(name.as_str(), "apiVersion" | "kind" | "metadata")
            {
                continue;
            }
            let inner = join(path, &name);
            match fields.known.get(&name) {
                None if fields.keeps_unknown => {}
                None => {
                    map.remove(&name);
                    self.unknown.push(format!("unknown field \"{inner}\""));
                }
                Some(schema) if !schema.nullable && map[&name].is_null() => {
                    if self.nulls == Nulls::Dropped || schema.default.is_some() {
                        map.remove(&name);
                    }
                }
                Some(schema) => {
                    if let Some(value) = map.get_mut(&name) {
                        self.value(value, schema, &inner)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, value: &mut Value, schema: &Schema, path: &str) -> Result<(), String> {
        match (schema.resolved(), value) {
            (Shape::Object(fields), Value::Object(map)) => {
                let place = if fields.embedded_object {
                    coerce_metadata(map, fields, path, &mut self.unknown)?;
                    Place::OfObject
                } else {
                    Place::Inside
                };
                self.object(map, fields, path, place)
            }
            (Shape::Map { values, .. }, Value::Object(map)) => {
                if !values.nullable && self.nulls == Nulls::Dropped {
                    map.retain(|_, value| !value.is_null());
                }
                for (name, value) in map.iter_mut() {
                    self.value(value, values, &join(path, name))?;
                }
                Ok(())
            }
            (Shape::List { items, .. }, Value::Array(list)) => {
                for (index, value) in list.iter_mut().enumerate() {
                    self.value(value, items, &format!("{path}[{index}]"))?;
                }
                Ok(())
            }
            (
                Shape::Any
                | Shape::Reference(_)
                | Shape::Object(_)
                | Shape::Map { .. }
                | Shape::List { .. }
                | Shape::Scalar(_),
                _,
            ) => Ok(()),
        }
    }
}

/// Fills in the defaults of the schema, also into the defaults themselves.
fn add_defaults(map: &mut Map<String, Value>, fields: &Fields) {
    for (name, schema) in &fields.known {
        // The fields that every object has come from the embedded types, whose defaults are not filled in here.
        if schema.presence == Presence::Empty {
            continue;
        }
        if let Some(default) = &schema.default
            && !map.contains_key(name)
        {
            map.insert(name.clone(), default.clone());
        }
        if let Some(value) = map.get_mut(name) {
            add_defaults_within(value, schema);
        }
    }
}

fn add_defaults_within(value: &mut Value, schema: &Schema) {
    match (schema.resolved(), value) {
        (Shape::Object(fields), Value::Object(map)) => add_defaults(map, fields),
        (Shape::Map { values, .. }, Value::Object(map)) => {
            map.values_mut()
                .for_each(|value| add_defaults_within(value, values));
        }
        (Shape::List { items, .. }, Value::Array(list)) => {
            list.iter_mut()
                .for_each(|value| add_defaults_within(value, items));
        }
        (
            Shape::Any
            | Shape::Reference(_)
            | Shape::Object(_)
            | Shape::Map { .. }
            | Shape::List { .. }
            | Shape::Scalar(_),
            _,
        ) => {}
    }
}

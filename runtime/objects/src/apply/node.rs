//! How a place in an object is owned: by its type where that is known, else by what stands there.

use serde_json::{Map, Value};

use super::element::Element;
use crate::schema::{ListMerge, Presence, Scalar, Schema, Shape};

/// A place in an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    /// Its type; none where nothing is known of it.
    schema: Option<&'a Schema>,
}

/// How the value at a place is owned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ownership<'a> {
    /// As a whole.
    Leaf,
    /// Field by field.
    Map,
    /// Element by element; told apart by these fields, or by themselves where there are none.
    List(&'a [String]),
}

impl<'a> Node<'a> {
    pub(super) fn of(schema: &'a Schema) -> Self {
        Self {
            schema: Some(schema),
        }
    }

    /// The type, where it says what there is.
    pub(super) fn shape(self) -> Option<&'a Shape> {
        let shape = self.schema.map(Schema::resolved);
        shape.filter(|shape| !matches!(shape, Shape::Any))
    }

    /// How the values at this place are owned.
    pub(super) fn ownership(self, one: Option<&Value>, other: Option<&Value>) -> Ownership<'a> {
        match self.shape() {
            Some(Shape::Object(fields)) if !fields.atomic => Ownership::Map,
            Some(Shape::Map { atomic: false, .. }) => Ownership::Map,
            Some(Shape::List { merge, .. }) => match merge {
                ListMerge::Atomic => Ownership::Leaf,
                ListMerge::Set => Ownership::List(&[]),
                ListMerge::Map(keys) => Ownership::List(keys),
            },
            Some(
                Shape::Any
                | Shape::Reference(_)
                | Shape::Object(_)
                | Shape::Map { .. }
                | Shape::Scalar(_),
            ) => Ownership::Leaf,
            None => {
                let values = [one, other];
                let mut values = values
                    .into_iter()
                    .flatten()
                    .filter(|it| !it.is_null())
                    .peekable();
                // Null takes the kind of the other.
                if values.peek().is_some() && values.all(Value::is_object) {
                    Ownership::Map
                } else {
                    Ownership::Leaf
                }
            }
        }
    }

    /// Whether the type names such a field, other than as a key that may be any.
    pub(super) fn names_field(self, name: &str) -> bool {
        let fields = self.schema.and_then(Schema::fields);
        fields.is_some_and(|fields| fields.known.contains_key(name))
    }

    /// The place of a field, or of a map's value.
    pub(super) fn field(self, name: &str) -> Self {
        Self {
            schema: self.schema.and_then(|schema| schema.child(name)),
        }
    }

    /// The place of a list's elements.
    pub(super) fn items(self) -> Self {
        Self {
            schema: self.schema.and_then(Schema::items),
        }
    }

    /// The place that a step leads to.
    pub(super) fn at(self, element: &Element) -> Self {
        match element {
            Element::Field(name) => self.field(name),
            Element::Key(_) | Element::Value(_) | Element::Index(_) => self.items(),
        }
    }

    /// What tells an element of a list apart: its keys with their defaults, or itself. None where it has no key.
    pub(super) fn element(self, value: &Value, keys: &[String]) -> Option<Element> {
        if keys.is_empty() {
            return Some(Element::value(value));
        }
        let items = self.items();
        let fields = keys.iter().filter_map(|key| {
            let given = value.get(key).filter(|value| !value.is_null()).cloned();
            let told = given.or_else(|| items.field(key).schema.and_then(key_default))?;
            Some((key.clone(), told))
        });
        let fields: Map<_, _> = fields.collect();
        (!fields.is_empty()).then(|| Element::key(fields))
    }
}

/// What a key is taken for where it is not given.
fn key_default(schema: &Schema) -> Option<Value> {
    if schema.default.is_some() || schema.presence != Presence::Empty {
        return schema.default.clone();
    }
    match schema.resolved() {
        Shape::Scalar(Scalar::String) => Some("".into()),
        Shape::Scalar(Scalar::Int32 | Scalar::Int64) => Some(0.into()),
        Shape::Any
        | Shape::Reference(_)
        | Shape::Object(_)
        | Shape::Map { .. }
        | Shape::List { .. }
        | Shape::Scalar(_) => None,
    }
}

//! Values through the types of built-in kinds, as they come out of Go's structs: what is unknown is dropped, what is
//! empty is left out or written by the way of each field, and scalars stand in canonical form.

use serde_json::{Map, Value};

use super::tree::{self, Node};
use super::{quantity, time};
use crate::schema::{Fields, Presence, Scalar, Schema, Shape};

/// How many unknown and doubled fields are told.
const MOST_TOLD: usize = 100;

/// What came out of reading a tree by a type.
pub(super) struct Outcome {
    /// The value; none for null.
    pub(super) value: Option<Value>,
    /// `unknown field "spec.x"`, `duplicate field "data.a"`, in the order of the text.
    pub(super) strict: Vec<String>,
    /// The first value of a wrong type, in the words of Go's JSON.
    pub(super) fault: Option<String>,
}

/// Reads a tree by a type.
pub(super) fn read(node: &Node, schema: &Schema) -> Outcome {
    let mut reader = Reader::default();
    let value = reader.value(node, schema);
    Outcome {
        value,
        strict: reader.strict,
        fault: reader.fault,
    }
}

#[derive(Default)]
struct Reader {
    strict: Vec<String>,
    fault: Option<String>,
    /// The names of fields that lead here, as Go's errors tell them: no indices.
    names: Vec<String>,
    /// Where this is, as strict errors tell it: `spec.containers[0]`.
    place: String,
    /// The struct that is being read, as Go calls it: `Container`.
    owner: String,
}

impl Reader {
    /// The value of a node; none for null, and where it is of another type.
    fn value(&mut self, node: &Node, schema: &Schema) -> Option<Value> {
        if matches!(node, Node::Null) {
            return None;
        }
        match (schema.resolved(), node) {
            (Shape::Any | Shape::Reference(_), _) => Some(node.clone().into_value()),
            (Shape::Object(fields), Node::Map(given)) => {
                Some(self.object(given, fields, &schema.go_name))
            }
            (Shape::Map { values, .. }, Node::Map(given)) => Some(self.map(given, values)),
            (Shape::List { items, .. }, Node::List(given)) => Some(self.list(given, items)),
            (Shape::Scalar(kind), _) => self.scalar(node, *kind, schema),
            (Shape::Object(_) | Shape::Map { .. } | Shape::List { .. }, _) => {
                self.wrong_type(node.kind(), &schema.go_name);
                None
            }
        }
    }

    fn object(&mut self, given: &[(String, Node)], fields: &Fields, go_name: &str) -> Value {
        let name = go_name.trim_start_matches("[]");
        let name = name.rsplit('.').next().unwrap_or(name).to_owned();
        let outer = std::mem::replace(&mut self.owner, name);
        let mut read = Map::new();
        for (index, (name, node)) in given.iter().enumerate() {
            let Some(schema) = fields.known.get(name) else {
                self.tell("unknown", name);
                continue;
            };
            if given[..index].iter().any(|(other, _)| other == name) {
                self.tell("duplicate", name);
            }
            self.names.push(name.clone());
            let value = self.at(&format!(".{name}"), |reader| reader.value(node, schema));
            self.names.pop();
            match value {
                Some(value) => read.insert(name.clone(), value),
                None => read.remove(name),
            };
        }
        self.owner = outer;
        written(read, fields)
    }

    fn map(&mut self, given: &[(String, Node)], values: &Schema) -> Value {
        let mut read = Map::new();
        for (name, node) in given {
            if read.contains_key(name) {
                self.tell("duplicate", name);
            }
            let value = self.at(&format!(".{name}"), |reader| reader.value(node, values));
            read.insert(name.clone(), value.unwrap_or_else(|| empty(values)));
        }
        read.into()
    }

    fn list(&mut self, given: &[Node], items: &Schema) -> Value {
        let mut read = Vec::new();
        for (index, node) in given.iter().enumerate() {
            let value = self.at(&format!("[{index}]"), |reader| reader.value(node, items));
            read.push(value.unwrap_or_else(|| empty(items)));
        }
        read.into()
    }

    fn scalar(&mut self, node: &Node, kind: Scalar, schema: &Schema) -> Option<Value> {
        match (kind, node) {
            (Scalar::Boolean, Node::Bool(it)) => Some((*it).into()),
            (Scalar::String, Node::Text(text)) => Some(text.as_str().into()),
            (Scalar::IntOrString, Node::Text(text)) => Some(text.as_str().into()),
            (Scalar::Int32 | Scalar::IntOrString, Node::Number(text)) => {
                self.whole(text.parse::<i32>().ok().map(i64::from), text, "int32")
            }
            (Scalar::Int64, Node::Number(text)) => self.whole(text.parse().ok(), text, "int64"),
            (Scalar::Number, Node::Number(text)) => Some(tree::number(text)),
            (Scalar::Bytes, Node::Text(text)) => {
                let bytes = super::bytes::canonical(text);
                self.or_fault(bytes)
            }
            (Scalar::Time, Node::Text(text)) => self.or_fault(time::canonical(text)),
            (Scalar::MicroTime, Node::Text(text)) => self.or_fault(time::canonical_micro(text)),
            (Scalar::Quantity, Node::Text(text) | Node::Number(text)) => {
                self.or_fault(quantity::canonical(text))
            }
            (Scalar::Quantity, _) => self.or_fault(Err(quantity::FORMAT.to_owned())),
            (Scalar::Int32 | Scalar::IntOrString, _) => {
                self.wrong_type(node.kind(), "int32");
                None
            }
            (Scalar::Time | Scalar::MicroTime, _) => {
                self.wrong_type(node.kind(), "string");
                None
            }
            (
                Scalar::Boolean | Scalar::Int64 | Scalar::Number | Scalar::String | Scalar::Bytes,
                _,
            ) => {
                self.wrong_type(node.kind(), &schema.go_name);
                None
            }
        }
    }

    fn whole(&mut self, number: Option<i64>, text: &str, go_name: &str) -> Option<Value> {
        if number.is_none() {
            self.wrong_type(&format!("number {text}"), go_name);
        }
        number.map(Value::from)
    }

    fn or_fault(&mut self, canonical: Result<String, String>) -> Option<Value> {
        match canonical {
            Ok(text) => Some(text.into()),
            Err(fault) => {
                self.fault.get_or_insert(fault);
                None
            }
        }
    }

    fn wrong_type(&mut self, kind: &str, go_name: &str) {
        let to = if self.names.is_empty() {
            "Go value".to_owned()
        } else {
            format!("Go struct field {}.{}", self.owner, self.names.join("."))
        };
        self.fault.get_or_insert_with(|| {
            format!("json: cannot unmarshal {kind} into {to} of type {go_name}")
        });
    }

    fn tell(&mut self, what: &str, name: &str) {
        if self.strict.len() < MOST_TOLD {
            let dot = if self.place.is_empty() { "" } else { "." };
            self.strict
                .push(format!("{what} field \"{}{dot}{name}\"", self.place));
        }
    }

    fn at<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.place.len();
        let step = if length == 0 {
            step.trim_start_matches('.')
        } else {
            step
        };
        self.place.push_str(step);
        let value = read(self);
        self.place.truncate(length);
        value
    }
}

/// What a struct writes when these fields were given.
fn written(mut read: Map<String, Value>, fields: &Fields) -> Value {
    for (name, schema) in &fields.known {
        match (schema.presence, read.get(name)) {
            // An empty list of managers says something: that they are to be forgotten.
            (Presence::Omit, Some(value)) if is_empty(value) && name != "managedFields" => {
                read.remove(name);
            }
            (Presence::Empty, None) => {
                read.insert(name.clone(), empty(schema));
            }
            (Presence::Null, None) => {
                read.insert(name.clone(), Value::Null);
            }
            (Presence::Omit | Presence::Pointer, _)
            | (Presence::Empty | Presence::Null, Some(_)) => {}
        }
    }
    read.into()
}

/// The empty value of a type, as Go writes it.
pub(super) fn empty(schema: &Schema) -> Value {
    match schema.resolved() {
        Shape::Object(fields) => written(Map::new(), fields),
        Shape::Any | Shape::Reference(_) | Shape::Map { .. } | Shape::List { .. } => Value::Null,
        Shape::Scalar(kind) => match kind {
            Scalar::Boolean => false.into(),
            Scalar::Int32 | Scalar::Int64 | Scalar::Number | Scalar::IntOrString => 0.into(),
            Scalar::String | Scalar::Bytes => "".into(),
            Scalar::Quantity => "0".into(),
            Scalar::Time | Scalar::MicroTime => Value::Null,
        },
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(it) => !it,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

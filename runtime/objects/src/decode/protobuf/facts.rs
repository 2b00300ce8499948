//! The embedded facts of messages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::schema::{ObjectType, Shape};

/// A message: its fields by their numbers.
#[derive(Debug)]
pub(super) struct Message {
    /// What faults call it: `Pod`.
    pub(super) name: String,
    pub(super) fields: BTreeMap<i32, Field>,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in JSON; none where its own fields stand beside it there.
    pub(super) name: Option<String>,
    /// What faults call it: its name in Go.
    pub(super) go_name: String,
    pub(super) kind: Kind,
}

/// A field as the file tells it.
#[derive(Deserialize)]
struct Fact {
    name: Option<String>,
    /// Left out where it is the name in JSON with a capital.
    go: Option<String>,
    #[serde(rename = "type")]
    kind: Kind,
}

/// The type of a field.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    Boolean,
    Int32,
    Int64,
    String,
    Bytes,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    /// A message that holds JSON.
    Raw,
    /// A message that is a list of texts in JSON.
    Texts,
    /// A message, by the name that its type has in OpenAPI.
    Message(String),
    List(Box<Self>),
    /// A map from texts.
    Map(Box<Self>),
}

static MESSAGES: LazyLock<BTreeMap<String, Message>> = LazyLock::new(|| {
    type Facts = BTreeMap<String, BTreeMap<i32, Fact>>;
    let facts: Facts = serde_json::from_str(include_str!("../../../schemas/protobuf.json"))
        .expect("the embedded messages are written by a script and read by the tests");
    let messages = facts.into_iter().map(|(type_name, fields)| {
        let name = type_name.rsplit('.').next().unwrap_or_default().to_owned();
        let fields = fields.into_iter();
        let fields = fields.map(|(number, fact)| (number, fact.into()));
        let fields = fields.collect();
        (type_name, Message { name, fields })
    });
    messages.collect()
});

/// The message of a kind; none for a custom one and for one that no client writes.
pub(super) fn of_kind(object_type: &ObjectType) -> Option<&'static Message> {
    match &object_type.schema.shape {
        Shape::Reference(type_name) => MESSAGES.get(type_name),
        Shape::Any
        | Shape::Object(_)
        | Shape::Map { .. }
        | Shape::List { .. }
        | Shape::Scalar(_) => None,
    }
}

/// The message that a field refers to.
pub(super) fn message(type_name: &str) -> &'static Message {
    MESSAGES
        .get(type_name)
        .expect("the tests follow every reference")
}

impl From<Fact> for Field {
    fn from(fact: Fact) -> Self {
        let go_name = fact.go.unwrap_or_else(|| {
            let mut letters = fact.name.as_deref().unwrap_or_default().chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        });
        Self {
            name: fact.name,
            go_name,
            kind: fact.kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Scalar, Schema};

    fn inner(kind: &Kind) -> Option<&str> {
        match kind {
            Kind::Message(name) => Some(name),
            Kind::List(kind) | Kind::Map(kind) => inner(kind),
            _ => None,
        }
    }

    #[test]
    fn every_reference_leads_to_a_message_and_none_back() {
        fn height(name: &str, above: &[&str]) -> usize {
            assert!(!above.contains(&name), "{name} contains itself");
            let above = [above, &[name]].concat();
            let fields = MESSAGES[name].fields.values();
            let inner = fields.filter_map(|field| inner(&field.kind));
            let deepest = inner.map(|inner| height(inner, &above)).max();
            1 + deepest.unwrap_or_default()
        }
        for name in MESSAGES.keys() {
            assert!(height(name, &[]) < 20, "{name}");
        }
    }

    #[test]
    fn messages_have_the_fields_of_the_types() {
        fn agrees(kind: &Kind, schema: &Schema) -> bool {
            match (kind, &schema.shape) {
                (Kind::Message(name), Shape::Reference(type_name)) => name == type_name,
                (Kind::List(kind), Shape::List { items, .. }) => agrees(kind, items),
                (Kind::Map(kind), Shape::Map { values, .. }) => agrees(kind, values),
                (Kind::Texts, Shape::List { items, .. }) => agrees(&Kind::String, items),
                (Kind::Raw, Shape::Any) => true,
                (kind, Shape::Scalar(scalar)) => matches!(
                    (kind, scalar),
                    (Kind::Boolean, Scalar::Boolean)
                        | (Kind::Int32, Scalar::Int32)
                        | (Kind::Int64, Scalar::Int64)
                        | (Kind::String, Scalar::String)
                        | (Kind::Bytes, Scalar::Bytes)
                        | (Kind::Quantity, Scalar::Quantity)
                        | (Kind::IntOrString, Scalar::IntOrString)
                        | (Kind::Time, Scalar::Time)
                        | (Kind::MicroTime, Scalar::MicroTime)
                ),
                _ => false,
            }
        }
        fn check(message: &Message, schema: &Schema) -> usize {
            let fields = schema.fields().expect("a message stands for a struct");
            let named = message.fields.values().map(|field| match &field.name {
                Some(name) => {
                    let at = format!("{}.{name}", message.name);
                    assert!(agrees(&field.kind, &fields.known[name]), "{at}");
                    1
                }
                None => check(super::message(inner(&field.kind).unwrap()), schema),
            });
            named.sum()
        }
        let inlined: Vec<_> = MESSAGES
            .values()
            .flat_map(|message| message.fields.values())
            .filter(|field| field.name.is_none())
            .filter_map(|field| inner(&field.kind))
            .collect();
        for (name, message) in MESSAGES.iter() {
            let schema = Schema {
                shape: Shape::Reference(name.clone()),
                ..Schema::default()
            };
            if schema.fields().is_none() {
                assert!(inlined.contains(&name.as_str()), "{name}");
                continue;
            }
            let known = &schema.fields().unwrap().known;
            // What an object is stands in the envelope, save where a type has fields of these names for another end.
            let kind = ["apiVersion", "kind"].map(|name| known.contains_key(name)) == [true; 2];
            let named = check(message, &schema);
            let of_envelope = known.len() - named;
            assert!(of_envelope == 0 || kind && of_envelope == 2, "{name}");
        }
    }
}

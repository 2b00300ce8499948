//! A document as a tree of plain values, each with its place in the text.

use coracle_model::{Span, Value};

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// The first character of the value.
    pub(super) place: Span,
    /// The value.
    pub(super) content: Content,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; always finite.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the text, each key once.
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// The first character of the key.
    pub(super) key_place: Span,
    /// What the key stands for.
    pub(super) value: Node,
}

/// How much a node costs to copy and to descend into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// Bytes of memory, roughly.
    pub(super) bytes: usize,
    /// Levels of lists and maps; 0 for a scalar.
    pub(super) height: usize,
}

impl Node {
    /// The value of an entry, when this is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value),
            Content::Null
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_)
            | Content::List(_) => None,
        }
    }

    /// The text, when this is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Null
            | Content::Bool(_)
            | Content::Number(_)
            | Content::List(_)
            | Content::Map(_) => None,
        }
    }

    /// Whether this is null.
    pub(super) fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// The kind of the value, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }

    /// The value without places. The reader bounds the depth, so this may call itself.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(flag) => Value::Bool(*flag),
            Content::Number(number) => Value::Number(*number),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Self::to_value).collect(),
            Content::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_value()))
                .collect(),
        }
    }

    /// What a copy of this costs.
    pub(super) fn measure(&self) -> Measure {
        let own = size_of::<Entry>();
        let sum = |parts: &mut dyn Iterator<Item = Measure>| {
            parts.fold(
                Measure {
                    bytes: own,
                    height: 1,
                },
                |sum, part| Measure {
                    bytes: sum.bytes + part.bytes,
                    height: sum.height.max(part.height + 1),
                },
            )
        };
        match &self.content {
            Content::Null | Content::Bool(_) | Content::Number(_) => Measure {
                bytes: own,
                height: 0,
            },
            Content::Text(text) => Measure {
                bytes: own + text.len(),
                height: 0,
            },
            Content::List(items) => sum(&mut items.iter().map(Self::measure)),
            Content::Map(entries) => sum(&mut entries.iter().map(|entry| {
                let value = entry.value.measure();
                Measure {
                    bytes: value.bytes + entry.key.len(),
                    ..value
                }
            })),
        }
    }
}

//! Messages of a definition, read by the rules of proto3's JSON form: field names in camel or snake case, null
//! for absent, whole numbers also as text, one member of a `oneof`, and unknown fields refused.
//!
//! What a field should have been and is not gets reported, and reading goes on with an empty value.

use std::collections::BTreeMap;

use coracle_model::{Span, Value};

use super::problems::Problems;
use super::suggest;
use super::tree::{Content, Node};

/// The fields of a kind of message.
#[derive(Debug)]
pub(super) struct Shape {
    /// What the message is called in problems.
    pub(super) name: &'static str,
    /// Its fields in camel case.
    pub(super) fields: &'static [&'static str],
    /// Groups of fields of which one at most may be set.
    pub(super) oneofs: &'static [&'static [&'static str]],
}

/// What happens to fields that a message does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// They are errors.
    Refused,
    /// They are passed over, as KFP does inside `deploymentSpec`.
    PassedOver,
}

/// A value in its field, on the way to being read.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    /// The field or key, for messages.
    pub(super) name: &'a str,
    /// Where the key stands; a list's item has its own place.
    pub(super) key_place: Span,
    node: &'a Node,
    unknown: Unknown,
    problems: &'a Problems,
}

/// A message with its fields found.
pub(super) struct Message<'a> {
    /// Where the message begins.
    pub(super) place: Span,
    name: &'static str,
    problems: &'a Problems,
    fields: Vec<(&'static str, Field<'a>)>,
}

// ---------------------------------------------------------------------------------------------------------

impl<'a> Field<'a> {
    /// A whole document.
    pub(super) fn document(node: &'a Node, problems: &'a Problems) -> Self {
        Self {
            name: "document",
            key_place: node.place,
            node,
            unknown: Unknown::Refused,
            problems,
        }
    }

    /// The same value, with another rule for unknown fields below it.
    pub(super) fn with_unknown(self, unknown: Unknown) -> Self {
        Self { unknown, ..self }
    }

    /// Where the value begins.
    pub(super) fn place(&self) -> Span {
        self.node.place
    }

    /// Where problems go.
    pub(super) fn problems(&self) -> &'a Problems {
        self.problems
    }

    /// Reports an error about this value.
    pub(super) fn error(&self, code: &str, message: impl Into<String>, help: impl Into<String>) {
        self.problems.error(self.place(), code, message, help);
    }

    /// The value as a message; an empty one when it is no map.
    pub(super) fn message(self, shape: &'static Shape) -> Message<'a> {
        let mut fields: Vec<(&'static str, Field<'a>)> = Vec::new();
        for field in self.entries() {
            let Some(known) = shape
                .fields
                .iter()
                .find(|known| same_name(known, field.name))
            else {
                self.unknown_field(shape, &field);
                continue;
            };
            if fields.iter().any(|(name, _)| name == known) {
                self.problems.error(
                    field.key_place,
                    "duplicate-field",
                    format!("duplicate field `{known}` in `{}`", shape.name),
                    "keep one of the two spellings",
                );
            }
            fields.push((
                known,
                Field {
                    name: known,
                    ..field
                },
            ));
        }
        let message = Message {
            place: self.node.place,
            name: shape.name,
            problems: self.problems,
            fields,
        };
        shape
            .oneofs
            .iter()
            .for_each(|group| message.refuse_several(group));
        message
    }

    fn unknown_field(&self, shape: &Shape, field: &Field<'_>) {
        match self.unknown {
            Unknown::PassedOver => {}
            Unknown::Refused => self.problems.error(
                field.key_place,
                "unknown-field",
                format!("unknown field `{}` in `{}`", field.name, shape.name),
                format!(
                    "remove it; of fields, {}",
                    suggest::among(field.name, shape.fields.iter().copied())
                ),
            ),
        }
    }

    /// The entries of a map; none when it is no map.
    pub(super) fn entries(self) -> impl Iterator<Item = Field<'a>> {
        let entries = match &self.node.content {
            Content::Map(entries) => entries.as_slice(),
            Content::Null
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_)
            | Content::List(_) => {
                self.wrong_type("a map");
                &[]
            }
        };
        entries.iter().map(move |entry| Field {
            name: &entry.key,
            key_place: entry.key_place,
            node: &entry.value,
            ..self
        })
    }

    /// The items of a list; none when it is no list.
    pub(super) fn items(self) -> impl Iterator<Item = Field<'a>> {
        let items = match &self.node.content {
            Content::List(items) => items.as_slice(),
            Content::Null
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_)
            | Content::Map(_) => {
                self.wrong_type("a list");
                &[]
            }
        };
        items.iter().map(move |node| Field {
            key_place: node.place,
            node,
            ..self
        })
    }

    /// Text.
    pub(super) fn text(self) -> &'a str {
        self.node.as_text().unwrap_or_else(|| {
            self.wrong_type("text");
            ""
        })
    }

    /// A boolean.
    pub(super) fn flag(self) -> bool {
        match self.node.content {
            Content::Bool(flag) => flag,
            Content::Null
            | Content::Number(_)
            | Content::Text(_)
            | Content::List(_)
            | Content::Map(_) => {
                self.wrong_type("`true` or `false`");
                false
            }
        }
    }

    /// A number, which may be written as text.
    pub(super) fn number(self) -> f64 {
        let number = match &self.node.content {
            Content::Number(number) => Some(*number),
            Content::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
            Content::Null | Content::Bool(_) | Content::List(_) | Content::Map(_) => None,
        };
        number.unwrap_or_else(|| {
            self.wrong_type("a number");
            0.0
        })
    }

    /// A whole number, which may be written as text.
    pub(super) fn whole(self) -> i64 {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let whole = match &self.node.content {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and within 2^53, so the cast is exact"
            )]
            Content::Number(number) => {
                (number.fract() == 0.0 && number.abs() <= EXACT).then_some(*number as i64)
            }
            Content::Text(text) => text.parse().ok(),
            Content::Null | Content::Bool(_) | Content::List(_) | Content::Map(_) => None,
        };
        whole.unwrap_or_else(|| {
            self.wrong_type("a whole number");
            0
        })
    }

    /// One of some words, by its name or by its number in the order given.
    pub(super) fn choice(self, words: &[&'static str]) -> Option<&'static str> {
        let chosen = match &self.node.content {
            Content::Text(text) => words.iter().find(|word| *word == text),
            Content::Number(number) => words
                .iter()
                .enumerate()
                .find(|(index, _)| *index as f64 == *number)
                .map(|(_, word)| word),
            Content::Null | Content::Bool(_) | Content::List(_) | Content::Map(_) => None,
        };
        if chosen.is_none() {
            let found = self.node.as_text().unwrap_or(self.node.kind());
            self.error(
                "unknown-value",
                format!("invalid value for enum field `{}`: `{found}`", self.name),
                suggest::among(found, words.iter().copied()),
            );
        }
        chosen.copied()
    }

    /// Any value, null too.
    pub(super) fn value(self) -> Value {
        self.node.to_value()
    }

    /// A map of any values.
    pub(super) fn structure(self) -> BTreeMap<String, Value> {
        self.entries()
            .map(|field| (field.name.to_owned(), field.value()))
            .collect()
    }

    /// A list of texts.
    pub(super) fn texts(self) -> Vec<String> {
        self.items().map(|item| item.text().to_owned()).collect()
    }

    /// A map of texts.
    pub(super) fn text_map(self) -> BTreeMap<String, String> {
        self.entries()
            .map(|field| (field.name.to_owned(), field.text().to_owned()))
            .collect()
    }

    fn wrong_type(&self, wanted: &str) {
        self.error(
            "wrong-type",
            format!(
                "`{}` must be {wanted}, found {}",
                self.name,
                self.node.kind()
            ),
            match (wanted, &self.node.content) {
                ("text", Content::Number(_) | Content::Bool(_)) => "put the value in quotes",
                _ => "compare with what the `kfp` compiler writes",
            },
        );
    }
}

impl<'a> Message<'a> {
    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<Field<'a>> {
        self.get_or_null(name).filter(|field| !field.node.is_null())
    }

    /// A field that is there, null or not; for values of which null is one.
    pub(super) fn get_or_null(&self, name: &str) -> Option<Field<'a>> {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| *field)
    }

    /// A text; empty when absent.
    pub(super) fn text(&self, name: &str) -> String {
        self.get(name)
            .map(Field::text)
            .unwrap_or_default()
            .to_owned()
    }

    /// A text that is not empty.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        self.get(name)
            .map(Field::text)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str) -> String {
        if self.lacks(name) {
            let message = format!("`{}` needs `{name}`", self.name);
            self.problems.error(
                self.place,
                "missing-field",
                message,
                format!("set `{name}`"),
            );
        }
        self.text(name)
    }

    /// Reports texts that are none, among fields that nothing here uses.
    pub(super) fn check_texts(&self, names: &[&str]) {
        names
            .iter()
            .filter_map(|name| self.get(name))
            .for_each(|field| {
                field.text();
            });
    }

    /// Whether a text is absent or empty. One of the wrong type is neither: it has a problem of its own.
    pub(super) fn lacks(&self, name: &str) -> bool {
        self.get(name)
            .is_none_or(|field| field.node.as_text() == Some(""))
    }

    /// A boolean; false when absent.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(Field::flag)
    }

    /// The items of a list; none when absent.
    pub(super) fn items(&self, name: &str) -> impl Iterator<Item = Field<'a>> + use<'a> {
        self.get(name).into_iter().flat_map(Field::items)
    }

    /// The entries of a map; none when absent.
    pub(super) fn entries(&self, name: &str) -> impl Iterator<Item = Field<'a>> + use<'a> {
        self.get(name).into_iter().flat_map(Field::entries)
    }

    /// Texts; none when absent.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.get(name).map(Field::texts).unwrap_or_default()
    }

    fn refuse_several(&self, group: &[&str]) {
        let mut set = group.iter().filter_map(|name| self.get(name));
        if let (Some(first), Some(second)) = (set.next(), set.next()) {
            second.problems.error(
                second.key_place,
                "several-of-one",
                format!(
                    "`{}` and `{}` cannot be specified at the same time",
                    first.name, second.name
                ),
                "keep one of the two",
            );
        }
    }
}

/// Whether a key is the camel-case or the snake-case spelling of a field.
fn same_name(camel: &str, key: &str) -> bool {
    if camel == key {
        return true;
    }
    let mut rest = key.chars();
    let matches = camel.chars().all(|letter| {
        let expected = rest.next();
        if letter.is_ascii_uppercase() {
            expected == Some('_') && rest.next() == Some(letter.to_ascii_lowercase())
        } else {
            expected == Some(letter)
        }
    });
    matches && rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_field_are_known() {
        assert!(same_name("componentRef", "componentRef"));
        assert!(same_name("componentRef", "component_ref"));
        assert!(!same_name("componentRef", "component_Ref"));
        assert!(!same_name("componentRef", "componentref"));
        assert!(!same_name("componentRef", "component_ref_"));
        assert!(same_name(
            "resourceTtlOnCompletion",
            "resource_ttl_on_completion"
        ));
    }
}

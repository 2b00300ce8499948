//! Field selectors.

use crate::object::{Object, ObjectExt as _};
use crate::resource::Resource;
use crate::status::Status;

/// The fields that every resource selects by.
const COMMON: [&str; 2] = ["metadata.name", "metadata.namespace"];

/// A field selector: all of its terms hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    equal: bool,
}

impl FieldSelector {
    /// Reads `fieldSelector` of the query: `metadata.name=a,status.phase!=Running`.
    ///
    /// # Errors
    /// 400 for a text that is no selector or names a field that the resource does not select by.
    pub fn parse(text: &str, resource: &Resource) -> Result<Self, Status> {
        let terms = split(text).into_iter().filter(|term| !term.is_empty());
        let terms: Result<Vec<_>, _> = terms.map(|term| Term::read(term, text)).collect();
        let terms = terms.map_err(Status::bad_request)?;
        let own = resource.strategy.selectable_field_names();
        for Term { field, .. } in &terms {
            if !COMMON.contains(&field.as_str()) && !own.contains(&field.as_str()) {
                return Err(unknown_field(field, own, resource));
            }
        }
        Ok(Self { terms })
    }

    /// Whether an object is selected.
    pub fn matches(&self, object: &Object, resource: &Resource) -> bool {
        if self.terms.is_empty() {
            return true;
        }
        let own = resource.strategy.selectable_fields(object);
        self.terms.iter().all(|term| {
            let value = match term.field.as_str() {
                "metadata.name" => object.name(),
                "metadata.namespace" => object.namespace(),
                field => own
                    .iter()
                    .find(|(name, _)| *name == field)
                    .map_or("", |(_, value)| value.as_str()),
            };
            (value == term.value) == term.equal
        })
    }

    /// The name that objects must have, when the selector asks for one: a read of one object then does for a list.
    pub fn name(&self) -> Option<&str> {
        let by_name = |term: &&Term| term.equal && term.field == "metadata.name";
        self.terms
            .iter()
            .find(by_name)
            .map(|term| term.value.as_str())
    }
}

/// The refusal of a field. Kinds whose fields differ from the common ones say less, as in Kubernetes.
fn unknown_field(field: &str, own: &[&str], resource: &Resource) -> Status {
    if (resource.group, resource.kind) == ("batch", "Job") {
        return Status::bad_request(format!("field label {field:?} not supported for Job"));
    }
    if resource.built_in && own.is_empty() {
        return Status::bad_request(format!(
            "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ));
    }
    Status::bad_request(format!("field label not supported: {field}"))
}

/// The terms between commas that no backslash stands before.
fn split(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, character) in text.char_indices() {
        if character == ',' && !escaped {
            terms.push(&text[start..at]);
            start = at + 1;
        }
        escaped = character == '\\' && !escaped;
    }
    terms.push(&text[start..]);
    terms
}

impl Term {
    fn read(term: &str, selector: &str) -> Result<Self, String> {
        // The first operator counts, and of two at one place the longer one.
        let place = term.char_indices().find_map(|(at, _)| {
            let rest = &term[at..];
            let operator = ["!=", "==", "="]
                .into_iter()
                .find(|it| rest.starts_with(it))?;
            Some((at, operator))
        });
        let (at, operator) = place
            .ok_or_else(|| format!("invalid selector: '{selector}'; can't understand '{term}'"))?;
        let value = unescaped(&term[at + operator.len()..])?;
        Ok(Self {
            field: term[..at].to_owned(),
            value,
            equal: operator != "!=",
        })
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(next @ ('\\' | ',' | '=')) => value.push(next),
                Some(next) => {
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: \\{next}"
                    ));
                }
                None => {
                    return Err("invalid field selector: invalid escape sequence: \\".to_owned());
                }
            },
            ',' | '=' => {
                let code = u32::from(character);
                return Err(format!(
                    "invalid field selector: unescaped character in value: {code}"
                ));
            }
            other => value.push(other),
        }
    }
    Ok(value)
}

//! Selectors, the `Accept` header, deletions, pages.

use coracle_objects::meta::{self, DeleteOptions};
use coracle_objects::page;
use coracle_objects::select::{FieldSelector, LabelSelector};
use coracle_objects::table::{Encoding, Extent, Form, negotiate};
use coracle_objects::{Object, Status};
use serde_json::{Value, json};

use super::{Case, refusal, resources};

/// The object of the recording that selectors are asked about.
fn selected() -> Object {
    let metadata =
        json!({"name": "s", "namespace": "recorded", "labels": {"app": "x", "n": "3", "a": "b"}});
    Object::from_iter([("metadata".to_owned(), metadata)])
}

fn answered(case: &Case, answer: Result<Value, Status>) -> Vec<String> {
    match answer {
        Err(status) => refusal(case, &status),
        Ok(answer) if case.status() == 200 && answer == *case.answer() => Vec::new(),
        Ok(answer) => vec![format!(
            "recorded {} {}, here {answer}",
            case.status(),
            case.answer()
        )],
    }
}

pub(super) fn labels(case: &Case) -> Vec<String> {
    let selector = LabelSelector::parse(case.text("text"));
    answered(
        case,
        selector.map(|selector| selector.matches(&selected()).into()),
    )
}

pub(super) fn fields(case: &Case) -> Vec<String> {
    let resource = resources::of(case.given("kind").unwrap_or("ConfigMap"));
    let selector = FieldSelector::parse(case.text("text"), resource);
    answered(
        case,
        selector.map(|selector| selector.matches(&selected(), resource).into()),
    )
}

pub(super) fn accept(case: &Case) -> Vec<String> {
    let kind = case.text("kind");
    let (extent, list) = match case.text("extent") {
        "one" => (Extent::One, ""),
        _ => (Extent::List, "List"),
    };
    let resource = resources::of(kind);
    let shown = negotiate(case.given("accept"), resource, extent).map(|found| {
        let version = if resource.built_in {
            "v1"
        } else {
            "recorded.example.com/v1"
        };
        match (found.encoding, found.form) {
            (Encoding::Yaml, _) => "yaml".to_owned(),
            (Encoding::Json, Form::Whole) => format!("{kind}{list} {version}"),
            (Encoding::Json, Form::Table) => format!("Table {}", found.api_version()),
            (Encoding::Json, Form::Metadata) => {
                format!("PartialObjectMetadata {}", found.api_version())
            }
            (Encoding::Json, Form::MetadataList) => {
                format!("PartialObjectMetadataList {}", found.api_version())
            }
        }
    });
    answered(case, shown.map(Value::from))
}

pub(super) fn delete(case: &Case) -> Vec<String> {
    let bytes = case.bytes();
    let body = coracle_objects::decode::Body {
        content_type: Some("application/json"),
        bytes: &bytes,
    };
    let query = case
        .text("query")
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let query: Vec<_> = query.collect();
    let before = case
        .object("before")
        .expect("a deletion has a stored object");
    let done = DeleteOptions::read(body, &query).and_then(|options| {
        meta::check_preconditions(&before, &options.preconditions, "ConfigMap")
    });
    answered(case, done.map(|()| Value::Null))
}

pub(super) fn limit(case: &Case) -> Vec<String> {
    answered(case, page::limit(case.given("text")).map(|_| Value::Null))
}

pub(super) fn continues(case: &Case) -> Vec<String> {
    answered(
        case,
        page::Continue::decode(case.text("text")).map(|_| Value::Null),
    )
}

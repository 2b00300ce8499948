//! Loops: what a `ParallelFor` goes over, under which name, and how many at once.

use coracle_model::Value;

use crate::pipeline::ir::{Iterator as Loop, IteratorItems};
use crate::pipeline::message::{Field, Message, Shape};

const PARAMETER_ITERATOR: Shape = Shape {
    name: "ParameterIteratorSpec",
    fields: &["items", "itemInput"],
    oneofs: &[],
};

const ARTIFACT_ITERATOR: Shape = Shape {
    name: "ArtifactIteratorSpec",
    fields: &["items", "itemInput"],
    oneofs: &[],
};

const PARAMETER_ITEMS: Shape = Shape {
    name: "ParameterIteratorSpec.ItemsSpec",
    fields: &["raw", "inputParameter"],
    oneofs: &[&["raw", "inputParameter"]],
};

const ARTIFACT_ITEMS: Shape = Shape {
    name: "ArtifactIteratorSpec.ItemsSpec",
    fields: &["inputArtifact"],
    oneofs: &[],
};

const POLICY: Shape = Shape {
    name: "IteratorPolicy",
    fields: &["parallelismLimit"],
    oneofs: &[],
};

/// Reads the loop of a task, when it is one.
pub(super) fn lower(task: &Message<'_>) -> Option<Loop> {
    let (field, (items, item_input)) =
        match (task.get("parameterIterator"), task.get("artifactIterator")) {
            (Some(field), _) => (field, parameter_iterator(field)),
            (None, Some(field)) => (field, artifact_iterator(field)),
            (None, None) => return None,
        };
    if item_input.is_empty() {
        field.error(
            "missing-field",
            format!("`{}` names no `itemInput`", field.name),
            "name the input that gets the item",
        );
    }
    Some(Loop {
        items,
        item_input,
        parallelism: parallelism(task),
    })
}

fn parameter_iterator(field: Field<'_>) -> (IteratorItems, String) {
    let message = field.message(&PARAMETER_ITERATOR);
    let items = message
        .get("items")
        .map(|items| items.message(&PARAMETER_ITEMS));
    let raw = items.as_ref().and_then(|items| items.get("raw"));
    let input = items
        .as_ref()
        .and_then(|items| items.filled("inputParameter"));
    let items = match (raw, input) {
        (Some(raw), _) => IteratorItems::Raw(raw_items(raw)),
        (None, Some(input)) => IteratorItems::Parameter(input),
        (None, None) => IteratorItems::Raw(no_items(field)),
    };
    (items, message.text("itemInput"))
}

fn artifact_iterator(field: Field<'_>) -> (IteratorItems, String) {
    let message = field.message(&ARTIFACT_ITERATOR);
    let input = message
        .get("items")
        .and_then(|items| items.message(&ARTIFACT_ITEMS).filled("inputArtifact"));
    let items = input.map_or_else(
        || IteratorItems::Raw(no_items(field)),
        IteratorItems::Artifact,
    );
    (items, message.text("itemInput"))
}

fn raw_items(raw: Field<'_>) -> Vec<Value> {
    let why = match Value::from_json(raw.text()) {
        Ok(Value::List(items)) => return items,
        Ok(other) => format!("it is a {}", other.kind()),
        Err(error) => error.to_string(),
    };
    raw.error(
        "loop-items",
        format!("the items of a loop must be a JSON array: {why}"),
        "write for example '[1, 2, 3]'",
    );
    Vec::new()
}

fn no_items(field: Field<'_>) -> Vec<Value> {
    field.error(
        "loop-items",
        format!("`{}` has no items", field.name),
        "set `items`",
    );
    Vec::new()
}

/// Zero, less or nothing is no limit.
fn parallelism(task: &Message<'_>) -> Option<usize> {
    let policy = task.get("iteratorPolicy")?.message(&POLICY);
    usize::try_from(policy.get("parallelismLimit")?.whole())
        .ok()
        .filter(|limit| *limit > 0)
}

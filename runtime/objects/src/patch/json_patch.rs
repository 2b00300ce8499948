//! JSON patch, RFC 6902, with the leniencies of the library that Kubernetes uses: a replaced or copied field need not be
//! there, a value that is not given is null, and a negative index counts from the end.

use serde_json::Value;

use super::read::go_kind;
use crate::object::Object;
use crate::status::{Details, Reason, Status};

/// How many operations a patch may have.
const MOST_OPERATIONS: usize = 10_000;

/// How much a patch may copy: the size of the largest body that a server takes.
const MOST_COPIED: usize = 3 << 20;

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    action: Action,
    path: Pointer,
}

#[derive(Debug, Clone, PartialEq)]
enum Action {
    Add(Value),
    Remove,
    Replace(Value),
    Move(Pointer),
    Copy(Pointer),
    Test(Value),
}

/// The steps of a path; none for the whole document.
#[derive(Debug, Clone, PartialEq)]
struct Pointer(Vec<String>);

/// An operation that cannot be done. Kubernetes does not say more.
struct Refused;

impl From<Refused> for Status {
    fn from(_: Refused) -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(Reason::Invalid, message).with_details(Details::default())
    }
}

/// Reads the operations.
pub(super) fn read(value: Value) -> Result<Vec<Operation>, Status> {
    let wrong = |kind: &str, wanted: &str| {
        Status::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {kind} into Go value of type {wanted}"
        ))
    };
    let operations = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(operations) => operations,
        other => return Err(wrong(go_kind(&other), "[]handlers.jsonPatchOp")),
    };
    if let Some(other) = operations
        .iter()
        .find(|it| !it.is_object() && !it.is_null())
    {
        return Err(wrong(go_kind(other), "handlers.jsonPatchOp"));
    }
    if operations.len() > MOST_OPERATIONS {
        let have = operations.len();
        return Err(Status::new(
            Reason::RequestEntityTooLarge,
            format!(
                "Request entity too large: The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {have}"
            ),
        ));
    }
    operations
        .iter()
        .map(|operation| Operation::read(operation).map_err(Status::from))
        .collect()
}

impl Operation {
    fn read(operation: &Value) -> Result<Self, Refused> {
        let text = |name: &str| operation.get(name).and_then(Value::as_str).ok_or(Refused);
        let value = || operation.get("value").cloned().unwrap_or(Value::Null);
        let action = match text("op")? {
            "add" => Action::Add(value()),
            "remove" => Action::Remove,
            "replace" => Action::Replace(value()),
            "move" => Action::Move(Pointer::read(text("from")?)?),
            "copy" => Action::Copy(Pointer::read(text("from")?)?),
            "test" => Action::Test(value()),
            _ => return Err(Refused),
        };
        let path = Pointer::read(text("path")?)?;
        Ok(Self { action, path })
    }
}

impl Pointer {
    fn read(text: &str) -> Result<Self, Refused> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let steps = text.strip_prefix('/').ok_or(Refused)?.split('/');
        Ok(Self(
            steps
                .map(|step| step.replace("~1", "/").replace("~0", "~"))
                .collect(),
        ))
    }

    /// What holds the place that is meant, and its last step.
    fn holder<'a>(&self, document: &'a mut Value) -> Result<(&'a mut Value, &str), Refused> {
        let (last, steps) = self.0.split_last().ok_or(Refused)?;
        let mut value = document;
        for step in steps {
            value = match value {
                Value::Object(map) => map.get_mut(step).ok_or(Refused)?,
                Value::Array(list) => {
                    let index = index(step, list.len())?;
                    list.get_mut(index).ok_or(Refused)?
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    return Err(Refused);
                }
            };
        }
        Ok((value, last))
    }
}

/// The index that a step means in a list of that many places.
fn index(step: &str, places: usize) -> Result<usize, Refused> {
    let index: i64 = step.parse().map_err(|_| Refused)?;
    let places = i64::try_from(places).map_err(|_| Refused)?;
    let index = if index < 0 { index + places } else { index };
    if index >= places {
        return Err(Refused);
    }
    usize::try_from(index).map_err(|_| Refused)
}

/// What the operations make of an object.
pub(super) fn apply(object: &Object, operations: &[Operation]) -> Result<Object, Status> {
    let mut document = Value::Object(object.clone());
    let mut copied = 0;
    for operation in operations {
        perform(&mut document, operation, &mut copied)?;
    }
    match document {
        Value::Object(object) => Ok(object),
        _ => Err(Refused.into()),
    }
}

fn perform(
    document: &mut Value,
    Operation { action, path }: &Operation,
    copied: &mut usize,
) -> Result<(), Refused> {
    match action {
        Action::Add(value) => add(document, path, value.clone()),
        Action::Remove => remove(document, path).map(drop),
        Action::Replace(value) => replace(document, path, value.clone()),
        Action::Move(from) => {
            let value = remove(document, from)?;
            add(document, path, value)
        }
        Action::Copy(from) => {
            let value = get(document, from)?.cloned().unwrap_or(Value::Null);
            *copied += value.to_string().len();
            if *copied > MOST_COPIED {
                return Err(Refused);
            }
            add(document, path, value)
        }
        Action::Test(value) => {
            let same = get(document, path)?.unwrap_or(&Value::Null) == value;
            same.then_some(()).ok_or(Refused)
        }
    }
}

/// The value at a place; none where its holder is a map without it.
fn get<'a>(document: &'a mut Value, path: &Pointer) -> Result<Option<&'a Value>, Refused> {
    if path.0.is_empty() {
        return Ok(Some(document));
    }
    let (holder, last) = path.holder(document)?;
    match holder {
        Value::Object(map) => Ok(map.get(last)),
        Value::Array(list) => Ok(list.get(index(last, list.len())?)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(Refused),
    }
}

fn add(document: &mut Value, path: &Pointer, value: Value) -> Result<(), Refused> {
    let (holder, last) = path.holder(document)?;
    match holder {
        Value::Object(map) => {
            map.insert(last.to_owned(), value);
            Ok(())
        }
        Value::Array(list) if last == "-" => {
            list.push(value);
            Ok(())
        }
        Value::Array(list) => {
            let index = index(last, list.len() + 1)?;
            list.insert(index, value);
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(Refused),
    }
}

fn remove(document: &mut Value, path: &Pointer) -> Result<Value, Refused> {
    let (holder, last) = path.holder(document)?;
    match holder {
        Value::Object(map) => map.remove(last).ok_or(Refused),
        Value::Array(list) => {
            let index = index(last, list.len())?;
            Ok(list.remove(index))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(Refused),
    }
}

fn replace(document: &mut Value, path: &Pointer, value: Value) -> Result<(), Refused> {
    if path.0.is_empty() {
        *document = value;
        return Ok(());
    }
    let (holder, last) = path.holder(document)?;
    match holder {
        Value::Object(map) => {
            map.insert(last.to_owned(), value);
            Ok(())
        }
        Value::Array(list) => {
            let index = index(last, list.len())?;
            list[index] = value;
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(Refused),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn patched(document: Value, operations: Value) -> Option<Value> {
        let Value::Object(object) = document else {
            panic!("it is an object")
        };
        let operations = read(operations).ok()?;
        apply(&object, &operations).ok().map(Value::Object)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is checked is written in place"
    )]
    fn check(operation: Value, expected: Value) {
        let document = json!({"a": [1, 2, 3], "b": {"c": "d"}});
        let made = patched(document, json!([operation]));
        assert_eq!(made.unwrap_or_default(), expected, "{operation}");
    }

    #[test]
    fn operations_do_what_kubernetes_does() {
        let of = |a: Value, b: Value| json!({"a": a, "b": b});
        let b = || json!({"c": "d"});
        check(
            json!({"op": "add", "path": "/a/-", "value": 4}),
            of(json!([1, 2, 3, 4]), b()),
        );
        check(
            json!({"op": "add", "path": "/a/1", "value": 9}),
            of(json!([1, 9, 2, 3]), b()),
        );
        check(
            json!({"op": "add", "path": "/a/5", "value": 9}),
            Value::Null,
        );
        check(
            json!({"op": "remove", "path": "/a/-1"}),
            of(json!([1, 2]), b()),
        );
        check(json!({"op": "remove", "path": "/b/x"}), Value::Null);
        check(
            json!({"op": "replace", "path": "/b/x", "value": 1}),
            of(json!([1, 2, 3]), json!({"c": "d", "x": 1})),
        );
        check(
            json!({"op": "move", "from": "/b/c", "path": "/b/x~1y"}),
            of(json!([1, 2, 3]), json!({"x/y": "d"})),
        );
        check(
            json!({"op": "copy", "from": "/b/q", "path": "/b/z"}),
            of(json!([1, 2, 3]), json!({"c": "d", "z": null})),
        );
        check(
            json!({"op": "test", "path": "/b/q", "value": null}),
            of(json!([1, 2, 3]), b()),
        );
        check(
            json!({"op": "test", "path": "/b/c", "value": "x"}),
            Value::Null,
        );
        check(json!({"op": "turn", "path": "/b/c"}), Value::Null);
        check(json!({"op": "add", "path": "", "value": {}}), Value::Null);
    }

    proptest! {
        #[test]
        fn what_was_added_can_be_tested_and_removed(key in "[a-z~/]{1,4}", number in 0..100) {
            let path = format!("/b/new{}", key.replace('~', "~0").replace('/', "~1"));
            let document = json!({"b": {"c": 1}});
            let made = patched(document.clone(), json!([
                {"op": "add", "path": path, "value": number},
                {"op": "test", "path": path, "value": number},
                {"op": "remove", "path": path},
            ]));
            prop_assert_eq!(made, Some(document));
        }
    }
}

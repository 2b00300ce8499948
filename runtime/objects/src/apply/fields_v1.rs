//! Sets of fields as `fieldsV1` writes them: `{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{}}}}}`.

use serde_json::{Map, Value};

use super::element::Element;
use super::set::FieldSet;

/// Levels of a set that came from outside.
const DEEPEST: usize = 120;

/// Reads a set; none for what is no such map.
pub(super) fn read(fields: &Value) -> Option<FieldSet> {
    read_within(fields, 0)
}

fn read_within(fields: &Value, depth: usize) -> Option<FieldSet> {
    let mut set = FieldSet::default();
    for (name, inner) in fields.as_object().filter(|_| depth < DEEPEST)? {
        if name == "." {
            // Said of the step that leads here; the caller sees to it.
            continue;
        }
        let element = Element::read(name)?;
        let inner_fields = inner.as_object()?;
        if inner_fields.is_empty() || inner_fields.contains_key(".") {
            set.members.insert(element.clone());
        }
        set.put(element, read_within(inner, depth + 1)?);
    }
    Some(set)
}

/// Writes a set.
pub(super) fn write(set: &FieldSet) -> Value {
    Value::Object(write_fields(set))
}

fn write_fields(set: &FieldSet) -> Map<String, Value> {
    let mut fields = Map::new();
    for element in &set.members {
        fields.insert(element.written(), Map::new().into());
    }
    for (element, inner) in &set.children {
        let mut inner = write_fields(inner);
        if set.members.contains(element) {
            inner.insert(".".to_owned(), Map::new().into());
        }
        fields.insert(element.written(), inner.into());
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_what_was_read() {
        let fields = json!({
            "f:metadata": {"f:finalizers": {".": {}, "v:\"a/b\"": {}}},
            "f:spec": {"f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}}}},
        });
        let set = read(&fields).unwrap();
        assert_eq!(write(&set), fields);
        assert!(
            set.paths()
                .contains(&r#".spec.ports[containerPort=80,protocol="TCP"].name"#.to_owned())
        );
        assert!(
            set.paths()
                .contains(&r#".metadata.finalizers[="a/b"]"#.to_owned())
        );
        assert_eq!(read(&json!({"q:x": {}})), None);
    }
}

//! The cases, and what this crate answers to them.

mod objects;
mod queries;
mod resources;

use std::collections::BTreeMap;

use coracle_objects::schema::ObjectType;
use coracle_objects::{Object, Status};
use serde_json::{Value, json};

/// A line of the recording.
pub(crate) struct Case {
    fields: Value,
}

impl Case {
    pub(crate) fn read(line: &str) -> Self {
        let fields = serde_json::from_str(line).expect("each line is JSON");
        Self { fields }
    }

    fn text(&self, name: &str) -> &str {
        self.fields[name].as_str().unwrap_or_default()
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.fields[name].as_str()
    }

    fn status(&self) -> u64 {
        self.fields["status"].as_u64().unwrap_or_default()
    }

    fn answer(&self) -> &Value {
        &self.fields["answer"]
    }

    fn object(&self, name: &str) -> Option<Object> {
        self.fields[name].as_object().cloned()
    }

    /// The bytes of the body as they were sent.
    fn bytes(&self) -> Vec<u8> {
        match &self.fields["body"] {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            other => other.to_string().into_bytes(),
        }
    }

    fn warnings(&self) -> Value {
        match &self.fields["warnings"] {
            Value::Null => json!([]),
            warnings => warnings.clone(),
        }
    }

    fn told(&self) -> String {
        let mut fields = self.fields.clone();
        for name in ["answer", "before", "warnings"] {
            fields
                .as_object_mut()
                .expect("a case is a map")
                .remove(name);
        }
        let text = fields.to_string();
        text.chars().take(300).collect()
    }
}

/// What this crate answers otherwise.
pub(crate) fn differences(case: &Case) -> Vec<String> {
    match case.text("op") {
        "create" => objects::create(case),
        "metadata" => objects::metadata(case),
        "replace" => objects::replace(case),
        "patch" => objects::patch(case),
        "manage" => objects::manage(case),
        "labelSelector" => queries::labels(case),
        "fieldSelector" => queries::fields(case),
        "accept" => queries::accept(case),
        "delete" => queries::delete(case),
        "limit" => queries::limit(case),
        "continue" => queries::continues(case),
        other => vec![format!("no such case: {other}")],
    }
}

/// The differences of all cases.
#[derive(Default)]
pub(crate) struct Report {
    cases: BTreeMap<String, usize>,
    failed: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, case: &Case, found: &[String]) {
        *self.cases.entry(case.text("op").to_owned()).or_default() += 1;
        if !found.is_empty() {
            self.failed
                .push(format!("- {}\n    {}", case.told(), found.join("\n    ")));
        }
    }

    pub(crate) fn finish(self) {
        assert!(self.cases.len() == 11, "{:?}", self.cases);
        assert!(
            self.failed.is_empty(),
            "{} differ\n{}",
            self.failed.len(),
            self.failed.join("\n")
        );
    }
}

/// The kind's type: one of Kubernetes' own, or that of `gadgets.json`.
fn object_type(kind: &str) -> &'static ObjectType {
    resources::object_type(kind)
}

/// How a refusal differs from the recorded one.
fn refusal(case: &Case, status: &Status) -> Vec<String> {
    let mut found = Vec::new();
    let (want, have) = (case.answer(), status.to_json());
    for field in ["code", "reason", "message"] {
        if want[field] != have[field] && !is_worded_otherwise(case, field) {
            found.push(format!(
                "{field}: recorded {}, here {}",
                want[field], have[field]
            ));
        }
    }
    if causes_sorted(&want["details"]) != causes_sorted(&have["details"])
        && !is_worded_otherwise(case, "details")
    {
        found.push(format!(
            "details: recorded {}, here {}",
            want["details"], have["details"]
        ));
    }
    if case.status() != u64::from(status.code) {
        found.push(format!(
            "status: recorded {}, here {}",
            case.status(),
            status.code
        ));
    }
    found
}

/// Faults that a schema finds come in any order.
fn causes_sorted(details: &Value) -> Value {
    let mut details = details.clone();
    if let Some(causes) = details["causes"].as_array_mut() {
        causes.sort_by_key(ToString::to_string);
    }
    details
}

/// Sentences that are not Kubernetes' own: those of its YAML reader, and those that show a whole patched object.
fn is_worded_otherwise(case: &Case, field: &str) -> bool {
    let message = case.answer()["message"].as_str().unwrap_or_default();
    let of_yaml = message.contains("yaml: ") || message.contains("converting YAML");
    let of_patch = message.contains("is invalid: patch: Invalid value");
    let shows_causes = of_patch && case.answer()["details"]["causes"][0]["field"] == "patch";
    // The fields of owners are told in the order of Go's type.
    let of_owners = message.contains("Only one reference can have Controller");
    let several_of_schema = case.text("kind") == "Gadget" && message.contains("in body");
    match field {
        "message" => of_yaml || of_patch || of_owners || several_of_schema,
        "details" if of_owners => true,
        "details" => shows_causes,
        _ => false,
    }
}

/// Whether everything of one value is in the other; where not.
fn missing(have: &Value, want: &Value, path: &str, found: &mut Vec<String>) {
    match (have, want) {
        (Value::Object(have), Value::Object(want)) => {
            for (name, have) in have {
                let path = format!("{path}.{name}");
                match want.get(name) {
                    Some(want) => missing(have, want, &path, found),
                    // What a kind fills in may take the place of an empty value.
                    None if matches!(have, Value::Null) => {}
                    None => found.push(format!("{path}: not in the answer, here {have}")),
                }
            }
        }
        (Value::Array(have), Value::Array(want)) if have.len() <= want.len() => {
            for (index, (have, want)) in have.iter().zip(want).enumerate() {
                missing(have, want, &format!("{path}[{index}]"), found);
            }
        }
        // A port that is not given is the service's own.
        _ if have == want || path.ends_with(".targetPort") && *have == 0 => {}
        (Value::Null, _) => {}
        _ => found.push(format!("{path}: recorded {want}, here {have}")),
    }
}

//! What the kinds make of requests, against what a Kubernetes API server made of them: `answers.jsonl`, recorded by
//! `record.py`. Compared are refusals, with the fields and reasons of their causes, and the objects that were kept.

mod rows;

use coracle_objects::decode::{self, FieldValidation};
use coracle_objects::schema::ObjectType;
use coracle_objects::{Object, ObjectExt, Resource, kind};
use serde_json::{Map, Value};

const ANSWERS: &str = include_str!("answers.jsonl");

/// What is compared of an answer: a refusal's code and causes, or the object that was kept.
#[derive(Debug, PartialEq)]
enum Outcome {
    Refused(u64, Vec<(String, String)>),
    Kept(Box<Object>),
}

#[test]
fn kinds_answer_as_an_api_server_does() {
    let mut differences = Vec::new();
    let mut sentences = 0;
    let mut cases = 0;
    for line in ANSWERS.lines() {
        let case: Value = serde_json::from_str(line).expect("each line is JSON");
        cases += 1;
        if let Some(wanted) = case.get("warnings") {
            let said = warned(&case);
            let wanted: Vec<_> = wanted.as_array().into_iter().flatten().collect();
            // Certificates are not looked at.
            let is_known = wanted
                .iter()
                .all(|one| !one.as_str().unwrap_or_default().starts_with("tls:"));
            if is_known
                && !said
                    .iter()
                    .eq(wanted.iter().map(|one| one.as_str().unwrap_or_default()))
            {
                differences.push(format!(
                    "{}: warns {said:?}, real {wanted:?}",
                    case["label"]
                ));
            }
        }
        let (outcome, messages) = answer(&case);
        let expected = recorded(&case);
        if outcome != expected {
            differences.push(format!("{}\n{}", case["label"], told(&outcome, &expected)));
        } else if messages != recorded_messages(&case) {
            sentences += 1;
            if std::option_env!("SENTENCES").is_some() {
                let wanted = recorded_messages(&case);
                eprintln!("{}\n  ours {messages:?}\n  real {wanted:?}", case["label"]);
            }
        }
    }
    let count = differences.len();
    assert!(
        differences.is_empty(),
        "{count} of {cases} differ ({sentences} more in sentences):\n{}",
        differences.join("\n")
    );
    assert!(sentences <= 34, "{sentences} sentences differ");
}

/// Whatever stands in an object, what the kinds make of it is an answer.
#[test]
fn odd_values_are_no_reason_to_panic() {
    let odd = [
        Value::Null,
        Value::from(-7),
        Value::from(u64::MAX),
        Value::from("odd \u{e9}'["),
        serde_json::json!([null, 1, [], {}, "x"]),
        serde_json::json!({"a": null, "b": [1]}),
    ];
    for line in ANSWERS.lines().step_by(9) {
        let case: Value = serde_json::from_str(line).expect("each line is JSON");
        let mut paths = Vec::new();
        collect_paths(&case["body"], String::new(), &mut paths);
        for path in paths {
            for value in &odd {
                let mut case = case.clone();
                let place = case["body"].pointer_mut(&path);
                *place.expect("the path was found in it") = value.clone();
                answer(&case);
                let part = |index: usize| case["resource"][index].as_str().unwrap_or_default();
                let resource = kind::find(part(0), part(1), part(2)).expect("the kind is served");
                let object = as_object(&case["body"]);
                let epoch = coracle_model::Timestamp::UNIX_EPOCH;
                resource.strategy.cells(&object, epoch);
                resource.strategy.selectable_fields(&object);
                resource.strategy.warnings(&object);
            }
        }
    }
}

fn collect_paths(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect_paths(value, format!("{path}/{key}"), paths);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect_paths(value, format!("{path}/{index}"), paths);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    if !path.is_empty() {
        paths.push(path);
    }
}

fn told(outcome: &Outcome, expected: &Outcome) -> String {
    match (outcome, expected) {
        (Outcome::Kept(ours), Outcome::Kept(theirs)) => {
            let mut lines = Vec::new();
            compare(
                "",
                &Value::Object(*ours.clone()),
                &Value::Object(*theirs.clone()),
                &mut lines,
            );
            lines.join("\n")
        }
        _ => format!("  ours {}\n  real {}", short(outcome), short(expected)),
    }
}

fn short(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused(code, causes) => format!("{code} {causes:?}"),
        Outcome::Kept(_) => "kept".to_owned(),
    }
}

fn compare(path: &str, ours: &Value, theirs: &Value, lines: &mut Vec<String>) {
    if ours == theirs {
        return;
    }
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for key in ours
                .keys()
                .chain(theirs.keys().filter(|key| !ours.contains_key(*key)))
            {
                let side = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                compare(&format!("{path}.{key}"), &side(ours), &side(theirs), lines);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                compare(&format!("{path}[{index}]"), ours, theirs, lines);
            }
        }
        _ => lines.push(format!("  {path}\n    ours {ours}\n    real {theirs}")),
    }
}

fn recorded(case: &Value) -> Outcome {
    match case.get("object") {
        Some(object) => Outcome::Kept(Box::new(plain(as_object(object)))),
        None => {
            let causes = case["causes"].as_array().into_iter().flatten();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            // What is wrong with metadata is found elsewhere.
            let is_ours = |cause: &&Value| !text(&cause[0]).starts_with("metadata.labels");
            let causes = causes
                .filter(is_ours)
                .map(|cause| (text(&cause[0]), text(&cause[1])));
            Outcome::Refused(case["code"].as_u64().unwrap_or(0), causes.collect())
        }
    }
}

fn recorded_messages(case: &Value) -> Vec<String> {
    let causes = case["causes"].as_array().into_iter().flatten();
    causes
        .filter(|cause| cause[0] != "metadata.labels")
        .map(|cause| cause[2].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What we make of the request of a case, with the sentences of a refusal.
fn answer(case: &Value) -> (Outcome, Vec<String>) {
    let part = |index: usize| case["resource"][index].as_str().unwrap_or_default();
    let resource = kind::find(part(0), part(1), part(2)).expect("the kind is served");
    let mut object = decoded(resource, &case["body"]);
    let metadata = object.metadata_mut();
    let answered = as_object(&case["object"]);
    let uid = match answered.uid() {
        "" => "00000000-0000-0000-0000-000000000000",
        uid => uid,
    };
    metadata.entry("uid").or_insert_with(|| uid.into());
    if part(2) != "namespaces" {
        metadata.insert("namespace".to_owned(), "kinds".into());
    }
    let faults = match case.get("old") {
        Some(old) if case["part"] == "status" => {
            change_status(resource, &mut object, &as_object(old))
        }
        Some(old) => change(resource, &mut object, &as_object(old)),
        None => match create(resource, &mut object, &answered) {
            Ok(faults) => faults,
            Err(code) => return (Outcome::Refused(u64::from(code), Vec::new()), Vec::new()),
        },
    };
    if faults.is_empty() {
        return (Outcome::Kept(Box::new(plain(object))), Vec::new());
    }
    let causes = faults
        .iter()
        .map(|fault| (fault.path.to_string(), fault.kind.reason().to_owned()));
    let messages = faults.iter().map(coracle_objects::FieldError::words);
    (Outcome::Refused(422, causes.collect()), messages.collect())
}

/// The body as it is read, where it can be.
fn decoded(resource: &Resource, body: &Value) -> Object {
    let built_in = ObjectType::built_in(resource.group, resource.versions[0], resource.kind);
    let Some(object_type) = built_in else {
        return as_object(body);
    };
    let mut body = as_object(body);
    body.insert("kind".to_owned(), resource.kind.into());
    body.insert("apiVersion".to_owned(), object_type.api_version().into());
    match decode::typed(&body, object_type, FieldValidation::Ignore) {
        Ok(decoded) => decoded.object,
        Err(_) => body,
    }
}

fn warned(case: &Value) -> Vec<String> {
    let part = |index: usize| case["resource"][index].as_str().unwrap_or_default();
    let resource = kind::find(part(0), part(1), part(2)).expect("the kind is served");
    let mut object = as_object(&case["body"]);
    resource.strategy.set_defaults(&mut object);
    resource.strategy.warnings(&object)
}

type Faults = Vec<coracle_objects::FieldError>;

fn create(resource: &Resource, object: &mut Object, answered: &Object) -> Result<Faults, u16> {
    let strategy = resource.strategy;
    strategy.set_defaults(object);
    strategy.admit(object).map_err(|status| status.code)?;
    resource.prepare_for_create(object);
    if resource.kind == "Service" {
        assign(object, answered);
    }
    Ok(strategy.validate(object))
}

/// Gives a service the addresses and ports that the recorded one got.
fn assign(object: &mut Object, answered: &Object) {
    if let Ok(address) = answered.text_at(&["spec", "clusterIP"]).parse() {
        kind::service::assign_address(object, address);
    }
    let ports = answered.list_at(&["spec", "ports"]);
    let free: Vec<u16> = ports
        .iter()
        .filter_map(|port| u16::try_from(port["nodePort"].as_u64()?).ok())
        .collect();
    kind::service::assign_node_ports(object, &mut free.into_iter());
}

fn change(resource: &Resource, object: &mut Object, old: &Object) -> Faults {
    let strategy = resource.strategy;
    strategy.set_defaults(object);
    resource.prepare_for_update(object, old);
    strategy.validate_update(object, old)
}

fn change_status(resource: &Resource, object: &mut Object, old: &Object) -> Faults {
    let strategy = resource.strategy;
    strategy.set_defaults(object);
    resource.prepare_for_status_update(object, old);
    strategy.validate_status_update(object, old)
}

fn as_object(value: &Value) -> Object {
    value.as_object().cloned().unwrap_or_default()
}

/// Without what is empty, which is left out of what is stored, and with the letters of chance replaced.
fn plain(mut object: Object) -> Object {
    object.remove("apiVersion");
    object.remove("kind");
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in ["uid", "namespace", "resourceVersion", "generation"] {
            metadata.remove(field);
        }
    }
    let mut value = Value::Object(object);
    prune(&mut value);
    as_object(&value)
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(prune);
            map.remove("lastTransitionTime");
            map.retain(|_, value| {
                !value.is_null() && *value != "" && *value != Value::Array(Vec::new())
            });
        }
        Value::Array(list) => list.iter_mut().for_each(prune),
        Value::String(text) if text.starts_with("kube-api-access-") => {
            "kube-api-access-".clone_into(text);
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

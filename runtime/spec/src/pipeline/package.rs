//! A definition as the KFP API carries it: one JSON value, with the platform's settings beside the pipeline when there
//! are any.

use coracle_model::Value;

use super::problems::Problems;
use super::read::{Chosen, choose};
use super::tree::Node;
use super::yaml;

/// The two members of a value that carries both documents.
const PIPELINE: &str = "pipeline_spec";
const PLATFORM: &str = "platform_spec";

/// What stands between two documents of a text.
const BETWEEN: &str = "\n---\n";

/// The JSON of a definition's text: the pipeline itself, or `{"pipeline_spec": ..., "platform_spec": ...}`.
///
/// None when the text holds no pipeline; one that was read before always does.
pub fn to_json(text: &str) -> Option<String> {
    // What came as JSON is JSON already, which is much sooner seen than read as YAML.
    match text.split_once(BETWEEN) {
        None if is_json(text) => return Some(text.to_owned()),
        Some((pipeline, platform)) if is_json(pipeline) && is_json(platform) => {
            return Some(both(pipeline, platform));
        }
        None | Some(_) => {}
    }
    let problems = Problems::default();
    let documents = yaml::documents(text, &problems);
    let Chosen { pipeline, platform } = choose(&documents.roots, &problems);
    let json = |node: &Node| node.to_value().to_json();
    let pipeline = json(pipeline?);
    Some(match platform {
        Some(platform) => both(&pipeline, &json(platform)),
        None => pipeline,
    })
}

/// The text of a definition that came as a JSON value, in either form.
pub fn from_json(value: &Value) -> String {
    let Value::Struct(members) = value else {
        return value.to_json();
    };
    match (members.get(PIPELINE), members.get(PLATFORM)) {
        (Some(pipeline), Some(platform)) if !is_empty(platform) => {
            format!("{}{BETWEEN}{}", pipeline.to_json(), platform.to_json())
        }
        (Some(pipeline), _) => pipeline.to_json(),
        (None, _) => value.to_json(),
    }
}

fn is_json(text: &str) -> bool {
    text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Struct(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => false,
    }
}

fn both(pipeline: &str, platform: &str) -> String {
    format!(r#"{{"{PIPELINE}":{pipeline},"{PLATFORM}":{platform}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIPELINE_YAML: &str =
        "pipelineInfo: {name: a}\nroot: {dag: {tasks: {}}}\nschemaVersion: 2.1.0\n";
    const PIPELINE_JSON: &str =
        r#"{"pipelineInfo":{"name":"a"},"root":{"dag":{"tasks":{}}},"schemaVersion":"2.1.0"}"#;
    const PLATFORM_JSON: &str = r#"{"platforms":{"kubernetes":{}}}"#;

    fn value(json: &str) -> Value {
        Value::from_json(json).unwrap()
    }

    #[test]
    fn both_notations_are_the_same_value() {
        assert_eq!(to_json(PIPELINE_YAML).unwrap(), PIPELINE_JSON);
        assert_eq!(to_json(PIPELINE_JSON).unwrap(), PIPELINE_JSON);
        let with_platform = format!("{PIPELINE_YAML}---\nplatforms: {{kubernetes: {{}}}}\n");
        let expected = both(PIPELINE_JSON, PLATFORM_JSON);
        assert_eq!(to_json(&with_platform).unwrap(), expected);
        assert_eq!(to_json("a: 1"), None);
    }

    #[test]
    fn what_came_as_json_reads_back_as_it_came() {
        for json in [PIPELINE_JSON.to_owned(), both(PIPELINE_JSON, PLATFORM_JSON)] {
            let text = from_json(&value(&json));
            assert_eq!(value(&to_json(&text).unwrap()), value(&json));
        }
        let alone = format!(r#"{{"pipeline_spec":{PIPELINE_JSON},"platform_spec":{{}}}}"#);
        assert_eq!(from_json(&value(&alone)), PIPELINE_JSON);
    }
}

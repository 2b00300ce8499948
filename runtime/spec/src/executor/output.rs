//! What a step returns in its executor output file: KFP's `ExecutorOutput`.
//!
//! Field names are read in both of protobuf's JSON spellings. An unknown field is an error, as it is for
//! KFP's launcher.

use std::collections::BTreeMap;

use coracle_model::Value;

/// What a step returned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExecutorOutput {
    /// Values of output parameters.
    pub parameters: BTreeMap<String, Value>,
    /// What it says of output artifacts.
    pub artifacts: BTreeMap<String, Vec<ReturnedArtifact>>,
}

/// What a step says of one artifact.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReturnedArtifact {
    /// Its name, which changes nothing.
    pub name: String,
    /// Where it is, when the step says so.
    pub uri: Option<String>,
    /// Metadata to lay over what is known.
    pub metadata: BTreeMap<String, Value>,
    /// Where inside the step it lies, when not where its URI maps onto.
    pub custom_path: Option<String>,
}

/// Why an executor output file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecutorOutputError {
    /// It is not JSON.
    #[error("the step's executor output is not JSON: {reason}{hint}")]
    NotJson {
        /// What the JSON reader says.
        reason: String,
        /// What may have caused it; empty, or a text that begins with `; `.
        hint: &'static str,
    },
    /// A field holds something else than it must.
    #[error("`{field}` in the step's executor output must be {expected}, but is {found}")]
    WrongShape {
        /// The field, as a path.
        field: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A field that KFP does not know.
    #[error("the step's executor output has a field `{field}`, which KFP does not know")]
    UnknownField {
        /// The field, as a path.
        field: String,
    },
}

type Fields = BTreeMap<String, Value>;

/// Reads an executor output file.
///
/// Parameters in the deprecated form (`parameters: {x: {stringValue: …}}`) are taken where the current form
/// has none of that name.
///
/// # Errors
/// When the text is not JSON, or not of the form of KFP's `ExecutorOutput`.
pub fn read_executor_output(json: &str) -> Result<ExecutorOutput, ExecutorOutputError> {
    let value = Value::from_json(json).map_err(|error| ExecutorOutputError::NotJson {
        reason: error.to_string(),
        hint: if json.contains("NaN") || json.contains("Infinity") {
            "; JSON has no NaN or Infinity: return such a number as text, or leave it out"
        } else {
            ""
        },
    })?;
    let mut output = ExecutorOutput::default();
    let mut deprecated = Fields::new();
    for (key, value) in fields("executor output", value)? {
        match key.as_str() {
            "parameterValues" | "parameter_values" => output.parameters = fields(&key, value)?,
            "parameters" => deprecated = read_deprecated_parameters(value)?,
            "artifacts" => output.artifacts = read_artifacts(value)?,
            _ => return Err(ExecutorOutputError::UnknownField { field: key }),
        }
    }
    for (name, value) in deprecated {
        output.parameters.entry(name).or_insert(value);
    }
    Ok(output)
}

fn read_deprecated_parameters(value: Value) -> Result<Fields, ExecutorOutputError> {
    let mut parameters = Fields::new();
    for (name, value) in fields("parameters", value)? {
        let path = format!("parameters.{name}");
        for (kind, value) in fields(&path, value)? {
            parameters.insert(name.clone(), deprecated_value(&path, &kind, value)?);
        }
    }
    Ok(parameters)
}

fn deprecated_value(path: &str, kind: &str, value: Value) -> Result<Value, ExecutorOutputError> {
    match (kind, value) {
        ("intValue" | "int_value" | "doubleValue" | "double_value", Value::Number(number)) => {
            Ok(number.into())
        }
        // Protobuf writes 64-bit integers as text.
        ("intValue" | "int_value", Value::String(text)) => match text.parse::<i64>() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "the wire format has doubles only"
            )]
            Ok(number) => Ok(Value::Number(number as f64)),
            Err(_) => Err(wrong_shape(
                &format!("{path}.{kind}"),
                "a whole number",
                &Value::String(text),
            )),
        },
        ("stringValue" | "string_value", Value::String(text)) => Ok(text.into()),
        ("intValue" | "int_value" | "doubleValue" | "double_value", other) => {
            Err(wrong_shape(&format!("{path}.{kind}"), "a number", &other))
        }
        ("stringValue" | "string_value", other) => {
            Err(wrong_shape(&format!("{path}.{kind}"), "a string", &other))
        }
        (_, _) => Err(ExecutorOutputError::UnknownField {
            field: format!("{path}.{kind}"),
        }),
    }
}

fn read_artifacts(
    value: Value,
) -> Result<BTreeMap<String, Vec<ReturnedArtifact>>, ExecutorOutputError> {
    let mut outputs = BTreeMap::new();
    for (name, list) in fields("artifacts", value)? {
        let path = format!("artifacts.{name}");
        let mut artifacts = Vec::new();
        for (key, value) in fields(&path, list)? {
            if key != "artifacts" {
                return Err(ExecutorOutputError::UnknownField {
                    field: format!("{path}.{key}"),
                });
            }
            for item in items(&format!("{path}.artifacts"), value)? {
                artifacts.push(read_artifact(
                    &format!("{path}.artifacts[{}]", artifacts.len()),
                    item,
                )?);
            }
        }
        outputs.insert(name, artifacts);
    }
    Ok(outputs)
}

fn read_artifact(path: &str, value: Value) -> Result<ReturnedArtifact, ExecutorOutputError> {
    let mut artifact = ReturnedArtifact::default();
    for (key, value) in fields(path, value)? {
        let field = format!("{path}.{key}");
        match key.as_str() {
            "name" => artifact.name = text(&field, value)?.unwrap_or_default(),
            "uri" => artifact.uri = text(&field, value)?.filter(|uri| !uri.is_empty()),
            "metadata" => artifact.metadata = fields(&field, value)?,
            "customPath" | "custom_path" => {
                artifact.custom_path = text(&field, value)?.filter(|path| !path.is_empty());
            }
            // Known to KFP, and read by nobody: the type stays the declared one.
            "type" | "properties" | "customProperties" | "custom_properties" => {
                fields(&field, value)?;
            }
            _ => return Err(ExecutorOutputError::UnknownField { field }),
        }
    }
    Ok(artifact)
}

fn fields(path: &str, value: Value) -> Result<Fields, ExecutorOutputError> {
    match value {
        Value::Struct(fields) => Ok(fields),
        Value::Null => Ok(Fields::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => {
            Err(wrong_shape(path, "an object", &value))
        }
    }
}

fn items(path: &str, value: Value) -> Result<Vec<Value>, ExecutorOutputError> {
    match value {
        Value::List(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Struct(_) => {
            Err(wrong_shape(path, "a list", &value))
        }
    }
}

fn text(path: &str, value: Value) -> Result<Option<String>, ExecutorOutputError> {
    match value {
        Value::String(text) => Ok(Some(text)),
        Value::Null => Ok(None),
        Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Struct(_) => {
            Err(wrong_shape(path, "a string", &value))
        }
    }
}

fn wrong_shape(field: &str, expected: &'static str, found: &Value) -> ExecutorOutputError {
    ExecutorOutputError::WrongShape {
        field: field.to_owned(),
        expected,
        found: found.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_sdk_writes() {
        let json = r#"{"parameterValues": {"Output": 5, "t": "a\n"},
            "artifacts": {"model": {"artifacts": [
                {"name": "model", "uri": "minio://b/k", "metadata": {"acc": 0.5}, "custom_path": "/opt/m"}]}}}"#;
        let output = read_executor_output(json).unwrap();
        assert_eq!(
            output.parameters,
            [("Output".into(), 5.0.into()), ("t".into(), "a\n".into())].into()
        );
        let expected = ReturnedArtifact {
            name: "model".into(),
            uri: Some("minio://b/k".into()),
            metadata: [("acc".into(), 0.5.into())].into(),
            custom_path: Some("/opt/m".into()),
        };
        assert_eq!(
            output.artifacts,
            [("model".to_owned(), vec![expected])].into()
        );
    }

    #[test]
    fn reads_both_spellings() {
        let snake = read_executor_output(r#"{"parameter_values": {"x": true}}"#).unwrap();
        let camel = read_executor_output(r#"{"parameterValues": {"x": true}}"#).unwrap();
        assert_eq!(snake, camel);
        let path = |key: &str| {
            let json = format!(r#"{{"artifacts": {{"a": {{"artifacts": [{{"{key}": "/p"}}]}}}}}}"#);
            read_executor_output(&json).unwrap().artifacts["a"][0]
                .custom_path
                .clone()
        };
        assert_eq!(path("customPath"), Some("/p".to_owned()));
        assert_eq!(path("custom_path"), Some("/p".to_owned()));
    }

    #[test]
    fn the_deprecated_form_fills_gaps() {
        let json = r#"{"parameters": {"a": {"intValue": "7"}, "b": {"doubleValue": 1.5}, "c": {"stringValue": "s"}},
            "parameterValues": {"a": 8}}"#;
        let parameters = read_executor_output(json).unwrap().parameters;
        assert_eq!(
            parameters,
            [
                ("a".into(), 8.0.into()),
                ("b".into(), 1.5.into()),
                ("c".into(), "s".into())
            ]
            .into()
        );
    }

    #[test]
    fn nothing_said_is_nothing_returned() {
        assert_eq!(
            read_executor_output("{}").unwrap(),
            ExecutorOutput::default()
        );
        let json = r#"{"artifacts": {"a": {"artifacts": [{"uri": "", "metadata": null, "custom_path": ""}]}}}"#;
        assert_eq!(
            read_executor_output(json).unwrap().artifacts["a"],
            [ReturnedArtifact::default()]
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let check = |json: &str, part: &str| {
            let message = read_executor_output(json).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        };
        check("", "not JSON");
        check(r#"{"parameterValues": {"x": NaN}}"#, "JSON has no NaN");
        check(
            "[]",
            "`executor output` in the step's executor output must be an object, but is list",
        );
        check(r#"{"artifacts": {"a": []}}"#, "`artifacts.a`");
        check(
            r#"{"artifacts": {"a": {"artifacts": [{"uri": 3}]}}}"#,
            "`artifacts.a.artifacts[0].uri` in",
        );
        check(r#"{"outputs": {}}"#, "`outputs`, which KFP does not know");
        check(
            r#"{"parameters": {"a": {"intValue": "x"}}}"#,
            "`parameters.a.intValue`",
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"[{}\[\]":,a-z0-9 ]{0,60}"#) {
            let _ = read_executor_output(&text);
        }
    }
}

//! The verdict on the parameters of a run, in the words of the KFP API server, and parameters written as text.

use std::collections::BTreeMap;

use coracle_model::{Diagnostic, Value, ValueKind};

use super::ir::{ParameterSpec, ParameterType, PipelineSpec};

/// What is wrong with the parameters given to a run; nothing when they fit.
///
/// Nothing is converted: `"5"` is no number. A number of any kind fits an integer parameter, as in KFP.
pub fn check_parameters(spec: &PipelineSpec, given: &BTreeMap<String, Value>) -> Vec<Diagnostic> {
    let declared = &spec.root.input_parameters;
    let mut found: Vec<Diagnostic> = declared
        .iter()
        .filter_map(|(name, parameter)| match given.get(name) {
            Some(value) => too_deep(name, value)
                .or_else(|| wrong_type(name, parameter, value))
                .or_else(|| wrong_literal(name, parameter, value)),
            None => missing(name, parameter),
        })
        .collect();
    let extra: Vec<&str> = given
        .keys()
        .filter(|name| !declared.contains_key(*name))
        .map(String::as_str)
        .collect();
    if !extra.is_empty() {
        let message = format!(
            "parameter(s) provided are not required by pipeline: {}",
            extra.join(", ")
        );
        let names: Vec<&str> = declared.keys().map(String::as_str).collect();
        let help = if names.is_empty() {
            "the pipeline takes no parameters".to_owned()
        } else {
            format!("the pipeline takes: {}", names.join(", "))
        };
        found.push(Diagnostic::error("unknown-parameter", message).with_help(help));
    }
    found.extend(not_to_be_given(spec));
    found
}

/// Artifacts that the root requires: a run is started with parameters alone.
fn not_to_be_given(spec: &PipelineSpec) -> impl Iterator<Item = Diagnostic> {
    let required = spec.root.input_artifacts.iter();
    required.filter(|(_, input)| !input.optional).map(|(name, _)| {
        let message = format!(
            "artifact `{name}` is a required input of the pipeline, and a run cannot be given artifacts"
        );
        Diagnostic::error("artifact-input", message)
            .with_help("bring it in with `dsl.importer` inside the pipeline")
    })
}

/// Reads a parameter that was written as text, as on a command line, into a value of its declared type.
///
/// Text for a string stands as it is; numbers and booleans are read; lists and maps are JSON.
///
/// # Errors
/// A diagnostic of what the text should look like.
pub fn parse_parameter_argument(spec: &ParameterSpec, text: &str) -> Result<Value, Diagnostic> {
    let value = match spec.parameter_type {
        ParameterType::String => Ok(Value::from(text)),
        ParameterType::Integer => whole_number(text),
        ParameterType::Double => number(text).ok_or_else(|| unreadable(text, "a number", "0.5")),
        ParameterType::Boolean => boolean(text),
        ParameterType::List => json(text, ValueKind::List, "a JSON list", "[1, 2]"),
        ParameterType::Struct => json(text, ValueKind::Struct, "a JSON object", r#"{"key": 1}"#),
        ParameterType::TaskFinalStatus | ParameterType::TaskConfig => Err(Diagnostic::error(
            "parameter-type",
            format!(
                "a parameter of type {} is given by the workbench",
                spec.parameter_type
            ),
        )
        .with_help("leave it out")),
    }?;
    if is_allowed(spec, &value) {
        return Ok(value);
    }
    Err(Diagnostic::error(
        "parameter-literal",
        format!("`{text}` is not one of the allowed values"),
    )
    .with_help(format!("use one of {}", shown(&spec.literals))))
}

fn missing(name: &str, parameter: &ParameterSpec) -> Option<Diagnostic> {
    if parameter.optional || parameter.default.is_some() {
        return None;
    }
    let message = format!(
        "parameter {name} is not optional, yet has neither default value nor user provided value"
    );
    Some(
        Diagnostic::error("missing-parameter", message)
            .with_help(format!("give it a value: `-p {name}=...`")),
    )
}

fn too_deep(name: &str, value: &Value) -> Option<Diagnostic> {
    let deepest = Value::DEEPEST;
    value.is_too_deep().then(|| {
        Diagnostic::error(
            "parameter-too-deep",
            format!(
                "the value of parameter {name} has more than {deepest} levels of lists and maps"
            ),
        )
        .with_help("pass deep values as an artifact")
    })
}

fn wrong_type(name: &str, parameter: &ParameterSpec, value: &Value) -> Option<Diagnostic> {
    let kind = value.kind();
    let (wanted, message) = match parameter.parameter_type {
        ParameterType::Integer | ParameterType::Double => (
            Some(ValueKind::Number),
            format!(
                "input parameter {name} requires type double or integer, but the parameter value is not of number \
                 value type"
            ),
        ),
        ParameterType::String => (Some(ValueKind::String), requires(name, "string")),
        ParameterType::Boolean => (Some(ValueKind::Bool), requires(name, "bool")),
        ParameterType::List => (Some(ValueKind::List), requires(name, "list")),
        ParameterType::Struct => (Some(ValueKind::Struct), requires(name, "struct")),
        ParameterType::TaskFinalStatus => (
            None,
            format!(
                "input parameter {name} requires type TASK_FINAL_STATUS, which is invalid for root component"
            ),
        ),
        ParameterType::TaskConfig => (
            None,
            format!("input parameter {name} requires type unknown"),
        ),
    };
    if wanted == Some(kind) {
        return None;
    }
    let help = match wanted {
        Some(wanted) => format!(
            "it is declared as {} and was given a {kind}, not a {wanted}",
            parameter.parameter_type
        ),
        None => "leave it out; only tasks inside a pipeline can have such an input".to_owned(),
    };
    Some(Diagnostic::error("parameter-type", message).with_help(help))
}

fn requires(name: &str, wanted: &str) -> String {
    format!(
        "input parameter {name} requires type {wanted}, but the input parameter is not of {wanted} value type"
    )
}

fn wrong_literal(name: &str, parameter: &ParameterSpec, value: &Value) -> Option<Diagnostic> {
    if is_allowed(parameter, value) {
        return None;
    }
    let message = format!(
        "input parameter \"{name}\" value {} does not match any of the allowed literal values: {}",
        value.to_json(),
        shown(&parameter.literals)
    );
    Some(Diagnostic::error("parameter-literal", message).with_help("use one of the allowed values"))
}

fn is_allowed(parameter: &ParameterSpec, value: &Value) -> bool {
    parameter.literals.is_empty() || parameter.literals.contains(value)
}

fn shown(literals: &[Value]) -> String {
    Value::List(literals.to_vec()).to_json()
}

fn number(text: &str) -> Option<Value> {
    let digits = text.trim();
    let plain = digits.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'));
    digits
        .parse()
        .ok()
        .filter(|number: &f64| plain && number.is_finite())
        .map(Value::Number)
}

fn whole_number(text: &str) -> Result<Value, Diagnostic> {
    match number(text) {
        Some(Value::Number(number)) if number.fract() == 0.0 => Ok(Value::Number(number)),
        _ => Err(unreadable(text, "a whole number", "3")),
    }
}

fn boolean(text: &str) -> Result<Value, Diagnostic> {
    match text.trim() {
        "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
        _ => Err(unreadable(text, "a boolean", "true` or `false")),
    }
}

fn json(text: &str, wanted: ValueKind, what: &str, example: &str) -> Result<Value, Diagnostic> {
    match Value::from_json(text) {
        Ok(value) if value.kind() == wanted => Ok(value),
        Ok(_) => Err(unreadable(text, what, example)),
        Err(error) => Err(Diagnostic::error(
            "parameter-type",
            format!("`{text}` is not {what}: {error}"),
        )
        .with_help(format!("write for example `{example}`"))),
    }
}

fn unreadable(text: &str, what: &str, example: &str) -> Diagnostic {
    Diagnostic::error("parameter-type", format!("`{text}` is not {what}"))
        .with_help(format!("write for example `{example}`"))
}

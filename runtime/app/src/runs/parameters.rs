//! The values that runs are given: read as their declared types, and checked.

use std::collections::BTreeMap;

use coracle_model::{Diagnostic, Value};
use coracle_spec::pipeline::{self, PipelineSpec};

use crate::error::AppError;
use crate::view::ParameterValue;

/// Reads values that may have been given as text. Names that are not declared are left to [`check`].
pub(crate) fn read(
    spec: &PipelineSpec,
    given: BTreeMap<String, ParameterValue>,
) -> Result<BTreeMap<String, Value>, AppError> {
    let mut diagnostics = Vec::new();
    let mut values = BTreeMap::new();
    for (name, value) in given {
        let declared = spec.root.input_parameters.get(&name);
        let read = match (value, declared) {
            (ParameterValue::Text(text), Some(declared)) => {
                pipeline::parse_parameter_argument(declared, &text)
            }
            (ParameterValue::Text(text), None) => Ok(Value::from(text)),
            (ParameterValue::Value(value), _) => Ok(value),
        };
        match read {
            Ok(value) => drop(values.insert(name, value)),
            Err(diagnostic) => {
                let message = format!("parameter `{name}`: {}", diagnostic.message);
                diagnostics.push(Diagnostic {
                    message,
                    ..diagnostic
                });
            }
        }
    }
    unless_wrong(spec, diagnostics).map(|()| values)
}

/// Refuses values that do not fit the pipeline, and those that it needs and are not there.
pub(crate) fn check(spec: &PipelineSpec, given: &BTreeMap<String, Value>) -> Result<(), AppError> {
    unless_wrong(spec, pipeline::check_parameters(spec, given))
}

fn unless_wrong(spec: &PipelineSpec, diagnostics: Vec<Diagnostic>) -> Result<(), AppError> {
    if diagnostics.is_empty() {
        return Ok(());
    }
    Err(AppError::Parameters {
        pipeline: spec.name.to_string(),
        diagnostics,
    })
}

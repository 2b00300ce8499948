//! Texts of a definition that are known before the run, and those that follow from a task's inputs.

use coracle_model::Value;
use coracle_spec::pipeline::ParameterSource;

/// A text of the definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is known.
    Text(String),
    /// It is null or empty, so that what it belongs to is left out.
    Nothing,
    /// It follows from the task's inputs.
    Later,
}

/// Whether Argo or KFP would replace something in a text.
pub(crate) fn has_placeholder(text: &str) -> bool {
    text.contains("{{")
}

/// What is known of a setting before the run.
pub(crate) fn known(source: &ParameterSource) -> Known {
    match source {
        ParameterSource::Constant(Value::Null) => Known::Nothing,
        ParameterSource::Constant(value) => {
            let text = value.to_text();
            if text.is_empty() {
                Known::Nothing
            } else if has_placeholder(&text) {
                Known::Later
            } else {
                Known::Text(text)
            }
        }
        ParameterSource::ComponentInput(_)
        | ParameterSource::TaskOutput { .. }
        | ParameterSource::FinalStatus { .. } => Known::Later,
    }
}

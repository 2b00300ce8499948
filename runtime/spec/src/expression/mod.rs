//! CEL expressions: conditions of tasks, and selectors that pick a part out of a value.
//!
//! CEL itself is the `cel` crate's. What is ours is what an expression sees, which is what KFP's driver
//! lets it see, and the bounds: an expression comes from a file that anybody may have written, and may
//! neither run for ever, nor eat the memory, nor overflow the stack.

mod bounds;
mod cost;
mod evaluate;
mod types;
mod variables;

use std::collections::BTreeMap;

use coracle_model::{Artifact, Value};

use evaluate::evaluate;

/// What a condition may look at.
#[derive(Debug, Clone, Copy)]
pub struct ConditionInputs<'a> {
    /// Parameters that the task is given.
    pub parameters: &'a BTreeMap<String, Value>,
    /// Artifacts that the task is given.
    pub artifacts: &'a BTreeMap<String, Vec<Artifact>>,
}

/// Why an expression has no usable value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It is not CEL.
    #[error("`{expression:.200}` is not a CEL expression: {reason}{hint}")]
    Syntax {
        /// The expression.
        expression: String,
        /// What is wrong, and where.
        reason: String,
        /// What may have caused it; empty, or a text that begins with `; `.
        hint: &'static str,
    },
    /// It is larger or deeper than any condition needs to be, or could take too long.
    #[error("`{expression:.200}` is not evaluated, because it {limit}; make it simpler")]
    TooLarge {
        /// The expression.
        expression: String,
        /// What it exceeds.
        limit: String,
    },
    /// It uses inputs that the task is not given.
    #[error(
        "`{expression:.200}` uses {}, which the task is not given (no such key)",
        quoted(names)
    )]
    MissingInputs {
        /// The expression.
        expression: String,
        /// The inputs.
        names: Vec<String>,
    },
    /// It fails for these inputs.
    #[error("failed to evaluate `{expression:.200}`: {reason}")]
    Evaluation {
        /// The expression.
        expression: String,
        /// What is wrong.
        reason: String,
    },
    /// It is a condition, and gives something else than true or false.
    #[error("the condition `{expression:.200}` gives a {found}, but must give true or false")]
    NotBoolean {
        /// The expression.
        expression: String,
        /// What it gives.
        found: String,
    },
    /// It is a selector, and gives something that no parameter can hold.
    #[error("`{expression:.200}` gives a {found}, which no parameter can hold")]
    NotAValue {
        /// The expression.
        expression: String,
        /// What it gives.
        found: String,
    },
}

/// Evaluates a task's condition.
///
/// It sees `inputs.parameter_values['x']` and `inputs.artifacts['m'].artifacts[0]` with `name`, `uri` and
/// `metadata`, and `parseJson`. Numbers are doubles; an int equals a double of the same value.
///
/// # Errors
/// When it is not CEL, uses an input that is not given, fails, or gives no boolean. An error is not `false`:
/// the task fails.
pub fn condition(expression: &str, inputs: &ConditionInputs<'_>) -> Result<bool, ExpressionError> {
    match evaluate(expression, &variables::of_condition(inputs), Some(inputs))? {
        cel::Value::Bool(flag) => Ok(flag),
        other => Err(ExpressionError::NotBoolean {
            expression: expression.to_owned(),
            found: variables::kind_of(&other),
        }),
    }
}

/// Picks a part out of a value, as `parameterExpressionSelector` says.
///
/// The expression sees the field of `google.protobuf.Value` that is set, such as `struct_value`, and
/// always `string_value`, the value's text.
///
/// # Errors
/// When it is not CEL, fails, or gives something that no parameter can hold.
pub fn select(expression: &str, value: &Value) -> Result<Value, ExpressionError> {
    let selected = evaluate(expression, &variables::of_selector(value), None)?;
    variables::from_cel(&selected).map_err(|found| ExpressionError::NotAValue {
        expression: expression.to_owned(),
        found,
    })
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;

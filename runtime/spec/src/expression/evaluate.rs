//! Runs the `cel` crate within our bounds, and turns its errors into ours.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};
use cel::{Context, Env, ExecutionError, ParseErrors, Program};
use coracle_model::Value;

use super::variables::{Variables, kind_of, to_cel};
use super::{ConditionInputs, ExpressionError, bounds, cost, types};

/// CEL's standard functions and macros, without the optional syntax, which KFP's driver does not have.
static ENVIRONMENT: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::stdlib().with_optional_support(false)));

/// Evaluates an expression. `inputs` are what `variables` were made of, to say what is missing there.
pub(super) fn evaluate(
    expression: &str,
    variables: &Variables,
    inputs: Option<&ConditionInputs<'_>>,
) -> Result<cel::Value, ExpressionError> {
    bounds::check(expression)?;
    let program = ENVIRONMENT
        .compile(expression)
        .map_err(|errors| syntax_error(expression, &errors))?;
    types::check(expression, program.expression())?;
    cost::check(expression, program.expression(), variables)?;
    program
        .execute(&context(variables))
        .map_err(|error| match (&error, inputs) {
            (ExecutionError::NoSuchKey(_), Some(inputs)) => {
                missing_inputs(expression, &program, inputs)
            }
            (_, _) => ExpressionError::Evaluation {
                expression: expression.to_owned(),
                reason: describe(&error),
            },
        })
}

fn context(variables: &Variables) -> Context<'static, 'static> {
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    for (name, value) in variables {
        context.add_variable_from_value(*name, value.clone());
    }
    context
        .add_function("parseJson", |text: Arc<String>| parse_json(&text))
        .expect("no standard function is called `parseJson`");
    context
}

fn parse_json(text: &str) -> Result<cel::Value, ExecutionError> {
    Value::from_json(text)
        .map(|value| to_cel(&value))
        .map_err(|error| {
            ExecutionError::function_error(
                "parseJson",
                format!("failed to unmarshal JSON: {error}"),
            )
        })
}

fn syntax_error(expression: &str, errors: &ParseErrors) -> ExpressionError {
    let reason = errors.errors.first().map_or_else(
        || "it cannot be parsed".to_owned(),
        |error| {
            format!(
                "{} (column {})",
                error.msg.trim_end_matches(['\n', ' ']),
                error.pos.1
            )
        },
    );
    let hint = if expression.contains('\'') {
        "; the text in quotes may hold a quote, which the kfp compiler does not escape: \
         compare with a text that has none, or compute the answer in a component"
    } else {
        ""
    };
    ExpressionError::Syntax {
        expression: expression.to_owned(),
        reason,
        hint,
    }
}

fn missing_inputs(
    expression: &str,
    program: &Program,
    inputs: &ConditionInputs<'_>,
) -> ExpressionError {
    let mut names = Vec::new();
    cost::visit(program.expression(), &mut |node| {
        let missing = used_input(node).filter(|(field, name)| match *field {
            "parameter_values" => !inputs.parameters.contains_key(*name),
            "artifacts" => !inputs.artifacts.contains_key(*name),
            _ => false,
        });
        if let Some((_, name)) =
            missing.filter(|(_, name)| !names.iter().any(|known| known == name))
        {
            names.push(name.to_owned());
        }
    });
    let expression = expression.to_owned();
    if names.is_empty() {
        return ExpressionError::Evaluation {
            expression,
            reason: "no such key".to_owned(),
        };
    }
    ExpressionError::MissingInputs { expression, names }
}

/// The field of `inputs` and the name in it, for `inputs.field['name']` and `inputs.field.name`.
fn used_input(node: &IdedExpr) -> Option<(&str, &str)> {
    let (operand, name) = match &node.expr {
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [operand, index] => match &index.expr {
                Expr::Literal(LiteralValue::String(name)) => (operand, name.inner()),
                _ => return None,
            },
            _ => return None,
        },
        Expr::Select(select) if !select.test => (select.operand.as_ref(), select.field.as_str()),
        _ => return None,
    };
    let Expr::Select(field) = &operand.expr else {
        return None;
    };
    match &field.operand.expr {
        Expr::Ident(root) if root == "inputs" => Some((&field.field, name)),
        _ => None,
    }
}

fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: `{key}`"),
        ExecutionError::NoSuchOverload(overload) => {
            format!(
                "`{}` does not take ({})",
                overload.function(),
                overload.argument_types().join(", ")
            )
        }
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known here"),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
            format!(
                "`{operator}` does not take ({}, {})",
                kind_of(left),
                kind_of(right)
            )
        }
        ExecutionError::ValuesNotComparable(left, right) => {
            format!(
                "a {} cannot be compared with a {}",
                kind_of(left),
                kind_of(right)
            )
        }
        ExecutionError::FunctionError { function, message } => {
            format!("`{function}` failed: {message}")
        }
        other => other.to_string(),
    }
}

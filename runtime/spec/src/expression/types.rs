//! The part of CEL's type check that matters: a comparison of two types that are known beforehand.
//!
//! The `cel` crate has no type checker, and compares an int with a double. KFP's driver checks types
//! before it evaluates and refuses such an expression, so it is refused here too.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::ExpressionError;
use super::cost::visit;

/// A type that is known without the inputs. Inputs themselves may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Bool,
    Bytes,
    Double,
    Int,
    String,
    Uint,
}

/// Refuses comparisons of different types, and `&&`, `||` and `!` of anything but booleans.
pub(super) fn check(expression: &str, tree: &IdedExpr) -> Result<(), ExpressionError> {
    let mut problem = None;
    visit(tree, &mut |node| {
        if let Expr::Call(call) = &node.expr {
            problem = problem.take().or_else(|| problem_of(call));
        }
    });
    match problem {
        Some(reason) => Err(ExpressionError::Evaluation {
            expression: expression.to_owned(),
            reason,
        }),
        None => Ok(()),
    }
}

fn problem_of(call: &CallExpr) -> Option<String> {
    let types = call.args.iter().map(known_type);
    if is_comparison(&call.func_name) {
        let [Some(left), Some(right)] = types.collect::<Vec<_>>()[..] else {
            return None;
        };
        return (left != right).then(|| {
            let (operator, left, right) = (call.func_name.trim_matches('_'), left.name(), right.name());
            format!("`{operator}` does not compare {left} with {right}; convert one, with `int()`, `double()` or `string()`")
        });
    }
    if is_logical(&call.func_name) {
        let other = types.flatten().find(|known| *known != Known::Bool)?;
        return Some(format!(
            "`{}` does not take {}",
            call.func_name.trim_matches('_'),
            other.name()
        ));
    }
    None
}

fn known_type(node: &IdedExpr) -> Option<Known> {
    match &node.expr {
        Expr::Literal(literal) => match literal {
            LiteralValue::Boolean(_) => Some(Known::Bool),
            LiteralValue::Bytes(_) => Some(Known::Bytes),
            LiteralValue::Double(_) => Some(Known::Double),
            LiteralValue::Int(_) => Some(Known::Int),
            LiteralValue::String(_) => Some(Known::String),
            LiteralValue::UInt(_) => Some(Known::Uint),
            LiteralValue::Null => None,
        },
        Expr::Call(call) => type_of_call(call),
        Expr::Comprehension(_)
        | Expr::Ident(_)
        | Expr::List(_)
        | Expr::Map(_)
        | Expr::Select(_)
        | Expr::Struct(_)
        | Expr::Unspecified => None,
    }
}

fn type_of_call(call: &CallExpr) -> Option<Known> {
    match call.func_name.as_str() {
        "int" | "size" => Some(Known::Int),
        "uint" => Some(Known::Uint),
        "double" => Some(Known::Double),
        "string" => Some(Known::String),
        "bytes" => Some(Known::Bytes),
        "bool" | "startsWith" | "endsWith" | "contains" | "matches" | operators::IN => {
            Some(Known::Bool)
        }
        operators::NEGATE => call.args.first().and_then(known_type),
        operators::ADD
        | operators::SUBSTRACT
        | operators::MULTIPLY
        | operators::DIVIDE
        | operators::MODULO => call.args.iter().find_map(known_type),
        name if is_comparison(name) || is_logical(name) => Some(Known::Bool),
        _ => None,
    }
}

fn is_comparison(function: &str) -> bool {
    matches!(
        function,
        operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS
    )
}

fn is_logical(function: &str) -> bool {
    matches!(
        function,
        operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT
    )
}

impl Known {
    fn name(self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Bytes => "bytes",
            Self::Double => "a double",
            Self::Int => "an int",
            Self::String => "a string",
            Self::Uint => "a uint",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cel::Program;

    fn refusal(expression: &str) -> Option<String> {
        let program = Program::compile(expression).unwrap();
        check(expression, program.expression())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn different_types_are_not_compared() {
        for expression in [
            "int(x) == 1.0",
            "int(x) > 0.5",
            "string(x) == 1",
            "true != 'true'",
            "-1 < double(x)",
        ] {
            assert!(refusal(expression).is_some(), "{expression}");
        }
        let message = refusal("(x && int(y) + 1 >= 0.5)").unwrap();
        assert!(
            message.contains("`>=` does not compare an int with a double; convert one"),
            "{message}"
        );
    }

    #[test]
    fn the_same_type_or_an_input_is() {
        for expression in [
            "int(x) == 1",
            "double(int(x)) == 3.0",
            "x == 1.0",
            "x == '1'",
            "x.y[0] > 3",
            "size(x) == -1 && (x in [1]) == true",
            "x.exists_one(n, n == 1)",
            "null == 1",
        ] {
            assert_eq!(refusal(expression), None, "{expression}");
        }
    }

    #[test]
    fn logic_is_for_booleans() {
        assert!(
            refusal("x == 1 && 'true'")
                .is_some_and(|message| message.contains("`&&` does not take a string"))
        );
        assert!(refusal("!1").is_some());
        assert_eq!(refusal("!x && x || (x > 1)"), None);
    }
}

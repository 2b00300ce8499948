//! Parameters by their declared types: from the text of an output file, and from whatever an upstream
//! task gave.

use coracle_model::{Value, ValueKind};

use crate::pipeline::ParameterType;

/// Why the text of an output file is no value of its parameter's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text:.60}` is no {parameter_type}{reason}")]
pub struct ParameterTextError {
    /// The text, of which the message repeats the beginning.
    pub text: String,
    /// The declared type.
    pub parameter_type: ParameterType,
    /// What is wrong with it; empty, or a text that begins with `: `.
    pub reason: String,
}

/// Why a value cannot be an input of its declared type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputTypeError {
    /// The value is of another kind.
    #[error("input `{name}` is declared as {expected}, but is given a {found}")]
    Mismatch {
        /// The input.
        name: String,
        /// The declared type.
        expected: ParameterType,
        /// The kind of the value.
        found: ValueKind,
    },
    /// The value is null.
    #[error(
        "input `{name}` is declared as {expected}, but is given null; make it optional, or give it a default"
    )]
    Null {
        /// The input.
        name: String,
        /// The declared type.
        expected: ParameterType,
    },
}

/// Reads the text of an output parameter's file, as KFP's launcher does.
///
/// A string is taken as it stands, newline at the end included; white space around numbers and booleans is
/// ignored.
///
/// # Errors
/// When the text is no value of that type. NaN and infinities are none, since KFP cannot hand them on.
pub fn parse_output_parameter(
    text: &str,
    parameter_type: ParameterType,
) -> Result<Value, ParameterTextError> {
    let error = |reason: String| ParameterTextError {
        text: text.to_owned(),
        parameter_type,
        reason: if reason.is_empty() {
            reason
        } else {
            format!(": {reason}")
        },
    };
    let word = text.trim();
    let value = match parameter_type {
        ParameterType::String => Some(Value::from(text)),
        ParameterType::Integer => parse_integer(word),
        ParameterType::Double => parse_double(word).map(Value::Number),
        ParameterType::Boolean => parse_boolean(word),
        ParameterType::List | ParameterType::Struct => {
            let value = Value::from_json(text).map_err(|problem| error(problem.to_string()))?;
            if !fits(&value, parameter_type) {
                return Err(error(format!("it is a {}", value.kind())));
            }
            Some(value)
        }
        ParameterType::TaskFinalStatus | ParameterType::TaskConfig => {
            return Err(error("no step can return one".to_owned()));
        }
    };
    value.ok_or_else(|| error(String::new()))
}

/// Makes a value fit a declared input, as KFP's driver does: a `STRING` takes anything as text.
///
/// # Errors
/// When the value is of another kind, or null.
pub fn coerce_input(
    name: &str,
    value: Value,
    parameter_type: ParameterType,
) -> Result<Value, InputTypeError> {
    if parameter_type == ParameterType::String && value.kind() != ValueKind::String {
        return Ok(value.to_text().into());
    }
    if fits(&value, parameter_type) {
        return Ok(value);
    }
    let (name, expected) = (name.to_owned(), parameter_type);
    if value.is_null() {
        return Err(InputTypeError::Null { name, expected });
    }
    Err(InputTypeError::Mismatch {
        name,
        expected,
        found: value.kind(),
    })
}

/// Whether a value is of the kind that a type asks for. Whole numbers and others are not told apart.
pub(super) fn fits(value: &Value, parameter_type: ParameterType) -> bool {
    let kind = match parameter_type {
        ParameterType::String => ValueKind::String,
        ParameterType::Integer | ParameterType::Double => ValueKind::Number,
        ParameterType::Boolean => ValueKind::Bool,
        ParameterType::List => ValueKind::List,
        ParameterType::Struct | ParameterType::TaskFinalStatus | ParameterType::TaskConfig => {
            ValueKind::Struct
        }
    };
    value.kind() == kind
}

fn parse_integer(word: &str) -> Option<Value> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the wire format has doubles only"
    )]
    word.parse::<i64>()
        .ok()
        .map(|number| Value::Number(number as f64))
}

fn parse_boolean(word: &str) -> Option<Value> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(Value::Bool(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// A number as Go reads it: `_` may stand between digits, and `0x1p-2` is a quarter.
fn parse_double(word: &str) -> Option<f64> {
    let plain = without_underscores(word)?;
    let (sign, unsigned) = match plain.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let lower = unsigned.to_ascii_lowercase();
    let number = match lower.strip_prefix("0x") {
        Some(digits) => parse_hexadecimal(digits)?,
        None if lower.starts_with(['+', '-']) => return None,
        None => lower.parse().ok()?,
    };
    Some(sign * number).filter(|number: &f64| number.is_finite())
}

fn without_underscores(word: &str) -> Option<String> {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    // The `x` of a prefix counts as a digit.
    let before = |index: usize| {
        let byte = word.as_bytes().get(index.wrapping_sub(1));
        is_digit(byte) || matches!(byte, Some(b'x' | b'X'))
    };
    let bytes = word.as_bytes();
    let well_placed = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(index, _)| before(index) && is_digit(bytes.get(index + 1)));
    well_placed.then(|| word.replace('_', ""))
}

fn parse_hexadecimal(digits: &str) -> Option<f64> {
    let (mantissa, exponent) = digits.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa = u128::from_str_radix(&format!("{whole}{fraction}"), 16).ok()?;
    let exponent = exponent
        .parse::<i32>()
        .ok()?
        .checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "rounds once, as reading decimals does"
    )]
    Some(mantissa as f64 * 2_f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [ParameterType; 8] = [
        ParameterType::String,
        ParameterType::Integer,
        ParameterType::Double,
        ParameterType::Boolean,
        ParameterType::List,
        ParameterType::Struct,
        ParameterType::TaskFinalStatus,
        ParameterType::TaskConfig,
    ];

    fn parsed(text: &str, parameter_type: ParameterType) -> Option<Value> {
        parse_output_parameter(text, parameter_type).ok()
    }

    #[test]
    fn a_string_is_not_trimmed() {
        assert_eq!(parsed(" a\n", ParameterType::String), Some(" a\n".into()));
        assert_eq!(parsed("", ParameterType::String), Some("".into()));
    }

    #[test]
    fn integers_are_gos() {
        let check = |text, expected: Option<f64>| {
            assert_eq!(
                parsed(text, ParameterType::Integer),
                expected.map(Value::Number),
                "{text:?}"
            );
        };
        check(" 42\n", Some(42.0));
        check("+5", Some(5.0));
        check("-7", Some(-7.0));
        check("1_000", None);
        check("1.0", None);
        check("0x10", None);
        check("", None);
        check("9223372036854775808", None);
    }

    #[test]
    fn doubles_are_gos() {
        let check = |text, expected: Option<f64>| {
            assert_eq!(
                parsed(text, ParameterType::Double),
                expected.map(Value::Number),
                "{text:?}"
            );
        };
        check("0.5\n", Some(0.5));
        check("1.", Some(1.0));
        check(".5", Some(0.5));
        check("-1e3", Some(-1000.0));
        check("1_000.5", Some(1000.5));
        check("1__0", None);
        check("_1", None);
        check("0x1p-2", Some(0.25));
        check("-0x1.8p1", Some(-3.0));
        check("0x_1p0", Some(1.0));
        check("0x10", None);
        check("1e400", None);
        check("nan", None);
        check("Inf", None);
        check("+-1", None);
        check("5e", None);
        check(".", None);
    }

    #[test]
    fn booleans_are_gos() {
        for text in ["1", "t", "T", "TRUE", "true", "True", " true\n"] {
            assert_eq!(
                parsed(text, ParameterType::Boolean),
                Some(true.into()),
                "{text}"
            );
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(
                parsed(text, ParameterType::Boolean),
                Some(false.into()),
                "{text}"
            );
        }
        for text in ["yes", "TrUe", "", "2"] {
            assert_eq!(parsed(text, ParameterType::Boolean), None, "{text}");
        }
    }

    #[test]
    fn lists_and_structs_are_json_of_that_kind() {
        assert_eq!(
            parsed(" [1] ", ParameterType::List),
            Some(Value::List(vec![1.0.into()]))
        );
        assert_eq!(
            parsed("{}", ParameterType::Struct),
            Some(Value::Struct([].into()))
        );
        assert_eq!(parsed("{}", ParameterType::List), None);
        assert_eq!(parsed("[]", ParameterType::Struct), None);
        assert_eq!(parsed("", ParameterType::List), None);
        assert_eq!(parsed("null", ParameterType::Struct), None);
        let error = parse_output_parameter("{}", ParameterType::List).unwrap_err();
        assert_eq!(error.to_string(), "`{}` is no LIST: it is a struct");
        assert_eq!(parsed("{}", ParameterType::TaskConfig), None);
    }

    #[test]
    fn a_string_input_takes_anything_as_text() {
        let check = |json: &str, text: &str| {
            let value = Value::from_json(json).unwrap();
            assert_eq!(
                coerce_input("x", value, ParameterType::String),
                Ok(text.into())
            );
        };
        check("3.0", "3");
        check("true", "true");
        check(r#"{"a": [1, "<"]}"#, r#"{"a":[1,"\u003c"]}"#);
        check("null", "");
        check(r#"" a ""#, " a ");
    }

    #[test]
    fn other_inputs_take_their_own_kind_only() {
        let check = |json: &str, parameter_type, accepted: bool| {
            let value = Value::from_json(json).unwrap();
            assert_eq!(
                coerce_input("x", value, parameter_type).is_ok(),
                accepted,
                "{json} as {parameter_type:?}"
            );
        };
        check("1.5", ParameterType::Integer, true);
        check("1", ParameterType::Double, true);
        check(r#""1""#, ParameterType::Integer, false);
        check("true", ParameterType::Integer, false);
        check("1", ParameterType::Boolean, false);
        check("[]", ParameterType::Struct, false);
        check("{}", ParameterType::TaskFinalStatus, true);
        check("{}", ParameterType::TaskConfig, true);
        check("{}", ParameterType::List, false);
    }

    #[test]
    fn messages_name_the_input() {
        let mismatch = coerce_input("n", "5".into(), ParameterType::Integer).unwrap_err();
        assert_eq!(
            mismatch.to_string(),
            "input `n` is declared as NUMBER_INTEGER, but is given a string"
        );
        let null = coerce_input("n", Value::Null, ParameterType::List).unwrap_err();
        assert!(
            null.to_string()
                .contains("`n` is declared as LIST, but is given null"),
            "{null}"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r"[-+0-9a-fxp_.eE\[\]{}]{0,20}|\PC{0,20}") {
            for parameter_type in ALL {
                let _ = parse_output_parameter(&text, parameter_type);
            }
        }

        #[test]
        fn the_text_of_a_value_reads_back(number in any::<i32>(), flag in any::<bool>(), text in ".*") {
            let check = |value: Value, parameter_type| {
                let read = parse_output_parameter(&value.to_text(), parameter_type);
                prop_assert_eq!(read, Ok(value));
                Ok(())
            };
            check(f64::from(number).into(), ParameterType::Integer)?;
            check(f64::from(number).into(), ParameterType::Double)?;
            check(flag.into(), ParameterType::Boolean)?;
            check(text.as_str().into(), ParameterType::String)?;
            check(Value::List(vec![text.into(), flag.into()]), ParameterType::List)?;
        }
    }
}

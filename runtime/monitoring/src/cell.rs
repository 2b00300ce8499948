//! One value of a feature, a prediction or a label.

use std::fmt;

use serde_json::Value;

/// The longest text that is told from others, in characters: an image in base64 is no category.
const LONGEST_TEXT: usize = 64;

/// What stands for no value where people write tables as texts; pandas takes these for it as well.
const NOTHING: [&str; 9] = [
    "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>",
];

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A finite number, in the precision that models compute with, so that what was written as a decimal and what came as
    /// four bytes are the same.
    Number(f32),
    /// A text, or a truth.
    Text(Box<str>),
    /// Nothing, or a number that is none.
    Missing,
}

impl Cell {
    /// A number as a model sees it.
    #[must_use]
    pub fn number(number: f64) -> Self {
        let number = number as f32;
        if number.is_finite() {
            // There is one zero.
            Self::Number(number + 0.0)
        } else {
            Self::Missing
        }
    }

    /// A text as it stands, unless it is a truth: as `True` pandas writes into tables what JSON has as `true`.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let text = match text {
            "True" | "TRUE" => "true",
            "False" | "FALSE" => "false",
            text => text,
        };
        let end = text.char_indices().nth(LONGEST_TEXT);
        Self::Text(text[..end.map_or(text.len(), |(end, _)| end)].into())
    }

    /// What a field of a table means.
    pub(crate) fn of_field(field: &str) -> Self {
        let field = field.trim();
        if NOTHING.contains(&field) {
            return Self::Missing;
        }
        match field.parse::<f64>() {
            Ok(number) => Self::number(number),
            Err(_) => Self::text(field),
        }
    }

    /// What a value of JSON means; none for a list or an object.
    #[must_use]
    pub fn of_json(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Missing,
            Value::Bool(truth) => Self::truth(*truth),
            Value::Number(number) => number.as_f64().map_or(Self::Missing, Self::number),
            Value::String(text) => Self::text(text),
            Value::Array(_) | Value::Object(_) => return None,
        })
    }

    /// A truth, which is a category.
    pub(crate) fn truth(truth: bool) -> Self {
        Self::text(if truth { "true" } else { "false" })
    }

    /// Whether it is a number without a fraction.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Self::Number(number) if number.fract() == 0.0)
    }

    /// Its name among categories: a whole number has no point. None where it is missing.
    pub(crate) fn category(&self) -> Option<String> {
        match self {
            Self::Number(_) | Self::Text(_) => Some(self.to_string()),
            Self::Missing => None,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => formatter.write_str(text),
            Self::Missing => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_and_its_four_bytes_are_one_number() {
        let sent = f64::from(f32::from_le_bytes(0.1f32.to_le_bytes()));
        assert_eq!(Cell::number(0.1), Cell::number(sent));
        assert_eq!(Cell::number(0.1).category().as_deref(), Some("0.1"));
        assert_eq!(Cell::number(1.0).category().as_deref(), Some("1"));
    }

    #[test]
    fn a_field_is_a_number_a_text_or_nothing() {
        assert_eq!(Cell::of_field(" 1.5 "), Cell::Number(1.5));
        assert_eq!(Cell::of_field("-0"), Cell::Number(0.0));
        assert_eq!(Cell::of_field("setosa"), Cell::text("setosa"));
        for nothing in ["", "nan", "NaN", "NA", "inf", "1e300"] {
            assert_eq!(Cell::of_field(nothing), Cell::Missing, "{nothing}");
        }
    }

    #[test]
    fn a_truth_is_one_however_it_is_written() {
        for (written, truth) in [
            ("True", true),
            ("TRUE", true),
            ("true", true),
            ("False", false),
        ] {
            assert_eq!(Cell::of_field(written), Cell::truth(truth), "{written}");
            let sent = serde_json::json!(written);
            assert_eq!(Cell::of_json(&sent), Some(Cell::truth(truth)), "{written}");
        }
        assert_eq!(
            Cell::of_field("true story"),
            Cell::Text("true story".into())
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let Cell::Text(text) = Cell::text(&"ä".repeat(1000)) else {
            panic!("it is a text");
        };
        assert_eq!(text.chars().count(), LONGEST_TEXT);
    }
}

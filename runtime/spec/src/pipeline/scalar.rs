//! What an unquoted word of YAML means: by the rules of Go's `yaml.v3`, which is what reads a pipeline on a
//! cluster. They are YAML 1.2's core rules with older spellings of integers on top; `yes` and `no` are text.

use super::tree::Content;

/// What an unquoted word means.
#[derive(Debug)]
pub(super) enum Plain {
    /// A value.
    Is(Content),
    /// A date, which the cluster turns into a timestamp and back into other text.
    Date,
    /// Infinity or not a number, which JSON cannot say.
    NotFinite,
}

/// Reads an unquoted word.
pub(super) fn resolve(word: &str) -> Plain {
    let content = match word {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Plain::NotFinite,
        _ if is_infinity(word) => return Plain::NotFinite,
        _ if is_date(word) => return Plain::Date,
        _ => number(word).map_or_else(|| Content::Text(word.to_owned()), Content::Number),
    };
    Plain::Is(content)
}

fn is_infinity(word: &str) -> bool {
    matches!(
        word.strip_prefix(['+', '-']).unwrap_or(word),
        ".inf" | ".Inf" | ".INF"
    )
}

/// `2024-1-31`, alone or with a time behind it.
fn is_date(word: &str) -> bool {
    // Nearly every word is text, so the cheap question comes first.
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let day = word.split(['T', 't', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split('-').collect();
    let digits = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts[..] {
        [year, month, day] => {
            year.len() == 4 && digits(year, 4) && digits(month, 2) && digits(day, 2)
        }
        _ => false,
    }
}

fn number(word: &str) -> Option<f64> {
    match word.as_bytes().first()? {
        b'.' => float(word),
        b'+' | b'-' | b'0'..=b'9' => {
            let digits = word.replace('_', "");
            integer(&digits).or_else(|| float(&digits))
        }
        _ => None,
    }
}

/// Decimal, `0b`, `0o` and `0x`, and a leading zero for octal, as far as 64 bits go.
fn integer(word: &str) -> Option<f64> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = [("0b", 2), ("0o", 8), ("0x", 16)]
        .iter()
        .find_map(|(prefix, radix)| lower.strip_prefix(prefix).map(|body| (*radix, body)))
        .or_else(|| {
            lower
                .strip_prefix('0')
                .filter(|rest| !rest.is_empty())
                .map(|rest| (8, rest))
        })
        .unwrap_or((10, &lower));
    if !body.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(body, radix).ok()?);
    let value = if negative { -magnitude } else { magnitude };
    #[expect(
        clippy::cast_precision_loss,
        reason = "the wire format has doubles only"
    )]
    (value >= i128::from(i64::MIN)).then_some(value as f64)
}

/// A decimal number with an optional fraction and exponent. One too large for a double stays text.
fn float(word: &str) -> Option<f64> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let digits =
        all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let power = exponent.is_none_or(|exponent| !exponent.is_empty() && all_digits(exponent));
    word.parse()
        .ok()
        .filter(|number: &f64| digits && power && number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> String {
        match resolve(word) {
            Plain::Is(Content::Number(number)) => format!("number {number}"),
            Plain::Is(Content::Text(text)) => format!("text {text}"),
            Plain::Is(content) => format!("{content:?}"),
            Plain::Date => "date".to_owned(),
            Plain::NotFinite => "not finite".to_owned(),
        }
    }

    #[test]
    fn words_mean_what_they_mean_to_go() {
        for (word, meaning) in [
            ("", "Null"),
            ("~", "Null"),
            ("NULL", "Null"),
            ("True", "Bool(true)"),
            ("yes", "text yes"),
            ("no", "text no"),
            ("on", "text on"),
            ("12", "number 12"),
            ("-12", "number -12"),
            ("+12", "number 12"),
            ("1_000", "number 1000"),
            ("0x1F", "number 31"),
            ("0o17", "number 15"),
            ("017", "number 15"),
            ("08", "number 8"),
            ("0b101", "number 5"),
            ("18446744073709551615", "number 18446744073709552000"),
            ("1.5", "number 1.5"),
            ("1.", "number 1"),
            (".5", "number 0.5"),
            ("1e3", "number 1000"),
            ("-1.5E-1", "number -0.15"),
            ("1e999", "text 1e999"),
            ("2.1.0", "text 2.1.0"),
            ("-+5", "text -+5"),
            ("-", "text -"),
            (".", "text ."),
            ("0x", "text 0x"),
            ("1e", "text 1e"),
            ("infinity", "text infinity"),
            ("nan", "text nan"),
            (".inf", "not finite"),
            ("-.INF", "not finite"),
            (".NaN", "not finite"),
            ("2024-01-31", "date"),
            ("2024-01-31T10:00:00Z", "date"),
            ("2024-01", "text 2024-01"),
            ("<<", "text <<"),
        ] {
            assert_eq!(shown(word), meaning, "{word:?}");
        }
    }
}

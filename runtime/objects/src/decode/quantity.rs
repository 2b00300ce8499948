//! Quantities in the form in which Kubernetes writes them: `1000m` is `1`, `1.5Gi` is `1536Mi`.

/// What is said of a text that is no quantity.
pub(super) const FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const SUFFIX: &str = "unable to parse quantity's suffix";

/// The powers of a thousand that have a letter.
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
/// The powers of 1024, from the first.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// The power of ten below which nothing is told.
const FINEST: i32 = -9;
/// How many digits are read of a number with a binary suffix; what is longer is more than the largest.
const MOST_BINARY_DIGITS: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// A power of ten, written with a letter.
    Letter(i32),
    /// A power of ten, written as an exponent.
    Exponent(i32),
    /// A power of two.
    Binary(u32),
}

/// A quantity as it was spelled.
struct Spelled<'a> {
    negative: bool,
    /// The digits before the point without leading zeros, or `0`.
    whole: &'a str,
    fraction: &'a str,
    unit: Unit,
}

/// The canonical form. A text whose form is near enough to it is kept as it is, as Kubernetes keeps it.
///
/// # Errors
/// Why the text is no quantity.
pub fn canonical(text: &str) -> Result<String, String> {
    let text = text.trim();
    let spelled = spell(text)?;
    if keeps_its_spelling(&spelled) {
        return Ok(text.to_owned());
    }
    let digits = format!("{}{}", spelled.whole, spelled.fraction);
    let scale = i32::try_from(spelled.fraction.len()).unwrap_or(i32::MAX);
    let written = match spelled.unit {
        Unit::Letter(power) => decimal(&digits, power - scale),
        Unit::Exponent(power) => exponent(&digits, power.saturating_sub(scale)),
        Unit::Binary(power) => binary(&digits, power, scale),
    };
    let sign = if spelled.negative && written != "0" {
        "-"
    } else {
        ""
    };
    Ok(format!("{sign}{written}"))
}

fn spell(text: &str) -> Result<Spelled<'_>, String> {
    if text.is_empty() {
        return Err(FORMAT.to_owned());
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let unsigned = unsigned.trim_start_matches('0');
    let (whole, rest) = leading(unsigned, |c| c.is_ascii_digit());
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => leading(rest, |c| c.is_ascii_digit()),
        None => ("", rest),
    };
    let (_, rest) = leading(suffix, |c| "eEinumkKMGTP".contains(c));
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FORMAT.to_owned());
    }
    Ok(Spelled {
        negative: text.starts_with('-'),
        whole: if whole.is_empty() { "0" } else { whole },
        fraction,
        unit: unit(suffix).ok_or(SUFFIX)?,
    })
}

fn leading(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn unit(suffix: &str) -> Option<Unit> {
    if let Some((_, power)) = DECIMAL.iter().find(|(letter, _)| *letter == suffix) {
        return Some(Unit::Letter(*power));
    }
    if let Some(index) = BINARY.iter().position(|letter| *letter == suffix) {
        return u32::try_from(10 * (index + 1)).ok().map(Unit::Binary);
    }
    let power = suffix.strip_prefix(['e', 'E'])?.parse::<i16>().ok()?;
    Some(Unit::Exponent(power.into()))
}

/// Kubernetes keeps the text of a number of up to 18 digits that it need not scale.
fn keeps_its_spelling(spelled: &Spelled<'_>) -> bool {
    let Spelled {
        whole, fraction, ..
    } = spelled;
    let digits = whole.len() + fraction.len();
    match spelled.unit {
        Unit::Letter(power) | Unit::Exponent(power) => {
            let scale = power - i32::try_from(fraction.len()).unwrap_or(i32::MAX);
            let last = format!("{whole}{fraction}");
            digits <= 18
                && scale >= FINEST
                && scale % 3 == 0
                && !last.ends_with("000")
                && !last.starts_with('0')
        }
        Unit::Binary(power) => {
            let most = 14 - i64::from(power * 3 / 10);
            let fits = i64::try_from(digits).is_ok_and(|digits| digits <= most);
            fraction.is_empty() && fits && whole.parse::<u64>().is_ok_and(|number| number & 7 != 0)
        }
    }
}

/// The number without trailing zeros, in a power of ten that is a multiple of three, rounded up to billionths.
fn thousands(digits: &str, power: i32) -> (String, i32) {
    let (digits, power) = rounded(digits.trim_start_matches('0'), power);
    let short = digits.trim_end_matches('0');
    if short.is_empty() {
        return ("0".to_owned(), 0);
    }
    let power = power + i32::try_from(digits.len() - short.len()).unwrap_or_default();
    let zeros = power.rem_euclid(3);
    let zeros_written = "0".repeat(usize::try_from(zeros).unwrap_or_default());
    (format!("{short}{zeros_written}"), power - zeros)
}

fn rounded(digits: &str, power: i32) -> (String, i32) {
    let Ok(dropped @ 1..) = usize::try_from(FINEST.saturating_sub(power)) else {
        return (digits.to_owned(), power);
    };
    let (kept, lost) = digits.split_at(digits.len().saturating_sub(dropped));
    let up = lost.bytes().any(|digit| digit != b'0');
    (if up { one_more(kept) } else { kept.to_owned() }, FINEST)
}

fn one_more(digits: &str) -> String {
    let carried = digits.trim_end_matches('9');
    let zeros = "0".repeat(digits.len() - carried.len());
    match carried.as_bytes().split_last() {
        Some((last, head)) => {
            let head = String::from_utf8_lossy(head);
            format!("{head}{}{zeros}", char::from(last + 1))
        }
        None => format!("1{zeros}"),
    }
}

fn decimal(digits: &str, power: i32) -> String {
    let (mut number, mut power) = thousands(digits, power);
    while power > 18 {
        number.push_str("000");
        power -= 3;
    }
    let letter = DECIMAL.iter().find(|(_, other)| *other == power);
    format!("{number}{}", letter.map_or("", |(letter, _)| letter))
}

fn exponent(digits: &str, power: i32) -> String {
    match thousands(digits, power) {
        (number, 0) => number,
        (number, power) => format!("{number}e{power}"),
    }
}

/// Whole numbers of 1024 and more without the factors of 1024 that the suffix tells; others as decimal ones.
fn binary(digits: &str, power: u32, scale: i32) -> String {
    let largest = i128::from(i64::MAX);
    let significant = digits.trim_start_matches('0');
    let divisor = u32::try_from(scale)
        .ok()
        .and_then(|scale| 10i128.checked_pow(scale));
    let product = significant.get(..MOST_BINARY_DIGITS + 1).map_or_else(
        || {
            format!("0{significant}")
                .parse::<i128>()
                .ok()?
                .checked_mul(1i128 << power)
        },
        |_| None,
    );
    let (Some(product), Some(divisor)) = (product, divisor) else {
        return largest.to_string();
    };
    if product > largest.saturating_mul(divisor) {
        return largest.to_string();
    }
    if product % divisor != 0 || product < 1024 * divisor {
        return decimal(&product.to_string(), -scale);
    }
    let mut number = product / divisor;
    let mut suffix = "";
    for letter in BINARY {
        if number % 1024 != 0 {
            break;
        }
        (number, suffix) = (number / 1024, letter);
    }
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_stand_in_canonical_form() {
        for (text, expected) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("512Ki", "512Ki"),
            ("0.5Ki", "512"),
            ("1000Ki", "1000Ki"),
            ("1e3", "1e3"),
            ("1E3", "1E3"),
            ("1e1", "10"),
            ("1.5e1", "1.5e1"),
            ("100e1", "1e3"),
            ("1e20", "100e18"),
            ("1e1000", "10e999"),
            ("9Ei", "9223372036854775807"),
            ("007Ki", "007Ki"),
            ("-", "0"),
            ("99999999999999999999", "99999999999999999999"),
            ("1000", "1k"),
            ("0", "0"),
            ("-1", "-1"),
            ("+1", "+1"),
            (".5", "500m"),
            ("1.", "1."),
            ("100n", "100n"),
            ("0.1n", "1n"),
            ("12345", "12345"),
            ("1000000", "1M"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for (text, expected) in [
            ("", FORMAT),
            ("lots", FORMAT),
            ("1 Gi", FORMAT),
            ("1ki", SUFFIX),
            ("1GB", FORMAT),
            ("5K", SUFFIX),
            ("1Kib", FORMAT),
        ] {
            assert_eq!(canonical(text), Err(expected.to_owned()), "{text}");
        }
    }
}

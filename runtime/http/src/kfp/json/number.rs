//! Whole numbers as protobuf's JSON mapping reads them: `7`, `7.0`, `70e-1`, also in quotes.

/// The longest number that is looked at; beyond it, nothing fits any type.
const LONGEST: usize = 64;

/// The whole number that a text stands for; none when it has a fraction, is out of range, or is no number.
pub(super) fn whole(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.len() > LONGEST {
        return None;
    }
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let leading = whole.len() > 1 && whole.starts_with('0');
    let no_fraction = mantissa.contains('.') && fraction.is_empty();
    if whole.is_empty() || leading || no_fraction || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let mut all = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let point = usize::try_from(point.max(0)).ok()?;
    if all.bytes().all(|byte| byte == b'0') {
        return Some(0);
    }
    if point > LONGEST {
        return None;
    }
    while all.len() < point {
        all.push('0');
    }
    let (integer, rest) = all.split_at(point);
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let magnitude: i128 = integer.parse().unwrap_or(i128::MAX);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn whole_numbers_are_read_in_every_notation() {
        for (text, expected) in [
            ("1", Some(1)),
            ("-1", Some(-1)),
            ("1.0", Some(1)),
            ("1e1", Some(10)),
            ("1.50e1", Some(15)),
            ("100e-2", Some(1)),
            ("0.0", Some(0)),
            ("0e99", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1.5", None),
            ("1e-1", None),
            ("1e400", None),
            ("", None),
            (" 1", None),
            ("01", None),
            ("1.", None),
            ("+1", None),
            ("x", None),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }
}

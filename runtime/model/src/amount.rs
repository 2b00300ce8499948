//! Exact quantities, as Kubernetes reads and writes them: `500m`, `1.5Gi`, `12e6`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An exact amount with the kind of suffix it was written with. Two are equal when the amounts are.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    /// Thousand-millionths: nothing smaller is told apart.
    nanos: i128,
    notation: Notation,
}

/// The kind of suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// `k`, `M`, `m`.
    Decimal,
    /// `Ki`, `Mi`.
    Binary,
    /// `e3`.
    Exponent,
}

/// A text that is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Digits, a suffix: it is not of that form.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Form,
    /// Its number is none.
    #[error("unable to parse numeric part of quantity")]
    Number,
    /// There is no such suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

const NANO: i128 = 1_000_000_000;

/// The largest amount; a larger one counts as this.
const MOST: i128 = i64::MAX as i128 * NANO;

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

const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self {
        nanos: 0,
        notation: Notation::Decimal,
    };

    /// A whole number.
    pub fn whole(number: i64) -> Self {
        Self {
            nanos: i128::from(number) * NANO,
            notation: Notation::Decimal,
        }
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Whether it has no part smaller than one.
    pub fn is_whole(self) -> bool {
        self.nanos % NANO == 0
    }

    /// Whether it has no part smaller than a thousandth.
    pub fn is_whole_thousandths(self) -> bool {
        self.nanos % (NANO / 1000) == 0
    }

    /// Rounded up to a whole number.
    pub fn ceiling(self) -> i64 {
        self.in_units_of(NANO)
    }

    /// How many thousandths it is, rounded up.
    pub fn thousandths(self) -> i64 {
        self.in_units_of(NANO / 1000)
    }

    /// Rounded up to whole thousandths.
    #[must_use]
    pub fn rounded_to_thousandths(self) -> Self {
        Self {
            nanos: i128::from(self.thousandths()) * (NANO / 1000),
            notation: self.notation,
        }
    }

    /// Both together; no more than can be told.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            nanos: (self.nanos + other.nanos).clamp(-MOST, MOST),
            notation: self.notation,
        }
    }

    fn in_units_of(self, unit: i128) -> i64 {
        let up = i128::from(self.nanos % unit > 0);
        let most = i128::from(i64::MAX);
        i64::try_from((self.nanos / unit + up).clamp(-most, most)).unwrap_or(i64::MAX)
    }

    /// The whole number with the largest decimal suffix that leaves it whole.
    fn decimal(self) -> (i128, i32) {
        let mut number = self.nanos;
        let mut exponent = -9;
        while number != 0 && number % 1000 == 0 && exponent < 18 {
            number /= 1000;
            exponent += 3;
        }
        if number == 0 {
            (0, 0)
        } else {
            (number, exponent)
        }
    }

    fn is_written_binary(self) -> bool {
        self.notation == Notation::Binary && self.is_whole() && self.nanos.abs() >= 1024 * NANO
    }
}

impl FromStr for Quantity {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        if number.is_empty() || !has_form_of_suffix(suffix) {
            return Err(AmountError::Form);
        }
        let (notation, base, exponent) = read_suffix(suffix)?;
        let nanos = scale(number, base, exponent)?.min(MOST);
        let sign = if text.starts_with('-') { -1 } else { 1 };
        Ok(Self {
            nanos: sign * nanos,
            notation,
        })
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_written_binary() {
            let mut number = self.nanos / NANO;
            let mut suffix = "";
            for larger in BINARY {
                if number % 1024 != 0 {
                    break;
                }
                number /= 1024;
                suffix = larger;
            }
            return write!(formatter, "{number}{suffix}");
        }
        let (number, exponent) = self.decimal();
        let suffix = DECIMAL
            .iter()
            .find(|(_, of)| *of == exponent)
            .map_or("", |(suffix, _)| suffix);
        match self.notation {
            Notation::Exponent if exponent != 0 => write!(formatter, "{number}e{exponent}"),
            Notation::Exponent | Notation::Decimal | Notation::Binary => {
                write!(formatter, "{number}{suffix}")
            }
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

/// Letters that suffixes are made of, then an optional sign and digits.
fn has_form_of_suffix(suffix: &str) -> bool {
    let rest = suffix.trim_start_matches(|letter| "eEinumkKMGTP".contains(letter));
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    rest.bytes().all(|byte| byte.is_ascii_digit())
}

fn read_suffix(suffix: &str) -> Result<(Notation, u32, i32), AmountError> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Ok((Notation::Decimal, 10, *exponent));
    }
    if let Some(power) = (1..).zip(BINARY).find(|(_, known)| *known == suffix) {
        return Ok((Notation::Binary, 1024, power.0));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(AmountError::Suffix)?;
    let exponent = exponent.parse().map_err(|_| AmountError::Suffix)?;
    Ok((Notation::Exponent, 10, exponent))
}

/// `number * base ^ exponent` in thousand-millionths, rounded away from nothing; at most a little over [`MOST`].
fn scale(number: &str, base: u32, exponent: i32) -> Result<i128, AmountError> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.contains('.') || (whole.is_empty() && part.is_empty()) {
        return Err(AmountError::Number);
    }
    let part = part.trim_end_matches('0');
    let digits: String = [whole, part].concat();
    let digits = digits.trim_start_matches('0');
    let places = i32::try_from(part.len()).map_err(|_| AmountError::Number)?;
    // Nano has 9 places. What is left of the point is what the digits are multiplied by, right of it divided by.
    let (factor, power) = match base {
        10 => (1, exponent.saturating_add(9).saturating_sub(places)),
        base => (
            i128::from(base).pow(exponent.unsigned_abs()),
            9_i32.saturating_sub(places),
        ),
    };
    let length = i32::try_from(digits.len()).map_err(|_| AmountError::Number)?;
    if digits.is_empty() {
        return Ok(0);
    }
    if length.saturating_add(power) > 30 {
        return Ok(MOST);
    }
    if length.saturating_add(power) < -20 {
        return Ok(1);
    }
    // Digits beyond the 38th to the left of nano cannot be: the length was just bounded. To the right they round up.
    let kept = digits.len().min(30);
    let mut rounds_up = digits[kept..].bytes().any(|digit| digit != b'0');
    let dropped = i32::try_from(digits.len() - kept).map_err(|_| AmountError::Number)?;
    let mut amount: i128 = digits[..kept].parse().map_err(|_| AmountError::Number)?;
    let power = power.saturating_add(dropped);
    amount = amount.checked_mul(factor).unwrap_or(MOST.saturating_mul(2));
    for _ in 0..power.max(0) {
        amount = amount.saturating_mul(10).min(MOST.saturating_mul(10));
    }
    for _ in power..0 {
        rounds_up |= amount % 10 != 0;
        amount /= 10;
    }
    Ok(amount + i128::from(rounds_up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_written_in_canonical_form() {
        let forms = [
            ("0", "0"),
            ("1", "1"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            (".5", "500m"),
            ("5.", "5"),
            ("-1", "-1"),
            ("+1.50", "1500m"),
            ("123000", "123k"),
            ("128974848", "128974848"),
            ("1.5Gi", "1536Mi"),
            ("1024Ki", "1Mi"),
            ("512", "512"),
            ("0.5Ki", "512"),
            ("0.1Gi", "107374182400m"),
            ("12e6", "12e6"),
            ("1E3", "1e3"),
            ("1e-3", "1e-3"),
            ("1500e0", "1500"),
            ("1E", "1E"),
            ("0.0000000001", "1n"),
            ("100E", "9223372036854775807"),
            ("1e100", "9223372036854775807"),
            ("0Mi", "0"),
            ("4Gi", "4Gi"),
        ];
        for (text, canonical) in forms {
            let quantity: Quantity = text.parse().expect(text);
            assert_eq!(quantity.to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "", "lots", "1 Gi", "1Kib", "--1", "1GiB", "Gi", "1K", "1..2", "1e", "1ki",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_compare_and_round() {
        let read = |text: &str| text.parse::<Quantity>().expect(text);
        assert_eq!(read("1Ki"), read("1024"));
        assert!(read("1500m") < read("2"));
        assert_eq!(read("100m").ceiling(), 1);
        assert_eq!(read("-100m").ceiling(), 0);
        assert_eq!(read("0.1").thousandths(), 100);
        assert!(!read("1u").is_whole_thousandths());
        assert_eq!(read("1Gi").plus(read("1Mi")).to_string(), "1025Mi");
    }
}

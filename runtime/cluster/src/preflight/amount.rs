//! Quantities of Kubernetes as exact numbers: `500m`, `4Gi`, `1e3`.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub};

use serde_json::Value;

/// An amount in thousandths of whatever it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Amount(i128);

const BINARY: [(&str, u32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("k", 3),
    ("K", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

impl Amount {
    /// Nothing.
    pub(super) const NONE: Self = Self(0);

    /// A whole number.
    pub(super) fn whole(count: u64) -> Self {
        Self(i128::from(count) * 1000)
    }

    /// What a field of an object holds: a text or a number. None where it is no quantity.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// Reads a quantity; fractions of a thousandth are rounded up, as Kubernetes does.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (digits, power_of_two, power_of_ten) = split(text)?;
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty())
            || !plain(whole)
            || !plain(fraction)
            || fraction.len() > 18
        {
            return None;
        }
        let number: i128 = format!("{whole}{fraction}").parse().ok()?;
        let thousandths = power_of_ten + 3 - i32::try_from(fraction.len()).ok()?;
        let number = number.checked_mul(1_i128.checked_shl(power_of_two)?)?;
        let ten = |power: i32| 10_i128.checked_pow(power.unsigned_abs());
        if thousandths >= 0 {
            number.checked_mul(ten(thousandths)?).map(Self)
        } else {
            let divisor = ten(thousandths)?;
            Some(Self((number + divisor - 1) / divisor))
        }
    }

    /// As people read an amount of a resource: `1500m`, `4Gi`, `2`.
    pub(super) fn of_resource(self, resource: &str) -> String {
        let is_bytes = resource.contains("memory") || resource.contains("storage");
        if is_bytes && self.0 % 1000 == 0 && self.0 != 0 {
            let bytes = self.0 / 1000;
            let fitting = BINARY
                .iter()
                .rev()
                .find(|(_, bits)| bytes % (1 << bits) == 0);
            if let Some((suffix, bits)) = fitting {
                return format!("{}{suffix}", bytes >> bits);
            }
        }
        self.to_string()
    }
}

/// The digits with the powers of two and of ten that they are to be multiplied by.
fn split(text: &str) -> Option<(&str, u32, i32)> {
    for (suffix, bits) in BINARY {
        if let Some(digits) = text.strip_suffix(suffix) {
            return Some((digits, bits, 0));
        }
    }
    if let Some((digits, power)) = text.split_once(['e', 'E'])
        && !power.is_empty()
    {
        let power: i32 = power.parse().ok()?;
        return (-30..=30).contains(&power).then_some((digits, 0, power));
    }
    for (suffix, power) in DECIMAL {
        if let Some(digits) = text.strip_suffix(suffix) {
            return Some((digits, 0, power));
        }
    }
    Some((text, 0, 0))
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 % 1000 == 0 {
            write!(formatter, "{}", self.0 / 1000)
        } else {
            write!(formatter, "{}m", self.0)
        }
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<u64> for Amount {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(i128::from(times)))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::NONE, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact() {
        // By the grammar of k8s.io/apimachinery/pkg/api/resource.
        for (text, thousandths) in [
            ("0", 0),
            ("2", 2000),
            ("500m", 500),
            ("0.1", 100),
            (".5", 500),
            ("1.", 1000),
            ("1Ki", 1_024_000),
            ("1.5Gi", 1_610_612_736_000),
            ("4G", 4_000_000_000_000),
            ("1e3", 1_000_000),
            ("1E3", 1_000_000),
            ("2E", 2_000_000_000_000_000_000_000),
            ("100n", 1),
            ("1500u", 2),
        ] {
            assert_eq!(Amount::parse(text), Some(Amount(thousandths)), "{text}");
        }
        for text in ["", "x", "1x", "-1", "1.2.3", "Gi", "1e", "1e99", "0x10"] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_told_as_people_write_them() {
        let told = |text: &str, resource: &str| Amount::parse(text).unwrap().of_resource(resource);
        assert_eq!(told("4096Mi", "requests.memory"), "4Gi");
        assert_eq!(told("1.5Gi", "memory"), "1536Mi");
        assert_eq!(told("1500m", "cpu"), "1500m");
        assert_eq!(told("2000m", "limits.cpu"), "2");
        assert_eq!(told("1024", "nvidia.com/gpu"), "1024");
    }
}

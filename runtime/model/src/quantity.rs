//! Amounts of CPU, memory and GPUs, read as Kubernetes writes quantities.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount of CPU in thousandths of a core.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cpu(pub u64);

/// An amount of memory in bytes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Memory(pub u64);

impl Memory {
    /// As Kubernetes writes it, exactly: in the largest binary unit that it is whole in.
    pub fn quantity(self) -> String {
        let units = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
        let whole = |(_, size): &(&str, u64)| self.0 > 0 && self.0.is_multiple_of(*size);
        match units.into_iter().find(whole) {
            Some((unit, size)) => format!("{}{unit}", self.0 / size),
            None => self.0.to_string(),
        }
    }
}

/// What a step asks of the machine. A request is admitted against the machine's budget; a limit is
/// enforced by the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resources {
    /// CPU that must be free before the step starts.
    pub cpu_request: Option<Cpu>,
    /// CPU the step may not go over.
    pub cpu_limit: Option<Cpu>,
    /// Memory that must be free before the step starts.
    pub memory_request: Option<Memory>,
    /// Memory the step may not go over.
    pub memory_limit: Option<Memory>,
    /// Whole GPUs.
    pub gpus: u32,
}

/// A text that is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a quantity of {what}; write for example {example}")]
pub struct QuantityError {
    text: String,
    what: &'static str,
    example: &'static str,
}

/// The suffixes of Kubernetes quantities and what they multiply by.
const SUFFIXES: [(&str, f64); 14] = [
    ("Ki", 1024.0),
    ("Mi", 1024.0 * 1024.0),
    ("Gi", 1024.0 * 1024.0 * 1024.0),
    ("Ti", 1024.0 * 1024.0 * 1024.0 * 1024.0),
    ("Pi", 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("K", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
];

fn parse_quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    let (digits, factor) = SUFFIXES
        .iter()
        .find_map(|(suffix, factor)| text.strip_suffix(suffix).map(|digits| (digits, *factor)))
        .unwrap_or((text, 1.0));
    let plain = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = digits.parse().ok().filter(|_| plain)?;
    let amount = number * factor;
    (0.0..9e18).contains(&amount).then_some(amount)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be within 0..9e18"
)]
fn round_up(amount: f64) -> u64 {
    // A quantity such as 0.1 has no exact double; the nudge keeps 100 thousandths from becoming 101.
    (amount - 1e-6).ceil().max(0.0) as u64
}

impl std::str::FromStr for Cpu {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_quantity(text)
            .map(|cores| Self(round_up(cores * 1000.0)))
            .ok_or_else(|| QuantityError {
                text: text.to_owned(),
                what: "CPU",
                example: "`500m` or `2`",
            })
    }
}

impl std::str::FromStr for Memory {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_quantity(text)
            .map(|bytes| Self(round_up(bytes)))
            .ok_or_else(|| QuantityError {
                text: text.to_owned(),
                what: "memory",
                example: "`512Mi` or `4G`",
            })
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) {
            write!(formatter, "{}", self.0 / 1000)
        } else {
            write!(formatter, "{}m", self.0)
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 4] = [
            ("TiB", 1 << 40),
            ("GiB", 1 << 30),
            ("MiB", 1 << 20),
            ("KiB", 1 << 10),
        ];
        match UNITS.iter().find(|(_, size)| self.0 >= *size) {
            #[expect(clippy::cast_precision_loss, reason = "shown to one decimal")]
            Some((unit, size)) => {
                let amount = self.0 as f64 / *size as f64;
                let text = format!("{amount:.1}");
                write!(
                    formatter,
                    "{} {unit}",
                    text.strip_suffix(".0").unwrap_or(&text)
                )
            }
            None => write!(formatter, "{} B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_kubernetes_writes_them() {
        let cpu = |text: &str| text.parse::<Cpu>().map(|cpu| cpu.0);
        assert_eq!(cpu("500m"), Ok(500));
        assert_eq!(cpu("0.1"), Ok(100));
        assert_eq!(cpu("2"), Ok(2000));
        assert!(cpu("two").is_err());
        assert!(cpu("-1").is_err());
        assert!(cpu("").is_err());
        let memory = |text: &str| text.parse::<Memory>().map(|memory| memory.0);
        assert_eq!(memory("4Gi"), Ok(4 << 30));
        assert_eq!(memory("1.5G"), Ok(1_500_000_000));
        assert_eq!(memory("128974848"), Ok(128_974_848));
        assert!(memory("NaN").is_err());
    }

    #[test]
    fn a_quantity_of_memory_is_read_back_as_it_was() {
        for (bytes, text) in [
            (0, "0"),
            (240 << 20, "240Mi"),
            (1 << 30, "1Gi"),
            (1500, "1500"),
            (3 << 10, "3Ki"),
        ] {
            assert_eq!(Memory(bytes).quantity(), text);
            assert_eq!(text.parse(), Ok(Memory(bytes)));
        }
    }

    #[test]
    fn amounts_are_shown_short() {
        assert_eq!(Memory(2_254_857_830).to_string(), "2.1 GiB");
        assert_eq!(Memory(4 << 30).to_string(), "4 GiB");
        assert_eq!(Cpu(1500).to_string(), "1500m");
    }
}

//! By what a model that is served is watched, beside what its requests are: annotations of its inference service.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use crate::object::{Object, ObjectExt};

/// From which stability index on a feature has drifted.
const PSI: &str = "coracle.serving/drift-psi";

/// How far is looked back: `90s`, `30m`, `1h`.
const WINDOW: &str = "coracle.serving/drift-window";

/// How many rows there have to be before anything is said.
const ROWS: &str = "coracle.serving/drift-rows";

/// Which share of the predictions has to be right.
const ACCURACY: &str = "coracle.serving/accuracy-min";

/// By what a model is watched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watching {
    /// From which stability index on a feature has drifted. 0.2 is what is called significant.
    pub psi: f64,
    /// How far is looked back.
    pub window: Duration,
    /// How many rows there have to be before anything is said.
    pub least_rows: u64,
    /// Which share of the predictions that have a label has to be right; any where none.
    pub least_accuracy: Option<f64>,
}

impl Default for Watching {
    fn default() -> Self {
        Self {
            psi: 0.2,
            window: Duration::from_secs(60 * 60),
            least_rows: 50,
            least_accuracy: None,
        }
    }
}

impl Watching {
    /// By what a service is watched, or the first of its annotations that says nothing.
    ///
    /// # Errors
    /// When a value is none.
    pub fn of(service: &Object) -> Result<Self, String> {
        let usual = Self::default();
        let psi = number(service, PSI, |psi: &f64| psi.is_finite() && *psi > 0.0)?;
        let rows = number(service, ROWS, |rows: &u64| *rows > 0)?;
        let accuracy = number(service, ACCURACY, |share: &f64| (0.0..=1.0).contains(share))?;
        let window = match service.annotation(WINDOW) {
            None => usual.window,
            Some(told) => duration(told)
                .filter(|window| !window.is_zero())
                .ok_or_else(|| format!("{WINDOW}: {told:?} is no duration such as 30m or 1h"))?,
        };
        Ok(Self {
            psi: psi.unwrap_or(usual.psi),
            window,
            least_rows: rows.unwrap_or(usual.least_rows),
            least_accuracy: accuracy,
        })
    }
}

/// Whole seconds, minutes or hours: `90s`, `5m`, `1h`.
pub fn duration(told: &str) -> Option<Duration> {
    let unit = told.chars().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        _ => return None,
    };
    let amount: u64 = told.strip_suffix(unit)?.parse().ok()?;
    Some(Duration::from_secs(amount.checked_mul(seconds)?))
}

fn number<T: FromStr<Err: Display>>(
    service: &Object,
    annotation: &str,
    fits: impl Fn(&T) -> bool,
) -> Result<Option<T>, String> {
    let Some(told) = service.annotation(annotation) else {
        return Ok(None);
    };
    match told.parse() {
        Ok(number) if fits(&number) => Ok(Some(number)),
        Ok(_) => Err(format!("{annotation}: {told:?} is out of range")),
        Err(error) => Err(format!("{annotation}: {told:?}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(annotations: &serde_json::Value) -> Object {
        let service = json!({ "metadata": { "name": "iris", "annotations": annotations } });
        service.as_object().cloned().expect("it is an object")
    }

    #[test]
    fn what_is_not_said_is_usual() {
        assert_eq!(Watching::of(&service(&json!({}))), Ok(Watching::default()));
    }

    #[test]
    fn each_annotation_is_heeded() {
        let watching = Watching::of(&service(&json!({
            "coracle.serving/drift-psi": "0.5",
            "coracle.serving/drift-window": "30m",
            "coracle.serving/drift-rows": "10",
            "coracle.serving/accuracy-min": "0.9",
        })));
        let expected = Watching {
            psi: 0.5,
            window: Duration::from_secs(1800),
            least_rows: 10,
            least_accuracy: Some(0.9),
        };
        assert_eq!(watching, Ok(expected));
    }

    #[test]
    fn what_says_nothing_is_refused_by_its_name() {
        for (name, value) in [
            ("coracle.serving/drift-psi", "much"),
            ("coracle.serving/drift-psi", "0"),
            ("coracle.serving/drift-psi", "inf"),
            ("coracle.serving/drift-rows", "-1"),
            ("coracle.serving/drift-window", "soon"),
            ("coracle.serving/drift-window", "0s"),
            ("coracle.serving/drift-window", "99999999999999999999h"),
            ("coracle.serving/accuracy-min", "90"),
        ] {
            let refused = Watching::of(&service(&json!({ name: value })));
            let said = refused.expect_err("it says nothing");
            assert!(said.starts_with(name) && said.contains(value), "{said}");
        }
    }
}

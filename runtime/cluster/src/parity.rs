//! A run here beside the same one on a cluster: what came out the same, and what did not.
//!
//! Compared are the states of the run and of its steps, the values of output parameters, what was said of artifacts, metrics among it,
//! and the checksums of their bytes where both sides tell them. Numbers may be apart as far as somebody allowed by name. What one side does not tell is named, and is no difference.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use coracle_model::{RemoteOutputs, RemoteState};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a run stands on one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// The state of the run.
    pub state: RemoteState,
    /// Its steps, by names that mean the same on both sides.
    pub steps: BTreeMap<String, Step>,
}

/// How a step stands on one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its state.
    pub state: RemoteState,
    /// What it produced; none where that is not told.
    pub outputs: Option<RemoteOutputs>,
}

/// How far two numbers may be apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Tolerance {
    /// By so much.
    Absolute(f64),
    /// By so much of the greater of the two, where 0.01 is one percent.
    Relative(f64),
    /// By anything, numbers or not: models that are trained twice need not be the same bytes.
    Any,
}

/// Why a text is no tolerance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no tolerance; write a number that is not negative, such as `0.01`, a share, such as `1%`, or `any`"
)]
pub struct BadTolerance(String);

impl FromStr for Tolerance {
    type Err = BadTolerance;

    fn from_str(text: &str) -> Result<Self, BadTolerance> {
        let number = |text: &str| {
            let number = text.trim().parse().ok();
            number.filter(|number: &f64| number.is_finite() && *number >= 0.0)
        };
        if text.trim() == "any" {
            return Ok(Self::Any);
        }
        let read = match text.strip_suffix('%') {
            Some(percent) => number(percent).map(|percent| Self::Relative(percent / 100.0)),
            None => number(text).map(Self::Absolute),
        };
        read.ok_or_else(|| BadTolerance(text.to_owned()))
    }
}

impl Tolerance {
    /// Whether two values may be so far apart; `numbers` are both, where both are some.
    fn allows(self, numbers: Option<(f64, f64)>) -> bool {
        let apart = |(here, there): (f64, f64)| (here - there).abs();
        match self {
            Self::Absolute(most) => numbers.is_some_and(|both| apart(both) <= most),
            Self::Relative(share) => {
                numbers.is_some_and(|both| apart(both) <= share * both.0.abs().max(both.1.abs()))
            }
            Self::Any => true,
        }
    }
}

/// What is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDifference {
    /// The step; none for the run itself.
    pub step: Option<String>,
    /// What of it: `state`, `parameter NAME`, `OUTPUT: NAME` of what was said of an artifact, or `OUTPUT: bytes`, whose values are SHA-256.
    pub what: String,
    /// As it is here; null where it is not.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub here: Value,
    /// As it is there; null where it is not.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub there: Value,
    /// Whether a tolerance allows it.
    pub is_allowed: bool,
}

/// What came of comparing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunParity {
    /// What is not the same.
    pub differences: Vec<RunDifference>,
    /// How many states and values are the same.
    pub same: usize,
    /// The steps of which one side tells no outputs, and `STEP: OUTPUT: bytes` where it tells no checksum.
    pub not_told: Vec<String>,
}

impl RunParity {
    /// Whether nothing is different beyond what was allowed.
    pub fn is_fine(&self) -> bool {
        self.differences.iter().all(|one| one.is_allowed)
    }
}

/// Compares two sides.
pub fn compare(here: &Side, there: &Side, tolerances: &BTreeMap<String, Tolerance>) -> RunParity {
    let mut comparison = Comparison {
        tolerances,
        parity: RunParity::default(),
    };
    comparison.states(None, Some(here.state), Some(there.state));
    let names: BTreeSet<_> = here.steps.keys().chain(there.steps.keys()).collect();
    for name in names {
        comparison.steps(name, here.steps.get(name), there.steps.get(name));
    }
    comparison.parity
}

struct Comparison<'a> {
    tolerances: &'a BTreeMap<String, Tolerance>,
    parity: RunParity,
}

impl Comparison<'_> {
    fn steps(&mut self, name: &str, here: Option<&Step>, there: Option<&Step>) {
        let state = |step: Option<&Step>| step.map(|step| step.state);
        self.states(Some(name), state(here), state(there));
        let outputs = |step: Option<&Step>| step.and_then(|step| step.outputs.clone());
        match (outputs(here), outputs(there)) {
            (Some(here), Some(there)) => self.outputs(name, &here, &there),
            (Some(outputs), None) | (None, Some(outputs))
                if outputs != RemoteOutputs::default() =>
            {
                self.parity.not_told.push(name.to_owned());
            }
            _ => {}
        }
    }

    /// A step that did not have to run need not be told of.
    fn states(
        &mut self,
        step: Option<&str>,
        here: Option<RemoteState>,
        there: Option<RemoteState>,
    ) {
        let ran = |state: &RemoteState| !state.did_not_run();
        let (here, there) = match (here.filter(ran), there.filter(ran)) {
            (None, None) => return,
            ran => ran,
        };
        let word = |state: Option<RemoteState>| {
            state.map_or(Value::Null, |state| Value::from(state.as_str()))
        };
        self.values(step, "state", "state", [word(here), word(there)]);
    }

    fn outputs(&mut self, step: &str, here: &RemoteOutputs, there: &RemoteOutputs) {
        self.maps(step, "parameter ", &here.parameters, &there.parameters);
        let names: BTreeSet<_> = here.sha256.keys().chain(there.sha256.keys()).collect();
        for name in names {
            let what = format!("{name}: bytes");
            match (here.sha256.get(name), there.sha256.get(name)) {
                (Some(here), Some(there)) => {
                    let both = [Value::from(here.clone()), Value::from(there.clone())];
                    self.values(Some(step), &what, name, both);
                }
                (_, _) => self.parity.not_told.push(format!("{step}: {what}")),
            }
        }
        let names: BTreeSet<_> = here.metadata.keys().chain(there.metadata.keys()).collect();
        for name in names {
            let several =
                |side: &RemoteOutputs| side.metadata.get(name).cloned().unwrap_or_default();
            let (here, there) = (several(here), several(there));
            for index in 0..here.len().max(there.len()) {
                let said =
                    |side: &[BTreeMap<String, Value>]| side.get(index).cloned().unwrap_or_default();
                let place = match here.len().max(there.len()) {
                    1 => format!("{name}: "),
                    _ => format!("{name}[{index}]: "),
                };
                self.maps(step, &place, &said(&here), &said(&there));
            }
            if here.len() != there.len() {
                let what = format!("{name}: count");
                let counts = [here.len().into(), there.len().into()];
                self.values(Some(step), &what, name, counts);
            }
        }
    }

    fn maps(
        &mut self,
        step: &str,
        place: &str,
        here: &BTreeMap<String, Value>,
        there: &BTreeMap<String, Value>,
    ) {
        let names: BTreeSet<_> = here.keys().chain(there.keys()).collect();
        for name in names {
            let of = |side: &BTreeMap<String, Value>| side.get(name).cloned().unwrap_or_default();
            self.values(
                Some(step),
                &format!("{place}{name}"),
                name,
                [of(here), of(there)],
            );
        }
    }

    fn values(&mut self, step: Option<&str>, what: &str, name: &str, [here, there]: [Value; 2]) {
        let numbers = here.as_f64().zip(there.as_f64());
        // Whole numbers and doubles of one value are the same.
        let is_same = here == there || numbers.is_some_and(|(here, there)| here == there);
        if is_same {
            self.parity.same += 1;
            return;
        }
        let tolerance = self.tolerances.get(name);
        let is_allowed = tolerance.is_some_and(|tolerance| tolerance.allows(numbers));
        self.parity.differences.push(RunDifference {
            step: step.map(str::to_owned),
            what: what.to_owned(),
            here,
            there,
            is_allowed,
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn step(state: RemoteState, parameters: &[(&str, Value)], metrics: &[(&str, Value)]) -> Step {
        let map = |values: &[(&str, Value)]| {
            let values = values.iter();
            values
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect()
        };
        Step {
            state,
            outputs: Some(RemoteOutputs {
                parameters: map(parameters),
                metadata: [("metrics".to_owned(), vec![map(metrics)])].into(),
                sha256: BTreeMap::new(),
            }),
        }
    }

    fn side(steps: &[(&str, Step)]) -> Side {
        Side {
            state: RemoteState::Succeeded,
            steps: steps
                .iter()
                .map(|(name, step)| ((*name).to_owned(), step.clone()))
                .collect(),
        }
    }

    fn tolerances(of: &[(&str, &str)]) -> BTreeMap<String, Tolerance> {
        of.iter()
            .map(|(name, text)| ((*name).to_owned(), text.parse().unwrap()))
            .collect()
    }

    #[test]
    fn metrics_may_be_apart_as_far_as_was_allowed_by_name() {
        let of = |value: f64| {
            side(&[(
                "train",
                step(RemoteState::Succeeded, &[], &[("loss", json!(value))]),
            )])
        };
        let with = |of_loss: &[(&str, &str)], there: f64| {
            compare(&of(0.5), &of(there), &tolerances(of_loss)).is_fine()
        };
        assert!(!with(&[], 0.505) && !with(&[("accuracy", "1")], 0.505));
        assert!(with(&[("loss", "0.01")], 0.505) && !with(&[("loss", "0.001")], 0.505));
        assert!(with(&[("loss", "1%")], 0.505) && !with(&[("loss", "0.5%")], 0.505));
        let parity = compare(&of(0.5), &of(0.505), &tolerances(&[("loss", "1%")]));
        assert_eq!(parity.differences[0].what, "metrics: loss");
        for wrong in ["", "x", "-1", "nan", "1%%"] {
            assert!(wrong.parse::<Tolerance>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn steps_that_ran_on_one_side_only_are_different_unless_they_did_not_have_to() {
        let ran = side(&[("a", step(RemoteState::Succeeded, &[], &[]))]);
        let parity = compare(&ran, &side(&[]), &BTreeMap::new());
        assert_eq!(parity.differences.len(), 1);
        assert_eq!(parity.differences[0].there, Value::Null);
        let skipped = side(&[("a", step(RemoteState::Skipped, &[], &[]))]);
        assert!(compare(&skipped, &side(&[]), &BTreeMap::new()).is_fine());
    }

    #[test]
    fn bytes_of_artifacts_are_compared_where_both_sides_tell_them() {
        let of = |digest: Option<&str>| {
            let mut step = step(RemoteState::Succeeded, &[], &[]);
            let told = digest.map(|digest| ("model".to_owned(), vec![digest.to_owned()]));
            step.outputs.as_mut().unwrap().sha256 = told.into_iter().collect();
            side(&[("a", step)])
        };
        let between = |here, there, allowed: &[(&str, &str)]| {
            compare(&of(here), &of(there), &tolerances(allowed))
        };
        assert!(between(Some("1"), Some("1"), &[]).differences.is_empty());
        let silent = between(Some("1"), None, &[]);
        assert!(silent.is_fine() && silent.not_told == ["a: model: bytes"]);
        let parity = between(Some("1"), Some("2"), &[("model", "1%")]);
        assert!(!parity.is_fine() && parity.differences[0].what == "model: bytes");
        assert!(between(Some("1"), Some("2"), &[("model", "any")]).is_fine());
    }

    #[test]
    fn outputs_that_are_not_told_are_named_and_no_difference() {
        let told = side(&[("a", step(RemoteState::Succeeded, &[("x", json!(1))], &[]))]);
        let mut silent = told.clone();
        silent.steps.get_mut("a").unwrap().outputs = None;
        let parity = compare(&told, &silent, &BTreeMap::new());
        assert!(parity.is_fine());
        assert_eq!(parity.not_told, ["a"]);
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z]{0,3}".prop_map(Value::from),
            prop::collection::vec(any::<u8>(), 0..3).prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn a_run_is_as_itself_and_one_value_that_is_another_is_found(
            names in prop::collection::btree_set("[a-c]{1,2}", 1..4),
            values in prop::collection::vec(value(), 3),
            at in any::<prop::sample::Index>(),
            other in value(),
        ) {
            let of = |values: &[Value]| {
                let parameters = [("x", values[0].clone()), ("y", values[1].clone())];
                let metrics = [("z", values[2].clone())];
                let one = step(RemoteState::Succeeded, &parameters, &metrics);
                let steps: Vec<_> = names.iter().map(|name| (name.as_str(), one.clone())).collect();
                side(&steps)
            };
            let here = of(&values);
            let parity = compare(&here, &here, &BTreeMap::new());
            prop_assert!(parity.differences.is_empty());
            prop_assert_eq!(parity.same, 1 + 4 * names.len());
            let mut changed = values.clone();
            let at = at.index(changed.len());
            prop_assume!(changed[at] != other);
            changed[at] = other;
            let parity = compare(&here, &of(&changed), &BTreeMap::new());
            prop_assert_eq!(parity.differences.len(), names.len());
        }
    }
}

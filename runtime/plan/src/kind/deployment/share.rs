//! How many pods a rollout may have too many, and too few.

use coracle_objects::{Object, ObjectExt as _};
use serde_json::Value;

use super::super::replica_set::replicas;

/// What a rollout keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// How many pods more than asked for there may be.
    pub(super) surge: u64,
    /// How many fewer may be available.
    pub(super) unavailable: u64,
}

impl Share {
    /// A share of a hundred rounds in favour of those that are available. Where nothing could ever move, one may be missing.
    pub(super) fn of(deployment: &Object) -> Self {
        if deployment.text_at(&["spec", "strategy", "type"]) == "Recreate" {
            return Self {
                surge: 0,
                unavailable: 0,
            };
        }
        let of = |field: &str, rounds_up: bool| {
            let told = deployment.at(&["spec", "strategy", "rollingUpdate", field]);
            number(told, replicas(deployment), rounds_up)
        };
        let (surge, unavailable) = (of("maxSurge", true), of("maxUnavailable", false));
        Self {
            surge,
            unavailable: if surge == 0 {
                unavailable.max(1)
            } else {
                unavailable
            },
        }
    }
}

fn number(told: Option<&Value>, replicas: u64, rounds_up: bool) -> u64 {
    match told {
        Some(Value::String(percent)) => {
            let percent: u64 = percent.trim_end_matches('%').parse().unwrap_or_default();
            let share = replicas.saturating_mul(percent);
            if rounds_up {
                share.div_ceil(100)
            } else {
                share / 100
            }
        }
        Some(value) => value.as_u64().unwrap_or_default(),
        None => 0,
    }
}

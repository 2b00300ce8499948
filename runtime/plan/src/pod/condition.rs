//! The conditions of a pod, each with the time since when it is as it is.

use std::collections::BTreeMap;

use coracle_model::Timestamp;
use coracle_objects::meta;
use serde_json::{Value, json};

/// The conditions that a kubelet writes, in the order in which it does.
const OWN: [&str; 5] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
];

/// What was written last, by type.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    since: BTreeMap<String, (bool, Timestamp)>,
    /// Those of others, as they are.
    others: BTreeMap<String, Value>,
}

/// A condition as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) kind: &'static str,
    pub(super) is_true: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Condition {
    pub(super) fn holds(kind: &'static str) -> Self {
        Self {
            kind,
            is_true: true,
            reason: "",
            message: String::new(),
        }
    }

    pub(super) fn fails(kind: &'static str, reason: &'static str, message: String) -> Self {
        Self {
            kind,
            is_true: false,
            reason,
            message,
        }
    }
}

impl Conditions {
    /// Those that stand in a pod's status already.
    pub(super) fn written_before(written: &BTreeMap<String, Value>) -> Self {
        let since = written.iter().filter_map(|(kind, condition)| {
            let is_true = condition.get("status")?.as_str()? == "True";
            let at = condition
                .get("lastTransitionTime")?
                .as_str()?
                .parse()
                .ok()?;
            OWN.contains(&kind.as_str())
                .then(|| (kind.clone(), (is_true, at)))
        });
        let mut conditions = Self {
            since: since.collect(),
            others: BTreeMap::new(),
        };
        conditions.others_wrote(written);
        conditions
    }

    /// Takes over those that are not a kubelet's.
    pub(super) fn others_wrote(&mut self, written: &BTreeMap<String, Value>) {
        let others = written
            .iter()
            .filter(|(kind, _)| !OWN.contains(&kind.as_str()));
        self.others = others
            .map(|(kind, condition)| (kind.clone(), condition.clone()))
            .collect();
    }

    /// Whether a condition that somebody else writes is true, and what it is.
    pub(super) fn other(&self, kind: &str) -> Option<&str> {
        self.others.get(kind)?.get("status")?.as_str()
    }

    /// All of them as they stand in the status.
    pub(super) fn write(
        &mut self,
        current: Vec<Condition>,
        generation: i64,
        now: Timestamp,
    ) -> Vec<Value> {
        let own = current.into_iter().map(|condition| {
            let entry = self.since.entry(condition.kind.to_owned());
            let (is_true, since) = entry.or_insert((condition.is_true, now));
            if *is_true != condition.is_true {
                (*is_true, *since) = (condition.is_true, now);
            }
            condition.to_json(*since, generation)
        });
        let own: Vec<_> = own.collect();
        own.into_iter()
            .chain(self.others.values().cloned())
            .collect()
    }
}

impl Condition {
    fn to_json(&self, since: Timestamp, generation: i64) -> Value {
        let mut condition = json!({
            "type": self.kind,
            "status": if self.is_true { "True" } else { "False" },
            "lastProbeTime": null,
            "lastTransitionTime": meta::time(since),
        });
        if generation > 0 {
            condition["observedGeneration"] = generation.into();
        }
        if !self.reason.is_empty() {
            condition["reason"] = self.reason.into();
        }
        if !self.message.is_empty() {
            condition["message"] = self.message.as_str().into();
        }
        condition
    }
}
